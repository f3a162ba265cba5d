"""Files that are whole or not there, and folders that one run at a time may use."""

import contextlib
import hashlib
import os

from errors import BadInput

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt


@contextlib.contextmanager
def refusals(path):
    """Makes of a system's refusal to write (an OSError in the block) a BadInput that names `path`."""
    try:
        yield
    except OSError as error:
        raise BadInput('%s cannot be written (%s): make room, or name another place'
                       % (path, error.strerror or error)) from None


@contextlib.contextmanager
def whole(path):
    """Gives the name of a file to write, which becomes `path` in one step when the block has ended.

    Whatever happens before that, a full disk or the end of the process, `path` stays as it was.
    Raises BadInput if the system refuses to write.
    """
    part = path + '.part'
    try:
        with refusals(path):
            yield part
            sync(part)
            os.replace(part, path)
    finally:
        with contextlib.suppress(OSError):
            os.remove(part)


def sync(path):
    """Sees to it that a file, or a folder's list of names, would outlast a power cut."""
    if os.name == 'nt' and os.path.isdir(path):  # Windows does so by itself, and has no call for it
        return
    handle = os.open(path, os.O_RDWR if os.name == 'nt' else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def digest(path):
    """The SHA-256 of a file's content, in hexadecimal."""
    content = hashlib.sha256()
    with open(path, 'rb') as file:
        for piece in iter(lambda: file.read(2 ** 16), b''):
            content.update(piece)
    return content.hexdigest()


def lock(path, meaning):
    """Opens a file, made if need be, and holds it for this process alone; returns it.

    The system lets go of it when the file is closed or the process ends, however it ends.
    Raises BadInput, with `meaning` for what is in use, if another process holds it.
    """
    with refusals(path):
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        file = os.fdopen(handle, 'r+', encoding='utf-8', errors='surrogateescape')
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except (BlockingIOError, PermissionError):
        file.close()
        raise BadInput('%s is in use by another run: wait for its end, or name another' % meaning) from None
    return file
