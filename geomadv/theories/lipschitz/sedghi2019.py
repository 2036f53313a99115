r"""The singular values of convolutional layers (Sedghi, Gupta and Long 2019).

With stride 1 and circular padding the convolution of images of size n x n by a kernel w
of shape (D, C, k, k) is diagonal in Fourier's basis but for its channels: the transform
of the output at the frequency xi is P(xi) times that of the input, where

    P(xi)_dc = sum_u w_dc[u] exp(2 pi i <u, xi>/n).

The basis is unitary, so the singular values of the n^2 D x n^2 C matrix are those of
the n^2 blocks P(xi), with their multiplicities. They take n^2 transforms and small
decompositions rather than one of the whole matrix. A shift of the kernel multiplies
each block by a number of modulus 1, so it does not matter where the kernel is anchored;
nor does the sign of the exponent.

**Kernels larger than the image** wrap: entries n apart fall on the same pixel and are
added up. The transform of a kernel that is cut off at n, which is what
``fft2(kernel, (n, n))`` of the code in circulation computes, is another operator's.

Source: Sedghi, Gupta, Long (2019), "The singular values of convolutional layers",
arXiv:1805.10408, theorem 6; derived here. `geomadv.lipschitz.conv_singular_values`
computes the same with strides, groups and dilation.
"""

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, real_array
from geomadv.claims import (
    Choices,
    Claim,
    Exact,
    Expected,
    Hypothesis,
    Integers,
    Parameter,
    Reals,
    Source,
    Twin,
)
from geomadv.lipschitz import conv_singular_values
from geomadv.theories.lipschitz._matrices import (
    convolution_matrix,
    cosine_kernel,
    random_kernel,
)

SOURCE = Source(
    "H. Sedghi, V. Gupta, P. Long",
    "The singular values of convolutional layers",
    2019,
    arxiv="1805.10408",
)


def singular_values(w: ArrayLike, n: int) -> Float[NDArray, " r"]:
    """Return the singular values of a circular convolution, from its Fourier blocks.

    Parameters
    ----------
    w : (D, C, kh, kw) array_like
        The kernel; where it is larger than the image it wraps.
    n : int
        Side of the images, at least 1.

    Returns
    -------
    (n^2 min(D, C),) array
        In descending order.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Error below 1e-13 of the largest, against explicit matrices (measured in the
    tests).

    Examples
    --------
    >>> singular_values([[[[1.0, 1.0]]]], 2).round(12)
    array([2., 2., 0., 0.])
    """
    kernel, size = _kernel(w), integer("n", n, minimum=1)
    kh, kw = kernel.shape[2:]
    wrapped = np.zeros((*kernel.shape[:2], size, size))
    for u in range(kh):
        for v in range(kw):
            wrapped[:, :, u % size, v % size] += kernel[:, :, u, v]
    return _values(np.fft.fft2(wrapped))


def cropped_singular_values(w: ArrayLike, n: int) -> Float[NDArray, " r"]:
    """Return what the code in circulation computes, which cuts large kernels off.

    w and n are as for `singular_values`.

    Returns
    -------
    (n^2 min(D, C),) array
        The singular values of the blocks of ``fft2(w, (n, n))``: right for kernels that
        are no larger than the image.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> cropped_singular_values([[[[1.0, 0.0, 1.0]]]], 2).round(12)
    array([1., 1., 1., 1.])
    >>> singular_values([[[[1.0, 0.0, 1.0]]]], 2).round(12)
    array([2., 2., 2., 2.])
    """
    size = integer("n", n, minimum=1)
    return _values(np.fft.fft2(_kernel(w), (size, size)))


def _kernel(w: ArrayLike) -> Float[NDArray, "D C kh kw"]:
    kernel = real_array("w", w)
    if kernel.ndim != 4 or kernel.size == 0:
        raise ValueError(f"w must have shape (D, C, kh, kw), got shape {kernel.shape}")
    return kernel


def _values(transform: NDArray) -> Float[NDArray, " r"]:
    """Return the singular values of all blocks of a (D, C, n, n) transform."""
    values = np.linalg.svd(transform.transpose(2, 3, 0, 1), compute_uv=False)
    return -np.sort(-values.ravel())


# --- Claims --------------------------------------------------------------------------


def _kernel_of(k: int, channels: str) -> Float[NDArray, "D C k k"]:
    outputs, inputs = (int(number) for number in channels.split(" to ")[::-1])
    return random_kernel(k, outputs, inputs)


def _difference(values: NDArray, matrix: NDArray) -> float:
    """Return how far the values are from those of a matrix, relative to the largest."""
    truth = np.linalg.svd(matrix, compute_uv=False)
    return float(np.abs(values - truth).max() / truth[0])


_SIZES: dict[str, Parameter] = {
    "channels": Choices(("1 to 1", "2 to 3", "3 to 2")),
    "k": Integers(1, 5, (1, 2, 3, 4), "linear"),
    "n": Integers(5, 8, (5, 6, 8), "linear"),
}
_LARGE: dict[str, Parameter] = {
    "k": Integers(2, 9, (4, 5, 7), "linear"),
    "n": Integers(1, 6, (2, 3), "linear"),
}


def _weakened_difference(channels: str, k: int, n: int, weaker: float) -> float:
    """Return the difference for a matrix between circular and zero padding."""
    kernel = _kernel_of(k, channels)
    return _difference(
        conv_singular_values(kernel, n), _weakened_matrix(kernel, n, weaker)
    )


def _weakened_matrix(
    kernel: Float[NDArray, "D C k k"], n: int, weaker: float
) -> Float[NDArray, "rows columns"]:
    """Return the matrix whose entries that go around the image are weakened."""
    k = kernel.shape[-1]
    images = convolution_matrix(kernel, (n, n)).reshape(-1, n, n)
    # with zeros on all sides an output sees pixels before its own
    before = -((k - 1) // 2)
    around = np.roll(images, before, axis=(1, 2))
    zeros = convolution_matrix(kernel, (n, n), circular=False)
    weakened: NDArray = (1 - weaker) * around.reshape(zeros.shape) + weaker * zeros
    return weakened


_FITTING: dict[str, Parameter] = {
    "k": Choices((2, 3)),
    "n": Choices((4, 5)),
    "weaker": Reals(0.0, 1.0, (0.0, 0.01, 0.1, 1.0)),
}
_CIRCULAR = "padding is circular"
_WEAKER = "entries that go around the image are weakened by a share"
_SETTING = (
    Hypothesis(
        _CIRCULAR,
        _WEAKER,
        Exact(_weakened_difference, lambda channels, k, n, weaker: 1e-12),
        {"channels": Choices(("1 to 1", "2 to 3")), **_FITTING},
        "weaker",
    ),
)

CLAIMS = (
    Claim(
        id="sedghi2019.union-of-blocks",
        theory="lipschitz",
        title="The singular values of a convolution are those of its Fourier blocks",
        source=SOURCE.at("theorem 6"),
        statement=r"""With stride 1 and circular padding the singular values of the
matrix of a convolution, with their multiplicities, are those of the $n^2$ blocks
$P(\xi)$; compared with the explicit matrix. Both sides are relative to the largest.""",
        relation="lhs <= rhs",
        domain=_SIZES,
        axis="n",
        evidence=Exact(
            lambda channels, k, n: _difference(
                conv_singular_values(_kernel_of(k, channels), n),
                convolution_matrix(_kernel_of(k, channels), (n, n)),
            ),
            lambda channels, k, n: 1e-12,
            unproved="sides are singular values of matrices drawn at random",
        ),
        twin=Twin(
            "the same with zeros around the image",
            Exact(
                lambda channels, k, n: _difference(
                    singular_values(_kernel_of(k, channels), n),
                    convolution_matrix(_kernel_of(k, channels), (n, n), circular=False),
                ),
                lambda channels, k, n: 1e-12,
            ),
        ),
        hypotheses=_SETTING,
    ),
    Claim(
        id="sedghi2019.cropped-kernels",
        theory="lipschitz",
        title="The code in circulation, for kernels that are larger than the image",
        source=SOURCE.at("the code"),
        statement=r"""The singular values of the blocks of the code's transform
"fft2(kernel, (n, n))" are those of the circular convolution, also for kernels larger
than the image.""",
        relation="lhs <= rhs",
        domain=_LARGE,
        axis="n",
        where=lambda k, n: k > n,
        expected=Expected.VIOLATED,
        evidence=Exact(
            lambda k, n: _difference(
                cropped_singular_values(cosine_kernel(k), n),
                convolution_matrix(cosine_kernel(k), (n, n)),
            ),
            lambda k, n: 1e-12,
        ),
        twin=Twin(
            "corrected: entries of the kernel that are $n$ apart are added up before",
            Exact(
                lambda k, n: _difference(
                    singular_values(cosine_kernel(k), n),
                    convolution_matrix(cosine_kernel(k), (n, n)),
                ),
                lambda k, n: 1e-12,
            ),
        ),
        note=r"""NumPy's fft2 cuts its input off at the size it is given. Where the
kernel fits into the image the code is right.""",
        hypotheses=(
            Hypothesis(
                _CIRCULAR,
                f"{_WEAKER}; the kernels fit into the image, where the code is right",
                Exact(
                    lambda k, n, weaker: _difference(
                        cropped_singular_values(cosine_kernel(k), n),
                        _weakened_matrix(cosine_kernel(k), n, weaker),
                    ),
                    lambda k, n, weaker: 1e-12,
                ),
                _FITTING,
                "weaker",
            ),
        ),
    ),
)
