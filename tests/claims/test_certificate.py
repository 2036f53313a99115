"""A certificate is accepted as it was written, and refused however it is changed."""

import copy
import json
import math

import pytest
from flint import arb, ctx
from hypothesis import given
from hypothesis import strategies as st

from geomadv.claims import (
    Beyond,
    CertificateError,
    Choices,
    Claim,
    Enclosure,
    Expected,
    Integers,
    Reals,
    Source,
    Twin,
    certificate,
    check_certificate,
    read_certificate,
)
from geomadv.claims import _recheck as recheck
from geomadv.claims._certificate import digest, interval


def made(name, domain, lhs, rhs, twin=None, expected=Expected.HOLDS, **more):
    where = more.pop("where", None)
    evidence = Enclosure(lhs, rhs, **more)
    return Claim(
        id=f"author2020.{name}",
        theory="test",
        title="A claim",
        source=Source("A. Author", "On nothing", 2020),
        statement="$l \\le r$",
        relation="lhs <= rhs",
        domain=domain,
        evidence=evidence,
        twin=Twin("twin", twin or evidence),
        where=where,
        expected=expected,
    )


PLANE = {"x": Reals(0.0, 1.0), "y": Reals(1.0, 8.0, scale="log")}
CURVE = made("curve", PLANE, lambda x, y: x * (1 - x), lambda x, y: 0.3 + y / 1000)
LISTED = made(
    "listed",
    {"d": Integers(2, 9, (2, 5)), "kind": Choices(("a", "b")), "x": Reals(0.0, 1.0)},
    lambda d, kind, x: x / d,
    lambda d, kind, x: 1,
)
TRIANGLE = made(
    "triangle",
    {"x": Reals(0.0, 1.0), "y": Reals(0.0, 1.0)},
    lambda x, y: x,
    lambda x, y: y + 0.125,
    outside=lambda x, y: bool(x > y),
    where=lambda x, y: x <= y,
)
ENDLESS = made(
    "endless",
    {"d": Integers(2, 100, (2, 10), as_reals=True)},
    lambda d: 1 / arb(d),
    lambda d: 2 / (arb(d) + 1),
    beyond=(Beyond(lambda over_d: 1 + over_d, lambda over_d: 2, since={"d": 64}),),
)
FALSE = made(
    "false",
    {"x": Reals(0.0, 1.0)},
    lambda x: x,
    lambda x: x * x,
    Enclosure(lambda x: x * x, lambda x: x + 0.01),
    Expected.VIOLATED,
)
CLAIMS = (CURVE, LISTED, TRIANGLE, ENDLESS, FALSE)
DOCUMENT = certificate(CLAIMS)


def signed(document):
    """Sign a changed document anew: the digest alone must not be what refuses it."""
    return {**document, "digest": digest(document)}


def changed(claim, change, name="claim"):
    document = copy.deepcopy(DOCUMENT)
    (entry,) = [e for e in document["claims"] if e["id"] == claim.id]
    change(entry["statements"][name])
    return signed(document)


def refused(document, message, claims=CLAIMS):
    with pytest.raises(CertificateError, match=message) as caught:
        check_certificate(document, claims)
    assert "\n" not in str(caught.value)


def nodes(statement, kind, part=0):
    return [n for n in statement["parts"][part]["tree"] if n[0] == kind]


def test_a_certificate_is_validated_after_a_journey_through_json():
    found = check_certificate(json.loads(json.dumps(DOCUMENT)), CLAIMS)
    assert [(f.id, f.name, f.holds) for f in found] == [
        ("author2020.curve", "claim", True),
        ("author2020.listed", "claim", True),
        ("author2020.triangle", "claim", True),
        ("author2020.endless", "claim", True),
        ("author2020.false", "claim", False),
        ("author2020.false", "corrected", True),
    ]
    assert found[3].scope == "every integer d >= 2"
    assert found[0].boxes > 10


def test_the_boxes_are_enclosed_at_another_precision():
    seen = set()

    def lhs(x):
        seen.add(ctx.prec)
        return x * (1 - x)

    claim = made("seen", {"x": Reals(0.0, 1.0)}, lhs, lambda x: 0.3)
    document = certificate([claim])
    seen.clear()
    before = ctx.prec
    check_certificate(document, [claim])
    assert seen == {96 + recheck.MORE_BITS}
    assert ctx.prec == before


def test_the_search_is_not_used(monkeypatch):
    from geomadv.claims import _boxes, _certificate

    def fail(*_, **__):
        raise AssertionError

    for module in (_boxes, _certificate):
        monkeypatch.setattr(module, "subdivide", fail)
        monkeypatch.setattr(module, "halves", fail)
        monkeypatch.setattr(module, "certain", fail)
    monkeypatch.setattr(_boxes, "balls_of", fail)
    monkeypatch.setattr(_boxes.Inequality, "slack", fail)
    monkeypatch.setattr(_boxes.Inequality, "excluded", fail)
    assert check_certificate(DOCUMENT, CLAIMS)


def test_a_bug_in_the_search_is_found_by_the_check(monkeypatch):
    from geomadv.claims import _boxes

    false = made("bump", {"x": Reals(0.0, 1.0)}, lambda x: x * (1 - x), lambda x: 0.2)
    low = lambda box: {name: arb(end) for name, (end, _) in box.items()}  # noqa: E731
    monkeypatch.setattr(_boxes, "balls_of", low)
    document = certificate([false])
    with pytest.raises(CertificateError, match=r"sign on .* is not certain"):
        check_certificate(document, [false])


@pytest.mark.parametrize("value", [2.0, True, "2", None])
def test_a_listed_value_has_its_type(value):
    def change(statement):
        statement["parts"][0]["given"]["d"] = value

    refused(changed(LISTED, change), "this part is not there")


@pytest.mark.parametrize(
    "versions", ["1", {}, {"geomadv": "1"}, {"geomadv": "1", "python-flint": [1]}]
)
def test_versions_are_two_strings(versions):
    document = copy.deepcopy(DOCUMENT)
    document["versions"] = versions
    document["digest"] = digest(document)
    refused(document, "versions must")


def drop_a_box(statement):
    tree = statement["parts"][0]["tree"]
    tree.remove(nodes(statement, "proved")[3])


def drop_the_last_box(statement):
    del statement["parts"][0]["tree"][-1]


def add_a_box(statement):
    tree = statement["parts"][0]["tree"]
    tree.append(tree[-1])


def exchange_two_boxes(statement):
    tree = statement["parts"][0]["tree"]
    first, second = (tree.index(n) for n in nodes(statement, "proved")[:2])
    tree[first], tree[second] = tree[second], tree[first]


def flip_a_sign(statement):
    node = nodes(statement, "proved")[2]
    low, high = (float.fromhex(text) for text in node[2:])
    node[2:] = [(-high).hex(), (-low).hex()]


def lower_one_interval(statement):
    node = nodes(statement, "proved")[2]
    node[2] = (-1e-300).hex()


def widen_an_end(statement):
    ends = nodes(statement, "proved")[2][1]
    ends[0][1] = math.nextafter(float.fromhex(ends[0][1]), 9).hex()


def narrow_an_end(statement):
    ends = nodes(statement, "proved")[2][1]
    ends[1][0] = math.nextafter(float.fromhex(ends[1][0]), 9).hex()


def move_a_cut(statement):
    node = nodes(statement, "split")[1]
    node[2] = math.nextafter(float.fromhex(node[2]), 9).hex()


def cut_at_an_end(statement):
    node = nodes(statement, "split")[0]
    node[2] = (1.0).hex()


def cut_another_side(statement):
    nodes(statement, "split")[0][1] = "z"


def shrink_the_domain(statement):
    statement["parts"][0]["ranges"]["x"][1] = (0.5).hex()


def move_an_interval(statement):
    node = nodes(statement, "proved")[2]
    node[2:] = [(float.fromhex(text) + 1).hex() for text in node[2:]]


def merge_two_boxes(statement):
    """Claim that the first split was not needed."""
    part = statement["parts"][0]
    whole = [part["ranges"]["x"], part["ranges"]["y"]]
    part["tree"] = [["proved", whole, (0.0).hex(), (1.0).hex()]]


def call_a_box_outside(statement):
    tree = statement["parts"][0]["tree"]
    node = nodes(statement, "proved")[2]
    tree[tree.index(node)] = ["outside", node[1]]


def state_nan(statement):
    nodes(statement, "proved")[2][2] = "nan"


def state_infinity(statement):
    nodes(statement, "proved")[2][2] = "inf"


def state_a_number(statement):
    nodes(statement, "proved")[2][2] = 0.0


def write_it_otherwise(statement):
    nodes(statement, "proved")[2][3] = "0x8.0p-3"


def scope_of_another(statement):
    statement["scope"] = "every real number"


def fingerprint_of_another(statement):
    statement["fingerprint"] = "0" * 64


def lower_the_precision(statement):
    statement["precision"] = 53


def an_unknown_key(statement):
    statement["parts"][0]["comment"] = ""


def no_parts(statement):
    statement["parts"] = []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop_a_box, "gap or overlap|a cut lies outside"),
        (drop_the_last_box, "is not covered"),
        (add_a_box, "though all is covered"),
        (exchange_two_boxes, "gap or overlap"),
        (flip_a_sign, "no certain sign"),
        (lower_one_interval, "no certain sign"),
        (widen_an_end, "gap or overlap at x"),
        (narrow_an_end, "gap or overlap at y"),
        (move_a_cut, "gap or overlap"),
        (cut_at_an_end, "outside of its box"),
        (cut_another_side, "not a node"),
        (shrink_the_domain, "x ends elsewhere"),
        (move_an_interval, "lies elsewhere"),
        (merge_two_boxes, "is not certain"),
        (call_a_box_outside, "is not outside"),
        (state_nan, "not a number"),
        (state_infinity, "not a number"),
        (state_a_number, "not a node"),
        (write_it_otherwise, "not a number"),
        (scope_of_another, "another scope"),
        (fingerprint_of_another, "another domain"),
        (lower_the_precision, "another precision"),
        (an_unknown_key, "and no more"),
        (no_parts, "must have 1 parts"),
    ],
)
def test_a_changed_proof_is_refused_though_it_is_signed_anew(change, message):
    refused(changed(CURVE, change), message)


def test_a_change_that_is_not_signed_is_refused():
    document = copy.deepcopy(DOCUMENT)
    drop_a_box(document["claims"][0]["statements"]["claim"])
    refused(document, "digest does not fit")


def test_a_box_that_is_outside_needs_no_sign_but_must_be_outside():
    def claim_it_outside(statement):
        tree = statement["parts"][0]["tree"]
        node = nodes(statement, "proved")[0]
        tree[tree.index(node)] = ["outside", node[1]]

    def claim_it_proved(statement):
        tree = statement["parts"][0]["tree"]
        node = nodes(statement, "outside")[0]
        tree[tree.index(node)] = ["proved", node[1], (0.0).hex(), (1.0).hex()]

    refused(changed(TRIANGLE, claim_it_outside), "is not outside")
    refused(changed(TRIANGLE, claim_it_proved), "not certain")


def test_every_listed_value_and_every_unbounded_part_is_needed():
    def drop(index):
        return lambda statement: statement["parts"].pop(index)

    def repeat(statement):
        statement["parts"][1] = statement["parts"][0]

    refused(changed(LISTED, drop(2)), "must have 4 parts")
    refused(changed(LISTED, repeat), "this part is not there")
    refused(changed(ENDLESS, drop(1)), "must have 2 parts")


def test_a_proof_at_infinity_cannot_leave_infinity_out():
    def leave_it_out(statement):
        part = statement["parts"][1]
        part["ranges"]["over_d"][0] = (1e-9).hex()

    refused(changed(ENDLESS, leave_it_out), "over_d ends elsewhere")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("at", {"x": (0.0).hex()}, "does not refute"),
        ("at", {"x": (2.0).hex()}, "outside of the domain"),
        ("at", {"x": "nan"}, "not a number"),
        ("at", {}, "must have x"),
        ("slack", [(-2.0).hex(), (-1.0).hex()], "is another one"),
        ("slack", [(-1.0).hex(), (1.0).hex()], "does not refute"),
        ("slack", [], "two ends"),
    ],
)
def test_a_counterexample_must_be_one(key, value, message):
    def change(statement):
        statement["refuted"][key] = value

    refused(changed(FALSE, change), message)


def test_certificates_of_other_claims_are_refused():
    refused(DOCUMENT, "no such claim: 'author2020.curve'", CLAIMS[1:])
    twice = signed({**DOCUMENT, "claims": [DOCUMENT["claims"][0]] * 2})
    refused(twice, "in it twice")
    wider = made("curve", {**PLANE, "x": Reals(0.0, 1.5)}, CURVE.evidence.lhs,
                 CURVE.evidence.rhs)  # fmt: skip
    refused(DOCUMENT, "made for another domain", [wider, *CLAIMS[1:]])


def test_a_claim_whose_sides_changed_is_refused():
    tighter = made("curve", PLANE, CURVE.evidence.lhs, lambda x, y: 0.2499 + y / 1000)
    refused(DOCUMENT, "is not certain", [tighter, *CLAIMS[1:]])
    looser = made("curve", PLANE, CURVE.evidence.lhs, lambda x, y: 2.3 + y / 1000)
    refused(DOCUMENT, "lies elsewhere", [looser, *CLAIMS[1:]])


@pytest.mark.parametrize(
    "document",
    [None, [], {}, "text", 3, {**DOCUMENT, "format": "other"},
     {**DOCUMENT, "version": 2}, {**DOCUMENT, "claims": []},
     signed({**DOCUMENT, "claims": {}}), signed({**DOCUMENT, "claims": [None]}),
     signed({**DOCUMENT, "claims": [{"id": [], "statements": {}}]}),
     signed({**DOCUMENT, "claims": [{"id": CURVE.id, "statements": None}]})],
)  # fmt: skip
def test_what_is_no_certificate_is_refused(document):
    refused(document, "must have|not a geomadv|no claim is in it|no such claim")


def test_a_tree_larger_than_the_budget_is_refused():
    def grow(statement):
        statement["parts"][0]["tree"] = [["split", "x", (0.5).hex()]] * 100_000

    refused(changed(CURVE, grow), "between 1 and 40001 nodes")


TREE = DOCUMENT["claims"][0]["statements"]["claim"]["parts"][0]["tree"]


@given(
    index=st.integers(0, len(TREE) - 1),
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3),
        max_leaves=5,
    ),
)
def test_whatever_stands_in_place_of_a_node_is_refused_with_one_message(index, value):
    def change(statement):
        statement["parts"][0]["tree"][index] = value

    refused(changed(CURVE, change), "not a node")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON, or cut off"),
        (b'{"a": 1', "not JSON, or cut off"),
        (b'{"a": NaN}', "must be finite, got NaN"),
        (b'{"a": -Infinity}', "must be finite"),
        (b'{"a": 1, "a": 2}', "a key stands twice"),
        (b"\x80\x04K\x01.", "not JSON, or cut off"),  # a pickle
        (b"[" * 200_000, "not JSON, or cut off"),
        (b'{"a": 1' + b"0" * 10_000 + b"}", "not JSON, or cut off"),
    ],
)
def test_files_that_are_no_certificates_are_refused(tmp_path, content, message):
    path = tmp_path / "certificate.json"
    path.write_bytes(content)
    with pytest.raises(CertificateError, match=message):
        read_certificate(path)


def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path):
    path = tmp_path / "certificate.json"
    content = json.dumps(certificate([FALSE])).encode()
    for end in range(0, len(content), 37):
        path.write_bytes(content[:end])
        with pytest.raises(CertificateError):
            check_certificate(read_certificate(path), CLAIMS)


def test_files_beyond_the_limit_are_not_parsed(tmp_path, monkeypatch):
    monkeypatch.setattr(recheck, "MOST_BYTES", 2**20)
    path = tmp_path / "certificate.json"
    path.write_bytes(b" " * (2**20 + 1))
    with pytest.raises(CertificateError, match="larger than 1 MiB"):
        read_certificate(path)


def test_no_certificate_is_made_of_what_is_not_proved():
    narrow = made("narrow", PLANE, lambda x, y: x, lambda x, y: x, most_boxes=50)
    with pytest.raises(ValueError, match="narrow: not proved on domain"):
        certificate([narrow])


@given(st.floats(-1e300, 1e300), st.floats(0, 1e300))
def test_intervals_are_rounded_outwards(middle, radius):
    ball = arb(middle, radius) * arb(1) / 3
    low, high = interval(ball)
    assert arb(low) <= ball.lower()
    assert ball.upper() <= arb(high)
    assert (low == high) == ball.is_exact()
