"""Labelled images with a train and a test part."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Integer, UInt8

from geomadv._typing import Float, NDArray
from geomadv._validate import integer


class TwoClasses(NamedTuple):
    """A two-class problem in R^d.

    Parameters
    ----------
    X_train, X_test : (n, d) and (m, d) arrays
        Points with entries in [0, 1].
    y_train, y_test : (n,) and (m,) arrays
        Their labels, -1 and +1.
    """

    X_train: Float[NDArray, "n d"]
    y_train: Float[NDArray, " n"]
    X_test: Float[NDArray, "m d"]
    y_test: Float[NDArray, " m"]


@dataclass(frozen=True, eq=False)
class ImageData:
    """Grey images with integer labels, in a train and a test part.

    Parameters
    ----------
    train_images, test_images : (n, h, w) and (m, h, w) arrays of uint8
        The images.
    train_labels, test_labels : (n,) and (m,) arrays of integers
        The labels.
    maximum : int
        The value of a full pixel (255 for MNIST, 16 for scikit-learn's digits).
    name : str
        What the data are, such as "MNIST".
    origin : str
        Where they come from: a path, or a source.

    Raises
    ------
    ValueError, TypeError
        If shapes, kinds or ranges do not fit each other.
    """

    train_images: UInt8[NDArray, "n h w"]
    train_labels: Integer[NDArray, " n"]
    test_images: UInt8[NDArray, "m h w"]
    test_labels: Integer[NDArray, " m"]
    maximum: int
    name: str
    origin: str

    def __post_init__(self) -> None:
        integer("maximum", self.maximum, minimum=1, maximum=255)
        for part in ("train", "test"):
            images = getattr(self, f"{part}_images")
            labels = getattr(self, f"{part}_labels")
            for what, array in (("images", images), ("labels", labels)):
                if not isinstance(array, np.ndarray):
                    raise TypeError(
                        f"{part}_{what} must be an array, got {type(array).__name__}"
                    )
            if images.ndim != 3 or images.dtype != np.uint8:
                raise ValueError(
                    f"{part}_images must have shape (n, h, w) and dtype uint8, got "
                    f"shape {images.shape} and dtype {images.dtype}"
                )
            if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
                raise ValueError(
                    f"{part}_labels must be {images.shape[0]} integers, got "
                    f"shape {labels.shape} and dtype {labels.dtype}"
                )
            if images.max(initial=0) > self.maximum:
                raise ValueError(
                    f"{part}_images must be at most {self.maximum}, got {images.max()}"
                )
        if self.train_images.shape[1:] != self.test_images.shape[1:]:
            raise ValueError(
                "train_images and test_images must be of one size, got "
                f"{self.train_images.shape[1:]} and {self.test_images.shape[1:]}"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of an image, in pixels."""
        height, width = self.train_images.shape[1:]
        return height, width

    def pair(self, a: int, b: int) -> TwoClasses:
        """Return the two-class problem of label `a` (-1) against label `b` (+1).

        Parameters
        ----------
        a, b : int
            Two different labels, both present in the train and in the test part.

        Returns
        -------
        TwoClasses
            ``X_train, y_train, X_test, y_test``: images as rows of h * w pixels in
            [0, 1], in their stored order.

        Raises
        ------
        ValueError
            If the labels are equal or one is absent.
        """
        a, b = integer("a", a), integer("b", b)
        if a == b:
            raise ValueError(f"a and b must be different labels, got {a} twice")
        X_train, y_train = self._two("train", a, b)
        X_test, y_test = self._two("test", a, b)
        return TwoClasses(X_train, y_train, X_test, y_test)

    def _two(
        self, part: str, a: int, b: int
    ) -> tuple[Float[NDArray, "n d"], Float[NDArray, " n"]]:
        images = getattr(self, f"{part}_images")
        labels = getattr(self, f"{part}_labels")
        for label in (a, b):
            if not (labels == label).any():
                raise ValueError(
                    f"label {label} is absent from the {part} part of {self.name}"
                )
        chosen = (labels == a) | (labels == b)
        X = images[chosen].reshape(int(chosen.sum()), -1) / self.maximum
        return X, np.where(labels[chosen] == b, 1.0, -1.0)
