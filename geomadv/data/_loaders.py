"""Loaders of images: MNIST, Fashion-MNIST, and the digits that scikit-learn bundles.

MNIST and Fashion-MNIST are looked for, in this order:

1. `mnist.npz` or `fashion_mnist.npz` in the folder that the environment variable
   GEOMADV_DATA names;
2. that file in the user's cache (`cache_folder`);
3. OpenML, through scikit-learn; the images are then kept in the cache.

The file holds the arrays `xtr`, `ytr`, `xte`, `yte`, or under Keras' names `x_train`,
`y_train`, `x_test`, `y_test`. It is checked against the published number of images of
each class and, where the classes are equally large, against the published mean of the
training pixels (.2860), so another data set under this name is an error and not a
result.
"""

import importlib.util
import os
import socket
import sys
import tempfile
import warnings
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

import numpy as np

from geomadv._files import replacing
from geomadv._typing import NDArray
from geomadv.data._images import ImageData
from geomadv.data._npz import array_names, read_npz

_NAMES = ("xtr", "ytr", "xte", "yte")
_KERAS_NAMES = ("x_train", "y_train", "x_test", "y_test")
_TIMEOUT = 30.0  # seconds without an answer from OpenML
_DIGITS_TRAIN = 1200


@dataclass(frozen=True)
class _Published:
    """A published data set of grey images, 28 x 28, of ten classes.

    `train` and `test` are the numbers of images of each class, `mean` is the mean of
    the training pixels where these numbers do not tell it from other data sets.
    """

    name: str
    file: str
    openml: str
    train: tuple[int, ...]
    test: tuple[int, ...]
    mean: float | None = None


_MNIST = _Published(
    "MNIST",
    "mnist.npz",
    "mnist_784",
    (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
    (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
)
_FASHION = _Published(
    "Fashion-MNIST",
    "fashion_mnist.npz",
    "Fashion-MNIST",
    (6000,) * 10,
    (1000,) * 10,
    255 * 0.28604,
)


class DataUnavailableError(OSError):
    """Data are not on this machine and out of reach; the message says what to do."""


def cache_folder() -> Path:
    """Return the folder in which geomadv keeps downloaded data.

    Returns
    -------
    Path
        ``geomadv`` in XDG_CACHE_HOME where that is set to an absolute path; otherwise
        in the platform's folder for caches (``~/.cache``, on macOS
        ``~/Library/Caches``, on Windows LOCALAPPDATA). It need not exist.
    """
    named = os.environ.get("XDG_CACHE_HOME", "")
    if Path(named).is_absolute():
        return Path(named) / "geomadv"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "geomadv"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "geomadv"
    return Path.home() / ".cache" / "geomadv"


def load_mnist(*, download: bool = True) -> ImageData:
    """Return the MNIST digits: 60 000 to train and 10 000 to test, 28 x 28.

    Parameters
    ----------
    download : bool
        Whether to ask OpenML where this machine has no copy (about 15 MB; the digits
        are then kept in the cache).

    Returns
    -------
    ImageData
        Labels are the digits 0 to 9, pixels lie in 0 to 255.

    Raises
    ------
    DataUnavailableError
        If no copy is found and none can be downloaded.
    ValueError
        If a copy is found and it is not MNIST, or is damaged.
    """
    return _load(_MNIST, download)


def load_fashion_mnist(*, download: bool = True) -> ImageData:
    """Return Fashion-MNIST: 60 000 articles to train and 10 000 to test, 28 x 28.

    Parameters
    ----------
    download : bool
        Whether to ask OpenML where this machine has no copy (about 30 MB; the images
        are then kept in the cache).

    Returns
    -------
    ImageData
        Labels are 0 to 9 (T-shirt, trouser, pullover, dress, coat, sandal, shirt,
        sneaker, bag, ankle boot), pixels lie in 0 to 255.

    Raises
    ------
    DataUnavailableError
        If no copy is found and none can be downloaded.
    ValueError
        If a copy is found and it is not Fashion-MNIST, or is damaged.

    References
    ----------
    Xiao, Rasul, Vollgraf (2017), "Fashion-MNIST: a novel image dataset for benchmarking
    machine learning algorithms", arXiv:1708.07747.
    """
    return _load(_FASHION, download)


def load_digits() -> ImageData:
    """Return the 1797 digits bundled with scikit-learn: 1200 to train, 597 to test.

    Returns
    -------
    ImageData
        8 x 8 images, pixels in 0 to 16. The first 1200 stored digits train and the
        rest test; the split is fixed, and keeps runs of one writer together.

    Notes
    -----
    The digits are the test part of the UCI "Optical Recognition of Handwritten
    Digits" data set (Alpaydin and Kaynak 1998).

    Examples
    --------
    >>> digits = load_digits()
    >>> digits.train_images.shape, digits.test_images.shape
    ((1200, 8, 8), (597, 8, 8))
    """
    from sklearn.datasets import load_digits as bundled

    data = bundled()
    images = data.images.astype(np.uint8)
    labels = data.target.astype(np.int64)
    return ImageData(
        train_images=images[:_DIGITS_TRAIN],
        train_labels=labels[:_DIGITS_TRAIN],
        test_images=images[_DIGITS_TRAIN:],
        test_labels=labels[_DIGITS_TRAIN:],
        maximum=16,
        name="digits",
        origin="scikit-learn, sklearn.datasets.load_digits",
    )


def _load(kind: _Published, download: bool) -> ImageData:
    folders = [cache_folder()]
    named = os.environ.get("GEOMADV_DATA")
    if named:
        folders.insert(0, Path(named))
    for folder in folders:
        if (folder / kind.file).is_file():
            return _read(folder / kind.file, kind)
    looked = " and ".join(str(folder / kind.file) for folder in folders)
    advice = (
        f"{kind.name} is not on this machine (looked for {looked}). Set GEOMADV_DATA "
        f"to a folder with {kind.file} (arrays {', '.join(_NAMES)}, or Keras' names), "
        "or connect to the internet, so that it comes from OpenML"
    )
    if not download:
        raise DataUnavailableError(advice)
    try:
        arrays = _from_openml(kind)
        data = _checked(arrays, "OpenML", kind)
    except (OSError, HTTPException, ValueError) as error:
        raise DataUnavailableError(f"{advice} (now: {error})") from error
    try:
        with replacing(cache_folder() / kind.file) as path:
            xtr, ytr, xte, yte = arrays
            np.savez_compressed(path, xtr=xtr, ytr=ytr, xte=xte, yte=yte)
    except OSError as error:
        warnings.warn(
            f"{kind.name} could not be kept for next time: {error}", stacklevel=3
        )
    return data


def _read(path: Path, kind: _Published) -> ImageData:
    present = array_names(path)
    names = _KERAS_NAMES if set(_KERAS_NAMES) <= present else _NAMES
    n, m = sum(kind.train), sum(kind.test)
    shapes = ((n, 28, 28), (n,), (m, 28, 28), (m,))
    kinds = ("uint8", "integers", "uint8", "integers")
    expected = dict(zip(names, zip(shapes, kinds, strict=True), strict=True))
    arrays = read_npz(path, expected)
    return _checked(tuple(arrays[name] for name in names), str(path), kind)


def _checked(arrays: tuple[NDArray, ...], origin: str, kind: _Published) -> ImageData:
    xtr, ytr, xte, yte = arrays
    parts = (("train", ytr, kind.train), ("test", yte, kind.test))
    for part, labels, counts in parts:
        if labels.min() < 0 or labels.max() > 9:
            bad = labels[(labels < 0) | (labels > 9)][0]
            raise ValueError(f"{origin}: the {part} labels must be 0 to 9, got {bad}")
        found = np.bincount(labels.astype(np.int64), minlength=10)
        if tuple(found.tolist()) != counts:
            raise ValueError(
                f"{origin} is not {kind.name}: its {part} part must hold "
                f"{list(counts)} images of the classes 0 to 9, got {found.tolist()}"
            )
    for part, images in (("train", xtr), ("test", xte)):
        if images.max() != 255:
            raise ValueError(
                f"{origin}: the {part} pixels must reach from 0 to 255, "
                f"their largest is {images.max()}"
            )
    if kind.mean is not None and abs(xtr.mean() - kind.mean) > 0.1:
        raise ValueError(
            f"{origin} is not {kind.name}: the mean of its training pixels must be "
            f"{kind.mean:.2f}, got {xtr.mean():.2f}"
        )
    return ImageData(
        train_images=xtr,
        train_labels=ytr.astype(np.int64),
        test_images=xte,
        test_labels=yte.astype(np.int64),
        maximum=255,
        name=kind.name,
        origin=origin,
    )


def _from_openml(kind: _Published) -> tuple[NDArray, ...]:
    from sklearn.datasets import fetch_openml

    parser = "pandas" if importlib.util.find_spec("pandas") else "liac-arff"
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT)  # the only way into fetch_openml's connections
    try:
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a failed attempt; the last one is raised
            X, y = fetch_openml(
                kind.openml,
                version=1,
                return_X_y=True,
                as_frame=False,
                parser=parser,
                data_home=folder,
                n_retries=1,
            )
    finally:
        socket.setdefaulttimeout(before)
    n, m = sum(kind.train), sum(kind.test)
    if X.shape != (n + m, 784) or y.shape != (n + m,):
        raise ValueError(
            f"OpenML's {kind.openml} must have {n + m} images of 784 pixels, "
            f"got {X.shape}"
        )
    images = X.astype(np.uint8).reshape(-1, 28, 28)
    if not np.array_equal(images.reshape(X.shape), X):
        raise ValueError(
            f"OpenML's {kind.openml} must hold integer pixels from 0 to 255"
        )
    labels = y.astype(np.uint8)
    return images[:n], labels[:n], images[n:], labels[n:]
