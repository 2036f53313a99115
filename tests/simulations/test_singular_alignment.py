"""The talk's test of alignment comes out as its nulls say."""

import numpy as np
import pytest

from geomadv.studies import run
from simulations.singular_alignment import (
    CLASSES,
    KERNEL_POINTS,
    STUDY,
    kernel_machine,
    weights,
)


def test_measured_values_come_out_as_accepted(tmp_path):
    result = run(STUDY, seed=0, out=tmp_path, formats=("png",))
    assert result.as_expected
    rows = {row["condition"]: row for row in result.rows}
    assert rows[1.0]["spectral"] == pytest.approx(1 / 9)
    assert rows[100.0]["energy"] > 10 * rows[100.0]["isotropic"]
    distances = [row["distance"] for c, row in rows.items() if c > 0]
    assert max(distances) < 1.3 * min(distances)


@pytest.mark.parametrize("condition", [1.0, 30.0])
def test_weights_have_the_spectrum_asked_for(condition):
    W = weights(condition, np.random.default_rng(0))
    s = np.linalg.svd(W, compute_uv=False)
    assert np.abs(W.sum(axis=0)).max() < 1e-12
    assert s[0] / s[CLASSES - 2] == pytest.approx(condition)
    assert (s**2).sum() == pytest.approx(1.0)


def test_the_gradients_are_those_of_the_kernel_machine():
    machine, X, gradients = kernel_machine()
    assert gradients.shape == (KERNEL_POINTS, CLASSES, X.shape[1])
    h = 1e-6 * np.random.default_rng(0).standard_normal(X.shape)
    found = machine.decision_function(X + h) - machine.decision_function(X - h)
    expected = 2 * np.einsum("nkd,nd->nk", gradients, h)
    assert found == pytest.approx(expected, abs=1e-10)
