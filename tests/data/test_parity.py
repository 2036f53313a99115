import itertools
import math

import numpy as np
import pytest
from scipy import optimize, stats

from geomadv.data import Parity
from geomadv.data._parity import halfspace_correlation

SAMPLES = 20_000
FALSE_ALARM = 1e-6


def cube(k):
    return np.array(list(itertools.product([-1.0, 1.0], repeat=k)))


def z_score(draws, mean):
    return (draws.mean() - mean) / (draws.std() / math.sqrt(len(draws)))


# Samples and moments


def test_label_is_the_parity_of_the_hidden_bits_but_for_the_noise():
    law = Parity(8, 3, 0.2, weak=5, tau=0.1, hidden=[6, 1, 3])
    X, y = law.sample(SAMPLES, 0)
    assert X.shape == (SAMPLES, law.d) == (SAMPLES, 13)
    assert (np.abs(X[:, :8]) == 1).all()
    assert (X[:, 8:] == 0.1 * y[:, None]).all()
    wrong = int((X[:, [1, 3, 6]].prod(axis=1) != y).sum())
    assert stats.binomtest(wrong, SAMPLES, 0.2).pvalue > FALSE_ALARM
    patterns = (X[:, :8] > 0) @ 2 ** np.arange(8)
    assert stats.chisquare(np.bincount(patterns, minlength=256)).pvalue > FALSE_ALARM


def test_weak_coordinates_are_normal_about_tau_y():
    law = Parity(3, 2, weak=2, tau=0.3, sigma=0.7)
    X, y = law.sample(SAMPLES, 1)
    for j in (3, 4):
        u = (X[:, j] - 0.3 * y) / 0.7
        assert stats.kstest(u, stats.norm.cdf).pvalue > FALSE_ALARM


@pytest.mark.parametrize("noise", [0.0, 0.15])
def test_moments_are_those_of_the_law_degree_by_degree(noise):
    """All subsets of 5 bits, by summing over all points of the law."""
    law = Parity(5, 3, noise, hidden=[0, 2, 4])
    b = cube(5)
    parity = b[:, [0, 2, 4]].prod(axis=1)
    for label in (-1, 1):
        weight = np.where(parity == label, 1 - noise, noise)
        weight = weight / weight.sum()
        for degree in range(6):
            for T in itertools.combinations(range(5), degree):
                exact = weight @ b[:, list(T)].prod(axis=1)
                assert law.moment(label, T) == pytest.approx(exact, abs=1e-15)
                if 0 < degree <= law.matched_degree:
                    assert law.moment(label, T) == 0.0
    assert law.parities == 10


# Rules


@pytest.mark.parametrize(
    ("noise", "sigma", "weak"),
    [(0.2, 2.0, 9), (0.1, 0.5, 1), (0.0, 1.0, 4), (0.3, 1, 0)],
)
def test_posterior_and_bayes_risk_agree_with_a_sample(noise, sigma, weak):
    law = Parity(4, 2, noise, weak=weak, tau=0.5, sigma=sigma)
    X, y = law.sample(SAMPLES, 2)
    posterior = law.posterior(X)
    parity = X[:, 0] * X[:, 1]
    plus, minus = (
        np.where(parity == t, 1 - noise, noise)
        * stats.norm.pdf(X[:, 4:], 0.5 * t, sigma).prod(axis=1)
        for t in (1, -1)
    )
    assert posterior == pytest.approx(plus / (plus + minus), abs=1e-12)
    wrong = int((law.bayes_predict(X) != y).sum())
    assert stats.binomtest(wrong, SAMPLES, law.bayes_risk).pvalue > FALSE_ALARM
    if noise and weak:
        least = np.minimum(posterior, 1 - posterior)
        assert abs(z_score(least, law.bayes_risk)) < stats.norm.isf(FALSE_ALARM / 2)


def test_weak_coordinates_without_noise_tell_the_label():
    law = Parity(4, 2, 0.3, weak=2, tau=0.5)
    X, y = law.sample(300, 3)
    assert law.bayes_risk == 0.0
    assert (law.bayes_predict(X) == y).all()
    X[:, 4:] = 0.0
    assert law.posterior(X) == pytest.approx(0.5 + 0.2 * X[:, 0] * X[:, 1])


def test_bayes_risk_has_its_reference_value():
    """The same mixture as a coordinate of probability .95 with c = 1 beside it."""
    law = Parity(3, 2, 0.05, weak=4, tau=0.5, sigma=1.0)
    assert 1 - law.bayes_risk == pytest.approx(0.9595410935, abs=5e-11)


def test_oracle_withstands_steps_below_one():
    law = Parity(5, 3, 0.25, weak=3, tau=0.1)
    X, y = law.sample(SAMPLES, 4)
    wrong = int((law.oracle_predict(X) != y).sum())
    assert stats.binomtest(wrong, SAMPLES, 0.25).pvalue > FALSE_ALARM
    moved = X - 0.999 * np.sign(X)
    assert (law.oracle_predict(moved) == law.oracle_predict(X)).all()
    X[:, 0] -= 1.001 * X[:, 0]
    assert (law.oracle_predict(X) != law.oracle_predict(moved)).all()
    assert law.oracle_risk([0.0, 0.999, 1.0]).tolist() == [0.25, 0.25, 1.0]


@pytest.mark.parametrize("sigma", [0.0, 1.5])
def test_weak_risk_is_that_of_the_sum(sigma):
    law = Parity(3, 2, 0.1, weak=20, tau=0.4, sigma=sigma)
    X, y = law.sample(SAMPLES, 5)
    for eps in (0.0, 0.3, 0.8):
        attacked = X[:, 3:] - eps * y[:, None]
        wrong = int((np.sign(attacked.sum(axis=1)) != y).sum())
        test = stats.binomtest(wrong, SAMPLES, float(law.weak_risk(eps)))
        assert test.pvalue > FALSE_ALARM


# Linear rules


def separable(signs, b):
    """Tell whether a linear threshold has these signs, by a linear program."""
    rows = -signs[:, None] * np.hstack([b, np.ones((len(b), 1))])
    found = optimize.linprog(
        np.zeros(rows.shape[1]), rows, -np.ones(len(b)), bounds=(None, None)
    )
    return found.status == 0


@pytest.mark.parametrize("k", [1, 2, 3])
def test_no_linear_threshold_does_better_and_one_does_as_well(k):
    """All linear thresholds of k bits, found among all functions of them."""
    b = cube(k)
    parity = b.prod(axis=1)
    best = 0.0
    for values in itertools.product([-1.0, 1.0], repeat=2**k):
        signs = np.array(values)
        correlation = signs @ parity / 2**k
        if correlation > best and separable(signs, b):
            best = correlation
    assert halfspace_correlation(k) == best


@pytest.mark.parametrize("k", range(1, 13))
def test_threshold_at_the_middle_attains_the_bound(k):
    b = cube(k)
    total, parity = b.sum(axis=1), b.prod(axis=1)
    correlations = [abs((np.sign(total - t) * parity).mean()) for t in (-1e-3, 1, -1)]
    assert max(correlations) <= halfspace_correlation(k) + 1e-15
    middle = 0.5 if k % 2 == 0 else 0.0
    attained = abs((np.sign(total - 2 * middle) * parity).mean())
    assert attained == halfspace_correlation(k)


@pytest.mark.parametrize("k", [4, 5])
def test_random_thresholds_stay_below_the_bound(k):
    rng = np.random.default_rng(k)
    b = cube(k)
    for _ in range(2000):
        f = np.sign(b @ rng.standard_normal(k) + rng.standard_normal())
        assert abs(f @ b.prod(axis=1)) / 2**k <= halfspace_correlation(k) + 1e-15


@pytest.mark.parametrize(
    ("k", "noise", "risk"),
    [(2, 0.0, 0.25), (3, 0.0, 0.25), (2, 0.1, 0.3), (1, 0.1, 0.1)],
)
def test_linear_risks_have_their_values(k, noise, risk):
    assert Parity(6, k, noise).linear_risk() == pytest.approx(risk, abs=1e-15)


# Arguments


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Parity(0), ValueError, "bits must be at least 1"),
        (lambda: Parity(3, 4), ValueError, "k must be at most 3"),
        (lambda: Parity(3, 2, 0.5), ValueError, "noise must lie in"),
        (lambda: Parity(3, 2, weak=-1), ValueError, "weak must be at least 0"),
        (lambda: Parity(3, 2, tau=-1), ValueError, "tau must be at least 0"),
        (lambda: Parity(3, 2, sigma=math.nan), ValueError, "sigma must"),
        (lambda: Parity(3, 2, hidden=[1]), ValueError, "hidden must hold 2"),
        (lambda: Parity(3, 2, hidden=[1, 1]), ValueError, "hidden must hold diff"),
        (lambda: Parity(3, 2, hidden=[1, 3]), ValueError, "hidden must be at most 2"),
        (lambda: Parity(3, 2).moment(1, [0, 0]), ValueError, "subset must hold diff"),
        (lambda: Parity(3, 2).moment(0, []), ValueError, "label must be -1 or"),
        (lambda: Parity(3, 2).weak_risk(), ValueError, "weak must be at least 1"),
        (lambda: Parity(3, 2).oracle_risk(-1), ValueError, "eps must be at least 0"),
        (lambda: Parity(3, 2).posterior([[1.0]]), ValueError, "X must"),
        (lambda: Parity(3, 2).sample(1, None), TypeError, "rng must be"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
