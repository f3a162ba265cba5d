"""Shows how a run has learnt: as a movie of the same digits through its epochs, or as curves."""

import os

import numpy as np

from lab import files, frames, listings, outputs, records
from lab.errors import BadInput, say
from tools import drawing

FRAMES = 100  # of a movie; that many have 2.4 MB


def movie(run, path=None):
    """Draws the film of a run's folder as an animated GIF, of a long one a hundred epochs evenly apart."""
    path, film = _place(run, path, 'movie.gif'), _film(run)
    if not film['digits'].any():
        raise BadInput('%s has no film of its digits: its listing had no G, Z or get_noise' % run)
    if len(film) > FRAMES:
        film = film[np.linspace(0, len(film) - 1, FRAMES).astype(int)]
    images = np.full((len(film), 2 + frames.ROWS * 30, 2 + frames.COLUMNS * 30), np.nan)
    for row, column in np.ndindex(frames.ROWS, frames.COLUMNS):
        top, left = 2 + 30 * row, 2 + 30 * column
        images[:, top:top + 28, left:left + 28] = film['digits'][:, row, column] / 255
    titles = ['epoch %03d' % epoch for epoch in film['epoch']]
    drawing.animate(images, path, size=(6.04, 1.5), titles=titles)
    say(path)


def curves(run, path=None):
    """Draws the losses and D_mean of a run's folder as a PNG."""
    path, film = _place(run, path, 'curves.png'), _film(run)
    losses = np.array([row[:3] for row in records.losses(run)])
    D_mean = np.stack([film['epoch'], film['D_real'], film['D_gene']], axis=1)
    if not any(np.isfinite(drawn[:, 1:]).any() for drawn in (losses, D_mean)):
        raise BadInput('%s holds neither losses nor D_mean: its listing had no loss_D, loss_G, D_real or D_gene' % run)
    with files.whole(path) as part:
        drawing.curves(losses, D_mean, os.path.basename(os.path.abspath(run)), part)
    say(path)


def _place(run, path, name):
    path = path or os.path.join(listings.ROOT, name)
    outputs.refuse('--out', path, os.path.splitext(name)[1], run)
    return path


def _film(run):
    record = records.read(run)
    film = frames.read(run)
    if not len(film):
        raise BadInput('%s has no epoch done: %s' % (run, 'wait for its first' if record['state'] == 'running' else
                                                     'its training ended before'))
    return film
