"""Run a study, and kill its driver and its workers at random moments.

    python killer.py STORE MARKS SEED ALONE PAIRED WORKERS

A driver is a child process that resumes the study; it is killed (SIGKILL) ALONE times
where it measures by itself, some of them before it has, PAIRED times where it has two
workers, and WORKERS times one of its workers is. Then a last driver comes to the end of
the study. All lives are forked from this process, so that none must import anything
again.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
import cells

from geomadv.studies import Execution, Progress, run

CELLS = 5000


def drive(store, folder, workers, status):
    """Resume the study, in a child process; tell how far it is."""

    def tell(progress: Progress) -> None:
        os.pwrite(status, progress.done.to_bytes(4, "little"), 0)

    run(
        cells.study(cells.good, folder, cells=CELLS, seconds=0.0005),
        out=folder / "out",
        formats=(),
        store=store,
        execution=Execution(workers=workers),
        on_progress=tell,
    )


def main():
    store, folder = map(Path, sys.argv[1:3])
    seed, alone, paired, workers = map(int, sys.argv[3:])
    rng = random.Random(seed)  # noqa: S311
    lives = ["alone"] * alone + ["paired"] * paired
    rng.shuffle(lives)
    status = os.open(folder / "status", os.O_RDWR | os.O_CREAT)
    os.pwrite(status, bytes(4), 0)
    per_life = -(-workers // max(1, paired))
    killed = {"driver": 0, "worker": 0}
    for life in [*lives, "last"]:
        before = int.from_bytes(os.pread(status, 4, 0), "little")
        born = time.time()
        child = os.fork()
        if not child:
            drive(store, folder, 2 if life == "paired" else 1, status)
            os._exit(0)
        if life == "last":
            assert os.waitpid(child, 0)[1] == 0
            break
        if life == "paired" or rng.random() < 0.5:
            wait_for_progress(status, before, child)
        if life == "paired":
            for _ in range(min(per_life, workers - killed["worker"])):
                time.sleep(rng.uniform(0, 0.15))
                killed["worker"] += kill_worker(folder, child, born, rng)
        time.sleep(rng.uniform(0, 0.06))
        os.kill(child, signal.SIGKILL)
        assert os.waitpid(child, 0)[1] == signal.SIGKILL, "the study was too short"
        killed["driver"] += 1
    print(killed["driver"], killed["worker"])  # noqa: T201


def wait_for_progress(status, before, child):
    """Wait until the driver has recorded something new."""
    while int.from_bytes(os.pread(status, 4, 0), "little") <= before:
        assert os.waitpid(child, os.WNOHANG) == (0, 0), "the driver ended"
        time.sleep(0.002)


def kill_worker(folder, driver, born, rng):
    """Kill a worker of the driver that has measured something."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        pids = [
            int(path.name.removeprefix("marks-"))
            for path in folder.glob("marks-*")
            if path.stat().st_mtime >= born
        ]
        living = [pid for pid in pids if pid != driver and parent(pid) == driver]
        if living:
            os.kill(rng.choice(living), signal.SIGKILL)
            return True
        time.sleep(0.005)
    return False


def parent(pid):
    """Return the parent of a process; 0 if it has ended."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return 0
    state, ppid = text.rpartition(")")[2].split()[:2]
    return 0 if state == "Z" else int(ppid)


if __name__ == "__main__":
    main()
