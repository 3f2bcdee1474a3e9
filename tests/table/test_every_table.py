"""Every table there is: one kind of object, whose HTML stands alone in a mail or on a slide."""

import inspect
import re
from html.parser import HTMLParser

import pytest

import funnelkit as fk
from tests.documented import Documented

TABLES = [name for name in fk.table.__all__ if name != "Table"]
TAGS = {"div", "p", "table", "thead", "tbody", "tr", "th", "td"}


class Pasted(HTMLParser):
    """What a mail program takes over: tags, and for each its own style."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("name", TABLES)
def test_it_says_that_it_returns_a_table(name: str) -> None:
    assert inspect.signature(getattr(fk.table, name)).return_annotation == "Table"


@pytest.mark.parametrize("name", TABLES)
def test_its_html_needs_nothing_from_elsewhere(name: str) -> None:
    table = Documented(getattr(fk.table, name), f"fk.table.{name}").call()
    assert isinstance(table, fk.table.Table)
    html = table._repr_html_()
    assert not re.search(r"url\(|@import|https?:|class=|id=", html)
    pasted = Pasted(html).found
    assert {tag for tag, _ in pasted} <= TAGS
    for tag, given in pasted:
        assert set(given) <= {"style", "scope"}
        if tag in {"th", "td", "table", "div"}:
            assert given["style"]
    assert html.count("<td") + html.count("<th ") == len(table.columns) * (1 + len(table.rows))
    assert table.summary
    assert all(len(row) == len(table.columns) for row in table.rows)
    assert repr(table).startswith(table.summary.replace("\u202f", " "))
