"""Logit pairing: penalties against attacks, samples and trained classifiers."""

import math

import numpy as np
import pytest
from scipy.optimize import minimize

from geomadv.classifiers import LogitPairingClassifier, TradesClassifier
from geomadv.theories.oscillation.kannan2018 import clean_penalty, pairing_penalty

W = np.array([0.8, -1.5, 0.3])


@pytest.mark.parametrize("p", [1, 1.5, 2, 4, math.inf])
def test_the_worst_pair_is_what_an_optimiser_finds(p):
    """The ball is |z|_p <= eps by scaling z, so that no constraint is needed."""

    def change(z):
        return -((0.4 * z / np.linalg.norm(z, p)) @ W)

    starts = np.random.default_rng(0).standard_normal((6, 3))
    options = {"xatol": 1e-9, "fatol": 1e-13, "maxiter": 3000}
    found = min(
        minimize(change, z, method="Nelder-Mead", options=options).fun for z in starts
    )
    assert found**2 == pytest.approx(pairing_penalty(W, 0.4, p=p), rel=1e-4)
    assert found**2 <= pairing_penalty(W, 0.4, p=p) * (1 + 1e-12)


def test_penalties_of_the_three_norms():
    assert pairing_penalty(W, 0.5, p=math.inf) == pytest.approx(0.25 * 2.6**2)
    assert pairing_penalty(W, 0.5, p=2) == pytest.approx(0.25 * (W @ W))
    assert pairing_penalty(W, 0.5, p=1) == pytest.approx(0.25 * 1.5**2)


def test_clean_pairs_are_those_of_a_sample():
    """Five standard errors of 10^5 draws: false alarm below 1e-6."""
    rng = np.random.default_rng(1)
    X = rng.standard_normal((7, 3)) * [1.0, 2.0, 0.5]
    i = rng.integers(0, 7, 100_000)
    j = (i + rng.integers(1, 7, 100_000)) % 7
    noise = 0.3 * rng.standard_normal((2, 100_000, 3))
    draws = ((X[i] + noise[0] - X[j] - noise[1]) @ W) ** 2
    error = 5 * draws.std() / math.sqrt(100_000)
    assert abs(draws.mean() - clean_penalty(W, X, 0.3)) < error


def test_pairing_lowers_the_penalty_and_raises_the_loss():
    rng = np.random.default_rng(2)
    X = rng.standard_normal((100, 3))
    y = np.where(X[:, 0] + rng.standard_normal(100) > 0, 1, -1)
    penalties, losses = [], []
    for strength in (0.01, 0.1, 1.0, 10.0):
        model = LogitPairingClassifier(0.2, strength=strength, alpha=1e-3).fit(X, y)
        penalties.append(pairing_penalty(model.coef_[0], 0.2))
        losses.append(np.logaddexp(0, -y * model.decision_function(X)).mean())
    assert (np.diff(penalties) < 0).all()
    assert (np.diff(losses) > 0).all()


def test_pairing_of_clean_points_with_an_eighth_bounds_trades():
    """Its objective at strength b/8 is above that of TRADES at strength b."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((60, 3))
    y = np.where(X[:, 0] + rng.standard_normal(60) > 0, 1, -1)
    for strength in (0.5, 4.0):
        trades = TradesClassifier(0.3, strength=strength).fit(X, y)
        pairing = LogitPairingClassifier(0.3, strength=strength / 8, share=0.0).fit(
            X, y
        )
        assert trades.objective_ < pairing.objective_


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: pairing_penalty(W, -1), "eps must be at least 0"),
        (lambda: pairing_penalty(W, 1, p=0.5), "p must be at least 1"),
        (lambda: pairing_penalty([W], 1), "w must have 1 axes"),
        (lambda: clean_penalty(W, [[0.0, 0.0, 0.0]], 1), "X must have at least 2"),
        (lambda: clean_penalty(W, [[0.0], [1.0]], 1), "X must have 3 columns"),
        (lambda: clean_penalty(W, np.eye(3), -1), "sigma must be at least 0"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
