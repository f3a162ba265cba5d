"""What a reader types, in a fresh clone."""

import os
import re
import shutil
import subprocess
import sys

import figures
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
