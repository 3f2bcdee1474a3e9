"""Tables that stand open on the page of a plan."""

from __future__ import annotations

from collections.abc import Sequence

from funnelkit.report.page.markup import Html, Part, el


def open_table(
    heads: Sequence[str],
    rows: Sequence[Sequence[Part]],
    *,
    label: str,
    words: Sequence[int] = (),
    kind: str = "data card-table",
) -> Html:
    """Return a table that scrolls where it is too wide; the first cell names the row.

    Parameters
    ----------
    heads
        Headings.
    rows
        Cells, as text or markup.
    label
        What it is, for those who do not see it.
    words
        Columns that hold words and are set to the left.
    kind
        Its classes.
    """
    table = el(
        "table",
        el(
            "thead",
            el("tr", [_cell("th", k, head, words, scope="col") for k, head in enumerate(heads)]),
        ),
        el(
            "tbody",
            [
                el(
                    "tr",
                    el("th", row[0], scope="row"),
                    [_cell("td", k, one, words) for k, one in enumerate(row[1:], 1)],
                )
                for row in rows
            ],
        ),
        class_=kind,
    )
    return el("div", table, class_="scroll", tabindex="0", role="region", aria_label=label)


def _cell(tag: str, k: int, content: Part, words: Sequence[int], **more: object) -> Html:
    return el(tag, content, class_="words" if k in words else None, **more)
