"""Branch and bound against the enumeration of all choices."""

import itertools

import numpy as np

from geomadv.perturbations._best_first import best_first


def knapsack(costs, values, want, budget):
    """Return the least cost of a choice with enough value, and the bound left."""
    best, cut = np.inf, 0

    def branches(bound, chosen):
        nonlocal best, cut
        cut += 1
        if values[list(chosen)].sum() >= want:
            best = min(best, bound)
            return []
        start = max(chosen, default=-1) + 1
        return [(bound + costs[k], (*chosen, k)) for k in range(start, len(costs))]

    left = best_first([(0.0, ())], branches, lambda: best, lambda: cut >= budget)
    return best, left


def test_the_least_is_found_and_no_lower_bound_is_left():
    rng = np.random.default_rng(0)
    for _ in range(20):
        costs, values = rng.random(7), rng.random(7)
        want = 0.6 * values.sum()
        sums = [
            costs[list(some)].sum()
            for size in range(8)
            for some in itertools.combinations(range(7), size)
            if values[list(some)].sum() >= want
        ]
        best, left = knapsack(costs, values, want, 10**6)
        assert np.isclose(best, min(sums))
        assert left >= best


def test_what_is_left_of_a_budget_bounds_the_least():
    rng = np.random.default_rng(1)
    costs, values = rng.random(9), rng.random(9)
    want = 0.7 * values.sum()
    least, _ = knapsack(costs, values, want, 10**6)
    best, left = knapsack(costs, values, want, 12)
    assert best == np.inf
    assert 0 < left <= least
