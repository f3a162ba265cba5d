"""Which works of a lab are alike: one run or one strip under two students' names, the reference's or the book's strips.

The same seed on the same kind of machine gives the same bytes to whoever asks for it. So strips that are alike are a
note where each has a sound run of its own with that seed, and tell something only where there is none. Two trainings
never have the same id, nor the same seconds for all their epochs.
"""

import collections
import functools
import itertools
import os

import numpy as np

from lab import listings, records
from lab.errors import BadInput
from tools import book_strips, compare, works

ALIKE = 0.06  # mean difference; a JPEG's is 0.055 at most, two runs' at least 0.08, two epochs' of one run 0.07
REORDERED = 0.025  # the same to each digit's nearest; a copy's is 0.015 at most, two runs' at least 0.05
ALIKE_MEANS = 0.033  # the same of `book_strips.means`; a JPEG's is 0.028, two runs' at least 0.042
FLAT = 0.01  # standard deviation within a digit of what is plain grey, and so the same whoever draws it
EXACTLY, ROUNDED = (2, 0.5), (5, 0.8)  # epochs, and share of them, at least, whose seconds tell a training
LONG = 0.1  # seconds, from which on rounded ones count
NOTES = {'same seed'}  # what says nothing against anybody

# What is compared of a work: whose it is, its listing and kind; the run's id, seed and seconds (None and [] without a
# run); whether its folder agrees with itself, and whether it began from weights of somebody else's (--init); its
# losses, [(D loss, G loss)]; its strips, {name: SHA-256}; and of those that show enough to be told from others the
# names, the images, float16 [n, 10, 28, 28], and what is left of them in `book_strips.means`, [n, 10, 4, 4].
Print = collections.namedtuple('Print', [
    'student', 'listing', 'kind', 'id', 'seed', 'seconds', 'is_sound', 'has_init', 'losses', 'digests', 'names',
    'images', 'means'])


def print_of(student, work, looked):
    """The Print of a work; looked, `soundness.Looked` of its run, or None."""
    shown = {os.path.basename(work.strips[epoch]): digits[-1] for epoch, digits in work.images.items()
             if works.visible(digits[-1])}
    flat = {os.path.basename(work.strips[epoch]) for epoch, digits in work.images.items()
            if digits[-1].std(axis=(-2, -1)).max() < FLAT}
    digests = {name: digest for name, digest in work.digests().items() if name not in flat}
    record = work.record or {}
    return Print(student, work.listing, work.kind, record.get('id'), record.get('seed'),
                 looked.seconds if looked else [],
                 bool(looked) and not looked.doubts and not work.likes, record.get('init') is not None,
                 [row[1:3] for row in looked.losses] if looked else [], digests, list(shown),
                 np.array(list(shown.values()), np.float16).reshape(-1, 10, 28, 28),
                 np.array([book_strips.means(digits) for digits in shown.values()]).reshape(-1, 10, 4, 4))


def to_reference(mine):
    """(likes, notes) of a Print: the strips that are the reference's or the book's, and copies within itself."""
    likes, notes = [], []
    same, alike = set(), set()
    for reference in references():
        same |= {name for name, digest in mine.digests.items() if digest in reference.digests.values()}
        if reference.kind == mine.kind:
            alike |= {mine.names[n] for n, _ in _pairs_alike(mine, reference)}
    if same | alike:
        # From the reference's weights and seed come, to rounding, the reference's strips.
        honest = not same and mine.is_sound and mine.has_init
        (notes if honest else likes).append(('of reference', _list(same | alike)))
    known = {digest for digest, _ in book_strips.STRIPS.values()}
    book = {name for name, digest in mine.digests.items() if digest in known}
    for name, left in zip(mine.names, mine.means):
        if any(kind == mine.kind and epoch and np.abs(left - means).mean() < ALIKE_MEANS
               for (kind, epoch), (_, means) in book_strips.STRIPS.items()):
            book.add(name)
    if book:
        likes.append(('of the book', _list(book)))
    twice = {max(pair) for pair in itertools.combinations(sorted(mine.names), 2)
             if mine.digests[pair[0]] == mine.digests[pair[1]]}
    if twice:
        likes.append(('twice within', _list(twice)))
    return likes, notes


@functools.lru_cache(maxsize=None)
def references():
    """The Prints of reference/. Raises BadInput if they cannot be had."""
    found = []
    for kind in listings.CHAPTER:
        folder = os.path.join(compare.REFERENCE, kind)
        work = works.Work(kind, folder, records.read(folder))
        work.take(records.strips(os.path.join(folder, records.SAMPLES)))
        if not work.images:
            raise BadInput('%s lacks its strips: fetch the project anew' % folder)
        found.append(print_of('reference', work, None))
    return found


def among(prints):
    """What is alike among students' Prints: [(likes, notes)], one for each of them."""
    found = [collections.defaultdict(list) for _ in prints]  # what is said: of whom
    for (a, mine), (b, other) in itertools.combinations(enumerate(prints), 2):
        said = _alike(mine, other) if mine.student != other.student else None
        if said:
            found[a][said].append(_name(other, mine))
            found[b][said].append(_name(mine, other))
    return [tuple([(what, _list(names)) for what, names in each.items() if (what in NOTES) is is_note]
                  for is_note in (False, True)) for each in found]


def _alike(mine, other):
    """What to say of two Prints of two students; None if they are not alike."""
    if mine.id and mine.id == other.id:
        return 'same run'
    if _same_training(mine.seconds, other.seconds):
        return 'same training'
    first = min(len(mine.losses), len(other.losses), 3)
    same_losses = first > 1 and mine.losses[:first] == other.losses[:first]
    if not (same_losses or set(mine.digests.values()) & set(other.digests.values())
            or mine.kind == other.kind and _pairs_alike(mine, other)):
        return None
    if None not in (mine.seed, other.seed) and mine.seed != other.seed:
        return 'other seed'
    return 'same seed' if mine.is_sound and other.is_sound else 'same strips'


def _same_training(mine, other):
    """Whether two runs have the same seconds for most of their epochs."""
    pairs = list(zip(mine, other))
    exact = sum(a == b != round(a, 3) for a, b in pairs)
    rounded = sum(round(a, 3) == round(b, 3) and a >= LONG for a, b in pairs)
    return any(same >= least and same >= share * len(pairs)
               for same, (least, share) in ((exact, EXACTLY), (rounded, ROUNDED)))


def _pairs_alike(mine, other):
    """The strips of two Prints that are the same but for what a screenshot or a JPEG changes, [(number, number)].

    Or but for the order of their digits, too.
    """
    if not mine.names or not other.names:
        return []
    # The means differ by no more than the pixels do, and are looked at sooner.
    near = _are_alike(mine.means[:, np.newaxis], other.means[np.newaxis])
    return [(a, b) for a, b in np.argwhere(near)
            if _are_alike(mine.images[a].astype(np.float32), other.images[b].astype(np.float32))]


def _are_alike(mine, other):
    """Whether strips, [..., 10, height, width] both, have the same digits, be they in another order."""
    apart = np.abs(mine[..., :, np.newaxis, :, :] - other[..., np.newaxis, :, :, :]).mean(axis=(-2, -1))
    in_place = np.diagonal(apart, axis1=-2, axis2=-1).mean(axis=-1)
    anywhere = np.maximum(apart.min(axis=-1).mean(axis=-1), apart.min(axis=-2).mean(axis=-1))
    return (in_place < ALIKE) | (anywhere < REORDERED)


def _name(each, beside):
    """Whose a Print is, and of which listing where that is another."""
    return each.student if each.listing == beside.listing else '%s (%s)' % (each.student, each.listing)


def _list(names):
    names = sorted(names)
    return ', '.join(names[:4]) + ', …' * (len(names) > 4)
