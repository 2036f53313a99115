import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.metrics import log_loss

from geomadv.theories.lipschitz.goodfellow2014 import (
    _problem,
    largest_change,
    logistic_loss,
    printed_loss,
    sign_perturbation,
)


@pytest.fixture(scope="module")
def problem():
    rng = np.random.default_rng(0)
    y = np.array([1.0, -1.0, -1.0, 1.0, -1.0])
    return rng.normal(size=(5, 3)), y, np.array([1.0, -0.5, 0.25]), 0.2


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=8), st.floats(0, 10))
def test_the_sign_perturbation_attains_the_largest_change(w, eps):
    eta = sign_perturbation(w, eps)
    assert np.abs(eta).max() <= eps
    assert np.dot(w, eta) == pytest.approx(largest_change(w, eps), rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("p", [1.0, 1.3, 2.0, 5.0, math.inf])
def test_no_random_perturbation_changes_more(p):
    rng = np.random.default_rng(1)
    w = rng.normal(size=6)
    eta = rng.normal(size=(20_000, 6))
    eta *= 0.3 / np.linalg.norm(eta, p, axis=1)[:, None]
    change = np.abs(eta @ w).max()
    assert 0.8 * largest_change(w, 0.3, p=p) < change <= largest_change(w, 0.3, p=p)


def test_the_change_at_equal_weights_is_eps_m_d():
    w = 0.02 * np.resize([1.0, -1.0], 784)
    assert largest_change(w, 0.25) == pytest.approx(0.25 * 0.02 * 784)
    assert np.linalg.norm(sign_perturbation(w, 0.25)) == pytest.approx(0.25 * 28)


def test_without_perturbation_it_is_the_logistic_loss_of_scikit_learn(problem):
    X, y, w, b = problem
    share = 1 / (1 + np.exp(-(X @ w + b)))
    assert logistic_loss(X, y, w, b) == pytest.approx(log_loss(y, share))
    assert printed_loss(X, y, w, b, 0.0) == pytest.approx(log_loss(y, share))


def test_the_adversarial_loss_is_what_maximisation_finds(problem):
    X, y, w, b = problem
    eps = 0.4
    found = [
        -minimize(
            lambda eta, x=x, label=label: (
                -np.logaddexp(0, -label * ((x + eta) @ w + b))
            ),
            np.zeros(3),
            bounds=[(-eps, eps)] * 3,
        ).fun
        for x, label in zip(X, y, strict=True)
    ]
    assert logistic_loss(X, y, w, b, eps) == pytest.approx(np.mean(found), rel=1e-9)


def test_the_printed_loss_is_right_for_positive_labels_and_too_small_for_others(
    problem,
):
    X, _, w, b = problem
    ones = np.ones(5)
    assert printed_loss(X, ones, w, b, 0.4) == logistic_loss(X, ones, w, b, 0.4)
    printed = printed_loss(X, -ones, w, b, 0.4)
    assert printed < logistic_loss(X, -ones, w, b) < logistic_loss(X, -ones, w, b, 0.4)


def test_losses_do_not_overflow():
    assert logistic_loss([[1e5]], [-1], [1.0], 0.0, eps=1.0) == 1e5 + 1
    assert logistic_loss([[1e5]], [1], [1.0], 0.0, eps=1.0) == 0.0


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sign_perturbation([[1.0]], 1.0), "w must have 1 axes"),
        (lambda: sign_perturbation([1.0], -1.0), "eps must be at least 0"),
        (lambda: largest_change([math.nan], 1.0), "w must be finite"),
        (lambda: largest_change([1.0], 1.0, p=0.5), "p must be at least 1"),
        (lambda: logistic_loss([[1.0]], [0], [1.0], 0.0), "y must be -1 or"),
        (lambda: logistic_loss([[1.0]], [1], [1.0, 2.0], 0.0), "X must have 2 columns"),
        (lambda: logistic_loss([[1.0]], [1], [1.0], math.inf), "b must be finite"),
        (lambda: printed_loss([[1.0]], [1], [1.0], 0.0, math.nan), "eps must"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_the_share_of_negative_labels_is_as_asked(share: float):
    y = _problem(3, share)[1]
    assert (y == -1).mean() == share
