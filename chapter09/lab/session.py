"""A tf.Session that does not work the same step out anew each time it is run, and tells what it has run."""

import contextlib

import numpy as np
import tensorflow.compat.v1 as tf
from tensorflow.core.protobuf import config_pb2

from lab import machine, quiet
from lab.errors import BadInput


class Session(tf.Session):
    """tf.Session, but a list of fetches that is run again and again, fed by tensor, takes a shorter way.

    The first run of a list with feeds of some shapes is tf.Session's own, with all that it checks. Then
    TensorFlow is told once which operations that took and where the feeds go in, and further runs only hand
    over the arrays. The operations are the same, and so are the numbers.

    What `watched_by` names learns of each run as TensorFlow 1's SessionRunHook does: `watch.sees(fetches)` says
    what is of interest in such fetches, None if nothing is; `watch.ran(seen, results, feed_dict)` is then
    called when they have been run.

    threads  how many are to work at one operation, 0 for as many as TensorFlow takes; the attribute is how many do
    device   'cpu', 'gpu' or None, for a GPU where TensorFlow finds one; the attribute is the one in use

    Raises BadInput if there is no GPU where one is wanted.
    """

    def __init__(self, threads=0, device=None):
        if device != 'cpu' and tf.config.experimental.list_physical_devices('GPU'):
            _ask_for_the_same_bytes_each_time()
        super().__init__(config=config(threads, device))
        self.threads = threads or machine.threads()
        self.device = 'gpu' if any(each.device_type == 'GPU' for each in self.list_devices()) else 'cpu'
        self._steps = {}
        self._watch = None
        if device == 'gpu' and self.device != device:
            self.close()
            raise BadInput('TensorFlow %s finds no GPU: leave --device out' % tf.__version__)

    def watched_by(self, watch):
        """Tells `watch` of every run from now on."""
        self._watch = watch
        self._steps.clear()

    def run(self, fetches, feed_dict=None, options=None, run_metadata=None):
        """As tf.Session.run."""
        step = key = None
        if (isinstance(fetches, list) and feed_dict and not options and not run_metadata
                and all(isinstance(tensor, tf.Tensor) for tensor in feed_dict)):
            # By identity: where TensorFlow 2's behaviour is on, tensors compare elementwise and have no hash.
            key = (*map(id, fetches), None, *map(id, feed_dict), *map(np.shape, feed_dict.values()))
            step = self._steps.get(key)
        if step:
            results, seen = step(feed_dict), step.seen
        else:
            results = super().run(fetches, feed_dict, options, run_metadata)
            seen = self._watch and self._watch.sees(fetches)
            fed = set(map(id, feed_dict)) if key else ()
            if key and all(isinstance(fetch, (tf.Operation, tf.Tensor)) and id(fetch) not in fed
                           for fetch in fetches):
                self._steps[key] = _Step(self, fetches, feed_dict, seen)
        if seen:
            self._watch.ran(seen, results, feed_dict)
        return results


class _Step:
    """A list of fetches, made ready for feeds of the tensors that `feed_dict` feeds."""

    def __init__(self, sess, fetches, feed_dict, seen):
        self.seen = seen
        self._held = list(fetches), list(feed_dict)  # while they live, nothing else can have their identity
        self._types = [tensor.dtype.as_numpy_dtype for tensor in feed_dict]
        self._is_tensor = [isinstance(fetch, tf.Tensor) for fetch in fetches]
        self._call = sess._make_callable_from_options(config_pb2.CallableOptions(  # Keras, too, trains by it
            feed=[tensor.name for tensor in feed_dict],
            fetch=[fetch.name for fetch in fetches if isinstance(fetch, tf.Tensor)],
            target=[fetch.name for fetch in fetches if isinstance(fetch, tf.Operation)]))

    def __call__(self, feed_dict):
        values = iter(self._call(*map(np.asarray, feed_dict.values(), self._types)))
        return [next(values) if is_tensor else None for is_tensor in self._is_tensor]


@contextlib.contextmanager
def opening():
    """A context to open a session in, about which TensorFlow logs nothing, unless the user wants it otherwise.

    Some versions, such as 2.19, log at the first run in a process, whatever the level, so a graph of its own is run.
    """
    with quiet.hushed() as is_hushed:
        yield
    if is_hushed:
        with quiet.stderr_held_back(), tf.Graph().as_default(), tf.Session(config=config(device='cpu')) as sess:
            sess.run(tf.constant(0))


def config(threads=0, device=None):
    """The tf.ConfigProto of a session; `threads` and `device` as of Session.

    A GPU's memory is taken as it is needed: TensorFlow would take all of it, and no second run, nor a command that
    looks at this one, would find any.
    """
    found = tf.ConfigProto(intra_op_parallelism_threads=threads)
    found.gpu_options.allow_growth = True
    if device == 'cpu':
        found.device_count['GPU'] = 0
    return found


def _ask_for_the_same_bytes_each_time():
    """Of a GPU, whose sums come in any order otherwise. TensorFlow has this from 2.9 on."""
    enable = getattr(tf.config.experimental, 'enable_op_determinism', None)
    if enable:
        enable()
