r"""Ball enclosures of the ratio of the prices that two priors pay for robustness.

With q = log((1 - pi)/pi), h = s/(1 - s), s = eps/m, the optimal threshold moves from
t = q/(2 m) to (1 + h) t, and between them pi phi(x - m) - (1 - pi) phi(x + m) is
sqrt(pi (1 - pi)) e^(-m^2/2) phi(x) 2 sinh(m x - q/2). With x = (1 + v) t the price is

    m^-1 e^(-m^2/2) (2 pi)^(-1/2) G(q),    c = 1/(8 m^2),
    G(q) = q/(2 cosh(q/2)) int_0^h k_q(v) dv,  k_q = exp(-c q^2 (1+v)^2) sinh(q v/2).

Let rho = G(q_1)/G(q_2) for the log odds q_1 < q_2 of pi and of 9 pi/10.

**rho falls with m.** y = q (1 + v) has a density proportional to
exp(-c y^2) sinh((y - q)/2) on [q, (1 + h) q]. For q_2 and q_1 these have a ratio that
grows with y, so that E y^2 = -d/dc log int k_q grows with q, and rho with c.

**rho grows with h for m^2 <= 6.** It does if k_{q_1}/k_{q_2} grows with v, and

    d/dv log = (q_2^2 - q_1^2) 2 c (1 + v) - (F(q_2 v/2) - F(q_1 v/2))/v

for F(x) = x coth x, where dF/d(x^2) is at most 1/3. So it is at least
(q_2^2 - q_1^2)((1 + v)/(4 m^2) - v/12), and h <= 1.

**Along pi** d log rho/d pi = L(q_2)/(pi (1 - 9 pi/10)) - L(q_1)/(pi (1 - pi)) with

    L = d/dq log G = 1/q - tanh(q/2)/2 + E F(q v/2)/q - 2 c E y^2/q,

1 <= F(x) <= 1 + x^2/3, and E y^2 between its values at the ends. On a box rho is thus
at most that at the smallest m (or at 2.4, if that is less), the largest h, and at the
smallest pi, times the growth from there. So it is at most that at m = 1 and h = 1 for
every m >= 1 and s in (0, 1/2].
"""

from typing import Any

from geomadv.claims import balls

_LARGEST = 2.4


def price_ratio(m: Any, share: Any, prior: Any) -> Any:
    """Enclose the price at a prior of at most 1/2 over that at nine tenths of it."""
    m, share, prior = map(balls.as_ball, (m, share, prior))
    if m.is_exact() and share.is_exact() and prior.is_exact():
        return _ratio(m, share / (1 - share), prior)
    least, s = m.lower().min(balls.as_ball(_LARGEST)), share.upper()
    h, low, high = s / (1 - s), prior.lower(), prior.upper()
    growth = _fastest(least, h, _log_odds(9 * high / 10), _log_odds(9 * low / 10))
    growth /= balls.span(low * (1 - 9 * low / 10), high * (1 - 9 * high / 10))
    fall = _slowest(least, h, _log_odds(high), _log_odds(low))
    fall /= balls.span(low * (1 - low), high * (1 - high))
    rate = (growth - fall).upper().max(balls.as_ball(0))
    return balls.span(0, _ratio(least, h, low) * (rate * (high - low)).exp())


def _ratio(m: Any, h: Any, prior: Any) -> Any:
    """Enclose rho at a point; 0 at the prior 1/2."""
    return _scaled(m, h, _log_odds(prior)) / _scaled(m, h, _log_odds(9 * prior / 10))


def _log_odds(prior: Any) -> Any:
    return ((1 - prior) / prior).log()


def _scaled(m: Any, h: Any, q: Any) -> Any:
    """Enclose 2 G(q)/h."""
    return q / (q / 2).cosh() * _moment(m, h, q, 0)


def _moment(m: Any, h: Any, q: Any, power: int) -> Any:
    """Enclose the integral of (1 + v)^power k_q over [0, h], over h."""
    from flint import acb

    def integrand(u: Any, _: bool) -> Any:
        y = q * (1 + h * u)
        weight = (-((y / m) ** 2) / 8).exp() * (q * h * u / 2).sinh()
        return weight * (1 + h * u) ** power

    return acb.integral(integrand, 0, 1).real


def _square(m: Any, h: Any, q: Any) -> Any:
    """Enclose E y^2."""
    return q * q * _moment(m, h, q, 2) / _moment(m, h, q, 0)


def _fastest(m: Any, h: Any, low: Any, high: Any) -> Any:
    """Bound L from above, for q between two positive ends."""
    mean = (2 + (high * h) ** 2 / 12) / low
    return (
        mean - (low / 2).tanh() / 2 - _square(m, h, low) / high / (4 * m * m)
    ).upper()


def _slowest(m: Any, h: Any, low: Any, high: Any) -> Any:
    """Bound L from below, for q between two ends."""
    most = _square(m, h, high) / low if low > 0 else high * (1 + h) ** 2
    return (2 / high - (high / 2).tanh() / 2 - most / (4 * m * m)).lower()
