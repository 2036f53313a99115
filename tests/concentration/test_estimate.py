"""What an estimate holds, and how it is asked for."""

import dataclasses
import tracemalloc

import numpy as np
import pytest

from geomadv.concentration import _estimate, estimate_concentration
from geomadv.concentration._estimate import _Question, _selected
from geomadv.concentration._frame import frame_of
from geomadv.concentration._levels import needed
from geomadv.concentration._search import Task, rectangles


def estimate(X, *, fresh=0.5, **options):
    kept = round(fresh * X.shape[0])
    return estimate_concentration(X[kept:], X[:kept], **options)


def planted():
    """A cloud, and an island of 6 % at a distance of 15."""
    rng = np.random.default_rng(9)
    X = rng.normal(size=(4000, 4))
    X[rng.random(4000) < 0.06, 0] += 15.0
    return X


def test_a_gap_in_the_data_stops_every_enlargement():
    """The island has 6 %; to hold 5.2 % of the points nothing else is needed."""
    found = estimate(planted(), p=2, eps=1.0, alpha=0.052, margin=0.0, rng=1)
    island = np.mean(planted()[:2000, 0] > 9)
    for family in ("balls", "halfspaces"):
        assert found[family].risk > 0.04
        assert found[family].adversarial_risk <= island + 2e-3


def test_results_say_what_they_are():
    X = planted()
    found = estimate(X, p=2, eps=1.0, alpha=0.05, rng=1, fresh=0.25)
    assert [r.family for r in found.results] == ["rectangles", "balls", "halfspaces"]
    assert found.best in [r.family for r in found.results]
    assert found.adversarial_risk == found[found.best].adversarial_risk
    for r in found.results:
        test = X[:1000]
        inside, distance = r.contains(test), r.distance(test)
        assert r.risk == inside.mean()
        assert (distance[inside] == 0.0).all()
        assert (distance[~inside] > 0.0).all()
        assert r.adversarial_risk == pytest.approx(np.mean(distance <= 1.0), abs=2e-3)
        # one standard error of the difference of 2250 and 1000 points
        assert r.selection_risk >= 0.05 + np.sqrt(0.0475 * (1 / 2250 + 1 / 1000))
        assert r.risk in r.risk_interval
        assert r.adversarial_risk in r.adversarial_risk_interval
        assert r.risk <= r.adversarial_risk
        assert r.seconds > 0
    with pytest.raises(KeyError):
        found["caps"]


def test_the_test_points_choose_nothing():
    X = np.random.default_rng(11).normal(size=(1500, 3))
    options = {"p": 2, "eps": 1.0, "alpha": 0.05, "family": "halfspaces", "rng": 3}
    one = estimate_concentration(X[:1000], X[1000:], **options)
    two = estimate_concentration(X[:1000], 5 * X[1000:] + 1, **options)
    assert (one.results[0].region.normal == two.results[0].region.normal).all()
    assert one.results[0].threshold == two.results[0].threshold


def test_the_test_points_do_not_pick_the_family():
    X = planted()
    options = {"p": 2, "eps": 1.0, "alpha": 0.05, "margin": 0.0, "rng": 3}
    one = estimate_concentration(X[:2000], X[2000:], **options)
    best = one[one.best].distance(X) <= 1.0
    for r in one.results:
        bad = X[best & (r.distance(X) > 1.0)]
        if bad.size:  # points on which the other family would look better
            two = estimate_concentration(X[:2000], bad, **options)
            assert two[r.family].adversarial_risk < two.adversarial_risk
            assert two.best == one.best
            return
    pytest.fail("there are no points that tell the families apart")


class Line:
    """A region of the line, with scores that are given."""

    def __init__(self, values):
        self.values = np.asarray(values, dtype=float)

    def score(self, X):
        return self.values[: X.shape[0]]


def test_the_least_enlargement_is_taken_and_the_first_of_equals():
    """100 points, 5 of them in the region; eps is 1."""
    spread = np.r_[np.full(5, 10.0), np.full(20, 9.5), np.zeros(75)]
    equal = np.r_[np.full(5, 10.0), np.zeros(75), np.full(20, 9.5)]
    better = np.r_[np.full(5, 10.0), np.full(19, 9.5), np.zeros(76)]
    select = np.zeros((100, 1))

    def chosen(*scores, own=None, full=True):
        candidates = [(Line(values), own) for values in scores]
        region, t = _selected(candidates, select, 0.05, 1.0, full)
        return region.values.tolist(), t

    assert chosen(spread, equal) == (spread.tolist(), 10.0)
    assert chosen(equal, spread) == (equal.tolist(), 10.0)
    assert chosen(spread, better) == (better.tolist(), 10.0)
    assert chosen(better, spread) == (better.tolist(), 10.0)
    # a threshold of its own, which holds more points, counts if it is better
    assert chosen(spread, own=0.5) == (spread.tolist(), 10.0)
    assert chosen(spread, own=0.5, full=False) == (spread.tolist(), 0.5)
    assert chosen(spread, own=10.5, full=False) == (spread.tolist(), 10.0)


def test_the_same_seed_gives_the_same_numbers_and_repeats_an_interval():
    X = np.random.default_rng(12).normal(size=(1200, 3))
    options = {"p": 2, "eps": 0.5, "alpha": 0.1, "family": "balls"}
    one, two = (estimate(X, rng=5, **options) for _ in range(2))
    assert one.adversarial_risk == two.adversarial_risk
    assert one.stability.exact
    told = []
    three = estimate(
        X, rng=5, repeats=3, told=lambda *words: told.append(words), **options
    )
    assert three.adversarial_risk == one.adversarial_risk
    assert three.adversarial_risk in three.stability
    assert three.stability.width > 0
    assert told[0][0].startswith("1 of 3, balls: ")
    assert told[-1][0].startswith("3 of 3, balls: ")
    assert [done for _, done, _ in told] == list(range(len(told)))
    assert {total for _, _, total in told} == {len(told)}


@pytest.mark.parametrize(
    ("margin", "expected"), [(0.0, 1 / 2), (1.0, 0.1587), (2.0, 0.0228)]
)
@pytest.mark.parametrize("alpha", [0.01, 0.2, 0.7])
def test_the_margin_says_how_often_the_risk_is_below_alpha(alpha, margin, expected):
    """The measure beyond the k-th of s uniform scores is a beta variable.

    20 000 draws: three standard deviations are .0106 at 1/2; whole counts move the
    frequency by about half a count, .02 at 1/2 and alpha = .01.
    """
    s, m, draws = 37_500, 20_000, 20_000
    question = _Question(2.0, 1.0, alpha, "full", margin, 0.05, frame_of(np.eye(2)))
    k = needed(s, question.mass(s, m))
    rng = np.random.default_rng(0)
    counts = rng.binomial(m, rng.beta(k, s + 1 - k, draws))
    assert np.mean(counts < alpha * m - 1e-9) == pytest.approx(
        expected, abs=0.03 * (1 if margin == 0 else 0.5)
    )


def test_stability_is_the_range_of_what_is_reported_over_the_repeats(monkeypatch):
    """Each repeat reports the family that its own selection split prefers."""
    reported = iter([("balls", 0.3), ("halfspaces", 0.2), ("balls", 0.5)])
    real = estimate(planted()[:400], p=2, eps=1.0, alpha=0.1, rng=0)["balls"]

    def run(*_):
        name, value = next(reported)
        other = "halfspaces" if name == "balls" else "balls"
        values = {name: value, other: 0.9}
        return tuple(
            dataclasses.replace(real, family=key, adversarial_risk=values[key])
            for key in ("balls", "halfspaces")
        ), name

    monkeypatch.setattr(_estimate, "_run", run)
    found = estimate(np.eye(20), p=2, eps=1.0, alpha=0.1, rng=0, repeats=3)
    assert found.best == "balls"
    assert found.adversarial_risk == 0.3
    assert (found.stability.lower, found.stability.upper) == (0.2, 0.5)


def test_published_searches_are_those_of_the_papers():
    X = planted()
    found = estimate(X, p=np.inf, eps=0.5, alpha=0.05, rng=1, search="published")
    assert np.isfinite(found["rectangles"].region.lower).all()
    full = estimate(X, p=np.inf, eps=0.5, alpha=0.05, rng=1)
    for r in found.results:
        other = full[r.family].selection_adversarial_risk
        # the full search tries these too, and prefers what is plainly better
        assert other <= r.selection_adversarial_risk + 0.02


def test_boxes_come_with_the_threshold_that_they_were_made_for():
    X = planted()
    task = Task(
        fit=X[:1500].astype(np.float32),
        select=X[1500:3000],
        p=np.inf,
        eps=0.5,
        mass=0.05,
        full=True,
        rng=np.random.default_rng(0),
    )
    found = [candidate for step in rectangles(task) for candidate in step.find([])]
    assert [region.lower.shape[0] for region, _ in found[:3]] == [5, 10, 20]
    assert [own for _, own in found[:3]] == pytest.approx([0.5] * 3, rel=1e-5)
    assert len(found) > 3
    for region, own in found[3:]:  # single boxes with the tails outside
        assert own == 0.0
        assert region.lower.shape[0] == 1
        inside = np.mean(region.score(task.fit.astype(float)) >= 0.0)
        assert 0.04 - 1e-9 <= inside < 0.13


def test_without_an_enlargement_both_risks_are_one():
    X = np.random.default_rng(13).normal(size=(600, 2))
    found = estimate(X, p=2, eps=0.0, alpha=0.1, family="halfspaces", rng=0)
    (r,) = found.results
    assert r.risk == r.adversarial_risk > 0


def test_points_that_are_all_equal_are_in_every_region():
    found = estimate(np.ones((40, 2)), p=2, eps=0.1, alpha=0.1, rng=0)
    assert {r.risk for r in found.results} == {1.0}


@pytest.mark.parametrize("p", [1.0, 2.0, np.inf])
@pytest.mark.parametrize(
    ("factor", "shift"),
    [(2.0**600, 0.0), (2.0**-600, 0.0), (1.0, 2.0**40), (2.0**-500, -(2.0**-460))],
)
def test_units_and_origins_change_nothing(p, factor, shift):
    """Points on a grid, so that no digit is lost by the shift."""
    X = np.round(np.random.default_rng(1).normal(size=(600, 3)) * 256) / 256
    plain = estimate(X, p=p, eps=0.5, alpha=0.1, rng=2)
    moved = estimate(X * factor + shift, p=p, eps=0.5 * factor, alpha=0.1, rng=2)
    for one, two in zip(plain.results, moved.results, strict=True):
        assert two.adversarial_risk == pytest.approx(one.adversarial_risk, abs=0.02)
        assert two.risk == pytest.approx(one.risk, abs=0.02)
        assert two.risk == two.contains(X[:300] * factor + shift).mean()
        near = two.distance(X[:300] * factor + shift) <= 0.5 * factor * (1 + 1e-9)
        assert near.mean() == two.adversarial_risk
    assert plain.results[0].frame.scale == 1.0
    assert not plain.results[0].frame.centre.any()


@pytest.mark.parametrize("eps", [1e308, 1e-320])
def test_sizes_at_the_ends_of_what_a_number_can_be(eps):
    X = np.random.default_rng(1).normal(size=(200, 3))
    with np.errstate(all="raise", under="ignore"):
        found = estimate(X, p=2, eps=eps, alpha=0.1, rng=2)
    for r in found.results:
        assert r.adversarial_risk == (1.0 if eps > 1 else r.risk)


@pytest.mark.parametrize("alpha", [1e-300, 1 - 1e-12])
def test_masses_at_the_ends_are_one_point_and_all(alpha):
    X = np.random.default_rng(1).normal(size=(200, 3))
    found = estimate(X, p=2, eps=0.1, alpha=alpha, margin=0.0, rng=2)
    for r in found.results:
        held = r.selection_risk
        assert held == 1.0 if alpha > 0.5 else 0.0 < held < 0.1


def test_more_coordinates_than_points_take_no_square_of_them():
    """A covariance would have 288 MB."""
    X = np.random.default_rng(0).normal(size=(80, 6000))
    X[:, 7] *= 40
    tracemalloc.start()
    found = estimate(X, p=2, eps=1.0, alpha=0.2, family="halfspaces", rng=0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1e8
    assert np.argmax(np.abs(found.results[0].region.normal)) == 7


@pytest.mark.errors
@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"X_train": np.ones((3, 2))}, ValueError, "X_train must have at least 4"),
        ({"X_train": np.ones(5)}, ValueError, "X_train must be points"),
        ({"X_train": np.full((9, 2), np.nan)}, ValueError, "X_train must be finite"),
        ({"X_test": np.ones((9, 3))}, ValueError, "X_test must have 2 columns"),
        ({"X_test": np.ones((0, 2))}, ValueError, "X_test must have at least 1"),
        ({"p": 0.5}, ValueError, "p must be at least 1"),
        ({"eps": -1}, ValueError, "eps must be at least 0"),
        ({"eps": np.inf}, ValueError, "eps must be at least 0 and finite"),
        ({"alpha": 0}, ValueError, r"alpha must lie in \(0, 1\)"),
        ({"alpha": np.nan}, ValueError, r"alpha must lie in \(0, 1\)"),
        ({"family": "caps"}, ValueError, "family must be one of 'rectangles'"),
        ({"search": "all"}, ValueError, "search must be one of 'full'"),
        ({"margin": -1}, ValueError, "margin must be at least 0"),
        ({"selection": 1}, ValueError, r"selection must lie in \(0, 1\)"),
        ({"repeats": 0}, ValueError, "repeats must be at least 1"),
        ({"repeats": 10**18}, ValueError, "repeats must be at most 10000"),
        ({"X_train": np.ones((9, 0))}, ValueError, "X_train must have a column"),
        ({"repeats": 1.5}, TypeError, "repeats must be an integer"),
        ({"error_rate": 0}, ValueError, "error_rate must lie in"),
        ({"rng": None}, TypeError, "rng must be"),
    ],
)
def test_bad_arguments_are_named_at_once(changes, error, message):
    X = np.random.default_rng(0).normal(size=(20, 2))
    arguments = {"X_train": X, "X_test": X, "p": 2, "eps": 1.0, "alpha": 0.1, "rng": 0}
    arguments["family"] = "halfspaces"
    with pytest.raises(error, match=message):
        estimate_concentration(**(arguments | changes))
