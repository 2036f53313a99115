import functools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from geomadv.data import Pancakes

SAMPLES = 20_000
FALSE_ALARM = 1e-6
LAWS = [((2, 3), 0.0), ((2, 3), 0.2), ((4, 3), 0.1), ((1, 3), 0.3), ((None, 4), 0.1)]


def gaussian_moment(j):
    return 0 if j % 2 else math.prod(range(1, j, 2))


@functools.cache
def nodes(k):
    """Nodes and weights of k-point quadrature: NumPy's, polished to 40 digits."""
    mpmath.mp.dps = 40

    def he(j, x):
        old, new = mpmath.mpf(1), x
        for i in range(1, j):
            old, new = new, x * new - i * old
        return new if j else mpmath.mpf(1)

    x = [mpmath.mpf(float(z)) for z in np.polynomial.hermite_e.hermegauss(k)[0]]
    for _ in range(4):
        x = [z - he(k, z) / (k * he(k - 1, z)) for z in x]
    w = [mpmath.factorial(k - 1) / (k * he(k - 1, z) ** 2) for z in x]
    assert abs(sum(w) - 1) < 1e-30
    return x, w


def density(law, label, t):
    """The density of t from its definition, by nodes computed here."""
    k = law.orders[(label + 1) // 2]
    if k is None:
        return stats.norm.pdf(t)
    a, w = nodes(k)
    shrink = math.sqrt(1 - law.width**2)
    parts = zip(a, w, strict=True)
    return sum(
        float(v) * stats.norm.pdf(t, shrink * float(z), law.width) for z, v in parts
    )


# Moments


@pytest.mark.parametrize("k", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("width", [0.0, 0.3, 0.9])
def test_moments_are_gaussian_up_to_2k_minus_1_and_not_beyond(k, width):
    width = width or 1e-6 if k == 1 else width
    law = Pancakes(2, (k, k + 1), width)
    found = law.moments(-1, 2 * k)
    for j in range(2 * k):
        assert found[j] == pytest.approx(gaussian_moment(j), rel=1e-11, abs=1e-13)
    gap = math.factorial(k) * (1 - width**2) ** k
    lost = gaussian_moment(2 * k)
    assert lost - found[2 * k] == pytest.approx(gap, rel=1e-9, abs=1e-12 * lost)
    assert law.matched_degree == 2 * k - 1


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("width", [1e-6, 0.4])
def test_moments_are_those_of_the_mixture(k, width):
    law = Pancakes(2, (k, None), width)
    a, w = nodes(k)
    shrink = mpmath.sqrt(1 - mpmath.mpf(width) ** 2)
    for j, value in enumerate(law.moments(-1, 10)):
        exact = sum(
            v
            * mpmath.binomial(j, i)
            * (shrink * z) ** (j - i)
            * width**i
            * gaussian_moment(i)
            for z, v in zip(a, w, strict=True)
            for i in range(j + 1)
        )
        assert value == pytest.approx(float(exact), rel=1e-12, abs=1e-12)
    assert law.moments(1, 6).tolist() == [1, 0, 1, 0, 3, 0, 15]


@pytest.mark.parametrize("k", [2, 3, 20])
def test_hermite_moments_are_right_to_1e_13(k):
    law = Pancakes(2, (k, None), 0.1)
    a, w = nodes(k)
    found = law.hermite_moments(-1, 60)
    for j in (0, 1, 2 * k - 1, 2 * k, 2 * k + 1, 2 * k + 2, 60):
        # E He_j(m + s N) = (1 - s^2)^(j/2) E He_j(a), and He_j by its derivatives' sum
        total = sum(
            v
            * mpmath.hermite(j, z / mpmath.sqrt(2))
            * mpmath.mpf(2) ** (-mpmath.mpf(j) / 2)
            for z, v in zip(a, w, strict=True)
        )
        shrink = mpmath.sqrt(1 - mpmath.mpf(0.1) ** 2) ** j
        exact = shrink * total / mpmath.sqrt(mpmath.factorial(j))
        assert abs(found[j] - float(exact)) < 1e-13
    assert (law.hermite_moments(1, 5) == [1, 0, 0, 0, 0, 0]).all()
    assert law.hermite_moments(-1, 2 * k)[-1] == pytest.approx(
        -math.factorial(k) * 0.99**k / math.sqrt(math.factorial(2 * k))
    )


def test_all_moments_of_low_degree_agree_in_a_sample_and_the_next_do_not():
    """Degree by degree, in all coordinates, with the direction oblique to the axes."""
    d, n = 4, 200_000
    law = Pancakes(d, (2, 3), 0.05, direction=[1.0, -2.0, 0.5, 1.0])
    X, y = law.sample(n, 0)
    plus, minus = X[y > 0], X[y < 0]
    limit = stats.norm.isf(FALSE_ALARM / 1000)

    def z_score(of):
        a, b = of(plus), of(minus)
        return (a.mean() - b.mean()) / math.sqrt(a.var() / len(a) + b.var() / len(b))

    for i in range(d):
        assert abs(z_score(lambda P, i=i: P[:, i])) < limit
        for j in range(i, d):
            assert abs(z_score(lambda P, i=i, j=j: P[:, i] * P[:, j])) < limit
            for m in range(j, d):
                score = z_score(lambda P, i=i, j=j, m=m: P[:, i] * P[:, j] * P[:, m])
                assert abs(score) < limit
    assert abs(z_score(lambda P: (P @ law.direction) ** 4)) > 100


# Samples


@pytest.mark.parametrize(("orders", "width"), LAWS)
def test_hidden_coordinate_has_its_law_and_the_others_are_normal(orders, width):
    v = np.array([2.0, -1.0, 2.0])
    law = Pancakes(3, orders, width, direction=v)
    X, y = law.sample(SAMPLES, 1)
    t = X @ v / 3.0
    assert stats.binomtest(int((y > 0).sum()), SAMPLES).pvalue > FALSE_ALARM
    for label, k in zip((-1, 1), orders, strict=True):
        mine = t[y == label]
        if width == 0.0:
            a, w = nodes(k)
            where = np.abs(mine[:, None] - np.array(a, float)).argmin(axis=1)
            assert np.abs(mine - np.array(a, float)[where]).max() < 1e-12
            counts = np.bincount(where, minlength=k)
            test = stats.chisquare(counts, np.array(w, float) * len(mine))
        else:
            means = np.zeros(1) if k is None else np.array(nodes(k)[0], float)
            weights = np.ones(1) if k is None else np.array(nodes(k)[1], float)
            s = 1.0 if k is None else width
            means = means * math.sqrt(1 - width**2)

            def law_of(x, means=means, weights=weights, s=s):
                return stats.norm.cdf((x[:, None] - means) / s) @ weights

            test = stats.kstest(mine, law_of)
        assert test.pvalue > FALSE_ALARM
        across = X[y == label] @ np.array([1.0, 2.0, 0.0]) / math.sqrt(5.0)
        assert stats.kstest(across, stats.norm.cdf).pvalue > FALSE_ALARM
        assert abs(np.corrcoef(across, mine**2)[0, 1]) < 6 / math.sqrt(len(mine))


def test_easy_coordinate_tells_the_label_and_nothing_else():
    law = Pancakes(6, (2, 3), 0.1, tau=0.01)
    X, y = law.sample(500, 2)
    assert (X[:, 0] == 0.01 * y).all()
    assert law.bayes_risk == 0.0
    assert (law.bayes_predict(X) == y).all()
    assert (law.posterior(X) == (1 + y) / 2).all()
    X[:, 0] *= -1.0
    assert (law.bayes_predict(X) == -y).all()
    assert (law.oracle_predict(X) == y).mean() > 0.99
    X[:, 0] = 0.0
    assert (law.posterior(X) == law.oracle_posterior(X)).all()


def test_same_seed_gives_the_same_points():
    law = Pancakes()
    first, second = law.sample(10, 3), law.sample(10, np.random.default_rng(3))
    assert (first[0] == second[0]).all()
    assert (first[1] == second[1]).all()
    assert law.sample(0, 0)[0].shape == (0, 10)


# The oracle


@pytest.mark.parametrize(("orders", "width"), LAWS[1:])
def test_posterior_is_bayes_formula(orders, width):
    law = Pancakes(2, orders, width, direction=[0.6, 0.8])
    t = np.linspace(-3, 3, 41)
    X = np.outer(t, [0.6, 0.8]) + np.outer(np.ones(41), [8.0, -6.0])
    plus, minus = density(law, 1, t), density(law, -1, t)
    assert law.oracle_posterior(X) == pytest.approx(plus / (plus + minus), abs=1e-10)
    assert (law.posterior(X) == law.oracle_posterior(X)).all()


@pytest.mark.parametrize(("orders", "width"), [*LAWS[1:], ((2, 3), 0.9), ((5, 8), 0.2)])
def test_oracle_risk_is_the_integral_of_the_smaller_density(orders, width):
    law = Pancakes(3, orders, width)
    t = np.linspace(-9, 9, 36_001)
    least = np.minimum(density(law, -1, t), density(law, 1, t)) / 2
    assert law.oracle_risk() == pytest.approx(integrate.simpson(least, x=t), abs=1e-7)
    assert law.bayes_risk == law.oracle_risk()


def test_margins_and_robust_risks_have_their_reference_values():
    law = Pancakes(5)
    assert law.margin == pytest.approx((math.sqrt(3) - 1) / 2, rel=1e-14)
    half = law.margin
    risks = law.oracle_risk([0.0, half - 1e-9, half + 1e-9, 0.499, 0.501])
    assert risks == pytest.approx([0.0, 0.0, 2 / 3, 2 / 3, 1.0], abs=1e-15)


@pytest.mark.parametrize("p", [1, 2, 3, math.inf])
def test_robust_risk_is_that_of_the_worst_steps(p):
    v = np.array([1.0, -2.0, 3.0])
    law = Pancakes(3, (2, 3), 0.1, direction=v)
    X, y = law.sample(SAMPLES, 4)
    u = v / np.linalg.norm(v)
    # Hölder's equality: the step of l_p size eps that moves <u, x> most
    if p == 1:
        step = np.sign(u) * (np.abs(u) == np.abs(u).max())
    elif p == math.inf:
        step = np.sign(u)
    else:
        step = np.sign(u) * np.abs(u) ** (1 / (p - 1))
    step = step / np.linalg.norm(step, p)
    for eps in (0.0, 0.1, 0.25):
        wrong = law.oracle_predict(X) != y
        for size in (-eps, -eps / 2, eps / 2, eps):  # regions are wider
            wrong |= law.oracle_predict(X + size * step) != y
        test = stats.binomtest(int(wrong.sum()), SAMPLES, law.oracle_risk(eps, p))
        assert test.pvalue > FALSE_ALARM


def test_regions_that_meet_when_enlarged_count_once():
    law = Pancakes(3, (2, 3), 0.3)
    X, y = law.sample(SAMPLES, 5)
    eps, wrong = 0.6, np.zeros(SAMPLES, bool)
    for size in np.linspace(-eps, eps, 5):
        wrong |= law.oracle_predict(X + size * law.direction) != y
    risk = float(law.oracle_risk(eps))
    assert 0.7 < risk < 0.99
    assert stats.binomtest(int(wrong.sum()), SAMPLES, risk).pvalue > FALSE_ALARM


@pytest.mark.parametrize("orders", [(2, 3), (3, 2), (6, 5)])
def test_oracle_makes_no_error_on_thin_pancakes_and_withstands_the_margin(orders):
    law = Pancakes(4, orders, direction=[1.0, 1.0, -1.0, 0.0])
    X, y = law.sample(2000, 6)
    assert (law.oracle_predict(X) == y).all()
    assert (law.posterior(X) == (1 + y) / 2).all()
    for size in (-0.999, 0.999):
        moved = X + size * law.margin * law.direction
        assert (law.oracle_predict(moved) == y).all()
    assert law.bayes_risk == 0.0


@given(width=st.floats(0.01, 0.99), eps=st.floats(0, 2), more=st.floats(0, 1))
def test_robust_risk_rises_with_the_size(width, eps, more):
    law = Pancakes(3, (3, 4), width)
    low, high = law.oracle_risk([eps, eps + more])
    assert 0 <= low <= high + 1e-15 <= 1 + 1e-15


@pytest.mark.parametrize(("orders", "width"), LAWS)
@pytest.mark.parametrize("cosine", [1.0, 0.9, -0.5])
def test_linear_risk_is_least_over_all_offsets(orders, width, cosine):
    law = Pancakes(3, orders, width)
    sine = math.sqrt(1 - cosine**2)
    b = np.linspace(-6, 6, 4001)
    F = []
    for k in orders:
        a, w = ([0], [1]) if k is None else nodes(k)
        s = 1.0 if k is None else math.sqrt(sine**2 + (cosine * width) ** 2)
        m = cosine * math.sqrt(1 - width**2) * np.array(a, float)
        steps = (b[:, None] - m) / s if s else np.where(b[:, None] >= m, 99.0, -99.0)
        F.append(stats.norm.cdf(steps) @ np.array(w, float))
    risks = np.minimum((1 + F[1] - F[0]) / 2, (1 + F[0] - F[1]) / 2)
    assert law.linear_risk(cosine) <= risks.min() + 1e-14
    assert law.linear_risk(cosine) == pytest.approx(risks.min(), abs=1e-5)


def test_linear_rules_do_worse_as_the_order_rises_and_off_the_direction():
    assert Pancakes(3).linear_risk() == pytest.approx(1 / 3)
    assert Pancakes(3).linear_risk(0.0) == pytest.approx(0.5, abs=1e-14)
    risks = [Pancakes(3, (2, 3), 0.1).linear_risk(c) for c in (0.1, 0.5, 0.9, 1.0)]
    assert (np.diff(risks) < 0).all()
    assert Pancakes(3, (20, 21)).linear_risk() > 0.43


# Arguments


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Pancakes(0), ValueError, "d must be at least 1"),
        (lambda: Pancakes(1, tau=1.0), ValueError, "d must be at least 2"),
        (lambda: Pancakes(3, (2, 2)), ValueError, "orders must differ"),
        (lambda: Pancakes(3, (None, None)), ValueError, "orders must differ"),
        (lambda: Pancakes(3, 2), ValueError, "orders must be a pair"),
        (lambda: Pancakes(3, (0, 1)), ValueError, "orders must be at least 1"),
        (lambda: Pancakes(3, (2.0, 1)), TypeError, "orders must be an integer"),
        (lambda: Pancakes(3, (1, 3)), ValueError, "width must be above 0"),
        (lambda: Pancakes(3, (None, 2)), ValueError, "width must be above 0"),
        (lambda: Pancakes(3, width=1.0), ValueError, "width must lie in"),
        (lambda: Pancakes(3, width=1e-9), ValueError, "width must be 0 or"),
        (lambda: Pancakes(3, width=math.nan), ValueError, "width must"),
        (lambda: Pancakes(3, tau=-1.0), ValueError, "tau must be at least 0"),
        (lambda: Pancakes(3, direction=[1.0]), ValueError, "direction must have"),
        (lambda: Pancakes(2, direction=[0.0, 0.0]), ValueError, "must not be zero"),
        (
            lambda: Pancakes(2, tau=1.0, direction=[1.0, 1.0]),
            ValueError,
            "direction must be 0 in the easy",
        ),
        (lambda: Pancakes(3).moments(0, 2), ValueError, "label must be -1 or"),
        (lambda: Pancakes(3).moments(1, -1), ValueError, "degree must be at least"),
        (lambda: Pancakes(3).oracle_risk(-1.0), ValueError, "eps must be at least 0"),
        (lambda: Pancakes(3).oracle_risk(1.0, 0.5), ValueError, "p must be at least 1"),
        (lambda: Pancakes(3).linear_risk(2.0), ValueError, "cosine must lie in"),
        (lambda: Pancakes(3).posterior([[1.0]]), ValueError, "X must"),
        (lambda: Pancakes(3).sample(-1, 0), ValueError, "n must be at least 0"),
    ],
)
def test_bad_arguments_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()
