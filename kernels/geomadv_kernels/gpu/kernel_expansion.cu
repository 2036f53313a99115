// f(x_i) = sum_j a_j k(x_i, y_j) for q columns of coefficients, and its gradients.
//
// A block of 256 threads has 64 rows of X and walks over tiles of Y. In each tile it
// - measures all pairs, from differences of coordinates, SLICE coordinates at a time;
// - turns the measures into weights k, which stay in registers, and sums them up;
// - with gradients, leaves the weights of x_i - y_j in shared memory and sums over the
//   tile, WIDE coordinates at a time: the coordinates are read twice, the measures
//   taken once.
// Within a tile sums have the type C of the arithmetic, from tile to tile float64, so the
// error does not grow with m. Where there are few rows, blockIdx.y shares out the points,
// and `finish` adds the parts in their order: no result depends on timing.

enum Kind { GAUSSIAN, LAPLACE, LAPLACIAN, POLYNOMIAL, INVERSE_MULTIQUADRIC, HILBERT };

namespace {

constexpr int THREADS = 256, SIDE = 16;      // a thread has row SIDE a + ty and column
constexpr int HIGH = 4, ROWS = HIGH * SIDE;  // SIDE b + tx of a tile
constexpr int SLICE = 16;                    // coordinates measured at a time
constexpr int COLUMNS = 4;                   // coefficients summed up at a time
constexpr int WIDE = 4 * SIDE;               // coordinates of gradients at a time
constexpr unsigned ALL = ~0u;

template <bool GRADIENT> constexpr int points = (GRADIENT ? 2 : 4) * SIDE;  // a tile

// The nearest point outweighs all others in HILBERT's kernel, the more so the larger the
// exponent: float would lose what float64 keeps. And the slope of LAPLACE's, 1 / r, has a
// range that no float holds.
template <class T, Kind K, bool GRADIENT> struct Arithmetic { typedef T Type; };
template <bool GRADIENT> struct Arithmetic<float, HILBERT, GRADIENT> {
    typedef double Type;
};
template <> struct Arithmetic<float, LAPLACE, true> { typedef double Type; };

// Kernels of the distance itself need it near 0 too. Where r^2 leaves the range, r is
// measured again with care, and r and x - y are scaled, so that 1/r stays finite.
template <class C> struct Range;
template <> struct Range<float> {
    static constexpr float least = 0x1p-90f;
};
template <> struct Range<double> {
    static constexpr double least = 0x1p-900;
};
constexpr double SCALE = 0x1p52, LARGEST = 0x1.fffffffffffffp1023;

template <Kind K> constexpr bool of_distance = K == LAPLACE || K == HILBERT;

// r `unit`, 0 only where x = y.
template <class T>
__device__ double careful_distance(const T* x, const T* y, Index d, double unit) {
    double largest = 0.0, sum = 0.0;
    for (Index l = 0; l < d; ++l)
        largest = max(largest, fabs(double(x[l]) - double(y[l])));
    if (largest == 0.0 || isinf(largest)) return largest;
    for (Index l = 0; l < d; ++l) {
        double delta = (double(x[l]) - double(y[l])) / largest;
        sum = fma(delta, delta, sum);
    }
    return min(LARGEST, largest * unit * sqrt(sum));
}

// The term of one coordinate in the measure of a pair: |x - y|^2, |x - y|_1 or <x, y>.
template <Kind K, class C> __device__ C term(C x, C y, C sum) {
    if (K == POLYNOMIAL) return fma(x, y, sum);
    C delta = x - y;
    return K == LAPLACIAN ? sum + fabs(delta) : fma(delta, delta, sum);
}

template <class C> __device__ C power(C base, Index exponent) {
    C result = 1;
    for (; exponent > 0; exponent /= 2) {
        if (exponent % 2) result *= base;
        base *= base;
    }
    return result;
}

// nearest / r, also where both are 0 or infinite.
template <class C> __device__ C ratio(C nearest, C r) {
    return r == nearest ? C(1) : nearest / r;
}

// HILBERT's weight relative to that of the nearest point.
template <class C> __device__ C falloff(C share, C exponent) {
    return share == C(1) ? C(1) : exp(exponent * log(share));
}

template <class C> struct Pair { C value, slope; };  // k, and the factor of `direction`

// The weights of a pair from its measure: r^2, |x - y|_1, <x, y>, or r, scaled if slopes
// are wanted. The slopes lack a constant, which `finish` supplies.
template <Kind K, class C>
__device__ Pair<C> weights(C s, C gamma, C coef0, Index degree, C unit) {
    if (K == POLYNOMIAL) {
        C base = fma(gamma, s, coef0);
        C below = degree > 0 ? power(base, degree - 1) : C(0);
        return {degree > 0 ? below * base : C(1), below};
    }
    if (K == INVERSE_MULTIQUADRIC) {
        C base = fma(gamma, s, C(1));
        C value = C(1) / (isinf(base) ? sqrt(gamma) * sqrt(s) : sqrt(base));
        return {value, value / base};
    }
    if (K == LAPLACE) {
        C value = exp(-(gamma / unit) * s);
        return {value, s > C(0) ? value / s : C(0)};
    }
    C value = exp(-gamma * s);
    return {value, value};
}

// The vector that a pair's slope multiplies, one coordinate of it.
template <Kind K, class C> __device__ C direction(C x, C y) {
    if (K == POLYNOMIAL) return y;
    C delta = x - y;
    if (of_distance<K>) return C(max(-LARGEST, min(LARGEST, delta * SCALE)));
    return K == LAPLACIAN ? C((delta > C(0)) - (delta < C(0))) : delta;
}

// Sum 16 values over 16 lanes: lane t gets the sum of all lanes' values[t].
template <class C> __device__ C transposed_sum(C (&values)[SIDE], int lane) {
#pragma unroll
    for (int half = SIDE / 2; half > 0; half /= 2) {
        const bool upper = lane & half;
#pragma unroll
        for (int k = 0; k < half; ++k) {
            C kept = upper ? values[k + half] : values[k];
            C given = upper ? values[k] : values[k + half];
            values[k] = kept + __shfl_xor_sync(ALL, given, half);
        }
    }
    return values[0];
}

}  // namespace

// Sums over the points [each * blockIdx.y, each * (blockIdx.y + 1)), `each` a multiple of
// a tile: sums (parts, n, Q), slopes (parts, n, Q, d). HILBERT has Q = q + 1 columns, the
// last of ones. Its weights are relative to that of the nearest point, at the distance
// `nearest` (scaled), and its slopes (x - y) / r^2 lack the factor nearest^-2.
template <class T, Kind K, bool GRADIENT>
__global__ void __launch_bounds__(256, 1)
expand(const T* __restrict__ X, const T* __restrict__ Y, const T* __restrict__ A,
       Index n, Index m, Index d, Index q, Index each, double gamma_, double coef0_,
       Index degree, double exponent_, double* __restrict__ sums,
       double* __restrict__ slopes, double* __restrict__ nearest) {
    typedef typename Arithmetic<T, K, GRADIENT>::Type C;
    constexpr int TILE = points<GRADIENT>, ACROSS = TILE / SIDE;
    constexpr int X_PITCH = ROWS + 1, Y_PITCH = TILE + 1;  // odd: no bank conflicts
    constexpr int MEASURE = SLICE * (X_PITCH + Y_PITCH);
    constexpr int SPACE = GRADIENT ? WIDE * Y_PITCH : MEASURE;
    constexpr int PULLS = GRADIENT ? ROWS * Y_PITCH : 1;
    static_assert(SPACE >= MEASURE, "one space serves both");
    __shared__ C space[SPACE];
    __shared__ C pulls[PULLS];
    C* const xs = space;
    C* const ys = space + SLICE * X_PITCH;

    const C gamma = C(gamma_), coef0 = C(coef0_), exponent = C(exponent_);
    const C unit = K == HILBERT || (K == LAPLACE && GRADIENT) ? C(SCALE) : C(1);
    const int tx = threadIdx.x % SIDE, ty = threadIdx.x / SIDE;
    const Index Q = K == HILBERT ? q + 1 : q;
    const Index row0 = Index(blockIdx.x) * ROWS, part = Index(blockIdx.y) * n;
    const Index begin = each * blockIdx.y, end = min(m, begin + each);
    const bool few_columns = Q <= COLUMNS, one_chunk = Q == 1 && d <= WIDE;

    auto coefficient = [&](Index j, Index c) {
        if (j >= end || c >= Q) return C(0);
        return c == q ? C(1) : C(A[j * q + c]);
    };
    auto row_of = [&](int a) { return row0 + SIDE * a + ty; };
    auto x_at = [&](Index i, Index l) {
        return l < d ? C(X[min(i, n - 1) * d + l]) : C(0);
    };
    auto y_at = [&](Index j, Index l) {
        return l < d ? C(Y[min(j, m - 1) * d + l]) : C(0);
    };

    C least[HIGH], rescale[HIGH], rescale_slope[HIGH];
    double sum = 0.0, slope[HIGH][WIDE / SIDE] = {};
#pragma unroll
    for (int a = 0; a < HIGH; ++a) {
        least[a] = C(infinity());
        rescale[a] = rescale_slope[a] = C(1);
    }

    for (Index tile = begin; tile < end; tile += TILE) {
        const bool opening = tile == begin, closing = tile + TILE >= end;

        C s[HIGH][ACROSS] = {};
        for (Index slice = 0; slice < d; slice += SLICE) {
            for (int r = ty; r < ROWS; r += SIDE)
                xs[tx * X_PITCH + r] = x_at(row0 + r, slice + tx);
            for (int r = ty; r < TILE; r += SIDE)
                ys[tx * Y_PITCH + r] = y_at(tile + r, slice + tx);
            __syncthreads();
            C within[HIGH][ACROSS] = {};
#pragma unroll
            for (int k = 0; k < SLICE; ++k) {
                C x[HIGH], y[ACROSS];
#pragma unroll
                for (int a = 0; a < HIGH; ++a) x[a] = xs[k * X_PITCH + SIDE * a + ty];
#pragma unroll
                for (int b = 0; b < ACROSS; ++b) y[b] = ys[k * Y_PITCH + SIDE * b + tx];
#pragma unroll
                for (int a = 0; a < HIGH; ++a)
#pragma unroll
                    for (int b = 0; b < ACROSS; ++b)
                        within[a][b] = term<K>(x[a], y[b], within[a][b]);
            }
#pragma unroll
            for (int a = 0; a < HIGH; ++a)
#pragma unroll
                for (int b = 0; b < ACROSS; ++b) s[a][b] += within[a][b];
            __syncthreads();
        }

        if (of_distance<K>) {
#pragma unroll
            for (int a = 0; a < HIGH; ++a)
#pragma unroll
                for (int b = 0; b < ACROSS; ++b) {
                    const Index i = row_of(a), j = tile + SIDE * b + tx;
                    const bool known = s[a][b] >= Range<C>::least && !isinf(s[a][b]);
                    if (i >= n || j >= end) s[a][b] = C(infinity());
                    else if (known) s[a][b] = sqrt(s[a][b]) * unit;
                    else s[a][b] = C(careful_distance(X + i * d, Y + j * d, d,
                                                      double(unit)));
                }
        }
        if (K == HILBERT) {
#pragma unroll
            for (int a = 0; a < HIGH; ++a) {
                C low = least[a];
#pragma unroll
                for (int b = 0; b < ACROSS; ++b) low = min(low, s[a][b]);
#pragma unroll
                for (int half = SIDE / 2; half > 0; half /= 2)
                    low = min(low, __shfl_xor_sync(ALL, low, half));
                const C share = ratio(low, least[a]);
                rescale[a] = falloff(share, exponent);
                rescale_slope[a] = rescale[a] * share * share;
                least[a] = low;
            }
        }

        C value[HIGH][ACROSS];
#pragma unroll
        for (int a = 0; a < HIGH; ++a)
#pragma unroll
            for (int b = 0; b < ACROSS; ++b) {
                Pair<C> w;
                if (K == HILBERT) {
                    const C share = ratio(least[a], s[a][b]);
                    w.value = falloff(share, exponent);
                    w.slope = s[a][b] > C(0) ? w.value * share * share : C(0);
                } else {
                    w = weights<K>(s[a][b], gamma, coef0, degree, unit);
                }
                const bool point = tile + SIDE * b + tx < end;
                value[a][b] = point ? w.value : C(0);
                if (GRADIENT)
                    pulls[(SIDE * a + ty) * Y_PITCH + SIDE * b + tx] =
                        point ? w.slope : C(0);
            }

        for (Index c = 0; c < Q; c += COLUMNS) {
            C terms[HIGH * COLUMNS] = {};
#pragma unroll
            for (int b = 0; b < ACROSS; ++b)
#pragma unroll
                for (int k = 0; k < COLUMNS; ++k) {
                    const C factor = coefficient(tile + SIDE * b + tx, c + k);
#pragma unroll
                    for (int a = 0; a < HIGH; ++a)
                        terms[COLUMNS * a + k] =
                            fma(value[a][b], factor, terms[COLUMNS * a + k]);
                }
            const C total = transposed_sum(terms, tx);
            C shrink = C(1);
#pragma unroll
            for (int a = 0; a < HIGH; ++a)
                if (tx / COLUMNS == a) shrink = rescale[a];
            const Index i = row_of(tx / COLUMNS), column = c + tx % COLUMNS;
            if (i >= n || column >= Q) continue;
            double* const place = sums + (part + i) * Q + column;
            if (!few_columns) sum = opening ? 0.0 : *place;
            sum = sum * double(shrink) + double(total);
            if (!few_columns || closing) *place = sum;
        }

        for (Index chunk = 0; GRADIENT && chunk < d; chunk += WIDE) {
            for (int r = threadIdx.x / WIDE; r < TILE; r += THREADS / WIDE) {
                const int l = threadIdx.x % WIDE;
                space[l * Y_PITCH + r] = y_at(tile + r, chunk + l);
            }
            __syncthreads();
            C x[HIGH][WIDE / SIDE];
#pragma unroll
            for (int a = 0; a < HIGH; ++a)
#pragma unroll
                for (int b = 0; b < WIDE / SIDE; ++b)
                    x[a][b] = x_at(row_of(a), chunk + SIDE * b + tx);
            for (Index c = 0; c < Q; ++c) {
                C within[HIGH][WIDE / SIDE] = {};
                for (int j = 0; j < TILE; ++j) {
                    const C factor = coefficient(tile + j, c);
                    C pull[HIGH];
#pragma unroll
                    for (int a = 0; a < HIGH; ++a)
                        pull[a] = pulls[(SIDE * a + ty) * Y_PITCH + j] * factor;
#pragma unroll
                    for (int b = 0; b < WIDE / SIDE; ++b) {
                        if (chunk + SIDE * b >= d) break;
                        const C y = space[(SIDE * b + tx) * Y_PITCH + j];
#pragma unroll
                        for (int a = 0; a < HIGH; ++a)
                            within[a][b] =
                                fma(pull[a], direction<K>(x[a][b], y), within[a][b]);
                    }
                }
#pragma unroll
                for (int a = 0; a < HIGH; ++a)
#pragma unroll
                    for (int b = 0; b < WIDE / SIDE; ++b) {
                        const Index i = row_of(a), l = chunk + SIDE * b + tx;
                        if (i >= n || l >= d) continue;
                        double* const place = slopes + ((part + i) * Q + c) * d + l;
                        double& total = slope[a][b];
                        if (!one_chunk) total = opening ? 0.0 : *place;
                        total = total * double(rescale_slope[a]) + double(within[a][b]);
                        if (!one_chunk || closing) *place = total;
                    }
            }
            __syncthreads();
        }
    }
#pragma unroll
    for (int a = 0; a < HIGH; ++a)
        if (K == HILBERT && tx == 0 && row_of(a) < n)
            nearest[part + row_of(a)] = double(least[a]);
}

// Add the parts: values (n, q) and, with `gradient`, gradients (n, q, d), which get the
// factor that their weights lack. A thread has one number of the result, or several.
template <class T, bool MEAN>
__global__ void __launch_bounds__(256)
finish(const double* __restrict__ sums, const double* __restrict__ slopes,
       const double* __restrict__ nearest, Index parts, Index n, Index d, Index q,
       double exponent, double factor, bool gradient, T* __restrict__ values,
       T* __restrict__ gradients) {
    const Index Q = MEAN ? q + 1 : q, each = gradient ? 1 + d : 1;
    const Index stride = Index(gridDim.x) * THREADS;
    for (Index k = Index(blockIdx.x) * THREADS + threadIdx.x; k < n * q * each;
         k += stride) {
        const Index place = k % each - 1, i = k / each / q, c = k / each % q;
        double least = infinity();
        for (Index p = 0; MEAN && p < parts; ++p) least = min(least, nearest[p * n + i]);
        double value = 0.0, all = 0.0, slope = 0.0, all_slope = 0.0;
        for (Index p = 0; p < parts; ++p) {
            const Index row = (p * n + i) * Q;
            double weight = 1.0, pull = 1.0;
            if (MEAN) {
                const double share = ratio(least, nearest[p * n + i]);
                weight = falloff(share, exponent);
                pull = weight * share * share;
                all += weight * sums[row + q];
            }
            value += weight * sums[row + c];
            if (place < 0) continue;
            slope += pull * slopes[(row + c) * d + place];
            if (MEAN) all_slope += pull * slopes[(row + q) * d + place];
        }
        if (MEAN) {
            value /= all;
            slope = (slope - value * all_slope) / all;
            // At a hit there is nothing to divide by, and the slopes are 0.
            if (least > 0.0) slope = slope / least * (SCALE / least);
        }
        slope *= factor;
        if (place < 0) values[i * q + c] = T(value);
        else gradients[(i * q + c) * d + place] = T(slope);
    }
}
