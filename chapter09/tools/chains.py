"""The two networks of a run as plain arrays: what its MetaGraph says of layers, losses and optimizers.

The graph is only read, node by node (TensorFlow's GraphDef): nothing of it is executed, so it may come from anybody.
What the page in the browser can compute is a chain of dense layers; what a graph has otherwise is named in an Unshown.
"""

import collections
import os
import re

import numpy as np
import tensorflow.compat.v1 as tf

from lab import checkpoints, model, records
from lab.errors import reason
from tools.arithmetic import Arithmetic, Unknown
from tools.unshown import Unshown

ACTIVATIONS = {'Relu': 'relu', 'Sigmoid': 'sigmoid', 'Tanh': 'tanh', 'LeakyRelu': 'leaky', 'Elu': 'elu',
               'Softplus': 'softplus'}
PASSES = {'Identity', 'StopGradient', 'CheckNumerics'}
VARIABLES = {'VariableV2', 'VarHandleOp'}
# The reference's graphs were recorded with fewer names than the lab's are today.
REFERENCE = {
    'reference-basic': {'D_real': 'Sigmoid_2', 'D_gene': 'Sigmoid_1', 'loss_D': 'Mean', 'loss_G': 'Mean_1',
                        'train_D': 'Adam', 'train_G': 'Adam_1'},
    'reference-conditional': {'D_real': 'discriminator/dense_1/BiasAdd', 'D_gene': 'discriminator_1/dense_1/BiasAdd',
                              'loss_D': 'add', 'loss_G': 'Mean_2', 'train_D': 'Adam', 'train_G': 'Adam_1'}}

# W [inputs, outputs] and b [outputs], float32, with the names of their variables ('' where there is no b);
# activation, one of ACTIVATIONS' or ''; alpha of a leaky one.
Layer = collections.namedtuple('Layer', ['W', 'b', 'name_W', 'name_b', 'activation', 'alpha'])
# learning_rate, beta1, beta2, epsilon as ApplyAdam takes them; trains, the names of the variables.
Adam = collections.namedtuple('Adam', ['learning_rate', 'beta1', 'beta2', 'epsilon', 'trains'])


class Networks:
    """The networks of a run's checkpoint.

    folder  the run's
    record  the run's (`records.read`)
    epoch   of the checkpoint
    titles  the listing's names of variables that have none in the graph, in their order (`steps.variables_of`)

    Attributes: `labelled`, whether G takes labels, which are then the last ten of its inputs; `generator` and
    `discriminator`, lists of Layer, the second None with an Unshown in `why_no_discriminator`.
    Raises Unshown if G is no chain of dense layers.
    """

    def __init__(self, folder, record, epoch, titles):
        self._path = checkpoints.path_of(os.path.join(folder, records.CHECKPOINTS), epoch)
        try:
            meta = model.read_meta(self._path)
        except (OSError, ValueError) as error:
            raise Unshown('unreadable', reason(error)) from None
        self._nodes = {node.name: node for node in meta.graph_def.node}
        self._names = dict(REFERENCE.get(record['id'], {}))
        nameless = [name for name, node in self._nodes.items()
                    if node.op in VARIABLES and re.fullmatch(r'Variable(_\d+)?', name)]
        self._titles = dict(zip(nameless, titles)) if len(nameless) == len(titles) else {}
        for name, collection in meta.collection_def.items():
            if len(collection.node_list.value) == 1:
                self._names[name] = plain(collection.node_list.value[0])
        self.generator, labels = self._chain('G', 'Z')
        self.labelled = labels
        self.discriminator, self.why_no_discriminator = None, None
        try:
            found, labels = self._chain('D_real', 'X')
            again, _ = self._chain('D_gene', 'G')
            if [each.name_W for each in found] != [each.name_W for each in again]:
                raise Unshown('two networks')
            if labels != self.labelled:
                raise Unshown('D alone' if labels else 'G alone')
            if found[-1].W.shape[1] != 1:
                raise Unshown('answers', found[-1].W.shape[1])
            self.discriminator = found
        except Unshown as error:
            self.why_no_discriminator = error

    def _chain(self, name, start):
        """The Layers from the tensor `start` to the tensor `name`, and whether labels are joined to their inputs."""
        for each in name, start:
            if self._names.get(each) not in self._nodes:
                raise Unshown('no name', each)
        first, labels = self._names[start], self._names.get('Y')
        at, layers, joined = self._names[name], [], False
        activation, alpha, b = '', 0., None
        while at != first:
            node = self._nodes[at]
            inputs = [plain(each) for each in node.input if not each.startswith('^')]
            if node.op in PASSES:
                at = inputs[0]
            elif node.op in ACTIVATIONS and not activation and b is None:
                activation, alpha = ACTIVATIONS[node.op], node.attr['alpha'].f if 'alpha' in node.attr else 0.2
                at = inputs[0]
            elif node.op in ('BiasAdd', 'Add', 'AddV2') and b is None and self._variable(inputs[1]):
                b, at = self._variable(inputs[1]), inputs[0]
            elif node.op == 'MatMul' and self._variable(inputs[1]) and not _transposes(node):
                W = self._variable(inputs[1])
                layers.insert(0, self._layer(W, b, activation, alpha))
                at, activation, b = inputs[0], '', None
            elif node.op == 'ConcatV2' and labels in inputs[:2] and first in inputs[:2] and len(inputs) == 3 and (
                    layers and not activation and b is None):
                if inputs[0] == labels:  # the labels go last
                    layers[0] = layers[0]._replace(W=np.roll(layers[0].W, -10, axis=0))
                at, joined = first, True
            else:
                raise Unshown('other operation', name, node.op)
        if not layers or activation or b:
            raise Unshown('no chain', name)
        return layers, joined

    def _layer(self, W, b, activation, alpha):
        weights = self._value(W)
        bias = self._value(b) if b else np.zeros(weights.shape[-1], np.float32)
        if weights.ndim != 2 or bias.shape != weights.shape[1:] or not weights.dtype == bias.dtype == np.float32:
            raise Unshown('no layer', W, b)
        return Layer(weights, bias, self._title(W), self._title(b) if b else '', activation, alpha)

    def _variable(self, name):
        """The name of the variable that a node reads, or None."""
        while self._nodes[name].op in PASSES | {'ReadVariableOp'}:
            name = plain(self._nodes[name].input[0])
        return name if self._nodes[name].op in VARIABLES else None

    def _value(self, name):
        try:
            with model.for_tensorflow(self._path) as usable:  # whose files are opened as late as a value is asked for
                reader = tf.train.load_checkpoint(usable)
                value = reader.get_tensor(name) if reader.has_tensor(name) else None
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise Unshown('unreadable', reason(error)) from None
        if value is None:
            raise Unshown('no value', name)
        return value

    def _title(self, name):
        return self._titles.get(name, name)

    def _updates(self, step):
        """The nodes by which the Adam of 'train_D' or 'train_G' changes variables. Raises Unshown if it is no Adam."""
        found, left, reached = [], [self._names.get(step)], set()
        while left:
            node = self._nodes.get(left.pop())
            if node is None or node.name in reached:
                continue
            reached.add(node.name)
            if 'Apply' in node.op:
                found.append(node)
            elif node.op in ('NoOp', 'Identity', 'Assign', 'AssignVariableOp', 'AssignAdd', 'Mul', 'Group'):
                left += [plain(each) for each in node.input]
        if not found or any(node.op not in ('ApplyAdam', 'ResourceApplyAdam') for node in found):
            raise Unshown('no Adam', step)
        return found

    def adam(self, step):
        found = self._updates(step)
        numbers = [self._numbers(plain(each)) for each in found[0].input[5:9]]
        return Adam(*map(float, numbers), sorted(self._title(plain(node.input[0])) for node in found))

    def minimised(self, step):
        """The node of what 'train_D' or 'train_G' makes smaller, −loss_G for one.

        TensorFlow gives the gradients of a node y names of their own: they begin with `gradients/grad_ys_0`, and the
        first that is made of it is named after y, `gradients/Neg_grad/Neg`. Raises Unshown if that is not to be told.
        """
        given = [plain(node.input[9]) for node in self._updates(step)]
        left, reached, scopes, found = list(given), set(), set(), set()
        while left:
            node = self._nodes.get(left.pop())
            if node is None or node.name in reached:
                continue
            reached.add(node.name)
            inputs = [plain(each) for each in node.input]
            left += inputs
            scopes |= {each.split('grad_ys_')[0] for each in inputs if 'grad_ys_' in each and node.op == 'Fill'}
        for scope in scopes:
            ones = {name for name in reached if self._nodes[name].op == 'Fill' and name.startswith(scope)
                    and any('grad_ys_' in each for each in self._nodes[name].input)}
            for name in reached:
                named = re.match(re.escape(scope) + '(.+?)_grad/', name)
                if named and ones & set(map(plain, self._nodes[name].input)):
                    found.add(named.group(1))
        if len(found) != 1 or not found <= self._nodes.keys() or any(
                not name.startswith(tuple(scopes)) for name in given):
            raise Unshown('changed', step)
        return found.pop()

    def _numbers(self, name, known=None, random=None):
        try:
            return Arithmetic(self._nodes, known or {}, random).value(name)
        except Unknown as error:
            raise Unshown('arithmetic', name, error) from None

    def loss(self, name, real, gene):
        """What 'loss_D', 'loss_G' or a node comes to where D answers `real` [n, 1] and `gene` [n, 1]."""
        if name.startswith('loss_') and name not in self._names:
            raise Unshown('no name', name)
        found = self._numbers(self._names.get(name, name),
                              {self._names['D_real']: real, self._names['D_gene']: gene})
        if np.ndim(found):
            raise Unshown('no scalar', name)
        return float(found)

    def beginnings(self):
        """How each variable begins, {name: ('normal' or 'uniform', standard deviation)}; of those that can be told."""
        random = np.random.RandomState(0)
        titles = {}
        for node in self._nodes.values():
            if node.op in ('Assign', 'AssignVariableOp') and not node.name.startswith('save/'):
                try:
                    drawn = Arithmetic(self._nodes, {}, random).value(plain(node.input[1]))
                except Unknown:
                    continue
                spread = float(np.std(drawn))
                flat = spread and np.mean(np.abs(drawn - np.mean(drawn)) > 1.75 * spread) < 0.02  # a normal one: 8 %
                titles.setdefault(self._title(plain(node.input[0])), ('uniform' if flat else 'normal', spread))
        return titles


def plain(name):
    """A tensor's name in a GraphDef or a collection as that of its node."""
    return name.lstrip('^').split(':')[0]


def _transposes(node):
    return node.attr['transpose_a'].b or node.attr['transpose_b'].b


def run(layers, inputs):
    """What a chain of Layers makes of inputs [n, inputs], float64: the outputs of each layer, the inputs first."""
    found = [np.asarray(inputs, np.float64)]
    for layer in layers:
        found.append(activate(layer, found[-1] @ layer.W.astype(np.float64) + layer.b))
    return found


def activate(layer, sums):
    with np.errstate(over='ignore'):
        return {'': lambda: sums, 'relu': lambda: np.maximum(sums, 0), 'tanh': lambda: np.tanh(sums),
                'sigmoid': lambda: 1 / (1 + np.exp(-sums)), 'softplus': lambda: np.logaddexp(0, sums),
                'leaky': lambda: np.where(sums > 0, sums, layer.alpha * sums),
                'elu': lambda: np.where(sums > 0, sums, np.expm1(np.minimum(sums, 0)))}[layer.activation]()


def slopes(layer, outputs):
    """The derivative of an activation, by what came out of it."""
    return {'': lambda: np.ones_like(outputs), 'relu': lambda: 1. * (outputs > 0), 'tanh': lambda: 1 - outputs ** 2,
            'sigmoid': lambda: outputs * (1 - outputs), 'softplus': lambda: -np.expm1(-outputs),
            'leaky': lambda: np.where(outputs > 0, 1., layer.alpha),
            'elu': lambda: np.where(outputs > 0, 1., outputs + 1)}[layer.activation]()


def directions(layers, inputs, n_noise, n):
    """Directions of noise along which a generator's images change most: orthonormal [n, n_noise], the first the most.

    inputs  noise, with labels where it takes them, [m, inputs]

    They are the right singular vectors of the images' derivatives by the noise (the Jacobian), of all inputs together.
    """
    outputs = run(layers, inputs)
    moments = np.zeros((n_noise, n_noise))
    for each in range(len(inputs)):
        jacobian = None
        for layer, out in zip(layers, outputs[1:]):
            jacobian = (layer.W[:n_noise] if jacobian is None else jacobian @ layer.W) * slopes(layer, out[each])
        moments += jacobian @ jacobian.T
    found = np.linalg.svd(moments)[0].T[:n]
    return found * np.where(found.sum(axis=1, keepdims=True) < 0, -1, 1)  # a singular vector has no sign of its own
