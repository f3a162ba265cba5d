"""The options of a listing: what may be said, and what of it can be used."""

import argparse
import contextlib
import math
import os
import re
import struct
import sys

from lab import files, listings
from lab.errors import BadInput, reason, say
from lab.lost import STATUS as LOST

# TensorFlow folds larger graph-level seeds back to below this, so that two would give one run.
SEEDS = 2 ** 31 - 1
EPOCHS = 'total_epoch'  # the page's name of --epochs
SIZES = {'n_hidden': 'width of the hidden layers', 'n_noise': 'length of a noise vector'}
OF_THE_PAGE = {EPOCHS, 'batch_size', 'learning_rate', *SIZES}


class Parser(argparse.ArgumentParser):
    """Whose errors are one line that names the option, with status 2."""

    def __init__(self, **keywords):
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **keywords)

    def parse_known_args(self, args=None, namespace=None):
        for word in sys.argv[1:] if args is None else args:
            if re.fullmatch('--[^=]+=--', word):  # of which argparse makes an empty list
                self.error('argument %s: -- is no value of it' % word[:-3])
        return super().parse_known_args(args, namespace)

    def print_help(self, file=None):
        text, encoding = self.format_help(), getattr(file or sys.stdout, 'encoding', None) or 'utf-8'
        text = text.encode(encoding, 'replace').decode(encoding)  # a console may lack the listing's letters
        print(text, end='', file=file, flush=True)  # argparse would not tell that there is no room for it

    def error(self, message):
        say('%s: error: %s; see --help' % (self.prog, message))
        self.exit(2)


def parser(description, numbers, defaults, prog=None):
    """The Parser of a listing's options; what is not given is not in its result.

    numbers   {name: number} that the listing has, an option each
    defaults  {option: value}, for --help alone
    """
    result = Parser(description=description, prog=prog, argument_default=argparse.SUPPRESS)

    def add(name, metavar, kind, text, default=None):
        default = defaults.get(name) if default is None else default
        shown = '' if default is None else ' (default: %s)' % str(default).replace('%', '%%')
        result.add_argument('--' + name, metavar=metavar, type=kind, help=text + shown)

    if 'epochs' in numbers and EPOCHS in numbers:
        raise BadInput('total_epoch and epochs are both --epochs: give one of the two another name')
    for name, number in numbers.items():
        if name not in RESERVED:
            kind, text = _of_number(name, number)
            add(option_of(name), 'X' if isinstance(number, float) else 'N', kind, text, number)
    add('seed', 'N|random', seed, 'where the random draws start; the seed in use goes to stderr')
    add('data', 'DIR', _data, 'folder of the four MNIST files')
    add('samples', 'DIR', folder, "folder for the strips, beside those that the run's folder keeps")
    add('run', 'DIR', folder, 'folder of the run: its record, losses, strips and checkpoints')
    add('init', 'FILE', _weights, 'weights to start from: .npz as in reference/, or a checkpoint')
    add('trace', 'FILE.csv', file, 'file for the two losses of every iteration')
    add('logdir', 'DIR', folder, 'folder for what TensorBoard shows, a folder in it for each run')
    result.add_argument('--device', choices=['cpu', 'gpu'],
                        help='what to train on (default: a GPU where TensorFlow finds one)')
    result.add_argument('--progress', action='store_true',
                        help='show the progress even where stderr is no terminal')
    result.add_argument('--stop-when-lost', action='store_true',
                        help='end a run that hardly learns any more (docs/lost.md), with status %d' % LOST)
    result.add_argument('--resume', action='store_true',
                        help='go on with the run in --run; numbers and seed that are left out are as they were')
    return result


PATHS = {'data', 'samples', 'run', 'init', 'trace', 'logdir'}
# The lab's own options. A listing may have a number `seed`, which is the default then; not one of the others.
RESERVED = ['seed', 'data', 'samples', 'run', 'init', 'trace', 'logdir', 'device', 'progress', 'resume', 'help',
            'stop_when_lost']


def defaults(listing, numbers):
    """{option: value} of the lab's own options, for a `listings.Listing` with such numbers."""
    root = listings.ROOT
    return {'seed': numbers.get('seed', 7), 'data': os.path.join(root, 'mnist', 'data'),
            'samples': listing.samples and os.path.join(root, listing.samples),
            'run': os.path.join(root, 'runs', listing.name),
            'init': None, 'trace': None, 'logdir': None, 'device': None, 'progress': False, 'resume': False,
            'stop_when_lost': False}


def option_of(name):
    """The option that a number of the listing is: total_epoch is --epochs, n_hidden --n-hidden."""
    return 'epochs' if name == EPOCHS else name.replace('_', '-')


def arguments(words, numbers):
    """Keyword arguments, such as epochs=3, as the words of a command line. Raises BadInput for a place that is none."""
    for name, value in words.items():
        if name in PATHS and not isinstance(value, (str, os.PathLike, bool, type(None))):
            raise BadInput('%s=%.30r names no place: give a text, or a path of pathlib' % (name, value))
        if isinstance(value, os.PathLike):
            value = os.fsdecode(value)  # the text of an os.DirEntry is another
        if isinstance(value, bool):
            if value:
                yield '--' + name.replace('_', '-')
        elif value is not None:
            yield '--%s=%s' % (option_of(name) if name in numbers else name.replace('_', '-'), value)


def refused(name, number):
    """Why the option that a number of the listing is does not take it; None if it does."""
    try:
        _of_number(name, number)[0](str(number))
    except argparse.ArgumentTypeError as error:
        return str(error)


def _of_number(name, number):
    """The type of the option that a number of the listing is, and what it is for."""
    if option_of(name) == 'epochs':
        return whole(1, 10 ** 6), 'how often to go through the training images'
    if name.startswith('batch_size'):
        return whole(1, 10 ** 4), 'images in a batch'
    if name.startswith('learning_rate'):
        return _rate, "the optimizer's step"
    if name in SIZES:
        return whole(1, 2 ** 14), SIZES[name]
    if isinstance(number, float):
        return real, 'a number of the listing'
    return whole(1 if number > 0 else 0 if number == 0 else -SEEDS, SEEDS), 'a number of the listing'


def whole(low, high):
    """The type of an option that takes a whole number."""
    def parse(text):
        if re.fullmatch(r'-?[0-9]{1,19}', text) and low <= int(text) <= high:
            return int(text)
        raise argparse.ArgumentTypeError('%.30r is not a whole number from %d to %d' % (text, low, high))
    return parse


def seed(text):
    try:
        return text if text == 'random' else whole(0, SEEDS - 1)(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError('%s, nor is it random' % error) from None


def real(text):
    """The type of an option that takes a number which is one in float32 too, and not 0 there alone."""
    with contextlib.suppress(ValueError, OverflowError):
        number = float(text) if text.isascii() and not re.search(r'[\s_]', text) else math.nan
        in_float32 = struct.unpack('f', struct.pack('f', number))[0]
        if math.isfinite(in_float32) and bool(in_float32) == bool(number):
            return number
    raise argparse.ArgumentTypeError('%.30r is not a number of float32' % text)


def _rate(text):
    with contextlib.suppress(argparse.ArgumentTypeError):
        number = real(text)
        if 0 < number <= 100:
            return number
    raise argparse.ArgumentTypeError('%.30r is not a number above 0, up to 100' % text)


def place(text):
    """A path, made absolute."""
    if not text or '\0' in text:
        raise argparse.ArgumentTypeError('it names nothing' if not text else '%.30r is no name: name another' % text)
    try:
        path = os.path.abspath(text)
    except OSError:
        raise argparse.ArgumentTypeError('the working directory is gone: change to one that is there') from None
    why = files.not_for_tensorflow(path)
    if why:
        raise argparse.ArgumentTypeError(why)
    if len(os.fsencode(text)) >= 4096:
        raise argparse.ArgumentTypeError('%.60s… is longer than the name of a file can be' % text)
    return path


def _data(text):
    folder = place(text)
    if not os.path.isdir(folder):
        raise argparse.ArgumentTypeError('%s is no folder: name the one that holds the four files' % folder)
    return folder


def folder(text):
    """A folder that can be written to, or made; it is not made yet."""
    path = present = place(text)
    while not os.path.lexists(present) and os.path.dirname(present) != present:
        present = os.path.dirname(present)
    if not os.path.isdir(present) or not os.access(present, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError('%s cannot be written to: name another place' % path)
    return _takeable(path)


def _takeable(path):
    try:
        with contextlib.suppress(FileNotFoundError):
            os.lstat(path)
    except OSError as error:  # a name that is too long for the system
        raise argparse.ArgumentTypeError('%s cannot be written to (%s): name another' % (path, reason(error))) from None
    return path


def _leads_to_a_device(path):
    """Whether a path is one of /dev, /proc or /sys, or a link that leads there, as /dev/stdout is."""
    for _ in range(40):  # which is as far as Linux follows
        if path.startswith(('/dev/', '/proc/', '/sys/')):
            return True
        if not os.path.islink(path):
            break
        path = os.path.abspath(os.path.join(os.path.dirname(path), os.readlink(path)))
    return False


def file(text):
    """A file in a folder that is there and can be written to."""
    path = place(text)
    if _leads_to_a_device(path):
        raise argparse.ArgumentTypeError('%s is no file of a folder: name one' % path)
    if not os.path.isdir(os.path.dirname(path)) or os.path.lexists(path) and not os.path.isfile(path):
        raise argparse.ArgumentTypeError('%s is not the name of a file in an existing folder' % path)
    there = [os.path.dirname(path), *[path] * os.path.exists(path)]  # a new file is put in an earlier one's place
    if not all(os.access(each, os.W_OK) for each in there):
        raise argparse.ArgumentTypeError('%s cannot be written to: name another place' % path)
    return _takeable(path)


def address(text):
    """HOST:PORT; tcp:// may stand before it, as dask tells addresses."""
    found = re.fullmatch(r'(tcp://)?(\[[0-9a-fA-F:.]+\]|[^\s:/@\[\]]+):([0-9]{1,5})', text)
    if found and text.isprintable() and 0 < int(found.group(3)) < 2 ** 16:
        return text
    raise argparse.ArgumentTypeError('%.60r is no HOST:PORT: give one, such as 10.0.0.5:8786' % text)


def _weights(text):
    """An .npz file, or a checkpoint without its .index."""
    path = place(text)
    if not os.path.isfile(path) and not os.path.isfile(path + '.index'):
        raise argparse.ArgumentTypeError('%s is missing, or no file: name one like those in reference/' % path)
    return path
