"""What linear, kernel and nearest-neighbour learners reach on pancakes and parities.

Claim: where a robust rule exists but is hidden (the direction of pancakes, the bits of
a parity), learners that do not look for it find it in few dimensions only. With a weak
feature beside it linear and kernel learners become accurate by that feature, and a step
that the hidden rule does not notice takes the accuracy away; nearest neighbours, for
which all coordinates count alike, make less of it and lose less (Bubeck, Price,
Razenshteyn 2018, arXiv:1805.10204; Nakkiran 2019, arXiv:1901.00532).

Grid: pancakes (-1, 1) against (0, +-sqrt 3) of width .05 along a direction of R^d, and
parities of 3 of d bits; alone, or with a weak feature (pancakes: x_0 = .15 y; parity:
20 coordinates N(y/10, 1/100)); logistic regression, a support vector machine with a
Gaussian kernel, and one nearest neighbour; d from 3 to 48; 1500 training points.
Cost: some 20 seconds of one core.
Picture: accuracy against d, with a weak feature also after the step that turns it over,
an upper bound of the robust accuracy; the hidden rule is at the top throughout.

Choices. The step has the l_2 size .3 for pancakes, below their margin of .366, and the
l_inf size .2 for parities. The kernel has gamma = 1/d and C = 10. Linear rules without
the weak feature are at most 2/3 (pancakes) and 3/4 (parities) accurate.
"""

import functools
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geomadv.data import Pancakes, Parity
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.studies import Study, StudyResult, main

Value = str | int | float | bool

LAWS = ("pancakes", "parity")
LEARNERS = ("linear", "kernel", "1-NN")
DIMENSIONS = (3, 6, 12, 24, 48)
TRAIN, TEST = 1500, 1500
WIDTH, TAU = 0.05, 0.15  # of pancakes, and of their easy coordinate
BITS, WEAK, WEAK_TAU = 3, 20, 0.1
# sizes and norms of the steps that turn over the weak feature
STEPS = {"pancakes": (2.0 * TAU, 2.0), "parity": (2.0 * WEAK_TAU, np.inf)}


@functools.cache
def law(name: str, feature: bool, d: int) -> Pancakes | Parity:
    """Return the law of a cell."""
    if name == "pancakes":
        first = int(feature)
        v = np.append(np.zeros(first), np.ones(d))
        return Pancakes(d + first, (2, 3), WIDTH, tau=TAU * feature, direction=v)
    if feature:
        return Parity(d, BITS, weak=WEAK, tau=WEAK_TAU, sigma=WEAK_TAU)
    return Parity(d, BITS)


def learner(name: str, d: int) -> Any:
    """Return a classifier to be fitted."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import SVC

    if name == "linear":
        return LogisticRegression(C=100.0, max_iter=5000)
    if name == "kernel":
        return SVC(C=10.0, gamma=1.0 / d)
    return KNeighborsClassifier(1)


def turned_over(X: np.ndarray, y: np.ndarray, name: str, d: int) -> np.ndarray:
    """Return the points after the step that turns over the weak feature."""
    step = np.zeros_like(X)
    if name == "pancakes":
        step[:, 0] = -2.0 * TAU * y
    else:
        step[:, d:] = -2.0 * WEAK_TAU * y[:, None]
    return X + step


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Measure the accuracies of a learner and of the hidden rule."""
    name, feature, d = str(cell["law"]), bool(cell["feature"]), int(cell["d"])
    source = law(name, feature, d)
    X, y = source.sample(TRAIN, rng)
    test, truth = source.sample(TEST, rng)
    fitted = learner(str(cell["learner"]), d).fit(X, y)
    moved = turned_over(test, truth, name, d) if feature else test
    return {
        "accuracy": float((fitted.predict(test) == truth).mean()),
        "turned": float((fitted.predict(moved) == truth).mean()),
        "hidden": float((source.oracle_predict(test) == truth).mean()),
        "hidden_robust": 1.0 - float(source.oracle_risk(*STEPS[name])),
        "best_linear": 1.0 - source.linear_risk(),
    }


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return the accuracies at the ends of the sweep."""
    result = {
        "hidden": min(float(row["hidden"]) for row in rows),
        "hidden_robust": min(float(row["hidden_robust"]) for row in rows),
    }
    for row in rows:
        alone = not row["feature"]
        key = f"{row['law']}_{str(row['learner']).replace('-', '').lower()}"
        if alone and row["d"] in (DIMENSIONS[0], DIMENSIONS[-1]):
            result[f"{key}_alone_{row['d']}"] = float(row["accuracy"])
        if not alone and row["d"] == DIMENSIONS[-1]:
            result[f"{key}_feature"] = float(row["accuracy"])
            result[f"{key}_turned"] = float(row["turned"])
    return result


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw the accuracies against the dimension."""
    marks = dict(zip(LEARNERS, ("o", "s", "D"), strict=True))
    colours = dict(zip(LEARNERS, ("blue", "vermilion", "green"), strict=True))
    panels = [(name, feature) for name in LAWS for feature in (False, True)]
    titles = ("pancakes", "pancakes, weak feature", "parity", "parity, weak features")
    with style():
        drawing = new_figure("page", aspect=0.34)
        axes = drawing.subplots(1, 4, sharey=True)
        for (name, feature), title, panel in zip(panels, titles, axes, strict=True):
            panel.axhline(1.0, color=PALETTE["grey"], lw=3.0, alpha=0.5)
            panel.axhline(0.5, color=PALETTE["grey"], lw=0.8, ls=":")
            for kind in LEARNERS:
                rows = [
                    row
                    for row in result.rows
                    if (row["law"], bool(row["feature"]), row["learner"])
                    == (name, feature, kind)
                ]
                d = [int(row["d"]) for row in rows]
                look = {"color": PALETTE[colours[kind]], "marker": marks[kind]}
                panel.plot(d, [float(row["accuracy"]) for row in rows], **look)
                if feature:
                    turned = [float(row["turned"]) for row in rows]
                    panel.plot(d, turned, ls="--", mfc="none", **look)
            panel.set_title(title, fontsize=7.5)
            panel.set(xlabel="dimension or bits", xscale="log", ylim=(-0.03, 1.05))
            panel.set_xticks(DIMENSIONS, [str(d) for d in DIMENSIONS])
            panel.minorticks_off()
        axes[0].set_ylabel("accuracy")
        handles = [
            axes[0].plot([], [], color=PALETTE[colours[k]], marker=marks[k], label=k)[0]
            for k in LEARNERS
        ]
        grey = {"color": PALETTE["grey"]}
        handles += [
            axes[0].plot([], [], lw=3.0, alpha=0.5, label="hidden rule", **grey)[0],
            axes[0].plot([], [], ls="--", label="after the step", **grey)[0],
        ]
        drawing.legend(handles=handles, loc="outside lower center", ncols=5)
        return save(drawing, folder / result.study.name, formats=formats)


STUDY = Study(
    name="nakkiran2019_learners",
    question="What do simple learners reach where a robust rule is hidden, without and "
    "with a weak feature (Bubeck et al. 2018, Nakkiran 2019)?",
    expected="Chance in many dimensions without the feature; with it linear and kernel "
    "learners are accurate, and below chance once it is turned over; the hidden rule "
    "is at the top throughout, and at 0.94 or more under any step of that size.",
    cost="Some 20 seconds of one core.",
    grid={
        "law": LAWS,
        "feature": (False, True),
        "learner": LEARNERS,
        "d": DIMENSIONS,
    },
    measure=measure,
    summary=summary,
    figure=figure,
    accepted={
        "hidden": (0.995, 1.0),
        "hidden_robust": (0.94, 1.0),
        "pancakes_linear_alone_48": (0.4, 0.6),
        "pancakes_kernel_alone_48": (0.4, 0.6),
        "pancakes_1nn_alone_48": (0.4, 0.6),
        "pancakes_kernel_alone_3": (0.9, 1.0),
        "parity_linear_alone_48": (0.4, 0.6),
        "pancakes_linear_feature": (0.99, 1.0),
        "pancakes_linear_turned": (0.0, 0.1),
        "parity_linear_feature": (0.95, 1.0),
        "parity_linear_turned": (0.0, 0.1),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
