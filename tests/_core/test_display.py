"""How numbers, frames and sentences are written."""

import numpy as np
import pandas as pd
import pytest

from funnelkit._core import display

NARROW = "\u202f"
MINUS = "\u2212"
DASH = "\u2013"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1303, "1,303"),
        (1_234_567.4, "1,234,567"),
        (-1303, f"{MINUS}1,303"),
        (np.int64(5997), "5,997"),
    ],
)
def test_count(value: float, text: str) -> None:
    assert display.count(value) == text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, f"0.0{NARROW}%"),
        (1.0, f"100.0{NARROW}%"),
        (0.12601, f"12.6{NARROW}%"),
        (-0.038, f"{MINUS}3.8{NARROW}%"),
        (float("nan"), DASH),
        (float("inf"), DASH),
        (np.float64(0.5), f"50.0{NARROW}%"),
    ],
)
def test_percent(share: float, text: str) -> None:
    assert display.percent(share) == text


def test_percent_with_other_decimals() -> None:
    assert display.percent(0.526, decimals=0) == f"53{NARROW}%"
    assert display.percent(0.00123, decimals=2) == f"0.12{NARROW}%"


def test_ranges_hold_together_and_carry_true_signs() -> None:
    assert display.percent_range(0.08, 0.125) == f"(8.0{DASH}12.5)"
    assert display.percent_range(-0.048, 0.01, words=True) == f"{MINUS}4.8 to 1.0{NARROW}%"
    for words in (True, False):
        assert "-" not in display.percent_range(-0.1, -0.05, words=words)


@pytest.mark.parametrize(
    ("value", "text"), [(-3.84, f"{MINUS}3.8"), (1.2, "+1.2"), (1234.56, "+1,234.6")]
)
def test_signed(value: float, text: str) -> None:
    assert display.signed(value) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0 leads"), (1, "1 lead"), (2, "2 leads"), (1303, "1,303 leads")],
)
def test_plural(number: int, text: str) -> None:
    assert display.plural(number, "lead") == text


def test_plural_of_an_irregular_noun() -> None:
    assert display.plural(1, "entry", "entries") == "1 entry"
    assert display.plural(2, "entry", "entries") == "2 entries"


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (list("abc"), "a, b and c")],
)
def test_listed(names: list[str], text: str) -> None:
    assert display.listed(names) == text


def test_listed_with_another_word() -> None:
    assert display.listed(["lost", "disqualified"], last="or") == "lost or disqualified"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (float("nan"), ""),
        (np.float64("nan"), ""),
        (pd.NaT, ""),
        (0.123456, "0.1235"),
        (12, "12"),
        ("12 %", "12 %"),
        (True, "True"),
        (pd.Period("2026-10", "M"), "2026-10"),
    ],
)
def test_cell(value: object, text: str) -> None:
    assert display.cell(value) == text


FRAME = pd.DataFrame({"source": ["<script>alert(1)</script>", "a & b"], "rate": [0.123456, None]})


def test_text_table_shows_columns_and_short_floats() -> None:
    text = display.text_table(FRAME)
    assert text.splitlines()[0].split() == ["source", "rate"]
    assert "0.1235" in text
    assert "0.123456" not in text


def test_html_escapes_every_cell_heading_and_sentence() -> None:
    frame = FRAME.rename(columns={"rate": "<b>rate</b>"})
    text = display.html_block("1 < 2 & so on", frame)
    assert "<script" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<b>" not in text
    assert "<p>1 &lt; 2 &amp; so on</p>" in text


@pytest.mark.parametrize(
    ("rows", "more"), [(15, None), (16, "… 1 more row"), (40, "… 25 more rows")]
)
def test_a_long_frame_is_cut_and_says_so(rows: int, more: str | None) -> None:
    frame = pd.DataFrame({"n": range(rows)})
    text, page = display.text_table(frame), display.html_block("all", frame)
    assert page.count("<tr>") == 1 + min(rows, 15)
    assert len(text.splitlines()) == 1 + min(rows, 15) + (more is not None)
    assert (more or "") in text
    assert (more or "") in page
    assert "1 more rows" not in text + page
    assert ("…" in page) == (more is not None)


def test_an_empty_frame_is_still_a_table() -> None:
    frame = pd.DataFrame({"n": []})
    assert "<tbody></tbody>" in display.html_block("nothing", frame)
    assert "n" in display.text_table(frame)


def test_any_value_is_one_short_line() -> None:
    frame = pd.DataFrame({"account_id": range(3), "variant": "a"})
    assert display.brief_text(frame) == "a table of 3 rows: account_id, variant"
    assert display.brief_text(np.arange(3)) == "[0 1 2]"
    assert display.brief_text(()) == display.brief_text("") == display.brief_text(None) == ""
    assert display.brief_text(0) == "0"
    assert len(display.brief_text("x" * 500)) == 120
