"""What a run's graph computes, and what its steps do, by what comes out for what goes in.

The same can be written in many ways, and students do. So a graph is asked rather than read where it can be.
"""

import numpy as np
import tensorflow.compat.v1 as tf

from lab import model, page
from lab.errors import BadInput
from lab.noise import SEED, labels_of
from tools import generator

BATCH = 100  # images that gradients are taken of
BOTH, NONE, OTHER = 'both', 'none', 'other'
ANSWERS, LOSSES = ['D_real', 'D_gene'], ['loss_D', 'loss_G']
PRODUCTS = {'MatMul', 'BatchMatMulV2', 'Einsum', 'Conv2D', 'Conv2DBackpropInput'}  # what layers are made of
ADAM = {'beta1': 0.9, 'beta2': 0.999, 'epsilon': 1e-8}  # TensorFlow's own


class Graph:
    """A run's graph, imported from its `meta`, to be asked when it has been restored.

    Attributes: `parts`, {name: tensor or operation} by the page's names; `labelled`, whether there are labels to be
    fed; `feed`, what a batch is computed from. Raises BadInput if a part is missing.
    """

    def __init__(self, sess, meta, folder, feeds, test, noise):
        self._functions = generator.functions_of(meta)
        parts = {name: next(iter(sess.graph.get_collection(name)), None) for name in page.TENSORS + page.STEPS}
        self.page = page.Page({name: part for name, part in parts.items() if part is not None}, sess.graph)
        self.parts, self._sess = self.page.parts, sess
        missing = [name for name in page.TENSORS + page.STEPS if name not in self.parts and name != 'Y']
        if missing:
            raise BadInput("%s cannot be looked at: its listing has no %s; keep the page's names, outside of functions"
                           % (folder, ', '.join(missing)))
        self.labelled = 'Y' in self.parts and self.parts['Y'].op.type == 'Placeholder'
        self.feed = {sess.graph.get_tensor_by_name(name): value for name, value in feeds.items()}
        shape = self.parts['X'].shape.as_list() if self.parts['X'].shape.ndims else [None, 28 * 28]
        n = shape[0] or BATCH
        self.feed[self.parts['X']] = test.images[:n].reshape([n] + shape[1:])
        self.feed[self.parts['Z']] = noise[:n]
        if self.labelled:
            shape = self.parts['Y'].shape
            self.feed[self.parts['Y']] = labels_of(np.argmax(test.labels[:n], axis=1),
                                                   shape.as_list() if shape.ndims else [None, 10])
        self._used = page.ancestors([self.parts[name].op for name in LOSSES])
        self.random, self._answers = np.random.RandomState(SEED), {}

    def run(self, tensors, *feeds):
        """What tensors are for the batch, with `feeds`, dicts, in place of parts of it.

        Raises ValueError if their graph is more than arithmetic: it may be anybody's.
        """
        feed = dict(self.feed)
        for each in feeds:
            feed.update(each)
        generator.needed_by([tensor.op for tensor in tensors], self._functions)
        return self._sess.run(tensors, feed)

    def restore(self, path):
        """Takes the variables out of a checkpoint. Raises ValueError as `run` does, or if it cannot be."""
        variables = tf.global_variables()
        generator.needed_by([variable.op for variable in variables], self._functions)
        model.restore(self._sess, tf.train.Saver(variables), path)

    def answers(self, name):
        """D's answer where the losses take it, as a list of tensors that are to be fed alike.

        It is the listing's D_real or D_gene, the logit of it where that is made for show alone, and what D gives where
        a loss asks it anew.
        """
        if name not in self._answers:
            chain = [self.parts[name]]
            while chain[-1].op.type in page.KEEPS_PROBABILITIES | {'Sigmoid'}:
                inputs = chain[-1].op.inputs
                chain.append(next((each for each in inputs if each.op.type != 'Const'), inputs[0]))
            known = {tensor.name for tensor in chain}
            others = [tensor for operation in self._used for tensor in operation.outputs if tensor.name not in known
                      and (tensor.dtype, str(tensor.shape)) == (chain[0].dtype, str(chain[0].shape))
                      and chain[0].op not in page.ancestors([operation])]
            values = self.run(chain + others)
            found = [[tensor] * (tensor.op in self._used) + [other for other, its in zip(others, values[len(chain):])
                                                             if np.array_equal(its, value)]
                     for tensor, value in zip(chain, values)]
            self._answers[name] = next(filter(None, found), chain[:1])
        return self._answers[name]

    def shape(self, tensor):
        """The shape of a tensor for the batch."""
        return self.run([tensor])[0].shape

    def draw_weights(self):
        """Gives the networks weights of no training: one that has become sure of itself may have no gradients left."""
        weights = {name: variable for name, variable in self.page.weights.items()
                   if variable.shape.ndims and variable.dtype.base_dtype.is_floating}
        shapes = {name: weights[name].shape.as_list() for name in sorted(weights)}
        generator.needed_by([variable.initializer for variable in weights.values()], self._functions)
        model.assign(self._sess, weights, {
            name: self.random.normal(size=shape) / np.sqrt(np.prod(shape[:-1])) if len(shape) > 1
            else self.random.uniform(0.01, 0.1, size=shape) for name, shape in shapes.items()})


def ask(graph):
    """All that a Graph says, {name: value}:

    labelled
    G_sees_labels, D_sees_labels  whether what comes out hangs on the labels; None where it does for one kind of image
    G_stays_within  whether G gives values from 0 to 1 alone
    answers       'probabilities' or 'logits', what the losses take of D
    hidden        {'G': […], 'D': […]}: (width, whether an activation follows) of each hidden layer
    trains        {'train_D': …, 'train_G': …}: 'D', 'G', BOTH, NONE, or OTHER for a part of a network
    train_D_raises, train_G_raises  {'D_real': …, 'D_gene': …}: whether the step makes D's answer rise (True) or fall
                  (False); None where it does neither
    loss_D_is_the_pages, loss_G_is_the_pages  whichever way it is written; a multiple of it, too
    stays_finite  whether the losses are finite however sure D is: only of logits
    rates         {'train_D': …, 'train_G': …}: the optimizers' steps
    are_adam      whether they are TensorFlow's Adam, of which nothing but the step is chosen
    are_made      whether the training has made both steps
    """
    found = {'labelled': graph.labelled}
    updates = {step: sorted(graph.page.updates(step), key=lambda update: update.name) for step in page.STEPS}
    found.update(_optimizers(graph, updates))
    graph.draw_weights()
    found.update(_networks(graph))
    found.update(_losses(graph, found['answers']))
    found.update(_steps(graph, updates, found['answers']))
    return found


def _optimizers(graph, updates):
    def number(step, *names):
        """What all of an optimizer's operations take by one of these names; None if there is no such number."""
        taken = [_taken(update, *names) for update in updates[step]]
        found = set() if None in taken else {float('%.6g' % value) for value in graph.run(taken)}
        return found.pop() if len(found) == 1 else None

    powers = [number(step, 'beta1_power') for step in page.STEPS]
    return {'rates': {step: number(step, 'lr', 'alpha') for step in page.STEPS},
            'are_adam': all(number(step, name) == value for step in page.STEPS for name, value in ADAM.items()),
            # It is beta1 at first, and times beta1 with each step.
            'are_made': all(power is None or power < ADAM['beta1'] ** 1.5 for power in powers)}


def _taken(update, *names):
    """What an optimizer's operation takes by one of these names, as TensorFlow calls its inputs."""
    return next((tensor for argument, tensor in zip(update.op_def.input_arg, update.inputs)
                 if argument.name in names), None)


def _networks(graph):
    X, Z, G = map(graph.parts.get, 'XZG')
    wild = {each: 1000 * graph.random.normal(size=graph.feed[each].shape) for each in (X, Z)}
    images, answers = graph.run([G, graph.answers('D_real')[0]], wild)
    D_sees = {_sees_labels(graph, 'D_real', {}), _sees_labels(graph, 'D_gene', {G: graph.run([G])[0]})}
    return {'G_stays_within': _is_within(images), 'answers': 'probabilities' if _is_within(answers) else 'logits',
            'G_sees_labels': _sees_labels(graph, 'G', {}),
            'D_sees_labels': D_sees.pop() if len(D_sees) == 1 else None,
            'hidden': {'G': _hidden(graph, 'G'), 'D': _hidden(graph, 'D_real')}}


def _is_within(values):
    return bool((values >= 0).all() and (values <= 1).all())


def _sees_labels(graph, name, fixed):
    if not graph.labelled:
        return False
    Y = graph.parts['Y']
    before, after = (graph.run([graph.parts[name]], fixed, {Y: labels})[0]
                     for labels in (graph.feed[Y], np.roll(graph.feed[Y], 1, axis=0)))
    return not np.array_equal(before, after)


def _hidden(graph, name):
    """(width, whether an activation follows) of the hidden layers, in order, that a part is computed by."""
    needed = page.ancestors([graph.parts[name].op])
    layers, depths = [], {}
    for product in graph.parts[name].graph.get_operations():  # in the order in which they were made
        if product in needed and product.type in PRODUCTS:
            before = page.ancestors([tensor.op for tensor in product.inputs])
            depth = depths[product] = 1 + max((depths[each] for each in depths if each in before), default=0)
            layers[depth - 1:] = layers[depth - 1:] or [[]]
            layers[depth - 1].append(product)  # side by side are those of noise and labels that are added up
    return [_layer(graph, *pair) for pair in zip(layers, layers[1:])]


def _layer(graph, products, following):
    """The width of a layer, and whether what lies between its products and those that follow is more than affine."""
    results = [product.outputs[0] for product in products]
    enters = next(tensor for product in following for tensor in product.inputs
                  if set(products) & page.ancestors([tensor.op]))
    shapes = [result.shape for result in graph.run(results)]
    a, b = ([3 * graph.random.normal(size=shape) for shape in shapes] for _ in range(2))
    at_a, at_b, between = (
        graph.run([enters], dict(zip(results, values)))[0].astype(float)
        for values in (a, b, [(one + other) / 2 for one, other in zip(a, b)]))
    sizes = [size for size in enters.shape.as_list() if size]
    return sizes[-1] if sizes else None, not np.allclose(between, (at_a + at_b) / 2, atol=1e-3)


def _losses(graph, answers):
    """Whether the losses are the page's: log D(x) + log(1 − D(G(z))), and log D(G(z)), each times whatever number."""
    ratios = {name: [] for name in LOSSES}
    for spread in 1, 3, 10:
        logits = [np.clip(spread * graph.random.normal(size=graph.shape(graph.answers(name)[0])), -40, 40)
                  for name in ANSWERS]
        if answers == 'probabilities':  # which float32 cannot tell from 0 and 1 so far out
            logits = [np.clip(each, -4, 4) for each in logits]
        real, gene = logits
        given = logits if answers == 'logits' else [1 / (1 + np.exp(-each)) for each in logits]
        for name, due in (('loss_D', -np.logaddexp(0, -real) - np.logaddexp(0, gene)),
                          ('loss_G', -np.logaddexp(0, -gene))):
            ratios[name].append(_loss_at(graph, name, *given) / due.mean())
    ends = [_loss_at(graph, name, *each) for name in LOSSES for each in ((-200., 200.), (200., -200.))]
    found = {name + '_is_the_pages': bool(each[0] != 0 and np.allclose(each, each[0], rtol=1e-3, atol=0))
             for name, each in ratios.items()}
    return dict(found, stays_finite=answers == 'logits' and bool(np.isfinite(ends).all()))


def _loss_at(graph, loss, real, gene):
    """A loss where D answers so, whatever the images."""
    answers = {tensor: np.broadcast_to(values, graph.shape(tensor))
               for name, values in zip(ANSWERS, (real, gene)) for tensor in graph.answers(name)}
    return float(graph.run([graph.parts[loss]], answers)[0])


def _steps(graph, updates, answers):
    of_G, of_D = graph.page.networks()
    found = {'trains': {step: _which(graph.page.trained_by(step), of_G, of_D) for step in page.STEPS}}
    for step, own in zip(page.STEPS, LOSSES):
        losses = sorted(LOSSES, key=lambda name: name != own)  # its own first: which it nearly always is
        follows = next(filter(None, (_follows(graph, updates[step], loss) for loss in losses)), None)
        found[step + '_raises'] = {name: _raises(graph, answers, name, follows) for name in ANSWERS}
    return found


def _which(trained, of_G, of_D):
    for name, own in (BOTH, of_G | of_D), ('D', of_D), ('G', of_G), (NONE, set()):
        if trained == own:
            return name
    return OTHER


def _follows(graph, updates, loss):
    """(loss, 1) if an optimizer's operations make a loss fall, (loss, -1) if rise; None if they go another way."""
    wanted = tf.gradients(graph.parts[loss], [update.inputs[0] for update in updates])
    pairs = [(_taken(update, 'grad', 'delta'), gradient) for update, gradient in zip(updates, wanted)]
    if not pairs or None in sum(pairs, ()):
        return None
    found = graph.run([tensor for pair in pairs for tensor in pair])
    given, wanted = (np.concatenate([np.ravel(each) for each in found[side::2]]) for side in (0, 1))
    lengths = np.linalg.norm(given) * np.linalg.norm(wanted)
    along = given @ wanted / lengths if lengths > 0 else 0
    return (loss, round(along)) if abs(along) > 0.99 else None


def _raises(graph, answers, name, follows):
    """Whether a step that `_follows` a loss so makes D's answer rise."""
    if follows is None:
        return None
    low, high = (0.3, 0.6) if answers == 'probabilities' else (-1., 1.)
    still = (low + high) / 2
    loss, direction = follows
    at = [_loss_at(graph, loss, *((value, still) if name == 'D_real' else (still, value))) for value in (low, high)]
    return None if at[0] == at[1] or not np.isfinite(at).all() else bool((at[1] < at[0]) == (direction > 0))
