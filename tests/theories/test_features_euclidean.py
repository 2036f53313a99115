"""Means over Gaussian laws of what Euclidean balls take from parabolas."""

import math

import numpy as np
import pytest
from scipy import integrate

from geomadv.data import GaussianPair
from geomadv.theories.features import _euclidean
from geomadv.theories.features._euclidean import mean_euclidean_fall, span
from geomadv.theories.features._features import QuadraticFeature
from geomadv.theories.features._law import (
    LabelledMixture,
    _mean_radial_fall,
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


@pytest.mark.parametrize("y", [-1.0, 1.0])
@pytest.mark.parametrize("d", [2, 3])
def test_balls_about_isotropic_points_have_a_closed_form(d, y):
    rng = np.random.default_rng(d)
    b, m = rng.standard_normal((2, d))
    f = QuadraticFeature(1.3 * np.eye(d), b)
    sizes = SIZES if d == 2 else SIZES[2:]
    got = mean_euclidean_fall(f, y, m, np.array(0.8), sizes)
    far = float(np.linalg.norm(m + b / 1.3))
    want = _mean_radial_fall(1.3 * y, far, 0.8, d, sizes)
    sd = math.sqrt(2 * 1.3**2 * d * 0.8**2 + 4 * 0.8 * (1.3 * far) ** 2)
    assert got == pytest.approx(want, abs=1e-5 * sd)


@pytest.mark.parametrize("seed", range(2))
def test_two_dimensions_by_adaptive_quadrature(seed):
    """In the eigenvectors of the form, the inner integral cut where it has its kink."""
    f, m, S, sd = problem(2, seed)
    L, Q = np.linalg.eigh(f._A)
    centre, cov = Q.T @ m, Q.T @ S @ Q
    flat = QuadraticFeature(np.diag(L), Q.T @ f._b)
    kink = -flat._b[0] / L[0] if L[0] < 0 else centre[0]
    root = math.sqrt(cov[0, 0])
    tail = math.sqrt(cov[1, 1] - cov[0, 1] ** 2 / cov[0, 0])

    def outer(t):
        middle = centre[1] + cov[0, 1] / cov[0, 0] * (t - centre[0])
        x, w = np.polynomial.legendre.leggauss(160)
        z = 9 * x
        T = np.column_stack([np.full(160, t), middle + tail * z])
        c = flat.values(T) - flat.worst(T, np.ones(160), 1.0, 2.0)
        inner = 9 * w @ (c * np.exp(-(z**2) / 2)) / math.sqrt(2 * math.pi)
        z0 = (t - centre[0]) / root
        return inner * math.exp(-(z0**2) / 2) / math.sqrt(2 * math.pi) / root

    ends = centre[0] - 9 * root, centre[0] + 9 * root
    inside = min(max(kink, ends[0]), ends[1])
    options = {"epsabs": 1e-9 * sd, "epsrel": 1e-9, "limit": 400}
    want = sum(
        integrate.quad(outer, low, high, **options)[0]
        for low, high in ((ends[0], inside), (inside, ends[1]))
    )
    got = mean_euclidean_fall(f, 1.0, m, S, np.array(1.0))
    assert float(got) == pytest.approx(want, abs=1e-7 * sd)


@pytest.mark.parametrize(("d", "error"), [(2, 1e-7), (3, 2e-6)])
def test_a_finer_rule_gives_the_same(d, error, monkeypatch):
    f, m, S, sd = problem(d, 1)
    sizes = SIZES if d == 2 else SIZES[1:2]
    coarse = mean_euclidean_fall(f, -1.0, m, S, sizes)
    monkeypatch.setattr(_euclidean, "_PANELS", {2: 20, 3: 7})
    fine = mean_euclidean_fall(f, -1.0, m, S, sizes)
    assert coarse == pytest.approx(fine, abs=error * sd)


def test_other_dimensions_do_not_matter():
    """A form of rank 2 in ten dimensions, by its own two and by a sample."""
    rng = np.random.default_rng(4)
    U = np.linalg.qr(rng.standard_normal((10, 2)))[0]
    A = U @ np.diag([1.0, -0.7]) @ U.T
    b = U @ [0.3, -0.2]
    assert span(QuadraticFeature(A, b)).shape == (10, 2)
    assert span(QuadraticFeature(A, b + 0.1 * rng.standard_normal(10))).shape[1] == 3
    law = GaussianPair(rng.standard_normal(10))
    gamma = quadratic_robust_usefulness(law, A, b, [0.0, 0.4])
    assert gamma[0] == pytest.approx(quadratic_usefulness(law, A, b), abs=1e-7)
    small = GaussianPair(U.T @ law.mu)
    same = quadratic_robust_usefulness(small, U.T @ A @ U, U.T @ b, 0.4)
    assert gamma[1] == pytest.approx(same, abs=1e-7)


def test_a_mixture_agrees_with_a_sample():
    f, m, S, _ = problem(3, 7)
    law = LabelledMixture([m, -m], [1, -1], [S, 0.5], [0.3, 0.7])
    gamma = quadratic_robust_usefulness(law, f._A, f._b, 0.5)
    n = 200_000
    X, y = law.sample(n, 0)
    values = f.values(X)
    e, s = values.mean(), values.std()
    drawn = (f.worst(X, y, 0.5, 2) - y * e) / s
    # 4 s.e. and as much for the sample's mean and spread: false alarm below 1e-4
    assert abs(drawn.mean() - gamma) < 8 * drawn.std() / math.sqrt(n)
