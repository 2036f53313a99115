"""Code over an array namespace neither waits for a GPU nor writes into its arrays.

A ``float()`` or an ``if`` of an array's value copies it to the host, and the processor
waits for it; a mask as an index has a shape that depends on values; an assignment to an
item, or in place, changes an array that may be somebody else's. NumPy and, for the
first and the last, `array_api_strict` let that pass, so the source is searched for it.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import geomadv_kernels

FILES = sorted((Path(geomadv_kernels.__file__).parent / "xp").glob("*.py"))

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Habits:
    """Finds transfers to the host, masks as indices and writing in place.

    An expression is of the host if it is made of literals, of constants of the file, of
    arguments annotated with Python's scalar types, of shapes and dtypes, and of names
    that stand for such expressions. Everything else may be an array.
    """

    HOST_TYPES = re.compile(r"\b(int|float|bool|str|tuple\[(int|float|str))\b")
    HOST_ATTRIBUTES = re.compile(
        r"^(shape|ndim|size|dtype|device|pi|inf|nan|bool|(u?int|float|complex)\d+)$"
    )
    HOST_CALLS = (
        "len", "range", "isinstance", "array_namespace", "device", "enumerate",
        "isdtype", "finfo", "iinfo", "getattr", "hasattr", "is_array_api_obj",
    )  # fmt: skip
    OF_HOSTS = (
        "max", "min", "abs", "round", "sum", "float", "int", "bool", "zip", "reversed",
        "all", "any", "tuple", "list", "sorted", "divmod", "pow",
    )  # fmt: skip
    MASKS = re.compile(
        r"^(is(nan|inf|finite)|logical_\w+|(not_|less_|greater_)?equal|less|greater|signbit)$"
    )

    def __init__(self, source: str) -> None:
        self.faults: list[str] = []
        tree = ast.parse(source)
        constants = {
            target.id
            for node in tree.body
            for target in self.targets(node)
            if isinstance(target, ast.Name)
        }
        imported = {
            alias.asname or alias.name
            for node in tree.body
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        self.scope(tree.body, constants | imported, set())

    @staticmethod
    def targets(node: ast.AST) -> list[ast.expr]:
        if isinstance(node, ast.Assign):
            return node.targets
        if isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
            return [node.target]
        return []

    def scope(self, body: Any, host: set[str], masks: set[str]) -> None:
        """Audit one function's body; functions in it see its names."""
        host, masks = set(host), set(masks)
        nodes = [*self.own(body)]
        for _ in range(3):  # names that stand for names
            for node in nodes:
                self.learn(node, host, masks)
        for node in nodes:
            self.audit(node, host, masks)
            if isinstance(node, _Function):
                inner = host - {a.arg for a in self.arguments(node)}
                inner |= {
                    a.arg
                    for a in self.arguments(node)
                    if a.annotation and self.HOST_TYPES.match(ast.unparse(a.annotation))
                }
                block = [node.body] if isinstance(node, ast.Lambda) else node.body
                self.scope(block, inner, masks)
            elif isinstance(node, ast.ClassDef):
                self.scope(node.body, host, masks)

    @staticmethod
    def arguments(node: Any) -> list[ast.arg]:
        a = node.args
        more = [arg for arg in (a.vararg, a.kwarg) if arg]
        return [*a.posonlyargs, *a.args, *a.kwonlyargs, *more]

    @staticmethod
    def own(body: Any) -> Iterator[ast.AST]:
        """The nodes of a body without those of the functions in it."""
        waiting = [*reversed(body)]
        while waiting:
            node = waiting.pop()
            yield node
            if not isinstance(node, _Function | ast.ClassDef):
                waiting.extend(reversed([*ast.iter_child_nodes(node)]))

    def learn(self, node: ast.AST, host: set[str], masks: set[str]) -> None:
        pairs: list[tuple[ast.expr, ast.expr]] = []
        if isinstance(node, ast.Assign):
            pairs = [(target, node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value:
            pairs = [(node.target, node.value)]
        elif isinstance(node, ast.For | ast.comprehension):
            pairs = [(node.target, node.iter)]
        for target, value in pairs:
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                both = [*zip(target.elts, value.elts, strict=False)]
            elif isinstance(target, ast.Tuple):
                both = [(element, value) for element in target.elts]
            else:
                both = [(target, value)]
            for name, what in both:
                if isinstance(name, ast.Name):
                    if self.is_host(what, host):
                        host.add(name.id)
                    if self.is_mask(what, host, masks):
                        masks.add(name.id)

    def is_host(self, node: ast.AST | None, host: set[str]) -> bool:
        if node is None or isinstance(node, ast.Constant | ast.JoinedStr | ast.Slice):
            return True
        if isinstance(node, ast.Name):
            return node.id in host
        if isinstance(node, ast.Attribute):
            return bool(self.HOST_ATTRIBUTES.match(node.attr))
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")
            arguments = [*node.args, *(keyword.value for keyword in node.keywords)]
            if name[0] == "math" or (name[0] == "" and name[2] in self.OF_HOSTS):
                return all(self.is_host(argument, host) for argument in arguments)
            if isinstance(node.func, ast.Attribute) and node.func.attr == "bit_length":
                return True
            return name[2] in self.HOST_CALLS
        if isinstance(node, ast.Compare) and all(
            isinstance(op, ast.Is | ast.IsNot | ast.In | ast.NotIn) for op in node.ops
        ):
            return True
        if isinstance(
            node,
            ast.BinOp | ast.UnaryOp | ast.BoolOp | ast.Compare | ast.IfExp
            | ast.Tuple | ast.List | ast.Dict | ast.Set | ast.Starred,
        ):  # fmt: skip
            parts = ast.iter_child_nodes(node)
            return all(self.is_host(p, host) for p in parts if isinstance(p, ast.expr))
        if isinstance(node, ast.Subscript):
            return self.is_host(node.value, host)
        if isinstance(node, ast.GeneratorExp | ast.ListComp):
            return self.is_host(node.elt, host)
        return False

    def is_mask(self, node: ast.AST, host: set[str], masks: set[str]) -> bool:
        if self.is_host(node, host):
            return False
        if isinstance(node, ast.Compare):
            return True
        if isinstance(node, ast.Name):
            return node.id in masks
        if isinstance(node, ast.BinOp):
            return any(self.is_mask(p, host, masks) for p in (node.left, node.right))
        if isinstance(node, ast.UnaryOp):
            return self.is_mask(node.operand, host, masks)
        if isinstance(node, ast.Call):
            return bool(self.MASKS.match(ast.unparse(node.func).rpartition(".")[2]))
        return False

    def audit(self, node: ast.AST, host: set[str], masks: set[str]) -> None:
        def fault(text: str) -> None:
            self.faults.append(f"line {getattr(node, 'lineno', 0)}: {text}")

        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in ("float", "int", "bool", "complex"):
                if not all(self.is_host(argument, host) for argument in node.args):
                    fault(f"{name}() of an array")
            elif isinstance(node.func, ast.Attribute):
                if node.func.attr in ("item", "tolist", "get", "__array__"):
                    fault(f".{node.func.attr}() of an array")
                elif node.func.attr in ("nonzero", "unique_values", "unique_all"):
                    fault(f"{node.func.attr} has a shape that depends on values")
        elif isinstance(node, ast.If | ast.While | ast.IfExp | ast.Assert):
            if not self.is_host(node.test, host):
                fault(f"a decision on array values: {ast.unparse(node.test)}")
        elif isinstance(node, ast.Subscript):
            index = node.slice
            parts = index.elts if isinstance(index, ast.Tuple) else [index]
            if any(self.is_mask(part, host, masks) for part in parts):
                fault("a mask as an index")
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
            if name not in host:
                fault(f"{name} changed in place")
        gone = node.targets if isinstance(node, ast.Delete) else self.targets(node)
        for target in gone:
            for part in target.elts if isinstance(target, ast.Tuple) else [target]:
                if isinstance(part, ast.Subscript) and not self.is_host(
                    part.value, host
                ):
                    fault("assignment to an item")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_array_code_neither_waits_nor_writes(path: Path) -> None:
    assert Habits(path.read_text("utf-8")).faults == []


def planted(line: str) -> list[str]:
    body = f"    y = xp.exp(x)\n    n, d = x.shape\n    m = x > 0.0\n    {line}\n"
    return Habits(f"C = 2.0\ndef f(x: Any, k: int, c: float):\n{body}").faults


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("z = float(x)", "float()"),
        ("z = c + int(xp.max(y))", "int()"),
        ("z = bool(m)", "bool()"),
        ("z = x.item()", ".item()"),
        ("z = y.tolist()", ".tolist()"),
        ("z = x.get()", ".get()"),
        ("z = x[x > 0.0]", "mask"),
        ("z = y[m]", "mask"),
        ("z = y[~m, :]", "mask"),
        ("z = y[m & xp.isfinite(x)]", "mask"),
        ("z = y[xp.isnan(y)]", "mask"),
        ("x[0] = 1.0", "item"),
        ("y[:, k] += 1.0", "item"),
        ("n, y[0] = 1, 2", "item"),
        ("y += 1.0", "in place"),
        ("z = xp.nonzero(x)", "shape"),
        ("if xp.any(m): pass", "decision"),
        ("while xp.max(y) > c: pass", "decision"),
        ("z = 1 if y[0] > 0 else 2", "decision"),
        ("def g(q: float):\n        return float(y)", "float()"),
    ],
)
def test_a_planted_habit_is_found(line: str, fault: str) -> None:
    (found,) = planted(line)
    assert fault in found


@pytest.mark.parametrize(
    "line",
    [
        "z = float(k) + int(n * C) + bool(c > 1)",
        "z = [0] * k; z[0] = 1; k += 1",
        "z = xp.where(x > 0.0, x, y)[0:k, :-1]",
        "z = x[:, k] + y[..., None]",
        "z = x if k > 0 and d < 3 else y",
        "while n > 1: n = n // 2",
        "if all(a.dtype == xp.float32 for a in (x, y)): pass",
        "if x.shape[0] == 0 or x.dtype == xp.float32 or y is None: pass",
        "for s in (1, 2): y = xp.where(y < s, y, x)",
        "def g(q: float):\n        return float(q) + float(k)",
    ],
)
def test_habits_of_array_code_pass(line: str) -> None:
    assert planted(line) == []
