"""The formulas of the papers reproduce values that were worked out elsewhere.

The values come from independent computations (scipy's incomplete beta function with
adaptive quadrature, mpmath), to the digits that are printed.
"""

import numpy as np
import pytest

from geomadv.theories.dimension import dohmatob2019, fawzi2018, ford2019, gilmer2018


def agrees(value, printed):
    """Whether a value rounds to a printed number, given as text."""
    mantissa, _, exponent = printed.lower().partition("e")
    digits = len(mantissa.partition(".")[2])
    unit = 10.0 ** (int(exponent or 0) - digits)
    return abs(value - float(printed)) <= 0.5001 * unit


# --- Gilmer et al. 2018 --------------------------------------------------------------


@pytest.mark.parametrize(("radius", "share"), [(0.05, "0.46400"), (0.052, "0.49963")])
def test_the_figure_of_the_talk_is_a_rounding(radius, share):
    assert agrees(gilmer2018.share_within(2000, 0.01, radius), share)


@pytest.mark.parametrize(
    ("d", "error", "mean", "median"),
    [
        (3, 0.01, "1.34507", "1.34312"),
        (100, 0.01, "0.23297", "0.23263"),
        (500, 0.01, "0.10419", "0.10404"),
        (500, 0.001, "0.13821", "0.13820"),
        (500, 1e-20, None, "0.41422"),
    ],
)
def test_asymptotic_constants(d, error, mean, median):
    assert agrees(gilmer2018.asymptotic_median(d, error), median)
    if mean is not None:
        assert agrees(gilmer2018.asymptotic_mean(d, error), mean)


@pytest.mark.parametrize(
    ("alpha", "counts", "clt", "exact", "outer"),
    [
        ([1.5, 0.8], [100, 400], "4.6159e-4", "8.5514e-4", "3.41e-35"),
        ([1.10, 0.85], [250, 250], "9.6477e-4", "7.0787e-4", "2.26e-51"),
        ([1.1, 0.55, 0.8], [200, 194, 106], "8.8999e-21", None, "8.15e-28"),
    ],
)
def test_errors_of_quadratic_networks(alpha, counts, clt, exact, outer):
    def error(**options):
        return gilmer2018.quadratic_error(alpha, multiplicities=counts, **options)

    assert agrees(error(method="clt"), clt)
    assert agrees(error(method="clt", sphere="outer"), outer)
    if exact is not None:
        assert agrees(error(), exact)
    assert np.exp(
        gilmer2018.log_quadratic_error(alpha, multiplicities=counts)
    ) == pytest.approx(error(), rel=1e-9)


def test_the_second_route_to_mean_distances_agrees_with_the_published_value():
    assert agrees(gilmer2018._mean_distance_to("cap", 500, 0.01), "0.1041777070")


# --- Fawzi et al. 2018 ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("classes", "t", "total", "many", "simple"),
    [
        (2, 1.0, "0.6826895", None, "0.2398265"),
        (10, 0.5, "0.6258881", "0.3661929", "-0.106"),
        (10, 1.0, "0.8874209", "0.7503792", "0.2398"),
        (10, 2.0, "0.9948381", "0.9817103", "0.8303824"),
        (1000, 0.5, "0.8348083", "0.7602714", "-0.106"),
        (10, 0.1, "0.1644528", None, None),
    ],
)
def test_fooling_probabilities(classes, t, total, many, simple):
    assert agrees(fawzi2018.equiprobable_fooling_probability(classes, t), total)
    equal = np.full(classes, 1 / classes)
    assert agrees(fawzi2018.fooling_probability(equal, t), total)
    if many is not None:
        assert agrees(fawzi2018.many_classes_bound(classes, t), many)
    if simple is not None:
        assert agrees(fawzi2018.simple_bound(t), simple)


def test_the_circulating_bound_exceeds_the_truth():
    assert agrees(fawzi2018.many_classes_bound_as_circulated(10, 0.1), "0.5904976")


def test_unequal_classes_against_monte_carlo():
    """Half-spaces z > 1 and z < 1: P(|z - 1| <= t); 5 standard errors of 1e6 draws."""
    z = np.random.default_rng(5).standard_normal(10**6)
    p = float((z > 1).mean())
    share = float((np.abs(z - 1) <= 0.7).mean())
    from scipy.special import ndtr

    exact = fawzi2018.fooling_probability([ndtr(-1.0), ndtr(1.0)], 0.7)
    assert abs(share - exact) < 5 * np.sqrt(exact * (1 - exact) / 10**6)
    assert p > 0


# --- Ford et al. 2019 ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("sigma", "error", "median", "mean", "cifar", "imagenet"),
    [
        (0.1, 0.01, "0.2326347874", "0.2329736538", "23.825", "166.776"),
        (0.1, 0.001, "0.3090232306", "0.3090509164", "17.936", "125.550"),
        (0.4, 0.1, "0.5126206262", "0.5315578964", "43.249", "302.742"),
    ],
)
def test_distances_to_errors_in_noise(sigma, error, median, mean, cifar, imagenet):
    assert agrees(ford2019.median_distance(error, sigma), median)
    assert agrees(ford2019.mean_distance(error, sigma), mean)
    for d, printed in ((3072, cifar), (150528, imagenet)):
        assert agrees(ford2019.noise_ratio(d, error), printed)


# --- Dohmatob 2019 -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "threshold", "bound", "truth"),
    [
        (0.01, "3.0348542588", "4.2881683961", "2.3297365375"),
        (0.1, "2.1459660263", "3.3992801636", "1.3288947409"),
    ],
)
def test_thresholds_and_mean_distances(error, threshold, bound, truth):
    assert agrees(dohmatob2019.robustness_threshold(error), threshold)
    assert agrees(dohmatob2019.mean_distance_bound(error), bound)
    assert agrees(ford2019.mean_distance(error), truth)


@pytest.mark.parametrize(
    ("eps", "bound", "truth"),
    [(4.0, "0.6276622028", "0.0470994938"), (5.0, "0.1450177845", "0.0037515119")],
)
def test_accuracy_bounds(eps, bound, truth):
    assert agrees(dohmatob2019.accuracy_bound(0.01, eps), bound)
    assert agrees(dohmatob2019.half_space_accuracy(0.01, eps), truth)


def test_the_linf_gain_is_absurd():
    log_bound = dohmatob2019.log_linf_bound_as_remembered(0.01, 0.5, 784)
    assert agrees(np.exp(log_bound), "7.8e-27")
    assert agrees(dohmatob2019.half_space_accuracy(0.01, 0.5), "0.9661011")


def test_only_norms_below_two_lose_by_dimension():
    two = dohmatob2019.accuracy_bound(0.01, 4.0)
    assert dohmatob2019.accuracy_bound(0.01, 4.0, d=100, p=np.inf) == two
    one = dohmatob2019.accuracy_bound(0.01, 40.0, d=100, p=1)
    assert one == pytest.approx(two, rel=1e-12)


# --- bad arguments -------------------------------------------------------------------


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda v: gilmer2018.asymptotic_median(v, 0.1), "d"),
        (lambda v: gilmer2018.asymptotic_mean(v, 0.1), "d"),
        (lambda v: gilmer2018.quadratic_error([1.0], radius=v), "radius"),
        (lambda v: fawzi2018.fooling_probability([v, 0.5], 1.0), "probabilities"),
        (lambda v: fawzi2018.fooling_probability([0.5, 0.5], v), "t"),
        (lambda v: fawzi2018.equiprobable_fooling_probability(2, v), "t"),
        (lambda v: fawzi2018.simple_bound(v), "t"),
        (lambda v: fawzi2018.many_classes_bound(v, 1.0), "classes"),
        (lambda v: ford2019.median_distance(v), "error"),
        (lambda v: ford2019.median_distance(0.1, v), "sigma"),
        (lambda v: ford2019.mean_distance(v), "error"),
        (lambda v: ford2019.noise_ratio(10, v), "error"),
        (lambda v: ford2019.noise_ratio(v, 0.1), "d"),
        (lambda v: dohmatob2019.robustness_threshold(v), "error"),
        (lambda v: dohmatob2019.accuracy_bound(0.1, v), "eps"),
        (lambda v: dohmatob2019.mean_distance_bound(0.1, v), "sigma"),
        (lambda v: dohmatob2019.half_space_accuracy(v, 1.0), "error"),
        (lambda v: dohmatob2019.log_linf_bound_as_remembered(0.1, v, 2), "eps"),
    ],
)
@pytest.mark.parametrize(
    "value", [np.nan, np.inf, -np.inf, -1.0, "two", None, 1j, [[1.0], [1.0, 2.0]]]
)
def test_bad_arguments_are_named(call, name, value):
    with pytest.raises((ValueError, TypeError), match=rf"\b{name}\b"):
        call(value)


@pytest.mark.errors
@pytest.mark.parametrize("value", [np.nan, np.inf, "two", None, 1j])
def test_bad_coefficients_of_a_quadratic_network_are_named(value):
    with pytest.raises((ValueError, TypeError), match="alpha"):
        gilmer2018.quadratic_error([value, 1.0])


def test_an_empty_query_gives_an_empty_answer():
    empty = np.empty(0)
    assert ford2019.median_distance(empty).shape == (0,)
    assert fawzi2018.simple_bound(empty).shape == (0,)
    assert dohmatob2019.accuracy_bound(empty, 1.0).shape == (0,)
