import numpy as np
import pytest
from scipy.optimize import nnls

from geomadv.theories.lipschitz.moosavi2016 import linear_step, quadric_steps


def nearest(normal, gap):
    """Return the least |v| with <normal, v> >= gap, by non-negative least squares."""
    u, _ = nnls(np.append(normal, gap)[:, None], np.append(0 * normal, 1.0))
    return np.linalg.norm(u[0] * normal / (1.0 - gap * u[0]))


def test_the_step_ends_on_the_nearest_boundary():
    rng = np.random.default_rng(0)
    for _ in range(20):
        W, b, x = (
            rng.standard_normal((5, 3)),
            rng.standard_normal(5),
            rng.normal(size=3),
        )
        f = W @ x + b
        c = int(f.argmax())
        step = linear_step(f, W, c)
        ends = np.delete(W @ (x + step) + b - (W[c] @ (x + step) + b[c]), c)
        assert ends.max() == pytest.approx(0.0, abs=1e-12)
        lengths = [nearest(W[j] - W[c], f[c] - f[j]) for j in range(5) if j != c]
        assert np.linalg.norm(step) == pytest.approx(min(lengths), rel=1e-9)


def test_equal_gradients_are_left_out():
    step = linear_step([1.0, 0.9, 0.0], [[1.0], [1.0], [-1.0]], 0)
    assert step == pytest.approx([-0.5])


def test_steps_to_a_parabola_end_on_it():
    A, b, c = np.diag([1.0, 0.0]), np.array([0.0, -0.5]), 0.0
    x = np.array([1.0, 3.0])
    end = x + quadric_steps(A, b, c, x)
    assert end[0] ** 2 == pytest.approx(end[1])
    assert np.linalg.norm(end - x) > 0.7023948626  # the distance


def test_a_point_on_the_boundary_stays():
    assert not quadric_steps(np.eye(2), np.zeros(2), -1.0, [0.6, 0.8]).round(15).any()


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: linear_step([1.0], [[1.0]], 0), "two classes or more"),
        (lambda: linear_step([1.0, 2.0], [[1.0]], 0), "two classes or more"),
        (
            lambda: linear_step([1.0, 2.0], [[1.0], [2.0]], 2),
            "decision must be below 2",
        ),
        (lambda: linear_step([1.0, 2.0], [[1.0], [1.0]], 0), "gradients must differ"),
        (lambda: quadric_steps(np.eye(2), [0.0], 0.0, [0.0, 1.0]), "of one dimension"),
        (
            lambda: quadric_steps(np.eye(2), [0.0, 0.0], 1.0, [0.0, 0.0]),
            "gradients must differ",
        ),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
