// Blocks of pairs: 64 queries X[i] against 32 POINTS points Y[j], estimated in registers.
//
// Results are those of the float64 definition in reference/nearest.py, to the bit, but
// few pairs are near a threshold. So each pair is first estimated in the precision T of
// the points, and what the estimate cannot decide is computed by definition.
//
// The estimate is a sum of differences. With u the unit roundoff of T, a difference has
// the relative error u, and 2u on a torus, where it is folded in float64: |delta| <= P
// becomes |delta| or P - |delta|, which agree to 2^-52 where the definition may take
// either. So the sum of d of them, or of their fused squares, has the relative error
// gamma_{d+4}, and the definition has that for float64. For w = (d + 4) u <= 1/4 both are
// at most 4w/3, and (1 + 4w/3) / (1 - 4w/3) <= 1 + 4w; the bounds below have 5w, for their
// own rounding. Underflow loses at most the smallest number of T in each coordinate.

constexpr int L2 = 0, L1 = 1;  // and any other number for linf
constexpr unsigned ALL = 0xffffffffu;

constexpr int WARPS = 8, THREADS = 32 * WARPS;
constexpr int QUERIES = 8;  // for each warp
constexpr int ROWS = WARPS * QUERIES;
constexpr int CHUNK = 16;  // coordinates in shared memory at a time
template <class T> constexpr int POINTS = sizeof(T) == 4 ? 4 : 2;  // for each lane
template <class T> constexpr int COLUMNS = 32 * POINTS<T>;

template <class T> struct Tiles {
    T x[CHUNK][ROWS + 1];
    T y[CHUNK][COLUMNS<T> + 1];
};

// The tiles make room for the estimates of a block where some of them need a second look.
template <class T> union Scratch {
    Tiles<T> tiles;
    T s[WARPS][QUERIES][POINTS<T>][32];
};

template <class T> struct Pairs {
    const T* X;  // (n, d)
    const T* Y;  // (m, d)
    Index n, m, d;
    double period;
};

__device__ __forceinline__ double unit(float) { return 0x1p-24; }
__device__ __forceinline__ double unit(double) { return 0x1p-53; }
__device__ __forceinline__ double smallest(float) { return 0x1p-149; }
__device__ __forceinline__ double smallest(double) { return 0x1p-1074; }

__device__ __forceinline__ float rounded_up(double x, float) {
    float near = float(x);
    return double(near) < x ? nextafterf(near, float(infinity())) : near;
}
__device__ __forceinline__ double rounded_up(double x, double) { return x; }

__device__ __forceinline__ float rounded_down(double x, float) {
    float near = float(x);
    return double(near) > x ? nextafterf(near, -float(infinity())) : near;
}
__device__ __forceinline__ double rounded_down(double x, double) { return x; }

// What the estimate does not exceed where s is at most t. No bound where t is NaN.
template <class T> __device__ T above(double t, Index d) {
    double w = double(d + 4) * unit(T());
    if (!(w <= 0.25) || t != t) return T(infinity());
    return rounded_up(t * (1.0 + 5.0 * w) + 2.0 * double(d + 1) * smallest(T()), T());
}

// What the estimate exceeds where s is more than t.
template <class T> __device__ T below(double t, Index d) {
    double w = double(d + 4) * unit(T());
    if (!(w <= 0.25)) return T(-1);
    double low = t * (1.0 - 5.0 * w) - 2.0 * double(d + 1) * smallest(T());
    return low > 0.0 ? rounded_down(low, T()) : T(-1);
}

template <class T, bool TORUS>
__device__ __forceinline__ T difference(T x, T y, double period) {
    if (!TORUS) return fabs(x - y);
    double delta = fabs(double(x) - double(y));
    if (delta > 0.5 * period)
        delta = delta <= period ? period - delta
                                : fabs(delta - period * rint(delta / period));
    return T(delta);
}

// s of X[i] and Y[j] by definition.
template <class T, int METRIC, bool TORUS>
__device__ double defined(const Pairs<T>& pairs, Index i, Index j) {
    const T* x = pairs.X + i * pairs.d;
    const T* y = pairs.Y + j * pairs.d;
    double s = 0.0;
    for (Index c = 0; c < pairs.d; ++c) {
        double delta = double(x[c]) - double(y[c]);
        if (TORUS) {
            double turns = rint(__ddiv_rn(delta, pairs.period));
            delta = __dadd_rn(delta, -__dmul_rn(pairs.period, turns));
        }
        if (METRIC == L2)
            s = __dadd_rn(s, __dmul_rn(delta, delta));
        else if (METRIC == L1)
            s = __dadd_rn(s, fabs(delta));
        else
            s = fmax(s, fabs(delta));
    }
    return s;
}

// Copy CHUNK coordinates of COUNT points, transposed; zeros where there are none.
template <class T, int COUNT>
__device__ void load(T (&tile)[CHUNK][COUNT + 1], const T* points, Index first,
                     Index last, Index d, Index from) {
    for (int i = threadIdx.x; i < CHUNK * COUNT; i += THREADS) {
        int c = i % CHUNK, p = i / CHUNK;
        bool there = first + p < last && from + c < d;
        tile[c][p] = there ? points[(first + p) * d + from + c] : T(0);
    }
}

// Estimate the pairs of queries from `row` and points from `column`. To be called by all
// threads of a block; lane l of warp w gets queries 8 w + q and points l + 32 p.
template <class T, int METRIC, bool TORUS>
__device__ __forceinline__ void estimate(T (&s)[QUERIES][POINTS<T>], Tiles<T>& tiles,
                                         const Pairs<T>& pairs, Index row, Index column,
                                         Index last) {
    int lane = threadIdx.x % 32, own = threadIdx.x / 32 * QUERIES;
#pragma unroll
    for (int q = 0; q < QUERIES; ++q)
#pragma unroll
        for (int p = 0; p < POINTS<T>; ++p) s[q][p] = T(0);
    for (Index from = 0; from < pairs.d; from += CHUNK) {
        __syncthreads();
        load<T, ROWS>(tiles.x, pairs.X, row, pairs.n, pairs.d, from);
        load<T, COLUMNS<T>>(tiles.y, pairs.Y, column, last, pairs.d, from);
        __syncthreads();
        int count = int(min(Index(CHUNK), pairs.d - from));
        for (int c = 0; c < count; ++c) {
            T y[POINTS<T>];
#pragma unroll
            for (int p = 0; p < POINTS<T>; ++p) y[p] = tiles.y[c][lane + 32 * p];
#pragma unroll
            for (int q = 0; q < QUERIES; ++q) {
                T x = tiles.x[c][own + q];
#pragma unroll
                for (int p = 0; p < POINTS<T>; ++p) {
                    T delta = difference<T, TORUS>(x, y[p], pairs.period);
                    if (METRIC == L2)
                        s[q][p] = fma(delta, delta, s[q][p]);
                    else if (METRIC == L1)
                        s[q][p] += delta;
                    else
                        s[q][p] = fmax(s[q][p], delta);
                }
            }
        }
    }
}

// Keep the estimates where they can be indexed, once all threads are done with the tiles.
template <class T>
__device__ __forceinline__ void stash(const T (&s)[QUERIES][POINTS<T>],
                                      T (&to)[QUERIES][POINTS<T>][32]) {
#pragma unroll
    for (int q = 0; q < QUERIES; ++q)
#pragma unroll
        for (int p = 0; p < POINTS<T>; ++p) to[q][p][threadIdx.x % 32] = s[q][p];
}
