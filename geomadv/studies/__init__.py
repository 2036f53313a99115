"""Studies: a grid of cells, what is measured in each, and the figures of it.

`Study` says what is asked and measured, `run` measures it, in this process, in many or
on a cluster (`Execution`), `StudyStore` keeps what was measured, `find` finds a study
by name or file, and `simulate` is all of it, as ``geomadv simulate`` and ``python -m
simulations.NAME`` do.
"""

from geomadv.studies._command import main as main
from geomadv.studies._command import simulate as simulate
from geomadv.studies._engine import Execution as Execution
from geomadv.studies._engine import Progress as Progress
from geomadv.studies._find import find as find
from geomadv.studies._find import study_names as study_names
from geomadv.studies._lock import StoreError as StoreError
from geomadv.studies._result import StudyResult as StudyResult
from geomadv.studies._run import run as run
from geomadv.studies._store import StudyStore as StudyStore
from geomadv.studies._study import Study as Study
from geomadv.studies._study import with_grid as with_grid
from geomadv.studies._table import Damage as Damage
from geomadv.studies._table import Failure as Failure

__all__ = [
    "Damage",
    "Execution",
    "Failure",
    "Progress",
    "StoreError",
    "Study",
    "StudyResult",
    "StudyStore",
    "find",
    "main",
    "run",
    "simulate",
    "study_names",
    "with_grid",
]
