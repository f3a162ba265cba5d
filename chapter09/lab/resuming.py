"""Going back to where a run stood."""

import contextlib
import os

from lab import checkpoints, records, told
from lab.errors import BadInput, reason


def go_back(folder, model, state, log, title, total):
    """Takes a run up where its newest whole checkpoint left it; returns the first epoch to be run. Writes nothing.

    folder  a `folder.Folder`; model, state and log what is restored
    title   called with a variable, for what a reader knows it by
    total   how many epochs there are to be

    Raises BadInput if there are checkpoints, but none is whole, or one may not be read, or they are of another network.
    """
    kept = folder.of(records.CHECKPOINTS)
    done = checkpoints.epochs(kept)
    for epoch in done:
        path = checkpoints.path_of(kept, epoch)
        try:
            checkpoints.check(kept, epoch)
            found = checkpoints.read_state(kept, epoch)
            differences = list(model.differences(path, title))
            if not differences:
                model.restore(path)
                log.set_state(found, epoch)
                state.set(found)
        except PermissionError as error:  # it may be whole, and would be written over
            raise records.closed(os.path.dirname(path), error) from None
        except (OSError, ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            told.say('passed over', os.path.dirname(path), reason(error))
            continue
        if differences:
            raise BadInput('%s is of another network: %s%s. Go on with the listing that began it (%s), or begin a new '
                           'run without --resume' % (folder.path, '; '.join(differences[:3]),
                                                     '; …' * (len(differences) > 3), folder.of(records.LISTING)))
        told.say(*('done', total) if epoch + 1 == total else ('going on', epoch))
        for note in log.go_on(epoch):
            told.say(*note)
        return epoch + 1
    # The losses of its first epoch are written before that has a checkpoint, those of the second are not.
    if done or _epochs_told(folder.path) > 1:
        raise BadInput('%s holds no whole checkpoint: start anew without --resume' % kept)
    return 0


def _epochs_told(path):
    with contextlib.suppress(BadInput):
        return len(records.losses(path))
    return 0


def last_checkpoint(folder):
    """What there is to go on from, as of `told.text`."""
    done = checkpoints.epochs(folder.of(records.CHECKPOINTS))
    return ('checkpoint', done[0], folder.path) if done else ('no checkpoint',)
