"""A run's folder, as others find it.

It is complete, and may be moved, renamed, copied and sent to others. It holds
    run.json      what the run is; it describes, and names nothing outside of the folder
    listing.py    the listing as it was run
    losses.csv    epoch, D loss, G loss, seconds
    film.bin      of each epoch twenty digits of fixed noise, and D_mean (`lab.frames`)
    noise.npz     noise of the listing's get_noise, where that is neither of the chapter's (`lab.noise`)
    samples/      the strips
    checkpoints/  the newest two (`lab.checkpoints`)
"""

import contextlib
import json
import os
import re

from lab import files, listings
from lab.errors import BadInput, reason

FORMAT = 2  # of the run's folder; to be raised when an older version could no longer read it
RECORD, LISTING, LOSSES, FILM, NOISE, SAMPLES, CHECKPOINTS = (
    'run.json', 'listing.py', 'losses.csv', 'film.bin', 'noise.npz', 'samples', 'checkpoints')
FILES = RECORD, LISTING, LOSSES, FILM, NOISE
ID = re.compile(r'[A-Za-z0-9-]{1,64}')
STRIP = re.compile(r'[0-9]{3,9}\.png')
PART = re.compile(r'(%s|%s)\.\w+\.part' % (  # what is being written, or was when its process was killed
    STRIP.pattern, '|'.join(map(re.escape, FILES))))
LARGEST = 2 ** 24  # bytes of a record
LARGEST_STRIP = 2 ** 26  # bytes of a strip
FLOAT32 = 3.4028235e38  # the largest
HEADER = 'epoch,D loss,G loss,seconds\n'

# What a record holds, and of which type; a list of types is of what each of its items may be.
NUMBER = (int, float)
KINDS = {
    'id': str, 'state': str, 'listing': str, 'title': str, 'started': str, 'seed': int, 'epochs': int,
    'numbers': {str: NUMBER}, 'given': [str], 'data': (str, type(None)), 'init': (str, type(None)),
    'versions': {str: str}, 'machine': {str: (str, int)}, 'strips': {str: str}, 'notes': [str],
    'noise': (dict, type(None)), 'feeds': {str: NUMBER + (bool,)}, 'resumed': [dict],
    'lost': (int, type(None))}


def is_run(folder):
    """Whether a folder is that of a run, whatever its record may be worth."""
    return os.path.lexists(os.path.join(folder, RECORD))


def need_run(folder, other='another --run (make: LISTING=…)'):
    """Raises BadInput, which says what to do, unless a folder is that of a run; `other` is what else can be named."""
    if not is_run(folder):
        raise BadInput('%s holds no run: train first (%s), or name %s' % (folder, listings.trained_by(folder), other))


def run_above(path):
    """The nearest run's folder that a path, without links, lies in; None if it lies in none."""
    while path != os.path.dirname(path):
        path = os.path.dirname(path)
        if is_run(path):
            return path
    return None


def read(folder):
    """The record of a run's folder, with all that its readers take, each of its type.

    Raises BadInput if it cannot be read, holds something else, or is of another format.
    """
    path = os.path.join(folder, RECORD)
    try:
        record = json.loads(files.read(path, LARGEST).decode('utf-8'))
        if not isinstance(record, dict) or 'format' not in record:
            raise ValueError('it has no format')
        form = record['format']
        wrong = [name for name, kind in KINDS.items() if not _is(record.get(name), kind)] if form == FORMAT else []
    except RecursionError:
        raise _unreadable(path, 'it is nested too deeply') from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, reason(error)) from None
    if form != FORMAT:
        raise BadInput('%s is of format %.20r, and this version knows format %d: use it with the version that made '
                       'it, or begin a new run' % (path, form, FORMAT))
    if not wrong and not all(_is(entry.get('after_epoch'), int) and _is(entry.get('changed', []), [str])
                             for entry in record['resumed']):
        wrong = ['resumed']
    if wrong:
        raise _unreadable(path, 'its %s is missing or of another kind' % wrong[0])
    if not all(STRIP.fullmatch(name) for name in record['strips']):
        raise _unreadable(path, 'it names strips that are none')
    return dict(dict.fromkeys(KINDS), **record)  # what may be None may be left out


def made_way(folder):
    """NAME, of a run in a folder NAME.1, NAME.2, … that made way for a newer one; '' of any other."""
    name = os.path.basename(folder)
    found = re.fullmatch(r'(.*)\.[0-9]+', name)
    if not found:
        return ''
    try:
        return found.group(1) if read(folder)['listing'] != name else ''  # a listing may be called my_gan_v1.2
    except BadInput:
        return found.group(1)


def resumable(folder):
    """As `read`, of a run that is to go on: raises BadInput as well if it says what no run of ours could."""
    record, path = read(folder), os.path.join(folder, RECORD)
    if not ID.fullmatch(record['id']) or not 0 <= record['seed'] < 2 ** 32:
        raise _unreadable(path, 'its id or seed is none')
    try:
        json.dumps(record, ensure_ascii=False).encode('utf-8')
    except UnicodeEncodeError:  # JSON can name halves of letters
        raise _unreadable(path, 'it holds what is no text') from None
    return record


def _unreadable(path, why):
    return BadInput('%s cannot be read (%s): name another run, or begin a new one' % (path, why))


def _is(value, kind):
    if isinstance(kind, list):
        return isinstance(value, list) and all(_is(item, kind[0]) for item in value)
    if isinstance(kind, dict):
        (of_value,) = kind.values()
        return isinstance(value, dict) and all(_is(item, of_value) for item in value.values())
    kinds = kind if isinstance(kind, tuple) else (kind,)
    return isinstance(value, kinds) and (not isinstance(value, bool) or bool in kinds)  # a bool is an int


def begun(record):
    """How a run began, {name: text}: what each checkpoint keeps too, so that a record that was altered can be told."""
    told = {'id': record['id'], 'started': record['started'], 'seed': record['seed'],
            'processor': record['machine'].get('processor', ''), **record['versions']}
    return {name: str(value) for name, value in told.items()}


def write(folder, record):
    files.write(os.path.join(folder, RECORD), json.dumps(record, indent=1, ensure_ascii=False) + '\n')


def losses(folder):
    """The losses of a run: rows of (epoch, D loss, G loss, seconds), at least one.

    Raises BadInput, which says what to do, if there are none or they cannot be read. A last row that was cut
    by a crash is passed over.
    """
    path = os.path.join(folder, LOSSES)
    try:
        header, *lines = files.read(path, 2 ** 26).decode('ascii').splitlines(keepends=True) or ['']
        if header != HEADER:
            raise ValueError('it does not begin with %s' % HEADER.strip())
        if lines and not lines[-1].endswith('\n'):
            lines.pop()
        rows = list(map(_row, lines))
    except FileNotFoundError:
        raise BadInput('%s is missing: --resume the run, which writes it anew' % path) from None
    except (OSError, ValueError) as error:
        raise BadInput('%s cannot be read (%s): --resume the run, which writes it anew'
                       % (path, reason(error))) from None
    if not rows:
        raise BadInput('%s holds no epoch: wait for it, or, if the run broke off, run the listing again' % path)
    return rows


def _row(line):
    epoch, *numbers = line.split(',')
    with contextlib.suppress(ValueError):
        loss_D, loss_G, seconds = map(float, numbers)
        if re.fullmatch('[0-9]{1,9}', epoch) and not max(map(abs, (loss_D, loss_G, seconds))) > FLOAT32:
            return int(epoch), loss_D, loss_G, seconds
    raise ValueError('it has a row %.60s' % line.strip())


def names(folder):
    """What there is in a folder, by its name; nothing if there is none. Raises BadInput if it cannot be listed."""
    try:
        return os.listdir(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise closed(folder, error) from None


def closed(path, error):
    """The BadInput of what a run keeps and the system does not let be read."""
    return BadInput('%s cannot be read (%s): let it be read, or name another place' % (path, reason(error)))


def strips(folder):
    """The strips in a folder: {epoch: path}, of the names that runs give them, whatever they are."""
    return {int(name[:-4]): os.path.join(folder, name) for name in sorted(names(folder)) if STRIP.fullmatch(name)}
