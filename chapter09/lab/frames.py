"""A run's film as others find it: film.bin in its folder, an array of EPOCH that an epoch's end adds to."""

import os

import numpy as np

from lab import files, records
from lab.errors import BadInput, reason

ROWS, COLUMNS = 2, 10
DIGITS = ROWS * COLUMNS
LABELS = np.arange(DIGITS) % 10  # in §9.2, what its digits are asked to show
EPOCH = np.dtype([
    ('epoch', '<i4'),
    ('D_real', '<f4'), ('D_gene', '<f4'),  # D_mean: what D thinks of real and generated images on average, 0 to 1
    ('digits', 'u1', (ROWS, COLUMNS, 28, 28))])  # of fixed noise, in §9.2 of the labels 0 to 9 in each row
LARGEST = 2 ** 31  # bytes of a film: some 130,000 epochs


def read(folder):
    """The whole epochs of a run's film, EPOCH [n]; a run that is killed may leave a part of one behind them."""
    path = os.path.join(folder, records.FILM)
    try:
        content = files.read(path, LARGEST)
    except OSError as error:
        raise BadInput('%s cannot be read (%s): %s' % (
            path, reason(error), 'train first' if isinstance(error, FileNotFoundError) else 'move it away')) from None
    return np.frombuffer(content[:len(content) // EPOCH.itemsize * EPOCH.itemsize], EPOCH)
