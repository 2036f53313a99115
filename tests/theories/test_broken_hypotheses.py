"""Where theorems on manifolds and on oscillation stop, against closed forms."""

import math

import numpy as np
import pytest
from scipy import optimize, stats

from geomadv.claims import ablate
from geomadv.theories.manifold import khoury2018, schmidt2018, stutz2019, tanay2016
from geomadv.theories.oscillation import belkin2018, wang2019, zhang2019, zheng2016


def stop(paper, name, strength):
    """Return the smallest break that refutes a claim, and the next that does not."""
    (claim,) = [c for c in paper.CLAIMS if c.id.endswith("." + name)]
    (found,) = [r for r in ablate([claim]) if r.hypothesis.strength == strength]
    assert found.needed
    return sorted([float(found.before), float(found.first.parameters[strength])])


def test_the_strength_holds_as_far_as_the_centroids():
    low, high = stop(tanay2016, "strength", "offset")
    assert low <= 1 <= high


@pytest.mark.parametrize(
    ("paper", "name", "strength", "exact"),
    [
        # Phi(s) = exp(-s^2/2)
        (
            schmidt2018,
            "margin",
            "short",
            optimize.brentq(lambda s: stats.norm.cdf(s) - math.exp(-s * s / 2), 0.1, 2),
        ),
        # (1 + s)^2 (1 - e)^2 + e^2 = 1 at e = 1/1000
        (khoury2018, "balls", "more", math.sqrt(1 - 1e-6) / 0.999 - 1),
        # (1 + s) (1 - e) = sqrt(1 - e)
        (khoury2018, "nearest-neighbours", "more", 1 / math.sqrt(0.999) - 1),
        # c D/(c + D) = sin t, D = 2 sin(t/2), at t = 1.5
        (
            stutz2019,
            "projection-curved",
            "times",
            1 / (1 / math.sin(1.5) - 1 / (2 * math.sin(0.75))),
        ),
    ],
)
def test_a_theorem_stops_where_a_formula_says(paper, name, strength, exact):
    low, high = stop(paper, name, strength)
    assert low * (1 - 1e-9) <= exact <= high * (1 + 1e-9)
    assert high - low < 0.02 * exact


@pytest.mark.parametrize("normal", [0.0, 2.0])
def test_a_decoder_that_stretches_against_its_formula(normal):
    # f(g(z)) = 3 <a, z>: the latent distance is |<a, z>|, the regular one three times
    # that over |w|.
    regular, latent = stutz2019._stretched(normal, 3.0)
    assert 3 * latent / regular == pytest.approx(math.hypot(1, normal), rel=1e-10)


def test_errors_with_noise_above_a_half_against_random_labels():
    (claim,) = [c for c in belkin2018.CLAIMS if c.id == "belkin2018.measure-vanishes"]
    variant = claim.hypotheses[-1].evidence
    rng = np.random.default_rng(2)
    weight = rng.exponential(size=(200_000, 5))
    wrong = np.where(rng.random(weight.shape) < 0.7, weight, -weight).sum(axis=1) > 0
    assert variant.lhs(k=5, noise=0.7) == pytest.approx(wrong.mean(), abs=0.006)


@pytest.mark.parametrize("more", [0.0, 1.5])
def test_uneven_noise_is_ridge_regression_of_scaled_points(more):
    from sklearn.linear_model import Ridge

    X, y = zheng2016._data(4, 0)
    weight = 5e-3 + 2.0 * 0.25 * np.array([(1 + more) ** 2, 1, 1, 1])
    model = Ridge(alpha=60.0).fit(X / np.sqrt(weight), y)
    w = model.coef_ / np.sqrt(weight)
    assert zheng2016._uneven_norm(4, 0.5, 2.0, more) == pytest.approx(
        np.linalg.norm(w), rel=1e-9
    )


def test_longer_steps_against_the_definition():
    for seed in (1, 2, 5):
        mass, eta, f, _ = zhang2019._problem(seed, 3.0)
        reach = seed % 3 + 2
        risk = 0.0
        for i in range(12):
            near = f[max(i - reach, 0) : i + reach + 1]
            risk += mass[i] * (
                eta[i] * (near.min() <= 0) + (1 - eta[i]) * (near.max() > 0)
            )
        risk -= mass @ np.minimum(eta, 1 - eta)
        assert zhang2019._reached(seed, 2, "hinge") == pytest.approx(risk, abs=1e-12)


def test_others_that_are_left_out_raise_the_bound():
    found = [wang2019._bound_without(2, 20, hidden) for hidden in range(5)]
    assert found == sorted(found)
    assert found[0] == pytest.approx(wang2019._bound(2, 20, 1))
    assert found[-1] > found[0]
