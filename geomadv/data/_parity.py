r"""Noisy parities with weak coordinates: simple rules see only what is not robust.

The first coordinates are independent fair signs, b. The label is the product of k of
them, those of a hidden set S, and is flipped with probability nu:

    y = xi prod_{i in S} b_i,  P(xi = -1) = nu.

The last m coordinates are weak: independent N(tau y, sigma^2).

**Moments.** E[prod_{i in T} b_i | y] is y (1 - 2 nu) for T = S and 0 for any other T
that is not empty: no statistic of the bits of degree below k tells the classes apart,
and of those of degree k a single one does. The parities of different sets are
uncorrelated, which is why statistical queries find S only by trying sets.

**Linear rules on the bits.** Let f be a threshold of a linear function of the bits,
with the derivatives D_i f. Then |E f prod_S b| <= E|D_i f| for each i in S, and since
D_i f has the sign s_i of a weight, the mean of these over S is at most

    1/k sum_{i in S} E s_i b_i f <= E|sum_{i in S} s_i b_i|/k
                                  = C(k - 1, floor((k - 1)/2))/2^(k - 1) = c_k,

which the threshold of the sum at the middle attains: linear rules reach the accuracy
1/2 + (1 - 2 nu) c_k/2, and no more. That is 3/4 for k = 2 and 3, and tends to 1/2.

**Steps.** The signs of the bits stay under steps below 1, and so does the risk nu of
their parity. The sum of the weak coordinates errs with probability
Phi(-(tau - eps) sqrt(m)/sigma) under steps of l_inf size eps.

Sources: Nakkiran (2019), "Adversarial robustness may be at odds with simplicity",
arXiv:1901.00532 (tasks of this kind); Kearns (1998), "Efficient noise-tolerant learning
from statistical queries" (parities). The bound for linear rules is derived anew.
"""

import math
from collections.abc import Iterable

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import integer, norm_order, points, real, real_array
from geomadv.data._law import LabelledLaw


class Parity(LabelledLaw):
    """The parity of hidden signs, with noise, and weak coordinates beside them.

    Parameters
    ----------
    bits : int
        Number of bits, at least 1.
    k : int
        Number of hidden ones, from 1 to `bits`.
    noise : float
        nu in [0, 1/2), the probability that the label is not the parity.
    weak : int
        m, how many weak coordinates follow the bits.
    tau, sigma : float
        Mean times y, and standard deviation of the weak coordinates, at least 0.
    hidden : iterable of int, optional
        The k positions of the hidden bits; the first ones if not given.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> law = Parity(bits=6, k=3, noise=0.1, weak=100, tau=0.3, sigma=1.0)
    >>> law.oracle_risk(), round(law.linear_risk(), 12)
    (np.float64(0.1), 0.3)
    >>> law.weak_risk([0.0, 0.6]).round(6)
    array([0.00135, 0.99865])
    """

    def __init__(
        self,
        bits: int = 10,
        k: int = 3,
        noise: float = 0.0,
        *,
        weak: int = 0,
        tau: float = 0.0,
        sigma: float = 0.0,
        hidden: Iterable[int] | None = None,
    ) -> None:
        self.bits = integer("bits", bits, minimum=1)
        self.k = integer("k", k, minimum=1, maximum=self.bits)
        self.noise = real("noise", noise, lower=0.0, upper=0.5, open_upper=True)
        self.weak = integer("weak", weak, minimum=0)
        self.tau, self.sigma = real("tau", tau, lower=0), real("sigma", sigma, lower=0)
        self.hidden = self._subset(
            "hidden", range(self.k) if hidden is None else hidden
        )
        if len(self.hidden) != self.k:
            raise ValueError(
                f"hidden must hold {self.k} different positions, got {self.hidden}"
            )

    @property
    def d(self) -> int:
        """The number of coordinates: bits, then weak ones."""
        return self.bits + self.weak

    @property
    def matched_degree(self) -> int:
        """The degree up to which the bits have the same moments in both classes."""
        return self.k - 1

    @property
    def parities(self) -> int:
        """How many sets S there are: as many pairwise uncorrelated hypotheses."""
        return math.comb(self.bits, self.k)

    def moment(self, label: int, subset: Iterable[int]) -> float:
        """Return E[prod_{i in T} b_i | y].

        Parameters
        ----------
        label : int
            y, -1 or +1.
        subset : iterable of int
            T, different positions of bits; they may be none.

        Returns
        -------
        float

        Examples
        --------
        >>> law = Parity(bits=4, k=2, noise=0.1)
        >>> law.moment(-1, []), law.moment(-1, [0]), law.moment(-1, [1, 0])
        (1.0, 0.0, -0.8)
        """
        if label not in (-1, 1):
            raise ValueError(f"label must be -1 or +1, got {label!r}")
        T = self._subset("subset", subset)
        if not T:
            return 1.0
        return float(label) * (1.0 - 2.0 * self.noise) if self.hidden == T else 0.0

    def _sample(
        self, n: int, rng: np.random.Generator
    ) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"]]:
        """Draw bits, then weak coordinates."""
        b = rng.choice([-1.0, 1.0], size=(n, self.bits))
        y = b[:, self.hidden].prod(axis=1)
        y[rng.random(n) < self.noise] *= -1.0
        rest = self.sigma * rng.standard_normal((n, self.weak))
        return np.hstack([b, self.tau * y[:, None] + rest]), y

    def oracle_predict(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the parity of the signs of the hidden bits.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
            Labels, -1 or +1; the sign of 0 is +1.
        """
        b = points("X", X, d=self.d)[:, self.hidden]
        return np.asarray(np.where(b < 0.0, -1.0, 1.0).prod(axis=1))

    def posterior(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return P(y = +1 | x), bits being known by their signs.

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
            0 or 1 where weak coordinates without noise tell it, by the sign of their
            sum, or nu is 0.
        """
        parity = self.oracle_predict(X)
        total = np.asarray(X, float)[:, self.bits :].sum(axis=1)
        if self._strength == math.inf and self.noise > 0:
            told = (1.0 + np.sign(total)) / 2.0
            by_parity = 0.5 + (0.5 - self.noise) * parity
            return np.where(total == 0.0, by_parity, told)
        if self.noise == 0.0:
            return (1.0 + parity) / 2.0
        log_odds = parity * math.log((1.0 - self.noise) / self.noise)
        if self._strength > 0.0:
            with np.errstate(over="ignore"):
                shift = 2.0 * (self.tau / self.sigma) * (total / self.sigma)
            log_odds = log_odds + shift
        return np.asarray(special.expit(log_odds))

    def bayes_predict(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the Bayes rule's labels: +1 where `posterior` is above 1/2."""
        return np.where(self.posterior(X) > 0.5, 1.0, -1.0)

    @property
    def bayes_risk(self) -> float:
        """The least possible risk.

        With c = tau sqrt(m)/sigma and L = log((1 - nu)/nu),
        (1 - nu) Phi(-(L + 2 c^2)/(2 c)) + nu Phi((L - 2 c^2)/(2 c)).
        """
        c, nu = self._strength, self.noise
        if c == 0.0 or nu == 0.0:
            return nu
        if c == math.inf:
            return 0.0
        half = math.log((1.0 - nu) / nu) / (2.0 * c)
        wrong = (1.0 - nu) * special.ndtr(-half - c) + nu * special.ndtr(half - c)
        return float(wrong)

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
            nu below 1 and 1 from 1 on: to flip one bit is enough, in any norm.
        """
        sizes = real_array("eps", eps, lower=0.0)
        norm_order("p", p)
        risk: Real = np.where(sizes < 1.0, self.noise, 1.0)[()]
        return risk

    def linear_risk(self) -> float:
        """Return the least risk of thresholds of linear functions of the bits.

        Returns
        -------
        float
            1/2 - (1 - 2 nu) c_k/2, that of the threshold of the sum at the middle.
        """
        return 0.5 - (1.0 - 2.0 * self.noise) * halfspace_correlation(self.k) / 2.0

    def weak_risk(self, eps: ArrayLike = 0.0) -> Real:
        """Return the risk of the sign of the sum of the weak coordinates.

        Parameters
        ----------
        eps : array_like
            Sizes of perturbations in the l_inf norm, at least 0.

        Returns
        -------
        float or array of the shape of `eps`
            Phi((eps - tau) sqrt(m)/sigma); without noise 0 below tau and 1 from it on.

        Raises
        ------
        ValueError
            If there are no weak coordinates, among other bad input.
        """
        if self.weak == 0:
            raise ValueError("weak must be at least 1 for a rule of weak coordinates")
        sizes = real_array("eps", eps, lower=0.0)
        if self.sigma == 0.0:
            risk: Real = np.where(sizes < self.tau, 0.0, 1.0)[()]
        else:
            with np.errstate(over="ignore"):
                z = math.sqrt(self.weak) * ((sizes - self.tau) / self.sigma)
            risk = special.ndtr(z)
        return risk

    @property
    def _strength(self) -> float:
        """Return c = tau sqrt(m)/sigma, infinite for weak coordinates without noise."""
        if self.weak == 0 or self.tau == 0.0:
            return 0.0
        if self.sigma == 0.0:
            return math.inf
        return self.tau * math.sqrt(self.weak) / self.sigma

    def _subset(self, name: str, subset: Iterable[int]) -> list[int]:
        found = [integer(name, i, minimum=0, maximum=self.bits - 1) for i in subset]
        if len(set(found)) < len(found):
            raise ValueError(f"{name} must hold different positions, got {found}")
        return sorted(found)


def halfspace_correlation(k: int) -> float:
    """Return the greatest correlation of a linear threshold with the parity of k bits.

    Parameters
    ----------
    k : int
        Number of bits, at least 1.

    Returns
    -------
    float
        C(k - 1, floor((k - 1)/2))/2^(k - 1).
    """
    k = integer("k", k, minimum=1)
    return math.comb(k - 1, (k - 1) // 2) / 2 ** (k - 1)
