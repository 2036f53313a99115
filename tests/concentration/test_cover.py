import itertools

import numpy as np
import pytest
from scipy import sparse

from geomadv.concentration._cover import greedy_cover, members


def problem(seed, n=60, m=12, density=0.1):
    """Return random sets, and larger ones that contain them."""
    rng = np.random.default_rng(seed)
    inside = rng.random((n, m)) < density
    near = inside | (rng.random((n, m)) < 0.1)
    return inside, near


def sets(array):
    return sparse.csc_array(array.astype(np.int8))


@pytest.mark.parametrize(("density", "wanted"), [(0.1, 12), (0.3, 50)])
@pytest.mark.parametrize("seed", range(8))
def test_a_cover_holds_what_is_wanted_and_is_greedy(seed, density, wanted):
    inside, near = problem(seed, density=density)
    chosen = greedy_cover(sets(inside), sets(near), wanted, at_most=12)
    covered = np.zeros(60, dtype=bool)
    grown = np.zeros(60, dtype=bool)
    for c in chosen:  # every step is the best by brute force
        left = wanted - covered.sum()
        gain = (inside & ~covered[:, None]).sum(axis=0)
        cost = (near & ~grown[:, None]).sum(axis=0)
        allowed = (gain >= 1) & (gain <= max(1.25 * left, left + 1))
        ratio = np.where(allowed, cost / np.maximum(gain, 1), np.inf)
        assert ratio[c] == ratio.min()
        covered |= inside[:, c]
        grown |= near[:, c]
    left = wanted - covered.sum()
    if left > 0:  # then nothing that may be taken is left
        gain = (inside & ~covered[:, None]).sum(axis=0)
        assert not ((gain >= 1) & (gain <= max(1.25 * left, left + 1))).any()


@pytest.mark.parametrize("seed", range(4))
def test_a_cover_is_seldom_far_from_the_best_one(seed):
    inside, near = problem(seed)
    chosen = greedy_cover(sets(inside), sets(near), 10, at_most=12)
    grown = near[:, chosen].any(axis=1).sum()
    best = min(
        near[:, list(c)].any(axis=1).sum()
        for k in (1, 2, 3)
        for c in itertools.combinations(range(12), k)
        if inside[:, list(c)].any(axis=1).sum() >= 10
    )
    assert best <= grown <= 1.5 * best


def test_a_bounded_number_of_sets_takes_large_ones():
    inside, near = problem(1)
    chosen = greedy_cover(sets(inside), sets(near), 9, at_most=2)
    assert 0 < len(chosen) <= 2
    assert inside[:, chosen].any(axis=1).sum() >= 9
    assert greedy_cover(sets(inside), sets(near), 50, at_most=2) == []
    assert greedy_cover(sets(inside), sets(near), 0, at_most=2) == []


def test_members_are_the_rows_of_a_column():
    inside, _ = problem(2)
    for c in range(12):
        assert (
            members(sets(inside), c).tolist() == np.flatnonzero(inside[:, c]).tolist()
        )
