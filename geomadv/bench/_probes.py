"""What the machine itself does in a second, as the parts of a bound.

A probe is made for the settings of a run. It returns a function that works for some
hundredths of a second on all threads, and the units of work that this is. Probes run in
the same rounds as the kernels, so that both see the same machine.

On a GPU a probe is what the device can do at best, whatever the shape: a product of
large square matrices, a chain of exponentials in registers, and a sum.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from geomadv import _dispatch
from geomadv._typing import NDArray
from geomadv.bench._case import Part, Settings

ROWS, COLUMNS = 256, 512

# Seconds that a probe takes on the processor: long beside the start of its threads.
_LENGTH = 0.06
_PIECES = 30  # of each thread's work; who is done takes the next

# Exponentials of one value on a GPU.
_CHAIN = 256

Work = Callable[[], object]


def gemm(dtype: type, units: Callable[[Settings], float]) -> Part:
    """Return matrix products of one block, (256, d) by (d, 512); units are flops.

    Each thread multiplies blocks of its own with one BLAS thread, all in cache: what a
    blocked kernel pays when everything else is free.
    """

    def probe(settings: Settings) -> tuple[Work, float]:
        if settings.gpu:
            return _device_gemm(dtype)
        d = settings.d
        rng = np.random.default_rng(settings.seed)

        def worker() -> Work:
            X: NDArray = rng.standard_normal((ROWS, d)).astype(dtype)
            Y: NDArray = rng.standard_normal((COLUMNS, d)).astype(dtype)
            out: NDArray = np.empty((ROWS, COLUMNS), dtype)
            return lambda: np.matmul(X, Y.T, out)

        return _on_threads(worker, settings.threads, 2.0 * ROWS * COLUMNS * d)

    return Part(f"GEMM {_short(dtype)}", probe, units, "flop")


def exponential(dtype: type, units: Callable[[Settings], float]) -> Part:
    """Return the kernels' own exponential of a block in cache; units are values."""

    def probe(settings: Settings) -> tuple[Work, float]:
        if settings.gpu:
            return _device_exponential(dtype)
        values: NDArray = np.linspace(-20.0, 0.0, ROWS * COLUMNS).astype(dtype)

        def worker() -> Work:
            out = np.empty_like(values)
            return lambda: _dispatch.exponential(values, out)

        return _on_threads(worker, settings.threads, float(values.size))

    return Part(f"exp {_short(dtype)}", probe, units, "exp")


def reading(size: Callable[[Settings], float]) -> Part:
    """Return one pass over as many bytes as the case reads; units are bytes.

    The bytes are as many as in the case: what fits into a cache comes from the cache.
    """

    def probe(settings: Settings) -> tuple[Work, float]:
        if settings.gpu:
            return _device_reading(size(settings))
        count = max(1024, int(size(settings)) // 8 // settings.threads)
        passes = -(-(2**20) // count)  # in one call, so that Python is no part of it

        def worker() -> Work:
            values: NDArray = np.ones(count)
            again = np.broadcast_to(values, (passes, count))
            return lambda: np.vecdot(again, again)

        return _on_threads(worker, settings.threads, 8.0 * count * passes)

    return Part("memory read", probe, size, "B")


def _on_threads(
    worker: Callable[[], Work], threads: int, units: float
) -> tuple[Work, float]:
    """Return what keeps all threads busy, with one BLAS thread in each.

    Each thread has a worker, whose calls do so many units. They are handed out in
    pieces, as the kernels do with their blocks: a thread that is slower gets fewer.
    """
    from threadpoolctl import ThreadpoolController

    workers = [worker() for _ in range(threads)]
    controller = ThreadpoolController()
    with controller.limit(limits=1, user_api="blas"):
        calls = _calls(workers[0])
    lock = threading.Lock()

    def run() -> None:
        pieces = iter(range(_PIECES * threads))

        def loop(work: Work) -> None:
            while True:
                with lock:
                    if next(pieces, None) is None:
                        return
                for _ in range(calls):
                    work()

        with (
            controller.limit(limits=1, user_api="blas"),
            ThreadPoolExecutor(max(1, threads - 1)) as pool,
        ):
            others = [pool.submit(loop, work) for work in workers[1:]]
            loop(workers[0])
            for other in others:
                other.result()

    return run, units * calls * _PIECES * threads


def _calls(work: Work) -> int:
    """Return how many calls make a piece."""
    work()
    count = 1
    while True:
        started = time.perf_counter()
        for _ in range(count):
            work()
        taken = time.perf_counter() - started
        if taken > 0.2 * _LENGTH / _PIECES:
            return max(1, round(count * _LENGTH / _PIECES / taken))
        count *= 4


def _short(dtype: type) -> str:
    return f"f{8 * np.dtype(dtype).itemsize}"


def _device_gemm(dtype: type) -> tuple[Work, float]:
    """Return a product with so long an inner dimension that writing is nothing."""
    import cupy

    size = 4096
    X: NDArray = cupy.ones((size, size), dtype)
    out: NDArray = cupy.empty((size, size), dtype)
    return lambda: cupy.matmul(X, X, out=out), 2.0 * size**3


def _device_exponential(dtype: type) -> tuple[Work, float]:
    """Return so many exponentials of each value in turn that memory is nothing."""
    import cupy

    chain = cupy.ElementwiseKernel(
        "T x",
        "T y",
        f"T v = x; for (int i = 0; i < {_CHAIN}; ++i) v = exp(-v); y = v",
        "geomadv_exponentials",
    )
    values: NDArray = cupy.linspace(0.0, 1.0, 2**22).astype(dtype)
    out: NDArray = cupy.empty_like(values)
    return lambda: chain(values, out), float(_CHAIN * values.size)


def _device_reading(size: float) -> tuple[Work, float]:
    """Return the sum of as many bytes as the case reads."""
    import cupy

    values: NDArray = cupy.ones(max(1024, int(size) // 8))
    return lambda: cupy.sum(values), float(values.nbytes)
