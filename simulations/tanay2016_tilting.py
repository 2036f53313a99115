"""Tilting a boundary: angle, strength and error of linear classifiers of digits.

Claim: adversarial examples are as strong as the boundary is tilted, by 1/cos of its
deviation angle, and the error has little to do with it: along the regularisation paths
of a support vector machine and of ridge regression the angle falls by tens of degrees
while the error stays within a few per cent, and a boundary that is turned towards a
direction in which the digits hardly vary keeps its error at any angle (Tanay and
Griffin 2016, arXiv:1608.07690).

Grid: 3 against 7; four families of boundaries with nine members each; images as they
are, doubled, and enlarged by 200/28 (bilinear), and a synthetic law.
Cost: about 25 s of one core, 0.5 GB of memory; MNIST (or scikit-learn's digits).
Picture: in the plane, thin classes and boundaries that separate them equally well, from
the one that a step must cross in full to one that runs alongside the data. Of the
digits: error, which is nearly flat, and size of the perturbation, which falls like the
cosine, against the angle; the same curves at every size of the image.

Choices. `svm` is scikit-learn's `LinearSVC` with C from 1e4 to 1e-4 times that of
`tanay2016_mnist`, `ridge` its `RidgeClassifier` with a penalty of 1e-7 to 10 times the
variance along the centroids. `thin` starts from the nearest centroid and turns, by
0 to 89.9 degrees, towards the direction z in which the training digits vary least,
among those orthogonal to the centroids' axis l and uncorrelated with it; `thick`
towards the one whose variance is nearest to a hundredth of that along l: there the
error must rise once tan^2 of the angle is about 100. The predicted error is that of two
normal laws with the means and the covariance of the training digits, which for ridge
regression without a penalty is too good by what was fitted to noise. Strengths are
measured, as ratios of distances. The necessary angle, beyond which a path has
boundaries of type 2, is the least whose test error is within one standard error of the
least on the path. Sizes of image are compared where the families are the same. The
synthetic law is a pair of Gaussians in R^64 with variances from 1 to 1e-6 and nine
tenths of the signal in the widest direction; there the predicted error is exact but for
the intercept, and the test error must be near it.
"""

import functools
import math
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geomadv.data import (
    DataUnavailableError,
    GaussianPair,
    TwoClasses,
    load_digits,
    load_mnist,
    resize_isometry,
)
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.manifold import tanay2016

Value = str | int | float | bool

CLASSES = (3, 7)
SHARE = 0.99  # of the test digits are misclassified at eps
SYNTHETIC = "synthetic"
DIMENSION, DRAWN = 64, 2000  # of the synthetic law
ENLARGEMENTS = {"original": 1.0, "doubled": 2.0, "enlarged": 200 / 28}
LEVELS = tuple(range(9))  # of the penalty or of the angle
TILTS = (0.0, 30.0, 45.0, 60.0, 75.0, 84.0, 88.0, 89.0, 89.9)  # degrees
RULES = ("svm", "ridge", "thin", "thick")
COLOURS = dict(zip(RULES, ("blue", "vermilion", "green", "purple"), strict=True))
NAMES = {
    "svm": "support vector machine",
    "ridge": "ridge regression",
    "thin": "turned to a thin direction",
    "thick": "turned to a thicker one",
}
PLANE = (0.0, 60.0, 80.0)  # degrees, of the boundaries in the plane
A, V_L, V_Z = 1.0, 0.16, 2.5e-3  # of the classes in the plane


@dataclass(frozen=True, eq=False)
class Digits:
    """Digits of one size, in coordinates of as many numbers as the original has."""

    side: int
    X: np.ndarray
    y: np.ndarray
    X_test: np.ndarray
    y_test: np.ndarray
    centroids: tuple[np.ndarray, np.ndarray]
    covariance: np.ndarray  # within the classes
    directions: Mapping[str, np.ndarray]  # "thin" and "thick"
    law: GaussianPair | None = None

    @property
    def axis(self) -> np.ndarray:
        """The difference of the centroids."""
        return self.centroids[1] - self.centroids[0]

    @property
    def along(self) -> float:
        """The variance along it."""
        unit = self.axis / np.linalg.norm(self.axis)
        return float(unit @ self.covariance @ unit)


@functools.cache
def pair() -> tuple[TwoClasses, str]:
    """Return the two classes of digits, and which digits they are, in a sentence."""
    try:
        data = load_mnist()
    except DataUnavailableError as error:
        return load_digits().pair(*CLASSES), (
            "scikit-learn's bundled 8 x 8 digits, NOT MNIST: the published numbers do "
            f"not compare. {error}"
        )
    return data.pair(*CLASSES), f"MNIST, from {data.origin}"


@functools.cache
def digits(size: str) -> Digits:
    """Return the digits of one size."""
    if size == SYNTHETIC:
        return _synthetic()
    X, y, X_test, y_test = pair()[0]
    small = round(X.shape[1] ** 0.5)
    side = round(small * ENLARGEMENTS[size])
    _, R = resize_isometry(small, side)
    train, test = (
        np.asarray(R @ rows.reshape(-1, small, small) @ R.T).reshape(rows.shape)
        for rows in (X, X_test)
    )
    return Digits(side, train, y, test, y_test, *_moments(train, y))


def _synthetic() -> Digits:
    """Draw points of two Gaussians with thin directions."""
    variance = np.geomspace(1.0, 1e-6, DIMENSION)
    signal = np.full(DIMENSION, math.sqrt(0.1 / (DIMENSION - 1)))
    signal[0] = math.sqrt(0.9)
    law = GaussianPair(2 * np.sqrt(variance) * signal, variance)
    (X, y), (X_test, y_test) = law.sample(DRAWN, 0), law.sample(DRAWN, 1)
    return Digits(8, X, y, X_test, y_test, *_moments(X, y), law)


def _moments(
    X: np.ndarray, y: np.ndarray
) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray, dict[str, np.ndarray]]:
    """Return centroids, the covariance within classes, and directions to turn to."""
    i, j = X[y < 0].mean(axis=0), X[y > 0].mean(axis=0)
    centred = X - np.where(y < 0, i[:, None], j[:, None]).T
    V = centred.T @ centred / len(y)
    return (i, j), V, _directions(j - i, V)


def _directions(axis: np.ndarray, V: np.ndarray) -> dict[str, np.ndarray]:
    """Return principal directions orthogonal to the axis and uncorrelated with it."""
    unit = axis / np.linalg.norm(axis)
    left = np.linalg.qr(np.column_stack([unit, V @ unit]), mode="complete")[0][:, 2:]
    variance, turned = np.linalg.eigh(left.T @ V @ left)
    thick = np.abs(variance - 0.01 * (unit @ V @ unit)).argmin()
    return {"thin": left @ turned[:, 0], "thick": left @ turned[:, thick]}


def boundary(rule: str, data: Digits, level: int) -> tuple[np.ndarray, float]:
    """Return w and b of a member of a family; level 0 is tilted most but for turns."""
    if rule in data.directions:
        t = math.radians(TILTS[level])
        w = tanay2016.tilted_normal(data.axis, data.directions[rule], t)
        return w, float(-w @ (data.centroids[0] + data.centroids[1]) / 2)
    from sklearn.linear_model import RidgeClassifier
    from sklearn.svm import LinearSVC

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if rule == "ridge":
            model = RidgeClassifier(alpha=len(data.y) * penalty(data, level))
        else:
            C = 1e-4 * (12396 / len(data.y)) * (28 / data.side) ** 2 * 10 ** (4 - level)
            model = LinearSVC(C=C, dual=False, tol=1e-6, max_iter=10_000)
        model.fit(data.X, data.y)
    return np.ravel(model.coef_), float(np.ravel(model.intercept_)[0])


def penalty(data: Digits, level: int) -> float:
    """Return the penalty of ridge regression, a point."""
    return float(data.along * 10.0 ** (level - 7))


def measure(cell: Mapping[str, Value], _: np.random.Generator) -> dict[str, float]:
    """Measure one boundary; nothing is drawn."""
    data = digits(str(cell["size"]))
    w, b = boundary(str(cell["rule"]), data, int(cell["level"]))
    i, j = data.centroids
    angle = float(tanay2016.deviation_angle(w, j - i))
    distance = tanay2016.signed_distance(data.X_test, data.y_test, w, b)
    ratio = float(tanay2016.measured_strength(i, j, w, float(-w @ (i + j)) / 2))
    trained = tanay2016.signed_distance(data.X, data.y, w, b)
    error = float(tanay2016.misclassified_share(distance, 0.0))
    mean, V = (j - i) / 2, data.covariance
    if data.law is not None:
        mean, V = data.law.mu, np.diag(data.law.cov)
    return {
        "side": float(data.side),
        "angle": math.degrees(angle),
        "strength": ratio,
        "strength_gap": abs(ratio * math.cos(angle) - 1),
        "train_error": float(tanay2016.misclassified_share(trained, 0.0)),
        "test_error": error,
        "standard_error": math.sqrt(error * (1 - error) / len(distance)),
        "predicted_error": float(tanay2016.gaussian_error(w, mean, V)),
        "eps": float(tanay2016.misclassification_size(distance, SHARE)),
        "median_distance": float(np.median(distance)),
    }


def family(
    rows: Sequence[Mapping[str, Value]], rule: str, size: str
) -> dict[str, np.ndarray]:
    """Return the columns of one family, in the order of its levels."""
    mine = sorted(
        (row for row in rows if row["rule"] == rule and row["size"] == size),
        key=lambda row: float(row["level"]),
    )
    names = [name for name in (mine[0] if mine else {}) if name not in ("rule", "size")]
    return {name: np.array([float(row[name]) for row in mine]) for name in names}


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return what the tilt does to error and size, and the same over sizes."""
    found: dict[str, float] = {
        "strength_gap": max(float(row["strength_gap"]) for row in rows)
    }
    scales = []
    for rule in RULES:
        mine = family(rows, rule, "original")
        if len(mine.get("level", ())) < len(LEVELS):
            continue
        first, last = (0, -1) if rule in ("svm", "ridge") else (-1, 0)
        found[f"{rule}_largest_angle"] = mine["angle"][first]
        found[f"{rule}_smallest_angle"] = mine["angle"][last]
        spread = mine["test_error"].max() - mine["test_error"].min()
        found[f"{rule}_error_spread"] = spread
        found[f"{rule}_size_ratio"] = mine["eps"][first] / mine["eps"][last]
        best = mine["test_error"].argmin()
        family_ = np.radians(mine["angle"]), mine["test_error"]
        slack = mine["standard_error"][best]
        needed = tanay2016.necessary_angle(*family_, slack)
        found[f"{rule}_necessary_angle"] = math.degrees(needed)
        types = tanay2016.boundary_types(*family_, slack)
        found[f"{rule}_of_type_2"] = float((types == 2).mean())
        for size in ENLARGEMENTS:
            other = family(rows, rule, size)
            whole = other and len(other["eps"]) == len(mine["eps"])
            if whole and size != "original" and rule != "thick":
                zoom = other["side"] / mine["side"]
                scales.extend(other["eps"] / mine["eps"] / zoom)
    drawn = [row for row in rows if row["size"] == SYNTHETIC]
    if drawn:
        error, exact = (
            np.array([float(row[name]) for row in drawn])
            for name in ("test_error", "predicted_error")
        )
        spread = np.sqrt(exact * (1 - exact) / DRAWN)
        found["synthetic_worst_score"] = np.abs((error - exact) / spread).max()
        ridge = family(rows, "ridge", SYNTHETIC)
        if ridge:
            found["synthetic_largest_angle"] = ridge["angle"].max()
            found["synthetic_smallest_angle"] = ridge["angle"].min()
            error = ridge["test_error"]
            found["synthetic_error_spread"] = error.max() - error.min()
    if scales:
        found["least_size_over_side"] = min(scales)
        found["largest_size_over_side"] = max(scales)
    return {name: float(value) for name, value in found.items()}


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw the plane, and error and size of the digits against the angle."""
    with style():
        return [
            *_draw_plane(folder / f"{result.study.name}_plane", formats),
            *_draw_digits(result, folder / result.study.name, formats),
        ]


def _draw_plane(stem: Path, formats: tuple[str, ...]) -> list[Path]:
    law = GaussianPair([A, 0.0], np.diag([V_L, V_Z]))
    X, y = law.sample(400, 1)
    drawing = new_figure("page", aspect=0.28)
    point = np.array([[-A, 0.0]])
    for axes, degrees in zip(drawing.subplots(1, len(PLANE)), PLANE, strict=True):
        t = math.radians(degrees)
        w = tanay2016.tilted_normal([1.0, 0.0], [0.0, 1.0], t)
        for label, colour in ((-1, "blue"), (1, "vermilion")):
            axes.plot(*X[y == label].T, ".", ms=2.5, color=PALETTE[colour])
        axes.plot(*np.outer(np.array([-4, 4]), [-w[1], w[0]]).T, color=PALETTE["black"])
        axes.axvline(0, color=PALETTE["grey"], ls=":")
        image = tanay2016.mirror_image(point, w, 0.0)
        axes.annotate(
            "",
            image[0],
            point[0],
            arrowprops={"arrowstyle": "->", "shrinkA": 0, "shrinkB": 0, "lw": 1.3},
        )
        axes.plot(*point.T, "o", ms=4, color=PALETTE["black"])
        axes.plot(*image.T, "o", ms=4, mfc="white", color=PALETTE["black"])
        error = tanay2016.tilted_error(t, A, V_L, V_Z)
        axes.set(
            xlim=(-2.4, 2.4),
            ylim=(-1.25, 1.25),
            aspect="equal",
            title=rf"$\theta$ = {degrees:.0f}°: strength "
            f"{tanay2016.adversarial_strength(t):.2f},\nerror {100 * error:.1f} %",
            xlabel="axis of the centroids",
        )
        axes.grid(visible=False)
    drawing.axes[0].set_ylabel("thin direction")
    return save(drawing, stem, formats)


def _draw_digits(
    result: StudyResult, stem: Path, formats: tuple[str, ...]
) -> list[Path]:
    drawing = new_figure("page", aspect=0.5)
    left, right = drawing.subplots(1, 2)
    t = np.linspace(0, 89.95, 400)
    for rule in RULES:
        colour = PALETTE[COLOURS[rule]]
        for size, marker in zip(ENLARGEMENTS, "os^", strict=True):
            mine = family(result.rows, rule, size)
            if not mine:
                continue
            label = NAMES[rule] if size == "original" else None
            if size == "original":
                left.plot(
                    mine["angle"],
                    100 * mine["test_error"],
                    marker,
                    ls="-",
                    color=colour,
                    label=label,
                )
                left.plot(
                    mine["angle"], 100 * mine["predicted_error"], ls=":", color=colour
                )
            right.plot(
                mine["strength"],
                mine["eps"] / mine["side"],
                marker,
                ms=4,
                mfc=colour if size == "original" else "none",
                color=colour,
                label=label,
            )
    start = family(result.rows, "thin", "original")
    if start:
        line = start["eps"][0] / start["side"][0] * np.cos(np.radians(t))
        right.plot(1 / np.cos(np.radians(t)), line, color=PALETTE["black"], lw=0.8)
    data = "MNIST" if result.data.startswith("MNIST") else "digits (not MNIST)"
    left.set(
        xlabel=r"deviation angle $\theta$ (degrees)",
        ylabel="error (%)",
        ylim=(0, 12),
        xticks=range(0, 91, 15),
        title=f"{data}: test error, dotted as predicted",
    )
    right.set(
        xscale="log",
        yscale="log",
        xlabel=r"strength $1/\cos\theta$",
        ylabel=r"$\varepsilon$ for 99 % / side",
        title="size against strength",
    )
    left.legend(loc="upper left")
    right.legend(
        handles=[
            right.plot(
                [],
                [],
                marker,
                ms=4,
                mfc="black" if size == "original" else "none",
                color="black",
                label=size,
            )[0]
            for size, marker in zip(ENLARGEMENTS, "os^", strict=True)
        ],
        loc="lower left",
        title="image",
    )
    return save(drawing, stem, formats)


STUDY = Study(
    name="tanay2016_tilting",
    question="What becomes of the error and of the size of adversarial perturbations "
    "as a linear boundary between digits is tilted? "
    "(Tanay and Griffin 2016, arXiv:1608.07690)",
    expected="The size falls like the cosine of the angle; the error hardly changes, "
    "unless the boundary turns towards a direction in which the digits vary.",
    cost="About 25 s of one core and 0.5 GB of memory.",
    grid={"rule": RULES, "size": (*ENLARGEMENTS, SYNTHETIC), "level": LEVELS},
    measure=measure,
    summary=summary,
    units={
        "angle": "degrees",
        "eps": "l2, pixels in [0, 1]",
        "test_error": "share",
        "train_error": "share",
    },
    accepted={
        "strength_gap": (0.0, 1e-10),
        "svm_largest_angle": (40.0, 90.0),
        "svm_smallest_angle": (0.0, 10.0),
        "svm_error_spread": (0.0, 0.06),
        "svm_size_ratio": (0.0, 0.8),
        "ridge_largest_angle": (60.0, 90.0),
        "ridge_smallest_angle": (0.0, 30.0),
        "ridge_error_spread": (0.0, 0.06),
        "ridge_size_ratio": (0.0, 0.4),
        "thin_error_spread": (0.0, 0.02),
        "thin_size_ratio": (0.0, 0.01),
        "thick_error_spread": (0.2, 0.6),
        "synthetic_worst_score": (0.0, 4.0),
        "synthetic_largest_angle": (60.0, 90.0),
        "synthetic_smallest_angle": (0.0, 30.0),
        "synthetic_error_spread": (0.0, 0.05),
        "least_size_over_side": (0.55, 1.05),
        "largest_size_over_side": (0.75, 1.2),
    },
    data=lambda: pair()[1],
    figure=figure,
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
