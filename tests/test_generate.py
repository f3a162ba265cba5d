"""The digits that are asked for are drawn, and nothing of the run is touched."""

import os

import generate
import numpy as np
import pytest
from conftest import REFERENCE
from PIL import Image
from processes import Lab

import figures
import files
import judge


@pytest.fixture(scope='module')
def runs(tmp_path_factory, small):
    """Runs of both listings with the reference's weights: an epoch from there, too slow to change them."""
    folder = tmp_path_factory.mktemp('runs')
    for listing in 'basic', 'conditional':
        lab = Lab(folder / ('lab-' + listing), listing, small, '--epochs', '1', '--learning-rate', '1e-9',
                  '--init', os.path.join(REFERENCE, listing + '-final.npz'), '--run', str(folder / listing))
        assert lab.run() == 0, lab.read('stderr')
    return folder


@pytest.fixture
def draw(ends, runs, tmp_path):
    """Runs the program on the runs above; returns (status, stderr's lines)."""
    def run(*argv):
        listing = 'basic' if '--basic' in argv else 'conditional'
        status, out, err = ends(generate.main, '--run', runs / listing, '--out', tmp_path / 'drawn', *argv)
        assert out == []
        return status, err
    return run


def arrays(path):
    with np.load(str(path)) as file:
        return dict(file)


def contents(folder):
    return {os.path.join(path, name): (files.digest(os.path.join(path, name)),
                                       os.stat(os.path.join(path, name)).st_mtime_ns)
            for path, _, names in os.walk(str(folder)) for name in names}


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
    shown = figures.read(str(tmp_path / 'drawn')).digits
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
            assert np.abs(middles - figures.colours(frames[n])).mean() < 8  # GIF has 256 colours of its own


def test_the_run_is_not_touched(draw, runs):
    before = contents(runs)
    assert draw('1')[0] == draw('--basic', '1')[0] == draw('--walk', '1', '2', '--frames', '2')[0] == 0
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
    (['1', '--run', 'nowhere'], 'train first (make cgan)'),
    (['--basic', '1', '--run', 'nowhere'], 'train first (make basic)')])
def test_bad_input(draw, tmp_path, monkeypatch, argv, words):
    monkeypatch.chdir(tmp_path)
    status, err = draw(*argv)
    assert status == 2 and len(err) == 1 and words in err[0], err
    assert list(tmp_path.iterdir()) == []


def test_a_run_of_the_other_listing_and_one_without_a_checkpoint(ends, runs, tmp_path):
    for argv, made in (['1', '--run', runs / 'basic'], 'make cgan'), (
            ['--basic', '1', '--run', runs / 'conditional'], 'make basic'):
        status, _, err = ends(generate.main, *argv, '--out', tmp_path / 'drawn')
        assert status == 2 and len(err) == 1 and 'run of the' in err[0] and made in err[0]
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run' / 'run.json').write_bytes((runs / 'conditional' / 'run.json').read_bytes())
    status, _, err = ends(generate.main, '1', '--run', tmp_path / 'run', '--out', tmp_path / 'drawn')
    assert status == 2 and 'has no checkpoint yet' in err[0] and 'make cgan' in err[0]
    assert not (tmp_path / 'drawn').exists()
