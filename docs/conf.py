"""How Sphinx makes the site: `make docs`.

Its sources are the pages where they lie, README.md beside docs/, so that a link in them leads to
the same place on the site and in a checkout.
"""

import importlib
import warnings

from simple_db import __version__

# Before anything of Glance: it selects threads, where oslo.service would select eventlet, of which
# libraries of Glance warn.
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    importlib.import_module("simple_db.glance")

project = "simple_db"
author = "simple_db maintainers"
copyright = author  # noqa: A001 - Sphinx reads this name
release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/*.md"]
exclude_patterns = [".*", "build", "dist", "simple_db", "tests"]

html_theme = "furo"
html_title = f"simple_db {release}"
html_extra_path = ["site"]  # the first page, which leads to docs/index.html
html_copy_source = False

myst_heading_anchors = 3

default_role = "literal"  # a word in single backticks is code, often the name of a parameter
napoleon_numpy_docstring = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"

# Python's and pytest's own pages are elsewhere, and a build reads nothing from the network.
nitpick_ignore_regex = [("py:.*", r"(collections|contextlib|datetime|os|pathlib|_pytest)\..*")]
