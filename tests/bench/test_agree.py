"""The checks before the timing: right results pass, each wrong one is named."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from geomadv import _dispatch
from geomadv.bench._agree import (
    by_itself,
    close,
    exact_neighbours,
    right_law,
    same_counts,
    same_neighbours,
    sphere_law,
)

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((30, 4)), RNG.standard_normal((40, 4))
DATA: dict[str, Any] = {"X": X, "Y": Y}


def neighbours(metric: str, k: int = 3) -> tuple[Any, Any]:
    gap = np.abs(X[:, None] - Y[None])
    distance = {
        "l2": np.sqrt((gap**2).sum(-1)),
        "l1": gap.sum(-1),
        "linf": gap.max(-1),
    }[metric]
    indices = np.argsort(distance, axis=1)[:, :k]
    return np.take_along_axis(distance, indices, 1), indices


@pytest.mark.parametrize("metric", ["l2", "l1", "linf"])
def test_neighbours_agree_up_to_rounding_and_missing_rows(metric: str) -> None:
    distances, indices = neighbours(metric)
    agree = same_neighbours(metric)
    assert agree(DATA, (distances, indices), (distances, indices)) == ""
    noisy = distances * (1.0 + 1e-15)
    assert agree(DATA, (distances, indices), (noisy[:7], indices[:7])) == ""


def next_neighbour(distances: Any, indices: Any) -> tuple[Any, Any]:
    return distances, np.concatenate([indices[:, :2], neighbours("l2", 4)[1][:, 3:]], 1)


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (next_neighbour, "neighbours differ"),
        (lambda s, i: (s * (1 + 1e-9), i), "distances differ"),
        (lambda s, i: (s * np.nan, i), "distances differ"),
        (lambda s, i: (s**2, i), "distances differ"),
        (lambda s, i: (s, i - 1), "neighbours differ|indices are none"),
        (lambda s, i: (s, i[:, [0, 0, 1]]), "comes twice"),
        (lambda s, i: (s[:, :2], i[:, :2]), "shape"),
        (lambda s, i: (s[:0], i[:0]), "empty"),
    ],
)
def test_wrong_neighbours_are_named(
    wrong: Callable[[Any, Any], Any], complaint: str
) -> None:
    ours = neighbours("l2")
    theirs = wrong(ours[0].copy(), ours[1].copy())
    assert any(
        part in same_neighbours("l2")(DATA, ours, theirs)
        for part in complaint.split("|")
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("metric", ["l2", "l1", "linf"])
def test_exact_neighbours_are_ours(metric: str, dtype: type) -> None:
    data = {"X": X.astype(dtype), "Y": Y.astype(dtype)}
    ours = _dispatch.nearest(data["X"], data["Y"], 3, metric=metric)
    assert exact_neighbours(metric)(data, ours) == ""


def swapped(distances: Any, indices: Any) -> tuple[Any, Any]:
    """Take a tie in the wrong order."""
    indices[0, :2] = indices[0, 1::-1]
    return distances, indices


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        (lambda s, i: (np.nextafter(s, 9.0), i), "90 distances are not those"),
        (lambda s, i: (s * np.nan, i), "90 distances are not those"),
        (lambda s, i: (s[:, :2], i), "shapes"),
        (lambda s, i: (s, i + 100), "indices are none"),
        (lambda s, i: (s[:, 1:], i[:, 1:]), "in row 0 the nearest are"),
        (swapped, "in row 0 the nearest are"),
    ],
)
def test_ours_must_be_exact(wrong: Callable[[Any, Any], Any], complaint: str) -> None:
    data = {"X": X, "Y": Y.copy()}
    first, second = neighbours("l2")[1][0, :2]
    data["Y"][max(first, second)] = Y[min(first, second)]
    data["Y"][min(first, second)] = Y[min(first, second)]
    distances, indices = _dispatch.nearest(X, data["Y"], 3)
    found = exact_neighbours("l2")(data, wrong(distances.copy(), indices.copy()))
    assert complaint in found


def test_rows_are_spread_where_not_all_of_them_are_measured(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("geomadv.bench._agree._PAIRS", 3 * len(Y))
    distances, indices = _dispatch.nearest(X, Y, 1)
    second = _dispatch.nearest(X, Y, 2)
    distances[-1], indices[-1] = second[0][-1, 1:], second[1][-1, 1:]
    assert "in row 29" in exact_neighbours("l2")(DATA, (distances, indices))


def test_equal_neighbours_may_come_in_any_order() -> None:
    data = {"X": np.zeros((1, 2)), "Y": np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])}
    ours = np.ones((1, 2)), np.array([[0, 1]])
    theirs = np.ones((1, 2)), np.array([[2, 0]])
    assert same_neighbours("l2")(data, ours, theirs) == ""


@pytest.mark.parametrize(
    ("theirs", "complaint"),
    [
        (np.array([1.0, 2.0 + 1e-12]), ""),
        (np.array([1.0]), ""),
        (np.array([1.0, 2.1]), "differ by 0.1"),
        (np.array([np.nan, 2.0]), "differ by nan"),
        (np.array([[1.0, 2.0]]), "shape"),
        (np.array([1.0, 2.0, 3.0]), "shape"),
    ],
)
def test_numbers_are_compared_with_the_tolerance(theirs: Any, complaint: str) -> None:
    found = close(1e-9)({}, np.array([1.0, 2.0]), theirs)
    assert complaint in found if complaint else found == ""


def test_every_part_of_a_result_is_compared() -> None:
    ours, theirs = (np.ones(2), np.ones(2)), (np.ones(2), np.full(2, 1.1))
    assert "differ by 0.1" in close(1e-9)({}, ours, theirs)


def test_counts_must_be_equal() -> None:
    counts = np.arange(6).reshape(3, 2)
    assert same_counts({}, counts, counts[:2]) == ""
    assert same_counts({}, counts, counts + (counts == 4)) == "1 of 6 counts differ"


def normal(n: int, d: int, tilt: float = 0.0, stretch: float = 1.0) -> Any:
    points = np.random.default_rng(1).standard_normal((n, d))
    points[:, 0] = stretch * points[:, 0] + tilt
    return points


def sphere(n: int, d: int, tilt: float = 0.0, stretch: float = 1.0) -> Any:
    points = normal(n, d, tilt, stretch)
    return points / np.linalg.norm(points, axis=1, keepdims=True)


@pytest.mark.parametrize(
    ("theirs", "complaint"),
    [
        (sphere(2000, 5), ""),
        (1.01 * sphere(2000, 5), "off the sphere"),
        (np.nan * sphere(2000, 5), "off the sphere"),
        (sphere(2000, 5, tilt=0.5), "mean"),
        (sphere(2000, 5, stretch=2.0), "second moment"),
        (sphere(2000, 5, stretch=0.3), "second moment"),
        (sphere(2000, 4), "shape"),
    ],
)
def test_samples_are_compared_by_their_law(theirs: Any, complaint: str) -> None:
    found = by_itself(sphere_law)({"v": 0.2}, sphere(2000, 5), theirs)
    assert complaint in found if complaint else found == ""


@pytest.mark.parametrize("make", [normal, sphere])
@pytest.mark.parametrize(("n", "d"), [(1, 2), (2, 2), (5, 3), (100, 50)])
def test_small_samples_are_not_refused(
    make: Callable[..., Any], n: int, d: int
) -> None:
    """A thousand of the right law pass: the bounds hold for every n."""
    rng = np.random.default_rng(2)
    variance = 1.0 if make is normal else 1.0 / d
    for _ in range(1000):
        sample = rng.standard_normal((n, d))
        if make is sphere:
            sample /= np.linalg.norm(sample, axis=1, keepdims=True)
        assert right_law({"v": variance}, sample) == ""
