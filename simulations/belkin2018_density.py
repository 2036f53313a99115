"""Errors of an interpolating classifier become rare, and stay dense.

Claim: with growing k, weighted interpolated nearest neighbours (wiNN) err on a set of
ever smaller measure, while that set stays as dense as the mislabelled training points,
which know nothing of k (Belkin, Hsu, Mitra 2018, Theorem 5.1); and at a fixed number of
points its covering radius grows quickly with the dimension, like (ln m/(m omega_d))^1/d
for m mislabelled points.

Grid: the torus of side 1, a Bayes rule that is constant and a fifth of the labels
wrong. "measure": 5000 points of the plane, k from 1 to 60, weights -ln z. "dimension":
2000 points, d from 1 to 8. "rate": 250 to 8000 points in d = 1, 2, 3.
Cost: about 45 seconds of one core.
Picture: above, the error sets of one sample in a window of the plane: blotches for one
neighbour, dust for sixty, with the same mislabelled points in it. Below: the measure
falls by orders of magnitude along its curve, the radius is a horizontal line; radii
that rise with d; and radii that fall along lines of slope 1/d.

Choices. The covering radius is that of the mislabelled training points, a part of the
error set: an upper bound of the set's own. It is exact for d <= 3, a bracket by branch
and bound to a tenth for d <= 6 and by probes beyond (its middle is drawn). Measures are
shares of 40 000 fresh points. For three k the set's own radius is bracketed, from below
by a ball that is certainly free of errors: for one neighbour it is smaller than that of
the mislabelled points, by the size of the blotches; for sixty it is the same to one per
cent, so that the set is no denser than these points.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from geomadv._random import spawn
from geomadv.classifiers import WeightedInterpolatedNN
from geomadv.data import NoisyLabels
from geomadv.error_sets import (
    covering_radius,
    error_covering_radius,
    mislabelled_points,
)
from geomadv.error_sets import measure as error_measure
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.spaces import Cube
from geomadv.stats import fit_power_law
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.oscillation.belkin2018 import (
    error_share,
    radius_lower_bound,
    radius_scale,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Value = str | int | float | bool

NOISE, POINTS, QUERIES = 0.2, 5000, 40_000
NEIGHBOURS = (1, 3, 6, 11, 21, 31, 60)
DIMENSIONS, FIXED = (1, 2, 3, 4, 5, 6, 8), 2000
SIZES, LOW = (250, 500, 1000, 2000, 4000, 8000), (1, 2, 3)
SHOWN, WINDOW, PIXELS = (1, 11, 60), 0.3, 300
PROBES, BOXES = 4000, 60_000  # for the error set's own radius

CELLS = (
    *(f"measure {k}" for k in NEIGHBOURS),
    *(f"dimension {d}" for d in DIMENSIONS),
    *(f"rate {d} {n}" for d in LOW for n in SIZES),
)


def problem(d: int) -> NoisyLabels:
    """Return the torus with a constant Bayes rule and noise."""
    return NoisyLabels.constant_noise("torus", 1, NOISE, d=d)


def plane() -> tuple[np.ndarray, np.ndarray]:
    """Return the one training set in the plane that all k share."""
    return problem(2).sample(POINTS, spawn(0, "belkin2018_density"))


def radius(d: int, n: int, rng: np.random.Generator) -> tuple[int, float, float]:
    """Return how many of n points are mislabelled, and bounds of their radius."""
    X, y = problem(d).sample(n, rng)
    noisy = mislabelled_points(X, y, 1)
    found = covering_radius(noisy, "torus", rtol=0.1, budget=100_000, rng=rng)
    return len(noisy), found.lower, found.upper


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Measure the share of errors, or a covering radius."""
    kind, *rest = str(cell["cell"]).split()
    numbers = [int(word) for word in rest]
    own_low, own_high = 0.0, math.inf
    if kind == "measure":
        k = numbers[0]
        X, y = plane()
        model = WeightedInterpolatedNN(k, domain="torus").fit(X, y)
        noisy = mislabelled_points(X, y, 1)
        share = error_measure(model, 1, Cube(2), rng=rng, n=QUERIES)
        wrong = float((model.predict(noisy) == -1).mean())
        exact = covering_radius(noisy, "torus").upper
        size, low, high = float(k), exact, exact
        if k in SHOWN:
            own = error_covering_radius(
                model, 1, "torus", error_points=noisy, probes=PROBES, budget=BOXES
            )
            own_low, own_high = own.lower, own.upper
        predicted = float(error_share(k, NOISE))
        lower, upper = share.lower, share.upper
        m, d = len(noisy), 2
    else:
        d, n = numbers[0], numbers[1] if kind == "rate" else FIXED
        repetitions = 8 if d == 1 else 4 if d == 2 else 1
        found = [radius(d, n, rng) for _ in range(repetitions)]
        m = round(float(np.mean([f[0] for f in found])))
        low, high = (float(np.mean([f[i] for f in found])) for i in (1, 2))
        size = float(d if kind == "dimension" else n)
        predicted, lower, upper, wrong = NOISE, 0.0, 1.0, 1.0
    return {
        "x": size,
        "dimension": float(d),
        "mislabelled": float(m),
        "wrong_at_mislabelled": wrong,
        "measure_low": lower,
        "measure_high": upper,
        "measure_predicted": predicted,
        "radius_low": low,
        "radius_high": high,
        "own_radius_low": own_low,
        "own_radius_high": min(own_high, high),
        "radius_scale": float(radius_scale(m, d)),
        "radius_least": float(radius_lower_bound(m, d)),
    }


def chosen(rows: Sequence[Mapping[str, Value]], kind: str) -> list[dict[str, float]]:
    """Return the rows of a kind of cell, as numbers."""
    return [
        {key: float(row[key]) for key in row if key not in ("cell", "kind")}
        for row in rows
        if str(row["cell"]).startswith(kind)
    ]


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return how far the measure falls, the radius, and fitted exponents."""
    result: dict[str, float] = {}
    measured = chosen(rows, "measure")
    if measured:
        first, last = measured[0], measured[-1]
        result["measure_of_the_first_k"] = first["measure_low"]
        result["measure_of_the_last_k_at_most"] = last["measure_high"]
        result["radius_of_the_first_k"] = first["radius_low"]
        result["radius_of_the_last_k"] = last["radius_low"]
        result["own_radius_of_the_first_k_at_most"] = first["own_radius_high"]
        result["own_radius_of_the_last_k_at_least"] = last["own_radius_low"]
        result["mislabelled_points_in_the_error_set"] = min(
            row["wrong_at_mislabelled"] for row in measured
        )
    for d in LOW:
        curve = chosen(rows, f"rate {d} ")
        if len(curve) >= 3:
            scale = [math.log(row["mislabelled"]) / row["mislabelled"] for row in curve]
            fit = fit_power_law(scale, [row["radius_high"] for row in curve])
            result[f"exponent_times_d_{d}"] = d * float(fit.exponent)
    for row in chosen(rows, "dimension"):
        result[f"radius_d_{row['dimension']:g}"] = (
            row["radius_low"] + row["radius_high"]
        ) / 2
    return result


def draw_errors(axes: "Axes", k: int) -> None:
    """Draw the error set in a window of the plane, and the mislabelled points."""
    X, y = plane()
    model = WeightedInterpolatedNN(k, domain="torus").fit(X, y)
    ticks = (np.arange(PIXELS) + 0.5) / PIXELS * WINDOW
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    wrong = (model.predict(grid) == -1).reshape(PIXELS, PIXELS)
    axes.imshow(
        np.where(wrong[..., None], (0.84, 0.37, 0.0), (0.93, 0.95, 0.97)),
        extent=(0, WINDOW, 0, WINDOW),
        origin="lower",
        interpolation="none",
    )
    noisy = mislabelled_points(X, y, 1)
    noisy = noisy[(noisy < WINDOW).all(axis=1)]
    axes.plot(*noisy.T, ".", color=PALETTE["black"], ms=1.6, mew=0)
    name = "one neighbour" if k == 1 else f"{k} neighbours"
    axes.set_title(f"{name}: {wrong.mean():.1%} wrong")
    axes.set(xticks=(), yticks=(), xlim=(0, WINDOW), ylim=(0, WINDOW))
    axes.grid(False)


def draw_measure(axes: "Axes", rows: Sequence[dict[str, float]]) -> None:
    """Draw measure and radius against the number of neighbours."""
    k = [row["x"] for row in rows]
    seen = [row for row in rows if row["measure_low"] > 0]
    unseen = [row for row in rows if row["measure_low"] == 0]
    low = np.array([row["measure_low"] for row in seen])
    high = np.array([row["measure_high"] for row in seen])
    axes.errorbar(
        [row["x"] for row in seen],
        (low + high) / 2,
        (high - low) / 2,
        fmt="o",
        color=PALETTE["blue"],
        label="measure of the errors",
    )
    axes.plot(
        [row["x"] for row in unseen],
        [row["measure_high"] for row in unseen],
        "v",
        mfc="none",
        color=PALETTE["blue"],
        label="at most",
    )
    axes.plot(
        k,
        [row["measure_predicted"] for row in rows],
        color=PALETTE["grey"],
        label="its mean, in the limit",
    )
    axes.plot(
        k,
        [row["radius_low"] for row in rows],
        "s-",
        color=PALETTE["vermilion"],
        label="mislabelled points' radius",
    )
    own = [row for row in rows if row["own_radius_low"] > 0]
    low = np.array([row["own_radius_low"] for row in own])
    high = np.array([row["own_radius_high"] for row in own])
    axes.errorbar(
        [row["x"] for row in own],
        (low + high) / 2,
        (high - low) / 2,
        fmt="_",
        capsize=2,
        zorder=5,
        color=PALETTE["black"],
        label="the errors' own radius",
    )
    axes.set_yscale("log")
    axes.set(xlabel="neighbours $k$", ylim=(2e-5, 100))
    axes.legend(loc="upper right")


def draw_dimension(axes: "Axes", rows: Sequence[dict[str, float]]) -> None:
    """Draw radii against the dimension."""
    d = [row["x"] for row in rows]
    low = np.array([row["radius_low"] for row in rows])
    high = np.array([row["radius_high"] for row in rows])
    axes.errorbar(
        d, (low + high) / 2, (high - low) / 2, fmt="s", label="covering radius"
    )
    axes.plot(
        d, [row["radius_scale"] for row in rows], label="$(\\ln m/m\\omega_d)^{1/d}$"
    )
    axes.plot(
        d,
        [row["radius_least"] for row in rows],
        ":",
        color=PALETTE["grey"],
        label="any $m$ points",
    )
    axes.set(xlabel="dimension $d$", ylim=(0, 1.3))
    axes.legend(loc="upper left")


def draw_rate(axes: "Axes", rows: Sequence[Mapping[str, Value]]) -> None:
    """Draw radii against the number of mislabelled points, with fits."""
    for d in LOW:
        curve = chosen(rows, f"rate {d} ")
        if not curve:
            continue
        m = np.array([row["mislabelled"] for row in curve])
        x, r = np.log(m) / m, np.array([row["radius_high"] for row in curve])
        (points,) = axes.loglog(x, r, "s", label=f"$d = {d}$")
        if len(curve) >= 3:
            fit = fit_power_law(x, r)
            points.set_label(f"$d = {d}$, exponent {fit.exponent:.2f}")
            axes.loglog(x, fit.prefactor * x**fit.exponent, color=points.get_color())
    axes.xaxis.set_minor_formatter(lambda value, position: "")
    axes.set_xticks((0.005, 0.01, 0.02, 0.05), ("0.005", "0.01", "0.02", "0.05"))
    axes.set(xlabel="$\\ln m/m$", ylim=(1.5e-3, 4))
    axes.legend(loc="upper left")


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw error sets, measures, and radii against dimension and size."""
    with style():
        drawing = new_figure("page", aspect=0.72)
        axes = drawing.subplots(2, 3, height_ratios=(1.15, 1))
        for place, k in zip(axes[0], SHOWN, strict=True):
            draw_errors(place, k)
        axes[0, 1].set_xlabel("orange: errors; black: mislabelled training points")
        draw_measure(axes[1, 0], chosen(result.rows, "measure"))
        draw_dimension(axes[1, 1], chosen(result.rows, "dimension"))
        draw_rate(axes[1, 2], result.rows)
        return save(drawing, folder / result.study.name, formats=formats)


STUDY = Study(
    name="belkin2018_density",
    question="Do the errors of an interpolating classifier become rare while they stay "
    "dense (Belkin, Hsu, Mitra 2018, Theorem 5.1), and how dense are they in d "
    "dimensions?",
    expected="A measure that falls by orders of magnitude with k at one covering "
    "radius; radii that rise with d and fall like (ln m/m)^(1/d).",
    cost="About 45 seconds of one core.",
    grid={"cell": CELLS},
    measure=measure,
    summary=summary,
    figure=figure,
    accepted={
        "measure_of_the_first_k": (0.15, 0.25),
        "measure_of_the_last_k_at_most": (0.0, 2e-3),
        "own_radius_of_the_first_k_at_most": (0.0, 0.05),
        "own_radius_of_the_last_k_at_least": (0.054, 0.0558),
        "mislabelled_points_in_the_error_set": (1.0, 1.0),
        "exponent_times_d_1": (0.85, 1.2),
        "exponent_times_d_2": (0.85, 1.2),
        "exponent_times_d_3": (0.85, 1.25),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
