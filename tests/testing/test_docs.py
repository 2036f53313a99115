"""The page on testing says what happens: its files are run."""

import re
import subprocess
import sys
from importlib import resources
from pathlib import Path

import pytest

from geomadv.claims import falsify, load, verify

PAGE = Path(__file__).parents[2] / "docs" / "testing.md"


@pytest.fixture
def files(tmp_path: Path) -> Path:
    if not PAGE.exists():
        pytest.skip("the documentation is not here")
    text = PAGE.read_text(encoding="utf-8")
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        name = re.match(r"# (\w+\.py)\n", block)
        assert name is not None
        (tmp_path / name[1]).write_text(block, encoding="utf-8")
    return tmp_path


def test_the_draft_is_the_template(files: Path) -> None:
    template = resources.files("geomadv.claims") / "template.txt"
    draft = (files / "mydraft.py").read_text(encoding="utf-8")
    assert draft == "# mydraft.py\n" + template.read_text(encoding="utf-8")


def test_the_draft_is_verified_by_all_three_kinds_of_evidence(files: Path) -> None:
    claims = load(files / "mydraft.py")
    assert [claim.evidence.level for claim in claims] == [
        "exact",
        "statistical",
        "enclosure",
    ]
    assert verify(claims).exit_code == 0


def test_the_counterexample_is_the_one_of_the_page(files: Path) -> None:
    (claim,) = load(f"{files / 'mydraft.py'}:half_spheres")
    found = falsify(claim, budget=30).violation
    assert found is not None
    assert dict(found.parameters) == {"d": 2, "s": 1.5}
    text = PAGE.read_text(encoding="utf-8")
    assert f"lhs {found.lhs:.6g}, rhs {found.rhs:.6g}, slack {found.slack:.3g}" in text


def test_the_tests_of_the_page_pass(files: Path) -> None:
    (files / "pytest.ini").write_text("[pytest]\n")
    plugin = [
        "-p",
        "no:geomadv",
        "-p",
        "geomadv.testing._plugin",
        "-p",
        "no:cacheprovider",
    ]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugin],
        capture_output=True,
        text=True,
        check=False,
        cwd=files,
    )
    assert "2 passed" in ended.stdout, ended.stdout + ended.stderr
    row = next(r for r in ended.stdout.splitlines() if r.startswith("mydraft.near"))
    page = PAGE.read_text(encoding="utf-8").splitlines()
    assert row.split() in [line.split() for line in page]


def test_the_family_of_the_page_refutes_the_conjecture_alone(files: Path) -> None:
    half_spaces, pairs = load(files / "sets.py")
    assert falsify(half_spaces, budget=1).violation is None
    found = falsify(pairs, budget=20).violation
    assert found is not None
    errors = found.parameters["errors"]
    assert (errors.kind, errors.space.d) == ("cap", 1)
    assert found.parameters["eps"] == 1
