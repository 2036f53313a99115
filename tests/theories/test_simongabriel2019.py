import math

import mpmath
import numpy as np
import pytest
from scipy import stats

from geomadv.stats import fit_power_law
from geomadv.theories.lipschitz.simongabriel2019 import (
    damage,
    mean_l1,
    mean_l2,
    moment_norm,
    random_conv_gradient,
    random_gradient,
)


@pytest.mark.parametrize(
    ("d", "l1", "l2"),
    [
        (100, 7.978845608, 0.997503163956),
        (784, 22.340767702, 0.999681173372),
        (3072, 44.223251132, 0.999918623104),
    ],
)
def test_reference_values(d, l1, l2):
    assert mean_l1(d) == pytest.approx(l1, abs=5e-10)
    assert mean_l2(d) == pytest.approx(l2, abs=2e-12)


@pytest.mark.parametrize("d", [1, 2, 3, 8, 20, 40, 79, 80, 81, 1000, 10**6, 10**9])
def test_mean_l2_is_right_to_3e_14(d):
    with mpmath.workdps(40):
        x = mpmath.mpf(d) / 2
        exact = mpmath.gammaprod([x + 0.5], [x]) / mpmath.sqrt(x)
        assert abs(mean_l2(d) / float(exact) - 1) < 3e-14


@pytest.mark.parametrize("q", [1, 1.5, 2, 3, 10])
def test_the_moment_norm_is_that_of_the_half_normal_law(q):
    moment = stats.halfnorm.expect(lambda g: g**q)
    expected = (50 * 50 ** (-q / 2) * moment) ** (1 / q)
    assert moment_norm(50, q) == pytest.approx(expected, rel=1e-7)


def test_at_q_1_the_moment_norm_is_the_mean():
    d = np.array([1, 10, 1000])
    assert moment_norm(d, 1) == pytest.approx(mean_l1(d), rel=1e-14)
    assert (mean_l2(d) < moment_norm(d, 2)).all()


@pytest.mark.parametrize("p", [1.5, 2, 7, math.inf])
def test_damage_grows_like_sqrt_d(p):
    assert damage(4000, 0.01, p=p) == pytest.approx(2 * damage(1000, 0.01, p=p))


def test_the_damage_in_l_inf_is_eps_times_the_mean_l1_norm():
    assert damage([[5], [50]], [0.1, 0.2]) == pytest.approx(
        np.outer(mean_l1([5, 50]), [0.1, 0.2])
    )


def test_without_hidden_layers_the_gradient_is_the_weights():
    """|w|^2 d is chi-square: a Kolmogorov test with false alarm 1e-6."""
    rng = np.random.default_rng(0)
    squares = [(random_gradient(7, (), rng) ** 2).sum() * 7 for _ in range(2000)]
    assert stats.kstest(squares, stats.chi2(7).cdf).pvalue > 1e-6


def test_the_gradient_is_that_of_the_network():
    """Finite differences of the network that the same numbers give."""
    gradient = random_gradient(4, (6, 5), np.random.default_rng(1))
    rng = np.random.default_rng(1)
    x = rng.standard_normal(4)
    W1 = rng.standard_normal((6, 4)) * math.sqrt(2 / 4)
    W2 = rng.standard_normal((5, 6)) * math.sqrt(2 / 6)
    w = rng.standard_normal(5) / math.sqrt(5)

    def f(x):
        return w @ np.maximum(W2 @ np.maximum(W1 @ x, 0), 0)

    h = 1e-6
    slopes = [(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(4)]
    assert gradient == pytest.approx(np.array(slopes), abs=1e-8)


def test_the_mean_square_of_the_gradient_stays_near_1():
    """He's initialisation: E|grad|^2 = 1 for one hidden layer."""
    rng = np.random.default_rng(2)
    squares = [(random_gradient(20, (30,), rng) ** 2).sum() for _ in range(4000)]
    error = np.std(squares) / math.sqrt(len(squares))
    assert abs(np.mean(squares) - 1) < 5 * error


def test_the_measured_exponent_of_deep_networks_is_one_half():
    dims = [30, 100, 300, 1000]
    means = []
    for d in dims:
        rng = np.random.default_rng(d)
        norms = [np.abs(random_gradient(d, (50, 50), rng)).sum() for _ in range(60)]
        means.append(np.mean(norms))
    assert fit_power_law(dims, means).exponent == pytest.approx(0.5, abs=0.04)


def test_the_gradient_is_that_of_the_convolutional_network():
    """Finite differences of the network that the same numbers give, tap by tap."""
    n, k = 4, 2
    gradient = random_conv_gradient(n, (3, 2), np.random.default_rng(1), size=k)
    rng = np.random.default_rng(1)
    x = rng.standard_normal((1, n, n))
    W1 = rng.standard_normal((3, 1, k, k)) * math.sqrt(2 / k**2)
    W2 = rng.standard_normal((2, 3, k, k)) * math.sqrt(2 / (3 * k**2))
    w = rng.standard_normal((2, n, n)) / math.sqrt(2 * n * n)

    def layer(W, x):
        out = np.zeros((len(W), n, n))
        for o, a, b, c, i, j in np.ndindex(len(W), n, n, len(x), k, k):
            out[o, a, b] += W[o, c, i, j] * x[c, (a + i) % n, (b + j) % n]
        return np.maximum(out, 0)

    def f(x):
        return (w * layer(W2, layer(W1, x))).sum()

    h = 1e-6
    for a, b in [(0, 0), (1, 3), (3, 2)]:
        e = np.zeros_like(x)
        e[0, a, b] = h
        assert gradient[a, b] == pytest.approx(
            (f(x + e) - f(x - e)) / (2 * h), abs=1e-8
        )


def test_the_mean_square_of_convolutional_gradients_is_1():
    """He's initialisation, one hidden layer: false alarm about 1e-6."""
    rng = np.random.default_rng(3)
    squares = [(random_conv_gradient(5, (6,), rng) ** 2).sum() for _ in range(3000)]
    error = np.std(squares) / math.sqrt(len(squares))
    assert abs(np.mean(squares) - 1) < 5 * error


@pytest.mark.parametrize("kind", ["dense", "convolutions"])
def test_the_interval_of_the_exponent_holds_one_half(kind):
    sides, norms = [8, 12, 16, 24], []
    for n in sides:
        rng = np.random.default_rng(n)
        for _ in range(60):
            if kind == "dense":
                gradient = random_gradient(n * n, (50, 50), rng)
            else:
                gradient = random_conv_gradient(n, (8, 8), rng)
            norms.append(np.abs(gradient).sum())
    dims = np.repeat(np.square(sides), 60)
    law = fit_power_law(dims, norms)
    assert law.exponent_interval.lower <= 0.5 <= law.exponent_interval.upper
    assert law.exponent_interval.upper - law.exponent_interval.lower < 0.2


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: mean_l1(0), "d must be at least 1, got 0"),
        (lambda: mean_l2(2.5), "d must be an integer"),
        (lambda: moment_norm(2, math.inf), "q must be finite"),
        (lambda: damage(2, 0.1, p=1), "p must be above 1"),
        (lambda: damage(2, -0.1), "eps must be at least 0"),
        (lambda: random_gradient(2, (0,), np.random.default_rng(0)), "hidden must be"),
        (
            lambda: random_conv_gradient(4, (0,), np.random.default_rng(0)),
            "channels must be",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
