"""The table of claims in README and in the documentation, from the registry."""

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


def _escaped(text: str) -> str:
    for mark in "|<>_":
        text = text.replace(mark, f"\\{mark}")
    return text
