r"""Usefulness of features on samples, with intervals; which are useful and not robust.

A feature of a sample is f with constants e, s > 0 and B that were fixed before, clipped
at B: h = max(-B, min(B, (f - e)/s)). It is a bounded feature in its own right, and
clipping commutes with infima, so that

    rho = E[y h(x)],    gamma = E[inf_{|delta|_p <= eps} y h(x + delta)]

are means of numbers in [-B, B], of which `geomadv.stats.BoundedSequence` gives
confidence intervals that hold for every law and sample size. If (f - e)/s has mean 0
and variance 1, clipping changes rho by at most E(|f - e|/s - B)_+ <= 1/(4 B).

Unless they are given, e, s and B are mean, standard deviation and the largest
|f - e|/s of one half of the points, drawn by `rng`, and the other half is counted. In
`detect_features` the first half also chooses the features (principal directions,
centres of bumps) and their signs, and one error rate is split over all intervals: with
probability at least 1 - error_rate all of them hold at once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from geomadv._random import generator
from geomadv._typing import ArrayLike, Bool, Float, NDArray
from geomadv._validate import choice, integer, labels, norm_order, points, real
from geomadv.stats import BoundedSequence, Interval, split_error_rate
from geomadv.theories.features._features import BumpFeature, Feature, LinearFeature

KINDS = ("coordinates", "components", "kernel")
ROBUST, NON_ROBUST, UNDECIDED = "robust", "non-robust", "undecided"


@dataclass(frozen=True)
class Estimate:
    """A mean over a sample, with a confidence interval.

    Parameters
    ----------
    value : float
        The mean.
    interval : Interval
        Where the mean of the law is, up to the error rate.
    n : int
        The number of points that were counted.
    """

    value: float
    interval: Interval
    n: int


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Features with their usefulness, robust usefulness and a verdict.

    Parameters
    ----------
    names : tuple of str
        What the features are, such as "coordinate 3".
    features : tuple of Feature
        The features, with the sign of a positive correlation with the label.
    rho, gamma : tuples of Estimate
        Usefulness and robust usefulness; all intervals hold at once, up to the error
        rate.
    verdict : tuple of str
        "robust" where rho and gamma are above 0 for sure, "non-robust" where rho is
        above 0 and gamma below, else "undecided".
    """

    names: tuple[str, ...]
    features: tuple[Feature, ...]
    rho: tuple[Estimate, ...]
    gamma: tuple[Estimate, ...]
    verdict: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    def __str__(self) -> str:
        lines = [f"{'feature':<16} {'rho':>22} {'gamma':>24}  verdict"]
        parts = zip(self.names, self.rho, self.gamma, self.verdict, strict=True)
        for name, rho, gamma, verdict in parts:
            lines.append(f"{name:<16} {_shown(rho)} {_shown(gamma)}  {verdict}")
        return "\n".join(lines)

    @property
    def robust(self) -> Bool[NDArray, " m"]:
        """Which features are robust for sure."""
        return np.array([v == ROBUST for v in self.verdict], dtype=bool)

    @property
    def non_robust(self) -> Bool[NDArray, " m"]:
        """Which features are useful and not robust for sure."""
        return np.array([v == NON_ROBUST for v in self.verdict], dtype=bool)


def usefulness(
    feature: Feature | Callable[[NDArray], ArrayLike] | ArrayLike,
    X: ArrayLike,
    y: ArrayLike,
    *,
    scale: tuple[float, float] | None = None,
    clip: float | None = None,
    error_rate: float = 0.05,
    rng: np.random.Generator | int = 0,
) -> Estimate:
    """Return the usefulness rho of a feature on a sample, with an interval.

    Parameters
    ----------
    feature : Feature, callable or (d,) array_like
        An object with `values(X)`, a function of X with values (n,), or the direction
        of a line.
    X : (n, d) array_like
        Points, independent draws of one law.
    y : (n,) array_like
        Labels, -1 and +1.
    scale : (e, s), optional
        Constants of the normalisation, fixed without these points. By default mean and
        standard deviation on one half of the points; the other half is counted.
    clip : float, optional
        B, positive. By default the largest |f - e|/s on the half that normalises; with
        `scale`, 10.
    error_rate : float
        The probability, in (0, 1), that the interval misses.
    rng : numpy.random.Generator or int
        Draws the halves.

    Returns
    -------
    Estimate
        Of the clipped feature, see the module's docstring.

    Raises
    ------
    ValueError
        If the feature is constant on the half that normalises it, among other bad
        input.

    Examples
    --------
    >>> from geomadv.data import GaussianPair
    >>> X, y = GaussianPair([1.0, 0.0]).sample(4000, 0)
    >>> rho = usefulness([1.0, 0.0], X, y)
    >>> 0.5**0.5 in rho.interval, rho.interval.width < 0.2
    (True, True)
    """
    f = _feature(feature)
    return _estimate(f, X, y, None, 2.0, scale, clip, error_rate, rng)


def robust_usefulness(
    feature: Feature | ArrayLike,
    X: ArrayLike,
    y: ArrayLike,
    eps: float,
    p: float = 2,
    *,
    scale: tuple[float, float] | None = None,
    clip: float | None = None,
    error_rate: float = 0.05,
    rng: np.random.Generator | int = 0,
) -> Estimate:
    """Return the robust usefulness gamma of a feature on a sample, with an interval.

    Parameters
    ----------
    feature : Feature or (d,) array_like
        An object with `values(X)` and `worst(X, y, eps, p)`, such as a
        `QuadraticFeature`, or the direction of a line.
    X, y : (n, d) and (n,) array_like
        Points and their labels, as for `usefulness`.
    eps : float
        Size of the perturbations, at least 0.
    p : float
        Order of their norm, one that the feature knows.
    scale, clip, error_rate, rng
        As for `usefulness`.

    Returns
    -------
    Estimate
        Of the clipped feature; never below -B.

    Raises
    ------
    TypeError
        If the feature has no `worst`, among other arguments of the wrong kind.
    ValueError
        If an argument is out of its range.

    Examples
    --------
    >>> from geomadv.data import GaussianPair
    >>> X, y = GaussianPair([1.0, 0.0]).sample(4000, 0)
    >>> gamma = robust_usefulness([1.0, 0.0], X, y, 1.5)
    >>> -0.5 * 0.5**0.5 in gamma.interval, gamma.interval.upper < 0
    (True, True)
    """
    f = _feature(feature)
    if not isinstance(f, Feature):
        raise TypeError(
            "feature must have values(X) and worst(X, y, eps, p), or be a direction, "
            f"got {type(feature).__name__}"
        )
    size = real("eps", eps, lower=0.0)
    return _estimate(f, X, y, size, norm_order("p", p), scale, clip, error_rate, rng)


def detect_features(
    X: ArrayLike,
    y: ArrayLike,
    eps: float,
    p: float = 2,
    kind: str = "coordinates",
    *,
    n_features: int | None = None,
    least: float = 0.0,
    clip: float | None = None,
    error_rate: float = 0.05,
    rng: np.random.Generator | int = 0,
) -> FeatureTable:
    """Return which features of the user's own data are useful, and which are robust.

    Parameters
    ----------
    X : (n, d) array_like
        Points, independent draws of one law, at least 4.
    y : (n,) array_like
        Labels, -1 and +1.
    eps : float
        Size of the perturbations, at least 0.
    p : float
        Order of their norm; 1, 2 or infinity for kernel features.
    kind : {"coordinates", "components", "kernel"}
        The coordinates, the principal components, or Gaussian bumps about points of
        the sample, of width 1/gamma = d times the mean variance.
    n_features : int, optional
        How many: the first coordinates or components, all by default; 20 bumps.
    least : float
        A feature counts as useful if its rho is above this number for sure.
    clip, error_rate, rng
        As for `usefulness`; the error rate is that of the whole table.

    Returns
    -------
    FeatureTable
        By descending rho, without features that are constant on the first half.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    A strong and a weak coordinate, perturbed by up to half of the strong one's mean:

    >>> from geomadv.data import GaussianPair
    >>> X, y = GaussianPair([1.0, 0.25]).sample(20000, 0)
    >>> table = detect_features(X, y, 0.5, p=np.inf)
    >>> table.names, table.verdict
    (('coordinate 0', 'coordinate 1'), ('robust', 'non-robust'))
    """
    choice("kind", kind, KINDS)
    rows = points("X", X, minimum=4)
    label = labels("y", y, len(rows))
    size, order = real("eps", eps, lower=0.0), norm_order("p", p)
    least = real("least", least, lower=0.0)
    d = rows.shape[1]
    most = len(rows) // 2 if kind == "kernel" else d
    wanted = min(20, most) if kind == "kernel" else d
    if n_features is not None:
        wanted = integer("n_features", n_features, minimum=1, maximum=most)
    draw = generator(rng)
    first, second = _halves(len(rows), draw)
    found = _candidates(kind, rows[first], label[first], wanted, draw)
    if not found:
        return FeatureTable((), (), (), (), ())
    share = split_error_rate(error_rate, 2 * len(found))
    table = []
    X_second, y_second = rows[second], label[second]
    for name, feature, scale, reach in found:
        bound = reach if clip is None else clip
        values, worst = (
            _estimate(feature, X_second, y_second, e, order, scale, bound, share, 0)
            for e in (None, size)
        )
        table.append((name, feature, values, worst, _verdict(values, worst, least)))
    table.sort(key=lambda row: -row[2].value)
    return FeatureTable(*(tuple(column) for column in zip(*table, strict=True)))


def _verdict(rho: Estimate, gamma: Estimate, least: float) -> str:
    if not rho.interval.lower > least:
        return UNDECIDED
    if gamma.interval.lower > 0.0:
        return ROBUST
    return NON_ROBUST if gamma.interval.upper < 0.0 else UNDECIDED


Candidate = tuple[str, Feature, tuple[float, float], float]


def _candidates(
    kind: str, X: NDArray, y: NDArray, wanted: int, rng: np.random.Generator
) -> list[Candidate]:
    """Return features with the sign and the constants that the first half gives."""
    d = X.shape[1]
    named: Sequence[tuple[str, Any]]
    if kind == "kernel":
        gamma = 1.0 / (d * (float(X.var(axis=0).mean()) or 1.0))
        centres = X[np.sort(rng.choice(len(X), wanted, replace=False))]
        named = [
            (f"bump {j}", lambda sign, z=z: BumpFeature(z, gamma, sign))
            for j, z in enumerate(centres)
        ]
    else:
        rows = np.eye(d)[:wanted]
        if kind == "components":
            rows = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)[2][:wanted]
        word = kind.removesuffix("s")
        named = [
            (f"{word} {j}", lambda sign, a=a: LinearFeature(sign * a))
            for j, a in enumerate(rows)
        ]
    found: list[Candidate] = []
    spread = float(np.abs(X).max(initial=0.0))
    for name, make in named:
        feature = make(1)
        values = feature.values(X)
        if values.std() <= 1e-12 * (1.0 if kind == "kernel" else spread):
            continue
        sign = 1 if float(y @ (values - values.mean())) >= 0.0 else -1
        e, s = float(values.mean()), float(values.std())
        reach = float(np.abs(values - e).max()) / s
        found.append((name, make(sign), (sign * e, s), reach))
    return found


def _estimate(
    feature: Any,
    X: ArrayLike,
    y: ArrayLike,
    eps: float | None,
    p: float,
    scale: tuple[float, float] | None,
    clip: float | None,
    error_rate: float,
    rng: np.random.Generator | int,
) -> Estimate:
    """Return rho for eps None, else gamma."""
    rows = points("X", X, minimum=1 if scale is not None else 4)
    label = labels("y", y, len(rows), classes=1)
    bound = 10.0
    if scale is None:
        first, second = _halves(len(rows), generator(rng))
        values = _values(feature, rows[first])
        e, s = float(values.mean()), float(values.std())
        if not s > 1e-12 * float(np.abs(values).max()):
            raise ValueError(
                "feature must not be constant on the points that normalise it"
            )
        rows, label = rows[second], label[second]
        bound = float(np.abs(values - e).max()) / s
    else:
        e = real("scale[0]", scale[0])
        s = real("scale[1]", scale[1], lower=0.0, open_lower=True)
    if clip is not None:
        bound = real("clip", clip, lower=0.0, open_lower=True)
    if eps is None:
        draws = label * (_values(feature, rows) - e) / s
    else:
        draws = (np.asarray(feature.worst(rows, label, eps, p)) - label * e) / s
    sequence = BoundedSequence(error_rate, -bound, bound)
    sequence.update(np.clip(draws, -bound, bound))
    return Estimate(float(sequence.mean), sequence.interval, len(rows))


def _values(feature: Any, X: NDArray) -> Float[NDArray, " n"]:
    found = feature.values(X) if isinstance(feature, Feature) else feature(X)
    values = np.asarray(found, dtype=float)
    if values.shape != (len(X),) or not np.isfinite(values).all():
        raise ValueError(
            f"feature must have finite values of shape ({len(X)},), got shape "
            f"{values.shape}"
        )
    return values


def _feature(feature: Any) -> Any:
    if isinstance(feature, Feature) or callable(feature):
        return feature
    return LinearFeature(feature)


def _halves(n: int, rng: np.random.Generator) -> tuple[NDArray, NDArray]:
    order = rng.permutation(n)
    return np.sort(order[: n // 2]), np.sort(order[n // 2 :])


def _shown(estimate: Estimate) -> str:
    low, high = estimate.interval.lower, estimate.interval.upper
    return f"{estimate.value:+.3f} [{low:+.3f}, {high:+.3f}]"
