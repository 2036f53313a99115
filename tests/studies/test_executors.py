"""Cells measured by processes: the same numbers, and losses that cost one cell."""

import functools
import os
import queue
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))

import cells
from cells import bad, good, marks, study

from geomadv.studies import Execution, Study, run
from geomadv.studies import _executors as executors
from geomadv.studies._executors import Batch, Processes, _kill
from geomadv.studies._transport import packed, unpacked
from geomadv.studies._work import Task, TimeLimitExceeded, Work, limited

TWO = Execution(workers=2)


def measured(tmp_path, made, execution=None, **options):
    result = run(made, out=tmp_path / "out", formats=(), execution=execution, **options)
    return result, result.csv.read_bytes()


def test_one_process_and_two_give_the_same_bytes(tmp_path):
    made = study(good, tmp_path)
    _, alone = measured(tmp_path, made)
    _, paired = measured(tmp_path, made, TWO)
    assert alone == paired
    assert marks(tmp_path) == dict.fromkeys(range(40), 2)
    pids = {path.name for path in tmp_path.glob("marks-*")}
    assert f"marks-{os.getpid()}" in pids
    assert len(pids) == 3


def test_repetitions_are_tasks_of_their_own_and_the_first_is_the_cell(tmp_path):
    once = study(good, tmp_path, cells=3)
    repeated = Study(**{**vars(once), "repetitions": 5})
    rows = measured(tmp_path, once)[0].rows
    result, table = measured(tmp_path, repeated, TWO)
    assert table == measured(tmp_path, repeated)[1]
    assert [(r["n"], r["repetition"]) for r in result.rows] == [
        (n, k) for n in range(3) for k in range(5)
    ]
    firsts = [row for row in result.rows if not row["repetition"]]
    assert [row["draw"] for row in firsts] == [row["draw"] for row in rows]
    assert len(set(result.column("draw"))) == 15


RAISED = [
    ("raise", "ArithmeticError: five"),
    ("exit", "SystemExit: 3"),
    ("spin", "took more than 0.5 seconds"),
]


@pytest.mark.parametrize(
    ("workers", "kind", "message"),
    [
        *((workers, *rest) for workers in (1, 2) for rest in RAISED),
        (2, "kill", "the worker died"),
    ],
)
def test_a_cell_that_fails_costs_itself_alone(tmp_path, workers, kind, message):
    execution = Execution(workers=workers, retries=2, time_limit=0.5)
    made = study(bad, tmp_path, cells=12, kind=kind)
    result, _ = measured(tmp_path, made, execution, store=tmp_path / "s")
    (failure,) = result.failed
    assert message in failure.error
    assert (failure.cell, failure.attempts) == ({"n": 5}, 3)
    assert not result.as_expected
    whole = study(bad, tmp_path, cells=12, kind="none")
    expected = [row for row in measured(tmp_path, whole)[0].rows if row["n"] != 5]
    assert list(result.rows) == expected
    before = marks(tmp_path)
    assert before[5] - 1 in ((3, 4) if kind == "kill" else (3,))
    again, _ = measured(tmp_path, made, execution, store=tmp_path / "s")
    assert list(again.failed) == list(result.failed)
    assert marks(tmp_path) == before


def test_a_worker_stuck_in_compiled_code_is_replaced(tmp_path):
    execution = Execution(workers=2, retries=0, time_limit=0.5)
    made = study(bad, tmp_path, cells=12, kind="sleep")
    start = time.monotonic()
    result, _ = measured(tmp_path, made, execution, store=tmp_path / "s")
    assert time.monotonic() - start < 100
    (failure,) = result.failed
    assert failure.cell == {"n": 5}
    assert "took more than 0.5 seconds" in failure.error
    assert len(result.rows) == 11


def test_a_hang_in_a_large_batch_is_found_after_one_limit_and_costs_one_cell(tmp_path):
    work = Work("cells", study(bad, tmp_path, kind="sleep").measure, 0, 0.5)
    executor = Processes(work, 1, 1)
    tasks = tuple(Task(n, {"n": n}, 0) for n in range(4, 104))
    start, found = time.monotonic(), []
    executor.start(Batch(tasks))
    while not found:
        found = executor.finished(1.0)
    took = time.monotonic() - start
    executor.close()
    ((batch, outcomes, cause, blamed),) = found
    assert (batch.tasks, outcomes, blamed) == (tasks, None, True)
    assert "took more than 0.5 seconds" in cause
    assert took < 30  # and not 100 limits


def test_the_start_of_a_worker_is_not_held_against_its_first_cell(
    tmp_path, monkeypatch
):
    work = Work("cells", study(good, tmp_path).measure, 0, 0.001)
    monkeypatch.setattr(executors, "GRACE", 0.001)
    executor = Processes(work, 1, 1)
    monkeypatch.setattr(executor, "_submitted", lambda *_: Future())
    slot = executor._slots[0]
    slot.ready = Future()
    executor.start(Batch((Task(0, {"n": 0}, 0),)))
    time.sleep(0.05)
    assert executor._overdue() == []
    slot.ready.add_done_callback(slot.begun)
    slot.ready.set_result([])
    time.sleep(0.05)
    (finished,) = executor._overdue()
    executor.close()
    assert finished.outcomes is None


def test_a_cell_that_ends_well_when_tried_again_is_measured(tmp_path):
    made = study(bad, tmp_path, cells=12, kind="once")
    result, table = measured(tmp_path, made, TWO)
    assert not result.failed
    whole = study(bad, tmp_path, cells=12, kind="none")
    assert table == measured(tmp_path, whole)[1]


def test_failed_cells_are_tried_again_when_asked(tmp_path):
    made = study(bad, tmp_path, cells=12, kind="raise")
    measured(tmp_path, made, store=tmp_path / "s")
    assert marks(tmp_path)[5] == 2
    measured(tmp_path, made, store=tmp_path / "s", retry_failed=True)
    assert marks(tmp_path)[5] == 4


def test_without_a_store_the_first_error_is_raised(tmp_path):
    made = study(bad, tmp_path, cells=12, kind="raise")
    with pytest.raises(ArithmeticError, match="five"):
        measured(tmp_path, made)
    with pytest.raises(RuntimeError, match=r"(?s)'n': 5.*ArithmeticError: five"):
        measured(tmp_path, made, TWO)


def test_workers_that_cannot_live_are_told_of(tmp_path):
    made = study(bad, tmp_path, cells=400, kind="none")
    made = Study(**{**vars(made), "measure": lambda *_: os._exit(1)})
    with pytest.raises(RuntimeError, match="failed: the worker died"):
        measured(tmp_path, made, Execution(workers=2, retries=0))


@pytest.mark.errors
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"workers": 0}, "workers must be at least 1"),
        ({"retries": -1}, "retries must be at least 0"),
        ({"threads": 0}, "threads must be at least 1"),
        ({"time_limit": 0.0}, "time_limit must be above 0"),
        ({"workers": 2, "cluster": "tcp://a:1"}, "workers must be 1 where a cluster"),
    ],
)
def test_bad_executions_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        Execution(**options)


# What is sent

THERE = """
import sys, numpy as np
from pathlib import Path
from geomadv.studies._executors import Processes, _kill
from geomadv.studies._transport import unpacked
measure = unpacked(Path(sys.argv[1]).read_bytes())
found = measure({"n": 1}, np.random.default_rng(0))
print(found["big"], "cells" in sys.modules)
big = measure.func.__globals__["BIG"]
print(type(big).__name__, big.flags.writeable)
"""


@pytest.mark.parametrize("shared", [False, True])
def test_a_function_of_a_users_file_is_sent_with_what_it_names(tmp_path, shared):
    measure = functools.partial(good, folder=str(tmp_path))
    (tmp_path / "arrays").mkdir()
    parcel = packed(measure, tmp_path / "arrays" if shared else None)
    assert (len(parcel) > cells.BIG.nbytes) != shared
    (tmp_path / "parcel").write_bytes(parcel)
    ended = subprocess.run(
        [sys.executable, "-c", THERE, str(tmp_path / "parcel")],
        cwd=Path(cells.__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    kind = "memmap False" if shared else "ndarray True"
    assert ended.stdout.splitlines() == ["199999.0 False", kind]


def test_what_is_sent_twice_is_unpacked_once():
    parcel = packed(good)
    assert unpacked(bytes(parcel)) is unpacked(bytes(bytearray(parcel)))


@pytest.mark.errors
def test_what_cannot_be_sent_is_named(tmp_path):
    file = (tmp_path / "a").open("w")
    with file, pytest.raises(TypeError, match="measure cannot be sent to workers"):
        packed(lambda cell, rng: file.name)


# Time limits


def test_a_call_within_its_limit_returns_and_one_beyond_is_ended():
    assert limited(lambda: 3, 5.0) == 3
    with pytest.raises(ZeroDivisionError):
        limited(lambda: 1 / 0, 5.0)

    def endless():
        while True:
            try:
                np.sqrt(2.0)
            except Exception:  # noqa: BLE001, S112 - what a careless user writes
                continue

    start = time.monotonic()
    with pytest.raises(TimeLimitExceeded, match=r"took more than 0\.2 seconds"):
        limited(endless, 0.2)
    assert time.monotonic() - start < 20


def test_a_limit_that_comes_at_the_very_end_does_no_harm():
    """Whatever wins the race, nothing is raised outside."""
    ends = set()
    for k in range(200):
        seconds = 0.001 + k * 1e-6

        def call(seconds=seconds):
            end = time.perf_counter() + seconds
            while time.perf_counter() < end:
                pass
            return "done"

        try:
            ends.add(limited(call, 0.0011))
        except TimeLimitExceeded:
            ends.add("over")
    for _ in range(1000):
        pass
    assert ends <= {"done", "over"}


@pytest.mark.parametrize("numbered", [True, False])
def test_a_pool_is_killed_with_nothing_left_to_hand_out(numbered):
    """loky's thread ends with a KeyError if it finds a number of what was dropped."""

    class Pool:
        def shutdown(self, **options):
            self.options = options
            self.left = self._work_ids.qsize() if numbered else 0

    pool = Pool()
    if numbered:
        pool._work_ids = queue.Queue()
        for number in range(3):
            pool._work_ids.put(number)
    _kill(pool, wait=True)
    assert pool.options == {"wait": True, "kill_workers": True}
    assert pool.left == 0


def test_the_pool_of_this_joblib_has_such_numbers(tmp_path):
    made = study(good, tmp_path)
    executor = Processes(Work(made.name, made.measure, 0), 1, 1)
    pool = executor._slots[0].pool
    executor.close()
    assert isinstance(pool._work_ids, queue.Queue)
