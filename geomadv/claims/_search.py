r"""The search for a point at which a relation fails.

The objective is the relative slack, in the coordinates of `Cell`. It is looked at

1. where mistakes are likely: typical values, ends of ranges, small integers;
2. along lines through such points, which finds a narrow dip in one parameter where the
   others are at their edges (a descent would run to where the two sides are equal);
3. by Hypothesis with the slack as its target (MacIver, Donaldson 2020, "Test-case
   reduction via test-case generation"), again and again where a parameter is drawn
   from a `Family`; the others then move with a member held fast;
4. until the time is over, by local descents (Nelder, Mead 1965) from the best points
   and from random ones, along more lines, and by differential evolution (Storn, Price
   1997), in turn.
"""

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from geomadv._typing import Float, NDArray
from geomadv.claims._domain import Domain, strategy
from geomadv.claims._family import has_family, without_files
from geomadv.claims._space import (
    Cell,
    cells,
    coordinate,
    count,
    everything,
    landmarks,
)

_FEW = 4000
_LINES = 24
_STOPS = 33
_EXAMPLES = 200
_KEPT = 12


class Stop(Exception):  # noqa: N818 - the search is over, nothing is wrong
    """The search ends: something was found, or the time is over."""


@dataclass
class Objective:
    """The relative slack at a point, with what was seen so far.

    Parameters
    ----------
    score : callable
        The relative slack at a point, which may raise `Stop`.
    deadline : float
        When to stop, on the clock of `time.monotonic`.
    first_look : callable
        What to do once the landmarks were seen; it may raise `Stop`.
    """

    score: Callable[[dict[str, Any]], float]
    deadline: float
    first_look: Callable[[], None] = lambda: None
    evaluations: int = 0
    undecided: int = 0
    first_error: str = ""
    best: list[tuple[float, int, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, point: dict[str, Any]) -> float:
        """Return the slack; infinite where it cannot be computed."""
        if time.monotonic() > self.deadline:
            raise Stop
        self.evaluations += 1
        try:
            score = float(self.score(point))
        except Stop:
            raise
        except Exception as error:  # noqa: BLE001 - the search goes on elsewhere
            score = math.nan
            self.first_error = self.first_error or (
                f"{type(error).__name__} at {point}: {error}"
            )
        if math.isnan(score):
            self.undecided += 1
            return math.inf
        self.best.append((score, self.evaluations, point))
        if len(self.best) > 4 * _KEPT:
            self.best = sorted(self.best, key=lambda entry: entry[:2])[:_KEPT]
        return score

    def leaders(self) -> list[dict[str, Any]]:
        """Return the points of least slack, the least first."""
        ordered = sorted(self.best, key=lambda entry: entry[:2])[:_KEPT]
        return [point for _, _, point in ordered]


def search(
    objective: Objective,
    domain: Domain,
    where: Callable[..., bool] | None,
    axis: str | None,
    rng: np.random.Generator,
) -> bool:
    """Search a domain until the objective stops; return whether all of it was seen."""
    all_cells = list(cells(domain, where, axis))
    if count(domain, axis) <= 5 * _FEW:
        for point in everything(domain, axis):
            if all_cells[0].allows(point):
                objective(point)
        return True
    first = all_cells[0]
    _seen(objective, first, _typical(first, rng))
    objective.first_look()
    _seen(objective, first, _landmarks(first, rng))
    _lines(objective, all_cells, rng)
    _hypothesis(objective, first, rng)
    for turn in itertools.count():
        if has_family(domain) and turn % 2 == 0:
            _hypothesis(objective, first, rng)
        cell = _chosen(all_cells, objective, turn, rng)
        if turn % 4 == 3:
            _evolve(objective, cell, rng)
        elif turn % 4 == 1 and cell.free:
            _line(objective, cell, str(rng.choice(list(cell.free))), rng.random(9), rng)
        else:
            _descend(objective, cell, turn, rng)
    return False


def _seen(objective: Objective, cell: Cell, points: Iterable[dict[str, Any]]) -> None:
    for point in points:
        if cell.allows(point):
            objective(point)


def _typical(cell: Cell, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    return _combined(cell, [p.typical for p in cell.domain.values()], rng)


def _landmarks(cell: Cell, rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    return _combined(cell, [landmarks(p) for p in cell.domain.values()], rng)


def _combined(
    cell: Cell, values: list[Any], rng: np.random.Generator
) -> Iterator[dict[str, Any]]:
    for one in _product(values, rng):
        yield dict(zip(cell.domain, one, strict=True))


def _product(values: list[Any], rng: np.random.Generator) -> Iterator[tuple[Any, ...]]:
    total = math.prod(map(len, values))
    if total <= _FEW:
        yield from itertools.product(*values)
        return
    for _ in range(_FEW):
        yield tuple(v[int(rng.integers(len(v)))] for v in values)


def _lines(
    objective: Objective, all_cells: list[Cell], rng: np.random.Generator
) -> None:
    """Look along lines, those through the low ends of the other parameters first."""
    for low in range(_LINES):
        for cell in _some(all_cells, rng):
            for name in cell.free:
                shares = np.zeros(9) if low == 0 else rng.random(9) ** 2
                _line(objective, cell, name, shares, rng)


def _some(all_cells: list[Cell], rng: np.random.Generator) -> list[Cell]:
    """Return all cells, or as many as lines are worth it."""
    if len(all_cells) <= 8:
        return all_cells
    return [all_cells[int(i)] for i in rng.permutation(len(all_cells))[:8]]


def _line(
    objective: Objective,
    cell: Cell,
    name: str,
    shares: Float[NDArray, " k"],
    rng: np.random.Generator,
) -> None:
    """Look at one parameter with the others at landmarks, and into each of its dips."""
    from scipy.optimize import minimize_scalar

    u = np.empty(len(cell.free))
    for place, parameter in enumerate(cell.free.values()):
        marks = landmarks(parameter)
        mark = marks[int(shares[place % len(shares)] * len(marks))]
        u[place] = coordinate(parameter, mark)
    free = list(cell.free).index(name)
    function = _function(objective, cell)

    def at(x: float) -> float:
        u[free] = x
        return function(u)

    stops = (np.arange(_STOPS) + rng.random()) / _STOPS
    values = [at(float(x)) for x in stops]
    for k in range(1, _STOPS - 1):
        if values[k - 1] > values[k] < values[k + 1]:
            # no bracket, which a random slack need not be the next time
            ends = (float(stops[k - 1]), float(stops[k + 1]))
            minimize_scalar(at, bounds=ends, method="bounded", options={"maxiter": 25})


def _hypothesis(objective: Objective, cell: Cell, rng: np.random.Generator) -> None:
    """Let Hypothesis look for a small slack, if it is installed."""
    try:
        import hypothesis
    except ImportError:
        return
    over = False

    def look(point: dict[str, Any]) -> None:
        nonlocal over
        if over or not cell.allows(point):
            return
        try:
            slack = objective(point)
        except Stop:
            over = True
            return
        if math.isfinite(slack):
            hypothesis.target(-slack)

    given: Any = hypothesis.given(strategy(cell.domain))
    run = hypothesis.seed(int(rng.integers(2**32)))(given(look))
    settings: Any = hypothesis.settings(
        max_examples=_EXAMPLES,
        database=None,
        deadline=None,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.target),
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    with without_files():
        settings(run)()
    if over:
        raise Stop


def _chosen(
    all_cells: list[Cell], objective: Objective, turn: int, rng: np.random.Generator
) -> Cell:
    """Return the cell of one of the leaders, or a random one every other time."""
    leaders = objective.leaders()
    if leaders and turn % 2 == 0:
        leader = leaders[(turn // 2) % len(leaders)]
        one = all_cells[0]
        fixed = {name: leader[name] for name in one.fixed}
        return Cell(one.domain, fixed, one.where)
    return all_cells[int(rng.integers(len(all_cells)))]


def _function(objective: Objective, cell: Cell) -> Callable[[Any], float]:
    def function(u: Any) -> float:
        point = cell.point(np.asarray(u))
        return objective(point) if cell.allows(point) else math.inf

    return function


def _descend(
    objective: Objective, cell: Cell, turn: int, rng: np.random.Generator
) -> None:
    """Descend from a leader of the cell, or from the best of some random points."""
    from scipy.optimize import minimize

    size = len(cell.free)
    if size == 0:
        objective(cell.point(np.zeros(0)))
        return
    function = _function(objective, cell)
    starts = [leader for leader in objective.leaders() if cell.holds(leader)]
    if starts and turn % 2 == 0:
        start = cell.coordinates(starts[(turn // 2) % len(starts)])
    else:
        tried = rng.random((16, size))
        start = tried[int(np.argmin([function(u) for u in tried]))]
    width = float(rng.choice([0.3, 0.05, 0.005]))
    corners = np.clip(start, 0, 1) + width * np.where(start > 0.5, -1, 1) * np.eye(size)
    simplex = np.vstack([np.clip(start, 0, 1), corners])
    minimize(
        function,
        start,
        method="Nelder-Mead",
        bounds=[(0, 1)] * size,
        options={"initial_simplex": simplex, "maxfev": 60 * size, "xatol": 1e-9},
    )


def _evolve(objective: Objective, cell: Cell, rng: np.random.Generator) -> None:
    from scipy.optimize import differential_evolution

    size = len(cell.free)
    if size:
        differential_evolution(
            lambda u: min(_function(objective, cell)(u), 1e300),
            [(0, 1)] * size,
            maxiter=12,
            popsize=8,
            polish=False,
            rng=rng,
        )
