import pytest

from geomadv.claims import Reals
from geomadv.plotting._labels import (
    number_text,
    plain_symbol,
    power_of_ten,
    symbol_of,
    value_text,
)


@pytest.mark.parametrize(
    ("symbol", "plain"),
    [
        (r"\mu", "μ"),
        (r"\varepsilon", "ε"),
        (r"\Phi", "Φ"),
        (r"\mathrm{err}", "err"),
        ("d", "d"),
        (r"\alpha_0", "a name"),
        ("", "a name"),
    ],
)
def test_letters_are_characters(symbol: str, plain: str) -> None:
    assert plain_symbol("a_name", Reals(0, 1, (0.5,), symbol=symbol)) == plain


def test_symbols_that_cannot_be_set_give_way_to_names() -> None:
    good, bad = (Reals(0, 1, (0.5,), symbol=s) for s in (r"\mu_0", r"\nonsense{"))
    assert symbol_of("a", good) == r"$\mu_0$"
    assert symbol_of("a_b", bad) == "a b"
    assert symbol_of("a", None) == "a"


def test_dollar_signs_are_text() -> None:
    assert value_text("a $ b") == r"a \$ b"
    assert plain_symbol("a$", None) == r"a\$"


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-12, "10⁻¹²"), (-2.5e-9, "−2.5×10⁻⁹"), (0.5, "0.5"), (-3.0, "−3")],
)
def test_numbers_in_characters(value: float, text: str) -> None:
    assert number_text(value) == text


def test_ticks_are_powers_of_ten() -> None:
    ticks = [power_of_ten(10.0**k) for k in (-3, -2, 0, 3, 4, 5, 9)]
    assert ticks == ["10⁻³", "0.01", "1", "1000", "10⁴", "10⁵", "10⁹"]
