"""Convolutions against explicit matrices, built entry by entry."""

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from geomadv.lipschitz import _conv_zeros, _fourier
from geomadv.lipschitz._conv import conv_norm, conv_norm_sup, conv_singular_values
from geomadv.lipschitz._gram import gram_bounds
from geomadv.lipschitz._layers import Conv

COSINES = np.cos(
    1
    + np.arange(2)[:, None, None, None]
    + 2 * np.arange(2)[:, None, None]
    + 3 * np.arange(3)[:, None]
    + 5 * np.arange(3)
)


def explicit(w, n, stride, padding, groups, dilation):
    """Return the matrix, an entry at a time; padding is None for circular."""
    (D, C, kh, kw), (H, W) = w.shape, n
    pads = padding or ((0, 0), (0, 0))
    if padding is None:
        out = H // stride[0], W // stride[1]
    else:
        out = tuple(
            (before + m + after - t * (k - 1) - 1) // s + 1
            for m, (before, after), t, k, s in zip(
                n, pads, dilation, (kh, kw), stride, strict=True
            )
        )
    M = np.zeros((D, *out, C * groups, H, W))
    for d, a, b, c, u, v in itertools.product(
        range(D), range(out[0]), range(out[1]), range(C), range(kh), range(kw)
    ):
        i = a * stride[0] + u * dilation[0] - pads[0][0]
        j = b * stride[1] + v * dilation[1] - pads[1][0]
        if padding is None:
            i, j = i % H, j % W
        if 0 <= i < H and 0 <= j < W:
            M[d, a, b, c + C * (d // (D // groups)), i, j] += w[d, c, u, v]
    return M.reshape(D * math.prod(out), -1)


@st.composite
def convolutions(draw, circular):
    """Draw a kernel, an image, strides, zeros around it, groups and dilations."""

    def two(low, high):
        return draw(st.integers(low, high)), draw(st.integers(low, high))

    groups = draw(st.integers(1, 3))
    shape = (groups * draw(st.integers(1, 3)), draw(st.integers(1, 3)), *two(1, 4))
    stride, dilation = two(1, 3), two(1, 2)
    w = np.random.default_rng(draw(st.integers(0, 99))).standard_normal(shape)
    if draw(st.booleans()):
        w = np.round(w)
    if circular:
        m = two(1, 3)
        return w, (m[0] * stride[0], m[1] * stride[1]), stride, None, groups, dilation
    n, pads = two(1, 6), (two(0, 3), two(0, 3))
    need = [t * (k - 1) + 1 for t, k in zip(dilation, shape[2:], strict=True)]
    n = tuple(max(m, k - sum(p)) for m, k, p in zip(n, need, pads, strict=True))
    return w, n, stride, pads, groups, dilation


def holds(found, norm, rtol=1e-10):
    assert found.lower <= norm * (1 + 1e-13)
    assert norm * (1 - 1e-13) <= found.upper
    assert found.upper <= found.lower * (1 + rtol) + 1e-12  # if terms cancel


@settings(max_examples=60)
@given(drawn=convolutions(circular=True))
def test_circular_norms_and_spectra(drawn):
    w, n, stride, _, groups, dilation = drawn
    values = np.linalg.svd(explicit(*drawn), compute_uv=False)
    holds(conv_norm(w, n, stride, "circular", groups, dilation), values[0])
    found = conv_singular_values(w, n, stride, groups, dilation)
    both = np.zeros((2, max(len(found), len(values))))
    both[0, : len(found)], both[1, : len(values)] = found, values
    assert np.abs(both[0] - both[1]).max() <= 1e-13 * np.abs(w).sum()
    sup = conv_norm_sup(w, stride, groups, dilation, rtol=1e-4)
    assert sup.upper >= values[0] * (1 - 1e-13)
    assert sup.lower <= sup.upper <= sup.lower * (1 + 1e-3)


@settings(max_examples=60)
@given(drawn=convolutions(circular=False), whole=st.booleans())
def test_norms_with_zeros(drawn, whole):
    w, n, stride, pads, groups, dilation = drawn
    norm = np.linalg.norm(explicit(*drawn), 2)
    with pytest.MonkeyPatch.context() as patch:
        if not whole:
            patch.setattr(_conv_zeros, "_WHOLE", 0)
        found = conv_norm(w, n, stride, pads, groups, dilation)
    assert found.lower <= norm * (1 + 1e-13)
    assert norm * (1 - 1e-13) <= found.upper
    if whole:
        assert found.upper <= found.lower * (1 + 1e-10) + 1e-300
    elif norm:
        assert found.lower >= norm * (1 - 1e-4)
    assert norm <= conv_norm_sup(w, stride, groups, dilation, rtol=1e-3).upper


@settings(max_examples=30)
@given(drawn=convolutions(circular=False), m=st.integers(1, 2))
def test_every_upper_bound_is_at_least_the_norm(drawn, m):
    """Rough ones, those of Gram's iteration and those of little work."""
    w, n, stride, pads, groups, dilation = drawn
    matrix = explicit(*drawn)
    norm = np.linalg.norm(matrix, 2)
    layer = Conv(w, None, stride, pads, groups, dilation)
    rough = layer.rough_bound([(1, w.shape[1] * groups, *n)])
    assert rough.lower <= norm * (1 + 1e-13)
    size = m * stride[0], m * stride[1]
    around = np.linalg.norm(explicit(w, size, stride, None, groups, dilation), 2)
    any_size = layer.rough_bound(None).upper
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_conv_zeros, "_WHOLE", 0)
        patch.setattr(_fourier, "WORK", 1)
        zeros = conv_norm(w, n, stride, pads, groups, dilation)
        circular = conv_norm(w, size, stride, "circular", groups, dilation)
    assert zeros.lower <= norm * (1 + 1e-13)
    assert circular.lower <= around * (1 + 1e-13)
    bounds = [any_size, rough.upper, zeros.upper, *gram_bounds(matrix, 3)]
    assert min(bounds) >= norm * (1 - 1e-13)
    assert min(any_size, circular.upper) >= around * (1 - 1e-13)


def test_an_image_smaller_than_the_kernel_is_not_enlarged(monkeypatch):
    """One pixel sees the first tap alone, and the norm is not that of both."""
    monkeypatch.setattr(_conv_zeros, "_WHOLE", 0)
    monkeypatch.setattr(_fourier, "WORK", 1)
    found = conv_norm([[[[1.0], [-1.0]]]], 1, padding=((0, 1), (0, 0)))
    assert found.lower == pytest.approx(1.0, rel=1e-12)


TABLE = [
    (8, 1, 8.524798149789, 8.192038731372),
    (8, 2, 5.620299755573, 5.172038662649),
    (9, 1, 8.668910023071, 8.302229261395),
    (9, 3, 3.633925231249, 3.633925231249),
]


@pytest.mark.parametrize(("n", "stride", "circular", "zeros"), TABLE)
def test_reference_values(n, stride, circular, zeros):
    assert conv_norm(COSINES, n, stride) == pytest.approx(circular, rel=1e-10)
    found = conv_norm(COSINES, n, stride, "zeros")
    assert found == pytest.approx(zeros, rel=2e-10)


def test_the_supremum_is_that_of_an_optimiser():
    """On a grid of 512 x 512 frequencies the largest value is 8.841724."""
    u = np.arange(3)

    def value(omega):
        phase = np.exp(1j * (omega[0] * u[:, None] + omega[1] * u))
        return -np.linalg.norm((COSINES * phase).sum(axis=(2, 3)), 2)

    starts = np.random.default_rng(0).uniform(0, 2 * np.pi, (20, 2))
    options = {"xatol": 1e-12, "fatol": 1e-14}
    best = max(
        -minimize(value, s, method="Nelder-Mead", options=options).fun for s in starts
    )
    found = conv_norm_sup(COSINES)
    assert found.lower == pytest.approx(best, rel=2e-9)
    assert best <= found.upper <= best * (1 + 3e-9)
    assert found.upper > 8.84179


@pytest.mark.parametrize("n", [3, 5, 9])
def test_zeros_can_exceed_the_circular_norm(n):
    """The difference of neighbours: 2 cos(pi/(2n)) against 2 cos(pi/(2n + 1))."""
    w = [[[[1.0, -1.0]]]]
    circular = conv_norm(w, (1, n))
    zeros = conv_norm(w, (1, n), padding=((0, 0), (0, 1)))
    assert circular == pytest.approx(2 * math.cos(math.pi / (2 * n)), rel=1e-10)
    assert zeros == pytest.approx(2 * math.cos(math.pi / (2 * n + 1)), rel=1e-9)
    assert zeros.lower > circular.upper
    assert conv_norm_sup(w) == pytest.approx(2.0, rel=1e-8)


@pytest.mark.parametrize("n", [4, 8])
def test_a_positive_filter_with_zeros(n):
    found = conv_norm([[[[1.0, 2.0, 1.0]]]], (1, n), padding="zeros")
    assert found == pytest.approx(2 + 2 * math.cos(math.pi / (n + 1)), rel=1e-9)
    assert conv_norm([[[[1.0, 2.0, 1.0]]]], (1, n)) == pytest.approx(4.0, rel=1e-10)


@pytest.mark.parametrize("n", [4, 8])
def test_a_change_of_sign_makes_the_bound_of_a_positive_filter_exact(n, monkeypatch):
    """On n + 1 pixels the frequencies nearest to 0 are +-1/(2 (n + 1))."""
    monkeypatch.setattr(_conv_zeros, "_WHOLE", 0)
    found = conv_norm([[[[1.0, 2.0, 1.0]]]], (1, n), padding="zeros")
    assert found.upper == pytest.approx(2 + 2 * math.cos(math.pi / (n + 1)), rel=1e-5)


@pytest.mark.parametrize("half", [(0, 0), (0, 1), (1, 0), (1, 1)])
@pytest.mark.parametrize("size", [(3, 4), (4, 3)])
def test_circles_with_a_change_of_sign(size, half):
    """Against the circle twice as long, restricted to images that change their sign."""
    w = np.random.default_rng(8).standard_normal((2, 3, 2, 3))
    double = tuple(n * (1 + h) for n, h in zip(size, half, strict=True))
    M = explicit(w, double, (1, 1), None, 1, (1, 1))
    signs = [
        np.concatenate([np.eye(n), -np.eye(n)])[: n * (1 + h)] / math.sqrt(1 + h)
        for n, h in zip(size, half, strict=True)
    ]
    images = np.kron(np.eye(3), np.kron(*signs))
    expected = np.linalg.norm(M @ images, 2)
    kernel = _fourier.Kernel(w[None], 1.0, (1, 1), (1, 1))
    found, _ = _fourier.fourier(kernel, size, 1e-10, half)
    assert found.upper == pytest.approx(expected, rel=1e-9)


def test_the_prefactor_of_a_stride_is_one_over_the_stride():
    """A kernel of one tap picks every third pixel: norm 1, not 1/3."""
    w = np.zeros((1, 1, 4, 4))
    w[0, 0, 1, 2] = 1.0
    assert conv_norm(w, 12, 3) == pytest.approx(1.0, rel=1e-10)
    rng = np.random.default_rng(0)
    w = rng.standard_normal((4, 3, 4, 4))
    norm = np.linalg.norm(w.reshape(4, -1), 2)
    assert conv_norm(w, 12, 4) == pytest.approx(norm, rel=1e-10)


def test_large_blocks_are_factorised():
    rng = np.random.default_rng(5)
    w = rng.standard_normal((40, 36, 3, 2))
    values = conv_singular_values(w, (6, 4))
    holds(conv_norm(w, (6, 4)), values[0])
    loose = conv_norm(w, (6, 4), rtol=1e-2)
    holds(loose, values[0], rtol=1e-2)
    assert loose.method == "Fourier blocks"
    sup = conv_norm_sup(w, rtol=0.1)
    assert values[0] <= sup.upper <= sup.lower * (1.1 + 1e-9)
    # the lower end is attained at a frequency, so that fine grids come near it
    fine = conv_norm(w, 24, rtol=1e-6)
    assert fine.lower <= sup.upper
    assert sup.lower <= fine.upper * 1.1
    M = explicit(w, (5, 5), (1, 1), ((1, 1), (0, 1)), 1, (1, 1))
    zeros = conv_norm(w, 5, padding=((1, 1), (0, 1)))
    holds(zeros, np.linalg.norm(M, 2), rtol=1e-9)  # rounding: 900 rows


@pytest.mark.parametrize("padding", ["circular", "zeros"])
def test_work_is_limited(padding, monkeypatch):
    """With less work the interval is wider, and holds the norm."""
    rng = np.random.default_rng(7)
    w = rng.standard_normal((3, 4, 3, 3))
    monkeypatch.setattr(_conv_zeros, "_WHOLE", 0)
    norm = conv_norm(w, 12, padding=padding, rtol=1e-6)
    monkeypatch.setattr(_fourier, "WORK", 1000)
    found = conv_norm(w, 12, padding=padding)
    assert found.lower <= norm.upper
    assert norm.lower <= found.upper <= 1.2 * norm.upper
    assert found.lower >= 0.6 * norm.lower
    assert found.upper > found.lower * 1.001
    assert conv_norm(w, 10**6, padding=padding).upper < 2 * norm.upper


def test_rounding_is_taken_off_a_lower_end(monkeypatch):
    """Sums of neighbours among n zeros around have the norm 2 cos(pi/(2 (n + 1)))."""
    monkeypatch.setattr(_conv_zeros, "_WHOLE", 0)
    found = conv_norm(np.ones((40, 1, 2, 1)), (12, 1), padding=((1, 1), (0, 0)))
    exact = mpmath.sqrt(40) * 2 * mpmath.cos(mpmath.pi / 26)
    assert found.lower <= exact <= found.upper
    assert found.lower >= exact * (1 - 1e-10)


def test_a_flat_spectrum_stays_within_the_work_allowed():
    """A rotation of channels followed by shifts has norm 1 at all frequencies."""
    w = np.zeros((2, 2, 3, 3))
    w[0, 0, 0, 0] = w[1, 1, 2, 2] = 1.0
    found = conv_norm_sup(w)
    assert found.lower == pytest.approx(1.0, rel=1e-12)
    assert 1.0 - 1e-12 <= found.upper <= 1.001


def test_zeros_at_the_edges_of_a_kernel_do_not_matter():
    w = np.zeros((1, 1, 7, 7))
    w[0, 0, 2, 3] = -3.0
    assert conv_norm_sup(w) == pytest.approx(3.0, rel=1e-12)


@pytest.mark.parametrize("scale", [1e-300, 1e300])
def test_no_scale_overflows(scale):
    one = conv_norm(COSINES, 5)
    assert conv_norm(scale * COSINES, 5) == pytest.approx(scale * one, rel=1e-12)
    assert conv_norm_sup(scale * COSINES).lower > 8 * scale
    assert conv_norm(0.0 * COSINES, 5) == 0.0
    assert conv_norm_sup(0.0 * COSINES) == 0.0
    assert not conv_singular_values(0.0 * COSINES, 5).any()


def test_groups_are_apart():
    rng = np.random.default_rng(6)
    w = rng.standard_normal((6, 2, 3, 3))
    parts = [conv_norm(w[i : i + 2], 5) for i in (0, 2, 4)]
    assert conv_norm(w, 5, groups=3) == pytest.approx(max(parts), rel=1e-10)
    depthwise = rng.standard_normal((5, 1, 3, 3))
    values = conv_singular_values(depthwise, 4, groups=5)
    assert len(values) == 5 * 16


@pytest.mark.errors
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: conv_norm(COSINES, 8, 3), "stride must divide"),
        (lambda: conv_norm(COSINES, 0), "n must be at least 1, got 0"),
        (lambda: conv_norm(COSINES, (1, 2, 3)), "n must be one integer or two"),
        (lambda: conv_norm(COSINES[0], 8), "w must"),
        (lambda: conv_norm(COSINES[:, :0], 8), "w must have entries"),
        (lambda: conv_norm(COSINES, 8, groups=3), "groups must divide the 2 channels"),
        (lambda: conv_norm(COSINES, 8, padding="same"), "padding must be"),
        (lambda: conv_norm(COSINES, 8, padding=1), "padding must be"),
        (lambda: conv_norm(COSINES, 2, padding=((0, 0), (0, 0))), "at least 3"),
        (lambda: conv_norm(COSINES, 8, dilation=0), "dilation must be at least 1"),
        (lambda: conv_norm(COSINES * np.nan, 8), "w must"),
        (lambda: conv_norm_sup(COSINES, rtol=-1.0), "rtol must"),
        (lambda: conv_singular_values(COSINES, 8, 3), "stride must divide"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises((ValueError, TypeError), match=message):
        call()
