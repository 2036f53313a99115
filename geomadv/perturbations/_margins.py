"""Functions that are >= 0 where the decision of a kernel expansion stays."""

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from geomadv import _dispatch
from geomadv._typing import Bool, Float, NDArray
from geomadv.perturbations._forms import Expansion
from geomadv.perturbations._kernels import Kernel, expansion_norm, unit_error

_UP = 1.0 + 1e-12


@dataclass(frozen=True)
class Margins:
    """Functions G_j(x) = sum_i D_ij k(T x + t, z_i) + beta_j that are >= 0 at points.

    All points with all G_j > 0 have the same decision.

    Parameters
    ----------
    kernel, centres, D, beta, T, t
        As above.
    terms, offset : int and float
        How many roundings enter T and t, if not one for each coordinate of x, and the
        size of what they cancelled.
    """

    kernel: Kernel
    centres: Float[NDArray, "m r"]
    D: Float[NDArray, "m J"]
    beta: Float[NDArray, " J"]
    T: Float[NDArray, "r d"] | None
    t: Float[NDArray, " r"]
    terms: int = 0
    offset: float = 0.0

    def some(self, kept: Bool[NDArray, " J"]) -> "Margins":
        """Return some of the functions."""
        D = np.ascontiguousarray(self.D[:, kept])
        return replace(self, D=D, beta=self.beta[kept])

    @cached_property
    def bend(self) -> Float[NDArray, " J"]:
        """Upper bounds of the second derivatives in any direction, of length 1.

        In the space of a Gaussian kernel the second derivative of f along v is the
        inner product with that of k(y, .), whose squared norm is the fourth derivative
        of exp(-g s^2) at 0: |f''| <= |f| g sqrt(12), however large single terms are.
        """
        if self.kernel.name != "gaussian":
            return np.full(self.D.shape[1], np.inf)
        H = expansion_norm(self.centres, self.D, self.kernel)
        return H * (self.kernel.gamma * math.sqrt(12.0) * _UP)

    def inner(self, X: Float[NDArray, "n d"]) -> NDArray:
        """Return T x + t."""
        return X + self.t if self.T is None else X @ self.T.T + self.t

    def values(self, X: Float[NDArray, "n d"]) -> Float[NDArray, "n J"]:
        """Return all G_j at all points."""
        return self.beta + _dispatch.kernel_expansion(
            self.inner(X), self.centres, self.D, **self.kernel.options
        )

    def norms(self, p: float, d: int) -> tuple[float, float]:
        """Bound |T v|_2/|v|_p and |T v|_1/|v|_p.

        By Hölder's inequality for each row, by |v|_2 <= d^(1/2 - 1/p)_+ |v|_p, and
        exactly by the columns for p = 1.
        """
        q = dual(p)
        two = d ** max(0.5 - 1.0 / p, 0.0)
        one = d ** (1.0 - 1.0 / p)
        if self.T is None:
            return two * _UP, one * _UP
        rows = np.linalg.norm(self.T, q, axis=1)
        widest = np.linalg.norm(self.T, 1, axis=0).max(initial=0.0)
        two = min(self.spread * two, float(np.linalg.norm(rows)))
        if p == 1:
            two = min(two, float(np.linalg.norm(self.T, axis=0).max(initial=0.0)))
        return two * _UP, float(min(rows.sum(), widest * one)) * _UP

    @property
    def spread(self) -> float:
        """An upper bound of |T v|_2/|v|_2."""
        if self.T is None:
            return 1.0
        return float(np.linalg.norm(self.T, 2)) * (1.0 + 1e-10)

    def reach(self, X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
        """Return the lengths of |T||x| + |t|, of which T x + t is off by a part."""
        size = np.abs(X) if self.T is None else np.abs(X) @ np.abs(self.T).T
        return np.linalg.norm(size + np.abs(self.t), axis=1) + self.offset

    def blur(self, X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
        """Return lengths that T x + t may be off by, with room to spare."""
        return 1e-14 * (self.terms + X.shape[1] + 64) * self.reach(X)

    @property
    def unit(self) -> float:
        """The relative error of sums; see the module."""
        r = self.centres.shape[1]
        d = self.terms or (r if self.T is None else self.T.shape[1])
        return unit_error(len(self.centres), r, d)


def margins_of(form: Expansion, kernel: Kernel, c: int) -> Margins:
    """Return the functions that are >= 0 where the class is c.

    Constant ones are left out: they keep their signs. Each is scaled by a power of two
    to coefficients of about 1.
    """
    A, b = form.coefficients, form.b
    if A.shape[1] == 1:
        sign = 1.0 if c == 1 else -1.0
        D, beta = sign * A, sign * b
    else:
        others = np.delete(np.arange(A.shape[1]), c)
        D, beta = A[:, c, None] - A[:, others], b[c] - b[others]
    size = np.frexp(np.maximum(np.abs(D).max(axis=0, initial=0.0), np.abs(beta)))[1]
    D, beta = np.ldexp(D, -size), np.ldexp(beta, -size)
    centres, of = np.unique(form.centres, axis=0, return_inverse=True)
    if len(centres) < len(D):  # equal centres have one coefficient
        merged = np.zeros((len(centres), D.shape[1]))
        np.add.at(merged, of.ravel(), D)
        D = merged
    else:
        centres = form.centres
    varies = (D != 0).any(axis=0)
    used = (D != 0).any(axis=1)
    return Margins(
        kernel,
        np.ascontiguousarray(centres[used], float),
        np.ascontiguousarray(D[used][:, varies], float),
        np.asarray(beta[varies], float),
        form.T,
        form.t,
    )


def dual(p: float) -> float:
    """Return q with 1/p + 1/q = 1."""
    return np.inf if p == 1 else 1.0 if np.isinf(p) else p / (p - 1.0)
