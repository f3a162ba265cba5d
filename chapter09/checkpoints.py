"""Checkpoints: all that a run needs to go on as if it had never stopped.

A checkpoint is a folder named after its epoch, 0000, 0001, …, that holds
    model.ckpt.index, model.ckpt.data-00000-of-00001   the variables, as tf.train.Saver writes them
    state.npz                                          the arrays given to `save`
    digests.json                                       SHA-256 of the three files above
It is written as a folder of another name and renamed when all is on the disk: what bears an epoch's
name is complete. The newest two are kept.
"""

import contextlib
import json
import os
import shutil

import numpy as np
import tensorflow.compat.v1 as tf

import files
from errors import BadInput

KEPT = 2


def save(folder, epoch, sess, saver, state):
    """Writes the checkpoint of an epoch and removes all but the newest two.

    folder  where the checkpoints stand; it is made if need be
    state   {name: array}, beside the variables that `saver` (tf.train.Saver) takes out of `sess`

    Raises BadInput if the system refuses to write; the earlier checkpoints stay.
    """
    path = os.path.join(folder, '%04d' % epoch)
    part = path + '.part'
    try:
        os.makedirs(part)
        # As saver.save does, but in this thread: those of TensorFlow, one after another, would each keep the
        # 8 MB that it took for writing.
        saving = saver.as_saver_def()
        sess.run(saving.save_tensor_name, {saving.filename_tensor_name: os.path.join(part, 'model.ckpt')},
                 options=tf.RunOptions(inter_op_thread_pool=-1))
        np.savez(os.path.join(part, 'state.npz'), **state)
        digests = {name: files.digest(os.path.join(part, name)) for name in sorted(os.listdir(part))}
        with open(os.path.join(part, 'digests.json'), 'w') as file:
            json.dump(digests, file)
        for name in os.listdir(part):
            files.sync(os.path.join(part, name))
        files.sync(part)
        os.rename(part, path)
        files.sync(folder)
    except (OSError, tf.errors.OpError) as error:
        shutil.rmtree(part, ignore_errors=True)
        raise BadInput('%s cannot be written (%s): make room, then --resume from the checkpoint before it'
                       % (path, getattr(error, 'strerror', None) or _first_line(error))) from None
    for old in epochs(folder)[KEPT:]:
        _discard(os.path.join(folder, '%04d' % old))


def load(folder, sess, saver, say):
    """Restores the newest whole checkpoint into `sess`; returns (epoch, state), or None if there is none.

    say  called with one line for each checkpoint passed over because it is damaged

    Raises BadInput if there are checkpoints, but none is whole.
    """
    clean(folder)
    found = epochs(folder)
    for epoch in found:
        path = os.path.join(folder, '%04d' % epoch)
        try:
            state = _read(path)
            saver.restore(sess, os.path.join(path, 'model.ckpt'))
        except (OSError, ValueError, KeyError, TypeError, tf.errors.OpError) as error:
            say('checkpoint %s is damaged (%s): passed over' % (path, _first_line(error)))
        else:
            for damaged in found[:found.index(epoch)]:
                _discard(os.path.join(folder, '%04d' % damaged))
            return epoch, state
    if found:
        raise BadInput('%s holds no whole checkpoint: start anew without --resume' % folder)
    return None


def clean(folder):
    """Removes what a killed process left half written or half removed."""
    if os.path.isdir(folder):
        for name in os.listdir(folder):
            if name.endswith('.part'):
                shutil.rmtree(os.path.join(folder, name), ignore_errors=True)


def epochs(folder):
    """The epochs that have a checkpoint, newest first."""
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return sorted((int(name) for name in names if name.isdigit()), reverse=True)


def _discard(path):
    with contextlib.suppress(OSError):  # it will be tried again after the next epoch
        os.rename(path, path + '.old.part')  # so that it never looks like a checkpoint with files missing
        shutil.rmtree(path + '.old.part')


def _read(path):
    """The state of a checkpoint, once every file of it has been found as it was written."""
    with open(os.path.join(path, 'digests.json')) as file:
        digests = json.load(file)
    for name in 'model.ckpt.data-00000-of-00001', 'model.ckpt.index', 'state.npz':
        if files.digest(os.path.join(path, name)) != digests[name]:
            raise ValueError('%s is not as it was written' % name)
    with np.load(os.path.join(path, 'state.npz')) as state:
        return dict(state)


def _first_line(error):
    return str(error).split('\n')[0]


def newest(folder):
    """The newest whole checkpoint as TensorFlow names it, without .index; None if there is none."""
    for epoch in epochs(folder):
        path = os.path.join(folder, '%04d' % epoch)
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            _read(path)
            return os.path.join(path, 'model.ckpt')
    return None


def epoch_of(path):
    """The epoch of a checkpoint as `newest` names it."""
    return int(os.path.basename(os.path.dirname(path)))


def read_weights(path, weights, others=()):
    """Reads weights from an .npz file or from a checkpoint, named without its .index.

    weights  {name: variable}. An .npz file must hold an array for each of these names; a checkpoint must
             hold the variables by their own names, beside whatever else.
    others   the names that an .npz file may hold besides

    Returns {name: array}. Raises BadInput if the file cannot be read or holds something else.
    """
    try:
        if os.path.exists(path + '.index'):
            reader = tf.train.load_checkpoint(path)
            arrays = {name: reader.get_tensor(variable.op.name) for name, variable in weights.items()
                      if reader.has_tensor(variable.op.name)}
        else:
            with np.load(path) as file:
                arrays = {name: np.asarray(file[name]) for name in file.files if name not in others}
    except Exception as error:  # nothing but foreign bytes is being parsed, and they may be anything
        raise BadInput('%s cannot be read as an .npz file or a checkpoint (%s): name another'
                       % (path, _first_line(error))) from None
    needed = ', '.join(weights)
    for name in sorted(weights.keys() | arrays.keys()):
        if name not in arrays:
            raise BadInput('%s lacks %s: it must hold %s' % (path, name, needed))
        if name not in weights:
            raise BadInput('%s holds %s, which this listing has not: it must hold %s'
                           % (path, name, needed))
        shape = weights[name].shape.as_list()
        if arrays[name].dtype.kind != 'f' or list(arrays[name].shape) != shape:
            raise BadInput('%s: %s must be floats of shape %s, not %s of shape %s'
                           % (path, name, shape, arrays[name].dtype, list(arrays[name].shape)))
    return arrays


def assign(sess, weights, arrays):
    """Gives the variables in `weights`, {name: variable}, the values in `arrays`, {name: array}."""
    # Through the initializers' own inputs: no operation is added to the chapter's graph.
    initializers = {name: variable.initializer for name, variable in weights.items()}
    sess.run(list(initializers.values()),
             {operation.inputs[1]: arrays[name] for name, operation in initializers.items()})


def digest_of_weights(path):
    """SHA-256 of what `read_weights` reads; of a checkpoint its index, which holds a sum of each array."""
    return files.digest(path + '.index' if os.path.exists(path + '.index') else path)
