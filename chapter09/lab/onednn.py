"""Whether TensorFlow multiplies matrices by oneDNN. It decides so while it is imported, for all of a process."""

import os

from lab import listings, machine, records
from lab.errors import BadInput

VARIABLE = 'TF_ENABLE_ONEDNN_OPTS'  # TensorFlow's own, which the user's value of goes before all that is said here


def variables(words):
    """{name: value} of the environment that TensorFlow is to be imported in, by a program with such a command line.

    A run that is resumed goes on as it was begun. Any other has oneDNN where it is faster: on all x86 processors
    with AVX2, of which TensorFlow leaves those without VNNI to kernels that were compiled for older ones.
    """
    begun = _record(words)
    if begun is not None:
        return {VARIABLE: str(int(begun['machine']['oneDNN'] == 'on'))} if 'oneDNN' in begun['machine'] else {}
    return {VARIABLE: '1'} if 'avx2' in machine.flags() else {}


def is_on():
    """Whether it does; to be asked when TensorFlow has been imported."""
    try:
        from tensorflow.python.util import _pywrap_util_port
    except ImportError:
        return False
    return _pywrap_util_port.IsMklEnabled()


def state():
    """The same, as a run's record has it."""
    return 'on' if is_on() else 'off'


def _record(words):
    """The record of the run that a listing's command line resumes, or None; what is wrong with it is said later."""
    if '--resume' not in words[1:]:
        return None
    folder = os.path.join(listings.ROOT, 'runs', listings.find(words[0]).name)
    for word, following in zip(words, [*words[1:], '']):
        if word == '--run' or word.startswith('--run='):
            folder = word[len('--run='):] or following
    try:
        return records.read(folder)
    except BadInput:
        return None
