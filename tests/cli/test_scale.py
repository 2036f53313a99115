import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geomadv.cli._quantities import QUANTITIES
from geomadv.spaces import Sphere

Run = Callable[..., Any]


def scaled(run: Run, path: Path, *arguments: object) -> dict[str, Any]:
    ended = run("scale", *arguments, "--json", path)
    assert (ended.code, ended.err) == (0, "")
    document = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def test_the_median_distance_falls_like_the_square_root(
    run: Run, tmp_path: Path
) -> None:
    arguments = ("sphere.median_distance", "--mass", 0.01, "--d", "1000:1e9")
    found = scaled(run, tmp_path / "a.json", *arguments)
    assert found["fit"]["exponent"] == pytest.approx(-0.5, abs=1e-4)
    low, high = found["fit"]["interval"]
    assert low < found["fit"]["exponent"] < high
    assert found["d"][0] == 1000
    assert found["d"][-1] == 10**9
    for d, value in zip(found["d"], found["values"], strict=True):
        assert value == float(Sphere(d).median_distance(0.01))
    d, values = found["d"], found["values"]
    slope = math.log(values[4] / values[3]) / math.log(d[4] / d[3])
    assert found["local_exponents"][4] == pytest.approx(slope)
    assert found["isoperimetry"][0]["exact"] is True


@pytest.mark.parametrize("name", QUANTITIES)
def test_every_quantity_can_be_drawn(run: Run, tmp_path: Path, name: str) -> None:
    found = scaled(run, tmp_path / "a.json", name, "--d", "20:200", "--points", 4)
    assert len(found["d"]) == 4
    assert all(value > 0 for value in found["values"])


def test_options_reach_the_quantity(run: Run, tmp_path: Path) -> None:
    name = "sphere.distance_quantile"
    options = ("--mass", 0.1, "--level", 0.9, "--metric", "geodesic")
    found = scaled(run, tmp_path / "a.json", name, *options, "--d", "50:500")
    expected = float(Sphere(50).distance_quantile(0.1, 0.9, "geodesic"))
    assert found["values"][0] == expected


@pytest.mark.parametrize("suffix", ["png", "svg", "pdf"])
def test_the_figure_is_written(run: Run, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"new/a.b.{suffix}"
    arguments = ("sphere.cap_height", "--d", "10:1000", "--points", 5, "--out", path)
    assert run("scale", *arguments).code == 0
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[suffix]
    assert path.read_bytes().startswith(start)
    assert [p.name for p in path.parent.iterdir()] == [path.name]


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["sphere.medain_distance"], "sphere.median_distance"),
        (["sphere.cap_height", "--d", "10"], "--d"),
        (["sphere.cap_height", "--d", "10:5"], "--d"),
        (["sphere.cap_height", "--d", "0:5"], "--d"),
        (["sphere.cap_height", "--d", "10:nan"], "--d"),
        (["sphere.cap_height", "--d", "10:1e10"], "--d"),
        (["sphere.cap_height", "--d", "1:10"], "--d"),
        (["sphere.cap_height", "--d", "10:11"], "--d"),
        (["sphere.cap_height", "--points", "2"], "--points"),
        (["sphere.cap_height", "--eps", "1"], "--eps"),
        (["sphere.cap_height", "--mass", "2"], "--mass"),
        (["sphere.cap_height", "--mass", "nan"], "--mass"),
        (["sphere.cap_height", "--out", "a.jpg"], "--out"),
        (["sphere.median_distance", "--metric", "taxi"], "--metric"),
        (["cube.median_distance", "--p", "0.5"], "--p"),
        (["sphere.median_distance", "--mass", "0.7"], "power law"),
    ],
)
def test_a_bad_argument_is_named(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    named: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = run("scale", *arguments)
    assert ended.code == 64
    assert named in ended.err
    assert ended.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
