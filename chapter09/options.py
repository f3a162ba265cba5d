"""The options of both scripts: what may be said, and what of it can be used."""

import argparse
import contextlib
import os

# TensorFlow folds larger graph-level seeds back to below this, so that two would give one run.
SEEDS = 2 ** 31 - 1
PROGRESS = 'CHAPTER09_PROGRESS'  # an environment variable: show the progress, whatever stderr is


def parse(description, argv, defaults):
    """Parses the options; an unusable one ends the program with one line and status 2.

    description  for --help
    argv         the options, or None for the command line's
    defaults     {name: value}, for --help alone; None is not shown

    Returns {name: value} of the options given. Paths are absolute; `seed` may be 'random'.
    """
    parser = Parser(description=description, allow_abbrev=False, argument_default=argparse.SUPPRESS)

    def add(name, metavar, kind, text):
        default = defaults[name[2:].replace('-', '_')]
        parser.add_argument(name, metavar=metavar, type=kind,
                            help=text + ('' if default is None else ' (default: %s)' % default))

    add('--epochs', 'N', whole(1, 10 ** 6), 'how often to go through the training images')
    add('--seed', 'N|random', seed, 'where the random draws start; the seed in use goes to stderr')
    add('--batch-size', 'N', whole(1, 10 ** 4), 'images in a batch')
    add('--learning-rate', 'X', _rate, "Adam's step, for both networks")
    add('--n-hidden', 'N', whole(1, 2 ** 14), 'width of the hidden layers')
    add('--n-noise', 'N', whole(1, 2 ** 14), 'length of a noise vector')
    add('--data', 'DIR', _data, 'folder of the four MNIST files')
    add('--samples', 'DIR', folder, 'folder for the strips')
    add('--run', 'DIR', folder, 'folder for the record, the losses and the checkpoints')
    add('--init', 'FILE', _weights, 'weights to start from: .npz as in reference/, or a checkpoint')
    add('--trace', 'FILE.csv', file, 'file for the two losses of every iteration')
    add('--logdir', 'DIR', folder, 'folder for the events that TensorBoard shows')
    parser.add_argument('--resume', action='store_true', default=False,
                        help='go on with the run in --run; options left out are as they were')
    return vars(parser.parse_args(argv))


def whole(low, high):
    """The type of an option that takes a whole number."""
    def parse(text):
        if text.isascii() and text.isdigit() and len(text) < 20 and low <= int(text) <= high:
            return int(text)
        raise argparse.ArgumentTypeError('%.30r is not a whole number from %d to %d' % (text, low, high))
    return parse


def seed(text):
    return text if text == 'random' else whole(0, SEEDS - 1)(text)


def _rate(text):
    with contextlib.suppress(ValueError):
        if 0 < float(text) <= 100:
            return float(text)
    raise argparse.ArgumentTypeError('%r is not a number above 0, up to 100' % text)


def place(text):
    """A path, made absolute."""
    if not text:
        raise argparse.ArgumentTypeError('it names nothing')
    return os.path.abspath(text)


def _data(text):
    folder = place(text)
    if not os.path.isdir(folder):
        raise argparse.ArgumentTypeError('%s is no folder: name the one that holds the four files' % folder)
    return folder


def folder(text):
    """A folder that can be written to, or made; it is not made yet."""
    path = present = place(text)
    while not os.path.exists(present) and os.path.dirname(present) != present:
        present = os.path.dirname(present)
    if not os.path.isdir(present) or not os.access(present, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError('%s cannot be written to: name another place' % path)
    return path


def file(text):
    """A file in a folder that is there and can be written to."""
    path = place(text)
    if not os.path.isdir(os.path.dirname(path)) or os.path.exists(path) and not os.path.isfile(path):
        raise argparse.ArgumentTypeError('%s is not the name of a file in an existing folder' % path)
    if not os.access(path if os.path.exists(path) else os.path.dirname(path), os.W_OK):
        raise argparse.ArgumentTypeError('%s cannot be written to: name another place' % path)
    return path


def _weights(text):
    """An .npz file, or a checkpoint without its .index."""
    path = place(text)
    if not os.path.isfile(path) and not os.path.isfile(path + '.index'):
        raise argparse.ArgumentTypeError('%s is missing: name a file like those in reference/' % path)
    return path


class Parser(argparse.ArgumentParser):
    """Whose errors are one line that names the option, with status 2."""

    def error(self, message):
        self.exit(2, '%s: error: %s; see --help\n' % (self.prog, message))
