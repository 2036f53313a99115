"""Estimates against exact optima, on laws where these are known."""

import numpy as np
import pytest

from geomadv.concentration import estimate_concentration
from geomadv.spaces import Cube, Gaussian, Sphere

CORRELATED = np.array([[2.0, 0.9, 0.0], [0.9, 1.0, 0.3], [0.0, 0.3, 1.5]])


def estimate(X, *, fresh=0.5, **options):
    kept = round(fresh * X.shape[0])
    return estimate_concentration(X[kept:], X[:kept], **options)


def errors(found, n, truth):
    """Return how many standard errors each estimate lies above the optimum.

    The optimum is that of the region's own risk on the fresh points, whose error counts
    too.
    """
    for r in found.results:
        optimum = truth(r.risk)
        slope = (truth(r.risk + 1e-4) - truth(r.risk - 1e-4)) / 2e-4
        a, b = r.risk, r.adversarial_risk
        # the points of the region count in both shares, which only narrows the error
        spread = np.sqrt((b * (1 - b) + slope**2 * a * (1 - a)) / n)
        yield r, (b - optimum) / spread


@pytest.mark.parametrize(
    ("p", "cov", "family"),
    [
        (1.0, CORRELATED, "halfspaces"),
        (1.5, 1.0, "halfspaces"),
        (2.0, 1.0, "halfspaces"),
        (2.0, CORRELATED, "all"),
        (4.0, CORRELATED, "halfspaces"),
        (np.inf, CORRELATED, "all"),
        (np.inf, 1.0, "halfspaces"),
    ],
)
def test_gaussian_estimates_do_not_beat_the_optimum_and_reach_it(p, cov, family):
    law = Gaussian(3, cov=cov) if np.isscalar(cov) else Gaussian(cov=cov)
    eps = 0.8 * law.operator_norm(p).upper
    X = law.sample(16_000, 1)
    found = estimate(X, p=p, eps=eps, alpha=0.05, family=family, rng=2)

    def truth(alpha):
        return float(law.enlargement(alpha, eps, p))

    for r, z in errors(found, 8_000, truth):
        assert z > -3, r.family
    best = found[found.best]
    assert best.adversarial_risk < truth(best.risk) + 0.02


def test_high_dimensional_gaussian_comes_within_a_hundredth():
    """N(0, I_784), .05 and 1: Phi(Phi^-1(.05) + 1) = .2595."""
    X = np.random.default_rng(0).standard_normal((40_000, 784), dtype=np.float32)
    found = estimate(X, p=2, eps=1.0, alpha=0.05, family="halfspaces", rng=0)
    (result,) = found.results
    truth = 0.2595110228
    assert abs(result.adversarial_risk - truth) < 0.01
    assert result.adversarial_risk > truth - 3 * np.sqrt(truth * (1 - truth) / 20_000)
    ((_, z),) = errors(
        found, 20_000, lambda a: float(Gaussian(784).enlargement(a, 1.0))
    )
    assert z > -3


def test_sphere_estimates_do_not_beat_caps():
    """Near a cap on the sphere is less than near its half-space, which is counted."""
    space = Sphere(10)
    X = space.sample(12_000, 3)
    found = estimate(X, p=2, eps=0.3, alpha=0.05, rng=4)
    for r, z in errors(found, 6_000, lambda a: float(space.enlargement(a, 0.3))):
        assert z > -3, r.family
    best = found.adversarial_risk
    assert best < 1.25 * float(space.enlargement(0.05, 0.3))


def test_cube_estimates_reach_the_half_cube():
    """In [0, 1]^d with l_inf, {x_1 <= a} grows to a + eps; corners grow faster."""
    X = Cube(6).sample(12_000, 5)
    found = estimate(X, p=np.inf, eps=0.1, alpha=0.1, rng=6)
    for r, z in errors(found, 6_000, lambda a: a + 0.1):
        assert z > -3, r.family
    assert found.adversarial_risk == pytest.approx(0.2, abs=0.02)
    lower = Cube(6).enlargement(0.1, 0.1, np.inf)
    assert found.adversarial_risk > lower - 0.02


def test_products_of_unequal_scales_grow_along_the_widest_coordinate():
    rng = np.random.default_rng(7)
    scales = np.array([0.5, 1.0, 3.0])
    X = rng.laplace(size=(20_000, 3)) * scales
    found = estimate(X, p=np.inf, eps=1.0, alpha=0.05, family="halfspaces", rng=8)
    # {x_3 >= t} of measure .05 grows by the factor exp(eps / scale)
    (r,) = found.results
    assert r.adversarial_risk == pytest.approx(r.risk * np.exp(1 / 3), abs=0.01)
    assert np.argmax(np.abs(r.region.normal)) == 2


def test_the_value_on_the_fitted_points_is_biased_low_and_the_fresh_one_is_not():
    law = Gaussian(200)
    truth = float(law.enlargement(0.05, 1.0))
    fitted, above = [], []
    for seed in range(6):
        X = law.sample(2_000, seed)
        found = estimate(
            X, p=np.inf, eps=1.0, alpha=0.05, family="halfspaces", rng=seed
        )
        # the best of 200 half-spaces on 1000 points, with its threshold there
        t = np.sort(X[1000:], axis=0)[-50]
        fitted.append((X[1000:] >= t - 1.0).mean(axis=0).min())
        above += [
            z for _, z in errors(found, 1000, lambda a: float(law.enlargement(a, 1)))
        ]
    assert np.mean(fitted) < truth - 0.03
    # six standardised errors: their mean has the standard deviation .41
    assert np.mean(above) > -3 * 0.41


def test_estimates_approach_the_optimum_as_points_become_many():
    law = Gaussian(20)
    truth = float(law.enlargement(0.05, 1.0))
    gaps = []
    for n in (300, 2000, 16_000):
        values = [
            estimate(
                law.sample(2 * n, 10 * n + seed),
                p=2,
                eps=1.0,
                alpha=0.05,
                family="halfspaces",
                rng=seed,
            ).adversarial_risk
            for seed in range(4)
        ]
        gaps.append(np.mean(np.abs(np.array(values) - truth)))
    assert gaps[0] > gaps[1] > gaps[2]
    assert gaps[2] < 0.012
