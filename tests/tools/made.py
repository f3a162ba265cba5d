"""Runs' folders that no training has made: other weights, another graph, another record."""

import json
import os
import shutil

import numpy as np
import processes
import tensorflow.compat.v1 as tf
from make_strips import REFERENCE

from lab import checkpoints, files, records


def changed_run(folder, kind, change):
    """A copy of the reference's run, with two of its strips and with weights changed by a function of {name: array}.

    Returns its path.
    """
    others = ['%03d.png' % epoch for epoch in (0, *range(9, 49, 10), *range(59, 99, 10))]
    shutil.copytree(os.path.join(REFERENCE, kind), str(folder), ignore=lambda *_: others)
    kept = os.path.join(str(folder), records.CHECKPOINTS)
    (epoch,) = checkpoints.epochs(kept)
    path = checkpoints.path_of(kept, epoch)
    with tf.Graph().as_default(), tf.Session() as sess:
        saver = tf.train.import_meta_graph(path + '.meta')
        saver.restore(sess, path)
        by_name = names(kind)
        arrays = sess.run(by_name)
        change(arrays)
        for name, variable in by_name.items():
            variable.load(arrays[name], sess)
        shutil.rmtree(os.path.dirname(path))
        checkpoints.save(kept, epoch, lambda new: saver.save(sess, new, write_state=False), {})
    return str(folder)


def names(kind):
    """{name: variable} of the reference's weights in the default graph, by the names that init.npz has."""
    variables = tf.trainable_variables()
    if kind == 'conditional':
        return {variable.op.name: variable for variable in variables}
    return dict(zip('G_W1 G_b1 G_W2 G_b2 D_W1 D_b1 D_W2 D_b2'.split(), variables))


def run_of_graph(folder, build, **changed):
    """A run's folder whose checkpoint holds the graph that `build` makes, called with Z; it returns G.

    changed  what its record has otherwise than the reference's
    """
    os.makedirs(str(folder))
    with tf.Graph().as_default(), tf.Session() as sess:
        Z = tf.placeholder(tf.float32, [None, 4], name='Z')
        unused = tf.Variable(0., name='unused')
        for name, part in {'Z': Z, 'G': build(Z)}.items():
            tf.add_to_collection(name, part)
        sess.run(tf.global_variables_initializer())
        checkpoints.save(os.path.join(str(folder), records.CHECKPOINTS), 9,
                         lambda path: tf.train.Saver([unused]).save(sess, path, write_state=False), {})
    rewrite(folder, os.path.join(REFERENCE, 'basic'), strips={}, noise={'draw': 'normal', 'shape': [4]}, **changed)
    return str(folder)


def rewrite(folder, original=None, **changed):
    """Gives a run's folder its record, or that of another folder, with some of it changed."""
    record = dict(record_of(original or folder), **changed)
    with open(os.path.join(str(folder), records.RECORD), 'w', encoding='utf-8') as file:
        json.dump(record, file)
    return record


def record_of(folder):
    with open(os.path.join(str(folder), records.RECORD), encoding='utf-8') as file:
        return json.load(file)


def contents(folder):
    """What stands in a folder: {path: SHA-256 and time of the last change}."""
    return {os.path.join(path, name): (files.digest(os.path.join(path, name)),
                                       os.stat(os.path.join(path, name)).st_mtime_ns)
            for path, _, inside in os.walk(str(folder)) for name in inside}


def arrays(path):
    with np.load(str(path)) as file:
        return dict(file)


def train(path, *words, output):
    """Trains a listing to its end; returns what it said on stderr, as lines."""
    os.makedirs(str(output), exist_ok=True)
    ended = processes.run(path, *words, output=output)
    assert ended.status == 0, ended.err
    return ended.err
