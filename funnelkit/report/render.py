"""From an executed notebook to one HTML file: no code, no script, no request."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

_TEMPLATES = Path(__file__).parent / "templates"


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
    import nbformat

    reader: Any = nbformat
    return page_of(reader.read(os.fspath(notebook), as_version=4))


def page_html(parts: Sequence[str]) -> str:
    """Return the page of pieces of HTML, as from a notebook whose cells showed them."""
    import nbformat

    v4: Any = nbformat.v4
    cells = [
        v4.new_code_cell(outputs=[v4.new_output("execute_result", {"text/html": part})])
        for part in parts
    ]
    return page_of(v4.new_notebook(cells=cells))


def page_of(notebook: Any) -> str:
    """Return the page of a notebook in memory."""
    body, _ = _exporter().from_notebook_node(notebook)
    return re.sub(r"\n{3,}", "\n\n", str(body)).strip() + "\n"


def lab_style() -> str:
    """Return a style element that gives the sections their look in a notebook, and only them."""
    parts = (_TEMPLATES / "funnelkit" / "parts.css").read_text(encoding="utf-8")
    frame = "background: var(--bg); padding: 1px 16px 16px; max-width: 968px;"
    for selector, nested in ((":root", "&"), (".fk, .fk *", "&, & *"), (".fk {", "& {")):
        parts = parts.replace(selector, nested)
    return f"<style>.fk {{{frame}\n{parts}}}</style>"


@cache
def _exporter() -> Any:
    """Return an exporter of nbconvert with our own template, and with nobody's settings."""
    from nbconvert.exporters import templateexporter
    from traitlets.config import Config

    made: Any = templateexporter.TemplateExporter
    return made(
        config=Config(),
        template_name="funnelkit",
        template_file="index.html.j2",
        extra_template_basedirs=[str(_TEMPLATES)],
    )
