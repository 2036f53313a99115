"""Estimates against exact optima, on laws where these are known."""

import numpy as np
import pytest

from geomadv.concentration import estimate_concentration
from geomadv.spaces import Cube, Gaussian, Sphere
from geomadv.theories.dimension.mahloujifar2019 import square_concentration
from geomadv.theories.dimension.prescott2021 import logistic_products

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


@pytest.mark.parametrize(("alpha", "family"), [(0.05, "balls"), (0.5, "halfspaces")])
def test_square_estimates_do_not_beat_the_optimum_and_reach_it(alpha, family):
    """Small regions grow least in a corner, which is a ball, large ones as a half."""
    X = Cube(2).sample(16_000, 5)
    found = estimate(X, p=np.inf, eps=0.1, alpha=alpha, rng=6)
    for r, z in errors(found, 8_000, lambda a: square_concentration(a, 0.1)):
        assert z > -3, r.family
    best = found[family]
    truth = square_concentration(best.risk, 0.1)
    assert best.adversarial_risk == pytest.approx(truth, abs=0.015)


def test_cube_estimates_stay_above_the_bound_of_the_cube():
    """The optimum of the cube is not known; the half-cube is one of its regions."""
    X = Cube(6).sample(12_000, 5)
    found = estimate(X, p=np.inf, eps=0.1, alpha=0.1, rng=6)
    for r, z in errors(found, 6_000, lambda a: Cube(6).enlargement(a, 0.1, np.inf)):
        assert z > -3, r.family
    assert found.adversarial_risk < found[found.best].risk + 0.1 + 0.02


@pytest.mark.parametrize("family", ["all", "halfspaces"])
def test_products_of_logistic_laws_grow_along_the_widest_coordinate(family):
    rng = np.random.default_rng(7)
    X = rng.logistic(size=(16_000, 3)) * [0.5, 1.0, 3.0]
    found = estimate(X, p=np.inf, eps=2.0, alpha=0.05, family=family, rng=8)
    for r, z in errors(found, 8_000, lambda a: logistic_products(a, 2.0, 3.0)):
        assert z > -3, r.family
    r = found["halfspaces"]
    assert r.adversarial_risk < logistic_products(r.risk, 2.0, 3.0) + 0.015
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
