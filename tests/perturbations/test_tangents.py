"""Bounds of regions: below the function everywhere, and near it somewhere."""

from dataclasses import replace

import numpy as np
import pytest

from geomadv.perturbations._kernels import Kernel
from geomadv.perturbations._margins import margins_of
from geomadv.perturbations._shares import NEVER, bounds
from geomadv.perturbations._tangents import tangents, tilted
from tests.perturbations.test_expansion import KERNELS, drawn, expansion


@pytest.mark.parametrize("kernel", KERNELS)
def test_tangents_bound_their_regions(kernel):
    rng = np.random.default_rng(4)
    touched = {"base": 0.0, "curve": 0.0, "floor": 0.0}
    for trial in range(60):
        d = 1 + trial % 3
        form = drawn(rng, d, kernel, 1 + 2 * (trial % 2), m=4)
        margins = margins_of(form, Kernel.of(form.options), 0)
        # near, at and far from the centres
        Z = form.centres[:1] + rng.choice([0.0, 0.1, 1.0]) * rng.standard_normal(d)
        width = rng.choice([0.01, 0.3, 1.5]) * rng.random((1, d))
        two, one = np.linalg.norm(width, axis=1), width.sum(axis=1)
        if trial % 4 == 0:
            two, one = two / 2, one / 2
        found = tangents(margins, Z, width, two, one, margins.reach(Z), two)
        assert np.allclose(found.value, margins.values(Z))
        u = width * rng.uniform(-1, 1, (3000, d))
        u[:1000] = width * np.sign(u[:1000])
        size = np.linalg.norm(u, axis=1)
        scale = np.minimum(two / size, one / np.abs(u).sum(axis=1))
        u *= np.minimum(scale, 1.0)[:, None]
        G = margins.values(Z + u)
        linear = found.base + u @ found.slope[0].T
        slack = 1e-12 * (1 + np.abs(G).max())
        half = (u * u).sum(axis=1)[:, None] / 2
        assert (linear - found.drop - slack <= G).all()
        assert (linear - found.curve * half - slack <= G).all()
        assert (found.floor - slack <= G).all()
        # twins: bounds that are a little sharper fail somewhere
        touched["base"] += (linear - 0.9 * found.drop - slack > G).any()
        touched["curve"] += (linear - 0.9 * found.curve * half - slack > G).any()
        span = G.max(axis=0) - found.floor[0]
        touched["floor"] += (found.floor + 0.02 * span - slack > G).any()
    assert all(touched.values()), touched


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_curvatures_of_one_term_are_the_least_that_hold(kernel, sign):
    """On the line, against second differences on both sides of the steepest bend."""
    more = {"degree": 3, "coef0": 1.0} if kernel == "polynomial" else {}
    form = expansion([[0.4]], [sign], 0.0, kernel, 0.7, **more)
    margins = margins_of(form, Kernel.of(form.options), 1)
    h = 1e-4
    for w in (1e-3, 0.4, 1.5):
        for r in (0.5, 1.0, 1.46, 2.0, 3.0):
            if kernel != "gaussian" and w > r:
                continue  # beyond the tip
            y = 0.4 + r + np.linspace(-w, w, 2001)[:, None]
            bend = margins.values(y + h) + margins.values(y - h) - 2 * margins.values(y)
            true = max((-bend / h**2).max(), 0.0)
            Z, e = np.array([[0.4 + r]]), np.array([w])
            found = tangents(margins, Z, e[None], e, e, margins.reach(Z), e)
            curve = found.curve[0, 0]
            assert curve >= true * (1 - 1e-5) - 1e-5
            assert found.drop[0, 0] >= true * w * w / 2 * (1 - 1e-5) - 1e-5
            # across the line a positive radial term bends more than along it
            if w < 0.01 and (sign < 0 or kernel not in ("gaussian", "laplace")):
                assert curve <= true * 1.01 + 1e-5


def test_shares_bound_the_functions_without_an_offset():
    rng = np.random.default_rng(5)
    form = drawn(rng, 2, "gaussian", 3, m=4)
    margins = margins_of(form, Kernel.of(form.options), 0)
    margins = replace(margins, beta=np.where(np.arange(margins.beta.size) == 1, 0, 0.3))
    Z, width = rng.standard_normal((5, 2)), rng.random((5, 2))
    two, reach, extent = rng.random((3, 5))
    found = tilted(margins, Z, width, two, reach, extent)
    error = np.linalg.norm(Z, axis=1) + reach + extent
    value, base, slope, floor, drop, curve = bounds(margins, Z, width, two, error, 1)
    assert np.array_equal(found.value[:, 1], value)
    assert np.array_equal(found.base[:, 1], base)
    assert np.array_equal(found.slope[:, 1], slope)
    assert np.array_equal(found.floor[:, 1], floor)
    for rounded, exact in ((found.drop, drop), (found.curve, curve)):
        assert (rounded[:, 1] > exact).all()
        assert rounded[:, 1] == pytest.approx(exact, rel=1e-11, abs=0.0)
    assert (found.floor[:, 0] == -NEVER).all()
