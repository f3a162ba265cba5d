"""What the lab does with a listing's graph: film, board, iterations, how many threads it takes."""

import contextlib
import os

import numpy as np
import page
import pytest
import tensorflow.compat.v1 as tf
from processes import PAGE, TINY, Lab, fork, in_a_small_filesystem, run

from lab import frames, machine
from lab.iterations import Iterations
from lab.page import Page
from lab.session import Session

NAMES = sorted(PAGE)


@pytest.fixture(scope='module', params=NAMES)
def logged(request, tmp_path_factory, small):
    """A run that ends after three epochs and is extended to its eleventh, all of it logged."""
    lab = Lab(tmp_path_factory.mktemp('logged') / 'lab', PAGE[request.param], small)
    lab.argv += ['--logdir', lab.path('log')]
    for words in ['--epochs', 3], ['--epochs', 11, '--resume']:
        assert lab.run(*words).status == 0, lab.lines('stderr')
    return lab


def events(lab):
    folder, = os.listdir(lab.path('log'))
    assert folder.startswith('run-')
    return [event for name in sorted(os.listdir(lab.path('log', folder)))
            for event in tf.train.summary_iterator(lab.path('log', folder, name))]


def test_a_film_holds_each_epoch(logged):
    film = frames.read(logged.path('run'))
    assert film['epoch'].tolist() == list(range(11))
    for name in 'D_real', 'D_gene':
        assert (0 < film[name]).all() and (film[name] < 1).all() and len(set(film[name].tolist())) == 11
    assert (film['D_real'] > film['D_gene'])[1:].all()  # so early the discriminator is ahead
    assert (film['digits'][0] != film['digits'][-1]).mean() > 0.5


def test_tensorboard_gets_losses_and_strips(logged):
    losses = np.loadtxt(logged.path('run', 'losses.csv'), delimiter=',', skiprows=1)
    found, pictures, restarts = {}, {}, []
    for event in events(logged):
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
        np.testing.assert_allclose([found.pop((epoch, 'D loss')), found.pop((epoch, 'G loss'))], [D_loss, G_loss],
                                   rtol=1e-6)
    assert not found and sorted(pictures) == [0, 9]
    for epoch, content in pictures.items():
        assert content == logged.read('samples', '%03d.png' % epoch)


def test_tensorboard_gets_the_graph_by_the_chapters_steps(logged):
    shown = tf.GraphDef()
    shown.ParseFromString([event.graph_def for event in events(logged) if event.graph_def][0])
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


def test_two_runs_do_not_mix_in_one_logdir(small, tmp_path):
    for seed in 7, 8:
        run(TINY, '--data', small, '--run', tmp_path / 'run', '--samples', tmp_path / 's', '--epochs', 1,
            '--logdir', tmp_path / 'log', '--seed', seed, output=tmp_path)
    assert len(os.listdir(str(tmp_path / 'log'))) == 2


def fill_and_train(folder, data):
    disk = os.path.join(folder, 'disk')
    with open(os.path.join(disk, 'fill'), 'wb', buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(1024))
    ended = fork(TINY, '--data', data, '--epochs', 1, '--run', os.path.join(folder, 'run'),
                 '--samples', os.path.join(folder, 's'), '--logdir', os.path.join(disk, 'log'), output=folder)
    return ended, sorted(os.listdir(folder))


def test_a_logdir_without_room_is_refused_before_anything_is_made(small, tmp_path):
    ended, left = in_a_small_filesystem(tmp_path, '64k', fill_and_train, small)
    assert ended.status == 2 and ended.out == [] and left == ['disk', 'stderr', 'stdout'], (ended, left)
    line, = ended.err
    assert 'disk/log' in line and 'No space left on device' in line


# --- iterations

@pytest.fixture
def gan(fresh_graph):
    """§9.1's names with a watched session, and what its Iterations have told."""
    names = page.built(page.text('basic'))
    with Session() as sess:
        sess.run(tf.global_variables_initializer())
        names.update(sess=sess, told=[], bad=[])
        names['feed'] = {names['X']: np.zeros((5, 784)), names['Z']: names['get_noise'](5, 128)}
        names['seen'] = Iterations(Page(names, sess.graph).parts, lambda *told: names['told'].append(told),
                                   lambda *bad: names['bad'].append(bad))
        sess.watched_by(names['seen'])
        yield names


D, G = ['train_D', 'loss_D'], ['train_G', 'loss_G']


@pytest.mark.parametrize('steps, iterations', [
    ([D, G] * 3, 3), ([G, D] * 3, 3), ([D, D, G] * 3, 3), ([D, G, G] * 2, 2), ([D + G] * 3, 3), ([D] * 3, 1),
    ([['loss_D', 'loss_G'], D, G] * 2, 2), ([['train_D'], ['train_G']] * 2, 2), ([['G'], ['X']], 0)])
def test_iterations_are_what_a_reader_would_count(gan, steps, iterations):
    for fetches in steps:
        gan['sess'].run([gan[name] for name in fetches], gan['feed'])
    assert len(gan['seen'].rows) == iterations
    if ['train_D'] not in steps and iterations and steps != [D] * 3:
        assert np.isfinite(gan['seen'].rows).all() and np.isfinite(gan['seen'].last()).all()


def test_what_is_fetched_by_name_or_in_structures_is_seen(gan):
    sess, feed = gan['sess'], gan['feed']
    found = sess.run({'a': [gan['train_D'], {'b': gan['loss_D']}]}, feed)['a'][1]['b']
    assert gan['seen'].rows[0][0] == found
    found = sess.run([gan['train_G'].name, gan['loss_G'].name], feed)[1]
    assert gan['seen'].rows[0][1] == found


def test_a_loss_that_is_no_number_is_told_at_once(gan):
    gan['sess'].run(gan['D_b2'].assign([-1000.]))  # D is sure that all is fake
    gan['sess'].run([gan[name] for name in D], gan['feed'])
    assert gan['bad'] == [('D', -np.inf)]


# --- threads

@pytest.mark.parametrize('change, small', [
    (('n_hidden = 256', 'n_hidden = 256'), True), (('n_hidden = 256', 'n_hidden = 64'), True),
    (('n_hidden = 256', 'n_hidden = 257'), False), (('n_noise = 128', 'n_noise = 300'), False)])
def test_graphs_of_the_chapters_sizes_at_most_are_small(fresh_graph, change, small):
    page.built(page.edited('basic', change))
    assert machine.is_small(tf.get_default_graph()) == small


def test_a_graph_that_convolves_is_not_small(fresh_graph):
    page.built(page.text('basic'))
    tf.nn.conv2d(tf.zeros([1, 4, 4, 1]), tf.zeros([2, 2, 1, 1]), strides=[1, 1, 1, 1], padding='SAME')
    assert not machine.is_small(tf.get_default_graph())
