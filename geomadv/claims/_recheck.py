"""Certificates, checked without the search that made them.

The root of every tree is taken from the claim, not from the file. Its boxes are derived
from the cuts, which must lie strictly inside, so that they cover the domain without a
gap or an overlap, and compared with the ends that the file states; the ends of ranges
are compared as rational numbers. On every box both sides are enclosed anew at another
precision, without the code of the search: the sign must be certain, and the interval
meet the one in the file. What is shared is the list of what a certificate must hold.
"""

import json
import math
import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

from geomadv.claims._boxes import Box, Inequality
from geomadv.claims._certificate import (
    FORMAT,
    MORE_BITS,
    VERSION,
    Part,
    Statement,
    digest,
    fingerprint,
    parts,
    plain,
    statements,
)
from geomadv.claims._claim import Claim
from geomadv.claims._domain import Choices, Integers
from geomadv.claims._enclosure import boxed, scope_of

MOST_BYTES = 2**28

_HEX = re.compile(r"-?0x[01]\.[0-9a-f]{1,13}p[+-]\d{1,4}")


class CertificateError(ValueError):
    """A certificate that is damaged, of other claims, or wrong."""


class Checked(NamedTuple):
    """A statement that was found to be proved, or refuted.

    Attributes
    ----------
    id : str
        Of the claim.
    name : str
        ``"claim"``, or ``"corrected"`` for the corrected form of a false one.
    scope : str
        For which parameters.
    boxes : int
        How many were enclosed anew.
    holds : bool
        Whether it is proved; refuted if not.
    """

    id: str
    name: str
    scope: str
    boxes: int
    holds: bool


def read_certificate(path: Path) -> Any:
    """Return the document in a file; nothing in it is trusted.

    Parameters
    ----------
    path : Path

    Returns
    -------
    object
        What the file says, for `check`.

    Raises
    ------
    CertificateError
        If it is too large, no JSON, or has a NaN or a key twice.
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise CertificateError(f"larger than {MOST_BYTES >> 20} MiB")
    try:
        return json.loads(
            content.decode("utf-8"),
            parse_constant=_no_constant,
            object_pairs_hook=_no_duplicates,
        )
    except (ValueError, RecursionError) as error:
        if isinstance(error, CertificateError):
            raise
        raise CertificateError(f"not JSON, or cut off: {error}") from None


def check(
    document: Any,
    claims: Iterable[Claim],
    *,
    checked: Callable[[Checked], None] | None = None,
) -> tuple[Checked, ...]:
    """Validate a certificate anew.

    Parameters
    ----------
    document : object
        What `certificate` returned, or a file held.
    claims : iterable of Claim
        Those that it may speak of.
    checked : callable, optional
        Called with every statement that was validated.

    Returns
    -------
    tuple of Checked
        In the order of the certificate.

    Raises
    ------
    CertificateError
        For the first thing that is wrong.

    Examples
    --------
    >>> from geomadv.claims import certificate
    >>> from geomadv.theories import find
    >>> claims = find(["shafahi2018.circulated-tail-from-0858"])
    >>> [found.scope for found in check(certificate(claims), claims)]
    ['every real eps >= 0.858']
    """
    known = {claim.id: claim for claim in claims}
    _keys(document, {"format", "version", "versions", "claims", "digest"}, "the file")
    if document["format"] != FORMAT or document["version"] != VERSION:
        raise CertificateError(f"not a {FORMAT} of version {VERSION}")
    versions = document["versions"]
    _keys(versions, {"geomadv", "python-flint"}, "versions")
    if not all(isinstance(text, str) for text in versions.values()):
        raise CertificateError("versions must be strings")
    entries = document["claims"]
    if not isinstance(entries, list) or not entries:
        raise CertificateError("no claim is in it")
    try:
        same = digest(document) == document["digest"]
    except (ValueError, RecursionError, TypeError) as error:
        raise CertificateError(f"its digest cannot be computed: {error}") from None
    if not same:
        raise CertificateError("its digest does not fit: it was changed or damaged")
    found = []
    seen: set[str] = set()
    for entry in entries:
        _keys(entry, {"id", "statements"}, "a claim")
        name = entry["id"]
        if not isinstance(name, str) or name not in known:
            raise CertificateError(
                f"no such claim: {str(name)[:80]!r} (one of your own needs its file, "
                "FILE.py, beside the certificate)"
            )
        if name in seen:
            raise CertificateError(f"{name} is in it twice")
        seen.add(name)
        for result in _claim(known[name], entry["statements"]):
            found.append(result)
            if checked is not None:
                checked(result)
    return tuple(found)


def _claim(claim: Claim, given: Any) -> list[Checked]:
    try:
        expected = statements(claim)
    except ValueError as error:
        raise CertificateError(str(error)) from None
    _keys(given, set(expected), claim.id)
    found = []
    for name, statement in expected.items():
        boxes = _statement(f"{claim.id}, {name}", statement, given[name])
        scope = scope_of(statement.domain, statement.evidence.beyond)
        found.append(Checked(claim.id, name, scope, boxes, statement.holds))
    return found


def _statement(label: str, statement: Statement, given: Any) -> int:
    """Check a statement and return how many boxes it took."""
    from flint import ctx

    body = "parts" if statement.holds else "refuted"
    _keys(given, {"fingerprint", "precision", "scope", body}, label)
    if given["fingerprint"] != fingerprint(statement):
        raise CertificateError(f"{label}: made for another domain")
    if given["scope"] != scope_of(statement.domain, statement.evidence.beyond):
        raise CertificateError(f"{label}: states another scope")
    if given["precision"] != statement.evidence.precision:
        raise CertificateError(f"{label}: states another precision")
    precision, ctx.prec = ctx.prec, statement.evidence.precision + MORE_BITS
    try:
        if not statement.holds:
            return _refutation(label, statement, given["refuted"])
        return _parts(label, statement, given["parts"])
    except CertificateError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        raise CertificateError(
            f"{label}: a side cannot be enclosed: {reason}"
        ) from error
    finally:
        ctx.prec = precision


def _parts(label: str, statement: Statement, given: Any) -> int:
    try:
        expected = list(parts(statement))
    except ValueError as error:
        raise CertificateError(f"{label}: {error}") from None
    if not isinstance(given, list) or len(given) != len(expected):
        raise CertificateError(f"{label}: it must have {len(expected)} parts")
    boxes = 0
    for part, one in zip(expected, given, strict=True):
        _keys(one, {"part", "given", "ranges", "tree"}, label)
        here = f"{label}, {part.name} {part.given or ''}".rstrip()
        values = {k: plain(v) for k, v in part.given.items()}
        if one["part"] != part.name or not _identical(one["given"], values):
            raise CertificateError(f"{here}: this part is not there")
        _same_ranges(here, part, one["ranges"])
        boxes += _tree(here, part, one["tree"], statement.evidence.most_boxes)
    return boxes


def _same_ranges(here: str, part: Part, given: Any) -> None:
    _keys(given, set(part.ranges), here)
    for name, range_ in part.ranges.items():
        ends = given[name]
        if not isinstance(ends, list) or len(ends) != 2:
            raise CertificateError(f"{here}: {name} needs two ends")
        for end, truth in zip(ends, (range_.lower, range_.upper), strict=True):
            if Fraction(_number(here, end)) != Fraction(truth):
                raise CertificateError(f"{here}: {name} ends elsewhere")


def _tree(here: str, part: Part, nodes: Any, most: int) -> int:
    """Walk through a tree, parents first, and return how many leaves it has."""
    if not isinstance(nodes, list) or not 0 < len(nodes) <= 2 * most + 1:
        raise CertificateError(f"{here}: between 1 and {2 * most + 1} nodes are needed")
    todo: list[Box] = [{name: (r.lower, r.upper) for name, r in part.ranges.items()}]
    leaves = 0
    for node in nodes:
        if not todo:
            raise CertificateError(f"{here}: boxes follow though all is covered")
        box = todo.pop()
        match node:
            case ["split", str(side), str(text)] if side in box:
                cut = _number(here, text)
                low, high = box[side]
                if not Fraction(low) < Fraction(cut) < Fraction(high):
                    raise CertificateError(f"{here}: a cut lies outside of its box")
                todo += [{**box, side: (cut, high)}, {**box, side: (low, cut)}]
            case ["proved", list(ends), str(low_text), str(high_text)]:
                _same_box(here, box, ends)
                stated = (
                    _number(here, low_text),
                    _number(here, high_text, infinite=True),
                )
                _reenclosed(here, part.inequality, box, stated)
                leaves += 1
            case ["outside", list(ends)]:
                _same_box(here, box, ends)
                outside = part.inequality.outside
                inside = {**part.inequality.given, **_balls(here, box)}
                if outside is None or not outside(**inside):
                    raise CertificateError(f"{here}: {box} is not outside")
                leaves += 1
            case _:
                raise CertificateError(f"{here}: not a node: {str(node)[:80]!r}")
    if todo:
        raise CertificateError(f"{here}: {todo[-1]} is not covered")
    return leaves


def _same_box(here: str, box: Box, ends: list[Any]) -> None:
    if len(ends) != len(box):
        raise CertificateError(f"{here}: a box has {len(ends)} sides")
    for (name, side), pair in zip(box.items(), ends, strict=True):
        if not isinstance(pair, list) or len(pair) != 2:
            raise CertificateError(f"{here}: {name} needs two ends")
        for end, truth in zip(pair, side, strict=True):
            if Fraction(_number(here, end)) != Fraction(truth):
                raise CertificateError(
                    f"{here}: boxes leave a gap or overlap at {name} = {truth:g}"
                )


def _reenclosed(
    here: str, inequality: Inequality, box: Box, stated: tuple[float, float]
) -> None:
    from flint import arb

    low, high = stated
    if not 0 <= low <= high:
        raise CertificateError(f"{here}: on {box} it states no certain sign")
    inside = {**inequality.given, **_balls(here, box)}
    slack = arb(inequality.rhs(**inside)) - arb(inequality.lhs(**inside))
    if not (slack.is_finite() and slack.lower() >= 0):
        raise CertificateError(f"{here}: the sign on {box} is not certain")
    if slack.upper() < arb(low) or slack.lower() > arb(high):
        raise CertificateError(
            f"{here}: on {box} the difference of the sides lies elsewhere"
        )


def _balls(here: str, box: Box) -> dict[str, Any]:
    """Return balls that hold the ends of a box, and so all that lies between."""
    from flint import arb

    found = {}
    for name, (low, high) in box.items():
        ball = arb(low).union(arb(high))
        if not (ball.contains(arb(low)) and ball.contains(arb(high))):
            raise CertificateError(f"{here}: no ball holds {name} in [{low}, {high}]")
        found[name] = ball
    return found


def _refutation(label: str, statement: Statement, given: Any) -> int:
    from flint import arb

    domain, evidence = statement.domain, statement.evidence
    _keys(given, {"at", "slack"}, label)
    _keys(given["at"], set(domain), label)
    sides, point, values = boxed(domain), {}, {}
    for name, parameter in domain.items():
        text = given["at"][name]
        if isinstance(parameter, Choices):
            value = next((v for v in parameter.typical if plain(v) == text), None)
            if value is None:
                raise CertificateError(f"{label}: {name} has no such value")
        else:
            integer = isinstance(parameter, Integers) and isinstance(text, int)
            value = text if integer else _number(label, text)
            if not parameter.lower <= value <= parameter.upper:
                raise CertificateError(f"{label}: {name} lies outside of the domain")
        values[name] = value
        point[name] = arb(value) if name in sides else value
    if statement.where is not None and not statement.where(**values):
        raise CertificateError(f"{label}: the point does not belong to the claim")
    stated = given["slack"]
    if not isinstance(stated, list) or len(stated) != 2:
        raise CertificateError(f"{label}: the slack needs two ends")
    low, high = (_number(label, text, infinite=True) for text in stated)
    slack = arb(evidence.rhs(**point)) - arb(evidence.lhs(**point))
    if not (low <= high < 0 and slack.is_finite() and slack < 0):
        raise CertificateError(f"{label}: the point does not refute it")
    if slack.upper() < arb(low) or slack.lower() > arb(high):
        raise CertificateError(f"{label}: at the point the slack is another one")
    return 1


def _number(here: str, text: Any, *, infinite: bool = False) -> float:
    """Read a float in the one form that `float.hex` writes."""
    if infinite and text in ("inf", "-inf"):
        return float(text)
    if isinstance(text, str) and _HEX.fullmatch(text):
        try:
            value = float.fromhex(text)
        except (ValueError, OverflowError):
            value = math.nan
        if math.isfinite(value) and value.hex() == text:
            return value
    raise CertificateError(f"{here}: not a number: {str(text)[:40]!r}")


def _identical(given: Any, values: dict[str, Any]) -> bool:
    """Whether values are the same, with their types: 1, 1.0 and true differ."""
    return json.dumps(given, sort_keys=True) == json.dumps(values, sort_keys=True)


def _keys(value: Any, expected: set[str], where: str) -> None:
    if not isinstance(value, dict) or set(value) != expected:
        wanted = ", ".join(sorted(expected)) or "nothing"
        raise CertificateError(f"{where} must have {wanted} and no more")


def _no_constant(name: str) -> Any:
    raise CertificateError(f"numbers must be finite, got {name}")


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise CertificateError("a key stands twice in it")
    return found
