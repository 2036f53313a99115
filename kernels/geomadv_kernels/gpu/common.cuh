// What the kernels share. There are no headers: NVRTC has none.

typedef long long Index;  // of a point, and of a coordinate of a point: 64 bits

__device__ __forceinline__ double infinity() {
    return __longlong_as_double(0x7ff0000000000000LL);
}

__device__ __forceinline__ double not_a_number() {
    return __longlong_as_double(0x7ff8000000000000LL);
}
