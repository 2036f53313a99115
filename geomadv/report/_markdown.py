"""Tables of the registry: all claims for the documentation, all papers for README."""

from collections.abc import Iterable

from geomadv.claims import Claim, Expected


def claims_table(claims: Iterable[Claim] | None = None) -> str:
    """Return a Markdown table of claims, one row each.

    Parameters
    ----------
    claims : iterable of Claim, optional
        The whole registry if None.

    Returns
    -------
    str
        The table, without a newline at its end.

    Examples
    --------
    >>> from geomadv.theories import find
    >>> print(claims_table(find(["fawzi2018.two-classes"])).splitlines()[-1][:45])
    | `fawzi2018.two-classes` | Two half-space cl
    """
    if claims is None:
        from geomadv.theories import registry

        claims = registry()
    rows = ["| claim | what it says | evidence |", "| --- | --- | --- |"]
    for claim in claims:
        false = claim.expected is Expected.VIOLATED
        title = f"*wrong as stated:* {claim.title}" if false else claim.title
        rows.append(f"| `{claim.id}` | {_escaped(title)} | {claim.evidence.level} |")
    return "\n".join(rows)


def papers_table(claims: Iterable[Claim] | None = None) -> str:
    """Return a Markdown table of theories with their papers, one row a theory.

    Parameters
    ----------
    claims : iterable of Claim, optional
        The whole registry if None.

    Returns
    -------
    str
        The table, without a newline at its end; behind each paper, how many claims.

    Examples
    --------
    >>> from geomadv.theories import find
    >>> print(papers_table(find(["ford2019"])).splitlines()[-1])
    | dimension | `ford2019` (4) | 4 |
    """
    if claims is None:
        from geomadv.theories import registry

        claims = registry()
    theories: dict[str, dict[str, list[Claim]]] = {}
    for claim in claims:
        theories.setdefault(claim.theory, {}).setdefault(claim.paper, []).append(claim)
    rows = ["| theory | papers, with their claims | in all |", "| --- | --- | --- |"]
    for theory, papers in theories.items():
        names = ", ".join(f"`{paper}` ({len(own)})" for paper, own in papers.items())
        count = sum(map(len, papers.values()))
        rows.append(f"| {theory} | {names} | {count} |")
    return "\n".join(rows)


def _escaped(text: str) -> str:
    for mark in "|<>_":
        text = text.replace(mark, f"\\{mark}")
    return text
