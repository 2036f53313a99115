"""Arrays of a user's .npz file: real numbers, of bounded size, never a pickle."""

import zipfile
import zlib
from pathlib import Path

import numpy as np

from geomadv._typing import NDArray

_MOST = 2**28
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_arrays(path: Path, names: tuple[str, ...]) -> dict[str, NDArray]:
    """Return those of the named arrays that the file holds.

    Raises
    ------
    ValueError
        If the file cannot be read or an array does not hold numbers.
    OSError
        If the file cannot be opened.
    """
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                held = set(archive.namelist())
                return {n: _read(archive, n) for n in names if f"{n}.npy" in held}
        except (
            EOFError,
            NotImplementedError,
            OverflowError,
            RuntimeError,
            ValueError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            raise ValueError(f"{path} cannot be read: {error}") from error


def _read(archive: zipfile.ZipFile, name: str) -> NDArray:
    with archive.open(f"{name}.npy") as file:
        version = np.lib.format.read_magic(file)
        if version not in _HEADERS:
            raise ValueError(f"version {version} of the .npy format is not known")
        shape, _, dtype = _HEADERS[version](file, max_header_size=10_000)
    if dtype.kind not in "buif":
        raise ValueError(f"array {name!r} must hold real numbers, got {dtype}")
    size = 1
    for n in shape:
        size *= max(n, 1)
    if size > _MOST:
        raise ValueError(
            f"array {name!r} of shape {shape} has more than {_MOST} numbers"
        )
    with archive.open(f"{name}.npy") as file:
        array: NDArray = np.lib.format.read_array(
            file, allow_pickle=False, max_header_size=10_000
        )
    return array
