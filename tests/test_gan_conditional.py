import importlib

import gan_conditional
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from conftest import read_bytes

import input_data

SHAPES = {
    'generator/dense/kernel': (138, 256), 'generator/dense/bias': (256,),
    'generator/dense_1/kernel': (256, 784), 'generator/dense_1/bias': (784,),
    'discriminator/dense/kernel': (794, 256), 'discriminator/dense/bias': (256,),
    'discriminator/dense_1/kernel': (256, 1), 'discriminator/dense_1/bias': (1,)}


@pytest.fixture
def gan():
    return gan_conditional.build()


@pytest.fixture
def feed(gan):
    xs = read_bytes(input_data.TRAIN_IMAGES)[:100].reshape(100, 784) / 255
    ys = np.eye(10)[read_bytes(input_data.TRAIN_LABELS)[:100]]
    return {gan.X: xs, gan.Y: ys, gan.Z: gan_conditional.get_noise(100, 128)}


def test_importing_builds_nothing():
    importlib.reload(gan_conditional)
    assert tf.get_default_graph().get_operations() == []


def test_variables_have_tensorflow_1_15s_names_and_shapes(gan):
    assert {name: tuple(v.shape.as_list()) for name, v in gan.weights.items()} == SHAPES
    assert sorted(v.op.name for v in tf.trainable_variables()) == sorted(SHAPES)
    slots = {name + slot for name in SHAPES for slot in ('/Adam', '/Adam_1')}
    powers = {'beta1_power', 'beta2_power', 'beta1_power_1', 'beta2_power_1'}
    assert {v.op.name for v in tf.global_variables()} == set(SHAPES) | slots | powers
    assert {v.op.name for v in gan.vars_D} == {name for name in SHAPES if name.startswith('disc')}
    assert {v.op.name for v in gan.vars_G} == {name for name in SHAPES if name.startswith('gen')}


def test_losses_are_cross_entropies_of_the_logits(gan, sess, feed):
    real, gene, loss_D, loss_G = sess.run([gan.D_real, gan.D_gene, gan.loss_D, gan.loss_G], feed)
    assert (real < 0).any() or (gene < 0).any(), 'logits, not probabilities'
    real, gene = (1 / (1 + np.exp(-logits.astype(np.float64))) for logits in (real, gene))
    np.testing.assert_allclose(loss_D, np.mean(-np.log(real)) + np.mean(-np.log(1 - gene)), rtol=1e-4)
    np.testing.assert_allclose(loss_G, np.mean(-np.log(gene)), rtol=1e-4)


def test_networks_compute_what_the_page_says(gan, sess, feed):
    w = sess.run(gan.weights)
    images, verdict = sess.run([gan.G, gan.D_gene], feed)

    def network(name, inputs):
        inputs = np.concatenate([inputs, feed[gan.Y]], 1)
        hidden = np.maximum(inputs @ w[name + '/dense/kernel'] + w[name + '/dense/bias'], 0)
        return hidden @ w[name + '/dense_1/kernel'] + w[name + '/dense_1/bias']

    expected = 1 / (1 + np.exp(-network('generator', feed[gan.Z])))
    np.testing.assert_allclose(images, expected, rtol=1e-4)
    np.testing.assert_allclose(verdict, network('discriminator', expected), rtol=1e-3, atol=1e-5)


def test_real_and_generated_images_meet_the_same_discriminator(gan, sess, feed):
    images, verdict = sess.run([gan.G, gan.D_gene], feed)
    again = sess.run(gan.D_real, {gan.X: images, gan.Y: feed[gan.Y]})
    np.testing.assert_allclose(again, verdict, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize('output', ['G', 'D_real', 'D_gene'])
def test_both_networks_see_the_labels(gan, sess, feed, output):
    asked = sess.run(getattr(gan, output), feed)
    feed[gan.Y] = np.roll(feed[gan.Y], 1, axis=1)
    assert np.abs(sess.run(getattr(gan, output), feed) - asked).min() > 0


@pytest.mark.parametrize('step, loss, own', [('train_D', 'loss_D', 'discriminator/'),
                                             ('train_G', 'loss_G', 'generator/')])
def test_a_step_trains_its_own_network_downwards_and_nothing_else(gan, sess, feed, step, loss, own):
    before, first = sess.run([gan.weights, getattr(gan, loss)], feed)
    sess.run(getattr(gan, step), feed)
    after = sess.run(gan.weights)
    for name in before:
        change = np.abs(after[name] - before[name]).max()
        # Adam's first step moves a weight by the learning rate, here the default.
        np.testing.assert_allclose(change, 0.001 if name.startswith(own) else 0, rtol=0.05, err_msg=name)
    for _ in range(5):
        sess.run(getattr(gan, step), feed)
    assert sess.run(getattr(gan, loss), feed) < first


def test_the_generators_step_needs_no_real_images(gan, sess, feed):
    sess.run(gan.train_G, {gan.Y: feed[gan.Y], gan.Z: feed[gan.Z]})


def test_noise_is_uniform_from_minus_one_to_one():
    np.random.seed(3)
    expected = np.random.uniform(-1, 1, size=(1000, 128))
    np.random.seed(3)
    np.testing.assert_array_equal(gan_conditional.get_noise(1000, 128), expected)
