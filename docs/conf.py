"""How the pages are built: `make docs`. Nothing is fetched, while building or while reading."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from sphinx.application import Sphinx

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # the extensions beside this file, and the results of benchmarks/
os.environ.setdefault("OMP_NUM_THREADS", "1")

from arden import __version__  # noqa: E402

project = "Arden"
author = "the Arden authors"
project_copyright = "the Arden authors. Apache-2.0"
version = release = __version__
language = "en"

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "docs.extensions.docstrings",
    "docs.extensions.examples",
    "docs.extensions.facts",
    "docs.extensions.formulas",
]
exclude_patterns = ["extensions", "made", "static"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
default_role = "code"  # of docstrings; pages are Markdown
autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the first line of every docstring says shapes and units

html_theme = "pydata_sphinx_theme"
html_title = "Arden"
html_static_path = ["static"]
html_css_files = ["arden.css"]
html_math_renderer = "mathml"
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "Arden"},
    "navbar_end": ["theme-switcher"],
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "show_toc_level": 2,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "search": []}


def _link_inside(app: object, page: str, source: list[str]) -> None:
    """Links of pages that are read in the repository too, to files that have a page here."""
    source[0] = source[0].replace("](../benchmarks/LOG.md)", "](log.md)")


def setup(app: Sphinx) -> None:
    """Sphinx -> (): what is done to every page before it is read."""
    app.connect("source-read", _link_inside)
