"""Descents from several starts, for programs that are not convex."""

import math
from typing import NamedTuple

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.classifiers._divergences import Jet
from geomadv.classifiers._minimax import Cost, Problem, Solution, solve, stay

_MULTIPLES = 2.0 ** np.arange(-2.0, 6.0)


class Convex(NamedTuple):
    """A convex program to start from, and whether it is below the one to be solved."""

    cost: Cost
    size: float
    below: bool


class Program(NamedTuple):
    """h(f, r), the size and norm of perturbations, and starts: none if it is convex."""

    cost: Cost
    size: float
    p: float
    starts: tuple[Convex, ...]


def best(
    program: Program, X: Float[NDArray, "n d"], alpha: float, scale: float, b: float
) -> tuple[Solution, float]:
    """Return the best of all descents, and the best bound of convex programs below.

    The first one starts at w = 0 and the offset b that is best there.
    """
    zero, p = np.zeros(X.shape[1]), program.p
    problem = _problem(X, program.cost, alpha, program.size / scale, p)
    found, lower = [stay(problem, zero, b), solve(problem, zero, b)], -math.inf
    for start in program.starts:
        easier = _problem(X, start.cost, alpha, start.size / scale, p)
        at = solve(easier, zero, b)
        if start.below:
            lower = max(lower, at.objective - max(at.difference, 0.0))
        values = [problem.objective(t * at.w, t * at.b) for t in _MULTIPLES]
        t = float(_MULTIPLES[int(np.argmin(values))])
        found.append(solve(problem, t * at.w, t * at.b))
    least = min(solution.objective for solution in found)
    margin = 1e-12 * abs(least)
    near = [solution for solution in found if solution.objective <= least + margin]
    return min(near, key=lambda solution: abs(solution.difference)), lower


def _problem(
    X: Float[NDArray, "n d"], cost: Cost, alpha: float, size: float, p: float
) -> Problem:
    """Return a problem, r being in units of a small size."""
    unit = min(size, 1.0) or 1.0

    def scaled(f: NDArray, r: float) -> Jet:
        jet = cost(f, unit * r)
        return jet._replace(r=unit * jet.r, fr=unit * jet.fr, rr=unit**2 * jet.rr)

    return Problem(X, scaled, alpha, size / unit, p)
