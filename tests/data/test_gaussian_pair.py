"""Gaussian pairs: laws, risks at 50 digits, and optima with their certificates."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import linalg, optimize, sparse, stats
from sklearn.linear_model import LogisticRegression

from geomadv.classifiers import LinearClassifier, QuadraticClassifier
from geomadv.data import GaussianPair, _mahalanobis
from geomadv.perturbations import robust_error

FALSE_ALARM = 1e-6
INF = math.inf
NORMS = (1, 1.3, 2, 3, INF)
MU = np.array([1.0, -0.5, 0.2, 0.0])
MIX = np.array([[1, 0.3, 0, 0], [0, 1, -0.4, 0], [0.2, 0, 0.8, 0], [0, 0.5, 0, 0.6]])
COVS = {
    "identity": None,
    "number": 0.49,
    "diagonal": [0.5, 2.0, 0.1, 1.0],
    "matrix": MIX @ MIX.T,
}
W, B = np.array([0.7, -1.1, 0.4, 0.3]), 0.25


def dual(p):
    return INF if p == 1 else 1.0 if p == INF else p / (p - 1)


def matrix(cov, d=4):
    cov = np.asarray(1.0 if cov is None else cov)
    return cov if cov.ndim == 2 else np.diag(np.broadcast_to(cov, d))


@pytest.mark.parametrize("cov", COVS.values(), ids=COVS)
def test_classes_have_their_means_covariance_and_prior(cov):
    """Three exact laws: of a projection, of the Mahalanobis length, of the labels."""
    X, y = GaussianPair(MU, cov, prior=0.3).sample(20_000, 1)
    assert stats.binomtest(int((y > 0).sum()), y.size, 0.3).pvalue > FALSE_ALARM
    S = matrix(cov)
    for label in (-1, 1):
        rest = X[y == label] - label * MU
        for w in (W, np.eye(4)[0], np.array([1.0, 1.0, -1.0, 2.0])):
            law = stats.norm(0, math.sqrt(w @ S @ w))
            assert stats.kstest(rest @ w, law.cdf).pvalue > FALSE_ALARM
        lengths = np.einsum("ni,ij,nj->n", rest, np.linalg.inv(S), rest)
        assert stats.kstest(lengths, stats.chi2(4).cdf).pvalue > FALSE_ALARM


def test_same_seed_gives_the_same_points():
    pair = GaussianPair(MU, COVS["matrix"])
    first, second = pair.sample(9, 3), pair.sample(9, np.random.default_rng(3))
    assert (first[0] == second[0]).all()
    assert (first[1] == second[1]).all()


@pytest.mark.parametrize("cov", COVS.values(), ids=COVS)
def test_posterior_is_the_ratio_of_the_densities(cov):
    pair, S = GaussianPair(MU, cov, prior=0.2), matrix(cov)
    X = 2 * np.random.default_rng(2).standard_normal((50, 4))
    plus, minus = (
        q * stats.multivariate_normal(s * MU, S).pdf(X)
        for s, q in ((1, 0.2), (-1, 0.8))
    )
    assert np.allclose(pair.posterior(X), plus / (plus + minus), rtol=1e-12)
    assert (pair.bayes_predict(X) == np.where(plus > minus, 1, -1)).all()
    assert (pair.bayes_predict(X) == pair.bayes_classifier().predict(X)).all()


def test_posterior_far_away_neither_overflows_nor_becomes_nan():
    pair = GaussianPair([1.0])
    assert pair.posterior([[-300.0]])[0] == pytest.approx(math.exp(-600), rel=1e-12)
    assert pair.posterior([[1e300], [-1e300]]).tolist() == [1.0, 0.0]


def robust_risk(w, b, mu, S, prior, eps, p):
    """The formula at 50 digits, from integrals of the density: no Phi of scipy's."""
    with mpmath.workdps(50):
        w, mu = ([mpmath.mpf(float(v)) for v in x] for x in (w, mu))
        size = len(w)
        s = mpmath.sqrt(
            sum(
                w[i] * mpmath.mpf(float(S[i, j])) * w[j]
                for i in range(size)
                for j in range(size)
            )
        )
        if p == 1:
            length = max(abs(v) for v in w)
        elif p == INF:
            length = sum(abs(v) for v in w)
        else:
            q = mpmath.mpf(p) / (mpmath.mpf(p) - 1)
            length = sum(abs(v) ** q for v in w) ** (1 / q)
        m = sum(u * v for u, v in zip(w, mu, strict=True)) - mpmath.mpf(eps) * length
        pi, b = mpmath.mpf(prior), mpmath.mpf(float(b))
        upper = [
            mpmath.erfc((m + sign * b) / s / mpmath.sqrt(2)) / 2 for sign in (1, -1)
        ]
        return pi * upper[0] + (1 - pi) * upper[1]


@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize("cov", COVS.values(), ids=COVS)
def test_risks_agree_with_fifty_digits(cov, p):
    rng = np.random.default_rng(4)
    for size in (0.3, 1.0, 8.0, 30.0):
        w, mu = rng.standard_normal(4), size * MU
        w = w if w @ mu > 0 else -w
        b, eps = float(rng.standard_normal()), 0.1
        pair = GaussianPair(mu, cov, prior=0.35)
        exact = robust_risk(w, b, mu, matrix(cov), 0.35, eps, p)
        found = pair.robust_risk((w, b), eps, p)
        log = pair.log_robust_risk((w, b), eps, p)
        if exact > 1e-300:
            assert float(abs(found / exact - 1)) < 1e-11
        assert float(abs(log - mpmath.log(exact))) < 1e-11 * max(1, abs(log))


def test_logarithms_survive_where_risks_vanish():
    pair = GaussianPair(np.full(100, 10.0))
    rule = pair.bayes_classifier()
    assert pair.standard_risk(rule) == 0.0
    exact = mpmath.log(mpmath.erfc(100 / mpmath.sqrt(2)) / 2)
    assert float(pair.log_standard_risk(rule) / exact - 1) == pytest.approx(
        0, abs=1e-13
    )


@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize("cov", COVS.values(), ids=COVS)
def test_risk_is_the_share_of_sampled_points_that_can_be_made_wrong(cov, p):
    pair = GaussianPair(MU, cov, prior=0.3)
    rule = LinearClassifier.from_parameters(W, B)
    X, y = pair.sample(20_000, 5)
    for eps in (0.0, 0.2):
        wrong = robust_error(rule, X, y, eps, p=p)
        assert wrong.exact
        count = round(float(wrong.upper) * len(X))
        test = stats.binomtest(count, len(X), float(pair.robust_risk(rule, eps, p)))
        assert test.pvalue > FALSE_ALARM


@pytest.mark.parametrize(
    ("m", "prior", "eps", "robust", "standard", "bayes", "attacked"),
    [
        (1, 0.5, 0.5, 0.3085375387, 0.1586552539, 0.1586552539, 0.3085375387),
        (1, 0.2, 0, 0.1120665225, 0.1120665225, 0.1120665225, 0.1120665225),
        (1, 0.2, 0.5, 0.1861562268, 0.1368797814, 0.1120665225, 0.2084403243),
        (2, 0.1, 1, 0.0700606859, 0.0192440424, 0.0122004439, 0.0871991751),
        (1.5, 0.3, 0.75, 0.1939628196, 0.0660853417, 0.0596458110, 0.2016684236),
    ],
)
def test_known_tradeoffs_in_l2(m, prior, eps, robust, standard, bayes, attacked):
    pair = GaussianPair(m * np.array([0.6, -0.8]), prior=prior)
    best, plain = pair.optimal_robust_classifier(eps), pair.bayes_classifier()
    found = (
        pair.robust_risk(best, eps),
        pair.standard_risk(best),
        pair.bayes_risk,
        pair.robust_risk(plain, eps),
    )
    assert np.allclose(found, (robust, standard, bayes, attacked), rtol=0, atol=6e-11)


@pytest.mark.parametrize(
    ("eps", "w", "even", "rare", "plain"),
    [
        (0.1, (0.9, 0.4, 0.1), 0.1610994031, 0.1136005321, 0.1620407915),
        (0.3, (0.7, 0.2, 0.0), 0.2333034297, 0.1549054850, 0.2461196035),
        (0.6, (0.4, 0.0, 0.0), 0.3445782584, 0.1949167099, 0.4060484586),
    ],
)
def test_known_tradeoffs_in_l_infinity(eps, w, even, rare, plain):
    for prior, risk in ((0.5, even), (0.2, rare)):
        pair = GaussianPair([1.0, 0.5, 0.2], prior=prior)
        best = pair.optimal_robust_classifier(eps, p=INF)
        assert np.allclose(best.coef_, [w], rtol=0, atol=1e-15)
        assert abs(pair.robust_risk(best, eps, INF) - risk) < 6e-11
        if prior == 0.5:
            attacked = pair.robust_risk(pair.bayes_classifier(), eps, INF)
            assert abs(attacked - plain) < 6e-11


@pytest.mark.parametrize("prior", [0.5, 0.07, 0.8])
@pytest.mark.parametrize("p", [1, 1.01, 1.3, 2, 3, 50, INF])
@pytest.mark.parametrize("cov", COVS.values(), ids=COVS)
@pytest.mark.parametrize("eps", [0.0, 0.02, 0.15, 0.3])
def test_no_classifier_has_less_robust_risk(cov, p, prior, eps):
    """Shifts of at most eps leave a pair whose Bayes risk is that very risk."""
    pair = GaussianPair(MU, cov, prior)
    best = pair.optimal_robust_classifier(eps, p)
    shift = matrix(cov) @ best.coef_[0] - MU
    assert np.linalg.norm(shift, p) <= eps * (1 + 1e-10) + 1e-15
    bound = pair.shifted(shift).bayes_risk
    assert abs(pair.robust_risk(best, eps, p) - bound) < 1e-12


@pytest.mark.parametrize("p", [1, 1.3, 2, 3, INF])
def test_no_direction_in_the_plane_does_better(p):
    """A grid of directions, each with the best of a grid of offsets."""
    cov = np.array([[1.0, 0.6], [0.6, 0.8]])
    pair = GaussianPair([1.0, 0.4], cov, prior=0.3)
    best = pair.optimal_robust_classifier(0.25, p)
    least = pair.robust_risk(best, 0.25, p)
    angles = np.linspace(0, 2 * np.pi, 721)
    w = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    s = np.sqrt(np.einsum("ni,ij,nj->n", w, cov, w))
    m = (w @ pair.mu - 0.25 * np.linalg.norm(w, dual(p), axis=1)) / s
    c = np.linspace(-4, 4, 401)[:, None]
    risks = 0.3 * stats.norm.cdf(-m - c) + 0.7 * stats.norm.cdf(-m + c)
    assert risks.min() >= least - 1e-14
    assert risks.min() <= least + 1e-4
    own = np.arctan2(*best.coef_[0][::-1]) % (2 * np.pi)
    assert abs(own - angles[risks.min(axis=0).argmin()]) < 0.02


@given(
    w=st.lists(st.floats(-2, 2), min_size=4, max_size=4),
    b=st.floats(-2, 2),
    p=st.sampled_from(NORMS),
    eps=st.floats(0, 1),
    cov=st.sampled_from(list(COVS)),
)
@settings(max_examples=60, deadline=None)
def test_other_half_spaces_are_no_better(w, b, p, eps, cov):
    pair = GaussianPair(MU, COVS[cov], prior=0.4)
    best = pair.optimal_robust_classifier(eps, p)
    least = pair.robust_risk(best, eps, p)
    assert pair.robust_risk((w, b), eps, p) >= least - 1e-12


@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize("cov", COVS.values(), ids=COVS)
def test_worst_shift_turns_robust_risk_into_standard_risk(cov, p):
    pair = GaussianPair(MU, cov, prior=0.6)
    delta = pair.worst_shift((W, B), 0.4, p)
    assert np.linalg.norm(delta, p) == pytest.approx(0.4, rel=1e-14)
    shifted = pair.shifted(delta)
    assert np.allclose(shifted.mu, MU + delta, rtol=0, atol=1e-16)
    assert shifted.standard_risk((W, B)) == pytest.approx(
        pair.robust_risk((W, B), 0.4, p), rel=1e-13
    )
    others = np.random.default_rng(6).standard_normal((200, 4))
    others *= 0.4 / np.linalg.norm(others, p, axis=1)[:, None]
    for other in others:
        assert pair.shifted(other).standard_risk((W, B)) < shifted.standard_risk((W, B))


@pytest.mark.parametrize("prior", [0.2, 0.5, 0.9])
@pytest.mark.parametrize(("eps", "p"), [(1.0, INF), (1.7, 1), (1.2, 2), (3.0, 1.5)])
def test_a_mean_within_the_ball_leaves_the_more_frequent_class(prior, eps, p):
    pair = GaussianPair(MU, COVS["matrix"], prior)
    best = pair.optimal_robust_classifier(eps, p)
    assert not best.coef_.any()
    assert best.predict([[9.0, 9, 9, 9], [-9.0, 0, 0, 0]]).tolist() == (
        [1, 1] if prior >= 0.5 else [-1, -1]
    )
    assert pair.robust_risk(best, eps, p) == pytest.approx(min(prior, 1 - prior))


def test_the_constant_is_the_limit_of_the_optima():
    pair = GaussianPair([1.0, 0.3], [[1.0, 0.2], [0.2, 0.5]], prior=0.35)
    risks = [
        pair.robust_risk(pair.optimal_robust_classifier(eps, p), eps, p)
        for p in (1, 1.5, 4, INF)
        for eps in np.linalg.norm(pair.mu, p) * np.array([0.99, 1 - 1e-9, 1 - 1e-15, 1])
    ]
    assert np.allclose(risks, 0.35, rtol=0, atol=1e-2)
    assert (np.diff(np.reshape(risks, (4, 4))) >= -1e-15).all()


@pytest.mark.parametrize("eps", [1e-300, 1e-106, 1e-17, 3e-16, 1e-15])
@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize("cov", COVS.values(), ids=COVS)
def test_a_ball_of_almost_no_size_leaves_the_bayes_rule(cov, p, eps):
    pair = GaussianPair(MU, cov, 0.3)
    best, bayes = pair.optimal_robust_classifier(eps, p), pair.bayes_classifier()
    assert np.allclose(best.coef_, bayes.coef_, rtol=0, atol=1e-12)
    assert best.intercept_ == bayes.intercept_


@pytest.mark.parametrize("p", [1, 1.2, 2, 5, INF])
@pytest.mark.parametrize("share", [1e-6, 0.2, 0.7, 0.999])
def test_the_cone_program_agrees_with_the_equation_for_diagonals(p, share):
    """The two share no line: a diagonal matrix takes the way of all matrices."""
    rng = np.random.default_rng(7)
    mu, v = rng.standard_normal(12), rng.uniform(0.1, 3, 12)
    eps = share * float(np.linalg.norm(mu, p))
    z, w = _mahalanobis.nearest_in_ball(mu, v, np.sqrt(v), eps, float(p))
    S = np.diag(v)
    others = _mahalanobis.nearest_in_ball(mu, S, np.sqrt(S), eps, float(p))
    assert np.allclose(z, others[0], rtol=0, atol=1e-11)
    assert np.allclose(w, others[1], rtol=0, atol=1e-11)


@pytest.mark.parametrize("p", [1, 1.001, 1.1, 3, INF])
@pytest.mark.parametrize("share", [1e-12, 1e-3, 0.5, 1 - 1e-6, 1 - 1e-10])
def test_ill_conditioned_matrices_are_certified(p, share):
    """Condition 1e8 and more; the gap is that of the two values of the duality."""
    rng = np.random.default_rng(9)
    for d in (2, 5, 40):
        mu, A = rng.standard_normal(d), rng.standard_normal((d, d))
        s = 10 ** rng.uniform(-2, 2, d)
        S = (A @ A.T / d + 0.1 * np.eye(d)) * s[:, None] * s
        L = linalg.cholesky(S, lower=True)
        eps = share * float(np.linalg.norm(mu, p))
        z, w = _mahalanobis.nearest_in_ball(mu, S, L, eps, float(p))
        w = w / np.abs(w).max()  # powers as high as q = 1001 stay finite
        below = (w @ mu - eps * np.linalg.norm(w, dual(p))) / np.linalg.norm(L.T @ w)
        z *= min(1.0, eps / np.linalg.norm(z, p))
        above, all_ = (
            np.linalg.norm(linalg.solve_triangular(L, x, lower=True))
            for x in (mu - z, mu)
        )
        assert abs(above - below) < 1e-10 * all_


def test_slopes_of_newtons_equations():
    rng = np.random.default_rng(10)
    S, x = COVS["matrix"], rng.standard_normal(5)
    for equations, point in (
        (_mahalanobis._in_weights(MU, S, 0.3, 2.5), x[:4]),
        (_mahalanobis._in_point(MU, S, 0.3, 3.5), x),
    ):
        _, slope = equations(point)
        steps = 1e-6 * np.eye(len(point))
        near = [equations(point + h)[0] - equations(point - h)[0] for h in steps]
        assert np.allclose(slope, np.array(near).T / 2e-6, rtol=0, atol=1e-7)


@pytest.mark.parametrize("p", [1, 1.001, 1.5, 4])
@pytest.mark.parametrize("share", [1 - 1e-13, 1 - 1e-15, 1 - 3e-16])
def test_a_mean_barely_outside_the_ball(p, share):
    for v in (np.ones(3), np.array([1e-4, 1.0, 50.0])):
        eps = share * float(np.linalg.norm(MU[:3], p))
        z, w = _mahalanobis.nearest_in_ball(MU[:3], v, np.sqrt(v), eps, p)
        assert np.allclose(z, MU[:3], rtol=0, atol=1e-11)
        assert np.allclose(v * w, 0, rtol=0, atol=1e-11)


def test_a_rotation_may_round_the_mean_into_the_ball():
    rng = np.random.default_rng(11)
    for _ in range(40):
        mu, A = rng.standard_normal(40), rng.standard_normal((40, 40))
        S = A @ A.T + np.eye(40)
        eps = (1 - 3e-16) * float(np.linalg.norm(mu))
        z, w = _mahalanobis.nearest_in_ball(
            mu, S, linalg.cholesky(S, lower=True), eps, 2.0
        )
        assert np.allclose(z, mu, rtol=0, atol=1e-12)
        assert np.allclose(w, 0, rtol=0, atol=1e-12)


@pytest.mark.parametrize("p", [1.5, 3])
def test_a_general_optimiser_finds_the_same_shift(p):
    S = COVS["matrix"]
    inverse = np.linalg.inv(S)
    z, _ = _mahalanobis.nearest_in_ball(MU, S, linalg.cholesky(S, lower=True), 0.3, p)
    found = optimize.minimize(
        lambda x: (MU - x) @ inverse @ (MU - x),
        0.1 * MU + 0.01,
        jac=lambda x: -2 * inverse @ (MU - x),
        constraints={"type": "ineq", "fun": lambda x: 0.3 - np.linalg.norm(x, p)},
        method="SLSQP",
        options={"ftol": 1e-15, "maxiter": 1000},
    )
    assert np.allclose(z, found.x, rtol=0, atol=1e-5)


def test_simulated_attacks_confirm_the_optimum():
    """At an error rate of 1e-6 each: its risk, and that Bayes' rule does worse."""
    pair = GaussianPair(MU, COVS["matrix"], prior=0.3)
    X, y = pair.sample(40_000, 8)
    best, plain = pair.optimal_robust_classifier(0.3, INF), pair.bayes_classifier()
    for rule in (best, plain):
        count = round(float(robust_error(rule, X, y, 0.3, p=INF).upper) * len(X))
        risk = float(pair.robust_risk(rule, 0.3, INF))
        assert stats.binomtest(count, len(X), risk).pvalue > FALSE_ALARM
    least = float(pair.robust_risk(best, 0.3, INF))
    assert stats.binomtest(count, len(X), least).pvalue < FALSE_ALARM


def test_many_independent_coordinates_cost_no_matrix():
    pair = GaussianPair(np.full(10**6, 1e-3), np.linspace(1, 2, 10**6))
    best = pair.optimal_robust_classifier(5e-4, INF)
    assert pair.robust_risk(best, 5e-4, INF) == pytest.approx(
        stats.norm.cdf(-5e-4 * math.sqrt((1 / np.linspace(1, 2, 10**6)).sum()))
    )


def test_linear_classifiers_of_all_makes_are_taken():
    pair = GaussianPair(MU, prior=0.4)
    risk = pair.robust_risk((W, B), 0.1)
    plain = LinearClassifier.from_parameters(W, B)
    two = LinearClassifier.from_parameters([0 * W, W], [0.0, B])
    regression = LogisticRegression().fit(*pair.sample(100, 1))
    regression.coef_, regression.intercept_ = W[None], np.array([B])
    for rule in (plain, two, regression, regression.sparsify(), [W, B]):
        assert pair.robust_risk(rule, 0.1) == pytest.approx(risk, rel=1e-14)
    assert sparse.issparse(regression.coef_)


def test_the_scale_of_a_classifier_does_not_matter():
    pair = GaussianPair(MU)
    risk = pair.robust_risk((W, B), 0.1)
    for scale in (1e-300, 1e300):
        found = pair.robust_risk((scale * W, scale * B), 0.1)
        assert found == pytest.approx(risk, rel=1e-13)


def test_constants_err_on_one_class():
    pair, none = GaussianPair(MU, prior=0.3), 0 * MU
    assert pair.standard_risk((none, 1.0)) == pytest.approx(0.7)
    assert pair.standard_risk((none, -1.0)) == pytest.approx(0.3)
    assert pair.robust_risk((none, 0.0), [0.0, 9.0]) == pytest.approx([0.3, 0.3])
    assert pair.log_standard_risk((none, 1.0)) == pytest.approx(math.log(0.7))
    assert not pair.worst_shift((none, 1.0), 2.0).any()


def test_covariances_take_their_simplest_form():
    assert GaussianPair(MU, np.eye(4)).cov.shape == ()
    assert GaussianPair(MU, np.diag([1.0, 2, 3, 4])).cov.shape == (4,)
    assert GaussianPair(MU, COVS["matrix"]).cov.shape == (4, 4)
    assert repr(GaussianPair(MU, 2.0)) == (
        "GaussianPair(4 coordinates, cov=..., prior=0.5)"
    )


def test_the_pair_keeps_its_own_copies():
    mu = np.ones(2)
    pair = GaussianPair(mu)
    mu[0], pair.mu[1] = 5.0, 5.0
    assert pair.mu.tolist() == [1.0, 1.0]


def test_a_solution_that_is_not_near_the_optimum_is_announced(monkeypatch):
    shortest = _mahalanobis._shortest
    monkeypatch.setattr(
        _mahalanobis, "_shortest", lambda *a: shortest(*a) * [1.0, 1.2, 1.0, 0.9]
    )
    monkeypatch.setattr(_mahalanobis, "_newton", lambda equations, x: x)
    with pytest.warns(RuntimeWarning, match="is known to"):
        GaussianPair(MU, COVS["matrix"]).optimal_robust_classifier(0.3, 1.5)


def test_empty_samples_and_queries():
    pair = GaussianPair(MU)
    X, y = pair.sample(0, 1)
    assert (X.shape, y.shape) == ((0, 4), (0,))
    assert pair.posterior(X).shape == pair.bayes_predict(X).shape == (0,)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"mu": 1.0}, ValueError, "mu must have 1 axes"),
        ({"mu": []}, ValueError, "mu must not be empty"),
        ({"mu": [math.nan]}, ValueError, "mu must be finite"),
        ({"mu": "ab"}, TypeError, "mu must be real numbers"),
        ({"cov": [1.0, 2.0]}, ValueError, r"cov must be a number or have shape \(4,\)"),
        ({"cov": np.ones((4, 3))}, ValueError, "cov must be a number or have shape"),
        ({"cov": np.ones((4, 4))}, ValueError, "cov must be positive definite"),
        ({"cov": np.tri(4)}, ValueError, "cov must be symmetric"),
        ({"cov": 0.0}, ValueError, "cov must hold positive variances, got 0"),
        ({"prior": 0}, ValueError, r"prior must lie in \(0, 1\), got 0.0"),
        ({"prior": math.nan}, ValueError, "prior must lie"),
    ],
)
def test_bad_parameters_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        GaussianPair(**{"mu": MU, **arguments})


@pytest.mark.errors
def test_bad_queries_are_named():
    pair = GaussianPair(MU)
    three = LinearClassifier.from_parameters(np.ones((3, 4)), [0.0, 1.0, 2.0])
    with pytest.raises(ValueError, match="classifier must have two classes, got 3"):
        pair.standard_risk(three)
    quadratic = QuadraticClassifier.from_parameters(np.eye(4), MU, 0.0)
    for rule in (LinearClassifier(), quadratic, None, 3.0):
        with pytest.raises(TypeError, match="classifier must be linear"):
            pair.standard_risk(rule)
    with pytest.raises(ValueError, match="classifier must have 4 weights"):
        pair.robust_risk(([1.0, 2.0], 0.0), 0.1)
    with pytest.raises(ValueError, match="w must be finite"):
        pair.standard_risk(([1.0, 2.0, 3.0, math.nan], 0.0))
    with pytest.raises(ValueError, match="eps must be at least 0"):
        pair.optimal_robust_classifier(-0.1)
    with pytest.raises(TypeError, match="eps must be one number"):
        pair.optimal_robust_classifier([0.1, 0.2])
    with pytest.raises(ValueError, match="eps must be at least 0"):
        pair.robust_risk((W, B), [0.1, -0.1])
    with pytest.raises(ValueError, match="p must be at least 1"):
        pair.worst_shift((W, B), 0.1, 0.5)
    with pytest.raises(ValueError, match=r"delta must have shape \(4,\)"):
        pair.shifted([1.0])
    with pytest.raises(ValueError, match="X must have 4 columns"):
        pair.posterior([[1.0]])
    with pytest.raises(TypeError, match="rng must be a numpy"):
        pair.sample(1, None)
