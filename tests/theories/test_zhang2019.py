"""TRADES: transforms, the theorem's three sides, and the checkerboard, exactly."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy import stats
from scipy.integrate import quad

from geomadv.classifiers import LinearClassifier
from geomadv.data import NoisyLabels
from geomadv.spaces import Cube
from geomadv.theories.oscillation.zhang2019 import (
    LOSSES,
    bayes_boundary,
    checkerboard_risks,
    finite_terms,
    gaussian_terms,
    least_risk,
    psi,
    psi_inverse,
    risks,
    step_risks,
    surrogate,
)


@pytest.mark.parametrize(
    ("theta", "exponential", "logistic"),
    [
        (0.1, 0.0050125629, 0.0072255460),
        (0.25, 0.0317541634, 0.0455659971),
        (0.5, 0.1339745962, 0.1887218755),
        (0.9, 0.5641101056, 0.7136030429),
    ],
)
def test_transforms_have_the_reference_values(theta, exponential, logistic):
    assert psi(theta, "exponential") == pytest.approx(exponential, abs=6e-11)
    assert psi(theta, "logistic") == pytest.approx(logistic, abs=6e-11)


@pytest.mark.parametrize("theta", [1e-6, 1e-3, 0.0999, 0.1, 0.3, 0.9, 0.9999, 1.0])
def test_transforms_are_right_to_1e_13(theta):
    with mpmath.workdps(40):
        t = mpmath.mpf(theta)
        exact = {
            "exponential": 1 - mpmath.sqrt(1 - t * t),
            "logistic": sum(
                u * mpmath.log(u, 2) / 2 if u else 0 for u in (1 + t, 1 - t)
            ),
            "squared": t * t,
            "hinge": t,
        }
        for loss, value in exact.items():
            assert psi(theta, loss) == pytest.approx(float(value), rel=1e-13)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_inverse_undoes_the_transform(loss):
    theta = np.linspace(0, 1, 41)
    assert psi_inverse(psi(theta, loss), loss) == pytest.approx(theta, abs=2e-8)
    assert psi_inverse([1.0, 1.7, 1e300], loss).tolist() == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("eta", [0.0, 0.2, 0.5, 0.95, 1.0])
def test_the_least_risk_is_the_infimum_over_margins(loss, eta):
    a = np.concatenate([np.linspace(-3, 3, 60001), [-300.0, 300.0]])
    found = (eta * surrogate(a, loss) + (1 - eta) * surrogate(-a, loss)).min()
    assert least_risk(eta, loss) == pytest.approx(found, abs=1e-8)


@pytest.mark.parametrize("loss", LOSSES)
def test_surrogates_are_at_least_1_where_the_margin_is_not_positive(loss):
    a = np.linspace(-5, 0, 101)
    assert (surrogate(a, loss) >= 1.0).all()
    assert surrogate(0.0, loss) == 1.0
    assert surrogate(1e-3, loss) < 1.0


@pytest.mark.parametrize(
    ("slope", "lam", "middle", "right"),
    [
        (2.0, 1.0, 0.0833083983, 0.3275405765),
        (2.0, 0.2, 0.0833083983, 0.2386194384),
        (5.0, 1.0, 0.5990679294, 0.7546722763),
        (1.0, 0.5, 0.3985307893, 0.7278795684),
    ],
)
def test_the_gaussian_example_has_the_reference_values(slope, lam, middle, right):
    terms = gaussian_terms(slope, lam, 0.3, "logistic")
    assert terms.robust == pytest.approx(0.0833083983, abs=6e-11)
    assert terms.middle == pytest.approx(middle, abs=3e-10)
    assert terms.surrogate == pytest.approx(right, abs=3e-10)


@pytest.mark.parametrize("loss", LOSSES)
def test_the_gaussian_example_by_adaptive_quadrature(loss):
    """The law of (X, Y) is integrated as it stands, and the ball is searched."""
    slope, lam, eps = 1.3, 0.7, 0.6

    def mean(values):
        total = 0.0
        for y, low in itertools.product((-1, 1), range(-12, 12)):
            total += quad(
                lambda x, y=y: values(x, y) * stats.norm.pdf(x, y) / 2, low, low + 1
            )[0]
        return total

    def worst(x, _):
        ball = slope * np.linspace(x - eps, x + eps, 3)
        return float(surrogate(slope * x * ball / lam, loss).max())

    terms = gaussian_terms(slope, lam, eps, loss)
    close = {"abs": 2e-2 if loss == "zero-one" else 1e-4}
    found = mean(worst)
    assert terms.surrogate - terms.middle + terms.robust == pytest.approx(
        found, **close
    )
    risk = mean(lambda x, y: float(surrogate(y * slope * x, loss)))
    least = mean(lambda x, _: float(least_risk(1 / (1 + math.exp(-2 * x)), loss)))
    expected = psi_inverse(max(risk - least, 0.0), loss)
    assert terms.middle - terms.robust == pytest.approx(expected, abs=1e-3)


def test_finite_terms_by_enumeration():
    rng = np.random.default_rng(0)
    for _ in range(20):
        n = 5
        mass, eta, f = rng.dirichlet(np.ones(n)), rng.random(n), rng.standard_normal(n)
        near = rng.random((n, n)) < 0.3
        near |= near.T | np.eye(n, dtype=bool)
        terms = finite_terms(mass, eta, f, near, 0.4, "exponential")
        robust = boundary = outer = risk = least = bayes = 0.0
        for i in range(n):
            ball = [f[j] for j in range(n) if near[i, j]]
            for y, p in ((1, mass[i] * eta[i]), (-1, mass[i] * (1 - eta[i]))):
                robust += p * any(y * g <= 0 for g in ball)
                boundary += p * (y * f[i] > 0 and any(g * f[i] <= 0 for g in ball))
                risk += p * math.exp(-y * f[i])
            outer += mass[i] * max(math.exp(-g * f[i] / 0.4) for g in ball)
            least += mass[i] * 2 * math.sqrt(eta[i] * (1 - eta[i]))
            bayes += mass[i] * min(eta[i], 1 - eta[i])
        excess = min(risk - least, 1.0)
        excess = math.sqrt(1 - (1 - excess) ** 2)
        assert terms.robust == pytest.approx(robust - bayes)
        assert terms.middle == pytest.approx(excess + boundary)
        assert terms.surrogate == pytest.approx(excess + outer)
        assert terms.robust <= terms.middle <= terms.surrogate


@pytest.mark.parametrize("p", [1, 2, math.inf])
def test_the_errors_of_a_sample_are_those_of_an_attack(p):
    rng = np.random.default_rng(1)
    X, y = rng.standard_normal((300, 2)), rng.choice([-1.0, 1.0], 300)
    model = LinearClassifier.from_parameters([0.6, -1.1], 0.2)
    angles = np.linspace(0, 2 * np.pi, 5761)
    circle = np.column_stack([np.cos(angles), np.sin(angles)])
    steps = 0.4 * circle / np.linalg.norm(circle, p, axis=1)[:, None]
    f = X @ [0.6, -1.1] + 0.2
    moved = f + (steps @ [0.6, -1.1])[:, None]
    wrong, reached = y * f <= 0, (moved * f <= 0).any(axis=0)
    found = risks(model, X, y, 0.4, p=p)
    assert found.natural == Fraction(int(wrong.sum()), 300)
    assert found.boundary == Fraction(int((~wrong & reached).sum()), 300)
    assert found.robust == Fraction(int((y * moved <= 0).any(axis=0).sum()), 300)
    assert found.robust == found.natural + found.boundary


def test_the_table_of_the_paper():
    """Natural, boundary and robust error of both rules, eps = w."""
    for K in (1, 2, 5):
        w = Fraction(1, 2 * K)
        bayes = checkerboard_risks(K, [-1, 1] * K, w)
        constant = checkerboard_risks(K, [1] * (2 * K), w)
        assert (bayes.natural, bayes.boundary, bayes.robust) == (0, 1, 1)
        half = Fraction(1, 2)
        assert (constant.natural, constant.boundary, constant.robust) == (half, 0, half)


@pytest.mark.parametrize("share", [0, 1, 4, 5, 7, 10, 13])
def test_the_boundary_error_of_the_bayes_rule_is_the_closed_form(share):
    for K in (1, 2, 3):
        r = Fraction(share, 20 * K)
        found = checkerboard_risks(K, [-1, 1] * K, r)
        assert found.boundary == found.robust == bayes_boundary(K, r)


def test_step_risks_by_looking_at_a_fine_grid():
    """Midpoints of 1/240: all cuts and radii are multiples of 1/120."""
    rng = np.random.default_rng(2)
    for _ in range(25):
        cuts = [0, *sorted(rng.choice(range(10, 120, 10), 4, replace=False)), 120]
        signs = [int(s) for s in rng.choice([-1, 1], 5)]
        eta = [Fraction(int(k), 4) for k in rng.integers(0, 5, 3)]
        radius = int(rng.integers(0, 30))
        x = [Fraction(2 * k + 1, 240) for k in range(120)]
        place = [next(i for i, c in enumerate(cuts) if 120 * t < c) - 1 for t in x]
        f = [signs[i] for i in place]
        natural = boundary = robust = Fraction(0)
        for i, t in enumerate(x):
            q = eta[next(j for j in range(3) if t < Fraction(j + 1, 3))]
            ball = {f[j] for j in range(120) if abs(j - i) <= radius}
            for y, share in ((1, q), (-1, 1 - q)):
                natural += share * (f[i] != y) / 120
                robust += share * (-y in ball) / 120
                boundary += share * (f[i] == y and -y in ball) / 120
        thirds = [Fraction(k, 3) for k in range(4)]
        found = step_risks(
            thirds,
            eta,
            [Fraction(int(c), 120) for c in cuts],
            signs,
            Fraction(radius, 120),
        )
        assert (found.natural, found.boundary, found.robust) == (
            natural,
            boundary,
            robust,
        )


def test_no_rule_is_better_than_a_half_at_half_a_cell_and_one_is_below_it():
    """All 2^6 rules on the cells of K = 3."""
    half = Fraction(1, 2)
    for share in (half, Fraction(3, 4), Fraction(1)):
        errors = [
            checkerboard_risks(3, rule, share / 6).robust
            for rule in itertools.product((-1, 1), repeat=6)
        ]
        assert min(errors) == half
    below = checkerboard_risks(3, [-1, 1, 1, 1, 1, 1], Fraction(49, 600))
    assert below.robust == half - Fraction(1, 6) + Fraction(49, 300) < half


def test_the_data_model_has_the_table():
    """False alarm below 1e-6: five deviations of a share of 20000."""
    problem = NoisyLabels.checkerboard(Cube(1), 2)
    X, y = problem.sample(20000, 3)
    assert (problem.bayes_predict(X) == y).all()
    step = 0.03
    reach = [problem.bayes_predict(np.clip(X + s, 0, 1)) != y for s in (-step, step)]
    share = float(bayes_boundary(2, Fraction(3, 100)))
    assert abs((reach[0] | reach[1]).mean() - share) < 5 * math.sqrt(0.25 / 20000)
    assert abs((y == -1).mean() - 0.5) < 5 * math.sqrt(0.25 / 20000)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: psi(1.5, "hinge"), r"theta must lie in \[0, 1\]"),
        (lambda: psi(0.5, "log"), "loss must be one of"),
        (lambda: psi_inverse(-0.1, "hinge"), "value must be at least 0"),
        (lambda: surrogate(math.nan, "hinge"), "margin must be finite"),
        (lambda: least_risk(2, "hinge"), r"eta must lie in \[0, 1\]"),
        (
            lambda: finite_terms([0.5, 0.5], [1], [1, 1], np.eye(2), 1.0, "hinge"),
            "mass, eta, f and near must have shapes",
        ),
        (lambda: gaussian_terms(0, 1, 1, "hinge"), "slope must be above 0"),
        (lambda: gaussian_terms(1, 0, 1, "hinge"), "lam must be above 0"),
        (lambda: checkerboard_risks(0, [], 1), "pairs must be at least 1"),
        (lambda: checkerboard_risks(1, [1, 0], 1), "signs must be 2 numbers"),
        (lambda: checkerboard_risks(1, [1, 1], -1), "radius must be at least 0"),
        (lambda: bayes_boundary(1, -1), "radius must be at least 0"),
        (
            lambda: step_risks([0, 1], [2], [0, 1], [1], 1),
            "posterior must be 1 numbers",
        ),
        (lambda: step_risks([0, 2], [1], [0, 1], [1], 1), "edges must increase"),
    ],
)
def test_bad_arguments_are_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_points_at_the_distance_eps_count_alike_whatever_is_rounded():
    rng = np.random.default_rng(9)
    ties = 0
    for _ in range(300):
        X = rng.integers(-9, 10, (30, 2)) / 10
        w, b, eps = rng.integers(-9, 10, 2) / 10, rng.integers(-3, 4) / 10, 0.2
        if not w.any():
            continue
        model = LinearClassifier.from_parameters(w, b)
        found = risks(model, X, rng.choice([-1.0, 1.0], 30), eps, p=np.inf)
        assert found.robust == found.natural + found.boundary
        level = np.abs(X @ w + b) - eps * np.abs(w).sum()
        ties += (np.abs(level) < 1e-12).sum()
    assert ties > 100
