r"""Harper's theorem on {0, 1}^d, counted exactly in Python's integers.

Order the subsets x of {1, ..., d} (the points, by their support) by size, and sets of
one size lexicographically: x before y where the least element of their symmetric
difference lies in x. This is the simplicial order. Among all sets of N points its first
N, the initial segment, have the fewest points within one flip, and what they enlarge to
is again an initial segment (Harper 1966; Bollobas 1986, Combinatorics, section 16).
Hence they have the least t-enlargement for every t at once.

Counting. Let B_r = sum_{i <= r} C(d, i) be the size of a ball, B_r <= N < B_{r+1} and
m = N - B_r. The segment is the ball with the first m sets L of layer r + 1, so its
t-enlargement is the ball of radius r + t with the t-fold upper shadow of L in layer
r + t + 1. Taking complements and reversing {1, ..., d} turns the lexicographic order
into the colexicographic one, L into the first m sets of size k = d - r - 1, and upper
shadows into lower ones. Write m in its cascade (Kruskal 1963; Katona 1968)

    m = C(a_k, k) + C(a_{k-1}, k-1) + ... + C(a_s, s),
    a_k > a_{k-1} > ... > a_s >= s >= 1.

The term C(a_i, i) counts the sets F + {a_k + 1, ..., a_{i+1} + 1} with F of size i in
{1, ..., a_i}. Of its t-fold shadow, whatever misses one of the fixed elements lies in
the shadow of an earlier term, so the new sets are those with F of size i - t, and

    |t-enlargement| = B_{r+t} + sum_i C(a_i, i - t),   C(a, negative) = 0.

Summing over t, with B(n, j) = sum_{l <= j} C(n, l), the distances to the segment add up
to

    sum_{t >= 0} (2^d - |t-enlargement|)
        = sum_{j > r} (j - r) C(d, j) - sum_i B(a_i, i),

and sum_{j > r} (j - d/2) C(d, j) = (r + 1) C(d, r + 1) / 2, a telescoping sum.

Every binomial coefficient is reached from its neighbour by one multiplication and one
exact division, so that a count costs O(d) operations on d-bit integers.
"""

from bisect import bisect_left, bisect_right
from fractions import Fraction
from math import ceil, comb, exp, floor, frexp, inf, log, log1p

_LOG_2 = 0.6931471805599453


def ball_counts(d: int) -> list[int]:
    """Return the sizes of the balls of radius 0, ..., d.

    Examples
    --------
    >>> ball_counts(4)
    [1, 5, 11, 15, 16]
    """
    sizes, layer, total = [], 1, 0
    for radius in range(d + 1):
        total += layer
        sizes.append(total)
        layer = layer * (d - radius) // (radius + 1)
    return sizes


def log_fraction(count: int, d: int) -> float:
    """Return log(count / 2^d), to the last digits also where it is almost 0.

    Examples
    --------
    >>> round(log_fraction(1, 5000), 9)   # -5000 log 2
    -3465.7359028
    """
    if count == 0:
        return -inf
    total = 1 << d
    if 2 * count > total:
        return 0.0 + log1p(-((total - count) / total))
    shift = max(0, count.bit_length() - 64)
    mantissa, exponent = frexp(float(count >> shift))
    return log(mantissa) + (exponent + shift - d) * _LOG_2


def points_of_mass(mass: float, d: int) -> int:
    """Return ceil(mass 2^d), the double `mass` being an exact binary fraction."""
    return ceil(Fraction(mass) * (1 << d))


def points_of_log_mass(log_mass: float, d: int) -> int:
    """Return ceil(e^log_mass 2^d), to a relative error of |log_mass| 2e-16."""
    exponent = floor(log_mass / _LOG_2)
    mantissa = Fraction(exp(log_mass - exponent * _LOG_2))
    return min(ceil(mantissa * Fraction(2) ** (exponent + d)), 1 << d)


class InitialSegment:
    """The first points of {0, 1}^d in the simplicial order.

    Parameters
    ----------
    points : int
        How many, from 1 to 2^d.
    balls : list of int
        ``ball_counts(d)``.

    Examples
    --------
    The ball of radius 1 in {0, 1}^4 and the set {1, 2}: one flip reaches the ball of
    radius 2 and {1, 2, 3} and {1, 2, 4}, two flips reach everything.

    >>> segment = InitialSegment(6, ball_counts(4))
    >>> [segment.enlarged(flips) for flips in range(4)]
    [6, 13, 16, 16]
    >>> segment.total_distance()
    13
    """

    def __init__(self, points: int, balls: list[int]) -> None:
        self._balls = balls
        self._d = len(balls) - 1
        self.radius = bisect_right(balls, points) - 1
        self._cascade = _cascade(
            points - balls[self.radius], self._d, self._d - self.radius - 1
        )

    def enlarged(self, flips: int) -> int:
        """Return how many points lie within `flips` flips of the segment."""
        if self.radius + flips >= self._d:
            return self._balls[-1]
        return self._balls[self.radius + flips] + self._shadow(flips)

    def total_distance(self) -> int:
        """Return the sum over all points of their distance to the segment."""
        d, r = self._d, self.radius
        if r == d:
            return 0
        twice = (d - 2 * r) * (self._balls[d] - self._balls[r])
        twice += (r + 1) * (self._balls[r + 1] - self._balls[r])
        return twice // 2 - self._shadows()

    def enlargement(self, flips: int) -> float:
        """Return the measure of the enlargement, correctly rounded."""
        return self.enlarged(flips) / self._balls[-1]

    def log_enlargement(self, flips: int) -> float:
        """Return the logarithm of the measure of the enlargement."""
        return log_fraction(self.enlarged(flips), self._d)

    def log_complement(self, flips: int) -> float:
        """Return the logarithm of the measure that the enlargement leaves out."""
        return log_fraction(self._balls[-1] - self.enlarged(flips), self._d)

    def mean_distance(self) -> float:
        """Return the mean distance to the segment, correctly rounded."""
        return self.total_distance() / self._balls[-1]

    def reach(self, target: float) -> int:
        """Return the least number of flips whose enlargement has the target measure.

        The enlargement by t lies between the balls of radius r + t and r + t + 1, so
        the radius of the first ball that is large enough leaves two candidates.
        """
        goal = ceil(Fraction(target) * self._balls[-1])
        enough = max(0, bisect_left(self._balls, goal) - self.radius)
        if enough and self.enlarged(enough - 1) >= goal:
            return enough - 1
        return enough

    def _shadow(self, flips: int) -> int:
        """Return sum_i C(a_i, i - flips) over the cascade."""
        total = n = value = 0
        for a, i in self._cascade:
            k = i - flips
            if k < 0:
                break
            if not n:
                n, value = a, comb(a, k)
            else:
                value = value * (k + 1) // n  # from C(n, k + 1) to C(n - 1, k)
                n -= 1
                while n > a:
                    value = value * (n - k) // n  # to C(n - 1, k)
                    n -= 1
            total += value
        return total

    def _shadows(self) -> int:
        """Return sum_i B(a_i, i) over the cascade: all shadows, over every t >= 0."""
        total = 0
        n, k = self._d, self._d - self.radius - 1
        term, ball = comb(n, k), self._balls[k]
        for a, i in self._cascade:
            if i < k:
                ball -= term
                term = term * k // (n - k + 1)  # C(n, k - 1)
                k -= 1
            while n > a:
                term = term * (n - k) // n  # C(n - 1, k)
                ball = (ball + term) // 2  # B(n, k) = 2 B(n - 1, k) - C(n - 1, k)
                n -= 1
            total += ball
        return total


def _cascade(m: int, n: int, k: int) -> list[tuple[int, int]]:
    """Return the pairs (a_i, i) of the cascade of m < C(n, k), from i = k down.

    Examples
    --------
    >>> _cascade(9, 6, 3)   # 9 = C(4, 3) + C(3, 2) + C(2, 1)
    [(4, 3), (3, 2), (2, 1)]
    """
    terms = []
    value = comb(n - 1, k) if m else 0
    while m:
        n -= 1
        if m >= value:
            m -= value
            terms.append((n, k))
            value = value * k // n if n else 0  # C(n - 1, k - 1)
            k -= 1
        else:
            value = value * (n - k) // n  # C(n - 1, k)
    return terms
