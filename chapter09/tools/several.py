"""Trains several runs at once, each with its share of the cores.

Options of the listings, such as --epochs 20, are passed on to all. What a run prints has its name in front.
Seeds are trained in runs/sweep/LISTING/SEED, as many at a time as there are cores, or by the workers of a
cluster. When all have ended, a table has their last losses and the judge's figures of 10,000 fresh images, with
mean and standard deviation; sweep.csv and sweep.png beside the runs have the same, and the last strips.
A run that fails ends no other; the status is then that of the first that failed.
"""

import argparse
import concurrent.futures
import os
import queue
import signal
import sys
import threading

from lab import errors, listings, lost, machine, options
from lab.errors import say
from lab.progress import on_a_terminal, terminal_size
from tools import jobs

OWN = ['run', 'samples', 'trace', 'logdir']  # options that no two runs can share
INTERVAL = 0.1  # seconds between two looks at the progress, and at whether to stop


class Training:
    """A listing that is to be trained.

    name   what its lines begin with
    path   of the listing
    words  its options; on a terminal it is to show its progress as well
    run    its folder, None for the listing's own

    Attributes: `ended`, a `jobs.Ended` when it has been trained.
    """

    def __init__(self, name, path, words, run=None):
        self.name, self.path, self.run, self.ended = name, path, run, None
        self.words = [*words, *['--progress'] * on_a_terminal()]

    @property
    def failed(self):
        """Whether it has ended otherwise than it was to; to be lost is no failure."""
        return self.ended is not None and self.ended.status not in (0, lost.STATUS)


class Here:
    """Trains on this machine, so many at once with so many cores each.

    What trains elsewhere has the same: `submit`, `withdraw`, `result`, `news`, `stop`, and to be left as a context.
    """

    def __init__(self, at_once, cores):
        self.stop, self._told, self._cores = threading.Event(), queue.Queue(), cores
        self._executor = concurrent.futures.ThreadPoolExecutor(at_once)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop.set()
        self._executor.shutdown()

    def submit(self, training):
        words = training.words + (jobs.kept_in(training.run) if training.run else [])
        return self._executor.submit(jobs.train, training.name, training.path, words, self._cores, self._told,
                                     self.stop)

    def withdraw(self, futures):
        """Cancels those that have not been begun."""
        for future in futures:
            future.cancel()

    def result(self, training, future):
        """What came of a training, a `jobs.Ended` or None; `future` is what `submit` gave, and done."""
        return future.result()

    def news(self):
        """What has been told since, jobs.Line and jobs.Progress; waits for something, but not for long."""
        try:
            yield self._told.get(timeout=INTERVAL)
            while True:
                yield self._told.get_nowait()
        except queue.Empty:
            return


class Screen:
    """Lines that stay, and below them, on a terminal, the progress of what is running, in the order of `names`."""

    def __init__(self, names):
        self._on, self._shown, self._width = on_a_terminal(), 0, max(map(len, names))
        self._progress = dict.fromkeys(names, '')

    def show(self, news):
        for each in news:
            if isinstance(each, jobs.Progress):
                self._progress[each.name] = each.text
                continue
            self.clear()
            print('%-*s  %s' % (self._width, each.name, each.text), file=sys.stdout if each.is_stdout else sys.stderr,
                  flush=True)
        self._show_progress()

    def forget(self, name):
        self._progress[name] = ''

    def _show_progress(self):
        if self._on:
            columns, rows = terminal_size()
            lines = [('%-*s  %s' % (self._width, name, text))[:columns - 1]
                     for name, text in self._progress.items() if text][:rows - 1]
            self.clear()
            sys.stderr.write(''.join('\r%s\n' % line for line in lines))  # over the ^C that a terminal echoes
            sys.stderr.flush()
            self._shown = len(lines)

    def clear(self):
        if self._shown:
            sys.stderr.write('\r\x1b[%dA\x1b[J' % self._shown)  # up, and all below away
            sys.stderr.flush()
            self._shown = 0


def train(trainings, engine):
    """Has an engine (`Here`) run the trainings until all have ended.

    Ctrl-C and SIGTERM, unless they are being ignored, stop those that are running; no others are begun then, and
    Stopped is raised when these have ended in order.
    """
    screen = Screen([training.name for training in trainings])
    signals = []
    before = {number: signal.signal(number, lambda number, frame: signals.append(number))
              for number in (signal.SIGINT, signal.SIGTERM) if signal.getsignal(number) != signal.SIG_IGN}
    try:
        with engine:
            left = {engine.submit(training): training for training in trainings}
            while left:
                screen.show(engine.news())
                if signals and not engine.stop.is_set():
                    engine.stop.set()
                    engine.withdraw(left)
                for future in concurrent.futures.wait(left, timeout=0).done:
                    training = left.pop(future)
                    screen.forget(training.name)
                    if signals and future.cancelled():
                        continue
                    try:
                        training.ended = engine.result(training, future)
                    except jobs.Again:
                        say('%s: its worker is gone, another goes on' % training.name)
                        left[engine.submit(training)] = training
            screen.show(engine.news())  # what was told before the last had ended
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
    trainings = [Training(listings.find(path).name, path, words) for path in paths]
    train(trainings, Here(len(paths), max(1, machine.cores() // len(paths))))
    return _status(trainings)


def sweep(path, seeds, words, csv=None, scheduler=None):
    """Trains a listing from several seeds, and prints what they came to; returns the status.

    csv        path of a file for losses and D_mean of all epochs, or None
    scheduler  HOST:PORT of a cluster's whose workers are to do it, or None for this machine
    """
    folder = os.path.join(listings.ROOT, 'runs', 'sweep', listings.find(path).name)
    trainings = [Training('seed ' + seed, path, [*words, '--seed', seed], os.path.join(folder, seed))
                 for seed in seeds]
    if scheduler:
        from tools import cluster
        engine = cluster.Cluster(scheduler, path)
    else:
        engine = Here(machine.cores(), 1)
    train(trainings, engine)
    from tools import sweep  # not before: to load TensorFlow would take the trainings' time
    runs = {seed: training.run for seed, training in zip(seeds, trainings)}
    failed = {seed: training.ended.reason for seed, training in zip(seeds, trainings) if training.failed}
    something = len(failed) < len(runs)  # to take the place of an earlier table
    print(*sweep.report(runs, failed, folder if something else None), sep='\n')
    if csv and something:
        sweep.write_epochs({seed: run for seed, run in runs.items() if seed not in failed}, csv)
    return _status(trainings)


def _status(trainings):
    """The status of the first training that failed, each of which is named; 0 if none did."""
    failed = [training for training in trainings if training.failed]
    for training in failed:
        say('%s failed with status %d' % (training.name, training.ended.status))
    return failed[0].ended.status if failed else 0
