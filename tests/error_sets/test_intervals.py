"""Unions of intervals against a fine grid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomadv.error_sets import IntervalSet, PiecewiseRule, covering_radius, disagreement

# The grid has cells of 1/640, and ends are multiples of 1/64: sums are exact.
GRID = (np.arange(640) + 0.5) / 640
ENDS = st.lists(
    st.tuples(st.integers(0, 64), st.integers(0, 64)).map(sorted),
    min_size=1,
    max_size=6,
).map(lambda rows: np.array(rows) / 64)
DOMAINS = st.sampled_from(["cube", "torus"])


def distances(x, ends, domain):
    shifts = (-1, 0, 1) if domain == "torus" else (0,)
    return np.min(
        [
            np.maximum(0, np.maximum(a + s - x, x - b - s))
            for a, b in ends
            for s in shifts
        ],
        axis=0,
    )


@given(ENDS, DOMAINS)
def test_lengths_and_distances_are_those_of_a_grid(ends, domain):
    found = IntervalSet(ends, domain)
    D = distances(GRID, ends, domain)
    assert found.measure == pytest.approx((D == 0).mean(), abs=1e-12)
    assert found.measure == pytest.approx(found.lengths.sum(), abs=1e-12)
    assert found.mean_distance == pytest.approx(D.mean(), abs=1e-12)
    nodes = np.arange(129) / 128
    exact = distances(nodes, ends, domain).max()
    assert found.covering_radius == pytest.approx(exact, abs=1e-12)
    eps = np.arange(33) / 64
    share = [(e >= D).mean() for e in eps]
    np.testing.assert_allclose(found.enlarged_measure(eps), share, atol=1e-12)


@given(ENDS, DOMAINS)
def test_points_alone_cover_as_points_do(ends, domain):
    points = IntervalSet(np.repeat(ends[:, :1], 2, axis=1), domain)
    radius = covering_radius(ends[:, :1], domain).lower
    assert points.covering_radius == pytest.approx(radius, abs=1e-15)
    assert points.measure == 0.0


BREAKS = st.lists(st.integers(-8, 72), max_size=6).map(lambda b: np.sort(b) / 64)


@given(st.data(), BREAKS, BREAKS)
def test_rules_differ_where_the_grid_says(data, a, b):
    def a_rule(breaks):
        size = len(breaks) + 1
        labels = st.lists(st.sampled_from([-1, 1]), min_size=size, max_size=size)
        return PiecewiseRule(breaks, data.draw(labels))

    f, g = a_rule(a), a_rule(b)
    wrong = f.predict(GRID) != g.predict(GRID)
    found = disagreement(f, g)
    assert found.measure == pytest.approx(wrong.mean(), abs=1e-12)
    if wrong.any():
        assert (distances(GRID, found.ends, "cube") == 0).tolist() == wrong.tolist()
    runs = np.count_nonzero(np.diff(np.append(0, wrong.astype(int))) == 1)
    assert len(found.lengths) == runs


def test_a_component_may_pass_through_the_edge_of_the_circle():
    ends = [[0.0, 0.1], [0.4, 0.5], [0.75, 1.0]]
    assert sorted(IntervalSet(ends, "torus").lengths.round(12)) == [0.1, 0.35]
    assert len(IntervalSet(ends).lengths) == 3


def test_nothing_is_far_from_everything():
    nothing = IntervalSet(np.empty((0, 2)))
    assert nothing.measure == 0.0
    assert nothing.covering_radius == nothing.mean_distance == np.inf
    assert nothing.enlarged_measure([0.0, 5.0]).tolist() == [0.0, 0.0]
    everything = IntervalSet([[0, 1]], "torus")
    assert (everything.measure, everything.mean_distance) == (1.0, 0.0)


def test_a_rule_takes_the_label_to_the_right_of_a_break():
    rule = PiecewiseRule([0.5], [-1, 1])
    assert rule.predict([0.25, 0.5, 0.75]).tolist() == [-1, 1, 1]
    assert rule.predict([[0.25], [0.75]]).tolist() == [-1, 1]


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: PiecewiseRule([0.5, 0.2], [1, 2, 3]), "breaks must increase"),
        (lambda: PiecewiseRule([0.5], [1, 2, 3]), "values must be one more"),
        (lambda: PiecewiseRule([np.nan], [1, 2]), "breaks"),
        (lambda: PiecewiseRule([0.5], [1, 2]).predict([[0.1, 0.2]]), "X must"),
        (lambda: IntervalSet([[0.2, 0.1]]), "ends must have lower"),
        (lambda: IntervalSet([[0.2, 1.1]]), "ends must"),
        (lambda: IntervalSet([0.2, 0.1]), "ends must have shape"),
        (lambda: IntervalSet([[0.1, 0.2]], "line"), "domain must be one of"),
        (lambda: IntervalSet([[0.1, 0.2]]).enlarged_measure([-0.1]), "eps must"),
        (lambda: disagreement(1, PiecewiseRule([], [1])), "f must be a PiecewiseRule"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
