"""Upper bounds of AlexNet's eight layers, at random weights beside the printed ones.

Claim: the layers of the network of Krizhevsky et al. (2012) have the l2 upper bounds of
Table 5 of Szegedy et al. (2013, arXiv:1312.6199): 2.75, 10, 7, 7.5, 11 for the
convolutions and 3.12, 4, 4 for the dense layers, as shown in Dobriban's talk "What
causes adversarial examples?" (2020).

Grid: the eight layers, with the shapes of the table and random weights (He scale:
Gaussian of variance 2 over the number of inputs).
Cost: under a minute of two cores and 2 GB of memory; no data.
Picture: bounds on a logarithmic axis, layer by layer, the printed beside the measured
ones, of one order of magnitude, and their products.

Choices. The printed numbers are those of a trained network, whose weights are not
published with them: OTHER NUMBERS ARE EXPECTED HERE. A random D x C kernel of k x k has
a norm near sqrt(2) (1 + sqrt(D/C')) with C' = C k^2 at stride 1 (the edge of the law of
Marchenko and Pastur for each frequency's D x C matrix of variance 2/C), so it is of the
order of the printed ones without any training. What can be compared is what enters the
product: the paper takes max-pooling for a contraction, but windows of 3 x 3 at stride 2
overlap in four and have the constant 2, and three of them make the product 8 times
larger. The convolutions are those of the Fourier transform, as in the paper: circular,
at the sizes of their images (228, 27, 13, 13, 13). All are without groups, as the table
lists them.
"""

import functools
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from geomadv.lipschitz import MaxPool, Norm, conv_norm, dense_norm
from geomadv.plotting import PALETTE, new_figure, save, style
from geomadv.studies import Study, StudyResult, main

Value = str | int | float | bool

RTOL = 1e-3
# Channels in, kernel, channels out, stride, size of the image.
CONVOLUTIONS: Mapping[str, tuple[int, int, int, int, int]] = {
    "conv1": (3, 11, 96, 4, 228),
    "conv2": (96, 5, 256, 1, 27),
    "conv3": (256, 3, 384, 1, 13),
    "conv4": (384, 3, 384, 1, 13),
    "conv5": (384, 3, 256, 1, 13),
}
DENSE: Mapping[str, tuple[int, int]] = {
    "fc1": (9216, 4096),
    "fc2": (4096, 4096),
    "fc3": (4096, 1000),
}
POOLED = {"conv1": 55, "conv2": 27, "conv5": 13}  # and the size that is pooled
PRINTED = dict(
    zip((*CONVOLUTIONS, *DENSE), (2.75, 10, 7, 7.5, 11, 3.12, 4, 4), strict=True)
)


def bound(name: str, rng: np.random.Generator) -> Norm:
    """Return the interval of a layer with random weights."""
    if name in DENSE:
        n, m = DENSE[name]
        W = rng.standard_normal((m, n)) * (2.0 / n) ** 0.5
        return dense_norm(W, rtol=RTOL)
    C, k, D, stride, size = CONVOLUTIONS[name]
    w = rng.standard_normal((D, C, k, k)) * (2.0 / (C * k * k)) ** 0.5
    return conv_norm(w, size, stride, "circular", rtol=RTOL)


@functools.cache
def pooling(name: str) -> float:
    """Return the constant of the max-pooling after a layer; 1 where there is none."""
    if name not in POOLED:
        return 1.0
    shape = (1, 1, POOLED[name], POOLED[name])
    return MaxPool(3, 2).bound([shape], RTOL).upper


def measure(cell: Mapping[str, Value], rng: np.random.Generator) -> dict[str, float]:
    """Bound one layer from both sides."""
    name = str(cell["layer"])
    found = bound(name, rng)
    return {
        "lower": found.lower,
        "upper": found.upper,
        "printed": PRINTED[name],
        "max_pooling": pooling(name),
    }


def summary(rows: Sequence[Mapping[str, Value]]) -> dict[str, float]:
    """Return the bounds by layer, their products and how wide the intervals are."""
    numbers = {f"upper_{row['layer']}": float(row["upper"]) for row in rows}
    pools = float(np.prod([float(row["max_pooling"]) for row in rows]))
    product = float(np.prod([float(row["upper"]) for row in rows]))
    numbers["product"] = product
    numbers["max_pooling"] = pools
    numbers["product_with_max_pooling"] = product * pools
    numbers["widest_interval"] = max(
        float(row["upper"]) / float(row["lower"]) - 1.0 for row in rows
    )
    return numbers


def figure(
    result: StudyResult, folder: Path, formats: tuple[str, ...]
) -> Sequence[Path]:
    """Draw the bounds of the layers, printed and measured."""
    names = [str(name) for name in result.column("layer")]
    place = np.arange(len(names))
    with style():
        drawing = new_figure("wide", aspect=0.55)
        axes = drawing.add_subplot(yscale="log")
        axes.plot(
            place,
            [float(row["printed"]) for row in result.rows],
            "D",
            mfc="none",
            color=PALETTE["purple"],
            label="printed in 2013 (trained weights)",
        )
        axes.plot(
            place,
            [float(row["upper"]) for row in result.rows],
            "o",
            color=PALETTE["blue"],
            label="upper bound (random weights)",
        )
        pooled = [
            i for i, row in enumerate(result.rows) if float(row["max_pooling"]) > 1
        ]
        axes.plot(
            [p + 0.5 for p in pooled],
            [float(result.rows[i]["max_pooling"]) for i in pooled],
            "s",
            color=PALETTE["vermilion"],
            label="max-pooling after it; 1 in the paper",
        )
        axes.set(
            xticks=place,
            ylabel="$\\ell_2$ Lipschitz constant",
            title="AlexNet's layers (Szegedy et al. 2013, Table 5)",
            ylim=(1, 30),
            yticks=[1, 2, 5, 10, 20],
        )
        axes.set_xticklabels(names)
        axes.set_yticklabels(["1", "2", "5", "10", "20"])
        axes.minorticks_off()
        axes.legend(loc="upper right")
        return save(drawing, folder / result.study.name, formats)


STUDY = Study(
    name="szegedy2013_layers",
    question=(
        "How large are the Lipschitz constants of AlexNet's eight layers? (Szegedy et "
        "al. 2013, arXiv:1312.6199, Table 5)"
    ),
    expected=(
        "At random weights, numbers of the order of the printed ones and not equal to "
        "them; a product that overlapping max-pooling makes 8 times larger."
    ),
    cost="Under a minute of two cores and 2 GB of memory.",
    grid={"layer": (*CONVOLUTIONS, *DENSE)},
    measure=measure,
    summary=summary,
    units={"widest_interval": "relative"},
    published={f"upper_{name}": float(v) for name, v in PRINTED.items()}
    | {"product": float(np.prod(list(PRINTED.values()))), "max_pooling": 1.0},
    accepted={
        "max_pooling": (8.0 * (1 - 1e-12), 8.0 * (1 + 1e-12)),
        "widest_interval": (0.0, 2.0 * RTOL),
    },
    data=lambda: "random weights, NOT the trained ones of the printed numbers",
    figure=figure,
)

if __name__ == "__main__":
    sys.exit(main(STUDY))
