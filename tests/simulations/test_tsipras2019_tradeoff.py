"""Training against steps leads along the trade-off, below the best of all."""

import pytest

simulation = pytest.importorskip(
    "simulations.tsipras2019_tradeoff", reason="the simulations are not in the wheel"
)

from geomadv.studies import run  # noqa: E402


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    grid = {"strength": [3.0], "train": [0.0, 2.0]}
    out = tmp_path_factory.mktemp("out")
    return run(simulation.STUDY, seed=0, grid=grid, out=out, formats=("png",))


def test_it_comes_out_as_expected(result):
    assert result.as_expected
    assert [path.name for path in result.figures] == ["tsipras2019_tradeoff.png"]


def test_standard_training_is_accurate_and_robust_training_robust(result):
    standard, robust = result.rows
    assert standard["accuracy_0"] > 0.99 > 0.05 > standard["accuracy_2"]
    for size in simulation.SEEN:
        assert robust[f"accuracy_{size:g}"] == pytest.approx(0.95, abs=1e-6)


def test_no_trained_classifier_is_above_the_best_or_that_above_the_bound(result):
    for row in result.rows:
        assert row["accuracy_2"] <= row["best"] + 1e-12
        assert row["best"] <= row["bound"] + 1e-12
        assert row["inside"] == 1.0
