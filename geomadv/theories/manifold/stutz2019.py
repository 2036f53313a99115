r"""On and off the manifold (Stutz, Hein and Schiele 2019).

Data lie on a manifold of dimension k in R^d. A perturbation delta of x has a tangent
and a normal part; its *normal fraction* is phi = |normal|/|delta|. For delta of random
direction phi^2 has the law Beta((d - k)/2, k/2), so that the root of its mean, the
null, is sqrt(1 - k/d). The paper's four statements are put to the case in which all is
exact: a linear decoder g(z) = U S z (`geomadv.data.LinearDecoder`) and a classifier f.

1. *Regular adversarial examples leave the manifold*, but no more than the classifier
   makes them: for linear f with weights w the smallest perturbation is along w, and
   phi = |(I - UU')w|/|w|. It is 0 if f is constant in the normal directions.
2. *On-manifold adversarial examples exist*: f(g(z)) is a classifier of z, with the same
   number of coefficients, so its smallest perturbations are as exact as those of f. For
   S = I they are 1/sqrt(1 - phi^2) times as long. On the flat torus they are exact too,
   for linear f, by duality (`_torus_steps`).
3. *On-manifold robustness is essentially generalisation*: both depend on f(g(.)) alone.
   Take z ~ N(0, I), y = sign z_1 and f(g(z)) linear at an angle t to z_1. The error is
   t/pi. Within a latent distance eta there is an error unless both margins are at least
   eta on one side, a quadrant of a bivariate normal law with correlation cos t:

       1 - 2 P[Z_1 >= eta, Z_2 >= eta] = 1 - 2 Phi(-eta) + 4 T(eta, tan(t/2)),

T is Owen's function. As t -> 0 the error vanishes and this does not: it tends to
1 - 2 Phi(-eta), the share of points within eta of the true boundary. Generalisation
gives on-manifold robustness only where the classes have a margin.

4. *Regular robustness does not contradict generalisation*: the normal part of w changes
   distances and not errors.

**Projection as a defence**: f(UU'x) is linear too. Its smallest perturbations, found
for the defended classifier, lie in the subspace and are 1/sqrt(1 - phi^2) times as long
as those of f, exactly the on-manifold ones for S = I; those found for f itself lose
their normal part, and no longer cross. The gain is that factor, no more. On a curved
manifold it is less (`ProjectedClassifier`, `adaptive_bounds`; see `_projection`).

Source: Stutz, Hein, Schiele (2019), "Disentangling adversarial robustness and
generalization", arXiv:1812.00740: the statements, on image data. The setting and the
formulas here are ours.
"""

import math
from typing import Any

import numpy as np
from scipy import special

from geomadv._random import spawn
from geomadv._typing import ArrayLike, Bool, Float, NDArray, Real
from geomadv._validate import broadcast, integer, points, probability, real_array
from geomadv.claims import (
    Beyond,
    Choices,
    Claim,
    Enclosure,
    Exact,
    Expected,
    Hypothesis,
    Integers,
    Parameter,
    Reals,
    Source,
    Statistical,
    Twin,
    balls,
)
from geomadv.classifiers import LinearClassifier, QuadraticClassifier
from geomadv.data import FlatTorusDecoder, LabelledManifold, LinearDecoder
from geomadv.perturbations import Perturbation, minimal_perturbation
from geomadv.theories.manifold._projection import (
    ProjectedClassifier as ProjectedClassifier,
)
from geomadv.theories.manifold._projection import adaptive_bounds as adaptive_bounds
from geomadv.theories.manifold._torus_steps import torus_steps

__all__ = [
    "CLAIMS",
    "SOURCE",
    "ProjectedClassifier",
    "adaptive_bounds",
    "fraction_probability",
    "normal_fraction",
    "null_fraction",
    "on_manifold_error",
    "on_manifold_model",
    "on_manifold_perturbation",
    "projected_model",
]

SOURCE = Source(
    "D. Stutz, M. Hein, B. Schiele",
    "Disentangling adversarial robustness and generalization",
    2019,
    arxiv="1812.00740",
)


def null_fraction(k: int, d: int) -> float:
    """Return the root mean square of the normal fraction of a random direction.

    Parameters
    ----------
    k : int
        Dimension of the manifold, at least 0.
    d : int
        Ambient dimension, at least k and 1.

    Returns
    -------
    float
        sqrt(1 - k/d).

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> round(null_fraction(10, 784), 6)
    0.993602
    """
    size, ambient = _dimensions(k, d)
    return math.sqrt(1 - size / ambient)


def fraction_probability(fraction: ArrayLike, k: int, d: int) -> Real:
    """Return the probability that a random direction has at most a normal fraction.

    Parameters
    ----------
    fraction : float or array_like
        Normal fractions, in [0, 1].
    k : int
        Dimension of the manifold, from 1 to d - 1.
    d : int
        Ambient dimension.

    Returns
    -------
    numpy.float64 or array
        The regularised incomplete beta function at fraction^2: a p-value for "more
        tangent than chance".

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    In the plane the angle to a line is uniform:

    >>> round(float(fraction_probability(0.5, 1, 2)), 12)
    0.333333333333
    """
    size, ambient = _dimensions(k, d)
    if not 1 <= size < ambient:
        raise ValueError(f"k must lie in [1, {ambient - 1}], got {size}")
    share = probability("fraction", fraction)
    chance: Real = special.betainc((ambient - size) / 2, size / 2, share**2)[()]
    return chance


def normal_fraction(
    data: LabelledManifold, X: ArrayLike, delta: ArrayLike
) -> Float[NDArray, " n"]:
    """Return the normal fractions of perturbations.

    Parameters
    ----------
    data : LabelledManifold
        The manifold.
    X : (n, d) array_like
        Points, at or near the manifold.
    delta : (n, d) array_like
        Their perturbations.

    Returns
    -------
    (n,) array
        |normal|/|delta|, NaN where delta is 0.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> from geomadv.data import EmbeddedSpheres
    >>> circles = EmbeddedSpheres(1, 3)
    >>> normal_fraction(circles, [[1.0, 0.0, 0.0]], [[0.0, 3.0, 4.0]])
    array([0.8])
    """
    if not isinstance(data, LabelledManifold):
        raise TypeError(f"data must be a LabelledManifold, got {type(data).__name__}")
    tangent, normal = data.split(X, delta)
    along, across = np.linalg.norm(tangent, axis=1), np.linalg.norm(normal, axis=1)
    length = np.hypot(along, across)
    found: NDArray = np.where(length > 0, across, np.nan) / np.where(
        length > 0, length, 1.0
    )
    return found


def on_manifold_model(
    model: Any, data: LinearDecoder
) -> LinearClassifier | QuadraticClassifier:
    """Return the classifier f(g(z)) of latent points.

    Parameters
    ----------
    model : LinearClassifier or QuadraticClassifier
        f, or any fitted linear classifier with `coef_` and `intercept_`.
    data : LinearDecoder
        g.

    Returns
    -------
    LinearClassifier or QuadraticClassifier
        Of the same kind, on R^k.

    Raises
    ------
    TypeError
        If the model or the data is of another kind.

    Examples
    --------
    >>> data = LinearDecoder(1, 2, scales=[2.0])
    >>> f = LinearClassifier.from_parameters([3.0, 4.0], 1.0)
    >>> on_manifold_model(f, data).coef_
    array([[6.]])
    """
    _decoder(data)
    G = data.decode(np.eye(data.k))
    if isinstance(model, QuadraticClassifier):
        return QuadraticClassifier.from_parameters(
            G @ model.A_ @ G.T, G @ model.b_, model.c_, classes=model.classes_
        )
    rows, offsets = _linear(model)
    return LinearClassifier.from_parameters(
        *_form(rows @ G.T, offsets), classes=model.classes_
    )


def on_manifold_perturbation(
    model: Any, data: LinearDecoder | FlatTorusDecoder, z: ArrayLike
) -> tuple[Perturbation, Float[NDArray, "n d"]]:
    """Return the smallest latent perturbations that change the decisions.

    Parameters
    ----------
    model : classifier
        As for `on_manifold_model`; linear, of two classes, on the flat torus.
    data : LinearDecoder or FlatTorusDecoder
        g.
    z : (n, k) array_like
        Latent points.

    Returns
    -------
    latent : Perturbation
        Exact: of `geomadv.perturbations.minimal_perturbation` for f(g(.)), or by
        Lagrangian duality on the flat torus (`_torus_steps`).
    delta : (n, d) array
        g(z + latent.delta) - g(z): from the manifold to the manifold.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> data = LinearDecoder(1, 2)
    >>> f = LinearClassifier.from_parameters([3.0, 4.0], 0.0)
    >>> latent, delta = on_manifold_perturbation(f, data, [[1.0]])
    >>> latent.distance, minimal_perturbation(f, data.decode([[1.0]])).distance
    (array([1.]), array([0.6]))

    On a circle, to the angle where f changes:

    >>> circle = FlatTorusDecoder(1, 2)
    >>> f = LinearClassifier.from_parameters([1.0, 0.0], -0.5)
    >>> on_manifold_perturbation(f, circle, [[0.0]])[0].distance.round(9)
    array([1.04719755])
    """
    if isinstance(data, FlatTorusDecoder):
        rows, offsets = _linear(model)
        if rows.shape[0] != 1:
            raise TypeError("model must be linear, of two classes, on the flat torus")
        array = points("z", z, d=data.k)
        step, length = torus_steps(data, rows[0], float(offsets[0]), array)
        found = Perturbation(step, length, length.copy(), np.ones(len(step), bool))
        return found, data.decode(array + step) - data.decode(array)
    latent_model = on_manifold_model(model, data)
    array = points("z", z, d=data.k)
    latent = minimal_perturbation(latent_model, array)
    return latent, data.decode(latent.delta)


def projected_model(model: Any, data: LinearDecoder) -> LinearClassifier:
    """Return the classifier that projects onto the manifold first.

    Parameters
    ----------
    model : LinearClassifier
        f, or any fitted linear classifier with `coef_` and `intercept_`.
    data : LinearDecoder
        The subspace.

    Returns
    -------
    LinearClassifier
        f(UU'x), with weights UU'w.

    Raises
    ------
    TypeError
        If the model or the data is of another kind.

    Examples
    --------
    >>> f = LinearClassifier.from_parameters([3.0, 4.0], 0.0)
    >>> projected_model(f, LinearDecoder(1, 2)).coef_
    array([[3., 0.]])
    """
    _decoder(data)
    rows, offsets = _linear(model)
    flat = data.embedding.lift(data.embedding.coordinates(rows))
    return LinearClassifier.from_parameters(
        *_form(flat, offsets), classes=model.classes_
    )


def on_manifold_error(angle: ArrayLike, eta: ArrayLike) -> Real:
    """Return the on-manifold robust error of a linear classifier of a Gaussian latent.

    Parameters
    ----------
    angle : float or array_like
        Angle of the classifier f(g(.)) to the true one, in (0, pi).
    eta : float or array_like
        Latent size of the perturbations, at least 0.

    Returns
    -------
    numpy.float64 or array
        The probability that an error, f(g(z')) unlike the true label of z', is within
        eta of z: 1 - 2 Phi(-eta) + 4 T(eta, tan(angle/2)); angle/pi at eta = 0. At
        angle 0, which is left out, there is no error at all.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> on_manifold_error(np.pi * 0.01, [0.0, 0.5]).round(6)
    array([0.01   , 0.39175])
    """
    t, size = broadcast(
        angle=real_array(
            "angle", angle, lower=0, upper=math.pi, open_lower=True, open_upper=True
        ),
        eta=real_array("eta", eta, lower=0),
    )
    reached: Real = (
        special.erf(size / math.sqrt(2)) + 4 * special.owens_t(size, np.tan(t / 2))
    )[()]
    return reached


def _dimensions(k: int, d: int) -> tuple[int, int]:
    ambient = integer("d", d, minimum=1)
    return integer("k", k, minimum=0, maximum=ambient), ambient


def _decoder(data: Any) -> None:
    if not isinstance(data, LinearDecoder):
        raise TypeError(f"data must be a LinearDecoder, got {type(data).__name__}")


def _linear(model: Any) -> tuple[NDArray, NDArray]:
    if not (hasattr(model, "coef_") and hasattr(model, "intercept_")):
        raise TypeError(
            "model must be a linear or a quadratic classifier, fitted, got "
            f"{type(model).__name__}"
        )
    return np.atleast_2d(model.coef_), np.atleast_1d(model.intercept_)


def _form(rows: NDArray, offsets: NDArray) -> tuple[NDArray, Any]:
    """Return weights and offsets, of two classes as a vector and a number."""
    if rows.shape[0] == 1:
        return rows[0], float(offsets[0])
    return rows, offsets


# --- Claims --------------------------------------------------------------------------


def _tilted(
    k: int, d: int, normal: float, angle: float
) -> tuple[LinearClassifier, LinearDecoder, NDArray]:
    """Return w = U (cos t, sin t, 0, ...) + normal v, v a normal unit vector, and z."""
    data = LinearDecoder(k, d, rotation=0)
    a = np.zeros((1, k))
    a[0, :2] = math.cos(angle), math.sin(angle)
    v = spawn(0, "stutz2019", d).standard_normal((1, d))
    v -= data.embedding.lift(data.embedding.coordinates(v))
    v /= np.linalg.norm(v)
    model = LinearClassifier.from_parameters((data.decode(a) + normal * v)[0], 0.0)
    return model, data, spawn(0, "stutz2019", k).standard_normal((8, k))


def _fraction(k: int, d: int, normal: float, angle: float) -> float:
    model, data, z = _tilted(k, d, normal, angle)
    X = data.decode(z)
    return float(normal_fraction(data, X, minimal_perturbation(model, X).delta).mean())


def _lengths(k: int, d: int, normal: float, angle: float) -> tuple[float, float, float]:
    """Return mean distances: regular, on the manifold, and of the projected model."""
    model, data, z = _tilted(k, d, normal, angle)
    X = data.decode(z)
    regular = minimal_perturbation(model, X).distance.mean()
    latent, _ = on_manifold_perturbation(model, data, z)
    defended = minimal_perturbation(projected_model(model, data), X).distance.mean()
    return float(regular), float(latent.distance.mean()), float(defended)


def _turned(d: int, a: float, angle: float, normal: float) -> tuple[float, float]:
    """Return D and rho on a circle of radius a, the decision an angle away from x.

    rho is that of the step across the plane through the centre, if the projected
    classifier decides otherwise behind it and as before in front of it.
    """
    data = FlatTorusDecoder(1, d, a=a, rotation=0)
    x = data.decode([[0.0]])
    u = data.decode([[-(math.pi / 2 - angle) * a]]) / a
    v = spawn(0, "stutz2019", "circle", d).standard_normal((1, d))
    v -= data.embedding.lift(data.embedding.coordinates(v))
    model = LinearClassifier.from_parameters((u + normal * v)[0], 0.0)
    defended = ProjectedClassifier(model, data)
    step = -float((u @ x.T)[0, 0]) * u
    before, front, behind = (
        defended.predict(x + share * step)[0] for share in (0.0, 1 - 1e-9, 1 + 1e-9)
    )
    crosses = before == front and before != behind
    chord = float(np.linalg.norm(data.decode([[angle * a]]) - x))
    return chord, float(np.linalg.norm(step)) if crosses else math.nan


def _owen_share_ball(eta: Any, angle: Any) -> Any:
    r"""Enclose 4 pi T(eta, tan(angle/2))/angle.

    T(h, a) is the integral of exp(-h^2 (1 + x^2)/2)/(2 pi (1 + x^2)) from 0 to a, so
    this is a mean of the exponential. On wide balls its least and largest values do.
    """
    from flint import acb, arb

    top = (angle / 2).tan()
    if not (eta.is_exact() and angle.is_exact()):
        square = eta * eta / 2
        return (-square * (1 + top * top)).exp().union((-square).exp())

    def integrand(x: Any, _: bool) -> Any:
        y = 1 + (top * x) ** 2
        return (-(acb(eta) ** 2) * y / 2).exp() / y

    return 2 * top * acb.integral(integrand, arb(0), arb(1)).real / angle


def _reached_ball(eta: Any, angle: Any) -> Any:
    """Enclose `on_manifold_error`, erf(eta/sqrt 2) + 4 T."""
    inside = 1 - 2 * balls.normal_tail(eta)
    return inside + _owen_share_ball(eta, angle) * angle / angle.pi()


def _share_of_circle(d: int, a: float, angle: float, normal: float) -> float:
    chord, step = _turned(d, a, angle, normal)
    return float(adaptive_bounds(chord, a)[0] / step)


def _share_of_circle_ball(angle: Any) -> Any:
    """Enclose the same, 2 sin(t/2)/((1 + 2 sin(t/2)) sin t), whatever d and a."""
    return 1 / balls.concave(lambda t: (t / 2).cos() + t.sin(), angle)


def _room_on_circle_ball(angle: Any) -> Any:
    """Enclose (cos(t/2) + sin t - 1)/sin t, which at t = 0 is 1."""
    return 1 - (angle / 4).tan() / (angle / 2).cos() / 2


def _squares(
    n: int, rng: np.random.Generator, k: int, d: int, less: float = 0.0
) -> Float[NDArray, " n"]:
    """Draw squared normal fractions of random directions, which may be preferred."""
    normal = (1 - less) * rng.chisquare(d - k, n)
    return np.asarray(normal / (normal + rng.chisquare(k, n)))


def _errs(
    n: int, rng: np.random.Generator, k: int, d: int, normal: float, angle: float
) -> Bool[NDArray, " n"]:
    model, data, _ = _tilted(k, d, normal, angle)
    wrong = []
    for start in range(0, n, 1024):
        X, y = data.sample(min(1024, n - start), rng)
        wrong.append(model.predict(X) != y)
    return np.concatenate(wrong)


_SHAPE: dict[str, Parameter] = {
    "k": Integers(2, 20, (2, 10), symbol="k"),
    "d": Integers(30, 784, (30, 784), symbol="d"),
    "normal": Reals(0.0, 100.0, (0.0, 1.0, 10.0)),
    "angle": Reals(0.0, 1.5, (0.0, 0.3)),
}


def _stretched(normal: float, scale: float) -> tuple[float, float]:
    """Return mean distances, regular and latent, for g(z) = scale U z."""
    data = LinearDecoder(2, 30, scales=[scale, scale], rotation=0)
    w = data.embedding.lift(np.array([[1.0, 0.0]]))
    v = spawn(0, "stutz2019", 30).standard_normal((1, 30))
    v -= data.embedding.lift(data.embedding.coordinates(v))
    w = w + normal * v / np.linalg.norm(v)
    model = LinearClassifier.from_parameters(w[0], 0.0)
    z = spawn(0, "stutz2019", 2).standard_normal((8, 2))
    latent, _ = on_manifold_perturbation(model, data, z)
    regular = minimal_perturbation(model, data.decode(z)).distance
    return float(regular.mean()), float(latent.distance.mean())


def _on_an_arc(normal: float, curvature: float) -> tuple[float, float, float]:
    """Return what a circle makes of f = <t + normal v, x>, x at the arc length 1.

    f is 0 at the arc length 0, where t is the tangent: that at x is turned by the angle
    c = curvature, and f(x) = sin(c)/c. Returned are the normal fraction of the smallest
    perturbation, its length, and that of the smallest one with a projection before f.
    """
    c = curvature
    height = math.sin(c) / c if c > 0 else 1.0
    length = math.hypot(1, normal)
    return math.hypot(normal, math.sin(c)) / length, height / length, height


def _bent_errs(
    n: int, rng: np.random.Generator, angle: float, bend: float
) -> Bool[NDArray, " n"]:
    """Draw whether u + bend u^2 errs, u at an angle from the true coordinate."""
    true = rng.standard_normal(n)
    u = math.cos(angle) * true + math.sin(angle) * rng.standard_normal(n)
    return np.asarray((u + bend * u**2 > 0) != (true > 0))


_FLAT = "the manifold is a subspace and $f$ is linear"
_ARC = "it is a circle of curvature $c$, and $f$ is 0 at an arc length of 1"
_ARC_AT: dict[str, Parameter] = {
    "normal": Choices((0.0, 1.0)),
    "curvature": Reals(0.0, 1.5, (0.0, 0.1, 1.0), symbol="c"),
}
_TANGENT = (
    Hypothesis(
        _FLAT,
        _ARC,
        Exact(
            lambda normal, curvature: _on_an_arc(normal, curvature)[0],
            lambda normal, curvature: normal / math.hypot(1, normal),
            rtol=1e-10,
            atol=1e-12,
        ),
        _ARC_AT,
        "curvature",
    ),
)
_PROJECTED = (
    Hypothesis(
        _FLAT,
        _ARC,
        Exact(
            lambda normal, curvature: _on_an_arc(normal, curvature)[2],
            lambda normal, curvature: 1.0,
            rtol=1e-10,
        ),
        _ARC_AT,
        "curvature",
    ),
)
_SAME_ERROR = (
    Hypothesis(
        _FLAT,
        "$f$ has a further term $c\\,\\langle w, x\\rangle^2$",
        Statistical(_bent_errs, lambda angle, bend: angle / math.pi, tolerance=0.1),
        {
            "angle": Choices((0.3, 1.0), symbol="t"),
            "bend": Reals(0.0, 2.0, (0.0, 0.5, 2.0), symbol="c"),
        },
        "bend",
    ),
)
_ISOMETRY = (
    Hypothesis(
        _FLAT,
        _ARC,
        Exact(
            lambda normal, curvature: 1.0 / _on_an_arc(normal, curvature)[1],
            lambda normal, curvature: math.hypot(1, normal),
            rtol=1e-10,
        ),
        _ARC_AT,
        "curvature",
    ),
    Hypothesis(
        "the decoder is an isometry, and lengths on the manifold are latent ones",
        "the decoder stretches all lengths by $c$, and latent lengths are taken",
        Exact(
            lambda normal, scale: _stretched(normal, scale)[1],
            lambda normal, scale: math.hypot(1, normal) * _stretched(normal, scale)[0],
            rtol=1e-10,
        ),
        {
            "normal": Choices((0.0, 1.0, 10.0)),
            "scale": Reals(1.0, 10.0, (1.0, 1.01, 2.0, 10.0), symbol="c"),
        },
        "scale",
        unbroken=1.0,
    ),
)
_RANDOM = (
    Hypothesis(
        "the law of the direction is rotation invariant",
        "the variances off the manifold are $1 - s$ times those along it",
        Statistical(
            lambda n, rng, k, less: _squares(n, rng, k, 784, less),
            lambda k, less: 1 - k / 784,
            tolerance=2e-3,
            first=4096,
        ),
        {
            "k": Choices((10, 50), symbol="k"),
            "less": Reals(0.0, 1.0, (0.0, 0.3, 0.9), symbol="s"),
        },
        "less",
    ),
)
_LATENT = (
    Hypothesis(
        "the latent variable is standard Gaussian and the rule is linear",
        why="the statement is false already under it",
    ),
)
_CURVED = (
    Hypothesis(
        r"the reach of the manifold is at least $\tau$",
        r"the circle has $1/c$ of the reach $\tau$ in the bound",
        Exact(
            lambda angle, times: (
                adaptive_bounds(2 * math.sin(angle / 2), times)[0] / math.sin(angle)
            ),
            lambda angle, times: 1.0,
        ),
        {
            "angle": Choices((0.1, 1.0, 1.5), symbol="t"),
            "times": Reals(1.0, 1e3, (1.0, 2.0, 10.0, 1e3), scale="log", symbol="c"),
        },
        "times",
        unbroken=1.0,
    ),
)

CLAIMS = (
    Claim(
        id="stutz2019.null",
        theory="manifold",
        title="How far random perturbations leave a manifold",
        source=SOURCE,
        statement=r"""The squared normal fraction of a random direction has the mean
$1 - k/d$.""",
        relation="lhs == rhs",
        domain={
            "k": Integers(1, 500, (1, 10, 50), symbol="k"),
            "d": Integers(501, 10**6, (784, 3072), symbol="d"),
        },
        axis="k",
        evidence=Statistical(
            _squares, lambda k, d: 1 - k / d, tolerance=2e-3, first=4096
        ),
        twin=Twin(
            "the mean is $(1 - k/d)^{1/2}$",
            Statistical(
                _squares, lambda k, d: math.sqrt(1 - k / d), tolerance=2e-3, first=4096
            ),
            where=lambda k, d: k == 50,
        ),
        hypotheses=_RANDOM,
    ),
    Claim(
        id="stutz2019.leaves-the-manifold",
        theory="manifold",
        title="Adversarial examples leave the manifold as far as the weights do",
        source=SOURCE.at("hypothesis 1"),
        statement=r"""For linear $f$ with $U^\top w$ of length 1 and a normal part of
length $\tau$ the smallest perturbations have the normal fraction
$\tau/\sqrt{1 + \tau^2}$; 0 if $f$ is constant in the normal directions.""",
        relation="lhs == rhs",
        domain=_SHAPE,
        axis="normal",
        evidence=Exact(
            _fraction,
            lambda k, d, normal, angle: normal / math.hypot(1, normal),
            rtol=1e-10,
            atol=1e-12,
        ),
        twin=Twin(
            r"it is $\sqrt{1 - k/d}$ for all of them",
            Exact(
                _fraction,
                lambda k, d, normal, angle: null_fraction(k, d),
                rtol=1e-10,
                atol=1e-12,
            ),
        ),
        hypotheses=_TANGENT,
    ),
    Claim(
        id="stutz2019.on-manifold-examples",
        theory="manifold",
        title="On-manifold adversarial examples exist, further away",
        source=SOURCE.at("hypothesis 2"),
        statement=r"""The smallest perturbations on the manifold are
$1/\sqrt{1 - \varphi^2} = \sqrt{1 + \tau^2}$ times as long as the smallest ones.""",
        relation="lhs == rhs",
        domain=_SHAPE,
        axis="normal",
        evidence=Exact(
            lambda **point: _lengths(**point)[1] / _lengths(**point)[0],
            lambda k, d, normal, angle: math.hypot(1, normal),
            rtol=1e-10,
        ),
        twin=Twin(
            r"$1 + \tau$ times as long",
            Exact(
                lambda **point: _lengths(**point)[1] / _lengths(**point)[0],
                lambda k, d, normal, angle: 1 + normal,
                rtol=1e-10,
            ),
        ),
        hypotheses=_ISOMETRY,
    ),
    Claim(
        id="stutz2019.error-unchanged",
        theory="manifold",
        title="Regular robustness does not contradict generalisation",
        source=SOURCE.at("hypothesis 4"),
        statement=r"""The error of $f$ on the manifold is $t/\pi$, $t$ the angle of its
tangent part, whatever its normal part, which by itself decides how near adversarial
examples are.""",
        relation="lhs == rhs",
        domain={
            "k": Choices((3,)),
            "d": Choices((30,)),
            "normal": Choices((0.0, 10.0)),
            "angle": Choices((0.3, 1.0)),
        },
        axis="normal",
        evidence=Statistical(
            _errs, lambda k, d, normal, angle: angle / math.pi, tolerance=0.1
        ),
        twin=Twin(
            r"it is $t/2.7$",
            Statistical(_errs, lambda k, d, normal, angle: angle / 2.7, tolerance=0.1),
        ),
        hypotheses=_SAME_ERROR,
    ),
    Claim(
        id="stutz2019.on-manifold-robustness",
        theory="manifold",
        title="On-manifold robust error tends to 0 with the error, without a margin",
        source=SOURCE.at("hypothesis 3, read without a margin"),
        statement=r"""For a Gaussian latent and a linear rule, the share of points with
an error within $\eta$ on the manifold is at most 10 times the error.""",
        relation="lhs <= rhs",
        domain={
            "eta": Reals(0.01, 2.0, (0.1, 0.5), symbol=r"\eta"),
            "angle": Reals(1e-6, 1.0, (1e-6, 1e-3, 0.1), scale="log", symbol="t"),
        },
        axis="angle",
        evidence=Enclosure(
            _reached_ball,
            lambda eta, angle: 10 * angle / angle.pi(),
            formulas=(
                lambda eta, angle: on_manifold_error(angle, eta),
                lambda eta, angle: 10 * angle / math.pi,
            ),
        ),
        expected=Expected.VIOLATED,
        twin=Twin(
            r"""it is at most the error plus $1 - 2\Phi(-\eta)$, the share of points
within $\eta$ of the true boundary (shown without this share, over the error)""",
            Enclosure(_owen_share_ball, lambda eta, angle: 1),
        ),
        note=r"""As $t \to 0$ it tends to $1 - 2\Phi(-\eta)$. The paper's data have a
margin.""",
        hypotheses=_LATENT,
    ),
    Claim(
        id="stutz2019.projection",
        theory="manifold",
        title="Projection onto the manifold defends by a factor, and no more",
        source=SOURCE,
        statement=r"""The smallest perturbations of $f(UU^\top x)$ are as long as the
on-manifold ones of $f$.""",
        relation="lhs == rhs",
        domain=_SHAPE,
        axis="normal",
        evidence=Exact(
            lambda **point: _lengths(**point)[2],
            lambda **point: _lengths(**point)[1],
            rtol=1e-10,
        ),
        twin=Twin(
            r"$\sqrt{1 + \tau^2}$ times as long",
            Exact(
                lambda **point: _lengths(**point)[2],
                lambda **point: math.hypot(1, point["normal"]) * _lengths(**point)[1],
                rtol=1e-10,
            ),
        ),
        note=r"""Not a statement of the paper: what an adversary who knows of the
projection is left with.""",
        hypotheses=_PROJECTED,
    ),
    Claim(
        id="stutz2019.projection-curved",
        theory="manifold",
        title="On a curved manifold projecting defends by less",
        source=SOURCE,
        statement=r"""If $x$ is a distance $D$ from the points of a manifold of reach
$\tau$ that $f$ decides otherwise, the perturbations that change $f(\pi(\cdot))$ are at
least $\tau D/(\tau + D)$ long. Here: on a circle.""",
        relation="lhs <= rhs",
        domain={
            "d": Integers(3, 100, (3, 20), symbol="d", as_reals=True),
            "a": Reals(0.1, 10.0, (0.5, 2.0), symbol=r"\tau"),
            "angle": Reals(0.01, 1.5, (0.1, 1.0, 1.5), symbol="t"),
            "normal": Reals(0.0, 10.0, (0.0, 1.0)),
        },
        axis="angle",
        evidence=Enclosure(
            lambda d, a, angle, normal: _share_of_circle_ball(angle),
            lambda d, a, angle, normal: 1,
            formulas=(_share_of_circle, lambda d, a, angle, normal: 1.0),
            rtol=1e-8,
            beyond=(
                Beyond(
                    lambda angle: 0,
                    _room_on_circle_ball,
                    until={"angle": 1.5},
                    free=("d", "normal"),
                    scales=("a",),
                ),
            ),
        ),
        twin=Twin(
            r"at least $D$, as for a subspace",
            Enclosure(
                lambda d, a, angle, normal: 1 / (angle / 2).cos(),
                lambda d, a, angle, normal: 1,
            ),
        ),
        note=r"""Shown is the bound over the length. By the Lipschitz constant of the
projection (Federer 1959). On the circle $D = 2\tau\sin(t/2)$ and the smallest
perturbation is $\tau\sin t$. Not a statement of the paper.""",
        hypotheses=_CURVED,
    ),
)
