r"""Claims of the user's own: a decorator on a function that compares two sides.

::

    @claim(source="my draft, Theorem 2", domain=dict(d=Integers(2, 10**6)))
    def caps(d):
        "A cap of height 1/sqrt(d) has a measure of at most 0.16."
        return Sphere(d).cap_measure(d**-0.5) <= 0.16

What the sides are says which evidence decides: plain numbers are exact, a `Sampler` is
statistical. With ``evidence="enclosure"`` the parameters come as balls (`flint.arb`),
and the comparison of two balls is proved on the whole domain.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from geomadv._validate import choice, real
from geomadv.claims._claim import Claim, Evidence, Expected, Relation, Source, Twin
from geomadv.claims._domain import Domain, Parameter, grid
from geomadv.claims._enclosure import Enclosure
from geomadv.claims._exact import Exact
from geomadv.claims._family import has_family
from geomadv.claims._sides import Sampler, Sides, as_sides, is_bool, keeping_sides
from geomadv.claims._statistical import Statistical

_NO_SLACK = (
    "The function returns a bool: the slack is 0 where the relation holds and -1 where "
    "it fails."
)


def claim(
    *,
    source: str | Source,
    domain: Mapping[str, Parameter],
    twin: float | Callable[..., Any] | Twin | None = None,
    evidence: Literal["auto", "enclosure"] = "auto",
    title: str = "",
    statement: str = "",
    theory: str = "conjectures",
    name: str = "",
    axis: str | None = None,
    where: Callable[..., bool] | None = None,
    expected: Expected = Expected.HOLDS,
    rtol: float = 1e-12,
    atol: float = 0.0,
    tolerance: float = 0.05,
) -> Callable[[Callable[..., Any]], Claim]:
    r"""Make a claim of a function that compares two sides.

    Parameters
    ----------
    source : str or Source
        Where the statement stands: ``"my draft, Theorem 2"`` is a work and a place.
    domain : Mapping of str to Reals, Integers, Choices or Family
        The function's parameters, by name. The ends of a range belong to it.
    twin : float, callable or Twin, optional
        What must be refuted: another function of the same parameters, or a factor below
        1 on the right side (on the left one divided, where the right one is random). A
        claim without a twin has unproven power, and `verify` says so.
    evidence : {"auto", "enclosure"}
        What the function is called with: numbers, or balls that contain whole
        intervals, for a proof.
    title, statement : str
        In one line and in full; the function's docstring if empty.
    theory : str
        The heading under which the claim is reported.
    name : str
        The id, ``"paper.statement"``; that of the file and of the function if empty.
    axis : str, optional
        The parameter along which the claim is drawn; the first numeric one if None.
    where : callable, optional
        Predicate on the parameters that restricts the domain.
    expected : Expected
        VIOLATED for a statement that is kept because it is wrong.
    rtol, atol : float
        Bounds of the error of the sides; see `Exact`.
    tolerance : float
        For an equality with a random side; see `Statistical`.

    Returns
    -------
    callable
        A decorator that turns the function into a `Claim`. The function is called once,
        at the first typical point, to see what it compares.

    Raises
    ------
    TypeError
        If the function's parameters are not those of the domain, or what it returns is
        no comparison.
    ValueError
        If an argument is out of range.

    Notes
    -----
    A returned ``lhs <= rhs`` keeps both sides, by recompiling that statement; where the
    source cannot be read, return a pair ``(lhs, rhs)``, as a bool knows no slack. ``<``
    is taken for ``<=``: floating point cannot tell them apart.

    Examples
    --------
    >>> from geomadv.claims import Integers, verify
    >>> @claim(source="my draft, Lemma 1", domain={"d": Integers(1, 1000)}, twin=0.9)
    ... def square_root(d):
    ...     "The square root is concave: it lies below its tangent at 1."
    ...     return (d**0.5, (d + 1) / 2)
    >>> result = verify([square_root]).results[0]
    >>> str(result.outcome.verdict), result.power_shown
    ('HOLDS', True)
    """
    choice("evidence", evidence, ("auto", "enclosure"))

    def made(function: Callable[..., Any]) -> Claim:
        _check_parameters(function, domain)
        if evidence == "enclosure" and has_family(domain):
            raise TypeError(
                "with evidence='enclosure' no parameter may be a Family: its members "
                "are no numbers that a ball could hold"
            )
        calls = _Calls(keeping_sides(function))
        enclosed = evidence == "enclosure"
        first = calls.probe(domain, where, enclosed)
        relation: Relation = "lhs <= rhs" if first is None else first.relation
        options = {"rtol": rtol, "atol": atol, "tolerance": tolerance}
        own = _evidence(calls, first, enclosed, options)
        text = " ".join((inspect.getdoc(function) or "").split())
        own_name = name or _name(function)
        return Claim(
            id=own_name,
            theory=theory,
            title=title or text.split(". ")[0].rstrip(". ") or own_name,
            source=_source(source),
            statement=statement or text or "As its function says.",
            relation=relation,
            domain=dict(domain),
            evidence=own,
            twin=_twin(twin, own, domain, where, options),
            axis=axis or _axis(domain),
            expected=expected,
            where=where,
            note=_NO_SLACK if calls.plain else "",
            file=getattr(getattr(function, "__code__", None), "co_filename", ""),
        )

    return made


@dataclass
class _Calls:
    """A claim's function, called once for the two sides of one point."""

    function: Callable[..., Any]
    plain: bool = False
    _last: tuple[Any, ...] = field(default=(), repr=False)
    _sides: Sides | None = field(default=None, repr=False)

    def __call__(self, parameters: dict[str, Any]) -> Sides:
        values = tuple(parameters.values())
        same = len(values) == len(self._last) and all(
            a is b for a, b in zip(values, self._last, strict=True)
        )
        if self._sides is None or not same:
            returned = self.function(**parameters)
            self.plain = self.plain or is_bool(returned)
            self._sides, self._last = as_sides(returned), values
        return self._sides

    def lhs(self, **parameters: Any) -> Any:
        return _one_number(self(parameters).lhs)

    def rhs(self, **parameters: Any) -> Any:
        return _one_number(self(parameters).rhs)

    def probe(
        self, domain: Domain, where: Callable[..., bool] | None, enclosed: bool
    ) -> Sides | None:
        """Return the sides at the first typical point; None where it fails there."""
        point = next(grid(domain, where), None)
        if point is None:
            raise ValueError("where must leave some point of the domain, got none")
        try:
            if enclosed:
                from flint import arb

                from geomadv.claims._enclosure import boxed

                balls = boxed(domain)
                point = {k: arb(v) if k in balls else v for k, v in point.items()}
            returned = self.function(**point)
        except Exception:  # noqa: BLE001 - verification reports it, with the others
            return None
        self.plain = is_bool(returned)
        if enclosed and self.plain:
            raise TypeError(
                "with evidence='enclosure' the function must return `lhs <= rhs` of "
                "two balls, a pair (lhs, rhs) or Sides, got a bool"
            )
        return as_sides(returned)


def _one_number(side: Any) -> Any:
    if getattr(side, "size", 1) != 1:
        raise TypeError(
            "a side must be one number (take the largest or the least of an array), "
            f"got shape {getattr(side, 'shape', '?')}"
        )
    return side.item() if hasattr(side, "item") else side


def _evidence(
    calls: _Calls,
    first: Sides | None,
    enclosed: bool,
    options: dict[str, float],
) -> Evidence:
    rtol, atol = options["rtol"], options["atol"]
    if enclosed:
        return Enclosure(calls.lhs, calls.rhs)
    random = [] if first is None else [isinstance(s, Sampler) for s in first[:2]]
    if not any(random):
        return Exact(calls.lhs, calls.rhs, rtol=rtol, atol=atol)
    if all(random):
        raise TypeError("one side must be a number, got two Samplers")
    side: Literal["lhs", "rhs"] = "lhs" if random[0] else "rhs"

    def sampler(parameters: dict[str, Any]) -> Sampler:
        found = calls(parameters)
        chosen = found.lhs if side == "lhs" else found.rhs
        if not isinstance(chosen, Sampler):
            raise TypeError(f"{side} must be a Sampler everywhere, got {chosen!r}")
        return chosen

    return Statistical(
        lambda n, rng, **parameters: sampler(parameters).draw(n, rng),
        calls.rhs if side == "lhs" else calls.lhs,
        side=side,
        support=lambda **parameters: sampler(parameters).support,
        tolerance=options["tolerance"],
    )


def _twin(
    given: float | Callable[..., Any] | Twin | None,
    own: Evidence,
    domain: Domain,
    where: Callable[..., bool] | None,
    options: dict[str, float],
) -> Twin:
    if given is None:
        return Twin("none was given", own, given=False)
    if isinstance(given, Twin):
        return given
    if callable(given):
        text = " ".join((inspect.getdoc(given) or "").split())
        other = _Calls(keeping_sides(given))
        enclosed = isinstance(own, Enclosure)
        first = other.probe(domain, where, enclosed)
        evidence = _evidence(other, first, enclosed, options)
        return Twin(text or "another function", evidence)
    factor = real("twin", given, lower=0, upper=1, open_lower=True, open_upper=True)
    return Twin(
        f"the bound is sharpened by the factor {factor:g}", _sharper(own, factor)
    )


def _sharper(own: Evidence, factor: float) -> Evidence:
    """Return the evidence with its right side lowered, in either sign."""

    def lower(value: Any) -> Any:
        return value - (1 - factor) * abs(value)

    match own:
        case Exact():
            return Exact(own.lhs, lambda **p: lower(own.rhs(**p)), own.rtol, own.atol)
        case Enclosure():
            return Enclosure(own.lhs, lambda **p: lower(own.rhs(**p)))
        case Statistical(side="lhs"):
            value = lambda **p: lower(own.value(**p))  # noqa: E731
        case _:
            value = lambda **p: -lower(-own.value(**p) / factor)  # noqa: E731
    return Statistical(own.sample, value, own.side, own.support, own.tolerance)


def _check_parameters(function: Callable[..., Any], domain: Domain) -> None:
    if not domain:
        raise ValueError("domain must name at least one parameter, got none")
    for name, parameter in domain.items():
        if not isinstance(parameter, Parameter):
            raise TypeError(
                f"domain must give Reals, Integers, Choices or a Family for {name}, "
                f"got {parameter!r}"
            )
    kinds = inspect.Parameter
    taken = inspect.signature(function).parameters.values()
    if any(p.kind is kinds.VAR_KEYWORD for p in taken):
        return
    names = {p.name for p in taken}
    needed = {p.name for p in taken if p.default is kinds.empty}
    if not needed <= domain.keys() <= names:
        raise TypeError(
            f"domain must name the parameters of {getattr(function, '__name__', '?')} "
            f"({', '.join(sorted(names))}), got {', '.join(domain)}"
        )


def _source(source: str | Source) -> Source:
    if isinstance(source, Source):
        return source
    work, _, locator = source.partition(",")
    return Source(work.strip(), work.strip(), None, locator.strip(), checked=True)


def _axis(domain: Domain) -> str | None:
    numeric = (n for n, p in domain.items() if hasattr(p, "lower"))
    return next(numeric, None)


def _name(function: Callable[..., Any]) -> str:
    """Return ``"file.function"`` in the letters that an id may have."""

    def plain(text: str, otherwise: str) -> str:
        letters = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
        return letters or otherwise

    code = getattr(function, "__code__", None)
    file = Path(code.co_filename) if code else Path("draft")
    paper = plain(file.stem, "draft") if file.suffix == ".py" else "draft"
    if "ipykernel" in str(file) or not paper[0].isalpha():
        paper = "draft"
    return f"{paper}.{plain(getattr(function, '__name__', ''), 'claim')}"
