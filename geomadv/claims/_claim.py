"""Claims: statements that can be verified, and can be refuted."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

from geomadv.claims._ablation import Hypothesis
from geomadv.claims._domain import Domain
from geomadv.claims._enclosure import Enclosure
from geomadv.claims._exact import Exact
from geomadv.claims._statistical import Statistical

Evidence = Enclosure | Exact | Statistical
Relation = Literal["lhs <= rhs", "lhs == rhs", "rate", "limit"]

_UNPROVED: dict[str, str] = {
    "lhs == rhs": "an equality: balls have a width, and never show that two are equal",
    "rate": "a rate: the slope of a curve, not a sign",
    "limit": "a limit: the values on the way say nothing of a sign",
}

_ID = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9][a-z0-9-]*")


class Expected(StrEnum):
    """What a claim is expected to turn out as."""

    HOLDS = "HOLDS"
    VIOLATED = "VIOLATED"


@dataclass(frozen=True)
class Source:
    """Where a statement comes from.

    Parameters
    ----------
    authors, title : str
    year : int, optional
        None for what is not yet published.
    locator : str
        Where in the work, such as ``"Theorem 5.1"``; empty if nowhere in particular.
    arxiv : str, optional
        The arXiv identifier.
    checked : bool
        Whether the locator was compared with the work itself. A citation whose locator
        was not says "(numbering unverified)".

    Examples
    --------
    >>> print(Source("P. Levy", "Problemes concrets d'analyse fonctionnelle", 1951))
    P. Levy 1951
    >>> print(Source("A. Author et al.", "On x", 2018, "Theorem 1", "1801.00001"))
    A. Author et al. 2018, arXiv:1801.00001, Theorem 1 (numbering unverified)
    """

    authors: str
    title: str
    year: int | None
    locator: str = ""
    arxiv: str | None = None
    checked: bool = False

    def __str__(self) -> str:
        parts = [f"{self.authors} {self.year or ''}".rstrip()]
        if self.arxiv:
            parts.append(f"arXiv:{self.arxiv}")
        if self.locator:
            suffix = "" if self.checked else " (numbering unverified)"
            parts.append(self.locator + suffix)
        return ", ".join(parts)

    def at(self, locator: str, *, checked: bool = False) -> "Source":
        """Return the same work at another place."""
        return Source(self.authors, self.title, self.year, locator, self.arxiv, checked)


@dataclass(frozen=True)
class Twin:
    """The counterpart of a claim, which shows that its check can come out otherwise.

    The twin of a claim that holds is the same claim sharpened until it is false by a
    little; the same kind of evidence must refute it. The twin of a statement that is
    wrong as printed is its corrected form; it must hold.

    Parameters
    ----------
    statement : str
        What is changed, as LaTeX text.
    evidence : Enclosure, Exact or Statistical
        Of the same kind as the claim's.
    domain : Mapping, optional
        Where the twin is put to the test; the claim's own domain if None.
    where : callable, optional
        As for a claim; the claim's own if None.
    given : bool
        False where there is no twin: nothing is run, and the claim's power stays
        unproven.
    """

    statement: str
    evidence: Evidence
    domain: Domain | None = None
    where: Callable[..., bool] | None = None
    given: bool = True


@dataclass(frozen=True)
class Claim:
    """One statement of the literature, with what it takes to verify it.

    Parameters
    ----------
    id : str
        ``"paper.statement"``, lower case, such as ``"gilmer2018.caps-are-extremal"``.
    theory : str
        The theory that the statement belongs to, such as ``"dimension"``.
    title : str
        The statement in one line of plain text.
    source : Source
    statement : str
        The statement in full: text with LaTeX between dollar signs.
    relation : {"lhs <= rhs", "lhs == rhs", "rate", "limit"}
        What is asserted of the two sides of the evidence. For a rate, `lhs` is a curve
        over `axis` and `rhs` its exponent; for a limit, `rhs` is what `lhs` tends to
        along `axis`.
    domain : Mapping of str to Reals, Integers or Choices
        The parameters, by name.
    evidence : Enclosure, Exact or Statistical
    twin : Twin
    axis : str, optional
        The parameter along which the claim is drawn; needed for rates and limits.
    expected : Expected
        VIOLATED for statements that are wrong as printed or as they circulate.
    where : callable, optional
        Predicate on the parameters that restricts the domain.
    note : str
        What a reader of the verdict should know, as LaTeX text.
    hypotheses : tuple of Hypothesis
        What is assumed, with what becomes of the claim without.
    file : str
        The Python file of a claim that is not in the registry.

    Raises
    ------
    ValueError
        If the parts do not fit together; the message says which.
    """

    id: str
    theory: str
    title: str
    source: Source
    statement: str
    relation: Relation
    domain: Domain
    evidence: Evidence
    twin: Twin
    axis: str | None = None
    expected: Expected = Expected.HOLDS
    where: Callable[..., bool] | None = field(default=None, repr=False)
    note: str = ""
    hypotheses: tuple[Hypothesis, ...] = field(default=(), repr=False)
    file: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.id):
            raise ValueError(f"id must look like 'paper.statement', got {self.id!r}")
        if self.relation not in ("lhs <= rhs", "lhs == rhs", "rate", "limit"):
            raise ValueError(
                "relation must be 'lhs <= rhs', 'lhs == rhs', 'rate' or 'limit', "
                f"got {self.relation!r}"
            )
        if self.axis is not None and self.axis not in self.domain:
            raise ValueError(
                f"axis must name a parameter of {self.id}, got {self.axis!r}"
            )
        if self.relation in ("rate", "limit") and (
            self.axis is None or not isinstance(self.evidence, Exact)
        ):
            raise ValueError(f"{self.id}: a {self.relation} needs an axis and Exact")
        if isinstance(self.evidence, Enclosure) and self.relation != "lhs <= rhs":
            raise ValueError(f"{self.id}: Enclosure proves inequalities only")
        if isinstance(self.evidence, Enclosure) and (
            (self.where is None) != (self.evidence.outside is None)
        ):
            raise ValueError(
                f"{self.id}: Enclosure needs where and outside together, or neither"
            )
        if isinstance(self.evidence, Enclosure) and self.where and self.evidence.beyond:
            raise ValueError(f"{self.id}: beyond and where do not go together")
        if isinstance(self.evidence, Statistical) and {"n", "rng"} & self.domain.keys():
            raise ValueError(
                f"{self.id}: a sampled claim cannot call parameters n, rng"
            )
        if type(self.evidence) is not type(self.twin.evidence):
            raise ValueError(f"{self.id}: the twin needs the same kind of evidence")

    @property
    def paper(self) -> str:
        """The part of the id before the dot."""
        return self.id.partition(".")[0]

    @property
    def unproved(self) -> str:
        """Why the claim is not proved on boxes; empty where it is."""
        match self.evidence:
            case Enclosure():
                return ""
            case Statistical():
                return "one side is the mean of random draws"
            case Exact(unproved=reason) if reason:
                return reason
        if self.relation == "lhs <= rhs":
            refuted = self.expected is Expected.VIOLATED
            return "false: one point refutes it, without boxes" if refuted else ""
        return _UNPROVED[self.relation]

    def strategy(self) -> Any:
        """Return a Hypothesis strategy for the parameters, as dictionaries."""
        from geomadv.claims._domain import strategy

        return strategy(self.domain, self.where)
