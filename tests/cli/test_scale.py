import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geomadv.claims import Statistical
from geomadv.cli._quantities import QUANTITIES
from geomadv.spaces import Sphere
from geomadv.theories import registry
from geomadv.theories.dimension import gilmer2018

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
    assert sorted(p.name for p in path.parent.iterdir()) == ["a.b.csv", path.name]
    lines = path.with_suffix(".csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "d,sphere.cap_height"
    assert [line.split(",")[0] for line in lines[1:]] == [
        "10",
        "32",
        "100",
        "316",
        "1000",
    ]
    assert float(lines[1].split(",")[1]) == float(Sphere(10).cap_height(0.01))


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


def test_a_claim_is_drawn_over_its_axis(run: Run, tmp_path: Path) -> None:
    arguments = ("gilmer2018.wiki-bound", "--points", 7, "--at", "d=50")
    found = scaled(run, tmp_path / "a.json", *arguments)
    assert found["axis"] == "error"
    assert found["fixed"] == {"d": 50}
    assert found["x"][0] == 1e-6
    assert found["x"][-1] == 0.5
    for x, lhs, rhs in zip(found["x"], found["lhs"], found["rhs"], strict=True):
        assert lhs == pytest.approx(float(Sphere(50).mean_distance(x)), rel=1e-12)
        assert rhs == pytest.approx(math.sqrt(2 * x / math.pi / 50), rel=1e-12)
    slack = [rhs - lhs for lhs, rhs in zip(found["lhs"], found["rhs"], strict=True)]
    assert found["slack"] == pytest.approx(slack, abs=1e-11)
    verdicts = ["HOLDS" if value >= 0 else "VIOLATED" for value in slack]
    assert found["verdicts"] == verdicts
    assert len(set(verdicts)) == 2
    assert found["fits"]["rhs"]["exponent"] == pytest.approx(0.5)


def test_a_claim_is_drawn_over_any_parameter(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    arguments = ("gilmer2018.wiki-bound", "--over", "d=10:1e6", "--at", "error=.01")
    found = scaled(run, tmp_path / "a.json", *arguments, "--points", 9, "--out", path)
    assert found["x"][0] == 10
    assert found["x"][-1] == 10**6
    assert found["fits"]["rhs"]["exponent"] == pytest.approx(-0.5)
    lines = (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "d,lhs,rhs"
    assert float(lines[-1].split(",")[2]) == found["rhs"][-1]
    assert path.read_bytes().startswith(b"\x89PNG")


def test_where_a_bound_is_vacuous_is_said(run: Run) -> None:
    arguments = ("gilmer2018.wiki-bound", "--trivial", "0.01", "--points", 9)
    ended = run("scale", *arguments)
    assert ended.code == 0
    lines = [line.rstrip() for line in ended.out.splitlines()]
    count = sum(line.endswith(("HOLDS", "VIOLATED")) for line in lines)
    assert count == 9
    below = [10 ** (-6 + i * math.log10(0.5e6) / 8) for i in range(9)]
    bound = [math.sqrt(2 * x / math.pi / 500) for x in below]
    number = sum(value < 0.01 for value in bound)
    assert f"below 0.01 at {number} of 9 points" in ended.out
    ended = run("scale", *arguments[:1], "--trivial", "1e-9", "--points", 3)
    assert "vacuous on the whole range" in ended.out


def test_sampled_claims_have_intervals(run: Run, tmp_path: Path) -> None:
    claim = next(
        c
        for c in registry()
        if isinstance(c.evidence, Statistical) and c.paper == "schmidt2018"
    )
    found = scaled(run, tmp_path / "a.json", claim.id, "--points", 3)
    assert len(found["intervals"]) == len(found["x"])
    again = scaled(run, tmp_path / "b.json", claim.id, "--points", 3)
    assert found == again


def test_a_function_of_the_library_is_drawn(run: Run, tmp_path: Path) -> None:
    name = "geomadv.theories.dimension.gilmer2018:asymptotic_median"
    arguments = (name, "--over", "d=10:1e6", "--at", "error=.01", "--points", 4)
    found = scaled(run, tmp_path / "a.json", *arguments)
    expected = [gilmer2018.asymptotic_median(d, 0.01) for d in found["x"]]
    assert found["value"] == expected
    assert found["fits"]["value"]["exponent"] == pytest.approx(-0.5)


def test_a_function_of_a_file_is_drawn_with_its_log_factor(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "import math\n\n\ndef largest(n):\n"
        '    """The expected maximum of n normal variables, roughly."""\n'
        "    return math.sqrt(2 * math.log(n))\n",
        encoding="utf-8",
    )
    arguments = (f"{file}:largest", "--over", "n=10:1e6")
    found = scaled(run, tmp_path / "a.json", *arguments)
    assert found["title"].startswith("The expected maximum")
    assert found["fits"]["value"]["log_exponent"] == pytest.approx(0.5)
    assert found["fits"]["value"]["exponent"] == pytest.approx(0, abs=1e-9)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["gilmer2018.wiki-bond", "--over", "d=2:5"], "gilmer2018.wiki-bound"),
        (["gilmer2018.wiki-bound", "--over", "q=2:5"], "--over"),
        (["gilmer2018.wiki-bound", "--over", "d=5:2"], "--over"),
        (["gilmer2018.wiki-bound", "--over", "d=0:5"], "--over"),
        (["gilmer2018.wiki-bound", "--at", "d"], "--at"),
        (["gilmer2018.wiki-bound", "--at", "d=1.5"], "--at"),
        (["gilmer2018.wiki-bound", "--at", "q=1"], "--at"),
        (["gilmer2018.wiki-bound", "--mass", "0.1"], "--at mass=0.1"),
        (["gilmer2018.wiki-bound", "--points", "2"], "--points"),
        (["gilmer2018.wiki-bound", "--out", "a.jpg"], "--out"),
        (["sphere.cap_height", "--over", "d=2:5"], "--over"),
        (["os:getcwd", "--over", "d=2:5"], "geomadv.MODULE:FUNCTION"),
        (["nowhere.py:f", "--over", "d=2:5"], "nowhere.py"),
        (["geomadv.nothing:f", "--over", "d=2:5"], "geomadv.nothing"),
        (["geomadv.stats:nothing", "--over", "d=2:5"], "nothing"),
        (["geomadv.stats:dkw_radius"], "--over"),
        (["geomadv.stats:dkw_radius", "--over", "q=2:5"], "takes n, error_rate"),
        (["geomadv.stats:dkw_radius", "--over", "n=0:5"], "n must be"),
    ],
)
def test_a_bad_curve_is_refused(
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
