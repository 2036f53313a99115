"""How close is a random image to a dog: distances to all decision regions.

Claim: in 64 dimensions a random image is near the region of every class, about three
times nearer than test points are to other classes, for a linear classifier as well as
for nearest neighbours; uniform noise in the plane is not. So "near a dog" tells the
dimension, not oscillation (the test proposed in Dobriban's talk "What causes
adversarial examples?", 2020). What noisy labels do tells it: the nearest other region
of 1-NN, which interpolates, comes closer to test points by a factor of about nine in
the plane, five for Gaussian classes in R^64 and two on digits; that of logistic
regression by 1.1, 1.7 and two (medians of 16 points of each kind). The fewer the
dimensions, the clearer the difference.

Grid: five Gaussian classes in the plane and in R^64, and scikit-learn's 8 x 8 digits,
each also with a fifth of the labels drawn anew; logistic regression and one nearest
neighbour; test points, uniform noise in [0, 1]^d and Gaussian noise N(1/2, 1/16) in
each coordinate.
Cost: half a minute of one core.
Picture: medians, with 10 % and 90 % quantiles, of the distance to a region of another
class, in units of the median distance of two test points of different classes; below
it one random image and the nearest image of each digit.

Choices. Distances are Euclidean, in all of R^d, and exact (`distance_to_regions`); the
images in the picture keep to [0, 1]. The regions of a linear classifier extend to
infinity and meet in the middle of the data, which is where uniform noise lies.
"""

import functools
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geomadv.data import load_digits
from geomadv.error_sets import distance_to_regions
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.studies import Study, StudyResult, main

Value = str | int | float | bool

PROBLEMS = ("plane", "noisy plane", "blobs", "noisy blobs", "digits", "noisy digits")
MODELS = ("linear", "1-NN")
KINDS = ("test points", "uniform noise", "Gaussian noise")
CLASSES, TRAIN = 5, 500
NOISE = 0.2  # share of labels drawn anew
POINTS = 16  # of each kind
SEED = 0  # of the data, which are the same in all cells


@functools.cache
def data(problem: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return training points, their labels, test points and theirs."""
    rng = np.random.default_rng(SEED)
    if problem.endswith("digits"):
        digits = load_digits()
        X = digits.train_images[:TRAIN].reshape(TRAIN, -1) / 16.0
        test = digits.test_images.reshape(len(digits.test_images), -1) / 16.0
        y, truth = digits.train_labels[:TRAIN].copy(), digits.test_labels
    else:
        angle = 2 * np.pi * np.arange(CLASSES) / CLASSES
        centres = 0.5 + 0.35 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        if problem.endswith("blobs"):
            centres = rng.uniform(0.25, 0.75, (CLASSES, 64))
        labels = rng.integers(CLASSES, size=2 * TRAIN)
        spread = 0.06 if problem.endswith("plane") else 0.15
        both = centres[labels] + spread * rng.standard_normal(
            (2 * TRAIN, centres.shape[1])
        )
        X, test = both[:TRAIN], both[TRAIN:]
        y, truth = labels[:TRAIN].copy(), labels[TRAIN:]
    if problem.startswith("noisy"):
        drawn = rng.random(TRAIN) < NOISE
        y[drawn] = rng.integers(truth.max() + 1, size=int(drawn.sum()))
    return X, y, test, truth


@functools.cache
def fitted(problem: str, model: str) -> Any:
    """Return the classifier of a problem."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier

    X, y, _, _ = data(problem)
    if model == "linear":
        return LogisticRegression(C=1.0, max_iter=2000).fit(X, y)
    return KNeighborsClassifier(1).fit(X, y)


@functools.cache
def unit(problem: str) -> float:
    """Return the median distance of two test points of different classes."""
    _, _, X, y = data(problem)
    X, y = X[:200], y[:200]
    apart = np.linalg.norm(X[:, None] - X, axis=2)
    return float(np.median(apart[y[:, None] != y]))


def points(problem: str, kind: str, rng: np.random.Generator) -> np.ndarray:
    """Return points of one kind."""
    X = data(problem)[2]
    d = X.shape[1]
    if kind == "uniform noise":
        return rng.random((POINTS, d))
    if kind == "Gaussian noise":
        return 0.5 + 0.25 * rng.standard_normal((POINTS, d))
    return X[rng.choice(len(X), POINTS, replace=False)]


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Measure the distances from points to the regions of all other classes."""
    problem, model = str(cell["problem"]), str(cell["model"])
    classifier = fitted(problem, model)
    found = distance_to_regions(classifier, points(problem, str(cell["kind"]), rng))
    K = len(found.classes)
    distance = found.distance / unit(problem)
    other = distance[np.arange(K) != found.decision[:, None]].reshape(-1, K - 1)
    low, middle, high = np.quantile(other, [0.1, 0.5, 0.9])
    return {
        "nearest": float(np.median(other.min(axis=1))),
        "low": float(low),
        "median": float(middle),
        "high": float(high),
        "farthest": float(np.median(other.max(axis=1))),
        "exact": float(found.exact.mean()),
        "accuracy": float(classifier.score(*data(problem)[2:])),
    }


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return how much nearer random points are, and what noisy labels change."""
    at = {(row["problem"], row["model"], row["kind"]): row for row in rows}
    result = {"exact": min(float(row["exact"]) for row in rows)}
    for model in MODELS:
        key = model.replace("-", "").lower()
        for name in ("plane", "blobs", "digits"):
            test = at.get((name, model, "test points"))
            noise = at.get((name, model, "uniform noise"))
            noisy = at.get((f"noisy {name}", model, "test points"))
            if test and noise:
                ratio = float(noise["median"]) / float(test["median"])
                result[f"{name}_{key}_random"] = ratio
            if test and noisy:
                ratio = float(noisy["nearest"]) / float(test["nearest"])
                result[f"{name}_{key}_noisy"] = ratio
    return result


def images() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a random image, the nearest image of each digit by 1-NN, and how far."""
    noise = np.random.default_rng(SEED).random((1, 64))
    found = distance_to_regions(fitted("digits", "1-NN"), noise, box=(0.0, 1.0))
    near = (noise + found.delta[0]).reshape(-1, 8, 8)
    return noise.reshape(8, 8), near, found.distance[0] / unit("digits")


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw the distances, and below them a random image and its neighbours."""
    shift = dict(zip(KINDS, (-0.22, 0.0, 0.22), strict=True))
    marks = dict(zip(KINDS, ("o", "s", "D"), strict=True))
    colours = dict(zip(KINDS, ("blue", "vermilion", "green"), strict=True))
    problems = [p for p in PROBLEMS if any(r["problem"] == p for r in result.rows)]
    with style():
        drawing = new_figure("page", aspect=0.52)
        halves: Any = drawing.subfigures(2, 1, height_ratios=(3.2, 1.0))
        upper, lower = halves
        axes = upper.subplots(1, 2, sharey=True)
        for model, panel in zip(MODELS, axes, strict=True):
            for kind in KINDS:
                rows = [
                    r for r in result.rows if (r["model"], r["kind"]) == (model, kind)
                ]
                x = [problems.index(str(r["problem"])) + shift[kind] for r in rows]
                middle = np.array([float(r["median"]) for r in rows])
                low = middle - [float(r["low"]) for r in rows]
                high = np.array([float(r["high"]) for r in rows]) - middle
                panel.errorbar(
                    x,
                    middle,
                    yerr=np.stack([low, high]),
                    fmt=marks[kind],
                    color=PALETTE[colours[kind]],
                    elinewidth=1.0,
                    capsize=2.0,
                    label=kind,
                )
            panel.set(
                title={"linear": "logistic regression", "1-NN": "1-NN"}[model],
                xlim=(-0.5, len(problems) - 0.5),
                ylim=(0, None),
            )
            names = [p.replace(" ", "\n") for p in problems]
            panel.set_xticks(range(len(problems)), names)
            panel.grid(axis="x", visible=False)
        axes[0].set_ylabel("distance to another class")
        axes[0].legend()
        noise, near, distance = images()
        shown = lower.subplots(1, 11)
        titles = ["noise", *(f"“{j}” {r:.2f}" for j, r in enumerate(distance))]
        for panel, image, title in zip(shown, [noise, *near], titles, strict=True):
            panel.imshow(image, vmin=0.0, vmax=1.0)
            panel.set_title(title, fontsize=7, loc="center")
            panel.set_axis_off()
        return save(drawing, folder / result.study.name, formats=formats)


STUDY = Study(
    name="talk_distance_to_regions",
    question="How close is a random image to each class, and is it closer than the "
    "classes are to one another (Dobriban's talk)?",
    expected="In 64 dimensions random points are far nearer to all regions than test "
    "points are, for both classifiers; noisy labels bring other regions of 1-NN close "
    "to test points, and linear ones less so, but for digits.",
    cost="Half a minute of one core.",
    grid={"problem": PROBLEMS, "model": MODELS, "kind": KINDS},
    measure=measure,
    summary=summary,
    figure=figure,
    accepted={
        "exact": (1.0, 1.0),
        "digits_linear_random": (0.0, 0.8),
        "digits_1nn_random": (0.0, 0.8),
        "plane_linear_random": (0.6, 1.6),
        "plane_1nn_noisy": (0.0, 0.4),
        "plane_linear_noisy": (0.6, 1.6),
        "blobs_1nn_noisy": (0.0, 0.4),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
