"""What a reader types, in a fresh clone."""

import contextlib
import fcntl
import json
import os
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading

import figures
import numpy as np
import pytest

import lab


@pytest.fixture(scope='module')
def clone(tmp_path_factory):
    """The tracked files as they stand, and this Python's packages in place of an installation."""
    folder = tmp_path_factory.mktemp('clone')
    names = subprocess.run(['git', 'ls-files', '-z'], cwd=lab.ROOT, check=True, encoding='utf-8',
                           stdout=subprocess.PIPE).stdout
    for name in names.rstrip('\0').split('\0'):
        os.makedirs(str((folder / name).parent), exist_ok=True)
        shutil.copy(os.path.join(lab.ROOT, name), str(folder / name))
    (folder / '.venv').mkdir()
    for name in 'ready', 'ready-dev':
        (folder / '.venv' / name).touch()
    return folder


def make(clone, *words):
    # Of this run's environment, nothing: a `make test` around it would hand down its own settings.
    return subprocess.run(['make', 'BIN=' + os.path.dirname(sys.executable), *words], cwd=str(clone),
                          env={'PATH': os.environ['PATH'], 'LANG': 'C.UTF-8'},
                          encoding='utf-8', capture_output=True, timeout=300)


@pytest.mark.parametrize('target, folder, rows', [('basic', 'samples', 1), ('cgan', 'samples2', 2)])
def test_training(clone, target, folder, rows):
    assert os.listdir(str(clone / folder)) == ['.gitignore']
    run = make(clone, target, 'EPOCHS=1', 'SEED=11', 'ARGS=--trace losses.csv')
    assert run.returncode == 0, run.stderr
    assert run.stderr == 'seed: 11\n'
    assert re.fullmatch(r'Epoch: 0000 D loss: \S+ G loss: \S+\n최적화 완료!\n', run.stdout)
    assert sorted(os.listdir(str(clone / folder))) == ['.gitignore', '000.png', 'run.txt']
    run = make(clone, target, 'EPOCHS=2', 'RESUME=1')
    assert run.returncode == 0 and run.stderr == 'going on after epoch 0\nseed: 11\n', run.stderr
    assert run.stdout.startswith('Epoch: 0001')
    assert figures.read(str(clone / folder / '000.png')).digits.shape == (rows, 10, 28, 28)
    assert len((clone / 'losses.csv').read_text().splitlines()) == 1 + 2 * 550


def test_a_bad_option_fails(clone):
    run = make(clone, 'basic', 'EPOCHS=0')
    assert run.returncode == 2 and '--epochs' in run.stderr and run.stdout == ''


def test_diff_of_what_was_trained(clone):
    for folder in 'samples', 'samples2':
        shutil.copytree(str(clone / folder), str(clone / 'book' / folder), ignore=lambda *_: ['run.txt'])
    run = make(clone, 'diff', 'BOOK=book')
    assert run.returncode == 0 and run.stderr == '', run.stderr
    for listing in 'basic', 'conditional':
        assert listing + ': identical, by 1 of 1 strips' in run.stdout
    assert sorted(os.listdir(str(clone / 'diff'))) == ['basic.png', 'conditional.png']
    assert re.search(r'compare\.py *\n', make(clone, '-n', 'diff').stdout)


def test_digits_movie_and_curves_of_what_was_trained(clone):
    for words, name in (['digits', 'DIGITS=20261122'], 'digits.png'), (
            ['movie', 'LISTING=basic'], 'movie.gif'), (['curves'], 'curves.png'):
        run = make(clone, *words)
        assert run.returncode == 0, run.stderr
        assert (clone / name).stat().st_size > 1000


def test_both_at_once(clone, small):
    run = make(clone, 'all', 'EPOCHS=2', 'SEED=11', 'ARGS=--data %s' % small)
    assert run.returncode == 0, run.stderr
    assert {'basic        seed: 11', 'conditional  seed: 11'} <= set(run.stderr.splitlines())
    lines = run.stdout.splitlines()
    for name in 'basic       ', 'conditional ':
        mine = [line for line in lines if line.startswith(name + ' ')]
        assert [line[13:24] for line in mine] == ['Epoch: 0000', 'Epoch: 0001', '최적화 완료!']
    assert len(lines) == 6
    assert (clone / 'samples' / '000.png').exists() and (clone / 'samples2' / '000.png').exists()
    assert json.loads((clone / 'runs' / 'basic' / 'run.json').read_text())['state'] == 'finished'


def test_seeds_and_one_that_fails(clone):
    (clone / 'runs' / 'sweep' / 'conditional' / '5').mkdir(parents=True)
    (clone / 'runs' / 'sweep' / 'conditional' / '5' / 'run').touch()
    run = make(clone, 'sweep', 'SEEDS=4 5 6', 'LISTING=conditional', 'EPOCHS=1')
    assert run.returncode == 2 and 'seed 5 failed with status 2' in run.stderr
    head, *rows, mean, deviation = [line.split() for line in run.stdout.splitlines()[-6:]]
    assert head == 'seed D loss G loss accuracy frechet nearest variety evenness'.split()
    assert [row[0] for row in rows] == ['4', '5', '6']
    assert ' '.join(rows[1][1:4]) == 'failed: gan_conditional.py: error:' and '5/run' in ' '.join(rows[1])
    values = np.array([row[1:] for row in rows[::2]], float)
    losses = (clone / 'runs' / 'sweep' / 'conditional' / '4' / 'run' / 'losses.csv').read_text()
    last = [float(loss) for loss in losses.split()[-1].split(',')[1:3]]
    np.testing.assert_allclose(values[0, :2], last, rtol=1e-2)
    assert (values[:, 2] >= 0.1).all() and (values[:, 3] > 50).all()
    assert mean[:3] == ['mean', 'of', '2'] and deviation[0] == 'deviation'
    np.testing.assert_allclose(np.array(mean[3:], float), values.mean(axis=0), rtol=0.02, atol=1e-3)
    np.testing.assert_allclose(np.array(deviation[1:], float), values.std(axis=0, ddof=1), rtol=0.1, atol=0.1)


@pytest.mark.parametrize('words, reason', [
    (['all', 'EPOCHS=0'], '--epochs'), (['all', 'ARGS=--run x'], '--run is for one run'),
    (['sweep', 'SEEDS=4 4'], 'different seeds'), (['sweep', 'SEEDS=4 04'], 'different seeds'),
    (['sweep', 'SEEDS=4', 'ARGS=--seed 3'], '--seed is for one run'),
    (['sweep', 'LISTING=both'], "'both'")])
def test_what_several_runs_cannot_do(clone, words, reason):
    before = sorted(os.listdir(str(clone)))
    run = make(clone, *words)
    assert run.returncode == 2 and run.stdout == ''
    first, *of_make = run.stderr.splitlines()
    assert reason in first and len(of_make) == 1 and of_make[0].startswith('make: ')
    assert sorted(os.listdir(str(clone))) == before


def test_both_show_their_progress_and_stop_on_ctrl_c(clone):
    terminal, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 100, 0, 0))
    process = subprocess.Popen([sys.executable, str(clone / 'chapter09' / 'several.py'), '--epochs', '1000'],
                               stdout=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    seen, kill = '', threading.Timer(120, process.kill)
    kill.start()
    progress = re.compile(r'basic +epoch 2/1000 .* left\s+conditional +epoch 2/1000 .* left\s')
    while not progress.search(seen):
        seen = seen[-4000:] + os.read(terminal, 1000).decode(errors='replace')
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(OSError):  # as a terminal says that nobody has it open any more
        while True:
            seen = seen[-4000:] + os.read(terminal, 1000).decode(errors='replace')
    assert process.wait() == 130
    kill.cancel()
    for name in 'basic', 'conditional':
        assert re.search(r'%s +gan_%s.py: stopped by SIGINT in epoch 1; the checkpoint' % (name, name), seen)
        record = json.loads((clone / 'runs' / name / 'run.json').read_text())
        assert record['state'] == 'stopped'
    assert seen.rstrip().endswith('give the same command with --resume (make: RESUME=1)')


def test_verify(clone):
    run = make(clone, 'verify')
    assert run.returncode == 0, run.stderr
    assert [line.split(':')[0] for line in run.stdout.splitlines()] == ['basic', 'conditional']


def test_a_missing_environment_is_made_from_the_requirements(clone):
    plan, developers_plan = (make(clone, '-n', 'VENV=new', target).stdout for target in ('basic', 'test'))
    steps = [plan.index(step) for step in (
        '-m venv --clear new', 'pip-version-check -r requirements.txt', 'touch new/ready', 'gan_basic.py')]
    assert steps == sorted(steps)
    assert developers_plan.index('-m venv') < developers_plan.index('-r requirements-dev.txt')
    assert developers_plan.splitlines()[-1].endswith('/python -m pytest -q -n 2 --dist loadfile')
    assert 'requirements-dev' not in plan and '-r requirements-dev.txt' in developers_plan


@pytest.mark.parametrize('python', ['nowhere/python', '/bin/false'])
def test_a_python_that_will_not_do(clone, python):
    run = make(clone, 'VENV=new', 'PYTHON=' + python, 'basic')
    assert run.returncode == 2 and 'make PYTHON=python3.12 basic' in run.stderr
    assert not (clone / 'new').exists()


def test_requirements_are_the_three_and_no_other(clone):
    names = [re.match(r'\w+', line).group() for line in (clone / 'requirements.txt').read_text().splitlines()]
    assert names == ['tensorflow', 'numpy', 'matplotlib']


def test_the_versions_of_python_that_will_do(clone):
    check = re.search(r"-c '(.*?)'", make(clone, '-n', 'VENV=new', 'basic').stdout).group(1)
    expected = {(3, 9): True, (3, 10): False, (3, 13): False, (3, 14): True}
    for version, refused in expected.items():
        program = check.replace('sys.version_info', str((*version, 1)))
        with pytest.raises(SystemExit) as end:
            exec(program)
        assert bool(end.value.code) == refused, version


def test_changed_requirements_are_installed_and_targets_are_no_files(clone):
    ready = (clone / '.venv' / 'ready').stat().st_mtime
    (clone / 'basic').touch()
    plan = make(clone, '-n', 'basic').stdout
    assert 'pip' not in plan and 'gan_basic.py' in plan
    os.utime(str(clone / 'requirements.txt'), (ready + 10, ready + 10))
    assert '-r requirements.txt' in make(clone, '-n', 'basic').stdout
    os.utime(str(clone / 'requirements.txt'), (ready - 10, ready - 10))
