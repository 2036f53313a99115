"""The measured exponents, on a smaller grid."""

import numpy as np
import pytest

simulation = pytest.importorskip(
    "simulations.schmidt2018_sample_complexity",
    reason="the simulations are not in the wheel",
)

from geomadv.studies import run  # noqa: E402

GRID = {
    "d": [2**10, 2**12, 2**14],
    "eps": [0.5],
    "n": [1, 2, 4, 6, 8, 12, 16, 24, 32, 48],
}


def test_exponents_are_one_half_and_zero(tmp_path):
    result = run(simulation.STUDY, out=tmp_path, grid=GRID, formats=("png",))
    assert result.as_expected
    assert {"robust_exponent_0.5", "standard_exponent_0.5"} <= set(result.judged)
    assert result.figures[0].stat().st_size > 10_000


def test_a_noise_that_does_not_grow_is_noticed(tmp_path, monkeypatch):
    """At sigma = 8 for every d the number of samples does not grow like sqrt(d)."""

    def drawn(d, _sigma, n, eps, runs, _rng):
        return simulation.limit_errors(d, 8.0, n, eps) * np.ones((runs, 2))

    monkeypatch.setattr(simulation, "sample_errors", drawn)
    result = run(simulation.STUDY, out=tmp_path, grid=GRID, formats=())
    assert not result.as_expected


def test_exponent_in_eps_is_two(tmp_path):
    grid = {
        "d": [2**18],
        "eps": [0.0625, 0.125, 0.25],
        "n": [1, 2, 4, 6, 8, 16, 24],
    }
    result = run(simulation.STUDY, out=tmp_path, grid=grid, formats=())
    assert result.measured["robust_eps_exponent"] == pytest.approx(2, abs=0.15)
    assert "robust_eps_exponent" in result.judged


def test_crossing_is_found_between_the_counts():
    rows = [
        {"d": 4, "eps": 0.5, "n": n, "robust_probit": 1.0 - np.log2(n)}
        for n in (1, 4, 16)
    ]
    assert simulation.crossing(rows, 4, 0.5, "robust") == pytest.approx(2.0)
    assert np.isnan(simulation.crossing(rows[:1], 4, 0.5, "robust"))
