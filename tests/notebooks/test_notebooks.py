"""Each notebook is a pair: the text that is edited, and the file that Jupyter opens."""

from pathlib import Path

import jupytext
import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
SOURCES = sorted(FOLDER.glob("*.py"))


def test_there_is_a_notebook_and_each_has_its_pair():
    assert SOURCES
    assert {p.stem for p in SOURCES} == {p.stem for p in FOLDER.glob("*.ipynb")}


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_the_pair_is_in_step_and_holds_no_output(source):
    text = jupytext.read(source)
    opened = jupytext.read(source.with_suffix(".ipynb"))
    cells = [(cell.cell_type, cell.source) for cell in text.cells]
    assert [(cell.cell_type, cell.source) for cell in opened.cells] == cells
    assert not any(cell.get("outputs") for cell in opened.cells)
