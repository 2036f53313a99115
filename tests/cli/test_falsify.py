"""``geomadv falsify``, and files of claims wherever claims are named."""

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from geomadv.cli._options import duration

Run = Callable[..., Any]

DRAFT = """
    from geomadv.claims import Integers, Reals, claim

    DOMAIN = {"d": Integers(1, 10**6), "x": Reals(0, 1)}

    @claim(source="my draft, Theorem 2", domain=DOMAIN, twin=0.9)
    def holds(d, x):
        "A share of a share."
        return x / d <= x

    @claim(source="my draft, Theorem 3", domain=DOMAIN, axis="d")
    def fails(d, x):
        return x * d <= 1000 + x
"""


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    path = tmp_path / "mydraft.py"
    path.write_text(textwrap.dedent(DRAFT), encoding="utf-8")
    return path


def test_a_violation_is_printed_as_a_program_that_runs(run: Run, draft: Path) -> None:
    ended = run("falsify", f"{draft}:fails", "--budget", "5s")
    assert ended.code == 1
    assert "VIOLATED" in ended.out
    assert "at d = 1002, x = 1: lhs 1002, rhs 1001" in ended.out
    lines = [line[4:] for line in ended.out.splitlines() if line.startswith("    ")]
    shown = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert shown.startswith("VIOLATED 1002.0 1001.0 -")


def test_nothing_is_found_of_what_holds(run: Run, draft: Path) -> None:
    ended = run("falsify", f"{draft}:holds", "--budget", "0.5")
    assert ended.code == 0
    assert "no violation found at " in ended.out
    assert run("falsify", f"{draft}:holds", "--twin", "--budget", "2s").code == 0


def test_json_is_the_result(run: Run, draft: Path, tmp_path: Path) -> None:
    path = tmp_path / "f.json"
    run("falsify", draft, "--budget", "1s", "--json", path, "--seed", 3)
    document = json.loads(path.read_text(encoding="utf-8"))
    assert (document["seed"], document["budget"]) == (3, 1.0)
    holds, fails = document["claims"]
    assert (holds["violated"], fails["violated"]) == (False, True)
    assert fails["violation"]["parameters"] == {"d": 1002, "x": 1.0}
    assert fails["violation"]["slack"] < 0
    assert "mydraft.fails" in fails["snippet"]


@pytest.mark.usefixtures("claims")
def test_claims_of_the_registry_are_searched_too(run: Run) -> None:
    ended = run("falsify", "levy1951.contradicted", "--budget", "5")
    assert ended.code == 1
    assert "find(['levy1951.contradicted'])" in ended.out
    assert run("falsify", "other2020.misprint", "--budget", "5").code == 0
    assert run("falsify", "levy1951.breaks", "--budget", "0.2").code == 2


@pytest.mark.usefixtures("claims")
def test_what_is_false_and_what_is_true_are_searched_together(run: Run) -> None:
    names = ["levy1951.holds", "other2020.misprint"]
    ended = run("falsify", *names, "--false", "--budget", "5")
    assert ended.code == 0
    assert "the twin of levy1951.holds" in ended.out
    assert "2 searched, 2 violated" in ended.out
    ended = run("falsify", *names, "--true", "--budget", "0.2")
    assert ended.code == 0
    assert "the twin of other2020.misprint" in ended.out
    assert "2 searched, 0 violated" in ended.out


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60", 60), ("1.5s", 1.5), ("2m", 120), ("1h", 3600), ("1e2", 100)],
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["{draft}:fails", "--budget", "0"], "--budget"),
        (["{draft}:fails", "--budget", "nan"], "--budget"),
        (["{draft}:fails", "--budget", "5 weeks"], "--budget"),
        (["{draft}:fails", "--twin"], "no twin was given for mydraft.fails"),
        (["{draft}:third"], "there are: mydraft.holds, mydraft.fails"),
        (["{draft}x.py"], "no file"),
        (["{draft}", "{draft}:fails"], "two claims have the id 'mydraft.fails'"),
        ([], "name at least one claim"),
        (["{draft}", "--true", "--false"], "it does not go with --false or --true"),
        (["{draft}", "--false"], "no twin was given for mydraft.fails"),
    ],
)
def test_bad_arguments_are_refused(
    run: Run, draft: Path, arguments: list[str], message: str
) -> None:
    ended = run("falsify", *(a.format(draft=draft) for a in arguments))
    assert ended.code == 64
    assert message in ended.err
    assert ended.err.count("\n") == 1


def test_verify_takes_files(run: Run, draft: Path, tmp_path: Path) -> None:
    page, data = tmp_path / "r.html", tmp_path / "r.json"
    ended = run("verify", f"{draft}:holds", "--report", page, "--json", data)
    assert ended.code == 0
    assert "my draft, Thm 2" in ended.out
    html = page.read_text(encoding="utf-8")
    assert "A share of a share" in html
    assert "None" not in html
    record = json.loads(data.read_text(encoding="utf-8"))["claims"][0]
    assert record["source"]["year"] is None
    assert (record["id"], record["theory"]) == ("mydraft.holds", "conjectures")


def test_verify_writes_the_row_of_a_users_claim(
    run: Run, draft: Path, tmp_path: Path
) -> None:
    table = tmp_path / "t.tex"
    assert run("verify", f"{draft}:holds", "--latex", table).code == 0
    rows = table.read_text(encoding="utf-8").splitlines()
    assert rows[4].startswith("A share of a share & my draft, Thm 2 & exact & ")
    assert rows[4].endswith(r" & holds & refuted \\")
    refused = run("verify", f"{draft}:holds", "--ablate", "--latex", table)
    assert (refused.code, "--latex" in refused.err) == (64, True)


def test_verify_says_when_power_is_unproven(run: Run, draft: Path) -> None:
    ended = run("verify", f"{draft}:fails")
    assert ended.code == 1
    assert "unproven power" in ended.out
    assert "no twin was given" in ended.out


def test_claims_lists_files(run: Run, draft: Path) -> None:
    out = run("claims", draft).out
    assert "mydraft.holds  A share of a share" in out
    assert "None" not in out


def test_ablation_says_where_a_theorem_stops(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    claims = "fawzi2018.simple-bound", "delattre2024.zeros-only-help"
    ended = run("verify", "--ablate", *claims, "--json", path)
    assert ended.code == 0
    assert "delattre2024.zeros-only-help keeps: $n$ is odd; for even $n$" in ended.out
    assert "no class has more than half of the mass" in ended.out
    assert "it fails from mass = 0.789 on, at mass = 0.789063, t = 3" in ended.out
    written = json.loads(path.read_text(encoding="utf-8"))
    (record,) = [one for one in written["ablations"] if "mass" in one["broken"]]
    assert 0.786 < record["before"] < record["first"]["parameters"]["mass"] < 0.79
    (one,) = written["not_broken"]
    assert set(one) == {"id", "hypothesis", "why"}


@pytest.mark.errors
def test_ablation_needs_hypotheses(run: Run, draft: Path) -> None:
    ended = run("verify", "--ablate", draft)
    assert ended.code == 64
    assert "none of these claims has a hypothesis" in ended.err
    assert run("verify", "--ablate", "--report", "a.html").code == 64
