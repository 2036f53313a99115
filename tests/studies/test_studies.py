import csv
import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

import geomadv.studies
from geomadv._random import spawn
from geomadv.studies import Study, find, main, run, simulate, study_names


def measure(cell, rng):
    return {"draw": rng.random(), "half": cell["n"] / 2}


def figure(result, folder, formats):
    paths = [folder / f"toy.{suffix}" for suffix in formats]
    for path in paths:
        path.write_text(",".join(map(str, result.column("n"))))
    return paths


def toy(**change):
    fields = {
        "name": "toy",
        "question": "How large is a half?",
        "expected": "Half as large.",
        "cost": "Nothing.",
        "grid": {"n": (1, 2, 3), "kind": ["a", "b"]},
        "measure": measure,
        "units": {"half": "m"},
    }
    return Study(**{**fields, **change})


# The numbers


def test_cells_are_the_product_of_the_axes_the_last_one_fastest(tmp_path):
    result = run(toy(), out=tmp_path)
    assert result.column("n") == [1, 1, 2, 2, 3, 3]
    assert result.column("kind") == ["a", "b"] * 3
    assert result.column("half") == [0.5, 0.5, 1, 1, 1.5, 1.5]


def by_cell(result):
    return {(row["n"], row["kind"]): row["draw"] for row in result.rows}


def test_numbers_of_a_cell_depend_on_the_seed_the_study_and_the_cell_alone(tmp_path):
    whole = by_cell(run(toy(), seed=5, out=tmp_path))
    assert len(set(whole.values())) == 6
    turned = {"kind": ["b", "a"], "n": np.array([3, 1, 2])}
    assert by_cell(run(toy(grid=turned), seed=5, out=tmp_path)) == whole
    part = run(toy(), seed=5, out=tmp_path, grid={"n": [2]})
    assert by_cell(part) == {key: x for key, x in whole.items() if key[0] == 2}
    key = (2, "a")
    assert by_cell(run(toy(), seed=6, out=tmp_path))[key] != whole[key]
    assert by_cell(run(toy(name="other"), seed=5, out=tmp_path))[key] != whole[key]
    expected = spawn(5, "toy", [("kind", "a"), ("n", 2)]).random()
    assert whole[key] == expected


def test_two_runs_with_one_seed_give_the_same_json_but_for_the_time(tmp_path):
    first = run(toy(figure=figure), seed=1, out=tmp_path).as_json()
    second = run(toy(figure=figure), seed=1, out=tmp_path).as_json()
    assert first.pop("seconds") >= 0 <= second.pop("seconds")
    assert first == second


def test_summary_is_the_mean_of_the_rows_unless_it_is_given(tmp_path):
    result = run(toy(), out=tmp_path)
    assert result.measured["half"] == 1.0
    assert result.measured["draw"] == pytest.approx(np.mean(result.column("draw")))
    summary = lambda rows: {"largest": max(row["half"] for row in rows)}  # noqa: E731
    assert run(toy(summary=summary), out=tmp_path).measured == {"largest": 1.5}


@pytest.mark.parametrize(
    ("value", "accepted", "good"),
    [
        (1.0, (1.0, 2.0), True),
        (2.0, (1.0, 2.0), True),
        (0.999, (1.0, 2.0), False),
        (2.001, (1.0, 2.0), False),
        (math.nan, (-math.inf, math.inf), False),
    ],
)
def test_run_is_as_expected_where_its_numbers_lie_in_their_ranges(
    tmp_path, value, accepted, good
):
    study = toy(measure=lambda *_: {"x": value}, accepted={"x": accepted})
    result = run(study, out=tmp_path)
    assert result.judged == {"x": good}
    assert result.as_expected is good


def test_numbers_that_were_not_measured_are_not_judged(tmp_path):
    result = run(toy(accepted={"absent": (0, 1)}), out=tmp_path)
    assert result.judged == {}
    assert result.as_expected
    assert "absent" not in result.as_json()["judged"]


def test_column_of_an_unknown_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match="name must be a column, one of n, kind, draw"):
        run(toy(), out=tmp_path).column("whole")


# The files


def test_rows_are_written_with_all_their_digits(tmp_path):
    result = run(toy(), out=tmp_path / "new")
    assert result.csv == tmp_path / "new" / "toy.csv"
    with result.csv.open(newline="") as file:
        read = list(csv.DictReader(file))
    assert list(read[0]) == ["n", "kind", "draw", "half"]
    assert [float(row["draw"]) for row in read] == result.column("draw")


def test_figures_are_moved_to_the_folder_of_the_result(tmp_path):
    result = run(toy(figure=figure), out=tmp_path, formats=("svg", "pdf"))
    assert result.figures == (tmp_path / "toy.svg", tmp_path / "toy.pdf")
    assert result.figures[0].read_text() == "1,1,2,2,3,3"
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["toy.csv", "toy.pdf", "toy.svg"]


def test_no_formats_no_figures(tmp_path):
    assert run(toy(figure=figure), out=tmp_path, formats=()).figures == ()


def test_failing_figure_leaves_none(tmp_path):
    def broken(result, folder, formats):
        figure(result, folder, formats)
        raise RuntimeError("out of ink")

    with pytest.raises(RuntimeError, match="out of ink"):
        run(toy(figure=broken), out=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["toy.csv"]


def test_failing_measurement_writes_nothing(tmp_path):
    def broken(cell, _):
        raise RuntimeError(f"n = {cell['n']}")

    with pytest.raises(RuntimeError, match="n = 1"):
        run(toy(measure=broken), out=tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_json_holds_what_was_asked_measured_and_written(tmp_path):
    study = toy(
        figure=figure,
        published={"half": 1.1},
        accepted={"half": (1, 1)},
        data=lambda: "random numbers",
    )
    found = run(study, seed=3, out=tmp_path, formats=("png",)).as_json()
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["name"] == "toy"
    assert found["published"] == {"half": 1.1}
    assert found["measured"]["half"] == 1.0
    assert found["figures"] == [str(tmp_path / "toy.png")]
    assert (found["seed"], found["data"]) == (3, "random numbers")
    assert found["judged"] == {"half": True}
    assert len(found["rows"]) == 6


def test_json_has_no_nan(tmp_path):
    study = toy(measure=lambda *_: {"x": math.nan, "y": math.inf})
    found = run(study, out=tmp_path).as_json()
    assert found["rows"][0] == {"n": 1, "kind": "a", "x": None, "y": None}
    assert found["measured"] == {"x": None, "y": None}


def test_table_sets_measured_beside_published(tmp_path):
    study = toy(
        published={"half": 1.1, "other": 2},
        accepted={"half": (2, 3), "other": (0, 1)},
    )
    lines = [line.split() for line in run(study, out=tmp_path).table().splitlines()]
    assert lines[1] == ["half", "1", "1.1", "[2,", "3]", "OUTSIDE", "m"]
    assert lines[2] == ["other", "2", "[0,", "1]", "not", "judged"]
    assert lines[3][0] == "draw"


# Finding and telling

FILE = """
from geomadv.studies import Study
STUDY = Study(name="mine", question="?", expected="", cost="", grid={"n": [1, 2]},
              measure=lambda cell, rng: {"x": float(cell["n"])})
"""


def test_study_in_a_file_is_found(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(FILE)
    assert find(path).name == find(str(path)).name == "mine"


def test_studies_of_the_repository_are_found_by_name():
    pytest.importorskip("simulations", reason="the simulations are not in the wheel")
    assert "tanay2016_mnist" in study_names()
    for name in study_names():
        assert find(name).name == name


@pytest.mark.errors
def test_without_the_simulations_the_message_says_where_they_are(monkeypatch):
    real = geomadv.studies._find.importlib.util.find_spec
    monkeypatch.setattr(
        "geomadv.studies._find.importlib.util.find_spec",
        lambda name, *rest: None if name == "simulations" else real(name, *rest),
    )
    assert study_names() == []
    with pytest.raises(ValueError, match="the simulations are not installed with"):
        find("tanay2016_mnist")


@pytest.mark.errors
def test_what_is_no_study_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr("geomadv.studies._find.study_names", lambda: ["one", "two"])
    with pytest.raises(
        ValueError, match="no study is named 'three'; there are: one, t"
    ):
        find("three")
    with pytest.raises(FileNotFoundError, match=r"there is no file .*absent\.py"):
        find(tmp_path / "absent.py")
    (tmp_path / "empty.py").write_text("STUDY = 3")
    with pytest.raises(TypeError, match=r"empty\.py must define STUDY, a geomadv"):
        find(tmp_path / "empty.py")
    with pytest.raises(TypeError, match="name must be a name or a path, got int"):
        find(3)
    (tmp_path / "broken.py").write_text("1 / 0")
    with pytest.raises(ZeroDivisionError):
        find(tmp_path / "broken.py")
    assert "geomadv_study_broken" not in sys.modules


def told(tmp_path, study, **options):
    with (tmp_path / "told.txt").open("w") as file:
        console = Console(file=file, width=40)
        result = simulate(study, console=console, **options)
    return result, (tmp_path / "told.txt").read_text()


def test_simulate_tells_question_data_numbers_files_and_verdict(tmp_path):
    study = toy(
        data=lambda: "random [red]numbers[/red] " * 5,
        published={"half": 1.1},
        accepted={"half": (0, 2)},
        figure=figure,
    )
    out, file = tmp_path / "out", tmp_path / "results" / "toy.json"
    result, text = told(tmp_path, study, seed=2, out=out, json=file)
    assert json.loads(file.read_text()) == result.as_json()
    lines = text.splitlines()
    assert lines[0] == "How large is a half?"
    assert "data: " + "random [red]numbers[/red] " * 5 in lines
    assert any(line.startswith("half") and "1.1" in line for line in lines)
    written = [line for line in lines if line.startswith("wrote ")]
    assert written == [f"wrote {p}" for p in (result.csv, *result.figures, file)]
    assert all(Path(line.removeprefix("wrote ")).is_file() for line in written)
    assert lines[-1].startswith("toy: as expected, ")


def test_simulate_tells_what_is_not_as_expected(tmp_path):
    study = toy(accepted={"half": (2, 3)})
    result, text = told(tmp_path, study, out=tmp_path)
    assert not result.as_expected
    assert "toy: NOT as expected: half" in text
    _, text = told(tmp_path, toy(accepted={"other": (2, 3)}), out=tmp_path)
    assert "toy: nothing to judge it by" in text


def test_simulate_writes_to_out_and_the_name_by_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    told(tmp_path, toy())
    assert (tmp_path / "out" / "toy" / "toy.csv").is_file()


def test_main_takes_seed_out_and_json_and_returns_the_status(tmp_path, capsys):
    out, file = tmp_path / "out", tmp_path / "toy.json"
    options = ["--seed", "4", "--out", str(out), "--json", str(file)]
    assert main(toy(accepted={"half": (0, 2)}), options) == 0
    assert json.loads(file.read_text())["seed"] == 4
    assert (out / "toy.csv").is_file()
    assert main(toy(accepted={"half": (2, 3)}), options) == 1
    assert main(toy(), ["--seed", "-1", "--out", str(out)]) == 2
    assert "seed must be at least 0, got -1" in capsys.readouterr().err


# Arguments


@pytest.mark.errors
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"name": "a b"}, ValueError, "name must be letters, digits and under"),
        ({"grid": {"n": []}}, ValueError, r"grid\['n'\] must hold at least one value"),
        ({"grid": {"n": "ab"}}, TypeError, r"grid\['n'\] must be a sequence"),
        ({"grid": {"n": 3}}, TypeError, r"grid\['n'\] must be a sequence"),
        ({"grid": {"n": [1, 1]}}, ValueError, r"grid\['n'\] must hold different"),
        ({"grid": {"n": [None]}}, TypeError, r"grid\['n'\] must hold strings, num"),
        ({"grid": {"n": [math.nan]}}, ValueError, r"grid\['n'\] must not hold NaN"),
        ({"published": {"x": math.nan}}, ValueError, r"published\['x'\] must be fin"),
        ({"accepted": {"x": (2, 1)}}, ValueError, r"accepted\['x'\] must be \(lower"),
        ({"accepted": {"x": (math.nan, 1)}}, ValueError, r"accepted\['x'\] must be"),
    ],
)
def test_bad_studies_are_named(change, error, message):
    with pytest.raises(error, match=message):
        toy(**change)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("measured", "message"),
    [
        (3.0, "toy.measure must return a mapping"),
        ({"x": "3"}, "toy.measure must return numbers, got '3' for 'x'"),
        ({"x": None}, "toy.measure must return numbers, got None for 'x'"),
    ],
)
def test_bad_measurements_are_named(tmp_path, measured, message):
    with pytest.raises(TypeError, match=message):
        run(toy(measure=lambda *_: measured), out=tmp_path)


@pytest.mark.errors
def test_bad_arguments_of_run_are_named(tmp_path):
    def uneven(cell, _):
        return {f"x{cell['n']}": 1.0}

    with pytest.raises(ValueError, match="the same names for every cell"):
        run(toy(measure=uneven), out=tmp_path)
    with pytest.raises(ValueError, match="none of the axes' names"):
        run(toy(measure=lambda *_: {"n": 1.0}), out=tmp_path)
    kept = run(toy(measure=uneven), out=tmp_path, store=tmp_path / "store")
    assert {row["n"] for row in kept.rows} == {kept.rows[0]["n"]}
    assert len(kept.rows) + len(kept.failed) == math.prod(map(len, toy().grid.values()))
    assert all("the same names for every cell" in f.error for f in kept.failed)
    with pytest.raises(ValueError, match="toy has no axis 'm'; it has: n, kind"):
        run(toy(), out=tmp_path, grid={"m": [1]})
    with pytest.raises(ValueError, match="seed must be at least 0, got -1"):
        run(toy(), seed=-1, out=tmp_path)
    with pytest.raises(ValueError, match=r"formats must be among .* got 'gif'"):
        run(toy(), out=tmp_path, formats=("gif",))
