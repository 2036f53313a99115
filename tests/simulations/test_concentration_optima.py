"""Estimates lie on the exact optimum, and those on fitted points below it."""

import numpy as np
import pytest

simulation = pytest.importorskip(
    "simulations.concentration_optima", reason="the simulations are not in the wheel"
)

from geomadv.studies import run  # noqa: E402


def test_measured_values_come_out_as_accepted(tmp_path):
    laws = ("gaussian linf", "logistic linf", "sphere l2", "square linf")
    grid = {"law": laws, "n": (300, 4000)}
    result = run(simulation.STUDY, seed=0, grid=grid, out=tmp_path, formats=("png",))
    assert result.as_expected
    for row in result.rows:
        if row["law"] != "square linf":
            assert row["fitted"] < -0.01
            assert row["fitted"] < row["fresh"] - 0.02
        assert abs(row["fresh"]) < 4 * row["spread"] + 0.01
    assert (tmp_path / "concentration_optima.png").is_file()


def test_optima_are_those_of_the_laws():
    # Phi(Phi^-1(.05) + 1): N(0, I) in l_2, and variances of 1 in l_inf
    for name in ("gaussian l2", "gaussian linf"):
        assert simulation.optimum(name, 0.05) == pytest.approx(0.2595110228)
    # odds of 1 to 19 times exp(1.8), and a corner of side sqrt(.05)
    odds = np.exp(1.8) / 19
    assert simulation.optimum("logistic linf", 0.05) == pytest.approx(odds / (1 + odds))
    side = 0.05**0.5 + 0.1
    assert simulation.optimum("square linf", 0.05) == pytest.approx(side**2)
    assert simulation.optimum("sphere l2", 0.05) == pytest.approx(0.2584, abs=1e-3)
