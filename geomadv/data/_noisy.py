r"""Noisy labels: any law of points times any posterior, with a known Bayes rule.

x is drawn from a base law and y = +1 with probability eta(x), else -1. The Bayes rule
is +1 where eta > 1/2, the noise at x is min(eta, 1 - eta), and its mean is the Bayes
risk R*. A classifier that interpolates has errors at all points whose label is not the
Bayes rule's, a share R* of the sample. The named problems, with f* the Bayes rule:

- constant noise nu < 1/2: P(y != f*(x) | x) = nu, R* = nu;
- Massart: noise(x) <= bound < 1/2, whatever it is below;
- Tsybakov, margin exponent a > 0: P(|2 eta - 1| <= t) = t^a for 0 <= t <= 1. If U is
  uniform on [0, 1] and u = 2U - 1, 2 eta - 1 = sign(u) |u|^(1/a) does it, and
  R* = (1 - a/(a + 1))/2 = 1/(2 (a + 1));
- smooth: eta = 1/2 + (s/2) cos(2 pi k U) with s in [0, 1] and k whole waves, so that
  R* = (1 - 2 s/pi)/2. On the cube eta has the Lipschitz constant pi k s;
- checkerboard: the parity of the cells of side w = 1/(2K): y = -1 on [0, w), +1 on
  [w, 2w), and so on; R* = nu, 0 unless labels are flipped. For d = 1 and nu = 0 it is
  the example of Zhang, Yu, Jiao, Xing, El Ghaoui, Jordan (2019), "Theoretically
  principled trade-off between robustness and accuracy", arXiv:1901.08573, in which the
  Bayes rule has no error and all points are within w of its boundary. Steps of length
  r <= w/2 reach it from a share 2 r (1/w - 1): 1/w - 1 strips of width 2r.

U is the distribution function of the first coordinate at x, uniform for every base law
that is known here.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, points, real, real_array
from geomadv.data._law import LabelledLaw
from geomadv.spaces import Cube, Gaussian, Sphere
from geomadv.stats import Interval

Function = Callable[[Float[NDArray, "n d"]], NDArray]


class NoisyLabels(LabelledLaw):
    """A law of points times a posterior.

    Parameters
    ----------
    base : space or "torus"
        The law of x: an object with ``sample(n, rng)``, such as Cube(2) or a labelled
        law, whose labels are dropped; "torus" is the uniform law on [0, 1)^d.
    eta : function
        P(y = +1 | x) of an (n, d) array, numbers in [0, 1]. It is used everywhere, so
        it should be periodic on the torus.
    d : int, optional
        The dimension of the torus, 1 unless given; not for other bases.
    bayes_risk : float, optional
        The Bayes risk, where it is known.
    bayes_label : -1 or +1, optional
        The Bayes rule, where it is known to be one label for all points.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> from geomadv.spaces import Cube
    >>> problem = NoisyLabels.constant_noise(Cube(2), 1, 0.2)
    >>> X, y = problem.sample(1000, 0)
    >>> problem.bayes_risk(), float((y != problem.bayes_predict(X)).mean())
    (Interval(lower=0.2, upper=0.2), 0.201)
    """

    def __init__(
        self,
        base: Any,
        eta: Function,
        *,
        d: int | None = None,
        bayes_risk: float | None = None,
        bayes_label: int | None = None,
    ) -> None:
        self.base = base
        self._law = _law(base, d)
        if not callable(eta):
            raise TypeError(f"eta must be a function, got {type(eta).__name__}")
        self.eta = eta
        self._risk = (
            None
            if bayes_risk is None
            else real("bayes_risk", bayes_risk, lower=0.0, upper=0.5)
        )
        if bayes_label not in (None, -1, 1):
            raise ValueError(f"bayes_label must be -1 or +1, got {bayes_label!r}")
        self.bayes_label = bayes_label

    @property
    def d(self) -> int:
        """The dimension of the points."""
        return int(self._law.d)

    def _sample(
        self, n: int, rng: np.random.Generator
    ) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"]]:
        """Draw points of the base law, then labels."""
        X = self._points(n, rng)
        return X, np.where(rng.random(n) < self.posterior(X), 1.0, -1.0)

    def _points(self, n: int, rng: np.random.Generator) -> Float[NDArray, "n d"]:
        found = self._law.sample(n, rng)
        return np.asarray(found[0] if isinstance(found, tuple) else found)

    def posterior(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return P(y = +1 | x), of (n, d) points X."""
        X = points("X", X, d=getattr(self._law, "d", None))
        values = np.asarray(self.eta(X))
        if values.shape != (len(X),):
            raise ValueError(
                f"eta must return one number a point, shape ({len(X)},), got "
                f"{values.shape}"
            )
        return real_array("eta", values, lower=0.0, upper=1.0)

    def bayes_predict(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the Bayes rule's labels: +1 where the posterior is above 1/2."""
        return np.where(self.posterior(X) > 0.5, 1.0, -1.0)

    def noise_level(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return the probabilities that labels at X are not the Bayes rule's."""
        eta = self.posterior(X)
        return np.minimum(eta, 1.0 - eta)

    def bayes_risk(
        self,
        rng: np.random.Generator | int | None = None,
        n: int = 100_000,
        error_rate: float = 0.05,
    ) -> Interval:
        """Return the least possible risk, or a confidence interval for it.

        Parameters
        ----------
        rng : numpy.random.Generator or int, optional
            Needed where the risk is not known.
        n : int
            How many points are drawn then, at least 1.
        error_rate : float
            The greatest probability, in (0, 1), that the interval misses then.

        Returns
        -------
        Interval
            One number where it is known; else the mean of the noise levels of n points,
            which lie in [0, 1/2], and what Hoeffding's inequality allows about it.
        """
        if self._risk is not None:
            return Interval(self._risk, self._risk)
        n = integer("n", n, minimum=1)
        rate = real(
            "error_rate", error_rate, lower=0, upper=1, open_lower=True, open_upper=True
        )
        if rng is None:
            raise TypeError("rng must be given: the Bayes risk of this law is sampled")
        mean = float(self.noise_level(self._points(n, generator(rng))).mean())
        slack = 0.5 * math.sqrt(math.log(2 / rate) / (2 * n))
        return Interval(max(0.0, mean - slack), min(0.5, mean + slack))

    @classmethod
    def constant_noise(
        cls, base: Any, rule: Any, noise: float, *, d: int | None = None
    ) -> "NoisyLabels":
        """Return the law in which every label is wrong with the same probability.

        Parameters
        ----------
        base, d
            The law of x.
        rule : function or -1 or +1
            The Bayes rule: labels of an (n, d) array, or one for all points.
        noise : float
            In [0, 1/2).
        """
        nu = real("noise", noise, lower=0.0, upper=0.5, open_upper=True)
        labels = _labels(rule)
        return cls(
            base,
            lambda X: 0.5 + labels(X) * (0.5 - nu),
            d=d,
            bayes_risk=nu,
            bayes_label=None if callable(rule) else int(rule),
        )

    @classmethod
    def massart(
        cls,
        base: Any,
        rule: Any,
        noise: Function,
        bound: float,
        *,
        d: int | None = None,
    ) -> "NoisyLabels":
        """Return a law whose noise is bounded away from 1/2, of any shape below.

        Parameters
        ----------
        base, d, rule
            As for the constant noise.
        noise : function
            P(y != rule(x) | x) of an (n, d) array, at most `bound`; this is checked
            wherever it is used.
        bound : float
            In [0, 1/2).
        """
        limit = real("bound", bound, lower=0.0, upper=0.5, open_upper=True)
        labels = _labels(rule)

        def eta(X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
            level = real_array("noise", noise(X), lower=0.0, upper=limit)
            return 0.5 + labels(X) * (0.5 - level)

        return cls(base, eta, d=d, bayes_label=None if callable(rule) else int(rule))

    @classmethod
    def tsybakov(
        cls, base: Any, exponent: float, *, d: int | None = None
    ) -> "NoisyLabels":
        """Return a law with P(|2 eta - 1| <= t) = t^exponent, by the first coordinate.

        Parameters
        ----------
        base, d
            The law of x: a Cube, "torus", Sphere or Gaussian.
        exponent : float
            The margin exponent, above 0: the smaller, the more points are near 1/2.
            Infinity means no noise.
        """
        a = real("exponent", exponent, lower=0, open_lower=True, infinite=True)
        level = _uniform(base)

        def eta(X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
            u = 2.0 * level(X) - 1.0
            return 0.5 + np.sign(u) * np.abs(u) ** (1.0 / a) / 2

        return cls(base, eta, d=d, bayes_risk=0.5 / (a + 1.0))

    @classmethod
    def smooth(
        cls, base: Any, *, strength: float = 1.0, waves: int = 1, d: int | None = None
    ) -> "NoisyLabels":
        """Return a law whose posterior is a cosine of the first coordinate.

        Parameters
        ----------
        base, d
            The law of x: a Cube, "torus", Sphere or Gaussian.
        strength : float
            s in [0, 1]: the posterior runs from (1 - s)/2 to (1 + s)/2.
        waves : int
            Number of periods, at least 1.
        """
        s = real("strength", strength, lower=0.0, upper=1.0)
        k = integer("waves", waves, minimum=1)
        level = _uniform(base)

        def eta(X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
            return 0.5 + s / 2 * np.cos(2 * math.pi * k * level(X))

        return cls(base, eta, d=d, bayes_risk=0.5 - s / math.pi)

    @classmethod
    def checkerboard(
        cls, base: Any, pairs: int, *, noise: float = 0.0, d: int | None = None
    ) -> "NoisyLabels":
        """Return the law whose Bayes rule is a checkerboard with cells of side 1/(2K).

        Parameters
        ----------
        base, d
            The law of x: a Cube or "torus".
        pairs : int
            K, at least 1: the number of pairs of cells along an edge. Neighbouring
            cells differ, on the torus those at its edges too.
        noise : float
            The probability that a label is flipped, in [0, 1/2).
        """
        K = integer("pairs", pairs, minimum=1)
        if not (isinstance(base, Cube) or _is_torus(base)):
            raise ValueError(f'base must be a Cube or "torus", got {base!r}')

        def rule(X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
            return np.where(
                np.minimum(np.floor(2 * K * X), 2 * K - 1).sum(axis=1) % 2 == 1,
                1.0,
                -1.0,
            )

        return cls.constant_noise(base, rule, noise, d=d)


def _is_torus(base: Any) -> bool:
    return isinstance(base, str) and base == "torus"


def _law(base: Any, d: int | None) -> Any:
    if _is_torus(base):
        return Cube(1 if d is None else d)
    if not callable(getattr(base, "sample", None)):
        raise TypeError(
            'base must be "torus" or have sample(n, rng), such as Cube(2), '
            f"got {base!r:.60}"
        )
    if d is not None:
        raise ValueError(f'd must be None unless base is "torus", got {d!r}')
    return base


def _labels(rule: Any) -> Function:
    if not callable(rule):
        if rule not in (-1, 1):
            raise ValueError(f"rule must be a function, -1 or +1, got {rule!r}")
        return lambda X: np.full(len(X), float(rule))

    def labels(X: Float[NDArray, "n d"]) -> Float[NDArray, " n"]:
        found = real_array("rule", rule(X))
        if found.shape != (len(X),) or not np.isin(found, (-1.0, 1.0)).all():
            raise ValueError("rule must return a label -1 or +1 for each point")
        return found

    return labels


def _uniform(base: Any) -> Function:
    """Return the distribution function of the first coordinate, at points."""
    if isinstance(base, Cube) or _is_torus(base):
        return lambda X: X[:, 0]
    if isinstance(base, Gaussian):
        mean, deviation = base.mean[0], math.sqrt(base.variances[0])
        return lambda X: special.ndtr((X[:, 0] - mean) / deviation)
    if isinstance(base, Sphere):
        return lambda X: 1.0 - np.asarray(base.cap_measure(np.clip(X[:, 0], -1.0, 1.0)))
    raise ValueError(
        f'base must be a Cube, "torus", a Sphere or a Gaussian, got {base!r}'
    )
