"""What TensorFlow 1.15.5's own reader of MNIST does, for test_input_data to compare ours with.

Under Python 3.7 with TensorFlow 1.15.5, `python tests/reader115.py` writes reader115.json beside this file:
for each of CASES what it gives. The tests run the same cases with our reader. Neither needs MNIST itself.
"""

import copy
import functools
import gzip
import hashlib
import json
import os
import shutil
import sys
import tempfile

import numpy as np
import tensorflow.compat.v1 as tf

RECORDED = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'reader115.json')
TRAIN, TEST = 5200, 50  # so 200 images to train with, beside validation's 5,000


def write_data(folder):
    """Writes four files of noise, of the form and the names of MNIST's."""
    random = np.random.RandomState(115)
    for part, n in ('train', TRAIN), ('t10k', TEST):
        images, labels = random.randint(0, 256, (n, 28, 28)), random.randint(0, 10, n)
        for name, magic, array in ('images-idx3', 2051, images), ('labels-idx1', 2049, labels):
            header = np.array((magic,) + array.shape, '>u4').tobytes()
            with gzip.open(os.path.join(folder, '%s-%s-ubyte.gz' % (part, name)), 'wb', 1) as file:
                file.write(header + array.astype(np.uint8).tobytes())


def mark(*arrays):
    """A few letters that stand for arrays' types, shapes and bytes."""
    content = hashlib.sha256()
    for array in arrays:
        array = np.ascontiguousarray(array)
        content.update(('%s %s ' % (array.dtype.str, array.shape)).encode())
        content.update(array.tobytes())
    return content.hexdigest()[:10]


def seeded(seed):
    tf.reset_default_graph()
    if seed is not None:
        tf.set_random_seed(seed)


def standing(data_set):
    return [data_set.num_examples, data_set.epochs_completed, data_set._index_in_epoch]


CASES = {}


def case(*arguments):
    """Adds a function (reader, folder, *arguments) to CASES, once for each of the arguments or just once."""
    def added(function):
        for given in arguments or [()]:
            name = ' '.join([function.__name__] + [repr(value) for value in given])
            CASES[name] = functools.partial(_run, function, given)
        return function
    return added


def _run(function, arguments, reader, folder):
    return function(reader, folder, *arguments)


@case((7, None), (0, None), (None, 0), (None, 5), (0, 0), (7, 5), (2 ** 31, None), (2 ** 31 - 1, 2 ** 31 - 1),
      (-1, None), (-3, -4), (2 ** 40 + 3, 2 ** 35 + 1))
def seeds(reader, folder, graph_seed, seed):
    seeded(graph_seed)
    train = reader.read_data_sets(folder, one_hot=True, seed=seed).train
    return [mark(*train.next_batch(30)) for _ in range(15)] + [np.random.normal(size=3).tolist()]


@case((1,), (100,), (96,), (200,), (250,), (399,), (400,), (401,), (650,), (1001,), (0,), (-5,))
def sizes(reader, folder, size):
    seeded(7)
    train = reader.read_data_sets(folder, one_hot=True).train
    return [[mark(*train.next_batch(size))] + standing(train) for _ in range(6)]


@case((False, 'float32', True), (False, 'uint8', True), (True, 'uint8', False), (True, 'float32', False))
def forms(reader, folder, one_hot, dtype, reshape):
    found = []
    for number in dtype, getattr(tf, dtype), getattr(np, dtype), np.dtype(dtype):
        seeded(7)
        sets = reader.read_data_sets(folder, False, one_hot, number, reshape, 4900, None)
        for part in sets:
            found.append([mark(*part.next_batch(20)), mark(part.images, part.labels)] + standing(part))
    return found


@case((0,), (5000,), (5200,))
def validation_sizes(reader, folder, size):
    seeded(7)
    sets = reader.read_data_sets(folder, validation_size=size)
    return [[mark(part.images, part.labels), mark(*part.next_batch(60))] + standing(part) for part in sets]


@case()
def positions(reader, folder):
    """The arguments of next_batch, by their places and by their names."""
    seeded(7)
    train = reader.read_data_sets(folder, False, True).train
    return [mark(*train.next_batch(10, False)), mark(*train.next_batch(10, False, False)),
            mark(*train.next_batch(batch_size=10, fake_data=False, shuffle=True)),
            mark(*train.next_batch(180, shuffle=False)), mark(*train.next_batch(180, shuffle=True))]


@case()
def unshuffled(reader, folder):
    seeded(7)
    train = reader.read_data_sets(folder, one_hot=True).train
    found = [[mark(*train.next_batch(70, shuffle=False))] + standing(train) for _ in range(4)]
    return found + [[mark(*train.next_batch(70))] + standing(train) for _ in range(4)]


@case()
def the_same_array(reader, folder):
    seeded(7)
    train = reader.read_data_sets(folder, one_hot=True).train
    found, before = [], None
    for _ in range(6):
        found.append([train.images is train.images, train.labels is train.labels,
                      train.images is train._images, train.labels is train._labels, train.labels is before])
        before = train.labels
        train.next_batch(90)
    return found


@case((False,), (True,))
def written_into(reader, folder, shuffle):
    seeded(7)
    train = reader.read_data_sets(folder, one_hot=True).train
    train.labels[:150] = np.eye(10)[3]
    train.images[20:60] = 0.5
    found = [mark(*train.next_batch(90, shuffle=shuffle)) for _ in range(4)]
    train.labels[:, 0] += 0.25
    train._images[::3] *= -1
    return found + [mark(*train.next_batch(90, shuffle=shuffle)) for _ in range(6)]


@case()
def only_labels_written_into(reader, folder):
    seeded(7)
    train = reader.read_data_sets(folder, one_hot=True).train
    for i in range(0, 200, 2):
        train.labels[i] = np.roll(train.labels[i], 1)
    return [mark(*train.next_batch(64)) for _ in range(9)]


@case()
def an_array_held_through_a_shuffle(reader, folder):
    seeded(7)
    train = reader.read_data_sets(folder, one_hot=True).train
    images, labels = train.images, train.labels
    found = [mark(*train.next_batch(64)), mark(images, labels), mark(train.images, train.labels)]
    images[:], labels[:] = 0, 0
    return found + [mark(*train.next_batch(64)) for _ in range(6)]


@case()
def a_batch_of_arrays_that_have_been_asked_for_is_part_of_them(reader, folder):
    seeded(7)
    train = reader.read_data_sets(folder, one_hot=True).train
    found = []
    for _ in range(5):
        train.images, train.labels  # noqa: B018
        images, labels = train.next_batch(50, shuffle=False)
        images *= 0.5
        labels[:, 1] = 7
        found.append(mark(train.images, train.labels))
    return found


@case()
def replaced(reader, folder):
    """As scripts do that want a part, more, or something else in a set."""
    seeded(7)
    train = reader.read_data_sets(folder, one_hot=True).train
    found = [mark(*train.next_batch(50))]
    train._images, train._labels = train._images[:120] * 2 - 1, train._labels[:120]
    train._num_examples = 120
    found += [[mark(*train.next_batch(50))] + standing(train) for _ in range(4)]
    train._images = np.concatenate([train.images] * 3)
    train._labels = np.concatenate([train.labels, train.labels + 1, train.labels])
    train._num_examples, train._index_in_epoch, train._epochs_completed = 360, 0, 0
    found += [[mark(*train.next_batch(150))] + standing(train) for _ in range(4)]
    train._num_examples = 100
    train._index_in_epoch = 0
    found += [[mark(*train.next_batch(60))] + standing(train) for _ in range(4)]
    train._images = train._images * 1
    train._images *= 3
    return found + [[mark(*train.next_batch(60))] + standing(train) for _ in range(4)]


@case()
def copied(reader, folder):
    seeded(7)
    train = reader.read_data_sets(folder, one_hot=True).train
    train.next_batch(30)
    other = copy.deepcopy(train)
    other.labels[:] = 1
    return [mark(*part.next_batch(30)) for part in (train, other) * 9]


@case((np.uint8, 'uint8'), (np.uint8, 'float32'), (np.float32, 'float32'), (np.float64, 'float32'),
      (np.float64, 'uint8'), (np.int32, 'float32'))
def sets_of_ones_own(reader, folder, given, dtype):
    """Of other sizes, with other labels, from arrays that are then written into."""
    random, found, numbers = np.random.RandomState(3), [], np.arange(40)
    for shape, reshape in (((40, 28, 28, 1), True), ((40, 5, 7, 1), True), ((40, 8, 6, 3), False),
                           ((40, 2), False)):
        for labels in np.eye(10)[numbers % 10], numbers, np.eye(26, dtype=np.float32)[numbers % 26]:
            seeded(7)
            images, labels = random.randint(0, 256, shape).astype(given), labels.copy()
            part = reader.DataSet(images, labels, False, True, tf.as_dtype(dtype), reshape)
            found.append([part.images is images, part.labels is labels])
            images[3], labels[5] = 9, 1
            found.append([mark(*part.next_batch(15, shuffle=False)), mark(part.images, part.labels)])
            images[:], labels[:] = 0, 0
            found.append([mark(*part.next_batch(15)) for _ in range(4)])
            part._index_in_epoch = part._epochs_completed = 0
            found.append([mark(*part.next_batch(15)) for _ in range(4)] + standing(part))
            images[:], labels[:] = 1, 1
            found.append([mark(*part.next_batch(15)) for _ in range(4)] + standing(part))
    return found


@case()
def parts_of_the_reader(reader, folder):
    with open(os.path.join(folder, 't10k-images-idx3-ubyte.gz'), 'rb') as file:
        found = [mark(reader.extract_images(file))]
    for arguments in (), (True,), (True, 26):
        with open(os.path.join(folder, 't10k-labels-idx1-ubyte.gz'), 'rb') as file:
            found.append(mark(reader.extract_labels(file, *arguments)))
    return found + [mark(reader.dense_to_one_hot(np.array(labels), 5)) for labels in ([1, 4, 0], [[3], [2]])]


@case(("read_data_sets(folder, validation_size=-1)",), ("read_data_sets(folder, validation_size=5201)",),
      ("read_data_sets(folder, dtype=tf.float64)",), ("read_data_sets(folder, dtype='int32')",),
      ("read_data_sets(folder, dtype='nonsense')",), ("read_data_sets(folder).train.next_batch('10')",),
      ("read_data_sets(folder).train.next_batch(None)",), ("read_data_sets()",), ("DataSet()",),
      ("read_data_sets(folder).train.next_batch()",), ("read_data_sets(None)",),
      ("DataSet(np.zeros((2, 3, 4, 1)), np.zeros(2), dtype=tf.int64)",))
def refused(reader, folder, expression):
    seeded(7)
    try:
        eval('reader.' + expression, {'reader': reader, 'folder': folder, 'tf': tf, 'np': np})
    except (TypeError, ValueError) as error:
        return [kind.__name__ for kind in (TypeError, ValueError) if isinstance(error, kind)]
    return 'taken'


@case(*[(seed,) for seed in range(24)])
def all_sorts(reader, folder, seed):
    """Whatever comes, in whatever order."""
    random = np.random.RandomState(seed)
    seeded(seed)
    train = reader.read_data_sets(folder, one_hot=True).train
    found = []
    for _ in range(30):
        what, i = random.randint(8), random.randint(150)
        if what < 4:
            found.append(mark(*train.next_batch(random.randint(1, [30, 120, 260][seed % 3]),
                                                shuffle=bool(random.randint(5)))))
        elif what == 4:
            train.labels[i] = random.randint(5)
        elif what == 5 and seed % 2:
            train.images[i:i + 9] = random.random_sample()
        elif what == 6:
            train._index_in_epoch = 0
        elif what == 7 and seed % 4 == 3:
            found.append(mark(train.images, train.labels))
    return found + standing(train) + [mark(train.images, train.labels), np.random.random_sample()]


def main():
    import tensorflow
    if tensorflow.__version__ != '1.15.5':
        sys.exit('reader115.py: this is TensorFlow %s, not 1.15.5' % tensorflow.__version__)
    from tensorflow.contrib.learn.python.learn.datasets import mnist as reader
    folder = tempfile.mkdtemp()
    try:
        write_data(folder)
        found = {name: run(reader, folder) for name, run in CASES.items()}
    finally:
        shutil.rmtree(folder)
    with open(RECORDED, 'w') as file:
        lines = ['%s: %s' % (json.dumps(name), json.dumps(value)) for name, value in found.items()]
        file.write('{\n%s\n}\n' % ',\n'.join(lines))


if __name__ == '__main__':
    main()
