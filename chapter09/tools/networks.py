"""What a run is: of its folder, what it has been trained on and for how long, and of its graph what that computes."""

import contextlib
import os

import numpy as np
import tensorflow.compat.v1 as tf

from lab import checkpoints, frames, listings, machine, model, quiet, records
from lab.errors import BadInput, reason
from lab.noise import KEPT, SEED, Noise
from lab.session import config
from tools import asking, steps
from tools.judge import is_mnist


class Networks:
    """A run's, by the run's folder alone, which is only read; `judge`, a `judge.Judge`, knows MNIST.

    Attributes, of which those that the listing does not tell are None:

    record        the run's (`records.read`)
    text          its listing as it was run
    epochs        how many it has behind it since its listing was last changed; earlier, how many before
    noise         'normal' or 'uniform' as in the chapter, however it is drawn, or 'other'
    is_of_mnist   whether it was trained on MNIST itself
    and all that `asking.ask` tells

    Raises BadInput, which says what to do, if the folder holds no run that can be looked at.
    """

    def __init__(self, folder, judge):
        self.folder, self.record, self._judge = folder, records.read(folder), judge
        self.earlier = _epochs_before_a_change(self.record)
        self.epochs = len(records.losses(folder)) - self.earlier
        self.text = None
        with contextlib.suppress(BadInput):
            self.text = listings.read(os.path.join(folder, records.LISTING))
        self.is_of_mnist = is_mnist(self.record['data'], judge.mnist)
        noise = Noise(folder, self.record).draw(KEPT, SEED)
        self.noise = _kind(noise)
        within = os.path.join(folder, records.CHECKPOINTS)
        self.__dict__.update(checkpoints.newest(
            folder, lambda epoch: self._ask(checkpoints.path_of(within, epoch), noise), 'looked at'))

    @machine.limited_memory()
    def _ask(self, path, noise):
        """What `asking.ask` tells of a checkpoint. Raises OSError or ValueError, with the reason, if it cannot."""
        try:
            with tf.Graph().as_default(), quiet.hushed():
                meta = model.read_meta(path)
                tf.train.import_meta_graph(meta)
                with tf.Session(config=config()) as sess:
                    graph = asking.Graph(sess, meta, self.folder, self.record['feeds'], self._judge.mnist.test, noise)
                    graph.restore(path)
                    return asking.ask(graph)
        except (tf.errors.OpError, TypeError, OverflowError) as error:  # the last two of numbers to be fed
            raise ValueError(reason(error)) from None

    def stands_still(self):
        """Whether the film shows the same digits in the first epoch and in the last; None if it shows none."""
        film = frames.read(self.folder)
        if not len(film) or not film['digits'].any():
            return None
        return np.array_equal(film[0]['digits'], film[-1]['digits'])

    def draws_afterwards(self):
        """Whether the listing draws after its training; None if it does not tell."""
        return steps.draws_afterwards(self.text or '')

    def beside(self, width):
        """The runs in the same folder that can be looked at and have weights so wide, as Networks."""
        above, own = os.path.split(os.path.realpath(self.folder))
        for name in sorted(records.names(above)):
            folder = os.path.join(above, name)
            with contextlib.suppress(BadInput):
                if name != own and records.is_run(folder) and _is_so_wide(folder, width):
                    yield Networks(folder, self._judge)


def _is_so_wide(folder, width):
    """Whether a variable of a run's newest checkpoint is so wide: asked first, for it takes no time."""
    within = os.path.join(folder, records.CHECKPOINTS)
    for epoch in checkpoints.epochs(within):
        path = checkpoints.path_of(within, epoch)
        with contextlib.suppress(tf.errors.OpError, OSError, ValueError), model.for_tensorflow(path) as usable:
            checkpoints.check(within, epoch)
            shapes = tf.train.load_checkpoint(usable).get_variable_to_shape_map().values()
            return any(width in shape for shape in shapes)
    return False


def _epochs_before_a_change(record):
    """The epochs that a run had behind it when it went on with another listing; with other comments it is the same."""
    return max((entry['after_epoch'] + 1 for entry in record['resumed']
                if any(map(_is_of_the_program, entry.get('changed', [])))), default=0)


def _is_of_the_program(line):
    """Whether a line of a diff is of more than a comment or the number of epochs."""
    code = line[1:].split('#')[0].strip()
    return not line.startswith('@@') and bool(code) and not code.startswith('total_epoch')


def _kind(noise):
    """Which of the chapter's two distributions noise [n, …] has, by its mean, variance and fourth moment."""
    for name, variance, fourth in ('normal', 1, 3), ('uniform', 1 / 3, 1 / 5):  # uniform in [-1, 1)
        if (abs(noise.mean()) < 0.02 and abs(np.square(noise).mean() / variance - 1) < 0.02
                and abs((noise ** 4).mean() / fourth - 1) < 0.05):
            return name
    return 'other'
