"""Losses against the number of points: theory beside simulation."""

import pytest

simulation = pytest.importorskip(
    "simulations.min2021_more_data", reason="the simulations are not in the wheel"
)

from geomadv.studies import run  # noqa: E402


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    grid = {"eps": [0.5, 1.1, 3.0], "n": [1, 5, 50]}
    out = tmp_path_factory.mktemp("out")
    return run(simulation.STUDY, seed=0, grid=grid, out=out, formats=("png",))


def test_it_comes_out_as_expected(result):
    assert result.as_expected
    assert [path.name for path in result.figures] == ["min2021_more_data.png"]


def test_simulated_losses_show_the_three_regimes(result):
    loss = {(row["eps"], row["n"]): row["loss"] for row in result.rows}
    assert loss[0.5, 1] > loss[0.5, 5] > loss[0.5, 50]
    assert loss[1.1, 1] > loss[1.1, 5] < loss[1.1, 50]
    assert loss[3.0, 1] < loss[3.0, 5] < loss[3.0, 50] + 1e-3
    assert loss[1.1, 5] == pytest.approx(-0.44605, abs=0.05)


def test_losses_under_steps_fall(result):
    for eps in (0.5, 1.1, 3.0):
        robust = [r["robust_exact"] for r in result.rows if r["eps"] == eps]
        assert robust == sorted(robust, reverse=True)


def test_all_are_in_their_intervals(result):
    for row in result.rows:
        assert row["inside"] == 1.0
        assert row["loss_low"] <= row["exact"] <= row["loss_high"]
        assert row["mixed"] == pytest.approx(row["mixed_exact"], abs=0.1)
