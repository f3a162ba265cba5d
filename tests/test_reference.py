import math
import re
import sys

import pytest

import matrix
import verify


@pytest.mark.parametrize('listing', ['basic', 'conditional'])
def test_an_epoch_replays_tensorflow_1_15s(listing):
    measured = verify.replay(listing)
    assert measured[10] <= 1e-6 and measured[100] <= 1e-3 and measured[550] <= 5e-2
    assert measured['pixels'] <= 0.01
    assert verify.holds(measured)


@pytest.mark.parametrize('key', [10, 100, 550, 'pixels'])
@pytest.mark.parametrize('value', [0.06, math.inf, math.nan])
def test_one_figure_out_of_bounds_is_enough(key, value):
    good = {10: 0.0, 100: 0.0, 550: 0.0, 'pixels': 0.0}
    assert verify.holds(good) and not verify.holds({**good, key: value})


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
    assert matrix.interpreter('%d.%d' % sys.version_info[:2])
    assert matrix.row('3.99', '2.21.0', []) == (['3.99', '2.21.0', 'no such Python here'], True)
