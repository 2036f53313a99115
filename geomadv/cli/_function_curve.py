"""Curves of functions and of quantities, with the theory beside them.

A function is called along one of its arguments, the others fixed. If it takes `rng`
and none is given, it is called several times at each point, each time with a generator
of its own, and the curve is that of the means with Student's intervals at 95 %; or, to
a width, with the point's generator, and the intervals hold together. The standard
errors enter the fit. The theory is an exponent, or a function that is called
with those of the same parameters that it takes.
"""

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from geomadv._random import spawn
from geomadv._typing import NDArray
from geomadv.cli._exits import refuse
from geomadv.cli._quantities import Quantity
from geomadv.cli._sampling import Sampling
from geomadv.cli._side_curves import SideCurves, bounds, settings, spaced

if TYPE_CHECKING:
    from geomadv.stats import SampledCurve

_MISS = 0.05
_PLAIN = Sampling()


class _Called(NamedTuple):
    """What is called, with its name, title and parameters."""

    name: str
    title: str
    function: Callable[..., Any]
    parameters: Sequence[str]

    def at(self, place: Mapping[str, Any]) -> float:
        try:
            return float(self.function(**place))
        except (ValueError, TypeError) as error:
            where = ", ".join(f"{k} = {v}" for k, v in place.items() if k != "rng")
            refuse("QUANTITY", f"{self.name} at {where}: {error}")


def function_curve(
    name: str,
    subject: "Quantity | str",
    over: str | None,
    at: Sequence[str],
    points: int,
    *,
    theory: str | None = None,
    sampling: Sampling = _PLAIN,
    seed: int = 0,
) -> SideCurves:
    """Evaluate a function, or a quantity of a space, along one of its arguments."""
    called = _quantity(name, subject) if isinstance(subject, Quantity) else _read(name)
    if over is None or "=" not in over:
        refuse("--over", f"must be ARGUMENT=LOW:HIGH for {name}, got {over!r}")
    axis, _, text = over.partition("=")
    takes = ", ".join(called.parameters)
    if axis not in called.parameters:
        refuse("--over", f"{name} takes {takes}, not {axis!r}")
    low, high = bounds(text)
    fixed = {key: _literal(value) for key, value in settings(at).items()}
    unknown = [key for key in fixed if key not in called.parameters]
    if unknown:
        refuse("--at", f"{name} takes {takes}, not {unknown[0]!r}")
    log = low > 0 and high >= 10 * low
    whole = low == int(low) and high == int(high) and high - low >= points
    x = list(spaced(low, high, points, log, whole))
    sampled = "rng" in called.parameters and "rng" not in fixed
    if not sampled:
        sampling.check(name)
    errors, intervals, curve = None, None, None
    if sampled and sampling.width is not None:
        curve = _to_width(called, fixed, axis, x, sampling, seed)
        values, errors = curve.mean.tolist(), curve.standard_error.tolist()
        intervals = [(i.lower, i.upper) for i in curve.intervals]
    elif sampled:
        draws = sampling.each
        means = [_mean(called, {**fixed, axis: v}, draws, seed) for v in x]
        values = [mean for mean, _, _ in means]
        errors = [error for _, error, _ in means]
        intervals = [(m - radius, m + radius) for m, _, radius in means]
    else:
        values = [called.at({**fixed, axis: v}) for v in x]
    sides, exponent = {"value": values}, _number(theory)
    if theory is not None and exponent is None:
        sides["theory"] = _beside(theory, fixed, axis, x)
    return SideCurves(
        name,
        called.title,
        axis,
        log,
        fixed,
        x,
        sides,
        intervals,
        [t - v for t, v in zip(sides["theory"], values, strict=True)]
        if "theory" in sides
        else None,
        errors=errors,
        exponent=exponent,
        curve=curve,
    )


def _mean(
    called: _Called, place: Mapping[str, Any], draws: int, seed: int
) -> tuple[float, float, float]:
    """Return the mean of some draws, its standard error and its interval's radius."""
    from scipy.special import stdtrit

    values = [
        called.at({**place, "rng": spawn(seed, "scale", sorted(place.items()), i)})
        for i in range(draws)
    ]
    mean = math.fsum(values) / draws
    square = math.fsum((v - mean) ** 2 for v in values) / (draws - 1)
    error = math.sqrt(square / draws)
    return mean, error, -float(stdtrit(draws - 1, _MISS / 2)) * error


def _to_width(
    called: _Called,
    fixed: Mapping[str, Any],
    axis: str,
    x: Sequence[float],
    sampling: Sampling,
    seed: int,
) -> "SampledCurve":
    """Call a function until the interval of each mean is narrow."""
    low, high = sampling.span or (0.0, 1.0)
    places = dict(zip(map(float, x), x, strict=True))  # whole numbers stay whole

    def draw(value: float, n: int, rng: np.random.Generator) -> NDArray:
        place = {**fixed, axis: places[value], "rng": rng}
        found = np.array([called.at(place) for _ in range(n)])
        outside = found[~((low <= found) & (found <= high))]
        if outside.size:
            refuse(
                "--range",
                f"must hold all that {called.name} returns, {low:g}:{high:g} does not "
                f"hold {outside[0]:g} at {axis} = {places[value]:g}",
            )
        return found

    return sampling.curve(draw, x, seed, [(low, high)] * len(x))


def _beside(
    theory: str, fixed: Mapping[str, Any], axis: str, x: Sequence[float]
) -> list[float]:
    """Evaluate the theory at the same places."""
    if ":" not in theory:
        refuse("--theory", f"must be an exponent or MODULE:FUNCTION, got {theory!r}")
    called = _read(theory)
    if axis not in called.parameters:
        takes = ", ".join(called.parameters)
        refuse("--theory", f"{theory} takes {takes}, not {axis!r}")
    shared = {k: v for k, v in fixed.items() if k in called.parameters}
    return [called.at({**shared, axis: value}) for value in x]


def _number(theory: str | None) -> float | None:
    try:
        value = float(theory or "")
    except ValueError:
        return None
    if not math.isfinite(value):
        refuse("--theory", f"must be a finite exponent or a function, got {theory!r}")
    return value


def _quantity(name: str, quantity: Quantity) -> _Called:
    def value(d: int, **options: Any) -> float:
        return quantity.value(d, options)

    return _Called(name, quantity.title, value, ("d", *quantity.options))


def _read(name: str) -> _Called:
    function = _function(name)
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        refuse("QUANTITY", f"{name} has no signature that Python knows")
    title = (inspect.getdoc(function) or name).partition("\n")[0]
    return _Called(name, title, function, tuple(parameters))


def _function(name: str) -> Callable[..., Any]:
    module, _, attribute = name.rpartition(":")
    if module.endswith(".py"):
        from geomadv.studies._find import _from_file

        if not Path(module).is_file():
            refuse("QUANTITY", f"there is no file {module}")
        loaded: Any = _from_file(Path(module))
    elif module == "geomadv" or module.startswith("geomadv."):
        import importlib

        try:
            loaded = importlib.import_module(module)
        except ImportError:
            refuse("QUANTITY", f"there is no module {module}")
    else:
        refuse(
            "QUANTITY",
            f"must be geomadv.MODULE:FUNCTION or FILE.py:FUNCTION, got {name!r}",
        )
    function = getattr(loaded, attribute, None)
    if not callable(function):
        refuse("QUANTITY", f"{module} has no function {attribute!r}")
    return function


def _literal(text: str) -> Any:
    """Read a whole number, a number, a truth value, or a word."""
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return {"True": True, "False": False, "None": None}.get(text, text)
