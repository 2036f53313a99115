"""The study of Table 5: shapes, two-sided bounds, and what max-pooling adds."""

import numpy as np
import pytest

simulation = pytest.importorskip(
    "simulations.szegedy2013_layers", reason="the simulations are not in the wheel"
)

from geomadv.studies import run  # noqa: E402


def test_measured_values_come_out_as_accepted(tmp_path, monkeypatch):
    """At an eighth of the channels, which takes a second."""
    monkeypatch.setattr(
        simulation,
        "CONVOLUTIONS",
        {
            name: (max(C // 8, 3), k, D // 8, stride, size)
            for name, (C, k, D, stride, size) in simulation.CONVOLUTIONS.items()
        },
    )
    small = {name: (n // 16, m // 16) for name, (n, m) in simulation.DENSE.items()}
    monkeypatch.setattr(simulation, "DENSE", small)
    result = run(simulation.STUDY, seed=0, out=tmp_path)
    assert result.as_expected
    assert len(result.rows) == 8
    assert result.measured["max_pooling"] == pytest.approx(8.0, rel=1e-14)
    assert {path.suffix for path in result.figures} == {".png", ".svg", ".pdf"}
    assert "NOT the trained" in result.data


def test_the_table_has_the_published_numbers_and_their_product():
    published = simulation.STUDY.published
    assert published["upper_conv1"] == 2.75
    assert published["product"] == pytest.approx(792792.0)
    assert published["max_pooling"] == 1.0


def test_shapes_are_those_of_the_table():
    shapes = {n: (C, k, D) for n, (C, k, D, *_) in simulation.CONVOLUTIONS.items()}
    assert shapes["conv1"] == (3, 11, 96)
    assert shapes["conv5"] == (384, 3, 256)
    assert simulation.DENSE["fc1"] == (9216, 4096)


def test_a_layer_at_its_real_size_is_bounded_from_both_sides():
    found = simulation.bound("conv3", np.random.default_rng(0))
    assert found.lower <= found.upper <= found.lower * 1.002
    assert 2.5 < found.upper < 4.0
