"""Makes the strips of tests/strips/: what honest runs draw, and what known failures draw.

    python tests/make_strips.py FOLDER [NAME …]

A NAME, of those in WAYS below, becomes FOLDER/NAME with samples/ (§9.1) or samples2/ (§9.2) or both, and in
them strips of epochs 49 and 99. The full trainings among them take six minutes each on two cores, which
makes one and a half hours for all.
"""

import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CHAPTER09 = os.path.join(ROOT, 'chapter09')
sys.path.insert(0, CHAPTER09)
from lab import listings  # noqa: E402, first: it has what is missing told

import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

from lab import strips  # noqa: E402
from tools import generator, reading, results  # noqa: E402

STRIPS = os.path.join(ROOT, 'tests', 'strips')
REFERENCE = os.path.join(ROOT, 'reference')
EPOCHS = 49, 99
# Seeds of §9.1 and of §9.2; of the latter's some never learn (docs/quality.md).
HONEST = [('7', '7'), ('1', '1'), ('2', '4'), ('3', '5'), ('4', '9')]
SAMPLES = {listing.name: listing.samples for listing in listings.CHAPTER.values()}


def draw(images, path):
    """Draws images [rows, 10, 28, 28] as the listings do."""
    fig, ax = plt.subplots(len(images), 10, figsize=(10, len(images)), squeeze=False)
    for axis, image in zip(ax.ravel(), images.reshape(-1, 28, 28)):
        axis.set_axis_off()
        axis.imshow(image)
    strips.save(fig, path)
    plt.close(fig)


def by_the_page(images, path, cmap='viridis', spacing=None, **options):
    """Draws images [rows, 10, 28, 28] as the page does, by imshow and savefig, or as its readers do.

    spacing  for subplots_adjust
    options  for savefig
    """
    fig, ax = plt.subplots(len(images), 10, figsize=(10, len(images)), squeeze=False)
    fig.subplots_adjust(**(spacing or {}))
    for axis, image in zip(ax.ravel(), images.reshape(-1, 28, 28)):
        axis.set_axis_off()
        axis.imshow(image, cmap=cmap)
    fig.savefig(str(path), **options)
    plt.close(fig)


def train(home, listing, *argv, changes=()):
    """Runs a listing, in which lines may be changed, and keeps the strips of EPOCHS."""
    with tempfile.TemporaryDirectory() as folder:
        changed = os.path.join(folder, 'changed.py')
        with open(changed, 'w', encoding='utf-8') as file:
            file.write(edited(listing, changes))
        subprocess.run([sys.executable, changed, '--run', os.path.join(folder, 'run'), *argv], check=True,
                       env=dict(os.environ, PYTHONPATH=CHAPTER09))
        drawn, kept = os.path.join(folder, 'run', 'samples'), os.path.join(home, SAMPLES[listing])
        os.makedirs(kept)
        for epoch in EPOCHS:
            shutil.copy(os.path.join(drawn, '%03d.png' % epoch), kept)


def edited(listing, changes):
    """The text of a listing with lines changed, [(ours, theirs)]; each of ours must be there once."""
    text = listings.read(os.path.join(CHAPTER09, listings.CHAPTER[listing].file))
    for ours, theirs in changes:
        assert text.count(ours) == 1, ours
        text = text.replace(ours, theirs)
    return text


def honest(basic, conditional):
    def make(home):
        train(home, 'basic', '--seed', basic)
        train(home, 'conditional', '--seed', conditional)
    return make


def never_trained(home):
    """§9.1 as printed, whose train_G trains the discriminator, once X is fed to it too."""
    train(home, 'basic', changes=[
        ('minimize(-loss_G, var_list=G_var_list)', 'minimize(-loss_D, var_list = D_var_list)'),
        ('[train_G, loss_G], feed_dict={Z: noise}', '[train_G, loss_G], feed_dict={X: batch_xs, Z: noise}')])


def without_labels(home):
    """§9.2 as printed, whose discriminator joins the labels to `input` and reads `inputs`."""
    train(home, 'conditional', changes=[
        ('inputs = tf.concat([inputs, labels], 1)', 'input = tf.concat([inputs, labels],1)')])


def sign_dropped(home):
    """§9.1 whose G's step has the other sign: G learns to draw what D rejects."""
    train(home, 'basic', changes=[('minimize(-loss_G', 'minimize(loss_G')])


def no_sigmoid(home):
    """A generator without the sigmoid on its output, each digit on a scale of its own, as imshow draws it."""
    scaled = ('imshow(np.reshape(samples[i], (28, 28)))',
              'imshow((lambda x: (x - x.min()) / (x.max() - x.min()))(np.reshape(samples[i], (28, 28))))')
    train(home, 'basic', changes=[
        scaled, ('tf.nn.sigmoid(tf.matmul(hidden, G_W2) + G_b2)', 'tf.matmul(hidden, G_W2) + G_b2')])
    train(home, 'conditional', changes=[
        scaled, ('n_input, activation=tf.nn.sigmoid', 'n_input, activation=None')])


def gone_astray(home):
    """§9.2 as it is, with a seed from which its generator never recovers."""
    train(home, 'conditional', '--seed', '2')


def change(row, all_rows=False, kinds=tuple(SAMPLES)):
    """Makes strips out of the reference's.

    row       gives what is drawn in place of a generated row [10, 28, 28]; also called with the listing's name
    all_rows  whether the upper row, of real digits, is changed too
    """
    def make(home):
        for kind in kinds:
            result = results.find(REFERENCE)[kind]
            os.makedirs(os.path.join(home, SAMPLES[kind]))
            for epoch in EPOCHS:
                images = reading.read(result.strips[epoch]).digits
                for n in range(0 if all_rows else len(images) - 1, len(images)):
                    images[n] = row(images[n], kind)
                draw(images, os.path.join(home, SAMPLES[kind], '%03d.png' % epoch))
    return make


LABELS = np.array([7, 2, 1, 0, 4, 1, 4, 9, 5, 9])  # of the strips: the first ten test digits


def untrained(images, kind):
    """What the reference's generator draws with its first weights."""
    noise = generator.of_run(os.path.join(REFERENCE, kind))[0].noise(10, 7)
    with np.load(os.path.join(REFERENCE, kind, 'init.npz')) as file:
        if kind == 'basic':
            W1, b1, W2, b2 = (file[name] for name in ('G_W1', 'G_b1', 'G_W2', 'G_b2'))
        else:
            W1, b1, W2, b2 = (file['generator/' + name] for name in (
                'dense/kernel', 'dense/bias', 'dense_1/kernel', 'dense_1/bias'))
            noise = np.concatenate([noise, np.eye(10)[LABELS]], axis=1)
    hidden = np.maximum(noise @ W1 + b1, 0)
    return (1 / (1 + np.exp(-hidden @ W2 - b2))).reshape(images.shape)


def collapsed(images, kind):
    """What the reference's generator draws if all ten are of one noise vector and one label."""
    trained = generator.of_run(os.path.join(REFERENCE, kind))[0]
    drawn = trained.draw(trained.noise(10, 7), LABELS if trained.labelled else None)
    return np.resize(drawn[:1], images.shape)


def one_epoch(images, kind):
    return reading.read(results.find(REFERENCE)[kind].strips[0]).digits[-1]


WAYS = dict(
    {'honest-%d' % n: honest(*seeds) for n, seeds in enumerate(HONEST, 1)},
    **{'never-trained': never_trained, 'without-labels': without_labels, 'gone-astray': gone_astray,
       'sign-dropped': sign_dropped, 'no-sigmoid': no_sigmoid,
       'untrained': change(untrained), 'collapsed': change(collapsed),
       'not-finite': change(lambda images, kind: images * np.nan),
       'transposed': change(lambda images, kind: images.transpose(0, 2, 1), all_rows=True),
       'inverted': change(lambda images, kind: 1 - images, all_rows=True),
       'shuffled-labels': change(lambda images, kind: np.roll(images, 3, axis=0), kinds=['conditional']),
       'one-epoch': change(one_epoch)})

if __name__ == '__main__':
    for name in sys.argv[2:] or WAYS:
        WAYS[name](os.path.join(sys.argv[1], name))
