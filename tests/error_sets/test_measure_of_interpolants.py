"""The interval of the measure of the errors, for classifiers that were fitted."""

import numpy as np
import pytest

from geomadv.classifiers import SimplicialInterpolant
from geomadv.data import NoisyLabels
from geomadv.error_sets import Bracket, PiecewiseRule, measure, simplicial_flips
from geomadv.spaces import Cube

RUNS = 200


def run(seed: int, error_rate: float) -> tuple[float, Bracket]:
    """Return the exact measure, from the flips of the rule, and an interval."""
    X, y = NoisyLabels.constant_noise(Cube(1), 1, 0.2).sample(30, seed)
    flips = simplicial_flips(X[:, 0], y)
    first = y[X[:, 0].argmin()]
    rule = PiecewiseRule(flips, first * (-1.0) ** np.arange(len(flips) + 1))
    exact = measure(rule, PiecewiseRule([], [1]), "cube").lower
    model = SimplicialInterpolant().fit(X, y)
    fresh = np.random.default_rng([seed, 1])
    return exact, measure(model, 1, Cube(1), rng=fresh, n=200, error_rate=error_rate)


@pytest.mark.parametrize("error_rate", [0.1, 0.05])
def test_intervals_contain_the_exact_value_in_their_nominal_share(error_rate):
    runs = [run(seed, error_rate) for seed in range(RUNS)]
    hits = sum(exact in found for exact, found in runs)
    assert hits >= (1 - error_rate) * RUNS
    # They are as wide as they have to be, and would miss a share that is wrong.
    assert max(found.width for _, found in runs) < 0.16
    assert sum(exact + 0.15 in found for exact, found in runs) < RUNS / 20
