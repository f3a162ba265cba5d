"""Ctrl-C and SIGTERM, which are to end a run in order."""

import contextlib
import signal
import sys
import threading

from lab import errors
from lab.errors import Stopped


@contextlib.contextmanager
def listening(stop):
    """Has `stop(number, frame)` called on Ctrl-C and SIGTERM, unless they are being ignored.

    Only in a program of its own: at a prompt and in a notebook Ctrl-C has its meaning already.
    """
    handlers = {}
    if threading.current_thread() is threading.main_thread() and not at_a_prompt():
        for number in signal.SIGINT, signal.SIGTERM:
            if signal.getsignal(number) is not signal.SIG_IGN:
                handlers[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def at_a_prompt():
    """Whether somebody goes on working in this process after the listing."""
    return errors.in_ipython() or bool(sys.flags.interactive or sys.flags.inspect) or hasattr(sys, 'ps1')


def stopped(number, epoch, checkpoint):
    """The Stopped of a run that a signal has ended.

    epoch       in which it was, None before the first
    checkpoint  what there is to go on from, in words
    """
    when = 'before the first epoch' if epoch is None else 'in epoch %d' % epoch
    return Stopped('stopped by %s %s; %s. To go on, give the same command with --resume (make: RESUME=1)'
                   % (signal.Signals(number).name, when, checkpoint), status=128 + number)
