"""What the tests of enclosures share: the middle of a side, and planted changes."""

import dataclasses

import mpmath
from flint import arb
from mpmath import mpf


def middle(claim, which, listed=(), rtol=None, **point):
    """Return the middle of the enclosure of a side at a point.

    Parameters that are not listed, nor integers, come as balls. With `rtol` the
    enclosure must be as narrow.
    """
    real = {
        name: value if name in listed or not isinstance(value, float) else arb(value)
        for name, value in point.items()
    }
    ball = arb(getattr(claim.evidence, which)(**real))
    assert ball.is_finite()
    assert rtol is None or ball.rad() <= rtol * abs(ball.mid()) + arb("1e-40")
    return mpf(ball.mid().str(50, radius=False))


def tail(x):
    """Return the tail of the normal law."""
    return mpmath.erfc(x / mpmath.sqrt(2)) / 2


def check_that_changes_are_noticed(claim, which, sign=1):
    """Change the enclosure of a side by a millionth, and then its formula."""

    def changed(function):
        def value(**point):
            value = function(**point)
            return value + sign * (abs(value) + 1) / 10**6

        return value

    evidence = claim.evidence
    formulas = list(evidence.formulas)
    place = ("lhs", "rhs").index(which)
    formulas[place] = changed(formulas[place])
    for wrong in (
        dataclasses.replace(evidence, **{which: changed(getattr(evidence, which))}),
        dataclasses.replace(evidence, formulas=tuple(formulas)),
    ):
        found = dataclasses.replace(wrong, most_boxes=1, beyond=())
        outcome = found.judge(claim.domain, claim.where)
        assert f"the formula of {which} gives" in outcome.error
