"""Which columns of a file of targets hold what: by their usual names, or as the user says."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, DataError, did_you_mean
from funnelkit.forecast.result import Unit
from funnelkit.plan.goals import spans

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.goals.spans import SpanRules

_COUNTS = ("deals", "deal_target", "target_deals", "wins", "won", "count", "number")
_NAMES: dict[str, tuple[str, ...]] = {
    "period": (
        *("period", "month", "date", "quarter", "year", "fiscal_period", "fiscal_quarter"),
        *("fiscal_year", "fy", "close_month", "close_quarter", "time", "ds"),
    ),
    "amount": (
        *("amount", "target", "targets", "target_amount", "amount_target", "value", "goal"),
        *("quota", "plan", "budget", "bookings", "bookings_target", "booking_target", "revenue"),
        *("revenue_target", "sales", "sales_target", "arr", "new_arr", "mrr", "new_mrr", *_COUNTS),
    ),
    "segment": (
        *("segment", "channel", "source", "lead_source", "region", "team", "territory"),
        *("product", "business_unit", "market", "group", "pipeline"),
    ),
    "kind": (
        *("kind", "type", "business", "business_type", "deal_type", "opportunity_type"),
        *("kind_of_business", "motion"),
    ),
    "currency": ("currency", "currency_code", "curr"),
}
_YEARS = ("year", "fiscal_year", "fy")
_PARTS = {"quarter": "Q", "fiscal_quarter": "Q", "month": "-"}
_MONTHLY_MONEY = {"mrr": "new MRR", "new_mrr": "new MRR", "arr": "new ARR", "new_arr": "new ARR"}


@dataclass(frozen=True, kw_only=True)
class Headers:
    """Columns of a frame of one row per line.

    Parameters
    ----------
    amount, segment, kind, currency
        Columns; ``None`` where there is none.
    period
        The column of periods, or those of the year and of its quarter or month.
    unread
        Columns that hold something else.
    """

    amount: str
    period: tuple[str, ...]
    segment: str | None = None
    kind: str | None = None
    currency: str | None = None
    unread: tuple[str, ...] = ()

    @property
    def unit(self) -> Unit | None:
        """What the name of the column of amounts says."""
        name = _plain(self.amount)
        if name in _COUNTS:
            return "count"
        return "value" if name in _MONTHLY_MONEY else None

    @property
    def what(self) -> str:
        """What is counted, where the name of the column of amounts says it."""
        return _MONTHLY_MONEY.get(_plain(self.amount), "")

    def periods_of(self, frame: pd.DataFrame) -> list[str]:
        """Return the period of each row as a text."""
        texts = [[spans.text_of(cell) for cell in frame[name]] for name in self.period]
        if len(texts) == 1:
            return texts[0]
        fiscal = "FY" if _plain(self.period[0]) != "year" else ""
        mark = _PARTS[_plain(self.period[1])]
        return [_joined(fiscal, year, mark, part) for year, part in zip(*texts, strict=True)]


def long_frame(frame: pd.DataFrame, rules: SpanRules) -> pd.DataFrame:
    """Return a frame of one row per line; of columns named by periods, each becomes rows."""
    wide = [name for name in frame.columns if spans.run_of(str(name), rules) is not None]
    if len(wide) < 2:
        return frame
    left = [name for name in frame.columns if name not in wide]
    if any(_plain(name) in ("period", "amount") for name in left):
        return frame
    wide += [name for name in left if spans.is_whole(str(name))]
    left = [name for name in left if name not in wide]
    return frame.melt(id_vars=left, value_vars=wide, var_name="period", value_name="amount")


def headers_of(frame: pd.DataFrame, columns: Mapping[str, str] | None) -> Headers:
    """Return which columns of a frame hold what.

    Raises
    ------
    ArgumentError
        If a column that was named is not there.
    DataError
        If a column that is needed is not found, or several could be it.
    """
    names = [str(name) for name in frame.columns]
    told = _told(columns, names)
    free = [name for name in names if name not in told.values()]
    found: dict[str, str | None] = {}
    problems = []
    for role in ("amount", "kind", "currency", "segment"):
        if role in told:
            found[role] = told[role]
            continue
        fitting = [name for name in free if _plain(name) in _NAMES[role]]
        exact = [name for name in fitting if _plain(name) == role]
        if len(fitting) > 1 and not exact:
            shown = display.listed([f"`{display.one_line(name)}`" for name in fitting[:5]])
            problems.append(
                f"Several columns could hold the {role} ({shown}). Say which: "
                f'columns={{"{role}": "{fitting[0]}"}}.'
            )
        found[role] = next(iter(exact or fitting), None)
    period = (told["period"],) if "period" in told else _period(free)
    if not period:
        problems.append(_lacking("period", names))
    if found["amount"] is None:
        problems.append(_lacking("amount", names))
    if problems or found["amount"] is None:
        raise DataError(problems)
    used = {*period, *(name for name in found.values() if name is not None)}
    return Headers(
        amount=found["amount"],
        period=period,
        segment=found["segment"],
        kind=found["kind"],
        currency=found["currency"],
        unread=tuple(name for name in names if name not in used),
    )


def _told(columns: Mapping[str, str] | None, names: Sequence[str]) -> dict[str, str]:
    if columns is None:
        return {}
    if not isinstance(columns, Mapping):
        raise ArgumentError(
            f"`columns` must map what is read ({', '.join(_NAMES)}) to names of columns; got "
            f"{columns!r:.60}."
        )
    for role, name in columns.items():
        checks.member("columns", "kind of column", role, tuple(_NAMES))
        checks.member("columns", "column", name, names)
    return dict(columns)


def _period(free: Sequence[str]) -> tuple[str, ...]:
    """Return the column of periods, or those of the year and its part."""
    lower = {_plain(name): name for name in free}
    for year in _YEARS:
        for part in _PARTS:
            if year in lower and part in lower and "period" not in lower:
                return lower[year], lower[part]
    name = next((lower[name] for name in _NAMES["period"] if name in lower), None)
    return () if name is None else (name,)


def _joined(fiscal: str, year: str, mark: str, part: str) -> str:
    """Return the period of a year and its quarter or month; the part alone where it says all."""
    if not year or (part and not part.lstrip("Qq").isdigit()):
        return part or year
    year = year if year.upper().startswith("FY") else f"{fiscal}{year}"
    if not part:
        return year
    digits = part.lstrip("Qq")
    return f"{year}-Q{digits}" if mark == "Q" else f"{year}-{int(digits):02d}"


def _lacking(role: str, names: Sequence[str]) -> str:
    shown = ", ".join(f"`{display.one_line(name)}`" for name in names[:12])
    near = next((hint for name in names if (hint := did_you_mean(_plain(name), [role]))), "")
    hint = f" {near.strip()}" if near else ""
    return (
        f"There is no column of the {role}; found: {shown}.{hint} Name it `{role}`, or say which "
        f'it is: columns={{"{role}": "…"}}.'
    )


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", str(name).lower()).strip("_")
