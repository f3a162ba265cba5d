"""What a run needs and the chapter leaves out: options, the seed, folders, the record of losses.

Import it before TensorFlow, which it keeps from chattering on stderr. Set TF_CPP_MIN_LOG_LEVEL (to 0,
say) to hear everything TensorFlow has to say.
"""

import argparse
import contextlib
import os
import random
import sys
import tempfile
import zipfile
import zlib

import matplotlib
import numpy as np

from errors import BadInput

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# TensorFlow folds larger graph-level seeds back to below this, so that two would give one run.
SEEDS = 2 ** 31 - 1


@contextlib.contextmanager
def _stderr_held_back():
    """Keeps what is written to stderr, even by C++, from showing, unless the block fails.

    TensorFlow logs while it is imported, before it has read any log level.
    """
    try:
        stderr = os.dup(2)
    except OSError:  # no console at all, as under IDLE
        yield
        return
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)


if os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3') == '3':
    with _stderr_held_back():
        import tensorflow.compat.v1 as tf
    tf.logging.set_verbosity(tf.logging.ERROR)
else:
    import tensorflow.compat.v1 as tf


def program(main):
    """Runs a script's `main()` as a program: bad input ends it with one line and status 2."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, 'reconfigure'):  # IDLE's streams lack it
            # A console without Korean gets question marks, a pipe gets each line as it comes.
            stream.reconfigure(errors='replace', line_buffering=True)
    matplotlib.use('Agg')  # needs no display and opens no window
    try:
        main()
    except BadInput as error:
        print('%s: error: %s' % (os.path.basename(sys.argv[0]), error), file=sys.stderr)
        sys.exit(2)
    except BrokenPipeError:  # the reader of our lines has gone, as in `… | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


class Run:
    """One run of a listing as its options describe it, on a fresh default graph that has the seed.

    description  the script's docstring, for --help
    argv         the options, or None for the command line's
    epochs       the chapter's number of epochs
    samples      the folder in the repository where the listing draws

    Attributes: `epochs`, an iterator, and `data`, the folder of the digits.
    Ends the program with status 2 if an option cannot be used.
    """

    def __init__(self, description, argv, epochs, samples):
        options = _options(description, argv, epochs, samples)
        self.data = options.data
        self._options = options
        self._trace = None
        self._iteration = 0
        tf.reset_default_graph()
        tf.set_random_seed(options.seed)

    def begin(self, sess, weights, total_batch):
        """To be called when the variables have been initialised, before the first epoch.

        weights      {name: variable}, what `--init` replaces
        total_batch  batches in an epoch

        Raises BadInput before anything is written.
        """
        if not total_batch:
            raise BadInput('%s holds too few training images for one batch' % self.data)
        if self._options.init:
            arrays = _arrays(self._options.init, {name: v.shape.as_list() for name, v in weights.items()})
            # Through the initializers' own inputs: no operation is added to the chapter's graph.
            sess.run([v.initializer for v in weights.values()],
                     {v.initializer.inputs[1]: arrays[name] for name, v in weights.items()})
        try:
            self._trace = open(self._options.trace or os.devnull, 'w')
            os.makedirs(self._options.samples, exist_ok=True)
        except OSError as error:
            raise BadInput('%s cannot be written (%s): name another place'
                           % (error.filename, error.strerror)) from None
        self._trace.write('iteration,D loss,G loss\n')
        print('seed: %d' % self._options.seed, file=sys.stderr)

    def epochs(self):
        """The epochs, 0 first, with the trace kept open as long as they last."""
        with self._trace:
            yield from range(self._options.epochs)

    def step(self, loss_D, loss_G):
        """Records the losses of one iteration."""
        self._trace.write('%d,%.9g,%.9g\n' % (self._iteration, loss_D, loss_G))
        self._iteration += 1

    def strip(self, epoch):
        """Where the strip of an epoch is drawn: samples/000.png, samples/009.png, …"""
        return os.path.join(self._options.samples, str(epoch).zfill(3) + '.png')


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, '%s: error: %s; see --help\n' % (self.prog, message))


def _options(description, argv, epochs, samples):
    parser = _Parser(description=description, allow_abbrev=False)

    def add(name, metavar, kind, default, text):
        shown = '' if default is None else ' (default: %(default)s)'
        parser.add_argument(name, metavar=metavar, type=kind, default=default, help=text + shown)

    add('--epochs', 'N', _epochs, epochs, 'how often to go through the training images')
    add('--seed', 'N|random', _seed, 7, 'where the random draws start; the seed in use goes to stderr')
    add('--data', 'DIR', str, os.path.join(ROOT, 'mnist', 'data'), 'folder of the four MNIST files')
    add('--samples', 'DIR', _folder, os.path.join(ROOT, samples), 'folder for the strips')
    add('--init', 'FILE.npz', str, None, 'weights to start from, as in reference/')
    add('--trace', 'FILE.csv', _file, None, 'file for the two losses of every iteration')
    return parser.parse_args(argv)


def _epochs(text):
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError('%r is not a whole number of at least 1' % text)
    return int(text)


def _seed(text):
    if text == 'random':
        return random.SystemRandom().randrange(SEEDS)
    if not text.isdigit() or int(text) >= SEEDS:
        raise argparse.ArgumentTypeError('%r is neither "random" nor a whole number from 0 to %d'
                                         % (text, SEEDS - 1))
    return int(text)


def _folder(path):
    """A folder that can be written to, or made; it is not made yet."""
    present = os.path.abspath(path)
    while not os.path.exists(present):
        present = os.path.dirname(present)
    if not os.path.isdir(present) or not os.access(present, os.W_OK | os.X_OK):
        raise argparse.ArgumentTypeError('%s cannot be written to: name another place' % present)
    return path


def _file(path):
    """A file in a folder that is there and can be written to."""
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.path.isdir(folder):
        raise argparse.ArgumentTypeError('%s is not the name of a file in an existing folder' % path)
    _folder(folder)
    return path


def _arrays(path, shapes):
    """Reads the arrays of an .npz file, which must be those of `shapes` {name: shape}, no more, no less."""
    if not zipfile.is_zipfile(path):
        raise BadInput('--init %s is missing or no .npz file: name one like those in reference/' % path)
    try:
        with np.load(path) as file:
            arrays = dict(file)
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
        raise BadInput('--init %s cannot be read (%s): name another file' % (path, error)) from None
    for name in sorted(shapes.keys() | arrays.keys()):
        if name not in arrays:
            raise BadInput('--init %s lacks %s: it must hold %s' % (path, name, ', '.join(shapes)))
        if name not in shapes:
            raise BadInput('--init %s holds %s, which this listing has not: it must hold %s'
                           % (path, name, ', '.join(shapes)))
        if arrays[name].dtype.kind != 'f' or list(arrays[name].shape) != shapes[name]:
            raise BadInput('--init %s: %s must be floats of shape %s, not %s of shape %s'
                           % (path, name, shapes[name], arrays[name].dtype, list(arrays[name].shape)))
    return arrays
