"""The losses of the simulation, from other samples of the same laws and by SciPy."""

import numpy as np
import pytest
from scipy import optimize
from scipy.spatial.distance import cdist

simulation = pytest.importorskip(
    "simulations.bhagoji2019_transport", reason="the simulations are not in the wheel"
)

from geomadv.data import (  # noqa: E402
    DataUnavailableError,
    load_digits,
    load_mnist,
)
from geomadv.studies import run  # noqa: E402
from geomadv.theories.dimension import bhagoji2019  # noqa: E402


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
def test_measured_values_come_out_as_accepted(tmp_path):
    cases = [
        *(f"digits {share}" for share in simulation.SHARES),
        *(f"normal {d}" for d in (1, 5, 10, 20)),
    ]
    result = run(simulation.STUDY, out=tmp_path, grid={"case": cases}, formats=("png",))
    assert result.as_expected
    assert set(result.judged) == set(simulation.STUDY.accepted)
    assert "NOT MNIST" in result.data
    assert result.figures[0].stat().st_size > 10_000
    for row in result.rows:
        losses = simulation.curve(row)
        assert (np.diff(losses) >= 0).all()
        assert 0 <= losses[0] <= losses[-1] <= 0.5


@pytest.mark.usefixtures("_absent")
def test_losses_of_digits_are_those_of_an_assignment():
    n, largest, losses = simulation.digit_losses(4)
    data = load_digits()
    X = data.train_images.reshape(len(data.train_images), -1) / 16
    A, B = (X[data.train_labels == k][:n] for k in (3, 7))
    assert len(A) == len(B) == n == 29
    for k in (10, 13, 14, 16):
        near = cdist(A, B) <= 2 * largest * k / 20
        pairs = optimize.linear_sum_assignment(~near)
        assert losses[k] == near[pairs].sum() / (2 * n)
    assert 0 < losses[13] < losses[14]


def test_normal_laws_have_their_means_and_fall_from_the_truth(monkeypatch):
    monkeypatch.setattr(simulation, "SAMPLES", 6)
    for d in (1, 7):
        losses = simulation.normal_losses(d, np.random.default_rng(d))
        assert losses.shape == (6, simulation.STEPS)
        middle = losses[:, simulation.MIDDLE]
        error = middle.std(ddof=1) / 6**0.5
        bound = float(bhagoji2019.plug_in_bound(500, d, 0.5))
        assert middle.mean() < bound + 5 * error
        # Known from 8 other samples to about .006 and .003.
        assert abs(middle.mean() - {1: 0.3025, 7: 0.039}[d]) < 0.025


@pytest.mark.mnist
def test_few_mnist_digits_see_less(monkeypatch):
    monkeypatch.setattr(simulation, "load_mnist", lambda: load_mnist(download=False))
    n, largest, losses = simulation.digit_losses(16)
    assert (n, largest) == (383, 5.0)
    assert losses[[8, 16, 20]] == pytest.approx([0, 0.142298, 0.449086], abs=1e-6)
