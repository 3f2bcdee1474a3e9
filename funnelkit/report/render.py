"""From an executed notebook to one HTML file: no code, no script, no request."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import nbformat
from nbconvert.exporters import templateexporter
from traitlets.config import Config

from funnelkit.report.page.style import TEMPLATES

_FORMAT: Any = nbformat
_EXPORTER: Any = templateexporter.TemplateExporter


def render(notebook: str | os.PathLike[str]) -> str:
    """Return the page of an executed notebook.

    Parameters
    ----------
    notebook
        The executed notebook. The HTML that its cells show makes the page, in their order;
        markdown cells stand between. Cells tagged ``lab`` are for JupyterLab alone.

    Returns
    -------
    str
        One HTML file with its style in it; it asks for nothing else.
    """
    return page_of(_FORMAT.read(os.fspath(notebook), as_version=4))


def page_html(parts: Sequence[str]) -> str:
    """Return the page of pieces of HTML, as from a notebook whose cells showed them."""
    v4 = _FORMAT.v4
    cells = [
        v4.new_code_cell(outputs=[v4.new_output("execute_result", {"text/html": part})])
        for part in parts
    ]
    return page_of(v4.new_notebook(cells=cells))


def page_of(notebook: Any) -> str:
    """Return the page of a notebook in memory."""
    body, _ = _exporter().from_notebook_node(notebook)
    return re.sub(r"\n{3,}", "\n\n", str(body)).strip() + "\n"


@cache
def _exporter() -> Any:
    """Return an exporter of nbconvert with our own template, and with nobody's settings."""
    return _EXPORTER(
        config=Config(),
        template_name="funnelkit",
        template_file="index.html.j2",
        extra_template_basedirs=[str(TEMPLATES)],
    )
