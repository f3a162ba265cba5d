"""What tf.layers.dense of TensorFlow 1.15.5 does, for test_layers to compare ours with.

Under Python 3.7 with TensorFlow 1.15.5, `python tests/layers115.py` writes layers115.json beside this file:
for each of CASES what it gives. The tests run the same cases with our dense().
"""

import json
import os
import sys

import numpy as np
import tensorflow.compat.v1 as tf

RECORDED = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'layers115.json')
ACTIVATIONS = ('relu sigmoid tanh elu selu softplus softsign softmax linear exponential '
               'hard_sigmoid').split()
FIXED = 'zeros zero Zeros ones one Ones constant Constant identity Identity'.split()
RANDOM = ('random_normal normal RandomNormal random_uniform uniform RandomUniform truncated_normal '
          'TruncatedNormal glorot_normal GlorotNormal glorot_uniform GlorotUniform he_normal he_uniform '
          'lecun_normal lecun_uniform VarianceScaling').split()
ORTHOGONAL = ['orthogonal', 'Orthogonal']
CASES = {}


def value(tensor):
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        return sess.run(tensor)


def activated(dense, name, shape):
    """The result of an activation by its name, and the operation's own, for numbers from -4 to 4."""
    n = shape[-1]
    inputs = tf.constant(np.linspace(-4, 4, int(np.prod(shape))).reshape(shape), tf.float32)
    output = dense(inputs, n, activation=name, use_bias=False, kernel_initializer='identity')
    return {'shape': output.shape.as_list(), 'values': value(output).ravel().tolist()}


def initial(dense, name):
    """The kernel, to a figure or two if it is random: TensorFlow 2 numbers its operations' seeds anew."""
    tf.set_random_seed(7)
    dense(tf.zeros([1, 300]), 200, kernel_initializer=name, use_bias=False)
    kernel = value(tf.global_variables()[0])
    if name in ORTHOGONAL:
        kernel = kernel.T.dot(kernel)
    elif name in RANDOM:
        return {'values': [float(kernel.std()), float(kernel.min()), float(kernel.max())]}
    return {'values': [float(kernel.sum()), float(np.abs(kernel).sum()), float(np.trace(kernel))]}


def bias(dense, name):
    dense(tf.zeros([1, 3]), 2, bias_initializer=name)
    return {'values': value(tf.global_variables()[1]).tolist()}


def made(dense, expression):
    """The name, type and shape of what comes, and all variables' names; or the kind of the error."""
    try:
        output = eval('dense(%s)' % expression, {'dense': dense, 'tf': tf, 'np': np})
    except (TypeError, ValueError) as error:
        return [kind.__name__ for kind in (TypeError, ValueError) if isinstance(error, kind)]
    shape = output.shape.as_list()
    return [output.name, output.dtype.name, shape, [variable.name for variable in tf.global_variables()]]


for _name in ACTIVATIONS:
    for _shape in (8, 6), (3, 2, 4):
        CASES['activated %s %dd' % (_name, len(_shape))] = (activated, _name, _shape)
for _name in FIXED + RANDOM + ORTHOGONAL:
    CASES['initial %s' % _name] = (initial, _name)
for _name in 'zeros', 'ones', 'Zeros', 'constant':
    CASES['bias %s' % _name] = (bias, _name)
for _expression in '''
        tf.zeros([2, 4]), 8, activation='relu'
        tf.zeros([2, 4]), 8, activation='sigmoid'
        tf.zeros([2, 4]), 8, activation='linear'
        tf.zeros([2, 4]), 8, activation='softmax', name='last'
        tf.zeros([2, 4]), 8, 'tanh', False, 'glorot_uniform', 'zeros'
        tf.zeros([2, 4]), 8, kernel_initializer='glorot_uniform', bias_initializer='zeros'
        tf.zeros([2, 4]), 8, kernel_initializer=tf.zeros_initializer
        tf.zeros([2, 4]), 8, bias_initializer=None
        tf.zeros([2, 4]), 8, activation='nonsense'
        tf.zeros([2, 4]), 8, activation='Relu'
        tf.zeros([2, 4]), 8, activation=''
        tf.zeros([2, 4]), 8, kernel_initializer='nonsense'
        tf.zeros([2, 4]), 8, kernel_initializer='variance_scaling'
        tf.zeros([2, 4]), 8, kernel_initializer=3
        tf.zeros([2, 4]), 8, bias_initializer='nonsense'
        tf.zeros([2, 4]), '8'
        tf.zeros([2, 4]), 8.0
        tf.zeros([2, 4]), np.int64(8)
        tf.zeros([2, 4]), 0
        tf.zeros([2, 4]), None
        tf.zeros([]), 8
        tf.zeros([4]), 8
        tf.zeros([0, 4]), 8
        tf.zeros([2, 4], tf.int32), 8
        tf.zeros([2, 4], tf.bool), 8
        tf.zeros([2, 4], tf.float16), 8
        np.ones((2, 4)), 8
        np.ones((2, 4), int), 8
        np.ones(4), 8
        tf.placeholder(tf.float32), 8
        tf.placeholder(tf.float32, [None, None]), 8
        tf.placeholder(tf.float32, [None, 4]), 8
        tf.placeholder(tf.float32, [None, None, 4]), 8, 'relu'
        tf.placeholder(tf.float32, [None, 3, 4]), 8'''.strip().split('\n'):
    CASES[_expression.strip()] = (made, _expression.strip())


def run(name, dense):
    tf.reset_default_graph()
    function, *arguments = CASES[name]
    return function(dense, *arguments)


def main():
    if tf.__version__ != '1.15.5':
        sys.exit('layers115.py: this is TensorFlow %s, not 1.15.5' % tf.__version__)
    lines = ['%s: %s' % (json.dumps(name), json.dumps(run(name, tf.layers.dense))) for name in CASES]
    with open(RECORDED, 'w') as file:
        file.write('{\n%s\n}\n' % ',\n'.join(lines))


if __name__ == '__main__':
    main()
