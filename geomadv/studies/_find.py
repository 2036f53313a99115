"""Finding a study: by its name among the simulations, or in a user's file."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from geomadv.studies._study import Study


def find(name: str | Path) -> Study:
    """Return the study of a name or of a Python file.

    Parameters
    ----------
    name : str or Path
        The name of a file in ``simulations/`` (without ``.py``), or the path of any
        Python file (it ends in ``.py``). The file is executed and must define a `Study`
        named ``STUDY``.

    Returns
    -------
    Study

    Raises
    ------
    ValueError
        If there is no study of that name.
    FileNotFoundError
        If there is no such file.
    TypeError
        If the file defines no `Study` named ``STUDY``.
    """
    if not isinstance(name, str | Path):
        raise TypeError(f"name must be a name or a path, got {type(name).__name__}")
    path = Path(name)
    module = _from_file(path) if path.suffix == ".py" else _from_name(str(name))
    study = getattr(module, "STUDY", None)
    if not isinstance(study, Study):
        raise TypeError(
            f"{name} must define STUDY, a geomadv.studies.Study; "
            f"got {type(study).__name__}"
        )
    return study


def study_names() -> list[str]:
    """Return the names of the simulations on this machine.

    Returns
    -------
    list of str
        In alphabetical order; empty where geomadv is installed without them.
    """
    spec = importlib.util.find_spec("simulations")
    folders = list(spec.submodule_search_locations or []) if spec else []
    return sorted(
        file.stem
        for folder in folders
        for file in Path(folder).glob("*.py")
        if not file.stem.startswith("_")
    )


def _from_name(name: str) -> ModuleType:
    known = study_names()
    if not known:
        raise ValueError(
            f"no study is named {name!r}: the simulations are not installed with "
            "geomadv. They stand in the folder simulations/ of its repository; run "
            "there, or give the path of a file: simulations/NAME.py"
        )
    if name not in known:
        raise ValueError(
            f"no study is named {name!r}; there are: {', '.join(known)}. "
            "A file of your own is given by its path, ending in .py"
        )
    return importlib.import_module(f"simulations.{name}")


def _from_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    name = f"geomadv_study_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ValueError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up there
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
