"""Radii that are certified in closed form, each by its own theorem."""

from typing import Any

import numpy as np

from geomadv._typing import ArrayLike, Float, NDArray
from geomadv._validate import points
from geomadv.perturbations._forms import Expansion, decisions, dimension
from geomadv.perturbations._kernels import (
    Kernel,
    expansion_norm,
    local_lipschitz_radius,
    rkhs_radius,
    termwise_radius,
)
from geomadv.perturbations._margins import margins_of
from geomadv.perturbations._models import form_of
from geomadv.perturbations._tangents import certain


def certified_radii(model: Any, X: ArrayLike) -> dict[str, Float[NDArray, " n"]]:
    r"""Return l_2 radii in which a Gaussian expansion provably keeps its decision.

    With f(x) = sum_j a_j exp(-g |x - z_j|^2) + b, m = |f(x)| and H^2 = <a, K a> (of
    more than two classes, for the difference of two functions, the least one):

    - ``"norm"``: sqrt(-log(1 - m^2/(2 H^2))/g), infinite where m^2 >= 2 H^2, from
      |f(x) - f(x')| <= H sqrt(2 - 2 k(x, x'));
    - ``"linearised"``: m/(H sqrt(2 g)), which is less;
    - ``"terms"``: m/(sqrt(2 g/e) sum_j |a_j|), by the steepest slope of each term;
    - ``"local"``: the R with m/L(R) = R, by the bound L(R) of |grad f| in the ball of
      radius R of Hein and Andriushchenko (2017), which takes all pairs of terms.

    Parameters
    ----------
    model : classifier
        As for `minimal_perturbation`, with a Gaussian (rbf) kernel.
    X : (n, d) array_like
        Points.

    Returns
    -------
    dict of str to (n,) array
        The radii by the names above. None exceeds the distance to the boundary,
        rounding included; `minimal_perturbation` takes the best of these and others.

    Raises
    ------
    TypeError
        If the model is not known.
    ValueError
        If its kernel is another one, among other bad input.

    Examples
    --------
    >>> from geomadv.classifiers import KernelExpansion
    >>> f = KernelExpansion.from_parameters(
    ...     [[0.0, 0.0], [2.0, 0.0], [1.0, 1.5]], [1.0, -1.0, 0.7], gamma=0.5, b=-0.1
    ... )
    >>> found = certified_radii(f, [[0.2, 0.1]])
    >>> {name: round(float(radius[0]), 6) for name, radius in found.items()}
    {'norm': 0.610852, 'linearised': 0.583437, 'terms': 0.530748, 'local': 0.494969}
    """
    form = form_of(model)
    if not isinstance(form, Expansion) or form.options["kernel"] != "gaussian":
        raise ValueError(
            f"model must have a Gaussian kernel, got {type(model).__name__} without"
        )
    X = points("X", X, d=dimension(form))
    kernel = Kernel.of(form.options)
    classes = decisions(form, X)
    names = ("norm", "linearised", "terms", "local")
    found = {name: np.full(len(X), np.inf) for name in names}
    for c in np.unique(classes).tolist():
        rows = np.flatnonzero(classes == c)
        margins = margins_of(form, kernel, c)
        if margins.D.shape[1] == 0 or margins.spread == 0.0:
            continue
        m, Z = np.maximum(certain(margins, X[rows]), 0.0), margins.inner(X[rows])
        H = expansion_norm(margins.centres, margins.D, kernel)
        terms = [termwise_radius(m[:, j], D, kernel) for j, D in enumerate(margins.D.T)]
        local = [
            [
                local_lipschitz_radius(v, z, margins.centres, D, kernel.gamma)
                for v, D in zip(values, margins.D.T, strict=True)
            ]
            for values, z in zip(m, Z, strict=True)
        ]
        radii = (
            rkhs_radius(m, H, kernel),
            m / (H * np.sqrt(2.0 * kernel.gamma)) * (1.0 - 1e-12),
            np.stack(terms, axis=1),
            np.maximum(np.array(local) - margins.blur(X[rows])[:, None], 0.0),
        )
        for name, values in zip(names, radii, strict=True):
            found[name][rows] = values.min(axis=1) / margins.spread
    return found
