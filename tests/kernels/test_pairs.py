"""The filter's promises: no pair is lost, and few are left to the definition."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv_kernels.cpu import _frame, _pairs, radius_count
from geomadv_kernels.cpu import nearest as cpu
from geomadv_kernels.cpu._arrays import frozen
from geomadv_kernels.reference import nearest as reference
from geomadv_kernels.reference import radius_count as counting
from geomadv_kernels.strategies import clouds


def estimates(X, Y, metric, period, *, product):
    """Return the frame, the estimates (n, m) and what decides about them."""
    X, Y = frozen(X), frozen(Y)
    given_, centre = _frame.frame(X, Y, metric, period)
    n, d = X.shape
    packed = np.zeros((n, _frame.padded(d)), np.float32)
    norm, out = np.empty(n), np.empty((n, _frame.WIDTH), np.float32)
    _frame.pack_rows(X, 0, n, centre, given_, packed, norm)
    (panel,) = _frame.panels(Y, given_, centre, 1)
    assert panel.size <= _frame.WIDTH
    _pairs.estimate(given_, product, n, packed, panel.packed[0], out)
    possible, certain = _pairs.columns(panel, given_, d)
    factor = np.float32(-2 if product else 1)
    kind = int(product)
    low = factor * out + possible[kind, 0]
    high = factor * out + certain[kind, 0]
    return given_, low[:, : len(Y)], high[:, : len(Y)], norm, float(panel.norm[0])


few = clouds(counts=(1, 2, 17, 64), high=True)


@given(few, st.sampled_from(reference.METRICS), st.sampled_from([None, 1.0, 2.5]))
@settings(max_examples=200)
def test_bounds_enclose_the_definition(cloud, metric, period):
    X, Y, _ = cloud
    with np.errstate(all="ignore"):
        s = reference.order(X, Y, metric, period)
    for product in {False, metric == "l2" and period is None and X.shape[1] > 10}:
        frame, low, high, norm, other = estimates(X, Y, metric, period, product=product)
        d = X.shape[1]
        for i in range(len(X)):
            for j in range(len(Y)):
                args = (frame, product, d, s[i, j], norm[i], other)
                assert low[i, j] <= _pairs.upper(*args)
                before = np.nextafter(s[i, j], -1)
                if before >= 0:
                    assert high[i, j] > _pairs.lower(*args[:3], before, *args[4:])


@pytest.mark.parametrize("metric", reference.METRICS)
@pytest.mark.parametrize("side", [1e-150, 1e-200, 1e-310])
def test_a_torus_may_be_so_small_that_squares_underflow(metric, side):
    X, Y = side * np.random.default_rng(0).standard_normal((2, 5, 3))
    eps = side * np.array([0.0, 0.3, 1.0])
    args = {"metric": metric, "period": side}
    with np.errstate(over="ignore"):
        found = radius_count.radius_count(X, Y, eps, **args)
        assert np.array_equal(found, counting.radius_count(X, Y, eps, **args))


def test_everything_is_within_infinity_even_of_nothing():
    X = np.zeros((3, 2))
    found = radius_count.enlargement(X, X[:0], np.array([1.0, np.inf]))
    assert found.tolist() == [0, 3]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("offset", [0.0, 1e2, 1e4, 1e6])
def test_few_pairs_are_left_to_the_definition(dtype, offset):
    """Of 50 points at any offset, the bounds of a quantile leave at most 1 % open."""
    rng = np.random.default_rng(0)
    X, Y = (offset + rng.standard_normal((400, 50)) for _ in range(2))
    X, Y = X.astype(dtype), Y.astype(dtype)
    s = np.quantile(reference.order(X, Y, "l2", None), 0.01)
    frame, low, high, norm, other = estimates(X, Y, "l2", None, product=True)
    for i in range(len(X)):
        args = (frame, True, 50, s, norm[i], other)
        open_ = (low[i] <= _pairs.upper(*args)) & (high[i] > _pairs.lower(*args))
        assert open_.mean() < 0.01


@pytest.mark.parametrize("metric", reference.METRICS)
def test_differences_see_through_clusters_far_apart(metric):
    """At 10^4 times their size apart, clusters are still told apart inside."""
    rng = np.random.default_rng(1)
    Y = rng.standard_normal((400, 50)) + 1e4 * rng.integers(-1, 2, (400, 1))
    s = np.quantile(reference.order(Y, Y, metric, None), 0.05)
    frame, low, high, norm, other = estimates(Y, Y, metric, None, product=False)
    for i in range(len(Y)):
        args = (frame, False, 50, s, norm[i], other)
        open_ = (low[i] <= _pairs.upper(*args)) & (high[i] > _pairs.lower(*args))
        assert open_.mean() < 0.02


def test_the_product_gives_up_on_clusters_far_apart():
    rng = np.random.default_rng(2)
    Y = rng.standard_normal((3000, 20)) + 1e5 * rng.integers(-1, 2, (3000, 1))
    found = cpu.nearest(Y, Y, 3)
    expected = reference.nearest(Y, Y, 3)
    assert np.array_equal(found[1], expected[1])
    assert np.array_equal(found[0], expected[0])


def test_a_distance_that_overflows_is_nobodys():
    X = np.array([[1e200], [3.0]])
    distances, indices = cpu.nearest(X, -X, 2)
    assert indices.tolist() == [[-1, -1], [1, -1]]
    assert distances.tolist() == [[np.inf, np.inf], [6.0, np.inf]]


def test_heaps_keep_the_least_and_break_ties_by_name():
    rng = np.random.default_rng(3)
    values = rng.integers(0, 9, 200).astype(float)
    heap, names = np.full(17, np.inf), np.full(17, np.iinfo(np.int64).max)
    for name, value in enumerate(values):
        if value < heap[0]:
            cpu.replace_top(heap, names, 17, value, name)
    cpu.sort_heaps(heap[None], names[None])
    order = np.argsort(values, kind="stable")[:17]
    assert names.tolist() == order.tolist()
    assert heap.tolist() == values[order].tolist()


@given(st.floats(0, 1e150))
def test_the_largest_square_within_a_radius(radius):
    s = radius_count._largest_orders(np.array([radius]), "l2")[0]
    assert np.sqrt(s) <= radius < np.sqrt(np.nextafter(s, np.inf))


def test_radii_that_hold_nothing_or_everything():
    X = np.zeros((2, 3))
    eps = np.array([-1.0, 0.0, 1e150, np.inf, np.nan])
    for metric in reference.METRICS:
        counts = radius_count.radius_count(X, X, eps, metric=metric)
        assert counts.tolist() == [[0, 2, 2, 2, 0]] * 2
        assert radius_count.enlargement(X, X, eps, metric=metric).tolist() == [
            0,
            2,
            2,
            2,
            0,
        ]


@pytest.mark.parametrize("k", [1, 5])
def test_several_panels_are_one_search(k, monkeypatch):
    """Y in panels of one block each: the heaps go on where they stopped."""
    rng = np.random.default_rng(4)
    X = rng.integers(0, 3, (300, 12)).astype(float)
    Y = rng.integers(0, 3, (1500, 12)).astype(float)
    whole = cpu.nearest(X, Y, k)
    counts = radius_count.radius_count(X, Y, np.array([1.0, 2.0]))
    monkeypatch.setattr(_frame, "_PANEL", 1)
    cut = cpu.nearest(X, Y, k)
    assert all(np.array_equal(a, b) for a, b in zip(whole, cut, strict=True))
    again = radius_count.radius_count(X, Y, np.array([1.0, 2.0]))
    assert np.array_equal(counts, again)
    expected = reference.nearest(X, Y, k)
    assert np.array_equal(whole[1], expected[1])


@pytest.mark.parametrize("size", [1e19, 1e30, 1e40])
def test_points_a_great_many_turns_away_on_a_torus(size):
    """More turns than a 64-bit integer counts."""
    X, Y = size * np.array([[1.0], [2.0]]), size * np.array([[3.0], [1.0], [1.5]])
    given_ = {"metric": "l1", "period": 1.0}
    for ours, plain in zip(
        cpu.nearest(X, Y, 2, **given_),
        reference.nearest(X, Y, 2, **given_),
        strict=True,
    ):
        assert np.array_equal(ours, plain)
    assert (radius_count.radius_count(X, Y, np.ones(1), **given_) == 3).all()


@pytest.mark.parametrize("metric", reference.METRICS)
def test_all_points_of_a_space_without_coordinates_are_one(metric):
    X, Y = np.zeros((2, 0)), np.zeros((3, 0))
    distances, indices = cpu.nearest(X, Y, 2, metric=metric)
    assert (distances == 0).all()
    assert (indices == [0, 1]).all()
    assert (radius_count.radius_count(X, Y, np.zeros(1), metric=metric) == 3).all()
