"""One hand-in, marked: what a row of the grades takes, listing by listing. Nothing of a hand-in is executed."""

import collections
import difflib
import functools
import hashlib
import io
import os

import numpy as np
from PIL import Image

from lab import checkpoints, listings, model, options, records
from lab.errors import BadInput, one_line
from lab.strips import colours
from tools import compare, likeness, results, soundness, unpacking, verdicts, works
from tools.judge import Judge

LINES = 5000  # of a listing, up to which it is told how it has changed; difflib would take minutes
GAP = 2  # px between the digits of a strip as it is shown
LONGEST = 80  # letters of what a record says of a machine
NOT_JUDGED = 'not judged'
UNFINISHED = {'stopped', 'running', 'not finite'}  # states of a record, as `sayings.TEXTS` has them

# A row of the grades: reason, likes and notes as `sayings.tell` takes them; changed, the lines that differ from the
# chapter's, 'no', or '' where there is no listing; strips, [(epoch, PNG, verdict or '')], drawn anew from what was
# read; print, of `likeness`, None where there is nothing.
Mark = collections.namedtuple('Mark', [
    'student', 'listing', 'verdict', 'reason', 'epochs', 'seed', 'changed', 'resumed', 'tensorflow', 'processor',
    'likes', 'notes', 'strips', 'print'])


class Remembering(Judge):
    """A judge that searches MNIST for many images at once, which takes half as long, and for each image once."""

    def __init__(self, mnist):
        super().__init__(mnist)
        self._known = {}

    def nearest(self, images):
        digests = [hashlib.blake2b(image.tobytes(), digest_size=16).digest() for image in images]
        new = {digest: number for number, digest in enumerate(digests) if digest not in self._known}
        if new:
            self._known.update(zip(new, super().nearest(images[list(new.values())])))
        return np.array([self._known[digest] for digest in digests])

    def prepare(self, strips):
        """Searches for what the verdicts on strips will ask for, {epoch: float32 [rows, 10, 28, 28]}."""
        images = [digits[-1] for digits in strips.values() if np.isfinite(digits[-1]).all()]
        turned = [turn(digits) for digits in images for turn in verdicts.TURNS]
        if images:
            self.nearest(np.concatenate(images + turned).reshape(-1, 784))


def refusal(student, *said):
    """The Mark of a hand-in in which there is nothing to judge."""
    return Mark(student, '', NOT_JUDGED, said, '', '', '', '', '', '', [], [], [], None)


def mark(judge, handin, folder):
    """The Marks of a `handins.Handin`, at least one; `folder` is an empty one to unpack it in."""
    try:
        passed_over = list(unpacking.copy(handin.path, folder))
        try:
            return [_of(judge, handin.name, work, passed_over) for work in works.find(folder)]
        except unpacking.Refused as refused:
            return [refusal(handin.name, *refused.said)._replace(notes=passed_over)]
    except unpacking.Refused as refused:
        return [refusal(handin.name, *refused.said)]


def _of(judge, student, work, passed_over):
    looked = soundness.Looked(work) if work.run else None
    verdict, reason, strips, more = _judged(judge, work, looked)
    record, notes = work.record or {}, work.notes + more
    likes = work.likes + (looked.doubts if looked else [])
    if record.get('init') in _trained_weights():
        likes.append(('trained weights',))
    if looked:
        notes += looked.notes + list(_of_record(record))
    found = likeness.print_of(student, work, looked)
    of_others = likeness.to_reference(found)
    machine = record.get('machine', {})
    notes = [said for said in notes if said != reason]
    return Mark(
        student, work.listing, verdict, reason, looked.epochs if looked else max(work.strips, default=-1) + 1 or '',
        record.get('seed', ''), _changed(work), len(record['resumed']) if record else '',
        _short(record.get('versions', {}).get('TensorFlow', '')), _short(machine.get('processor', '')),
        likes + of_others[0], notes + of_others[1] + passed_over, strips, found)


def _judged(judge, work, looked):
    """The verdict on a work, why it is worse or not judged, its strips as of a Mark, and more notes."""
    strips = [(epoch, _png(work.images[epoch]), '') for epoch in sorted(work.images)]
    if not work.images:
        why = next((said for said in work.notes if said[0] == 'only listing'), ('no strips',))
        return NOT_JUDGED, why, strips, []
    if work.record and work.record['data'] not in (None, judge.data()):
        return NOT_JUDGED, ('other data',), strips, []
    mine = results.Result(work.kind, os.path.dirname(work.strips[max(work.images)]),
                          {epoch: work.strips[epoch] for epoch in work.images})
    mine.epochs = max(looked.epochs if looked else 0, max(work.images) + 1)
    if isinstance(judge, Remembering):
        judge.prepare(work.images)
    try:
        found = compare.compare(judge, mine, _reference(work.kind))
    except BadInput:
        return NOT_JUDGED, ('other epochs',), strips, []
    verdict_of = {strip.epoch: strip.verdict.name for strip in found.strips}
    worse = any(strip.verdict.name == verdicts.WORSE for strip in found.strips)
    reason = compare.reason_of(found.verdict, work.record)
    return (found.verdict.name, (reason,) if reason else (),
            [(epoch, png, verdict_of.get(epoch, '')) for epoch, png, _ in strips],
            [('fewer epochs',)] if found.shorter and not worse and reason != 'lost' else [])


@functools.lru_cache(maxsize=None)
def _reference(kind):
    """The strips of the reference as a Result, without its weights: none of a hand-in are loaded to be set beside."""
    found = results.find(compare.REFERENCE)[kind]
    found.trained = False
    return found


@functools.lru_cache(maxsize=None)
def _trained_weights():
    """What a record calls the weights of the reference's checkpoints."""
    return {model.digest_of_weights(checkpoints.path_of(kept, epoch)) for kept in (
        os.path.join(compare.REFERENCE, kind, records.CHECKPOINTS) for kind in listings.CHAPTER)
        for epoch in checkpoints.epochs(kept)}


def _png(images):
    """A strip, [rows, 10, 28, 28] in [0, 1], as a small PNG."""
    rows, columns = images.shape[:2]
    step = 28 + GAP
    canvas = np.full((rows * step - GAP, columns * step - GAP, 3), 255, np.uint8)
    for row, column in np.ndindex(rows, columns):
        canvas[row * step:row * step + 28, column * step:column * step + 28] = colours(images[row, column])
    file = io.BytesIO()
    Image.fromarray(canvas).save(file, 'PNG')
    return file.getvalue()


def _of_record(record):
    """Notes on what a record says of its run."""
    if record['state'] != 'finished':
        yield (record['state'],) if record['state'] in UNFINISHED else ('state', _short(record['state']))
    if record['lost'] is not None:
        yield 'lost since', record['lost']
    changed = [str(entry['after_epoch']) for entry in record['resumed'] if entry.get('changed')]
    if changed:
        yield 'changed later', _short(', '.join(changed))
    if record['init'] is not None and record['init'] not in _trained_weights():
        yield ('given weights',)
    given = ['--%s %s' % (options.option_of(name), record['numbers'].get(name)) for name in record['given']]
    if given:
        yield 'options', _short(' '.join(given))


def _short(text):
    return one_line(text)[:LONGEST]


def _changed(work):
    """The lines in which a listing's program differs from the chapter's, as '41, 57-58 (gan_basic.py)', or 'no', or ''.

    A notebook's begins with the cell of lab.Run.
    """
    if work.text is None or work.kind is None and work.listing not in listings.CHAPTER:
        return ''
    file = listings.CHAPTER[work.listing if work.listing in listings.CHAPTER else work.kind].file
    before = listings.read(os.path.join(listings.CHAPTER09, file))
    if work.record and work.record['listing'] == listings.NOTEBOOK:
        before = before[before.rindex('# %% ', 0, before.index('lab.Run(')):]
    (_, before), (numbers, now) = map(_program, (before, work.text))
    if now == before:
        return 'no'
    if len(now) > LINES:
        return '%d-%d (%s)' % (numbers[0], numbers[-1], file)
    numbers.append(work.text.count('\n') + 1)  # of what has gone from the end
    lines = [(numbers[first], numbers[max(last - 1, first)]) for what, _, _, first, last
             in difflib.SequenceMatcher(None, before, now, autojunk=False).get_opcodes() if what != 'equal']
    return '%s (%s)' % (', '.join('%d' % first if first == last else '%d-%d' % (first, last) for first, last in lines),
                        file)


def _program(text):
    """The numbers of a text's lines that are neither blank nor a comment, and these lines but for what lab.Run is told.

    Such as notebooks/make.py changes: its cells have comments, space and options of their own.
    """
    lines = [(number, line.rstrip()) for number, line in enumerate(listings.untold(text).split('\n'), 1)
             if line.strip() and not line.lstrip().startswith('#')]
    return [number for number, _ in lines], [line for _, line in lines]
