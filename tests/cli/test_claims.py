import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text

from geomadv.claims import Claim
from geomadv.cli._claims import _record
from geomadv.cli._console import console, hanging
from geomadv.theories.dimension.bhagoji2019 import CLAIMS

Run = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("claims")


def test_every_claim_is_listed(run: Run, claims: dict[str, Claim]) -> None:
    out = run("claims").out
    for name, claim in claims.items():
        assert f"  {name}  {claim.title}" in out
    assert "[wrong as printed]" in out
    assert "arXiv:1801.00001" in out
    assert out.rstrip().endswith("`geomadv verify ID` verifies one")


def test_what_does_not_fit_on_a_line_is_indented() -> None:
    text = StringIO()
    out = console(file=text)
    out.width = 20
    out.print(hanging(out, Text("a.claim  with a title of some length"), 2))
    assert [line.rstrip() for line in text.getvalue().splitlines()] == [
        "  a.claim  with a",
        "    title of some",
        "    length",
    ]


def test_a_selection_is_listed_in_full(run: Run) -> None:
    out = run("claims", "levy1951.holds", "--full").out
    assert "other2020" not in out
    assert r"For all $d \ge 1$" in out
    assert "(numbering unverified)" in out
    assert "mass in [0.001, 0.5]" in out
    assert "twin: the bound is halved" in out


def test_the_list_as_json(run: Run, claims: dict[str, Claim], tmp_path: Path) -> None:
    path = tmp_path / "claims.json"
    assert run("claims", "--json", path).code == 0
    found = json.loads(path.read_text(encoding="utf-8"))["claims"]
    assert [c["id"] for c in found] == list(claims)
    assert found[0]["source"]["authors"].startswith("P. Lévy")
    assert found[0]["domain"]["mass"]["upper"] == 0.5
    assert found[4]["expected"] == "VIOLATED"


def test_an_infinite_order_is_text_in_json() -> None:
    record = next(_record(c) for c in CLAIMS if c.id == "bhagoji2019.gaussian")
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert "inf" in record["domain"]["p"]["typical"]


def test_a_template_is_written_once_and_verified(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    assert run("claims", "--template", path).code == 0
    ended = run("verify", path)
    assert ended.code == 0
    assert "mine.half-spheres" in ended.out
    path.write_text("mine = 1\n", encoding="utf-8")
    assert run("claims", "--template", path).code == 64
    assert path.read_text(encoding="utf-8") == "mine = 1\n"
    assert run("claims", "--template", tmp_path / "my draft.py").code == 64
