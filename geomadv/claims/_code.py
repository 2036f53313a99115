"""Values of parameters as Python code, for the programs that show a violation."""

import dataclasses
import importlib
from typing import Any

import numpy as np


def code(value: Any) -> tuple[str, frozenset[str]]:
    """Return an expression for a value and the imports that it needs.

    Numbers, strings, arrays, sequences, dataclasses, spaces, laws and the classifiers
    of `geomadv.testing.strategies` are written so that the expression gives the value
    back; of anything else it is the `repr`.

    Examples
    --------
    >>> code(np.array([1.0, 0.0]))
    ('np.array([1.0, 0.0])', frozenset({'import numpy as np'}))
    """
    imports: set[str] = set()
    return _code(value, imports), frozenset(imports)


def _code(value: Any, imports: set[str]) -> str:
    if isinstance(value, np.ndarray):
        imports.add("import numpy as np")
        plain = value.dtype in (np.dtype(float), np.dtype(int), np.dtype(bool))
        kind = "" if plain and value.size else f", dtype={value.dtype.name!r}"
        return f"np.array({value.tolist()!r}{kind})"
    if isinstance(value, np.generic):
        return repr(value.item())
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        inside = ", ".join(_code(member, imports) for member in value)
        if isinstance(value, list):
            return f"[{inside}]"
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    if isinstance(value, dict):
        pairs = (f"{_code(k, imports)}: {_code(v, imports)}" for k, v in value.items())
        return f"{{{', '.join(pairs)}}}"
    if hasattr(value, "_fields"):
        return _call(value, "", value._asdict(), imports)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f.name for f in dataclasses.fields(value) if f.init]
        return _call(value, "", {n: getattr(value, n) for n in fields}, imports)
    return _object(value, imports)


def _object(value: Any, imports: set[str]) -> str:
    from geomadv.classifiers import (
        KernelExpansion,
        LinearClassifier,
        QuadraticClassifier,
    )
    from geomadv.data import GaussianPair

    match value:
        case LinearClassifier(coef_=w, intercept_=b):
            one = len(w) == 1
            own = {"w": w[0] if one else w, "b": b[0] if one else b}
        case QuadraticClassifier(A_=A, b_=b, c_=c):
            own = {"A": A, "b": b, "c": c}
        case KernelExpansion(centres_=x, coefficients_=a):
            own = {"centres": x, "coefficients": a, "b": value.intercept_}
            own |= {n: getattr(value, n) for n in ("kernel", "gamma", "degree")}
            own["coef0"] = value.coef0
        case GaussianPair(mu=mu, cov=cov, prior=prior):
            spread = cov if np.ndim(cov) else float(cov)
            return _call(value, "", {"mu": mu, "cov": spread, "prior": prior}, imports)
        case _ if hasattr(value, "_fit_X"):
            _import(value, imports)
            labels = _code(value.classes_[value._y], imports)
            return f"{value!r}.fit({_code(value._fit_X, imports)}, {labels})"
        case _:
            text = repr(value)
            if text.startswith(f"{type(value).__name__}("):
                _import(value, imports)
                if "array(" in text:
                    imports.add("from numpy import array")
            return text
    own["classes"] = value.classes_
    return _call(value, ".from_parameters", own, imports)


def _call(value: Any, method: str, given: dict[str, Any], imports: set[str]) -> str:
    _import(value, imports)
    inside = ", ".join(f"{n}={_code(v, imports)}" for n, v in given.items())
    return f"{type(value).__name__}{method}({inside})"


def _import(value: Any, imports: set[str]) -> None:
    """Add the import of a value's class, from its public module if there is one."""
    name, module = type(value).__name__, type(value).__module__
    if module == "builtins":
        return
    public = module.partition("._")[0]
    if hasattr(importlib.import_module(public), name):
        module = public
    imports.add(f"from {module} import {name}")
