"""Tilting on the bundled digits, on a smaller grid."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier

simulation = pytest.importorskip(
    "simulations.tanay2016_tilting", reason="the simulations are not in the wheel"
)

from geomadv.data import DataUnavailableError  # noqa: E402
from geomadv.studies import run  # noqa: E402
from geomadv.theories.manifold import tanay2016  # noqa: E402


@pytest.fixture(autouse=True)
def _bundled(monkeypatch):
    """Let no test see what another one loaded, and none see MNIST."""

    def refuse():
        raise DataUnavailableError("MNIST is not on this machine")

    simulation.pair.cache_clear()
    simulation.digits.cache_clear()
    monkeypatch.setattr(simulation, "load_mnist", refuse)
    yield
    simulation.pair.cache_clear()
    simulation.digits.cache_clear()


def test_paths_of_the_digits_come_out_as_accepted(tmp_path):
    result = run(
        simulation.STUDY,
        out=tmp_path,
        grid={"size": ["original", "synthetic"]},
        formats=("png",),
    )
    assert result.as_expected
    assert "NOT MNIST" in result.data
    assert len(result.judged) == len(simulation.STUDY.accepted) - 2
    assert len(result.figures) == 2
    assert all(path.stat().st_size > 10_000 for path in result.figures)


def test_sizes_grow_like_the_side(tmp_path):
    grid = {"size": ["original", "doubled"], "rule": ["thin"]}
    result = run(simulation.STUDY, out=tmp_path, grid=grid, formats=())
    assert result.measured["least_size_over_side"] > 0.55
    assert result.measured["largest_size_over_side"] < 1


def test_a_tilt_that_is_not_made_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(simulation, "TILTS", (0.0,) * 9)
    grid = {"size": ["original"], "rule": ["thin", "thick"]}
    result = run(simulation.STUDY, out=tmp_path, grid=grid, formats=())
    assert not result.as_expected


def test_directions_are_uncorrelated_with_the_axis():
    data = simulation.digits("original")
    unit = data.axis / np.linalg.norm(data.axis)
    for z in data.directions.values():
        assert abs(z @ unit) < 1e-12
        assert abs(z @ data.covariance @ unit) < 1e-12
    variance = {k: z @ data.covariance @ z for k, z in data.directions.items()}
    assert variance["thin"] < 1e-12
    assert variance["thick"] == pytest.approx(0.01 * data.along, rel=0.5)


def test_ridge_regression_of_the_digits_is_on_the_path_in_closed_form():
    data = simulation.digits("original")
    for level in (2, 5, 8):
        penalty = simulation.penalty(data, level)
        path = tanay2016.ridge_path(data.axis, data.covariance, [penalty])
        w, _ = simulation.boundary("ridge", data, level)
        assert tanay2016.deviation_angle(w, path.weights[0]) < 1e-6
        model = RidgeClassifier(alpha=len(data.y) * penalty).fit(data.X, data.y)
        row = simulation.measure(
            {"rule": "ridge", "size": "original", "level": level}, None
        )
        assert row["test_error"] == pytest.approx(
            1 - model.score(data.X_test, data.y_test)
        )


@pytest.mark.mnist
def test_mnist_paths_come_out_as_accepted(tmp_path, monkeypatch):
    from geomadv.data import load_mnist

    monkeypatch.setattr(simulation, "load_mnist", lambda: load_mnist(download=False))
    result = run(
        simulation.STUDY, out=tmp_path, grid={"size": ["original"]}, formats=()
    )
    assert result.as_expected
    assert result.data.startswith("MNIST, from")
    assert result.measured["ridge_largest_angle"] > 85
