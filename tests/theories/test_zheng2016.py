"""Stability training: closed forms against samples, quadrature and expansions."""

import math

import mpmath
import numpy as np
import pytest

from geomadv.classifiers import StabilityClassifier
from geomadv.theories.oscillation.zheng2016 import (
    divergence_penalty,
    linear_penalty,
    quadratic_penalty,
)


def test_penalties_are_those_of_a_sample():
    """Five standard errors of 10^5 draws: false alarm below 1e-6."""
    rng = np.random.default_rng(0)
    w, x = np.array([0.7, -1.2, 0.4]), np.array([[0.3, 0.1, -0.8]])
    A = np.array([[1.0, 0.2, 0.0], [0.2, -0.5, 0.3], [0.0, 0.3, 0.8]])
    u = 0.6 * rng.standard_normal((100_000, 3))
    linear = (u @ w) ** 2
    change = u @ w + 2 * u @ A @ x[0] + np.einsum("ij,jk,ik->i", u, A, u)
    for draws, exact in (
        (linear, linear_penalty(w, 0.6)),
        (change**2, quadratic_penalty(A, w, x, 0.6)[0]),
    ):
        assert abs(draws.mean() - exact) < 5 * draws.std() / math.sqrt(100_000)


def test_without_curvature_the_quadratic_penalty_is_the_linear_one():
    w, X = np.array([1.0, 2.0]), np.array([[0.0, 3.0], [1.0, 1.0]])
    found = quadratic_penalty(np.zeros((2, 2)), w, X, 0.3)
    assert found == pytest.approx([linear_penalty(w, 0.3)] * 2)


def test_the_divergence_is_the_mean_of_its_definition():
    """KL of two Bernoulli laws, integrated in 30 digits."""
    with mpmath.workdps(30):
        for f, r in ((0.0, 0.5), (1.3, 2.0), (-4.0, 1.0)):
            p = 1 / (1 + mpmath.exp(-f))

            def kl(g, p=p, f=f, r=r):
                q = 1 / (1 + mpmath.exp(-f - r * g))
                divergence = p * mpmath.log(p / q)
                divergence += (1 - p) * mpmath.log((1 - p) / (1 - q))
                return divergence * mpmath.npdf(g)

            exact = mpmath.quad(kl, [-12, -4, 0, 4, 12])
            found = divergence_penalty([f], r)[0]
            assert found == pytest.approx(float(exact), rel=1e-11)


def test_small_noise_costs_half_of_the_variance_of_the_label_times_its_square():
    """A'' r^2/2 and then A'''' r^4/8."""
    for f in (0.0, 0.7, -2.0):
        p = 1 / (1 + math.exp(-f))
        leading = p * (1 - p) / 2
        ratios = [divergence_penalty([f], r)[0] / r**2 for r in (0.1, 0.05)]
        errors = [abs(ratio - leading) for ratio in ratios]
        assert errors[1] < 1e-3
        assert errors[0] / errors[1] == pytest.approx(4.0, rel=0.05)


def test_much_noise_costs_as_much_as_the_size_of_the_logit():
    """E A(r g) is about r E max(g, 0) = r/sqrt(2 pi)."""
    found = divergence_penalty([0.0], 1e3)[0] + math.log(2)
    assert found == pytest.approx(1e3 / math.sqrt(2 * math.pi), rel=1e-5)


def test_more_noise_in_training_means_less_change_by_noise():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((100, 4))
    y = np.where(X[:, 0] + rng.standard_normal(100) > 0, 1, -1)
    changes = []
    for sigma in (0.0, 0.3, 1.0, 3.0):
        model = StabilityClassifier(sigma, alpha=1e-2).fit(X, y)
        spread = math.sqrt(linear_penalty(model.coef_[0], 0.5))
        logits = model.decision_function(X)
        changes.append(divergence_penalty(logits, spread).mean())
    assert (np.diff(changes) < 0).all()


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear_penalty([1.0], -1), "sigma must be at least 0"),
        (lambda: linear_penalty([[1.0]], 1), "w must have 1 axes"),
        (
            lambda: quadratic_penalty([[0, 1], [0, 0]], [0, 0], [[0, 0]], 1),
            "A must be a symmetric matrix of 2 rows",
        ),
        (lambda: quadratic_penalty([[1.0]], [0], [[0, 0]], 1), "X must have 1 columns"),
        (lambda: divergence_penalty([math.nan], 1), "f must be finite"),
        (lambda: divergence_penalty([0.0], -1), "spread must be at least 0"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
