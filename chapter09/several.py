"""Runs several trainings at once, each with its share of the cores.

    python chapter09/several.py                                  both listings
    python chapter09/several.py --listing basic --seeds "1 2 3"  one listing, from several seeds

The listings' own options, such as --epochs 20, are passed on to all. What a run prints has its name in front.
Seeds are trained in runs/sweep/LISTING/SEED, as many at a time as there are cores. When all have ended, a
table has their last losses and the judge's figures of 10,000 fresh images, with mean and standard deviation.
A run that fails ends no other; the status is then that of the first that failed.
"""

import lab  # first: it keeps TensorFlow quiet

import argparse
import codecs
import collections
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading

import numpy as np

import input_data
import machine
import options
import records
import results
import verdicts
from errors import Stopped
from judge import Judge

OWN = ['run', 'samples', 'trace', 'logdir']  # options that no two runs can share
INTERVAL = 0.1  # seconds between two looks at the progress
FIGURES = ['accuracy', 'frechet', 'nearest', 'variety', 'evenness']  # of the judge's, those in the table


class Training:
    """A listing that is being trained in a process of its own, or is to be.

    name       what its lines begin with
    listing    'basic' or 'conditional'
    arguments  of its script
    """

    def __init__(self, name, listing, arguments):
        self.name, self.progress, self.status, self.last_line = name, '', None, ''
        self._command = [sys.executable, results.LISTINGS[listing].__file__, *arguments]
        self._process = None

    def start(self, threads, events):
        """Starts it with so many threads; `events` gets (self, line, is_stdout) of each line, then None."""
        environment = dict(os.environ, PYTHONIOENCODING='utf-8', TF_NUM_INTEROP_THREADS=str(threads),
                           **{machine.THREADS: str(threads), lab.PROGRESS: 'yes'})
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
        if self._process and self.status is None:
            self._process.send_signal(number)

    def _read(self, pipe, events):
        decoder = codecs.getincrementaldecoder('utf-8')('replace')
        rest = ''
        for piece in iter(lambda: os.read(pipe.fileno(), 2 ** 16), b''):
            *lines, rest = (rest + decoder.decode(piece)).split('\n')
            for line in lines:
                events.put((self, line.rstrip('\r').split('\r')[-1], pipe is self._process.stdout))
            if pipe is self._process.stderr:  # a line without an end, to be written over
                self.progress = rest.split('\r')[-1].rstrip()
        pipe.close()

    def _wait(self, readers, events):
        for reader in readers:
            reader.join()
        self.status = self._process.wait()
        events.put(None)


class Screen:
    """Lines that stay, and below them, if stderr is a terminal, the progress of what is running."""

    def __init__(self, width):
        self._on, self._shown, self._width = sys.stderr.isatty(), 0, width

    def line(self, training, text, is_stdout):
        self._clear()
        print('%-*s  %s' % (self._width, training.name, text), file=sys.stdout if is_stdout else sys.stderr,
              flush=True)

    def progress(self, running):
        if self._on:
            columns = shutil.get_terminal_size().columns - 1
            lines = [('%-*s  %s' % (self._width, training.name, training.progress))[:columns]
                     for training in running if training.progress]
            self._clear()
            sys.stderr.write(''.join(line + '\n' for line in lines))
            sys.stderr.flush()
            self._shown = len(lines)

    def _clear(self):
        if self._shown:
            sys.stderr.write('\x1b[%dA\x1b[J' % self._shown)  # up, and all below away
            sys.stderr.flush()
            self._shown = 0


def train(trainings, at_once, threads):
    """Runs the trainings, so many at once with so many threads each, until all have ended.

    Ctrl-C and SIGTERM are passed on to those that are running; no others are begun then, and Stopped is
    raised when these have ended in order.
    """
    waiting, running, events = collections.deque(trainings), [], queue.Queue()
    screen = Screen(max(len(training.name) for training in trainings))
    stopped = []

    def stop(number, frame):
        stopped.append(number)
        waiting.clear()
        for training in running:
            training.signal(number)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                running.append(waiting.popleft())
                running[-1].start(threads, events)
            try:
                event = events.get(timeout=INTERVAL)
            except queue.Empty:
                screen.progress(running)
                continue
            if event:
                training, text, is_stdout = event
                training.last_line = text
                screen.line(training, text, is_stdout)
            else:
                running = [training for training in running if training.status is None]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if stopped:
        raise Stopped('stopped by %s. To go on, give the same command with --resume (make: RESUME=1)'
                      % signal.Signals(stopped[0]).name, status=128 + stopped[0])


def figures(judge, listing, run):
    """The last losses of a run, and the judge's figures of fresh images: {column: number}."""
    with open(os.path.join(run, 'losses.csv')) as file:
        losses = file.read().split()[-1].split(',')[1:3]
    found = dict(zip(['D loss', 'G loss'], map(float, losses)))
    record = records.read(os.path.join(run, 'run.json'))
    if record['identity']['data'] == input_data.digest(judge.mnist):  # it can read no other digits
        measured = judge.measure(*results.trained(run, listing).fresh(results.FRESH))
        found.update({name: measured[name] for name in FIGURES if name in measured})
    return found


def table(rows):
    """The figures of each seed, {column: number}, or why it has none; then mean and standard deviation."""
    whole = {seed: row for seed, row in rows.items() if not isinstance(row, str)}
    names = list(next(iter(whole.values()), {}))
    formats = {name: verdicts.FIGURES.get(name, (0, '%.3g'))[1] for name in names}

    def line(title, row):
        return '%-10s' % title + ''.join('%10s' % (formats[name] % row[name]) for name in names)

    yield 'seed      ' + ''.join('%10s' % name for name in names)
    for seed, row in rows.items():
        yield '%-10s  %s' % (seed, row) if isinstance(row, str) else line(seed, row)
    if len(whole) > 1:
        columns = {name: [row[name] for row in whole.values()] for name in names}
        yield line('mean of %d' % len(whole), {name: np.mean(values) for name, values in columns.items()})
        yield line('deviation', {name: np.std(values, ddof=1) for name, values in columns.items()})


def seeds(text):
    """The type of --seeds: different seeds, as a list of strings."""
    found = text.split()
    for seed in found:
        options.seed(seed)
    if not found or 'random' in found or len(set(found)) < len(found):
        raise argparse.ArgumentTypeError('%r are not one or more different seeds, such as "1 2 3"' % text)
    return found


def main(argv=None):
    parser = options.Parser(description=__doc__, allow_abbrev=False,
                            formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--listing', choices=list(results.LISTINGS), help='the listing to train from --seeds')
    parser.add_argument('--seeds', metavar='"N N …"', type=seeds, help='where its random draws start')
    chosen, rest = parser.parse_known_args(argv)
    if (chosen.listing is None) != (chosen.seeds is None):
        parser.error('--listing and --seeds go together; without both, both listings are trained')
    passed_on = options.parse('passed on to the listings', rest, collections.defaultdict(str))
    for name in OWN + ['init'] * (not chosen.seeds) + ['seed'] * bool(chosen.seeds):
        if name in passed_on:
            parser.error('--%s is for one run, and these are several' % name)
    if chosen.seeds:
        sweep = os.path.join(lab.ROOT, 'runs', 'sweep', chosen.listing)
        homes = {seed: os.path.join(sweep, seed) for seed in chosen.seeds}
        trainings = {seed: Training('seed ' + seed, chosen.listing, [
            *rest, '--seed', seed, '--run', os.path.join(home, 'run'),
            '--samples', os.path.join(home, 'samples')]) for seed, home in homes.items()}
    else:
        trainings = {listing: Training(listing, listing, rest) for listing in results.LISTINGS}
    cores = machine.cores()
    at_once = min(len(trainings), cores) if chosen.seeds else len(trainings)
    train(list(trainings.values()), at_once, max(1, cores // at_once))
    failed = {name: training for name, training in trainings.items() if training.status}
    if chosen.seeds:
        mnist = input_data.read_data_sets(os.path.join(lab.ROOT, 'mnist', 'data'), one_hot=True)
        judge = Judge(mnist)
        rows = {seed: figures(judge, chosen.listing, os.path.join(home, 'run')) if seed not in failed
                else 'failed: ' + failed[seed].last_line for seed, home in homes.items()}
        print(*table(rows), sep='\n')
    for training in failed.values():
        print('%s failed with status %d' % (training.name, training.status), file=sys.stderr)
    sys.exit(next((training.status for training in failed.values()), 0))


if __name__ == '__main__':
    lab.program(main)
