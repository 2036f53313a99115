"""Claims from a Python file of the user's."""

import importlib.util
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

from geomadv.claims._claim import Claim

_numbers = itertools.count()


def load(path: str | Path) -> tuple[Claim, ...]:
    """Return the claims that a Python file defines.

    Parameters
    ----------
    path : str or Path
        The file, which is executed, so it must be one that you trust. With
        ``"FILE.py:NAME"`` only the claim of that name or id.

    Returns
    -------
    tuple of Claim
        Those at the top level of the file, and those in sequences there such as
        ``CLAIMS``, in the order of the file.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it defines no claim, or none of that name; the message lists what there is.
    """
    file, name = split_name(str(path))
    if not file.is_file():
        raise FileNotFoundError(f"no file {str(file)!r}")
    found = dict(_claims(file))
    if not found:
        raise ValueError(
            f"{file} defines no claim: decorate a function with @geomadv.claims.claim"
        )
    if name is None:
        return tuple({id(c): c for c in found.values()}.values())
    wanted = [
        c
        for variable, c in found.items()
        if name in (variable, c.id, c.id.partition(".")[2])
    ]
    if not wanted:
        names = ", ".join(dict.fromkeys(c.id for c in found.values()))
        raise ValueError(f"{file} defines no claim {name!r}; there are: {names}")
    return (wanted[0],)


def is_file(selector: str) -> bool:
    """Whether a selector names a Python file rather than a claim of the registry."""
    return split_name(selector)[0].suffix == ".py"


def split_name(selector: str) -> tuple[Path, str | None]:
    """Return the file and the name of ``"FILE.py:NAME"``; the name may be missing."""
    head, colon, name = selector.rpartition(":")
    if colon and head.endswith(".py"):
        return Path(head), name
    return Path(selector), None


def _claims(file: Path) -> Iterator[tuple[str, Claim]]:
    """Execute a file as a module of its own and yield its claims by variable."""
    label = f"_geomadv_claims_{next(_numbers)}"
    spec = importlib.util.spec_from_file_location(label, file)
    if spec is None or spec.loader is None:
        raise ValueError(f"{file} must be a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[label] = module  # dataclasses look their module up
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[label]
        raise ValueError(
            f"{file} failed with {type(error).__name__}: {error}"
        ) from error
    for variable, value in vars(module).items():
        if isinstance(value, Claim):
            yield variable, value
        elif isinstance(value, tuple | list) and not variable.startswith("__"):
            for place, member in enumerate(value):
                if isinstance(member, Claim):
                    yield f"{variable}[{place}]", member
