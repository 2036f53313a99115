"""Where a formula can be made wrong, and how: six kinds of small errors.

A mutant replaces the text of one expression of one module and leaves every other
character alone. What states no mathematics is passed over: docstrings, annotations,
default arguments, decorators, indices, messages, the checks of arguments, options such
as `axis` or `rtol`, and what a claim is made of.
"""

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

KINDS = ("sign", "factor 2", "sqrt", "off by one", "swap", "dropped term")

DIMENSIONS = {"d", "n", "m", "k", "N", "dim", "dims", "dimension", "degree", "count"}

# Arguments that may be exchanged without effect, or that only shape arrays.
SYMMETRIC = {
    *("add", "allclose", "fmax", "fmin", "hypot", "isclose", "logaddexp", "max"),
    *("maximum", "min", "minimum", "multiply"),
}
PLUMBING = {
    *("arange", "broadcast_to", "broadcast_arrays", "concatenate", "expand_dims"),
    *("full", "full_like", "getattr", "isinstance", "issubclass", "map", "moveaxis"),
    *("partial", "range", "repeat", "reshape", "setattr", "stack", "swapaxes", "tile"),
    *(
        "array",
        "array_split",
        "asarray",
        "transpose",
        "zip",
        "zeros",
        "ones",
        "empty",
        "super",
        "filter",
    ),
}
OPTIONS = {
    *("axis", "dtype", "initial", "keepdims", "maxiter", "ndim", "ndmin", "atol"),
    *("rtol", "xtol", "tol", "size", "shape", "strict", "digits", "places"),
    *("lower", "upper", "minimum", "maximum"),
}
# What is imported from these says what is allowed, or what is claimed.
CHECKS = {"geomadv._validate", "geomadv.claims"}


@dataclass(frozen=True)
class Mutant:
    """One planted error.

    `nth` tells equal expressions of one function apart; `start` and `end` are offsets
    in the bytes of the module, `line` is for the reader.
    """

    module: str
    kind: str
    function: str
    original: str
    mutated: str
    nth: int
    line: int
    start: int
    end: int

    @property
    def name(self) -> str:
        """What the mutant is called, whatever else the module holds."""
        parts = (self.module, self.kind, self.function, self.original, self.mutated)
        return "|".join((*parts, str(self.nth)))

    def rank(self, seed: int) -> str:
        """Return its place in a random order that no other mutant influences."""
        return hashlib.sha256(f"{seed}|{self.name}".encode()).hexdigest()

    def apply(self, source: str) -> str:
        """Return the module's text with the error."""
        data = source.encode()
        return (
            data[: self.start] + f"({self.mutated})".encode() + data[self.end :]
        ).decode()


def mutants(module: str, source: str) -> list[Mutant]:
    """Return all mutants of a module, in the order of its text."""
    found: list[Mutant] = []
    seen: dict[tuple[str, str, str, str], int] = {}
    finder = _Finder(source)
    for kind, function, node, mutated in finder.all():
        key = kind, function, finder.text(node), " ".join(mutated.split())
        nth = seen[key] = seen.get(key, -1) + 1
        found.append(Mutant(module, *key, nth, node.lineno, *finder.place(node)))
    return sorted(found, key=lambda mutant: (mutant.start, mutant.kind, mutant.mutated))


Site = tuple[str, str, ast.expr, str]


class _Finder:
    def __init__(self, source: str) -> None:
        self.data = source.encode()
        self.starts = [0]
        for line in self.data.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.tree = ast.parse(source)
        self.checks = {
            alias.asname or alias.name
            for node in ast.walk(self.tree)
            if isinstance(node, ast.ImportFrom) and node.module in CHECKS
            for alias in node.names
        }

    def place(self, node: ast.expr | ast.keyword) -> tuple[int, int]:
        """Return the offsets in bytes of an expression."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        start = self.starts[node.lineno - 1] + node.col_offset
        return start, self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node: ast.expr | ast.keyword) -> str:
        """Return the text of an expression, on one line."""
        start, end = self.place(node)
        return " ".join(self.data[start:end].decode().split())

    def all(self) -> Iterator[Site]:
        for statement in self.tree.body:
            if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                yield from self.visit(statement, "", None)

    def visit(
        self, node: ast.AST, function: str, parent: ast.AST | None
    ) -> Iterator[Site]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            function = f"{function}.{node.name}".lstrip(".")
        if isinstance(node, ast.expr):
            for kind, mutated in self.errors(node, parent):
                yield kind, function, node, mutated
        for child in self.children(node):
            yield from self.visit(child, function, node)

    def children(self, node: ast.AST) -> Iterator[ast.AST]:
        match node:
            case ast.FunctionDef() | ast.ClassDef() | ast.With():
                yield from node.body
            case ast.Lambda():
                yield node.body
            case ast.AnnAssign():
                yield from [node.value] if node.value else []
            case (
                ast.Raise() | ast.Assert() | ast.JoinedStr() | ast.Expr(ast.Constant())
            ):
                return
            case ast.If() if isinstance(node.body[-1], ast.Raise):
                yield from node.orelse
            case ast.Subscript():
                yield node.value
            case ast.Call() if _name(node.func) in self.checks:
                return
            case ast.Call():
                yield node.func
                yield from node.args
                yield from (k.value for k in node.keywords if k.arg not in OPTIONS)
            case _:
                yield from ast.iter_child_nodes(node)

    def errors(
        self, node: ast.expr, parent: ast.AST | None
    ) -> Iterator[tuple[str, str]]:
        def text(part: ast.expr) -> str:
            return f"({self.text(part)})"

        match node:
            case ast.BinOp(left, ast.Add() | ast.Sub() as op, right) if _is_number(
                node
            ):
                plus = isinstance(op, ast.Add)
                other = "-" if plus else "+"
                yield "sign", f"{text(left)} {other} {text(right)}"
                yield "dropped term", text(left)
                if plus:
                    yield "dropped term", text(right)
            case ast.UnaryOp(ast.USub(), operand):
                yield "sign", text(operand)
            case ast.BinOp(left, ast.Mult() | ast.Div() as op, right) if _is_number(
                node
            ):
                if _is(right, 2):
                    yield "factor 2", text(left)
                elif isinstance(op, ast.Mult) and _is(left, 2):
                    yield "factor 2", text(right)
                elif not (
                    isinstance(parent, ast.BinOp)
                    and isinstance(parent.op, ast.Mult | ast.Div)
                ):
                    yield "factor 2", f"2 * {text(node)}"
            case ast.BinOp(left, ast.Pow(), right) if _is(right, 2) or _is(right, 0.5):
                yield "sqrt", text(left)
            case ast.Call(func, [argument]) if _name(func) == "sqrt":
                yield "sqrt", text(argument)
            case ast.Call(func) if _name(func) == "norm":
                yield "sqrt", f"{text(node)} ** 2"
            case ast.Call(func, args) if self.can_swap(func, args):
                *before, first, second = args[: 3 if _name(func) == "where" else 2]
                rest = [text(part) for part in args[len(before) + 2 :]]
                rest += [self.text(k) for k in node.keywords]
                swapped = [*map(text, before), text(second), text(first), *rest]
                yield "swap", f"{self.text(func)}({', '.join(swapped)})"
            case ast.Name() | ast.Attribute() if isinstance(parent, ast.BinOp):
                if _name(node) in DIMENSIONS:
                    yield "off by one", f"{text(node)} + 1"

    def can_swap(self, function: ast.expr, args: list[ast.expr]) -> bool:
        name = _name(function)
        if len(args) < (3 if name == "where" else 2) or name in SYMMETRIC | PLUMBING:
            return False
        if name in self.checks or any(isinstance(a, ast.Starred) for a in args):
            return False
        if any(isinstance(a, ast.Constant) and isinstance(a.value, str) for a in args):
            return False
        first, second = args[1:3] if name == "where" else args[:2]
        return self.text(first) != self.text(second)


def _name(node: ast.expr) -> str:
    match node:
        case ast.Name(name) | ast.Attribute(attr=name):
            return name
    return ""


def _is(node: ast.expr, value: float) -> bool:
    return (
        isinstance(node, ast.Constant)
        and type(node.value) in (int, float)
        and node.value == value
    )


def _is_number(node: ast.expr) -> bool:
    """Whether this is no sum of texts, tuples or lists."""
    if isinstance(node, ast.BinOp):
        return _is_number(node.left) and _is_number(node.right)
    if isinstance(node, ast.Constant):
        return type(node.value) in (int, float)
    if isinstance(node, ast.Call):
        return _name(node.func) not in ("tuple", "list", "str", "join", "set")
    if isinstance(node, ast.Attribute):
        return node.attr != "shape"
    if isinstance(node, ast.Subscript):
        return _is_number(node.value)
    return not isinstance(
        node, ast.Tuple | ast.List | ast.JoinedStr | ast.ListComp | ast.Set
    )
