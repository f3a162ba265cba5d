"""What a loss or an initializer of a GraphDef comes to, by numpy: the operations that such are made of, no others."""

import numpy as np
import tensorflow.compat.v1 as tf

from lab import machine

LARGEST = 2 ** 24  # numbers in an array of it


class Unknown(ValueError):
    """An operation that is none of these; the message is its kind."""


def _sigmoid(a):
    return 1 / (1 + np.exp(-a))


OPERATIONS = {
    'Add': np.add, 'AddV2': np.add, 'AddN': lambda *a: sum(a), 'Sub': np.subtract, 'Mul': np.multiply,
    'RealDiv': np.divide, 'Neg': np.negative, 'Log': np.log, 'Log1p': np.log1p, 'Exp': np.exp, 'Abs': np.abs,
    'Square': np.square, 'Sqrt': np.sqrt, 'Pow': np.power, 'Maximum': np.maximum, 'Minimum': np.minimum,
    'SquaredDifference': lambda a, b: (a - b) ** 2, 'Sigmoid': _sigmoid, 'Tanh': np.tanh,
    'Softplus': lambda a: np.logaddexp(0, a), 'Relu': lambda a: np.maximum(a, 0), 'GreaterEqual': np.greater_equal,
    'Select': np.where, 'SelectV2': np.where, 'ZerosLike': np.zeros_like, 'OnesLike': np.ones_like,
    'Identity': lambda a: a, 'StopGradient': lambda a: a, 'Cast': lambda a: a, 'Shape': np.shape,
    'Squeeze': np.squeeze, 'ClipByValue': np.clip}
REDUCTIONS = {'Mean': np.mean, 'Sum': np.sum, 'Max': np.max, 'Min': np.min}


class Arithmetic:
    """The values of a graph's nodes.

    nodes   {name: NodeDef}
    known   {name: array} of those that are given
    random  a RandomState for what is drawn at random, or None: then nothing is
    """

    def __init__(self, nodes, known, random=None):
        self._nodes, self._known, self._random = nodes, dict(known), random

    @machine.limited_memory()
    def value(self, name):
        """The value of a node. Raises Unknown for what is none of the OPERATIONS."""
        left = [name]
        while left:  # no recursion: a foreign graph may be deep
            node = self._nodes.get(left[-1])
            if left[-1] in self._known:
                left.pop()
                continue
            if node is None or len(left) > len(self._nodes):
                raise Unknown(left[-1])
            inputs = [each.split(':')[0] for each in node.input if not each.startswith('^')]
            missing = [each for each in inputs if each not in self._known]
            if missing:
                left += missing
                continue
            self._known[left.pop()] = self._computed(node, [self._known[each] for each in inputs])
        return self._known[name]

    def _computed(self, node, inputs):
        try:
            with np.errstate(all='ignore'):
                if node.op == 'Const':
                    found = tf.make_ndarray(node.attr['value'].tensor)
                    return found.astype(np.float64) if found.dtype.kind == 'f' else found
                if node.op in OPERATIONS:
                    if len(inputs) > 1 and np.broadcast(*inputs).size > LARGEST:
                        raise ValueError(node.op)
                    return OPERATIONS[node.op](*inputs)
                if node.op in REDUCTIONS:
                    return REDUCTIONS[node.op](inputs[0], axis=tuple(np.ravel(inputs[1]).tolist()),
                                               keepdims=node.attr['keep_dims'].b)
                if node.op in ('Fill', 'RandomStandardNormal', 'TruncatedNormal', 'RandomUniform'):
                    return self._array(node.op, inputs)
        except (ValueError, TypeError, IndexError, MemoryError):
            pass
        raise Unknown(node.op)

    def _array(self, kind, inputs):
        shape = [int(n) for n in np.ravel(inputs[0])]
        if np.prod(shape, dtype=float) > LARGEST:
            raise ValueError(shape)
        if kind == 'Fill':
            return np.full(shape, inputs[1])
        if self._random is None:
            raise ValueError(kind)
        if kind == 'RandomUniform':
            return self._random.uniform(size=shape)
        drawn = self._random.normal(size=shape)
        return np.clip(drawn, -2, 2) if kind == 'TruncatedNormal' else drawn
