"""The emulated device itself: it refuses what no device allows."""

from types import ModuleType
from typing import Any

import numpy as np
import pytest

ORDERS = ("forward", "reversed", "shuffled")

SOURCE = r"""
template <class T> __global__ void reverse(const T* x, T* y, long long n, double by) {
    __shared__ T tile[64];
    extern __shared__ double more[];
    long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x;
    tile[threadIdx.x] = i < n ? x[i] : T(0);
    more[threadIdx.x] = by;
    __syncthreads();
    if (i < n) y[i] = T(tile[63 - threadIdx.x] * more[63 - threadIdx.x]);
}
extern "C" __global__ void lanes(int* sum, int* first, unsigned* odd, int* up) {
    int lane = threadIdx.x % 32, s = threadIdx.x;
    for (int by = 16; by; by /= 2) s += __shfl_xor_sync(0xffffffffu, s, by);
    sum[threadIdx.x] = s;
    first[threadIdx.x] = __shfl_sync(0xffffffffu, threadIdx.x, 0, 8);
    odd[threadIdx.x] = __ballot_sync(0xffffffffu, lane % 2);
    up[threadIdx.x] = __shfl_up_sync(0xffffffffu, lane, 1);
}
extern "C" __global__ void counts(int* within, unsigned long long* total) {
    int n = __syncthreads_count(threadIdx.x % 3 == 0);
    within[threadIdx.x] = n;
    atomicAdd(total, 1ull);
}
extern "C" __global__ void found(float* y) {
    __shared__ float tile[8];
    y[threadIdx.x] = tile[threadIdx.x];
}
extern "C" __global__ void no_barrier(int* y) {
    __shared__ int tile[64];
    tile[threadIdx.x] = threadIdx.x;
    y[threadIdx.x] = tile[63 - threadIdx.x];
}
extern "C" __global__ void divergent(int* y) {
    if (threadIdx.x < 32) __syncthreads();
    y[threadIdx.x] = 1;
}
extern "C" __global__ void two_barriers(int* y) {
    if (threadIdx.x < 32) {
        __syncthreads();
    } else {
        __syncthreads();
    }
}
extern "C" __global__ void half_a_warp(int* y) {
    if (threadIdx.x < 16) y[threadIdx.x] = __shfl_sync(0xffffffffu, 1, 0);
}
extern "C" __global__ void beyond(int* y) { y[threadIdx.x] = 1; }
"""


@pytest.fixture
def module(cupy: ModuleType) -> Any:
    return cupy.loader.Module(SOURCE, ["reverse<float>", "reverse<double>"])


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_share_memory_and_wait_for_each_other(
    module: Any, dtype: Any, order: str
) -> None:
    x = np.arange(100, dtype=dtype)
    y = np.zeros_like(x)
    name = {np.float32: "reverse<float>", np.float64: "reverse<double>"}[dtype]
    module.launch(name, (2,), (64,), (x, y, 100, 2.0), shared=512, order=order)
    padded = np.zeros(128)
    padded[:100] = x
    assert np.array_equal(y, 2 * padded.reshape(2, 64)[:, ::-1].ravel()[:100])


@pytest.mark.parametrize("order", ORDERS)
def test_lanes_exchange_values(module: Any, order: str) -> None:
    sums, first, up = (np.zeros(64, np.int32) for _ in range(3))
    odd = np.zeros(64, np.uint32)
    module.launch("lanes", (1,), (64,), (sums, first, odd, up), order=order)
    lane = np.arange(32)
    assert np.array_equal(sums, np.repeat([496, 496 + 1024], 32))
    assert np.array_equal(first, np.arange(64) // 8 * 8)
    assert (odd == 0xAAAAAAAA).all()
    assert np.array_equal(up, np.tile(np.maximum(lane - 1, 0), 2))


@pytest.mark.parametrize("order", ORDERS)
def test_barriers_count_and_atomics_add(module: Any, order: str) -> None:
    within, total = np.zeros(64, np.int32), np.zeros(1, np.uint64)
    module.launch("counts", (5,), (64,), (within, total), order=order)
    assert (within == 22).all()
    assert total[0] == 5 * 64


def test_shared_memory_begins_as_nonsense(module: Any) -> None:
    y = np.zeros(8, np.float32)
    module.launch("found", (1,), (8,), (y,))
    assert np.isnan(y).all()


def test_a_missing_barrier_shows_in_some_order(module: Any) -> None:
    right = []
    for order in ORDERS:
        y = np.zeros(64, np.int32)
        module.launch("no_barrier", (1,), (64,), (y,), order=order)
        right.append(np.array_equal(y, np.arange(64)[::-1]))
    assert not all(right)


@pytest.mark.parametrize("kernel", ["divergent", "two_barriers", "half_a_warp"])
def test_a_divergent_barrier_is_an_error(
    cupy: ModuleType, module: Any, kernel: str
) -> None:
    with pytest.raises(cupy.loader.EmulationError, match="divergent barrier"):
        module.launch(kernel, (1,), (64,), (np.zeros(64, np.int32),))


def test_a_write_beyond_an_array_is_an_error(cupy: ModuleType, module: Any) -> None:
    with pytest.raises(cupy.loader.EmulationError, match="beyond argument 0"):
        module.launch("beyond", (1,), (64,), (np.zeros(63, np.int32),))


def test_a_write_to_a_constant_array_is_an_error(cupy: ModuleType, module: Any) -> None:
    y = np.zeros(64, np.int32)
    y.flags.writeable = False
    with pytest.raises(cupy.loader.EmulationError, match="writes to argument 0"):
        module.launch("beyond", (1,), (64,), (y,))


def test_a_grid_that_no_device_has_is_an_error(cupy: ModuleType, module: Any) -> None:
    with pytest.raises(cupy.loader.EmulationError, match="no device"):
        module.launch("beyond", (1, 65536), (64,), (np.zeros(64, np.int32),))


def test_arguments_of_the_wrong_type_are_an_error(module: Any) -> None:
    x = np.zeros(64)
    for args, message in (
        ((x, x, 64), "takes 4 arguments"),
        ((x, x, np.int32(64), 1.0), "argument 2 is i4, not i8"),
        ((x.astype(np.float32), x, 64, 1.0), r"argument 0 is \*f4, not \*f8"),
        ((x, x[::2], 64, 1.0), "argument 1 is not contiguous"),
    ):
        with pytest.raises(TypeError, match=message):
            module.launch("reverse<double>", (1,), (64,), args, shared=512)


def test_a_source_that_does_not_compile_says_so(cupy: ModuleType) -> None:
    with pytest.raises(cupy.loader.CompilationError, match="undeclared"):
        cupy.loader.Module(
            'extern "C" __global__ void k(int* y) { y[0] = undeclared; }'
        )


def test_an_index_that_loses_bits_is_an_error(cupy: ModuleType) -> None:
    code = 'extern "C" __global__ void k(int* y, long long n) {{ {} i = n; y[i] = 0; }}'
    cupy.loader.Module(code.format("long long"))
    with pytest.raises(cupy.loader.NarrowingError, match="to 'int'"):
        cupy.loader.Module(code.format("int"))


def test_the_device_keeps_its_arrays(cupy: ModuleType) -> None:
    array = cupy.asarray(np.arange(3.0))
    for read in (float, int, bool):
        with pytest.raises(cupy.HostTransferError):
            read(array[0])
    with pytest.raises(TypeError, match="NumPy array meets"):
        array + np.arange(3.0)
    assert isinstance(array + 1, cupy.ndarray)
    assert type(array.get()) is np.ndarray
