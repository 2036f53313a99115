"""Shares of terms: slopes, bounds in boxes, signs where all terms underflow."""

import mpmath
import numpy as np
import pytest

from geomadv.perturbations._forms import Expansion, decisions, unlost
from geomadv.perturbations._kernels import Kernel
from geomadv.perturbations._margins import margins_of
from geomadv.perturbations._shares import bounds, relative


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
