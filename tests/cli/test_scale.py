import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from geomadv.claims import Statistical
from geomadv.cli._quantities import QUANTITIES
from geomadv.cli._sampling import Sampling
from geomadv.spaces import Sphere
from geomadv.stats import clopper_pearson, fit_power_law
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


def test_a_claim_of_a_file_is_drawn_as_those_of_the_registry(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "mydraft.py"
    file.write_text(
        "from geomadv.claims import Integers, Reals, claim\n"
        "@claim(source='my draft', domain=dict(d=Integers(2, 100), t=Reals(1, 2)))\n"
        "def third(d, t):\n"
        "    return 2 * t / d <= t\n"
    )
    ended = run("scale", f"{file}:third", "--at", "t=1.5", "--points", "5")
    assert ended.code == 0
    assert "mydraft.third" in ended.out
    assert "t = 1.5" in ended.out
    rows = [line.split() for line in ended.out.splitlines() if "HOLDS" in line]
    assert [row[:3] for row in rows][-1] == ["100", "0.03", "1.5"]
    assert "lhs: exponent -1.00000" in ended.out


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


THEORY = '''
def mean(n, p, rng):
    """The share of heads."""
    return rng.binomial(n, p) / n


def spread(n, p, rng):
    return abs(rng.binomial(n, p) / n - p)


def coin(p, rng):
    return rng.random() < p


def wide(p, rng):
    return 2 * (rng.random() < p)


def exact(p):
    return p


def bound(n):
    """Jensen: half of the standard deviation's largest value, doubled."""
    return 0.5 / n**0.5
'''


def test_the_theory_of_a_function_stands_beside_it_with_its_slack(
    run: Run, tmp_path: Path
) -> None:
    name = "geomadv.theories.dimension.gilmer2018:asymptotic_median"
    file = tmp_path / "theory.py"
    file.write_text("def bound(d):\n    return 3 / d**0.5\n", encoding="utf-8")
    arguments = (name, "--over", "d=10:1e6", "--at", "error=.01", "--points", 5)
    path = tmp_path / "a.png"
    options = ("--theory", f"{file}:bound", "--trivial", "0.5", "--out", path)
    found = scaled(run, tmp_path / "a.json", *arguments, *options)
    assert found["theory"] == [3 / d**0.5 for d in found["x"]]
    slack = [t - v for t, v in zip(found["theory"], found["value"], strict=True)]
    assert found["slack"] == pytest.approx(slack)
    assert found["fits"]["theory"]["exponent"] == pytest.approx(-0.5)
    lines = (tmp_path / "a.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "d,value,theory"
    ended = run("scale", *arguments, *options[:4])
    assert "theory: exponent -0.50000" in ended.out
    below = [d for d in found["x"] if d > 36]
    assert len(below) == 4
    assert f"the theory is below 0.5 at 4 of 5 points, d from {below[0]}" in ended.out


@pytest.mark.parametrize(("exponent", "word"), [(-0.5, "inside"), (-0.6, "outside")])
def test_a_sampled_function_has_intervals_and_is_held_to_an_exponent(
    run: Run, tmp_path: Path, exponent: float, word: str
) -> None:
    file = tmp_path / "theory.py"
    file.write_text(THEORY, encoding="utf-8")
    arguments = (f"{file}:spread", "--over", "n=100:1e6", "--at", "p=.5")
    options = ("--draws", 400, "--points", 6, "--theory", exponent, "--seed", 3)
    found = scaled(run, tmp_path / "a.json", *arguments, *options)
    assert found["theory_exponent"] == exponent
    # E|N(0, 1/(4 n))| = sqrt(1/(2 pi n)), its standard deviation times the root of
    # pi/2 - 1
    for n, value, error, (low, high) in zip(
        *(found[key] for key in ("x", "value", "standard_errors", "intervals")),
        strict=True,
    ):
        truth = math.sqrt(1 / (2 * math.pi * n))
        assert abs(value - truth) < 5 * error
        assert error == pytest.approx(truth * math.sqrt(math.pi / 2 - 1) / 20, rel=0.2)
        assert high - value == pytest.approx(1.9659 * error, rel=1e-4)
        assert value - low == pytest.approx(high - value)
    low, high = found["fits"]["value"]["interval"]
    assert (low <= exponent <= high) == (word == "inside")
    ended = run("scale", *arguments, *options)
    assert f"theory: exponent {exponent:.5f}, {word} the interval" in ended.out


def test_draws_go_where_the_curve_is_least_certain_until_the_width_is_reached(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "theory.py"
    file.write_text(THEORY, encoding="utf-8")
    arguments = (f"{file}:coin", "--over", "p=.05:.6", "--points", 3, "--width")
    found = scaled(run, tmp_path / "a.json", *arguments, 0.4)
    rare, between, often = found["draws"]
    assert rare > between >= often >= 256
    for p, mean, (low, high) in zip(
        found["x"], found["value"], found["intervals"], strict=True
    ):
        assert low <= p <= high
        assert high - low <= 0.4 * mean
    assert found["reached"]
    ended = run("scale", *arguments, 0.4, "--draws", 1000)
    assert ended.code == 2
    assert "NOT narrow enough, raise --draws" in ended.out
    ended = run("scale", *arguments, 0.4, "--seed", 1)
    assert ended.code == 0
    text = f"{sum(found['draws'])} draws: the intervals hold together at 95 %"
    assert text in run("scale", *arguments, 0.4).out


def test_standard_errors_of_the_default_draws_are_good_enough_for_the_fit() -> None:
    """The interval of a fit trusts them: it must cover as often as it says."""
    rng, x, runs = np.random.default_rng(0), np.logspace(1, 3, 10), 2000
    draws = np.abs(rng.standard_normal((runs, Sampling().each, 10))) * x**-0.5
    errors = draws.std(axis=1, ddof=1) / math.sqrt(draws.shape[1])
    missed = sum(
        -0.5 not in fit_power_law(x, y, standard_errors=s).exponent_interval
        for y, s in zip(draws.mean(axis=1), errors, strict=True)
    )
    assert clopper_pearson(missed, runs, 0.2).lower <= 0.05


def test_the_sampled_side_of_a_claim_is_drawn_to_a_width(
    run: Run, tmp_path: Path
) -> None:
    arguments = ("simongabriel2019.one-layer-l1", "--over", "d=2:20", "--points", 3)
    found = scaled(run, tmp_path / "a.json", *arguments, "--width", 0.04)
    assert len(found["draws"]) == 3
    for mean, truth, (low, high) in zip(
        found["lhs"], found["rhs"], found["intervals"], strict=True
    ):
        assert low <= truth <= high
        assert high - low <= 0.04 * mean
    wide = scaled(run, tmp_path / "a.json", *arguments, "--width", 0.2)
    assert sum(wide["draws"]) < sum(found["draws"])


def test_a_quantity_of_a_space_is_held_to_its_theory(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "theory.py"
    file.write_text(
        "def limit(d, mass):\n    return 2.3263478740408408 / d**0.5\n",
        encoding="utf-8",
    )
    arguments = ("sphere.median_distance", "--mass", ".01", "--d", "1e4:1e6")
    options = ("--points", 3, "--theory", f"{file}:limit", "--metric", "geodesic")
    found = scaled(run, tmp_path / "a.json", *arguments, *options)
    assert found["fixed"] == {"mass": 0.01, "metric": "geodesic"}
    for d, value, slack in zip(found["x"], found["value"], found["slack"], strict=True):
        assert value == float(Sphere(int(d)).median_distance(0.01, "geodesic"))
        assert abs(slack) < 3 / d * value * 10


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["sphere.cap_height", "--draws", "3"], "--draws"),
        (["sphere.cap_height", "--trivial", "3"], "--trivial"),
        (["sphere.cap_height", "--theory", "nan"], "--theory"),
        (["sphere.cap_height", "--theory", "half"], "--theory"),
        (["sphere.cap_height", "--theory", "-0.5", "--trivial", "1"], "--trivial"),
        (["gilmer2018.wiki-bound", "--theory", "1"], "--theory"),
        (["gilmer2018.wiki-bound", "--draws", "9"], "--draws"),
        (["FILE:exact", "--over", "p=.1:.2", "--draws", "9"], "--draws"),
        (["FILE:mean", "--over", "n=9:99", "--at", "p=.5", "--draws", "1"], "--draws"),
        (["FILE:coin", "--over", "p=.1:.2", "--width", "0"], "--width"),
        (["FILE:coin", "--over", "p=.1:.2", "--width", ".1", "--draws", "300"], "6400"),
        (["FILE:coin", "--over", "p=.1:.2", "--range", "0:1"], "goes with --width"),
        (["FILE:coin", "--over", "p=.1:.2", "--width", "1", "--range", "1:0"], "rise"),
        (["FILE:wide", "--over", "p=.1:.2", "--width", "1"], "does not hold 2 at p"),
        (["FILE:exact", "--over", "p=.1:.2", "--width", ".1"], "--width"),
        (["gilmer2018.wiki-bound", "--width", ".1"], "is not sampled"),
        (["gilmer2018.share-within", "--draws", "9"], "goes with --width"),
        (["sphere.cap_height", "--width", ".1"], "is not sampled"),
        (["FILE:bound", "--over", "n=1:9", "--theory", "FILE:exact"], "takes p, not"),
        (["FILE:mean", "--over", "n=1:9", "--at", "q=1"], "takes n, p, rng, not 'q'"),
    ],
)
def test_a_bad_theory_is_refused(
    run: Run, tmp_path: Path, arguments: list[str], named: str
) -> None:
    file = tmp_path / "theory.py"
    file.write_text(THEORY, encoding="utf-8")
    ended = run("scale", *(a.replace("FILE", str(file)) for a in arguments))
    assert ended.code == 64, ended.err
    assert named in ended.err
