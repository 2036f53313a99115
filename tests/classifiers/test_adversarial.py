"""Adversarial training: certified optima, limits in closed form, and other routes."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from geomadv.classifiers import AdversarialLinearClassifier, _adversarial
from geomadv.perturbations import robust_error

RNG = np.random.default_rng(0)
X = RNG.standard_normal((80, 3)) + np.array([0.5, 0.0, -0.2])
Y = np.where(X[:, 0] + 0.5 * RNG.standard_normal(80) > 0.3, 1.0, -1.0)
LOSSES, NORMS = _adversarial.LOSSES, (1, 2, math.inf)


@pytest.mark.errors
@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks([AdversarialLinearClassifier()])
def test_it_keeps_the_rules_of_scikit_learn(estimator, check):
    check(estimator)


def attacked(w, b, eps, p, loss):
    """The mean loss at corners, or on the sphere, of each ball: no formula for it."""
    d = len(w)
    if p == 2:
        angles = np.random.default_rng(1).standard_normal((20000, d))
        steps = angles / np.linalg.norm(angles, axis=1)[:, None]
    elif p == 1:
        steps = np.concatenate([np.eye(d), -np.eye(d)])
    else:
        steps = np.array(np.meshgrid(*[[-1, 1]] * d)).reshape(d, -1).T
    f = (X[:, None] + eps * steps) @ w + b
    losses = {
        "logistic": np.logaddexp(0, -Y[:, None] * f),
        "hinge": np.maximum(0, 1 - Y[:, None] * f),
        "squared": (Y[:, None] - f) ** 2,
    }[loss]
    return losses.max(axis=1).mean()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("p", NORMS)
@pytest.mark.parametrize("eps", [0.0, 0.1, 0.5, 3.0])
def test_the_gap_is_certified_and_the_objective_is_that_of_the_adversary(loss, p, eps):
    model = AdversarialLinearClassifier(eps, p, loss, alpha=0.01).fit(X, Y)
    w, b = model.coef_[0], model.intercept_[0]
    assert -1e-14 <= model.gap_ <= 1e-8
    expected = 0.005 * (w @ w) + attacked(w, b, eps, p, loss)
    assert np.isclose(model.objective_, expected, rtol=2e-3 if p == 2 else 1e-12)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("p", NORMS)
def test_a_general_optimiser_finds_no_less(loss, p):
    model = AdversarialLinearClassifier(0.2, p, loss, alpha=0.05).fit(X, Y)
    q = {1: math.inf, 2: 2, math.inf: 1}[p]

    def objective(z):
        norm = np.linalg.norm(z[:3], q)
        worst = _adversarial.worst_loss(Y, X @ z[:3] + z[3], 0.2 * norm, loss)
        return 0.025 * (z[:3] @ z[:3]) + worst.mean()

    best = min(
        minimize(
            objective,
            start,
            method="Nelder-Mead",
            options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 8000, "maxfev": 8000},
        ).fun
        for start in np.random.default_rng(2).standard_normal((3, 4))
    )
    bound = model.objective_ - model.gap_
    assert bound - 1e-12 <= best
    assert model.objective_ <= best + 1e-9
    assert best <= model.objective_ + 1e-4


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("p", NORMS)
def test_bounds_from_any_weights_are_below_the_optimum(loss, p):
    """Weak duality; and the weights of another problem do not close the gap."""
    model = AdversarialLinearClassifier(0.2, p, loss, alpha=0.05).fit(X, Y)
    rng = np.random.default_rng(3)
    for _ in range(50):
        a, g = rng.random(80), rng.uniform(-1, 1, 80)
        a = 2 * a if loss == "squared" else a
        problem = _adversarial.Problem(X, Y, 0.2, float(p), loss, 0.05)
        bound = _adversarial._bound(problem, a, g)
        assert bound < model.objective_ - 1e-6


def test_without_an_adversary_it_is_penalised_logistic_regression():
    model = AdversarialLinearClassifier(0.0, 2, "logistic", alpha=0.02).fit(X, Y)
    plain = LogisticRegression(C=1 / (80 * 0.02), tol=1e-10, max_iter=1000).fit(X, Y)
    assert np.allclose(model.coef_, plain.coef_, atol=1e-5)
    assert np.allclose(model.intercept_, plain.intercept_, atol=1e-5)


def test_a_strong_adversary_leaves_the_constant():
    """Beyond max |mean difference| the weights are 0 and b is that of the shares."""
    for p in NORMS:
        model = AdversarialLinearClassifier(20.0, p, "logistic").fit(X, Y)
        assert np.abs(model.coef_).max() < 1e-6
        share = (Y == 1).mean()
        assert np.isclose(model.intercept_[0], math.log(share / (1 - share)), atol=1e-6)


def test_training_against_an_adversary_lowers_its_success():
    rng = np.random.default_rng(4)
    y = rng.choice([-1, 1], 400)
    mean = np.r_[1.0, np.full(30, 0.1)]
    x = y[:, None] * mean + 0.6 * rng.standard_normal((400, 31))
    plain = AdversarialLinearClassifier(0.0, loss="hinge").fit(x, y)
    robust = AdversarialLinearClassifier(0.3, loss="hinge").fit(x, y)
    errors = [robust_error(m, x, y, 0.3, p=math.inf).upper for m in (plain, robust)]
    assert errors[1] < 0.6 * errors[0]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("p", NORMS)
def test_units_and_offsets_of_the_points_do_not_matter(loss, p):
    """With x/s the problem is the one with eps/s and alpha/s^2."""
    plain = AdversarialLinearClassifier(0.2, p, loss, alpha=0.01).fit(X, Y)
    for scale, shift in ((400, 0.0), (-400, 0.0), (10, 1e6), (-3, 1e9)):
        model = AdversarialLinearClassifier(
            float(np.ldexp(0.2, scale)), p, loss, alpha=float(np.ldexp(0.01, 2 * scale))
        )
        rows = np.ldexp(X + shift, scale)
        model.fit(rows, Y)
        coarse = max(1e-6, 1e-9 * shift)
        assert np.isclose(model.objective_, plain.objective_, rtol=coarse)
        assert model.gap_ <= 1e-8
        assert np.allclose(
            np.ldexp(model.coef_, scale), plain.coef_, rtol=100 * coarse, atol=coarse
        )
        assert np.allclose(
            model.decision_function(rows), plain.decision_function(X), atol=300 * coarse
        )


@pytest.mark.parametrize("loss", LOSSES)
def test_points_that_are_all_but_equal_leave_the_constant(loss):
    """At any penalty that is not minute; and that is certified."""
    for rows in (1e-200 * X, np.ones((80, 3))):
        model = AdversarialLinearClassifier(0.0, 2, loss, alpha=1.0).fit(rows, Y)
        assert model.gap_ <= 1e-12
        assert np.abs(rows @ model.coef_[0]).max() < 1e-100 or not model.coef_.any()
    share = (Y > 0).mean()
    best = {
        "logistic": math.log(share / (1 - share)),
        "hinge": math.copysign(1.0, share - 0.5),
        "squared": 2 * share - 1,
    }[loss]
    assert np.isclose(model.intercept_[0], best)


def test_projections():
    rng = np.random.default_rng(5)
    for p in (1.0, 2.0, math.inf):
        for radius in (0.0, 0.3, 2.0, 50.0):
            v = 2 * rng.standard_normal(6)
            near = _adversarial._projection(v, radius, p)
            assert np.linalg.norm(near, p) <= radius * (1 + 1e-12)
            others = rng.standard_normal((3000, 6))
            others *= radius / np.linalg.norm(others, p, axis=1)[:, None]
            # the nearest point of a convex set: no angle below 90 degrees to others
            assert ((others - near) @ (v - near) <= 1e-9).all()


def test_a_solution_that_is_not_near_the_optimum_is_announced(monkeypatch):
    solve = _adversarial.solve

    def rough(problem):
        w, b, multipliers = solve(problem)
        return 1.1 * w, b, multipliers

    monkeypatch.setattr(_adversarial, "solve", rough)
    with pytest.warns(ConvergenceWarning, match="is known to"):
        AdversarialLinearClassifier(0.1).fit(X, Y)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"p": 3}, "p must be 1, 2 or infinity, got 3"),
        ({"eps": -1}, "eps must be at least 0"),
        ({"alpha": 0}, "alpha must be above 0"),
        ({"loss": "exp"}, "loss must be one of"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        AdversarialLinearClassifier(**options).fit(X, Y)
