"""Small claims of every kind, in place of the registry's."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from geomadv.claims import (
    Choices,
    Claim,
    Exact,
    Expected,
    Integers,
    Reals,
    Source,
    Statistical,
    Twin,
)
from geomadv.cli import main
from geomadv.theories import _registry

SOURCE = Source(
    "P. Lévy, B. Other, C. Third", "Problèmes", 1951, "Theorem 5.1", "1801.00001"
)
DOMAIN = {
    "d": Integers(1, 10**6, (1, 10, 100), symbol="d"),
    "mass": Reals(0.001, 0.5, (0.01, 0.1), "log", r"\mu"),
}


def claim(name: str, evidence: Any, twin: Any, **changes: Any) -> Claim:
    parts: dict[str, Any] = {
        "id": name,
        "theory": "dimension",
        "title": "A title <b> & more",
        "source": SOURCE,
        "statement": r"For all $d \ge 1$, $f(d) \le g(d)$. <script>alert(1)</script>",
        "relation": "lhs <= rhs",
        "domain": DOMAIN,
        "evidence": evidence,
        "twin": Twin("the bound is halved", twin),
        "axis": "d",
    }
    return Claim(**(parts | changes))


def _raises(**_: Any) -> float:
    raise RuntimeError("the quadrature <failed>")


def _coin(n: int, rng: Any, **_: Any) -> Any:
    return rng.random(n) < 0.5


def _ratio(factor: float) -> Exact:
    return Exact(
        lambda d, mass: mass / d,
        lambda d, mass: factor * (1 - mass) * mass / d**0.5,
    )


_ONE = {"d": Choices((1,))}
CLAIMS = {
    c.id: c
    for c in (
        claim("levy1951.holds", _ratio(2), _ratio(0.5)),
        claim("levy1951.contradicted", _ratio(0.5), _ratio(0.25)),
        claim("levy1951.breaks", Exact(_raises, _raises), Exact(_raises, _raises)),
        claim("levy1951.no-power", _ratio(2), _ratio(3)),
        claim(
            "other2020.misprint",
            _ratio(0.5),
            _ratio(2),
            expected=Expected.VIOLATED,
            note="The constant $2$ was lost.",
        ),
        claim(
            "other2020.random",
            Statistical(_coin, lambda d: 0.6),
            Statistical(_coin, lambda d: 0.3),
            domain=_ONE,
            axis=None,
        ),
        claim(
            "other2020.undecided",
            Statistical(_coin, lambda d: 0.5),
            Statistical(_coin, lambda d: 0.3),
            domain=_ONE,
            axis=None,
        ),
    )
}


@pytest.fixture
def claims(monkeypatch: pytest.MonkeyPatch) -> dict[str, Claim]:
    """Put the small claims into the registry."""
    monkeypatch.setattr(_registry, "registry", lambda: tuple(CLAIMS.values()))
    return CLAIMS


@dataclass(frozen=True)
class Ended:
    """How a run of the program ended, and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Ended]]:
    """Run the program in this process."""

    def runner(*arguments: object) -> Ended:
        code = main([str(argument) for argument in arguments])
        printed = capfd.readouterr()
        return Ended(code, printed.out, printed.err)

    return runner
