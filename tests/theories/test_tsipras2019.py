"""Robustness at odds with accuracy: reference values, bounds, and trained machines."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from geomadv.data import RobustWeakFeatures
from geomadv.theories.features.tsipras2019 import (
    average_accuracy,
    bayes_accuracy,
    best_robust_accuracy,
    robust_accuracy_bound,
    rule_accuracy,
    soft_margin_svm,
)

FALSE_ALARM = 1e-6
INF = math.inf

# p, eta sqrt(d): accuracy of Bayes' rule, after steps of 2 eta, p/(1 - p) (1 - first)
BAYES = [
    (0.95, 1, 0.9595410935, 0.6478698809, 0.7687192226),
    (0.95, 2, 0.9918901758, 0.0981334002, 0.1540866597),
    (0.95, 3, 0.9994687387, 0.0057587983, 0.0100939639),
]


def below(x):
    """The standard normal distribution function at 60 digits."""
    return mpmath.erfc(-mpmath.mpf(x) / mpmath.sqrt(2)) / 2


# Formulas


@pytest.mark.parametrize(
    ("c", "plain", "turned"),
    [(3, 0.9986501020, 0.0013498980), (4, 0.9999683288, 0.0000316712)],
)
def test_mean_of_weak_features_has_its_reference_values(c, plain, turned):
    assert abs(average_accuracy(c) - plain) < 5.1e-11
    assert abs(average_accuracy(c, 2.0) - turned) < 5.1e-11
    assert abs(below(c) - plain) < 5.1e-11


@pytest.mark.parametrize(("p", "c", "plain", "turned", "bound"), BAYES)
def test_bayes_rule_has_its_reference_values(p, c, plain, turned, bound):
    digits = 5.1e-11
    assert abs(bayes_accuracy(p, c) - plain) < digits
    assert abs(bayes_accuracy(p, c, 2.0) - turned) < digits
    assert abs(robust_accuracy_bound(1 - bayes_accuracy(p, c), p) - bound) < digits
    t = mpmath.log(mpmath.mpf(p) / (1 - mpmath.mpf(p))) / (2 * c)
    exact = p * below(c + t) + (1 - p) * below(c - t)
    assert abs(exact - plain) < digits
    exact = p * below(-c + t) + (1 - p) * below(-c - t)
    assert abs(exact - turned) < digits


def test_bayes_rule_at_seven_tenths_has_its_reference_value():
    assert abs(bayes_accuracy(0.7, 1) - 0.8612514700) < 5.1e-11


@pytest.mark.parametrize(
    ("p", "delta", "bound"),
    [
        (0.95, 0.01, 0.19),
        (0.9, 0.01, 0.09),
        (0.975, 0.01, 0.39),
        (0.7, 0.05, 0.1166666667),
    ],
)
def test_bounds_have_their_reference_values(p, delta, bound):
    assert abs(robust_accuracy_bound(delta, p) - bound) < 5.1e-11


@pytest.mark.parametrize("ratio", [0.0, 0.7, 2.0, 3.0])
def test_rules_have_the_accuracies_of_sampled_points(ratio):
    law = RobustWeakFeatures(16, 0.3, 0.8)
    X, y = law.sample(50_000, 1)
    u = (X[:, 1:] - 0.3 * ratio * y[:, None]).sum(axis=1) / 4
    for t in (0.0, 0.5, 2.0, INF):
        right = X[:, 0] == y if math.isinf(t) else y * (t * X[:, 0] + u) > 0
        accuracy = float(rule_accuracy(0.8, law.strength, t, ratio))
        test = stats.binomtest(int(right.sum()), y.size, accuracy)
        assert test.pvalue > FALSE_ALARM


# The bounds


def test_ten_thousand_rules_keep_the_bounds():
    """The label +1 on a random union of cells of u, for each x_1; some near optimal."""
    rng = np.random.default_rng(2)
    edges = np.concatenate([[-INF], np.linspace(-6, 6, 61), [INF]])
    centres = np.concatenate([[-9], edges[1:-2] + 0.1, [9]])
    closest = []
    for _ in range(100):
        p, c = rng.uniform(0.5, 0.99), rng.uniform(0.2, 3)
        mass = {y: np.diff(stats.norm.cdf(edges, y * c)) for y in (-1, 1)}
        t = float(np.log(p / (1 - p)) / (2 * c)) + rng.exponential(1.0, size=100)
        error, right = np.zeros(100), np.zeros(100)
        flips = rng.random(100) * (np.arange(100) % 3 > 0)
        for x in (-1, 1):
            plus = centres > -x * t[:, None]
            plus ^= rng.random(plus.shape) < 0.2 * flips[:, None]
            for y in (-1, 1):
                share = (p if x == y else 1 - p) / 2
                here, there = plus @ mass[y], plus @ mass[-y]
                error += share * (1 - here if y > 0 else here)
                right += share * (there if y > 0 else 1 - there)
        assert (right <= p / (1 - p) * error + 1e-12).all()
        less = error <= 1 - p
        best = best_robust_accuracy(error[less], p, c)
        assert (right[less] <= best + 1e-12).all()
        closest.append((best - right[less]).min(initial=1.0))
    assert np.median(closest) < 1e-3


@given(p=st.floats(0.5, 0.999), c=st.floats(0.01, 6), extra=st.floats(0, 1))
def test_best_accuracy_lies_below_the_bound_of_the_theorem(p, c, extra):
    least = 1 - float(bayes_accuracy(p, c))
    delta = least + extra * (1 - least)
    best = float(best_robust_accuracy(delta, p, c))
    assert 0 <= best <= p
    assert best <= p / (1 - p) * delta * (1 + 1e-9) + 1e-12


@given(p=st.floats(0.5, 0.99), c=st.floats(0.05, 5), switch=st.floats(0, 4))
def test_best_accuracy_inverts_the_family(p, c, switch):
    t = float(np.log(p / (1 - p)) / (2 * c)) + switch
    error = p * below(-t - c) + (1 - p) * below(t - c)
    delta = float(error)
    found = float(best_robust_accuracy(delta, p, c))
    exact = float(p * below(t - c) + (1 - p) * below(-t - c))
    # delta is rounded, and the slope of the trade-off is bounded away from Bayes' rule
    if switch > 0.1 and 1 - p - delta > 1e-6:
        assert found == pytest.approx(exact, rel=1e-6)


def test_bound_is_sharp_for_large_c():
    ratio = [
        float(rule_accuracy(0.9, c, c, 2.0) / (1 - rule_accuracy(0.9, c, c)))
        for c in (1, 2, 4, 8)
    ]
    assert (np.diff(np.abs(np.array(ratio) - 9)) <= 0).all()
    assert ratio[-1] == pytest.approx(9, rel=1e-12)


def test_limits_by_name():
    assert bayes_accuracy(0.7, 0.0) == pytest.approx(0.7)
    assert bayes_accuracy(0.5, 0.0) == 0.5
    assert bayes_accuracy(1.0, [0.0, 1.0], 2.0).tolist() == [1.0, 1.0]
    assert rule_accuracy(0.7, 1.0, INF, 2.0) == pytest.approx(0.7)
    assert rule_accuracy(0.7, 1e300, 1.0, [0.0, 2.0]).tolist() == [1.0, 0.0]
    assert best_robust_accuracy([0.31, 1.0], 0.7, 2.0).tolist() == [0.7, 0.7]
    assert best_robust_accuracy(0.3, 0.7, 0.0) == pytest.approx(0.7)
    assert best_robust_accuracy(0.0, 1.0, 0.0) == 1.0
    assert robust_accuracy_bound([0.0, 0.5], 1.0).tolist() == [1.0, 1.0]
    assert robust_accuracy_bound(1.0, 0.9) == 1.0
    assert rule_accuracy(0.7, 1e308, [1e308, INF], 1e308).tolist() == [0.0, 0.7]
    assert average_accuracy(1e308, [0.0, 1e308]).tolist() == [1.0, 0.0]


def test_svm_of_huge_signals_is_finite():
    for train in (0.0, 1.0, 2e300):
        w = soft_margin_svm(RobustWeakFeatures(3, 1e300, 0.7), train)
        assert np.isfinite(w).all()
        assert np.linalg.norm(w) == pytest.approx(1.0)


@pytest.mark.parametrize("eps", [0.0, 0.3, 0.6])
def test_ten_thousand_unit_vectors_have_no_less_hinge_loss(eps):
    """The loss by E max(0, 1 - z) = s (h Phi(h) + phi(h)), h = (1 - m)/s."""
    law = RobustWeakFeatures(4, 0.4, 0.8)

    def loss(W):
        rest = np.linalg.norm(W[:, 1:], axis=1)
        mean = law.eta * W[:, 1:].sum(axis=1) - eps * np.abs(W).sum(axis=1)
        total = 0.0
        for share, sign in ((0.8, 1.0), (0.2, -1.0)):
            left = 1.0 - mean - sign * W[:, 0]
            h = left / np.maximum(rest, 1e-12)
            total += share * (left * stats.norm.cdf(h) + rest * stats.norm.pdf(h))
        return total

    best = soft_margin_svm(law, eps)
    rng = np.random.default_rng(4)
    near = best + np.resize([0.01, 0.3, 5.0], 10_000)[:, None] * rng.standard_normal(
        (10_000, 5)
    )
    others = loss(near / np.linalg.norm(near, axis=1, keepdims=True))
    least = loss(best[None])[0]
    assert (others >= least - 1e-12).all()
    assert others.min() < least + 5e-3


# The soft-margin SVM


NODES = np.linspace(-8, 8, 801)
DENSITY = 0.02 * stats.norm.pdf(NODES)


def mean_hinge(w, law, eps):
    """The mean worst hinge loss by a quadrature of the projection's density."""
    spread = math.sqrt(w[1:] @ w[1:])
    mean = law.eta * w[1:].sum() - eps * np.abs(w).sum()
    total = 0.0
    for share, sign in ((law.agreement, 1), (1 - law.agreement, -1)):
        z = sign * w[0] + mean + spread * NODES
        total += share * (DENSITY @ np.maximum(0, 1 - z))
    return total


@pytest.mark.parametrize(
    ("weak", "eta", "agreement", "eps"),
    [
        (3, 0.5, 0.8, 0.0),
        (4, 1.0, 0.9, 0.0),
        (3, 0.5, 0.8, 0.3),
        (3, 0.3, 0.9, 0.6),
        (3, 0.4, 0.55, 0.8),  # the robust feature is hardly more than noise
        (2, 0.4, 0.5, 0.0),
    ],
)
def test_svm_has_the_least_loss_of_all_unit_vectors(weak, eta, agreement, eps):
    law = RobustWeakFeatures(weak, eta, agreement)
    w = soft_margin_svm(law, eps)
    assert np.linalg.norm(w) == pytest.approx(1, abs=1e-15 * 4)
    least = mean_hinge(w, law, eps)

    def loss(v):
        return mean_hinge(v / np.linalg.norm(v), law, eps)

    rng = np.random.default_rng(3)
    found = []
    for start in [*np.eye(law.d)[:2], *rng.standard_normal((2, law.d))]:
        options = {"xatol": 1e-5, "fatol": 1e-9, "maxiter": 800}
        found.append(
            optimize.minimize(loss, start, method="Nelder-Mead", options=options).fun
        )
    assert min(found) == pytest.approx(least, abs=4e-5)


@pytest.mark.parametrize("p", [0.5, 0.7, 0.95, 0.975])
@pytest.mark.parametrize("c", [4, 6])
def test_svm_is_accurate_and_turned_and_its_robust_form_is_neither(p, c):
    law = RobustWeakFeatures(1000, c / math.sqrt(1000), p)
    w = soft_margin_svm(law)
    assert law.standard_accuracy((w, 0.0)) > 0.99
    assert law.robust_accuracy((w, 0.0), 2 * law.eta) < 0.01
    if p >= (1 + law.eta) / 2:
        robust = soft_margin_svm(law, 2 * law.eta)
        assert robust.tolist() == [1.0] + [0.0] * 1000
        accuracies = law.robust_accuracy((robust, 0.0), [0.0, 2 * law.eta, 0.99])
        assert accuracies == pytest.approx([p] * 3)


def test_a_feature_that_is_noise_is_no_robust_feature():
    """Near p = 1/2 the least worst loss is that of a weak feature, not of x_1."""
    law = RobustWeakFeatures(1000, 0.4, 0.55)
    w = soft_margin_svm(law, 0.8)
    assert w[0] < 0.01
    assert mean_hinge(w, law, 0.8) < mean_hinge(np.eye(1001)[0], law, 0.8) - 0.01
    assert law.robust_accuracy((w, 0.0), 0.8) < 0.55 - 0.1


# Arguments


def test_functions_broadcast():
    p, c = np.array([[0.7], [0.9]]), np.array([1.0, 2.0, 3.0])
    assert rule_accuracy(p, c, 1.0, np.zeros((4, 1, 1))).shape == (4, 2, 3)
    assert bayes_accuracy(p, c).shape == (2, 3)
    assert average_accuracy(c, p).shape == (2, 3)
    assert robust_accuracy_bound(0.1, p).shape == (2, 1)
    assert best_robust_accuracy(0.5, p, c).shape == (2, 3)
    assert best_robust_accuracy([], 0.7, 1.0).shape == (0,)
    for value in (
        rule_accuracy(0.7, 1.0, 1.0),
        bayes_accuracy(0.7, 1.0),
        average_accuracy(1.0),
        robust_accuracy_bound(0.1, 0.7),
        best_robust_accuracy(0.2, 0.7, 1.0),
    ):
        assert isinstance(value, np.float64)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: rule_accuracy(0.4, 1, 1), ValueError, "agreement must lie in"),
        (lambda: rule_accuracy(0.7, -1, 1), ValueError, "c must be at least 0"),
        (lambda: rule_accuracy(0.7, 1, -1), ValueError, "t must be at least 0"),
        (lambda: rule_accuracy(0.7, 1, math.nan), ValueError, "t must be at least 0"),
        (lambda: rule_accuracy(0.7, 1, 1, -1), ValueError, "ratio must be at least 0"),
        (lambda: rule_accuracy([0.7] * 2, [1] * 3, 1), ValueError, "not broadcast"),
        (lambda: average_accuracy(-1), ValueError, "c must be at least 0"),
        (lambda: bayes_accuracy(1.1, 1), ValueError, "agreement must lie in"),
        (lambda: robust_accuracy_bound(-1, 0.7), ValueError, "delta must lie in"),
        (lambda: best_robust_accuracy(0.01, 0.7, 1), ValueError, "delta must be at le"),
        (lambda: soft_margin_svm("x"), TypeError, "law must be RobustWeakFeatures"),
        (
            lambda: soft_margin_svm(RobustWeakFeatures(1, 0.1), -1),
            ValueError,
            "eps must be at least 0",
        ),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
