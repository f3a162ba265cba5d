"""The commands, called as `python chapter09 COMMAND …` calls them."""

import contextlib
import io
import sys

from lab.errors import BadInput, Stopped, one_line
from tools import commands


def command(*words):
    """Calls a command; returns (status, stdout's lines, stderr's lines).

    An error that is none of the reader's is raised: of a program of its own it would be a traceback.
    """
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        try:
            status = commands.main([str(word) for word in words])
        except SystemExit as end:
            status = end.code
        except (BadInput, Stopped) as error:
            status = error.status
            print('chapter09: error: ' + one_line(error), file=sys.stderr)
    return status or 0, out.getvalue().splitlines(), err.getvalue().splitlines()
