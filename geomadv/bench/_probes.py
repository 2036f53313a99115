"""What the machine itself does in a second, as the parts of a bound.

A probe is made for the settings of a run. It returns a function that works for a few
hundredths of a second on all threads, and the units of work that this is. Probes run in
the same rounds as the kernels, so that both see the same machine.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from geomadv import _dispatch
from geomadv._typing import NDArray
from geomadv.bench._case import Part, Settings

ROWS, COLUMNS = 256, 512

Work = Callable[[], object]


def gemm(dtype: type, units: Callable[[Settings], float]) -> Part:
    """Return matrix products of one block, (256, d) by (d, 512); units are flops.

    Each thread multiplies blocks of its own with one BLAS thread, all in cache: what a
    blocked kernel pays when everything else is free.
    """

    def probe(settings: Settings) -> tuple[Work, float]:
        if settings.gpu:
            return _device_gemm(dtype, settings)
        d = settings.d
        flops = 2.0 * ROWS * COLUMNS * d
        calls = max(1, round(1e9 / flops))
        rng = np.random.default_rng(settings.seed)

        def worker() -> Work:
            X: NDArray = rng.standard_normal((ROWS, d)).astype(dtype)
            Y: NDArray = rng.standard_normal((COLUMNS, d)).astype(dtype)
            out: NDArray = np.empty((ROWS, COLUMNS), dtype)
            return lambda: _repeat(calls, np.matmul, X, Y.T, out)

        return _on_threads(worker, settings.threads, calls * flops)

    return Part(f"GEMM {_short(dtype)}", probe, units, "flop")


def exponential(dtype: type, units: Callable[[Settings], float]) -> Part:
    """Return the kernels' own exponential of a block in cache; units are values."""

    def probe(settings: Settings) -> tuple[Work, float]:
        if settings.gpu:
            return _device_exponential(dtype, settings)
        size = ROWS * COLUMNS
        calls = max(1, round(2e7 / size))
        values: NDArray = np.linspace(-20.0, 0.0, size).astype(dtype)

        def worker() -> Work:
            out = np.empty_like(values)
            return lambda: _repeat(calls, _dispatch.exponential, values, out)

        return _on_threads(worker, settings.threads, float(calls * size))

    return Part(f"exp {_short(dtype)}", probe, units, "exp")


def reading(size: Callable[[Settings], float]) -> Part:
    """Return one pass over as many bytes as the case reads; units are bytes.

    The bytes are as many as in the case: what fits into a cache comes from the cache.
    """

    def probe(settings: Settings) -> tuple[Work, float]:
        if settings.gpu:
            return _device_copy(settings)
        count = max(1024, int(size(settings)) // 8 // settings.threads)
        calls = max(1, round(4e7 / count))

        def worker() -> Work:
            values = np.ones(count)
            return lambda: _repeat(calls, np.dot, values, values)

        return _on_threads(worker, settings.threads, 8.0 * count * calls)

    return Part("memory read", probe, size, "B")


def _repeat(calls: int, function: Callable[..., object], *arguments: Any) -> None:
    for _ in range(calls):
        function(*arguments)


def _on_threads(
    worker: Callable[[], Work], threads: int, units: float
) -> tuple[Work, float]:
    """Return what runs one worker on each thread, with one BLAS thread in each."""
    from threadpoolctl import ThreadpoolController

    workers = [worker() for _ in range(threads)]
    controller = ThreadpoolController()

    def run() -> None:
        with (
            controller.limit(limits=1, user_api="blas"),
            ThreadPoolExecutor(threads) as pool,
        ):
            for done in [pool.submit(work) for work in workers]:
                done.result()

    return run, units * threads


def _short(dtype: type) -> str:
    return f"f{8 * np.dtype(dtype).itemsize}"


def _device_gemm(dtype: type, settings: Settings) -> tuple[Work, float]:
    import cupy

    size = 4096
    X: NDArray = cupy.ones((size, settings.d), dtype)
    Y: NDArray = cupy.ones((size, settings.d), dtype)
    out: NDArray = cupy.empty((size, size), dtype)
    return lambda: cupy.matmul(X, Y.T, out=out), 2.0 * size * size * settings.d


def _device_exponential(
    dtype: type,
    settings: Settings,  # noqa: ARG001
) -> tuple[Work, float]:
    import cupy

    values: NDArray = cupy.linspace(-20.0, 0.0, 2**22).astype(dtype)
    out: NDArray = cupy.empty_like(values)
    return lambda: cupy.exp(values, out=out), float(values.size)


def _device_copy(settings: Settings) -> tuple[Work, float]:  # noqa: ARG001
    import cupy

    values: NDArray = cupy.ones(2**25)
    out: NDArray = cupy.empty_like(values)
    return lambda: cupy.copyto(out, values), 2.0 * values.nbytes
