"""Standard against robust risk of linear regression, in the limit and on samples.

Claim: no linear estimator has standard and robust risk below one curve; adversarial
training on n points of R^d traces, as its steps grow, a curve above it that depends on
n/d alone and is known exactly (Javanmard, Soltanolkotabi and Hassani 2020,
arXiv:2002.10477).

Grid: |theta_0| = 1, noise of deviation .5, robust risk at steps of .5; n/d from 1/2 to
8, training steps from 0 to 1.
Cost: about ten seconds of one core.
Picture: the population's curve below all others, training curves that come down to it
with more points, and simulated risks on them.

Choices. n d = 8100 where n/d >= 1 and n = 90 below; 8 repetitions a cell. A point is
their mean, its bar two standard errors.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.statistics import javanmard2020

Value = str | int | float | bool

SIGNAL, NOISE, EPS = 1.0, 0.5, 0.5
DELTAS = (0.5, 1.0, 2.0, 8.0)
STEPS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0)
SIZE, REPEATS = 90, 8


def limits(train: float, delta: float) -> tuple[float, float, float]:
    """Return standard and robust risk, and training risk, in the limit."""
    limit = javanmard2020.training_limit(SIGNAL, NOISE, train, delta)
    robust = javanmard2020.adversarial_risk(limit.standard, limit.norm, EPS)
    return float(limit.standard), float(robust), float(limit.training)


def fitted(n: int, d: int, train: float, rng: np.random.Generator) -> list[float]:
    """Train on one sample and return the exact risks of what is found."""
    X = rng.standard_normal((n, d))
    y = SIGNAL * X[:, 0] + NOISE * rng.standard_normal(n)
    fit = javanmard2020.adversarial_regression(X, y, train)
    off = fit.coef - SIGNAL * np.eye(d)[0]
    standard = NOISE**2 + float(off @ off)
    norm = np.linalg.norm(fit.coef)
    robust = float(javanmard2020.adversarial_risk(standard, norm, EPS))
    gap = (fit.objective - fit.lower) / max(fit.objective, 1e-12)
    return [standard, robust, fit.objective, gap]


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Train on some samples and set the limits beside."""
    delta, train = float(cell["delta"]), float(cell["steps"])
    n = round(SIZE * np.sqrt(max(delta, 1.0)))
    d = round(n / delta)
    found = np.array([fitted(n, d, train, rng) for _ in range(REPEATS)])
    mean, error = found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(REPEATS)
    standard, robust, training = limits(train, n / d)
    return {
        "standard": float(mean[0]),
        "standard_error": float(error[0]),
        "robust": float(mean[1]),
        "robust_error": float(error[1]),
        "training": float(mean[2]),
        "worst_gap": float(found[:, 3].max()),
        "standard_limit": standard,
        "robust_limit": robust,
        "training_limit": training,
    }


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return how far simulation and limits are apart, away from a peak of variance."""
    calm = [r for r in rows if float(r["steps"]) > 0.2 or float(r["delta"]) != 1.0]
    best = javanmard2020.trade_off_curve(SIGNAL, NOISE, EPS)

    def gap(name: str) -> float:
        away = [float(r[name]) / float(r[f"{name}_limit"]) - 1.0 for r in calm]
        return float(np.median(np.abs(away)))

    return {
        "standard_gap": gap("standard"),
        "robust_gap": gap("robust"),
        "worst_certificate": max(float(row["worst_gap"]) for row in rows),
        "least_above_curve": min(
            float(row["robust"]) / float(best.robust) for row in rows
        ),
    }


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw the curves of standard and robust risk, and risks against n/d."""
    deltas = sorted({float(row["delta"]) for row in result.rows})
    colours = [PALETTE[name] for name in ("purple", "vermilion", "green", "blue")]
    best = javanmard2020.trade_off_curve(
        SIGNAL, NOISE, EPS, np.r_[0.0, np.geomspace(1e-2, 1e3, 100)]
    )
    trains = np.r_[0.0, np.geomspace(0.02, 1.1, 30)]
    with style():
        drawing = new_figure("page", aspect=0.45)
        left, right = drawing.subplots(1, 2)
        left.plot(
            best.standard,
            best.robust,
            color=PALETTE["black"],
            label="no estimator is below",
        )
        for delta, colour in zip(deltas, colours, strict=False):
            curve = np.array([limits(float(t), delta) for t in trains])
            left.plot(curve[:, 0], curve[:, 1], color=colour, lw=1.0)
            rows = [row for row in result.rows if float(row["delta"]) == delta]
            left.errorbar(
                [float(row["standard"]) for row in rows],
                [float(row["robust"]) for row in rows],
                xerr=[2 * float(row["standard_error"]) for row in rows],
                yerr=[2 * float(row["robust_error"]) for row in rows],
                fmt="o",
                ms=3,
                lw=0.8,
                color=colour,
                label=f"training, $n/d = {delta:g}$",
            )
        left.set(
            xlim=(0.24, 1.35),
            ylim=(0.7, 2.4),
            xlabel="standard risk",
            ylabel=rf"robust risk, $\varepsilon = {EPS:g}$",
            title="training steps from 0 to 1",
        )
        left.legend(fontsize="x-small", loc="upper left")
        fine = np.geomspace(0.3, 12.0, 50)
        shown = sorted({float(row["steps"]) for row in result.rows})
        for train, colour in zip(shown[1::2], colours, strict=False):
            line = [limits(train, float(delta))[1] for delta in fine]
            right.plot(fine, line, color=colour, lw=1.0)
            rows = [row for row in result.rows if float(row["steps"]) == train]
            right.errorbar(
                [float(row["delta"]) for row in rows],
                [float(row["robust"]) for row in rows],
                yerr=[2 * float(row["robust_error"]) for row in rows],
                fmt="o",
                ms=3,
                color=colour,
                label=f"trained at {train:g}",
            )
        right.axhline(
            float(np.min(best.robust)), color=PALETTE["black"], label="least of all"
        )
        right.set(
            xscale="log",
            xlabel="points a dimension, $n/d$",
            ylabel=rf"robust risk, $\varepsilon = {EPS:g}$",
            title="more points",
        )
        right.legend(fontsize="x-small")
        return save(drawing, folder / result.study.name, formats)


STUDY = Study(
    name="javanmard2020_tradeoff",
    question="Which standard and robust risks can linear regression have, and which "
    "does adversarial training reach? (Javanmard et al. 2020, arXiv:2002.10477)",
    expected="No point below the population's curve; curves of training that come down "
    "to it with n/d; simulated risks on them.",
    cost="About ten seconds of one core.",
    grid={"delta": DELTAS, "steps": STEPS},
    measure=measure,
    summary=summary,
    figure=figure,
    accepted={
        "standard_gap": (0.0, 0.06),
        "robust_gap": (0.0, 0.05),
        "worst_certificate": (0.0, 1e-4),
        "least_above_curve": (1.0, 2.0),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
