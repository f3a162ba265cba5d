"""What TensorFlow reads and writes of a checkpoint: the variables, and the graph as a MetaGraph."""

import contextlib
import glob
import os
import shutil
import tempfile

import numpy as np
import tensorflow.compat.v1 as tf

from lab import checkpoints, files
from lab.errors import BadInput, reason

LARGEST = 2 ** 28  # bytes of a MetaGraph
REPEATED = 2 ** 24  # numbers of a constant that is not written out in it


class Model:
    """The variables of a session's graph, on the way into checkpoints and out of them.

    To be made when the graph is complete; `parts`, {name: tensor or operation}, go into the MetaGraph as
    collections of these names, for those who know nothing of the listing.
    """

    def __init__(self, sess, parts):
        self._sess = sess
        with sess.graph.as_default():
            if not tf.global_variables():
                raise BadInput('the graph has no variables: lab.Run(globals()) begins a new graph, so it stands above '
                               'all that the graph is made of; in a notebook, run all cells from that of lab.Run '
                               'down to this one')
            if sess.graph.finalized:
                raise BadInput('the graph is finalized, and what saves it is not in it yet: call finalize() in the '
                               'loop over run.epochs(), or leave it out')
            self._saver = tf.train.Saver(max_to_keep=None)
            self._finite = tf.reduce_all([tf.reduce_all(tf.is_finite(v)) for v in tf.global_variables()
                                          if v.dtype.is_floating])
            for name, part in parts.items():
                tf.add_to_collection(name, part)
            self._meta = self._saver.export_meta_graph(strip_default_attrs=True).SerializeToString(deterministic=True)

    def is_finite(self):
        """Whether every variable's every value is a number."""
        return bool(self._sess.run(self._finite))

    def check(self, title):
        """Raises BadInput if a variable has no value yet; `title` as of `differences`."""
        try:
            self.is_finite()
        except tf.errors.FailedPreconditionError as error:
            names = {v.op.name: title(v) for v in self._sess.graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)}
            found = [names[word] for word in str(error).split() if word in names]
            raise BadInput('%s has no value: sess.run(tf.global_variables_initializer()) comes after the last variable '
                           'and before run.epochs()' % (found[0] if found else 'a variable')) from None

    def write(self, path):
        """Writes model.ckpt's files. Raises OSError."""
        # As saver.save does, but in this thread: those of TensorFlow, one after another, would each keep the
        # 8 MB that it took for writing.
        saving = self._saver.as_saver_def()
        try:
            self._sess.run(saving.save_tensor_name, {saving.filename_tensor_name: path},
                           options=tf.RunOptions(inter_op_thread_pool=-1))
        except tf.errors.OpError as error:
            raise OSError(reason(error)) from None
        with open(path + '.meta', 'wb') as file:
            file.write(self._meta)

    def restore(self, path):
        """Takes the variables out of model.ckpt. Raises ValueError, with the reason, if it cannot be."""
        restore(self._sess, self._saver, path)

    def differences(self, path, title):
        """How model.ckpt's variables differ from the graph's, as lines; none where they do not.

        title  called with a variable, for what a reader knows it by

        Raises ValueError, with the reason, if it cannot be read.
        """
        try:
            with for_tensorflow(path) as usable:
                there = tf.train.load_checkpoint(usable).get_variable_to_shape_map()
        except tf.errors.OpError as error:
            raise ValueError(reason(error)) from None
        here = {v.op.name: v for v in self._sess.graph.get_collection(tf.GraphKeys.GLOBAL_VARIABLES)}
        for name, variable in here.items():
            if name not in there:
                yield '%s is in the listing and not there' % title(variable)
            elif there[name] != variable.shape.as_list():
                yield '%s has the shape %s there, and %s in the listing' % (
                    title(variable), there[name], variable.shape.as_list())
        for name in sorted(there.keys() - here.keys()):
            yield '%s is there and not in the listing' % name


def restore(sess, saver, path):
    """Takes the variables of a tf.train.Saver out of model.ckpt. Raises ValueError, with the reason."""
    try:
        with for_tensorflow(path) as usable:
            saver.restore(sess, usable)
    except (tf.errors.OpError, ValueError) as error:
        raise ValueError(reason(error)) from None


@contextlib.contextmanager
def for_tensorflow(path):
    """Gives a name of a checkpoint that TensorFlow can read: it takes [ ] * ? \\ in one for a pattern."""
    if not set('[]*?\\') & set(path) or os.name == 'nt':
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        link = os.path.join(folder, 'checkpoint')
        try:
            os.symlink(os.path.abspath(os.path.dirname(path)), link)
        except OSError:
            shutil.copytree(os.path.dirname(path), link)
        yield os.path.join(link, os.path.basename(path))


def read_meta(path):
    """The MetaGraphDef beside model.ckpt. Raises OSError or ValueError, with the reason."""
    try:
        meta = tf.MetaGraphDef.FromString(files.read(path + '.meta', LARGEST))
    except OSError:
        raise
    except Exception as error:  # nothing but foreign bytes is being parsed, and protobuf has errors of its own
        raise ValueError(reason(error)) from None
    for node in meta.graph_def.node:
        if node.op == 'Const':
            constant = node.attr['value'].tensor
            numbers = np.prod([size.size for size in constant.tensor_shape.dim], dtype=float)
            if numbers > max(REPEATED, constant.ByteSize()):
                raise ValueError('its graph holds one number %.3g times' % numbers)
    return meta


def read_weights(path, weights, option=''):
    """Reads weights from an .npz file or from a checkpoint, named without its .index.

    weights  {name: variable}. An .npz file must hold an array for each of these names, or of the variable's
             own; a checkpoint must hold the variables by their own names, beside whatever else.
    option   what goes before the path in a message

    Returns {name: array}. Raises BadInput if the file cannot be read or holds something else.
    """
    try:
        if os.path.exists(path + '.index'):
            for part in glob.glob(glob.escape(path) + '.data-*'):
                files.regular(part).close()  # TensorFlow would wait for what a FIFO gives
            with for_tensorflow(path) as usable:
                reader = tf.train.load_checkpoint(usable)
                arrays = {name: reader.get_tensor(variable.op.name) for name, variable in weights.items()
                          if reader.has_tensor(variable.op.name)}
        else:
            own = {variable.op.name: name for name, variable in weights.items()}
            arrays = {own.get(name, name): array for name, array in checkpoints.read_arrays(path).items()}
    except Exception as error:  # as above
        raise BadInput('%s%s cannot be read as an .npz file or a checkpoint (%s): name another'
                       % (option, path, reason(error))) from None
    needed = ', '.join(weights)
    for name in sorted(weights.keys() | arrays.keys()):
        if name not in arrays:
            raise BadInput('%s%s lacks %s: it must hold %s' % (option, path, name, needed))
        if name not in weights:
            raise BadInput('%s%s holds %s, which this listing has not: it must hold %s'
                           % (option, path, name, needed))
        shape = weights[name].shape.as_list()
        with np.errstate(over='ignore'):
            if arrays[name].dtype.kind == 'f' and not np.isfinite(arrays[name].astype(np.float32)).all():
                raise BadInput('%s%s: %s holds what is no finite number in float32' % (option, path, name))
        if arrays[name].dtype.kind != 'f' or list(np.shape(arrays[name])) != shape:
            raise BadInput('%s%s: %s must be floats of shape %s, not %s of shape %s'
                           % (option, path, name, shape, arrays[name].dtype, list(np.shape(arrays[name]))))
    return arrays


def assign(sess, weights, arrays):
    """Gives the variables in `weights`, {name: variable}, the values in `arrays`, {name: array}."""
    # Through the initializers' own inputs: no operation is added to the chapter's graph.
    initializers = {name: variable.initializer for name, variable in weights.items()}
    sess.run(list(initializers.values()),
             {operation.inputs[1]: arrays[name] for name, operation in initializers.items()})


def initial_weights(path, variables, earlier):
    """The SHA-256 of the weights that a run begins with, and the arrays, None for both if TensorFlow draws them.

    path       of --init's weights, or None
    variables  {name: tf.Variable}
    earlier    the digest that a run was begun with that has epochs done, None elsewhere; it needs no arrays
    """
    if path:
        arrays = read_weights(path, variables, option='--init ')
        try:
            return digest_of_weights(path), arrays
        except OSError as error:
            raise BadInput('--init %s cannot be read (%s): name another' % (path, reason(error))) from None
    return earlier, None


def digest_of_weights(path):
    """SHA-256 of what `read_weights` reads; of a checkpoint its index, which holds a sum of each array."""
    return files.digest(path + '.index' if os.path.exists(path + '.index') else path)
