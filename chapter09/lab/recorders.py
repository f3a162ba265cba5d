"""What is written of each epoch beside the losses and the checkpoint: the trace, the film, TensorBoard's events.

And whether, by the film, the run is lost.
"""

import math
import os

from lab import lost, records, told
from lab.board import Board
from lab.film import Film
from lab.progress import Progress
from lab.trace import Trace


class Recorders:
    """A run's recorders. Each is checked before anything is written.

    folder   a `folder.Folder`; page a `page.Page`; mnist a `mnist.Mnist`; options a run's own
    log      its `logbook.Logbook`
    total    how many epochs there are to be
    """

    def __init__(self, folder, page, mnist, options, log, total):
        self._folder, self._page, self._log, self._logdir = folder, page, log, options['logdir']
        self._film = Film(folder.path, page, mnist.test, options['seed'])
        self._trace = Trace(options['trace']) if options['trace'] else None
        self._progress = Progress(total, mnist.total_batch, options['progress'])
        self._board = None
        self._can_be_lost = page.takes_logarithms()

    def check(self):
        """Raises BadInput if the trace is another run's, or TensorBoard's folder cannot be written to."""
        if self._trace:
            self._trace.check([row[:2] for row in self._log.losses], [row[3] for row in self._log.losses])
        if self._logdir:  # TensorBoard takes a folder for a run
            name = '%s-%s' % (os.path.basename(self._folder.path), self._log.id[:8])
            self._board = Board(os.path.join(self._logdir, name), self._page, len(self._log.losses))

    def begin(self):
        """Cuts back what there is to the epochs that are done."""
        self._film.begin(len(self._log.losses))
        since = self._lost_since()
        if self._log.record.get('lost') != since:
            self._log.write(lost=since)
        if self._trace:
            self._trace.begin([row[3] for row in self._log.losses], self._log.id[:8])

    def step(self, epoch, iteration, loss_D, loss_G):
        if not math.isnan(loss_D + loss_G):
            self._progress.show(epoch, iteration, loss_D, loss_G)

    def end_epoch(self, epoch, sess, losses, feeds, strips):
        """Writes an epoch down.

        losses  its last D loss and G loss; feeds, as of `iterations.Iterations`; strips, the names of its own
        """
        self._film.append(sess, epoch, feeds)
        if self._board:
            self._board.add(epoch, *losses, strips and self._folder.of(records.SAMPLES, strips[-1]))
        if self._log.record.get('lost') is None and self._lost_since() is not None:
            self._log.write(lost=epoch)
            told.say(*lost.told(epoch, self._film.D_gene[-1], self._page.get('Y') is not None))

    def _lost_since(self):
        return lost.since(self._film.D_gene) if self._can_be_lost else None

    def add_trace(self, rows):
        if self._trace:
            self._trace.append(rows)

    def interrupt(self):
        """Makes room on the screen for a message."""
        self._progress.clear()
