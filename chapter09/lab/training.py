"""What happens around the page's loop: before its first epoch, at each epoch's end, and when it is stopped."""

import contextlib
import gc
import time

from lab import checkpoints, files, machine, model, noise, outputs, records, savefig, stopping
from lab.errors import BadInput, Stopped, say
from lab.iterations import Iterations
from lab.logbook import Logbook
from lab.mnist import Mnist
from lab.page import Page
from lab.recorders import Recorders
from lab.resuming import go_back, last_checkpoint
from lab.state import State

OUT_OF_RANGE = ('A value has left the range of float32: a sigmoid that rounds to 0 or 1 has an infinite logarithm, and '
                'its gradient makes weights that are no numbers')


class Training:
    """The training of a run, from its choices to its end.

    choice     a `choice.Choice`; folder a `folder.Folder`; record that of the run to be resumed, or None
    sess       the `session.Session`; namespace the listing's; total how many epochs there are to be

    Every check comes before anything is written, and at an epoch's end the checkpoint comes after all else.
    Attributes: `epochs`, those to be run, once it has begun; `strip`, the name of the epoch's strip, or None.
    """

    def __init__(self, choice, folder, record, sess, namespace, total):
        self._options, self._folder, self._sess, self._total = choice.options, folder, sess, total
        self._log = Logbook(folder, choice, record)
        self._page, self._state = Page(namespace, sess.graph), State(namespace)
        self._mnist = Mnist(namespace)
        self._iterations = Iterations(
            self._page.parts, each_step=lambda *seen: self._recorders.step(self._epoch, *seen),
            not_finite=lambda network, loss: self._give_out('the %s loss is %s' % (network, loss), network))
        self._saved = savefig.Folders(choice.text or '')
        self._model = self._recorders = self._epoch = self._began = self.strip = None
        self.epochs = range(total)

    def begin(self):
        """Checks all, goes back to the newest checkpoint if there is one, then makes the folders ready."""
        record, options, log = self._log.record, self._options, self._log
        self._mnist.check(options['data'])
        done = checkpoints.epochs(self._folder.of(records.CHECKPOINTS)) if record else []
        init, weights = self._initial_weights(done)
        data = self._state.data()
        if record:
            log.check(data, init, self._total, done)
        self._folder.check(record)
        outputs.check(self._folder, options)
        self._folder.lock()
        self._model = model.Model(self._sess, self._page.parts)
        notes = list(self._page.notes())
        with self._state.untouched():
            described, kept = self._page.describe_noise(notes)
            self._recorders = Recorders(self._folder, self._page, self._mnist, options, log, self._total)
        first = go_back(self._folder, self._model, self._state, log, self._page.title) if record else 0
        if options['resume'] and not first:
            say('nothing to resume in %s: starting from the beginning' % self._folder.path)
        if weights and not first:
            model.assign(self._sess, self._page.weights, weights)
        self._recorders.check()  # after going back, which tells the losses that the trace must hold
        self._folder.begin(record, log.id)
        log.begin(data, init, self._total, notes, described, machine.threads())
        log.write_all()
        if kept is not None:
            noise.keep(self._folder.path, kept)
        self._recorders.begin()
        for note in notes:
            say(note)
        say('seed: %d' % options['seed'])
        self._sess.watched_by(self._iterations)
        self.epochs = range(first, self._total)

    def _initial_weights(self, done):
        """The SHA-256 of --init's weights, and the arrays, which are None if they have done their work."""
        path, record = self._options['init'], self._log.record
        if path:
            return model.digest_of_weights(path), model.read_weights(path, self._page.weights, option='--init ')
        return record['init'] if record and done else None, None

    def begin_epoch(self, epoch):
        self._epoch, self.strip = epoch, None
        self._iterations.begin_epoch()
        self._saved.begin_epoch(epoch)
        self._began = time.perf_counter()

    def end_epoch(self):
        seconds = time.perf_counter() - self._began
        if not self._model.is_finite():
            self._give_out('the weights are no finite numbers after it')
        rows, losses = self._iterations.rows, self._iterations.last()
        self._recorders.add_trace(rows)
        self._keep_strip()
        self._log.add(*losses, seconds, len(rows))
        self._recorders.end_epoch(self._epoch, self._sess, losses, self._iterations.feeds, self.strip)
        checkpoints.save(self._folder.of(records.CHECKPOINTS), self._epoch, self._model.write,
                         dict(self._state.get(), **self._log.get_state()))

    def _keep_strip(self):
        """Notes the strip of the epoch in the record, be it one that the page's own plt.savefig has drawn."""
        self.strip = self.strip or self._saved.take(self._folder.of(records.SAMPLES))
        if self.strip:
            digest = files.digest(self._folder.of(records.SAMPLES, self.strip))
            self._log.record['strips'][self.strip] = digest
            self._log.write(feeds=self._iterations.feeds)
            gc.collect()  # closed figures refer to themselves, and Python alone lets several of them gather

    def break_off(self):
        """Ends an epoch, and with it the run, because the page's loop has been left; nobody could catch an error."""
        try:
            self.end_epoch()
            self.end('stopped')
        except (BadInput, Stopped) as error:
            say(error)

    def end(self, state):
        self._log.write(state=state, feeds=self._iterations.feeds)

    def _give_out(self, what, network=None):
        """Ends a run whose numbers have stopped being numbers."""
        self._recorders.interrupt()
        rows = self._iterations.rows
        self._recorders.add_trace(rows)
        self._log.write(state='not finite')
        raise Stopped('epoch %d, iteration %d%s: %s. %s; %s' % (
            self._epoch, len(rows), ' of %d' % self._mnist.total_batch if self._mnist.total_batch else '', what,
            network and self._iterations.fell(network) or OUT_OF_RANGE, last_checkpoint(self._folder)), status=3)

    def stop(self, number, frame):
        """Ends the run on Ctrl-C or SIGTERM, as a signal's handler."""
        if self._recorders:
            self._recorders.interrupt()
        if self._epoch is not None and not self._log.writing:
            with contextlib.suppress(BadInput):  # the message below is what matters
                self._log.write(state='stopped')
        raise stopping.stopped(number, self._epoch, last_checkpoint(self._folder))
