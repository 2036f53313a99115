from collections.abc import Callable

import pytest
from scipy import stats

FALSE_ALARM = 1e-6


@pytest.fixture
def at_most() -> Callable[[int, int, float], bool]:
    """Whether so many failures are compatible with a failure rate of at most `rate`."""

    def compatible(failures: int, runs: int, rate: float) -> bool:
        return bool(stats.binom.sf(failures - 1, runs, rate) >= FALSE_ALARM)

    return compatible


@pytest.fixture
def at_least() -> Callable[[int, int, float], bool]:
    """Whether so few failures are compatible with a failure rate of at least `rate`."""

    def compatible(failures: int, runs: int, rate: float) -> bool:
        return bool(stats.binom.cdf(failures, runs, rate) >= FALSE_ALARM)

    return compatible
