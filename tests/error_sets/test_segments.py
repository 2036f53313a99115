import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomadv.error_sets import (
    decision_flips,
    expected_flips,
    random_segments,
    simplicial_flips,
)
from geomadv.spaces import Cube, Gaussian


def simplicial(x, y):
    """The rule itself: linear interpolation of the labels, by NumPy."""
    order = np.argsort(x)
    return lambda X: np.where(np.interp(X[:, 0], x[order], y[order]) > 0, 1, -1)


def noisy(n, seed, eta=0.3):
    rng = np.random.default_rng(seed)
    x = rng.random(n)
    level = eta(x[:, None]) if callable(eta) else eta
    return x, np.where(rng.random(n) < level, 1.0, -1.0)


@pytest.mark.parametrize("seed", range(5))
def test_the_simplicial_rule_flips_halfway(seed):
    """Search and closed form; neighbours are farther apart than the resolution."""
    rng = np.random.default_rng(seed)
    x = (rng.permutation(40) + 0.5) / 40 + rng.uniform(-0.1, 0.1, 40) / 40
    y = np.where(rng.random(40) < 0.4, 1.0, -1.0)
    found = decision_flips(simplicial(x, y), [[[0.0], [1.0]]], resolution=0.01)
    np.testing.assert_allclose(found.position, simplicial_flips(x, y), atol=1e-11)
    assert found.counts.tolist() == [len(found.position)]


def test_pieces_lie_between_flips():
    ends = np.array([[[0.0, 0.0], [3.0, 4.0]], [[0.0, 0.0], [0.0, 1.0]]])
    found = decision_flips(
        lambda X: np.floor(X[:, 0]).astype(int) % 2, ends, resolution=0.1
    )
    # Flips at x = 1, 2 and at the very end, 3.
    assert found.counts.tolist() == [3, 0]
    np.testing.assert_allclose(found.position, [5 / 3, 10 / 3, 5], atol=1e-9)
    np.testing.assert_allclose(found.piece_length.sum(), 6.0)
    assert found.piece_label.tolist() == [0, 1, 0, 1, 0]
    assert found.piece_segment.tolist() == [0, 0, 0, 0, 1]
    assert found.whole.tolist() == [False, True, True, False, False]


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 0.5))
def test_counts_are_lower_bounds_of_the_same_parity(seed, resolution):
    x, y = noisy(30, seed)
    found = decision_flips(simplicial(x, y), [[[0.0], [1.0]]], resolution=resolution)
    exact = simplicial_flips(x, y)
    missed = len(exact) - found.counts[0]
    assert missed >= 0
    assert missed % 2 == 0
    nearest = np.abs(found.position[:, None] - exact).min(axis=1, initial=1.0)
    assert (nearest < 1e-9).all()


def test_more_than_two_labels():
    found = decision_flips(
        lambda X: np.floor(4 * X[:, 0]), [[[0.1], [0.9]]], resolution=0.01
    )
    np.testing.assert_allclose(0.1 + found.position, [0.25, 0.5, 0.75], atol=1e-9)
    assert found.piece_label.tolist() == [0, 1, 2, 3]


@given(st.data(), st.sampled_from(["cube", "torus"]))
def test_closed_form_flips_are_sign_changes(data, domain):
    rows = data.draw(st.lists(st.integers(0, 63), min_size=1, max_size=12, unique=True))
    x = np.array(rows) / 64
    y = np.array([data.draw(st.sampled_from([-1.0, 1.0])) for _ in rows])
    flips = simplicial_flips(x, y, domain)
    if domain == "torus":
        assert len(flips) % 2 == 0
        X, Y = np.concatenate([x - 1, x, x + 1]), np.tile(y, 3)
    else:
        X, Y = x, y
    order = np.argsort(X)
    values = np.interp(flips, X[order], Y[order])
    np.testing.assert_allclose(values, 0.0, atol=1e-12)
    if domain == "cube":
        ordered = y[np.argsort(x)]
        assert len(flips) == (ordered[1:] != ordered[:-1]).sum()


@pytest.mark.parametrize("domain", ["cube", "torus"])
@pytest.mark.parametrize("n", [2, 5, 60])
@pytest.mark.parametrize(
    "eta",
    [0.2, lambda X: X[:, 0], lambda X: 0.5 + 0.45 * np.cos(2 * np.pi * X[:, 0])],
)
def test_expected_flips_are_the_mean_of_many_samples(n, eta, domain):
    """Within 6 standard errors of 1000 samples: false alarm below 1e-8."""
    counts = [
        len(simplicial_flips(*noisy(n, seed, eta), domain)) for seed in range(1000)
    ]
    slack = 6 * np.std(counts) / np.sqrt(len(counts))
    assert abs(np.mean(counts) - expected_flips(n, eta, domain)) < slack
    assert slack < 0.1 * n


def test_expected_flips_in_closed_form():
    assert expected_flips(101, 0.1) == pytest.approx(18.0)
    assert expected_flips(100, 0.1, "torus") == pytest.approx(18.0)
    for n in (2, 10, 10**6):
        for domain in ("cube", "torus"):
            constant = expected_flips(n, lambda X: np.full(len(X), 0.1), domain)
            assert constant == pytest.approx(expected_flips(n, 0.1, domain), rel=1e-13)
    assert expected_flips(1, lambda X: X[:, 0]) == expected_flips(1, 0.3) == 0.0
    # Pairs of neighbours see the same eta: (n - 1) E 2 eta (1 - eta) for eta(x) = x.
    assert expected_flips(10**7, lambda X: X[:, 0]) / 10**7 == pytest.approx(1 / 3)


def test_expected_flips_of_two_points_are_a_double_integral():
    """E[x (1 - y) + (1 - x) y] for eta(x) = x^2: 2 (1/3) (2/3)."""
    assert expected_flips(2, lambda X: X[:, 0] ** 2) == pytest.approx(4 / 9, rel=1e-12)
    assert expected_flips(2, lambda X: X[:, 0] ** 2, "torus") == pytest.approx(
        8 / 9, rel=1e-12
    )


def test_expected_flips_around_the_circle_have_the_law_of_its_gaps():
    """phi has the mean 1/2 - a^2 cos(2 pi T), T ~ Beta(1, 3) for 4 points."""
    a = 0.4
    found = expected_flips(4, lambda X: 0.5 + a * np.cos(2 * np.pi * X[:, 0]), "torus")
    mean = 6 / (2 * np.pi) ** 2  # of cos(2 pi T): the integral of 3 u^2 cos(2 pi u)
    assert found == pytest.approx(4 * (0.5 - a**2 * mean), rel=1e-12)


def test_segments_have_the_length_asked_for():
    found = random_segments(Gaussian(7), 50, 0, length=0.25)
    steps = found[:, 1] - found[:, 0]
    np.testing.assert_allclose(np.linalg.norm(steps, axis=1), 0.25)
    assert abs(steps.mean(axis=0)).max() < 6 * 0.25 / np.sqrt(7 * 50)
    between = random_segments(Cube(2), 50, 0)
    assert between.shape == (50, 2, 2)
    assert ((between >= 0) & (between <= 1)).all()
    assert random_segments(Cube(2), 0, 0).shape == (0, 2, 2)
    assert decision_flips(1, np.empty((0, 2, 2)), resolution=1.0).counts.shape == (0,)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: decision_flips(1, [[0.0, 1.0]], resolution=1), "segments must have"),
        (lambda: decision_flips(1, [[[0.0], [1.0]]], resolution=0), "resolution must"),
        (
            lambda: decision_flips(1, [[[0.0], [1.0]]], resolution=1, tolerance=0),
            "tolerance must",
        ),
        (lambda: decision_flips("f", [[[0.0], [1.0]]], resolution=1), "model must"),
        (lambda: random_segments(Cube(1), -1, 0), "m must"),
        (lambda: random_segments(Cube(1), 1, 0, length=0.0), "length must"),
        (lambda: simplicial_flips([0.1, 0.1], [1, -1]), "x must be different"),
        (lambda: simplicial_flips([0.1, 0.2], [1, 0]), "y must be 2 labels"),
        (lambda: simplicial_flips([0.1, 1.0], [1, -1], "torus"), "x must lie in"),
        (lambda: expected_flips(0, 0.1), "n must"),
        (lambda: expected_flips(5, 1.1), "eta must"),
        (lambda: expected_flips(5, lambda X: X), "eta must return one number"),
        (lambda: expected_flips(5, lambda X: X[:, 0] + 1), "eta must"),
        (lambda: expected_flips(5, 0.1, "line"), "domain must be one of"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
