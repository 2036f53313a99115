"""The binomial law in logarithms."""

import numpy as np
from scipy import special

from geomadv._typing import Float, NDArray


def binomial_pmf(j: NDArray, n: int, nu: float) -> Float[NDArray, " k"]:
    """Return P(Bin(n, nu) = j)."""
    logs = special.gammaln(n + 1.0) - special.gammaln(j + 1.0)
    logs = logs - special.gammaln(n - j + 1.0)
    logs = logs + special.xlogy(j, nu) + special.xlog1py(n - j, -nu)
    found: NDArray = np.exp(logs)
    return found
