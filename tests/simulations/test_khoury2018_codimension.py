"""Balls and nearest neighbours, on a smaller grid."""

import numpy as np
import pytest

simulation = pytest.importorskip(
    "simulations.khoury2018_codimension", reason="the simulations are not in the wheel"
)

from geomadv.studies import run  # noqa: E402

GRID = {"codimension": [1, 500], "delta": [1.2, 0.3, 0.02]}


def test_measured_values_come_out_as_accepted(tmp_path):
    result = run(simulation.STUDY, out=tmp_path, grid=GRID, formats=("png",))
    judged = {
        name: bounds
        for name, bounds in simulation.STUDY.accepted.items()
        if name in result.measured and "ratio" not in name
    }
    for name, (low, high) in judged.items():
        assert low <= result.measured[name] <= high, name
    assert len(judged) == 4
    assert result.figures[0].stat().st_size > 10_000


def test_a_codimension_of_one_in_place_of_500_is_noticed(tmp_path, monkeypatch):
    original = simulation.manifold
    monkeypatch.setattr(simulation, "manifold", lambda shape, _: original(shape, 1))
    grid = {"shape": ["circles"], "codimension": [500], "delta": [0.3]}
    result = run(simulation.STUDY, out=tmp_path, grid=grid, formats=())
    assert not result.as_expected


@pytest.mark.parametrize("shape", ["circles", "planes"])
def test_covers_are_covers(shape):
    data = simulation.manifold(shape, 3)
    X, y = data.sample(500, 0)
    for delta in (1.0, 0.1):
        own, other = simulation.distances(data, X, y, shape, delta)
        assert own.max() <= delta + 1e-12
        assert other.min() >= 2 * data.decision_reach - 1e-12


def test_points_of_the_tube_are_as_far_as_they_should_be():
    data = simulation.manifold("circles", 30)
    X, _ = simulation.tube(data, 0.5, np.random.default_rng(0))
    share = (data.distance(X) / 0.5) ** 30
    assert share.max() <= 1 + 1e-9
    assert share.mean() == pytest.approx(0.5, abs=4 / np.sqrt(12 * len(X)))
