"""Gram matrices as trigonometric polynomials, against blocks formed one by one."""

import math

import mpmath
import numpy as np
import pytest

from geomadv.lipschitz import _fourier
from geomadv.lipschitz._conv import conv_norm, conv_norm_sup, conv_singular_values
from geomadv.lipschitz._gram import certified
from geomadv.lipschitz._gram_polynomial import GramPolynomial, below, largest, worth


def block(w, turn, stride=(1, 1), dilation=(1, 1)):
    """Return s^-1 [P(omega + l/s)]_l, a term at a time."""
    D, C, kh, kw = w.shape
    parts = []
    for a in range(stride[0]):
        for b in range(stride[1]):
            omega = turn[0] + a / stride[0], turn[1] + b / stride[1]
            P = np.zeros((D, C), complex)
            for i in range(kh):
                for j in range(kw):
                    turns = i * dilation[0] * omega[0] + j * dilation[1] * omega[1]
                    P += w[:, :, i, j] * np.exp(2j * np.pi * turns)
            parts.append(P)
    return np.hstack(parts) / math.sqrt(len(parts))


CASES = [
    ((4, 3, 3, 3), (1, 1), (1, 1)),
    ((3, 5, 1, 4), (1, 1), (1, 2)),
    ((5, 3, 2, 3), (2, 1), (1, 1)),
    ((4, 2, 5, 3), (2, 3), (1, 2)),
    ((2, 2, 4, 4), (3, 2), (2, 1)),
]


@pytest.mark.parametrize(("shape", "stride", "dilation"), CASES)
def test_the_polynomial_is_the_gram_matrix_of_the_block(shape, stride, dilation):
    rng = np.random.default_rng(0)
    w = rng.standard_normal(shape)
    gram = GramPolynomial(w, stride, dilation)
    omega = rng.uniform(0, 1, (5, 2))
    found = gram.at(omega * dilation)
    for G, turn in zip(found, omega, strict=True):
        A = block(w, turn, stride, dilation)
        expected = A @ A.conj().T
        if stride == (1, 1) and shape[1] < shape[0]:
            expected = (A.conj().T @ A).conj()
        close = min(
            np.abs(G - expected).max(),
            np.abs(G.conj() - expected).max(),
        )
        assert close <= 1e-13 * np.abs(expected).max()


def test_the_error_that_is_stated_holds_and_is_small():
    """The same numbers in 40 digits."""
    w = np.random.default_rng(1).standard_normal((3, 4, 3, 2))
    gram = GramPolynomial(w, (1, 1), (1, 1))
    turn = np.array([0.3, 0.7])
    (found,) = gram.at(turn[None])
    with mpmath.workdps(40):
        P = mpmath.zeros(3, 4)
        for i in range(3):
            for j in range(2):
                turns = i * mpmath.mpf(turn[0]) + j * mpmath.mpf(turn[1])
                phase = mpmath.expjpi(2 * turns)
                P += phase * mpmath.matrix(w[:, :, i, j].tolist())
        G = P * P.H
        errors = [
            abs(G[i, j] - mpmath.mpc(found[i, j])) for i in range(3) for j in range(3)
        ]
        assert mpmath.norm(errors, 2) <= gram.error
    assert gram.error <= 1e-11 * np.trace(found).real


@pytest.mark.parametrize("rtol", [1e-9, 1e-3])
@pytest.mark.parametrize("shape", [(40, 36, 3, 3), (36, 44, 3, 2)])
def test_the_largest_of_all_blocks(shape, rtol):
    rng = np.random.default_rng(2)
    w = rng.standard_normal(shape)
    turns = rng.uniform(0, 1, (70, 2))
    blocks = [block(w, turn) for turn in turns]
    norms = np.linalg.norm(blocks, 2, axis=(1, 2))
    gram = GramPolynomial(w, (1, 1), (1, 1))
    best, upper = largest(gram, turns, blocks.__getitem__, rtol)
    assert best <= norms.max() * (1 + 1e-12) <= upper * (1 + 2e-12)
    assert upper <= best * (1 + rtol)
    # nothing is above what is known to be attained
    seen = 2.0 * norms.max()
    assert largest(gram, turns, blocks.__getitem__, rtol, seen) == (
        seen,
        seen * (1.0 + rtol / 2.0),
    )


@pytest.mark.parametrize("seen", [0.0, 0.5])
def test_the_largest_is_found_wherever_it_stands(seen):
    rng = np.random.default_rng(6)
    w = rng.standard_normal((34, 34, 2, 2))
    turns = rng.uniform(0, 1, (6, 2))
    norms = [np.linalg.norm(block(w, turn), 2) for turn in turns]
    gram = GramPolynomial(w, (1, 1), (1, 1))
    for k in range(len(turns)):
        rolled = np.roll(turns, k, axis=0)
        blocks = [block(w, turn) for turn in rolled]
        best, upper = largest(gram, rolled, blocks.__getitem__, 1e-9, seen)
        assert best == pytest.approx(max(norms), rel=1e-9)
        assert upper >= max(norms) * (1 - 1e-12)


def test_only_what_is_below_is_proved_to_be():
    rng = np.random.default_rng(3)
    w = rng.standard_normal((34, 34, 2, 2))
    turns = rng.uniform(0, 1, (40, 2))
    norms = np.array([np.linalg.norm(block(w, turn), 2) for turn in turns])
    gram = GramPolynomial(w, (1, 1), (1, 1))
    for norm in np.quantile(norms, [0.1, 0.5, 0.9]):
        proved = below(gram, turns, norm)
        assert (proved == (norms < norm)).all()
    (G,) = gram.at(turns[:1])
    assert not certified(G, gram.error, norms[0] * (1 - 1e-11))
    assert certified(G, gram.error, norms[0] * (1 + 1e-11))
    assert not certified(G, norms[0] ** 2 / 4, norms[0] * 1.1)


KERNELS = [
    ((40, 40, 3, 3), 16, (1, 1), (1, 1)),
    ((34, 48, 3, 3), (12, 20), (1, 2), (1, 1)),
    ((44, 36, 2, 3), (15, 24), (1, 1), (2, 3)),
]


@pytest.mark.parametrize(("shape", "n", "stride", "dilation"), KERNELS)
def test_convolutions_by_polynomials(shape, n, stride, dilation, monkeypatch):
    rng = np.random.default_rng(4)
    w = rng.standard_normal(shape)
    ran = []
    monkeypatch.setattr(
        _fourier,
        "largest",
        lambda *given: ran.append(given) or largest(*given),
    )
    values = conv_singular_values(w, n, stride, dilation=dilation)
    for rtol in (1e-10, 1e-3):
        found = conv_norm(w, n, stride, dilation=dilation, rtol=rtol)
        assert found.lower <= values[0] * (1 + 1e-13)
        assert values[0] * (1 - 1e-13) <= found.upper <= found.lower * (1 + rtol)
    assert len(ran) == 2
    sup = conv_norm_sup(w, stride, dilation=dilation, rtol=0.1)
    assert values[0] <= sup.upper <= sup.lower * (1.1 + 1e-9)
    assert sup.lower <= conv_norm_sup(w, stride, dilation=dilation, rtol=0.05).upper


def test_the_largest_group_counts():
    rng = np.random.default_rng(5)
    w = rng.standard_normal((80, 40, 3, 3))
    parts = [conv_norm(w[:40], 16), conv_norm(w[40:], 16)]
    for order in (w, np.roll(w, 40, axis=0)):
        found = conv_norm(order, 16, groups=2)
        assert max(p.lower for p in parts) == pytest.approx(found.lower, rel=1e-9)
        assert found.upper == pytest.approx(max(parts), rel=1e-9)


def test_a_group_that_is_discarded_at_all_frequencies():
    rng = np.random.default_rng(6)
    w = rng.standard_normal((80, 40, 3, 3))
    w[40:] *= 1e-3
    found, alone = conv_norm_sup(w, groups=2, rtol=0.05), conv_norm_sup(w[:40])
    assert found.lower <= alone.upper
    assert alone.lower <= found.upper <= 1.06 * alone.upper


def test_where_products_of_blocks_are_cheaper():
    assert worth(np.zeros((256, 256, 3, 3)), (1, 1), 512)
    assert not worth(np.zeros((256, 256, 3, 3)), (1, 1), 8)
    assert not worth(np.zeros((256, 256, 11, 11)), (1, 1), 512)
    assert not worth(np.zeros((256, 8, 3, 3)), (1, 1), 512)
    assert not worth(np.zeros((256, 32, 3, 3)), (2, 2), 512)
