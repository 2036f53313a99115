"""Covers, tubes and norms, against brute force.

Comparisons with simulation use 4 standard errors (false alarm below 1e-4 each), at
fixed seeds.
"""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from geomadv.data import EmbeddedSpheres
from geomadv.theories.manifold._cells import cell_share
from geomadv.theories.manifold.khoury2018 import (
    ball_cover,
    balls_needed,
    coverage_bound,
    covering_bounds,
    flat_ball_cover,
    flat_nearest_neighbour_cover,
    grid_coverage,
    inf_axis_height,
    inf_axis_radius,
    inf_axis_reach,
    is_vacuous,
    nearest_neighbour_cover,
    sample_covered,
    tube_coverage,
)

# --- Covers --------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_covers_that_are_sufficient_are_so_on_circles(share):
    """In R^4: worst normal direction is towards the other circle."""
    circles = EmbeddedSpheres(1, 4, inner=1.0, outer=2.0, rotation=0)
    reach = circles.decision_reach
    eps = share * reach
    delta = 0.999 * nearest_neighbour_cover(reach, eps)

    def samples(radius, delta):
        count = math.ceil(math.pi / (2 * math.asin(min(1.0, delta / (2 * radius)))))
        angle = 2 * math.pi * np.arange(count) / count
        return radius * np.column_stack([np.cos(angle), np.sin(angle)])

    inner, outer = samples(1.0, delta), samples(2.0, delta)
    angle = np.linspace(0, 2 * math.pi, 2001)
    ring = np.column_stack([np.cos(angle), np.sin(angle)])
    for points, own, other in (
        ((1 + eps) * ring, inner, outer),
        ((2 - eps) * ring, outer, inner),
    ):
        near = np.linalg.norm(points[:, None] - own, axis=2).min(axis=1)
        far = np.linalg.norm(points[:, None] - other, axis=2).min(axis=1)
        assert (near < far).all()
    cover = samples(1.0, ball_cover(reach, eps)) if share < 1 else inner
    gap = np.linalg.norm(((1 + eps) * ring)[:, None] - cover, axis=2).min(axis=1)
    assert gap.max() <= reach + 1e-12


@given(reach=st.floats(0.01, 100), share=st.floats(0, 1))
def test_exact_covers_on_flats_are_at_least_the_sufficient_ones(reach, share):
    eps = min(share * reach, reach)
    slack = 1e-9 * reach
    assert (
        nearest_neighbour_cover(reach, eps)
        <= flat_nearest_neighbour_cover(reach, eps) + slack
    )
    assert ball_cover(reach, eps) <= flat_ball_cover(reach, eps) + slack
    assert nearest_neighbour_cover(reach, eps) == 2 * ball_cover(reach, eps)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_grid_is_a_cover_of_the_size_between_the_bounds(k):
    cells = 4
    delta = math.sqrt(k) / (2 * cells)
    lower, upper = covering_bounds(k, delta)
    assert upper == pytest.approx(cells**k)
    assert lower <= upper
    rng = np.random.default_rng(0)
    x = rng.random((2000, k)) * cells
    gap = np.linalg.norm((x - np.floor(x) - 0.5) / cells, axis=1)
    assert gap.max() <= delta


# --- Tubes ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("k", "d", "value"),
    [
        (1, 2, 0.78539816),
        (1, 3, 0.66666667),
        (1, 100, 0.12501848),
        (1, 501, 0.055966012),
        (2, 10, 0.31415927),
        (2, 102, 0.030799928),
        (2, 502, 0.0062581527),
        (5, 105, 0.001586582),
        (2, 3, 1.0471976),
    ],
)
def test_coverage_has_its_reference_values(k, d, value):
    assert grid_coverage(k, d) == pytest.approx(value, rel=4e-7)
    delta = 0.01
    n = covering_bounds(k, delta)[1]
    assert coverage_bound(k, d, n, delta) == pytest.approx(value, rel=4e-7)
    assert bool(is_vacuous(grid_coverage(k, d))) is (value > 1)


@pytest.mark.parametrize(("d", "error"), [(6, 1e-14), (10**4, 1e-11), (10**6, 1e-8)])
def test_coverage_is_as_accurate_as_it_says(d, error):
    with mpmath.workdps(50):
        for k in (1, 2, 5):
            gap = mpmath.loggamma(mpmath.mpf(d - k) / 2 + 1) - mpmath.loggamma(
                mpmath.mpf(d) / 2 + 1
            )
            side = (mpmath.sqrt(mpmath.pi * k) / 2) ** k
            exact = float(side * mpmath.exp(gap))
            assert grid_coverage(k, d) == pytest.approx(exact, rel=error)


def test_coverage_tends_to_its_power_of_the_dimension():
    for k in (1, 2, 5):
        ratio = grid_coverage(k, 10**6) / (math.pi * k / (2 * 10**6)) ** (k / 2)
        assert ratio == pytest.approx(1, abs=1e-5)
    assert balls_needed(2, 1002, 0.1) / balls_needed(2, 502, 0.1) == pytest.approx(
        1002 / 502
    )


@pytest.mark.parametrize(
    ("k", "d", "spacing", "radius", "eps"),
    [
        (1, 3, 1.0, 0.5, 0.5),
        (1, 6, 0.9, 0.5, 0.3),
        (1, 40, 2.0, 0.6, 0.5),
        (2, 4, 1.0, 0.7, 0.6),
        (2, 12, 0.6, 0.5, 0.45),
        (2, 5, 0.5, 0.2, 0.4),
        (3, 5, 1.0, 0.8, 0.7),
        (3, 20, 1.0, 0.6, 0.5),
        (4, 9, 0.7, 0.6, 0.6),
    ],
)
def test_coverage_of_tubes_agrees_with_points_drawn_in_space(
    k, d, spacing, radius, eps
):
    """Points of R^d in the tube about a flat torus with a period of 3 cells."""
    rng = np.random.default_rng(1)
    n = 20_000
    normal = rng.standard_normal((n, d - k))
    normal *= (eps * rng.random(n) ** (1 / (d - k)) / np.linalg.norm(normal, axis=1))[
        :, None
    ]
    flat = 3 * spacing * rng.random((n, k))
    grid = spacing * np.stack(np.meshgrid(*[np.arange(3)] * k), -1).reshape(-1, k)
    step = np.abs(flat[:, None] - grid)
    step = np.minimum(step, 3 * spacing - step)
    square = (step**2).sum(axis=2).min(axis=1) + (normal**2).sum(axis=1)
    share = tube_coverage(k, d, spacing=spacing, radius=radius, eps=eps)
    found = (square <= radius**2).mean()
    assert abs(found - share) < 4 * math.sqrt(share * (1 - share) / n) + 1e-9


@pytest.mark.parametrize("k", [3, 4, 7])
def test_share_of_a_cell_is_that_of_drawn_points(k):
    rng = np.random.default_rng(3)
    square = ((rng.random((100_000, k)) - 0.5) ** 2).sum(axis=1)
    for s in np.linspace(0.05, 0.95, 10) * k / 4:
        share = float(cell_share(k, s))
        found = (square <= s).mean()
        assert abs(found - share) < 4 * math.sqrt(share * (1 - share) / 1e5) + 1e-5


@pytest.mark.parametrize("k", [1, 2, 3, 5, 12])
def test_share_of_a_cell_is_a_ball_while_it_is_inside(k):
    s = np.linspace(0, 0.25, 7)
    ball = math.pi ** (k / 2) / math.gamma(k / 2 + 1) * s ** (k / 2)
    assert cell_share(k, s) == pytest.approx(ball, abs=1e-12)
    assert cell_share(k, np.array([k / 4, k, 1e9])).tolist() == [1.0] * 3


def test_share_of_a_cube_without_its_caps():
    r = np.linspace(0.5, math.sqrt(0.5), 9)
    h = r - 0.5
    ball = 4 / 3 * math.pi * r**3 - 2 * math.pi * h**2 * (3 * r - h)
    assert cell_share(3, r**2) == pytest.approx(ball, abs=1e-12)


def test_sampler_agrees_with_the_integral():
    for k, d in ((1, 2), (1, 100), (2, 3), (2, 10), (3, 4), (6, 30)):
        share = tube_coverage(k, d, spacing=2 / math.sqrt(k), radius=1.0, eps=1.0)
        found = sample_covered(40_000, np.random.default_rng(2), k, d).mean()
        assert abs(found - share) < 4 * math.sqrt(share * (1 - share) / 40_000)
        assert share <= grid_coverage(k, d) + 1e-9


def test_sampler_takes_a_seed():
    drawn = sample_covered(100, 3, 1, 3)
    assert (drawn == sample_covered(100, np.random.default_rng(3), 1, 3)).all()


@pytest.mark.errors
def test_sampler_without_a_seed_is_refused():
    with pytest.raises(TypeError, match="rng must be a"):
        sample_covered(100, None, 1, 3)


def test_tube_within_the_reach_of_large_balls_is_covered():
    assert tube_coverage(1, 50, spacing=1.0, radius=2.0, eps=1.0) == pytest.approx(1)
    assert tube_coverage(2, 500, spacing=1.0, radius=2.0, eps=1.0) == pytest.approx(1)


# --- Norms ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("d", "value"),
    [(2, 0.92665), (10, 0.64556), (100, 0.25995), (500, 0.12220), (1000, 0.08734)],
)
def test_axis_along_a_coordinate_has_its_reference_values(d, value):
    assert inf_axis_height(d) == pytest.approx(value, abs=6e-6)
    e = np.zeros(d)
    e[0] = 1.0
    assert inf_axis_radius(e) - 1 == pytest.approx(inf_axis_height(d), abs=1e-10)
    assert inf_axis_radius(np.ones(d)) == pytest.approx(2.0)


@pytest.mark.parametrize("unit", [1e-150, 1e-10, 1e10, 1e150])
def test_axis_does_not_depend_on_units(unit):
    u = [3.0, 1.0, -2.0]
    scaled = inf_axis_radius([1e-200 * x for x in u], unit, 3 * unit)
    assert scaled == pytest.approx(unit * inf_axis_radius(u), rel=1e-12)
    along = inf_axis_radius([1.0, 0.0, 0.0], unit, 3 * unit)
    assert along == pytest.approx(unit * (1 + inf_axis_height(3)), rel=1e-12)


@pytest.mark.parametrize("degrees", [0, 10, 30, 45])
def test_axis_in_the_plane_is_equally_far_from_both_circles(degrees):
    t = np.linspace(0, 2 * math.pi, 200_001)
    circle = np.column_stack([np.cos(t), np.sin(t)])
    u = np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
    x = inf_axis_radius(u) * u
    gaps = [np.abs(x - r * circle).max(axis=1).min() for r in (1.0, 3.0)]
    assert gaps[0] == pytest.approx(gaps[1], abs=5e-5)


@pytest.mark.parametrize("d", [2, 3, 6])
def test_no_direction_is_nearer_than_the_reach_and_one_is_as_near(d):
    reach = inf_axis_reach(d)
    rng = np.random.default_rng(d)
    best = math.inf
    for _ in range(3):
        found = optimize.minimize(
            lambda u: inf_axis_radius(u) - 1,
            np.abs(rng.standard_normal(d)),
            method="Nelder-Mead",
            options={"maxiter": 600, "xatol": 1e-7, "fatol": 1e-10},
        )
        assert found.fun >= reach - 1e-8
        best = min(best, found.fun)
    assert best == pytest.approx(reach, abs=1e-6)
    assert reach < inf_axis_height(d)


def test_both_distances_fall_like_the_root_of_d():
    for f in (inf_axis_height, inf_axis_reach):
        assert f(10**8) * 10**4 == pytest.approx(math.sqrt(8), rel=1e-3)
        assert f(10**8, 2.0, 2.5) * 10**4 == pytest.approx(1.5, rel=1e-3)


# --- Arguments -----------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nearest_neighbour_cover(0, 0), "reach must be above 0"),
        (lambda: ball_cover(1, 2), "eps must lie in"),
        (lambda: covering_bounds(0, 1), "k must be at least 1"),
        (lambda: covering_bounds(1, 0), "delta must be above 0"),
        (lambda: coverage_bound(2, 2, 1, 1), "d must be at least 3"),
        (lambda: coverage_bound(1, 2, -1, 1), "n must be at least 0"),
        (lambda: coverage_bound(1, 2, 1, 1, 0), "volume must be above 0"),
        (lambda: is_vacuous(math.nan), "bound must be at least 0"),
        (
            lambda: tube_coverage(0, 5, spacing=1, radius=1, eps=1),
            "k must be at least 1",
        ),
        (
            lambda: tube_coverage(1, 5, spacing=0, radius=1, eps=1),
            "spacing must be above 0",
        ),
        (lambda: inf_axis_radius([0.0]), "direction must not be zero"),
        (lambda: inf_axis_reach(1), "d must be at least 2"),
        (lambda: inf_axis_height(2, 1.0, 1.0), "outer must be above 1"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
