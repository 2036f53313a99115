"""Noisy problems: their labels, Bayes rules and Bayes risks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomadv.data import ConcentricSpheres, NoisyLabels
from geomadv.error_sets import IntervalSet
from geomadv.spaces import Cube, Gaussian, HammingCube, Sphere

BASES = {
    "cube": (Cube(3), None),
    "torus": ("torus", 2),
    "sphere": (Sphere(4), None),
    "gaussian": (Gaussian(mean=[1.0, -1.0], cov=[4.0, 1.0]), None),
}


def right(X):
    return np.where(X[:, 0] > 0.5, 1.0, -1.0)


def problems(base, d):
    return {
        "constant": NoisyLabels.constant_noise(base, right, 0.15, d=d),
        "massart": NoisyLabels.massart(
            base, right, lambda X: 0.2 * np.abs(np.sin(X[:, 0])), 0.2, d=d
        ),
        "tsybakov": NoisyLabels.tsybakov(base, 0.7, d=d),
        "smooth": NoisyLabels.smooth(base, strength=0.8, waves=2, d=d),
    }


CASES = [(b, name) for b in BASES for name in problems(*BASES["cube"])]


@pytest.mark.parametrize(("base", "name"), CASES)
def test_labels_follow_the_posterior(base, name):
    """Sums of y - (2 eta - 1) within 6 standard deviations: false alarm 1e-8."""
    problem = problems(*BASES[base])[name]
    X, y = problem.sample(20_000, 0)
    eta = problem.posterior(X)
    assert X.shape == (20_000, problem.d)
    assert set(np.unique(y)) == {-1.0, 1.0}
    surprise = (y - (2 * eta - 1)) * np.sign(X[:, 0] - np.median(X[:, 0]))
    assert abs(surprise.sum()) < 6 * math.sqrt((4 * eta * (1 - eta)).sum())
    assert abs((y - (2 * eta - 1)).sum()) < 6 * math.sqrt((4 * eta * (1 - eta)).sum())
    rule = problem.bayes_predict(X)
    assert (rule == np.where(eta > 0.5, 1, -1)).all()
    np.testing.assert_allclose(
        problem.noise_level(X), np.where(rule > 0, 1 - eta, eta), atol=1e-15
    )


@pytest.mark.parametrize(("base", "name"), CASES)
def test_the_bayes_risk_is_the_mean_noise(base, name):
    """A mean of 20 000 noise levels in [0, 1/2]: false alarm 1e-9 by Hoeffding."""
    problem = problems(*BASES[base])[name]
    X, _ = problem.sample(20_000, 1)
    slack = 0.5 * math.sqrt(math.log(2e9) / 40_000)
    risk = problem.bayes_risk(rng=2, error_rate=1e-9)
    mean = problem.noise_level(X).mean()
    assert risk.lower - slack <= mean <= risk.upper + slack
    assert risk.exact == (name != "massart")


@pytest.mark.parametrize("exponent", [0.25, 1.0, 3.0])
@pytest.mark.parametrize("base", BASES)
def test_the_margin_has_the_law_of_tsybakov(base, exponent):
    """P(|2 eta - 1| <= t) = t^a: the DKW band at 1e-9."""
    law, d = BASES[base]
    problem = NoisyLabels.tsybakov(law, exponent, d=d)
    X, _ = problem.sample(20_000, 3)
    margin = np.sort(np.abs(2 * problem.posterior(X) - 1))
    share = np.arange(1, len(margin) + 1) / len(margin)
    assert np.abs(share - margin**exponent).max() < math.sqrt(math.log(2e9) / 40_000)


def test_named_risks():
    assert NoisyLabels.constant_noise(Cube(2), -1, 0.3).bayes_risk().lower == 0.3
    assert NoisyLabels.tsybakov(Cube(2), 1.0).bayes_risk().lower == 0.25
    assert NoisyLabels.tsybakov(Cube(2), np.inf).bayes_risk().upper == 0.0
    assert NoisyLabels.smooth(Cube(2)).bayes_risk().lower == 0.5 - 1 / math.pi
    assert NoisyLabels.checkerboard(Cube(2), 3).bayes_risk().upper == 0.0
    assert NoisyLabels(Cube(1), lambda X: X[:, 0], bayes_risk=0.25).bayes_risk().exact


def test_a_sampled_risk_has_an_interval():
    problem = NoisyLabels(Cube(1), lambda X: X[:, 0])  # 1/4; false alarm 1e-9
    found = problem.bayes_risk(rng=0, error_rate=1e-9)
    assert 0.25 in found
    assert 0 < found.width < 0.02
    with pytest.raises(TypeError, match="rng must be given"):
        problem.bayes_risk()


def test_the_smooth_posterior_has_its_lipschitz_constant():
    problem = NoisyLabels.smooth("torus", strength=0.6, waves=3)
    x = np.linspace(0, 1, 100_001)
    slope = np.abs(np.diff(problem.posterior(x[:, None]))).max() * 100_000
    assert slope == pytest.approx(math.pi * 3 * 0.6, rel=1e-6)
    ends = problem.posterior([[0.0], [1.0]])
    assert ends[0] == pytest.approx(ends[1]) == 0.8


def test_the_checkerboard_of_trades():
    """-1 on [0, w), +1 on (w, 2w], and so on, with w = 1/6; no noise."""
    problem = NoisyLabels.checkerboard(Cube(1), 3)
    x = (np.arange(6) + 0.5)[:, None] / 6
    assert problem.bayes_predict(x).tolist() == [-1, 1, -1, 1, -1, 1]
    assert problem.posterior(x).tolist() == [0, 1, 0, 1, 0, 1]
    assert problem.bayes_predict([[0.0], [1.0]]).tolist() == [-1, 1]
    X, y = problem.sample(2000, 0)
    assert (y == problem.bayes_predict(X)).all()
    constant = (y == -1).mean()  # the risk of the rule +1 is 1/2; false alarm 1e-9
    assert abs(constant - 0.5) < math.sqrt(math.log(2e9) / 4000)


@pytest.mark.parametrize("pairs", [1, 4])
def test_small_steps_cross_a_boundary_of_the_checkerboard(pairs):
    """From a share 2 r (1/w - 1) of the points for r <= w/2, and all for r = w."""
    problem, w = NoisyLabels.checkerboard(Cube(1), pairs), 1 / (2 * pairs)
    x = (np.arange(10_000) + 0.5) / 10_000
    labels = problem.bayes_predict(x[:, None])
    jumps = np.flatnonzero(np.diff(labels)) + 1
    boundary = IntervalSet(np.repeat(jumps[:, None] / 10_000, 2, axis=1))
    for r in (w / 10, w / 2):
        share = boundary.enlarged_measure(r)
        assert share == pytest.approx(2 * r * (1 / w - 1), abs=1e-12)
    assert boundary.enlarged_measure(w) == pytest.approx(1.0, abs=1e-12)


@given(st.integers(1, 5), st.integers(1, 4), st.data())
def test_neighbouring_cells_of_a_checkerboard_differ(pairs, d, data):
    problem = NoisyLabels.checkerboard("torus", pairs, d=d, noise=0.1)
    cell = np.array([data.draw(st.integers(0, 2 * pairs - 1)) for _ in range(d)])
    j = data.draw(st.integers(0, d - 1))
    x = (cell + 0.5) / (2 * pairs)
    beside = x.copy()
    beside[j] = (x[j] + 1 / (2 * pairs)) % 1.0
    left, right = problem.posterior([x, beside])
    assert left + right == pytest.approx(1.0)
    assert {round(left, 12), round(right, 12)} == {0.1, 0.9}


def test_any_law_that_samples_is_a_base():
    class Two:
        def sample(self, n, rng):
            return np.asarray(rng.integers(0, 2, (n, 1)), dtype=float)

    problem = NoisyLabels(Two(), lambda X: X[:, 0] * 0.8)
    X, y = problem.sample(100, 0)
    assert (y[X[:, 0] == 0] == -1).all()
    relabelled = NoisyLabels.constant_noise(ConcentricSpheres(3), 1, 0.0)
    assert (relabelled.sample(50, 0)[1] == 1).all()


def test_the_same_seed_gives_the_same_sample():
    problem = NoisyLabels.smooth(Sphere(3))
    for a, b in zip(problem.sample(20, 5), problem.sample(20, 5), strict=True):
        assert (a == b).all()
    X, y = problem.sample(0, 5)
    assert X.shape == (0, 3)
    assert y.shape == (0,)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NoisyLabels("square", lambda X: X[:, 0]), "base must be"),
        (lambda: NoisyLabels(Cube(2), lambda X: X[:, 0], d=2), "d must be None"),
        (lambda: NoisyLabels("torus", lambda X: X[:, 0], d=0), "d must be at least 1"),
        (lambda: NoisyLabels(Cube(2), 0.3), "eta must be a function"),
        (lambda: NoisyLabels(Cube(2), lambda X: X, bayes_risk=0.6), "bayes_risk must"),
        (lambda: NoisyLabels(Cube(2), lambda X: X, bayes_label=0), "bayes_label must"),
        (lambda: NoisyLabels(Cube(2), lambda X: X).sample(3, 0), "eta must return one"),
        (lambda: NoisyLabels(Cube(1), lambda X: 2 + X[:, 0]).sample(3, 0), "eta must"),
        (
            lambda: NoisyLabels(Cube(1), lambda X: X[:, 0] * np.nan).sample(3, 0),
            "eta must",
        ),
        (lambda: NoisyLabels.smooth(Cube(2)).posterior([[0.1]]), "X must have 2"),
        (lambda: NoisyLabels.smooth(Cube(2)).posterior([[0.1, np.nan]]), "X must"),
        (lambda: NoisyLabels.smooth(Cube(2)).sample(-1, 0), "n must"),
        (lambda: NoisyLabels.smooth(Cube(2)).sample(2, None), "rng must"),
        (lambda: NoisyLabels.constant_noise(Cube(2), 1, 0.5), "noise must"),
        (lambda: NoisyLabels.constant_noise(Cube(2), 2, 0.1), "rule must be"),
        (
            lambda: NoisyLabels.constant_noise(Cube(2), lambda X: X, 0.1).sample(2, 0),
            "rule must return",
        ),
        (
            lambda: NoisyLabels.massart(Cube(1), 1, lambda X: X[:, 0], 0.1).sample(
                99, 0
            ),
            "noise must",
        ),
        (lambda: NoisyLabels.massart(Cube(1), 1, lambda X: X[:, 0], 0.5), "bound must"),
        (lambda: NoisyLabels.tsybakov(Cube(1), 0.0), "exponent must"),
        (lambda: NoisyLabels.tsybakov(HammingCube(3), 1.0), "base must be a Cube"),
        (lambda: NoisyLabels.smooth(Cube(1), strength=1.1), "strength must"),
        (lambda: NoisyLabels.smooth(Cube(1), waves=0), "waves must"),
        (lambda: NoisyLabels.checkerboard(Cube(1), 0), "pairs must"),
        (lambda: NoisyLabels.checkerboard(Sphere(2), 1), "base must be a Cube"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
