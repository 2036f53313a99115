"""Usefulness under Gaussian mixtures against mpmath, quadrature and samples."""

import math

import mpmath
import numpy as np
import pytest

from geomadv.data import GaussianPair
from geomadv.theories.features._features import LinearFeature, QuadraticFeature
from geomadv.theories.features._law import (
    LabelledMixture,
    linear_robust_usefulness,
    linear_usefulness,
    quadratic_robust_usefulness,
    quadratic_usefulness,
)


def three_components():
    rng = np.random.default_rng(5)
    root = rng.standard_normal((3, 3))
    return LabelledMixture(
        rng.standard_normal((3, 3)),
        [1, -1, -1],
        [root @ root.T + np.eye(3), [0.5, 1.0, 2.0], 0.7],
        [0.5, 0.2, 0.3],
    )


def estimated(law, f, eps, p, n=200_000, seed=0):
    """Return rho and gamma of a sample, normalised by it, and their standard error."""
    X, y = law.sample(n, seed)
    values = f.values(X)
    e, s = values.mean(), values.std()
    rho = y * (values - e) / s
    gamma = (f.worst(X, y, eps, p) - y * e) / s
    return rho.mean(), gamma.mean(), 3.0 / math.sqrt(n) * max(1.0, gamma.std())


@pytest.mark.parametrize("p", [1, 2, 2.5, math.inf])
def test_lines_agree_with_a_sample(p):
    law, a = three_components(), np.array([1.0, -2.0, 0.5])
    rho, gamma, error = estimated(law, LinearFeature(a), 0.3, p)
    # 4 s.e. and the errors of the sample's mean and spread: false alarm below 1e-4
    assert abs(rho - linear_usefulness(law, a)) < 2 * error
    assert abs(gamma - linear_robust_usefulness(law, a, 0.3, p)) < 2 * error


@pytest.mark.parametrize(
    ("f", "p"),
    [
        (QuadraticFeature(np.outer([1.0, 2.0, -1.0], [1.0, 2.0, -1.0])), 1),
        (QuadraticFeature(-np.outer([1.0, 0, 1], [1.0, 0, 1]), [0.5, 0, 0.5]), 3),
        (QuadraticFeature(np.diag([1.0, -2.0, 0.0]), [0.3, 0.2, 0.1]), math.inf),
    ],
)
def test_parabolas_agree_with_a_sample(f, p):
    law = three_components()
    rho, gamma, error = estimated(law, f, 0.4, p)
    assert abs(rho - quadratic_usefulness(law, f.A, f.b)) < 3 * error
    found = quadratic_robust_usefulness(law, f.A, f.b, 0.4, p)
    assert abs(gamma - found) < 3 * error


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("eps", [0.2, 2.0, 40.0])
def test_balls_about_a_centre_agree_with_a_sample(sign, eps):
    law = LabelledMixture([[0.5, 0, 0], [0, 1, 0]], [1, -1], [1.0, 2.0], [0.4, 0.6])
    f = QuadraticFeature(sign * np.eye(3), [0.1, 0.2, 0.0])
    rho, gamma, error = estimated(law, f, eps, 2, n=100_000)
    found = quadratic_robust_usefulness(law, f.A, f.b, eps, 2)
    assert abs(rho - quadratic_usefulness(law, f.A, f.b)) < 3 * error
    assert abs(gamma - found) < 3 * error * (1 + eps)


def quadrature(a, b, eps, mu, prior):
    """Return gamma of a t^2 + 2 b t under N(+-mu, 1) by mpmath."""

    def density(t, m):
        return mpmath.exp(-((t - m) ** 2) / 2) / mpmath.sqrt(2 * mpmath.pi)

    def value(t):
        return a * t**2 + 2 * b * t

    def least(t, y):
        places = [t - eps, t + eps]
        if a != 0 and abs(-b / a - t) <= eps:
            places.append(-b / a)
        return min(y * value(s) for s in places)

    def mean(h):
        cuts = [-15, *sorted([-b / a - eps, -b / a, -b / a + eps]), 15]
        return mpmath.quad(h, cuts)

    both = ((prior, mu, 1), (1 - prior, -mu, -1))
    e = sum(w * mean(lambda t, m=m: value(t) * density(t, m)) for w, m, _ in both)
    v = sum(w * mean(lambda t, m=m: value(t) ** 2 * density(t, m)) for w, m, _ in both)
    gamma = sum(
        w * mean(lambda t, m=m, y=y: (least(t, y) - y * e) * density(t, m))
        for w, m, y in both
    )
    return float(gamma / mpmath.sqrt(v - e**2))


@pytest.mark.parametrize(
    ("a", "b", "eps"), [(1.0, 0.4, 0.5), (-0.7, 1.0, 1.5), (2.0, -1.0, 3.0)]
)
def test_parabola_of_one_coordinate_agrees_with_quadrature(a, b, eps):
    pair = GaussianPair([0.8], prior=0.3)
    expected = quadrature(a, b, eps, 0.8, 0.3)
    for p in (1, 2, math.inf):
        found = quadratic_robust_usefulness(pair, [[a]], [b], eps, p)
        assert found == pytest.approx(expected, abs=1e-9)


def test_ridges_in_wide_balls_keep_their_digits():
    """E c = E g^2/a - E(|g| - a e)_+^2/a, with 50 digits, from narrow to wide."""
    from geomadv.theories.features._law import _mean_fall

    a, mu, v = 0.25, 0.7, 0.5
    s = mpmath.mpf(a) * mpmath.sqrt(v)
    for e in (1e-6, 0.5, 3.0, 1e3, 1e7):
        with mpmath.workdps(50):
            k = mpmath.mpf(a) * mpmath.mpf(e)

            def past(m, k=k):
                z = (k - m) / s
                return s**2 * ((1 + z**2) * mpmath.ncdf(-z) - z * mpmath.npdf(z))

            want = (mpmath.mpf(mu) ** 2 + s**2 - past(mu) - past(-mu)) / mpmath.mpf(a)
        got = _mean_fall(a, mu, v, np.array(e))
        assert float(got) == pytest.approx(float(want), rel=1e-12)


def test_a_parabola_without_curvature_is_a_line():
    law, b = three_components(), np.array([0.4, -1.0, 2.0])
    eps = np.array([0.0, 0.5, 2.0])
    for p in (1, 2, 4, math.inf):
        line = linear_robust_usefulness(law, b, eps, p)
        bent = quadratic_robust_usefulness(law, np.zeros((3, 3)), b, eps, p)
        nearly = quadratic_robust_usefulness(law, 1e-13 * np.outer(b, b), b, eps, p)
        assert np.allclose(line, bent, rtol=1e-12)
        assert np.allclose(line, nearly, rtol=1e-10)


def test_usefulness_of_an_ill_conditioned_pair_is_exact():
    variances = np.geomspace(1e-12, 1.0, 5)
    mu = np.array([1e-7, 1e-5, 0.1, 0.2, 0.3])
    pair = GaussianPair(mu, variances, prior=0.2)
    with mpmath.workdps(50):
        a = [mpmath.mpf(m) / mpmath.mpf(v) for m, v in zip(mu, variances, strict=True)]
        t = mpmath.fsum(x * mpmath.mpf(m) for x, m in zip(a, mu, strict=True))
        v = mpmath.fsum(x**2 * mpmath.mpf(s) for x, s in zip(a, variances, strict=True))
        share = 4 * mpmath.mpf(0.2) * (1 - mpmath.mpf(0.2))
        expected = float(share * t / mpmath.sqrt(v + share * t**2))
    found = linear_usefulness(pair, mu / variances)
    assert found == pytest.approx(expected, rel=1e-12)


def test_extreme_sizes_give_limits():
    pair = GaussianPair([3.0, 0.1], [1.0, 1e-12])
    gamma = linear_robust_usefulness(pair, np.eye(2), [[0.0], [0.1], [3.0], [1e9]])
    assert gamma.shape == (4, 2)
    assert np.isfinite(gamma).all()
    assert gamma[2, 0] == 0.0  # eps = |mu|
    assert gamma[0, 1] == pytest.approx(1.0, abs=1e-9)  # no spread: f = y
    assert abs(gamma[1, 1]) < 1e-12
    far = quadratic_robust_usefulness(pair, np.diag([1.0, 2.0]), None, 1e6, math.inf)
    assert np.isfinite(far)
    huge = linear_usefulness(pair, [1e300, 1e-300])
    assert huge == pytest.approx(linear_usefulness(pair, [1.0, 0.0]))


def test_nearly_certain_points_have_the_usefulness_of_two_points():
    """f = |x|^2 is 25 or 0; steps take it to (5 - eps)^2, and -f to -eps^2."""
    law = LabelledMixture([[3.0, 4.0], [0.0, 0.0]], [1, -1], 1e-24)
    eps = np.array([0.0, 0.5, 2.0, 5.0])
    gamma = quadratic_robust_usefulness(law, np.eye(2), None, eps)
    assert gamma == pytest.approx(((5 - eps) ** 2 - eps**2) / 25, abs=1e-10)


def test_directions_and_sizes_broadcast():
    law = three_components()
    a = np.random.default_rng(6).standard_normal((4, 1, 3))
    gamma = linear_robust_usefulness(law, a, np.array([0.0, 1.0]))
    assert gamma.shape == (4, 2)
    assert gamma[2, 1] == linear_robust_usefulness(law, a[2, 0], 1.0)
    assert isinstance(linear_usefulness(law, a[0, 0]), np.float64)


def test_usefulness_is_a_correlation():
    """For equally likely classes |rho| <= 1, with equality for f = y."""
    law = three_components()
    a = np.random.default_rng(7).standard_normal((200, 3))
    assert (np.abs(linear_usefulness(law, a)) <= 1.0).all()


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda g: linear_usefulness(g, [0.0, 0.0]), ValueError, "a must not be zero"),
        (lambda g: linear_usefulness(g, [1.0]), ValueError, "a must have 2 entries"),
        (lambda g: linear_usefulness(1, [1.0]), TypeError, "law must be a Gaussian"),
        (lambda g: linear_robust_usefulness(g, [1, 1], -1), ValueError, "eps must be"),
        (lambda g: quadratic_usefulness(g, [[1.0]]), ValueError, "A must have 2 rows"),
        (
            lambda g: quadratic_robust_usefulness(g, [[0, 1], [1, 0]], None, 1, p=1),
            ValueError,
            "gamma is known exactly for p = 2",
        ),
        (
            lambda g: LabelledMixture([[0.0], [1.0]], [1, -1], weights=[0.5, 0.6]),
            ValueError,
            "weights must be 2 positive",
        ),
        (
            lambda g: LabelledMixture([[0.0], [1.0]], [1, 1]),
            ValueError,
            "labels must hold both",
        ),
        (
            lambda g: LabelledMixture([[0.0], [1.0]], [1, -1], [1.0, 1.0, 1.0]),
            ValueError,
            "covs must be one covariance or a list of 2",
        ),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call(GaussianPair([1.0, 2.0]))
