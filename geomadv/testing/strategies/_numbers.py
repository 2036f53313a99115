"""Norms and dimensions, with their edges."""

import numpy as np
from hypothesis import strategies as st

from geomadv._validate import integer

EDGES = (1, 2, 3)
HUGE = (10**3, 10**6, 10**9)


def norms(*, dual: bool = False) -> st.SearchStrategy[float]:
    """Return a strategy of norms p: 2, 1, infinity and any between.

    Parameters
    ----------
    dual : bool
        Whether to draw the three norms whose dual is among them and no others.

    Returns
    -------
    SearchStrategy of float
        It shrinks to 2.
    """
    named = st.sampled_from([2.0, 1.0, float(np.inf)])
    return named if dual else named | st.sampled_from([1.5, 3.0]) | st.floats(1, 64)


def dimensions(
    minimum: int = 1, maximum: int = 12, *, huge: bool = False
) -> st.SearchStrategy[int]:
    """Return a strategy of dimensions: the edges 1, 2, 3, all to a maximum, huge ones.

    Parameters
    ----------
    minimum, maximum : int
        The range of those for which arrays are made.
    huge : bool
        Whether to draw 10^3, 10^6 and 10^9 too, for formulas.

    Returns
    -------
    SearchStrategy of int
        It shrinks to the minimum.

    Raises
    ------
    ValueError
        If the range is empty.
    """
    minimum = integer("minimum", minimum, minimum=1)
    maximum = integer("maximum", maximum, minimum=minimum)
    edges = [d for d in EDGES if minimum <= d <= maximum]
    found = st.integers(minimum, maximum)
    if edges:
        found = st.sampled_from(edges) | found
    return found | st.sampled_from(HUGE) if huge else found
