"""A generator is drawn from a run's folder alone, of whatever age; what is damaged or hostile is not."""

import json
import os
import shutil
import sys

import numpy as np
import pytest
import tensorflow.compat.v1 as tf
from commanding import command
from made import arrays, contents, record_of, rewrite, run_of_graph
from make_strips import REFERENCE
from processes import CONTEXT
from tensorflow.python.framework import function

from lab import files
from lab.errors import BadInput
from tools import generator


@pytest.fixture
def run(tmp_path):
    """A copy of the reference's run of §9.1, with its checkpoint as that of epoch 98 too."""
    folder = tmp_path / 'run'
    shutil.copytree(os.path.join(REFERENCE, 'basic'), str(folder))
    shutil.copytree(str(folder / 'checkpoints' / '0099'), str(folder / 'checkpoints' / '0098'))
    return folder


def drawn(folder):
    """Ten images of the run in a folder, and the epoch that drew them."""
    trained = generator.of_run(str(folder))[0]
    return trained.draw(trained.noise(10, 7)), trained.epoch


def test_what_tensorflow_1_15_wrote_draws_what_it_drew_there(run):
    """The graph is its own MetaGraph, and the strip of epoch 0 is not the generator's that was trained on."""
    images, epoch = drawn(run)
    with np.load(os.path.join(REFERENCE, 'basic', 'strips.npz')) as strips:
        trained_for_99_epochs, first = strips['samples'][-1], strips['samples'][0]
    assert epoch == 99 and images.shape == (10, 784) and images.dtype == np.float32
    assert abs(images.mean() - trained_for_99_epochs.mean()) < 0.03 < abs(images.mean() - first.mean())


def test_the_layers_of_the_other_listing_draw_what_they_are_asked_for(the_judge):
    trained = generator.of_run(os.path.join(REFERENCE, 'conditional'))[0]
    images, labels = trained.fresh(200)
    assert trained.labelled and labels.tolist() == list(range(10)) * 20
    assert (the_judge.read(images)[0].argmax(axis=1) == labels).mean() > 0.9


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def another(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))


@pytest.mark.parametrize('name', ['model.ckpt.index', 'model.ckpt.data-00000-of-00001', 'model.ckpt.meta',
                                  'digests.json'])
@pytest.mark.parametrize('damage', [cut, another, os.remove])
def test_of_a_damaged_checkpoint_the_one_before_it_draws(run, name, damage, capsys):
    damage(run / 'checkpoints' / '0099' / name)
    if name == 'digests.json' and damage is another:
        (run / 'checkpoints' / '0099' / name).write_text('[' * 100000)
    before = contents(run)
    assert drawn(run)[1] == 98
    assert 'checkpoint %s cannot be used (' % (run / 'checkpoints' / '0099') in capsys.readouterr().err
    damage(run / 'checkpoints' / '0098' / name)
    if name == 'digests.json':
        (run / 'checkpoints' / '0098' / name).write_text('{}')
    with pytest.raises(BadInput, match='has no checkpoint that can be drawn from') as end:
        drawn(run)
    assert '\n' not in str(end.value)
    assert contents(run).keys() <= before.keys()


def test_a_checkpoint_with_more_than_its_own_files_is_passed_over(run):
    """An index may name them, and TensorFlow would open whatever they are."""
    os.mkfifo(str(run / 'checkpoints' / '0099' / 'model.ckpt.data-00001-of-00002'))
    assert drawn(run)[1] == 98


def test_a_checkpoint_without_its_state_still_draws(run):
    """Which a run needs that goes on, and nobody else."""
    os.remove(str(run / 'checkpoints' / '0099' / 'state.npz'))
    assert drawn(run)[1] == 99


def draw_while_it_goes_on(folder, send):
    """Draws from a run whose training, as soon as the checkpoint of epoch 99 is being read, has done another epoch."""
    checkpoints, done = os.path.join(folder, 'checkpoints'), []

    def hook(event, arguments):
        if event == 'open' and str(arguments[0]).endswith(os.path.join('0099', 'digests.json')) and not done:
            done.append(True)
            shutil.copytree(os.path.join(checkpoints, '0099'), os.path.join(checkpoints, '0100'))
            for name in '0099', '0098':
                shutil.rmtree(os.path.join(checkpoints, name))

    sys.addaudithook(hook)
    send.send(drawn(folder))


def test_of_a_run_that_takes_away_what_is_being_read_the_newer_one_draws(run, capfd):
    expected = drawn(run)[0]
    receive, send = CONTEXT.Pipe(duplex=False)
    child = CONTEXT.Process(target=draw_while_it_goes_on, args=(str(run), send))
    child.start()
    send.close()
    images, epoch = receive.recv()  # an EOFError if it failed
    child.join()
    assert not capfd.readouterr().err, 'what a run takes away is not worth a word'
    assert epoch == 100 and os.listdir(str(run / 'checkpoints')) == ['0100']
    np.testing.assert_array_equal(images, expected)


@pytest.mark.parametrize('name', ['a[b]c*d?e', 'back\\slash', '그림 $x', 'new\nline', '-'])
def test_names_that_tensorflow_takes_for_a_pattern(run, tmp_path, name):
    expected = drawn(run)[0]
    os.rename(str(run), str(tmp_path / name))
    shutil.copytree(os.path.join(REFERENCE, 'conditional'), str(tmp_path / 'axc'))  # which a pattern might find
    before = contents(tmp_path)
    np.testing.assert_array_equal(drawn(tmp_path / name)[0], expected)
    assert contents(tmp_path) == before


# --- graphs that are programs

def as_images(tensor):
    """Images [n, 784] that need a tensor of any kind to have been computed."""
    with tf.control_dependencies([tensor]):
        return tf.zeros([3, 784])


def writes(path):
    return lambda Z: as_images(tf.raw_ops.WriteFile(filename=path, contents='written'))


def reads(path):
    return lambda Z: as_images(tf.raw_ops.ReadFile(filename=path))


def calls_python(path):
    def written(_):
        with open(path, 'w') as file:
            file.write('written')
        return np.float32(0)
    return lambda Z: as_images(tf.py_func(written, [Z], tf.float32))


def writes_in_a_function(path):
    """Called by an operation that is not stateful itself."""
    def build(Z):
        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
        def function(Z):
            with tf.control_dependencies([tf.raw_ops.WriteFile(filename=path, contents='written')]):
                return tf.zeros([tf.shape(Z)[0], 784])
        called = function.get_concrete_function()
        called.add_to_graph()
        (images,) = tf.raw_ops.PartitionedCall(args=[Z], Tout=[tf.float32], f=called)
        return tf.reshape(images, [-1, 784])
    return build


def writes_as_an_operation(path):
    """The function is itself what an operation is called by, and that is not stateful."""
    def build(Z):
        @function.Defun(tf.float32, func_name='Soft')
        def soft(Z):
            with tf.control_dependencies([tf.raw_ops.WriteFile(filename=path, contents='written')]):
                return tf.zeros([3, 784])
        images = soft(Z)
        images.set_shape([None, 784])
        return images
    return build


def goes_on_for_ever(path):
    def build(Z):
        was_on = tf.control_flow_v2_enabled()
        tf.disable_control_flow_v2()  # its loops are operations that call a function
        loop = tf.while_loop(lambda i: i >= 0, lambda i: tf.abs(i), [0.])
        if was_on:
            tf.enable_control_flow_v2()
        return as_images(loop)
    return build


def fills_the_memory(path):
    return lambda Z: as_images(tf.fill([40000, 100000], 1.))


def fills_it_when_run(Z):
    return tf.zeros([3, 784]) + tf.reduce_sum(tf.fill([2 * 10 ** 8 * tf.size(Z, out_type=tf.int64)], Z[0, 0]))


def writes_for_a_debugger(path):
    return lambda Z: as_images(tf.raw_ops.DebugIdentity(
        input=Z, device_name='', tensor_name='Z:0', debug_urls=['file://' + path], gated_grpc=False))


def ends_the_process(path):
    return lambda Z: as_images_after(tf.raw_ops.Abort(error_msg='aborted', exit_without_error=False))


def as_images_after(operation):
    with tf.control_dependencies([operation]):
        return tf.zeros([3, 784])


def say_that_functions_do_nothing(run):
    path = run / 'checkpoints' / '0009' / 'model.ckpt.meta'
    meta = tf.MetaGraphDef.FromString(path.read_bytes())
    for each in meta.graph_def.library.function:
        each.signature.is_stateful = False
    path.write_bytes(meta.SerializeToString())
    sign(path)


def sign(path):
    digests = json.loads((path.parent / 'digests.json').read_text())
    (path.parent / 'digests.json').write_text(json.dumps(dict(digests, **{path.name: files.digest(str(path))})))


@pytest.mark.parametrize('build, named', [
    (writes, 'WriteFile'), (reads, 'ReadFile'), (calls_python, 'PyFunc'), (writes_in_a_function, ': PartitionedCall'),
    (writes_for_a_debugger, 'DebugIdentity'), (ends_the_process, 'Abort'), (writes_as_an_operation, ': Soft'),
    (goes_on_for_ever, ': LoopCond, NextIteration'), (fills_the_memory, 'Fill')])
def test_a_graph_that_does_more_than_compute_is_not_run(tmp_path, build, named):
    target = tmp_path / 'written'
    run_of_graph(tmp_path / 'run', build(str(target)))
    say_that_functions_do_nothing(tmp_path / 'run')
    before = contents(tmp_path)
    status, out, err = command('digits', '--basic', 3, '--run', tmp_path / 'run', '--out', tmp_path / 'drawn')
    assert status == 2 and out == [] and len(err) == 1
    assert 'its graph does more than compute: ' in err[0] and named in err[0]
    assert contents(tmp_path) == before and not target.exists()


def test_a_graph_that_computes_is_run(tmp_path):
    """Also beside something that would do more, and is none of the images' business."""
    def build(Z):
        tf.raw_ops.WriteFile(filename=str(tmp_path / 'written'), contents='written')
        return tf.reshape(tf.tile(tf.sigmoid(Z[:, :1] + tf.random_uniform([]) * 0), [1, 784]), [-1, 28, 28, 1])
    run_of_graph(tmp_path / 'run', build)
    status, out, err = command('digits', '--basic', 3, '--run', tmp_path / 'run', '--out', tmp_path / 'drawn',
                               '--npz', tmp_path / 'd.npz', '--seed', 5)
    assert (status, out, err) == (0, [], [str(tmp_path / 'drawn'), 'seed: 5'])
    expected = 1 / (1 + np.exp(-np.random.RandomState(5).normal(size=(3, 4))[:, 0]))
    np.testing.assert_allclose(arrays(tmp_path / 'd.npz')['images'][:, 0, 0], expected, rtol=1e-5)
    assert not (tmp_path / 'written').exists()


def fixed_batch(Z):
    return tf.zeros([100, 784])


def another_placeholder(Z):
    return tf.zeros([tf.shape(Z)[0], 784]) + tf.placeholder(tf.float32, [784])


def test_a_number_that_is_held_more_often_than_memory_can_is_one_line(tmp_path):
    """It would be written out while the graph is read."""
    run_of_graph(tmp_path / 'run', lambda Z: as_images(tf.constant(1., name='one')))
    path = tmp_path / 'run' / 'checkpoints' / '0009' / 'model.ckpt.meta'
    meta = tf.MetaGraphDef.FromString(path.read_bytes())
    one, = (node for node in meta.graph_def.node if node.name == 'one')
    one.attr['value'].tensor.tensor_shape.dim.add().size = 2 ** 40
    path.write_bytes(meta.SerializeToString())
    sign(path)
    status, out, err = command('digits', '--basic', 3, '--run', tmp_path / 'run', '--out', tmp_path / 'drawn')
    assert status == 2 and out == [] and len(err) == 1 and 'its graph holds one number 1.1e+12 times' in err[0]


@pytest.mark.parametrize('build, words', [
    (fixed_batch, 'cannot be drawn from'), (fills_it_when_run, 'cannot be drawn from (OOM when'),
    (another_placeholder, 'cannot be drawn from'),
    (lambda Z: tf.zeros([tf.shape(Z)[0], 100]), 'no images of 28×28'), (lambda Z: tf.zeros([]), 'no images of 28×28')])
def test_a_graph_that_draws_no_digits_of_noise_alone_is_one_line(tmp_path, build, words):
    run_of_graph(tmp_path / 'run', build)
    status, out, err = command('digits', '--basic', 3, '--run', tmp_path / 'run', '--out', tmp_path / 'drawn')
    assert status == 2 and out == [] and len(err) == 1 and words in err[0]
    assert not (tmp_path / 'drawn').exists()


NOISE = [None, {}, {'draw': 'normal'}, {'draw': 'normal', 'shape': []}, {'draw': 'normal', 'shape': [3]},
         {'draw': 'normal', 'shape': [-1]}, {'draw': 'normal', 'shape': ['128']}, {'draw': 'normal', 'shape': [True]},
         {'draw': 'normal', 'shape': [1] * 1000}, {'draw': 'normal', 'shape': 128}, {'draw': [], 'shape': [128]},
         {'draw': 'kept', 'shape': [128]}, {'draw': {}, 'shape': [128]}, {'draw': None, 'shape': [128]}]


def test_whatever_a_record_says_of_the_noise_and_the_feeds_is_one_line(run, tmp_path):
    whole = record_of(run)
    for changed in [{'noise': noise} for noise in NOISE] + [{'feeds': {name: 1}} for name in (
            'Placeholder_1', 'Placeholder_1:1', 'Placeholder_1:x')]:
        rewrite(run, **dict(whole, **changed))
        status, out, err = command('digits', '--basic', 3, '--run', run, '--out', tmp_path / 'drawn')
        assert status == 2 and out == [] and len(err) == 1 and str(run) in err[0], changed
        assert not (tmp_path / 'drawn').exists()
    rewrite(run, **dict(whole, feeds={'none of its': 1, 'x:0': True}))
    assert command('digits', '--basic', 3, '--run', run, '--out', tmp_path / 'drawn')[0] == 0


def no_such_array(path):
    np.savez(str(path), other=np.zeros((5, 128), np.float32))


def another_shape(path):
    np.savez(str(path), noise=np.zeros((5, 127), np.float32))


def none_that_is_a_number(path):
    np.savez(str(path), noise=np.full((5, 128), np.nan, np.float32))


def objects(path):
    np.savez(str(path), noise=np.array([{}]))


@pytest.mark.parametrize('make', [
    no_such_array, another_shape, none_that_is_a_number, objects, lambda path: path.write_text('no archive'),
    lambda path: os.mkfifo(str(path)), lambda path: path.mkdir(), lambda path: os.symlink('/dev/zero', str(path))])
def test_noise_that_was_not_kept_as_it_should_be_is_one_line(run, make):
    rewrite(run, noise={'draw': 'kept', 'shape': [128]})
    make(run / 'noise.npz')
    with pytest.raises(BadInput, match='noise.npz') as end:
        drawn(run)
    assert '\n' not in str(end.value)
