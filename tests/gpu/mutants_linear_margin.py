"""Planted bugs of linear_margin.cu, and the inputs that must find them."""

import math
from typing import Any

import numpy as np

from geomadv_kernels.gpu import linear_margin as gpu
from geomadv_kernels.reference.linear_margin import KERNELS

# Rows for a thread, a team of a warp that other teams share, and a block; with ties.
# The blocks have several turns, the last of them not full.
SHAPES = ((260, 3), (5, 4), (37, 18), (2, 2100))
NORMS = (1.0, 3.0, math.inf)


def check(cupy: Any) -> None:
    """Compare with the reference."""
    blocks, gpu._BLOCKS = gpu._BLOCKS, 1
    for n, d in SHAPES:
        rng = np.random.default_rng(d)
        given = {
            "X": rng.integers(-3, 4, (n, d)) + rng.random((n, 1)),
            "w": rng.integers(-3, 4, d) * np.where(np.arange(d) % 2, 1.0, 0.01),
            "b": 60.125 if d == 4 else 0.125,  # out of reach, and in the box
            "lower": np.full(d, -4.0),
            "upper": np.full(d, 5.0),
        }
        given["w"][:3] = 0, 3, -3
        device = {
            name: cupy.asarray(value) if isinstance(value, np.ndarray) else value
            for name, value in given.items()
        }
        for kernel in KERNELS[1:]:
            boxed = kernel.name == "box_perturbation"
            keep = [k for k in given if boxed or k not in ("lower", "upper")]
            for p in NORMS:
                function = getattr(gpu, kernel.name)
                found = function(**{k: device[k] for k in keep}, p=p)
                arguments = {**{k: given[k] for k in keep}, "p": p}
                expected = kernel.reference(**arguments)
                allowed = kernel.tolerance(arguments, expected)
                for ours, plain, bound in zip(found, expected, allowed, strict=True):
                    reached = np.isfinite(plain)
                    assert np.array_equal(ours.get()[~reached], plain[~reached])
                    error = np.abs(ours.get()[reached] - plain[reached])
                    assert (error <= bound[reached]).all()
    gpu._BLOCKS = blocks


MUTANTS = {
    "no barrier after the parts are written": (
        "team.parts[threadIdx.x / WARP] = value;\n        __syncthreads();",
        "team.parts[threadIdx.x / WARP] = value;",
        "results",
    ),
    "no barrier before the parts are written": (
        "        __syncthreads();  // until the last result has been read\n",
        "",
        "thread",
    ),
    "a barrier that only the first warp reaches": (
        "team.parts[threadIdx.x / WARP] = value;\n        __syncthreads();",
        "team.parts[threadIdx.x / WARP] = value;\n"
        "        if (threadIdx.x < WARP) __syncthreads();",
        "results",
    ),
    "a small team waits for the whole warp": (
        "unsigned mask = inside == WARP ? ~0u : ((1u << inside) - 1u) << first;",
        "unsigned mask = ~0u;",
        "results",
    ),
    "only the first warp of a team": (
        "for (int warp = 1; warp < WARPS; ++warp)",
        "for (int warp = 1; warp < 1; ++warp)",
        "results",
    ),
    "a running sum of each warp alone": (
        "        previous = carry + previous;\n",
        "",
        "results",
    ),
    "a running sum that includes its own term": (
        "double previous = __shfl_up_sync(team.mask, upto, 1, inside);",
        "double previous = upto;",
        "results",
    ),
    "a running sum that starts anew": (
        "                    used += total;\n",
        "                    used = total;\n",
        "results",
    ),
    "no guard at the last coordinate": (
        "if (j < d) order[place] = j;",
        "order[place] = j;",
        "results",
    ),
    "ties by the highest index": (
        "sizes[k] == own && first + k < j",
        "sizes[k] == own && first + k > j",
        "results",
    ),
    "the last of the steepest coordinates": (
        "first = min(first, double(j));",
        "first = double(j);",
        "results",
    ),
    "no barrier after the sizes are written": (
        "        if (first + threadIdx.x < d) sizes[threadIdx.x]"
        " = fabs(w[first + threadIdx.x]);\n        __syncthreads();\n",
        "        if (first + threadIdx.x < d) sizes[threadIdx.x]"
        " = fabs(w[first + threadIdx.x]);\n",
        "thread",
    ),
    "no barrier before the sizes are written": (
        "first += THREADS) {\n        __syncthreads();\n",
        "first += THREADS) {\n",
        "thread",
    ),
    "the wrong stride": (
        "value_at(team, X + i * d, scaled, scalars, d)",
        "value_at(team, X + i * lanes, scaled, scalars, d)",
        "results",
    ),
    "towards the wrong side": (
        "return (w[j] > 0.0) == (value > 0.0) ? double(x[j]) - lower[j]",
        "return (w[j] > 0.0) != (value > 0.0) ? double(x[j]) - lower[j]",
        "results",
    ),
    "one step of Newton's iteration": (
        "        look(low = t);\n",
        "        look(low = t);\n        break;\n",
        "results",
    ),
    "an unreachable hyperplane": (
        "T(reached || goal == 0.0 ? length : infinity())",
        "T(length)",
        "results",
    ),
    "an index of 32 bits": (
        "delta[i * d + j] = T(step * unit[j] + 0.0);",
        "{ int at = i * d + j; delta[at] = T(step * unit[j] + 0.0); }",
        "narrowing",
    ),
}
