"""Kernel functions of a line of distances, and reductions of lines, vectorised."""

import math
from typing import NamedTuple

import numpy as np

from geomadv_kernels.cpu._arrays import Array
from geomadv_kernels.cpu._exp import exp, log
from geomadv_kernels.cpu._expansion_tiles import inner

GAUSSIAN, LAPLACE, LAPLACIAN, POLYNOMIAL, MULTIQUADRIC, HILBERT = range(6)


class Kernel(NamedTuple):
    """A kernel function as it is given.

    Parameters
    ----------
    code : int
        One of the six above.
    gamma : float
    degree : int
    offset : float
    exponent : float
    """

    code: int
    gamma: float
    degree: int
    offset: float
    exponent: float


class Form(NamedTuple):
    """A kernel function of points that are multiplied by a scale.

    Parameters
    ----------
    code : int
        One of the six above.
    rate : float
        What multiplies r^2, r, the l1 distance or the inner product; for Hilbert's
        kernel half of its exponent.
    offset : float
        The constant of the polynomial.
    degree : int
        Of the polynomial.
    limit : float
        Cancelled distances are computed again where rate (|a|^2 + |b|^2) exceeds it.
    product : bool
        Whether BLAS is used.
    track : bool
        Whether the least squared distances are wanted.
    close : bool
        Whether r^2 may be less than is precise, though not 0.
    """

    code: int
    rate: float
    offset: float
    degree: int
    limit: float
    product: bool
    track: bool
    close: bool


@inner("contract", "reassoc", "nsz")
def gaussian_sum(
    line: Array, own: float, others: Array, rate: float, a: Array
) -> float:
    """Return sum_j a_j exp(-rate r_j^2) for a line of inner products."""
    kind = line.dtype.type
    rate, total, zero = kind(rate), kind(0), kind(0)
    for j in range(line.size):
        s = (own + others[j]) - (line[j] + line[j])
        total += a[j] * exp(-rate * (s if s > zero else zero))
    return total


@inner("contract", "reassoc", "nsz")
def dot(p: Array, q: Array) -> float:
    s = p.dtype.type(0)
    for j in range(p.size):
        s += p[j] * q[j]
    return s


@inner("nnan", "nsz")
def least_of(line: Array) -> float:
    least = line[0]
    for j in range(line.size):
        least = line[j] if line[j] < least else least
    return least


@inner("nnan", "nsz")
def greatest_of(line: Array) -> float:
    greatest = line[0]
    for j in range(line.size):
        greatest = line[j] if line[j] > greatest else greatest
    return greatest


@inner("contract")
def weigh(form: Form, line: Array, slope: Array, gradient: bool, near: float) -> None:
    """Replace distances by weights k, and put their factors in the gradient into slope.

    These are, up to a constant: k, k/r, k, t^(degree - 1), k^3, k/r^2.
    """
    kind = line.dtype.type
    rate, zero, one = kind(form.rate), kind(0), kind(1)
    w = line.size
    if form.code == GAUSSIAN or form.code == LAPLACIAN:
        for j in range(w):
            line[j] = exp(-rate * line[j])
    elif form.code == LAPLACE:
        if gradient:
            for j in range(w):
                r = math.sqrt(line[j])
                k = exp(-rate * r)
                line[j] = k
                slope[j] = k / r if r > zero else zero
        else:
            for j in range(w):
                line[j] = exp(-rate * math.sqrt(line[j]))
    elif form.code == POLYNOMIAL:
        offset = kind(form.offset)
        for j in range(w):
            line[j] = rate * line[j] + offset if form.degree > 0 else one
            slope[j] = one
        for _ in range(form.degree - 1):
            for j in range(w):
                slope[j] *= line[j]
        for j in range(w):
            line[j] *= slope[j]
    elif form.code == MULTIQUADRIC:
        if gradient:
            for j in range(w):
                k = one / math.sqrt(one + rate * line[j])
                line[j] = k
                slope[j] = k * k * k
        else:
            for j in range(w):
                line[j] = one / math.sqrt(one + rate * line[j])
    elif near > 0.0:
        for j in range(w):
            ratio = line[j] / kind(near)
            ratio = ratio if ratio > one else one
            k = kind(exp(-form.rate * log(np.float64(ratio))))
            line[j] = k
            slope[j] = k / ratio
    else:
        for j in range(w):
            line[j] = one if line[j] == zero else zero
            slope[j] = zero
