"""Claims that users write: what they return, what is kept of it, and what is told."""

import math
import textwrap

import pytest

from geomadv.claims import (
    Choices,
    Enclosure,
    Exact,
    Integers,
    Reals,
    Sampler,
    Sides,
    Statistical,
    Twin,
    Verdict,
    claim,
    evaluate,
    load,
    verify,
)
from geomadv.claims._sides import as_sides, keeping_sides

UNIT = {"x": Reals(0, 1)}
SOURCE = "my draft, Theorem 2"


def only(one, **options):
    return verify([one], **options).results[0]


# --- typical values ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parameter", "typical"),
    [
        (Reals(0, 1), (0, 0.25, 0.5, 0.75, 1)),
        (Reals(1e-4, 1, scale="log"), (1e-4, 1e-3, 1e-2, 1e-1, 1)),
        (Integers(2, 10**6), (2, 3, 10, 100, 1000, 10**4, 10**5, 10**6)),
        (Integers(1, 2), (1, 2)),
        (Integers(0, 8, scale="linear"), (0, 1, 2, 4, 6, 8)),
        (Integers(100, 101), (100, 101)),
    ],
)
def test_typical_values_come_from_the_range(parameter, typical):
    assert parameter.typical == pytest.approx(typical, rel=1e-12)
    kind = int if isinstance(parameter, Integers) else float
    assert all(type(value) is kind for value in parameter.typical)


# --- sides ---------------------------------------------------------------------------


def less(x):
    return x**2 <= x


def more(x):
    if x > 0.5:
        return x >= 0.25
    return 3 * x == x


def test_a_returned_comparison_keeps_its_sides():
    assert keeping_sides(less)(0.5) == (0.25, "<=", 0.5)
    assert as_sides(keeping_sides(more)(1.0)) == Sides(0.25, 1.0)
    assert as_sides(keeping_sides(more)(0.5)) == Sides(1.5, 0.5, "lhs == rhs")
    assert less(0.5) is True  # the function itself is as it was


def calls_a_module(x):
    return math.exp(-x) <= 1 + math.log(1 + x)


def test_what_is_imported_by_the_module_may_be_called():
    assert keeping_sides(calls_a_module)(0.0) == (1.0, "<=", 1.0)


def test_free_variables_defaults_and_inner_functions_survive():
    a, b = 2.0, 3.0

    def outer(x, y=1.0, *, z=0.5):
        def inner(t):
            return t <= 0

        return b * x + y + inner(x) <= a * z

    kept = keeping_sides(outer)
    assert kept(1.0) == (4.0, "<=", 1.0)
    b = 4.0
    assert kept(-1.0, z=1.0) == (-2.0, "<=", 2.0)


def test_a_free_variable_is_the_same_cell():
    count = 0

    def counts(x):
        nonlocal count
        count += 1
        return x <= count

    assert keeping_sides(counts)(5) == (5, "<=", 1)
    assert count == 1


@pytest.mark.parametrize("function", [lambda x: x <= 1, max, eval("lambda x: x <= 1")])  # noqa: S307
def test_what_cannot_be_read_stays_as_it_is(function):
    assert keeping_sides(function) is function


def test_a_file_that_has_changed_since_is_not_believed(tmp_path, monkeypatch):
    path = tmp_path / "changing.py"
    path.write_text("def f(x):\n    return x <= 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    import changing

    assert keeping_sides(changing.f)(2) == (2, "<=", 1)
    path.write_text("def f(x):\n    return x <= 11 + x * x\n")
    assert keeping_sides(changing.f) is changing.f


def chained(x):
    return 0 <= x <= 1


def test_a_chain_of_comparisons_is_a_bool_without_slack():
    found = claim(source=SOURCE, domain=UNIT)(chained)
    assert evaluate(found, {"x": 0.5}).slack == 0
    assert "bool" in found.note
    wrong = claim(source=SOURCE, domain={"x": Reals(0, 3)})(chained)
    point = only(wrong).outcome.worst
    assert (point.verdict, point.slack) == (Verdict.VIOLATED, pytest.approx(-1))


@pytest.mark.errors
@pytest.mark.parametrize("value", [None, 1.0, (1, 2, 3), "lhs", (1, ">", 2)])
def test_what_is_no_comparison_is_refused(value):
    with pytest.raises(TypeError, match=r"must return `lhs <= rhs`"):
        claim(source=SOURCE, domain=UNIT)(lambda x: value)


# --- evidence ------------------------------------------------------------------------


def square(x):
    """The square of a share is below it. Equality holds at the ends."""
    return x * x <= x


def test_plain_numbers_are_exact_and_keep_their_slack():
    found = claim(source=SOURCE, domain=UNIT)(square)
    assert isinstance(found.evidence, Exact)
    assert found.title == "The square of a share is below it"
    assert (found.id, found.axis) == ("test-user.square", "x")
    assert str(found.source) == SOURCE
    assert evaluate(found, {"x": 0.5}).slack == pytest.approx(0.25)


def test_without_a_twin_the_power_is_unproven_and_the_run_inconclusive():
    report = verify([claim(source=SOURCE, domain=UNIT)(square)])
    result = report.results[0]
    assert result.outcome.verdict is Verdict.HOLDS
    assert not result.power_shown
    assert "no twin was given" in result.twin.error
    assert report.exit_code == 2


def cubic(x):
    """The square is replaced by twice the square."""
    return 2 * x * x <= x


@pytest.mark.parametrize("twin", [0.99, cubic, Twin("t", Exact(cubic, lambda x: -1))])
def test_a_twin_shows_power(twin):
    found = claim(source=SOURCE, domain=UNIT, twin=twin)(square)
    assert verify([found]).exit_code == 0


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_factor_sharpens_bounds_of_either_sign(sign):
    found = claim(source=SOURCE, domain=UNIT, twin=0.9)(lambda x: (sign - 0.01, sign))
    assert only(found).power_shown


def fair(p):
    """A coin."""
    return Sampler(lambda n, rng: rng.random(n) < p) <= 1.2 * p


def unfair(p):
    return 1.2 * p >= Sampler(lambda n, rng: 0.5 * (rng.random(n) < p), (0, 0.5))


def above(p):
    return 0.8 * p <= Sampler(lambda n, rng: rng.random(n) < p)


@pytest.mark.parametrize("function", [fair, unfair, above])
@pytest.mark.parametrize(("factor", "shown"), [(0.3, True), (0.9, False)])
def test_samplers_are_statistical(function, factor, shown):
    domain = {"p": Reals(0.4, 0.6, (0.5,))}
    found = claim(source=SOURCE, domain=domain, twin=factor)(function)
    assert isinstance(found.evidence, Statistical)
    result = only(found, budget=2**16)
    assert result.outcome.verdict is Verdict.HOLDS
    assert result.power_shown is shown


@pytest.mark.parametrize(
    "draw",
    [
        lambda n, rng: rng.random(n // 2) < 0.9,
        lambda n, rng: rng.random(2 * n) < 0.4,
        lambda n, rng: 0.9 * rng.random(n // 2),
        lambda n, rng: rng.random((n, 1)) < 0.4,
        lambda n, rng: True,
    ],
    ids=["few", "many", "few numbers", "two axes", "one"],
)
def test_a_sampler_returns_as_many_draws_as_it_is_asked_for(draw):
    """Half as many booleans would halve their mean."""
    domain = {"d": Integers(1, 3)}
    found = claim(source=SOURCE, domain=domain)(lambda d: (Sampler(draw), 0.6))
    outcome = only(found, budget=2**16).outcome
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert "as many draws as it is asked for, 1024" in outcome.error


def sine(x):
    return x.sin() <= x + 0.01


def test_enclosures_are_proved_on_the_whole_range():
    found = claim(source=SOURCE, domain=UNIT, evidence="enclosure", twin=0.5)(sine)
    assert isinstance(found.evidence, Enclosure)
    result = only(found)
    assert result.as_expected
    assert "every real x in [0, 1]" in result.outcome.scope


def between(x):
    return (3 * x - 1) ** 2 >= 0.001 + 0 * x


def test_an_enclosure_finds_what_lies_between_the_typical_values():
    proved = claim(source=SOURCE, domain=UNIT, evidence="enclosure")(between)
    assert only(proved).outcome.verdict is Verdict.VIOLATED
    assert only(claim(source=SOURCE, domain=UNIT)(between)).outcome.verdict == "HOLDS"


def test_a_function_that_fails_is_reported_and_not_raised():
    def breaks(x):
        return 1 / x <= 1 / x

    result = only(claim(source=SOURCE, domain=UNIT)(breaks))
    assert result.outcome.verdict is Verdict.INCONCLUSIVE
    assert "ZeroDivisionError" in result.outcome.error


def test_the_function_runs_once_a_point():
    calls = []

    def counted(x):
        calls.append(x)
        return x <= 1

    found = claim(source=SOURCE, domain=UNIT)(counted)
    assert len(calls) == 1
    verify([found])
    assert len(calls) == 6


@pytest.mark.errors
def test_bad_arguments_are_named():
    with pytest.raises(TypeError, match=r"parameters of square \(x\), got y"):
        claim(source=SOURCE, domain={"y": Reals(0, 1)})(square)
    with pytest.raises(ValueError, match="twin must"):
        claim(source=SOURCE, domain=UNIT, twin=2.0)(square)
    with pytest.raises(ValueError, match="where must leave"):
        claim(source=SOURCE, domain=UNIT, where=lambda x: x > 2)(square)
    with pytest.raises(ValueError, match="evidence must be"):
        claim(source=SOURCE, domain=UNIT, evidence="proof")(square)
    with pytest.raises(TypeError, match="two Samplers"):
        claim(source=SOURCE, domain=UNIT)(
            lambda x: (Sampler(lambda n, rng: n), Sampler(lambda n, rng: n))
        )
    with pytest.raises(TypeError, match="got a bool"):
        claim(source=SOURCE, domain=UNIT, evidence="enclosure")(lambda x: x <= 1)


# --- one point -----------------------------------------------------------------------


def test_evaluate_checks_the_point():
    found = claim(
        source=SOURCE, domain={"d": Integers(2, 9), "kind": Choices(("a", "b"))}
    )(lambda d, kind: (len(kind), d))
    assert evaluate(found, {"d": 3, "kind": "b"}).slack == pytest.approx(2)
    for wrong in (
        {"d": 3},
        {"d": 3, "kind": "c"},
        {"d": 10, "kind": "a"},
        {"d": 2.5, "kind": "a"},
        {"d": math.nan, "kind": "a"},
        {"d": 3, "kind": "a", "e": 1},
    ):
        with pytest.raises(ValueError, match=r"must be"):
            evaluate(found, wrong)


# --- files ---------------------------------------------------------------------------

DRAFT = """
    from geomadv.claims import Integers, claim

    @claim(source="my draft, Lemma 1", domain={"d": Integers(1, 1000)}, twin=0.9)
    def root_law(d):
        return d**0.5 <= (d + 1) / 2

    @claim(source="my draft, Lemma 2", domain={"d": Integers(1, 1000)})
    def other(d):
        return d <= 2 * d

    AGAIN = other
"""


@pytest.fixture
def draft(tmp_path):
    path = tmp_path / "My_draft2.py"
    path.write_text(textwrap.dedent(DRAFT), encoding="utf-8")
    return path


def test_a_file_gives_its_claims_in_order(draft):
    first, second = load(draft)
    assert (first.id, second.id) == ("my-draft2.root-law", "my-draft2.other")
    assert evaluate(first, {"d": 4}).slack == pytest.approx(0.5)
    for name in ("root_law", "root-law", "my-draft2.root-law"):
        assert [c.id for c in load(f"{draft}:{name}")] == [first.id]


@pytest.mark.errors
def test_a_bad_file_is_named(draft, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(tmp_path / "nowhere.py")
    with pytest.raises(ValueError, match=r"no claim 'third'; there are: my-draft2"):
        load(f"{draft}:third")
    (tmp_path / "empty.py").write_text("x = 1")
    with pytest.raises(ValueError, match="defines no claim"):
        load(tmp_path / "empty.py")
    (tmp_path / "bad.py").write_text("1 / 0")
    with pytest.raises(ValueError, match=r"bad.py failed with ZeroDivisionError"):
        load(tmp_path / "bad.py")


@pytest.mark.errors
def test_a_parameter_that_is_no_range_is_refused():
    with pytest.raises(TypeError, match=r"Choices or a Family for d, got \(1, 2\)"):
        claim(source="me", domain={"d": (1, 2)})(lambda d: (d, 9))


@pytest.mark.errors
@pytest.mark.parametrize(
    "ends", [(1.5, 7), (1, 1e6), (1, 7, (2, 3.0))], ids=["lower", "upper", "typical"]
)
def test_the_ends_of_integers_are_integers(ends):
    with pytest.raises(TypeError, match="must be an integer, got"):
        Integers(*ends)


def test_a_title_ends_with_a_letter():
    def named(d):
        """The mean lies above a ."""
        return (d, 9)

    assert claim(source="me", domain={"d": Integers(1, 5)})(named).title.endswith(" a")


def test_the_stated_error_is_relative_to_the_larger_side():
    from geomadv.claims import evaluate

    near = claim(source="me", domain={"d": Integers(1, 5)}, rtol=0.1)(
        lambda d: (1.105 * d, d)
    )
    assert str(evaluate(near, {"d": 2}).verdict) == "HOLDS"


def test_equal_balls_at_a_point_hold_and_an_infinite_slack_is_not_certain():
    from flint import arb

    from geomadv.claims import evaluate
    from geomadv.claims._boxes import certain

    equal = claim(source="me", domain={"x": Reals(0, 1)}, evidence="enclosure")(
        lambda x: (x, x)
    )
    assert str(evaluate(equal, {"x": 0.5}).verdict) == "HOLDS"
    assert not certain(arb("inf"))
