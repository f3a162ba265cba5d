"""Copies of a hand-in, a folder or a zip, what a grader reads, and nothing else.

A hand-in is foreign: its zip may be cut short, locked, or made to fill a disk, its names may lead out of it. So
every size, number and name in it is looked at before anything is written, and its links are not followed.
"""

import collections
import itertools
import os
import re
import stat
import struct
import unicodedata
import zipfile

from lab import checkpoints, files, listings, records
from lab.errors import one_line
from tools.handins import spelled
from tools.results import PICTURE

# Folders of a whole clone, or of a system, that hold nobody's work.
PRUNED = {'.venv', 'venv', '.git', 'mnist', 'reference', 'docs', 'bench', 'tests', 'node_modules', 'site-packages',
          '__pycache__', '__macosx'}
# What is copied, and how many bytes it may have: an honest one has a tenth of that at most.
MODEL_FILES = '|'.join(map(re.escape, checkpoints.FILES))
MOST = [(re.compile(pattern, re.IGNORECASE), most) for pattern, most in [
    (re.escape(records.RECORD), 2 ** 20), (re.escape(records.LOSSES), 2 ** 22), (re.escape(records.FILM), 2 ** 26),
    (PICTURE.pattern, 2 ** 23), (r'.*\.py', 2 ** 18), (re.escape(checkpoints.STATE), 2 ** 24),
    (re.escape(checkpoints.DIGESTS), 2 ** 16), (MODEL_FILES, 2 ** 26), (r'.*\.zip', 2 ** 28)]]
ENTRIES = 20000  # names in a hand-in
DEPTH = 12  # folders within each other
ZIPS = 3  # zips within each other
UNPACKED = 2 ** 29  # bytes of all that is copied
CONTENTS = 2 ** 22  # bytes of a zip's table of contents, which has some 80 for each name
PIECE = 2 ** 20
LONGEST = 60  # letters of a name as it is copied


class Refused(Exception):
    """A hand-in that cannot be looked at. Its `said` is what `sayings.tell` takes: why, and what it takes to say so."""

    def __init__(self, *said):
        super().__init__(*said)
        self.said = said


def copy(path, target):
    """Copies of a hand-in, a folder or a zip, what a grader reads to the folder `target`; returns notes on the rest.

    Raises Refused.
    """
    try:
        if os.path.islink(path):
            raise Refused('link')
        copied = _Copied(target)
        if os.path.isdir(path):
            _add_folder(copied, path)
        elif path.lower().endswith('.zip'):
            _add_zip(copied, path, (), 1)
        else:
            raise Refused('neither')
        copied.add_inner_zips()
        return copied.notes()
    except OSError as error:
        raise Refused('unreadable', error.strerror or str(error)) from None


class _Copied:
    """What has been copied of a hand-in, and how much more may be."""

    def __init__(self, target):
        self._target, self._entries, self._bytes = target, 0, 0
        self._passed_over = collections.defaultdict(list)  # why: names
        self._zips = collections.deque()  # (path of its copy, names, depth) of those within the hand-in

    def notes(self):
        for why, names in self._passed_over.items():
            yield (why, len(names), ', '.join(names[:3]) + ', …' * (len(names) > 3))

    def count(self):
        self._entries += 1
        if self._entries > ENTRIES:
            raise Refused('too many', ENTRIES)

    def is_wanted(self, names, is_folder):
        """Whether the file or folder that these names lead to is to be looked at."""
        folders = names if is_folder else names[:-1]
        if any(name.lower() in PRUNED for name in folders):
            return False
        if len(folders) > DEPTH:
            self.pass_over('deep', names)
            return False
        return is_folder or _most(names[-1]) is not None

    def pass_over(self, why, names):
        self._passed_over[why].append(one_line('/'.join(map(spelled, names)))[-LONGEST:])

    def add(self, names, size, opened, depth):
        """Copies an open file of so many bytes, of which there may be fewer; depth, the number of zips around it."""
        if size > _most(names[-1]):
            self.pass_over('large', names)
            return
        self._bytes += size
        if self._bytes > UNPACKED:
            raise Refused('too much', UNPACKED // 2 ** 20)
        path = os.path.join(self._target, *map(_safe, names))
        try:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            file = open(path, 'xb')
        except (FileExistsError, NotADirectoryError):
            raise Refused('twice', one_line('/'.join(names))[-LONGEST:]) from None
        try:
            with file:
                for piece in iter(lambda: opened.read(min(PIECE, size - file.tell())), b''):
                    file.write(piece)
        except BaseException:
            os.remove(path)
            raise
        if names[-1].lower().endswith('.zip'):
            self._zips.append((path, names, depth + 1))

    def add_inner_zips(self):
        """Adds what the zips within the hand-in hold, unless it is there unpacked, and removes their copies."""
        while self._zips:
            path, names, depth = self._zips.popleft()
            try:
                if depth > ZIPS:
                    raise Refused('nested')
                _add_zip(self, path, (*names[:-1], names[-1][:-4]), depth)
            except Refused as refused:
                if refused.said[0] in ('too much', 'too many', 'climbs'):
                    raise
                self.pass_over('zips', names)
            finally:
                os.remove(path)


def _add_folder(copied, folder):
    waiting = [(folder, ())]
    while waiting:
        above, names = waiting.pop()
        try:
            with os.scandir(above) as listed:
                entries = sorted(itertools.islice(listed, ENTRIES + 1), key=lambda entry: entry.name)
        except OSError:
            copied.pass_over('closed', names)
            continue
        for entry in entries:
            copied.count()
            if entry.is_symlink() and entry.name.lower() not in PRUNED:
                copied.pass_over('links', (*names, entry.name))
            elif entry.is_dir(follow_symlinks=False):
                if copied.is_wanted((*names, entry.name), True):
                    waiting.append((entry.path, (*names, entry.name)))
            elif copied.is_wanted((*names, entry.name), False):
                _add_entry(copied, entry, (*names, entry.name))


def _add_entry(copied, entry, names):
    if not entry.is_file(follow_symlinks=False):
        copied.pass_over('devices', names)
    else:
        try:
            opened = files.regular(entry.path)
        except OSError:
            copied.pass_over('closed', names)
            return
        with opened:
            copied.add(names, os.fstat(opened.fileno()).st_size, opened, 0)


def _add_zip(copied, path, above, depth):
    """Adds what a zip holds, as if it stood in the folder that the names `above` lead to."""
    with files.regular(path) as opened:
        _check_contents(opened)
        try:
            packed = zipfile.ZipFile(opened)
        except Exception:  # nothing but foreign bytes is being parsed, and they may be anything
            raise Refused('no zip') from None
        with packed:
            for member in packed.infolist():
                copied.count()
                _add_member(copied, packed, member, above, depth)


def _add_member(copied, packed, member, above, depth):
    name = name_of(member)
    names = [part for part in name.split('/') if part not in ('', '.')]
    if '..' in names or name.startswith('/') or re.match('[A-Za-z]:', name) or '\0' in name:
        raise Refused('climbs', one_line(name)[:LONGEST])
    inside, mode = (*above, *names), member.external_attr >> 16
    is_link = stat.S_ISLNK(mode)  # of a folder too, whose name does not tell
    if not names or not copied.is_wanted(inside, is_link or name.endswith('/')) or name.endswith('/'):
        return
    if is_link:
        copied.pass_over('links', inside)
    elif stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        copied.pass_over('devices', inside)
    elif member.flag_bits & 1:
        raise Refused('encrypted')
    elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        copied.pass_over('methods', inside)
    else:
        try:
            with packed.open(member) as opened:
                copied.add(inside, member.file_size, opened, depth)
        except (Refused, OSError):  # the latter of the disk that is written to
            raise
        except Exception:  # nothing but foreign bytes is being parsed
            copied.pass_over('damaged', inside)


def _most(name):
    """How many bytes a file of that name may have; None if it is none that is read."""
    return next((most for pattern, most in MOST if pattern.fullmatch(name)), None)


def _safe(name):
    """A name that every system takes, and that its letters still tell; no two of a lab's own become alike."""
    name = re.sub(r'[<>:"|?*\\/]', '_', one_line(spelled(name))).rstrip('. ')
    return (name if len(name) <= LONGEST else name[:LONGEST // 2] + '~' + name[-LONGEST // 2:]) or '_'


def name_of(member):
    """The name of a zip's member, with / between its parts, whichever system and language it was packed in.

    What has no flag that says UTF-8 is cp437 by the format (APPNOTE.TXT, D.1), and was read so; but macOS writes UTF-8
    there, and Korean Windows cp949.
    """
    name = member.orig_filename
    if not member.flag_bits & 0x800:
        try:
            raw = name.encode('cp437')
        except UnicodeEncodeError:  # of an extra field that gave the name in Unicode
            raw = member.filename.encode('utf-8', 'replace')
        for encoding in 'utf-8', 'cp949':
            try:
                name = raw.decode(encoding)
                break
            except UnicodeDecodeError:
                pass
    return unicodedata.normalize('NFC', name).replace('\\', '/')


def _check_contents(opened):
    """Raises Refused if a zip's table of contents is missing, or larger than a lab's can be; leaves it rewound.

    `zipfile` reads as much of it at once as the end of the file says that there is: APPNOTE.TXT, 4.3.16.
    """
    size = opened.seek(0, os.SEEK_END)
    if not size:
        raise Refused('empty')
    opened.seek(max(0, size - 2 ** 16 - 22))
    end = opened.read()
    at = end.rfind(b'PK\5\6')
    if at < 0 or len(end) < at + 22:
        raise Refused('no zip')
    count, _, table = struct.unpack('<HHL', end[at + 8:at + 16])
    # A ZIP64 record before the end, which would go before these numbers, is for what is larger still.
    if table > CONTENTS or b'PK\6\7' in end[max(0, at - 20):at]:
        raise Refused('too many', ENTRIES)
    opened.seek(0)


def listing_files(folder):
    """The listings in a folder that has been copied, and below it, but for those of runs: {name: text}."""
    found = {}
    for above, inside, names in os.walk(folder):
        inside.sort()
        for name in sorted(names):
            if name.endswith('.py') and name != records.LISTING:
                try:
                    text = listings.read(os.path.join(above, name))
                except ValueError:
                    continue
                if re.search(r'(?m)^\w+\s*=\s*(\w+\.)?Run\(\s*globals\(\)', text):
                    found.setdefault(name, text)
    return found
