"""Shares of terms: slopes, bounds in boxes, signs where all terms underflow."""

import itertools

import mpmath
import numpy as np
import pytest

from geomadv.perturbations._boxes import _Frame
from geomadv.perturbations._expansion import bracket
from geomadv.perturbations._forms import Expansion, decisions, unlost
from geomadv.perturbations._kernels import Kernel
from geomadv.perturbations._margins import margins_of
from geomadv.perturbations._shares import bounds, positive_at_corners, relative


def expansion(centres, a, kernel="gaussian", gamma=0.5):
    centres = np.asarray(centres, float)
    a, r = np.asarray(a, float)[:, None], centres.shape[1]
    options = {"kernel": kernel, "gamma": gamma}
    return Expansion(centres, a, np.zeros(1), options, None, np.zeros(r))


def drawn(rng, d, kernel):
    form = expansion(rng.standard_normal((6, d)), rng.standard_normal(6), kernel)
    return margins_of(form, Kernel.of(form.options), 1)


@pytest.mark.parametrize("kernel", ["gaussian", "laplace", "laplacian"])
def test_values_and_slopes_are_those_of_the_quotient(kernel):
    rng = np.random.default_rng(1)
    margins = drawn(rng, 3, kernel)
    Z, a, h = 2.0 * rng.standard_normal((20, 3)), margins.D[:, 0], 1e-6

    def quotient(Y):
        steps = Y[:, None] - margins.centres
        r = np.linalg.norm(steps, 1 if kernel == "laplacian" else 2, axis=2)
        k = np.exp(-0.5 * (r * r if kernel == "gaussian" else r))
        return k @ a / (k @ np.abs(a))

    value, slope = relative(margins, Z, 0)
    assert np.allclose(value, quotient(Z), rtol=0, atol=1e-12)
    for i, way in enumerate(h * np.eye(3)):
        rise = (quotient(Z + way) - quotient(Z - way)) / (2 * h)
        assert np.allclose(slope[:, i], rise, rtol=0, atol=1e-8)


@pytest.mark.parametrize("kernel", ["gaussian", "laplace"])
@pytest.mark.parametrize("away", [1.0, 300.0])
def test_bounds_hold_in_boxes_and_are_attained_in_their_centres(kernel, away):
    """Of the terms with their shares, e^(E_i(z) - E_i(c)) times as large at z."""
    rng = np.random.default_rng(2)
    kept = 0
    for trial in range(60):
        d = 1 + trial % 3
        margins = drawn(rng, d, kernel)
        z, a = margins.centres, margins.D[:, 0]
        c = away * rng.standard_normal(d)
        width = rng.choice([0.02, 0.3, 2.0]) * rng.uniform(0.3, 1.0, d)
        two = np.array([np.linalg.norm(width)])
        found = bounds(margins, c[None], width[None], two, np.zeros(1), 0)
        value, base, slope, floor, drop, curve = (part[0] for part in found)
        U = width * rng.uniform(-1.0, 1.0, (400, d))
        U[:8] = width * np.sign(U[:8])
        if kernel == "gaussian":
            E = 2.0 * (c @ z.T) - (z * z).sum(axis=1)
        else:
            E = -np.linalg.norm(c - z, axis=1)
        W = np.abs(a) * np.exp(0.5 * (E - E.max()))
        W = W / W.sum() * np.sign(a)
        plus = np.maximum(W, 0.0)
        v = plus @ z / plus.sum() if plus.any() else z.mean(axis=0)
        if kernel == "gaussian":
            lift = 2.0 * U @ (z - v).T
        else:
            apart = np.linalg.norm((c + U)[:, None] - z, axis=2)
            apart -= np.linalg.norm(c - z, axis=1)
            lift = np.linalg.norm(c + U - v, axis=1) - np.linalg.norm(c - v)
            lift = lift[:, None] - apart
        G = np.exp(0.5 * lift) @ W
        assert abs(value - W.sum()) < 1e-9
        assert 0.0 < value - base < 1e-10 * (1.0 + abs(floor))
        rest = 1e-9 * np.abs(G)
        assert (G + rest >= floor).all()
        linear = base + U @ slope
        assert (G + rest >= linear - drop).all()
        assert (G + rest >= linear - curve * (U * U).sum(axis=1) / 2.0).all()
        kept += value > 0 and max(floor, base - drop - np.abs(slope) @ width) > 0
    assert kept > 5


def shares(margins, Z):
    k = np.exp(-0.5 * np.abs(Z[:, None] - margins.centres).sum(axis=2))
    return k @ margins.D[:, 0] / (k @ np.abs(margins.D[:, 0]))


def test_sums_of_one_norm_terms_have_the_signs_of_corners_of_boxes():
    rng = np.random.default_rng(4)
    seen = {True: 0, False: 0}
    for trial in range(90):
        d = 1 + trial % 3
        margins = drawn(rng, d, "laplacian")
        c, width = 2.0 * rng.standard_normal(d), rng.choice([0.05, 0.3, 1.0], d)
        found = bounds(margins, c[None], width[None], np.ones(1), np.zeros(1), 0)
        positive = bool(found[3][0] > 0)
        near = np.abs(margins.centres - c) < width
        axes = [
            np.r_[np.linspace(-w, w, 9) + m, z[inside]]
            for m, w, z, inside in zip(c, width, margins.centres.T, near.T, strict=True)
        ]
        grid = np.array(list(itertools.product(*axes)))
        if positive or near.sum(axis=0).max() <= 1:
            assert positive == (shares(margins, grid).min() > 1e-9)
            seen[positive] += 1
    assert min(seen.values()) > 20


@pytest.mark.parametrize(
    ("low", "high", "positive"),
    [(-0.5, 1.5, False), (0.5, 1.5, False), (0.5, 1.0, False), (0.0, 0.5, True)],
)
def test_a_narrow_dip_is_seen_in_every_place_of_a_box(low, high, positive):
    form = expansion([[0.0], [1.0], [2.0]], [1.0, -0.9, 1.0], "laplacian", 2.0)
    margins = margins_of(form, Kernel.of(form.options), 1)
    c, w = np.array([[(low + high) / 2]]), np.array([[(high - low) / 2]])
    found = bounds(margins, c, w, w[0], np.zeros(1), 0)
    assert (found[3][0] > 0) == positive


def test_coordinates_beyond_all_centres_are_no_farther_than_they_need_be():
    rng = np.random.default_rng(7)
    margins = drawn(rng, 2, "laplacian")
    frame = _Frame(margins, np.zeros((1, 2)), 2.0, np.ones(2), margins.spread)
    flagged = 0
    for _ in range(300):
        x, c = 3.0 * rng.standard_normal((2, 2))
        width = rng.uniform(0.05, 0.5, 2)
        if not frame._needless(x[None], (c - width)[None], (c + width)[None])[0]:
            continue
        flagged += 1
        Y = c + width * rng.uniform(-1.0, 1.0, (20, 2))
        kept = []
        for i, z in enumerate(margins.centres.T):
            nearer = Y.copy()  # the nearest to x on that side of all centres
            up = np.where(Y[:, i] >= z.max(), max(z.max(), x[i]), Y[:, i])
            nearer[:, i] = np.where(Y[:, i] <= z.min(), min(z.min(), x[i]), up)
            less = np.abs(nearer[:, i] - x[i]) < np.abs(Y[:, i] - x[i])
            moved = np.abs(shares(margins, nearer) - shares(margins, Y))
            less &= np.abs(nearer[:, i] - c[i]) > width[i]  # in another box
            kept.append(less & (moved < 1e-12))
        assert np.any(kept, axis=0).all()
    assert flagged > 50


def test_sums_of_one_norm_terms_are_positive_if_they_are_at_all_corners():
    rng = np.random.default_rng(5)
    seen = {True: 0, False: 0}
    for trial in range(40):
        d = 1 + trial % 3
        z, a = rng.standard_normal((7, d)), rng.uniform(0.2, 1.0, 7)
        a[:2] *= -rng.uniform(0.0, 2.0)
        form = expansion(z, a, "laplacian")
        margins = margins_of(form, Kernel.of(form.options), 1)
        axes = [np.r_[column, np.linspace(-4.0, 4.0, 7)] for column in z.T]
        grid = np.array(list(itertools.product(*axes)))
        never = positive_at_corners(margins, 0)
        assert never == (shares(margins, grid).min() > 1e-9)
        seen[never] += 1
    assert min(seen.values()) > 5


@pytest.mark.parametrize("p", [1, 2, np.inf])
def test_one_norm_terms_on_a_grid_are_closed_in_or_never_change(p):
    rng = np.random.default_rng(9)
    z = np.array(list(itertools.product((0.0, 1.0), repeat=3)))
    X = np.array([[2.0, 1.5, -0.5], [-6.0, 3.0, 0.5]])
    found = bracket(expansion(z, rng.standard_normal(8), "laplacian"), X, p, None)
    assert np.isfinite(found.distance).all()
    assert (found.distance <= (1 + 1.001e-4) * found.lower).all()
    a = np.where((z == z[3]).all(axis=1), -0.3, 1.0)  # a transport of terms needs .5
    found = bracket(expansion(z, a, "laplacian", 2.0), X, p, None)
    assert np.isinf(found.lower).all()


@pytest.mark.parametrize("kernel", ["gaussian", "laplace", "laplacian"])
def test_decisions_where_no_term_is_a_number(kernel):
    mpmath.mp.dps = 40
    rng = np.random.default_rng(3)
    z = np.array([[-0.5, 0.0], [0.5, 0.0], [0.0, 0.5], [0.0, -0.5]])
    form = expansion(z, [1.0, -1.1, 0.9, -1.0], kernel)
    X = (200.0 if kernel == "gaussian" else 4000.0) * rng.standard_normal((60, 2))
    X = X[np.linalg.norm(X, axis=1) > (60.0 if kernel == "gaussian" else 2000.0)][:20]
    classes = []
    for x in X:
        steps = [[mpmath.mpf(float(s)) for s in x - z] for z in form.centres]
        if kernel == "laplacian":
            r = [sum(abs(s) for s in step) for step in steps]
        else:
            r = [mpmath.sqrt(sum(s * s for s in step)) for step in steps]
        power = 2 if kernel == "gaussian" else 1
        terms = [
            mpmath.mpf(float(a)) * mpmath.exp(-(t**power) / 2)
            for a, t in zip(form.coefficients[:, 0], r, strict=True)
        ]
        assert max(abs(t) for t in terms) < mpmath.mpf(10) ** -320
        classes.append(int(sum(terms) > 0))
    assert 0 < sum(classes) < len(classes)
    assert decisions(form, X).tolist() == classes


def test_the_tie_of_two_terms_that_cancel_stays_one():
    form = expansion([[-1.0], [1.0]], [1.0, -1.0])
    assert decisions(form, np.array([[0.0]])).tolist() == [0]
    # a value of 0 is none that is lost unless all terms are tiny
    assert unlost(form, np.array([[0.5]]), np.zeros((1, 1))).tolist() == [[0.0]]
