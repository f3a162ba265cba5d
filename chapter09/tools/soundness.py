"""Whether a run's folder agrees with itself: its record, losses, film, checkpoints and strips tell of one training.

Nothing of it is executed, and no graph is loaded: of a checkpoint the digests and the losses are looked at alone. What
is found is for a teacher to look at. A run that was killed may be an epoch ahead in one file of what another has.
"""

import json
import os
import zipfile

import numpy as np

from lab import checkpoints, files, frames, listings, records
from lab.errors import BadInput

COLUMNS = {'lab/D loss': 1, 'lab/G loss': 2, 'lab/seconds': 3}  # of a checkpoint's state: their columns in losses.csv


class Looked:
    """What the parts of a run's folder say of it.

    Attributes: `losses`, rows of losses.csv or []; `epochs`, how many are done by it, or else by the strips; `seconds`,
    of each epoch as exactly as there is, [n], which no two trainings have in common; `doubts` and `notes` as of
    `works.Work`.
    """

    def __init__(self, work):
        self._folder, self._record = work.run, work.record
        self.losses, self.seconds, self.doubts, self.notes = [], [], [], []
        try:
            self.losses = records.losses(self._folder)
        except BadInput:
            self.notes.append(('no losses',))
        self.seconds = [row[3] for row in self.losses]
        self.epochs = len(self.losses) or max(work.strips, default=-1) + 1
        self._look_at_epochs()
        self._look_at_film()
        self._look_at_checkpoints(work.text)
        self._look_at_strips()
        if work.text is None:
            self.notes.append(('no listing',))
        elif self._record['listing'] != listings.NOTEBOOK:
            self._look_at_numbers(work.text)

    def _is_off(self, epochs, ahead=1):
        """Whether so many epochs are others than losses.csv has; an unfinished run may be one ahead, or behind."""
        if self._record['state'] == 'finished':
            return bool(self.losses) and epochs != len(self.losses)
        return bool(self.losses) and not -1 <= epochs - len(self.losses) <= ahead

    def _look_at_epochs(self):
        total = self._record['epochs']
        if [row[0] for row in self.losses] != list(range(len(self.losses))):
            self.doubts.append(('rows',))
        if len(self.losses) > total or self._record['state'] == 'finished' and self._is_off(total):
            self.doubts.append(('total', total, len(self.losses)))

    def _look_at_film(self):
        try:
            film = frames.read(self._folder)
        except BadInput:
            self.notes.append(('no film',))
            return
        if not np.array_equal(film['epoch'], np.arange(len(film))) or self._is_off(len(film)):
            self.doubts.append(('film', len(film), len(self.losses)))

    def _look_at_checkpoints(self, text):
        kept = os.path.join(self._folder, records.CHECKPOINTS)
        done = checkpoints.epochs(kept)
        if not done:
            self.notes.append(('no checkpoint',))
            return
        if self._is_off(done[0] + 1, ahead=0):
            self.doubts.append(('checkpoint', done[0] + 1, len(self.losses)))
        try:
            checkpoints.check(kept, done[0])
        except FileNotFoundError:
            self.notes.append(('part of a checkpoint', done[0]))
        except (OSError, ValueError):
            self.doubts.append(('digests', done[0]))
        state = os.path.join(kept, '%04d' % done[0], checkpoints.STATE)
        self._look_at_state(state, done[0] + 1)
        self._look_at_beginning(state)
        changed = {entry['after_epoch'] for entry in self._record['resumed'] if entry.get('changed')}
        if text is not None and done[0] not in changed:  # or what was changed has no checkpoint yet
            self._look_at_listing(state, text)

    def _look_at_state(self, path, epochs):
        try:
            state = _columns(path)
        except Exception:  # nothing but foreign bytes is being parsed, and they may be anything
            return
        rows = self.losses[:epochs]
        for name, column in COLUMNS.items():
            if name in state and self.losses and (
                    len(state[name]) != epochs
                    or ['%.3f' % x if column == 3 else '%.9g' % x for x in state[name][:len(rows)]]
                    != ['%.3f' % row[3] if column == 3 else '%.9g' % row[column] for row in rows]):
                self.doubts.append(('losses', epochs - 1))
                break
        if 'lab/seconds' in state:
            self.seconds = state['lab/seconds'].tolist()

    def _look_at_beginning(self, path):
        """Holds how the run began by its record against what the checkpoint says of it, which older ones do not."""
        try:
            kept = json.loads(_text(path, 'lab/begun'))
            differing = [(name, told, str(kept.get(name, ''))) for name, told in records.begun(self._record).items()
                         if kept.get(name) != told]
        except Exception:  # as above
            return
        self.doubts += [('begun', *each) for each in differing]

    def _look_at_listing(self, path, text):
        """Holds the listing against the digest in the checkpoint of the one that was run; older ones have none."""
        try:
            was_run = _text(path, 'lab/listing')
        except Exception:  # as above
            return
        if was_run != listings.digest(text):
            self.doubts.append(('not what ran',))

    def _look_at_strips(self):
        known, folder = self._record['strips'], os.path.join(self._folder, records.SAMPLES)
        there = {os.path.basename(path): epoch for epoch, path in records.strips(folder).items()}
        # The strip of an epoch in which a run was killed is not in its record yet.
        strange = sorted(name for name, epoch in there.items() if files.digest(os.path.join(folder, name))
                         != known.get(name) and not (name not in known and self._may_be_last(epoch)))
        if strange:
            self.doubts.append(('not its own', ', '.join(strange)))
        end = len(self.losses) + (self._record['state'] != 'finished')
        later = sorted(name for name in known if self.losses and int(name[:-4]) >= end)
        if later:
            self.doubts.append(('later', ', '.join(later[:3]), len(self.losses)))
        lacking = sorted(known.keys() - there.keys())
        if lacking:
            self.notes.append(('lacking', len(lacking), ', '.join(lacking[:3])))

    def _may_be_last(self, epoch):
        return self._record['state'] != 'finished' and epoch == len(self.losses)

    def _look_at_numbers(self, text):
        try:
            written = listings.Numbers(text).written
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        for name, number in written.items():
            if name != 'seed' and name not in self._record['given'] and self._record['numbers'].get(name) != number:
                self.doubts.append(('number', name, str(self._record['numbers'].get(name)), str(number)))


def _columns(path):
    """The losses and seconds in a checkpoint's state, {name: float64 [epochs]}; the rest is not unpacked."""
    with files.regular(path) as opened, zipfile.ZipFile(opened) as packed:
        found = {}
        for name in COLUMNS:
            found[name] = _array(packed, name)
            if found[name].ndim != 1 or found[name].dtype.kind != 'f':
                raise ValueError('%s is no row of numbers' % name)
        return found


def _text(path, name):
    """A text in a checkpoint's state; the rest is not unpacked."""
    with files.regular(path) as opened, zipfile.ZipFile(opened) as packed:
        return str(_array(packed, name))


def _array(packed, name):
    """An array of an .npz file, if it is not too large to be one of these."""
    member = packed.getinfo(name + '.npy')
    if member.file_size > 2 ** 22:
        raise ValueError('%s has %d bytes' % (name, member.file_size))
    with packed.open(member) as file:
        return np.lib.format.read_array(file, allow_pickle=False)
