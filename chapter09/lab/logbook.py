"""What a run writes down of itself: run.json, listing.py and losses.csv."""

import contextlib
import datetime
import difflib
import json
import platform
import re
import uuid

import matplotlib
import numpy as np
import tensorflow.compat.v1 as tf

from lab import files, listings, machine, onednn, records, told
from lab.errors import BadInput

LINES = 5000  # of a listing, up to which it is told how it has changed


class Logbook:
    """The record of a run.

    folder  a `folder.Folder`
    choice  a `choice.Choice`
    record  of the run that is resumed, or None
    sess    the `session.Session`

    Attributes: `record`; `id`, the run's; `losses`, rows of (D loss, G loss, seconds, iterations) of the epochs
    done; `writing`, whether run.json is being written just now, when a signal must not write it too.
    """

    def __init__(self, folder, choice, record, sess):
        self._folder, self._choice, self._sess = folder, choice, sess
        self.record, self.losses, self.writing, self._listing = record, [], False, ''
        self.id = record['id'] if record else uuid.uuid4().hex

    def check(self, data, init, total, done):
        """Raises BadInput unless this is the run that the record tells of.

        data, init  SHA-256 of the data sets and of the initial weights, or None
        total       epochs that are wanted
        done        epochs that have a checkpoint, newest first
        """
        record = self.record
        for name, value, was in (('listing', self._choice.listing.name, 'the %s listing' % record['listing']),
                                 ('data', data, 'other data (--data)'), ('init', init, 'another --init')):
            if record[name] != value:
                raise BadInput('%s was begun with %s: go on with that, or begin a new run without --resume'
                               % (self._folder.path, was))
        if done and total <= done[0]:
            raise BadInput('%s has done %d epochs already, more than --epochs %d'
                           % (self._folder.path, done[0] + 1, total))

    def begin(self, data, init, total, notes, described):
        """Begins the record of a new run, or brings that of a resumed one up to date; writes nothing.

        notes      what the reader is told of the listing, as of `told.text`
        described  what is known of the noise (`noise.describe`), or None
        """
        choice = self._choice
        self.record = self.record or {
            'format': records.FORMAT, 'id': self.id, 'started': _now(), 'resumed': [],
            'seed': choice.options['seed'], 'data': data, 'init': init, 'versions': _versions(), 'strips': {},
            'feeds': {}, 'lost': None, 'machine': {'processor': machine.processor(), 'system': platform.platform()}}
        self.record['machine']['threads'] = self._sess.threads
        for name, value in self._arithmetic():
            self.record['machine'].setdefault(name, value)
        self.record.update(
            state='running', listing=choice.listing.name, title=choice.title, epochs=total,
            numbers=choice.numbers, given=sorted(choice.given), notes=[told.text(*note) for note in notes],
            noise=described)

    def go_on(self, epoch):
        """Notes that the run goes on after an epoch; gives, as of `told.text`, what is otherwise than before."""
        entry = dict(_versions(), after_epoch=epoch, time=_now())
        begun, here = self.record['versions'], _versions()
        if begun != here:
            yield ('begun with', *map(_in_words, (begun, here)))
        for name, value in self._arithmetic():
            if self.record['machine'].get(name, value) != value:
                yield 'begun with', '%s %s' % (name, self.record['machine'][name]), value
        text, before = self._choice.text, None
        with contextlib.suppress(OSError, ValueError):
            before = files.read(self._folder.of(records.LISTING), records.LARGEST).decode('utf-8')
        if None not in (before, text):
            before, text = map(self._choice.comparable, (before, text))
            if before != text:
                entry['changed'] = _differences(before, text)
                lines = _line_numbers(entry['changed'])
                yield 'changed', ('line' if lines.isdigit() else 'lines', lines)
        self.record['resumed'].append(entry)

    def _arithmetic(self):
        """What the last digits hang on, beside the versions, by its name in the record."""
        return ('device', self._sess.device), ('oneDNN', onednn.state())

    def write(self, **changes):
        """Writes run.json, with changes."""
        self.record.update(changes)
        self.writing = True
        try:
            records.write(self._folder.path, self.record)
        finally:
            self.writing = False

    def write_all(self):
        """Writes the three files as they are before the first epoch to be run."""
        self.write()
        text = self._choice.text or ''
        self._listing = listings.digest(text)
        if text:
            files.write(self._folder.of(records.LISTING), text)
        files.write(self._folder.of(records.LOSSES), records.HEADER + ''.join(
            map(_row, range(len(self.losses)), self.losses)))

    def add(self, loss_D, loss_G, seconds, iterations):
        """Adds an epoch to losses.csv."""
        self.losses.append((loss_D, loss_G, seconds, iterations))
        path = self._folder.of(records.LOSSES)
        with files.refusals(path), open(path, 'a') as file:
            file.write(_row(len(self.losses) - 1, self.losses[-1]))

    def get_state(self):
        """The losses, how the run began and what is run, for a checkpoint, {name: array or text}."""
        columns = zip(('lab/D loss', 'lab/G loss', 'lab/seconds', 'lab/iterations'),
                      np.array(self.losses, float).reshape(-1, 4).T)
        return dict(columns, **{'lab/begun': json.dumps(records.begun(self.record)), 'lab/listing': self._listing})

    def set_state(self, state, epoch):
        """Takes the losses up to an epoch from a checkpoint. Raises KeyError or ValueError if it has none."""
        columns = [state[name] for name in ('lab/D loss', 'lab/G loss', 'lab/seconds', 'lab/iterations')]
        if {(column.shape, column.dtype.kind) for column in columns} != {((epoch + 1,), 'f')}:
            raise ValueError('it has losses of other epochs')
        self.losses = [(D, G, seconds, int(iterations)) for D, G, seconds, iterations in zip(*columns)]


def _row(epoch, losses):
    return '%d,%.9g,%.9g,%.3f\n' % (epoch, *losses[:3])


def _differences(before, now):
    """How a text differs from what it was, as the lines of a unified diff without context."""
    if max(before.count('\n'), now.count('\n')) > LINES:  # difflib would take minutes
        return ['@@ -1,%d +1,%d @@' % (before.count('\n') + 1, now.count('\n') + 1)]
    return list(difflib.unified_diff(before.split('\n'), now.split('\n'), n=0, lineterm=''))[2:]


def _line_numbers(differences):
    """The numbers of the lines, in the new text, that a diff is of, such as '41, 57-58'."""
    found = []
    for first, count in re.findall(r'^@@ -\S+ \+(\d+)(?:,(\d+))? @@', '\n'.join(differences), re.M):
        first = max(int(first), 1)  # where a text's first lines are gone, difflib counts from 0
        last = first + max(int(count or 1), 1) - 1
        found.append(str(first) if last == first else '%d-%d' % (first, last))
    return ', '.join(found)


def _in_words(versions):
    return ', '.join('%s %s' % item for item in sorted(versions.items()))


def _versions():
    return {'Python': platform.python_version(), 'TensorFlow': tf.__version__, 'numpy': np.__version__,
            'matplotlib': matplotlib.__version__}


def _now():
    return datetime.datetime.now().astimezone().isoformat(timespec='seconds')
