"""Planted bugs of radius_count.cu, and the inputs that must find them."""

from typing import Any

import numpy as np

from geomadv_kernels.gpu import radius_count as gpu
from geomadv_kernels.gpu.radius_count import enlargement, radius_count
from geomadv_kernels.reference import nearest as pairs
from geomadv_kernels.reference import radius_count as plain

# Several blocks and shares, none of them full, and more radii than fit in two passes.
CASES: tuple[tuple[Any, ...], ...] = (
    (67, 1100, 18, np.float32, 5, "l2", None),
    (5, 300, 3, np.float64, 70, "l1", 2.5),
)


def radii(s: Any, count: int, metric: str) -> Any:
    """Distances that occur, the next numbers on both sides, and what never occurs."""
    seen = np.unique(np.sqrt(s) if metric == "l2" else s)
    eps = np.concatenate([seen, np.nextafter(seen, 0), np.nextafter(seen, 99)])
    eps = np.random.default_rng(1).permutation(eps)[:count]
    eps[0] = eps[2] = np.median(seen)
    if count > 32:
        eps[1] = -1
    return eps


def check(cupy: Any) -> None:
    """Compare with the reference."""
    rng = np.random.default_rng(0)
    gpu._PASSES, gpu._SECTION = 2, 32
    for n, m, d, dtype, count, metric, period in CASES:
        X, Y = (rng.integers(-2, 3, (rows, d)).astype(dtype) for rows in (n, m))
        X[:3] += dtype(1e-3)
        eps = radii(pairs.order(X, Y, metric, period), count, metric)
        device = [cupy.asarray(array) for array in (X, Y, eps)]
        options = {"metric": metric, "period": period}
        for ours, theirs in (
            (radius_count, plain.radius_count),
            (enlargement, plain.enlargement),
        ):
            found = ours(*device, **options).get()
            assert np.array_equal(found, theirs(X, Y, eps, **options))


MUTANTS = {
    "radii in descending order": (
        "before += limits[f] < own",
        "before += limits[f] > own",
        "results",
    ),
    "a launch that counts the first radii again": (
        "Index start = begin + Index(blockIdx.z) * RADII;",
        "Index start = Index(blockIdx.z) * RADII;",
        "results",
    ),
    "sections without order among their places": (
        "    Index before = first;\n",
        "    Index before = 0;\n",
        "results",
    ),
    "< in place of <=": (
        "while (e < count && !(s <= radii.limit[e])) ++e;",
        "while (e < count && !(s < radii.limit[e])) ++e;",
        "results",
    ),
    "the estimate decides at the edge": (
        "if (e < count && !(estimated <= radii.inside[e])) {",
        "if (false) {",
        "results",
    ),
    "a radius squared and no more": (
        "while (s < LARGEST && __dsqrt_rn(neighbour(s, 1)) <= r) s = neighbour(s, 1);",
        "",
        "results",
    ),
    "a negative radius": (
        "limits[e] = r >= 0.0 ? fabs(s) : -1.0;",
        "limits[e] = fabs(s);",
        "results",
    ),
    "counts start from what was there": (
        "        at.within[i / RADII][i % RADII] = 0;\n",
        "        ;\n",
        "results",
    ),
    "no barrier after the radii": (
        "        at.within[i / RADII][i % RADII] = 0;\n    __syncthreads();\n",
        "        at.within[i / RADII][i % RADII] = 0;\n",
        "thread",
    ),
    "an addition that is not atomic": (
        "if (e < count) atomicAdd(within + e, 1u);",
        "if (e < count) within[e] += 1u;",
        "thread",
    ),
    "a step of the sum is missing": (
        "for (int by = 1; by < 32; by *= 2) {",
        "for (int by = 2; by < 32; by *= 2) {",
        "results",
    ),
    "a sum that runs into the lane's own": (
        "if (lane >= by) sum += other;",
        "sum += other;",
        "results",
    ),
    "points beyond the share are counted": (
        "bool there = q < queries && column + lane + 32 * p < last;",
        "bool there = q < queries;",
        "results",
    ),
    "the wrong row of counts": (
        "atomicAdd(counts + (own + q) * radii + start + lane, Count(sum));",
        "atomicAdd(counts + (queries - 1 - q) * radii + start + lane, Count(sum));",
        "results",
    ),
    "no guard at the last radius": (
        "if (lane < count && q < queries)",
        "if (q < queries)",
        "address",
    ),
    "queries beyond the last one": (
        "if (i < n) s = who[i] < 0 ? infinity() : best[i];",
        "s = who[i] < 0 ? infinity() : best[i];",
        "address",
    ),
}
