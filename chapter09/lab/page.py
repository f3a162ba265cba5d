"""What the lab knows of a listing: its parts by the page's names, and what its graph says of them.

A reader may have changed all of it. So what the lab needs it asks for by name, once, and what is missing is
off; and what a step trains is read off the graph, whatever the listing calls it.
"""

import tensorflow.compat.v1 as tf

from lab import noise, told

# The page's names, and what is off without them, as one of `told.TEXTS`.
NAMES = {'X': 'D_mean', 'Z': 'digits', 'G': 'digits', 'D_real': 'D_mean', 'D_gene': 'D_mean', 'loss_D': 'D loss',
         'loss_G': 'G loss', 'train_D': 'steps', 'train_G': 'steps', 'get_noise': 'digits'}
TENSORS = ['X', 'Y', 'Z', 'G', 'D_real', 'D_gene', 'loss_D', 'loss_G']
STEPS = ['train_D', 'train_G']
# What may come after a sigmoid and leave its result a probability, as in `tf.nn.sigmoid(…) + 1e-8`.
KEEPS_PROBABILITIES = {'Identity', 'Reshape', 'Squeeze', 'Clip', 'ClipByValue', 'Maximum', 'Minimum',
                       'Add', 'AddV2', 'Sub', 'Mul'}


class Page:
    """A listing's parts, as they stand in its namespace when the training begins.

    Attributes: `parts`, {name: tensor or operation} of TENSORS and STEPS that are there; `get_noise`, or None;
    `weights`, {name: variable} of what is trainable, by the page's names or, where it has none, the variable's.
    """

    def __init__(self, namespace, graph):
        self._graph = graph
        self.parts = {}
        for name in TENSORS + STEPS:
            part = namespace.get(name)
            if isinstance(part, (tf.Tensor, tf.Operation, tf.Variable)) and part.graph is graph:
                if name in STEPS or isinstance(part, tf.Tensor):
                    self.parts[name] = part
        for name in 'loss_D', 'loss_G':
            if name in self.parts and self.parts[name].shape.ndims != 0:
                del self.parts[name]  # a loss of each image is none that can be written down
        self.get_noise = namespace.get('get_noise') if callable(namespace.get('get_noise')) else None
        # By operation: a variable has no hash where TensorFlow 2's equality of tensors is on.
        self._names = {part.op: name for name, part in list(namespace.items())
                       if isinstance(part, tf.Variable) and part.graph is graph and not name.startswith('_')}
        self._variables = {v.op: v for v in graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)}
        self.weights = {self._names.get(v.op, v.op.name): v
                        for v in graph.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES)}

    def title(self, variable):
        """What a reader knows a variable by."""
        return self._names.get(variable.op, variable.op.name)

    def get(self, name):
        return self.parts.get(name)

    def noise_shape(self):
        """The shape of a noise vector, if G can be fed with the listing's noise; else None."""
        if not {'G', 'Z'} <= self.parts.keys() or self.get_noise is None or not self.parts['Z'].shape.ndims:
            return None
        shape = self.parts['Z'].shape.as_list()[1:]
        return None if None in shape else shape

    def describe_noise(self, notes):
        """`noise.describe` of get_noise; None, None, and one more of `notes`, if it cannot be asked."""
        if self.noise_shape() is None:
            return None, None
        try:
            return noise.describe(self.get_noise, self.noise_shape())
        except ValueError as error:
            notes.append(('no noise', error))
            self.get_noise = None
            return None, None

    def notes(self):
        """What a reader should know before the training begins, as of `told.text`; nothing of the page as it is."""
        if self._graph.seed is None:
            yield ('no seed',)
        missing = [name for name in NAMES if name not in self.parts and not (name == 'get_noise' and self.get_noise)]
        if missing:
            off = list(dict.fromkeys(NAMES[name] for name in missing))
            yield 'missing', ', '.join(missing), [(name,) for name in off]
        trained = {name: self.trained_by(name) for name in STEPS if name in self.parts}
        if len(trained) < 2 or not all(trained.values()):
            return
        idle = [name for name, variable in self.weights.items()
                if not any(variable.op in variables for variables in trained.values())]
        wrong = list(self._wrongly_trained(trained)) if {'G', 'D_gene'} <= self.parts.keys() else []
        yield from wrong
        if idle and not wrong:
            yield 'idle', told.some(idle)

    def _wrongly_trained(self, trained):
        """What steps train that they should not, or the other way round; `trained` is what each does."""
        of_G, of_D = self.networks()
        for step, own, others, network in (('train_D', of_D, of_G, ('the discriminator',)),
                                           ('train_G', of_G, of_D, ('the generator',))):
            of_others = told.some([self.title(v) for op, v in self._variables.items() if op in trained[step] & others])
            if not trained[step] & own:
                yield ('others', step, network, of_others) if of_others else ('none', step, network)
            elif of_others:
                yield 'also', step, of_others

    def is_probability(self, name):
        """Whether D's answer comes out of a sigmoid, so that it is none of a logit."""
        operation = self.parts[name].op
        while operation.type in KEEPS_PROBABILITIES:
            operation = next((each.op for each in operation.inputs if each.op.type != 'Const'), operation.inputs[0].op)
        return operation.type == 'Sigmoid'

    def takes_logarithms(self, of=('Log', 'Log1p', 'Softplus')):
        """Whether the D loss comes of logarithms, as it does where D's answer stands for a probability."""
        return 'loss_D' in self.parts and any(
            operation.type in of for operation in ancestors([self.parts['loss_D'].op]))

    def lacks_a_sigmoid(self):
        """If the loss takes the logarithm of D's answer, which comes out of no sigmoid, a `told.text`; else None."""
        if 'D_real' in self.parts and not self.is_probability('D_real') and self.takes_logarithms(['Log']):
            return ('no sigmoid',)
        return None

    def networks(self):
        """The operations of G's weights, and of those that D has beside them."""
        weights = {v.op for v in self.weights.values()}
        of_G = self._needed_by(self.parts['G']) & weights
        return of_G, (self._needed_by(self.parts['D_gene']) & weights) - of_G

    def trained_by(self, name):
        """The variables' operations that the optimizer of a step, one of STEPS, changes."""
        return {update.inputs[0].op for update in self.updates(name)} & set(self._variables)

    def updates(self, name):
        """The operations by which the optimizer of a step changes variables, each its first input."""
        step = self.parts[name]
        found, reached, left = set(), set(), [getattr(step, 'op', step)]
        while left:
            operation = left.pop()
            if operation in reached:
                continue
            reached.add(operation)
            if 'Apply' in operation.type and operation.inputs:
                found.add(operation)
            else:
                left += operation.control_inputs
                if operation.type in ('Identity', 'NoOp', 'Assign', 'AssignAdd', 'AssignVariableOp'):
                    left += [tensor.op for tensor in operation.inputs]
        return found

    def _needed_by(self, tensor):
        """The variables' operations that a tensor is computed from."""
        return {operation for operation in ancestors([tensor.op]) if operation in self._variables}


def ancestors(operations):
    """All operations that some are computed from, themselves included."""
    reached, left = set(), list(operations)
    while left:
        operation = left.pop()
        if operation not in reached:
            reached.add(operation)
            left += [tensor.op for tensor in operation.inputs] + list(operation.control_inputs)
    return reached
