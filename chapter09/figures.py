"""Strips: rows of ten digits, drawn on the book's canvas and read back into 28×28 images.

The book's figures are 825×113 px (§9.1, one row) and 825×197 px (§9.2, two rows). They came out of
`plt.savefig(…, bbox_inches='tight')` of a matplotlib of 2017; today's tight box is another (795×85
and 795×169 px). So the boxes below were measured on the book's own PNGs, and every strip is painted
into them pixel by pixel, the same under every matplotlib.
"""

import collections

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image  # which matplotlib reads its pictures with, and brings

import files
from errors import BadInput

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

# Canvases by (width, height): the edges of rows and columns as shares of them. Today's tight box
# is the book's canvas less 27 px at the left and 5 px at the top.
CANVASES = [(size, ((np.array(ROWS[:rows]) + [-top, 1 - top]) / size[1],
                    (np.array(COLUMNS) + [-left, 1 - left]) / size[0]))
            for size, rows, left, top in [((WIDTH, HEIGHT[1]), 1, 0, 0), ((WIDTH, HEIGHT[2]), 2, 0, 0),
                                          ((795, 85), 1, 27, 5), ((795, 169), 2, 27, 5)]]
LARGEST = 20e6  # px
NEAR, FAR = 16, 180  # of 255: colours closer than this are one, further than that certainly two
FOREIGN = 60  # of 442, from corner to corner of the colours: what a JPEG does to a colour stays below

Strip = collections.namedtuple('Strip', ['digits', 'foreign'])


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
        canvas[top:bottom + 1, left:right + 1] = _tile(image, bottom + 1 - top, right + 1 - left)
    _write(canvas, path)


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


def read(path):
    """Reads the digits of a strip back out of its picture; returns Strip(digits, foreign).

    path  a picture of ten tiles in a row, in one row or two: on the book's canvas, in matplotlib's tight
          box, or in any size that a screenshot, a rescale or a JPEG made of them, down to tiles of 28 px;
          in viridis, in viridis turned grey, or in grey; on a ground of any one colour

    digits   float32 [rows, 10, 28, 28] in [0, 1]; a tile that shows the ground alone is no number. What
             `save` wrote comes back to the last bit where it was made of bytes, as MNIST's digits are,
             and to 1/255 elsewhere.
    foreign  the share of the other tiles' pixels, 0 to 1, whose colour is neither viridis's nor a grey

    Raises BadInput, with the reason, for what is no such picture.
    """
    pixels = _pixels(path)
    rows, columns, ground = _tiles(pixels, path)
    # Of a large picture the pixel at each middle, of a small one the four around it.
    points = _middles if min(np.diff(rows).min(), np.diff(columns).min()) >= 2 * 28 else _around_middles
    tiles = np.array([[pixels[points(*row)[0]][:, points(*column)[0]] for column in columns] for row in rows])
    grey = np.median(np.ptp(tiles, axis=-1)) < 30
    levels, foreign = (_levels_of_grey if grey else _levels_of_viridis)(tiles)
    # A grey digit's strokes may be as white as the ground; viridis's yellow is not.
    empty = (_distance(tiles, ground) < NEAR).mean(axis=(2, 3)) > (0.98 if grey else 0.25)
    levels[empty] = np.nan
    down, across = [np.array([points(*edges)[1] for edges in both]) for both in (rows, columns)]
    digits = down.transpose(0, 2, 1)[:, np.newaxis] @ levels @ across
    return Strip(np.multiply(digits, 1.0 / 255.0, dtype=np.float32),  # scaled as the reader scales
                 0. if empty.all() else foreign[~empty].mean())


def _pixels(path):
    """The colours of a picture, laid on white: float64 [height, width, 3] in [0, 255]."""
    try:
        with Image.open(path) as picture:
            large = picture.width * picture.height > LARGEST
            if not large:
                if picture.mode.startswith('I'):  # 16 bits of grey, which `convert` would cut off at 8
                    picture = Image.fromarray((np.asarray(picture) // 257).astype(np.uint8))
                pixels = np.asarray(picture.convert('RGBA'), np.float64)
    except FileNotFoundError:
        raise BadInput('%s is missing: name a strip, such as samples/099.png' % path) from None
    except Exception as error:  # nothing but foreign bytes is being parsed, and they may be anything
        raise BadInput('%s cannot be read (%s): it is cut short, or no picture; name another'
                       % (path, str(error).split('\n')[0])) from None
    if large:
        raise BadInput('%s is too large, beyond %d million px: make it smaller' % (path, LARGEST / 1e6))
    opaque = pixels[..., 3:] / 255
    return pixels[..., :3] * opaque + 255 * (1 - opaque)


def _distance(pixels, colour):
    """How far colours [..., 3] are from one, by the channel that differs most: 0 to 255."""
    return np.abs(pixels - colour).max(axis=-1)


def _tiles(pixels, path):
    """Finds the tiles of a picture: the rows' and the columns' (first, last) edges in px, and the ground.

    Raises BadInput, with the reason, if there are not ten in a row, in one row or two.
    """
    white = np.full(3, 255.)
    ground = np.median(np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]), axis=0)
    top, left, bottom, right = 0, 0, *pixels.shape[:2]
    reasons = []
    # As it is; or cut out to the very edge of the tiles; or a white sheet on some other ground.
    for colour, cut in (ground, False), (white, False), (white, True):
        if cut:
            lines, columns = np.nonzero(_distance(pixels, white) < NEAR)
            if not lines.size:
                break
            top, bottom, left, right = lines.min(), lines.max() + 1, columns.min(), columns.max() + 1
        found = _grid(_distance(pixels[top:bottom, left:right], colour), _distance(colour, white) < NEAR)
        if not isinstance(found, str):
            rows, columns = found
            return rows + top, columns + left, colour
        reasons.append(found)
    raise BadInput('%s is no strip: it %s' % (path, reasons[0]))


def _grid(distance, on_white):
    """The edges of the rows and columns in a picture of distances from the ground, or why there are none."""
    height, width = distance.shape
    seen = np.minimum(distance, FAR)
    columns = _runs(seen.mean(axis=0))
    if not _are_even(columns):  # a grey 1, as white as the ground, cuts its tile in two
        columns = _runs(seen.max(axis=0))
    within = [seen[:, int(first):int(last)].mean(axis=1) for first, last in columns]
    rows = _runs(np.mean(within, axis=0) if within else np.zeros(height))
    canvas = next((boxes for size, boxes in CANVASES if abs(width * size[1] / (height * size[0]) - 1) < 0.02),
                  None)
    even = _are_even(columns)
    if canvas and on_white and (not even or len(columns) == 10 and len(rows) < len(canvas[0])):
        # Empty tiles, or white ones on white: where they stand is known, and that there is nothing between.
        rows, columns = canvas[0] * height, canvas[1] * width
        between = np.ones((height, width), bool)
        for first, last in columns:
            between[:, int(first):int(last) + 1] = False
        even = (distance[between] > FAR / 2).mean() < 0.05
    if not even or not 1 <= len(rows) <= 2:
        return 'shows no row of ten tiles, nor two'
    if len(columns) != 10:
        return 'has %d tiles in a row, not ten' % len(columns)
    sides = np.diff(columns, axis=1).mean(), np.diff(rows, axis=1).mean()
    if round(min(sides)) < 28:
        return 'has tiles of %.0f px, fewer than the 28 of a digit: take a larger picture' % min(sides)
    if max(sides) > 1.4 * min(sides):
        return 'has tiles of %.0f×%.0f px, which are no squares' % sides
    return rows, columns


def _runs(profile):
    """Where a profile is above half its peak: (first, last) edges [n, 2], without the short ones."""
    half = profile.max() / 2 or 1.
    padded = np.concatenate([[0.], profile, [0.]])
    above = padded > half
    edges = []
    for i in np.flatnonzero(above[1:] != above[:-1]):
        # Between the middles of two pixels the crossing is interpolated: blurred edges lie within one.
        edges.append(i - 0.5 + (half - padded[i]) / (padded[i + 1] - padded[i]))
    runs = np.array(edges).reshape(-1, 2)
    lengths = np.diff(runs, axis=1)[:, 0]
    return runs[lengths > 0.4 * lengths.max()] if len(runs) else runs


def _are_even(runs):
    """Whether runs are equally long and equally far from each other, to 3 % or a pixel and a half."""
    lengths, steps = np.diff(runs, axis=1)[:, 0], np.diff(runs[:, 0])
    return len(runs) > 1 and all(np.abs(sizes - np.median(sizes)).max() <= max(1.5, 0.03 * np.median(sizes))
                                 for sizes in (lengths, steps))


def _middles(first, last):
    """Where to look at an image's 28 rows or columns, drawn between two edges.

    Returns the px at their middles [28], and what each counts for each of the 28, [28, 28].
    """
    return (first + (np.arange(28) + 0.5) * (last - first) / 28).astype(int), np.eye(28)


def _around_middles(first, last):
    """As `_middles`, but two px for each, [56] and [56, 28], between which is interpolated."""
    middles = first + (np.arange(28) + 0.5) * (last - first) / 28 - 0.5
    before = np.maximum(np.floor(middles).astype(int), 0)
    after = np.minimum(before + 1, int(np.ceil(last)) - 1)
    share = middles - before
    weights = np.zeros((28, 2, 28))
    weights[np.arange(28), :, np.arange(28)] = np.stack([1 - share, share], axis=1)
    return np.stack([before, after], axis=1).ravel(), weights.reshape(56, 28)


def _levels_of_viridis(pixels):
    """The nearest level of viridis, float64 in [0, 255], and whether it is too far to be meant."""
    table, pixels = VIRIDIS.astype(np.float32), pixels.astype(np.float32)
    distance = np.square(pixels).sum(axis=-1, keepdims=True) - 2 * pixels @ table.T
    distance += np.square(table).sum(axis=-1)
    return distance.argmin(axis=-1).astype(np.float64), distance.min(axis=-1) > FOREIGN ** 2


def _levels_of_grey(pixels):
    """The levels, float64 in [0, 255], of greys: a scale of their own, or that of viridis turned grey."""
    greys = pixels.mean(axis=-1)
    luma = VIRIDIS @ [0.299, 0.587, 0.114]  # as ITU-R BT.601 weighs red, green and blue
    if np.percentile(greys, 1) > luma[0] / 2 and np.percentile(greys, 99) < (luma[-1] + 255) / 2:
        greys = np.interp(greys, luma, np.arange(256))
    return greys, np.zeros(greys.shape, bool)
