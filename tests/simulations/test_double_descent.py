"""Risks against the number of parameters: theory beside simulation."""

import math

import pytest

simulation = pytest.importorskip(
    "simulations.double_descent", reason="the simulations are not in the wheel"
)

from geomadv.studies import run  # noqa: E402


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    grid = {"gamma": [0.4, 0.9, 2.5]}
    out = tmp_path_factory.mktemp("out")
    return run(simulation.STUDY, seed=0, grid=grid, out=out, formats=("png",))


def test_it_comes_out_as_expected(result):
    assert result.as_expected
    assert [path.name for path in result.figures] == ["double_descent.png"]


def test_rows_have_explicit_limits(result):
    few, _, many = result.rows
    standard = 0.25 + 0.25 * 0.4 / 0.6
    norm = math.sqrt(1 + 0.25 * 0.4 / 0.6)
    robust = (
        standard
        + 2 * math.sqrt(2 / math.pi) * 0.5 * norm * math.sqrt(standard)
        + 0.25 * norm**2
    )
    assert few["plain_standard_theory"] == pytest.approx(standard)
    assert few["plain_robust_theory"] == pytest.approx(robust)
    assert many["plain_standard_theory"] == pytest.approx(0.25 + 0.6 + 0.25 / 1.5)
    assert many["trained_robust_theory"] <= many["plain_robust_theory"]


def test_simulation_is_beside_theory(result):
    for row in (result.rows[0], result.rows[2]):
        for prefix in ("", "features_"):
            for name in ("plain", "trained"):
                for kind in ("standard", "robust"):
                    key = f"{prefix}{name}_{kind}"
                    assert row[key] == pytest.approx(row[f"{key}_theory"], rel=0.15)
                    assert row[f"{key}_low"] <= row[key] <= row[f"{key}_high"]


def test_attacks_on_relu_features_are_found_nearly_as_bad_as_the_bound(result):
    for row in result.rows:
        assert row["relu_standard"] < row["relu_robust_lower"]
        assert row["relu_robust_lower"] <= row["relu_robust_upper"]
        assert row["relu_robust_upper"] < 1.1 * row["relu_robust_lower"]
