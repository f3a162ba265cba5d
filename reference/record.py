"""Records what TensorFlow 1.15.5 gives for both listings: the files of this folder.

It is the chapter's code, corrected and nothing more, with the reader and the layers that TensorFlow
had then: so it owes nothing to the listings of chapter09/, which are measured against it, but the canvas of
the strips and the form of a run's folder. It needs Python 3.7 and

    pip install tensorflow==1.15.5 "protobuf<3.21" "numpy<1.19" "matplotlib<3.6"
    python reference/record.py basic|conditional|reader FOLDER [EPOCHS]

and writes into FOLDER, always from seed 7, basic/ or conditional/, a run's folder (chapter09/lab/records.py)
whose checkpoint holds the weights alone, and in it

    init.npz    the initial weights, by the chapter's names or by the variables'
    trace.csv   iteration, D loss, G loss of the first two epochs
    strips.npz  epochs [n] and the images drawn after them, samples [n, 10, 784] in [0, 1]

or reader.json, SHA-256 of the reader's batches (float32 images, float64 labels, little-endian) across epoch
ends, and the three draws of numpy's generator that follow them.
"""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DATA = os.path.join(ROOT, 'mnist', 'data')
sys.path.insert(0, os.path.join(ROOT, 'chapter09'))
from lab import errors  # noqa: E402, first: Ctrl-C may come from here on

import hashlib  # noqa: E402
import importlib.util  # noqa: E402
import json  # noqa: E402
import platform  # noqa: E402
import time  # noqa: E402
from types import SimpleNamespace  # noqa: E402

if not all(map(importlib.util.find_spec, ('tensorflow', 'numpy', 'matplotlib'))):
    errors.say('record.py: error: %s lacks packages: install those that the first lines of %s name'
               % (sys.executable, os.path.abspath(__file__)))
    sys.exit(2)

import matplotlib  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402
from lab import checkpoints, files, options, records, strips  # noqa: E402


def read_options():
    """The options, and the path of what is to be recorded."""
    parser = options.Parser(description=__doc__)
    parser.add_argument('what', choices=['basic', 'conditional', 'reader'])
    parser.add_argument('folder', metavar='FOLDER', type=options.folder, help='where it is written')
    parser.add_argument('epochs', metavar='EPOCHS', nargs='?', type=options.whole(1, 10 ** 6), default=100,
                        help='of the listing (default: 100)')
    given = parser.parse_args()
    given.result = os.path.join(given.folder, 'reader.json' if given.what == 'reader' else given.what)
    if os.path.lexists(given.result):
        parser.error('%s is there already: move it away, or name another folder' % given.result)
    return given


if __name__ == '__main__':
    errors.watch()
    given = read_options()  # before TensorFlow, which takes seconds

try:
    import input_data
    import tensorflow as tf
    from tensorflow.examples.tutorials.mnist import input_data as tensorflows
except ImportError as error:
    errors.say('record.py: error: this needs TensorFlow 1.15.5, which Python 3.7 can have (%s)' % error)
    sys.exit(2)

SEED = 7
batch_size, n_hidden, n_input, n_noise, n_class = 100, 256, 28 * 28, 128, 10


def basic():
    """§9.1."""
    X = tf.placeholder(tf.float32, [None, n_input])
    Z = tf.placeholder(tf.float32, [None, n_noise])
    names = 'G_W1 G_b1 G_W2 G_b2 D_W1 D_b1 D_W2 D_b2'.split()
    variables = []
    for n_in, n_out in (n_noise, n_hidden), (n_hidden, n_input), (n_input, n_hidden), (n_hidden, 1):
        variables.append(tf.Variable(tf.random_normal([n_in, n_out], stddev=0.01)))
        variables.append(tf.Variable(tf.zeros([n_out])))
    G_W1, G_b1, G_W2, G_b2, D_W1, D_b1, D_W2, D_b2 = variables

    def generator(noise_z):
        hidden = tf.nn.relu(tf.matmul(noise_z, G_W1) + G_b1)
        return tf.nn.sigmoid(tf.matmul(hidden, G_W2) + G_b2)

    def discriminator(inputs):
        hidden = tf.nn.relu(tf.matmul(inputs, D_W1) + D_b1)
        return tf.nn.sigmoid(tf.matmul(hidden, D_W2) + D_b2)

    G = generator(Z)
    D_gene = discriminator(G)
    D_real = discriminator(X)
    loss_D = tf.reduce_mean(tf.log(D_real) + tf.log(1 - D_gene))
    loss_G = tf.reduce_mean(tf.log(D_gene))
    train_D = tf.train.AdamOptimizer(0.0002).minimize(-loss_D, var_list=variables[4:])
    train_G = tf.train.AdamOptimizer(0.0002).minimize(-loss_G, var_list=variables[:4])
    return SimpleNamespace(X=X, Y=None, Z=Z, G=G, D=[train_D, loss_D], G_step=[train_G, loss_G],
                           weights=dict(zip(names, variables)), learning_rate=0.0002, noise='normal',
                           get_noise=lambda n: np.random.normal(size=(n, n_noise)))


def conditional():
    """§9.2."""
    X = tf.placeholder(tf.float32, [None, n_input])
    Y = tf.placeholder(tf.float32, [None, n_class])
    Z = tf.placeholder(tf.float32, [None, n_noise])

    def generator(noise, labels):
        with tf.variable_scope('generator'):
            inputs = tf.concat([noise, labels], 1)
            hidden = tf.layers.dense(inputs, n_hidden, activation=tf.nn.relu)
            return tf.layers.dense(hidden, n_input, activation=tf.nn.sigmoid)

    def discriminator(inputs, labels, reuse=None):
        with tf.variable_scope('discriminator') as scope:
            if reuse:
                scope.reuse_variables()
            inputs = tf.concat([inputs, labels], 1)
            hidden = tf.layers.dense(inputs, n_hidden, activation=tf.nn.relu)
            return tf.layers.dense(hidden, 1, activation=None)

    def cross_entropy(logits, target):
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(
            logits=logits, labels=tf.fill(tf.shape(logits), target)))

    G = generator(Z, Y)
    D_real = discriminator(X, Y)
    D_gene = discriminator(G, Y, True)
    loss_D = cross_entropy(D_real, 1.) + cross_entropy(D_gene, 0.)
    loss_G = cross_entropy(D_gene, 1.)
    vars_D = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope='discriminator')
    vars_G = tf.get_collection(tf.GraphKeys.TRAINABLE_VARIABLES, scope='generator')
    train_D = tf.train.AdamOptimizer().minimize(loss_D, var_list=vars_D)
    train_G = tf.train.AdamOptimizer().minimize(loss_G, var_list=vars_G)
    return SimpleNamespace(X=X, Y=Y, Z=Z, G=G, D=[train_D, loss_D], G_step=[train_G, loss_G],
                           weights={v.op.name: v for v in vars_G + vars_D}, learning_rate=0.001,
                           noise='uniform', get_noise=lambda n: np.random.uniform(-1., 1., size=[n, n_noise]))


def record(name, folder, epochs):
    """Trains a listing and writes its run's folder, FOLDER/NAME."""
    tf.set_random_seed(SEED)
    mnist = read()
    gan = {'basic': basic, 'conditional': conditional}[name]()
    trace, losses, drawn, samples = [], [], [], []

    def feed(noise, labels):
        return {gan.Z: noise} if gan.Y is None else {gan.Z: noise, gan.Y: labels}

    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        first = sess.run(gan.weights)
        for epoch in range(epochs):
            began = time.time()
            for _ in range(mnist.train.num_examples // batch_size):
                batch_xs, batch_ys = mnist.train.next_batch(batch_size)
                noise = gan.get_noise(batch_size)
                _, loss_D = sess.run(gan.D, {gan.X: batch_xs, **feed(noise, batch_ys)})
                _, loss_G = sess.run(gan.G_step, feed(noise, batch_ys))
                if epoch < 2:
                    trace.append((len(trace), loss_D, loss_G))
            losses.append((epoch, loss_D, loss_G, time.time() - began))
            if epoch == 0 or (epoch + 1) % 10 == 0:
                drawn.append(epoch)
                samples.append(sess.run(gan.G, feed(gan.get_noise(10), mnist.test.labels[:10])))
        write(os.path.join(folder, name), name, gan, sess, mnist, first, trace, losses, drawn, samples)


def write(folder, name, gan, sess, mnist, first, trace, losses, drawn, samples):
    """Writes what was recorded, in the form of a run's folder."""
    os.makedirs(os.path.join(folder, records.SAMPLES))
    np.savez_compressed(os.path.join(folder, 'init.npz'), **first)
    np.savetxt(os.path.join(folder, 'trace.csv'), trace, ['%d', '%.9g', '%.9g'], ',',
               header='iteration,D loss,G loss', comments='')
    np.savetxt(os.path.join(folder, records.LOSSES), losses, ['%d', '%.9g', '%.9g', '%.3f'], ',',
               header=records.HEADER.strip(), comments='')
    np.savez_compressed(os.path.join(folder, 'strips.npz'), epochs=drawn, samples=samples)
    drawn_strips = {}
    for epoch, images in zip(drawn, samples):
        rows = [images] if gan.Y is None else [mnist.test.images[:10], images]
        path = os.path.join(folder, records.SAMPLES, '%03d.png' % epoch)
        draw(np.reshape(rows, (-1, 28, 28)), path)
        drawn_strips[os.path.basename(path)] = files.digest(path)

    for part in 'XYZG':
        if getattr(gan, part) is not None:
            tf.add_to_collection(part, getattr(gan, part))
    saver = tf.train.Saver(list(gan.weights.values()))
    checkpoints.save(os.path.join(folder, records.CHECKPOINTS), losses[-1][0],
                     lambda path: saver.save(sess, path, write_state=False), {})
    records.write(folder, {
        'format': records.FORMAT, 'id': 'reference-' + name, 'state': 'finished', 'listing': name,
        'title': "the chapter's code under the TensorFlow that it was written for", 'started': '', 'seed': SEED,
        'epochs': len(losses), 'given': [], 'data': input_data.digest(input_data.read_data_sets(DATA, one_hot=True)),
        'numbers': {'total_epoch': len(losses), 'batch_size': batch_size, 'n_hidden': n_hidden, 'n_noise': n_noise,
                    'learning_rate': gan.learning_rate},
        'init': None, 'versions': {'TensorFlow': tf.__version__, 'numpy': np.__version__,
                                   'matplotlib': matplotlib.__version__, 'Python': platform.python_version()},
        'machine': {}, 'strips': drawn_strips, 'notes': [], 'noise': {'draw': gan.noise, 'shape': [n_noise]},
        'feeds': {}, 'resumed': []})


def draw(images, path):
    fig, axes = plt.subplots(len(images) // 10, 10)
    for ax, image in zip(np.ravel(axes), images):
        ax.imshow(image)
    strips.save(fig, path)
    plt.close(fig)


def read():
    return tensorflows.read_data_sets(DATA, one_hot=True)


def record_reader(path):
    cases = []
    for size, batches in (100, 1200), (96, 1200), (64, 900):
        tf.set_random_seed(SEED)
        train = read().train
        images, labels = hashlib.sha256(), hashlib.sha256()
        for _ in range(batches):
            batch_xs, batch_ys = train.next_batch(size)
            images.update(batch_xs.astype('<f4').tobytes())
            labels.update(batch_ys.astype('<f8').tobytes())
        cases.append({'seed': SEED, 'batch_size': size, 'batches': batches,
                      'images': images.hexdigest(), 'labels': labels.hexdigest(),
                      'epochs_completed': train.epochs_completed,
                      'noise_after': np.random.normal(size=3).tolist()})
    with open(path, 'w') as file:
        json.dump(cases, file, indent=1)


if __name__ == '__main__':
    matplotlib.use('Agg')
    with files.refusals(given.folder):
        os.makedirs(given.folder, exist_ok=True)
    if given.what == 'reader':
        record_reader(given.result)
    else:
        record(given.what, given.folder, given.epochs)
