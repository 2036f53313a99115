import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from geomadv import studies
from geomadv.studies import StudyStore

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


def test_another_grid_is_an_option(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "toss.py"
    file.write_text(STUDY.replace("LOW", "0"), encoding="utf-8")
    out = ("--out", tmp_path / "out")
    assert run("simulate", file, "--grid", "n=100,400,1e3", *out).code == 0
    lines = (tmp_path / "out" / "toss.csv").read_text(encoding="utf-8").splitlines()
    assert [line.partition(",")[0] for line in lines] == ["n", "100", "400", "1000"]
    assert run("simulate", file, *out).code == 0
    again = (tmp_path / "out" / "toss.csv").read_text(encoding="utf-8").splitlines()
    assert again == lines[:2]


@pytest.mark.errors
@pytest.mark.parametrize("grid", ["m=3", "n", "n=", "n=1.5", "n=x", "n=inf", "n=2,2"])
def test_a_bad_grid_is_refused(run: Run, tmp_path: Path, grid: str) -> None:
    file = tmp_path / "toss.py"
    file.write_text(STUDY.replace("LOW", "0"), encoding="utf-8")
    ended = run("simulate", file, "--grid", grid, "--out", tmp_path / "out")
    assert ended.code == 64
    assert "--grid" in ended.err
    assert ended.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.errors
def test_a_bad_folder_is_refused_before_the_run(run: Run, tmp_path: Path) -> None:
    file, taken = tmp_path / "toss.py", tmp_path / "taken"
    file.write_text(STUDY.replace("LOW", "0"), encoding="utf-8")
    taken.write_text("kept")
    ended = run("simulate", file, "--out", taken)
    assert ended.code == 64
    assert "--out" in ended.err
    assert taken.read_text() == "kept"


FAULTY = """
def faulty(*_):
    return sum(
        [1 / (2 - len(_[:2]) * KIND)]
    )

from dataclasses import replace
STUDY = replace(STUDY, WHICH=faulty)
"""


@pytest.mark.errors
@pytest.mark.parametrize("which", ["summary", "figure", "data"])
def test_an_error_in_a_users_function_is_told_with_its_line_and_the_cells_are_kept(
    run: Run, tmp_path: Path, which: str
) -> None:
    file, out = tmp_path / "toss.py", tmp_path / "out"
    kind = {"summary": "2", "figure": "1", "data": "None"}[which]
    faulty = FAULTY.replace("KIND", kind).replace("WHICH", which)
    file.write_text(STUDY.replace("LOW", "0") + faulty, encoding="utf-8")
    ended = run("simulate", file, "--out", out)
    assert ended.code == 74
    number = 1 + file.read_text().splitlines().index(
        f"        [1 / (2 - len(_[:2]) * {kind})]"
    )
    problem = "TypeError" if which == "data" else "ZeroDivisionError"
    assert ended.err.startswith(f"Error: toss.{which} failed: {problem}: ")
    assert f", at {file}, line {number}: [1 / (2 - len(_[:2])" in ended.err
    assert f"{out / 'toss.store'}: --resume goes on" in ended.err
    assert ended.err.count("\n") == 1
    assert (out / "toss.csv").read_text().startswith("n,heads\n100,")
    file.write_text(STUDY.replace("LOW", "0"), encoding="utf-8")
    assert run("simulate", file, "--out", out, "--resume").code == 0


@pytest.mark.errors
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import nothing_such", "ModuleNotFoundError: No module named 'nothing_such'"),
        ("x = 1\nSTUDY = y", "NameError: name 'y' is not defined"),
        ("STUDY = (", "SyntaxError: '(' was never closed"),
    ],
)
def test_a_file_that_cannot_be_executed_is_refused_with_its_line(
    run: Run, tmp_path: Path, text: str, message: str
) -> None:
    file = tmp_path / "toss.py"
    file.write_text(text, encoding="utf-8")
    ended = run("simulate", file, "--out", tmp_path / "out")
    assert ended.code == 64
    assert message in ended.err
    assert f"{file}, line {len(text.splitlines())}" in ended.err
    assert ended.err.count("\n") == 1
    assert not (tmp_path / "out").exists()


SLOW = """
import time
from geomadv.studies import Study

def measure(cell, rng):
    if cell["n"] == BAD:
        raise ArithmeticError("no such root")
    time.sleep(SECONDS)
    return {"draw": rng.random()}

STUDY = Study(name="slow", question="?", expected="", cost="", grid={"n": range(CELLS)},
              measure=measure)
"""


def slow(folder: Path, *, cells: int = 12, seconds: float = 0.0, bad: int = -1) -> Path:
    text = SLOW.replace("SECONDS", str(seconds)).replace("BAD", str(bad))
    file = folder / "slow.py"
    file.write_text(text.replace("range(CELLS)", f"tuple(range({cells}))"))
    return file


def test_two_workers_give_the_bytes_of_one_and_a_second_run_measures_nothing(
    run: Run, tmp_path: Path
) -> None:
    file = slow(tmp_path)
    one, two = tmp_path / "one", tmp_path / "two"
    assert run("simulate", file, "--out", one).code == 0
    assert run("simulate", file, "--out", two, "--workers", 2).code == 0
    assert (one / "slow.csv").read_bytes() == (two / "slow.csv").read_bytes()
    before = StudyStore(one / "slow.store").table().seconds
    assert run("simulate", file, "--out", one, "--resume").code == 0
    assert StudyStore(one / "slow.store").table().seconds == before
    assert run("simulate", file, "--out", one).code == 0  # complete: measured anew
    assert StudyStore(one / "slow.store").table().seconds != before


def test_failed_cells_are_told_and_the_exit_code_is_that_of_the_undecided(
    run: Run, tmp_path: Path
) -> None:
    out, path = tmp_path / "out", tmp_path / "slow.json"
    file = slow(tmp_path, bad=3)
    ended = run("simulate", file, "--out", out, "--json", path, "--retries", 2)
    assert ended.code == 2
    assert "failed: n 3: ArithmeticError: no such root (tried 3 times)" in ended.out
    assert "slow: done, 1 of the cells FAILED" in ended.out
    (failure,) = json.loads(path.read_text())["failed"]
    assert failure["cell"] == {"n": 3}
    again = run("simulate", file, "--out", out, "--resume", "--retry-failed")
    assert again.code == 2
    assert "(tried 2 times)" in again.out
    assert run("simulate", file, "--out", out).code == 2  # it was not unfinished
    slow(tmp_path)  # mended: another measure, whose cells are not mixed with the old
    assert run("simulate", file, "--out", out, "--resume").code == 0
    assert len(StudyStore(out / "slow.store").layouts()) == 2


def interrupted(
    file: Path, out: Path, *options: str, program: Sequence[str] = ()
) -> subprocess.Popen[str]:
    """Start a run and interrupt it when it has measured something."""
    command = program or (sys.executable, "-m", "geomadv", "simulate", str(file))
    started = subprocess.Popen(
        [*command, "--out", str(out), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not any(p.stat().st_size for p in out.glob("slow.store/*/*.cells")):
        assert time.monotonic() < deadline
        assert started.poll() is None
        time.sleep(0.02)
    started.send_signal(signal.SIGINT)
    return started


@pytest.mark.parametrize("workers", ["1", "2"])
def test_an_interrupted_run_stops_cleanly_and_is_resumed(
    run: Run, tmp_path: Path, workers: str
) -> None:
    file, out = slow(tmp_path, cells=100, seconds=0.1), tmp_path / "out"
    ended = interrupted(file, out, "--workers", workers)
    _, error = ended.communicate(timeout=100)
    assert ended.returncode == 130, error
    line = f"Interrupted: {out / 'slow.store'} has what was measured; --resume goes on"
    assert error.splitlines() == [line]
    store = StudyStore(out / "slow.store")
    done = len(store.table().rows())
    assert 0 < done < 100
    assert store.verify() == []
    refused = run("simulate", file, "--out", out)
    assert refused.code == 74
    assert f"has {done} of these 100 cells, of a run that is unfinished" in refused.err
    slow(tmp_path, cells=100, seconds=0.1)
    assert run("simulate", file, "--out", out, "--resume", "--workers", 2).code == 0
    assert len(StudyStore(out / "slow.store").table().rows()) == 100


def test_ctrl_c_ends_a_study_that_is_run_as_a_module_with_one_line(
    tmp_path: Path,
) -> None:
    file, out = slow(tmp_path, cells=100, seconds=0.1), tmp_path / "out"
    module = "\nimport sys\nfrom geomadv.studies import main\nsys.exit(main(STUDY))\n"
    file.write_text(file.read_text() + module)
    ended = interrupted(file, out, program=(sys.executable, str(file)))
    _, error = ended.communicate(timeout=100)
    assert ended.returncode == 130, error
    (line,) = error.splitlines()
    assert line.endswith(
        f"slow: interrupted: {out / 'slow.store'} has what was measured; "
        "--resume goes on"
    )


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Put three studies in place of those of simulations/."""
    made = {}
    for name, low in (("good", "0.2"), ("wrong", "0.9"), ("broken", "1 / 0")):
        file = tmp_path / f"{name}.py"
        file.write_text(STUDY.replace("LOW", low).replace("toss", name))
        if name == "broken":
            file.write_text(
                file.read_text().replace("1 / 0", "0").replace('"heads": f', "1: 1/0*f")
            )
        made[name] = file
    find = studies.find
    monkeypatch.setattr(studies, "study_names", lambda: list(made))
    monkeypatch.setattr(studies, "find", lambda name: find(made[name]))


@pytest.mark.usefixtures("three")
def test_all_studies_run_though_one_breaks(run: Run, tmp_path: Path) -> None:
    figures, path = tmp_path / "figures", tmp_path / "all.json"
    ended = run("simulate", "--all", "--out", figures, "--json", path)
    assert ended.code == 1
    assert "good: as expected, " in ended.out
    assert "wrong: NOT as expected, " in ended.out
    assert "broken: cells FAILED, " in ended.out
    assert ended.out.splitlines()[-2] == "1 of 3 studies as expected"
    assert (figures / "good" / "good.csv").exists()
    names = [item["name"] for item in json.loads(path.read_text())["studies"]]
    assert names == ["good", "wrong", "broken"]


TERMINAL = """
import sys
from geomadv.cli import main
sys.exit(main(sys.argv[1:]))
"""


def test_a_terminal_shows_what_is_done_and_the_time_left(tmp_path: Path) -> None:
    file = slow(tmp_path, cells=30, seconds=0.05)
    master, slave = pty.openpty()
    arguments = ["simulate", str(file), "--out", str(tmp_path / "out")]
    started = subprocess.Popen(
        [sys.executable, "-c", TERMINAL, *arguments],
        stdout=slave,
        stderr=slave,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "40"},
    )
    os.close(slave)
    printed = b""
    while True:
        try:
            piece = os.read(master, 4096)
        except OSError:  # the program has ended
            break
        if not piece:
            break
        printed += piece
    os.close(master)
    assert started.wait(100) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", printed.decode())
    assert re.search(r"slow .*\d+/30 0:00:\d\d left 0:00:\d\d", text)
    assert "slow: done" in text


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "must be a study, or --all in its place"),
        (["FILE", "--all"], "must be a study, or --all in its place"),
        (["FILE", "--resume", "--fresh"], "is the opposite of --resume"),
        (["FILE", "--any-version"], "'--any-version': goes with --resume"),
        (["FILE", "--workers", "0"], "must be at least 1"),
        (["FILE", "--time-limit", "-1"], "'--time-limit': time_limit must be above 0"),
        (["FILE", "--workers", "2", "--scheduler", "tcp://a:1"], "must be 1 where"),
        (["none.py"], "there is no file none.py"),
    ],
)
def test_bad_arguments_are_named_and_nothing_is_run(
    run: Run, tmp_path: Path, arguments: list[str], message: str
) -> None:
    file = slow(tmp_path)
    out = tmp_path / "out"
    given = [str(file) if item == "FILE" else item for item in arguments]
    ended = run("simulate", *given, "--out", out)
    assert ended.code == 64
    assert message in ended.err
    assert not out.exists()
