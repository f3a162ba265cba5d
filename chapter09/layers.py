"""dense(), which the chapter takes from tf.layers and which Keras 3 took out of TensorFlow."""

import tensorflow.compat.v1 as tf


def dense(inputs, units, activation=None, use_bias=True, kernel_initializer=None,
          bias_initializer=tf.zeros_initializer(), kernel_regularizer=None, bias_regularizer=None,
          activity_regularizer=None, kernel_constraint=None, bias_constraint=None, trainable=True,
          name=None, reuse=None):
    """A fully connected layer, `activation(inputs · kernel + bias)`, as `tf.layers.dense` was.

    inputs  float tensor [..., n], n known
    units   size of the last dimension of the result, [..., units]

    The variables `kernel` [n, units] (glorot-uniform unless an initializer is given) and `bias` [units]
    (zero) are made by `tf.get_variable` in a scope called `name`, or `dense`, `dense_1`, … within the
    current scope, in the order of the calls. A scope that has `reuse_variables()` set is counted anew
    from `dense`, so the second network finds the variables of the first. `reuse=True` finds those of the
    one layer called `name`, or `dense`. The other arguments are those of `tf.get_variable`, but for
    `activity_regularizer`, which maps the result to a loss; that, divided by the batch's size, joins the
    collection `tf.GraphKeys.REGULARIZATION_LOSSES`.

    Raises ValueError if the last dimension of `inputs` is unknown, or as `tf.get_variable` does.
    """
    inputs = tf.convert_to_tensor(inputs)
    n = tf.dimension_value(inputs.shape[-1])
    if n is None:
        raise ValueError('dense: the last dimension of inputs must be known, it is %s' % inputs.shape)
    with tf.variable_scope(name or ('dense' if reuse else None), default_name='dense', reuse=reuse):
        kernel = tf.get_variable('kernel', [n, units], inputs.dtype, initializer=kernel_initializer,
                                 regularizer=kernel_regularizer, constraint=kernel_constraint,
                                 trainable=trainable)
        if inputs.shape.ndims > 2:
            outputs = tf.tensordot(inputs, kernel, 1)
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
