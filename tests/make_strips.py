"""Makes the strips of tests/strips/: what honest runs draw, and what known failures draw.

    python tests/make_strips.py FOLDER [NAME …]

A NAME, of those in WAYS below, becomes FOLDER/NAME with samples/ (§9.1) or samples2/ (§9.2) or both, and in
them strips of epochs 49 and 99. The full trainings among them take six minutes each on two cores, which
makes one and a half hours for all.
"""

import inspect
import os
import shutil
import sys
import tempfile
import types

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'chapter09'))
import gan_basic  # noqa: E402
import gan_conditional  # noqa: E402
import matplotlib.pyplot as plt  # noqa: E402
import numpy as np  # noqa: E402

import figures  # noqa: E402
import results  # noqa: E402

STRIPS = os.path.join(ROOT, 'tests', 'strips')
EPOCHS = 49, 99
# Seeds of §9.1 and of §9.2; of the latter's some never learn (docs/quality.md).
HONEST = [('7', '7'), ('1', '1'), ('2', '4'), ('3', '5'), ('4', '9')]
SAMPLES = {results.LISTINGS[listing]: folder for listing, folder in results.FOLDERS.items()}


def draw(images, path):
    """Draws images [rows, 10, 28, 28] as the listings do."""
    fig, ax = plt.subplots(len(images), 10, figsize=(10, len(images)), squeeze=False)
    for axis, image in zip(ax.ravel(), images.reshape(-1, 28, 28)):
        axis.set_axis_off()
        axis.imshow(image)
    figures.save(fig, path)
    plt.close(fig)


def train(home, listing, *argv, changes=()):
    """Runs a listing, in which lines may be changed, and keeps the strips of EPOCHS."""
    source = inspect.getsource(listing)
    for ours, theirs in changes:
        assert source.count(ours) == 1, ours
        source = source.replace(ours, theirs)
    module = types.ModuleType('changed')
    exec(source, vars(module))
    with tempfile.TemporaryDirectory() as folder:
        drawn, kept = os.path.join(folder, 'strips'), os.path.join(home, SAMPLES[listing])
        module.main(['--samples', drawn, '--run', os.path.join(folder, 'run'), *argv])
        os.makedirs(kept)
        for epoch in EPOCHS:
            shutil.copy(os.path.join(drawn, '%03d.png' % epoch), kept)


def honest(basic, conditional):
    def make(home):
        train(home, gan_basic, '--seed', basic)
        train(home, gan_conditional, '--seed', conditional)
    return make


def never_trained(home):
    """§9.1 as printed, whose train_G trains the discriminator, once X is fed to it too."""
    train(home, gan_basic, changes=[
        ('minimize(-loss_G, var_list=G_var_list)', 'minimize(-loss_D, var_list = D_var_list)'),
        ('[gan.train_G, gan.loss_G], feed_dict={Z: noise}',
         '[gan.train_G, gan.loss_G], feed_dict={X: batch_xs, Z: noise}')])


def without_labels(home):
    """§9.2 as printed, whose discriminator joins the labels to `input` and reads `inputs`."""
    train(home, gan_conditional, changes=[
        ('inputs = tf.concat([inputs, labels], 1)', 'input = tf.concat([inputs, labels],1)')])


def gone_astray(home):
    """§9.2 as it is, with a seed from which its generator never recovers."""
    train(home, gan_conditional, '--seed', '2')


def change(row, all_rows=False, listings=tuple(results.LISTINGS)):
    """Makes strips out of the reference's.

    row       gives what is drawn in place of a generated row [10, 28, 28]; also called with the listing
    all_rows  whether the upper row, of real digits, is changed too
    """
    def make(home):
        for listing in listings:
            result = results.find(os.path.join(ROOT, 'reference'))[listing]
            os.makedirs(os.path.join(home, results.FOLDERS[listing]))
            for epoch in EPOCHS:
                images = figures.read(result.strips[epoch]).digits
                for n in range(0 if all_rows else len(images) - 1, len(images)):
                    images[n] = row(images[n], listing)
                draw(images, os.path.join(home, results.FOLDERS[listing], '%03d.png' % epoch))
    return make


def by_generator(weights, same=False):
    """Gives, for `change`, what a generator draws for the ten labels of the strips.

    weights  the ending of its file in reference/
    same     whether all ten are drawn for one noise vector and one label
    """
    def row(images, listing):
        generator = results.Generator(listing, os.path.join(ROOT, 'reference', listing + weights))
        np.random.seed(7)
        noise = results.LISTINGS[listing].get_noise(10, generator.n_noise)
        labels = None if listing == 'basic' else np.array([7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
        drawn = generator.draw(noise, labels)
        return np.resize(drawn[:1] if same else drawn, images.shape)
    return row


def one_epoch(images, listing):
    return figures.read(results.find(os.path.join(ROOT, 'reference'))[listing].strips[0]).digits[-1]


WAYS = dict(
    {'honest-%d' % n: honest(*seeds) for n, seeds in enumerate(HONEST, 1)},
    **{'never-trained': never_trained, 'without-labels': without_labels, 'gone-astray': gone_astray,
       'untrained': change(by_generator('-init.npz')),
       'collapsed': change(by_generator('-final.npz', same=True)),
       'not-finite': change(lambda images, listing: images * np.nan),
       'transposed': change(lambda images, listing: images.transpose(0, 2, 1), all_rows=True),
       'inverted': change(lambda images, listing: 1 - images, all_rows=True),
       'shuffled-labels': change(lambda images, listing: np.roll(images, 3, axis=0),
                                 listings=['conditional']),
       'one-epoch': change(one_epoch)})

if __name__ == '__main__':
    for name in sys.argv[2:] or WAYS:
        WAYS[name](os.path.join(sys.argv[1], name))
