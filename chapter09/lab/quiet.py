"""TensorFlow, imported without its chatter, and without others that it loads if it finds them.

TensorFlow logs while it is imported, before it has read any log level, and what it writes is C++'s. So the
first import of it, be it the page's own line, is done with stderr held back. Set TF_CPP_MIN_LOG_LEVEL (to 0,
say) to hear everything TensorFlow has to say.
"""

import contextlib
import importlib.abc
import importlib.machinery
import os
import sys
import tempfile

from lab import onednn
from lab.errors import NO_TEMPORARY_FILES, BadInput, reason

LOG_LEVEL = 'TF_CPP_MIN_LOG_LEVEL'
LEFT_OUT = {'tf_keras', 'jax'}  # 140 MB for the second, which tf.lite would convert models of


def watch():
    """Has the first import of TensorFlow from now on be a quiet one."""
    if LOG_LEVEL not in os.environ and 'tensorflow' not in sys.modules and _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)


class _Finder(importlib.abc.MetaPathFinder):
    """Finds TensorFlow where Python would, and has it executed quietly."""

    def __init__(self):
        self._executes = False

    def find_spec(self, name, path=None, target=None):
        wanted = name == 'tensorflow' or name in LEFT_OUT and self._executes
        spec = importlib.machinery.PathFinder.find_spec(name, path) if wanted else None
        if spec is None:
            return None
        if name in LEFT_OUT:
            spec.loader.exec_module = _leave_out
            return spec
        execute = spec.loader.exec_module

        def exec_module(module):
            self._executes = True
            _need_temporary_files()
            # TensorFlow 2 leaves Keras 3 out, and so starts sooner and takes less memory, if it is told that
            # an older Keras, a package of its own, is wanted, and does without that one if it cannot be imported.
            # Who asks for tf.keras later gets Keras 3 all the same.
            with _environment(TF_USE_LEGACY_KERAS='1', **onednn.variables(sys.argv)), hushed(), stderr_held_back():
                execute(module)
                import tensorflow.compat.v1 as tf
                onednn.is_on()  # which is settled with that
            sys.meta_path.remove(self)
            tf.logging.set_verbosity(tf.logging.ERROR)

        spec.loader.exec_module = exec_module
        return spec


def _leave_out(module):
    raise ImportError('left out')


_finder = _Finder()


def _need_temporary_files():
    """Raises BadInput if there is no place for them, as on a full disk, for TensorFlow would fail somewhere."""
    try:
        tempfile.gettempdir()
    except OSError as error:
        raise BadInput(NO_TEMPORARY_FILES % reason(error)) from None


def hushed():
    """A context in which TensorFlow logs nothing but what it dies of, unless the user wants it otherwise: its value.

    TensorFlow 2 reads its log level once, while it is loaded, and TensorFlow 1 each time that it logs.
    """
    return _environment(**{LOG_LEVEL: '3'})


@contextlib.contextmanager
def _environment(**variables):
    """Sets environment variables for the block, those that are not set already; its value is whether any was not."""
    added = {name: value for name, value in variables.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield bool(added)
    finally:
        for name in added:
            os.environ.pop(name, None)


@contextlib.contextmanager
def stderr_held_back():
    """Keeps what is written to stderr, even by C++, from showing, unless the block fails."""
    try:
        stderr = os.dup(2)
        held = tempfile.TemporaryFile()
    except OSError:  # no console at all, as under IDLE, or no place for temporary files
        yield
        return
    with held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        except KeyboardInterrupt:
            raise
        except BaseException:
            held.seek(0)
            os.write(stderr, held.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
