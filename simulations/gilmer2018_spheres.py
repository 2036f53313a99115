"""How far random points of the sphere are from a region of 1 % error.

Claim: on the unit sphere of R^2000, 50 % of the points are within distance .05 of the
farthest error region of measure 1 %, a cap (Gilmer et al. 2018, arXiv:1801.02774, as
shown in Dobriban's talk "What causes adversarial examples?", 2020), and the distance
falls like the root of the dimension.

Grid: dimensions from 3 to 10^9, 2 * 10^5 random points each.
Cost: a second of one core; the distance of a random point costs the same at every d.
Picture: simulated shares on the exact curve for d = 2000, which passes 46.4 % at .05
and 50 % at .05202; medians on a line of slope -1/2.

Choices. A point counts through its height above the equator alone, which is drawn from
its own law. Medians carry exact intervals (order statistics) at error rate 1e-3.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.spaces import Sphere
from geomadv.stats import fit_power_law, quantile_interval
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.dimension import gilmer2018

Value = str | int | float | bool

ERROR = 0.01
RADIUS = 0.05
DRAWS = 200_000
DIMENSIONS = (3, 10, 100, 500, 2000, 10**5, 10**7, 10**9)
TALK = 2000


def distances(d: int, rng: np.random.Generator) -> np.ndarray:
    """Return the Euclidean distances of random points to the error cap."""
    return Sphere(d).sample_distance(ERROR, DRAWS, rng)


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Measure the median distance and the share within .05 in one dimension."""
    d = int(cell["d"])
    drawn = distances(d, rng)
    interval = quantile_interval(drawn, 0.5, 1e-3)
    return {
        "median": float(np.median(drawn)),
        "median_lower": interval.lower,
        "median_upper": interval.upper,
        "median_exact": float(Sphere(d).median_distance(ERROR)),
        "share": float(np.mean(drawn <= RADIUS)),
        "share_exact": float(gilmer2018.share_within(d, ERROR, RADIUS)),
    }


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return the numbers of the talk's figure, and the exponent of the medians."""
    result = {}
    for row in rows:
        if row["d"] == TALK:
            result["share_within_.05"] = float(row["share"])
            result["exact_share_within_.05"] = float(row["share_exact"])
            result["median_distance"] = float(row["median"])
            result["exact_median_distance"] = float(row["median_exact"])
    large = [row for row in rows if int(row["d"]) >= 100]
    if len(large) >= 3:
        fit = fit_power_law(
            [int(row["d"]) for row in large], [float(row["median"]) for row in large]
        )
        result["exponent"] = fit.exponent
    inside = [
        float(row["median_lower"]) <= float(row["median_exact"])
        and float(row["median_exact"]) <= float(row["median_upper"])
        for row in rows
    ]
    result["exact_medians_in_interval"] = float(np.mean(inside))
    return result


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw the shares within a distance at d = 2000, and the medians against d."""
    with style():
        drawing = new_figure("page", aspect=0.36)
        left, right = drawing.subplots(1, 2)
        radius = np.linspace(0, 0.12, 241)
        left.plot(radius, gilmer2018.share_within(TALK, ERROR, radius), label="exact")
        drawn = distances(TALK, np.random.default_rng(result.seed))
        some = radius[20::20]
        left.plot(some, [np.mean(drawn <= r) for r in some], "o", label="random points")
        left.plot(
            [RADIUS],
            [0.5],
            "D",
            mfc="none",
            color=PALETTE["purple"],
            label="the talk: 50 % within .05",
        )
        left.set(
            xlabel="Euclidean distance r",
            ylabel="share within r",
            title=f"d = {TALK}, error 1 %",
        )
        left.legend()
        d = [int(row["d"]) for row in result.rows]
        dense = np.unique(np.logspace(np.log10(3), 9, 100).astype(int))
        exact = [Sphere(int(n)).median_distance(ERROR) for n in dense]
        right.loglog(dense, exact, label="exact")
        right.loglog(
            d, [float(row["median"]) for row in result.rows], "o", label="random points"
        )
        right.loglog(
            dense,
            gilmer2018.asymptotic_median(dense, ERROR),
            ":",
            color=PALETTE["grey"],
            label=r"$a/\sqrt{d}$",
        )
        right.set(xlabel="dimension d", ylabel="median distance", title="scaling")
        right.legend()
        return save(drawing, folder / "gilmer2018_spheres", formats)


STUDY = Study(
    name="gilmer2018_spheres",
    question=(
        "How far are random points of the sphere from an error region of measure 1 %? "
        "(Gilmer et al. 2018, arXiv:1801.02774)"
    ),
    expected=(
        "Simulated shares on the exact curve, which is at 46.4 % at distance .05 in "
        "dimension 2000; medians that fall like the root of the dimension."
    ),
    cost="About a second of one core.",
    grid={"d": DIMENSIONS},
    measure=measure,
    summary=summary,
    units={
        "median": "Euclidean, unit sphere",
        "median_distance": "Euclidean, unit sphere",
        "exact_median_distance": "Euclidean, unit sphere",
        "share_within_.05": "share",
        "exact_share_within_.05": "share",
    },
    published={"share_within_.05": 0.5, "median_distance": 0.05, "exponent": -0.5},
    accepted={
        "share_within_.05": (0.456, 0.472),
        "median_distance": (0.0515, 0.0525),
        "exponent": (-0.505, -0.495),
        "exact_medians_in_interval": (0.85, 1.0),
    },
    figure=figure,
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
