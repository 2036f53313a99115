"""TRADES, logit pairing and stability training: objectives, optima, closed forms."""

import math

import mpmath
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, rel_entr
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

from geomadv.classifiers import (
    AdversarialLinearClassifier,
    FourierFeatures,
    KernelFeatures,
    LogitPairingClassifier,
    StabilityClassifier,
    TradesClassifier,
    _divergences,
    _minimax,
)

RNG = np.random.default_rng(0)
X = RNG.standard_normal((80, 3)) + np.array([0.5, 0.0, -0.2])
Y = np.where(X[:, 0] + 0.5 * RNG.standard_normal(80) > 0.3, 1.0, -1.0)
NORMS = (1, 2, math.inf)
LOSSES = ("logistic", "squared")
CONVEX = [
    *(TradesClassifier(0.3, p, 2.0, "squared", 0.01) for p in NORMS),
    *(
        LogitPairingClassifier(0.3, p, 0.5, share, loss, 0.01)
        for p, share in zip(NORMS, (0.5, 1.0, 0.3), strict=True)
        for loss in LOSSES
    ),
    StabilityClassifier(0.6, 2.0, "squared", 0.01),
    StabilityClassifier(0.6, 0.7, "logistic", 0.01),
    StabilityClassifier(2.0, 1.0, "logistic", 0.01),
]
OTHERS = [
    *(TradesClassifier(0.3, p, 3.0, "logistic", 0.01) for p in NORMS),
    StabilityClassifier(0.6, 4.0, "logistic", 0.01),
]


@pytest.mark.errors
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(
    [
        TradesClassifier(),
        LogitPairingClassifier(loss="squared"),
        StabilityClassifier(),
        KernelFeatures(),
        FourierFeatures(5, random_state=0),
    ]
)
def test_they_keep_the_rules_of_scikit_learn(estimator, check):
    check(estimator)


def kl(f, g):
    """KL between the laws of the labels, from its definition."""
    p, q = expit(f), expit(g)
    return rel_entr(p, q) + rel_entr(1 - p, 1 - q)


def corners(p, size):
    """Steps of l_p length size: corners of the ball, or many points of its sphere."""
    if p == 2:
        steps = np.random.default_rng(1).standard_normal((5000, 3))
        return size * steps / np.linalg.norm(steps, axis=1)[:, None]
    if p == 1:
        return size * np.concatenate([np.eye(3), -np.eye(3)])
    return size * np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T


def brute(model, w, b):
    """The objective of the module, with neither a norm of w nor an integral."""
    f = X @ w + b
    logistic = model.loss == "logistic"

    def loss(f, y):
        return np.logaddexp(0, -y * f) if logistic else (y - f) ** 2

    if isinstance(model, StabilityClassifier):
        nodes, shares = np.polynomial.hermite_e.hermegauss(180)
        moved = f[:, None] + model.sigma * np.linalg.norm(w) * nodes
        change = kl(f[:, None], moved) if logistic else (moved - f[:, None]) ** 2
        total = loss(f, Y) + model.strength * change @ (shares / shares.sum())
    else:
        moved = (X[:, None] + corners(model.p, model.eps)) @ w + b
        if isinstance(model, TradesClassifier):
            change = kl(f[:, None], moved) if logistic else (moved - f[:, None]) ** 2
            total = loss(f, Y) + model.strength * change.max(axis=1)
        else:
            worst = loss(moved, Y[:, None]).max(axis=1)
            pairs = ((moved - f[:, None]) ** 2).max(axis=1)
            total = (1 - model.share) * loss(f, Y) + model.share * worst
            total = total + model.strength * pairs
    return model.alpha / 2 * (w @ w) + total.mean()


@pytest.mark.parametrize("model", CONVEX + OTHERS, ids=str)
def test_the_objective_is_that_of_the_perturbed_points(model):
    model.fit(X, Y)
    expected = brute(model, model.coef_[0], model.intercept_[0])
    rtol = 5e-3 if getattr(model, "p", 1) == 2 else 1e-10
    assert model.objective_ == pytest.approx(expected, rel=rtol)


@pytest.mark.parametrize("model", CONVEX, ids=str)
def test_convex_objectives_are_solved_to_a_certified_gap(model):
    model.fit(X, Y)
    assert -1e-14 <= model.gap_ <= 1e-10
    assert model.gap_ == model.stationarity_


@pytest.mark.parametrize("model", OTHERS, ids=str)
def test_others_are_stationary_and_certified_by_a_convex_program(model):
    """The gap is to the optimum of strength 0, or of strength 1 for stability."""
    model.fit(X, Y)
    assert abs(model.stationarity_) <= 1e-10
    stable = isinstance(model, StabilityClassifier)
    parameters = {**model.get_params(), "strength": float(stable)}
    easier = type(model)(**parameters).fit(X, Y)
    assert model.gap_ == pytest.approx(model.objective_ - easier.objective_, abs=1e-9)
    assert model.gap_ > 1e-3


@pytest.mark.parametrize(
    ("model", "most"),
    [
        (TradesClassifier(1.5, math.inf, 3.0), 0.0571),
        (TradesClassifier(1.5, math.inf, 6.0), 0.0702),
        (StabilityClassifier(0.5, 50.0), 0.0298),
    ],
    ids=str,
)
def test_bad_local_minima_near_0_are_left(model, most):
    """From w = 0 the descents end at objectives of .42, .53 and .51."""
    rows, y = np.array([[2.0], [3.0], [-2.0], [-3.0]]), np.array([1, 1, -1, -1])
    model.fit(rows, y)
    assert model.objective_ <= most
    cost, size, p, _ = model._cost(y.astype(float))
    problem = _minimax.Problem(rows, cost, model.alpha, size, p)
    grid = np.linspace(0.0, 20.0, 401)
    least = min(problem.objective(np.array([w]), 0.0) for w in grid)
    assert least - 1e-3 <= model.objective_ <= least
    assert abs(model.stationarity_) <= 1e-10
    assert 0.0 < model.gap_ < model.objective_


@pytest.mark.parametrize("value", [0.1, 1e5 / 3, -7e-9])
@pytest.mark.parametrize(
    "model",
    [
        StabilityClassifier(0.0, loss="squared"),
        StabilityClassifier(0.5, 4.0),
        TradesClassifier(0.1, loss="squared"),
        TradesClassifier(0.1),
        LogitPairingClassifier(0.1),
    ],
    ids=str,
)
def test_constant_features_leave_the_best_constant(model, value):
    model.fit(np.full((7, 3), value), [1] * 5 + [-1] * 2)
    squared = model.loss == "squared"
    best = 1 - (3 / 7) ** 2 if squared else -(5 * math.log(5 / 7) + 2 * math.log(2 / 7))
    assert model.intercept_[0] == pytest.approx(3 / 7 if squared else math.log(2.5))
    assert model.objective_ == pytest.approx(best if squared else best / 7, rel=1e-12)
    assert np.all(np.abs(model.coef_) <= 1e-20)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("size", [1e-7, 1e-10])
def test_small_shifts_of_large_strength_have_a_limit(size):
    """strength KL tends to r^2 s (1 - s)/2, for noise and for the worst in l_2."""
    problem = _minimax.Problem(X, _weighted_squares, 0.01, 1.0, 2.0)
    limit = minimize(lambda z: problem.objective(z[:3], z[3]), np.ones(4), tol=1e-9)
    for model in (
        StabilityClassifier(size, size**-2, alpha=0.01),
        TradesClassifier(size, 2, size**-2, alpha=0.01),
    ):
        model.fit(X, Y)
        assert model.objective_ == pytest.approx(limit.fun, abs=1e-7)
        assert abs(model.stationarity_) <= 1e-8


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("p", [1, math.inf])
def test_small_shifts_in_other_norms_have_a_limit_too(p):
    objectives = [
        TradesClassifier(size, p, size**-2, alpha=0.01).fit(X, Y).objective_
        for size in (1e-5, 1e-8, 1e-10)
    ]
    assert objectives == pytest.approx([objectives[0]] * 3, abs=1e-5)


def _weighted_squares(f, r):
    """Only values: the limit of the test above."""
    h = np.logaddexp(0, -Y * f) + r * r * expit(f) * expit(-f) / 2
    return _divergences.Jet(h[None], *[np.zeros((1, len(f)))] * 5)


@pytest.mark.parametrize("r", [1e-9, 1e-4, 0.049, 0.051, 0.099, 0.101, 1.001])
def test_divergences_keep_their_digits(r):
    f = np.array([-30.0, -2.0, 0.0, 0.4, 6.0, 35.0])
    worst, mean = _divergences.worst_kl(f, r).h, _divergences.mean_kl(f, r).h[0]
    floor = 1e-300 if r < 1 else 1e-16
    with mpmath.workdps(60):
        step = mpmath.mpf(r)

        def softplus(x):
            return mpmath.log1p(mpmath.exp(x))

        for i, x in enumerate(map(mpmath.mpf, f)):
            for branch, c in ((0, 1), (1, -1)):
                slope = 1 / (1 + mpmath.exp(-x))
                exact = softplus(x + c * step) - softplus(x) - c * step * slope
                assert worst[branch, i] == pytest.approx(float(exact), rel=2e-13)
            nodes = [
                (mpmath.mpf(k) / 4, mpmath.npdf(mpmath.mpf(k) / 4))
                for k in range(1, 65)
            ]
            total = sum(
                p * (softplus(x + step * g) + softplus(x - step * g) - 2 * softplus(x))
                for g, p in nodes
            )
            assert mean[i] == pytest.approx(float(total / 4), rel=2e-12, abs=floor)


def cost_of(model):
    cost, size, p, _ = model._cost(Y)
    return _minimax.Problem(X, cost, model.alpha, size, p)


@pytest.mark.parametrize("model", CONVEX + OTHERS, ids=str)
def test_a_general_optimiser_finds_no_less(model):
    model.fit(X, Y)
    problem = cost_of(model)
    start = np.append(model.coef_[0], model.intercept_[0])
    options = {"xatol": 1e-8, "fatol": 1e-11, "maxfev": 400}
    found = min(
        minimize(
            lambda z: problem.objective(z[:3], z[3]),
            scale * start,
            method="Nelder-Mead",
            options=options,
        ).fun
        for scale in (0.3, 1.0)
    )
    assert problem.objective(start[:3], start[3]) == pytest.approx(model.objective_)
    assert found >= model.objective_ - 1e-10
    assert found <= model.objective_ + 1e-3


@pytest.mark.parametrize("model", CONVEX, ids=str)
def test_bounds_at_other_points_are_below_the_optimum(model):
    """Weak duality, and the bound is sharp at the optimum alone."""
    model.fit(X, Y)
    problem, rng = cost_of(model), np.random.default_rng(2)
    for _ in range(5):
        w, b = (
            model.coef_[0] + 0.3 * rng.standard_normal(3),
            0.3 * rng.standard_normal(),
        )
        weights = rng.random(problem.jet(w, b).h.shape)
        bound = problem.bound(w, b, weights / weights.sum(axis=0))
        assert bound < model.objective_ - 1e-6


@pytest.mark.parametrize("p", [2.0, math.inf])
def test_the_bound_is_exact_where_costs_are_linear(p):
    """For costs r - y f the least value is that of a projection, in closed form."""
    rows, y = X[:64], np.repeat([1.0, -1.0], 32)

    def cost(f, r):
        zero = np.zeros((1, 64))
        one = zero + 1.0
        return _divergences.Jet(r - y * f[None], -y * one, one, zero, zero, zero)

    problem = _minimax.Problem(rows, cost, 0.3, 0.1, p)
    v = y @ rows / 64
    length = np.linalg.norm(v)
    shrunk = np.sign(v) * np.maximum(np.abs(v) - 0.1, 0)  # off the cube of radius .1
    rest = v * max(0.0, 1 - 0.1 / length) if p == 2 else shrunk
    bound = problem.bound(np.array([0.3, -1.0, 2.0]), 0.7, np.ones((1, 64)))
    assert bound == pytest.approx(-(rest @ rest) / 0.6, rel=1e-12)
    assert problem.objective(rest / 0.3, 0.0) == pytest.approx(bound, rel=1e-12)


@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize("loss", LOSSES)
def test_pairing_of_adversarial_points_alone_is_adversarial_training(p, loss):
    ours = LogitPairingClassifier(0.2, p, 0.0, 1.0, loss, 0.01).fit(X, Y)
    theirs = AdversarialLinearClassifier(0.2, p, loss, 0.01).fit(X, Y)
    assert ours.objective_ == pytest.approx(theirs.objective_, abs=1e-9)
    assert np.allclose(ours.coef_, theirs.coef_, atol=1e-4)


def ridge(penalty):
    """Minimise mean (y - f)^2 + penalty |w|^2 by the normal equations."""
    Z, y = X - X.mean(axis=0), Y - Y.mean()
    return np.linalg.solve(Z.T @ Z / 80 + penalty * np.eye(3), Z.T @ y / 80)


def test_gaussian_stability_with_the_squared_loss_is_ridge_regression():
    """sigma^2 |w|^2, and eps^2 |w|_2^2 for TRADES in l_2."""
    for sigma, strength in ((0.5, 1.0), (1.5, 0.2)):
        expected = ridge(0.005 + strength * sigma**2)
        stable = StabilityClassifier(sigma, strength, "squared", 0.01).fit(X, Y)
        trades = TradesClassifier(sigma, 2, strength, "squared", 0.01).fit(X, Y)
        for model in (stable, trades):
            assert np.allclose(model.coef_[0], expected, atol=1e-7)


@pytest.mark.parametrize("p", NORMS)
def test_the_squared_penalty_is_eps_squared_times_the_dual_norm_squared(p):
    """Subgradients of |w|_q: the optimality of the weights, without the solver."""
    eps, strength = 0.4, 1.5
    model = TradesClassifier(eps, p, strength, "squared", 0.01).fit(X, Y)
    w = model.coef_[0]
    Z, y = X - X.mean(axis=0), Y - Y.mean()
    force = 2 * Z.T @ (y - Z @ w) / 80 - 0.01 * w
    q = {1: math.inf, 2: 2, math.inf: 1}[p]
    size = 2 * strength * eps**2 * np.linalg.norm(w, q)
    assert np.linalg.norm(force, p) == pytest.approx(size, rel=1e-5)
    assert force @ w == pytest.approx(size * np.linalg.norm(w, q), rel=1e-5)


def test_stability_of_strength_1_is_training_at_noisy_points():
    model = StabilityClassifier(0.8, 1.0, alpha=0.01).fit(X, Y)
    nodes, shares = np.polynomial.hermite_e.hermegauss(60)
    f = X @ model.coef_[0] + model.intercept_[0]
    noisy = f[:, None] + 0.8 * np.linalg.norm(model.coef_) * nodes
    losses = np.logaddexp(0, -Y[:, None] * noisy) @ (shares / shares.sum())
    expected = losses.mean() + 0.005 * (model.coef_**2).sum()
    assert model.objective_ == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize(
    "model",
    [
        TradesClassifier(0.0, alpha=0.02),
        TradesClassifier(0.3, strength=0.0, alpha=0.02),
        LogitPairingClassifier(0.0, alpha=0.02),
        LogitPairingClassifier(0.3, strength=0.0, share=0.0, alpha=0.02),
        StabilityClassifier(0.0, alpha=0.02),
        StabilityClassifier(0.3, strength=0.0, alpha=0.02),
    ],
    ids=str,
)
def test_without_a_regulariser_it_is_penalised_logistic_regression(model):
    plain = LogisticRegression(C=1 / (80 * 0.02), tol=1e-10, max_iter=1000).fit(X, Y)
    assert np.allclose(model.fit(X, Y).coef_, plain.coef_, atol=1e-5)
    assert model.gap_ <= 1e-10


@pytest.mark.parametrize("model", [*CONVEX[::3], *OTHERS], ids=str)
def test_units_do_not_matter(model):
    """Points in other units, with eps in the same, give the same decisions."""
    plain = model.fit(X, Y).decision_function(X)
    unit = 1e5
    sizes = {"sigma": unit * model.sigma} if hasattr(model, "sigma") else {}
    sizes |= {"eps": unit * model.eps} if hasattr(model, "eps") else {}
    other = type(model)(**{**model.get_params(), **sizes, "alpha": 0.01 * unit**2})
    assert np.allclose(other.fit(unit * X, Y).decision_function(unit * X), plain)


@pytest.mark.parametrize(
    "cost",
    [
        lambda f, r: _divergences.logistic(f, Y[:7]),
        lambda f, r: _divergences.worst_logistic(f, Y[:7], r),
        lambda f, r: _divergences.squared(f, Y[:7]),
        lambda f, r: _divergences.worst_squared(f, Y[:7], r),
        _divergences.square,
        _divergences.worst_kl,
        _divergences.mean_kl,
    ],
)
@pytest.mark.parametrize("r", [0.04, 0.09, 0.2, 0.99, 1.01, 6.0])
def test_derivatives(cost, r):
    f, h = np.array([-30.0, -2.0, -0.3, 0.1, 0.7, 3.0, 25.0]), 1e-5
    jet, right, left = cost(f, r), cost(f + h, r), cost(f - h, r)
    up, down = cost(f, r + h), cost(f, r - h)
    for found, above, below in (
        (jet.f, right.h, left.h),
        (jet.r, up.h, down.h),
        (jet.ff, right.f, left.f),
        (jet.fr, right.r, left.r),
        (jet.fr, up.f, down.f),
        (jet.rr, up.r, down.r),
    ):
        assert found == pytest.approx((above - below) / (2 * h), rel=1e-8, abs=2e-9)


@pytest.mark.parametrize("r", [1e-3, 0.999, 1.0, 40.0])
def test_the_mean_divergence_is_right_to_1e_13(r):
    f = np.array([-20.0, 0.0, 0.4, 6.0])
    found = _divergences.mean_kl(f, r).h[0]
    with mpmath.workdps(30):
        for value, start in zip(found, f, strict=True):
            integral = mpmath.quad(
                lambda g, a=start: mpmath.log1p(mpmath.exp(a + r * g)) * mpmath.npdf(g),
                [-12, -6, -start / r if abs(start / r) < 6 else -3, 6.5, 12],
            )
            exact = integral - mpmath.log1p(mpmath.exp(start))
            assert abs(value - float(exact)) < 1e-13 * max(1.0, r, abs(start))


def test_certified_objectives_of_kernel_features_bound_attacks():
    """No perturbed point changes a kernel classifier by more than radius |v|."""
    rng = np.random.default_rng(5)
    for features in (KernelFeatures(0.5), FourierFeatures(40, 0.5, 0)):
        radius, steps = features.fit(X).radius(0.3), rng.standard_normal((60, 3))
        steps *= 0.3 / np.linalg.norm(steps, axis=1)[:, None]
        model = make_pipeline(features, TradesClassifier(radius, 2, alpha=0.01))
        model.fit(X, Y)
        f = model.decision_function(X)
        moved = np.array([model.decision_function(X + step) for step in steps])
        change = np.abs(moved - f).max()
        most = radius * np.linalg.norm(model[-1].coef_)
        assert 0.1 * most < change <= most


def test_radius_and_noise_of_features():
    rng = np.random.default_rng(6)
    noise = 0.4 * rng.standard_normal((4000, 3))
    for features in (KernelFeatures(0.7), FourierFeatures(30, 0.7, 1)):
        Z = features.fit(X).transform(np.concatenate([X[:1], X[:1] + noise]))
        squares = ((Z[1:] - Z[0]) ** 2).sum(axis=1)
        lengths = np.linalg.norm(noise, axis=1)
        assert all(
            square <= features.radius(length) ** 2 + 1e-9
            for square, length in zip(squares, lengths, strict=True)
        )
        error = 5 * squares.std() / math.sqrt(4000)
        mean, bound = squares.mean(), features.noise(0.4) ** 2
        assert mean <= bound + error
        if isinstance(features, FourierFeatures):
            assert mean >= bound - error  # five deviations: false alarm below 1e-6
    Z = KernelFeatures(0.7).fit(X).transform(X)
    K = np.exp(-0.7 * ((X[:, None] - X) ** 2).sum(axis=2))
    assert np.allclose(Z @ Z.T, K, atol=1e-8)


def test_a_solution_that_is_not_stationary_is_announced(monkeypatch):
    monkeypatch.setattr(_minimax, "_STEPS", 1)
    with pytest.warns(ConvergenceWarning, match="is stationary to"):
        TradesClassifier(0.1).fit(X, Y)


@pytest.mark.parametrize("difference", [-1e-4, math.nan])
def test_negative_and_undefined_stationarity_is_announced_too(monkeypatch, difference):
    monkeypatch.setattr(_minimax.Problem, "bound", lambda *_: 0.5 - difference)
    monkeypatch.setattr(_minimax.Problem, "objective", lambda *_: 0.5)
    with pytest.warns(ConvergenceWarning, match="is stationary to"):
        TradesClassifier(0.1).fit(X, Y)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("model", "message"),
    [
        (TradesClassifier(p=3), "p must be 1, 2 or infinity, got 3"),
        (TradesClassifier(eps=-1), "eps must be at least 0"),
        (TradesClassifier(strength=-1), "strength must be at least 0"),
        (TradesClassifier(loss="hinge"), "loss must be one of"),
        (LogitPairingClassifier(share=1.5), r"share must lie in \[0, 1\]"),
        (LogitPairingClassifier(alpha=0), "alpha must be above 0"),
        (StabilityClassifier(sigma=math.nan), "sigma must be at least 0"),
        (KernelFeatures(0.0), "gamma must be above 0"),
        (FourierFeatures(0), "frequencies must be at least 1"),
    ],
    ids=str,
)
def test_bad_arguments_are_refused(model, message):
    with pytest.raises(ValueError, match=message):
        model.fit(X, Y)
