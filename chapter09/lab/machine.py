"""The machine that a run is on, and how many of its threads TensorFlow is to use."""

import contextlib
import os
import platform

# TensorFlow's own environment variables: how many threads work at one operation, and at how many at once.
THREADS, OPERATIONS = 'TF_NUM_INTRAOP_THREADS', 'TF_NUM_INTEROP_THREADS'

MEMORY = 4 * 2 ** 30  # bytes that somebody else's file or graph may take
STACK = 2 ** 25  # bytes for each thread of a pool of TensorFlow's

# Up to these sizes Intel processors give the same bytes with one thread as with several (docs/speed.md).
BATCH_SIZE, WIDTH, IMAGES = 200, 256, {28 * 28, 28 * 28 + 10}


def cores():
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()


def processor():
    """Its name, as the system gives it."""
    return _told_of_it('model name') or platform.processor() or platform.machine()


def flags():
    """What it can do, as Linux names it: avx2, avx512_vnni, …; nothing elsewhere."""
    return set(_told_of_it('flags').split())


def _told_of_it(what):
    with contextlib.suppress(OSError), open('/proc/cpuinfo') as file:
        for line in file:
            if line.startswith(what):
                return line.split(':', 1)[1].strip()
    return ''


def threads():
    """How many threads work at one operation. TensorFlow, too, passes over what is no number from 1 on."""
    given = os.environ.get(THREADS, '')
    return given.isascii() and given.isdigit() and int(given) or cores()


@contextlib.contextmanager
def limited_memory():
    """Within it this process can take MEMORY more at most, on Linux: what it reads and runs may ask for any amount."""
    try:
        import resource
        with open('/proc/self/status') as file:
            taken = next(int(line.split()[1]) * 1024 for line in file if line.startswith('VmData'))
    except (ImportError, OSError, StopIteration):
        yield
        return
    _, most = limits = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = taken + MEMORY + cores() * STACK
    if all(limit == resource.RLIM_INFINITY or wanted < limit for limit in limits):
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, limits)


def spared_threads(graph, batch_size):
    """How many threads are to work at one operation where one is faster and comes to the same bytes; else 0.

    graph       tf.Graph that is to be trained
    batch_size  images in a batch

    oneDNN gives a matrix product of the chapter's sizes to one thread anyway, and TensorFlow takes longer to
    wake a second for the small rest than that rest takes. AMD processors sum in another order with one, and
    so do products by Eigen: this is to be asked where oneDNN is on. A graph that multiplies otherwise than the
    chapter's is left alone.
    """
    if THREADS in os.environ or 'Intel' not in processor():
        return 0
    return int(batch_size <= BATCH_SIZE and is_small(graph))


def is_small(graph):
    """Whether a graph multiplies matrices of the chapter's sizes at the most, and does nothing heavier."""
    operations = graph.get_operations()
    products = [operation for operation in operations if operation.type == 'MatMul']
    sizes = [tensor.shape.as_list() for operation in products for tensor in operation.inputs if tensor.shape.ndims]
    heavier = any('Conv' in operation.type or 'BatchMatMul' in operation.type for operation in operations)
    return bool(sizes) and not heavier and all(
        sum(1 for n in size if n in IMAGES) <= 1 and all(n is None or n <= WIDTH or n in IMAGES for n in size)
        for size in sizes)
