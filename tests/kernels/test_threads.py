"""Blocks of rows: each once, on any number of threads, and errors come out."""

import threading

import numpy as np
import pytest
import scipy.linalg  # noqa: F401 - SciPy's BLAS beside NumPy's
from threadpoolctl import threadpool_info

from geomadv_kernels.cpu._threads import for_blocks


@pytest.mark.parametrize("threads", [None, 1, 2, 7])
@pytest.mark.parametrize(("n", "size"), [(0, 4), (1, 4), (8, 4), (9, 4), (3, 10)])
def test_every_row_is_done_once(n, size, threads):
    done = np.zeros(n, int)
    longest = []

    def work(start, stop, _):
        done[start:stop] += 1
        longest.append(stop - start)

    for_blocks(work, n, size, threads=threads)
    assert (done == 1).all()
    assert max(longest, default=0) <= size


def test_each_thread_has_its_own_workspace():
    spaces, seen = [], {}

    def workspace():
        spaces.append(object())
        return spaces[-1]

    def work(_start, _stop, space):
        assert seen.setdefault(threading.get_ident(), space) is space

    for_blocks(work, 50, 1, threads=3, workspace=workspace)
    assert len(spaces) == 3
    assert len(set(map(id, seen.values()))) == len(seen)


@pytest.mark.parametrize("threads", [1, 3])
def test_an_error_stops_the_work_and_comes_out(threads):
    def work(start, _stop, _):
        raise ValueError(f"block {start}")

    with pytest.raises(ValueError, match="block"):
        for_blocks(work, 1000, 1, threads=threads)


def blas_threads():
    return [
        library["num_threads"]
        for library in threadpool_info()
        if library["user_api"] == "blas"
    ]


def test_blas_has_one_thread_inside_and_its_own_afterwards():
    before = blas_threads()
    inside = []
    for_blocks(lambda *_: inside.extend(blas_threads()), 1, 1, blas=True)
    assert set(inside) == {1}
    assert blas_threads() == before
    with pytest.raises(ZeroDivisionError):
        for_blocks(lambda *_: 1 / 0, 1, 1, blas=True)
    assert blas_threads() == before


def test_calls_that_overlap_share_the_one_thread_of_blas():
    """The first to begin ends first: the second still has one thread, then all do."""
    before = blas_threads()
    begun, ended = threading.Event(), threading.Event()
    seen = []

    def long(*_):
        begun.set()
        assert ended.wait(30)
        seen.extend(blas_threads())

    second = threading.Thread(target=lambda: for_blocks(long, 1, 1, blas=True))

    def short(*_):
        second.start()
        assert begun.wait(30)

    for_blocks(short, 1, 1, blas=True)
    ended.set()
    second.join()
    assert set(seen) == {1}
    assert blas_threads() == before
