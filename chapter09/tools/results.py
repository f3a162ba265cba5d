"""What a run, or anybody else, has left: strips, and the trained generator where there is one."""

import os
import re

from lab import checkpoints, files, listings, records
from lab.errors import BadInput, reason, say
from tools import reading
from tools.generator import Generator

FRESH = 10000  # images drawn from a run's weights, to be judged
PICTURE = re.compile(r'[0-9]{3,9}\.(png|jpe?g|gif|webp|tiff?|bmp)', re.IGNORECASE)  # named after its epoch


class Result:
    """Strips of one kind, and what is known of the run that drew them.

    kind    'basic' or 'conditional': whether they have one row or two
    path    the strip, or the folder of the strips, or the run's
    strips  {epoch: path}; of a single strip that bears no epoch's name {None: path}
    run     the folder of the run that drew them, and record, its record; None, None if it is not known

    Attribute: `epochs`, how many were trained, as far as can be seen; None of a single strip.
    """

    def __init__(self, kind, path, strips, run=None, record=None):
        self.kind, self.path, self.strips, self.run, self.record = kind, path, strips, run, record
        kept = checkpoints.epochs(os.path.join(run, records.CHECKPOINTS)) if run else []
        self.trained = bool(kept)
        self.epochs = kept[0] + 1 if kept else None if os.path.isfile(path) else max(strips) + 1

    def generator(self):
        """The trained Generator, of the newest checkpoint."""
        return Generator(self.run, self.record)


def find(path, passed_over=None):
    """Finds the results in a strip, in a folder of strips, in a run's folder, in one that holds runs, or in one
    that holds samples/ and samples2/ or one of them, or whose only such subfolder does, as in a clone of the
    book's repository.

    passed_over  a list, to which why a folder beside a readable one was passed over is added; without it, it is said

    Returns {kind: Result}, not empty. Raises BadInput if there are none, or if it cannot be read.
    """
    try:
        return _find(path, passed_over)
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path, error):
    return BadInput('%s cannot be read (%s): name another' % (path, reason(error)))


def _find(path, passed_over):
    if not os.path.lexists(path):
        raise BadInput('%s is missing: name a strip, or a folder of strips' % path)
    if not os.path.isdir(path):
        name = os.path.basename(path)
        epoch = int(name.split('.')[0]) if PICTURE.fullmatch(name) else None
        kind = _kind(path)
        return {kind: Result(kind, path, {epoch: path})}
    if records.is_run(path):
        found = [_of_run(path)]
    elif _strips(path):
        found = [_of_strips(path)]
    else:
        found = _inside(path, passed_over)
    if not found:
        raise BadInput('%s holds no strips (000.png, 009.png, …): train first (make basic, make cgan), or '
                       'name another folder' % path)
    kinds = {result.kind: result for result in found}
    if len(kinds) < len(found):
        raise BadInput('%s and %s hold strips of the same listing: put the right ones there'
                       % (found[0].path, found[1].path))
    return kinds


def _inside(path, passed_over):
    """The Results of a folder that holds others: of runs, of the chapter's folders of strips, or of such folders."""
    runs = [os.path.join(path, name) for name in listings.CHAPTER]
    if any(map(records.is_run, runs)):
        return [_of_run(run) for run in runs if records.is_run(run)]
    shown = [listing.samples for listing in listings.CHAPTER.values()]
    homes = [path]
    if not any(os.path.isdir(os.path.join(path, samples)) for samples in shown):
        # reference/ is what others are set beside, and nobody's own.
        homes = [os.path.join(path, name) for name in sorted(os.listdir(path)) if name != 'reference']
    folders = [(home, os.path.join(home, samples)) for home in homes for samples in shown
               if _may_hold_strips(os.path.join(home, samples))]
    if len({home for home, _ in folders}) > 1:
        raise BadInput('%s holds several folders with strips, such as %s and %s: name one'
                       % (path, folders[0][1], folders[-1][1]))
    found, refused = [], []
    for _, folder in folders:
        try:
            found.append(_of_strips(folder))
        except BadInput as error:
            refused.append(error)
        except OSError as error:
            refused.append(_unreadable(folder, error))
    if refused and not found:
        raise refused[0]
    if passed_over is not None:
        passed_over += refused
    else:
        for error in refused:
            say('passed over: %s' % error)
    return found


def _of_run(folder):
    """The Result of a run's folder."""
    record = records.read(folder)
    strips = {epoch: path for epoch, path in records.strips(os.path.join(folder, records.SAMPLES)).items()
              if os.path.basename(path) in record['strips']}
    if not strips:
        raise BadInput('%s holds no strips of its run yet, or they were removed' % folder)
    return Result(_kind(strips[max(strips)]), folder, strips, folder, record)


def _of_strips(folder):
    """The Result of a folder of strips, with the run in the same project that drew them, if there is one.

    It is known by the strips' content: whoever copies or moves them takes nothing else along.
    """
    strips = _strips(folder)
    run, record = _run_of(folder, strips)
    return Result(_kind(strips[max(strips)]), folder, strips, run, record)


def _run_of(folder, strips):
    above = os.path.dirname(os.path.abspath(folder))
    runs = os.path.join(above, 'runs')
    near = [above] + ([os.path.join(runs, name) for name in sorted(os.listdir(runs))] if os.path.isdir(runs) else [])
    digests = None
    for run in filter(records.is_run, near):
        try:
            record = records.read(run)
        except BadInput:
            continue  # it is not what is looked for that cannot be read
        digests = digests or {os.path.basename(path): files.digest(path) for path in strips.values()}
        if digests.items() <= record['strips'].items():
            return run, record
    return None, None


def _strips(folder):
    names = os.listdir(folder) if os.path.isdir(folder) else []
    return {int(name.split('.')[0]): os.path.join(folder, name)  # of two of one epoch, the PNG
            for name in sorted(names) if PICTURE.fullmatch(name)}


def _may_hold_strips(folder):
    """Whether a folder holds strips, or does not let that be seen."""
    try:
        return bool(_strips(folder))
    except OSError:
        return True


def _kind(path):
    return 'basic' if len(reading.read(path).digits) == 1 else 'conditional'
