"""The judge: a small classifier of digits, and the figures that it gives for any set of images.

Its weights stand in judge.npz. They were made, in less than a minute on two cores, by

    python chapter09 judge chapter09/tools/judge.npz

which trains on MNIST's 55,000 training images and prints the share of the 10,000 test images that are
then read rightly. Of the generators that it judges it knows nothing.
"""

import functools
import hashlib
import itertools
import os
from types import SimpleNamespace

import numpy as np
import tensorflow.compat.v1 as tf

import input_data
from lab import checkpoints, files, listings, model, session
from lab.errors import BadInput, reason

tf.disable_v2_behavior()

WEIGHTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'judge.npz')

total_epoch = 5
batch_size = 100
learning_rate = 0.002  # Adam's step at first; it falls evenly to 0
n_input = 28 * 28
n_class = 10
n_features = 64
shift = 2  # px, the farthest that a batch is moved while training, along either axis
dropout_rate = 0.4

# At this many images a search for the nearest of 55,000 takes as long as the rest: three seconds.
SEARCHED = 1000


def build():
    """Adds the judge's graph to the default graph and returns its parts.

    X [batch, 784] images in [0, 1]; Y [batch, 10] one-hot labels; rate, the share of the features left out
    while training; features [batch, 64], at least 0; logits [batch, 10]; loss, a scalar to be minimised;
    weights {name: variable}.
    """
    X = tf.placeholder(tf.float32, [None, n_input])
    Y = tf.placeholder(tf.float32, [None, n_class])
    rate = tf.placeholder_with_default(0., [])

    def weights(name, shape):  # He's start, for layers that end in a relu
        stddev = np.sqrt(2. / np.prod(shape[:-1]))
        return (tf.get_variable(name + '_W', shape, initializer=tf.random_normal_initializer(stddev=stddev)),
                tf.get_variable(name + '_b', shape[-1:], initializer=tf.zeros_initializer()))

    def convolution(inputs, W, b):  # [batch, n, n, …] -> [batch, n / 2, n / 2, …]
        hidden = tf.nn.relu(tf.nn.conv2d(inputs, W, strides=[1, 1, 1, 1], padding='SAME') + b)
        return tf.nn.max_pool(hidden, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding='SAME')

    L1 = convolution(tf.reshape(X, [-1, 28, 28, 1]), *weights('L1', [5, 5, 1, 16]))
    L2 = convolution(L1, *weights('L2', [5, 5, 16, 32]))
    W3, b3 = weights('L3', [7 * 7 * 32, n_features])
    features = tf.nn.relu(tf.matmul(tf.reshape(L2, [-1, 7 * 7 * 32]), W3) + b3)
    W4, b4 = weights('L4', [n_features, n_class])
    logits = tf.matmul(tf.nn.dropout(features, rate=rate), W4) + b4
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(logits=logits, labels=Y))
    return SimpleNamespace(X=X, Y=Y, rate=rate, features=features, logits=logits, loss=loss,
                           weights={v.op.name: v for v in tf.trainable_variables()})


def train(mnist, seed=7):
    """Trains a judge on `mnist`, as `read_data_sets(…, one_hot=True)` gives it; returns {name: array}."""
    with tf.Graph().as_default(), tf.Session() as sess:
        tf.set_random_seed(seed)
        np.random.seed(seed)
        judge = build()
        total_batch = mnist.train.num_examples // batch_size
        step = tf.train.create_global_step()
        falling_rate = tf.train.polynomial_decay(learning_rate, step, total_epoch * total_batch, 0.)
        train_step = tf.train.AdamOptimizer(falling_rate).minimize(judge.loss, global_step=step)
        sess.run(tf.global_variables_initializer())

        for epoch in range(total_epoch):
            for _ in range(total_batch):
                batch_xs, batch_ys = mnist.train.next_batch(batch_size)
                moved = np.roll(batch_xs.reshape(-1, 28, 28),
                                np.random.randint(-shift, shift + 1, size=2), axis=(1, 2))
                _, loss_val = sess.run([train_step, judge.loss], feed_dict={
                    judge.X: moved.reshape(-1, n_input), judge.Y: batch_ys, judge.rate: dropout_rate})
            print('Epoch: %04d loss: %.4f' % (epoch, loss_val))
        return sess.run(judge.weights)


class Judge:
    """The trained judge, which has MNIST beside it to compare with, as the attribute `mnist`.

    mnist    as `read_data_sets(…, one_hot=True)` gives it
    weights  {name: array}; without it those of judge.npz
    """

    def __init__(self, mnist, weights=None):
        if weights is None:
            try:
                weights = checkpoints.read_arrays(WEIGHTS)
                del weights['accuracy']
            except (OSError, ValueError, KeyError) as error:
                raise BadInput('%s cannot be read (%s): fetch the project anew' % (WEIGHTS, reason(error))) from None
        with tf.Graph().as_default():
            self._graph = build()
            with session.opening():
                self._sess = tf.Session(config=session.config())
            model.assign(self._sess, self._graph.weights, weights)
        self.mnist, self._data = mnist, None
        self._train_images = mnist.train.images
        self._train_squares, self._test_squares = (np.square(images).sum(axis=1) for images in (
            self._train_images, mnist.test.images))
        self._test_moments = moments(self.read(mnist.test.images)[1])

    def data(self):
        """`input_data.digest` of `mnist`, which is computed once."""
        self._data = self._data or input_data.digest(self.mnist)
        return self._data

    def read(self, images):
        """What the judge sees in images [n, 784] in [0, 1]: probabilities [n, 10], features [n, 64]."""
        parts = [self._sess.run([self._graph.logits, self._graph.features], {self._graph.X: part})
                 for part in np.split(images, range(1000, len(images), 1000))]
        logits, features = map(np.concatenate, zip(*parts))
        exponentials = np.exp(logits.astype(np.float64) - logits.max(axis=1, keepdims=True))
        return exponentials / exponentials.sum(axis=1, keepdims=True), features

    def measure(self, images, labels=None):
        """The figures of a set of images.

        images  [n, 784] in [0, 1]
        labels  [n] what they were to show, if that was asked for

        Returns {'accuracy' (with labels), 'shares', 'commonest' (the largest of them), 'evenness',
        'confidence', 'frechet', 'nearest', 'variety', 'margin'}, from the functions of these names below;
        'nearest' is the mean over the first 1,000 images. If a value is no number, no figure is.
        """
        if not np.isfinite(images).all():
            return dict.fromkeys(self.measure(np.zeros_like(images), labels), np.nan)
        probabilities, features = self.read(images)
        measured = {} if labels is None else {'accuracy': accuracy(probabilities, labels)}
        of_each = shares(probabilities)
        return dict(measured, shares=of_each, commonest=float(of_each.max()), evenness=evenness(of_each),
                    confidence=confidence(probabilities),
                    frechet=frechet(moments(features), self._test_moments),
                    nearest=float(self.nearest(images[:SEARCHED]).mean()),
                    variety=variety(images), margin=margin(images))

    def nearest(self, images):
        """The distance of each image to the training image nearest to it, float64 [n].

        The root mean square of the pixels' differences, min over t of sqrt(Σ (x − t)² / 784), from 0, an
        image learnt by heart, to 1. MNIST's test images have 0.15 on average, noise above 0.45. The usual
        check for memorised samples, as in Goodfellow et al., Generative Adversarial Nets, 2014, figure 2.
        """
        return np.concatenate([_nearest(part, self._train_images, self._train_squares)
                               for part in np.split(images, range(SEARCHED, len(images), SEARCHED))])

    def nearest_of_test(self, images):
        """The same of MNIST's test images, for at most 1,000 images: digits that no generator has seen."""
        return _nearest(images, self.mnist.test.images, self._test_squares)


def _nearest(images, others, squares):
    """The distance of each image to the nearest of others, whose sums of squares are given."""
    # |x - t|² less |x|², which is the same for all t; what it finds is then measured exactly.
    products = 2 * images @ others.T
    found = np.subtract(squares, products, out=products).argmin(axis=1)
    return np.sqrt(np.square(images.astype(np.float64) - others[found]).mean(axis=1))


@functools.lru_cache(maxsize=None)
def of_mnist():
    """The Judge that has MNIST's own digits beside it, made once."""
    return Judge(read_mnist())


def read_mnist(one_hot=True):
    return input_data.read_data_sets(os.path.join(listings.ROOT, 'mnist', 'data'), one_hot=one_hot)


def is_mnist(digest, mnist):
    """Whether a record's digest of its data is MNIST's; None if it has none.

    However the listing reads the labels, and if it keeps some of the sets alone. `mnist` is what `read_mnist` gives.
    """
    if digest is None:
        return None
    return digest in _digests(mnist) or digest in _digests()


@functools.lru_cache(maxsize=None)
def _digests(mnist=None):
    """`input_data.digest` of the sets of `mnist`, or of those with numbers for labels, and of some of them alone."""
    parts = [part.digest() for part in mnist or read_mnist(one_hot=False)]
    return {hashlib.sha256(''.join(some).encode()).hexdigest()
            for n in range(1, len(parts) + 1) for some in itertools.permutations(parts, n)}


def accuracy(probabilities, labels):
    """The share of images read as what they were to show, 0 to 1; guessing gives 0.1.

    Known as the classification accuracy score of generated images; cf. Ravuri and Vinyals, 2019.
    """
    return float((probabilities.argmax(axis=1) == labels).mean())


def shares(probabilities):
    """The share of the images that is read as each digit, float64 [10], 0 to 1, adding up to 1."""
    return np.bincount(probabilities.argmax(axis=1), minlength=n_class) / len(probabilities)


def evenness(shares):
    """How evenly the classes appear: the entropy of their shares in units of log 10, 0 to 1.

    0 is one class alone, 1 all ten alike: −Σ p log p / log 10, Pielou's evenness (1966).
    """
    present = shares[shares > 0]
    return float(abs((present * np.log(present)).sum()) / np.log(n_class))


def confidence(probabilities):
    """The mean probability that the judge gives to its own reading, 0.1 to 1."""
    return float(probabilities.max(axis=1).mean())


def moments(features):
    """The mean and the covariance of features [n, 64], [64] and [64, 64] in float64."""
    features = features.astype(np.float64)
    return features.mean(axis=0), np.cov(features, rowvar=False)


def frechet(mine, others):
    """The Fréchet distance of two sets of features, taken as normally distributed, by their `moments`.

    |μ₁ − μ₂|² + tr(Σ₁ + Σ₂ − 2 (Σ₁ Σ₂)^½), 0 or more, after Dowson and Landau, 1982, and used for
    generated images by Heusel et al., 2017 ("FID", there with another network's features: the numbers do
    not compare). Sets of fewer than some thousand images are farther apart than what they were drawn from.
    """
    (mean, covariance), (other_mean, other_covariance) = mine, others
    values, vectors = np.linalg.eigh(covariance)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    # Σ₁ Σ₂ has the eigenvalues of the symmetric Σ₁^½ Σ₂ Σ₁^½.
    of_product = np.linalg.eigvalsh(root @ other_covariance @ root)
    distance = (np.square(mean - other_mean).sum() + np.trace(covariance) + np.trace(other_covariance)
                - 2 * np.sqrt(np.maximum(of_product, 0)).sum())
    return max(0., float(distance))  # rounding may leave a little less than nothing


def variety(images):
    """How much images differ from each other: the root mean square of two images' difference, 0 to 1.

    Over all pairs and pixels, which is √(2 · the pixels' mean variance). MNIST's test images have 0.37;
    a generator that draws one shape only has 0.
    """
    return float(np.sqrt(2 * images.astype(np.float64).var(axis=0, ddof=1).mean()))


def margin(images):
    """The mean of the outermost two pixels all around, 0 to 1; in MNIST, where digits are centred, 0."""
    outer = np.ones((28, 28), bool)
    outer[2:-2, 2:-2] = False
    return float(images[:, outer.ravel()].mean(dtype=np.float64))


def main(chosen):
    """Trains a judge and writes its weights into the .npz file `chosen.out`."""
    mnist = read_mnist()
    weights = train(mnist)
    probabilities = Judge(mnist, weights).read(mnist.test.images)[0]
    read_rightly = accuracy(probabilities, mnist.test.labels.argmax(axis=1))
    with files.whole(chosen.out) as part, open(part, 'wb') as file:
        np.savez(file, accuracy=read_rightly, **weights)
    print('Reads %.2f %% of the test images rightly' % (100 * read_rightly))
