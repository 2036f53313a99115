"""The pytest plugin: the error rate of a suite, and what its claims came to.

pytest loads it by its entry point. ``--geomadv-error-rate`` sets the probability that
any decision of `assert_statistically` in the whole run is wrong; it is split over the
tests that were collected, which every process of pytest-xdist knows alike. The summary
lists each claim with its evidence, its slack and its twin.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from geomadv.testing import _budget

_KEY = "geomadv claim"
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
    """Begin a suite, with what it may spend."""
    rate = config.getoption("--geomadv-error-rate")
    if not 0 < rate < 1:
        raise pytest.UsageError(f"--geomadv-error-rate must lie in (0, 1), got {rate}")
    _budget.enter(_budget.Suite(_budget.ErrorBudget(rate)))


def pytest_unconfigure() -> None:
    """End the suite."""
    if _budget.running() is not None:
        _budget.leave()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Split the error rate over the tests."""
    suite = _budget.running()
    if suite is not None:
        rate = suite.budget.error_rate
        suite.budget = _budget.ErrorBudget(rate, max(1, len(session.items)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """Let a test spend its share, and keep what its claims came to."""
    suite = _budget.running()
    if suite is None:
        return (yield)
    suite.budget.begin(item.nodeid)
    suite.records.clear()
    try:
        return (yield)
    finally:
        item.user_properties.extend((_KEY, entry) for entry in suite.records)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """List the claims of the suite."""
    found: dict[str, dict[str, Any]] = {}
    for reports in terminalreporter.stats.values():
        for report in reports:
            for key, entry in getattr(report, "user_properties", ()):
                if key == _KEY and getattr(report, "when", "") == "call":
                    found[entry["id"]] = entry
    if not found:
        return
    terminalreporter.section("geomadv claims")
    rows = [{name: name for name in _COLUMNS}, *found.values()]
    widths = [max(len(row[name]) for row in rows) for name in _COLUMNS]
    for row in rows:
        cells = (row[n].ljust(w) for n, w in zip(_COLUMNS, widths, strict=True))
        terminalreporter.write_line("  ".join(cells).rstrip())
    rate = config.getoption("--geomadv-error-rate")
    terminalreporter.write_line(f"error rate of the suite at most {rate:g}")
