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


@pytest.mark.parametrize("name", PAIRS)
def test_what_is_allocated_is_what_the_contract_allows(name):
    """NumPy's allocations, which are all there are: compiled functions make none."""
    rng = np.random.default_rng(0)
    given = arguments(name, 300, 10**5, 20)
    given["X"][...] = rng.standard_normal(given["X"].shape)
    second = "A" if name == "enlargement" else "Y"
    given[second][...] = rng.standard_normal(given[second].shape)
    run = KERNELS[name].implementation("cpu")
    run(
        **(
            given
            | {"X": given["X"][:1], second: given[second][:10]}
            | (
                {"coefficients": given["coefficients"][:10]}
                if "coefficients" in given
                else {}
            )
        )
    )  # compiled and imported by now
    tracemalloc.start()
    run(**given)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    allowed = KERNELS[name].memory(given)
    assert peak <= allowed
    assert allowed < 300 * 10**5 * 8 / 2  # half of an n x m array
