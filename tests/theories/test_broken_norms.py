"""Broken variants and helpers of the papers on Lipschitz constants, against oracles."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from scipy import integrate, optimize, stats
from scipy.ndimage import correlate

from geomadv.theories.lipschitz import (
    bubeck2020,
    bubeck2021,
    delattre2023,
    delattre2024,
    fawzi2015,
    goodfellow2014,
    hein2017,
    moosavi2016,
    sedghi2019,
    simongabriel2019,
    szegedy2013,
)


def broken(paper, name):
    """Return the evidence of the first broken variant of a claim."""
    (claim,) = [c for c in paper.CLAIMS if c.id.endswith("." + name)]
    found, *_ = [h.evidence for h in claim.hypotheses if h.evidence is not None]
    return found


@pytest.mark.parametrize("signal", [0.0, 0.4, 1.0])
def test_fits_of_labels_with_a_signal_against_samples(signal):
    n, d, many = 3, 14, 20_000
    rng = np.random.default_rng(1)
    X = rng.standard_normal((many, n, d)) / math.sqrt(d)
    u = np.full(d, 1 / math.sqrt(d))
    z = rng.choice([-1.0, 1.0], (many, n))
    y = math.sqrt(1 - signal) * z + math.sqrt(signal * d) * X @ u
    w = np.linalg.pinv(X) @ y[..., None]
    squares = (w**2).sum(axis=(1, 2))
    found = bubeck2020._mean_with_signal(n, d, signal)
    assert abs(squares.mean() - found) < 5 * stats.sem(squares)
    assert stats.sem(squares) < 0.02 * found


@pytest.mark.parametrize(("n", "d"), [(1, 5), (7, 20)])
def test_mean_squares_by_quadrature_against_the_inverse_chi_square(n, d):
    found = bubeck2020._mean_by_quadrature(n, d)
    assert found == pytest.approx(n * d * stats.invgamma.mean((d - n + 1) / 2) / 2)


def test_the_shorter_fit_is_counted_by_the_law_of_chi_square():
    rng = np.random.default_rng(4)
    share = bubeck2020._shorter(40_000, rng, 4, 9, 0.3).mean()
    assert share == pytest.approx(0.3, abs=0.012)
    # with one degree less the quantile is that of five, not of six
    fewer = bubeck2020._shorter(40_000, rng, 4, 9, 0.3, 0).mean()
    exact = stats.chi2.sf(stats.chi2.isf(0.3, 5), 6)
    assert fewer == pytest.approx(exact, abs=0.012)


@pytest.mark.parametrize(("n", "d"), [(2, 2), (6, 4)])
def test_gradients_of_bumps_by_differences(n, d):
    longest, bound = bubeck2020._bumps(n, d)
    rng = bubeck2020.spawn(0, "bubeck2020", n, d)
    X = rng.standard_normal((n, d))
    X /= np.linalg.norm(X, axis=1)[:, None]
    y = rng.choice([-1.0, 1.0], n)
    angle = min(
        math.acos(np.clip(a @ b, -1, 1)) for a, b in itertools.combinations(X, 2)
    )
    width = 1 - math.cos(angle / 2)
    assert bound == pytest.approx(1 / width, rel=1e-9)
    # sum_j y_j relu(<x_j, x> - 1 + width)/width, along x_i from x_i inwards
    h = 1e-6
    for x in X:
        inside = np.maximum(X @ x[:, None] * [1.0, 1.0 - h] - 1 + width, 0.0)
        change = y @ inside @ [1.0, -1.0] / width / h
        assert abs(change) <= longest * (1 + 1e-6)
        assert abs(change) == pytest.approx(1 / width, rel=1e-6)


@pytest.mark.parametrize("variance", [1.0, 1.7])
def test_tails_of_wider_laws_against_an_integral(variance):
    d, t = 9, 0.6
    f = stats.norm(scale=math.sqrt(variance / d))
    tail, _ = integrate.quad(f.pdf, t, 10)
    expected = 2 * tail / (2 * math.exp(-d * t * t / 2))
    found = bubeck2021._share_of_wider_tail(d, t, variance)
    assert found == pytest.approx(expected, rel=1e-7)


@pytest.mark.parametrize("excess", [1.0, 0.3])
def test_bounds_with_few_parameters_against_the_printed_formula(excess):
    n, d, eps, WJ = 10_001, 784, 0.02, 1e5
    p = math.ceil(excess * n)
    with mpmath.workdps(30):
        log = mpmath.log(60 * mpmath.mpf(WJ) / mpmath.mpf(eps))
        root = mpmath.sqrt(mpmath.mpf(n) * d / (p * log + mpmath.log(80)))
        expected = mpmath.mpf(eps) / 512 * root
    found = bubeck2021._capped_bound(n, d, excess, eps, WJ)
    assert found == pytest.approx(float(expected), rel=1e-13)


@pytest.mark.parametrize("gap", [0.0, 0.2, 1.0])
def test_bounds_of_unequal_singular_values_are_a_norm_of_them(gap):
    """|G_t|_F^(2^(1 - t)) is the l_(2^t) norm of the singular values."""
    size, steps = 6, 3
    values = [1.0] + (size - 1) * [1.0 - gap]
    expected = sum(v**2**steps for v in values) ** (1 / 2**steps)
    found = delattre2023._gap_bound(size, steps, gap)
    assert found == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("cut", [0.0, 0.01, 0.3])
def test_bounds_of_cut_products_by_plain_iteration(cut):
    G, steps, expected = delattre2023._matrix("normal", 4), 3, 1.0
    for t in range(steps):
        size = math.sqrt(math.fsum(x * x for x in G.ravel()))
        expected *= size ** (2.0**-t)
        G = (G.T / size) @ (G / size)
        if cut > 0:
            powers = [[math.floor(math.log(abs(x), 1 + cut)) for x in row] for row in G]
            G = np.sign(G) * (1 + cut) ** np.array(powers)
    found = delattre2023._cut_bound("normal", 4, steps, cut)
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("family", "rank"), [("tall", 5), ("rank one", 1)])
def test_bounds_by_the_rank(family, rank):
    found = delattre2023._rank_bound(family, 5, 3)
    values = np.linalg.svd(delattre2023._matrix(family, 5), compute_uv=False)
    assert (values > 1e-12 * values[0]).sum() == rank
    assert found == pytest.approx(rank ** (1 / 8) * values[0], rel=1e-12)


def circular(w, N):
    """Return the largest singular value over the N x N frequencies, one by one."""
    grid = 2j * np.pi * np.arange(N) / N
    u, v = np.arange(w.shape[2]), np.arange(w.shape[3])
    return max(
        np.linalg.norm((w * np.exp(np.add.outer(a * u, b * v))).sum(axis=(2, 3)), 2)
        for a, b in itertools.product(grid, repeat=2)
    )


@pytest.mark.parametrize("kind", ["random", "cosine", "difference", "turned"])
@pytest.mark.parametrize("fewer", [0, 2])
def test_norms_on_smaller_grids_frequency_by_frequency(kind, fewer):
    k, n = 3, 5
    w = delattre2024._kernel_of(kind, k)
    found = delattre2024._on_grid(kind, k, n, k - 1 - fewer)
    assert found == pytest.approx(circular(w, n + k - 1 - fewer), rel=1e-9)


def test_zero_padded_norms_against_scipys_correlation():
    w = delattre2024._kernel_of("cosine", 3)
    images = np.eye(32).reshape(32, 2, 4, 4)
    columns = [
        [sum(correlate(x[c], w[d, c], mode="constant") for c in (0, 1)) for d in (0, 1)]
        for x in images
    ]
    expected = np.linalg.norm(np.reshape(columns, (32, 32)), 2)
    assert delattre2024._zero_padded("cosine", 3, 4) == pytest.approx(expected)


def test_the_turned_kernel_is_worst_on_its_own_grid():
    w = delattre2024._kernel_of("turned", 3)
    # (sqrt 2)^2 where z^4 = 1, 2^2 at best
    assert circular(w, 4) == pytest.approx(2.0, rel=1e-12)
    assert circular(w, 8) == pytest.approx(4.0, rel=1e-12)
    assert delattre2024._supremum("turned", 3, 8) == pytest.approx(4.0, rel=1e-4)


@pytest.mark.parametrize("wider", [0, 2])
def test_grid_bounds_with_too_small_a_divisor(wider):
    k, N = 3, 9
    w = delattre2024._kernel_of("cosine", k + wider)
    found = delattre2024._narrow_grid_bound("cosine", k, N, wider)
    assert found == pytest.approx(circular(w, N) / (1 - 2 * 1 / 9), rel=1e-12)


@pytest.mark.parametrize("less", [0.0, 0.5])
@pytest.mark.parametrize("flipped", [0.0, 0.25])
def test_linear_robustness_and_its_bound_from_the_points(less, flipped):
    d, spread, angle = 3, 0.1, 0.6
    law = fawzi2015._drawn(d, spread, flipped)
    w = np.array([math.cos(angle), math.sin(angle), 0.0])
    b = 0.3 * flipped * max(math.sqrt(x @ x) for x in law.X)
    scores = [x @ w + b for x in law.X]
    rho = sum(map(abs, scores)) / 20  # |w| = 1
    errs = sum(s * t < 0 for s, t in zip(scores, law.y, strict=True)) / 20
    found, bound = fawzi2015._linear_sides(d, spread, flipped, angle, less)
    assert found == pytest.approx(rho, rel=1e-12)
    plus = [x for x, t in zip(law.X, law.y, strict=True) if t > 0]
    minus = [x for x, t in zip(law.X, law.y, strict=True) if t < 0]
    p = len(plus) / 20
    mean = p * np.mean(plus, axis=0) - (1 - p) * np.mean(minus, axis=0)
    M = max(math.sqrt(x @ x) for x in law.X)
    # E y <w, x> <= |E y x|, and b E y <= M |2 p - 1|
    expected = np.linalg.norm(mean) + M * abs(2 * p - 1) + 2 * M * 2 * (1 - less) * errs
    assert bound == pytest.approx(expected, rel=1e-12)


def test_quadratic_robustness_against_two_lines():
    d, spread, tilt = 2, 0.2, 0.4
    rho, bound = fawzi2015._quadratic_sides(d, spread, 0.0, tilt)
    rng = fawzi2015.spawn(0, "fawzi2015", d, "quadric")
    X = rng.choice([-1.0, 1.0], (20, 1)) * np.repeat(np.eye(2), 10, axis=0)
    X += spread * rng.uniform(-1, 1, (20, 2)) / d
    # x_1 = +-sqrt(1 + tilt) x_2 are two lines
    s = math.sqrt(1 + tilt)
    apart = np.abs(X[:, 0] - np.outer([s, -s], X[:, 1])) / math.hypot(1, s)
    assert rho == pytest.approx(apart.min(axis=0).mean(), rel=1e-9)
    assert rho <= bound


@pytest.mark.parametrize("g", [1.0, 1.8])
def test_powers_of_a_mean_against_sums(g):
    size = [1 + 0.5 * (i - 5) / 5 for i in range(11)]
    rho, power = fawzi2015._power_sides(g, 0.5)
    assert rho == pytest.approx(math.fsum(size) / 11, rel=1e-14)
    mean = math.fsum(x ** (1 / g) for x in size) / 11
    assert power == pytest.approx(mean**g, rel=1e-13)


def test_crossings_against_the_beta_law():
    d, e, length = 8, 0.05, 2.5
    # the square of one coordinate of a direction has a Beta law
    tail = stats.beta.sf(length**-2, 0.5, (d - 1) / 2) / 2
    assert fawzi2015._crossing(length, d, e) == pytest.approx(tail / e, rel=1e-11)
    assert fawzi2015._crossing(0.9, d, e) == 0.0
    drawn = fawzi2015._crossed(200_000, np.random.default_rng(0), d, length)
    assert drawn.mean() == pytest.approx(tail, abs=0.004)


@pytest.mark.parametrize("curvature", [0.0, 0.7])
def test_curved_scores_are_largest_at_a_vertex(curvature):
    d, eps = 5, 0.3
    w = goodfellow2014._weights(d)
    cube = eps * np.array(list(itertools.product((-1.0, 0.0, 1.0), repeat=d)))
    scores = cube @ w + curvature * (cube**2).sum(axis=1) / 2
    found = goodfellow2014._at_vertex(d, eps, curvature)
    assert found == pytest.approx(scores.max(), rel=1e-13)


@pytest.mark.parametrize("decay", [0.0, 0.5, 2.0])
def test_changes_of_falling_weights_against_their_sum(decay):
    expected = 0.1 * math.fsum(j**-decay for j in range(1, 101))
    found = broken(goodfellow2014, "linear-growth").lhs(decay=decay, d=100)
    assert found == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize("case", ["pair", "inflection"])
def test_distances_of_expansions_on_the_line_against_roots(case):
    """At g = 1: f = e^-x^2 - e^-(x - .05)^2 + 1 - e^-.05^2; f = e^-x^2 + b."""
    gamma = 4.0
    if case == "pair":
        # f(0) = 2 (1 - e^-.05^2), and f falls to the right
        def f(x):
            return math.exp(-x * x) - math.exp(-((x - 0.05) ** 2)) - math.expm1(-0.0025)

        ends = [optimize.brentq(f, *ab) for ab in ((0, 0.5), (0, -3)) if f(ab[1]) < 0]
        expected = min(map(abs, ends))
    else:
        expected = 1e-4
    found = hein2017._distance(case, 1, gamma)
    assert found == pytest.approx(expected / math.sqrt(gamma), rel=1e-6)


@pytest.mark.parametrize("name", ["linearised", "terms"])
def test_radii_by_slopes_that_are_short(name):
    gamma, short = 4.0, 0.25
    value = 2 * -math.expm1(-(0.05**2))  # f at 0, of the pair
    norm = math.sqrt(2 - 2 * math.exp(-(0.05**2)))
    slope = {
        "linearised": norm * math.sqrt(2 * gamma),
        "terms": 2 * math.sqrt(2 * gamma / math.e),
    }[name]
    point = {"case": "pair", "d": 2, "gamma": gamma}
    found = broken(hein2017, f"{name}-radius").lhs(**point, short=short)
    assert found == pytest.approx(value / (0.75 * slope), rel=1e-9)


@pytest.mark.parametrize("curvature", [0.0, 0.5, 10.0])
def test_distances_to_a_curved_boundary_against_all_directions(curvature):
    W, b, x = moosavi2016._affine(2, 2)
    w, (first, second) = W[0] - W[1], W @ x + b
    value = first - second
    turns = np.linspace(0, 2 * np.pi, 100_001)
    along = np.sign(value) * (np.cos(turns) * w[0] + np.sin(turns) * w[1])
    # |value| + along t - c t^2/2 = 0 for the first t > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        root = along**2 + 2 * curvature * abs(value)
        t = 2 * abs(value) / (np.sqrt(root) - along)
    found = moosavi2016._curved_length(2, curvature)
    assert found == pytest.approx(t[t > 0].min(), rel=1e-8)
    step = moosavi2016._curved_step(2, curvature)
    assert step == pytest.approx(abs(value) / math.hypot(*w), rel=1e-12)


def test_the_step_to_the_nearest_value():
    W, b, x = moosavi2016._affine(3, 5)
    f = W @ x + b
    c = int(f.argmax())
    j = min((i for i in range(5) if i != c), key=lambda i: f[c] - f[i])
    expected = (f[c] - f[j]) / math.dist(W[c], W[j])
    found = moosavi2016._step_to_the_nearest_value(3, 5)
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("weaker", [0.0, 0.3, 1.0])
def test_weakened_entries_one_by_one(weaker):
    n, k = 4, 3
    w = sedghi2019._kernel_of(k, "1 to 1")[0, 0]
    M = np.zeros((n * n, n * n))
    for a, b, u, v in itertools.product(range(n), range(n), range(k), range(k)):
        i, j = a + u - 1, b + v - 1
        inside = 0 <= i < n and 0 <= j < n
        M[a * n + b, i % n * n + j % n] += w[u, v] * (1 if inside else 1 - weaker)
    blocks = np.sort(np.abs(np.fft.fft2(w, (n, n))).ravel())[::-1]
    values = np.linalg.svd(M, compute_uv=False)
    expected = np.abs(blocks - values).max() / values[0]
    found = sedghi2019._weakened_difference("1 to 1", k, n, weaker)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-13)


@pytest.mark.parametrize("fall", [0.0, 1.5])
def test_damage_of_falling_variances_against_samples(fall):
    d = 40
    scale = np.array([j ** (-fall / 2) for j in range(1, d + 1)])
    scale /= math.sqrt((scale**2).sum())
    w = scale * np.random.default_rng(0).standard_normal((20_000, d))
    norms = np.abs(w).sum(axis=1)
    found = simongabriel2019._damage_of_falling(fall, d)
    assert abs(norms.mean() - found) < 5 * stats.sem(norms)


def test_mean_roots_against_the_gamma_function():
    d = 7
    expected = math.sqrt(2 / d) * math.gamma((d + 1) / 2) / math.gamma(d / 2)
    assert simongabriel2019._mean_root(d) == pytest.approx(expected, rel=1e-11)


@pytest.mark.parametrize("slope", [1.0, 1.5])
def test_networks_of_steeper_activations(slope):
    """relu_s(W x) with diagonal W is 2 s along the first axis at every layer."""
    depth, width = 3, 4
    x, y = np.eye(width)[0], 2 * np.eye(width)[0]
    W = np.diag([2.0, 1.0, 0.5, 0.1])
    for _ in range(depth):
        x, y = np.maximum(slope * W @ x, 0), np.maximum(slope * W @ y, 0)
    evidence = broken(szegedy2013, "product")
    point = {"depth": depth, "width": width, "slope": slope}
    assert evidence.lhs(**point) == pytest.approx(np.linalg.norm(x - y), rel=1e-13)
    assert evidence.rhs(**point) == pytest.approx(2.0**depth, rel=1e-12)


@pytest.mark.parametrize(("window", "stride"), [(3, 2), (2, 2), (5, 2)])
def test_ratios_of_pooled_images_by_loops(window, stride):
    first, second = szegedy2013._image_pairs(window, stride)
    ratios = []
    for x, y in zip(first, second, strict=True):
        starts = range(0, len(x) - window + 1, stride)
        cuts = [np.s_[i : i + window, j : j + window] for i in starts for j in starts]
        change = [x[cut].max() - y[cut].max() for cut in cuts]
        ratios.append(
            math.sqrt(math.fsum(c * c for c in change))
            / math.dist(x.ravel(), y.ravel())
        )
    found = szegedy2013._pool_ratio(window, stride, 2)
    assert found == pytest.approx(max(ratios), rel=1e-12)
    assert ratios[0] == math.ceil(window / stride)


def test_ratios_of_normalised_points_stay_below_the_slope_at_the_origin():
    eps, gamma = 0.3, 0.75
    # the slope along x at the length r is (eps + (1 - 2 gamma) r^2)/(eps + r^2)^(g + 1)
    found = szegedy2013._contrast_ratio(1, eps, gamma)
    small = math.sqrt(eps) * 1e-3
    below = (eps + (1 - 2 * gamma) * 1.1 * small**2) / (eps + 1.1 * small**2) ** 1.75
    assert below <= found <= eps**-gamma


@pytest.mark.parametrize("law", ["sphere", "normal"])
def test_tails_of_linear_functions_against_other_laws(law):
    d, t = 6, 0.4
    if law == "sphere":
        tail = stats.beta.sf(t * t, 0.5, (d - 1) / 2) / 2
    else:
        tail = stats.chi2.sf(d * t * t, 1) / 2
    found = bubeck2021._share_of_tail(law, d, t)
    assert found == pytest.approx(tail * math.exp(d * t * t / 2), rel=1e-11)


def test_gradients_of_two_layers_over_all_patterns():
    """In the plane the active neurons change where x is normal to one of them."""
    k, d = 5, 2
    rng = bubeck2020.spawn(0, "bubeck2020", "network", k, d)
    W, a = rng.standard_normal((k, d)), rng.standard_normal(k)
    turns = np.linspace(0, 2 * np.pi, 4001)
    patterns = {tuple(W @ [math.cos(t), math.sin(t)] > 0) for t in turns}
    exact = max(math.hypot(*((a * p) @ W)) for p in patterns)
    longest, bound = bubeck2020._network(k, d)
    assert longest <= exact * (1 + 1e-12)
    assert longest == pytest.approx(exact, rel=0.2)
    assert exact <= bound
    # neurons scaled so that |w_j| = |a_j|
    lengths = [abs(s) * math.hypot(*w) for s, w in zip(a, W, strict=True)]
    even = [w * math.sqrt(abs(s) / math.hypot(*w)) for s, w in zip(a, W, strict=True)]
    norm = np.linalg.norm(even, 2) * math.sqrt(math.fsum(lengths))
    expected = (math.hypot(*(W.T @ a)) + min(norm, math.fsum(lengths))) / 2
    assert bound == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("n", [3, 9])
def test_differences_on_a_line_against_matrices(n):
    zeros = np.eye(n, k=1) - np.eye(n)
    around = np.roll(np.eye(n), 1, axis=1) - np.eye(n)
    for padding, matrix in (("zeros", zeros), ("circular", around)):
        found = delattre2024._difference_on_line(n, padding)
        assert found == pytest.approx(np.linalg.norm(matrix, 2), rel=1e-9)


def test_ratios_of_high_dimensions_are_the_limit():
    exact = float(fawzi2015.random_ratio(10**8, 0.01))
    assert fawzi2015._large_d_ratio(10**8, 0.01) == pytest.approx(exact, rel=1e-6)
    assert exact == pytest.approx(1e4 / stats.norm.isf(0.01), rel=1e-6)


def test_changes_of_sign_perturbations_by_sums():
    w, eps = goodfellow2014._weights(7), 0.2
    l1, l2 = math.fsum(map(abs, w)), math.sqrt(math.fsum(x * x for x in w))
    change, bound = goodfellow2014._l2_sides("spread", 7, eps)
    assert change == pytest.approx(eps * l1, rel=1e-13)
    assert bound == pytest.approx(eps * math.sqrt(7) * l2, rel=1e-13)
    assert goodfellow2014._l2_sides("equal", 7, eps) == pytest.approx((2.8, 2.8))
    assert goodfellow2014._by_linear_program(7, eps) == pytest.approx(eps * l1)
    assert set(map(abs, goodfellow2014._weights(9, 0.5)[3:])) == {0.0}


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_worst_losses_against_an_optimiser(share):
    d, eps = 3, 0.4
    X, y, w, b = goodfellow2014._problem(d, share)
    assert (y < 0).sum() == 8 * share

    def worst(x, label):
        def loss(eta):
            return -math.log1p(math.exp(-label * ((x + eta) @ w + b)))

        return -optimize.minimize(loss, 0 * x, bounds=[(-eps, eps)] * d).fun

    expected = sum(map(worst, X, y)) / 8
    found = goodfellow2014._by_brute_force(d, share, eps)
    assert found == pytest.approx(expected, rel=1e-8)
    less = found - eps * math.fsum(map(abs, w))
    assert goodfellow2014._less_penalty(d, share, eps) == pytest.approx(less, rel=1e-9)


@pytest.mark.parametrize(("p", "q"), [(1.0, math.inf), (2.0, 2.0), (math.inf, 1.0)])
def test_distances_of_affine_functions_by_dual_norms(p, q):
    W, b, x = hein2017._affine_case(4)
    f = W @ x + b
    c = int(f.argmax())
    expected = min(
        (f[c] - f[j]) / np.linalg.norm(W[c] - W[j], q) for j in range(4) if j != c
    )
    assert hein2017._affine_distance(4, p) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("roundness", [0.4, 1.0])
def test_distances_to_an_ellipse_over_its_points(roundness):
    A, b, c, x = moosavi2016._quadric(2, roundness)
    assert not b.any()
    turns = np.linspace(0, 2 * np.pi, 200_001)
    ellipse = np.stack([np.cos(turns), np.sin(turns)], 1) / np.sqrt(np.diag(A) / -c)
    expected = np.linalg.norm(ellipse - x, axis=1).min()
    assert moosavi2016._quadric_exact(2, roundness) == pytest.approx(expected, rel=1e-8)
    steps = moosavi2016._quadric_deepfool(2, roundness)
    assert steps >= expected * (1 - 1e-9)
    if roundness == 1:
        assert expected == pytest.approx(2.0)
        assert steps == pytest.approx(2.0, rel=1e-9)


def test_lengths_in_l1_of_directions_by_their_mean():
    d = 5
    drawn = simongabriel2019._l1_of_directions(20_000, np.random.default_rng(0), d)
    mean = d * math.gamma(d / 2) / math.gamma((d + 1) / 2) / math.sqrt(math.pi)
    assert abs(drawn.mean() - mean) < 5 * stats.sem(drawn)
    assert drawn.shape == (20_000,)


def test_products_of_random_layers_by_eigenvalues():
    kind, depth, width = "random", 2, 5
    rng = szegedy2013.spawn(0, "szegedy2013", kind, depth, width)
    product, weights = 1.0, []
    for _ in range(depth):
        W = rng.standard_normal((width, width)) / math.sqrt(width)
        weights.append((W, rng.standard_normal(width)))
        product *= math.sqrt(np.linalg.eigvalsh(W @ W.T).max())
    ratio, found = szegedy2013._network_sides(kind, depth, width)
    assert found == pytest.approx(product, rel=1e-9)

    def network(x):
        for W, b in weights:
            x = np.maximum(W @ x + b, 0)
        return x

    first = max(np.linalg.norm(network(e) - network(2 * e)) for e in np.eye(width))
    assert first * (1 - 1e-12) <= ratio <= product


@pytest.mark.parametrize("uneven", [0.3, 0.8])
def test_fits_of_uneven_points_against_their_mean(uneven):
    n, d, rng = 4, 24, np.random.default_rng(5)
    drawn = bubeck2020._square_lengths(20_000, rng, n, d, uneven)
    claim = bubeck2020.CLAIMS[1]
    (law,) = [h for h in claim.hypotheses if h.strength == "h"]
    mean = law.evidence.lhs(n=n, d=d, h=uneven)
    assert abs(drawn.mean() - mean) < 5 * stats.sem(drawn)
    assert stats.sem(drawn) < 0.01 * mean


@pytest.mark.parametrize("power", [0.0, 1.0, 1.5])
def test_fits_of_falling_variances_against_samples(power):
    n, d = 100, 200
    scale = np.array([j ** (-power / 2) for j in range(1, d + 1)])
    scale /= math.sqrt((scale**2).sum())
    rng = np.random.default_rng(6)
    X = scale * rng.standard_normal((40, n, d))
    y = rng.choice([-1.0, 1.0], (40, n, 1))
    squares = ((np.linalg.pinv(X) @ y) ** 2).sum(axis=(1, 2))
    found = bubeck2020._length_with_spectrum(n, d, power)
    # 1/kappa is short by the share of order 1/n.
    assert squares.mean() == pytest.approx(found**2, rel=0.05)


@pytest.mark.parametrize("beyond", [0.0, 0.2])
def test_gradients_of_bumps_in_a_larger_disc_by_its_edge(beyond):
    n = 6
    rng = bubeck2020.spawn(0, "bubeck2020", n, 2)
    X = rng.standard_normal((n, 2))
    X /= np.linalg.norm(X, axis=1)[:, None]
    y = rng.choice([-1.0, 1.0], n)
    turns = np.linspace(0, 2 * np.pi, 100_001)
    Z = (1 + beyond) * np.stack([np.cos(turns), np.sin(turns)], axis=1)
    c = max(a @ b for a, b in itertools.combinations(X, 2))
    edge = math.sqrt((1 + c) / 2)
    active = edge < Z @ X.T
    steps = (active * y) @ X / (1 - edge)
    longest = np.linalg.norm(steps, axis=1).max()
    found, bound = bubeck2020._bumps(n, 2, beyond)
    assert bound == pytest.approx(1 / (1 - edge), rel=1e-8)
    assert found <= longest * (1 + 1e-8)
    assert found == pytest.approx(longest, rel=1e-8 if beyond == 0 else 0.35)


@pytest.mark.parametrize("fall", [0.0, 0.6, 1.5])
def test_gradients_of_falling_neurons_by_differences(fall):
    k, d = 3, 2
    rng = bubeck2020.spawn(0, "bubeck2020", "network", k, d)
    W, a = rng.standard_normal((k, d)), rng.standard_normal(k)

    def f(z):
        t = W @ z
        return a @ np.where(t > 0, t, -fall * t)

    h, exact = 1e-6, 0.0
    for turn in np.linspace(0.01, 2 * np.pi, 300):
        z = np.array([math.cos(turn), math.sin(turn)])
        slope = [(f(z + h * e) - f(z - h * e)) / (2 * h) for e in np.eye(d)]
        exact = max(exact, math.hypot(*slope))
    assert bubeck2020._network(k, d, fall)[0] == pytest.approx(exact, rel=1e-6)


def test_sizes_with_a_share_of_the_parameters_against_the_printed_formula():
    root = math.sqrt(1_200_000 * 150_528 / (25 * math.log(6e8) + math.log(80)))
    found = bubeck2021._at_size("ImageNet", 1e-6)
    assert found == pytest.approx(0.1 / 512 * root, rel=1e-12)


@pytest.mark.parametrize("weaker", [0.0, 0.4, 1.0])
def test_differences_between_two_paddings_entry_by_entry(weaker):
    n = 5
    line = np.eye(n) - np.eye(n, k=1)
    line[-1, 0] = -(1 - weaker)
    expected = np.linalg.svd(line, compute_uv=False)[0]
    found = delattre2023._between_paddings(n, 1, weaker)
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("away", [False, True])
def test_rounded_bounds_of_rank_one(away):
    """G^T G/|G|_F^2 = u u^T, of which every entry is rounded."""
    G, cut = delattre2023._matrix("rank one", 3), 0.2
    size = np.linalg.norm(G)
    entries = (G.T @ G / size**2).ravel()
    turn = math.ceil if away else math.floor
    rounded = [1.2 ** turn(math.log(abs(x), 1.2)) for x in entries]
    expected = size * math.sqrt(math.hypot(*rounded))
    found = delattre2023._cut_bound("rank one", 3, 2, cut, away)
    assert found == pytest.approx(expected, rel=1e-12)


def test_linear_bounds_whose_radius_is_too_small():
    law = fawzi2015._drawn(3, 0.1, 0.25)
    rho, whole = fawzi2015._linear_sides(3, 0.1, 0.25, 0.6)
    same, less = fawzi2015._linear_sides(3, 0.1, 0.25, 0.6, outside=0.5)
    w = np.array([math.cos(0.6), math.sin(0.6), 0.0])
    errs = np.mean(law.y * (law.X @ w + 0.075 * law.radius) < 0)
    by_radius = law.radius * (abs(2 * law.prior - 1) + 4 * errs)
    assert same == rho
    assert whole - less == pytest.approx(by_radius / 2, rel=1e-12)


def test_quadratic_bounds_whose_radius_is_too_small():
    """A = diag(1, -1), unit vectors: K = 1, and 2 R of the square is 2 (1 - s)^2 R."""
    rng = fawzi2015.spawn(0, "fawzi2015", 2, "quadric")
    rng.choice([-1.0, 1.0], (20, 1))
    rng.uniform(-1, 1, (20, 2))
    errs = np.mean(rng.random(20) < 0.4)
    rho, whole = fawzi2015._quadratic_sides(2, 0.0, 0.4, 0.0)
    same, less = fawzi2015._quadratic_sides(2, 0.0, 0.4, 0.0, 0.5)
    assert same == rho
    assert whole**2 - less**2 == pytest.approx(1.5 * errs, rel=1e-9)


@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_crossings_of_noise_whose_length_varies(spread):
    d, length = 5, 2.0
    drawn = fawzi2015._crossed(200_000, np.random.default_rng(1), d, length, spread)
    if spread == 0:
        share = stats.beta.sf(length**-2, 0.5, (d - 1) / 2) / 2
    else:
        share = stats.norm.sf(math.sqrt(d) / length)
    assert drawn.mean() == pytest.approx(share, abs=0.004)


def test_ratios_of_falling_noise_against_samples():
    d, fall = 6, 1.0
    v = np.array([1 / j for j in range(1, d + 1)])
    rng = np.random.default_rng(2)
    g = np.sqrt(v) * rng.standard_normal((200_000, d))
    ratio = fawzi2015._ratio_of_falling(d, 0.05, fall)
    moved = ratio * g[:, 0] / math.sqrt(v.sum())
    assert np.mean(moved >= 1) == pytest.approx(0.05, abs=0.003)


def test_crossings_in_a_subspace_against_the_beta_law():
    d, e = 100, 0.01
    length = math.sqrt(d / (2 * math.log(2 / e)))
    tail = stats.beta.sf(length**-2, 0.5, 49 / 2) / 2
    found = fawzi2015._crossing_in_part(d, e, 0.5)
    assert found == pytest.approx(tail / e, rel=1e-9)


@pytest.mark.parametrize("steps", [1, 3])
def test_newton_steps_to_a_ball_that_are_cut_off(steps):
    """From 3 along the radius, r - (r^2 - 1)/(2 r)."""
    r = 3.0
    for _ in range(steps):
        r -= (r * r - 1) / (2 * r)
    found = moosavi2016._quadric_deepfool(4, 1.0, steps)
    assert found == pytest.approx(3 - r, rel=1e-12)


@pytest.mark.parametrize("uneven", [0.0, 0.5, 0.99])
def test_mean_roots_with_a_common_factor(uneven):
    d = 3
    alone = math.sqrt(2 / d) * math.gamma((d + 1) / 2) / math.gamma(d / 2)
    factor = (math.sqrt(1 - uneven) + math.sqrt(1 + uneven)) / 2
    found = simongabriel2019._mean_root(d, uneven)
    assert found == pytest.approx(factor * alone, rel=1e-10)


@pytest.mark.parametrize("fall", [0.0, 1.5])
def test_lengths_of_falling_directions_in_the_plane(fall):
    # |w|_1/|w|_2 of (g, s h) by the angle, whose tangent is s times that of a circle's
    s = 2 ** (-fall / 2)

    def ratio(t):
        x, y = math.cos(t), s * math.sin(t)
        return (x + y) / math.hypot(x, y)

    mean, _ = integrate.quad(ratio, 0, math.pi / 2)
    drawn = simongabriel2019._l1_of_directions(
        40_000, np.random.default_rng(3), 2, fall
    )
    assert abs(drawn.mean() - 2 * mean / math.pi) < 5 * stats.sem(drawn)


def test_sparse_weights_against_samples():
    d, density = 100, 0.5
    w = np.random.default_rng(4).standard_normal((20_000, 10)) / math.sqrt(10)
    norms = np.abs(w).sum(axis=1)
    found = simongabriel2019._damage_of_sparse(density, d)
    assert abs(norms.mean() - found) < 5 * stats.sem(norms)


@pytest.mark.parametrize("fall", [0.0, 2.0])
def test_gradients_of_scaled_rows_one_by_one(fall):
    n, depth = 4, 1
    rows = [i ** (-fall / 2) for i in range(1, n + 1)]
    size = math.sqrt(math.fsum(r * r for r in rows) / n)
    norms = []
    for i in range(60):
        rng = simongabriel2019.spawn(0, "simongabriel2019", "conv", depth, n, i)
        gradient = simongabriel2019.random_conv_gradient(n, (8,), rng)
        norms.append(
            sum(abs(g) * r for row, r in zip(gradient, rows, strict=True) for g in row)
        )
    found = simongabriel2019._measured_conv_damage(math.inf, depth, n, fall)
    assert found == pytest.approx(sum(norms) / 60 / size, rel=1e-12)


@pytest.mark.parametrize("more", [0, 1, 4])
def test_windows_that_hold_one_pixel_are_counted(more):
    # 2 x 2 windows of side 3 at stride 2 hold the pixel, and five others could
    found = szegedy2013._ratio_with_more(3, 2, more)
    assert found == pytest.approx(math.sqrt(4 + more), rel=1e-12)


@pytest.mark.parametrize("part", [0.0, 1e-3, 0.5, 1.0])
def test_norms_of_windows_by_loops(part):
    first, second = szegedy2013._image_pairs(2, 2)
    first[0], second[0] = 0.0, 1.0

    def size(x):
        if part == 0:
            return max(map(abs, x))
        return float(sum(mpmath.mpf(abs(t)) ** (1 / part) for t in x) ** part)

    ratios = []
    for x, y in zip(first, second, strict=True):
        corners = range(0, len(x) - 1, 2)
        cuts = [np.s_[i : i + 2, j : j + 2] for i in corners for j in corners]
        change = max(abs(size(x[c].ravel()) - size(y[c].ravel())) for c in cuts)
        ratios.append(change / np.abs(x - y).max())
    found = szegedy2013._norm_pool_ratio(2, 2, part)
    assert found == pytest.approx(max(ratios), rel=1e-12)
    assert found >= 4**part * (1 - 1e-12)


@pytest.mark.parametrize("gamma", [-1.0, 0.0, 0.75, 2.0])
def test_slopes_of_normalised_lengths_by_differences(gamma):
    eps, h = 0.5, 1e-5

    def f(r):
        return r / (eps + r * r) ** gamma

    r = math.sqrt(eps) * np.linspace(0, 100, 400_001)
    expected = np.abs((f(r + h) - f(r - h)) / (2 * h)).max()
    assert szegedy2013._largest_slope(eps, gamma) == pytest.approx(expected, rel=1e-4)
