r"""Are perturbations aligned with top singular vectors? A test, with its two nulls.

Let M = sum_i s_i u_i v_i' be the matrix of K functions' gradients at a point (for
linear functions their weights), less its mean over the functions, since decisions
depend on differences. The *energy* of a perturbation delta in the top k directions is

    e_k = sum_{i <= k} <v_i, delta>^2 / |delta|^2.

**If delta is isotropic** in R^d, e_k has the law Beta(k/2, (d - k)/2), of mean k/d.

**But it is not, even if nothing is aligned on purpose.** The smallest perturbation of a
linear classifier is a multiple of w_c - w_j = M'(e_c - e_j), of which the part along
v_i is s_i <u_i, e_c - e_j>: over all pairs of functions,

    sum_{c,j} |<w_c - w_j, v_i>|^2 / sum_{c,j} |w_c - w_j|^2 = s_i^2 / sum_l s_l^2,

whatever the left singular vectors are. With those drawn at random (isotropic in the
space that M leaves), e_k >= e has the probability

    P(sum_i l_i g_i^2 >= 0),  l_i = (1 - e) s_i^2 for i <= k, -e s_i^2 for i > k,

with independent normal g_i: a tail of weighted chi-squares. Only an energy that is
large under this law says more than the spectrum.

Source: the test is that of Dobriban's talk "What causes adversarial examples?" (2020);
the statistic and the nulls are derived here.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, points, real_array
from geomadv.stats import weighted_chi2_tail

_RANK = 1e-10  # of the largest singular value


@dataclass(frozen=True)
class Alignment:
    """Energies in the top directions, and how surprising they are.

    Parameters
    ----------
    energy : (n,) array
        e_k, in [0, 1]; NaN where the perturbation is 0.
    isotropic_mean : float
        k/d.
    isotropic_pvalue : (n,) array
        The probability of so much energy for an isotropic perturbation.
    spectral_mean : (n,) array
        sum_{i <= k} s_i^2 / sum_i s_i^2.
    spectral_pvalue : (n,) array
        The probability of so much for random left singular vectors.
    """

    energy: Float[NDArray, " n"]
    isotropic_mean: float
    isotropic_pvalue: Float[NDArray, " n"]
    spectral_mean: Float[NDArray, " n"]
    spectral_pvalue: Float[NDArray, " n"]


def alignment(delta: ArrayLike, gradients: ArrayLike, *, k: int = 1) -> Alignment:
    """Return the energies of perturbations in the top k singular directions.

    Parameters
    ----------
    delta : (n, d) array_like
        Perturbations.
    gradients : (K, d) or (n, K, d) array_like
        The gradients of K > 1 functions, the largest of which decides: the weights of a
        linear classifier, or a Jacobian for each perturbation. One function f of two
        classes stands for the functions 0 and f.
    k : int
        How many directions, below the dimension d.

    Returns
    -------
    Alignment

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Notes
    -----
    Where the gradients span no more than k dimensions all of the energy of a linear
    classifier's perturbations is in them, and the spectral p-value is 1.

    Examples
    --------
    >>> found = alignment([[3.0, 4.0]], [[2.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    >>> found.energy.round(4), found.spectral_mean.round(4)
    (array([0.1173]), array([0.8606]))
    """
    steps = points("delta", delta)
    n, d = steps.shape
    count = integer("k", k, minimum=1)
    M = real_array("gradients", gradients)
    if M.ndim not in (2, 3) or M.shape[-1] != d or M.shape[-2] == 0:
        raise ValueError(
            f"gradients must have shape (K, {d}) or ({n}, K, {d}), got {M.shape}"
        )
    if M.ndim == 3 and len(M) != n:
        raise ValueError(f"gradients must be one for each of {n} steps, got {len(M)}")
    if count >= d:
        raise ValueError(f"k must be below the dimension {d}, got {count}")
    if M.shape[-2] == 1:
        M = np.concatenate([np.zeros_like(M), M], axis=-2)
    M = M - M.mean(axis=-2, keepdims=True)
    _, s, V = np.linalg.svd(M, full_matrices=False)
    s = np.where(s > _RANK * s[..., :1], s, 0.0)
    sizes = np.abs(steps).max(axis=1, initial=0.0)
    scaled = steps / np.where(sizes > 0, sizes, 1.0)[:, None]
    top = V[..., :count, :]
    along = scaled @ top.T if M.ndim == 2 else np.einsum("nd,nkd->nk", scaled, top)
    used = s[..., :count] > 0
    with np.errstate(invalid="ignore"):
        energy = (along**2 * used).sum(axis=1) / (scaled**2).sum(axis=1)
    energy = np.minimum(energy, 1.0)
    s = np.broadcast_to(s, (n, s.shape[-1]))
    squares = (s**2).sum(axis=1)
    with np.errstate(invalid="ignore"):
        mean = (s[:, :count] ** 2).sum(axis=1) / squares
    return Alignment(
        energy,
        count / d,
        special.betaincc(count / 2, (d - count) / 2, energy),
        mean,
        np.array([_tail(e, v, count) for e, v in zip(energy, s, strict=True)]),
    )


def _tail(energy: float, s: Float[NDArray, " r"], k: int) -> float:
    """Return P(sum_{i <= k} s_i^2 g_i^2 >= e sum_i s_i^2 g_i^2)."""
    if np.isnan(energy) or not s.any():
        return float("nan")
    weights = s**2 * np.where(np.arange(len(s)) < k, 1.0 - energy, -energy)
    weights = weights / np.abs(weights).max()
    if not (weights < 0).any():
        return 1.0
    if not (weights > 0).any():
        return 0.0
    return float(weighted_chi2_tail(np.where(np.abs(weights) > 1e-200, weights, 0.0)))
