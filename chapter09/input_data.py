"""The MNIST reader of `tensorflow.examples.tutorials.mnist`, which TensorFlow 2 removed.

It hands out byte for byte the batches that TensorFlow 1.15.5's reader handed out under the same seed.
The format of the files (IDX) is described at http://yann.lecun.com/exdb/mnist/.
"""

import collections
import contextlib
import gzip
import hashlib
import http.client
import os
import sys
import tempfile
import urllib.request
import zlib

import numpy as np
import tensorflow.compat.v1 as tf

import files
from errors import BadInput
from prefetch import prefetched

DEFAULT_SOURCE_URL = 'https://storage.googleapis.com/cvdf-datasets/mnist/'
# The four files, and the SHA-256 of MNIST's contents: not of the .gz, whose wrapping may differ.
TRAIN_IMAGES = 'train-images-idx3-ubyte.gz'
TRAIN_LABELS = 'train-labels-idx1-ubyte.gz'
TEST_IMAGES = 't10k-images-idx3-ubyte.gz'
TEST_LABELS = 't10k-labels-idx1-ubyte.gz'
SHA256 = {
    TRAIN_IMAGES: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    TRAIN_LABELS: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    TEST_IMAGES: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    TEST_LABELS: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
}
TIMEOUT = 30  # seconds without a byte before a download is given up
SIZE, CLASSES = 28, 10

Datasets = collections.namedtuple('Datasets', ['train', 'validation', 'test'])


class DataSet:
    """Images and their labels, handed out in batches, each epoch in a new order.

    images  uint8 [n, 28, 28, 1]
    labels  uint8 [n], 0 to 9
    one_hot whether labels are handed out as float64 [10] with a single one, rather than uint8
    dtype   tf.float32 (or 'float32'): images are handed out as 0 to 1; tf.uint8: as 0 to 255
    reshape whether images are handed out as [784] rather than [28, 28, 1]
    seed    seeds numpy's global generator, from which the shuffles come; with None, the graph's seed
            (`tf.set_random_seed`) does, as in TensorFlow 1; with neither, the operating system

    The bytes are kept once and never moved: a shuffle changes the order in which they are taken.
    """

    def __init__(self, images, labels, one_hot=False, dtype=tf.float32, reshape=True, seed=None):
        graph_seed, op_seed = tf.get_seed(seed)
        np.random.seed(graph_seed if seed is None else op_seed)
        self._dtype = tf.as_dtype(dtype).as_numpy_dtype
        if self._dtype not in (np.uint8, np.float32):
            raise TypeError('dtype must be uint8 or float32, not %r' % (dtype,))
        self._pixels = images.reshape(len(images), SIZE * SIZE) if reshape else images
        self._labels = labels
        self._handed_out = np.eye(CLASSES) if one_hot else np.arange(CLASSES, dtype=np.uint8)
        self._order = np.arange(len(images))
        self._images = None
        self._epochs_completed = 0
        self._index_in_epoch = 0

    @property
    def images(self):
        """All images in their present order, in the type and shape in which batches come.

        They lie in a temporary file; where that is on a disk, only what is looked at comes into memory.
        """
        if self._images is None:
            with files.refusals(tempfile.gettempdir()), tempfile.TemporaryFile() as file:
                for start in range(0, self.num_examples, 1000):
                    file.write(self._take(self._order[start:start + 1000]))
                self._images = np.asarray(np.memmap(file, self._dtype, 'c', shape=self._pixels.shape)
                                          if self.num_examples else self._take(self._order))
        return self._images

    @property
    def labels(self):
        """All labels in their present order."""
        return self._handed_out[self._labels[self._order]]

    @property
    def num_examples(self):
        return len(self._order)

    @property
    def epochs_completed(self):
        return self._epochs_completed

    @prefetched
    def next_batch(self, batch_size, shuffle=True):
        """The next `batch_size` images and labels, shuffled anew at each epoch's beginning.

        A batch that crosses an epoch's end holds the rest of the old order, then the first of the new.
        """
        start = self._index_in_epoch
        if shuffle and start == 0 and self._epochs_completed == 0:
            self._shuffle()
        chosen = self._order[start:start + batch_size]
        self._index_in_epoch = start + batch_size
        if self._index_in_epoch > self.num_examples:
            self._epochs_completed += 1
            if shuffle:
                self._shuffle()
            self._index_in_epoch -= self.num_examples
            chosen = np.concatenate([chosen, self._order[:self._index_in_epoch]])
        return self._take(chosen), self._handed_out[self._labels[chosen]]

    def digest(self):
        """The SHA-256 of all images and labels, in hexadecimal, whatever their present order."""
        content = hashlib.sha256(np.ascontiguousarray(self._pixels))
        content.update(self._handed_out[self._labels])
        return content.hexdigest()

    def get_state(self):
        """Where the set stands in its epochs, as {name: array or number}, for `set_state`."""
        return {'order': self._order, 'index_in_epoch': self._index_in_epoch,
                'epochs_completed': self._epochs_completed}

    def set_state(self, state):
        """Goes back to a state: the batches that followed then will follow again."""
        self._order, self._images = np.array(state['order']), None
        self._index_in_epoch = int(state['index_in_epoch'])
        self._epochs_completed = int(state['epochs_completed'])

    def _shuffle(self):
        order = np.arange(self.num_examples)
        np.random.shuffle(order)
        self._order = self._order[order]
        self._images = None

    def _take(self, order):
        pixels = self._pixels[order]
        if self._dtype is np.uint8:
            return pixels
        return np.multiply(pixels, 1.0 / 255.0, dtype=np.float32)


def read_data_sets(train_dir, one_hot=False, dtype=tf.float32, reshape=True, validation_size=5000,
                   seed=None, source_url=DEFAULT_SOURCE_URL):
    """Reads a folder's four IDX files, MNIST's or others of the same names (Fashion-MNIST).

    train_dir        the folder; a file it lacks is fetched from `source_url`, if it is MNIST's own
    validation_size  how many of the first training images are set apart as `validation`
    The other arguments are `DataSet`'s.

    Returns Datasets(train, validation, test). Raises BadInput for a file that cannot be used.
    """
    _complete(train_dir, source_url)
    train_images, train_labels = _read_pair(train_dir, TRAIN_IMAGES, TRAIN_LABELS)
    test_images, test_labels = _read_pair(train_dir, TEST_IMAGES, TEST_LABELS)
    if not 0 <= validation_size <= len(train_images):
        raise BadInput('%s holds %d training images: %s cannot be set apart for validation'
                       % (train_dir, len(train_images), validation_size))

    def data_set(images, labels):
        return DataSet(images, labels, one_hot=one_hot, dtype=dtype, reshape=reshape, seed=seed)

    return Datasets(train=data_set(train_images[validation_size:], train_labels[validation_size:]),
                    validation=data_set(train_images[:validation_size], train_labels[:validation_size]),
                    test=data_set(test_images, test_labels))


def digest(mnist):
    """The SHA-256 of all that `read_data_sets` gave, in hexadecimal, whatever its present order."""
    return hashlib.sha256(''.join(part.digest() for part in mnist).encode()).hexdigest()


def _read_pair(folder, images_name, labels_name):
    images_path, labels_path = os.path.join(folder, images_name), os.path.join(folder, labels_name)
    images = _read_idx(images_path, magic=2051, dimensions=3)
    labels = _read_idx(labels_path, magic=2049, dimensions=1)
    if images.shape[1:] != (SIZE, SIZE):
        raise BadInput('%s holds images of %d×%d pixels, not %d×%d: put MNIST\'s own file there'
                       % (images_path, images.shape[1], images.shape[2], SIZE, SIZE))
    if len(images) != len(labels):
        raise BadInput('%s holds %d images, but %s holds %d labels: take both files from one data set'
                       % (images_path, len(images), labels_path, len(labels)))
    if labels.size and labels.max() >= CLASSES:
        raise BadInput('%s holds the label %d, but labels are 0 to %d: put the right file there'
                       % (labels_path, labels.max(), CLASSES - 1))
    return images[..., np.newaxis], labels


def _read_idx(path, magic, dimensions):
    """Reads a gzipped IDX file of bytes: magic number, `dimensions` sizes (big-endian), the bytes."""
    content = _unpack(path)
    begin = 4 * (1 + dimensions)
    header = np.frombuffer(content[:begin].ljust(begin, b'\0'), '>u4')
    if header[0] != magic:
        raise BadInput('%s begins with the number %d, not %d: put MNIST\'s file of that name there'
                       % (path, header[0], magic))
    shape = tuple(int(size) for size in header[1:])
    expected = begin + int(np.prod(shape, dtype=np.float64))
    if len(content) != expected:
        raise BadInput('%s holds %d bytes, but its header announces %d: put MNIST\'s own file there'
                       % (path, len(content), expected))
    return np.frombuffer(content, np.uint8, offset=begin).reshape(shape)


def _unpack(path):
    content = bytearray()  # grown in place: pieces put together at the end would take the memory twice
    try:
        with open(path, 'rb') as packed:
            begin = packed.read(2)
            if begin == b'\x1f\x8b':
                packed.seek(0)
                with gzip.GzipFile(fileobj=packed) as file:
                    for piece in iter(lambda: file.read(2 ** 16), b''):
                        content += piece
                return content
        reason = 'it is no gzip file (a saved web page?)' if begin else 'it is empty'
    except (EOFError, zlib.error):
        reason = 'it is cut short or damaged'
    except OSError as error:  # gzip's own have no strerror
        reason = error.strerror or 'it is damaged'
    raise BadInput('%s cannot be read: %s; put MNIST\'s own file there' % (path, reason))


def _complete(folder, source_url):
    """Fetches the files that the folder lacks, all of them or none."""
    missing = [name for name in SHA256 if not os.path.exists(os.path.join(folder, name))]
    if not missing:
        return
    for name in SHA256.keys() - missing:
        path = os.path.join(folder, name)
        if not _is_mnist(name, _unpack(path)):
            raise BadInput('%s is missing, and cannot be fetched because %s is not MNIST\'s: put the '
                           'file of the same data set there' % (os.path.join(folder, missing[0]), path))
    fetched = [(os.path.join(folder, name), _fetch(source_url + name, name, folder)) for name in missing]
    with files.refusals(folder):
        os.makedirs(folder, exist_ok=True)
    with contextlib.ExitStack() as all_whole:
        for path, packed in fetched:
            part = all_whole.enter_context(files.whole(path))
            with open(part, 'wb') as file:
                file.write(packed)


def _is_mnist(name, content):
    return hashlib.sha256(content).hexdigest() == SHA256[name]


def _fetch(url, name, folder):
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as response:
            packed = response.read()
        content = gzip.decompress(packed)
    except (OSError, EOFError, ValueError, zlib.error, http.client.HTTPException) as error:
        reason = 'could not be fetched from %s (%s)' % (url, error)
    else:
        if _is_mnist(name, content):
            print('Fetched %s' % url, file=sys.stderr)
            return packed
        reason = 'is not what %s gives (the SHA-256 is another)' % url
    raise BadInput('%s lacks %s, and it %s; put the four MNIST files there' % (folder, name, reason))
