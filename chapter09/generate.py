"""Draws the digits one asks for, with the generator that a run has trained.

    python chapter09/generate.py 20261122           those digits, by §9.2's
    python chapter09/generate.py --basic 20         twenty digits, by §9.1's, whichever come
    python chapter09/generate.py --walk 3 7         a 3 that becomes a 7, as an animation

The run's folder is only read.
"""

import lab  # first: it keeps TensorFlow quiet

import argparse
import os
import random
import sys

import numpy as np

import drawing
import figures
import files
import options
import results

DIGITS, ROWS, TILES = 1000, 100, 2000  # the most that is drawn at a time: in a row, of rows, in all
FRAMES = 1000


def digits(text):
    """The type of the argument: digits, as an array [n]."""
    if not text or not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError('%.30r is not made of the digits 0 to 9' % text)
    if len(text) > DIGITS:
        raise argparse.ArgumentTypeError('%d digits are too many, ask for %d at most' % (len(text), DIGITS))
    return np.array(list(text), int)


def walk(generator, start, end, frames, seed):
    """Images [frames, 28, 28] on the straight way from one noise vector and label to another."""
    noise = generator.noise(2, seed)
    share = np.linspace(0, 1, frames)[:, np.newaxis]
    labels = np.eye(10)
    return generator.draw((1 - share) * noise[0] + share * noise[1],
                          (1 - share) * labels[start] + share * labels[end]).reshape(-1, 28, 28)


def main(argv=None):
    parser = options.Parser(description=__doc__, allow_abbrev=False,
                            formatter_class=argparse.RawDescriptionHelpFormatter)
    wanted = parser.add_mutually_exclusive_group(required=True)
    wanted.add_argument('digits', metavar='DIGITS', type=digits, nargs='?', help='the digits to draw')
    wanted.add_argument('--basic', metavar='N', type=options.whole(1, DIGITS), help='draw N digits by §9.1')
    wanted.add_argument('--walk', metavar=('A', 'B'), type=options.whole(0, 9), nargs=2,
                        help='go from the digit A to the digit B, from one noise vector to another')
    parser.add_argument('--rows', metavar='N', type=options.whole(1, ROWS), default=1,
                        help='that many handwritings of it, a row each (default: 1)')
    parser.add_argument('--frames', metavar='N', type=options.whole(2, FRAMES), default=30,
                        help='pictures on the way (default: 30)')
    parser.add_argument('--seed', metavar='N', type=options.whole(0, 2 ** 32 - 1),
                        help='draw the same again; the seed in use goes to stderr (default: a new one)')
    parser.add_argument('--run', metavar='DIR', type=options.place,
                        help="a run's folder (default: runs/conditional, runs/basic)")
    parser.add_argument('--out', metavar='FILE', type=options.file,
                        help='picture to write (default: digits.png, walk.gif)')
    parser.add_argument('--npz', metavar='FILE', type=options.file,
                        help='also write the images, float32 [n, 28, 28] in [0, 1], and their labels')
    chosen = parser.parse_args(argv)
    listing = 'basic' if chosen.basic else 'conditional'
    n = chosen.basic or (chosen.frames if chosen.walk else len(chosen.digits))
    if chosen.rows * n > TILES and not chosen.walk:
        parser.error('argument --rows: %d rows of %d digits are too many, ask for %d digits at most in all'
                     % (chosen.rows, n, TILES))
    generator = results.trained(chosen.run or os.path.join(lab.ROOT, 'runs', listing), listing)
    seed = random.SystemRandom().randrange(2 ** 32) if chosen.seed is None else chosen.seed
    out = chosen.out or os.path.join(lab.ROOT, 'walk.gif' if chosen.walk else 'digits.png')
    arrays = {}
    if chosen.walk:
        images = walk(generator, *chosen.walk, chosen.frames, seed)
        drawing.animate(images, out, size=(2.8, 2.8))
    else:
        if not chosen.basic:
            arrays['labels'] = np.tile(chosen.digits, chosen.rows)
        images = generator.draw(generator.noise(chosen.rows * n, seed), **arrays).reshape(-1, 28, 28)
        figures.sheet(images.reshape(chosen.rows, n, 28, 28), out)
    if chosen.npz:
        with files.whole(chosen.npz) as part, open(part, 'wb') as file:
            np.savez(file, images=images, **arrays)
    print('seed: %d' % seed, file=sys.stderr)


if __name__ == '__main__':
    lab.program(main)
