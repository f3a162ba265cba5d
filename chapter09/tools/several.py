"""Trains several runs at once, each with its share of the cores.

Options of the listings, such as --epochs 20, are passed on to all. What a run prints has its name in front.
Seeds are trained in runs/sweep/LISTING/SEED, as many at a time as there are cores. When all have ended, a
table has their last losses and the judge's figures of 10,000 fresh images, with mean and standard deviation.
A run that fails ends no other; the status is then that of the first that failed.
"""

import argparse
import codecs
import collections
import os
import queue
import signal
import subprocess
import sys
import threading

from lab import errors, listings, machine, options, records
from lab.errors import say

OWN = ['run', 'samples', 'trace', 'logdir']  # options that no two runs can share
INTERVAL = 0.1  # seconds between two looks at the progress, and at whether to stop


class Training:
    """A listing that is being trained in a process of its own, or is to be.

    name       what its lines begin with
    path       of the listing
    arguments  of it

    Attributes: `progress`, the line that is to be written over; when it has ended, `status`, which is 128 and
    the signal's number where a signal killed it, and `reason`: the signal, or the last line of its stderr.
    """

    def __init__(self, name, path, arguments):
        self.name, self.progress, self.status, self.reason = name, '', None, ''
        self._command = [sys.executable, path, *arguments]
        self._process = None

    def start(self, cores, events):
        """Starts it with so many cores; `events` gets (self, line, is_stdout) of each line, then None."""
        environment = dict({name: str(cores) for name in (machine.THREADS, machine.OPERATIONS)}, **os.environ)
        environment['PYTHONIOENCODING'] = 'utf-8'
        if _on_a_terminal():
            self._command.append('--progress')
        # In a session of its own: Ctrl-C is passed on by this program, and comes once.
        self._process = subprocess.Popen(self._command, env=environment, start_new_session=True,
                                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE)
        readers = [threading.Thread(target=self._read, args=(pipe, events), daemon=True)
                   for pipe in (self._process.stdout, self._process.stderr)]
        for reader in readers:
            reader.start()
        threading.Thread(target=self._wait, args=(readers, events), daemon=True).start()

    def signal(self, number):
        if self.status is None and os.name != 'nt':  # there the console's Ctrl-C comes to all its processes
            self._process.send_signal(number)

    def _read(self, pipe, events):
        decoder = codecs.getincrementaldecoder('utf-8')('replace')
        is_stdout, rest = pipe is self._process.stdout, ''
        for piece in iter(lambda: os.read(pipe.fileno(), 2 ** 16), b''):
            *lines, rest = (rest + decoder.decode(piece)).split('\n')
            for line in lines:
                self._pass_on(line, is_stdout, events)
            if not is_stdout:  # a line without an end, to be written over
                rest = rest[rest.rstrip('\r').rfind('\r') + 1:]
                self.progress = rest.rstrip()
        if rest.strip():
            self._pass_on(rest, is_stdout, events)
        pipe.close()

    def _pass_on(self, line, is_stdout, events):
        line = line.rstrip('\r').split('\r')[-1]
        if not is_stdout:
            self.reason = line
        events.put((self, line, is_stdout))

    def _wait(self, readers, events):
        for reader in readers:
            reader.join()
        status = self._process.wait()
        if status < 0:
            self.reason = 'killed by signal %d' % -status
            status = 128 - status
        self.status = status
        events.put(None)


def _on_a_terminal():
    return sys.stderr is not None and sys.stderr.isatty()


class Screen:
    """Lines that stay, and below them, if stderr is a terminal, the progress of what is running."""

    def __init__(self, width):
        self._on, self._shown, self._width = _on_a_terminal(), 0, width

    def line(self, training, text, is_stdout):
        self.clear()
        print('%-*s  %s' % (self._width, training.name, text), file=sys.stdout if is_stdout else sys.stderr,
              flush=True)

    def progress(self, running):
        if self._on:
            columns, rows = os.get_terminal_size(sys.stderr.fileno())
            lines = [('%-*s  %s' % (self._width, training.name, training.progress))[:columns - 1]
                     for training in running if training.progress][:rows - 1]
            self.clear()
            sys.stderr.write(''.join(line + '\n' for line in lines))
            sys.stderr.flush()
            self._shown = len(lines)

    def clear(self):
        if self._shown:
            sys.stderr.write('\x1b[%dA\x1b[J' % self._shown)  # up, and all below away
            sys.stderr.flush()
            self._shown = 0


def train(trainings, at_once, cores):
    """Runs the trainings, so many at once with so many cores each, until all have ended.

    Ctrl-C and SIGTERM, unless they are being ignored, are passed on to those that are running; no others are
    begun then, and Stopped is raised when these have ended in order.
    """
    waiting, running, events = collections.deque(trainings), [], queue.Queue()
    screen = Screen(max(len(training.name) for training in trainings))
    signals = []
    before = {number: signal.signal(number, lambda number, frame: signals.append(number))
              for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) != signal.SIG_IGN}
    passed_on = 0
    try:
        while running or waiting and not signals:
            while waiting and len(running) < at_once and not signals:
                running.append(waiting.popleft())
                running[-1].start(cores, events)
            for number in signals[passed_on:]:
                passed_on += 1
                for training in running:
                    training.signal(number)
            try:
                event = events.get(timeout=INTERVAL)
            except queue.Empty:
                screen.progress(running)
                continue
            if event:
                training, text, is_stdout = event
                screen.line(training, text, is_stdout)
            else:
                running = [training for training in running if training.status is None]
    finally:
        screen.clear()
        for number, handler in before.items():
            signal.signal(number, handler)
    if signals:
        raise errors.Stopped('stopped by %s. To go on, give the same command with --resume (make: RESUME=1)'
                             % signal.Signals(signals[0]).name, status=128 + signals[0])


def seeds(text):
    """The type of --seeds: different seeds, as a list of strings."""
    found = [str(options.seed(seed)) for seed in text.split()]
    if not found or 'random' in found or len(set(found)) < len(found):
        raise argparse.ArgumentTypeError('%r are not one or more different seeds, such as "1 2 3"' % text)
    return found


def check(given, others, parser):
    """Ends the program with status 2 if options were given that are for one run alone, `others` among them."""
    for name in OWN + others:
        if hasattr(given, name):
            parser.error('--%s is for one run, and these are several' % name)


def both(paths, words):
    """Trains the listings of `paths` at once, with options `words`; returns the status."""
    names = [listings.find(path).name for path in paths]
    trainings = {name: Training(name, path, words) for name, path in zip(names, paths)}
    train(list(trainings.values()), len(paths), max(1, machine.cores() // len(paths)))
    return _status(trainings)


def sweep(path, seeds, words):
    """Trains a listing from several seeds, and prints what they came to; returns the status."""
    folder = os.path.join(listings.ROOT, 'runs', 'sweep', listings.find(path).name)
    runs = {seed: os.path.join(folder, seed) for seed in seeds}
    trainings = {seed: Training('seed ' + seed, path, [
        *words, '--seed', seed, '--run', run, '--samples', os.path.join(run, records.SAMPLES)])
        for seed, run in runs.items()}
    train(list(trainings.values()), machine.cores(), 1)
    from tools import sweep  # not before: to load TensorFlow would take the trainings' time
    print(*sweep.report(runs, {seed: each.reason for seed, each in trainings.items() if each.status}), sep='\n')
    return _status(trainings)


def _status(trainings):
    """The status of the first training that failed, each of which is named; 0 if none did."""
    failed = [training for training in trainings.values() if training.status]
    for training in failed:
        say('%s failed with status %d' % (training.name, training.status))
    return failed[0].status if failed else 0
