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
# # Oscillation: errors that are rare and everywhere
#
# Belkin, Hsu and Mitra (2018) let classifiers interpolate noisy labels. Every
# mislabelled training point is then an error, and such points are dense: within any
# distance of any place there is one, once there are enough of them. The classifier may
# be consistent all the same, its errors as rare as one likes.
#
# Everything below is computed by `geomadv`; the notebook defines no mathematics.

# %%
from fractions import Fraction

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from geomadv.claims import verify
from geomadv.classifiers import (
    AdversarialLinearClassifier,
    HilbertKernelClassifier,
    LinearClassifier,
    LogitPairingClassifier,
    SimplicialInterpolant,
    StabilityClassifier,
    TradesClassifier,
    WeightedInterpolatedNN,
)
from geomadv.data import GaussianPair, NoisyLabels, Pancakes
from geomadv.error_sets import (
    covering_radius,
    distance_to_regions,
    error_covering_radius,
    expected_flips,
    measure,
    mislabelled_points,
    simplicial_flips,
)
from geomadv.plotting import PALETTE, style
from geomadv.spaces import Cube
from geomadv.theories import find
from geomadv.theories.oscillation import belkin2018, zhang2019


def table(head, rows):
    """Show rows of text as a table."""
    lines = [head, ["---"] * len(head), *rows]
    return Markdown("\n".join(f"| {' | '.join(map(str, row))} |" for row in lines))


# %% [markdown]
# ## One sample, four rules
#
# The Bayes rule is +1 everywhere, a fifth of the labels is wrong, and the points are
# uniform on the torus. What all interpolants share is the covering radius of the
# mislabelled points, which bounds that of their errors; what they differ in is how
# large the error set is, and hardly in how far from it a point can be, for which there
# are certified bounds from both sides.

# %%
problem = NoisyLabels.constant_noise("torus", 1, 0.2, d=2)
X, y = problem.sample(1000, 0)
noisy = mislabelled_points(X, y, 1)
radius = covering_radius(noisy, "torus")
rules = {
    "1 neighbour": WeightedInterpolatedNN(1, domain="torus"),
    "6 neighbours, weighted": WeightedInterpolatedNN(6, domain="torus"),
    "16 neighbours, weighted": WeightedInterpolatedNN(16, domain="torus"),
    "41 neighbours, weighted": WeightedInterpolatedNN(41, domain="torus"),
    "simplicial": SimplicialInterpolant(domain="torus"),
    "Hilbert kernel": HilbertKernelClassifier(domain="torus"),
}
rows = []
for name, rule in rules.items():
    rule.fit(X, y)
    share = measure(rule, 1, Cube(2), rng=5, n=20_000)
    wrong = (rule.predict(noisy) == -1).mean()
    reach = error_covering_radius(
        rule, 1, "torus", error_points=noisy, probes=2000, budget=20_000
    )
    rows.append(
        (
            name,
            f"{share.lower:.4f} to {share.upper:.4f}",
            f"{reach.lower:.4f} to {reach.upper:.4f}",
            f"{wrong:.0%}",
        )
    )
head = ["measure of the errors", "their covering radius", "mislabelled points in them"]
table(["rule", *head], rows)

# %%
print(f"{len(noisy)} mislabelled points; covering radius {radius.upper:.4f}")
assert radius.exact

# %% [markdown]
# The errors of one neighbour are blotches, those of weighted ones shrink to dust
# about the black points, which are in all of them.

# %%
ticks = (np.arange(200) + 0.5) / 200
grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
with style():
    figure, axes = plt.subplots(1, 3, figsize=(7.5, 2.9))
    for place, name in zip(axes, list(rules)[:3], strict=True):
        wrong = (rules[name].predict(grid) == -1).reshape(200, 200)
        place.imshow(
            np.where(wrong[..., None], (0.84, 0.37, 0.0), (0.93, 0.95, 0.97)),
            extent=(0, 1, 0, 1),
            origin="lower",
        )
        place.plot(*noisy.T, ".", color="black", ms=1.5)
        place.set(title=name, xticks=(), yticks=())
        place.grid(visible=False)
    plt.show()

# %% [markdown]
# ## How many points, and in how many dimensions
#
# The covering radius of $m$ points falls like $(\ln m/(m\omega_d))^{1/d}$. At a fixed
# number of points it grows quickly with the dimension, so that dense errors need a
# number of points that is exponential in $d$.

# %%
rng = np.random.default_rng(0)
dimensions = (1, 2, 3, 4, 5, 6)
found = [
    covering_radius(rng.random((400, d)), "torus", rtol=0.1, rng=rng)
    for d in dimensions
]
with style():
    _, axes = plt.subplots()
    axes.fill_between(
        dimensions,
        [f.lower for f in found],
        [f.upper for f in found],
        alpha=0.5,
        color=PALETTE["vermilion"],
        lw=1.5,
        label="covering radius, certified",
    )
    axes.plot(
        dimensions,
        [belkin2018.radius_scale(400, d) for d in dimensions],
        label=r"$(\ln m/m\omega_d)^{1/d}$",
    )
    axes.plot(
        dimensions,
        [belkin2018.radius_lower_bound(400, d) for d in dimensions],
        ":",
        color=PALETTE["grey"],
        label="any 400 points",
    )
    axes.set(xlabel="dimension d", ylabel="radius", title="400 points of the torus")
    axes.legend()
    plt.show()

# %%
table(
    ["d", "points for a radius of $\\sqrt d/10$, at least"],
    [
        (
            d,
            f"10^{belkin2018.log_points_needed(0.1 * d**0.5, d) / np.log(10):.1f}",
        )
        for d in (2, 10, 50, 784)
    ],
)

# %% [markdown]
# ## Consistency, and what it does not say
#
# In the limit the share of errors of the weighted rule with $k$ neighbours is the same
# in every dimension, $P(B' < B)$ for two binomial variables, and vanishes as $k$ grows.
# The simplicial rule has $d + 1$ neighbours, whatever $n$: at fixed $d$ its error set
# does *not* vanish.

# %%
k = np.arange(1, 61)
with style():
    _, axes = plt.subplots()
    for noise in (0.1, 0.2, 0.3, 0.4):
        shares = [belkin2018.error_share(int(count), noise) for count in k]
        axes.semilogy(k, shares, label=f"noise {noise}")
    axes.set(xlabel="neighbours k (simplicial: d + 1)", ylabel="share of errors")
    axes.legend()
    plt.show()

# %% [markdown]
# ## Oscillation itself
#
# On the circle the simplicial rule flips its decision $2\nu(1 - \nu)n$ times on
# average.

# %%
rows = []
for n in (10, 100, 1000):
    line = NoisyLabels.constant_noise("torus", 1, 0.2, d=1)
    samples = [line.sample(n, seed) for seed in range(20)]
    flips = [len(simplicial_flips(x[:, 0], labels, "torus")) for x, labels in samples]
    rows.append((n, f"{expected_flips(n, 0.2, 'torus'):.1f}", f"{np.mean(flips):.1f}"))
table(["n", "expected flips", "mean of 20"], rows)

# %% [markdown]
# ## Regularising it
#
# TRADES (Zhang et al. 2019) splits the robust error into natural and boundary error,
# $R_{rob} = R_{nat} + R_{bdy}$, to the last count. On the checkerboard the Bayes rule
# has no error and is on the boundary everywhere; a constant is wrong half of the time,
# and robust.

# %%
width = Fraction(1, 4)
table(
    ["rule", "natural", "boundary", "robust"],
    [
        (name, risk.natural, risk.boundary, risk.robust)
        for name, risk in (
            ("Bayes", zhang2019.checkerboard_risks(2, [-1, 1, -1, 1], width)),
            ("constant", zhang2019.checkerboard_risks(2, [1, 1, 1, 1], width)),
        )
    ],
)

# %% [markdown]
# Four ways to train a linear classifier against oscillation, on Gaussian classes with
# one strong and many weak features.

# %%
law = GaussianPair(np.r_[1.0, np.full(40, 0.25)])
points, labels = law.sample(300, 1)
fresh, truth = law.sample(5000, 2)
models = {
    "none": LinearClassifier(alpha=1e-3),
    "adversarial training": AdversarialLinearClassifier(0.2),
    "TRADES, strength 6": TradesClassifier(0.2, strength=6.0),
    "stability, deviation 0.5": StabilityClassifier(0.5),
    "logit pairing": LogitPairingClassifier(0.2, strength=0.5),
}
rows = []
for name, model in models.items():
    model.fit(points, labels)
    risk = zhang2019.risks(model, fresh, truth, 0.2, p=np.inf)
    assert risk.robust == risk.natural + risk.boundary
    exact = law.robust_risk(model, 0.2, p=np.inf)
    rows.append(
        (
            name,
            f"{float(risk.natural):.3f}",
            f"{float(risk.boundary):.3f}",
            f"{float(risk.robust):.3f}",
            f"{float(exact):.3f}",
        )
    )
table(["trained by", "natural", "boundary", "robust", "robust, exactly"], rows)

# %% [markdown]
# ## How near is a random point to every decision?
#
# The talk's test: the distance from random points to each decision region, exact for
# linear classifiers and nearest neighbours.

# %%
digits = np.random.default_rng(3).standard_normal((60, 8)) + np.repeat(
    2.0 * np.eye(8)[:3], 20, axis=0
)
classes = np.repeat([0, 1, 2], 20)
rule = LinearClassifier(alpha=1.0).fit(digits, classes)
regions = distance_to_regions(rule, np.random.default_rng(4).standard_normal((200, 8)))
assert regions.exact.all()
table(
    ["class", "decided for", "median distance from elsewhere"],
    [
        (
            c,
            f"{(regions.decision == c).mean():.0%}",
            f"{np.median(regions.distance[regions.decision != c, c]):.2f}",
        )
        for c in range(3)
    ],
)

# %% [markdown]
# ## Computational limits
#
# Pancakes (Bubeck, Price and Razenshteyn 2018) are two laws that are standard normal in
# all directions but a hidden one, where their moments agree up to a high degree: no
# statistical query finds it, although a rule that knows it is right.

# %%
law = Pancakes(d=20, orders=(4, 5), width=0.1)
points, labels = law.sample(2000, 0)
rule = LinearClassifier(alpha=1e-3).fit(points, labels)
fresh, truth = law.sample(5000, 1)
print(f"who knows the direction: {(law.bayes_predict(fresh) == truth).mean():.3f}")
print(f"a linear classifier:     {(rule.predict(fresh) == truth).mean():.3f}")

# %% [markdown]
# ## All of it, verified
#
# Each statement is a claim with a twin that is false by a little, which the verifier
# has to refute; of statements that are wrong as printed, the twin is the corrected
# form.

# %%
report = verify(find(["oscillation"]))
table(
    ["claim", "evidence", "verdict", "twin"],
    [
        (r.claim.id, r.claim.evidence.level, r.outcome.verdict, r.twin.verdict)
        for r in report.results
    ],
)

# %%
assert report.exit_code == 0
