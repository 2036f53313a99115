"""All cases, and finding them by name."""

import difflib
from collections.abc import Sequence

from geomadv.bench import (
    _expansions,
    _linear,
    _neighbours,
    _quadrics,
    _samples,
    _special,
)
from geomadv.bench._case import Case

CASES: tuple[Case, ...] = (
    *_neighbours.CASES,
    *_expansions.CASES,
    *_linear.CASES,
    *_quadrics.CASES,
    *_special.CASES,
    *_samples.CASES,
)


def kernels() -> tuple[str, ...]:
    """Return the names of the kernels that are measured.

    Returns
    -------
    tuple of str
        Functions of `geomadv._dispatch`, each once.

    Examples
    --------
    >>> "nearest" in kernels()
    True
    """
    return tuple(dict.fromkeys(case.kernel for case in CASES))


def find(selectors: Sequence[str] = ()) -> tuple[Case, ...]:
    """Return the cases that the selectors name.

    Parameters
    ----------
    selectors : sequence of str
        Names of kernels or of cases; all cases if it is empty.

    Returns
    -------
    tuple of Case
        In the order of the table.

    Raises
    ------
    ValueError
        If a selector names nothing.

    Examples
    --------
    >>> [case.name for case in find(["secular"])]
    ['secular.ellipsoid-f64']
    """
    names = [*kernels(), *(case.name for case in CASES)]
    for selector in selectors:
        if selector not in names:
            close = difflib.get_close_matches(selector, names, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]}?" if close else f"one of {names}"
            raise ValueError(f"no kernel or case is called {selector!r}; {hint}")
    chosen = set(selectors)
    return tuple(
        case
        for case in CASES
        if not chosen or case.name in chosen or case.kernel in chosen
    )
