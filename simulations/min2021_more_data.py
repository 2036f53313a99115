"""More training data can help, descend twice, or hurt.

Claim: robust training of a linear classifier with the linear loss gains from data while
eps <= mu; for eps > mu it gains up to n* points and loses from there on, from the first
point for large eps (Min, Chen and Karbasi 2021, arXiv:2002.11080). Two coordinates, one
that turns early and one that is slow, descend twice. The loss under steps falls always.

Grid: one Gaussian coordinate of mean 1 and deviation 2, steps from .5 to 3, 1 to 200
points; a second one in the middle panel; Bernoulli coordinates of mean .2 on the right.
Cost: a few seconds of one core.
Picture: curves that fall for the weaker steps, turn at n* for the stronger ones, and
rise at once for the strongest; simulated means on them.

Choices. 4000 training sets a cell, of which the mean loss has an interval from two
Clopper-Pearson intervals at error rate 1e-3. The middle panel has eps = .7, means 1 and
1/2, deviations 200 and 2; there the mean of the points, which is all that training
uses, is drawn in one go.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.stats import Interval, clopper_pearson
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.statistics import min2021

Value = str | int | float | bool

SIZES = (0.5, 0.9, 1.1, 1.5, 3.0)
NUMBERS = (1, 2, 5, 10, 20, 50, 200)
MU, SIGMA, BERNOULLI = 1.0, 2.0, 0.2
MIXED_MU, MIXED_SIGMA, MIXED_EPS, MIXED_POWER = (1.0, 0.5), (200.0, 2.0), 0.7, 2.5
DRAWS, ERROR_RATE = 4000, 1e-3


def interval(u: np.ndarray, mu: float, eps: float) -> tuple[float, Interval]:
    """Return the mean loss of w trained on data of mean u, and its interval."""
    up, down = int((u > eps).sum()), int((u < -eps).sum())
    more = clopper_pearson(up, len(u), ERROR_RATE / 2.0)
    less = clopper_pearson(down, len(u), ERROR_RATE / 2.0)
    mean = -mu * (up - down) / len(u)
    return mean, Interval(
        mu * (less.lower - more.upper), mu * (less.upper - more.lower)
    )


def mixed_number(n: int) -> int:
    """Return the number of points of the two coordinates, beside n of the one."""
    return round(n**MIXED_POWER)


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Train on many samples of n points, and set the exact losses beside."""
    eps, n = float(cell["eps"]), int(cell["n"])
    draws = MU + SIGMA * rng.standard_normal((DRAWS, n))
    loss, ends = interval(draws.mean(axis=1), MU, eps)
    exact = float(min2021.clean_loss(MU, SIGMA, n, eps))
    signs = rng.binomial(n, (1.0 + BERNOULLI) / 2.0, DRAWS)
    small = BERNOULLI * eps
    coin, coin_ends = interval(2.0 * signs / n - 1.0, BERNOULLI, small + 1e-9)
    coin_exact = float(min2021.bernoulli_clean_loss(BERNOULLI, n, small))
    many = mixed_number(n)
    mixed = sum(
        interval(m + s / np.sqrt(many) * rng.standard_normal(10 * DRAWS), m, MIXED_EPS)[
            0
        ]
        for m, s in zip(MIXED_MU, MIXED_SIGMA, strict=True)
    )
    return {
        "loss": loss,
        "loss_low": ends.lower,
        "loss_high": ends.upper,
        "exact": exact,
        "robust_exact": float(min2021.robust_loss(MU, SIGMA, n, eps)),
        "coin": coin,
        "coin_low": coin_ends.lower,
        "coin_high": coin_ends.upper,
        "coin_exact": coin_exact,
        "mixed": mixed,
        "mixed_exact": float(
            min2021.clean_loss(MIXED_MU, MIXED_SIGMA, many, MIXED_EPS)
        ),
        "inside": ((exact in ends) + (coin_exact in coin_ends)) / 2.0,
    }


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return the turns, and how well theory and simulation agree."""
    result = {
        "losses_in_interval": float(np.mean([float(r["inside"]) for r in rows])),
        "mixed_gap": float(
            np.mean([abs(float(r["mixed"]) - float(r["mixed_exact"])) for r in rows])
        ),
        "mixed_turns": float(
            len(min2021.turning_points(MIXED_MU, MIXED_SIGMA, MIXED_EPS))
        ),
    }
    for eps in sorted({float(row["eps"]) for row in rows}):
        turn = float(min2021.turning_point(MU, SIGMA, eps))
        if np.isfinite(turn):
            result[f"turn_at_{eps:g}".replace(".", "_")] = turn
    return result


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw the losses against the number of points."""
    sizes = sorted({float(row["eps"]) for row in result.rows})
    colours = [
        PALETTE[name] for name in ("blue", "green", "orange", "vermilion", "purple")
    ]
    fine = np.geomspace(1.0, max(NUMBERS), 200)
    with style():
        drawing = new_figure("page", aspect=0.4)
        left, middle, right = drawing.subplots(1, 3)
        for eps, colour in zip(sizes, colours, strict=False):
            rows = [row for row in result.rows if float(row["eps"]) == eps]
            n = np.array([float(row["n"]) for row in rows])
            loss = np.array([float(row["loss"]) for row in rows])
            ends = np.array(
                [
                    (
                        float(row["loss"]) - float(row["loss_low"]),
                        float(row["loss_high"]) - float(row["loss"]),
                    )
                    for row in rows
                ]
            ).T
            left.plot(fine, min2021.clean_loss(MU, SIGMA, fine, eps), color=colour)
            left.errorbar(
                n,
                loss,
                yerr=ends,
                fmt="o",
                ms=3,
                color=colour,
                label=rf"$\varepsilon = {eps:g}$",
            )
            turn = float(min2021.turning_point(MU, SIGMA, eps))
            if 1.0 < turn < max(NUMBERS):
                left.plot(
                    turn,
                    min2021.clean_loss(MU, SIGMA, turn, eps),
                    "*",
                    ms=9,
                    color=colour,
                )
            if eps in sizes[::2]:
                whole = np.unique(np.geomspace(1, max(NUMBERS), 80).astype(int))
                exact = [
                    min2021.bernoulli_clean_loss(BERNOULLI, int(k), BERNOULLI * eps)
                    for k in whole
                ]
                right.plot(whole, exact, lw=0.8, color=colour)
                right.errorbar(
                    n,
                    [float(row["coin"]) for row in rows],
                    yerr=[
                        [float(row["coin"]) - float(row["coin_low"]) for row in rows],
                        [float(row["coin_high"]) - float(row["coin"]) for row in rows],
                    ],
                    fmt="o",
                    ms=3,
                    color=colour,
                    label=rf"$\varepsilon = {BERNOULLI * eps:g}$",
                )
        rows = [row for row in result.rows if float(row["eps"]) == sizes[0]]
        many = np.array([mixed_number(int(row["n"])) for row in rows])
        wide = np.geomspace(1.0, max(many.max(), 10), 300)
        middle.plot(
            wide,
            min2021.clean_loss(MIXED_MU, MIXED_SIGMA, wide, MIXED_EPS),
            color=PALETTE["black"],
        )
        middle.plot(
            many, [float(r["mixed"]) for r in rows], "o", ms=3, color=PALETTE["black"]
        )
        for turn in min2021.turning_points(MIXED_MU, MIXED_SIGMA, MIXED_EPS):
            middle.axvline(turn, lw=0.6, ls=":", color=PALETTE["grey"])
        left.set(
            xscale="log",
            xlabel="training points",
            ylabel="expected loss, no steps",
            title=r"one coordinate, $\mu = 1$",
        )
        middle.set(
            xscale="log",
            xlabel="training points",
            title=rf"two coordinates, $\varepsilon = {MIXED_EPS:g}$",
        )
        right.set(
            xscale="log",
            xlabel="training points",
            title=rf"Bernoulli, $\mu = {BERNOULLI:g}$",
        )
        left.legend(loc="lower left", fontsize="x-small")
        right.legend(loc="lower left", fontsize="x-small")
        return save(drawing, folder / result.study.name, formats)


STUDY = Study(
    name="min2021_more_data",
    question="When do more data hurt a robustly trained classifier? "
    "(Min et al. 2021, arXiv:2002.11080)",
    expected="Losses that fall for weak steps, fall and rise for stronger ones with "
    "the turn at n*, and rise at once for the strongest; two descents of two "
    "coordinates.",
    cost="A few seconds of one core.",
    grid={"eps": SIZES, "n": NUMBERS},
    measure=measure,
    summary=summary,
    figure=figure,
    accepted={
        "losses_in_interval": (0.97, 1.0),
        "mixed_gap": (0.0, 0.01),
        "mixed_turns": (2.0, 2.0),
        "turn_at_1_1": (5.5354, 5.5356),
        "turn_at_1_5": (2.1459, 2.146),
        "turn_at_3": (0.462, 0.4622),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
