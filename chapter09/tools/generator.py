"""The generator that a run has trained, from the run's folder alone."""

import os

import numpy as np
import tensorflow.compat.v1 as tf

from lab import checkpoints, machine, model, records
from lab.errors import BadInput, reason
from lab.noise import SEED, Noise, labels_of
from lab.page import ancestors
from lab.session import config, opening

# A graph from somebody else is a program. Of operations that TensorFlow itself calls stateful drawing takes these
# alone; and none that runs functions of the graph's own, or whose name has one of these words: they write, read
# or end the process, whatever TensorFlow calls them.
STATEFUL = {'Placeholder', 'VariableV2', 'VarHandleOp', 'ReadVariableOp', 'AssignVariableOp', 'RandomUniform',
            'RandomStandardNormal', 'TruncatedNormal', 'RandomUniformInt'}
EFFECTS = ('File', 'Dataset', 'Debug', 'Abort', 'Vocab', 'Proto', 'PyFunc', 'ImmutableConst', 'Xla', 'Mlir')
LOOPS = {'NextIteration', 'LoopCond'}  # which may never end
LARGEST = 2 ** 27  # numbers in a tensor of it


class Generator:
    """The generator of a run's newest whole checkpoint. The folder is only read.

    folder  the run's
    record  the run's (`records.read`)

    Attributes: `epoch`, after which it was written; `path`, the checkpoint's; `labelled`, whether it is asked for
    digits. Raises BadInput, which says what to do, if there is none.
    """

    def __init__(self, folder, record):
        self._folder, self._feeds = os.path.join(folder, records.CHECKPOINTS), record['feeds']
        self._noise = Noise(folder, record)
        self._sess = self._G = self._Z = self._Y = None
        self._others, self.labelled = {}, False
        checkpoints.newest(folder, self._load, 'drawn from')

    @machine.limited_memory()
    def _load(self, epoch):
        """Raises OSError or ValueError, with the reason, if the checkpoint is not to be had."""
        self.epoch, self.path = epoch, checkpoints.path_of(self._folder, epoch)
        with tf.Graph().as_default() as graph:
            try:
                meta = model.read_meta(self.path)
                tf.train.import_meta_graph(meta)
            except Exception as error:  # nothing but foreign bytes is being parsed
                raise ValueError('its graph cannot be read: %s' % reason(error)) from None
            G, Z, Y = (next(iter(tf.get_collection(name)), None) for name in 'GZY')
            if not isinstance(G, tf.Tensor) or not isinstance(Z, tf.Tensor):
                raise ValueError('its listing had no %s' % ('G' if G is None else 'Z'))
            if not G.shape.ndims or G.shape[1:].num_elements() != 28 * 28:
                raise ValueError('its G draws %s, and no images of 28×28' % G.shape)
            if not G.dtype.is_floating:
                raise ValueError('its G draws %s, and no images of float32' % G.dtype.name)
            needed = needed_by([G.op], functions_of(meta))
            self._G, self._Z, self._Y = G, Z, Y if isinstance(Y, tf.Tensor) and Y.op in needed else None
            names = {operation.name for operation in needed}
            self._others = {graph.get_tensor_by_name(name): value for name, value in self._feeds.items()
                            if name.split(':')[0] in names}
            with opening():
                self._sess = tf.Session(config=config())
            variables = [variable for variable in tf.global_variables() if variable.op in needed]
            if variables:
                model.restore(self._sess, tf.train.Saver(variables), self.path)
        self.labelled = self._Y is not None

    @machine.limited_memory()
    def draw(self, noise_z, labels=None):
        """Images, float32 [n, 784], for noise [n, …].

        labels  if it is labelled, the digits [n], or what is to be fed for them, [n, 10]

        Raises BadInput if its graph does not take what it is fed.
        """
        feed = dict(self._others)
        feed[self._Z] = noise_z
        try:
            if labels is not None:
                feed[self._Y] = labels_of(labels, self._Y.shape.as_list()) if np.ndim(labels) == 1 else labels
            return self._sess.run(self._G, feed).reshape(len(noise_z), 28 * 28)
        except (ValueError, TypeError, OverflowError, tf.errors.OpError) as error:
            raise BadInput('%s cannot be drawn from (%s): is G to be fed with more than noise, labels and numbers?'
                           % (self.path, reason(error))) from None

    def noise(self, n, seed):
        """Noise [n, …] as the run's listing draws it, for a seed."""
        return self._noise.draw(n, seed)

    def fresh(self, n, seed=SEED):
        """Images [n, 784] for new noise; of a labelled generator of the labels 0, 1, …, 9, 0, …

        Returns the images and their labels [n], which are None if it is not labelled.
        """
        labels = np.arange(n) % 10 if self.labelled else None
        return self.draw(self.noise(n, seed), labels), labels


def of_run(folder):
    """The Generator of a run's folder, and its record. Raises BadInput, which says what to do, if there is none."""
    records.need_run(folder)
    record = records.read(folder)
    return Generator(folder, record), record


def functions_of(meta):
    """The names of a MetaGraphDef's own functions."""
    return {function.signature.name for function in meta.graph_def.library.function}


def needed_by(operations, functions):
    """All operations that are run for some of an imported graph, which may be anybody's.

    functions  of `functions_of`

    Raises ValueError if one may do more than compute, or compute for ever.
    """
    needed = ancestors(operations)
    more = sorted({operation.type for operation in needed if operation.type in functions or _does_more(operation)})
    if more:
        raise ValueError('its graph does more than compute: %s' % ', '.join(more))
    return needed


def _does_more(operation):
    return (operation.op_def.is_stateful and operation.type not in STATEFUL or operation.type in LOOPS
            or any((tensor.shape.num_elements() or 0) > LARGEST for tensor in operation.outputs)
            or any('func' in attribute.type for attribute in operation.op_def.attr)
            or any(word in operation.type for word in EFFECTS))
