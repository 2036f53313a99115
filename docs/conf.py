"""Configuration of the documentation: `make docs` builds it into docs/_build."""

import importlib.metadata
import os
import re
import shutil
from pathlib import Path

# The notebooks' kernels inherit it, and a backend of that name shows no figures.
os.environ.pop("MPLBACKEND", None)

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
exclude_patterns = [
    "_build",
    "_templates",
    "examples",
    "gallery/*.ipynb",
    "gallery/*.json",
    "**/*.jupytext*",
]
templates_path = ["_templates"]
myst_enable_extensions = ["dollarmath", "deflist"]
nb_execution_mode = "auto"
nb_execution_timeout = 120
nb_render_markdown_format = "myst"

autodoc_typehints = "none"
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


def _write_pages(app: object) -> None:
    """Write the table of claims from the registry, and copy the notebooks here."""
    from geomadv.report import claims_table

    here = Path(__file__).parent
    text = "# All claims\n\n" + claims_table() + "\n"
    page = here / "claims.md"
    if not page.exists() or page.read_text(encoding="utf-8") != text:
        page.write_text(text, encoding="utf-8")
    (here / "notebooks").mkdir(exist_ok=True)
    for notebook in (here.parent / "notebooks").glob("*.ipynb"):
        shutil.copy2(notebook, here / "notebooks")


def _mend(
    app: object, what: str, name: str, obj: object, options: object, lines: list[str]
) -> None:
    """Read |x|, p_+ and (*s, d) as text, and formulas of a module line by line."""
    mended: list[str] = []
    example = formula = False
    for line in lines:
        indented = line.startswith("    ") and what == "module"
        if indented and not formula and mended and not mended[-1].strip():
            mended += ["::", ""]
        formula = indented or (formula and not line.strip())
        example = ">>>" in line or (example and bool(line.strip()))
        if not formula and not example and ":math:" not in line:
            line = re.sub(r"(?<!\\)\|", r"\\|", line)
            line = re.sub(r"(?<=\()\*(?=\w)", r"\\*", line)
            line = re.sub(r"(?<=\w)_(?=[^\w`]|$)", r"\\_", line)
        mended.append(line)
    lines[:] = mended


def _skip(
    app: object, what: str, name: str, obj: object, skip: bool, options: object
) -> bool | None:
    """Leave out scikit-learn's own methods, which refer to its own pages."""
    return True if re.fullmatch(r"set_\w+_request|get_metadata_routing", name) else None


def setup(app: object) -> None:
    """Generate pages before anything is read, and mend docstrings."""
    app.connect("builder-inited", _write_pages)  # type: ignore[attr-defined]
    app.connect("autodoc-process-docstring", _mend)  # type: ignore[attr-defined]
    app.connect("autodoc-skip-member", _skip)  # type: ignore[attr-defined]
