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
from geomadv.perturbations._flats import flattened
from geomadv.perturbations._forms import Expansion, Pairs, decisions, exponent
from geomadv.perturbations._kernels import Kernel
from geomadv.perturbations._margins import expansion_of, margins_of
from geomadv.perturbations._radii import never_negative, radii
from geomadv.perturbations._result import Perturbation
from geomadv.perturbations._search import Search

Box = tuple[Float[NDArray, " d"], Float[NDArray, " d"]]
Form = Expansion | Pairs
_EXACT = 1e-9


def bracket(
    form: Form,
    X: Float[NDArray, "n d"],
    p: float,
    box: Box | None,
    *,
    budget: int = BUDGET,
) -> Perturbation:
    """Return certified lower bounds of the distances, and witnesses.

    Parameters
    ----------
    form : Expansion or Pairs
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


def _scaled(form: Form) -> tuple[Form, int]:
    """Return a problem of ordinary size, and s for points that are 2^s times as large.

    With 2^k z in place of z, a polynomial's gamma is 4^k times smaller.
    """
    if isinstance(form, Pairs):
        functions, scale = _scaled(expansion_of(form))
        return _with(form, expansion_of(functions)), scale
    options = dict(form.options)
    gamma, name = options["gamma"], options["kernel"]
    if name == "polynomial":
        k = -exponent(form.centres)
        options["gamma"] = float(np.ldexp(gamma, -2 * k))
    else:
        per = 2 if name == "gaussian" else 1
        k = round(float(np.log2(gamma)) / per) if gamma > 0 else 0
        options["gamma"] = float(np.ldexp(gamma, -per * k))
    size = max(exponent(form.coefficients), exponent(form.b))
    stretch = 0 if form.T is None else exponent(form.T)
    scaled = Expansion(
        np.ldexp(form.centres, k),
        _kept(form.coefficients, size),
        _kept(form.b, size),
        options,
        None if form.T is None else np.ldexp(form.T, -stretch),
        np.ldexp(form.t, k),
    )
    return scaled, k + stretch


def _kept(array: NDArray, size: int) -> NDArray:
    """Return 2^-size times an array, of which nothing may be lost."""
    scaled = np.ldexp(array, -size)
    lost = np.ldexp(scaled, size) != array
    if lost.any():
        raise ValueError(
            "model must have coefficients within a factor of 2^1000 of each other, "
            f"got {array[lost].ravel()[0]:g} beside one of about "
            f"{np.ldexp(1.0, size - 1):g}"
        )
    return scaled


def _at_scale(
    form: Form,
    X: Float[NDArray, "n d"],
    p: float,
    box: Box | None,
    budget: int,
) -> Perturbation:
    d, functions = X.shape[1], expansion_of(form)
    terms, offset = 0, 0.0
    flat = flattened(functions)
    if flat is not None:
        inside = _with(form, flat[0])
        # unless all terms are too small for numbers
        if (decisions(inside, X) == decisions(form, X)).all():
            norm = 1.0 if functions.T is None else np.linalg.norm(functions.T)
            terms = functions.centres.shape[1] * (d + 1)
            offset = flat[1] + float(norm) * _farthest(X)
            form, functions = inside, flat[0]
    kernel, T = Kernel.of(functions.options), functions.T
    if p == 2 and box is None and T is not None and len(T) < d:
        return _in_rows(form, T, kernel, X, budget, terms, offset)
    ends = box if box is not None else (np.full(d, -np.inf), np.full(d, np.inf))
    found = _bracket(form, kernel, X, p, ends, budget, terms, offset)
    lost = np.isinf(found.distance) & np.isfinite(found.lower)
    if T is not None and len(T) < d and lost.any():
        # where no step changes the decision, none does in any norm or box
        never = lost.copy()
        along = _in_rows(form, T, kernel, X[lost], budget, terms, offset)
        never[lost] = np.isinf(along.lower)
        lower = np.where(never, np.inf, found.lower)
        found = replace(found, lower=lower, exact=found.exact | never)
    return found


def _farthest(X: Float[NDArray, "n d"]) -> float:
    return float(np.linalg.norm(X, axis=1).max(initial=0.0))


def _in_rows(
    form: Form,
    T: Float[NDArray, "r d"],
    kernel: Kernel,
    X: Float[NDArray, "n d"],
    budget: int,
    terms: int,
    offset: float,
) -> Perturbation:
    """Return brackets where T has fewer rows than columns, in the space of its rows.

    With T^T = Q R the nearest points lie in the span of Q. R Q^T is off by less than
    16 d r 2^-52 |T|_F.
    """
    Q, R = np.linalg.qr(T.T)
    inside = _with(form, replace(expansion_of(form), T=R.T.copy()))
    offset += float(np.linalg.norm(T)) * _farthest(X)
    found = _bracket(
        inside,
        kernel,
        X @ Q,
        2.0,
        (np.full(len(R), -np.inf), np.full(len(R), np.inf)),
        budget,
        T.size + terms,
        offset,
    )
    delta, before = found.delta @ Q.T, decisions(form, X)
    for step in (1e-15, 1e-14, 1e-12, 1e-10, 1e-8):  # over the boundary again
        short = delta.any(axis=1) & (decisions(form, X + delta) == before)
        delta[short] *= 1.0 + step
    delta[delta.any(axis=1) & (decisions(form, X + delta) == before)] = 0.0
    return _result(delta, found.lower * (1.0 - 1e-11), 2.0)


def _with(form: Form, functions: Expansion) -> Form:
    """Return the form with other functions."""
    return replace(form, functions=functions) if isinstance(form, Pairs) else functions


def _bracket(
    form: Form,
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
