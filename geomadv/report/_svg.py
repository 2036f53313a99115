"""Figures as SVG that is a part of a page.

What matplotlib writes is a document of its own. Inside a page its ids must be unique,
its style sheet must not leak, and what is drawn in black takes the colour of the text,
so that the figure is right on a dark page too.
"""

import io
import re
from typing import TYPE_CHECKING

from geomadv.claims import Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Colours that stand for those of the page until the drawing is done.
_INK, _GRID = "#010203", "#030201"


class CurveDrawer:
    """Draws the curves of claims with one figure, in the house style."""

    def __init__(self) -> None:
        from geomadv.plotting import style

        with style():
            self._figure = self._new_figure()

    @staticmethod
    def _new_figure() -> "Figure":
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7.0, 2.7), layout="none")
        figure.subplots_adjust(left=0.085, right=0.62, bottom=0.17, top=0.95)
        return figure

    def svg(self, result: Result, label: str) -> str | None:
        """Return the curve of a result as an ``<svg>`` element, or None.

        Parameters
        ----------
        result : Result
            What verification found.
        label : str
            What the figure shows, for those who do not see it.
        """
        import matplotlib as mpl

        from geomadv.plotting import style
        from geomadv.plotting._claim_curve import draw_claim_curve

        inks = dict.fromkeys(
            ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color"), _INK
        )
        page = {
            **inks,
            "ytick.color": _INK,
            "grid.color": _GRID,
            "axes.facecolor": "none",
            "savefig.facecolor": "none",
            "svg.hashsalt": result.claim.id,
        }
        with style(), mpl.rc_context(page):
            self._figure.clear()
            axes = self._figure.add_subplot()
            if not draw_claim_curve(axes, result):
                return None
            buffer = io.StringIO()
            metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
            self._figure.savefig(buffer, format="svg", metadata=metadata)
        return embedded(buffer.getvalue(), result.claim.id, label)


def embedded(document: str, prefix: str, label: str) -> str:
    """Return an SVG document as an element that can stand in a page with others."""
    import html

    svg = document[document.index("<svg") :]
    svg = re.sub(r"<style.*?</style>|<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.S)
    svg = re.sub(r"\s*xmlns(:\w+)?=\"[^\"]*\"", "", svg).replace("xlink:href", "href")
    used = set(re.findall(r"(?:href=\"|url\()#([^\")]+)", svg))
    stem = re.sub(r"[^a-z0-9]+", "-", prefix)

    def renamed(match: re.Match[str]) -> str:
        return f' id="{stem}-{match[1]}"' if match[1] in used else ""

    svg = re.sub(r"\s+id=\"([^\"]+)\"", renamed, svg)
    svg = re.sub(r"(href=\"|url\()#", rf"\1#{stem}-", svg)
    svg = svg.replace(_INK, "currentColor").replace(_GRID, "var(--grid)")
    svg = re.sub(r"<g>\s*</g>|<defs>\s*</defs>", "", svg)
    svg = re.sub(r">\s+<", "><", svg).strip()
    head = f'<svg role="img" aria-label="{html.escape(label)}"'
    svg = re.sub(r"^<svg width=\"[^\"]*\" height=\"[^\"]*\"", "<svg", svg)
    return svg.replace("<svg", head, 1)
