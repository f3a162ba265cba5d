"""Shows how a run has learnt: as a movie of the same digits through its epochs, or as curves."""

import os

import numpy as np

from lab import film, files, listings, outputs, records
from lab.errors import BadInput
from tools import drawing

FRAMES = 100  # of a movie; that many have 2.4 MB


def movie(run, path=None):
    """Draws the film of a run's folder as an animated GIF, of a long one a hundred epochs evenly apart."""
    path, frames = _place(run, path, 'movie.gif'), _frames(run)
    if not frames['digits'].any():
        raise BadInput('%s has no film of its digits: its listing had no G, Z or get_noise' % run)
    if len(frames) > FRAMES:
        frames = frames[np.linspace(0, len(frames) - 1, FRAMES).astype(int)]
    images = np.full((len(frames), 2 + film.ROWS * 30, 2 + film.COLUMNS * 30), np.nan)
    for row, column in np.ndindex(film.ROWS, film.COLUMNS):
        top, left = 2 + 30 * row, 2 + 30 * column
        images[:, top:top + 28, left:left + 28] = frames['digits'][:, row, column] / 255
    titles = ['epoch %03d' % epoch for epoch in frames['epoch']]
    drawing.animate(images, path, size=(6.04, 1.5), titles=titles)


def curves(run, path=None):
    """Draws the losses and D_mean of a run's folder as a PNG."""
    path, frames = _place(run, path, 'curves.png'), _frames(run)
    losses = np.array([row[:3] for row in records.losses(run)])
    D_mean = np.stack([frames['epoch'], frames['D_real'], frames['D_gene']], axis=1)
    with files.whole(path) as part:
        drawing.curves(losses, D_mean, part)


def _place(run, path, name):
    path = path or os.path.join(listings.ROOT, name)
    outputs.refuse('--out', path, run)
    return path


def _frames(run):
    records.read(run)  # it may be of another format
    frames = film.read(run)
    if not len(frames):
        raise BadInput('%s has no epoch done yet: wait for its first' % run)
    return frames
