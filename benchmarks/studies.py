"""What the engine of studies costs: its overhead, two processes against one, the store.

Run with ``python benchmarks/studies.py``; two minutes on two quiet cores. A cell
computes until its thread has had 50 ms of a processor, and tells how much it had.

- **Overhead**: the processor time of the driver and its workers beyond that of the
  cells, for each cell; and the wall time beyond that of the cells, in one process.
- **Ratio**: wall time of one process divided by that of two, whose start is included;
  also for cells that wait 50 ms, for which another load hardly matters.
- **Store**: records written one by one and in batches, a million of them read back, and
  the peak of memory, each in a process of its own.

A machine that does other things makes wall times useless; processor times less so.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from geomadv.studies import Execution, Study, run
from geomadv.studies._layout import layout_of
from geomadv.studies._store import StudyStore
from geomadv.studies._writer import StoreWriter

CELLS, SECONDS, RECORDS, SIDE = 400, 0.05, 10**6, 100


def measure(cell: Mapping[str, Any], rng: np.random.Generator) -> dict[str, float]:
    """Compute until 50 ms of the processor are gone."""
    begin, total = time.thread_time(), 0.0
    while time.thread_time() - begin < SECONDS:
        total += float(rng.standard_normal(64).sum())
    return {"cell": float(cell["n"]), "busy": time.thread_time() - begin}


def wait(cell: Mapping[str, Any], rng: np.random.Generator) -> dict[str, float]:
    """Wait for 50 ms."""
    time.sleep(SECONDS)
    return {"cell": float(cell["n"]), "busy": SECONDS + 0.0 * rng.random()}


def study(cells: int, kind: str = "busy") -> Study:
    """Return a study of so many cells."""
    return Study(
        name="spin",
        question="What does the engine cost?",
        expected="",
        cost="",
        grid={"block": tuple(range(-(-cells // SIDE))), "n": tuple(range(SIDE))},
        measure=measure if kind == "busy" else wait,
    )


def _busy() -> float:
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    times = [resource.getrusage(who) for who in both]
    return sum(t.ru_utime + t.ru_stime for t in times)


def spin(workers: int, kind: str) -> tuple[float, float, float]:
    """Return wall time, processor time of all processes, and that of the cells."""
    with tempfile.TemporaryDirectory() as folder:
        begin, busy = time.perf_counter(), _busy()
        result = run(
            study(CELLS, kind),
            out=folder,
            store=Path(folder) / "store",
            execution=Execution(workers=workers),
        )
        took, busy = time.perf_counter() - begin, _busy() - busy
        return took, busy, float(np.sum(result.column("busy")))


def writing(folder: str, size: int, count: int) -> float:
    """Return the seconds a record takes, written in batches of a size."""
    writer = StoreWriter(Path(folder), layout_of(study(RECORDS), 0))
    begin = time.perf_counter()
    for first in range(0, count, size):
        positions = list(range(first, first + size))
        values = [[float(p), 0.5] for p in positions]
        writer.record(("cell", "busy"), positions, [SECONDS] * size, values)
    writer.close()
    return (time.perf_counter() - begin) / count


def reading(folder: str) -> tuple[float, float, float, float]:
    """Return seconds to load, and to read in order, and MiB before and after."""
    unit = 2**20 if sys.platform == "darwin" else 2**10
    layout_of(study(RECORDS), 0)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    begin = time.perf_counter()
    table = StudyStore(folder).table()
    loaded = time.perf_counter() - begin
    total = sum(int(values[:, 0].sum()) for _, values in table.blocks())
    if total != RECORDS * (RECORDS - 1) // 2:
        raise SystemExit("the rows are not those that were written")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return loaded, time.perf_counter() - begin, before, peak


def apart(call: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a call returns in a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(call, arguments)


def main() -> None:
    """Print what was measured."""
    if "store" not in sys.argv[1:]:
        waits = {workers: apart_spin(workers, "wait") for workers in (1, 2)}
        spins = {workers: apart_spin(workers, "busy") for workers in (1, 2)}
        for workers, (took, busy, cells) in spins.items():
            extra = (busy - cells) / CELLS
            print(
                f"{workers} process(es): {CELLS} cells of {1e3 * SECONDS:.0f} ms in "
                f"{took:.1f} s; processor time beyond the cells {1e3 * extra:.2f} ms "
                f"a cell, {100 * (busy - cells) / cells:.1f} %"
            )
        took, _, cells = spins[1]
        print(
            f"wall time beyond the cells, one process: {100 * (took / cells - 1):.1f} %"
        )
        for kind, both in (("compute", spins), ("wait", waits)):
            ratio = both[1][0] / both[2][0]
            print(
                f"cells that {kind}: one process takes {ratio:.2f} times as long as two"
            )
    with tempfile.TemporaryDirectory() as folder:
        single = apart(writing, f"{folder}/single", 1, 20_000)
        batch = apart(writing, f"{folder}/many", 250, RECORDS)
        loaded, read, before, peak = apart(reading, f"{folder}/many")
    print(f"a record alone takes {1e6 * single:.0f} us, of 250 {1e6 * batch:.1f} us")
    print(
        f"{RECORDS} records: loaded and checked in {loaded:.1f} s, read in order after "
        f"{read:.1f} s; peak {peak:.0f} MiB, {before:.0f} before"
    )


def apart_spin(workers: int, kind: str) -> tuple[float, float, float]:
    """Return what `spin` measures, in a program of its own."""
    import subprocess

    code = f"import studies; print(*studies.spin({workers}, {kind!r}))"
    ended = subprocess.run(  # noqa: S603 - this program again
        [sys.executable, "-c", code],
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )
    took, busy, cells = map(float, ended.stdout.split())
    return took, busy, cells


if __name__ == "__main__":
    main()
