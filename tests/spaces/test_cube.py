import math
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from geomadv.spaces import Cube

Z = 5.2  # two-sided normal tail 2e-7: the false alarm of each simulation


@pytest.mark.parametrize(
    ("eps", "value"),
    [(0.1, 0.5989626), (0.3, 0.7739710), (0.5, 0.8949543), (1.0, 0.9939056)],
)
@pytest.mark.parametrize("d", [2, 784, 10**9])
def test_bound_of_half_the_cube_reproduces_the_reference(eps, value, d):
    cube = Cube(d)
    for p in (2, 7, np.inf)[: 2 if eps == 1.0 else 3]:  # the l_inf diameter is 1
        assert cube.enlargement(0.5, eps, p) == pytest.approx(value, abs=5e-8)
    with mpmath.workdps(30):
        truth = mpmath.ncdf(mpmath.sqrt(2 * mpmath.pi) * eps)
    assert cube.enlargement(0.5, eps) == pytest.approx(float(truth), rel=1e-15, abs=0)


@pytest.mark.parametrize("p", [1, 1.5])
def test_bound_below_two_loses_the_power_of_the_dimension(p):
    d, eps = 100, 3.0
    shift = math.sqrt(2 * math.pi * d) * eps / d ** (1 / p)  # the published form
    assert Cube(d).enlargement(0.5, eps, p) == pytest.approx(special.ndtr(shift))


def enlarged_volumes(x, d, p, eps):
    """Volumes of sets and the measured volumes of their enlargements.

    Corner boxes, half-cubes and slabs; the distance to a box is that to its clipping.
    """
    for mass in (0.01, 0.2, 0.5, 0.8):
        for k in (1, 2, d):
            side = mass ** (1 / k)
            outside = np.maximum(x[:, :k] - side, 0.0)
            yield mass, np.mean(np.linalg.norm(outside, ord=p, axis=1) <= eps)
        middle = np.maximum(np.abs(x[:, 0] - 0.5) - mass / 2, 0.0)
        yield mass, np.mean(middle <= eps)


@pytest.mark.parametrize("p", [1, 1.5, 2, 4, np.inf])
@pytest.mark.parametrize("d", [2, 5, 30])
def test_no_set_grows_less_than_the_bound(p, d):
    n, rng = 20000, np.random.default_rng(3)
    x = Cube(d).sample(n, rng)
    for eps in (0.05, 0.3, 0.7):
        for mass, grown in enlarged_volumes(x, d, p, eps):
            assert grown >= Cube(d).enlargement(mass, eps, p) - Z / (2 * math.sqrt(n))


def test_bound_is_nearly_attained_by_the_half_cube():
    eps = np.linspace(0, 0.1, 5)
    assert (Cube(50).enlargement(0.5, eps) <= 0.5 + eps).all()
    np.testing.assert_allclose(Cube(50).enlargement(0.5, eps), 0.5 + eps, atol=0.0011)


def test_interval_is_exact_in_one_dimension():
    line = Cube(1)
    mass, eps = np.meshgrid([0.1, 0.5, 0.9, 1.0], [0.0, 0.25, 0.6, 3.0])
    truth = np.minimum(1.0, mass + eps)
    for p in (1, 2, np.inf):
        assert (line.enlargement(mass, eps, p) == truth).all()
        assert line.isoperimetry(p).exact
    np.testing.assert_allclose(
        line.log_enlargement(np.log(mass), eps), np.log(truth), rtol=1e-12, atol=1e-15
    )
    assert line.log_complement_enlargement(0.25, 0.5) == math.log(0.25)
    assert line.log_complement_enlargement(0.25, 0.75) == -np.inf
    assert line.mean_distance(0.2) == pytest.approx(0.32, rel=1e-15, abs=0)
    assert line.median_distance([0.25, 0.5, 0.8]).tolist() == [0.25, 0.0, 0.0]
    assert line.mean_distance(log_mass=math.log(0.2)) == pytest.approx(
        0.32, rel=1e-14, abs=0
    )
    u = line.sample(20000, 1)[:, 0]
    distance = np.maximum(u - 0.2, 0)
    error = Z * distance.std() / math.sqrt(len(u))
    assert distance.mean() == pytest.approx(0.32, abs=error)


@pytest.mark.parametrize("p", [1, 1.7, 2, np.inf])
@pytest.mark.parametrize("d", [2, 3, 100])
@pytest.mark.parametrize("mass", [1e-300, 1e-6, 0.01, 0.5, 0.99])
def test_mean_distance_integrates_the_bound_up_to_the_diameter(p, d, mass):
    cube, diameter = Cube(d), d ** (1 / p)
    edge = cube.median_distance(mass, p)
    pieces = np.unique(np.clip([0.0, edge - 1, edge, edge + 1, diameter], 0, diameter))
    area = sum(
        integrate.quad(
            lambda e: -np.expm1(np.log(cube.enlargement(mass, e, p))),
            left,
            right,
            epsabs=1e-13,
        )[0]
        for left, right in pairwise(pieces)
    )
    assert cube.mean_distance(mass, p) == pytest.approx(area, rel=1e-9, abs=1e-12)
    assert cube.mean_distance(mass, p) <= diameter


@pytest.mark.parametrize("p", [1, 2, np.inf])
def test_median_distance_is_where_the_bound_reaches_one_half(p):
    cube = Cube(9)
    for mass in (0.01, 0.3):
        assert cube.enlargement(mass, cube.median_distance(mass, p), p) == (
            pytest.approx(0.5, rel=1e-14, abs=0)
        )
    assert cube.median_distance([0.5, 0.9, 1.0], p).tolist() == [0.0, 0.0, 0.0]
    assert cube.median_distance(1e-300, p) == pytest.approx(
        min(9 ** (1 / p), 14.78 * (3 if p == 1 else 1)), rel=1e-3, abs=0
    )


@pytest.mark.parametrize("p", [1, 2, 3, np.inf])
def test_everything_is_reached_at_the_diameter(p):
    cube = Cube(4)
    beyond = 4 ** (1 / p) * (1 + 1e-12)
    assert cube.enlargement([1e-300, 0.5, 0.0], beyond, p).tolist() == [1.0, 1.0, 0.0]
    assert cube.log_enlargement([-5000.0, -np.inf], beyond, p).tolist() == [
        0.0,
        -np.inf,
    ]
    assert cube.log_complement_enlargement([0.5, 0.0], beyond, p).tolist() == [
        -np.inf,
        0.0,
    ]
    assert cube.enlargement(0.01, beyond * 0.99, p) < 1.0


@given(
    mass=st.floats(0, 1),
    eps=st.floats(0, 2),
    d=st.integers(1, 50),
    p=st.sampled_from([1, 1.5, 2, np.inf]),
)
@settings(max_examples=100, deadline=None)
def test_logarithms_agree_with_the_enlargement(mass, eps, d, p):
    cube = Cube(d)
    value = cube.enlargement(mass, eps, p)
    assert mass <= value <= 1.0
    assert math.exp(cube.log_complement_enlargement(mass, eps, p)) == pytest.approx(
        1 - value, abs=1e-14
    )
    log_mass = math.log(mass) if mass else -math.inf
    assert math.exp(cube.log_enlargement(log_mass, eps, p)) == pytest.approx(
        value, rel=1e-11, abs=1e-300
    )


def test_complement_keeps_its_digits_far_beyond_underflow():
    with mpmath.workdps(40):
        truth = mpmath.log(mpmath.ncdf(-mpmath.sqrt(2 * mpmath.pi) * 40))
    value = Cube(10**6).log_complement_enlargement(0.5, 40)
    assert value == pytest.approx(float(truth), rel=1e-14, abs=0)


def test_samples_are_uniform():
    from scipy import stats

    x = Cube(3).sample(5000, 0)
    assert x.shape == (5000, 3)
    assert stats.kstest(x.ravel(), "uniform").pvalue > 1e-6
    assert abs(np.corrcoef(x.T)[0, 1]) < Z / math.sqrt(5000)
    assert Cube(3).sample(0, 0).shape == (0, 3)


def test_shapes_broadcast():
    cube = Cube(3)
    assert isinstance(cube.enlargement(0.1, 0.2), np.float64)
    assert cube.enlargement(np.full((2, 1), 0.1), np.ones(3)).shape == (2, 3)
    assert cube.mean_distance([]).shape == (0,)
    assert cube.distance(np.zeros((4, 1, 3)), np.ones((5, 3)), 1).tolist() == (
        np.full((4, 5), 3.0).tolist()
    )
    assert repr(cube) == "Cube(3)"


@pytest.mark.errors
def test_bad_arguments_are_refused():
    cube = Cube(2)
    for call, kind, message in (
        (lambda: Cube(0), ValueError, "d must be at least 1, got 0"),
        (lambda: Cube(True), TypeError, "d must be an integer"),
        (lambda: cube.enlargement(-0.1, 1.0), ValueError, r"mass must lie in \[0, 1\]"),
        (lambda: cube.enlargement(0.5, np.nan), ValueError, "eps must be at least 0"),
        (lambda: cube.enlargement(0.5, 1.0, 0.5), ValueError, "p must be at least 1"),
        (lambda: cube.isoperimetry(np.nan), ValueError, "p must be at least 1"),
        (lambda: cube.mean_distance(0.0), ValueError, r"mass must lie in \(0, 1\]"),
        (lambda: Cube(1).mean_distance(0.0), ValueError, r"mass must lie in \(0, 1\]"),
        (lambda: Cube(1).median_distance(), ValueError, "exactly one of mass"),
        (
            lambda: cube.log_enlargement(0.1, 1.0),
            ValueError,
            "log_mass must be at most",
        ),
        (lambda: cube.sample(1.0, 0), TypeError, "n must be an integer"),
        (lambda: cube.distance([0, 2], [0, 0]), ValueError, r"x must lie in \[0, 1\]"),
        (lambda: cube.distance([0, 0], [0]), ValueError, "y must have 2 entries"),
    ):
        with pytest.raises(kind, match=message):
            call()
