"""Marks the hand-ins of a lab: what came of each listing, what was changed, and which are alike."""

import os
import sys

from lab import files, outputs
from lab.errors import BadInput, one_line, reason
from lab.progress import on_a_terminal
from tools import desks, handins


def main(chosen):
    """Marks as `tools.commands.grade` has parsed it; returns the status."""
    try:
        found = handins.found(chosen.handins)
    except OSError as error:
        raise BadInput('%s cannot be read (%s): name a folder of hand-ins' % (chosen.handins, reason(error))) from None
    if not found:
        raise BadInput('%s holds no hand-ins: put a folder or a zip for each student there' % chosen.handins)
    if files.lies_in(chosen.out, chosen.handins):
        raise BadInput('--out %s lies among the hand-ins: name another folder' % chosen.out)
    if files.lies_in(chosen.handins, os.path.join(chosen.out, 'texts')):
        raise BadInput('%s is where --out %s has its texts: name another folder' % (chosen.handins, chosen.out))
    if os.path.ismount(chosen.out):  # earlier grades could not be put by, beside it
        raise BadInput('--out %s is a disk: name a folder on it' % chosen.out)
    outputs.refuse('--out', os.path.join(chosen.out, 'grades.csv'), '.csv')
    marks = _marked(found)
    from tools import gradebook
    gradebook.write(marks, chosen.out, chosen.lang)
    print(gradebook.summary(marks, chosen.lang))
    print(one_line(os.path.join(chosen.out, 'report.html')))
    return 0


def _marked(found):
    """The marks of hand-ins, in one list, with what is alike among them."""
    progress = Progress(len(found))
    try:
        of_each = desks.mark(found, progress.step)
    finally:
        progress.clear()
    marks = [mark for marks in of_each for mark in marks]
    from tools import likeness
    alike = likeness.among([mark.print for mark in marks if mark.print])
    by_print = iter(alike)
    return [mark._replace(likes=mark.likes + likes, notes=mark.notes + notes, print=None)
            for mark, (likes, notes) in ((mark, next(by_print) if mark.print else ([], [])) for mark in marks)]


class Progress:
    """How many hand-ins have been marked: a line on stderr that rewrites itself, if stderr is a terminal."""

    def __init__(self, total):
        self._total, self._done, self._on = total, -1, on_a_terminal()
        self.step()

    def step(self):
        self._done += 1
        if self._on:
            sys.stderr.write('\rhand-in %d/%d' % (self._done, self._total))
            sys.stderr.flush()

    def clear(self):
        if self._on:
            sys.stderr.write('\r%s\r' % (' ' * len('hand-in %d/%d' % (self._total, self._total))))
            sys.stderr.flush()
