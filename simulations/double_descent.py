"""Double descent under attack: more parameters, standard and robust risk.

Claim: the risk of minimum-norm least squares has a peak where there are as many
parameters as points, and so has its risk under l2 steps, whose second descent goes on
for longer, since the norm of the estimator falls (Hastie, Montanari, Rosset and
Tibshirani 2019, arXiv:1903.08560, and what follows from it). Adversarial training has
no peak there (Javanmard, Soltanolkotabi and Hassani 2020, arXiv:2002.10477), but a low
maximum later, where it begins to interpolate.

Grid: 60 points, from a tenth to five times as many parameters; the coordinates of a
linear model; random directions of a space of 300 dimensions; random ReLU features of a
space of 30.
Cost: about ten seconds of one core.
Picture: theory through the intervals of the simulations, a peak at p = n for the
minimum-norm solutions and a low, late maximum for the trained ones.

Choices. |beta| = 1, noise of deviation .5, steps of .5 (of .1 for ReLU features, where
the bounds of the worst residual are near each other for short steps). Risks of linear
functions are exact; those of ReLU features are means over 300 fresh points. Points are
medians of 15 repetitions with distribution-free intervals at error rate 1/20.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.stats import quantile_interval
from geomadv.studies import Study, StudyResult, main
from geomadv.theories.statistics import hastie2019, javanmard2020

Value = str | int | float | bool

GAMMAS = (0.1, 0.2, 0.4, 0.6, 0.8, 0.9, 1.1, 1.25, 1.6, 2.5, 5.0)
POINTS, REPEATS, FRESH = 60, 15, 300
SIGNAL, NOISE, EPS = 1.0, 0.5, 0.5
AMBIENT, RELU_DIMENSION, RELU_EPS = 300, 30, 0.1


def risks(w: np.ndarray, beta: np.ndarray) -> tuple[float, float]:
    """Return the exact standard and robust risk of w."""
    standard = NOISE**2 + float((w - beta) @ (w - beta))
    norm = np.linalg.norm(w)
    return standard, float(hastie2019.adversarial_risk(standard, norm, EPS))


def linear(p: int, kept: int, rng: np.random.Generator) -> list[float]:
    """Return the risks of both fits on directions that are kept of p."""
    beta = SIGNAL * np.eye(p)[0]
    X = rng.standard_normal((POINTS, p))
    y = X @ beta + NOISE * rng.standard_normal(POINTS)
    B = np.eye(p)
    if kept < p:
        B = np.linalg.qr(rng.standard_normal((p, kept))).Q
    plain = np.linalg.lstsq(X @ B, y, rcond=None)[0]
    trained = javanmard2020.adversarial_regression(X @ B, y, EPS).coef
    return [*risks(B @ plain, beta), *risks(B @ trained, beta)]


def relu(m: int, rng: np.random.Generator) -> list[float]:
    """Return the standard risk of m ReLU features, and bounds of the robust one."""

    def draw(n: int) -> tuple[np.ndarray, np.ndarray]:
        X = rng.standard_normal((n, RELU_DIMENSION))
        return X, SIGNAL * X[:, 0] + NOISE * rng.standard_normal(n)

    fit = hastie2019.relu_regression(*draw(POINTS), m, rng)
    X, y = draw(FRESH)
    lower, upper = fit.worst_residuals(X, y, RELU_EPS)
    plain = np.mean((y - fit.predict(X)) ** 2)
    return [float(plain), float(np.mean(lower**2)), float(np.mean(upper**2))]


NAMES = (
    *("plain_standard", "plain_robust", "trained_standard", "trained_robust"),
    *(f"features_plain_{kind}" for kind in ("standard", "robust")),
    *(f"features_trained_{kind}" for kind in ("standard", "robust")),
    *("relu_standard", "relu_robust_lower", "relu_robust_upper"),
)


def theory(gamma: float, kept: float | None = None) -> dict[str, float]:
    """Return the limits of the risks of both fits."""
    signal, noise = SIGNAL, NOISE
    if kept is not None:
        signal, noise = map(float, hastie2019.subspace_problem(SIGNAL, NOISE, kept))
    plain = hastie2019.ridgeless_limit(gamma, signal, noise)
    trained = javanmard2020.training_limit(signal, noise, EPS, 1.0 / gamma)
    return {
        "plain_standard": float(plain.standard),
        "plain_robust": float(plain.robust(EPS)),
        "trained_standard": float(trained.standard),
        "trained_robust": float(trained.robust),
    }


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Fit all models with gamma parameters a point, and set theory beside them."""
    gamma = float(cell["gamma"])
    p = round(gamma * POINTS)
    found = np.array(
        [
            [*linear(p, p, rng), *linear(AMBIENT, p, rng), *relu(p, rng)]
            for _ in range(REPEATS)
        ]
    )
    result: dict[str, float] = {}
    for name, column in zip(NAMES, found.T, strict=True):
        interval = quantile_interval(column, 0.5)
        result[name] = float(np.median(column))
        result[f"{name}_low"], result[f"{name}_high"] = interval.lower, interval.upper
    for name, value in theory(p / POINTS).items():
        result[f"{name}_theory"] = value
    for name, value in theory(p / POINTS, p / AMBIENT).items():
        result[f"features_{name}_theory"] = value
    return result


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return how high the peaks are, and how well theory fits away from them."""

    def values(name: str) -> np.ndarray:
        return np.array([float(row[name]) for row in rows])

    gammas = values("gamma")
    result = {}
    away = np.abs(np.log(gammas)) > 0.4
    for kind in ("plain_robust", "trained_robust", "features_trained_robust"):
        gap = np.abs(values(kind) / values(f"{kind}_theory") - 1.0)
        result[f"{kind}_gap"] = float(np.median(gap[away]))
    near = (gammas > 0.8) & (gammas < 1.25)
    if near.any() and away.any():
        for name in ("plain_robust", "relu_robust_lower"):
            others = np.median(values(name)[away])
            result[f"{name}_peak"] = float(values(name)[near].max() / others)
    result["trained_of_peak"] = float(
        values("trained_robust").max() / values("plain_robust").max()
    )
    return result


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw risks against p/n for the three families."""
    rows = sorted(result.rows, key=lambda row: float(row["gamma"]))
    gammas = np.array([float(row["gamma"]) for row in rows])
    fine = np.geomspace(gammas.min(), gammas.max(), 61)
    fine = fine[np.abs(np.log(fine)) > 0.02]

    def column(name: str) -> np.ndarray:
        return np.array([float(row[name]) for row in rows])

    def dots(axes: object, name: str, colour: str, **options: object) -> None:
        middle = column(name)
        ends = middle - column(f"{name}_low"), column(f"{name}_high") - middle
        axes.errorbar(gammas, middle, yerr=np.array(ends), color=colour, **options)  # type: ignore[attr-defined]

    kinds = (
        ("plain_standard", "min-norm, standard", PALETTE["blue"]),
        ("plain_robust", "min-norm, attacked", PALETTE["vermilion"]),
        ("trained_standard", "trained, standard", PALETTE["green"]),
        ("trained_robust", "trained, attacked", PALETTE["purple"]),
    )
    with style():
        drawing = new_figure("page", aspect=0.42)
        axes = drawing.subplots(1, 3)
        for place, prefix in ((axes[0], ""), (axes[1], "features_")):
            kept = [None if not prefix else g * POINTS / AMBIENT for g in fine]
            curves = [theory(g, k) for g, k in zip(fine, kept, strict=True)]
            for name, label, colour in kinds:
                line = np.array([curve[name] for curve in curves])
                for side in (fine < 1.0, fine > 1.0):
                    place.plot(fine[side], line[side], color=colour, lw=1.0)
                dots(place, prefix + name, colour, fmt="o", ms=3, label=label)
        for name, label, colour in (
            ("relu_standard", "min-norm, standard", PALETTE["blue"]),
            ("relu_robust_lower", "attacked, found", PALETTE["vermilion"]),
            ("relu_robust_upper", "attacked, bound", PALETTE["grey"]),
        ):
            dots(axes[2], name, colour, fmt="o-", ms=3, lw=0.7, label=label)
        titles = (
            rf"linear, $\varepsilon = {EPS:g}$",
            rf"random directions, $\varepsilon = {EPS:g}$",
            rf"ReLU features, $\varepsilon = {RELU_EPS:g}$",
        )
        for place, title in zip(axes, titles, strict=True):
            place.axvline(1.0, lw=0.6, ls=":", color=PALETTE["grey"])
            place.set(
                xscale="log",
                yscale="log",
                ylim=(0.2, 60.0),
                xlabel="parameters a point, $p/n$",
                title=title,
            )
        axes[0].set_ylabel("risk")
        axes[0].legend(loc="upper left", fontsize="x-small")
        axes[2].legend(loc="upper left", fontsize="x-small")
        return save(drawing, folder / result.study.name, formats)


STUDY = Study(
    name="double_descent",
    question="How do standard and robust risk depend on the number of parameters? "
    "(Hastie et al. 2019, arXiv:1903.08560)",
    expected="A peak at p = n of minimum-norm solutions, higher under attack, a second "
    "descent beyond it; a low, late maximum after adversarial training.",
    cost="About ten seconds of one core.",
    grid={"gamma": GAMMAS},
    measure=measure,
    summary=summary,
    figure=figure,
    accepted={
        "plain_robust_gap": (0.0, 0.15),
        "trained_robust_gap": (0.0, 0.1),
        "features_trained_robust_gap": (0.0, 0.1),
        "plain_robust_peak": (3.0, 100.0),
        "trained_of_peak": (0.1, 0.6),
        "relu_robust_lower_peak": (2.0, 1000.0),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
