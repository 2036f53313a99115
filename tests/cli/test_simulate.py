import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

STUDY = """
from geomadv.studies import Study

STUDY = Study(
    name="toss",
    question="How often does a coin show heads?",
    expected="Half of the time.",
    cost="Nothing.",
    grid={"n": [100]},
    measure=lambda cell, rng: {"heads": float((rng.random(cell["n"]) < 0.5).mean())},
    accepted={"heads": (LOW, 1.0)},
)
"""


@pytest.mark.parametrize(("low", "code"), [("0.2", 0), ("0.9", 1)])
def test_a_study_of_a_file_is_run(
    run: Run, tmp_path: Path, low: str, code: int
) -> None:
    file, path = tmp_path / "toss.py", tmp_path / "toss.json"
    file.write_text(STUDY.replace("LOW", low), encoding="utf-8")
    arguments = ("--seed", 5, "--out", tmp_path / "out", "--json", path)
    assert run("simulate", file, *arguments).code == code
    found = json.loads(path.read_text(encoding="utf-8"))
    assert {"name", "published", "measured", "figures"} <= found.keys()
    assert found["seed"] == 5
    assert (tmp_path / "out" / "toss.csv").exists()


@pytest.mark.errors
def test_a_bad_folder_is_refused_before_the_run(run: Run, tmp_path: Path) -> None:
    file, taken = tmp_path / "toss.py", tmp_path / "taken"
    file.write_text(STUDY.replace("LOW", "0"), encoding="utf-8")
    taken.write_text("kept")
    ended = run("simulate", file, "--out", taken)
    assert ended.code == 64
    assert "--out" in ended.err
    assert taken.read_text() == "kept"
