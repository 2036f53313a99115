"""Scores are 1-Lipschitz, enlargements are right, searches find what is planted."""

import numpy as np
import pytest
from scipy import optimize

from geomadv.concentration import Balls, HalfSpace, Rectangles, _faces
from geomadv.concentration import _balls as balls
from geomadv.concentration import _halfspaces as half_spaces
from geomadv.concentration import _rectangles as rectangles
from geomadv.concentration._levels import adversarial_risk, expanded_share, threshold
from geomadv.spaces import Gaussian
from geomadv.spaces._lp import lp_norm

ORDERS = (1.0, 1.5, 2.0, 3.0, np.inf)


def regions(p, d=4):
    rng = np.random.default_rng(3)
    lower = rng.uniform(-2, -0.5, (2, d))
    lower[0, 1] = -np.inf
    return (
        Rectangles(lower, rng.uniform(0.5, 2, (2, d))),
        Balls(rng.normal(size=(3, d)), rng.uniform(0, 1, 3), p),
        HalfSpace(rng.normal(size=d), p),
    )


@pytest.mark.parametrize("p", ORDERS)
@pytest.mark.parametrize("index", range(3))
def test_scores_are_lipschitz_in_l_p(p, index):
    region = regions(p)[index]
    rng = np.random.default_rng(4)
    x = rng.normal(size=(4000, 4))
    step = rng.normal(size=x.shape) * rng.choice([0.01, 1.0], (4000, 1))
    step *= rng.random(x.shape) < 0.5
    change = np.abs(region.score(x + step) - region.score(x))
    assert (change <= lp_norm(step, p) + 1e-12).all()
    assert (change > 0.5 * lp_norm(step, p)).any()


@pytest.mark.parametrize("p", ORDERS)
def test_half_space_and_balls_fall_at_unit_speed(p):
    """A point at score t - eps can reach the region {f >= t} by a step of size eps."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(50, 4))
    _, union, half_space = regions(p)
    for a in x:
        gaps = union.radii - lp_norm(a - union.centres, p)
        towards = union.centres[np.argmax(gaps)] - a
        step = 0.1 * towards / lp_norm(towards, p)
        assert union.score([a + step])[0] == pytest.approx(union.score([a])[0] + 0.1)
    best = optimize.linprog if p == np.inf else None
    if best is not None:  # the step is found by a linear program
        found = best(-half_space.normal, bounds=[(-0.1, 0.1)] * 4)
        assert -found.fun == pytest.approx(0.1)


def test_depth_in_one_box_is_the_distance_to_its_complement_in_every_l_p():
    box = Rectangles(np.array([[-1.0, -np.inf]]), np.array([[1.0, 0.5]]))
    x = np.random.default_rng(6).uniform([-1, -1], [1, 0.5], (100, 2))
    faces = np.stack([x[:, 0] + 1, 1 - x[:, 0], 0.5 - x[:, 1]])
    assert -box.score(x) == pytest.approx(faces.min(axis=0))


@pytest.mark.parametrize("t", [0.0, 0.2, 0.9])
def test_points_outside_of_all_boxes_are_counted_as_by_their_scores(t):
    rng = np.random.default_rng(3)
    lower = rng.normal(size=(4, 3)) - 1
    boxes = Rectangles(lower, lower + rng.random((4, 3)) * 3)
    X = rng.normal(size=(500, 3)) * 2
    expected = np.count_nonzero(boxes.score(X) >= t)
    assert boxes.count_outside(X, t) == expected
    assert 0 < expected < 500


def test_a_normal_that_was_scaled_before_stays_as_it_is():
    for seed in range(30):
        normal = np.random.default_rng(seed).normal(size=500)
        once = HalfSpace(normal, 3.0)
        again = HalfSpace(once.normal, 3.0)
        assert (again.normal == once.normal).all()
        nearly = HalfSpace(once.normal * (1 + 1e-9), 3.0)
        assert nearly.normal == pytest.approx(once.normal, rel=1e-14)


def test_a_union_of_boxes_is_scored_by_its_nearest_box():
    lower = np.array([[0.0, 0.0], [2.0, 0.0]])
    pair = Rectangles(lower, lower + 1.0)
    x = np.array([[0.5, 0.5], [1.2, 0.5], [1.9, 0.5], [2.5, 3.0]])
    assert pair.score(x) == pytest.approx([-0.5, 0.2, 0.1, 2.0])


def test_descent_of_normals_finds_the_extremal_half_space():
    cov = np.array([[2.0, 0.9, 0.0], [0.9, 1.0, 0.3], [0.0, 0.3, 1.5]])
    X = Gaussian(cov=cov).sample(40_000, 1).astype(np.float32)
    for p in (1.5, 2.0, 4.0):
        start = HalfSpace(np.array([0.1, 1.0, 0.1]), p)
        end = half_spaces.descend(X, start, eps=1.0, mass=0.1)[-1]
        best = Gaussian(cov=cov).operator_norm(p).upper
        deviation = np.sqrt(end.normal @ cov @ end.normal)
        first = np.sqrt(start.normal @ cov @ start.normal)
        assert first < 0.9 * best
        assert deviation > 0.97 * best


@pytest.mark.parametrize("p", [1.0, 1.5, 2.0, 3.0, np.inf])
def test_normals_have_dual_norm_one(p):
    X = np.random.default_rng(2).normal(size=(500, 6)).astype(np.float32)
    found = half_spaces.screened(X, half_spaces.starts(X), p=p, eps=0.5, mass=0.1)
    found = found + half_spaces.descend(X, found[0], eps=0.5, mass=0.1)
    q = {1.0: np.inf, np.inf: 1.0}.get(p, p / (p - 1.0) if p > 1 else np.inf)
    for half_space in found:
        assert np.linalg.norm(half_space.normal, q) == pytest.approx(1.0)


def test_every_axis_is_a_start():
    X = np.random.default_rng(1).normal(size=(50, 600)).astype(np.float32)
    blocks = []
    for block in half_spaces.starts(X):
        blocks.append(block)
        if sum(b.shape[1] for b in blocks) >= 600:
            break
    assert (np.concatenate(blocks, axis=1) == np.eye(600)).all()


def test_columns_of_the_covariance_are_those_of_numpy(monkeypatch):
    X = np.random.default_rng(2).normal(size=(70, 5)) @ np.triu(np.ones((5, 5))) + 9
    expected = np.cov(X, rowvar=False)
    for entries in (1, 100, 10**6):  # points in one go
        monkeypatch.setattr(half_spaces, "_ENTRIES", entries)
        found = half_spaces._covariance(X, np.array([3, 0]))
        assert found == pytest.approx(expected[:, [3, 0]], rel=1e-12)


def test_components_of_few_points_are_those_of_the_covariance(monkeypatch):
    X = np.random.default_rng(3).normal(size=(6, 9)) * np.arange(1, 10)
    expected = half_spaces._components(X)[:, :5]
    monkeypatch.setattr(half_spaces, "_DENSE", 8)
    found = half_spaces._components(X)
    assert found.shape == (9, 5)
    assert np.abs((found * expected).sum(axis=0)) == pytest.approx(1, rel=1e-9)


def test_screening_orders_half_spaces_by_their_enlargement():
    X = np.random.default_rng(7).normal(size=(3000, 5)) * [1, 2, 3, 1, 1]
    X = X.astype(np.float32)
    found = half_spaces.screened(X, half_spaces.starts(X), p=2.0, eps=1.0, mass=0.1)
    shares = [expanded_share(h.score(X), 0.1, 1.0) for h in found]
    assert np.abs(np.diff(shares)[np.diff(shares) < 0]).max(initial=0) < 2e-3
    assert np.abs(found[0].normal[2]) > 0.95


def test_a_planted_cluster_is_found_by_balls():
    rng = np.random.default_rng(8)
    cloud = rng.normal(size=(950, 5))
    island = np.array([9.0, 0, 0, 0, 0]) + 0.1 * rng.normal(size=(50, 5))
    X = np.concatenate([cloud, island]).astype(np.float32)
    for p in (1.0, 2.0, np.inf):
        unions = balls.greedy_balls(
            X, p=p, eps=1.0, mass=0.05, rng=np.random.default_rng(0)
        )
        share = min(expanded_share(u.score(X), 0.05, 1.0) for u in unions)
        assert share == 0.05


def test_descent_of_a_ball_lowers_the_share_near_it():
    X = np.random.default_rng(9).normal(size=(20_000, 3)).astype(np.float32)
    start = Balls(np.array([[1.0, 0.0, 0.0]]), np.zeros(1), 2.0)
    before = expanded_share(start.score(X), 0.05, 1.0)
    after = [
        expanded_share(b.score(X), 0.05, 1.0)
        for b in balls.descend(X, start, eps=1.0, mass=0.05)
    ]
    truth = float(Gaussian(3).enlargement(0.05, 1.0))
    assert before > 1.5 * truth
    assert after[-1] < 1.1 * truth
    assert after[-1] <= after[0] < before


def test_distances_agree_with_their_definition():
    rng = np.random.default_rng(10)
    X, Y = rng.normal(size=(7, 3)), rng.normal(size=(9, 3))
    for p in ORDERS:
        expected = lp_norm(X[:, None] - Y, p)
        assert balls.distances(X, Y, p) == pytest.approx(expected)


def test_greedy_boxes_take_the_tail_that_grows_least():
    rng = np.random.default_rng(11)
    X = rng.normal(size=(2000, 6)).astype(np.float32)
    X[:100, 3] = 20.0  # an island of 5 %
    boxes = _faces.greedy_boxes(X, eps=1.0, mass=0.05, choices=((0.5, 1.0),))
    shares = [adversarial_risk(b.score(X), 0.0, 1.0) / 2000 for b in boxes]
    risks = [np.mean(b.score(X) >= 0.0) for b in boxes]
    assert min(shares) == 0.05
    best = boxes[int(np.argmin(shares))]
    assert np.flatnonzero(np.isfinite(best.upper[0])).tolist() == [3]
    assert all(a <= b for a, b in zip(risks, shares, strict=True))


def test_tails_of_tied_values_have_all_of_them_or_none():
    X = np.repeat([[0.0], [1.0], [2.0]], [90, 6, 4], axis=0)
    boxes = _faces.greedy_boxes(X, eps=0.5, mass=0.05, choices=((1.0,),))
    assert np.mean(boxes[0].score(X) >= 0.0) == 0.04
    down = _faces.greedy_boxes(-X, eps=0.5, mass=0.05, choices=((1.0,),))
    assert (down[0].score(-X) == boxes[0].score(X)).all()
    assert np.isinf(down[0].upper).all()


def test_clustered_boxes_hold_the_points_they_were_made_from():
    rng = np.random.default_rng(12)
    X = np.concatenate([rng.normal(size=(200, 3)), 10 + rng.normal(size=(200, 3))])
    depth = rectangles.neighbour_distances(X, rng, k=5)
    boxes = rectangles.clustered_boxes(X, depth, 0.9, 2, rng)
    inside = boxes.score(X) <= 1e-12
    assert inside[np.argsort(depth)[:360]].all()
    assert not inside.all()
    middle = (boxes.lower + boxes.upper) / 2
    assert sorted(np.round(middle.mean(axis=1)).tolist()) == [0.0, 10.0]


def test_means_of_clusters_are_fixed_by_another_round():
    """Lloyd's rounds from the definition: nothing moves, and the cost has fallen."""
    X = np.random.default_rng(4).normal(size=(800, 5))
    means = rectangles.k_means_l1(X, 3, np.random.default_rng(0))
    nearest = np.abs(X[:, None] - means).sum(axis=2).argmin(axis=1)
    for t in range(3):
        assert means[t] == pytest.approx(X[nearest == t].mean(axis=0), rel=1e-9)


def test_neighbour_distances_are_those_of_the_kth_neighbour_in_l_1():
    rng = np.random.default_rng(13)
    X = rng.normal(size=(100, 4))
    table = np.sort(np.abs(X[:, None] - X).sum(axis=2), axis=1)
    found = rectangles.neighbour_distances(X, rng, k=7)
    assert found == pytest.approx(table[:, 7], rel=1e-6)


def test_the_share_that_is_kept_leaves_enough_outside():
    rng = np.random.default_rng(14)
    X = rng.normal(size=(4000, 2)).astype(np.float32)
    depth = rectangles.neighbour_distances(X[:2000], rng)
    boxes = rectangles.search_shares(
        X[:2000],
        X[2000:],
        eps=0.3,
        mass=0.1,
        clusters=3,
        depth=depth,
        rng=rng,
    )
    for part in (X[:2000], X[2000:]):
        assert 0.1 <= np.mean(boxes.score(part) >= rectangles.grown(0.3)) < 0.16


def test_a_coordinate_without_spread_does_not_put_every_point_at_the_boundary():
    X = np.zeros((50, 2))
    X[:, 0] = np.arange(50.0)
    boxes = Rectangles(np.array([[0.0, 0.0]]), np.array([[49.0, 0.0]]))
    t = rectangles.grown(0.3)
    assert np.mean(boxes.score(X) >= t) == 0.0
    assert threshold(boxes.score(X), 0.1) == 0.0
    assert adversarial_risk(boxes.score(X), t, 0.3) == 0


@pytest.mark.errors
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Rectangles(np.zeros((1, 2)), np.zeros((2, 2))), "corners of the same"),
        (
            lambda: Rectangles(np.full((1, 2), -np.inf), np.full((1, 2), np.inf)),
            "infin",
        ),
        (lambda: Rectangles(np.full((1, 2), np.nan), np.ones((1, 2))), "lower must"),
        (lambda: Balls(np.zeros((2, 2)), np.zeros(1), 2.0), "one for each of the 2"),
        (lambda: Balls(np.zeros((0, 2)), np.zeros(0), 2.0), "at least 1 points"),
        (lambda: Balls(np.zeros((1, 2)), np.zeros(1), 0.5), "p must be at least 1"),
        (lambda: HalfSpace(np.zeros(2), 2.0), "normal must not be zero"),
        (lambda: HalfSpace(np.ones(2), np.nan), "p must be at least 1"),
        (lambda: HalfSpace(np.ones(2), 2.0).score([[1.0]]), "X must have 2 columns"),
    ],
)
def test_bad_regions_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("p", [1.5, 2.0, 4.0])
def test_gradient_is_that_of_the_closed_form_for_gaussian_points(p):
    """The share is Phi(z + eps |w|_q / s), s^2 = w' cov w, so the shift's gradient.

    With s fixed by the threshold, that of |w|_q - |w|_q cov w / s^2, times eps.
    """
    cov = np.array([[2.0, 0.9, 0.0], [0.9, 1.0, 0.3], [0.0, 0.3, 1.5]])
    X = Gaussian(cov=cov).sample(200_000, 1)
    half_space = HalfSpace(np.array([0.5, 1.0, -0.4]), p)
    w, eps = half_space.normal, 1.0
    found = half_spaces._gradient(X, half_space.score(X), half_space, eps, 0.1)
    q = p / (p - 1.0)
    expected = eps * (np.sign(w) * np.abs(w) ** (q - 1) - cov @ w / (w @ cov @ w))
    assert found == pytest.approx(expected, abs=0.05)


def test_descent_in_l_inf_makes_normals_sparse():
    X = np.random.default_rng(3).normal(size=(20_000, 40)).astype(np.float32)
    X[:, 7] *= 1.5
    X[:, 9] *= 1.4
    start = HalfSpace(np.ones(40) + 2 * np.eye(40)[7], np.inf)
    end = half_spaces.descend(X, start, eps=0.5, mass=0.1)[-1]
    assert np.argmax(end.normal) == 7
    assert np.linalg.norm(start.normal) < 0.3
    assert end.normal[7] > 0.99
    assert np.count_nonzero(np.abs(end.normal) > 1e-3) == 1


def test_radii_of_balls_follow_what_they_add_near_the_union():
    """A ball at whose rim there are many points grows; its radius is lowered."""
    X = np.zeros((100, 1))
    X[:50, 0] = np.linspace(0.0, 5.0, 50)
    X[50:, 0] = np.linspace(20.0, 21.0, 50)
    pair = Balls(np.array([[0.0], [25.0]]), np.array([1.0, 3.9]), 2.0)
    to = balls.distances(pair.centres, X, 2.0)
    depth = pair.radii[:, None] - to
    nearest = depth.argmax(axis=0)
    _, grows = balls._means(
        X, pair.centres, to, nearest, depth.max(axis=0), at=-0.5, width=0.1
    )
    assert grows.sum() == pytest.approx(1.0)
    assert grows[1] > 3 * grows[0]  # 50 points a unit against 10


def test_faces_at_values_that_float32_rounds_up_keep_their_points():
    """26/255 is less than its float32, so that a face there would lose its points."""
    value = 26 / 255
    assert float(np.float32(value)) > value
    X = np.zeros((100, 2))
    X[:6, 0] = value
    boxes = _faces.greedy_boxes(
        X.astype(np.float32), eps=8 / 255, mass=0.05, choices=((1.0, 1.2),)
    )
    assert [np.mean(b.score(X) >= 0.0) for b in boxes] == [0.06]
    assert adversarial_risk(boxes[0].score(X), 0.0, 8 / 255) == 6


@pytest.mark.parametrize("shift", [-0.6, 0.6])
def test_descent_moves_radii_against_the_slope_of_the_share(shift):
    X = np.random.default_rng(15).normal(size=(20_000, 2)).astype(np.float32)
    centres = np.array([[-6.0, 0.0], [6.0, 0.0]])
    pair = Balls(centres, np.array([4.0 + shift, 4.0]), 2.0)

    def share(step):
        moved = Balls(centres, pair.radii + np.array([step, 0.0]), 2.0)
        return expanded_share(moved.score(X), 0.05, 1.0)

    slope = share(0.1) - share(-0.1)
    end = balls.descend(X, pair, eps=1.0, mass=0.05)[0]
    change = (end.radii - pair.radii) @ [1.0, -1.0]
    assert abs(slope) > 0.005
    assert abs(change) > 0.5
    assert np.sign(change) == np.sign(-slope)
