import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from geomadv.claims import Claim, verify
from geomadv.cli._console import console
from geomadv.cli._progress import VerifyProgress
from geomadv.cli._table import print_report

Run = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("claims")


@pytest.mark.parametrize(
    ("selected", "code"),
    [
        (["levy1951.holds", "other2020.misprint", "other2020.random"], 0),
        (["levy1951.contradicted", "levy1951.breaks"], 1),
        (["levy1951.breaks"], 2),
        (["levy1951.no-power"], 2),
        (["other2020.undecided"], 2),
    ],
)
def test_the_exit_code_is_the_verdict(run: Run, selected: list[str], code: int) -> None:
    assert run("verify", *selected, "--budget", 5000).code == code


def test_json_has_the_keys_of_the_design(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "new" / "run.json"
    run("verify", "levy1951.holds", "--seed", 3, "--json", path)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert {"error_rate", "seed", "seconds", "claims"} <= document.keys()
    assert (document["error_rate"], document["seed"]) == (1e-6, 3)
    keys = "id theory source evidence points worst verdict expected twin seconds"
    assert set(keys.split()) <= document["claims"][0].keys()
    worst = document["claims"][0]["worst"]
    assert worst.keys() == {"parameters", "lhs", "rhs", "slack"}


def _without_seconds(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_seconds(v) for k, v in value.items() if k != "seconds"}
    return [_without_seconds(v) for v in value] if isinstance(value, list) else value


def test_equal_seeds_give_equal_files_but_for_times(run: Run, tmp_path: Path) -> None:
    def files(name: str, seed: int) -> tuple[Any, str]:
        data, page = tmp_path / f"{name}.json", tmp_path / f"{name}.html"
        run("verify", "other2020", "--seed", seed, "--budget", 5000, "--json", data)
        run("verify", "other2020", "--seed", seed, "--budget", 5000, "--report", page)
        text = re.sub(
            r'(class="[^"]*seconds">)[^<]*', r"\1", page.read_text(encoding="utf-8")
        )
        return _without_seconds(json.loads(data.read_text(encoding="utf-8"))), text

    first, second, other = files("a", 1), files("b", 1), files("c", 2)
    assert first == second
    assert first[0] != other[0]
    assert first[1] != other[1]


@pytest.mark.errors
@pytest.mark.parametrize("option", ["--json", "--report"])
@pytest.mark.parametrize(
    "kind", ["folder", "below a file", "no name", "too long", "null"]
)
def test_a_bad_path_is_refused_before_the_run(
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    option: str,
    kind: str,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise AssertionError("it ran")

    monkeypatch.setattr("geomadv.cli._verify.run", fail)
    (tmp_path / "file").write_text("kept")
    path = {
        "folder": str(tmp_path),
        "below a file": str(tmp_path / "file" / "x" / "out"),
        "no name": "-",
        "too long": str(tmp_path / ("x" * 300)),
        "null": str(tmp_path / "a\0b"),
    }[kind]
    ended = run("verify", option, path)
    assert ended.code == 64
    assert option in ended.err
    assert ended.err.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.errors
def test_one_file_cannot_be_two(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a"
    ended = run("verify", "--json", path, "--report", tmp_path / "b" / ".." / "a")
    assert ended.code == 64
    assert not path.exists()


def test_a_pipe_gets_whole_ids_and_no_colour(
    run: Run, claims: dict[str, Claim]
) -> None:
    ended = run("verify", "--budget", 5000)
    assert "\x1b" not in ended.out
    assert ended.err == ""  # no progress
    lines = ended.out.splitlines()
    header = "theory claim source evidence points worst slack verdict twin seconds"
    assert lines[0].split() == header.split()
    for name in claims:
        row = next(line for line in lines if f" {name} " in line)
        assert row.startswith("dimension ")
        assert "Lévy et al. 1951, Thm 5.1*" in row


def test_the_summary_counts(run: Run) -> None:
    good = run("verify", "levy1951.holds", "other2020.misprint").out.splitlines()[-1]
    assert good.startswith(
        "2 claims: 1 hold, 1 wrong as printed, all as expected; every twin refuted "
        "and every corrected form holds; error rate 1e-6; seed 0; "
    )
    bad = run("verify", "--budget", 5000).out.splitlines()[-1]
    assert bad.startswith(
        "7 claims: 3 hold, 1 wrong as printed, 1 contradicted, 2 inconclusive, "
        "3 of 7 as expected; 5 of 7 twins came out as they must; "
    )


def test_what_is_unexpected_is_explained(run: Run) -> None:
    out = run("verify", "--budget", 5000).out
    assert "at d = 1, mass = 0.1: lhs 0.1, rhs 0.045, slack -0.055" in out
    assert "RuntimeError: the quadrature <failed>" in out
    assert "the twin came out HOLDS; the check shows no power" in out
    assert "unproven power" in out
    assert "5000 random draws did not decide it" in out


@pytest.mark.parametrize("width", [80, 100, 140, 200])
def test_the_table_fits_and_keeps_ids_whole(
    claims: dict[str, Claim], width: int
) -> None:
    report = verify(claims.values(), budget=5000)
    out = Console(
        file=io.StringIO(), width=width, force_terminal=True, color_system=None
    )
    print_report(out, report)
    assert isinstance(out.file, io.StringIO)
    lines = out.file.getvalue().splitlines()
    assert max(map(len, lines)) <= width
    for name in claims:
        assert any(name in line for line in lines)


def test_long_ids_break_at_hyphens(claims: dict[str, Claim]) -> None:
    long = {
        "id": "levy1951.a-claim-whose-name-is-much-longer-than-the-table-has-room-for"
    }
    claim = Claim(**{**vars(claims["levy1951.no-power"]), **long})
    out = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    print_report(out, verify([claim]))
    assert isinstance(out.file, io.StringIO)
    text = out.file.getvalue()
    assert max(map(len, text.splitlines())) <= 80
    table = text.partition("\n\n")[0].splitlines()[2:]
    pieces = [line.split()[0] for line in table if line.strip()]
    assert "".join(pieces).rstrip("*") == claim.id


def test_marks_are_plain_where_the_encoding_is(claims: dict[str, Claim]) -> None:
    report = verify([claims["levy1951.holds"], claims["levy1951.contradicted"]])
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii", errors="replace")
    print_report(console(file=stream), report)
    stream.flush()
    assert b"+ HOLDS" in raw.getvalue()
    assert b"x VIOLATED" in raw.getvalue()


def test_progress_shows_results_on_a_terminal_alone(claims: dict[str, Claim]) -> None:
    def drawn(*, terminal: bool) -> str:
        out = Console(file=io.StringIO(), force_terminal=terminal, width=100, height=20)
        with VerifyProgress(out, 2) as progress:
            verify(
                [claims["levy1951.holds"], claims["levy1951.no-power"]],
                started=progress.started,
                finished=progress.finished,
            )
        assert isinstance(out.file, io.StringIO)
        return out.file.getvalue()

    assert drawn(terminal=False) == ""
    shown = drawn(terminal=True)
    assert "levy1951.holds" in shown
    assert "2/2" in shown
