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
# # Statistical limits: what robustness costs
#
# A classifier that knew the law of the data would still pay for robustness, and one
# that has to learn it pays more. This notebook follows the bill: imbalance between
# classes, the trade-off of regression, the number of points, the number of parameters,
# and interpolation.
#
# Everything below is computed by `geomadv`; the notebook defines no mathematics.

# %%
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

from geomadv.claims import verify
from geomadv.data import GaussianPair
from geomadv.plotting import PALETTE, style
from geomadv.theories import find
from geomadv.theories.manifold import carmon2019, schmidt2018
from geomadv.theories.statistics import (
    dobriban2020,
    donhauser2021,
    hastie2019,
    javanmard2020,
    min2021,
)

COLOURS = [PALETTE[name] for name in ("blue", "green", "vermilion", "purple")]


def table(head, rows):
    """Show rows of text as a table."""
    lines = [head, ["---"] * len(head), *rows]
    return Markdown("\n".join(f"| {' | '.join(map(str, row))} |" for row in lines))


# %% [markdown]
# ## Imbalance
#
# Two classes $x \mid y \sim N(y\mu, I)$, $P(y = +1) = \pi$, $\|\mu\| = m$, and $\ell_2$
# steps of size $\varepsilon < m$. Among *all* classifiers a half-space has the least
# robust risk (Dobriban et al. 2020); its boundary lies $m/(m - \varepsilon)$ times as
# far towards the rarer class as Bayes' boundary.

# %%
rows = []
for m, prior, eps in ((1, 0.5, 0.5), (1, 0.2, 0.5), (2, 0.1, 0.5), (2, 0.1, 1)):
    robust = dobriban2020.optimal_threshold(m, eps, prior)
    rows.append(
        (
            m,
            prior,
            eps,
            f"{dobriban2020.optimal_threshold(m, 0, prior):.4f}",
            f"{robust:.4f}",
            f"{dobriban2020.optimal_robust_risk(m, eps, prior):.4f}",
            f"{dobriban2020.price_of_robustness(m, eps, prior):.4f}",
        )
    )
table(["m", "π", "ε", "Bayes", "robust", "robust risk", "price"], rows)

# %% [markdown]
# The price is the standard risk that the robust boundary has above Bayes' own. It is 0
# for equal classes, grows with the imbalance, and falls again where the rarer class is
# so rare that no rule finds it.

# %%
share = np.geomspace(0.002, 0.5, 200)
with style():
    _, axes = plt.subplots()
    for eps, colour in zip((0.1, 0.25, 0.5, 0.75), COLOURS, strict=True):
        price = dobriban2020.price_of_robustness(1.0, eps, share)
        axes.semilogx(share, price, color=colour, label=rf"$\varepsilon = {eps}$")
    axes.set(xlabel=r"share $\pi$ of the rarer class", ylabel="price of robustness")
    axes.legend()
    plt.show()

# %% [markdown]
# In $\ell_\infty$ the normal of the boundary turns as well, to the soft threshold of
# $\mu$, so that equal classes pay too.

# %%
for mu in ([1.0, 1.0, 1.0], [1.0, 0.5, 0.2]):
    cost = dobriban2020.trade_off(GaussianPair(mu), 0.3, np.inf).price
    print(f"mu = {mu}: price {float(cost):.4f}")

# %% [markdown]
# ## Regression: a curve that no estimator betters
#
# $y = \langle x, \theta_0\rangle + w$ with standard normal $x$. A linear estimator has
#
# $$AR = SR + 2\sqrt{2/\pi}\,\varepsilon\|\theta\|\sqrt{SR} +
# \varepsilon^2\|\theta\|^2, \qquad SR = \sigma^2 + \|\theta - \theta_0\|^2,$$
#
# and the best of them are $\theta_0/(1 + g)$ (Javanmard et al. 2020). Adversarial
# training on $n$ points of $\mathbb R^d$ traces curves of its own as its steps grow.
# They depend on $n/d$, and come down to the black one.

# %%
weights = np.r_[0.0, np.geomspace(1e-2, 1e3, 100)]
best = javanmard2020.trade_off_curve(1.0, 0.5, 0.5, weights)
steps = np.r_[0.0, np.geomspace(0.02, 1.0, 25)]
with style():
    _, axes = plt.subplots()
    axes.plot(best.standard, best.robust, color=PALETTE["black"], label="population")
    for delta, colour in zip((32.0, 8.0, 4.0, 2.0), COLOURS, strict=True):
        limit = javanmard2020.training_limit(1.0, 0.5, steps, delta)
        attacked = javanmard2020.adversarial_risk(limit.standard, limit.norm, 0.5)
        axes.plot(limit.standard, attacked, color=colour, label=rf"$n/d = {delta:g}$")
    axes.set(xlabel="standard risk", ylabel=r"robust risk, $\varepsilon = 0.5$")
    axes.legend()
    plt.show()

# %% [markdown]
# The limits describe samples of moderate size. Training is a convex problem, solved
# here with a certificate: no estimator has less training risk than the lower bound.

# %%
rng = np.random.default_rng(0)
rows = []
for n, d in ((60, 120), (120, 60), (240, 60)):
    X = rng.standard_normal((n, d))
    y = X[:, 0] + 0.5 * rng.standard_normal(n)
    fit = javanmard2020.adversarial_regression(X, y, 0.5)
    off = fit.coef - np.eye(d)[0]
    standard = 0.25 + off @ off
    robust = javanmard2020.adversarial_risk(standard, np.linalg.norm(fit.coef), 0.5)
    limit = javanmard2020.training_limit(1.0, 0.5, 0.5, n / d)
    assert fit.objective - fit.lower < 1e-5 * fit.objective
    rows.append(
        (
            f"{n}/{d}",
            f"{fit.objective:.3f} ({limit.training:.3f})",
            f"{standard:.3f} ({limit.standard:.3f})",
            f"{robust:.3f} ({limit.robust:.3f})",
        )
    )
table(["n/d", "training risk (limit)", "standard (limit)", "robust (limit)"], rows)

# %% [markdown]
# ## More points: how many does it take?
#
# In the Gaussian model of Schmidt et al. (2018), $x \sim N(y\theta, \sigma^2 I)$,
# $\|\theta\| = \sqrt d$, $\sigma = \frac12 d^{1/4}$, a fixed number of samples gives a
# good classifier in any dimension, and a robust one takes about $\sqrt d$ of them.

# %%
dimensions = np.geomspace(100, 1e6, 25)
with style():
    _, axes = plt.subplots()
    for eps, colour in zip((0.0, 0.1, 0.3, 0.5), COLOURS, strict=True):
        needed = [
            schmidt2018.samples_needed(d, 0.5 * d**0.25, eps, 0.01) for d in dimensions
        ]
        axes.loglog(dimensions, needed, color=colour, label=rf"$\varepsilon = {eps}$")
    axes.set(xlabel="dimension d", ylabel="samples for an error of 1 %")
    axes.legend()
    plt.show()

# %% [markdown]
# The curves are those of the average of $y_i x_i$. The best of all learners needs fewer
# samples, of a number that grows nearly as fast, as $\sqrt d/\log d$ at least: below is
# the least expected robust error that any learner has, beside that of the average.

# %%
d, sigma, eps = 10_000, 5.0, 0.5
rows = []
for n in (1, 2, 4, 8, 16):
    average = schmidt2018.limit_errors(d, sigma, n, eps)
    least = schmidt2018.optimal_error(d, sigma, n, eps)
    rows.append((n, f"{average[0]:.1e}", f"{average[1]:.3f}", f"{least:.3f}"))
table(["n", "standard", "robust", "robust, any learner"], rows)

# %% [markdown]
# Labels are not what is missing: unlabelled points do nearly as well, once a few labels
# tell the classes apart (Carmon et al. 2019).

# %%
sigma = carmon2019.noise(100_000, 10)
rows = []
for m in (100, 1000, 10_000):
    standard, robust = carmon2019.self_training_limit(100_000, sigma, 10, m, 0.1)
    worth = carmon2019.label_worth(100_000, sigma, 10, m)
    rows.append((m, f"{worth:.2f}", f"{standard:.1e}", f"{robust:.1e}"))
table(
    ["unlabelled points, 10 labels", "worth in labels", "standard", "robust"],
    rows,
)

# %% [markdown]
# ## More points can hurt
#
# Robust training with the linear loss keeps the coordinates whose mean over the sample
# exceeds $\varepsilon$ (Min et al. 2021). For $\varepsilon > \mu$ those are accidents
# of small samples: the loss *without* steps is least at $n^* =
# \sigma^2\log\frac{\varepsilon + \mu}{\varepsilon - \mu}/(2\varepsilon\mu)$, and rises
# from there on. Two coordinates, one quick and one slow, descend twice.

# %%
n = np.geomspace(1, 200, 200)
many = np.geomspace(1, 1e6, 300)
mixed = ([1.0, 0.5], [200.0, 2.0])
with style():
    _, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.8), layout="constrained")
    for eps, colour in zip((0.5, 1.1, 1.5, 3.0), COLOURS, strict=True):
        left.semilogx(
            n,
            min2021.clean_loss(1.0, 2.0, n, eps),
            color=colour,
            label=rf"$\varepsilon = {eps:g}$, {min2021.regime(1.0, 2.0, eps)}",
        )
        turn = min2021.turning_point(1.0, 2.0, eps)
        if 1.0 < turn < 200.0:
            left.plot(
                turn, min2021.clean_loss(1.0, 2.0, turn, eps), "*", ms=9, color=colour
            )
    left.set(xlabel="training points", ylabel="loss without steps")
    left.legend(fontsize="x-small")
    right.semilogx(many, min2021.clean_loss(*mixed, many, 0.7), color=PALETTE["black"])
    for turn in min2021.turning_points(*mixed, 0.7):
        right.axvline(turn, lw=0.6, ls=":", color=PALETTE["grey"])
    right.set(xlabel="training points", title="two coordinates")
    plt.show()

# %% [markdown]
# ## More parameters: double descent under attack
#
# Minimum-norm least squares has an infinite risk in the limit where there are as many
# parameters as points, and a second descent beyond (Hastie et al. 2019). Its norm falls
# there, so that the *robust* risk goes on falling where the standard one has begun to
# rise. Adversarial training has no such peak: it has a low maximum where it begins to
# interpolate, and is nearly the minimum-norm solution from there on.

# %%
gamma = np.geomspace(0.1, 20.0, 121)
gamma = gamma[np.abs(np.log(gamma)) > 0.02]
plain = hastie2019.ridgeless_limit(gamma, 1.0, 0.5)
trained = javanmard2020.training_limit(1.0, 0.5, 0.5, 1.0 / gamma)
with style():
    _, axes = plt.subplots()
    for values, label, colour in (
        (plain.standard, "min-norm, standard", COLOURS[0]),
        (plain.robust(0.5), "min-norm, robust", COLOURS[2]),
        (trained.standard, "trained, standard", COLOURS[1]),
        (trained.robust, "trained, robust", COLOURS[3]),
    ):
        for k, side in enumerate((gamma < 1.0, gamma > 1.0)):
            axes.loglog(
                gamma[side], values[side], color=colour, label=None if k else label
            )
    axes.set(xlabel="parameters a point, $p/n$", ylabel="risk", ylim=(0.2, 30.0))
    axes.legend()
    plt.show()

# %%
standard_best = hastie2019.best_overparametrisation(1.0, 0.5)
beyond = gamma > 1.0
robust_best = gamma[beyond][np.argmin(plain.robust(0.5)[beyond])]
print(f"least standard risk beyond the peak at p/n = {standard_best:.2f}")
print(f"least robust risk beyond the peak at p/n = {robust_best:.2f} or more")
assert robust_best > standard_best

# %% [markdown]
# ## Interpolation
#
# Take the noise away. By its standard risk the minimum-norm interpolator is now the
# best of all ridge regressions; by its robust risk it is not, for any $\varepsilon > 0$
# and $d/n > 1$ (Donhauser et al. 2021): a small penalty shortens the part of $\theta$
# that is of no use at no first-order cost.

# %%
penalty = np.geomspace(1e-3, 10.0, 200)
with style():
    _, (left, right) = plt.subplots(1, 2, figsize=(7.0, 2.8), layout="constrained")
    for ratio, colour in zip((1.5, 2.0, 4.0), COLOURS, strict=False):
        for place, eps in ((left, 0.0), (right, 0.5)):
            risk = donhauser2021.consistent_risk(ratio, penalty, eps)
            place.semilogx(penalty, risk, color=colour, label=f"$d/n = {ratio:g}$")
        best = donhauser2021.best_penalty(ratio, 0.5)
        right.plot(best.penalty, best.risk, "*", ms=9, color=colour)
    left.set(xlabel="ridge penalty", ylabel="risk", title="standard")
    right.set(xlabel="ridge penalty", title=r"robust, $\varepsilon = 0.5$")
    left.legend(fontsize="x-small")
    plt.show()

# %%
table(
    ["d/n", "ε", "best penalty", "least robust risk", "of the interpolator"],
    [
        (
            ratio,
            eps,
            f"{best.penalty:.3f}",
            f"{best.risk:.4f}",
            f"{best.interpolating:.4f}",
        )
        for ratio in (1.5, 4.0)
        for eps in (0.0, 0.1, 0.5)
        for best in (donhauser2021.best_penalty(ratio, eps),)
    ],
)

# %% [markdown]
# ## All of it, verified
#
# Each statement is a claim with a twin that is false by a little, which the verifier
# has to refute.

# %%
papers = ["donhauser2021", "hastie2019", "javanmard2020", "min2021"]
report = verify(find(papers))
table(
    ["claim", "evidence", "verdict", "twin"],
    [
        (r.claim.id, r.claim.evidence.level, r.outcome.verdict, r.twin.verdict)
        for r in report.results
    ],
)

# %%
assert report.exit_code == 0
