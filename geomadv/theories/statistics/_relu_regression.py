r"""Least squares on random features max(0, <u_j, x>), and its risk under l2 steps.

f(x) = sum_j v_j max(0, t_j), t_j = <u_j, x>, with u_j uniform on the unit sphere and v
the least squares solution of minimum norm. A step delta of length at most eps changes
max(0, t_j) by 1{t_j > 0} <u_j, delta> and a remainder in [0, (eps - |t_j|)_+], so that

    f(x + delta) - f(x) <= eps |grad f(x)| + sum_j (v_j)_+ (eps - |t_j|)_+,

and with (-v_j)_+ for the fall. That bounds the largest residual from above; steps
along gradients bound it from below. For these features there is neither theory here nor
adversarial training: against points that an attack finds, trained coefficients grow,
and the bound with them. `hastie2019.subspace_problem` has random features with both.
"""

from dataclasses import dataclass

import numpy as np

from geomadv._random import generator
from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import integer, points, real, real_array


@dataclass(frozen=True, eq=False)
class ReluRegression:
    """A fitted f.

    Parameters
    ----------
    directions : (m, d) array
        u_j, of unit length.
    coef : (m,) array
        v_j.
    """

    directions: Float[NDArray, "m d"]
    coef: Float[NDArray, " m"]

    def predict(self, X: ArrayLike) -> Float[NDArray, " n"]:
        """Return f(x).

        Parameters
        ----------
        X : (n, d) array_like
            Points.

        Returns
        -------
        (n,) array
        """
        rows = points("X", X, d=self.directions.shape[1])
        return np.asarray(np.maximum(rows @ self.directions.T, 0.0) @ self.coef)

    def worst_residuals(
        self, X: ArrayLike, y: ArrayLike, eps: float, steps: int = 8
    ) -> tuple[Float[NDArray, " n"], Float[NDArray, " n"]]:
        """Return bounds of max |y - f(x + delta)| over |delta| <= eps.

        Parameters
        ----------
        X : (n, d) array_like
            Points.
        y : (n,) array_like
            Responses.
        eps : float
            l2 size of the steps, at least 0.
        steps : int
            Attempts to find a worse point from each of two starts, at least 1.

        Returns
        -------
        lower, upper : (n,) arrays
            What a step of that size was found to do, and what none exceeds.

        Raises
        ------
        ValueError, TypeError
            If an argument is not as described.
        """
        rows = points("X", X, d=self.directions.shape[1])
        targets = real_array("y", y)
        if targets.shape != (len(rows),):
            raise ValueError(f"y must have shape ({len(rows)},), got {targets.shape}")
        size = real("eps", eps, lower=0.0)
        t = rows @ self.directions.T
        left = targets - np.maximum(t, 0.0) @ self.coef
        slope = np.linalg.norm(((t > 0.0) * self.coef) @ self.directions, axis=1)
        room = np.maximum(size - np.abs(t), 0.0)
        rise = size * slope + room @ np.maximum(self.coef, 0.0)
        fall = size * slope + room @ np.maximum(-self.coef, 0.0)
        upper = np.maximum(left + fall, rise - left)
        lower = np.abs(left)
        for sign in (1.0, -1.0):
            at = rows
            for _ in range(integer("steps", steps, minimum=1)):
                active = at @ self.directions.T > 0.0
                way = sign * ((active * self.coef) @ self.directions)
                length = np.linalg.norm(way, axis=1, keepdims=True)
                way = np.divide(way, length, out=np.zeros_like(way), where=length > 0.0)
                at = rows + size * way
                lower = np.maximum(lower, np.abs(targets - self.predict(at)))
        return np.asarray(lower), np.asarray(np.maximum(upper, lower))


def relu_regression(
    X: ArrayLike, y: ArrayLike, n_features: int, rng: np.random.Generator | int
) -> ReluRegression:
    """Draw features and fit least squares of minimum norm.

    Parameters
    ----------
    X : (n, d) array_like
        Points.
    y : (n,) array_like
        Responses.
    n_features : int
        m, at least 1.
    rng : numpy.random.Generator or int
        Draws the directions.

    Returns
    -------
    ReluRegression

    Raises
    ------
    ValueError, TypeError
        If an argument is not as described.

    Examples
    --------
    >>> X = [[-2.0], [-1.0], [1.0], [2.0]]
    >>> relu_regression(X, [2.0, 1.0, 1.0, 2.0], 20, 0).predict([[3.0]]).round(9)
    array([3.])
    """
    rows = points("X", X, minimum=1)
    targets = real_array("y", y)
    if targets.shape != (len(rows),):
        raise ValueError(f"y must have shape ({len(rows)},), got {targets.shape}")
    m = integer("n_features", n_features, minimum=1)
    u = generator(rng).standard_normal((m, rows.shape[1]))
    u /= np.linalg.norm(u, axis=1, keepdims=True)
    v = np.linalg.lstsq(np.maximum(rows @ u.T, 0.0), targets, rcond=None)[0]
    return ReluRegression(u, v)
