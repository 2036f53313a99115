"""Certificates: the boxes of a proof, with what was enclosed on each.

A certificate holds, for every claim that is proved on boxes, each part of its domain as
a binary tree in preorder. An inner node is ``["split", side, cut]``. A leaf is
``["proved", ends, lower, upper]``, where the interval contains rhs - lhs on the box
with these ends, or ``["outside", ends]``, where the inequality applies nowhere. What is
false is refuted by one point. Numbers are exact: hexadecimal strings of floats, the
intervals rounded outwards. `check` needs none of the search to see that it is right.
"""

import contextlib
import hashlib
import json
import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from geomadv.claims._beyond import missing
from geomadv.claims._boxes import Box, Inequality, certain, halves, subdivide, whole
from geomadv.claims._claim import Claim, Expected
from geomadv.claims._domain import Choices, Domain, Reals, grid
from geomadv.claims._enclosure import Enclosure, boxed, scope_of
from geomadv.claims._outcome import Verdict

FORMAT = "geomadv certificate"
VERSION = 1
#: Of precision, with which a certificate is checked.
MORE_BITS = 64


class Part(NamedTuple):
    """A part of a domain that is proved by itself.

    Attributes
    ----------
    name : str
        ``"domain"``, or which unbounded part.
    given : dict
        The values of the listed parameters.
    ranges : dict
        The root of the tree.
    inequality : Inequality
        What is to hold there.
    """

    name: str
    given: dict[str, Any]
    ranges: dict[str, Reals]
    inequality: Inequality


class Statement(NamedTuple):
    """A claim, or the corrected form of one that is false.

    Attributes
    ----------
    evidence : Enclosure
        Its sides.
    domain : Mapping
        For which parameters it is said to hold.
    where : callable or None
        For which of them.
    holds : bool
        Whether it is to be proved, or to be refuted.
    """

    evidence: Enclosure
    domain: Domain
    where: Any
    holds: bool


def statements(claim: Claim) -> dict[str, Statement]:
    """Return what a certificate says of a claim, by name.

    Raises
    ------
    ValueError
        If the claim is not proved on boxes.
    """
    evidence, twin = claim.evidence, claim.twin
    if not isinstance(evidence, Enclosure):
        raise ValueError(f"{claim.id} is not proved on boxes: {claim.unproved}")
    holds = claim.expected is Expected.HOLDS
    found = {"claim": Statement(evidence, claim.domain, claim.where, holds)}
    if not holds and isinstance(twin.evidence, Enclosure):
        domain = claim.domain if twin.domain is None else twin.domain
        where = claim.where if twin.where is None else twin.where
        found["corrected"] = Statement(twin.evidence, domain, where, True)
    return found


def parts(statement: Statement) -> Iterator[Part]:
    """Yield the parts that together are the whole domain of a statement.

    Raises
    ------
    ValueError
        If some unbounded part is covered by none.
    """
    evidence, domain = statement.evidence, statement.domain
    lacking = missing(domain, evidence.beyond)
    if lacking:
        raise ValueError(f"no proof covers {lacking}")
    sides = boxed(domain)
    listed = {name: p for name, p in domain.items() if name not in sides}
    for cell in grid(listed, None if sides else statement.where):
        yield Part("domain", cell, sides, evidence.inequality(cell))
    for piece in evidence.beyond:
        for cell in piece.cells(domain):
            ranges = piece.ranges(domain)
            yield Part(str(piece), cell, ranges, piece.inequality(cell))


def certificate(claims: Iterable[Claim]) -> dict[str, Any]:
    """Return the proofs on boxes of claims, as `geomadv verify --certificate` writes.

    Parameters
    ----------
    claims : iterable of Claim
        Those whose evidence is no `Enclosure` are left out.

    Returns
    -------
    dict
        It can be written as JSON, and `check` takes it.

    Raises
    ------
    ValueError
        If no claim is proved on boxes, or the proof of one does not succeed.

    Examples
    --------
    >>> from geomadv.theories import find
    >>> document = certificate(find(["shafahi2018.circulated-tail-from-0858"]))
    >>> document["claims"][0]["statements"]["claim"]["scope"]
    'every real eps >= 0.858'
    """
    from importlib.metadata import version

    import geomadv

    enclosed = [c for c in claims if isinstance(c.evidence, Enclosure)]
    if not enclosed:
        raise ValueError("none of the claims is proved on boxes")
    document = {
        "format": FORMAT,
        "version": VERSION,
        "versions": {
            "geomadv": geomadv.__version__,
            "python-flint": version("python-flint"),
        },
        "claims": [_entry(claim) for claim in enclosed],
    }
    return {**document, "digest": digest(document)}


def digest(document: dict[str, Any]) -> str:
    """Return the SHA-256 of a certificate without its digest."""
    rest = {key: value for key, value in document.items() if key != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def fingerprint(statement: Statement) -> str:
    """Return the SHA-256 of a domain, exactly as it is."""
    lines = [f"holds {statement.holds}"]
    for name, parameter in statement.domain.items():
        values = [plain(v) for v in parameter.typical]
        if isinstance(parameter, Choices):
            lines.append(f"{name} one of {values}")
        else:
            ends = (plain(parameter.lower), plain(parameter.upper))
            as_reals = getattr(parameter, "as_reals", "")
            kind = type(parameter).__name__
            lines.append(f"{name} {kind} {ends} {parameter.scale} {as_reals} {values}")
    lines += [f"beyond {piece}" for piece in statement.evidence.beyond]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def plain(value: Any) -> Any:
    """Return a parameter's value such that JSON holds it, floats exactly."""
    if isinstance(value, bool | int | str):
        return value
    return value.hex() if isinstance(value, float) else str(value)


def interval(ball: Any) -> tuple[float, float]:
    """Return floats between which a ball lies."""
    low, high = float(ball.lower()), float(ball.upper())
    while ball.lower() < low:
        low = math.nextafter(low, -math.inf)
    while ball.upper() > high:
        high = math.nextafter(high, math.inf)
    return low, high


def _entry(claim: Claim) -> dict[str, Any]:
    found = {}
    for name, statement in statements(claim).items():
        common = {
            "fingerprint": fingerprint(statement),
            "precision": statement.evidence.precision,
            "scope": scope_of(statement.domain, statement.evidence.beyond),
        }
        try:
            body = _proof(statement) if statement.holds else _refutation(statement)
        except ValueError as error:
            raise ValueError(f"{claim.id}: {error}") from None
        found[name] = {**common, **body}
    return {"id": claim.id, "statements": found}


def _proof(statement: Statement) -> dict[str, Any]:
    from flint import ctx

    precision, ctx.prec = ctx.prec, statement.evidence.precision
    try:
        return {
            "parts": [
                {
                    "part": part.name,
                    "given": {k: plain(v) for k, v in part.given.items()},
                    "ranges": {
                        k: [float(r.lower).hex(), float(r.upper).hex()]
                        for k, r in part.ranges.items()
                    },
                    "tree": _tree(part, statement.evidence.most_boxes),
                }
                for part in parts(statement)
            ]
        }
    finally:
        ctx.prec = precision


def _refutation(statement: Statement) -> dict[str, Any]:
    from flint import arb, ctx

    evidence, domain = statement.evidence, statement.domain
    judged = evidence.judge(domain, statement.where)
    point = judged.worst
    if judged.verdict is not Verdict.VIOLATED or point is None:
        raise ValueError(f"it was not refuted, but came out as {judged.verdict}")
    precision, ctx.prec = ctx.prec, evidence.precision
    try:
        sides = boxed(domain)
        given = {k: arb(v) if k in sides else v for k, v in point.parameters.items()}
        low, high = interval(
            Inequality(evidence.lhs, evidence.rhs, None, given).slack({})
        )
    finally:
        ctx.prec = precision
    return {
        "refuted": {
            "at": {k: plain(v) for k, v in point.parameters.items()},
            "slack": [low.hex(), high.hex()],
        }
    }


class _Lasting(Inequality):
    """An inequality that counts as certain where it is so at both precisions."""

    def excluded(self, box: Box) -> bool:
        """Tell whether the inequality applies nowhere on the box."""
        with _more_bits():
            again = super().excluded(box)
        return again and super().excluded(box)

    def slack(self, box: Box) -> Any:
        """Enclose rhs - lhs on the box, by the ball that is not certain if one is."""
        slack = super().slack(box)
        if not certain(slack):
            return slack
        with _more_bits():
            again = super().slack(box)
        return slack if certain(again) else again


@contextlib.contextmanager
def _more_bits() -> Iterator[None]:
    from flint import ctx

    precision, ctx.prec = ctx.prec, ctx.prec + MORE_BITS
    try:
        yield
    finally:
        ctx.prec = precision


def _tree(part: Part, most: int) -> list[list[Any]]:
    """Return the nodes of a proof, parents first and lower halves before upper ones."""
    done: dict[tuple[tuple[float, float], ...], Any] = {}
    inequality = _Lasting(**vars(part.inequality))
    for found in subdivide(inequality, part.ranges, most):
        if found.state == "stuck":
            raise ValueError(f"not proved on {part.name} near {found.box}")
        if found.is_leaf:
            done[tuple(found.box.values())] = found.slack
    nodes: list[list[Any]] = []
    todo = [whole(part.ranges)]
    while todo:
        box = todo.pop()
        key = tuple(box.values())
        if key not in done:
            side, cut, left, right = halves(part.ranges, box)
            nodes.append(["split", side, cut.hex()])
            todo += [right, left]
        elif done[key] is None:
            nodes.append(["outside", ends_of(box)])
        else:
            low, high = interval(done[key])
            nodes.append(["proved", ends_of(box), low.hex(), high.hex()])
    return nodes


def ends_of(box: Box) -> list[list[str]]:
    """Return the ends of a box, exactly."""
    return [[float(low).hex(), float(high).hex()] for low, high in box.values()]
