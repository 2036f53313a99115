"""The largest losses in balls: vertices, samples, optimisers, and fifty digits."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from geomadv.classifiers import (
    AdversarialLinearClassifier,
    LinearClassifier,
    QuadraticClassifier,
)
from geomadv.perturbations import robust_error, worst_loss
from geomadv.perturbations._worst_case import LOSSES

INF = math.inf
RNG = np.random.default_rng(0)
X = RNG.standard_normal((12, 3))
Y = np.where(RNG.random(12) < 0.5, -1, 1)
TWO = LinearClassifier.from_parameters([0.9, -0.4, 0.2], 0.15)
MANY = LinearClassifier.from_parameters(
    RNG.standard_normal((4, 3)), RNG.standard_normal(4)
)
LABELS = RNG.integers(0, 4, 12)
CASES = [(TWO, Y, loss) for loss in LOSSES] + [
    (MANY, LABELS, loss) for loss in ("hinge", "zero-one")
]
IDS = [f"{len(model.classes_)}-{loss}" for model, _, loss in CASES]
cases = pytest.mark.parametrize(("model", "y", "loss"), CASES, ids=IDS)


def plain(model, x, y, loss):
    """Return the losses without a formula for the adversary, written anew."""
    f = model.decision_function(x)
    if f.ndim == 1:
        m = y * f
        squares = (y - f) ** 2
    else:
        own = np.take_along_axis(f, y[:, None], axis=1)[:, 0]
        others = f.copy()
        np.put_along_axis(others, y[:, None], -INF, axis=1)
        m = own - others.max(axis=1)
        squares = None
    return {
        "logistic": np.log1p(np.exp(-m)),
        "hinge": np.clip(1 - m, 0, None),
        "squared": squares,
        "zero-one": (m <= 0).astype(float),
    }[loss]


def vertices(p, d=3):
    if p == 1:
        return np.concatenate([np.eye(d), -np.eye(d)])
    return np.array(list(itertools.product((-1.0, 1.0), repeat=d)))


@cases
@pytest.mark.parametrize("p", [1, INF])
@pytest.mark.parametrize("eps", [0.05, 0.4, 2.0])
def test_it_is_the_largest_over_the_vertices(model, y, loss, p, eps):
    """Convex losses, and the margin of the zero-one loss, are extreme at a vertex."""
    found = worst_loss(model, X, y, eps, p=p, loss=loss)
    attacked = [plain(model, X + eps * v, y, loss) for v in vertices(p)]
    assert np.allclose(found.loss, np.max(attacked, axis=0), rtol=1e-13, atol=1e-15)


@cases
@pytest.mark.parametrize("p", [1, 1.5, 2, 3, INF])
@pytest.mark.parametrize("eps", [0.0, 0.1, 1.0])
def test_delta_attains_it_in_the_ball(model, y, loss, p, eps):
    found = worst_loss(model, X, y, eps, p=p, loss=loss)
    assert (np.linalg.norm(found.delta, p, axis=1) <= eps * (1 + 1e-14)).all()
    assert np.allclose(
        plain(model, X + found.delta, y, loss), found.loss, rtol=1e-13, atol=1e-15
    )


@given(
    case=st.integers(0, len(CASES) - 1),
    p=st.floats(1, 8),
    eps=st.floats(0, 3),
    seed=st.integers(0, 10**6),
)
@settings(max_examples=60, deadline=None)
def test_no_point_of_the_ball_has_more(case, p, eps, seed):
    model, y, loss = CASES[case]
    worst = worst_loss(model, X, y, eps, p=p, loss=loss).loss
    steps = np.random.default_rng(seed).standard_normal((50, *X.shape))
    steps *= eps / np.linalg.norm(steps, p, axis=2)[:, :, None]
    for step in steps:
        assert (plain(model, X + step, y, loss) <= worst * (1 + 1e-12) + 1e-13).all()


@pytest.mark.parametrize("loss", ["logistic", "squared"])
def test_a_general_optimiser_finds_as_much(loss):
    found = worst_loss(TWO, X, Y, 0.5, p=3, loss=loss).loss
    for x, y, worst in zip(X, Y, found, strict=True):
        best = max(
            -minimize(
                lambda z, x=x, y=y: -plain(TWO, (x + z)[None], np.array([y]), loss)[0],
                start,
                constraints={
                    "type": "ineq",
                    "fun": lambda z: 0.125 - (np.abs(z) ** 3).sum(),
                },
                method="SLSQP",
                options={"ftol": 1e-14},
            ).fun
            for start in (0.1 * np.ones(3), -0.1 * np.ones(3))
        )
        assert worst == pytest.approx(best, rel=1e-6)


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, INF])
def test_losses_agree_with_fifty_digits(p):
    rng = np.random.default_rng(1)
    w, rows = rng.standard_normal(50), rng.standard_normal((5, 50))
    model = LinearClassifier.from_parameters(w, 0.3)
    y, eps = np.array([1, -1, 1, -1, 1]), 0.07
    with mpmath.workdps(50):
        v = [mpmath.mpf(float(u)) for u in w]
        q = INF if p == 1 else 1 if p == INF else mpmath.mpf(p) / (mpmath.mpf(p) - 1)
        length = (
            max(abs(u) for u in v)
            if p == 1
            else sum(abs(u) ** q for u in v) ** (1 / mpmath.mpf(q))
        )
        for loss in ("logistic", "hinge", "squared"):
            found = worst_loss(model, rows, y, eps, p=p, loss=loss).loss
            for x, label, value in zip(rows, y, found, strict=True):
                f = mpmath.mpf(0.3) + sum(
                    mpmath.mpf(float(s)) * t for s, t in zip(x, v, strict=True)
                )
                shift = mpmath.mpf(eps) * length
                m = int(label) * f - shift
                exact = {
                    "logistic": mpmath.log1p(mpmath.exp(-m)),
                    "hinge": max(mpmath.mpf(0), 1 - m),
                    "squared": (abs(int(label) - f) + shift) ** 2,
                }[loss]
                assert abs(value - exact) <= 1e-13 * abs(exact)


@cases
def test_many_sizes_are_those_one_by_one(model, y, loss):
    sizes = [0.0, 0.3, 1.5]
    found = worst_loss(model, X, y, sizes, p=3, loss=loss)
    assert found.loss.shape == (12, 3)
    assert found.delta.shape == (12, 3, 3)
    for k, eps in enumerate(sizes):
        one = worst_loss(model, X, y, eps, p=3, loss=loss)
        assert np.array_equal(found.loss[:, k], one.loss)
        assert np.array_equal(found.delta[:, k], one.delta)


@cases
def test_no_size_leaves_the_loss(model, y, loss):
    found = worst_loss(model, X, y, 0.0, loss=loss)
    assert np.allclose(found.loss, plain(model, X, y, loss), rtol=1e-14)
    assert not found.delta.any()


@pytest.mark.parametrize(("model", "y"), [(TWO, Y), (MANY, LABELS)])
@pytest.mark.parametrize("p", [1, 2, 3, INF])
def test_the_mean_zero_one_loss_is_the_robust_error(model, y, p):
    sizes = np.linspace(0, 2, 41)
    found = worst_loss(model, X, y, sizes, p=p, loss="zero-one").loss.mean(axis=0)
    assert np.array_equal(found, robust_error(model, X, y, sizes, p=p).upper)
    assert found[0] < found[-1]


@pytest.mark.parametrize("p", [1, 2, INF])
@pytest.mark.parametrize("loss", ["logistic", "hinge", "squared"])
def test_the_mean_is_what_adversarial_training_minimises(loss, p):
    model = AdversarialLinearClassifier(0.2, p, loss, alpha=0.05).fit(X, Y)
    mean = worst_loss(model, X, Y, 0.2, p=p, loss=loss).loss.mean()
    w = model.coef_[0]
    assert 0.025 * w @ w + mean == pytest.approx(model.objective_, rel=1e-14)


@pytest.mark.parametrize("loss", LOSSES)
def test_weights_of_zero_leave_nothing_to_change(loss):
    model = LinearClassifier.from_parameters([0.0, 0.0, 0.0], -0.5)
    found = worst_loss(model, X, Y, 5.0, loss=loss)
    assert np.allclose(found.loss, plain(model, X, Y, loss), rtol=1e-15)
    assert not found.delta.any()


@pytest.mark.parametrize("loss", LOSSES)
def test_points_on_the_boundary_are_wrong_or_lose_as_much_on_both_sides(loss):
    model = LinearClassifier.from_parameters([1.0, 0.0], 0.0)
    for label in (-1, 1):
        found = worst_loss(model, [[0.0, 3.0]], [label], 0.5, loss=loss)
        expected = {
            "logistic": math.log1p(math.exp(0.5)),
            "hinge": 1.5,
            "squared": 2.25,
            "zero-one": 1.0,
        }[loss]
        assert found.loss[0] == pytest.approx(expected)
        assert found.delta[0].tolist() == [-0.5 * label, 0.0]


def test_the_boundary_is_an_error_of_both_classes():
    model = LinearClassifier.from_parameters([1.0, 0.0], 0.0)
    found = worst_loss(model, [[0.0, 3.0]] * 2, [-1, 1], [0.0, 0.1], loss="zero-one")
    assert (found.loss == 1.0).all()


def test_a_target_between_the_values_is_left_on_the_far_side():
    model = LinearClassifier.from_parameters([2.0], 0.0)
    found = worst_loss(model, [[0.75], [0.25], [0.5]], [1, 1, 1], 0.1, loss="squared")
    assert np.allclose(found.loss, [0.49, 0.49, 0.04])
    assert np.allclose(found.delta[:, 0], [0.1, -0.1, -0.1])


def test_two_functions_are_their_difference():
    W, b = RNG.standard_normal((2, 3)), np.array([0.1, -0.3])
    two = LinearClassifier.from_parameters(W, b)
    one = LinearClassifier.from_parameters(W[1] - W[0], b[1] - b[0], classes=[0, 1])
    y = (Y > 0).astype(int)
    for loss in LOSSES:
        found = [worst_loss(m, X, y, 0.3, loss=loss).loss for m in (two, one)]
        assert np.allclose(*found, rtol=1e-14)


def test_labels_are_the_models_own():
    names = np.where(Y > 0, "yes", "no")
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, names)
    found = worst_loss(model, X, names, 0.2, p=INF)
    attacked = [
        np.log1p(np.exp(-Y * model.decision_function(X + 0.2 * v)))
        for v in vertices(INF)
    ]
    assert np.allclose(found.loss, np.max(attacked, axis=0), rtol=1e-12)
    other = LinearClassifier.from_parameters(TWO.coef_[0], 0.15, classes=["b", "a"])
    found = worst_loss(other, X, np.where(Y > 0, "a", "b"), 0.2)
    assert np.array_equal(found.loss, worst_loss(TWO, X, Y, 0.2).loss)


def test_the_sign_of_a_linear_regression():
    model = KernelRidge(kernel="linear", alpha=0.1).fit(X, Y)
    found = worst_loss(model, X, Y, 0.3, p=1, loss="squared")
    attacked = [(Y - model.predict(X + 0.3 * v)) ** 2 for v in vertices(1)]
    assert np.allclose(found.loss, np.max(attacked, axis=0), rtol=1e-10)


def test_no_points_give_no_losses():
    for model in (TWO, MANY):
        found = worst_loss(model, np.empty((0, 3)), [], [0.1, 0.2], loss="hinge")
        assert found.loss.shape == (0, 2)
        assert found.delta.shape == (0, 2, 3)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"model": QuadraticClassifier.from_parameters(np.eye(3), np.ones(3), 0.0)},
            ValueError,
            "model must be linear .* got QuadraticClassifier",
        ),
        ({"model": None}, TypeError, "model must be one of the known classifiers"),
        ({"loss": "exp"}, ValueError, "loss must be one of 'logistic', 'hinge'"),
        ({"eps": -0.1}, ValueError, "eps must be at least 0"),
        ({"eps": INF}, ValueError, "eps must be at least 0 and finite"),
        ({"eps": [[0.1]]}, ValueError, "eps must be a number or a vector"),
        ({"p": 0.5}, ValueError, "p must be at least 1"),
        ({"X": [[1.0]]}, ValueError, "X must have 3 columns"),
        ({"y": Y[:3]}, ValueError, r"y must have shape \(12,\)"),
        ({"y": 2 * Y}, ValueError, r"y must be among the model's classes \[-1, 1\]"),
        ({"y": np.full(12, math.nan)}, ValueError, "y must be among"),
    ],
)
def test_bad_arguments_are_refused(arguments, error, message):
    given = {"model": TWO, "X": X, "y": Y, "eps": 0.1, **arguments}
    with pytest.raises(error, match=message):
        worst_loss(**given)


@pytest.mark.errors
@pytest.mark.parametrize("loss", ["logistic", "squared"])
def test_losses_without_a_closed_form_are_refused(loss):
    with pytest.raises(ValueError, match=f"closed form.*got '{loss}' for 4 classes"):
        worst_loss(MANY, X, LABELS, 0.1, loss=loss)
