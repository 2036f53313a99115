import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomadv.spaces import Cube, Gaussian
from geomadv.theories.dimension.mahloujifar2019 import (
    cube_complement,
    cube_concentration,
    sample_concentration,
    sandwich_failure,
    square_concentration,
    two_half_spaces,
)


def quantile(mass):
    return mpmath.findroot(lambda x: mpmath.ncdf(x) - mass, -1)


@pytest.mark.parametrize("d", [1, 2, 100, 784])
@pytest.mark.parametrize(("alpha", "eps"), [(0.05, 1.0), (0.01, 0.3), (0.5, 0.1)])
def test_cube_complement_agrees_with_high_precision(d, alpha, eps):
    with mpmath.workdps(40):
        side = (1 - mpmath.mpf(alpha)) ** (mpmath.mpf(1) / d)
        c = -mpmath.erfinv(-side) * mpmath.sqrt(2)
        assert float(mpmath.ncdf(c) - mpmath.ncdf(-c) - side) == pytest.approx(0)
        inner = c - mpmath.mpf(eps)
        expected = 1 - max(mpmath.ncdf(inner) - mpmath.ncdf(-inner), 0) ** d
    assert cube_complement(alpha, eps, d) == pytest.approx(float(expected), rel=1e-11)


def test_cube_complement_is_the_share_of_random_points():
    X = np.random.default_rng(0).standard_normal((40_000, 10))
    largest = np.sort(np.abs(X).max(axis=1))
    c = largest[-2000]
    assert (largest >= c - 0.5).mean() == pytest.approx(
        float(cube_complement(0.05, 0.5, 10)), abs=0.012
    )


def test_cube_is_swallowed_once_eps_is_half_of_its_side():
    assert cube_complement(0.99, 5.0, 2) == 1.0
    assert cube_complement(0.05, 0.0, 784) == pytest.approx(0.05)


@given(share=st.floats(0, 1), alpha=st.floats(1e-6, 0.5), eps=st.floats(0, 4))
def test_two_half_spaces_grow_more_than_one_and_less_than_their_sum(share, alpha, eps):
    grown = float(two_half_spaces(alpha, eps, share))
    one = float(Gaussian(1).enlargement(alpha, eps))
    assert one * (1 - 1e-9) <= grown <= min(2 * one, 1.0) * (1 + 1e-9)
    other = float(two_half_spaces(alpha, eps, 1 - share))
    assert grown == pytest.approx(other, rel=1e-9)


def test_two_half_spaces_agree_with_high_precision():
    with mpmath.workdps(30):
        a, b = quantile(mpmath.mpf("0.01")), quantile(mpmath.mpf("0.04"))
        expected = float(mpmath.ncdf(a + 1) + mpmath.ncdf(b + 1))
    assert two_half_spaces(0.05, 1.0, 0.2) == pytest.approx(expected, rel=1e-12)


def test_sample_concentration_is_that_of_brute_force():
    X = np.random.default_rng(1).integers(0, 6, (40, 5)).astype(float)
    for alpha in (0.05, 0.1, 0.5):
        values = [
            np.mean(X[:, i] >= t - 1.0)
            for i in range(5)
            for t in np.unique(X[:, i])
            if np.mean(X[:, i] >= t) >= alpha - 1e-12
        ]
        value, axis = sample_concentration(X, alpha, 1.0)
        assert value == min(values)
        t = max(t for t in X[:, axis] if np.mean(X[:, axis] >= t) >= alpha)
        assert np.mean(X[:, axis] >= t - 1.0) == value


def test_failure_of_the_sandwich_is_the_union_over_axes():
    one = float(sandwich_failure(1000, 0.05, 1))
    assert one == pytest.approx(2 * math.exp(-2 * 1000 * 0.0025))
    assert sandwich_failure(1000, 0.05, 10) == pytest.approx(10 * one)
    assert sandwich_failure(1000, 0.0, 10) == 1.0


def test_the_published_bias_is_reproduced():
    """N(0, I_784) and 35 000 points: the best axis has .2493 there, truth .2595."""
    rng = np.random.default_rng(0)
    value, shares = 1.0, []
    for _ in range(98):  # 8 axes at a time, the axes being independent
        found, _ = sample_concentration(rng.standard_normal((35_000, 8)), 0.05, 1.0)
        value = min(value, float(found))
        shares.append(float(found))
    assert 0.243 < value < 0.254
    assert float(np.median(shares)) < 0.2595110228


def test_no_union_of_cells_of_the_square_grows_less():
    """All 2^16 unions of 4 x 4 cells, with eps = 1/4: whole cells are added."""
    cells = (np.arange(2**16)[:, None] >> np.arange(16) & 1).astype(bool)
    grid = np.pad(cells.reshape(-1, 4, 4), ((0, 0), (1, 1), (1, 1)))
    grown = np.zeros((2**16, 4, 4), dtype=bool)
    for i, j in np.ndindex(3, 3):
        grown |= grid[:, i : i + 4, j : j + 4]
    mass, size = cells.sum(axis=1), grown.sum(axis=(1, 2))
    least = np.array([size[mass == m].min() for m in range(1, 16)])
    bound = 16 * square_concentration(np.arange(1, 16) / 16, 0.25)
    assert (least >= bound - 1e-9).all()
    # a cell in a corner, half-squares, and the complements of a square
    for m, value in ((1, 4), (4, 8), (8, 12), (12, 15), (15, 16)):
        assert least[m - 1] == pytest.approx(bound[m - 1]) == value


def test_the_square_is_the_least_of_all_steps_on_a_grid():
    """R(a) + R(q)(R(b) - R(a)) over a grid of a and b, also where b + eps > 1."""
    for alpha, eps in itertools.product((0.03, 0.2, 0.5, 0.8, 0.95), (0.02, 0.15, 0.4)):
        a = np.append(np.linspace(0, alpha, 500, endpoint=False), alpha)[:, None]
        b = np.append(np.linspace(1, alpha, 2000, endpoint=False), alpha)[None]
        q = np.divide(alpha - a, b - a, out=np.ones((501, 2001)), where=b > a)

        def grown(p, eps=eps):
            return np.where(p > 0, np.minimum(p + eps, 1), 0)

        steps = grown(a) + grown(q) * (grown(b) - grown(a))
        exact = float(square_concentration(alpha, eps))
        assert steps.min() == pytest.approx(exact, abs=1e-4)
        assert steps.min() >= exact - 1e-12


def test_no_union_of_cells_of_a_cube_grows_less():
    """All unions of 2 x 2 x 2 cells, enlarged by half a cell."""
    cells = (np.arange(2**8)[:, None] >> np.arange(8) & 1).astype(bool)
    halves = cells.reshape(-1, 2, 2, 2).repeat(2, 1).repeat(2, 2).repeat(2, 3)
    grid = np.pad(halves, ((0, 0), (1, 1), (1, 1), (1, 1)))
    grown = np.zeros(halves.shape, dtype=bool)
    for i, j, k in np.ndindex(3, 3, 3):
        grown |= grid[:, i : i + 4, j : j + 4, k : k + 4]
    mass, size = cells.mean(axis=1), grown.mean(axis=(1, 2, 3))
    for m in range(1, 8):
        least = size[mass == m / 8].min()
        bound = cube_concentration(m / 8, 0.25, 3)
        assert least >= bound - 1e-12
        if m in (4, 7):  # a half-cube and the complement of a corner
            assert least == pytest.approx(bound)


def test_the_cube_in_one_and_two_dimensions():
    alpha = np.linspace(0.01, 0.99, 50)
    assert cube_concentration(alpha, 0.1, 1) == pytest.approx(
        np.minimum(alpha + 0.1, 1)
    )
    assert cube_concentration(alpha, 0.1, 2) == pytest.approx(
        square_concentration(alpha, 0.1)
    )
    # between the Gaussian bound and every half-cube
    for d in (3, 20, 784):
        least = cube_concentration(alpha, 0.1, d)
        assert (least >= Cube(d).enlargement(alpha, 0.1, np.inf)).all()
        assert (least <= np.minimum(alpha + 0.1, 1) + 1e-12).all()


def test_each_of_the_three_shapes_is_extremal_somewhere():
    assert square_concentration(0.01, 0.1) == pytest.approx(0.04)
    assert square_concentration(0.5, 0.1) == pytest.approx(0.6)
    assert square_concentration(0.75, 0.1) == pytest.approx(1 - 0.4**2)
    assert square_concentration(0.3, 0.9) == 1.0
    assert square_concentration(0.3, 0.0) == pytest.approx(0.3)


def test_formulas_broadcast():
    assert sandwich_failure(np.ones((3, 1)), 0.1, np.ones(4)).shape == (3, 4)
    assert cube_complement(np.full((3, 1), 0.1), np.ones(4), 5).shape == (3, 4)
    assert two_half_spaces(np.full((3, 1), 0.1), np.ones(4), 0.5).shape == (3, 4)
    assert square_concentration(np.full((3, 1), 0.1), np.ones(4)).shape == (3, 4)
    assert cube_concentration(np.full((3, 1), 0.1), np.ones(4), 3).shape == (3, 4)
    for value in (
        sandwich_failure(10, 0.1, 2),
        square_concentration(0.1, 0.2),
        cube_concentration(0.1, 0.2, 3),
        cube_complement(0.1, 1, 2),
        two_half_spaces(0.1, 1, 0.5),
    ):
        assert isinstance(value, np.float64)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sandwich_failure(0, 0.1, 1), "m must be at least 1"),
        (lambda: sandwich_failure(10, -0.1, 1), "delta must be at least 0"),
        (lambda: sandwich_failure(10, 0.1, math.nan), "axes must be at least 1"),
        (lambda: cube_complement(0, 1, 2), r"alpha must lie in \(0, 1\)"),
        (lambda: cube_complement(0.1, -1, 2), "eps must be at least 0"),
        (lambda: cube_complement(0.1, 1, 0), "d must be at least 1"),
        (lambda: square_concentration(1, 0.1), r"alpha must lie in \(0, 1\)"),
        (lambda: cube_concentration(1, 0.1, 3), r"alpha must lie in \(0, 1\)"),
        (lambda: cube_concentration(0.1, -0.1, 3), "eps must be at least 0"),
        (lambda: cube_concentration(0.1, 0.1, 0), "d must be at least 1"),
        (lambda: square_concentration(0.1, -1), "eps must be at least 0"),
        (lambda: two_half_spaces(0.1, 1, 2), "share must lie in"),
        (lambda: two_half_spaces(1, 1, 0.5), "alpha must lie in"),
        (lambda: sample_concentration([1.0], 0.1, 1), "X must be points of shape"),
        (lambda: sample_concentration([[1.0]], 0, 1), "alpha must lie in"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
