"""Nothing from the data becomes markup."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.report.page.markup import Html, el, escaped, join, plain, prose

NASTY = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onload='x",
    "&lt;",
    "a&b",
]


@pytest.mark.parametrize("text", NASTY)
def test_text_and_attributes_are_escaped(text: str) -> None:
    made = el("p", text, title=text)
    inside = made.removeprefix('<p title="').removesuffix("</p>").replace('">', "", 1)
    assert not set(inside) & set("<>\"'")


def test_markup_is_put_in_as_it_is() -> None:
    inner = el("b", "x")
    assert el("p", "<", inner, None, [inner, "&"]) == "<p>&lt;<b>x</b><b>x</b>&amp;</p>"
    assert join(inner, " & ") == "<b>x</b> &amp; "


def test_attributes_keep_their_names_and_can_be_left_out() -> None:
    made = el("svg", viewBox="0 0 1 1", class_="a", aria_hidden="true", hidden=True, id=None)
    assert made == '<svg viewBox="0 0 1 1" class="a" aria-hidden="true" hidden></svg>'
    assert el("br") == "<br>"


def test_control_characters_and_direction_marks_are_dropped() -> None:
    assert escaped("a\x00b\u202ec\u2066d\x1be") == "abcde"


@given(st.text(alphabet=string.printable + "\u202e\u2028é", max_size=60))
def test_plain_gives_back_what_a_reader_sees(text: str) -> None:
    shown = plain(el("p", el("b", "x"), text))
    kept = "".join(c for c in text if c in "\n\t" or ord(c) >= 32)
    assert shown == "x" + kept.replace("\x7f", "").replace("\u202e", "")


def test_figures_in_brackets_stay_together_and_names_become_code() -> None:
    assert prose("10 % (8.0 to 12.5 %) by `as_of`") == (
        '10 % <span class="nw">(8.0 to 12.5 %)</span> by <code>as_of</code>'
    )
    assert "<span" not in prose("a name (without figures)")
    assert prose(Html("<b>x</b>")) == "<b>x</b>"
    assert "<script>" not in prose("`<script>` (1)")
