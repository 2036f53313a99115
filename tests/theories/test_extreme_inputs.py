"""Formulas of features and statistics at extreme inputs, and on arrays.

One table: a function, its arguments, and the range its values lie in. All combinations
of the arguments give numbers of that range, without NaN and without a warning.
"""

import itertools
import math

import numpy as np
import pytest

from geomadv.data import GaussianPair, RobustWeakFeatures
from geomadv.theories.features import ilyas2019, tsipras2019
from geomadv.theories.statistics import (
    dobriban2020,
    donhauser2021,
    hastie2019,
    javanmard2020,
    min2021,
)

INF = math.inf
POSITIVE = (1e-300, 1e-12, 1.0, 1e12, 1e150)
SIZES = (0.0, *POSITIVE)
SOME = (0.0, 1e-12, 1.0, 1e12)
PRIORS = (1e-300, 1e-12, 0.5, 1 - 1e-12)
AGREEMENTS = (0.5, 0.9, 1 - 1e-12, 1.0)
CONDITIONS = (1e-12, 1.0, 1e12)
RATE, LOSS, ANY, LENGTH = (0, 1), (-1e308, 0), (-INF, INF), (0, INF)


def pair(m, v, prior=0.5):
    return GaussianPair([m, 1.0], [v, 1.0], prior=prior)


def best_accuracy(a, c, more):
    least = 1.0 - tsipras2019.bayes_accuracy(a, c)
    return tsipras2019.best_robust_accuracy(max(least, more), a, c)


def priors(zero):
    return [zero, 1 - 2 * zero, zero]


def one_coordinate(loss, own):
    """Return a loss whose first arguments have a last axis, of one coordinate."""

    def call(*args):
        args = [np.asarray(x, dtype=float) for x in args]
        return loss(*(x[..., None] for x in args[:own]), *args[own:])

    return call


# Of one paper each: formulas that take arrays.
FORMULAS = [
    (ilyas2019.pointwise_robust_variance, (POSITIVE, (1, 2, 1e12), SIZES), LENGTH),
    (tsipras2019.rule_accuracy, (AGREEMENTS, SIZES, (*SIZES, INF), SIZES), RATE),
    (tsipras2019.average_accuracy, (SIZES, SIZES), RATE),
    (tsipras2019.bayes_accuracy, (AGREEMENTS, SIZES, SIZES), RATE),
    (tsipras2019.robust_accuracy_bound, ((0, 1e-300, 0.5, 1), AGREEMENTS), RATE),
    (dobriban2020.optimal_threshold, (SIZES, SIZES, PRIORS), ANY),
    (dobriban2020.robust_risk, (SIZES, SIZES, PRIORS, (-INF, -1e150, 0, INF)), RATE),
    (dobriban2020.optimal_robust_risk, (SIZES, SIZES, PRIORS), (0, 0.5)),
    (dobriban2020.boundary_shift, (SIZES, SIZES, PRIORS), ANY),
    (dobriban2020.price_of_robustness, (SIZES, SIZES, PRIORS), RATE),
    (javanmard2020.adversarial_risk, ((*SIZES, INF), (*SIZES, INF), SIZES), LENGTH),
    (javanmard2020.training_vanishes, (SIZES, POSITIVE, (*POSITIVE, INF)), LENGTH),
    (hastie2019.optimal_penalty, (POSITIVE, POSITIVE, SIZES), LENGTH),
    (hastie2019.best_overparametrisation, (POSITIVE, SIZES), (1, INF)),
    (
        donhauser2021.consistent_risk,
        ((1e-12, 0.5, 1, 2, 1e12), SIZES, SIZES, POSITIVE[1:4], (0, 1)),
        LENGTH,
    ),
    (donhauser2021.slope_at_interpolation, ((1 + 1e-12, 2, 1e150), SIZES), (-INF, 0)),
    (one_coordinate(min2021.clean_loss, 2), (SIZES, POSITIVE, POSITIVE, SIZES), LOSS),
    (one_coordinate(min2021.robust_loss, 2), (SIZES, POSITIVE, POSITIVE, SIZES), ANY),
    (
        one_coordinate(min2021.bernoulli_clean_loss, 1),
        ((-1, 0, 1e-300, 1), (1, 2, 1e15), SIZES),
        ANY,
    ),
    (
        one_coordinate(min2021.bernoulli_robust_loss, 1),
        ((-1, 0, 1e-300, 1), (1, 2, 1e15), SIZES),
        ANY,
    ),
    (min2021.turning_point, (SIZES, POSITIVE, SIZES), LENGTH),
    (min2021.strong_from, (SIZES, POSITIVE), LENGTH),
]
# The others, one point at a time.
OTHERS = [
    (
        lambda v, w, c: ilyas2019.vulnerability([v, w], c),
        (POSITIVE, POSITIVE, POSITIVE),
        LENGTH,
    ),
    (
        lambda a, v, w: ilyas2019.gradient_alignment([a, 1.0], [v, w]),
        (SIZES, POSITIVE, POSITIVE),
        RATE,
    ),
    (
        lambda v: ilyas2019.gradient_alignment([1.0, 1.0], np.diag([v, 1.0])),
        (POSITIVE,),
        RATE,
    ),
    (
        lambda v, w: ilyas2019.least_gradient_alignment([v, w]),
        (POSITIVE, POSITIVE),
        RATE,
    ),
    (lambda v, w: ilyas2019.least_aligned_mean([v, w]), (POSITIVE, POSITIVE), RATE),
    (
        lambda v, c: ilyas2019.robust_variances([v], c),
        (POSITIVE, (*POSITIVE, INF)),
        LENGTH,
    ),
    (
        lambda v, c: ilyas2019.robust_covariance(np.diag([v, 1.0]), c),
        (POSITIVE, (*POSITIVE, INF)),
        LENGTH,
    ),
    (
        lambda v, w, c: ilyas2019.budget_of_penalty([v, w], c),
        (POSITIVE, POSITIVE, (*POSITIVE, INF)),
        LENGTH,
    ),
    (
        lambda v, w, e: ilyas2019.penalty_of_budget([v, w], e),
        (POSITIVE, POSITIVE, SIZES),
        LENGTH,
    ),
    (
        lambda v, w, e: ilyas2019.penalty_bounds([v, w], e),
        (POSITIVE, POSITIVE, SIZES),
        LENGTH,
    ),
    (
        lambda m, v, e, prior: ilyas2019.linear_robust_usefulness(
            pair(m, v, prior), np.eye(2), e
        ),
        (SIZES, CONDITIONS, SIZES, PRIORS[1:]),
        ANY,
    ),
    (
        lambda m, v, e, prior: ilyas2019.quadratic_robust_usefulness(
            pair(m, v, prior), [[1.0, 0.5], [0.5, -2.0]], [1.0, 0.0], e
        ),
        ((0.0, 1e12), CONDITIONS, (0.0, 1e-12, 1e100), (1e-12, 0.5)),
        ANY,
    ),
    (best_accuracy, (AGREEMENTS, SIZES, (0.0, 0.01, 0.5, 1.0)), RATE),
    (
        lambda k, eta, a, e: tsipras2019.soft_margin_svm(
            RobustWeakFeatures(k, eta, a), e
        ),
        ((1, 10**4), (1e-12, 0.1, 1e12), (0.5, 0.9, 1.0), (0.0, 1e-12, 0.5, 1e12)),
        RATE,
    ),
    (
        lambda m, v, e, p: dobriban2020.effective_mean(pair(m, v), e, p),
        (SOME, CONDITIONS, SOME, (1, 1.5, 2, 3, INF)),
        LENGTH,
    ),
    (
        lambda m, v, e, p, prior: list(
            vars(dobriban2020.trade_off(pair(m, v, prior), e, p)).values()
        ),
        ((0.0, 1.0, 1e12), CONDITIONS, (0.0, 1.0, 1e12), (1, 2, INF), (1e-12, 0.5)),
        LENGTH,
    ),
    (
        lambda m, e, zero: dobriban2020.three_class_optimum(m, e, priors(zero)).risk,
        (SIZES, SIZES, (1e-12, 0.3, 0.4999999)),
        (0, 2 / 3),
    ),
    (
        lambda m, e, zero, t: dobriban2020.three_class_risk(m, e, priors(zero), -t, t),
        (SIZES, SIZES, (1e-12, 0.3), (0.0, 1.0, INF)),
        (0, 1 + 1e-15),
    ),
    (
        lambda m, e, zero: dobriban2020.three_class_price(m, e, priors(zero)),
        (SIZES, SIZES, (1e-12, 0.3)),
        RATE,
    ),
    (
        lambda r, s, e, w: list(
            vars(javanmard2020.trade_off_curve(r, s, e, w)).values()
        ),
        (
            (1e-100, 1e-12, 1, 1e100),
            (0, 1e-100, 1, 1e100),
            (0, 1e-100, 1, 1e100),
            (0, 1, 1e100),
        ),
        LENGTH,
    ),
    (
        lambda r, s, e, d: list(
            vars(javanmard2020.training_limit(r, s, e, d)).values()
        ),
        ((0, 1e6), (1e-6, 1e6), (0, 1e-6, 1e6), (1e-3, 1e3)),
        ANY,
    ),
    (
        lambda g, c, r, s: list(vars(hastie2019.ridge_limit(g, c, r, s)).values()),
        ((1e-12, 0.5, 1, 2, 1e12), SIZES, (0, 1, 1e100), (0, 1, 1e100)),
        LENGTH,
    ),
    (
        lambda n, p, r, s: list(vars(hastie2019.ridgeless_means(n, p, r, s)).values()),
        ((1, 2, 10**9), (1, 2, 10**9), (0, 1), (0, 1e100)),
        LENGTH,
    ),
    (
        lambda r, s, kept: hastie2019.subspace_problem(r, s, kept),
        (SIZES, SIZES, (0, 1e-300, 1)),
        LENGTH,
    ),
    (
        lambda a, b, p: donhauser2021.consistent_reach([a, 1.0], [b, 1.0], p),
        (SIZES, SIZES, (2, INF)),
        LENGTH,
    ),
    (
        lambda a, b, e, p: donhauser2021.robust_error([a, 1.0], [b, 1.0], e, p),
        (SIZES, SIZES, SIZES, (2, INF)),
        RATE,
    ),
    (
        lambda g, e, r: list(vars(donhauser2021.best_penalty(g, e, r)).values()),
        ((1e-3, 1, 1e6), (0, 1e-12, 1e12), (1e-6, 1e6)),
        LENGTH,
    ),
    (
        lambda m, s, e: min2021.turning_points([m, 1.0], [s, 1.0], e),
        (SIZES[::2], POSITIVE[::2], SIZES[::2]),
        (1, INF),
    ),
]


@pytest.mark.parametrize(("call", "axes", "limits"), FORMULAS + OTHERS)
def test_extreme_inputs_give_numbers_in_range(call, axes, limits):
    for point in itertools.product(*axes):
        found = np.asarray(call(*point), dtype=float)
        assert ((found >= limits[0]) & (found <= limits[1])).all(), (point, found)


@pytest.mark.parametrize(("call", "axes"), [row[:2] for row in FORMULAS])
def test_formulas_broadcast(call, axes):
    short = [np.asarray(axis[1:3], dtype=float) for axis in axes]
    got = np.asarray(call(*np.ix_(*short)))
    assert got.shape == tuple(len(axis) for axis in short)
    for at in itertools.product(*(range(len(axis)) for axis in short)):
        one = call(*(float(axis[i]) for axis, i in zip(short, at, strict=True)))
        np.testing.assert_allclose(got[at], one, rtol=1e-12)


HALF = 0.5
LIMITS = [  # what extreme sizes lead to
    (lambda: dobriban2020.optimal_robust_risk(1.0, [1.0, 1e9], 0.2), 0.2),
    (lambda: dobriban2020.optimal_robust_risk(1.0, 0.3, 1e-300), 1e-300),
    (lambda: dobriban2020.three_class_optimum(1.0, 1e9, priors(0.3)).risk, 0.6),
    (lambda: dobriban2020.effective_mean(pair(1e12, 1e-12), 0.0), 1e18),
    (lambda: tsipras2019.bayes_accuracy(0.9, 1e150, 2.0), 0.0),
    (lambda: tsipras2019.rule_accuracy(0.9, 0.0, INF, 1e150), 0.9),
    (lambda: javanmard2020.trade_off_curve(1.0, 1.0, 1e100).factor, 0.0),
    (lambda: javanmard2020.trade_off_curve(1.0, 1.0, 1e-100).factor, 1.0),
    (lambda: javanmard2020.training_limit(1e6, 1e-6, 1e6, 1e3).standard, 1e12),
    (lambda: hastie2019.ridge_limit(2.0, 1e150, 1.0, 0.0).bias, 1.0),
    (lambda: donhauser2021.robust_error([1.0, 1.0], [1.0, 0.0], 1e150), 1.0),
    (lambda: min2021.clean_loss(1.0, 1.0, 1e150, [0.5, 1.0, 2.0]), [-1.0, -HALF, 0.0]),
    (lambda: ilyas2019.vulnerability([1.0, 1e12], 1e150), 0.0),
    (lambda: ilyas2019.gradient_alignment([0.0, 1.0], [1e-300, 1e150]), 1.0),
    (lambda: ilyas2019.robust_variances([1e-300, 1e12], 1e150), [1e-150, 1e12]),
]


@pytest.mark.parametrize(("call", "limit"), LIMITS)
def test_extreme_inputs_give_the_limit(call, limit):
    found = np.asarray(call(), dtype=float)
    expected = np.broadcast_to(np.asarray(limit, dtype=float), found.shape)
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-140)
