"""What the tests share: real MNIST, in full and as a small slice that trains in a second."""

import ctypes
import gzip
import os
import subprocess
import sys

import lab  # first: it keeps TensorFlow quiet
import matplotlib
import numpy as np
import pytest
import tensorflow.compat.v1 as tf

import input_data
import judge

matplotlib.use('Agg')
tf.disable_v2_behavior()
DATA = os.path.join(lab.ROOT, 'mnist', 'data')
REFERENCE = os.path.join(lab.ROOT, 'reference')


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
    for name, n in zip(input_data.SHA256, (5600, 5600, 100, 100)):
        content = changed.get(name[:-3].replace('-', '_'), idx(read_bytes(name)[:n]))
        (folder / name).write_bytes(gzip.compress(content, 1))
    return str(folder)


@pytest.fixture(scope='session')
def small(tmp_path_factory):
    """A folder with a slice of MNIST that is six batches of 100 long."""
    return write_set(tmp_path_factory.mktemp('small'))


@pytest.fixture(autouse=True)
def fresh_graph():
    tf.reset_default_graph()
    tf.set_random_seed(7)


@pytest.fixture
def sess(gan):
    """A session with the variables of the test file's own fixture `gan`, initialised."""
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        yield sess


@pytest.fixture(scope='session')
def the_judge():
    """The judge, with all of MNIST."""
    return judge.Judge(input_data.read_data_sets(DATA, one_hot=True))


@pytest.fixture
def program(ends, tmp_path):
    """Runs a listing's main as `lab.program` does; returns (status, stdout's lines, stderr's lines)."""
    def run(main, *argv):
        return ends(main, *argv, *([] if '--run' in argv else ['--run', tmp_path / 'run']))
    return run


@pytest.fixture
def ends(capsys):
    """Runs any main as `lab.program` does; returns (status, stdout's lines, stderr's lines)."""
    def run(main, *argv):
        status = 0
        try:
            lab.program(lambda: main([str(word) for word in argv]))
        except SystemExit as end:
            status = end.code
        out, err = capsys.readouterr()
        return status, out.splitlines(), err.splitlines()
    return run


def run_script(name, *argv, **options):
    """Runs a script of chapter09 in a process of its own; `options` are subprocess.run's."""
    path = os.path.join(lab.ROOT, 'chapter09', name)
    return subprocess.run([sys.executable, path, *map(str, argv)], encoding='utf-8', capture_output=True,
                          timeout=300, **options)


def drop_roots_privilege():
    """For preexec_fn: permissions bind root too, as whom containers run."""
    if sys.platform == 'linux':
        for capability in 1, 2:  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)
