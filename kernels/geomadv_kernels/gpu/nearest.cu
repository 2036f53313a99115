// The k nearest points: nearest_scan keeps a sorted list for each query and each share of
// the points, nearest_merge makes one list of those of a query.
//
// A list is k values of s with the indices of their points, in global memory, owned by
// one warp. It is padded with NaN and -1. The points come in the order of their indices,
// so that one with the s of another in the list belongs after it.
#include "pairs.cuh"

__device__ __forceinline__ bool enters(double s, double last) {
    return s < last || last != last;
}

// Insert (s, j), to be called by a whole warp; return the new last entry.
__device__ double insert(double* best, Index* who, Index k, double s, Index j) {
    int lane = threadIdx.x % 32;
    for (Index base = (k - 1) / 32 * 32; base >= 0; base -= 32) {
        Index i = base + lane;
        bool moves = i < k && enters(s, best[i]);
        bool left = moves && i > 0 && enters(s, best[i - 1]);
        double value = left ? best[i - 1] : s;
        Index name = left ? who[i - 1] : j;
        __syncwarp();
        if (moves) {
            best[i] = value;
            who[i] = name;
        }
        if (!__any_sync(ALL, lane == 0 && left)) break;
    }
    __syncwarp();
    return best[k - 1];
}

// Insert those of the lanes' points j that belong in the list of query i. To be called by
// a whole warp; returns the last entry of the list.
template <class T, int METRIC, bool TORUS>
__device__ double consider(const Pairs<T>& pairs, Index i, Index j,
                                        bool likely, double* best, Index* who, Index k) {
    double last = best[k - 1];
    double s = likely ? defined<T, METRIC, TORUS>(pairs, i, j) : 0.0;
    unsigned lanes = __ballot_sync(ALL, likely && enters(s, last));
    for (; lanes; lanes &= lanes - 1) {
        int lane = __ffs(lanes) - 1;
        double one = __shfl_sync(ALL, s, lane);
        Index name = __shfl_sync(ALL, j, lane);
        if (enters(one, last)) last = insert(best, who, k, one, name);
    }
    return last;
}

// best, who: (shares, n, k). Block (a, b) compares 64 queries with share b of the points.
template <class T, int METRIC, bool TORUS>
__global__ void __launch_bounds__(THREADS, 2)
    nearest_scan(const T* __restrict__ X, const T* __restrict__ Y, Index n, Index m,
                 Index d, double period, Index k, Index share, double* best, Index* who) {
    __shared__ Scratch<T> scratch;
    __shared__ T bound[ROWS];  // of the estimates that may belong in the list
    const Pairs<T> pairs = {X, Y, n, m, d, period};
    int warp = threadIdx.x / 32, lane = threadIdx.x % 32;
    Index row = Index(blockIdx.x) * ROWS, own = row + warp * QUERIES;
    int queries = int(max(Index(0), min(Index(QUERIES), n - own)));
    Index first = Index(blockIdx.y) * share, last = min(first + share, m);
    Index list = (Index(blockIdx.y) * n + own) * k;  // of the warp's first query
    for (Index r = lane; r < queries * k; r += 32) {
        best[list + r] = not_a_number();
        who[list + r] = -1;
    }
    if (lane < QUERIES)
        bound[warp * QUERIES + lane] = lane < queries ? T(infinity()) : T(-1);
    __syncwarp();

    for (Index column = first; column < last; column += COLUMNS<T>) {
        T s[QUERIES][POINTS<T>];
        estimate<T, METRIC, TORUS>(s, scratch.tiles, pairs, row, column, last);
        bool any = false;
#pragma unroll
        for (int q = 0; q < QUERIES; ++q)
#pragma unroll
            for (int p = 0; p < POINTS<T>; ++p)
                any |= !(s[q][p] > bound[warp * QUERIES + q]);
        if (!__syncthreads_or(any)) continue;
        stash(s, scratch.s[warp]);
#pragma unroll 1
        for (int q = 0; q < queries; ++q)
#pragma unroll 1
            for (int p = 0; p < POINTS<T>; ++p) {
                Index j = column + lane + 32 * p;
                T limit = bound[warp * QUERIES + q];
                bool likely = j < last && !(scratch.s[warp][q][p][lane] > limit);
                if (!__any_sync(ALL, likely)) continue;
                Index at = list + q * k;
                double t = consider<T, METRIC, TORUS>(pairs, own + q, j, likely,
                                                      best + at, who + at, k);
                if (lane == 0) bound[warp * QUERIES + q] = above<T>(t, d);
                __syncwarp();
            }
    }
}

// Merge the lists of each query into the first one. A warp for each query.
__device__ void merge(double* best, Index* who, Index n, Index k, Index shares, Index i) {
    double* list = best + i * k;
    double last = list[k - 1];
    for (Index b = 1; b < shares; ++b) {
        Index start = (b * n + i) * k;
        for (Index r = 0; r < k; ++r) {
            Index j = who[start + r];
            if (j < 0 || !enters(best[start + r], last)) break;
            last = insert(list, who + i * k, k, best[start + r], j);
        }
    }
}

// best, who: (shares, n, k), overwritten. distances, indices: (n, k).
template <class T, int METRIC>
__global__ void __launch_bounds__(THREADS, 2)
    nearest_merge(double* best, Index* who, Index n, Index k, Index shares, T* distances,
                  Index* indices) {
    Index i = Index(blockIdx.x) * WARPS + threadIdx.x / 32;
    if (i >= n) return;
    merge(best, who, n, k, shares, i);
    for (Index r = threadIdx.x % 32; r < k; r += 32) {
        double s = best[i * k + r];
        Index j = who[i * k + r];
        double distance = METRIC == L2 ? __dsqrt_rn(s) : s;
        distances[i * k + r] = T(j < 0 ? infinity() : distance);
        indices[i * k + r] = j;
    }
}
