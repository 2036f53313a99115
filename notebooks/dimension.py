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
# # High dimension: why small errors are near everything
#
# Let $x$ be random in a metric space with a probability measure, let $E$ be the set of
# points that a classifier gets wrong, and write $\mu$ for the measure of $E$. The
# *enlargement* $E_r$ is the set of points within distance $r$ of $E$: what an adversary
# who may move $x$ by $r$ can turn into an error. The theory of high dimension asks how
# small the measure of $E_r$ can be when $\mu$ is given and nothing else is known about
# the classifier. Throughout, $a = -\Phi^{-1}(\mu)$.
#
# Everything below is computed by `geomadv`; the notebook defines no mathematics.

# %%
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from geomadv.claims import verify
from geomadv.plotting import PALETTE, style
from geomadv.spaces import Cube, Gaussian, HammingCube, Sphere
from geomadv.stats import fit_power_law
from geomadv.theories import find
from geomadv.theories.dimension import (
    dohmatob2019,
    fawzi2018,
    ford2019,
    gilmer2018,
    mahloujifar2018,
    shafahi2018,
)


def table(head, rows):
    """Show rows of text as a table."""
    lines = [head, ["---"] * len(head), *rows]
    return Markdown("\n".join(f"| {' | '.join(map(str, row))} |" for row in lines))


# %% [markdown]
# ## Spheres
#
# On the unit sphere $S^{d-1}$ the extremal sets are caps (Lévy 1951): among all sets
# of measure $\mu$, a cap has the smallest enlargements, so it is as far from a random
# point as a set of its measure can be. If $\theta_0$ is the angular radius of the cap,
# half of the sphere lies within $2\sin((\pi/2 - \theta_0)/2)$ of it. Gilmer et al.
# (2018) state the law $O(\Phi^{-1}(p)/\sqrt d)$ for the mean distance. It hides two
# different constants: $\sqrt d$ times the median tends to $a$, $\sqrt d$ times the mean
# to $a\,\Phi(a) + \varphi(a)$.

# %%
rows = []
for d in (3, 10, 100, 500, 2000):
    for error in (0.01, 0.001):
        sphere = Sphere(d)
        rows.append(
            (
                d,
                error,
                f"{sphere.median_distance(error):.10f}",
                f"{gilmer2018.asymptotic_median(d, error):.5f}",
                f"{sphere.mean_distance(error):.10f}",
                f"{gilmer2018.asymptotic_mean(d, error):.5f}",
            )
        )
table(["d", "error", "median", "$a/\\sqrt d$", "mean", "its limit"], rows)

# %% [markdown]
# Caps are the worst case for the adversary. Two opposite caps, or a band around the
# equator, of the same measure grow faster.

# %%
sphere, error = Sphere(100), 0.01
radius = np.linspace(0, 0.8, 200)
angle = 2 * np.arcsin(radius / 2)
edge = sphere.cap_angle((1 - error) / 2)
with style():
    _, axes = plt.subplots()
    axes.plot(radius, sphere.enlargement(error, radius), label="cap")
    two = np.minimum(2 * sphere.enlargement(error / 2, radius), 1)
    axes.plot(radius, two, label="two opposite caps")
    band = 1 - 2 * sphere.cap_measure_at_angle(np.maximum(edge - angle, 0))
    axes.plot(radius, band, label="band around the equator")
    axes.set(xlabel="Euclidean distance r", ylabel="share within r", title="d = 100")
    axes.legend()
    plt.show()

# %% [markdown]
# ### A figure of a talk
#
# Dobriban's talk shows the sphere with $d = 2000$ and says that 50 % of the points are
# within distance .05 of a set of measure 1 %. The exact share is 46.4 %; the median is
# .052, which rounds to .05.

# %%
table(
    ["distance", "share within"],
    [(r, f"{gilmer2018.share_within(2000, 0.01, r):.5f}") for r in (0.05, 0.052)],
)

# %% [markdown]
# ## Four spaces, one law
#
# Relative to the typical distance of two random points, the median distance to errors
# of measure 1 % falls like $d^{-1/2}$ in all four spaces; the curves of the sphere and
# of Gauss space nearly coincide. On the cube the curve is an upper bound (the
# isoperimetric problem is not solved there), on the others it is exact.

# %%
dimensions = np.unique(np.logspace(1, 4, 13).astype(int))
relative = {
    "sphere": [Sphere(d).median_distance(0.01) / np.sqrt(2) for d in dimensions],
    "Gauss space": [
        Gaussian(d).median_distance(0.01) / np.sqrt(2 * d) for d in dimensions
    ],
    "cube (bound)": [
        Cube(d).median_distance(0.01) / np.sqrt(d / 6) for d in dimensions
    ],
    "Hamming cube": [
        HammingCube(d).median_distance(0.01) / (d / 2) for d in dimensions
    ],
}
lines = ("o-", "x--", "s-", "^-")
with style():
    _, axes = plt.subplots()
    for (name, values), line in zip(relative.items(), lines, strict=True):
        exponent = fit_power_law(dimensions[4:], values[4:]).exponent
        label = f"{name}: exponent {exponent:.2f}"
        axes.loglog(dimensions, values, line, label=label)
    axes.set(xlabel="dimension d", ylabel="median distance / typical distance")
    axes.legend()
    plt.show()

# %% [markdown]
# ## A quadratic network
#
# Gilmer et al. train a network $\sum_i \alpha_i x_i^2 > 1$ on two concentric spheres of
# $R^{500}$, and estimate its error by the central limit theorem. The error is the tail
# of a weighted chi-square sum, which `geomadv` computes to relative accuracy at any
# depth. The estimate is off by a factor of two at $10^{-3}$, by seventeen orders of
# magnitude further out, and it is positive for networks that make no error at all.

# %%
networks = {
    "100 at 1.5, 400 at .8": ([1.5, 0.8], [100, 400]),
    "250 at 1.1, 250 at .85": ([1.1, 0.85], [250, 250]),
    "200 at 1.1, 194 at .55, 106 at .8": ([1.1, 0.55, 0.8], [200, 194, 106]),
}
rows = []
for name, (alpha, counts) in networks.items():
    for side in ("inner", "outer"):
        values = [
            gilmer2018.quadratic_error(
                alpha, multiplicities=counts, sphere=side, method=method
            )
            for method in ("inversion", "saddlepoint", "clt")
        ]
        rows.append((name, side, *(f"{value:.4e}" for value in values)))
table(["alphas", "sphere", "exact", "saddlepoint", "central limit"], rows)

# %% [markdown]
# ## Product spaces
#
# On $\{0, 1\}^n$ with the Hamming distance, Talagrand's inequality gives
# $\mu(S_b) \ge 1 - e^{-b^2/n}/\mu(S)$. How many flips does it take until errors of
# measure 1 % are within reach of a share $1 - \gamma$ of the points? Harper's theorem
# has the exact answer; Mahloujifar, Diochnos and Mahmoody (2018) use the bounds.

# %%
rows = []
for n, gamma in ((100, 0.01), (784, 0.01), (784, 0.5), (10000, 0.01)):
    rows.append(
        (
            n,
            gamma,
            f"{mahloujifar2018.talagrand_distance(n, 0.01, gamma):.4f}",
            int(HammingCube(n).enlargement_radius(0.01, 1 - gamma)),
        )
    )
table(["n", "$\\gamma$", "Talagrand's b", "exact b"], rows)

# %% [markdown]
# ## The cube, and a misprint that circulates
#
# For half of the cube $[0, 1]^d$ the exact enlargement is $\tfrac12 + \epsilon$.
# Isoperimetry gives $\Phi(\sqrt{2\pi}\,\epsilon)$, and Mills' inequality a tail form
# with $\epsilon$ in the denominator. A form without it circulates; below
# $\epsilon = .405$ it promises more than is true.

# %%
eps = np.linspace(0.02, 0.8, 200)
with style():
    _, axes = plt.subplots()
    axes.plot(eps, np.minimum(0.5 + eps, 1), color=PALETTE["black"], label="exact")
    axes.plot(
        eps, Cube(100).enlargement(0.5, eps), label=r"$\Phi(\sqrt{2\pi}\epsilon)$"
    )
    axes.plot(eps, shafahi2018.cube_tail_bound(100, eps), label="tail form")
    axes.plot(
        eps,
        shafahi2018.cube_tail_bound_as_circulated(eps),
        "--",
        label="as it circulates",
    )
    axes.axvline(0.404912, color=PALETTE["grey"], lw=0.8)
    axes.set(xlabel=r"$\epsilon$", ylabel="share with an error", ylim=(0, 1.05))
    axes.legend()
    plt.show()

# %% [markdown]
# ## Gauss space
#
# Three papers work with Gaussian laws. For data $g(z)$ with a smooth decoder, Fawzi,
# Fawzi and Fawzi (2018) bound the share of points whose class changes within a latent
# step $t$; for two half-space classes the bound is attained. Ford et al. (2019) turn
# the error in Gaussian noise into a distance. Dohmatob (2019) bounds the accuracy that
# survives a perturbation; the half-space shows how loose the constant is.

# %%
t = np.linspace(0, 3, 200)
with style():
    _, (left, right) = plt.subplots(1, 2, figsize=(7, 2.6))
    for classes in (2, 10, 1000):
        share = fawzi2018.equiprobable_fooling_probability(classes, t)
        left.plot(t, share, label=f"K = {classes}")
    bound = np.maximum(fawzi2018.simple_bound(t), 0)
    left.plot(t, bound, "k:", label="simple bound")
    left.set(xlabel="latent step t", ylabel="share that changes class")
    left.legend()
    size = np.linspace(0, 7, 200)
    right.semilogy(size, dohmatob2019.accuracy_bound(0.01, size), label="bound")
    right.semilogy(size, dohmatob2019.half_space_accuracy(0.01, size), label="truth")
    right.set(
        xlabel=r"perturbation $\epsilon/\sigma$", ylabel="accuracy", ylim=(1e-6, 2)
    )
    right.legend()
    plt.show()

# %%
table(
    ["$\\sigma$", "error", "median distance", "noise / distance, $d = 3072$"],
    [
        (
            sigma,
            error,
            f"{ford2019.median_distance(error, sigma):.4f}",
            f"{ford2019.noise_ratio(3072, error):.1f}",
        )
        for sigma, error in ((0.1, 0.01), (0.1, 0.001), (0.4, 0.1))
    ],
)

# %% [markdown]
# ## All of it, verified
#
# Each statement of this section is a claim of the registry. Each has a twin, the same
# statement sharpened until it is false by a little, which the verifier has to refute.
# Statements that are wrong as printed or quoted are expected to be violated; their twin
# is the corrected form, which has to hold.

# %%
report = verify(find(["dimension"]))
table(
    ["claim", "evidence", "verdict", "twin"],
    [
        (r.claim.id, r.claim.evidence.level, r.outcome.verdict, r.twin.verdict)
        for r in report.results
    ],
)

# %%
assert report.exit_code == 0
