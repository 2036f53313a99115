"""Robust maximum likelihood of a sample beside its closed form."""

import numpy as np
import pytest

from geomadv.studies import run
from simulations.ilyas2019_gaussian import STUDY


def test_measured_values_come_out_as_accepted(tmp_path):
    grid = {"eps": (0.1, 0.5, 1.0, 2.0)}
    result = run(STUDY, seed=0, grid=grid, out=tmp_path, formats=("png",))
    assert result.as_expected
    assert [path.suffix for path in result.figures] == [".png"]
    assert result.measured["off_variance"] < 0.1
    cosines = result.column("learned_alignment")
    assert (np.diff(cosines) > 0).all()


def test_same_seed_same_numbers(tmp_path):
    one, two = (
        run(STUDY, seed=3, grid={"eps": (0.5,)}, out=tmp_path / name, formats=())
        for name in "ab"
    )
    assert one.rows == two.rows
    other = run(STUDY, seed=4, grid={"eps": (0.5,)}, out=tmp_path / "c", formats=())
    assert other.rows[0]["spent"] != one.rows[0]["spent"]
    assert other.rows[0]["penalty"] == pytest.approx(1.7151033690)
