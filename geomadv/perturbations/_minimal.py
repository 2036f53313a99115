"""One verb for the smallest perturbations of all known classifiers."""

from typing import Any

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, norm_order, points, real_array
from geomadv.perturbations import (
    _expansion,
    _linear,
    _neighbours,
    _pairs,
    _quadratic,
    _waves,
)
from geomadv.perturbations._boxes import BUDGET
from geomadv.perturbations._forms import (
    Affine,
    Form,
    Functions,
    Pairs,
    Prototypes,
    Quadratic,
    Waves,
    after,
    dimension,
)
from geomadv.perturbations._models import form_of
from geomadv.perturbations._result import Perturbation

Box = tuple[Float[NDArray, " d"], Float[NDArray, " d"]]


def minimal_perturbation(
    model: Any,
    X: ArrayLike,
    *,
    p: float = 2,
    box: tuple[ArrayLike, ArrayLike] | None = None,
    metric: ArrayLike | str | None = None,
    budget: int = BUDGET,
) -> Perturbation:
    """Return the smallest perturbations that change a classifier's decisions.

    Parameters
    ----------
    model : classifier
        One of `geomadv.classifiers`, or a fitted one of scikit-learn: linear models,
        discriminant analyses, SVC, KernelRidge, NearestCentroid, KNeighborsClassifier,
        and pipelines of StandardScaler, MinMaxScaler or PCA before one of these, or
        of KernelFeatures or FourierFeatures before a linear one. Distances are those
        of the pipeline's input.
    X : (n, d) array_like
        Points.
    p : float
        The norm, in [1, inf]; 2 for quadratic models, and 1, 2 or inf for nearest
        neighbours.
    box : (lower, upper), optional
        Numbers or (d,) arrays between which the perturbed points must lie, as the
        points do; not for quadratic models, and for linear ones with p = 1 or at least
        1.1.
    metric : (d, d) array_like or "geodesic", optional
        A symmetric matrix M that is positive semidefinite: sizes are
        sqrt(<delta, M delta>), and p is 2. If M is singular the model must be linear.
        "geodesic" is the length of arcs on the sphere about 0 on which a point lies,
        for linear models in R^2 and beyond; `delta` is the chord.
    budget : int
        How many boxes may be bounded for each point of a kernel expansion or of Fourier
        features, at least 0: the more, the narrower the interval from `lower` to
        `distance`.

    Returns
    -------
    Perturbation
        With `delta`, `distance`, `lower` and `exact`.

    Raises
    ------
    TypeError
        If the model is not known; the message says which are.
    ValueError
        If an argument is not as described, or a combination is not solved.

    Notes
    -----
    A distance is that to the closure of the set of points with another decision: at
    ``x + (1 + 1e-9) delta`` the decision has changed, except where the way ends in a
    corner of that set, as it may where more than two neighbours or classes tie: there
    it has changed beside the way. Where the votes of several neighbours tie and no
    decision changes beside the point either, the distance is not exact.

    Of nearest neighbours in one place the first in order is the nearer one. Where they
    have different labels, scikit-learn's `predict` may take another, and with it
    another decision. Of classes with equal functions the first has all points.

    In up to 3 dimensions brackets of Gaussian and Laplace expansions close to 1e-4
    within the budget: kernel ridge regressions of 300 points with alpha from 1e-4 on
    do, and so do votes of 3 to 6 classes of 300 points in all, also behind a
    StandardScaler with scales from 1 to 1e8. Where no intercept is left the sign far
    away decides, terms vanish and all may underflow: a witness is then one of the exact
    sum, where `predict` sees 0. That the decision never changes is proven, and
    `distance` is infinite. What may stay open is a Gaussian whose sign far away depends
    on a negative centre that is a rounding error off a face of the hull of the positive
    ones, or within 1e-6 of its threshold on one.

    Examples
    --------
    >>> from geomadv.classifiers import LinearClassifier
    >>> f = LinearClassifier.from_parameters([3.0, -4.0, 12.0], 1.0)
    >>> found = minimal_perturbation(f, [[0.5, 0.2, 0.1]], p=np.inf)
    >>> found.distance
    array([0.15263158])
    >>> found.delta.round(4)
    array([[-0.1526,  0.1526, -0.1526]])
    """
    form = form_of(model)
    if box is None and metric is None and _shows_all(form, X):
        found = in_norm(form, np.asarray(X), norm_order("p", p), None, budget)
        if np.isfinite(found.distance).all():
            integer("budget", budget, minimum=0)
            return found
    X = points("X", X, d=dimension(form))
    p, budget = norm_order("p", p), integer("budget", budget, minimum=0)
    if metric is not None and p != 2:
        raise ValueError(f"p must be 2 with a metric, got {p:g}")
    if metric is not None and box is not None:
        raise ValueError("box must be None with a metric, got both")
    if isinstance(metric, str):
        if metric != "geodesic":
            raise ValueError(
                'metric must be a matrix, "geodesic" or None, got ' + repr(metric)
            )
        if not isinstance(form, Affine):
            raise ValueError(
                f'metric must not be "geodesic" for {_named(form)}: arcs are solved '
                "for linear models"
            )
        if X.shape[1] == 1:
            raise ValueError(
                'metric must not be "geodesic" in R^1: two points have no arc between '
                "them"
            )
        return _linear.on_sphere(form, X)
    if metric is not None:
        return _in_metric(form, X, _matrix(metric, X.shape[1]), budget)
    return in_norm(form, X, p, None if box is None else _box(box, X), budget)


def _shows_all(form: Form, X: Any) -> bool:
    """Tell whether distances are finite only if X is, which need not be read twice.

    For a linear function, since 0 times an infinity is no number.
    """
    return (
        isinstance(form, Affine)
        and len(form.b) == 1
        and bool(form.W.any())
        and isinstance(X, np.ndarray)
        and not np.ma.isMaskedArray(X)
        and X.dtype == np.float64
        and X.ndim == 2
        and X.shape[1] == form.W.shape[1]
    )


def in_norm(
    form: Form, X: Float[NDArray, "n d"], p: float, box: Box | None, budget: int
) -> Perturbation:
    """Return the smallest steps of a form in an l_p norm."""
    if isinstance(form, Affine):
        return _linear.in_norm(form, X, p, box)
    if isinstance(form, Quadratic):
        if p != 2:
            raise ValueError(f"p must be 2 for {_named(form)}, got {p:g}")
        if box is not None:
            raise ValueError(f"box must be None for {_named(form)}, got one")
        return _quadratic.in_length(form, X)
    if isinstance(form, Prototypes):
        if p not in (1, 2, np.inf):
            raise ValueError(f"p must be 1, 2 or inf for {_named(form)}, got {p:g}")
        return _neighbours.smallest(form, X, p, box)
    if isinstance(form, Pairs):

        def steps(one: Functions, at: Float[NDArray, "n d"]) -> Perturbation:
            return in_norm(one, at, p, box, budget)

        def enclosed(pairs: Pairs, at: Float[NDArray, "n d"]) -> Perturbation:
            return _expansion.bracket(pairs, at, p, box, budget=budget)

        return _pairs.smallest(form, X, p, box, steps, enclosed)
    if isinstance(form, Waves):
        return _waves.bracket(form, X, p, box, budget)
    return _expansion.bracket(form, X, p, box, budget=budget)


def _in_metric(
    form: Form, X: Float[NDArray, "n d"], M: Float[NDArray, "d d"], budget: int
) -> Perturbation:
    """Return the smallest steps in the length of M.

    With M = L L^T and u = L^T x, lengths of steps in u are Euclidean, and the
    classifier is that of x = L^-T u.
    """
    if isinstance(form, Affine):
        return _linear.in_metric(form, X, M)
    scale, C = _linear.balanced(M)
    eigenvalues, V = np.linalg.eigh(C)
    if not _linear.ranges(eigenvalues).all():
        raise ValueError(
            f"metric must be positive definite for {_named(form)}, got eigenvalues "
            f"from {eigenvalues[0]:g} to {eigenvalues[-1]:g} at a diagonal of about 1"
        )
    roots = np.sqrt(eigenvalues)
    inside = in_norm(
        after(form, np.ldexp(V / roots, -scale[:, None]), np.zeros(len(M))),
        (np.ldexp(X, scale) @ V) * roots,
        2.0,
        None,
        budget,
    )
    delta = np.ldexp((inside.delta / roots) @ V.T, -scale)
    return Perturbation(delta, inside.distance, inside.lower, inside.exact)


def _named(form: Form) -> str:
    names = {"Affine": "a linear model", "Quadratic": "a quadratic model"}
    names |= {"Prototypes": "nearest neighbours", "Expansion": "a kernel expansion"}
    names["Waves"] = "Fourier features"
    names["Pairs"] = "pairs of classes that vote"
    return names[type(form).__name__]


def _matrix(metric: ArrayLike, d: int) -> Float[NDArray, "d d"]:
    M = real_array("metric", metric)
    if M.shape != (d, d):
        raise ValueError(f"metric must have shape ({d}, {d}), got {M.shape}")
    diagonal = np.diag(M)
    if (diagonal < 0).any():
        raise ValueError(
            "metric must be positive semidefinite, got the diagonal entry "
            f"{diagonal.min():g}"
        )
    _, C = _linear.balanced(M)
    if np.abs(C - C.T).max() > 1e-12:
        i, j = np.unravel_index(np.abs(C - C.T).argmax(), M.shape)
        raise ValueError(
            f"metric must be symmetric, got {M[i, j]:g} at ({i}, {j}) and {M[j, i]:g} "
            f"at ({j}, {i})"
        )
    least = np.linalg.eigvalsh((C + C.T) / 2)[0]
    if least < -1e-12 * d:
        raise ValueError(
            f"metric must be positive semidefinite, got the eigenvalue {least:g} at a "
            "diagonal of about 1"
        )
    return M / 2 + M.T / 2


def _box(box: Any, X: Float[NDArray, "n d"]) -> Box:
    if not isinstance(box, tuple | list) or len(box) != 2:
        raise ValueError(f"box must be a pair (lower, upper), got {box!r}")
    d = X.shape[1]
    ends = [real_array("box", end, infinite=True) for end in box]
    if any(end.shape not in ((), (d,)) for end in ends):
        shapes = " and ".join(str(end.shape) for end in ends)
        raise ValueError(
            f"box must hold numbers or arrays of shape ({d},), got shapes {shapes}"
        )
    lower, upper = (np.broadcast_to(end, d).copy() for end in ends)
    if not (lower <= upper).all():
        j = int((lower > upper).argmax())
        raise ValueError(
            f"box must have lower <= upper, got {lower[j]:g} > {upper[j]:g} in "
            f"coordinate {j}"
        )
    outside = np.clip(X, lower, upper) != X
    if outside.any():
        i, j = np.argwhere(outside)[0]
        raise ValueError(
            f"X must lie in the box [{lower[j]:g}, {upper[j]:g}] in coordinate {j}, "
            f"got {X[i, j]:g}"
        )
    return lower, upper
