"""The hand-ins of a lab: a folder or a zip for each student."""

import collections
import os
import re
import unicodedata

from lab.errors import one_line

# What is no hand-in by its name: what systems and spreadsheets leave in folders.
IGNORED = re.compile(r'\..*|~\$.*|thumbs\.db|desktop\.ini|__macosx', re.IGNORECASE)

Handin = collections.namedtuple('Handin', ['name', 'path'])


def found(folder):
    """The hand-ins of a folder, [Handin], by their students' names, each of which is there once."""
    handins, known = [], set()
    for entry in sorted(os.listdir(folder), key=spelled):
        if IGNORED.fullmatch(entry):
            continue
        path = os.path.join(folder, entry)
        is_zip = entry.lower().endswith('.zip') and not os.path.isdir(path)
        name = plain = one_line(spelled(entry[:-4] if is_zip else entry)) or '_'
        number = 1
        while name.lower() in known:  # a zip and its folder, or two names that Unicode spells in two ways
            number += 1
            name = '%s (%d)' % (plain, number)
        known.add(name.lower())
        handins.append(Handin(name, path))
    return handins


def spelled(name):
    """A file's name as it was meant: in composed letters, and of bytes that are no UTF-8, in cp949, Korean Windows'."""
    try:
        name.encode('utf-8')
    except UnicodeEncodeError:
        name = os.fsencode(name).decode('cp949', 'replace')
    return unicodedata.normalize('NFC', name)
