"""Several processes change no number, keep the order, and end with the program."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geomadv.claims import verify
from geomadv.claims._verify import Settings
from geomadv.cli import _workers as workers
from geomadv.theories import find

Run = Callable[..., Any]
SELECTED = ["shafahi2018.cube-tail", "ford2019", "fawzi2018.many-classes"]


def _without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_seconds(v) for k, v in value.items() if k != "seconds"}
    return [_without_seconds(v) for v in value] if isinstance(value, list) else value


def test_numbers_and_order_are_the_same_with_any_number_of_workers(
    run: Run, tmp_path: Path
) -> None:
    documents = []
    for number in (1, 2):
        path = tmp_path / f"{number}.json"
        ended = run("verify", *SELECTED, "--workers", number, "--json", path)
        assert ended.code == 0
        documents.append(_without_seconds(json.loads(path.read_text("utf-8"))))
    assert documents[0] == documents[1]
    assert len(documents[0]["claims"]) > 3


@pytest.mark.usefixtures("claims")
def test_claims_that_workers_do_not_know_are_judged_here(
    run: Run, tmp_path: Path
) -> None:
    draft = tmp_path / "draft.py"
    draft.write_text(
        "from geomadv.claims import claim, Integers\n"
        "@claim(source='x', domain=dict(d=Integers(1, 9)), twin=0.5)\n"
        "def small(d):\n    return d / 9 <= 1\n",
        encoding="utf-8",
    )
    ended = run("verify", draft, "--workers", 2)
    assert ended.code == 0
    assert "draft.small" in ended.out


def test_what_a_dead_worker_leaves_is_judged_here(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class TerminatedWorkerError(Exception):
        pass

    class Future:
        def exception(self) -> Exception:
            return TerminatedWorkerError()

    class Pool:
        def submit(self, *_: Any) -> Future:
            return Future()

    monkeypatch.setattr(workers, "_pool", lambda number: Pool())
    monkeypatch.setattr("concurrent.futures.as_completed", list)
    monkeypatch.setattr("geomadv.studies._executors._kill", lambda pool, wait: None)
    claims = find(["ford2019"])
    settings = Settings(1e-9, 0, 1000, thorough=False)
    found = dict(workers.in_processes(claims, settings, lambda claim: None, 2))
    assert sorted(found) == list(range(len(claims)))


@pytest.mark.parametrize(("claims", "cores", "number"), [
    (289, 2, 2), (289, 64, 7), (39, 8, 1), (80, 8, 2), (1, 1, 1),
])  # fmt: skip
def test_a_worker_must_be_worth_its_start(
    monkeypatch: pytest.MonkeyPatch, claims: int, cores: int, number: int
) -> None:
    monkeypatch.setattr(workers, "available_cores", lambda: cores)
    assert workers.workers_for(claims) == number


def test_judging_may_end_in_any_order() -> None:
    claims = find(["ford2019"])

    def backwards(selected: Any, settings: Settings) -> Any:
        from geomadv.claims._verify import judged

        for position in reversed(range(len(selected))):
            yield position, judged(selected[position], settings)

    report = verify(claims, judging=backwards)
    assert [result.claim for result in report.results] == list(claims)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc")
def test_ctrl_c_ends_the_workers_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "geomadv", "verify", "--workers", "2"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        cwd=tmp_path,
    ) as process:
        deadline = time.monotonic() + 120
        while len(_members(process.pid)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(_members(process.pid)) >= 3
        os.kill(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.decode().splitlines()[-1].startswith("Interrupted")
    assert b"Traceback" not in err
    deadline = time.monotonic() + 30
    while _members(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _members(process.pid)


def _members(session: int) -> list[int]:
    """Return the processes of a session that are alive."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found
