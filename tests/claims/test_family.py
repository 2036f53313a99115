"""Claims about all members of a family: found, confirmed, made simple and printed."""

import contextlib
import io
import math
import runpy

import numpy as np
import pytest
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from geomadv.claims import Family, Reals, Verdict, claim, falsify, load, verify
from geomadv.claims._code import code
from geomadv.claims._family import same
from geomadv.perturbations import minimal_perturbation
from geomadv.spaces import Gaussian
from geomadv.testing import strategies as gst

# The shape checker looks at random members of containers while a strategy draws.
pytestmark = pytest.mark.filterwarnings("ignore:Do not use the `random` module")

MASS = 0.1
SETS = gst.dimensions(1, 50).flatmap(lambda d: gst.error_sets(Gaussian(d), mass=MASS))
X = np.ones((1, 3))


def made(function, **domain):
    return claim(source="my draft, Conjecture 1", domain=domain)(function)


def enlarged(errors, eps):
    """Return the mass within eps of a half-space, of two, or of a slab."""
    h = errors.height
    if errors.kind == "cap":
        return ndtr(eps - h)
    if errors.kind == "two caps":
        return min(1.0, 2 * ndtr(eps - h))
    return 1 - 2 * ndtr(-h - eps)


def half_spaces_are_extremal(errors, eps):
    return ndtr(eps + ndtri(MASS)), enlarged(errors, eps)


def pairs_are_extremal(errors, eps):
    return min(1.0, 2 * ndtr(eps + ndtri(MASS / 2))), enlarged(errors, eps)


def norms_differ_little(model):
    two = minimal_perturbation(model, X).distance[0]
    return two, math.sqrt(2) * minimal_perturbation(model, X, p=math.inf).distance[0]


def norms_differ_by_the_root_of_d(model):
    two = minimal_perturbation(model, X).distance[0]
    return two, math.sqrt(3) * minimal_perturbation(model, X, p=math.inf).distance[0]


SET_DOMAIN = {"errors": Family(SETS), "eps": Reals(0, 3)}
MODELS = {"model": Family(gst.linear_classifiers(3))}


def test_no_set_of_a_mass_grows_less_than_a_half_space():
    result = falsify(made(half_spaces_are_extremal, **SET_DOMAIN), budget=2)
    assert (result.violation, result.exhausted, result.exit_code) == (None, False, 0)
    assert result.points > 300


def test_that_pairs_of_half_spaces_grow_least_is_refuted_by_one_on_the_line():
    result = falsify(made(pairs_are_extremal, **SET_DOMAIN), budget=10)
    errors = result.violation.parameters["errors"]
    assert (errors.kind, errors.space.d) == ("cap", 1)
    assert np.array_equal(errors.direction, [1.0])
    assert result.violation.parameters["eps"] == 1.0


def test_a_bound_for_all_classifiers_is_refuted_by_small_integers():
    result = falsify(made(norms_differ_little, **MODELS), budget=10)
    model = result.violation.parameters["model"]
    assert np.array_equal(np.abs(model.coef_), [[1, 1, 1]])
    assert result.violation.lhs == pytest.approx(math.sqrt(3), rel=1e-12)


def test_the_bound_that_all_classifiers_obey_stands():
    result = falsify(made(norms_differ_by_the_root_of_d, **MODELS), budget=2)
    assert result.violation is None
    assert result.exit_code == 0


def test_what_only_rare_members_violate_is_found_and_simplified():
    domain = {"x": Family(st.lists(st.integers(0, 100), max_size=8)), "c": Reals(0, 1)}
    conjecture = made(lambda x, c: (float(sum(x)), 399 + c), **domain)
    assert verify([conjecture]).results[0].outcome.verdict is Verdict.HOLDS
    found = falsify(conjecture, budget=20).violation
    assert sum(found.parameters["x"]) == 400
    assert found.parameters["c"] == 0


def test_the_snippet_runs_and_shows_the_violation(tmp_path):
    file = tmp_path / "draft.py"
    file.write_text(
        "import numpy as np\n"
        "from geomadv.claims import Family, claim\n"
        "from geomadv.testing import strategies as gst\n\n\n"
        "@claim(source='my draft', "
        "domain={'C': Family(gst.covariances(2)), 'model': "
        "Family(gst.classifiers(2))})\n"
        "def diagonal(C, model):\n"
        "    return abs(C[0, 1]), 0.2 * len(model.classes_)\n",
        encoding="utf-8",
    )
    result = falsify(load(file)[0], budget=10)
    program = tmp_path / "snippet.py"
    program.write_text(result.snippet(), encoding="utf-8")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        runpy.run_path(str(program))
    assert printed.getvalue().startswith("VIOLATED")
    assert float(printed.getvalue().split()[-1]) == result.violation.slack


def test_verification_looks_at_the_simplest_member_and_at_others():
    family = Family(gst.vectors(3), members=5)
    assert len(family.typical) == 5
    assert np.array_equal(family.typical[0], [0, 0, 0])
    again = Family(gst.vectors(3), members=5)
    assert all(map(np.array_equal, family.typical, again.typical))


@pytest.mark.parametrize(
    "strategy",
    [
        gst.linear_classifiers(2, classes=3),
        gst.quadratic_classifiers(2),
        gst.kernel_classifiers(2),
        gst.nearest_neighbours(2),
    ],
)
def test_classifiers_are_written_as_code_that_gives_them_back(strategy):
    points = np.random.default_rng(0).standard_normal((40, 2))
    for model in Family(strategy, members=4).typical:
        again = run(model)
        assert np.array_equal(again.predict(points), model.predict(points))


@pytest.mark.parametrize(
    "strategy",
    [gst.covariances(2), gst.norms(), gst.rotations(3), gst.vectors(3)],
)
def test_arrays_and_numbers_are_written_as_code_that_gives_them_back(strategy):
    for member in Family(strategy, members=4).typical:
        assert np.array_equal(run(member), member)


def test_laws_sets_and_data_are_written_as_code_that_gives_them_back():
    for law in Family(gst.labelled_laws(2), members=6).typical:
        draws = [one.sample(5, np.random.default_rng(1)) for one in (law, run(law))]
        assert all(map(np.array_equal, *draws))
    for errors in Family(SETS, members=4).typical:
        assert run(errors).height == errors.height
        assert repr(run(errors).space) == repr(errors.space)
    data = Family(gst.data_sets(2), members=2).typical[1]
    assert all(map(np.array_equal, run(data)[:2], data[:2]))


def run(value):
    text, imports = code(value)
    names = {}
    exec("\n".join(imports), names)  # noqa: S102 - the code under test
    return eval(text, names)  # noqa: S307


def test_arrays_are_compared_without_complaint():
    assert same("a", "a")
    assert not same(np.ones(2), np.ones(2))
    one = np.ones(2)
    assert same(one, one)


@pytest.mark.errors
def test_what_is_no_family_is_refused():
    with pytest.raises(TypeError, match="strategy must be a Hypothesis strategy"):
        Family([1, 2])
    with pytest.raises(ValueError, match="members must be at least 1"):
        Family(st.integers(), members=0)
    with pytest.raises(TypeError, match="no parameter may be a Family"):
        claim(source="a", domain=MODELS, evidence="enclosure")(norms_differ_little)


def test_nothing_is_written_into_the_folder_of_the_user(tmp_path):
    import subprocess
    import sys

    code = """
from hypothesis import strategies as st
from geomadv.claims import Family, Reals, claim, falsify
SETS = st.lists(st.integers(-1000, 1000) | st.floats(-9, 9), min_size=1)
@claim(source="me", domain={"a": Family(SETS, members=20), "x": Reals(0, 1)})
def bounded(a, x):
    return (float(max(a)), 900.5)
assert falsify(bounded, budget=5).violation
"""
    (tmp_path / "draft.py").write_text(code)
    subprocess.run([sys.executable, "draft.py"], cwd=tmp_path, check=True)
    assert [path.name for path in tmp_path.iterdir()] == ["draft.py"]
