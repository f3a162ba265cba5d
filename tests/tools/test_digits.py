"""The digits that are asked for are drawn, and nothing of the run is touched."""

import os
import shutil

import numpy as np
import pytest
from commanding import command
from made import arrays, contents, train
from make_strips import REFERENCE
from PIL import Image
from processes import PAGE

from lab import listings, strips
from tools import judge, reading


@pytest.fixture(scope='module')
def runs(tmp_path_factory, small):
    """Runs of both listings with the reference's weights: an epoch from there, too slow to change them."""
    folder = tmp_path_factory.mktemp('runs')
    for name, path in PAGE.items():
        weights = os.path.join(REFERENCE, name, 'checkpoints', '0099', 'model.ckpt')
        train(path, '--epochs', '1', '--learning-rate', '1e-9', '--init', weights, '--data', small,
              '--run', folder / name, '--samples', folder / 'samples' / name, output=folder / ('said by ' + name))
    return folder


@pytest.fixture
def draw(runs, tmp_path):
    """Draws by the runs above, which have done one epoch; returns the status, and what else is said on stderr."""
    def call(*words):
        name = 'basic' if '--basic' in words else 'conditional'
        status, out, err = command('digits', '--run', runs / name, '--out', tmp_path / 'drawn', *words)
        assert out == []
        if status == 0:
            place = words[words.index('--out') + 1] if '--out' in words else tmp_path / 'drawn'
            assert err.pop(-2) == str(place)
        return status, [line for line in err if not line.endswith('has done 1 epoch so far: blots are what it draws')]
    return call


def test_a_thousand_digits_are_recognised_as_asked(draw, tmp_path, the_judge):
    asked = '2026112207' * 100
    assert draw(asked, '--seed', 1, '--npz', tmp_path / 'd.npz') == (0, ['seed: 1'])
    drawn = arrays(tmp_path / 'd.npz')
    assert drawn['images'].shape == (1000, 28, 28) and drawn['images'].dtype == np.float32
    assert drawn['images'].min() >= 0 and drawn['images'].max() <= 1
    assert ''.join(map(str, drawn['labels'])) == asked
    probabilities = the_judge.read(drawn['images'].reshape(-1, 784))[0]
    assert judge.accuracy(probabilities, drawn['labels']) >= 0.95


def test_the_picture_shows_the_arrays_row_by_row(draw, tmp_path):
    assert draw('0123456789', '--rows', 2, '--npz', tmp_path / 'd.npz')[0] == 0
    drawn = arrays(tmp_path / 'd.npz')
    assert drawn['labels'].tolist() == 2 * list(range(10))
    shown = reading.read(str(tmp_path / 'drawn')).digits
    assert np.abs(shown.reshape(20, 28, 28) - drawn['images']).max() <= 1 / 255
    with Image.open(str(tmp_path / 'drawn')) as picture:
        assert picture.size == (12 + 10 * 96, 12 + 2 * 96)
    assert np.abs(drawn['images'][0] - drawn['images'][10]).mean() > 0.01  # another handwriting


def test_a_seed_repeats_a_drawing_and_none_gives_another(draw, tmp_path):
    drawn, said = [], []
    for argv in ['--seed', 5], ['--seed', 5], [], []:
        status, err = draw('77', *argv)
        assert status == 0
        drawn.append((tmp_path / 'drawn').read_bytes())
        (tmp_path / 'drawn').unlink()
        said.append(err)
    assert drawn[0] == drawn[1] and len(set(drawn)) == 3
    assert draw('77', '--seed', said[3][0].split()[1])[0] == 0
    assert (tmp_path / 'drawn').read_bytes() == drawn[3]


def test_the_basic_listing_draws_what_comes(draw, tmp_path, the_judge):
    assert draw('--basic', '30', '--seed', 1, '--npz', tmp_path / 'd.npz')[0] == 0
    drawn = arrays(tmp_path / 'd.npz')
    assert list(drawn) == ['images'] and drawn['images'].shape == (30, 28, 28)
    assert the_judge.nearest(drawn['images'].reshape(-1, 784)).mean() < 0.22


def test_a_walk_leads_from_one_digit_to_the_other(draw, tmp_path, the_judge):
    assert draw('--walk', '3', '7', '--frames', '12', '--seed', 2, '--npz', tmp_path / 'w.npz')[0] == 0
    frames = arrays(tmp_path / 'w.npz')['images']
    read = the_judge.read(frames.reshape(-1, 784))[0].argmax(axis=1)
    assert len(frames) == 12 and read[0] == 3 and read[-1] == 7
    steps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2))
    assert steps.min() > 0 and steps.max() < 3 * np.median(steps)  # no jump, no standstill
    with Image.open(str(tmp_path / 'drawn')) as picture:
        assert picture.format == 'GIF' and picture.n_frames == 12 and picture.info['loop'] == 0
        for n in 0, 11:
            picture.seek(n)
            middles = np.array(picture.convert('RGB'), int)[5::10, 5::10]
            assert np.abs(middles - strips.colours(frames[n])).mean() < 8  # GIF has 256 colours of its own


def test_the_run_is_not_touched(draw, runs, tmp_path):
    before = contents(runs)
    for n, words in enumerate([['1'], ['--basic', '1'], ['--walk', '1', '2', '--frames', '2']]):
        assert draw(*words, '--out', tmp_path / str(n))[0] == 0
    assert contents(runs) == before and len(before) > 10


@pytest.mark.parametrize('argv, words', [
    (['12a4'], "'12a4' is not made of the digits 0 to 9"), (['٣'], 'is not made of the digits'),
    ([''], 'is not made of the digits'), (['7' * 10000], '10000 digits are too many'), ([], 'DIGITS'),
    (['1', '--rows', '0'], '--rows'), (['12' * 300, '--rows', '100'], '--rows'),
    (['1', '--basic', '2'], 'not allowed with'), (['--basic', '0'], '--basic'),
    (['--basic', '1001'], '--basic'),
    (['--walk', '3'], '--walk'), (['--walk', '3', '10'], '--walk'),
    (['--walk', '3', '4', '--frames', '1'], '--frames'), (['1', '--seed', 'x'], '--seed'),
    (['1', '--npz', '/nowhere/d.npz'], '/nowhere/d.npz'),
    (['1', '--out', '/nowhere/d.png'], '/nowhere/d.png'),
    (['1', '--run', 'nowhere'], 'train first (make basic, make cgan)')])
def test_bad_input(draw, tmp_path, monkeypatch, argv, words):
    monkeypatch.chdir(tmp_path)
    status, err = draw(*argv)
    assert status == 2 and len(err) == 1 and words in err[0], err
    assert list(tmp_path.iterdir()) == []


def test_what_a_run_of_the_other_listing_draws_is_said(runs, tmp_path):
    for words, said in (['1', '--run', runs / 'basic'], 'draws whichever digits come: ask for a number of them'), (
            ['--basic', '1', '--run', runs / 'conditional'], 'draws the digits it is asked for: name them'):
        status, _, err = command('digits', *words, '--out', tmp_path / 'drawn')
        assert status == 2 and len(err) == 1 and said in err[0]
    assert not (tmp_path / 'drawn').exists()


def test_a_run_of_one_epoch_is_said_to_draw_blots(runs, tmp_path):
    status, _, err = command('digits', '1', '--seed', 3, '--run', runs / 'conditional', '--out', tmp_path / 'drawn')
    assert status == 0
    assert err == ['%s has done 1 epoch so far: blots are what it draws' % (runs / 'conditional'),
                   str(tmp_path / 'drawn'), 'seed: 3']
    status, _, err = command('digits', '1', '--seed', 3, '--run', os.path.join(REFERENCE, 'conditional'),
                             '--out', tmp_path / 'again')
    assert status == 0 and err == [str(tmp_path / 'again'), 'seed: 3']


def test_a_run_without_a_checkpoint(runs, tmp_path):
    (tmp_path / 'run').mkdir()
    shutil.copy(str(runs / 'conditional' / 'run.json'), str(tmp_path / 'run'))
    status, _, err = command('digits', '1', '--run', tmp_path / 'run', '--out', tmp_path / 'drawn')
    assert status == 2 and len(err) == 1 and 'has no checkpoint, which' in err[0]
    assert not (tmp_path / 'drawn').exists()


@pytest.mark.parametrize('option', ['--out', '--npz'])
def test_nothing_is_drawn_over_a_runs_own_files_or_the_digits(runs, tmp_path, option):
    shutil.copytree(str(runs / 'basic'), str(tmp_path / 'other'))
    (tmp_path / 'link').symlink_to(runs / 'conditional' / 'run.json')
    (tmp_path / 'train-images-idx3-ubyte.gz').write_bytes(b'MNIST')
    (tmp_path / 'shown').mkdir()
    (tmp_path / 'shown' / '.strips').touch()
    before = contents(tmp_path), contents(runs)
    for path in (runs / 'conditional' / 'losses.csv', runs / 'conditional' / 'new.png', tmp_path / 'link',
                 runs / 'conditional' / 'checkpoints' / '0000' / 'model.ckpt.meta',
                 tmp_path / 'other' / 'samples' / '000.png', tmp_path / 'shown' / '000.png',
                 tmp_path / 'train-images-idx3-ubyte.gz'):
        words = {'--out': tmp_path / 'drawn', option: path}
        status, out, err = command('digits', '1', '--run', runs / 'conditional',
                                   *(word for pair in words.items() for word in pair))
        assert status == 2 and out == [] and len(err) == 1 and '%s %s' % (option, os.path.realpath(str(path))) in err[0]
    assert (contents(tmp_path), contents(runs)) == before


def test_a_folder_in_the_place_of_the_picture_is_told_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(listings, 'ROOT', str(tmp_path))
    (tmp_path / 'digits.png').mkdir()
    assert 'digits.png is a folder' in command('digits', '1')[2][0]


def test_the_picture_and_the_arrays_are_two_files(draw, runs, tmp_path):
    (tmp_path / 'drawn').write_text('old')
    (tmp_path / 'link').symlink_to(tmp_path / 'drawn')
    for same in 'drawn', 'link':
        status, err = draw('1', '--npz', tmp_path / same)
        assert status == 2 and len(err) == 1 and '--npz: it is the file of --out' in err[0]
    assert (tmp_path / 'drawn').read_text() == 'old'
    for words, name in (['1'], 'digits.png'), (['--walk', '1', '2'], 'walk.gif'):  # where it is drawn if none is named
        status, _, err = command('digits', *words, '--run', runs / 'conditional',
                                 '--npz', os.path.join(listings.ROOT, name))
        assert status == 2 and len(err) == 1 and '--npz: it is the file of --out' in err[0]
