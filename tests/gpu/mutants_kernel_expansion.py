"""Planted bugs of kernel_expansion.cu, and the inputs that must find them."""

from typing import Any

import numpy as np

from geomadv_kernels.gpu import kernel_expansion as gpu
from geomadv_kernels.reference.kernel_expansion import KERNELS

# Several groups of rows, parts, tiles, slices and chunks, none of them full; more
# columns than are summed up at a time.
CASES: tuple[tuple[Any, ...], ...] = (
    ("kernel_expansion_gradient", "hilbert", np.float64, (66, 100, 70, 2)),
    ("kernel_expansion_gradient", "laplace", np.float32, (5, 70, 3, 1)),
    ("kernel_expansion", "polynomial", np.float64, (3, 600, 17, 5)),
)


def arguments(kernel: str, dtype: Any, shape: tuple[int, ...]) -> dict[str, Any]:
    """Points with hits, duplicates and distances whose squares vanish."""
    n, m, d, q = shape
    rng = np.random.default_rng(0)
    X = (rng.integers(-2, 3, (n, d)) + rng.standard_normal((n, 1))).astype(dtype)
    Y = rng.integers(-2, 3, (m, d)).astype(dtype)
    X[0] = Y[1] = Y[2]
    X[1] = Y[3] = Y[4] = 0
    X[1, 0], Y[4, 0] = (1e-35, 3e-35) if dtype == np.float32 else (1e-170, 3e-170)
    A = rng.standard_normal((m, q)).astype(dtype)
    options = {"gamma": 0.1, "degree": 2, "coef0": 1.0, "exponent": 5.0}
    return {"X": X, "Y": Y, "coefficients": A, "kernel": kernel, **options}


def check(cupy: Any) -> None:
    """Compare with the reference."""
    contracts = {contract.name: contract for contract in KERNELS}
    blocks, gpu._BLOCKS = gpu._BLOCKS, 4  # parts of several tiles
    for name, kernel, dtype, shape in CASES:
        given = arguments(kernel, dtype, shape)
        device = {
            key: cupy.asarray(value) if isinstance(value, np.ndarray) else value
            for key, value in given.items()
        }
        found = getattr(gpu, name)(**device)
        expected = contracts[name].reference(**given)
        allowed = contracts[name].tolerance(given, expected)
        triples = (found, expected, allowed)
        if name == "kernel_expansion":
            triples = ((found,), (expected,), (allowed,))
        for ours, plain, bound in zip(*triples, strict=True):
            assert (np.abs(ours.get() - plain.astype(float)) <= bound).all()
    gpu._BLOCKS = blocks


MUTANTS = {
    "no barrier after the slices are filled": (
        "            __syncthreads();\n            C within[HIGH][ACROSS]",
        "            C within[HIGH][ACROSS]",
        "results",
    ),
    "no barrier before the slices are filled anew": (
        "s[a][b] += within[a][b];\n            __syncthreads();",
        "s[a][b] += within[a][b];",
        "results",
    ),
    "no barrier after the chunk is filled": (
        "            __syncthreads();\n            C x[HIGH][WIDE / SIDE];",
        "            C x[HIGH][WIDE / SIDE];",
        "results",
    ),
    "no barrier before the chunk is filled anew": (
        "            }\n            __syncthreads();\n        }\n    }\n",
        "            }\n        }\n    }\n",
        "thread",
    ),
    "a barrier that only threads with a row reach": (
        "            __syncthreads();\n            C within[HIGH][ACROSS]",
        "            if (row_of(0) < n) __syncthreads();\n"
        "            C within[HIGH][ACROSS]",
        "results",
    ),
    "no guard at the last row": (
        "C(X[min(i, n - 1) * d + l])",
        "C(X[i * d + l])",
        "address",
    ),
    "no guard at the last point": (
        "C(Y[min(j, m - 1) * d + l])",
        "C(Y[j * d + l])",
        "address",
    ),
    "no guard at the last coefficient": (
        "if (j >= end || c >= Q) return C(0);",
        "if (c >= Q) return C(0);",
        "address",
    ),
    "no guard at the last coordinate": (
        "return l < d ? C(Y[",
        "return l < d + 1 ? C(Y[",
        "results",
    ),
    "a transposed tile": (
        "ys[tx * Y_PITCH + r] = y_at(tile + r, slice + tx);",
        "ys[tx * Y_PITCH + r] = y_at(tile + tx, slice + r);",
        "results",
    ),
    "the wrong stride": (
        "slopes + ((part + i) * Q + c) * d + l;",
        "slopes + ((part + i) * Q + c) * WIDE + l;",
        "results",
    ),
    "a hit is divided by": (
        "return r == nearest ? C(1) : nearest / r;",
        "return nearest / r;",
        "results",
    ),
    "a small distance taken for a hit": (
        "const bool known = s[a][b] >= Range<C>::least",
        "const bool known = s[a][b] >= C(0)",
        "results",
    ),
    "gradients that keep the scale of the last tile": (
        "total * double(rescale_slope[a])",
        "total * double(rescale[a])",
        "results",
    ),
    "the mean of another row's scale": (
        "if (tx / COLUMNS == a) shrink = rescale[a];",
        "if (tx % COLUMNS == a) shrink = rescale[a];",
        "results",
    ),
    "sums that are not initialised": (
        "if (!few_columns) sum = opening ? 0.0 : *place;",
        "if (!few_columns) sum = *place;",
        "results",
    ),
    "sums that forget the tiles before": (
        "if (!few_columns) sum = opening ? 0.0 : *place;",
        "if (!few_columns) sum = 0.0;",
        "results",
    ),
    "the last coordinates are left out": (
        "if (chunk + SIDE * b >= d) break;",
        "if (chunk + SIDE * (b + 1) > d) break;",
        "results",
    ),
    "lanes exchange the wrong halves": (
        "C given = upper ? values[k] : values[k + half];",
        "C given = upper ? values[k + half] : values[k];",
        "results",
    ),
    "a part is left out": (
        "for (Index p = 0; p < parts; ++p) {\n            const Index row",
        "for (Index p = 0; p + 1 < parts; ++p) {\n            const Index row",
        "results",
    ),
    "parts of one scale": (
        "                weight = falloff(share, exponent);",
        "                weight = 1.0;",
        "results",
    ),
    "an index of 32 bits": (
        "double* const place = slopes + ((part + i) * Q + c) * d + l;",
        "const int at = ((part + i) * Q + c) * d + l;\n"
        "                        double* const place = slopes + at;",
        "narrowing",
    ),
}
