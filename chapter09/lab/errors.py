"""How a program of this chapter ends early: with one line that says why, and a status.

An exception that has a `status` ends it so, such as the two below. Every other exception is a bug and keeps
its traceback.
"""

import contextlib
import errno
import io
import os
import re
import sys

ITS_OWN = os.path.join('.venv', *(('Scripts', 'python.exe') if os.name == 'nt' else ('bin', 'python')))  # make's too
PACKAGES = {'tensorflow': 'requirements.txt', 'numpy': 'requirements.txt', 'matplotlib': 'requirements.txt',
            'distributed': 'requirements-cluster.txt', 'nbformat': 'requirements-dev.txt'}
NO_TEMPORARY_FILES = 'no temporary file can be written (%s): make room, or name a folder in TMPDIR'
NO_ROOM = errno.ENOSPC, errno.EDQUOT, errno.EFBIG  # a full disk, a quota, a limit on a file's size


def one_line(message):
    """A message as one line of what can be shown; what cannot, such as a newline in a file's name, is escaped."""
    return ''.join(letter if letter.isprintable() else letter.encode('unicode_escape', 'surrogatepass').decode()
                   for letter in str(message).strip())


class BadInput(ValueError):
    """Something that the user, not the program, has to mend: an option, a file, a folder, a full disk.

    The message is one line that says what is wrong, where, and what to do.
    """

    status = 2

    def __init__(self, message):
        super().__init__(one_line(message))

    def _render_traceback_(self):  # what IPython shows in the traceback's place
        return ['error: %s' % self]


class Stopped(BaseException):
    """A run that cannot go on now: asked to stop (status 130 or 143), or its numbers gave out (3).

    Like KeyboardInterrupt it is no Exception, so that nothing on its way takes it for an error.
    """

    def __init__(self, message, status):
        super().__init__(message)
        self.status = status

    def _render_traceback_(self):
        return [one_line(self)]


def reason(error):
    """Why something failed, in a few words: the system's own, or the first line that says anything."""
    said = getattr(error, 'strerror', None) or str(error)
    # TensorFlow 2 tells first which operation it was that failed, and where in the program that was written.
    said = re.split(r"(?m)^Node: '.*'$", said)[-1]
    lines = [line.strip() for line in said.split('\n') if line.strip() not in ('', 'Graph execution error:')]
    return one_line(lines[0] if lines else type(error).__name__)


def say(text):
    """Writes a line to stderr, if there is one."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):  # it may have gone, as a closed terminal has
            print(one_line(text), file=sys.stderr, flush=True)


def watch():
    """Has uncaught exceptions of this program end it as this module says.

    Not in IPython, which has ways of its own; `_render_traceback_` above is for it.
    """
    if not in_ipython() and sys.excepthook is not _end:
        sys.excepthook = _end


def in_ipython():
    """Whether this is a notebook, or IPython's prompt."""
    return getattr(sys.modules.get('IPython'), 'get_ipython', lambda: None)() is not None


def at_a_prompt():
    """Whether somebody goes on working in this process after the program, or has never begun one."""
    return in_ipython() or bool(sys.flags.interactive or sys.flags.inspect) or hasattr(sys, 'ps1')


class _Terminal(io.FileIO):
    """A terminal to write to that may go: what was left running on it, with SIGHUP ignored, goes on without it."""

    def write(self, data):
        try:
            return super().write(data)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return len(data)


def prepare_streams():
    """Sees to it that no letter and no terminal that has gone makes writing fail, and that lines come as printed."""
    for number in 0, 1, 2:  # a service has none: what is opened first would take their place
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    for name in 'stdout', 'stderr':
        stream = getattr(sys, name)
        if hasattr(stream, 'reconfigure'):  # IDLE's streams lack it
            if os.name == 'posix' and stream.isatty():
                terminal = _Terminal(stream.fileno(), 'w', closefd=False)
                setattr(sys, name, io.TextIOWrapper(io.BufferedWriter(terminal), stream.encoding))
            # A console without Korean gets question marks, a pipe gets each line as it comes.
            getattr(sys, name).reconfigure(errors='replace', line_buffering=True)


def _end(kind, error, traceback):
    name = os.path.basename((sys.argv or [''])[0]) or 'python'
    if at_a_prompt():  # where nothing ends the process
        if isinstance(getattr(error, 'status', None), int):
            say('%s%s' % ('error: ' if isinstance(error, Exception) else '', error))
        elif isinstance(error, SystemExit):  # of an option that was refused, or --help, which has had its lines
            if not isinstance(error.code, (int, type(None))):
                say(error)
        else:
            sys.__excepthook__(kind, error, traceback)
        return
    if issubclass(kind, KeyboardInterrupt):  # before the first epoch, with nothing to save yet
        raise SystemExit(130)
    if issubclass(kind, ModuleNotFoundError) and error.name in PACKAGES:
        take = '' if sys.executable.endswith(os.sep + ITS_OWN) else 'take %s, or ' % ITS_OWN
        say('%s: error: %s has no %s: %sinstall %s' % (name, sys.executable, error.name, take, PACKAGES[error.name]))
        raise SystemExit(2)
    if isinstance(getattr(error, 'status', None), int):
        say('%s: %s%s' % (name, 'error: ' if isinstance(error, Exception) else '', error))
        if isinstance(error, Stopped) and sys.stdout is not None and sys.stdout.isatty():
            _leave_unwritten()  # a signal in the midst of a line would have that written twice
        raise SystemExit(error.status)
    if isinstance(error, OSError) and error.errno in (errno.EPIPE, *NO_ROOM):
        # The reader of our lines has gone, as in `… | head`, or there is no room for them.
        _leave_unwritten()
        if error.errno == errno.EPIPE:
            raise SystemExit(1)
        say('%s: error: no room left for the output' % name)
        raise SystemExit(2)
    to_mend = _to_mend(error, traceback)
    if to_mend:
        say('%s: error: %s' % (name, to_mend))
        raise SystemExit(2)
    sys.__excepthook__(kind, error, traceback)
    if isinstance(error, ValueError) and 'already exists, disallowed' in str(error):
        say('%s: a network that is called a second time has to find its variables again, or it is another one: '
            'discriminator(G, Y, True), with `if reuse: scope.reuse_variables()` in it' % name)


def _leave_unwritten():
    """Has nothing more written to stdout, not even what Python has kept for it."""
    with contextlib.suppress(OSError, AttributeError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _to_mend(error, traceback):
    """What the user has to mend where libraries end with exceptions of their own; None of any other."""
    if isinstance(error, RuntimeError) and str(error) == "can't start new thread":
        return 'the system gives no more threads: end other programs, or raise the limit (ulimit -u)'
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return 'the system opens no more files: end other programs, or raise the limit (ulimit -n)'
    if isinstance(error, FileNotFoundError) and 'No usable temporary directory' in str(error):  # says tempfile
        return NO_TEMPORARY_FILES % reason(error)
    file = _read_by_matplotlib(traceback) if isinstance(error, UnicodeDecodeError) else None
    return file and '%s is not in UTF-8: mend it, or move it away' % file


def _read_by_matplotlib(traceback):
    """The file of settings that matplotlib was reading, a matplotlibrc of the user's, if it was."""
    while traceback is not None:
        frame, traceback = traceback.tb_frame, traceback.tb_next
        if frame.f_globals.get('__name__') == 'matplotlib' and 'fname' in frame.f_locals:
            return frame.f_locals['fname']
    return None
