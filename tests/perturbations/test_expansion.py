"""Kernel expansions: known radii, brackets against grids, witnesses, twins."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.kernel_ridge import KernelRidge

from geomadv.perturbations import _boxes, _search
from geomadv.perturbations._expansion import bracket
from geomadv.perturbations._forms import Expansion, decisions, values
from geomadv.perturbations._kernels import (
    Kernel,
    expansion_norm,
    gaussian_slope,
    local_lipschitz_radius,
    rkhs_radius,
    termwise_radius,
)
from geomadv.perturbations._margins import margins_of
from geomadv.perturbations._models import form_of
from geomadv.perturbations._radii import (
    ball_radii,
    never_negative,
    positive_beyond,
    radii,
)
from geomadv.perturbations._tangents import certain

KERNELS = ("gaussian", "laplace", "laplacian", "polynomial")
NORMS = (1, 1.5, 2, np.inf)

CENTRES = np.array([[0.0, 0.0], [2.0, 0.0], [1.0, 1.5]])
A = np.array([1.0, -1.0, 0.7])
X0 = np.array([[0.2, 0.1]])
GAUSSIAN = Kernel("gaussian", 0.5)


def expansion(centres, a, b, kernel="gaussian", gamma=0.5, T=None, t=None, **more):
    centres, a = np.asarray(centres, float), np.asarray(a, float)
    a = a[:, None] if a.ndim == 1 else a
    options = {"kernel": kernel, "gamma": gamma} | more
    r = centres.shape[1]
    t = np.zeros(r) if t is None else np.asarray(t, float)
    return Expansion(centres, a, np.atleast_1d(np.asarray(b, float)), options, T, t)


FORM = expansion(CENTRES, A, -0.1)


def drawn(rng, d, kernel, functions=1, m=5, moved=False):
    """Draw an expansion in d coordinates, with an affine map before it if moved."""
    r = int(rng.integers(1, d + 2)) if moved else d
    more = {"degree": int(rng.integers(3, 5)), "coef0": 1.0}
    return expansion(
        1.5 * rng.standard_normal((m, r)),
        rng.standard_normal((m, functions)),
        0.3 * rng.standard_normal(functions),
        kernel,
        rng.uniform(0.3, 1.0),
        rng.standard_normal((r, d)) if moved else None,
        rng.standard_normal(r) if moved else None,
        **(more if kernel == "polynomial" else {}),
    )


def ball(rng, n, d, p, radius):
    """Draw points of an l_p ball, many near its surface, and its vertices."""
    v = rng.standard_normal((n, d))
    k = n // 4
    v[:k] = np.sign(v[:k]) * (rng.random((k, d)) < 0.7)
    v[k : 2 * k] = np.eye(d)[rng.integers(0, d, k)] * np.sign(v[k : 2 * k])
    v[: 2 * k] += 1e-3 * rng.standard_normal((2 * k, d))
    v /= np.linalg.norm(v, p, axis=1)[:, None]
    return radius * rng.random((n, 1)) ** (1 / (3 * d)) * v


def verified(form, X, found, p, box=None, samples=2000, seed=0):
    """Check the witnesses, and that no decision changes within the lower bounds."""
    rng = np.random.default_rng(seed)
    before = decisions(form, X)
    for x, c, delta, distance, lower in zip(
        X, before, found.delta, found.distance, found.lower, strict=True
    ):
        assert 0 <= lower <= distance
        if np.isfinite(distance):
            assert np.isclose(np.linalg.norm(delta, p), distance, rtol=1e-12)
            beyond = x + (1 + 1e-9) * delta
            if box is not None:
                assert (beyond >= box[0] - 1e-8).all()
                assert (beyond <= box[1] + 1e-8).all()
            assert decisions(form, np.stack([x + delta, beyond])).tolist() != [c, c]
        else:
            assert not delta.any()
        radius = min(lower, 20.0)
        near = x + ball(rng, samples, x.size, p, radius * (1 - 1e-7))
        near = np.concatenate(
            [near, x + ball(rng, samples, x.size, p, min(radius, 3.0))]
        )
        if np.isfinite(distance):  # and about the way to the witness
            way = delta + 0.05 * distance * rng.standard_normal((samples, x.size))
            way *= radius * (1 - 1e-7) / np.linalg.norm(way, p, axis=1)[:, None]
            near = np.concatenate([near, x + way])
        if box is not None:
            near = np.clip(near, *box)
        assert (decisions(form, near) == c).all()


def relative_gap(found):
    finite = np.isfinite(found.distance)
    gap = found.distance[finite] - found.lower[finite]
    return (gap / found.distance[finite]).max(initial=0.0)


def test_reference_values():
    m = values(FORM, X0)[0, 0]
    H = expansion_norm(CENTRES, A[:, None], GAUSSIAN)
    assert abs(m - 0.8691704919) < 1e-10
    assert abs(H[0] - 1.4897413982) < 1e-10
    assert abs(rkhs_radius(m, H, GAUSSIAN)[0] - 0.6108517346) < 1e-10
    assert abs(m / H[0] - 0.5834371610) < 1e-10  # m/(H sqrt(2 g)), the linearised one
    assert abs(termwise_radius(m, A, GAUSSIAN) - 0.5307481029) < 1e-10
    grid = np.linspace(1e-3, 2, 4000)
    local = local_lipschitz_radius(m, X0[0], CENTRES, A, 0.5, grid)
    assert abs(local - 0.4948764691) < 1e-10
    best = local_lipschitz_radius(m, X0[0], CENTRES, A, 0.5)
    assert local <= best < local + 5e-4
    # without a radius the bound is the slope itself
    step = X0 - CENTRES
    k = A * np.exp(-0.5 * (step**2).sum(axis=1))
    slope = gaussian_slope(X0[0], np.array([0.0]), CENTRES, A, 0.5)[0]
    assert abs(slope - np.linalg.norm(k @ step)) < 1e-10


def test_the_true_distance_of_the_reference():
    """On a grid of steps of .005 the nearest change is at .9010."""
    g = np.arange(-400, 401) * 0.005
    steps = np.stack(np.meshgrid(g, g), axis=-1).reshape(-1, 2)
    other = decisions(FORM, X0 + steps) == 0
    assert abs(np.linalg.norm(steps[other], axis=1).min() - 0.9010) < 5e-5
    found = bracket(FORM, X0, 2, None)
    assert 0.9 < found.lower[0] < found.distance[0] < 0.9010
    assert relative_gap(found) < 1.01e-4
    assert not found.exact[0]
    verified(FORM, X0, found, 2)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("functions", [1, 3])
def test_brackets_close_in_few_dimensions(kernel, d, functions):
    rng = np.random.default_rng(d + 10 * functions)
    for p in NORMS:
        form = drawn(rng, d, kernel, functions)
        X = rng.standard_normal((3, d))
        found = bracket(form, X, p, None)
        assert relative_gap(found) < 1e-3
        verified(form, X, found, p)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("p", NORMS)
def test_every_certificate_is_below_the_distance_on_a_grid(kernel, p):
    """The plane is searched on a fine grid: nothing nearer, and not much farther."""
    rng = np.random.default_rng(3)
    g = np.linspace(-1, 1, 401)
    unit = np.stack(np.meshgrid(g, g), axis=-1).reshape(-1, 2)
    closed = 0
    for functions in (1, 3):
        form = drawn(rng, 2, kernel, functions)
        for x in rng.standard_normal((2, 2)):
            found = bracket(form, x[None], p, None)
            radius = min(found.distance[0] * 1.1, 8.0)
            other = decisions(form, x + radius * unit) != decisions(form, x[None])[0]
            sizes = np.linalg.norm(radius * unit[other], p, axis=1)
            nearest = sizes.min(initial=np.inf)
            margins = margins_of(
                form, Kernel.of(form.options), int(decisions(form, x[None])[0])
            )
            for certified in (
                found.lower,
                ball_radii(margins, x[None], p),
                radii(margins, x[None], p),
                bracket(form, x[None], p, None, budget=200).lower,
            ):
                assert certified[0] <= nearest
            if np.isfinite(nearest):
                # the grid's next point beyond the witness is at most two steps away
                assert found.distance[0] <= nearest * (1 + 1e-9)
                assert nearest <= found.distance[0] + 4 * radius / 200
                closed += 1
    assert closed


@pytest.mark.parametrize("kernel", ["gaussian", "laplace", "laplacian"])
def test_a_line_is_solved_by_its_roots(kernel):
    """In one dimension the nearest change is found on a dense line."""
    rng = np.random.default_rng(8)
    for _ in range(6):
        form = drawn(rng, 1, kernel)
        x = rng.standard_normal((1, 1))
        found = bracket(form, x, 2, None)
        s = np.linspace(-12, 12, 1_200_001)[:, None]
        other = decisions(form, x + s) != decisions(form, x)[0]
        nearest = np.abs(s[other]).min(initial=np.inf)
        if np.isinf(nearest):
            assert found.lower[0] > 11 or np.isinf(found.distance[0])
        else:
            assert found.lower[0] <= nearest
            assert abs(found.distance[0] - nearest) <= 2.1e-5


def test_kernels_where_bounds_are_attained():
    """One centre on the line: the norm's bound and the terms' ranges are the truth."""
    for kernel in ("gaussian", "laplace", "laplacian"):
        form = expansion([[0.0]], [1.0], -0.5, kernel, 0.7)
        margins = margins_of(form, Kernel.of(form.options), 1)
        t = math.log(2) / 0.7
        true = math.sqrt(t) if kernel == "gaussian" else t
        assert np.isclose(ball_radii(margins, np.zeros((1, 1)), 2)[0], true, rtol=1e-11)
        assert np.isclose(
            rkhs_radius(np.array(0.5), np.array(1.0), Kernel(kernel, 0.7)),
            (-math.log(7 / 8) / 0.7) ** (0.5 if kernel == "gaussian" else 1),
        )
        found = bracket(form, np.array([[0.0]]), 2, None)
        assert found.lower[0] <= true * (1 + 1e-12)
        assert np.isclose(found.distance[0], true, rtol=1e-9)


@pytest.mark.parametrize("kernel", ["gaussian", "laplace", "laplacian"])
def test_the_norm_bounds_differences_and_is_attained(kernel):
    """|h(x) - h(y)| <= H sqrt(2 - 2 k); h = k(., x) - k(., y) attains it."""
    k = Kernel(kernel, 0.6)
    two = np.array([[0.1, -0.3], [0.8, 0.4]])
    a = np.array([[1.0], [-1.0]])
    H = expansion_norm(two, a, k)[0]
    h = values(expansion(two, a, 0.0, kernel, 0.6), two)[:, 0]
    size = np.linalg.norm(two[0] - two[1], 1 if kernel == "laplacian" else 2)
    m = h[0] - h[1]
    assert np.isclose(rkhs_radius(m, H, k), size, rtol=1e-9)
    # a radius 2 % larger is refuted: h changes by m already at this distance
    assert rkhs_radius(m, H, k) * 1.02 > size


def test_the_local_bound_holds_in_its_ball():
    rng = np.random.default_rng(6)
    closest = np.inf
    for _ in range(40):
        d = int(rng.integers(1, 4))
        centres, a = rng.standard_normal((4, d)), rng.standard_normal(4)
        x, R = rng.standard_normal(d), rng.choice([0.001, 0.1, 1.0])
        L = gaussian_slope(x, np.array([R]), centres, a, 0.8)[0]
        y = x + ball(rng, 3000, d, 2, R)
        step = y[:, None] - centres
        k = np.exp(-0.8 * (step**2).sum(axis=2)) * a
        slopes = np.linalg.norm(1.6 * (k[:, :, None] * step).sum(axis=1), axis=1)
        assert slopes.max() <= L
        closest = min(closest, L / slopes.max())
    assert closest < 1.02  # so that 2 % less would be refuted


def test_duplicate_centres_and_an_offset_that_is_no_part_of_the_norm():
    twice = expansion(np.repeat(CENTRES, 2, axis=0), np.repeat(A / 2, 2), -0.1)
    one, two = bracket(FORM, X0, 2, None), bracket(twice, X0, 2, None)
    assert np.isclose(one.distance, two.distance, rtol=1e-8)
    assert relative_gap(two) < 1e-3
    H = expansion_norm(twice.centres, twice.coefficients, GAUSSIAN)
    assert abs(H[0] - 1.4897413982) < 1e-10
    # cancelling centres: a constant function never changes its sign
    none = expansion(np.repeat(CENTRES, 2, axis=0), np.tile([1.0, -1.0], 3), 0.3)
    found = bracket(none, X0, 2, None)
    assert np.isinf(found.lower).all()
    assert np.isinf(found.distance).all()
    assert found.exact.all()


@pytest.mark.parametrize("p", [1, 2, np.inf])
def test_decisions_that_never_change(p):
    always = [
        expansion(CENTRES, A, 1.1),  # b decides: f > 1.1 - 1
        expansion(CENTRES, A, -1.8),  # f < -1.8 + 1.7
        expansion(CENTRES, A * 0, 0.4),
        expansion(CENTRES, A * 0, 0.0),
        expansion(CENTRES, np.abs(A), 0.0, "laplace"),  # positive, however small
        expansion(CENTRES, -np.abs(A), 0.0, "laplacian"),
        expansion([[0.0, 0.0], [0.5, 0.0]], [1.0, -1.0], 0.7),  # m^2 >= 2 H^2
        expansion(CENTRES, np.stack([A, A], axis=1), [0.0, -1.0]),
        # only branch and bound, and the far field, tell
        expansion([[0.0, 0.0], [3.0, 0.0]], [-1.0, -1.0], 1.05),
    ]
    for form in always:
        found = bracket(form, X0, p, None)
        assert np.isinf(found.lower).all()
        assert np.isinf(found.distance).all()
        assert found.exact.all()
        assert not found.delta.any()


def test_a_box_may_hold_no_change():
    box = (np.array([-0.5, -0.5]), np.array([0.6, 0.6]))
    found = bracket(FORM, X0, 2, box)
    assert np.isinf(found.lower[0])
    assert found.exact[0]


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("p", NORMS)
def test_boxes(kernel, p):
    rng = np.random.default_rng(12)
    cut = 0
    for functions in (1, 3):
        form = drawn(rng, 2, kernel, functions)
        X = 0.5 * rng.standard_normal((3, 2))
        free = bracket(form, X, p, None)
        for i in np.flatnonzero(np.isfinite(free.distance)):
            # a side half-way on the longest part of the way
            x, k = X[i : i + 1], np.abs(free.delta[i]).argmax()
            box = (np.full(2, -np.inf), np.full(2, np.inf))
            box[int(free.delta[i, k] > 0)][k] = x[0, k] + free.delta[i, k] / 2
            found = bracket(form, x, p, box)
            verified(form, x, found, p, box, samples=1000)
            assert found.distance[0] >= free.lower[i]
            assert relative_gap(found) < 1e-3
            cut += found.lower[0] > free.distance[i]
    assert cut, "no box was felt"


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("p", NORMS)
def test_an_affine_map_before(kernel, p):
    rng = np.random.default_rng(21)
    for d in (1, 2, 3):
        form = drawn(rng, d, kernel, 1 + d % 2, moved=True)
        X = 0.5 * rng.standard_normal((3, d))
        found = bracket(form, X, p, None)
        verified(form, X, found, p)
        short = bracket(form, X, p, None, budget=0)
        verified(form, X, short, p)
        assert (short.lower <= found.distance).all()


@settings(deadline=None, max_examples=6)
@given(st.integers(0, 2**32 - 1), st.sampled_from(KERNELS))
def test_equivariance(seed, kernel):
    rng = np.random.default_rng(seed)
    form = drawn(rng, 2, kernel)
    X = rng.standard_normal((2, 2))
    plain = bracket(form, X, 2, None)
    if kernel in ("gaussian", "laplace"):
        Q, v = np.linalg.qr(rng.standard_normal((2, 2)))[0], rng.standard_normal(2)
        turned = Expansion(
            form.centres @ Q.T + v,
            form.coefficients,
            form.b,
            form.options,
            None,
            form.t,
        )
        compare(plain, bracket(turned, X @ Q.T + v, 2, None), 1.0)
    # x/3 enters: distances are three times as large
    scaled = Expansion(
        form.centres, form.coefficients, form.b, form.options, np.eye(2) / 3, form.t
    )
    compare(plain, bracket(scaled, 3 * X, 2, None), 3.0)
    # f/1000 has the same decisions
    small = Expansion(
        form.centres,
        form.coefficients / 1000,
        form.b / 1000,
        form.options,
        None,
        form.t,
    )
    compare(plain, bracket(small, X, 2, None), 1.0)


def compare(one, other, scale):
    """Check that brackets of one distance meet."""
    assert (one.lower * scale <= other.distance * (1 + 1e-9)).all()
    assert (other.lower <= one.distance * scale * (1 + 1e-9)).all()


def test_norms_are_ordered():
    rng = np.random.default_rng(2)
    form = drawn(rng, 3, "gaussian")
    X = rng.standard_normal((3, 3))
    one, two, most = (bracket(form, X, p, None) for p in (1, 2, np.inf))
    assert (most.lower <= two.distance).all()
    assert (two.lower <= one.distance).all()
    assert (one.lower <= 3 * most.distance).all()


def test_more_boxes_tighten_and_no_lower_bound_2_percent_larger_holds():
    rng = np.random.default_rng(5)
    refuted = 0
    for kernel in KERNELS:
        form = drawn(rng, 3, kernel, m=10)
        X = rng.standard_normal((2, 3))
        bounds = [bracket(form, X, 2, None, budget=b) for b in (0, 100, 3000)]
        for less, more in itertools.pairwise(bounds):
            assert (more.lower >= less.lower * (1 - 1e-12)).all()
        proven = np.isinf(bounds[0].lower)
        assert proven.all() or bounds[0].lower.sum() < bounds[2].lower.sum()
        refuted += (bounds[2].lower * 1.02 > bounds[2].distance).sum()
    assert refuted


def test_a_projection_is_searched_in_its_plane():
    """Of 64 coordinates two directions matter, and the bracket closes as in those."""
    rng = np.random.default_rng(9)
    T = np.linalg.qr(rng.standard_normal((64, 2)))[0].T
    for kernel in KERNELS:
        form = drawn(rng, 2, kernel)
        Z = rng.standard_normal((3, 2))
        inner = bracket(form, Z, 2, None)
        moved = Expansion(
            form.centres, form.coefficients, form.b, form.options, T / 2, form.t
        )
        X = 2 * Z @ T + rng.standard_normal((3, 64)) @ (np.eye(64) - T.T @ T)
        found = bracket(moved, X, 2, None)
        verified(moved, X, found, 2, samples=500)
        assert relative_gap(found) < 1e-3
        compare(inner, found, 2.0)


def test_many_dimensions_have_radii_and_witnesses():
    rng = np.random.default_rng(7)
    for kernel in KERNELS:
        form = drawn(rng, 20, kernel, m=40)
        form.options["gamma"] = 0.02
        X = rng.standard_normal((4, 20))
        for p in (1, 2, np.inf):
            found = bracket(form, X, p, None)
            verified(form, X, found, p, samples=1000)
            assert (found.lower > 0).all()
            assert np.isfinite(found.distance).any()


def test_points_on_the_boundary_and_at_centres():
    form = expansion([[0.0, 0.0], [2.0, 0.0]], [1.0, -1.0], 0.0)
    X = np.array([[1.0, 0.3], [0.0, 0.0], [2.0, 0.0]])
    found = bracket(form, X, 2, None)
    assert found.lower[0] == 0
    assert found.distance[0] < 1e-8
    assert np.allclose(found.distance[1:], 1, rtol=1e-8)
    assert (found.lower[1:] > 0.999).all()


def test_far_away_nothing_is_made_up_from_underflow():
    """f = exp(-r^2) > 0 is 0 in floating point for r > 28."""
    form = expansion([[0.0, 0.0], [40.0, 0.0]], [1.0, 1e-3], 0.0)
    assert np.isinf(bracket(form, X0, 2, None).distance[0])
    # of two functions, both too small for numbers, the first is no winner
    a = np.array([[0.5, 1.0], [0.0, 1e-3]])
    form = expansion([[0.0, 0.0], [40.0, 0.0]], a, [0.0, 0.0])
    assert np.isinf(bracket(form, X0, 2, None).distance[0])
    # a third term, which is less than both where they are equal
    centres = [[0.0, 0.0], [0.01, 0.0], [0.0, 60.0]]
    form = expansion(centres, [1.0, -0.5, 0.5], 0.0)
    found = bracket(form, X0, 2, None)
    assert found.distance[0] == pytest.approx(100 * math.log(2) + 0.005 - 0.2)
    form = expansion([[0.0, 0.0], [40.0, 0.0]], [1.0, -1.0], 0.0)
    found = bracket(form, X0, 2, None)
    assert abs(found.distance[0] - 19.8) < 0.01
    assert found.lower[0] > 15


def test_a_change_where_all_terms_underflow():
    """exp(-x^2/2) < exp(-(x - e)^2/2)/2 for x > ln 2/e + e/2, where both underflow."""
    form = expansion([[0.0, 0.0], [0.01, 0.0]], [1.0, -0.5], 0.0)
    for p in (1, 2, np.inf):
        found = bracket(form, np.zeros((1, 2)), p, None, budget=2000)
        true = math.log(2) / 0.01 + 0.005
        assert found.lower[0] <= true <= found.distance[0] * (1 + 1e-12)
        assert relative_gap(found) < 1e-3


@pytest.mark.parametrize("p", [1, 2, np.inf])
def test_two_gaussians_are_parted_by_a_plane(p):
    """2 g <z, z_1 - z_2> = log(a_2/a_1) + g (|z_1|^2 - |z_2|^2), in any dimension."""
    rng = np.random.default_rng(51)
    q = {1: np.inf, 2: 2, np.inf: 1}[p]
    for d, apart in ((2, 0.01), (3, 0.3)):
        z = apart * rng.standard_normal((2, d))
        form = expansion(z, [3.0, -1.0], 0.0)
        X = rng.standard_normal((1, d))
        w, level = z[0] - z[1], (z**2).sum(axis=1)
        height = X @ w - (math.log(1.0 / 3.0) + 0.5 * (level[0] - level[1]))
        true = np.abs(height) / np.linalg.norm(w, q)
        found = bracket(form, X, p, None)
        assert (found.lower <= true * (1 + 1e-9)).all()
        assert (true <= found.distance * (1 + 1e-9)).all()
        assert relative_gap(found) < 1e-3
        assert np.isfinite(found.distance).all()


@pytest.mark.parametrize("d", [1, 2, 3])
def test_a_small_negative_term_at_a_vertex_is_found_in_its_cone(d):
    """Along its axis the corner at e_1 is alone: its distance is a root in one line."""
    z = np.concatenate([np.eye(d), -np.eye(d)])
    for weight in (1e-1, 1e-6, 1e-30):
        a = np.r_[-weight, np.ones(2 * d - 1)]
        form, x = expansion(z, a, 0.0), np.zeros((1, d))
        found = bracket(form, x, 2, None)
        assert relative_gap(found) < 1e-3
        # f(t e_1) e^(t^2/2 + 1/2) = -weight e^t + e^-t + 2 (d - 1)
        roots = np.roots([-weight, 2.0 * (d - 1), 1.0])
        along = math.log(roots[np.isreal(roots)].real.max())
        assert found.distance[0] <= along * (1 + 1e-9)
        assert d == 3 or found.distance[0] == pytest.approx(along, rel=1e-3)


@pytest.mark.parametrize("kernel", ["laplace", "laplacian"])
def test_the_far_field_of_exponentials_decides_for_good(kernel):
    """Two of 1 about one of -a, b = 0; no transport of the terms makes up for it."""
    X = np.array([[0.3, 0.2], [2.0, -1.0]])
    z = [[-1.0, 0.0], [1.0, 0.0], [0.0, 0.0]]
    # least at 0 in between; far along the second axis k differs little
    most = 2.0 * math.exp(-0.5)
    for a, same in ((0.99 * most, True), (1.05 * most, False)):
        found = bracket(expansion(z, [1.0, 1.0, -a], 0.0, kernel), X, 2, None)
        assert np.isinf(found.lower).all() == same
        assert np.isinf(found.distance).all() == same


def test_a_far_field_of_exponentials_without_a_plan():
    """Found by drawing: the terms' transport proves nothing, directions do."""
    rng = np.random.default_rng(52)
    proven = 0
    for _ in range(40):
        z, a = rng.standard_normal((6, 2)), rng.uniform(0.3, 1.0, 6)
        a[:2] *= -1.0
        form = expansion(z, a, 0.0, "laplace")
        margins = margins_of(form, Kernel.of(form.options), 1)
        if never_negative(margins).any():
            continue
        c = margins.centres.mean(axis=0)
        R = positive_beyond(margins, c)
        t = np.linspace(0.0, 2.0 * math.pi, 2000)
        ways = np.stack([np.cos(t), np.sin(t)], axis=1)
        least = (margins.D[:, 0] * np.exp(0.5 * ways @ (margins.centres - c).T)).sum(1)
        assert np.isfinite(R) == (least.min() > 0)
        if R < 1000:
            assert (margins.values(c + R * ways) > 0).all()
            proven += 1
    assert proven > 3


@pytest.mark.parametrize("kernel", KERNELS)
def test_rounding_errors_are_part_of_the_bounds(kernel):
    """Large terms that cancel: the sums are off, and the bounds know by how much."""
    rng = np.random.default_rng(17)
    more = {"degree": 3, "coef0": 1.0} if kernel == "polynomial" else {}
    x = np.array([[0.3, -0.2]])
    plain = expansion([[0.0, 0.0], [0.5, 1.0]], [1.0, 0.5], -1.2, kernel, 0.4, **more)
    true = bracket(plain, x, 2, None)
    assert np.isfinite(true.distance[0])
    for size in 10.0 ** np.arange(8, 16):
        for _ in range(4):
            large = size * rng.random(5)
            a = np.concatenate([[1.0, 0.5], large, -large[rng.permutation(5)]])
            centres = np.concatenate([plain.centres, np.full((10, 2), 0.7)])
            order = rng.permutation(12)
            form = expansion(centres[order], a[order], -1.2, kernel, 0.4, **more)
            assert bracket(form, x, 2, None, budget=500).lower <= true.distance


@pytest.mark.parametrize("kernel", KERNELS)
def test_values_less_their_errors_are_below_the_exact_ones(kernel):
    rng = np.random.default_rng(19)
    more = {"degree": 3, "coef0": 1.0} if kernel == "polynomial" else {}
    x = np.array([[0.3, -0.2]])
    plain = expansion([[0.0, 0.0]], [1.0], -0.2, kernel, 0.4, **more)
    exact = values(plain, x)[0, 0]
    for _ in range(20):
        large = 1e13 * rng.random(5)
        a = np.concatenate([[1.0], large, -large[rng.permutation(5)]])
        centres = np.concatenate([plain.centres, np.full((10, 2), 0.7)])
        # as if they were not one centre, which would be merged
        margins = margins_of(plain, Kernel.of(plain.options), 1)
        scale = margins.D[0, 0]
        margins = replace(margins, centres=centres, D=scale * a[:, None])
        sure = certain(margins, x)[0, 0] / scale
        assert exact - 100 < sure < exact


def test_a_polynomial_that_changes_beyond_what_is_searched():
    form = expansion([[1.0]], [-1.0], 1e9, "polynomial", 1.0, degree=3, coef0=1.0)
    found = bracket(form, np.array([[0.0]]), 2, None)
    assert found.lower[0] <= 999.0 <= found.distance[0] * (1 + 1e-12)


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("p", NORMS)
def test_bounds_of_boxes_hold_for_the_points_in_them(kernel, p):
    rng = np.random.default_rng(23)
    touched = 0
    for trial in range(150):
        d = 1 + trial % 3
        form = drawn(rng, d, kernel, m=4, moved=trial % 2 == 1)
        x = rng.standard_normal((1, d))
        kernel_, c = Kernel.of(form.options), int(decisions(form, x)[0])
        margins = margins_of(form, kernel_, c)
        ends = (np.full(d, -np.inf), np.full(d, np.inf))
        search = _search.Search(form, kernel_, c, margins, *ends, p)
        frame = _boxes._Frame.of(search, x)
        low = x + rng.choice([0.1, 0.5, 2.0]) * rng.standard_normal((1, d))
        high = low + rng.choice([0.05, 0.5, 2.0]) * rng.random((1, d))
        box = _boxes._Boxes(np.array([0]), low, high, np.zeros(1))
        bound = frame.bounded(box)[0].bound[0]
        y = low + (high - low) * rng.random((2000, d))
        y = y[decisions(form, y) != c]
        nearest = np.linalg.norm(y - x, p, axis=1).min(initial=np.inf)
        assert bound <= nearest
        apart = np.linalg.norm((np.clip(x, low, high) - x)[0], p)
        touched += apart * 1.001 < bound < np.inf
    assert touched  # by more than the distances of boxes


def test_a_small_budget_leaves_a_gap():
    assert bracket(FORM, X0, 2, None, budget=4).lower[0] < 0.88


def test_an_offset_just_too_small_to_decide():
    form = expansion([[0.0, 0.0]], [-1.0], 0.95)
    found = bracket(form, np.array([[3.0, 0.0]]), 2, None)
    true = 3 - math.sqrt(-math.log(0.95) / 0.5)
    assert found.lower[0] <= true <= found.distance[0] * (1 + 1e-12)
    assert relative_gap(found) < 1e-3


def test_the_bound_by_the_norm_in_other_norms():
    """It is attained by k(., x) - k(., y) in l_2, on a diagonal."""
    centres = np.array([[0.1, -0.3], [0.9, 0.5]])
    form = expansion(centres, [1.0, -1.0], 1 - math.exp(-0.5 * 1.28))
    margins = margins_of(form, GAUSSIAN, 1)
    for p, size in ((1, 1.6), (2, math.sqrt(1.28)), (np.inf, 0.8)):
        found = radii(margins, centres[:1], p)[0]
        assert found <= size
        assert p == 1 or found > size * (1 - 1e-6)


def test_an_unknown_kernel_is_refused():
    with pytest.raises(ValueError, match="no bounds of the kernel 'hilbert'"):
        bracket(expansion(CENTRES, A, 0.0, "hilbert"), X0, 2, None)


def test_no_points():
    found = bracket(FORM, np.zeros((0, 2)), 2, None)
    assert found.delta.shape == (0, 2)
    assert found.exact.dtype == bool


def test_the_default_budget_is_what_it_says():
    assert _boxes.BUDGET == 40_000


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("p", NORMS)
def test_bounds_of_boxes_scale_with_the_map(kernel, p):
    """The classifier of T x with T = 4 at x is the one without at 4 x."""
    rng = np.random.default_rng(24)
    compared = 0
    for _ in range(120):
        form = drawn(rng, 2, kernel, m=3)
        moved = expansion(
            form.centres,
            form.coefficients,
            form.b,
            T=4.0 * np.eye(2),
            **form.options,
        )
        x = rng.standard_normal((1, 2))
        low = x + rng.choice([0.5, 2.0]) * rng.standard_normal((1, 2))
        high = low + rng.choice([0.5, 2.0]) * rng.random((1, 2))
        bounds = []
        for one, scale in ((form, 1.0), (moved, 0.25)):
            kernel_, c = Kernel.of(one.options), int(decisions(one, scale * x)[0])
            ends = (np.full(2, -np.inf), np.full(2, np.inf))
            margins = margins_of(one, kernel_, c)
            search = _search.Search(one, kernel_, c, margins, *ends, p)
            frame = _boxes._Frame.of(search, scale * x)
            box = _boxes._Boxes(np.array([0]), scale * low, scale * high, np.zeros(1))
            bounds.append(frame.bounded(box)[0].bound[0] / scale)
        assert bounds[1] == pytest.approx(bounds[0], rel=1e-6, abs=1e-9)
        compared += 0 < bounds[0] < np.inf
    assert compared > 10


@pytest.mark.parametrize("gamma", [0.5, 40.0])
def test_no_radius_is_longer_than_the_distance_where_one_is_attained(gamma):
    """One term where it is steepest: all radii but one are nearly the distance."""
    near = 1e-4 / math.sqrt(gamma)
    r = math.sqrt(0.5 / gamma)
    form = expansion([[0.0]], [1.0], -math.exp(-gamma * (r + near) ** 2), gamma=gamma)
    margins = margins_of(form, Kernel("gaussian", gamma), 1)
    found = radii(margins, np.array([[r]]), 2)[0]
    assert 0.999 * near < found <= near * (1 + 1e-9)


def test_a_map_that_shrinks_widens_the_region():
    """With T = 1/10 nothing is decided otherwise within 10 times the distance."""
    form = expansion([[0.0, 0.0]], [-1.0], 0.95, T=0.1 * np.eye(2))
    margins = margins_of(form, GAUSSIAN, 1)
    ends = (np.full(2, -np.inf), np.full(2, np.inf))
    search = _search.Search(form, GAUSSIAN, 1, margins, *ends, 2)
    X = np.array([[30.0, 0.0]])
    widths, _, proven = _boxes._region(search, X, np.array([np.inf]))
    assert proven[0]
    # all that is decided otherwise is within .1 |y|^2 <= -2 log .95 of the centre
    assert widths.min() >= 30.0 + 10.0 * math.sqrt(-2.0 * math.log(0.95))


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("p", [1, 2, np.inf])
def test_nothing_depends_on_units(kernel, p):
    """Of x, of f, and of both; where squares would underflow or overflow."""
    more = {"degree": 3, "coef0": 1.0} if kernel == "polynomial" else {}
    power = 1 if kernel == "laplace" or kernel == "laplacian" else 2
    plain = bracket(expansion(CENTRES, A, -0.1, kernel, **more), X0, p, None)
    assert 0 < plain.lower[0] <= plain.distance[0] < np.inf
    for x, f in ((-500, 0), (500, 0), (0, -700), (0, 700), (-300, 500)):
        gamma = float(np.ldexp(0.5, -power * x))
        form = expansion(
            np.ldexp(CENTRES, x),
            np.ldexp(A, f),
            np.ldexp(-0.1, f),
            kernel,
            gamma,
            **more,
        )
        found = bracket(form, np.ldexp(X0, x), p, None)
        assert np.ldexp(found.distance, -x) == pytest.approx(plain.distance, rel=1e-9)
        assert np.ldexp(found.lower, -x) == pytest.approx(plain.lower, rel=1e-3)
        assert (found.lower <= np.ldexp(plain.distance, x)).all()


def test_units_of_the_points_before_a_map_do_not_matter():
    form = expansion(CENTRES, A, -0.1, T=np.ldexp(np.eye(2), -600))
    found = bracket(form, np.ldexp(X0, 600), 2, None)
    plain = bracket(FORM, X0, 2, None)
    assert np.ldexp(found.distance, -600) == pytest.approx(plain.distance, rel=1e-9)


@pytest.mark.parametrize("kernel", ["laplace", "laplacian"])
def test_terms_that_outweigh_others_everywhere(kernel):
    """Of e^(-g|z|) and -a e^(-g|z - 1|) the ratio is at least e^-g/a."""
    for a, proven in ((0.999 * math.exp(-0.5), True), (1.001 * math.exp(-0.5), False)):
        form = expansion([[0.0], [1.0]], [1.0, -a], 0.0, kernel)
        margins = margins_of(form, Kernel.of(form.options), 1)
        assert never_negative(margins).tolist() == [proven]
        assert np.isinf(bracket(form, np.array([[0.2]]), 2, None).lower[0]) == proven


@pytest.mark.parametrize("d", [1, 2, 3])
def test_gaussians_whose_negative_centres_are_surrounded(d):
    rng = np.random.default_rng(31)
    proven = 0
    for _ in range(40):
        up, down = 1.5 * rng.standard_normal((7, d)), 0.3 * rng.standard_normal((2, d))
        a = np.concatenate([rng.uniform(0.5, 2.0, 7), -rng.uniform(0.5, 3.0, 2)])
        form = expansion(np.concatenate([up, down]), a, 0.0)
        margins = margins_of(form, GAUSSIAN, 1)
        c = margins.centres.mean(axis=0)
        R = positive_beyond(margins, c)
        if R > 15:  # beyond which terms are less than the least number
            continue
        ways = rng.standard_normal((2000, d))
        ways /= np.linalg.norm(ways, axis=1)[:, None]
        assert (margins.values(c + R * (1 + 1e-9) * ways) > 0).all()
        proven += 1
    assert proven > 5


def test_a_sign_that_never_changes_though_all_terms_vanish_far_away():
    """Two terms over one between them are least at that: 2 e^-1/2 = 1.213."""
    X = np.array([[0.3], [2.0]])
    for a, same in ((1.2, True), (1.22, False)):
        form = expansion([[-1.0], [1.0], [0.0]], [1.0, 1.0, -a], 0.0)
        assert np.isinf(bracket(form, X, 2, None).lower).all() == same


def test_second_derivatives_are_bounded_by_the_norm():
    """Attained by the second difference of the kernel; never exceeded."""
    h, gamma = 0.01, 0.7
    form = expansion([[-h], [0.0], [h]], [1.0, -2.0, 1.0], 0.0, gamma=gamma)
    margins = margins_of(form, Kernel("gaussian", gamma), 1)
    second = np.diff(margins.values(np.array([[-h], [0.0], [h]]))[:, 0], 2) / h**2
    assert abs(second[0]) <= margins.bend[0] <= 1.01 * abs(second[0])
    rng = np.random.default_rng(41)
    for _ in range(50):
        form = drawn(rng, 2, "gaussian", m=6)
        margins = margins_of(form, Kernel.of(form.options), 1)
        v = rng.standard_normal(2)
        v *= 1e-3 / np.linalg.norm(v)
        X = rng.standard_normal((200, 1, 2)) + np.array([-1.0, 0.0, 1.0])[:, None] * v
        second = np.diff(margins.values(X.reshape(-1, 2)).reshape(200, 3), 2) / 1e-6
        assert np.abs(second).max() <= margins.bend[0] + 1e-6


@pytest.mark.parametrize("d", [2, 3])
def test_brackets_of_ridge_regressions_close(d):
    """Whose coefficients are a hundred times larger than the function."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((300, d))
    y = np.sign(np.sin(2.0 * X[:, 0]) + 0.3 * rng.standard_normal(300))
    model = KernelRidge(kernel="rbf", gamma=0.5, alpha=1e-3).fit(X, y)
    form = form_of(model)
    assert np.abs(form.coefficients).sum() > 1e4
    Q = rng.standard_normal((3, d))
    found = bracket(form, Q, 2, None)
    assert relative_gap(found) < 1e-3
    verified(form, Q, found, 2, samples=3000)


def test_equal_centres_are_one():
    form = expansion([[0.0], [0.0], [1.0]], [1.0, -0.5, 0.2], -0.1)
    margins = margins_of(form, GAUSSIAN, 1)
    assert margins.centres.tolist() == [[0.0], [1.0]]
    assert (margins.D[:, 0] / margins.D[0, 0]).tolist() == [1.0, 0.4]
    only = expansion([[0.0], [0.0]], [1.0, -0.5], 0.0, gamma=1.0)
    assert np.isinf(bracket(only, np.array([[0.3]]), 2, None).lower).all()


@pytest.mark.errors
def test_coefficients_of_incomparable_sizes_are_refused():
    """Far from the large term the small one decides, which must not be lost."""
    centres = [[0.0], [50.0]]
    found = bracket(
        expansion(centres, [-1e200, 1e-60], 0.0), np.array([[1.0]]), 2, None
    )
    # -200 log 10 ... the terms are equal where g (100 z - 2500) = log(1e260)
    equal = 25.0 + math.log(10.0) * 260 / 50.0
    assert found.distance[0] == pytest.approx(equal - 1.0, rel=1e-6)
    with pytest.raises(ValueError, match="within a factor of 2\\^1000"):
        bracket(expansion(centres, [-1e200, 1e-250], 0.0), np.array([[1.0]]), 2, None)
