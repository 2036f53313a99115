"""What robustness costs between two Gaussian classes of unequal size.

Claim: the classifier of least robust risk moves its boundary towards the rarer class,
by the factor m/(m - eps), and loses standard accuracy by it; equal classes lose nothing
(Dobriban, Hassani, Hong and Robey 2020, arXiv:2006.05161, and Dobriban's talk "What
causes adversarial examples?", 2020, under "others"). The loss grows with the imbalance
at first, and falls again for very rare classes, of which no rule finds any.

Grid: means +-mu in the plane with |mu| = 1, identity covariance, shares of the rarer
class from 1/2 to 1/100, l2 steps of .25 and .5.
Cost: half a minute of one core, for the training.
Picture: boundaries that fan out from 0, with those of adversarially trained logistic
regression on their curves; risks of the robust rule above Bayes' without steps and
below with them; a loss that is 0 for equal classes, rises and falls.

Choices. Simulated risks are shares of 10^5 points after the worst step, with
Clopper-Pearson intervals at error rate 1e-3. Training uses three samples of 1000 points
a cell; logistic loss against l2 steps has the optimal robust rule as its population
minimiser, but with few points of the rarer class its boundary is noisy, so that it is
drawn down to shares of a tenth.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from geomadv.classifiers import AdversarialLinearClassifier
from geomadv.data import GaussianPair
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.stats import clopper_pearson
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.statistics import dobriban2020

Value = str | int | float | bool

MU = (0.6, 0.8)
PRIORS = (0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01)
SIZES = (0.25, 0.5)
DRAWS, ERROR_RATE = 100_000, 1e-3
POINTS, SAMPLES, FEWEST = 1000, 3, 0.1


def threshold(w: np.ndarray, b: float) -> float:
    """Return where the boundary lies along its normal."""
    return float(-b / np.linalg.norm(w))


def trained(pair: GaussianPair, eps: float, rng: np.random.Generator) -> list[float]:
    """Return the boundaries of logistic regression trained against l2 steps."""
    found = []
    for _ in range(SAMPLES):
        X, y = pair.sample(POINTS, rng)
        model = AdversarialLinearClassifier(eps=eps, p=2, alpha=1e-6).fit(X, y)
        found.append(threshold(model.coef_[0], float(model.intercept_[0])))
    return found


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Compare exact and simulated risks of Bayes' rule and the optimal robust one."""
    prior, eps = float(cell["prior"]), float(cell["eps"])
    pair = GaussianPair(MU, prior=prior)
    rules = {
        "bayes": pair.bayes_classifier(),
        "robust": pair.optimal_robust_classifier(eps),
    }
    exact = dobriban2020.trade_off(pair, eps)
    X, y = pair.sample(DRAWS, rng)
    result = {"price": float(exact.price), "gain": float(exact.gain), "inside": 0.0}
    for name, rule in rules.items():
        w, b = rule.coef_[0], float(rule.intercept_[0])
        result[f"{name}_threshold"] = threshold(w, b)
        for kind, size in (("standard", 0.0), ("attacked", eps)):
            step = pair.worst_shift(rule, size)
            wrong = int((y * ((X + y[:, None] * step) @ w + b) <= 0.0).sum())
            share = clopper_pearson(wrong, DRAWS, ERROR_RATE)
            risk = float(pair.robust_risk(rule, size))
            result[f"{name}_{kind}"] = risk
            result[f"{name}_{kind}_simulated"] = wrong / DRAWS
            result["inside"] += (share.lower <= risk <= share.upper) / 4.0
    boundaries = trained(pair, eps, rng)
    result["trained_threshold"] = float(np.mean(boundaries))
    result["trained_spread"] = float(np.std(boundaries, ddof=1) / np.sqrt(SAMPLES))
    return result


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return the price at equal and unequal classes, and how well theory fits."""
    result = {"risks_in_interval": float(np.mean([float(r["inside"]) for r in rows]))}
    strong = {float(r["prior"]): r for r in rows if float(r["eps"]) == max(SIZES)}
    for prior, name in ((0.5, "equal"), (0.2, "one_fifth"), (0.01, "one_hundredth")):
        if prior in strong:
            result[f"price_{name}"] = float(strong[prior]["price"])
    if 0.2 in strong:
        row = strong[0.2]
        result["shift_factor"] = float(row["robust_threshold"]) / float(
            row["bayes_threshold"]
        )
        result["trained_shift_factor"] = float(row["trained_threshold"]) / float(
            row["bayes_threshold"]
        )
    return result


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw the boundaries, the risks and the price against the rarer class's share."""
    sizes = sorted({float(row["eps"]) for row in result.rows})
    colours = [PALETTE["blue"], PALETTE["green"], PALETTE["purple"]]
    share = np.geomspace(0.008, 0.5, 200)
    strongest = sizes[-1]

    def column(
        eps: float, key: str, least: float = 0.0
    ) -> tuple[list[float], list[float]]:
        rows = [
            row
            for row in result.rows
            if float(row["eps"]) == eps and float(row["prior"]) >= least
        ]
        return (
            [float(row["prior"]) for row in rows],
            [float(row[key]) for row in rows],
        )

    with style():
        drawing = new_figure("page", aspect=0.38)
        left, middle, right = drawing.subplots(1, 3)
        left.semilogx(
            share,
            dobriban2020.optimal_threshold(1.0, 0.0, share),
            ":",
            color=PALETTE["grey"],
            label="Bayes",
        )
        for eps, colour in zip(sizes, colours, strict=False):
            left.semilogx(
                share,
                dobriban2020.optimal_threshold(1.0, eps, share),
                color=colour,
                label=rf"$\varepsilon = {eps:g}$",
            )
            x, mean = column(eps, "trained_threshold", FEWEST)
            _, spread = column(eps, "trained_spread", FEWEST)
            left.errorbar(x, mean, yerr=spread, fmt="o", color=colour)
        left.plot([], [], "o", color=PALETTE["grey"], label="trained")
        left.axhline(1.0, lw=0.6, color=PALETTE["grey"])
        left.text(0.008, 0.93, "mean of the class", fontsize="small", va="top")
        left.set(
            xlabel=r"share $\pi$ of the class at $+\mu$",
            ylabel="boundary along $\\mu$",
            title="boundaries, $|\\mu| = 1$",
        )
        left.legend()
        for name, label, colour in (
            ("bayes", "Bayes", PALETTE["black"]),
            ("robust", "robust", PALETTE["vermilion"]),
        ):
            rule = 0.0 if name == "bayes" else strongest
            t = dobriban2020.optimal_threshold(1.0, rule, share)
            for kind, size, line in (
                ("standard", 0.0, "-"),
                ("attacked", strongest, "--"),
            ):
                middle.semilogx(
                    share,
                    dobriban2020.robust_risk(1.0, size, share, t),
                    line,
                    color=colour,
                    label=f"{label}, {kind}",
                )
                middle.semilogx(
                    *column(strongest, f"{name}_{kind}_simulated"), "o", color=colour
                )
        middle.set(
            xlabel=r"share $\pi$",
            ylabel="risk",
            title=rf"risks, $\varepsilon = {strongest:g}$",
        )
        middle.legend()
        for eps, colour in zip(sizes, colours, strict=False):
            right.semilogx(
                share,
                dobriban2020.price_of_robustness(1.0, eps, share),
                color=colour,
                label=rf"$\varepsilon = {eps:g}$",
            )
            x, robust = column(eps, "robust_standard_simulated")
            _, bayes = column(eps, "bayes_standard_simulated")
            right.semilogx(x, np.subtract(robust, bayes), "o", color=colour)
        right.set(
            xlabel=r"share $\pi$",
            ylabel="standard risk above Bayes'",
            title="price of robustness",
        )
        right.legend()
        return save(drawing, folder / result.study.name, formats)


STUDY = Study(
    name="dobriban2020_imbalance",
    question="What does robustness cost between Gaussian classes of unequal size? "
    "(Dobriban et al. 2020, arXiv:2006.05161)",
    expected="Boundaries that move to the rarer class by m/(m - eps), trained ones "
    "beside them; nothing lost for equal classes; a price that rises with the "
    "imbalance and falls again for very rare classes.",
    cost="Half a minute of one core.",
    grid={"prior": PRIORS, "eps": SIZES},
    measure=measure,
    summary=summary,
    figure=figure,
    accepted={
        "risks_in_interval": (0.95, 1.0),
        "price_equal": (0.0, 1e-15),
        "price_one_fifth": (0.024813, 0.024814),
        "price_one_hundredth": (0.0, 0.001),
        "shift_factor": (2.0 - 1e-12, 2.0 + 1e-12),
        "trained_shift_factor": (1.6, 2.6),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
