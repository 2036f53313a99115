"""The tests of a module: its examples, its mirror, those of its users, its claims."""

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

# The formula modules: closed forms, and what computes them. Readers of files, graphs of
# layers, searches and solvers have tests of their own and state no theorem.
FORMULAS = (
    "geomadv/stats/*.py",
    "geomadv/spaces/*.py",
    "geomadv/theories/*/*.py",
    *(
        f"geomadv/perturbations/_{name}.py"
        for name in (
            *("certificates", "flats", "half_spaces", "kernels", "linear", "margins"),
            *("quadratic", "radii", "tangents", "terms", "worst_case"),
        )
    ),
    *(f"geomadv/concentration/_{name}.py" for name in ("halfspaces", "levels")),
    *(
        f"geomadv/lipschitz/_{name}.py"
        for name in (
            *("activations", "alignment", "certificates", "conv", "conv_zeros"),
            *("fourier", "gram", "gram_polynomial", "layers", "pooling"),
        )
    ),
    "kernels/geomadv_kernels/xp/*.py",
)


def formula_modules(root: Path) -> dict[str, str]:
    """Return the texts of the formula modules, by their paths from the root."""
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for pattern in FORMULAS
        for path in sorted(root.glob(pattern))
        if path.name != "__init__.py"
    }


def claim_ids(root: Path) -> list[str]:
    """Return the ids of all claims."""
    code = "from geomadv.theories import registry\nfor c in registry(): print(c.id)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.split()


def arguments_for(root: Path, module: str, claims: list[str]) -> list[str]:
    """Return pytest's arguments for the tests of a module, the nearest tests first."""
    path = root / module
    kernel = module.startswith("kernels/")
    layer = path.relative_to(root).parts[1]
    folder = root / "tests" / ("kernels" if kernel else layer)
    tests = [
        f for f in sorted(folder.glob("test_*.py")) if f.name != "test_registry.py"
    ]
    imported = {file: _imported(file, f"geomadv.{layer}") for file in tests}
    users = [] if kernel else _users(root, path)
    names = {path.stem, *_public(path)}
    files = [file for file in tests if _mirrors(file, path.stem)]
    if kernel:
        files.append(folder / "test_xp.py")
    files += [f for f in tests if f not in files and names & imported[f]]
    dotted = ".".join(path.relative_to(root).with_suffix("").parts)
    everywhere = sorted((root / "tests").glob("*/test_*.py"))
    files += [f for f in everywhere if f not in files and _takes_from(f, dotted)]
    if not files:
        files = [f for f in tests if any(_mirrors(f, user.stem) for user in users)]
    if not files:
        files = [f for f in everywhere if _mentions(f, names)]
    papers = {path.stem, *(user.stem for user in users)}
    registry = (
        "tests/theories/test_registry.py::test_claim_and_twin_come_out_as_expected"
    )
    return [
        "--doctest-modules",
        module,
        *(file.relative_to(root).as_posix() for file in files),
        *(f"{registry}[{c}]" for c in claims if c.partition(".")[0] in papers),
    ]


def _mirrors(file: Path, stem: str) -> bool:
    name = f"test_{stem.strip('_')}"
    return file.stem == name or file.stem.startswith(f"{name}_")


def _mentions(file: Path, names: set[str]) -> bool:
    words = set(re.findall(r"\w+", file.read_text(encoding="utf-8")))
    return not words.isdisjoint(names)


def _takes_from(file: Path, dotted: str) -> bool:
    return any(module == dotted for module, _ in _imports(file))


def _imported(file: Path, package: str) -> set[str]:
    """Return what a file imports from a package, the modules' names included."""
    return {
        name
        for module, names in _imports(file)
        if module == package or module.startswith(f"{package}.")
        for name in (*names, module.rpartition(".")[2])
    }


@functools.cache
def _imports(file: Path) -> list[tuple[str, list[str]]]:
    return [
        (node.module or "", [alias.name for alias in node.names])
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    ]


def _public(path: Path) -> set[str]:
    """Return the functions and classes that a module offers."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
    }


def _users(root: Path, path: Path) -> list[Path]:
    """Return the modules that need a private module of their folder, nearest first."""
    if not path.stem.startswith("_"):
        return []
    texts = {
        other: other.read_text(encoding="utf-8")
        for other in sorted(path.parent.glob("*.py"))
        if other.name != "__init__.py"
    }
    package = ".".join(path.parent.relative_to(root).parts)
    found = [path]
    for used in found:
        stem = re.escape(used.stem)
        taken = rf"^from {re.escape(package)}(\.{stem} import| import .*\b{stem}\b)"
        if used.stem.startswith("_"):
            pattern = re.compile(taken, re.MULTILINE)
            found += [
                o
                for o, text in texts.items()
                if o not in found and pattern.search(text)
            ]
    return found[1:]
