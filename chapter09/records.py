"""What a run leaves on the disk for others to find: its record, and whose the strips in a folder are."""

import contextlib
import glob
import json
import os
import re

from errors import BadInput

CHAPTER = ['batch_size', 'learning_rate', 'n_hidden', 'n_noise']  # the chapter's settings
FORMAT = 1  # of the run folder; to be raised when an older version could no longer read it
STRIP = re.compile(r'\d{3,}\.png')
OWNER = 'run.txt'  # in a folder of strips: folder and id of the run that draws there


def read(path):
    """The record of a run, run.json, with all that going on with the run takes.

    Raises BadInput if it cannot be read or is of another format.
    """
    try:
        with open(path) as file:
            record = json.load(file)
        kind = record['format']
        if kind == FORMAT:
            needed = [record[name] for name in ('id', 'identity', 'options', 'versions', 'strips', 'resumed')]
            needed += [record['options'][name] for name in ('epochs', 'data', 'samples', 'init', 'trace')]
            needed += [record['identity'][name] for name in ('listing', 'seed', 'data', *CHAPTER)]
            needed += [record['versions']['TensorFlow']]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput('%s cannot be read (%s): begin a new run, without --resume' % (path, error)) from None
    if kind != FORMAT:
        raise BadInput('%s is of format %s, and this version knows format %d: resume it with the version '
                       'that began it, or begin a new run without --resume' % (path, kind, FORMAT))
    return record


def owner(file):
    """The folder and the id of the run that an open OWNER file names; empty where it names none."""
    return (file.read().splitlines() + ['', ''])[:2]


def home(folder, name):
    """Where the run of that id is now: in the folder it was in, or moved to FOLDER.N; None if nowhere."""
    for path in [folder, *glob.glob(glob.escape(folder) + '.*')] if name else []:
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            with open(os.path.join(path, 'run.json')) as file:
                if json.load(file)['id'] == name:
                    return path
    return None
