"""Files that a command is to write, and what they must not be written over."""

import os

from lab import files, listings, records
from lab.errors import BadInput
from lab.shown import INDEX

PROGRAM = tuple(os.path.join(listings.CHAPTER09, folder, '') for folder in ('lab', 'tools'))
MNIST = ('-images-idx3-ubyte.gz', '-labels-idx1-ubyte.gz')


def check(folder, options):
    """Raises BadInput if --trace or --logdir would be written over what a run keeps, the digits, or each other."""
    trace, logdir = (path and os.path.realpath(path) for path in (options['trace'], options['logdir']))
    if trace and trace == logdir:
        raise BadInput('--trace and --logdir are both %s: name another for one of them' % options['trace'])
    for option, path in (('logdir', options['logdir']), ('run', folder.path),
                         ('samples', folder.shown and folder.shown.path)):
        if trace and path and os.path.realpath(path).startswith(trace + os.sep):
            raise BadInput('--%s %s lies below the file --trace %s: name another for one of them'
                           % (option, path, options['trace']))
    for option in 'trace', 'logdir':
        if options[option]:
            _refuse_among('--' + option, options[option], folder.path, folder.shown and folder.shown.path)


def refuse(option, path, ending, *folders):
    """Raises BadInput if a file lies in one of the folders of a run, or among strips, or is one of a run's, or MNIST's.

    Or if there is a folder in its place, or what its name says is of another format than it is written in.

    option   that names it, for the message
    ending   of that format, as .png
    folders  of the run, None among them being nowhere
    """
    if os.path.isdir(path):
        raise BadInput('%s %s is a folder: move it away, or name another file' % (option, path))
    _refuse_among(option, path, *folders)
    its_own = os.path.splitext(path)[1].lower()
    if its_own != ending and (its_own or os.path.lexists(path)):  # such as a Makefile
        raise BadInput('%s %s is written as %s: give it the ending %s' % (option, path, ending[1:].upper(), ending))


def _refuse_among(option, path, *folders):
    path = os.path.realpath(path)
    in_a_run = records.is_run(path) or records.run_above(path) or any(
        folder and files.lies_in(path, folder) for folder in folders)
    among_strips = os.path.lexists(os.path.join(os.path.dirname(path), INDEX))
    if os.path.exists(path) and (path.startswith(PROGRAM) or os.path.dirname(path) == listings.CHAPTER09
                                 and path.endswith('.py')):
        raise BadInput('%s %s is one of the files of the chapter: name another' % (option, path))
    if in_a_run or among_strips or path.endswith('.lock'):
        raise BadInput('%s %s lies among what a run keeps: name another place' % (option, path))
    if path.endswith(MNIST):
        raise BadInput('%s %s is one of the files of the digits: name another' % (option, path))
