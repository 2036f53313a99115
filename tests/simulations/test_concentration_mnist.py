"""The talk's table on the bundled digits, and on MNIST where it is."""

import numpy as np
import pytest

simulation = pytest.importorskip(
    "simulations.concentration_mnist", reason="the simulations are not in the wheel"
)

from geomadv.data import DataUnavailableError, load_mnist  # noqa: E402
from geomadv.studies import run  # noqa: E402


@pytest.fixture(autouse=True)
def _forget():
    """Let no test see what another one loaded."""
    simulation.digits.cache_clear()
    yield
    simulation.digits.cache_clear()


@pytest.fixture
def _absent(monkeypatch):
    def refuse():
        raise DataUnavailableError("MNIST is not on this machine")

    monkeypatch.setattr(simulation, "load_mnist", refuse)


@pytest.mark.usefixtures("_absent")
def test_without_mnist_it_runs_on_the_bundled_digits_and_says_so(tmp_path):
    result = run(simulation.STUDY, seed=0, out=tmp_path, formats=("png",))
    assert result.as_expected
    assert "NOT MNIST" in result.data
    assert not any(name.startswith("mnist") for name in result.measured)
    assert {name.split("_")[0] for name in result.measured} == {"digits"}
    for row in result.rows:
        assert row["risk"] <= row["adversarial_risk"]
        assert row["lower"] <= row["adversarial_risk"] <= row["upper"]
    ours = result.measured["digits_linf_ours_adversarial_risk"]
    reproduced = result.measured["digits_linf_reproduced_adversarial_risk"]
    assert ours < 0.5 * reproduced
    assert (tmp_path / "concentration_mnist.png").is_file()


@pytest.mark.mnist
def test_on_mnist_a_region_of_one_per_cent_grows_to_less_than_1_8(monkeypatch):
    """The half-spaces alone; the boxes of the whole study do better."""
    monkeypatch.setattr(simulation, "load_mnist", lambda: load_mnist(download=False))
    row = simulation.measure(
        {"search": "linf full halfspaces"}, np.random.default_rng(0)
    )
    assert 0.006 < row["risk"] < 0.014
    assert row["adversarial_risk"] < 0.018
