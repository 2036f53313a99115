"""Penalties against interpolation: limits beside simulation, and paired gains."""

import pytest

simulation = pytest.importorskip(
    "simulations.donhauser2021_interpolation",
    reason="the simulations are not in the wheel",
)

from geomadv.studies import run  # noqa: E402


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    out, grid = tmp_path_factory.mktemp("out"), {"gamma": [2.0]}
    return run(simulation.STUDY, seed=0, grid=grid, out=out, formats=("png",))


def test_it_comes_out_as_expected(result):
    assert result.as_expected
    assert [p.name for p in result.figures] == ["donhauser2021_interpolation.png"]


def test_rows_have_the_explicit_limit_of_the_interpolator(result):
    row = result.rows[0]
    assert row["ridge_0_limit"] == pytest.approx(0.844595, abs=1e-6)
    assert row["ridge_0"] == pytest.approx(row["ridge_0_limit"], rel=0.1)
    assert row["best_risk"] < row["ridge_0_limit"]


def test_penalties_are_better_and_margins_are_hard(result):
    row = result.rows[0]
    assert row["least_margin"] == pytest.approx(1.0, abs=1e-4)
    assert row["gain_low"] > 0.0
    assert row["fall_low"] > 0.0
    assert min(row[f"error_{i}"] for i in range(1, 5)) < row["error_0"]
