"""How little a region of the MNIST digits can grow: the talk's table, and better sets.

Claim: concentration of measure does not explain the adversarial examples of MNIST. The
best regions of the papers (Mahloujifar, Zhang, Mahmoody and Evans 2019,
arXiv:1905.12202), as tabled in Dobriban's talk "What causes adversarial examples?"
(2020), have 1 % of the digits in them and 7.2 % within .3 in l_inf, 2.1 % within 1.5 in
l_2. With a better search 1.2 % of fresh digits lie in a region and 1.5 % within .3 of
it: what concentration forces is smaller still. The numbers are upper bounds of the
concentration function, not lower bounds of anybody's adversarial risk as the table's
title has it; attacks on robust networks succeed on 10.7 % (l_inf .3, Madry et al.) and
20.0 % (l_2 1.5, Schott et al.).

Grid: the published search and ours, family by family, for either norm.
Cost: about 3 minutes of one core and 1.5 GB with MNIST; seconds on scikit-learn's
digits, which are taken where MNIST is absent, with 5 % in place of 1 %.
Picture: bars of the adversarial risk: ours far below the attacks, near the risk itself.

Choices. All 60 000 training digits are split at random: half fit regions, half set the
threshold and select. The 10 000 test digits are counted once. They are drawn from other
writers, so a region's risk may differ by more than chance. In the published rectangles
the boxes are grown by eps, and q is found by bisection without the test digits (the
authors tune on them); there are 5, 10 or 20 boxes. The published balls are tabled at
eps 1.5 (their code's default is 1.58). Our regions have a margin, so that the risk on
test digits is at least 1 %.

The talk's row for CIFAR-10 (l_inf 8/255: 18.1 % against an attack's 52.9 %) is not
reproduced here. It seems to compare a region of 5 % with a network whose natural error
is about 13 %; at matched risk the paper's own estimate is 29.2 %. The two numbers of
the row have different standard risks, so the gap is overstated.
"""

import functools
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from geomadv.concentration import estimate_concentration
from geomadv.data import DataUnavailableError, load_digits, load_mnist
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.studies import Study, StudyResult, main

Value = str | int | float | bool

ALPHA = {"mnist": 0.01, "digits": 0.05}  # 1 % of 597 digits is too few to count
QUESTIONS = {"linf": (np.inf, 0.3), "l2": (2.0, 1.5)}
ATTACKS = {"linf": (0.107, "Madry et al."), "l2": (0.200, "Schott et al.")}
# The papers aim at 1 % without a margin, and fit regions to all training digits.
MARGINS = {"published": 0.0, "full": 0.5}
SELECTION = {"published": 0.15, "full": 0.5}
PUBLISHED = {"linf": 0.072, "l2": 0.021}
SEARCHES = (
    "linf published rectangles",
    "linf full rectangles",
    "linf full halfspaces",
    "l2 published balls",
    "l2 full balls",
    "l2 full halfspaces",
)


@functools.cache
def digits() -> tuple[np.ndarray, np.ndarray, str, str]:
    """Return train and test digits in [0, 1], their name, and a sentence on them."""
    try:
        data = load_mnist()
        name, told = "mnist", f"MNIST, from {data.origin}"
    except DataUnavailableError as error:
        data = load_digits()
        name = "digits"
        told = (
            "scikit-learn's bundled 8 x 8 digits, NOT MNIST: the published numbers do "
            f"not compare. {error}"
        )
    train, test = (
        images.reshape(images.shape[0], -1) / data.maximum
        for images in (data.train_images, data.test_images)
    )
    return train, test, name, told


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Search one family, and count the test digits."""
    norm, search, family = str(cell["search"]).split()
    p, eps = QUESTIONS[norm]
    train, test, name, _ = digits()
    found = estimate_concentration(
        train,
        test,
        p=p,
        eps=eps,
        alpha=ALPHA[name],
        family=family,
        search=search,
        margin=MARGINS[search],
        selection=SELECTION[search],
        rng=rng,
    )
    (result,) = found.results
    return {
        "risk": result.risk,
        "adversarial_risk": result.adversarial_risk,
        "lower": result.adversarial_risk_interval.lower,
        "upper": result.adversarial_risk_interval.upper,
        "fit_adversarial_risk": result.fit_adversarial_risk,
        "selection_adversarial_risk": result.selection_adversarial_risk,
        "seconds": result.seconds,
    }


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return what the published search gives, and ours, selected without the test."""
    name = digits()[2]
    result: dict[str, float] = {}
    for norm in QUESTIONS:
        for search, title in (("published", "reproduced"), ("full", "ours")):
            some = [
                row for row in rows if str(row["search"]).split()[:2] == [norm, search]
            ]
            if not some:
                continue
            best = min(some, key=lambda row: float(row["selection_adversarial_risk"]))
            for number in ("risk", "adversarial_risk"):
                result[f"{name}_{norm}_{title}_{number}"] = float(best[number])
    return result


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw adversarial risks as bars: in print, reproduced, ours, and attacks."""
    real = result.data.startswith("MNIST")
    with style():
        drawing = new_figure("page", aspect=0.36)
        for axes, (norm, (p, eps)) in zip(
            drawing.subplots(1, 2), QUESTIONS.items(), strict=True
        ):
            bars: list[tuple[str, float, float, str]] = []
            if real:
                share, who = ATTACKS[norm]
                bars.append((f"attack, {who}", share, np.nan, "grey"))
                bars.append(
                    ("region, in print", PUBLISHED[norm], ALPHA["mnist"], "sky")
                )
            for row in result.rows:
                where, search, family = str(row["search"]).split()
                if where == norm:
                    bars.append(
                        (
                            f"{'ours' if search == 'full' else 'reproduced'}, {family}",
                            float(row["adversarial_risk"]),
                            float(row["risk"]),
                            "blue" if search == "full" else "orange",
                        )
                    )
            for height, (_, near, risk, colour) in enumerate(reversed(bars)):
                axes.barh(height, 100 * near, color=PALETTE[colour], height=0.62)
                if np.isfinite(risk):
                    axes.plot(
                        [100 * risk] * 2, [height - 0.31, height + 0.31], "k", lw=1.2
                    )
                axes.text(100 * near, height, f"  {100 * near:.1f}", va="center")
            axes.set_yticks(range(len(bars)), [bar[0] for bar in reversed(bars)])
            axes.grid(visible=False, axis="y")
            axes.set(
                xlabel="within $\\varepsilon$ of the region (%); line: in it",
                xlim=(0, 118 * max(bar[1] for bar in bars)),
                title=f"$\\ell_{{{'2' if p == 2 else chr(92) + 'infty'}}}$, "
                f"$\\varepsilon$ = {eps:g}",
            )
        drawing.suptitle(
            "MNIST, test digits" if real else "scikit-learn's digits (not MNIST)"
        )
        return save(drawing, folder / result.study.name, formats=formats)


STUDY = Study(
    name="concentration_mnist",
    question=(
        "How many digits must lie near a region that holds 1 % of them? (Mahloujifar, "
        "Zhang, Mahmoody and Evans 2019, arXiv:1905.12202; Dobriban's talk, 2020)"
    ),
    expected=(
        "The published search reproduces 7.2 % (l_inf .3) and about 2.1 % (l_2 1.5); "
        "ours finds regions that grow less: 1.8 % or less, and 2.1 % or less."
    ),
    cost="About 3 minutes of one core and 1.5 GB; seconds on the bundled digits.",
    grid={"search": SEARCHES},
    measure=measure,
    summary=summary,
    units={"seconds": "s"},
    published={
        "mnist_linf_reproduced_adversarial_risk": PUBLISHED["linf"],
        "mnist_l2_reproduced_adversarial_risk": PUBLISHED["l2"],
    },
    accepted={
        "mnist_linf_reproduced_adversarial_risk": (0.06, 0.09),
        "mnist_linf_ours_risk": (0.01, 0.016),
        "mnist_linf_ours_adversarial_risk": (0.01, 0.018),
        "mnist_l2_reproduced_adversarial_risk": (0.015, 0.034),
        "mnist_l2_ours_risk": (0.01, 0.014),
        "mnist_l2_ours_adversarial_risk": (0.01, 0.021),
    },
    data=lambda: digits()[3],
    figure=figure,
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
