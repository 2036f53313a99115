"""The planting of errors on small trees; `make mutants` plants them in the formulas."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mutants.__main__ import PLAN, main
from tests.mutants._choice import choose, equivalents
from tests.mutants._sites import KINDS, Mutant, mutants
from tests.mutants._tests import arguments_for, formula_modules

ROOT = Path(__file__).parents[2]

FORMULA = '''"""Words with 2 * d in them."""
import math
from geomadv._validate import real

SIZE = 2 * 3 + 1

def bound(x: "2 * d", d=1 + 2):
    """Return 2 * d."""
    if x < -x:
        raise ValueError(f"{x + 1} is {x - 1}")
    x = real("x", x - 1.0, lower=d - 1)
    y = x[d - 1].sum(axis=d + 1)
    return "é" + str(d), (y,) + (x,)
'''


def only(source: str) -> list[tuple[str, str, str]]:
    return [
        (found.kind, found.original, found.mutated)
        for found in mutants("m.py", f"def f(a, b, d, x):\n    return {source}\n")
    ]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "a + b",
            [
                ("dropped term", "a + b", "(a)"),
                ("dropped term", "a + b", "(b)"),
                ("sign", "a + b", "(a) - (b)"),
            ],
        ),
        ("-a", [("sign", "-a", "(a)")]),
        ("a * b / x", [("factor 2", "a * b / x", "2 * (a * b / x)")]),
        ("2 * a", [("factor 2", "2 * a", "(a)")]),
        ("a / 2", [("factor 2", "a / 2", "(a)")]),
        ("math.sqrt(a)", [("sqrt", "math.sqrt(a)", "(a)")]),
        ("a ** 2", [("sqrt", "a ** 2", "(a)")]),
        ("norm(a)", [("sqrt", "norm(a)", "(norm(a)) ** 2")]),
        ("d ** x", [("off by one", "d", "(d) + 1")]),
        ("f(a, b, x, q=1)", [("swap", "f(a, b, x, q=1)", "f((b), (a), (x), q=1)")]),
        ("where(a, b, x)", [("swap", "where(a, b, x)", "where((a), (x), (b))")]),
    ],
)
def test_each_kind_of_error(source: str, expected: list[tuple[str, str, str]]) -> None:
    assert only(source) == expected


@pytest.mark.parametrize(
    "source",
    ["a", "a[d - 1]", "min(a, b)", "f(x, axis=-1)", "f(a, a)", "'a' + b", "f(*a, b)"],
)
def test_what_is_no_error_is_left_alone(source: str) -> None:
    assert only(source) == []


def test_messages_checks_annotations_defaults_and_indices_are_left_alone() -> None:
    assert mutants("m.py", FORMULA) == []


def test_a_mutant_differs_from_its_module_in_one_expression() -> None:
    source = "def f(é, a):\n    y = 'ü', a; return (é +\n        a) * 3\n"
    texts = {m.mutated: m.apply(source) for m in mutants("m.py", source)}
    expected = "def f(é, a):\n    y = 'ü', a; return (((é) - (a))) * 3\n"
    assert texts["(é) - (a)"] == expected


def test_equal_expressions_have_names_of_their_own() -> None:
    source = "def f(a):\n    return a + 1 if a + 1 > 0 else a + 1\n"
    names = [found.name for found in mutants("m.py", source)]
    assert len(set(names)) == len(names) == 9


def test_the_choice_is_even_and_depends_on_the_seed_alone() -> None:
    body = "return g(a, b) + norm(d * a) / 2 - d ** 2 + g(b, a) * math.sqrt(d + a)"
    every = [
        found
        for name in "pqrs"
        for found in mutants(f"{name}.py", f"def {name}(a, b, d):\n    {body}\n")
    ]
    chosen = choose(every, 12, 0)
    assert set(Counter(found.kind for found in chosen).values()) == {2}
    assert set(Counter(found.module for found in chosen).values()) == {3}
    assert choose(every[::-1], 12, 0) == chosen
    assert choose(every, 12, 1) != chosen
    kept = {found.name for found in choose(every, 4, 1)}
    assert kept <= {found.name for found in choose(every, 12, 0, kept)}


def test_the_plan_of_the_tree_is_for_a_run_without_options() -> None:
    plan = json.loads(PLAN.read_text(encoding="utf-8"))
    assert plan["run"] == {"count": 200, "seed": 0, "only": ""}
    assert len(set(plan["names"])) == len(plan["names"]) == 200


@pytest.fixture(scope="module")
def formulas() -> list[Mutant]:
    """All mutants of the formula modules."""
    return [
        found
        for module, text in formula_modules(ROOT).items()
        for found in mutants(module, text)
    ]


def test_there_are_200_mutants_of_every_kind(formulas: list[Mutant]) -> None:
    counts = Counter(found.kind for found in formulas)
    assert set(counts) == set(KINDS)
    assert min(counts.values()) >= 200


def test_known_equivalents_name_mutants_that_exist(formulas: list[Mutant]) -> None:
    assert len(equivalents(formulas)) <= len(formulas)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ('mutant = "gone"\nreason = "It changes nothing here."', "names a mutant"),
        ('mutant = "gone"\nreason = "Trust me."', "a mutant and a reason"),
        ('mutant = "gone"', "a mutant and a reason"),
    ],
)
def test_stale_and_unexplained_equivalents_are_errors(
    entry: str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "equivalent.toml"
    path.write_text(f"[[equivalent]]\n{entry}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        equivalents([], path)


def test_every_formula_module_has_tests() -> None:
    claims = ["tanay2016.strength"]
    for module in formula_modules(ROOT):
        tests = arguments_for(ROOT, module, claims)
        assert len(tests) >= 3, module
    nearest = arguments_for(ROOT, "geomadv/theories/manifold/tanay2016.py", claims)
    assert nearest[2] == "tests/theories/test_tanay2016.py"
    assert nearest[-1].endswith("[tanay2016.strength]")


Tree = Callable[[str, str], Path]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """A tree with one formula and one test, and no claims."""

    def make(formula: str, test: str) -> Path:
        root = tmp_path / "tree"
        for path, text in {
            "pyproject.toml": "[tool.pytest.ini_options]\npythonpath = ['.']\n",
            "geomadv/__init__.py": "",
            "geomadv/testing/__init__.py": "",
            "geomadv/testing/_plugin.py": "",
            "geomadv/theories/__init__.py": "def registry(): return ()\n",
            "geomadv/stats/__init__.py": "",
            "geomadv/stats/_power.py": formula,
            "tests/stats/test_power.py": f"from geomadv.stats._power import f\n{test}",
        }.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        return root

    return make


def results(root: Path, monkeypatch: pytest.MonkeyPatch, *more: str) -> list[str]:
    monkeypatch.setattr("tests.mutants.__main__.equivalents", lambda _: {})
    monkeypatch.setattr("tests.mutants._trial.PRELOADED", ("pytest",))
    out = root.parent / "out"
    code = main(["--root", str(root), "--out", str(out), "--workers", "1", *more])
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))["mutants"]
    found = [row["result"] for row in report]
    assert code == int(set(found) != {"caught"})
    return found


def test_what_a_test_sees_is_caught_and_what_none_sees_survives(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    formula = "def f(a):\n    return -a\n"
    root = tree(formula, "def test_f(): assert f(3) ** 2 == 9\n")
    assert results(root, monkeypatch) == ["survived"]
    path = root / "tests/stats/test_power.py"
    text = path.read_text(encoding="utf-8").replace("f(3) ** 2 == 9", "f(3) == -3")
    path.write_text(text, encoding="utf-8")
    assert results(root, monkeypatch) == ["caught"]
    assert (root / "geomadv/stats/_power.py").read_text(encoding="utf-8") == formula
    # It is not tried again: what is known is in the state.
    path.write_text("def test_f(): pass\n", encoding="utf-8")
    assert results(root, monkeypatch) == ["caught"]


def test_what_caught_it_is_asked_first_and_the_others_if_it_sees_nothing(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen, head = "assert f(3) == -3", "from geomadv.stats._power import f\n"
    root = tree("def f(a):\n    return -a\n", f"def test_f(): {seen}\n")
    path, out = root / "tests/stats/test_power.py", root.parent / "out"

    def caught_by() -> list[str]:
        (out / "state.jsonl").unlink(missing_ok=True)
        assert results(root, monkeypatch) == ["caught"]
        names = json.loads((out / "plan.json").read_text(encoding="utf-8"))["names"]
        return [name.partition("::")[2] for name in names.values()]

    assert caught_by() == ["test_f"]
    text = f"{head}def test_e(): {seen}\ndef test_f(): {seen}\n"
    path.write_text(text, encoding="utf-8")
    assert caught_by() == ["test_f"]
    path.write_text(text.replace(f"test_f(): {seen}", "test_f(): 0"), encoding="utf-8")
    assert caught_by() == ["test_e"]
    # Nor one that fails anyway.
    path.write_text(text.replace("test_e(): assert", "test_e(): 0;"), encoding="utf-8")
    assert caught_by() == ["test_f"]


def test_a_function_named_like_a_test_is_none(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    formula = "def f(a):\n    return -a\n\n\ndef tested(a):\n    return a\n"
    root = tree(formula, "def test_f(): assert f(3) == -3\n")
    assert results(root, monkeypatch) == ["caught"]


def test_a_hang_is_caught(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    formula = "def f(a):\n    while a > 0:\n        a = a - 1\n    return a\n"
    root = tree(formula, "def test_f(): assert f(3) == 0\n")
    found = results(root, monkeypatch, "--limit", "20", "--count", "1")
    assert found == ["caught"]
    assert "nothing within 20 s" in (root.parent / "out" / "state.jsonl").read_text()


def test_a_test_that_fails_anyway_catches_nothing(
    tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tree("def f(a):\n    return -a\n", "def test_f(): assert f(3) == 3.5\n")
    assert results(root, monkeypatch) == ["broken"]
