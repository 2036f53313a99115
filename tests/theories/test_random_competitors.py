"""What is called best, against 10^4 random competitors by another route."""

import math

import numpy as np
import pytest
from scipy import stats

from geomadv.data import RobustWeakFeatures
from geomadv.theories.features.tsipras2019 import soft_margin_svm
from geomadv.theories.statistics.donhauser2021 import best_penalty, consistent_risk
from geomadv.theories.statistics.hastie2019 import (
    best_overparametrisation,
    optimal_penalty,
    ridge_limit,
    ridgeless_limit,
)
from geomadv.theories.statistics.javanmard2020 import adversarial_regression
from geomadv.theories.statistics.min2021 import robust_minimiser

N = 10_000


@pytest.mark.parametrize("eps", [0.0, 0.3, 0.8])
def test_support_vector_machine(eps):
    law = RobustWeakFeatures(4, 0.5, 0.9)
    best = soft_margin_svm(law, eps)
    rng = np.random.default_rng(0)
    scale = np.resize([1e-3, 0.1, 5.0], N)[:, None]
    W = np.vstack([best, best + scale * rng.standard_normal((N, 5))])
    W /= np.linalg.norm(W, axis=1, keepdims=True)
    loss, s = np.zeros(N + 1), np.maximum(np.linalg.norm(W[:, 1:], axis=1), 1e-12)
    for sign, share in ((1, 0.9), (-1, 0.1)):
        m = sign * W[:, 0] + 0.5 * W[:, 1:].sum(axis=1) - eps * np.abs(W).sum(axis=1)
        z = (1 - m) / s
        loss += share * s * (z * stats.norm.cdf(z) + stats.norm.pdf(z))
    assert loss[0] <= loss[1:].min() + 1e-12


def test_penalties_and_numbers_of_parameters():
    rng = np.random.default_rng(1)
    others = np.exp(rng.uniform(-10, 10, N))
    best = ridge_limit(2.0, optimal_penalty(2.0, 1.0, 0.5), 1.0, 0.5).standard
    assert best <= ridge_limit(2.0, others, 1.0, 0.5).standard.min() + 1e-14
    for eps in (0.1, 0.7):
        least = best_penalty(2.0, eps).risk
        assert least <= consistent_risk(2.0, others, eps).min() * (1 + 1e-12)
    more = ridgeless_limit(1.0 + others, 1.0, 0.5).standard
    best = ridgeless_limit(best_overparametrisation(1.0, 0.5), 1.0, 0.5).standard
    assert best <= more.min() + 1e-14


def test_training_on_points():
    rng = np.random.default_rng(2)
    X, y = rng.standard_normal((12, 3)), rng.standard_normal(12)
    w = adversarial_regression(X, y, 0.4).coef
    scale = np.resize([1e-4, 1e-2, 1.0], N)[:, None]
    W = np.vstack([w, w + scale * rng.standard_normal((N, 3))])
    sizes = np.abs(y - W @ X.T) + 0.4 * np.linalg.norm(W, axis=1, keepdims=True)
    risks = (sizes**2).mean(axis=1)
    assert risks[0] <= risks[1:].min() * (1 + 1e-9)

    signs = np.sign(y)
    w = robust_minimiser(X, signs, 0.2)
    W = np.vstack([w, np.clip(w + scale * rng.standard_normal((N, 3)), -1, 1)])
    margins = (signs @ X) / len(X) @ W.T
    losses = 0.2 * np.abs(W).sum(axis=1) - margins
    assert losses[0] <= losses[1:].min() + 1e-14
    assert math.isclose(losses[0], -np.maximum(np.abs(signs @ X) / 12 - 0.2, 0).sum())
