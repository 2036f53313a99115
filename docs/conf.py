"""Configuration of the documentation: `make docs` builds it into docs/_build."""

import importlib.metadata
import os
from pathlib import Path

os.environ.setdefault("MPLBACKEND", "Agg")

project = "geomadv"
author = "The geomadv developers"
copyright = "the geomadv developers"
release = importlib.metadata.version("geomadv")

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "examples", "gallery/*.ipynb", "gallery/*.json"]
myst_enable_extensions = ["dollarmath", "deflist"]
nb_execution_mode = "off"

autosummary_generate = True
numpydoc_show_class_members = False
numpydoc_xref_param_type = False

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": "plot_",
    "download_all_examples": False,
    "show_signature": False,
    "abort_on_example_error": True,
    "matplotlib_animations": False,
}

html_theme = "pydata_sphinx_theme"
html_title = "geomadv"
html_show_sourcelink = False
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
}


def _write_claims(app: object) -> None:
    """Write the table of claims from the registry."""
    from geomadv.report import claims_table

    text = "# All claims\n\n" + claims_table() + "\n"
    page = Path(__file__).parent / "claims.md"
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")


def setup(app: object) -> None:
    """Generate the page of claims before anything is read."""
    app.connect("builder-inited", _write_claims)  # type: ignore[attr-defined]
