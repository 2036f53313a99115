"""D_R, D_NR, D_rand and D_det: what is kept, what is not, and what is learned."""

import copy
import math

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from geomadv.classifiers import (
    AdversarialLinearClassifier,
    KernelExpansion,
    LinearClassifier,
)
from geomadv.data import GaussianPair
from geomadv.perturbations import robust_error
from geomadv.theories.features._adversarial_training import (
    _Coefficients,
    adversarially_trained,
)
from geomadv.theories.features._datasets import (
    attacked,
    non_robust_dataset,
    random_label_dataset,
    robust_dataset,
    shifted_label_dataset,
)
from geomadv.theories.features._random_features import (
    RandomFeatureClassifier,
    network_of,
)

PAIR = GaussianPair([1.5, *[0.1] * 10], [0.6, *[0.0025] * 10])


def models():
    return [
        LinearClassifier(alpha=1.0),
        KernelExpansion(gamma=0.3, alpha=0.1),
        RandomFeatureClassifier(80, "relu", alpha=0.1),
        RandomFeatureClassifier(80, "cosine", width=2.0, alpha=0.1),
    ]


@pytest.fixture(scope="module")
def sample():
    return PAIR.sample(200, 0)


def three_classes():
    rng = np.random.default_rng(1)
    y = np.arange(120) % 3
    centres = np.array([[0.0, 2.0, 0.0], [1.7, -1.0, 0.0], [-1.7, -1.0, 0.0]])
    return centres[y] + rng.standard_normal((120, 3)), y


# Networks


@pytest.mark.parametrize("model", models(), ids=lambda m: type(m).__name__)
@pytest.mark.parametrize("classes", [2, 3])
def test_networks_are_the_models_and_have_their_gradients(model, classes):
    X, y = three_classes()
    y = np.minimum(y, classes - 1)
    fitted = copy.deepcopy(model).fit(X, y)
    network = network_of(fitted)
    f = network.layer(X)[0] @ network.V + network.b
    decided = fitted.decision_function(X)
    assert np.allclose(f if classes == 3 else f[:, 0], decided, rtol=1e-9, atol=1e-9)
    h, places = 1e-6, X[:5] + 0.1
    loss, gradient = network.slope(places, y[:5])
    for i in range(3):
        step = h * np.eye(3)[i]
        up, down = (network.slope(places + s * step, y[:5])[0] for s in (1, -1))
        assert np.allclose((up - down) / (2 * h), gradient[:, i], atol=1e-6)
    if classes == 2:
        sign = 2.0 * y[:5] - 1
        expected = np.log1p(np.exp(-sign * fitted.decision_function(places)))
    else:
        values = fitted.decision_function(places)
        chance = np.exp(values) / np.exp(values).sum(axis=1, keepdims=True)
        expected = -np.log(chance[np.arange(5), y[:5]])
    assert np.allclose(loss, expected, rtol=1e-9)


def test_random_features_solve_their_ridge_problem():
    X, y = three_classes()
    model = RandomFeatureClassifier(30, alpha=0.5).fit(X, y)
    h = network_of(model).layer(X)[0]
    targets = 2.0 * (y[:, None] == np.arange(3)) - 1
    residual = h @ model.coef_ + model.intercept_ - targets
    assert np.allclose(h.T @ residual + 0.5 * model.coef_, 0, atol=1e-8)
    assert np.allclose(residual.sum(axis=0), 0, atol=1e-9)
    again = RandomFeatureClassifier(30, alpha=0.5).fit(X, y)
    assert np.array_equal(model.coef_, again.coef_)
    assert (model.predict(X) == y).mean() > 0.8


# What the sets keep


def test_linear_sets_are_the_nearest_solution():
    """x_r has the outputs of x, and differs from x_0 along the weights alone."""
    X, y = three_classes()
    model = LogisticRegression().fit(X, y)
    x_r, labels = robust_dataset(model, X, y, rng=2)
    assert labels is y or np.array_equal(labels, y)
    f, g = model.decision_function(X), model.decision_function(x_r)
    assert np.allclose(f - f.mean(axis=1, keepdims=True), g - g.mean(axis=1)[:, None])
    W = model.coef_ - model.coef_.mean(axis=0)
    kernel = np.linalg.svd(W)[2][2]
    kept = x_r @ kernel
    assert np.isin(kept.round(9), (X @ kernel).round(9)).all()
    assert not np.isclose(kept, X @ kernel).any()  # never its own starting point
    for seed in range(8):
        x_r, _ = robust_dataset(model, X, y, rng=seed)
        assert not np.isclose(x_r @ kernel, X @ kernel).any()


@pytest.mark.parametrize("scale", [1.0, 1e5])
def test_descent_ends_at_the_nearest_solution_of_a_linear_classifier(sample, scale):
    X, y = sample
    fitted = LinearClassifier().fit(X, y)
    model = LinearClassifier.from_parameters(
        scale * fitted.coef_[0], scale * fitted.intercept_[0]
    )
    exact, _ = robust_dataset(model, X, y, rng=3)
    wide = (-1e3, 1e3)
    found, _ = robust_dataset(model, X, y, box=wide, rng=3)
    assert np.allclose(found, exact, atol=1e-4)


@pytest.mark.parametrize("model", models()[1:], ids=lambda m: type(m).__name__)
def test_outputs_are_matched_and_the_rest_is_anothers(model, sample):
    X, y = sample
    fitted = copy.deepcopy(model).fit(X, y)
    x_r, _ = non_robust_dataset(fitted, X, y, rng=4, steps=300)
    gap = np.abs(fitted.decision_function(x_r) - fitted.decision_function(X))
    # some starting points lead to a local minimum
    assert np.mean(gap < 1e-5) > 0.9
    distance = np.linalg.norm(x_r - X, axis=1)
    to_others = np.linalg.norm(x_r[:, None] - X[None], axis=2)
    assert (to_others.argmin(axis=1) != np.arange(len(X))).mean() > 0.8
    assert np.median(distance) > 0.3


def test_boxes_are_kept():
    X, y = three_classes()
    X = (X - X.min()) / np.ptp(X)
    for model in models():
        fitted = copy.deepcopy(model).fit(X, y)
        options = {"box": (0.2, [0.7, 0.8, 0.9]), "steps": 15}
        for points in (
            robust_dataset(fitted, np.clip(X, 0.2, 0.7), y, rng=0, **options)[0],
            random_label_dataset(
                fitted, np.clip(X, 0.2, 0.7), y, 0.2, rng=0, **options
            )[0],
        ):
            assert (points >= 0.2).all()
            assert (points <= [0.7, 0.8, 0.9]).all()


# Labels and budgets


@pytest.mark.parametrize("p", [1, 2, 3, math.inf])
def test_perturbed_sets_of_linear_classifiers_are_optimal(p, sample):
    X, y = sample
    model = LinearClassifier().fit(X, y)
    moved, t = shifted_label_dataset(model, X, y, 0.3, p)
    assert np.array_equal(t, -y)
    assert np.allclose(np.linalg.norm(moved - X, ord=p, axis=1), 0.3)
    rng = np.random.default_rng(5)
    best = t * model.decision_function(moved)
    for _ in range(300):
        step = rng.standard_normal(X.shape)
        step *= 0.3 / np.linalg.norm(step, ord=p, axis=1)[:, None]
        assert (t * model.decision_function(X + step) <= best + 1e-12).all()


def test_labels_shift_round_and_are_uniform():
    X, y = three_classes()
    names = np.array(["a", "b", "c"])
    model = LogisticRegression().fit(X, names[y])
    _, t = shifted_label_dataset(model, X, names[y], 0.1)
    assert np.array_equal(t, names[(y + 1) % 3])
    X = np.repeat(X, 50, axis=0)
    _, t = random_label_dataset(model, X, names[np.repeat(y, 50)], 0.0, rng=6)
    counts = np.array([(t == name).sum() for name in names])
    # chi-squared with 2 degrees of freedom: above 18.4 with probability 1e-4
    assert ((counts - 2000) ** 2 / 2000).sum() < 18.4
    for label in range(3):
        inside = t[np.repeat(y, 50) == label]
        assert abs((inside == "a").mean() - 1 / 3) < 0.05


@pytest.mark.parametrize("p", [2, math.inf])
@pytest.mark.parametrize("model", models(), ids=lambda m: type(m).__name__)
def test_gradient_steps_stay_in_the_ball_and_lower_the_loss(model, p):
    X, y = three_classes()
    fitted = copy.deepcopy(model).fit(X, y)
    network = network_of(fitted)
    moved, t = random_label_dataset(fitted, X, y, 0.4, p, rng=7, steps=30)
    assert (np.linalg.norm(moved - X, ord=p, axis=1) <= 0.4 + 1e-12).all()
    before, after = network.slope(X, t)[0], network.slope(moved, t)[0]
    assert (after <= before).all()
    assert (after < before).mean() > 0.95
    harmed = attacked(fitted, X, y, 0.4, p)
    assert (network.slope(harmed, y)[0] >= network.slope(X, y)[0]).all()


def test_attacks_are_about_as_strong_as_the_exact_robust_error():
    X, y = three_classes()
    model = LogisticRegression().fit(X, y)
    exact = robust_error(model, X, y, 0.5)
    found = (model.predict(attacked(model, X, y, 0.5, steps=40)) != y).mean()
    assert found <= exact.upper + 1e-12
    assert found > exact.lower - 0.03


def test_attacks_of_two_linear_classes_are_exact(sample):
    X, y = sample
    model = LinearClassifier().fit(X, y)
    for p in (1, 2, math.inf):
        exact = robust_error(model, X, y, 0.4, p=p)
        found = (y * model.decision_function(attacked(model, X, y, 0.4, p)) <= 0).mean()
        assert found == exact.upper == exact.lower


# What is learned from the sets


def risks(model, eps=0.4):
    pair = (model.coef_[0], model.intercept_[0])
    return 1 - PAIR.standard_risk(pair), 1 - PAIR.robust_risk(pair, eps)


def test_what_is_learned_reflects_the_classifier_that_made_the_set():
    """The paper's four bars, with exact accuracies on the law."""
    X, y = PAIR.sample(1200, 8)
    usual = LinearClassifier(alpha=1.0).fit(X, y)
    robust = AdversarialLinearClassifier(eps=0.4, p=2).fit(X, y)
    nr = LinearClassifier(alpha=1.0).fit(*non_robust_dataset(usual, X, y, rng=9))
    r = LinearClassifier(alpha=1.0).fit(*robust_dataset(robust, X, y, rng=10))
    (_, usual_r), (_, robust_r) = risks(usual), risks(robust)
    assert usual_r < 0.6 < 0.9 < robust_r
    assert np.allclose(risks(nr), risks(usual), atol=0.06)
    assert np.allclose(risks(r), risks(robust), atol=0.06)
    w, v = usual.coef_[0], nr.coef_[0]
    assert w @ v / np.linalg.norm(w) / np.linalg.norm(v) > 0.99


def test_wrong_labels_teach_what_is_right():
    """Targets drawn at random still teach a classifier that is better than chance."""
    X, y = PAIR.sample(4000, 11)
    usual = LinearClassifier(alpha=1.0).fit(X, y)
    model = LinearClassifier(alpha=1.0)
    model.fit(*random_label_dataset(usual, X, y, 0.4, rng=12))
    assert risks(model)[0] > 0.6
    none = LinearClassifier(alpha=1.0)
    none.fit(*random_label_dataset(usual, X, y, 0.0, rng=12))
    w, v = usual.coef_[0], none.coef_[0]
    assert abs(w @ v) / np.linalg.norm(w) / np.linalg.norm(v) < 0.95


@pytest.mark.parametrize("model", models(), ids=lambda m: type(m).__name__)
def test_adversarial_training_makes_robust(model):
    X, y = PAIR.sample(200, 13)
    Z, t = PAIR.sample(500, 14)
    model = copy.deepcopy(model)
    if isinstance(model, RandomFeatureClassifier):
        model.alpha = 1e-3
    usual = copy.deepcopy(model).fit(X, y)
    robust = adversarially_trained(model, X, y, 0.6, rounds=12)

    def accuracy(f):
        return (f.predict(attacked(f, Z, t, 0.6)) == t).mean()

    assert accuracy(robust) > max(accuracy(usual) + 0.05, 0.6)
    assert not hasattr(model, "classes_")


X2, Y2 = np.array([[1.0, 0.0], [-1.0, 0.5]]), np.array([1, -1])
F2 = LinearClassifier.from_parameters([1.0, 1.0], 0.0)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: robust_dataset(1, X2, Y2, rng=0), TypeError, "model must be one of"),
        (lambda: robust_dataset(F2, X2[:1], Y2[:1], rng=0), ValueError, "at least 2"),
        (lambda: robust_dataset(F2, X2, [1], rng=0), ValueError, r"y must have shape"),
        (lambda: robust_dataset(F2, X2, Y2, rng=None), TypeError, "rng must be"),
        (
            lambda: robust_dataset(F2, X2, Y2, box=(1, 0), rng=0),
            ValueError,
            "box must be",
        ),
        (lambda: shifted_label_dataset(F2, X2, [1, 2], 1), ValueError, "y must be amo"),
        (lambda: shifted_label_dataset(F2, X2, Y2, -1), ValueError, "eps must be at"),
        (
            lambda: shifted_label_dataset(F2, X2, Y2, 1, 3, box=(0, 1)),
            ValueError,
            "p must be 2 or infinity",
        ),
        (
            lambda: network_of(
                KernelExpansion.from_parameters([[0.0]], [1.0], kernel="polynomial")
            ),
            ValueError,
            "Gaussian kernel expansion",
        ),
        (lambda: network_of(RandomFeatureClassifier()), ValueError, "must be fitted"),
        (
            lambda: RandomFeatureClassifier().decision_function(X2),
            ValueError,
            "must be fitted",
        ),
        (
            lambda: RandomFeatureClassifier().fit(X2, [1, 1]),
            ValueError,
            "at least two classes",
        ),
        (
            lambda: RandomFeatureClassifier(activation="x").fit(X2, Y2),
            ValueError,
            "activation must be",
        ),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_a_common_part_of_all_outputs_is_no_feature():
    """Outputs that rise together decide nothing, so x_r leaves them as they were."""
    X, y = three_classes()
    W = np.array([[1.0, 0.0, 5.0], [0.0, 1.0, 5.0], [-1.0, -1.0, 5.0]])
    model = LinearClassifier.from_parameters(W, np.zeros(3))
    x_r, _ = robust_dataset(model, X, y, rng=0)
    assert np.allclose(x_r[:, :2], X[:, :2], atol=1e-9)
    assert not np.isclose(x_r[:, 2], X[:, 2]).any()
    near, _ = robust_dataset(model, X, y, box=(-99.0, 99.0), rng=0)
    assert np.allclose(near, x_r, atol=1e-3)


def test_coefficients_are_fitted_to_all_points_met_so_far():
    """They minimise the mean over rounds of |H c - y|^2, plus alpha c' K c."""
    X, y = GaussianPair([1.0, 0.3]).sample(12, 0)
    model = KernelExpansion(gamma=0.5, alpha=0.1).fit(X, y)
    rounds = [X, X + 0.4, X[::-1] - 0.3]
    fit = _Coefficients(model, y)
    for Z in rounds:
        found = fit.with_points(Z)

    def kernel(Z):
        squares = ((Z[:, None] - model.centres_) ** 2).sum(axis=2)
        return np.exp(-0.5 * squares)

    c = np.ravel(found.coefficients_)
    slopes = [kernel(Z).T @ (kernel(Z) @ c - y) for Z in rounds]
    slope = np.mean(slopes, axis=0) + 0.1 * kernel(model.centres_) @ c
    np.testing.assert_allclose(slope, 0.0, atol=1e-7)
