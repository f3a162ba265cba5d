"""prefetch.py: the same results in the same order, sooner."""

import threading
import time

import numpy as np
import pytest

from prefetch import Epoch, prefetched


class Source:
    """Batches whose every third draws from the generator, as a shuffle does, and notes of who made what."""

    def __init__(self):
        self.n, self.threads = 0, set()

    @prefetched
    def batch(self, size):
        self.threads.add(threading.current_thread())
        self.n += 1
        return self.n, np.random.normal(size=size) if self.n % 3 == 1 else None


@prefetched
def noise(size):
    return np.random.normal(size=size)


def loop(ahead, iterations=30, extra=lambda i: None):
    """All that a loop over three epochs gets, and where it leaves the generator; and who made the batches."""
    source, got = Source(), []
    np.random.seed(7)
    for _ in range(3):
        with Epoch([(Source.batch, (source, 4)), (noise, (5,))], iterations if ahead else 0):
            for i in range(iterations):
                got += [source.batch(4), noise(5), extra(i)]
        got += [noise(2), np.random.normal()]
    return repr(got), source.threads


@pytest.mark.parametrize('iterations', [1, 2, 30])
def test_a_loop_gets_what_it_would_have_got(iterations):
    here = threading.current_thread()
    plain, ahead = loop(False, iterations), loop(True, iterations)
    assert plain[0] == ahead[0] and plain[1] == {here}
    assert len(ahead[1] - {here}) == (3 if iterations > 1 else 0)  # a thread an epoch
    assert not (ahead[1] - {here}) & set(threading.enumerate())  # which is gone


@pytest.mark.parametrize('extra', [lambda i: noise(5), lambda i: noise(3)], ids=['oftener', 'otherwise'])
def test_a_changed_loop_gets_the_same_each_time(extra):
    first = loop(True, extra=extra)[0]
    assert all(loop(True, extra=extra)[0] == first for _ in range(5))


def test_a_loop_that_draws_itself_is_told():
    def draw_late(i):
        time.sleep(0.01)  # so that the next noise has been drawn
        return np.random.normal()

    with pytest.raises(RuntimeError, match='take the mark @prefetched off get_noise'):
        loop(True, extra=draw_late)
    assert loop(True)[0] == loop(False)[0]  # nothing is left of it


def test_an_error_comes_where_the_result_is_called_for():
    numbers = iter(range(9))

    @prefetched
    def third():
        if next(numbers) == 2:
            raise KeyError('the third')
        return True

    with Epoch([(third, ())], 9):
        assert third() and third()
        with pytest.raises(KeyError):
            third()


def test_nothing_is_made_ahead_of_a_function_without_the_mark():
    source = Source()
    with Epoch([(Source.batch, (source, 4)), (np.random.normal, ())], 9):
        for _ in range(3):
            source.batch(4)
            np.random.normal()
    assert source.threads == {threading.current_thread()} and source.n == 3
