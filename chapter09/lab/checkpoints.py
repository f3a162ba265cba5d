"""Checkpoints: all that a run needs to go on as if it had never stopped.

A checkpoint is a folder named after its epoch, 0000, 0001, …, that holds
    model.ckpt.index, model.ckpt.data-00000-of-00001   the variables, as tf.train.Saver writes them
    model.ckpt.meta                                    the graph (MetaGraph), as tf.train.Saver writes it
    state.npz                                          the arrays given to `save`
    digests.json                                       SHA-256 of the files above
It is written as a folder of another name and renamed when all is on the disk: what bears an epoch's
name is complete. The newest two are kept.

What draws from a checkpoint needs no state.npz; what trains on does. This module needs no TensorFlow.
"""

import contextlib
import json
import os
import re
import zipfile

import numpy as np

from lab import files, records, told
from lab.errors import BadInput, reason

KEPT = 2
MODEL = 'model.ckpt'
FILES = [MODEL + '.data-00000-of-00001', MODEL + '.index', MODEL + '.meta']
STATE, DIGESTS = 'state.npz', 'digests.json'
WHOLE = {*FILES, STATE, DIGESTS}
LARGEST = 2 ** 30  # bytes that a state may unpack to


def save(folder, epoch, write_model, state):
    """Writes the checkpoint of an epoch and removes all but the newest two.

    folder       where the checkpoints stand; it is made if need be
    write_model  called with the path of model.ckpt, to write FILES there
    state        {name: array}

    Raises BadInput if the system refuses to write; the earlier checkpoints stay.
    """
    path = os.path.join(folder, '%04d' % epoch)
    part = path + '.part'
    try:
        os.makedirs(part)
        write_model(os.path.join(part, MODEL))
        np.savez(os.path.join(part, STATE), **state)
        digests = {name: files.digest(os.path.join(part, name)) for name in sorted(os.listdir(part))}
        with open(os.path.join(part, DIGESTS), 'w') as file:
            json.dump(digests, file)
        for name in os.listdir(part):
            files.sync(os.path.join(part, name))
        files.sync(part)
        os.rename(part, path)
        files.sync(folder)
    except OSError as error:
        if os.path.isdir(part):
            _remove(part)
        raise BadInput('%s cannot be written (%s): make room, then %s' % (
            path, reason(error), '--resume from the checkpoint before it' if epochs(folder) else
            'begin anew, for there is no checkpoint yet')) from None
    _discard_old(folder)


def epochs(folder):
    """The epochs that have a checkpoint, newest first, whatever it may be worth.

    Raises BadInput if one cannot be looked into.
    """
    return sorted((int(name) for name in records.names(folder)
                   if re.fullmatch('[0-9]{4,9}', name) and _holds_ours(os.path.join(folder, name))), reverse=True)


def _holds_ours(path):
    """Whether a folder holds a file of a checkpoint's: one of somebody's own is no checkpoint by its name alone."""
    return not os.path.islink(path) and not WHOLE.isdisjoint(records.names(path))


def _is_half_written(path):
    """Whether there is nothing in a folder but what `save` writes there, such as model.ckpt.index.tempstate123."""
    return all(map(_is_ours, records.names(path)))


def _is_ours(name):
    return name.startswith(MODEL) or name in (STATE, DIGESTS)


def check_names(folder, first, total):
    """Raises BadInput if what is no checkpoint has the name of one that the epochs from `first` to `total` write."""
    for name in sorted(set(records.names(folder)) - {'%04d' % epoch for epoch in epochs(folder)}):
        epoch = re.fullmatch(r'([0-9]{4,9})(\.part)?', name)
        if epoch and epoch[1] == '%04d' % int(epoch[1]) and first <= int(epoch[1]) < total and not (
                epoch[2] and _is_half_written(os.path.join(folder, name))):
            raise BadInput('%s is no checkpoint of the run: move it away' % os.path.join(folder, name))


def path_of(folder, epoch):
    """The checkpoint of an epoch as TensorFlow names it, without .index."""
    return os.path.join(folder, '%04d' % epoch, MODEL)


def clean(folder, epoch):
    """Removes what is newer than the checkpoint of an epoch, and what a killed process left half done."""
    for later in epochs(folder):
        if later > epoch:
            _discard(os.path.join(folder, '%04d' % later))
    _discard_old(folder)  # it may have been killed between writing a checkpoint and this
    for name in records.names(folder):
        if re.fullmatch(r'[0-9]{4,9}(\.old)?\.part', name) and _is_half_written(os.path.join(folder, name)):
            _remove(os.path.join(folder, name))


def _discard_old(folder):
    for old in epochs(folder)[KEPT:]:
        _discard(os.path.join(folder, '%04d' % old))


def _discard(path):
    with contextlib.suppress(OSError):  # it will be tried again after the next epoch
        os.rename(path, path + '.old.part')  # so that it never looks like a checkpoint with files missing
        _remove(path + '.old.part')


def _remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        with contextlib.suppress(OSError):  # a file of somebody's own stays, and the folder with it
            for name in filter(_is_ours, os.listdir(path)):
                os.remove(os.path.join(path, name))
            os.rmdir(path)
    else:
        os.remove(path)


def check(folder, epoch):
    """Raises OSError or ValueError, with the reason, unless the files that draw are as written, and no others there."""
    path = os.path.join(folder, '%04d' % epoch)
    digests = _digests(path)
    more = [name for name in records.names(path) if name.startswith(MODEL) and name not in FILES]
    if more:  # which TensorFlow would read, if the index says so
        raise ValueError('%s is none of its files' % more[0])
    for name in FILES:
        if files.digest(os.path.join(path, name)) != digests.get(name):
            raise ValueError('%s is not as it was written' % name)


def newest(run, take, taken):
    """What `take` gives for the epoch of a run's newest checkpoint that draws as it was written, and that it can take.

    run    the run's folder
    take   raises OSError, ValueError or KeyError where it cannot, and BadInput where no other would do
    taken  what it does, as in 'drawn from', for the message

    Newer ones that are passed over are told of. Raises BadInput, which says what to do, if there is none.
    """
    folder, kept, why = os.path.join(run, records.CHECKPOINTS), None, {}
    while kept != epochs(folder):  # a run that goes on removes what has just been newest
        kept = epochs(folder)
        for epoch in kept:
            try:
                check(folder, epoch)
                found = take(epoch)
            except BadInput:
                raise
            except (OSError, ValueError, KeyError) as error:
                why[epoch] = reason(error)
                continue
            for passed_over in sorted(set(why) & set(epochs(folder)), reverse=True):
                told.say('passed over', os.path.join(folder, '%04d' % passed_over), why[passed_over])
            return found
    if not kept:
        raise BadInput('%s has no checkpoint, which there is from its first epoch on: train it, or put checkpoints/ '
                       'back' % run)
    raise BadInput('%s has no checkpoint that can be %s (%s): go on with the run, or begin a new one'
                   % (run, taken, why[kept[-1]]))


def read_state(folder, epoch):
    """The state of a checkpoint, {name: array}.

    Raises OSError or ValueError, with the reason, unless it is as it was written.
    """
    path = os.path.join(folder, '%04d' % epoch)
    if files.digest(os.path.join(path, STATE)) != _digests(path).get(STATE):
        raise ValueError('%s is not as it was written' % STATE)
    return read_arrays(os.path.join(path, STATE))


def read_arrays(path):
    """The arrays of an .npz file, {name: array}. Raises OSError or ValueError, with the reason."""
    try:
        with files.regular(path) as opened, zipfile.ZipFile(opened) as packed:
            if sum(member.file_size for member in packed.infolist()) > LARGEST:
                raise ValueError('it holds more than %d bytes' % LARGEST)
            opened.seek(0)
            with np.load(opened, allow_pickle=False) as file:
                arrays = dict(file)
        strange = sorted(name for name, array in arrays.items() if not isinstance(array, np.ndarray))
        if strange:  # numpy gives the bytes of what is no array
            raise ValueError('its %s is no array' % strange[0])
        return arrays
    except (OSError, ValueError):
        raise
    except Exception as error:  # nothing but foreign bytes is being parsed, and they may be anything
        raise ValueError(reason(error)) from None


def _digests(path):
    with contextlib.suppress(RecursionError):
        digests = json.loads(files.read(os.path.join(path, DIGESTS), 2 ** 16).decode())
        if isinstance(digests, dict):
            return digests
    raise ValueError('digests.json is not as it was written')
