"""How a program of this chapter ends early: with one line that says why, and a status."""

import errno
import os
import sys


class BadInput(ValueError):
    """Something that the user, not the program, has to mend: an option, a file, a folder, a full disk.

    The message is one line that says what is wrong, where, and what to do. A program of this chapter
    prints it and ends with its status (`program`); every other exception is a bug and keeps its
    traceback.
    """

    status = 2


class Stopped(BaseException):
    """A run that cannot go on now: asked to stop (status 130 or 143), or its numbers gave out (3).

    Like KeyboardInterrupt it is no Exception, so that nothing on its way takes it for an error.
    """

    def __init__(self, message, status):
        super().__init__(message)
        self.status = status


def program(main):
    """Runs a script's `main()` as a program: bad input ends it with one line and status 2."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, 'reconfigure'):  # IDLE's streams lack it
            # A console without Korean gets question marks, a pipe gets each line as it comes.
            stream.reconfigure(errors='replace', line_buffering=True)
    try:
        main()
    except (BadInput, Stopped) as end:
        kind = 'error: ' if isinstance(end, BadInput) else ''
        print('%s: %s%s' % (os.path.basename(sys.argv[0]), kind, end), file=sys.stderr)
        sys.exit(end.status)
    except KeyboardInterrupt:  # before the first epoch, with nothing to save yet
        sys.exit(130)
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.ENOSPC):
            raise
        # The reader of our lines has gone, as in `… | head`, or there is no room for them.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if error.errno == errno.EPIPE:
            sys.exit(1)
        print('%s: error: no room left for the output' % os.path.basename(sys.argv[0]), file=sys.stderr)
        sys.exit(2)
