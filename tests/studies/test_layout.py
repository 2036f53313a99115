"""Positions and cells, and what a layout is named by."""

import itertools

import numpy as np
import pytest

from geomadv.studies import Study
from geomadv.studies._layout import FILES, layout_of, read_layout


def measure(*_):
    return {"x": 1.0}


def study(**change):
    fields = {"grid": {"n": (1, 2.5, 4), "kind": ("a", "b")}, "repetitions": 2}
    rest = {"name": "toy", "question": "?", "expected": "", "cost": ""}
    return Study(**{**rest, "measure": measure, **fields, **change})


def test_positions_run_through_the_product_of_axes_and_repetitions():
    layout = layout_of(study(), 0)
    expected = [
        ({"n": n, "kind": kind}, r)
        for n, kind, r in itertools.product((1, 2.5, 4), ("a", "b"), (0, 1))
    ]
    assert layout.count == len(expected) == 12
    assert [layout.at(k) for k in range(12)] == expected
    assert [cell for cell, r in expected if not r] == [*map(dict, study().cells())]


def test_positions_move_to_another_grid_with_their_cells():
    old = layout_of(study(), 0)
    axes = {"kind": ("c", "b", "a"), "n": (4, 2.5, 1.0, 7)}
    new = layout_of(study(grid=axes, repetitions=3), 0)
    moved = old.moves(new)(np.arange(old.count))
    for position, there in enumerate(moved.tolist()):
        if old.at(position)[0]["n"] == 1:  # the integer is not the float
            assert there == -1
        else:
            assert new.at(there) == old.at(position)
    back = new.moves(old)(np.arange(new.count))
    assert sorted(back[back >= 0].tolist()) == list(range(4, 12))
    assert (old.moves(old)(np.arange(12)) == np.arange(12)).all()


def test_name_depends_on_all_that_the_numbers_depend_on_alone():
    base = layout_of(study(), 0)
    same = layout_of(study(question="other", units={"x": "m"}), 0)
    assert base.with_columns(("x",)).name == same.name == base.name
    others = [
        layout_of(study(), 1),
        layout_of(study(name="other"), 0),
        layout_of(study(measure=lambda *_: {"x": 2.0}), 0),
        layout_of(study(repetitions=3), 0),
        layout_of(study(grid={"n": (1.0, 2.5, 4), "kind": ("a", "b")}), 0),
    ]
    assert len({base.name, *(o.name for o in others)}) == 6
    fits = [base.fits(other) for other in others]
    assert fits == [False, False, False, True, True]
    assert base.fits(others[2], any_version=True)


@pytest.mark.parametrize("name", FILES)
def test_a_layout_survives_damage_of_either_file_at_any_byte(tmp_path, name):
    layout = layout_of(study(grid={"n": (1, 2)}), 0).with_columns(("x", "y"))
    layout.write(tmp_path)
    content = (tmp_path / name).read_bytes()
    for byte in range(len(content) - 1):  # the last is the end of the line
        changed = bytearray(content)
        changed[byte] ^= 1
        (tmp_path / name).write_bytes(changed)
        found, damaged = read_layout(tmp_path)
        assert damaged == [tmp_path / name]
        assert found.columns == ("x", "y")
        assert found.name == layout.name
        (tmp_path / name).write_bytes(content[:byte])
        assert read_layout(tmp_path)[1] == [tmp_path / name]
    for file in FILES:
        (tmp_path / file).write_bytes(b"")
    assert read_layout(tmp_path) == (None, [tmp_path / file for file in FILES])
