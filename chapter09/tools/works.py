"""What a hand-in holds, listing by listing: a run and its strips, strips alone, or a listing that has not been run."""

import collections
import os

import numpy as np

from lab import files, listings, records
from lab.errors import BadInput, one_line
from tools import reading, results, unpacking
from tools.unpacking import Refused

STRIPS = 40  # of a work, at most: the reference's epochs, then others
WORKS = 30  # of a hand-in
EPOCHS = 10 ** 7  # a run has fewer
LONGEST = 40  # letters of a listing's name


class Work:
    """A listing's work in a hand-in.

    listing  its name, such as 'basic'
    run      the run's folder, and record, its record; None, None if there is none
    text     of the listing, None if it is not there

    Attributes: `strips`, {epoch: path}; `kind`, 'basic' or 'conditional', by its strips' rows, None if none can be
    read; `images`, {epoch: float32 [rows, 10, 28, 28]} of those that can; `likes` and `notes`, lists of what
    `sayings.tell` takes: what makes one doubt that it is the student's own, and what else is worth a line.
    """

    def __init__(self, listing, run=None, record=None, text=None):
        self.listing, self.run, self.record, self.text = one_line(listing)[:LONGEST] or '?', run, record, text
        self.strips, self.images, self.kind, self.likes, self.notes = {}, {}, None, [], []

    def take(self, strips):
        """Takes {epoch: path} as its strips, and reads them."""
        known = sorted(strips, key=lambda epoch: (epoch != 0 and (epoch + 1) % 10 != 0, epoch))
        if len(known) > STRIPS:
            self.notes.append(('many strips', len(known), STRIPS))
        self.strips, read = {epoch: strips[epoch] for epoch in sorted(known[:STRIPS])}, {}
        for epoch, path in list(self.strips.items()):
            try:
                read[epoch] = reading.read(path).digits
            except BadInput:
                self._drop(epoch, _why_unreadable(path))
        rows = collections.Counter(len(digits) for digits in read.values())
        if rows:
            (usual, _), = rows.most_common(1)
            self.kind = 'basic' if usual == 1 else 'conditional'
            self.images = {epoch: digits for epoch, digits in read.items() if len(digits) == usual}
            for epoch in read.keys() - self.images.keys():
                self._drop(epoch, 'other rows')

    def _drop(self, epoch, why):
        self.notes.append((why, os.path.basename(self.strips.pop(epoch))))

    def digests(self):
        """{name: SHA-256} of its strips."""
        return {os.path.basename(path): files.digest(path) for path in self.strips.values()}


def _why_unreadable(path):
    content = files.read(path, unpacking.UNPACKED)[:4]
    return ('empty strip' if not content else
            'program' if content in (b'%!PS', b'\xc5\xd0\xd3\xc6') else 'no strip')


def find(folder):
    """The works in a copied hand-in (`unpacking.copy`): [Work], at least one. Raises Refused if there are none."""
    runs, shown = _look(folder)
    texts = unpacking.listing_files(folder)
    works, digests, more = {}, {}, collections.defaultdict(list)
    for run, record in sorted(runs, key=_rank):
        name = _name_of_run(run, record, folder)
        digests[run] = record['strips'].items()
        if name in works:
            more[name].append(_within(run, folder))
            continue
        works[name] = _of_run(name, run, record)
        # What was run is in the run's folder; an edited copy beside it was not.
        texts = {file: text for file, text in texts.items() if listings.find(file).name != name}
    for name, others in more.items():
        works[name].notes.append(('more runs', len(others), ', '.join(others[:3]) + ', …' * (len(others) > 3)))
    for above, strips in sorted(shown.items(), key=lambda item: (-len(item[1]), item[0])):
        _add_shown(works, above, strips, digests, texts, folder)
    for file, text in texts.items():
        listing = listings.find(file)
        if listing.name not in works and not _is_the_chapters(file, text):
            works[listing.name] = Work(listing.name, text=text)
            works[listing.name].notes.append(('only listing', file))
    if not works:
        raise Refused('nothing')
    found = list(works.values())
    if len(found) > WORKS:
        found[WORKS - 1].notes.append(('more works', len(found) - WORKS))
    return found[:WORKS]


def _look(folder):
    """The runs in a folder, [(folder, record)], and its other folders of strips, {folder: {epoch: path}}."""
    runs, shown = [], {}
    for above, inside, names in os.walk(folder):
        inside.sort()
        if records.RECORD in names:
            try:
                runs.append((above, _record(above)))
                inside[:] = [name for name in inside if name not in (records.SAMPLES, records.CHECKPOINTS)]
                continue
            except BadInput:
                pass  # its strips are looked at as if they stood alone
        strips = {int(name.split('.')[0]): os.path.join(above, name)
                  for name in sorted(names) if results.PICTURE.fullmatch(name)}
        if strips:
            shown[above] = strips
    return runs, shown


def _record(run):
    """The record of a run. Raises BadInput if it cannot be read, or says what no run could."""
    record = records.resumable(run)
    numbers = [record['epochs'], record['lost'] or 0, *record['numbers'].values()]
    if not 1 <= record['epochs'] < EPOCHS or not all(map(listings.is_number, numbers)):
        raise BadInput('%s is of no run' % run)
    return record


def _rank(found):
    """Of several runs of a listing the one that counts comes first: no old one, no sweep's, the one of most epochs."""
    folder, record = found
    parts = folder.split(os.sep)
    return bool(records.made_way(folder)), 'sweep' in parts, -record['epochs'], folder


def _name_of_run(run, record, folder):
    """The listing's name; of a notebook's run, whatever listing of it that is, its folder's, or what made way's."""
    if record['listing'] != listings.NOTEBOOK or run == folder:
        return record['listing']
    return records.made_way(run) or os.path.basename(run)


def _of_run(name, run, record):
    text = None
    try:
        text = listings.read(os.path.join(run, records.LISTING))
    except BadInput:
        pass
    work = Work(name, run, record, text)
    work.take(records.strips(os.path.join(run, records.SAMPLES)))
    return work


def _add_shown(works, above, strips, digests, texts, folder):
    """Adds a folder of strips beside the runs: the copy of a run's, strips of their own, or what is not the run's."""
    own = {(os.path.basename(path), files.digest(path)) for path in strips.values()}
    run = next((run for run, items in digests.items() if own <= set(items)), None)
    if run:
        work = next((work for work in works.values() if work.run == run), None)
        if work and not work.strips:
            work.take(strips)
        return
    alone = Work('')
    alone.take(strips)
    alone.listing = name = _name_of_strips(above, alone.kind)
    alone.text = texts.get(listings.CHAPTER[name].file if name in listings.CHAPTER else name + '.py')
    if os.path.lexists(os.path.join(os.path.dirname(above), records.RECORD)):
        alone.notes.append(('bad record',))
    work = works.get(name)
    if work is None:
        works[name] = alone
    elif work.run:
        work.likes.append(('strange strips', _within(above, folder)))
        if not work.strips:
            work.take(strips)
    else:
        work.notes.append(('more strips', _within(above, folder)))


def _name_of_strips(above, kind):
    """The listing of a folder of strips: NAME of runs/NAME/samples, otherwise the chapter's of that kind."""
    *_, grandparent, parent, name = '', '', *above.split(os.sep)
    return one_line(parent)[:LONGEST] if (grandparent, name) == ('runs', records.SAMPLES) else kind or name


def _within(path, folder):
    return os.path.relpath(path, folder).replace(os.sep, '/')


def _is_the_chapters(file, text):
    return any(file == listing.file and text == listings.read(os.path.join(listings.CHAPTER09, file))
               for listing in listings.CHAPTER.values())


def visible(images):
    """Whether images [10, 28, 28] show enough to be told from others: more than a blot, more than one shape."""
    return bool(np.isfinite(images).all() and images.std(axis=0).mean() > 0.05)
