"""Files that a command is to write, and what they must not be written over."""

import os

from lab import records
from lab.errors import BadInput

MNIST = ('-images-idx3-ubyte.gz', '-labels-idx1-ubyte.gz')


def check(folder, options):
    """Raises BadInput if --trace or --logdir would be written over what a run keeps, or over the digits."""
    for option in 'trace', 'logdir':
        if options[option]:
            refuse('--' + option, options[option], folder.path, folder.shown and folder.shown.path)


def refuse(option, path, *folders):
    """Raises BadInput if a file lies in one of the folders of a run, or is one of a run's, or MNIST's.

    option   that names it, for the message
    folders  of the run, None among them being nowhere
    """
    path = os.path.realpath(path)
    above = os.path.dirname(path)
    in_a_run = any(folder and (path + os.sep).startswith(os.path.realpath(folder) + os.sep) for folder in folders)
    while not in_a_run and above != os.path.dirname(above):
        in_a_run = records.is_run(above)
        above = os.path.dirname(above)
    if in_a_run:
        raise BadInput('%s %s lies among what a run keeps: name a place outside of its folder' % (option, path))
    if path.endswith(MNIST):
        raise BadInput('%s %s is one of the files of the digits: name another' % (option, path))
