"""Planted bugs of nearest.cu and pairs.cuh, and the inputs that must find them.

`MUTANTS`: what is wrong: (text, text in its place, what must notice it). That is
"results" in some order of the threads, or a sanitizer of the emulated kernel, "address"
or "thread".
"""

from typing import Any

import numpy as np

from geomadv_kernels.gpu.nearest import nearest
from geomadv_kernels.reference.nearest import nearest as plain


def clouds(n: int, m: int, d: int, dtype: Any) -> tuple[Any, Any]:
    """Points of small integers, with ties and duplicates.

    A single query has points at distances that float32 cannot tell apart.
    """
    rng = np.random.default_rng(0)
    X, Y = (rng.integers(-2, 3, (rows, d)).astype(dtype) for rows in (n, m))
    if n == 1:
        X[:] = 0
        Y[:] = rng.permuted(np.tile(rng.standard_normal(d), (m, 1)), axis=1)
    return X, Y


# Several blocks, shares and chunks, none of them full; a list of more than a warp.
CASES: tuple[tuple[Any, ...], ...] = (
    (67, 1100, 18, np.float32, 3, "l2", None),
    (5, 300, 3, np.float64, 35, "l1", 2.5),
    (2, 3, 2, np.float32, 5, "l2", None),
    (1, 300, 300, np.float32, 5, "l2", None),
)


def check(cupy: Any) -> None:
    """Compare with the reference."""
    for n, m, d, dtype, k, metric, period in CASES:
        X, Y = clouds(n, m, d, dtype)
        found = nearest(
            cupy.asarray(X), cupy.asarray(Y), k, metric=metric, period=period
        )
        expected = plain(X, Y, k, metric=metric, period=period)
        for ours, theirs in zip(found, expected, strict=True):
            assert ours.get().tobytes() == theirs.tobytes()


MUTANTS = {
    "no barrier before the tiles are filled": (
        "        __syncthreads();\n        load<T, ROWS>",
        "        load<T, ROWS>",
        "results",
    ),
    "no barrier after the tiles are filled": (
        "        __syncthreads();\n        int count",
        "        int count",
        "results",
    ),
    "a barrier that only some warps reach": (
        "        __syncthreads();\n        int count",
        "        if (row + own < pairs.n) __syncthreads();\n        int count",
        "results",
    ),
    "the estimates take the place of tiles in use": (
        "if (!__syncthreads_or(any)) continue;",
        "if (!__any_sync(ALL, any)) continue;",
        "thread",
    ),
    "no guard at the last point": (
        "bool there = first + p < last && from + c < d;",
        "bool there = from + c < d;",
        "address",
    ),
    "no guard at the last coordinate": (
        "bool there = first + p < last && from + c < d;",
        "bool there = first + p < last;",
        "address",
    ),
    "a transposed tile": (
        "tile[c][p] = there ? points[(first + p) * d + from + c] : T(0);",
        "tile[c][p] = there ? points[(from + c) * d + first + p] : T(0);",
        "results",
    ),
    "the wrong stride": (
        "const T* y = pairs.Y + j * pairs.d;",
        "const T* y = pairs.Y + j * CHUNK;",
        "results",
    ),
    "ties by the highest index": (
        "return s < last || last != last;",
        "return s <= last || last != last;",
        "results",
    ),
    "an estimate without its error": (
        "return rounded_up(t * (1.0 + 5.0 * w)",
        "return rounded_up(t * (1.0 - 0.0 * w)",
        "results",
    ),
    "no absolute value": (
        "s = __dadd_rn(s, fabs(delta));",
        "s = __dadd_rn(s, delta);",
        "results",
    ),
    "a torus that is not folded": (
        "delta = __dadd_rn(delta, -__dmul_rn(pairs.period, turns));",
        "delta = __dadd_rn(delta, -__dmul_rn(0.0, turns));",
        "results",
    ),
    "the tiles are not folded": (
        "    if (delta > 0.5 * period)\n",
        "    if (delta > 9.0 * period)\n",
        "results",
    ),
    "the list is not initialised": (
        "        who[list + r] = -1;\n",
        "",
        "results",
    ),
    "one entry of the list is lost": (
        "bool left = moves && i > 0 && enters(s, best[i - 1]);",
        "bool left = moves && i > 1 && enters(s, best[i - 1]);",
        "results",
    ),
    "entries move before all have been read": (
        "        __syncwarp();\n        if (moves) {",
        "        if (moves) {",
        "results",
    ),
    "only the first warp of a list": (
        "for (Index base = (k - 1) / 32 * 32; base >= 0; base -= 32) {",
        "for (Index base = 0; base >= 0; base -= 32) {",
        "results",
    ),
    "a share is left out of the merge": (
        "for (Index b = 1; b < shares; ++b) {",
        "for (Index b = 1; b + 1 < shares; ++b) {",
        "results",
    ),
    "the bound is read before it is written": (
        "                if (lane == 0) bound[warp * QUERIES + q] = above<T>(t, d);\n"
        "                __syncwarp();\n",
        "                if (lane == 0) bound[warp * QUERIES + q] = above<T>(t, d);\n",
        "thread",
    ),
    "an index of 32 bits": (
        "    const T* y = pairs.Y + j * pairs.d;",
        "    int at = j * pairs.d;\n    const T* y = pairs.Y + at;",
        "narrowing",
    ),
}
