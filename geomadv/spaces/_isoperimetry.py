"""What is known about the isoperimetric problem of a space."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Isoperimetry:
    """How the enlargements of a space are known.

    Parameters
    ----------
    exact : bool
        Whether `enlargement` is attained by a set (and the distances with it), or is
        a bound: below for enlargements, above for distances.
    extremal : str
        The extremal sets, or the name of the bound.
    source : str
        Who proved it.
    """

    exact: bool
    extremal: str
    source: str
