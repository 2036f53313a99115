r"""What a classifier is to this package: one of six forms, with its numbers.

A form is a classifier stripped of its library. An affine map z = T x + t before it, as
from a pipeline, is folded in (`Affine`, `Quadratic`) or kept beside it (`Prototypes`,
`Expansion`), so that distances are those of the input x.

`decisions(form, X)` returns the class of each point as a number from 0: with one
function f, class 1 where f(x) > 0; with more, that of the largest function, the first
of equal ones; of prototypes, the most frequent class among the k nearest, the first of
equally frequent ones; of pairs of classes that vote, the class with most votes, the
first of those with as many.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geomadv import _dispatch
from geomadv._typing import Float, Int, NDArray


@dataclass(frozen=True)
class Affine:
    """Functions <W_k, x> + b_k.

    Parameters
    ----------
    W : (K, d) array
    b : (K,) array
    """

    W: Float[NDArray, "K d"]
    b: Float[NDArray, " K"]


@dataclass(frozen=True)
class Quadratic:
    """Functions <x, A_k x> + 2 <b_k, x> + c_k.

    Parameters
    ----------
    A : (K, d, d) array
        Symmetric.
    b : (K, d) array
    c : (K,) array
    """

    A: Float[NDArray, "K d d"]
    b: Float[NDArray, "K d"]
    c: Float[NDArray, " K"]


@dataclass(frozen=True)
class Prototypes:
    """The vote of the k points nearest to z = T x + t, in the Euclidean distance.

    Parameters
    ----------
    points : (m, r) array
    labels : (m,) array of int
        Classes from 0 on.
    k : int
    T : (r, d) array or None
        None is the identity.
    t : (r,) array
    """

    points: Float[NDArray, "m r"]
    labels: Int[NDArray, " m"]
    k: int
    T: Float[NDArray, "r d"] | None
    t: Float[NDArray, " r"]


@dataclass(frozen=True)
class Expansion:
    """Functions sum_j a_jk kernel(z, z_j) + b_k of z = T x + t.

    Parameters
    ----------
    centres : (m, r) array
    coefficients : (m, K) array
    b : (K,) array
    options : dict
        ``kernel`` and its parameters, as `_dispatch.kernel_expansion` takes them.
    T : (r, d) array or None
        None is the identity.
    t : (r,) array
    """

    centres: Float[NDArray, "m r"]
    coefficients: Float[NDArray, "m K"]
    b: Float[NDArray, " K"]
    options: dict[str, Any]
    T: Float[NDArray, "r d"] | None
    t: Float[NDArray, " r"]


@dataclass(frozen=True)
class Waves:
    """Functions sum_j a_kj cos(<u_j, x> + s_j) + c_kj sin(<u_j, x> + s_j) + b_k.

    Parameters
    ----------
    U : (m, d) array
        The vectors u_j.
    s : (m,) array
    a, c : (K, m) arrays
    b : (K,) array
    sizes : (m, d) array
        Of what the entries of U were summed from, at least their absolute values.
    reach : (m,) array
        The same of s.
    terms : int
        How many roundings entered U and s.
    """

    U: Float[NDArray, "m d"]
    s: Float[NDArray, " m"]
    a: Float[NDArray, "K m"]
    c: Float[NDArray, "K m"]
    b: Float[NDArray, " K"]
    sizes: Float[NDArray, "m d"]
    reach: Float[NDArray, " m"]
    terms: int


_LEAST = 1e-280  # of values that are not lost to underflow
Functions = Affine | Quadratic | Expansion


@dataclass(frozen=True)
class Pairs:
    """The vote of all pairs of classes, (0, 1), (0, 2), ..., (1, 2), ...

    Parameters
    ----------
    functions : Affine, Quadratic or Expansion
        One function for each pair: i has its vote where it is positive, j elsewhere.
    first, second : (P,) arrays of int
        i and j.
    """

    functions: Functions
    first: Int[NDArray, " P"]
    second: Int[NDArray, " P"]


Form = Functions | Prototypes | Pairs | Waves


def dimension(form: Form) -> int:
    """Return the number of coordinates of an input."""
    if isinstance(form, Pairs):
        return dimension(form.functions)
    if isinstance(form, Waves):
        return int(form.U.shape[1])
    if isinstance(form, Affine | Quadratic):
        return int((form.W if isinstance(form, Affine) else form.b).shape[1])
    return int(form.t.size if form.T is None else form.T.shape[1])


def after(form: Form, T: Float[NDArray, "r d"], t: Float[NDArray, " r"]) -> Form:
    """Return the form of the classifier that sees T x + t."""
    if isinstance(form, Pairs):
        return replace(form, functions=_after(form.functions, T, t))
    if isinstance(form, Prototypes):
        T, t = _map_after(form, T, t)
        return replace(form, T=T, t=t)
    if isinstance(form, Waves):
        return replace(
            form,
            U=form.U @ T,
            s=form.s + form.U @ t,
            sizes=form.sizes @ np.abs(T),
            reach=form.reach + form.sizes @ np.abs(t),
            terms=form.terms + len(t) + 2,
        )
    return _after(form, T, t)


def _after(
    form: Functions, T: Float[NDArray, "r d"], t: Float[NDArray, " r"]
) -> Functions:
    if isinstance(form, Affine):
        return Affine(form.W @ T, form.b + form.W @ t)
    if isinstance(form, Quadratic):
        slopes = form.A @ t + form.b
        A = T.T @ form.A @ T
        return Quadratic(
            (A + A.transpose(0, 2, 1)) / 2,
            slopes @ T,
            form.c + (slopes + form.b) @ t,
        )
    T, t = _map_after(form, T, t)
    return replace(form, T=T, t=t)


def _map_after(
    form: Prototypes | Expansion,
    T: Float[NDArray, "r d"],
    t: Float[NDArray, " r"],
) -> tuple[Float[NDArray, "s d"], Float[NDArray, " s"]]:
    if form.T is None:
        return T, form.t + t
    return form.T @ T, form.T @ t + form.t


def inner(form: Prototypes | Expansion, X: Float[NDArray, "n d"]) -> NDArray:
    """Return T x + t for each point."""
    return X + form.t if form.T is None else X @ form.T.T + form.t


def values(form: Functions | Waves, X: Float[NDArray, "n d"]) -> Float[NDArray, "n K"]:
    """Return all functions at all points."""
    if isinstance(form, Waves):
        phases = X @ form.U.T + form.s
        return np.cos(phases) @ form.a.T + np.sin(phases) @ form.c.T + form.b
    if isinstance(form, Affine):
        return X @ form.W.T + form.b
    if isinstance(form, Quadratic):
        found = [
            ((X @ A + 2.0 * b) * X).sum(axis=1) + c
            for A, b, c in zip(form.A, form.b, form.c, strict=True)
        ]
        return np.stack(found, axis=1)
    return form.b + _dispatch.kernel_expansion(
        inner(form, X), form.centres, form.coefficients, **form.options
    )


def expanded(form: Affine | Quadratic, size: float) -> Expansion:
    """Return the functions as an expansion in (1 + <x, z>)^2, for |x_i| of some size.

    With g(v) = (1 + v)^2, v^2 = (g(v) + g(-v))/2 - 1 and 4 v = g(v) - g(-v); the
    quadratic form is a sum of A_ij (x_i + x_j)^2 and multiples of x_i^2.
    """
    if isinstance(form, Affine):
        form = Quadratic(
            np.zeros((len(form.b), *[form.W.shape[1]] * 2)), form.W / 2, form.b
        )
    K, d = form.b.shape
    i, j = np.triu_indices(d, 1)
    Z = np.concatenate([np.eye(d), np.eye(d)[i] + np.eye(d)[j]])
    own = 2.0 * form.A[:, range(d), range(d)] - form.A.sum(axis=2)
    square = np.concatenate([own, form.A[:, i, j]], axis=1)
    slope = np.concatenate([2.0 * form.b, np.zeros((K, len(i)))], axis=1)
    s = float(np.ldexp(1.0, -int(np.frexp(size)[1])))
    square, slope = square / s**2, slope / s
    coefficients = np.concatenate(
        [square / 2 + slope / 4, square / 2 - slope / 4], axis=1
    )
    options = {"kernel": "polynomial", "gamma": 1.0, "degree": 2, "coef0": 1.0}
    centres = s * np.concatenate([Z, -Z])
    b = form.c - square.sum(axis=1)
    return Expansion(centres, coefficients.T.copy(), b, options, None, np.zeros(d))


def exponent(array: NDArray) -> int:
    """Return e with max |array| in [2^(e - 1), 2^e), 0 if all is 0."""
    return int(np.frexp(np.abs(array).max(initial=0.0))[1])


def decisions(form: Form, X: Float[NDArray, "n d"]) -> Int[NDArray, " n"]:
    """Return the class of each point, from 0 on."""
    if isinstance(form, Prototypes):
        _, nearest = _dispatch.nearest(inner(form, X), form.points, form.k)
        votes = form.labels[nearest][:, :, None] == np.arange(form.labels.max() + 1)
        return votes.sum(axis=1).argmax(axis=1)
    if isinstance(form, Pairs):
        return ballot(form, values(form.functions, X)).argmax(axis=1)
    f = values(form, X)
    if isinstance(form, Expansion):
        f = unlost(form, X, f)
    return (f[:, 0] > 0).astype(int) if f.shape[1] == 1 else f.argmax(axis=1)


def unlost(
    form: Expansion, X: Float[NDArray, "n d"], f: Float[NDArray, "n K"]
) -> Float[NDArray, "n K"]:
    """Return values; of those lost to underflow the terms times a large factor.

    It is the same for all functions, so that what is largest, or positive, is so for
    the exact sums too.
    """
    few = len(form.b) == 1 and form.b[0] != 0
    if few or (form.b != form.b[0]).any() or form.options["kernel"] == "polynomial":
        return f
    lost = (np.abs(f - form.b) < _LEAST).all(axis=1)
    if lost.any():
        Z, sizes = inner(form, X[lost]), np.abs(form.coefficients)
        terms = _dispatch.kernel_expansion(Z, form.centres, sizes, **form.options)
        small = (terms < _LEAST).all(axis=1)
        lost[lost] = small
        used = sizes.any(axis=1)
        if used.any():
            E = exponents(form.options, Z[small], form.centres[used])
            E = np.exp(E - E.max(axis=1, keepdims=True))
            f = f.copy()
            f[lost] = form.b + E @ form.coefficients[used]
    return f


def exponents(
    options: dict[str, Any], Z: Float[NDArray, "n r"], centres: Float[NDArray, "m r"]
) -> Float[NDArray, "n m"]:
    """Return log k(z, z_i), of a Gaussian kernel up to a function of z."""
    gamma = options["gamma"]
    if options["kernel"] == "gaussian":
        # products cancel less than squared distances far away
        o = centres.mean(axis=0)
        z = centres - o
        return np.asarray(gamma * (2.0 * (Z - o) @ z.T - (z * z).sum(axis=1)))
    steps = Z[:, None] - centres
    p = 2 if options["kernel"] == "laplace" else 1
    return np.asarray(-gamma * np.linalg.norm(steps, p, axis=2))


def ballot(form: Pairs, f: Float[NDArray, "n P"]) -> Int[NDArray, "n K"]:
    """Return how many pairs are for each class, of the values of their functions."""
    winners = np.where(f > 0, form.first, form.second)
    classes = np.arange(form.second.max() + 1)
    return np.stack([(winners == c).sum(axis=1) for c in classes], axis=1)
