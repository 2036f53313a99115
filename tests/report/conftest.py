"""A report with claims of every kind, some of them hostile."""

from typing import Any

import pytest

from geomadv.claims import (
    Choices,
    Claim,
    Enclosure,
    Exact,
    Expected,
    Integers,
    Reals,
    Report,
    Source,
    Statistical,
    Twin,
    verify,
)

HOSTILE = '<script>alert(1)</script><img src="http://evil.example/x.png">'
SOURCE = Source(
    "P. Lévy, B. Other, C. Third", "Problèmes & <i>more</i>", 1951, "Theorem 5.1"
)
ONE = Source("Z. One, Y. Two", "On x", 2020, "Section 2", "2001.00001", checked=True)
DOMAIN = {
    "d": Integers(1, 10**6, (1, 10, 100), symbol="d"),
    "mass": Reals(0.001, 0.5, (0.01, 0.1), "log", r"\mu"),
}


def claim(name: str, evidence: Any, twin: Any, **changes: Any) -> Claim:
    parts: dict[str, Any] = {
        "id": name,
        "theory": "dimension",
        "title": f"A title {HOSTILE}",
        "source": SOURCE,
        "statement": f"For $d \\ge 1$: $x<b>y</b>$ & {HOSTILE}.\n\nMore, at \\$5.",
        "relation": "lhs <= rhs",
        "domain": DOMAIN,
        "evidence": evidence,
        "twin": Twin(f"the bound $2$ is halved {HOSTILE}", twin),
        "axis": "d",
        "note": f"A note {HOSTILE}",
    }
    return Claim(**(parts | changes))


def _raises(**_: Any) -> float:
    raise RuntimeError(HOSTILE)


def _coin(n: int, rng: Any, **_: Any) -> Any:
    return rng.random(n) < 0.5


def _ratio(factor: float) -> Exact:
    return Exact(
        lambda d, mass: mass / d,
        lambda d, mass: factor * (1 - mass) * mass / d**0.5,
    )


def _rate(stated: float) -> Exact:
    return Exact(lambda d, mass: mass / d**0.5, lambda d, mass: stated)


CLAIMS = (
    claim("levy1951.holds", _ratio(2), _ratio(0.5)),
    claim("levy1951.contradicted", _ratio(0.5), _ratio(0.25)),
    claim("levy1951.breaks", Exact(_raises, _raises), Exact(_raises, _raises)),
    claim("levy1951.misprint", _ratio(0.5), _ratio(2), expected=Expected.VIOLATED),
    claim("one2020.rate", _rate(-0.5), _rate(-0.6), relation="rate", source=ONE),
    claim(
        "one2020.limit",
        Exact(lambda d, mass: 1 + 1 / d**2, lambda d, mass: 1.0),
        Exact(lambda d, mass: 1 + 1 / d**2, lambda d, mass: 1.1),
        relation="limit",
        source=ONE,
    ),
    claim(
        "one2020.boxes",
        Enclosure(lambda x: x, lambda x: x + 1),
        Enclosure(lambda x: x, lambda x: x - 1),
        domain={"x": Reals(1, 10, (1.0, 2.0), symbol="x")},
        axis="x",
        source=ONE,
    ),
    claim(
        "one2020.random",
        Statistical(_coin, lambda kind, k: 0.6),
        Statistical(_coin, lambda kind, k: 0.3),
        domain={
            "kind": Choices(("a $ b", "c_d", HOSTILE)),
            "k": Integers(1, 9, (1, 2), "linear"),
        },
        axis="kind",
        source=ONE,
    ),
)


@pytest.fixture(scope="session")
def report() -> Report:
    """Verify claims of every kind."""
    return verify(CLAIMS, budget=4096)
