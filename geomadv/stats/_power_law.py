r"""Scaling exponents: a straight line through logarithms.

The model is y_i = C x_i^beta e^{eps_i} with independent eps_i of mean 0, that is
log y = log C + beta log x + eps, fitted by (weighted) least squares. With weights w_i
and u_i = log x_i minus its weighted mean,

    beta^ = sum_i w_i u_i log y_i / sum_i w_i u_i^2.

* Without standard errors all w_i = 1, and the eps_i are taken as normal with one
  unknown variance. With s^2 = sum residual_i^2 / (n - 2), the interval
  beta^ +- t_{n-2, 1-alpha/2} s / sqrt(sum u_i^2) covers beta with probability exactly
  1 - alpha.
* With standard errors s_i of y_i, eps_i is taken as normal with standard deviation
  s_i / y_i (the delta method, good for s_i much below y_i), w_i = (y_i/s_i)^2, and the
  interval is beta^ +- z_{1-alpha/2} / sqrt(sum w_i u_i^2). It trusts the s_i: the
  scatter of the points about the line does not enter.

Neither tests whether a power law holds. Where the log-log plot is curved, the interval
is about the slope of the best line over the given x and says nothing beyond them.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Float, NDArray, Real
from geomadv._validate import real_array
from geomadv.stats._error_rates import checked_error_rate
from geomadv.stats._interval import Interval


@dataclass(frozen=True)
class PowerLaw:
    """A fitted power law y = prefactor x^exponent.

    Parameters
    ----------
    exponent : float
        The least-squares exponent.
    exponent_interval : Interval
        The confidence interval for the exponent.
    log_prefactor : float
        The logarithm of the prefactor, which itself may overflow.
    error_rate : float
        The probability with which the interval misses.
    """

    exponent: float
    exponent_interval: Interval
    log_prefactor: float
    error_rate: float

    @property
    def prefactor(self) -> float:
        """The fitted y at x = 1; 0 or infinite beyond the range of floats."""
        with np.errstate(over="ignore", under="ignore"):
            return float(np.exp(self.log_prefactor))

    def predict(self, x: ArrayLike) -> Real:
        """Return the fitted y.

        Parameters
        ----------
        x : array_like, shape (*s,)
            Positive numbers.

        Returns
        -------
        array, shape (*s,)
        """
        log_x = np.log(real_array("x", x, lower=0.0, open_lower=True))
        with np.errstate(over="ignore", under="ignore"):
            return np.exp(self.log_prefactor + self.exponent * log_x)[()]


def fit_power_law(
    x: ArrayLike,
    y: ArrayLike,
    *,
    standard_errors: ArrayLike | None = None,
    error_rate: float = 0.05,
) -> PowerLaw:
    """Return the power law through points, with an interval for its exponent.

    Parameters
    ----------
    x : array_like, shape (n,)
        Positive numbers, at least three different ones.
    y : array_like, shape (n,)
        Positive measurements.
    standard_errors : array_like, shape (n,), optional
        Standard deviations of the errors of y, positive. Without them one common
        relative error is estimated from the scatter about the line.
    error_rate : float
        The greatest probability, in (0, 1), that the interval misses the exponent,
        under the assumptions in the header of this module.

    Returns
    -------
    PowerLaw

    Raises
    ------
    ValueError
        If the arrays differ in shape, hold fewer than three different x, or an entry
        is not positive and finite.

    Notes
    -----
    The interval is widened by a bound of the rounding error of the slope, about
    4e-16 (1 + max |log y| + |exponent| max |log x|) / spread of log x. Points exactly
    on a power law therefore give an interval of that width, which contains the
    exponent, rather than one of width zero beside it.

    Examples
    --------
    >>> law = fit_power_law([1, 10, 100], [3, 0.3, 0.03])
    >>> round(law.exponent, 12), round(law.prefactor, 12)
    (-1.0, 3.0)
    >>> -1 in law.exponent_interval, law.exponent_interval.width < 1e-13
    (True, True)
    >>> law.predict([1, 1000]).round(12).tolist()
    [3.0, 0.003]
    """
    error_rate = checked_error_rate(error_rate)
    log_x = np.log(_positive("x", x))
    ordinates = _positive("y", y, shape=log_x.shape)
    log_y = np.log(ordinates)
    if np.unique(log_x).size < 3:
        raise ValueError(
            "x must hold at least three different values, "
            f"got {np.unique(log_x).size} in {log_x.size} points"
        )
    if standard_errors is None:
        log_weights = np.zeros_like(log_x)
    else:
        errors = _positive("standard_errors", standard_errors, shape=log_x.shape)
        log_weights = 2 * (log_y - np.log(errors))
    scale = log_weights.max()
    w = np.exp(log_weights - scale)

    total = w.sum()
    centre, height = (w * log_x).sum() / total, (w * log_y).sum() / total
    u, v = log_x - centre, log_y - height
    spread = (w * u**2).sum()
    if not spread > 0:
        raise ValueError(
            "standard_errors must leave weight at two different x, but all but one "
            "point are negligible"
        )
    slope = float((w * u * v).sum() / spread)
    if standard_errors is None:
        freedom = log_x.size - 2
        deviation = math.sqrt(((v - slope * u) ** 2).sum() / freedom / spread)
        quantile = -special.stdtrit(freedom, error_rate / 2)
    else:
        with np.errstate(over="ignore"):
            deviation = float(np.exp(-scale / 2)) / math.sqrt(spread)
        quantile = -special.ndtri(error_rate / 2)
    size = 1 + np.abs(log_y).max() + abs(slope) * (1 + np.abs(log_x).max())
    rounding = 2 * np.finfo(np.float64).eps * size * (w * np.abs(u)).sum() / spread
    radius = float(quantile * deviation + rounding)
    return PowerLaw(
        exponent=slope,
        exponent_interval=Interval(slope - radius, slope + radius),
        log_prefactor=float(height - slope * centre),
        error_rate=error_rate,
    )


def _positive(
    name: str, value: ArrayLike, shape: tuple[int, ...] | None = None
) -> Float[NDArray, " n"]:
    array = real_array(name, value, lower=0.0, open_lower=True)
    if array.ndim != 1 or shape not in (None, array.shape):
        expected = "one axis" if shape is None else f"the shape {shape} of x"
        raise ValueError(f"{name} must have {expected}, got shape {array.shape}")
    return array
