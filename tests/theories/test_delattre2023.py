import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from geomadv.lipschitz import gram_bounds
from geomadv.theories.lipschitz._matrices import convolution_matrix
from geomadv.theories.lipschitz.delattre2023 import (
    convolution_bound,
    gram_iteration,
    multiple_bound,
    power_iteration,
)

HILBERT = 1.0 / (1.0 + np.add.outer(np.arange(5), np.arange(5)))


@pytest.mark.parametrize(
    ("G", "bounds"),
    [
        (
            [[1.0, 2.0], [3.0, 4.0]],
            [5.477225575052, 5.465013178954, 5.464985704495, 5.464985704219],
        ),
        (HILBERT, [1.580906263272, 1.567173534833, 1.567050710362, 1.567050691098]),
        (
            np.diag([1, 1, 0.9]),
            [1.676305, 1.276618, 1.117407, 1.050073, 1.022441, 1.010899],
        ),
    ],
)
def test_reference_values(G, bounds):
    found = gram_iteration(G, len(bounds))
    assert found == pytest.approx(bounds, abs=1e-6 if len(bounds) == 6 else 1e-11)


@pytest.mark.parametrize("steps", [1, 3, 8])
def test_bounds_are_norms_of_the_singular_values_in_40_digits(steps):
    G = np.random.default_rng(0).normal(size=(6, 4))
    with mpmath.workdps(40):
        values = mpmath.svd_r(mpmath.matrix(G.tolist()), compute_uv=False)
        power = 2**steps
        exact = mpmath.fsum(s**power for s in values) ** (mpmath.mpf(1) / power)
    assert gram_iteration(G, steps)[-1] == pytest.approx(float(exact), rel=1e-13)


@given(hnp.arrays(float, (3, 4), elements=st.floats(-10, 10)))
def test_no_bound_is_below_the_norm_and_none_increases(G):
    bounds = gram_iteration(G, 8)
    norm = np.linalg.norm(G, 2)
    assert (bounds >= norm * (1 - 1e-12)).all()
    assert (np.diff(bounds) <= 1e-12 * bounds[:-1]).all()


def test_the_library_adds_no_more_than_its_rounding():
    G = np.random.default_rng(1).normal(size=(20, 30))
    assert gram_bounds(G, 7) == pytest.approx(gram_iteration(G, 7), rel=1e-10)
    assert (gram_bounds(G, 7) >= gram_iteration(G, 7)).all()


@pytest.mark.parametrize("scale", [0.0, 1e-300, 1e300])
def test_scales_neither_overflow_nor_vanish(scale):
    bounds = gram_iteration(scale * np.diag([1.0, 0.5]), 10)
    assert bounds[-1] == pytest.approx(scale, rel=1e-11, abs=0)


def test_the_identity_needs_steps_for_its_size():
    for steps in (1, 2, 5):
        assert gram_iteration(np.eye(9), steps)[-1] == pytest.approx(9**0.5**steps)
        assert multiple_bound(9, steps) == pytest.approx(9**0.5**steps)


def test_the_bound_of_a_convolution_is_above_its_matrix_and_converges_to_it():
    w = np.random.default_rng(2).normal(size=(3, 2, 3, 3))
    truth = np.linalg.norm(convolution_matrix(w, (7, 7)), 2)
    bounds = [convolution_bound(w, 7, steps) for steps in (1, 2, 4, 14)]
    assert bounds[0] > bounds[1] > bounds[2] > bounds[3] > truth * (1 - 1e-12)
    assert bounds[3] == pytest.approx(truth, rel=1e-4)


def test_power_iteration_comes_from_below_and_converges():
    G = np.random.default_rng(3).normal(size=(15, 15))
    norm = np.linalg.norm(G, 2)
    found = [power_iteration(G, t, np.random.default_rng(0)) for t in (1, 10, 2000)]
    assert found[0] < found[1] < norm * (1 - 1e-9)
    assert found[2] == pytest.approx(norm, rel=1e-12)
    assert power_iteration(np.zeros((2, 3)), 5, np.random.default_rng(0)) == 0.0


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: gram_iteration([1.0], 2), "G must have 2 axes"),
        (lambda: gram_iteration([[np.nan]], 2), "G must be finite"),
        (lambda: gram_iteration([[1.0]], 0), "steps must be at least 1"),
        (lambda: convolution_bound([[1.0]], 2, 1), r"w must have shape \(D, C"),
        (lambda: convolution_bound([[[[1.0, 2.0]]]], 1, 1), "n must be at least 2"),
        (lambda: multiple_bound(0, 1), "m must be at least 1"),
        (
            lambda: power_iteration([[1.0]], 0, np.random.default_rng(0)),
            "steps must be at least 1",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
