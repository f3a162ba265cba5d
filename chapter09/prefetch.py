"""Prefetching: the next batch and its noise are made while TensorFlow works on those before."""

import functools
import queue
import threading

import numpy as np

CHECKED = 20  # iterations of an epoch; looking at the generator's state takes as long as making a batch

_epoch = None  # the Epoch under way: one at a time, as numpy's generator is one for all


def prefetched(function):
    """Marks a function as one whose results may be made ahead. Outside of an `Epoch` it is as it was."""
    @functools.wraps(function)
    def marked(*args, **kwargs):
        return _epoch.take((marked, args)) if _epoch and not kwargs else function(*args, **kwargs)

    marked.itself = function
    return marked


class Epoch:
    """A context in which results of marked functions are made ahead, in one thread and in the loop's order.

    calls       [(function, arguments)], what an iteration calls, in order; nothing is made ahead unless all
                the functions are marked
    iterations  after the last nothing is ahead: numpy's generator stands where it would have stood anyway

    A loop may call the functions oftener, or with other arguments: what it gets is the same each time, if
    perhaps drawn in another order than without this. Drawing from the generator itself is not for it, and
    RuntimeError tells it to take the mark off.
    """

    def __init__(self, calls, iterations):
        self._calls, self._left, self._unchecked = calls, iterations, CHECKED
        self._marked = all(hasattr(function, 'itself') for function, _ in calls)
        self._made, self._under_way = {}, False
        self._asked, self._answers = queue.SimpleQueue(), queue.SimpleQueue()
        self._thread = threading.Thread(target=self._make, daemon=True)

    def __enter__(self):
        global _epoch
        if self._marked:
            _epoch = self
            self._thread.start()

    def __exit__(self, *_):
        global _epoch
        if self._marked:
            _epoch = None
            self._asked.put(None)
            self._thread.join()

    def take(self, call):
        """The result of a call (function, arguments)."""
        if self._under_way and call not in self._made:
            self._collect()
        result = self._made.pop(call) if call in self._made else call[0].itself(*call[1])
        if call == self._calls[-1]:
            self._left -= 1
            if self._left > 0 and not self._under_way:
                self._under_way = True
                self._asked.put([call for call in self._calls if call not in self._made])
        return result

    def _collect(self):
        made, state, error = self._answers.get()
        self._under_way = False
        if error:
            raise error
        if self._unchecked:
            self._unchecked -= 1
            now = np.random.get_state()
            if state[2:] != now[2:] or not np.array_equal(state[1], now[1]):
                raise RuntimeError('the loop draws from np.random itself while its noise is made ahead: '
                                   'take the mark @prefetched off get_noise')
        self._made.update(made)

    def _make(self):
        for calls in iter(self._asked.get, None):
            made, error = {}, None
            try:
                for function, args in calls:
                    made[function, args] = function.itself(*args)
            except Exception as raised:  # to be raised where the result is called for
                error = raised
            self._answers.put((made, self._unchecked and np.random.get_state(), error))
