"""Assertions: what passes, what fails and what the message says."""

import math
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomadv.claims import Choices, Reals, Sampler, Twin, Verdict, claim
from geomadv.testing import (
    ErrorBudget,
    _budget,
    assert_bound,
    assert_statistically,
)

# --- bounds --------------------------------------------------------------------------


@given(
    st.floats(-1e6, 1e6),
    st.floats(0, 1e-3),
    st.floats(1e-9, 10),
    st.sampled_from([-1, 1]),
)
def test_a_bound_fails_exactly_beyond_its_error(rhs, rtol, factor, sign):
    # The right side stays the larger in magnitude, so the error is rtol |rhs|.
    lhs = rhs - rtol * abs(rhs) * factor if sign < 0 else rhs
    assert_bound(lhs, rhs, rtol=rtol)
    above = rhs + abs(rhs) * (2.1 * rtol + 1e-9) + 1e-12
    with pytest.raises(AssertionError, match="fails at 1 of 1 places"):
        assert_bound(above, rhs, rtol=rtol)


@pytest.mark.parametrize(("lhs", "holds"), [(1 + 0.9e-6, True), (1 + 1.2e-6, False)])
def test_the_error_is_relative_to_the_larger_side(lhs, holds):
    for scale in (1e-200, 1.0, 1e200):
        if holds:
            assert_bound(lhs * scale, scale, rtol=1e-6)
        else:
            with pytest.raises(AssertionError):
                assert_bound(lhs * scale, scale, rtol=1e-6)


def test_the_absolute_error_counts_where_sides_vanish():
    assert_bound(1e-15, 0.0, rtol=1e-12, atol=1e-14)
    with pytest.raises(AssertionError):
        assert_bound(1e-15, 0.0, rtol=1e-12)


@pytest.mark.parametrize(
    ("lhs", "rhs", "holds"),
    [
        (math.nan, 1, False),
        (1, math.nan, False),
        (math.nan, math.nan, False),
        (math.inf, 1e300, False),
        (1, math.inf, True),
        (-math.inf, 1, True),
        (math.inf, math.inf, True),
        (1, -math.inf, False),
    ],
)
def test_nan_fails_and_infinity_is_a_number(lhs, rhs, holds):
    if holds:
        assert_bound(lhs, rhs, rtol=0.1)
    else:
        with pytest.raises(AssertionError):
            assert_bound(lhs, rhs, rtol=0.1)


def test_the_message_names_the_worst_place():
    lhs = np.array([[0.0, 3.0], [2.5, 0.0]])
    message = "lhs <= rhs fails at 2 of 4 places; at [0, 1]: lhs 3, rhs 2, excess 1"
    with pytest.raises(AssertionError, match=f"^{re.escape(message)}$"):
        assert_bound(lhs, 2.0, rtol=1e-9)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], 1.0), "at least one number"),
        (([1, 2], [1, 2, 3]), r"broadcast, got shapes \(2,\) and \(3,\)"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        assert_bound(*arguments, rtol=0.0)
    with pytest.raises(ValueError, match="rtol"):
        assert_bound(1, 2, rtol=-1)


@pytest.mark.errors
@pytest.mark.parametrize("bad", [1j, "a", None, [1, None], 10**400])
def test_what_is_no_number_is_refused(bad):
    with pytest.raises(TypeError, match="lhs must be real numbers"):
        assert_bound(bad, 1.0, rtol=0.0)
    with pytest.raises(TypeError, match="rhs must be real numbers"):
        assert_bound(1.0, bad, rtol=0.0)


@pytest.mark.errors
def test_masked_entries_are_refused():
    hidden = np.ma.masked_array([1.0, 9.0], mask=[False, True])
    with pytest.raises(ValueError, match="lhs must have no masked entries"):
        assert_bound(hidden, 2.0, rtol=0.0)


def test_a_difference_that_overflows_fails_like_any_other():
    with pytest.raises(AssertionError, match=r"lhs 1e\+308, .* excess inf"):
        assert_bound(1e308, -1e308, rtol=0.0)


# --- claims --------------------------------------------------------------------------


def coin(p, bound, twin=None):
    """Return a claim about the mean of a coin."""
    return claim(
        source="my draft",
        domain={"x": Choices((0,))},
        twin=twin,
        name="draft.coin",
    )(lambda x: (Sampler(lambda n, rng: rng.random(n) < p), bound))


def test_a_true_random_claim_passes_and_a_false_one_fails():
    assert assert_statistically(coin(0.3, 0.4, 0.5), 1e-6).power_shown
    message = (
        r"draft.coin came out VIOLATED at x = 0: lhs .*; \d+ draws, error rate 1e-06"
    )
    with pytest.raises(AssertionError, match=message):
        assert_statistically(coin(0.5, 0.4), 1e-6)


def test_what_is_undecided_fails_unless_it_may_pass():
    with pytest.raises(AssertionError, match="stayed INCONCLUSIVE"):
        assert_statistically(coin(0.4, 0.4), 1e-6, budget=4096)
    found = assert_statistically(
        coin(0.4, 0.4), 1e-6, budget=4096, undecided="pass"
    ).outcome
    assert found.verdict is Verdict.INCONCLUSIVE


def test_a_twin_that_is_not_refuted_fails():
    with pytest.raises(AssertionError, match="the check shows no power"):
        assert_statistically(coin(0.3, 0.4, 0.9), 1e-6)


def test_a_twin_that_is_undecided_fails_unless_it_may_pass():
    close = coin(0.3, 0.4, 0.75)
    with pytest.raises(AssertionError, match="the twin of draft"):
        assert_statistically(close, 1e-6, budget=4096)
    found = assert_statistically(close, 1e-6, budget=4096, undecided="pass").twin
    assert found.verdict is Verdict.INCONCLUSIVE


def test_claims_without_chance_are_decided_too():
    def square(x):
        return (x * x, x)

    domain = {"x": Reals(0, 1)}
    assert_statistically(claim(source="me", domain=domain)(square))
    with pytest.raises(AssertionError, match="VIOLATED at x = "):
        assert_statistically(claim(source="me", domain={"x": Reals(0, 2)})(square))


def test_the_draws_depend_on_the_seed():
    means = {
        seed: assert_statistically(coin(0.3, 0.4), 1e-6, seed=seed).outcome.worst.lhs
        for seed in (0, 1)
    }
    assert means[0] != means[1]
    again = assert_statistically(coin(0.3, 0.4), 1e-6, seed=1).outcome.worst.lhs
    assert again == means[1]


@pytest.mark.errors
def test_bad_arguments_are_refused():
    for bad in (
        {"error_rate": 0.0},
        {"undecided": "maybe"},
        {"budget": 0},
        {"seed": -1},
    ):
        with pytest.raises(ValueError, match=next(iter(bad))):
            assert_statistically(coin(0.3, 0.4), **bad)
    with pytest.raises(ValueError, match="error_rate"):
        ErrorBudget(1.0).share()
    with pytest.raises(ValueError, match="n must"):
        ErrorBudget(0.1, 0).spend()


# --- what a suite may spend ----------------------------------------------------------


@pytest.mark.parametrize("decisions", [[1], [3, 1, 500], [40] * 30])
def test_a_suite_never_spends_more_than_its_rate(decisions):
    budget = ErrorBudget(0.01, len(decisions))
    spent = []
    for place, count in enumerate(decisions):
        budget.begin(str(place))
        spent.append(sum(budget.spend() for _ in range(count)))
    assert sum(spent) < 0.01
    # A test that decides once spends 6/pi^2 of its share, one without end all of it.
    assert min(spent) >= 0.01 / len(decisions) * 6 / math.pi**2 * (1 - 1e-12)


def test_tests_take_turns_without_spending_twice():
    budget = ErrorBudget(0.01, 2)
    for name in ("a", "b", "a"):
        budget.begin(name)
        last = budget.spend()
    assert last == pytest.approx(0.01 / 2 * 6 / math.pi**2 / 4)


def test_a_suite_sets_the_error_rate():
    _budget.enter(_budget.Suite(ErrorBudget(0.01, 5)))
    try:
        rates = [assert_statistically(coin(0.3, 0.4)).error_rate for _ in range(2)]
        suite = _budget.running()
        assert [entry["id"] for entry in suite.records] == ["draft.coin"] * 2
    finally:
        _budget.leave()
    assert rates == pytest.approx([0.01 / 5 * 6 / math.pi**2 / k**2 for k in (1, 2)])


def test_a_twin_of_another_kind_is_named():
    given_twin = Twin("t", coin(0.3, 0.2).evidence)
    assert assert_statistically(coin(0.3, 0.4, given_twin), 1e-6).power_shown
