r"""Data sets that hold a classifier's own features and little else (Ilyas et al. 2019).

With a classifier's representation g and pairs (x, y) of the data,

    D_R, D_NR:  x_r = argmin |g(x_r) - g(x)|_2, from x_0, another point, drawn whatever
                its label; labelled y. D_R takes g of a robust classifier, D_NR that of
                a standard one.
    D_rand:     x' = argmin { L(x', t) : |x' - x|_p <= eps }, t uniform on the classes;
                labelled t.
    D_det:      the same with t = y + 1, modulo the number of classes.

In the paper g is the last hidden layer of a network, which training shapes. Linear
classifiers have none, and in kernel expansions and random-feature classifiers the
hidden layer is not trained: it is the same for a robust and a standard classifier, and
x_r would be x (where the layer is injective). What training shapes are the outputs, so
that g(x) = f(x) here, for several classes up to a common constant. Descent is along
normalised gradients, as in the paper; a step that does not lower the distance is not
taken and halved, one that does is lengthened by a tenth.

For linear classifiers descent converges to the solution nearest to x_0,
x_r = x_0 + W^+ W (x - x_0), which is taken at once unless there is a box. For one
function x_r = x_0 + w <w, x - x_0>/|w|^2: all that x and its label leave in x_r is
<w, x>, so that for Gaussian classes what is learned from it is w again.

D_rand and D_det are exact for two classes, linear classifiers and no box: the loss
falls with t f(x'), so that the whole budget goes along the steepest direction of l_p.
Else they are found by projected normalised gradient steps, for p = 2 and infinity.

Source: Ilyas et al. (2019), arXiv:1905.02175, section 3 (step sizes and numbers of
steps from memory).
"""

from typing import Any

import numpy as np

from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, Int, NDArray
from geomadv._validate import broadcast, integer, norm_order, points, real, real_array
from geomadv.classifiers._worst import steepest
from geomadv.theories.features._features import blocks
from geomadv.theories.features._random_features import Network, network_of

Box = tuple[ArrayLike, ArrayLike] | None

_NEAR = 1e-6


def robust_dataset(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    box: Box = None,
    steps: int = 1000,
    step: float = 0.1,
    rng: np.random.Generator | int,
) -> tuple[Float[NDArray, "n d"], NDArray]:
    """Return D_R: points restricted to the features of a robust classifier.

    Parameters
    ----------
    model : classifier
        A robustly trained one: linear, a Gaussian kernel expansion, or a
        `RandomFeatureClassifier`.
    X : (n, d) array_like
        Points, at least 2.
    y : (n,) array_like
        Their labels.
    box : (lower, upper), optional
        Bounds of the coordinates, such as (0, 1) for images.
    steps : int
        Number of steps of gradient descent, where it is needed.
    step : float
        The length of the first one.
    rng : numpy.random.Generator or int
        Draws the starting points.

    Returns
    -------
    X_r : (n, d) array
        The points x_r.
    y : (n,) array
        The labels, as they are.

    Raises
    ------
    TypeError, ValueError
        If the model is not known, or an argument is not as described.

    Examples
    --------
    A classifier that sees the first coordinate alone: the second one is another's.

    >>> from geomadv.classifiers import LinearClassifier
    >>> f = LinearClassifier.from_parameters([2.0, 0.0], 0.0)
    >>> robust_dataset(f, [[1.0, 5.0], [-1.0, 7.0]], [1, -1], rng=0)
    (array([[ 1.,  7.],
           [-1.,  5.]]), array([ 1, -1]))
    """
    rows, labels = _sample(X, y)
    network = network_of(model)
    count = integer("steps", steps, minimum=1)
    first = real("step", step, lower=0.0, open_lower=True)
    n = len(rows)
    other = (np.arange(n) + generator(rng).integers(1, n, n)) % n
    start = rows[other]
    limits = _limits(box, rows.shape[1])
    if network.linear and limits is None:
        W = network.V.T
        if len(W) > 1:  # outputs up to a common constant decide
            W = W - W.mean(axis=0)
        return start + (rows - start) @ (np.linalg.pinv(W) @ W).T, labels
    out = np.empty(rows.shape)
    for part in blocks(n, 8 * max(rows.shape[1], len(network.V))):
        out[part] = _matched(network, start[part], rows[part], limits, count, first)
    return out, labels


def non_robust_dataset(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    *,
    box: Box = None,
    steps: int = 1000,
    step: float = 0.1,
    rng: np.random.Generator | int,
) -> tuple[Float[NDArray, "n d"], NDArray]:
    """Return D_NR: points restricted to the features of a standard classifier.

    The arguments are as for `robust_dataset`, but the model is trained as usual: the
    two sets differ in nothing else.

    Returns
    -------
    X_r, y : (n, d) and (n,) arrays
        The points and their labels.

    Examples
    --------
    >>> from geomadv.classifiers import LinearClassifier
    >>> f = LinearClassifier.from_parameters([0.0, 1.0], 0.0)
    >>> non_robust_dataset(f, [[1.0, 5.0], [-1.0, 7.0]], [1, -1], rng=0)[0]
    array([[-1.,  5.],
           [ 1.,  7.]])
    """
    return robust_dataset(model, X, y, box=box, steps=steps, step=step, rng=rng)


def random_label_dataset(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    eps: float,
    p: float = 2,
    *,
    box: Box = None,
    steps: int = 100,
    rng: np.random.Generator | int,
) -> tuple[Float[NDArray, "n d"], NDArray]:
    """Return D_rand: points perturbed towards random labels, which they then have.

    Parameters
    ----------
    model, X, y, box
        As for `robust_dataset`; the model is trained as usual.
    eps : float
        Size of the perturbations, at least 0.
    p : float
        Order of their norm: 2 or infinity, any for a linear classifier of two classes
        without a box.
    steps : int
        Number of gradient steps, where they are needed, each of length 2.5 eps/steps.
    rng : numpy.random.Generator or int
        Draws the labels.

    Returns
    -------
    X_adv : (n, d) array
        The perturbed points.
    t : (n,) array
        Their new labels.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described.

    Examples
    --------
    >>> from geomadv.classifiers import LinearClassifier
    >>> f = LinearClassifier.from_parameters([3.0, 4.0], 0.0)
    >>> X, t = random_label_dataset(f, np.zeros((3, 2)), [1, -1, 1], 0.5, rng=0)
    >>> X, t
    (array([[0.3, 0.4],
           [0.3, 0.4],
           [0.3, 0.4]]), array([1, 1, 1]))
    """
    rows, _ = _sample(X, y)
    network = network_of(model)
    codes = generator(rng).integers(0, len(network.classes), len(rows))
    return targeted(network, rows, codes, eps, p, box, steps), network.classes[codes]


def shifted_label_dataset(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    eps: float,
    p: float = 2,
    *,
    box: Box = None,
    steps: int = 100,
) -> tuple[Float[NDArray, "n d"], NDArray]:
    """Return D_det: points perturbed towards the next label, which they then have.

    The arguments are as for `random_label_dataset`, without `rng`.

    Returns
    -------
    X_adv, t : (n, d) and (n,) arrays
        The perturbed points, and as labels the next ones among the model's classes
        (after the last comes the first).

    Examples
    --------
    >>> from geomadv.classifiers import LinearClassifier
    >>> f = LinearClassifier.from_parameters([3.0, 4.0], 0.0)
    >>> shifted_label_dataset(f, np.zeros((2, 2)), [1, -1], 0.5)
    (array([[-0.3, -0.4],
           [ 0.3,  0.4]]), array([-1,  1]))
    """
    rows, labels = _sample(X, y)
    network = network_of(model)
    codes = (codes_of(network, labels) + 1) % len(network.classes)
    return targeted(network, rows, codes, eps, p, box, steps), network.classes[codes]


def attacked(
    model: Any,
    X: ArrayLike,
    y: ArrayLike,
    eps: float,
    p: float = 2,
    *,
    box: Box = None,
    steps: int = 20,
) -> Float[NDArray, "n d"]:
    """Return points perturbed so that the loss of their labels is large.

    The arguments are as for `random_label_dataset`, without `rng`.

    Returns
    -------
    (n, d) array
        Worst cases for linear classifiers of two classes without a box; elsewhere what
        gradient steps find, so that accuracy on them bounds the robust one from above.

    Examples
    --------
    >>> from geomadv.classifiers import LinearClassifier
    >>> f = LinearClassifier.from_parameters([3.0, 4.0], 0.0)
    >>> attacked(f, [[1.0, 0.0]], [1], 0.5)
    array([[ 0.7, -0.4]])
    """
    rows, labels = _sample(X, y, 1)
    network = network_of(model)
    codes = codes_of(network, labels)
    return targeted(network, rows, codes, eps, p, box, steps, sign=1.0)


def targeted(
    network: Network,
    X: Float[NDArray, "n d"],
    codes: Int[NDArray, " n"],
    eps: float,
    p: float,
    box: Box,
    steps: int,
    sign: float = -1.0,
) -> Float[NDArray, "n d"]:
    """Return the points of the balls at which the loss of a label is least found.

    With sign = +1 the loss is raised instead.
    """
    size, order = real("eps", eps, lower=0.0), norm_order("p", p)
    count, limits = integer("steps", steps, minimum=1), _limits(box, X.shape[1])
    if network.linear and network.V.shape[1] == 1 and limits is None:
        towards = -sign * (2.0 * codes - 1.0)
        return X + size * np.multiply.outer(towards, steepest(network.V[:, 0], order))
    if order != 2.0 and not np.isinf(order):
        raise ValueError(
            "p must be 2 or infinity (any for a linear classifier of two classes "
            f"without a box), got {p:g}"
        )
    out = np.empty(X.shape)
    for part in blocks(len(X), 8 * max(X.shape[1], len(network.V))):
        start, label = X[part], codes[part]
        x, best = start, start.copy()
        record = np.full(len(start), np.inf)
        for k in range(count + 1):
            loss, gradient = network.slope(x, label)
            better = -sign * loss < record
            best[better], record[better] = x[better], (-sign * loss)[better]
            if k == count or size == 0.0:
                break
            x = x + sign * (2.5 * size / count) * _unit(gradient, order)
            x = start + _projected(x - start, size, order)
            if limits is not None:
                x = np.clip(x, *limits)
        out[part] = best
    return out


def codes_of(network: Network, labels: NDArray) -> Int[NDArray, " n"]:
    """Return the numbers of labels among the network's classes."""
    codes = np.searchsorted(network.classes, labels)
    known = network.classes[np.minimum(codes, len(network.classes) - 1)] == labels
    if not known.all():
        raise ValueError(
            f"y must be among the model's classes {network.classes.tolist()}, got "
            f"{labels[~known][0]}"
        )
    return np.asarray(codes)


def _matched(
    network: Network,
    start: Float[NDArray, "n d"],
    X: Float[NDArray, "n d"],
    limits: tuple[NDArray, NDArray] | None,
    steps: int,
    step: float,
) -> Float[NDArray, "n d"]:
    """Return points whose representations come near to those of X, from `start`."""
    V = network.V
    if V.shape[1] > 1:  # outputs up to a common constant decide
        V = V - V.mean(axis=1, keepdims=True)

    def represented(x: NDArray) -> tuple[NDArray, Any]:
        h, pull = network.layer(x)
        return h @ V, lambda r: pull(r @ V.T)

    target, _ = represented(X)
    x, length = start.copy(), np.full(len(start), step)
    value, pull = represented(x)
    distance = np.linalg.norm(value - target, axis=1)
    gradient = pull(value - target)
    near = _NEAR * (1.0 + np.linalg.norm(target, axis=1))
    for _ in range(steps):
        rows = np.flatnonzero((distance > near) & (length > _NEAR * step))
        if rows.size == 0:
            break
        trial = x[rows] - length[rows, None] * _unit(gradient[rows], 2.0)
        if limits is not None:
            trial = np.clip(trial, *limits)
        value, pull = represented(trial)
        found = np.linalg.norm(value - target[rows], axis=1)
        better = found < distance[rows]
        length[rows] *= np.where(better, 1.1, 0.5)
        slope = pull(value - target[rows])
        chosen = rows[better]
        x[chosen], distance[chosen] = trial[better], found[better]
        gradient[chosen] = slope[better]
    return x


def _unit(gradient: Float[NDArray, "n d"], p: float) -> Float[NDArray, "n d"]:
    if np.isinf(p):
        return np.sign(gradient)
    size = np.linalg.norm(gradient, axis=1, keepdims=True)
    return np.asarray(gradient / np.where(size > 0.0, size, 1.0))


def _projected(delta: Float[NDArray, "n d"], eps: float, p: float) -> NDArray:
    if np.isinf(p):
        return np.clip(delta, -eps, eps)
    size = np.linalg.norm(delta, axis=1, keepdims=True)
    return np.asarray(delta * (eps / np.maximum(size, eps)))


def _sample(X: ArrayLike, y: ArrayLike, minimum: int = 2) -> tuple[NDArray, NDArray]:
    rows, labels = points("X", X, minimum=minimum), np.asarray(y)
    if labels.shape != (len(rows),):
        raise ValueError(f"y must have shape ({len(rows)},), got {labels.shape}")
    return rows, labels


def _limits(box: Box, d: int) -> tuple[NDArray, NDArray] | None:
    if box is None:
        return None
    lower, upper = (real_array("box", end, infinite=True) for end in box)
    lower, upper, _ = broadcast(lower=lower, upper=upper, X=np.empty(d))
    if lower.shape != (d,) or not (lower <= upper).all():
        raise ValueError("box must be (lower, upper) with lower <= upper")
    return lower, upper
