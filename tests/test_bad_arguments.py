"""Whatever is wrong with an argument, one error names it; empty queries stay empty.

One table of calls with a single open place; Hypothesis fills it with values that are of
the wrong kind or out of every range.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geomadv import stats
from geomadv.claims import verify
from geomadv.classifiers import LinearClassifier
from geomadv.data import ConcentricSpheres, GaussianPair, bilinear_matrix, resize
from geomadv.perturbations import (
    minimal_perturbation,
    robust_error,
    score_attack,
    worst_loss,
)
from geomadv.spaces import Cube, Gaussian, HammingCube, Sphere
from geomadv.theories.dimension import (
    dohmatob2019,
    fawzi2018,
    ford2019,
    gilmer2018,
    mahloujifar2018,
    shafahi2018,
)
from geomadv.theories.manifold import tanay2016

pytestmark = pytest.mark.errors

RNG = np.random.default_rng(0)

NOT_NUMBERS = st.one_of(
    st.none(),
    st.text(min_size=1, max_size=5),
    st.complex_numbers(min_magnitude=1, max_magnitude=2).filter(lambda z: z.imag != 0),
    st.just([[1.0], [1.0, 2.0]]),
    st.just({"a": 1}),
    st.just(object()),
)
NAN = st.sampled_from([np.nan, [0.5, np.nan], np.float32("nan")])
INFINITE = st.sampled_from([np.inf, -np.inf, [np.inf]])
NEGATIVE = st.floats(max_value=-1e-6, allow_infinity=False).filter(lambda x: x < -1e-6)
NOT_INTEGERS = st.one_of(
    st.floats(0.1, 0.9), st.booleans(), st.just(np.array([3, 4])), st.just(3.0)
)


def given_one(value):
    """None leaves an optional argument out."""
    return value is not None


SPHERE, GAUSSIAN, CUBE, HAMMING = Sphere(5), Gaussian(3), Cube(3), HammingCube(6)
BASE = st.one_of(NOT_NUMBERS, NAN)
SIZE = st.one_of(BASE, INFINITE, NEGATIVE)
MASS = st.one_of(SIZE, st.floats(1.001, 1e300))
COUNT = st.one_of(BASE, INFINITE, NOT_INTEGERS, st.integers(max_value=-1))
NORM = st.one_of(NOT_NUMBERS, st.just(np.nan), st.floats(-10, 0.99))

LINEAR, ZERO = LinearClassifier.from_parameters([1.0, 2.0]), [[0.0, 0.0]]


def pair(**options):
    return GaussianPair([1.0, 2.0], **options)


def step(_model, X, _y):
    return X


CALLS = [
    ("d", COUNT, Sphere),
    ("d", COUNT, Gaussian),
    ("d", COUNT, Cube),
    ("d", COUNT, HammingCube),
    ("n", COUNT, lambda v: SPHERE.sample(v, RNG)),
    ("n", COUNT, lambda v: SPHERE.sample_height(v, RNG)),
    ("n", COUNT, lambda v: GAUSSIAN.sample(v, RNG)),
    ("n", COUNT, lambda v: GAUSSIAN.sample_norm(v, RNG)),
    ("n", COUNT, lambda v: CUBE.sample(v, RNG)),
    ("n", COUNT, lambda v: HAMMING.sample(v, RNG)),
    ("rng", st.one_of(BASE, st.floats(), st.just(-1)), lambda v: SPHERE.sample(2, v)),
    ("rng", st.one_of(BASE, st.floats(), st.just(-1)), lambda v: CUBE.sample(2, v)),
    (
        "height",
        MASS.filter(lambda v: not isinstance(v, float) or not -1 <= v <= 1),
        SPHERE.cap_measure,
    ),
    ("height", BASE, SPHERE.log_cap_measure),
    ("angle", SIZE, SPHERE.cap_measure_at_angle),
    ("mass", MASS, SPHERE.cap_height),
    ("mass", MASS, SPHERE.cap_angle),
    ("log_mass", st.one_of(BASE, st.floats(1e-9, 1e9)), SPHERE.log_cap_height),
    ("log_mass", st.one_of(BASE, st.floats(1e-9, 1e9)), SPHERE.log_cap_angle),
    *(
        (name, values, call)
        for space in (SPHERE, GAUSSIAN, CUBE)
        for name, values, call in (
            ("mass", MASS, lambda v, s=space: s.enlargement(v, 0.1)),
            ("eps", SIZE, lambda v, s=space: s.enlargement(0.1, v)),
            ("mass", MASS, lambda v, s=space: s.mean_distance(v)),
            ("mass", MASS, lambda v, s=space: s.median_distance(v)),
            ("x", SIZE, lambda v, s=space: s.distance(v, np.eye(s.d)[0])),
            ("y", SIZE, lambda v, s=space: s.distance(np.eye(s.d)[0], v)),
        )
    ),
    ("mass", MASS, lambda v: HAMMING.enlargement(v, 1)),
    ("eps", SIZE, lambda v: HAMMING.enlargement(0.1, v)),
    ("eps", st.floats(0.1, 0.9), lambda v: HAMMING.enlargement(0.1, v)),
    ("p", NORM, lambda v: GAUSSIAN.enlargement(0.1, 1.0, p=v)),
    ("p", NORM, lambda v: CUBE.enlargement(0.1, 1.0, p=v)),
    (
        "metric",
        st.one_of(NOT_NUMBERS, st.just("l2")),
        lambda v: SPHERE.enlargement(0.1, 0.1, metric=v),
    ),
    ("cov", BASE.filter(given_one), lambda v: Gaussian(mean=[0.0, 0.0], cov=v)),
    ("successes", COUNT, lambda v: stats.clopper_pearson(v, 10)),
    ("trials", COUNT, lambda v: stats.clopper_pearson(0, v)),
    ("error_rate", MASS, lambda v: stats.clopper_pearson(1, 10, v)),
    ("n", COUNT, lambda v: stats.dkw_radius(v, 0.1)),
    ("error_rate", MASS, lambda v: stats.dkw_radius(10, v)),
    (
        "sample",
        st.one_of(BASE, st.just([])),
        lambda v: stats.quantile_interval(v, 0.5, 0.1),
    ),
    ("error_rate", MASS, stats.BernoulliSequence),
    ("successes", COUNT, lambda v: stats.BernoulliSequence(0.1).update(v, 10)),
    (
        "x",
        st.one_of(BASE, INFINITE, NEGATIVE.map(lambda v: [v])),
        lambda v: stats.BoundedSequence(0.1, 0, 1).update(v),
    ),
    ("lower", st.one_of(BASE, INFINITE), lambda v: stats.BoundedSequence(0.1, v, 1)),
    ("y", SIZE, lambda v: stats.fit_power_law([1, 2, 3], v)),
    ("weights", st.one_of(BASE, INFINITE), lambda v: stats.weighted_chi2_tail(v)),
    (
        "multiplicities",
        st.one_of(BASE, NEGATIVE.map(lambda v: [v])).filter(given_one),
        lambda v: stats.weighted_chi2_tail([1.0], 1.0, multiplicities=v),
    ),
    ("d", COUNT, ConcentricSpheres),
    (
        "radius",
        st.one_of(BASE, INFINITE, st.floats(-5, 1)),
        lambda v: ConcentricSpheres(radius=v),
    ),
    ("prior", MASS, lambda v: ConcentricSpheres(prior=v)),
    ("X", st.one_of(BASE, INFINITE), ConcentricSpheres(3).posterior),
    ("X", st.one_of(BASE, INFINITE), ConcentricSpheres(3).bayes_predict),
    ("error", MASS, lambda v: gilmer2018.asymptotic_median(10, v)),
    ("d", SIZE, lambda v: gilmer2018.asymptotic_median(v, 0.1)),
    ("error", MASS, lambda v: gilmer2018.share_within(10, v, 0.1)),
    ("radius", SIZE, lambda v: gilmer2018.share_within(10, 0.1, v)),
    ("error", MASS, ford2019.median_distance),
    ("sigma", SIZE, lambda v: ford2019.mean_distance(0.1, v)),
    ("t", SIZE, fawzi2018.simple_bound),
    ("classes", COUNT, lambda v: fawzi2018.equiprobable_fooling_probability(v, 1.0)),
    ("error", MASS, dohmatob2019.robustness_threshold),
    ("eps", SIZE, lambda v: dohmatob2019.accuracy_bound(0.1, v)),
    ("eps", SIZE, lambda v: shafahi2018.sphere_bound(10, v)),
    ("eps", SIZE, lambda v: shafahi2018.cube_bound(10, v)),
    ("gamma", MASS, lambda v: mahloujifar2018.talagrand_distance(10, 0.1, v)),
    ("error", MASS, lambda v: mahloujifar2018.talagrand_distance(10, v, 0.1)),
    ("angle", SIZE, tanay2016.adversarial_strength),
    ("w", st.one_of(BASE, INFINITE), lambda v: tanay2016.deviation_angle(v, [1.0, 0])),
    ("mu", st.one_of(BASE, INFINITE), GaussianPair),
    ("cov", st.one_of(BASE, INFINITE).filter(given_one), lambda v: pair(cov=v)),
    ("prior", MASS, lambda v: pair(prior=v)),
    ("n", COUNT, lambda v: pair().sample(v, RNG)),
    ("X", st.one_of(BASE, INFINITE), pair().posterior),
    ("eps", SIZE, lambda v: pair().optimal_robust_classifier(v)),
    ("eps", SIZE, lambda v: pair().robust_risk(LINEAR, v)),
    ("p", NORM, lambda v: pair().robust_risk(LINEAR, 0.1, p=v)),
    ("X", st.one_of(BASE, INFINITE), lambda v: minimal_perturbation(LINEAR, v)),
    ("p", NORM, lambda v: minimal_perturbation(LINEAR, ZERO, p=v)),
    (
        "box",
        st.one_of(NOT_NUMBERS, NAN, st.just((1, 0))).filter(given_one),
        lambda v: minimal_perturbation(LINEAR, ZERO, box=v),
    ),
    (
        "metric",
        st.one_of(BASE, INFINITE, NEGATIVE).filter(given_one),
        lambda v: minimal_perturbation(LINEAR, ZERO, metric=v),
    ),
    ("budget", COUNT, lambda v: minimal_perturbation(LINEAR, ZERO, budget=v)),
    ("eps", st.one_of(BASE, NEGATIVE), lambda v: robust_error(LINEAR, ZERO, [1], v)),
    ("eps", SIZE, lambda v: worst_loss(LINEAR, ZERO, [1], v)),
    ("p", NORM, lambda v: worst_loss(LINEAR, ZERO, [1], 0.1, p=v)),
    ("n", COUNT, lambda v: score_attack(step, n=v)),
    ("attack", NOT_NUMBERS, score_attack),
    ("seed", COUNT, lambda v: verify(shafahi2018.CLAIMS[:1], seed=v)),
]


@pytest.mark.parametrize(
    ("name", "values", "call"), CALLS, ids=[f"{i}-{c[0]}" for i, c in enumerate(CALLS)]
)
@settings(max_examples=30)
@given(data=st.data())
def test_the_error_names_the_argument(name, values, call, data):
    value = data.draw(values)
    with pytest.raises((ValueError, TypeError), match=rf"\b{name}\b"):
        call(value)


@pytest.mark.parametrize("space", [SPHERE, GAUSSIAN, CUBE, HAMMING])
def test_an_empty_query_gives_an_empty_answer(space):
    empty = np.empty(0)
    assert space.enlargement(empty, 1.0).shape == (0,)
    assert space.enlargement(0.1, empty).shape == (0,)
    assert space.median_distance(empty).shape == (0,)
    assert space.sample(0, RNG).shape == (0, space.d)
    points = np.empty((0, space.d))
    assert space.distance(points, points).shape == (0,)


def test_shapes_that_do_not_broadcast_are_named():
    with pytest.raises(ValueError, match=r"mass.*eps|broadcast"):
        SPHERE.enlargement([0.1, 0.2], [0.1, 0.2, 0.3])
    with pytest.raises(ValueError, match=r"image|shape"):
        resize(np.ones(3), 4)
    with pytest.raises((ValueError, TypeError)):
        bilinear_matrix(0, 4)
