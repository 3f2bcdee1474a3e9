"""`Table`: printed cells, as HTML that survives a mail and as aligned text."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from funnelkit._core.display import NARROW_SPACE

Align = Literal["left", "right"]
_INK, _MUTED, _RULE, _GROUND = "#15202b", "#55616d", "#d5dce3", "#ffffff"
_SANS = "'Segoe UI','Helvetica Neue',Arial,sans-serif"
_CELL = f"padding:5px 10px;border:0;border-bottom:1px solid {_RULE};background:{_GROUND};"
# What spreadsheets read when a table is pasted: text stays text, and no name becomes a formula.
_AS_TEXT = "mso-number-format:'\\@';"


@dataclass(frozen=True)
class Column:
    """Heading of a column, and to which side it is set: names left, numbers right."""

    head: str
    align: Align = "right"


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Table:
    """Cells as they are printed; shows itself in a notebook, and pastes into a mail.

    Parameters
    ----------
    summary
        One or two sentences over the table.
    columns
        Headings.
    rows
        One text for each column; the first one names the row.
    notes
        Sentences under the table: denominators, intervals, marks.

    Examples
    --------
    >>> table = Table(
    ...     summary="Two sources.",
    ...     columns=(Column("source", "left"), Column("leads")),
    ...     rows=(("webinar", "1,303"), ("<b>mail</b>", "28")),
    ... )
    >>> table
    Two sources.
    <BLANKLINE>
    source       leads
    webinar      1,303
    <b>mail</b>     28
    >>> "<b>mail" in table.to_html()
    False
    """

    summary: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = field(default=())

    def to_html(self) -> str:
        """Return the table as HTML with all its styles in place, and nothing but text in cells."""
        head = "".join(
            f'<th scope="col" style="{_style(column)}color:{_MUTED};font-weight:600;'
            f'vertical-align:bottom;">{_escaped(column.head)}</th>'
            for column in self.columns
        )
        body = "".join(f"<tr>{self._row(row)}</tr>" for row in self.rows)
        notes = "".join(
            f'<p style="margin:6px 0 0;max-width:60em;color:{_MUTED};font-size:12.5px;">'
            f"{_escaped(note)}</p>"
            for note in self.notes
        )
        return (
            f'<div style="font-family:{_SANS};font-size:13.5px;line-height:1.45;color:{_INK};'
            f'background:{_GROUND};padding:8px;display:inline-block;">'
            f'<p style="margin:0 0 8px;max-width:46em;font-size:15px;">{_escaped(self.summary)}</p>'
            f'<table style="border-collapse:collapse;border:0;font-size:13.5px;color:{_INK};'
            f'font-variant-numeric:tabular-nums;"><thead><tr>{head}</tr></thead>'
            f"<tbody>{body}</tbody></table>{notes}</div>"
        )

    def to_text(self) -> str:
        """Return the table as aligned text."""
        cells = [[column.head for column in self.columns], *(list(row) for row in self.rows)]
        plain = [[_plain(cell) for cell in row] for row in cells]
        widths = [max(map(_width, column)) for column in zip(*plain, strict=True)]
        lines = [self._line(row, widths) for row in plain]
        parts = [_plain(self.summary), "\n".join(lines), "\n".join(map(_plain, self.notes))]
        return "\n\n".join(part for part in parts if part)

    def __repr__(self) -> str:
        """Return the table as aligned text."""
        return self.to_text()

    def _repr_html_(self) -> str:
        return self.to_html()

    def _row(self, row: Sequence[str]) -> str:
        cells = []
        for number, (column, text) in enumerate(zip(self.columns, row, strict=True)):
            tag, more = ('th scope="row"', "font-weight:600;") if number == 0 else ("td", "")
            cells.append(
                f'<{tag} style="{_style(column)}{more}">{_escaped(text)}</{tag.split(" ")[0]}>'
            )
        return "".join(cells)

    def _line(self, row: Sequence[str], widths: Sequence[int]) -> str:
        cells = []
        for column, text, width in zip(self.columns, row, widths, strict=True):
            room = " " * (width - _width(text))
            cells.append(text + room if column.align == "left" else room + text)
        return "  ".join(cells).rstrip()


def _style(column: Column) -> str:
    if column.align == "left":
        return f"{_CELL}{_AS_TEXT}text-align:left;min-width:9em;"
    return f"{_CELL}text-align:right;white-space:nowrap;"


def _escaped(text: str) -> str:
    return html.escape(text, quote=True)


def _plain(text: str) -> str:
    """Return text with the narrow space of a percentage as a space that every font has."""
    return text.replace(NARROW_SPACE, " ")


def _width(text: str) -> int:
    """Return the columns that text takes in a terminal."""
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )
