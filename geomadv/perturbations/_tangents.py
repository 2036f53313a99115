r"""Lower bounds of an expansion in regions, with the errors of rounding.

**By the range of each term** in a ball or box, since all kernels but the polynomial are
monotone in a distance, and the polynomial is one of <x, z_j>.

**By a second-order expansion**: m - |grad f(x)| R - kappa(R) R^2/2 > 0, where kappa(R)
sums bounds of the terms' curvatures in the ball, or bounds that of their sum by its
norm in the kernel's space (`Margins.bend`), whichever is less. For k = phi(r) the
eigenvalues of the Hessian are phi'(r)/r and phi''(r), and phi'(r)/r <= phi''(r) for
both radial kernels.

**Rounding.** With e = (m + 16 (d + r) + 64) 2^-52 for m terms in r coordinates, T x + t
is off by less than e (|T||x| + |t|), distances r relatively by less than e, and a term
k by e (1 + c (|T||x| + |t| + r)) k, where c bounds |k'|/k; a sum of terms by as much
times the sum of |a| k, and a slope at distance s by that times c s. Bounds of regions
take this with the largest k in them; every radius is 1e-12 smaller than computed. (The
factor 16 leaves room: sums and products of d numbers are off by d 2^-53 of the sum of
moduli, and exp by 2^-52.)
"""

from dataclasses import dataclass

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.perturbations._margins import Margins
from geomadv.perturbations._shares import NEVER, bounds
from geomadv.perturbations._terms import laplacian, polynomial, radial

_UP = 1.0 + 1e-12
_PAIRS = 1 << 16  # pairs of a box and a centre at a time, so that blocks stay in cache


@dataclass(frozen=True)
class Tangents:
    """Lower bounds of G_j in regions about points c, with the errors of rounding.

    `value` is G_j(c), as computed. In the region, with u = T (y - c), G_j(y) >= floor,
    and G_j(y) >= base + <slope, u> less the smaller one of drop and curve |u|^2/2.
    """

    value: Float[NDArray, "n J"]
    base: Float[NDArray, "n J"]
    slope: Float[NDArray, "n J r"]
    floor: Float[NDArray, "n J"]
    drop: Float[NDArray, "n J"]
    curve: Float[NDArray, "n J"]


def tangents(
    margins: Margins,
    Z: Float[NDArray, "n r"],
    width: Float[NDArray, "n r"],
    two: Float[NDArray, " n"],
    one: Float[NDArray, " n"],
    reach: Float[NDArray, " n"],
    extent: Float[NDArray, " n"],
) -> Tangents:
    """Return lower bounds where |z - Z|_i <= width_i, and |z - Z| <= two, one.

    Parameters
    ----------
    margins : Margins
    Z : (n, r) array
        The points after the affine map.
    width : (n, r) array
    two, one : (n,) arrays
        Bounds in l_2 and l_1.
    reach, extent : (n,) arrays
        `Margins.reach` at the points, and |T (y - c)|_2 up to which slopes are used.
    """
    run = {"laplacian": laplacian, "polynomial": polynomial}.get(
        margins.kernel.name, radial
    )
    rows = max(1, _PAIRS // max(len(margins.centres), 1))
    parts = [
        run(
            margins,
            Z[i : i + rows],
            width[i : i + rows],
            two[i : i + rows],
            one[i : i + rows],
            (reach + extent)[i : i + rows],
        )
        for i in range(0, len(Z), rows)
    ]
    value, base, slope, floor, drop, curve, mass, rough, rate, far = (
        np.concatenate(part) for part in zip(*parts, strict=True)
    )
    beta, unit = margins.beta, margins.unit
    part = (unit * (1.0 + rate * (reach + far)))[:, None]
    least = unit * (np.abs(beta) + 1e-290 * np.abs(margins.D).sum(axis=0))
    whole = part * (1.0 + rate * extent)[:, None] * mass + least
    bend = part * rough
    half = (two * two / 2.0)[:, None]
    with np.errstate(invalid="ignore"):  # infinity times 0
        smooth = margins.bend * half
    return Tangents(
        value + beta,
        base + beta - whole,
        slope,
        floor + beta - part * mass - least,
        np.fmin(drop + bend * half, smooth) * _UP,
        np.fmin(curve + bend, margins.bend) * _UP,
    )


def tilted(
    margins: Margins,
    Z: Float[NDArray, "n r"],
    width: Float[NDArray, "n r"],
    two: Float[NDArray, " n"],
    reach: Float[NDArray, " n"],
    extent: Float[NDArray, " n"],
) -> Tangents | None:
    """Return bounds of positive multiples of the functions without an offset.

    By `_shares`; of other functions nothing is bounded. None if there is none.
    """
    columns = np.flatnonzero(margins.beta == 0)
    if margins.kernel.name == "polynomial" or not len(columns):
        return None
    error = np.linalg.norm(Z, axis=1) + reach + extent
    n, J, r = len(Z), margins.D.shape[1], Z.shape[1]
    found = [np.full((n, J), -NEVER) for _ in range(5)]
    found.insert(2, np.zeros((n, J, r)))
    rows = max(1, _PAIRS // max(len(margins.centres), 1))
    for i in range(0, n, rows):
        at = slice(i, i + rows)
        for j in columns:
            parts = bounds(margins, Z[at], width[at], two[at], error[at], int(j))
            for whole, part in zip(found, parts, strict=True):
                whole[at, j] = part
    value, base, slope, floor, drop, curve = found
    return Tangents(value, base, slope, floor, drop * _UP, curve * _UP)


def certain(margins: Margins, X: Float[NDArray, "n d"]) -> Float[NDArray, "n J"]:
    """Return the functions' values at points less their errors."""
    nothing, Z = np.zeros(len(X)), margins.inner(X)
    reach = margins.reach(X)
    return tangents(
        margins, Z, np.zeros(Z.shape), nothing, nothing, reach, nothing
    ).base
