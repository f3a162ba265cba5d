"""What can be said to `python chapter09`, and that it answers at once."""

import os
import shutil
import subprocess
import sys

import pytest
from commanding import command
from processes import PAGE, script

from conftest import REFERENCE
from lab import listings
from tools import commands


def test_every_command_is_listed_with_a_line():
    for words, status in (['--help'], 0), (['-h'], 0), (['help'], 0), ([], 2):
        ended = command(*words)
        assert (ended[0], ended[2]) == (status, [])
        lines = dict(line.split(None, 1) for line in ended[1][2:])
        assert ended[1][0].startswith('usage: python chapter09 COMMAND') and list(lines) == list(commands.COMMANDS)
        assert all(len(line) > 10 for line in lines.values()) and max(map(len, ended[1])) <= 100


@pytest.mark.parametrize('name', commands.COMMANDS)
def test_every_command_has_help(name):
    status, out, err = command(name, '--help')
    assert status == 0 and err == [] and out[0].startswith('usage: chapter09 ' + name)


@pytest.mark.parametrize('words', [[listings.CHAPTER09, 'basic', '--help'], [PAGE['basic'], '--help']])
def test_help_that_finds_no_room_is_told(words):
    with open('/dev/full', 'w') as full:
        ended = subprocess.run([sys.executable, *words], stdout=full, stderr=subprocess.PIPE, encoding='utf-8')
    assert ended.returncode == 2 and ended.stderr.endswith('error: no room left for the output\n')
    assert len(ended.stderr.splitlines()) == 1


def test_an_unknown_command_is_one_line_that_names_the_others():
    ended = script(listings.CHAPTER09, 'paint')
    assert ended.status == 2 and ended.out == [] and len(ended.err) == 1
    assert ended.err[0].startswith("chapter09: error: 'paint' is no command: name one of basic, cgan, run, all")


BAD = [
    (['basic', '--epochs', 'x'], '--epochs'), (['cgan', '--batch-size', '0'], '--batch-size'),
    (['basic', 'x'], 'unrecognized arguments: x'), (['run', 'gan_basic', '--n-noise', '0'], '--n-noise'),
    (['run', 'nothing'], 'there is no listing'), (['run', 'layers'], 'there is no listing'),
    (['run', '../chapter09/gan_basic'], 'there is no listing'),
    (['all', '--epochs', '0'], '--epochs'), (['all', '--run', 'x'], '--run is for one run'),
    (['all', '--samples', 'x'], '--samples is for one run'), (['all', '--trace', 'x.csv'], '--trace is for one run'),
    (['all', '--logdir', 'x'], '--logdir is for one run'), (['all', '--listing', 'basic'], '--listing'),
    (['sweep', '--seeds', '4 4'], 'different seeds'), (['sweep', '--seeds', '4 04'], 'different seeds'),
    (['sweep', '--seeds', 'random'], 'different seeds'), (['sweep', '--seeds', ''], 'different seeds'),
    (['sweep', '--seeds', '4 -1'], '-1'), (['sweep', '--seed', '3'], '--seed is for one run'),
    (['sweep', '--listing', 'both'], 'there is no listing'), (['sweep', '--epochs', 'x'], '--epochs'),
    (['sweep', '--csv', os.path.join(listings.ROOT, 'reference', 'basic', 'losses.csv')], 'among what a run keeps'),
    (['sweep', '--csv', PAGE['basic']], 'one of the files of the chapter'),
    (['sweep', '--csv', 'README.md'], 'give it the ending .csv'), (['judge', 'a.csv'], 'give it the ending .npz'),
    (['judge', PAGE['conditional']], 'one of the files of the chapter'),
    (['diff', '--out', os.path.join(listings.ROOT, 'reference', 'basic')], 'among what a run keeps'),
    (['diff', ''], 'it names nothing'), (['diff', 'a', 'b', 'c'], 'unrecognized arguments: c'),
    (['diff', '--out', '/dev/null/diff'], '/dev/null/diff'),
    (['grade'], 'DIR'), (['grade', '/nowhere'], '/nowhere cannot be read'), (['grade', ''], 'names nothing'),
    (['grade', REFERENCE, '--out', os.path.join(REFERENCE, 'x')], 'lies among the hand-ins'),
    (['grade', '/dev/null'], '/dev/null cannot be read'), (['grade', 'x', '--lang', 'fr'], '--lang'),
    (['grade', os.path.dirname(PAGE['basic']), '--out', os.path.join(REFERENCE, 'basic')], 'among what a run keeps'),
    (['handin'], 'NAME'), (['handin', ''], 'cannot be the name of a file'), (['handin', '../x'], 'cannot be the name'),
    (['handin', 'a\nb'], 'cannot be the name'), (['handin', 'Aux .b'], 'cannot be the name'),
    (['handin', 'x' * 61], 'it has 61 letters'),
    (['handin', 'x', '--out', PAGE['basic']], 'one of the files of the chapter'),
    (['handin', 'x', '--out', os.path.join(REFERENCE, 'basic', 'x.zip')], 'among what a run keeps'),
    (['handin', 'x', '--out', 'x.tar'], 'ending .zip'),
    (['digits'], 'DIGITS'), (['digits', '1', '--frames', '1'], '--frames'), (['movie', '--run', ''], 'names nothing'),
    (['curves', '--run', '/nowhere'], 'holds no run'), (['check', '3', '--run', '/nowhere'], 'run the listing first'),
    (['verify', 'x'], 'unrecognized arguments: x'),
    (['judge'], 'FILE.npz')]


def test_a_folder_is_no_listing(tmp_path, monkeypatch):
    monkeypatch.setattr(listings, 'CHAPTER09', str(tmp_path))
    (tmp_path / 'dd.py').mkdir()
    (tmp_path / 'mine.py').touch()
    assert command('run', 'dd') == (2, [], ['chapter09: error: there is no listing %s: copy one to there and '
                                            'change it, or name one of mine' % (tmp_path / 'dd.py')])


def test_what_cannot_be_is_one_line_with_status_2_and_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    root = sorted(os.listdir(listings.ROOT))
    for words, reason in BAD:
        status, out, err = command(*words)
        assert status == 2 and out == [] and len(err) == 1 and reason in err[0], (words, err)
    assert sorted(os.listdir(listings.ROOT)) == root and os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize('words', [['digits', '3', '--run'], ['page']], ids=['digits', 'page'])
def test_a_run_may_be_called_as_its_listing_is(tmp_path, words):
    for name in 'basic', 'my_gan':
        shutil.copytree(os.path.join(REFERENCE, 'conditional'), str(tmp_path / name))
    for called in 'my_gan', 'my_gan.py', 'gan_basic', 'gan_basic.py':
        status, _, err = command(*words, tmp_path / called, '--out', tmp_path / 'drawn')
        assert status == 0 and (tmp_path / 'drawn').exists(), err
        (tmp_path / 'drawn').unlink()
    (tmp_path / 'gan_basic').mkdir()
    (tmp_path / 'gan_basic' / 'run.json').write_text('{}')
    status, _, err = command(*words, tmp_path / 'gan_basic', '--out', tmp_path / 'drawn')
    assert status == 2 and 'gan_basic' in err[-1], 'a run of that very name goes first'


def test_a_project_or_a_listing_whose_name_is_not_in_utf8_is_refused_before_it_trains(tmp_path):
    """TensorFlow, which writes the checkpoints, takes no such names."""
    strange = os.fsdecode(b'\xff\xfe')
    for name, words in ('project', ['run', strange]), (strange, ['basic']), (strange, ['doctor', '--lang', 'en']):
        root = tmp_path / name
        shutil.copytree(listings.CHAPTER09, str(root / 'chapter09'), ignore=shutil.ignore_patterns('__pycache__'))
        shutil.copy(PAGE['basic'], str(root / 'chapter09' / (strange + '.py')))
        before = sorted(os.walk(str(root)))
        ended = subprocess.run([sys.executable, '-B', str(root / 'chapter09'), *words], capture_output=True, text=True)
        *_, line = (ended.stdout + ended.stderr).splitlines()
        assert ended.returncode == (1 if 'doctor' in words else 2) and '\\udcff' in line, ended
        assert 'is not in UTF-8, and TensorFlow takes no other names: choose another' in line
        assert sorted(os.walk(str(root))) == before and (ended.stdout == '' or 'doctor' in words)
        shutil.rmtree(str(root))


def test_help_and_what_cannot_be_do_not_wait_for_tensorflow():
    """In one Python, which has loaded neither TensorFlow nor matplotlib when all has been said."""
    program = '''
import sys
from commanding import command
from test_commands import BAD
from tools import commands
for words in [['--help'], *([name, '--help'] for name in commands.COMMANDS), *(words for words, _ in BAD)]:
    command(*words)
    loaded = {'tensorflow', 'matplotlib', 'pandas'} & set(sys.modules)
    assert not loaded, (words, loaded)
import tools.history
assert 'tensorflow' not in sys.modules, 'for movie and curves'
'''
    here = os.path.dirname(os.path.abspath(__file__))
    paths = os.pathsep.join([listings.CHAPTER09, os.path.dirname(here), here])
    ended = subprocess.run([sys.executable, '-c', program], env=dict(os.environ, PYTHONPATH=paths),
                           encoding='utf-8', capture_output=True, timeout=300)
    assert ended.returncode == 0, ended.stderr
