"""The Gaussian theory of Ilyas et al. (2019) against searches, mpmath and samples."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from geomadv.theories.features.ilyas2019 import (
    _line,
    budget_of_penalty,
    gradient_alignment,
    least_aligned_mean,
    least_gradient_alignment,
    penalty_bounds,
    penalty_of_budget,
    pointwise_robust_variance,
    robust_covariance,
    robust_maximum_likelihood,
    robust_variances,
    vulnerability,
)

SPECTRUM = [1.0, 4.0, 25.0]


def stationary(function, start):
    """Return where the numerical derivative of a function vanishes, to 20 digits."""
    with mpmath.workdps(30):
        return mpmath.findroot(lambda t: mpmath.diff(function, t), start, tol=1e-40)


def attacked_loss(variances, C):
    """Return E l(x + delta) - E l(x) by searching each coordinate's worst step.

    The loss is a sum over coordinates of (z + t)^2/v - C t^2, and both z^2 and the
    squared worst place are multiples of z^2, so that one z per coordinate will do.
    """
    total = 0.0
    for v in variances:
        z = mpmath.sqrt(v)
        t = stationary(lambda t, z=z, v=v: (z + t) ** 2 / v - C * t * t, z / C)
        total += ((z + t) ** 2 - z**2) / v
    return float(total)


@pytest.mark.parametrize(
    ("C", "variances", "value"),
    [
        (2.0, [1.0, 3.0], 3.44),
        (2.0, [2.0, 2.0], 1.5555555556),
        (5.0, [1.0, 4.0, 10.0], 0.7117660607),
        (5.0, [5.0, 5.0, 5.0], 0.2552083333),
    ],
)
def test_vulnerability_has_its_reference_values(C, variances, value):
    assert vulnerability(variances, C) == pytest.approx(value, abs=5e-11)
    assert attacked_loss(variances, C) == pytest.approx(value, abs=5e-11)


def test_vulnerability_agrees_with_a_sample():
    rng = np.random.default_rng(0)
    root = rng.standard_normal((3, 3)) / 2 + np.eye(3)
    S = root @ root.T
    C, n = 1.7 / np.linalg.eigvalsh(S)[0], 200_000
    z = rng.standard_normal((n, 3)) @ root.T
    moved = z + np.linalg.solve(C * S - np.eye(3), z.T).T
    inverse = np.linalg.inv(S)
    gain = np.einsum("ni,ij,nj->n", moved, inverse, moved)
    gain -= np.einsum("ni,ij,nj->n", z, inverse, z)
    error = gain.std() / math.sqrt(n)
    # false alarm 6e-5
    assert abs(gain.mean() - vulnerability(np.linalg.eigvalsh(S), C)) < 4 * error


@given(
    v=st.lists(st.floats(0.5, 50), min_size=1, max_size=6),
    excess=st.floats(1e-6, 1e6),
)
def test_vulnerability_is_the_trace(v, excess):
    C = (1 + excess) / min(v)
    with mpmath.workdps(40):
        k = [mpmath.mpf(C) * mpmath.mpf(x) for x in v]
        expected = float(mpmath.fsum((1 + 1 / (x - 1)) ** 2 - 1 for x in k))
    # k - 1 loses what C v - 1 cancels
    assert vulnerability(v, C) == pytest.approx(expected, rel=1e-14 / min(excess, 1.0))


def test_a_cheap_adversary_is_unbounded_and_a_dear_one_harmless():
    assert vulnerability(SPECTRUM, [0.5, 1.0]).tolist() == [math.inf, math.inf]
    assert vulnerability(SPECTRUM, 1e300) == pytest.approx(2e-300 * 1.29)
    assert vulnerability([1e-300, 1e300], 1e301) == pytest.approx(19 / 81)
    assert vulnerability([1e300, 1e300], 1e300) == 0.0


@pytest.mark.parametrize(
    ("variance", "penalty", "value"),
    [(1.0, 1.0, 2.6180339887), (4.0, 10.0, 4.1976176963), (25.0, 0.5, 28.8614066163)],
)
def test_robust_variances_have_their_reference_values(variance, penalty, value):
    assert robust_variances([variance], penalty)[0] == pytest.approx(value, abs=5e-11)
    step = 1 / penalty
    t = stationary(lambda t: mpmath.log(step + t) + variance / t, value - step)
    assert float(step + t) == pytest.approx(value, abs=5e-11)


@given(v=st.floats(1e-12, 1e12), penalty=st.floats(1e-12, 1e12))
def test_robust_variance_solves_its_equation(v, penalty):
    with mpmath.workdps(60):
        V, step = mpmath.mpf(v), 1 / mpmath.mpf(penalty)
        expected = V / 2 + step + mpmath.sqrt(V * step + V**2 / 4)
        assert abs((expected - step) ** 2 / (V * expected) - 1) < 1e-40
    assert robust_variances([v], penalty)[0] == pytest.approx(
        float(expected), rel=2e-15
    )


@pytest.mark.parametrize(
    ("eps", "penalty", "s", "cosine", "condition"),
    [
        (0.1, 10.6080178, (1.181012, 4.186414, 25.188184), 0.4136744677, 21.3276),
        (0.5, 1.7151034, (1.995774, 5.099446, 26.153112), 0.5133175771, 13.1042),
        (1.0, 0.7084661, (3.200492, 6.517301, 27.751208), 0.6089684854, 8.6709),
        (2.0, 0.2705067, (6.183413, 10.031171, 31.966014), 0.7370557823, 5.1696),
    ],
)
def test_budgets_have_their_reference_values(eps, penalty, s, cosine, condition):
    found = penalty_of_budget(SPECTRUM, eps)
    assert found == pytest.approx(penalty, abs=6e-8)
    robust = robust_variances(SPECTRUM, found)
    assert np.allclose(robust, s, rtol=0, atol=6e-7)
    assert least_gradient_alignment(robust) == pytest.approx(cosine, abs=5e-11)
    assert robust[2] / robust[0] == pytest.approx(condition, abs=6e-5)
    lower, upper = penalty_bounds(SPECTRUM, eps)
    assert lower <= found <= upper


@pytest.mark.parametrize("eps", [0.1, 1.0, 2.0])
def test_the_mean_budget_is_spent_by_a_sample(eps):
    rng, n = np.random.default_rng(1), 100_000
    penalty = penalty_of_budget(SPECTRUM, eps)
    z = rng.standard_normal((n, 3)) * np.sqrt(SPECTRUM)
    delta = z / (penalty * robust_variances(SPECTRUM, penalty) - 1)
    squares = (delta**2).sum(axis=1)
    # false alarm 6e-5
    assert abs(squares.mean() - eps**2) < 4 * squares.std() / math.sqrt(n)


def test_budget_and_penalty_are_inverse_over_all_orders():
    for condition in (1.0, 1e6, 1e12):
        v = np.geomspace(1e-3, 1e-3 * condition, 7)
        eps = np.geomspace(1e-12, 1e12, 49)
        penalty = penalty_of_budget(v, eps)
        assert np.allclose(budget_of_penalty(v, penalty), eps, rtol=1e-13, atol=0)
        lower, upper = penalty_bounds(v, eps)
        assert (lower <= penalty * (1 + 1e-14)).all()
        assert (penalty <= upper * (1 + 1e-14)).all()
        assert (np.diff(penalty) < 0).all()


def test_limits_of_budgets():
    assert penalty_of_budget(SPECTRUM, 0.0) == math.inf
    assert budget_of_penalty(SPECTRUM, math.inf) == 0.0
    assert np.array_equal(robust_variances(SPECTRUM, math.inf), SPECTRUM)
    assert penalty_of_budget(SPECTRUM, 1e-9) == pytest.approx(1e9 * math.sqrt(1.29))
    assert penalty_of_budget(SPECTRUM, 1e9) == pytest.approx(3e-18)
    assert penalty_of_budget(SPECTRUM, 1e300) == 0.0  # underflows


def test_arguments_broadcast():
    v = np.ones((4, 1, 3))
    eps = np.array([0.1, 1.0])
    assert penalty_of_budget(v, eps).shape == (4, 2)
    assert budget_of_penalty(v, eps).shape == (4, 2)
    assert vulnerability(v, 1 + eps).shape == (4, 2)
    assert robust_variances(v, eps).shape == (4, 2, 3)
    assert least_gradient_alignment(v).shape == (4, 1)
    assert isinstance(penalty_of_budget(SPECTRUM, 1.0), np.float64)
    assert isinstance(vulnerability(SPECTRUM, 2.0), np.float64)
    assert pointwise_robust_variance(eps, 3, np.ones((5, 1))).shape == (5, 2)


# Robust maximum likelihood


def moments(d, seed):
    rng = np.random.default_rng(seed)
    y = np.where(np.arange(400) % 2, 1.0, -1.0)
    root = rng.standard_normal((d, d))
    X = rng.standard_normal((400, d)) @ root.T + np.multiply.outer(y, np.arange(d))
    signed = y[:, None] * X
    return X, y, signed.mean(axis=0), np.cov(signed.T, bias=True).reshape(d, d)


@pytest.mark.parametrize(("d", "penalty"), [(1, 0.3), (3, 1.0), (5, 20.0)])
def test_numerical_maximum_likelihood_finds_the_closed_form(d, penalty):
    X, y, mean, cov = moments(d, d)
    found_mean, found = robust_maximum_likelihood(X, y, penalty)
    assert np.allclose(found_mean, mean, atol=1e-6)
    expected = robust_covariance(cov, penalty)
    assert np.allclose(found, expected, atol=1e-6 * np.abs(expected).max())


def test_robust_covariance_has_the_robust_variances_as_eigenvalues():
    *_, cov = moments(4, 9)
    for penalty in (0.01, 1.0, 100.0):
        found = np.linalg.eigvalsh(robust_covariance(cov, penalty))
        expected = robust_variances(np.linalg.eigvalsh(cov), penalty)
        assert np.allclose(found, expected, rtol=1e-10)
        # S/2 + I/lambda + sqrt(S/lambda + S^2/4), the root by Schur's method
        from scipy.linalg import sqrtm

        eye = np.eye(4)
        printed = cov / 2 + eye / penalty + sqrtm(cov / penalty + cov @ cov / 4)
        assert np.allclose(robust_covariance(cov, penalty), printed, rtol=1e-9)


def test_no_other_covariance_has_less_robust_loss():
    """Loss of a sample under the best perturbations, at 10^4 random competitors."""
    rng = np.random.default_rng(3)
    *_, cov = moments(3, 4)
    penalty, step = 0.8, 1 / 0.8

    def loss(S):
        inner = np.linalg.solve(S - step * np.eye(3), cov)
        return np.linalg.slogdet(S)[1] + np.trace(inner, axis1=-2, axis2=-1)

    best = robust_covariance(cov, penalty)
    other = rng.standard_normal((15_000, 3, 3))
    scale = np.resize([1e-3, 1e-2, 0.1], 15_000)[:, None, None]
    others = best + scale * (other + np.swapaxes(other, 1, 2))
    others = others[np.linalg.eigvalsh(others)[:, 0] > step]
    assert len(others) >= 10_000
    assert (loss(others) > loss(best)).all()


def test_no_other_spectrum_of_the_same_trace_is_less_vulnerable():
    shares = np.random.default_rng(5).dirichlet(np.full(5, 20.0), 10_000)
    others = vulnerability(10.0 * shares, 3.0)
    least = vulnerability(np.full(5, 2.0), 3.0)
    assert (others >= least).all()
    assert others.min() < 1.05 * least


@pytest.mark.parametrize(("d", "eps"), [(1, 0.7), (3, 0.5), (50, 2.0)])
def test_pointwise_variance_minimises_the_loss_of_a_sample(d, eps):
    rng, n = np.random.default_rng(d), 100_000
    squares = (np.linalg.norm(rng.standard_normal((n, d)), axis=1) * 1.5 + eps) ** 2
    # d log s + |moved|^2/s is least at the mean of |moved|^2/d
    error = squares.std() / math.sqrt(n) / d
    assert abs(squares.mean() / d - pointwise_robust_variance(2.25, d, eps)) < 4 * error


def test_pointwise_variance_is_that_of_quadrature():
    for d in (1, 2, 7, 300):
        density = stats.chi(d)
        value = density.expect(lambda r, d=d: (2.0 * r + 0.6) ** 2 / d)
        assert pointwise_robust_variance(4.0, d, 0.6) == pytest.approx(value, rel=1e-8)


def test_pointwise_budget_gives_less_than_the_mean_budget():
    d = np.array([1, 2, 10, 1000, 10**6])
    for eps in (0.01, 1.0, 100.0):
        pointwise = pointwise_robust_variance(2.0, d, eps)
        mean = [
            robust_variances([2.0] * 1, penalty_of_budget([2.0], eps / math.sqrt(k)))[0]
            for k in d
        ]
        assert (pointwise < mean).all()
    assert pointwise_robust_variance(2.0, 10**8, 0.0) == 2.0


# Gradients


def test_least_alignment_is_found_by_search():
    rng = np.random.default_rng(5)
    v = np.array([1.0, 3.0, 10.0, 25.0])
    bound = least_gradient_alignment(v)
    assert bound == pytest.approx(0.3846153846, abs=5e-11)
    many = gradient_alignment(rng.standard_normal((10_000, 4)), v)
    assert (many >= bound).all()
    found = optimize.minimize(
        lambda m: float(gradient_alignment(m, v)), [1.0, 1, 1, 1], tol=1e-12
    )
    assert found.fun == pytest.approx(bound, rel=1e-6)
    assert gradient_alignment(least_aligned_mean(v), v) == pytest.approx(bound)


def test_gradient_of_the_bayes_classifier_is_meant():
    from geomadv.data import GaussianPair

    *_, cov = moments(3, 6)
    mu = np.array([1.0, -2.0, 0.5])
    w = GaussianPair(mu, cov).bayes_classifier().coef_[0]
    cosine = w @ mu / np.linalg.norm(w) / np.linalg.norm(mu)
    assert gradient_alignment(mu, cov) == pytest.approx(cosine, rel=1e-12)


def test_alignment_at_extreme_conditions():
    v = np.array([1e-12, 1.0])
    assert least_gradient_alignment(v) == pytest.approx(2e-6)
    assert gradient_alignment(least_aligned_mean(v), v) == pytest.approx(2e-6)
    assert least_gradient_alignment([1e-300, 1e300]) == pytest.approx(0.0, abs=1e-299)
    assert least_gradient_alignment([3.0, 3.0]) == 1.0
    assert gradient_alignment([1.0, 0.0], [1e-300, 1e300]) == 1.0
    assert least_aligned_mean([2.0, 2.0]).tolist() == [1.0, 0.0]


@given(
    v=st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=6),
    eps=st.floats(1e-6, 1e6),
)
def test_robust_gradients_are_better_aligned(v, eps):
    robust = robust_variances(v, penalty_of_budget(v, eps))
    assert least_gradient_alignment(robust) >= least_gradient_alignment(v) * (1 - 1e-14)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: vulnerability([0.0, 1.0], 2.0), ValueError, "variances must be abo"),
        (lambda: vulnerability(1.0, 2.0), ValueError, r"variances must have shape \("),
        (lambda: vulnerability([1.0], 0.0), ValueError, "penalty must be above 0"),
        (lambda: vulnerability([1.0], math.nan), ValueError, "penalty must be above 0"),
        (lambda: robust_variances([1.0], -1.0), ValueError, "penalty must be above 0"),
        (lambda: robust_covariance([[1.0, 2.0], [0, 1]], 1), ValueError, "symmetric"),
        (lambda: robust_covariance(-np.eye(2), 1), ValueError, "positive definite"),
        (lambda: penalty_of_budget([1.0], -1.0), ValueError, "eps must be at least 0"),
        (lambda: penalty_of_budget(["a"], 1.0), TypeError, "variances must be real"),
        (lambda: pointwise_robust_variance(1.0, 0, 1.0), ValueError, "d must be at"),
        (lambda: gradient_alignment([0.0, 0.0], [1, 1]), ValueError, "mu must be vect"),
        (
            lambda: gradient_alignment([1.0, 0.0], [1, 1, 1]),
            ValueError,
            "cov must have",
        ),
        (lambda: gradient_alignment([1.0, 0.0], [1, 0]), ValueError, "cov must be pos"),
        (
            lambda: robust_maximum_likelihood([[1.0], [1.0]], [1, 1], 1.0),
            ValueError,
            "y must hold both classes",
        ),
        (
            lambda: robust_maximum_likelihood([[1.0], [-1.0]], [1, -1], 1.0),
            ValueError,
            "covariance of full rank",
        ),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_the_line_of_the_claims_rises_in_equal_steps_from_1_to_below_2():
    assert _line(4).tolist() == [1.0, 1.25, 1.5, 1.75]
