"""Shows how a run has learnt: as a movie of the same digits through its epochs, or as curves.

    python chapter09/history.py movie     movie.gif: twenty digits of fixed noise, a frame for each epoch
    python chapter09/history.py curves    curves.png: both losses, and what D thinks of real and generated
"""

import lab  # first: it keeps TensorFlow quiet

import argparse
import os

import numpy as np

import drawing
import film
import files
import options
import records
from errors import BadInput

FRAMES = 100  # of a movie; that many have 2.4 MB
NAMES = {'movie': 'movie.gif', 'curves': 'curves.png'}


def movie(run, path):
    """Draws the film of a run's folder as an animated GIF, of a long one a hundred epochs evenly apart."""
    frames = _frames(run)
    if len(frames) > FRAMES:
        frames = frames[np.linspace(0, len(frames) - 1, FRAMES).astype(int)]
    images = np.full((len(frames), 2 + film.ROWS * 30, 2 + film.COLUMNS * 30), np.nan)
    for row, column in np.ndindex(film.ROWS, film.COLUMNS):
        top, left = 2 + 30 * row, 2 + 30 * column
        images[:, top:top + 28, left:left + 28] = frames['digits'][:, row, column] / 255
    titles = ['epoch %03d' % epoch for epoch in frames['epoch']]
    drawing.animate(images, path, size=(6.04, 1.5), titles=titles)


def curves(run, path):
    """Draws the losses and the verdicts of a run's folder as a PNG."""
    frames = _frames(run)
    losses = np.loadtxt(os.path.join(run, 'losses.csv'), delimiter=',', skiprows=1, ndmin=2)
    verdicts = np.stack([frames['epoch'], frames['D_real'], frames['D_gene']], axis=1)
    with files.whole(path) as part:
        drawing.curves(losses[:, :3], verdicts, part)


def _frames(run):
    frames = film.read(os.path.join(run, 'film.bin'))
    if not len(frames):
        raise BadInput('%s has no epoch done yet: wait for its first' % run)
    return frames


def main(argv=None):
    parser = options.Parser(description=__doc__, allow_abbrev=False,
                            formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('what', choices=list(NAMES))
    parser.add_argument('--run', metavar='DIR', type=options.place,
                        default=os.path.join(lab.ROOT, 'runs', 'conditional'),
                        help="a run's folder (default: %(default)s)")
    parser.add_argument('--out', metavar='FILE', type=options.file, help='picture to write')
    chosen = parser.parse_args(argv)
    if not os.path.exists(os.path.join(chosen.run, 'run.json')):
        raise BadInput('%s holds no run: train first (make basic, make cgan), or name another --run'
                       % chosen.run)
    records.read(os.path.join(chosen.run, 'run.json'))
    out = chosen.out or os.path.join(lab.ROOT, NAMES[chosen.what])
    {'movie': movie, 'curves': curves}[chosen.what](chosen.run, out)


if __name__ == '__main__':
    lab.program(main)
