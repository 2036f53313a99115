r"""Convolutions with circular and with zero padding (Delattre et al. 2024).

Fill an n x n image up to n + k - 1 with zeros: there a circular convolution by a k x k
kernel agrees, at the right places, with the one that has zeros around the image. So the
zero-padded operator is a part of the circular one on the larger grid, and

    |zero_n| <= |circ_{n+k-1}| <= sup over omega of |P(omega)|.

It is *not* bounded by the circular one of its own size. For the kernel [1, -1] on a
line of n points the circular values are |1 - e^(2 pi i j/n)|, the zero-padded matrix is
bidiagonal, and

    |circ_n| = 2 cos(pi/(2 n)) for odd n, 2 for even n,
    |zero_n| = 2 cos(pi/(2 n + 1)),

which is larger than |circ_n| for every odd n.

**From a grid to the supremum.** A trigonometric polynomial of degree m in one variable,
sampled at N > 2 m points, has sup |p| <= (1 - 2 m/N)^(-1/2) max |p(2 pi j/N)| (Pfister
and Bresler). Along both axes, with m = floor(k/2),

    sup |P(omega)| <= max over the grid of |P| / (1 - 2 floor(k/2)/N).

At N = 4 m it is sharp: |cos(m omega)| at points where it is 1/sqrt(2) each time.

Source: Delattre, Barthelemy, Allauzen (2024), "Spectral norm of convolutional layers
with circular and zero paddings", arXiv:2402.00240; Pfister, Bresler (2018), "Bounding
multivariate trigonometric polynomials". The last inequality is cited from memory, the
others are derived here.
"""

import math

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, real_array
from geomadv.claims import (
    Choices,
    Claim,
    Enclosure,
    Exact,
    Expected,
    Hypothesis,
    Integers,
    Source,
    Twin,
)
from geomadv.lipschitz import conv_norm, conv_norm_sup
from geomadv.theories.lipschitz._matrices import (
    convolution_matrix,
    cosine_kernel,
    random_kernel,
)

SOURCE = Source(
    "B. Delattre, Q. Barthelemy, A. Allauzen",
    "Spectral norm of convolutional layers with circular and zero paddings",
    2024,
    arxiv="2402.00240",
)
GRID = Source(
    "L. Pfister, Y. Bresler", "Bounding multivariate trigonometric polynomials", 2018
)


def difference_norms(n: int) -> tuple[float, float]:
    """Return the norms of the kernel [1, -1] on a line of n points.

    Parameters
    ----------
    n : int
        At least 2.

    Returns
    -------
    circular, zeros : float
        2 cos(pi/(2 n)), or 2 for even n, and 2 cos(pi/(2 n + 1)).

    Raises
    ------
    ValueError, TypeError
        If n is not as described.

    Examples
    --------
    >>> [round(norm, 9) for norm in difference_norms(3)]
    [1.732050808, 1.801937736]
    """
    size = integer("n", n, minimum=2)
    circular = 2 * math.cos(math.pi / (2 * size)) if size % 2 else 2.0
    return circular, 2 * math.cos(math.pi / (2 * size + 1))


def larger_grid_bound(w: ArrayLike, n: int) -> float:
    """Return the norm of the circular convolution on the grid of size n + k - 1.

    Parameters
    ----------
    w : (D, C, kh, kw) array_like
        The kernel.
    n : int
        Side of the images, at least 1.

    Returns
    -------
    float
        An upper bound of the norm with zeros around the image, as many on each side as
        one likes, k - 1 in all.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> w = [[[[1.0, 2.0, 1.0]]]]
    >>> zeros = conv_norm(w, (1, 4), padding="zeros")
    >>> round(larger_grid_bound(w, 4), 9), round(zeros, 9)
    (4.0, 3.618033989)
    """
    kernel, size = _kernel(w), integer("n", n, minimum=1)
    kh, kw = kernel.shape[2:]
    return float(conv_norm(kernel, (size + kh - 1, size + kw - 1)))


def grid_bound(w: ArrayLike, N: int) -> float:
    """Return the bound of the norm for every size of image, from a grid of frequencies.

    Parameters
    ----------
    w : (D, C, k, k) array_like
        The kernel.
    N : int
        Frequencies along each axis, above 2 floor(k/2).

    Returns
    -------
    float
        max |P|/(1 - 2 floor(k/2)/N) over the N^2 frequencies of the grid.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(grid_bound(np.ones((1, 1, 3, 3)), 20), 9)  # the supremum is 9
    10.0
    """
    kernel, size = _kernel(w), integer("N", N, minimum=1)
    k = kernel.shape[2]
    if kernel.shape[3] != k:
        raise ValueError(f"w must have square kernels, got shape {kernel.shape}")
    if size <= max(2 * (k // 2), k - 1):
        raise ValueError(
            f"N must be above {2 * (k // 2)} for a kernel of size {k}, got {size}"
        )
    blocks = np.fft.fft2(kernel, (size, size)).transpose(2, 3, 0, 1)
    largest = float(np.linalg.svd(blocks, compute_uv=False).max())
    return largest / (1 - 2 * (k // 2) / size)


def _kernel(w: ArrayLike) -> Float[NDArray, "D C kh kw"]:
    kernel = real_array("w", w)
    if kernel.ndim != 4 or kernel.size == 0:
        raise ValueError(f"w must have shape (D, C, kh, kw), got shape {kernel.shape}")
    return kernel


# --- Claims --------------------------------------------------------------------------


def _kernel_of(kind: str, k: int) -> Float[NDArray, "D C k k"]:
    """Return a kernel; "turned" is one for which the grid of 2 (k - 1) is the worst.

    It is I + R z^(k - 1) along each axis, R a quarter turn of two channels, whose
    singular values are |1 +- i z^(k - 1)|: 2 at best, sqrt(2) on that grid.
    """
    match kind:
        case "random":
            return random_kernel(k)
        case "cosine":
            return cosine_kernel(k)
        case "difference":
            kernel = np.zeros((1, 1, k, k))
            kernel[0, 0, 0, 0], kernel[0, 0, 0, -1] = 1.0, -1.0
            return kernel
        case _:
            turn = np.array([[0.0, -1.0], [1.0, 0.0]])
            turned = np.zeros((4, 4, k, k))
            for u, first in ((0, np.eye(2)), (k - 1, turn)):
                for v, second in ((0, np.eye(2)), (k - 1, turn)):
                    turned[:, :, u, v] += np.kron(first, second)
            return turned


def _zero_padded(kind: str, k: int, n: int) -> float:
    matrix = convolution_matrix(_kernel_of(kind, k), (n, n), circular=False)
    return float(np.linalg.norm(matrix, 2))


def _on_grid(kind: str, k: int, n: int, more: int) -> float:
    """Return the circular norm on the grid of size n + more."""
    return float(conv_norm(_kernel_of(kind, k), n + more))


def _supremum(kind: str, k: int, N: int) -> float:
    """Return the supremum from below."""
    del N
    return conv_norm_sup(_kernel_of(kind, k), rtol=1e-4).lower


def _difference_on_line(n: int, padding: str) -> float:
    w = [[[[1.0, -1.0]]]]
    return float(conv_norm(w, (1, n), padding=padding))


_ODD = Choices((3, 5, 9, 31, 101), symbol="n")


def _cosine(denominator: int) -> object:
    from flint import arb

    return 2 * (arb(1) / denominator).cos_pi()


def _narrow_grid_bound(kind: str, k: int, N: int, wider: int) -> float:
    """Return the bound of a kernel of k + wider, with the divisor of one of k."""
    side = k + wider
    right = 1 - 2 * (side // 2) / N
    return grid_bound(_kernel_of(kind, side), N) * right / (1 - 2 * (k // 2) / N)


CLAIMS = (
    Claim(
        id="delattre2024.larger-grid",
        theory="lipschitz",
        title="Zero padding is bounded by circular padding on a grid of n + k - 1",
        source=SOURCE,
        statement=r"""$\|\mathrm{zero}_n\| \le \|\mathrm{circ}_{n+k-1}\|$; the left side
from the explicit matrix.""",
        relation="lhs <= rhs",
        domain={
            "kind": Choices(("random", "cosine", "difference")),
            "k": Integers(2, 4, (2, 3, 4), "linear"),
            "n": Integers(3, 10, (3, 5, 8, 9), "linear"),
        },
        axis="n",
        evidence=Exact(
            _zero_padded,
            lambda kind, k, n: _on_grid(kind, k, n, k - 1),
            rtol=1e-9,
            unproved="sides are singular values of matrices drawn at random",
        ),
        twin=Twin(
            r"a grid of $n + k - 2$ is enough",
            Exact(
                _zero_padded, lambda kind, k, n: _on_grid(kind, k, n, k - 2), rtol=1e-9
            ),
        ),
        hypotheses=(
            Hypothesis(
                r"the grid has $n + k - 1$ points on a side",
                "fewer points",
                Exact(
                    lambda kind, k, n, fewer: _zero_padded(kind, k, n),
                    lambda kind, k, n, fewer: _on_grid(kind, k, n, k - 1 - fewer),
                    rtol=1e-9,
                ),
                {
                    "kind": Choices(("random", "cosine", "difference")),
                    "k": Choices((2, 3, 4)),
                    "n": Integers(3, 10, (3, 5, 8, 9), "linear"),
                    "fewer": Integers(0, 3, (0, 1, 2), "linear"),
                },
                "fewer",
                where=lambda kind, k, n, fewer: fewer < k,
            ),
        ),
    ),
    Claim(
        id="delattre2024.zeros-only-help",
        theory="lipschitz",
        title="Zero padding has no larger norm than circular padding",
        source=Source("In circulation", "folklore on padding", 2020),
        statement=r"""$\|\mathrm{zero}_n\| \le \|\mathrm{circ}_n\|$; for the kernel
$[1, -1]$ on a line of $n$ points, $n$ odd, this reads
$2\cos\frac{\pi}{2n+1} \le 2\cos\frac{\pi}{2n}$.""",
        relation="lhs <= rhs",
        domain={"n": _ODD},
        axis="n",
        expected=Expected.VIOLATED,
        evidence=Enclosure(
            lambda n: _cosine(2 * n + 1),
            lambda n: _cosine(2 * n),
            formulas=(
                lambda n: _difference_on_line(n, "zeros"),
                lambda n: _difference_on_line(n, "circular"),
            ),
            rtol=1e-9,
        ),
        twin=Twin(
            r"corrected: at most the norm on $n + 1$ points, which is 2",
            Enclosure(
                lambda n: _cosine(2 * n + 1),
                lambda n: 2,
                formulas=(
                    lambda n: _difference_on_line(n, "zeros"),
                    lambda n: _difference_on_line(n + 1, "circular"),
                ),
                rtol=1e-9,
            ),
        ),
        note=r"""$n = 3$: $1.8019 > 1.7321$.""",
        hypotheses=(
            Hypothesis(
                r"$n$ is odd",
                why="for even $n$ the circular norm is 2, and the inequality holds",
            ),
        ),
    ),
    Claim(
        id="delattre2024.grid-to-supremum",
        theory="lipschitz",
        title="A grid of frequencies bounds the supremum over all of them",
        source=GRID,
        statement=r"""$\sup_\omega\|P(\omega)\| \le
\max_{\mathrm{grid}}\|P\|/(1 - 2\lfloor k/2\rfloor/N)$ for $k \times k$ kernels and
$N^2$ frequencies.""",
        relation="lhs <= rhs",
        domain={
            "kind": Choices(("random", "cosine", "turned")),
            "k": Choices((2, 3, 5)),
            "N": Integers(6, 64, (6, 8, 20), symbol="N"),
        },
        axis="N",
        evidence=Exact(
            _supremum,
            lambda kind, k, N: grid_bound(_kernel_of(kind, k), N),
            unproved="the supremum is found by a search over frequencies",
        ),
        twin=Twin(
            r"the divisor is $1 - 1.99\lfloor k/2\rfloor/N$",
            Exact(
                _supremum,
                lambda kind, k, N: (
                    grid_bound(_kernel_of(kind, k), N)
                    * (1 - 2 * (k // 2) / N)
                    / (1 - 1.99 * (k // 2) / N)
                ),
            ),
        ),
        note=r"""At $N = 4\lfloor k/2\rfloor$ there are kernels for which it is an
equality.""",
        hypotheses=(
            Hypothesis(
                r"the kernel has at most $k$ entries on a side",
                "more entries than the divisor accounts for",
                Exact(
                    lambda kind, k, N, wider: _supremum(kind, k + wider, N),
                    _narrow_grid_bound,
                ),
                {
                    "kind": Choices(("cosine", "turned")),
                    "k": Choices((2, 3)),
                    "N": Integers(8, 64, (8, 20), symbol="N"),
                    "wider": Integers(0, 4, (0, 1, 2, 4), "linear"),
                },
                "wider",
                where=lambda kind, k, N, wider: k + wider <= N / 2 + 1,
            ),
        ),
    ),
)
