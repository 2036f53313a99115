"""README and the pages of the documentation say what is true."""

import doctest
import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"


def test_the_table_of_papers_is_that_of_the_registry():
    spec = importlib.util.spec_from_file_location("_readme", ROOT / "docs/_readme.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    text = README.read_text(encoding="utf-8")
    assert module.with_table(text) == text, "run `make readme`"


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "docs/start.md",
        "docs/perturbations.md",
        "docs/lipschitz.md",
        "docs/concentration.md",
        "docs/curves.md",
    ],
)
def test_the_python_examples_are_true(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert blocks
    source = "\n".join(blocks)
    test = doctest.DocTestParser().get_doctest(source, {}, page, page, 0)
    result = doctest.DocTestRunner(verbose=False).run(test)
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("page", ["README.md", "docs/start.md"])
def test_every_command_is_understood(page):
    """Each `geomadv ...` line names a command and options that the program has."""
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, flags=re.DOTALL)
    lines = [
        line.removeprefix("$ ").partition("#")[0].split()
        for block in blocks
        for line in block.splitlines()
        if line.removeprefix("$ ").startswith("geomadv ")
    ]
    assert lines
    for words in lines:
        command = words[1]
        shown = subprocess.run(
            [sys.executable, "-m", "geomadv", command, "--help"],
            capture_output=True,
            text=True,
            check=True,
            env={"COLUMNS": "200", "PATH": "", "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for option in (word for word in words if word.startswith("--")):
            assert option in shown, f"geomadv {command} has no {option}"


def test_the_pictures_exist():
    for picture in re.findall(r"\]\((docs/[^)]+)\)", README.read_text("utf-8")):
        assert (ROOT / picture).is_file()
