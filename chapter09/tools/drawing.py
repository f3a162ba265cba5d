"""Pictures made with matplotlib: of a comparison, of a run's losses by epoch, and ones that move."""

import contextlib
import os
import shutil
import tempfile

import numpy as np
from matplotlib import animation
from matplotlib.figure import Figure  # not pyplot's, which would look for a display
from matplotlib.ticker import MaxNLocator

from lab import files, strips
from lab.errors import NO_TEMPORARY_FILES, BadInput, reason
from tools import verdicts

LARGEST = 2 ** 26  # bytes of a picture
LETTERS = 120  # of a line of a table, at most
SIDE_BY_SIDE = 'mine beside the other'  # in the file of such a picture, by which it is known again
FPS = 10  # frames of an animation in a second

SIGNS = {'identical': '=', 'same picture': '=', 'equivalent': '≈', 'worse': '>'}  # the other's, sign, mine
TILE, GAP, BELOW = 28, 4, 16  # of the mosaics, in pixels of a digit
# Each side has a mark and a line of its own, so that neither colour nor language is needed to tell them.
OTHER = {'marker': 'o', 'linestyle': '--', 'color': '0.45', 'markerfacecolor': 'white'}
MINE = {'marker': 's', 'linestyle': '-', 'color': 'black', 'markerfacecolor': 'black'}
MARKS = {'other': '○', 'mine': '■'}


def side_by_side(found, mine, other, path):
    """Draws what `compare.compare` found into a PNG.

    mine, other  the names of the two

    On the left, under ○ and in a dashed frame, are the other's digits, on the right, under ■ and in a
    solid frame, mine, an epoch a row; under each digit what the judge reads, in a box where it is not what
    was asked for; between the two = (alike), ≈ (as good) or > (the other's are better). Below are the
    figures by epoch, the arrow telling which way is better.
    """
    names = [name for name in ('accuracy', 'nearest', 'variety', 'confidence')
             if name in found.strips[0].mine.figures]
    rows = len(found.strips)
    fig = Figure(figsize=(14, 0.78 * rows + 4.2))
    edge = 0.5 / fig.get_figheight()
    grid = fig.add_gridspec(2, 1, height_ratios=[0.78 * rows + 0.6, 2.6], hspace=0.12, left=0.05, right=0.98,
                            top=1 - edge, bottom=edge)
    above = grid[0].subgridspec(1, 2, wspace=0.1)
    for n, (side, name) in enumerate([('other', other), ('mine', mine)]):
        axes = fig.add_subplot(above[n])
        _mosaic(axes, found, side)
        axes.set_title('%s  %s' % (MARKS[side], _drawable(name)), fontsize=13, loc='left')
    below = grid[1].subgridspec(1, len(names), wspace=0.25)
    epochs = [n if strip.epoch is None else strip.epoch for n, strip in enumerate(found.strips)]
    for n, name in enumerate(names):
        axes = fig.add_subplot(below[n])
        for side, style in ('other', OTHER), ('mine', MINE):
            axes.plot(epochs, [getattr(strip, side).figures[name] for strip in found.strips], **style)
        _by_epoch(axes, epochs)
        title, _, better = verdicts.FIGURES[name]
        axes.set_title('%s %s' % (title, '↑' if better > 0 else '↓'), fontsize=11)
        axes.set_xlabel('epoch')
        axes.grid(alpha=0.3)
    fig.savefig(path, format='png', dpi=100, metadata={'Software': None, 'Title': SIDE_BY_SIDE})


def is_side_by_side(path):
    """Whether a file is a picture of `side_by_side`'s; what is not there is none."""
    with contextlib.suppress(OSError, ValueError):
        return b'Title\0' + SIDE_BY_SIDE.encode() in files.read(path, LARGEST)
    return False


def animate(images, path, size, titles=None):
    """Writes images as an animated GIF that starts over at its end.

    images  [frames, height, width] in [0, 1]; what is no number is white
    size    of the picture, in inches of 100 px
    titles  one for each frame, to stand above it
    """
    fig = Figure(figsize=size)
    axes = fig.add_axes([0, 0, 1, 1 - 0.25 * bool(titles) / size[1]], frameon=False, xticks=[], yticks=[])
    picture = axes.imshow(strips.colours(images[0]))
    writer = animation.PillowWriter(fps=FPS)
    try:
        with tempfile.TemporaryDirectory() as folder:
            drawn = os.path.join(folder, 'drawn.gif')  # the writer goes by the name's ending
            with writer.saving(fig, drawn, dpi=100):
                for n, image in enumerate(images):
                    picture.set_data(strips.colours(image))
                    axes.set_title(titles[n] if titles else '', fontsize=10)
                    writer.grab_frame()
            with files.whole(path) as part:
                shutil.copyfile(drawn, part)
    except OSError as error:
        raise BadInput(NO_TEMPORARY_FILES % reason(error)) from None


def table(head, rows, path):
    """Draws a table into a PNG, with a picture beside each of its lines.

    head  the line above
    rows  (line, picture [height, width, channels] or None)
    """
    letters = max(len(each) for each in (head, *(line[:LETTERS] for line, _ in rows)))
    fig = Figure(figsize=(0.085 * letters + 5.2, 0.9 * len(rows) + 0.5))
    grid = fig.add_gridspec(len(rows), 2, width_ratios=[0.085 * letters, 5], wspace=0.02, hspace=0.1, left=0.01,
                            right=0.99, bottom=0.1 / fig.get_figheight(), top=1 - 0.4 / fig.get_figheight())
    words = {'family': 'monospace', 'fontsize': 10, 'ha': 'left'}
    for n, (line, picture) in enumerate(rows):
        beside, axes = (fig.add_subplot(grid[n, column], frameon=False, xticks=[], yticks=[]) for column in (0, 1))
        beside.text(0, 0.5, _letters(line[:LETTERS]), va='center', transform=beside.transAxes, **words)
        if n == 0:
            beside.text(0, 1, head, va='bottom', transform=beside.transAxes, **words)
        if picture is not None:
            axes.imshow(picture, aspect='equal')
    fig.savefig(path, format='png', dpi=100, metadata={'Software': None})


def curves(losses, D_mean, name, path):
    """Draws the losses of a run, and what its discriminator thinks on average, by epoch.

    losses  epoch, D loss and G loss, [n, 3]
    D_mean  epoch, mean probability of being real that D gives to real and to generated images, [n, 3], 0 to 1
    name    the run's, which stands above; letters that matplotlib's font may lack are left out
    """
    fig = Figure(figsize=(8, 7))
    fig.suptitle(name.encode('ascii', 'ignore').decode(), parse_math=False)
    upper, lower = fig.subplots(2, 1, sharex=True)
    for axes, drawn, names in (upper, losses, ('D loss', 'G loss')), (lower, D_mean, ('real', 'generated')):
        chapters = (drawn[:, 0] == 0) | ((drawn[:, 0] + 1) % 10 == 0)  # the epochs of which there are strips
        for column, name, style in (1, names[0], MINE), (2, names[1], OTHER):
            axes.plot(drawn[:, 0], drawn[:, column], label=name, markevery=np.flatnonzero(chapters).tolist(),
                      **style)
        axes.legend()
        axes.grid(alpha=0.3)
    upper.set_ylabel('loss')
    _by_epoch(upper, losses[:, 0])
    lower.set(xlabel='epoch (marks: a strip was drawn)', ylim=(-0.03, 1.03),
              ylabel="D_mean (1: real)")
    fig.tight_layout()
    fig.savefig(path, format='png', dpi=100, metadata={'Software': None})


def _by_epoch(axes, epochs):
    """Whole epochs below, and beside them no range so small that epochs alike look otherwise."""
    low, high = axes.get_ylim()
    if high - low < 0.2:
        axes.set_ylim((low + high) / 2 - 0.1, (low + high) / 2 + 0.1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    if len(epochs) < 4:
        axes.set_xlim(min(epochs) - 0.5, max(epochs) + 0.5)


def _mosaic(axes, found, side):
    """Draws one side's strips, a row each, with the readings."""
    step, height = TILE + GAP, TILE + BELOW
    canvas = np.full((height * len(found.strips), step * 10 - GAP), np.nan)
    for row, strip in enumerate(found.strips):
        seen = getattr(strip, side)
        top = row * height
        for column, image in enumerate(seen.images.reshape(10, 28, 28)):
            canvas[top:top + TILE, column * step:column * step + TILE] = image
            asked = found.asked[column] if found.asked else seen.reads[column]
            axes.text(column * step + TILE / 2, top + TILE + BELOW / 2 - 1, seen.reads[column], fontsize=11,
                      ha='center', va='center', family='monospace',
                      bbox=None if asked == seen.reads[column] else {'facecolor': 'none', 'pad': 1.5})
        if side == 'other':
            axes.text(-2.5 * GAP, top + TILE / 2, '-' if strip.epoch is None else '%03d' % strip.epoch,
                      fontsize=11, ha='right', va='center')
            axes.text(canvas.shape[1] + 16, top + TILE / 2, SIGNS[strip.verdict.name], fontsize=20,
                      ha='center', va='center')
    axes.imshow(canvas, cmap='viridis', vmin=0, vmax=1, aspect='equal')
    axes.set(xlim=(-GAP, canvas.shape[1] + GAP), ylim=(canvas.shape[0], -GAP), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(linestyle=(OTHER if side == 'other' else MINE)['linestyle'], linewidth=1.5)


def _drawable(name):
    """The end of a name, as `_letters`."""
    return '…' * (len(name) >= 64) + _letters(name[-63:])


def _letters(text):
    """A text with a question mark for each letter that matplotlib's own font may lack."""
    return text.encode('latin-1', 'replace').decode('latin-1').replace('$', r'\$')  # $ would begin a formula
