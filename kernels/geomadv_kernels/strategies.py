"""Point clouds with every degeneracy, as Hypothesis strategies (needs Hypothesis).

A cloud is drawn as a kind, a shape and a seed, and made by NumPy: quick to draw at any
size, and a failure shrinks to the simplest kind and the smallest shape.
"""

from typing import Any

import numpy as np
from hypothesis import strategies as st

Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]

KINDS = (
    "integers",
    "gaussian",
    "duplicates",
    "offset",
    "clusters",
    "scales",
    "subnormal",
    "constant",
)

# Counts around the sides of blocks; few points where d is large.
COUNTS = (0, 1, 2, 3, 5, 8, 17, 64, 65, 130, 257, 515)
DIMENSIONS = (1, 2, 3, 4, 5, 8, 9, 17, 50, 129)


def cloud(kind: str, n: int, d: int, dtype: Any, rng: np.random.Generator) -> Array:
    """Return n points of R^d of a kind in `KINDS`.

    "offset" has a common offset of 10^6 times the spread; "clusters" are far apart
    (10^4 times their size); "scales" has coordinates from 10^-6 to 10^6; "subnormal"
    mixes subnormal numbers, zeros and ordinary small ones.
    """
    tiny = float(np.finfo(dtype).smallest_subnormal)
    if kind == "integers":
        points = rng.integers(-2, 3, (n, d)).astype(float)
    elif kind == "gaussian":
        points = rng.standard_normal((n, d))
    elif kind == "duplicates":
        points = rng.standard_normal((max(1, n // 3), d))
        points = points[rng.integers(0, len(points), n)]
    elif kind == "offset":
        points = 1e6 + rng.standard_normal((n, d))
    elif kind == "clusters":
        points = rng.standard_normal((n, d)) + 1e4 * rng.integers(-1, 2, (n, 1))
    elif kind == "scales":
        points = rng.standard_normal((n, d)) * 10.0 ** rng.integers(-6, 7, (1, d))
    elif kind == "subnormal":
        scale = rng.choice([0.0, tiny, 1e3 * tiny, 1e9 * tiny], (n, d))
        points = rng.integers(-9, 10, (n, d)) * scale
    else:
        points = np.full((n, d), rng.standard_normal())
    return points.astype(dtype)


@st.composite
def clouds(
    draw: Any,
    *,
    dimensions: tuple[int, ...] = DIMENSIONS,
    counts: tuple[int, ...] = COUNTS,
    kinds: tuple[str, ...] = KINDS,
    high: bool = True,
) -> tuple[Array, Array, np.random.Generator]:
    """Draw X (n, d) and Y (m, d) of one kind and precision, and a generator.

    The generator serves whatever else the arguments need. With `high` some clouds have
    few points in 10^4 dimensions.
    """
    kind = draw(st.sampled_from(kinds))
    dtype = draw(st.sampled_from([np.float64, np.float32]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    d = draw(st.sampled_from((*dimensions, 10**4) if high else dimensions))
    few = tuple(count for count in counts if count <= 5)
    n, m = (draw(st.sampled_from(few if d > 1000 else counts)) for _ in range(2))
    both = cloud(kind, n + m, d, dtype, rng)
    X, Y = both[:n], both[n:]
    if n and m and draw(st.booleans()):  # some queries are data points
        X = X.copy()
        rows = rng.integers(0, n, max(1, n // 4))
        X[rows] = Y[rng.integers(0, m, rows.size)]
    return X, Y, rng
