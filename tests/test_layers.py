import ast
import inspect
import json

import layers115
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import layers

with open(layers115.RECORDED) as file:
    RECORDED = json.load(file)

pytestmark = pytest.mark.usefixtures('fresh_graph')


def run(tensor, feed=None):
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(tensor, feed)


def names():
    return [variable.name for variable in tf.global_variables()]


def test_the_signature_is_tf_layers_denses():
    """The arguments in the order of TensorFlow 1.15's documentation of tf.layers.dense."""
    assert list(inspect.signature(layers.dense).parameters) == (
        'inputs units activation use_bias kernel_initializer bias_initializer kernel_regularizer '
        'bias_regularizer activity_regularizer kernel_constraint bias_constraint trainable name '
        'reuse').split()


def test_result_is_activation_of_product_plus_bias():
    x = np.random.RandomState(0).normal(size=(4, 3)).astype(np.float32)
    kernel = np.arange(6, dtype=np.float32).reshape(3, 2) - 3
    bias = np.array([1, -2], np.float32)
    output = layers.dense(tf.constant(x), 2, activation=tf.nn.relu,
                          kernel_initializer=tf.constant_initializer(kernel),
                          bias_initializer=tf.constant_initializer(bias))
    np.testing.assert_allclose(run(output), np.maximum(x @ kernel + bias, 0), rtol=1e-5, atol=1e-6)


def test_kernel_is_glorot_uniform_and_bias_zero():
    layers.dense(tf.zeros([1, 784]), 256)
    kernel, bias = run(tf.trainable_variables())
    limit = np.sqrt(6 / (784 + 256))
    assert kernel.shape == (784, 256) and 0.999 * limit < np.abs(kernel).max() <= limit
    assert abs(kernel.std() - limit / np.sqrt(3)) < 0.01 * limit
    assert bias.shape == (256,) and not bias.any()


def test_layers_are_numbered_within_their_scope():
    for scope in 'generator', 'discriminator':
        with tf.variable_scope(scope):
            layers.dense(layers.dense(tf.zeros([1, 5]), 4), 3)
    layers.dense(tf.zeros([1, 5]), 2, use_bias=False)
    layers.dense(tf.zeros([1, 5]), 2, name='named')
    assert names() == [
        'generator/dense/kernel:0', 'generator/dense/bias:0',
        'generator/dense_1/kernel:0', 'generator/dense_1/bias:0',
        'discriminator/dense/kernel:0', 'discriminator/dense/bias:0',
        'discriminator/dense_1/kernel:0', 'discriminator/dense_1/bias:0',
        'dense/kernel:0', 'named/kernel:0', 'named/bias:0']


def test_a_reused_scope_finds_its_variables_again():
    def network(inputs, reuse=None):
        with tf.variable_scope('network') as scope:
            if reuse:
                scope.reuse_variables()
            return layers.dense(layers.dense(inputs, 4), 3)
    x = tf.constant(np.random.RandomState(0).normal(size=(2, 5)), tf.float32)
    first, second = network(x), network(x, reuse=True)
    assert len(tf.global_variables()) == 4
    np.testing.assert_array_equal(*run([first, second]))


def test_a_named_layer_is_shared_only_when_asked():
    x = tf.ones([1, 5])
    first = layers.dense(x, 2, name='one')
    with pytest.raises(ValueError, match='already exists'):
        layers.dense(x, 2, name='one')
    np.testing.assert_array_equal(*run([first, layers.dense(x, 2, name='one', reuse=True)]))
    assert len(tf.global_variables()) == 2


def test_an_unnamed_layer_is_shared_when_asked():
    x = tf.ones([1, 5])
    np.testing.assert_array_equal(*run([layers.dense(x, 2), layers.dense(x, 2, reuse=True)]))
    assert names() == ['dense/kernel:0', 'dense/bias:0']


def test_untrained_regularised_and_constrained():
    layers.dense(tf.ones([1, 5]), 2, trainable=False)
    assert tf.trainable_variables() == []
    layers.dense(tf.ones([4, 5]), 2, kernel_initializer=tf.ones_initializer(), kernel_constraint=tf.abs,
                 bias_initializer=tf.constant_initializer(3.0), bias_constraint=tf.square,
                 kernel_regularizer=tf.reduce_sum, bias_regularizer=tf.reduce_max,
                 activity_regularizer=tf.reduce_sum)
    # TensorFlow 1.15 divides the last by the batch's size: 4 rows of 2 times 5 + 3.
    assert run(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)) == [10, 3, 16]
    assert [variable.constraint for variable in tf.trainable_variables()] == [tf.abs, tf.square]


def test_an_activity_regularizer_sees_the_activations():
    layers.dense(tf.constant([[-1.0], [2.0]]), 1, activation=tf.nn.relu, activity_regularizer=tf.reduce_sum,
                 kernel_initializer=tf.ones_initializer())
    assert run(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)) == [1]


def test_arrays_and_other_precisions():
    assert layers.dense(np.ones((1, 5), np.float32), 2).dtype == tf.float32
    assert layers.dense(np.ones((1, 5), np.float64), 2).dtype == tf.float64


def test_more_dimensions():
    x = np.random.RandomState(0).normal(size=(2, 3, 5)).astype(np.float32)
    output = layers.dense(tf.constant(x), 4, name='deep')
    assert output.shape.as_list() == [2, 3, 4]
    result, kernel = run([output, tf.trainable_variables()[0]])
    np.testing.assert_allclose(result, x @ kernel, rtol=1e-5, atol=1e-6)


def test_an_unknown_width_is_refused():
    with pytest.raises(ValueError, match='last dimension'):
        layers.dense(tf.placeholder(tf.float32, [3, None]), 2)


# --- names, shapes and errors, as TensorFlow 1.15.5 has them

def test_all_that_has_been_recorded_is_compared():
    assert set(layers115.CASES) == set(RECORDED) and len(RECORDED) > 80


@pytest.mark.parametrize('name', layers115.CASES)
def test_whatever_is_asked_gives_what_tensorflow_1_15_5_gave(name):
    found, due = json.loads(json.dumps(layers115.run(name, layers.dense))), RECORDED[name]
    if not isinstance(due, dict):
        assert found == due
        return
    assert found.get('shape') == due.get('shape')
    values, due = np.array(found['values']), np.array(due['values'])
    name = name.split()[-1]
    if name not in layers115.RANDOM:
        np.testing.assert_allclose(values, due, rtol=1e-5, atol=1e-5)
        return
    # The deviation, the least and the greatest of 60,000 numbers; only a normal distribution has no bounds.
    assert abs(values[0] / due[0] - 1) < 0.015
    unbounded = name in ('normal', 'random_normal', 'RandomNormal')
    np.testing.assert_allclose(values[1:], due[1:], rtol=0.25 if unbounded else 0.002)


@pytest.mark.parametrize('argument, given', [
    ('activation', 'reluu'), ('activation', 'Relu'), ('activation', ''), ('activation', 3),
    ('kernel_initializer', 'glorot'), ('kernel_initializer', np.zeros((4, 2))), ('kernel_initializer', 'l2'),
    ('bias_initializer', 'zeroes'), ('bias_initializer', 0), ('bias_initializer', 'relu'),
])
def test_other_names_are_refused_with_those_that_there_are(argument, given):
    due = layers.ACTIVATIONS if argument == 'activation' else layers.INITIALIZERS
    with pytest.raises(ValueError) as caught:
        layers.dense(tf.zeros([3, 4]), 2, **{argument: given})
    message = str(caught.value)
    assert message.startswith('dense: %s=' % argument) and message.endswith(', '.join(due))
    assert names() == []


@pytest.mark.parametrize('inputs, error, reason', [
    ([], ValueError, r'their shape is \(0,\)'), (np.zeros(()), ValueError, r'their shape is \(\)'),
    (np.zeros(4), ValueError, r'their shape is \(4,\)'), (np.zeros((2, 3), int), TypeError, 'int64'),
    (np.zeros((2, 3), bool), TypeError, 'bool'), ([['a']], TypeError, 'string'),
], ids=str)
def test_what_is_no_matrix_of_floats_is_refused(inputs, error, reason):
    with pytest.raises(error, match='dense: inputs must .*' + reason):
        layers.dense(inputs, 8)
    assert names() == []


def test_a_shape_known_in_part_stays_known():
    output = layers.dense(tf.placeholder(tf.float32, [None, 5, None, 4]), 8, 'relu')
    assert output.shape.as_list() == [None, 5, None, 8]


def test_it_needs_tensorflow_alone_and_no_keras():
    with open(layers.__file__, encoding='utf-8') as file:
        nodes = list(ast.walk(ast.parse(file.read())))
    imported = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    assert imported == ['functools', 'tensorflow.compat.v1']
    assert not any(isinstance(node, ast.ImportFrom) or 'keras' in getattr(node, 'attr', '') for node in nodes)
