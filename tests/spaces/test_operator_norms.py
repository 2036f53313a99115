import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from geomadv.spaces._lp import identity_norm, lp_norm
from geomadv.spaces._operator_norms import (
    _ascent,
    _below_two,
    diagonal_norm,
    dual_order,
    matrix_norm,
)

ORDERS = [1.0, 1.3, 1.7, 2.0, 2.5, 4.0, 30.0, np.inf]


def covariance(seed, d, nonnegative=False):
    rng = np.random.default_rng(seed)
    a = rng.random((d, d)) if nonnegative else rng.standard_normal((d, d + 1))
    scale = np.exp(rng.standard_normal(d))
    return scale[:, None] * (a @ a.T + 0.01 * np.eye(d)) * scale


def plane_maximum(cov, p):
    """Maximise ||cov^{1/2} u||_p over the circle: an oracle without any duality."""
    values, vectors = np.linalg.eigh(cov)
    root = (vectors * np.sqrt(values)) @ vectors.T

    def minus(angle):
        return -np.linalg.norm(root @ [np.cos(angle), np.sin(angle)], ord=p)

    grid = np.linspace(0, np.pi, 721)
    best = grid[np.argmin([minus(angle) for angle in grid])]
    found = optimize.minimize_scalar(
        minus,
        bounds=(best - 0.01, best + 0.01),
        method="bounded",
        options={"xatol": 1e-12},
    )
    return -found.fun


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("seed", range(6))
def test_interval_holds_the_maximum_over_the_circle(p, seed):
    cov = covariance(seed, 2)
    truth = plane_maximum(cov, p)
    interval, _ = matrix_norm(cov, p)
    assert interval.lower == pytest.approx(truth, rel=1e-9, abs=0)
    assert truth <= interval.upper * (1 + 1e-9)
    assert interval.upper <= 1.2 * truth


@pytest.mark.parametrize("p", ORDERS)
def test_lower_end_is_attained_by_a_functional_of_dual_norm_one(p):
    cov = covariance(1, 20)
    interval, w = matrix_norm(cov, p)
    assert np.linalg.norm(w, ord=dual_order(p)) == pytest.approx(1.0, rel=1e-13, abs=0)
    assert np.sqrt(w @ cov @ w) == pytest.approx(interval.lower, rel=1e-12, abs=0)


@pytest.mark.parametrize("p", ORDERS)
@given(seed=st.integers(0, 10**6), d=st.integers(2, 18))
@settings(max_examples=15, deadline=None)
def test_no_direction_exceeds_the_upper_end(p, seed, d):
    cov = covariance(seed, d)
    interval, _ = matrix_norm(cov, p)
    u = np.random.default_rng(seed).standard_normal((200, d))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    reached = lp_norm(u @ np.linalg.cholesky(cov).T, p)
    assert reached.max() <= interval.upper * (1 + 1e-12)


@pytest.mark.parametrize("p", [1.0, 1.01, 1.3, 1.7, 1.99])
def test_interval_closes_below_two_where_no_covariance_is_negative(p):
    for seed in range(5):
        assert matrix_norm(covariance(seed, 20, nonnegative=True), p)[0].exact


@pytest.mark.parametrize("p", ORDERS)
def test_upper_end_is_no_worse_than_holder(p):
    cov = covariance(3, 20)
    two = np.sqrt(np.linalg.eigvalsh(cov)[-1])
    sup = np.sqrt(cov.diagonal().max())
    upper = matrix_norm(cov, p)[0].upper * (1 - 1e-12)
    assert upper <= lp_norm(np.sqrt(cov.diagonal()), p)  # (sum Sigma_ii^{p/2})^{1/p}
    if p >= 2:
        assert upper <= two ** (2 / p) * sup ** (1 - 2 / p)
    else:
        assert upper <= 20 ** (1 / p - 0.5) * two


@pytest.mark.parametrize("p", [1.0, 1.3, 1.7, 2.5, 4.0, 30.0])
def test_both_ends_close_on_a_covariance_of_nearly_rank_one(p):
    """For Sigma = a a' the norm is ||a||_p, and every certificate is tight."""
    a = np.random.default_rng(4).standard_normal(20)
    cov = np.outer(a, a) + 1e-11 * np.eye(20)
    truth = np.linalg.norm(a, ord=p)
    interval, _ = matrix_norm(cov, p)
    assert truth <= interval.lower * (1 + 1e-13)
    assert interval.lower == pytest.approx(truth, rel=1e-8)
    assert interval.upper == pytest.approx(truth, rel=1e-8)
    if p < 2:  # an axis is no stationary point, so the fixed certificates must do
        assert _below_two(cov, p, np.eye(20)[0]) == pytest.approx(truth, rel=1e-8)


@pytest.mark.parametrize("p", [1.0, 1.5, 2.2, 4.0])
def test_a_gap_is_not_reported_as_a_point(p):
    deviations = np.sqrt(covariance(5, 20).diagonal())
    interval, _ = matrix_norm(covariance(5, 20) / np.outer(deviations, deviations), p)
    assert interval.lower * 1.01 < interval.upper < interval.lower * 1.4
    assert not interval.exact


def test_enumerated_signs_lie_between_ascent_and_certificate():
    for seed in range(10):
        cov = covariance(seed, 10)
        exact, w = matrix_norm(cov, 1.0)
        assert exact.exact
        assert set(np.abs(w)) == {1.0}
        signs = np.array(np.meshgrid(*[[-1, 1]] * 10)).reshape(10, -1)
        brute = np.sqrt(((cov @ signs) * signs).sum(axis=0).max())
        assert exact.lower == pytest.approx(brute, rel=1e-13, abs=0)
        start = _ascent(cov, 1.0)
        assert np.sqrt(start @ cov @ start) <= brute * (1 + 1e-13)
        assert brute <= _below_two(cov, 1.0, start) * (1 + 1e-12)


@pytest.mark.parametrize("p", ORDERS)
def test_diagonal_norm_is_attained_and_never_exceeded(p):
    deviations = np.array([0.5, 3.0, 2.9, 1.0, 1e-3])
    norm, w = diagonal_norm(deviations, p)
    assert np.linalg.norm(w, ord=dual_order(p)) == pytest.approx(1.0, rel=1e-13, abs=0)
    assert np.linalg.norm(deviations * w) == pytest.approx(norm, rel=1e-13, abs=0)
    u = np.random.default_rng(0).standard_normal((20000, 5))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    reached = np.linalg.norm(u * deviations, ord=p, axis=1).max()
    assert 0.97 * norm < reached <= norm * (1 + 1e-13)


@pytest.mark.parametrize("p", [1.0, 1.5, 1.9, 2.0, 3.0, np.inf])
def test_identity_norm_is_the_diagonal_norm_of_ones(p):
    assert identity_norm(7, p) == pytest.approx(diagonal_norm(np.ones(7), p)[0])


def test_lp_norm_neither_overflows_nor_underflows():
    x = np.array([[3e200, 4e200], [3e-200, 4e-200], [0.0, 0.0]])
    np.testing.assert_allclose(lp_norm(x, 2.0), [5e200, 5e-200, 0.0], rtol=1e-14)
    np.testing.assert_allclose(
        lp_norm(np.ones((1, 4)), 1000.0), 4 ** (1 / 1000), rtol=1e-14
    )
