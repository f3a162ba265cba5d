"""The machine that a run is on, and how many of its threads TensorFlow is to use."""

import contextlib
import os
import platform

# TensorFlow's own environment variables: how many threads work at one operation, and at how many at once.
THREADS, OPERATIONS = 'TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS'
CORES = 'CHAPTER09_CORES'  # another: a run's share of the cores, where several go on at once

# Up to these sizes Intel processors give the same bytes with one thread as with several (docs/speed.md).
BATCH_SIZE, N_HIDDEN, N_NOISE = 200, 256, 128


def cores():
    """How many cores this process may use."""
    if CORES in os.environ:
        return int(os.environ[CORES])
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()


def processor():
    """Its name, as the system gives it."""
    with contextlib.suppress(OSError), open('/proc/cpuinfo') as file:
        for line in file:
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()
    return platform.processor() or platform.machine()


def threads():
    """How many threads work at one operation. TensorFlow, too, passes over what is no number from 1 on."""
    given = os.environ.get(THREADS, '')
    return given.isascii() and given.isdigit() and int(given) or cores()


def spare_threads(batch_size, n_hidden, n_noise):
    """Has one thread work at one operation where that is faster and comes to the same bytes, and elsewhere no
    more than the process has cores.

    oneDNN gives a matrix product of the chapter's sizes to one thread anyway, and TensorFlow takes longer to
    wake a second for the small rest than that rest takes. AMD processors sum in another order with one, and
    so do products by Eigen, in TensorFlow 1.15 for one. To be called before the first session of the process,
    which decides for all; what the user has set stays.
    """
    small = batch_size <= BATCH_SIZE and n_hidden <= N_HIDDEN and n_noise <= N_NOISE
    if small and 'Intel' in processor() and _products_are_onednns():
        os.environ.setdefault(THREADS, '1')
    if CORES in os.environ:
        for name in THREADS, OPERATIONS:
            os.environ.setdefault(name, os.environ[CORES])


def _products_are_onednns():
    try:
        from tensorflow.python.util import _pywrap_util_port
    except ImportError:
        return False
    return _pywrap_util_port.IsMklEnabled()
