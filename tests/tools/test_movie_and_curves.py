"""How a run has learnt, from its film and its losses alone."""

import os
import tempfile

import matplotlib.pyplot as plt
import numpy as np
import pytest
from commanding import command
from made import contents, rewrite
from make_strips import REFERENCE
from PIL import Image
from processes import in_a_small_filesystem

from lab import frames, listings


@pytest.fixture
def run(tmp_path):
    """A run's folder as a training of twelve epochs leaves it, but for what neither picture is made of."""
    return made(tmp_path / 'run', 12)


def made(folder, epochs):
    folder.mkdir()
    film = np.zeros(epochs, frames.EPOCH)
    film['epoch'] = range(epochs)
    film['D_real'], film['D_gene'] = np.linspace(0.9, 0.6, epochs), np.linspace(0.1, 0.4, epochs)
    film['digits'][:, :, :, 10:18] = np.linspace(20, 250, epochs).reshape(-1, 1, 1, 1, 1)
    (folder / 'film.bin').write_bytes(film.tobytes())
    (folder / 'losses.csv').write_text('epoch,D loss,G loss,seconds\n' + ''.join(
        '%d,%g,%g,0.5\n' % (n, -1 - 0.01 * n, -0.7) for n in range(epochs)))
    rewrite(folder, os.path.join(REFERENCE, 'basic'))
    return folder


def draw(what, run, out):
    return command(what, '--run', run, '--out', out)


@pytest.mark.parametrize('epochs, frames', [(1, 1), (12, 12), (250, 100)])
def test_a_movie_has_a_frame_of_each_epoch_up_to_a_hundred(tmp_path, epochs, frames):
    assert draw('movie', made(tmp_path / 'run', epochs), tmp_path / 'drawn') == (0, [], [str(tmp_path / 'drawn')])
    with Image.open(str(tmp_path / 'drawn')) as picture:
        assert picture.format == 'GIF' and picture.n_frames == frames
        assert frames == 1 or picture.info['loop'] == 0
        picture.seek(frames - 1)
        assert np.asarray(picture.convert('RGB')).max(axis=(0, 1))[1] > 200  # the last is of the brightest digits
    assert os.path.getsize(str(tmp_path / 'drawn')) < 3e6


@pytest.mark.parametrize('epochs', [1, 2, 3])
def test_curves_of_a_few_epochs_have_those_on_their_axis(tmp_path, epochs):
    assert draw('curves', made(tmp_path / 'run', epochs), tmp_path / 'drawn') == (0, [], [str(tmp_path / 'drawn')])
    dark = plt.imread(str(tmp_path / 'drawn'), format='png')[..., :3].max(axis=-1) < 0.5
    axis = np.flatnonzero(dark.mean(axis=1) > 0.5)[-1]
    right = np.flatnonzero(dark[axis])[-1]
    left = np.flatnonzero(~dark[axis, :right])[-1] + 9  # past the tick of the other axis
    ticks = np.flatnonzero(np.diff(dark[axis + 3, left:right].astype(int)) == 1)
    assert len(ticks) == epochs


def test_curves_are_of_one_size(run, tmp_path):
    assert draw('curves', run, tmp_path / 'drawn') == (0, [], [str(tmp_path / 'drawn')])
    with Image.open(str(tmp_path / 'drawn')) as picture:
        assert picture.format == 'PNG' and picture.size == (800, 700)


def test_the_run_is_not_touched(run, tmp_path):
    before = contents(run)
    for what in 'movie', 'curves':
        assert draw(what, run, tmp_path / what)[0] == 0
    assert contents(run) == before


def test_what_a_kill_has_cut_off_is_passed_over(run, tmp_path):
    for name in 'film.bin', 'losses.csv':
        (run / name).write_bytes((run / name).read_bytes()[:-5])
    assert draw('movie', run, tmp_path / 'movie')[0] == draw('curves', run, tmp_path / 'curves')[0] == 0
    with Image.open(str(tmp_path / 'movie')) as picture:
        assert picture.n_frames == 11


@pytest.mark.parametrize('content, words', [
    (None, 'is missing: --resume'), (b'', 'does not begin with epoch,D loss'), (b'epoch,D loss,G loss,seconds\n',
                                                                               'holds no epoch: wait'),
    (b'epoch,D loss,G loss,seconds\n0,-1', 'holds no epoch: wait'), (b'\xff\xfe\x00', 'cannot be read'),
    *((b'epoch,D loss,G loss,seconds\n%s\n' % row, 'cannot be read (it has a row ') for row in (
        b'1' * 400 + b',1,1,2', b'0,1.7e308,1,2', b'-1,1,1,2', b'0,-1', b'0,x,-1,2', b'# mine', b'0,1,1,2,3')),
    (b'0,-1,-1,2\n', 'does not begin with')])
def test_losses_that_are_none_leave_the_movie(run, tmp_path, content, words):
    os.remove(str(run / 'losses.csv'))
    if content is not None:
        (run / 'losses.csv').write_bytes(content)
    status, out, err = draw('curves', run, tmp_path / 'drawn')
    assert status == 2 and out == [] and len(err) == 1 and words in err[0] and 'losses.csv' in err[0]
    assert not (tmp_path / 'drawn').exists()
    assert draw('movie', run, tmp_path / 'drawn')[0] == 0


@pytest.mark.parametrize('content, words', [
    (None, 'No such file or directory): train first'), (b'', 'has no epoch done: its training ended before'),
    (b'\0' * 100, 'has no epoch done')],
    ids=['missing', 'empty', 'half a frame'])
def test_a_run_without_a_film(run, tmp_path, content, words):
    os.remove(str(run / 'film.bin'))
    if content is not None:
        (run / 'film.bin').write_bytes(content)
    for what in 'movie', 'curves':
        status, out, err = draw(what, run, tmp_path / 'drawn')
        assert status == 2 and out == [] and len(err) == 1 and words in err[0]
    assert not (tmp_path / 'drawn').exists()


def test_a_film_that_no_training_writes(run, tmp_path):
    with open(str(run / 'film.bin'), 'wb') as file:
        file.truncate(2 ** 32)  # takes no room
    status, out, err = draw('movie', run, tmp_path / 'drawn')
    assert (status, out, len(err)) == (2, [], 1) and 'film.bin cannot be read (it is larger than' in err[0]
    assert err[0].endswith('move it away')


def test_a_listing_without_a_film_of_its_digits_has_curves(run, tmp_path):
    film = frames.read(str(run)).copy()
    film['digits'], film['D_real'] = 0, np.nan
    (run / 'film.bin').write_bytes(film.tobytes())
    status, _, err = draw('movie', run, tmp_path / 'drawn')
    assert status == 2 and len(err) == 1 and 'has no film of its digits' in err[0]
    assert draw('curves', run, tmp_path / 'drawn')[0] == 0


def draw_in(folder):
    tempfile.tempdir = os.path.join(folder, 'disk')
    return draw('movie', os.path.join(folder, 'run'), os.path.join(folder, 'drawn.gif'))


def test_a_movie_that_finds_no_room_for_its_temporary_file(run, tmp_path):
    status, out, err = in_a_small_filesystem(tmp_path, '4k', draw_in)
    assert (status, out, len(err)) == (2, [], 1), err
    assert 'no temporary file can be written (No space left on device): make room, or name a folder in TMPDIR' in err[0]
    assert not (tmp_path / 'drawn.gif').exists()


@pytest.mark.parametrize('what', ['movie', 'curves'])
def test_bad_input(run, tmp_path, what):
    for words, reason in (['--run', tmp_path / 'nowhere'], 'train first (make basic, make cgan)'), (
            ['--run', run, '--out', '/nowhere/c.png'], '/nowhere/c.png'), (
            ['--run', run, '--out', run / 'new.png'], 'lies among what a run keeps'), (
            ['--run', run, '--out', os.path.join(REFERENCE, 'basic', 'run.json')], 'lies among what a run keeps'), (
            ['--run', run, '--out', tmp_path / 'drawn.mp4'], 'is written as'), (
            ['--run', run, '--out', os.path.join(listings.ROOT, 'LICENSE')], 'is written as'), (
            ['film'], 'unrecognized arguments: film'):
        before = contents(run)
        status, out, err = command(what, *words)
        assert status == 2 and out == [] and len(err) == 1 and reason in err[0]
        assert contents(run) == before
