"""Parameters that are drawn from a family: error sets, laws, classifiers, matrices.

A claim about all sets of a given mass, or all classifiers of a kind, quantifies over
more than numbers. `Family` makes a parameter of a Hypothesis strategy: verification
looks at a few members, the search for a violation draws as many as there is time for,
with the slack as Hypothesis' target, and Hypothesis shrinks the one that fails.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from geomadv._validate import integer
from geomadv.claims._domain import Choices, Domain, strategy

_AGAIN = 1000


class Family(Choices):
    """A parameter whose values are drawn from a Hypothesis strategy.

    Parameters
    ----------
    strategy : SearchStrategy
        Of the members, such as those of `geomadv.testing.strategies`. What they depend
        on is drawn by the strategy itself and read from the member.
    members : int
        How many of them verification looks at, the simplest one among them.
    symbol : str
        LaTeX name for figures and pages; the parameter's own name if empty.

    Raises
    ------
    TypeError
        If it is no strategy.
    ValueError
        If there are to be no members.

    Examples
    --------
    >>> from hypothesis import strategies as st
    >>> Family(st.sampled_from(["a", "b"]), members=1).typical
    ('a',)
    """

    strategy: Any

    def __init__(self, strategy: Any, *, members: int = 8, symbol: str = "") -> None:
        from hypothesis.strategies import SearchStrategy

        if not isinstance(strategy, SearchStrategy):
            raise TypeError(
                f"strategy must be a Hypothesis strategy, got {type(strategy).__name__}"
            )
        count = integer("members", members, minimum=1)
        object.__setattr__(self, "strategy", strategy)
        super().__init__(_drawn(strategy, count), symbol)


def has_family(domain: Domain) -> bool:
    """Whether some parameter of a domain is drawn from a family."""
    return any(isinstance(parameter, Family) for parameter in domain.values())


def same(one: Any, other: Any) -> bool:
    """Whether two values are equal, where that can be said of them."""
    if one is other:
        return True
    try:
        return bool(one == other)
    except ValueError:  # arrays, or what holds some
        return False


def shrunk(
    point: dict[str, Any],
    domain: Domain,
    fails: Callable[[dict[str, Any]], bool],
    seed: int,
) -> dict[str, Any]:
    """Return the simplest point that Hypothesis finds to fail; else the given one.

    The whole point is drawn first, so that what the members depend on shrinks with
    them, then each family by itself beside the other parameters as they are.
    """
    import random

    import hypothesis
    from hypothesis.errors import HypothesisException

    latest = dict(point)

    def look(trial: dict[str, Any]) -> bool:
        nonlocal latest
        failed = fails(trial)
        if failed:
            latest = trial
        return failed

    families = {n: p for n, p in domain.items() if isinstance(p, Family)}
    held = [frozenset(domain), *(frozenset({name}) for name in families)]
    for free in held:
        start = latest
        points = strategy({name: domain[name] for name in free}).map(
            lambda drawn, start=start: {
                name: drawn.get(name, start[name]) for name in start
            }
        )
        # What is not found again, or no longer fails once the time is over, stays.
        with contextlib.suppress(HypothesisException), without_files():
            hypothesis.find(
                points,
                look,
                settings=_quiet(_AGAIN, ("generate", "shrink")),
                random=random.Random(seed),  # noqa: S311 - what Hypothesis takes
            )
    return latest


def _drawn(strategy: Any, count: int) -> tuple[Any, ...]:
    """Return the simplest member and others, the same in every run."""
    import hypothesis

    with without_files():
        simplest = hypothesis.find(
            strategy,
            lambda _: True,
            settings=_quiet(100, ("generate", "shrink")),
        )
    found = [simplest]

    def collect(member: Any) -> None:
        if len(found) < count and not any(same(member, known) for known in found):
            found.append(member)

    if count > 1:
        given: Any = hypothesis.given(strategy)
        settings = _quiet(4 * count, ("generate",), derandomize=True)
        with without_files():
            settings(given(collect))()
    return tuple(found)


@contextlib.contextmanager
def without_files() -> Iterator[None]:
    """Keep Hypothesis from writing what it finds into the folder of the user."""
    from hypothesis import configuration

    before = getattr(configuration, "__hypothesis_home_directory", None)
    configuration.set_hypothesis_home_dir(Path(os.devnull) / "hypothesis")
    try:
        yield
    finally:
        configuration.set_hypothesis_home_dir(before)


def _quiet(examples: int, phases: tuple[str, ...], **more: Any) -> Any:
    """Return settings without a file, a time limit or complaints."""
    import hypothesis

    return hypothesis.settings(
        max_examples=examples,
        phases=[hypothesis.Phase[name] for name in phases],
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        **{"database": None, **more},
    )
