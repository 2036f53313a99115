import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from sklearn.linear_model import RidgeClassifier
from sklearn.neighbors import NearestCentroid

from geomadv.theories.manifold.tanay2016 import (
    adversarial_strength,
    deviation_angle,
    log_tilted_error,
    measured_strength,
    mirror_image,
    misclassification_size,
    misclassified_share,
    nearest_centroid,
    perturbed,
    signed_distance,
    tilted_error,
    tilted_mean_distance,
    tilted_normal,
)

FALSE_ALARM = 1e-6


@pytest.fixture(scope="module")
def problem():
    """Points in R^5 with labels, and a linear classifier that errs on some."""
    rng = np.random.default_rng(1)
    y = np.where(rng.random(200) < 0.4, -1.0, 1.0)
    X = rng.normal(size=(200, 5)) + 0.7 * y[:, None]
    return X, y, rng.normal(size=5) + 1.0, -0.8


# The strength


@pytest.mark.parametrize(
    ("degrees", "strength"),
    [
        (0, 1.0),
        (30, 1.154701),
        (45, 1.414214),
        (60, 2.0),
        (80, 5.758770),
        (85, 11.473713),
        (89, 57.298688),
    ],
)
def test_strength_has_its_reference_values(degrees, strength):
    assert abs(adversarial_strength(np.radians(degrees)) - strength) < 5e-7


@pytest.mark.parametrize("d", [2, 10, 784])
@pytest.mark.parametrize("degrees", [0, 10, 45, 80, 89, 89.9])
def test_strength_through_the_midpoint_is_the_ratio_of_distances(d, degrees):
    rng = np.random.default_rng(d)
    i, j = rng.normal(size=(2, d))
    c = tilted_normal(j - i, rng.normal(size=d), np.radians(degrees))
    b = -c @ (i + j) / 2
    # Both distances of the centroid i, from their definitions.
    ratio = (np.linalg.norm(j - i) / 2) / abs(c @ i + b)
    expected = 1 / math.cos(math.radians(degrees))
    assert ratio == pytest.approx(expected, rel=1e-10)
    assert measured_strength(i, j, c, b) == pytest.approx(expected, rel=1e-10)
    assert adversarial_strength(deviation_angle(c, j - i)) == pytest.approx(
        expected, rel=1e-10
    )


@given(
    shift=st.floats(-0.99, 0.99), degrees=st.floats(0, 80), scale=st.floats(0.01, 100)
)
def test_strength_of_a_separating_boundary_does_not_depend_on_its_offset(
    shift, degrees, scale
):
    i, j = np.array([-1.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0])
    t = math.radians(degrees)
    w = scale * np.array([math.cos(t), 0.0, math.sin(t)])
    b = shift * scale * math.cos(t)
    assert measured_strength(i, j, w, b) == pytest.approx(1 / math.cos(t), rel=1e-9)


@pytest.mark.errors
def test_strength_of_a_boundary_that_separates_no_centroids_is_refused():
    with pytest.raises(ValueError, match="w and b must separate the centroids"):
        measured_strength([-1.0, 0.0], [1.0, 0.0], [1.0, 0.0], 1.5)
    with pytest.raises(ValueError, match="w and b must separate the centroids"):
        measured_strength([-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0], 0.0)


# The angle


@pytest.mark.parametrize("d", [2, 30, 1000])
@pytest.mark.parametrize("angle", [0.0, 1e-12, 1e-7, 1e-3, 1.0, math.pi / 2, 3.14159])
def test_angle_is_right_to_1e_15_also_where_the_vectors_almost_agree(d, angle):
    rng = np.random.default_rng(d)
    u = rng.normal(size=d)
    v = 3.7 * tilted_normal(u, rng.normal(size=d), min(angle, math.pi / 2))
    if angle > math.pi / 2:
        v = u * math.cos(angle) + np.roll(u, 1) * math.sin(angle)
    exact_u, exact_v = mpmath.matrix(u.tolist()), mpmath.matrix(v.tolist())
    inner = mpmath.fdot(exact_u, exact_v)
    norms = mpmath.norm(exact_u) * mpmath.norm(exact_v)
    assert abs(deviation_angle(u, v) - float(mpmath.acos(inner / norms))) < 1e-15


def test_angle_broadcasts_over_leading_axes():
    angles = deviation_angle(np.eye(3)[:, None], np.eye(3))
    assert np.allclose(angles, (1 - np.eye(3)) * math.pi / 2)
    assert isinstance(deviation_angle([1.0, 0.0], [0.0, 1.0]), np.float64)


def test_angle_does_not_depend_on_lengths():
    assert deviation_angle([1e-200, 0.0], [1e200, 1e200]) == pytest.approx(math.pi / 4)


def test_tilted_normal_is_a_unit_vector_at_the_angle_from_the_axis():
    rng = np.random.default_rng(2)
    axis, direction = rng.normal(size=(2, 50))
    for t in (0.0, 0.3, 1.5, math.pi / 2):
        c = tilted_normal(axis, direction, t)
        assert np.linalg.norm(c) == pytest.approx(1, abs=1e-15 * 4)
        assert c @ axis / np.linalg.norm(axis) == pytest.approx(math.cos(t), abs=1e-14)
        across = direction - (direction @ axis) / (axis @ axis) * axis
        sine = c @ across / np.linalg.norm(across)
        assert sine == pytest.approx(math.sin(t), abs=1e-14)


def test_deviation_angle_falls_as_regularisation_rises():
    """Ridge regression with a direction of tiny variance: the paper's type 2."""
    rng = np.random.default_rng(3)
    y = np.repeat([-1.0, 1.0], 500)
    X = rng.normal(size=(1000, 10)) * np.array([1.0] * 9 + [0.01])
    X[:, 0] += y
    X[:, 9] += 0.005 * y
    towards, _ = nearest_centroid(X, y)
    angles, errors = [], []
    for alpha in (1e-3, 1.0, 1e2, 1e5):
        model = RidgeClassifier(alpha=alpha).fit(X, y)
        angles.append(float(deviation_angle(model.coef_.ravel(), towards)))
        errors.append(1 - model.score(X, y))
    assert (np.diff(angles) < 0).all()
    assert angles[0] > 1.5 > 0.2 > angles[-1]
    assert max(errors) - min(errors) < 0.04


# Distances, images and perturbations


def test_nearest_centroid_classifies_like_scikit_learn(problem):
    X, y, _, _ = problem
    w, b = nearest_centroid(X, y)
    expected = NearestCentroid().fit(X, y).predict(X)
    assert (np.sign(X @ w + b) == expected).all()
    assert w == pytest.approx(X[y > 0].mean(axis=0) - X[y < 0].mean(axis=0))


def test_signed_distance_is_reached_and_signed_by_the_label(problem):
    X, y, w, b = problem
    distance = signed_distance(X, y, w, b)
    assert ((distance > 0) == (np.sign(X @ w + b) == y)).all()
    foot = X - (y * distance)[:, None] * w / np.linalg.norm(w)
    assert np.abs(foot @ w + b).max() < 1e-13
    assert np.allclose(signed_distance(X, -y, w, b), -distance)


def test_signed_distance_does_not_depend_on_the_length_of_the_normal():
    for scale in (1e-250, 1.0, 1e250):
        w = scale * np.array([3.0, 4.0])
        distance = signed_distance([[1.0, 1.0]], [1], w, 3 * scale)
        assert distance[0] == pytest.approx(2.0, rel=1e-15)


def test_mirror_image_is_an_involution_that_negates_the_classifier(problem):
    X, _, w, b = problem
    image = mirror_image(X, w, b)
    assert np.allclose(image @ w + b, -(X @ w + b), rtol=0, atol=1e-13)
    assert np.allclose(mirror_image(image, w, b), X, rtol=0, atol=1e-13)
    middle = (X + image) / 2
    assert np.abs(middle @ w + b).max() < 1e-13


def test_perturbation_has_its_size_and_lowers_the_distance_by_it(problem):
    X, y, w, b = problem
    eps = np.linspace(0, 3, y.size)
    moved = perturbed(X, y, w, eps)
    assert np.allclose(np.linalg.norm(moved - X, axis=1), eps)
    loss = signed_distance(X, y, w, b) - signed_distance(moved, y, w, b)
    assert np.allclose(loss, eps)
    assert (perturbed(X, y, w, 0.7)[5] == perturbed(X, y, w, [0.7] * y.size)[5]).all()


def test_no_perturbation_of_the_same_size_is_worse(problem):
    X, y, w, b = problem
    worst = signed_distance(perturbed(X, y, w, 0.5), y, w, b)
    rng = np.random.default_rng(4)
    for _ in range(50):
        step = rng.normal(size=X.shape)
        step *= 0.5 / np.linalg.norm(step, axis=1, keepdims=True)
        assert (signed_distance(X + step, y, w, b) >= worst).all()


# The size at which a share is misclassified


distances = hnp.arrays(
    float,
    st.integers(1, 12),
    elements=st.floats(-3, 3).map(lambda value: round(value, 1)),  # ties are wanted
)


@given(distance=distances, share=st.floats(0, 1))
def test_size_is_the_least_at_which_the_share_is_misclassified(distance, share):
    size = misclassification_size(distance, share)
    candidates = [0.0, *(x for x in distance.tolist() if x > 0)]
    reached = [
        eps for eps in candidates if sum(distance <= eps) / distance.size >= share
    ]
    assert size == min(reached)


@given(distance=distances, numerator=st.integers(0, 12))
def test_size_of_the_share_k_of_n_is_the_kth_distance(distance, numerator):
    n = distance.size
    k = min(numerator, n)
    expected = max(sorted(distance.tolist())[k - 1], 0.0) if k else 0.0
    assert misclassification_size(distance, k / n) == expected


def test_shares_that_rounding_spoils_are_exact():
    distance = np.arange(1.0, 101.0)
    for percent in range(101):
        assert misclassification_size(distance, percent / 100) == percent


def test_points_that_are_wrong_already_need_no_perturbation():
    distance = np.concatenate([np.full(27, -1.0), np.linspace(1, 2, 973)])
    assert misclassified_share(distance, 0.0) == 0.027
    assert misclassification_size(distance, 0.027) == 0.0
    assert misclassification_size(distance, 0.0271) == 1.0


def test_share_agrees_with_perturbing_the_points(problem):
    X, y, w, b = problem
    distance = signed_distance(X, y, w, b)
    for share in (0.3, 0.5, 0.99, 1.0):
        eps = float(misclassification_size(distance, share))
        above = np.sign(perturbed(X, y, w, eps + 1e-9) @ w + b) != y
        below = np.sign(perturbed(X, y, w, max(eps - 1e-9, 0)) @ w + b) != y
        assert above.mean() >= share > below.mean()


def test_share_broadcasts():
    assert misclassified_share([1.0, 2.0], [[0.0, 1.0], [1.5, 2.0]]).tolist() == [
        [0.0, 0.5],
        [0.5, 1.0],
    ]
    assert isinstance(misclassified_share([1.0], 2.0), np.float64)
    assert misclassified_share([1.0], []).shape == (0,)


# Tilted Gaussians


@pytest.mark.parametrize(
    ("degrees", "error", "distance"),
    [
        (0, 0.0227501, 1),
        (45, 0.0227717, 0.7071),
        (80, 0.0234469, 0.1736),
        (89, 0.0942397, 0.0175),
    ],
)
def test_tilted_gaussians_have_their_reference_values(degrees, error, distance):
    t = np.radians(degrees)
    assert abs(tilted_error(t, 1, 0.25, 1e-4) - error) < 5e-8
    assert abs(tilted_mean_distance(t, 1) - distance) < 5e-5


@pytest.mark.parametrize("degrees", [0, 30, 60, 85])
def test_tilted_error_and_distance_are_those_of_a_simulation(degrees):
    a, v_l, v_z, n, t = 1.2, 0.8, 0.3, 40_000, np.radians(degrees)
    rng = np.random.default_rng(degrees)
    y = np.where(rng.random(n) < 0.5, -1.0, 1.0)
    X = rng.normal(size=(n, 2)) * np.sqrt([v_l, v_z])
    X[:, 0] += a * y
    c = tilted_normal([1.0, 0.0], [0.0, 1.0], t)
    distance = signed_distance(X, y, c, 0.0)
    wrong = int((distance < 0).sum())
    error = float(tilted_error(t, a, v_l, v_z))
    assert stats.binomtest(wrong, n, error).pvalue > FALSE_ALARM
    mean = float(tilted_mean_distance(t, a))
    spread = math.sqrt(v_l * math.cos(t) ** 2 + v_z * math.sin(t) ** 2)
    z = (distance.mean() - mean) / (spread / math.sqrt(n))
    assert abs(z) < stats.norm.isf(FALSE_ALARM / 2)


def test_error_stays_while_the_strength_grows_without_bound():
    t = np.radians([0, 45, 89, 89.9999])
    error = tilted_error(t, 1, 0.25, 0.0)
    assert np.allclose(error, stats.norm.cdf(-2.0), rtol=1e-12)
    assert (np.diff(1 / tilted_mean_distance(t, 1)) > 0).all()
    assert 1 / tilted_mean_distance(t[-1], 1) > 5e5


@given(
    t=st.floats(0, 1.57),
    a=st.floats(0, 300),
    v_l=st.floats(1e-3, 10),
    v_z=st.floats(0, 10),
)
def test_logarithm_of_the_error_is_right_far_into_the_tail(t, a, v_l, v_z):
    t_, a_, v_l_, v_z_ = map(mpmath.mpf, (t, a, v_l, v_z))
    mean = a_ * mpmath.cos(t_)
    spread = mpmath.sqrt(v_l_ * mpmath.cos(t_) ** 2 + v_z_ * mpmath.sin(t_) ** 2)
    expected = mpmath.log(mpmath.erfc(mean / spread / mpmath.sqrt(2)) / 2)
    # tan is ill-conditioned near pi/2 = 1.5708: 1.57 is 8e-4 from it.
    assert float(log_tilted_error(t, a, v_l, v_z)) == pytest.approx(
        float(expected), rel=1e-11
    )


def test_tilted_formulas_broadcast():
    assert tilted_error(np.zeros((3, 1)), np.ones(4), 1, 0).shape == (3, 4)
    assert isinstance(tilted_error(0.0, 1.0, 1.0, 0.0), np.float64)
    assert isinstance(log_tilted_error(0.0, 1.0, 1.0, 0.0), np.float64)
    assert isinstance(tilted_mean_distance(0.0, 1.0), np.float64)


# Arguments


def test_empty_queries_give_empty_answers():
    none = np.empty((0, 2))
    assert signed_distance(none, [], [1.0, 0.0], 0.0).shape == (0,)
    assert mirror_image(none, [1.0, 0.0], 0.0).shape == (0, 2)
    assert perturbed(none, [], [1.0, 0.0], 1.0).shape == (0, 2)
    assert adversarial_strength([]).shape == (0,)
    assert deviation_angle(none, [1.0, 0.0]).shape == (0,)
    assert tilted_error([], 1, 1, 1).shape == (0,)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: adversarial_strength(1.6), ValueError, "angle must lie in"),
        (lambda: adversarial_strength(math.nan), ValueError, "angle must lie in"),
        (lambda: adversarial_strength("x"), TypeError, "angle must be real numbers"),
        (lambda: deviation_angle([0.0, 0.0], [1.0, 0.0]), ValueError, "w must not be"),
        (lambda: deviation_angle([1.0], [0.0]), ValueError, "reference must not be ze"),
        (lambda: deviation_angle([1.0], [1.0, 2.0]), ValueError, "of one dimension"),
        (lambda: deviation_angle(1.0, [1.0]), ValueError, "w must be a vector"),
        (lambda: signed_distance([[1.0]], [2], [1.0], 0), ValueError, "y must be -1"),
        (lambda: signed_distance([[1.0]], [1], [1.0, 2.0], 0), ValueError, "w must ha"),
        (lambda: signed_distance([[1.0]], [1], [1.0], math.inf), ValueError, "b must"),
        (lambda: mirror_image([[1.0]], [0.0], 0), ValueError, "w must not be zero"),
        (lambda: perturbed([[1.0]], [1], [1.0], -1), ValueError, "eps must be at leas"),
        (lambda: perturbed([[1.0]], [1], [1.0], [1, 2]), ValueError, "eps must be one"),
        (lambda: misclassified_share([], 1.0), ValueError, "distance must hold at lea"),
        (lambda: misclassification_size([1.0], 1.1), ValueError, "share must lie in"),
        (lambda: misclassification_size([math.nan], 1), ValueError, "distance must be"),
        (lambda: nearest_centroid([[1.0]], [1]), ValueError, "X must have at least 2"),
        (lambda: nearest_centroid([[1.0]] * 2, [1, 1]), ValueError, "y must hold both"),
        (lambda: nearest_centroid([[1.0]] * 2, [1, -1]), ValueError, "centroids of X"),
        (lambda: tilted_error(math.pi / 2, 1, 1, 1), ValueError, "angle must lie in"),
        (lambda: tilted_error(0, -1, 1, 1), ValueError, "a must be at least 0"),
        (lambda: tilted_error(0, 1, 0, 1), ValueError, "variance must be above 0"),
        (lambda: tilted_error(0, 1, 1, -1), ValueError, "tilt_variance must be at le"),
        (lambda: tilted_error([0, 0], [1, 1, 1], 1, 1), ValueError, "do not broadcast"),
        (
            lambda: tilted_normal([1.0, 0.0], [2.0, 0.0], 1),
            ValueError,
            "direction must",
        ),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
