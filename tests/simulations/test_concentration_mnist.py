"""The talk's table on the bundled digits, and on MNIST where it is."""

import dataclasses

import numpy as np
import pytest

simulation = pytest.importorskip(
    "simulations.concentration_mnist", reason="the simulations are not in the wheel"
)

from geomadv.data import (  # noqa: E402
    DataUnavailableError,
    load_digits,
    load_mnist,
)
from geomadv.studies import run  # noqa: E402

NAMES = ("digits", "fashion")


@pytest.fixture(autouse=True)
def _forget():
    """Let no test see what another one loaded."""
    simulation.digits.cache_clear()
    simulation.fashion.cache_clear()
    yield
    simulation.digits.cache_clear()
    simulation.fashion.cache_clear()


@pytest.fixture
def _absent(monkeypatch):
    def refuse(**_):
        raise DataUnavailableError("MNIST is not on this machine")

    monkeypatch.setattr(simulation, "load_mnist", refuse)
    monkeypatch.setattr(simulation, "load_fashion_mnist", refuse)


@pytest.mark.usefixtures("_absent")
def test_without_mnist_it_runs_on_the_bundled_digits_and_says_so(tmp_path):
    grid = {"images": ("digits",)}
    result = run(simulation.STUDY, seed=0, grid=grid, out=tmp_path, formats=("png",))
    assert result.as_expected
    assert "NOT MNIST" in result.data
    assert "Without Fashion-MNIST: MNIST is not on this machine" in result.data
    assert not any(name.startswith("mnist") for name in result.measured)
    assert {name.split("_")[0] for name in result.measured} == {"digits"}
    for row in result.rows:
        assert row["risk"] <= row["adversarial_risk"]
        assert row["lower"] <= row["adversarial_risk"] <= row["upper"]
    ours = result.measured["digits_linf_ours_adversarial_risk"]
    reproduced = result.measured["digits_linf_reproduced_adversarial_risk"]
    assert ours < 0.5 * reproduced
    assert (tmp_path / "concentration_mnist.png").is_file()


@pytest.mark.usefixtures("_absent")
def test_fashion_mnist_gives_further_rows_where_it_is(tmp_path, monkeypatch):
    data = dataclasses.replace(load_digits(), name="Fashion-MNIST", origin="here")
    monkeypatch.setattr(simulation, "load_fashion_mnist", lambda **_: data)
    grid = {
        "images": ("digits", "fashion"),
        "search": ("linf full halfspaces", "l2 full halfspaces"),
    }
    result = run(simulation.STUDY, seed=0, grid=grid, out=tmp_path, formats=("png",))
    assert "Fashion-MNIST, from here" in result.data
    assert len(result.rows) == 4
    # the same images with a lesser alpha: fewer lie in the region
    digits, fashion = (result.measured[f"{n}_linf_ours_risk"] for n in NAMES)
    assert 0 < fashion < digits
    assert (tmp_path / "concentration_mnist.png").is_file()


def test_absent_fashion_mnist_is_not_in_the_grid_and_asking_for_it_is_an_error():
    axis = simulation.STUDY.grid["images"]
    assert axis[0] == "digits"
    if len(axis) == 1:
        cell = {"images": "fashion", "search": "l2 full balls"}
        with pytest.raises(DataUnavailableError, match="Without Fashion-MNIST"):
            simulation.measure(cell, np.random.default_rng(0))


def test_the_table_has_the_row_that_its_family_was_chosen_for():
    rows = [
        {"images": "digits", "search": f"l2 full {family}", **numbers}
        for family, numbers in {
            "balls": {"selection_adversarial_risk": 0.02, "risk": 0.5},
            "halfspaces": {"selection_adversarial_risk": 0.01, "risk": 0.6},
        }.items()
    ]
    assert simulation.chosen(rows, "digits", "l2", "full")["risk"] == 0.6
    assert simulation.chosen(rows, "digits", "linf", "full") is None
    assert simulation.chosen(rows, "fashion", "l2", "full") is None


@pytest.mark.mnist
def test_on_mnist_a_region_of_one_per_cent_grows_to_less_than_1_8(monkeypatch):
    """The half-spaces alone; the boxes of the whole study do better."""
    monkeypatch.setattr(simulation, "load_mnist", lambda: load_mnist(download=False))
    row = simulation.measure(
        {"images": "digits", "search": "linf full halfspaces"}, np.random.default_rng(0)
    )
    assert 0.01 <= row["risk"] < 0.014
    assert row["adversarial_risk"] < 0.018
