"""Trained linear regression: limits beside simulation, and the curve below both."""

import pytest

simulation = pytest.importorskip(
    "simulations.javanmard2020_tradeoff", reason="the simulations are not in the wheel"
)

from geomadv.studies import run  # noqa: E402


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    grid = {"delta": [0.5, 2.0], "steps": [0.0, 0.5]}
    out = tmp_path_factory.mktemp("out")
    return run(simulation.STUDY, seed=0, grid=grid, out=out, formats=("png",))


def test_it_comes_out_as_expected(result):
    assert result.as_expected
    assert [path.name for path in result.figures] == ["javanmard2020_tradeoff.png"]


def test_rows_have_explicit_limits_without_steps(result):
    plain = {row["delta"]: row for row in result.rows if row["steps"] == 0.0}
    assert plain[0.5]["standard_limit"] == pytest.approx(0.25 + 0.5 + 0.25, rel=0.02)
    assert plain[2.0]["standard_limit"] == pytest.approx(0.25 + 0.25, rel=0.02)
    assert plain[0.5]["training"] == pytest.approx(0.0, abs=1e-12)


def test_simulation_is_beside_the_limits(result):
    for row in result.rows:
        assert row["standard"] == pytest.approx(row["standard_limit"], rel=0.15)
        assert row["robust"] == pytest.approx(row["robust_limit"], rel=0.15)
        assert row["training"] == pytest.approx(
            row["training_limit"], rel=0.25, abs=1e-9
        )


def test_training_against_steps_lowers_the_robust_risk(result):
    robust = {(row["delta"], row["steps"]): row["robust"] for row in result.rows}
    assert robust[2.0, 0.5] < robust[2.0, 0.0]
