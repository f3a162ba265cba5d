"""Strips: rows of ten digits, drawn on the book's canvas.

The book's figures are 825×113 px (§9.1, one row) and 825×197 px (§9.2, two rows). They came out of
`plt.savefig(…, bbox_inches='tight')` of a matplotlib of 2017; today's tight box is another (795×85
and 795×169 px). So the boxes below were measured on the book's own PNGs, and every strip is painted
into them pixel by pixel, the same under every matplotlib.
"""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from lab import files
from lab.errors import BadInput

WIDTH = 825
HEIGHT = {1: 113, 2: 197}  # px, by the number of rows
# First and last pixel of each tile, both included.
COLUMNS = [(37, 102), (116, 181), (195, 260), (274, 339), (352, 417),
           (431, 496), (510, 575), (589, 654), (668, 733), (747, 812)]
ROWS = [(14, 78), (98, 162)]

# Matplotlib's viridis in bytes, uint8 [256, 3]. Two pairs of neighbours come out alike there, 104 and
# 105, 137 and 138; the second of each gets one level less red, so that a colour stands for one value.
VIRIDIS = plt.get_cmap('viridis')(np.arange(256), bytes=True)[:, :3]
VIRIDIS[1:, 0] -= (VIRIDIS[1:] == VIRIDIS[:-1]).all(axis=1)


def sheet(images, path):
    """Writes images [rows, columns, 28, 28] with values in [0, 1] as a PNG, in the colours of a strip.

    A pixel of a digit becomes a square of 3×3 px; 12 px of white are around each digit. The file appears
    whole or not at all.
    """
    rows, columns = images.shape[:2]
    side = 3 * 28
    first, step = 12, side + 12
    canvas = np.full((first + rows * step, first + columns * step, 3), 255, np.uint8)
    for row, column in np.ndindex(rows, columns):
        top, left = first + row * step, first + column * step
        canvas[top:top + side, left:left + side] = _tile(images[row, column], side, side)
    _write(canvas, path)


def save(fig, path):
    """Writes the figure of `plt.subplots(rows, 10)` as a strip, in place of the book's `plt.savefig`.

    fig   a figure whose axes, row by row, show one image [28, 28] each, with values in [0, 1], or in bytes; any
          other is drawn as matplotlib draws it
    path  the PNG to write, in a folder that is there

    A value has one colour in every tile (0 dark, 1 bright), where `imshow` alone would stretch each
    image to its own range: that is what lets `reading.read` give the values back. A value that is no number
    is white. The file holds no time, path or version, and appears whole or not at all.
    """
    if not isinstance(fig, Figure):
        raise BadInput('run.save_strip(fig, epoch) takes a figure, as plt.subplots gives it, and %.60r is none'
                       % (fig,))
    images = [_values(ax.images[0].get_array()) for ax in fig.axes if len(ax.images) == 1]
    rows, left_over = divmod(len(images), len(COLUMNS))
    if left_over or rows not in HEIGHT or len(images) < len(fig.axes) or {x.shape for x in images} != {(28, 28)}:
        with files.whole(path) as part:
            fig.savefig(part, format='png', bbox_inches='tight', metadata={'Software': None})
        return
    canvas = np.full((HEIGHT[rows], WIDTH, 3), 255, np.uint8)
    boxes = [(vertical, horizontal) for vertical in ROWS[:rows] for horizontal in COLUMNS]
    for image, ((top, bottom), (left, right)) in zip(images, boxes):
        canvas[top:bottom + 1, left:right + 1] = _tile(image, bottom + 1 - top, right + 1 - left)
    _write(canvas, path)


def _values(shown):
    """What an axes shows, in floating point: bytes go from 0 to 1, and what is masked is no number."""
    values = np.ma.asarray(shown)
    return np.ma.filled(values.astype(np.float64) / (255 if values.dtype == np.uint8 else 1), np.nan)


def _tile(image, height, width):
    """An image [28, 28] as colours, uint8 [height, width, 3]."""
    down, across = np.arange(height) * 28 // height, np.arange(width) * 28 // width
    return colours(image)[down][:, across]


def colours(image):
    """Values in [0, 1] as colours of viridis, uint8 [..., 3]; what is no number is white."""
    numbers = np.isfinite(image)
    levels = np.clip(np.where(numbers, image, 0) * 256, 0, 255).astype(int)
    return np.where(numbers[..., np.newaxis], VIRIDIS[levels], 255).astype(np.uint8)


def _write(canvas, path):
    with files.whole(path) as part:
        plt.imsave(part, canvas, format='png', origin='upper', dpi=100, metadata={'Software': None})
