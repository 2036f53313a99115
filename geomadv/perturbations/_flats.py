r"""Gaussian expansions whose centres lie in a flat: the same signs in its coordinates.

With b = 0 and all centres in an affine flat F of R^r, |z - z_i|^2 is the squared
distance of z from F and that of its foot in F from z_i, so that

    f(z) = e^(-g dist(z, F)^2) f(foot of z):

the sign is that at the foot, and all is a problem in fewer coordinates. There the
positive centres may surround the negative ones, which proves that f is positive far
from them all (`_radii.positive_beyond`); in R^r they never can. Whether centres lie in
a flat is found by singular values and then shown in rational arithmetic, since a
centre that is off by a rounding error does change the sign, very far away.
"""

from dataclasses import replace
from fractions import Fraction

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.perturbations._forms import Expansion
from geomadv.perturbations._margins import merged

_NEARLY = 1e-12  # of the largest singular value
_MANY = 1 << 16  # numbers up to which rational arithmetic is used


def flattened(form: Expansion) -> tuple[Expansion, float] | None:
    """Return an expansion with the same signs and differences' signs, or None.

    With it the size of what the change of coordinates cancels, a bound of |z_i - z_0|
    and |t - z_0| together. None is returned if b is not 0 (or not the same for all
    functions of several), or the centres lie in no flat.
    """
    if form.options["kernel"] != "gaussian" or (form.b != form.b[0]).any():
        return None
    if len(form.b) == 1 and form.b[0] != 0:
        return None
    form = merged(form)
    centres = form.centres[(form.coefficients != 0).any(axis=1)]
    if len(centres) < 2 or centres.size > _MANY:
        return None
    ways = centres[1:] - centres[0]
    _, sizes, V = np.linalg.svd(ways, full_matrices=False)
    rank = int((sizes > _NEARLY * sizes[0]).sum())
    if rank == centres.shape[1] or _rank(centres) != rank:
        return None
    Q, origin = V[:rank].T, centres[0]
    T = Q.T.copy() if form.T is None else Q.T @ form.T
    inside = replace(
        form,
        centres=(form.centres - origin) @ Q,
        b=np.zeros(len(form.b)),
        T=T,
        t=(form.t - origin) @ Q,
    )
    used = np.linalg.norm(ways, axis=1).max() + np.linalg.norm(form.t - origin)
    return inside, float(used)


def _rank(points: Float[NDArray, "m r"]) -> int:
    """Return the dimension of the flat through points, exactly."""
    rows = [[Fraction(float(v)) for v in point] for point in points]
    origin, basis = rows[0], list[tuple[int, list[Fraction]]]()
    for row in rows[1:]:
        rest = [a - b for a, b in zip(row, origin, strict=True)]
        for pivot, other in basis:
            factor = rest[pivot]
            if factor:
                rest = [a - factor * b for a, b in zip(rest, other, strict=True)]
        lead = next((i for i, v in enumerate(rest) if v), None)
        if lead is not None:
            basis.append((lead, [v / rest[lead] for v in rest]))
            if len(basis) == len(rest):
                break
    return len(basis)
