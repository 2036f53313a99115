"""Tables of a store as CSV, Parquet, netCDF and xarray datasets.

Rows stand in grid order and numbers have all their digits, so that equal numbers give
equal files, whatever measured them. CSV and Parquet are written block by block; a
dataset is held in memory whole.
"""

import csv
import importlib
import itertools
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from geomadv._files import replacing
from geomadv._typing import NDArray
from geomadv.studies._layout import Layout
from geomadv.studies._study import Value
from geomadv.studies._table import Table, row_names

if TYPE_CHECKING:
    import xarray

FORMATS = (".csv", ".parquet", ".nc")
_BLOCKS = 16  # in a row group of Parquet


def export(table: Table, path: Path) -> int:
    """Write a table into a file whose ending names the format.

    Parameters
    ----------
    table : Table
        The table.
    path : Path
        The file, ending in ``.csv``, ``.parquet`` or ``.nc``.

    Returns
    -------
    int
        The number of rows.

    Raises
    ------
    ValueError
        If the ending is another.
    """
    writers = {".csv": write_csv, ".parquet": _write_parquet, ".nc": _write_netcdf}
    if path.suffix not in writers:
        raise ValueError(
            f"the file must end in {', '.join(FORMATS)}, got {path.name!r}"
        )
    writers[path.suffix](table, path)
    return len(table.measured)


def write_csv(table: Table, path: Path) -> None:
    """Write the rows as text."""
    with (
        replacing(path) as temporary,
        temporary.open("w", newline="", encoding="utf-8") as file,
    ):
        names = row_names(table.layout)
        writer = csv.DictWriter(file, fieldnames=names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(table.rows())


def dataset(table: Table) -> "xarray.Dataset":
    """Return a table as a labelled dataset; `StudyStore.to_xarray` says more."""
    xarray = needed("xarray")
    layout = table.layout
    repeated = layout.repetitions > 1
    shape = layout.shape if repeated else layout.shape[:-1]
    names = [*layout.axes, *(["repetition"] if repeated else [])]
    units = layout.about.get("units", {})
    filled = np.full((layout.count, len(layout.columns)), np.nan)
    status = np.zeros(layout.count, np.int8)
    for positions, values in table.blocks():
        filled[positions], status[positions] = values, 1
    for positions in table.failed.blocks():
        status[positions] = 2
    flags = {
        "flag_values": np.array([0, 1, 2], np.int8),
        "flag_meanings": "missing measured failed",
    }
    variables: dict[str, Any] = {
        name: (names, filled[:, k].reshape(shape), _unit(units, name))
        for k, name in enumerate(layout.columns)
    }
    variables["status"] = (names, status.reshape(shape), flags)
    axes = {
        name: (name, _axis(values), _unit(units, name))
        for name, values in layout.axes.items()
    }
    if repeated:
        axes["repetition"] = ("repetition", np.arange(layout.repetitions), {})
    return xarray.Dataset(variables, axes, provenance(layout))


def provenance(layout: Layout) -> dict[str, Any]:
    """Return where the numbers of a layout come from."""
    versions = {
        f"{name}_version": text
        for name, text in layout.version.items()
        if name != "measure"
    }
    return {
        "study": layout.study,
        "question": str(layout.about.get("question", "")),
        "seed": layout.seed,
        "measure": layout.version["measure"],
        **versions,
        "layout": layout.name,
    }


def needed(module: str, extra: str = "studies") -> Any:
    """Import a module of an extra, or say how to install it.

    Raises
    ------
    ImportError
        If it is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(
            f'{module} is not installed; pip install "geomadv[{extra}]" brings it'
        ) from error


def _write_netcdf(table: Table, path: Path) -> None:
    needed("h5netcdf"), needed("h5py")
    found = dataset(table)
    with replacing(path) as temporary:
        found.to_netcdf(temporary, engine="h5netcdf", format="NETCDF4")


def _write_parquet(table: Table, path: Path) -> None:
    arrow, parquet = needed("pyarrow"), needed("pyarrow.parquet")
    layout = table.layout
    kinds = {name: _axis(values).dtype.kind for name, values in layout.axes.items()}
    types = {"b": arrow.bool_(), "i": arrow.int64(), "f": arrow.float64()}
    fields = [(name, types.get(kind, arrow.string())) for name, kind in kinds.items()]
    if layout.repetitions > 1:
        fields.append(("repetition", arrow.int64()))
    fields += [(name, arrow.float64()) for name in layout.columns]
    about = {**provenance(layout), "units": dict(layout.about.get("units", {}))}
    schema = arrow.schema(fields, metadata={"geomadv": json.dumps(about)})
    with (
        replacing(path) as temporary,
        parquet.ParquetWriter(temporary, schema) as writer,
    ):
        blocks = table.blocks()
        while some := list(itertools.islice(blocks, _BLOCKS)):
            positions, values = (
                np.concatenate(part) for part in zip(*some, strict=True)
            )
            *places, repetition = np.unravel_index(positions, layout.shape)
            columns = [
                arrow.array(_axis(axis)[place].tolist(), kind)
                for (axis, place, (_, kind)) in zip(
                    layout.axes.values(), places, fields, strict=False
                )
            ]
            if layout.repetitions > 1:
                columns.append(arrow.array(repetition))
            columns += [arrow.array(column) for column in values.T]
            writer.write_table(arrow.Table.from_arrays(columns, schema=schema))


def _axis(values: Sequence[Value]) -> NDArray:
    """Return the values of an axis as an array: text where they are of many kinds."""
    kinds = {type(value) for value in values}
    if kinds <= {bool}:
        return np.array(values)
    if kinds <= {int} and all(abs(int(value)) < 2**63 for value in values):
        return np.array(values, np.int64)
    if kinds <= {int, float}:
        return np.array(values, np.float64)
    return np.array([str(value) for value in values])


def _unit(units: dict[str, str], name: str) -> dict[str, str]:
    return {"units": units[name]} if name in units else {}
