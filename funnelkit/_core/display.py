"""How numbers, frames and results are written: one style for text, HTML and sentences."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

MINUS = "\u2212"
NARROW_SPACE = "\u202f"
EN_DASH = "\u2013"
BLANK = "(blank)"
FEWEST = 20
"""No percentage of fewer leads is shown."""
FEW = 100
"""Groups of fewer leads are marked as small."""
_SHOWN_ROWS = 15
_LONGEST = 120
# Lines and text that go with a light ground and a dark one.
_BLOCK = "font-size:13.5px;line-height:1.45;max-width:72em;font-variant-numeric:tabular-nums;"
_CELL = "padding:4px 10px;border:0;border-bottom:1px solid rgba(128,140,152,.35);"
_LONG = {1_000_000_000: "bn", 1_000_000: "M"}


def count(value: float) -> str:
    """Return a count with thousands separated and a true minus.

    Examples
    --------
    >>> count(1303)
    '1,303'
    """
    return f"{round(value):,}".replace("-", MINUS)


def brief(value: float) -> str:
    """Return an amount as a headline has it: long ones in millions.

    Examples
    --------
    >>> brief(10_005_534).replace(NARROW_SPACE, " "), brief(98_765)
    ('10.01 M', '98,765')
    """
    for size, word in _LONG.items():
        if abs(value) >= size:
            return f"{value / size:,.2f}".replace("-", MINUS) + f"{NARROW_SPACE}{word}"
    return count(value)


def expected(value: float) -> str:
    """Return a count that is expected rather than counted: with a decimal where it is small.

    Examples
    --------
    >>> expected(23.7), expected(2.44)
    ('24', '2.4')
    >>> expected(float("nan")) == EN_DASH
    True
    """
    if not math.isfinite(value):
        return EN_DASH
    return f"{value:,.1f}".replace("-", MINUS) if abs(value) < 9.95 else count(value)


def expected_between(value: float, low: float, high: float) -> str:
    """Return an expected count with its interval, or a dash where it is not known.

    Examples
    --------
    >>> expected_between(24.1, 15.2, 34.0) == f"24 (15{EN_DASH}34)"
    True
    """
    if not math.isfinite(value):
        return EN_DASH
    return f"{expected(value)} ({expected(low)}{EN_DASH}{expected(high)})"


def chance(probability: float) -> str:
    """Return a probability as a whole percentage, never rounded to none or to all.

    Examples
    --------
    >>> [chance(each).replace(NARROW_SPACE, " ") for each in (0.13, 0.002, 0.999)]
    ['13 %', 'less than 1 %', 'more than 99 %']
    """
    if probability < 0.01:
        return f"less than 1{NARROW_SPACE}%"
    if probability > 0.99:
        return f"more than 99{NARROW_SPACE}%"
    return percent(probability, decimals=0)


def a_chance(probability: float) -> str:
    """Return a probability with its noun and article.

    Examples
    --------
    >>> [a_chance(each).replace(NARROW_SPACE, " ") for each in (0.13, 0.08, 0.002)]
    ['a 13 % chance', 'an 8 % chance', 'a chance of less than 1 %']
    """
    said = chance(probability)
    if not said[0].isdigit():
        return f"a chance of {said}"
    vowel = said[0] == "8" or round(100 * probability) in (11, 18)
    return f"{'an' if vowel else 'a'} {said} chance"


def percent(share: float, *, decimals: int = 1) -> str:
    """Return a share as a percentage, with a narrow no-break space.

    Examples
    --------
    >>> percent(0.10045) == f"10.0{NARROW_SPACE}%"
    True
    >>> percent(float("nan")) == EN_DASH
    True
    """
    if not math.isfinite(share):
        return EN_DASH
    return f"{100 * share:.{decimals}f}".replace("-", MINUS) + f"{NARROW_SPACE}%"


def percent_range(low: float, high: float, *, words: bool = False) -> str:
    """Return an interval of shares in per cent, in brackets with a dash, or in words.

    Examples
    --------
    >>> percent_range(0.08, 0.125) == f"(8.0{EN_DASH}12.5)"
    True
    >>> percent_range(0.08, 0.125, words=True) == f"8.0 to 12.5{NARROW_SPACE}%"
    True
    """
    ends = [f"{100 * end:.1f}".replace("-", MINUS) for end in (low, high)]
    if words:
        return f"{ends[0]} to {ends[1]}{NARROW_SPACE}%"
    return f"({ends[0]}{EN_DASH}{ends[1]})"


def estimate(share: float, low: float, high: float) -> str:
    """Return a share with its interval, or a dash where it is not known.

    Examples
    --------
    >>> estimate(0.126, 0.116, 0.136) == f"12.6{NARROW_SPACE}% (11.6{EN_DASH}13.6)"
    True
    >>> estimate(float("nan"), 0.0, 1.0) == EN_DASH
    True
    """
    if not math.isfinite(share):
        return EN_DASH
    return f"{percent(share)} {percent_range(low, high)}"


def maturity(share: float) -> str:
    """Return a maturity as a whole percentage, never rounded up to all of it.

    Examples
    --------
    >>> [maturity(share).rstrip("%").strip() for share in (0.526, 0.997, 1.0)]
    ['53', '99', '100']
    """
    return percent(share if share >= 1 else min(share, 0.99), decimals=0)


def signed(value: float, *, decimals: int = 1) -> str:
    """Return a change with its sign; what rounds to nothing has none.

    Examples
    --------
    >>> signed(-3.84) == f"{MINUS}3.8", signed(1.2)
    (True, '+1.2')
    """
    text = f"{value:+,.{decimals}f}"
    return text[1:] if not text.strip("+-0.,") else text.replace("-", MINUS)


def pvalue(value: float) -> str:
    """Return a p-value with its sign of comparison.

    Examples
    --------
    >>> pvalue(0.0421), pvalue(2e-5)
    ('p = 0.042', 'p < 0.001')
    """
    return "p < 0.001" if value < 0.001 else f"p = {value:.3f}"


def plural(number: float, noun: str, many: str | None = None) -> str:
    """Return a count with its noun.

    Examples
    --------
    >>> plural(1, "lead"), plural(1303, "lead"), plural(2, "entry", "entries")
    ('1 lead', '1,303 leads', '2 entries')
    """
    word = noun if round(number) == 1 else (many or f"{noun}s")
    return f"{count(number)} {word}"


def listed(names: list[str], *, last: str = "and") -> str:
    """Return names in a row as one says them.

    Examples
    --------
    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} {last} {names[-1]}"


def segment_name(values: Sequence[str | None]) -> str:
    r"""Return a segment's values as one label on one line; a value that is not there is named so.

    Examples
    --------
    >>> segment_name(("webinar", None)), segment_name(["trade\nfair"])
    ('webinar, (blank)', 'trade fair')
    """
    return ", ".join(BLANK if value is None else one_line(value) for value in values)


def one_line(name: str) -> str:
    r"""Return a name from the data without line breaks, tabs and signs that do not print.

    Examples
    --------
    >>> one_line("trade\r\n fair\x00")
    'trade fair'
    """
    spaced = re.sub(r"[\x00-\x20\x7f\u2028\u2029]+", " ", str(name)).strip()
    return spaced or BLANK


def brief_text(value: Any) -> str:
    """Return any value as one short line.

    Examples
    --------
    >>> brief_text(("control", "B")), brief_text(None), len(brief_text("long " * 99))
    ('control, B', '', 120)
    """
    if hasattr(value, "columns") and hasattr(value, "shape"):
        return f"a table of {plural(value.shape[0], 'row')}: {brief_text(list(value.columns))}"
    if isinstance(value, (list, tuple)):
        value = ", ".join(map(str, value))
    said = "" if value is None else str(value)
    text = one_line(said) if said else ""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def text_table(frame: pd.DataFrame) -> str:
    """Return the head of a frame as plain text."""
    shown = frame.head(_SHOWN_ROWS).to_string(index=False, float_format=_short, na_rep=EN_DASH)
    rest = len(frame) - _SHOWN_ROWS
    return f"{shown}\n… {plural(rest, 'more row')}" if rest > 0 else shown


def html_block(summary: str, frame: pd.DataFrame) -> str:
    """Return a sentence over a table, every cell escaped, for a notebook or a mail."""
    shown = frame.head(_SHOWN_ROWS)
    sides = [_side(shown.iloc[:, number]) for number in range(shown.shape[1])]
    head = "".join(
        f'<th style="{_CELL}{side}">{html.escape(str(name))}</th>'
        for name, side in zip(shown.columns, sides, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(
            f'<td style="{_CELL}{side}">{html.escape(cell(value))}</td>'
            for value, side in zip(row, sides, strict=True)
        )
        + "</tr>"
        for row in shown.itertuples(index=False)
    )
    rest = len(frame) - _SHOWN_ROWS
    more = f"<p>… {plural(rest, 'more row')}</p>" if rest > 0 else ""
    return (
        f'<div class="funnelkit" style="{_BLOCK}"><p>{html.escape(summary)}</p>'
        f'<table style="border-collapse:collapse;"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table>{more}</div>"
    )


def _side(column: pd.Series[Any]) -> str:
    """Return to which side a column is set: numbers right, all others left."""
    if column.dtype.kind in "iuf":
        return "text-align:right;white-space:nowrap;"
    return "text-align:left;"


def cell(value: Any) -> str:
    """Return any value as the text of a table cell.

    Examples
    --------
    >>> cell(0.123456), cell(None), cell(12), cell(1346684.2), cell(18965)
    ('0.1235', '', '12', '1,346,684', '18,965')
    """
    if value is None or (isinstance(value, float) and math.isnan(value)) or str(value) == "NaT":
        return ""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value)
    text = _short(value)
    return MINUS + text[1:] if text.startswith("-") else text


def _short(value: float) -> str:
    """Return a number with four digits, or whole where it is larger."""
    if 9999.5 <= abs(value) < math.inf:
        return f"{value:,.0f}"
    return str(value) if isinstance(value, int) else f"{value:.4g}"
