"""Sees to the environment that make works in: python chapter09/tools/environment.py VENV requirements.txt ...

One that make made, for this folder and in that place, as a file in it says, is installed into when the requirements
have changed, and made anew when its Python is gone. Any other is used as it is or refused: nothing in it is changed.
This is run by the environment's own Python, and where there is none, by the one that is to make it.
"""

import signal
import sys

if __name__ == '__main__':
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what it has started ends with it
    if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:  # which may come while the rest is imported
        signal.signal(signal.SIGINT, lambda *_: sys.exit(130))

import contextlib  # noqa: E402
import os  # noqa: E402
import shutil  # noqa: E402
import subprocess  # noqa: E402
from pathlib import Path  # noqa: E402

PROJECT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


class Refused(Exception):
    """What cannot be used as it is, or could not be done: a line that says so, and what to do."""


class Environment:
    """An environment at `path`, which need not be there yet."""

    def __init__(self, path):
        self.path = Path(path)
        self.python = self.path / 'bin' / 'python'
        self._mark = self.path / 'made-by-make'
        self._maker = os.fsencode('%s\n%s\n' % (os.path.realpath(PROJECT), os.path.realpath(path)))

    def is_ours(self):
        """Is there nothing yet, or what was made here?"""
        if self.path.is_dir():
            return holds(self._mark, self._maker) or not os.listdir(str(self.path))
        return not os.path.lexists(str(self.path))

    def has_python(self):
        """Whether its Python starts; one of another system does not, nor one whose file is gone."""
        with contextlib.suppress(OSError):
            return os.path.samefile(str(self.python), sys.executable) or not subprocess.call(
                [str(self.python), '-I', '-c', ''], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return False

    def changed(self, lists):
        """The files among `lists` that have not been installed as they now are, for the Python that runs this."""
        return [name for name in lists if not (self.has_python() and holds(self._record(name), _wanted(name)))]

    def make(self, python=sys.executable):
        if os.pathsep in os.path.abspath(str(self.path)) and sys.version_info >= (3, 11):
            refuse('Python makes no environment in a folder with a colon in its path: '
                   'name another place, as in make VENV=/tmp/venv')
        self.path.mkdir(parents=True, exist_ok=True)
        self._sign()
        self._clear()
        try:
            run([python, '-m', 'venv', os.path.abspath(str(self.path))], '%s could not be made' % self.path)
        except BaseException:
            self._clear()
            raise

    def _sign(self):
        """Marks the folder as made here, unless it is another's by now."""
        if not self.is_ours():
            refuse('%s has come to be meanwhile, and was not made by make in this folder: name another' % self.path)
        if not self._mark.exists():
            try:
                with self._mark.open('xb') as file:
                    file.write(self._maker)
            except OSError:  # such as a full disk, after which it would be nobody's
                self._mark.unlink(missing_ok=True)
                raise

    def bring_up_to_date(self, lists):
        if not self.has_python():
            self.make()
        for name in self.changed(lists):
            say('Installing %s into %s (once, a few minutes)' % (name, self.path))
            self.install(name)

    def install(self, name):
        wanted = _wanted(name)
        run([str(self.python), '-m', 'pip', 'install', '-q', '--disable-pip-version-check', '-r', name],
            '%s was not installed: try again, or delete %s and begin anew' % (name, self.path))
        self._record(name).write_bytes(wanted)

    def _record(self, name):
        return self.path / ('installed-' + name)

    def _clear(self):
        for path in set(self.path.iterdir()) - {self._mark}:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(str(path))
            else:
                path.unlink()


def _wanted(name):
    return Path(name).read_bytes() + b'# for Python %d.%d\n' % sys.version_info[:2]


def main(path, *lists):
    if path.startswith(('~', '-')):  # which a shell would have read otherwise, or takes for an option
        refuse('VENV=%s: write the folder out, from / or from ./' % path)
    if any(above.name == '..' and not above.exists() for above in (Path(path), *Path(path).parents)):
        # Once that folder is made, it may lead back to anybody's environment.
        refuse('VENV=%s goes through a folder that is not there: write it without ..' % path)
    environment = Environment(path)
    if environment.is_ours() and environment.changed(lists):
        with others_waiting():
            if environment.is_ours():  # still
                environment.bring_up_to_date(lists)
    if not environment.is_ours():
        lacking = [line for name in lists for line in unmet(name)] if environment.has_python() else ['bin/python']
        if lacking:
            # Lest somebody delete the home folder that was named, or what a link leads to.
            is_one = (environment.path / 'pyvenv.cfg').exists() and not environment.path.is_symlink()
            refuse('%s was not made by make in this folder, so it is left as it is, but lacks %s: '
                   '%sname another, as in make VENV=/tmp/venv'
                   % (path, ', '.join(lacking), 'delete it, mend it, or ' if is_one else ''))


def unmet(name):
    """What the file `name` asks for and the packages of the Python that runs this do not give."""
    lines = [line.split('#')[0].strip() for line in Path(name).read_text().splitlines() if line[:1].isalpha()]
    try:
        from importlib import metadata

        from packaging.requirements import Requirement  # which TensorFlow and matplotlib bring with them
    except ImportError:
        return lines
    lacking = []
    for requirement in map(Requirement, lines):
        try:
            found = version(requirement.name)
            if not requirement.specifier.contains(found, prereleases=True):
                lacking.append('%s (it has %s)' % (requirement, found))
        except metadata.PackageNotFoundError:
            lacking.append(str(requirement))
    return lacking


def version(package):
    """The version of what gives a package: itself, or one of another name, as tensorflow-cpu gives tensorflow.

    Raises importlib.metadata.PackageNotFoundError if nothing does.
    """
    from importlib import metadata
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return metadata.version(metadata.packages_distributions().get(package, [package])[0])


@contextlib.contextmanager
def others_waiting():
    """While the block, and the pip that it starts, last, others wait here. The lock is on this very file."""
    import fcntl  # not on Windows, where make does not run, but tools/doctor.py does
    lock = os.open(__file__, os.O_RDWR if os.access(__file__, os.W_OK) else os.O_RDONLY)
    os.set_inheritable(lock, True)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say('Waiting for another make, which is installing')
        fcntl.flock(lock, fcntl.LOCK_EX)
    except OSError:  # a file system without locks
        pass
    try:
        yield
    finally:
        os.close(lock)


def run(command, complaint):
    # What it says waits for its end: Ctrl-C, which it gets as well, is no reason for a traceback of its.
    process = subprocess.Popen(command, close_fds=False, stderr=subprocess.PIPE)
    try:
        _, said = process.communicate()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    sys.stderr.write(said.decode(errors='replace'))
    if process.returncode != 0:
        refuse(complaint)


def holds(path, content):
    return path.is_file() and path.read_bytes() == content


def say(line):
    sys.stderr.write(line + '\n')


def refuse(line):
    raise Refused(line)


if __name__ == '__main__':
    sys.stderr = sys.stderr or open(os.devnull, 'w')  # a service has none
    try:
        main(*sys.argv[1:])
    except Refused as error:
        say(str(error))
        sys.exit(2)
    except OSError as error:
        say('VENV=%.80s cannot be used (%s): name another' % (sys.argv[1], error.strerror or error))
        sys.exit(2)
