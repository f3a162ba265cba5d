"""dense(), which the chapter takes from tf.layers and which Keras 3 took out of TensorFlow.

It needs TensorFlow and nothing else of this chapter; nor does it import Keras.
"""

import functools

import tensorflow.compat.v1 as tf


def _scaling(scale, mode, distribution):
    return functools.partial(tf.variance_scaling_initializer, scale, mode, distribution)


# By the names that tf.layers.dense of TensorFlow 1.15 takes, and with what stood behind them there: its
# random_normal, random_uniform and truncated_normal are narrower than tf.random_normal_initializer() is.
ACTIVATIONS = {
    'linear': None, 'relu': tf.nn.relu, 'sigmoid': tf.nn.sigmoid, 'tanh': tf.nn.tanh, 'elu': tf.nn.elu,
    'selu': tf.nn.selu, 'softplus': tf.nn.softplus, 'softsign': tf.nn.softsign, 'softmax': tf.nn.softmax,
    'exponential': tf.exp, 'hard_sigmoid': lambda x: tf.clip_by_value(0.2 * x + 0.5, 0, 1),
}
INITIALIZERS = {
    'zeros': tf.zeros_initializer,
    'ones': tf.ones_initializer,
    'constant': tf.constant_initializer,
    'identity': tf.initializers.identity,
    'orthogonal': tf.orthogonal_initializer,
    'random_normal': functools.partial(tf.random_normal_initializer, 0.0, 0.05),
    'random_uniform': functools.partial(tf.random_uniform_initializer, -0.05, 0.05),
    'truncated_normal': functools.partial(tf.truncated_normal_initializer, 0.0, 0.05),
    'glorot_normal': tf.glorot_normal_initializer,
    'glorot_uniform': tf.glorot_uniform_initializer,
    'he_normal': _scaling(2.0, 'fan_in', 'truncated_normal'),
    'he_uniform': _scaling(2.0, 'fan_in', 'uniform'),
    'lecun_normal': _scaling(1.0, 'fan_in', 'truncated_normal'),
    'lecun_uniform': _scaling(1.0, 'fan_in', 'uniform'),
    'VarianceScaling': tf.variance_scaling_initializer,
}
# Other names of the same.
INITIALIZERS.update({
    other: INITIALIZERS[name] for name, others in {
        'zeros': 'zero Zeros', 'ones': 'one Ones', 'constant': 'Constant', 'identity': 'Identity',
        'orthogonal': 'Orthogonal', 'random_normal': 'normal RandomNormal',
        'random_uniform': 'uniform RandomUniform', 'truncated_normal': 'TruncatedNormal',
        'glorot_normal': 'GlorotNormal', 'glorot_uniform': 'GlorotUniform',
    }.items() for other in others.split()})


def dense(inputs, units, activation=None, use_bias=True, kernel_initializer=None,
          bias_initializer=tf.zeros_initializer(), kernel_regularizer=None, bias_regularizer=None,
          activity_regularizer=None, kernel_constraint=None, bias_constraint=None, trainable=True,
          name=None, reuse=None):
    """A fully connected layer, `activation(inputs · kernel + bias)`, as `tf.layers.dense` was.

    inputs      float tensor [batch, ..., n], n known
    units       size of the last dimension of the result, [batch, ..., units]
    activation  a function, one of the names in ACTIVATIONS, or None

    The variables `kernel` [n, units] (glorot-uniform unless an initializer is given) and `bias` [units]
    (zero) are made by `tf.get_variable` in a scope called `name`, or `dense`, `dense_1`, … within the
    current scope, in the order of the calls. An initializer is a function, as `tf.get_variable` takes it, or
    one of the names in INITIALIZERS. A scope that has `reuse_variables()` set is counted anew from `dense`,
    so the second network finds the variables of the first. `reuse=True` finds those of the one layer called
    `name`, or `dense`. The other arguments are those of `tf.get_variable`, but for `activity_regularizer`,
    which maps the result to a loss; that, divided by the batch's size, joins the collection
    `tf.GraphKeys.REGULARIZATION_LOSSES`.

    Raises ValueError if `inputs` has fewer than two dimensions or not a known number of them, if its last
    one is unknown, for a name that is none, or as `tf.get_variable` does; TypeError if `inputs` is not float.
    """
    inputs, units = tf.convert_to_tensor(inputs), int(units)
    if inputs.shape.ndims is None or inputs.shape.ndims < 2:
        raise ValueError('dense: inputs must have two dimensions or more, their shape is %s' % inputs.shape)
    n = tf.dimension_value(inputs.shape[-1])
    if n is None:
        raise ValueError('dense: the last dimension of inputs must be known, it is %s' % inputs.shape)
    if not (inputs.dtype.is_floating or inputs.dtype.is_complex):
        raise TypeError('dense: inputs must be floats, not %s' % inputs.dtype.name)
    activation = _named('activation', activation, ACTIVATIONS)
    kernel_initializer = _initializer('kernel_initializer', kernel_initializer)
    bias_initializer = _initializer('bias_initializer', bias_initializer)
    with tf.variable_scope(name or ('dense' if reuse else None), default_name='dense', reuse=reuse):
        kernel = tf.get_variable('kernel', [n, units], inputs.dtype, initializer=kernel_initializer,
                                 regularizer=kernel_regularizer, constraint=kernel_constraint,
                                 trainable=trainable)
        if inputs.shape.ndims > 2:
            outputs = tf.tensordot(inputs, kernel, 1)
            outputs.set_shape([*inputs.shape[:-1].as_list(), units])
        else:
            outputs = tf.matmul(inputs, kernel)
        if use_bias:
            bias = tf.get_variable('bias', [units], inputs.dtype, initializer=bias_initializer,
                                   regularizer=bias_regularizer, constraint=bias_constraint,
                                   trainable=trainable)
            outputs = tf.nn.bias_add(outputs, bias)
        if activation is not None:
            outputs = activation(outputs)
        if activity_regularizer is not None:
            batch = tf.cast(tf.shape(outputs)[0], outputs.dtype)
            tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, activity_regularizer(outputs) / batch)
        return outputs


def _initializer(argument, given):
    initializer = _named(argument, given, INITIALIZERS)
    return initializer() if isinstance(given, str) else initializer


def _named(argument, given, names):
    """What an argument stands for that is one of the names or, if it is a function or None, itself."""
    if given is None or callable(given):
        return given
    if isinstance(given, str) and given in names:
        return names[given]
    raise ValueError('dense: %s=%r is neither a function nor one of the names %s'
                     % (argument, given, ', '.join(names)))
