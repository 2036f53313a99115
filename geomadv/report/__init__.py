"""The page of a run: one HTML file that needs no network.

`html` turns the results of `geomadv.claims.verify` into a page with every statement as
MathML, its verdict, its worst point, its twin and its curve.
"""

from geomadv.report._page import html as html

__all__ = ["html"]
