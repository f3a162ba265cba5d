"""What happens around the page's loop: before its first epoch, at each epoch's end, and when it is stopped."""

import contextlib
import gc
import time

from lab import checkpoints, files, model, noise, outputs, records, savefig, stopping, told
from lab.errors import BadInput, Stopped, say
from lab.iterations import Iterations
from lab.logbook import Logbook
from lab.mnist import Mnist
from lab.page import Page
from lab.recorders import Recorders
from lab.resuming import go_back, last_checkpoint
from lab.state import State


class Training:
    """The training of a run, from its choices to its end.

    choice     a `choice.Choice`; folder a `folder.Folder`; record that of the run to be resumed, or None
    sess       the `session.Session`; namespace the listing's; total how many epochs there are to be
    again      whether the run has trained before, since when nothing has been seeded anew

    Every check comes before anything is written, and at an epoch's end the checkpoint comes after all else.
    Attributes: `epochs`, those to be run, once it has begun; `runs`, whether it has; `strips`, the names of those that
    the epoch has drawn.
    """

    def __init__(self, choice, folder, record, sess, namespace, total, again=False):
        self._options, self._folder, self._sess, self._total = choice.options, folder, sess, total
        self._again = again
        self._log = Logbook(folder, choice, record, sess)
        self._page, self._state, self._mnist = Page(namespace, sess.graph), State(namespace), Mnist(namespace)
        self._iterations = Iterations(
            self._page.parts, each_step=lambda *seen: self._recorders.step(self._epoch, *seen),
            not_finite=lambda network, loss: self._give_out(('loss', network, loss), network))
        self._overruled = list(choice.overruled(total, sess.graph.seed, self._mnist.folder))
        self._saved = savefig.Folders(choice.text or '')
        self._model = self._recorders = self._epoch = self._began = None
        self.epochs, self.strips, self.runs = range(total), [], False

    def begin(self):
        """Checks all, goes back to the newest checkpoint if there is one, then makes the folders ready."""
        record, options, log = self._log.record, self._options, self._log
        self._mnist.check(options['data'])
        done = checkpoints.epochs(self._folder.of(records.CHECKPOINTS)) if record else []
        init, weights = model.initial_weights(options['init'], self._page.weights, record['init'] if done else None)
        data = self._state.data()
        if record:
            log.check(data, init, self._total, done)
        self._folder.check(record)
        outputs.check(self._folder, options)
        self._folder.lock()
        self._model = model.Model(self._sess, self._page.parts)
        notes = [*self._overruled, *self._page.notes()]
        if not self._mnist.test and {'D_real', 'D_gene'} <= self._page.parts.keys():
            notes.append(('no test',))
        with self._state.untouched():
            described, kept = self._page.describe_noise(notes)
            self._recorders = Recorders(self._folder, self._page, self._mnist, options, log, self._total)
        first = 0
        if record:
            first = go_back(self._folder, self._model, self._state, log, self._page.title, self._total)
        if options['resume'] and not first:
            told.say('fresh', self._folder.path)
        if weights and not first:
            model.assign(self._sess, self._page.weights, weights)
        if record:
            checkpoints.check_names(self._folder.of(records.CHECKPOINTS), first, self._total)
        self._model.check(self._page.title)
        self._recorders.check()  # after going back, which tells the losses that the trace must hold
        self._folder.begin(record, log.id)
        checkpoints.clean(self._folder.of(records.CHECKPOINTS), first - 1)
        if self._again and not first:  # a checkpoint would have brought the state of the draws
            notes.append(('again',))
        log.begin(data, init, self._total, notes, described)
        log.write_all()
        self.runs = True
        if kept is not None:
            noise.keep(self._folder.path, kept)
        self._recorders.begin()
        for note in [*notes, ('seed', options['seed'])]:
            told.say(*note)
        self._sess.watched_by(self._iterations)
        self.epochs = range(first, self._total)

    def begin_epoch(self, epoch):
        if self._options['stop_when_lost'] and self._log.record.get('lost') is not None:
            raise stopping.lost(epoch - 1, last_checkpoint(self._folder))
        self._epoch, self.strips = epoch, []
        self._iterations.begin_epoch()
        self._saved.begin_epoch(epoch)
        self._began = time.perf_counter()

    def end_epoch(self):
        seconds = time.perf_counter() - self._began
        if not self._model.is_finite():
            self._give_out(('weights',))
        rows, losses = self._iterations.rows, self._iterations.last()
        if self._iterations.idle() and self._epoch == self.epochs[0]:
            told.say('no step', self._epoch)
        self._recorders.add_trace(rows)
        self._keep_strips()
        self._log.add(*losses, seconds, len(rows))
        self._recorders.end_epoch(self._epoch, self._sess, losses, self._iterations.feeds, self.strips)
        checkpoints.save(self._folder.of(records.CHECKPOINTS), self._epoch, self._model.write,
                         dict(self._state.get(), **self._log.get_state()))

    def _keep_strips(self):
        """Notes the strips of the epoch in the record, be it one that the page's own plt.savefig has drawn."""
        self.strips = self.strips or self._saved.take(self._folder.of(records.SAMPLES))
        if self.strips:
            for name in self.strips:
                self._log.record['strips'][name] = files.digest(self._folder.of(records.SAMPLES, name))
            self._log.write(feeds=self._iterations.feeds)
            gc.collect()  # closed figures refer to themselves, and Python alone lets several of them gather

    def break_off(self):
        """Ends an epoch, and with it the run, because the page's loop has been left; nobody could catch an error."""
        try:
            if not self._iterations.idle():
                self.end_epoch()
            self.end('stopped')
        except (BadInput, Stopped) as error:
            say(error)

    def end(self, state):
        """Notes that the run has come to its end, if it has begun and come to no other before."""
        if self.runs and self._log.record['state'] == 'running':
            self._log.write(state=state, feeds=self._iterations.feeds)

    def _give_out(self, what, network=None):
        """Ends a run whose numbers have stopped being numbers."""
        self._recorders.interrupt()
        self._recorders.add_trace(self._iterations.rows)
        self._log.write(state='not finite')
        raise stopping.given_out(self._epoch, len(self._iterations.rows), self._mnist.total_batch, what,
                                 network and (self._page.lacks_a_sigmoid() or self._iterations.fell(network)),
                                 last_checkpoint(self._folder))

    def stop(self, number, frame):
        """Ends the run on Ctrl-C or SIGTERM, as a signal's handler."""
        if self._recorders:
            self._recorders.interrupt()
        if self._epoch is not None and not self._log.writing:
            with contextlib.suppress(BadInput):  # the message below is what matters
                self._log.write(state='stopped')
        raise stopping.stopped(number, self._epoch, last_checkpoint(self._folder))
