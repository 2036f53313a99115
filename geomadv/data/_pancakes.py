r"""Pancakes: two laws that differ along one hidden direction, in high moments alone.

Along a hidden unit vector v the coordinate t = <v, x> of the class y is

    t = sqrt(1 - s^2) a + s N(0, 1),

where a is one of the k_y nodes of Gauss-Hermite quadrature, with its weight as its
probability; across v the law is N(0, I) and independent. A quadrature with k nodes is
exact up to degree 2k - 1, and this step keeps N(0, 1) fixed, so that t has all moments
of N(0, 1) up to that degree, whatever the width s. Of Hermite polynomials,

    E He_j(t) = (1 - s^2)^{j/2} sum_i w_i He_j(a_i) = 0  for 0 < j < 2k,
    E He_2k(t) = -k! (1 - s^2)^k,

since the error of the quadrature at He_2k = He_k^2 + (lower degrees) is the norm
E He_k^2 = k!. So all statistics of degree up to 2 min(k_-, k_+) - 1 have the same mean
in both classes. The nodes of one class lie between those of the other: whoever knows v
tells the classes apart by t, without error for s = 0, and withstands steps below half
the least gap between nodes of the two classes.

**Linear rules.** The classes have one law across v, so a linear rule whose normal has
the cosine c with v sees two mixtures of width sqrt(1 - c^2 (1 - s^2)). Its risk is
(1 - K)/2 at best, K the Kolmogorov distance of the two.

**An easy coordinate.** With tau > 0 a further coordinate x_0 = tau y stands first: it
tells the label without error, and steps of size tau hide it.

Sources: Bubeck, Price, Razenshteyn (2018), "Adversarial examples from computational
constraints", arXiv:1805.10204 (the construction, with the same moments up to a degree);
Diakonikolas, Kane, Stewart (2017), arXiv:1611.03473 (hidden directions and quadrature).
The easy coordinate and the formulas here are derived anew.

Conventions: He_j are the probabilists' polynomials, E He_j^2 = j! under N(0, 1); both
classes are equally frequent.
"""

import math
from functools import cached_property
from typing import Any

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import integer, norm_order, points, real, real_array
from geomadv.data._law import LabelledLaw
from geomadv.data._mixtures import (
    Mixture,
    log_ratio,
    normalised_hermite,
    pancake_mixture,
    quadrature,
    regions,
)

_MOST_NODES = 50
_THINNEST = 1e-6


class Pancakes(LabelledLaw):
    r"""Two classes that differ along a hidden direction, in high moments alone.

    Parameters
    ----------
    d : int
        Dimension, at least 1, and at least 2 with an easy coordinate.
    orders : (int or None, int or None)
        Numbers of nodes k of the classes -1 and +1, different ones from 1 to 50; None
        is a class with the law N(0, I).
    width : float
        s, the width of the pancakes: 0 or in [1e-6, 1); above 0 if one of the classes
        is normal, or both numbers are odd and so share the node 0.
    tau : float
        Size of the easy coordinate, which stands first; 0 for none.
    direction : (d,) array_like, optional
        The hidden direction v, not 0 but for the easy coordinate; scaled to length 1.
        The last axis if not given.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    The pancakes -1, +1 against 0, +-sqrt(3): the same moments up to degree 3.

    >>> law = Pancakes(d=5)
    >>> law.matched_degree, law.moments(-1, 4), law.moments(1, 4).round(12)
    (3, array([1., 0., 1., 0., 1.]), array([1., 0., 1., 0., 3.]))
    >>> round(law.margin, 6), round(1 - law.linear_risk(), 6)
    (0.366025, 0.666667)
    """

    def __init__(
        self,
        d: int = 10,
        orders: tuple[int | None, int | None] = (2, 3),
        width: float = 0.0,
        *,
        tau: float = 0.0,
        direction: ArrayLike | None = None,
    ) -> None:
        self.tau = real("tau", tau, lower=0.0)
        first = int(self.tau > 0.0)
        self.d = integer("d", d, minimum=1 + first)
        self.width = real("width", width, lower=0.0, upper=1.0, open_upper=True)
        self.orders = _orders(orders, self.width)
        v = np.eye(self.d)[-1] if direction is None else _direction(direction, self.d)
        if first and v[0] != 0.0:
            raise ValueError("direction must be 0 in the easy coordinate")
        self.direction = v
        self._laws = {
            y: pancake_mixture(k, self.width)
            for y, k in zip((-1, 1), self.orders, strict=True)
        }

    def mixture(self, label: int) -> Mixture:
        """Return the law of t = <v, x> in a class, -1 or +1."""
        if label not in (-1, 1):
            raise ValueError(f"label must be -1 or +1, got {label!r}")
        return self._laws[int(label)]

    @property
    def matched_degree(self) -> int:
        """The degree up to which both classes have the moments of N(0, I)."""
        return 2 * min(k for k in self.orders if k is not None) - 1

    def moments(self, label: int, degree: int) -> Float[NDArray, " j"]:
        """Return E t^j of a class for j = 0, ..., degree.

        Parameters
        ----------
        label : int
            -1 or +1.
        degree : int
            At least 0.

        Returns
        -------
        (degree + 1,) array

        Notes
        -----
        Of m + s N by M_{j+1} = m M_j + j s^2 M_{j-1}, averaged over the nodes.
        """
        law, top = self.mixture(label), integer("degree", degree, minimum=0)
        rows = [np.ones_like(law.means), law.means]
        for j in range(1, top):
            rows.append(law.means * rows[j] + j * law.width**2 * rows[j - 1])
        found = np.asarray(rows[: top + 1]) @ law.weights
        found[1::2] = 0.0  # all laws are symmetric
        return np.asarray(found)

    def hermite_moments(self, label: int, degree: int) -> Float[NDArray, " j"]:
        r"""Return E He_j(t) / sqrt(j!) of a class for j = 0, ..., degree.

        Parameters
        ----------
        label, degree : int
            As for `moments`.

        Returns
        -------
        (degree + 1,) array
            The coefficients of the density relative to N(0, 1). Those from 1 to 2k - 1
            vanish, and are set to 0.

        Notes
        -----
        Absolute error below 1e-13 against 40-digit arithmetic for up to 20 nodes and
        degrees up to 60 (measured in the tests).
        """
        self.mixture(label)
        top = integer("degree", degree, minimum=0)
        k = self.orders[(int(label) + 1) // 2]
        found = np.zeros(top + 1)
        found[0] = 1.0
        if k is not None:
            nodes, weights = quadrature(k)
            he = normalised_hermite(nodes, top)
            found[2 * k :] = he[2 * k :] @ weights
        shrink = math.sqrt(1.0 - self.width**2)
        return found * shrink ** np.arange(top + 1)

    @cached_property
    def margin(self) -> float:
        """Half the least gap between the pancakes' centres of the two classes."""
        a, b = self._laws[-1].means, self._laws[1].means
        return float(np.abs(a[:, None] - b).min() / 2.0)

    def _sample(
        self, n: int, rng: np.random.Generator
    ) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"]]:
        """Draw labels, then points."""
        y = np.where(rng.random(n) < 0.5, 1.0, -1.0)
        X, t = rng.standard_normal((n, self.d)), np.empty(n)
        for label, law in self._laws.items():
            rows = np.flatnonzero(y == label)
            centres = rng.choice(law.means, len(rows), p=law.weights)
            t[rows] = centres + law.width * rng.standard_normal(len(rows))
        X += (t - X @ self.direction)[:, None] * self.direction
        if self.tau > 0.0:
            X[:, 0] = self.tau * y
        return X, y

    def oracle_posterior(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return P(y = +1 | <v, x>): the posterior without the easy coordinate.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
            For width 0, 0 or 1 by the nearest node, 1/2 halfway.
        """
        t = points("X", X, d=self.d) @ self.direction
        if self.width == 0.0:
            gaps = [np.abs(t[:, None] - self._laws[y].means).min(1) for y in (-1, 1)]
            return (1.0 + np.sign(gaps[0] - gaps[1])) / 2.0
        return np.asarray(special.expit(log_ratio(self._laws[-1], self._laws[1], t)))

    def posterior(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return P(y = +1 | x).

        Parameters
        ----------
        X : (n, d) array_like
            Points. Of those that the law does not produce, with x_0 other than +-tau,
            the sign of x_0 decides.

        Returns
        -------
        (n,) array
            0 or 1 with an easy coordinate, else `oracle_posterior`.
        """
        found = self.oracle_posterior(X)
        if self.tau == 0.0:
            return found
        x0 = np.asarray(X, float)[:, 0]
        return np.where(x0 == 0.0, found, (1.0 + np.sign(x0)) / 2.0)

    def oracle_predict(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the labels of whoever knows v and does not use the easy coordinate.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
            +1 where `oracle_posterior` is above 1/2, else -1.
        """
        return np.where(self.oracle_posterior(X) > 0.5, 1.0, -1.0)

    def bayes_predict(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the Bayes rule's labels: +1 where `posterior` is above 1/2."""
        return np.where(self.posterior(X) > 0.5, 1.0, -1.0)

    @property
    def bayes_risk(self) -> float:
        """The least possible risk: 0 with an easy coordinate."""
        return 0.0 if self.tau > 0.0 else float(self.oracle_risk())

    def oracle_risk(self, eps: ArrayLike = 0.0, p: float = 2) -> Real:
        """Return the probability that `oracle_predict` errs, or can be made to.

        Parameters
        ----------
        eps : array_like
            Sizes of perturbations, at least 0.
        p : float
            Order of their norm, at least 1; `numpy.inf` is allowed.

        Returns
        -------
        float or array of the shape of `eps`
            A point whose perturbation only reaches the boundary counts.

        Notes
        -----
        Steps of size eps move t by up to eps |v|_q, 1/p + 1/q = 1. The risk is the mean
        over the classes of the mass of the other's regions, enlarged by that much; the
        regions end at the roots of the difference of the densities.

        Examples
        --------
        >>> Pancakes(d=5).oracle_risk([0.36, 0.37]).round(6)
        array([0.      , 0.666667])
        """
        sizes = real_array("eps", eps, lower=0.0)
        p = norm_order("p", p)
        q = 1.0 if np.isinf(p) else np.inf if p == 1 else p / (p - 1.0)
        reach = sizes * np.linalg.norm(self.direction, q)
        found = [self._wrong_mass(float(r)) for r in reach.ravel()]
        risks: Real = np.array(found).reshape(sizes.shape)[()]
        return risks

    def linear_risk(self, cosine: float = 1.0) -> float:
        """Return the least risk of linear rules that do not use the easy coordinate.

        Parameters
        ----------
        cosine : float
            That of the normal of the rule with v, in [-1, 1].

        Returns
        -------
        float
            (1 - K)/2, K the Kolmogorov distance of the marginals. No normal does better
            than v: across v there is only noise, which brings the laws closer.

        Notes
        -----
        Absolute error below 1e-14.
        """
        c = abs(real("cosine", cosine, lower=-1.0, upper=1.0))
        minus, plus = (self._laws[y].tilted(c) for y in (-1, 1))
        ends, _ = regions(minus, plus)
        if not len(ends):
            return 0.5
        never = np.full(len(ends), -np.inf)
        gap = np.abs(minus.mass(never, ends) - plus.mass(never, ends)).max()
        return float((1.0 - gap) / 2.0)

    @cached_property
    def regions(self) -> tuple[Float[NDArray, " r"], Float[NDArray, " r1"]]:
        """Boundaries of the oracle's regions on the line, and the labels between."""
        return regions(self._laws[-1], self._laws[1])

    def _wrong_mass(self, reach: float) -> float:
        ends, labels = self.regions
        low = np.concatenate([[-np.inf], ends]) - reach
        high = np.concatenate([ends, [np.inf]]) + reach
        total = 0.0
        for y, law in self._laws.items():
            wrong = np.flatnonzero(labels != y)
            left, right = low[wrong], high[wrong]
            starts = np.ones(len(left), bool)
            starts[1:] = left[1:] > np.maximum.accumulate(right)[:-1]
            at = np.flatnonzero(starts)
            if len(at):
                last = np.append(at[1:] - 1, len(left) - 1)
                total += float(law.mass(left[at], right[last]).sum())
        return min(total / 2.0, 1.0)


def _orders(orders: Any, width: float) -> tuple[int | None, int | None]:
    if not isinstance(orders, tuple | list) or len(orders) != 2:
        raise ValueError(f"orders must be a pair (k_minus, k_plus), got {orders!r}")
    if 0.0 < width < _THINNEST:
        raise ValueError(f"width must be 0 or at least {_THINNEST:g}, got {width:g}")
    minus, plus = (
        None if k is None else integer("orders", k, minimum=1, maximum=_MOST_NODES)
        for k in orders
    )
    if minus == plus:
        raise ValueError(f"orders must differ, got {minus} twice")
    if width == 0.0 and (minus is None or plus is None or minus % 2 == plus % 2 == 1):
        raise ValueError(
            "width must be above 0 where a class is normal or both orders are odd, "
            f"got 0 with orders {(minus, plus)}"
        )
    return minus, plus


def _direction(direction: ArrayLike, d: int) -> Float[NDArray, " d"]:
    v = real_array("direction", direction)
    if v.shape != (d,):
        raise ValueError(f"direction must have shape ({d},), got {v.shape}")
    if not v.any():
        raise ValueError("direction must not be zero")
    v = v / np.abs(v).max()
    return np.asarray(v / np.linalg.norm(v))
