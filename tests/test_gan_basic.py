import importlib

import gan_basic
import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from conftest import read_bytes

import input_data

GENERATOR, DISCRIMINATOR = ['G_W1', 'G_b1', 'G_W2', 'G_b2'], ['D_W1', 'D_b1', 'D_W2', 'D_b2']


@pytest.fixture
def gan():
    return gan_basic.build()


@pytest.fixture
def feed(gan):
    xs = read_bytes(input_data.TRAIN_IMAGES)[:100].reshape(100, 784) / 255
    return {gan.X: xs, gan.Z: gan_basic.get_noise(100, 128)}


def test_importing_builds_nothing():
    importlib.reload(gan_basic)
    assert tf.get_default_graph().get_operations() == []


def test_variables_are_the_chapters(gan, sess):
    weights = sess.run(gan.weights)
    assert {name: array.shape for name, array in weights.items()} == {
        'G_W1': (128, 256), 'G_b1': (256,), 'G_W2': (256, 784), 'G_b2': (784,),
        'D_W1': (784, 256), 'D_b1': (256,), 'D_W2': (256, 1), 'D_b2': (1,)}
    for name, array in weights.items():
        if 'b' in name:
            assert not array.any()
        else:  # 256 draws at least: the deviation is known to some 5 %
            assert abs(array.std() - 0.01) < 0.0015 and abs(array.mean()) < 0.002
    assert np.abs(weights['G_W1']).max() > 0.03 and np.abs(weights['G_W2']).max() > 0.03, 'not truncated'
    # Eight of the networks and, for each of the two Adams, two slots each and two powers: no more.
    assert len(tf.trainable_variables()) == 8 and len(tf.global_variables()) == 8 + 2 * 8 + 2 * 2


def test_names_in_a_checkpoint_are_tensorflow_1_15s(gan):
    assert [v.op.name for v in tf.trainable_variables()] == ['Variable'] + [
        'Variable_%d' % i for i in range(1, 8)]
    assert {'beta1_power', 'beta2_power_1', 'Variable/Adam', 'Variable_7/Adam_1'} < {
        v.op.name for v in tf.global_variables()}


def test_losses_are_the_chapters_formulas(gan, sess, feed):
    D_real, D_gene, loss_D, loss_G = sess.run([gan.D_real, gan.D_gene, gan.loss_D, gan.loss_G], feed)
    assert D_real.shape == D_gene.shape == (100, 1)
    assert ((D_real > 0) & (D_real < 1)).all()
    np.testing.assert_allclose(loss_D, np.mean(np.log(D_real) + np.log(1 - D_gene)), rtol=1e-5)
    np.testing.assert_allclose(loss_G, np.mean(np.log(D_gene)), rtol=1e-5)


def test_networks_compute_what_the_page_says(gan, sess, feed):
    w = sess.run(gan.weights)
    images, verdict = sess.run([gan.G, gan.D_gene], feed)

    def network(inputs, W1, b1, W2, b2):
        return 1 / (1 + np.exp(-(np.maximum(inputs @ W1 + b1, 0) @ W2 + b2)))

    expected = network(feed[gan.Z], *(w[name] for name in GENERATOR))
    np.testing.assert_allclose(images, expected, rtol=1e-4)
    np.testing.assert_allclose(verdict, network(expected, *(w[name] for name in DISCRIMINATOR)), rtol=1e-4)


def test_real_and_generated_images_meet_the_same_discriminator(gan, sess, feed):
    images, verdict = sess.run([gan.G, gan.D_gene], feed)
    np.testing.assert_allclose(sess.run(gan.D_real, {gan.X: images}), verdict, rtol=1e-5)


@pytest.mark.parametrize('step, loss, own', [('train_D', 'loss_D', DISCRIMINATOR),
                                             ('train_G', 'loss_G', GENERATOR)])
def test_a_step_trains_its_own_network_upwards_and_nothing_else(gan, sess, feed, step, loss, own):
    before, first = sess.run([gan.weights, getattr(gan, loss)], feed)
    sess.run(getattr(gan, step), feed)
    after = sess.run(gan.weights)
    for name in before:
        change = np.abs(after[name] - before[name]).max()
        # Adam's first step moves a weight by the learning rate, unless its gradient is next to nothing.
        np.testing.assert_allclose(change, 0.0002 if name in own else 0, rtol=0.05, err_msg=name)
    for _ in range(5):
        sess.run(getattr(gan, step), feed)
    assert sess.run(getattr(gan, loss), feed) > first


def test_the_generators_step_needs_no_real_images(gan, sess, feed):
    sess.run(gan.train_G, {gan.Z: feed[gan.Z]})


def test_noise_is_normal():
    np.random.seed(3)
    expected = np.random.normal(size=(1000, 128))
    np.random.seed(3)
    np.testing.assert_array_equal(gan_basic.get_noise(1000, 128), expected)
