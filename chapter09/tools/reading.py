"""Strips, read: out of a picture of ten digits in a row come 28×28 images.

Where the digits stand on the canvas of the book's figures `lab.strips` says, which draws them there.
"""

import collections
import contextlib
import functools
import io
import os
import warnings

import matplotlib.pyplot as plt
import numpy as np
from PIL import Image, UnidentifiedImageError  # which matplotlib reads its pictures with, and brings

from lab import files
from lab.errors import BadInput, reason
from lab.strips import COLUMNS, HEIGHT, ROWS, VIRIDIS, WIDTH

# Canvases by (width, height): the edges of rows and columns as shares of them. Today's tight box
# is the book's canvas less 27 px at the left and 5 px at the top.
CANVASES = [(size, ((np.array(ROWS[:rows]) + [-top, 1 - top]) / size[1],
                    (np.array(COLUMNS) + [-left, 1 - left]) / size[0]))
            for size, rows, left, top in [((WIDTH, HEIGHT[1]), 1, 0, 0), ((WIDTH, HEIGHT[2]), 2, 0, 0),
                                          ((795, 85), 1, 27, 5), ((795, 169), 2, 27, 5)]]
# And those of today's savefig without a tight box, and of tiles that touch (subplots_adjust(wspace=0,
# hspace=0)): the first tile's left and top edge in px, its side, and the step from tile to tile.
CANVASES += [(size, tuple(((first + step * np.arange(n))[:, np.newaxis] + [0, side]) / length
                          for first, step, n, length in [(top, down, rows, size[1]),
                                                         (left, across, 10, size[0])]))
             for size, rows, left, top, side, across, down in [
                 ((1000, 100), 1, 125, 17.7, 65.7, 78.8, 0), ((1000, 200), 2, 125, 26.2, 65.7, 78.8, 84),
                 ((1000, 100), 1, 125.2, 11.9, 77, 77.5, 0), ((1000, 200), 2, 125.2, 24, 77, 77.5, 77),
                 ((794, 97), 1, 10.2, 10, 77, 77.5, 0), ((794, 174), 2, 10.2, 10, 77, 77.5, 77)]]
# What strips come as. Of Pillow's other formats some are programs: for an EPS it would start Ghostscript.
FORMATS = ['PNG', 'JPEG', 'GIF', 'WebP', 'TIFF', 'BMP']
LARGEST, LONGEST, LARGEST_FILE = 20e6, 100, 2 ** 27  # px, a side by the other, bytes
NEAR, FAR = 16, 180  # of 255: colours closer than this are one, further than that certainly two
FOREIGN = 60  # of 442, from corner to corner of the colours: what a JPEG does to a colour stays below
OFF = 20  # the same, on average: other maps are 26 away from viridis and more, small JPEGs of it up to 56

Strip = collections.namedtuple('Strip', ['digits', 'foreign', 'reversed'])


def read(path):
    """Reads the digits of a strip back out of its picture; returns Strip(digits, foreign, reversed).

    path  a picture of ten tiles in a row, in one row or two: on the book's canvas, in matplotlib's tight
          box, or in any size that a screenshot, a rescale or a JPEG made of them, down to tiles of 28 px;
          with space between the tiles or without; in viridis, in viridis turned grey, in grey or another
          of matplotlib's continuous colour maps, either way round; on a ground of any one colour

    digits   float32 [rows, 10, 28, 28] in [0, 1]; a tile that shows the ground alone is no number. What
             `save` wrote comes back to the last bit where it was made of bytes, as MNIST's digits are,
             and to 1/255 elsewhere.
    foreign  the share of the other tiles' pixels, 0 to 1, whose colour is none of the map's
    reversed  whether a map other than viridis was found to be the other way round, as gray_r is; so are the digits

    Raises BadInput, with the reason, for what is no such picture.
    """
    pixels = _pixels(path)
    rows, columns, ground = _tiles(pixels, path)
    # Of a large picture the pixel at each middle, of a small one the four around it.
    points = _middles if min(np.diff(rows).min(), np.diff(columns).min()) >= 2 * 28 else _around_middles
    tiles = np.array([[pixels[points(*row)[0]][:, points(*column)[0]] for column in columns] for row in rows])
    on_ground = _distance(tiles, ground) < NEAR
    table = _map_of(tiles, on_ground)
    levels, foreign = _levels_of_grey(tiles) if table is None else _levels(tiles, table)
    # Another map's strokes may be as white as the ground; viridis's yellow is not.
    empty = on_ground.mean(axis=(2, 3)) > (0.25 if table is VIRIDIS else 0.98)
    turned_round = bool(table is not VIRIDIS and _are_reversed(levels, empty))
    if turned_round:
        levels = 255 - levels
    levels[empty] = np.nan
    down, across = [np.array([points(*edges)[1] for edges in both]) for both in (rows, columns)]
    digits = down.transpose(0, 2, 1)[:, np.newaxis] @ levels @ across
    return Strip(np.multiply(digits, 1.0 / 255.0, dtype=np.float32),  # scaled as the reader scales
                 0. if empty.all() else foreign[~empty].mean(), turned_round)


def _are_reversed(levels, empty):
    """Whether levels [rows, 10, n, n] are drawn the other way round, as by the maps gray_r and binary.

    The margins tell, which no digit of MNIST reaches. In two rows those of the upper one do, of real digits,
    whatever a generator has drawn below.
    """
    tiles = levels[0][~empty[0]]
    if not len(tiles):
        return False
    edge = max(1, tiles.shape[-1] * 2 // 28)
    inner = np.zeros(tiles.shape[1:], bool)
    inner[edge:-edge, edge:-edge] = True
    inked = tiles[:, inner].min(axis=1) < 128
    return np.median(tiles[:, ~inner]) > 150 and inked.mean() > 0.5


def _pixels(path):
    """The colours of a picture, laid on white: float64 [height, width, 3] in [0, 255]."""
    try:
        content = io.BytesIO(files.read(path, LARGEST_FILE))
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # what cannot be used is told in one line, below
            with Image.open(content, formats=FORMATS) as picture:
                # By its header: nothing is unpacked yet. A strip's sides are at most some 14 to 1.
                if picture.width * picture.height > LARGEST or max(picture.size) > LONGEST * min(picture.size):
                    raise Image.DecompressionBombError
                with _silence():
                    picture.load()
                if picture.mode[0] in 'IF':  # numbers of 16 or 32 bits, which `convert` would cut off at 255
                    picture = Image.fromarray(_in_bytes(np.asarray(picture, np.float64)))
                pixels = np.asarray(picture.convert('RGBA'), np.float64)
    except FileNotFoundError:
        raise BadInput('%s is missing: name a strip, such as samples/099.png' % path) from None
    except Image.DecompressionBombError:  # of Pillow's own bounds as of ours
        raise BadInput('%s is too large, beyond %d million px, or too long: make it smaller'
                       % (path, LARGEST / 1e6)) from None
    except Exception as error:  # nothing but foreign bytes is being parsed, and they may be anything
        why = 'none of ' + ', '.join(FORMATS) if isinstance(error, UnidentifiedImageError) else reason(error)
        raise BadInput('%s cannot be read (%s): it is cut short, or no picture; name another' % (path, why)) from None
    opaque = pixels[..., 3:] / 255
    return pixels[..., :3] * opaque + 255 * (1 - opaque)


def _in_bytes(grey):
    """Grey in numbers up to 1, 255 or 65535, the least of which that holds them all being white, as uint8."""
    if not (grey.min() >= 0 and grey.max() <= 65535):
        raise ValueError('its numbers are not from 0 to 1, 255 or 65535')
    white = next(white for white in (1, 255, 65535) if grey.max() <= white)
    return np.rint(grey * (255 / white)).astype(np.uint8)


@contextlib.contextmanager
def _silence():
    """Keeps from stderr what a library in C, such as that for TIFF, writes there by itself."""
    with contextlib.ExitStack() as undo:
        with contextlib.suppress(OSError):  # where stderr is closed
            kept = os.dup(2)
            undo.callback(os.close, kept)
            with open(os.devnull, 'wb') as null:
                os.dup2(null.fileno(), 2)
            undo.callback(os.dup2, kept, 2)
        yield


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
    # Not before all that, for a white sheet on another ground may have the shape of ten tiles that touch.
    for colour in ground, white:
        found = _touching(_distance(pixels, colour))
        if found:
            return (*found, colour)
    found = _touching_to_the_edge(_distance(pixels, ground))
    if found:
        return (*found, white)
    if _distance(ground, white) < NEAR and 30 > np.ptp(pixels, axis=-1).max() and pixels.min() < 128:
        reasons = ["shows grey on white, where white tiles have no edges: let cmap be viridis"]
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
    canvases = [boxes for size, boxes in CANVASES if abs(width * size[1] / (height * size[0]) - 1) < 0.02]
    even = _are_even(columns) and np.ptp(np.diff(rows, axis=1)) <= 0.1 * np.diff(columns, axis=1).mean()
    touching = _touching(distance) if on_white and not even else None
    if touching:
        return touching
    if canvases and on_white:
        layouts = [(boxes[0] * height, boxes[1] * width) for boxes in canvases]
        misfits = [_misfit(distance > FAR / 2, *layout) for layout in layouts]
        known, misfit = layouts[np.argmin(misfits)], min(misfits)
        # Blots in white tiles on white may stand as evenly as tiles do.
        blots = even and 0 < misfit < np.inf and np.diff(columns).mean() < 0.9 * np.diff(known[1]).mean()
        if not even or len(columns) == 10 and len(rows) < len(known[0]) or blots:
            # Empty tiles, or white ones on white: where they stand is known, and that nothing is between.
            # Where one row's shape leaves no choice, whatever a generator has drawn is read.
            rows, columns = known
            even = misfit < (np.inf if len(layouts) == len(rows) == 1 else 1)
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


def _ink_between(ink, columns):
    """The share of ink between the columns of tiles and beside them, 0 to 1."""
    between = np.ones(ink.shape, bool)
    for first, last in columns:
        between[:, int(first):int(last) + 1] = False
    return ink[between].sum() / max(1, between.sum())


def _misfit(ink, rows, columns):
    """How far, in pixels of a digit, ink is from standing in tiles as MNIST's digits do.

    Their longer side is 20 of 28, and their middle the tile's; in two rows the upper one is of real digits.
    It is 0 where the tiles are full to edges that are these, and infinite where they are others.
    """
    if _ink_between(ink, columns) >= 0.05:
        return np.inf
    tiles = [tile for tile in _cut_out(ink, rows[:1], columns) if tile.any()]
    on_rim = [_on_rim(tile) for tile in tiles]
    if not tiles or max(on_rim) > 0.1:
        return 0. if not tiles or np.mean(on_rim) > 0.6 else np.inf
    sides, off = [], []
    for tile in tiles:
        places = np.argwhere(tile) + 0.5
        sides.append(np.ptp(places, axis=0).max() + 1)
        off.append(np.abs(places.mean(axis=0) - np.array(tile.shape) / 2))
    side = np.diff(rows).mean()
    return 28 / side * max(abs(np.median(sides) - side * 20 / 28), np.mean(off))


def _cut_out(pixels, rows, columns):
    """The parts of a picture within the edges of rows and columns."""
    rows, columns = (np.round(edges).astype(int) for edges in (rows, columns))
    return [pixels[top:bottom, left:right] for top, bottom in rows for left, right in columns]


def _on_rim(tile):
    """The share of ink on the outermost of a tile's 28 rows and columns, 0 to 1."""
    edge = max(1, len(tile) // 28)
    rim = np.ones(tile.shape, bool)
    rim[edge:-edge, edge:-edge] = False
    return tile[rim].mean()


def _touching(distance):
    """The edges of the rows and columns of tiles with a hairline of ground between them, or none; or None.

    They are a rectangle, full to its edges, with ground all around, ten times as wide as a tile.
    """
    solid = distance > 2 * NEAR
    edges = []
    for axis in 0, 1:
        profile = solid.mean(axis=axis)
        along = np.flatnonzero(profile > profile.max() / 2)
        if not len(along):
            return None
        edges.append((along[0], along[-1] + 1))
    (left, right), (top, bottom) = edges
    outside = np.ones(solid.shape, bool)
    outside[top:bottom, left:right] = False
    if not outside.any() or solid[outside].mean() > 0.05:
        return None
    found = _divided(solid[top:bottom, left:right])
    if not found:
        return None
    rows, columns = found
    tiles = _cut_out(solid[top:bottom, left:right], rows, columns)
    if np.mean([_on_rim(tile) for tile in tiles]) < 0.9:
        return None
    return rows + top, columns + left


def _divided(solid):
    """A rectangle that is full of tiles as the edges of its rows and columns; None if they are no squares."""
    height, width = solid.shape
    columns, rows = (_runs(solid.mean(axis=axis)) for axis in (0, 1))
    if len(columns) != 10 or not _are_even(columns):
        columns = _equal_parts(width, 10)
    side = np.diff(columns).mean()
    if len(rows) != 2 or not _are_even(rows):
        rows = _equal_parts(height, max(1, int(round(height / side))))
    if len(rows) > 2 or round(side) < 28 or abs(np.diff(rows).mean() / side - 1) > 0.06:
        return None
    return rows, columns


def _equal_parts(length, n):
    """The (first, last) edges [n, 2] of n parts of a length."""
    return np.stack([np.arange(n), np.arange(1, n + 1)], axis=1) * (length / n)


def _touching_to_the_edge(distance):
    """As `_touching`, of a picture cut out to the tiles' very edge, by their margins without ink."""
    height, width = distance.shape
    found = _divided(np.ones((height, width), bool))
    if not found:
        return None
    ink = distance > FAR / 2
    ink &= (ink.mean(axis=0) < 0.9) & (ink.mean(axis=1) < 0.9)[:, np.newaxis]  # the hairlines are none
    inked = all(tile.any() and _on_rim(tile) < 0.1 for tile in _cut_out(ink, *found))
    return found if inked and _misfit(ink, *found) < 1 else None


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


def _map_of(pixels, on_ground):
    """The colours [256, 3] that tiles are drawn with: viridis's or another map's; None if it is greys."""
    half, most = np.percentile(np.ptp(pixels, axis=-1), [50, 90])
    if most < 30:
        return None
    some = pixels[~on_ground]
    some = some[::1 + len(some) // 1000]
    off = _off(some, VIRIDIS) if len(some) else 0
    if off > OFF:
        offs = [_off(some, table) for table in _continuous_maps()]
        if min(offs) < min(OFF, off / 3):  # what a JPEG has made of viridis is hardly nearer to any
            return _continuous_maps()[np.argmin(offs)]
    return None if half < 30 else VIRIDIS


@functools.lru_cache(maxsize=None)
def _continuous_maps():
    """The colours [256, 3] of each of matplotlib's, one way round."""
    maps = [plt.get_cmap(name) for name in plt.colormaps() if not name.endswith('_r')]
    return [each(np.arange(256), bytes=True)[:, :3] for each in maps if each.N == 256]


def _off(pixels, table):
    """How far colours [n, 3] are from those of a map, on average."""
    squares = _squares(pixels, table).min(axis=-1)
    return np.sqrt(np.maximum(squares, 0)).mean()  # rounding may have brought them below


def _squares(pixels, table):
    """Squared distances, float32 [..., 256], of colours [..., 3] to those of a map [256, 3]."""
    table, pixels = table.astype(np.float32), pixels.astype(np.float32)
    squares = np.square(pixels).sum(axis=-1, keepdims=True) - 2 * pixels @ table.T
    squares += np.square(table).sum(axis=-1)
    return squares


def _levels(pixels, table):
    """The nearest level of a map, float64 in [0, 255], and whether it is too far to be meant."""
    squares = _squares(pixels, table)
    return squares.argmin(axis=-1).astype(np.float64), squares.min(axis=-1) > FOREIGN ** 2


def _levels_of_grey(pixels):
    """The levels, float64 in [0, 255], of greys: a scale of their own, or that of viridis turned grey."""
    greys = pixels.mean(axis=-1)
    luma = VIRIDIS @ [0.299, 0.587, 0.114]  # as ITU-R BT.601 weighs red, green and blue
    tenth, last = np.percentile(greys, [10, 99])
    # A map of greys that imshow has fitted to each tile reaches both of its ends there. So does what a JPEG adds to
    # viridis; but where that is, at least a tenth is as dark as viridis begins.
    lowest, highest = np.median(greys.min(axis=(2, 3))), np.median(greys.max(axis=(2, 3)))
    fitted = lowest < luma[0] / 2 and highest > (luma[-1] + 255) / 2 and tenth > luma[0] + 7
    if tenth > luma[0] / 2 and last < (luma[-1] + 255) / 2 and not fitted:
        greys = np.interp(greys, luma, np.arange(256))
    return greys, np.zeros(greys.shape, bool)
