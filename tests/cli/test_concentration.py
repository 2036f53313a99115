import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Run = Callable[..., Any]
BASE = ("--p", "2", "--eps", "1", "--alpha", "0.05")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "data.npz"
    X = np.random.default_rng(0).normal(size=(1200, 3)) * [1, 2, 1]
    np.savez(path, X=X)
    return path


def test_the_document_has_the_question_and_the_families(
    run: Run, data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "out" / "a.json"
    ended = run("concentration", data, *BASE, "--json", path)
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(path.read_text(encoding="utf-8"))
    assert (found["p"], found["eps"], found["alpha"]) == (2.0, 1.0, 0.05)
    families = [r["family"] for r in found["results"]]
    assert families == ["rectangles", "balls", "halfspaces"]
    assert found["best"] in families
    for r in found["results"]:
        assert 0 < r["risk"] <= r["adversarial_risk"] <= 1
        for name in ("risk", "adversarial_risk"):
            lower, upper = r[f"{name}_interval"]
            assert lower <= r[name] <= upper
        assert r["seconds"] > 0
    half_space = found["results"][2]
    # Phi(Phi^-1(.05) + 1/2) = .126 is the optimum; 600 fresh points
    assert 0.06 < half_space["adversarial_risk"] < 0.21


def test_the_table_says_which_side_the_number_bounds(run: Run, data: Path) -> None:
    ended = run("concentration", data, *BASE, "--family", "halfspaces")
    lines = ended.out.splitlines()
    assert lines[0].split()[:2] == ["family", "risk"]
    assert lines[1].startswith("halfspaces")
    assert "searched with 600 points in 3 dimensions, counted with 600" in ended.out
    assert "forces an adversarial risk of at most" in ended.out
    assert "a classifier may have more" in ended.out
    # "1.00%  0.50% to 2.00%  5.00%  4.00% to 6.00%": of the first the lower end
    shares = re.findall(r"([\d.]+%)", lines[1])
    said = " ".join(ended.out.split())
    assert f"at most {shares[5]} on the best classifier" in said
    assert f"with a risk of {shares[1]} (" in said


def test_the_order_inf_is_a_word_in_the_document(
    run: Run, data: Path, tmp_path: Path
) -> None:
    path = tmp_path / "a.json"
    arguments = ("--p", "inf", "--eps", ".3", "--alpha", ".1")
    ended = run(
        "concentration", data, *arguments, "--family", "halfspaces", "--json", path
    )
    assert ended.code == 0
    assert json.loads(path.read_text(encoding="utf-8"))["p"] == "inf"


def test_points_may_come_in_other_files_and_shapes(run: Run, tmp_path: Path) -> None:
    X = np.random.default_rng(1).integers(0, 255, (400, 2, 2)).astype(np.uint8)
    rows = X.reshape(400, 4)
    np.save(tmp_path / "a.npy", X)
    np.savetxt(tmp_path / "a.csv", rows, delimiter=",", fmt="%d")
    np.savez(tmp_path / "a.npz", X=rows.astype(float))
    found = []
    for suffix in ("npy", "csv", "npz"):
        path = tmp_path / f"{suffix}.json"
        ended = run(
            *("concentration", tmp_path / f"a.{suffix}", *BASE, "--json", path),
            *("--family", "halfspaces"),
        )
        assert (ended.code, ended.err) == (0, "")
        document = json.loads(path.read_text(encoding="utf-8"))
        found.append(document["results"][0]["adversarial_risk"])
    assert found[0] == found[1] == found[2]


def test_fresh_points_of_the_file_are_the_ones_that_are_counted(
    run: Run, tmp_path: Path
) -> None:
    rng = np.random.default_rng(2)
    np.savez(
        tmp_path / "a.npz", X=rng.normal(size=(400, 2)), X_test=np.full((7, 2), 99.0)
    )
    ended = run("concentration", tmp_path / "a.npz", *BASE, "--family", "halfspaces")
    assert "searched with 400 points in 2 dimensions, counted with 7" in ended.out
    assert "100.00%" in ended.out or "0.00%" in ended.out


def test_the_seed_decides_splits_and_starts(
    run: Run, data: Path, tmp_path: Path
) -> None:
    found = []
    for seed in (3, 3, 4):
        path = tmp_path / "a.json"
        run(
            *("concentration", data, *BASE, "--family", "balls"),
            *("--seed", seed, "--json", path),
        )
        document = json.loads(path.read_text(encoding="utf-8"))
        (result,) = document["results"]
        found.append({key: result[key] for key in result if key != "seconds"})
    assert found[0] == found[1] != found[2]


def test_repeats_give_a_range(run: Run, data: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    ended = run(
        *("concentration", data, *BASE, "--family", "balls"),
        *("--repeats", "3", "--json", path),
    )
    assert "other splits and starts:" in ended.out
    document = json.loads(path.read_text(encoding="utf-8"))
    lower, upper = document["stability"]
    assert lower <= document["results"][0]["adversarial_risk"] <= upper


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (["absent.npz"], 74, "absent.npz"),
        (["absent.csv"], 74, "absent.csv"),
        (["a.txt"], 64, ".npz, .npy, .csv"),
        (["other.npz"], 74, "'X'"),
        (["words.npz"], 74, "real numbers"),
        (["words.npy"], 74, "words.npy"),
        (["words.csv"], 74, "words.csv"),
        (["broken.npz"], 74, "broken.npz cannot be read"),
        (["pickle.npy"], 74, "pickle.npy"),
        (["line.npz"], 74, "one a row"),
        (["nan.npz"], 74, "nan"),
        (["few.npz"], 74, "at least 4 points"),
        (["sizes.npz"], 74, "X_test must have 2 columns"),
        (["minus.npy"], 74, "minus.npy"),
        (["wide.npy"], 74, "wide.npy"),
        (["empty.csv"], 74, "at least 4 points"),
        (["columns.npz"], 74, "X_train must have a column"),
        (["nothing.npz"], 74, "X_test must have at least 1"),
        (["a.npz", "--p", "0.5"], 64, "--p"),
        (["a.npz", "--p", "nan"], 64, "--p"),
        (["a.npz", "--eps", "-1"], 64, "--eps"),
        (["a.npz", "--eps", "inf"], 64, "--eps"),
        (["a.npz", "--alpha", "0"], 64, "--alpha"),
        (["a.npz", "--family", "caps"], 64, "--family"),
        (["a.npz", "--search", "best"], 64, "--search"),
        (["a.npz", "--fresh", "1"], 64, "--fresh"),
        (["a.npz", "--repeats", "0"], 64, "--repeats"),
        (["a.npz", "--repeats", "1e18"], 64, "--repeats"),
        (["a.npz", "--resume", "a.npz"], 64, "--resume"),
        (["a.npz", "--json", "a.npz/b"], 64, "--json"),
        ([], 64, "DATA"),
    ],
)
def test_a_bad_argument_is_named(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    arguments: list[str],
    code: int,
    named: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    np.savez("a.npz", X=np.ones((20, 2)))
    np.savez("other.npz", Z=np.ones(3))
    np.savez("words.npz", X=np.array(["a"]))
    np.save("words.npy", np.array(["a"]))
    np.save("pickle.npy", np.array([{}], dtype=object), allow_pickle=True)
    Path("words.csv").write_text("a,b\n", encoding="utf-8")
    Path("a.txt").write_text("1", encoding="utf-8")
    Path("broken.npz").write_bytes(Path("a.npz").read_bytes()[:100])
    for name, shape in (("minus", (-3, 2)), ("wide", (10**12, 784))):
        header = {"descr": "<f8", "fortran_order": False, "shape": shape}
        with Path(f"{name}.npy").open("wb") as file:
            np.lib.format.write_array_header_1_0(file, header)
    Path("empty.csv").write_text("", encoding="utf-8")
    np.savez("columns.npz", X=np.ones((20, 0)))
    np.savez("nothing.npz", X=np.ones((9, 2)), X_test=np.ones((0, 2)))
    np.savez("line.npz", X=np.ones(9))
    np.savez("nan.npz", X=np.full((9, 2), np.nan))
    np.savez("few.npz", X=np.ones((5, 2)))
    np.savez("sizes.npz", X=np.ones((9, 2)), X_test=np.ones((9, 3)))
    before = sorted(tmp_path.iterdir())
    ended = run("concentration", *arguments)
    assert ended.code == code
    assert named in ended.err
    assert ended.err.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def without_seconds(path: Path) -> Any:
    document = json.loads(path.read_text(encoding="utf-8"))
    for result in document["results"]:
        assert result.pop("seconds") > 0
    return document


PROGRAM = "import sys; from geomadv.cli import main; sys.exit(main())"
# The second search stops the clock: what is before it is kept.
STOPPING = (
    "import time, geomadv.concentration._balls as b\n"
    "def sleeps(*_, **__):\n"
    "    print('ready', flush=True); time.sleep(60)\n"
    "b.greedy_balls = sleeps\n" + PROGRAM
)


def started(code: str, *arguments: object, **streams: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        text=True,
        **({"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams),
    )


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
@pytest.mark.parametrize("name", ["SIGINT", "SIGKILL"])
def test_a_command_that_was_stopped_goes_on_and_ends_as_it_would_have(
    run: Run, data: Path, tmp_path: Path, name: str
) -> None:
    asked = ("concentration", data, *BASE, "--repeats", "2")
    run(*asked, "--json", tmp_path / "whole.json")
    folder, path = tmp_path / "kept", tmp_path / "a.json"
    resuming = (*asked, "--resume", folder, "--json", path)
    process = started(STOPPING, *resuming)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(0.1)
    process.send_signal(signal.Signals[name])
    _, err = process.communicate(timeout=60)
    if name == "SIGINT":
        assert process.returncode == 130
        lines = err.splitlines()
        assert lines == [
            f"Finished steps are in {folder}: the same command goes on from there",
            "Interrupted: unfinished output was discarded",
        ]
    assert not path.exists()
    names = sorted(p.name for p in folder.iterdir())
    assert len(names) == 4
    assert all(re.fullmatch(r"rectangles-0\d-[0-9a-f]{24}\.json", n) for n in names)
    before = {p: p.stat().st_mtime_ns for p in folder.iterdir()}
    assert run(*resuming).code == 0
    assert without_seconds(path) == without_seconds(tmp_path / "whole.json")
    assert {p: p.stat().st_mtime_ns for p in before} == before


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_an_interrupted_command_leaves_nothing_where_nothing_is_kept(
    data: Path, tmp_path: Path
) -> None:
    before = sorted(tmp_path.iterdir())
    process = started(
        STOPPING, "concentration", data, *BASE, "--json", tmp_path / "a.json"
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err == "Interrupted: unfinished output was discarded\n"
    assert sorted(tmp_path.iterdir()) == before


def test_a_damaged_file_is_one_line_of_warning(
    run: Run, data: Path, tmp_path: Path
) -> None:
    asked = ("concentration", data, *BASE, "--resume", tmp_path / "kept")
    first = run(*asked, "--json", tmp_path / "a.json")
    assert first.err == ""
    path = min((tmp_path / "kept").iterdir())
    path.write_text("{", encoding="utf-8")
    ended = run(*asked, "--json", tmp_path / "b.json")
    assert ended.code == 0
    assert re.fullmatch(
        rf"Warning: {re.escape(str(path))} is damaged[^\n]*\n", ended.err
    )
    assert without_seconds(tmp_path / "a.json") == without_seconds(tmp_path / "b.json")


@pytest.mark.skipif(os.name == "nt", reason="terminals of POSIX")
def test_a_terminal_sees_how_far_the_search_is(data: Path) -> None:
    import pty

    leader, follower = pty.openpty()
    process = started(
        PROGRAM, "concentration", data, *BASE, stdout=subprocess.PIPE, stderr=follower
    )
    os.close(follower)
    shown = b""
    try:
        while chunk := os.read(leader, 4096):
            shown += chunk
    except OSError:  # the other end is closed
        pass
    os.close(leader)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.startswith("family")
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())
    assert " 0/19" in plain
    assert "rectangles: 5 clusters" in plain
    assert "halfspaces: descent 4 of 4" in plain
