"""The checkout: pins, metadata, what the wheel holds, and what no file may mention."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import geomadv

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = [ROOT / folder / "constraints.txt" for folder in (".", "docs", "kernels")]

PIN = re.compile(r"([a-z0-9-]+)==([\w.+!-]+)( ; .+)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")

# Written in pieces: this file is searched too.
BESIDE_THE_CHECKOUT = r"\.\./" + "shared"
OF_ONE_MACHINE = [
    r"(?:^|[\s\"'=(:`])/" + r"(?:work|opt|root|home)/\w",
    "py" + r"pi\.org|python" + "hosted",
    r"--(?:extra-)?index" + "-url|--find" + "-links",
]


@pytest.fixture(scope="module")
def files() -> list[Path]:
    """All files of the repository, those not yet committed included."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    paths = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def lines_with(pattern: str, paths: list[Path]) -> list[str]:
    found = re.compile(pattern)
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in paths
        for number, line in enumerate(
            path.read_text(encoding="utf-8", errors="ignore").splitlines(), start=1
        )
        if found.search(line)
    ]


def pins(path: Path) -> dict[str, tuple[str, list[str]]]:
    """Return the version and the hashes of every pin; anything else is an error."""
    found = {}
    logical = path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    for line in logical:
        head, *hashes = re.split(r"\s+(?=--hash)", line.strip())
        pin = PIN.fullmatch(head)
        assert pin is not None, f"{path.name}: {head!r} is no pin"
        assert hashes, f"{path.name}: {head!r} has no hash"
        assert all(map(HASH.fullmatch, hashes)), f"{path.name}: {head!r}"
        found[pin[1]] = (pin[2], hashes)
    return found


def test_only_ci_knows_what_lies_beside_the_checkout(files: list[Path]) -> None:
    others = [path for path in files if path != ROOT / ".ci" / "run"]
    assert lines_with(BESIDE_THE_CHECKOUT, others) == []


@pytest.mark.parametrize("pattern", OF_ONE_MACHINE)
def test_no_file_mentions_one_machine(files: list[Path], pattern: str) -> None:
    assert lines_with(pattern, files) == []


@pytest.mark.parametrize("path", PINS, ids=["install", "docs", "cuda"])
def test_constraints_are_pins_with_hashes_alone(path: Path) -> None:
    assert pins(path)
    assert "://" not in path.read_text(encoding="utf-8")


def test_constraints_pin_what_the_project_requires() -> None:
    installed = pins(PINS[0])
    documented = installed | pins(PINS[1])
    cuda = installed | pins(PINS[2])
    extras = PROJECT["project"]["optional-dependencies"]
    required = {
        "install": (
            installed,
            PROJECT["project"]["dependencies"]
            + PROJECT["build-system"]["requires"]
            + extras["dev"]
            + extras["testing"],
        ),
        "docs": (documented, extras["docs"]),
        "cuda": (cuda, extras["cuda-check"]),
    }
    for pinned, lines in required.values():
        for requirement in map(Requirement, lines):
            version, _ = pinned[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version), requirement


def test_dependencies_have_no_upper_caps() -> None:
    project = PROJECT["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    operators = {
        specifier.operator
        for lines in lists
        for line in lines
        for specifier in Requirement(line).specifier
    }
    assert operators == {">="}
    assert project["requires-python"].startswith(">=")
    assert "," not in project["requires-python"]


def test_the_package_has_the_version_of_the_project() -> None:
    assert geomadv.__version__ == PROJECT["project"]["version"]


def test_the_wheel_holds_every_file_of_both_packages(
    files: list[Path], tmp_path: Path
) -> None:
    """Type markers, templates, styles and CUDA sources included."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    roots = {ROOT: "geomadv", ROOT / "kernels": "geomadv_kernels"}
    expected = {
        path.relative_to(root).as_posix()
        for root, package in roots.items()
        for path in files
        if path.is_relative_to(root / package)
    }
    assert held == expected
    assert {"geomadv/py.typed", "geomadv_kernels/py.typed"} <= held


def test_news_are_one_sentence_each() -> None:
    kinds = "|".join(kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"])
    name = re.compile(rf"(\+[\w-]+|\d+)\.({kinds})\.md")
    for path in (ROOT / "changelog.d").iterdir():
        if path.name == ".gitignore":
            continue
        assert name.fullmatch(path.name), path.name
        text = path.read_text(encoding="utf-8")
        assert re.fullmatch(r"\S[^\n]*\.\n", text), path.name


def test_the_changelog_has_a_place_for_news() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert text.count(PROJECT["tool"]["towncrier"]["start_string"]) == 1


@pytest.mark.parametrize(
    "line",
    [
        "jinja2>=3.1 --hash=sha256:" + "0" * 64,
        "jinja2==3.1.6",
        "jinja2==3.1.6 --hash=md5:" + "0" * 32,
        "jinja2 @ https://example.org/jinja2.whl --hash=sha256:" + "0" * 64,
        "--index" + "-url https://example.org",
    ],
)
def test_what_is_no_pin_is_seen(line: str, tmp_path: Path) -> None:
    path = tmp_path / "constraints.txt"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(AssertionError):
        pins(path)


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (BESIDE_THE_CHECKOUT, "DATA=../" + "shared/data"),
        (OF_ONE_MACHINE[0], 'open("/' + 'work/main/x")'),
        (OF_ONE_MACHINE[1], "https://py" + "pi.org/simple"),
        (OF_ONE_MACHINE[2], "--extra-index" + "-url x"),
    ],
)
def test_what_no_file_may_mention_is_seen(pattern: str, line: str) -> None:
    assert re.search(pattern, line)
