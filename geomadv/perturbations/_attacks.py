r"""The ruler for attacks: what they find against what there is.

An attack is given models whose distances to another decision are known: exactly (linear
and quadratic models, nearest neighbours) or within a bracket (kernel expansions). Its
score is the ratio of the size of what it found to the distance, 1 for a perfect attack.
A failure, or an answer that is no point at all, has the ratio infinity, so that the
median says what the attack does to a typical point.

Of a bracket, the ratio is that to its upper end, which is a point of another decision:
a ratio below 1 then says that the attack found a nearer one than geomadv did.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np

from geomadv._random import spawn
from geomadv._typing import Bool, Float, NDArray
from geomadv._validate import choice, integer, norm_order, real
from geomadv.perturbations._minimal import minimal_perturbation
from geomadv.perturbations._result import Perturbation
from geomadv.stats import Interval, clopper_pearson, quantile_interval

Attack = Callable[[Any, NDArray, NDArray], Any]
Problem = tuple[Any, NDArray]

_LARGEST = 1e150  # squares of larger coordinates overflow


@dataclass(frozen=True)
class AttackScore:
    """How near an attack comes to the nearest point of another decision.

    Parameters
    ----------
    suite : str
        The problems.
    p : float
        The norm.
    found : (n,) array
        Sizes of the answers; infinite where there is none that changes the decision.
    truth : Perturbation
        The distances.
    invalid : (n,) array of bool
        Answers that are NaN, masked, not real, or above 1e150 in modulus.
    seconds : float
        What the attack took for all points.
    error_rate : float
        Of each of the intervals.
    """

    suite: str
    p: float
    found: Float[NDArray, " n"]
    truth: Perturbation
    invalid: Bool[NDArray, " n"]
    seconds: float
    error_rate: float

    @property
    def ratios(self) -> Float[NDArray, " n"]:
        """What was found over what there is; infinite where nothing was found."""
        return self.found / self.truth.distance

    @property
    def median(self) -> float:
        """The median of the ratios."""
        ordered = np.sort(self.ratios)
        return float(ordered[(len(ordered) - 1) // 2])

    @property
    def median_interval(self) -> Interval:
        """A confidence interval for the median over all points of the model's law.

        The model is one draw: how ratios vary between models, other seeds tell.
        """
        found = quantile_interval(self.ratios, 0.5, self.error_rate)
        return Interval(max(found.lower, 0.0), found.upper)

    @property
    def worst(self) -> float:
        """The largest ratio among the successes; infinite if there is none."""
        reached = self.ratios[np.isfinite(self.found)]
        return float(reached.max()) if reached.size else np.inf

    @property
    def success(self) -> float:
        """The share of points whose decision the attack changed."""
        return float(np.isfinite(self.found).mean())

    @property
    def success_interval(self) -> Interval:
        """A confidence interval for the probability of success."""
        count = int(np.isfinite(self.found).sum())
        return clopper_pearson(count, len(self.found), self.error_rate)

    def __str__(self) -> str:
        median, success = self.median_interval, self.success_interval
        return (
            f"{self.suite}, p = {self.p:g}: ratio {self.median:.4g} "
            f"[{median.lower:.4g}, {median.upper:.4g}], worst {self.worst:.4g}; "
            f"success {self.success:.3g} [{success.lower:.3g}, {success.upper:.3g}]; "
            f"{int(self.invalid.sum())} invalid; {self.seconds:.3g} s"
        )


def score_attack(
    attack: Attack,
    suite: str = "linear",
    *,
    p: float = 2,
    n: int = 100,
    seed: int = 0,
    error_rate: float = 0.05,
) -> AttackScore:
    """Return how near an attack comes to the true distances.

    Parameters
    ----------
    attack : callable
        ``attack(model, X, y)`` returns perturbed points of the shape of X. The model
        has `predict` and `decision_function` (nearest neighbours: `predict_proba`); y
        are its own labels of X, so that every success is a change of decision.
    suite : str
        The problems: one of `SUITES`.
    p : float
        The norm: in [1, inf] for the linear suites, 1, 2 or infinity for "1nn", 2 for
        "quadratic", and at least 1 for "rbf".
    n : int
        How many points, at least 1.
    seed : int
        Makes the problems; the same seed gives the same.
    error_rate : float
        Of the intervals of the score, in (0, 1).

    Returns
    -------
    AttackScore

    Raises
    ------
    TypeError
        If `attack` is not a function, or answers with something else than numbers.
    ValueError
        If an argument is not as described, or the attack's answer has not the shape of
        its question.

    Examples
    --------
    A step along the gradient to the hyperplane, and a little beyond, is perfect.

    >>> def deepfool(model, X, y):
    ...     w = model.coef_[0]
    ...     return X - 1.0001 * model.decision_function(X)[:, None] * w / (w @ w)
    >>> print(str(score_attack(deepfool)).rpartition(";")[0])
    linear, p = 2: ratio 1 [1, 1], worst 1; success 1 [0.964, 1]; 0 invalid
    """
    if not callable(attack):
        raise TypeError(
            f"attack must be a function of (model, X, y), got {type(attack).__name__}"
        )
    make = SUITES[choice("suite", suite, tuple(SUITES))]
    p, n = norm_order("p", p), integer("n", n, minimum=1)
    rate = real(
        "error_rate", error_rate, lower=0, upper=1, open_lower=True, open_upper=True
    )
    model, X = make(spawn(seed, "score_attack", suite), n)
    y = model.predict(X)
    truth = minimal_perturbation(model, X, p=p)
    begin = time.perf_counter()
    given = attack(model, X.copy(), y.copy())
    seconds = time.perf_counter() - begin
    answer = _numbers(given, X.shape)
    invalid = np.asarray(~(np.abs(answer) <= _LARGEST).all(axis=1))
    safe = np.where(invalid[:, None], X, answer)
    changed = model.predict(safe) != y
    sizes = np.linalg.norm(safe - X, p, axis=1)
    found = np.where(changed, sizes, np.inf)
    return AttackScore(suite, p, found, truth, invalid, seconds, rate)


def _numbers(given: Any, shape: tuple[int, ...]) -> Float[NDArray, "n d"]:
    """Return an answer as an array of numbers, NaN where they are not real."""
    try:
        if np.ma.isMaskedArray(given):
            hidden, shown = np.ma.getmaskarray(given), np.ma.getdata(given)
            given = np.where(hidden, np.nan, shown)
        answer = np.asarray(given)
        if np.iscomplexobj(answer):
            answer = np.where(answer.imag == 0.0, answer.real, np.nan)
        if answer.dtype.kind in "SU":
            raise TypeError(f"strings of dtype {answer.dtype}")
        answer = answer.astype(float)
    except (TypeError, ValueError) as error:
        raise TypeError(
            f"attack must return an array of numbers of shape {shape}, got {error}"
        ) from error
    if answer.shape != shape:
        raise ValueError(
            f"attack must return an array of shape {shape}, got {answer.shape}"
        )
    return np.asarray(answer)


def _linear(d: int) -> Callable[[np.random.Generator, int], Problem]:
    def make(rng: np.random.Generator, n: int) -> Problem:
        from geomadv.classifiers import LinearClassifier

        w = rng.standard_normal(d)
        return LinearClassifier.from_parameters(w, 0.3), rng.standard_normal((n, d))

    return make


def _quadratic(rng: np.random.Generator, n: int) -> Problem:
    from geomadv.classifiers import QuadraticClassifier

    d = 10
    A = rng.standard_normal((d, d))
    model = QuadraticClassifier.from_parameters(
        A + A.T, rng.standard_normal(d), rng.standard_normal()
    )
    return model, rng.standard_normal((n, d))


def _nearest(rng: np.random.Generator, n: int) -> Problem:
    from sklearn.neighbors import KNeighborsClassifier

    points = rng.standard_normal((60, 5))
    labels = np.where(rng.random(60) < 0.5, -1, 1)
    model = KNeighborsClassifier(1).fit(points, labels)
    return model, rng.standard_normal((n, 5))


def _rbf(rng: np.random.Generator, n: int) -> Problem:
    from geomadv.classifiers import KernelExpansion

    centres = rng.standard_normal((20, 3))
    model = KernelExpansion.from_parameters(
        centres, rng.standard_normal(20), kernel="gaussian", gamma=0.5
    )
    return model, rng.standard_normal((n, 3))


#: The problems of `score_attack`: a model, and n points drawn at random.
SUITES: Mapping[str, Callable[[np.random.Generator, int], Problem]] = MappingProxyType(
    {
        "linear": _linear(20),
        "linear-200": _linear(200),
        "quadratic": _quadratic,
        "1nn": _nearest,
        "rbf": _rbf,
    }
)
