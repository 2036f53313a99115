"""Memory: what the contract allows is kept, and no n x m array hides anywhere."""

import tracemalloc

import numpy as np
import pytest

from geomadv_kernels.contract import registry

KERNELS = registry()
MIB = 1 << 20


def arguments(name, n, m, d):
    """Return a large problem for a kernel on pairs; the pages are not touched."""
    X, Y = np.zeros((n, d)), np.zeros((m, d))
    if name == "nearest":
        return {"X": X, "Y": Y, "k": 3}
    if name == "radius_count":
        return {"X": X, "Y": Y, "eps": np.array([0.5, 1.0])}
    if name == "enlargement":
        return {"X": X, "A": Y, "eps": np.array([0.5, 1.0])}
    return {"X": X, "Y": Y, "coefficients": np.ones((m, 1)), "kernel": "gaussian"}


PAIRS = [
    name
    for name in KERNELS
    if name in {"nearest", "radius_count", "enlargement"}
    or name.startswith("kernel_expansion")
]


@pytest.mark.parametrize("name", PAIRS)
def test_a_million_by_a_million_needs_less_than_256_mib(name):
    """Beside the n results, of which there are few a row."""
    large = arguments(name, 10**6, 10**6, 50)
    few = arguments(name, 100, 10**6, 50)
    per_row = (KERNELS[name].memory(large) - KERNELS[name].memory(few)) / 10**6
    assert KERNELS[name].memory(few) < 256 * MIB
    assert per_row <= 16 * 3 + 8 * 50


RNG = np.random.default_rng(0)
POINTS = RNG.standard_normal((40000, 20))
ONE = {"p": 2.0, "w": POINTS[0], "b": 1.0}
LARGE = {
    "cap_measure": {"d": 30, "coordinate": np.linspace(-1, 1, 10**5)},
    "cap_coordinate": {"d": 30, "mass": np.linspace(0, 1, 10**4)},
    "linear_margin": ONE,
    "linear_perturbation": ONE,
    "box_perturbation": ONE
    | {"lower": POINTS.min(axis=0), "upper": POINTS.max(axis=0)},
    "log_betainc": {"a": 2.0, "b": 3.0, "x": np.linspace(0, 1, 10**5)},
    "log_betainc_inverse": {"a": 2.0, "b": 3.0, "log_p": -np.linspace(0, 9, 10**4)},
    "secular": {"a": POINTS[0], "b": POINTS[1], "c": 1.0, "z": POINTS[:5000]},
    "weighted_chi2_tail": {
        "weights": np.linspace(0.5, 1, 500),
        "multiplicities": np.ones(500),
        "thresholds": np.full(200, 500.0),
        "excess": np.full(200, 500.0 - np.linspace(0.5, 1, 500).sum()),
    },
    "gaussian_sample": {"seed": 1, "n": 10**5, "d": 30},
    "sphere_sample": {"seed": 1, "n": 10**5, "d": 30},
    "sphere_heights": {"seed": 1, "n": 10**5, "d": 10**6, "k": 2},
}


def large(name):
    """Return a problem whose results, or scratch arrays of n x m, would be large."""
    if name in PAIRS:
        given = arguments(name, 300, 10**5, 20)
        for key in {"X", "Y", "A"} & set(given):
            given[key] = np.resize(POINTS, given[key].shape)
        return given
    given = dict(LARGE[name])
    if "w" in given:
        given["X"] = POINTS
    if name.startswith("cap"):
        given |= {"angle": False, "log": False}
    return given


def small(given):
    """Return the first rows of what has rows."""
    cut = {"X": 1, "Y": 10, "A": 10, "coefficients": 10, "z": 1, "x": 1, "log_p": 1}
    cut |= {"coordinate": 1, "mass": 1, "thresholds": 1, "excess": 1}
    first = {key: given[key][: cut[key]] for key in cut.keys() & given.keys()}
    return given | first | ({"n": 1} if "n" in given else {})


def as_is(array):
    return array


def strided(array):
    return np.repeat(array, 2, axis=-1)[..., ::2]


def single(array):
    return array.astype(np.float32)


@pytest.mark.parametrize("convert", [as_is, strided, single])
@pytest.mark.parametrize("name", KERNELS)
def test_what_is_allocated_is_what_the_contract_allows(name, convert):
    """NumPy's allocations, which are all there are: compiled functions make none."""
    given = {
        key: convert(value) if isinstance(value, np.ndarray) and key != "eps" else value
        for key, value in large(name).items()
    }
    run = KERNELS[name].implementation("cpu")
    run(**small(given))  # compiled and imported by now
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    result = run(**given)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    results = result if isinstance(result, tuple) else (result,)
    allowed = KERNELS[name].memory(given)
    assert peak - sum(part.nbytes for part in results) <= allowed
    if name in PAIRS:
        assert allowed < 300 * 10**5 * 8 / 2  # half of an n x m array


def test_the_table_names_all_kernels():
    assert set(PAIRS) | set(LARGE) == set(KERNELS)
