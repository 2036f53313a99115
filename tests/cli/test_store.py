"""``geomadv store``: list, show, export, verify, prune."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

STUDY = """
from geomadv.studies import Study

def measure(cell, rng):
    if cell["n"] == 3:
        raise ArithmeticError("no such root")
    return {"draw": rng.random()}

STUDY = Study(name="toss", question="How often?", expected="", cost="",
              grid={"n": tuple(range(9))}, measure=measure, units={"draw": "m"})
"""


@pytest.fixture
def store(run: Run, tmp_path: Path) -> Path:
    """Give the store of a run in which a cell failed."""
    file = tmp_path / "toss.py"
    file.write_text(STUDY)
    assert run("simulate", file, "--out", tmp_path / "out" / "toss").code == 2
    return tmp_path / "out" / "toss" / "toss.store"


def test_stores_below_a_folder_are_listed(run: Run, store: Path) -> None:
    ended = run("store", "ls", store.parents[1])
    assert ended.code == 0
    head, line = (text.split() for text in ended.out.splitlines())
    assert head == [
        "store",
        "study",
        "seed",
        "layout",
        "cells",
        "of",
        "failed",
        "seconds",
    ]
    assert line[:3] == [str(store), "toss", "0"]
    assert line[4:7] == ["8", "9", "1"]
    empty = store.parents[2] / "empty"
    empty.mkdir()
    assert "there is no store" in run("store", "ls", empty).out


def test_a_store_is_shown_with_its_failures(run: Run, store: Path) -> None:
    ended = run("store", "show", store)
    assert ended.code == 0
    for text in (
        "question: How often?",
        "axis n: 9 values: 0, 1, 2, 3, 4, 5, ...",
        "number draw [m]",
        "cells: 8 of 9, 1 failed",
        "failed: n 3, repetition 0:",
        "  ArithmeticError: no such root",
    ):
        assert text in ended.out.splitlines() or text in ended.out
    assert run("store", "show", store, "--seed", 0).code == 0


def test_numbers_are_exported(run: Run, store: Path, tmp_path: Path) -> None:
    ended = run("store", "export", store, tmp_path / "a.csv")
    assert (ended.code, ended.out) == (0, f"wrote {tmp_path / 'a.csv'}: 8 rows\n")
    written = (tmp_path / "a.csv").read_bytes()
    assert written == (store.parent / "toss.csv").read_bytes()


def test_damage_is_named_and_pruned(run: Run, store: Path) -> None:
    assert run("store", "verify", store).code == 0
    (cells,) = store.glob("*/*.cells")
    content = bytearray(cells.read_bytes())
    content[30] ^= 4
    cells.write_bytes(content)
    ended = run("store", "verify", store)
    assert ended.code == 1
    assert f"{cells}: 1 of 8 records are damaged" in ended.out
    assert run("store", "prune", store).code == 0
    assert run("store", "verify", store).code == 0
    assert "cells: 7 of 9" in run("store", "show", store).out


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ls", "nowhere"], "'DIR': nowhere is no folder"),
        (["show", "nowhere"], "'STORE': nowhere is no store of a study"),
        (["verify", "nowhere"], "nowhere is no store of a study"),
        (["prune", "nowhere"], "nowhere is no store of a study"),
        (["show", "STORE", "--seed", "4"], "holds no cells of seed 4"),
        (["show", "STORE", "--layout", "zz"], "holds no cells of layout zz"),
        (["export", "STORE", "a.txt"], "must end in .csv, .parquet, .nc, got 'a.txt'"),
        (["melt", "STORE"], "No such command 'melt'"),
    ],
)
def test_bad_arguments_are_named(
    run: Run, store: Path, arguments: list[str], message: str
) -> None:
    ended = run("store", *(str(store) if a == "STORE" else a for a in arguments))
    assert ended.code == 64
    assert message in ended.err
