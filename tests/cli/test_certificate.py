"""``verify --certificate`` and ``check-certificate``, as programs."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

DRAFT = """
from geomadv.claims import claim, Reals

@claim(source="my draft", domain=dict(x=Reals(0, 1)), evidence="enclosure", twin=0.9)
def product(x):
    return x * (1 - x), 0.26 + 0 * x
"""


@pytest.fixture
def written(run: Run, tmp_path: Path) -> Path:
    path = tmp_path / "certificate.json"
    ended = run(
        "verify", "shafahi2018.cube-tail", "ford2019.half-space-mean",
        "--certificate", path,
    )  # fmt: skip
    assert ended.code == 0
    assert "The proofs of 1 claim are in" in ended.out
    return path


def test_a_certificate_is_written_and_validated(run: Run, written: Path) -> None:
    ended = run("check-certificate", written)
    assert ended.code == 0
    assert "shafahi2018.cube-tail  proved for every real eps > 0" in ended.out
    assert "1 claim, " in ended.out
    assert ended.out.rstrip().endswith("all validated")


def test_the_result_is_data_too(run: Run, written: Path, tmp_path: Path) -> None:
    result = tmp_path / "result.json"
    run("check-certificate", written, "--json", result)
    document = json.loads(result.read_text(encoding="utf-8"))
    assert document["valid"] is True
    assert document["statements"][0]["scope"] == "every real eps > 0"
    written.write_text("{}", encoding="utf-8")
    assert run("check-certificate", written, "--json", result).code == 1
    document = json.loads(result.read_text(encoding="utf-8"))
    assert document["valid"] is False
    assert "must have" in document["error"]


@pytest.mark.parametrize("content", ["", "null", '{"format": 1', "[" * 100_000])
def test_a_file_that_is_no_certificate_is_refused_in_one_line(
    run: Run, tmp_path: Path, content: str
) -> None:
    path = tmp_path / "other.json"
    path.write_text(content, encoding="utf-8")
    ended = run("check-certificate", path)
    assert ended.code == 1
    assert len(ended.out.splitlines()) == 1
    assert not ended.err


def test_a_changed_certificate_is_refused(run: Run, written: Path) -> None:
    text = written.read_text(encoding="utf-8")
    written.write_text(text.replace("0x1.4", "0x1.5", 1), encoding="utf-8")
    ended = run("check-certificate", written)
    assert ended.code == 1
    assert "its digest does not fit" in ended.out


def test_a_missing_file_is_no_verdict(run: Run, tmp_path: Path) -> None:
    ended = run("check-certificate", tmp_path / "none.json")
    assert ended.code == 74
    assert "No such file" in ended.err


def test_a_certificate_of_own_claims_needs_their_file(run: Run, tmp_path: Path) -> None:
    draft, path = tmp_path / "draft.py", tmp_path / "certificate.json"
    draft.write_text(DRAFT, encoding="utf-8")
    assert run("verify", draft, "--certificate", path).code == 0
    ended = run("check-certificate", path)
    assert ended.code == 1
    assert "no such claim: 'draft.product'" in ended.out
    assert "FILE.py" in ended.out
    assert run("check-certificate", path, draft).code == 0


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ford2019.half-space-mean", "--certificate"], "proved on boxes"),
        (["shafahi2018.cube-tail", "--ablate", "--certificate"], "--ablate"),
    ],
)
def test_nothing_to_certify_is_said_before_the_run(
    run: Run, tmp_path: Path, arguments: list[str], message: str
) -> None:
    ended = run("verify", *arguments, tmp_path / "certificate.json")
    assert ended.code == 64
    assert message in ended.err
    assert not list(tmp_path.iterdir())


def test_a_certificate_needs_a_proof(run: Run, tmp_path: Path) -> None:
    draft, path = tmp_path / "draft.py", tmp_path / "certificate.json"
    draft.write_text(DRAFT.replace("0.26", "0.24"), encoding="utf-8")
    ended = run("verify", draft, "--certificate", path)
    assert ended.code == 1
    assert "No certificate was written" in ended.out
    assert not path.exists()
