"""What `bench.py` measures, each in a process of its own.

    python contestants.py CONTESTANT LISTING BATCH_SIZE N_HIDDEN

prepares all, runs one iteration, and says `ready`; then for each number of iterations that it reads it runs
so many, and answers with the seconds they took. An iteration is a batch, its noise, a step of the
discriminator and one of the generator.

    listing   the script as it stands, its progress, checkpoints and all
    bare      the same script without the lab: tf.Session, and no strips; also for TensorFlow 1.15
    torch     the same networks, sizes and steps in eager PyTorch with fused Adam, on one thread or on all,
              whichever is faster
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
    {'listing': listing, 'bare': bare, 'torch': torch, 'products': products}[contestant](
        name, int(batch_size), int(n_hidden), Gate())
