import math

import numpy as np
import pytest
from scipy import optimize, stats

from geomadv.theories.lipschitz.bubeck2020 import (
    bump_network,
    bump_width,
    conjectured_constant,
    mean_square_length,
    shortest_interpolant,
    square_length_probability,
    square_length_quantile,
    two_layer_bound,
    two_layer_gradients,
)


@pytest.mark.parametrize(
    ("n", "d", "mean"),
    [(10, 100, 11.2359550562), (50, 100, 102.0408163265), (200, 1000, 250.3128911139)],
)
def test_reference_values(n, d, mean):
    assert mean_square_length(n, d) == pytest.approx(mean, abs=1e-10)


def test_the_mean_is_infinite_next_to_the_square_case():
    assert np.isinf(mean_square_length(7, [7, 8])).all()
    assert mean_square_length(7, 9) == 63


@pytest.mark.parametrize(("n", "d"), [(1, 5), (20, 20), (30, 45)])
def test_lengths_have_the_exact_law(n, d):
    """Kolmogorov test of 2000 fits by lstsq, false alarm 1e-6."""
    rng = np.random.default_rng(n)
    squares = []
    for _ in range(2000):
        X = rng.standard_normal((n, d)) / math.sqrt(d)
        w = shortest_interpolant(X, rng.choice([-1.0, 1.0], n))
        squares.append(w @ w)
    law = stats.kstest(squares, lambda t: square_length_probability(t, n, d))
    assert law.pvalue > 1e-6


def test_the_probability_is_that_of_scipys_chi_square():
    t = np.array([0.0, 5.0, 11.0, 1e300])
    with np.errstate(divide="ignore"):
        expected = stats.chi2(91).sf(10 * 100 / t)
    assert square_length_probability(t, 10, 100) == pytest.approx(expected, rel=1e-12)


def test_the_quantile_inverts_the_probability():
    share = np.array([0.0, 1e-9, 0.1, 0.5, 0.999])
    t = square_length_quantile(share, 10, 100)
    assert square_length_probability(t, 10, 100) == pytest.approx(share, rel=1e-9)
    assert square_length_quantile(1.0, 10, 100) == math.inf


def test_the_interpolant_fits_and_none_is_shorter():
    rng = np.random.default_rng(3)
    X, y = rng.standard_normal((4, 9)), np.array([1.0, -1.0, -1.0, 1.0])
    w = shortest_interpolant(X, y)
    assert X @ w == pytest.approx(y)
    found = optimize.minimize(
        lambda v: v @ v,
        np.zeros(9),
        jac=lambda v: 2 * v,
        constraints={"type": "eq", "fun": lambda v: X @ v - y, "jac": lambda v: X},
    )
    assert w == pytest.approx(found.x, abs=1e-6)


def test_conjectured_constant_broadcasts():
    found = conjectured_constant([[100], [400]], [1, 4])
    assert found.tolist() == [[10.0, 5.0], [20.0, 10.0]]


@pytest.mark.parametrize("angle", [1e-6, 0.1, 1.0, math.pi / 2, math.pi])
def test_the_width_is_that_of_half_the_angle(angle):
    X = [[1.0, 0.0], [math.cos(angle), math.sin(angle)]]
    expected = 2 * math.sin(angle / 4) ** 2
    assert bump_width(X) == pytest.approx(expected, rel=1e-9)


def test_the_network_fits_all_labels_with_a_constant_near_two_plus_root_two():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((50, 20_000))
    X /= np.linalg.norm(X, axis=1)[:, None]
    y = rng.choice([-1.0, 1.0], 50)
    values, gradients = bump_network(X, y, X)
    assert values == pytest.approx(y, abs=1e-9)
    assert np.linalg.norm(gradients, axis=1) == pytest.approx(1 / bump_width(X))
    assert 1 / bump_width(X) == pytest.approx(2 + math.sqrt(2), rel=0.06)


def test_no_two_points_of_the_ball_differ_more_than_the_constant_allows():
    rng = np.random.default_rng(4)
    X = rng.standard_normal((6, 3))
    X /= np.linalg.norm(X, axis=1)[:, None]
    y = np.array([1.0, -1.0, 1.0, -1.0, 1.0, -1.0])
    Z = rng.standard_normal((1500, 3))
    Z *= (rng.random(1500) ** (1 / 3) / np.linalg.norm(Z, axis=1))[:, None]
    Z = np.concatenate([X, X * (1 - bump_width(X) / 2), Z])
    values, _ = bump_network(X, y, Z)
    steps = np.linalg.norm(Z[:, None] - Z, axis=-1) + np.eye(len(Z))
    slopes = np.abs(values[:, None] - values) / steps
    assert slopes.max() == pytest.approx(1 / bump_width(X))


def test_gradients_of_two_layers_are_differences():
    rng = np.random.default_rng(5)
    W, a, z, h = rng.normal(size=(7, 3)), rng.normal(size=7), rng.normal(size=3), 1e-6

    def f(z):
        return a @ np.maximum(W @ z, 0)

    slopes = [(f(z + h * e) - f(z - h * e)) / (2 * h) for e in np.eye(3)]
    assert two_layer_gradients(W, a, [z])[0] == pytest.approx(slopes, abs=1e-7)


def test_the_two_layer_bound_holds_for_every_set_of_neurons():
    rng = np.random.default_rng(6)
    W, a = rng.normal(size=(8, 3)), rng.normal(size=8)
    sets = np.array(list(np.ndindex(*(2,) * 8)))
    worst = np.linalg.norm((sets * a) @ W, axis=1).max()
    assert worst <= two_layer_bound(W, a) < np.linalg.norm(W, 2) * np.linalg.norm(a)


def test_the_two_layer_bound_does_not_see_factors_that_cancel():
    rng = np.random.default_rng(7)
    W, a, t = rng.normal(size=(8, 3)), rng.normal(size=8), rng.uniform(0.01, 100, 8)
    scaled = two_layer_bound(W * t[:, None], a / t)
    assert scaled == pytest.approx(two_layer_bound(W, a))
    with_zero = two_layer_bound(np.r_[W, np.zeros((1, 3))], np.r_[a, 1.0])
    assert with_zero == pytest.approx(two_layer_bound(W, a))


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: conjectured_constant(0, 1), "n must be at least 1, got 0"),
        (lambda: conjectured_constant(1, 1.5), "k must be an integer"),
        (lambda: mean_square_length(5, 4), "d must be at least n, got d = 4 and n = 5"),
        (lambda: square_length_probability(-1, 2, 4), "t must be at least 0"),
        (lambda: square_length_quantile(1.5, 2, 4), r"share must lie in \[0, 1\]"),
        (
            lambda: shortest_interpolant([[1.0, 0.0], [2.0, 0.0]], [1, -1]),
            "linearly independent rows, got rank 1 of 2",
        ),
        (
            lambda: two_layer_bound([[1.0]], [1.0, 2.0]),
            "a must have one entry for each",
        ),
        (
            lambda: two_layer_gradients([[1.0]], [1.0], [[1.0, 2.0]]),
            "Z must have 1 col",
        ),
        (lambda: bump_width([[1.0, 0.0], [0.0, 2.0]]), "X must be unit vectors"),
        (lambda: bump_width([[1.0, 0.0], [1.0, 0.0]]), "X must be different points"),
        (
            lambda: bump_network(np.eye(2), [1, 1], [[1.0]]),
            "Z must have 2 columns",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
