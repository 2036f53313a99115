"""Covering radii against closed forms, fine grids and each other."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv.error_sets import covering_radius
from geomadv.error_sets._boxes import mixture_bound, search
from geomadv.error_sets._domain import Box, orthant_radius
from geomadv.spaces import Cube, Gaussian, Sphere


def lattice(m, d):
    ticks = (np.arange(m) + 0.5) / m
    return np.stack(np.meshgrid(*[ticks] * d), axis=-1).reshape(-1, d)


def distances(X, P, domain):
    """Distances to the nearest point, without a tree."""
    nearest = np.full(len(X), np.inf)
    for p in P:
        gap = np.abs(X - p)
        if domain == "torus":
            gap = np.minimum(gap, 1 - gap)
        nearest = np.minimum(nearest, (gap**2).sum(axis=1))
    return np.sqrt(nearest)


def brackets_of_grid(P, domain, m):
    """Bounds of the radius: a grid of m^d cells and half of a cell's diagonal."""
    d = P.shape[1]
    corners = np.stack(np.meshgrid(*[np.linspace(0, 1, m + 1)] * d), axis=-1)
    greatest = distances(corners.reshape(-1, d), P, domain).max()
    return greatest, greatest + math.sqrt(d) / (2 * m)


@pytest.mark.parametrize("domain", ["cube", "torus"])
@pytest.mark.parametrize(("d", "m"), [(1, 7), (2, 1), (2, 9), (3, 1), (3, 6), (4, 2)])
def test_a_lattice_covers_at_half_the_diagonal_of_a_cell(d, m, domain):
    found = covering_radius(lattice(m, d), domain, rtol=0.01)
    exact = math.sqrt(d) / (2 * m)
    assert 0.99 * exact <= found.lower <= exact * (1 + 1e-12)
    assert exact * (1 - 1e-12) <= found.upper <= 1.01 * exact
    if d <= 3:
        assert found.exact
        assert found.lower == pytest.approx(exact, rel=1e-14)


@pytest.mark.parametrize("d", [1, 2, 3, 4, 5])
def test_one_point_of_the_torus_leaves_half_of_the_diagonal(d):
    x = np.random.default_rng(d).random((1, d))
    found = covering_radius(x, "torus", rtol=1e-3)
    assert found.lower <= math.sqrt(d) / 2 + 1e-14
    assert found.upper == pytest.approx(math.sqrt(d) / 2, rel=1e-3)
    assert found.lower == pytest.approx(math.sqrt(d) / 2, rel=1e-3 if d > 3 else 1e-14)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_one_point_of_the_cube_is_farthest_from_a_corner(d):
    x = np.random.default_rng(d).random((1, d))
    exact = np.linalg.norm(np.maximum(x, 1 - x))
    assert covering_radius(x, "cube").lower == pytest.approx(exact, rel=1e-14)


def test_two_opposite_corners():
    """In space the farthest points are corners of the hexagon halfway, (1, 1/2, 0)."""
    for d, exact in ((1, 0.5), (2, 1.0), (3, math.sqrt(5) / 2)):
        found = covering_radius([[0.0] * d, [1.0] * d], "cube")
        assert found.lower == pytest.approx(exact, rel=1e-14)
    torus = covering_radius([[0.0] * 3, [0.5] * 3], "torus")  # a body-centred lattice
    assert torus.lower == pytest.approx(math.sqrt(5) / 4, rel=1e-14)


def test_gaps_on_a_line():
    assert covering_radius([[0.3], [0.5]], "cube").lower == 0.5
    assert covering_radius([[0.3], [0.5]], "torus").lower == pytest.approx(0.4)
    assert covering_radius([[0.4], [0.5]], Cube(1)).lower == 0.5
    assert covering_radius([[0.0], [1.0]], "cube").lower == 0.5
    assert covering_radius([[0.0], [1.0]], "torus").lower == 0.5


COORDINATES = st.integers(0, 8).map(lambda k: k / 8) | st.floats(0, 1, width=32)


@pytest.mark.parametrize(("d", "m"), [(1, 400), (2, 80), (3, 20)])
@pytest.mark.parametrize("domain", ["cube", "torus"])
@settings(max_examples=40)
@given(data=st.data())
def test_radii_lie_between_the_bounds_of_a_grid(d, m, domain, data):
    """With repeated points, points on faces, on lines and cospherical ones."""
    rows = st.lists(st.tuples(*[COORDINATES] * d), min_size=1, max_size=9)
    P = np.array(data.draw(rows))
    found = covering_radius(P, domain)
    lower, upper = brackets_of_grid(P, domain, m)
    assert found.exact
    assert lower - 1e-12 <= found.lower <= upper + 1e-12
    attained = distances(found.witness[None], P, domain)[0]
    assert attained == pytest.approx(found.lower, abs=1e-12)
    assert ((found.witness >= 0) & (found.witness <= 1)).all()


@pytest.mark.parametrize("d", [2, 3, 4])
@pytest.mark.parametrize("domain", ["cube", "torus"])
@pytest.mark.parametrize("n", [1, 4, 200])
def test_vertices_agree_with_branch_and_bound(d, domain, n):
    P = np.random.default_rng(n).random((n, d))
    rtol = {2: 1e-8, 3: 1e-6, 4: 1e-3}[d]
    exact = covering_radius(P, domain, method="vertices")
    bounds = covering_radius(P, domain, method="branch and bound", rtol=rtol)
    assert exact.exact
    assert bounds.lower * (1 - 1e-13) <= exact.lower <= bounds.upper * (1 + 1e-13)
    assert bounds.upper <= bounds.lower * (1 + rtol) * (1 + 1e-13)


@pytest.mark.parametrize("domain", ["cube", "torus"])
def test_a_wide_hole_at_a_face_is_seen(domain):
    """The hole is ten times as wide as the gaps elsewhere, about (1/2, 0)."""
    P = lattice(100, 2)
    centre = np.array([0.5, 0.0])
    P = P[distances(P, centre[None], domain) > 0.2]
    found = covering_radius(P, domain)
    assert 0.2 <= found.lower <= 0.2 + 0.01
    assert distances(found.witness[None], centre[None], domain)[0] < 0.01


@pytest.mark.parametrize("d", [2, 3])
def test_the_torus_has_no_edge(d):
    P = np.random.default_rng(5).random((50, d))
    radius = covering_radius(P, "torus").lower
    for shift in (0.25, 0.5, 0.9):
        moved = covering_radius((P + shift) % 1.0, "torus").lower
        assert moved == pytest.approx(radius, rel=1e-12)
    assert covering_radius(P, "cube").lower > radius


def test_mirror_images_of_the_cube_are_a_torus_of_twice_the_side():
    P = np.random.default_rng(6).random((40, 3))
    mirrored = np.concatenate(
        [np.abs(P - np.array(s)) for s in itertools.product((0, 2), repeat=3)]
    )
    doubled = covering_radius(mirrored / 2, "torus").lower
    assert 2 * doubled == pytest.approx(covering_radius(P, "cube").lower, rel=1e-12)


@pytest.mark.parametrize("d", [1, 2, 5])
def test_the_bound_of_a_box_is_one(d):
    rng = np.random.default_rng(d)
    V, h = rng.standard_normal((50, 3 * d, d)), rng.random(50) * 0.5
    bounds = mixture_bound(V, h)
    for i in range(50):
        inside = (2 * rng.random((200, d)) - 1) * h[i]
        corners = np.array(list(itertools.product((-h[i], h[i]), repeat=d)))
        x = np.concatenate([inside, corners])
        assert distances(x, V[i], "cube").max() <= bounds[i] * (1 + 1e-12)


def test_the_bound_of_a_box_is_of_the_second_order_at_a_vertex():
    """Four neighbours about c: D(c) = 1, and an excess of d h^2 / 2."""
    V = np.array([[[1.0, 0], [-1, 0], [0, 1], [0, -1]]])
    h = np.array([1e-3])
    assert mixture_bound(V, h)[0] - 1 <= 3e-6


def test_steps_on_the_torus_are_the_shortest():
    steps = Box(1, True).steps(np.array([[0.05]]), np.array([[[0.95], [0.45]]]))
    np.testing.assert_allclose(steps[0, :, 0], [-0.1, 0.4], atol=1e-15)


def test_branch_and_bound_stops_at_its_budget():
    P = np.random.default_rng(0).random((200, 5))
    small = search(Box(5, True), P, 1e-6, 1000)
    large = search(Box(5, True), P, 1e-6, 40_000)
    assert small.lower <= large.lower < large.upper < small.upper
    assert len(small.centres) > 0


@pytest.mark.parametrize("domain", ["cube", "torus"])
@pytest.mark.parametrize("d", [4, 6])
def test_branch_and_bound_holds_what_probes_find(d, domain):
    P = np.random.default_rng(1).random((40, d))
    found = covering_radius(P, domain, rtol=0.05)
    X = np.random.default_rng(2).random((30_000, d))
    greatest = distances(X, P, domain).max()
    assert found.method == "branch and bound"
    assert greatest <= found.upper <= 1.05 * found.lower * (1 + 1e-12)
    assert found.lower >= 0.95 * greatest


def simplex(d):
    """The d + 1 corners of a regular simplex on the unit sphere of R^d."""
    centred = np.eye(d + 1) - 1 / (d + 1)
    corners = centred @ np.linalg.svd(centred)[2][:d].T
    return corners / np.linalg.norm(corners, axis=1)[:, None]


@pytest.mark.parametrize("d", [2, 3, 4])
def test_polytopes_on_the_sphere(d):
    """The facets of simplex and cross-polytope are 1/d and 1/sqrt d from 0."""
    cross = np.concatenate([np.eye(d), -np.eye(d)])
    for P, height in ((simplex(d), 1 / d), (cross, 1 / math.sqrt(d))):
        found = covering_radius(P, Sphere(d))
        assert found.exact
        assert found.lower == pytest.approx(math.sqrt(2 - 2 * height), rel=1e-13)


@pytest.mark.parametrize("d", [2, 3, 4])
def test_points_in_half_of_the_sphere(d):
    pole = np.eye(d)[:1]
    assert covering_radius(pole, Sphere(d)).lower == pytest.approx(2.0)
    two = np.eye(d)[:2]  # their middle has norm 1/sqrt 2
    exact = math.sqrt(2 + math.sqrt(2))
    assert covering_radius(two, Sphere(d)).lower == pytest.approx(exact, rel=1e-12)
    opposite = np.stack([pole[0], -pole[0]])
    assert covering_radius(opposite, Sphere(d)).lower == pytest.approx(math.sqrt(2))
    rim = np.random.default_rng(d).standard_normal((40, d - 1))
    if d > 2:
        rim = np.concatenate([rim, -rim])
        rim *= 0.8 / np.linalg.norm(rim, axis=1)[:, None]
        cap = np.column_stack([rim, np.full(len(rim), 0.6)])
        found = covering_radius(cap, Sphere(d))  # farthest is the south pole
        assert found.lower == pytest.approx(math.sqrt(3.2), rel=1e-12)


@pytest.mark.parametrize("d", [2, 3, 4])
@pytest.mark.parametrize("n", [1, 3, 5, 300])
def test_spheres_hold_what_probes_find(d, n):
    P = Sphere(d).sample(n, d)
    P = np.concatenate([P, P[:1]])
    found = covering_radius(P, Sphere(d))
    probes = covering_radius(P, Sphere(d), method="probes", probes=50_000)
    assert probes.lower <= found.lower <= probes.upper
    assert found.lower - probes.lower < {2: 1e-3, 3: 0.03, 4: 0.08}[d]
    attained = np.linalg.norm(P - found.witness, axis=1).min()
    assert attained == pytest.approx(found.lower, abs=1e-9)


def test_the_error_rate_of_probes_is_the_one_asked_for(at_most, at_least):
    """One probe, one point of the circle: the bound fails with probability .3 exactly.

    False alarm below 2e-6.
    """
    runs, rate = 2000, 0.3
    fails = sum(
        covering_radius(
            [[0.0]], "torus", method="probes", probes=1, error_rate=rate, rng=seed
        ).upper
        < 0.5
        for seed in range(runs)
    )
    assert at_most(fails, runs, rate)
    assert at_least(fails, runs, rate)


@pytest.mark.parametrize("domain", ["cube", "torus", Sphere(3)])
def test_probes_bound_the_radius_from_both_sides(domain, at_most):
    """False alarm below 1e-6."""
    rng = np.random.default_rng(3)
    P = Sphere(3).sample(50, rng) if isinstance(domain, Sphere) else rng.random((50, 2))
    exact = covering_radius(P, domain).lower
    fails = 0
    for seed in range(200):
        found = covering_radius(
            P, domain, method="probes", probes=500, error_rate=0.2, rng=seed
        )
        assert found.lower <= exact + 1e-12
        fails += found.upper < exact
    assert at_most(fails, 200, 0.2)


def test_volumes_of_balls_at_a_corner():
    """In the plane the quarter disc, also where it leaves the square."""
    for s in (0.3, 1.0):
        assert orthant_radius(2, math.pi * s**2 / 4) == pytest.approx(s, rel=1e-12)
    for s in (1.1, 1.3):
        inner = math.sqrt(s**2 - 1) + s**2 / 2 * (math.pi / 2 - 2 * math.acos(1 / s))
        assert s <= orthant_radius(2, inner) <= 1.001 * s
    U = np.random.default_rng(0).random((200_000, 30))
    norms = np.sort(np.linalg.norm(U, axis=1))
    for share in (0.01, 0.1, 0.5):
        quantile = norms[int(share * len(norms))]
        assert orthant_radius(30, share) == pytest.approx(quantile, rel=2e-3)
    assert orthant_radius(3, 0.0) == 0.0
    assert orthant_radius(3, 1.0) == pytest.approx(math.sqrt(3))


def test_the_method_is_said():
    rng = np.random.default_rng(0)
    names = ["gaps", *["vertices"] * 2, *["branch and bound"] * 3, "probes", "probes"]
    for d, name in enumerate(names, start=1):
        found = covering_radius(rng.random((5, d)), "cube", rtol=0.2, probes=50)
        assert found.method == name
        assert (found.error_rate > 0) == (name == "probes")
    for d, name in ((2, "gaps"), (3, "vertices"), (4, "vertices"), (5, "probes")):
        P = Sphere(d).sample(5, rng)
        assert covering_radius(P, Sphere(d), probes=50).method == name


@pytest.mark.errors
@pytest.mark.parametrize(
    ("points", "domain", "options", "message"),
    [
        ([[0.5, 1.5]], "cube", {}, r"points must lie in \[0, 1\]\^d, got 1.5"),
        ([[-0.5]], "torus", {}, r"points must lie in \[0, 1\]\^d, got -0.5"),
        (np.empty((0, 2)), "torus", {}, "points must have at least 1 points"),
        (np.empty((3, 0)), "torus", {}, "points must have at least one column"),
        ([[math.nan, 0.1]], "cube", {}, "points must .*nan"),
        ([0.1, 0.2], "cube", {}, r"points must be points of shape \(n, d\)"),
        ([[0.1, 0.2]], Cube(3), {}, "points must have 3 columns"),
        ([[0.1, 0.2]], Sphere(3), {}, "points must have 3 columns"),
        ([[0.1, 0.2]], Sphere(2), {}, "points must have norm 1"),
        ([[0.1, 0.2]], Gaussian(2), {}, "domain must be"),
        ([[0.1, 0.2]], "square", {}, "domain must be"),
        ([[0.1, 0.2]], "cube", {"method": "magic"}, "method must be one of"),
        ([[0.1, 0.2]], "cube", {"method": "gaps"}, "method must not be"),
        ([[0.1] * 5], "cube", {"method": "vertices"}, "method must not be"),
        ([[0.1] * 11], "cube", {"method": "branch and bound"}, "method must not be"),
        ([[1.0, 0, 0]], Sphere(3), {"method": "branch and bound"}, "method must not"),
        ([[0.1, 0.2]], "cube", {"rtol": 0.0}, "rtol must"),
        ([[0.1, 0.2]], "cube", {"budget": 0}, "budget must"),
        ([[0.1, 0.2]], "cube", {"probes": 0}, "probes must"),
        ([[0.1, 0.2]], "cube", {"error_rate": 1.0}, "error_rate must"),
        ([[0.1, 0.2]], "cube", {"rng": None}, "rng must"),
    ],
)
def test_bad_arguments_are_named(points, domain, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        covering_radius(points, domain, **options)
