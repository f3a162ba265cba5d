"""Who decides whether TensorFlow multiplies by oneDNN: the user, the run that is resumed, the processor."""

import json
import os
import subprocess
import sys

import pytest
from processes import TINY, Lab, script

from lab import listings, machine, onednn

HERE = {onednn.VARIABLE: '1'} if 'avx2' in machine.flags() else {}


def change_record(folder, **changes):
    path = os.path.join(str(folder), 'run.json')
    with open(path) as file:
        record = json.load(file)
    record.update(changes)
    with open(path, 'w') as file:
        json.dump(record, file)


@pytest.fixture(scope='module')
def begun_without(small, tmp_path_factory):
    """A Lab whose run was begun by a user who had oneDNN off."""
    lab = Lab(tmp_path_factory.mktemp('begun') / 'lab', TINY, small)
    environment = dict(os.environ, **{onednn.VARIABLE: '0'})
    ended = script(lab.listing, *lab.argv, '--epochs', 1, env=environment)
    assert ended.status == 0 and ended.err == ['seed: 7']
    assert json.loads(lab.read('run', 'run.json').decode())['machine']['oneDNN'] == 'off'
    return lab


@pytest.fixture
def lab(begun_without, tmp_path):
    return begun_without.copy(tmp_path / 'lab')


def test_a_resumed_run_goes_on_as_it_was_begun(lab, begun_without, tmp_path):
    whole = Lab(tmp_path / 'whole', TINY, lab.argv[lab.argv.index('--data') + 1])
    for each, more in (lab, {}), (whole, {onednn.VARIABLE: '0'}):
        ended = script(each.listing, *each.argv, '--epochs', 2, '--resume', env=dict(os.environ, **more))
        assert ended.status == 0 and not any('oneDNN' in line for line in ended.err), ended
    assert whole.outcome() == lab.outcome()


@pytest.mark.skipif(not HERE, reason='TensorFlow decides on such a processor')
def test_the_user_decides_otherwise_and_is_told(lab):
    ended = script(lab.listing, *lab.argv, '--epochs', 2, '--resume', env=dict(os.environ, **{onednn.VARIABLE: '1'}))
    assert ended.status == 0 and 'note: begun with oneDNN off; now on. The last digits may differ' in ended.err
    assert json.loads(lab.read('run', 'run.json').decode())['machine']['oneDNN'] == 'off'


def test_the_command_line_tells_which_run_it_is(lab):
    run = lab.path('run')
    assert onednn.variables([TINY, '--resume', '--run', run]) == {onednn.VARIABLE: '0'}
    assert onednn.variables([TINY, '--run', '/nowhere', '--run=' + run, '--resume']) == {onednn.VARIABLE: '0'}
    for words in ([TINY, '--run', run], [TINY, '--resume', '--run'], [TINY, '--resume', '--run', '/nowhere'], [TINY],
                  ['', '--resume'], ['--resume'], []):
        assert onednn.variables(words) == HERE, words
    change_record(run, machine={'oneDNN': 'on'})
    assert onednn.variables([TINY, '--resume', '--run', run]) == {onednn.VARIABLE: '1'}
    change_record(run, machine={})  # a run from before it was recorded, which TensorFlow decided
    assert onednn.variables([TINY, '--resume', '--run', run]) == {}
    change_record(run, machine='AMD')
    assert onednn.variables([TINY, '--resume', '--run', run]) == HERE


def test_a_listings_own_run_is_looked_for_in_runs(lab, tmp_path, monkeypatch):
    monkeypatch.setattr(listings, 'ROOT', str(tmp_path))
    os.makedirs(str(tmp_path / 'runs'))
    os.rename(lab.path('run'), str(tmp_path / 'runs' / 'my_gan'))
    assert onednn.variables(['chapter09/my_gan.py', '--resume']) == {onednn.VARIABLE: '0'}
    assert onednn.variables(['chapter09/another.py', '--resume']) == HERE


def test_the_environment_is_left_as_it_was():
    program = ('import os, sys\nsys.path.insert(0, %r)\nimport lab, tensorflow\n'
               'print(os.environ.get(%r))\n'
               'from lab import onednn\nprint(onednn.state())' % (listings.CHAPTER09, onednn.VARIABLE))
    for given, wanted in ({}, 'on' if HERE else None), ({onednn.VARIABLE: '0'}, 'off'):
        told = subprocess.run([sys.executable, '-c', program], encoding='utf-8', capture_output=True,
                              env=dict({n: v for n, v in os.environ.items() if n != onednn.VARIABLE}, **given))
        left, state = told.stdout.split()
        assert left == given.get(onednn.VARIABLE, 'None') and state == (wanted or state), told
