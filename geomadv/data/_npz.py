"""Reading of arrays from an .npz file that may be corrupt or hostile.

The header of every array (shape and dtype) is checked before memory is allocated for
it, no object array is ever unpickled, and whatever is wrong with the file comes out as
one ValueError that names the file.
"""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from geomadv._typing import NDArray

_LARGEST_HEADER = 10_000
_HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}


def read_npz(
    path: Path, expected: Mapping[str, tuple[tuple[int, ...], str]]
) -> dict[str, NDArray]:
    """Return the named arrays of an .npz file.

    Parameters
    ----------
    path : Path
        The file.
    expected : mapping of str to ((int, ...), str)
        Name of each array to read, its shape and what it holds: ``"uint8"``, or
        ``"integers"`` of any size.

    Returns
    -------
    dict of str to array

    Raises
    ------
    ValueError
        If the file is not a readable .npz or an array is absent or not as expected.
    OSError
        If the file cannot be opened.
    """
    with path.open("rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                return {
                    name: _read(archive, name, shape, dtype)
                    for name, (shape, dtype) in expected.items()
                }
        except (
            EOFError,
            NotImplementedError,  # an unknown method of compression
            OverflowError,
            RuntimeError,  # an encrypted member
            ValueError,
            zipfile.BadZipFile,
            zlib.error,
        ) as error:
            raise ValueError(f"{path} cannot be read: {error}") from error


def array_names(path: Path) -> set[str]:
    """Return the names of the arrays in an .npz file, without reading them."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} is not a complete .npz file: {error}") from error
    return {name.removesuffix(".npy") for name in names}


def _read(
    archive: zipfile.ZipFile, name: str, shape: tuple[int, ...], allowed: str
) -> NDArray:
    member = f"{name}.npy"
    if member not in archive.namelist():
        raise ValueError(f"it holds no array {name!r}")
    with archive.open(member) as file:
        version = np.lib.format.read_magic(file)
        if version not in _HEADERS:
            raise ValueError(f"version {version} of the .npy format is not known")
        found, _, dtype = _HEADERS[version](file, max_header_size=_LARGEST_HEADER)
    if found != shape:
        raise ValueError(f"array {name!r} must have shape {shape}, got {found}")
    if dtype.kind not in "iu" or (allowed == "uint8" and dtype != np.uint8):
        raise ValueError(f"array {name!r} must hold {allowed}, got {dtype}")
    with archive.open(member) as file:
        array: NDArray = np.lib.format.read_array(
            file, allow_pickle=False, max_header_size=_LARGEST_HEADER
        )
    return array
