import math

import mpmath
import numpy as np
import pytest
from scipy import optimize
from scipy.linalg import sqrtm

from geomadv.theories.dimension.prescott2021 import (
    _logistic_shape,
    gaussian_concentration,
    half_space_risk,
    induced_norm_bound,
    logistic_products,
)

CORRELATED = [[2.0, 0.9], [0.9, 1.0]]


@pytest.mark.parametrize(
    ("alpha", "eps", "cov", "p", "value"),
    [
        (0.05, 1.0, np.eye(5), 2, 0.2595110228),
        (0.05, 1.0, np.eye(5), math.inf, 0.2595110228),
        (0.5, 1.0, np.eye(5), 2, 0.8413447461),
        (0.01, 1.5, np.eye(5), 3, 0.2043033918),
        (0.05, 1.0, 4 * np.eye(5), 2, 0.1261348982),
        (0.05, 1.0, np.ones(784), 1, 0.0537929383),
        (0.05, 1.0, CORRELATED, 2, 0.1547897628),
        (0.05, 1.0, CORRELATED, math.inf, 0.1741872616),
    ],
)
def test_concentration_has_its_reference_values(alpha, eps, cov, p, value):
    found = gaussian_concentration(alpha, eps, cov, p)
    assert found == pytest.approx(value, abs=6e-11)


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, math.inf])
def test_concentration_is_the_least_risk_of_half_spaces(p):
    """Minimised over the angle of the normal by scipy."""

    def risk(angle):
        w = [math.cos(angle), math.sin(angle)]
        return float(half_space_risk(0.05, 1.0, w, CORRELATED, p))

    grid = np.linspace(0, math.pi, 400)
    start = grid[np.argmin([risk(a) for a in grid])]
    found = optimize.minimize_scalar(
        risk, bounds=(start - 0.02, start + 0.02), options={"xatol": 1e-10}
    )
    truth = float(gaussian_concentration(0.05, 1.0, CORRELATED, p))
    # p = inf has a kink at the best normal, an axis
    assert found.fun == pytest.approx(truth, abs=1e-7)


def test_half_space_risk_is_the_shifted_normal_tail():
    w, cov, p = [1.0, -2.0, 0.5], np.diag([1.0, 2.0, 3.0]), 3.0
    with mpmath.workdps(40):
        deviation = mpmath.sqrt(1 + 2 * 4 + mpmath.mpf("0.75"))
        norm = sum(mpmath.mpf(abs(x)) ** mpmath.mpf("1.5") for x in w) ** (
            mpmath.mpf(2) / 3
        )
        z = mpmath.findroot(lambda x: mpmath.ncdf(x) - mpmath.mpf(0.05), -1.6)
        expected = float(mpmath.ncdf(z + mpmath.mpf(0.7) * norm / deviation))
    assert half_space_risk(0.05, 0.7, w, cov, p) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("p", [1, 2, math.inf])
def test_induced_norm_is_that_of_the_root(p):
    cov = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, -0.3], [0.1, -0.3, 0.7]])
    norm = np.linalg.norm(sqrtm(cov), p)
    z = mpmath.findroot(lambda x: mpmath.ncdf(x) - mpmath.mpf(0.1), -1.3)
    expected = float(mpmath.ncdf(z + 0.4 / norm))
    assert induced_norm_bound(0.1, 0.4, cov, p) == pytest.approx(expected, rel=1e-12)


def test_induced_norm_is_no_bound_below_two():
    assert induced_norm_bound(0.05, 1.0, np.eye(9), 1) > gaussian_concentration(
        0.05, 1.0, np.eye(9), 1
    )
    assert induced_norm_bound(0.05, 1.0, CORRELATED, math.inf) < gaussian_concentration(
        0.05, 1.0, CORRELATED, math.inf
    )


@pytest.mark.parametrize("scales", [(1.0, 1.0), (1.0, 0.4)])
def test_no_union_of_cells_grows_less_than_a_half_space_of_logistic_laws(scales):
    """All 2^16 unions of 4 x 4 cells whose walls are eps apart: whole cells are added.

    Walls are at -eps, 0 and eps, so that half-lines of three masses are among them.
    """
    eps = 0.7
    walls = np.array([-np.inf, -eps, 0.0, eps, np.inf])
    columns = [np.diff(1 / (1 + np.exp(-walls / s))) for s in scales]
    weight = np.outer(*columns).ravel()
    cells = (np.arange(1, 2**16 - 1)[:, None] >> np.arange(16) & 1).astype(bool)
    grid = np.pad(cells.reshape(-1, 4, 4), ((0, 0), (1, 1), (1, 1)))
    grown = np.zeros((len(cells), 4, 4), dtype=bool)
    for i, j in np.ndindex(3, 3):
        grown |= grid[:, i : i + 4, j : j + 4]
    size = grown.reshape(len(cells), 16) @ weight
    bound = logistic_products(cells @ weight, eps, 1.0)
    assert (size >= bound - 1e-12).all()
    assert np.count_nonzero(size <= bound + 1e-12) >= 4  # half-planes, from both sides


def test_logistic_products_keep_small_masses_and_reach_one():
    with mpmath.workdps(40):
        odds = mpmath.mpf("1e-300") * mpmath.exp(2)
        expected = float(odds / (1 - mpmath.mpf("1e-300") + odds))
    assert logistic_products(1e-300, 3.0, 1.5) == pytest.approx(expected, rel=1e-13)
    assert logistic_products([0.0, 1.0], 1.0, 1.0).tolist() == [0.0, 1.0]
    assert logistic_products(0.2, 0.0, 1.0) == pytest.approx(0.2, rel=1e-14)


def test_formulas_broadcast():
    alpha, eps = np.full((3, 1), 0.1), np.ones(4)
    assert gaussian_concentration(alpha, eps, [1.0, 2.0], 2).shape == (3, 4)
    assert half_space_risk(alpha, eps, [1.0, 2.0], np.eye(2), 2).shape == (3, 4)
    assert induced_norm_bound(alpha, eps, np.eye(2), 2).shape == (3, 4)
    assert logistic_products(alpha, eps, 1.0).shape == (3, 4)
    assert isinstance(logistic_products(0.1, 1, 1), np.float64)
    assert isinstance(half_space_risk(0.1, 1, [1.0], [[1.0]], 2), np.float64)
    assert isinstance(induced_norm_bound(0.1, 1, [[1.0]], 2), np.float64)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gaussian_concentration(1.1, 1, [1.0], 2), "mass must lie in"),
        (lambda: gaussian_concentration(0.1, -1, [1.0], 2), "eps must be at least 0"),
        (lambda: gaussian_concentration(0.1, 1, [[1.0, 2], [2, 1]], 2), "cov must"),
        (lambda: logistic_products(1.1, 1, 1), r"alpha must lie in \[0, 1\]"),
        (lambda: logistic_products(0.1, -1, 1), "eps must be at least 0"),
        (lambda: logistic_products(0.1, 1, 0), "scale must be above 0"),
        (lambda: half_space_risk(0.1, 1, [0.0, 0], np.eye(2), 2), "positive variance"),
        (lambda: half_space_risk(0.1, 1, [1.0, 0], np.eye(3), 2), "cov must have"),
        (lambda: half_space_risk(0.1, 1, [1.0], [[1.0]], 0.5), "p must be at least"),
        (lambda: half_space_risk(2, 1, [1.0], [[1.0]], 2), "alpha must lie in"),
        (lambda: induced_norm_bound(0.1, 1, [[1.0]], 3), "p must be 1, 2 or inf"),
        (lambda: induced_norm_bound(0.1, 1, -np.eye(2), 2), "cov must be positive"),
        (lambda: induced_norm_bound(0.1, math.nan, [[1.0]], 2), "eps must be"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


@pytest.mark.parametrize("d", [1, 2, 7])
@pytest.mark.parametrize(
    "shape", ["half-space", "orthant", "union of half-spaces", "two strips"]
)
def test_shapes_under_logistic_laws_have_their_measure(shape: str, d: int):
    assert _logistic_shape(shape, d, 0.3, 0.0) == pytest.approx(0.3, rel=1e-12)
