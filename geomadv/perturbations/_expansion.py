r"""Brackets of the distances to the boundary of kernel expansions.

No closed form is known. From below, the best of the certified radii of `_radii`, and
then branch and bound (`_boxes`); from above, points of another decision (`_search`).

A problem is solved at the scale where its kernel is about 1 wide and its largest
coefficient about 1, by powers of two, so that nothing depends on the units of x or f.
"""

from dataclasses import replace

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.perturbations._boxes import BUDGET, branch
from geomadv.perturbations._forms import Expansion, decisions
from geomadv.perturbations._kernels import Kernel
from geomadv.perturbations._margins import margins_of
from geomadv.perturbations._radii import never_negative, norm_radii, radii
from geomadv.perturbations._result import Perturbation
from geomadv.perturbations._search import Search

Box = tuple[Float[NDArray, " d"], Float[NDArray, " d"]]
_EXACT = 1e-9


def bracket(
    form: Expansion,
    X: Float[NDArray, "n d"],
    p: float,
    box: Box | None,
    *,
    budget: int = BUDGET,
) -> Perturbation:
    """Return certified lower bounds of the distances, and witnesses.

    Parameters
    ----------
    form : Expansion
        With a Gaussian, Laplace, Laplacian or polynomial kernel.
    X : (n, d) array
    p : float
        The norm, in [1, inf].
    box : (lower, upper) or None
        Where perturbed points must lie, and X does.
    budget : int
        How many boxes may be bounded for each point; 0 leaves the radii in closed form.
        In more than 10 dimensions boxes do not help and are left out.
    """
    form, scale = _scaled(form)
    X = np.ldexp(X, scale)
    if box is not None:
        box = np.ldexp(box[0], scale), np.ldexp(box[1], scale)
    found = _at_scale(form, X, p, box, budget)
    return replace(
        found,
        delta=np.ldexp(found.delta, -scale),
        distance=np.ldexp(found.distance, -scale),
        lower=np.ldexp(found.lower, -scale),
    )


def quick(form: Expansion, X: Float[NDArray, "n d"], p: float) -> Perturbation:
    """Return lower bounds that need little work, and no steps."""
    form, scale = _scaled(form)
    X, kernel = np.ldexp(X, scale), Kernel.of(form.options)
    lower, classes = np.full(len(X), np.inf), decisions(form, X)
    for c in np.unique(classes).tolist():
        rows = np.flatnonzero(classes == c)
        margins = margins_of(form, kernel, c)
        margins = margins.some(~never_negative(margins))
        if margins.D.shape[1]:
            lower[rows] = norm_radii(margins, X[rows], p)
    return _result(np.zeros(X.shape), np.ldexp(lower, -scale), p)


def _scaled(form: Expansion) -> tuple[Expansion, int]:
    """Return a problem of ordinary size, and s for points that are 2^s times as large.

    With 2^k z in place of z, a polynomial's gamma is 4^k times smaller.
    """
    options = dict(form.options)
    gamma, name = options["gamma"], options["kernel"]
    if name == "polynomial":
        k = -_exponent(form.centres)
        options["gamma"] = float(np.ldexp(gamma, -2 * k))
    else:
        per = 2 if name == "gaussian" else 1
        k = round(float(np.log2(gamma)) / per) if gamma > 0 else 0
        options["gamma"] = float(np.ldexp(gamma, -per * k))
    size = max(_exponent(form.coefficients), _exponent(form.b))
    stretch = 0 if form.T is None else _exponent(form.T)
    scaled = Expansion(
        np.ldexp(form.centres, k),
        np.ldexp(form.coefficients, -size),
        np.ldexp(form.b, -size),
        options,
        None if form.T is None else np.ldexp(form.T, -stretch),
        np.ldexp(form.t, k),
    )
    return scaled, k + stretch


def _exponent(array: NDArray) -> int:
    """Return e with max |array| in [2^(e - 1), 2^e), 0 if all is 0."""
    return int(np.frexp(np.abs(array).max(initial=0.0))[1])


def _at_scale(
    form: Expansion,
    X: Float[NDArray, "n d"],
    p: float,
    box: Box | None,
    budget: int,
) -> Perturbation:
    d = X.shape[1]
    kernel = Kernel.of(form.options)
    if p == 2 and box is None and form.T is not None and len(form.T) < d:
        return _in_rows(form, form.T, kernel, X, budget)
    ends = box if box is not None else (np.full(d, -np.inf), np.full(d, np.inf))
    return _bracket(form, kernel, X, p, ends, budget, 0, 0.0)


def _in_rows(
    form: Expansion,
    T: Float[NDArray, "r d"],
    kernel: Kernel,
    X: Float[NDArray, "n d"],
    budget: int,
) -> Perturbation:
    """Return brackets where T has fewer rows than columns, in the space of its rows.

    With T^T = Q R the nearest points lie in the span of Q. R Q^T is off by less than
    16 d r 2^-52 |T|_F.
    """
    Q, R = np.linalg.qr(T.T)
    inside = Expansion(
        form.centres, form.coefficients, form.b, form.options, R.T.copy(), form.t
    )
    offset = np.linalg.norm(T) * np.linalg.norm(X, axis=1).max(initial=0.0)
    found = _bracket(
        inside,
        kernel,
        X @ Q,
        2.0,
        (np.full(len(R), -np.inf), np.full(len(R), np.inf)),
        budget,
        T.size,
        float(offset),
    )
    delta, before = found.delta @ Q.T, decisions(form, X)
    for step in (1e-15, 1e-14, 1e-12, 1e-10, 1e-8):  # over the boundary again
        short = delta.any(axis=1) & (decisions(form, X + delta) == before)
        delta[short] *= 1.0 + step
    delta[delta.any(axis=1) & (decisions(form, X + delta) == before)] = 0.0
    return _result(delta, found.lower * (1.0 - 1e-11), 2.0)


def _bracket(
    form: Expansion,
    kernel: Kernel,
    X: Float[NDArray, "n d"],
    p: float,
    box: Box,
    budget: int,
    terms: int,
    offset: float,
) -> Perturbation:
    delta, least = np.zeros(X.shape), np.full(len(X), np.inf)
    classes = decisions(form, X)
    for c in np.unique(classes).tolist():
        rows = np.flatnonzero(classes == c)
        margins = replace(margins_of(form, kernel, c), terms=terms, offset=offset)
        margins = margins.some(~never_negative(margins))
        if margins.D.shape[1] == 0:
            continue
        least[rows] = radii(margins, X[rows], p)
        rows = rows[np.isfinite(least[rows])]
        if len(rows):
            search = Search(form, kernel, c, margins, *box, p)
            near = search.nearest(X[rows])
            least[rows], delta[rows] = branch(
                search, X[rows], least[rows], near, budget
            )
    return _result(delta, least, p)


def _result(delta: NDArray, least: NDArray, p: float) -> Perturbation:
    """Return the bracket of steps, 0 if none was found, and lower bounds."""
    found = delta.any(axis=1) & np.isfinite(least)
    delta = np.where(found[:, None], delta, 0.0)
    distance = np.where(found, np.linalg.norm(delta, p, axis=1), np.inf)
    least = np.minimum(least, distance)
    with np.errstate(invalid="ignore"):
        near = distance - least <= _EXACT * distance
    exact = (least == distance) | (near & np.isfinite(distance))
    return Perturbation(delta, distance, least, exact)
