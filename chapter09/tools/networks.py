"""What a run's two networks are and what its steps do to them: read off its graph and its newest checkpoint."""

import contextlib
import os

import numpy as np
import tensorflow.compat.v1 as tf

from lab import checkpoints, frames, model, page, quiet, records
from lab.errors import BadInput, reason
from lab.noise import KEPT, SEED, Noise
from lab.session import config
from tools import generator

BATCH = 100  # images that gradients are taken of
PROBABILITIES, LOGITS = (0.3, 0.6), (-1., 1.)  # two of D's answers each, by which a loss is seen to rise or fall
BOTH, NONE, OTHER = 'both', 'none', 'other'


class Networks:
    """A run's, by the run's folder alone, which is only read; `judge`, a `judge.Judge`, knows MNIST.

    Attributes, of which those that the listing does not tell are None:

    record        the run's (`records.read`)
    epochs        how many it has behind it
    labelled      whether it is §9.2's kind: its generator is fed with Y
    D_sees_labels
    trains        {'train_D': …, 'train_G': …}: 'D', 'G', BOTH, NONE, or OTHER for a part of a network
    raises        {('train_D', 'D_real'): …, ('train_D', 'D_gene'): …, ('train_G', 'D_gene'): …}: whether the step makes
                  D's answer rise (True) or fall (False)
    hidden        {'G': […], 'D': […]}: widths of the hidden layers
    noise         'normal' or 'uniform' as in the chapter, however it is drawn, or OTHER
    answers       'probabilities' or 'logits', what D gives
    is_of_mnist   whether it was trained on MNIST itself
    stays_finite  whether loss_D is finite however sure D is: only of logits
    is_the_pages_loss  whether loss_D is the page's, log D(x) + log(1 − D(G(z))), whichever way it is written

    Raises BadInput, which says what to do, if the folder holds no run that can be looked at.
    """

    def __init__(self, folder, judge):
        if not records.is_run(folder):
            raise BadInput('%s holds no run: run the listing first (make run LISTING=…), or name another --run'
                           % folder)
        self.folder, self.record = folder, records.read(folder)
        self.epochs = len(records.losses(folder))
        within = os.path.join(folder, records.CHECKPOINTS)
        kept = checkpoints.epochs(within)
        if not kept:
            raise BadInput('%s has no checkpoint yet: there will be one after its first epoch' % folder)
        self.is_of_mnist = self.record['data'] == judge.data()
        noise = Noise(folder, self.record).draw(KEPT, SEED)
        self.noise = _kind(noise)
        path = checkpoints.path_of(within, kept[0])
        try:
            checkpoints.check(within, kept[0])
            with tf.Graph().as_default() as graph, quiet.hushed():
                tf.train.import_meta_graph(model.read_meta(path))
                self._look(graph, path, judge.mnist.test, noise[:BATCH])
        except BadInput:
            raise
        except (OSError, ValueError, KeyError, tf.errors.OpError) as error:
            raise BadInput('%s cannot be looked at (%s): go on with the run, or begin a new one'
                           % (path, reason(error))) from None

    def _look(self, graph, path, test, noise):
        parts = {name: next(iter(graph.get_collection(name)), None) for name in page.TENSORS + page.STEPS}
        self._page = page.Page({name: part for name, part in parts.items() if part is not None}, graph)
        self._parts = self._page.parts
        missing = [name for name in page.TENSORS + page.STEPS if name not in self._parts and name != 'Y']
        if missing:
            raise BadInput("%s cannot be looked at: its listing has no %s; keep the page's names"
                           % (self.folder, ', '.join(missing)))
        Y = self._parts.get('Y')
        needs = {name: page.ancestors([self._parts[name].op]) for name in ('G', 'D_real', 'D_gene')}
        self.labelled, self.D_sees_labels = (Y is not None and Y.op in needs[name] for name in ('G', 'D_real'))
        self.answers = 'probabilities' if self._page.is_probability('D_real') else 'logits'
        self.hidden = {'G': _hidden(graph, needs['G']), 'D': _hidden(graph, needs['D_real'])}
        of_G, of_D = self._page.networks()
        self.trains = {step: _which(self._page.trained_by(step), of_G, of_D) for step in page.STEPS}
        with tf.Session(config=config()) as sess:
            model.restore(sess, tf.train.Saver(tf.global_variables()), path)
            feed = self._feed(graph, test, noise)
            follows = {step: self._follows(sess, step, feed) for step in page.STEPS}
            self.raises = {(step, answer): self._raises(sess, step, answer, follows[step])
                           for step, answer in (('train_D', 'D_real'), ('train_D', 'D_gene'), ('train_G', 'D_gene'))}
            self.stays_finite = self.answers == 'logits' and all(
                np.isfinite(self._loss_at(sess, 'loss_D', *answers)) for answers in ((-200., 200.), (200., -200.)))
            self.is_the_pages_loss = self._is_the_pages_loss(sess)

    def _feed(self, graph, test, noise):
        """What the losses of a batch are computed from."""
        feed = {graph.get_tensor_by_name(name): value for name, value in self.record['feeds'].items()}
        feed[self._parts['X']] = test.images[:BATCH].reshape([BATCH] + self._parts['X'].shape.as_list()[1:])
        feed[self._parts['Z']] = noise
        if self.labelled or self.D_sees_labels:
            feed[self._parts['Y']] = test.labels[:BATCH]
        return feed

    def _follows(self, sess, step, feed):
        """1 if a step makes its loss fall, -1 if rise; None if it follows another loss, or trains nothing."""
        updates = sorted(self._page.updates(step), key=lambda update: update.name)
        variables = [update.inputs[0] for update in updates]
        given = [_gradient(update) for update in updates]
        wanted = tf.gradients(self._parts[_loss_of(step)], variables)
        pairs = [pair for pair in zip(given, wanted) if None not in pair]
        if not pairs:
            return None
        tensors = [tensor for pair in pairs for tensor in pair]
        for operation in page.ancestors([tensor.op for tensor in tensors]):
            if generator.does_more(operation):
                raise ValueError('its graph does more than compute: %s' % operation.type)
        found = sess.run(tensors, feed)
        given, wanted = (np.concatenate([np.ravel(each) for each in found[side::2]]) for side in (0, 1))
        lengths = np.linalg.norm(given) * np.linalg.norm(wanted)
        along = given @ wanted / lengths if lengths > 0 else 0
        return None if abs(along) < 0.99 else round(along)

    def _raises(self, sess, step, answer, follows):
        """Whether a step that `_follows` its loss so makes D's answer rise; None if that cannot be said."""
        if follows is None:
            return None
        low, high = PROBABILITIES if self.answers == 'probabilities' else LOGITS
        still = (low + high) / 2
        at = [self._loss_at(sess, _loss_of(step), *((value, still) if answer == 'D_real' else (still, value)))
              for value in (low, high)]
        if not np.isfinite(at).all() or at[0] == at[1]:
            return None
        return bool((at[1] < at[0]) == (follows > 0))

    def _loss_at(self, sess, name, real, gene):
        """A loss where D answers so, whatever the images; NaN if it hangs on more than D's answers."""
        shape = [1 if size is None else size for size in self._parts['D_real'].shape.as_list()]
        answers = {self._parts['D_real']: np.full(shape, real), self._parts['D_gene']: np.full(shape, gene)}
        try:
            return float(sess.run(self._parts[name], answers))
        except tf.errors.InvalidArgumentError:
            return np.nan

    def _is_the_pages_loss(self, sess):
        """Whether loss_D is log D(x) + log(1 − D(G(z))), to be maximised or, with a minus, to be minimised."""
        for real, gene in (0.3, 0.6), (0.8, 0.1):
            due = np.log(real) + np.log(1 - gene)
            if self.answers == 'logits':
                real, gene = (np.log(p / (1 - p)) for p in (real, gene))
            if not abs(abs(self._loss_at(sess, 'loss_D', real, gene)) - abs(due)) < 1e-4:
                return False
        return True

    def has_moved(self):
        """Whether the film's digits have changed between the first epoch and the last."""
        film = frames.read(self.folder)
        return bool(len(film)) and not np.array_equal(film[0]['digits'], film[-1]['digits'])


def _loss_of(step):
    return step.replace('train', 'loss')


def _kind(noise):
    """Which of the chapter's two distributions noise [n, …] has, by its mean, variance and fourth moment."""
    for name, variance, fourth in ('normal', 1, 3), ('uniform', 1 / 3, 1 / 5):  # uniform in [-1, 1)
        if (abs(noise.mean()) < 0.02 and abs(np.square(noise).mean() / variance - 1) < 0.02
                and abs((noise ** 4).mean() / fourth - 1) < 0.05):
            return name
    return OTHER


def _hidden(graph, needed):
    """Widths of the layers but the last, in order, among the operations that a network is computed from."""
    products = [operation for operation in graph.get_operations() if operation in needed and operation.type == 'MatMul']
    return [operation.outputs[0].shape.as_list()[-1] for operation in products][:-1]


def _which(trained, of_G, of_D):
    for name, own in (BOTH, of_G | of_D), ('D', of_D), ('G', of_G), (NONE, set()):
        if trained == own:
            return name
    return OTHER


def _gradient(update):
    """The gradient that an optimizer's operation takes: of the variable's shape, and no variable itself."""
    shape = update.inputs[0].shape
    for tensor in reversed(update.inputs[1:]):
        with contextlib.suppress(ValueError):
            if tensor.shape.ndims and not tensor.op.type.startswith(('Variable', 'VarHandle')) and (
                    tensor.shape.is_compatible_with(shape) or update.type.startswith('Resource')):
                return tensor
    return None
