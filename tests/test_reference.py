import math
import os
import re
import sys

import numpy as np
import pytest

import matrix
import verify


LIMITS = {10: 1e-6, 100: 1e-3, 550: 5e-2, 'pixels': 0.01}


@pytest.mark.parametrize('key', LIMITS)
def test_one_figure_out_of_bounds_is_enough(key):
    assert verify.holds({name: 0.99 * limit for name, limit in LIMITS.items()})
    for bad in 1.01 * LIMITS[key], math.inf, math.nan:
        assert not verify.holds({**dict.fromkeys(LIMITS, 0.0), key: bad})


@pytest.mark.parametrize('column', [1, 2])
def test_one_loss_that_is_off_is_found(monkeypatch, column):
    read = verify._losses

    def off_at_the_50th(path):
        losses = read(path).copy()
        if not path.startswith(verify.REFERENCE):
            losses[49, column - 1] *= 1.5
        return losses

    monkeypatch.setattr(verify, '_losses', off_at_the_50th)
    measured = verify.replay('basic')
    assert measured[10] <= 1e-6 and abs(measured[100] - 0.5) < 0.01 and abs(measured[550] - 0.5) < 0.01


@pytest.mark.parametrize('failing', ['basic', 'conditional'])
def test_one_listing_that_fails_is_enough(monkeypatch, failing):
    monkeypatch.setattr(verify, 'replay', lambda listing: dict.fromkeys(LIMITS, float(listing == failing)))
    monkeypatch.setattr(sys, 'argv', ['verify.py'])
    with pytest.raises(SystemExit) as end:
        verify.main()
    assert end.value.code == 1


def test_a_listing_that_trains_otherwise_fails(monkeypatch, capsys):
    listing = verify.LISTINGS['basic']
    monkeypatch.setattr(listing, 'learning_rate', 0.00021)
    monkeypatch.setattr(verify, 'LISTINGS', {'basic': listing})
    monkeypatch.setattr(sys, 'argv', ['verify.py'])
    with pytest.raises(SystemExit) as end:
        verify.main()
    assert end.value.code == 1
    line, = capsys.readouterr().out.splitlines()
    assert line.startswith('basic: TensorFlow') and 'DOES NOT REPRODUCE' in line


def test_the_matrix_covers_the_ages_of_tensorflow():
    ages = {re.match(r'\d+\.\d+', tensorflow).group() for _, tensorflow, _ in matrix.PAIRS}
    assert {'1.15', '2.4', '2.11', '2.15', '2.18', '2.21'} <= ages
    assert matrix.row('3.99', '2.21.0', []) == (['3.99', '2.21.0', 'no such Python here'], True)


def test_the_matrix_finds_interpreters_on_path_and_pyenvs_newest(monkeypatch, tmp_path):
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.setenv('PYENV_ROOT', str(tmp_path))
    for name in '3.77.9', '3.77.10', '3.78.1':
        (tmp_path / 'versions' / name / 'bin').mkdir(parents=True)
        os.symlink(sys.executable, str(tmp_path / 'versions' / name / 'bin' / 'python'))
    assert matrix.interpreter('3.77') == str(tmp_path / 'versions' / '3.77.10' / 'bin' / 'python')
    os.symlink(sys.executable, str(tmp_path / 'python3.78'))
    assert matrix.interpreter('3.78') == str(tmp_path / 'python3.78')


def test_an_epoch_replays_tensorflow_1_15s_as_a_row_of_the_matrix(monkeypatch):
    monkeypatch.setattr(matrix, 'interpreter', lambda version: sys.executable)
    monkeypatch.setattr(matrix, 'environment', lambda *pair: sys.executable)
    cells, good = matrix.row('3.x', '2.x', [])
    assert good and cells[:2] == ['3.x', '2.x'] and cells[2] == np.__version__ and cells[-1] == 'yes'
    for cell in cells[4:6]:
        errors = [float(figure) for figure in cell.split(' / ')]
        assert errors[0] <= 1e-6 and errors[1] <= 1e-3 and errors[2] <= 5e-2 and 0 < errors[3] <= 0.01


def test_a_row_that_fails_fails_the_matrix(monkeypatch, capsys):
    monkeypatch.setattr(matrix, 'PAIRS', [('3.98', '2', []), ('3.99', '2', [])])
    monkeypatch.setattr(matrix, 'row', lambda version, *_: ([version, 'NO'], version == '3.98'))
    with pytest.raises(SystemExit) as end:
        matrix.main()
    assert end.value.code == 1 and '| 3.99 | NO |' in capsys.readouterr().out
