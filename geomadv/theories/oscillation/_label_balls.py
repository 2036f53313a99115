r"""Ball enclosures for claims on noisy labels: covered cells, votes, margins.

**Cells.** n = ceil(N) points, N = ln(K/f)/-ln(1 - a), miss a given cell of mass a with
probability (1 - a)^n = (f/K) (1 - a)^(n - N). The chance M of missing one of K cells is
a sum S_1 - S_2 + S_3 - ... whose partial sums are in turn above and below it
(Bonferroni). As 1 - 3 a <= (1 - 2 a)(1 - a), S_3 <= S_2 f/3, so that

    M/f <= (1 - a)^(n - N) - C(K, 2) (1 - 2 a)^n (1 - f/3)/f,

where (1 - 2 a)^N = (f/K)^q with q = ln(1 - 2 a)/ln(1 - a). As n - N is in [0, 1), M is
at most f wherever (K - 1) (1 - 2 a) (1 - f/3) is not below 0: for all K.

**Gaps.** The tail of the largest gap falls with n and with the noise. It exceeds two
cells only where a cell is missed.

**Votes.** P(B' < B) = sum_j P(B = j) P(B' < j) grows with the noise nu < 1/2. Its terms
are log-concave in j (a product of log-concave sequences), so that those beyond j are no
more than the one at j times r/(1 - r), r the ratio there. Its mean over the noise in
[0, b] with the weight 1 - 2 nu is a sum of P(Bin(k + 2, b) >= j), and at most its value
at b.

**All k.** P(B' < B) = P(S > 0) for S = sum s_i E_i is E[exp(-t S); S > 0] b^k under the
tilted law, b the base of the bound for the best t, sqrt(nu/(1 - nu)) =
(1 - t)/(1 + t). There the wrong labels have weights of rate 1 - t, whose sum has a
failure rate of at most 1 - t: S, where it is above 0, is stochastically at least as
large as an exponential variable of that rate. So

    P(B' < B) <= (1 - t) b^k,  1 - t = 2 sqrt(nu)/(sqrt(nu) + sqrt(1 - nu)),

and 1 - t grows with nu, so that the mean over [0, b] is at most its value at b.

**Margins.** With r = s/t, x = r^a, y = r^(a+1) and L(z) = -ln(1 - z)/z, which grows
from L(0) = 1, the bound over t^a exceeds the measure by

    (1 - y)^(a/(a+1)) - (1 - x) = (1 - x)(exp(x D) - 1),  D = L(x) - r L(y) a/(a + 1).

As y <= x, D is at least L(x) (1 - r): r <= 1 is enough for every a.
"""

import math
from typing import Any

import numpy as np
from scipy import special

from geomadv.claims import balls


def points_needed(cells: int, noise: Any, failure: Any) -> Any:
    """Enclose N, at least n with certainty: it falls with the noise and with f."""

    def at(nu: Any, f: Any) -> Any:
        return (cells / f).log() / -(-nu / cells).log1p()

    noise, failure = balls.as_ball(noise), balls.as_ball(failure)
    return at(noise.upper(), failure.upper()).union(at(noise.lower(), failure.lower()))


def missed_cell(cells: int, noise: Any, failure: Any, percent: int = 100) -> Any:
    """Enclose M/f for ceil(N percent/100) points."""
    least = percent * points_needed(cells, noise, failure) / 100
    n = least.ceil().unique_fmpz()
    if n is not None:
        return _missed(cells, noise / cells, int(n)) / failure
    a = balls.span(noise.lower() / cells, noise.upper() / cells)
    if percent < 100:
        return balls.as_ball(0).union(cells / failure.lower())
    q = balls.decreasing(lambda m: -(-2 * m).log1p() / (-m).log1p(), a)
    q = abs(q).upper()
    f = failure.lower()
    second = cells * (cells - 1) * (f / cells) ** q / 2 * (1 - 2 * a.upper())
    return balls.as_ball(0).union(1 - second * (1 - failure.upper() / 3) / f)


def cells_gain(over_cells: Any, noise: Any, failure: Any) -> Any:
    """Enclose (1 - 1/K) (1 - 2 a) (1 - f/3), a = noise/K; all may be 0."""
    return (1 - over_cells) * (1 - 2 * over_cells * noise) * (1 - failure / 3)


def _missed(cells: int, a: Any, n: int) -> Any:
    total, term = balls.as_ball(0), balls.as_ball(0)
    for j in range(1, cells + 1):
        if j * a > 1:
            break
        term = (1 - j * a) ** n * term.bin_uiui(cells, j)
        if term < total * 2.0**-100:
            return total.union(total + term if j % 2 else total - term)
        total = total + term if j % 2 else total - term
    return total


def gap_exceeds(cells: int, noise: Any, failure: Any, share: int = 2) -> Any:
    """Enclose P(G > share/cells) for the points that suffice for these cells."""
    noise, gap = balls.as_ball(noise), balls.as_ball(share) / cells
    needed = points_needed(cells, noise, failure)
    few, many = (int(end.ceil().unique_fmpz()) for end in balls.ends(needed))
    most = _gap_tail(few, gap, noise.lower())
    return (
        most
        if noise.is_exact() and few == many
        else most.union(_gap_tail(many, gap, noise.upper()))
    )


def _gap_tail(n: int, gap: Any, noise: Any) -> Any:
    total = (1 - noise) ** n
    chosen = balls.as_ball(1)
    j = 1
    while j <= n and 1 - j * gap > 0:
        chosen *= noise * (n - j + 1) / j
        term = chosen * (1 - j * gap) ** (j - 1) * (1 - j * noise * gap) ** (n - j)
        if term < total * 2.0**-100:
            return total.union(total + term if j % 2 else total - term)
        total = total + term if j % 2 else total - term
        j += 1
    return total


def error_share(k: int, noise: Any) -> Any:
    """Enclose P(B' < B) for noise in (0, 1/2]."""
    noise = balls.as_ball(noise)
    if noise.is_exact():
        return _share(k, noise)
    return _share(k, noise.lower()).union(_share(k, noise.upper()))


def error_share_bound(k: int, noise: Any, percent: int = 100) -> Any:
    """Enclose the bound, its base times percent/100; it grows with the noise."""

    def at(nu: Any) -> Any:
        return (percent * (balls.as_ball(1) / 2 + (nu * (1 - nu)).sqrt()) / 100) ** k

    noise = balls.as_ball(noise)
    return at(noise.lower()).union(at(noise.upper()))


def share_of_bound(noise: Any) -> Any:
    """Enclose 1 - t, the most that the share is of its bound; the noise may be 0."""

    def at(nu: Any) -> Any:
        return 2 * nu.sqrt() / (nu.sqrt() + (1 - nu).sqrt())

    low, high = balls.ends(balls.as_ball(noise).nonnegative_part())
    return balls.span(at(low), at(high))


def mean_excess(d: int, bound: Any) -> Any:
    """Enclose the mean of (1 - 2 nu) P(B' < B), k = d + 1, over nu in [0, bound]."""
    bound, k = balls.as_ball(bound), d + 1
    if not bound.is_exact():
        return balls.as_ball(0).union(_share(k, bound.upper()))
    term, odds = bound ** (k + 2), (1 - bound) / bound
    tails = [term]  # of Bin(k + 2, bound), from k + 2 down
    for j in range(k + 2, 1, -1):
        term *= odds * j / (k + 3 - j)
        tails.append(tails[-1] + term)
    tails.reverse()  # tails[j - 1] is P(Bin >= j)
    below, total = _votes_below(k), balls.as_ball(0)
    for j in range(1, k + 1):
        part = (k + 1 - j) * tails[j] - (j + 1) * tails[j + 1] if j < k + 1 else 0
        total += below[j] * part
    return total / bound / ((k + 1) * (k + 2))


@balls.cached
def _votes_below(k: int) -> list[Any]:
    """Return P(Bin(k - 1, 1/2) < j) for j from 0 to k."""
    found, term = [balls.as_ball(0)], balls.as_ball(2) ** (1 - k)
    for j in range(k):
        found.append(found[-1] + term)
        term = term * (k - 1 - j) / (j + 1)
    return found


def _share(k: int, noise: Any) -> Any:
    below, odds = _votes_below(k), noise / (1 - noise)
    j = np.arange(1, k + 1)
    nu = float(noise)
    logs = special.gammaln(k + 1) - special.gammaln(j + 1) - special.gammaln(k - j + 1)
    logs += j * math.log(nu) + (k - j) * math.log1p(-nu)
    at = int(np.argmax(logs + special.log_ndtr((2 * j - k) / math.sqrt(k)))) + 1
    first = odds.bin_uiui(k, at) * noise**at * (1 - noise) ** (k - at)
    total = first * below[at]
    for step in (1, -1):
        chance, last, i = first, first * below[at], at
        while 1 <= i + step <= k:
            i += step
            ratio = odds * (k - i + 1) / i if step > 0 else (i + 1) / (odds * (k - i))
            chance *= ratio
            term = chance * below[i]
            total += term
            if term < total * 2.0**-90 and 2 * term < last:
                fall = term / last
                total = total.union(total + term * fall / (1 - fall))
                break
            last = term
    return total


def margin_excess(low: Any, high: Any, exponent: Any, percent: int = 100) -> Any:
    """Enclose (bound - measure)/t^a, the excess risk times percent/100."""
    r = [
        (low.nonnegative_part().lower() / high.upper()).lower(),
        (low.upper() / high.lower()).upper(),
    ]
    a = balls.ends(exponent)
    x = [_power(r[0], a[1]), _power(r[1], a[0])]
    y = [_power(r[0], a[1] + 1), _power(r[1], a[0] + 1)]
    weight = [t / (t + 1) for t in a]
    least = _log_ratio(x[0]) - r[1] * _log_ratio(y[1]) * weight[1]
    most = _log_ratio(x[1]) - r[0] * _log_ratio(y[0]) * weight[0]
    excess = balls.span(
        (1 - x[1]) * (x[0] * least if least >= 0 else x[1] * least).expm1(),
        (1 - x[0]) * (x[1] * most).expm1(),
    )
    if percent == 100:
        return excess
    loss = [(balls.as_ball(percent) / 100) ** t - 1 for t in weight]
    scale = [(1 - y[1]) ** weight[1], (1 - y[0]) ** weight[0]]
    return excess + (loss[1] * scale[1]).union(loss[0] * scale[0])


def _power(x: Any, a: Any) -> Any:
    return x**a if x > 0 else balls.as_ball(0)


def _log_ratio(x: Any) -> Any:
    """Enclose -log(1 - x)/x."""
    return -(-x).log1p() / x if x > 0 else balls.as_ball(1)
