r"""How much longer random noise must be than the worst step, against the dimension.

Claim: for linear classifiers noise that is uniform on a sphere changes the decision
with probability e only where it is sqrt(d) times as long, up to a factor of e, as the
smallest step that changes it (Fawzi, Fawzi and Frossard 2015, arXiv:1502.02590).

Grid: d from 2 to 3072, e = 0.05 and 0.01.
Cost: about 6 s of one core; no data.
Picture: measured ratios on the exact curve 1/q, between the paper's bounds, along
sqrt(d)/Phi^-1(1 - e).

Choices. A linear classifier and a point with random parameters; its smallest step is
`geomadv.perturbations.minimal_perturbation`. Noise along a direction u crosses the
boundary from the length rho/<u, c> on, c the unit vector of that step, so that the
ratio is 1 over the (1 - e)-quantile of <u, c>. It is measured on 40 000 directions,
drawn in all d coordinates. Its interval is that of order statistics, with error rate
1e-4 for each cell.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.stats import binom

from geomadv.classifiers import LinearClassifier
from geomadv.perturbations import minimal_perturbation
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.stats import fit_power_law
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.lipschitz import fawzi2015

Value = str | int | float | bool

DIRECTIONS = 40_000
ERROR_RATE = 1e-4
BLOCK = 2**21  # coordinates at a time


def heights(c: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return <u, c> for random directions u, in ascending order."""
    found = []
    step = max(1, BLOCK // c.size)
    for start in range(0, DIRECTIONS, step):
        g = rng.standard_normal((min(step, DIRECTIONS - start), c.size), np.float32)
        found.append((g @ c.astype(np.float32)) / np.linalg.norm(g, axis=1))
    return np.sort(np.concatenate(found).astype(float))


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Measure the ratio of a random linear classifier, with its interval."""
    d, e = int(cell["d"]), float(cell["e"])
    model = LinearClassifier.from_parameters(rng.standard_normal(d), rng.normal())
    delta = minimal_perturbation(model, rng.standard_normal((1, d))).delta[0]
    ordered = heights(delta / np.linalg.norm(delta), rng)
    first, middle, last = binom.ppf(
        (ERROR_RATE / 2, 0.5, 1 - ERROR_RATE / 2), DIRECTIONS, 1 - e
    ).astype(int)
    # at least `first` of the heights lie below the quantile, and at most `last`
    exact = float(fawzi2015.random_ratio(d, e))
    bounds = fawzi2015.random_ratio_bounds(d, e)
    return {
        "measured": 1 / ordered[middle],
        "measured_lower": 1 / ordered[last],
        "measured_upper": 1 / ordered[first - 1],
        "exact": exact,
        "lower_bound": float(bounds[0]),
        "upper_bound": float(bounds[1]),
    }


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return the exponent in d and how the measured ratios agree with the formulas."""
    numbers: dict[str, float] = {}
    for e in sorted({float(row["e"]) for row in rows}):
        chosen = [r for r in rows if float(r["e"]) == e and int(r["d"]) >= 100]
        if len(chosen) >= 3:
            law = fit_power_law(
                [int(row["d"]) for row in chosen],
                [float(row["measured"]) for row in chosen],
            )
            numbers[f"exponent_{e:g}"] = law.exponent
    for row in rows:
        if int(row["d"]) == 784:
            numbers[f"ratio_784_{float(row['e']):g}"] = float(row["measured"])
    inside = [
        float(row["measured_lower"]) <= float(row["exact"])
        and float(row["exact"]) <= float(row["measured_upper"])
        for row in rows
    ]
    numbers["share_of_intervals_with_the_exact_ratio"] = float(np.mean(inside))
    numbers["largest_difference"] = max(
        abs(float(row["measured"]) / float(row["exact"]) - 1) for row in rows
    )
    numbers["least_over_lower_bound"] = min(
        float(row["measured_upper"]) / float(row["lower_bound"]) for row in rows
    )
    numbers["most_over_upper_bound"] = max(
        float(row["measured_lower"]) / float(row["upper_bound"]) for row in rows
    )
    return numbers


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw the measured ratios, the exact curve and the paper's bounds."""
    values = sorted({float(row["e"]) for row in result.rows})
    with style():
        drawing = new_figure("page", aspect=0.45)
        for panel, e in zip(
            np.atleast_1d(drawing.subplots(1, len(values), sharey=True)),
            values,
            strict=True,
        ):
            rows = [row for row in result.rows if float(row["e"]) == e]
            d = np.array([int(row["d"]) for row in rows])
            curve = np.unique(np.geomspace(d.min(), d.max(), 80).astype(int))
            lower, upper = fawzi2015.random_ratio_bounds(curve, e)
            panel.fill_between(
                curve,
                lower,
                upper,
                color=PALETTE["blue"],
                alpha=0.12,
                lw=0,
                label="between the paper's bounds",
            )
            panel.plot(
                curve,
                fawzi2015.random_ratio(curve, e),
                color=PALETTE["blue"],
                label="exact, $1/q$",
            )
            middle = np.array([float(row["measured"]) for row in rows])
            ends = [
                np.array([float(row[f"measured_{end}"]) for row in rows])
                for end in ("lower", "upper")
            ]
            panel.errorbar(
                d,
                middle,
                yerr=(middle - ends[0], ends[1] - middle),
                fmt="o",
                color=PALETTE["vermilion"],
                label="measured",
            )
            panel.set(
                xscale="log",
                yscale="log",
                xlabel="dimension $d$",
                title=f"noise changes the decision in {100 * e:g} %",
            )
        axes = drawing.axes
        axes[0].set_ylabel("random over worst-case length")
        axes[0].legend(loc="upper left")
        return save(drawing, folder / result.study.name, formats)


STUDY = Study(
    name="fawzi2015_random_noise",
    question=(
        "How much longer must random noise be than the smallest step that changes a "
        "linear classifier? (Fawzi, Fawzi and Frossard 2015, arXiv:1502.02590)"
    ),
    expected=(
        "Measured ratios on the exact curve, between the paper's bounds, and an "
        "exponent of 1/2 in d."
    ),
    cost="About 6 s of one core.",
    grid={"e": (0.05, 0.01), "d": (2, 5, 10, 30, 100, 300, 784, 3072)},
    measure=measure,
    summary=summary,
    figure=figure,
    published={"exponent_0.05": 0.5, "exponent_0.01": 0.5},
    accepted={
        "exponent_0.05": (0.48, 0.52),
        "exponent_0.01": (0.48, 0.52),
        "ratio_784_0.05": (16.3, 17.7),
        "ratio_784_0.01": (11.5, 12.6),
        "share_of_intervals_with_the_exact_ratio": (1.0, 1.0),
        "largest_difference": (0.0, 0.05),
        "least_over_lower_bound": (1.0, 10.0),
        "most_over_upper_bound": (0.0, 1.0),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
