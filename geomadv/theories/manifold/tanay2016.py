r"""Boundary tilting (Tanay and Griffin 2016).

Two classes have centroids i and j. The nearest-centroid classifier L has its boundary
through (i + j)/2 with unit normal l = (j - i)/|j - i|; a linear classifier C is
f(x) = <w, x> + b with unit normal c = w/|w|, positive on the side of j. Its *deviation
angle* is theta = angle(w, j - i).

Adversarial examples of C are as strong as C is tilted. The distances of the centroids
to C, signed so that both are positive where C separates them, are d(i, C) = -f(i)/|w|
and d(j, C) = f(j)/|w|, and their sum is <c, j - i> = |j - i| cos theta *for every b*.
Those to L sum to |j - i|. So the *adversarial strength*, the ratio of the two sums, is

    s = (d(i, L) + d(j, L)) / (d(i, C) + d(j, C)) = 1 / cos theta,

and where C passes through (i + j)/2 it is also the ratio d(x, L)/d(x, C) of each
centroid alone. The strength does not depend on the error: tilt C towards a direction z
of small within-class variance v_z, c = l cos t + z sin t, with classes
N(-a l, V) and N(a l, V), Var<l, x> = v_l and cov = 0. Then <c, x> has mean -/+ a cos t
and variance v_l cos^2 t + v_z sin^2 t, so C through 0 errs with probability
Phi(-a / sqrt(v_l + v_z tan^2 t)), which does not move with t as v_z -> 0, while
s = 1/cos t grows without bound.

Along a path of ridge regression, from Fisher's discriminant to the nearest centroid,
the angle falls and the error rises; the paper's types of boundary say which part of an
angle is of use (`ridge_path`, `boundary_types`; derived in `_tilting_paths`).

Source: Tanay, Griffin (2016), "A Boundary Tilting Perspective on the Phenomenon of
Adversarial Examples", arXiv:1608.07690. The abstract states the reduction to the
deviation angle; the definition of the strength by distances and every formula here are
derived anew (the paper's own form for a boundary off the midpoint is not reproduced).

Conventions: angles in radians; labels -1 (class i) and +1 (class j); distances are
Euclidean and signed ones are positive on the right side; `eps` is the l2 size of a
perturbation, in the units of the data.
"""

import math

import numpy as np
from scipy.special import log_ndtr, ndtr, stdtr

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Bool, Float, NDArray, Real
from geomadv._validate import (
    broadcast,
    labels,
    points,
    real,
    real_array,
)
from geomadv.claims import (
    Choices,
    Claim,
    Exact,
    Hypothesis,
    Integers,
    Parameter,
    Reals,
    Source,
    Statistical,
    Twin,
)
from geomadv.theories.manifold._tilting_paths import RidgePath as RidgePath
from geomadv.theories.manifold._tilting_paths import boundary_types as boundary_types
from geomadv.theories.manifold._tilting_paths import excess_strength as excess_strength
from geomadv.theories.manifold._tilting_paths import gaussian_error as gaussian_error
from geomadv.theories.manifold._tilting_paths import necessary_angle as necessary_angle
from geomadv.theories.manifold._tilting_paths import ridge_path as ridge_path

__all__ = [
    "CLAIMS",
    "SOURCE",
    "RidgePath",
    "adversarial_strength",
    "boundary_types",
    "deviation_angle",
    "excess_strength",
    "gaussian_error",
    "log_tilted_error",
    "measured_strength",
    "mirror_image",
    "misclassification_size",
    "misclassified_share",
    "nearest_centroid",
    "necessary_angle",
    "perturbed",
    "ridge_path",
    "signed_distance",
    "tilted_error",
    "tilted_mean_distance",
    "tilted_normal",
]

SOURCE = Source(
    "T. Tanay, L. D. Griffin",
    "A boundary tilting perspective on the phenomenon of adversarial examples",
    2016,
    arxiv="1608.07690",
)


def nearest_centroid(X: ArrayLike, y: ArrayLike) -> tuple[Float[NDArray, " d"], float]:
    """Return the nearest-centroid classifier L of labelled points.

    Parameters
    ----------
    X : (n, d) array_like
        Points.
    y : (n,) array_like
        Labels -1 and +1, both present.

    Returns
    -------
    w : (d,) array
        j - i, the centroid of the class +1 minus that of the class -1.
    b : float
        -<w, (i + j)/2>: the boundary is at equal distance from the centroids.

    Raises
    ------
    ValueError
        If the two centroids are the same, among other bad input.

    Examples
    --------
    >>> nearest_centroid([[0.0, 0.0], [2.0, 0.0]], [-1, 1])
    (array([2., 0.]), -2.0)
    """
    array = points("X", X, minimum=2)
    label = labels("y", y, array.shape[0])
    i, j = array[label < 0].mean(axis=0), array[label > 0].mean(axis=0)
    w = _direction("the difference of the two centroids of X", j - i)
    return w, float(-w @ (i + (j - i) / 2))


def signed_distance(
    X: ArrayLike, y: ArrayLike, w: ArrayLike, b: float
) -> Float[NDArray, " n"]:
    """Return y (<w, x> + b) / |w|: the l2 distance to the boundary, negative if wrong.

    Parameters
    ----------
    X : (n, d) array_like
        Points.
    y : (n,) array_like
        True labels, -1 or +1.
    w : (d,) array_like
        Normal of the boundary, not zero.
    b : float
        Offset.

    Returns
    -------
    (n,) array
        Positive where x is classified rightly: the size of the smallest perturbation
        that reaches the boundary. Negative where it is misclassified already.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> signed_distance([[3.0, 0.0], [3.0, 0.0]], [1, -1], [2.0, 0.0], -2.0)
    array([ 2., -2.])
    """
    array = points("X", X)
    label = labels("y", y, array.shape[0], classes=0)
    unit, offset = _boundary(w, b, array.shape[1])
    distance: NDArray = label * (array @ unit + offset)
    return distance


def mirror_image(X: ArrayLike, w: ArrayLike, b: float) -> Float[NDArray, "n d"]:
    """Return the mirror images of points through the boundary <w, x> + b = 0.

    X, w and b are as for `signed_distance`.

    Returns
    -------
    (n, d) array
        m(x) = x - 2 (<w, x> + b) w / |w|^2, for which f(m(x)) = -f(x).

    Examples
    --------
    >>> mirror_image([[3.0, 5.0]], [2.0, 0.0], -2.0)
    array([[-1.,  5.]])
    """
    array = points("X", X)
    unit, offset = _boundary(w, b, array.shape[1])
    level = array @ unit + offset
    image: NDArray = array - 2 * level[:, np.newaxis] * unit
    return image


def perturbed(
    X: ArrayLike, y: ArrayLike, w: ArrayLike, eps: ArrayLike
) -> Float[NDArray, "n d"]:
    """Return x - y eps w / |w|: the perturbation of size eps that harms most.

    Parameters
    ----------
    X, y, w : (n, d), (n,) and (d,) array_like
        Points, their true labels and the normal, as for `signed_distance`.
    eps : float or (n,) array_like
        l2 size of the perturbation, at least 0.

    Returns
    -------
    (n, d) array
        Points whose signed distance is smaller by exactly `eps`: by the Cauchy-Schwarz
        inequality no perturbation of this size lowers it more.

    Examples
    --------
    >>> perturbed([[3.0, 0.0]], [1], [2.0, 0.0], 2.5)
    array([[0.5, 0. ]])
    """
    array = points("X", X)
    label = labels("y", y, array.shape[0], classes=0)
    unit = _unit(_direction("w", w, d=array.shape[1]))
    size = real_array("eps", eps, lower=0)
    if size.shape not in ((), label.shape):
        raise ValueError(
            f"eps must be one number or {label.size}, got shape {size.shape}"
        )
    step = (label * size)[:, np.newaxis]
    moved: NDArray = array - step * unit
    return moved


def misclassified_share(distance: ArrayLike, eps: ArrayLike) -> Real:
    """Return the share of points that perturbations of size eps turn or leave wrong.

    Parameters
    ----------
    distance : (n,) array_like
        Signed distances of at least one point (`signed_distance`).
    eps : float or array_like
        l2 sizes, at least 0.

    Returns
    -------
    numpy.float64 or array
        Share of points with distance at most `eps`, of the shape of `eps`: a point that
        is wrong already counts at every eps, one that reaches the boundary counts.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> misclassified_share([-1.0, 0.5, 2.0, 4.0], [0.0, 0.5, 3.0])
    array([0.25, 0.5 , 0.75])
    """
    ordered = np.sort(_distances(distance))
    size = real_array("eps", eps, lower=0)
    share: Real = np.searchsorted(ordered, size, side="right") / ordered.size
    return share


def misclassification_size(distance: ArrayLike, share: float) -> np.float64:
    """Return the least eps at which a given share of the points is misclassified.

    Parameters
    ----------
    distance : (n,) array_like
        Signed distances, as for `misclassified_share`.
    share : float
        Share of the points, in [0, 1].

    Returns
    -------
    numpy.float64
        ``inf {eps >= 0 : misclassified_share(distance, eps) >= share}``: the k-th
        smallest of max(distance, 0), k the least integer with k/n >= share. No
        interpolation: at this size the share is reached, below it it is not.

    Notes
    -----
    Points that are misclassified without any perturbation need size 0 and count towards
    the share; a classifier with error above `share` has size 0.

    Examples
    --------
    >>> misclassification_size([-1.0, 0.5, 2.0, 4.0], 0.75)
    np.float64(2.0)
    >>> misclassification_size([-1.0, 0.5, 2.0, 4.0], 0.2)
    np.float64(0.0)
    """
    array = np.sort(_distances(distance))
    n = array.size
    target = real("share", share, lower=0, upper=1)
    k = max(math.ceil(target * n) - 1, 0)  # the product is rounded, k / n decides
    while k / n < target:
        k += 1
    return np.float64(max(array[k - 1], 0.0) if k > 0 else 0.0)


def deviation_angle(w: ArrayLike, reference: ArrayLike) -> Real:
    r"""Return the angle between the normals of two boundaries.

    Parameters
    ----------
    w, reference : (..., d) array_like
        Normals, not zero; their leading axes broadcast. The deviation angle of a
        classifier is the one to its nearest-centroid direction j - i.

    Returns
    -------
    numpy.float64 or array
        Angle in [0, pi].

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    For unit u, v it is 2 atan2(|u - v|, |u + v|), which is accurate at every angle,
    where arccos <u, v> loses half of its digits near 0 and pi (Kahan). Absolute error
    below 1e-15 against 50-digit arithmetic, d = 2 to 1000 (measured in the tests).

    Examples
    --------
    >>> round(float(np.degrees(deviation_angle([1.0, 1.0], [1.0, 0.0]))), 12)
    45.0
    """
    u, v = _direction("w", w), _direction("reference", reference)
    if u.shape[-1] != v.shape[-1]:
        raise ValueError(
            "w and reference must be of one dimension, got shapes "
            f"{u.shape} and {v.shape}"
        )
    u, v = broadcast(w=_unit(u), reference=_unit(v))
    angle: Real = 2 * np.arctan2(
        np.linalg.norm(u - v, axis=-1), np.linalg.norm(u + v, axis=-1)
    )
    return angle


def adversarial_strength(angle: ArrayLike) -> Real:
    """Return 1 / cos(angle), the adversarial strength at a deviation angle.

    Parameters
    ----------
    angle : float or array_like
        Deviation angle in radians, in [0, pi/2].

    Returns
    -------
    numpy.float64 or array
        Strength, in [1, inf).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(float(adversarial_strength(np.radians(60))), 12)
    2.0
    """
    theta = real_array("angle", angle, lower=0, upper=math.pi / 2)
    strength: Real = (1 / np.cos(theta))[()]
    return strength


def measured_strength(i: ArrayLike, j: ArrayLike, w: ArrayLike, b: float) -> np.float64:
    """Return the adversarial strength as the measured ratio of distances.

    Parameters
    ----------
    i, j : (d,) array_like
        Centroids of the classes -1 and +1, different.
    w : (d,) array_like
        Normal of the boundary, not zero, positive on the side of j.
    b : float
        Offset; the boundary must have i on its negative and j on its positive side.

    Returns
    -------
    numpy.float64
        (d(i, L) + d(j, L)) / (d(i, C) + d(j, C)), which is 1 / cos of the deviation
        angle whatever b.

    Raises
    ------
    ValueError
        If the boundary does not separate the centroids: the strength is not defined.

    Examples
    --------
    >>> round(float(measured_strength([-1.0, 0.0], [1.0, 0.0], [1.0, 1.0], 0.3)), 12)
    1.414213562373
    """
    start, end = real_array("i", i, ndim=1), real_array("j", j, ndim=1)
    centroids = points("i and j", np.stack(broadcast(i=start, j=end)))
    y = np.array([-1.0, 1.0])
    to_boundary = signed_distance(centroids, y, w, b)
    if not (to_boundary > 0).all():
        raise ValueError(
            "w and b must separate the centroids i (negative side) and j (positive "
            f"side), got signed distances {to_boundary.tolist()}"
        )
    to_nearest = signed_distance(centroids, y, *nearest_centroid(centroids, y))
    return np.float64(to_nearest.sum() / to_boundary.sum())


def tilted_error(
    angle: ArrayLike, a: ArrayLike, variance: ArrayLike, tilt_variance: ArrayLike
) -> Real:
    r"""Return the error of a tilted boundary between two Gaussian classes.

    Parameters
    ----------
    angle : float or array_like
        Tilt t in radians, in [0, pi/2).
    a : float or array_like
        Half the distance of the centroids, at least 0.
    variance : float or array_like
        v_l > 0, the variance along the axis of the centroids.
    tilt_variance : float or array_like
        v_z >= 0, the variance along the direction of the tilt.

    Returns
    -------
    numpy.float64 or array
        Phi(-a / sqrt(v_l + v_z tan^2 t)), the same for both classes.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> tilted_error(np.radians([0, 45, 80, 89]), 1, 0.25, 1e-4).round(7)
    array([0.0227501, 0.0227717, 0.0234469, 0.0942397])
    """
    error: Real = np.exp(log_tilted_error(angle, a, variance, tilt_variance))
    return error


def log_tilted_error(
    angle: ArrayLike, a: ArrayLike, variance: ArrayLike, tilt_variance: ArrayLike
) -> Real:
    """Return the logarithm of `tilted_error`, which does not underflow.

    The arguments are as for `tilted_error`.

    Returns
    -------
    numpy.float64 or array
        Natural logarithm of the error, at most log(1/2).

    Examples
    --------
    >>> round(float(log_tilted_error(0.0, 100.0, 1.0, 0.0)), 6)
    -5005.524209
    """
    t, half, v_l, v_z = broadcast(
        angle=real_array("angle", angle, lower=0, upper=math.pi / 2, open_upper=True),
        a=real_array("a", a, lower=0),
        variance=real_array("variance", variance, lower=0, open_lower=True),
        tilt_variance=real_array("tilt_variance", tilt_variance, lower=0),
    )
    log_error: Real = log_ndtr(-half / np.hypot(np.sqrt(v_l), np.sqrt(v_z) * np.tan(t)))
    return log_error


def tilted_mean_distance(angle: ArrayLike, a: ArrayLike) -> Real:
    """Return the mean signed distance of a Gaussian class to a tilted boundary.

    The arguments are as for `tilted_error`; here the angle may be pi/2.

    Returns
    -------
    numpy.float64 or array
        a cos t, which is also the distance of the centroid; the strength is a over it.

    Examples
    --------
    >>> tilted_mean_distance(np.radians([0, 45, 80, 89]), 1).round(4)
    array([1.    , 0.7071, 0.1736, 0.0175])
    """
    t, half = broadcast(
        angle=real_array("angle", angle, lower=0, upper=math.pi / 2),
        a=real_array("a", a, lower=0),
    )
    distance: Real = (half * np.cos(t))[()]
    return distance


def tilted_normal(
    axis: ArrayLike, direction: ArrayLike, angle: float
) -> Float[NDArray, " d"]:
    """Return l cos t + z sin t, the unit normal of a boundary tilted from l to z.

    Parameters
    ----------
    axis : (d,) array_like
        The direction l of the centroids, not zero.
    direction : (d,) array_like
        A direction that is no multiple of `axis`; z is its part orthogonal to l, at
        unit length.
    angle : float
        Tilt t in radians, in [0, pi/2].

    Returns
    -------
    (d,) array
        Unit vector at the angle t from l, on the side of z.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> tilted_normal([1.0, 0.0], [5.0, 2.0], np.radians(90)).round(12)
    array([0., 1.])
    """
    along = _unit(_direction("axis", axis, ndim=1))
    towards = _unit(_direction("direction", direction, d=along.size))
    for _ in range(2):  # twice, so that rounding leaves no component along the axis
        towards = towards - (towards @ along) * along
    if np.linalg.norm(towards) < 1e-12:
        raise ValueError("direction must not be a multiple of axis")
    towards = _unit(towards)
    t = real("angle", angle, lower=0, upper=math.pi / 2)
    normal: NDArray = math.cos(t) * along + math.sin(t) * towards
    return normal


def _distances(value: ArrayLike) -> Float[NDArray, " n"]:
    array = real_array("distance", value, ndim=1)
    if array.size == 0:
        raise ValueError("distance must hold at least one point, got none")
    return array


def _direction(
    name: str, value: ArrayLike, *, d: int | None = None, ndim: int | None = None
) -> Float[NDArray, "*batch d"]:
    array = real_array(name, value, ndim=1 if d is not None else ndim)
    if array.ndim == 0:
        raise ValueError(f"{name} must be a vector, got a number")
    if d is not None and array.size != d:
        raise ValueError(f"{name} must have {d} entries, got shape {array.shape}")
    if not (np.abs(array).max(axis=-1, initial=0.0) > 0).all():
        raise ValueError(f"{name} must not be zero")
    return array


def _unit(vectors: Float[NDArray, "*batch d"]) -> Float[NDArray, "*batch d"]:
    scaled = vectors / np.abs(vectors).max(
        axis=-1, keepdims=True
    )  # squares stay finite
    unit: NDArray = scaled / np.linalg.norm(scaled, axis=-1, keepdims=True)
    return unit


def _boundary(w: ArrayLike, b: float, d: int) -> tuple[Float[NDArray, " d"], float]:
    """Return the unit normal and the offset of the same boundary."""
    normal = _direction("w", w, d=d)
    scale = float(np.abs(normal).max())
    return _unit(normal), real("b", b) / scale / float(np.linalg.norm(normal / scale))


# --- Claims --------------------------------------------------------------------------


def _strength_of_tilted(d: int, angle: float, offset: float) -> float:
    """Measure the strength between drawn centroids of a boundary tilted by an angle."""
    rng = spawn(0, "tanay2016", d)
    i, j, direction = rng.standard_normal((3, d))
    w = tilted_normal(j - i, direction, angle)
    b = -float(w @ (i + j)) / 2 + offset * float(w @ (j - i)) / 2
    return float(measured_strength(i, j, w, b))


def _errs(
    n: int,
    rng: np.random.Generator,
    angle: float,
    a: float,
    variance: float,
    tilt_variance: float,
    curvature: float = 0.0,
) -> Bool[NDArray, " n"]:
    """Draw points of the class N(a l, V) in the plane, and whether C through 0 errs.

    C may be a circle that touches the line at 0, on the side of this class.
    """
    along = a + math.sqrt(variance) * rng.standard_normal(n)
    across = math.sqrt(tilt_variance) * rng.standard_normal(n)
    bent = curvature / 2 * (along**2 + across**2)
    return np.asarray(math.cos(angle) * along + math.sin(angle) * across < bent)


def _on_path(d: int, penalty: float, seed: int) -> RidgePath:
    """Return the ridge path of drawn classes at a penalty and at twice that.

    The variances are 1 to 1e-6; Fisher's discriminant errs with probability Phi(-2).
    """
    rng = spawn(0, "tanay2016", "path", d, seed)
    axes, _ = np.linalg.qr(rng.standard_normal((d, d)))
    spread = np.geomspace(1.0, 1e-3, d)
    mean = axes @ (spread * rng.standard_normal(d))
    mean *= 2 / np.linalg.norm(axes.T @ mean / spread)
    return ridge_path(mean, (axes * spread**2) @ axes.T, [penalty, 2 * penalty])


_PATH: dict[str, Parameter] = {
    "d": Integers(2, 60, (2, 10), symbol="d"),
    "penalty": Reals(
        1e-8, 1e3, (1e-6, 1e-3, 0.1, 10.0), scale="log", symbol=r"\lambda"
    ),
    "seed": Integers(1, 1000, (1, 2)),
}
_TILT = Reals(0.0, 1.55, (0.0, 0.5, 1.0, 1.4, 1.55), symbol=r"\theta")
_THIN = Integers(1, 10**9, (10**4, 10**6, 10**9), symbol="1/v_z")


def _strength_beyond(angle: float, offset: float) -> float:
    """Return the ratio of distances, whichever sides the centroids are on."""
    centroids = np.array([[-1.0, 0.0], [1.0, 0.0]])
    y, w = np.array([-1.0, 1.0]), np.array([math.cos(angle), math.sin(angle)])
    to_boundary = np.abs(signed_distance(centroids, y, w, offset * math.cos(angle)))
    to_nearest = signed_distance(centroids, y, *nearest_centroid(centroids, y))
    return float(to_nearest.sum() / to_boundary.sum())


def _strength_of_circle(angle: float, curvature: float) -> float:
    """Return the strength of a circle about c/curvature through 0, c the normal.

    Its signed distances from the centroids -l and l differ by |l + c/k| - |l - c/k|,
    k the curvature, which is 4 cos t/(A + B) with the square roots here.
    """
    c, k = math.cos(angle), curvature
    return (math.sqrt(1 + 2 * k * c + k * k) + math.sqrt(1 - 2 * k * c + k * k)) / (
        2 * c
    )


def _heavy_error(
    angle: float, a: float, variance: float, tilt_variance: float, heavy: float
) -> float:
    """Return the error for classes with t laws of 1/heavy degrees of freedom."""
    spread = math.sqrt(variance + tilt_variance * math.tan(angle) ** 2)
    if heavy == 0:
        return float(tilted_error(angle, a, variance, tilt_variance))
    return float(stdtr(1 / heavy, -a / spread))


def _unequal_error(penalty: float, unequal: float) -> float:
    """Return the error of ridge regression for variances of unequal classes.

    In the plane they are 1 and 1/10 in the mean, the first 1 + unequal and 1 - unequal.
    """
    mu, mean = np.array([0.3, 0.1]), np.array([1.0, 0.1])
    w = mu / (mean + penalty)
    variances = (mean + np.array([unequal, 0.0]), mean - np.array([unequal, 0.0]))
    return float(np.mean([ndtr(-w @ mu / math.sqrt(w**2 @ v)) for v in variances]))


_LINEAR = "the boundaries are hyperplanes"
_CIRCLE = "$C$ is a circle of curvature $c$ that touches the line between the classes"
_CURVATURE = Reals(0.0, 0.9, (0.0, 0.1, 0.5), symbol="c")
_GAUSSIAN = "the classes are Gaussian with one covariance, and equally likely"
_HEAVY = "they have spherical $t$ laws of $1/s$ degrees of freedom"
_TAILS = Reals(0.0, 2.0, (0.0, 0.1, 2.0), symbol="s")
_BETWEEN = (
    Hypothesis(
        _LINEAR,
        _CIRCLE,
        Exact(
            _strength_of_circle,
            lambda angle, curvature: adversarial_strength(angle),
            rtol=1e-10,
        ),
        {"angle": Choices((0.5, 1.4), symbol=r"\theta"), "curvature": _CURVATURE},
        "curvature",
    ),
    Hypothesis(
        "$C$ lies between the centroids",
        "it crosses their line at $s$, in halves of their distance from the middle",
        Exact(
            _strength_beyond,
            lambda angle, offset: adversarial_strength(angle),
            rtol=1e-10,
        ),
        {
            "angle": _TILT,
            "offset": Reals(0.0, 3.0, (0.0, 0.9, 1.5, 3.0), symbol="s"),
        },
        "offset",
    ),
)
_TILTED = (
    Hypothesis(
        _LINEAR,
        _CIRCLE,
        Statistical(
            lambda n, rng, curvature: _errs(n, rng, 1.0, 1.0, 0.25, 0.1, curvature),
            lambda curvature: tilted_error(1.0, 1.0, 0.25, 0.1),
            tolerance=0.1,
        ),
        {"curvature": _CURVATURE},
        "curvature",
    ),
    Hypothesis(
        _GAUSSIAN,
        _HEAVY,
        Exact(
            lambda angle, heavy: _heavy_error(angle, 1.0, 0.25, 0.1, heavy),
            lambda angle, heavy: tilted_error(angle, 1.0, 0.25, 0.1),
            rtol=0.1,
        ),
        {"angle": Choices((0.0, 1.0), symbol=r"\theta"), "heavy": _TAILS},
        "heavy",
    ),
)
_ON_PATH = (
    Hypothesis(_LINEAR, why="ridge regression has no other ones"),
    Hypothesis(
        _GAUSSIAN,
        why="the angles are those of means and covariances: they hold for any classes",
    ),
)
_ON_PATH_ERROR = (
    _ON_PATH[0],
    Hypothesis(
        _GAUSSIAN,
        "their variances along one axis are $1 + s$ and $1 - s$",
        Exact(
            _unequal_error,
            lambda penalty, unequal: _unequal_error(2 * penalty, unequal),
            rtol=1e-9,
        ),
        {
            "penalty": Choices((1e-3, 0.1, 10.0), symbol=r"\lambda"),
            "unequal": Reals(0.0, 1.0, (0.0, 0.1, 0.5, 1.0), symbol="s"),
        },
        "unequal",
    ),
)
_THIN_CLASSES = (
    Hypothesis(
        _LINEAR,
        _CIRCLE,
        Exact(
            # Without variance along the tilt C is crossed at 0 and 2 cos t/c.
            lambda angle, curvature, thinness: (
                tilted_error(angle, 1.0, 0.25, 1 / thinness)
                + ndtr(2 - 4 * math.cos(angle) / max(curvature, 1e-300))
            ),
            lambda angle, curvature, thinness: tilted_error(0.0, 1.0, 0.25, 0.0),
            tolerance=1e-4,
        ),
        {
            "angle": Choices((0.5, 1.4), symbol=r"\theta"),
            "curvature": _CURVATURE,
            "thinness": _THIN,
        },
        "curvature",
    ),
    Hypothesis(
        _GAUSSIAN,
        _HEAVY,
        Exact(
            lambda angle, heavy, thinness: _heavy_error(
                angle, 1.0, 0.25, 1 / thinness, heavy
            ),
            lambda angle, heavy, thinness: tilted_error(0.0, 1.0, 0.25, 0.0),
            tolerance=1e-4,
        ),
        {
            "angle": Choices((0.5, 1.4), symbol=r"\theta"),
            "heavy": _TAILS,
            "thinness": _THIN,
        },
        "heavy",
    ),
    Hypothesis(
        "the classes have no variance along the tilt, in the limit",
        "a variance $s$ stays",
        Exact(
            lambda angle, thinness, stays: tilted_error(
                angle, 1.0, 0.25, max(1 / thinness, stays)
            ),
            lambda angle, thinness, stays: tilted_error(0.0, 1.0, 0.25, 0.0),
            tolerance=1e-4,
        ),
        {
            "angle": Choices((0.5, 1.0, 1.4, 1.55), symbol=r"\theta"),
            "thinness": _THIN,
            "stays": Reals(0.0, 1.0, (0.0, 1e-6, 1e-3, 0.1, 1.0), symbol="s"),
        },
        "stays",
    ),
)

CLAIMS = (
    Claim(
        id="tanay2016.strength",
        theory="manifold",
        title="The adversarial strength is 1/cos of the deviation angle",
        source=SOURCE,
        statement=r"""For centroids $i, j$ and a linear boundary $C$ whose normal
deviates by $\theta$ from $j - i$, wherever $C$ lies between them, the distances of $i$
and $j$ to the nearest-centroid boundary add up to $1/\cos\theta$ times those to
$C$.""",
        relation="lhs == rhs",
        domain={
            "d": Integers(2, 1000, (2, 10, 784), symbol="d"),
            "angle": _TILT,
            "offset": Reals(-0.9, 0.9, (-0.5, 0.0, 0.9)),
        },
        axis="angle",
        evidence=Exact(
            _strength_of_tilted,
            lambda d, angle, offset: adversarial_strength(angle),
            rtol=1e-10,
        ),
        twin=Twin(
            r"$1/\cos(1.001\,\theta)$ stands in place of $1/\cos\theta$",
            Exact(
                _strength_of_tilted,
                lambda d, angle, offset: adversarial_strength(1.001 * angle),
                rtol=1e-10,
            ),
        ),
        hypotheses=_BETWEEN,
    ),
    Claim(
        id="tanay2016.tilted-error",
        theory="manifold",
        title="The error of a boundary that is tilted between two Gaussians",
        source=SOURCE,
        statement=r"""For classes $N(\pm a\,l, V)$ with variance $v_l$ along $l$ and
$v_z$ along $z$, the boundary with normal $l\cos\theta + z\sin\theta$ through 0 errs
with probability $\Phi\big(-a/\sqrt{v_l + v_z\tan^2\theta}\big)$.""",
        relation="lhs == rhs",
        domain={
            "a": Reals(0.1, 3.0, (1.0,)),
            "variance": Reals(0.1, 4.0, (0.25, 1.0), symbol="v_l"),
            "tilt_variance": Reals(0.0, 1.0, (0.0, 0.1), symbol="v_z"),
            "angle": Reals(0.0, 1.55, (0.0, 0.5, 1.0, 1.4), symbol=r"\theta"),
        },
        axis="angle",
        evidence=Statistical(_errs, tilted_error, tolerance=0.1),
        twin=Twin(
            r"the variance along $z$ is left out",
            Statistical(
                _errs,
                lambda angle, a, variance, tilt_variance: tilted_error(
                    angle, a, variance, 0.0
                ),
                tolerance=0.1,
            ),
            domain={
                "a": Reals(0.1, 3.0, (1.0,)),
                "variance": Reals(0.1, 4.0, (0.25,)),
                "tilt_variance": Reals(0.0, 1.0, (0.1,)),
                "angle": Reals(0.0, 1.55, (1.0,)),
            },
        ),
        hypotheses=_TILTED,
    ),
    Claim(
        id="tanay2016.strength-without-error",
        theory="manifold",
        title="Tilted along a direction without variance, the error does not change",
        source=SOURCE,
        statement=r"""As the within-class variance $v_z$ along the direction of the
tilt tends to 0, the error tends to that of the boundary that is not tilted,
$\Phi(-a/\sqrt{v_l})$, at every angle: the strength $1/\cos\theta$ can be as large as
one likes without a loss of accuracy.""",
        relation="limit",
        domain={
            "angle": Reals(0.0, 1.55, (0.5, 1.0, 1.4, 1.55), symbol=r"\theta"),
            "thinness": _THIN,
        },
        axis="thinness",
        evidence=Exact(
            lambda angle, thinness: tilted_error(angle, 1.0, 0.25, 1 / thinness),
            lambda angle, thinness: tilted_error(0.0, 1.0, 0.25, 0.0),
            tolerance=1e-4,
        ),
        twin=Twin(
            r"the limit is that of an untilted boundary with $1.001\,v_l$",
            Exact(
                lambda angle, thinness: tilted_error(angle, 1.0, 0.25, 1 / thinness),
                lambda angle, thinness: tilted_error(0.0, 1.0, 0.25025, 0.0),
                tolerance=1e-4,
            ),
        ),
        hypotheses=_THIN_CLASSES,
    ),
    Claim(
        id="tanay2016.ridge-path-angle",
        theory="manifold",
        title="Regularisation takes the tilt away",
        source=SOURCE,
        statement=r"""Between $N(-\mu, V)$ and $N(\mu, V)$ the deviation angle of ridge
regression, $w = (V + \lambda I)^{-1}\mu$, does not grow with the penalty
$\lambda$.""",
        relation="lhs <= rhs",
        domain=_PATH,
        axis="penalty",
        evidence=Exact(
            lambda **point: _on_path(**point).angle[1],
            lambda **point: _on_path(**point).angle[0],
            atol=1e-12,
            unproved="the classes are drawn, and their path is an eigendecomposition",
        ),
        twin=Twin(
            r"twice the penalty takes away a thousandth of it",
            Exact(
                lambda **point: _on_path(**point).angle[1],
                lambda **point: 0.999 * _on_path(**point).angle[0],
                atol=1e-12,
            ),
        ),
        note=r"""By the inequality of Cauchy and Schwarz; from Fisher's discriminant at
$\lambda = 0$ to the nearest centroid at infinity.""",
        hypotheses=_ON_PATH,
    ),
    Claim(
        id="tanay2016.ridge-path-error",
        theory="manifold",
        title="Regularisation costs accuracy, known without error",
        source=SOURCE,
        statement=r"""Along this path the error does not fall with the penalty: where
the law is known a tilt is never without use, only out of proportion.""",
        relation="lhs <= rhs",
        domain=_PATH,
        axis="penalty",
        evidence=Exact(
            lambda **point: _on_path(**point).error[0],
            lambda **point: _on_path(**point).error[1],
            rtol=1e-9,
            unproved="the classes are drawn, and their path is an eigendecomposition",
        ),
        twin=Twin(
            r"twice the penalty costs a thousandth of the error",
            Exact(
                lambda **point: 1.001 * _on_path(**point).error[0],
                lambda **point: _on_path(**point).error[1],
                rtol=1e-9,
            ),
        ),
        note=r"""On a sample the weights are fitted to noise, and the error of the path
has its least value in between: the boundaries of type 2.""",
        hypotheses=_ON_PATH_ERROR,
    ),
)
