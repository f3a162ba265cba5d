"""The page's own way to save a strip, `plt.savefig('samples/{}.png'.format(…), bbox_inches='tight')`.

A listing that saves its strips so, and not by `run.save_strip`, has them known as its own all the same: a strip of
the epoch's name that appears during an epoch, in a folder that the listing's text names so.
"""

import os
import re
import shutil

from lab import files

SAVES = re.compile(r"""savefig\(\s*f?(['"])(.*?)\1""")


class Folders:
    """The folders, from the working directory, in which a listing's text saves figures."""

    def __init__(self, text):
        self._folders = {os.path.dirname(path) for _, path in SAVES.findall(text) if path.endswith('.png')}
        self._name = self._before = None

    def begin_epoch(self, epoch):
        self._name = str(epoch).zfill(3) + '.png'
        self._before = self._look()

    def take(self, target):
        """Copies a strip of this epoch's name that was written since it began to a folder.

        Returns its name in a list, which is empty if there is none.
        """
        for path, found in self._look().items():
            if found and found != self._before[path]:
                with files.whole(os.path.join(target, self._name)) as part:
                    shutil.copyfile(path, part)
                return [self._name]
        return []

    def _look(self):
        return {path: _stamp(path) for path in (os.path.join(folder, self._name) for folder in self._folders)}


def _stamp(path):
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
