import dataclasses
import io
import socket
import sys
import tracemalloc
import urllib.error
import zipfile
from pathlib import Path

import numpy as np
import pytest
import sklearn.datasets

from geomadv.data import (
    DataUnavailableError,
    ImageData,
    _loaders,
    cache_folder,
    load_digits,
    load_fashion_mnist,
    load_mnist,
)

TRAIN, TEST = (3,) * 10, (1,) * 10
KERAS = {"xtr": "x_train", "ytr": "y_train", "xte": "x_test", "yte": "y_test"}


@pytest.fixture(autouse=True)
def _sealed(monkeypatch, tmp_path):
    """No network, an empty cache, and data sets of 30 + 10 images."""

    def refuse(*_, **__):
        raise urllib.error.URLError("no network in tests")

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", refuse)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("GEOMADV_DATA", raising=False)
    for name in ("_MNIST", "_FASHION"):
        kind = dataclasses.replace(getattr(_loaders, name), train=TRAIN, test=TEST)
        if kind.mean is not None:
            kind = dataclasses.replace(kind, mean=float(small()["xtr"].mean()))
        monkeypatch.setattr(_loaders, name, kind)


def small():
    """Return arrays like MNIST's, of 30 + 10 digits."""
    rng = np.random.default_rng(1)
    images = rng.integers(0, 256, (40, 28, 28), dtype=np.uint8)
    images[[0, 30]] = 255
    labels = np.concatenate([np.repeat(np.arange(10), 3), np.arange(10)])
    labels = labels.astype(np.uint8)
    return {
        "xtr": images[:30],
        "ytr": labels[:30],
        "xte": images[30:],
        "yte": labels[30:],
    }


def written(folder, **arrays):
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "mnist.npz", **arrays)
    return folder / "mnist.npz"


def test_named_folder_comes_before_the_cache(monkeypatch, tmp_path):
    arrays = small()
    written(tmp_path / "cache" / "geomadv", **{**arrays, "xtr": 255 - arrays["xtr"]})
    path = written(tmp_path / "named", **arrays)
    monkeypatch.setenv("GEOMADV_DATA", str(path.parent))
    data = load_mnist()
    assert (data.train_images == arrays["xtr"]).all()
    assert (data.train_labels == arrays["ytr"]).all()
    assert (data.test_images == arrays["xte"]).all()
    assert (data.test_labels == arrays["yte"]).all()
    assert (data.name, data.origin, data.maximum) == ("MNIST", str(path), 255)


def test_cache_serves_where_the_named_folder_has_no_file(monkeypatch, tmp_path):
    path = written(tmp_path / "cache" / "geomadv", **small())
    monkeypatch.setenv("GEOMADV_DATA", str(tmp_path))
    assert load_mnist().origin == str(path)


def test_names_of_keras_are_accepted(monkeypatch, tmp_path):
    arrays = small()
    written(tmp_path, **{KERAS[name]: array for name, array in arrays.items()})
    monkeypatch.setenv("GEOMADV_DATA", str(tmp_path))
    assert (load_mnist().test_images == arrays["xte"]).all()


def openml(arrays, expected="mnist_784"):
    def fetch(name, *, version, return_X_y, as_frame, **_):
        assert (name, version, return_X_y, as_frame) == (expected, 1, True, False)
        assert socket.getdefaulttimeout() == 30
        X = np.concatenate([arrays["xtr"], arrays["xte"]]).reshape(40, 784)
        y = np.concatenate([arrays["ytr"], arrays["yte"]])
        return X.astype(np.float64), y.astype(str).astype(object)

    return fetch


def test_openml_comes_last_and_is_kept_in_the_cache(monkeypatch):
    arrays = small()
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", openml(arrays))
    first = load_mnist()
    assert first.origin == "OpenML"
    assert (first.train_images == arrays["xtr"]).all()
    assert (first.test_images == arrays["xte"]).all()
    assert socket.getdefaulttimeout() is None
    assert [path.name for path in cache_folder().iterdir()] == ["mnist.npz"]
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", None)
    again = load_mnist()
    assert again.origin == str(cache_folder() / "mnist.npz")
    assert (again.train_images == first.train_images).all()
    assert (again.test_labels == first.test_labels).all()


def test_download_that_cannot_be_kept_still_serves(monkeypatch, tmp_path):
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", openml(small()))
    (tmp_path / "cache").write_text("a file where the folder should be")
    with pytest.warns(UserWarning, match="could not be kept"):
        assert load_mnist().origin == "OpenML"


@pytest.mark.parametrize("what", ["pixels", "shape", "classes"])
def test_wrong_download_is_not_kept(monkeypatch, what):
    arrays = small()
    if what == "classes":
        arrays["ytr"] = arrays["ytr"][::-1] // 2
    fetch = openml(arrays)

    def wrong(*names, **options):
        X, y = fetch(*names, **options)
        return (X + 0.5 if what == "pixels" else X[1:] if what == "shape" else X), y

    monkeypatch.setattr(sklearn.datasets, "fetch_openml", wrong)
    with pytest.raises(DataUnavailableError, match=r"must (have|hold)"):
        load_mnist()
    assert not cache_folder().exists()


def test_fashion_mnist_has_a_file_of_its_own(monkeypatch, tmp_path):
    arrays = small()
    written(tmp_path, **{**arrays, "xtr": 255 - arrays["xtr"]})
    path = (tmp_path / "mnist.npz").with_name("fashion_mnist.npz")
    np.savez_compressed(path, **{KERAS[name]: array for name, array in arrays.items()})
    monkeypatch.setenv("GEOMADV_DATA", str(tmp_path))
    data = load_fashion_mnist(download=False)
    assert (data.train_images == arrays["xtr"]).all()
    assert (data.test_labels == arrays["yte"]).all()
    assert (data.name, data.origin) == ("Fashion-MNIST", str(path))


def test_fashion_mnist_comes_from_openml_under_its_name(monkeypatch):
    fetch = openml(small(), "Fashion-MNIST")
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", fetch)
    assert load_fashion_mnist().origin == "OpenML"
    assert [path.name for path in cache_folder().iterdir()] == ["fashion_mnist.npz"]


@pytest.mark.errors
def test_other_data_with_equal_classes_are_not_fashion_mnist(monkeypatch, tmp_path):
    arrays = small()
    arrays["xtr"] = np.minimum(arrays["xtr"], 254) + np.uint8(1)
    np.savez(tmp_path / "fashion_mnist.npz", **arrays)
    monkeypatch.setenv("GEOMADV_DATA", str(tmp_path))
    with pytest.raises(ValueError, match="is not Fashion-MNIST: the mean of its train"):
        load_fashion_mnist()


@pytest.mark.errors
def test_absent_fashion_mnist_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", None)  # calling it fails
    monkeypatch.setenv("GEOMADV_DATA", str(tmp_path / "named"))
    with pytest.raises(DataUnavailableError) as caught:
        load_fashion_mnist(download=False)
    message = str(caught.value)
    assert message.startswith("Fashion-MNIST is not on this machine")
    assert str(tmp_path / "named" / "fashion_mnist.npz") in message


@pytest.mark.errors
def test_absent_data_say_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("GEOMADV_DATA", str(tmp_path / "named"))
    with pytest.raises(DataUnavailableError) as caught:
        load_mnist()
    message = str(caught.value)
    assert str(tmp_path / "named" / "mnist.npz") in message
    assert str(tmp_path / "cache" / "geomadv" / "mnist.npz") in message
    assert "Set GEOMADV_DATA to a folder with mnist.npz" in message
    assert "no network in tests" in message
    assert isinstance(caught.value, OSError)


def test_nothing_is_downloaded_where_that_is_refused(monkeypatch):
    monkeypatch.setattr(sklearn.datasets, "fetch_openml", None)  # calling it fails
    with pytest.raises(DataUnavailableError):
        load_mnist(download=False)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"xtr": None}, "holds no array 'xtr'"),
        ({"xtr": np.zeros((30, 784), np.uint8)}, r"'xtr' must have shape \(30, 28, 28"),
        ({"ytr": np.zeros(29, np.uint8)}, r"'ytr' must have shape \(30,\), got \(29,"),
        ({"xte": np.zeros((10, 28, 28))}, "'xte' must hold uint8, got float64"),
        ({"yte": np.zeros(10)}, "'yte' must hold integers, got float64"),
        ({"yte": np.full(10, 10)}, "test labels must be 0 to 9, got 10"),
        ({"yte": np.full(10, -1)}, "test labels must be 0 to 9, got -1"),
        ({"yte": np.zeros(10, int)}, "is not MNIST: its test part"),
        ({"xtr": np.ones((30, 28, 28), np.uint8)}, "train pixels must reach from 0 to"),
        ({"ytr": np.array([{}] * 30, dtype=object)}, "'ytr' must hold integers"),
    ],
)
def test_wrong_arrays_are_named(monkeypatch, tmp_path, change, message):
    arrays = {k: v for k, v in {**small(), **change}.items() if v is not None}
    path = written(tmp_path, **arrays)
    monkeypatch.setenv("GEOMADV_DATA", str(tmp_path))
    with pytest.raises(ValueError, match=message) as caught:
        load_mnist()
    assert str(path) in str(caught.value)


@pytest.mark.errors
@pytest.mark.parametrize("kept", [0, 1, 100, 0.3, 0.9, -1])
def test_truncated_file_is_one_clear_error(monkeypatch, tmp_path, kept):
    path = written(tmp_path, **small())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(kept * len(whole)) if 0 < kept < 1 else kept])
    monkeypatch.setenv("GEOMADV_DATA", str(tmp_path))
    with pytest.raises(ValueError, match="is not a complete"):
        load_mnist()


@pytest.mark.errors
@pytest.mark.parametrize(
    ("start", "byte"), [(5000, 0), (100, 255)], ids=["checksum", "compression"]
)
def test_damaged_file_is_one_clear_error(monkeypatch, tmp_path, start, byte):
    path = written(tmp_path, **small())
    content = bytearray(path.read_bytes())
    content[start : start + 200] = bytes([byte]) * 200
    path.write_bytes(content)
    monkeypatch.setenv("GEOMADV_DATA", str(tmp_path))
    with pytest.raises(ValueError, match="cannot be read"):
        load_mnist()


@pytest.mark.errors
def test_hostile_size_is_refused_before_memory_is_taken(monkeypatch, tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (10**13, 28, 28)}
    )
    path = written(tmp_path, **{k: v for k, v in small().items() if k != "xtr"})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xtr.npy", header.getvalue())
    monkeypatch.setenv("GEOMADV_DATA", str(tmp_path))
    tracemalloc.start()
    with pytest.raises(ValueError, match="'xtr' must have shape"):
        load_mnist()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10**7


@pytest.mark.errors
def test_object_arrays_are_never_unpickled(monkeypatch, tmp_path):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "sprung",)

    path = written(tmp_path, **{k: v for k, v in small().items() if k != "ytr"})
    content = io.BytesIO()
    np.lib.format.write_array(content, np.array([Trap()] * 30), allow_pickle=True)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("ytr.npy", content.getvalue())
    monkeypatch.setenv("GEOMADV_DATA", str(tmp_path))
    with pytest.raises(ValueError, match="'ytr' must hold integers, got object"):
        load_mnist()
    assert not (tmp_path / "sprung").exists()


def test_cache_folder_follows_the_platform(monkeypatch, tmp_path):
    assert cache_folder() == tmp_path / "cache" / "geomadv"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # to be ignored, says XDG
    monkeypatch.setattr(sys, "platform", "linux")
    assert cache_folder() == Path.home() / ".cache" / "geomadv"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache_folder() == Path.home() / "Library" / "Caches" / "geomadv"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    assert cache_folder() == tmp_path / "geomadv"


def test_bundled_digits_are_split_the_same_way_each_time():
    first, again = load_digits(), load_digits()
    assert (first.train_images == again.train_images).all()
    assert np.bincount(first.train_labels).min() >= 117
    assert np.bincount(first.test_labels).min() >= 55
    assert first.train_images.max() == first.test_images.max() == first.maximum == 16
    bundled = sklearn.datasets.load_digits()
    assert (first.test_images == bundled.images[1200:]).all()
    assert (first.test_labels == bundled.target[1200:]).all()


def images(**change):
    parts = {
        "train_images": np.array([[[0, 4]], [[8, 16]], [[16, 16]]], dtype=np.uint8),
        "train_labels": np.array([7, 3, 5]),
        "test_images": np.array([[[0, 0]], [[2, 8]]], dtype=np.uint8),
        "test_labels": np.array([3, 7]),
        "maximum": 16,
        "name": "toy",
        "origin": "here",
    }
    return ImageData(**{**parts, **change})


def test_pair_scales_pixels_and_labels_in_the_stored_order():
    X_train, y_train, X_test, y_test = images().pair(3, 7)
    assert X_train.tolist() == [[0, 0.25], [0.5, 1]]
    assert y_train.tolist() == [1, -1]
    assert X_test.tolist() == [[0, 0], [0.125, 0.5]]
    assert y_test.tolist() == [-1, 1]
    assert images().pair(7, 3).y_train.tolist() == [-1, 1]
    assert images().shape == (1, 2)


@pytest.mark.errors
def test_bad_pairs_are_named():
    with pytest.raises(ValueError, match="different labels, got 3 twice"):
        images().pair(3, 3)
    with pytest.raises(ValueError, match="label 4 is absent from the train part"):
        images().pair(3, 4)
    with pytest.raises(ValueError, match="label 5 is absent from the test part"):
        images().pair(3, 5)


@pytest.mark.errors
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (
            {"train_images": np.zeros((3, 2))},
            ValueError,
            "train_images must have shape",
        ),
        ({"train_images": [[[1]]]}, TypeError, "train_images must be an array"),
        ({"test_labels": np.zeros(3, int)}, ValueError, "test_labels must be 2 integ"),
        ({"test_labels": np.zeros(2)}, ValueError, "test_labels must be 2 integers"),
        ({"maximum": 15}, ValueError, "train_images must be at most 15, got 16"),
        ({"maximum": 256}, ValueError, "maximum must be at most 255, got 256"),
        (
            {"test_images": np.zeros((2, 2, 2), np.uint8)},
            ValueError,
            "must be of one size",
        ),
    ],
)
def test_bad_images_are_named(change, error, message):
    with pytest.raises(error, match=message):
        images(**change)
