"""What all tests share: Hypothesis's settings, and the parts that need more.

A test marked `gpu`, `mnist` or `browser` runs where that is at hand and is skipped
elsewhere. The last section of pytest's summary says which of them ran.
"""

import functools
import importlib.util
import os
import shutil
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import flint
import mpmath
import numpy as np
import pytest
from hypothesis import HealthCheck, settings

import geomadv

os.environ.setdefault("MPLBACKEND", "Agg")  # figures need no screen

# The time that a test takes on a shared machine says nothing about the code. In CI the
# examples are the same in every run; elsewhere every run looks at new ones. Under the
# shape checker a few of them do.
settings.register_profile(
    "geomadv",
    deadline=None,
    derandomize="CI" in os.environ,
    max_examples=int(os.environ.get("GEOMADV_EXAMPLES", "100")),
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("geomadv")


@pytest.fixture(autouse=True)
def precision() -> Iterator[None]:
    """Give each test 60 digits and 160 bits, and leave none to the next one."""
    bits, flint.ctx.prec = flint.ctx.prec, 160
    with mpmath.workdps(60):
        yield
    flint.ctx.prec = bits


@pytest.fixture(autouse=True)
def draws(request: pytest.FixtureRequest) -> None:
    """Start the generator of a file anew: no test depends on those before it."""
    module = request.node.getparent(pytest.Module)
    if module is not None and hasattr(module.obj, "RNG"):
        module.obj.RNG = np.random.default_rng(0)


def _no_gpu() -> str:
    try:
        with warnings.catch_warnings(action="ignore"):
            import cupy

            cupy.cuda.runtime.getDeviceCount()
    except ImportError:
        return "CuPy is not installed"
    except Exception as error:  # noqa: BLE001 - whatever CUDA says, there is no device
        return f"no CUDA device: {error}"
    return ""


def _no_cupy() -> str:
    with warnings.catch_warnings(action="ignore"):
        try:
            import cupy  # noqa: F401
        except ImportError:
            return "CuPy is not installed"
    return ""


def _no_nvrtc() -> str:
    spec = importlib.util.find_spec("nvidia")
    places = [] if spec is None else list(spec.submodule_search_locations or ())
    found = [
        *(f for place in places for f in Path(place).glob("cuda_nvrtc/lib/*nvrtc*"))
    ]
    return "" if found else "nvidia-cuda-nvrtc-cu12 is not installed"


def _no_mnist() -> str:
    from geomadv.data import DataUnavailableError, load_mnist

    try:
        load_mnist(download=False)
    except DataUnavailableError:
        return "no mnist.npz in GEOMADV_DATA or the cache"
    return ""


def _no_browser() -> str:
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return "" if any(map(shutil.which, names)) else f"none of {', '.join(names)}"


# Marker: what it is called in the summary, and why it is not there ("" where it is).
OPTIONAL: dict[str, tuple[str, Callable[[], str]]] = {
    "gpu": ("GPU", functools.cache(_no_gpu)),
    "nvrtc": ("NVRTC", functools.cache(_no_nvrtc)),
    "cupy": ("CuPy's names", functools.cache(_no_cupy)),
    "mnist": ("MNIST", functools.cache(_no_mnist)),
    "browser": ("browser", functools.cache(_no_browser)),
}


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker, (_, missing) in OPTIONAL.items():
        if item.get_closest_marker(marker):
            item.user_properties.append(("part", marker))
            if reason := missing():
                pytest.skip(reason)


def pytest_report_header() -> str:
    return f"geomadv {geomadv.__version__} from {Path(geomadv.__file__).parent}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    terminalreporter.section("optional parts")
    outcomes = terminalreporter.stats
    for marker, (name, _) in OPTIONAL.items():
        ran, skipped = (
            [
                report
                for outcome in kinds
                for report in outcomes.get(outcome, ())
                if ("part", marker)
                in map(tuple, getattr(report, "user_properties", ()))
            ]
            for kinds in (("passed", "failed", "error"), ("skipped",))
        )
        parts = [f"{len(ran)} ran"] if ran else []
        if skipped:
            reasons = {
                report.longrepr[2].removeprefix("Skipped: ") for report in skipped
            }
            parts.append(f"{len(skipped)} skipped ({'; '.join(sorted(reasons))})")
        terminalreporter.write_line(f"{name}: {', '.join(parts) or 'no test selected'}")
