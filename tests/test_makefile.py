"""What a reader types, in a fresh clone: what make passes on, what it installs into, and the commands for real."""

import contextlib
import fcntl
import json
import os
import pathlib
import pty
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import threading
import time

import packaging
import processes
import pytest

from conftest import REFERENCE
from lab import listings
from tools import environment, reading

REQUIREMENTS = ['requirements.txt', 'requirements-cluster.txt', 'requirements-dev.txt']


@pytest.fixture(scope='module')
def clone(tmp_path_factory):
    """The tracked files as they stand."""
    folder = tmp_path_factory.mktemp('clone')
    names = subprocess.run(['git', 'ls-files', '-z'], cwd=listings.ROOT, check=True, encoding='utf-8',
                           stdout=subprocess.PIPE).stdout
    for name in names.rstrip('\0').split('\0'):
        if not name.startswith(('tests/', 'docs/')):
            os.makedirs(str((folder / name).parent), exist_ok=True)
            shutil.copy(os.path.join(listings.ROOT, name), str(folder / name))
    return folder


def make(folder, *words, venv=None, **environment):
    """make, where there is no .venv with the packages of the Python that runs the tests in place of an installation."""
    if venv is None:
        venv = '' if os.path.lexists(str(folder / '.venv')) else sys.prefix
    # Of this run's environment, nothing: a `make test` around it would hand down its own settings.
    return subprocess.run(['make', *(['VENV=' + venv] if venv else []), *words], cwd=str(folder),
                          env=dict({'PATH': os.environ['PATH'], 'LANG': 'C.UTF-8'}, **environment),
                          encoding='utf-8', capture_output=True, timeout=300)


# --- what reaches the program

class Stubs:
    """Modules venv, pip and pytest that only write down that they have run: an installation takes minutes."""

    def __init__(self, folder):
        self.environment = {'PYTHONPATH': str(folder), 'PYTHON': sys.executable, 'DID': str(folder / 'did')}
        common = 'import os, sys, time\nfrom pathlib import Path\n' \
                 'def did(what):\n    with open(os.environ["DID"], "a") as file:\n        file.write(what + "\\n")\n'
        (folder / 'venv.py').write_text(common + 'did("venv " + os.path.relpath(sys.argv[-1]))\n'
                                        'bin = Path(sys.argv[-1]) / "bin"\n'
                                        'bin.mkdir()\n'
                                        '(bin / "python").symlink_to(sys.executable)\n'
                                        'sys.exit(3 if "VENV_FAILS" in os.environ else 0)  # as without pip\n')
        (folder / 'pip.py').write_text(common + 'did("pip " + sys.argv[-1])\n'
                                       'time.sleep(float(os.environ.get("PIP_LASTS", 0)))\n'
                                       'sys.exit(1) if "PIP_FAILS" in os.environ else None\n'
                                       'did(".")\n')
        (folder / 'pytest.py').write_text(common + 'did("pytest " + " ".join(sys.argv[1:]))\n')
        self._log = folder / 'did'

    def did(self):
        """What has been done since one last asked."""
        lines = self._log.read_text().splitlines() if self._log.exists() else []
        self._log.write_text('')
        return lines


@pytest.fixture(scope='module')
def original(tmp_path_factory):
    """The Makefile, with programs that tell what has reached them, for those that it starts, and an environment."""
    folder = tmp_path_factory.mktemp('original') / 'project'
    for name in 'chapter09/__main__.py', 'bench/bench.py', 'reference/matrix.py':
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(TELLS)
    for name in ['Makefile', 'chapter09/tools/environment.py', 'chapter09/tools/for_make.py', *REQUIREMENTS]:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(os.path.join(listings.ROOT, name), str(folder / name))
    stubs = Stubs(tmp_path_factory.mktemp('stubs'))
    assert make(folder, 'environment-cluster', venv='', **stubs.environment).returncode == 0
    return folder


TELLS = """
import json, os, sys, time
print(json.dumps(sys.argv))
if 'LASTS' in os.environ:
    with open('started', 'w') as file:
        file.write(str(os.getpid()))
    try:
        time.sleep(float(os.environ['LASTS']))
    except KeyboardInterrupt:
        print('stopped', file=sys.stderr)
        sys.exit(130)
    open('ended', 'w').close()
sys.stdout.flush()
print("the program's last line", file=sys.stderr)
sys.exit(int(os.environ.get('STATUS', 0)))
"""


@pytest.fixture
def project(original, tmp_path):
    """Another, without an environment."""
    shutil.copytree(str(original), str(tmp_path / 'project'), ignore=lambda *_: ['.venv'])
    return tmp_path / 'project'


def tell(folder, *words, **keywords):
    """What has reached the program."""
    run = make(folder, *words, **keywords)
    assert run.returncode == 0 and run.stderr == "the program's last line\n", run.stderr
    assert not (folder / 'pwned').exists()
    return json.loads(run.stdout)


def refusal(run):
    """The line that make was refused with, and its own."""
    assert run.returncode == 2 and run.stdout == '', run.stdout
    line, *of_make = run.stderr.splitlines()
    assert len(of_make) <= 1 and all(re.match(r'make: \*\*\* .* Error 2', last) for last in of_make), run.stderr
    return line


TARGETS = {
    'basic': 'chapter09 basic', 'basic EPOCHS=3 SEED=11': 'chapter09 basic --epochs=3 --seed=11',
    'cgan': 'chapter09 cgan', 'cgan RESUME=1 ARGS=--progress': 'chapter09 cgan --resume --progress',
    'run LISTING=my_gan': 'chapter09 run my_gan', 'run LISTING=my_gan EPOCHS=2': 'chapter09 run my_gan --epochs=2',
    'all': 'chapter09 all', 'all SEED=3': 'chapter09 all --seed=3',
    'sweep': 'chapter09 sweep --listing=basic --seeds=1_2_3_4',
    'sweep LISTING=conditional SEEDS=5 EPOCHS=9': 'chapter09 sweep --listing=conditional --seeds=5 --epochs=9',
    'sweep SCHEDULER=a:1': 'chapter09 sweep --listing=basic --seeds=1_2_3_4 --scheduler=a:1',
    'worker SCHEDULER=a:1': 'chapter09 worker -- a:1',
    'diff': 'chapter09 diff', 'diff BOOK=book ARGS=--json': 'chapter09 diff --json -- . book',
    'handin NAME=김민수': 'chapter09 handin -- 김민수', 'grade DIR=in': 'chapter09 grade -- in',
    'grade DIR=in ARGS=--lang_ko': 'chapter09 grade --lang ko -- in',
    'digits DIGITS=2026': 'chapter09 digits -- 2026', 'digits ARGS=--walk_3_7': 'chapter09 digits --walk 3 7',
    'digits LISTING=a DIGITS=7': 'chapter09 digits --run=runs/a -- 7', 'page LISTING=a': 'chapter09 page -- runs/a',
    'movie': 'chapter09 movie', 'curves LISTING=a ARGS=--out_c.png': 'chapter09 curves --run=runs/a --out c.png',
    'verify': 'chapter09 verify', 'bench': 'bench/bench.py', 'bench ARGS=--rounds_3': 'bench/bench.py --rounds 3',
    'matrix': 'reference/matrix.py', 'matrix ARGS=--nope': 'reference/matrix.py --nope'}


@pytest.mark.parametrize('typed', TARGETS)
def test_what_a_target_starts(original, typed):
    words = [word.replace('_', ' ') if word.startswith('ARGS') else word for word in typed.split()]
    started = [word.replace('_', ' ') if word.startswith('--seeds') else word for word in TARGETS[typed].split()]
    assert tell(original, *words) == started


NASTY = [
    'a b', 'two  blanks within  ', ' a', "it's", "'", '"', '"quoted"', '`touch pwned`', '$(touch pwned)',
    '$(shell touch pwned)', '${shell touch pwned}', '$(error no)', '$HOME', '$$HOME', '$(HOME)', '${HOME}', '$', '$@',
    'a;touch pwned', 'a&touch pwned', 'a|touch pwned', 'a>pwned', "'$(touch pwned)'", 'x#y', 'x # y', '*', '?', '[a-z]',
    '~', '~/a', 'back\\slash', '\\', '\\n%s', 'a=b', 'a:=b', '-x', '--out=elsewhere', '--', 'café', '숫자', '%', '!',
    '{a,b}', '(a)', 'a\tb', 'a\nb', 'a,b', 'endef']


@pytest.mark.parametrize('value', NASTY)
def test_a_value_arrives_as_it_is(original, value):
    arrived = tell(original, 'diff', 'BOOK=' + value)
    assert arrived == ['chapter09', 'diff', '--', '.', value.lstrip(' ')]  # make itself takes away blanks that lead


@pytest.mark.parametrize('value', [
    'a b', '`touch pwned`', '$(shell touch pwned)', "x';touch pwned;'", '-3', '$HOME', '*'])
def test_so_do_those_of_the_other_variables(original, value):
    one = tell(original, 'run', *(name + '=' + value for name in ('LISTING', 'EPOCHS', 'SEED')))
    assert one == ['chapter09', 'run', value, '--epochs=' + value, '--seed=' + value]
    sweep = tell(original, 'sweep', 'LISTING=' + value, 'SEEDS=' + value)
    assert sweep == ['chapter09', 'sweep', '--listing=' + value, '--seeds=' + value]
    assert tell(original, 'digits', 'DIGITS=' + value) == ['chapter09', 'digits', '--', value]
    assert tell(original, 'handin', 'NAME=' + value) == ['chapter09', 'handin', '--', value]
    assert tell(original, 'grade', 'DIR=' + value) == ['chapter09', 'grade', '--', value]
    assert tell(original, 'curves', 'LISTING=' + value) == ['chapter09', 'curves', '--run=runs/' + value]


@pytest.mark.parametrize('text, words', [
    ('', []), ('   ', []), ('--json', ['--json']), ('  --n-hidden   64 ', ['--n-hidden', '64']),
    ('--trace "my losses.csv"', ['--trace', 'my losses.csv']), ("--out 'my films'", ['--out', 'my films']),
    ('--trace my\\ losses.csv', ['--trace', 'my losses.csv']), ('--trace="a b"c', ['--trace=a bc']),
    ('a "" b', ['a', '', 'b']), ('"it\'s" \'"\'', ["it's", '"']), ('*', ['*']), ('~ $HOME', ['~', '$HOME']),
    ('`touch pwned` $(touch pwned)', ['`touch', 'pwned`', '$(touch', 'pwned)']),
    ('$(shell touch pwned) ${HOME} $$', ['$(shell', 'touch', 'pwned)', '${HOME}', '$$']),
    ('a;touch pwned', ['a;touch', 'pwned']), ('> pwned & | x', ['>', 'pwned', '&', '|', 'x']), ('# x', ['#', 'x']),
    ('%s \\\\n 숫자', ['%s', '\\n', '숫자']), ('-n -e --', ['-n', '-e', '--']), ('a\nb', ['a', 'b'])])
def test_args_are_words(original, text, words):
    assert tell(original, 'basic', 'ARGS=' + text) == ['chapter09', 'basic', *words]


@pytest.mark.parametrize('text', ['"', "'", '--trace "my losses.csv', "it's", 'a "b\' c'])
def test_a_quote_that_is_not_closed(original, text):
    assert refusal(make(original, 'diff', 'ARGS=' + text)) == 'ARGS: a quote is not closed'


@pytest.mark.parametrize('target, words, taken', [
    ('cgan', [], 'EPOCHS SEED RESUME ARGS'), ('diff', [], 'BOOK ARGS'), ('digits', [], 'DIGITS LISTING ARGS'),
    ('curves', [], 'LISTING ARGS'),
    ('sweep', ['--listing=basic', '--seeds=1 2 3 4'], 'EPOCHS SEED RESUME LISTING SEEDS SCHEDULER ARGS')])
@pytest.mark.parametrize('options', [[], ['-e'], ['-s', '-j2']])
def test_what_is_exported_for_other_ends_does_not_count_and_is_told(original, options, target, words, taken):
    others = dict.fromkeys('EPOCHS SEED RESUME SEEDS LISTING SCHEDULER DIGITS BOOK ARGS BIN EPOCH'.split(),
                           '$(shell touch pwned)')
    run = make(original, *options, target, **others)
    assert run.returncode == 0 and json.loads(run.stdout) == ['chapter09', target, *words]
    line, last = run.stderr.splitlines()
    assert line.endswith(': %s of the environment does not count: write it after make, as in make %s %s=…'
                         % (taken, target, taken.split()[0])) and not (original / 'pwned').exists()
    others = dict.fromkeys(others.keys() - set(taken.split()), '5')
    assert tell(original, target, **others) == ['chapter09', target, *words], 'what it does not take is not told'


@pytest.mark.parametrize('target, variable, said', [
    ('run', 'LISTING', 'name the listing, as in make run LISTING=my_gan'),
    ('handin', 'NAME', 'say whose they are, as in make handin NAME=김민수'),
    ('grade', 'DIR', 'name the folder of the hand-ins, as in make grade DIR=handins')])
def test_what_has_to_be_named(original, target, variable, said):
    run = make(original, target, **{variable: 'my_gan'})
    assert run.returncode == 2 and run.stdout == '' and len(run.stderr.splitlines()) == 1
    assert said in run.stderr


@pytest.mark.parametrize('value', ['0', 'no', '11', '1 0', '$(shell touch pwned)', "';touch pwned;'", '-1'])
def test_resume_is_1_or_left_out(original, value):
    run = make(original, 'basic', 'RESUME=' + value)
    assert run.returncode == 2 and run.stdout == '' and not (original / 'pwned').exists()
    line, = run.stderr.splitlines()
    assert 'RESUME is 1 to resume, and left out otherwise' in line
    assert tell(original, 'basic', 'RESUME=') == ['chapter09', 'basic']


@pytest.mark.parametrize('words, names', [
    (['EPOCH=3'], 'EPOCH'), (['epochs=3'], 'epochs'), (['SEED=1', 'SEEDZ=2'], 'SEEDZ'), (['BIN=/usr/bin'], 'BIN'),
    (['Book=x'], 'Book'), (['ARG=--json', 'EPOCHS=3'], 'ARG'), (['SHELL=/bin/false'], 'SHELL'),
    (['EPOCH=$(shell touch pwned)'], 'EPOCH'), (['EPOCH:=3'], 'EPOCH'), (['NAMES=x'], 'NAMES'), (['GIVEN='], 'GIVEN'),
    (['OPTIONS=--help'], 'OPTIONS')])
@pytest.mark.parametrize('target', ['basic', 'help'])
def test_a_misspelt_variable(original, target, words, names):
    run = make(original, target, *words)
    assert run.returncode == 2 and run.stdout == '' and not (original / 'pwned').exists()
    line, = run.stderr.splitlines()
    assert ('there is no variable %s, only EPOCHS SEED RESUME SEEDS LISTING SCHEDULER DIGITS BOOK NAME DIR N ARGS '
            'PYTHON VENV' % names) in line


@pytest.mark.parametrize('words', [['basic', 'EPOCHS-3'], ['basic', 'EP OCHS=3'], ['helpp'], ['sweep', 'SEED S=1'],
                                   ['verify', '$(shell touch pwned)']])
def test_a_misspelt_target_is_told_before_anything_is_done(original, words):
    run = make(original, *words)
    assert run.returncode == 2 and run.stdout == '' and not (original / 'pwned').exists()
    line, = run.stderr.splitlines()
    assert 'there is no make %s, only help basic cgan' % words[-1] in line


@pytest.mark.parametrize('target, word, taken', [
    ('basic', 'SEEDS=3', 'EPOCHS SEED RESUME ARGS PYTHON VENV'), ('diff', 'LISTING=basic', 'BOOK ARGS PYTHON VENV'),
    ('digits', 'EPOCHS=3', 'LISTING DIGITS ARGS PYTHON VENV'), ('movie', 'BOOK=x', 'LISTING ARGS PYTHON VENV'),
    ('movie curves', 'BOOK=x', 'LISTING ARGS PYTHON VENV'),
    ('verify', 'SEED=$(shell touch pwned)', 'ARGS PYTHON VENV')])
def test_a_variable_that_the_target_does_not_take(original, target, word, taken):
    run = make(original, *target.split(), word)
    assert run.returncode == 2 and run.stdout == '' and not (original / 'pwned').exists()
    line, = run.stderr.splitlines()
    assert 'make %s takes no %s, only %s.' % (target, word.split('=')[0], taken) in line


@pytest.mark.parametrize('status', [1, 2, 3, 130, 143])
@pytest.mark.parametrize('options', [[], ['-s'], ['-j2']])
def test_a_program_that_fails(original, status, options):
    run = make(original, 'diff', *options, STATUS=str(status))
    assert run.returncode == {1: 1, 130: -signal.SIGINT}.get(status, 2), run.stderr
    assert json.loads(run.stdout) == ['chapter09', 'diff']
    line, *of_make = run.stderr.splitlines()
    assert line == "the program's last line" and len(of_make) == (status not in (1, 130)), run.stderr


@pytest.mark.parametrize('status', [1, 130])
def test_a_make_that_ignores_signals_fails_all_the_same(original, status):
    """As in the background of a script."""
    run = subprocess.run(['sh', '-c', "trap '' INT QUIT; make VENV=%s diff" % sys.prefix], cwd=str(original),
                         env={'PATH': os.environ['PATH'], 'STATUS': str(status)}, capture_output=True, timeout=60)
    assert run.returncode == 2, run.stderr


def test_ctrl_c_ends_with_the_programs_line(project):
    """As a terminal sends it: to make and all that it has started."""
    process = subprocess.Popen(['make', 'VENV=' + sys.prefix, 'basic'], cwd=str(project), stderr=subprocess.PIPE,
                               env={'PATH': os.environ['PATH'], 'LASTS': '60'}, start_new_session=True)
    wait_for(lambda: (project / 'started').exists() and (project / 'started').read_text())
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=10)
    assert process.returncode == -signal.SIGINT and said.splitlines() == [b"stopped"], said


@pytest.mark.parametrize('target', ['doctor', 'matrix'])
def test_a_python_that_is_missing(original, target):
    run = make(original, target, 'PYTHON=python9', venv='nowhere')
    assert refusal(run) == 'python9 is missing: name a Python, as in make PYTHON=python3.12 ' + target


def test_a_make_that_is_killed_takes_the_program_with_it(project):
    process = subprocess.Popen(['make', 'VENV=' + sys.prefix, 'basic'], cwd=str(project), stderr=subprocess.PIPE,
                               env={'PATH': os.environ['PATH'], 'LASTS': '60'})
    wait_for(lambda: (project / 'started').exists() and (project / 'started').read_text())
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode in (2, -signal.SIGTERM)
    wait_for(lambda: not is_alive(int((project / 'started').read_text())))


def wait_for(condition):
    end = time.time() + 20
    while not condition():
        assert time.time() < end
        time.sleep(0.01)


def is_alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = pathlib.Path('/proc/%d/stat' % process)
    return not (state.exists() and state.read_text().rpartition(')')[2].split()[0] == 'Z')


@pytest.mark.parametrize('words', [[], ['help'], ['-s']])
def test_help(project, words):
    run = make(project, *words, venv='')
    assert run.returncode == 0 and run.stderr == '' and not (project / '.venv').exists()
    text = (project / 'Makefile').read_text().replace('\\\n', '')
    names = re.search(r'^override TARGETS := help (.*?) environment ', text, re.M).group(1).split()
    assert {'basic', 'cgan', 'all', 'run', 'sweep', 'worker', 'diff', 'handin', 'grade', 'digits', 'movie', 'curves',
            'page', 'check', 'verify', 'doctor', 'bench', 'notebook', 'test', 'soak', 'matrix'} == set(names)
    for name in names:
        assert len(re.findall('^make %s .*\\S' % name, run.stdout, re.M)) == 1
    for name in 'EPOCHS', 'SEED', 'RESUME', 'SEEDS', 'LISTING', 'SCHEDULER', 'DIGITS', 'BOOK', 'NAME', 'DIR', \
            'ARGS', 'PYTHON', 'VENV':
        assert name + '=' in run.stdout


def test_every_variable_is_documented():
    text = ''
    for path in 'README.md', os.path.join('docs', 'runs.md'):
        with open(os.path.join(listings.ROOT, path), encoding='utf-8') as file:
            text += file.read()
    for name in 'EPOCHS SEED RESUME SEEDS LISTING SCHEDULER DIGITS BOOK NAME DIR N ARGS PYTHON VENV'.split():
        assert name + '=' in text, name


def test_targets_are_no_files(project):
    for name in 'basic', 'diff', 'environment', 'run', 'help':
        (project / name).touch()
    assert tell(project, 'basic') == ['chapter09', 'basic'] and tell(project, 'diff') == ['chapter09', 'diff']


PATHS = ['a:b', 'a b', "it's", 'a#b', 'a$b', '$(touch pwned)', '`touch pwned`', '숫자', 'café "x"', 'a;b&c', '-x',
         'a%b', '\\']


@pytest.mark.parametrize('name', PATHS)
def test_whatever_the_folder_is_called(original, tmp_path, stubs, name):
    folder = tmp_path / name / name
    shutil.copytree(str(original), str(folder), ignore=lambda *_: ['.venv'])
    assert tell(folder, 'diff', 'BOOK=b') == ['chapter09', 'diff', '--', '.', 'b']
    run = make(folder, 'basic', venv='', **stubs.environment)
    if ':' in name and sys.version_info >= (3, 11):
        assert 'colon' in refusal(run) and not (folder / '.venv').exists()
    else:
        assert run.returncode == 0 and json.loads(run.stdout) == ['chapter09', 'basic'], run.stderr
        assert stubs.did() == ['venv .venv', 'pip requirements.txt', '.']
        assert make(folder, 'basic', venv='', **stubs.environment).returncode == 0 and stubs.did() == []


# --- the environment

@pytest.fixture
def stubs(tmp_path):
    (tmp_path / 'stubs').mkdir()
    return Stubs(tmp_path / 'stubs')


def test_an_environment_is_made_by_a_service_that_has_no_stderr(project, stubs):
    run = subprocess.run('exec make basic <&- 2>&-', shell=True, cwd=str(project), stdout=subprocess.DEVNULL,
                         env=dict(stubs.environment, PATH=os.environ['PATH']), timeout=60)
    assert run.returncode == 0 and stubs.did() == ['venv .venv', 'pip requirements.txt', '.']


def test_an_environment_is_made_and_then_kept_up_to_date(project, stubs):
    def did(*words, status=0, **environment):
        run = make(project, *words, venv='', **dict(stubs.environment, **environment))
        assert run.returncode == status, run.stderr
        return stubs.did()

    assert did('basic') == ['venv .venv', 'pip requirements.txt', '.']
    assert did('basic') == did('diff', 'cgan') == []
    assert did('test') == ['pip requirements-cluster.txt', '.', 'pip requirements-dev.txt', '.',
                           'pytest -q -n 2 --dist loadfile']
    assert did('worker', 'SCHEDULER=a:1') == did('sweep', 'SCHEDULER=a:1') == []
    assert did('test') == ['pytest -q -n 2 --dist loadfile'] and did('soak') == ['pytest -q -m soak']
    mine = project / '.venv' / 'mine'
    mine.touch()
    for time_ in 1, 4e9:  # its date says nothing
        os.utime(str(project / 'requirements.txt'), (time_, time_))
        assert did('basic') == []
    for change in 'tensorflow==2.21.0\n', 'tensorflow==2.20.0\n', '':
        (project / 'requirements.txt').write_text(change)
        assert did('basic') == ['pip requirements.txt', '.'] and did('basic') == []
    (project / 'requirements-dev.txt').write_text('pytest\n')
    (project / 'requirements-cluster.txt').write_text('distributed\n')
    assert did('basic') == [] and did('worker', 'SCHEDULER=a:1') == ['pip requirements-cluster.txt', '.']
    assert did('test')[:2] == ['pip requirements-dev.txt', '.']
    (project / 'requirements.txt').write_text('numpy\n')
    assert did('basic', status=2, PIP_FAILS='1') == ['pip requirements.txt']
    assert did('basic') == ['pip requirements.txt', '.']
    assert mine.exists()
    for broken in {}, {'VENV_FAILS': '1'}:
        mine.touch()
        (project / '.venv' / 'bin' / 'python').unlink()  # as when the system's Python has been replaced
        (project / '.venv' / 'bin' / 'python').symlink_to('/nowhere/python')
        if broken:
            assert did('basic', status=2, **broken) == ['venv .venv']
        assert did('test') == ['venv .venv', 'pip requirements.txt', '.', 'pip requirements-cluster.txt', '.',
                               'pip requirements-dev.txt', '.', 'pytest -q -n 2 --dist loadfile']
        assert not mine.exists()


@pytest.mark.parametrize('where', ['VENV=new', 'VENV=a/b c', "VENV=it's $(touch pwned)", 'VENV=./-x', 'VENV='])
def test_an_environment_is_made_where_there_is_nothing(project, stubs, where):
    name = os.path.normpath(where.partition('=')[2] or '.venv')
    (project / 'new').mkdir()
    for _ in range(2):
        run = make(project, 'basic', where, venv='', **stubs.environment)
        assert run.returncode == 0, run.stderr
    assert stubs.did() == ['venv ' + name, 'pip requirements.txt', '.'] and (project / name / 'bin' / 'python').exists()
    run = make(project, 'basic', venv='', **dict(stubs.environment, VENV='./' + name))
    assert run.returncode == 0 and stubs.did() == [] and not (project / 'pwned').exists()


@pytest.mark.parametrize('name', ['~', '~/venv', '-x', '--clear'])
def test_an_environment_whose_name_a_shell_would_not_read_so(project, stubs, name):
    assert 'write the folder out' in refusal(make(project, 'basic', 'VENV=' + name, venv='', **stubs.environment))
    assert stubs.did() == [] and not (project / name).exists()


def test_it_is_made_with_what_pip_and_venv_are(project):
    for name in REQUIREMENTS:
        (project / name).write_text('')
    run = make(project, 'basic', venv='', PYTHON=sys.executable)
    assert run.returncode == 0 and json.loads(run.stdout) == ['chapter09', 'basic'], run.stderr
    assert (project / '.venv' / 'pyvenv.cfg').exists()


def snapshot(folder):
    return {str(path): path.lstat().st_mtime_ns for path in [folder, *folder.rglob('*')]}


def strangers(project):
    """Environments that make did not make, or not here, and what make is to be told to use them."""
    def bare(path):
        (path / 'bin').mkdir(parents=True)
        (path / 'bin' / 'python').symlink_to(getattr(sys, '_base_executable', sys.executable))
        (path / 'pyvenv.cfg').write_text('home = %s\n' % os.path.dirname(sys._base_executable))
        (path / 'precious').touch()

    def made_by_make(path):
        bare(path)
        (path / 'made-by-make').write_text('%s\n%s\n' % (path.parent.resolve(), path.resolve()))

    outside = project.parent / 'outside'
    outside.mkdir()
    bare(outside / 'bare')
    yield outside / 'bare', ['VENV=%s' % (outside / 'bare')], {}
    yield outside / 'bare', ['VENV=../outside/bare'], {}
    yield outside / 'bare', [], {'VENV': str(outside / 'bare')}
    (project / 'link').symlink_to(str(outside / 'bare'))
    yield outside / 'bare', ['VENV=link'], {}
    made_by_make(outside / '.venv')  # by another clone
    yield outside / '.venv', ['VENV=../outside/.venv'], {}
    (project / '.venv').symlink_to(str(outside / '.venv'))
    yield outside / '.venv', [], {}
    (project / '.venv').unlink()
    bare(project / '.venv')  # in the clone, but by hand
    yield project / '.venv', [], {}
    (project / '.venv' / 'ready').touch()
    yield project / '.venv', [], {}
    shutil.rmtree(str(project / '.venv'))
    made_by_make(project / '.venv')
    shutil.copytree(str(project / '.venv'), str(project / 'copy'), symlinks=True)
    yield project / 'copy', ['VENV=copy'], {}
    (outside / 'documents').mkdir()
    (outside / 'documents' / 'precious').touch()
    yield outside / 'documents', ['VENV=../outside/documents'], {}
    (outside / 'file').touch()
    yield outside / 'file', ['VENV=../outside/file'], {}
    (project / 'dangling').symlink_to('nowhere')
    yield project / 'dangling', ['VENV=dangling'], {}


@pytest.mark.parametrize('target', ['basic', 'test'])
def test_an_environment_of_others_that_lacks_packages_is_refused_and_left_alone(project, stubs, target):
    for folder, words, more in strangers(project):
        before = snapshot(folder)
        line = refusal(make(project, target, *words, venv='', **dict(stubs.environment, **more)))
        assert 'was not made by make in this folder, so it is left as it is' in line
        assert ('tensorflow' in line) == (folder / 'bin').exists(), line
        named = words[0].partition('=')[2] if words else more.get('VENV', '.venv')
        may_go = (folder / 'pyvenv.cfg').exists() and not (project / named).is_symlink()
        assert ('delete it' in line) == may_go, line  # and nobody's documents, nor what a link leads to
        assert before == snapshot(folder) and stubs.did() == []


def test_what_comes_to_be_while_make_waits_for_another_stays(project, stubs):
    environment = dict(stubs.environment, PATH=os.environ['PATH'], PIP_LASTS='1')
    first = subprocess.Popen(['make', 'basic'], cwd=str(project), env=environment)
    wait_for(lambda: (project / '.venv' / 'bin' / 'python').exists())
    second = subprocess.Popen(['make', 'basic', 'VENV=new'], cwd=str(project), env=environment, stderr=subprocess.PIPE)
    assert b'Waiting for another make' in second.stderr.readline()
    (project / 'new').mkdir()
    (project / 'new' / 'thesis.txt').write_text('mine')
    assert b'new was not made by make in this folder' in second.stderr.read()
    assert (first.wait(60), second.wait(60)) == (0, 2)
    assert os.listdir(str(project / 'new')) == ['thesis.txt']


def test_an_environments_python_that_does_not_start(project, stubs):
    assert make(project, 'basic', venv='', **stubs.environment).returncode == 0 and stubs.did() != []
    shutil.copytree(str(project / '.venv'), str(project / 'theirs'), symlinks=True)
    (project / 'theirs' / 'made-by-make').unlink()
    for folder in project / '.venv', project / 'theirs':
        (folder / 'bin' / 'python').unlink()
        (folder / 'bin' / 'python').write_bytes(b'\x7fELF of another system')
        (folder / 'bin' / 'python').chmod(0o755)
    before = snapshot(project / 'theirs')
    line = refusal(make(project, 'basic', venv='theirs', **stubs.environment))
    assert 'so it is left as it is, but lacks bin/python' in line and snapshot(project / 'theirs') == before
    assert make(project, 'doctor', venv='', **stubs.environment).returncode == 0 and stubs.did() == []
    assert make(project, 'basic', venv='', **stubs.environment).returncode == 0
    assert stubs.did() == ['venv .venv', 'pip requirements.txt', '.']


def room_again(folder):
    venv, filler = os.path.join(folder, 'disk', 'venv'), os.path.join(folder, 'disk', 'filler')
    program = [sys.executable, environment.__file__, venv, os.path.join(listings.ROOT, 'requirements.txt')]
    with contextlib.suppress(OSError), open(filler, 'wb', buffering=0) as file:
        while file.write(b'\0'):
            pass
    full = subprocess.run(program, stderr=subprocess.PIPE, encoding='utf-8')
    os.remove(filler)
    return full.returncode, full.stderr, environment.Environment(venv).is_ours()


def test_a_full_disk_leaves_no_environment_of_nobodys(tmp_path):
    status, said, is_ours = processes.in_a_small_filesystem(tmp_path, '8k', room_again)
    assert status == 2 and 'No space left' in said and is_ours, said


def test_another_python_in_the_place_of_an_environments_installs_anew(project, stubs):
    assert make(project, 'basic', venv='', **stubs.environment).returncode == 0 and stubs.did() != []
    record = project / '.venv' / 'installed-requirements.txt'
    version = '# for Python %d.%d\n' % sys.version_info[:2]
    assert record.read_text().endswith(version)
    record.write_text(record.read_text().replace(version, '# for Python 3.9\n'))
    assert make(project, 'basic', venv='', **stubs.environment).returncode == 0
    assert stubs.did() == ['pip requirements.txt', '.']


@pytest.mark.parametrize('status', [1, 130])
def test_who_takes_on_a_program_whose_make_was_killed_gets_no_signal(project, tmp_path, status):
    """As systemd does, or a container's first process."""
    program = ('import ctypes, os, signal, subprocess, sys, time\nctypes.CDLL(None).prctl(36, 1)  # takes on orphans\n'
               'make = subprocess.Popen(["make", "VENV=" + sys.prefix, "basic"])\n'
               'while not os.path.exists("started"):\n    time.sleep(0.01)\nmake.kill()\nmake.wait()\n'
               'os.wait()\nprint("alive")\n')
    ended = subprocess.run([sys.executable, '-c', program], cwd=str(project), capture_output=True, encoding='utf-8',
                           env={'PATH': os.environ['PATH'], 'LASTS': '1', 'STATUS': str(status)}, timeout=60)
    assert ended.returncode == 0 and ended.stdout.endswith('alive\n'), ended


@pytest.mark.parametrize('path', ['nope/../theirs', './a/b/../../theirs', 'nope/../.venv', 'nope/../new',
                                  '../project/nope/../theirs'])
def test_a_path_through_a_missing_folder_leads_to_no_environment(project, stubs, path):
    assert make(project, 'basic', venv='', **stubs.environment).returncode == 0 and stubs.did() != []
    shutil.copytree(str(project / '.venv'), str(project / 'theirs'), symlinks=True)
    (project / 'theirs' / 'made-by-make').unlink()
    (project / '.venv' / 'mine').touch()
    before = snapshot(project)
    assert 'goes through a folder that is not there' in refusal(
        make(project, 'basic', 'VENV=' + path, venv='', **stubs.environment))
    assert snapshot(project) == before and stubs.did() == [] and not (project / 'nope').exists()
    assert make(project, 'basic', 'VENV=chapter09/../.venv', venv='', **stubs.environment).returncode == 0
    assert (project / '.venv' / 'mine').exists()


def test_what_has_been_copied_or_moved_is_no_longer_what_make_made(project, stubs):
    assert make(project, 'basic', **stubs.environment, venv='').returncode == 0 and stubs.did() != []
    shutil.copytree(str(project / '.venv'), str(project / 'copy'), symlinks=True)
    shutil.copytree(str(project), str(project.parent / 'copy'), symlinks=True)
    (project / 'copy' / 'bin' / 'python').unlink()
    assert 'was not made by make' in refusal(make(project, 'basic', venv='copy', **stubs.environment))
    (project / '.venv' / 'bin' / 'python').unlink()
    project.rename(project.parent / 'moved')
    for folder, venv in ('moved', '.venv'), ('moved', 'copy'), ('copy', '.venv'):
        run = make(project.parent / folder, 'basic', venv=venv, **stubs.environment)
        assert 'was not made by make in this folder' in refusal(run), (folder, venv)


@pytest.fixture(scope='module')
def furnished(tmp_path_factory):
    """A function that makes an environment in which packages seem to be, of these versions."""
    folder = tmp_path_factory.mktemp('furnished') / 'venv'
    subprocess.run([sys.executable, '-m', 'venv', '--without-pip', str(folder)], check=True)
    site = next(folder.glob('lib/python*/site-packages'))
    shutil.copytree(os.path.dirname(packaging.__file__), str(site / 'packaging'))

    def furnish(**versions):
        for left in site.glob('*.dist-info'):
            shutil.rmtree(str(left))
        for name, version in versions.items():
            (site / ('%s-%s.dist-info' % (name, version))).mkdir()
            (site / ('%s-%s.dist-info' % (name, version)) / 'METADATA').write_text(
                'Metadata-Version: 2.1\nName: %s\nVersion: %s\n' % (name, version))
            (site / ('%s-%s.dist-info' % (name, version)) / 'top_level.txt').write_text(name.split('_')[0] + '\n')
        return folder
    return furnish


GOOD = {'tensorflow': '2.21.0', 'numpy': '2.4.1', 'matplotlib': '3.10.8'}


@pytest.mark.parametrize('change', [{}, {'tensorflow': '2.16.0'}, {'tensorflow': '2.21.1rc0'}, {'numpy': '1.26.4'},
                                    {'tensorflow': None, 'tensorflow_cpu': '2.21.0'}])
def test_an_environment_of_others_that_has_the_packages_is_used(project, furnished, change):
    folder = furnished(**{name: version for name, version in dict(GOOD, **change).items() if version})
    before = snapshot(folder)
    (project / '.venv').symlink_to(str(folder))
    os.utime(str(project / 'requirements.txt'), (4e9, 4e9))  # newer than it, which is no matter
    for words, more in (['VENV=%s' % folder], {}), ([], {'VENV': str(folder)}), ([], {}):
        assert tell(project, 'basic', *words, venv='', **more) == ['chapter09', 'basic']
    assert before == snapshot(folder) and (project / '.venv').is_symlink()


@pytest.mark.parametrize('change, reason', [
    ({'tensorflow': '2.15.1'}, 'lacks tensorflow<2.23,>=2.16 (it has 2.15.1):'), ({'numpy': '2.6.0'}, '(it has 2.6.0)'),
    ({'tensorflow': '1.15.5', 'numpy': '1.18.5'}, '(it has 1.15.5), numpy'),
    ({'tensorflow': None, 'tensorflow_cpu': '2.15.0'}, 'lacks tensorflow<2.23,>=2.16 (it has 2.15.0):'),
    ({'matplotlib': None}, 'lacks matplotlib<3.12,>=3.8:'),
    ({'numpy': None, 'tensorflow': None}, 'lacks tensorflow<2.23,>=2.16, numpy<2.6,>=1.26:')])
def test_an_environment_of_others_that_has_other_versions_is_not(project, furnished, change, reason):
    folder = furnished(**{name: version for name, version in dict(GOOD, **change).items() if version})
    before = snapshot(folder)
    assert reason in refusal(make(project, 'basic', venv=str(folder))) and before == snapshot(folder)


def test_the_tests_need_more(project, furnished):
    folder = furnished(**GOOD)
    assert tell(project, 'basic', venv=str(folder)) == ['chapter09', 'basic']
    line = refusal(make(project, 'test', venv=str(folder)))
    assert 'pytest' in line and 'tensorflow' not in line


def test_two_makes_wait_for_each_other(project, stubs):
    def start(**more):
        environment = dict(stubs.environment, **dict({'PATH': os.environ['PATH'], 'PIP_LASTS': '1'}, **more))
        return subprocess.Popen(['make', 'basic'], cwd=str(project), encoding='utf-8', stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, start_new_session=True, env=environment)

    makes = [start() for _ in range(3)]
    told = [process.communicate(timeout=60) for process in makes]
    assert [process.returncode for process in makes] == [0, 0, 0]
    assert stubs.did() == ['venv .venv', 'pip requirements.txt', '.']
    assert sum('Waiting for another make' in err for _, err in told) == 2

    (project / 'requirements.txt').write_text('numpy\n')
    killed = start(PIP_LASTS='60')
    wait_for(lambda: stubs.did() == ['pip requirements.txt'])
    os.killpg(killed.pid, signal.SIGKILL)  # and its lock with it
    next_ = start(PIP_LASTS='0')
    assert next_.communicate(timeout=20)[1].count('Waiting') <= 1 and next_.returncode == 0
    assert stubs.did() == ['pip requirements.txt', '.']
    killed.communicate()

    (project / 'requirements.txt').write_text('numpy>1\n')
    stopped = start(PIP_LASTS='60')
    wait_for(lambda: stubs.did() == ['pip requirements.txt'])
    os.killpg(stopped.pid, signal.SIGINT)  # as a terminal does at Ctrl-C
    assert 'Traceback' not in stopped.communicate(timeout=20)[1] and stopped.returncode == -signal.SIGINT


@pytest.mark.parametrize('python', [
    'nowhere/python', '/bin/false', '/bin/true', '/', 'a b', '`touch pwned`', '$(shell touch pwned)', '-x'])
@pytest.mark.parametrize('exported', [False, True])
def test_a_python_that_will_not_do(project, python, exported):
    run = make(project, 'basic', *([] if exported else ['PYTHON=' + python]), venv='new',
               **({'PYTHON': python} if exported else {}))
    assert refusal(run) == ('TensorFlow needs Python 3.10 to 3.13, and %s is another or missing: '
                            'name one, as in make PYTHON=python3.12 basic' % python)
    assert not (project / 'new').exists() and not (project / 'pwned').exists()


@pytest.mark.parametrize('version, will_do', [
    ((2, 7), False), ((3, 9), False), ((3, 10), True), ((3, 13), True), ((3, 14), False)])
def test_the_versions_of_python_that_will_do(project, stubs, version, will_do):
    python = project / 'a python'
    python.write_text('#!/bin/sh\n[ "$1" = -c ] || exec %s "$@"\n'
                      'exec %s -c "import sys; sys.version_info = (%d, %d, 1); $2"\n'
                      % (sys.executable, sys.executable, *version))
    python.chmod(0o755)
    run = make(project, 'basic', venv='', **dict(stubs.environment, PYTHON='./a python'))
    assert (run.returncode == 0) == will_do and bool(stubs.did()) == will_do
    assert will_do or './a python is another or missing' in refusal(run)


def test_requirements_are_the_three_and_no_other(clone):
    names = [re.match(r'\w+', line).group() for line in (clone / 'requirements.txt').read_text().splitlines()]
    assert names == ['tensorflow', 'numpy', 'matplotlib']


# --- for real

@pytest.mark.parametrize('target, folder, rows, batches', [('basic', 'samples', 1, 550), ('cgan', 'samples2', 2, 6)])
def test_training(clone, small, target, folder, rows, batches):
    assert os.listdir(str(clone / folder)) == ['.gitignore']
    data = '' if target == 'basic' else '--data %s ' % small
    run = make(clone, target, 'EPOCHS=1', 'SEED=11', 'ARGS=%s--trace losses.csv' % data)
    assert run.returncode == 0, run.stderr
    assert run.stderr == 'seed: 11\n'
    assert re.fullmatch(r'Epoch: 0000 D loss: \S+ G loss: \S+\n최적화 완료!\n', run.stdout)
    assert sorted(os.listdir(str(clone / folder))) == ['.gitignore', '.strips', '000.png']
    if target == 'cgan':
        run = make(clone, target, 'EPOCHS=2', 'RESUME=1', 'ARGS=' + data)
        assert run.returncode == 0 and run.stderr == 'going on after epoch 0\nseed: 11\n', run.stderr
        assert run.stdout.startswith('Epoch: 0001')
    assert reading.read(str(clone / folder / '000.png')).digits.shape == (rows, 10, 28, 28)
    assert len((clone / 'losses.csv').read_text().splitlines()) == 1 + batches


def command(clone, *words):
    """A command of the clone as make starts it, but in a process that has TensorFlow already."""
    streams = clone.parent / 'streams'
    streams.mkdir(exist_ok=True)
    return processes.run(clone / 'chapter09', *words, output=streams, folder=clone, before=processes.as_new)


def test_diff_and_what_can_be_drawn_of_what_was_trained(clone):
    shutil.copytree(str(clone / 'samples'), str(clone / 'book' / 'samples'))
    run = make(clone, 'diff', 'BOOK=book')
    assert run.returncode == 0 and run.stderr == 'conditional: no strips of it in book\n', run.stderr
    assert 'basic: identical, by 1 strip' in run.stdout
    assert os.listdir(str(clone / 'diff')) == ['basic.png']
    assert command(clone, 'digits', '--', '20261122').status == 0
    assert (clone / 'digits.png').stat().st_size > 1000


def test_a_listing_of_ones_own(clone, small):
    page = (clone / 'chapter09' / 'gan_basic.py').read_text(encoding='utf-8')
    (clone / 'chapter09' / 'my_gan.py').write_text(page.replace('tf.nn.relu', 'tf.nn.tanh'), encoding='utf-8')
    before = sorted(os.listdir(str(clone / 'samples')))
    ended = command(clone, 'run', 'my_gan', '--epochs', 1, '--data', small)
    assert ended.status == 0 and ended.err == ['seed: 7'], ended
    assert os.listdir(str(clone / 'runs' / 'my_gan' / 'samples')) == ['000.png']
    assert sorted(os.listdir(str(clone / 'samples'))) == before
    assert command(clone, 'curves', '--run', os.path.join('runs', 'my_gan')).status == 0
    assert (clone / 'curves.png').stat().st_size > 1000


def test_both_show_their_progress_and_stop_on_ctrl_c(clone):
    terminal, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack('HHHH', 24, 100, 0, 0))
    process = subprocess.Popen([sys.executable, str(clone / 'chapter09'), 'all', '--epochs', '100000'],
                               stdout=subprocess.DEVNULL, stderr=slave)
    os.close(slave)
    seen, kill = '', threading.Timer(600, process.kill)
    kill.start()
    progress = re.compile(r'basic +epoch \d+/100000 .* left\s+conditional +epoch \d+/100000 .* left\s')
    while not progress.search(seen):
        seen = seen[-4000:] + os.read(terminal, 1000).decode(errors='replace')
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(OSError):  # as a terminal says that nobody has it open any more
        while True:
            seen = seen[-4000:] + os.read(terminal, 1000).decode(errors='replace')
    assert process.wait() == 130
    kill.cancel()
    for listing in listings.CHAPTER.values():
        assert re.search(r'%s +%s: stopped by SIGINT in epoch \d+; the' % (listing.name, listing.file), seen)
        record = json.loads((clone / 'runs' / listing.name / 'run.json').read_text())
        assert record['state'] == 'stopped'
    assert seen.rstrip().endswith('give the same command with --resume (make: RESUME=1)')


def test_verify(clone):
    run = make(clone, 'verify')
    assert run.returncode == 0, run.stderr
    assert [line.split(':')[0] for line in run.stdout.splitlines()] == ['basic', 'conditional']
    assert os.path.isdir(REFERENCE)
