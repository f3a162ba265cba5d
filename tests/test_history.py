"""A run's film, movie, curves and TensorBoard events show what it did, and change nothing in it."""

import os

import film
import gan_basic
import gan_conditional
import history
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from PIL import Image
from processes import Lab

import input_data

LISTINGS = {'basic': gan_basic, 'conditional': gan_conditional}


@pytest.fixture(scope='module', params=LISTINGS)
def run(request, tmp_path_factory, small):
    """The folder of a run of twelve short epochs."""
    folder = tmp_path_factory.mktemp(request.param) / 'lab'
    assert Lab(folder, request.param, small, '--epochs', '12').run() == 0
    return folder / 'run'


def test_a_film_holds_each_epoch(run):
    frames = film.read(str(run / 'film.bin'))
    assert frames['epoch'].tolist() == list(range(12))
    for name in 'D_real', 'D_gene':
        assert (0 < frames[name]).all() and (frames[name] < 1).all() and len(set(frames[name].tolist())) == 12
    assert (frames['D_real'] > frames['D_gene'])[1:].all()  # so early the discriminator is ahead
    assert (frames['digits'][0] != frames['digits'][-1]).mean() > 0.5


@pytest.mark.parametrize('name', LISTINGS)
def test_filming_draws_nothing_from_the_runs_own_noise(name, small):
    gan = LISTINGS[name].build()
    mnist = input_data.read_data_sets(small, one_hot=True)
    np.random.seed(3)
    expected = np.random.RandomState(3).normal(size=5)
    film.Film('unused', gan, LISTINGS[name].get_noise, 128, mnist.test, seed=7)
    np.testing.assert_array_equal(np.random.normal(size=5), expected)


@pytest.mark.parametrize('what', ['movie', 'curves'])
def test_pictures(ends, run, tmp_path, what):
    out = tmp_path / 'drawn'
    assert ends(history.main, what, '--run', run, '--out', out) == (0, [], [])
    with Image.open(str(out)) as picture:
        if what == 'movie':
            assert picture.format == 'GIF' and picture.n_frames == 12 and picture.info['loop'] == 0
        else:
            assert picture.format == 'PNG' and picture.size == (800, 700)
    assert os.path.getsize(str(out)) < 3e6


@pytest.mark.parametrize('argv, words', [
    (['movie', '--run', 'nowhere'], 'train first (make basic, make cgan)'), (['film'], 'invalid choice'),
    ([], 'what'), (['curves', '--out', '/nowhere/c.png'], '/nowhere/c.png')])
def test_bad_input(ends, tmp_path, monkeypatch, argv, words):
    monkeypatch.chdir(tmp_path)
    status, out, err = ends(history.main, *argv)
    assert status == 2 and out == [] and len(err) == 1 and words in err[0]


@pytest.mark.parametrize('content, words', [(None, 'cannot be read'), (b'', 'no epoch done yet')])
def test_a_run_without_a_film(ends, run, tmp_path, content, words):
    (tmp_path / 'run').mkdir()
    for name in 'run.json', 'losses.csv':
        (tmp_path / 'run' / name).write_bytes((run / name).read_bytes())
    if content is not None:
        (tmp_path / 'run' / 'film.bin').write_bytes(content)
    for what in 'movie', 'curves':
        status, _, err = ends(history.main, what, '--run', tmp_path / 'run', '--out', tmp_path / 'drawn')
        assert status == 2 and words in err[0]
    assert not (tmp_path / 'drawn').exists()


@pytest.fixture(scope='module', params=LISTINGS)
def logged(request, tmp_path_factory, small):
    """A run that is stopped after three epochs and resumed to its eleventh, all of it logged."""
    folder = tmp_path_factory.mktemp('logged-' + request.param) / 'lab'
    lab = Lab(folder, request.param, small)
    for argv in ['--epochs', '3', '--logdir', str(folder / 'log')], ['--epochs', '11', '--resume']:
        assert lab.run(*argv) == 0, lab.read('stderr')
    return folder


def events(folder):
    return [event for name in sorted(os.listdir(str(folder)))
            for event in tf.train.summary_iterator(str(folder / name))]


def test_tensorboard_gets_losses_and_strips(logged):
    losses = np.loadtxt(str(logged / 'run' / 'losses.csv'), delimiter=',', skiprows=1)
    found, pictures, restarts = {}, {}, []
    for event in events(logged / 'log'):
        for value in event.summary.value:
            if value.HasField('image'):
                assert value.tag == 'samples'
                pictures[event.step] = value.image.encoded_image_string
            else:
                found[event.step, value.tag] = value.simple_value
        if event.session_log.status == tf.SessionLog.START:
            restarts.append(event.step)
    assert restarts == [3]
    for epoch, D_loss, G_loss, _ in losses:
        np.testing.assert_allclose([found.pop((epoch, 'D loss')), found.pop((epoch, 'G loss'))],
                                   [D_loss, G_loss], rtol=1e-6)
    assert not found and sorted(pictures) == [0, 9]
    for epoch, content in pictures.items():
        assert content == (logged / 'samples' / ('%03d.png' % epoch)).read_bytes()


def test_tensorboard_gets_the_graph_by_the_chapters_steps(logged):
    shown = tf.GraphDef()
    shown.ParseFromString([event.graph_def for event in events(logged / 'log') if event.graph_def][0])
    placeholders = {node.name for node in shown.node if node.op == 'Placeholder'}
    assert placeholders in [{'X', 'Z'}, {'X', 'Y', 'Z'}]
    assert {node.name.split('/')[0] for node in shown.node} - placeholders in [
        {'generator', 'discriminator', 'losses', 'training'},
        {'generator', 'discriminator', 'discriminator_1', 'losses', 'training'}]
    with tf.Graph().as_default() as graph:
        tf.import_graph_def(shown, name='')  # whole: each input is there
        operations = graph.get_operations()
    assert sum(operation.type == 'ApplyAdam' for operation in operations) == 8
    assert sum(operation.type == 'MatMul' for operation in operations) > 6


def test_nothing_is_logged_unasked(run):
    assert sorted(os.listdir(str(run.parent))) == [
        'run', 'run.lock', 'samples', 'stderr', 'stdout', 'trace.csv']
