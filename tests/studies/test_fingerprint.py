"""The digest of a measurement changes with its code, and with nothing else."""

import functools
import importlib.util
import itertools
import subprocess
import sys

import numpy as np
import pytest

from geomadv.studies._fingerprint import fingerprint

SOURCE = '''
import functools
import math
import numpy as np

SCALE = 2.0
TABLE = {"a": (1, 2), "b": [np.arange(3)]}
OTHER = 5
DATA = np.arange(4.0)


class Shape:
    """A shape."""

    side = 1

    def area(self):
        return self.side * helper(2)


def helper(x):
    """Help."""
    return math.sqrt(x) * SCALE


@functools.lru_cache
def cached():
    return DATA.sum()


def unrelated():
    return OTHER


def measure(cell, rng, *, power=2):
    # a comment
    if cell["n"] == 0:
        return measure({"n": 1}, rng)
    inner = lambda x: x + TABLE["a"][0]
    return {"x": inner(Shape().area()) ** power + cached()}
'''
COUNT = itertools.count()


def module(tmp_path, source):
    path = tmp_path / f"m{next(COUNT)}.py"
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("m", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def digest(tmp_path, old="", new=""):
    assert old in SOURCE
    return fingerprint(module(tmp_path, SOURCE.replace(old, new, 1)).measure)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("+ cached()", "- cached()"),
        ("power=2", "power=3"),
        ("SCALE = 2.0", "SCALE = 2"),
        ("math.sqrt(x)", "math.exp(x)"),
        ('"a": (1, 2)', '"a": (1, 3)'),
        ("np.arange(3)", "np.arange(1, 4)"),
        ("np.arange(4.0)", "np.arange(4.0)[::-1]"),
        ("side = 1", "side = 2"),
        ("helper(2)", "helper(3)"),
        ("lambda x: x +", "lambda x: x -"),
        ("DATA.sum()", "DATA.max()"),
    ],
)
def test_a_change_of_what_is_computed_is_seen(tmp_path, old, new):
    assert digest(tmp_path, old, new) != digest(tmp_path)


CONSTANTS = """
import collections, decimal, fractions, types
import numpy as np

class Node:
    pass

def double(x):
    return 2 * x

CONSTANT = VALUE

def measure(cell, rng):
    return {"x": CONSTANT}
"""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("np.int64(5)", "np.int64(6)"),
        ("np.float32(5)", "np.float64(5)"),
        ("np.bool_(True)", "np.bool_(False)"),
        ("np.array([1, None])", "np.array([2, None])"),
        ("range(5)", "range(6)"),
        ("slice(5)", "slice(6)"),
        ("fractions.Fraction(1, 3)", "fractions.Fraction(2, 3)"),
        ("decimal.Decimal('1.0')", "decimal.Decimal('1.1')"),
        ("collections.deque([1])", "collections.deque([2])"),
        ("types.MappingProxyType({'a': 1})", "types.MappingProxyType({'a': 2})"),
        ("{(1, double)}", "{(2, double)}"),
    ],
)
def test_constants_of_other_kinds_count(tmp_path, one, other):
    digests = [
        fingerprint(module(tmp_path, CONSTANTS.replace("VALUE", value)).measure)
        for value in (one, one, other)
    ]
    assert digests[0] == digests[1] != digests[2]


def test_a_constant_may_hold_itself(tmp_path):
    digests = []
    for more in ("1", "1", "2"):
        text = CONSTANTS.replace(
            "VALUE", f"Node(); CONSTANT.me = [CONSTANT, {more}, double]"
        )
        digests.append(fingerprint(module(tmp_path, text).measure))
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        ("# a comment", "# another\n\n"),
        ('"""Help."""', '"""Help\n    more."""'),
        ("\n\nclass", "\n\n\n\nclass"),
        ("OTHER = 5", "OTHER = 6"),
        ("return OTHER", "return -OTHER"),
    ],
)
def test_a_change_of_anything_else_is_not(tmp_path, old, new):
    assert digest(tmp_path, old, new) == digest(tmp_path)


def test_the_digest_is_the_same_in_another_process(tmp_path):
    path = tmp_path / "there.py"
    held = "collections.deque([object(), {'a', 'b', 'c'}, {measure}])"
    path.write_text(
        f"import collections, types\n{SOURCE}\n"
        f"HELD = {held}\nMORE = types.SimpleNamespace(names={{'a', 'b', 'c'}})\n"
        "SCALE = (SCALE, lambda: (HELD, MORE))[0]\n"
        "def cached():\n    return DATA.sum(), HELD, MORE\n"
    )
    code = (
        "import there; from geomadv.studies._fingerprint import fingerprint;"
        "print(fingerprint(there.measure))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in (1, 2)
    }
    assert len(found) == 1
    assert len(found.pop()) == 16


def test_lambdas_closures_partials_and_methods_differ():
    def scaled(factor):
        return lambda cell, rng: {"x": factor * cell["n"]}

    def power(cell, _, p=1):
        return {"x": cell["n"] ** p}

    class Law:
        def __init__(self, b):
            self.b = b

        def measure(self, *_):
            return {"x": self.b}

    measures = [
        lambda cell, rng: {"x": 1.0},
        lambda cell, rng: {"x": 2.0},
        scaled(1),
        scaled(2),
        functools.partial(power, p=2),
        functools.partial(power, p=3),
        power,
        Law(1).measure,
        Law(2).measure,
        functools.partial(power, p=np.arange(3)),
        functools.partial(power, p=np.arange(4)),
        eval("lambda cell, rng: {'x': 3.0}"),  # noqa: S307
        eval("lambda cell, rng: {'x': 4.0}"),  # noqa: S307
    ]
    digests = [fingerprint(measure) for measure in measures]
    assert len(set(digests)) == len(digests)
    assert fingerprint(scaled(2)) == fingerprint(scaled(2))


MAIN = """
import {module}
from {module} import scaled

def measure(cell, rng):
    return {{"x": scaled(1) + {module}.shifted(2)}}
"""
HELPER = """
STEP = 1
FAR = 2

def scaled(x):
    return inner(x)

def inner(x):
    return 3 * x

def shifted(x):
    return x + STEP
"""


@pytest.mark.parametrize(
    ("old", "new", "seen"),
    [
        ("3 * x", "4 * x", True),
        ("STEP = 1", "STEP = 2", True),
        ("x + STEP", "x - STEP", True),
        ("FAR = 2", "FAR = 3", False),
    ],
)
def test_other_files_of_the_user_count(tmp_path, monkeypatch, old, new, seen):
    name, digests = f"helper{next(COUNT)}", []
    for folder, text in (("a", HELPER), ("b", HELPER.replace(old, new))):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{name}.py").write_text(text)
        with monkeypatch.context() as patched:
            patched.syspath_prepend(tmp_path / folder)
            main = module(tmp_path, MAIN.format(module=name))
            digests.append(fingerprint(main.measure))
            del sys.modules[name]
    assert (digests[0] != digests[1]) == seen


def test_a_study_has_one_digest_as_a_script_and_as_a_module(tmp_path):
    (tmp_path / "there.py").write_text(
        SOURCE + "\nif __name__ == '__main__':\n"
        "    from geomadv.studies._fingerprint import fingerprint\n"
        "    print(fingerprint(measure))\n"
    )
    ended = subprocess.run(
        [sys.executable, tmp_path / "there.py"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ended.stdout.strip() == digest(tmp_path)
