"""Run a file's check on the emulated device: a process for what may crash or not end.

``python trial.py FILE SANITIZER [MUTANT]`` loads ``mutants_FILE.py`` and ends with one
of `PASSED`, `FAILED`, `UNUSABLE` (the mutant does not apply exactly once, or does not
compile), or with whatever the sanitizer or the operating system makes of it.
"""

import importlib.util
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent
PASSED, FAILED, UNUSABLE = 0, 10, 11
SCHEDULES = (("forward", 0), ("reversed", 0), ("shuffled", 0), ("shuffled", 1))


class UnusableError(Exception):
    """A mutant that does not apply."""


def load(path: Path, name: str) -> ModuleType:
    """Import a file."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def main(file: str, sanitizer: str, mutant: str = "") -> int:
    """Check the file in all orders of the threads."""
    cupy = load(HERE / "fake_cupy.py", "cupy")
    table = load(HERE.parent / f"mutants_{file}.py", f"mutants_{file}")

    def edit(code: str) -> str:
        if not mutant or f'#line 1 "{file}.cu"' not in code:
            return code
        old, new = table.MUTANTS[mutant][:2]
        if code.count(old) != 1:
            raise UnusableError(f"{code.count(old)} places for {mutant!r}")
        return code.replace(old, new)

    schedules = SCHEDULES[::2] if sanitizer else SCHEDULES
    os.environ["CUPY_CACHE_DIR"] = os.devnull  # nothing is kept
    try:
        for order, seed in schedules:
            with cupy.running(
                order=order,
                seed=seed,
                sanitizer=sanitizer or None,
                optimise="-O1",
                edit=edit,
            ):
                table.check(cupy)
    except (UnusableError, cupy.loader.CompilationError):
        traceback.print_exc()
        return UNUSABLE
    except Exception:  # noqa: BLE001 - whatever it is, it was noticed
        traceback.print_exc()
        return FAILED
    return PASSED


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
