r"""The tail of a weighted sum of chi-square variables: one contour integral.

With K(s) = -1/2 sum_i m_i log(1 - 2 l_i s), the logarithm of E exp(s Q),

    P(Q > x) = (1 / 2 pi i) int exp(psi(s)) ds,   psi(s) = K(s) - x s - log s,

over any contour that leaves the pole at 0 and the branch points of negative weights to
its left and those of positive weights to its right. Here it is the hyperbola

    s(u) = c + r (i sinh u + sign(x)/8 (cosh u - 1)),   r = psi''(c)^{-1/2},

where c minimises psi on the real axis, so that nothing oscillates before it is small;
it bends to where exp(-x s) decays. The trapezoidal rule in u converges geometrically,
and a step of 1/64 leaves less than 1e-14 (measured by halving it).

Accuracy. psi(c) is a sum of terms that may cancel, of size up to sum_i m_i: for the
contract's at most 6000 degrees of freedom that is 1e-12 in absolute terms. The contract
allows 3e-12 max(1, |log P|).
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from geomadv_kernels.contract import Arguments, Kernel
from geomadv_kernels.cpu._threads import available

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

_Array = np.ndarray[tuple[Any, ...], np.dtype[Any]]

_STEP, _LAST = 1 / 64, 90.0


def _log_tail(lam: _Array, m: _Array, x: float) -> float:
    """Return log P(Q > x)."""
    if lam.max() < 0 and x >= 0:
        return -np.inf
    low, high = -690.0, 690.0  # c by the logarithm of c, or of c / (b - c)
    for _ in range(200):
        p = np.exp((low + high) / 2.0)
        c = p / (1.0 + p) / (2.0 * lam.max()) if lam.max() > 0 else p
        gap = 1.0 / (1.0 + p) if lam.max() > 0 else 1.0
        share = np.maximum(lam, 0.0) / max(lam.max(), 1e-300)
        d = np.where(lam > 0, 1.0 - share + share * gap, 1.0 - 2.0 * lam * c)
        if np.sum(m * lam / d) - x - 1.0 / c < 0:
            low = (low + high) / 2.0
        else:
            high = (low + high) / 2.0
    r = 1.0 / np.sqrt(np.sum(2.0 * m * (lam / d) ** 2) + 1.0 / c**2)
    u = np.arange(_STEP / 2.0, _LAST, _STEP)
    bend = np.sign(x) / 8.0
    away = r * (1j * np.sinh(u) + bend * (np.cosh(u) - 1.0))
    slope = r * (np.cosh(u) - 1j * bend * np.sinh(u))  # ds / (i du)
    exponent = -x * away - np.log(1.0 + away / c)
    for weight, count, scale in zip(lam, m, d, strict=True):
        exponent = exponent - count / 2.0 * np.log(1.0 - 2.0 * weight * away / scale)
    integral = np.sum((np.exp(exponent) * slope).real) * _STEP / np.pi
    return float(-0.5 * np.sum(m * np.log(d)) - c * x - np.log(c) + np.log(integral))


def weighted_chi2_tail(
    weights: _Array, multiplicities: _Array, thresholds: _Array, excess: _Array
) -> tuple[_Array, _Array]:
    """Return log P(Q > x) where x >= E Q, else log P(Q < x); and which it is."""
    upper = np.asarray(excess) >= 0
    log_part = [
        _log_tail(weights, multiplicities, x)
        if above
        else _log_tail(-weights, multiplicities, -x)
        for x, above in zip(thresholds, upper, strict=True)
    ]
    return np.array(log_part, dtype=float), upper


def _inputs() -> "SearchStrategy[Arguments]":
    from hypothesis import strategies as st

    @st.composite
    def arguments(draw: Any) -> Arguments:
        rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        k = draw(st.integers(1, 6))
        n = draw(st.sampled_from([0, 1, 3, 7]))
        lam = 10.0 ** -rng.uniform(0.0, draw(st.sampled_from([0.3, 6.0])), k)
        sign = draw(st.sampled_from([-1, 0, 1]))
        lam *= rng.choice([-1, 1], k) if sign == 0 else sign
        lam = lam / np.exp2(np.frexp(np.abs(lam).max())[1])
        m = rng.choice([1, 2, 3, 10, 1000], k).astype(float)
        mean, deviation = np.sum(lam * m), np.sqrt(2.0 * np.sum(m * lam**2))
        z = rng.standard_normal(n) * rng.choice([1e-3, 1.0, 10.0], n)
        x = np.where(rng.random(n) < 0.2, 0.0, mean + z * deviation)
        return {
            "weights": lam,
            "multiplicities": m,
            "thresholds": x,
            "excess": x - mean,
        }

    return arguments()


def _tolerance(_: Arguments, expected: Any) -> Any:
    log_part, _upper = expected
    return 3e-12 * np.maximum(1.0, np.abs(log_part)), 0


def _memory(arguments: Arguments) -> int:
    """Return some rows of the weights and 52 power sums a power of two, per thread."""
    k, n = arguments["weights"].size, arguments["thresholds"].size
    return available() * (40 * k + 432 * min(k, 2200) + 2**13) + 64 * (k + n) + 2**16


KERNELS = (
    Kernel(
        name="weighted_chi2_tail",
        file="weighted_chi2",
        reference=weighted_chi2_tail,
        inputs=_inputs,
        tolerance=_tolerance,
        memory=_memory,
        accelerators=("xp",),
    ),
)
