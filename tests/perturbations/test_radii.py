"""Where a function that is negative somewhere is so no longer."""

import numpy as np

from geomadv.perturbations._forms import Expansion
from geomadv.perturbations._kernels import Kernel
from geomadv.perturbations._margins import margins_of
from geomadv.perturbations._radii import positive_beyond


def test_two_terms_outweigh_the_one_between_them_only_far_away():
    """Of 0.6 e^(-|z - 1|/2) + 0.6 e^(-|z + 1|/2) - e^(-|z|/2), at 0 and beyond 1:
    1.2 e^(-1/2) < 1 < 1.2 cosh(1/2)."""
    kernel = Kernel("laplace", 0.5)
    centres, a = np.array([[1.0], [-1.0], [0.0]]), np.array([[0.6], [0.6], [-1.0]])
    form = Expansion(centres, a, np.zeros(1), kernel.options, np.eye(1), np.zeros(1))
    margins = margins_of(form, kernel, 1)
    root = np.log(1 / 0.6 * np.exp(0.5) - 1)  # e^x = e^(1/2)/0.6 - 1 in (0, 1)
    signs = np.sign(margins.values(root + np.array([[-1e-6], [1e-6]])))
    assert signs.ravel().tolist() == [-1.0, 1.0]
    R = positive_beyond(margins, np.zeros(1))
    assert root <= R < 3
