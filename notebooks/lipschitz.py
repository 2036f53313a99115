# ---
# jupyter:
#   jupytext:
#     formats: py:percent,ipynb
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Large Lipschitz constants: what the product of layers says, and what it does not
#
# Szegedy et al. (2013) bound a network's Lipschitz constant by the product of its
# layers' spectral norms. A small product would exclude adversarial examples; a large
# one, as they note, does not imply any. Here the norms are computed with certificates,
# the formulas are compared with explicit matrices, and the bound is put beside what is
# known exactly: distances of linear and kernel classifiers.
#
# Everything below is computed by `geomadv`; the notebook defines no mathematics.

# %%
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from geomadv.claims import verify
from geomadv.classifiers import KernelExpansion
from geomadv.lipschitz import (
    Conv,
    Dense,
    Flatten,
    MaxPool,
    Relu,
    conv_norm,
    conv_norm_sup,
    conv_singular_values,
    network_bounds,
)
from geomadv.perturbations import certified_radii, minimal_perturbation
from geomadv.plotting import PALETTE, style
from geomadv.stats import fit_power_law
from geomadv.theories import find
from geomadv.theories.lipschitz import (
    bubeck2020,
    bubeck2021,
    delattre2023,
    fawzi2015,
    szegedy2013,
)


def table(head, rows):
    """Show rows of text as a table."""
    lines = [head, ["---"] * len(head), *rows]
    return Markdown("\n".join(f"| {' | '.join(map(str, row))} |" for row in lines))


# %% [markdown]
# ## The norm of a convolution
#
# With circular padding a convolution is block diagonal in Fourier's basis (Sedghi,
# Gupta and Long 2019). A stride $\Delta$ folds the spectrum, with the factor
# $\Delta^{-1}$; Szegedy et al. print $\Delta^{-2}$, which understates the norm $\Delta$
# times.

# %%
d, c, u, v = np.ogrid[:2, :2, :3, :3]
w = np.cos(1 + d + 2 * c + 3 * u + 5 * v)
rows = []
for n, stride in ((8, 1), (8, 2), (9, 1), (9, 3)):
    rows.append(
        (
            n,
            stride,
            f"{conv_norm(w, n, stride):.9f}",
            f"{szegedy2013.printed_norm(w, n, stride):.9f}",
            f"{conv_norm(w, n, stride, 'zeros'):.9f}",
            f"{conv_norm_sup(w, stride):.9f}",
        )
    )
table(["image", "stride", "circular", "as printed", "zeros", "all sizes"], rows)

# %% [markdown]
# Zero padding is not harmless: for the difference of neighbours, $[1, -1]$, the norm
# with zeros is $2\cos(\pi/(2n+1))$ on an odd number $n$ of pixels, and the circular one
# is $2\cos(\pi/(2n))$. Both stay below the supremum over frequencies.

# %%
difference = [[[[1.0, -1.0]]]]
table(
    ["n", "circular", "zeros", "all sizes"],
    [
        (
            n,
            f"{conv_norm(difference, (1, n)):.7f}",
            f"{conv_norm(difference, (1, n), padding=((0, 0), (0, 1))):.7f}",
            f"{conv_norm_sup(difference):.7f}",
        )
        for n in (3, 5, 9)
    ],
)

# %% [markdown]
# ## Bounds from above and from below
#
# Gram iteration is an upper bound at every step, power iteration a lower one at every
# step: an interval needs both (Delattre et al. 2023).

# %%
rng = np.random.default_rng(0)
G = rng.standard_normal((60, 40))
steps = np.arange(1, 9)
above = delattre2023.gram_iteration(G, 8)
below = [delattre2023.power_iteration(G, int(t), rng) for t in steps]
with style():
    _, axes = plt.subplots()
    axes.plot(steps, above, "o-", label="Gram iteration")
    axes.plot(steps, below, "s-", label="power iteration")
    exact = conv_norm(G[:, :, None, None], 1)
    axes.axhline(exact, ls="--", color=PALETTE["grey"], label="norm")
    axes.set(xlabel="steps", ylabel="bound", title="a random 60 x 40 matrix")
    axes.legend()
    plt.show()

# %% [markdown]
# ## A network, layer by layer
#
# Every constant is an interval. The product of upper ends bounds the network; the lower
# end is the quotient of a pair of points. Max-pooling is no contraction where windows
# overlap: a pixel that lies in four windows counts twice.

# %%
scale = np.sqrt(2.0)
layers = [
    Conv(scale * rng.standard_normal((8, 1, 5, 5)) / 5, padding="same"),
    Relu(),
    MaxPool(3, 2),
    Conv(scale * rng.standard_normal((16, 8, 3, 3)) / np.sqrt(72), padding="same"),
    Relu(),
    MaxPool(3, 2),
    Flatten(),
    Dense(scale * rng.standard_normal((10, 16 * 6 * 6)) / 24),
]
found = network_bounds(layers, shape=(1, 28, 28))
table(
    ["layer", "upper", "lower", "method"],
    [
        (layer.op, f"{layer.upper:.4g}", f"{layer.lower:.4g}", layer.method)
        for layer in found.layers
    ]
    + [("network", f"{found.upper:.4g}", f"{found.lower:.4g}", "product; a pair")],
)

# %%
with style():
    _, axes = plt.subplots()
    for name, layer, n in (("first", layers[0], 28), ("second", layers[3], 13)):
        values = conv_singular_values(layer.w, n)
        axes.semilogy(np.linspace(0, 1, len(values)), values, label=f"{name} layer")
    axes.set(xlabel="rank / number", ylabel="singular value", title="spectra")
    axes.legend()
    plt.show()

# %% [markdown]
# ## Certificates against the truth
#
# For a Gaussian expansion the distance to the boundary is enclosed by branch and bound;
# the certificates of Hein and Andriushchenko (2017) and of the norm in the kernel's
# space are below it, by how much depends on the point.

# %%
model = KernelExpansion.from_parameters(
    [[0.0, 0.0], [2.0, 0.0], [1.0, 1.5]], [1.0, -1.0, 0.7], gamma=0.5, b=-0.1
)
points = np.stack([np.linspace(-1.0, 0.9, 20), np.full(20, 0.1)], axis=1)
radii = certified_radii(model, points)
true = minimal_perturbation(model, points, budget=2000)
with style():
    _, axes = plt.subplots()
    axes.plot(points[:, 0], true.distance, "k", label="distance")
    for name, values in radii.items():
        axes.plot(points[:, 0], values, label=name)
    axes.set(xlabel="$x_1$", ylabel="radius", ylim=(0, None))
    axes.legend()
    plt.show()

# %% [markdown]
# ## Random against adversarial noise
#
# For linear classifiers random noise must be $1/q$ times as long as the smallest
# perturbation, $q$ the height of the cap of measure $\varepsilon$: a factor that grows
# like $\sqrt d$ (Fawzi, Fawzi and Frossard 2015).

# %%
dimensions = np.unique(np.logspace(1, 6, 26).astype(int))
ratio = fawzi2015.random_ratio(dimensions, 0.01)
lower, upper = fawzi2015.random_ratio_bounds(dimensions, 0.01)
exponent = fit_power_law(dimensions[10:], ratio[10:]).exponent
with style():
    _, axes = plt.subplots()
    axes.loglog(dimensions, ratio, label=f"exact: exponent {exponent:.3f}")
    axes.fill_between(dimensions, lower, upper, alpha=0.2, label="the paper's bounds")
    axes.set(xlabel="dimension d", ylabel="random over worst-case length")
    axes.legend()
    plt.show()

# %% [markdown]
# ## Laws of robustness
#
# A linear interpolant of $n$ random labels in $R^d$ has mean squared Lipschitz constant
# $nd/(d - n - 1)$ exactly (points $N(0, I/d)$). Bubeck and Sellke (2021) bound *every*
# smooth interpolant by about $\sqrt{nd/p}$; with its constants the bound is far below 1
# at the sizes of MNIST and of ImageNet, where it excludes nothing.

# %%
rows = []
for n, dim in ((10, 100), (50, 100), (200, 1000)):
    drawn = [
        np.sum(
            bubeck2020.shortest_interpolant(
                rng.standard_normal((n, dim)) / np.sqrt(dim), rng.choice([-1.0, 1.0], n)
            )
            ** 2
        )
        for _ in range(50)
    ]
    exact = bubeck2020.mean_square_length(n, dim)
    rows.append((n, dim, f"{exact:.4f}", f"{np.mean(drawn):.2f}"))
table(["n", "d", "exact mean square", "mean of 50"], rows)

# %%
sizes = {
    "MNIST": {"n": 60_000, "d": 784, "p": 100_000, "W": 100.0, "J": 100.0},
    "ImageNet": {
        "n": 1_200_000,
        "d": 3 * 224**2,
        "p": 25_000_000,
        "W": 1000.0,
        "J": 1000.0,
    },
}
table(
    ["data", "order $\\sqrt{nd/p}$", "bound with its constants"],
    [
        (
            name,
            f"{bubeck2021.law_of_robustness(s['n'], s['d'], s['p']):.1f}",
            f"{bubeck2021.lipschitz_bound(**s, eps=0.1, delta=0.05):.5f}",
        )
        for name, s in sizes.items()
    ],
)

# %% [markdown]
# ## All of it, verified
#
# Each statement is a claim with a twin that is false by a little, which the verifier
# has to refute; of statements that are wrong as printed, the twin is the corrected
# form.

# %%
report = verify(find(["lipschitz"]))
table(
    ["claim", "evidence", "verdict", "twin"],
    [
        (r.claim.id, r.claim.evidence.level, r.outcome.verdict, r.twin.verdict)
        for r in report.results
    ],
)

# %%
assert report.exit_code == 0
