"""One seed, many independent generators.

Every random number of geomadv comes from a `numpy.random.Generator` that the caller
gives, or from one integer seed. A generator for a named piece of work is spawned from
(seed, names): it depends on nothing else, so the numbers are the same whatever the
order, the number of workers and the other pieces of work.
"""

import hashlib

import numpy as np

from geomadv._validate import integer


def spawn(seed: int, *names: object) -> np.random.Generator:
    """Return the generator of the piece of work that `names` identify.

    Parameters
    ----------
    seed : int
        The seed of the run, at least 0.
    *names : object
        What identifies the piece of work, such as a study, a cell and a repetition.
        Their `repr` is hashed (SHA-256), so equal names give equal generators on
        every machine.

    Examples
    --------
    >>> a, b = spawn(1, "claim", 3), spawn(1, "claim", 3)
    >>> bool(a.random() == b.random())
    True
    >>> bool(spawn(1, "claim", 3).random() == spawn(1, "claim", 4).random())
    False
    """
    seed = integer("seed", seed, minimum=0)
    digest = hashlib.sha256(repr(names).encode()).digest()
    words = np.frombuffer(digest, dtype="<u4").tolist()
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=words))


def generator(rng: "np.random.Generator | int") -> np.random.Generator:
    """Return `rng` itself, or the generator that an integer seeds.

    Raises
    ------
    TypeError
        If `rng` is neither (in particular None: there is no global state).
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, int | np.integer) and not isinstance(rng, bool):
        return np.random.default_rng(integer("rng", rng, minimum=0))
    raise TypeError(
        "rng must be a numpy.random.Generator or an integer seed, "
        f"got {type(rng).__name__}"
    )
