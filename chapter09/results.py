"""What a run, or anybody else, has left: strips, and the trained generator where there is one."""

import os
import re

import numpy as np
import tensorflow.compat.v1 as tf

import checkpoints
import figures
import gan_basic
import gan_conditional
import records
from errors import BadInput

LISTINGS = {'basic': gan_basic, 'conditional': gan_conditional}
FOLDERS = {'basic': 'samples', 'conditional': 'samples2'}
FRESH = 10000  # images drawn from a run's weights, to be judged
PICTURE = re.compile(r'\d{3,}\.(png|jpg|jpeg)', re.IGNORECASE)  # named after its epoch


class Result:
    """The strips of one listing, and what is known of the run that drew them.

    listing  'basic' or 'conditional'
    path     the strip, or the folder of the strips
    strips   {epoch: path}; of a single strip that bears no epoch's name {None: path}
    record   the run's record (`records.read`), or None
    weights  for `Generator`: a checkpoint (without its .index), or an .npz file; None if there is none
    epochs   how many were trained, as far as can be seen; None of a single strip
    """

    def __init__(self, listing, path, strips, record=None, weights=None, epochs=None):
        self.listing, self.path, self.strips = listing, path, strips
        self.record, self.weights, self.epochs = record, weights, epochs

    def generator(self):
        """The trained generator, from a newer checkpoint if the run has meanwhile gone on."""
        if self.record and not os.path.exists(self.weights + '.index'):
            folder = os.path.dirname(os.path.dirname(self.weights))
            return Generator(self.listing, checkpoints.newest(folder) or self.weights)
        return Generator(self.listing, self.weights)


def find(path):
    """Finds the results in a strip, in a folder of strips, in a run's folder, or in a folder that holds
    samples/ and samples2/ or one of them, or whose only such subfolder does, as in a clone of the book's
    repository.

    Returns {listing: Result}, not empty. Raises BadInput if there are none, or if it cannot be read.
    """
    try:
        return _find(path)
    except OSError as error:
        raise BadInput('%s cannot be read (%s): name another' % (path, error.strerror or error)) from None


def _find(path):
    if not os.path.exists(path):
        raise BadInput('%s is missing: name a strip, or a folder of strips' % path)
    if os.path.isfile(path):
        name = os.path.basename(path)
        epoch = int(name.split('.')[0]) if PICTURE.fullmatch(name) else None
        listing = _listing(path)
        return {listing: Result(listing, path, {epoch: path})}
    if _strips(path) or os.path.exists(os.path.join(path, 'run.json')):
        found = [_of_folder(path)]
    else:
        homes = [path]
        if not any(os.path.isdir(os.path.join(path, samples)) for samples in FOLDERS.values()):
            # reference/ is what others are set beside, and nobody's own.
            homes = [os.path.join(path, name) for name in sorted(os.listdir(path)) if name != 'reference']
        folders = [(home, os.path.join(home, samples)) for home in homes for samples in FOLDERS.values()
                   if _strips(os.path.join(home, samples))]
        if len({home for home, _ in folders}) > 1:
            raise BadInput('%s holds several folders with strips, such as %s and %s: name one'
                           % (path, folders[0][1], folders[-1][1]))
        found = [_of_folder(folder, home) for home, folder in folders]
    if not found:
        raise BadInput('%s holds no strips (000.png, 009.png, …): train first (make basic, make cgan), or '
                       'name another folder' % path)
    listings = {result.listing: result for result in found}
    if len(listings) < len(found):
        raise BadInput('%s and %s hold strips of the same listing: put the right ones there'
                       % (found[0].path, found[1].path))
    return listings


def _of_folder(folder, home=None):
    """The Result of a folder of strips, or of a run's folder; `home` may hold its weights (reference/)."""
    run, record = folder, None
    if os.path.exists(os.path.join(folder, 'run.json')):
        record = records.read(os.path.join(folder, 'run.json'))
        samples = record['options']['samples']
        if not _strips(folder) and _owner(samples)[1] == record['id']:
            folder = samples
    else:
        run = records.home(*_owner(folder))
        record = run and records.read(os.path.join(run, 'run.json'))
    strips = _strips(folder)
    if not strips:
        raise BadInput('%s holds no strips of this run: they were moved or removed' % folder)
    listing, epochs = _listing(strips[max(strips)]), max(strips) + 1
    weights = None
    if record:
        if record['identity']['listing'] != listing:
            raise BadInput('%s holds strips of the %s listing, but its run is of the other: name one of them'
                           % (folder, listing))
        weights = checkpoints.newest(os.path.join(run, 'checkpoints'))
        if weights:
            epochs = checkpoints.epoch_of(weights) + 1
    elif home and os.path.exists(os.path.join(home, listing + '-final.npz')):
        weights = os.path.join(home, listing + '-final.npz')
    return Result(listing, folder, strips, record, weights, epochs)


def _strips(folder):
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return {int(name.split('.')[0]): os.path.join(folder, name)  # of two of one epoch, the PNG
            for name in sorted(names) if PICTURE.fullmatch(name)}


def _owner(samples):
    """The run's folder and id that a folder of strips names; empty if it names none."""
    path = os.path.join(samples, records.OWNER)
    if not os.path.isfile(path):
        return ['', '']
    with open(path, encoding='utf-8', errors='surrogateescape') as file:
        return records.owner(file)


def _listing(path):
    return 'basic' if len(figures.read(path).digits) == 1 else 'conditional'


def trained(folder, listing):
    """The `Generator` of the newest checkpoint in a run's folder, which is only read.

    Raises BadInput, which says what to run, if there is none or if it is of the other listing.
    """
    command = {'basic': 'make basic', 'conditional': 'make cgan'}[listing]
    if not os.path.exists(os.path.join(folder, 'run.json')):
        raise BadInput('%s holds no run: train first (%s), or name another --run' % (folder, command))
    identity = records.read(os.path.join(folder, 'run.json'))['identity']
    if identity['listing'] != listing:
        raise BadInput('%s is a run of the %s listing, and this takes one of the %s: name another --run (%s '
                       'makes one)' % (folder, identity['listing'], listing, command))
    weights = checkpoints.newest(os.path.join(folder, 'checkpoints'))
    if not weights:
        raise BadInput('%s has no checkpoint yet: there will be one after the first epoch of %s'
                       % (folder, command))
    return Generator(listing, weights, n_hidden=identity['n_hidden'], n_noise=identity['n_noise'])


class Generator:
    """A listing's generator with trained weights.

    listing   'basic' or 'conditional'
    weights   a checkpoint (without its .index), or an .npz file such as those in reference/
    settings  n_hidden and n_noise, where they are not the chapter's

    Raises BadInput if the weights cannot be read, or are not the listing's.
    """

    def __init__(self, listing, weights, **settings):
        self._script = LISTINGS[listing]
        self.n_noise = settings.get('n_noise', self._script.n_noise)
        with tf.Graph().as_default():
            self._gan = self._script.build(**settings)
            mine = {name: variable for name, variable in self._gan.weights.items() if name[0] in 'Gg'}
            others = self._gan.weights.keys() - mine.keys()
            arrays = checkpoints.read_weights(weights, mine, others)
            self._sess = tf.Session()
            checkpoints.assign(self._sess, mine, arrays)

    def draw(self, noise, labels=None):
        """Images, float32 [n, 784] in [0, 1], for noise [n, n_noise].

        labels  in the conditional listing, the digits [n], or what is to be fed for them, [n, 10]
        """
        feed = {self._gan.Z: noise}
        if labels is not None:
            feed[self._gan.Y] = np.eye(10)[labels] if np.ndim(labels) == 1 else labels
        return self._sess.run(self._gan.G, feed)

    def noise(self, n, seed):
        """Noise [n, n_noise] as the listing draws it, from numpy's global generator, seeded anew."""
        np.random.seed(seed)
        return self._script.get_noise(n, self.n_noise)

    def fresh(self, n, seed=7):
        """Images [n, 784] for new noise; in the conditional listing of the labels 0, 1, …, 9, 0, …

        Returns the images and their labels [n], which are None in the basic listing.
        """
        labels = np.arange(n) % 10 if hasattr(self._gan, 'Y') else None
        return self.draw(self.noise(n, seed), labels), labels
