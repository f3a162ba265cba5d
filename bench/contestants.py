"""What `bench.py` measures, each in a process of its own.

    python contestants.py CONTESTANT LISTING BATCH_SIZE N_HIDDEN

prepares all, runs one iteration, and says `ready`; then for each number of iterations that it reads it runs
so many, and answers with the seconds they took. An iteration is a batch, its noise, a step of the
discriminator and one of the generator.

    listing   the script as it stands, its progress, checkpoints and all
    bare      the same script without the lab: tf.Session, and no strips; also for TensorFlow 1.15
    torch     the same networks, sizes and steps in eager PyTorch with fused Adam, on one thread or on all,
              whichever is faster
    jax       the same networks, sizes and steps in JAX: two jitted steps whose weights are donated, Adam written out,
              the page's own batches and noise
    products  the matrix products of an iteration alone, by numpy in float32
"""

import itertools
import os
import re
import runpy
import statistics
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CHAPTER09 = os.path.join(ROOT, 'chapter09')
sys.path.insert(0, CHAPTER09)
from lab import listings  # noqa: E402

DATA = os.path.join(ROOT, 'mnist', 'data')
TRIED = 100  # iterations with either number of threads
answers = os.fdopen(os.dup(1), 'w')


class Gate:
    """To be passed after every iteration: waits for numbers of iterations, and answers with their seconds."""

    def __init__(self):
        self._left = 0
        self._began = None

    def __call__(self):
        if self._left == 0:
            print('%.9f' % (time.perf_counter() - self._began) if self._began else 'ready',
                  file=answers, flush=True)
            self._left = int(sys.stdin.readline() or sys.exit())
            self._began = time.perf_counter()
        self._left -= 1


def page(name, **replaced):
    """The text of a listing, a number of which may be replaced, with a call of `gate` after every iteration."""
    with open(os.path.join(CHAPTER09, listings.CHAPTER[name].file), encoding='utf-8') as file:
        text = file.read()
    for number, value in replaced.items():
        text = re.sub(r'(?m)^%s = .*' % number, '%s = %r' % (number, value), text)
    return re.sub(r'(?m)^( +)(_, loss_val_G = .*)$', r'\1\2\n\1gate()', text)


def execute(text, name, gate, *words):
    """Runs the text of a listing as the script NAME's."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for the page's lines
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, listings.CHAPTER[name].file)
        with open(path, 'w', encoding='utf-8') as file:
            file.write(text)
        sys.argv = [path, *words, *['--run', os.path.join(folder, 'run'), '--samples', os.path.join(folder, 'samples')]]
        runpy.run_path(path, {'gate': gate}, '__main__')


def listing(name, batch_size, n_hidden, gate):
    execute(page(name), name, gate, '--progress', '--epochs', '100000', '--batch-size', str(batch_size),
            '--n-hidden', str(n_hidden))


def bare(name, batch_size, n_hidden, gate):
    text = page(name, batch_size=batch_size, n_hidden=n_hidden, total_epoch=100000)
    for ours, pages in [
            (r'import lab\b.*', ''), (r'run = lab\.Run\(.*', 'tf.set_random_seed(7)'), (r'run\.data', repr(DATA)),
            (r'run\.session\(\)', 'tf.Session()'), (r'run\.epochs\(total_epoch\)', 'range(total_epoch)'),
            (r'if epoch == 0 or .*:', 'if False:')]:
        text, found = re.subn(ours, lambda match, pages=pages: pages, text)
        assert found == 1, ours
    execute(text, name, gate)


def torch(name, batch_size, n_hidden, gate):
    numbers = listings.Numbers(page(name)).written
    n_noise, learning_rate = numbers['n_noise'], numbers['learning_rate']
    import input_data
    import numpy as np
    import torch
    from torch.nn import BCEWithLogitsLoss, Linear, ReLU, Sequential, Sigmoid
    torch.manual_seed(7)
    train = input_data.read_data_sets(DATA, one_hot=True).train
    images, labels = torch.from_numpy(train.images), torch.from_numpy(train.labels.astype(np.float32))
    conditional = name == 'conditional'
    n_labels = 10 if conditional else 0
    G = Sequential(Linear(n_noise + n_labels, n_hidden), ReLU(), Linear(n_hidden, 784), Sigmoid())
    D = Sequential(Linear(784 + n_labels, n_hidden), ReLU(), Linear(n_hidden, 1),
                   *[] if conditional else [Sigmoid()])
    if not conditional:
        for parameter in (*G.parameters(), *D.parameters()):
            torch.nn.init.normal_(parameter, std=0.01 if parameter.ndim == 2 else 0)
    adam_D, adam_G = (torch.optim.Adam(network.parameters(), lr=learning_rate, fused=True)
                      for network in (D, G))
    entropy, ones, zeros = BCEWithLogitsLoss(), torch.ones(batch_size, 1), torch.zeros(batch_size, 1)

    def labelled(inputs, batch_ys):
        return torch.cat([inputs, batch_ys], 1) if conditional else inputs

    def batches():
        while True:
            yield from torch.randperm(len(images)).split(batch_size)[:len(images) // batch_size]

    def iterate(chosen):
        batch_xs, batch_ys = images[chosen], labels[chosen]
        noise = (torch.rand(batch_size, n_noise) * 2 - 1 if conditional
                 else torch.randn(batch_size, n_noise))
        with torch.no_grad():  # the page, too, runs the generator in either step
            fakes = G(labelled(noise, batch_ys))
        D_real, D_gene = D(labelled(batch_xs, batch_ys)), D(labelled(fakes, batch_ys))
        if conditional:
            loss_D = entropy(D_real, ones) + entropy(D_gene, zeros)
        else:
            loss_D = -(D_real.log() + (1 - D_gene).log()).mean()
        adam_D.zero_grad()
        loss_D.backward()
        adam_D.step()
        D.requires_grad_(False)
        D_gene = D(labelled(G(labelled(noise, batch_ys)), batch_ys))
        loss_G = entropy(D_gene, ones) if conditional else -D_gene.log().mean()
        adam_G.zero_grad()
        loss_G.backward()
        adam_G.step()
        D.requires_grad_(True)
        return loss_D.item(), loss_G.item()

    def seconds(threads):
        torch.set_num_threads(threads)
        took = []
        for chosen in itertools.islice(batches(), TRIED):
            began = time.perf_counter()
            iterate(chosen)
            took.append(time.perf_counter() - began)
        return statistics.median(took)

    torch.set_num_threads(min((torch.get_num_threads(), 1), key=seconds))
    for chosen in batches():
        iterate(chosen)
        gate()


def jax(name, batch_size, n_hidden, gate):
    numbers = listings.Numbers(page(name)).written
    n_noise, learning_rate = numbers['n_noise'], numbers['learning_rate']
    import functools

    import input_data
    import jax
    import numpy as np
    from jax import numpy as jnp
    mnist = input_data.read_data_sets(DATA, one_hot=True)
    conditional = name == 'conditional'
    n_labels = 10 if conditional else 0
    random = np.random.RandomState(7)

    def dense(n_in, n_out):
        if conditional:  # Glorot's, as of layers.dense
            limit = np.sqrt(6 / (n_in + n_out))
            return random.uniform(-limit, limit, (n_in, n_out)).astype(np.float32), np.zeros(n_out, np.float32)
        return random.normal(0, 0.01, (n_in, n_out)).astype(np.float32), np.zeros(n_out, np.float32)

    def fresh(*layers):
        """Weights, and Adam's two moments of each and its count."""
        weights = jax.tree.map(jnp.asarray, list(layers))
        return weights, jax.tree.map(jnp.zeros_like, weights), jax.tree.map(jnp.zeros_like, weights), jnp.zeros(())

    G = fresh(dense(n_noise + n_labels, n_hidden), dense(n_hidden, 784))
    D = fresh(dense(784 + n_labels, n_hidden), dense(n_hidden, 1))

    def labelled(inputs, batch_ys):
        return jnp.concatenate([inputs, batch_ys], 1) if conditional else inputs

    def network(layers, inputs):
        (W1, b1), (W2, b2) = layers
        return jax.nn.relu(inputs @ W1 + b1) @ W2 + b2

    def generator(G, noise, batch_ys):
        return jax.nn.sigmoid(network(G, labelled(noise, batch_ys)))

    def discriminator(D, images, batch_ys):
        logits = network(D, labelled(images, batch_ys))
        return logits if conditional else jax.nn.sigmoid(logits)

    def entropy(logits, target):
        return jnp.mean(jnp.maximum(logits, 0) - logits * target + jnp.log1p(jnp.exp(-jnp.abs(logits))))

    def loss_of_D(D, G, batch_xs, batch_ys, noise):
        D_real = discriminator(D, batch_xs, batch_ys)
        D_gene = discriminator(D, generator(G, noise, batch_ys), batch_ys)
        if conditional:
            return entropy(D_real, 1) + entropy(D_gene, 0)
        return -jnp.mean(jnp.log(D_real) + jnp.log(1 - D_gene))

    def loss_of_G(G, D, batch_ys, noise):
        D_gene = discriminator(D, generator(G, noise, batch_ys), batch_ys)
        return entropy(D_gene, 1) if conditional else -jnp.mean(jnp.log(D_gene))

    def adam(state, gradients):
        weights, first, second, count = state
        count = count + 1
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradients)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradients)
        rate = learning_rate * jnp.sqrt(1 - 0.999 ** count) / (1 - 0.9 ** count)
        weights = jax.tree.map(lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-8), weights, first, second)
        return weights, first, second, count

    @functools.partial(jax.jit, donate_argnums=0)
    def train_D(D, G, batch_xs, batch_ys, noise):
        loss, gradients = jax.value_and_grad(loss_of_D)(D[0], G[0], batch_xs, batch_ys, noise)
        return adam(D, gradients), loss

    @functools.partial(jax.jit, donate_argnums=0)
    def train_G(G, D, batch_ys, noise):
        loss, gradients = jax.value_and_grad(loss_of_G)(G[0], D[0], batch_ys, noise)
        return adam(G, gradients), loss

    while True:
        batch_xs, batch_ys = mnist.train.next_batch(batch_size)
        batch_ys = batch_ys.astype(np.float32)
        noise = (random.uniform(-1, 1, (batch_size, n_noise)) if conditional
                 else random.normal(size=(batch_size, n_noise))).astype(np.float32)
        D, loss_D = train_D(D, G, batch_xs, batch_ys, noise)
        G, loss_G = train_G(G, D, batch_ys, noise)
        float(loss_D), float(loss_G)  # the page, too, has them as numbers
        gate()


def products(name, batch_size, n_hidden, gate):
    import numpy as np
    n_labels = 10 if name == 'conditional' else 0
    random = np.random.RandomState(7)

    def matrix(*shape):
        return random.normal(size=shape).astype(np.float32)

    noise, images = matrix(batch_size, 128 + n_labels), matrix(batch_size, 784 + n_labels)
    hidden, output, d_images = matrix(batch_size, n_hidden), matrix(batch_size, 1), matrix(batch_size, 784)
    G_W1, G_W2 = matrix(128 + n_labels, n_hidden), matrix(n_hidden, 784)
    D_W1, D_W2 = matrix(784 + n_labels, n_hidden), matrix(n_hidden, 1)
    forward = [(noise, G_W1), (hidden, G_W2), (images, D_W1), (hidden, D_W2)]
    backward_D = [(hidden.T, output), (output, D_W2.T), (images.T, hidden)]
    backward_G = [(output, D_W2.T), (hidden, D_W1.T),
                  (hidden.T, d_images), (d_images, G_W2.T), (noise.T, hidden)]
    pairs = forward + forward[2:] + 2 * backward_D + forward + backward_G
    while True:
        for left, right in pairs:
            left @ right
        gate()


if __name__ == '__main__':
    contestant, name, batch_size, n_hidden = sys.argv[1:]
    {'listing': listing, 'bare': bare, 'torch': torch, 'jax': jax, 'products': products}[contestant](
        name, int(batch_size), int(n_hidden), Gate())
