r"""Concentration of data: how little a region of a given measure can grow.

The concentration function of a law mu in l_p is

    h(alpha, eps) = inf { mu(E_eps) : mu(E) >= alpha },

and no classifier that errs with probability alpha or more, on whatever region, has an
adversarial risk below h(alpha, eps). Data give neither mu nor all sets. What is done
here: find one region in one of three families, fix it, and count fresh points in it and
near it. If the region has measure at least alpha, then

    h(alpha, eps) <= mu(E_eps):

the adversarial risk is an UPPER bound of h, and 1 minus it a LOWER bound of the
robustness that concentration leaves to the best imperfect classifier (the intrinsic
robustness of Mahloujifar, Zhang, Mahmoody and Evans 2019, arXiv:1905.12202). It bounds
h from one side only. No lower bound of h follows without a law that is known, and
nothing about a particular classifier.

Three parts of the data keep the numbers honest. One fits the candidates; a second one,
the selection split, sets the threshold and picks the family; the third, `X_test`, is
looked at once. On the points that a region was fitted to its risks are biased low.
"""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import choice, integer, norm_order, points, real
from geomadv.concentration._checkpoint import Checkpoint
from geomadv.concentration._frame import Frame, frame_of
from geomadv.concentration._levels import (
    Region,
    adversarial_risk,
    risk,
    threshold,
)
from geomadv.concentration._results import ConcentrationEstimate, RegionEstimate
from geomadv.concentration._search import SEARCHES, Candidate, Step, Task
from geomadv.stats import Interval, clopper_pearson

FAMILIES = tuple(SEARCHES)
_MOST_REPEATS = 10_000

Told = Callable[[str, int, int], None]


def estimate_concentration(
    X_train: ArrayLike,
    X_test: ArrayLike,
    *,
    p: float,
    eps: float,
    alpha: float,
    family: str = "all",
    rng: np.random.Generator | int,
    search: str = "full",
    margin: float = 1.0,
    selection: float = 0.75,
    repeats: int = 1,
    error_rate: float = 0.05,
    told: Told | None = None,
    resume: str | os.PathLike[str] | None = None,
) -> ConcentrationEstimate:
    """Find a region of measure alpha that grows little, and measure it on fresh data.

    Parameters
    ----------
    X_train : (n, d) array_like
        Points that the region is searched with; split at random in two parts.
    X_test : (m, d) array_like
        Fresh points of the same law, on which it is measured and nothing is chosen.
    p : float
        Order of the norm, at least 1; `numpy.inf` is allowed.
    eps : float
        Radius of the enlargement, at least 0.
    alpha : float
        Measure that the region is to have at least, in (0, 1).
    family : {"rectangles", "balls", "halfspaces", "all"}
        Where regions are looked for. With "all", the best is picked on the selection
        split.
    rng : Generator or int
        Source of all randomness.
    search : {"full", "published"}
        "published" tries what the papers try: boxes around clusters, balls around
        points, powered principal components. "full" adds a box with few faces, centres
        that move, for p = 2 balls cut by the range of the points (`CutBall`),
        coordinate axes, and gradient descent of normals.
    margin : float
        The share of the selection split in the region is alpha and `margin` standard
        errors, each sqrt(alpha (1 - alpha) (1/s + 1/m)) for s and m points of the
        selection split and the test: the deviation of the difference of both shares.
        The risk on the test is below alpha about once in 2 (margin 0), 6 (1), 44 (2).
    selection : float
        Share of `X_train` in the selection split, in (0, 1). Its size decides how well
        the measure of the region is known, and so most of the error of its risks.
    repeats : int
        How often the whole search is done, with other splits and starts: `stability`
        has the range of their adversarial risks, each of the family that this search
        chose. The first search is the one that is returned.
    error_rate : float
        Probability that one interval misses.
    told : callable, optional
        ``told(text, done, total)`` is called before each step with a few words, and how
        many of how many steps are done.
    resume : path, optional
        A folder in which each finished step is kept at once. What is kept there of the
        same points, question and generator is not searched again: interrupted work goes
        on where it stopped, with the same result. A damaged file is named in a warning
        and its step done anew.

    Returns
    -------
    ConcentrationEstimate
        For each family the region and its risks with intervals. The adversarial risk
        bounds the concentration function from above, at the measure of the region.

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.
    OSError
        If a file of `resume` cannot be read or written.

    Notes
    -----
    On N(0, I_784) with 35 000 + 35 000 points, alpha = .05 and eps = 1 (l_2), where the
    optimum is .2595, half-spaces had adversarial risks from .2535 to .2631 over eight
    samples (4 s of one core each). On MNIST (60 000 + 10 000 digits, alpha = .01) the
    rectangles took 37 s of processor time and 1.2 GB.

    Examples
    --------
    The optimum for a normal law of standard deviation 2 is Phi(Phi^-1(.05) + 1/2) =
    .126, by a half-space:

    >>> X = 2.0 * np.random.default_rng(0).standard_normal((20_000, 3))
    >>> found = estimate_concentration(
    ...     X[:10_000], X[10_000:], p=2, eps=1.0, alpha=0.05, family="halfspaces", rng=0
    ... )
    >>> bool(abs(found.adversarial_risk - 0.126) < 0.015)
    True
    """
    train = points("X_train", X_train, minimum=4)
    if not train.shape[1]:
        raise ValueError(f"X_train must have a column, got shape {train.shape}")
    test = points("X_test", X_test, d=train.shape[1], minimum=1)
    p = norm_order("p", p)
    eps = real("eps", eps, lower=0.0)
    alpha = _open_unit("alpha", alpha)
    families = _families(family)
    choice("search", search, ("full", "published"))
    margin = real("margin", margin, lower=0.0)
    selection = _open_unit("selection", selection)
    number = integer("repeats", repeats, minimum=1, maximum=_MOST_REPEATS)
    runs = generator(rng).spawn(number)
    frame = frame_of(train)
    train, test = frame.enter(train), frame.enter(test)
    reach = _reach(eps, frame, train, test)
    question = _Question(p, reach, alpha, search, margin, error_rate, frame)
    folder = None if resume is None else Path(resume)
    found = [
        _run(
            train,
            test,
            question,
            families,
            selection,
            each,
            _Steps(told, i, len(runs)),
            folder,
        )
        for i, each in enumerate(runs)
    ]
    results, best = found[0]
    values = [
        r.adversarial_risk for run, chosen in found for r in run if r.family == chosen
    ]
    return ConcentrationEstimate(
        p, eps, alpha, results, best, Interval(min(values), max(values))
    )


def _reach(
    eps: float, frame: Frame, train: Float[NDArray, "n d"], test: Float[NDArray, "m d"]
) -> float:
    """Return eps in the frame, or what is enough to reach all points from any."""
    largest = max(float(np.abs(part).max()) for part in (train, test))
    everything = 4.0 * train.shape[1] * max(largest, 1.0)
    with np.errstate(over="ignore"):
        return float(min(np.float64(eps) / frame.scale, everything))


@dataclass(frozen=True)
class _Question:
    p: float
    eps: float
    alpha: float
    search: str
    margin: float
    error_rate: float
    frame: Frame

    def mass(self, s: int, m: int) -> float:
        """Return alpha and the margin for s points of selection and m of the test."""
        error = math.sqrt(self.alpha * (1.0 - self.alpha) * (1.0 / s + 1.0 / m))
        return min(self.alpha + self.margin * error, 1.0)


@dataclass
class _Steps:
    """Tells how many of all steps are done."""

    told: Told | None
    run: int
    runs: int
    done: int = 0
    total: int = 0

    def before(self, text: str) -> None:
        """Tell what is done next."""
        if self.told is not None:
            if self.runs > 1:
                text = f"{self.run + 1} of {self.runs}, {text}"
            begun = self.run * self.total + self.done
            self.told(text, begun, self.runs * self.total)


def _run(
    train: Float[NDArray, "n d"],
    test: Float[NDArray, "m d"],
    question: _Question,
    families: tuple[str, ...],
    selection: float,
    rng: np.random.Generator,
    steps: _Steps,
    folder: Path | None,
) -> tuple[tuple[RegionEstimate, ...], str]:
    n = train.shape[0]
    held = min(max(round(selection * n), 1), n - 2)
    order = rng.permutation(n)
    select = train[np.sort(order[:held])]
    fit = train[order[held:]].astype(np.float32)
    mass = question.mass(held, test.shape[0])
    tasks = [
        Task(
            fit=fit,
            select=select,
            p=question.p,
            eps=question.eps,
            mass=mass,
            full=question.search == "full",
            rng=random,
        )
        for random in rng.spawn(len(families))
    ]
    plans = [SEARCHES[name](task) for name, task in zip(families, tasks, strict=True)]
    steps.total = sum(map(len, plans))
    results = []
    for name, task, plan in zip(families, tasks, plans, strict=True):
        kept = None if folder is None else Checkpoint(folder, name, task)
        candidates, seconds = _searched(name, plan, steps, kept)
        start = time.perf_counter()
        region, t = _selected(candidates, select, mass, question.eps, task.full)
        seconds += time.perf_counter() - start
        results.append(
            _measured(name, region, t, (fit, select, test), question, seconds)
        )
    best = min(results, key=lambda result: result.selection_adversarial_risk)
    return tuple(results), best.family


def _searched(
    family: str,
    plan: list[Step],
    steps: _Steps,
    kept: Checkpoint | None,
) -> tuple[list[Candidate], float]:
    """Return all candidates of a family, and the seconds that finding them took."""
    found: list[list[Candidate]] = []
    total = 0.0
    for i, step in enumerate(plan):
        steps.before(f"{family}: {step.name}")
        at_hand = None if kept is None else kept.get(i)
        if at_hand is None:
            start = time.perf_counter()
            some = step.find(found)
            at_hand = some, time.perf_counter() - start
            if kept is not None:
                kept.put(i, *at_hand)
        found.append(at_hand[0])
        total += at_hand[1]
        steps.done += 1
    return [candidate for some in found for candidate in some], total


def _selected(
    candidates: list[Candidate],
    select: Float[NDArray, "n d"],
    mass: float,
    eps: float,
    full: bool,
) -> tuple[Region, float]:
    """Return a candidate whose enlargement holds least, and its threshold.

    The threshold is the one of the mass, or the candidate's own where that leaves at
    least the mass; in the published search the own one alone.

    Of equals the first is taken. The least of many counts is biased low, so that fresh
    data give more, but no other choice has less to expect: no candidate was fitted to
    these points.
    """
    options: list[tuple[Region, float]] = []
    near: list[int] = []
    for region, own in candidates:
        scores = region.score(select)
        thresholds = [threshold(scores, mass)]
        if own is not None and risk(scores, own) >= mass * scores.size:
            thresholds = [*thresholds, own] if full else [own]
        for t in thresholds:
            options.append((region, t))
            near.append(adversarial_risk(scores, t, eps))
    return options[int(np.argmin(near))]


def _measured(
    family: str,
    region: Region,
    t: float,
    parts: tuple[NDArray, NDArray, NDArray],
    question: _Question,
    seconds: float,
) -> RegionEstimate:
    inside, near = [], []
    for part in parts:
        scores = region.score(part)
        inside.append(risk(scores, t))
        near.append(adversarial_risk(scores, t, question.eps))
    n_fit, n_select, n = (part.shape[0] for part in parts)
    return RegionEstimate(
        family=family,
        region=region,
        threshold=t,
        frame=question.frame,
        risk=inside[2] / n,
        adversarial_risk=near[2] / n,
        risk_interval=clopper_pearson(inside[2], n, question.error_rate),
        adversarial_risk_interval=clopper_pearson(near[2], n, question.error_rate),
        selection_risk=inside[1] / n_select,
        selection_adversarial_risk=near[1] / n_select,
        fit_risk=inside[0] / n_fit,
        fit_adversarial_risk=near[0] / n_fit,
        seconds=seconds,
    )


def _families(family: str) -> tuple[str, ...]:
    choice("family", family, (*FAMILIES, "all"))
    return FAMILIES if family == "all" else (family,)


def _open_unit(name: str, value: float) -> float:
    return real(name, value, lower=0.0, upper=1.0, open_lower=True, open_upper=True)
