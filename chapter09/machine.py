"""The machine that a run is on, and how many of its threads TensorFlow is to use."""

import contextlib
import os
import platform

THREADS = 'TF_NUM_INTRAOP_THREADS'  # TensorFlow's own: how many work at one operation

# Up to these sizes Intel processors give the same bytes with one thread as with several (docs/speed.md).
BATCH_SIZE, N_HIDDEN, N_NOISE = 200, 256, 128


def cores():
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()


def processor():
    """Its name, as the system gives it."""
    with contextlib.suppress(OSError), open('/proc/cpuinfo') as file:
        for line in file:
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()
    return platform.processor() or platform.machine()


def threads():
    """How many threads work at one operation."""
    return int(os.environ.get(THREADS, cores()))


def spare_threads(batch_size, n_hidden, n_noise):
    """Has one thread work at one operation where that is faster and comes to the same bytes.

    oneDNN gives a matrix product of the chapter's sizes to one thread anyway, and TensorFlow takes longer to
    wake a second for the small rest than that rest takes. Elsewhere the threads are as many as ever: AMD
    processors sum in another order with one, and so do products by Eigen, in TensorFlow 1.15 for one. To be
    called before the first session; what the user has set stays.
    """
    small = batch_size <= BATCH_SIZE and n_hidden <= N_HIDDEN and n_noise <= N_NOISE
    if small and 'Intel' in processor() and _products_are_onednns():
        os.environ.setdefault(THREADS, '1')


def _products_are_onednns():
    try:
        from tensorflow.python.util import _pywrap_util_port
    except ImportError:
        return False
    return _pywrap_util_port.IsMklEnabled()
