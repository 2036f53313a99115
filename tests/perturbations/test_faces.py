"""Gaussian terms far from their centres: radii, faces, exactness."""

import itertools
import math

import numpy as np
import pytest

from geomadv.perturbations._expansion import bracket
from geomadv.perturbations._faces import (
    _apart,
    _farthest,
    _Terms,
    dominated_beyond,
    negative_far_away,
)
from geomadv.perturbations._forms import Expansion

GAMMA = 0.5
SQUARE = np.array(list(itertools.product([-1.0, 1.0], repeat=2)))


def lifted(Z, z, a):
    """Return f times a positive number, from the exponents relative to the largest."""
    E = -GAMMA * ((Z[:, None] - z) ** 2).sum(axis=2)
    return np.exp(E - E.max(axis=1, keepdims=True)) @ a


def on_sphere(rng, R, d):
    ways = rng.standard_normal((4000, d))
    axes = np.concatenate([np.eye(d), -np.eye(d)])
    near = np.repeat(axes, 200, axis=0)
    near = near + 0.5 / (R + 1.0) * rng.standard_normal(
        near.shape
    )  # about a face's normal
    ways = np.concatenate([ways, near])
    return (R + 0.1) * ways / np.linalg.norm(ways, axis=1)[:, None]


@pytest.mark.parametrize(("part", "positive"), [(0.99, True), (1.01, False)])
def test_a_term_amid_an_edge_is_outweighed_up_to_the_mean_of_its_ends(part, positive):
    """a, b and -n at -1, 1 and 0: never negative for n <= 2 sqrt(a b) e^-g."""
    n = part * 2.0 * math.sqrt(0.5 * 2.0) * math.exp(-GAMMA)
    z = np.concatenate([SQUARE, [[0.0, 1.0]]])
    a = np.array([1.0, 0.5, 1.0, 2.0, -n])
    R = dominated_beyond(z, np.zeros(2), a, GAMMA)
    assert np.isfinite(R) == positive
    way = np.array([[0.25 * math.log(0.5 / 2.0) / GAMMA, 40.0]])
    assert (lifted(way, z, a)[0] > 0) == positive


@pytest.mark.parametrize("d", [2, 3])
def test_nothing_is_negative_beyond(d):
    rng = np.random.default_rng(d)
    z = np.array(list(itertools.product([-1.0, 0.0, 1.0], repeat=d)))
    proven = 0
    for _ in range(12 if d == 2 else 3):
        a = rng.uniform(0.3, 2.0, len(z))
        middle = (z == 0).any(axis=1)
        a[middle] *= rng.choice([-0.3, 1.0], middle.sum(), p=[0.3, 0.7])
        R = dominated_beyond(z, np.zeros(d), a, GAMMA)
        if R > 1e4:
            continue
        assert (lifted(on_sphere(rng, R, d), z, a) > 0).all()
        proven += (a < 0).sum() > 1
    assert proven


def test_terms_on_two_edges_need_a_larger_radius_than_either():
    """Both are more than e P where both feet are close to the edges' middles."""
    edges = np.array([[0.0, 1.0], [1.0, 0.0]])
    z, one = np.concatenate([SQUARE, edges]), np.array([1.0, 1.0, 1.0, 1.0])
    both = dominated_beyond(z, np.zeros(2), np.r_[one, -1.1, -1.1], GAMMA)
    single = dominated_beyond(z, np.zeros(2), np.r_[one, -1.1, 0.0], GAMMA)
    assert single == 0.0
    assert 2.0 < both < 20.0
    # too small to be more than e P anywhere
    assert dominated_beyond(z, np.zeros(2), np.r_[one, -1e-4, -1e-4], GAMMA) == 0.0


def planted(part, tilt=(0.0, 0.0)):
    """Corners of a cube, and -part times what they outweigh amid a face, in five terms.

    With a = 1 at the corners N_F/P_F is (n + 2 m e^-g (cosh s + cosh t))/(4 e^-2g
    cosh s cosh t) for -n amid the face and -m amid its edges, and largest at s = t = 0.
    Multiplied by e^<w, z_i> terms have the same ratios elsewhere.
    """
    cube = np.array(list(itertools.product([-1.0, 1.0], repeat=3)))
    middles = [[0.0, 0.0], [0.0, 1.0], [0.0, -1.0], [1.0, 0.0], [-1.0, 0.0]]
    z = np.concatenate([cube, np.c_[np.ones(5), middles]])
    most = 4.0 * math.exp(-2.0 * GAMMA)
    n = np.r_[0.6 * most, np.full(4, 0.1 * most * math.exp(GAMMA))]
    return z, np.r_[np.ones(8), -part * n] * np.exp(z[:, 1:] @ tilt)


@pytest.mark.parametrize("tilt", [(0.0, 0.0), (1.3, -2.1)])
def test_five_terms_on_one_face_are_told_from_a_hundredth_more(tilt):
    z, a = planted(0.99, tilt)
    R = dominated_beyond(z, np.zeros(3), a, GAMMA)
    assert R < 100.0
    rng = np.random.default_rng(0)
    foot = -np.array(tilt) / (2.0 * GAMMA) + 0.5 * rng.standard_normal((2000, 2))
    assert (lifted(np.c_[np.full(2000, R + 1.0), foot], z, a) > 0).all()
    assert len(negative_far_away(z, np.zeros(3), a, GAMMA)) == 0
    z, a = planted(1.01, tilt)
    assert np.isinf(dominated_beyond(z, np.zeros(3), a, GAMMA))
    point = negative_far_away(z, np.zeros(3), a, GAMMA)
    assert (lifted(point, z, a) < 0).all()
    assert len(point) == 1


@pytest.mark.parametrize("x", [0.0, 0.1, 0.2, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("part", [0.9, 0.1])
def test_no_more_of_a_face_is_taken_for_proven_than_there_is(part, x):
    """log(P_F/N_F) >= -log(part) everywhere, and is that at the foot only."""
    z, a = planted(part, (x, -x / 2.0))
    found, _ = _Terms.of(z, np.zeros(3), a, GAMMA).at_infinity
    assert -math.log(part) / 4.0 <= found <= -math.log(part) * (1.0 + 1e-9)


def test_the_radius_on_a_line_is_where_the_sign_changes():
    """2 cosh y < 4 n, of four terms at 0 and two at the ends, up to acosh(2 n)."""
    z = np.array([[-1.0], [1.0], [0.0], [0.0], [0.0], [0.0]])
    a = np.r_[math.exp(GAMMA), math.exp(GAMMA), np.full(4, -50.0)]
    R = 2.0 * GAMMA * dominated_beyond(z, np.zeros(1), a, GAMMA)
    assert math.acosh(100.0) <= R <= math.acosh(100.0) * 1.001


@pytest.mark.parametrize("part", [0.99, 1.01])
def test_brackets_close_where_a_face_decides(part):
    z, a = planted(part, (9.0, -7.0))
    options = {"kernel": "gaussian", "gamma": GAMMA}
    form = Expansion(z, a[:, None], np.zeros(1), options, None, np.zeros(3))
    found = bracket(form, np.array([[-0.5, 0.2, 0.1]]), 2.0, None)
    if part < 1:
        assert np.isinf(found.lower).all()
    else:
        assert np.isfinite(found.distance).all()
        assert (found.distance - found.lower <= 1e-3 * found.distance).all()


@pytest.mark.parametrize(("a", "proven"), [(-0.9, True), (-1.1, False)])
def test_terms_at_the_same_end_add_up(a, proven):
    z = np.array([[0.0], [1.0], [1.0]])
    R = dominated_beyond(z, np.zeros(1), np.array([1.0, 1.0, a]), GAMMA)
    assert np.isfinite(R) == proven
    # inside of the end by a rounding error, and outside
    for off in (-(2.0**-53), 2.0**-52):
        z[2] = 1.0 + off
        R = dominated_beyond(z, np.zeros(1), np.array([1.0, 1.0, a]), GAMMA)
        assert np.isinf(R)


def test_off_the_edge_by_a_rounding_error_proves_nothing():
    for off, proven in ((0.0, True), (2.0**-52, False)):
        z = np.concatenate([SQUARE, [[0.0, 1.0 + off]]])
        a = np.array([1.0, 1.0, 1.0, 1.0, -0.5])
        assert np.isfinite(dominated_beyond(z, np.zeros(2), a, GAMMA)) == proven


@pytest.mark.parametrize(("off", "proven"), [(0.0, True), (2.0**-52, False)])
def test_all_terms_have_to_be_on_the_edge(off, proven):
    z = np.concatenate([SQUARE, [[-0.5, 1.0], [0.5, 1.0], [0.0, 1.0 + off]]])
    a = np.r_[np.ones(4), np.full(3, -0.2)]
    assert np.isfinite(dominated_beyond(z, np.zeros(2), a, GAMMA)) == proven


def test_a_negative_vertex_is_never_outweighed():
    z = np.concatenate([SQUARE, [[0.0, 1.5]]])
    a = np.array([1.0, 1.0, 1.0, 1.0, -1e-9])
    assert np.isinf(dominated_beyond(z, np.zeros(2), a, GAMMA))


def test_sets_without_a_common_face():
    on = np.array([[1, 1, 0], [0, 1, 1], [1, 0, 1], [1, 0, 0]], bool)
    assert _apart(on, 3) == [(1, 3), (0, 1, 2)]


def test_the_farthest_point_of_a_polyhedron():
    A, b = np.concatenate([np.eye(2), -np.eye(2)]), np.array([3.0, 1.0, 0.0, 4.0])
    assert _farthest(A, b) == pytest.approx(5.0, rel=1e-4)
    assert _farthest(A, b) >= 5.0
    assert np.isinf(_farthest(A[:3], b[:3]))
    assert _farthest(np.array([[1.0], [-1.0]]), np.array([-1.0, -1.0])) == 0.0


@pytest.mark.parametrize("log", [1.5, 2.0, 4.0])
def test_what_is_proven_of_all_points_holds_far_from_the_foot(log):
    """e^(30 - y) + e^y over e^l: log 2 + 15 - l at y = 15, 30 - l at y = 0.

    Half of what is found at 0 is more than there is at 15, where N < P all the same.
    """
    z, up = np.array([[-1.0], [1.0], [0.0]]), np.array([True, True, False])
    found, _ = _Terms(z, np.array([30.0, 0.0, log]), up).least
    assert 0.0 < found <= math.log(2.0) + 15.0 - log


def test_what_is_proven_on_a_line_is_at_most_the_least_ratio():
    """Against a grid, of terms at the ends too, whose ratio is that at infinity."""
    rng, proven = np.random.default_rng(0), 0
    Y = np.linspace(-60.0, 60.0, 24001)[:, None]
    for _ in range(60):
        z = np.r_[-1.0, 1.0, rng.uniform(-0.9, 0.9, 3), rng.choice([-1.0, 1.0], 2)]
        up = np.r_[True, True, True, False, False, False, rng.random() < 0.5]
        logs = np.r_[rng.uniform(-4, 30, 3), rng.uniform(-9, 1, 4)]
        terms = _Terms(z[:, None], logs, up)
        found, _ = terms.least
        proven += found > 0
        assert found <= 0.0 or found <= terms.ratio(Y).min()
    assert proven > 30
