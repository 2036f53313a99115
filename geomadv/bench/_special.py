"""Cases: measures of caps, the incomplete beta function, tails of quadratic forms.

The functions of scipy.special run on one thread. None has a simple bound: what a value
costs depends on its parameters.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from geomadv import _dispatch
from geomadv._typing import NDArray
from geomadv.bench._agree import close
from geomadv.bench._case import Case, Data, Peer, Settings

# So many values for each query.
_MORE = 10
# Imhof's integral is evaluated for so many thresholds.
_INTEGRALS = 20


def _values(settings: Settings) -> float:
    return float(_MORE * settings.n)


def _caps(settings: Settings, rng: np.random.Generator) -> Data:
    """Make dimensions up to 10^9, and heights of up to five deviations."""
    count = _MORE * settings.n
    d = np.floor(10.0 ** rng.uniform(math.log10(2.0), 9.0, count))
    return {
        "d": d,
        "height": np.minimum(rng.uniform(0.0, 5.0, count) / np.sqrt(d), 0.9),
    }


def _betaincc(log: bool) -> Callable[[Data], NDArray]:
    def call(data: Data) -> NDArray:
        from scipy.special import betaincc

        d, height = data["d"], data["height"]
        mass: NDArray = 0.5 * betaincc(0.5, 0.5 * (d - 1.0), height * height)
        return np.log(mass) if log else mass

    return call


def _cap(log: bool) -> Case:
    def ours(data: Data, threads: int) -> Any:
        options: dict[str, Any] = {"angle": False, "log": log, "threads": threads}
        return _dispatch.cap_measure(data["d"], data["height"], **options)

    return Case(
        name=f"cap_measure.{'log' if log else 'linear'}",
        kernel="cap_measure",
        title=f"{'log ' if log else ''}measures of caps, d to 1e9",
        make=_caps,
        ours=ours,
        peers=(Peer("SciPy", _betaincc(log), serial=True),),
        agree=close(1e-10),
        work=_values,
        unit="values",
    )


def _masses(settings: Settings, rng: np.random.Generator) -> Data:
    """Make dimensions as above, and measures from 1e-9 to 1/2."""
    count = _MORE * settings.n
    d = np.floor(10.0 ** rng.uniform(math.log10(2.0), 9.0, count))
    return {"d": d, "mass": 0.5 * 10.0 ** rng.uniform(-9.0, 0.0, count)}


def _betainccinv(data: Data) -> NDArray:
    from scipy.special import betainccinv

    square = betainccinv(0.5, 0.5 * (data["d"] - 1.0), 2.0 * data["mass"])
    return np.sqrt(square)


_COORDINATE = Case(
    name="cap_coordinate.height",
    kernel="cap_coordinate",
    title="heights of caps, d to 1e9",
    make=_masses,
    ours=lambda data, threads: _dispatch.cap_coordinate(
        data["d"], data["mass"], angle=False, log=False, threads=threads
    ),
    peers=(Peer("SciPy", _betainccinv, serial=True),),
    agree=close(1e-9),
    work=_values,
    unit="values",
)


def _parameters(settings: Settings, rng: np.random.Generator) -> Data:
    """Make a and b up to 10^6, and x within three deviations of the mean."""
    count = _MORE * settings.n
    a, b = 10.0 ** rng.uniform(-1.0, 6.0, (2, count))
    mean = a / (a + b)
    deviation = np.sqrt(mean * (1.0 - mean) / (a + b + 1.0))
    x = mean + rng.uniform(-3.0, 3.0, count) * deviation
    return {"a": a, "b": b, "x": np.clip(x, 0.5 * mean, 0.5 * (1.0 + mean))}


def _betainc(data: Data) -> NDArray:
    from scipy.special import betainc

    return np.log(betainc(data["a"], data["b"], data["x"]))


def _quantiles(settings: Settings, rng: np.random.Generator) -> Data:
    count = _MORE * settings.n
    a, b = 10.0 ** rng.uniform(-1.0, 6.0, (2, count))
    return {"a": a, "b": b, "log_p": np.log(rng.uniform(1e-3, 1.0 - 1e-3, count))}


def _betaincinv(data: Data) -> NDArray:
    from scipy.special import betaincinv

    return np.asarray(betaincinv(data["a"], data["b"], np.exp(data["log_p"])))


def _forms(settings: Settings, rng: np.random.Generator) -> Data:
    """Make a quadratic form in d variables, and thresholds within three deviations."""
    weights = rng.uniform(-0.5, 1.0, settings.d)
    weights /= 2.0 * np.abs(weights).max()
    mean, deviation = weights.sum(), np.sqrt(2.0 * (weights @ weights))
    excess = np.linspace(-3.0, 3.0, max(1, settings.n // 100)) * deviation
    rng.shuffle(excess)
    return {"weights": weights, "thresholds": mean + excess, "excess": excess}


def _imhof(data: Data) -> NDArray:
    """Return the logarithms of the outer tails from Imhof's integral (1961)."""
    from scipy.integrate import quad

    weights = data["weights"]

    def integrand(u: float, x: float) -> float:
        theta = 0.5 * (np.arctan(weights * u).sum() - x * u)
        rho = np.exp(0.25 * np.log1p((weights * u) ** 2).sum())
        return float(np.sin(theta) / (u * rho))

    logs = []
    for x, excess in zip(data["thresholds"][:_INTEGRALS], data["excess"], strict=False):
        integral, _ = quad(integrand, 0.0, np.inf, args=(x,), epsabs=1e-12, limit=500)
        tail = 0.5 + integral / np.pi
        logs.append(math.log(tail if excess >= 0 else 1.0 - tail))
    return np.array(logs)


_BETA = Case(
    name="log_betainc.f64",
    kernel="log_betainc",
    title="log incomplete beta, a and b to 1e6",
    make=_parameters,
    ours=lambda data, threads: _dispatch.log_betainc(
        data["a"], data["b"], data["x"], threads=threads
    ),
    peers=(Peer("SciPy", _betainc, serial=True),),
    agree=close(1e-9),
    work=_values,
    unit="values",
)

_CHI2 = Case(
    name="weighted_chi2_tail.f64",
    kernel="weighted_chi2_tail",
    title="tails of a quadratic form",
    make=_forms,
    ours=lambda data, threads: _dispatch.weighted_chi2_tail(
        data["weights"],
        np.ones_like(data["weights"]),
        data["thresholds"],
        data["excess"],
        threads=threads,
    )[0],
    peers=(
        Peer(
            "SciPy",
            _imhof,
            serial=True,
            share=lambda s: min(1.0, _INTEGRALS / max(1, s.n // 100)),
        ),
    ),
    agree=close(1e-7),
    work=lambda settings: float(max(1, settings.n // 100)),
    unit="tails",
)

_INVERSE = Case(
    name="log_betainc_inverse.f64",
    kernel="log_betainc_inverse",
    title="inverse of log incomplete beta, a and b to 1e6",
    make=_quantiles,
    ours=lambda data, threads: _dispatch.log_betainc_inverse(
        data["a"], data["b"], data["log_p"], threads=threads
    ),
    peers=(Peer("SciPy", _betaincinv, serial=True),),
    agree=close(1e-9),
    work=_values,
    unit="values",
)

CASES = (_cap(log=True), _cap(log=False), _COORDINATE, _BETA, _INVERSE, _CHI2)
