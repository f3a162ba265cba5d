"""lab/session.py: the numbers, the errors and the results of tf.Session, by a shorter way."""

import numpy as np
import pytest
import tensorflow.compat.v1 as tf

from lab import session
from lab.errors import BadInput

tf.disable_v2_behavior()


@pytest.fixture(params=[tf.Session, session.Session], ids=['tf.Session', 'ours'])
def linear(request):
    """A session with x [None, 3], y = x · w, and `step`, which adds 1 to w. All below holds of either."""
    with tf.Graph().as_default(), request.param() as sess:
        sess.x = tf.placeholder(tf.float32, [None, 3])
        w = tf.Variable(np.ones([3, 2], np.float32))
        sess.y, sess.step = tf.matmul(sess.x, w), tf.assign_add(w, tf.ones_like(w)).op
        sess.run(tf.global_variables_initializer())
        yield sess


def test_results_are_those_of_tf_session(linear):
    for n in 1, 2, 3:
        nothing, y = linear.run([linear.step, linear.y], {linear.x: [[1, 0, 0]]})
        assert nothing is None and y.dtype == np.float32
        (w,) = linear.run([linear.y], {linear.x: np.eye(3)})
        np.testing.assert_array_equal(w, np.full([3, 2], n + 1))
        total = linear.run([tf.reduce_sum(linear.y)], {linear.x: np.eye(3)})
        assert isinstance(total[0], np.float32) and total[0] == 6 * (n + 1)


def test_shapes_and_orders_may_change(linear):
    for rows in 2, 5, 2, 5:
        x = np.arange(3.0 * rows).reshape(rows, 3)
        y, again = linear.run([linear.y, linear.y + 0], {linear.x: x})
        np.testing.assert_array_equal(y, again)
        np.testing.assert_array_equal(y[:, 0], x.sum(axis=1))
        y, nothing = linear.run([linear.y, linear.step], {linear.x: x})
        assert y.shape == (rows, 2) and nothing is None
        linear.run(tf.global_variables_initializer())


def test_a_feed_that_does_not_fit_is_refused_in_a_repeated_step_too(linear):
    for _ in range(3):
        linear.run([linear.y], {linear.x: np.eye(3)})
        with pytest.raises(ValueError, match='Cannot feed value of shape'):
            linear.run([linear.y], {linear.x: np.eye(4)})
        with pytest.raises(ValueError, match='could not convert'):
            linear.run([linear.y], {linear.x: [['a', 'b', 'c']] * 3})


def test_an_error_in_a_repeated_step_is_tensorflows(linear):
    limit = tf.placeholder(tf.int32, [])
    with tf.control_dependencies([tf.assert_less(limit, 2)]):
        checked = tf.identity(limit)
    for n in 0, 1:
        assert linear.run([checked], {limit: n}) == [n]
    with pytest.raises(tf.errors.InvalidArgumentError):
        linear.run([checked], {limit: 2})
    assert linear.run([checked], {limit: 1}) == [1]


def test_tf_sessions_other_ways_stay(linear):
    sparse = tf.sparse_placeholder(tf.float32)
    total = tf.sparse.reduce_sum(sparse)
    for _ in range(2):
        y = linear.run(linear.y, {linear.x: np.eye(3)})
        assert linear.run({'y': linear.y}, {linear.x: np.eye(3)})['y'].tolist() == y.tolist()
        assert linear.run([linear.y.name], {linear.x.name: np.eye(3)})[0].tolist() == y.tolist()
        assert linear.run([linear.y], {linear.x.name: np.eye(3)})[0].tolist() == y.tolist()
        x, again = linear.run([linear.x, linear.y], {linear.x: np.eye(3)})
        assert x.tolist() == np.eye(3).tolist() and again.tolist() == y.tolist()
        assert linear.run([[linear.y], tf.trainable_variables()], {linear.x: np.eye(3)})[0][0].shape == (3, 2)
        assert linear.run([total], {sparse: ([[0], [2]], [4, 5], [3])}) == [9]
        metadata, options = tf.RunMetadata(), tf.RunOptions(trace_level=tf.RunOptions.FULL_TRACE)
        linear.run([linear.y], {linear.x: np.eye(3)}, options, metadata)
        assert metadata.step_stats.dev_stats


def test_a_watch_is_told_of_each_run_and_of_nothing_else(fresh_graph):
    class Watch:
        def __init__(self):
            self.told = []

        def sees(self, fetches):
            return 'y' if y in fetches else None

        def ran(self, seen, results, feed_dict):
            self.told.append((seen, float(results[0]), list(feed_dict.values())))

    with session.Session() as sess:
        x = tf.placeholder(tf.float32, [])
        y, other, watch = 2 * x, 3 * x, Watch()
        sess.run([y], {x: 1})  # before it watches
        sess.watched_by(watch)
        for n in range(3):
            assert sess.run([y], {x: n}) == [2 * n] and sess.run([other], {x: n}) == [3 * n]
    assert watch.told == [('y', 0, [0]), ('y', 2, [1]), ('y', 4, [2])]


def test_a_gpus_memory_is_taken_as_it_is_needed():
    for config in session.Session()._config, session.Session(1, 'cpu')._config, session.config():
        assert config.gpu_options.allow_growth
    with session.Session(3, 'cpu') as sess:
        assert sess._config.intra_op_parallelism_threads == sess.threads == 3
        assert dict(sess._config.device_count) == {'GPU': 0} and sess.device == 'cpu'
    assert 'GPU' not in session.Session()._config.device_count


@pytest.mark.skipif(bool(tf.config.experimental.list_physical_devices('GPU')), reason='there is a GPU')
def test_a_gpu_that_is_not_there_is_not_trained_on():
    assert session.Session().device == 'cpu'
    with pytest.raises(BadInput, match='finds no GPU: leave --device out'):
        session.Session(device='gpu')
