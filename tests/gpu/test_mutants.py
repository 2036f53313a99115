"""Planted bugs in the CUDA sources: each is noticed, by the means its table names."""

import re
import runpy
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TRIAL = runpy.run_path(str(HERE / "emulator" / "trial.py"))
FILES = sorted(p.stem.removeprefix("mutants_") for p in HERE.glob("mutants_*.py"))
TABLES = {
    file: runpy.run_path(str(HERE / f"mutants_{file}.py"))["MUTANTS"] for file in FILES
}
PLANTED = [(file, name) for file, table in TABLES.items() for name in table]

# What each means prints.
SIGNS = {
    "results": "AssertionError|EmulationError",
    "narrowing": "NarrowingError",
    "address": "AddressSanitizer|runtime error",
    "thread": "data race",
}

CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT}

Trial = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize("file", FILES)
def test_the_check_passes_without_a_bug(file: str, trial: Trial) -> None:
    done = trial(file)
    assert done.returncode == TRIAL["PASSED"], done.stderr


@pytest.mark.parametrize(("file", "mutant"), PLANTED)
def test_a_planted_bug_is_noticed(file: str, mutant: str, trial: Trial) -> None:
    means = TABLES[file][mutant][2]
    sanitizer = means if means in ("address", "thread") else ""
    done = trial(file, sanitizer, mutant)
    assert done.returncode not in (TRIAL["PASSED"], TRIAL["UNUSABLE"]), done.stderr
    # A wild pointer may end the process before its results are looked at.
    crashed = means == "results" and -done.returncode in CRASHES
    assert crashed or re.search(SIGNS[means], done.stderr), done.stderr


def test_the_table_has_bugs_in_every_source() -> None:
    from geomadv_kernels.gpu import _module

    sources = Path(_module.__file__).parent.glob("*.cu")
    assert {path.stem for path in sources} == set(FILES)
