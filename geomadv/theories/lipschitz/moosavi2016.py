r"""DeepFool's linear step (Moosavi-Dezfooli, Fawzi and Frossard 2016).

For affine functions f_k(x) = <w_k, x> + b_k and the decision c = argmax f_k(x), the
points that are decided otherwise are the union of the half-spaces {f_j >= f_c}, j != c,
and the nearest point of a union is the nearest of the nearest points. So the smallest
step is, with j the class of least |f_j - f_c|/|w_j - w_c|,

    r = (f_c - f_j) (w_j - w_c)/|w_j - w_c|^2.

DeepFool takes this step for the linearisation of f at x and repeats it until the
decision changes. For affine f it ends after one step, exactly; for curved boundaries
the sum of its steps ends on the boundary, and is no shorter than the smallest step.

Source: Moosavi-Dezfooli, Fawzi, Frossard (2016), "DeepFool: a simple and accurate
method to fool deep neural networks", arXiv:1511.04599. The proof above is the whole
argument.
"""

import numpy as np

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, points, real_array
from geomadv.claims import Claim, Exact, Hypothesis, Integers, Reals, Source, Twin
from geomadv.classifiers import LinearClassifier, QuadraticClassifier
from geomadv.perturbations import minimal_perturbation

SOURCE = Source(
    "S. Moosavi-Dezfooli, A. Fawzi, P. Frossard",
    "DeepFool: a simple and accurate method to fool deep neural networks",
    2016,
    arxiv="1511.04599",
)


def linear_step(
    values: ArrayLike, gradients: ArrayLike, decision: int
) -> Float[NDArray, " d"]:
    """Return DeepFool's step at one point.

    Parameters
    ----------
    values : (K,) array_like
        f_k(x), at least two.
    gradients : (K, d) array_like
        The gradients of f_k at x.
    decision : int
        The class c of x, from 0 to K - 1.

    Returns
    -------
    (d,) array
        The step to the nearest of the linearised boundaries.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described, or no gradient differs from that of c.

    Examples
    --------
    >>> linear_step([1.0, 0.4, -1.1], [[1, 0], [0, 1], [-1, -1]], 0).round(6)
    array([-0.3,  0.3])
    """
    f, W = real_array("values", values, ndim=1), points("gradients", gradients)
    if not 2 <= f.size == len(W):
        raise ValueError(
            "values and gradients must hold one row for each of two classes or more, "
            f"got {f.size} values and {len(W)} gradients"
        )
    c = integer("decision", decision, minimum=0)
    if c >= f.size:
        raise ValueError(f"decision must be below {f.size}, got {c}")
    gaps, slopes = f[c] - f, W - W[c]
    norms = np.linalg.norm(slopes, axis=1)
    if not norms.any():
        raise ValueError("gradients must differ between classes, got equal ones")
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(norms > 0, np.abs(gaps) / norms, np.inf)
    j = int(distance.argmin())
    step: NDArray = gaps[j] * slopes[j] / norms[j] ** 2
    return step


def quadric_steps(
    A: ArrayLike, b: ArrayLike, c: float, x: ArrayLike, *, steps: int = 50
) -> Float[NDArray, " d"]:
    """Return the sum of DeepFool's steps from x to <x, A x> + 2 <b, x> + c = 0.

    Parameters
    ----------
    A : (d, d) array_like
        Symmetric.
    b, x : (d,) array_like
    c : float
    steps : int
        How many steps are taken at most.

    Returns
    -------
    (d,) array

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described, or a gradient vanishes on the way.

    Examples
    --------
    >>> quadric_steps([[1.0, 0.0], [0.0, 1.0]], [0.0, 0.0], -1.0, [3.0, 4.0]).round(6)
    array([-2.4, -3.2])
    """
    matrix, slope = points("A", A), real_array("b", b, ndim=1)
    start = real_array("x", x, ndim=1)
    offset = float(real_array("c", c))
    if not matrix.shape == (start.size, start.size) == (slope.size, slope.size):
        raise ValueError(
            "A, b and x must be of one dimension, got shapes "
            f"{matrix.shape}, {slope.shape} and {start.shape}"
        )
    place = start
    for _ in range(integer("steps", steps, minimum=1)):
        value = place @ matrix @ place + 2 * slope @ place + offset
        gradient = 2 * (matrix @ place + slope)
        if value == 0:
            break
        both = np.stack([np.zeros(start.size), gradient])
        step = linear_step([0.0, value], both, int(value > 0))
        place = place + step
        if np.linalg.norm(step) <= 1e-15 * np.linalg.norm(place - start):
            break
    total: NDArray = place - start
    return total


# --- Claims --------------------------------------------------------------------------


def _affine(d: int, classes: int) -> tuple[NDArray, NDArray, NDArray]:
    rng = spawn(0, "moosavi2016", d, classes)
    scale = np.exp(rng.standard_normal(classes))
    W = scale[:, None] * rng.standard_normal((classes, d))
    return W, rng.standard_normal(classes), rng.standard_normal(d)


def _step_length(d: int, classes: int) -> float:
    W, b, x = _affine(d, classes)
    f = W @ x + b
    return float(np.linalg.norm(linear_step(f, W, int(f.argmax()))))


def _step_to_the_nearest_value(d: int, classes: int) -> float:
    """Return the length of the step to the class whose value is nearest to f_c."""
    W, b, x = _affine(d, classes)
    f = W @ x + b
    c, j = np.argsort(f)[[-1, -2]]
    return float((f[c] - f[j]) / np.linalg.norm(W[c] - W[j]))


def _exact_length(d: int, classes: int) -> float:
    W, b, x = _affine(d, classes)
    model = LinearClassifier.from_parameters(W, b)
    return float(minimal_perturbation(model, x[None]).distance[0])


def _quadric(d: int, roundness: float) -> tuple[NDArray, NDArray, float, NDArray]:
    """Return an ellipsoid about 0, a ball if roundness is 1, and a point outside."""
    rng = spawn(0, "moosavi2016", d, "quadric")
    A = np.diag(roundness + (1 - roundness) * np.linspace(0.2, 4.0, d))
    x = rng.standard_normal(d)
    return A, np.zeros(d), -1.0, 3.0 * x / np.linalg.norm(x)


def _curved_step(d: int, curvature: float) -> float:
    """Return the linear step of f(z) = v + <w, z> + c |z|^2/2 from z = 0."""
    del curvature
    return _step_length(d, 2)


def _curved_length(d: int, curvature: float) -> float:
    """Return the distance of 0 to f = 0, v of the sign for which it is nonempty.

    Along the steepest way |v| - |w| t - c t^2/2 = 0.
    """
    W, b, x = _affine(d, 2)
    w, (first, second) = W[0] - W[1], W @ x + b
    slope, value = float(np.linalg.norm(w)), abs(float(first - second))
    return float(2 * value / (slope + np.sqrt(slope**2 + 2 * curvature * value)))


def _quadric_exact(d: int, roundness: float) -> float:
    A, b, c, x = _quadric(d, roundness)
    model = QuadraticClassifier.from_parameters(A, b, c)
    return float(minimal_perturbation(model, x[None]).distance[0])


def _quadric_deepfool(d: int, roundness: float, steps: int = 50) -> float:
    return float(np.linalg.norm(quadric_steps(*_quadric(d, roundness), steps=steps)))


_CLASSES = Integers(2, 30, (2, 3, 10), symbol="K")

_SETTING = (
    Hypothesis(
        "the functions are affine",
        r"$|f_1 - f_2|$ falls faster, with the second derivative $-c I$",
        Exact(_curved_step, _curved_length, rtol=1e-9),
        {
            "d": Integers(2, 1000, (2, 20), symbol="d"),
            "curvature": Reals(0.0, 10.0, (0.0, 0.01, 0.1, 1.0), symbol="c"),
        },
        "curvature",
    ),
)

CLAIMS = (
    Claim(
        id="moosavi2016.linear-step",
        theory="lipschitz",
        title="DeepFool's step is the smallest perturbation of a linear classifier",
        source=SOURCE,
        statement=r"""For affine $f_k$ the step to the nearest of the boundaries
$f_j = f_c$ is the smallest that changes the decision $c$.""",
        relation="lhs == rhs",
        domain={"d": Integers(2, 1000, (2, 20, 784), symbol="d"), "classes": _CLASSES},
        axis="d",
        evidence=Exact(_step_length, _exact_length, rtol=1e-9),
        twin=Twin(
            r"""the class is that of the nearest value $f_j$, not of the least
$|f_j - f_c|/\|w_j - w_c\|$""",
            Exact(_step_to_the_nearest_value, _exact_length, rtol=1e-9),
        ),
        hypotheses=_SETTING,
    ),
    Claim(
        id="moosavi2016.never-shorter",
        theory="lipschitz",
        title="DeepFool is never shorter than the smallest perturbation of a quadric",
        source=SOURCE,
        statement=r"""The sum of DeepFool's steps to an ellipsoid is at least as long as
the distance to it, and equal for a ball.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(2, 100, (2, 20), symbol="d"),
            "roundness": Reals(0.0, 1.0, (0.0, 0.5, 1.0)),
        },
        axis="roundness",
        evidence=Exact(
            _quadric_exact,
            _quadric_deepfool,
            rtol=1e-9,
            unproved="the steps are those of a program; equality for a ball",
        ),
        twin=Twin(
            r"$0.999$ times DeepFool's length is enough",
            Exact(
                _quadric_exact,
                lambda d, roundness: 0.999 * _quadric_deepfool(d, roundness),
                rtol=1e-9,
            ),
        ),
        hypotheses=(
            Hypothesis(
                "the length is the sum of all steps, to the boundary itself",
                "it is cut off after a few steps",
                Exact(
                    lambda d, roundness, steps: _quadric_exact(d, roundness),
                    _quadric_deepfool,
                    rtol=1e-9,
                ),
                {
                    "d": Integers(2, 100, (2, 20), symbol="d"),
                    "roundness": Reals(0.0, 1.0, (0.0, 0.5, 1.0)),
                    "steps": Integers(1, 50, (50, 20, 5, 2, 1), "linear"),
                },
                "steps",
                unbroken=50,
            ),
        ),
    ),
)
