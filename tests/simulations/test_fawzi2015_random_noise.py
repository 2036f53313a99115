import numpy as np
import pytest

simulation = pytest.importorskip(
    "simulations.fawzi2015_random_noise", reason="the simulations are not in the wheel"
)

from geomadv.classifiers import LinearClassifier  # noqa: E402
from geomadv.studies import run  # noqa: E402


def test_measured_values_come_out_as_accepted(tmp_path):
    result = run(simulation.STUDY, out=tmp_path, formats=("png",))
    assert result.as_expected
    assert set(result.judged) == set(simulation.STUDY.accepted)
    assert result.figures[0].stat().st_size > 10_000


def test_a_wrong_curve_is_noticed(tmp_path, monkeypatch):
    """sqrt(d)/z in place of 1/q lies outside the interval in few dimensions."""
    monkeypatch.setattr(
        simulation.fawzi2015, "random_ratio", lambda d, e: np.sqrt(d) / 2.3263479
    )
    grid = {"e": [0.01], "d": [10]}
    result = run(simulation.STUDY, out=tmp_path, grid=grid, formats=())
    assert result.measured["share_of_intervals_with_the_exact_ratio"] == 0.0


def test_noise_of_the_measured_length_changes_the_decision_as_often_as_it_should():
    """Other noise, through the classifier: e within five standard errors."""
    d, e, rng = 30, 0.05, np.random.default_rng(0)
    row = simulation.measure({"d": d, "e": e}, np.random.default_rng(1))
    w, b = rng.standard_normal(d), 0.4
    model = LinearClassifier.from_parameters(w, b)
    x = rng.standard_normal(d)
    distance = abs(w @ x + b) / np.linalg.norm(w)
    noise = rng.standard_normal((40_000, d))
    noise *= row["measured"] * distance / np.linalg.norm(noise, axis=1, keepdims=True)
    crossed = np.sign(model.decision_function(x + noise)) != np.sign(w @ x + b)
    error = (e * (1 - e) / 40_000) ** 0.5
    assert abs(crossed.mean() - e) < 5 * 2**0.5 * error
