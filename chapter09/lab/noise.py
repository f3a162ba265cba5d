"""The noise that a listing's generator is fed with, for those who draw from a run's folder.

They cannot call the listing's get_noise. If it is one of the chapter's two, the record says which; else some
of its noise is kept in noise.npz, and they take theirs from there.
"""

import os

import numpy as np

from lab import checkpoints, files, records
from lab.errors import BadInput, reason

SEED = 7
KEPT = 10000  # vectors: as many as are judged at a time
LARGEST = 2 ** 14  # numbers in a vector: of 10,000 of them, 1.3 GB
CHAPTERS = {'normal': lambda random, size: random.normal(size=size),
            'uniform': lambda random, size: random.uniform(-1., 1., size=size)}


def drawn(get_noise, shape, n, seed):
    """Noise [n, *shape] of a listing's get_noise, from numpy's global generator, seeded so.

    It leaves the generator elsewhere. Raises ValueError, with the reason, if it gives none of that shape.
    """
    np.random.seed(seed)
    try:
        noise = np.asarray(get_noise(n, *shape), np.float64)
    except Exception as error:  # the reader's own function, called otherwise than in the listing
        raise ValueError('get_noise(%s) fails: %s' % (', '.join(map(str, (n, *shape))), reason(error))) from None
    if noise.shape != (n, *shape):
        raise ValueError('get_noise(%s) gives an array of shape %s' % (
            ', '.join(map(str, (n, *shape))), list(noise.shape)))
    return noise


def describe(get_noise, shape):
    """What the record says of the noise, and the vectors to be kept, float32 [KEPT, *shape] or None."""
    noise = drawn(get_noise, shape, KEPT, SEED)
    for name, chapters in CHAPTERS.items():
        if np.array_equal(noise, chapters(np.random.RandomState(SEED), noise.shape)):
            return {'draw': name, 'shape': list(shape)}, None
    return {'draw': 'kept', 'shape': list(shape)}, noise.astype(np.float32)


def keep(folder, noise):
    with files.whole(os.path.join(folder, records.NOISE)) as part, open(part, 'wb') as file:
        np.savez(file, noise=noise)


def labels_of(digits, shape):
    """Digits [n] as they are fed to a placeholder of that shape: one-hot [n, 10], or as numbers [n]."""
    return np.eye(10)[digits] if len(shape) == 2 and shape[1] == 10 else digits.reshape([-1] + [1] * (len(shape) - 1))


def _is_a_shape(shape):
    """Whether it is a list of sizes, of an array that is neither too deep for numpy nor too large for a batch."""
    return (isinstance(shape, list) and len(shape) < 16 and all(type(n) is int and 0 < n <= LARGEST for n in shape)
            and np.prod(shape, dtype=float) <= LARGEST)


class Noise:
    """The noise of a run's folder, by its record."""

    def __init__(self, folder, record):
        self._folder, self._described = folder, record['noise'] or {}
        self._kept = None
        draw, shape = map(self._described.get, ('draw', 'shape'))
        if not isinstance(draw, str) or not _is_a_shape(shape):
            raise BadInput('%s does not say what its generator is fed with: its listing lacked G, Z or '
                           'get_noise(batch_size, n_noise)' % folder)
        self.shape = tuple(shape)
        if draw not in CHAPTERS:
            path = os.path.join(folder, records.NOISE)
            try:
                self._kept = checkpoints.read_arrays(path)['noise']
            except (OSError, ValueError, KeyError) as error:
                raise BadInput('%s cannot be read (%s): --resume the run, which writes it anew'
                               % (path, reason(error))) from None
            if (self._kept.dtype != np.float32 or self._kept.shape[1:] != self.shape or not len(self._kept)
                    or not np.isfinite(self._kept).all()):
                raise BadInput('%s holds no noise such as run.json tells: begin a new run' % path)

    def draw(self, n, seed):
        """Noise [n, *shape] for a seed: drawn as the listing draws it, or taken from what is kept."""
        random = np.random.RandomState(seed)
        if self._kept is None:
            return CHAPTERS[self._described['draw']](random, (n, *self.shape))
        if n == len(self._kept) == KEPT:
            return self._kept
        return self._kept[random.randint(len(self._kept), size=n)]
