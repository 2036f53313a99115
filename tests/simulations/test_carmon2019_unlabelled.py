"""Self-training beside labels, on a smaller grid."""

import numpy as np
import pytest

simulation = pytest.importorskip(
    "simulations.carmon2019_unlabelled", reason="the simulations are not in the wheel"
)

from geomadv.studies import run  # noqa: E402

GRID = {"labels": [1, 10], "m": [100, 1000]}


def test_errors_come_out_at_their_limits(tmp_path):
    result = run(simulation.STUDY, out=tmp_path, grid=GRID, formats=("png",))
    assert result.as_expected
    assert set(result.judged) == {
        "largest_gap",
        "labels_alone_error",
        "labels_10_points_1000_error",
    }
    assert result.figures[0].stat().st_size > 10_000


def test_points_that_are_not_labelled_anew_are_noticed(tmp_path, monkeypatch):
    """Without the unlabelled points the error stays where ten labels leave it."""
    monkeypatch.setattr(
        simulation,
        "self_training_errors",
        lambda d, sigma, n, m, eps, runs, rng: simulation.sample_errors(
            d, sigma, n, eps, runs, rng
        ),
    )
    grid = {"labels": [10], "m": [1000]}
    result = run(simulation.STUDY, out=tmp_path, grid=grid, formats=())
    assert not result.as_expected


def test_probits_of_errors_that_underflow_are_finite():
    mean, spread = simulation.probit(np.zeros((3, 2)))
    assert np.isfinite(mean)
    assert spread == 0.0
