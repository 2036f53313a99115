import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geomadv.claims import Claim, Expected
from geomadv.theories import _registry

Run = Callable[..., Any]


@pytest.mark.usefixtures("claims")
def test_errata_shows_counterexample_and_correction(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "errata.json"
    ended = run("errata", "--json", path)
    assert ended.code == 0
    assert "levy1951" not in ended.out
    assert "at d = 1, mass = 0.1: lhs 0.1, rhs 0.045, slack -0.055" in ended.out
    assert "the bound is halved" in ended.out
    assert "holds (6: d at the integers 1, 10, 100" in ended.out
    assert "The constant $2$ was lost." in ended.out
    found = json.loads(path.read_text(encoding="utf-8"))["claims"]
    assert [c["id"] for c in found] == ["other2020.misprint"]
    assert found[0]["verdict"] == "VIOLATED"
    assert found[0]["twin"]["verdict"] == "HOLDS"


def test_an_erratum_that_holds_is_no_erratum(
    run: Run, claims: dict[str, Claim], monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = Claim(**{**vars(claims["levy1951.holds"]), "expected": Expected.VIOLATED})
    monkeypatch.setattr(_registry, "registry", lambda: (wrong,))
    ended = run("errata")
    assert ended.code == 1
    assert "the claim came out HOLDS" in ended.out


@pytest.mark.errors
@pytest.mark.usefixtures("claims")
def test_a_selection_without_errata_is_refused(run: Run) -> None:
    assert run("errata", "levy1951").code == 64
