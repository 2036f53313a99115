"""Certified spectral norms: against singular values, with the excess that is stated."""

import copy
import math
import pickle

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geomadv.lipschitz import _gram
from geomadv.lipschitz._gram import (
    Norm,
    dense_norm,
    gram_bound,
    gram_bounds,
    largest_norm,
)

ENTRIES = st.floats(-1e3, 1e3).map(lambda x: x if abs(x) > 1e-3 else 0.0)
MATRICES = hnp.arrays(
    float, hnp.array_shapes(min_dims=2, max_dims=2, max_side=6), elements=ENTRIES
)


def test_reference_values_of_gram_iteration():
    bounds = gram_bounds([[1.0, 2.0], [3.0, 4.0]], 4)
    expected = [5.477225575052, 5.465013178954, 5.464985704495, 5.464985704219]
    assert bounds == pytest.approx(expected, rel=2e-12)
    hilbert = 1.0 / (1.0 + np.add.outer(np.arange(5), np.arange(5)))
    expected = [1.580906263272, 1.567173534833, 1.567050710362, 1.567050691098]
    assert gram_bounds(hilbert, 4) == pytest.approx(expected, rel=2e-12)
    bounds = gram_bounds(np.diag([1.0, 1.0, 0.9]), 6)
    expected = [1.676305, 1.276618, 1.117407, 1.050073, 1.022441, 1.010899]
    assert bounds == pytest.approx(expected, abs=5e-7)


@given(A=MATRICES)
def test_every_step_is_an_upper_bound_and_none_is_worse(A):
    bounds = gram_bounds(A, 9)
    norm = np.linalg.norm(A, 2)
    assert (bounds >= norm * (1 - 1e-15)).all()
    assert (np.diff(bounds) <= 0).all()
    rank = min(A.shape)
    powers = 2.0 ** -np.arange(1, 10)
    assert (bounds <= norm * rank**powers * (1 + 1e-11)).all()


@pytest.mark.parametrize("m", [1, 2, 9])
def test_multiplicity_slows_the_iteration_to_its_power(m):
    expected = m ** (2.0 ** -np.arange(1, 8))
    assert gram_bounds(np.eye(m), 7) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("k", [2, 3, 4, 5, 8, 16])
def test_entries_that_lapack_takes_for_zero_are_accounted_for(k):
    """I + b N has the norm 1 + b cos(pi/(k + 1)), up to b^2, N the shift by one."""
    for units in range(8, 200, 4):
        b = units * 2.0**-53
        found = dense_norm(np.eye(k) + b * np.eye(k, k, 1))
        excess = b * np.cos(np.pi / (k + 1))
        assert found.lower - 1.0 <= excess <= found.upper - 1.0 <= 1e-12


def test_the_slack_of_decompositions_is_proportional_to_their_size():
    once, thrice = (_gram.decomposed(np.zeros((1, 2 * n, 5 * n))) for n in (1, 3))
    assert thrice == pytest.approx(3.0 * once, rel=1e-15, abs=0.0)
    assert 0.0 < once < 1e-13


def test_ends_beyond_the_range_of_normal_numbers():
    tiny = dense_norm(np.full((2, 1), 3 * 2.0**-1074))  # 4.24... units
    assert tiny.lower <= 4 * 2.0**-1074
    assert 5 * 2.0**-1074 <= tiny.upper <= 6 * 2.0**-1074
    assert gram_bound(np.full((2, 1), 2.0**-1074)) >= 2 * 2.0**-1074
    huge = dense_norm(np.full((2, 2), 1e308))  # 2e308 is no number
    assert np.isfinite(huge.lower)
    assert np.isinf(huge.upper)


@pytest.mark.parametrize("scale", [1e-300, 1e-160, 1e160, 1e300])
def test_no_scale_overflows(scale):
    A = scale * np.array([[1.0, 2.0], [3.0, 4.0]])
    assert gram_bound(A, 8) == pytest.approx(5.464985704219043 * scale, rel=1e-11)
    assert gram_bound(A, 8) >= np.linalg.norm(A / scale, 2) * scale * (1 - 1e-15)
    assert dense_norm(A) == pytest.approx(5.464985704219043 * scale, rel=1e-11)


def test_stacks_are_bounded_one_by_one():
    A = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
    found = gram_bounds(A, 5)
    assert found.shape == (5, 2, 3)
    assert found[:, 1, 2] == pytest.approx(gram_bounds(A[1, 2], 5), rel=1e-13)
    assert not gram_bounds(np.zeros((2, 3)), 3).any()


SHAPES = [(1, 1), (1, 7), (5, 3), (32, 40), (33, 33), (60, 200), (300, 280)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rtol", [0.0, 1e-10, 1e-3])
@pytest.mark.parametrize("complex_", [False, True])
def test_the_interval_holds_the_norm(shape, rtol, complex_):
    rng = np.random.default_rng(1)
    A = rng.standard_normal(shape)
    if complex_:
        A = A + 1j * rng.standard_normal(shape)
        found = largest_norm([A[None]], rtol)
    else:
        found = dense_norm(A, rtol=rtol)
    norm = np.linalg.norm(A, 2)
    assert found.lower <= norm * (1 + 1e-15)
    assert found.upper >= norm * (1 - 1e-15)
    assert found.upper <= found.lower * (1 + rtol + 1e-9)


def test_the_norm_of_a_hilbert_matrix_in_50_digits():
    """Of side 40, so that the factorisation decides; its condition is beyond 1e16."""
    A = 1.0 / (1.0 + np.add.outer(np.arange(40), np.arange(40)))
    with mpmath.workdps(50):
        M = mpmath.matrix(A.tolist())
        v = mpmath.matrix([1] * 40)
        for _ in range(80):
            v = M * v
            v /= mpmath.norm(v)
        norm = mpmath.norm(M * v)
        found = dense_norm(A)
        assert found.lower <= norm <= found.upper
        assert found.upper <= norm * (1 + mpmath.mpf("2e-10"))


@pytest.mark.parametrize("side", [40, 300])
def test_many_equal_singular_values(side):
    Q = np.linalg.qr(np.random.default_rng(2).standard_normal((side, side)))[0]
    found = dense_norm(3.0 * Q)
    assert found.lower <= 3.0 * (1 + 1e-13)
    assert found.lower == pytest.approx(3.0, rel=1e-10)
    assert 3.0 * (1 - 1e-14) <= found.upper <= 3.0 * (1 + 1e-9)


def test_the_largest_of_many_is_found_wherever_it_stands():
    rng = np.random.default_rng(3)
    A = rng.standard_normal((7, 40, 35))
    norms = np.linalg.norm(A, 2, axis=(1, 2))
    for at in range(7):
        order = np.roll(np.argsort(norms), at)
        found = largest_norm(iter([A[order[:3]], A[order[3:]]]), 1e-10)
        assert found.lower <= norms.max() * (1 + 1e-14)
        assert norms.max() * (1 - 1e-14) <= found.upper <= norms.max() * (1 + 1e-9)


def test_a_factorisation_that_succeeds_is_a_proof():
    G = np.diag([1.0, 4.0, 2.0])
    assert _gram._dominated(G, 4.0 * (1 + 1e-12))
    assert not _gram._dominated(G, 4.0 * (1 - 1e-12))


def test_a_failed_iteration_is_no_harm(monkeypatch):
    A = np.random.default_rng(4).standard_normal((300, 260))
    monkeypatch.setattr(_gram._Gram, "iterated", lambda self, rtol: 0.0)
    found = dense_norm(A)
    norm = np.linalg.norm(A, 2)
    assert found.lower <= norm * (1 + 1e-15)
    assert norm * (1 - 1e-14) <= found.upper <= norm * (1 + 1e-9)


def test_nan_is_no_norm():
    with pytest.raises(ValueError, match="must hold"):
        Norm(math.nan, 1.0, "x")
    with pytest.raises(ValueError, match="must hold"):
        Norm(1.0, math.nan, "x")
    with pytest.raises(ValueError, match="must hold"):
        Norm(2.0, 1.0, "x")


def test_a_norm_is_a_number_that_does_not_change():
    norm = Norm(1.0, 2.0, "why")
    assert norm == 2.0
    assert (norm.lower, norm.upper, norm.method) == (1.0, 2.0, "why")
    assert repr(norm) == "Norm(2, lower=1, method='why')"
    with pytest.raises(AttributeError, match="cannot be changed"):
        norm.lower = 3.0
    for other in (copy.copy(norm), pickle.loads(pickle.dumps(norm))):  # noqa: S301
        assert (other.lower, other.upper, other.method) == (1.0, 2.0, "why")


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gram_bounds([1.0, 2.0]), "two axes"),
        (lambda: gram_bounds(np.eye(2), 0), "steps must be at least 1, got 0"),
        (lambda: gram_bounds([[math.nan]]), "G must"),
        (lambda: dense_norm([1.0]), "W must"),
        (lambda: dense_norm([[math.inf]]), "W must"),
        (lambda: dense_norm([[1.0]], rtol=-1.0), "rtol must"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
