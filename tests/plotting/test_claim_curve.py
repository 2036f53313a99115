import math
from typing import Any

import pytest

from geomadv.claims import (
    Choices,
    Claim,
    Exact,
    Integers,
    Reals,
    Result,
    Source,
    Statistical,
    Twin,
    verify,
)
from geomadv.plotting import new_figure, style
from geomadv.plotting._claim_curve import (
    claim_curves,
    curve_count,
    draw_claim_curve,
)

DOMAIN = {
    "d": Integers(1, 10**6, (100, 1, 10)),
    "mass": Reals(0.001, 0.5, (0.01, 0.1), "log", r"\mu"),
}


def result(evidence: Any, **changes: Any) -> Result:
    parts: dict[str, Any] = {
        "id": "levy1951.x",
        "theory": "dimension",
        "title": "",
        "source": Source("P. Levy", "", 1951),
        "statement": "",
        "relation": "lhs <= rhs",
        "domain": DOMAIN,
        "evidence": evidence,
        "twin": Twin("", evidence),
        "axis": "d",
    }
    return verify([Claim(**(parts | changes))], budget=2048).results[0]


def ratio(factor: float = 2) -> Exact:
    return Exact(lambda d, mass: mass / d, lambda d, mass: factor * mass / d)


def drawn(found: Result, **options: Any) -> Any:
    with style():
        axes = new_figure("page").add_subplot()
        assert draw_claim_curve(axes, found, **options)
    return axes


def test_curves_are_the_sides_over_the_sorted_axis() -> None:
    first, second = claim_curves(result(ratio()))
    assert first.x == (1, 10, 100)
    assert first.lhs == pytest.approx((0.01, 0.001, 0.0001))
    assert second.rhs == pytest.approx((0.2, 0.02, 0.002))
    assert (first.label, second.label) == ("μ = 0.01", "μ = 0.1")


def test_many_combinations_are_thinned_and_the_worst_stays() -> None:
    values = tuple(0.01 * k for k in range(1, 41))
    domain = {**DOMAIN, "mass": Reals(0.001, 0.5, values, "log", r"\mu")}
    worst = values[17]
    evidence = Exact(lambda d, mass: 1.0 if mass == worst else 0.5, lambda d, mass: 1.5)
    found = result(evidence, domain=domain)
    curves = claim_curves(found, most=6)
    assert (len(curves), curve_count(found)) == (6, 40)
    assert f"μ = {worst:g}" in [curve.label for curve in curves]
    assert len(set(curves)) == 6


def test_a_claim_without_axis_has_no_curve() -> None:
    found = result(ratio(), axis=None)
    assert claim_curves(found) == ()
    with style():
        assert not draw_claim_curve(new_figure().add_subplot(), found)


def test_a_rate_shows_its_fitted_exponent() -> None:
    evidence = Exact(lambda d, mass: mass / d**0.5, lambda d, mass: -0.5)
    curves = claim_curves(result(evidence, relation="rate"))
    assert [c.exponent for c in curves] == pytest.approx([-0.5, -0.5])
    axes = drawn(result(evidence, relation="rate"))
    dashed = [line for line in axes.lines if line.get_linestyle() == "--"]
    assert dashed[0].get_ydata() == pytest.approx(axes.lines[0].get_ydata())
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert any("fitted exponent -0.5" in text for text in texts)


def test_axes_take_the_scale_of_the_domain() -> None:
    axes = drawn(result(ratio()))
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    linear = {**DOMAIN, "d": Integers(1, 100, (1, 10, 100), "linear")}
    flat = Exact(lambda d, mass: -1.0, lambda d, mass: 1.0)
    axes = drawn(result(flat, domain=linear))
    assert (axes.get_xscale(), axes.get_yscale()) == ("linear", "linear")


def test_words_can_be_an_axis() -> None:
    domain = {"kind": Choices(("b_$", "a")), "mass": DOMAIN["mass"]}
    evidence = Exact(lambda kind, mass: mass, lambda kind, mass: 1.0)
    axes = drawn(result(evidence, domain=domain, axis="kind"))
    assert [t.get_text() for t in axes.get_xticklabels()] == ["b_$", "a"]


def test_random_sides_have_bars() -> None:
    def coin(n: int, rng: Any, **_: Any) -> Any:
        return rng.random(n) < 0.5

    found = result(Statistical(coin, lambda d, mass: 0.9))
    curves = claim_curves(found)
    assert curves[0].bars is not None
    assert all(low < 0.5 < high for low, high in curves[0].bars)
    assert len(drawn(found).collections) == 2


def test_the_worst_point_is_ringed() -> None:
    found = result(ratio(0.5))
    ring = drawn(found).lines[-1]
    worst = found.outcome.worst
    assert worst is not None
    assert ring.get_xdata() == [worst.parameters["d"]]
    assert ring.get_ydata() == [worst.lhs]


def test_sides_that_are_not_finite_are_left_out() -> None:
    evidence = Exact(
        lambda d, mass: math.inf if d == 1 else mass / d, lambda d, mass: 1.0
    )
    curve = claim_curves(result(evidence))[0]
    assert math.isnan(curve.lhs[0])
    drawn(result(evidence))
    nothing = Exact(lambda d, mass: math.nan, lambda d, mass: math.nan)
    assert claim_curves(result(nothing)) == ()
