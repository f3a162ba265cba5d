"""The MNIST reader of `tensorflow.examples.tutorials.mnist`, which TensorFlow 2 removed.

It hands out byte for byte the batches that TensorFlow 1.15.5's reader handed out under the same seed, and
takes the same arguments in the same order. It needs numpy and TensorFlow and nothing else of this chapter.
The format of the files (IDX) is described at http://yann.lecun.com/exdb/mnist/.
"""

import collections
import contextlib
import functools
import hashlib
import io
import itertools
import operator
import os
import secrets
import stat
import string
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib

import numpy as np
import tensorflow.compat.v1 as tf

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
# Their contents' sizes in bytes. A download may be as large as that: two to five times MNIST's own .gz.
SIZES = {TRAIN_IMAGES: 47040016, TRAIN_LABELS: 60008, TEST_IMAGES: 7840016, TEST_LABELS: 10008}
LARGEST = 2 ** 31  # bytes that a file on the disk may announce
TIMEOUT = 30  # seconds without a byte before a download is given up
TIME_LIMIT = 600  # seconds for all downloads together, however steadily the bytes come
REDIRECTS = 5  # that a download may go through
SIZE, CLASSES = 28, 10
_ONES = np.eye(CLASSES)
STEP = 1000  # images that are worked on at once, so that little memory is needed besides
IN_MEMORY = 2 ** 23  # bytes; a larger array that is asked for lies in a temporary file

Datasets = collections.namedtuple('Datasets', ['train', 'validation', 'test'])


class BadData(ValueError):
    """Something that the user has to mend: a file, a folder, an argument, the network.

    The message is one line that says what is wrong, where, and what to do. A program of the chapter ends
    with an exception's `status`, and its one line.
    """

    status = 2


def _attribute(n):
    """A set's images (0) or labels (1), to be read and set."""
    return property(lambda self: self._columns[n].array(), lambda self, array: self._columns[n].replace(array))


class DataSet:
    """Images and their labels, handed out in batches, each epoch in a new order.

    images   array [n, height, width, 1], 0 to 255
    labels   array [n, …], handed out as it is
    dtype    tf.float32 (or 'float32'): images are handed out as 0 to 1; tf.uint8: as they are
    reshape  whether images are handed out as [height · width] rather than [height, width, 1]
    seed     seeds numpy's global generator, from which the shuffles come; with None, the graph's seed
             (`tf.set_random_seed`) does, as in TensorFlow 1; with neither, the operating system
    `one_hot` means nothing without `fake_data`, and `fake_data` is not to be had: it raises BadData.

    Raises BadData for arrays that do not belong together, TypeError for another dtype.

    Images are kept once, as they were given, and not moved: a shuffle changes the order in which they are
    taken. Only who asks for `images` or `labels` has them made in full. Until then a batch is a copy; from
    then on, as always in TensorFlow 1.15, it may be a part of them. `folder` is the absolute path of that which
    it was read from, None if it was made of arrays. `_images`, `_labels`, `_num_examples`,
    `_index_in_epoch` and `_epochs_completed` are there because scripts for TensorFlow 1 read and set them.
    """

    folder = None
    _images, _labels = _attribute(0), _attribute(1)

    def __init__(self, images, labels, fake_data=False, one_hot=False, dtype=tf.float32, reshape=True, seed=None):
        _refuse_fake_data(fake_data)
        graph_seed, op_seed = tf.get_seed(seed)
        np.random.seed(graph_seed if seed is None else op_seed)
        number = tf.as_dtype(dtype).base_dtype
        if number not in (tf.uint8, tf.float32):
            raise TypeError('dtype must be uint8 or float32, not %r' % (dtype,))
        labels = labels if isinstance(labels, _Column) else _Column(np.asarray(labels))
        images = _shaped(np.asarray(images), len(labels), reshape)
        self._columns = _Column(images, _scaled if number == tf.float32 else None), labels
        self._num_examples = len(images)
        self._epochs_completed = 0
        self._index_in_epoch = 0

    @property
    def images(self):
        """All images in their present order, in the type and shape in which batches come.

        The same array until the next shuffle; what is written into it is handed out. If it is large it lies
        in a temporary file; where that is on a disk, only what is looked at comes into memory.
        """
        return self._columns[0].array()

    @property
    def labels(self):
        """All labels in their present order: the same array until the next shuffle, as `images` is."""
        return self._columns[1].array()

    num_examples = property(lambda self: self._num_examples)
    epochs_completed = property(lambda self: self._epochs_completed)

    def next_batch(self, batch_size, fake_data=False, shuffle=True):
        """The next `batch_size` images and labels, shuffled anew at each epoch's beginning.

        A batch that crosses an epoch's end holds the rest of the old order, then the first of the new.
        """
        _refuse_fake_data(fake_data)
        images, labels = self._columns
        begin = self._index_in_epoch
        if shuffle and begin == 0 and self._epochs_completed == 0:
            self._shuffle()
        end = begin + batch_size
        if end <= self._num_examples:
            self._index_in_epoch = end
            return images.part(begin, end), labels.part(begin, end)
        rest = [column.part(begin, self._num_examples) for column in self._columns]
        self._epochs_completed += 1
        if shuffle:
            self._shuffle()
        self._index_in_epoch = end = end - self._num_examples
        return tuple(np.concatenate([old, column.part(0, end)]) for old, column in zip(rest, self._columns))

    def digest(self):
        """The SHA-256 of all images and labels, in hexadecimal, whatever their present order."""
        images, labels = self._columns
        content = hashlib.sha256()
        # Images that nobody has changed count as bytes, whatever type they are handed out in.
        for piece in itertools.chain(images.pieces(converted=False), labels.pieces(converted=True)):
            content.update(np.ascontiguousarray(piece))
        return content.hexdigest()

    def get_state(self):
        """Where the set stands in its epochs, as {name: array or number}, for `set_state`.

        It is small unless something has been written into `images` or `labels`, which it then holds. What
        the next shuffle will be lies in numpy's generator (`np.random.get_state`), not in here.
        """
        images, labels = self._columns
        state = {'order': images.order.copy(), 'index_in_epoch': self._index_in_epoch,
                 'epochs_completed': self._epochs_completed, 'num_examples': self._num_examples}
        if not np.array_equal(images.order, labels.order):
            state['labels_order'] = labels.order.copy()
        for name, column in ('images', images), ('labels', labels):
            if column.is_changed():
                state[name] = np.array(column.array())
        return state

    def set_state(self, state):
        """Goes back to a state, this set's or that of one of the same data: the same batches follow.

        Raises BadData if the state cannot be one of this set, KeyError if it lacks a part.
        """
        order = np.array(state['order'])
        parts = [(order, state.get('images')), (np.array(state.get('labels_order', order)), state.get('labels'))]
        for column, part in zip(self._columns, parts):
            column.check(*part)
        place, n, epochs = map(operator.index, (
            state['index_in_epoch'], state.get('num_examples', len(order)), state['epochs_completed']))
        if not 0 <= place <= n <= len(order) or epochs < 0:
            raise BadData('the state is of a place that is not in a set of %s' % _counted(len(order), 'image'))
        for column, part in zip(self._columns, parts):
            column.restore(*part)
        self._index_in_epoch, self._num_examples, self._epochs_completed = place, n, epochs

    def _shuffle(self):
        order = np.arange(self._num_examples)
        np.random.shuffle(order)
        for column in self._columns:
            column.shuffle(order)


def _shaped(images, n, reshape):
    """Images as they are to be kept; raises BadData unless there are `n` and, if they are to be rows, they can be."""
    if images.shape[:1] != (n,):
        raise BadData('images of shape %s and %s do not belong together: give as many of both'
                      % (images.shape, _counted(n, 'label')))
    if not reshape:
        return images
    if images.ndim != 4 or images.shape[3] != 1:
        raise BadData('images of shape %s cannot be made rows: give [n, height, width, 1], or '
                      'reshape=False' % (images.shape,))
    return images.reshape(len(images), images.shape[1] * images.shape[2])


class _Column:
    """A set's images or its labels: kept as they were given, made in full only when asked for.

    given    array; one that may be written into is copied, for somebody might
    convert  gives for a part of it what is to be handed out, always a new array; None to hand out as given

    `order`, int [n], says which of those given is where now.
    """

    def __init__(self, given, convert=None):
        self._given, self._convert, self._array = given, convert, None
        if given.flags.writeable:
            self._given = given.copy()
            if convert is None:  # TensorFlow 1.15, too, handed out the caller's own array then
                self._array = given
        self.order = np.arange(len(given))

    def __len__(self):
        return len(self.order)

    def array(self):
        if self._array is None:
            self._array = _in_full(len(self), self._taken)
        return self._array

    def part(self, begin, end):
        return self._taken(begin, end) if self._array is None else self._array[begin:end]

    def shuffle(self, order):
        """Puts in place i what was in place order[i]."""
        shuffled = None
        if self.is_changed():
            shuffled = _in_full(len(order), lambda begin, end: self._array[order[begin:end]])
        self.order, self._array = self.order[order], shuffled  # only now: there may have been no room

    def replace(self, array):
        if array is not self._array:
            self._array = np.asanyarray(array)
            self.order = np.arange(len(array))

    def is_changed(self):
        """Whether something else is handed out than was given."""
        if self._array is None:
            return False
        if len(self) and self.order.max() >= len(self._given):
            return True
        for begin in range(0, len(self), STEP):
            there, due = self._array[begin:begin + STEP], self._taken(begin, begin + STEP)
            # By their bytes: 0 is not -0 here, and NaN is NaN.
            if there.dtype != due.dtype or there.shape != due.shape or there.tobytes() != due.tobytes():
                return True
        return False

    def pieces(self, converted):
        """All of it, in pieces, in the order in which it was given, and unless it is changed as it was given.

        converted  whether in the form in which it is handed out
        """
        places, changed = np.argsort(self.order, kind='stable'), self.is_changed()
        for begin in range(0, len(places), STEP):
            chosen = places[begin:begin + STEP]
            if changed:
                yield self._array[chosen]
            else:
                taken = self._given.take(self.order[chosen], 0)
                yield self._convert(taken) if converted and self._convert else taken

    def check(self, order, array):
        if order.ndim != 1 or order.dtype.kind not in 'iu' or np.unique(order).size != order.size or (
                np.shape(array)[:1] != order.shape if array is not None
                else order.size and not 0 <= order.min() <= order.max() < len(self._given)):
            raise BadData('the state is not one of a set of %s and labels: set that of the same data'
                          % _counted(len(self._given), 'image'))

    def restore(self, order, array):
        self.order, self._array = order, None
        if array is not None:
            self._array = _in_full(len(order), lambda begin, end: array[begin:end])

    def _taken(self, begin, end):
        taken = self._given.take(self.order[begin:end], 0)
        return self._convert(taken) if self._convert else taken


def _scaled(images):
    images = images.astype(np.float32)
    images *= 1.0 / 255.0
    return images


def _one_hot(labels):
    return _ONES.take(labels, 0)


def _in_full(n, part):
    """An array that holds what `part(begin, end)` gives for all from 0 to n."""
    first = np.ascontiguousarray(part(0, STEP))
    shape, dtype = (n, *first.shape[1:]), first.dtype
    if n * first[:1].nbytes <= IN_MEMORY or dtype.hasobject:
        array = np.empty(shape, dtype)
        for begin in range(0, n, STEP):
            array[begin:begin + STEP] = part(begin, begin + STEP)
        return array
    try:
        with tempfile.TemporaryFile() as file:
            for begin in range(0, n, STEP):  # written in full: no page can be found missing later
                file.write(np.ascontiguousarray(part(begin, begin + STEP)))
            return np.asarray(np.memmap(file, dtype, 'c', shape=shape))
    except OSError as error:
        raise BadData('%s cannot be written (%s): make room, or name another place in TMPDIR'
                      % (_line(tempfile.tempdir or 'the temporary folder'), _reason(error))) from None


def read_data_sets(train_dir, fake_data=False, one_hot=False, dtype=tf.float32, reshape=True,
                   validation_size=5000, seed=None, source_url=DEFAULT_SOURCE_URL):
    """Reads a folder's four IDX files, MNIST's or others of the same names (Fashion-MNIST).

    train_dir        the folder; a file it lacks is fetched from `source_url`, if it is MNIST's own
    one_hot          whether labels are handed out as float64 [10] with a single one, rather than uint8
    validation_size  how many of the first training images are set apart as `validation`
    The other arguments are `DataSet`'s.

    Returns Datasets(train, validation, test). Raises BadData for what cannot be used.
    """
    _refuse_fake_data(fake_data)
    folder = os.fsdecode(train_dir) or os.curdir
    try:
        if b'\0' in os.fsencode(folder):
            raise ValueError
    except ValueError:
        raise BadData('%s cannot be the name of a folder: name another' % _line(folder)) from None
    _complete(folder, source_url or DEFAULT_SOURCE_URL)
    train_images, train_labels = _read_pair(folder, TRAIN_IMAGES, TRAIN_LABELS)
    test_images, test_labels = _read_pair(folder, TEST_IMAGES, TEST_LABELS)
    if not 0 <= validation_size <= len(train_images):
        raise BadData('%s holds %s: %s cannot be set apart for validation'
                      % (_line(folder), _counted(len(train_images), 'training image'), validation_size))

    def data_set(images, labels):
        made = DataSet(images, _Column(labels, _one_hot if one_hot else None), dtype=dtype, reshape=reshape,
                       seed=seed)
        made.folder = os.path.abspath(folder)
        return made

    return Datasets(train=data_set(train_images[validation_size:], train_labels[validation_size:]),
                    validation=data_set(train_images[:validation_size], train_labels[:validation_size]),
                    test=data_set(test_images, test_labels))


def digest(mnist):
    """The SHA-256 of all that `read_data_sets` gave, in hexadecimal, whatever its present order."""
    return hashlib.sha256(''.join(part.digest() for part in mnist).encode()).hexdigest()


def _refuse_fake_data(fake_data):
    if fake_data:
        raise BadData('fake_data=%s: there is no made-up data here; leave that argument out, and name those '
                      'after it, as in one_hot=True' % _line(repr(fake_data))[:40])


# --- the parts of TensorFlow 1.15's reader that some scripts call by themselves

def extract_images(f):
    """The images in a gzipped IDX file that is open for reading bytes: uint8 [n, height, width, 1].

    Raises BadData if it holds something else.
    """
    return _Idx(f, _name(f), 2051, 3).read()[..., np.newaxis]


def extract_labels(f, one_hot=False, num_classes=10):
    """The labels in a gzipped IDX file that is open for reading bytes: uint8 [n], or as below if `one_hot`.

    Raises BadData if it holds something else.
    """
    labels = _Idx(f, _name(f), 2049, 1).read()
    return dense_to_one_hot(labels, num_classes) if one_hot else labels


def dense_to_one_hot(labels_dense, num_classes):
    """Labels from 0 to num_classes - 1, integers [n], as float64 [n, num_classes] with a single one each."""
    return np.eye(num_classes).take(labels_dense.ravel(), 0)


# --- files on the disk, which may be anything

def _read_pair(folder, images_name, labels_name):
    images_path, labels_path = os.path.join(folder, images_name), os.path.join(folder, labels_name)
    with _opened(images_path) as images_file, _opened(labels_path) as labels_file:
        # The headers first: who announces what cannot be is refused before there is much to read.
        images = _Idx(images_file, images_path, magic=2051, dimensions=3)
        labels = _Idx(labels_file, labels_path, magic=2049, dimensions=1)
        if images.shape[1:] != (SIZE, SIZE):
            raise BadData('%s holds images of %d×%d pixels, not %d×%d: put MNIST\'s own file there'
                          % (_line(images_path), images.shape[1], images.shape[2], SIZE, SIZE))
        if images.shape[0] != labels.shape[0]:
            raise BadData('%s holds %s, but %s holds %s: take both files from one data set' % (
                _line(images_path), _counted(images.shape[0], 'image'),
                _line(labels_path), _counted(labels.shape[0], 'label')))
        labels = labels.read()
        if labels.size and labels.max() >= CLASSES:
            raise BadData('%s holds the label %d, but labels are 0 to %d: put the right file there'
                          % (_line(labels_path), labels.max(), CLASSES - 1))
        return images.read()[..., np.newaxis], labels


class _Idx:
    """A gzipped IDX file of bytes: magic number, `dimensions` sizes (big-endian), the bytes.

    `shape` is what its header announces. Raises BadData, naming `path`, if that or the file cannot be.
    """

    def __init__(self, file, path, magic, dimensions):
        self._path, self._begin = path, 4 * (1 + dimensions)
        with _readable(path):
            self._unpacked = _Unpacked(file, room=2 ** 20)  # much more than there can be before a header
            self._header = self._unpacked.read(self._begin)
        numbers = [int(number) for number in np.frombuffer(self._header.ljust(self._begin, b'\0'), '>u4')]
        if numbers[0] != magic:
            raise BadData('%s begins with the number %d, not %d: put MNIST\'s file of that name there'
                          % (_line(path), numbers[0], magic))
        self.shape = tuple(numbers[1:])
        self._size = functools.reduce(operator.mul, self.shape)
        if self._size > LARGEST:
            raise BadData('%s announces %d bytes in its header, but at most %d can be read: put MNIST\'s own '
                          'file there' % (_line(path), self._size, LARGEST))

    def read(self):
        """The bytes, uint8 of that shape; they cannot be written into."""
        self._unpacked.room += 2 * self._size  # packing never doubles what it packs
        with _readable(self._path):
            content = self._unpacked.read(self._size)
            more = self._unpacked.read(1)
        there, announced = len(self._header) + len(content), self._begin + self._size
        if more or there != announced:
            raise BadData('%s holds %s bytes, but its header announces %d: put MNIST\'s own file there'
                          % (_line(self._path), 'more' if more else there, announced))
        array = np.frombuffer(content, np.uint8).reshape(self.shape)
        array.flags.writeable = False
        return array


class _Damaged(ValueError):
    """Something that is to be unpacked is no gzip file, or no whole one; the message says what it is."""


class _Unpacked:
    """The content of a gzip file, of which no more is unpacked than is asked for.

    `room` is how many bytes more may be read from the file itself: some add nothing to the content, such as
    zeros after the end, and may go on for ever.
    """

    def __init__(self, file, room):
        self._file, self.room = file, room
        self._packed = self._next()
        if not self._packed:
            raise _Damaged('it is empty')
        if self._packed[:2] != b'\x1f\x8b':
            raise _Damaged('it is no gzip file (a saved web page?)')
        self._member = zlib.decompressobj(31)

    def read(self, size):
        """The next `size` bytes, or as many as there are, as a bytearray."""
        content = bytearray()  # grown in place: pieces put together at the end would take the memory twice
        while len(content) < size:
            piece = self._some(min(size - len(content), 2 ** 18))
            if not piece:
                break
            content += piece
        return content

    def _some(self, size):
        """At least one byte and at most `size`; none at the end."""
        while True:
            self._packed = self._packed or self._next()
            if self._member.eof:  # what follows is another gzip file, or zeros that fill a tape's block
                if not self._packed:
                    return b''
                self._packed = self._packed.lstrip(b'\0')
                if self._packed:
                    self._member = zlib.decompressobj(31)
                continue
            at_the_end = not self._packed
            try:
                content = self._member.decompress(self._packed, size)
            except zlib.error:
                raise _Damaged('it is cut short or damaged') from None
            self._packed = self._member.unused_data or self._member.unconsumed_tail
            if content:
                return content
            if at_the_end and not self._member.eof:
                raise _Damaged('it is cut short or damaged')

    def _next(self):
        packed = self._file.read(2 ** 16) or b''
        self.room -= len(packed)
        if self.room < 0:
            raise _Damaged('it is far larger than what its header announces')
        return packed


@contextlib.contextmanager
def _opened(path):
    """Opens a file for reading bytes, but only a regular one: others may block, have no end, or do things."""
    with _readable(path):
        _check_regular(os.stat(path))
        handle = os.open(path, os.O_RDONLY | getattr(os, 'O_BINARY', 0) | getattr(os, 'O_NONBLOCK', 0))
        file = os.fdopen(handle, 'rb')
    with file:
        with _readable(path):
            _check_regular(os.fstat(handle))  # it may have become another in between
        yield file


def _check_regular(status):
    if not stat.S_ISREG(status.st_mode):
        kind = {stat.S_IFDIR: 'folder', stat.S_IFIFO: 'FIFO', stat.S_IFCHR: 'device', stat.S_IFBLK: 'device',
                stat.S_IFSOCK: 'socket'}.get(stat.S_IFMT(status.st_mode), 'special file')
        raise _Damaged('it is a %s, not a file' % kind)


@contextlib.contextmanager
def _readable(path):
    try:
        yield
    except MemoryError:
        raise BadData('%s needs more memory than there is: end other programs, or raise the limit'
                      % _line(path)) from None
    except (OSError, _Damaged) as error:
        raise BadData('%s cannot be read: %s; put MNIST\'s own file there'
                      % (_line(path), _reason(error))) from None


def _reason(error):
    """What an exception says, on one line that is not too long."""
    return _line(getattr(error, 'strerror', None) or str(error) or type(error).__name__)[:200]


def _counted(n, noun):
    return '%d %s%s' % (n, noun, '' if n == 1 else 's')


def _line(text):
    """A text on one line: whatever a terminal would not show as a character is escaped."""
    return ''.join(character if character.isprintable() else character.encode('unicode_escape').decode()
                   for character in str(text))


def _name(file):
    name = getattr(file, 'name', None)
    return os.fsdecode(name) if isinstance(name, (str, bytes, os.PathLike)) else 'the open file'


# --- fetching

def _complete(folder, source_url):
    """Fetches the files that the folder lacks, all of them or none."""
    try:
        os.lstat(os.path.join(folder, TRAIN_IMAGES))
    except PermissionError as error:  # the files may all be there
        raise BadData('%s cannot be read (%s): let it be read, or name another'
                      % (_line(folder), _reason(error))) from None
    except (OSError, ValueError):
        pass
    # A link that leads nowhere is not missing: it is the user's, and not to be replaced.
    missing = [name for name in SHA256 if not os.path.lexists(os.path.join(folder, name))]
    if not missing:
        return
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise BadData('%s is no folder: name another' % _line(folder))
    for name in (name for name in SHA256 if name not in missing):
        path = os.path.join(folder, name)
        with _opened(path) as file, _readable(path):
            original = _is_mnist(name, file)
        if not original:
            raise BadData('%s is missing, and cannot be fetched because %s is not MNIST\'s: put the file of '
                          'the same data set there' % (_line(os.path.join(folder, missing[0])), _line(path)))
    deadline = time.monotonic() + TIME_LIMIT
    _put(folder, {name: _fetch(source_url + name, name, folder, deadline) for name in missing})


def _is_mnist(name, file):
    unpacked, content, left = _Unpacked(file, room=2 * SIZES[name]), hashlib.sha256(), SIZES[name] + 1
    while left:  # at most a byte more than MNIST's
        piece = unpacked.read(min(left, 2 ** 18))
        if not piece:
            break
        content.update(piece)
        left -= len(piece)
    return content.hexdigest() == SHA256[name]


def _put(folder, contents):
    """Writes files, {name: bytes}: all or none of them, and none is ever there by halves."""
    parts, put, path = {}, [], folder
    try:
        os.makedirs(folder, exist_ok=True)
        for name, content in contents.items():
            path = os.path.join(folder, name)
            # A name that nobody can have foreseen, and exclusively: so it is no link that leads elsewhere.
            parts[name] = part = os.path.join(folder, '.%s.%s.part' % (name, secrets.token_hex(8)))
            handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, 'O_BINARY', 0), 0o666)
            with os.fdopen(handle, 'wb') as file:
                file.write(content)
                file.flush()
                os.fsync(handle)
        for name, part in parts.items():
            path = os.path.join(folder, name)
            os.replace(part, path)
            put.append(path)
        if os.name != 'nt':  # Windows does so by itself, and has no call for it
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
    except BaseException as error:
        for each in [*parts.values(), *put]:
            with contextlib.suppress(OSError):
                os.remove(each)
        if not isinstance(error, OSError):
            raise
        raise BadData('%s cannot be written (%s): make room, or name another place'
                      % (_line(path), _reason(error))) from None


def _fetch(url, name, folder, deadline):
    try:
        packed = _in_time(lambda: _download(url, SIZES[name], deadline), deadline)
        original = _is_mnist(name, io.BytesIO(packed))
    except Exception as error:  # an address and a server can bring about more than could be listed
        reason = 'could not be fetched from %s (%s)' % (_line(url), _reason(error))
    else:
        if original:
            print('Fetched %s' % _line(url), file=sys.stderr)
            return packed
        reason = 'is not what %s gives (the SHA-256 is another)' % _line(url)
    raise BadData('%s lacks %s, and it %s; put the four MNIST files there' % (_line(folder), name, reason))


def _in_time(function, deadline):
    """What a function gives, if it does so before `time.monotonic()` is at the deadline.

    It is left alone in its thread then: a server that sends the letters of a header one by one, or a name
    that is not found, cannot be given up otherwise.
    """
    outcome = []

    def run():
        try:
            outcome.append((function(), None))
        except Exception as error:
            outcome.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(max(0, deadline - time.monotonic()))
    result, error = outcome[0] if outcome else (None, _too_slow())
    if error:
        raise error
    return result


def _too_slow():
    return TimeoutError('it takes more than %g seconds' % TIME_LIMIT)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to `_download`: urllib would read whatever comes with one, however long it is."""

    def redirect_request(self, *_):
        return None


def _download(url, most, deadline):
    """What a URL gives, if that is no more than `most` bytes."""
    opener = urllib.request.build_opener(_NoRedirects)
    for _ in range(1 + REDIRECTS):
        try:
            with opener.open(url, timeout=TIMEOUT) as response:
                return _body(response, most, deadline)
        except urllib.error.HTTPError as error:
            error.close()
            location = error.headers.get('Location')
            if error.code not in (301, 302, 303, 307, 308) or not location:
                raise
        url = urllib.parse.urljoin(url, urllib.parse.quote(location, string.punctuation, 'iso-8859-1'))
        if urllib.parse.urlsplit(url).scheme not in ('http', 'https'):
            raise ValueError('it redirects to %s' % url)
    raise ValueError('it redirects more than %d times' % REDIRECTS)


def _body(response, most, deadline):
    announced = getattr(response, 'length', None)
    if announced is not None and announced > most:
        raise ValueError('it announces %d bytes, which is too much for that file' % announced)
    packed = bytearray()
    while announced is None or len(packed) < announced:
        piece = response.read1(2 ** 16)
        packed += piece
        if len(packed) > most:
            raise ValueError('it gives more than %d bytes, which is too much for that file' % most)
        if time.monotonic() > deadline:
            raise _too_slow()
        if not piece:
            break
    if announced is not None and len(packed) < announced:
        raise ValueError('it is cut off after %d of %d bytes' % (len(packed), announced))
    return packed
