"""Draws the digits one asks for, with the generator that a run has trained; the run's folder is only read."""

import os
import random

import numpy as np

from lab import files, languages, listings, outputs, strips
from lab.errors import BadInput, say
from tools import drawing, generator


def walk(trained, start, end, frames, seed):
    """Images [frames, 28, 28] on the straight way from one noise vector and label to another."""
    noise = trained.noise(2, seed)
    share = np.linspace(0, 1, frames).reshape(-1, *[1] * (noise.ndim - 1))
    labels = np.eye(10)
    share_of_labels = np.linspace(0, 1, frames)[:, np.newaxis]
    return trained.draw((1 - share) * noise[0] + share * noise[1],
                        (1 - share_of_labels) * labels[start] + share_of_labels * labels[end]).reshape(-1, 28, 28)


def main(chosen):
    """Draws as `tools.commands.digits` has parsed it."""
    name = 'basic' if chosen.basic else 'conditional'
    run = chosen.run or os.path.join(listings.ROOT, 'runs', name)
    outputs.refuse('--out', chosen.out, '.gif' if chosen.walk else '.png', run)
    if chosen.npz:
        outputs.refuse('--npz', chosen.npz, '.npz', run)
    trained, record = generator.of_run(run)
    if trained.labelled == bool(chosen.basic):
        raise BadInput('%s draws %s: %s' % (run, *(
            ('the digits it is asked for', 'name them, or another --run') if trained.labelled else
            ('whichever digits come', 'ask for a number of them, --basic 20, or name another --run'))))
    if trained.epoch < 1:
        say('%s has done %s so far: blots are what it draws' % (run, languages.counted(trained.epoch + 1, 'epoch')))
    if record['lost'] is not None:
        say('%s has failed to learn since epoch %d: blots are what it draws (docs/lost.md)' % (run, record['lost']))
    seed = random.SystemRandom().randrange(2 ** 32) if chosen.seed is None else chosen.seed
    arrays = {}
    if chosen.walk:
        images = walk(trained, *chosen.walk, chosen.frames, seed)
        drawing.animate(images, chosen.out, size=(2.8, 2.8))
    else:
        n = chosen.basic or len(chosen.digits)
        if not chosen.basic:
            arrays['labels'] = np.tile(chosen.digits, chosen.rows)
        images = trained.draw(trained.noise(chosen.rows * n, seed), **arrays).reshape(-1, 28, 28)
        strips.sheet(images.reshape(chosen.rows, n, 28, 28), chosen.out)
    if chosen.npz:
        with files.whole(chosen.npz) as part, open(part, 'wb') as file:
            np.savez(file, images=images, **arrays)
    say(chosen.out)
    say('seed: %d' % seed)
