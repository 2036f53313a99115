import numpy as np
import pytest
from sklearn.svm import SVC

from geomadv.classifiers import KernelExpansion, LinearClassifier
from geomadv.perturbations import certified_radii, minimal_perturbation
from geomadv.theories.lipschitz.hein2017 import affine_radius, mean_value_radius

CENTRES = [[0.0, 0.0], [2.0, 0.0], [1.0, 1.5]]


def test_reference_values():
    """The true distance is about .9010, on a grid of .005."""
    f = KernelExpansion.from_parameters(CENTRES, [1.0, -1.0, 0.7], gamma=0.5, b=-0.1)
    found = {k: float(v[0]) for k, v in certified_radii(f, [[0.2, 0.1]]).items()}
    assert found["norm"] == pytest.approx(0.6108517346, rel=1e-9)
    assert found["linearised"] == pytest.approx(0.5834371610, rel=1e-9)
    assert found["terms"] == pytest.approx(0.5307481029, rel=1e-9)
    # on a grid of radii .4948764691; here the equation is solved
    assert 0.4948764691 < found["local"] < 0.4951
    assert all(radius < 0.9010 for radius in found.values())


def test_the_local_radius_is_that_of_theorem_2_1():
    """The largest gradient is found on a fine grid of each ball."""
    rng = np.random.default_rng(0)
    z, a, gamma = rng.standard_normal((6, 2)), rng.standard_normal(6), 0.7
    f = KernelExpansion.from_parameters(z, a, gamma=gamma)
    X = rng.standard_normal((5, 2))
    found = certified_radii(f, X)["local"]
    angles = np.linspace(0, 2 * np.pi, 200)
    disc = np.concatenate(
        [r * np.c_[np.cos(angles), np.sin(angles)] for r in np.linspace(0, 1, 40)]
    )
    radii = np.linspace(0.01, 3.0, 300)
    for x, value, radius in zip(X, f.decision_function(X), found, strict=True):
        slopes = []
        for R in radii:
            steps = (x + R * disc)[:, None] - z
            k = np.exp(-gamma * (steps**2).sum(axis=2))
            gradient = -2 * gamma * ((a * k)[:, :, None] * steps).sum(axis=1)
            slopes.append([np.linalg.norm(gradient, axis=1).max()])
        best = mean_value_radius([abs(value)], slopes, radii)
        assert radius <= best * (1 + 1e-9) + 0.01  # the step of the grid of R
        assert radius >= 0.3 * best


def test_several_classes_take_the_least():
    rng = np.random.default_rng(1)
    z, a = rng.standard_normal((8, 3)), rng.standard_normal((8, 3))
    f = KernelExpansion.from_parameters(z, a, gamma=0.4, b=[0.1, 0.0, -0.1])
    X = rng.standard_normal((6, 3))
    found, exact = certified_radii(f, X), minimal_perturbation(f, X)
    scores = f.decision_function(X)
    for i, x in enumerate(X):
        c = int(scores[i].argmax())
        each = [
            certified_radii(
                KernelExpansion.from_parameters(
                    z,
                    a[:, c] - a[:, j],
                    gamma=0.4,
                    b=[0.1, 0.0, -0.1][c] - [0.1, 0.0, -0.1][j],
                ),
                x[None],
            )
            for j in range(3)
            if j != c
        ]
        for name, radii in found.items():
            assert radii[i] == pytest.approx(min(e[name][0] for e in each), rel=1e-9)
            assert radii[i] <= exact.distance[i]


def test_a_large_margin_is_never_lost():
    f = KernelExpansion.from_parameters([[0.0]], [1.0], gamma=1.0, b=5.0)
    found = certified_radii(f, [[0.3]])
    assert np.isinf(found["norm"][0])
    assert np.isfinite(found["terms"][0])


def test_pipelines_are_measured_in_their_input():
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(2)
    X = rng.standard_normal((60, 2)) * [10.0, 0.1]
    y = (X[:, 0] > 0).astype(int)
    model = make_pipeline(StandardScaler(), SVC()).fit(X, y)
    found = certified_radii(model, X[:10])
    true = minimal_perturbation(model, X[:10], budget=300)
    for radii in found.values():
        assert (radii <= true.distance).all()


@pytest.mark.parametrize("p", [1.0, 1.7, 2.0, np.inf])
def test_the_affine_radius_is_the_distance(p):
    rng = np.random.default_rng(3)
    W, b, x = rng.standard_normal((4, 5)), rng.standard_normal(4), rng.normal(size=5)
    model = LinearClassifier.from_parameters(W, b)
    exact = minimal_perturbation(model, x[None], p=p).distance[0]
    assert affine_radius(W, b, x, p=p) == pytest.approx(exact)


def test_equal_functions_are_never_told_apart():
    assert affine_radius([[1.0], [1.0]], [1.0, 0.0], [3.0], p=2) == np.inf


def test_no_slope_leaves_the_radius():
    assert mean_value_radius([1.0], [[0.0], [0.0]], [1.0, 2.0]) == 2.0


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: mean_value_radius([1.0], [[1.0, 2.0]], [1.0]),
            "slopes must have shape",
        ),
        (lambda: mean_value_radius([-1.0], [[1.0]], [1.0]), "margins must be"),
        (lambda: mean_value_radius([1.0], [[1.0]], [0.0]), "radii must be"),
        (lambda: affine_radius([[1.0]], [0.0], [1.0], p=2), "two rows or more"),
        (lambda: affine_radius(np.eye(2), [0.0, 1.0], [1.0], p=2), "W must have shape"),
        (lambda: affine_radius(np.eye(2), [0.0, 1.0], [1.0, 2.0], p=0.5), "p must be"),
        (
            lambda: certified_radii(
                LinearClassifier.from_parameters([1.0], 0.0), [[1.0]]
            ),
            "Gaussian kernel",
        ),
        (
            lambda: certified_radii(
                KernelExpansion.from_parameters([[0.0]], [1.0], kernel="laplace"),
                [[1.0]],
            ),
            "Gaussian kernel",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
