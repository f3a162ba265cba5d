import gzip
import hashlib
import http.server
import json
import os
import re
import shutil
import socket
import sys
import threading

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from conftest import DATA, REFERENCE, idx, read_bytes, write_set
from processes import CHAPTER09, in_a_small_filesystem

import gan_basic
import input_data
from errors import BadInput

with open(os.path.join(REFERENCE, 'reader.json')) as file:
    RECORDED = json.load(file)


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


def test_the_three_sets_hold_the_files_in_order():
    mnist = input_data.read_data_sets(DATA)
    train = read_bytes(input_data.TRAIN_IMAGES).reshape(-1, 784)
    assert [part.num_examples for part in mnist] == [55000, 5000, 10000]
    assert mnist.validation.images.dtype == np.float32
    np.testing.assert_array_equal(np.rint(mnist.validation.images * 255), train[:5000])
    np.testing.assert_array_equal(np.rint(mnist.train.images[-3:] * 255), train[-3:])
    assert mnist.test.labels.dtype == np.uint8
    assert mnist.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


def test_images_follow_the_shuffles_as_they_did_in_tensorflow_1(small):
    train = input_data.read_data_sets(small, dtype=tf.uint8).train
    before = train.images.copy()
    batch, labels = train.next_batch(100)
    np.testing.assert_array_equal(train.images[:100], batch)
    np.testing.assert_array_equal(train.labels[:100], labels)
    assert not np.array_equal(train.images, before)
    np.testing.assert_array_equal(np.sort(train.images.sum(1)), np.sort(before.sum(1)))


def test_unshuffled_batches_cross_the_epochs_end_in_order(small):
    train = input_data.read_data_sets(small).train
    images, labels = train.images, train.labels
    train.next_batch(590, shuffle=False)
    batch_xs, batch_ys = train.next_batch(30, shuffle=False)
    np.testing.assert_array_equal(batch_xs, np.concatenate([images[590:], images[:20]]))
    np.testing.assert_array_equal(batch_ys, np.concatenate([labels[590:], labels[:20]]))
    assert train.epochs_completed == 1


@pytest.mark.parametrize('dtype', [tf.uint8, 'uint8', np.uint8])
def test_bytes_and_pictures_on_request(small, dtype):
    test = input_data.read_data_sets(small, dtype=dtype, reshape=False).test
    assert test.images.dtype == np.uint8 and test.images.shape == (100, 28, 28, 1)
    np.testing.assert_array_equal(test.images[..., 0], read_bytes(input_data.TEST_IMAGES)[:100])


def test_other_types_are_refused(small):
    with pytest.raises(TypeError, match='uint8 or float32'):
        input_data.read_data_sets(small, dtype=tf.float64)


def test_validation_size(small):
    sets = input_data.read_data_sets(small, validation_size=0)
    assert (sets.train.num_examples, sets.validation.num_examples) == (5600, 0)
    for size in 5601, -1:
        with pytest.raises(BadInput, match='%d cannot be set apart' % size):
            input_data.read_data_sets(small, validation_size=size)


def test_its_own_seed_overrides_the_graphs(small):
    def first(graph_seed, seed):
        tf.reset_default_graph()
        tf.set_random_seed(graph_seed)
        return input_data.read_data_sets(small, seed=seed).train.next_batch(5)[1].tolist()
    assert first(1, 5) == first(2, 5) != first(1, 6)
    np.random.seed(5)
    order = np.arange(600)
    np.random.shuffle(order)
    assert first(1, 5) == read_bytes(input_data.TRAIN_LABELS)[5000:5600][order[:5]].tolist()


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


# --- bad input: one line, status 2, and the folder as it was

IMAGES, LABELS = 'train-images-idx3-ubyte.gz', 'train-labels-idx1-ubyte.gz'


def packed_again(packed, change):
    return gzip.compress(change(gzip.decompress(packed)))


DAMAGE = {
    'cut short': (IMAGES, lambda packed: packed[:-100], 'cut short'),
    'cut to nothing': (IMAGES, lambda _: b'', 'it is empty'),
    'a web page': (IMAGES, lambda _: b'<!DOCTYPE html>' * 9, 'no gzip file'),
    'something after the end': (IMAGES, lambda packed: packed + b'more', 'damaged'),
    'checksum changed': (IMAGES, lambda packed: packed[:-8] + bytes(8), 'damaged'),
    'bytes changed inside': (IMAGES, lambda packed: packed[:5000] + b'\0' * 50 + packed[5050:], 'damaged'),
    'wrong magic number': (LABELS, lambda _: gzip.compress(idx(read_bytes(IMAGES)[:1])), '2051, not 2049'),
    'trailing bytes': (LABELS, lambda packed: packed_again(packed, lambda c: c + b'\0'), 'holds 5609 bytes'),
    'header only': (IMAGES, lambda packed: packed_again(packed, lambda c: c[:16]), 'holds 16 bytes'),
    'sizes beyond all bounds': (IMAGES, lambda _: gzip.compress(
        np.array([2051, 2 ** 31, 2 ** 31, 28], '>u4').tobytes()), 'holds 16 bytes'),
    'fewer labels': (LABELS, lambda _: gzip.compress(idx(read_bytes(LABELS)[:5599])), '5599 labels'),
    'a label of ten': (LABELS, lambda packed: packed_again(packed, lambda c: c[:-1] + b'\x0a'), 'label 10'),
    'other sizes': (IMAGES, lambda _: gzip.compress(idx(np.zeros((5600, 32, 32), np.uint8))), '32×32'),
}


@pytest.mark.parametrize('name, damage, reason', DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_named(program, small, tmp_path, name, damage, reason):
    folder = tmp_path / 'data'
    shutil.copytree(small, str(folder))
    (folder / name).write_bytes(damage((folder / name).read_bytes()))
    before = sorted((path.name, path.read_bytes()) for path in folder.iterdir())
    status, out, err = program(gan_basic.main, '--data', folder, '--samples', tmp_path / 'strips')
    assert status == 2 and out == [] and len(err) == 1, err
    assert str(folder / name) in err[0] and reason in err[0]
    assert sorted((path.name, path.read_bytes()) for path in folder.iterdir()) == before
    assert not (tmp_path / 'strips').exists()


def test_too_few_images(program, tmp_path):
    for n, reason in (4000, '5000 cannot be set apart'), (5050, 'too few'):
        images, labels = read_bytes(IMAGES)[:n], read_bytes(LABELS)[:n]
        write_set(tmp_path, train_images_idx3_ubyte=idx(images), train_labels_idx1_ubyte=idx(labels))
        status, out, err = program(gan_basic.main, '--data', tmp_path)
        assert status == 2 and out == [] and len(err) == 1, err
        assert str(tmp_path) in err[0] and reason in err[0]


# --- fetching, from a server on this machine

class Server:
    """Serves {name: bytes} on loopback, and counts what is asked for."""

    def __init__(self, files, cut=None):
        asked = self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                name = self.path.rsplit('/', 1)[-1]
                asked.append(name)
                self.send_response(200 if name in files else 404)
                self.send_header('Content-Length', str(len(files.get(name, b''))))
                self.end_headers()
                self.wfile.write(files.get(name, b'')[:cut])

            def log_message(self, *words):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = 'http://127.0.0.1:%d/mnist/' % self.server.server_address[1]

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope='module')
def originals():
    files = {}
    for name in input_data.SHA256:
        with open(os.path.join(DATA, name), 'rb') as file:
            files[name] = file.read()
    return files


def test_missing_files_are_fetched_and_kept(tmp_path, originals, capsys):
    folder = tmp_path / 'new' / 'data'
    with Server(originals) as server:
        sets = input_data.read_data_sets(str(folder), source_url=server.url)
        assert sorted(server.asked) == sorted(originals)
        out, err = capsys.readouterr()
        assert out == '' and err.splitlines() == ['Fetched ' + server.url + name for name in server.asked]
        assert sets.test.num_examples == 10000
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == originals
        (folder / LABELS).unlink()
        input_data.read_data_sets(str(folder), source_url=server.url)
        assert server.asked[4:] == [LABELS]
        input_data.read_data_sets(str(folder), source_url=server.url)
        assert len(server.asked) == 5


@pytest.mark.parametrize('change, cut, reason', [
    ({LABELS: gzip.compress(b'something else')}, None, 'SHA-256'),
    ({LABELS: b'<html>'}, None, 'could not be fetched'),
    ({LABELS: None}, None, '404'),
    ({LABELS: gzip.compress(bytes(9999))[:-20]}, None, 'could not be fetched'),
    ({}, 1000, 'could not be fetched'),
], ids=['another file', 'a web page', 'not there', 'cut short at its source', 'cut off'])
def test_a_bad_download_leaves_nothing(tmp_path, originals, change, cut, reason):
    files = {name: content for name, content in dict(originals, **change).items() if content}
    folder = tmp_path / 'data'
    with Server(files, cut) as server, pytest.raises(BadInput, match=reason) as error:
        input_data.read_data_sets(str(folder), source_url=server.url)
    assert '\n' not in str(error.value) and str(folder) in str(error.value)
    assert not folder.exists()


def test_a_server_that_stalls_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(input_data, 'TIMEOUT', 0.3)
    with socket.create_server(('127.0.0.1', 0)) as silent, pytest.raises(BadInput, match='timed out'):
        input_data.read_data_sets(str(tmp_path), source_url='http://127.0.0.1:%d/' % silent.getsockname()[1])


def test_no_address_and_no_folder(tmp_path):
    assert input_data.DEFAULT_SOURCE_URL == 'https://storage.googleapis.com/cvdf-datasets/mnist/'
    with pytest.raises(BadInput, match='could not be fetched from nonsense/'):
        input_data.read_data_sets(str(tmp_path), source_url='nonsense/')


def test_a_folder_in_place_of_a_file_is_named(small, tmp_path):
    shutil.copytree(small, str(tmp_path / 'data'))
    (tmp_path / 'data' / LABELS).unlink()
    (tmp_path / 'data' / LABELS).mkdir()
    with pytest.raises(BadInput, match='Is a directory'):
        input_data.read_data_sets(str(tmp_path / 'data'))


def test_a_disk_too_small_for_the_files_is_left_empty(tmp_path, originals):
    read = 'import input_data; input_data.read_data_sets("disk", source_url="%s")'
    with Server(originals) as server:
        result = in_a_small_filesystem(
            '4m', "PYTHONPATH=%s %s -c '%s' 2>&1 | tail -n 1; ls -A disk; ls -d disk" % (
                CHAPTER09, sys.executable, read % server.url), tmp_path)
    assert re.search(r'BadInput: disk/\S+ cannot be written \(No space left', result.stdout), result.stdout
    assert result.stdout.splitlines()[1:] == ['disk']


def test_a_disk_too_small_for_all_images_is_named(tmp_path):
    read = 'import input_data; input_data.read_data_sets("%s").train.images' % DATA
    result = in_a_small_filesystem(
        '4m', "TMPDIR=$PWD/disk PYTHONPATH=%s %s -c '%s' 2>&1 | tail -n 1; ls -A disk" % (
            CHAPTER09, sys.executable, read), tmp_path)
    assert re.search(r'BadInput: \S+/disk cannot be written \(No space left', result.stdout), result.stdout
    assert len(result.stdout.splitlines()) == 1


def test_no_network_is_one_clear_line(program, tmp_path, monkeypatch):
    monkeypatch.setenv('https_proxy', 'http://127.0.0.1:9')  # where nobody listens
    status, out, err = program(gan_basic.main, '--data', tmp_path)
    assert status == 2 and out == [] and len(err) == 1, err
    assert str(tmp_path) in err[0] and 'could not be fetched' in err[0]
    assert list(tmp_path.iterdir()) == []


def test_mnist_is_not_mixed_into_another_set(small, tmp_path, originals):
    folder = tmp_path / 'data'
    shutil.copytree(small, str(folder))
    (folder / LABELS).unlink()
    with Server(originals) as server, pytest.raises(BadInput, match='is not MNIST'):
        input_data.read_data_sets(str(folder), source_url=server.url)
    assert server.asked == [] and not (folder / LABELS).exists()
