"""The code for GPUs takes from CuPy what CuPy has.

CuPy can be imported where there is no GPU. So every name that the code takes from it,
directly or through an array namespace, and every keyword, is looked up in the package
that is installed; methods of arrays are not, as it is not known what is an array. That
the search finds faults is shown with NumPy in CuPy's place, and with CuPy itself where
it is installed.
"""

import ast
import inspect
import re
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import array_api_compat.numpy
import numpy as np
import pytest

import geomadv
import geomadv_kernels

KERNELS = Path(geomadv_kernels.__file__).parent
FILES = [
    *sorted((KERNELS / "xp").glob("*.py")),
    *sorted((KERNELS / "gpu").glob("*.py")),
    Path(geomadv.__file__).parent / "_dispatch.py",
    *sorted((Path(geomadv.__file__).parent / "bench").glob("*.py")),
]


def called(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


class Instance:
    """Stands for an instance of a class of CuPy."""

    def __init__(self, of: type) -> None:
        self.of = of


class Names:
    """Looks up what a source takes from modules.

    Parameters
    ----------
    source : str
    find : callable
        Of a module's name: the module, or None if it is none of those looked after.
    namespace : module
        What `array_namespace` returns, and what the name ``xp`` means.
    plain : module
        Where the keywords are that functions of `namespace` hand on.
    """

    def __init__(
        self,
        source: str,
        find: Callable[[str], ModuleType | None],
        namespace: ModuleType,
        plain: ModuleType,
    ) -> None:
        self.find, self.namespace, self.plain = find, namespace, plain
        self.known: dict[str, Any] = {"xp": namespace}
        self.faults: list[str] = []
        self.seen = 0
        tree = ast.parse(source)
        for node in ast.walk(tree):
            self.bind(node)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                self.attribute(node)
            elif isinstance(node, ast.Call):
                self.call(node)

    def fault(self, node: Any, text: str) -> None:
        self.faults.append(f"line {node.lineno}: {text}")

    def bind(self, node: ast.AST) -> None:
        """Note what a statement calls a module, or something of one."""
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.name if alias.asname else alias.name.partition(".")[0]
                if module := self.module(node, alias.name):
                    bound = module if alias.asname else self.find(name)
                    self.known[alias.asname or name] = bound
        elif isinstance(node, ast.ImportFrom) and node.module:
            if not (module := self.module(node, node.module)):
                return
            for alias in node.names:
                value = self.member(module, alias.name)
                self.seen += 1
                if value is None:
                    self.fault(node, f"{node.module} has no {alias.name}")
                else:
                    self.known[alias.asname or alias.name] = value
        elif isinstance(node, ast.Assign) and len(node.targets) == 1:
            targets, values = node.targets[0], node.value
            pairs = [(targets, values)]
            if isinstance(targets, ast.Tuple) and isinstance(values, ast.Tuple):
                pairs = [*zip(targets.elts, values.elts, strict=False)]
            for target, value in pairs:
                found = self.value(value)
                if isinstance(target, ast.Name) and found is not None:
                    self.known[target.id] = found

    def module(self, node: Any, name: str) -> ModuleType | None:
        try:
            return self.find(name)
        except ImportError:
            self.fault(node, f"there is no module {name}")
            return None

    @staticmethod
    def member(owner: Any, name: str) -> Any:
        """Return a member of a module or class, importing submodules; None if none."""
        value = getattr(owner, name, None)
        if value is None and isinstance(owner, ModuleType):
            try:
                value = import_module(f"{owner.__name__}.{name}")
            except ImportError:
                return None
        return value

    def value(self, node: ast.AST) -> Any:
        """Return what an expression stands for, or None if that is not known."""
        if isinstance(node, ast.Name):
            return self.known.get(node.id)
        if isinstance(node, ast.Attribute):
            owner = self.value(node.value)
            if isinstance(owner, Instance):
                return None
            return None if owner is None else self.member(owner, node.attr)
        if isinstance(node, ast.Call):
            if ast.unparse(node.func).rpartition(".")[2] == "array_namespace":
                return self.namespace
            if ast.unparse(node.func) == "getattr" and len(node.args) == 2:
                owner, name = self.value(node.args[0]), node.args[1]
                if isinstance(name, ast.Constant) and isinstance(owner, ModuleType):
                    return self.member(owner, str(name.value))
            function = self.value(node.func)
            return Instance(function) if isinstance(function, type) else None
        return None

    def attribute(self, node: ast.Attribute) -> None:
        owner = self.value(node.value)
        if owner is None:
            return
        self.seen += 1
        place = owner.of if isinstance(owner, Instance) else owner
        if not isinstance(place, ModuleType | type):
            return
        if self.member(place, node.attr) is None and not hasattr(place, node.attr):
            self.fault(node, f"{place.__name__} has no {node.attr}")

    def call(self, node: ast.Call) -> None:
        if ast.unparse(node.func) == "getattr" and len(node.args) == 2:
            owner, name = self.value(node.args[0]), node.args[1]
            if isinstance(name, ast.Constant) and isinstance(owner, ModuleType):
                self.seen += 1
                if self.member(owner, str(name.value)) is None:
                    self.fault(node, f"{owner.__name__} has no {name.value}")
        function = self.value(node.func)
        if function is None or isinstance(function, Instance | ModuleType):
            return
        if isinstance(function, type) and issubclass(function, np.generic):
            return
        name = ast.unparse(node.func)
        keywords = {keyword.arg for keyword in node.keywords if keyword.arg}
        allowed = self.keywords(function, getattr(function, "__name__", ""))
        if allowed is None:
            return
        self.seen += len(keywords)
        for keyword in sorted(keywords - allowed):
            self.fault(node, f"{name} takes no {keyword}")

    def keywords(self, function: Any, name: str) -> set[str] | None:
        """Return the keywords of a function, or None if they cannot be known."""
        if type(function).__name__ == "ufunc":
            return {"out", "dtype", "casting"}
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            return self.documented(function)
        kinds = inspect.Parameter
        given = {
            p.name
            for p in parameters
            if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)
        }
        if any(p.kind == kinds.VAR_KEYWORD for p in parameters):
            behind = getattr(self.plain, name, None)
            if behind is None or behind is function:
                return None
            more = self.keywords(behind, "")
            return None if more is None else given | more
        return given

    @staticmethod
    def documented(function: Any) -> set[str] | None:
        """Return the keywords from the signature that Cython puts into docstrings."""
        head = re.match(r"[\w.]+\((.*)\)", getattr(function, "__doc__", None) or "")
        if head is None or "**" in head[1]:
            return None
        flat = re.sub(r"\([^()]*\)|\[[^][]*\]", "", head[1])
        parts = (part.partition("=")[0].split() for part in flat.split(","))
        return {words[-1] for words in parts if words and words[-1].isidentifier()}


def in_numpy(source: str) -> Names:
    """Audit against NumPy, which stands for CuPy."""
    find = {"cupy": np, "cupy.linalg": np.linalg}.get
    return Names(source, find, array_api_compat.numpy, np)


def in_cupy(source: str) -> Names:
    import cupy
    from array_api_compat import cupy as namespace

    def find(name: str) -> ModuleType | None:
        mine = name.partition(".")[0] in ("cupy", "cupyx")
        return import_module(name) if mine else None

    return Names(source, find, namespace, cupy)


@pytest.mark.cupy
@pytest.mark.parametrize("path", FILES, ids=called)
def test_cupy_has_every_name_and_keyword(path: Path) -> None:
    source = path.read_text("utf-8")
    found = in_cupy(source)
    assert found.faults == []
    if re.search(
        r"\b(xp|cupy|cupyx)\.\w", re.sub(r'""".*?"""', "", source, flags=re.S)
    ):
        assert found.seen


@pytest.mark.cupy
@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("y = xp.betaincc(a, b, x)", "has no betaincc"),
        ("xp = array_namespace(x)\nxp.sum(x, axes=0)", "takes no axes"),
        ("space = array_namespace(x)\nspace.vecdoot(x, y)", "has no vecdoot"),
        ("xp.zeros(3, dtypes=xp.int64)", "takes no dtypes"),
        ("xp.exp(x, where=y)", "takes no where"),
        ("import cupy\ncupy.RawModule(code=c, option=())", "takes no option"),
        (
            "import cupy as cp\nm = cp.RawModule(code=c)\nm.get_functions(n)",
            "functions",
        ),
        ("import cupy\ncupy.cuda.Device().identity", "has no identity"),
        ("from cupyx.scipy.special import stdtr", "has no stdtr"),
        ("import cupyx.scipy.specials", "no module"),
        ("import cupyx.scipy.special as s\ns.betaincc(a, b, x)", "has no betaincc"),
        ("import cupy\ncupy.random.Generator.normal", "has no normal"),
        ("import cupy\ncupy.linalg.multi_dot(x)", "has no multi_dot"),
    ],
)
def test_a_planted_name_is_found_in_cupy(source: str, fault: str) -> None:
    (found,) = in_cupy(source).faults
    assert fault in found


@pytest.mark.cupy
@pytest.mark.parametrize(
    "source",
    [
        "import cupy\ncupy.RawModule(code=c, options=(), name_expressions=())",
        "import cupy\ncupy.RawModule(code=c).get_function(name)",
        "import cupy\ncupy.cuda.Device().id",
        "from cupyx.scipy import special\nspecial.betainc(a, b, x)",
        "xp = array_namespace(x)\nxp.sum(x, axis=0, keepdims=True)",
        "xp.arange(3, dtype=xp.uint64, device=d)\nxp.linalg.qr(x)",
    ],
)
def test_right_names_pass_in_cupy(source: str) -> None:
    found = in_cupy(source)
    assert found.faults == []
    assert found.seen


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("xp.betaincc(a, b, x)", "has no betaincc"),
        ("s = array_api_compat.array_namespace(x)\ns.summ(x)", "has no summ"),
        ("xp, d = array_namespace(x), x.device\nxp.sum(x, axes=0)", "takes no axes"),
        ("xp.linalg.qrr(x)", "has no qrr"),
        ("getattr(xp, 'betaincc')", "has no betaincc"),
        ("import cupy as cp\ncp.emptyy(3)", "has no emptyy"),
        ("from cupy import emptyy", "has no emptyy"),
        ("from cupy.linalg import qrr", "has no qrr"),
        ("def f():\n    import cupy\n    return cupy.full(3, fill=1)", "takes no fill"),
    ],
)
def test_a_planted_name_is_found(source: str, fault: str) -> None:
    (found,) = in_numpy(source).faults
    assert fault in found


def test_right_names_pass() -> None:
    source = """
import cupy as cp
from cupy.linalg import qr
xp = array_api_compat.array_namespace(x)
y = xp.sum(xp.exp(x), axis=-1, keepdims=True) + xp.linalg.vector_norm(x, axis=0)
z = cp.full(3, fill_value=1.0) + cp.float64(1) + x.anything + getattr(xp, dtype)
"""
    found = in_numpy(source)
    assert found.faults == []
    assert found.seen >= 8
