"""Compiling: once a machine, anew when a source changes, and never at import."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

import geomadv_kernels
from geomadv_kernels.cpu import _jit

PACKAGE = Path(geomadv_kernels.__file__).parent

HELPER = """
from geomadv_kernels.cpu._jit import compiled

@compiled
def factor(x):
    return {factor} * x
"""
KERNEL = """
from geomadv_kernels.cpu._jit import compiled
from geomadv_kernels.cpu._helper import factor

@compiled
def kernel(x):
    return factor(x) + 1.0
"""
RUN = """
import sys
from numba.core import event
from geomadv_kernels.cpu import small
with event.install_recorder("numba:compile") as recorder:
    value = small.kernel(2.0)
print(value, len(recorder.buffer) > 0, getattr(small.kernel._cache, 'cache_path', None))
"""


@pytest.fixture
def package(tmp_path):
    """A copy of the compiling part of the package, with two kernels of its own."""
    folder = tmp_path / "geomadv_kernels" / "cpu"
    folder.mkdir(parents=True)
    for path in (folder.parent, folder):
        (path / "__init__.py").touch()
    (folder / "_jit.py").write_text((PACKAGE / "cpu" / "_jit.py").read_text("utf-8"))
    (folder / "_helper.py").write_text(HELPER.format(factor="10.0"))
    (folder / "small.py").write_text(KERNEL)
    return folder


def environment(package):
    kept = {name: value for name, value in os.environ.items() if "NUMBA" not in name}
    home = package.parent.parent
    return kept | {
        "PYTHONPATH": str(home),
        "HOME": str(home / "home"),
        "XDG_CACHE_HOME": str(home / "home"),
        "LOCALAPPDATA": str(home / "home"),
    }


def run(package):
    """Return the value, whether anything was compiled, and where it is kept."""
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        env=environment(package),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""  # a pipe is no terminal: nothing is announced
    value, compiled, place = done.stdout.split(maxsplit=2)
    return float(value), compiled == "True", Path(place.strip())


def test_a_kernel_is_compiled_once_and_anew_when_what_it_calls_changes(package):
    assert run(package)[:2] == (21.0, True)
    assert run(package)[:2] == (21.0, False)
    (package / "_helper.py").write_text(HELPER.format(factor="100.0"))
    assert run(package)[:2] == (201.0, True)
    assert run(package)[:2] == (201.0, False)


def test_a_package_that_cannot_be_written_uses_the_users_cache(package):
    (package / "__pycache__").write_text("in the way, as a read-only folder would be")
    _, compiled, place = run(package)
    assert compiled
    assert place.is_relative_to(package.parent.parent / "home")
    assert run(package)[1] is False


def test_where_no_folder_can_be_written_nothing_is_kept(package):
    (package / "__pycache__").write_text("in the way")
    (package.parent.parent / "home").write_text("in the way, too")
    value, compiled, place = run(package)
    assert (value, compiled, str(place)) == (21.0, True, "None")
    line = on_terminal(package)
    assert line.count("\n") == 1
    assert "for this process alone" in line
    assert "NUMBA_CACHE_DIR" in line


LOADED = """
import sys
from geomadv_kernels.cpu import small
value = small.kernel(2.0)
print(value, "numba.np.linalg" in sys.modules, *(small.kernel(x) for x in {more}))
"""


def test_what_was_kept_loads_without_what_compiling_needs_which_comes_when_asked(
    package,
):
    def printed(more):
        code = LOADED.format(more=more)
        command = [sys.executable, "-c", code]
        return subprocess.check_output(command, env=environment(package), text=True)

    assert printed([]) == "21.0 True\n"
    assert printed([1j, 3.0]) == "21.0 False (1+10j) 31.0\n"


def on_terminal(package):
    """Return what a run writes to a terminal."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", RUN],
        env=environment(package),
        stdout=subprocess.DEVNULL,
        stderr=follower,
    ):
        pass
    os.close(follower)
    written = b""
    try:
        while chunk := os.read(leader, 4096):
            written += chunk
    except OSError:  # the other end is closed
        pass
    os.close(leader)
    return written.decode()


def test_the_first_run_says_so_on_a_terminal_and_the_next_does_not(package):
    first = on_terminal(package)
    assert first.count("\n") == 1
    assert first.startswith("geomadv: compiling kernels for this machine, once;")
    assert str(package / "__pycache__") in first
    assert on_terminal(package) == ""


def test_importing_everything_compiles_nothing():
    modules = [
        f"geomadv_kernels.cpu.{path.stem}" for path in (PACKAGE / "cpu").glob("*.py")
    ]
    code = (
        "import importlib\n"
        "from numba.core import event\n"
        "with event.install_recorder('numba:compile') as recorder:\n"
        f"    for name in {modules!r}: importlib.import_module(name)\n"
        "assert not recorder.buffer\n"
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    subprocess.run(
        [sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONPATH": path}
    )


def test_the_stamp_follows_imports():
    names = [name for name, *_ in _jit._stamp("radius_count")]
    assert {"radius_count", "nearest", "_pairs"} <= set(names)
    assert "log_cap" not in names
