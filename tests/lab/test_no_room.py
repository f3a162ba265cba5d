"""Where there is no room for what a run writes, it ends with one line and has lost one epoch at most."""

import os
import resource
import subprocess
import sys

import page
import pytest
from processes import TINY, Lab, fork, in_a_small_filesystem, script

from lab import listings
from lab.shown import Shown

TOP = "import lab  # not the page's: options, seed, checkpoints\n"
STRIP = "    # 9.1-13  a strip"

# A graph that takes more room in a log than a film of two epochs does.
TRAINING = "# %% 9.1-12  training\n"
LARGE = (TRAINING, "for _ in range(200):\n    loss_D = tf.identity(loss_D)\n\n" + TRAINING)
# When an epoch has been trained, `limit` tells how large a file may become from then on, by one that there is.
LIMITED = [LARGE, (TOP, TOP + "import glob, os, resource\n"), (STRIP, """
    if os.path.exists('limit'):
        at, path, more = open('limit').read().split()
        if epoch == int(at):
            most = os.path.getsize(glob.glob(path)[0]) + int(more)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

""" + STRIP)]


def start(folder, small):
    """A run of eleven epochs that has not begun yet."""
    (folder / 'my_gan.py').write_text(page.edited('tiny', *LIMITED), encoding='utf-8')
    return Lab(folder / 'lab', folder / 'my_gan.py', small, '--epochs', 11, '--n-noise', 100)


def limit(lab, epoch, file, more):
    with open(lab.path('limit'), 'w') as opened:
        opened.write('%d %s %d' % (epoch, file, more))


@pytest.fixture(scope='module')
def whole(small, tmp_path_factory):
    """The outcome of a run that has room."""
    lab = start(tmp_path_factory.mktemp('no_room'), small)
    assert lab.run().status == 0, lab.lines('stderr')
    return lab.outcome()


@pytest.mark.parametrize('epoch, file, more, named', [
    (9, 'trace.csv', 3000, 'run/samples/009.png'), (8, 'trace.csv', 10, 'trace.csv'),
    (8, 'run/film.bin', 1000, 'run/film.bin'), (1, 'log/*/events*', 10, 'log/run-'),
    (8, 'run/film.bin', 100000, 'run/checkpoints/0008')], ids=['strip', 'trace', 'film', 'log', 'checkpoint'])
def test_the_run_goes_on_from_the_epoch_before(whole, small, tmp_path, epoch, file, more, named):
    """A part of a row or of a frame may have been written."""
    lab = start(tmp_path, small)
    lab.argv += ['--logdir', lab.path('log')]
    limit(lab, epoch, file, more)
    ended = lab.run()
    assert ended.status == 2 and len(ended.err) == 2 and len(ended.out) == epoch + 1, ended
    assert lab.path(named) in ended.err[1] and 'cannot be written (' in ended.err[1], ended.err
    assert lab.epochs()[-1] == '%04d' % (epoch - 1)
    os.remove(lab.path('limit'))
    ended = lab.run('--resume')
    assert ended.status == 0 and ended.err[0] == 'going on after epoch %d' % (epoch - 1), ended
    assert lab.outcome() == whole


def test_half_a_row_of_losses(small, tmp_path):
    """The smallest file of all, so no trace may be in the way."""
    lab = start(tmp_path, small)
    at = lab.argv.index('--trace')
    del lab.argv[at:at + 2]
    limit(lab, 8, 'run/losses.csv', 9)
    ended = lab.run()
    assert ended.status == 2 and lab.path('run', 'losses.csv') + ' cannot be written (' in ended.err[1], ended
    assert lab.lines('run', 'losses.csv')[-1].count(',') < 3, 'half a row'
    os.remove(lab.path('limit'))
    assert lab.run('--resume').status == 0
    rows = lab.lines('run', 'losses.csv')[1:]
    assert [int(row.split(',')[0]) for row in rows] == list(range(11)) and all(row.count(',') == 3 for row in rows)


def test_a_resumed_run_that_finds_no_room_for_its_film(small, tmp_path):
    lab = start(tmp_path, small)
    assert lab.run().status == 0
    most = os.path.getsize(lab.path('run', 'film.bin')) - 1000
    ended = script(lab.listing, *lab.argv, '--resume', '--epochs', 12, preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_FSIZE, (most, most)))
    assert ended.status == 2 and 'film.bin cannot be written (File too large): raise the limit' in ended.err[-1], ended


def train(folder, data):
    ended = fork(TINY, '--data', data, '--run', os.path.join(folder, 'run'), '--samples',
                 os.path.join(folder, 'disk'), '--epochs', 1, output=folder)
    return ended, sorted(os.listdir(os.path.join(folder, 'disk')))


def test_a_strip_that_finds_no_room_where_it_is_shown(small, tmp_path):
    ended, shown = in_a_small_filesystem(tmp_path, '4k', train, small)
    assert ended.status == 2 and shown == ['.strips'], shown
    assert len(ended.out) == 1, 'the line of the epoch comes before its strip'
    assert len(ended.err) == 2 and 'disk/000.png cannot be written (No space left' in ended.err[1], ended


def write_nothing():
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def test_no_place_for_temporary_files(small, tmp_path):
    """As on a machine whose one disk is full: TensorFlow would end in the midst of its own import."""
    ended = script(TINY, '--data', small, '--run', tmp_path / 'run', preexec_fn=write_nothing)
    assert ended.status == 2 and not ended.out and len(ended.err) == 1, ended.err
    assert 'no temporary file can be written' in ended.err[0] and 'TMPDIR' in ended.err[0]
    assert not os.listdir(str(tmp_path))


@pytest.mark.parametrize('words', [
    ['chapter09', 'verify'], ['chapter09', 'grade', 'reference', '--out', 'not made'],
    ['bench/bench.py', '--rounds', '1', '--iterations', '5']])
def test_no_place_for_the_temporary_files_of_tools(words):
    before = sorted(os.listdir(listings.ROOT))
    ended = subprocess.run([sys.executable, *words], cwd=listings.ROOT, preexec_fn=write_nothing, capture_output=True,
                           encoding='utf-8')
    assert ended.returncode == 2 and ended.stdout == '' and sorted(os.listdir(listings.ROOT)) == before
    *_, line = ended.stderr.splitlines()
    assert 'no temporary file can be written (No usable temporary directory' in line and 'TMPDIR' in line, ended


def test_no_room_for_the_index_of_the_strips_is_told_once(tmp_path):
    """It cannot be closed without an error either, which would come with a traceback of the loop it was given up in."""
    shown = Shown(str(tmp_path))
    shown._index = open('/dev/full', 'w')
    shown._index.write('a line')
    shown.release()
