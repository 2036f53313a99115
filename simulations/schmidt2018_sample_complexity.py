"""How many samples the standard and the robust error of the average take.

Claim: between two Gaussians N(y theta, sigma^2 I) with |theta| = sqrt(d) and
sigma = d^(1/4) a number of samples that does not depend on d gives a small standard
error, whereas the l_inf robust error needs a number in proportion to sqrt(d), and to
eps^2 for small eps (Schmidt et al. 2018, arXiv:1804.11285).

Grid: d from 2^10 to 2^20, n from 1 to 1024, eps from 1/16 to 1/2, theta = (1, ..., 1).
Cost: about 20 s of one core, 0.1 GB of memory; the n samples are never drawn, only
their mean.
Picture: standard errors fall on one curve for all d; robust errors move to the right as
d grows, and the number of samples where they cross 1/2 rises with slope 1/2.

Choices. The paper's conditions (sigma <= d^(1/4)/32) make all errors zero in double
precision already for one sample, so the gap is shown at sigma = d^(1/4). The numbers of
samples are where the mean probit of the error crosses that of 0.5 (robust) or 0.05
(standard), by linear interpolation in log n. Where one sample is enough already it is
left out. The exponent of eps is measured at the largest d, up to eps = 1/4: it tends to
2 for small eps, and the limit formula has 2.03 there. Intervals have 95 %.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri

from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.stats import PowerLaw, fit_power_law
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.manifold.schmidt2018 import (
    limit_errors,
    sample_errors,
    samples_needed,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Value = str | int | float | bool

DIMENSIONS = (2**10, 2**12, 2**14, 2**16, 2**18, 2**20)
COUNTS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024)
SIZES = (0.0625, 0.125, 0.25, 0.5)
STANDARD, ROBUST = 0.05, 0.5  # the errors at which samples are counted
COLOURS = ("blue", "vermilion", "green", "purple", "orange", "sky")


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Measure the mean errors of the average of n samples."""
    d, n, eps = int(cell["d"]), int(cell["n"]), float(cell["eps"])
    runs = int(np.clip(2**19 // d, 4, 40))
    drawn = sample_errors(d, d**0.25, n, eps, runs, rng)
    standard, robust = drawn.mean(axis=0)
    probits = np.clip(ndtri(np.clip(drawn, 1e-300, 1.0)), -9, 9).mean(axis=0)
    limit = limit_errors(d, d**0.25, n, eps)
    return {
        "standard": float(standard),
        "robust": float(robust),
        "standard_probit": float(probits[0]),
        "robust_probit": float(probits[1]),
        "standard_limit": float(limit[0]),
        "robust_limit": float(limit[1]),
    }


def crossing(
    rows: Sequence[Mapping[str, Value]], d: float, eps: float, kind: str
) -> float:
    """Return the number of samples at which an error crosses its level."""
    level = {"standard": STANDARD, "robust": ROBUST}[kind]
    mine = sorted(
        (float(row["n"]), float(row[f"{kind}_probit"]))
        for row in rows
        if float(row["d"]) == d and float(row["eps"]) == eps
    )
    n, probit = np.array(mine).T
    below = probit < ndtri(level)
    if not below.any() or below[0]:
        return math.nan
    i = int(below.argmax())
    share = (probit[i - 1] - ndtri(level)) / (probit[i - 1] - probit[i])
    return float(n[i - 1] * (n[i] / n[i - 1]) ** share)


def fitted(
    rows: Sequence[Mapping[str, Value]], eps: float, kind: str
) -> tuple[np.ndarray, np.ndarray, PowerLaw | None]:
    """Return dimensions, numbers of samples and the power law through them."""
    d = np.array(sorted({float(row["d"]) for row in rows}))
    n = np.array([crossing(rows, value, eps, kind) for value in d])
    d, n = d[np.isfinite(n)], n[np.isfinite(n)]
    return d, n, fit_power_law(d, n) if d.size >= 3 else None


def fitted_in_eps(rows: Sequence[Mapping[str, Value]]) -> PowerLaw | None:
    """Return the power law of the samples in eps, at the largest dimension."""
    d = max(float(row["d"]) for row in rows)
    eps = np.array(sorted({float(row["eps"]) for row in rows}))
    eps = eps[eps <= 0.25]
    n = np.array([crossing(rows, d, value, "robust") for value in eps])
    eps, n = eps[np.isfinite(n)], n[np.isfinite(n)]
    return fit_power_law(eps, n) if eps.size >= 3 else None


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return the exponents with their intervals, and the ratio over eps."""
    result: dict[str, float] = {}
    for eps in sorted({float(row["eps"]) for row in rows}):
        for kind in ("standard", "robust"):
            _, _, law = fitted(rows, eps, kind)
            if law is not None:
                name = f"{kind}_exponent_{eps:g}"
                result[name] = law.exponent
                result[f"{name}_lower"] = law.exponent_interval.lower
                result[f"{name}_upper"] = law.exponent_interval.upper
    law = fitted_in_eps(rows)
    if law is not None:
        result["robust_eps_exponent"] = law.exponent
        result["robust_eps_exponent_lower"] = law.exponent_interval.lower
        result["robust_eps_exponent_upper"] = law.exponent_interval.upper
    result["worst_gap_to_limit"] = max(
        abs(float(row[kind]) - float(row[f"{kind}_limit"]))
        for row in rows
        for kind in ("standard", "robust")
    )
    return result


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw errors against samples, and samples against dimension."""
    rows, eps = result.rows, max(float(row["eps"]) for row in result.rows)
    dimensions = sorted({int(row["d"]) for row in rows})
    with style():
        drawing = new_figure("page", aspect=0.42)
        left, right = drawing.subplots(1, 2)
        for d, colour in zip(dimensions, COLOURS, strict=False):
            mine = [r for r in rows if r["d"] == d and float(r["eps"]) == eps]
            n = [float(row["n"]) for row in mine]
            left.semilogx(
                n,
                [float(row["robust"]) for row in mine],
                "o",
                color=PALETTE[colour],
                label=f"$d = 2^{{{round(math.log2(d))}}}$",
            )
            left.plot(
                n, [float(row["robust_limit"]) for row in mine], color=PALETTE[colour]
            )
            left.plot(
                n,
                [float(row["standard"]) for row in mine],
                "x",
                color=PALETTE[colour],
                markersize=4,
            )
        left.set(
            xlabel="samples $n$",
            ylabel="error",
            ylim=(-0.02, 1.02),
            title=f"robust (dots), standard (crosses), $\\varepsilon$ = {eps:g}",
        )
        left.legend(loc="center right")
        _draw_needed(right, rows)
        return save(drawing, folder / result.study.name, formats)


def _draw_needed(axes: "Axes", rows: Sequence[Mapping[str, Value]]) -> None:
    sizes = sorted({float(row["eps"]) for row in rows})
    for eps, colour in zip(sizes, COLOURS[1:], strict=False):
        d, n, law = fitted(rows, eps, "robust")
        label = f"robust, $\\varepsilon$ = {eps:g}"
        if law is not None:
            label += f": slope {law.exponent:.3f}"
        axes.loglog(d, n, "o", color=PALETTE[colour], label=label)
        axes.loglog(
            d,
            [samples_needed(value, value**0.25, eps, ROBUST) for value in d],
            color=PALETTE[colour],
        )
    d, n, law = fitted(rows, sizes[-1], "standard")
    slope = "" if law is None else f": slope {law.exponent:.3f}"
    axes.loglog(d, n, "x", color=PALETTE["blue"], label=f"standard{slope}")
    axes.loglog(
        d,
        [samples_needed(value, value**0.25, 0.0, STANDARD) for value in d],
        color=PALETTE["blue"],
    )
    axes.set(
        xlabel="dimension $d$",
        ylabel=f"samples for error {ROBUST:g} / {STANDARD:g}",
    )
    axes.legend(loc="upper left")


STUDY = Study(
    name="schmidt2018_sample_complexity",
    question="How does the number of samples for a small standard and for a small "
    "robust error grow with the dimension? (Schmidt et al. 2018, arXiv:1804.11285)",
    expected="Exponent 0 for the standard error, 1/2 for the robust error.",
    cost="About 20 s of one core and 0.1 GB of memory.",
    grid={"d": DIMENSIONS, "eps": SIZES, "n": COUNTS},
    measure=measure,
    summary=summary,
    figure=figure,
    published={
        "robust_exponent_0.5": 0.5,
        "standard_exponent_0.5": 0.0,
        "robust_eps_exponent": 2.0,
    },
    accepted={
        "robust_exponent_0.25": (0.47, 0.53),
        "robust_exponent_0.5": (0.47, 0.53),
        "standard_exponent_0.25": (-0.05, 0.05),
        "standard_exponent_0.5": (-0.05, 0.05),
        "robust_eps_exponent": (1.9, 2.15),
        "worst_gap_to_limit": (0.0, 0.06),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
