"""Norms and spectra of convolutions against singular values of all Fourier blocks.

Run with ``python benchmarks/conv_norm.py``. The kernel has 256 channels in and out and
3 x 3 taps, the image 32 x 32 pixels, with circular padding. The peer is
``numpy.linalg.svd(numpy.fft.fft2(...), compute_uv=False)``, as in Sedghi, Gupta and
Long (2019). Rounds of both alternate, so that a busy machine is busy for both: in each
the peer decomposes a share of the blocks, and its time is that of one transform and of
the share times as many as there are. Ratios are medians of the rounds, with the lowest
and the highest; of wall times, and of processor times with BLAS on one thread for the
peer. Then structured kernels, which have other spectra, and the layers of AlexNet at
their real sizes, with zeros around the images and random weights: seconds, and the
interval of the norm.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np
from threadpoolctl import threadpool_limits

from geomadv._typing import NDArray
from geomadv.lipschitz import conv_norm, conv_singular_values, dense_norm

T = TypeVar("T")
SHARE = 16  # one of so many blocks is decomposed by the peer in a round
ROUNDS = 5

LAYERS = {
    "conv1": ((96, 3, 11, 11), 227, 4, ((0, 0), (0, 0))),
    "conv2": ((256, 96, 5, 5), 27, 1, ((2, 2), (2, 2))),
    "conv3": ((384, 256, 3, 3), 13, 1, ((1, 1), (1, 1))),
    "conv4": ((384, 384, 3, 3), 13, 1, ((1, 1), (1, 1))),
    "conv5": ((256, 384, 3, 3), 13, 1, ((1, 1), (1, 1))),
}
DENSE = {"fc6": (4096, 9216), "fc7": (4096, 4096), "fc8": (1000, 4096)}


def timed(call: Callable[[], T]) -> tuple[NDArray, T]:
    """Return the wall and the processor time of one call, and what it returns."""
    begin = time.perf_counter(), time.process_time()
    found = call()
    end = time.perf_counter(), time.process_time()
    return np.subtract(end, begin), found


def kernels(rng: np.random.Generator) -> dict[str, NDArray]:
    """Return kernels of 256 channels: flat, smooth and low spectra."""
    w = rng.standard_normal((256, 256, 3, 3)) / 48.0
    Q = np.linalg.qr(rng.standard_normal((256, 256)))[0]
    shifts = np.zeros_like(w)
    shifts[:128, :, 1, 1], shifts[128:, :, 0, 2] = Q[:128], Q[128:]
    blur = rng.standard_normal((256, 256, 1, 1)) * np.outer([1, 2, 1], [1, 2, 1]) / 192
    few = 0.1 * w
    few[:5, :5] += rng.standard_normal((5, 5, 3, 3))
    return {
        "random": w,
        "rotation and shifts": shifts,
        "blur": blur + 0.1 * w,
        "few": few,
    }


def compared(w: NDArray) -> None:
    """Print the ratios of the peer's times to ours."""
    took, blocks = timed(
        lambda: np.fft.fft2(w, (32, 32)).transpose(2, 3, 0, 1).reshape(-1, *w.shape[:2])
    )
    calls: dict[str, Callable[[], object]] = {
        f"conv_norm, rtol {rtol:g}": partial(conv_norm, w, 32, rtol=rtol)
        for rtol in (1e-3, 1e-10)
    }
    calls["conv_singular_values"] = partial(conv_singular_values, w, 32)
    ratios: dict[str, list[NDArray]] = {name: [] for name in calls}
    for i in range(ROUNDS):
        part = blocks[i::SHARE]
        slow, _ = timed(partial(np.linalg.svd, part, compute_uv=False))
        with threadpool_limits(1, "blas"):
            alone, _ = timed(partial(np.linalg.svd, part, compute_uv=False))
        slow = took + SHARE * np.array([slow[0], alone[1]])
        for name, call in calls.items():
            if name == "conv_singular_values" and i > 0:
                continue  # as slow as the peer, about
            ratios[name].append(slow / timed(call)[0])
    for name, found in ratios.items():
        low, middle, high = np.quantile(found, [0.0, 0.5, 1.0], axis=0)
        print(f"{name}: {middle[0]:.1f} [{low[0]:.1f}, {high[0]:.1f}] times in wall")
        print(f"  {middle[1]:.1f} [{low[1]:.1f}, {high[1]:.1f}] in processor time")


def main() -> None:
    """Print seconds and ratios."""
    rng = np.random.default_rng(0)
    families = kernels(rng)
    w = families["random"]
    conv_norm(w[:40, :40], 4)
    print(f"numpy {np.__version__}, 256 -> 256 channels, 3 x 3 on 32 x 32")
    compared(w)
    for name, v in families.items():
        took, norm = timed(partial(conv_norm, v, 32, rtol=1e-3))
        print(f"{name}: {took[0]:.2f} s, {norm.upper / norm.lower - 1:.1e}; {norm}")
    total = 0.0
    for name, (shape, n, stride, pads) in LAYERS.items():
        v = rng.standard_normal(shape) * np.sqrt(2.0 / np.prod(shape[1:]))
        took, norm = timed(partial(conv_norm, v, n, stride, pads, rtol=1e-3))
        total += took[0]
        width = norm.upper / norm.lower - 1
        print(f"{name}: {took[0]:.1f} s, width {width:.1e}, {norm}")
    for name, sides in DENSE.items():
        v = rng.standard_normal(sides) * np.sqrt(2.0 / sides[1])
        took, norm = timed(partial(dense_norm, v, rtol=1e-3))
        total += took[0]
        width = norm.upper / norm.lower - 1
        print(f"{name}: {took[0]:.1f} s, width {width:.1e}, {norm}")
    print(f"all of AlexNet: {total:.1f} s")


if __name__ == "__main__":
    main()
