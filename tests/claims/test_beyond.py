"""Proofs beyond a range say what they cover, and refuse what they leave out."""

import math

import mpmath
import pytest
from flint import arb

from geomadv.claims import (
    Beyond,
    Choices,
    Claim,
    Enclosure,
    Integers,
    Reals,
    Source,
    Twin,
    Verdict,
    balls,
)
from geomadv.claims._beyond import missing
from geomadv.theories import find

D = {"d": Integers(1, 100, (1, 10, 100), as_reals=True)}
LISTED = {"d": Integers(1, 100, (1, 2, 3))}


def decay(d):
    """1/d <= 2/(d + 1), which is 1 + 1/d <= 2 divided by d."""
    return 1 / arb(d)


def bound(d):
    return 2 / (1 + arb(d))


def beyond(since, rhs=2):
    return Beyond(lambda over_d: 1 + over_d, lambda over_d: rhs, since={"d": since})


def test_a_claim_is_proved_for_every_integer():
    domain = {"d": Integers(2, 100, (2, 10), as_reals=True)}
    judged = Enclosure(decay, bound, beyond=(beyond(100),)).judge(domain)
    assert judged.verdict is Verdict.HOLDS
    assert judged.scope == "every integer d >= 2"


@pytest.mark.parametrize(
    ("domain", "since", "verdict"),
    [
        (D, 101, Verdict.INCONCLUSIVE),  # the reals from 100 to 101 are left out
        (D | {"d": Integers(2, 100, (2,), as_reals=True)}, 100, Verdict.HOLDS),
        (LISTED, 4, Verdict.HOLDS),
        (LISTED, 4.5, Verdict.INCONCLUSIVE),  # 4 is left out
        (LISTED, 1.5, Verdict.HOLDS),
    ],
)
def test_no_value_between_the_range_and_beyond_is_left_out(domain, since, verdict):
    evidence = Enclosure(lambda d: arb(0), lambda d: 1, beyond=(beyond(since, 3),))
    judged = evidence.judge(domain)
    assert judged.verdict is verdict
    assert ("no proof covers d above" in judged.error) == (
        verdict is Verdict.INCONCLUSIVE
    )


def test_a_false_bound_at_infinity_is_not_proved():
    falls = Beyond(lambda over_d: 1 - over_d, lambda over_d: 0.999, since={"d": 100})
    evidence = Enclosure(lambda d: 0, lambda d: 1, beyond=(falls,), most_boxes=100)
    judged = evidence.judge(D)
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert "not proved for d >= 100" in judged.error


def test_it_is_said_where_the_boxes_were_used_up():
    evidence = Enclosure(lambda d: d, lambda d: d, most_boxes=50)
    judged = evidence.judge({"d": Reals(1, 100)})
    assert judged.verdict is Verdict.INCONCLUSIVE
    assert "not proved with 50 boxes, near {'d': " in judged.error


def test_undefined_values_prove_nothing():
    piece = Beyond(lambda over_d: arb("nan"), lambda over_d: 1, since={"d": 100})
    evidence = Enclosure(lambda d: 0, lambda d: 1, beyond=(piece,), most_boxes=50)
    assert evidence.judge(D).verdict is Verdict.INCONCLUSIVE


TWO = {"x": Reals(1, 2), "y": Reals(1, 3)}


def piece(since=(), until=(), free=(), scales=()):
    return Beyond(
        lambda **_: 0,
        lambda **_: 1,
        since=dict.fromkeys(since, 2.0),
        until=dict.fromkeys(until, 1.0),
        free=free,
        scales=scales,
    )


@pytest.mark.parametrize(
    ("pieces", "left"),
    [
        ([piece(["x"])], ""),
        ([piece(["x"]), piece(["y"])], "x above, y above"),
        ([piece(["x"]), piece(["y"]), piece(["x", "y"])], ""),
        ([piece(["x"]), piece(["x", "y"])], "x its range, y above"),
        ([piece(["x"], ["y"])], "x its range, y below"),
        ([piece(["x"]), piece((), ["x"])], ""),
        ([piece(["x"], free=("y",))], "x its range, y above"),
        ([piece(["x"], free=("y",)), piece(["y"])], ""),
        ([piece(free=("x", "y"))], ""),
        ([piece(scales=("x", "y"))], ""),
        ([piece(["x"], scales=("y",))], "x its range, y above"),
        ([piece(["x"]), piece((), ["y"], scales=("x",))], "x below, y its range"),
        ([piece(scales=("x",)), piece(["y"])], "x above, y above"),
        ([piece(["z"])], "z: no such parameter"),
    ],
)
def test_every_combination_of_unbounded_parameters_is_covered(pieces, left):
    assert missing(TWO, tuple(pieces)) == left


def test_names_cannot_go_beyond():
    domain = {"shape": Choices(("ball",))}
    assert missing(domain, (piece(["shape"]),)) == "shape: not a range of numbers"


def test_the_inverse_of_an_end_is_not_below_it():
    for since in (3.0, 10.0, 49.0, 0.1, 1e9, 7e-5):
        upper = beyond(since).ranges(D)["over_d"].upper
        assert mpmath.mpf(upper) * mpmath.mpf(since) >= 1
        assert upper <= math.nextafter(1 / since, math.inf)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "must name a parameter"),
        ({"since": {"d": 1}, "free": ("d",)}, "none twice"),
        ({"since": {"d": 0}}, "above 0 and finite"),
        ({"until": {"d": math.nan}}, "above 0 and finite"),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Beyond(lambda: 0, lambda: 1, **arguments)


@pytest.mark.errors
def test_beyond_and_where_do_not_go_together():
    evidence = Enclosure(decay, bound, outside=lambda d: False, beyond=(beyond(100),))
    with pytest.raises(ValueError, match="do not go together"):
        Claim(
            "a2020.b", "t", "A", Source("A", "B", 2020), "C", "lhs <= rhs", D,
            evidence, Twin("s", evidence), where=lambda d: d > 1,
        )  # fmt: skip


# --- the registry ------------------------------------------------------------------


ENDLESS = {
    "dohmatob2019.half-space-accuracy": "every real error in (0, 0.49]; "
    "every real excess >= 0",
    "dohmatob2019.mean-distance": "every real error in (0, 0.49]",
    "fawzi2018.simple-bound": "every integer classes >= 2; every real t >= 0",
    "fawzi2018.many-classes": "every integer classes >= 5; every real t >= 0",
    "mahloujifar2018.sphere-levy": "every integer d >= 3; every real eps in [0, 1.57]",
    "shafahi2018.sphere-isoperimetry": "every integer d >= 2; "
    "every real eps in [0, 1.57]",
    "shafahi2018.cube-tail": "every real eps > 0",
    "shafahi2018.circulated-tail-from-0858": "every real eps >= 0.858",
    "bhagoji2019.volume": "every integer d >= 1; every real eps > 0; "
    "every real length >= 0",
    "fawzi2015.random-noise-lower": "every integer d >= 2; every real e in (0, 0.08]",
    "fawzi2015.random-noise-upper": "every integer d >= 2; every real e in (0, 0.08]",
    "bubeck2021.isoperimetry": "law in {sphere, normal} only; every integer d >= 2; "
    "every real t in (0, 1]",
    "carmon2019.labelled": "every real eps in (0, 0.5]; every real rho >= 27.6; "
    "every integer n_0 >= 1",
    "belkin2018.sample-size": "every integer cells >= 2; "
    "every real noise in (0, 0.5]; every real failure in (0, 0.5]",
    "belkin2018.measure-vanishes": "every integer k >= 1; "
    "every real noise in (0, 0.45]",
    "belkin2018.massart": "every integer d >= 1; every real bound in (0, 0.45]",
    "belkin2018.variance-bound": "every integer k >= 1; every integer d >= 1; "
    "every real ratio in (0, 0.45]",
    "bubeck2018.few-examples": "every integer hypotheses >= 1; "
    "every real error in (0, 0.5]; every real delta in (0, 0.5]",
    "min2021.strong-adversary": "every real mu > 0; every real sigma > 0; "
    "every real share >= 1; every integer n >= 1",
}


@pytest.mark.parametrize(("name", "scope"), ENDLESS.items())
def test_these_claims_hold_without_end(name, scope):
    (claim,) = find([name])
    judged = claim.evidence.judge(claim.domain)
    assert judged.verdict is Verdict.HOLDS
    assert judged.scope == scope


def mills(x):
    return (
        mpmath.sqrt(mpmath.pi / 2)
        * mpmath.exp(x * x / 2)
        * mpmath.erfc(x / mpmath.sqrt(2))
    )


@pytest.mark.parametrize("x", [3, 10, 30.0])
@pytest.mark.parametrize("width", [0, 1e-3])
def test_mills_remainder_contains_the_value(x, width):
    with mpmath.workdps(50):
        w = mpmath.mpf(1) / mpmath.mpf(x) ** 2
        remainder = (1 / (x * mills(mpmath.mpf(x))) - 1) / w
        ball = balls.mills_remainder(arb(mpmath.nstr(w, 45), width))
        assert ball.overlaps(arb(mpmath.nstr(remainder, 40), 1e-35))
        assert ball.rad() < max(0.01, 3 * width)


def test_mills_remainder_at_infinity_is_one():
    assert balls.mills_remainder(arb(0)).contains(1)
    assert balls.mills_remainder(arb(0.005, 0.005)).contains(1)


@pytest.mark.parametrize("classes", [5, 7, 20, 150, 10**6, 10**30, 10**300])
def test_the_quantile_exceeds_the_exponent_of_many_classes(classes):
    with mpmath.workdps(400):
        k = mpmath.mpf(classes)
        s = mpmath.sqrt(mpmath.log(k**2 / (4 * mpmath.pi * mpmath.log(k))))
        assert mpmath.erfc(s / mpmath.sqrt(2)) / 2 > 1 / k  # s is below the quantile


@pytest.mark.parametrize("d", [2, 2.5, 7, 1000, 10**6])
def test_the_ratio_to_the_bound_falls_from_its_value_at_the_equator(d):
    from flint import acb

    def ratio(eps):
        a = (arb(d) - 1) / 2
        constant = (a + 0.5).gamma() / a.gamma() / arb.pi().sqrt()
        area = acb.integral(
            lambda t, _: t.cos() ** (arb(d) - 2) if d == int(d) else
            ((arb(d) - 2) * t.cos().log()).exp(),
            arb(eps), min(1.57, eps + 60 / math.sqrt(d)),
        )  # fmt: skip
        return float(constant * area.real * ((arb(d) - 1) * eps * eps / 2).exp())

    values = [ratio(k / math.sqrt(d)) for k in (0, 0.5, 1)]
    assert values[0] <= 0.5 + 1e-9
    assert values[0] > values[1] > values[2]
