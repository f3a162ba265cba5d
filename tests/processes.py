"""Processes for the tests: runs of a listing that need not import TensorFlow each time, and small disks."""

import contextlib
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np

CHAPTER09 = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'chapter09')


def _server():
    # The server that imports the listings, once, and forks a process for each run.
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(['gan_basic', 'gan_conditional'])
    os.environ['PYTHONPATH'] = os.pathsep.join([CHAPTER09, os.path.dirname(__file__)])
    return context


CONTEXT = _server()


def _child(listing, argv, output, kill_at):
    for stream, name in (sys.stdout, 'stdout'), (sys.stderr, 'stderr'):
        os.dup2(os.open(os.path.join(output, name), os.O_WRONLY | os.O_CREAT | os.O_APPEND), stream.fileno())
    sys.argv = ['gan_%s.py' % listing, *argv]
    if kill_at:
        _kill_at_step(kill_at)
    import lab
    listing = __import__('gan_' + listing)
    lab.program(listing.main)


def _kill_at_step(number):
    """Kills this process just before its `number`th change to a file or folder."""
    steps = iter(range(number - 1, -1, -1))

    def hook(event, arguments):
        writes = event in ('os.rename', 'os.remove', 'os.mkdir', 'os.rmdir') or (
            event == 'open' and isinstance(arguments[1], str) and arguments[1][0] in 'wa')
        if writes and next(steps) == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def in_a_small_filesystem(size, script, folder):
    """Runs a shell script in a namespace of its own, where `folder` is a file system of that size."""
    (folder / 'disk').mkdir()
    script = 'mount -t tmpfs -o size=%s none %s/disk && cd %s && %s' % (size, folder, folder, script)
    flags = [] if os.getuid() == 0 else ['--map-root-user']
    return subprocess.run(['unshare', '--mount', *flags, 'sh', '-c', script], encoding='utf-8',
                          capture_output=True, timeout=300)


class Lab:
    """A folder with a run of a listing, its strips and its trace, and the processes that work on it."""

    def __init__(self, folder, listing, data, *options):
        self.folder, self.listing = str(folder), listing
        os.makedirs(self.folder)
        self.argv = ['--data', data, '--run', self.path('run'), '--samples', self.path('samples'),
                     '--trace', self.path('trace.csv'), *options]

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def start(self, *options, kill_at=None):
        for name in 'stdout', 'stderr':
            open(self.path(name), 'w').close()
        process = CONTEXT.Process(
            target=_child, args=(self.listing, [*self.argv, *options], self.folder, kill_at))
        process.start()
        return process

    def run(self, *options, kill_at=None):
        """Runs to the end, or to the kill; returns the exit status (minus the signal of a kill)."""
        process = self.start(*options, kill_at=kill_at)
        process.join(600)
        return process.exitcode

    def read(self, *names):
        with open(self.path(*names), 'rb') as file:
            return file.read()

    def lines(self, *names):
        return self.read(*names).decode().splitlines()

    def wait_for(self, *names, text=b'', seconds=60):
        """Waits until a file is there that holds the text."""
        for _ in range(seconds * 200):
            with contextlib.suppress(FileNotFoundError):
                if text in self.read(*names):
                    return
            time.sleep(0.005)
        raise TimeoutError(names, text)

    def epochs(self):
        folder = self.path('run', 'checkpoints')
        return sorted(name for name in os.listdir(folder) if name.isdigit()) if os.path.exists(folder) else []

    def kill(self, seconds, after_an_epoch):
        """Resumes the run and kills it so long after its start, or after the first epoch that it keeps.

        Returns whether it was killed, rather than at its end before.
        """
        kept = self.epochs()
        process = self.start('--resume')
        while after_an_epoch and process.is_alive() and self.epochs() == kept:
            time.sleep(0.005)
        time.sleep(seconds)
        process.kill()
        process.join()
        return process.exitcode == -signal.SIGKILL

    def outcome(self):
        """All that a run leaves, to the byte, but for times and the paths in run.json."""
        result = {'trace': self.read('trace.csv'), 'film': self.read('run', 'film.bin')}
        for name in os.listdir(self.path('samples')):
            if name != 'run.txt':
                result[name] = self.read('samples', name)
        result['losses'] = [line.rsplit(',', 1)[0] for line in self.lines('run', 'losses.csv')]
        for epoch in self.epochs():
            for name in 'model.ckpt.index', 'model.ckpt.data-00000-of-00001':
                result[epoch, name] = self.read('run', 'checkpoints', epoch, name)
            with np.load(self.path('run', 'checkpoints', epoch, 'state.npz')) as state:
                for name in set(state) - {'seconds'}:
                    result[epoch, name] = state[name].tobytes()
        return result

    def copy(self, folder):
        """A copy of all of it in another folder."""
        shutil.copytree(self.folder, str(folder))
        other = object.__new__(Lab)
        other.folder, other.listing = str(folder), self.listing
        other.argv = [word.replace(self.folder, other.folder) for word in self.argv]
        for name in ('run', 'run.json'), ('samples', 'run.txt'):
            content = self.read(*name).replace(self.folder.encode(), other.folder.encode())
            with open(other.path(*name), 'wb') as file:
                file.write(content)
        return other
