"""Strips: rows of ten digits, drawn on the book's canvas and read back into 28×28 images.

The book's figures are 825×113 px (§9.1, one row) and 825×197 px (§9.2, two rows). They came out of
`plt.savefig(…, bbox_inches='tight')` of a matplotlib of 2017; today's tight box is another (795×85
and 795×169 px). So the boxes below were measured on the book's own PNGs, and every strip is painted
into them pixel by pixel, the same under every matplotlib.
"""

import matplotlib.pyplot as plt
import numpy as np

import files

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


def save(fig, path):
    """Writes the figure of `plt.subplots(rows, 10)` as a strip, in place of the book's `plt.savefig`.

    fig   a figure whose axes, row by row, show one image [28, 28] each, with values in [0, 1]
    path  the PNG to write, in a folder that is there

    A value has one colour in every tile (0 dark, 1 bright), where `imshow` alone would stretch each
    image to its own range: that is what lets `read` give the values back. A value that is no number is
    white. The file holds no time, path or version, and appears whole or not at all.
    """
    images = [np.ma.filled(ax.images[0].get_array(), np.nan) for ax in fig.axes]
    rows = len(images) // len(COLUMNS)
    canvas = np.full((HEIGHT[rows], WIDTH, 3), 255, np.uint8)
    boxes = [(vertical, horizontal) for vertical in ROWS[:rows] for horizontal in COLUMNS]
    for image, ((top, bottom), (left, right)) in zip(images, boxes):
        numbers = np.isfinite(image)
        levels = np.clip(np.where(numbers, image, 0) * 256, 0, 255).astype(int)
        colours = np.where(numbers[..., np.newaxis], VIRIDIS[levels], 255)
        down = np.arange(bottom + 1 - top) * 28 // (bottom + 1 - top)
        across = np.arange(right + 1 - left) * 28 // (right + 1 - left)
        canvas[top:bottom + 1, left:right + 1] = colours[down][:, across]
    with files.whole(path) as part:
        plt.imsave(part, canvas, format='png', origin='upper', dpi=100, metadata={'Software': None})


def read(path):
    """Reads the digits of a strip on the book's canvas back out of its PNG.

    Returns float32 [rows, 10, 28, 28] in [0, 1], rows being 1 or 2. What `save` wrote comes back to
    the last bit where it was made of bytes, as MNIST's digits are, and to 1/255 elsewhere.
    """
    pixels = np.rint(plt.imread(path)[..., :3] * 255)
    rows = {height: rows for rows, height in HEIGHT.items()}[pixels.shape[0]]
    digits = np.empty((rows, len(COLUMNS), 28, 28), np.float32)
    for row, (top, bottom) in enumerate(ROWS[:rows]):
        for column, (left, right) in enumerate(COLUMNS):
            tile = pixels[_middles(top, bottom)][:, _middles(left, right)]
            distance = np.square(tile[..., np.newaxis, :] - VIRIDIS).sum(axis=-1)
            digits[row, column] = distance.argmin(axis=-1)
    return np.multiply(digits, 1.0 / 255.0)  # scaled as the reader scales


def _middles(first, last):
    """The 28 pixels at the middle of each of an image's pixels, drawn from `first` to `last`."""
    return first + ((np.arange(28) + 0.5) * (last + 1 - first) / 28).astype(int)
