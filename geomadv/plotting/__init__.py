"""Figures in the house style; matplotlib is loaded at the first figure.

`style` sets the style for a block, `new_figure` makes a figure outside pyplot (no
global state, no display), `save` writes it as PNG, SVG and PDF.
"""

from geomadv.plotting._figure import FORMATS as FORMATS
from geomadv.plotting._figure import PALETTE as PALETTE
from geomadv.plotting._figure import WIDTHS as WIDTHS
from geomadv.plotting._figure import new_figure as new_figure
from geomadv.plotting._figure import save as save
from geomadv.plotting._figure import style as style

__all__ = ["FORMATS", "PALETTE", "WIDTHS", "new_figure", "save", "style"]
