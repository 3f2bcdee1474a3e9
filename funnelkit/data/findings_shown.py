"""How findings are shown: as text for a terminal, and as a table for a notebook."""

from __future__ import annotations

import html
import math
import re
import textwrap
from collections.abc import Sequence

from funnelkit._core import display
from funnelkit.data.finding import Finding, Severity, share_shown

SIGNS: dict[Severity, str] = {"error": "\u2716", "warning": "\u25b2", "note": "\u25cb"}
"""A sign beside each word, so that severity is told by shape and word, not by colour."""

_WIDTH = 96
_CODE = re.compile(r"`([^`]+)`")
_UNWANTED = dict.fromkeys(
    (*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
)
_LEFT = (
    "text-align:left;vertical-align:top;white-space:normal;overflow-wrap:anywhere;"
    "padding:6px 14px 6px 0"
)
_RIGHT = "text-align:right;vertical-align:top;white-space:nowrap;padding:6px 14px 6px 0"
_COLUMNS = (
    "<colgroup>"
    + "".join(f'<col style="width:{width}">' for width in ("9%", "36%", "6%", "6%", "13%", "30%"))
    + "</colgroup>"
)
_SMALL = "font-size:85%;opacity:.75"
_WEIGHT: dict[Severity, str] = {"error": "700", "warning": "600", "note": "400"}


def as_text(finding: Finding, *, width: int = _WIDTH) -> str:
    r"""Return a finding as a few lines of text.

    Examples
    --------
    >>> finding = Finding(
    ...     rule="ids_missing",
    ...     severity="warning",
    ...     count=3,
    ...     share=0.5,
    ...     what="3 rows have no id.",
    ...     remedy="They were set aside.",
    ... )
    >>> print(as_text(finding).replace("\u202f", " "))
    ▲ warning: 3 rows have no id.
        -> They were set aside.
        ids_missing: 3 (50.0 %)
    """
    head = f"{SIGNS[finding.severity]} {finding.severity}: {_clean(finding.what)}"
    lines = _wrapped(head, "", "    ", width)
    if finding.remedy:
        lines += _wrapped(_clean(finding.remedy), "    -> ", "       ", width)
    tail = f"{finding.rule}: {display.count(finding.count)}"
    if math.isfinite(finding.share):
        tail += f" ({share_shown(finding.share)})"
    if finding.examples:
        tail += f", for example {', '.join(_clean(one) for one in finding.examples)}"
    return "\n".join([*lines, *_wrapped(tail, "    ", "    ", width)])


def as_html(summary: str, findings: Sequence[Finding]) -> str:
    """Return a sentence over a table of findings, every text escaped, for a notebook."""
    head = "".join(
        f'<th scope="col" style="{_RIGHT if name in ("Count", "Share") else _LEFT}">{name}</th>'
        for name in ("Severity", "What was found", "Count", "Share", "For example", "What to do")
    )
    table = (
        f'<table style="width:100%;table-layout:auto">{_COLUMNS}<thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(_row(finding) for finding in findings)}</tbody></table>"
        if findings
        else ""
    )
    return f'<div class="funnelkit"><p>{_prose(summary)}</p>{table}</div>'


def _row(finding: Finding) -> str:
    severity = (
        f'<span style="white-space:nowrap;font-weight:{_WEIGHT[finding.severity]}">'
        f"{SIGNS[finding.severity]} {finding.severity}</span>"
    )
    examples = "<br>".join(_prose(one) for one in finding.examples)
    cells = (
        (_LEFT, severity),
        (_LEFT, f'{_prose(finding.what)}<br><code style="{_SMALL}">{_prose(finding.rule)}</code>'),
        (_RIGHT, display.count(finding.count)),
        (_RIGHT, share_shown(finding.share)),
        (_LEFT, examples),
        (_LEFT, _prose(finding.remedy)),
    )
    shown = (f'<td style="{style}">{cell}</td>' for style, cell in cells)
    return f"<tr>{''.join(shown)}</tr>"


def _prose(text: str) -> str:
    """Return a text as markup: escaped, with `` `names` `` as code."""
    return _CODE.sub(r"<code>\1</code>", html.escape(_clean(text)))


def _clean(text: str) -> str:
    """Return a text without signs that do not print or turn the direction of writing."""
    return str(text).translate({**_UNWANTED, 9: " ", 10: " ", 13: " "})


def _wrapped(text: str, first: str, rest: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


__all__ = ["SIGNS", "as_html", "as_text"]
