"""Accuracy against robustness for linear classifiers with four regularisers.

Claim: a stronger regulariser trades natural error for boundary error, and robust error,
which is the sum of the two, has its least value in between (Zhang et al. 2019, TRADES,
arXiv:1901.08573). The regularisers are TRADES, adversarial logit pairing (Kannan et al.
2018, arXiv:1803.06373), stability training (Zheng et al. 2016, arXiv:1604.04326) and
adversarial training, whose loss is a mixture of clean and perturbed points.

Grid: two problems, four regularisers, strengths from 0 to 10.
Cost: 20 to 30 s of one core; the digits come with scikit-learn.
Picture: with the strength of TRADES, pairing and adversarial training natural error
rises and boundary error falls, up to a point; robust error is least in between. On the
Gaussian pair it falls from that of the natural optimum, about 1/2, to the least
possible one. Stability training goes another way: noise of the size of the pixels'
perturbations hardly moves a logit that l_inf perturbations turn around. Bands about the
digits' curves are exact 95% intervals of each error (Clopper-Pearson), which are wide:
there are few test images, and curves on the same images differ by less than bands.

Choices. Gaussians: mu = (1, .15, ..., .15) in R^31, deviation 1/2, 1000 training
points, the same for all cells; l_inf perturbations of size .3 = 2 * .15, which turn all
weak coordinates around; errors are those of the law, in closed form. Digits: 3 against
8 of the bundled 8 x 8 images, pixels in [0, 1], l_inf size .1, errors of the test
images. The strength is the factor of the worst divergence (TRADES), of eps^2 |w|_1^2
(pairing, with clean loss), of the mean divergence under noise of deviation eps
(stability), and the weight of perturbed points against 1 for clean ones (adversarial).
On test points of both problems natural, boundary and robust errors are counted each for
itself, as fractions, and the sums compared.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geomadv.classifiers import (
    LogitPairingClassifier,
    StabilityClassifier,
    TradesClassifier,
)
from geomadv.data import GaussianPair, load_digits
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.stats import clopper_pearson
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.oscillation import zhang2019

Value = str | int | float | bool

PAIR = GaussianPair(np.r_[1.0, np.full(30, 0.15)], 0.25)
EPS = {"Gaussians": 0.3, "digits": 0.1}
POINTS = 1000
ALPHA = 1e-4
METHODS = ("TRADES", "pairing", "stability", "adversarial")
PARTS = ("natural", "boundary", "robust")
RATE = 0.05  # at which an interval of an error on test images misses
ZERO = 0.003  # where strength 0 is drawn
STRENGTHS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
Sample = tuple[np.ndarray, np.ndarray]


def classifier(method: str, strength: float, eps: float) -> Any:
    """Return the classifier, before fitting."""
    if method == "TRADES":
        return TradesClassifier(eps, np.inf, strength, alpha=ALPHA)
    if method == "pairing":
        return LogitPairingClassifier(eps, np.inf, strength, 0.0, alpha=ALPHA)
    if method == "stability":
        return StabilityClassifier(eps, strength, alpha=ALPHA)
    share = strength / (1.0 + strength)
    return LogitPairingClassifier(eps, np.inf, 0.0, share, alpha=ALPHA)


def samples(problem: str, rng: np.random.Generator) -> tuple[Sample, Sample]:
    """Return points for training and for testing."""
    if problem == "Gaussians":
        return PAIR.sample(POINTS, 0), PAIR.sample(POINTS, rng)
    data = load_digits()
    parts = []
    for images, digits in (
        (data.train_images, data.train_labels),
        (data.test_images, data.test_labels),
    ):
        chosen = np.isin(digits, (3, 8))
        X = images[chosen].reshape(-1, 64) / data.maximum
        parts.append((X, np.where(digits[chosen] == 3, 1.0, -1.0)))
    return parts[0], parts[1]


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Train one classifier and measure its errors."""
    problem, method = str(cell["problem"]), str(cell["method"])
    eps = EPS[problem]
    (X, y), test = samples(problem, rng)
    model = classifier(method, float(cell["strength"]), eps).fit(X, y)
    counted = zhang2019.risks(model, *test, eps, p=np.inf)
    natural, robust = float(counted.natural), float(counted.robust)
    ends = {}
    for part in PARTS:
        share = getattr(counted, part)
        about = clopper_pearson(round(share * len(test[0])), len(test[0]), RATE)
        ends[f"{part}_from"], ends[f"{part}_to"] = about.lower, about.upper
    if problem == "Gaussians":
        natural = float(PAIR.standard_risk(model))
        robust = float(PAIR.robust_risk(model, eps, p=np.inf))
    return {
        "natural": natural,
        "boundary": robust - natural,
        "robust": robust,
        "counted_robust": float(counted.robust),
        "counting_difference": float(
            counted.robust - counted.natural - counted.boundary
        ),
        "stationarity": float(model.stationarity_ / model.objective_),
        **ends,
    }


def of(
    rows: Sequence[Mapping[str, Value]], problem: str, method: str
) -> list[Mapping[str, Value]]:
    """Return the rows of one curve, by strength."""
    found = [r for r in rows if r["problem"] == problem and r["method"] == method]
    return sorted(found, key=lambda row: float(row["strength"]))


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return least robust errors, the cost in natural error, and the checks."""
    numbers: dict[str, float] = {}
    for problem in EPS:
        for method in METHODS:
            curve = of(rows, problem, method)
            if not curve:
                continue
            best = min(curve, key=lambda row: float(row["robust"]))
            name = f"{problem.lower()}_{method.lower()}"
            numbers[f"{name}_least_robust"] = float(best["robust"])
            numbers[f"{name}_natural_there"] = float(best["natural"])
            numbers[f"{name}_unregularised"] = float(curve[0]["robust"])
    numbers["gaussians_possible"] = float(
        PAIR.robust_risk(
            PAIR.optimal_robust_classifier(EPS["Gaussians"], np.inf),
            EPS["Gaussians"],
            np.inf,
        )
    )
    numbers["counting_difference"] = max(
        abs(float(row["counting_difference"])) for row in rows
    )
    found = of(rows, "digits", "TRADES")
    if found:
        best = min(found, key=lambda row: float(row["robust"]))
        for end in ("from", "to"):
            numbers[f"digits_trades_robust_{end}"] = float(best[f"robust_{end}"])
    numbers["stationarity"] = max(float(row["stationarity"]) for row in rows)
    return numbers


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw the three errors against strength, and boundary against natural error."""
    colours = dict(zip(METHODS, ("blue", "vermilion", "green", "purple"), strict=True))
    with style():
        drawing = new_figure("page", aspect=0.72)
        panels = drawing.subplots(len(EPS), 4)
        for line, problem in zip(panels, EPS, strict=True):
            for method, colour in colours.items():
                rows = of(result.rows, problem, method)
                if not rows:
                    continue
                x = [max(float(row["strength"]), ZERO) for row in rows]
                parts = {
                    part: [100 * float(row[part]) for row in rows] for part in PARTS
                }
                ink = {"color": PALETTE[colour], "ms": 2.5, "lw": 1.0}
                for axes, (part, values) in zip(line, parts.items(), strict=False):
                    axes.plot(x, values, "o-", label=method, **ink)
                    axes.set(xscale="log", title=f"{problem}: {part}")
                    if problem == "digits":
                        ends = [
                            [100 * float(row[f"{part}_{end}"]) for row in rows]
                            for end in ("from", "to")
                        ]
                        axes.fill_between(
                            x, *ends, color=PALETTE[colour], alpha=0.12, lw=0
                        )
                line[3].plot(parts["natural"], parts["boundary"], "o-", **ink)
            line[0].set(ylabel="error in %")
            line[3].set(
                xlabel="natural error in %",
                ylabel="boundary error in %",
                title=f"{problem}: trade-off",
            )
            for axes in line[:3]:
                axes.set(xlabel="strength")
                axes.set_xticks([ZERO, 0.01, 0.1, 1, 10], ["0", ".01", ".1", "1", "10"])
                axes.minorticks_off()
        least = 100 * result.measured["gaussians_possible"]
        panels[0][2].axhline(least, color="k", ls=":", lw=0.8, label="least possible")
        panels[0][2].legend(handles=panels[0][2].lines[-1:], loc="center", fontsize=6)
        panels[0][0].legend(fontsize=6, loc="center left")
        return save(drawing, folder / result.study.name, formats)


STUDY = Study(
    name="zhang2019_tradeoff",
    question=(
        "How do TRADES, logit pairing, stability training and adversarial training "
        "trade natural error for boundary error? (Zhang et al. 2019, arXiv:1901.08573; "
        "Kannan et al. 2018, arXiv:1803.06373; Zheng et al. 2016, arXiv:1604.04326)"
    ),
    expected=(
        "Natural error rises and boundary error falls with the strength, up to a "
        "point; robust error is their sum, and on the Gaussian pair comes "
        "near the least possible one, except for stability training."
    ),
    cost="20 to 30 s of one core.",
    grid={"problem": tuple(EPS), "method": METHODS, "strength": STRENGTHS},
    measure=measure,
    summary=summary,
    figure=figure,
    accepted={
        "gaussians_trades_least_robust": (0.0807, 0.083),
        "gaussians_pairing_least_robust": (0.0807, 0.083),
        "gaussians_adversarial_least_robust": (0.0807, 0.083),
        "gaussians_stability_least_robust": (0.4, 0.5),
        "gaussians_trades_unregularised": (0.45, 0.57),
        "digits_trades_least_robust": (0.14, 0.18),
        "digits_pairing_least_robust": (0.14, 0.18),
        "digits_adversarial_least_robust": (0.16, 0.21),
        "digits_trades_unregularised": (0.3, 0.35),
        "counting_difference": (0.0, 0.0),
        "stationarity": (-1e-12, 1e-8),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
