"""Norms and spectra of convolutions against singular values of all Fourier blocks.

Run with ``python benchmarks/conv_norm.py``. The kernel has 256 channels in and out and
3 x 3 taps, the image 32 x 32 pixels, with circular padding. The peer is
``numpy.linalg.svd(numpy.fft.fft2(...), compute_uv=False)``, as in Sedghi, Gupta and
Long (2019); its time is that of a share of the blocks times as many as there are. Then
the layers of AlexNet at their real sizes, with zeros around the images and random
weights: seconds, and the interval of the norm.
"""

import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

import numpy as np

from geomadv.lipschitz import conv_norm, conv_singular_values, dense_norm

T = TypeVar("T")
SHARE = 4  # one of so many rows of frequencies is decomposed by the peer

LAYERS = {
    "conv1": ((96, 3, 11, 11), 227, 4, ((0, 0), (0, 0))),
    "conv2": ((256, 96, 5, 5), 27, 1, ((2, 2), (2, 2))),
    "conv3": ((384, 256, 3, 3), 13, 1, ((1, 1), (1, 1))),
    "conv4": ((384, 384, 3, 3), 13, 1, ((1, 1), (1, 1))),
    "conv5": ((256, 384, 3, 3), 13, 1, ((1, 1), (1, 1))),
}
DENSE = {"fc6": (4096, 9216), "fc7": (4096, 4096), "fc8": (1000, 4096)}


def timed(call: Callable[[], T]) -> tuple[float, T]:
    """Return the wall time of one call, and what it returns."""
    begin = time.perf_counter()
    found = call()
    return time.perf_counter() - begin, found


def main() -> None:
    """Print seconds and ratios."""
    rng = np.random.default_rng(0)
    w = rng.standard_normal((256, 256, 3, 3)) / 48.0
    conv_norm(w[:40, :40], 4)

    def peer() -> float:
        blocks = np.fft.fft2(w, (32, 32))[:, :, ::SHARE].transpose(2, 3, 0, 1)
        return float(np.linalg.svd(blocks, compute_uv=False).max())

    slow, _ = timed(peer)
    slow *= SHARE
    print(f"numpy {np.__version__}, all 1024 blocks: {slow:.1f} s")
    for rtol in (1e-3, 1e-10):
        took, norm = timed(partial(conv_norm, w, 32, rtol=rtol))
        ratio = slow / took
        print(f"conv_norm, rtol {rtol:g}: {took:.2f} s, {ratio:.1f} times; {norm}")
    took, values = timed(lambda: conv_singular_values(w, 32))
    print(f"conv_singular_values: {took:.1f} s, {slow / took:.1f} times; {len(values)}")
    total = 0.0
    for name, (shape, n, stride, pads) in LAYERS.items():
        v = rng.standard_normal(shape) * np.sqrt(2.0 / np.prod(shape[1:]))
        took, norm = timed(partial(conv_norm, v, n, stride, pads, rtol=1e-3))
        total += took
        print(f"{name}: {took:.1f} s, {norm}")
    for name, sides in DENSE.items():
        v = rng.standard_normal(sides) * np.sqrt(2.0 / sides[1])
        took, norm = timed(partial(dense_norm, v, rtol=1e-3))
        total += took
        print(f"{name}: {took:.1f} s, {norm}")
    print(f"all of AlexNet: {total:.1f} s")


if __name__ == "__main__":
    main()
