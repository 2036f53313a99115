"""Gaussian triples: laws, risks by quadrature and sampling, optimal slab rules."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special, stats

from geomadv.data import GaussianPair, GaussianTriple, SlabRule

FALSE_ALARM = 1e-6
INF = math.inf
MU = np.array([1.5, -0.6, 0.3])
A = np.array([[1.0, 0.4, 0.0], [0.2, 0.8, -0.5], [0.0, 0.1, 0.7]])
COVS = {"number": 0.49, "diagonal": [0.5, 2.0, 1.0], "matrix": A @ A.T}
PRIORS = [0.2, 0.5, 0.3]


def matrix(cov):
    cov = np.asarray(cov)
    return cov if cov.ndim == 2 else np.diag(np.broadcast_to(cov, 3))


@pytest.mark.parametrize("cov", COVS.values(), ids=COVS)
def test_classes_have_their_means_covariance_and_weights(cov):
    X, y = GaussianTriple(MU, cov, PRIORS).sample(20_000, 1)
    S = matrix(cov)
    for label, weight in zip((-1, 0, 1), PRIORS, strict=True):
        count = int((y == label).sum())
        assert stats.binomtest(count, y.size, weight).pvalue > FALSE_ALARM
        rest = X[y == label] - label * MU
        for w in (np.eye(3)[0], np.array([0.7, -1.1, 0.4])):
            law = stats.norm(0, math.sqrt(w @ S @ w))
            assert stats.kstest(rest @ w, law.cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize("cov", COVS.values(), ids=COVS)
def test_posterior_is_the_ratio_of_the_densities(cov):
    triple = GaussianTriple(MU, cov, PRIORS)
    X = 2 * np.random.default_rng(2).standard_normal((200, 3))
    joint = np.stack(
        [
            weight * stats.multivariate_normal(label * MU, matrix(cov)).pdf(X)
            for label, weight in zip((-1, 0, 1), PRIORS, strict=True)
        ],
        axis=1,
    )
    expected = joint / joint.sum(axis=1, keepdims=True)
    assert np.allclose(triple.posterior(X), expected, rtol=1e-10)
    assert (triple.bayes_predict(X) == joint.argmax(axis=1) - 1).all()


def test_posterior_far_away_is_neither_nan_nor_infinite():
    found = GaussianTriple([1.0]).posterior([[-1e200], [1e200]])
    assert found.tolist() == [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]


def worst_risk(rule, triple, eps, p):
    """The same at 50 digits: m, e and each part written out."""
    with mpmath.workdps(50):
        S = matrix(triple.cov)
        w = [mpmath.mpf(float(v)) for v in rule.w]
        length = mpmath.sqrt(
            sum(
                w[i] * mpmath.mpf(float(S[i, j])) * w[j]
                for i in range(3)
                for j in range(3)
            )
        )
        q = {1: INF, 2: 2, INF: 1}[p]
        sizes = [abs(v) for v in w]
        dual = (
            max(sizes) if q == INF else sum(s**q for s in sizes) ** (mpmath.mpf(1) / q)
        )
        e = eps * dual
        mean = sum(v * mpmath.mpf(float(u)) for v, u in zip(w, triple.mu, strict=True))
        minus, zero, plus = (mpmath.mpf(float(v)) for v in triple.priors)

        def below(x):
            return mpmath.erfc(-x / length / mpmath.sqrt(2)) / 2

        low, high = mpmath.mpf(rule.lower), mpmath.mpf(rule.upper)
        right = minus * below(low - e + mean) + plus * below(mean - high - e)
        if high - e > low + e:
            right += zero * (below(high - e) - below(low + e))
        return 1 - right


def plain_risk(W, low, high, triple, eps, p):
    """The same for many rules at once."""
    q = {1: INF, 2: 2, 3: 1.5, INF: 1}[p]
    length = np.sqrt(np.einsum("ni,ij,nj->n", W, matrix(triple.cov), W))
    e, m = eps * np.linalg.norm(W, ord=q, axis=1), W @ triple.mu
    minus, zero, plus = triple.priors
    kept = special.ndtr((high - e) / length) - special.ndtr((low + e) / length)
    right = minus * special.ndtr((low - e + m) / length) + zero * np.maximum(kept, 0)
    return 1 - right - plus * special.ndtr((m - high - e) / length)


@pytest.mark.parametrize("p", [1, 2, INF])
@pytest.mark.parametrize("cov", COVS.values(), ids=COVS)
def test_risks_agree_with_fifty_digits(cov, p):
    triple = GaussianTriple(MU, cov, PRIORS)
    rng = np.random.default_rng(3)
    for _ in range(10):
        low, high = np.sort(2 * rng.standard_normal(2))
        rule = SlabRule(rng.standard_normal(3), low, high)
        for eps in (0.0, 0.3, 2.0):
            exact = float(worst_risk(rule, triple, eps, p))
            plain = plain_risk(rule.w[None], low, high, triple, eps, p)[0]
            assert plain == pytest.approx(exact, rel=1e-12)
            assert triple.robust_risk(rule, eps, p) == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize(("p", "q"), [(1, INF), (2, 2), (INF, 1)])
def test_risk_is_the_share_of_sampled_points_that_steps_can_harm(p, q):
    triple = GaussianTriple(MU, COVS["matrix"], PRIORS)
    X, y = triple.sample(50_000, 4)
    rule, eps = SlabRule([0.7, -1.1, 0.4], -0.9, 1.2), 0.25
    reach = eps * np.linalg.norm(rule.w, ord=q)
    level = X @ rule.w
    low, high = level - reach, level + reach
    wrong = np.select(
        [y < 0, y > 0],
        [high >= rule.lower, low <= rule.upper],
        (low <= rule.lower) | (high >= rule.upper),
    )
    risk = float(triple.robust_risk(rule, eps, p))
    assert stats.binomtest(int(wrong.sum()), y.size, risk).pvalue > FALSE_ALARM
    plain = float(triple.standard_risk(rule))
    wrong = rule.predict(X) != y
    assert stats.binomtest(int(wrong.sum()), y.size, plain).pvalue > FALSE_ALARM


# m, priors, eps; thresholds along mu/|mu| and the risk of the optimum
THREE = [
    (3, [1 / 3] * 3, 0, -1.5, 1.5, 0.0890762684),
    (3, [1 / 3] * 3, 0.5, -1.5, 1.5, 0.2115403386),
    (3, [0.2, 0.6, 0.2], 0.5, -2.0493061443, 2.0493061443, 0.2032269283),
    (4, [0.1, 0.7, 0.2], 1, -2.9729550745, 2.6263814842, 0.1731192336),
]


@pytest.mark.parametrize(("m", "priors", "eps", "lower", "upper", "risk"), THREE)
def test_optimal_rules_have_their_reference_values(m, priors, eps, lower, upper, risk):
    triple = GaussianTriple([0.6 * m, 0.8 * m], priors=priors)
    rule = triple.optimal_robust_rule(eps)
    length = np.linalg.norm(rule.w)
    assert rule.w / length == pytest.approx([0.6, 0.8], abs=1e-12)
    assert abs(rule.lower / length - lower) < 5.1e-11
    assert abs(rule.upper / length - upper) < 5.1e-11
    assert abs(triple.robust_risk(rule, eps) - risk) < 5.1e-11


@pytest.mark.parametrize("p", [1, 2, 3, INF])
@pytest.mark.parametrize("cov", COVS.values(), ids=COVS)
def test_optimum_agrees_with_a_general_minimiser(cov, p):
    """Nelder and Mead's method over thresholds and the normal, from four starts."""
    triple = GaussianTriple(MU, cov, PRIORS)
    eps = 0.15 * np.linalg.norm(MU, ord=p)
    least = float(triple.robust_risk(triple.optimal_robust_rule(eps, p), eps, p))
    rng = np.random.default_rng(5)

    def risk(v):
        low, high = np.sort(v[3:])
        return float(plain_risk(v[None, :3], low, high, triple, eps, p)[0])

    found = []
    for _ in range(4):
        start = np.append(MU + 0.3 * rng.standard_normal(3), [-1.2, 1.2])
        options = {"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000, "maxfev": 4000}
        found.append(
            optimize.minimize(risk, start, method="Nelder-Mead", options=options).fun
        )
    assert min(found) >= least * (1 - 1e-9)
    assert min(found) == pytest.approx(least, rel=1e-4)


@pytest.mark.parametrize("p", [1, 2, INF])
def test_ten_thousand_slab_rules_do_no_better(p):
    triple = GaussianTriple(MU, COVS["matrix"], PRIORS)
    eps = 0.2 * float(np.linalg.norm(MU, ord=p))
    best = triple.optimal_robust_rule(eps, p)
    least = float(triple.robust_risk(best, eps, p))
    rng = np.random.default_rng(6)
    size = np.resize([0.02, 0.3, 2.0], 10_000)[:, None] * np.linalg.norm(best.w)
    W = best.w + size * rng.standard_normal((10_000, 3))
    ends = [best.lower, best.upper] + size * rng.standard_normal((10_000, 2))
    low, high = np.sort(ends, axis=1).T
    risks = plain_risk(W, low, high, triple, eps, p)
    assert least * (1 - 1e-12) <= risks.min() < 1.01 * least


def test_without_the_class_0_it_is_the_rule_of_a_pair():
    """Strong steps against a rare class 0 leave the problem of two classes."""
    triple = GaussianTriple(MU, COVS["matrix"], [0.3, 0.01, 0.69])
    eps = 0.6
    rule = triple.optimal_robust_rule(eps, INF)
    pair = GaussianPair(MU, COVS["matrix"], prior=0.69 / 0.99)
    robust = pair.optimal_robust_classifier(eps, INF)
    assert rule.lower == rule.upper
    assert rule.w == pytest.approx(robust.coef_[0], rel=1e-9)
    assert -rule.lower == pytest.approx(float(robust.intercept_[0]), rel=1e-9)
    risk = 0.01 + 0.99 * float(pair.robust_risk(robust, eps, INF))
    assert triple.robust_risk(rule, eps, INF) == pytest.approx(risk, rel=1e-12)


@settings(max_examples=60)
@given(
    share=st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 3)),
    logs=st.tuples(st.floats(-300, 0), st.floats(-300, 0)),
    spread=st.sampled_from([1.0, [1e-6, 1.0, 1e6]]),
    p=st.sampled_from([1, 1.5, 2, INF]),
)
def test_extreme_arguments_give_limits(share, logs, spread, p):
    weights = np.exp([logs[0], 0.0, logs[1]])
    weights /= weights.sum()
    for order in ([0, 1, 2], [1, 0, 2]):
        triple = GaussianTriple(MU, spread, weights[order])
        eps = share * float(np.linalg.norm(MU, ord=p))
        rule = triple.optimal_robust_rule(eps, p)
        risk = float(triple.robust_risk(rule, eps, p))
        assert 0 <= risk <= 1 - weights.max() + 1e-12
        if share >= 1:
            assert risk == pytest.approx(1 - weights.max(), abs=1e-15)


def test_constants_and_the_origin_have_the_risks_of_constants():
    triple = GaussianTriple([0.0, 0.0], priors=PRIORS)
    assert triple.bayes_risk == pytest.approx(0.5)
    far = GaussianTriple(MU, priors=PRIORS)
    for ends, label in (((-INF, INF), 1), ((INF, INF), 0), ((-INF, -INF), 2)):
        for w in (np.zeros(3), MU):
            rule = SlabRule(w, *ends)
            risks = far.robust_risk(rule, [0.0, 1.0])
            assert risks == pytest.approx([1 - PRIORS[label]] * 2)
            assert (rule.predict(np.ones((2, 3))) == label - 1).all()


def test_risks_take_arrays_of_sizes():
    triple = GaussianTriple(MU)
    rule = triple.bayes_rule()
    sizes = np.array([[0.0, 0.1], [0.5, 3.0]])
    risks = triple.robust_risk(rule, sizes)
    assert risks.shape == (2, 2)
    assert (np.diff(risks.ravel()) > 0).all()
    assert isinstance(triple.robust_risk(rule, 0.1), np.float64)
    assert triple.bayes_risk == triple.standard_risk(rule) == risks[0, 0]


def test_representations_are_short():
    assert repr(SlabRule([1.0, 2.0], -1, INF)) == "SlabRule(2 weights, -1, inf)"
    text = "GaussianTriple(3 coordinates, cov=..., priors=[0.2, 0.5, 0.3])"
    assert repr(GaussianTriple(MU, 0.5, PRIORS)) == text


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: GaussianTriple([]), ValueError, "mu must not be empty"),
        (lambda: GaussianTriple([1.0], [1.0, 1.0]), ValueError, "cov must be a number"),
        (lambda: GaussianTriple([1.0], -1.0), ValueError, "cov must hold positive"),
        (lambda: GaussianTriple([1.0], priors=[0.5] * 2), ValueError, "priors must ha"),
        (lambda: GaussianTriple([1.0], priors=[0.5] * 3), ValueError, "priors must su"),
        (
            lambda: GaussianTriple([1.0], priors=[[1 / 3] * 3]),
            ValueError,
            "priors must have shape",
        ),
        (lambda: GaussianTriple([1.0], priors=[0, 0.5, 0.5]), ValueError, "priors mus"),
        (lambda: SlabRule([1.0], 1.0, 0.0), ValueError, "lower must be at most upper"),
        (lambda: SlabRule([1.0], math.nan, 0.0), ValueError, "lower must not be NaN"),
        (lambda: SlabRule(1.0, 0.0, 0.0), ValueError, "w must have 1 axes"),
        (
            lambda: GaussianTriple([1.0]).robust_risk(([1.0], 0.0), 0.0),
            TypeError,
            "rule must be a SlabRule",
        ),
        (
            lambda: GaussianTriple([1.0]).standard_risk(SlabRule([1.0, 1.0], 0, 1)),
            ValueError,
            "rule must have 1 weights",
        ),
        (
            lambda: GaussianTriple([1.0]).optimal_robust_rule(-1),
            ValueError,
            "eps must be at least 0",
        ),
        (
            lambda: GaussianTriple([1.0]).optimal_robust_rule(1, 0.5),
            ValueError,
            "p must be at least 1",
        ),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
