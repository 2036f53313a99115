import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv.spaces import Gaussian

CORRELATED = [[2.0, 0.9], [0.9, 1.0]]
Z = 5.2  # two-sided normal tail 2e-7: the false alarm of each simulation


@pytest.mark.parametrize(
    ("law", "mass", "eps", "p", "value"),
    [
        (Gaussian(784), 0.05, 1, 2, 0.2595110228),
        (Gaussian(784), 0.05, 1, np.inf, 0.2595110228),
        (Gaussian(10**9), 0.5, 1, 3, 0.8413447461),
        (Gaussian(784), 0.01, 1.5, 2, 0.2043033918),
        (Gaussian(784, cov=4.0), 0.05, 1, 2, 0.1261348982),
        (Gaussian(784), 0.05, 1, 1, 0.0537929383),
        (Gaussian(cov=CORRELATED), 0.05, 1, 2, 0.1547897628),
        (Gaussian(cov=CORRELATED), 0.05, 1, np.inf, 0.1741872616),
    ],
)
def test_enlargement_reproduces_the_reference(law, mass, eps, p, value):
    assert law.enlargement(mass, eps, p) == pytest.approx(value, abs=5.1e-11)
    assert law.isoperimetry(p).exact


@pytest.mark.parametrize(
    ("sigma", "mass", "median", "mean"),
    [
        (0.1, 0.01, 0.2326347874, 0.2329736538),
        (0.1, 0.001, 0.3090232306, 0.3090509164),
        (0.4, 0.1, 0.5126206262, 0.5315578964),
    ],
)
@pytest.mark.parametrize("d", [1, 3072, 10**9])
def test_distances_reproduce_the_reference_in_every_dimension(
    sigma, mass, median, mean, d
):
    law = Gaussian(d, cov=sigma**2)
    assert law.median_distance(mass) == pytest.approx(median, abs=5.1e-11)
    assert law.mean_distance(mass) == pytest.approx(mean, abs=5.1e-11)


def test_operator_norms_reproduce_the_reference():
    law = Gaussian(cov=CORRELATED)
    assert law.operator_norm(2).lower == pytest.approx(1.5904600, abs=5e-8)
    assert law.operator_norm(np.inf).lower == pytest.approx(1.4142136, abs=5e-8)
    assert law.operator_norm(1).lower == pytest.approx(math.sqrt(2 + 1 + 1.8))


@pytest.mark.parametrize("a", [-7.0, -2.5, -0.5, 0.0, 1.0, 7.0, 30.0])
def test_mean_distance_is_the_integral_of_the_complement(a):
    with mpmath.workdps(40):
        mass = mpmath.erfc(mpmath.mpf(a) / mpmath.sqrt(2)) / 2
        log_mass = mpmath.log(mass) if a > 0 else mpmath.log1p(mass - 1)
        knots = [0, *(max(a, 0) + k for k in range(-20, 15) if max(a, 0) + k > 0), 60]
        truth = mpmath.quad(lambda t: mpmath.ncdf(a - t), knots)
    law = Gaussian(5, cov=9.0)
    assert law.mean_distance(log_mass=float(log_mass)) == pytest.approx(
        float(3 * truth), rel=1e-13, abs=0
    )
    if a > -2:  # elsewhere the double nearest to the mass is too coarse
        assert law.mean_distance(float(mass)) == pytest.approx(
            float(3 * truth), rel=1e-13, abs=0
        )


@pytest.mark.parametrize("p", [1, 1.5, 2, 4, np.inf])
@given(
    mass=st.floats(1e-12, 1 - 1e-12),
    log_scale=st.floats(-3, 3),
    eps=st.floats(0, 5),
    seed=st.integers(0, 1000),
)
@settings(max_examples=25, deadline=None)
def test_enlargement_scales_with_the_covariance(p, mass, log_scale, eps, seed):
    variances = np.random.default_rng(seed).uniform(0.1, 2, 4)
    scale = math.exp(log_scale)
    one = Gaussian(cov=variances).enlargement(mass, eps, p)
    other = Gaussian(cov=variances * scale**2).enlargement(mass, eps * scale, p)
    assert other == pytest.approx(one, rel=1e-11, abs=0)


@given(
    # A subnormal mass between the two steps would have too few digits.
    mass=st.floats(0, 1, allow_subnormal=False),
    first=st.floats(0, 3),
    second=st.floats(0, 3),
    p=st.sampled_from([1, 2, 3, np.inf]),
)
@settings(max_examples=100, deadline=None)
def test_enlargements_compose(mass, first, second, p):
    law = Gaussian(6, cov=0.5)
    twice = law.enlargement(law.enlargement(mass, first, p), second, p)
    assert twice == pytest.approx(
        law.enlargement(mass, first + second, p), rel=1e-9, abs=1e-300
    )


def test_enlargement_and_complement_sum_to_one():
    law = Gaussian(cov=CORRELATED)
    mass, eps = np.meshgrid([1e-10, 0.2, 0.5, 0.99], [0.0, 0.3, 2.0, 5.0])
    whole = law.enlargement(mass, eps) + np.exp(
        law.log_complement_enlargement(mass, eps)
    )
    np.testing.assert_allclose(whole, 1.0, rtol=1e-13)


def test_log_enlargement_is_the_logarithm_of_the_enlargement():
    law = Gaussian(3, cov=[1.0, 2.0, 3.0])
    mass, eps = np.meshgrid([1e-10, 0.2, 0.5, 0.99], [0.0, 0.3, 2.0, 5.0])
    np.testing.assert_allclose(
        law.log_enlargement(np.log(mass), eps, 1),
        np.log(law.enlargement(mass, eps, 1)),
        rtol=1e-11,
    )


def test_nothing_underflows_at_mass_e_to_the_minus_5000():
    law = Gaussian(10)
    z = -law.median_distance(log_mass=-5000.0)
    assert z == pytest.approx(-99.94474817484121, rel=1e-14, abs=0)
    assert law.mean_distance(log_mass=-5000.0) == pytest.approx(-z, rel=1e-14, abs=0)
    tail = law.log_complement_enlargement(0.5, -z)
    assert tail == pytest.approx(-5000.0, rel=1e-14, abs=0)


@pytest.mark.parametrize(
    "law", [Gaussian(3), Gaussian(cov=[1.0, 2.0]), Gaussian(cov=CORRELATED)]
)
def test_empty_and_full_sets_stay_what_they_are(law):
    assert law.enlargement([0.0, 1.0], 2.0).tolist() == [0.0, 1.0]
    assert law.log_enlargement([-np.inf, 0.0], 2.0).tolist() == [-np.inf, 0.0]
    assert law.log_complement_enlargement([0.0, 1.0], 2.0).tolist() == [0.0, -np.inf]
    assert law.mean_distance(1.0) == 0.0
    assert law.median_distance([0.5, 0.7, 1.0]).tolist() == [0.0, 0.0, 0.0]


def test_scalars_give_scalars_and_arrays_broadcast():
    law = Gaussian(2)
    assert isinstance(law.enlargement(0.1, 0.2), np.float64)
    assert isinstance(law.mean_distance(0.1), np.float64)
    assert law.enlargement(np.full((3, 1), 0.1), np.ones(4)).shape == (3, 4)
    assert law.enlargement([], 1.0).shape == (0,)
    assert law.mean_distance([]).shape == (0,)


def random_covariance(d, seed=0):
    a = np.random.default_rng(seed).standard_normal((d, d))
    return a @ a.T + 0.1 * np.eye(d)


@pytest.mark.parametrize("p", [1, 1.5, 2, 3, np.inf])
@pytest.mark.parametrize(
    "law",
    [
        Gaussian(4, cov=2.0),
        Gaussian(mean=[1, 2, 3], cov=[0.5, 2.0, 1.0]),
        Gaussian(mean=np.arange(5), cov=random_covariance(5)),
        Gaussian(cov=random_covariance(18, 1)),
    ],
    ids=["isotropic", "diagonal", "matrix", "wide"],
)
def test_half_space_attains_the_enlargement_in_simulation(law, p):
    """Distances of real points to the half-space reach `enlargement` (exact cases).

    With a norm known only within an interval, the half-space attains its lower end.
    """
    n, mass, rng = 40000, 0.1, np.random.default_rng(5)
    w, norm = law.half_space_normal(p), law.operator_norm(p)
    threshold = norm.lower * -1.2815515655446004
    projection = (law.sample(n, rng) - law.mean) @ w
    assert np.mean(projection <= threshold) == pytest.approx(
        mass, abs=Z * math.sqrt(mass * (1 - mass) / n)
    )
    distance = np.maximum(projection - threshold, 0.0)  # since ||w||_q = 1
    eps = norm.lower
    expected = Gaussian(1).enlargement(mass, 1.0)
    error = Z * math.sqrt(expected * (1 - expected) / n)
    assert np.mean(distance <= eps) == pytest.approx(expected, abs=error)
    assert law.enlargement(mass, eps, p) <= expected * (1 + 1e-12)
    if law.isoperimetry(p).exact:
        assert law.enlargement(mass, eps, p) == pytest.approx(
            expected, rel=1e-12, abs=0
        )
    spread = Z * distance.std() / math.sqrt(n)
    assert distance.mean() <= law.mean_distance(mass, p) + spread


@pytest.mark.parametrize("p", [1, 1.5, 2, 4, np.inf])
def test_no_other_set_grows_less_than_the_half_space(p):
    """Balls, slabs and tilted half-spaces of the same measure grow at least as much."""
    law = Gaussian(cov=[[1.0, -0.6], [-0.6, 2.0]])
    rng, n, mass = np.random.default_rng(2), 200000, 0.2
    x = law.sample(n, rng)
    eps = 0.7
    least = law.enlargement(mass, eps, p)
    slack = Z * math.sqrt(0.25 / n)
    norm = np.linalg.norm(x, ord=p, axis=1)  # an l_p ball and its complement
    for radius, grown in (
        (np.quantile(norm, mass), norm <= np.quantile(norm, mass) + eps),
        (np.quantile(norm, 1 - mass), norm >= np.quantile(norm, 1 - mass) - eps),
    ):
        assert radius > 0
        assert grown.mean() >= least - slack
    q = np.inf if p == 1 else (1.0 if p == np.inf else p / (p - 1))
    for angle in np.linspace(0, np.pi, 13):
        w = np.array([math.cos(angle), math.sin(angle)])
        w /= np.linalg.norm(w, ord=q)
        projection = x @ w
        grown = projection <= np.quantile(projection, mass) + eps
        assert grown.mean() >= least - slack


def test_sampled_projection_norm_and_distance_follow_their_laws():
    from scipy import stats

    law = Gaussian(50, cov=4.0)
    for p in (1, 2):
        scale = law.operator_norm(p).lower
        draws = law.sample_projection(20000, 1, p)
        assert stats.kstest(draws / scale, "norm").pvalue > 1e-6
        distances = law.sample_distance(0.3, 20000, 2, p)
        positive = distances[distances > 0] / scale
        assert np.mean(distances == 0) == pytest.approx(0.3, abs=Z * 0.0033)
        a = -stats.norm.ppf(0.3)
        beyond = stats.kstest(
            positive, lambda t, a=a: 1 - stats.norm.cdf(a - t) / stats.norm.cdf(a)
        )
        assert beyond.pvalue > 1e-6
    explicit = np.linalg.norm(law.sample(4000, 3), axis=1)
    drawn = law.sample_norm(4000, 4)
    assert stats.ks_2samp(explicit, drawn).pvalue > 1e-6
    assert stats.kstest(drawn / 2, stats.chi(50).cdf).pvalue > 1e-6


def test_distance_of_a_full_set_is_drawn_as_zero():
    assert Gaussian(3).sample_distance(1.0, 4, 0).tolist() == [0.0] * 4


def test_samples_have_the_mean_and_the_covariance():
    cov = random_covariance(4)
    law, n = Gaussian(mean=[1, -2, 3, 0], cov=cov), 100000
    x = law.sample(n, 7)
    error = Z * np.sqrt(cov.diagonal() / n)
    assert (np.abs(x.mean(axis=0) - law.mean) < error).all()
    spread = np.sqrt((np.outer(cov.diagonal(), cov.diagonal()) + cov**2) / n)
    assert (np.abs(np.cov(x.T) - cov) < Z * spread).all()


def test_equal_seeds_give_equal_samples():
    law = Gaussian(cov=CORRELATED)
    assert (law.sample(5, 3) == law.sample(5, np.random.default_rng(3))).all()
    assert law.sample(0, 3).shape == (0, 2)


def test_one_covariance_in_every_form_is_one_law():
    forms = [Gaussian(3, cov=2.0), Gaussian(cov=[2.0] * 3), Gaussian(cov=2 * np.eye(3))]
    for law in forms:
        assert law.isotropic
        assert law.d == 3
        assert law.variances.tolist() == [2.0] * 3
        assert (law.sample(4, 0) == forms[0].sample(4, 0)).all()
        for p in (1, 1.5, 2, np.inf):
            assert law.operator_norm(p) == forms[0].operator_norm(p)
            np.testing.assert_allclose(
                law.half_space_normal(p), forms[0].half_space_normal(p)
            )
    matrix = Gaussian(cov=np.diag([1.0, 4.0]))
    assert not matrix.isotropic
    assert matrix.operator_norm(1).lower == math.sqrt(5)


@pytest.mark.parametrize("scale", [1e-200, 1e-100, 1e100])
def test_norms_survive_extreme_units(scale):
    base, law = Gaussian(cov=CORRELATED), Gaussian(cov=np.array(CORRELATED) * scale)
    for p in (1, 1.5, 2, 40, np.inf):
        assert law.operator_norm(p).upper == pytest.approx(
            base.operator_norm(p).upper * math.sqrt(scale), rel=1e-12, abs=0
        )


def test_a_bound_says_that_it_is_one():
    law = Gaussian(cov=random_covariance(18, 1))
    interval = law.operator_norm(1)
    assert interval.lower < interval.upper < 1.3 * interval.lower
    known = law.isoperimetry(1)
    assert not known.exact
    assert "upper bound" in known.extremal
    unit = Gaussian(1)
    assert law.median_distance(0.01, 1) == pytest.approx(
        interval.upper * unit.median_distance(0.01)
    )
    assert law.mean_distance(0.01, 1) == pytest.approx(
        interval.upper * unit.mean_distance(0.01)
    )
    assert law.enlargement(0.01, interval.upper, 1) == pytest.approx(
        unit.enlargement(0.01, 1.0)
    )
    assert law.sample_distance(0.01, 5, 0, 1) == pytest.approx(
        interval.lower * unit.sample_distance(0.01, 5, 0)
    )


def test_billion_dimensions_take_no_memory():
    law = Gaussian(10**9)
    assert law.mean.strides == law.variances.strides == (0,)
    assert law.sample_projection(3, 0).shape == law.sample_norm(3, 0).shape == (3,)
    assert law.enlargement(0.05, 1.0, 1) == pytest.approx(
        Gaussian(1).enlargement(0.05, 10**-4.5), rel=1e-12, abs=0
    )


def test_distance_is_the_norm_of_the_difference():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((2, 6, 4))
    law = Gaussian(4)
    for p in (1, 1.5, 2, 3, np.inf):
        np.testing.assert_allclose(
            law.distance(x[:, None], y, p),
            [[np.linalg.norm(a - b, ord=p) for b in y] for a in x],
            rtol=1e-14,
        )
    assert law.distance(np.empty((0, 4)), y[0]).shape == (0,)


def test_repr_names_what_was_given():
    assert repr(Gaussian(3)) == "Gaussian(3)"
    assert repr(Gaussian(mean=[1, 2], cov=2.0)) == "Gaussian(2, mean=..., cov=...)"


@pytest.mark.errors
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"d": 0}, "d must be at least 1, got 0"),
        ({}, "give d"),
        ({"mean": []}, "mean must not be empty"),
        ({"mean": [[1.0]]}, "mean must have 1 axes"),
        ({"mean": [1.0, np.nan]}, "mean must be finite, got nan"),
        ({"mean": [1.0], "d": 2}, "agree on the dimension: d says 2, mean says 1"),
        ({"cov": 1.0}, "give d"),
        ({"cov": 0.0, "d": 2}, "cov must hold positive variances, got 0"),
        ({"cov": [1.0, -1.0]}, "cov must hold positive variances, got -1"),
        ({"cov": np.ones((2, 3))}, r"square matrix, got shape \(2, 3\)"),
        ({"cov": np.ones((2, 2, 2))}, "square matrix"),
        ({"cov": [[1.0, 0.5], [0.4, 1.0]]}, "cov must be symmetric"),
        ({"cov": np.ones((2, 2))}, "cov must be positive definite, got eigenvalues"),
        ({"cov": [[1.0, 2.0], [2.0, 1.0]]}, "eigenvalues from -1 to 3"),
        ({"cov": [[1.0, 0.0], [0.0, -1.0]]}, "positive variances, got -1"),
        ({"cov": [[1.0, np.inf], [np.inf, 1.0]]}, "cov must be finite"),
    ],
)
def test_bad_parameters_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Gaussian(**arguments)


@pytest.mark.errors
def test_bad_arguments_are_refused():
    law = Gaussian(2)
    for call, kind, message in (
        (lambda: Gaussian(2.0), TypeError, "d must be an integer"),
        (lambda: Gaussian(cov="wide"), TypeError, "cov must be real numbers"),
        (lambda: law.enlargement(1.5, 1.0), ValueError, r"mass must lie in \[0, 1\]"),
        (lambda: law.enlargement(np.nan, 1.0), ValueError, "mass .* got nan"),
        (lambda: law.enlargement(0.5, -1.0), ValueError, "eps must be at least 0"),
        (lambda: law.enlargement(0.5, np.inf), ValueError, "eps must be at least 0"),
        (lambda: law.enlargement(0.5, 1.0, 0.9), ValueError, "p must be at least 1"),
        (lambda: law.enlargement([0.1] * 2, [1.0] * 3), ValueError, "broadcast"),
        (lambda: law.log_enlargement(0.5, 1.0), ValueError, "log_mass must be at most"),
        (lambda: law.mean_distance(0.0), ValueError, r"mass must lie in \(0, 1\]"),
        (lambda: law.median_distance(0.0), ValueError, r"mass must lie in \(0, 1\]"),
        (lambda: law.mean_distance(), ValueError, "exactly one of mass and log_mass"),
        (lambda: law.sample_distance(0.0, 1, 0), ValueError, "mass must lie in"),
        (lambda: law.sample(-1, 0), ValueError, "n must be at least 0"),
        (lambda: law.sample(1, None), TypeError, "rng must be"),
        (lambda: law.distance([1.0], [1.0, 2.0]), ValueError, "x must have 2 entries"),
        (
            lambda: law.distance(np.ones((2, 2)), np.ones((3, 2))),
            ValueError,
            "shapes do not broadcast: x",
        ),
        (
            lambda: Gaussian(cov=[1.0, 2.0]).sample_norm(1, 0),
            ValueError,
            "multiple of the identity",
        ),
    ):
        with pytest.raises(kind, match=message):
            call()
