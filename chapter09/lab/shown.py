"""The folder in which the strips of the chapter's runs are shown: samples/ for §9.1, samples2/ for §9.2."""

import contextlib
import os
import re
import shutil

from lab import files, records, told
from lab.errors import BadInput

INDEX = '.strips'  # SHA-256 and name of each strip that a run has shown there, a line a strip; also its lock
LINES = re.compile(r'([0-9a-f]{64}  [0-9]{3,9}\.png\n)*[0-9a-f]{0,64} {0,2}[0-9]{0,9}[.png]{0,4}')  # the last cut short


class Shown:
    """A folder of copies of strips, into which one run at a time draws.

    Only what a run has shown there is a run's, which its content tells, not its name. All else is somebody's
    own, and is left alone.
    """

    def __init__(self, path):
        self.path, self._index, self._tag = os.path.realpath(path), None, None

    def check(self):
        """Raises BadInput if a strip stands there that no run has shown, or what is no index of ours."""
        if not LINES.fullmatch(self._read()):
            raise BadInput('%s is none of ours: move it away, or name another folder with --samples'
                           % os.path.join(self.path, INDEX))
        known = self._known()
        for name in sorted(self._names()):
            if not self._is_ours(name, known):
                raise BadInput('%s is no strip that a run has drawn there: move it away, or name another folder with '
                               '--samples' % os.path.join(self.path, name))

    def hold(self):
        """Takes the folder for this process if a run has drawn there. Raises BadInput if another has it."""
        if os.path.lexists(os.path.join(self.path, INDEX)):
            self._lock()

    def make(self, name):
        """Makes the folder if need be, and takes it for the run of this id. Raises BadInput if another has it."""
        self._tag = name[:8]
        with files.refusals(self.path):
            os.makedirs(self.path, exist_ok=True)
        self._lock()

    def _lock(self):
        self._index = self._index or files.lock(os.path.join(self.path, INDEX), self.path)

    def release(self):
        if self._index:
            with contextlib.suppress(OSError):  # what could not be written has been told
                self._index.close()
        self._index = None

    def clear(self, kept, place):
        """Takes away the strips of earlier runs.

        kept   (name, SHA-256) of strips that runs keep in their folders
        place  called for the folder to which the others are to move
        """
        target = None
        for name in sorted(self._names()):
            path = os.path.join(self.path, name)
            with files.refusals(path):
                if (name, files.digest(path)) not in kept:
                    target = target or os.path.join(place(), records.SAMPLES)
                    os.makedirs(target, exist_ok=True)
                    shutil.copyfile(path, os.path.join(target, name))
                os.remove(path)
        if target:
            told.say('strips moved', self.path, target)
        with files.refusals(self.path):
            self._index.seek(0)
            self._index.truncate()

    def show(self, strip):
        """Copies a strip, named by its path, to be looked at here, in a folder made anew if it has been removed."""
        if os.path.realpath(self.path) != self.path:  # a link has taken its place
            told.say('strip stays', self.path, strip)
            return
        if not os.path.lexists(os.path.join(self.path, INDEX)):
            self.release()
            self.make(self._tag)
        name = os.path.basename(strip)
        target = os.path.join(self.path, name)
        if os.path.lexists(target) and not self._is_ours(name, self._known()):
            told.say('strip stays', target, strip)
            return
        try:
            digest = files.digest(strip, records.LARGEST_STRIP)
        except OSError as error:
            raise records.closed(strip, error) from None
        with files.refusals(self.path):
            self._index.seek(0, os.SEEK_END)
            self._index.write('%s  %s\n' % (digest, name))
            self._index.flush()
        with files.whole(target, self._tag) as part:  # by its name it is known again, should it stay half written
            shutil.copyfile(strip, part)

    def _names(self):
        return [name for name in records.names(self.path) if records.STRIP.fullmatch(name)]

    def _known(self):
        return {(name, digest) for digest, _, name in (line.partition('  ') for line in self._read().split('\n'))}

    def _read(self):
        with contextlib.suppress(OSError):
            return files.read(os.path.join(self.path, INDEX), 2 ** 24).decode('utf-8', 'replace')
        return ''

    def _is_ours(self, name, known):
        path = os.path.join(self.path, name)
        with contextlib.suppress(OSError):
            return not os.path.islink(path) and (name, files.digest(path, records.LARGEST_STRIP)) in known
        return False
