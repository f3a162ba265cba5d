"""Ctrl-C and SIGTERM, which are to end a run in order."""

import contextlib
import signal
import threading

from lab import errors, told
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


def given_out(epoch, iteration, total_batch, what, why, checkpoint):
    """The Stopped of a run whose numbers have stopped being numbers.

    total_batch  iterations of an epoch, None if that is not known
    what         is no number, and why, None if that is not known; checkpoint as of `stopped`: of `told.TEXTS`
    """
    return Stopped(told.here('given out', epoch, ('of', iteration, total_batch) if total_batch else iteration, what,
                             why or ('out of range',), checkpoint), status=3)


def lost(epoch, checkpoint):
    """The Stopped of a run that --stop-when-lost ends after an epoch; checkpoint as of `stopped`."""
    return Stopped(told.here('stopped as lost', epoch, checkpoint), LOST)


def stopped(number, epoch, checkpoint):
    """The Stopped of a run that a signal has ended.

    epoch       in which it was, None before the first
    checkpoint  what there is to go on from (`resuming.last_checkpoint`)
    """
    when = ('before all',) if epoch is None else ('in epoch', epoch)
    return Stopped(told.here('stopped', signal.Signals(number).name, when, checkpoint), status=128 + number)
