"""What classifiers learn from sets that hold one classifier's own features.

Claim: standard training on D_NR, points whose only features in common with their label
are those of a standard classifier, generalises to clean data and is as little robust as
that classifier; standard training on D_R, made with a robust classifier, gives robust
accuracy that standard training on the data themselves does not; training on points
perturbed towards random or shifted wrong labels generalises better than chance or than
the wrong labels say (Ilyas et al. 2019, arXiv:1905.02175, Figure 2; in Dobriban's talk
"What causes adversarial examples?", 2020). Published for CIFAR-10, standard accuracy /
robust accuracy at eps = .25 (from memory): standard 95.25 / 4.49, D_NR 87.68 / .82,
adversarial 90.83 / 82.48, D_R 85.40 / 48.20, D_rand 63.3, D_det 43.7.

Grid: Gaussian features, the model of Tsipras et al. and digits 3 against 7 (of MNIST,
or else scikit-learn's); linear classifiers, Gaussian kernels and random features.
Cost: about half a minute of two cores, a minute with MNIST.
Picture: of the four pairs of bars, the second like the first and the fourth like the
third, but for the robust bar of the fourth, which lies between the first and the third.

Choices. Robust accuracy of linear classifiers is exact; of the others it is the
accuracy under 20 gradient steps, an upper bound. Intervals are Clopper and Pearson's,
at error rate .001 in all of a cell. Robust training: of linear classifiers to the
certified optimum, of the others by fictitious play. Kernels are wide (width
sqrt(25 d) times the deviation of a coordinate), so that ridge regression finds the weak
features. A thousand digits are few: D_R from MNIST adds robustness to random features,
hardly any to kernels, which have it already at this eps, and none to linear ones.
"""

import functools
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from geomadv.classifiers import (
    AdversarialLinearClassifier,
    KernelExpansion,
    LinearClassifier,
)
from geomadv.data import (
    DataUnavailableError,
    GaussianPair,
    RobustWeakFeatures,
    load_digits,
    load_mnist,
)
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.stats import clopper_pearson, split_error_rate
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.features import ilyas2019

Value = str | int | float | bool

POINTS = {"linear": 1000, "kernel": 400, "random features": 400}
TESTED, ERROR_RATE = 2000, 1e-3
BARS = ("standard", "D_NR", "adversarial", "D_R")
SETS = (*BARS, "D_rand", "D_det")
TITLES = {
    "gaussian": "Gaussian features",
    "tsipras": "Tsipras et al.'s model",
    "digits": "8 x 8 digits 3, 7",
    "mnist": "MNIST 3, 7",
}
CLASSES, MNIST_PIXELS = (3, 7), 784


class Problem(NamedTuple):
    """A law or a set of data, and the perturbations that it is exposed to."""

    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    eps: float
    p: float


@functools.cache
def digits() -> tuple[Any, str]:
    """Return the two classes of digits, and which digits they are, in a sentence."""
    try:
        data = load_mnist()
    except DataUnavailableError as error:
        return load_digits().pair(*CLASSES), (
            "Digits: scikit-learn's bundled 8 x 8 digits, NOT MNIST. " + str(error)
        )
    return data.pair(*CLASSES), f"Digits: MNIST, from {data.origin}"


def problem(name: str, n: int, rng: np.random.Generator) -> Problem:
    """Draw n training points and the test points of a problem."""
    if name == "gaussian":  # one strong coordinate, twenty weak and reliable ones
        mu, v = [1.5] + [0.1] * 20, [0.6] + [0.0025] * 20
        pair = GaussianPair(mu, v)
        return Problem(*pair.sample(n, rng), *pair.sample(TESTED, rng), 0.5, 2.0)
    if name == "tsipras":
        law = RobustWeakFeatures(40, 0.4, agreement=0.95)
        return Problem(*law.sample(n, rng), *law.sample(TESTED, rng), 0.6, math.inf)
    X, y, X_test, y_test = digits()[0]
    eps = 0.5 if X.shape[1] == MNIST_PIXELS else 0.6
    some = rng.permutation(len(X))[:n]
    tested = rng.permutation(len(X_test))[:TESTED]
    return Problem(X[some], y[some], X_test[tested], y_test[tested], eps, 2.0)


def classifier(name: str, X: np.ndarray) -> Any:
    """Return a classifier with its settings, for standard training."""
    gamma = 0.02 / (X.shape[1] * X.var())
    if name == "linear":
        return LinearClassifier(alpha=1.0)
    if name == "kernel":
        return KernelExpansion(gamma=gamma, alpha=0.01)
    width = 1.0 / math.sqrt(2.0 * gamma)
    return ilyas2019.RandomFeatureClassifier(300, "cosine", width, alpha=1.0)


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Train on each of the six sets, and test on clean data."""
    name = str(cell["classifier"])
    X, y, X_test, y_test, eps, p = problem(str(cell["data"]), POINTS[name], rng)
    usual = classifier(name, X).fit(X, y)
    if name == "linear":
        robust = AdversarialLinearClassifier(eps=eps, p=p).fit(X, y)
    else:
        robust = ilyas2019.adversarially_trained(
            classifier(name, X), X, y, eps, p, rounds=12
        )
    sets = {
        "D_NR": ilyas2019.non_robust_dataset(usual, X, y, steps=150, rng=rng),
        "D_R": ilyas2019.robust_dataset(robust, X, y, steps=150, rng=rng),
        "D_rand": ilyas2019.random_label_dataset(
            usual, X, y, eps, p, steps=20, rng=rng
        ),
        "D_det": ilyas2019.shifted_label_dataset(usual, X, y, eps, p, steps=20),
    }
    learned = {key: classifier(name, X).fit(*one) for key, one in sets.items()}
    learned |= {"standard": usual, "adversarial": robust}
    share = split_error_rate(ERROR_RATE, 2 * len(SETS))
    result: dict[str, float] = {"eps": eps, "dimension": X.shape[1]}
    for key in SETS:
        model = learned[key]
        moved = ilyas2019.attacked(model, X_test, y_test, eps, p)
        for kind, points in (("clean", X_test), ("robust", moved)):
            right = int((model.predict(points) == y_test).sum())
            interval = clopper_pearson(right, len(y_test), share)
            result[f"{key}_{kind}"] = right / len(y_test)
            result[f"{key}_{kind}_lower"] = interval.lower
            result[f"{key}_{kind}_upper"] = interval.upper
    return result


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return the accuracies of linear classifiers, and the extremes of all cells."""
    result: dict[str, float] = {}
    for row in rows:
        data, name = str(row["data"]), str(row["classifier"])
        if name == "linear":
            for key in SETS:
                for kind in ("clean", "robust"):
                    result[f"{data}_{key}_{kind}"] = float(row[f"{key}_{kind}"])
    result["least_D_NR_clean"] = min(float(row["D_NR_clean"]) for row in rows)
    laws = [row for row in rows if row["data"] != "digits"]
    if laws:
        gains = {
            key: [float(r[f"{key}_robust"]) - float(r["standard_robust"]) for r in laws]
            for key in ("D_NR", "D_R")
        }
        result["largest_gain_of_D_NR_robust"] = max(gains["D_NR"])
        result["least_gain_of_D_R_robust"] = min(gains["D_R"])
    return result


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw the paper's four pairs of bars for each cell."""
    data = list(dict.fromkeys(str(row["data"]) for row in result.rows))
    names = list(dict.fromkeys(str(row["classifier"]) for row in result.rows))
    with style():
        drawing = new_figure("page", aspect=0.12 + 0.24 * len(names))
        grid = drawing.subplots(
            len(names), len(data), sharex=True, sharey=True, squeeze=False
        )
        for row in result.rows:
            i, j = names.index(str(row["classifier"])), data.index(str(row["data"]))
            _draw(grid[i][j], row)
            if j == 0:
                grid[i][j].set_ylabel(f"{names[i]}\naccuracy (%)")
            if i == 0:
                norm = r"\infty" if data[j] == "tsipras" else "2"
                mnist = data[j] == "digits" and row["dimension"] == MNIST_PIXELS
                title = TITLES["mnist" if mnist else data[j]]
                grid[i][j].set_title(
                    f"{title}, $\\ell_{norm}$, $\\varepsilon$ = {float(row['eps']):g}"
                )
        handles, words = grid[0][0].get_legend_handles_labels()
        drawing.legend(handles, words, loc="outside lower center", ncols=2)
        return save(drawing, folder / result.study.name, formats=formats)


def _draw(axes: Any, row: Mapping[str, Value]) -> None:
    """Draw the bars of one cell with their intervals."""
    place = np.arange(len(BARS))
    kinds = (
        ("clean", -0.2, "sky", "clean test points"),
        ("robust", 0.2, "blue", "after perturbations"),
    )
    for kind, shift, colour, word in kinds:
        value, low, high = (
            100 * np.array([float(row[f"{key}_{kind}{end}"]) for key in BARS])
            for end in ("", "_lower", "_upper")
        )
        axes.bar(
            place + shift,
            value,
            0.38,
            yerr=(value - low, high - value),
            color=PALETTE[colour],
            error_kw={"lw": 0.7, "capsize": 1.5},
            label=word,
        )
    ticks = ("standard", "$D_{NR}$", "robust\ntraining", "$D_R$")
    axes.set_xticks(place, ticks)
    axes.set(ylim=(0, 104))
    axes.grid(visible=False, axis="x")


STUDY = Study(
    name="ilyas2019_datasets",
    question="What do classifiers learn from sets that hold the features of a standard "
    "or of a robust classifier? (Ilyas et al. 2019, arXiv:1905.02175, Figure 2)",
    expected="Trained on D_NR: accurate and not robust, as the standard classifier. "
    "Trained on D_R: more robust than standard training, if there are enough points.",
    cost="About half a minute of two cores, a minute with MNIST.",
    grid={
        "data": ("gaussian", "tsipras", "digits"),
        "classifier": ("linear", "kernel", "random features"),
    },
    measure=measure,
    summary=summary,
    figure=figure,
    data=lambda: digits()[1],
    accepted={
        "gaussian_standard_robust": (0.0, 0.5),
        "gaussian_adversarial_robust": (0.9, 1.0),
        "gaussian_D_NR_clean": (0.95, 1.0),
        "gaussian_D_NR_robust": (0.0, 0.5),
        "gaussian_D_R_robust": (0.7, 1.0),
        "gaussian_D_rand_clean": (0.55, 1.0),
        "tsipras_standard_robust": (0.0, 0.5),
        "tsipras_D_NR_robust": (0.0, 0.5),
        "tsipras_D_R_robust": (0.7, 1.0),
        "least_D_NR_clean": (0.9, 1.0),
        "largest_gain_of_D_NR_robust": (-1.0, 0.06),
        "least_gain_of_D_R_robust": (0.05, 1.0),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
