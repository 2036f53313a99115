r"""Regularisation paths of Gaussian classes, and which tilts are of use.

Classes N(-mu, V) and N(mu, V); a linear boundary through 0 with weights w errs with
probability Phi(-<w, mu>/sqrt(w'Vw)). Ridge regression of the labels -1, +1 on x, with
penalty lambda |w|^2 a point, has weights (T + lambda I)^-1 mu up to a factor, where
T = V + c mu mu' is the covariance of x; by the Sherman-Morrison formula these are

    w(lambda) = (V + lambda I)^-1 mu

up to a factor, from Fisher's discriminant at 0 to the nearest centroid at infinity. In
the eigenbasis of V let E be the mean with weights mu_i^2/|mu|^2 and
h_i = 1/(v_i + lambda), h' = -h^2. Then

    cos theta = E h/sqrt(E h^2),
    (<w, mu>/|mu|)^2/w'Vw = (E h)^2/(E h - lambda E h^2),

and the derivatives of their logarithms in lambda are E h^3/E h^2 - E h^2/E h >= 0 and
2 lambda ((E h^2)^2 - E h E h^3)/(E h (E h - lambda E h^2)) <= 0, both by the inequality
of Cauchy and Schwarz. So *along the path the deviation angle falls and the error
rises*: the tilt is what the error is paid with, and the question is the price.

The paper names three types of boundary by what the tilt is for. Here, of a family of
boundaries with angles and errors, let theta* be the least angle whose error is within a
tolerance of the least one. Type 0 is the nearest centroid itself, angle 0; angles up to
theta* are type 1, needed for the error; those beyond are type 2, and buy nothing. The
strength 1/cos theta is the product of 1/cos theta* and the rest, cos theta*/cos theta.

Part of `tanay2016`, which has the source; that the paper's words mean this is ours.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtr

from geomadv._typing import ArrayLike, Float, Int, NDArray, Real
from geomadv._validate import broadcast, probability, real, real_array


class RidgePath(NamedTuple):
    """The boundaries of ridge regression between two Gaussian classes."""

    weights: Float[NDArray, "m d"]
    angle: Float[NDArray, " m"]
    error: Float[NDArray, " m"]


def ridge_path(mean: ArrayLike, covariance: ArrayLike, penalty: ArrayLike) -> RidgePath:
    """Return the ridge path between the classes N(-mu, V) and N(mu, V).

    Parameters
    ----------
    mean : (d,) array_like
        mu, not zero.
    covariance : (d, d) array_like
        V, symmetric and positive semidefinite.
    penalty : (m,) array_like
        lambda, above 0, in the units of V. That of `sklearn.linear_model.Ridge` is n
        times as large.

    Returns
    -------
    weights : (m, d) array
        Unit vectors along (V + lambda I)^-1 mu.
    angle : (m,) array
        Their angles to mu in radians: falling in lambda.
    error : (m,) array
        Their errors: rising in lambda.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    By one eigendecomposition of V. Eigenvalues below 0 by no more than 1e-10 of the
    largest are taken for rounding, and for 0.

    Examples
    --------
    A thin direction that the classes differ in by a little:

    >>> path = ridge_path([1.0, 0.01], np.diag([0.25, 1e-4]), [1e-6, 1e-3, 1.0])
    >>> np.degrees(path.angle).round(1), path.error.round(4)
    (array([87.1, 65.8,  0.1]), array([0.0127, 0.0205, 0.0227]))
    """
    mu = real_array("mean", mean, ndim=1)
    if not np.abs(mu).max(initial=0.0) > 0:
        raise ValueError("mean must not be zero")
    V = _covariance(covariance, mu.size)
    levels = real_array("penalty", penalty, ndim=1, lower=0, open_lower=True)
    v, axes = np.linalg.eigh(V)
    if v[0] < -1e-10 * max(v[-1], 0.0):
        raise ValueError(
            f"covariance must be positive semidefinite, got an eigenvalue {v[0]:g}"
        )
    v = np.maximum(v, 0.0)
    along = axes.T @ (mu / np.abs(mu).max())
    # lambda/(v + lambda), not 1/(v + lambda): no overflow for small penalties
    coordinates = along * (levels[:, np.newaxis] / (v + levels[:, np.newaxis]))
    coordinates /= np.abs(coordinates).max(axis=1, keepdims=True)
    coordinates /= np.linalg.norm(coordinates, axis=1, keepdims=True)
    unit = along / np.linalg.norm(along)
    angle = 2 * np.arctan2(
        np.linalg.norm(coordinates - unit, axis=1),
        np.linalg.norm(coordinates + unit, axis=1),
    )
    spread = np.sqrt((coordinates**2 * v).sum(axis=1))
    margin = coordinates @ (axes.T @ mu)
    with np.errstate(divide="ignore"):
        error = ndtr(-margin / spread)
    return RidgePath(coordinates @ axes.T, np.asarray(angle), np.asarray(error))


def gaussian_error(w: ArrayLike, mean: ArrayLike, covariance: ArrayLike) -> Real:
    """Return the error of boundaries <w, x> = 0 between N(-mu, V) and N(mu, V).

    Parameters
    ----------
    w : (..., d) array_like
        Weights, not zero.
    mean : (d,) array_like
        mu.
    covariance : (d, d) array_like
        V, symmetric and positive semidefinite.

    Returns
    -------
    numpy.float64 or array
        Phi(-<w, mu>/sqrt(w'Vw)); 0, 1/2 or 1 by the sign of <w, mu> where w'Vw is 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(gaussian_error([1.0, 1.0], [1.0, 0.0], np.diag([0.25, 1e-4]))), 7)
    0.0227717
    """
    weights, mu = real_array("w", w), real_array("mean", mean, ndim=1)
    if weights.ndim == 0 or weights.shape[-1] != mu.size:
        raise ValueError(f"w must have {mu.size} entries, got shape {weights.shape}")
    largest = np.abs(weights).max(axis=-1, initial=0.0)
    if not (largest > 0).all():
        raise ValueError("w must not be zero")
    weights = weights / largest[..., np.newaxis]
    V = _covariance(covariance, mu.size)
    variance = np.maximum(((weights @ V) * weights).sum(axis=-1), 0.0)
    margin = np.asarray(weights @ mu)
    with np.errstate(divide="ignore", invalid="ignore"):
        score = np.where(margin == 0, 0.0, margin / np.sqrt(variance))
    error: Real = ndtr(-score)[()]
    return error


def necessary_angle(
    angle: ArrayLike, error: ArrayLike, tolerance: float = 0.0
) -> np.float64:
    """Return the least angle of a family of boundaries whose error is good.

    Parameters
    ----------
    angle : (m,) array_like
        Deviation angles in radians, in [0, pi/2), at least one.
    error : (m,) array_like
        Their errors, in [0, 1].
    tolerance : float
        How much above the least error is as good, at least 0: for a test error, about
        its standard error.

    Returns
    -------
    numpy.float64
        theta*.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> necessary_angle([0.0, 0.5, 1.0, 1.5], [0.05, 0.021, 0.02, 0.02], 0.002)
    np.float64(0.5)
    """
    angles, errors = _family(angle, error)
    slack = real("tolerance", tolerance, lower=0)
    return np.float64(angles[errors <= errors.min() + slack].min())


def boundary_types(
    angle: ArrayLike, error: ArrayLike, tolerance: float = 0.0
) -> Int[NDArray, " m"]:
    """Return the types of a family of boundaries: what their tilt is for.

    The arguments are as for `necessary_angle`.

    Returns
    -------
    (m,) array of int
        0 for the nearest centroid (angle 0), 1 for angles up to the necessary one, 2
        for those beyond it, which lower no error.

    Examples
    --------
    >>> boundary_types([0.0, 0.5, 1.0, 1.5], [0.05, 0.021, 0.02, 0.02], 0.002)
    array([0, 1, 2, 2])
    """
    angles, _ = _family(angle, error)
    needed = necessary_angle(angle, error, tolerance)
    return np.where(angles == 0, 0, np.where(angles <= needed, 1, 2))


def excess_strength(
    angle: ArrayLike, error: ArrayLike, tolerance: float = 0.0
) -> Float[NDArray, " m"]:
    """Return by which factor adversarial strengths exceed the necessary one.

    The arguments are as for `necessary_angle`.

    Returns
    -------
    (m,) array
        cos theta*/cos theta, at most 1 for the types 0 and 1. Times the necessary
        strength 1/cos theta* it is the strength.

    Examples
    --------
    >>> excess_strength([0.0, 0.5, 1.5], [0.05, 0.02, 0.02]).round(3)
    array([ 0.878,  1.   , 12.406])
    """
    angles, _ = _family(angle, error)
    return np.asarray(np.cos(necessary_angle(angle, error, tolerance)) / np.cos(angles))


def _family(angle: ArrayLike, error: ArrayLike) -> tuple[NDArray, NDArray]:
    angles = real_array(
        "angle", angle, ndim=1, lower=0, upper=np.pi / 2, open_upper=True
    )
    if angles.size == 0:
        raise ValueError("angle must hold at least one boundary, got none")
    angles, errors = broadcast(angle=angles, error=probability("error", error))
    if angles.ndim != 1:
        raise ValueError(f"error must have {angles.shape[-1]} entries")
    return angles, errors


def _covariance(value: ArrayLike, d: int) -> Float[NDArray, "d d"]:
    V = real_array("covariance", value, ndim=2)
    if V.shape != (d, d):
        raise ValueError(f"covariance must have shape {(d, d)}, got {V.shape}")
    if np.abs(V - V.T).max(initial=0.0) > 1e-10 * np.abs(V).max(initial=0.0):
        raise ValueError("covariance must be symmetric")
    return (V + V.T) / 2
