"""Words for sources, numbers and verdicts, the same on the page and in the terminal."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from geomadv.claims import (
    Claim,
    Expected,
    Outcome,
    Point,
    Report,
    Result,
    Source,
    Verdict,
)
from geomadv.claims._code import code

_SHORTER = {
    "Theorem": "Thm",
    "Theorems": "Thms",
    "Proposition": "Prop.",
    "Corollary": "Cor.",
    "Section": "Sec.",
    "Equation": "Eq.",
    "Figure": "Fig.",
    "Appendix": "App.",
}


def number(value: float | int, digits: int = 3) -> str:
    """Return a number without the zeros that pad an exponent.

    Examples
    --------
    >>> number(1e-06), number(0.25), number(-2.5e11), number(1000000)
    ('1e-6', '0.25', '-2.5e11', '1000000')
    """
    if isinstance(value, int) and abs(value) < 10**9:
        return str(value)
    text = f"{float(value):.{digits}g}"
    mantissa, mark, exponent = text.partition("e")
    return f"{mantissa}e{int(exponent)}" if mark else mantissa


def parameters(
    values: Mapping[str, Any], names: Callable[[str], str] = lambda name: name
) -> str:
    """Return the parameters of a point: ``d = 100, error = 0.01``."""
    return ", ".join(f"{names(name)} = {_value(v)}" for name, v in values.items())


def _value(value: Any) -> str:
    if isinstance(value, int | float):
        return number(value, 6)
    return value if isinstance(value, str) else code(value)[0]


def authors(source: Source) -> str:
    """Return surnames: one, two, or the first and "et al.".

    Examples
    --------
    >>> authors(Source("N. Ford, J. Gilmer, N. Carlini", "On x", 2019))
    'Ford et al.'
    >>> authors(Source("E. Dohmatob", "On x", 2019))
    'Dohmatob'
    """
    names = source.authors.replace(" and ", ", ").replace("et al.", ", et al.")
    surnames = [_surname(name) for name in names.split(",") if name.strip()]
    if not surnames:
        return source.authors
    if len(surnames) == 2 and surnames[1] != "al.":
        return f"{surnames[0]} & {surnames[1]}"
    return surnames[0] if len(surnames) == 1 else f"{surnames[0]} et al."


def _surname(name: str) -> str:
    """Return what follows the initials; who has none keeps the whole name."""
    words = name.split()
    return words[-1] if any(word.endswith(".") for word in words) else " ".join(words)


def place(source: Source) -> str:
    """Return where in its work a statement stands; * where that is unverified."""
    words = " ".join(_SHORTER.get(word, word) for word in source.locator.split())
    return words + ("*" if words and not source.checked else "")


def short_source(source: Source) -> str:
    """Return a citation that fits a table."""
    where = place(source)
    return cited(source) + (f", {where}" if where else "")


def cited(source: Source) -> str:
    """Return the authors and the year, if there is one.

    Examples
    --------
    >>> cited(Source("my draft", "my draft", None))
    'my draft'
    """
    return authors(source) + ("" if source.year is None else f" {source.year}")


def work(claims: Sequence[Claim]) -> Source:
    """Return the work that the claims of one paper are named after.

    A paper's file also holds claims of others, on which it builds. Its own are those
    whose first author and year are its name; failing that, the most frequent source
    stands for it.
    """
    sources = [claim.source for claim in claims]
    paper = claims[0].paper
    own = [s for s in sources if f"{authors(s).split()[0].lower()}{s.year}" == paper]
    keys = [(source.authors, source.year) for source in own or sources]
    return (own or sources)[keys.index(max(keys, key=keys.count))]


def twin_word(result: Result) -> str:
    """Return what became of the twin, in the fewest words."""
    if result.claim.expected is Expected.HOLDS:
        return "refuted" if result.power_shown else "unproven power"
    return {
        Verdict.HOLDS: "holds",
        Verdict.VIOLATED: "fails",
        Verdict.INCONCLUSIVE: "undecided",
    }[result.twin.verdict]


def twin_statement(claim: Claim) -> str:
    """Return what the twin says, without the word that the heading says already."""
    return claim.twin.statement.strip().removeprefix("corrected:").lstrip()


def size(outcome: Outcome) -> str:
    """Return how many points or boxes were decided."""
    if outcome.unit == "points":
        return str(outcome.count)
    return f"{outcome.count} {'box' if outcome.count == 1 else outcome.unit}"


def worst_slack(outcome: Outcome) -> str:
    """Return the slack at the worst point; a dash where there is none."""
    worst = outcome.worst
    return "-" if worst is None else number(worst.slack, 2)


def point_sentence(relation: str, point: Point) -> str:
    """Return the two sides at a point and how they compare."""
    lhs, rhs = number(point.lhs, 6), number(point.rhs, 6)
    match relation:
        case "rate":
            sides = f"exponent {lhs} where {rhs} is stated"
        case "limit":
            sides = f"value {lhs} where the limit is {rhs}"
        case _:
            sides = f"lhs {lhs}, rhs {rhs}"
    if point.interval is not None:
        low, high = number(point.interval.lower, 6), number(point.interval.upper, 6)
        sides += f" (the estimate lies in [{low}, {high}])"
    where = parameters(point.parameters)
    return (f"at {where}: " if where else "") + f"{sides}, slack {number(point.slack)}"


def complaints(result: Result) -> list[str]:
    """Return why a result is not as expected; nothing where it is."""
    found = []
    erratum = result.claim.expected is Expected.VIOLATED
    agrees = str(result.outcome.verdict) == result.claim.expected
    for name, outcome, good, so in (
        ("claim", result.outcome, agrees, ""),
        (
            "corrected form" if erratum else "twin",
            result.twin,
            result.power_shown,
            "" if erratum else "; the check shows no power",
        ),
    ):
        if good:
            continue
        found.append(f"the {name} came out {outcome.verdict}{so}")
        if outcome.worst is not None:
            found.append(point_sentence(result.claim.relation, outcome.worst))
        if outcome.error:
            found.append(" ".join(outcome.error.split()))
        if outcome.verdict is Verdict.INCONCLUSIVE and outcome.samples:
            found.append(f"{outcome.samples} random draws did not decide it")
    return found


def summary(report: Report) -> str:
    """Return the run in one line.

    A claim counts as holding, as wrong in print (as expected), as contradicted or as
    inconclusive, once each.
    """
    kinds = [kind(result) for result in report.results]
    total, good = len(kinds), sum(result.as_expected for result in report.results)
    parts = [
        f"{kinds.count(name)} {name}"
        for name in ("hold", "wrong as printed", "contradicted", "inconclusive")
        if name in kinds
    ]
    agreed = "all as expected" if good == total else f"{good} of {total} as expected"
    shown = sum(result.power_shown for result in report.results)
    twins = f"{shown} of {total} twins came out as they must"
    if shown == total:
        twins = " and ".join(
            phrase
            for expected, phrase in (
                (Expected.HOLDS, "every twin refuted"),
                (Expected.VIOLATED, "every corrected form holds"),
            )
            if any(result.claim.expected is expected for result in report.results)
        )
    return (
        f"{total} claim{'s' if total != 1 else ''}: {', '.join(parts)}, {agreed}; "
        f"{twins}; error rate {number(report.error_rate)}; seed {report.seed}; "
        f"{report.seconds:.1f} s"
    )


def kind(result: Result) -> str:
    """Return the column of the summary in which a result counts."""
    if result.outcome.verdict is Verdict.INCONCLUSIVE:
        return "inconclusive"
    if result.contradicted:
        return "contradicted"
    return "hold" if result.claim.expected is Expected.HOLDS else "wrong as printed"
