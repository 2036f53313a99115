"""Interpolation hurts robust risk, without any noise in the labels.

Claim: with more parameters than points and no noise, ridge regression has less robust
risk than the minimum-norm interpolator, and robust logistic regression with a ridge
penalty less robust error than the classifier of largest robust margin (Donhauser,
Tifrea, Aerni, Heckel and Yang 2021, arXiv:2108.02883), although without steps
interpolation is the best regression.

Grid: d/n from 1.5 to 4; regression on 100 points, l2 steps of .5, against its limit;
classification on 40 points, l_inf steps of .1 in training and testing.
Cost: about ten seconds of one core.
Picture: risks that fall from interpolation at the left to a minimum, and rise.

Choices. Steps in testing are consistent (orthogonal to the true direction); those in
training are not told it. The true direction is e_1. Risks and errors of what is fitted
are exact; 40 and 16 samples a cell, all penalties on the same ones, so that changes are
paired. Medians have distribution-free intervals at error rate 1/20.
Each sample is trained with its mirror image, which makes the offset 0. The largest
robust margin is hinge loss at a penalty so small that all margins are 1.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from geomadv.classifiers import AdversarialLinearClassifier
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.stats import quantile_interval
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.statistics import donhauser2021, hastie2019

Value = str | int | float | bool

GAMMAS = (1.5, 2.0, 4.0)
REGRESSION_POINTS, REGRESSION_EPS, REGRESSIONS = 100, 0.5, 40
RIDGES = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0)
POINTS, EPS, REPEATS = 40, 0.1, 16
PENALTIES = (0.0, 0.01, 0.03, 0.1, 0.5)
HARD = 1e-4  # hinge loss at this penalty has all robust margins at 1


def ridge_risks(d: int, rng: np.random.Generator) -> list[float]:
    """Return the robust risk of ridge regression at each penalty."""
    n, theta_0 = REGRESSION_POINTS, np.eye(d)[0]
    X = rng.standard_normal((n, d))
    values = []
    for penalty in RIDGES:
        gram = X @ X.T / n + penalty * np.eye(n)
        w = X.T @ np.linalg.solve(gram, X @ theta_0) / n
        off = float((w - theta_0) @ (w - theta_0))
        reach = donhauser2021.consistent_reach(w, theta_0)
        values.append(float(hastie2019.adversarial_risk(off, reach, REGRESSION_EPS)))
    return values


def classifier_errors(d: int, rng: np.random.Generator) -> list[float]:
    """Return the robust error at each penalty, and the least robust margin at 0."""
    X, theta_0 = rng.standard_normal((POINTS, d)), np.eye(d)[0]
    y = np.sign(X @ theta_0)
    both, labels = np.concatenate([X, -X]), np.concatenate([y, -y])
    values, margin = [], 0.0
    for penalty in PENALTIES:
        model = AdversarialLinearClassifier(
            eps=EPS,
            p=np.inf,
            loss="logistic" if penalty > 0.0 else "hinge",
            alpha=penalty or HARD,
        ).fit(both, labels)
        w = model.coef_[0]
        if penalty == 0.0:
            margin = float((y * (X @ w)).min() - EPS * np.abs(w).sum())
        values.append(float(donhauser2021.robust_error(w, theta_0, EPS, np.inf)))
    return [*values, margin]


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Fit at all penalties on common samples."""
    gamma = float(cell["gamma"])
    ridge = np.array(
        [ridge_risks(round(gamma * REGRESSION_POINTS), rng) for _ in range(REGRESSIONS)]
    )
    found = np.array(
        [classifier_errors(round(gamma * POINTS), rng) for _ in range(REPEATS)]
    )
    errors, margins = found[:, :-1], found[:, -1]
    result = {"least_margin": float(margins.min())}
    for i, penalty in enumerate(RIDGES):
        ends = quantile_interval(ridge[:, i], 0.5)
        result[f"ridge_{i}"] = float(np.median(ridge[:, i]))
        result[f"ridge_{i}_low"], result[f"ridge_{i}_high"] = ends.lower, ends.upper
        result[f"ridge_{i}_limit"] = float(
            donhauser2021.consistent_risk(gamma, penalty, REGRESSION_EPS)
        )
    for i in range(len(PENALTIES)):
        change = errors[:, i] - errors[:, 0]
        ends = quantile_interval(change, 0.5)
        result[f"error_{i}"] = float(np.median(errors[:, i]))
        result[f"change_{i}"] = float(np.median(change))
        result[f"change_{i}_low"], result[f"change_{i}_high"] = ends.lower, ends.upper
    gain = quantile_interval(errors[:, 0] - errors[:, PENALTIES.index(0.03)], 0.5)
    fall = quantile_interval(ridge[:, 0] - ridge[:, RIDGES.index(0.03)], 0.5)
    best = donhauser2021.best_penalty(gamma, REGRESSION_EPS)
    result |= {
        "gain_low": gain.lower,
        "gain_high": gain.upper,
        "fall_low": fall.lower,
        "fall_high": fall.upper,
        "best_ridge": best.penalty,
        "best_risk": best.risk,
        "price": best.price,
    }
    return result


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return how often penalties are surely better, and how well the limits fit."""
    gaps = [
        abs(float(row[f"ridge_{i}"]) / float(row[f"ridge_{i}_limit"]) - 1.0)
        for row in rows
        for i in range(len(RIDGES))
    ]
    return {
        "surely_better_classifiers": float(
            np.mean([float(row["gain_low"]) > 0.0 for row in rows])
        ),
        "surely_better_regressions": float(
            np.mean([float(row["fall_low"]) > 0.0 for row in rows])
        ),
        "ridge_gap": float(np.median(gaps)),
        "least_margin": min(float(row["least_margin"]) for row in rows),
        "largest_price": max(float(row["price"]) for row in rows),
    }


def _bars(
    row: Mapping[str, Value], name: str, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return medians and the lengths of their error bars."""
    middle, low, high = (
        np.array([float(row[f"{name}_{i}{end}"]) for i in range(count)])
        for end in ("", "_low", "_high")
    )
    return middle, np.array([middle - low, high - middle])


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw robust risk and error against the penalty, and the gain against d/n."""
    rows = sorted(result.rows, key=lambda row: float(row["gamma"]))
    colours = [PALETTE[name] for name in ("blue", "green", "vermilion", "purple")]
    fine = np.geomspace(0.006, 4.0, 100)
    shown = np.array([0.006, *RIDGES[1:]])
    ticks = np.array([0.003, *PENALTIES[1:]])
    with style():
        drawing = new_figure("page", aspect=0.4)
        left, middle, right = drawing.subplots(1, 3)
        for row, colour in zip(rows, colours, strict=False):
            gamma = float(row["gamma"])
            left.plot(
                fine,
                donhauser2021.consistent_risk(gamma, fine, REGRESSION_EPS),
                color=colour,
                lw=1.0,
            )
            values, ends = _bars(row, "ridge", len(RIDGES))
            left.errorbar(
                shown,
                values,
                yerr=ends,
                fmt="o",
                ms=3,
                lw=0.8,
                color=colour,
                label=f"$d/n = {gamma:g}$",
            )
            values, ends = _bars(row, "change", len(PENALTIES))
            aside = ticks * (gamma / 2.0) ** 0.15  # so that bars do not overlap
            middle.errorbar(
                aside, values, yerr=ends, fmt="o-", ms=3, lw=0.8, color=colour
            )
        for place, first in ((left, shown[0]), (middle, ticks[0])):
            place.axvline(first, lw=0.6, ls=":", color=PALETTE["grey"])
        left.set(
            xscale="log",
            xlabel="ridge penalty (left: none)",
            ylabel="robust risk",
            title=rf"regression, $\varepsilon_2 = {REGRESSION_EPS:g}$",
        )
        middle.set(
            xscale="log",
            xlabel="ridge penalty (left: margin)",
            ylabel="robust error, change",
            title=rf"classification, $\varepsilon_\infty = {EPS:g}$",
        )
        left.legend(fontsize="x-small", loc="upper left")
        left.set_ylim(top=1.3)
        gammas = np.geomspace(1.05, 12.0, 24)
        for eps, colour in zip((0.1, 0.3, 0.5, 0.7), colours, strict=True):
            right.plot(
                gammas,
                [100 * donhauser2021.best_penalty(float(g), eps).price for g in gammas],
                color=colour,
                label=rf"$\varepsilon_2 = {eps:g}$",
            )
        right.set(
            xscale="log",
            xlabel="$d/n$",
            ylabel="price of interpolation, %",
            title="regression, in the limit",
        )
        right.legend(fontsize="x-small")
        return save(drawing, folder / result.study.name, formats)


STUDY = Study(
    name="donhauser2021_interpolation",
    question="Does interpolation hurt robust risk without noise? "
    "(Donhauser et al. 2021, arXiv:2108.02883)",
    expected="Robust risk and robust error that fall from interpolation to a positive "
    "penalty, at every d/n above 1.",
    cost="About fifteen seconds of one core.",
    grid={"gamma": GAMMAS},
    measure=measure,
    summary=summary,
    figure=figure,
    accepted={
        "surely_better_classifiers": (1.0, 1.0),
        "surely_better_regressions": (1.0, 1.0),
        "ridge_gap": (0.0, 0.05),
        "least_margin": (0.999, 1.001),
        "largest_price": (0.02, 1.0),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
