"""Verdicts on strips and on runs: are these digits as good as those?

The book set no seed, and no two runs draw the same digits. So what is compared is the judge's figures of
them, and what is allowed is the spread of those figures between seeds, as docs/quality.md has it.
"""

import collections

import numpy as np

import figures
from errors import BadInput

IDENTICAL, SAME, EQUIVALENT, WORSE = 'identical', 'same picture', 'equivalent', 'worse'
RANK = [WORSE, EQUIVALENT, SAME, IDENTICAL]

# Why digits are worse, and what a student might look at first.
REASONS = {
    'blank': 'blank, or not finite: look at the losses',
    'colours': 'colours wrong: 0 is to be dark and 1 bright, in viridis or grey',
    'turned': 'digits turned: each row of 784 is 28 rows of 28, in that order',
    'upper row': 'the upper row is not the first ten test digits',
    'noise': "nothing learnt, noise: is train_G to change the generator's variables, by loss_G?",
    'collapse': 'one shape for all (collapse): try another seed',
    'labels': 'labels ignored: are they joined to the inputs of both networks?',
    'copied': 'copies of real digits, drawn by no generator',
    'epochs': 'fewer epochs than the other, or no better than after the first',
    'rough': "rougher, or farther from real digits, than the other's",
}

Verdict = collections.namedtuple('Verdict', ['name', 'reason'])  # a reason only for WORSE

SAME_PICTURE = 0.03  # mean difference; a replay's is 0.002, two seeds' at least 0.06
SAME_ROW = 0.1  # the same of the upper row, which a small or compressed picture blurs by 0.06 at most
FOREIGN = 0.3  # share of foreign colours; a JPEG of quality 50 has 0.14
REPEATED = 0.08  # mean distance to the most alike of the ten; honest strips have 0.17 and more
COPIED = 0.03  # mean distance to the nearest training image; honest strips have 0.11 and more
MANY = 1000  # images from which on their shares and Fréchet distance can be compared
SETTLED = 29  # the first strip's epoch by which every seed that learns at all draws digits

# The judge's figures as they are shown: title, format, and whether more (1) or less (-1) is better.
FIGURES = {
    'accuracy': ('label accuracy', '%.3f', 1),
    'frechet': ('Fréchet distance', '%.1f', -1),
    'nearest': ('nearest training image', '%.3f', -1),
    'variety': ('variety', '%.3f', 1),
    'evenness': ('evenness of classes', '%.3f', 1),
    'commonest': ('most frequent class', '%.3f', -1),
    'confidence': ('confidence', '%.3f', 1),
}

TURNS = [lambda x: x.transpose(0, 2, 1), lambda x: x[:, :, ::-1], lambda x: x[:, ::-1],
         lambda x: x[:, ::-1, ::-1], lambda x: np.rot90(x, 1, (1, 2)), lambda x: np.rot90(x, 3, (1, 2)),
         lambda x: np.rot90(x, 2, (1, 2)).transpose(0, 2, 1)]


def limits(other, n):
    """The worst that the figures of `n` images may be, {name: limit}, to be as good as the other's.

    other  figures of `Judge.measure`

    What is allowed is what seeds differ by, and what chance adds to it in so few images, which falls
    with √n.
    """
    chance = 1 / np.sqrt(n)
    found = {'nearest': other['nearest'] + 0.02 + 0.16 * chance,
             'variety': other['variety'] * (0.9 - 0.9 * chance)}
    if 'accuracy' in other:
        found['accuracy'] = other['accuracy'] - 0.03 - 1.2 * chance
    if n >= MANY:
        found.update(frechet=1.5 * other['frechet'], commonest=other['commonest'] + 0.15)
    return found


def of_figures(mine, other, n, early):
    """The verdict on `n` images by their figures alone.

    mine, other  figures of `Judge.measure`
    early        those of a listing's strip after its first epoch, to know such a one again
    """
    if not np.isfinite(mine['nearest']):
        return Verdict(WORSE, 'blank')
    short = {name for name, limit in limits(other, n).items()
             if FIGURES[name][2] * mine[name] < FIGURES[name][2] * limit}  # nothing is, of a NaN
    if not short:
        return Verdict(EQUIVALENT, None)
    if mine['margin'] > 0.2:  # even the margin, which no digit ever reaches
        return Verdict(WORSE, 'noise')
    drawn = 'nearest' not in short
    if drawn and 'accuracy' in short and mine['variety'] > 0.08:
        return Verdict(WORSE, 'labels')
    if not short & {'variety', 'commonest'}:
        return Verdict(WORSE, 'rough')
    like_early = abs(mine['nearest'] - early['nearest']) < 0.02 and mine['variety'] < early['variety'] + 0.03
    return Verdict(WORSE, 'epochs' if like_early else 'collapse')


def of_strip(judge, mine, other, asked, early):
    """The verdict on a strip.

    judge        a `judge.Judge`
    mine, other  the strips as `Seen`
    asked        the ten digits of the upper row, [10, 784], if there is one
    early        figures of the listing's strip after its first epoch

    Of the first epochs, in which one seed has blots where another has digits already, the figures say
    nothing; what no epoch would draw is worse even then.
    """
    if mine.content == other.content:
        return Verdict(IDENTICAL, None)
    darkest, brightest = mine.images.min(axis=1), mine.images.max(axis=1)
    if not np.isfinite(mine.strip.digits).all() or (brightest < 0.1).any() or (darkest > 0.9).any():
        return Verdict(WORSE, 'blank')
    if np.abs(mine.images - other.images).mean() <= SAME_PICTURE:
        return Verdict(SAME, None)
    misdrawn = _misdrawn(judge, mine, asked)
    if misdrawn:
        return Verdict(WORSE, misdrawn)
    verdict = of_figures(mine.figures, other.figures, len(mine.images), early)
    if mine.settled and verdict.name == EQUIVALENT and _distance_of_twins(mine.images) < REPEATED:
        return Verdict(WORSE, 'collapse')
    both_young = not mine.settled and not other.settled
    return Verdict(EQUIVALENT, None) if both_young and verdict.reason != 'noise' else verdict


def of_run(strips, whole, shorter):
    """The verdict on a run, by those on its strips.

    strips   the verdicts on them, not empty
    whole    the verdict on many digits at once, or None
    shorter  whether fewer epochs were trained than by the other
    """
    worst = min(reversed(strips), key=lambda verdict: RANK.index(verdict.name))
    if worst.name == WORSE:
        return worst
    if shorter:
        return Verdict(WORSE, 'epochs')
    return whole if whole and whole.name == WORSE else worst


def _distance_of_twins(images):
    """The mean distance of each image to that of the others most like it."""
    distances = np.sqrt(np.square(images[:, np.newaxis] - images).mean(axis=-1))
    return (distances + np.eye(len(images))).min(axis=1).mean()


def _misdrawn(judge, seen, asked):
    """What is wrong with how a strip was drawn, whatever it shows; None if nothing is."""
    if seen.strip.foreign > FOREIGN:
        return 'colours'
    if asked is not None:
        upper = seen.strip.digits[0].reshape(10, 784)
        if np.abs(upper - asked).mean() > SAME_ROW:
            if np.abs(1 - upper - asked).mean() <= SAME_ROW:
                return 'colours'
            if any(np.abs(turned - asked).mean() <= SAME_ROW for turned in _turned(upper)):
                return 'turned'
            return 'upper row'
        if np.abs(upper - seen.images).mean() <= SAME_PICTURE:
            return 'copied'
    contrast = np.ptp(seen.images, axis=1).mean()
    if seen.figures['margin'] > 0.8 or seen.settled and 0.3 < contrast < 0.7 and seen.figures['margin'] < 0.2:
        return 'colours'
    if seen.figures['nearest'] < COPIED:
        return 'copied'
    if seen.settled:
        turned = judge.nearest(np.concatenate(_turned(seen.images))).reshape(-1, 10).mean(axis=1)
        if turned.min() < 0.94 * seen.figures['nearest']:
            return 'turned'
    return None


def _turned(images):
    """Images [n, 784] in the seven other ways in which a square can lie."""
    square = images.reshape(-1, 28, 28)
    return [turn(square).reshape(-1, 784) for turn in TURNS]


class Seen:
    """A strip and what the judge sees in it.

    path    its file
    labels  [10] what it was to show, or None
    epoch   after which it was drawn, or None

    strip    as `figures.read` gives it
    content  the bytes of its file
    images   the digits to be judged, [10, 784]: those of the lower row, if there are two
    figures  of `Judge.measure`
    reads    what each is read as, ten digits; a dash where it is no image
    settled  whether by its epoch a run is past its beginnings
    """

    def __init__(self, judge, path, labels, epoch=None):
        self.settled = epoch is None or epoch >= SETTLED
        self.strip = strip = figures.read(path)
        if len(strip.digits) != (1 if labels is None else 2):
            raise BadInput('%s has %d row(s), and is of the other listing: put the right strip there'
                           % (path, len(strip.digits)))
        with open(path, 'rb') as file:
            self.content = file.read()
        self.images = strip.digits[-1].reshape(10, 784)
        self.figures = judge.measure(self.images, labels)
        readings = judge.read(np.nan_to_num(self.images))[0].argmax(axis=1)
        self.reads = ''.join(str(digit) if whole else '-'
                             for digit, whole in zip(readings, np.isfinite(self.images).all(axis=1)))
