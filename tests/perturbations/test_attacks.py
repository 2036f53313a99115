"""The ruler: attacks with known scores, failures, and answers that are none."""

import math

import numpy as np
import pytest
from scipy.stats import binom

from geomadv.perturbations import minimal_perturbation, score_attack
from geomadv.stats import Interval


def exact(model, X, _):
    found = minimal_perturbation(model, X)
    return X + (1 + 1e-9) * found.delta


def bisection(model, X, y):
    """Towards the origin's mirror image, then back to where the decision changes."""
    result = np.full(X.shape, np.nan)
    for scale in (-1.0, -3.0, 0.3, 3.0):
        low, high = X, scale * X
        other = model.predict(high) != y
        for _ in range(60):
            middle = (low + high) / 2
            changed = (model.predict(middle) != y)[:, None]
            low, high = np.where(changed, low, middle), np.where(changed, middle, high)
        result[other] = high[other]
    return result


@pytest.mark.parametrize("suite", ["linear", "linear-200", "quadratic"])
def test_the_exact_step_scores_one(suite):
    score = score_attack(exact, suite)
    assert score.success == 1
    assert abs(score.median - 1) < 1e-8
    assert abs(score.worst - 1) < 1e-8
    assert score.median in score.median_interval
    assert score.success in score.success_interval
    assert not score.invalid.any()


@pytest.mark.parametrize("suite", ["1nn", "rbf"])
def test_witnesses_score_one(suite):
    """Of 1-NN the distance is exact; of a kernel expansion that of a real point."""
    score = score_attack(exact, suite, n=12)
    assert score.success == 1
    assert abs(score.worst - 1) < 1e-8
    assert score.truth.exact.all() == (suite == "1nn")


@pytest.mark.parametrize("suite", ["linear", "quadratic", "1nn"])
def test_another_attack_is_never_better_than_the_truth(suite):
    score = score_attack(bisection, suite, n=40)
    reached = np.isfinite(score.found)
    assert reached.any()
    assert (score.ratios[reached] >= 1 - 1e-9).all()
    assert score.worst > 1.1


def test_a_fixed_direction_has_the_ratio_of_its_angle():
    """The step along u to a hyperplane with normal w is 1/|cos(u, w)| too long."""
    u = np.zeros(20)
    u[0] = 1.0

    def attack(model, X, _):
        f = model.decision_function(X)
        return X - (1 + 1e-9) * np.outer(f / model.coef_[0, 0], u)

    seen = []
    score = score_attack(lambda m, X, y: seen.append(m) or attack(m, X, y))
    w = seen[0].coef_[0]
    assert np.allclose(score.ratios, np.linalg.norm(w) / abs(w[0]), rtol=1e-7)


def test_the_median_of_an_even_number_is_the_lower_of_the_two():
    def half(model, X, y):
        return np.where(np.arange(len(X))[:, None] < 5, exact(model, X, y), X)

    score = score_attack(half, n=10)
    assert score.success == 0.5
    assert score.median == np.sort(score.ratios)[4] < np.inf


def test_an_attack_may_overwrite_what_it_is_given():
    def attack(model, X, y):
        X[:] = exact(model, X, y)
        y[:] = 0
        return X

    np.testing.assert_array_equal(score_attack(attack).found, score_attack(exact).found)


def test_masked_answers_are_invalid():
    def attack(model, X, y):
        hidden = np.zeros(X.shape, bool)
        hidden[:7, 3] = True
        return np.ma.array(exact(model, X, y), mask=hidden)

    score = score_attack(attack)
    assert score.invalid.tolist() == [True] * 7 + [False] * 93
    assert np.isinf(score.found[:7]).all()
    assert score.success == 0.93


def test_failures_and_invalid_answers_are_infinitely_far():
    def half(model, X, y):
        answer = exact(model, X, y)
        answer[:60] = X[:60]  # no change
        answer[90:, 0] = np.nan
        return answer

    score = score_attack(half)
    assert score.success == 0.3
    assert score.invalid.sum() == 10
    assert np.isinf(score.median)
    assert abs(score.worst - 1) < 1e-8
    low, high = score.success_interval.lower, score.success_interval.upper
    assert binom.sf(29, 100, low) < 0.026
    assert binom.cdf(30, 100, high) < 0.026
    complex_ = score_attack(lambda m, X, y: exact(m, X, y) + 1j * (X[:, :1] > 0))
    assert complex_.success == 1 - complex_.invalid.mean()
    assert 0.3 < complex_.success < 0.7
    nothing = score_attack(lambda _m, X, _y: X)
    assert np.isinf(nothing.worst)
    assert "success 0 [0, 0.0362]" in str(nothing)


def test_the_same_seed_gives_the_same_problems():
    points = []

    def attack(_model, X, _y):
        points.append(X)
        return X + 1.0

    for seed in (0, 0, 1):
        score_attack(attack, n=3, seed=seed)
    assert np.array_equal(points[0], points[1])
    assert not np.array_equal(points[0], points[2])


@pytest.mark.errors
@pytest.mark.parametrize(
    ("attack", "options", "message"),
    [
        (exact, {"suite": "mnist"}, "suite must be one of 'linear'"),
        (
            lambda _m, X, _y: X[:3],
            {},
            r"attack must return an array of shape \(100, 20",
        ),
        (exact, {"n": 0}, "n must be at least 1"),
        (exact, {"error_rate": 1.0}, r"error_rate must lie in \(0, 1\), got 1"),
    ],
)
def test_bad_arguments_are_refused(attack, options, message):
    with pytest.raises(ValueError, match=message):
        score_attack(attack, **options)


@pytest.mark.errors
def test_an_attack_is_a_function():
    with pytest.raises(TypeError, match=r"attack must be a function.*got str"):
        score_attack("fgsm")


@pytest.mark.errors
@pytest.mark.parametrize("answer", [[[1.0], [2.0, 3.0]], np.full((2, 20), "1"), {}])
def test_an_answer_is_an_array_of_numbers(answer):
    message = r"attack must return an array of numbers of shape \(2, 20\), got"
    with pytest.raises(TypeError, match=message):
        score_attack(lambda _m, _X, _y: answer, n=2)


@pytest.mark.parametrize("suite", ["quadratic", "1nn"])
def test_an_answer_so_far_away_that_the_model_overflows_is_invalid(suite):
    def far(_model, X, _y):
        return np.where(np.arange(4)[:, None] < 2, 1e151, 1e149) + 0 * X

    score = score_attack(far, suite, n=4)
    assert score.invalid.tolist() == [True, True, False, False]
    assert np.isinf(score.found[:2]).all()


def test_a_median_of_two_points_is_nothing_but_positive():
    assert score_attack(exact, n=2).median_interval == Interval(0.0, math.inf)
