"""Each closed form of the theory against simulation, on 50 random settings.

All 50 means must lie within 4 standard errors; by chance one form in 300 would fail
(seeds are fixed). Points are drawn in full and perturbed by search over directions.
Limits for large d, and bounds, are no closed forms: they have tests of their own.
"""

import itertools
import math

import numpy as np
import pytest

from geomadv.data import LinearDecoder
from geomadv.theories.manifold import khoury2018, schmidt2018, stutz2019, tanay2016
from geomadv.theories.manifold._cells import cell_share
from geomadv.theories.manifold.uesato2019 import worth_from_one_label

N = 4000


def tilted_error(rng):
    a, v_l, v_z, t = rng.uniform([0.2, 0.3, 0.0, 0.0], [1.5, 2.0, 1.0, 1.5])
    w = tanay2016.tilted_normal([1.0, 0.0], [0.0, 1.0], t)
    X = rng.normal(size=(N, 2)) * np.sqrt([v_l, v_z]) + [a, 0.0]
    return tanay2016.tilted_error(t, a, v_l, v_z), X @ w < 0


def tilted_mean_distance(rng):
    a, v_z, t = rng.uniform([0.2, 0.0, 0.0], [1.5, 1.0, 1.5])
    w = tanay2016.tilted_normal([1.0, 0.0], [0.0, 1.0], t)
    X = rng.normal(size=(N, 2)) * np.sqrt([1.0, v_z]) + [a, 0.0]
    return tanay2016.tilted_mean_distance(t, a), X @ w


def gaussian_error(rng):
    d = int(rng.integers(1, 6))
    mean, w, factor = rng.normal(size=d), rng.normal(size=d), rng.normal(size=(d, d))
    X = mean + rng.normal(size=(N, d)) @ factor.T
    return tanay2016.gaussian_error(w, mean, factor @ factor.T), X @ w < 0


def ridge_error(rng):
    d = int(rng.integers(2, 6))
    mean, factor = 0.3 * rng.normal(size=d), rng.normal(size=(d, d))
    penalty = 10 ** rng.uniform(-2, 2)
    path = tanay2016.ridge_path(mean, factor @ factor.T, [penalty])
    w = np.linalg.solve(factor @ factor.T + penalty * np.eye(d), mean)
    X = mean + rng.normal(size=(N, d)) @ factor.T
    return path.error[0], X @ w < 0


def cell(rng):
    k = int(rng.integers(1, 9))
    s = rng.uniform(0.05, 0.8) * k / 4
    return cell_share(k, s), ((rng.random((N, k)) - 0.5) ** 2).sum(axis=1) <= s


def tube_coverage(rng):
    k, codimension = int(rng.integers(1, 5)), int(rng.integers(1, 8))
    spacing = rng.uniform(0.5, 2)
    radius, eps = spacing * rng.uniform(0.3, 0.9, 2)
    normal = rng.normal(size=(N, codimension))
    length = eps * rng.random(N) ** (1 / codimension)
    normal *= (length / np.linalg.norm(normal, axis=1))[:, None]
    flat = spacing * rng.uniform(-1.5, 1.5, (N, k))
    foot = flat - spacing * np.round(flat / spacing)
    points = np.hstack([foot, normal])
    # the grid's other points are farther: the cell is that of its nearest one
    covered = np.linalg.norm(points, axis=1) <= radius
    share = khoury2018.tube_coverage(
        k, k + codimension, spacing=spacing, radius=radius, eps=eps
    )
    return share, covered


def coverage_of_a_curve(rng):
    d = int(rng.integers(2, 60))
    return khoury2018.grid_coverage(1, d), khoury2018.sample_covered(N, rng, 1, d)


def null_fraction(rng):
    d = int(rng.integers(2, 30))
    k = int(rng.integers(1, d))
    data = LinearDecoder(k, d, rotation=int(rng.integers(100)))
    X, _ = data.sample(N, rng)
    fraction = stutz2019.normal_fraction(data, X, rng.normal(size=(N, d)))
    return stutz2019.null_fraction(k, d) ** 2, fraction**2


def fraction_probability(rng):
    d = int(rng.integers(2, 20))
    k = int(rng.integers(1, d))
    level = math.sqrt(1 - k / d) * rng.uniform(0.8, 1.1)
    V = rng.normal(size=(N, d))
    fraction = np.linalg.norm(V[:, k:], axis=1) / np.linalg.norm(V, axis=1)
    return stutz2019.fraction_probability(min(level, 1.0), k, d), fraction <= level


def on_manifold_error(rng):
    """Steps just beyond each of the two lines, if they are not too long."""
    t, eta = rng.uniform(0.05, 3.0), rng.uniform(0.0, 1.0)
    normals = np.array([[1.0, 0.0], [math.cos(t), math.sin(t)]])
    z = rng.normal(size=(N, 2))
    sides = np.sign(z @ normals.T)
    found = sides[:, 0] != sides[:, 1]
    for normal in normals:
        step = -(z @ normal) * (1 + 1e-9)
        sides = np.sign((z + step[:, None] * normal) @ normals.T)
        found |= (sides[:, 0] != sides[:, 1]) & (np.abs(step) <= eta)
    return stutz2019.on_manifold_error(t, eta), found


def robust_error(rng):
    """All corners of the cube or of the cross-polytope, or a fine circle."""
    p = [1.0, 2.0, math.inf][rng.integers(3)]
    d = 2 if p == 2 else 4
    theta, w = rng.normal(size=d), rng.normal(size=d)
    sigma, eps = rng.uniform(0.5, 2), rng.uniform(0, 0.5)
    if p == 2:
        turn = np.linspace(0, 2 * math.pi, 2000)
        steps = np.column_stack([np.cos(turn), np.sin(turn)])
    elif p == 1:
        steps = np.vstack([np.eye(d), -np.eye(d)])
    else:
        steps = np.array(list(itertools.product([-1.0, 1.0], repeat=d)))
    y = rng.choice([-1.0, 1.0], N)
    X = y[:, None] * theta + sigma * rng.normal(size=(N, d))
    worst = (y * (X @ w))[:, None] + eps * (steps @ w)
    return schmidt2018.robust_error(w, theta, sigma, eps, p), worst.min(axis=1) < 0


def mean_magnitude(rng):
    s = 10 ** rng.uniform(-1, 1)
    return schmidt2018.mean_magnitude(s), np.abs(1 + s * rng.normal(size=N))


def any_learner_bound(rng):
    d, n = int(rng.integers(1, 9)), int(rng.integers(1, 9))
    sigma, eps = rng.uniform(0.5, 3), rng.uniform(0.3, 1.5)
    theta = rng.normal(size=(N, d))
    mean = theta + sigma / math.sqrt(n) * rng.normal(size=(N, d))
    posterior = mean * n / (n + sigma**2)
    return (
        2 * schmidt2018.any_learner_bound(d, sigma, n, eps),
        np.abs(posterior).max(axis=1) <= eps,
    )


def bernoulli_error(rng):
    d, tau = int(rng.integers(1, 5)), rng.uniform(0.05, 0.4)
    w, theta = rng.normal(size=d), rng.choice([-1.0, 1.0], d)
    eps = rng.uniform(0, 0.5)
    y = rng.choice([-1.0, 1.0], N)
    agree = np.where(rng.random((N, d)) < 0.5 + tau, 1.0, -1.0)
    X = y[:, None] * theta * agree
    steps = np.array(list(itertools.product([-1.0, 1.0], repeat=d)))
    worst = (y * (X @ w))[:, None] + eps * (steps @ w)
    return schmidt2018.bernoulli_error(w, theta, tau, eps), worst.min(axis=1) <= 0


def agreement_error(rng):
    d, tau = int(rng.integers(1, 40)), rng.uniform(0.05, 0.4)
    agreeing = int(rng.integers(d // 2, d + 1))
    w = np.where(np.arange(d) < agreeing, 1.0, -1.0)
    agree = np.where(rng.random((N, d)) < 0.5 + tau, 1.0, -1.0)
    return schmidt2018.agreement_error(d, agreeing, tau), agree @ w <= 0


def pseudo_label(rng):
    a = rng.uniform(0.5, 3)
    sign = np.sign(a**-2 + rng.normal(size=N))
    return math.sqrt(worth_from_one_label(a)), sign


FORMS = [
    tilted_error,
    tilted_mean_distance,
    gaussian_error,
    ridge_error,
    cell,
    tube_coverage,
    coverage_of_a_curve,
    null_fraction,
    fraction_probability,
    on_manifold_error,
    robust_error,
    mean_magnitude,
    any_learner_bound,
    bernoulli_error,
    agreement_error,
    pseudo_label,
]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_closed_form_agrees_with_simulation_on_50_settings(form):
    scores, informative = [], 0
    for seed in range(50):
        value, drawn = form(np.random.default_rng([11, seed, len(form.__name__)]))
        value, drawn = float(value), np.asarray(drawn)
        if drawn.dtype == bool:
            spread = math.sqrt(max(value * (1 - value), 1 / N))
            informative += 0.01 < value < 0.99
        else:
            spread = max(float(drawn.std()), 1 / math.sqrt(N))
            informative += 1
        scores.append((drawn.mean() - value) / spread * math.sqrt(N))
    assert np.abs(scores).max() < 4
    assert informative >= 25
    # a value that is off in the same direction everywhere shows in the mean
    assert abs(np.mean(scores)) < 4 / math.sqrt(50)
