"""A training as a job: in a process of its own, followed from one thread, here or on a worker of a cluster."""

import codecs
import collections
import concurrent.futures
import ctypes
import os
import signal
import subprocess
import sys
import time

from lab import errors, machine, records

INTERVAL = 0.2  # seconds between two looks at whether to stop
PATIENCE = 3  # seconds that a training has to end in when it is told to

# Its exit status, 128 and the signal's number where one killed it; and that signal, or the last line of its stderr.
Ended = collections.namedtuple('Ended', ['status', 'reason'])
Line = collections.namedtuple('Line', ['name', 'text', 'is_stdout'])
Progress = collections.namedtuple('Progress', ['name', 'text'])  # what is to be written over


class Again(Exception):
    """A training's worker is gone: it is to be submitted again."""


_libc = ctypes.CDLL(None) if sys.platform == 'linux' else None


def kept_in(run):
    """The options of a training that keeps all in the folder `run`."""
    return ['--run', run, '--samples', os.path.join(run, records.SAMPLES)]


def of_listings():
    """The environment for a listing, which finds lab/ beside itself."""
    return {name: value for name, value in os.environ.items() if name != 'PYTHONSAFEPATH'}


def train(name, path, words, cores, told, stop, each_interval=lambda: None):
    """Trains the listing at `path` until it ends; returns Ended, or None if it was not begun.

    name           the job's
    words          options of the listing
    cores          how many it may use
    told           a queue, which gets a Line of each line, and Progress
    stop           an Event: when it is set, the training gets SIGINT, and what stronger signals it takes; none is begun
    each_interval  called again and again meanwhile
    """
    if stop.is_set():
        return None
    environment = dict({name: str(cores) for name in (machine.THREADS, machine.OPERATIONS)}, **of_listings())
    environment['PYTHONIOENCODING'] = 'utf-8'
    # In a session of its own: Ctrl-C is passed on by this program, and comes once.
    try:
        process = subprocess.Popen([sys.executable, path, *words], env=environment, start_new_session=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   preexec_fn=_libc and _end_with_parent)
    except OSError as error:  # such as a quota of processes; the others may find room
        return Ended(2, 'it cannot be started: %s' % errors.reason(error))
    ends, deadline = _ends(process), 0
    with process, concurrent.futures.ThreadPoolExecutor(2) as readers:
        reading = [readers.submit(_pass_on, name, process.stdout, told, True),
                   readers.submit(_pass_on, name, process.stderr, told, False)]
        while _goes_on(process, reading):
            each_interval()
            if stop.is_set() and time.monotonic() > deadline:
                next(ends)()
                deadline = time.monotonic() + PATIENCE
    if process.returncode < 0:
        return Ended(128 - process.returncode, 'killed by signal %d' % -process.returncode)
    return Ended(process.returncode, reading[1].result())


def _goes_on(process, reading):
    """Whether a process and what reads its pipes have not ended after a while."""
    if concurrent.futures.wait(reading, timeout=INTERVAL).not_done:
        return True
    try:
        process.wait(INTERVAL)  # it may have closed them
        return False
    except subprocess.TimeoutExpired:
        return True


def _end_with_parent():
    """Has this process get SIGTERM when the thread that started it is gone, be it by SIGKILL."""
    _libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


def _ends(process):
    """What ends a training, one after the other: now and then Python loses a Ctrl-C while it starts."""
    if os.name != 'nt':  # there the console's Ctrl-C comes to all its processes
        yield lambda: process.send_signal(signal.SIGINT)
    else:
        yield lambda: None
    yield process.terminate
    while True:
        yield process.kill


def _pass_on(name, pipe, told, is_stdout):
    """Tells what comes out of a pipe, until it is closed; returns the last line."""
    decoder, rest, last, progress = codecs.getincrementaldecoder('utf-8')('replace'), '', '', ''
    for piece in iter(lambda: os.read(pipe.fileno(), 2 ** 16), b''):
        *lines, rest = (rest + decoder.decode(piece)).split('\n')
        for line in lines:
            last = _shown(line)
            told.put(Line(name, last, is_stdout))
        if not is_stdout:  # a line without an end, to be written over
            rest = rest[rest.rstrip('\r').rfind('\r') + 1:]
            if rest.rstrip() != progress:
                progress = rest.rstrip()
                told.put(Progress(name, progress))
    if rest.strip():
        last = _shown(rest)
        told.put(Line(name, last, is_stdout))
    return last


def _shown(line):
    """What a terminal shows of a line of which parts were written over."""
    return line.rstrip('\r').split('\r')[-1]
