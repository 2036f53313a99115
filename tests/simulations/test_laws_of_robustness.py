import numpy as np
import pytest

simulation = pytest.importorskip(
    "simulations.laws_of_robustness", reason="the simulations are not in the wheel"
)

from geomadv.studies import run  # noqa: E402

SMALL = {"n": [60], "draw": [0]}


def test_measured_values_come_out_as_accepted(tmp_path):
    result = run(simulation.STUDY, out=tmp_path, formats=("png",))
    assert result.as_expected
    assert set(result.judged) == set(simulation.STUDY.accepted)
    assert result.figures[0].stat().st_size > 10_000


def test_every_interval_is_one_and_every_label_is_fitted(tmp_path):
    result = run(simulation.STUDY, out=tmp_path, grid=SMALL, formats=("svg",))
    for row in result.rows:
        assert row["lower"] <= row["upper"] * (1 + 1e-12)
        assert row["error"] < 1e-6
        assert row["lower"] > row["law"]


def test_labels_force_the_constant_of_the_closest_points():
    """|f(x) - f(y)| = 2 for the closest points of different labels."""
    for kind in (simulation.features, simulation.two_layers):
        _, upper, error = kind(40, 5, 160, np.random.default_rng(0))
        rng = np.random.default_rng(0)
        X, y = simulation.sphere(40, 5, rng), rng.choice([-1.0, 1.0], 40)
        gaps = np.linalg.norm(X[y > 0][:, None] - X[y < 0], axis=-1)
        assert error < 1e-6
        assert upper >= 2 / gaps.min()


def test_the_lower_end_of_the_kernel_is_the_slope_of_a_pair():
    """The longest gradient is that of the function, by a pair of points."""
    lower, upper, error = simulation.kernel(30, 4, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    X, y = simulation.sphere(30, 4, rng), rng.choice([-1.0, 1.0], 30)
    c = np.linalg.solve(np.exp(-((X[:, None] - X) ** 2).sum(-1)), y)

    def f(Z):
        return np.exp(-((Z[:, None] - X) ** 2).sum(-1)) @ c

    Z = np.random.default_rng(1).standard_normal((20_000, 4))
    Z *= (1.3 / np.linalg.norm(Z, axis=1)[:, None]) * np.linspace(0.2, 1, 20_000)[
        :, None
    ]
    h = 1e-5
    slopes = np.stack([(f(Z + h * e) - f(Z - h * e)) / (2 * h) for e in np.eye(4)])
    longest = np.linalg.norm(slopes, axis=0).max()
    assert error < 1e-9
    assert 0.8 * longest <= lower <= upper
    assert longest <= upper


def test_linear_fits_have_the_exact_length():
    lower, upper, _ = simulation.linear(10, 25, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    X, y = simulation.sphere(10, 25, rng), rng.choice([-1.0, 1.0], 10)
    assert lower == upper == pytest.approx(np.linalg.norm(np.linalg.pinv(X) @ y))


def test_fits_are_parsed():
    assert simulation.kind_of("two layers 64") == ("two layers", 64.0)
    assert simulation.kind_of("kernel")[0] == "kernel"
