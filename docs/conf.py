"""How Sphinx builds these pages: `make docs`, into build/docs. Nothing is fetched to build or read.

Notebooks are copied beside the pages and shown as they ran; what they printed is kept under
build/ until their code changes.
"""

import re
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path[:0] = [str(HERE / "extensions"), str(ROOT)]

import interfaces  # noqa: E402
from sphinx.application import Sphinx  # noqa: E402

import funnelkit  # noqa: E402

project = "funnelkit"
author = "funnelkit contributors"
copyright = "funnelkit contributors, MIT licence"  # noqa: A001
version = release = funnelkit.__version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "numpydoc",
    "mathml",
    "offline",
]
exclude_patterns = ["extensions", "**.ipynb_checkpoints"]
nitpicky = False  # docstrings name NumPy and pandas types, whose own pages are elsewhere
default_role = "code"  # single backticks in docstrings are code

# --- pages ------------------------------------------------------------------------------

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
myst_links_external_new_tab = False
# A page may link to a file of the repository, such as a benchmark; it is not part of the site.
suppress_warnings = ["mystnb.unknown_mime_type", "toc.empty_glob"]

# --- notebooks, and pages that the package writes --------------------------------------------

shown = HERE / "notebooks"
shutil.rmtree(shown, ignore_errors=True)
shown.mkdir()
for notebook in sorted(ROOT.glob("notebooks/[0-9][0-9]_*.ipynb")):
    shutil.copyfile(notebook, shown / notebook.name)
(HERE / "reference" / "parameters.md").write_text(interfaces.parameters(), encoding="utf-8")
(HERE / "reference" / "commands.md").write_text(interfaces.commands(), encoding="utf-8")
nb_execution_mode = "cache"
nb_execution_cache_path = str(ROOT / "build" / "docs-notebooks")
nb_execution_timeout = 300
nb_execution_raise_on_error = True
nb_execution_in_temp = True
nb_ipywidgets_js = {}  # the usual ones are fetched from another host
nb_merge_streams = True

# --- docstrings -------------------------------------------------------------------------

autodoc_typehints = "none"  # the signature in a docstring's own words is enough
autodoc_member_order = "bysource"
autodoc_default_options = {"show-inheritance": False}
numpydoc_show_class_members = False  # autodoc lists them
add_module_names = False
python_use_unqualified_type_names = True

# --- the site ---------------------------------------------------------------------------

html_theme = "furo"
html_title = f"funnelkit {version}"
html_show_sphinx = False
html_copy_source = False
html_static_path = ["style"]
html_css_files = ["site.css"]
html_math_renderer = "mathml"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0a5c9e", "color-brand-content": "#0a5c9e"},
    "dark_css_variables": {"color-brand-primary": "#6cb4f5", "color-brand-content": "#6cb4f5"},
    "footer_icons": [],
}


# --- links ------------------------------------------------------------------------------


def to_the_site(app: Sphinx, name: str, source: list[str]) -> None:
    """Turn links as a reader of the files follows them into links of the site.

    Numbered notebooks are pages here; a text file beside docs/ is handed over as it is.
    """
    text = re.sub(r"\]\(\.\./((?:\.\./)*notebooks/\d\d_)", r"](\1", source[0])
    here = Path(app.env.doc2path(name)).parent

    def outside(link: re.Match[str]) -> str:
        inside = (here / link[1]).resolve().is_relative_to(HERE)
        return link[0] if inside else f"](path:{link[1]})"

    source[0] = re.sub(r"\]\((\.\./[^)#:]+\.md)\)", outside, text)


def setup(app: Sphinx) -> None:
    """Connect what stands above."""
    app.connect("source-read", to_the_site)
