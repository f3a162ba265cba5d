"""What the tests share: real MNIST, in full and as a small slice that trains in a second.

Nothing here imports TensorFlow, so that tests which need none do not wait for it.
"""

import ctypes
import gzip
import os
import signal
import sys

import chromium
import numpy as np
import pytest

from lab import listings

# A shell has what it starts by `… &` ignore Ctrl-C, and so would all do that the tests start and interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGQUIT) is signal.SIG_IGN:
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)

# What the tests look for is in English, whoever starts them.
for variable in 'LANGUAGE', 'LC_ALL', 'LC_MESSAGES':
    os.environ.pop(variable, None)
os.environ['LANG'] = 'C.UTF-8'

DATA = os.path.join(listings.ROOT, 'mnist', 'data')
REFERENCE = os.path.join(listings.ROOT, 'reference')
FILES = ['train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz',
         't10k-images-idx3-ubyte.gz', 't10k-labels-idx1-ubyte.gz']


def pytest_addoption(parser):
    parser.addoption('--need-chromium', action='store_true', help='fail where there is no Chromium to try the page in')


def pytest_terminal_summary(terminalreporter, config):
    if chromium.find() is None and not config.option.need_chromium:
        terminalreporter.write_line('the page in the browser was not tried: there is no Chromium here '
                                    '(Debian: apt-get install chromium)')


@pytest.fixture(scope='module')
def browser(request):
    """A headless Chromium."""
    path = chromium.find()
    if path is None and not request.config.option.need_chromium:
        pytest.skip('there is no Chromium')
    assert path, 'there is no Chromium: apt-get install chromium'
    opened = chromium.Browser(path)
    yield opened
    opened.close()


def read_bytes(name):
    """The contents of one of MNIST's files as uint8 [n, 28, 28] or [n], without the reader."""
    with gzip.open(os.path.join(DATA, name), 'rb') as file:
        content = file.read()
    if 'images' in name:
        return np.frombuffer(content, np.uint8, offset=16).reshape(-1, 28, 28)
    return np.frombuffer(content, np.uint8, offset=8)


def idx(array):
    """An array of bytes as the contents of an IDX file."""
    magic = 2051 if array.ndim == 3 else 2049
    return np.array([magic, *array.shape], '>u4').tobytes() + array.tobytes()


def write_set(folder, **changed):
    """Writes a slice of MNIST: 5,600 training images, so 600 after validation's 5,000, and 100 test images.

    changed  replacements, as {name up to the first dot, with underscores: contents before gzip}
    """
    for name, n in zip(FILES, (5600, 5600, 100, 100)):
        content = changed.get(name[:-3].replace('-', '_'), idx(read_bytes(name)[:n]))
        (folder / name).write_bytes(gzip.compress(content, 1))
    return str(folder)


@pytest.fixture(scope='session')
def small(tmp_path_factory):
    """A folder with a slice of MNIST that is six batches of 100 long."""
    return write_set(tmp_path_factory.mktemp('small'))


@pytest.fixture
def fresh_graph():
    """TensorFlow 1's default graph, empty, with seed 7."""
    import tensorflow.compat.v1 as tf
    tf.disable_v2_behavior()
    tf.reset_default_graph()
    tf.set_random_seed(7)
    return tf


@pytest.fixture(scope='session')
def the_judge():
    """The judge, with all of MNIST."""
    import input_data
    from tools import judge

    class Remembering(judge.Judge):
        """Does not search all of MNIST anew for the images that test after test compares with."""

        def nearest(self, images):
            key = images.tobytes()
            if key not in known:
                known[key] = super().nearest(images)
            return known[key]

    known = {}
    return Remembering(input_data.read_data_sets(DATA, one_hot=True))


def snapshot(folder):
    """{path: content} of all files below a folder; of a link, where it leads to."""
    found = {}
    for above, _, names in os.walk(str(folder)):
        for path in (os.path.join(above, name) for name in names):
            if os.path.islink(path):
                found[path] = os.readlink(path)
            elif os.path.isfile(path):
                with open(path, 'rb') as file:
                    found[path] = file.read()
    return found


def drop_roots_privilege():
    """Permissions bind this process from now on, even if it is root's, as containers' are."""
    if sys.platform == 'linux':
        libc = ctypes.CDLL(None)
        header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
        libc.capget(header, sets)
        for capability in 1, 2:  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            sets[0] &= ~(1 << capability)  # what is in effect
            sets[1] &= ~(1 << capability)  # what is permitted
        libc.capset(header, sets)
