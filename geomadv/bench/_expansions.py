"""Cases: sums of Gaussians, sum_j a_j exp(-gamma |x - y_j|^2), and their gradients."""

from typing import Any

import numpy as np

from geomadv import _dispatch
from geomadv._typing import NDArray
from geomadv.bench._agree import close
from geomadv.bench._case import Case, Data, Peer, Settings
from geomadv.bench._pairs import (
    BLOCK,
    clouds,
    flops,
    lazy,
    namespace,
    pairs,
    squares,
    torch_squares,
)
from geomadv.bench._probes import exponential, gemm


def _numpy(data: Data) -> NDArray:
    xp = namespace(data["X"])
    return xp.concatenate(
        [
            _gaussian(data, xx, s) @ data["a"]
            for _, xx, s in squares(data["X"], data["Y"])
        ]
    )


def _numpy_gradient(data: Data) -> Any:
    """Return values, and 2 gamma (sum_j a_j k_j y_j - x sum_j a_j k_j)."""
    xp = namespace(data["X"])
    weighted = data["a"] * data["Y"]
    values, gradients = [], []
    for x, xx, s in squares(data["X"], data["Y"]):
        k = _gaussian(data, xx, s)
        values.append(k @ data["a"])
        gradients.append(2.0 * data["gamma"] * (k @ weighted - x * values[-1]))
    return xp.concatenate(values), xp.concatenate(gradients)[:, None, :]


def _gaussian(data: Data, xx: NDArray, s: NDArray) -> NDArray:
    s += xx
    s *= -data["gamma"]
    return namespace(s).exp(s, out=s)


def _torch(data: Data) -> Any:
    import torch

    a = torch.from_numpy(data["a"])
    blocks = torch_squares(data["X"], data["Y"])
    return torch.cat([_torch_gaussian(data, xx, s) @ a for _, xx, s in blocks])


def _torch_gradient(data: Data) -> Any:
    import torch

    a = torch.from_numpy(data["a"])
    weighted = a * torch.from_numpy(data["Y"])
    values, gradients = [], []
    for x, xx, s in torch_squares(data["X"], data["Y"]):
        k = _torch_gaussian(data, xx, s)
        values.append(k @ a)
        gradients.append(2.0 * data["gamma"] * (k @ weighted - x * values[-1]))
    return torch.cat(values), torch.cat(gradients)[:, None, :]


def _torch_gaussian(data: Data, xx: Any, s: Any) -> Any:
    return s.add_(xx).mul_(-data["gamma"]).exp_()


def _sklearn(data: Data) -> NDArray:
    from sklearn.metrics.pairwise import rbf_kernel

    X, Y, gamma = data["X"], data["Y"], data["gamma"]
    starts = range(0, len(X), BLOCK)
    blocks = [rbf_kernel(X[i : i + BLOCK], Y, gamma=gamma) @ data["a"] for i in starts]
    return np.concatenate(blocks)


def _keops(data: Data) -> Any:
    x, y = lazy(data)
    return (-data["gamma"] * ((x - y) ** 2).sum(-1)).exp() @ data["a"]


def _keops_gradient(data: Data) -> Any:
    x, y = lazy(data)
    k = (-data["gamma"] * ((x - y) ** 2).sum(-1)).exp()
    values = k @ data["a"]
    weighted = k @ np.ascontiguousarray(data["a"] * data["Y"])
    gradients = 2.0 * data["gamma"] * (weighted - data["X"] * values)
    return values, gradients[:, None, :]


def _case(dtype: type, gradient: bool) -> Case:
    short = f"f{8 * np.dtype(dtype).itemsize}"
    kernel = "kernel_expansion_gradient" if gradient else "kernel_expansion"

    def make(settings: Settings, rng: np.random.Generator) -> Data:
        a: NDArray = rng.standard_normal((settings.m, 1)).astype(dtype)
        gamma = 1.0 / settings.d
        return clouds(dtype)(settings, rng) | {"a": a, "gamma": gamma}

    def ours(data: Data, threads: int) -> Any:
        arguments = (data["X"], data["Y"], data["a"])
        options = {"kernel": "gaussian", "gamma": data["gamma"], "threads": threads}
        return getattr(_dispatch, kernel)(*arguments, **options)

    def work(settings: Settings) -> float:
        return flops(settings) * (2 if gradient else 1)

    bound = (gemm(dtype, work), exponential(dtype, pairs))
    tolerance = 1e-9 if dtype is np.float64 else 1e-3
    peers = (
        (
            Peer("torch", _torch_gradient),
            Peer("NumPy", _numpy_gradient),
            Peer("KeOps", _keops_gradient),
            Peer("CuPy", _numpy_gradient),
        )
        if gradient
        else (
            Peer("scikit-learn", _sklearn),
            Peer("torch", _torch),
            Peer("NumPy", _numpy),
            Peer("KeOps", _keops),
            Peer("CuPy", _numpy),
        )
    )
    return Case(
        name=f"{kernel}.gaussian-{short}",
        kernel=kernel,
        title=f"Gaussian sum{' and gradient' if gradient else ''}, {short}",
        make=make,
        ours=ours,
        peers=peers,
        agree=close(tolerance),
        work=pairs,
        unit="pairs",
        bound=bound,
        gpu=True,
    )


CASES = tuple(
    _case(dtype, gradient)
    for gradient in (False, True)
    for dtype in (np.float64, np.float32)
)
