"""Studies: a grid of cells, what is measured in each, and the figures of it.

`Study` says what is asked and measured, `run` measures it, `find` finds one by name or
file, and `simulate` is all of it, as ``geomadv simulate`` and ``python -m
simulations.NAME`` do.
"""

from geomadv.studies._command import main as main
from geomadv.studies._command import simulate as simulate
from geomadv.studies._find import find as find
from geomadv.studies._find import study_names as study_names
from geomadv.studies._run import StudyResult as StudyResult
from geomadv.studies._run import run as run
from geomadv.studies._study import Study as Study

__all__ = [
    "Study",
    "StudyResult",
    "find",
    "main",
    "run",
    "simulate",
    "study_names",
]
