"""The study of the talk's sphere figure runs, and finds what is exact."""

import pytest

from geomadv.studies import run
from simulations.gilmer2018_spheres import STUDY


def test_measured_values_come_out_as_accepted(tmp_path):
    result = run(STUDY, seed=0, out=tmp_path)
    assert result.as_expected
    assert result.measured["exact_share_within_.05"] == pytest.approx(0.464, abs=5e-6)
    assert {path.suffix for path in result.figures} == {".png", ".svg", ".pdf"}
    assert all(path.stat().st_size > 10_000 for path in result.figures)


def test_the_published_share_is_refuted_by_the_simulation(tmp_path):
    """46.4 % of 2e5 points: 50 % is 32 standard errors away."""
    row = dict(run(STUDY, seed=1, out=tmp_path, grid={"d": [2000]}, formats=()).rows[0])
    assert abs(row["share"] - row["share_exact"]) < 5.5e-3
    assert abs(row["share"] - 0.5) > 0.03
