"""The version of a measurement: a digest of the code that it runs.

Cells of an old `measure` must not be mixed with those of a new one. What counts is the
source of the function and of everything of the user's that it names, directly or
through others of them: functions, classes, and the values of constants, in its own
module and in others that are not installed. Comments, docstrings and layout do not
count: the source is parsed and its syntax tree is hashed. What is installed counts by
its name alone; the versions of geomadv and NumPy are part of a layout beside the
digest.
"""

import ast
import functools
import hashlib
import inspect
import re
import sys
import textwrap
import types
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from geomadv.studies._transport import is_foreign

# An address, or what may be a set, whose order is another in every process.
_UNSTABLE = re.compile(r"\b0x[0-9a-fA-F]+|\{")


def fingerprint(measure: Callable[..., Any]) -> str:
    """Return 16 hexadecimal digits that change with the code of `measure`.

    Parameters
    ----------
    measure : callable
        A function, a partial one, a method or an object that is called.

    Returns
    -------
    str
    """
    parts: dict[str, str] = {}
    _visit("measure", measure, _home(measure), parts)
    digest = hashlib.blake2b(repr(sorted(parts.items())).encode(), digest_size=8)
    return digest.hexdigest()


def _home(value: Any) -> str:
    """Return the name of the module whose definitions count."""
    while isinstance(value, functools.partial):
        value = value.func
    return str(getattr(inspect.unwrap(value), "__module__", ""))


def _visit(name: str, value: Any, home: str, parts: dict[str, str]) -> None:
    """Describe a value, and what it names, under its name."""
    if name in parts:
        return
    parts[name] = ""  # what names itself comes back here
    if isinstance(value, functools.partial):
        _visit(f"{name}.func", value.func, home, parts)
        for key, bound in [*enumerate(value.args), *sorted(value.keywords.items())]:
            _visit(f"{name}.{key}", bound, home, parts)
        return
    if callable(value) and not isinstance(value, type):
        value = inspect.unwrap(value)
    if isinstance(value, types.MethodType):
        _visit(f"{name}.self", value.__self__, home, parts)
        value = value.__func__
    if isinstance(value, types.FunctionType) and _counts(value, home):
        parts[name] = _source(value)
        for key, bound in _names(value, home):
            _visit(key, bound, home, parts)
    elif isinstance(value, type) and _counts(value, home):
        parts[name] = f"class {value.__qualname__}"
        for base in value.__bases__:
            _visit(_place(base, home), base, home, parts)
        for key, member in vars(value).items():
            inner = getattr(member, "__func__", getattr(member, "fget", member))
            if isinstance(inner, types.FunctionType) or not key.startswith("__"):
                _visit(f"{name}.{key}", inner, home, parts)
    else:
        parts[name] = _described(value, home, parts)


def _counts(value: Any, home: str) -> bool:
    """Tell whether a definition is the user's own."""
    module = str(getattr(value, "__module__", ""))
    return module == home or is_foreign(module, sys.modules.get(module))


def _place(value: Any, home: str) -> str:
    """Return the name of a definition: the same in a script and in a module."""
    module = str(getattr(value, "__module__", ""))
    return value.__qualname__ if module == home else f"{module}.{value.__qualname__}"


def _names(function: types.FunctionType, home: str) -> Iterator[tuple[str, Any]]:
    """Yield what a function finds outside itself: globals, closure and defaults."""
    place = _place(function, home)
    prefix = "" if function.__module__ == home else f"{function.__module__}."
    codes = [function.__code__]
    for code in codes:
        codes += [c for c in code.co_consts if isinstance(c, types.CodeType)]
        for name in code.co_names:
            if name not in function.__globals__:
                continue
            value = function.__globals__[name]
            yield f"{prefix}{name}", value
            if isinstance(value, types.ModuleType) and is_foreign(
                value.__name__, value
            ):
                for inner in code.co_names:
                    if hasattr(value, inner):
                        yield f"{value.__name__}.{inner}", getattr(value, inner)
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    for name, cell in cells:
        try:
            yield f"{place}.{name}", cell.cell_contents
        except ValueError:  # not bound yet
            continue
    defaults = (
        *(function.__defaults__ or ()),
        *(function.__kwdefaults__ or {}).items(),
    )
    yield f"{place}.defaults", defaults


def _described(
    value: Any, home: str, parts: dict[str, str], around: tuple[int, ...] = ()
) -> str:
    """Return a text that is the same in every process.

    `around` identifies what the value stands in: something may hold itself.
    """
    if id(value) in around:
        return f"the one {len(around) - around.index(id(value))} above"
    around = (*around, id(value))

    def inner(item: Any) -> str:
        return _described(item, home, parts, around)

    if isinstance(value, types.ModuleType):
        return value.__name__
    if isinstance(value, np.ndarray) and value.dtype != object:
        content = hashlib.blake2b(np.ascontiguousarray(value).tobytes()).hexdigest()
        return f"array {value.dtype.str} {value.shape} {content}"
    if isinstance(value, dict | types.MappingProxyType):
        items = [(inner(key), inner(item)) for key, item in value.items()]
        return f"dict {items}"
    if isinstance(value, list | tuple | deque):
        return f"{type(value).__name__} {[inner(item) for item in value]}"
    if isinstance(value, set | frozenset):
        return f"set {sorted(map(inner, value))}"
    if value is None or isinstance(value, str | bytes | int | float | complex):
        return repr(value)
    if isinstance(value, np.generic):
        return f"{value.dtype.str} {value.tobytes().hex()}"
    if isinstance(value, types.FunctionType | type) and _counts(value, home):
        _visit(_place(value, home), value, home, parts)
        return f"see {_place(value, home)}"
    if hasattr(value, "__qualname__"):
        return f"{getattr(value, '__module__', '')}.{value.__qualname__}"
    kind = type(value)
    if _counts(kind, home):
        _visit(_place(kind, home), kind, home, parts)
        if hasattr(value, "__dict__"):
            return f"{kind.__qualname__} {inner(vars(value))}"
    return f"{kind.__module__}.{kind.__qualname__} {_shown(value)}"


def _shown(value: Any) -> str:
    """Return how a value shows itself, unless that may differ between processes."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - whatever a foreign class raises
        return ""
    return "" if _UNSTABLE.search(text) else text


def _source(value: Any) -> str:
    """Return the syntax tree of a definition, or what stands for it without source."""
    try:
        text = textwrap.dedent(inspect.getsource(value))
    except (OSError, TypeError):
        return _code(value)
    try:
        tree: ast.AST = ast.parse(text)
    except SyntaxError:  # a lambda in the middle of an expression
        return _code(value)
    if getattr(value, "__name__", "") == "<lambda>":
        lambdas = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
        return "; ".join(ast.dump(node) for node in lambdas)
    for node in ast.walk(tree):
        _without_docstring(node)
    return ast.dump(tree)


def _without_docstring(node: ast.AST) -> None:
    body = getattr(node, "body", None)
    if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
        first = body[0].value
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            del body[0]


def _code(value: Any) -> str:
    """Return the byte code of a function and of those within it."""
    code = getattr(value, "__code__", None)
    if code is None:
        return repr(getattr(value, "__qualname__", type(value).__qualname__))
    codes = [code]
    texts = []
    for item in codes:
        inner = [c for c in item.co_consts if isinstance(c, types.CodeType)]
        codes += inner
        rest = [c for c in item.co_consts if not isinstance(c, types.CodeType)]
        texts.append(
            f"{item.co_code.hex()} {rest!r} {item.co_names} {item.co_varnames}"
        )
    return "; ".join(texts)
