"""Labelled manifolds: their laws, distances, tangent spaces and reach.

Distances are compared with a search over a fine net of the manifold. Tests of laws
fail by chance with probability 1e-4 each, at fixed seeds.
"""

import math
import tracemalloc

import numpy as np
import pytest
from scipy import optimize, stats
from scipy.spatial import cKDTree

from geomadv.data import (
    EmbeddedSpheres,
    Embedding,
    FlatTorusDecoder,
    LinearDecoder,
    NestedTori,
    ParallelFlats,
    SwissRolls,
)

FALSE_ALARM = 1e-4

SHAPES = {
    "circles": lambda d, **more: EmbeddedSpheres(1, d, **more),
    "spheres": lambda d, **more: EmbeddedSpheres(3, d, inner=1.5, outer=2.0, **more),
    "flats": lambda d, **more: ParallelFlats(3, d, gap=0.8, side=2.0, **more),
    "tori": lambda d, **more: NestedTori(d, **more),
    "rolls": lambda d, **more: SwissRolls(d, turns=2, height=4.0, **more),
    "linear": lambda d, **more: LinearDecoder(3, d, scales=[1.0, 2.0, 0.5], **more),
    "flat torus": lambda d, **more: FlatTorusDecoder(2, d, a=0.7, **more),
}


@pytest.fixture(params=SHAPES)
def shape(request):
    return SHAPES[request.param]


def net(manifold, n=4000, seed=0):
    """Return many points of the manifolds in R^d, with labels."""
    X, y = manifold.sample(n, seed)
    return X, y


# --- All manifolds -------------------------------------------------------------------


def test_points_lie_on_the_manifold_of_their_label(shape):
    manifold = shape(9, rotation=1)
    X, y = net(manifold, 500)
    assert X.shape == (500, 9)
    assert set(y) == {-1.0, 1.0}
    assert abs(y.mean()) < 4 / math.sqrt(500)
    assert manifold.distance(X).max() < 1e-12
    for label in (-1, 1):
        assert manifold.distance_to_class(X[y == label], label).max() < 1e-12
    assert (manifold.bayes_predict(X) == y)[np.abs(X).max(axis=1) > 0].all()


def test_distance_is_never_above_that_to_points_of_a_net(shape):
    manifold = shape(6, rotation=2)
    Q = net(manifold, 60, 3)[0]
    Q = Q + np.random.default_rng(4).normal(scale=0.6, size=Q.shape)
    for label in (-1, 1):
        found = manifold.distance_to_class(Q, label)
        X, y = net(manifold)
        gaps = np.linalg.norm(Q[:, None] - X[y == label], axis=2).min(axis=1)
        assert (found <= gaps + 1e-12).all()
        assert (gaps - found < 1.0).all()


def test_projection_is_on_the_manifold_at_the_distance(shape):
    manifold = shape(6, rotation=2)
    Q = np.random.default_rng(5).normal(scale=2.0, size=(200, 6))
    P = manifold.project(Q)
    assert manifold.distance(P).max() < 1e-12
    assert np.linalg.norm(Q - P, axis=1) == pytest.approx(manifold.distance(Q))


def test_distance_is_that_of_a_local_search(shape):
    """From the nearest point of a net, over all points that project to themselves."""
    manifold = shape(5, rotation=3)
    X, _ = net(manifold, 3000, 6)
    Q = X[:8] + np.random.default_rng(7).normal(scale=0.5, size=(8, 5))
    for q in Q:
        start = X[np.linalg.norm(X - q, axis=1).argmin()]
        found = optimize.minimize(
            lambda x, q=q: np.linalg.norm(manifold.project(x[None])[0] - q),
            start,
            method="Nelder-Mead",
            options={"xatol": 1e-6, "fatol": 1e-9, "maxiter": 1500},
        )
        assert float(manifold.distance(q[None])[0]) <= found.fun + 1e-9
        assert found.fun - float(manifold.distance(q[None])[0]) < 1e-3


def test_tangent_spaces_are_those_of_small_steps(shape):
    manifold = shape(7, rotation=4)
    X, _ = net(manifold, 40, 8)
    T = manifold.tangent(X)
    assert T.shape == (40, 7, manifold.k)
    inner = np.einsum("nij,nik->njk", T, T)
    assert np.abs(inner - np.eye(manifold.k)).max() < 1e-12
    for column in range(manifold.k):
        step = 1e-5 * T[:, :, column]
        # away from boundaries the manifold is a second-order distance away
        gap = np.minimum(manifold.distance(X + step), manifold.distance(X - step))
        assert gap.max() < 1e-9


def test_normal_steps_lead_away_at_unit_speed_up_to_the_reach(shape):
    manifold = shape(7, rotation=4)
    X, _ = net(manifold, 200, 9)
    V = np.random.default_rng(10).normal(size=X.shape)
    tangent, normal = manifold.split(X, V)
    assert np.allclose(tangent + normal, V)
    T = manifold.tangent(X)
    assert np.abs(np.einsum("nij,ni->nj", T, normal)).max() < 1e-12
    unit = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    step = 0.999 * min(manifold.reach, 5.0)
    assert manifold.distance(X + step * unit) == pytest.approx(np.full(200, step))


@pytest.mark.parametrize(
    "manifold",
    [
        EmbeddedSpheres(2, 3),
        ParallelFlats(2, 3, gap=0.6),
        NestedTori(3),
        SwissRolls(3),
        FlatTorusDecoder(1, 2, a=0.4),
    ],
)
def test_within_the_reach_normal_steps_lead_away_and_beyond_it_some_do_not(manifold):
    X, _ = net(manifold, 2000, 11)
    V = np.random.default_rng(12).normal(size=X.shape)
    _, normal = manifold.split(X, V)
    unit = normal / np.linalg.norm(normal, axis=1, keepdims=True)
    step = 0.999 * manifold.reach
    assert manifold.distance(X + step * unit) == pytest.approx(np.full(2000, step))
    step = 1.05 * manifold.reach
    assert manifold.distance(X + step * unit).min() < step * (1 - 1e-3)


def test_decision_reach_is_half_the_distance_of_the_classes():
    for make in (EmbeddedSpheres, ParallelFlats):
        manifold = make(2, 5, rotation=0)
        X, y = net(manifold, 2000, 13)
        gap = manifold.distance_to_class(X[y > 0], -1).min()
        assert gap == pytest.approx(2 * manifold.decision_reach)
    for other in (NestedTori(5, rotation=0), SwissRolls(5, rotation=0)):
        X, y = net(other, 2000, 13)
        gap = other.distance_to_class(X[y > 0], -1).min()
        assert gap == pytest.approx(2 * other.decision_reach)


@pytest.mark.parametrize(
    "manifold",
    [
        EmbeddedSpheres(2, 6, rotation=1),
        ParallelFlats(2, 6, rotation=1),
        NestedTori(6),
        LinearDecoder(3, 6, scales=[1.0, 2.0, 0.5], rotation=1),
        FlatTorusDecoder(2, 6, a=0.7, rotation=1),
    ],
)
def test_axis_distance_is_reached_where_both_classes_are_equally_far(manifold):
    X, _ = net(manifold, 50, 14)
    X = X + np.random.default_rng(15).normal(scale=0.2, size=X.shape)
    found = manifold.axis_distance(X)
    gap = manifold.distance_to_class(X, 1) - manifold.distance_to_class(X, -1)
    assert ((gap > 0) == (manifold.bayes_predict(X) < 0)).all()
    # move along the gradient of the gap by that distance: both are equally far
    h = 1e-6
    steps = np.stack(
        [
            (manifold.axis_distance(X + h * e) - manifold.axis_distance(X - h * e))
            / (2 * h)
            for e in np.eye(6)
        ],
        axis=1,
    )
    Y = X - found[:, None] * steps / np.linalg.norm(steps, axis=1, keepdims=True)
    both = [manifold.distance_to_class(Y, label) for label in (-1, 1)]
    assert both[0] == pytest.approx(both[1], abs=1e-6)


def polylines(rolls, n=8000):
    """Return search trees of fine polylines of the two curves of rolls."""
    t = np.linspace(rolls.start, rolls.end, n)
    curve = rolls.radius * np.column_stack(
        [np.cos(t) + t * np.sin(t), np.sin(t) - t * np.cos(t)]
    )
    return cKDTree(curve), cKDTree(-curve)


def test_axis_between_the_rolls_is_the_involute_halfway():
    rolls = SwissRolls(4, turns=2, radius=0.5, rotation=2)
    X, _ = rolls.sample(120, 26)
    X = X + np.random.default_rng(27).normal(scale=0.1, size=X.shape)
    Z = rolls.embedding.coordinates(X)
    t = np.linspace(math.pi / 2, rolls.end + 2, 40_000)
    p = t + math.pi / 2
    middle = 0.5 * np.column_stack(
        [np.cos(p) + t * np.sin(p), np.sin(p) - t * np.cos(p)]
    )
    expected, _ = cKDTree(np.vstack([middle, -middle])).query(Z[:, :2])
    lower, upper = rolls.axis_bounds(X)
    exact = upper - lower < 1e-12
    assert exact.mean() > 0.6
    inner = exact & (np.linalg.norm(Z[:, :2], axis=1) < 0.5 * (rolls.end - 1))
    assert inner.sum() > 40
    assert upper[inner] == pytest.approx(expected[inner], abs=1e-3)


def test_axis_of_rolls_is_no_nearer_to_them_than_the_decision_reach():
    rolls = SwissRolls(3, turns=2)
    X, _ = rolls.sample(2000, 28)
    lower, upper = rolls.axis_bounds(X)
    assert lower.min() == pytest.approx(rolls.decision_reach, abs=1e-9)
    assert (upper - lower).max() < 1e-6
    on = rolls.axis_bounds([[0.0, 0.0, 1.0]])
    assert on[1][0] == 0.0


def test_axis_near_the_ends_of_rolls_is_enclosed():
    """The first change along rays, with distances to polylines."""
    rolls = SwissRolls(3, turns=1)
    trees = polylines(rolls)
    X = np.array([[11.0, 3.0, 0.0], [-3.0, -9.5, 5.0], [0.3, 0.2, 0.0]])
    lower, upper = rolls.axis_bounds(X, tolerance=1e-5)
    assert (lower <= upper).all()
    assert (upper - lower).max() <= 1e-5 * (1 + 1e-9)
    assert (upper - lower).max() > 1e-12
    turn = np.linspace(0, 2 * math.pi, 91)
    for x, bound in zip(X, upper, strict=True):
        steps = np.linspace(0, 1.1 * bound, 61)[:, None, None]
        P = x[:2] + steps * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        near, far = (tree.query(P.reshape(-1, 2))[0].reshape(61, -1) for tree in trees)
        changed = np.sign(far - near) != np.sign(far[0, 0] - near[0, 0])
        assert not changed[steps[:, 0, 0] < 0.98 * bound].any()
        assert changed.any()


def test_noise_is_isotropic(shape):
    noisy, clean = shape(30, rotation=5, noise=0.1), shape(30, rotation=5)
    X, _ = noisy.sample(400, 16)
    Y, _ = clean.sample(400, 16)
    noise = (X - Y).ravel() / 0.1
    assert stats.kstest(noise, "norm").pvalue > FALSE_ALARM
    assert noisy.distance(X).mean() == pytest.approx(
        0.1 * math.sqrt(noisy.codimension), rel=0.15
    )


def test_same_seed_same_points_and_empty_samples(shape):
    manifold = shape(8, rotation=6)
    assert (manifold.sample(5, 1)[0] == manifold.sample(5, 1)[0]).all()
    X, y = manifold.sample(0, 1)
    assert X.shape == (0, 8)
    assert y.shape == manifold.distance(X).shape == (0,)


# --- Uniform in volume ---------------------------------------------------------------


def test_spheres_are_uniform():
    """A coordinate of a uniform point on S^2 is uniform (Archimedes)."""
    X, y = EmbeddedSpheres(2, 5, rotation=0).sample(4000, 17)
    frame = EmbeddedSpheres(2, 5, rotation=0).embedding
    z = frame.coordinates(X)[:, 2] / np.where(y < 0, 1.0, 3.0)
    assert stats.kstest(z, stats.uniform(-1, 2).cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize("k", [1, 4, 9])
def test_spheres_of_other_dimensions_are_uniform(k):
    """The square of a coordinate has a beta law; the radii are those of the labels."""
    spheres = EmbeddedSpheres(k, k + 4, inner=0.5, outer=2.0, rotation=1)
    X, y = spheres.sample(4000, 29)
    Z = spheres.embedding.coordinates(X) / np.where(y < 0, 0.5, 2.0)[:, None]
    law = stats.beta(0.5, k / 2)
    for column in (0, k):
        assert stats.kstest(Z[:, column] ** 2, law.cdf).pvalue > FALSE_ALARM
        assert stats.binomtest(int((Z[:, column] > 0).sum()), 4000).pvalue > FALSE_ALARM


def test_rolls_are_uniform_in_arc_length():
    """The length is measured along the curve, by adding chords."""
    rolls = SwissRolls(3, turns=2)
    t = np.linspace(rolls.start, rolls.end, 200_001)
    chords = np.linalg.norm(np.diff(rolls._curve(t, 0.0), axis=0), axis=1)
    length = np.r_[0.0, np.cumsum(chords)]
    X, y = rolls.sample(4000, 18)
    X = X[y < 0]
    radius = np.linalg.norm(X[:, :2], axis=1)
    share = np.interp(np.sqrt(radius**2 - 1), t, length / length[-1])
    assert stats.kstest(share, "uniform").pvalue > FALSE_ALARM
    assert stats.kstest(X[:, 2] / 10, "uniform").pvalue > FALSE_ALARM


def test_tori_are_uniform_in_area():
    tori = NestedTori(3, radius=3.0, inner=1.0, outer=2.0)
    X, y = tori.sample(6000, 19)
    for label, r in ((-1, 1.0), (1, 2.0)):
        P = X[y == label]
        ring = np.linalg.norm(P[:, :2], axis=1) - 3.0
        angle = np.arctan2(P[:, 2], ring)

        def share(a, r=r):
            return (a + math.pi + r / 3 * np.sin(a)) / (2 * math.pi)

        assert stats.kstest(angle, share).pvalue > FALSE_ALARM
        around = np.arctan2(P[:, 1], P[:, 0])
        whole = stats.uniform(-math.pi, 2 * math.pi)
        assert stats.kstest(around, whole.cdf).pvalue > FALSE_ALARM


def test_flats_and_flat_tori_are_uniform():
    X, _ = ParallelFlats(2, 3, side=2.0).sample(3000, 20)
    assert stats.kstest(X[:, 1] / 2, "uniform").pvalue > FALSE_ALARM
    torus = FlatTorusDecoder(2, 4, a=0.5)
    z = torus.encode(torus.sample(3000, 21)[0])
    whole = stats.uniform(-math.pi * 0.5, math.pi)
    assert stats.kstest(z[:, 0], whole.cdf).pvalue > FALSE_ALARM


# --- Decoders ------------------------------------------------------------------------


def test_linear_decoder_has_the_covariance_of_its_scales():
    data = LinearDecoder(2, 4, scales=[3.0, 0.5], rotation=0)
    X, y = data.sample(20_000, 22)
    B = data.decode(np.eye(2))
    assert np.cov(X.T) == pytest.approx(B.T @ B, abs=0.3)
    assert (np.sign(data.encode(X)[:, 0]) == y).all()
    assert data.modulus(2.0) == 6.0


def test_modulus_of_the_flat_torus_is_a_supremum_that_is_reached():
    torus = FlatTorusDecoder(3, 8, a=0.6, rotation=0)
    rng = np.random.default_rng(23)
    z = rng.normal(size=(4000, 3))
    step = rng.normal(size=(4000, 3)) * rng.uniform(0, 2, (4000, 1))
    delta = np.linalg.norm(step, axis=1)
    moved = np.linalg.norm(torus.decode(z + step) - torus.decode(z), axis=1)
    assert (moved <= torus.modulus(delta) + 1e-12).all()
    even = np.full((1, 3), 0.8)
    size = np.linalg.norm(torus.decode(z[:1] + even) - torus.decode(z[:1]))
    assert size == pytest.approx(float(torus.modulus(0.8 * math.sqrt(3))), rel=1e-12)


def test_flat_torus_with_a_gaussian_latent_is_the_decoded_gaussian():
    torus = FlatTorusDecoder(1, 2, a=5.0, latent="gaussian")
    z = torus.encode(torus.sample(3000, 24)[0])
    assert stats.kstest(z[:, 0], "norm").pvalue > FALSE_ALARM


# --- Embeddings ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("m", "d", "rotation"), [(3, 10, None), (3, 10, 0), (200, 210, 0), (150, 150, 1)]
)
def test_embedding_is_an_isometry_with_an_exact_offset(m, d, rotation):
    flat = Embedding(m, d, rotation)
    B = flat.lift(np.eye(m)).T
    assert np.abs(B.T @ B - np.eye(m)).max() < 1e-12
    X = np.random.default_rng(25).normal(size=(7, d))
    assert np.allclose(flat.coordinates(X), X @ B)
    rest = np.linalg.norm(X - X @ B @ B.T, axis=1)
    assert np.allclose(flat.offset(X), rest, atol=1e-12)
    if rotation is not None:
        assert np.abs(B).max() < 0.95  # no axis is left where it was


@pytest.mark.parametrize(
    "make",
    [
        lambda: EmbeddedSpheres(3, 10_000, rotation=0),
        lambda: FlatTorusDecoder(3, 10_000, rotation=0),
        lambda: ParallelFlats(3, 10_000),
    ],
)
def test_high_codimension_costs_no_more_than_the_output(make):
    """The extra memory is that of blocks, below 0.2 times the output of 160 MB."""
    manifold = make()
    X, _ = manifold.sample(2000, 1)
    assert manifold.distance(X[:50]).max() < 1e-12
    tracemalloc.start()
    X, _ = manifold.sample(2000, 0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - X.nbytes < 0.2 * X.nbytes


@pytest.mark.parametrize("codimension", [1, 10_000])
def test_codimensions_from_one_to_ten_thousand(codimension):
    k = 9_999 if codimension == 1 else 2
    manifold = ParallelFlats(k, k + codimension, rotation=0)
    X, y = manifold.sample(3, 0)
    assert manifold.distance(X).max() < 1e-10
    assert manifold.axis_distance(X) == pytest.approx(np.ones(3))
    assert (manifold.bayes_predict(X) == y).all()


def test_tangent_parts_are_those_of_the_bases(shape):
    manifold = shape(9, rotation=2)
    rng = np.random.default_rng(4)
    X, V = manifold.sample(40, 0)[0], rng.standard_normal((40, 9))
    frames = manifold.tangent(X)
    along, across = manifold.split(X, V)
    expected = np.stack([T @ (T.T @ v) for T, v in zip(frames, V, strict=True)])
    assert along == pytest.approx(expected, abs=1e-12)
    assert along + across == pytest.approx(V, abs=1e-12)


@pytest.mark.parametrize(
    "manifold",
    [
        EmbeddedSpheres(1000, 2000),
        ParallelFlats(1000, 2000),
        LinearDecoder(1000, 2000),
        FlatTorusDecoder(1000, 2000),
    ],
    ids=lambda manifold: type(manifold).__name__,
)
def test_splitting_needs_no_bases(manifold):
    """Bases of 50 tangent spaces are 400 MB; the vectors are 0.8 MB."""
    X, _ = manifold.sample(50, 0)
    tracemalloc.start()
    manifold.split(X, np.ones_like(X))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6


@pytest.mark.filterwarnings("error")
def test_distances_are_right_where_squares_overflow(shape):
    """At 1e160 all of the manifold is one point, and only directions count."""
    manifold = shape(9, rotation=1)
    direction = np.random.default_rng(3).standard_normal((5, 9))
    X = 1e160 * direction
    size = np.linalg.norm(direction, axis=1) * 1e160
    if np.isinf(manifold.reach):
        assert manifold.distance(X) == pytest.approx(
            manifold.embedding.offset(X), rel=1e-12
        )
        return
    assert manifold.distance(X) == pytest.approx(size, rel=1e-12)
    assert manifold.distance(manifold.project(X)).max() < 1e-11


def test_points_far_away_are_projected_as_nearer_ones_in_their_direction():
    circles = EmbeddedSpheres(1, 4, rotation=1)
    near = circles.project([[3e3, 4e3, -1e3, 2e3]])
    assert circles.project([[3e203, 4e203, -1e203, 2e203]]) == pytest.approx(near)


# --- Arguments -----------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: EmbeddedSpheres(0, 3), ValueError, "k must be at least 1"),
        (lambda: EmbeddedSpheres(3, 3), ValueError, "d must be at least 4"),
        (lambda: EmbeddedSpheres(1, 2, inner=3.0), ValueError, "outer must be above 3"),
        (lambda: EmbeddedSpheres(1, 2, noise=-1), ValueError, "noise must be at least"),
        (lambda: EmbeddedSpheres(1, 2, rotation=0.5), TypeError, "rotation must be an"),
        (lambda: EmbeddedSpheres(1, 2).distance([1.0]), ValueError, "X must be points"),
        (lambda: EmbeddedSpheres(1, 2).sample(-1, 0), ValueError, "n must be at least"),
        (lambda: EmbeddedSpheres(1, 2).sample(1, None), TypeError, "rng must be a"),
        (
            lambda: EmbeddedSpheres(1, 2).distance_to_class([[1.0, 0.0]], 0),
            ValueError,
            "label must be -1 or",
        ),
        (
            lambda: EmbeddedSpheres(1, 2).split([[1.0, 0.0]], [[1.0, 0.0]] * 2),
            ValueError,
            "V must have the shape of X",
        ),
        (lambda: ParallelFlats(1, 2, gap=0.0), ValueError, "gap must be above 0"),
        (lambda: ParallelFlats(1, 2, side=math.nan), ValueError, "side must be above"),
        (lambda: NestedTori(2), ValueError, "d must be at least 3"),
        (lambda: NestedTori(3, radius=2.0), ValueError, "radius must be above 2"),
        (lambda: SwissRolls(3, turns=0), ValueError, "turns must be at least 1"),
        (lambda: SwissRolls(3, start=1.0), ValueError, "start must be at least"),
        (
            lambda: SwissRolls(3).axis_bounds([[0.0, 0.0, 0.0]], tolerance=0.0),
            ValueError,
            "tolerance must be above 0",
        ),
        (lambda: LinearDecoder(2, 1), ValueError, "d must be at least 2"),
        (lambda: LinearDecoder(2, 3, scales=[1.0]), ValueError, "scales must have sha"),
        (lambda: FlatTorusDecoder(2, 3), ValueError, "d must be at least 4"),
        (lambda: FlatTorusDecoder(1, 2, latent="x"), ValueError, "latent must be one"),
        (lambda: Embedding(3, 2), ValueError, "d must be at least 3"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
