import numpy as np
import pytest
from PIL import Image
from sklearn.svm import LinearSVC

from geomadv.data import bilinear_matrix, load_digits, resize, resize_isometry

SIZES = [(1, 1), (1, 5), (2, 2), (2, 7), (8, 57), (28, 28), (28, 29), (28, 200)]


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_resize_is_what_an_image_library_calls_bilinear(n, m):
    image = np.random.default_rng(1).random((n, n))
    large = Image.fromarray(image.astype(np.float32), mode=None)
    expected = np.asarray(large.resize((m, m), Image.Resampling.BILINEAR))
    assert np.abs(resize(image, (m, m)) - expected).max() < 1e-6  # float32


def test_height_and_width_are_not_confused():
    image = np.random.default_rng(2).random((3, 5))
    large = Image.fromarray(image.astype(np.float32), mode=None)
    expected = np.asarray(large.resize((11, 7), Image.Resampling.BILINEAR))
    assert np.abs(resize(image, (7, 11)) - expected).max() < 1e-6


@pytest.mark.parametrize(("n", "m"), [*SIZES, (28, 7), (5, 1)])
def test_constant_and_linear_images_are_kept(n, m):
    matrix = bilinear_matrix(n, m)
    assert np.allclose(matrix.sum(axis=1), 1, rtol=0, atol=1e-14)
    assert (matrix >= 0).all()
    centres = (np.arange(m) + 0.5) * n / m - 0.5
    assert np.allclose(matrix @ np.arange(n), np.clip(centres, 0, n - 1), atol=1e-12)


def test_stack_of_images_is_resized_one_by_one():
    stack = np.random.default_rng(3).random((2, 3, 4, 4))
    assert np.allclose(resize(stack, (9, 9))[1, 2], resize(stack[1, 2], (9, 9)))
    assert resize(np.empty((0, 4, 4)), (9, 9)).shape == (0, 9, 9)


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_isometry_factors_the_resize(n, m):
    Q, R = resize_isometry(n, m)
    assert np.abs(Q @ R - bilinear_matrix(n, m)).max() < 2e-15
    assert np.abs(Q.T @ Q - np.eye(n)).max() < 2e-15
    assert (np.tril(R, -1) == 0).all()
    assert (np.diag(R) > 0).all()


def test_isometric_images_have_the_distances_of_the_large_ones():
    images = np.random.default_rng(4).random((6, 8, 8))
    _, R = resize_isometry(8, 57)
    small = (R @ images @ R.T).reshape(6, -1)
    large = resize(images, (57, 57)).reshape(6, -1)
    assert np.allclose(small @ small.T, large @ large.T, rtol=1e-13)


def test_training_on_isometric_images_gives_the_weights_of_the_large_ones():
    """240 digits, trained directly in 3249 dimensions and in 64."""
    X, y, _, _ = load_digits().pair(3, 7)
    images = X.reshape(-1, 8, 8)
    Q, R = resize_isometry(8, 57)
    machine = LinearSVC(C=1e-3, dual=False, tol=1e-10, max_iter=10_000)
    small = machine.fit((R @ images @ R.T).reshape(len(y), -1), y)
    mapped, b = Q @ small.coef_.reshape(8, 8) @ Q.T, small.intercept_[0]
    direct = machine.fit(resize(images, (57, 57)).reshape(len(y), -1), y)
    difference = np.linalg.norm(mapped.ravel() - direct.coef_[0])
    assert difference < 1e-9 * np.linalg.norm(direct.coef_)
    assert abs(b - direct.intercept_[0]) < 1e-9


@pytest.mark.errors
def test_bad_sizes_are_named():
    with pytest.raises(ValueError, match="n must be at least 1, got 0"):
        bilinear_matrix(0, 3)
    with pytest.raises(ValueError, match="m must be at least 5, got 4"):
        resize_isometry(5, 4)
    with pytest.raises(ValueError, match=r"images must have shape \(..., h, w\)"):
        resize([1.0, 2.0], (2, 2))
    with pytest.raises(ValueError, match="images must be finite, got nan"):
        resize([[np.nan]], (2, 2))
    with pytest.raises(TypeError, match="shape must be a pair"):
        resize([[1.0]], 3)
    with pytest.raises(ValueError, match=r"shape\[1\] must be at least 1, got 0"):
        resize([[1.0]], (3, 0))
