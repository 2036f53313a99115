r"""Gram matrices of all Fourier blocks of a convolution, as one polynomial.

The blocks are P(omega) = sum_u w_u exp(2 pi i t <u, omega>), so that their Gram
matrices are trigonometric polynomials in omega too,

    P* P = sum_d C_d exp(2 pi i t <d, omega>),   C_d = sum_u w_u' w_{u+d} = C_{-d}',

and a stride s, which makes blocks s^-1 [P(omega + l/s)]_l, only drops terms of the
other Gram matrix: sum_l exp(2 pi i t <d, l/s>) = 0 unless s divides t d, and

    s^-2 sum_l P P* = sum_{d: s | t d} exp(2 pi i t <d, omega>) sum_u w_{u+d} w_u'.

With k x k taps there are (2k - 1)^2 coefficients, half of them transposes of the
others: a Gram matrix of side r costs 2 (2k - 1)^2 r^2 operations in place of about
8 r^3, after which its Cholesky factorisation, 4 r^3/3, is nearly all of the work.

**Rounding.** Every entry is a sum of products of two weights and a cosine or a sine,
each of which passes through at most

    q = m + kh kw + (2 kh - 1)(2 kw - 1) + 16 (kh + kw) + 8

roundings: m is the number of products in an entry of w_u' w_v, and the angle, of
<d, omega> turns that are rounded thrice, is off by 16 |d|_1 units. So the error of the
Gram matrix has a norm of at most 4 u q |sum_u |w_u||_F^2, with a factor 2 for the real
and the imaginary part and 2 to spare.
"""

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from geomadv import _dispatch
from geomadv._typing import Bool, Float, NDArray
from geomadv.lipschitz._gram import SMALL, UNIT, certified, tested

Pair = tuple[int, int]

_TOGETHER = 16  # Gram matrices that one core evaluates at a time, if they are small
_ENTRIES = 1 << 22  # of them
_PARTS = 4  # so many times as many are held to one and the same level
_GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


class GramPolynomial:
    """The Gram matrices of one group's blocks, at any frequency.

    Parameters
    ----------
    w : (D, C, kh, kw) array
        The kernel.
    stride, dilation : (int, int)
        How it is applied.
    """

    def __init__(
        self, w: Float[NDArray, "D C kh kw"], stride: Pair, dilation: Pair
    ) -> None:
        D, C, kh, kw = w.shape
        taps = w.transpose(2, 3, 0, 1)
        if stride == (1, 1) and C < D:
            taps = taps.transpose(0, 1, 3, 2)
        # taps are (r, m) from here on, their products w_u w_v' (r, r)
        taps = np.ascontiguousarray(taps)
        self.side, terms = taps.shape[2:]
        differences = [
            (i, j)
            for i in range(kh)
            for j in range(-kw + 1, kw)
            if (i, j) >= (0, 0)
            and i * dilation[0] % stride[0] == 0
            and j * dilation[1] % stride[1] == 0
        ]
        self.differences = np.array(differences, float)
        even = np.empty((len(differences), self.side**2))
        odd = np.empty((len(differences), self.side**2))

        def fill(row: int) -> None:
            i, j = differences[row]
            total = np.zeros((self.side, self.side))
            for a in range(kh - i):
                for b in range(max(0, -j), min(kw, kw - j)):
                    total += taps[a + i, b + j] @ taps[a, b].T
            both = total + total.T if (i, j) != (0, 0) else total
            even[row], odd[row] = both.ravel(), (total - total.T).ravel()

        _dispatch.on_all_cores(fill, len(differences))
        self.even, self.odd = even, odd
        largest = float(np.linalg.norm(np.abs(taps).sum(axis=(0, 1))))
        steps = terms + kh * kw + (2 * kh - 1) * (2 * kw - 1) + 16 * (kh + kw) + 8
        self.error = 4.0 * UNIT * steps * largest**2

    def at(self, turns: Float[NDArray, "f 2"]) -> NDArray:
        """Return (f, r, r) Gram matrices; turns are t omega, for one tap."""
        angles = turns @ self.differences.T
        angles = 2.0 * np.pi * (angles - np.rint(angles))
        found = np.empty((len(turns), self.side**2), complex)
        found.real = np.cos(angles) @ self.even
        found.imag = np.sin(angles) @ self.odd
        return found.reshape(-1, self.side, self.side)


def worth(w: NDArray, stride: Pair, count: int) -> bool:
    """Whether `count` Gram matrices are evaluated faster as one polynomial."""
    D, C, kh, kw = w.shape
    side, other = (D, C) if stride != (1, 1) or D <= C else (C, D)
    if side > C * math.prod(stride) or side <= SMALL:
        return False
    taps, terms = kh * kw, (2 * kh - 1) * (2 * kw - 1)
    # pairs of taps, and sums of coefficients, against products of complex blocks
    return taps**2 * other + 2 * count * terms < 4 * count * other * math.prod(stride)


def largest(
    polynomial: GramPolynomial,
    turns: Float[NDArray, "f 2"],
    block: Callable[[int], NDArray],
    rtol: float,
    seen: float = 0.0,
) -> tuple[float, float]:
    """Return the best norm found, and an upper bound of all.

    Parameters
    ----------
    polynomial : GramPolynomial
        Of the blocks.
    turns : (f, 2) array
        The frequencies.
    block : callable
        Returns the block at the frequency of this number.
    rtol : float
        By how much the upper bound may be above the best norm.
    seen : float
        A norm that is known to be attained, to begin with.
    """
    best, upper = seen, 0.0
    # an order that soon has been everywhere: few norms are above all those before
    order = np.argsort(np.arange(1, len(turns) + 1) * _GOLDEN % 1.0)
    first = int(seen == 0.0)  # one alone, if nothing is known
    starts = [0] * first + [*range(first, len(order), _TOGETHER * _PARTS)]
    for start, stop in pairwise([*starts, len(order)]):
        some = order[start:stop]
        left = some
        if best > 0.0:
            target = best * (1.0 + rtol / 2.0)
            left = some[~below(polynomial, turns[some], target)]
            if len(left) < len(some):
                upper = max(upper, target)
        for i in left:
            A, so_far = block(int(i)), best
            ((best, bound),) = _dispatch.on_all_cores(
                lambda _: tested(A, so_far, rtol),  # noqa: B023
                1,
            )
            upper = max(upper, bound)
    return best, upper


def below(
    polynomial: GramPolynomial, turns: Float[NDArray, "f 2"], norm: float
) -> Bool[NDArray, " f"]:
    """Return which blocks are proved to have no larger norm."""
    together = max(1, min(_TOGETHER, _ENTRIES // polynomial.side**2))
    parts = np.array_split(turns, -(-len(turns) // together))

    def proved(i: int) -> list[bool]:
        matrices = polynomial.at(parts[i])
        return [certified(G, polynomial.error, norm) for G in matrices]

    return np.concatenate(_dispatch.on_all_cores(proved, len(parts)))
