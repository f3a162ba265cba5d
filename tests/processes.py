"""Processes for the tests: programs of the chapter that need not import TensorFlow each time, and small disks.

A server imports TensorFlow and the lab once (warm.py), and forks a real process for each program.
"""

import collections
import contextlib
import ctypes
import functools
import multiprocessing
import os
import runpy
import shutil
import signal
import subprocess
import sys
import time

import numpy as np

from lab import listings

TESTS = os.path.dirname(os.path.abspath(__file__))
PAGE = {name: os.path.join(listings.CHAPTER09, listing.file) for name, listing in listings.CHAPTER.items()}
TINY = os.path.join(TESTS, 'tiny_gan.py')  # for what does not depend on the network: three times as fast

Ended = collections.namedtuple('Ended', ['status', 'out', 'err'])  # the exit status, and the lines of both streams


def _server():
    context = multiprocessing.get_context('forkserver')
    context.set_forkserver_preload(['lab.run', 'tools.generator', 'input_data', 'layers', 'pytest', 'warm'])
    os.environ['PYTHONPATH'] = os.pathsep.join([listings.CHAPTER09, TESTS])
    return context


CONTEXT = _server()


def _child(argv, folder, output, before):
    for number, name in (0, None), (1, 'stdout'), (2, 'stderr'):
        path = os.path.join(output, name) if name else os.devnull
        os.dup2(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT), number)
    os.setsid()
    # What multiprocessing has made of the standard streams and of the path, a program does not find so.
    sys.stdin, sys.stdout, sys.stderr = (open(number, mode, closefd=False) for number, mode in enumerate('rww'))
    os.chdir(folder)
    sys.argv = list(argv)
    sys.path.insert(0, os.path.dirname(argv[0]) if argv[0].endswith('.py') else argv[0])
    if before:
        before()
    with _status():
        runpy.run_path(argv[0], run_name='__main__')


def as_new():
    """Forgets what the server has imported of this project: the program is to find its own.

    TensorFlow stays as it is, with TensorFlow 2's behaviour off.
    """
    for name, module in list(sys.modules.items()):
        if (getattr(module, '__file__', None) or '').startswith(listings.CHAPTER09 + os.sep):
            del sys.modules[name]
    sys.path[1:] = [path for path in sys.path[1:] if path not in (listings.CHAPTER09, TESTS)]
    del os.environ['PYTHONPATH']


@contextlib.contextmanager
def _status():
    """Ends this process as Python ends one whose script has raised, by sys.excepthook, or has come to its end."""
    status = 0
    try:
        try:
            yield
        except SystemExit:
            raise
        except BaseException:
            sys.excepthook(*sys.exc_info())
            status = 1
    except SystemExit as end:
        status = end.code or 0
    for stream in sys.stdout, sys.stderr:
        with contextlib.suppress(OSError, ValueError):
            stream.flush()
    os._exit(status)


def kill_at_step(number, by=signal.SIGKILL, when=lambda: True):
    """Sends this process a signal just before its `number`th change to a file or folder, of those `when` counts."""
    steps = iter(range(number - 1, -1, -1))

    def hook(event, arguments):
        writes = event in ('os.rename', 'os.remove', 'os.mkdir', 'os.rmdir') or event == 'open' and (
            isinstance(arguments[1], str) and arguments[1][0] in 'wa'
            or arguments[1] is None and arguments[2] & (os.O_WRONLY | os.O_RDWR))
        if writes and when() and next(steps, -1) == 0:
            os.kill(os.getpid(), by)

    sys.addaudithook(hook)


def start(path, *argv, output, folder=None, before=None):
    """Starts a listing, or chapter09 itself, as `python PATH …` does; its streams go to files in `output`.

    folder  the working directory
    before  called in the process before the program: a function of a module, without arguments
    """
    _begin(str(output))
    process = CONTEXT.Process(target=_child, daemon=True, args=(  # which ends with the tests, whatever they come to
        [str(path), *map(str, argv)], str(folder or output), str(output), before))
    process.start()
    return process


def _begin(output):
    for name in 'stdout', 'stderr':
        open(os.path.join(output, name), 'w').close()


def run(path, *argv, output, **options):
    """As `start`, but waits for its end; returns Ended."""
    process = start(path, *argv, output=output, **options)
    process.join(300)
    if process.is_alive():
        process.kill()
        raise TimeoutError(path, argv)
    return Ended(process.exitcode, *(_lines(os.path.join(str(output), name)) for name in ('stdout', 'stderr')))


def _lines(path):
    with open(path, encoding='utf-8') as file:
        return file.read().splitlines()


def script(path, *argv, **options):
    """`python PATH …` in a new Python, which takes its seconds; `options` are subprocess.run's."""
    ended = subprocess.run([sys.executable, str(path), *map(str, argv)], encoding='utf-8', capture_output=True,
                           timeout=300, **options)
    return Ended(ended.returncode, ended.stdout.splitlines(), ended.stderr.splitlines())


def in_a_small_filesystem(folder, size, work, *words):
    """Calls work(folder, *words), and returns what it does, where folder/disk is a file system of that size.

    It is called in a process of its own, whose alone that file system is: as a function of a module, with what can be
    pickled. `fork` is what it can run programs by.
    """
    os.mkdir(os.path.join(str(folder), 'disk'))
    here, there = CONTEXT.Pipe()
    process = CONTEXT.Process(target=_mount_and, args=(str(folder), size, work, words, there))
    process.start()
    there.close()
    if not here.poll(300):
        process.kill()
        raise TimeoutError(work)
    done, result = here.recv()
    process.join()
    if not done:
        raise result
    return result


REMOUNT = 32  # MS_REMOUNT


def _mount_and(folder, size, work, words, results):
    try:
        _enter_a_namespace()
        mount('none', '/', 0x4000 | 0x40000)  # MS_REC | MS_PRIVATE: what is mounted from now on is seen here alone
        mount('tmpfs', os.path.join(folder, 'disk'), size=size)
        results.send((True, work(folder, *words)))
    except BaseException as error:
        results.send((False, error))
        raise


def _enter_a_namespace():
    """Gives this process mounts of its own; who is not root is root there, as `unshare --map-root-user` has it."""
    new_user, new_mounts = 0x10000000, 0x20000  # CLONE_NEWUSER, CLONE_NEWNS
    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(new_mounts | (new_user if user else 0)):
        raise OSError(ctypes.get_errno(), 'unshare')
    if user:
        for name, line in ('uid_map', '0 %d 1' % user), ('setgroups', 'deny'), ('gid_map', '0 %d 1' % group):
            with open('/proc/self/' + name, 'w') as file:
                file.write(line)


def mount(kind, where, flags=0, size=''):
    """mount(2), with a size in bytes or as 64k; with REMOUNT it changes that of what is mounted there."""
    options = ('size=%s' % size).encode() if size else None
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b'none', where.encode(), kind.encode(), flags, options):
        raise OSError(ctypes.get_errno(), where)


def fork(path, *argv, output):
    """As `run`, which waits, from a process that has been forked itself."""
    _begin(output)
    child = os.fork()
    if not child:
        _child([str(path), *map(str, argv)], output, output, None)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return Ended(status, *(_lines(os.path.join(output, name)) for name in ('stdout', 'stderr')))


class Lab:
    """A folder with a run of a listing, its strips and its trace, and the processes that work on it.

    path  of the listing
    """

    def __init__(self, folder, path, data, *options):
        self.folder, self.listing = str(folder), str(path)
        os.makedirs(self.folder)
        self.argv = ['--data', data, '--run', self.path('run'), '--samples', self.path('samples'),
                     '--trace', self.path('trace.csv'), *map(str, options)]

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def start(self, *options, **keywords):
        return start(self.listing, *self.argv, *options, output=self.folder, **keywords)

    def run(self, *options, kill_at=None):
        """Runs to the end, or to its `kill_at`th change to a file, before which it is killed; returns Ended."""
        return run(self.listing, *self.argv, *options, output=self.folder,
                   before=kill_at and functools.partial(kill_at_step, kill_at))

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
        """The names of the checkpoints."""
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
        """All that a run leaves, to the byte, but for times and versions."""
        result = {'trace': self.read('trace.csv'), 'film': self.read('run', 'film.bin'),
                  'listing': self.read('run', 'listing.py')}
        for folder in ('samples',), ('run', 'samples'):
            for name in os.listdir(self.path(*folder)):
                if name != '.strips':
                    result[(*folder, name)] = self.read(*folder, name)
        result['losses'] = [line.rsplit(',', 1)[0] for line in self.lines('run', 'losses.csv')]
        for epoch in self.epochs():
            for name in 'model.ckpt.index', 'model.ckpt.data-00000-of-00001', 'model.ckpt.meta':
                result[epoch, name] = self.read('run', 'checkpoints', epoch, name)
            with np.load(self.path('run', 'checkpoints', epoch, 'state.npz')) as state:
                for name in set(state) - {'lab/seconds', 'lab/begun'}:
                    result[epoch, name] = state[name].tobytes()
        return result

    def copy(self, folder):
        """A copy of all of it in another folder."""
        shutil.copytree(self.folder, str(folder))
        other = object.__new__(Lab)
        other.folder, other.listing = str(folder), self.listing
        other.argv = [word.replace(self.folder, other.folder) for word in self.argv]
        return other
