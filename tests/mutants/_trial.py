"""One mutant on trial: its module's tests, in a copy of the tree."""

import contextlib
import json
import multiprocessing
import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.mutants._sites import Mutant

COPIED = ("geomadv", "kernels", "simulations", "tests", "pyproject.toml")
LIMIT = 300.0  # seconds for the tests of one module

# What takes long to import, and is the same with every mutant: imported once.
PRELOADED = (
    *("clarabel", "flint", "mpmath", "numba", "numpy", "pytest", "scipy.integrate"),
    *("scipy.optimize", "scipy.spatial", "scipy.special", "scipy.stats"),
    *("sklearn.neighbors", "sklearn.svm", "sklearn.linear_model", "sympy"),
)


@dataclass(frozen=True)
class Outcome:
    """What the tests said.

    `result` is "caught", "survived" or "broken": the tests fail, or take too long,
    without the mutant too. `by` is the first test that failed.
    """

    result: str
    by: str
    seconds: float


class Copy:
    """A copy of the tree, in which one mutant stands at a time.

    Parameters
    ----------
    root : Path
        The tree.
    folder : Path
        Where the copy goes; made anew if it is there.
    limit : float
        Seconds after which tests count as hanging.
    """

    def __init__(self, root: Path, folder: Path, limit: float = LIMIT) -> None:
        self.root = folder / "tree"
        self.limit = limit
        self._cache = folder / "cache"
        self._log = folder / "log.txt"
        shutil.rmtree(folder, ignore_errors=True)
        self.root.mkdir(parents=True)
        for name in COPIED:
            if (root / name).is_dir():
                shutil.copytree(root / name, self.root / name)
            elif (root / name).exists():
                shutil.copy2(root / name, self.root / name)

    def judge(self, mutant: Mutant, tests: list[str], first: str = "") -> Outcome:
        """Return what a module's tests say of a mutant; one of them is asked first."""
        start = time.monotonic()
        alone = ["--doctest-modules", first]
        if first and self._with(mutant, alone) == 1 and self._pytest(alone) == 0:
            return Outcome("caught", first, round(time.monotonic() - start, 1))
        code = self._with(mutant, tests)
        seconds = round(time.monotonic() - start, 1)
        if code == 0:
            return Outcome("survived", "", seconds)
        failed = self._cache / "v" / "cache" / "lastfailed"
        by, again = "", list(tests)
        if code is None:
            by = f"nothing within {self.limit:g} s"
        elif failed.exists() and (names := list(json.loads(failed.read_text()))):
            by = names[0]
            # A file alone is one that could not be read.
            again += ["--last-failed"] if "::" in by else ["--collect-only"]
        else:
            by = f"pytest ends with {code}"
        # What fails without the error as well has not seen it.
        return Outcome("caught" if self._pytest(again) == 0 else "broken", by, seconds)

    def _with(self, mutant: Mutant, tests: list[str]) -> int | None:
        """Run tests while a mutant stands."""
        path = self.root / mutant.module
        source = path.read_text(encoding="utf-8")
        shutil.rmtree(self._cache, ignore_errors=True)
        try:
            self._write(path, mutant.apply(source))
            return self._pytest(tests)
        finally:
            self._write(path, source)

    def _write(self, path: Path, text: str) -> None:
        # Byte code is told from stale one by second and size: too coarse here.
        for compiled in (path.parent / "__pycache__").glob(f"{path.stem}.*"):
            compiled.unlink()
        path.write_text(text, encoding="utf-8")

    def _pytest(self, arguments: list[str]) -> int | None:
        # Of a module itself the examples are run, not a function named like a test.
        options = [f"cache_dir={self._cache}", "python_functions=test_*"]
        command = ["-x", "-q", *(f"--override-ini={o}" for o in options), *arguments]
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(PRELOADED))
        process = context.Process(
            target=_child, args=(self.root, self._log, command), daemon=False
        )
        process.start()
        try:
            process.join(self.limit)
            return process.exitcode
        finally:
            assert process.pid is not None
            # What the tests have started ends with them.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.join()


def _child(root: Path, log: Path, command: list[str]) -> None:
    """Run pytest in a tree, with the modules of that tree."""
    os.setsid()
    with log.open("wb") as file, Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    paths = [str(root), str(root / "kernels")]
    os.environ.update(
        CI="true",  # the same examples in every run
        GEOMADV_EXAMPLES=os.environ.get("GEOMADV_EXAMPLES", "10"),
        PYTHONPATH=os.pathsep.join(paths),
    )
    os.chdir(root)
    here = str(Path(__file__).parents[2])
    sys.path[:] = [*paths, *(p for p in sys.path if p not in ("", here))]
    for name in list(sys.modules):
        if name.partition(".")[0] in ("tests", "geomadv", "geomadv_kernels"):
            del sys.modules[name]
    import pytest

    code = int(pytest.main(command))
    sys.stdout.flush()
    os._exit(code)
