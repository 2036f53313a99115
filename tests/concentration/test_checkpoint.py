"""Finished steps of a search in files: what is read is what was found."""

import json
import os
import warnings

import numpy as np
import pytest

from geomadv.concentration import (
    Balls,
    HalfSpace,
    Rectangles,
    _balls,
    _checkpoint,
    _cut_ball,
    _faces,
    _halfspaces,
    _rectangles,
    estimate_concentration,
)
from geomadv.concentration._checkpoint import Checkpoint
from geomadv.concentration._search import Task

X = np.random.default_rng(0).normal(size=(400, 3))
OPAQUE = ("region", "frame", "seconds")
QUESTION = {"p": 2, "eps": 0.5, "alpha": 0.1, "rng": 1}


def estimate(points=X, **options):
    return estimate_concentration(
        points[:200], points[200:], **({"repeats": 2} | QUESTION | options)
    )


def numbers(found):
    """Return all of an estimate but the seconds, down to the last bit."""
    results = []
    for r in found.results:
        parts = {k: v for k, v in vars(r).items() if k not in OPAQUE}
        parts["region"] = [np.asarray(v).tolist() for v in vars(r.region).values()]
        results.append(parts)
    return results, found.best, found.stability


def task(**changes):
    parts = {
        "fit": X[:100].astype(np.float32),
        "select": X[100:200],
        "p": 2.0,
        "eps": 0.5,
        "mass": 0.1,
        "full": True,
        "rng": np.random.default_rng(3),
    }
    return Task(**(parts | changes))


def refuse(*_, **__):
    raise AssertionError("this was searched before")


@pytest.mark.parametrize("p", [2.0, np.inf])
def test_resumed_work_has_the_result_of_work_that_was_never_stopped(
    tmp_path, monkeypatch, p
):
    """Stop before every step in turn; the steps that are kept are not done again."""
    expected = numbers(estimate(p=p))
    steps = 0
    while True:

        def told(_, done, __, limit=steps):
            if done > limit:
                raise KeyboardInterrupt

        try:
            estimate(p=p, resume=tmp_path, told=told)
            break
        except KeyboardInterrupt:
            steps += 1
            assert len(list(tmp_path.iterdir())) == steps
    assert steps > 15
    for module, name in (
        (_rectangles, "search_shares"),
        (_faces, "greedy_boxes"),
        (_balls, "greedy_balls"),
        (_balls, "descend"),
        (_cut_ball, "descend"),
        (_halfspaces, "screened"),
        (_halfspaces, "descend"),
    ):
        monkeypatch.setattr(module, name, refuse)
    assert numbers(estimate(p=p, resume=tmp_path)) == expected


def test_the_seconds_of_steps_that_are_kept_count(tmp_path):
    """A kept step is as long as its file says, however fast it was read."""
    options = {"family": "halfspaces", "repeats": 1, "resume": tmp_path}
    estimate(**options)
    for path in tmp_path.iterdir():
        kept = json.loads(path.read_text())["kept"] | {"seconds": 1000.0}
        document = {"kept": kept, "sha256": _checkpoint._checksum(kept)}
        path.write_text(json.dumps(document))
    seconds = estimate(**options).results[0].seconds
    steps = len(list(tmp_path.iterdir()))
    assert 1000 * steps < seconds < 1000 * steps + 500


@pytest.mark.parametrize(
    "change",
    [
        {"p": 1.5},
        {"eps": 0.6},
        {"alpha": 0.11},
        {"rng": 2},
        {"search": "published"},
        {"margin": 0.4},
        {"selection": 0.4},
        {"points": np.nextafter(X, 9)},
        {"points": X[::-1].copy()},
    ],
    ids=lambda change: next(iter(change)),
)
def test_other_work_takes_nothing_from_the_folder(tmp_path, change):
    estimate(family="halfspaces", repeats=1, resume=tmp_path)
    before = set(tmp_path.iterdir())
    options = {"family": "halfspaces", "repeats": 1} | change
    with_folder = numbers(estimate(**options, resume=tmp_path))
    assert with_folder == numbers(estimate(**options))
    added = set(tmp_path.iterdir()) - before
    assert len(added) == (1 if change.get("search") else len(before))


def test_more_repeats_go_on_from_fewer(tmp_path):
    estimate(family="balls", repeats=1, resume=tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    three = estimate(family="balls", repeats=3, resume=tmp_path)
    assert numbers(three) == numbers(estimate(family="balls", repeats=3))
    assert {path: path.stat().st_mtime_ns for path in before} == before


@pytest.mark.parametrize(
    ("family", "region"),
    [
        (
            "rectangles",
            Rectangles(
                np.array([[-np.inf, 0.1, -0.0], [1 / 3, -np.inf, 5e-324]]),
                np.array([[np.inf, 0.3, 1e300], [2 / 3, 7.0, np.inf]]),
            ),
        ),
        ("balls", Balls(np.array([[0.1, 1 / 3, -1e-300]]), np.array([-1 / 7]), 2.0)),
        ("halfspaces", HalfSpace(np.array([0.1, 1 / 3, -0.7]), 2.0)),
    ],
)
@pytest.mark.parametrize("own", [None, 1 / 3])
def test_regions_are_read_as_they_were_down_to_the_last_bit(
    tmp_path, family, region, own
):
    Checkpoint(tmp_path, family, task()).put(4, [(region, own)] * 2, 0.1)
    (first, second), seconds = Checkpoint(tmp_path, family, task()).get(4)
    assert seconds == 0.1
    for read, threshold in (first, second):
        assert type(read) is type(region)
        assert threshold == own
        for name, value in vars(region).items():
            assert np.asarray(getattr(read, name)).tobytes() == (
                np.asarray(value).tobytes()
            ), name


def _unsigned(document):
    document["kept"]["candidates"][0][1][0] = 0.25
    return json.dumps(document)


def _signed(**changes):
    def damage(document):
        kept = document["kept"] | changes
        return json.dumps({"kept": kept, "sha256": _checkpoint._checksum(kept)})

    return damage


@pytest.mark.errors
@pytest.mark.parametrize(
    "damage",
    [
        lambda document: "",
        lambda document: json.dumps(document)[:-20],
        lambda document: "\udcff",
        lambda document: "[" * 100_000,
        lambda document: "3",
        lambda document: "{}",
        _unsigned,
        _signed(key="another"),
        _signed(seconds=None),
        _signed(candidates=3),
        _signed(candidates=[[None]]),
        _signed(candidates=[[None, [1.0, 0.0]]]),
        _signed(candidates=[[None, ["a", "b", "c"]]]),
        _signed(candidates=[[None, [None, 1.0, 0.0]]]),
    ],
)
def test_a_damaged_file_is_named_and_its_step_done_anew(tmp_path, damage):
    expected = numbers(estimate(family="halfspaces", resume=tmp_path))
    path = min(tmp_path.iterdir())
    whole = path.read_text()
    text = damage(json.loads(whole))
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.warns(UserWarning, match="is damaged, so its step is") as caught:
        found = estimate(family="halfspaces", resume=tmp_path)
    assert str(path) in str(caught[0].message)
    assert len(caught) == 1
    assert numbers(found) == expected
    mended = json.loads(path.read_text())
    assert mended["kept"]["candidates"] == json.loads(whole)["kept"]["candidates"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert numbers(estimate(family="halfspaces", resume=tmp_path)) == expected


@pytest.mark.errors
def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    estimate(family="halfspaces", resume=tmp_path)
    monkeypatch.setattr(_checkpoint, "_LARGEST", 10)
    with pytest.warns(UserWarning, match="more than 10 bytes"):
        estimate(family="halfspaces", resume=tmp_path)


@pytest.mark.errors
@pytest.mark.skipif(os.name == "nt", reason="a folder as a file on POSIX")
def test_a_folder_that_cannot_be_written_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        estimate(family="halfspaces", resume=tmp_path / "file")
