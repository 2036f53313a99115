// Distances to the hyperplane <w, x> + b = 0, free and in a box, and the smallest steps.
//
// `plane` prepares what all rows share. `margins` and `boxed` then give each row of X to
// a team of threads: 1 to 32 neighbours of a warp, or the whole block if a row is long.
// Sums are float64 in a fixed tree, so a result depends on nothing but its row.

namespace {

constexpr int THREADS = 256, WARP = 32, WARPS = THREADS / WARP;
constexpr int NEWTON = 24;  // steps of Newton's iteration before the bisection helps
constexpr double LATEST = 1.7976931348623157e308;

struct Sum {
    __device__ double operator()(double a, double b) const { return a + b; }
};
struct Largest {
    __device__ double operator()(double a, double b) const { return a > b ? a : b; }
};

struct Team {
    int lanes, lane;
    unsigned mask;   // of the lanes of this warp that are in the team
    double* parts;   // of WARPS, shared by the block
};

__device__ Team team_of(int lanes, double* parts) {
    int inside = lanes < WARP ? lanes : WARP;
    unsigned first = threadIdx.x % WARP / inside * inside;
    unsigned mask = inside == WARP ? ~0u : ((1u << inside) - 1u) << first;
    return {lanes, int(threadIdx.x) % lanes, mask, parts};
}

// Combine the values of a team's threads; all receive the same bits.
template <class Combine>
__device__ double all(const Team& team, double value, Combine combine) {
    for (int step = min(team.lanes, WARP) / 2; step > 0; step /= 2)
        value = combine(value, __shfl_xor_sync(team.mask, value, step));
    if (team.lanes > WARP) {
        __syncthreads();  // until the last result has been read
        if (threadIdx.x % WARP == 0) team.parts[threadIdx.x / WARP] = value;
        __syncthreads();
        value = team.parts[0];
        for (int warp = 1; warp < WARPS; ++warp)
            value = combine(value, team.parts[warp]);
    }
    return value;
}

// Return the sum of the values of the threads before this one, and set `total`.
__device__ double before(const Team& team, double value, double& total) {
    double upto = value;
    for (int step = 1; step < min(team.lanes, WARP); step *= 2) {
        double other = __shfl_up_sync(team.mask, upto, step, min(team.lanes, WARP));
        if (team.lane % WARP >= step) upto = other + upto;
    }
    int inside = min(team.lanes, WARP);
    double previous = __shfl_up_sync(team.mask, upto, 1, inside);
    if (team.lane % WARP == 0) previous = 0.0;
    total = __shfl_sync(team.mask, upto, inside - 1, inside);
    if (team.lanes > WARP) {
        __syncthreads();
        if (threadIdx.x % WARP == 0) team.parts[threadIdx.x / WARP] = total;
        __syncthreads();
        double carry = 0.0;
        for (int warp = 0; warp < int(threadIdx.x) / WARP; ++warp)
            carry += team.parts[warp];
        previous = carry + previous;
        total = 0.0;
        for (int warp = 0; warp < WARPS; ++warp) total += team.parts[warp];
    }
    return previous;
}

template <class T>
__device__ double value_at(const Team& team, const T* x, const double* w,
                           const double* scalars, Index d) {
    double sum = 0.0;
    for (Index j = team.lane; j < d; j += team.lanes) sum = fma(double(x[j]), w[j], sum);
    return all(team, sum, Sum()) + scalars[0];
}

__device__ double sign(double value) { return double((value > 0.0) - (value < 0.0)); }

// How far coordinate j may go towards the hyperplane from x, where f(x) = `value`.
template <class T>
__device__ double room_of(const T* x, const double* w, const double* lower,
                          const double* upper, double value, Index j) {
    if (w[j] == 0.0) return 0.0;
    return (w[j] > 0.0) == (value > 0.0) ? double(x[j]) - lower[j]
                                         : upper[j] - double(x[j]);
}

}  // namespace

// One block. Divides w and b by a power of two near max|w_i| (`scaled`; scalars: b, the
// two factors of the power, |w|_q), finds the u with |u|_p = 1 and <u, w> = |w|_q, and
// the speeds |w_i|^{q-1} of the coordinates on their way to the hyperplane.
__global__ void __launch_bounds__(256, 2)
plane(const double* __restrict__ w, double b, double p, Index d,
      double* __restrict__ scaled, double* __restrict__ unit,
      double* __restrict__ speed, double* __restrict__ scalars) {
    __shared__ double parts[WARPS];
    const Team team = team_of(THREADS, parts);
    double largest = 0.0;
    for (Index j = team.lane; j < d; j += THREADS)
        largest = Largest()(largest, fabs(w[j]));
    largest = all(team, largest, Largest());
    int exponent = 0, of_b = 0;
    if (largest > 0.0) frexp(largest, &exponent);
    if (b != 0.0) {  // so large an offset must not overflow
        frexp(b, &of_b);
        exponent = max(exponent, of_b - 1000);
    }
    largest = ldexp(largest, -exponent);

    const double q = p / (p - 1.0);  // of no use for p = 1 and infinity
    const bool taxicab = p == 1.0, uniform = isinf(p);
    double sum = 0.0, first = double(d);
    for (Index j = team.lane; j < d; j += THREADS) {
        scaled[j] = ldexp(w[j], -exponent);
        double size = largest > 0.0 ? fabs(scaled[j]) / largest : 0.0;
        if (size == 1.0) first = min(first, double(j));
        sum += uniform ? size : p == 2.0 ? size * size : size > 0.0 ? pow(size, q) : 0.0;
    }
    sum = all(team, sum, Sum());
    first = -all(team, -first, Largest());
    const double ratio = taxicab   ? 1.0
                         : uniform ? sum
                         : p == 2.0 ? sqrt(sum)
                                    : pow(sum, 1.0 / q);
    for (Index j = team.lane; j < d; j += THREADS) {
        double size = largest > 0.0 ? fabs(scaled[j]) / largest : 0.0;
        double length = 0.0, rate = 0.0;
        if (taxicab) {
            length = double(j) == first;
        } else if (size > 0.0) {
            length = uniform ? 1.0 : p == 2.0 ? size / ratio : pow(size / ratio, q - 1.0);
            rate = uniform ? 1.0 : p == 2.0 ? size : pow(size, q - 1.0);
        }
        unit[j] = length * sign(scaled[j]);
        speed[j] = rate;
    }
    if (threadIdx.x == 0) {
        scalars[0] = ldexp(b, -exponent);
        scalars[1] = ldexp(1.0, exponent / 2);
        scalars[2] = ldexp(1.0, exponent - exponent / 2);
        scalars[3] = largest * (largest > 0.0 ? ratio : 0.0);
    }
}

// Sort the coordinates by falling |w_i|, equal ones by their index: each finds its place
// by comparing itself with all.
__global__ void __launch_bounds__(256)
ranks(const double* __restrict__ w, Index d, Index* __restrict__ order) {
    __shared__ double sizes[THREADS];
    const Index j = blockIdx.x * Index(THREADS) + threadIdx.x;
    const double own = j < d ? fabs(w[j]) : 0.0;
    Index place = 0;
    for (Index first = 0; first < d; first += THREADS) {
        __syncthreads();
        if (first + threadIdx.x < d) sizes[threadIdx.x] = fabs(w[first + threadIdx.x]);
        __syncthreads();
        const int count = int(min(d - first, Index(THREADS)));
        for (int k = 0; k < count; ++k)
            place += sizes[k] > own || (sizes[k] == own && first + k < j);
    }
    if (j < d) order[place] = j;
}

// Margins, distances and, if `steps`, the smallest steps, in one pass over X.
template <class T>
__global__ void __launch_bounds__(256, 2)
margins(const T* __restrict__ X, const double* __restrict__ scaled,
        const double* __restrict__ unit, const double* __restrict__ scalars,
        Index n, Index d, Index lanes, bool steps,
        T* __restrict__ margin, T* __restrict__ distance, T* __restrict__ delta) {
    __shared__ double parts[WARPS];
    const Team team = team_of(int(lanes), parts);
    const Index teams = THREADS / lanes, stride = teams * gridDim.x;
    for (Index i = blockIdx.x * teams + threadIdx.x / lanes; i < n; i += stride) {
        double value = value_at(team, X + i * d, scaled, scalars, d);
        double length = value == 0.0 ? 0.0 : fabs(value) / scalars[3];
        if (team.lane == 0) {
            margin[i] = T(value * scalars[1] * scalars[2]);
            distance[i] = T(length);
        }
        if (!steps) continue;
        double step = isinf(length) ? 0.0 : -sign(value) * length;
        for (Index j = team.lane; j < d; j += lanes)
            delta[i * d + j] = T(step * unit[j] + 0.0);  // no -0
    }
}

namespace {

// Return t with sum_j size_j min(room_j, t speed_j) = goal, known to exist: Newton's
// iteration from 0 on a concave, piecewise linear function. It ends on the root's piece.
template <class Room>
__device__ double time_to(const Team& team, double goal, const double* w,
                          const double* speed, Index d, const Room& room) {
    double gained = 0.0, rate = 0.0;  // of those at their end, and of the others
    auto look = [&](double t) {
        gained = rate = 0.0;
        for (Index j = team.lane; j < d; j += team.lanes) {
            double size = fabs(w[j]), most = room(j);
            bool ended = most <= t * speed[j];
            gained += ended ? size * most : 0.0;
            rate += ended ? 0.0 : size * speed[j];
        }
        gained = all(team, gained, Sum());
        rate = all(team, rate, Sum());
    };
    double low = 0.0, high = LATEST;
    look(low);
    for (int steps = 1; rate > 0.0; ++steps) {
        double t = (goal - gained) / rate;
        if (!(t > low)) break;
        look(low = t);
        if (steps <= NEWTON) continue;
        double middle = sqrt(low) * sqrt(high);
        if (!(low < middle && middle < high)) continue;
        double held = gained, held_rate = rate;
        look(middle);
        if (gained + middle * rate < goal) {
            low = middle;
        } else {
            high = middle;
            gained = held;
            rate = held_rate;
        }
    }
    return low;
}

}  // namespace

// The same with lower <= x + delta <= upper. Where the hyperplane misses the box, the
// distance is infinite and the step 0. `order` lists the coordinates by falling |w_i|, as
// they are used up at p = 1; it is not read for other p.
template <class T>
__global__ void __launch_bounds__(256, 2)
boxed(const T* __restrict__ X, const double* __restrict__ scaled,
      const double* __restrict__ speed, const double* __restrict__ scalars,
      const double* __restrict__ lower, const double* __restrict__ upper,
      const Index* __restrict__ order, double p, Index n, Index d,
      Index lanes, T* __restrict__ margin, T* __restrict__ distance,
      T* __restrict__ delta) {
    __shared__ double parts[WARPS];
    const Team team = team_of(int(lanes), parts);
    const Index teams = THREADS / lanes, stride = teams * gridDim.x;
    for (Index i = blockIdx.x * teams + threadIdx.x / lanes; i < n; i += stride) {
        const T* x = X + i * d;
        const double value = value_at(team, x, scaled, scalars, d), goal = fabs(value);
        auto room = [&](Index j) {
            return room_of(x, scaled, lower, upper, value, j);
        };
        double gain = 0.0;
        for (Index j = team.lane; j < d; j += lanes) {
            if (scaled[j] != 0.0) gain += fabs(scaled[j]) * room(j);
        }
        gain = all(team, gain, Sum());
        const bool reached = gain >= goal, moves = reached && goal > 0.0;
        const double time = moves && p != 1.0
            ? time_to(team, goal, scaled, speed, d, room) : 0.0;

        // Show the step of each coordinate to `use`: computed anew each time, since there
        // is no room for d numbers.
        auto visit = [&](auto use) {
            double used = 0.0;
            for (Index first = 0; first < d; first += lanes) {
                Index k = first + team.lane, j = k < d && p == 1.0 ? order[k] : k;
                double size = k < d ? fabs(scaled[j]) : 0.0;
                double most = size > 0.0 ? room(j) : 0.0, step = 0.0;
                if (p == 1.0) {
                    double total;
                    double left = goal - used - before(team, size * most, total);
                    used += total;
                    if (size > 0.0 && left > 0.0) step = min(most, left / size);
                } else if (size > 0.0) {
                    step = min(most, time * speed[j]);
                }
                if (k < d) use(j, moves ? step : 0.0);
            }
        };
        double longest = 0.0, sum = 0.0;
        visit([&](Index, double step) { longest = Largest()(longest, step); });
        longest = all(team, longest, Largest());
        double length = longest;
        if (longest > 0.0 && !isinf(longest) && !isinf(p)) {
            visit([&](Index, double step) {
                double part = step / longest;
                // part^p, of error p |log part| part^p <= 1/e units in the last place of
                // the largest; a call of pow would spill registers.
                sum += p == 1.0 ? part : p == 2.0 ? part * part : exp(p * log(part));
            });
            sum = all(team, sum, Sum());
            length *= p == 1.0 ? sum : p == 2.0 ? sqrt(sum) : exp(log(sum) / p);
        }
        const double direction = isinf(length) ? 0.0 : -sign(value);
        visit([&](Index j, double step) {
            delta[i * d + j] = T(step > 0.0 ? direction * sign(scaled[j]) * step : 0.0);
        });
        if (team.lane == 0) {
            margin[i] = T(value * scalars[1] * scalars[2]);
            distance[i] = T(reached || goal == 0.0 ? length : infinity());
        }
    }
}
