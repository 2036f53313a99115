"""The only door to `geomadv_kernels`: NumPy to the processor, CuPy to the GPU.

The kernels are imported when they are first called: importing geomadv neither imports
numba nor compiles anything. The values in arrays arrive checked; shapes that do not fit
are a ValueError here, since compiled code would read beyond an array. A kernel returns
arrays of the kind that it was given, and a mixture of kinds is a TypeError. Results do
not depend on the number of threads.
"""

import contextlib
import functools
import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from geomadv._typing import Bool, Float, Int, NDArray
from geomadv._validate import choice, integer

_METRICS = ("l2", "l1", "linf")
_KERNELS = (
    "gaussian",
    "laplace",
    "laplacian",
    "polynomial",
    "inverse_multiquadric",
    "hilbert",
)


def cap_measure(
    d: int | Float[NDArray, "*#shape"],
    coordinate: Float[NDArray, "*#shape"],
    *,
    angle: bool,
    log: bool,
    threads: int | None = None,
) -> Float[NDArray, "*shape"]:
    """Return measures of caps of S^{d-1}, or their logarithms.

    Parameters
    ----------
    d : int or array
        Ambient dimensions, whole numbers from 2 to 10^9.
    coordinate : array
        Heights in [-1, 1], or with `angle` angular radii in [0, pi].
    angle, log : bool
        What `coordinate` holds; whether logarithms are wanted.
    threads : int, optional
        How many threads to use; by default as many as there are processors.
    """
    run = _implementation("log_cap", "cap_measure", "xp", threads, d, coordinate)
    return run(d, coordinate, angle=angle, log=log)


def cap_coordinate(
    d: int | Float[NDArray, "*#shape"],
    mass: Float[NDArray, "*#shape"],
    *,
    angle: bool,
    log: bool,
    threads: int | None = None,
) -> Float[NDArray, "*shape"]:
    """Return heights of caps, or with `angle` angular radii: `cap_measure` inverted.

    `mass` holds measures in [0, 1], or with `log` their logarithms.
    """
    run = _implementation("log_cap", "cap_coordinate", "xp", threads, d, mass)
    return run(d, mass, angle=angle, log=log)


def mean_cap_distance(
    d: int,
    outside: Float[NDArray, "*shape"],
    height: Float[NDArray, "*shape"],
    angle: Float[NDArray, "*shape"],
    larger: Bool[NDArray, "*shape"],
    *,
    geodesic: bool,
) -> Float[NDArray, "*shape"]:
    """Return mean distances to caps; see `geomadv_kernels.cpu.cap_distance`."""
    from geomadv_kernels.cpu import cap_distance

    return cap_distance.mean_distance(
        float(d),
        outside.ravel(),
        height.ravel(),
        angle.ravel(),
        larger.ravel(),
        geodesic,
    ).reshape(outside.shape)


def weighted_chi2_tail(
    weights: Float[NDArray, " k"],
    multiplicities: Float[NDArray, " k"],
    thresholds: Float[NDArray, " n"],
    excess: Float[NDArray, " n"],
    *,
    threads: int | None = None,
) -> tuple[Float[NDArray, " n"], Bool[NDArray, " n"]]:
    """Return logarithms of outer tails; see `geomadv_kernels.cpu.weighted_chi2`."""
    arrays = (weights, multiplicities, thresholds, excess)
    run = _implementation("weighted_chi2", "weighted_chi2_tail", "xp", threads, *arrays)
    return run(*arrays)


def chi2_saddlepoints(
    weights: Float[NDArray, " k"],
    multiplicities: Float[NDArray, " k"],
    thresholds: Float[NDArray, " n"],
    excess: Float[NDArray, " n"],
) -> Float[NDArray, "n 4"]:
    """Return saddlepoints as rows; see `geomadv_kernels.cpu.weighted_chi2`."""
    from geomadv_kernels.cpu import weighted_chi2

    return weighted_chi2.saddlepoints(weights, multiplicities, thresholds, excess)


def _implementation(
    file: str, name: str, accelerator: str, threads: int | None, *arrays: object
) -> Callable[..., Any]:
    """Return the kernel for NumPy's arrays, or for CuPy's."""
    of_cupy = {
        type(array).__module__.partition(".")[0] == "cupy"
        for array in arrays
        if hasattr(array, "__array_interface__") or hasattr(array, "device")
    }
    if len(of_cupy) == 2:
        raise TypeError(f"{name} takes arrays of NumPy or of CuPy, got both")
    backend = accelerator if True in of_cupy else "cpu"
    module = importlib.import_module(f"geomadv_kernels.{backend}.{file}")
    function: Callable[..., Any] = getattr(module, name)
    return function if True in of_cupy else functools.partial(function, threads=threads)


def nearest(
    X: Float[Any, "n d"],
    Y: Float[Any, "m d"],
    k: int,
    *,
    metric: str = "l2",
    period: float | None = None,
    threads: int | None = None,
) -> tuple[Float[Any, "n k"], Int[Any, "n k"]]:
    """Return the k smallest distances from each x to points of Y, and the indices.

    Parameters
    ----------
    X, Y : (n, d) and (m, d), float32 or float64
        Queries and points, finite; below 10^150 in size for "l2".
    k : int
        At least 1. Where there are fewer points, distances are infinite and indices -1.
    metric : {"l2", "l1", "linf"}
    period : float, optional
        The side of the torus on which the points lie.
    threads : int, optional
        By default as many as there are processors; the result does not depend on it.
    """
    _shaped(X=(X, "n d"), Y=(Y, "m d"))
    choice("metric", metric, _METRICS)
    run = _implementation("nearest", "nearest", "gpu", threads, X, Y)
    return run(*_alike(X, Y), k, metric=metric, period=period)


def radius_count(
    X: Float[Any, "n d"],
    Y: Float[Any, "m d"],
    eps: Float[Any, " e"],
    *,
    metric: str = "l2",
    period: float | None = None,
    threads: int | None = None,
) -> Int[Any, "n e"]:
    """Return how many points of Y lie within each eps of each x; see `nearest`."""
    _shaped(X=(X, "n d"), Y=(Y, "m d"), eps=(eps, "e"))
    choice("metric", metric, _METRICS)
    run = _implementation("radius_count", "radius_count", "gpu", threads, X, Y, eps)
    return run(*_alike(X, Y), eps, metric=metric, period=period)


def enlargement(
    X: Float[Any, "n d"],
    A: Float[Any, "m d"],
    eps: Float[Any, " e"],
    *,
    metric: str = "l2",
    period: float | None = None,
    threads: int | None = None,
) -> Int[Any, " e"]:
    """Return how many points of X lie within each eps of the set A; see `nearest`."""
    _shaped(X=(X, "n d"), A=(A, "m d"), eps=(eps, "e"))
    choice("metric", metric, _METRICS)
    run = _implementation("radius_count", "enlargement", "gpu", threads, X, A, eps)
    return run(*_alike(X, A), eps, metric=metric, period=period)


def kernel_expansion(
    X: Float[Any, "n d"],
    Y: Float[Any, "m d"],
    coefficients: Float[Any, "m q"],
    *,
    threads: int | None = None,
    **options: Any,
) -> Float[Any, "n q"]:
    """Return sum_j a_j k(x, y_j) for each x and each column of coefficients.

    Parameters
    ----------
    X, Y, coefficients : (n, d), (m, d) and (m, q), float32 or float64
    threads : int, optional
        As for `nearest`.
    **options
        ``kernel`` and its parameters: see
        `geomadv_kernels.reference.kernel_expansion`.
    """
    _expansion(X, Y, coefficients, options)
    run = _implementation(
        "kernel_expansion", "kernel_expansion", "gpu", threads, X, Y, coefficients
    )
    return run(*_alike(X, Y, coefficients), **options)


def kernel_expansion_gradient(
    X: Float[Any, "n d"],
    Y: Float[Any, "m d"],
    coefficients: Float[Any, "m q"],
    *,
    threads: int | None = None,
    **options: Any,
) -> tuple[Float[Any, "n q"], Float[Any, "n q d"]]:
    """Return `kernel_expansion` and its gradients with respect to x."""
    _expansion(X, Y, coefficients, options)
    name = "kernel_expansion_gradient"
    run = _implementation("kernel_expansion", name, "gpu", threads, X, Y, coefficients)
    return run(*_alike(X, Y, coefficients), **options)


def linear_margin(
    X: Float[Any, "n d"],
    w: Float[Any, " d"],
    b: float,
    *,
    p: float,
    threads: int | None = None,
) -> tuple[Float[Any, " n"], Float[Any, " n"]]:
    """Return w.x + b and the l_p distance of x to the hyperplane, for each x."""
    _shaped(X=(X, "n d"), w=(w, "d"))
    run = _implementation("linear_margin", "linear_margin", "gpu", threads, X, w)
    return run(*_alike(X, w), b, p=p)


def linear_perturbation(
    X: Float[Any, "n d"],
    w: Float[Any, " d"],
    b: float,
    *,
    p: float,
    threads: int | None = None,
) -> tuple[Float[Any, " n"], Float[Any, " n"], Float[Any, "n d"]]:
    """Return margins, distances and the least l_p perturbations onto the hyperplane."""
    _shaped(X=(X, "n d"), w=(w, "d"))
    run = _implementation("linear_margin", "linear_perturbation", "gpu", threads, X, w)
    return run(*_alike(X, w), b, p=p)


def box_perturbation(
    X: Float[Any, "n d"],
    w: Float[Any, " d"],
    b: float,
    lower: Float[Any, " d"],
    upper: Float[Any, " d"],
    *,
    p: float,
    threads: int | None = None,
) -> tuple[Float[Any, " n"], Float[Any, " n"], Float[Any, "n d"]]:
    """Return the same with the perturbed points in the box [lower, upper]."""
    _shaped(X=(X, "n d"), w=(w, "d"), lower=(lower, "d"), upper=(upper, "d"))
    if 1.0 < p < 1.1:
        raise ValueError(f"p must be 1, or at least 1.1, in a box, got {p:g}")
    name = "box_perturbation"
    run = _implementation("linear_margin", name, "gpu", threads, X, w, lower, upper)
    X, w, lower, upper = _alike(X, w, lower, upper)
    return run(X, w, b, lower, upper, p=p)


def secular(
    a: Float[Any, "*#n d"],
    b: Float[Any, "*#n d"],
    c: Float[Any, "*#n"] | float,
    z: Float[Any, "n d"],
    *,
    threads: int | None = None,
) -> tuple[Any, ...]:
    """Return the multipliers, distances, points and kinds of projections onto quadrics.

    See `geomadv_kernels.reference.secular`.
    """
    _shaped(z=(z, "n d"))
    for name, array, shape in (("a", a, z.shape), ("b", b, z.shape), ("c", c, len(z))):
        _fits(name, np.shape(array), shape)
    run = _implementation("secular", "secular", "xp", threads, a, b, c, z)
    return run(a, b, c, z)


def log_betainc(
    a: Float[Any, "*#shape"],
    b: Float[Any, "*#shape"],
    x: Float[Any, "*#shape"],
    *,
    complement: bool = False,
    threads: int | None = None,
) -> Float[Any, "*shape"]:
    """Return log I_x(a, b), or that of 1 - I_x(a, b)."""
    run = _implementation("log_betainc", "log_betainc", "xp", threads, a, b, x)
    return run(a, b, x, complement=complement)


def log_betainc_inverse(
    a: Float[Any, "*#shape"],
    b: Float[Any, "*#shape"],
    log_p: Float[Any, "*#shape"],
    *,
    complement: bool = False,
    threads: int | None = None,
) -> Float[Any, "*shape"]:
    """Return the x at which `log_betainc` is log_p."""
    name = "log_betainc_inverse"
    run = _implementation("log_betainc", name, "xp", threads, a, b, log_p)
    return run(a, b, log_p, complement=complement)


def gaussian_sample(
    seed: int,
    n: int,
    d: int,
    *,
    like: Any = None,
    threads: int | None = None,
    **options: Any,
) -> Float[Any, "n d"]:
    """Return n standard normal vectors of R^d; see `sphere_sample`."""
    return _sample("gaussian_sample", like, threads)(seed, n, d, **options)


def sphere_sample(
    seed: int,
    n: int,
    d: int,
    *,
    like: Any = None,
    threads: int | None = None,
    **options: Any,
) -> Float[Any, "n d"]:
    """Return n uniform points of S^{d-1}: a pure function of the seed and the row.

    Parameters
    ----------
    seed, n, d : int
        A seed below 2^64, the number of points, the ambient dimension.
    like : array, optional
        A CuPy array where the sample shall be made by CuPy; the bits are the same.
    threads : int, optional
        As for `nearest`.
    **options
        ``first`` (the first row) and ``dtype``: see
        `geomadv_kernels.reference.sphere_sample`.
    """
    return _sample("sphere_sample", like, threads)(seed, n, d, **options)


def sphere_heights(
    seed: int,
    n: int,
    d: int,
    k: int,
    *,
    like: Any = None,
    threads: int | None = None,
    **options: Any,
) -> Float[Any, "n k"]:
    """Return the first k coordinates of uniform points of S^{d-1}, without the others.

    Parameters as for `sphere_sample`; d may be as large as 10^9.
    """
    return _sample("sphere_heights", like, threads)(seed, n, d, k, **options)


def exponential(values: Float[NDArray, " n"], out: Float[NDArray, " n"]) -> None:
    """Fill `out` with exp(values) on one thread: the kernels' own exponential.

    Both are contiguous and of one precision. Values may be at most 709, in float32 88,
    and results below 3.4e-308, in float32 1.7e-38, are 0. `geomadv bench` measures its
    rate.
    """
    from geomadv_kernels.cpu import _arrays, _exp

    _exp.exponential(_arrays.frozen(values), out)


def on_all_cores(work: Callable[[int], Any], n: int) -> list[Any]:
    """Return work(0), ..., work(n - 1), on all cores, with one BLAS thread for each.

    `work` should release the interpreter's lock, as NumPy and LAPACK do.
    """
    from geomadv_kernels.cpu._threads import for_blocks

    found: list[Any] = [None] * n

    def run(start: int, stop: int, space: object) -> None:
        del space
        for i in range(start, stop):
            found[i] = work(i)

    for_blocks(run, n, 1, blas=True)
    return found


def _shaped(**given: tuple[Any, str]) -> None:
    """Refuse arrays that do not have the named axes, of one size wherever named."""
    sizes: dict[str, tuple[int, str]] = {}
    for name, (array, axes) in given.items():
        shape, letters = tuple(array.shape), axes.split()
        wanted = f"({letters[0]},)" if len(letters) == 1 else f"({', '.join(letters)})"
        if len(shape) != len(letters):
            raise ValueError(f"{name} must have the shape {wanted}, got {shape}")
        for letter, size in zip(letters, shape, strict=True):
            known, where = sizes.setdefault(letter, (size, name))
            if size != known:
                raise ValueError(
                    f"{name} must have the shape {wanted} with {letter} = {known} as "
                    f"in {where}, got {shape}"
                )


def _fits(name: str, shape: tuple[int, ...], wanted: int | tuple[int, ...]) -> None:
    """Refuse an array that cannot be broadcast to a shape."""
    target = (wanted,) if isinstance(wanted, int) else wanted
    try:
        fits = np.broadcast_shapes(shape, target) == target
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"{name} must broadcast to the shape {target}, got {shape}")


def _expansion(X: Any, Y: Any, coefficients: Any, options: dict[str, Any]) -> None:
    _shaped(X=(X, "n d"), Y=(Y, "m d"), coefficients=(coefficients, "m q"))
    if "kernel" in options:
        choice("kernel", options["kernel"], _KERNELS)
    if "degree" in options:
        integer("degree", options["degree"], minimum=0)


def _sample(name: str, like: Any, threads: int | None) -> Callable[..., Any]:
    run = _implementation("sphere_sample", name, "xp", threads, like)
    on_cpu = isinstance(run, functools.partial)
    return run if on_cpu else functools.partial(run, like=like)


def _alike(*arrays: Any) -> tuple[Any, ...]:
    """Return the arrays in float32 if all of them are, in float64 otherwise."""
    single = all(array.dtype == np.float32 for array in arrays)
    dtype = np.float32 if single else np.float64
    device: Any = getattr(arrays[0], "device", None)  # CuPy converts on the current one
    with device if hasattr(device, "__enter__") else contextlib.nullcontext():
        return tuple(array.astype(dtype, copy=False) for array in arrays)
