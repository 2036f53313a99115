"""Unlabelled points against labelled ones, for the robust error.

Claim: between two Gaussians with sigma^2 = sqrt(d n_0) the robust error of n_0 labelled
points is near 1/2, and adding unlabelled points by self-training makes it as small as
labels would, at 1/(1 - 2 Phi(-1))^2 = 2.15 times their number if there are n_0 labels
(Carmon et al. 2019, arXiv:1905.13736), and, at a larger constant, from a single label
(Uesato et al. 2019, arXiv:1905.13725).

Grid: d = 10^5, n_0 = 10, eps = 0.1; 1 and 10 labels; 10 to 10^4 points.
Cost: about 10 s of one core; no matrix of points is drawn.
Picture: dots of self-training from 10 labels, on their limit, which is the curve of
labels moved to the right by 2.15; from 1 label further to the right.

Choices. Errors are means of probits over 12 runs, as they span twenty powers of ten.
From one label the pseudo-labels depend much on that one point: its error bars are
wide, and the limit is the typical run.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.special import ndtr, ndtri

from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.manifold.carmon2019 import (
    label_worth,
    noise,
    self_training_errors,
    self_training_limit,
)
from geomadv.theories.manifold.schmidt2018 import limit_errors, sample_errors

Value = str | int | float | bool

DIMENSION, N_0, EPS, RUNS = 10**5, 10, 0.1, 12
POINTS = (10, 30, 100, 300, 1000, 3000, 10_000)
SIGMA = noise(DIMENSION, N_0)


def probit(errors: np.ndarray) -> tuple[float, float]:
    """Return mean and standard deviation of the probits of robust errors."""
    values = -ndtri(np.clip(errors[:, 1], 1e-300, 1.0))
    return float(values.mean()), float(values.std(ddof=1))


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Measure robust errors with m more points, without labels and with them."""
    n, m = int(cell["labels"]), int(cell["m"])
    without = self_training_errors(DIMENSION, SIGMA, n, m, EPS, RUNS, rng)
    labelled = sample_errors(DIMENSION, SIGMA, m, EPS, RUNS, rng)
    mean, spread = probit(without)
    right, _ = probit(labelled)
    return {
        "unlabelled_probit": mean,
        "unlabelled_spread": spread,
        "labelled_probit": right,
        "unlabelled_error": float(without[:, 1].mean()),
        "labelled_error": float(labelled[:, 1].mean()),
        "unlabelled_limit": float(self_training_limit(DIMENSION, SIGMA, n, m, EPS)[1]),
        "labelled_limit": float(limit_errors(DIMENSION, SIGMA, m, EPS)[1]),
        "label_worth": float(label_worth(DIMENSION, SIGMA, n, m)) / m,
    }


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return errors beside their limits, in probits."""
    result: dict[str, float] = {}
    for row in rows:
        name = f"labels_{row['labels']}_points_{row['m']}"
        result[f"{name}_error"] = float(ndtr(-float(row["unlabelled_probit"])))
        if int(row["labels"]) == N_0:
            limit = -float(ndtri(float(row["unlabelled_limit"])))
            gap = abs(float(row["unlabelled_probit"]) - limit)
            result["largest_gap"] = max(gap, result.get("largest_gap", 0.0))
    result["labels_alone_error"] = float(limit_errors(DIMENSION, SIGMA, N_0, EPS)[1])
    return result


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw robust errors against the number of points."""
    counts = sorted({int(row["labels"]) for row in result.rows})
    fine = np.geomspace(min(POINTS), max(POINTS), 100)
    with style():
        drawing = new_figure("wide", aspect=0.7)
        axes = drawing.subplots()
        axes.plot(
            fine,
            -ndtri(limit_errors(DIMENSION, SIGMA, fine, EPS)[1]),
            color=PALETTE["black"],
            label="labels alone",
        )
        for labels, colour in zip(counts[::-1], ("blue", "vermilion"), strict=False):
            rows = [row for row in result.rows if row["labels"] == labels]
            words = f"{labels} label" + ("s" if labels > 1 else "")
            axes.errorbar(
                [float(row["m"]) for row in rows],
                [float(row["unlabelled_probit"]) for row in rows],
                [float(row["unlabelled_spread"]) for row in rows],
                fmt="o",
                color=PALETTE[colour],
                label=f"{words} and points without",
            )
            limit = self_training_limit(DIMENSION, SIGMA, labels, fine, EPS)[1]
            axes.plot(fine, -ndtri(limit), color=PALETTE[colour])
        axes.axhline(
            -ndtri(result.measured["labels_alone_error"]),
            color=PALETTE["grey"],
            linestyle=":",
            label=f"the {N_0} labels alone",
        )
        ticks = (0.5, 1e-2, 1e-4, 1e-8, 1e-12, 1e-16)
        axes.set_yticks(
            [-ndtri(tick) for tick in ticks],
            ["0.5", "0.01", *(f"$10^{{{round(np.log10(t))}}}$" for t in ticks[2:])],
        )
        axes.set(
            xscale="log",
            xlabel="labels, or points without labels",
            ylabel="robust error (probit scale)",
        )
        axes.invert_yaxis()
        axes.legend(loc="lower left")
        return save(drawing, folder / result.study.name, formats)


STUDY = Study(
    name="carmon2019_unlabelled",
    question="How small do unlabelled points make the robust error, beside labels? "
    "(Carmon et al. 2019, arXiv:1905.13736)",
    expected="The curve of labels, moved to the right by 2.15 for 10 labels.",
    cost="About 10 s of one core.",
    grid={"labels": (1, N_0), "m": POINTS},
    measure=measure,
    summary=summary,
    figure=figure,
    units={"unlabelled_error": "share", "labelled_error": "share"},
    accepted={
        "largest_gap": (0.0, 0.35),
        "labels_alone_error": (0.40, 0.44),
        "labels_10_points_1000_error": (1e-8, 1e-5),
        "labels_10_points_10000_error": (1e-18, 1e-14),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
