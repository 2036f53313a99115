"""Covers of a manifold, balls and nearest neighbours, as the codimension grows.

Claim: samples that cover a manifold leave its tube bare in high codimension: balls of
radius delta about a delta-cover cover about (pi k/(2 d))^(k/2) of the tube of radius
delta. A learner that is right on balls about its samples only needs many more samples
than nearest neighbours, which are right on the whole tube from a cover on that does not
depend on the codimension (Khoury and Hadfield-Menell 2018, arXiv:1811.00525).

Grid: two circles (k = 1) and two parallel planes (k = 2) a distance 2 apart, with
codimension 1, 10, 100 and 500; samples on grids, the radius of their cover from 1.2
down to 0.02.
Cost: about 10 s of one core.
Picture: on the left the share of the tube of radius delta that balls of radius delta
cover, falling along the formula, which is left out where it is 1 or more: vacuous. On
the right, in the tube of 0.8 times the reach, the share that balls of that radius
cover, which needs ever finer covers as the codimension grows, and the share on which
nearest neighbours are right, for which one cover serves all codimensions.

Choices. A point of the tube is a point of the manifold, uniform in volume, plus a
normal vector, uniform in the ball. For circles that is not quite uniform in the tube,
whose inner side is thinner; for planes it leaves out the rim. Lines on the right are
exact for a straight line in place of the circles (`tube_coverage`).
"""

import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.spatial import cKDTree

from geomadv.data import EmbeddedSpheres, LabelledManifold, ParallelFlats
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.manifold.khoury2018 import (
    grid_coverage,
    is_vacuous,
    tube_coverage,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Value = str | int | float | bool

SIZE = {"circles": 1, "planes": 2}  # dimension k
CODIMENSIONS = (1, 10, 100, 500)
COVERS = (1.2, 0.8, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02)
SHARE = 0.8  # of the reach: radius of the tube and the balls on the right
POINTS = 1500
SIDE = 2.0  # of the planes
COLOURS = ("blue", "vermilion", "green", "purple")


def manifold(shape: str, codimension: int) -> LabelledManifold:
    """Return the classes, at a random position in R^d."""
    k = SIZE[shape]
    if shape == "circles":
        return EmbeddedSpheres(k, k + codimension, inner=1.0, outer=3.0, rotation=0)
    return ParallelFlats(k, k + codimension, gap=2.0, side=SIDE, rotation=0)


def cover(shape: str, delta: float) -> tuple[np.ndarray, np.ndarray]:
    """Return samples of a delta-cover in the core of the manifold, with labels."""
    samples = []
    for radius, label in ((1.0, -1.0), (3.0, 1.0)):
        if shape == "circles":
            half = math.asin(min(delta / (2 * radius), 1.0))
            angle = np.linspace(0, 2 * math.pi, math.ceil(math.pi / (2 * half)) + 1)[
                :-1
            ]
            X = radius * np.column_stack([np.cos(angle), np.sin(angle)])
        else:
            cells = math.ceil(SIDE / (math.sqrt(2) * delta))
            ticks = (np.arange(cells) + 0.5) * SIDE / cells
            grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
            X = np.column_stack([grid, np.full(len(grid), 0.0 if label < 0 else 2.0)])
        samples.append((X, np.full(len(X), label)))
    return np.vstack([X for X, _ in samples]), np.concatenate([y for _, y in samples])


def tube(
    data: LabelledManifold, eps: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Draw points of the tube of radius eps."""
    X, y = data.sample(POINTS, rng)
    _, normal = data.split(X, rng.standard_normal(X.shape))
    length = eps * rng.random(POINTS) ** (1 / data.codimension)
    normal *= (length / np.linalg.norm(normal, axis=1))[:, np.newaxis]
    return X + normal, y


def distances(
    data: LabelledManifold, X: np.ndarray, y: np.ndarray, shape: str, delta: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances to the nearest sample of the own and of the other class."""
    samples, labels = cover(shape, delta)
    Z, offset = data.embedding.coordinates(X), data.embedding.offset(X)
    flat = {
        label: cKDTree(samples[labels == label]).query(Z)[0] for label in (-1.0, 1.0)
    }
    own = np.where(y < 0, flat[-1.0], flat[1.0])
    other = np.where(y < 0, flat[1.0], flat[-1.0])
    return np.hypot(own, offset), np.hypot(other, offset)


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Measure what balls cover and where nearest neighbours are right."""
    shape, codimension = str(cell["shape"]), int(cell["codimension"])
    delta, k = float(cell["delta"]), SIZE[shape]
    data = manifold(shape, codimension)
    thin, y = tube(data, delta, rng)
    own, _ = distances(data, thin, y, shape, delta)
    eps = SHARE * data.decision_reach
    wide, labels = tube(data, eps, rng)
    near, far = distances(data, wide, labels, shape, delta)
    bound = grid_coverage(k, k + codimension)
    return {
        "covered": float((own <= delta).mean()),
        "bound": bound,
        "vacuous": float(is_vacuous(bound)),
        "balls": float((near <= eps).mean()),
        "neighbours": float((near < far).mean()),
        "samples": float(len(cover(shape, delta)[1])),
    }


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return coverage beside its bound, and the covers from which on 90 % is right."""
    result: dict[str, float] = {}
    ratios = []
    for shape in SIZE:
        for codimension in CODIMENSIONS:
            mine = [
                row
                for row in rows
                if row["shape"] == shape and row["codimension"] == codimension
            ]
            if not mine:
                continue
            name = f"{shape}_{codimension}"
            fine = [row for row in mine if float(row["delta"]) <= 0.4]
            if fine:
                covered = float(np.mean([float(row["covered"]) for row in fine]))
                result[f"{name}_covered"] = covered
                bound = float(fine[0]["bound"])
                if not float(fine[0]["vacuous"]) and bound > 0.02:
                    ratios.append(covered / bound)
            for kind in ("neighbours", "balls"):
                right = [float(r["delta"]) for r in mine if float(r[kind]) > 0.9]
                result[f"{name}_{kind}_delta"] = max(right, default=0.0)
    if ratios:
        result["least_ratio"], result["largest_ratio"] = min(ratios), max(ratios)
    return result


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw coverage against the codimension, and what is right against the cover."""
    rows = result.rows
    with style():
        drawing = new_figure("page", aspect=0.5)
        left, right = drawing.subplots(1, 2)
        for (shape, k), colour in zip(SIZE.items(), COLOURS, strict=False):
            fine = np.unique(np.geomspace(1, 500, 60).astype(int))
            bound = np.array([grid_coverage(k, k + int(c)) for c in fine])
            kept = ~is_vacuous(bound)
            left.loglog(fine[kept], bound[kept], color=PALETTE[colour])
            for codimension in sorted({int(row["codimension"]) for row in rows}):
                name = f"{shape}_{codimension}_covered"
                if name in result.measured:
                    left.loglog(
                        codimension,
                        result.measured[name],
                        "os"[k - 1],
                        color=PALETTE[colour],
                        label=f"{shape}, k = {k}" if codimension == 1 else None,
                    )
        left.set(
            xlabel="codimension",
            ylabel="share of the tube in balls",
            title="balls and tube of the cover's radius",
        )
        left.legend()
        circles = [row for row in rows if row["shape"] == "circles"]
        _draw_right(right, circles)
        right.invert_xaxis()
        right.set(
            xlabel=r"radius $\delta$ of the cover",
            ylabel="share of the tube that is right",
            ylim=(-0.02, 1.04),
            title=f"circles, tube of {SHARE:g} times the reach",
        )
        right.legend(loc="upper center", bbox_to_anchor=(0.45, -0.2), ncol=2)
        return save(drawing, folder / result.study.name, formats)


def _draw_right(axes: "Axes", rows: Sequence[Mapping[str, Value]]) -> None:
    fine = np.geomspace(min(COVERS), max(COVERS), 60)
    for codimension, colour in zip(CODIMENSIONS, COLOURS, strict=True):
        mine = [row for row in rows if row["codimension"] == codimension]
        if not mine:
            continue
        delta = [float(row["delta"]) for row in mine]
        axes.semilogx(
            delta,
            [float(row["balls"]) for row in mine],
            "o",
            color=PALETTE[colour],
            label=f"balls, codimension {codimension}",
        )
        axes.semilogx(
            fine,
            [
                tube_coverage(
                    1, codimension + 1, spacing=2 * x, radius=SHARE, eps=SHARE
                )
                for x in fine
            ],
            color=PALETTE[colour],
        )
        axes.semilogx(
            delta,
            [float(row["neighbours"]) for row in mine],
            "x",
            color=PALETTE["black"],
            label="nearest neighbours" if codimension == CODIMENSIONS[-1] else None,
        )


STUDY = Study(
    name="khoury2018_codimension",
    question="How much of the tube about a manifold do balls about a cover hold, and "
    "where are nearest neighbours right, as the codimension grows? "
    "(Khoury and Hadfield-Menell 2018, arXiv:1811.00525)",
    expected="Coverage falls like the codimension to the power -k/2; nearest "
    "neighbours need one cover for all codimensions.",
    cost="About 10 s of one core.",
    grid={
        "shape": tuple(SIZE),
        "codimension": CODIMENSIONS,
        "delta": COVERS,
    },
    measure=measure,
    summary=summary,
    figure=figure,
    accepted={
        "least_ratio": (0.8, 1.05),
        "largest_ratio": (0.95, 1.25),
        "circles_1_neighbours_delta": (0.4, 1.2),
        "circles_500_neighbours_delta": (0.4, 1.2),
        "circles_1_balls_delta": (0.3, 0.9),
        "circles_500_balls_delta": (0.0, 0.06),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
