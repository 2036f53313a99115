"""Cases: sums over points, sum_j a_j k(x, y_j), and their gradients.

The kernels are those of `geomadv_kernels.reference.kernel_expansion`. Other libraries
get k from squared distances or inner products, in place, and multiply it by the
coefficients; the functions here are those of NumPy, of CuPy and of torch alike.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from geomadv import _dispatch
from geomadv._typing import NDArray
from geomadv.bench._agree import close
from geomadv.bench._case import Case, Data, Part, Peer, Settings
from geomadv.bench._pairs import (
    BLOCK,
    FEW,
    clouds,
    few,
    flops,
    lazy,
    namespace,
    pairs,
    products,
    squares,
    torch_squares,
)
from geomadv.bench._probes import exponential, gemm

_DEGREE = 3
# Rows of what has no matrix product: the gradient in l1.
_FEWER = 64


def _parts(data: Data, xp: Any, gradient: bool) -> Iterator[tuple[Any, Any, Any]]:
    """Yield blocks: x, the matrix k, and that of the slopes g.

    The gradient of a term is a g (x - y) times a number, and for the polynomial a g y.
    """
    kernel = data["kernel"]
    if kernel == "polynomial":
        for x, s in products(data["X"], data["Y"], xp):
            s *= data["gamma"]
            s += 1.0
            square = s * s
            s *= square
            yield x, s, square
        return
    blocks = squares if xp.__name__ != "torch" else torch_squares
    for x, xx, s in blocks(data["X"], data["Y"]):
        s += xx
        if kernel != "gaussian":
            xp.clip(s, 0.0, None, out=s)
        k, slope = _RADIAL[kernel](xp, data, s, gradient)
        yield x, k, slope


def _gaussian(
    xp: Any,
    data: Data,
    s: Any,
    gradient: bool,  # noqa: ARG001
) -> tuple[Any, Any]:
    s *= -data["gamma"]
    k = xp.exp(s, out=s)
    return k, k


def _laplace(xp: Any, data: Data, s: Any, gradient: bool) -> tuple[Any, Any]:
    r = xp.sqrt(s, out=s)
    k = xp.exp(-data["gamma"] * r)
    return k, xp.divide(k, r, out=r) if gradient else None


def _inverse(xp: Any, data: Data, s: Any, gradient: bool) -> tuple[Any, Any]:
    s *= data["gamma"]
    s += 1.0
    xp.sqrt(s, out=s)
    k = xp.reciprocal(s, out=s)
    return k, k * k * k if gradient else None


def _hilbert(xp: Any, data: Data, s: Any, gradient: bool) -> tuple[Any, Any]:
    """Return weights r^-d with sum 1, by their logarithms: s is small nowhere here."""
    d = data["X"].shape[1]
    k = xp.log(s)
    k *= -0.5 * d
    k -= k.max(1)[0][:, None] if xp.__name__ == "torch" else k.max(axis=1)[:, None]
    xp.exp(k, out=k)
    k /= k.sum(1)[:, None]
    return k, xp.divide(k, s, out=s) if gradient else None


_RADIAL: dict[str, Callable[..., tuple[Any, Any]]] = {
    "gaussian": _gaussian,
    "laplace": _laplace,
    "inverse_multiquadric": _inverse,
    "hilbert": _hilbert,
}


def _by_products(library: str, gradient: bool) -> Callable[[Data], Any]:
    """Return the sums by matrix products of whole blocks."""

    def call(data: Data) -> Any:
        if library == "torch":
            import torch as xp
        else:
            xp = namespace(data["X"])
        a, Y = xp.asarray(data["a"]), xp.asarray(data["Y"])
        weighted = a * Y if gradient else None
        values, gradients = [], []
        for x, k, slope in _parts(data, xp, gradient):
            values.append(k @ a)
            if gradient:
                gradients.append(
                    _gradient(data, x, values[-1], slope, (a, Y, weighted))
                )
        if gradient:
            return xp.concatenate(values), xp.concatenate(gradients)[:, None, :]
        return xp.concatenate(values)

    return call


def _gradient(data: Data, x: Any, values: Any, slope: Any, points: Any) -> Any:
    a, Y, weighted = points
    kernel, gamma = data["kernel"], data["gamma"]
    if kernel == "gaussian":
        return 2.0 * gamma * (slope @ weighted - x * values)
    if kernel == "polynomial":
        return _DEGREE * gamma * (slope @ weighted)
    total = slope @ weighted - x * (slope @ a)
    if kernel == "hilbert":  # of a - value in place of a
        total += values * (x * slope.sum(1)[:, None] - slope @ Y)
        return float(x.shape[1]) * total
    return gamma * total


def _sklearn(data: Data) -> NDArray:
    from sklearn.metrics import pairwise

    X, Y, gamma = data["X"], data["Y"], data["gamma"]
    options = {"gamma": gamma}
    if data["kernel"] == "polynomial":
        options |= {"degree": _DEGREE, "coef0": 1.0}
    names = {
        "gaussian": "rbf_kernel",
        "laplacian": "laplacian_kernel",
        "polynomial": "polynomial_kernel",
    }
    matrix = getattr(pairwise, names[data["kernel"]])
    count = FEW if data["kernel"] == "laplacian" else len(X)
    starts = range(0, min(count, len(X)), BLOCK)
    blocks = [
        matrix(X[i : min(i + BLOCK, count)], Y, **options) @ data["a"] for i in starts
    ]
    return np.concatenate(blocks)


def _scipy(data: Data) -> NDArray:
    """Return the first rows by distances in l1, or in l2."""
    from scipy.spatial.distance import cdist

    metric = "cityblock" if data["kernel"] == "laplacian" else "euclidean"
    values = []
    for start in range(0, min(FEW, len(data["X"])), 250):
        r = cdist(data["X"][start : start + 250], data["Y"], metric)
        r *= -data["gamma"]
        values.append(np.exp(r, out=r) @ data["a"])
    return np.concatenate(values)


def _signs(data: Data) -> Any:
    """Return values and gradients in l1, coordinate by coordinate."""
    xp = namespace(data["X"])
    X, Y, a, gamma = data["X"][:_FEWER], data["Y"], data["a"], data["gamma"]
    k = xp.zeros((len(X), len(Y)))
    for x, y in zip(X.T, Y.T, strict=True):
        k += xp.abs(x[:, None] - y)
    k = xp.exp(-gamma * k)
    slopes = [
        -gamma * ((k * xp.sign(x[:, None] - y)) @ a)
        for x, y in zip(X.T, Y.T, strict=True)
    ]
    return k @ a, xp.stack(slopes, axis=2)


def _fewer(settings: Settings) -> float:
    return min(_FEWER, settings.n) / settings.n


def _keops_matrix(data: Data) -> Any:
    x, y = lazy(data)
    gamma = data["gamma"]
    if data["kernel"] == "polynomial":
        return ((x | y) * gamma + 1.0) ** _DEGREE
    if data["kernel"] == "laplacian":
        return ((x - y).abs().sum(-1) * -gamma).exp()
    squared = ((x - y) ** 2).sum(-1)
    if data["kernel"] == "gaussian":
        return (squared * -gamma).exp()
    if data["kernel"] == "laplace":
        return (squared.sqrt() * -gamma).exp()
    return (squared * gamma + 1.0).rsqrt()


def _keops(data: Data) -> Any:
    return _keops_matrix(data) @ data["a"]


def _keops_gradient(data: Data) -> Any:
    """Return the Gaussian's alone, which has its own matrix for a factor."""
    k = _keops_matrix(data)
    values = k @ data["a"]
    weighted = k @ np.ascontiguousarray(data["a"] * data["Y"])
    gradients = 2.0 * data["gamma"] * (weighted - data["X"] * values)
    return values, gradients[:, None, :]


def _peers(kernel: str, gradient: bool) -> tuple[Peer, ...]:
    products = tuple(
        Peer(library, _by_products(library, gradient))
        for library in ("torch", "NumPy", "CuPy")
    )
    if gradient and kernel == "laplacian":
        return (
            Peer("NumPy", _signs, serial=True, share=_fewer),
            Peer("CuPy", _signs, share=_fewer),
        )
    if gradient:
        keops = (Peer("KeOps", _keops_gradient),) if kernel == "gaussian" else ()
        return (*products, *keops)
    peers: list[Peer] = []
    if kernel in ("gaussian", "polynomial"):
        peers.append(Peer("scikit-learn", _sklearn))
    elif kernel == "laplacian":
        peers.append(Peer("scikit-learn", _sklearn, share=few))
    if kernel in ("laplace", "laplacian"):
        peers.append(Peer("SciPy", _scipy, serial=True, share=few))
    if kernel != "hilbert":
        peers.append(Peer("KeOps", _keops))
    if kernel == "laplacian":
        cupy = Peer("CuPy", lambda data: _signs(data)[0], share=_fewer)
        return (*peers, cupy)
    return (*peers, *products)


def _bound(
    kernel: str, dtype: type, work: Callable[[Settings], float]
) -> tuple[Part, ...]:
    """Return the matrix products and exponentials that no way avoids."""
    product, exponentials = gemm(dtype, work), exponential(dtype, pairs)
    if kernel == "laplacian":
        return (exponentials,)
    if kernel in ("polynomial", "inverse_multiquadric"):
        return (product,)
    return product, exponentials


def _case(kernel: str, dtype: type, gradient: bool) -> Case:
    short = f"f{8 * np.dtype(dtype).itemsize}"
    function = "kernel_expansion_gradient" if gradient else "kernel_expansion"
    shown = kernel.replace("_", " ")
    names = {"gaussian": "Gaussian", "hilbert": "Hilbert", "laplace": "Laplace"}
    shown = (names | {"laplacian": "Laplace l1"}).get(kernel, shown)

    def make(settings: Settings, rng: np.random.Generator) -> Data:
        a: NDArray = rng.standard_normal((settings.m, 1)).astype(dtype)
        scale = settings.d**0.5 if kernel == "laplace" else settings.d
        made = {"a": a, "gamma": 1.0 / scale, "kernel": kernel}
        return clouds(dtype)(settings, rng) | made

    def ours(data: Data, threads: int) -> Any:
        arguments = (data["X"], data["Y"], data["a"])
        options = {"kernel": kernel, "gamma": data["gamma"], "threads": threads}
        return getattr(_dispatch, function)(*arguments, **options)

    def work(settings: Settings) -> float:
        return flops(settings) * (2 if gradient else 1)

    return Case(
        name=f"{function}.{kernel}-{short}",
        kernel=function,
        title=f"{shown} sum{' and gradient' if gradient else ''}, {short}",
        make=make,
        ours=ours,
        peers=_peers(kernel, gradient),
        agree=close(1e-9 if dtype is np.float64 else 1e-3),
        work=pairs,
        unit="pairs",
        bound=_bound(kernel, dtype, work),
        gpu=True,
    )


_OTHERS = ("laplace", "laplacian", "polynomial", "inverse_multiquadric", "hilbert")

CASES = tuple(
    _case(kernel, dtype, gradient)
    for gradient in (False, True)
    for kernel, dtype in (
        ("gaussian", np.float64),
        ("gaussian", np.float32),
        *((kernel, np.float64) for kernel in _OTHERS),
    )
)
