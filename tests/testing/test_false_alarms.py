"""The false alarms of simulated suites, counted.

Every claim is true with equality, which is where a false alarm is likeliest: a coin of
mean p is claimed to have a mean of at most p. A suite accuses any of its claims with
probability at most its error rate.
"""

import os

import pytest

from geomadv.claims import Choices, Sampler, claim
from geomadv.stats import clopper_pearson
from geomadv.testing import ErrorBudget, _budget, assert_statistically

RATE = 0.01
SUITES = int(os.environ.get("GEOMADV_SUITES", "200"))
DRAWS = 128
MEANS = (0.5, 0.1, 0.9)


@pytest.fixture(scope="module")
def coins():
    def one(p):
        return claim(
            source="a suite",
            domain={"x": Choices((0,))},
            name=f"suite.coin-{p * 10:.0f}",
        )(lambda x: (Sampler(lambda n, rng: rng.random(n) < p), p))

    return [one(p) for p in MEANS]


def alarmed(coins, seed, rate):
    """Whether any of three tests, of one, two and three decisions, fails."""
    _budget.enter(_budget.Suite(ErrorBudget(rate, len(coins))))
    try:
        suite = _budget.running()
        for place, coin in enumerate(coins):
            suite.budget.begin(str(place))
            for turn in range(place + 1):
                assert_statistically(
                    coin, seed=3 * seed + turn, budget=DRAWS, undecided="pass"
                )
    except AssertionError:
        return True
    finally:
        _budget.leave()
    return False


def test_suites_of_true_claims_rarely_fail(coins):
    alarms = sum(alarmed(coins, seed, RATE) for seed in range(SUITES))
    # The interval of the true rate must reach below the stated one; it is wrong with
    # probability 1e-6.
    assert clopper_pearson(alarms, SUITES, 1e-6).lower <= RATE


def test_false_claims_are_accused(coins):
    def false(x):
        return (Sampler(lambda n, rng: rng.random(n) < 0.5), 0.2 + x)

    domain = {"x": Choices((0,))}
    wrong = claim(source="a suite", domain=domain, name="suite.false")(false)
    assert all(alarmed([*coins[:2], wrong], seed, RATE) for seed in range(10))
