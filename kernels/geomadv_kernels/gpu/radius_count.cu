// How many points lie within each of several radii: radius_limits turns radii to limits of
// s, radius_order sorts these, radius_count counts for each query, enlargement_count counts the queries.
#include "pairs.cuh"

constexpr int RADII = 32;  // that are counted at a time

typedef unsigned long long Count;

__device__ __forceinline__ double neighbour(double x, int step) {
    return __longlong_as_double(__double_as_longlong(x) + step);
}

// limits[e] = the largest s whose distance is at most eps[e]; -1 where there is none.
template <int METRIC>
__global__ void radius_limits(const double* eps, Index count, double* limits) {
    constexpr double LARGEST = 0x1.fffffffffffffp1023;
    Index e = Index(blockIdx.x) * blockDim.x + threadIdx.x;
    if (e >= count) return;
    double r = eps[e], s = r;
    if (METRIC == L2 && r >= 0.0 && r < infinity()) {
        s = fmin(__dmul_rn(r, r), LARGEST);
        while (__dsqrt_rn(s) > r) s = neighbour(s, -1);
        while (s < LARGEST && __dsqrt_rn(neighbour(s, 1)) <= r) s = neighbour(s, 1);
    }
    limits[e] = r >= 0.0 ? fabs(s) : -1.0;
}

// sorted: the limits, each section of them in ascending order. place: where each is.
extern "C" __global__ void radius_order(const double* limits, Index count, Index section,
                                        double* sorted, Index* place) {
    Index e = Index(blockIdx.x) * blockDim.x + threadIdx.x;
    if (e >= count) return;
    double own = limits[e];
    Index first = e / section * section, last = min(first + section, count);
    Index before = first;
    for (Index f = first; f < last; ++f)
        before += limits[f] < own || (limits[f] == own && f < e);
    sorted[before] = own;
    place[e] = before;
}

template <class T> struct Radii {
    double limit[RADII];               // in ascending order
    T inside[RADII], outside[RADII];   // where the estimate decides
    unsigned within[ROWS][RADII];      // how many are within it and no smaller radius
};

// Add the lanes' points j to the bins that they belong to.
template <class T, int METRIC, bool TORUS>
__device__ void place(const Pairs<T>& pairs, Index i, Index j, T estimated,
                                   const Radii<T>& radii, int count, unsigned* within) {
    int e = 0;
    while (e < count && estimated > radii.outside[e]) ++e;
    if (e < count && !(estimated <= radii.inside[e])) {
        double s = defined<T, METRIC, TORUS>(pairs, i, j);
        while (e < count && !(s <= radii.limit[e])) ++e;
    }
    if (e < count) atomicAdd(within + e, 1u);
}

// limits: (radii,), those of a pass ascending. counts: (n, radii), zero. Block (a, b, c)
// compares 64 queries with share b of the points, of fewer than 2^32, at the RADII radii
// of pass c from `begin`.
template <class T, int METRIC, bool TORUS>
__global__ void __launch_bounds__(THREADS, 2)
    radius_count(const T* __restrict__ X, const T* __restrict__ Y, Index n, Index m,
                 Index d, double period, const double* __restrict__ limits, Index radii,
                 Index begin, Index share, Count* counts) {
    __shared__ Scratch<T> scratch;
    __shared__ Radii<T> at;
    const Pairs<T> pairs = {X, Y, n, m, d, period};
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    Index row = Index(blockIdx.x) * ROWS, own = row + warp * QUERIES;
    int queries = int(max(Index(0), min(Index(QUERIES), n - own)));
    Index first = Index(blockIdx.y) * share, last = min(first + share, m);
    Index start = begin + Index(blockIdx.z) * RADII;
    int count = int(min(Index(RADII), radii - start));
    if (threadIdx.x < count) {
        double limit = limits[start + threadIdx.x];
        at.limit[threadIdx.x] = limit;
        at.inside[threadIdx.x] = below<T>(limit, d);
        at.outside[threadIdx.x] = limit < 0.0 ? T(-1) : above<T>(limit, d);
    }
    for (int i = threadIdx.x; i < ROWS * RADII; i += THREADS)
        at.within[i / RADII][i % RADII] = 0;
    __syncthreads();
    T inside = at.inside[0], outside = at.outside[count - 1];

    unsigned innermost[QUERIES] = {};  // within the smallest radius, by the estimate
    for (Index column = first; column < last; column += COLUMNS<T>) {
        T s[QUERIES][POINTS<T>];
        estimate<T, METRIC, TORUS>(s, scratch.tiles, pairs, row, column, last);
        bool any = false;
#pragma unroll
        for (int q = 0; q < QUERIES; ++q)
#pragma unroll
            for (int p = 0; p < POINTS<T>; ++p) {
                bool there = q < queries && column + lane + 32 * p < last;
                bool surely = s[q][p] <= inside;
                innermost[q] += there && surely;
                any |= there && !surely && !(s[q][p] > outside);
            }
        if (!__syncthreads_or(any)) continue;
        stash(s, scratch.s[warp]);
#pragma unroll 1
        for (int q = 0; q < queries; ++q)
#pragma unroll 1
            for (int p = 0; p < POINTS<T>; ++p) {
                Index j = column + lane + 32 * p;
                T estimated = scratch.s[warp][q][p][lane];
                if (j < last && !(estimated <= inside) && !(estimated > outside))
                    place<T, METRIC, TORUS>(pairs, own + q, j, estimated, at, count,
                                            at.within[warp * QUERIES + q]);
            }
    }
#pragma unroll
    for (int q = 0; q < QUERIES; ++q) {
        unsigned* within = at.within[warp * QUERIES + q];
        __syncwarp();
        atomicAdd(within, innermost[q]);
        __syncwarp();
        unsigned sum = within[lane];  // becomes that of lanes 0 to lane
#pragma unroll
        for (int by = 1; by < 32; by *= 2) {
            unsigned other = __shfl_up_sync(ALL, sum, by);
            if (lane >= by) sum += other;
        }
        if (lane < count && q < queries)
            atomicAdd(counts + (own + q) * radii + start + lane, Count(sum));
    }
}

// best, who: (n,), the smallest s of each query and whose, -1 where there is no point.
// counts: (radii,), zero.
extern "C" __global__ void enlargement_count(const double* best, const Index* who, Index n,
                                             const double* limits, Index radii,
                                             Count* counts) {
    Index i = Index(blockIdx.x) * blockDim.x + threadIdx.x;
    double s = not_a_number();
    if (i < n) s = who[i] < 0 ? infinity() : best[i];
    for (Index e = 0; e < radii; ++e) {
        int within = __syncthreads_count(s <= limits[e]);
        if (threadIdx.x == 0 && within > 0) atomicAdd(counts + e, Count(within));
    }
}
