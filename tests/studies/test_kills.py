"""Drivers and workers killed at random: a study of 5000 cells loses nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from cells import good, marks, study
from killer import CELLS

from geomadv.studies import StudyStore, run

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc")
def test_fifty_kills_of_the_driver_and_twenty_of_workers_lose_nothing(tmp_path):
    """Each life is forked, so half a minute is enough on a quiet machine."""
    folder, store = tmp_path / "marks", tmp_path / "store"
    folder.mkdir()
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", Path(__file__).parent / "killer.py"]
        + [str(item) for item in (store, folder, 7, 35, 15, 20)],
        cwd=ROOT,
        env={"PYTHONPATH": f"{ROOT}:{ROOT / 'kernels'}", "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1] == "50 20"
    counts = marks(folder)
    assert set(counts) == set(range(CELLS))
    assert max(counts.values()) <= 1 + 50 + 20
    assert sum(counts.values()) < 2 * CELLS  # a kill costs what was being measured
    assert StudyStore(store).verify() == []

    (tmp_path / "whole").mkdir()
    made = study(good, tmp_path / "whole", cells=CELLS)
    whole = run(made, out=tmp_path / "whole", formats=())
    assert (folder / "out" / "cells.csv").read_bytes() == whole.csv.read_bytes()

    before = sum(counts.values())
    assert len(list(store.glob("*/*.cells"))) > 20
    StudyStore(store).prune()
    assert len(list(store.glob("*/*.cells"))) == 1
    made = study(good, folder, cells=CELLS, seconds=0.0005)
    resumed = run(made, out=tmp_path / "resumed", formats=(), store=store)
    assert sum(marks(folder).values()) == before
    assert resumed.csv.read_bytes() == whole.csv.read_bytes()
