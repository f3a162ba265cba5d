"""Files that are whole or not there, folders that one run at a time may use, and what may be read at all."""

import contextlib
import errno
import hashlib
import itertools
import os
import stat
import sys
import tempfile

from lab.errors import NO_ROOM, BadInput, one_line, reason

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None
    import msvcrt

NO_LOCKS = errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP  # a shared disk that knows none: nobody is kept out
NO_LINK = getattr(os, 'O_NOFOLLOW', 0)


def not_for_tensorflow(path):
    """Why TensorFlow cannot use a path, and what to do; None if it can."""
    with contextlib.suppress(UnicodeError):
        if os.fsencode(path) == path.encode('utf-8'):
            return None
    return ('%s is not in UTF-8, and TensorFlow takes no other names: choose another'
            if sys.getfilesystemencoding() == 'utf-8' else
            '%s is not in UTF-8 under this locale: set LC_ALL=C.UTF-8, or PYTHONUTF8=1') % ascii(path)


@contextlib.contextmanager
def refusals(path):
    """Makes of a system's refusal to write (an OSError in the block) a BadInput that names `path`."""
    try:
        yield
    except OSError as error:
        what = {errno.ENOENT: 'put its folder back, or ', errno.EFBIG: 'raise the limit (ulimit -f), or '}.get(
            error.errno, 'make room, or ' if error.errno in NO_ROOM else '')
        raise BadInput('%s cannot be written (%s): %sname another place' % (path, reason(error), what)) from None


@contextlib.contextmanager
def whole(path, tag=None):
    """Gives the name of an empty file to write, which becomes `path` in one step when the block has ended.

    Whatever happens before that, a full disk or the end of the process, `path` stays as it was; if it is a
    link, the file takes the link's place, and what it points to is left alone.

    tag  in the name of the file while it is written, PATH.TAG.part (of a long name its beginning), rather than
         random letters; a file of that name must be nobody else's, for it is removed

    Raises BadInput if the system refuses to write.
    """
    name = os.fsencode(os.path.basename(path))[:100].decode('utf-8', 'ignore')  # systems count bytes, up to 255
    with refusals(path):
        if tag:
            part = os.path.join(os.path.dirname(path), '%s.%s.part' % (name, tag))
            with contextlib.suppress(FileNotFoundError):
                os.remove(part)
            os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
        else:
            handle, part = tempfile.mkstemp('.part', name + '.', os.path.dirname(path) or '.')
            os.close(handle)
            os.chmod(part, 0o666 & ~_umask())
    try:
        with refusals(path):
            yield part
            sync(part)
            os.replace(part, path)
    finally:
        with contextlib.suppress(OSError):
            os.remove(part)


def lies_in(path, folder):
    """Whether a path is a folder or leads into it, whatever links there are on the way to either."""
    return (os.path.realpath(path) + os.sep).startswith(os.path.realpath(folder) + os.sep)


def free_name(path):
    """A name that nothing has: PATH.1, PATH.2, …"""
    return next(name for name in ('%s.%d' % (path, n) for n in itertools.count(1)) if not os.path.lexists(name))


def put_by(path):
    """Moves what is at a path to a free name, and returns that. Raises BadInput if the system refuses."""
    moved = free_name(path)
    with refusals(moved):
        os.rename(path, moved)
    return moved


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write(path, text, tag=None):
    """Writes a text file, whole or not at all."""
    with whole(path, tag) as part, open(part, 'w', encoding='utf-8') as file:
        file.write(text)


def sync(path):
    """Sees to it that a file, or a folder's list of names, would outlast a power cut."""
    if os.name == 'nt' and os.path.isdir(path):  # Windows does so by itself, and has no call for it
        return
    handle = os.open(path, os.O_RDWR if os.name == 'nt' else os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno != errno.EINVAL:  # some shared disks have no such thing, of a folder above all
            raise
    finally:
        os.close(handle)


def regular(path):
    """An open file, for reading its bytes. Raises OSError as `open` does, or if it is no regular file.

    A FIFO would keep who opens it waiting, and a device would never end.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, 'O_NONBLOCK', 0) | getattr(os, 'O_BINARY', 0))
    file = os.fdopen(handle, 'rb')
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        file.close()
        raise OSError('it is no regular file')
    return file


def read(path, most):
    """The bytes of a regular file.

    most  how many bytes it may have

    Raises OSError as `regular` does, or if it is larger.
    """
    with _of_at_most(path, most) as file:
        return file.read(os.fstat(file.fileno()).st_size)


def _of_at_most(path, most):
    file = regular(path)
    if os.fstat(file.fileno()).st_size > most:
        file.close()
        raise OSError('it is larger than %d bytes' % most)
    return file


def digest(path, most=2 ** 32):
    """The SHA-256 of a regular file of at most so many bytes, in hexadecimal. Raises OSError."""
    content = hashlib.sha256()
    with _of_at_most(path, most) as file:
        for piece in iter(lambda: file.read(2 ** 16), b''):
            content.update(piece)
    return content.hexdigest()


def lock(path, meaning):
    """Opens a file, made if need be, and holds it for this process alone; returns it.

    The system lets go of it when the file is closed or the process ends, however it ends.
    Raises BadInput, with `meaning` for what is in use, if another process holds it.
    """
    with refusals(path):
        if os.path.islink(path) or os.path.exists(path) and not os.path.isfile(path):
            raise BadInput('%s is no file: move it away' % path)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | NO_LINK, 0o666)
        file = os.fdopen(handle, 'r+')
    try:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    except (BlockingIOError, PermissionError):
        file.close()
        raise BadInput('%s is in use by another run: wait for its end, stop it (Ctrl-C), or name another'
                       % one_line(meaning)) from None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            file.close()
            raise
    if not _stands_at(file, path):  # it was removed while this process waited for it
        file.close()
        return lock(path, meaning)
    return file


def _stands_at(file, path):
    try:
        return os.path.samestat(os.stat(path), os.fstat(file.fileno()))
    except FileNotFoundError:
        return False
