"""Processes that mark hand-ins, several at once: one that takes too long or dies of a hand-in does no harm to others.

The parent sends a hand-in's name and path, and gets its marks. It reads nothing of a hand-in itself.
"""

import concurrent.futures
import contextlib
import multiprocessing
import os
import queue
import shutil
import signal
import tempfile

from lab import machine
from lab.errors import BadInput

SECONDS = 90  # that a hand-in may take; an honest one takes some four
START = 300  # seconds that a process may take to load the judge
LIBRARIES = 'OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS', 'MKL_NUM_THREADS', machine.THREADS


def mark(found, told, seconds=SECONDS):
    """The marks of hand-ins, [`handins.Handin`], in their order: [[`marking.Mark`, …], …].

    told     called whenever one more is done
    seconds  that each may take

    As many are looked at at the same time as there are cores.
    """
    at_once = min(machine.cores(), len(found))
    with tempfile.TemporaryDirectory() as scratch, contextlib.ExitStack() as ends:
        free = queue.Queue()
        for number in range(at_once):
            desk = Desk(os.path.join(scratch, str(number)), max(1, machine.cores() // at_once), seconds)
            ends.callback(desk.end)
            free.put(desk)

        def at_a_desk(handin):
            desk = free.get()
            try:
                return desk.mark(handin)
            finally:
                free.put(desk)

        with concurrent.futures.ThreadPoolExecutor(at_once) as threads:
            futures = [threads.submit(at_a_desk, handin) for handin in found]
            try:
                for future in concurrent.futures.as_completed(futures):
                    future.result()
                    told()
            except BaseException:  # Ctrl-C, for one
                for future in futures:
                    future.cancel()
                ends.close()
                raise
        return [future.result() for future in futures]


class Desk:
    """A process that marks one hand-in after the other, and is replaced when one has ended it.

    scratch  a folder to unpack them in, which need not be there
    cores    how many it may use
    seconds  that each hand-in may take
    """

    def __init__(self, scratch, cores, seconds):
        self.seconds, self._scratch, self._cores = seconds, scratch, cores
        self._process = self._here = None
        self._ended = False

    def mark(self, handin):
        """The marks of a hand-in, whatever it does."""
        from tools import marking
        if self._ended:
            return []
        if self._process is None:
            self._start()
        try:
            self._here.send(handin)
            if self._here.poll(self.seconds):
                return self._here.recv()
            said = 'too long', self.seconds
        except (EOFError, OSError):
            self._process.join(START)
            said = 'crashed', 'status %s' % self._process.exitcode
        self._stop()
        return [marking.refusal(handin.name, *said)]

    def _start(self):
        context = multiprocessing.get_context('spawn')
        self._here, there = context.Pipe()
        self._process = context.Process(target=_work, args=(there, self._scratch, self._cores), daemon=True)
        self._process.start()
        there.close()
        try:
            ready = self._here.poll(START) and self._here.recv()
        except (EOFError, OSError):
            ready = False
        if ready is not True:
            self._stop()
            raise BadInput('the judge cannot be loaded%s: mend that first' % (' (%s)' % ready if ready else ''))

    def _stop(self):
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.join()
            self._here.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def end(self):
        """Ends the process, and marks nothing any more."""
        self._ended, process = True, self._process
        if process is not None:
            process.kill()
            process.join()


def _work(there, scratch, cores):
    """Marks what comes through a connection until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
    for name in LIBRARIES:  # before numpy is loaded
        os.environ.setdefault(name, str(cores))
    import input_data
    from tools import likeness, marking
    from tools.judge import read_mnist
    try:
        judge = marking.Remembering(read_mnist())
        likeness.references()
    except (BadInput, input_data.BadData) as error:
        there.send(str(error))
        return
    there.send(True)
    with contextlib.suppress(EOFError), machine.limited_memory():
        while True:
            handin = there.recv()
            os.makedirs(scratch)
            try:
                there.send(_marks(marking, judge, handin, scratch))
            finally:
                shutil.rmtree(scratch, ignore_errors=True)


def _marks(marking, judge, handin, scratch):
    try:
        return marking.mark(judge, handin, scratch)
    except MemoryError:
        return [marking.refusal(handin.name, 'crashed', 'MemoryError')]
