"""The Hilbert kernel estimate against mpmath, simulation and the classifier."""

import itertools
import math

import mpmath
import numpy as np
import pytest

from geomadv.classifiers import HilbertKernelClassifier
from geomadv.data import NoisyLabels
from geomadv.theories.oscillation.belkin2018 import variance_factor
from geomadv.theories.oscillation.devroye1998 import (
    circle_average,
    hilbert_error_share,
    hilbert_estimate,
    hilbert_variance,
    takeover_probability,
)

RUNS = 20_000


@pytest.fixture(scope="module")
def weights() -> np.ndarray:
    """Weights of 30 points of constant density, in random order."""
    return 1.0 / np.random.default_rng(0).random((RUNS, 30))


def close(draws: np.ndarray, value: float) -> bool:
    """Whether a mean is within six standard deviations: false alarm 2e-9."""
    return abs(draws.mean() - value) < 6 * draws.std() / math.sqrt(len(draws))


def test_the_estimate_is_the_definition():
    rng = np.random.default_rng(1)
    X, C, y = rng.random((5, 3)), rng.random((20, 3)), rng.standard_normal(20)
    for e in (3.0, 1.5):
        with mpmath.workdps(30):
            for x, found in zip(X, hilbert_estimate(X, C, y, exponent=e), strict=True):
                r = [mpmath.sqrt(sum(mpmath.mpf(t) ** 2 for t in c - x)) for c in C]
                w = [s ** (-mpmath.mpf(e)) for s in r]
                exact = sum(a * mpmath.mpf(b) for a, b in zip(w, y, strict=True)) / sum(
                    w
                )
                assert found == pytest.approx(float(exact), rel=1e-12)
    assert (hilbert_estimate(X, C, y) == hilbert_estimate(X, C, y, exponent=3)).all()


def test_it_is_the_estimate_of_the_classifier():
    rng = np.random.default_rng(2)
    C, y = rng.random((50, 4)), np.where(rng.random(50) < 0.4, 1, 0)
    X = np.vstack([rng.random((20, 4)), C[:5]])
    found = HilbertKernelClassifier().fit(C, y).predict_proba(X)[:, 1]
    assert hilbert_estimate(X, C, y) == pytest.approx(found, abs=1e-12)


def test_it_interpolates_and_averages_duplicates():
    rng = np.random.default_rng(3)
    C, y = rng.random((30, 5)), rng.standard_normal(30)
    assert (hilbert_estimate(C, C, y) == y).all()
    assert hilbert_estimate([[1.0]], [[1.0], [1.0], [2.0]], [0.0, 1.0, 9.0])[0] == 0.5
    far = hilbert_estimate([[1e-300]], [[0.0], [1.0]], [1.0, 0.0])
    assert far[0] == pytest.approx(1.0)


@pytest.mark.parametrize("n", [2, 30, 1000])
def test_integrals_of_the_exponential_integral(n):
    marks = [0, 0.01 / n, 0.1 / n, 1 / n, 10 / n, 10, 80]
    with mpmath.workdps(20):
        variance = n * mpmath.quad(
            lambda t: mpmath.exp(-t) * mpmath.expint(2, t) ** (n - 1), marks
        )
        takeover = mpmath.quad(lambda t: mpmath.expint(2, t) ** (n - 1), marks)
    assert hilbert_variance(n) == pytest.approx(float(variance), rel=1e-11)
    assert takeover_probability(n) == pytest.approx(float(takeover), rel=1e-11)


def test_the_variance_is_that_of_the_exponent_d():
    for n in (2, 30, 10_000):
        assert variance_factor(n, 3, 3.0) == pytest.approx(
            hilbert_variance(n), rel=1e-10
        )
    assert hilbert_variance(1) == 1.0


def test_the_variance_is_below_that_of_the_logarithm():
    """About .78/ln n at sizes of practice; the product rises to 1."""
    n = np.array([1e2, 1e3, 1e4, 1e6, 1e30])
    variance = np.array([hilbert_variance(m) for m in n])
    assert variance[1:3] == pytest.approx([0.1105, 0.0855], rel=0.01)  # simulated
    product = variance * np.log(n)
    assert product[:3] == pytest.approx([0.725, 0.765, 0.794], abs=5e-4)
    assert (np.diff(product) > 0).all()
    assert product[-1] < 1.0


def test_variance_of_drawn_weights(weights):
    squares = (weights**2).sum(axis=1) / weights.sum(axis=1) ** 2
    assert close(squares, hilbert_variance(30))


@pytest.mark.parametrize("nu", [0.1, 0.3])
def test_errors_of_drawn_weights(weights, nu):
    wrong = np.random.default_rng(5).random(weights.shape) < nu
    errors = np.where(wrong, weights, -weights).sum(axis=1) > 0
    assert close(errors, hilbert_error_share(30, nu))


def test_takeovers_of_drawn_weights(weights):
    last = weights[:, -1] > weights[:, :-1].sum(axis=1)
    assert close(last, takeover_probability(30))
    assert takeover_probability(2) == pytest.approx(0.5, rel=1e-11)


def test_errors_by_an_integral_of_another_kind():
    """Gil-Pelaez' formula with E e^{itw} from mpmath, on the scale of t."""

    nodes, weights = np.polynomial.legendre.leggauss(24)
    marks = (1e-12, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5, 1.5, 3.0, 8.0)
    total = 0.0
    for low, high in itertools.pairwise(marks):
        t = low + (high - low) * (nodes + 1) / 2
        w = np.array([complex(mpmath.expint(2, mpmath.mpc(0, -s))) for s in t])
        phi = w.real - 1j * (1 - 2 * 0.2) * w.imag
        total += (high - low) / 2 * float(weights @ ((phi**20).imag / t))
    found = hilbert_error_share(20, 0.2)
    assert found == pytest.approx(0.5 + total / math.pi, abs=1e-7)


def test_errors_at_the_ends():
    assert hilbert_error_share(50, 0.5) == pytest.approx(0.5, abs=1e-12)
    assert hilbert_error_share(50, 0.0) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("nu", [0.1, 0.3])
def test_errors_become_rare_only_as_the_logarithm_grows(nu):
    n = [1e2, 1e4, 1e8, 1e16, 1e32, 1e100]
    shares = np.array([hilbert_error_share(m, nu) for m in n])
    leading = nu / ((1 - 2 * nu) * np.log(n))
    assert (np.diff(shares) < 0).all()
    assert (np.diff(shares / leading) > 0).all()
    assert 0.97 < shares[-1] / leading[-1] < 1.0


def test_the_classifier_on_the_torus_errs_as_often():
    """Far points of the torus are fewer than the formula thinks: within a tenth.

    The spread of the mean over twenty samples is about .003.
    """
    problem = NoisyLabels.constant_noise("torus", 1, 0.3, d=2)
    shares = []
    for seed in range(20):
        X, y = problem.sample(300, seed)
        model = HilbertKernelClassifier(domain="torus").fit(X, y)
        queries = np.random.default_rng(100 + seed).random((1000, 2))
        shares.append((model.predict(queries) < 0).mean())
    assert np.mean(shares) == pytest.approx(hilbert_error_share(300, 0.3), rel=0.1)


@pytest.mark.parametrize("e", [0.0, 0.25, 0.9])
def test_averages_over_the_circle(e):
    with mpmath.workdps(30):
        power = 1 / (1 - mpmath.mpf(e))  # s = (2 r)^(1 - e) is uniform
        c = mpmath.quad(lambda s: mpmath.cos(mpmath.pi * s**power), [0, 1])
        value = float((1 + c) / 2)
    assert circle_average(e) == pytest.approx(value, abs=1e-12)


@pytest.mark.parametrize(("ratio", "limit"), [(1.5, 1 / 3), (2.0, 0.5), (4.0, 0.75)])
def test_exponents_above_d_leave_variance(ratio, limit):
    assert variance_factor(1e6, 2, 2 * ratio) == pytest.approx(limit, abs=1e-3)
    u = np.random.default_rng(7).random((4000, 400))
    w = (u / u.min(axis=1, keepdims=True)) ** -ratio
    squares = (w**2).sum(axis=1) / w.sum(axis=1) ** 2
    assert close(squares, variance_factor(400, 2, 2 * ratio))


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: hilbert_estimate([[0.0]], np.empty((0, 1)), []), "centres must"),
        (lambda: hilbert_estimate([[0.0]], [[0.0, 1.0]], [1.0]), "centres must"),
        (lambda: hilbert_estimate([[0.0]], [[1.0]], [1.0, 2.0]), "values must have"),
        (lambda: hilbert_estimate([[np.nan]], [[1.0]], [1.0]), "X must"),
        (
            lambda: hilbert_estimate([[0.0]], [[1.0]], [1.0], exponent=0.0),
            "exponent must",
        ),
        (lambda: hilbert_variance(0.5), "n must"),
        (lambda: hilbert_variance(float("nan")), "n must"),
        (lambda: takeover_probability(1), "n must"),
        (lambda: hilbert_error_share(9, 0.1), "n must"),
        (lambda: hilbert_error_share(10, 0.6), "noise must"),
        (lambda: circle_average(1.0), "exponent must"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
