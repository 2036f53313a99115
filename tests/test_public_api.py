"""The public interface: every `__init__` is a table of contents, all is documented.

A docstring follows numpydoc. It may refer to another one of the same module with
"as for `name`", which then documents what the two have in common.
"""

import ast
import enum
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

import geomadv

DOCS = Path(__file__).parent.parent / "docs"

SECTIONS = (
    "Parameters",
    "Attributes",
    "Returns",
    "Yields",
    "Raises",
    "Warns",
    "See Also",
    "Notes",
    "References",
    "Examples",
)


def subpackages() -> list[ModuleType]:
    return [
        importlib.import_module(f"geomadv.{info.name}")
        for info in pkgutil.iter_modules(geomadv.__path__)
        if info.ispkg and not info.name.startswith("_")
    ]


def public_modules() -> list[ModuleType]:
    """Return the modules that users import by name: the papers, in the main."""
    return [
        importlib.import_module(info.name)
        for package in subpackages()
        for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if not info.ispkg and "._" not in info.name
    ]


def public_objects() -> Iterator[tuple[str, Any]]:
    """Yield what users import: the subpackages' names and the modules' own."""
    for module in subpackages():
        for name in module.__dict__.get("__all__", ()):
            yield f"{module.__name__}.{name}", getattr(module, name)
    for module in public_modules():
        for name, value in vars(module).items():
            defined_here = getattr(value, "__module__", None) == module.__name__
            if callable(value) and defined_here and not name.startswith("_"):
                yield f"{module.__name__}.{name}", value


def sections(text: str) -> dict[str, str]:
    """Return the sections of a docstring without its indentation, in their order."""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def named(section: str) -> set[str]:
    """Return the names that a section such as Parameters lists."""
    heads = re.findall(r"^(\*{0,2}\w[\w, *]*?)(?: :.*)?$", section, flags=re.MULTILINE)
    return {name.strip(" *") for head in heads for name in head.split(",")}


def validates(function: Callable[..., object]) -> bool:
    """Tell whether the code of `function` itself raises or checks an argument."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    names = {n.func.id for n in ast.walk(tree) if _is_plain_call(n)}
    checks = {
        name
        for name in names
        if getattr(inspect.unwrap(function).__globals__.get(name), "__module__", None)
        == "geomadv._validate"
    }
    return bool(checks) or any(isinstance(node, ast.Raise) for node in ast.walk(tree))


def _is_plain_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


def parameters(function: Callable[..., object]) -> list[str]:
    names = inspect.signature(function).parameters
    return [n for n in names if n not in ("self", "cls") and not n.startswith("_")]


def faults(function: Callable[..., object]) -> list[str]:
    """Return what the docstring of a function lacks."""
    text = inspect.getdoc(function) or ""
    parts = sections(text)
    for other in re.findall(r"as for `(\w+)`", text):
        known = inspect.unwrap(function).__globals__[other]
        parts = sections(inspect.getdoc(known) or "") | parts
    found = [] if text else ["a docstring"]
    found += [
        f"the parameter {name}"
        for name in parameters(function)
        if name not in named(parts.get("Parameters", ""))
    ]
    signature = inspect.signature(function)
    if signature.return_annotation is not None and not parts.keys() & {
        "Returns",
        "Yields",
    }:
        found.append("Returns or Yields")
    if validates(function) and "Raises" not in parts:
        found.append("Raises")
    return found


def class_faults(cls: type) -> list[str]:
    """Return what the docstrings of a class and its public methods lack.

    Methods that share a parameter need to explain it only once, in the class or in one
    of them, and may do so in a sentence: "of a log mass" explains `log_mass`.
    """
    found = [] if cls.__doc__ else ["a docstring"]
    texts = [inspect.getdoc(cls) or ""]
    module = importlib.import_module(cls.__module__)
    texts += [
        inspect.getdoc(getattr(module, other)) or ""
        for other in re.findall(r"as for `(\w+)`", texts[0])
    ]
    wanted = {}
    if not issubclass(cls, enum.Enum | BaseException):
        wanted = dict.fromkeys(parameters(cls), "")
    for name, member in vars(cls).items():
        value = getattr(member, "__func__", member)  # of static and class methods
        if name.startswith("_") or not isinstance(value, property | FunctionType):
            continue
        texts.append(inspect.getdoc(value) or "")
        if not texts[-1]:
            found.append(f"a docstring of {name}")
        if isinstance(value, FunctionType):
            wanted |= {p: f" of {name}" for p in parameters(value) if p not in wanted}
    text = "\n".join(texts)
    found += [
        f"the parameter {parameter}{where}"
        for parameter, where in wanted.items()
        if not re.search(rf"\b{parameter.replace('_', '[ _]')}\b", text)
    ]
    return found


MODULES = subpackages()
OBJECTS = dict(public_objects())


@pytest.mark.parametrize("module", MODULES, ids=[m.__name__ for m in MODULES])
def test_an_init_is_a_table_of_contents(module: ModuleType) -> None:
    """It holds ``from x import Name as Name`` and the list of these names alone."""
    assert module.__file__ is not None
    tree = ast.parse(Path(module.__file__).read_text(encoding="utf-8"))
    bound = [
        alias.asname
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    ]
    listed = module.__dict__.get("__all__", [])
    assert sorted(listed) == sorted(map(str, bound))
    assert len(set(listed)) == len(listed)
    others = (ast.Expr, ast.ImportFrom, ast.Assign)
    assert [type(node) for node in tree.body if not isinstance(node, others)] == []


@pytest.mark.parametrize("name", OBJECTS)
def test_a_public_name_is_documented(name: str) -> None:
    value = OBJECTS[name]
    if isinstance(value, type):
        missing = class_faults(value)
    elif callable(value):
        missing = faults(value)
    else:
        missing = []  # a constant is documented where it is defined
    assert missing == [], f"the docstring of {name} lacks: {', '.join(missing)}"


@pytest.mark.parametrize("name", OBJECTS)
def test_sections_stand_in_the_order_of_numpydoc(name: str) -> None:
    found = list(sections(inspect.getdoc(OBJECTS[name]) or ""))
    assert found == sorted(found, key=SECTIONS.index)


@pytest.mark.parametrize("name", OBJECTS)
def test_a_public_name_is_a_noun_or_a_verb(name: str) -> None:
    assert not re.match(r"get_|compute_|calc", name.rpartition(".")[2])


@pytest.mark.skipif(not DOCS.is_dir(), reason="the documentation is not in the wheel")
def test_the_reference_pages_name_every_public_object() -> None:
    """A paper's page is made from its module, so the module's name is enough."""
    pages = sorted(DOCS.glob("api.*")) + sorted(DOCS.glob("api/**/*.*"))
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    words = {*re.findall(r"[\w.]+", text), *re.findall(r"\w+", text)}
    papers = [module.__name__ for module in public_modules()]
    short = [name for name in OBJECTS if name.rpartition(".")[0] not in papers]
    missing = [name for name in papers if name not in words] + [
        name for name in short if name.rpartition(".")[2] not in words
    ]
    assert missing == [], f"docs/api.* does not name {', '.join(missing)}"


def complete(angle: float, d: int = 2) -> float:
    """Return a number.

    Parameters
    ----------
    angle, d : float
        Two numbers.

    Returns
    -------
    float
        One number.

    Raises
    ------
    ValueError
        If d is below 2.
    """
    if d < 2:
        raise ValueError
    return angle


def referring(angle: float, d: int = 2) -> float:
    """Return a number.

    Parameters and the rest as for `complete`.
    """
    if d < 2:
        raise ValueError
    return angle


def incomplete(angle: float, d: int = 2) -> float:
    """Return a number.

    Parameters
    ----------
    angle : float
        A number.
    """
    if d < 2:
        raise ValueError
    return angle


class Undocumented:
    """A class whose docstring says nothing of its argument."""

    def __init__(self, radius: float) -> None:
        self.radius = radius

    def scaled(self, factor: float) -> float:
        """Return the product."""
        return self.radius * factor


def test_a_complete_docstring_has_no_faults() -> None:
    assert faults(complete) == []
    assert faults(referring) == []


def test_what_a_docstring_lacks_is_seen() -> None:
    assert faults(incomplete) == ["the parameter d", "Returns or Yields", "Raises"]
    assert class_faults(Undocumented) == [
        "the parameter radius",
        "the parameter factor of scaled",
    ]
