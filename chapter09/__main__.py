"""python chapter09 COMMAND …: every command of the chapter, for those without make."""

import sys

from lab import errors
from tools import commands

if __name__ == '__main__':
    errors.prepare_streams()
    sys.exit(commands.main(sys.argv[1:]))
