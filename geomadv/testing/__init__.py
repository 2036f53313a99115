"""Assertions for bounds of your own; strategies are in `geomadv.testing.strategies`.

The strategies need Hypothesis, which the extra ``testing`` brings.
"""

from geomadv.testing._assertions import assert_bound as assert_bound
from geomadv.testing._assertions import assert_statistically as assert_statistically
from geomadv.testing._budget import ErrorBudget as ErrorBudget

__all__ = ["ErrorBudget", "assert_bound", "assert_statistically"]
