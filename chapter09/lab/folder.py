"""The folder of a run while it is being trained in."""

import contextlib
import os

from lab import files, listings, records, told
from lab.errors import BadInput
from lab.shown import Shown


class Folder:
    """A run's folder, which one process at a time uses.

    path   the folder; a link to one is followed once, here
    shown  the folder in which its strips are shown as well, samples/ for §9.1; None if nowhere
    trace  the file of its trace, which is its alone as well; None if there is none
    """

    def __init__(self, path, shown, trace=None):
        self.path = os.path.realpath(path)
        # In the run's own folder they are anyway.
        self.shown = Shown(shown) if shown and os.path.realpath(shown) != self.of(records.SAMPLES) else None
        self._trace, self._lock_of_trace = trace, None
        self._lock, self._was_there, self._made = None, True, []
        if self.shown and files.lies_in(self.shown.path, self.path):
            raise BadInput('--samples %s lies in --run %s, which keeps the strips anyway: leave it out'
                           % (self.shown.path, self.path))

    def of(self, *names):
        return os.path.join(self.path, *names)

    def lock(self):
        """Takes the folder, that of its strips and the trace for this process. Raises BadInput if another has one."""
        if not self._lock:
            above = os.path.dirname(self.path)
            while not os.path.lexists(above):
                self._made.append(above)
                above = os.path.dirname(above)
            with files.refusals(self.path):
                os.makedirs(os.path.dirname(self.path), exist_ok=True)
            self._was_there = os.path.lexists(self.path + '.lock')
            self._lock = files.lock(self.path + '.lock', self.path)
            if self.shown:
                self.shown.hold()
            if self._trace:
                self._lock_of_trace = files.lock(self._trace + '.lock', self._trace)

    def release(self):
        if self._lock:
            if not (self._was_there or os.path.lexists(self.path)):  # a run that was refused leaves nothing
                with contextlib.suppress(OSError):  # another's are not empty
                    os.remove(self.path + '.lock')
                    for folder in self._made:
                        os.rmdir(folder)
            self._lock.close()
        self._lock = None
        if self.shown:
            self.shown.release()
        if self._lock_of_trace:
            with contextlib.suppress(OSError):
                if not os.path.getsize(self._trace + '.lock'):  # or it is somebody's own
                    os.remove(self._trace + '.lock')
            self._lock_of_trace.close()
        self._lock_of_trace = None

    def check(self, resumed):
        """Raises BadInput if something stands in the way, before anything is written."""
        for option, path in ('--run', self.path), ('--samples', self.shown and self.shown.path):
            above = path and (path if option == '--samples' and records.is_run(path) else _kept_above(path))
            if above:
                raise BadInput('%s %s lies in %s, which keeps nothing of others: name another folder'
                               % (option, path, above))
        if os.path.lexists(self.path) and not os.path.isdir(self.path):
            raise BadInput('--run %s is a file: name a folder' % self.path)
        names = records.names(self.path)
        # A run that was killed before its record was written leaves an empty folder for its strips.
        others = [name for name in sorted(names) if not records.PART.fullmatch(name)
                  and not (name == records.SAMPLES and os.path.isdir(self.of(name))
                           and not records.names(self.of(name)))]
        # A run's record may be damaged, or of another version: the losses that are written with it tell whose it is.
        if others and not (records.RECORD in names and (records.LOSSES in names or _is_read(self.path))):
            raise BadInput('--run %s holds %s, but no run: name another folder' % (self.path, others[0]))
        for name in (records.LISTING, records.LOSSES, records.FILM, records.NOISE) if resumed else ():
            if os.path.lexists(self.of(name)) and not os.path.isfile(self.of(name)):
                raise BadInput('%s is no file: move it away' % self.of(name))
        for name in (records.SAMPLES, records.CHECKPOINTS) if resumed else ():
            if os.path.lexists(self.of(name)) and not os.path.isdir(self.of(name)):
                raise BadInput('%s is no folder: move it away' % self.of(name))
        kept = [os.path.join(records.SAMPLES, name) for name in records.names(self.of(records.SAMPLES))]
        for name in names + kept if resumed else []:
            if os.path.islink(self.of(name)):
                raise BadInput('%s is a link, and a run writes through none: put in its place what it points to'
                               % self.of(name))
        if self.shown:
            self.shown.check()

    def begin(self, record, name):
        """Makes the folders ready, a new run's anew: an earlier run moves to a free name, FOLDER.1, FOLDER.2, …

        record  of the run that is resumed, or None
        name    the run's id
        """
        if self.shown:
            self.shown.make(name)
        with files.refusals(self.path):
            if not record and records.is_run(self.path):
                told.say('moved', self.path, files.put_by(self.path))
            os.makedirs(self.of(records.SAMPLES), exist_ok=True)
            for folder in self.path, self.of(records.SAMPLES):  # what a killed process left half written
                for path in (os.path.join(folder, name) for name in os.listdir(folder)):
                    if records.PART.fullmatch(os.path.basename(path)) and not os.path.isdir(path):
                        os.remove(path)
        if self.shown:
            self.shown.clear(self._kept(), lambda: files.free_name(self.path))
            for name in sorted(record['strips'] if record else ()):
                if os.path.isfile(self.of(records.SAMPLES, name)):
                    self.show(name)

    def show(self, name):
        """Shows a strip of the run where its strips are shown, if they are."""
        if self.shown:
            self.shown.show(self.of(records.SAMPLES, name))

    def _kept(self):
        """(name, SHA-256) of the strips in the folders of this run and of its neighbours, as far as can be seen."""
        found, near, above = set(), {self.path}, os.path.dirname(self.path)
        with contextlib.suppress(BadInput):
            near.update(os.path.join(above, name) for name in records.names(above))
        for run in filter(records.is_run, near):
            with contextlib.suppress(BadInput):
                for path in records.strips(os.path.join(run, records.SAMPLES)).values():
                    with contextlib.suppress(OSError):
                        found.add((os.path.basename(path), files.digest(path, records.LARGEST_STRIP)))
        return found


def _is_read(path):
    with contextlib.suppress(BadInput):
        return bool(records.read(path))


def _kept_above(path):
    """The run's folder that a path lies in, or reference/; None if it lies in neither."""
    reference = os.path.join(listings.ROOT, 'reference')
    return records.run_above(path) or (reference if path.startswith(reference + os.sep) else None)
