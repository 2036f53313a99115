"""Figures as SVG that is a part of a page.

What matplotlib writes is a document of its own. Inside a page its ids must be unique,
its style sheet must not leak, and what is drawn in black takes the colour of the text,
so that the figure is right on a dark page too.
"""

import html
import io
import re
from collections.abc import Sequence
from typing import Any

from geomadv.claims import Result

# Colours that stand for those of the page until the drawing is done.
_INK, _GRID = "#010203", "#030201"


def curve_svgs(
    results: Sequence[Result], labels: Sequence[str]
) -> tuple[list[str | None], str]:
    """Return the curves of results as ``<svg>`` elements, and the letters they use.

    Parameters
    ----------
    results : sequence of Result
        What verification found.
    labels : sequence of str
        What each figure shows, for those who do not see it.

    Returns
    -------
    list of str or None
        One for each result; None where there is nothing to draw.
    str
        An ``<svg>`` element with the outlines of the letters, which a page needs once.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    from geomadv.plotting import style
    from geomadv.plotting._claim_curve import draw_claim_curve

    inked = ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color")
    page: dict[Any, Any] = {
        **dict.fromkeys((*inked, "ytick.color"), _INK),
        "grid.color": _GRID,
        "axes.facecolor": "none",
        "figure.facecolor": "none",
        "figure.constrained_layout.use": False,  # slow, and the room is known
    }
    metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    glyphs: dict[str, str] = {}
    found: list[str | None] = []
    with style(), mpl.rc_context(page):
        figure = Figure(figsize=(7.0, 2.7))
        canvas: Any = FigureCanvasSVG(figure)
        for result, label in zip(results, labels, strict=True):
            figure.clear()
            drawn = draw_claim_curve(figure.add_axes((0.08, 0.17, 0.52, 0.78)), result)
            if not drawn:
                found.append(None)
                continue
            buffer = io.StringIO()
            canvas.print_svg(buffer, metadata=metadata)
            document = buffer.getvalue()
            found.append(embedded(document, result.claim.id, label, glyphs))
    paths = "".join(f'<path id="{name}" {path}/>' for path, name in glyphs.items())
    return found, f'<svg class="glyphs" aria-hidden="true"><defs>{paths}</defs></svg>'


def embedded(document: str, prefix: str, label: str, glyphs: dict[str, str]) -> str:
    """Return an SVG document as an element that can stand in a page with others.

    Its letters, which are outlines that figures have in common, go to `glyphs`.
    """
    svg = document[document.index("<svg") :]
    svg = re.sub(r"<style.*?</style>|<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r"<!--.*?-->", "", svg, flags=re.S)
    svg = re.sub(r"\s*xmlns(:\w+)?=\"[^\"]*\"", "", svg).replace("xlink:href", "href")
    svg = re.sub(r"(?<=[\d.])\s*\n(?=[A-Za-z])", "", svg)
    named: dict[str, str] = {}

    def moved(match: re.Match[str]) -> str:
        path = f'd="{match[2]}" {match[3]}'
        named[match[1]] = glyphs.setdefault(path, f"glyph-{len(glyphs)}")
        return ""

    svg = re.sub(r'<path id="([^"]+)" d="([^"]*)" (transform="[^"]*")/>', moved, svg)
    for old, new in named.items():
        svg = svg.replace(f'href="#{old}"', f'href="#{new}"')
    used = set(re.findall(r"(?:href=\"|url\()#([^\")]+)", svg))
    stem = re.sub(r"[^a-z0-9]+", "-", prefix)

    def renamed(match: re.Match[str]) -> str:
        return f' id="{stem}-{match[1]}"' if match[1] in used else ""

    svg = re.sub(r"\s+id=\"([^\"]+)\"", renamed, svg)
    svg = re.sub(r"(href=\"|url\()#(?!glyph-)", rf"\1#{stem}-", svg)
    svg = svg.replace(_INK, "currentColor").replace(_GRID, "var(--grid)")
    svg = re.sub(r"<g>\s*</g>|<defs>\s*</defs>", "", svg)
    svg = re.sub(r">\s+<", "><", svg).strip()
    head = f'<svg role="img" aria-label="{html.escape(label)}"'
    svg = re.sub(r"^<svg width=\"[^\"]*\" height=\"[^\"]*\"", "<svg", svg)
    return svg.replace("<svg", head, 1)
