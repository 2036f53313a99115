r"""The error rate of a suite, split over its tests and their decisions.

A suite of n tests gives each test the share a/n, and the k-th decision of a test spends
6/(pi^2 k^2) of that share. By the union bound a is the error rate of the suite,
whatever the order of the tests, the process in which each of them runs, and how many
decisions each of them takes. Pytest's plugin loads this module at every start, so it
loads nothing itself.
"""

from dataclasses import dataclass, field
from typing import Any

DEFAULT = 1e-6


@dataclass
class ErrorBudget:
    """What the decisions of a suite may spend.

    Parameters
    ----------
    error_rate : float
        Probability, in (0, 1), that any decision of the suite is wrong.
    tests : int
        How many tests share it.

    Examples
    --------
    >>> budget = ErrorBudget(0.01, tests=10)
    >>> budget.begin("first")
    >>> [round(budget.spend(), 6) for _ in range(2)]
    [0.000608, 0.000152]
    """

    error_rate: float = DEFAULT
    tests: int = 1
    _test: str = field(default="", repr=False)
    _spent: dict[str, int] = field(default_factory=dict, repr=False)

    @property
    def decided(self) -> bool:
        """Whether anything was spent."""
        return bool(self._spent)

    def share(self) -> float:
        """Return what one test may spend.

        Returns
        -------
        float

        Raises
        ------
        ValueError
            If the error rate or the number of tests is out of range.
        """
        from geomadv.stats import split_error_rate

        return split_error_rate(self.error_rate, self.tests)

    def begin(self, test: str) -> None:
        """Say which test the next decisions belong to.

        Parameters
        ----------
        test : str
            Its name; a test that runs twice goes on spending.
        """
        self._test = test

    def spend(self) -> float:
        """Return the error rate of the next decision.

        Returns
        -------
        float
        """
        from geomadv.stats import spend_error_rate

        count = self._spent[self._test] = self._spent.get(self._test, 0) + 1
        return spend_error_rate(self.share(), count)


@dataclass
class Suite:
    """The suite that runs: its budget, and what its claims came to."""

    budget: ErrorBudget
    records: list[dict[str, Any]] = field(default_factory=list)


_suites: list[Suite] = []


def running() -> Suite | None:
    """Return the suite that runs, if pytest runs one."""
    return _suites[-1] if _suites else None


def enter(suite: Suite) -> None:
    """Make a suite the one that runs."""
    _suites.append(suite)


def leave() -> None:
    """End the suite that was entered last."""
    _suites.pop()
