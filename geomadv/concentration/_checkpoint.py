"""Finished steps of a search, kept in files so that interrupted work goes on.

A step has one JSON file, which appears whole or not at all. Its name holds the family,
the step's number and a hash of all that decides the result: the points, the question,
the generator and the version of geomadv. So a file of other work is never taken for
one's own, and a folder may serve any number of searches. Numbers are written with all
their digits: what is read is equal to what was found. A file that does not fit its
checksum is named in a warning, and its step is done anew.
"""

import hashlib
import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geomadv._files import replacing
from geomadv._typing import NDArray
from geomadv.concentration._balls import Balls
from geomadv.concentration._cut_ball import CutBall
from geomadv.concentration._halfspaces import HalfSpace
from geomadv.concentration._rectangles import Rectangles
from geomadv.concentration._search import Candidate, Task

_LARGEST = 2**28  # bytes of a file


class Checkpoint:
    """A folder with the finished steps of one search of one family.

    Parameters
    ----------
    folder : Path
        Where the files are; made with the first one.
    family : str
        The family.
    task : Task
        What the search is given.

    Notes
    -----
    Hashing 60 000 x 784 points takes about a second.
    """

    def __init__(self, folder: Path, family: str, task: Task) -> None:
        self._folder = folder
        self._family = family
        self._p = task.p
        self._d = task.fit.shape[1]
        self._key = _key(family, task)

    def path(self, step: int) -> Path:
        """Return the file of a step."""
        return self._folder / f"{self._family}-{step:02d}-{self._key[:24]}.json"

    def get(self, step: int) -> tuple[list[Candidate], float] | None:
        """Return what a step found and the seconds it took, None if it is not kept."""
        path = self.path(step)
        try:
            if path.stat().st_size > _LARGEST:
                raise ValueError(f"it has more than {_LARGEST} bytes")
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except ValueError as error:
            _damaged(path, str(error))
            return None
        try:
            document = json.loads(text)
            kept = document["kept"]
            if _checksum(kept) != document["sha256"] or kept["key"] != self._key:
                raise ValueError("its checksum is wrong")
            found = [self._decoded(*item) for item in kept["candidates"]]
            return found, float(kept["seconds"])
        except (KeyError, RecursionError, TypeError, ValueError) as error:
            _damaged(path, f"{type(error).__name__}: {error}")
            return None

    def put(self, step: int, found: Sequence[Candidate], seconds: float) -> None:
        """Keep what a step found.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        candidates = [_encoded(*candidate) for candidate in found]
        kept = {"key": self._key, "seconds": seconds, "candidates": candidates}
        document = {"sha256": _checksum(kept), "kept": kept}
        with replacing(self.path(step)) as temporary:
            temporary.write_text(json.dumps(document), encoding="utf-8")

    def _decoded(
        self, own: float | None, first: Any, second: Any = None, *box: Any
    ) -> Candidate:
        region: Rectangles | Balls | CutBall | HalfSpace
        if self._family == "rectangles":
            region = Rectangles(_array(first, -np.inf), _array(second, np.inf))
            d = region.lower.shape[1]
        elif self._family == "balls" and box:
            lower, upper = _array(box[0], -np.inf), _array(box[1], np.inf)
            region = CutBall(_array(first), float(second), lower, upper, float(box[2]))
            d = region.centre.size
        elif self._family == "balls":
            region = Balls(_array(first), _array(second), self._p)
            d = region.centres.shape[1]
        else:
            region = HalfSpace(_array(first), self._p)
            d = region.normal.size
        if d != self._d:
            raise ValueError(f"its regions lie in R^{d}, the points in R^{self._d}")
        return region, None if own is None else float(own)


def _encoded(region: object, own: float | None) -> list[Any]:
    if isinstance(region, Rectangles):
        return [own, _lists(region.lower), _lists(region.upper)]
    if isinstance(region, Balls):
        return [own, _lists(region.centres), _lists(region.radii)]
    if isinstance(region, CutBall):
        box = [_lists(region.lower), _lists(region.upper)]
        return [own, _lists(region.centre), region.radius, *box, region.reach]
    if isinstance(region, HalfSpace):
        return [own, _lists(region.normal)]
    raise TypeError(f"region must be of a family, got {type(region).__name__}")


def _lists(array: NDArray) -> list[Any]:
    """Return an array as lists, with None for infinity: a box without that face."""
    values: list[Any] = array.astype(object).tolist()
    if array.ndim > 1:
        return [_lists(row) for row in array]
    return [value if np.isfinite(value) else None for value in values]


def _array(lists: Any, infinity: float = np.nan) -> NDArray:
    """Return lists as an array; what stands for None."""
    array = np.array(lists, dtype=float)  # None becomes NaN
    return np.where(np.isnan(array), infinity, array)


def _key(family: str, task: Task) -> str:
    from geomadv import __version__

    random = task.rng.bit_generator
    question = (family, task.p, task.eps, task.mass, task.full)
    state = random.seed_seq.generate_state(8).tolist()
    digest = hashlib.sha256(repr((__version__, question)).encode())
    digest.update(repr((type(random).__name__, state)).encode())
    for array in (task.fit, task.select):
        digest.update(repr((array.shape, array.dtype.str)).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _checksum(kept: Any) -> str:
    return hashlib.sha256(json.dumps(kept).encode()).hexdigest()


def _damaged(path: Path, reason: str) -> None:
    warnings.warn(
        f"{path} is damaged, so its step is done anew ({reason})", stacklevel=4
    )
