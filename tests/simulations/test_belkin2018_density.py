"""The study of dense errors runs on a small grid, and finds what is exact."""

import numpy as np
import pytest

from geomadv.error_sets import covering_radius, mislabelled_points
from geomadv.studies import run
from simulations.belkin2018_density import CELLS, STUDY, plane

SMALL = (
    "measure 1",
    "measure 31",
    *(f"dimension {d}" for d in (1, 2, 8)),
    *(f"rate 1 {n}" for n in (250, 1000, 4000)),
)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    return run(STUDY, seed=0, out=folder, grid={"cell": SMALL}, formats=("png",))


def test_measured_values_come_out_as_accepted(result):
    measured = result.measured
    assert set(SMALL) < set(CELLS)
    assert 0.15 < measured["measure_of_the_first_k"] < 0.25
    assert measured["measure_of_the_last_k_at_most"] < 0.01
    assert measured["mislabelled_points_in_the_error_set"] == 1.0
    assert measured["exponent_times_d_1"] == pytest.approx(1.0, abs=0.25)
    assert all(path.stat().st_size > 10_000 for path in result.figures)


def test_the_radius_knows_nothing_of_k(result):
    X, y = plane()
    radius = covering_radius(mislabelled_points(X, y, 1), "torus").upper
    rows = {row["cell"]: row for row in result.rows}
    assert rows["measure 1"]["radius_low"] == rows["measure 31"]["radius_high"]
    assert rows["measure 1"]["radius_low"] == radius
    assert rows["measure 31"]["measure_high"] < radius < 0.1
    one = rows["measure 1"]
    assert 0.02 < one["own_radius_low"] < one["own_radius_high"] < 0.9 * radius


def test_radii_lie_above_what_any_points_allow(result):
    rows = [row for row in result.rows if row["cell"].startswith("dimension")]
    assert [row["x"] for row in rows] == [1.0, 2.0, 8.0]
    for row in rows:
        assert row["radius_least"] < row["radius_low"] <= row["radius_high"]
        m, d = row["mislabelled"], row["dimension"]
        assert abs(m - 400) < 6 * np.sqrt(2000 * 0.16)
        assert row["radius_scale"] == pytest.approx(
            row["radius_least"] * np.log(m) ** (1 / d)
        )
