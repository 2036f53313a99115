r"""The worst losses and the worst steps of one affine function, in closed form.

For f(x) = <w, x> + b and 1/p + 1/q = 1, a step of l_p length at most eps lowers f by at
most eps |w|_q (Hölder's inequality), and -eps u does it, where |u|_p = 1 and
<w, u> = |w|_q. What is left is the worst loss over an interval of values of f.
"""

import numpy as np

from geomadv import _dispatch
from geomadv._typing import Float, NDArray


def worst_loss(
    y: Float[NDArray, "..."],
    f: Float[NDArray, "..."],
    shift: float | Float[NDArray, "..."],
    loss: str,
) -> Float[NDArray, "..."]:
    """Return the largest losses where f may be changed by `shift`; y is -1 or +1."""
    if loss == "squared":
        return np.asarray((np.abs(y - f) + shift) ** 2)
    margin = y * f - shift
    if loss == "zero-one":
        return np.where(margin <= 0.0, 1.0, 0.0)
    if loss == "hinge":
        return np.maximum(0.0, 1.0 - margin)
    return np.logaddexp(0.0, -margin)


def steepest(w: Float[NDArray, " d"], p: float) -> Float[NDArray, " d"]:
    """Return the u with |u|_p = 1 and <w, u> = |w|_q; 0 where w is 0.

    Of several, the first coordinate for p = 1; for p = infinity, 0 where w is.
    """
    largest = np.abs(w).max(initial=0.0)
    if largest == 0.0:
        return np.zeros(w.shape)
    # the least step from f = -1 to f = 0 is u/|w|_q
    _, size, step = _dispatch.linear_perturbation(
        np.zeros((1, w.size)), w / largest, -1.0, p=p
    )
    return np.asarray(step[0] / size[0])
