"""Energies in top singular directions, and the laws that they are held to."""

import numpy as np
import pytest
from scipy import stats

from geomadv.lipschitz import alignment

RNG = np.random.default_rng(0)


def test_the_energy_is_that_of_the_projection():
    W, delta = RNG.standard_normal((6, 20)), RNG.standard_normal((7, 20))
    _, _, V = np.linalg.svd(W - W.mean(axis=0))
    for k in (1, 3):
        found = alignment(delta, W, k=k).energy
        part = delta @ V[:k].T
        expected = (part**2).sum(axis=1) / (delta**2).sum(axis=1)
        assert found == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("k", "quantile"), [(1, 0.0084432), (10, 0.0293919), (50, 0.0956254)]
)
def test_quantiles_of_the_isotropic_law(k, quantile):
    """Reference values at d = 784."""
    d = 784
    W = np.eye(60, d) * np.linspace(2, 1, 60)[:, None]
    W = np.concatenate([W, -W])  # centred; the top directions are the first axes
    delta = np.zeros((1, d))
    delta[0, 0], delta[0, -1] = np.sqrt(quantile), np.sqrt(1 - quantile)
    found = alignment(delta, W, k=k)
    assert found.energy[0] == pytest.approx(quantile)
    assert found.isotropic_mean == pytest.approx(k / d)
    assert found.isotropic_pvalue[0] == pytest.approx(0.01, rel=2e-4)


def test_the_spectral_mean_is_that_of_all_pairs():
    W = RNG.standard_normal((10, 50))
    pairs = np.array([W[c] - W[j] for c in range(10) for j in range(10) if c != j])
    found = alignment(pairs, W)
    weights = (pairs**2).sum(axis=1)
    mean = (found.energy * weights).sum() / weights.sum()
    assert found.spectral_mean == pytest.approx(mean, rel=1e-10)
    s = np.linalg.svd(W - W.mean(axis=0), compute_uv=False)
    assert mean == pytest.approx(s[0] ** 2 / (s**2).sum(), rel=1e-10)


def test_pvalues_are_uniform_under_their_own_law():
    """Kolmogorov-Smirnov at 1e-6, for random left singular vectors."""
    s = np.array([5.0, 3.0, 2.0, 1.0, 0.5, 0.3])
    V = np.linalg.qr(RNG.standard_normal((30, 6)))[0].T
    W = np.concatenate([np.diag(s) @ V, -np.diag(s) @ V])
    g = RNG.standard_normal((2000, 6))
    found = alignment(g @ np.diag(s) @ V, W, k=2)
    assert stats.kstest(found.spectral_pvalue, "uniform").pvalue > 1e-6
    isotropic = alignment(RNG.standard_normal((2000, 30)), W, k=2)
    assert stats.kstest(isotropic.isotropic_pvalue, "uniform").pvalue > 1e-6
    # and the one law is not the other
    assert stats.kstest(found.isotropic_pvalue, "uniform").pvalue < 1e-20


def test_a_jacobian_for_each_step():
    J, delta = RNG.standard_normal((5, 4, 8)), RNG.standard_normal((5, 8))
    found = alignment(delta, J, k=2)
    for i in range(5):
        one = alignment(delta[i : i + 1], J[i], k=2)
        assert found.energy[i] == pytest.approx(one.energy[0])
        assert found.spectral_pvalue[i] == pytest.approx(one.spectral_pvalue[0])
        assert found.spectral_mean[i] == pytest.approx(one.spectral_mean[0])


def test_two_classes_have_one_direction():
    """All the energy is in it, which says nothing; nor does no step at all."""
    w = RNG.standard_normal((1, 9))
    found = alignment(np.concatenate([3.0 * w, 0.0 * w]), w)
    assert found.energy[0] == pytest.approx(1.0)
    assert found.spectral_pvalue[0] == 1.0
    assert found.isotropic_pvalue[0] < 1e-6
    assert np.isnan(found.energy[1])
    assert np.isnan(found.spectral_pvalue[1])
    assert np.isnan(found.isotropic_pvalue[1])


@pytest.mark.parametrize("scale", [1e-200, 1e200])
def test_scales_do_not_matter(scale):
    W, delta = RNG.standard_normal((4, 6)), RNG.standard_normal((3, 6))
    one, other = alignment(delta, W), alignment(scale * delta, W)
    assert other.energy == pytest.approx(one.energy, rel=1e-12)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: alignment([[1.0, 2.0]], [[1.0]]), "gradients must have shape"),
        (lambda: alignment([[1.0, 2.0]], np.ones((2, 3, 2))), "one for each of 1"),
        (lambda: alignment([[1.0, 2.0]], np.eye(2), k=2), "k must be below"),
        (lambda: alignment([[1.0, 2.0]], np.eye(2), k=0), "k must be at least 1"),
        (lambda: alignment([[np.nan, 2.0]], np.eye(2)), "delta must"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
