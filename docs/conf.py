"""How Sphinx makes the site of the documentation; `docs/build_site.py` brings its pages together and calls it."""

import re
from importlib.metadata import version as version_of
from typing import Any

project = "Rekindle"
author = "The Rekindle developers"
copyright = author  # noqa: A001 — Sphinx's word
version = version_of("rekindle")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 4  # links to headings, as on GitHub
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True}
default_role = "code"
napoleon_use_ivar = True
add_module_names = False
suppress_warnings = [
    "docutils",  # docstrings are written to be read as they stand, and not all are the markup that Sphinx expects
    "ref.python",  # a name that several classes have, such as `low`
]
python_use_unqualified_type_names = True
toc_object_entries_show_parents = "hide"
html_use_index = False  # there is the search
html_domain_indices = False

smartquotes = False  # or options such as --set would get a dash
html_theme = "furo"
html_title = project
html_copy_source = False
html_show_sphinx = False


def setup(app: Any) -> None:
    """Show indented examples of docstrings as code; Napoleon, which reads their sections, comes later."""
    app.connect("autodoc-process-docstring", _examples_as_code, priority=400)


def _examples_as_code(app: Any, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    lines[:] = re.sub(r"^(\S.*)\n\n(?= {4}\S)", r"\1\n\n::\n\n", "\n".join(lines), flags=re.MULTILINE).split("\n")
