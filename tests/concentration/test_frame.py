"""Coordinates for single precision: exact, and only where they are needed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geomadv.concentration._frame import frame_of


@given(
    st.integers(-900, 900),
    st.lists(st.integers(-(2**20), 2**20), min_size=2, max_size=9),
    st.integers(25, 60),
)
def test_points_come_back_without_an_error(power, whole, shift):
    """Whole numbers beside a large one, times a power of two."""
    far = 2.0**shift
    X = (np.array(whole, dtype=float)[:, None] + [0.0, far]) * 2.0**power
    frame = frame_of(X)
    inner = frame.enter(X)
    assert (inner * frame.scale + frame.centre == X).all()
    assert np.abs(inner).max() <= 2.0**30
    spread = np.ptp(X, axis=0)
    assert (np.ptp(inner, axis=0) * frame.scale == spread).all()
    moved = frame.centre != 0
    assert (np.abs(inner[:, moved]).max(axis=0) * frame.scale <= spread[moved]).all()
    assert (np.abs(frame.centre) <= np.abs(X).max(axis=0)).all()
    middle = (X.min(axis=0) + np.ptp(X, axis=0) / 2)[moved]
    assert frame.centre[moved] == pytest.approx(middle, rel=1e-12)


@pytest.mark.parametrize(
    "X",
    [
        np.random.default_rng(0).integers(0, 256, (50, 9)) / 255,
        np.random.default_rng(0).normal(size=(50, 9)) * 1e6,
        np.zeros((5, 2)),
        np.array([[0.0, 1.0], [1e-3, 0.1]]),
    ],
)
def test_usual_points_are_left_alone(X):
    frame = frame_of(X)
    assert frame.scale == 1.0
    assert frame.enter(X) is X


@pytest.mark.parametrize("largest", [1.7e308, 1e-300, 5e-324])
def test_the_ends_of_double_precision_are_reached(largest):
    X = np.array([[largest, 0.0], [-largest, 0.0]])
    inner = frame_of(X).enter(X)
    assert np.isfinite(inner.astype(np.float32)).all()
    assert np.abs(inner).max() <= 2.0
