"""The pytest plugin: the error rate of a suite, and what its claims came to.

pytest loads it by its entry point. ``--geomadv-error-rate`` sets the probability that
any decision of `assert_statistically` in the whole run is wrong; it is split over the
tests that were collected, which every process of pytest-xdist knows alike. A fixture
spends the share of the test that it is set up for; what is decided while tests are
collected spends a hundredth of the rate, and the tests the rest. The summary lists each
claim with its evidence, its slack and its twin, as it came out worst.
"""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from geomadv.testing import _budget

_KEY = "geomadv claim"
_OUTSIDE = 0.01
_COLUMNS = ("id", "evidence", "verdict", "slack", "twin")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("geomadv", "claims of geomadv")
    group.addoption(
        "--geomadv-error-rate",
        type=float,
        default=_budget.DEFAULT,
        metavar="RATE",
        help="Probability that any statistical decision of the suite is wrong.",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin a suite, with what it may spend before there are tests."""
    rate = config.getoption("--geomadv-error-rate")
    if not 0 < rate < 1:
        raise pytest.UsageError(f"--geomadv-error-rate must lie in (0, 1), got {rate}")
    _budget.enter(_budget.Suite(_budget.ErrorBudget(_OUTSIDE * rate)))


def pytest_unconfigure() -> None:
    """End the suite."""
    if _budget.running() is not None:
        _budget.leave()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Split the error rate, or what is left of it, over the tests."""
    suite = _budget.running()
    if suite is not None:
        rate = session.config.getoption("--geomadv-error-rate")
        left = rate * (1 - _OUTSIDE) if suite.budget.decided else rate
        suite.budget = _budget.ErrorBudget(left, max(1, len(session.items)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let a test and its fixtures spend its share."""
    suite = _budget.running()
    if suite is not None:
        suite.budget.begin(item.nodeid)
        suite.records.clear()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Iterator[None]:
    """Keep what the claims of a test's fixtures came to."""
    with _kept(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Keep what the claims of a test came to."""
    with _kept(item):
        return (yield)


@contextlib.contextmanager
def _kept(item: pytest.Item) -> Iterator[None]:
    try:
        yield
    finally:
        suite = _budget.running()
        if suite is not None:
            item.user_properties.extend((_KEY, entry) for entry in suite.records)
            suite.records.clear()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """List the claims of the suite."""
    found: dict[str, dict[str, Any]] = {}
    own: dict[tuple[str, int], float] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            properties = getattr(report, "user_properties", ())
            for place, (key, entry) in enumerate(properties):
                if key != _KEY:
                    continue
                known = found.get(entry["id"], entry)
                found[entry["id"]] = max(known, entry, key=_concern)
                if entry["own_rate"]:  # a report of each phase repeats it
                    own[report.nodeid, place] = entry["error_rate"]
    if not found:
        return
    terminalreporter.section("geomadv claims")
    rows = [{name: name for name in _COLUMNS}, *found.values()]
    widths = [max(len(row[name]) for row in rows) for name in _COLUMNS]
    for row in rows:
        cells = (row[n].ljust(w) for n, w in zip(_COLUMNS, widths, strict=True))
        terminalreporter.write_line("  ".join(cells).rstrip())
    rate = config.getoption("--geomadv-error-rate")
    line = f"error rate of the suite at most {rate:g}"
    if own:
        line += (
            f", and {sum(own.values()):g} by error rates that tests state themselves"
        )
    terminalreporter.write_line(line)


def _concern(entry: dict[str, Any]) -> tuple[bool, ...]:
    """Order what a claim came to in several tests: the worst is shown."""
    undecided = entry["verdict"] == "INCONCLUSIVE"
    return entry["contradicted"], undecided, not entry["power"]
