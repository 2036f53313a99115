r"""The two sides of a comparison that a user's function returns.

``return lhs <= rhs`` of two plain numbers is True or False, and how far the relation is
from failing is lost. `keeping_sides` therefore compiles such a return statement as
``return (lhs, "<=", rhs)``, as pytest does with assertions: the function's source is
parsed, its returns that consist of one comparison are replaced, and nothing else is
changed. Where the source is not to be had (a lambda, a session without files) the
function stays as it is, and its bool is taken for what it is.
"""

import ast
import copy
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any, Literal, NamedTuple

_SIGNS = {ast.LtE: "<=", ast.Lt: "<=", ast.GtE: ">=", ast.Gt: ">=", ast.Eq: "=="}


class Sides(NamedTuple):
    """Two sides and what is asserted of them.

    Parameters
    ----------
    lhs, rhs : number, Sampler or arb
    relation : {"lhs <= rhs", "lhs == rhs"}

    Examples
    --------
    >>> Sides(1.0, 2.0).relation
    'lhs <= rhs'
    """

    lhs: Any
    rhs: Any
    relation: Literal["lhs <= rhs", "lhs == rhs"] = "lhs <= rhs"


@dataclass(frozen=True, eq=False)
class Sampler:
    """The mean of a bounded random quantity, as one side of a comparison.

    Parameters
    ----------
    draw : callable
        ``draw(n, rng)`` returns n independent draws, as booleans or as numbers in the
        support.
    support : tuple of float
        Bounds of the draws, unless they are booleans.

    Examples
    --------
    >>> coin = Sampler(lambda n, rng: rng.random(n) < 0.5)
    >>> (coin <= 0.6).rhs
    0.6
    """

    draw: Callable[[int, Any], Any]
    support: tuple[float, float] = (0.0, 1.0)

    def __le__(self, other: Any) -> Sides:
        return Sides(self, other)

    def __ge__(self, other: Any) -> Sides:
        return Sides(other, self)

    __lt__, __gt__ = __le__, __ge__


def as_sides(value: Any) -> Sides:
    """Return what a claim's function returned as two sides.

    A bool says whether the relation holds and no more: its left side is 1 where it
    fails and 0 where it holds, its right side 0.
    """
    match value:
        case Sides():
            return value
        case (lhs, "<=", rhs) | (rhs, ">=", lhs) | (lhs, rhs):
            return Sides(lhs, rhs)
        case (lhs, "==", rhs):
            return Sides(lhs, rhs, "lhs == rhs")
        case _ if is_bool(value):
            return Sides(0.0 if value else 1.0, 0.0)
    raise TypeError(
        "a claim's function must return `lhs <= rhs`, `lhs == rhs`, a pair "
        f"(lhs, rhs), Sides or a bool, got {type(value).__name__}"
    )


def is_bool(value: Any) -> bool:
    """Whether a value is Python's or NumPy's bool."""
    return isinstance(value, bool) or type(value).__name__ in ("bool", "bool_")


def keeping_sides(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function with the sides of the comparisons it returns kept apart.

    The function itself is returned where there is nothing to keep or its source cannot
    be read, or is not what is in memory.
    """
    if not isinstance(function, FunctionType):
        return function
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError):
        return function
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):  # a lambda in a larger statement
        return function
    definition.decorator_list = []
    if not _same(_compiled(copy.deepcopy(tree), function, first), function.__code__):
        return function  # the file has changed since, or the code in memory has
    keeper = _Keeper(definition)
    keeper.visit(definition)
    if not keeper.kept:
        return function
    code = _compiled(tree, function, first)
    cells = dict(
        zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    )
    if code is None or not set(code.co_freevars) <= cells.keys():
        return function
    kept = FunctionType(
        code,
        function.__globals__,
        function.__name__,
        function.__defaults__,
        tuple(cells[name] for name in code.co_freevars),
    )
    kept.__kwdefaults__ = function.__kwdefaults__
    return kept


class _Keeper(ast.NodeTransformer):
    """Replace returned comparisons in one function, not in those inside it."""

    def __init__(self, definition: ast.FunctionDef) -> None:
        self._definition = definition
        self.kept = 0

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        return self.generic_visit(node) if node is self._definition else node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        value = node.value
        if not (isinstance(value, ast.Compare) and len(value.ops) == 1):
            return node
        sign = _SIGNS.get(type(value.ops[0]))
        if sign is None:
            return node
        self.kept += 1
        parts = [value.left, ast.Constant(sign), value.comparators[0]]
        sides = ast.copy_location(ast.Tuple(parts, ast.Load()), value)
        return ast.copy_location(ast.Return(sides), node)


def _same(code: CodeType | None, own: CodeType) -> bool:
    """Whether two codes have the same names and constants on the same lines.

    Their instructions may differ, as what is imported at module level is called by
    other ones.
    """
    return code is not None and _marks(code) == _marks(own)


def _marks(code: CodeType) -> tuple[object, ...]:
    constants = [repr(c) for c in code.co_consts if not isinstance(c, CodeType)]
    lines = {line for _, _, line in code.co_lines() if line is not None}
    return code.co_names, code.co_varnames, constants, lines - {code.co_firstlineno}


def _compiled(tree: ast.Module, function: FunctionType, first: int) -> CodeType | None:
    """Return the code of a definition, with the free variables of the function."""
    definition = tree.body[0]
    if not isinstance(definition, ast.FunctionDef):
        raise AssertionError("the definition was parsed")
    free = function.__code__.co_freevars
    if free:  # inside a function that has them as locals they become free again
        outer = ast.parse("def _outer():\n    pass").body[0]
        if not isinstance(outer, ast.FunctionDef):
            raise AssertionError("a definition was parsed")
        names: list[ast.expr] = [ast.Name(name, ast.Store()) for name in free]
        nothing: ast.stmt = ast.Assign(names, ast.Constant(None))
        outer.body = [nothing, definition]
        tree.body = [outer]
    ast.increment_lineno(tree, first - 1)
    ast.fix_missing_locations(tree)
    code: CodeType | None = compile(tree, function.__code__.co_filename, "exec")
    path = ["_outer", definition.name] if free else [definition.name]
    for name in path:
        inner = [] if code is None else code.co_consts
        code = next(
            (c for c in inner if isinstance(c, CodeType) and c.co_name == name), None
        )
    return code
