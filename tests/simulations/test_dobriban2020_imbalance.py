"""Imbalance shifts boundaries and costs standard accuracy, as the theory says."""

import pytest

simulation = pytest.importorskip(
    "simulations.dobriban2020_imbalance", reason="the simulations are not in the wheel"
)

from geomadv.studies import run  # noqa: E402


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    grid = {"prior": [0.5, 0.2], "eps": [0.5]}
    out = tmp_path_factory.mktemp("out")
    return run(simulation.STUDY, seed=0, grid=grid, out=out, formats=("png",))


def test_it_comes_out_as_expected(result):
    assert result.as_expected
    assert [path.name for path in result.figures] == ["dobriban2020_imbalance.png"]


def test_rows_have_the_reference_values(result):
    equal, fifth = result.rows
    assert fifth["robust_attacked"] == pytest.approx(0.1861562268, abs=5.1e-11)
    assert fifth["robust_standard"] == pytest.approx(0.1368797814, abs=5.1e-11)
    assert fifth["bayes_attacked"] == pytest.approx(0.2084403243, abs=5.1e-11)
    assert fifth["bayes_standard"] == pytest.approx(0.1120665225, abs=5.1e-11)
    assert fifth["robust_threshold"] == pytest.approx(1.3862943611, abs=5.1e-11)
    assert equal["robust_threshold"] == equal["bayes_threshold"] == 0.0


def test_trained_boundaries_move_as_the_optimal_ones(result):
    for row in result.rows:
        gap = row["trained_threshold"] - row["robust_threshold"]
        assert abs(gap) < 0.35
    assert result.rows[1]["trained_threshold"] > 1.5 * result.rows[1]["bayes_threshold"]


def test_simulated_risks_are_beside_the_exact_ones(result):
    for row in result.rows:
        assert row["inside"] == 1.0
        for name in ("bayes", "robust"):
            for kind in ("standard", "attacked"):
                risk = row[f"{name}_{kind}"]
                assert row[f"{name}_{kind}_simulated"] == pytest.approx(risk, abs=0.01)
