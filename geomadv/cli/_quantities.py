"""What `geomadv scale` can draw: quantities of the spaces, as functions of dimension.

A quantity is a method of a space that depends on the dimension and on a few options,
which are the method's own arguments.
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from geomadv.cli._exits import refuse

if TYPE_CHECKING:
    from geomadv.spaces import Isoperimetry

_MASS = {"mass": 0.01}
_SPHERE = {**_MASS, "metric": "euclidean"}
_NORM = {**_MASS, "p": 2.0}


@dataclass(frozen=True)
class Quantity:
    """One number for each dimension.

    Parameters
    ----------
    space : str
        Name of a class of `geomadv.spaces`.
    method : str
        The method that gives the number.
    title : str
        What it is, in words.
    symbol : str
        What it is, as LaTeX.
    options : Mapping
        The arguments of the method, with what they are by default.
    least : int
        The lowest dimension.
    most : int
        The highest dimension.
    sign : int
        -1 where the method's values are negative and their magnitude is shown.
    """

    space: str
    method: str
    title: str
    symbol: str
    options: Mapping[str, Any]
    least: int = 1
    most: int = 10**9
    sign: int = 1

    def value(self, d: int, options: Mapping[str, Any]) -> float:
        """Return the number in dimension d."""
        space = self._space(d)
        return self.sign * float(getattr(space, self.method)(**options))

    def isoperimetry(self, d: int, options: Mapping[str, Any]) -> "Isoperimetry":
        """Return what the number is: attained by which sets, or a bound."""
        names = {"metric", "p"} & options.keys()
        found: Isoperimetry = self._space(d).isoperimetry(
            **{name: options[name] for name in names}
        )
        return found

    def _space(self, d: int) -> Any:
        from geomadv import spaces

        return getattr(spaces, self.space)(d)


def _distances(space: str, of: str, options: Mapping[str, Any], **limits: int) -> Any:
    for name, word, symbol in (
        ("median_distance", "median", r"\mathrm{median}\;\mathrm{dist}(x, E)"),
        ("mean_distance", "mean", r"\mathbb{E}\,\mathrm{dist}(x, E)"),
    ):
        title = f"greatest {word} distance to a set {of}"
        yield name, Quantity(space, name, title, symbol, options, **limits)


def _all() -> Mapping[str, Quantity]:
    found = {}
    for key, space, of, options, least in (
        ("sphere", "Sphere", "of the unit sphere", _SPHERE, 2),
        ("gaussian", "Gaussian", "under the standard normal law", _NORM, 1),
        ("cube", "Cube", "in the unit cube", _NORM, 1),
        ("hamming", "HammingCube", "in the Hamming cube, in flips", _MASS, 1),
    ):
        for name, quantity in _distances(space, of, options, least=least):
            found[f"{key}.{name}"] = quantity
        found[f"{key}.log_complement_enlargement"] = Quantity(
            space,
            "log_complement_enlargement",
            "-log of the largest measure that an enlargement of a set leaves out "
            f"{of.partition(',')[0]}",
            r"-\log(1 - P(E_\varepsilon))",
            {**options, "eps": 1 if key == "hamming" else 0.1},
            least,
            sign=-1,
        )
    found["sphere.distance_quantile"] = Quantity(
        "Sphere",
        "distance_quantile",
        "greatest quantile of the distance to a set of the unit sphere",
        r"\mathrm{quantile}\;\mathrm{dist}(x, E)",
        {**_SPHERE, "level": 0.99},
        least=2,
    )
    found["sphere.cap_height"] = Quantity(
        "Sphere",
        "cap_height",
        "height of the cap of a measure on the unit sphere",
        r"t",
        _MASS,
        least=2,
    )
    return found


_ORDER = ("sphere", "gaussian", "cube", "hamming")
QUANTITIES = dict(
    sorted(_all().items(), key=lambda item: _ORDER.index(item[0].partition(".")[0]))
)


def find_quantity(name: str) -> Quantity:
    """Return a quantity by its name, or refuse it and say what is near."""
    if name not in QUANTITIES:
        near = difflib.get_close_matches(name, QUANTITIES, n=3, cutoff=0.5)
        known = " or ".join(near) if near else "one of " + ", ".join(QUANTITIES)
        refuse("QUANTITY", f"nothing is called {name!r}; did you mean {known}?")
    return QUANTITIES[name]
