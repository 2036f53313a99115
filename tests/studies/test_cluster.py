"""A Dask scheduler and its workers, in processes of their own on this machine."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from cells import bad, good, marks, study

from geomadv.studies import Execution, StudyStore, run

pytest.importorskip("distributed")
pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
CELLS = 300


def begin(log, *arguments):
    """Start a program of Dask."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "kernels")])
    settings = {"PYTHONPATH": path, "DASK_DISTRIBUTED__ADMIN__LOG_LENGTH": "0"}
    with log.open("w") as file:
        return subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env={**os.environ, **settings},
            stdout=file,
            stderr=subprocess.STDOUT,
            cwd=log.parent,  # neither the tests nor simulations/ are importable there
        )


@pytest.fixture
def cluster(tmp_path):
    """Give the address of a scheduler, and its two workers."""
    file = tmp_path / "scheduler.json"
    quiet = ("--no-dashboard",)
    started = [
        begin(
            tmp_path / "scheduler.log",
            "distributed.cli.dask_scheduler",
            *("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)),
            *quiet,
        )
    ]
    try:
        deadline = time.monotonic() + 120
        while not file.exists():
            assert time.monotonic() < deadline, (tmp_path / "scheduler.log").read_text()
            time.sleep(0.1)
        time.sleep(0.2)
        address = json.loads(file.read_text())["address"]
        started += [
            begin(
                tmp_path / f"worker{k}.log",
                "distributed.cli.dask_worker",
                *(address, "--nthreads", "1", "--no-nanny", "--name", str(k)),
                *("--local-directory", str(tmp_path)),
                *quiet,
            )
            for k in range(2)
        ]
        yield address, started[1:]
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def test_a_cluster_gives_the_bytes_of_one_process_though_a_worker_is_killed(
    tmp_path, cluster
):
    address, workers = cluster
    there, here, two = (tmp_path / name for name in ("there", "here", "two"))
    for folder in (there, here, two):
        folder.mkdir()
    killed = []

    def kill(progress):
        busy = [p for p in workers if (there / f"marks-{p.pid}").exists()]
        if progress.done >= 100 and len(busy) == 2 and not killed:
            os.kill(workers[0].pid, signal.SIGKILL)
            killed.append(progress.done)

    result = run(
        study(good, there, cells=CELLS, seconds=0.02),
        out=there / "out",
        formats=(),
        store=there / "store",
        execution=Execution(cluster=address),
        on_progress=kill,
    )
    assert killed
    assert killed[0] < CELLS - 50
    assert not result.failed
    counts = marks(there)
    assert set(counts) == set(range(CELLS))
    assert max(counts.values()) <= 2
    assert workers[0].wait(10) == -signal.SIGKILL
    alone = run(study(good, here, cells=CELLS), out=here / "out", formats=())
    paired = run(
        study(good, two, cells=CELLS),
        out=two / "out",
        formats=(),
        store=two / "store",
        execution=Execution(workers=2),
    )
    assert result.csv.read_bytes() == alone.csv.read_bytes()
    assert paired.csv.read_bytes() == alone.csv.read_bytes()


def test_failures_on_a_cluster_cost_their_cell(tmp_path, cluster):
    """A client of one's own; the workers end what takes too long."""
    distributed = pytest.importorskip("distributed")
    for kind, message in (("raise", "ArithmeticError: five"), ("spin", "took more th")):
        folder = tmp_path / kind
        folder.mkdir()
        with distributed.Client(cluster[0], set_as_default=False) as client:
            result = run(
                study(bad, folder, cells=20, kind=kind),
                out=folder,
                formats=(),
                store=folder / "store",
                execution=Execution(cluster=client, retries=1, time_limit=1.0),
            )
            assert client.status == "running"
        (failure,) = result.failed
        assert message in failure.error
        assert failure.attempts == 2
        assert len(StudyStore(folder / "store").table().rows()) == 19


def test_a_scheduler_that_is_not_there_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "geomadv.studies._cluster.Cluster.__init__.__kwdefaults__", {"patience": 2.0}
    )
    with pytest.raises(ConnectionError, match="no Dask scheduler at tcp://127"):
        run(
            study(good, tmp_path, cells=2),
            out=tmp_path,
            formats=(),
            execution=Execution(cluster="tcp://127.0.0.1:9"),
        )
