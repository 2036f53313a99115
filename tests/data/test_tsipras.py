"""One robust and many weak features: laws, exact accuracies, and both optima."""

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special, stats

from geomadv.classifiers import LinearClassifier
from geomadv.data import RobustWeakFeatures
from geomadv.perturbations import robust_error

FALSE_ALARM = 1e-6
INF = math.inf
LAW = RobustWeakFeatures(8, 0.3, agreement=0.8)
W = np.array([0.9, 0.5, -0.2, 0.4, 0.0, 0.3, 0.7, -0.1, 0.2])
B = 0.3

# agreement, eta sqrt(k); accuracy of Bayes' rule without steps and after 2 eta
BAYES = [
    (0.95, 1, 0.9595410935, 0.6478698809),
    (0.95, 2, 0.9918901758, 0.0981334002),
    (0.95, 3, 0.9994687387, 0.0057587983),
]


def test_points_have_the_law():
    X, y = LAW.sample(50_000, 1)
    assert X.shape == (50_000, LAW.d) == (50_000, 9)
    assert stats.binomtest(int((y > 0).sum()), y.size, 0.5).pvalue > FALSE_ALARM
    agree = X[:, 0] == y
    assert (np.abs(X[:, 0]) == 1).all()
    for label in (-1, 1):
        here = y == label
        count = int(agree[here].sum())
        assert stats.binomtest(count, int(here.sum()), 0.8).pvalue > FALSE_ALARM
        rest = X[here, 1:] - 0.3 * label
        for w in (W[1:], np.eye(8)[7], np.ones(8)):
            law = stats.norm(0, np.linalg.norm(w))
            assert stats.kstest(rest @ w, law.cdf).pvalue > FALSE_ALARM
        for half in (rest[agree[here]], rest[~agree[here]]):  # independent of x_1
            assert stats.kstest(half[:, 0], stats.norm.cdf).pvalue > FALSE_ALARM


def test_same_seed_gives_the_same_points():
    first, second = LAW.sample(5, 3), LAW.sample(5, np.random.default_rng(3))
    assert (first[0] == second[0]).all()
    assert (first[1] == second[1]).all()


def test_posterior_is_the_ratio_of_the_probabilities():
    X, _ = LAW.sample(100, 2)
    joint = {}
    for y in (-1, 1):
        share = np.where(X[:, 0] == y, 0.8, 0.2)
        joint[y] = share * stats.norm(0.3 * y).pdf(X[:, 1:]).prod(axis=1)
    assert np.allclose(LAW.posterior(X), joint[1] / (joint[1] + joint[-1]), rtol=1e-12)
    expected = np.where(joint[1] > joint[-1], 1, -1)
    assert (LAW.bayes_predict(X) == expected).all()
    assert (LAW.bayes_classifier().predict(X) == expected).all()


@pytest.mark.parametrize(("agreement", "c", "plain", "attacked"), BAYES)
@pytest.mark.parametrize("weak", [1, 100, 10_000])
def test_bayes_rules_have_their_reference_values(agreement, c, plain, attacked, weak):
    law = RobustWeakFeatures(weak, c / math.sqrt(weak), agreement)
    rule = law.bayes_classifier()
    digits = 5.1e-11
    assert abs(law.bayes_accuracy - plain) < digits
    assert abs(law.standard_accuracy(rule) - plain) < digits
    if 2 * law.eta < 1:
        found = law.robust_accuracy(rule, 2 * law.eta, through_sign=True)
        assert abs(found - attacked) < digits


def test_bayes_rule_at_agreement_seven_tenths_has_its_reference_value():
    law = RobustWeakFeatures(100, 0.1, 0.7)
    assert abs(law.bayes_accuracy - 0.8612514700) < 5.1e-11


# Linear classifiers


def exact_accuracy(law, w, b, eps, sign):
    """The four cases at 50 digits."""
    with mpmath.workdps(50):
        w, b = [mpmath.mpf(float(v)) for v in w], mpmath.mpf(float(b))
        eps, eta = mpmath.mpf(eps), mpmath.mpf(law.eta)
        spread = mpmath.sqrt(sum(v * v for v in w[1:]))
        total = mpmath.mpf(0)
        for y in (-1, 1):
            for agree in (True, False):
                share = mpmath.mpf(law.agreement)
                share = (share if agree else 1 - share) / 2
                first = w[0] * (1 if agree else -1)
                if not sign:
                    first -= eps * abs(w[0])
                elif eps >= 1:
                    first = -abs(w[0])
                mean = y * b + first + sum(eta * v - eps * abs(v) for v in w[1:])
                total += share * mpmath.erfc(-mean / spread / mpmath.sqrt(2)) / 2
        return float(total)


@pytest.mark.parametrize("sign", [False, True])
def test_accuracies_agree_with_fifty_digits(sign):
    rng = np.random.default_rng(4)
    for _ in range(20):
        w, b = rng.standard_normal(9), rng.standard_normal()
        for eps in (0.0, 0.2, 0.6, 1.0, 2.5):
            found = LAW.robust_accuracy((w, b), eps, through_sign=sign)
            exact = exact_accuracy(LAW, w, b, eps, sign)
            assert found == pytest.approx(exact, rel=1e-12, abs=1e-300)


@pytest.mark.parametrize("eps", [0.0, 0.1, 0.4])
def test_accuracy_is_the_share_of_points_that_no_step_turns(eps):
    """Against the exact margins of geomadv.perturbations."""
    X, y = LAW.sample(30_000, 5)
    model = LinearClassifier.from_parameters(W, B)
    wrong = robust_error(model, X, y, eps, p=INF)
    count = round((1 - float(wrong.upper)) * len(X))
    accuracy = float(LAW.robust_accuracy(model, eps))
    assert stats.binomtest(count, len(X), accuracy).pvalue > FALSE_ALARM


@pytest.mark.parametrize("eps", [0.4, 0.9, 1.2])
def test_accuracy_behind_the_sign_is_that_of_the_worst_steps(eps):
    X, y = LAW.sample(30_000, 6)
    moved = X - eps * y[:, None] * np.sign(W)
    moved[:, 0] = np.sign(moved[:, 0])
    right = y * (moved @ W + B) > 0
    accuracy = float(LAW.robust_accuracy((W, B), eps, through_sign=True))
    assert stats.binomtest(int(right.sum()), y.size, accuracy).pvalue > FALSE_ALARM


def test_first_feature_alone_is_as_robust_as_it_is_accurate():
    first = np.eye(9)[0]
    for sign in (False, True):
        found = LAW.robust_accuracy(
            (first, 0.0), [0, 0.5, 0.999, 1, 2], through_sign=sign
        )
        assert found == pytest.approx([0.8, 0.8, 0.8, 0, 0], abs=1e-15)


def test_constants_are_right_half_of_the_time_whatever_the_step():
    for b in (1.0, -1.0, 0.0):
        found = LAW.robust_accuracy((np.zeros(9), b), [0.0, 0.5, 3.0])
        assert found.tolist() == [0.5] * 3


def test_points_on_the_boundary_have_the_label_minus_one_and_are_not_robust():
    """f(x) = x_1 + 1 is 0 where x_1 = -1."""
    rule = (np.eye(9)[0], 1.0)
    assert LAW.standard_accuracy(rule) == pytest.approx(0.8)
    assert LAW.robust_accuracy(rule, 1e-9) == pytest.approx(0.4)


def test_accuracies_do_not_depend_on_the_length_of_the_weights():
    for scale in (1e-200, 1e200):
        found = LAW.robust_accuracy((scale * W, scale * B), [0.0, 0.3])
        assert found == pytest.approx(LAW.robust_accuracy((W, B), [0.0, 0.3]))


# The optimum against steps of a size


@pytest.mark.parametrize("eps", [0.0, 0.1, 0.25, 0.3, 0.7, 1.0, 1.3])
@pytest.mark.parametrize("eta", [0.3, 1.2])
def test_optimum_is_between_the_classifier_and_the_adversary(eps, eta):
    """The adversary's side by quadrature: what Bayes' rule has left after its steps."""
    law = RobustWeakFeatures(8, eta, 0.8)
    found = float(law.optimal_robust_accuracy(eps))
    rule = law.optimal_robust_classifier(eps)
    assert law.robust_accuracy(rule, eps, through_sign=True) == pytest.approx(
        found, rel=1e-13
    )
    mean = math.sqrt(8) * max(eta - eps, 0)
    shares = (0.8, 0.2) if eps < 1 else (0.5, 0.5)

    u = np.linspace(-20, 20, 400_001)
    plus, minus = stats.norm.pdf(u, mean), stats.norm.pdf(u, -mean)
    best = np.maximum(shares[0] * plus, shares[1] * minus)
    best += np.maximum(shares[0] * minus, shares[1] * plus)
    assert found == pytest.approx(best.sum() * 1e-4 / 2, abs=1e-8)


def test_ten_thousand_linear_classifiers_are_not_more_robust():
    rng = np.random.default_rng(7)
    sizes = np.array([0.0, 0.1, 0.2, 0.5])
    most = LAW.optimal_robust_accuracy(sizes)
    rules = [LAW.optimal_robust_classifier(e).coef_[0] for e in sizes]
    for eps, near, bound in zip(sizes, rules, most, strict=True):
        noise = np.where(np.arange(10_000) % 2, 0.5, 0.02)
        W = near + np.linalg.norm(near) * noise[:, None] * rng.standard_normal(
            (10_000, 9)
        )
        b = 0.02 * rng.standard_normal(10_000)
        mean = (0.3 * W - eps * np.abs(W))[:, 1:].sum(axis=1)
        spread = np.linalg.norm(W[:, 1:], axis=1)
        right = sum(
            share / 2 * special.ndtr((y * b + sign * W[:, 0] + mean) / spread)
            for y in (-1, 1)
            for share, sign in ((0.8, 1), (0.2, -1))
        )
        one = LAW.robust_accuracy((W[3], b[3]), eps, through_sign=True)
        assert one == pytest.approx(right[3], rel=1e-12)
        assert 0.99 * bound < right.max() <= bound + 1e-14


# The optimum after steps of 2 eta, at a given error


@pytest.mark.parametrize("agreement", [0.7, 0.95])
@pytest.mark.parametrize("c", [1.0, 2.0])
def test_best_trade_off_is_that_of_a_linear_program(agreement, c):
    """Cells of u, by the value of x_1; the label +1 is given to a part of each."""
    law = RobustWeakFeatures(100, c / 10, agreement)
    edges = np.concatenate([[-INF], np.linspace(-9, 9, 1801), [INF]])
    mass = {y: np.diff(stats.norm.cdf(edges, y * c)) for y in (-1, 1)}
    share = {
        (x, y): agreement if x == y else 1 - agreement for x in (-1, 1) for y in (-1, 1)
    }
    plain = np.concatenate(  # what the label +1 brings, against the label -1
        [share[x, 1] * mass[1] - share[x, -1] * mass[-1] for x in (-1, 1)]
    )
    turned = np.concatenate(
        [share[x, 1] * mass[-1] - share[x, -1] * mass[1] for x in (-1, 1)]
    )
    base = 0.5  # the accuracy of the constant -1, with and without the steps
    for accuracy in np.linspace(agreement, law.bayes_accuracy, 5)[1:-1]:
        found = optimize.linprog(
            -turned / 2,
            A_ub=[-plain / 2],
            b_ub=[base - accuracy],
            bounds=(0, 1),
            method="highs",
        )
        bound = law.robust_accuracy_bound(1 - accuracy)
        assert base - found.fun == pytest.approx(float(bound), abs=2e-5)


def test_best_trade_off_is_attained():
    law = RobustWeakFeatures(100, 0.2, 0.95)
    for t in (1.0, 2.0, 3.0):
        w = np.append(10 * t, np.ones(100))
        delta = 1 - law.standard_accuracy((w, 0.0))
        attained = law.robust_accuracy((w, 0.0), 0.4, through_sign=True)
        assert law.robust_accuracy_bound(delta) == pytest.approx(attained, rel=1e-10)


@given(
    agreement=st.one_of(st.sampled_from([0.5, 1.0]), st.floats(0.5, 1)),
    eta=st.one_of(st.sampled_from([0.0, 1e-300, 1e6]), st.floats(0, 3)),
    eps=st.one_of(st.just(0.0), st.floats(0, 5)),
    extra=st.floats(0, 1),
)
def test_extreme_arguments_give_limits(agreement, eta, eps, extra):
    law = RobustWeakFeatures(4, eta, agreement)
    most = law.optimal_robust_accuracy(eps)
    assert 0.5 <= most <= law.bayes_accuracy + 1e-15
    assert law.bayes_accuracy >= agreement - 1e-15
    rule = law.optimal_robust_classifier(eps)
    attained = law.robust_accuracy(rule, eps, through_sign=True)
    assert attained == pytest.approx(most, rel=1e-12)
    least = 1 - law.bayes_accuracy
    delta = least + extra * (1 - least)
    bound = law.robust_accuracy_bound(min(delta * (1 + 1e-9) + 1e-15, 1.0))
    assert 0 <= bound <= agreement
    X, _ = law.sample(20, 1)
    assert not np.isnan(law.posterior(X)).any()


def test_an_agreement_of_one_leaves_nothing_to_trade():
    law = RobustWeakFeatures(5, 0.2, 1.0)
    assert law.bayes_accuracy == 1.0
    assert law.robust_accuracy_bound([0.0, 0.5]).tolist() == [1.0, 1.0]
    assert law.bayes_classifier().coef_.tolist() == [[1.0, 0, 0, 0, 0, 0]]
    assert law.posterior([[1.0, -9, -9, -9, -9, -9]]).tolist() == [1.0]


def test_shapes_are_those_of_the_arguments():
    sizes = np.array([[0.0, 0.1], [0.2, 3.0]])
    assert LAW.robust_accuracy((W, B), sizes).shape == (2, 2)
    assert LAW.robust_accuracy((W, B), sizes, through_sign=True).shape == (2, 2)
    assert LAW.optimal_robust_accuracy(sizes).shape == (2, 2)
    assert LAW.robust_accuracy_bound([0.2, 0.3]).shape == (2,)
    assert LAW.robust_accuracy((W, B), []).shape == (0,)
    for value in (
        LAW.standard_accuracy((W, B)),
        LAW.optimal_robust_accuracy(0.1),
        LAW.robust_accuracy_bound(0.3),
    ):
        assert isinstance(value, np.float64)
    assert LAW.sample(0, 0)[0].shape == (0, 9)
    assert repr(LAW) == "RobustWeakFeatures(8, 0.3, agreement=0.8)"
    assert (LAW.weak, LAW.eta, LAW.agreement) == (8, 0.3, 0.8)
    assert LAW.strength == pytest.approx(0.3 * math.sqrt(8))


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: RobustWeakFeatures(0, 0.1), ValueError, "weak must be at least 1"),
        (lambda: RobustWeakFeatures(1.5, 0.1), TypeError, "weak must be an integer"),
        (lambda: RobustWeakFeatures(1, -1), ValueError, "eta must be at least 0"),
        (lambda: RobustWeakFeatures(1, 1, 0.4), ValueError, "agreement must lie in"),
        (lambda: RobustWeakFeatures(1, 1, math.nan), ValueError, "agreement must lie"),
        (lambda: LAW.robust_accuracy((W, B), -1), ValueError, "eps must be at least 0"),
        (
            lambda: LAW.robust_accuracy(([1.0], B), 0),
            ValueError,
            "classifier must have",
        ),
        (lambda: LAW.robust_accuracy("x", 0), TypeError, "classifier must be linear"),
        (lambda: LAW.optimal_robust_accuracy(-1), ValueError, "eps must be at least 0"),
        (lambda: LAW.optimal_robust_classifier(INF), ValueError, "eps must be at leas"),
        (lambda: LAW.robust_accuracy_bound(0.01), ValueError, "error of the Bayes rul"),
        (lambda: LAW.robust_accuracy_bound(2), ValueError, "delta must lie in"),
        (lambda: LAW.posterior([[1.0]]), ValueError, "X must have 9 columns"),
        (lambda: LAW.sample(-1, 0), ValueError, "n must be at least 0"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
