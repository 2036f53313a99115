import json
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
        found.append(document["results"][0]["adversarial_risk"])
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
        (["a.npz", "--p", "0.5"], 64, "--p"),
        (["a.npz", "--p", "nan"], 64, "--p"),
        (["a.npz", "--eps", "-1"], 64, "--eps"),
        (["a.npz", "--eps", "inf"], 64, "--eps"),
        (["a.npz", "--alpha", "0"], 64, "--alpha"),
        (["a.npz", "--family", "caps"], 64, "--family"),
        (["a.npz", "--search", "best"], 64, "--search"),
        (["a.npz", "--fresh", "1"], 64, "--fresh"),
        (["a.npz", "--repeats", "0"], 64, "--repeats"),
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
