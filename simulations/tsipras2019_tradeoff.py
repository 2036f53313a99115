"""Accuracy against robustness where one feature is robust and many are weak.

Claim: a classifier with standard error delta has an accuracy of at most p/(1 - p) delta
against l_infinity steps of size 2 eta, and training against steps leads from the
accurate end of the trade-off to the robust one (Tsipras et al. 2019, arXiv:1805.12152,
section 2). The best trade-off of all classifiers is known exactly, and the bound is
close to it from eta sqrt(d) = 2 on.

Grid: 50 weak features, eta sqrt(d) = 1, 2 and 3, p = .95; logistic regression trained
against steps of 0 to 2 eta.
Cost: half a minute of one core.
Picture: trained classifiers below the best trade-off, which joins Bayes' rule and the
robust feature below the bound; accuracies under growing steps, where only the robust
feature's stays.

Choices. 1500 training points, l2 penalty 10^-3. Accuracies of trained classifiers are
exact on the law (`RobustWeakFeatures.robust_accuracy`), and are compared with shares of
2 * 10^4 points that no step turns, with Clopper-Pearson intervals at error rate 1e-4.
The steps move x_1 as well, which rules of the theory see through its sign.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from geomadv.classifiers import AdversarialLinearClassifier
from geomadv.data import RobustWeakFeatures
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.stats import clopper_pearson
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.features import tsipras2019

Value = str | int | float | bool

WEAK, AGREEMENT = 50, 0.95
STRENGTHS = (1.0, 2.0, 3.0)
RATIOS = (0.0, 0.5, 0.75, 1.0, 2.0)
SEEN = (0.0, 0.5, 1.0, 1.5, 2.0)  # sizes of test steps over eta
SHOWN = 2.0  # the strength of the right panel
TRAINING, DRAWS, ERROR_RATE = 1500, 20_000, 1e-4


def law_of(strength: float) -> RobustWeakFeatures:
    """Return the law whose weak features have this signal together."""
    return RobustWeakFeatures(WEAK, strength / np.sqrt(WEAK), AGREEMENT)


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Train against steps, and measure the accuracies under steps."""
    law, ratio = law_of(float(cell["strength"])), float(cell["train"])
    X, y = law.sample(TRAINING, rng)
    model = AdversarialLinearClassifier(eps=ratio * law.eta).fit(X, y)
    accuracies = np.asarray(law.robust_accuracy(model, law.eta * np.array(SEEN)))
    result = {
        f"accuracy_{rho:g}": float(a) for rho, a in zip(SEEN, accuracies, strict=True)
    }
    X, y = law.sample(DRAWS, rng)
    w, b = model.coef_[0], float(model.intercept_[0])
    margins = y * (X @ w + b)
    result["inside"] = 0.0
    for rho, accuracy in zip(SEEN, accuracies, strict=True):
        right = int((margins > rho * law.eta * np.abs(w).sum()).sum())
        share = clopper_pearson(right, DRAWS, ERROR_RATE)
        result["inside"] += (share.lower <= accuracy <= share.upper) / len(SEEN)
    error = 1.0 - result["accuracy_0"]
    result["best"] = float(law.robust_accuracy_bound(error))
    result["bound"] = float(tsipras2019.robust_accuracy_bound(error, AGREEMENT))
    return result


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return the ends of the trade-off that training reaches, and the fit of theory."""
    result = {
        "accuracies_in_interval": float(np.mean([float(r["inside"]) for r in rows])),
        "above_best": max(float(r["accuracy_2"]) - float(r["best"]) for r in rows),
        "above_bound": max(float(r["best"]) - float(r["bound"]) for r in rows),
    }
    for row in rows:
        if row["strength"] == max(STRENGTHS) and row["train"] in (0.0, 2.0):
            name = "standard" if row["train"] == 0.0 else "robust"
            result[f"{name}_training_accuracy"] = float(row["accuracy_0"])
            result[f"{name}_training_accuracy_after_steps"] = float(row["accuracy_2"])
    return result


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw the trade-off at steps of 2 eta, and accuracies under growing steps."""
    strengths = sorted({float(row["strength"]) for row in result.rows})
    colours = dict(
        zip(strengths, (PALETTE[c] for c in ("blue", "green", "purple")), strict=False)
    )
    shown = SHOWN if SHOWN in strengths else strengths[0]
    with style():
        drawing = new_figure("page", aspect=0.44)
        left, right = drawing.subplots(1, 2)
        error = np.linspace(0.0, 1.0 - AGREEMENT, 200)
        left.plot(
            1.0 - error,
            tsipras2019.robust_accuracy_bound(error, AGREEMENT),
            ":",
            color=PALETTE["black"],
            zorder=5,
            label=r"bound $\delta\,p/(1-p)$",
        )
        for strength, colour in colours.items():
            least = float(tsipras2019.bayes_accuracy(AGREEMENT, strength))
            delta = 1.0 - np.linspace(AGREEMENT, least, 200)
            left.plot(
                1.0 - delta,
                tsipras2019.best_robust_accuracy(delta, AGREEMENT, strength),
                color=colour,
                label=rf"best, $\eta\sqrt{{d}} = {strength:g}$",
            )
            rows = [row for row in result.rows if row["strength"] == strength]
            left.plot(
                [float(row["accuracy_0"]) for row in rows],
                [float(row["accuracy_2"]) for row in rows],
                "o",
                color=colour,
            )
        left.plot([], [], "o", color=PALETTE["grey"], label="trained")
        left.set(
            xlabel="standard accuracy",
            ylabel=r"accuracy after steps of $2\eta$",
            title="the trade-off",
            ylim=(-0.02, 1.02),
        )
        left.legend(loc="upper right")
        law = law_of(shown)
        rho = np.linspace(0.0, 2.0, 201)
        right.plot(
            rho,
            law.optimal_robust_accuracy(rho * law.eta),
            color=PALETTE["black"],
            label="best of all",
        )
        right.plot(
            rho,
            tsipras2019.average_accuracy(shown, rho),
            ":",
            color=PALETTE["grey"],
            label="mean of weak features",
        )
        rows = [row for row in result.rows if row["strength"] == shown]
        marks = zip(rows, "osD^v", strict=False)
        for row, mark in marks:
            right.plot(
                SEEN,
                [float(row[f"accuracy_{size:g}"]) for size in SEEN],
                mark + "--",
                lw=0.8,
                label=rf"trained at ${float(row['train']):g}\,\eta$",
            )
        right.set(
            xlabel=r"size of the steps, $\varepsilon/\eta$",
            ylabel="accuracy",
            title=rf"$\eta\sqrt{{d}} = {shown:g}$",
            ylim=(-0.02, 1.02),
        )
        right.legend(loc="lower left")
        return save(drawing, folder / result.study.name, formats)


STUDY = Study(
    name="tsipras2019_tradeoff",
    question="How much accuracy does robustness leave where one feature is robust and "
    "many are weak? (Tsipras et al. 2019, arXiv:1805.12152)",
    expected="Trained classifiers below the best trade-off, and that below the bound; "
    "training against steps of 2 eta ends at the robust feature.",
    cost="Half a minute of one core.",
    grid={"strength": STRENGTHS, "train": RATIOS},
    measure=measure,
    summary=summary,
    figure=figure,
    accepted={
        "accuracies_in_interval": (0.95, 1.0),
        "above_best": (-1.0, 1e-12),
        "above_bound": (-1.0, 1e-12),
        "standard_training_accuracy": (0.99, 1.0),
        "standard_training_accuracy_after_steps": (0.0, 0.05),
        "robust_training_accuracy": (AGREEMENT - 1e-3, AGREEMENT + 1e-3),
        "robust_training_accuracy_after_steps": (AGREEMENT - 1e-3, AGREEMENT + 1e-3),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
