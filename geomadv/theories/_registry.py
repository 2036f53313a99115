"""The registry: every claim of every paper, found by looking at the files.

A paper is one module in a subpackage of `geomadv.theories`; its claims are the tuple
``CLAIMS`` of that module. Adding a paper is adding a file.
"""

import difflib
import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from types import ModuleType

from geomadv.claims import Claim


def papers() -> Iterator[ModuleType]:
    """Yield the modules of the papers, by theory and then by name.

    Yields
    ------
    module
    """
    import geomadv.theories as root

    for theory in pkgutil.iter_modules(root.__path__):
        if theory.ispkg:
            package = importlib.import_module(f"{root.__name__}.{theory.name}")
            for paper in pkgutil.iter_modules(package.__path__):
                if not paper.name.startswith("_"):
                    yield importlib.import_module(f"{package.__name__}.{paper.name}")


def registry() -> tuple[Claim, ...]:
    """Return all claims, by theory and paper, in the order of their files.

    Returns
    -------
    tuple of Claim

    Examples
    --------
    >>> len(registry()) >= 25
    True
    """
    return tuple(claim for paper in papers() for claim in getattr(paper, "CLAIMS", ()))


def find(selectors: Sequence[str] = ()) -> tuple[Claim, ...]:
    """Return the claims that the selectors name, each once, in registry order.

    Parameters
    ----------
    selectors : sequence of str
        Ids of claims, names of papers and names of theories; all claims if empty.

    Returns
    -------
    tuple of Claim

    Raises
    ------
    ValueError
        If a selector names nothing; the message suggests what is near.

    Examples
    --------
    >>> [claim.theory for claim in find(["ford2019.half-space-mean"])]
    ['dimension']
    """
    claims = registry()
    names = {n for claim in claims for n in (claim.id, claim.paper, claim.theory)}
    for selector in selectors:
        if selector not in names:
            near = difflib.get_close_matches(selector, sorted(names), n=3, cutoff=0.4)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise ValueError(
                f"no claim, paper or theory is called {selector!r}{hint} "
                "(`geomadv claims` lists them)"
            )
    wanted = set(selectors)
    return tuple(
        claim
        for claim in claims
        if not wanted or wanted & {claim.id, claim.paper, claim.theory}
    )
