"""The mutants of a run, spread evenly, and those that are known to change nothing."""

import tomllib
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from tests.mutants._sites import KINDS, Mutant

EQUIVALENT = Path(__file__).with_name("equivalent.toml")


def choose(
    mutants: Sequence[Mutant], count: int, seed: int, kept: Collection[str] = ()
) -> list[Mutant]:
    """Return mutants spread evenly over the kinds, and within a kind over the modules.

    The least used kind is served first, from the module that has been chosen least so
    far; ties and the place in the module are decided by a hash of the seed and of what
    is mutated. The mutants named in `kept` come first, as long as they exist.
    """
    queues: dict[str, dict[str, list[Mutant]]] = {kind: {} for kind in KINDS}
    for mutant in sorted(mutants, key=lambda mutant: mutant.rank(seed), reverse=True):
        queues[mutant.kind].setdefault(mutant.module, []).append(mutant)
    kinds: Counter[str] = Counter()
    modules: Counter[str] = Counter()
    places: set[tuple[str, int]] = set()
    chosen: list[Mutant] = []

    def add(mutant: Mutant) -> None:
        place = mutant.module, mutant.start
        if place not in places and len(chosen) < count:
            places.add(place)
            kinds[mutant.kind] += 1
            modules[mutant.module] += 1
            chosen.append(mutant)

    for mutant in mutants:
        if mutant.name in kept:
            add(mutant)
    while len(chosen) < count and any(queues.values()):
        kind = min((k for k in KINDS if queues[k]), key=lambda k: kinds[k])
        queue = queues[kind]
        module = min(queue, key=lambda m: (modules[m], queue[m][-1].rank(seed)))
        add(queue[module].pop())
        if not queue[module]:
            del queue[module]
    return chosen


def equivalents(mutants: Sequence[Mutant], path: Path = EQUIVALENT) -> dict[str, str]:
    """Return the reasons of the known equivalent mutants, by the mutants' names.

    Raises
    ------
    ValueError
        If an entry is incomplete, or fits no mutant: the module has changed since.
    """
    if not path.exists():
        return {}
    names = {mutant.name for mutant in mutants}
    found = {}
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["equivalent"]:
        if set(entry) != {"mutant", "reason"} or len(entry["reason"].split()) < 4:
            raise ValueError(f"an entry has a mutant and a reason, got {entry}")
        if entry["mutant"] not in names:
            raise ValueError(
                f"{path.name} names a mutant that no module has any more; show it "
                f"anew or delete the entry: {entry['mutant']}"
            )
        found[entry["mutant"]] = entry["reason"]
    return found
