// CUDA C++ for an ordinary compiler: what a kernel's source sees in place of nvcc's.
//
// cuda_on_cpu.cpp runs one block at a time, on one core, its threads as fibers that
// change only where they wait for each other. loader.py rewrites the declarations of
// shared arrays as calls of `emulator::shared` and `emulator::dynamic`.
#pragma once
#include <math.h>
#include <stdlib.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>

struct uint3 { unsigned x, y, z; };
struct dim3 { unsigned x = 1, y = 1, z = 1; };
struct alignas(8) float2 { float x, y; };
struct alignas(16) float4 { float x, y, z, w; };
struct alignas(16) double2 { double x, y; };
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
inline double2 make_double2(double x, double y) { return {x, y}; }

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __noinline__ __attribute__((noinline))
#define __restrict__ __restrict
#define __launch_bounds__(...)
#define __align__(n) alignas(n)
#define __constant__ static

namespace emulator {

struct Place { uint3 thread, block; dim3 threads, blocks; };

struct Launch {
    dim3 grid, block;
    uint64_t shared;  // bytes of dynamic shared memory
    int order;        // of blocks and threads: 0 forward, 1 reversed, 2 shuffled
    unsigned seed;
    int flush;        // subnormal numbers to zero
    char message[256];  // what went wrong
};

const Place& here();
void* dynamic();
void* block_memory(const void* tag, uint64_t size);  // the same for all threads
int barrier(int line, bool predicate);  // returns how many predicates hold
const uint64_t* exchange(unsigned mask, uint64_t value, int line);  // of the 32 lanes
void trap(const char* reason);
int run(void (*body)(void*), void* data, Launch&);

inline int lane() {
    const Place& p = here();
    return (p.thread.x + p.threads.x * (p.thread.y + p.threads.y * p.thread.z)) % 32;
}

template <class Array, int line> Array& shared() {
    static char tag;
    return *static_cast<Array*>(block_memory(&tag, sizeof(Array)));
}

template <class To, class From> To as(const From& value) {
    To out{};
    memcpy(&out, &value, sizeof(To) < sizeof(From) ? sizeof(To) : sizeof(From));
    return out;
}

// What lane `from` gave, or this lane where `from` is outside its segment of lanes.
template <class T> T shuffle(unsigned mask, T value, int from, int width, int line) {
    static_assert(sizeof(T) <= 8);
    int own = lane(), first = own / width * width;
    const uint64_t* all = exchange(mask, as<uint64_t>(value), line);
    return as<T>(all[from < first || from >= first + width ? own : from]);
}

template <class T, class F> T atomically(T* p, F change) {
    T old, next;
    __atomic_load(p, &old, __ATOMIC_RELAXED);
    do next = change(old);
    while (!__atomic_compare_exchange(p, &old, &next, false, __ATOMIC_RELAXED,
                                      __ATOMIC_RELAXED));
    return old;
}

// "f8" for double and "*i4" for a pointer to int, as NumPy names them.
template <class T> std::string code() {
    using U = std::remove_cv_t<std::remove_pointer_t<T>>;
    char kind = std::is_same_v<U, bool>       ? 'b'
                : std::is_floating_point_v<U> ? 'f'
                : std::is_signed_v<U>         ? 'i'
                                              : 'u';
    return (std::is_pointer_v<T> ? "*" : "") + (kind + std::to_string(sizeof(U)));
}

template <class... P> const char* signature(void (*)(P...)) {
    static const std::string text = ((code<P>() + " ") + ... + std::string());
    return text.c_str();
}

template <class... P, size_t... I>
int call(void (*kernel)(P...), void** args, Launch& how, std::index_sequence<I...>) {
    auto thread = [=] { kernel(*static_cast<std::remove_cv_t<P>*>(args[I])...); };
    auto body = [](void* data) { (*static_cast<decltype(thread)*>(data))(); };
    return run(body, &thread, how);
}

template <class... P>
int launch(void (*kernel)(P...), void** args, Launch& how) {
    return call(kernel, args, how, std::index_sequence_for<P...>());
}

}  // namespace emulator

#define EMULATOR_ENTRY(number, ...)                                     \
    extern "C" const char* signature_##number() {                       \
        return emulator::signature(__VA_ARGS__);                        \
    }                                                                   \
    extern "C" int entry_##number(void** args, emulator::Launch* how) { \
        return emulator::launch(__VA_ARGS__, args, *how);               \
    }

#define threadIdx (emulator::here().thread)
#define blockIdx (emulator::here().block)
#define blockDim (emulator::here().threads)
#define gridDim (emulator::here().blocks)
#define AT_LINE int line = __builtin_LINE()

constexpr int warpSize = 32;
inline void __trap() { emulator::trap("__trap()"); }
inline void __threadfence() {}
inline void __threadfence_block() {}

inline void __syncthreads(AT_LINE) { emulator::barrier(line, false); }
inline int __syncthreads_count(int p, AT_LINE) { return emulator::barrier(line, p); }
inline int __syncthreads_or(int p, AT_LINE) { return emulator::barrier(line, p) > 0; }
inline int __syncthreads_and(int p, AT_LINE) { return !emulator::barrier(line, !p); }

inline void __syncwarp(unsigned mask = ~0u, AT_LINE) {
    emulator::exchange(mask, 0, line);
}
inline unsigned __ballot_sync(unsigned mask, int predicate, AT_LINE) {
    const uint64_t* all = emulator::exchange(mask, predicate != 0, line);
    unsigned word = 0;
    for (int i = 0; i < 32; ++i) word |= unsigned(all[i] == 1) << i;
    return word;
}
inline int __any_sync(unsigned mask, int predicate, AT_LINE) {
    return __ballot_sync(mask, predicate, line) != 0;
}
inline int __all_sync(unsigned mask, int predicate, AT_LINE) {
    return __ballot_sync(mask, !predicate, line) == 0;
}
template <class T>
T __shfl_sync(unsigned mask, T value, int from, int width = 32, AT_LINE) {
    int first = emulator::lane() / width * width;
    return emulator::shuffle(mask, value, first + (from & (width - 1)), width, line);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned by, int width = 32, AT_LINE) {
    return emulator::shuffle(mask, value, emulator::lane() - int(by), width, line);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned by, int width = 32, AT_LINE) {
    return emulator::shuffle(mask, value, emulator::lane() + int(by), width, line);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int by, int width = 32, AT_LINE) {
    return emulator::shuffle(mask, value, emulator::lane() ^ by, width, line);
}
#undef AT_LINE

template <class A, class B> constexpr auto min(A a, B b) {
    using T = std::common_type_t<A, B>;
    if constexpr (std::is_floating_point_v<T>) return T(fmin(T(a), T(b)));
    else return T(a) < T(b) ? T(a) : T(b);
}
template <class A, class B> constexpr auto max(A a, B b) {
    using T = std::common_type_t<A, B>;
    if constexpr (std::is_floating_point_v<T>) return T(fmax(T(a), T(b)));
    else return T(a) > T(b) ? T(a) : T(b);
}

template <class T> T atomicAdd(T* p, T v) {
    return emulator::atomically(p, [v](T old) { return T(old + v); });
}
template <class T> T atomicMin(T* p, T v) {
    return emulator::atomically(p, [v](T old) { return v < old ? v : old; });
}
template <class T> T atomicMax(T* p, T v) {
    return emulator::atomically(p, [v](T old) { return v > old ? v : old; });
}
template <class T> T atomicOr(T* p, T v) {
    return emulator::atomically(p, [v](T old) { return T(old | v); });
}
template <class T> T atomicExch(T* p, T v) {
    return emulator::atomically(p, [v](T) { return v; });
}
template <class T> T atomicCAS(T* p, T expected, T v) {
    return emulator::atomically(p, [=](T old) { return old == expected ? v : old; });
}

template <class T> T __ldg(const T* p) { return *p; }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __clz(int x) { return x ? __builtin_clz(x) : 32; }
inline float __int_as_float(int x) { return emulator::as<float>(x); }
inline float __uint_as_float(unsigned x) { return emulator::as<float>(x); }
inline int __float_as_int(float x) { return emulator::as<int>(x); }
inline unsigned __float_as_uint(float x) { return emulator::as<unsigned>(x); }
inline double __longlong_as_double(long long x) { return emulator::as<double>(x); }
inline long long __double_as_longlong(double x) { return emulator::as<long long>(x); }
inline double __dadd_rn(double x, double y) { return x + y; }
inline double __dsub_rn(double x, double y) { return x - y; }
inline double __dmul_rn(double x, double y) { return x * y; }
inline double __ddiv_rn(double x, double y) { return x / y; }
inline double __dsqrt_rn(double x) { return sqrt(x); }
inline double __fma_rn(double x, double y, double z) { return fma(x, y, z); }
inline float __fadd_rn(float x, float y) { return x + y; }
inline float __fsub_rn(float x, float y) { return x - y; }
inline float __fmul_rn(float x, float y) { return x * y; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline float __fmaf_rn(float x, float y, float z) { return fmaf(x, y, z); }
inline float __double2float_rn(double x) { return float(x); }
inline double rsqrt(double x) { return 1.0 / sqrt(x); }
inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
