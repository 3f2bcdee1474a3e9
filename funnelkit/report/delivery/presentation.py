"""An empty presentation, on the user's own template or on a plain one, and its layouts."""

from __future__ import annotations

import html
import importlib
import io
import os
import re
import zipfile
from pathlib import Path
from typing import Any

from funnelkit._core.errors import ArgumentError, ReportError
from funnelkit.report.delivery.stylesheet import colour
from funnelkit.report.page.markup import escaped

_OFFICE = "application/vnd.openxmlformats-officedocument.presentationml."
_TEMPLATE, _PRESENTATION = (f"{_OFFICE}{kind}.main+xml" for kind in ("template", "presentation"))
_TYPES = "[Content_Types].xml"
_WIDE = (12_192_000, 6_858_000)  # 13.33 x 7.5 inches, in English metric units
DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
"""Namespace of texts and shapes."""

INCH = 914_400
"""English metric units in an inch."""

_MOMENT = (1980, 1, 1, 0, 0, 0)


def require_pptx() -> Any:
    """Return python-pptx.

    Raises
    ------
    ReportError
        If it is not installed; with the command that installs it.
    """
    try:
        return importlib.import_module("pptx")
    except ImportError:
        raise ReportError(
            "slides need python-pptx, which is not installed: pip install 'funnelkit[slides]'."
        ) from None


def opened(template: str | os.PathLike[str] | None) -> Any:
    """Return a presentation without slides.

    Parameters
    ----------
    template
        A .pptx or .potx, of which the layouts, the theme and the size are taken; none: a plain one.

    Raises
    ------
    ArgumentError
        If the template cannot be read, or has no layout with a title.
    ReportError
        If python-pptx is not installed.
    """
    pptx = require_pptx()
    if template is None:
        return _plain(pptx.Presentation())
    path = Path(template)
    try:
        made = pptx.Presentation(io.BytesIO(_as_presentation(path)))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise ArgumentError(
            f"`template` must be a presentation (.pptx or .potx); {path.name} cannot be read as "
            f"one ({str(error).splitlines()[0][:120] if str(error) else type(error).__name__})."
        ) from None
    if not _titled(made):
        raise ArgumentError(f"`template`: {path.name} has no layout with a title.")
    _without_slides(made)
    return made


def _plain(made: Any) -> Any:
    """Return the plain presentation, made broad, in the colours of the page."""
    stretch = _WIDE[0] / made.slide_width
    shift = _WIDE[1] / made.slide_height
    made.slide_width, made.slide_height = _WIDE
    for page in (made.slide_master, *made.slide_layouts):
        for shape in page.shapes:
            if shape.element.find(f".//{DRAWN}xfrm") is None:  # it stands where the master says
                continue
            told = shape.left, shape.top, shape.width, shape.height
            shape.left, shape.width = (round(one * stretch) for one in told[::2])
            shape.top, shape.height = (round(one * shift) for one in told[1::2])
    for shape in made.slide_layouts[0].placeholders:
        shape.left, shape.width = emu(0.7), made.slide_width - 2 * emu(0.7)
    for part in made.part.package.iter_parts():
        if str(part.partname).startswith("/ppt/theme/"):
            for old, new in (("1F497D", "ink"), ("4F81BD", "accent")):
                shown = colour(new).removeprefix("#").upper()
                part._blob = part.blob.replace(old.encode(), shown.encode())
    titles = made.slide_master.element.iter(f"{DRAWN}lvl1pPr")
    styles = [one for one in titles if one.getparent().tag.endswith("titleStyle")]
    for style in (*styles, *made.slide_layouts[0].element.iter(f"{DRAWN}lvl1pPr")):
        style.set("algn", "l")
    return made


def layout_of(made: Any, *, cover: bool) -> Any:
    """Return the layout for the first slide, or for one with a title and room below it.

    A layout with a title and nothing else to fill is the one; where there is none, that with the
    fewest other places, which then are taken off the slide.
    """
    if cover:
        for layout in made.slide_layouts:
            kinds = {one.placeholder_format.type for one in layout.placeholders}
            names = {str(kind).split(" ")[0].split(".")[-1] for kind in kinds}
            if {"CENTER_TITLE", "SUBTITLE"} <= names:
                return layout
    return min(_titled(made), key=lambda layout: len(_places(layout)))


def _titled(made: Any) -> list[Any]:
    return [
        layout
        for layout in made.slide_layouts
        if any(one.placeholder_format.idx == 0 for one in layout.placeholders)
    ]


def _places(layout: Any) -> list[Any]:
    """Return the places to fill of a layout: not its date, footer and number."""
    return [one for one in layout.placeholders if one.placeholder_format.idx not in {10, 11, 12}]


def _as_presentation(path: Path) -> bytes:
    """Return a template's bytes as those of a presentation, which is all that differs."""
    content = path.read_bytes()
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        types = package.read(_TYPES)
        if _TEMPLATE.encode() not in types:
            return content
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as changed:
            for name in package.namelist():
                part = package.read(name)
                if name == _TYPES:
                    part = types.replace(_TEMPLATE.encode(), _PRESENTATION.encode())
                changed.writestr(name, part)
    return stream.getvalue()


def _without_slides(made: Any) -> None:
    """Take the slides off a template, which are there to show it."""
    listed = made.slides._sldIdLst
    for one in list(listed):
        made.part.drop_rel(one.rId)
        listed.remove(one)


def saved(made: Any) -> bytes:
    """Return a presentation's bytes: the same for the same slides."""
    stream = io.BytesIO()
    made.save(stream)
    same = io.BytesIO()
    with (
        zipfile.ZipFile(stream) as package,
        zipfile.ZipFile(same, "w", zipfile.ZIP_DEFLATED) as kept,
    ):
        for name in package.namelist():
            entry = zipfile.ZipInfo(name, _MOMENT)
            entry.compress_type = zipfile.ZIP_DEFLATED
            kept.writestr(entry, package.read(name))
    return same.getvalue()


def emu(inches: float) -> int:
    """Return a length as PowerPoint counts it."""
    return round(inches * INCH)


def clean(words: str, *, lines: bool = False) -> str:
    """Return words that a slide can hold: no control characters, no marks of direction.

    Parameters
    ----------
    words
        Any text.
    lines
        Whether it may have several lines.
    """
    harmless = html.unescape(escaped(words)).encode("utf-8", "replace").decode("utf-8")
    return harmless if lines else re.sub(r"[\t\n\r\v\f]+", " ", harmless)
