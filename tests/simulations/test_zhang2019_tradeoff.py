"""The trade-off on a small grid: sums to the last count, and the right direction."""

import numpy as np
import pytest
from scipy import stats

from geomadv.studies import run
from simulations.zhang2019_tradeoff import METHODS, PAIR, PARTS, STUDY, of, samples


def test_regularisers_trade_natural_for_boundary_error(tmp_path):
    grid = {"problem": ("Gaussians",), "strength": (0.0, 0.3)}
    result = run(STUDY, seed=0, out=tmp_path, grid=grid, formats=("png",))
    assert [path.suffix for path in result.figures] == [".png"]
    assert result.measured["counting_difference"] == 0.0
    assert result.measured["stationarity"] < 1e-8
    for method in METHODS:
        start, end = of(result.rows, "Gaussians", method)
        assert end["natural"] + end["boundary"] == pytest.approx(end["robust"])
        if method != "stability":
            assert end["natural"] > 1.5 * start["natural"]
            assert end["robust"] < 0.3 * start["robust"]
            assert end["robust"] >= result.measured["gaussians_possible"]
        # five deviations of a share of 1000 points: false alarm below 1e-6
        assert abs(end["counted_robust"] - end["robust"]) < 5 * (0.25 / 1000) ** 0.5


def test_without_a_regulariser_all_methods_are_one():
    cell = {"problem": "digits", "strength": 0.0}
    found = [
        STUDY.measure({**cell, "method": method}, np.random.default_rng(0))
        for method in METHODS
    ]
    assert len({(row["natural"], row["robust"]) for row in found}) == 1


def test_the_samples_are_as_described():
    (X, y), (Z, z) = samples("digits", np.random.default_rng(0))
    assert X.shape[1] == 64
    assert X.max() == 1.0
    assert set(y) == set(z) == {-1.0, 1.0}
    assert len(X) + len(Z) == 357
    assert PAIR.standard_risk(PAIR.bayes_classifier()) < 0.005


def test_intervals_of_the_digits_are_those_of_scipy():
    cell = {"problem": "digits", "strength": 0.1, "method": "pairing"}
    row = STUDY.measure(cell, np.random.default_rng(0))
    _, (Z, _) = samples("digits", np.random.default_rng(0))
    for part in PARTS:
        wrong = round(row[part] * len(Z))
        ends = stats.binomtest(wrong, len(Z)).proportion_ci(0.95, "exact")
        assert row[f"{part}_from"] == pytest.approx(ends.low, abs=1e-12)
        assert row[f"{part}_to"] == pytest.approx(ends.high, abs=1e-12)
        assert row[f"{part}_from"] < row[part] < row[f"{part}_to"]
