"""What robust maximum likelihood learns of two Gaussian classes.

Claim: against l2 perturbations it learns the mean and a covariance that is blown up
most, relatively, in the directions of least variance, so that the classifier's gradient
comes nearer to the line between the classes as the budget grows (Ilyas et al. 2019,
arXiv:1905.02175, section 4; theorems 2 and 3, numbering unverified).

Grid: covariances with eigenvalues 1, 4, 25 and mean budgets eps, E|delta|^2 = eps^2,
from .01 to 30; the means are those of the worst alignment before training.
Cost: seconds of one core.
Picture: robust variances that meet at eps^2/d; a penalty that falls as 1/eps and then
as 1/eps^2 between its bounds; cosines that rise from .385, the least one of the
covariance of the data, to 1.

Choices. Beside the closed forms stand robust maximum likelihood of a sample of 2000
points by numerical minimisation over all means and covariances, and the mean squared
perturbation of that sample, with the standard errors of both in mind: the numbers
differ by some per cent.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from geomadv.data import GaussianPair
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.features import ilyas2019

Value = str | int | float | bool

VARIANCES = np.array([1.0, 4.0, 25.0])
SIZES = (0.01, 0.03, 0.1, 0.3, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
POINTS = 2000


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Compare closed forms with what is learned from a sample."""
    eps = float(cell["eps"])
    penalty = float(ilyas2019.penalty_of_budget(VARIANCES, eps))
    lower, upper = ilyas2019.penalty_bounds(VARIANCES, eps)
    robust = ilyas2019.robust_variances(VARIANCES, penalty)
    mu = ilyas2019.least_aligned_mean(VARIANCES)
    X, y = GaussianPair(mu, VARIANCES).sample(POINTS, rng)
    mean, cov = ilyas2019.robust_maximum_likelihood(X, y, penalty)
    z = y[:, None] * X - mean
    delta = np.linalg.solve(penalty * cov - np.eye(len(mean)), z.T)
    result = {
        "penalty": penalty,
        "penalty_lower": float(lower),
        "penalty_upper": float(upper),
        "spent": float(np.sqrt((delta**2).sum(axis=0).mean())),
        "alignment": float(ilyas2019.gradient_alignment(mu, robust)),
        "least_alignment": float(ilyas2019.least_gradient_alignment(robust)),
        "learned_alignment": float(ilyas2019.gradient_alignment(mean, cov)),
    }
    learned = np.linalg.eigvalsh(cov)
    for k in range(len(VARIANCES)):
        result[f"variance_{k}"] = float(robust[k])
        result[f"learned_variance_{k}"] = float(learned[k])
    return result


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return alignments at the published budgets, and how far the sample is off."""
    result: dict[str, float] = {}
    for row in rows:
        eps = float(row["eps"])
        if eps in (0.1, 0.5, 1.0, 2.0):
            result[f"least_alignment_{eps:g}"] = float(row["least_alignment"])
            result[f"penalty_{eps:g}"] = float(row["penalty"])
    result["off_variance"] = max(
        abs(float(row[f"learned_variance_{k}"]) / float(row[f"variance_{k}"]) - 1)
        for row in rows
        for k in range(len(VARIANCES))
    )
    result["off_spent"] = max(
        abs(float(row["spent"]) / float(row["eps"]) - 1) for row in rows
    )
    return result


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw variances, penalty and alignment against the budget."""
    eps = np.array([float(row["eps"]) for row in result.rows])

    def column(key: str) -> np.ndarray:
        return np.array([float(row[key]) for row in result.rows])

    x = np.geomspace(eps.min(), eps.max(), 200)
    penalty = ilyas2019.penalty_of_budget(VARIANCES, x)
    robust = ilyas2019.robust_variances(VARIANCES, penalty)
    lower, upper = ilyas2019.penalty_bounds(VARIANCES, x)
    mu = ilyas2019.least_aligned_mean(VARIANCES)
    cosine = [float(ilyas2019.gradient_alignment(mu, s)) for s in robust]
    colours = [PALETTE[name] for name in ("blue", "vermilion", "green")]
    with style():
        drawing = new_figure("page", aspect=0.38)
        left, middle, right = drawing.subplots(1, 3)
        for k, v in enumerate(VARIANCES):
            left.loglog(x, robust[:, k], color=colours[k], label=f"of $v$ = {v:g}")
            left.plot(
                eps, column(f"learned_variance_{k}"), "o", color=colours[k], mfc="none"
            )
        left.loglog(x, x**2 / 3, ":", color=PALETTE["grey"], label=r"$\varepsilon^2/d$")
        left.set(ylabel="robust variance", ylim=(0.6, 1.5 * robust.max()))
        left.legend()
        middle.fill_between(
            x, lower, upper, alpha=0.25, lw=0, color=PALETTE["grey"], label="bounds"
        )
        middle.loglog(x, penalty, color=PALETTE["blue"], label=r"$\lambda$")
        middle.plot(
            column("spent"),
            column("penalty"),
            "o",
            mfc="none",
            color=PALETTE["blue"],
            label="of a sample",
        )
        middle.set(ylabel=r"penalty $\lambda$")
        middle.legend()
        right.semilogx(
            x,
            ilyas2019.least_gradient_alignment(robust),
            "--",
            color=PALETTE["vermilion"],
            label="least of all",
        )
        right.semilogx(x, cosine, color=PALETTE["blue"], label="of one mean")
        right.plot(
            eps,
            column("learned_alignment"),
            "o",
            mfc="none",
            color=PALETTE["blue"],
            label="learned",
        )
        right.axhline(
            float(ilyas2019.least_gradient_alignment(VARIANCES)),
            ls=":",
            color=PALETTE["grey"],
            label="not robust",
        )
        right.set(ylabel="cosine of gradient and mean", ylim=(0.3, 1.02))
        right.legend()
        for axes in (left, middle, right):
            axes.set_xlabel(r"budget $\varepsilon$")
        return save(drawing, folder / result.study.name, formats=formats)


STUDY = Study(
    name="ilyas2019_gaussian",
    question="What does robust maximum likelihood learn of two Gaussian classes, and "
    "where do the gradients of its classifier point? (Ilyas et al. 2019, "
    "arXiv:1905.02175, section 4)",
    expected="Robust variances that meet, a penalty that falls as 1/eps and then as "
    "1/eps^2, and gradients that turn towards the mean.",
    cost="Seconds of one core.",
    grid={"eps": SIZES},
    measure=measure,
    summary=summary,
    figure=figure,
    accepted={
        "least_alignment_0.1": (0.41367, 0.41368),
        "least_alignment_0.5": (0.51331, 0.51332),
        "least_alignment_1": (0.60896, 0.60897),
        "least_alignment_2": (0.73705, 0.73706),
        "off_variance": (0.0, 0.2),
        "off_spent": (0.0, 0.15),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
