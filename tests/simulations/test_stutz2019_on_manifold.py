"""On and off the manifold, on a smaller grid."""

import numpy as np
import pytest

simulation = pytest.importorskip(
    "simulations.stutz2019_on_manifold", reason="the simulations are not in the wheel"
)

from geomadv.data import LinearDecoder  # noqa: E402
from geomadv.studies import run  # noqa: E402
from geomadv.theories.manifold import stutz2019  # noqa: E402

GRID = {"n": [250, 1000], "noise": [0.1]}


def test_measured_values_come_out_as_accepted(tmp_path):
    result = run(simulation.STUDY, out=tmp_path, grid=GRID, formats=("png",))
    assert result.as_expected
    assert set(result.judged) == set(simulation.STUDY.accepted)
    assert result.figures[0].stat().st_size > 10_000


def test_a_defence_that_does_not_project_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr(stutz2019, "projected_model", lambda model, data: model)
    result = run(simulation.STUDY, out=tmp_path, grid=GRID, formats=())
    assert not result.as_expected
    assert result.measured["fools_projection"] > 0.9


def test_share_within_a_distance_is_that_of_a_search():
    """Steps of that length along many directions of the plane of the two normals."""
    weights = np.zeros(simulation.K)
    weights[:2] = np.cos(0.4), np.sin(0.4)
    share, margin = simulation._within(weights, 0.3, np.random.default_rng(0))
    assert share == pytest.approx(
        float(stutz2019.on_manifold_error(0.4, 0.3)), abs=0.01
    )
    z = np.random.default_rng(1).standard_normal((4000, 2))
    z = z[np.abs(z[:, 0]) >= simulation.MARGIN]
    turn = np.linspace(0, 2 * np.pi, 180)
    found = np.zeros(len(z), bool)
    for radius in np.linspace(0, 0.3, 20):
        for step in radius * np.column_stack([np.cos(turn), np.sin(turn)]):
            place = z + step
            found |= np.sign(place @ weights[:2]) != np.sign(place[:, 0])
    assert found.mean() == pytest.approx(margin, abs=0.03)


def test_a_classifier_without_normal_weights_gains_nothing_from_projecting():
    data = LinearDecoder(simulation.K, simulation.D, rotation=0)
    model = simulation.trained(data, 500, 0.1, np.random.default_rng(2))
    w = np.atleast_2d(model.coef_)
    flat = data.embedding.lift(data.embedding.coordinates(w))
    assert np.allclose(w, flat, atol=1e-10)
