"""
Caps are the farthest errors
============================

Among the sets of one measure on the sphere, caps are the farthest from a random point.
The figure shows how fast three sets of measure 0.01 grow as they are enlarged, in
dimension 100: a cap, two opposite caps, and a band around the equator.
"""

import matplotlib.pyplot as plt
import numpy as np

from geomadv.plotting import style
from geomadv.spaces import Sphere

sphere = Sphere(100)
mass = 0.01
radius = np.linspace(0, 0.8, 200)
angle = 2 * np.arcsin(radius / 2)

cap = sphere.enlargement(mass, radius)
opposite = np.minimum(2 * sphere.enlargement(mass / 2, radius), 1)
edge = sphere.cap_angle((1 - mass) / 2)
band = 1 - 2 * sphere.cap_measure_at_angle(np.maximum(edge - angle, 0))

with style():
    figure, axes = plt.subplots()
    axes.plot(radius, cap, label="cap")
    axes.plot(radius, opposite, label="two opposite caps")
    axes.plot(radius, band, label="band")
    axes.set(xlabel="Euclidean distance r", ylabel="share of points within r")
    axes.legend()
