"""Assertions: a bound between arrays, and a claim that may be random.

Pytest's plugin loads this module at every start: what it needs is imported when used.
"""

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from geomadv._typing import ArrayLike, NDArray
from geomadv._validate import choice, real, real_array, unmasked
from geomadv.testing._budget import DEFAULT, running

if TYPE_CHECKING:
    from geomadv.claims import Claim, Result


def assert_bound(
    lhs: ArrayLike, rhs: ArrayLike, *, rtol: float, atol: float = 0.0
) -> None:
    """Assert that no number of one array exceeds that of another beyond its error.

    Parameters
    ----------
    lhs, rhs : array_like
        The two sides, which are broadcast and compared as float64.
    rtol : float
        Bound of the relative error of either side, at least 0.
    atol : float
        Bound of the absolute error, for sides that may vanish.

    Raises
    ------
    AssertionError
        If a left side exceeds its right side by more than the error, or a side is NaN.
        The message has the worst place and by how much.
    TypeError, ValueError
        If the arrays hold no real numbers, nothing at all or masked entries, cannot be
        broadcast, or a tolerance is negative.

    Examples
    --------
    >>> assert_bound([0.1, 0.2], 0.2, rtol=1e-12)
    >>> assert_bound([0.1, 0.3], 0.2, rtol=1e-12)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    AssertionError: lhs <= rhs fails at 1 of 2 places; at [1]: lhs 0.3, rhs 0.2, ...
    """
    rtol = real("rtol", rtol, lower=0)
    atol = real("atol", atol, lower=0)
    left, right = _numbers("lhs", lhs), _numbers("rhs", rhs)
    try:
        left, right = np.broadcast_arrays(left, right)
    except ValueError:
        raise ValueError(
            f"lhs and rhs must be broadcast, got shapes {left.shape} and {right.shape}"
        ) from None
    if left.size == 0:
        raise ValueError("lhs and rhs must hold at least one number, got none")
    with np.errstate(invalid="ignore", over="ignore"):
        error = atol + rtol * np.maximum(np.abs(left), np.abs(right))
        error = np.where(np.isfinite(error), error, 0.0)
        holds = (left <= right) | (left - right <= error)
    if holds.all():
        return
    with np.errstate(invalid="ignore", over="ignore"):
        excess = np.where(holds, -np.inf, left - right)
    excess[np.isnan(left) | np.isnan(right)] = np.inf
    place = np.unravel_index(int(np.argmax(excess)), excess.shape)
    at = f" at [{', '.join(map(str, place))}]:" if place else ""
    by = f"{float(left[place]) - float(right[place]):.6g}"
    raise AssertionError(
        f"lhs <= rhs fails at {np.count_nonzero(~holds)} of {holds.size} places;"
        f"{at} lhs {left[place]:.6g}, rhs {right[place]:.6g}, excess {by}"
    )


def _numbers(name: str, value: ArrayLike) -> NDArray:
    """Return float64 numbers; unlike elsewhere NaN passes, to fail the assertion."""
    unmasked(name, value)
    if np.asarray(value).dtype.kind == "f":
        return np.asarray(value, dtype=np.float64)
    return real_array(name, value)


def assert_statistically(
    claim: "Claim",
    error_rate: float | None = None,
    *,
    seed: int = 0,
    budget: int = 2**20,
    undecided: Literal["fail", "pass"] = "fail",
) -> "Result":
    """Assert that a claim, which may be random, comes out as it is expected.

    Parameters
    ----------
    claim : Claim
        Of any evidence. It is decided at its typical points, its twin too, if it has
        one.
    error_rate : float, optional
        Probability, in (0, 1), that any decision here is wrong. If None it is a part of
        what the suite may spend, which ``--geomadv-error-rate`` sets; outside of a
        suite 1e-6. One that is given is spent beside the rate of the suite, and the
        summary adds it up.
    seed : int
        Of the draws.
    budget : int
        Random draws for one decision, at most.
    undecided : {"fail", "pass"}
        What to make of a claim, or a twin, that stayed INCONCLUSIVE.

    Returns
    -------
    Result
        What verification found.

    Raises
    ------
    AssertionError
        If the claim is decided against what is expected, if its twin is, or if one of
        them is undecided and that counts as a failure.
    ValueError
        If an argument is out of range.

    Notes
    -----
    A suite accuses a claim that is true with probability at most its error rate:
    of 10 000 simulated suites at the rate 0.01, with claims that are true with
    equality, ``tests/testing/test_false_alarms.py`` counts those that do.

    Examples
    --------
    >>> from geomadv.claims import Choices, Sampler, claim
    >>> @claim(source="my draft", domain={"p": Choices((0.2, 0.5))}, twin=0.5)
    ... def coin(p):
    ...     return (Sampler(lambda n, rng: rng.random(n) < p), 1.2 * p)
    >>> str(assert_statistically(coin, 1e-6).outcome.verdict)
    'HOLDS'
    """
    from geomadv.claims import Verdict, verify

    choice("undecided", undecided, ("fail", "pass"))
    suite = running()
    own_rate = error_rate is not None
    if error_rate is None:
        error_rate = DEFAULT if suite is None else suite.budget.spend()
    (result,) = verify([claim], error_rate=error_rate, seed=seed, budget=budget).results
    if suite is not None:
        suite.records.append({**record(result), "own_rate": own_rate})
    if result.contradicted:
        raise AssertionError(_message(result, "came out"))
    if claim.twin.given and result.twin.verdict.value == claim.expected.value:
        raise AssertionError(
            f"the twin of {claim.id} came out {result.twin.verdict}: "
            "the check shows no power"
        )
    if undecided == "fail":
        if result.outcome.verdict is Verdict.INCONCLUSIVE:
            raise AssertionError(_message(result, "stayed"))
        if claim.twin.given and result.twin.verdict is Verdict.INCONCLUSIVE:
            why = " ".join(result.twin.error.split())
            raise AssertionError(
                f"the twin of {claim.id} stayed INCONCLUSIVE{why and f' ({why})'}: "
                "the check shows no power"
            )
    return result


def record(result: "Result") -> dict[str, Any]:
    """Return what the summary of a suite says of a claim, as plain data."""
    from geomadv.claims import Verdict

    worst = result.outcome.worst
    power = "refuted" if result.power_shown else "unproven power"
    if result.claim.expected.value == Verdict.VIOLATED.value:
        power = "holds" if result.power_shown else "fails"
    return {
        "id": result.claim.id,
        "evidence": result.claim.evidence.level,
        "verdict": str(result.outcome.verdict),
        "slack": "-" if worst is None else f"{worst.slack:.2g}",
        "twin": power,
        "contradicted": result.contradicted,
        "power": result.power_shown,
        "error_rate": result.error_rate,
    }


def _message(result: "Result", verb: str) -> str:
    outcome, claim = result.outcome, result.claim
    text = f"{claim.id} {verb} {outcome.verdict}"
    worst = outcome.worst
    if worst is not None:
        values = ", ".join(f"{k} = {v}" for k, v in worst.parameters.items())
        text += (
            f" at {values}: lhs {worst.lhs:.6g}, rhs {worst.rhs:.6g}, "
            f"slack {worst.slack:.3g}"
        )
    if outcome.error:
        text += f" ({' '.join(outcome.error.split())})"
    if outcome.samples:
        text += f"; {outcome.samples} draws, error rate {result.error_rate:.2g}"
    return text
