"""What the engine does with batches that come back in part or not at all."""

import numpy as np
import pytest

from geomadv.studies import Execution, Study
from geomadv.studies import _engine as engine
from geomadv.studies._executors import Finished
from geomadv.studies._layout import layout_of
from geomadv.studies._work import Outcome, Work


def measure(cell, _):
    return {"x": float(cell["n"])}


class Scripted:
    """An executor that loses what it is told to, and measures the rest."""

    batch_seconds, slots = 1.0, 2

    def __init__(self, lose, seconds=0.1):
        self.lose, self.seconds = lose, seconds
        self.waiting, self.given, self.closed = [], [], False

    def start(self, batch):
        self.waiting.append(batch)
        self.given.append([task.position for task in batch.tasks])

    def finished(self, _):
        batch = self.waiting.pop()  # the last first: in no order
        blamed = self.lose(self.given, [task.position for task in batch.tasks])
        if blamed is not None:
            return [Finished(batch, None, "the worker died: why", blamed)]
        outcomes = [
            Outcome(task.position, self.seconds, {"x": float(task.cell["n"])})
            for task in batch.tasks
        ]
        return [Finished(batch, outcomes)]

    def close(self):
        self.closed = True


class Kept:
    def __init__(self):
        self.numbers, self.failures = {}, {}

    def measured(self, outcomes):
        for outcome in outcomes:
            assert outcome.position not in self.numbers
            self.numbers[outcome.position] = outcome.numbers["x"]

    def failed(self, outcome, attempts):
        self.failures[outcome.position] = (attempts, outcome.error)


def engine_run(monkeypatch, lose, *, cells=200, retries=1, missing=None, **options):
    study = Study(
        name="toy",
        question="?",
        expected="",
        cost="",
        grid={"n": tuple(range(cells))},
        measure=measure,
    )
    executor, kept = Scripted(lose, **options), Kept()
    monkeypatch.setattr(engine, "_executor", lambda *_, **__: executor)
    layout = layout_of(study, 0)
    try:
        engine.compute(
            Work("toy", measure, 0),
            layout,
            np.arange(cells) if missing is None else np.array(missing, np.int64),
            Execution(retries=retries),
            kept,
            catching=True,
        )
    finally:
        assert executor.closed or (missing is not None and not len(missing))
    return executor, kept


def never(*_):
    return None


def test_what_is_missing_is_measured_once_in_batches_that_fit(monkeypatch):
    executor, kept = engine_run(monkeypatch, never, cells=1000)
    assert kept.numbers == {n: float(n) for n in range(1000)}
    sizes = [len(batch) for batch in executor.given]
    assert sizes[0] == sizes[-1] == 1
    assert max(sizes) == 10  # ten of a tenth of a second
    growing = sizes[: sizes.index(10) + 1]
    assert all(b <= 4 * max(growing[:k]) for k, b in enumerate(growing) if k)
    assert [k for batch in executor.given for k in batch] == list(range(1000))


def test_nothing_missing_starts_nothing(monkeypatch):
    executor, kept = engine_run(monkeypatch, never, missing=[])
    assert executor.given == []
    assert kept.numbers == {}


def test_only_what_is_missing_goes_out(monkeypatch):
    _, kept = engine_run(monkeypatch, never, missing=[3, 7, 150])
    assert kept.numbers == {3: 3.0, 7: 7.0, 150: 150.0}


def test_a_lost_batch_goes_out_again_one_by_one_and_costs_no_attempt(monkeypatch):
    def lose(_, positions):
        return True if 100 in positions and len(positions) > 1 else None

    executor, kept = engine_run(monkeypatch, lose, retries=0)
    (lost,) = (batch for batch in executor.given if 100 in batch and len(batch) > 1)
    assert all([position] in executor.given for position in lost)
    assert kept.failures == {}
    assert kept.numbers == {n: float(n) for n in range(200)}


def test_a_task_that_kills_its_worker_fails_alone_after_its_retries(monkeypatch):
    def lose(_, positions):
        return True if 100 in positions else None

    executor, kept = engine_run(monkeypatch, lose, retries=2)
    assert kept.failures == {100: (3, "the worker died: why")}
    assert executor.given.count([100]) == 3
    assert kept.numbers == {n: float(n) for n in range(200) if n != 100}


def test_a_task_that_waited_at_a_dead_worker_is_not_blamed(monkeypatch):
    def lose(given, positions):
        return False if positions == [0] and given.count([0]) < 5 else None

    executor, kept = engine_run(monkeypatch, lose, retries=0)
    assert executor.given.count([0]) == 5
    assert kept.failures == {}
    assert len(kept.numbers) == 200


def test_workers_that_never_measure_anything_end_the_run(monkeypatch):
    with pytest.raises(RuntimeError, match="no worker lives for long: the worker died"):
        engine_run(monkeypatch, lambda *_: True, retries=5)


def test_workers_that_live_go_on_after_any_number_of_cells_that_kill_them(monkeypatch):
    def lose(_, positions):
        return True if any(n >= 50 for n in positions) else None

    executor, kept = engine_run(monkeypatch, lose, retries=0)
    lost = [batch for batch in executor.given if any(n >= 50 for n in batch)]
    assert executor.given.count([]) == len(lost) // (20 * executor.slots)
    assert set(kept.failures) == set(range(50, 200))
    assert set(kept.numbers) == set(range(50))


def test_an_empty_batch_that_only_waited_goes_out_again(monkeypatch):
    def lose(given, positions):
        if positions:
            return True
        return False if given.count([]) < 3 else None

    executor, kept = engine_run(monkeypatch, lose, cells=60, retries=0)
    assert executor.given.count([]) >= 3
    assert len(kept.failures) == 60


def test_many_losses_between_cells_that_are_measured_are_no_end(monkeypatch):
    def lose(_, positions):
        return True if positions[0] % 2 else None

    _, kept = engine_run(monkeypatch, lose, retries=0, seconds=10.0)
    assert len(kept.failures) == len(kept.numbers) == 100
