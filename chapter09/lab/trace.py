"""The trace: a file of both losses of every iteration, in full."""

import contextlib
import itertools
import os

from lab import files
from lab.errors import BadInput

HEADER = 'iteration,D loss,G loss\n'


class Trace:
    """The file of --trace.

    iterations  [n] of each epoch already done, and losses [n, 2] at their ends, which it must hold
    """

    def __init__(self, path):
        self._path, self._next = path, 0

    def check(self, losses, iterations):
        """Raises BadInput if the file is something else, or not the trace of the epochs already done."""
        if not losses and not (os.path.exists(self._path) and os.path.getsize(self._path)):
            return
        rows = self._rows() if losses else self._head()
        if rows[:1] != [HEADER]:
            raise BadInput('--trace %s is no trace%s: name another' % (
                self._path, ' of the epochs already done' if losses else ', and is there already'))
        for (loss_D, loss_G), end in zip(losses, itertools.accumulate(iterations)):
            row = rows[end].rstrip().split(',')[1:] if end < len(rows) else []
            if end and not _same(row, (loss_D, loss_G)):
                raise BadInput('--trace %s is the trace of another run: name another' % self._path)

    def begin(self, iterations, tag):
        """Cuts the file back to the epochs already done; `tag` as of `files.whole`, the run's own."""
        self._next = sum(iterations)
        kept = self._rows()[1:1 + self._next] if self._next else []
        files.write(self._path, HEADER + ''.join(kept), tag)

    def append(self, rows):
        """Adds the rows of an epoch, [D loss, G loss] of each iteration."""
        with files.refusals(self._path), open(self._path, 'a') as file:
            file.writelines('%d,%.9g,%.9g\n' % (self._next + n, *row) for n, row in enumerate(rows))
        self._next += len(rows)

    def _head(self):
        with contextlib.suppress(OSError, ValueError), files.regular(self._path) as file:
            return [file.read(len(HEADER)).decode('ascii')]
        return []

    def _rows(self):
        with contextlib.suppress(OSError, ValueError):
            return files.read(self._path, 2 ** 32).decode('utf-8').splitlines(keepends=True)
        return []


def _same(row, losses):
    """Whether a row has the losses of an epoch's end, of which an iteration broken off may lack one."""
    return len(row) == 2 and all(text in ('%.9g' % loss, 'nan') for text, loss in zip(row, losses))
