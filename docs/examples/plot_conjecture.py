"""
From a conjecture to a counterexample
=====================================

A conjecture is a function that compares two sides. Here: at most the share
:math:`e^{-s^2/2}` of the points outside of a half-sphere lies farther from it than
:math:`s/\\sqrt d`. The verifier looks at typical values and finds nothing wrong; the
search over the whole domain finds the circle, and there a small range of s. From
dimension 3 on it finds nothing.
"""

import math

import matplotlib.pyplot as plt
import numpy as np

from geomadv.claims import Integers, Reals, claim, falsify, verify
from geomadv.plotting import style
from geomadv.spaces import Sphere

STEPS = Reals(0, 4, symbol="s")


def far(d, s):
    eps = s / math.sqrt(d)
    return 2 * math.exp(
        Sphere(d).log_complement_enlargement(0.5, eps, metric="geodesic")
    )


@claim(
    source="my draft, Conjecture 1",
    domain={"d": Integers(2, 10**6, symbol="d"), "s": STEPS},
    twin=0.9,
)
def half_spheres(d, s):
    r"""At most $e^{-s^2/2}$ of the rest is farther than $s/\sqrt d$."""
    return far(d, s) <= math.exp(-(s**2) / 2)


@claim(
    source="my draft, Conjecture 1, corrected",
    domain={"d": Integers(3, 10**6, symbol="d"), "s": STEPS},
    twin=0.9,
)
def from_dimension_three(d, s):
    r"""At most $e^{-s^2/2}$ of the rest is farther than $s/\sqrt d$, if $d \ge 3$."""
    return far(d, s) <= math.exp(-(s**2) / 2)


first = verify([half_spheres]).results[0].outcome.verdict
found = falsify(half_spheres, budget=20).violation
again = falsify(from_dimension_three, budget=3).violation

s = np.linspace(0, 2.2, 200)
with style():
    figure, axes = plt.subplots()
    for d in (2, 3, 10, 100):
        axes.plot(s, [far(d, x) / math.exp(-(x**2) / 2) for x in s], label=f"d = {d}")
    axes.axhline(1, color="black", linestyle="--", linewidth=1)
    at = found.parameters
    axes.plot(at["s"], found.lhs / found.rhs, "o", color="black")
    axes.annotate(
        f"verify: {first}\nfalsify: d = {at['d']}, s = {at['s']}\n"
        f"from d = 3 on: {'nothing found' if again is None else 'fails too'}",
        (at["s"], found.lhs / found.rhs),
        xytext=(0.75, 1.12),
        arrowprops={"arrowstyle": "-"},
    )
    axes.set(xlabel="distance s, in units of 1/sqrt(d)", ylabel="share over its bound")
    axes.set_ylim(0, 1.4)
    axes.legend(loc="lower left")
