r"""The spectral analysis of instability (Szegedy et al. 2013).

A network phi = phi_K o ... o phi_1 whose layers have Lipschitz constants L_k has at
most the constant L_1 ... L_K. Section 4.3 bounds the layers: a large product does not
show that there are adversarial examples, a small one excludes them. Layers max(0, W x +
b) have at most the norm of W. Four statements need care.

**Stride.** A convolution by N x N kernels at stride Delta has, with s = Delta, the norm

    sup over xi of |A(xi)|,    A(xi)_d = s^-1 (w^_{c,d}(xi + l n/s))_{c, l},

with w^ the transform of the kernel as it is, of length n, the size of the image. For
decimation folds the spectrum, y^(xi) = s^-2 sum_l w^(xi_l) x^(xi_l), and by Parseval's
identity (n/s)^2 |y|^2 = sum |y^|^2, n^2 |x|^2 = sum |x^|^2, which leaves s^-2 s = s^-1.
The paper prints Delta^-2, which is too small by the factor Delta. If the 2.75 of the
first layer in its table was computed so, it is 11.

**Length of the transform.** The paper takes xi in [0, N/Delta)^2 with N the size of the
kernel. Integer frequencies of that grid miss the supremum: it takes those of the image
(`geomadv.lipschitz.conv_norm`), or all real ones for a bound for every size
(`conv_norm_sup`).

**Max-pooling** is called contractive. In l_2 it is so for windows that do not overlap.
A pixel that is seen by M windows and is large alone changes M outputs, so that the
constant is sqrt(M): with 3 x 3 windows at stride 2, M = 4, it is 2. In l_inf it is 1.

**Contrast normalisation** x/(eps + |x|^2)^gamma has the constant eps^-gamma, stated for
gamma in [1/2, 1]. With s = |x|^2/eps and u = s/(1 + s) the eigenvalues of its Jacobian
are eps^-gamma (1 + s)^-gamma times 1 and times 1 - 2 gamma u. As (1 + s)^gamma =
(1 - u)^-gamma >= e^(gamma u) >= 2 gamma u - 1, it holds for all gamma >= 0.

Source: Szegedy, Zaremba, Sutskever, Bruna, Erhan, Goodfellow, Fergus (2013),
"Intriguing properties of neural networks", arXiv:1312.6199, section 4.3 and table 5.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, points, real, real_array
from geomadv.claims import (
    Choices,
    Claim,
    Exact,
    Expected,
    Hypothesis,
    Integers,
    Reals,
    Source,
    Twin,
)
from geomadv.lipschitz import conv_norm, dense_norm
from geomadv.theories.lipschitz._matrices import (
    convolution_matrix,
    cosine_kernel,
    random_kernel,
)

SOURCE = Source(
    "C. Szegedy, W. Zaremba, I. Sutskever, J. Bruna, D. Erhan, I. Goodfellow, "
    "R. Fergus",
    "Intriguing properties of neural networks",
    2013,
    arxiv="1312.6199",
)


class PrintedLayer(NamedTuple):
    """A row of table 5.

    Parameters
    ----------
    name : str
        Of the layer.
    size : tuple of int
        Of its weights: inputs, kernel and outputs.
    stride : int
        1 for fully connected layers.
    bound : float
        As printed.
    """

    name: str
    size: tuple[int, ...]
    stride: int
    bound: float


TABLE_5 = (
    PrintedLayer("conv1", (3, 11, 11, 96), 4, 2.75),
    PrintedLayer("conv2", (96, 5, 5, 256), 1, 10.0),
    PrintedLayer("conv3", (256, 3, 3, 384), 1, 7.0),
    PrintedLayer("conv4", (384, 3, 3, 384), 1, 7.5),
    PrintedLayer("conv5", (384, 3, 3, 256), 1, 11.0),
    PrintedLayer("fc1", (9216, 4096), 1, 3.12),
    PrintedLayer("fc2", (4096, 4096), 1, 4.0),
    PrintedLayer("fc3", (4096, 1000), 1, 4.0),
)


def table_product(
    *, convolutions_only: bool = False, correct_stride: bool = False
) -> float:
    """Return the product of the bounds of table 5.

    Parameters
    ----------
    convolutions_only : bool
        Whether the three fully connected layers are left out.
    correct_stride : bool
        Whether each bound is multiplied by its stride, which is right if it was
        computed by the printed formula.

    Returns
    -------
    float

    Examples
    --------
    >>> table_product(convolutions_only=True), table_product()
    (15881.25, 792792.0)
    >>> table_product(correct_stride=True)
    3171168.0
    """
    layers = TABLE_5[:5] if convolutions_only else TABLE_5
    factors = (row.bound * (row.stride if correct_stride else 1) for row in layers)
    return round(math.prod(factors), 6)


def printed_norm(w: ArrayLike, n: int, stride: int = 1) -> float:
    """Return the norm of a circular convolution as printed, with the factor Delta^-2.

    Parameters
    ----------
    w : (D, C, kh, kw) array_like
        The kernel, no larger than the image.
    n : int
        Side of the image, a multiple of the stride.
    stride : int
        Delta, at least 1.

    Returns
    -------
    float
        max |A(xi)| over the frequencies of the image: the norm divided by Delta.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> printed_norm([[[[1.0]]]], 4, stride=2)
    0.5
    >>> round(conv_norm([[[[1.0]]]], 4, stride=2), 9)
    1.0
    """
    size, step = integer("n", n, minimum=1), integer("stride", stride, minimum=1)
    if size % step:
        raise ValueError(f"n must be a multiple of the stride {step}, got {size}")
    kernel = _kernel(w)
    if max(kernel.shape[2:]) > size:
        raise ValueError(
            f"n must be at least {max(kernel.shape[2:])}, the size of w, got {size}"
        )
    D, C = kernel.shape[:2]
    m = size // step
    transform = np.fft.fft2(kernel, (size, size))
    folded = transform.reshape(D, C, step, m, step, m).transpose(3, 5, 0, 1, 2, 4)
    return _largest(folded.reshape(m, m, D, -1) / step**2)


def support_norm(w: ArrayLike) -> float:
    """Return max |A(xi)| over the integer frequencies of the kernel's own size.

    Parameters
    ----------
    w : (D, C, k, k) array_like
        The kernel.

    Returns
    -------
    float
        The norm on images of the kernel's size, which larger images exceed.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> w = np.zeros((1, 1, 3, 3))
    >>> w[0, 0, 0, :2] = 1.0, -1.0
    >>> round(support_norm(w), 6), round(conv_norm(w, 4), 6)
    (1.732051, 2.0)
    """
    kernel = _kernel(w)
    return _largest(np.fft.fft2(kernel).transpose(2, 3, 0, 1))


def max_pool(X: ArrayLike, window: int, stride: int) -> Float[NDArray, "... h w"]:
    """Return the largest pixels of windows without padding.

    Parameters
    ----------
    X : (..., H, W) array_like
        Images, no smaller than a window.
    window : int
        Side of the windows, at least 1.
    stride : int
        Step from one to the next, at least 1.

    Returns
    -------
    (..., h, w) array

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> max_pool(np.arange(16.0).reshape(4, 4), 2, 2)
    array([[ 5.,  7.],
           [13., 15.]])
    """
    images, side = real_array("X", X), integer("window", window, minimum=1)
    step = integer("stride", stride, minimum=1)
    if images.ndim < 2 or min(images.shape[-2:]) < side:
        raise ValueError(
            f"X must hold images of at least {side} x {side} pixels, got shape "
            f"{images.shape}"
        )
    windows = np.lib.stride_tricks.sliding_window_view(
        images, (side, side), axis=(-2, -1)
    )
    pooled: NDArray = windows[..., ::step, ::step, :, :].max(axis=(-2, -1))
    return pooled


def pool_constant(window: int, stride: int) -> float:
    """Return the l_2 Lipschitz constant of max-pooling of large images.

    Parameters
    ----------
    window, stride : int
        As for `max_pool`.

    Returns
    -------
    float
        ceil(window/stride), the root of the number of windows that hold one pixel.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> pool_constant(2, 2), pool_constant(3, 2)
    (1.0, 2.0)
    """
    side, step = integer("window", window, minimum=1), integer("stride", stride)
    if step < 1:
        raise ValueError(f"stride must be at least 1, got {step}")
    return float(-(-side // step))


def contrast_normalised(
    X: ArrayLike, eps: float, gamma: float
) -> Float[NDArray, "n d"]:
    """Return x/(eps + |x|^2)^gamma.

    Parameters
    ----------
    X : (n, d) array_like
        Points.
    eps : float
        Above 0.
    gamma : float
        At least 0.

    Returns
    -------
    (n, d) array
        A map with the Lipschitz constant eps^-gamma.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> contrast_normalised([[3.0, 4.0]], 11.0, 0.5).round(12)
    array([[0.5       , 0.66666667]])
    """
    array = points("X", X)
    offset = real("eps", eps, lower=0, open_lower=True)
    power = real("gamma", gamma, lower=0)
    size = offset + (array * array).sum(axis=1, keepdims=True)
    normalised: NDArray = array / size**power
    return normalised


def relu_network(
    X: ArrayLike, weights: Sequence[ArrayLike], offsets: Sequence[ArrayLike]
) -> Float[NDArray, "n m"]:
    """Return the outputs of layers max(0, W x + b).

    Parameters
    ----------
    X : (n, d) array_like
        Points.
    weights : sequence of (outputs, inputs) array_like
    offsets : sequence of (outputs,) array_like
        One for each matrix.

    Returns
    -------
    (n, m) array

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> relu_network([[1.0, 2.0]], [[[1.0, 1.0], [-1.0, 0.0]]], [[0.5, 0.5]])
    array([[3.5, 0. ]])
    """
    value = points("X", X)
    if len(weights) != len(offsets):
        raise ValueError(
            f"offsets must be as many as weights, {len(weights)}, got {len(offsets)}"
        )
    for matrix, offset in zip(weights, offsets, strict=True):
        W = points("weights", matrix, d=value.shape[1])
        b = real_array("offsets", offset, ndim=1)
        if b.size != len(W):
            raise ValueError(
                f"offsets must hold {len(W)} numbers for a matrix of shape {W.shape}, "
                f"got {b.size}"
            )
        value = np.maximum(value @ W.T + b, 0.0)
    return value


def _kernel(w: ArrayLike) -> Float[NDArray, "D C kh kw"]:
    kernel = real_array("w", w)
    if kernel.ndim != 4 or kernel.size == 0:
        raise ValueError(f"w must have shape (D, C, kh, kw), got shape {kernel.shape}")
    return kernel


def _largest(blocks: NDArray) -> float:
    return float(np.linalg.svd(blocks, compute_uv=False).max())


# --- Claims --------------------------------------------------------------------------


def _explicit(k: int, n: int, stride: int) -> float:
    matrix = convolution_matrix(random_kernel(k), (n, n), stride)
    return float(np.linalg.norm(matrix, 2))


def _explicit_cosine(k: int, n: int) -> float:
    return float(np.linalg.norm(convolution_matrix(cosine_kernel(k), (n, n)), 2))


def _image_pairs(window: int, stride: int) -> tuple[NDArray, NDArray]:
    """Return pairs of images: random ones, and such that differ in one pixel.

    The pixel is one of those that the most windows hold.
    """
    rng = spawn(0, "szegedy2013", window, stride)
    side = 4 * window + stride
    first = rng.standard_normal((9, side, side))
    second = first + rng.standard_normal((9, side, side))
    held = np.convolve(
        (np.arange(side - window + 1) % stride == 0).astype(int), np.ones(window)
    )
    first[0], second[0] = 0.0, 0.0
    pixel = int(held.argmax())
    second[0, pixel, pixel] = 1.0
    return first, second


def _pool_ratio(window: int, stride: int, order: float) -> float:
    """Return the largest |pool(x) - pool(y)|/|x - y| over the pairs."""
    first, second = _image_pairs(window, stride)
    out = max_pool(first, window, stride) - max_pool(second, window, stride)
    norms = [
        np.linalg.norm(array.reshape(len(array), -1), order, axis=1)
        for array in (out, first - second)
    ]
    return float((norms[0] / norms[1]).max())


def _ratio_with_more(window: int, stride: int, more: int) -> float:
    """Return the largest l_2 ratio, with more windows about the first pair's pixel."""
    first, second = _image_pairs(window, stride)
    change = max_pool(second, window, 1) - max_pool(first, window, 1)
    starts = np.arange(change.shape[-1]) % stride == 0
    used = np.logical_and.outer(starts, starts)
    others = np.argwhere((change[0] > 0) & ~used)[:more]
    used[tuple(others.T)] = True
    moved = np.linalg.norm((second - first).reshape(len(first), -1), axis=1)
    return float((np.linalg.norm(change[:, used], axis=1) / moved).max())


def _norm_pool_ratio(window: int, stride: int, part: float) -> float:
    """Return the largest ratio in l_inf where windows give their l_(1/part) norm."""
    first, second = _image_pairs(window, stride)
    first[0], second[0] = 0.0, 1.0
    order = math.inf if part == 0 else 1 / part
    sides = []
    for images in (first, second):
        windows = np.lib.stride_tricks.sliding_window_view(
            images, (window, window), axis=(-2, -1)
        )[:, ::stride, ::stride]
        flat = windows.reshape(len(images), -1, window * window)
        peak = np.maximum(np.abs(flat).max(axis=-1), 1e-300)
        sides.append(peak * np.linalg.norm(flat / peak[..., None], order, axis=-1))
    moved = np.abs(second - first).max(axis=(1, 2))
    return float((np.abs(sides[1] - sides[0]).max(axis=1) / moved).max())


def _largest_slope(eps: float, gamma: float) -> float:
    """Return the largest slope of r/(eps + r^2)^gamma, r up to 100 sqrt(eps)."""
    square = eps * np.r_[0.0, np.logspace(-6, 4, 101)]
    slope = (eps + (1 - 2 * gamma) * square) / (eps + square) ** (gamma + 1)
    return float(np.abs(slope).max())


def _contrast_ratio(d: int, eps: float, gamma: float) -> float:
    """Return the largest |phi(x) - phi(y)|/|x - y| over pairs, some of them near 0."""
    rng = spawn(0, "szegedy2013", d)
    lengths = math.sqrt(eps) * np.logspace(-3, 2, 40)[:, None]
    X = rng.standard_normal((40, d))
    X *= lengths / np.linalg.norm(X, axis=1, keepdims=True)
    Y = np.concatenate([1.001 * X, X + lengths * rng.standard_normal((40, d))])
    X = np.concatenate([X, X])
    out = contrast_normalised(X, eps, gamma) - contrast_normalised(Y, eps, gamma)
    return float((np.linalg.norm(out, axis=1) / np.linalg.norm(X - Y, axis=1)).max())


def _network_sides(kind: str, depth: int, width: int) -> tuple[float, float]:
    """Return the largest ratio that is found for a network, and the product of norms.

    "aligned": diagonal layers whose largest entries meet, which attain the product.
    """
    rng = spawn(0, "szegedy2013", kind, depth, width)
    weights, offsets = [], []
    for _ in range(depth):
        if kind == "aligned":
            weights.append(np.diag(np.r_[2.0, rng.uniform(0, 2, width - 1)]))
            offsets.append(np.zeros(width))
        else:
            weights.append(rng.standard_normal((width, width)) / math.sqrt(width))
            offsets.append(rng.standard_normal(width))
    X = np.concatenate([np.eye(width), rng.standard_normal((50, width))])
    Y = np.concatenate([2 * np.eye(width), rng.standard_normal((50, width))])
    out = relu_network(X, weights, offsets) - relu_network(Y, weights, offsets)
    ratio = np.linalg.norm(out, axis=1) / np.linalg.norm(X - Y, axis=1)
    return float(ratio.max()), math.prod(dense_norm(W) for W in weights)


_K = Integers(1, 4, (1, 2, 3, 4), "linear")
_SIDES = Choices((6, 12), symbol="n")
_WINDOWS = {
    "window": Integers(1, 6, (2, 3, 5), "linear"),
    "stride": Integers(1, 6, (1, 2, 3), "linear"),
}
_SECTION = SOURCE.at("section 4.3", checked=True)

_SETTING = (
    Hypothesis(
        "padding is circular and the layer linear",
        why="the claim is refuted with it; zeros are at `delattre2024.larger-grid`",
    ),
)
CLAIMS = (
    Claim(
        id="szegedy2013.stride-factor",
        theory="lipschitz",
        title="The norm of a convolution at stride Delta, with the factor Delta^-2",
        source=_SECTION,
        statement=r"""$\|W\| = \sup_\xi\|A(\xi)\|$, where $A(\xi)$ has the
entries $\Delta^{-2}\,\hat w_{c,d}(\xi + l n/\Delta)$; compared with the explicit
matrix.""",
        relation="lhs == rhs",
        domain={"k": _K, "n": _SIDES, "stride": Choices((1, 2, 3), symbol=r"\Delta")},
        axis="stride",
        expected=Expected.VIOLATED,
        evidence=Exact(
            _explicit,
            lambda k, n, stride: printed_norm(random_kernel(k), n, stride),
            rtol=1e-9,
        ),
        twin=Twin(
            r"corrected: the entries have the factor $\Delta^{-1}$",
            Exact(
                _explicit,
                lambda k, n, stride: conv_norm(random_kernel(k), n, stride),
                rtol=1e-9,
            ),
        ),
        note=r"""The printed norm is too small by the factor $\Delta$, and right for
stride 1. What the authors' code did is not known.""",
        hypotheses=_SETTING,
    ),
    Claim(
        id="szegedy2013.kernel-frequencies",
        theory="lipschitz",
        title="The norm of a convolution from the frequencies of the kernel's size",
        source=_SECTION,
        statement=r"""The supremum of $\|A(\xi)\|$ is over integer $\xi$ in
$[0, N)^2$, $N$ the size of the kernel, whatever that of the image; compared with the
explicit matrix.""",
        relation="lhs == rhs",
        domain={"k": Integers(2, 4, (2, 3), "linear", "N"), "n": Choices((5, 8, 12))},
        axis="n",
        expected=Expected.VIOLATED,
        evidence=Exact(
            _explicit_cosine, lambda k, n: support_norm(cosine_kernel(k)), rtol=1e-9
        ),
        twin=Twin(
            "corrected: the frequencies are those of the image's size",
            Exact(
                _explicit_cosine, lambda k, n: conv_norm(cosine_kernel(k), n), rtol=1e-9
            ),
        ),
        note=r"""For the $3 \times 3$ kernel the printed norm is 5.21; over all real
frequencies it is 8.84.""",
        hypotheses=_SETTING,
    ),
    Claim(
        id="szegedy2013.pooling-is-contractive",
        theory="lipschitz",
        title="Max-pooling is contractive in l_2",
        source=_SECTION,
        statement=r"""Max-pooling has the Lipschitz constant 1, also with
windows that overlap, such as $3 \times 3$ at stride 2.""",
        relation="lhs <= rhs",
        domain={"window": Choices((3,)), "stride": Choices((2,))},
        expected=Expected.VIOLATED,
        evidence=Exact(
            lambda window, stride: _pool_ratio(window, stride, 2),
            lambda window, stride: 1.0,
        ),
        twin=Twin(
            "corrected: the constant is 2, as a pixel may lie in four windows",
            Exact(
                lambda window, stride: _pool_ratio(window, stride, 2),
                lambda window, stride: 2.0,
            ),
        ),
        note=r"""A counterexample: the images 0 and 1 at one pixel that four windows
hold, 0 elsewhere.""",
        hypotheses=(
            Hypothesis(
                "windows start at every multiple of the stride",
                why="the claim is refuted with it",
            ),
        ),
    ),
    Claim(
        id="szegedy2013.pooling-constant",
        theory="lipschitz",
        title="Max-pooling has the l_2 constant ceil(window/stride)",
        source=_SECTION,
        statement=r"""Max-pooling with windows of side $k$ at stride $s$ has at most the
constant $\lceil k/s\rceil$ in $\ell_2$: 1 for windows that do not overlap.""",
        relation="lhs <= rhs",
        domain=_WINDOWS,
        axis="window",
        evidence=Exact(
            lambda window, stride: _pool_ratio(window, stride, 2),
            pool_constant,
            unproved="one side is the largest ratio of points that are drawn at random",
        ),
        twin=Twin(
            r"it has the constant $0.999\,\lceil k/s\rceil$",
            Exact(
                lambda window, stride: _pool_ratio(window, stride, 2),
                lambda window, stride: 0.999 * pool_constant(window, stride),
            ),
        ),
        hypotheses=(
            Hypothesis(
                "windows start at the multiples of the stride",
                "there are more of them",
                Exact(
                    _ratio_with_more,
                    lambda window, stride, more: pool_constant(window, stride),
                    rtol=1e-12,
                ),
                {
                    "window": Choices((3, 5)),
                    "stride": Choices((2, 3)),
                    "more": Integers(0, 4, (0, 1, 4), "linear"),
                },
                "more",
            ),
        ),
    ),
    Claim(
        id="szegedy2013.pooling-in-l-inf",
        theory="lipschitz",
        title="Max-pooling is contractive in l_inf, with overlaps too",
        source=_SECTION,
        statement=r"""Max-pooling has the Lipschitz constant 1 in $\ell_\infty$.""",
        relation="lhs <= rhs",
        domain=_WINDOWS,
        axis="window",
        evidence=Exact(
            lambda window, stride: _pool_ratio(window, stride, math.inf),
            lambda window, stride: 1.0,
            unproved="one side is the largest ratio of points that are drawn at random",
        ),
        twin=Twin(
            "it has the constant 0.999",
            Exact(
                lambda window, stride: _pool_ratio(window, stride, math.inf),
                lambda window, stride: 0.999,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "the pool is the largest pixel of its window",
                r"it is the $\ell_p$ norm of the window, $p < \infty$",
                Exact(_norm_pool_ratio, lambda window, stride, part: 1.0, rtol=1e-12),
                {
                    "window": Choices((2, 3)),
                    "stride": Choices((1, 2)),
                    "part": Reals(0.0, 1.0, (0.0, 0.01, 0.1, 0.5, 1.0), symbol="1/p"),
                },
                "part",
            ),
        ),
    ),
    Claim(
        id="szegedy2013.contrast",
        theory="lipschitz",
        title="Contrast normalisation has the constant eps^-gamma for every gamma >= 0",
        source=_SECTION,
        statement=r"""$x/(\varepsilon + \|x\|^2)^\gamma$ has the Lipschitz constant
$\varepsilon^{-\gamma}$, for all $\gamma \ge 0$ and not only for those in
$[\tfrac12, 1]$.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(1, 200, (1, 2, 50), symbol="d"),
            "eps": Reals(1e-6, 1e6, (0.01, 1.0), scale="log", symbol=r"\varepsilon"),
            "gamma": Reals(0.0, 20.0, (0.5, 0.75, 1.0, 2.0, 20.0), symbol=r"\gamma"),
        },
        axis="gamma",
        evidence=Exact(
            _contrast_ratio,
            lambda d, eps, gamma: eps**-gamma,
            rtol=1e-9,
            unproved="one side is the largest ratio of points that are drawn at random",
        ),
        twin=Twin(
            r"it is $0.999\,\varepsilon^{-\gamma}$",
            Exact(
                _contrast_ratio, lambda d, eps, gamma: 0.999 * eps**-gamma, rtol=1e-9
            ),
        ),
        hypotheses=(
            Hypothesis(r"$\varepsilon > 0$", why=r"at 0 the map is not continuous"),
            Hypothesis(
                r"$\gamma \ge 0$",
                r"$\gamma < 0$",
                Exact(_largest_slope, lambda eps, gamma: eps**-gamma, rtol=1e-12),
                {
                    "eps": Reals(1e-6, 1e6, (0.01, 1.0), symbol=r"\varepsilon"),
                    "gamma": Reals(-2.0, 0.0, (0.0, -0.01, -0.1, -1.0)),
                },
                "gamma",
            ),
        ),
    ),
    Claim(
        id="szegedy2013.product",
        theory="lipschitz",
        title="A network of ReLU layers has at most the product of their norms",
        source=_SECTION,
        statement=r"""$\|\phi(x) - \phi(y)\| \le \prod_k\|W_k\|\,\|x - y\|$ for layers
$\max(0, W_k x + b_k)$.""",
        relation="lhs <= rhs",
        domain={
            "kind": Choices(("random", "aligned")),
            "depth": Integers(1, 6, (1, 2, 5), "linear"),
            "width": Integers(1, 60, (2, 20), symbol="d"),
        },
        axis="depth",
        evidence=Exact(
            lambda kind, depth, width: _network_sides(kind, depth, width)[0],
            lambda kind, depth, width: _network_sides(kind, depth, width)[1],
            unproved="one side is the largest ratio of points that are drawn at random",
        ),
        twin=Twin(
            r"it has at most $0.999$ times the product",
            Exact(
                lambda kind, depth, width: _network_sides(kind, depth, width)[0],
                lambda kind, depth, width: (
                    0.999 * _network_sides(kind, depth, width)[1]
                ),
            ),
        ),
        note=r"""Layers whose singular vectors meet attain the product. Between random
layers it is far above what is found.""",
        hypotheses=(
            Hypothesis(
                "the activation has slopes of at most 1",
                r"$\max(0, s z)$ with a slope $s > 1$",
                Exact(
                    lambda depth, width, slope: (
                        slope**depth * _network_sides("aligned", depth, width)[0]
                    ),
                    lambda depth, width, slope: _network_sides("aligned", depth, width)[
                        1
                    ],
                    rtol=1e-12,
                ),
                {
                    "depth": Integers(1, 6, (1, 2, 5), "linear"),
                    "width": Integers(1, 60, (2, 20), symbol="d"),
                    "slope": Reals(1.0, 3.0, (1.0, 1.01, 1.1, 2.0), symbol="s"),
                },
                "slope",
                unbroken=1.0,
            ),
        ),
    ),
)
