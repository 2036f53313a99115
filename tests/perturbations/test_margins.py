"""The functions that keep a decision, and the norms of the map before them."""

import numpy as np
import pytest
from sklearn.svm import SVC

from geomadv.perturbations._forms import Expansion, decisions, values
from geomadv.perturbations._kernels import Kernel
from geomadv.perturbations._margins import expansion_of, margins_of, merged
from geomadv.perturbations._models import form_of

GAUSSIAN = Kernel("gaussian", 0.5)


@pytest.mark.parametrize("scale", [0.1, 5.0])
@pytest.mark.parametrize("p", [1, 1.5, 2, 3, np.inf])
def test_norms_bound_every_step_and_some_are_attained(p, scale):
    rng = np.random.default_rng(0)
    T = scale * rng.standard_normal((4, 3))
    form = Expansion(
        np.zeros((1, 4)), np.ones((1, 1)), np.zeros(1), GAUSSIAN.options, T, np.zeros(4)
    )
    two, one = margins_of(form, GAUSSIAN, 1).norms(p, 3)
    v = np.concatenate([rng.standard_normal((20_000, 3)), np.eye(3)])
    v /= np.linalg.norm(v, p, axis=1)[:, None]
    longest = [np.linalg.norm(v @ T.T, q, axis=1).max() for q in (2, 1)]
    assert longest[0] <= two
    assert longest[1] <= one
    if p in (1, 2):
        assert two == pytest.approx(longest[0], rel=1e-3)
    if p == 1:
        assert one == pytest.approx(longest[1], rel=1e-9)


def test_functions_of_a_vote_are_those_of_its_pairs():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((60, 2))
    y = np.digitize(X[:, 0], [-0.5, 0.5])
    form = form_of(SVC(kernel="rbf", gamma=0.5).fit(X, y))
    pairs = merged(expansion_of(form))
    points = 2 * rng.standard_normal((200, 2))
    f = values(pairs, points)
    for c in range(3):
        margins = margins_of(form, GAUSSIAN, c)
        found = margins.values(points)
        # Up to powers of two they are the functions of the pairs, or the negatives.
        for column in found.T:
            ratios = np.abs(column[:, None] / f)
            same = np.ptp(ratios, axis=0) < 1e-9 * ratios.min(axis=0)
            assert same.sum() == 1
            assert np.log2(ratios[0, same]) == pytest.approx(
                np.round(np.log2(ratios[0, same])), abs=1e-9
            )
        assert np.array_equal(margins.changed(found < 0), decisions(form, points) != c)
