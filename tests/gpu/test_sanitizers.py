"""The emulated kernels under g++'s sanitizers: no bad access, and no race."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

FILES = sorted(
    path.stem.removeprefix("mutants_")
    for path in Path(__file__).parent.glob("mutants_*")
)


@pytest.mark.parametrize("sanitizer", ["address", "thread"])
@pytest.mark.parametrize("file", FILES)
def test_a_sanitizer_finds_nothing(
    file: str,
    sanitizer: str,
    trial: Callable[..., "subprocess.CompletedProcess[str]"],
) -> None:
    done = trial(file, sanitizer)
    assert done.returncode == 0, done.stderr
