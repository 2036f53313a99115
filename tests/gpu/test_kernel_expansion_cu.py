"""The CUDA kernels of kernel_expansion, emulated, against extended precision."""

from typing import Any

import numpy as np
import pytest

from geomadv_kernels.contract import watching
from geomadv_kernels.gpu import kernel_expansion as gpu
from geomadv_kernels.strategies import KINDS, cloud

ORDERS = ("forward", "reversed", "shuffled")
SMOOTH = ("gaussian", "polynomial", "inverse_multiquadric")
CORNERS = ("laplace", "laplacian")
NAMES = (*SMOOTH, *CORNERS, "hilbert")
Array = np.ndarray


def pairs(
    X: Array, Y: Array, name: str, gamma: Array, degree: int, coef0: Array
) -> tuple[Array, Array, Array, Array]:
    """Return k, k', and how much each changes for a relative change of the measure.

    k' multiplies x - y, its signs (laplacian) or y (polynomial).
    """
    D = X[:, None] - Y[None]
    s = (D * D).sum(-1)
    if name == "polynomial":
        t, size = gamma * (X @ Y.T) + coef0, gamma * (abs(X) @ abs(Y).T) + abs(coef0)
        near = abs(t) + 1e-5 * size  # a bound in place of t where it almost vanishes
        powers = [t**degree, t ** max(degree - 1, 0)]
        moves = [near ** max(degree - i, 0) for i in range(3)]
        slope = gamma * degree * powers[1] * (degree > 0)
        return (
            powers[0],
            slope,
            degree * moves[1] * size,
            gamma * degree * max(degree - 1, 0) * moves[2] * size,
        )
    if name == "gaussian":
        k, slope, move = np.exp(-gamma * s), -2 * gamma, gamma * s
    elif name == "laplacian":
        s = abs(D).sum(-1)
        k, slope, move = np.exp(-gamma * s), -gamma, gamma * s
    elif name == "laplace":
        r = np.sqrt(s)
        k, move = np.exp(-gamma * r), gamma * r + 1
        slope = np.divide(-gamma, r, out=np.zeros_like(r), where=r > 0)
    else:
        t = 1 + gamma * s
        k, slope, move = 1 / np.sqrt(t), -gamma / t, np.ones_like(t)
    return k, k * slope, k * move, abs(k * slope) * move


def expected(
    X: Array,
    Y: Array,
    A: Array,
    *,
    kernel: str,
    gamma: float = 1.0,
    degree: int = 3,
    coef0: float = 1.0,
    exponent: float | None = None,
) -> tuple[Array, Array, Array, Array]:
    """Return values and gradients, and what either may be off by.

    The measure of a pair has the relative error (d / 16 + 20) u, the sum over points
    64 u and, if it is in float64, m u / 32 of its terms' absolute values; a weight
    costs some operations more, 20 u together. The mean has its weights in float64.
    """
    u = float(np.finfo(np.result_type(X, Y, A)).eps) / 2
    X, Y, A = (array.astype(np.longdouble) for array in (X, Y, A))
    d, m = X.shape[1], len(Y)
    measuring, adding = d / 16 + 20, 84 + m / 32
    direction = X[:, None] - Y[None]
    if kernel == "hilbert":
        e, precise = np.longdouble(d if exponent is None else exponent), 2.0**-53
        r = np.sqrt((direction**2).sum(-1))
        least = r.min(1, keepdims=True)
        ratio = np.divide(least, r, out=np.zeros_like(r), where=r > 0)
        p = np.where(r == least, 1, ratio**e)
        p /= p.sum(1, keepdims=True)
        f = p @ A
        inverse = np.divide(1, r, out=np.zeros_like(r), where=r > 0)
        pulls = np.einsum("ij,ij,ijl->ijl", p, inverse**2, direction)
        gaps = A[None] - f[:, None]
        sizes = abs(A)[None] + abs(f)[:, None]
        gradient = -e * np.einsum("ijc,ijl->icl", gaps, pulls)
        error = precise * (2 * e * measuring + 2 * adding)
        slope_error = 2 * error * e * np.einsum("ijc,ijl->icl", sizes, abs(pulls))
        error = error * np.einsum("ij,ijc->ic", p, sizes)
        return f, gradient, error + u * abs(f), slope_error + u * abs(gradient)
    if kernel == "laplacian":
        direction = np.sign(direction)
    elif kernel == "polynomial":
        direction = np.broadcast_to(Y[None], direction.shape)
    parameters = np.longdouble(gamma), degree, np.longdouble(coef0)
    k, slope, move, slope_move = pairs(X, Y, kernel, *parameters)
    errors = u * (measuring * move + adding * abs(k))
    slope_errors = u * (measuring * slope_move + adding * abs(slope))

    def gradients(weights: Array, A: Array, direction: Array) -> Array:
        return np.einsum("ij,jc,ijl->icl", weights, A, direction)

    return (
        k @ A,
        gradients(slope, A, direction),
        errors @ abs(A),
        gradients(slope_errors, abs(A), abs(direction)),
    )


def on_device(cupy: Any, X: Array, Y: Array, A: Array, **options: Any) -> list[Array]:
    """Return the values, and the values and gradients in one pass."""
    arrays = [cupy.asarray(array) for array in (X, Y, A)]
    with watching() as paths:
        found = [
            gpu.kernel_expansion(*arrays, **options),
            *gpu.kernel_expansion_gradient(*arrays, **options),
        ]
    kernel = options["kernel"]
    names = ("kernel_expansion", "kernel_expansion_gradient")
    assert paths == [f"gpu.{name}.{kernel}" for name in names]
    return [part.get() for part in found]


def check(cupy: Any, X: Array, Y: Array, A: Array, **options: Any) -> None:
    found = on_device(cupy, X, Y, A, **options)
    values, gradients, error, slope_error = expected(X, Y, A, **options)
    # Terms below the range vanish before gamma multiplies their sum.
    tiny = float(np.finfo(found[0].dtype).tiny) * max(1.0, options.get("gamma", 1.0))
    triples = (values, error), (values, error), (gradients, slope_error)
    for ours, (plain, allowed) in zip(found, triples, strict=True):
        assert ours.dtype == np.result_type(X, Y, A)
        assert ours.shape == plain.shape
        assert (abs(ours - plain) <= allowed + tiny).all()


def scene(
    kind: str, shape: tuple[int, ...], dtype: Any, seed: int = 0
) -> tuple[Array, Array, Array]:
    n, m, d, q = shape
    rng = np.random.default_rng(seed)
    both = cloud(kind, n + m, d, dtype, rng)
    X, Y = both[:n].copy(), both[n:]
    if n > 2 and m > 2:
        X[:2] = Y[:2]
    return X, Y, rng.standard_normal((m, q)).astype(dtype)


def width(X: Array, Y: Array, kernel: str) -> float:
    """Return a gamma at which the kernel is neither 0 nor 1 at a typical distance."""
    X, Y = X.astype(float), Y.astype(float)
    if kernel == "polynomial":
        return float(min(1e30, 1 / max(1e-300, (abs(X) @ abs(Y).T).max())))
    l1 = abs(X[:, None] - Y[None]).sum(-1).mean()
    typical = max(1e-10, float(l1 if kernel == "laplacian" else l1 / X.shape[1] ** 0.5))
    return typical ** (-1 if kernel in CORNERS else -2)


# Around the sides of tiles, chunks and slices; rows and points shared out.
SHAPES = (
    (1, 1, 1, 1),
    (5, 130, 3, 1),
    (65, 33, 17, 2),
    (64, 64, 64, 1),
    (3, 97, 65, 5),
    (2, 3, 600, 2),
)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kernel", NAMES)
def test_sums_of_every_shape_are_within_the_bound(
    cupy: Any, kernel: str, dtype: Any
) -> None:
    for number, shape in enumerate(SHAPES):
        X, Y, A = scene("gaussian", shape, dtype, number)
        with cupy.running(order=ORDERS[number % 3], seed=number):
            check(cupy, X, Y, A, kernel=kernel, gamma=width(X, Y, kernel))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "gaussian"])
@pytest.mark.parametrize("kernel", NAMES)
def test_clouds_of_every_kind_are_within_the_bound(
    cupy: Any, kernel: str, kind: str
) -> None:
    for dtype in (np.float32, np.float64):
        X, Y, A = scene(kind, (7, 70, 5, 2), dtype)
        if kernel == "hilbert" and kind == "subnormal" and dtype == np.float64:
            X, Y = X * 1e200, Y * 1e200  # the gradient is too large for any number
        with cupy.running(order="shuffled"):
            check(cupy, X, Y, A, kernel=kernel, gamma=width(X, Y, kernel))


@pytest.mark.parametrize("kernel", NAMES)
def test_the_order_of_threads_changes_no_bit(cupy: Any, kernel: str) -> None:
    X, Y, A = scene("gaussian", (66, 140, 70, 2), np.float64)
    results = []
    for order in ORDERS:
        with cupy.running(order=order, seed=3):
            results.append(on_device(cupy, X, Y, A, kernel=kernel, gamma=0.01))
    for other in results[1:]:
        for one, two in zip(results[0], other, strict=True):
            assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kernel", [name for name in NAMES if name != "polynomial"])
def test_a_common_offset_changes_no_bit(cupy: Any, kernel: str, dtype: Any) -> None:
    X, Y, A = scene("integers", (9, 40, 6, 1), dtype)
    options = {"kernel": kernel, "gamma": 0.1}
    near = on_device(cupy, X, Y, A, **options)
    far = on_device(cupy, X + dtype(2**22), Y + dtype(2**22), A, **options)
    for one, two in zip(near, far, strict=True):
        assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("degree", [0, 1, 2, 7])
def test_polynomials_of_every_degree(cupy: Any, degree: int) -> None:
    X, Y, A = scene("integers", (4, 9, 3, 1), np.float64)
    options = {"kernel": "polynomial", "gamma": 0.5, "degree": degree, "coef0": -1.0}
    check(cupy, X, Y, A, **options)


@pytest.mark.parametrize("exponent", [0.5, 2.0, 300.0])
def test_means_of_every_exponent(cupy: Any, exponent: float) -> None:
    X, Y, A = scene("gaussian", (40, 90, 3, 2), np.float64)
    check(cupy, X, Y, A, kernel="hilbert", exponent=exponent)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_mean_at_points_is_that_of_their_coefficients(
    cupy: Any, dtype: Any
) -> None:
    Y = np.zeros((300, 4), dtype)
    Y[:, 0] = np.arange(300) % 100
    A = np.stack([np.arange(300), np.ones(300)], axis=1).astype(dtype)
    for value, alone, gradient in zip(
        *on_device(cupy, Y[:100], Y, A, kernel="hilbert"), strict=True
    ):
        assert value[0] == alone[0]
        assert value[1] == 1
        assert not gradient.any()
    means = on_device(cupy, Y[:100], Y, A, kernel="hilbert")[0][:, 0]
    np.testing.assert_array_equal(means, 100 + np.arange(100))


@pytest.mark.parametrize(
    ("dtype", "r"), [(np.float32, 3e-44), (np.float64, 3e-320), (np.float64, 1e-170)]
)
def test_a_distance_whose_square_vanishes_is_no_hit(
    cupy: Any, dtype: Any, r: float
) -> None:
    X, Y = np.zeros((1, 2), dtype), np.array([[-r, 0], [0, 1]], dtype)
    A = np.array([[1.0], [-1.0]], dtype)
    gradient = on_device(cupy, X, Y, A, kernel="laplace", gamma=2.0)[2]
    slope = 2 * np.exp(-2.0)
    np.testing.assert_allclose(gradient, [[[-2, -slope]]], rtol=1e-6)
    Y[1] = [2 * Y[0, 0], 0]  # weights 1 and 2^-3
    value = on_device(cupy, X, Y, A, kernel="hilbert", exponent=3.0)[0]
    np.testing.assert_allclose(value, 7 / 9, rtol=1e-6)


def test_a_distance_whose_square_overflows(cupy: Any) -> None:
    for dtype, r in ((np.float32, 1e25), (np.float64, 1e200)):
        X, Y = np.zeros((1, 2), dtype), np.array([[3 * r, 4 * r]], dtype)
        A = np.ones((1, 1), dtype)
        options = {"kernel": "laplace", "gamma": 0.2 / r}
        value, _, gradient = on_device(cupy, X, Y, A, **options)
        np.testing.assert_allclose(value, np.exp(-1), rtol=1e-6)
        slope = 0.2 * np.exp(-1)
        np.testing.assert_allclose(gradient * r, [[[0.6 * slope, 0.8 * slope]]], 1e-6)


@pytest.mark.parametrize("kernel", NAMES)
def test_parameters_of_every_type(cupy: Any, kernel: str) -> None:
    X, Y, A = scene("gaussian", (5, 9, 3, 1), np.float64)
    plain = on_device(cupy, X, Y, A, kernel=kernel, gamma=2.0, coef0=1.0, exponent=3.0)
    for kind in (int, np.int64, np.float32, np.float64):
        options = {"gamma": kind(2), "coef0": kind(1), "exponent": kind(3)}
        options["degree"] = np.int32(3)
        found = on_device(cupy, X, Y, A, kernel=kernel, **options)
        for one, two in zip(plain, found, strict=True):
            assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize(("dtype", "x"), [(np.float32, 1e33), (np.float64, 1e285)])
def test_large_coordinates_are_no_hits(cupy: Any, dtype: Any, x: float) -> None:
    X, Y = np.full((1, 1), x, dtype), np.array([[-x], [2 * x]], dtype)
    A = np.array([[1.0], [2.0]], dtype)
    found = on_device(cupy, X, Y, A, kernel="laplace", gamma=0.3 / x)
    k = np.exp([-0.6, -0.3])
    np.testing.assert_allclose(found[0], k[0] + 2 * k[1], rtol=1e-6)
    np.testing.assert_allclose(found[1], found[0], rtol=1e-6)
    np.testing.assert_allclose(found[2], 0.3 / x * (2 * k[1] - k[0]), rtol=1e-6)
    value, _, gradient = on_device(cupy, X, Y, A, kernel="hilbert")
    np.testing.assert_allclose(value, 5 / 3, rtol=1e-6)
    np.testing.assert_allclose(gradient, 1 / 3 / x, rtol=1e-6)


@pytest.mark.parametrize("r", [5e-324, 1e-310, 1e-156])
def test_the_mean_near_a_point_is_not_that_of_the_point(cupy: Any, r: float) -> None:
    X, Y = np.zeros((1, 1)), np.array([[r], [3 * r], [1.0]])
    A = np.array([[1.0], [0.0], [0.0]])
    value, again, _ = on_device(cupy, X, Y, A, kernel="hilbert", exponent=1.0)
    np.testing.assert_allclose([value, again], 0.75, rtol=1e-14)


@pytest.mark.parametrize(
    ("dtype", "r", "gamma"), [(np.float32, 1e15, 1e10), (np.float64, 1e150, 1e20)]
)
def test_a_steep_multiquadric_does_not_vanish(
    cupy: Any, dtype: Any, r: float, gamma: float
) -> None:
    X, Y, A = np.zeros((1, 1), dtype), np.full((1, 1), r, dtype), np.ones((1, 1), dtype)
    value = on_device(cupy, X, Y, A, kernel="inverse_multiquadric", gamma=gamma)[0]
    np.testing.assert_allclose(value, gamma**-0.5 / r, rtol=1e-6)


@pytest.mark.parametrize("kernel", ["gaussian", "hilbert"])
def test_rows_come_in_groups(
    cupy: Any, kernel: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    X, Y, A = scene("gaussian", (150, 40, 4, 2), np.float32)
    monkeypatch.setattr(gpu, "_BLOCKS", 1)  # the points are not shared out
    together = on_device(cupy, X, Y, A, kernel=kernel)
    monkeypatch.setattr(gpu, "_SPACE", 1)
    cupy.launches.clear()
    apart = on_device(cupy, X, Y, A, kernel=kernel)
    assert len(cupy.launches) == 2 * 2 * 3
    for one, two in zip(together, apart, strict=True):
        assert one.tobytes() == two.tobytes()


@pytest.mark.parametrize("kernel", ["laplacian", "hilbert"])
@pytest.mark.parametrize("blocks", [1, 1024])
def test_points_are_shared_out(
    cupy: Any, kernel: str, blocks: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu, "_BLOCKS", blocks)
    X, Y, A = scene("gaussian", (3, 200, 4, 2), np.float64)
    cupy.launches.clear()
    check(cupy, X, Y, A, kernel=kernel)
    parts = [grid[1] for name, grid, *_ in cupy.launches if name.startswith("expand")]
    assert parts == ([1, 1] if blocks == 1 else [4, 7])


def test_the_error_of_float32_does_not_grow_with_the_points(cupy: Any) -> None:
    X, Y = np.zeros((1, 1), np.float32), np.full((20001, 1), 0.3, np.float32)
    A = np.full((20001, 1), 0.1, np.float32)
    value, _, gradient = on_device(cupy, X, Y, A, kernel="gaussian")
    exact, slope, *_ = expected(X, Y, A, kernel="gaussian")
    assert abs(value / exact - 1).max() < 1e-6
    assert abs(gradient / slope - 1).max() < 1e-6


@pytest.mark.parametrize("kernel", NAMES)
def test_nothing_to_sum_is_zero(cupy: Any, kernel: str) -> None:
    for shape in ((0, 3, 2, 1), (3, 0, 2, 1), (3, 3, 2, 0)):
        n, _, d, q = shape
        X, Y, A = scene("gaussian", shape, np.float32)
        value, again, gradient = on_device(cupy, X, Y, A, kernel=kernel)
        assert value.shape == again.shape == (n, q)
        assert gradient.shape == (n, q, d)
        assert not value.any()
        assert not gradient.any()
