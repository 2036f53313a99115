"""Means over Gaussian laws of what Euclidean balls take from parabolas."""

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, special, stats

from geomadv.data import GaussianPair
from geomadv.theories.features import _euclidean
from geomadv.theories.features._euclidean import mean_euclidean_fall, mean_least
from geomadv.theories.features._features import QuadraticFeature
from geomadv.theories.features._law import (
    LabelledMixture,
    _mean_fall,
    quadratic_robust_usefulness,
    quadratic_usefulness,
)

SIZES = np.array([0.1, 1.0, 3.0])


def problem(d, seed):
    """Return a feature, a mean, a covariance and the feature's deviation."""
    rng = np.random.default_rng(seed)
    A, B = rng.standard_normal((2, d, d))
    A, S = A + A.T, B @ B.T + 0.1 * np.eye(d)
    b, m = rng.standard_normal((2, d))
    slope = A @ m + b
    sd = math.sqrt(2 * np.trace(A @ S @ A @ S) + 4 * slope @ S @ slope)
    return QuadraticFeature(A, b), m, S, sd


@pytest.mark.parametrize("spread", [1e-12, 1e-2, 1.0])
@pytest.mark.parametrize(("d", "far"), [(1, 0.0), (1, 1.0), (5, 0.0), (50, 3.0)])
def test_means_of_the_least_of_a_sum_of_squares_and_a_number(d, far, spread):
    """The integral of P(Q > q) up to s, by the noncentral chi-squared law."""
    mean = d * spread + far
    s = mean * np.array([0.01, 0.5, 0.99, 1.0, 1.01, 2.0, 5.0])
    a, v = np.full((7, d), math.sqrt(far / d)), np.full((7, d), spread)
    sd = math.sqrt(2 * d * spread**2 + 4 * spread * far)
    if far and spread < 1e-9:  # Q is normal
        z = (s - mean) / sd
        below = sd * (z * special.ndtr(z) + stats.norm.pdf(z))
        assert mean_least(a, v, s) == pytest.approx(s - below, abs=1e-5 * sd)
        return
    law = stats.ncx2(d, far / spread) if far else stats.chi2(d)
    for one, x in zip(mean_least(a, v, s), s, strict=True):
        cuts = mean + sd * np.array([-10.0, -4, -1, 0, 1, 4, 10])
        cuts = [0.0, *np.clip(cuts, 0, x), x]
        want = sum(  # q = r^2, as the density may have a pole at 0
            integrate.quad(
                lambda r: 2 * r * law.sf(r * r / spread),
                math.sqrt(low),
                math.sqrt(high),
                epsabs=1e-15 * x,
            )[0]
            for low, high in itertools.pairwise(cuts)
        )
        assert one == pytest.approx(want, rel=1e-12)


def test_a_sum_of_unequal_squares_against_its_density():
    """Of (1 + Z_1)^2/2 and 1e-3 Z_2^2, by the sum over the nodes of Z_1."""
    s = np.array([0.01, 0.3, 2.0])
    a, v = [[math.sqrt(0.5), 0.0]] * 3, [[0.5, 1e-3]] * 3
    got = mean_least(np.array(a), np.array(v), s)
    for one, x in zip(got, s, strict=True):

        def mean(z, x=x):  # given the first number
            left = (x - (1 + z) ** 2 / 2) / 1e-3
            if left <= 0:
                return x
            inside = special.erf(math.sqrt(left / 2))
            square = inside - math.sqrt(2 * left / math.pi) * math.exp(-left / 2)
            return x - 1e-3 * (left * inside - square)

        edge = math.sqrt(2 * x)  # before which the mean bends
        inside = [f * edge for f in (-1, -0.99, -0.9, 0, 0.9, 0.99, 1)]
        cuts = [-9, *(f - 1 for f in inside), 9]
        want = sum(
            integrate.quad(
                lambda z: mean(z) * stats.norm.pdf(z),
                low,
                high,
                epsabs=1e-14,
                limit=200,
            )[0]
            for low, high in itertools.pairwise(cuts)
        )
        assert one == pytest.approx(want, rel=1e-9)


@pytest.mark.parametrize("seed", range(40))
def test_ridges_have_a_closed_form_at_every_scale(seed):
    rng = np.random.default_rng(seed)
    d = seed % 5 + 1
    u = rng.standard_normal(d)
    u /= np.linalg.norm(u)
    a, b, far, e = 10 ** rng.uniform(-6, 6, 4)
    a *= (-1.0) ** seed
    v = 10 ** rng.uniform(-12, 12)
    m = far * rng.standard_normal(d)
    f = QuadraticFeature(a * np.outer(u, u), b * u)
    got = mean_euclidean_fall(f, 1.0, m, np.array(v), np.array([e]))
    want = _mean_fall(a, a * float(u @ m) + b, v, np.array([e]))
    assert got == pytest.approx(want, rel=1e-8)


@pytest.mark.parametrize("y", [-1.0, 1.0])
@pytest.mark.parametrize("d", [2, 5, 40])
def test_balls_about_isotropic_points_have_a_closed_form(d, y):
    """|g| = a R, and R^2 is noncentral chi-squared: the mean of the fall in R."""
    rng = np.random.default_rng(d)
    b, m = rng.standard_normal((2, d))
    a, v = 1.3, 0.8
    far = float(np.linalg.norm(m + b / a))
    law = stats.ncx2(d, far**2 / v)
    got = mean_euclidean_fall(
        QuadraticFeature(a * np.eye(d), b), y, m, np.array(v), SIZES
    )
    for one, e in zip(got, SIZES, strict=True):

        def fall(r, e=e):
            if y > 0 and r < e:
                return a * r * r
            return e * (2 * a * r - y * a * e)

        centre = math.sqrt(far**2 + d * v)
        ends = max(centre - 9, 0), centre + 9
        cut = min(max(e, ends[0]), ends[1])
        want = sum(
            integrate.quad(
                lambda r: fall(r) * 2 * r / v * law.pdf(r * r / v),
                low,
                high,
                epsabs=1e-13,
                limit=200,
            )[0]
            for low, high in ((ends[0], cut), (cut, ends[1]))
        )
        assert one == pytest.approx(want, rel=1e-8)


def test_two_dimensions_by_adaptive_quadrature():
    """In the eigenvectors of the form, the inner integral cut where it has its kink."""
    f, m, S, sd = problem(2, 1)
    L, Q = np.linalg.eigh(f._A)
    centre, cov = Q.T @ m, Q.T @ S @ Q
    flat = QuadraticFeature(np.diag(L), Q.T @ f._b)
    kink = -flat._b[0] / L[0] if L[0] < 0 else centre[0]
    root = math.sqrt(cov[0, 0])
    tail = math.sqrt(cov[1, 1] - cov[0, 1] ** 2 / cov[0, 0])

    def outer(t):
        middle = centre[1] + cov[0, 1] / cov[0, 0] * (t - centre[0])
        x, w = np.polynomial.legendre.leggauss(80)
        z = 9 * x
        T = np.column_stack([np.full(80, t), middle + tail * z])
        c = flat.values(T) - flat.worst(T, np.ones(80), 1.0, 2.0)
        inner = 9 * w @ (c * np.exp(-(z**2) / 2)) / math.sqrt(2 * math.pi)
        z0 = (t - centre[0]) / root
        return inner * math.exp(-(z0**2) / 2) / math.sqrt(2 * math.pi) / root

    ends = centre[0] - 9 * root, centre[0] + 9 * root
    inside = min(max(kink, ends[0]), ends[1])
    options = {"epsabs": 1e-8 * sd, "epsrel": 1e-8, "limit": 400}
    want = sum(
        integrate.quad(outer, low, high, **options)[0]
        for low, high in ((ends[0], inside), (inside, ends[1]))
    )
    got = mean_euclidean_fall(f, 1.0, m, S, np.array(1.0))
    assert float(got) == pytest.approx(want, abs=1e-7 * sd)


@pytest.mark.parametrize(("d", "spread"), [(3, 1.0), (7, 1.0), (4, 1e6)])
def test_a_finer_rule_gives_the_same(d, spread, monkeypatch):
    f, m, S, _ = problem(d, 1)
    D = np.diag(np.geomspace(1, math.sqrt(spread), d))
    f = QuadraticFeature(D @ f._A @ D, f._b)
    coarse = mean_euclidean_fall(f, -1.0, m, S, SIZES)
    monkeypatch.setattr(_euclidean, "_STEP", _euclidean._STEP / 2)
    monkeypatch.setattr(_euclidean, "_NODES", 2 * _euclidean._NODES)
    fine = mean_euclidean_fall(f, -1.0, m, S, SIZES)
    assert coarse == pytest.approx(fine, rel=1e-9)


def test_other_dimensions_do_not_matter():
    """A form of rank 2 in ten dimensions, b within its range, and not."""
    rng = np.random.default_rng(4)
    U = np.linalg.qr(rng.standard_normal((10, 3)))[0]
    law = GaussianPair(rng.standard_normal(10))
    small = GaussianPair(U.T @ law.mu)
    for third in (0.0, 0.4):
        A, b = np.diag([1.0, -0.7, 0.0]), np.array([0.3, -0.2, third])
        whole = U @ A @ U.T
        whole = (whole + whole.T) / 2
        gamma = quadratic_robust_usefulness(law, whole, U @ b, [0.0, 0.4])
        assert gamma[0] == quadratic_usefulness(law, whole, U @ b)
        same = quadratic_robust_usefulness(small, A, b, 0.4)
        assert gamma[1] == pytest.approx(same, abs=1e-10)


@pytest.mark.parametrize("d", [3, 12])
def test_a_mixture_agrees_with_a_sample(d):
    f, m, S, _ = problem(d, 7)
    law = LabelledMixture([m, -m], [1, -1], [S, 0.5], [0.3, 0.7])
    gamma = quadratic_robust_usefulness(law, f._A, f._b, 0.5)
    n = 100_000 // d
    X, y = law.sample(n, 0)
    values = f.values(X)
    e, s = values.mean(), values.std()
    drawn = (f.worst(X, y, 0.5, 2) - y * e) / s
    # 4 s.e. and as much for the sample's mean and spread: false alarm below 1e-4
    assert abs(drawn.mean() - gamma) < 8 * drawn.std() / math.sqrt(n)


def test_extreme_sizes_have_their_limits():
    """c is 2 e |g| for small balls, and for large ones |g|^2/a or -e^2 min L."""
    f = QuadraticFeature(np.diag([2.0, 3.0, 4.0, 5.0]), [1.0, 0, 0, 0])
    m, S = np.array([1.0, 2.0, -1.0, 0.0]), np.array([1.0, 2.0, 1e-12, 1.0])
    g = 1.0 * (np.diag(f._A) * m + f._b)
    L = np.diag(f._A)
    fall = mean_euclidean_fall(f, 1.0, m, S, np.array([0.0, 1e-9, 1e9, 1e100]))
    whole = ((g**2 + L**2 * S) / L).sum()
    assert fall[0] == 0.0
    assert fall[2:] == pytest.approx(whole, rel=1e-9)
    draws = np.random.default_rng(0).standard_normal((10**5, 4)) * L * np.sqrt(S) + g
    lengths = np.linalg.norm(draws, axis=1)
    assert fall[1] / 2e-9 == pytest.approx(lengths.mean(), abs=0.05)
    bent = mean_euclidean_fall(f, -1.0, m, S, np.array([1e9]))
    assert bent == pytest.approx(5e18, rel=1e-8)


@pytest.mark.parametrize("y", [-1.0, 1.0])
def test_a_slope_where_there_is_no_curvature_by_quadrature(y):
    """Only x_1 is random in the fall: infima of points, weighted by its density."""
    f = QuadraticFeature(np.diag([1.0, 0.0]), [0.2, 0.5])
    m = np.array([0.4, 3.0])
    got = mean_euclidean_fall(f, y, m, np.array(0.7), SIZES)
    kink = -0.2  # of the fall for y = -1
    x, w = np.polynomial.legendre.leggauss(60)
    cuts = [-7.0, -3, -1, kink, 1, 3, 8]
    t = np.concatenate([(b - a) / 2 * (x + 1) + a for a, b in itertools.pairwise(cuts)])
    weights = np.concatenate([(b - a) / 2 * w for a, b in itertools.pairwise(cuts)])
    weights *= stats.norm.pdf(t, 0.4, math.sqrt(0.7))
    X, labels = np.column_stack([t, np.full(t.size, 3.0)]), np.full(t.size, y)
    want = [
        weights @ (y * f.values(X) - f.worst(X, labels, float(e), 2)) for e in SIZES
    ]
    assert got == pytest.approx(want, rel=1e-7)
