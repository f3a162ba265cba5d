"""What TensorFlow 1.15.5 gave is there, in the form of a run's folder; the matrix replays it under others."""

import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import time

import matrix
import numpy as np
import processes
import pytest
from conftest import REFERENCE, snapshot

from lab import checkpoints, files, listings, records
from tools import environment, reading

NAMES = list(listings.CHAPTER)


@pytest.mark.parametrize('name', NAMES)
def test_it_is_a_runs_folder_in_which_all_is_as_it_was_written(name):
    folder = os.path.join(REFERENCE, name)
    record = records.read(folder)
    assert (record['listing'], record['seed'], record['epochs'], record['state']) == (name, 7, 100, 'finished')
    assert record['versions']['TensorFlow'] == '1.15.5' and record['versions']['Python'].startswith('3.7.')
    numbers = listings.Numbers(listings.read(os.path.join(listings.CHAPTER09, listings.CHAPTER[name].file))).written
    assert {key: numbers[key] for key in record['numbers']} == record['numbers']
    kept = os.path.join(folder, records.CHECKPOINTS)
    assert checkpoints.epochs(kept) == [99] and checkpoints.check(kept, 99) is None
    drawn = records.strips(os.path.join(folder, records.SAMPLES))
    assert sorted(drawn) == [0, *range(9, 100, 10)]
    assert {os.path.basename(path): files.digest(path) for path in drawn.values()} == record['strips']
    assert len(records.losses(folder)) == 100 and not os.path.exists(os.path.join(folder, records.FILM))


@pytest.mark.parametrize('name', NAMES)
def test_its_losses_and_strips_are_those_of_its_trace_and_arrays(name):
    folder = os.path.join(REFERENCE, name)
    trace = np.loadtxt(os.path.join(folder, 'trace.csv'), delimiter=',', skiprows=1)
    assert trace.shape == (1100, 3) and trace[:, 0].tolist() == list(range(1100))
    for epoch in 0, 1:
        np.testing.assert_allclose(records.losses(folder)[epoch][1:3], trace[550 * epoch + 549, 1:], rtol=1e-8)
    with np.load(os.path.join(folder, 'strips.npz')) as kept:
        assert kept['samples'].shape == (11, 10, 784) and kept['samples'].dtype == np.float32
        for epoch, samples in zip(kept['epochs'], kept['samples']):
            strip = reading.read(os.path.join(folder, records.SAMPLES, '%03d.png' % epoch)).digits[-1]
            np.testing.assert_allclose(strip.reshape(10, 784), samples, rtol=0, atol=1.01 / 255)


def test_nothing_of_it_names_the_machine_that_made_it():
    for name in NAMES:
        with open(os.path.join(REFERENCE, name, records.RECORD), encoding='utf-8') as file:
            assert not re.search(r'/(home|root|tmp|Users|work)\b', file.read())
        meta = files.read(os.path.join(REFERENCE, name, records.CHECKPOINTS, '0099', 'model.ckpt.meta'), 2 ** 24)
        assert not re.search(rb'/(home|root|tmp|Users|work)/', meta)


# --- the matrix

def test_the_matrix_covers_the_ages_of_tensorflow():
    ages = {re.match(r'\d+\.\d+', tensorflow).group() for _, tensorflow, _ in matrix.PAIRS}
    assert {'1.15', '2.4', '2.11', '2.15', '2.18', '2.21'} <= ages
    assert matrix.row('3.99', '2.21.0', []) == (['3.99', '2.21.0', 'no such Python here'], True)


@pytest.mark.parametrize('program, words, said', [
    ('matrix', ['--tensorflow', '3'], 'unrecognized arguments: --tensorflow 3'),
    ('record', ['basic', 'there'], 'this needs TensorFlow 1.15.5')])
def test_what_these_programs_cannot_do_is_said_before_they_begin(tmp_path, program, words, said):
    ended = processes.run(os.path.join(REFERENCE, program + '.py'), *words, output=tmp_path)
    assert ended.status == 2 and ended.out == [] and said in ended.err[0] and len(ended.err) == 1
    assert sorted(os.listdir(str(tmp_path))) == ['stderr', 'stdout']


def test_the_matrix_finds_interpreters_on_path_and_pyenvs_newest(monkeypatch, tmp_path):
    tmp_path = tmp_path / 'py[env]'
    tmp_path.mkdir()
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.setenv('PYENV_ROOT', str(tmp_path))
    for name in '3.77.9', '3.77.10', '3.78.1':
        (tmp_path / 'versions' / name / 'bin').mkdir(parents=True)
        os.symlink(sys.executable, str(tmp_path / 'versions' / name / 'bin' / 'python'))
    assert matrix.interpreter('3.77') == str(tmp_path / 'versions' / '3.77.10' / 'bin' / 'python')
    os.symlink(sys.executable, str(tmp_path / 'python3.78'))
    assert matrix.interpreter('3.78') == str(tmp_path / 'python3.78')
    for version in '3.77', '3.79':
        (tmp_path / ('python' + version)).write_text('#!/gone/python\n')
        (tmp_path / ('python' + version)).chmod(0o755)
    assert matrix.interpreter('3.77') == str(tmp_path / 'versions' / '3.77.10' / 'bin' / 'python')
    assert matrix.interpreter('3.79') is None


def test_the_matrix_waits_for_another(tmp_path):
    with open(environment.__file__) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = subprocess.Popen([sys.executable, '-c', 'import sys\nsys.path[:0] = %r\nimport matrix\n'
                                    'matrix.ROOT = %r\nmatrix.environment(sys.executable, "3.77", "0.0", [])'
                                    % ([REFERENCE], str(tmp_path))], stderr=subprocess.PIPE)
        assert process.stderr.readline() == b'Waiting for another make, which is installing\n'
        (tmp_path / '.matrix' / '3.77-0.0' / 'bin').mkdir(parents=True)
        (tmp_path / '.matrix' / '3.77-0.0' / 'bin' / 'python').symlink_to(sys.executable)
        (tmp_path / '.matrix' / '3.77-0.0' / 'ready').touch()
        before = snapshot(tmp_path)
    assert process.wait(60) == 0 and snapshot(tmp_path) == before


@pytest.mark.parametrize('what', ['a link', 'a folder', 'a file above'])
def test_the_matrix_clears_only_what_it_made(monkeypatch, tmp_path, what):
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.setattr(matrix, 'ROOT', str(tmp_path))
    os.symlink(sys.executable, str(tmp_path / 'python3.77'))
    own = tmp_path / ('own' if what == 'a link' else '.matrix/3.77-2.21.0')
    if what == 'a file above':
        own = tmp_path / '.matrix'
        own.write_text('kept')
    else:
        own.mkdir(parents=True)
        own = own / 'mine.txt'
        own.write_text('kept')
    if what == 'a link':
        (tmp_path / '.matrix').mkdir()
        (tmp_path / '.matrix' / '3.77-2.21.0').symlink_to(tmp_path / 'own')
    cells, good = matrix.row('3.77', '2.21.0', [])
    assert cells[2].startswith('not installed (') and good and own.read_text() == 'kept'


def a_python(folder, said, status):
    """A program in the place of a Python, whose replay says this and ends so; it keeps what it was asked."""
    (folder / 'said').write_text(said)
    path = folder / 'python'
    path.write_text('#!/bin/sh\necho "$@" > %s/asked\ncat %s/said\nexit %d\n' % (folder, folder, status))
    path.chmod(0o755)
    return str(path)


def test_ctrl_c_reaches_the_training_of_a_replay(tmp_path):
    path = tmp_path / 'python'
    path.write_text('#!/bin/sh\ntrap "echo stopped > %s/verify; exit 130" INT\n'
                    'sh -c \'trap "echo stopped > %s/training; exit" INT; touch %s/begun\n'
                    'while :; do sleep 0.1; done\'\n'
                    % ((tmp_path,) * 3))
    path.chmod(0o755)
    process = subprocess.Popen([sys.executable, '-c', 'import sys\nsys.path[:0] = [%r]\nimport matrix\n'
                                'matrix.replayed(%r, [])' % (REFERENCE, str(path))], stderr=subprocess.PIPE)
    while not (tmp_path / 'begun').exists():
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130 and process.stderr.read() == b''
    assert (tmp_path / 'verify').exists() and (tmp_path / 'training').exists()


def line(name, error):
    return json.dumps({'listing': name, 'holds': True, 'tensorflow': '2.21.0', 'numpy': '2.3', 'matplotlib': '3.10',
                       'figures': {'10': error, '100': 2e-5, '550': 3e-4, 'pixels': 0.00151}}) + '\n'


@pytest.mark.parametrize('status, last, good', [(0, 'yes', True), (1, 'NO', False)])
def test_a_replay_is_a_row_of_the_matrix(tmp_path, status, last, good):
    python = a_python(tmp_path, line('basic', 1e-7) + line('conditional', 4.44e-7), status)
    assert matrix.replayed(python, ['3.x', '2.x']) == (
        ['3.x', '2.x', '2.3', '3.10', '1e-07 / 2e-05 / 0.0003 / 0.002', '4e-07 / 2e-05 / 0.0003 / 0.002', last], good)
    asked = (tmp_path / 'asked').read_text().split()
    assert asked == [listings.CHAPTER09, 'verify', '--json']


@pytest.mark.parametrize('said, status', [('', 2), (line('basic', 1e-7), 1)])
def test_a_replay_that_fails_fails_its_row(tmp_path, said, status):
    assert matrix.replayed(a_python(tmp_path, said, status), ['3.x', '2.x']) == (
        ['3.x', '2.x', 'failed with status %d' % status], False)
