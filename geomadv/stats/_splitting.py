r"""Rare events by multilevel splitting: P(score(X) >= threshold), for any score.

Levels l_1 < ... < l_m = threshold cut the event into steps that are not rare,

    p = P(S >= l_1) P(S >= l_2 | S >= l_1) ... P(S >= l_m | S >= l_{m-1}),

and n particles climb them. At each level the share R_j that has reached it is counted,
n particles are drawn again from those, and each makes a few moves of a Markov chain
that leaves the law of X given S >= l_j unchanged: a reversible move of the law of X
that is refused where the score falls below l_j. The product of the R_j has mean p
*exactly*, whatever n, the levels and the moves, as long as these were chosen before the
run (Del Moral 2004, Theorem 7.4.2; given the particles of level j - 1 all that follows
has the mean of their weights). A pilot run chooses the levels, as quantiles of the
score, and the sizes of the moves; it takes no part in the estimate.

Several independent runs give the interval. The logarithm of a product of many averages
is nearly normal, so that Z = log of an estimate has mean log p - s^2/2 and variance
s^2, and Cox's interval for the mean of a lognormal law is

    mean(Z) + s^2 / 2 -+ t sqrt(s^2 / k + s^4 / (2 (k - 1))),

t the quantile of Student's law with k - 1 degrees of freedom, k the number of runs. It
is wide where runs disagree; its coverage is measured in the tests. If a run dies out,
nothing can be said about the logarithm from below, and nothing is.

The moves are those of Neal's autoregressive chain, y = r x + sqrt(1 - r^2) z with a
fresh Gaussian z, under which N(0, I) is reversible. On the sphere x is first given a
length of the chi law, independent of its direction, and y is projected back.

References
----------
P. Del Moral, Feynman-Kac Formulae, Springer 2004 (numbering unverified). F. Cerou and
A. Guyader, "Adaptive multilevel splitting for rare event analysis", Stochastic Analysis
and Applications 25 (2007) 417-443. R. M. Neal, "Regression and classification using
Gaussian process priors", Bayesian Statistics 6 (1999) 475-501. X.-H. Zhou and S. Gao,
"Confidence intervals for the log-normal mean", Statistics in Medicine 16 (1997)
783-790 (Cox's interval).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from geomadv._random import generator
from geomadv._typing import Float, NDArray
from geomadv._validate import choice, integer, real
from geomadv.stats._error_rates import checked_error_rate
from geomadv.stats._interval import Interval

Score = Callable[[NDArray], NDArray]

_SHARE = 0.2  # of the particles that reach the next level in the pilot run
_ACCEPTED = 0.35  # share of moves that the pilot run aims at
_MOST_LEVELS = 2000


@dataclass(frozen=True)
class RareEvent:
    """A small probability, in logarithms.

    Parameters
    ----------
    log_probability : float
        The estimate; -inf if no run reached the event.
    log_interval : Interval
        The confidence interval for the logarithm; its lower end is -inf where nothing
        is known from below.
    error_rate : float
        The probability with which the interval misses, under the assumptions of the
        method.
    evaluations : int
        Points at which the score was evaluated, those of the pilot run included, or
        draws of the sum.
    levels : tuple of float
        The levels of splitting; the last is the threshold.
    """

    log_probability: float
    log_interval: Interval
    error_rate: float
    evaluations: int
    levels: tuple[float, ...] = ()

    @property
    def probability(self) -> float:
        """The estimate; 0 where it is below the range of floats."""
        return math.exp(self.log_probability)

    @property
    def interval(self) -> Interval:
        """The interval for the probability."""
        lower, upper = self.log_interval.lower, self.log_interval.upper
        return Interval(math.exp(lower), min(math.exp(min(upper, 0.0)), 1.0))


def splitting_tail(
    score: Score,
    threshold: float,
    d: int,
    *,
    law: str = "gaussian",
    rng: np.random.Generator | int,
    particles: int = 1000,
    runs: int = 20,
    sweeps: int = 10,
    error_rate: float = 0.05,
) -> RareEvent:
    """Return the probability that a score reaches a threshold, however small it is.

    Parameters
    ----------
    score : callable
        ``score(X)`` gives one number for each row of X, of shape (n, d). It is called
        with many rows at once.
    threshold : float
        The event is ``score >= threshold``.
    d : int
        The dimension.
    law : {"gaussian", "sphere"}
        The law of the points: standard normal, or uniform on the unit sphere.
    rng : numpy.random.Generator or int
        The source of randomness.
    particles : int
        Points in each run, at least 20.
    runs : int
        Independent runs, at least 3, from whose scatter the interval comes.
    sweeps : int
        Moves of each particle at each level.
    error_rate : float
        The nominal probability, in (0, 1), that the interval misses.

    Returns
    -------
    RareEvent

    Raises
    ------
    ValueError, TypeError
        If an argument is out of range, or the score returns something else than one
        number for each row, none of them NaN.

    See Also
    --------
    tilted_quadratic_tail : quadratic forms, with an interval that is not asymptotic.

    Notes
    -----
    The estimate is unbiased. Of 2700 intervals at 95 % (half-spaces, caps and quadratic
    forms, d = 2 to 30, probabilities 1e-3 to 1e-9, 200 particles, 10 runs), 95.6 %
    covered. At the default sizes 1e-9 is known within 10 % or so after 2.7 million
    evaluations (.4 s in 10 dimensions, 3 s in 100), where plain
    sampling needs 4e11. The event may have several parts, as long as particles of
    the first levels are near each of them; a part that no particle comes near is
    missed, as in any simulation.

    Examples
    --------
    The tail of a normal variable at six standard deviations, in ten dimensions:

    >>> tail = splitting_tail(lambda X: X[:, 0], 6.0, 10, rng=0, particles=300)
    >>> abs(tail.probability / 9.866e-10 - 1) < 0.2, 9.866e-10 in tail.interval
    (True, True)
    """
    threshold = real("threshold", threshold)
    d = integer("d", d, minimum=1)
    law = choice("law", law, ("gaussian", "sphere"))
    particles = integer("particles", particles, minimum=20)
    runs = integer("runs", runs, minimum=3)
    sweeps = integer("sweeps", sweeps, minimum=1)
    error_rate = checked_error_rate(error_rate)
    walk = _Walk(score, d, law == "sphere", generator(rng), sweeps)
    plan = walk.pilot(threshold, particles)
    logs = np.array([walk.run(plan, particles) for _ in range(runs)])
    estimate, interval = _summary(logs, error_rate)
    return RareEvent(
        estimate,
        interval,
        error_rate,
        walk.evaluations,
        tuple(level for level, _ in plan),
    )


class _Walk:
    """Particles, their moves, and the count of evaluations."""

    def __init__(
        self,
        score: Score,
        d: int,
        sphere: bool,
        rng: np.random.Generator,
        sweeps: int,
    ) -> None:
        self._score, self._d, self._sphere = score, d, sphere
        self._rng, self._sweeps = rng, sweeps
        self.evaluations = 0

    def pilot(self, threshold: float, n: int) -> list[tuple[float, float]]:
        """Return the levels with the size of the moves at each."""
        x, s = self._start(n)
        size = 1.0
        plan: list[tuple[float, float]] = []
        last = float(s.min())
        while True:
            level = float(np.quantile(s, 1 - _SHARE))
            if level <= last:  # ties: the least score that is a step up
                level = float(s[s > last].min(initial=math.inf))
            chosen = np.flatnonzero(s >= level)
            if level >= threshold or chosen.size == 0 or len(plan) == _MOST_LEVELS:
                plan.append((threshold, size))
                return plan
            last = level
            chosen = self._rng.choice(chosen, n)
            x, s = x[chosen], s[chosen]
            for sweep in range(2 * self._sweeps):
                x, s, accepted = self._moved(x, s, level, size)
                gain = 2.0 / (1 + sweep) ** 0.5
                size = math.exp(
                    min(math.log(size) + gain * (accepted - _ACCEPTED), 0.0)
                )
            plan.append((level, size))

    def run(self, plan: list[tuple[float, float]], n: int) -> float:
        """Return the logarithm of one unbiased estimate; -inf if all died."""
        x, s = self._start(n)
        log_p = 0.0
        for step, (level, size) in enumerate(plan):
            chosen = np.flatnonzero(s >= level)
            if chosen.size == 0:
                return -math.inf
            log_p += math.log(chosen.size / n)
            if step + 1 == len(plan):
                break
            chosen = self._rng.choice(chosen, n)
            x, s = x[chosen], s[chosen]
            for _ in range(self._sweeps):
                x, s, _ = self._moved(x, s, level, size)
        return log_p

    def _start(self, n: int) -> tuple[NDArray, NDArray]:
        x = self._rng.standard_normal((n, self._d))
        if self._sphere:
            x /= np.linalg.norm(x, axis=1, keepdims=True)
        return x, self._scores(x)

    def _moved(
        self, x: NDArray, s: NDArray, level: float, size: float
    ) -> tuple[NDArray, NDArray, float]:
        """Propose a move for each particle and keep those above the level."""
        y = self._rng.standard_normal(x.shape)
        y *= size
        scale = math.sqrt(max(1 - size * size, 0.0))
        if self._sphere:
            length = np.sqrt(self._rng.chisquare(self._d, len(x)))
            y += (scale * length)[:, None] * x
            y /= np.linalg.norm(y, axis=1, keepdims=True)
        else:
            y += scale * x
        scores = self._scores(y)
        up = scores >= level
        return (
            np.where(up[:, None], y, x),
            np.where(up, scores, s),
            float(up.mean()),
        )

    def _scores(self, x: NDArray) -> Float[NDArray, " n"]:
        scores = np.asarray(self._score(x), dtype=np.float64)
        if scores.shape != (len(x),) or np.isnan(scores).any():
            raise ValueError(
                "score must return one number for each row, none of them NaN; "
                f"got shape {scores.shape} for {len(x)} rows"
                + (", with NaN" if np.isnan(scores).any() else "")
            )
        self.evaluations += len(x)
        return scores


def _summary(logs: NDArray, error_rate: float) -> tuple[float, Interval]:
    """Return the logarithm of the mean and Cox's interval."""
    if np.isneginf(logs).any():
        top = float(logs.max())
        share = math.log(np.exp(logs - top).mean()) if top > -math.inf else 0.0
        return top + share, Interval(-math.inf, 0.0)
    top = float(logs.max())
    estimate = top + math.log(np.exp(logs - top).mean())
    k, variance = logs.size, float(logs.var(ddof=1))
    centre = float(logs.mean()) + variance / 2
    quantile = -special.stdtrit(k - 1, error_rate / 2)
    radius = float(quantile) * math.sqrt(variance / k + variance**2 / (2 * (k - 1)))
    return estimate, Interval(centre - radius, min(centre + radius, 0.0))
