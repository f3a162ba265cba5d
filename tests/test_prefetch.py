"""prefetch.py: the same results in the same order, sooner."""

import threading

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


def loop(ahead, iterations=50, extra=lambda i, source: None):
    """All that a loop over three epochs gets, and where it leaves the generator; and who made the batches."""
    source, got = Source(), []
    np.random.seed(7)
    for _ in range(3):
        with Epoch([(Source.batch, (source, 4)), (noise, (5,))], iterations if ahead else 0):
            for i in range(iterations):
                got += [source.batch(4), noise(5), extra(i, source)]
        got += [noise(2), np.random.normal()]
    return repr(got), source.threads


@pytest.mark.parametrize('iterations', [1, 21, 22, 50])
def test_a_loop_gets_what_it_would_have_got(iterations):
    here = threading.current_thread()
    plain, ahead = loop(False, iterations), loop(True, iterations)
    assert plain[0] == ahead[0] and plain[1] == {here}
    assert len(ahead[1] - {here}) == (3 if iterations > 21 else 0)  # a thread an epoch
    assert not (ahead[1] - {here}) & set(threading.enumerate())  # which is gone


@pytest.mark.parametrize('extra', [
    lambda i, source: noise(5), lambda i, source: noise(3), lambda i, source: source.batch(size=4),
    lambda i, source: np.random.normal(), lambda i, source: np.random.normal() if i == 19 else None])
def test_a_changed_loop_is_as_without(extra):
    assert loop(True, extra=extra) == loop(False, extra=extra)  # in this thread, too


def test_so_is_one_that_draws_between_batch_and_noise():
    got = []
    for iterations in 50, 0:
        source = Source()
        np.random.seed(7)
        with Epoch([(Source.batch, (source, 4)), (noise, (5,))], iterations):
            got.append(repr([(source.batch(4), np.random.normal(), noise(5)) for _ in range(50)]))
    assert got[0] == got[1]


@pytest.mark.parametrize('extra', [lambda i, source: noise(5) if i > 25 else None,
                                   lambda i, source: noise(size=5) if i > 25 else None,
                                   lambda i, source: source.batch(3) if i > 25 else None])
def test_a_loop_that_changes_late_gets_the_same_each_time(extra):
    first = loop(True, extra=extra)[0]
    assert all(loop(True, extra=extra)[0] == first for _ in range(5))


def test_an_error_comes_where_the_result_is_called_for():
    numbers = iter(range(99))

    @prefetched
    def thirtieth():
        if next(numbers) == 30:
            raise KeyError('the thirtieth')
        return threading.current_thread()

    with Epoch([(thirtieth, ())], 99):
        assert len({thirtieth() for _ in range(30)}) == 2
        with pytest.raises(KeyError):
            thirtieth()


def test_nothing_is_made_ahead_of_a_function_without_the_mark():
    source = Source()
    with Epoch([(Source.batch, (source, 4)), (np.random.normal, ())], 50):
        for _ in range(50):
            source.batch(4)
            np.random.normal()
    assert source.threads == {threading.current_thread()} and source.n == 50
