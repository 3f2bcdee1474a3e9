"""What each account pays in each month: the table that all recurring figures are read from."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, EvidenceError, unknown
from funnelkit._core.measure import Segment
from funnelkit.data.ledgers import Ledger, as_ledger

if TYPE_CHECKING:
    import pandas as pd

_SCALE = 10_000
_LARGEST = 2**62
_SPLIT = ("account", "month", "start", "end", "mrr", "currency")


@dataclass(frozen=True, eq=False, kw_only=True)
class Book:
    """What each account pays in each month, in ten-thousandths of the currency's unit.

    Parameters
    ----------
    months
        Months without gaps, shape ``(n_months,)``.
    amounts
        Whole numbers of ten-thousandths, shape ``(n_accounts, n_months)``; 0 where nothing is paid.
    by, segments
        Segment columns, and the values of each segment.
    rows
        Position of the segment of each account, shape ``(n_accounts,)``.
    whole
        Whether the first month is the start of the history: an account that pays in it is new.
    currency
        Of the amounts.
    notes
        What was decided on the way.
    """

    months: pd.PeriodIndex
    amounts: NDArray[Any]
    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    rows: NDArray[np.int64]
    whole: bool
    currency: str | None
    notes: tuple[str, ...]

    @property
    def as_of(self) -> dt.date:
        """Last day of the last month."""
        end: dt.date = self.months[-1].end_time.date()
        return end

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the months."""
        return tuple(str(month) for month in self.months)

    def summed(self, amounts: NDArray[Any]) -> NDArray[Any]:
        """Return sums over the accounts of each segment, exact: shape ``(n_segments, …)``."""
        return np.stack(
            [amounts[self.rows == row].sum(axis=0) for row in range(len(self.segments))]
        )


def money(amounts: NDArray[Any]) -> NDArray[Any]:
    """Return ten-thousandths as exact amounts.

    Examples
    --------
    >>> money(np.array([150_000, 5]))
    array([Decimal('15'), Decimal('0.0005')], dtype=object)
    """
    exact = [_plain(Decimal(int(one)) / _SCALE) for one in amounts.ravel()]
    out = np.empty(len(exact), dtype=object)
    out[:] = exact
    return out.reshape(amounts.shape)


def book_of(
    subscriptions: Ledger | pd.DataFrame,
    *,
    by: str | None = None,
    as_of: dt.date | str | None = None,
) -> Book:
    """Return what each account pays in each month.

    Parameters
    ----------
    subscriptions
        As :func:`funnelkit.read_subscriptions` returns them, or a frame with its columns.
    by
        Column to split the accounts by; each counts under its value in its first row.
    as_of
        Last day on which the table is complete; months that end later are left out. Needed where
        rows have a start and an end, and by default the end of the last month where they have
        months.

    Raises
    ------
    ArgumentError
        If there is no such column, or `as_of` is needed.
    EvidenceError
        If no month is complete, or months lack between others.
    """
    import pandas as pd

    ledger = as_ledger("subscriptions", subscriptions, argument="subscriptions")
    frame = ledger.frame
    spans = "start" in frame.columns
    day = None if as_of is None else checks.day("as_of", as_of)
    if spans and day is None:
        raise ArgumentError(
            "`as_of` must say up to which day the subscriptions are complete, since an end that is "
            'blank or still to come does not; such as as_of="2026-10-31".'
        )
    if by is not None and (by not in frame.columns or by in _SPLIT):
        known = [name for name in frame.columns if name not in _SPLIT]
        raise ArgumentError(f"`by`: {unknown('column', by, known)} Keep it with `keep=[…]`.")
    names, accounts = pd.factorize(frame["account"])
    first, last = _ends(frame, spans=spans, as_of=day)
    months = pd.period_range(first, last, freq="M")
    exact = [int(amount * _SCALE) for amount in frame["mrr"]]
    wide = object if sum(exact) > _LARGEST else np.int64
    amounts = np.zeros((len(accounts), len(months)), dtype=wide)
    notes = list(ledger.notes)
    if spans:
        begin, end = _active(frame, months)
        for account, amount, low, high in zip(names, exact, begin, end, strict=True):
            amounts[account, low:high] += amount
        brief = int(((begin >= end) & (begin < len(months))).sum())
        if brief:
            notes.append(
                f"{display.plural(brief, 'subscription')} began and ended within one month, and "
                f"{'is' if brief == 1 else 'are'} in none."
            )
    else:
        held = set(frame["month"].unique())
        lacking = [str(month) for month in months if month not in held]
        if lacking:
            raise EvidenceError(
                f"`subscriptions` has no row for {display.listed(lacking[:6])}"
                f"{' and more' if len(lacking) > 6 else ''}: everyone would seem to leave and come "
                "back. Complete the table, or give the months after the gap only."
            )
        place = months.get_indexer(pd.PeriodIndex(frame["month"]))
        inside = place >= 0
        np.add.at(amounts, (names[inside], place[inside]), np.array(exact, dtype=wide)[inside])
        if late := int((~inside).sum()):
            notes.append(f"{display.plural(late, 'row')} of months that end later left out.")
    segments, rows = _segments(frame, names, len(accounts), by, notes)
    return Book(
        months=months,
        amounts=amounts,
        by=() if by is None else (by,),
        segments=segments,
        rows=rows,
        whole=spans,
        currency=ledger.currency,
        notes=tuple(notes),
    )


def _ends(
    frame: pd.DataFrame, *, spans: bool, as_of: dt.date | None
) -> tuple[pd.Period, pd.Period]:
    """Return the first month and the last complete one."""
    import pandas as pd

    if frame.empty:
        raise EvidenceError("`subscriptions` has no row that can be used.")
    months = frame["start"].dt.to_period("M") if spans else frame["month"]
    first = months.min()
    last = months.max()
    if as_of is not None:
        end = pd.Period(as_of, freq="M")
        end = end if end.end_time.date() == as_of else end - 1
        last = end if spans else min(last, end)
    if last < first:
        raise EvidenceError(
            f"no month of `subscriptions` is complete by {as_of}: the first is {first}."
        )
    return first, last


def _active(
    frame: pd.DataFrame, months: pd.PeriodIndex
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return from which month on, and before which one, each row is active on the last day."""
    from pandas.tseries.offsets import Day

    begin = frame["start"].dt.to_period("M")
    after = (frame["end"] + Day(1)).dt.to_period("M")
    first = months[0].ordinal
    low = np.array([month.ordinal - first for month in begin], dtype=np.int64)
    high = np.array(
        [
            len(months) if gone else month.ordinal - first
            for month, gone in zip(after, frame["end"].isna(), strict=True)
        ],
        dtype=np.int64,
    )
    return np.minimum(low, len(months)), np.clip(high, 0, len(months))


def _segments(
    frame: pd.DataFrame,
    names: NDArray[np.int64],
    accounts: int,
    by: str | None,
    notes: list[str],
) -> tuple[tuple[Segment, ...], NDArray[np.int64]]:
    """Return the segments, and that of each account: its value in its first row in time."""
    if by is None:
        return ((),), np.zeros(accounts, dtype=np.int64)
    time = "start" if "start" in frame.columns else "month"
    order = frame[time].argsort(kind="stable").to_numpy()
    value: dict[int, str | None] = {}
    several: set[int] = set()
    for position in order:
        account, own = int(names[position]), frame[by].iloc[position]
        if value.setdefault(account, own) != own:
            several.add(account)
    if several:
        notes.append(
            f"{display.plural(len(several), 'account')} {'has' if len(several) == 1 else 'have'} "
            f"several `{by}`; each counts under its first."
        )
    found = sorted({one for one in value.values() if one is not None})
    segments: list[Segment] = [(one,) for one in found]
    if None in value.values():
        segments.append((None,))
    place = {segment[0]: row for row, segment in enumerate(segments)}
    return tuple(segments), np.array([place[value[i]] for i in range(accounts)], dtype=np.int64)


def _plain(amount: Decimal) -> Decimal:
    whole = amount.to_integral_value()
    return whole.quantize(Decimal(1)) if amount == whole else amount.normalize()
