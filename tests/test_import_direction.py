"""Imports: data flow one way, heavy modules load late, and all is declared.

The order of `LAYERS` is the order in which data flow. A module may import from its own
layer and from those left of it, wherever in the file the import stands.
"""

import ast
import importlib.metadata
import importlib.util
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

LAYERS = (
    ("_typing", "_validate", "_random", "_files"),
    ("_dispatch",),
    ("stats",),
    ("spaces",),
    ("classifiers",),
    ("data",),
    ("perturbations",),
    ("lipschitz",),
    ("concentration",),
    ("error_sets",),
    ("claims",),
    ("theories",),
    ("studies",),
    ("diagnosis",),
    ("testing",),
    ("bench",),
    ("plotting",),
    ("report",),
    ("cli",),
    ("__main__",),
)
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}

# Modules that take long to import, and where an import at module level is the point.
HEAVY = {
    "clarabel": (),
    "cloudpickle": (),
    "cupy": (),
    "daqp": (),
    "distributed": (),
    "faiss": (),
    "flint": (),
    "h5netcdf": (),
    "h5py": (),
    "hypothesis": ("geomadv.testing", "geomadv_kernels.strategies"),
    "jinja2": (),
    "joblib": (),
    "latex2mathml": (),
    "matplotlib": (),
    "numba": ("geomadv_kernels",),
    "onnx": (),
    "pandas": (),
    "pyarrow": (),
    "pykeops": (),
    "scipy.stats": (),
    "sklearn": ("geomadv.classifiers",),
    "threadpoolctl": (),
    "torch": (),
    "xarray": (),
}

# What the program imports under another name than that of its distribution.
DISTRIBUTIONS = {
    "array_api_compat": "array-api-compat",
    "cupy": "cupy-cuda12x",
    "faiss": "faiss-cpu",
    "flint": "python-flint",
    "sklearn": "scikit-learn",
}


class Import(NamedTuple):
    """One imported module; `late` inside a function or for the type checker alone."""

    target: str
    line: int
    late: bool


def imports(source: str, module: str, *, package: bool = False) -> list[Import]:
    """Return the modules that `source`, the code of `module`, imports.

    ``from a import b`` counts as ``a.b``: whether b is a module is not asked. A name
    given to `import_module` as a constant counts too.
    """
    parents = module.split(".") if package else module.split(".")[:-1]
    found = []

    def visit(node: ast.AST, late: bool) -> None:
        if isinstance(node, ast.Import):
            found.extend(Import(alias.name, node.lineno, late) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = parents[: len(parents) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            found.extend(
                Import(f"{stem}.{alias.name}", node.lineno, late)
                for alias in node.names
            )
        elif isinstance(node, ast.Call) and node.args:
            called = ast.unparse(node.func).rpartition(".")[2]
            first = node.args[0]
            if called in ("import_module", "__import__") and isinstance(
                first, ast.Constant
            ):
                found.append(Import(str(first.value), node.lineno, late))
        for child in ast.iter_child_nodes(node):
            visit(child, late or _is_late(node, child))

    visit(ast.parse(source), False)
    return found


def _is_late(node: ast.AST, child: ast.AST) -> bool:
    """Tell whether `child` runs later than `node`, or never."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return True
    return (
        isinstance(node, ast.If)
        and ast.unparse(node.test).endswith("TYPE_CHECKING")
        and child in node.body
    )


def layer(module: str) -> int | None:
    """Return the layer of a module of geomadv; None for what is in none."""
    first, _, rest = module.partition(".")
    return RANK.get(rest.partition(".")[0]) if first == "geomadv" else None


def wrong_way(source: str, module: str, *, package: bool = False) -> list[str]:
    """Return the imports of `source` that go against the flow."""
    wrong = []
    for item in imports(source, module, package=package):
        root = item.target.partition(".")[0]
        if module.startswith("geomadv_kernels"):
            bad = root == "geomadv"
        elif root == "geomadv_kernels":
            bad = module != "geomadv._dispatch"
        elif root == "geomadv":
            here, there = layer(module), layer(item.target)
            # What is no layer is a name in the package itself, such as __version__.
            bad = here is None or (there is not None and there > here)
        else:
            bad = root == "simulations"
        if bad:
            wrong.append(f"{module}:{item.line} imports {item.target}")
    return wrong


def too_early(source: str, module: str, *, package: bool = False) -> list[str]:
    """Return the imports at module level that should stand in a function."""
    return [
        f"{module}:{item.line} imports {item.target}"
        for item in imports(source, module, package=package)
        for heavy, allowed in HEAVY.items()
        if not item.late
        and f"{item.target}.".startswith(f"{heavy}.")
        and not any(f"{module}.".startswith(f"{place}.") for place in allowed)
    ]


def modules(name: str) -> Iterator[tuple[str, Path]]:
    """Yield every module of the package `name`, where Python finds it."""
    spec = importlib.util.find_spec(name)
    assert spec is not None
    for place in spec.submodule_search_locations or ():
        for path in sorted(Path(place).rglob("*.py")):
            parts = path.relative_to(place).with_suffix("").parts
            stem = parts[:-1] if parts[-1] == "__init__" else parts
            yield ".".join([name, *stem]), path


FILES = [*modules("geomadv"), *modules("geomadv_kernels")]


@pytest.mark.parametrize(("module", "path"), FILES, ids=[name for name, _ in FILES])
def test_data_flow_one_way(module: str, path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert wrong_way(source, module, package=path.name == "__init__.py") == []


@pytest.mark.parametrize(("module", "path"), FILES, ids=[name for name, _ in FILES])
def test_heavy_modules_are_imported_in_functions(module: str, path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert too_early(source, module, package=path.name == "__init__.py") == []


def test_every_module_has_a_layer() -> None:
    names = {name.split(".")[1] for name, _ in FILES if name.startswith("geomadv.")}
    assert names <= RANK.keys()


def test_every_import_is_a_declared_dependency() -> None:
    """The wheel's metadata names what the code imports, in functions too.

    What only the extras of developers bring is not there for a user.
    """
    declared = {
        re.split(r"[^\w.-]", line, maxsplit=1)[0].lower()
        for line in importlib.metadata.requires("geomadv") or ()
        if not re.search(r"extra == .(dev|docs)\b", line)
    }
    own = {"geomadv", "geomadv_kernels", "simulations", *sys.stdlib_module_names}
    missing = {
        f"{module}:{item.line} imports {root}"
        for module, path in FILES
        for item in imports(
            path.read_text(encoding="utf-8"), module, package=path.stem == "__init__"
        )
        if (root := item.target.partition(".")[0]) not in own
        and DISTRIBUTIONS.get(root, root).lower() not in declared
    }
    assert missing == set()


def test_light_imports_leave_heavy_modules_alone() -> None:
    code = (
        "import sys, geomadv, geomadv.spaces, geomadv.stats, geomadv.claims, "
        "geomadv.cli\n"
        f"print(*sorted(set(sys.modules) & {set(HEAVY)!r}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert (run.returncode, run.stdout.strip()) == (0, ""), run.stderr


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("geomadv.stats._scaling", "from geomadv.spaces import Sphere"),
        ("geomadv.stats._scaling", "import geomadv.spaces._sphere as sphere"),
        ("geomadv.stats._scaling", "from geomadv import spaces"),
        ("geomadv.stats._scaling", "from ..spaces import Sphere"),
        ("geomadv.stats._scaling", "def f():\n    from geomadv.cli import main"),
        ("geomadv.stats._scaling", "importlib.import_module('geomadv.spaces')"),
        ("geomadv._validate", "from geomadv.stats import Interval"),
        ("geomadv", "from geomadv.stats import Interval"),
        ("geomadv.stats._scaling", "from geomadv_kernels.cpu import distances"),
        ("geomadv.cli", "import simulations.tanay2016_mnist"),
        ("geomadv_kernels.cpu", "from geomadv._typing import NDArray"),
    ],
)
def test_an_import_against_the_flow_is_seen(module: str, line: str) -> None:
    assert len(wrong_way(line, module)) == 1


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("geomadv.spaces._sphere", "from geomadv.stats import Interval"),
        ("geomadv.spaces._sphere", "from geomadv.spaces._cap import cap_measure"),
        ("geomadv.spaces._sphere", "from ._cap import cap_measure"),
        ("geomadv.spaces._sphere", "from geomadv import __version__"),
        ("geomadv._dispatch", "import geomadv_kernels"),
        ("geomadv_kernels.cpu", "from geomadv_kernels.contract import registry"),
    ],
)
def test_an_import_with_the_flow_passes(module: str, line: str) -> None:
    assert wrong_way(line, module) == []


@pytest.mark.parametrize(
    ("module", "source", "seen"),
    [
        ("geomadv.spaces._sphere", "import matplotlib.pyplot as plt", 1),
        ("geomadv.spaces._sphere", "from scipy import stats", 1),
        ("geomadv.spaces._sphere", "try:\n    import numba\nfinally:\n    pass", 1),
        ("geomadv.spaces._sphere", "class A:\n    import flint", 1),
        ("geomadv.spaces._sphere", "def f():\n    import matplotlib", 0),
        ("geomadv.spaces._sphere", "if TYPE_CHECKING:\n    import matplotlib", 0),
        ("geomadv.spaces._sphere", "from scipy.special import betainc", 0),
        ("geomadv_kernels.cpu", "import numba", 0),
    ],
)
def test_a_heavy_import_at_module_level_is_seen(
    module: str, source: str, seen: int
) -> None:
    assert len(too_early(source, module)) == seen
