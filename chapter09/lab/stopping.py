"""Ctrl-C and SIGTERM, which are to end a run in order."""

import contextlib
import signal
import threading

from lab import errors
from lab.errors import Stopped
from lab.lost import STATUS as LOST


@contextlib.contextmanager
def listening(stop):
    """Has `stop(number, frame)` called on Ctrl-C and SIGTERM, unless they are being ignored.

    Only in a program of its own: at a prompt and in a notebook Ctrl-C has its meaning already.
    """
    handlers = {}
    if threading.current_thread() is threading.main_thread() and not errors.at_a_prompt():
        for number in signal.SIGINT, signal.SIGTERM:
            if signal.getsignal(number) is not signal.SIG_IGN:
                handlers[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


OUT_OF_RANGE = ('A value has left the range of float32: a sigmoid that rounds to 0 or 1 has an infinite logarithm, and '
                'its gradient makes weights that are no numbers')


def given_out(epoch, iteration, total_batch, what, why, checkpoint):
    """The Stopped of a run whose numbers have stopped being numbers.

    total_batch  iterations of an epoch, None if that is not known
    what         is no number, and why, None if that is not known; checkpoint as of `stopped`
    """
    return Stopped('epoch %d, iteration %d%s: %s. %s; %s' % (
        epoch, iteration, ' of %d' % total_batch if total_batch else '', what, why or OUT_OF_RANGE, checkpoint),
        status=3)


def lost(epoch, checkpoint):
    """The Stopped of a run that --stop-when-lost ends after an epoch; checkpoint as of `stopped`."""
    return Stopped('stopped after epoch %d, for it is lost (--stop-when-lost); %s' % (epoch, checkpoint), LOST)


def stopped(number, epoch, checkpoint):
    """The Stopped of a run that a signal has ended.

    epoch       in which it was, None before the first
    checkpoint  what there is to go on from, in words
    """
    when = 'before the first epoch' if epoch is None else 'in epoch %d' % epoch
    return Stopped('stopped by %s %s; %s. To go on, give the same command with --resume (make: RESUME=1)'
                   % (signal.Signals(number).name, when, checkpoint), status=128 + number)
