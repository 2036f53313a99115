"""Where adversarial examples are, in data made by a decoder.

Claims (Stutz, Hein and Schiele 2019, arXiv:1812.00740): (1) regular adversarial
examples leave the manifold; (2) on-manifold ones exist, and are errors of
generalisation; (3) robustness on the manifold is generalisation; (4) regular robustness
and generalisation do not contradict each other. Beside them a defence: to project onto
the manifold first, as Ledig et al. do, and what it is worth against perturbations that
know of it.

Grid: points of a 10-dimensional subspace of R^784, x = U z + noise, 125 to 8000 of
them to train on, noise .03 and .1 a coordinate; ridge regression of the labels sign z_1
with two penalties.
Cost: about 15 s of one core, 0.3 GB of memory.
Picture: the fewer the points, the further the weights leave the manifold, up to the
null of random directions and beyond: the normal fraction of the smallest perturbations.
The smallest perturbations on the manifold are longer, and shrink with nothing but the
error. The error within a latent distance falls along the closed form as the error does.
The distance under the projection is that on the manifold.

Choices. All smallest perturbations are exact: of a linear classifier f, of f(g(.)) for
those on the manifold, of f(UU'x) for the defended one. They start from fresh points of
the manifold, without noise, that f decides rightly. What ends in an error: a step that
is longer by 1e-9 of itself lands where f and the label of that place differ; the others
have crossed the true boundary first, and an error on the way. The robust error on
the manifold is at a latent distance of 0.3, for all points and for those with
|z_1| >= 0.5, a margin as real data have it: without it the error cannot fall below the
share of points within 0.3 of the true boundary, for any classifier.
"""

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geomadv.data import LinearDecoder
from geomadv.perturbations import minimal_perturbation
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.manifold import stutz2019
from geomadv.theories.manifold.tanay2016 import deviation_angle

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Value = str | int | float | bool

K, D = 10, 784
COUNTS = (125, 250, 500, 1000, 2000, 4000, 8000)
NOISES = (0.03, 0.1)
PENALTIES = (1e-6, 0.1)  # a point
ETA, MARGIN = 0.3, 0.5
FRESH = 2000
COLOURS = ("blue", "vermilion")


def trained(
    data: LinearDecoder, n: int, penalty: float, rng: np.random.Generator
) -> Any:
    """Return ridge regression of the labels of n points, without an intercept."""
    from sklearn.linear_model import RidgeClassifier

    X, y = data.sample(n, rng)
    model = RidgeClassifier(alpha=penalty * n, fit_intercept=False)
    return model.fit(X, y.astype(int))


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Measure fractions, distances and errors of one trained classifier."""
    noisy = LinearDecoder(K, D, noise=float(cell["noise"]), rotation=0)
    data = LinearDecoder(K, D, rotation=0)
    model = trained(noisy, int(cell["n"]), float(cell["penalty"]), rng)
    z = rng.standard_normal((FRESH, K))
    X, y = data.decode(z), np.where(z[:, 0] < 0, -1, 1)
    decided = np.asarray(model.predict(X))
    right = decided == y
    z, X, y = z[right], X[right], y[right]
    regular = minimal_perturbation(model, X)
    latent, delta = stutz2019.on_manifold_perturbation(model, data, z)
    defended = stutz2019.projected_model(model, data)
    adaptive = minimal_perturbation(defended, X)
    fraction = float(stutz2019.normal_fraction(data, X, regular.delta).mean())
    beyond = 1 + 1e-9
    moved = z + beyond * latent.delta
    label = np.where(moved[:, 0] < 0, -1, 1)
    turned = stutz2019.on_manifold_model(model, data).predict(moved) != y
    wrong = defended.predict(X + beyond * regular.delta) != y
    caught = defended.predict(X + beyond * adaptive.delta) != y
    weights = stutz2019.on_manifold_model(model, data).coef_[0]
    angle = float(deviation_angle(weights, np.eye(K)[0]))
    share, margin = _within(weights, ETA, rng)
    return {
        "error": angle / math.pi,
        "sampled_error": float(1 - right.mean()),
        "normal_fraction": fraction,
        "chance": float(stutz2019.fraction_probability(fraction, K, D)),
        "regular_distance": float(np.median(regular.distance)),
        "on_manifold_distance": float(np.median(latent.distance)),
        "adaptive_distance": float(np.median(adaptive.distance)),
        "leaves": float((stutz2019.normal_fraction(data, X, delta) > 1e-9).mean()),
        "turned": float(turned.mean()),
        "ends_in_error": float((label == y).mean()),
        "fools_projection": float(wrong.mean()),
        "adaptive_fools": float(caught.mean()),
        "on_manifold_error": share,
        "on_manifold_formula": float(stutz2019.on_manifold_error(angle, ETA)),
        "with_margin": margin,
        "regular_robust_error": float(
            1 - (right.mean() * (regular.distance > ETA).mean())
        ),
    }


def _within(
    weights: np.ndarray, eta: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the shares of latent points with an error within eta, all and apart.

    The errors are the wedges between two hyperplanes: a point that is no error is as
    far from them as from the nearer of the two.
    """
    z = rng.standard_normal((100_000, K))
    first = z[:, 0]
    second = z @ weights / np.linalg.norm(weights)
    near = np.minimum(np.abs(first), np.abs(second)) < eta
    near |= np.sign(first) != np.sign(second)
    return float(near.mean()), float(near[np.abs(first) >= MARGIN].mean())


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return one number or two for each of the claims."""

    def column(name: str) -> np.ndarray:
        return np.array([float(row[name]) for row in rows])

    ratio = column("on_manifold_distance") / column("regular_distance")
    phi = column("normal_fraction")
    gap = np.abs(column("on_manifold_error") - column("on_manifold_formula"))
    found = {
        "null_fraction": stutz2019.null_fraction(K, D),
        "least_fraction": phi.min(),
        "largest_fraction": phi.max(),
        "on_manifold_leaves": column("leaves").max(),
        "least_turned": column("turned").min(),
        "least_ends_in_error": column("ends_in_error").min(),
        "worst_length_gap": np.abs(ratio * np.sqrt(1 - phi**2) - 1).max(),
        "worst_robust_gap": gap.max(),
        "fools_projection": column("fools_projection").max(),
        "adaptive_fools": column("adaptive_fools").min(),
        "adaptive_over_on_manifold": np.abs(
            column("adaptive_distance") / column("on_manifold_distance") - 1
        ).max(),
    }
    if len(rows) > 2:
        found["margin_with_error"] = _rank(column("with_margin"), column("error"))
        regular = column("regular_robust_error")
        found["regular_with_fraction"] = _rank(regular, phi)
        found["regular_with_error"] = _rank(regular, column("error"))
    return {name: float(value) for name, value in found.items()}


def _rank(a: np.ndarray, b: np.ndarray) -> float:
    from scipy.stats import spearmanr

    return float(spearmanr(a, b).statistic)


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw fractions, distances and robust errors."""
    rows = result.rows
    with style():
        drawing = new_figure("page", aspect=0.42)
        left, middle, right = drawing.subplots(1, 3)
        for noise, colour in zip(NOISES, COLOURS, strict=True):
            for penalty, line in zip(PENALTIES, ("-", "--"), strict=True):
                mine = [
                    row
                    for row in rows
                    if row["noise"] == noise and row["penalty"] == penalty
                ]
                if not mine:
                    continue
                n = [float(row["n"]) for row in mine]
                how = {"ls": line, "color": PALETTE[colour], "marker": "o", "ms": 3}
                left.semilogx(
                    n,
                    [float(row["normal_fraction"]) for row in mine],
                    **how,
                    label=f"noise {noise}, penalty {penalty:g}",
                )
                middle.loglog(
                    n, [float(row["regular_distance"]) for row in mine], **how
                )
                middle.loglog(
                    n,
                    [float(row["adaptive_distance"]) for row in mine],
                    **{**how, "marker": "x", "ls": ""},
                )
        left.axhline(
            stutz2019.null_fraction(K, D), ls=":", color=PALETTE["black"], label="null"
        )
        left.set(
            xlabel="points $n$",
            xlim=(100, 10_000),
            ylabel="normal fraction",
            ylim=(0, 1.05),
            title="regular perturbations",
        )
        drawing.legend(loc="outside lower center", ncol=3, fontsize=7, handlelength=3)
        middle.set(
            yticks=(0.02, 0.05, 0.1, 0.2, 0.5, 1.0),
            yticklabels=("0.02", "0.05", "0.1", "0.2", "0.5", "1"),
            xlabel="points $n$",
            xlim=(100, 10_000),
            ylabel="median distance",
            title="regular (dots), projected (crosses)",
        )
        _draw_errors(right, rows)
        return save(drawing, folder / result.study.name, formats)


def _draw_errors(axes: "Axes", rows: Sequence[Mapping[str, Value]]) -> None:
    error = np.array([float(row["error"]) for row in rows])
    fine = np.geomspace(error.min(), error.max(), 60)
    axes.semilogx(
        fine,
        stutz2019.on_manifold_error(math.pi * fine, ETA),
        color=PALETTE["black"],
        lw=0.8,
    )
    for name, marker, colour, label in (
        ("regular_robust_error", "x", "grey", "regular"),
        ("on_manifold_error", "o", "blue", "on the manifold"),
        ("with_margin", "s", "vermilion", "on it, with a margin"),
    ):
        axes.semilogx(
            error,
            [float(row[name]) for row in rows],
            marker,
            color=PALETTE[colour],
            ms=3.5,
            label=label,
        )
    axes.set(
        xlabel="error",
        ylabel="robust error",
        title=f"robust error at {ETA}",
        ylim=(-0.03, 1.05),
        xlim=(0.004, 0.5),
    )
    axes.legend(
        loc="upper right", bbox_to_anchor=(1.0, 0.675), fontsize=7, frameon=True
    )


STUDY = Study(
    name="stutz2019_on_manifold",
    question="Where are the smallest adversarial perturbations of classifiers of data "
    "from a known decoder: on the manifold or off it? "
    "(Stutz, Hein and Schiele 2019, arXiv:1812.00740)",
    expected="Regular perturbations leave the manifold, those on it end in errors of "
    "generalisation and go with the error; projecting gains the factor between the two "
    "and no more.",
    cost="About 15 s of one core and 0.3 GB of memory.",
    grid={"noise": NOISES, "penalty": PENALTIES, "n": COUNTS},
    measure=measure,
    summary=summary,
    figure=figure,
    accepted={
        "largest_fraction": (0.9, 1.0),
        "on_manifold_leaves": (0.0, 0.0),
        "least_turned": (1.0, 1.0),
        "worst_length_gap": (0.0, 1e-8),
        "worst_robust_gap": (0.0, 0.01),
        "fools_projection": (0.0, 0.01),
        "adaptive_fools": (1.0, 1.0),
        "adaptive_over_on_manifold": (0.0, 1e-9),
        "margin_with_error": (0.8, 1.0),
        "regular_with_fraction": (0.8, 1.0),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
