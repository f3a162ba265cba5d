import ast
import contextlib
import gzip
import hashlib
import io
import json
import os
import pathlib
import shutil
import signal
import socket
import socketserver
import sys
import threading
import time
import tracemalloc
import zlib

import numpy as np
import pytest
import reader115
import tensorflow.compat.v1 as tf
from conftest import DATA, REFERENCE, drop_roots_privilege, idx, read_bytes, write_set
from processes import CONTEXT

import input_data
from input_data import BadData

IMAGES, LABELS = input_data.TRAIN_IMAGES, input_data.TRAIN_LABELS
with open(os.path.join(REFERENCE, 'reader.json')) as file:
    RECORDED = json.load(file)
with open(reader115.RECORDED) as file:
    RECORDED_CASES = json.load(file)

pytestmark = pytest.mark.usefixtures('fresh_graph')


@contextlib.contextmanager
def refused(*words):
    """The block ends with BadData, soon, and with one clean line that holds the words."""
    began = time.monotonic()
    with pytest.raises(BadData) as caught:
        yield
    assert time.monotonic() - began < 5
    message = str(caught.value)
    assert message.isprintable() and len(message) < 1000, message
    for word in words:
        assert word in message, message
    assert isinstance(caught.value, ValueError) and caught.value.status == 2


@contextlib.contextmanager
def little_memory(most):
    """No more than so many bytes are taken in the block."""
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < most


@pytest.fixture
def folder(small, tmp_path):
    """A copy of the slice of MNIST, to be spoiled."""
    shutil.copytree(small, str(tmp_path / 'data'))
    return tmp_path / 'data'


def test_it_needs_the_standard_library_numpy_and_tensorflow_alone():
    with open(input_data.__file__, encoding='utf-8') as file:
        nodes = list(ast.walk(ast.parse(file.read())))
    imported = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    assert {'numpy', 'tensorflow.compat.v1'} < imported
    assert {name.split('.')[0] for name in imported} <= {'numpy', 'tensorflow', *sys.stdlib_module_names}
    assert not any(isinstance(node, ast.ImportFrom) for node in nodes)


# --- as in TensorFlow 1.15.5

@pytest.mark.parametrize('case', RECORDED, ids=lambda case: 'batch %d' % case['batch_size'])
def test_batches_are_tensorflow_1_15s_to_the_byte(case):
    tf.set_random_seed(case['seed'])
    train = input_data.read_data_sets(DATA, one_hot=True).train
    images, labels = hashlib.sha256(), hashlib.sha256()
    for _ in range(case['batches']):
        batch_xs, batch_ys = train.next_batch(case['batch_size'])
        assert batch_xs.dtype == np.float32 and batch_ys.dtype == np.float64
        images.update(batch_xs.tobytes())
        labels.update(batch_ys.tobytes())
    assert images.hexdigest() == case['images']
    assert labels.hexdigest() == case['labels']
    assert train.epochs_completed == case['epochs_completed']
    assert np.random.normal(size=3).tolist() == case['noise_after']


@pytest.fixture(scope='module')
def noise(tmp_path_factory):
    path = tmp_path_factory.mktemp('noise')
    reader115.write_data(str(path))
    return str(path)


def test_all_that_has_been_recorded_is_compared():
    assert set(reader115.CASES) == set(RECORDED_CASES) and len(RECORDED_CASES) > 80


@pytest.mark.parametrize('name', reader115.CASES)
def test_whatever_is_done_gives_what_tensorflow_1_15_5_gave(noise, name):
    found = reader115.CASES[name](input_data, noise)
    assert json.loads(json.dumps(found)) == RECORDED_CASES[name]


@pytest.mark.parametrize('name', [name for name in reader115.CASES if any(
    word in name for word in ('written', 'all_sorts', 'held', 'replaced', 'copied'))])
def test_so_it_is_with_arrays_in_temporary_files_and_in_small_pieces(noise, monkeypatch, name):
    monkeypatch.setattr(input_data, 'IN_MEMORY', 0)
    monkeypatch.setattr(input_data, 'STEP', 7)
    found = reader115.CASES[name](input_data, noise)
    assert json.loads(json.dumps(found)) == RECORDED_CASES[name]


def test_the_three_sets_hold_the_files_in_order():
    mnist = input_data.read_data_sets(DATA)
    train = read_bytes(input_data.TRAIN_IMAGES).reshape(-1, 784)
    assert [part.num_examples for part in mnist] == [55000, 5000, 10000]
    assert mnist.validation.images.dtype == np.float32
    np.testing.assert_array_equal(np.rint(mnist.validation.images * 255), train[:5000])
    np.testing.assert_array_equal(np.rint(mnist.train.images[-3:] * 255), train[-3:])
    assert mnist.test.labels.dtype == np.uint8
    assert mnist.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


def test_images_in_a_file_are_written_into_and_handed_out():
    test = input_data.read_data_sets(DATA, one_hot=True).test
    assert test.images.base is not None  # 31 MB: more than is kept in memory
    test.images[:] = 0.5
    test.labels[:100] = 0
    images, labels = test.next_batch(100, shuffle=False)
    assert (images == 0.5).all() and not labels.any()
    assert (test.next_batch(9950)[0] == 0.5).all() and (test.images == 0.5).all()


def test_the_bytes_of_the_training_images_are_all_that_is_kept():
    with little_memory(70e6):  # 47 MB of them, 8 MB for the test; they would be 172 MB as floats
        mnist = input_data.read_data_sets(DATA, one_hot=True)
        for _ in range(600):
            mnist.train.next_batch(100)
        mnist.train.get_state()
        input_data.digest(mnist)


@pytest.mark.parametrize('call', [
    lambda path: input_data.read_data_sets(path, True),
    lambda path: input_data.read_data_sets(path, fake_data=True, one_hot=True),
    lambda path: input_data.DataSet([], [], fake_data=True),
    lambda path: input_data.read_data_sets(path).test.next_batch(10, True),
    lambda path: input_data.read_data_sets(path).test.next_batch(10, fake_data='yes\n'),
])
def test_made_up_data_is_refused(small, call):
    with refused('fake_data=', 'name those after it'):
        call(small)


@pytest.mark.parametrize('images, labels, arguments', [
    (np.zeros((3, 28, 28, 1)), np.zeros(4), {}), (np.zeros((3, 28, 28, 3)), np.zeros(3), {}),
    (np.zeros((3, 784)), np.zeros(3), {}), (np.zeros(()), np.zeros(3), {}),
    (np.zeros((3, 784)), np.zeros(2), {'reshape': False}), ([], np.zeros(1), {}),
])
def test_arrays_that_do_not_belong_together_are_refused(images, labels, arguments):
    with refused('images of shape'):
        input_data.DataSet(images, labels, **arguments)


def test_other_types_are_refused(small):
    for dtype in tf.float64, 'int32', np.float16:
        with pytest.raises(TypeError, match='uint8 or float32'):
            input_data.read_data_sets(small, dtype=dtype)


def test_validation_size(small):
    sets = input_data.read_data_sets(small, validation_size=0)
    assert (sets.train.num_examples, sets.validation.num_examples) == (5600, 0)
    for size in 5601, -1:
        with refused('%d cannot be set apart' % size, small):
            input_data.read_data_sets(small, validation_size=size)


def test_without_any_seed_runs_differ(small):
    def first():
        tf.reset_default_graph()
        return input_data.read_data_sets(small).train.next_batch(50)[1].tolist()
    assert first() != first()


def test_other_sets_of_the_same_names_load(tmp_path):
    """As Fashion-MNIST does: other pictures, the same shapes."""
    images = np.random.RandomState(0).randint(0, 256, (5010, 28, 28)).astype(np.uint8)
    labels = (np.arange(5010) % 10).astype(np.uint8)
    write_set(tmp_path, train_images_idx3_ubyte=idx(images), train_labels_idx1_ubyte=idx(labels))
    train = input_data.read_data_sets(str(tmp_path), dtype=tf.uint8).train
    np.testing.assert_array_equal(train.images, images[5000:].reshape(-1, 784))


# --- states and digests

def untouched(train):
    pass


def shuffled(train):
    train.next_batch(130)


def unshuffled(train):
    train.next_batch(130, shuffle=False)


def in_the_third_epoch(train):
    for _ in range(13):
        train.next_batch(100)


def at_an_epochs_end(train):
    train.next_batch(600)


def looked_at(train):
    train.next_batch(50)
    train.images, train.labels  # noqa: B018


def set_to_itself(train):
    train.next_batch(50)
    train._images *= 1


def labels_written_into(train):
    train.labels[:300] = np.eye(10)[0]
    train.next_batch(50)
    train.labels[7] = 0.5


def images_written_into(train):
    train.next_batch(50)
    train.images[::2] = np.nan


def signs_written(train):
    train.images[train.images == 0] = -0.0


def cut_down(train):
    train.next_batch(50)
    train._images, train._labels, train._num_examples = train.images[:250], train.labels[:250], 250


def enlarged(train):
    train._images = np.concatenate([train.images, train.images])
    train._labels, train._num_examples = np.concatenate([train.labels, train.labels]), 1200


def only_labels_replaced(train):
    train.next_batch(50)
    train._labels = np.eye(10)[np.arange(600) % 10]


def fewer_counted(train):
    train._num_examples = 90


SMALL_STATES = (untouched, shuffled, unshuffled, in_the_third_epoch, at_an_epochs_end, looked_at,
                set_to_itself, fewer_counted)
LARGE_STATES = (labels_written_into, images_written_into, signs_written, cut_down, enlarged,
                only_labels_replaced)


@pytest.mark.parametrize('seldom', [False, True], ids=['in memory', 'in files'])
@pytest.mark.parametrize('change', SMALL_STATES + LARGE_STATES)
def test_a_state_brings_the_same_batches_back(small, monkeypatch, change, seldom):
    if seldom:
        monkeypatch.setattr(input_data, 'IN_MEMORY', 0)
        monkeypatch.setattr(input_data, 'STEP', 101)
    train = input_data.read_data_sets(small, one_hot=True).train
    change(train)
    packed = io.BytesIO()
    np.savez(packed, **train.get_state())
    numpys = np.random.get_state()
    assert packed.tell() < 10000 or change in LARGE_STATES

    def following(part):
        np.random.set_state(numpys)
        found = [part.digest(), part.num_examples, part.epochs_completed]
        for size in [70] * 30 + [700]:
            found += [array.tobytes() for array in part.next_batch(size)]
        return found + [part.images.tobytes(), part.labels.tobytes()]

    due = following(train)
    spoiled = input_data.read_data_sets(small, one_hot=True).train
    spoiled.next_batch(77)
    spoiled.images[:] = spoiled.labels[:] = 0.25
    cut_down(spoiled)
    for part in train, input_data.read_data_sets(small, one_hot=True).train, spoiled:
        for _ in range(2):
            packed.seek(0)
            with np.load(packed) as state:
                part.set_state(state)
            assert following(part) == due


def test_a_state_is_not_changed_by_what_is_done_afterwards(small):
    train = input_data.read_data_sets(small, one_hot=True).train
    train.images[:9] = 0.5
    state = train.get_state()
    before = {name: np.array(value) for name, value in state.items()}
    train.images[:] = 0
    train.set_state(state)
    train.images[:] = 1
    state['order'][:] = 0
    assert (train.next_batch(1, shuffle=False)[0] == 1).all()
    np.testing.assert_array_equal(state.pop('order') + before.pop('order'), np.arange(600))
    for name, value in before.items():
        np.testing.assert_array_equal(state[name], value)


def test_states_of_earlier_versions_are_taken(small):
    order = np.random.RandomState(1).permutation(600)
    train = input_data.read_data_sets(small).train
    images = train.images.copy()
    train.set_state({'order': order, 'index_in_epoch': np.array(50), 'epochs_completed': np.array(3)})
    np.testing.assert_array_equal(train.next_batch(9)[0], images[order[50:59]])
    assert train.epochs_completed == 3


@pytest.mark.parametrize('change', [
    {'order': np.arange(601)}, {'order': np.arange(-1, 599)}, {'order': np.zeros((600, 1), int)},
    {'order': np.zeros(600)}, {'images': np.zeros((3, 784), np.float32)}, {'labels': np.array(0)},
    {'labels_order': np.full(600, 600)},
], ids=['one more', 'below 0', 'a matrix', 'floats', 'fewer images', 'a number for labels', 'labels beyond'])
def test_a_state_of_another_set_is_refused(small, change):
    train = input_data.read_data_sets(small).train
    due = train.digest(), train.images.tobytes()
    with refused('600 images'):
        train.set_state(dict(train.get_state(), **change))
    assert (train.digest(), train.images.tobytes()) == due


def test_digests_are_those_of_earlier_versions():
    """By which a run knows the data that it began with."""
    for arguments, due in (
            ({'one_hot': True}, '6fa2b19386ed510ca627fcf5b480922fc8d2f883918060b184e46929fcd15816'),
            ({'dtype': 'uint8'}, '1a1bafe8105f3a2df02737d045171e9e6b69923424b58ebc2b64a4962981ed47')):
        assert input_data.digest(input_data.read_data_sets(DATA, **arguments)) == due


@pytest.mark.parametrize('change', SMALL_STATES[:-1])
def test_a_digest_does_not_ask_for_the_order(small, change):
    mnist = input_data.read_data_sets(small, one_hot=True)
    before = input_data.digest(mnist)
    change(mnist.train)
    assert input_data.digest(mnist) == before


def test_a_digest_sees_what_is_written(small):
    seen = set()
    for change in (untouched, *LARGE_STATES):
        mnist = input_data.read_data_sets(small, one_hot=True)
        change(mnist.train)
        seen.add(input_data.digest(mnist))
        mnist.train.next_batch(590)
        seen.add(input_data.digest(mnist))
    assert len(seen) == 1 + len(LARGE_STATES)


# --- files that are damaged, or made to do damage

def packed_again(packed, change):
    return gzip.compress(change(gzip.decompress(packed)), 1)


DAMAGE = {
    'cut short': (IMAGES, lambda packed: packed[:-100], 'cut short'),
    'cut to nothing': (IMAGES, lambda _: b'', 'it is empty'),
    'cut to its first byte': (LABELS, lambda packed: packed[:1], 'no gzip file'),
    'cut to its first two': (LABELS, lambda packed: packed[:2], 'cut short'),
    'without its last byte': (LABELS, lambda packed: packed[:-1], 'cut short'),
    'a web page': (IMAGES, lambda _: b'<!DOCTYPE html>' * 9, 'no gzip file'),
    'zeros': (LABELS, lambda _: bytes(99), 'no gzip file'),
    'something after the end': (IMAGES, lambda packed: packed + b'more', 'damaged'),
    'checksum changed': (IMAGES, lambda packed: packed[:-8] + bytes(8), 'damaged'),
    'bytes changed inside': (IMAGES, lambda packed: packed[:5000] + b'\0' * 50 + packed[5050:], 'damaged'),
    'wrong magic number': (LABELS, lambda _: gzip.compress(idx(read_bytes(IMAGES)[:1])), '2051, not 2049'),
    'nothing in it': (LABELS, lambda _: gzip.compress(b''), 'number 0, not 2049'),
    'half a header': (IMAGES, lambda packed: packed_again(packed, lambda c: c[:9]), '0×0'),
    'trailing bytes': (LABELS, lambda packed: packed_again(packed, lambda c: c + b'\0'), 'holds more bytes'),
    'another after it': (LABELS, lambda packed: packed + gzip.compress(b'\0'), 'holds more bytes'),
    'a byte less': (LABELS, lambda packed: packed_again(packed, lambda c: c[:-1]), 'holds 5607 bytes'),
    'header only': (IMAGES, lambda packed: packed_again(packed, lambda c: c[:16]), 'holds 16 bytes'),
    'fewer labels': (LABELS, lambda _: gzip.compress(idx(read_bytes(LABELS)[:5599])), '5599 labels'),
    'a label of ten': (LABELS, lambda packed: packed_again(packed, lambda c: c[:-1] + b'\x0a'), 'label 10'),
    'other sizes': (IMAGES, lambda _: gzip.compress(idx(np.zeros((5600, 32, 32), np.uint8))), '32×32'),
    'no size': (IMAGES, lambda _: gzip.compress(idx(np.zeros((5600, 28, 0), np.uint8))), '28×0'),
}


@pytest.mark.parametrize('name, damage, reason', DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_named(folder, name, damage, reason):
    (folder / name).write_bytes(damage((folder / name).read_bytes()))
    before = sorted((path.name, path.read_bytes()) for path in folder.iterdir())
    with refused(str(folder / name), reason):
        input_data.read_data_sets(str(folder))
    assert sorted((path.name, path.read_bytes()) for path in folder.iterdir()) == before


def test_what_gzip_allows_is_read(folder, small):
    """Several members, zeros between and after them, a name and a comment in the header."""
    content = gzip.decompress((folder / LABELS).read_bytes())
    named = bytearray(gzip.compress(content[100:]))
    named[3], named[10:10] = 24, b'name\0comment\0'
    parts = [gzip.compress(content[:10]), gzip.compress(b''), bytes(700), gzip.compress(content[10:100], 0),
             bytes(named), bytes(100000)]
    (folder / LABELS).write_bytes(b''.join(parts))
    np.testing.assert_array_equal(input_data.read_data_sets(str(folder)).train.labels,
                                  input_data.read_data_sets(small).train.labels)


@pytest.mark.parametrize('name, sizes', [
    (IMAGES, (2 ** 31, 2 ** 31, 28)), (IMAGES, (2 ** 32 - 1, 28, 28)), (IMAGES, (2 ** 32 - 1,) * 3),
    (IMAGES, (2 ** 31 // 784 + 1, 28, 28)), (LABELS, (2 ** 32 - 1,)), (LABELS, (2 ** 31 + 1,)),
], ids=str)
def test_sizes_beyond_all_bounds_are_refused_at_once(folder, name, sizes):
    header = np.array([2051 if name == IMAGES else 2049, *sizes], '>u4').tobytes()
    (folder / name).write_bytes(gzip.compress(header + bytes(1000)))
    with little_memory(1e6), refused(str(folder / name), 'announces', str(input_data.LARGEST)):
        input_data.read_data_sets(str(folder))


def test_large_sizes_take_no_memory_before_the_bytes_are_there(folder):
    n = 2 ** 31 // 784
    for name, sizes in (IMAGES, (2051, n, 28, 28)), (LABELS, (2049, n)):
        (folder / name).write_bytes(gzip.compress(np.array(sizes, '>u4').tobytes() + bytes(1000)))
    with little_memory(3e6), refused(str(folder / LABELS), 'holds 1008 bytes'):
        input_data.read_data_sets(str(folder))


def endless(content, block, times):
    """A gzip stream of some content and a block, again and again."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    begin = pack.compress(content) + pack.flush(zlib.Z_FULL_FLUSH)
    once = pack.compress(block) + pack.flush(zlib.Z_FULL_FLUSH)
    once = pack.compress(block) + pack.flush(zlib.Z_FULL_FLUSH)  # the first may end what was begun
    return begin + once * times


@pytest.mark.parametrize('name', input_data.SHA256)
def test_what_goes_on_for_20_gigabytes_is_refused_after_a_byte(folder, name):
    content = gzip.decompress((folder / name).read_bytes())
    (folder / name).write_bytes(endless(content, bytes(10 ** 7), 2000))
    with little_memory(3 * len(content) + 6e6), refused(str(folder / name), 'holds more bytes'):
        input_data.read_data_sets(str(folder))


def test_no_more_is_unpacked_than_is_asked_for(folder):
    content = gzip.decompress((folder / LABELS).read_bytes())
    unpacked = input_data._Unpacked(io.BytesIO(endless(content, bytes(10 ** 7), 20)), room=2 ** 20)
    for size in 0, 1, 7, 5600, 1, 3 * 10 ** 6:
        assert len(unpacked.read(size)) == size


@pytest.mark.parametrize('after', ['zeros', 'empty members', 'empty blocks'])
def test_bytes_that_add_nothing_come_to_an_end(folder, after):
    path = folder / LABELS
    packed = path.read_bytes()
    if after == 'zeros':  # 20 GB that take no place on the disk
        os.truncate(str(path), 20 * 10 ** 9)
    elif after == 'empty members':
        path.write_bytes(packed + gzip.compress(b'') * 10 ** 6)
    else:
        path.write_bytes(endless(gzip.decompress(packed), b'', 1) + b'\0\0\0\xff\xff' * 10 ** 6)
    with little_memory(10e6), refused(str(path), 'far larger'):
        input_data.read_data_sets(str(folder))


def test_a_header_without_end_is_given_up(folder):
    (folder / IMAGES).write_bytes(b'\x1f\x8b\x08\x08' + bytes(6) + b'a' * 10 ** 7)
    with refused(str(folder / IMAGES), 'far larger'):
        input_data.read_data_sets(str(folder))


def special(kind, path):
    """Puts something in a path that is no file."""
    if kind == 'FIFO':
        os.mkfifo(str(path))
    elif kind == 'folder':
        path.mkdir()
    elif kind == 'socket':
        socket.socket(socket.AF_UNIX).bind(str(path))
    elif kind == 'link to itself':
        path.symlink_to(path)
    elif kind == 'link to a FIFO':
        os.mkfifo(str(path) + '.fifo')
        path.symlink_to(str(path) + '.fifo')
    else:
        path.symlink_to(kind)


SPECIAL = {'FIFO': 'a FIFO', 'folder': 'a folder', 'socket': 'a socket', 'link to itself': 'Too many levels',
           'link to a FIFO': 'a FIFO', '/dev/zero': 'a device', '/dev/stdin': 'not a file',
           '/dev/tty': 'a device', '/nowhere/at/all': 'No such file'}


@pytest.mark.parametrize('name', [IMAGES, input_data.TEST_LABELS])
@pytest.mark.parametrize('kind', SPECIAL)
def test_only_files_are_read(folder, monkeypatch, kind, name):
    if kind == '/dev/stdin':
        stdin = os.dup(0)
        read, write = os.pipe()
        os.dup2(read, 0)
    try:
        (folder / name).unlink()
        monkeypatch.chdir(folder)  # the name of a socket must be short
        special(kind, pathlib.Path(name) if kind == 'socket' else folder / name)
        with refused(str(folder / name), SPECIAL[kind]):
            input_data.read_data_sets(str(folder))
    finally:
        if kind == '/dev/stdin':
            os.dup2(stdin, 0)
            for handle in stdin, read, write:
                os.close(handle)


@pytest.mark.parametrize('kind', [kind for kind in SPECIAL if kind not in ('socket', '/dev/stdin')])
def test_only_files_are_read_before_another_is_fetched(all_but_labels, kind):
    (all_but_labels / IMAGES).unlink()
    special(kind, all_but_labels / IMAGES)
    with refused(str(all_but_labels / IMAGES), SPECIAL[kind]):
        input_data.read_data_sets(str(all_but_labels), source_url='nonsense/')


@pytest.mark.parametrize('kind', ['FIFO', 'a file', 'link to itself', '/dev/zero', '/nowhere/at/all'])
def test_what_is_no_folder_is_named(tmp_path, kind):
    path = tmp_path / 'data'
    path.write_bytes(b'mine') if kind == 'a file' else special(kind, path)
    with refused(str(path), 'is no folder'):
        input_data.read_data_sets(str(path))
    assert kind != 'a file' or path.read_bytes() == b'mine'


@pytest.mark.parametrize('kind', ['link', 'link to a link'])
def test_links_to_files_are_read(folder, small, tmp_path, kind):
    (folder / LABELS).unlink()
    (folder / LABELS).symlink_to(pathlib.Path(small) / LABELS)
    path = tmp_path / 'other'
    path.symlink_to(folder)
    assert input_data.read_data_sets(str(path if kind == 'link' else folder)).train.num_examples == 600


NAMES = [b'[1]', b'*?', b'a\nb', b'a\r\x1b[31mb', 'a\u2028b\u0085'.encode(), b'\xff\xfe', b' -x ',
         '숫자'.encode(), b'%s%d', b'{0}', b"'\"\\", b'a' * 200]


@pytest.mark.parametrize('name', NAMES, ids=repr)
def test_any_name_of_a_folder_will_do(small, tmp_path, name):
    path = os.path.join(os.fsencode(str(tmp_path)), name)
    shutil.copytree(small, os.fsdecode(path))
    for given in os.fsdecode(path), path, pathlib.Path(os.fsdecode(path)):
        assert input_data.read_data_sets(given).train.num_examples == 600
    with open(os.path.join(path, LABELS.encode()), 'wb'):
        pass
    with refused('cannot be read: it is empty'):
        input_data.read_data_sets(path)
    with refused('cannot be set apart'):
        os.remove(os.path.join(path, LABELS.encode()))
        shutil.copy(os.path.join(small, LABELS), os.fsdecode(path))
        input_data.read_data_sets(path, validation_size=9999)
    os.remove(os.path.join(path, LABELS.encode()))
    with refused('is missing'):
        input_data.read_data_sets(path)


@pytest.mark.parametrize('name', ['a\0b', 'a\ud800b', '\udc80\0'])
def test_what_cannot_be_a_name_is_refused(name):
    with refused('cannot be the name of a folder'):
        input_data.read_data_sets(name)


def test_a_label_says_what_it_is_read_from(tmp_path):
    path = tmp_path / 'a\nb'
    path.write_bytes(b'nothing of the sort')
    with open(str(path), 'rb') as file, refused('a\\nb', 'no gzip file'):
        input_data.extract_images(file)
    with refused('the open file', 'no gzip file'):
        input_data.extract_labels(io.BytesIO(b'nothing of the sort'))


# --- fetching, from a server on this machine

class Server:
    """Answers on loopback with what `answer(name)` yields, bytes or seconds to wait; counts what is asked."""

    def __init__(self, answer):
        asked = self.asked = []

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                name = self.rfile.readline().split()[1].decode().rsplit('/', 1)[-1]
                while self.rfile.readline().strip():
                    pass
                asked.append(name)
                with contextlib.suppress(OSError):  # the client has had enough
                    for part in answer(name):
                        if isinstance(part, float):
                            time.sleep(part)
                        else:
                            self.wfile.write(part)

        class Threading(socketserver.ThreadingTCPServer):
            daemon_threads, block_on_close = True, False

        self.server = Threading(('127.0.0.1', 0), Handler)
        self.url = 'http://127.0.0.1:%d/mnist/' % self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def found(content, *headers):
    lines = [b'HTTP/1.1 200 OK', b'Content-Length: %d' % len(content), *headers, b'', content]
    return b'\r\n'.join(lines)


def serving(files):
    return Server(lambda name: [found(files[name]) if name in files else b'HTTP/1.1 404 Not Found\r\n\r\n'])


@pytest.fixture(scope='module')
def originals():
    files = {}
    for name in input_data.SHA256:
        with open(os.path.join(DATA, name), 'rb') as file:
            files[name] = file.read()
    return files


@pytest.fixture
def all_but_labels(tmp_path, originals):
    """A folder with MNIST, but for the training labels."""
    (tmp_path / 'data').mkdir()
    for name in set(originals) - {LABELS}:
        (tmp_path / 'data' / name).symlink_to(os.path.join(DATA, name))
    return tmp_path / 'data'


@pytest.mark.parametrize('closed', ['data', '.'])
def test_nothing_is_fetched_for_a_folder_that_may_not_be_read(all_but_labels, tmp_path, closed):
    """Nor is it said to be missing: all may be there."""
    here, there = CONTEXT.Pipe(duplex=False)
    (tmp_path / closed).chmod(0)
    child = CONTEXT.Process(target=read_without_privilege, args=(str(all_but_labels), there))
    child.start()
    there.close()
    said = here.recv()
    child.join()
    (tmp_path / closed).chmod(0o755)
    assert said == '%s cannot be read (Permission denied): let it be read, or name another' % all_but_labels


def read_without_privilege(folder, send):
    drop_roots_privilege()
    try:
        input_data.read_data_sets(folder, source_url='nonsense/')
    except BadData as error:
        send.send(str(error))


def test_missing_files_are_fetched_and_kept(tmp_path, originals, capsys):
    folder = tmp_path / 'new' / 'data'
    with serving(originals) as server:
        sets = input_data.read_data_sets(str(folder), source_url=server.url)
        assert sorted(server.asked) == sorted(originals)
        out, err = capsys.readouterr()
        assert out == '' and err.splitlines() == ['Fetched ' + server.url + name for name in server.asked]
        assert sets.test.num_examples == 10000
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == originals
        umask = os.umask(0)
        os.umask(umask)
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o666 & ~umask}
        (folder / LABELS).unlink()
        input_data.read_data_sets(str(folder), source_url=server.url)
        assert server.asked[4:] == [LABELS]
        input_data.read_data_sets(str(folder), source_url=server.url)
        assert len(server.asked) == 5


@pytest.mark.parametrize('change, reason', [
    ({LABELS: gzip.compress(b'something else')}, 'SHA-256'),
    ({LABELS: gzip.compress(bytes(50 * 10 ** 6))}, 'SHA-256'),
    ({LABELS: b'<html>'}, 'could not be fetched'),
    ({LABELS: b''}, 'it is empty'),
    ({LABELS: None}, '404'),
    ({LABELS: gzip.compress(bytes(9999))[:-20]}, 'could not be fetched'),
], ids=['another file', 'a bomb', 'a web page', 'nothing', 'not there', 'cut short at its source'])
def test_a_bad_download_leaves_nothing(tmp_path, originals, change, reason):
    files = {name: content for name, content in dict(originals, **change).items() if content is not None}
    folder = tmp_path / 'data'
    with serving(files) as server, refused(reason, str(folder), LABELS):
        input_data.read_data_sets(str(folder), source_url=server.url)
    assert not folder.exists()


def forever(*parts):
    while True:
        yield from parts


def letters(text, seconds=0.02):
    for letter in text:
        yield bytes([letter])
        yield seconds


def redirect(location, *rest):
    return [b'HTTP/1.1 302 Found\r\nLocation: ' + location + b'\r\n\r\n', *rest]


def then(*many):
    for parts in many:
        yield from parts


OK = b'HTTP/1.1 200 OK\r\n'
ANSWERS = {
    'cut off': (lambda: [found(bytes(28881))[:5000]], 'cut off'),
    'without end': (lambda: then([OK + b'\r\n'], forever(bytes(2 ** 16))), 'gives more than 60008 bytes'),
    'chunks without end': (lambda: then([OK + b'Transfer-Encoding: chunked\r\n\r\n'],
                                        forever(b'ffff\r\n' + bytes(0xffff) + b'\r\n')), 'gives more'),
    'a petabyte': (lambda: [OK + b'Content-Length: 1000000000000000\r\n\r\n'], 'announces 10000'),
    'somewhat too large': (lambda: [OK + b'Content-Length: 60009\r\n\r\n'], 'announces 60009'),
    'size beyond numbers': (lambda: [OK + b'Content-Length: 1' + b'0' * 3000 + b'\r\n\r\n'],
                            'announces 10000'),
    'negative size': (lambda: then([OK + b'Content-Length: -5\r\n\r\n'], forever(bytes(2 ** 16))),
                      'gives more'),
    'no chunk': (lambda: [OK + b'Transfer-Encoding: chunked\r\n\r\n\x1b[2Jzz\r\n'], 'could not be fetched'),
    'nothing at all': (lambda: [], 'could not be fetched'),
    'no HTTP': (lambda: [b'\x1b[31m220 ready\x07\r\nmore\r\n\r\n'], 'could not be fetched'),
    'a header without end': (lambda: then([OK + b'X: '], forever(b'a' * 2 ** 16)), 'could not be fetched'),
    'headers without end': (lambda: then([OK], forever(b'A: b\r\n')), 'could not be fetched'),
    'strange reason': (lambda: [b'HTTP/1.1 500 \x1b[31mno\x07\x85\xe2\x80\xae\r\n\r\n'],
                       '500: \\x1b[31mno\\x07'),
    'long reason': (lambda: [b'HTTP/1.1 500 ' + b'no' * 9999 + b'\r\n\r\n'], '500: nonono'),
    'an error without end': (lambda: then([b'HTTP/1.1 404 no\r\n\r\n'], forever(bytes(2 ** 16))), '404'),
    'to a file': (lambda: redirect(b'file:///etc/passwd'), 'file:///etc/passwd'),
    'to FTP': (lambda: redirect(b'ftp://127.0.0.1/x'), 'ftp://127.0.0.1/x'),
    'to data': (lambda: redirect(b'data:,x'), 'data:,x'),
    'to a strange place': (lambda: redirect(b'gopher:\x1b[2J\r\n more\r\n\tlines'), 'gopher:'),
    'to strange words': (lambda: redirect(b'/\x1b[2J\r\n more'), 'could not be fetched'),
    'to no port': (lambda: redirect(b'http://127.0.0.1:99999/'), 'could not be fetched'),
    'to no address': (lambda: redirect(b'http://[/'), 'could not be fetched'),
    'nowhere': (lambda: [b'HTTP/1.1 302 Found\r\n\r\n'], '302'),
    'round and round': (lambda: redirect(LABELS.encode()), 'redirects more than 5 times'),
}


@pytest.mark.parametrize('answer, reason', ANSWERS.values(), ids=ANSWERS)
def test_a_server_that_answers_strangely_is_refused(all_but_labels, capfd, answer, reason):
    before = sorted(all_but_labels.iterdir())
    with Server(lambda name: answer()) as server, little_memory(3e6), refused(
            str(all_but_labels), LABELS, reason):
        input_data.read_data_sets(str(all_but_labels), source_url=server.url)
    assert sorted(all_but_labels.iterdir()) == before
    assert capfd.readouterr() == ('', '')


SLOW = {
    'content': lambda: then([OK + b'\r\n'], letters(bytes(9999))),
    'content of a known size': lambda: then([OK + b'Content-Length: 28881\r\n\r\n'], letters(bytes(9999))),
    'chunks': lambda: then([OK + b'Transfer-Encoding: chunked\r\n\r\n'], forever(b'1\r\nx\r\n', 0.02)),
    'header': lambda: then([OK + b'X: '], letters(bytes(9999))),
    'headers': lambda: then([OK], forever(b'A: b\r\n', 0.02)),
    'first line': lambda: letters(b'HTTP/1.1 200 ' + b'O' * 9999),
    'redirects': lambda: then([0.2], redirect(LABELS.encode())),
}


@pytest.mark.parametrize('answer', SLOW.values(), ids=SLOW)
def test_bytes_that_come_one_by_one_are_given_up_in_time(all_but_labels, monkeypatch, answer):
    monkeypatch.setattr(input_data, 'TIME_LIMIT', 0.4)
    with Server(lambda name: answer()) as server, refused('takes more than 0.4 seconds'):
        input_data.read_data_sets(str(all_but_labels), source_url=server.url)


def test_the_time_is_that_of_all_files_together(tmp_path, originals, monkeypatch):
    monkeypatch.setattr(input_data, 'TIME_LIMIT', 0.8)
    with Server(lambda name: [0.3, found(originals[name])]) as server, refused('takes more than'):
        input_data.read_data_sets(str(tmp_path / 'data'), source_url=server.url)
    assert len(server.asked) < 4 and not (tmp_path / 'data').exists()


def test_a_server_that_stalls_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(input_data, 'TIMEOUT', 0.3)
    with socket.create_server(('127.0.0.1', 0)) as silent, refused('timed out'):
        input_data.read_data_sets(str(tmp_path), source_url='http://127.0.0.1:%d/' % silent.getsockname()[1])


@pytest.mark.parametrize('kind', ['absolute', 'relative', 'with a body without end', 'permanent', 'chunked',
                                  'no size', 'kept open'])
def test_good_answers_are_taken(all_but_labels, originals, kind):
    content = originals[LABELS]

    def answer(name):
        if name == 'there':
            return [found(content)]
        return {
            'absolute': lambda: redirect(server.url.encode() + b'there'),
            'relative': lambda: redirect(b'../there'),
            'with a body without end': lambda: redirect(b'there', *[bytes(2 ** 16)] * 10 ** 4),
            'permanent': lambda: [b'HTTP/1.1 308 Moved\r\nLocation: there\r\n\r\n'],
            'chunked': lambda: [OK + b'Transfer-Encoding: chunked\r\n\r\n',
                                b'%x\r\n%s\r\n' % (999, content[:999]),
                                b'%x\r\n%s\r\n0\r\n\r\n' % (len(content) - 999, content[999:])],
            'no size': lambda: [OK + b'\r\n', content],
            'kept open': lambda: [found(content), 60.0],
        }[kind]()

    with Server(answer) as server, little_memory(80e6):
        input_data.read_data_sets(str(all_but_labels), source_url=server.url)
    assert (all_but_labels / LABELS).read_bytes() == content


@pytest.mark.parametrize('url', [
    'nonsense/', 'http://', 'http://[', 'http://127.0.0.1:99999/', 'http://127.0.0.1:x/', 'http://127.0.0.1:9/',
    'http://a..b/', 'http://127.0.0.1\r\nX: y/', 'http://\x1b[2J/', 'file:///dev/zero?', 'file:///nowhere/'])
def test_strange_addresses(tmp_path, url):
    with refused('could not be fetched from', str(tmp_path)):
        input_data.read_data_sets(str(tmp_path), source_url=url)
    assert list(tmp_path.iterdir()) == []


def test_a_file_without_end_is_no_download(tmp_path, monkeypatch):
    monkeypatch.setattr(input_data, 'TIME_LIMIT', 0.3)
    (tmp_path / IMAGES).symlink_to('/dev/zero')
    os.mkfifo(str(tmp_path / LABELS))
    with little_memory(120e6), refused('could not be fetched'):
        input_data.read_data_sets(str(tmp_path / 'data'), source_url=tmp_path.as_uri() + '/')
    (tmp_path / 'data').mkdir()
    for name in set(input_data.SHA256) - {LABELS}:
        (tmp_path / 'data' / name).symlink_to(os.path.join(DATA, name))
    with refused('takes more than 0.3 seconds'):
        input_data.read_data_sets(str(tmp_path / 'data'), source_url=tmp_path.as_uri() + '/')


def test_the_address_is_the_one_of_tensorflow_1_15(all_but_labels, monkeypatch):
    monkeypatch.setenv('https_proxy', 'http://127.0.0.1:9')  # where nobody listens
    for arguments in {}, {'source_url': ''}, {'source_url': None}:
        with refused('https://storage.googleapis.com/cvdf-datasets/mnist/' + LABELS, 'refused'):
            input_data.read_data_sets(str(all_but_labels), **arguments)


def test_mnist_is_not_mixed_into_another_set(folder, originals):
    (folder / LABELS).unlink()
    with serving(originals) as server, refused('is not MNIST', str(folder / LABELS)):
        input_data.read_data_sets(str(folder), source_url=server.url)
    assert server.asked == [] and not (folder / LABELS).exists()


# --- writing what has been fetched: all or none, and each whole or not there

def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


@contextlib.contextmanager
def files_no_larger_than(most):
    """As on a full disk, but that the system says so of a limit."""
    resource = pytest.importorskip('resource')
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize('most', [0, 4000, 20000, 5 * 10 ** 6])
def test_no_room_for_a_file_leaves_nothing(tmp_path, originals, most, capsys):
    with serving(originals) as server, files_no_larger_than(most), refused(
            'cannot be written (File too large)', str(tmp_path)):
        input_data.read_data_sets(str(tmp_path / 'data'), source_url=server.url)
    assert contents(tmp_path / 'data') == {}


@pytest.mark.parametrize('arguments', [{}, {'dtype': 'uint8'}])
def test_no_room_for_all_images_is_named(tmp_path, monkeypatch, arguments):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    monkeypatch.setattr(input_data, 'IN_MEMORY', 10 ** 6)
    test = input_data.read_data_sets(DATA, **arguments).test
    with files_no_larger_than(5 * 10 ** 6), refused(
            str(tmp_path), 'cannot be written (File too large)', 'TMPDIR'):
        test.images  # noqa: B018
    assert list(tmp_path.iterdir()) == [] and test.images.shape == (10000, 784)


def test_no_room_at_a_shuffle_loses_nothing_that_was_written(tmp_path, monkeypatch):
    monkeypatch.setattr('tempfile.tempdir', str(tmp_path))
    monkeypatch.setattr(input_data, 'IN_MEMORY', 10 ** 6)
    test = input_data.read_data_sets(DATA).test
    test.images[:] = 0.5
    with files_no_larger_than(5 * 10 ** 6), refused(str(tmp_path), 'cannot be written'):
        test.next_batch(100)
    assert (test.next_batch(100)[0] == 0.5).all() and (test.images == 0.5).all()


def test_a_link_is_not_written_through(all_but_labels, originals, tmp_path):
    (all_but_labels / LABELS).symlink_to(tmp_path / 'elsewhere')
    with serving(originals) as server, refused(str(all_but_labels / LABELS), 'No such file'):
        input_data.read_data_sets(str(all_but_labels), source_url=server.url)
    input_data._put(str(all_but_labels), {LABELS: b'something'})  # as if it had come in between
    assert not (tmp_path / 'elsewhere').exists() and not (all_but_labels / LABELS).is_symlink()


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / 'file').touch()
    with refused(str(tmp_path / 'file' / 'mnist'), 'cannot be written (Not a directory)'):
        input_data._put(str(tmp_path / 'file' / 'mnist'), {LABELS: b'something'})


@pytest.mark.parametrize('obstacle', range(4))
def test_a_file_that_cannot_be_put_in_its_place_takes_the_others_back(tmp_path, obstacle):
    names = list(input_data.SHA256)
    (tmp_path / names[obstacle]).mkdir()
    with refused(str(tmp_path / names[obstacle]), 'cannot be written'):
        input_data._put(str(tmp_path), {name: name.encode() for name in names})
    assert [path.name for path in tmp_path.iterdir()] == [names[obstacle]]


@pytest.mark.filterwarnings('ignore:.*fork:DeprecationWarning')
def test_a_process_killed_while_it_writes_leaves_whole_files(tmp_path):
    files = {name: name.encode() * 50000 for name in input_data.SHA256}
    events = 'open', 'os.rename', 'os.mkdir'
    left, complete, step = [0], False, 0

    def hook(event, _):
        if event in events:  # as killing is not, which is an event as well
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    while not complete:
        step += 1
        folder = tmp_path / str(step)
        left[0] = step
        child = os.fork()
        if not child:  # only files from here on: nothing that waits for the threads it has not got
            with contextlib.suppress(BaseException):
                sys.addaudithook(hook)
                input_data._put(str(folder), files)
            os._exit(0)
        complete = os.waitpid(child, 0)[1] == 0
        for name, content in contents(folder).items():
            assert content == files[name] if name in files else name.endswith('.part')
    assert contents(folder) == files and step > 8
