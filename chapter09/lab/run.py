"""A run of a listing: what the page calls, and nothing else."""

import atexit
import contextlib
import dis
import inspect
import linecache
import os
import random
import re
import sys
import weakref

import matplotlib.pyplot as plt
import numpy as np
import tensorflow.compat.v1 as tf

from lab import errors, machine, onednn, records, stopping, strips, told
from lab.choice import Choice
from lab.errors import BadInput
from lab.folder import Folder
from lab.session import Session, opening
from lab.training import Training

tf.disable_v2_behavior()
_active = []  # the run of this process that has not come to its end, if there is one
_newest = []  # the last run that was begun, or tried
_said = []  # what is said once in a process


@atexit.register
def _close():
    """Closes a run that an error has ended; in a process that it was forked into, it goes on."""
    for run in list(_active):
        if run.process == os.getpid():
            run.close()


def _nothing():
    return None


def _loop_of(frame):
    """The frame of the loop that a generator runs through, whatever generators stand between, such as tqdm's."""
    while frame.f_back and frame.f_code.co_flags & inspect.CO_GENERATOR:
        frame = frame.f_back
    return frame


def _has_left(loop):
    """Whether a loop, by its code, has just been left by a break or a return: it drops what it ran through itself.

    To be asked by the generator that it ran through, when that is closed. An exception closes it too, at once or
    long afterwards. So does a signal, which before Python 3.10 may come after any instruction: there the line tells.
    """
    with contextlib.suppress(ValueError):  # Python itself is at its end
        frame = _loop_of(sys._getframe(2))
        if frame.f_code is not loop:
            return False
        if sys.version_info >= (3, 10):
            return dis.opname[loop.co_code[frame.f_lasti]] in ('POP_TOP', 'POP_ITER', 'FOR_ITER')
        line = linecache.getline(loop.co_filename, frame.f_lineno).split('#')[0]
        return bool(re.search(r'\b(break|return)\b', line))
    return False


class Run:
    """A run of the listing whose globals are `namespace`, on a fresh default graph that has the seed.

    The numbers that stand in the namespace are its options, on the command line (`--n-hidden 64`, --help tells
    them) or, where there is none, as in a notebook, by keyword: `lab.Run(globals(), epochs=3, resume=True)`.
    What is chosen is set in the namespace. A run of this process that was broken off is given up.

    Attributes: `data`, the folder of the digits; `process`, the number of this one. Ends the program with status 2
    if an option cannot be used; in a notebook it raises BadInput.
    """

    def __init__(self, namespace, **arguments):
        if isinstance(namespace, dict) and '__name__' not in namespace:
            raise BadInput('lab.Run takes the names of the listing, lab.Run(globals()); those of a function, locals(), '
                           'are others')
        for run in list(_active):
            run.close()
        _newest[:] = [self]
        self._namespace, self._sess, self._training, self._loop = namespace, None, None, _nothing
        self._choice = choice = Choice(namespace, arguments)
        self.data, self.process = choice.options['data'], os.getpid()
        self._folder = Folder(*(choice.options[name] for name in ('run', 'samples', 'trace')))
        self._record = None
        _active.append(self)
        try:
            if choice.options['resume'] and records.is_run(self._folder.path):
                self._folder.lock()
                self._record = records.resumable(self._folder.path)
            choice.settle(self._record)
        except BaseException:
            self.close()
            raise
        if choice.is_script:
            errors.prepare_streams()
            if not errors.at_a_prompt():
                plt.switch_backend('Agg')  # needs no display
        if errors.at_a_prompt() and not _said:
            _said.append(told.say('graphs'))
        tf.reset_default_graph()
        for seed in tf.set_random_seed, np.random.seed, random.seed:  # input_data seeds numpy's once more
            seed(choice.options['seed'])

    def session(self):
        """A tf.Session of the graph, which the run watches; to be called when the graph is complete."""
        threads = 0  # TensorFlow's own choice
        # The first session decides for all of a process, which a notebook goes on to do other things in.
        if self._choice.is_script and not errors.at_a_prompt() and onednn.is_on():
            batch_size = self._choice.numbers.get('batch_size', sys.maxsize)
            threads = machine.spared_threads(tf.get_default_graph(), batch_size)
        with opening():
            self._sess = Session(threads, self._choice.options['device'])
        return self._sess

    def epochs(self, total_epoch):
        """The epochs still to be run, of so many; at the end of each, its losses and a checkpoint are written.

        To be called when the variables have been initialised. Goes back to the newest checkpoint if the run is
        to be resumed. Raises BadInput before anything is written, unless it is the system that refuses to write.
        """
        if self is not _newest[0]:  # in a notebook, where a cell has failed, `run` is the earlier one still
            raise BadInput('lab.Run was called once more since: go on with that run, or mend the call')
        if self._sess is None:
            raise BadInput('run.epochs() comes after sess = run.session(), through which it sees the losses')
        if not isinstance(total_epoch, (int, np.integer)) or total_epoch < 1:
            raise BadInput('run.epochs(total_epoch) takes a whole number from 1 on, and %r is none' % (total_epoch,))
        again = bool(self._training and self._training.runs)
        if self._training:  # a notebook's cell that is run again trains anew
            self.close()
            _active.append(self)
        self._choice.trains()
        self._training = Training(self._choice, self._folder, self._record, self._sess, self._namespace,
                                  int(total_epoch), again)
        try:
            with stopping.listening(self._training.stop):
                self._training.begin()
        except BaseException:
            self.close()
            raise
        loop = self._each(self._training)
        self._loop = weakref.ref(loop)  # a break has to end it there and then
        return loop

    def _each(self, training):
        loop = _loop_of(sys._getframe(1)).f_code
        try:
            with stopping.listening(training.stop):
                for epoch in training.epochs:
                    training.begin_epoch(epoch)
                    try:
                        yield epoch
                    except GeneratorExit:
                        if _has_left(loop):
                            training.break_off()
                        raise
                    training.end_epoch()
                training.end('finished')
        finally:
            self._loop = _nothing
            self.close()

    def save_strip(self, fig, epoch):
        """Saves the strip of an epoch, in place of the page's plt.savefig: 000.png, 009.png, …

        fig  a figure of one row or two of ten images [28, 28] with values in [0, 1] (`strips.save`)

        It is kept in the run's folder, and shown in samples/ (samples2/ for §9.2) beside it.
        Raises BadInput where no epoch is being run, and for what is no number of an epoch.
        """
        name = str(epoch).zfill(3) + '.png'
        if not records.STRIP.fullmatch(name):
            raise BadInput('run.save_strip(fig, epoch) takes the number of an epoch, and %r is none' % (epoch,))
        if not self._loop():
            raise BadInput('run.save_strip comes inside of the loop over run.epochs(): fig.savefig saves elsewhere')
        strips.save(fig, self._folder.of(records.SAMPLES, name))
        self._training.strips.append(name)
        self._folder.show(name)

    def close(self):
        """Gives the run up, wherever it is: others may use its folder then."""
        loop, self._loop = self._loop(), _nothing
        if loop:
            loop.close()
        if self._training:
            with contextlib.suppress(BadInput):  # whatever has ended the run matters more
                self._training.end('stopped')
        self._folder.release()
        if self in _active:
            _active.remove(self)
