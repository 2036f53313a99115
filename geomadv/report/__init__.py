"""The page of a run: one HTML file that needs no network.

`html` turns the results of `geomadv.claims.verify` into a page with every statement as
MathML, its verdict, its worst point, its twin and its curve, and `latex` into a table
with a row a claim. `claims_table` lists the claims of the registry, `papers_table` its
papers.
"""

from geomadv.report._latex import latex as latex
from geomadv.report._markdown import claims_table as claims_table
from geomadv.report._markdown import papers_table as papers_table
from geomadv.report._page import html as html

__all__ = ["claims_table", "html", "latex", "papers_table"]
