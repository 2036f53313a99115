r"""
The distance to errors falls like the root of the dimension
===========================================================

Half of the sphere lies within the median distance of an error cap. Over eight decades
of the dimension it follows :math:`a/\sqrt d` with :math:`a = -\Phi^{-1}(\mu)`.
"""

import matplotlib.pyplot as plt
import numpy as np

from geomadv.plotting import style
from geomadv.spaces import Sphere
from geomadv.stats import fit_power_law

dimensions = np.unique(np.logspace(1, 9, 33).round().astype(int))

with style():
    figure, axes = plt.subplots()
    for mass in (0.1, 0.01, 1e-6):
        distance = [Sphere(int(d)).median_distance(mass) for d in dimensions]
        fit = fit_power_law(dimensions, distance)
        axes.loglog(
            dimensions, distance, label=f"error {mass:g}: exponent {fit.exponent:.4f}"
        )
    axes.set(xlabel="dimension d", ylabel="median distance")
    axes.legend()
