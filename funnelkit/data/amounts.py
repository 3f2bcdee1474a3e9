"""Amounts of money as exact decimals: plain numbers unless told, each one read or reported."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import ibis

from funnelkit._core import display
from funnelkit.data import engines
from funnelkit.data.parsing import cleaned, examples

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from funnelkit.data.sources import Source

_PLAIN = r"^[+-]?(\d+(\.\d*)?|\.\d+)$"
_STYLES = (("", "."), (",", "."), (".", ","), ("", ","), (" ", ","), (" ", "."), ("'", "."))


def read_amounts(
    source: Source, name: str, *, decimal: str | None, thousands: str | None
) -> tuple[ir.DecimalColumn, list[str]]:
    """Return a column of exact amounts, and a problem if some cannot be read.

    Unasked, only digits with a decimal point are read.
    """
    column = source.table[name]
    if column.type().is_numeric():
        exact = _decimal(column)
        row = _counts(source, {"n": column.notnull(), "read": exact.notnull()})
        lost = row["n"] - row["read"]
        return exact, [_too_large(source, name, lost, row["n"])] if lost else []
    text = cleaned(column)
    styles = [(thousands or "", decimal or ".")]
    if decimal is None and thousands is None:
        styles += [style for style in _STYLES if style not in styles]
    readings = [_plain(text, *style) for style in styles]
    row = _counts(
        source,
        {"n": text.notnull(), "exact": _decimal(readings[0]).notnull()}
        | {f"n{i}": reading.notnull() for i, reading in enumerate(readings)}
        | {f"has{i}": text.contains(style[0] or style[1]) for i, style in enumerate(styles)},
    )
    filled, read = row["n"], row["n0"]
    if read == filled:
        lost = filled - row["exact"]
        return _decimal(readings[0]), [_too_large(source, name, lost, filled)] if lost else []
    odd = examples(source, text, readings[0].isnull())
    fitting = [
        _arguments(*style)
        for i, style in enumerate(styles[1:], 1)
        if row[f"n{i}"] == filled and row[f"has{i}"]
    ]
    if fitting:
        which = "; say which is right" if len(fitting) > 1 else ""
        remedy = f"Every value can be read with {' or with '.join(fitting)}{which}."
    elif decimal is None and thousands is None:
        remedy = "No usual style reads all of them; export plain numbers, and blanks for unknown."
    else:
        remedy = "They do not follow `thousands` and `decimal` as given."
    problem = (
        f"`{name}` in `{source.name}`: {_of(filled - read, filled)} not in plain digits, such as "
        f"{odd}. {remedy}"
    )
    return _decimal(readings[0]), [problem]


def _too_large(source: Source, name: str, lost: int, filled: int) -> str:
    return (
        f"`{name}` in `{source.name}`: {_of(lost, filled)} infinite or longer than 18 digits. "
        "Correct them, or leave them blank."
    )


def _of(part: int, whole: int) -> str:
    verb = "is" if part == 1 else "are"
    return f"{display.count(part)} of {display.plural(whole, 'amount')} {verb}"


def _counts(source: Source, tests: Mapping[str, Any]) -> dict[str, int]:
    """Return how many rows pass each test, in one scan."""
    found = source.table.aggregate(**{name: test.sum() for name, test in tests.items()})
    return {name: engines.whole(number) for name, number in found.execute().iloc[0].items()}


def _plain(text: ir.StringColumn, thousands: str, decimal: str) -> ir.StringColumn:
    """Return texts of one style as plain numbers; null for those that do not follow it."""
    if thousands:
        spaces = {" ": "[ \u00a0\u202f]", "'": "['\u2019]"}.get(thousands, re.escape(thousands))
        point = re.escape(decimal)
        style = rf"^[+-]?\d{{1,3}}({spaces}\d{{3}})*({point}\d*)?$|^[+-]?\d+({point}\d*)?$"
        grouped = text.re_replace(spaces, "")
        ok = text.re_search(style)
    else:
        grouped, ok = text, ibis.literal(True)
    plain = grouped if decimal == "." else grouped.replace(decimal, ".")
    fits = plain.re_search(_PLAIN)
    if decimal != ".":
        fits &= ~text.contains(".") if thousands != "." else fits
    return ibis.ifelse(ok & fits, plain, ibis.null("string"))


def _arguments(thousands: str, decimal: str) -> str:
    parts = [f'thousands="{thousands}"'] if thousands else []
    return ", ".join([*parts, f'decimal="{decimal}"'])


def _decimal(column: Any) -> Any:
    return engines.exact(column)
