r"""Two Gaussian classes in any norm, with any covariance: the four risks.

The optimum is that of `geomadv.data.GaussianPair`, where it is derived.
"""

from dataclasses import dataclass

import numpy as np

from geomadv._typing import ArrayLike, NDArray, Real
from geomadv._validate import real_array
from geomadv.data import GaussianPair


def effective_mean(pair: GaussianPair, eps: ArrayLike, p: float = 2) -> Real:
    """Return m*, by which the robust problem is a standard one on the line.

    Parameters
    ----------
    pair : GaussianPair
    eps : array_like
        Sizes of the perturbations, at least 0.
    p : float
        Order of their norm, at least 1; `numpy.inf` is allowed.

    Returns
    -------
    numpy.float64 or array of the shape of `eps`
        The Mahalanobis distance of mu to the ball of radius eps, 0 inside.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Warns
    -----
    RuntimeWarning
        As for `GaussianPair`, where a covariance is too ill-conditioned.

    Examples
    --------
    >>> pair = GaussianPair([1.0, 0.5, 0.2])
    >>> effective_mean(pair, [0.1, 0.3, 0.6, 1.0], p=np.inf).round(10)
    array([0.98994949, 0.72801099, 0.4       , 0.        ])
    """
    sizes = _checked(pair, eps)
    cov = pair.cov
    root = np.linalg.cholesky(cov).T if cov.ndim == 2 else np.sqrt(cov)

    def one(size: float) -> float:
        w = pair.optimal_robust_classifier(size, p).coef_[0]
        return float(np.linalg.norm(root @ w if cov.ndim == 2 else root * w))

    values = [one(size) for size in sizes.ravel().tolist()]
    return np.array(values, dtype=float).reshape(sizes.shape)[()]


@dataclass(frozen=True)
class TradeOff:
    """Standard and robust risks of Bayes' rule and of the optimal robust classifier.

    Parameters
    ----------
    bayes_standard, bayes_robust : numpy.float64 or array
        Of Bayes' rule.
    robust_standard, robust_robust : numpy.float64 or array
        Of the optimal robust classifier.
    """

    bayes_standard: Real
    bayes_robust: Real
    robust_standard: Real
    robust_robust: Real

    @property
    def price(self) -> Real:
        """What robustness costs in standard risk."""
        return self.robust_standard - self.bayes_standard

    @property
    def gain(self) -> Real:
        """What it brings in robust risk."""
        return self.bayes_robust - self.robust_robust


def trade_off(pair: GaussianPair, eps: ArrayLike, p: float = 2) -> TradeOff:
    """Return the four risks, for any norm and covariance.

    Parameters
    ----------
    pair, eps, p
        As for `effective_mean`.

    Returns
    -------
    TradeOff
        Numbers or arrays of the shape of `eps`.

    Raises
    ------
    ValueError, TypeError
        If an argument is out of its range or of the wrong kind.

    Examples
    --------
    Equal classes: nothing is lost under l2, something under l_inf.

    >>> pair = GaussianPair([1.0, 0.5, 0.2])
    >>> [round(float(trade_off(pair, 0.3, p).price), 6) for p in (2, np.inf)]
    [0.0, 0.007885]
    """
    sizes = _checked(pair, eps)
    bayes = pair.bayes_classifier()
    rules = [pair.optimal_robust_classifier(e, p) for e in sizes.ravel().tolist()]
    found = [
        (pair.standard_risk(rule), pair.robust_risk(rule, e, p))
        for rule, e in zip(rules, sizes.ravel().tolist(), strict=True)
    ]
    both = np.array(found, dtype=float).reshape(*sizes.shape, 2)
    return TradeOff(
        np.full(sizes.shape, pair.standard_risk(bayes))[()],
        pair.robust_risk(bayes, sizes, p),
        both[..., 0][()],
        both[..., 1][()],
    )


def _checked(pair: GaussianPair, eps: ArrayLike) -> NDArray:
    if not isinstance(pair, GaussianPair):
        raise TypeError(f"pair must be a GaussianPair, got {type(pair).__name__}")
    return real_array("eps", eps, lower=0.0)
