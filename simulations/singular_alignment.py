"""Whether smallest perturbations follow the top singular vector, and what it shows.

Claim: the smallest perturbation of a linear classifier is aligned with the top singular
vector of its weights far more than chance (isotropic directions) allows, and that shows
nothing: by a null that knows the singular values it is no surprise. Nor does the size
of the top singular value decide how robust the classifier is: at one and the same sum
of squares the median distance hardly changes as the spectrum becomes uneven (the test
proposed in Dobriban's talk "What causes adversarial examples?", 2020).

Grid: ten linear functions on R^100 with random singular vectors, singular values in
geometric progression with condition numbers from 1 to 100 and sum of squares 1;
logistic regression on scikit-learn's 8 x 8 digits, and a kernel machine there, the
matrix of which is that of the ten gradients at each digit. (A trained convolutional
network has its row in `mnist_cnn_lipschitz`.)
Cost: under half a minute of one core.
Picture: the mean energy below the line s_1^2/sum s_i^2, far above 1/d; shares of
perturbations that either null finds surprising at 1 %.

Choices. Perturbations are exact (`minimal_perturbation`). They have 45 directions, one
for each pair of classes, so that shares vary by some hundredths. The line is the mean
over pairs with weights |w_c - w_j|^2, the points are means over random inputs, which
are nearest to short differences as well; so they lie below it. The kernel machine's
distances are bracketed, and its perturbations are the upper ends.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from geomadv import _dispatch
from geomadv.classifiers import KernelExpansion, LinearClassifier
from geomadv.lipschitz import alignment
from geomadv.perturbations import minimal_perturbation
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.studies import Study, StudyResult, main

Value = str | int | float | bool

CLASSES, DIMENSION, POINTS = 10, 100, 2000
CONDITIONS = (1.0, 3.0, 10.0, 30.0, 100.0)
DIGITS, KERNEL = 0.0, -1.0  # stand for fits to digits in place of a condition number
NAMES = {DIGITS: "digits", KERNEL: "kernel machine"}
KERNEL_POINTS, BUDGET = 24, 40


def weights(condition: float, rng: np.random.Generator) -> np.ndarray:
    """Return ten rows of mean 0 with this condition number and random directions."""
    r = CLASSES - 1
    s = np.geomspace(condition, 1.0, r)
    s = s / np.linalg.norm(s)
    centred = np.linalg.qr(
        np.column_stack([np.ones(CLASSES), rng.standard_normal((CLASSES, r))])
    )[0][:, 1:]
    U = centred @ np.linalg.qr(rng.standard_normal((r, r)))[0]
    V = np.linalg.qr(rng.standard_normal((DIMENSION, r)))[0]
    return U * s @ V.T


def digits() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the weights, offsets and images of logistic regression on digits."""
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    X, y = load_digits(return_X_y=True)
    X = X / 16.0
    fitted = LogisticRegression(C=1.0, max_iter=2000).fit(X[::2], y[::2])
    return fitted.coef_, fitted.intercept_, X[1::2]


def kernel_machine() -> tuple[KernelExpansion, np.ndarray, np.ndarray]:
    """Return Gaussian kernel ridge regression of digits, digits, and gradients."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    X = X / 16.0
    fitted = KernelExpansion(gamma=0.25, alpha=0.1).fit(X[:600:2], y[:600:2])
    points = X[1 : 2 * KERNEL_POINTS : 2]
    _, gradients = _dispatch.kernel_expansion_gradient(
        points,
        fitted.centres_,
        fitted.coefficients_,
        kernel="gaussian",
        gamma=fitted.gamma,
    )
    return fitted, points, gradients


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Measure the energies of smallest perturbations in the top direction."""
    condition = float(cell["condition"])
    if condition == KERNEL:
        machine, X, W = kernel_machine()
        found = minimal_perturbation(machine, X, budget=BUDGET)
    else:
        if condition == DIGITS:
            W, b, X = digits()
        else:
            W, b = weights(condition, rng), np.zeros(CLASSES)
            X = rng.standard_normal((POINTS, DIMENSION))
        found = minimal_perturbation(LinearClassifier.from_parameters(W, b), X)
    test = alignment(found.delta, W)
    s = np.linalg.svd(W - W.mean(axis=-2, keepdims=True), compute_uv=False)
    top, last = s[..., 0], s[..., CLASSES - 2]
    return {
        "top": float(np.median(top)),
        "uneven": float(np.median(top / last)),
        "energy": float(test.energy.mean()),
        "isotropic": test.isotropic_mean,
        "spectral": float(test.spectral_mean.mean()),
        "surprising_isotropic": float((test.isotropic_pvalue < 0.01).mean()),
        "surprising_spectral": float((test.spectral_pvalue < 0.01).mean()),
        "distance": float(np.median(found.distance)),
    }


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return the extremes of the sweep, and the fits to digits."""
    result: dict[str, float] = {}
    for row in rows:
        condition = float(row["condition"])
        if condition in NAMES:
            name = NAMES[condition].replace(" ", "_")
        elif condition in (CONDITIONS[0], CONDITIONS[-1]):
            name = f"condition_{condition:g}"
        else:
            continue
        for key in (
            "energy",
            "spectral",
            "surprising_isotropic",
            "surprising_spectral",
        ):
            result[f"{name}_{key}"] = float(row[key])
    return result


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw energies, surprises and distances against the condition number."""
    rows = [row for row in result.rows if float(row["condition"]) not in NAMES]
    rest = [row for row in result.rows if float(row["condition"]) in NAMES]
    x = [float(row["condition"]) for row in rows]

    def curve(key: str) -> list[float]:
        return [float(row[key]) for row in rows]

    with style():
        drawing = new_figure("page", aspect=0.36)
        left, middle, right = drawing.subplots(1, 3)
        left.semilogx(x, curve("energy"), "o", label="smallest perturbations")
        left.semilogx(x, curve("spectral"), label=r"$s_1^2/\sum s_i^2$")
        left.semilogx(x, curve("isotropic"), ":", color=PALETTE["grey"], label="$1/d$")
        for row in rest:
            left.plot(
                float(row["uneven"]),
                float(row["energy"]),
                "D" if float(row["condition"]) == DIGITS else "s",
                mfc="none",
                color=PALETTE["purple"],
                label=NAMES[float(row["condition"])],
            )
        left.set(xlabel="condition number", ylabel="energy in $v_1$", ylim=(0, 1))
        left.legend()
        middle.semilogx(x, curve("surprising_isotropic"), "o-", label="isotropic null")
        middle.semilogx(x, curve("surprising_spectral"), "s-", label="spectral null")
        middle.set(
            xlabel="condition number", ylabel="share with $p < .01$", ylim=(-0.02, 1.02)
        )
        middle.legend(loc="center right")
        right.semilogx(x, curve("distance"), "o-")
        right.set(
            xlabel="condition number",
            ylabel="median distance",
            ylim=(0, 1.15 * max(curve("distance"))),
        )
        return save(drawing, folder / result.study.name, formats=formats)


STUDY = Study(
    name="singular_alignment",
    question="Are smallest perturbations aligned with the top singular vector of a "
    "classifier, and is that more than its spectrum says?",
    expected="Energies of linear classifiers below the line of the spectrum and far "
    "above 1/d; only the isotropic null is surprised, for kernels too; distances that "
    "hardly change.",
    cost="Under half a minute of one core.",
    grid={"condition": (*CONDITIONS, DIGITS, KERNEL)},
    measure=measure,
    summary=summary,
    figure=figure,
    accepted={
        "condition_1_surprising_spectral": (0.0, 0.12),
        "condition_100_surprising_isotropic": (0.6, 1.0),
        "condition_100_surprising_spectral": (0.0, 0.1),
        "digits_surprising_isotropic": (0.3, 1.0),
        "digits_surprising_spectral": (0.0, 0.1),
        "kernel_machine_surprising_isotropic": (0.6, 1.0),
        "kernel_machine_surprising_spectral": (0.0, 0.25),
    },
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
