"""How the documents become pages: `make docs`.

The source is the repository's root, so that the links between pages are the same files here, on a code forge
and in an editor. Nothing on a page comes from another host. Notebooks run while the pages are built, in
folders of their own that are thrown away; what they print and draw is what stands on the page.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from nbclient import NotebookClient
from pygments.lexers.special import TextLexer

import sarhad

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])

project = "Sarhad"
author = "The Sarhad authors"
project_copyright = author
version = release = sarhad.__version__

root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md", "docs/**.ipynb", "src/sarhad/data/**.md"]
exclude_patterns = [".*", "**/.*", "build", "dist", "tests", "benchmarks", "web"]
extensions = ["myst_nb", "sphinx.ext.autodoc", "command_options"]

# Markdown as code forges read it: anchors from headings, tables, pictures.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "deflist"]

# Notebooks: a failing cell fails the build.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_timeout = 120
nb_execution_show_tb = True
NotebookClient.coalesce_streams = True  # what a command prints is one text; MyST-NB merges line by line
nb_output_stderr = "remove"  # progress

# Signatures and docstrings of the public names. A word in backticks is code.
default_role = "literal"
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
autodoc_type_aliases = {name: name for name in ("npt.ArrayLike", "ArrayLike", "FloatArray", "ObserverTable")}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
add_module_names = False
toc_object_entries = False

# Every reference must lead somewhere, but for types in signatures: most of them have no page by design.
nitpicky = True
nitpick_ignore_regex = [("py:class", r".+")]
# A page that was not run (`-D nb_execution_mode=off`) does not know its language.
suppress_warnings = ["myst-nb.lexer"]

smartquotes = False  # two hyphens of an option stay two

html_theme = "furo"
html_title = "Sarhad"
html_static_path = ["static"]
html_css_files = ["tables.css"]
html_copy_source = False
html_show_sphinx = False

# Pages by their folders; a new page takes its place by itself.
NAVIGATION = {
    "Tutorial": ["tutorial/*", "notebooks/*"],
    "How to": ["how-to/own-border", "how-to/terrain", "how-to/osm", "how-to/own-*", "how-to/*"],
    "Reference": ["reference/project", "reference/cli", "reference/*", "/GLOSSARY"],
    "Explanation": ["explanation/model", "explanation/what-the-number-is-not", "explanation/*"],
    "Examples": [
        "/src/sarhad/data/tajik_afghan/README",
        "Where its files come from </src/sarhad/data/tajik_afghan/ATTRIBUTION>",
        "/src/sarhad/data/kyrgyz_tajik/README",
        "Where its files come from </src/sarhad/data/kyrgyz_tajik/ATTRIBUTION>",
        "/src/sarhad/data/**",
    ],
    "The code": ["/README", "/ARCHITECTURE", "/CONTRIBUTING", "/CHANGELOG", "decisions/*"],
}


def add_navigation(app: object, page: str, source: list[str]) -> None:
    """Put the tree of pages under the first page, where a code forge need not show it."""
    if page == root_doc:
        for caption, entries in NAVIGATION.items():
            lines = [":hidden:", ":glob:", f":caption: {caption}", "", *entries]
            source[0] += "\n```{toctree}\n" + "\n".join(lines) + "\n```\n"


def setup(app: object) -> None:
    """Tell Sphinx of the tree of pages, and that tables in a page are plain text."""
    app.add_lexer("csv", TextLexer)  # type: ignore[attr-defined]
    app.connect("source-read", add_navigation)  # type: ignore[attr-defined]
