r"""Lipschitz constants of interpolants of noise, against sqrt(n d/p).

Claim: functions of p parameters that fit n noisy labels in dimension d have Lipschitz
constants of the order of at least sqrt(n d/p) (Bubeck, Li and Nagaraj 2020,
arXiv:2009.14444; Bubeck and Sellke 2021, arXiv:2105.12806).

Grid: n = 100, 200, 400 points on the unit sphere of dimension d = n/10, labels -1 and
+1 at random, three draws; four kinds of fits with p from 1.5 n to 64 n.
Cost: about 7 s of one core and 0.3 GB of memory; no data.
Picture: intervals above the line sqrt(n d/p). Next to p = n the constants of random
features and of networks fall along with it; with more parameters they level off, far
above what the law asks for. Linear fits, of p = d, stay close to it.

Choices. Every constant is enclosed: its lower end is the longest gradient found at the
points and at points that gradients lead to, its upper end a bound.
- linear: the shortest w with X w = y, in dimension d = p. Both ends are |w|.
- features: sum_j a_j relu(<u_j, x>), u_j random unit vectors, the shortest a. p = k.
- two layers: sum_j a_j relu(<w_j, x>) with both layers trained by Gauss-Newton steps
  of least length from random weights, until all labels are fitted to 1e-9; p = k (d+1).
- kernel: the interpolant of least norm of exp(-|x - y|^2); its upper end is its norm in
  the kernel's space times sqrt(2). It counts as p = n (d + 1), centres and weights.
The exponents are those of the lower ends in sqrt(n d/p), fitted over p <= 4 n and over
p >= 8 n for the largest n: if the law were sharp they would be 1. Networks of fewer
than 2 n parameters are left out: Gauss-Newton steps do not fit all labels there.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.linalg import solve
from scipy.spatial.distance import cdist

from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.stats import PowerLaw, fit_power_law
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.lipschitz import bubeck2020, bubeck2021

Value = str | int | float | bool
Ends = tuple[float, float, float]  # lower, upper, largest error at the points

RATIOS = {
    "linear": (1.5, 4, 16),
    "features": (1.5, 2, 3, 4, 8, 16, 32),
    "two layers": (2, 3, 4, 8, 16, 64),
}
FEW, MANY = 4.0, 8.0  # parameters per point, between which no exponent is fitted
STEPS = 12  # of the search for long gradients


def sphere(n: int, d: int, rng: np.random.Generator) -> np.ndarray:
    """Return n random points of the unit sphere."""
    X: np.ndarray = rng.standard_normal((n, d))
    return X / np.linalg.norm(X, axis=1, keepdims=True)


def enclosed(W: np.ndarray, a: np.ndarray, X: np.ndarray, y: np.ndarray) -> Ends:
    """Return the ends of the constant of sum_j a_j relu(<w_j, x>), and its error."""
    error = float(np.abs(np.maximum(X @ W.T, 0) @ a - y).max())
    Z, longest = X, 0.0
    for _ in range(STEPS):
        gradients = bubeck2020.two_layer_gradients(W, a, Z)
        lengths = np.linalg.norm(gradients, axis=1)
        longest = max(longest, float(lengths.max()))
        best = np.argsort(-lengths)[:20]
        Z = gradients[best] / lengths[best, None]
        Z = np.concatenate([Z, -Z])  # the gradients there are no shorter, in general
    return longest, bubeck2020.two_layer_bound(W, a), error


def linear(n: int, p: int, rng: np.random.Generator) -> Ends:
    """Return both ends for the shortest linear fit, in dimension p."""
    X, y = sphere(n, p, rng), rng.choice([-1.0, 1.0], n)
    w = bubeck2020.shortest_interpolant(X, y)
    length = float(np.linalg.norm(w))
    return length, length, float(np.abs(X @ w - y).max())


def features(n: int, d: int, p: int, rng: np.random.Generator) -> Ends:
    """Return both ends for p random features with the shortest second layer."""
    X, y, U = sphere(n, d, rng), rng.choice([-1.0, 1.0], n), sphere(p, d, rng)
    F = np.maximum(X @ U.T, 0)
    a = F.T @ solve(F @ F.T, y, assume_a="pos")
    return enclosed(U, a, X, y)


def two_layers(n: int, d: int, p: int, rng: np.random.Generator) -> Ends:
    """Return both ends for a network of p/(d + 1) neurons with both layers trained."""
    k = -(-p // (d + 1))
    X, y, W = sphere(n, d, rng), rng.choice([-1.0, 1.0], n), sphere(k, d, rng)
    a = rng.choice([-1.0, 1.0], k) / k**0.5
    for _ in range(500):
        before = X @ W.T
        out, slopes = np.maximum(before, 0), (before > 0) * a
        rest = y - out @ a
        if np.abs(rest).max() < 1e-9:
            break
        gram = out @ out.T + (slopes @ slopes.T) * (X @ X.T)
        gram[np.diag_indices(n)] += 1e-10 * np.trace(gram) / n
        c = solve(gram, rest, assume_a="pos")
        step_a, step_W = out.T @ c, (slopes * c[:, None]).T @ X
        size = 1.0
        while size > 1e-4:
            moved = np.maximum(X @ (W + size * step_W).T, 0) @ (a + size * step_a)
            if ((y - moved) ** 2).sum() < (rest**2).sum():
                break
            size /= 2
        W, a = W + size * step_W, a + size * step_a
    return enclosed(W, a, X, y)


def kernel(n: int, d: int, rng: np.random.Generator) -> Ends:
    """Return both ends for the interpolant of least norm of exp(-|x - y|^2)."""
    X, y = sphere(n, d, rng), rng.choice([-1.0, 1.0], n)
    K = np.exp(-cdist(X, X, "sqeuclidean"))
    c = solve(K, y, assume_a="pos")
    Z, longest = X, 0.0
    for _ in range(STEPS):
        k = np.exp(-cdist(Z, X, "sqeuclidean")) * c
        gradients = 2 * (k @ X - k.sum(axis=1, keepdims=True) * Z)
        lengths = np.linalg.norm(gradients, axis=1)
        longest = max(longest, float(lengths.max()))
        towards = gradients / lengths[:, None]
        Z = Z + 0.1 * np.where(rng.random((len(Z), 1)) < 0.5, towards, -towards)
    return longest, float(np.sqrt(2 * (y @ c))), float(np.abs(K @ c - y).max())


KINDS = (*RATIOS, "kernel")
CELLS = (*(f"{kind} {r:g}" for kind, rs in RATIOS.items() for r in rs), "kernel")


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Enclose the Lipschitz constant of one fit."""
    n = int(cell["n"])
    kind, ratio = kind_of(str(cell["fit"]))
    d = max(2, n // 10)
    p = n * (d + 1) if kind == "kernel" else round(float(ratio) * n)
    if kind == "linear":
        d = p
        lower, upper, error = linear(n, p, rng)
    elif kind == "kernel":
        lower, upper, error = kernel(n, d, rng)
    else:
        fit = features if kind == "features" else two_layers
        lower, upper, error = fit(n, d, p, rng)
    return {
        "p": p,
        "d": d,
        "law": float(bubeck2021.law_of_robustness(n, d, p)),
        "lower": lower,
        "upper": upper,
        "error": error,
    }


def kind_of(fit: str) -> tuple[str, float]:
    """Return the kind of a fit and its parameters per point; NaN for the kernel."""
    kind, _, ratio = fit.rpartition(" ")
    return (kind, float(ratio)) if kind else (fit, float("nan"))


def exponent(
    rows: Sequence[Mapping[str, Value]], kind: str, *, few: bool
) -> PowerLaw | None:
    """Return the power law of the lower ends in sqrt(n d/p), at the largest n.

    None where there are fewer than three different p.
    """
    largest = max(int(row["n"]) for row in rows)
    chosen = []
    for row in rows:
        if int(row["n"]) < largest:
            continue
        name, ratio = kind_of(str(row["fit"]))
        if name == kind and (ratio <= FEW if few else ratio >= MANY):
            chosen.append(row)
    x = [float(row["law"]) for row in chosen]
    if len(set(x)) < 3:
        return None
    return fit_power_law(x, [float(row["lower"]) for row in chosen])


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return the exponents and how the constants compare with the law."""
    numbers: dict[str, float] = {}
    for kind in ("features", "two layers"):
        for few in (True, False):
            law = exponent(rows, kind, few=few)
            if law is not None:
                name = f"{kind}_{'few' if few else 'many'}".replace(" ", "_")
                numbers[f"exponent_{name}"] = law.exponent
                numbers[f"exponent_{name}_lower"] = law.exponent_interval.lower
                numbers[f"exponent_{name}_upper"] = law.exponent_interval.upper
    for kind in KINDS:
        ratios = [
            float(row["lower"]) / float(row["law"])
            for row in rows
            if kind_of(str(row["fit"]))[0] == kind
        ]
        if ratios:
            numbers[f"least_{kind.replace(' ', '_')}_over_law"] = min(ratios)
    numbers["widest_interval"] = max(
        float(row["upper"]) / float(row["lower"]) for row in rows
    )
    numbers["largest_error"] = max(float(row["error"]) for row in rows)
    return numbers


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw the intervals of the constants against sqrt(n d/p)."""
    colours = dict(zip(KINDS, ("green", "blue", "vermilion", "purple"), strict=True))
    with style():
        drawing = new_figure("wide", aspect=0.62)
        axes = drawing.add_subplot(xscale="log", yscale="log")
        for kind, marker in zip(KINDS, "so^D", strict=True):
            rows = [r for r in result.rows if kind_of(str(r["fit"]))[0] == kind]
            if not rows:
                continue
            x = np.array([float(row["law"]) for row in rows])
            low = np.array([float(row["lower"]) for row in rows])
            high = np.array([float(row["upper"]) for row in rows])
            axes.vlines(x, low, high, color=PALETTE[colours[kind]], alpha=0.25, lw=0.8)
            axes.plot(x, low, marker, color=PALETTE[colours[kind]], ms=3, label=kind)
        ends = np.array(
            [
                min(float(row["law"]) for row in result.rows),
                max(float(row["law"]) for row in result.rows),
            ]
        )
        axes.plot(ends, ends, "k--", label="$\\sqrt{nd/p}$")
        axes.set(
            xlabel="$\\sqrt{nd/p}$",
            ylabel="Lipschitz constant (found to bound)",
            title="Interpolants of random labels on the sphere",
        )
        axes.legend(loc="lower right")
        return save(drawing, folder / result.study.name, formats)


STUDY = Study(
    name="laws_of_robustness",
    question=(
        "How do the Lipschitz constants of interpolants of noise compare with "
        "sqrt(n d/p)? (Bubeck, Li and Nagaraj 2020, arXiv:2009.14444; Bubeck and "
        "Sellke 2021, arXiv:2105.12806)"
    ),
    expected=(
        "All constants above sqrt(n d/p). Near p = n those of features and networks "
        "fall along with it; with many parameters they level off."
    ),
    cost="About 7 s of one core and 0.3 GB of memory.",
    grid={"n": (100, 200, 400), "fit": CELLS, "draw": (0, 1, 2)},
    measure=measure,
    summary=summary,
    figure=figure,
    accepted={
        "least_linear_over_law": (0.95, 1.2),
        "least_features_over_law": (1.0, 20.0),
        "least_two_layers_over_law": (1.0, 40.0),
        "least_kernel_over_law": (1.0, 20.0),
        "exponent_features_few": (0.8, 1.6),
        "exponent_features_many": (0.0, 0.4),
        "exponent_two_layers_few": (0.2, 1.2),
        "exponent_two_layers_many": (-0.5, 0.5),
        "widest_interval": (1.0, 10.0),
        "largest_error": (0.0, 1e-6),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
