"""Today's open records: the large deals one by one, all others by segment, stage and age."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit.counts.open_book import OpenBook
from funnelkit.counts.opened import open_book, open_deals
from funnelkit.data.ledgers.exchange import checked_rates
from funnelkit.data.records import Leads
from funnelkit.data.standing import AMOUNT, earlier_values
from funnelkit.forecast.open_pipeline.chances import Grid
from funnelkit.forecast.open_pipeline.worlds import Records

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class OpenRecords:
    """Open records of one day.

    Parameters
    ----------
    book
        All of them, counted.
    listed
        Those that are listed one by one; see :func:`funnelkit.counts.opened.open_deals`, with
        ``amount`` in the one currency, as it stood on the day, ``exported`` as it stands in the
        export, and ``segment`` and ``age`` as positions in the book.
    """

    book: OpenBook
    listed: pd.DataFrame

    @property
    def priced(self) -> NDArray[np.bool_]:
        """Which of the listed had an amount of their own on that day."""
        return np.asarray(self.listed["amount"].notna())

    def single(self, grid: Grid, limits: FloatArray) -> Records:
        """Return the listed records, in their order, those with no chance at row -1."""
        frame = self.listed
        segment = frame["segment"].to_numpy(np.int64)
        stage = frame["stage"].to_numpy(np.int64)
        age = frame["age"].to_numpy(np.int64)
        row = grid.rows(stage, age)
        return Records(
            segment=segment,
            stage=stage,
            age=np.where(age < self.book.n_ages, age, -1),
            row=row,
            n=np.ones(len(frame), np.int64),
            stale=self._stale(segment, stage, age, limits),
            amount=frame["amount"].to_numpy(float),
        )

    def grouped(self, grid: Grid, limits: FloatArray) -> Records:
        """Return all records that are not listed with an amount, by cell.

        Cells of a segment, stage and age, those with amounts (at their mean) apart from others.
        """
        book, own = self.book, self.listed[self.listed["exported"].notna()]
        place = tuple(own[name].to_numpy(np.int64) for name in ("segment", "stage", "age"))
        priced = (book.known - book.negative).copy()
        total = np.asarray(book.total - book.credit, dtype=float)
        np.subtract.at(priced, place, 1)
        np.subtract.at(total, place, own["exported"].to_numpy(float))
        blank = book.n - book.known + book.negative
        since = own[own["amount"].isna()]  # known today, and not on that day
        later = tuple(since[name].to_numpy(np.int64) for name in ("segment", "stage", "age"))
        np.add.at(blank, later, 1)
        parts = []
        for counts, worth in ((priced, total), (blank, None)):
            segment, stage, age = np.nonzero(counts > 0)
            answered = np.isin(stage, list(grid.row_of))
            segment, stage, age = segment[answered], stage[answered], age[answered]
            n = counts[segment, stage, age]
            mean = np.full(len(n), np.nan)
            if worth is not None:
                mean = np.maximum(worth[segment, stage, age], 0.0) / n
            stale = self._stale(segment, stage, age, limits)
            days = np.where(age < book.n_ages, age, -1)
            parts.append((segment, stage, days, grid.rows(stage, age), n, stale, mean))
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        return Records(*columns)

    def _stale(
        self, segment: IntArray, stage: IntArray, age: IntArray, limits: FloatArray
    ) -> NDArray[np.bool_]:
        known = age < self.book.n_ages
        return np.asarray(known & (age > limits[segment, stage]))

    def notes(self, grid: Grid) -> list[str]:
        """Return what a reader must know of these records."""
        book = self.book
        found = [*book.notes]
        if unknown := int(book.n[..., -1].sum()):
            found.append(
                f"The age of {display.plural(unknown, 'open record')} at "
                f"{'its' if unknown == 1 else 'their'} stage is not known; "
                f"{'it is' if unknown == 1 else 'they are'} taken to be as old as the middle one "
                "of the others there."
            )
        for k, reason in grid.unanswered.items():
            n = int(book.n[:, k].sum())
            found.append(
                f"{display.plural(n, 'open record')} at {book.stages[k]} "
                f"{'is' if n == 1 else 'are'} left out: {reason}"
            )
        if below := int(book.negative.sum()):
            found.append(
                f"{display.plural(below, 'amount')} below 0 "
                f"{'is' if below == 1 else 'are'} taken as not known."
            )
        if book.undated:
            found.append(
                f"Nothing but the current status tells of {display.listed(list(book.undated))}; "
                "records there count as standing at the stage before."
            )
        return found


def amounts_then(leads: Leads, listed: pd.DataFrame) -> FloatArray:
    """Return the amount of each listed record on the last day of leads, NaN where not above 0.

    Leads that were rewound show amounts as exported; where their history is known, it tells what
    stood there on the day.
    """
    found = listed["amount"].to_numpy(float).copy()
    then = earlier_values(leads)
    for i, key in enumerate(listed["id"].astype(str)):
        if AMOUNT in then.get(key, {}):
            found[i] = _above_zero(then[key][AMOUNT])
    return found


def _above_zero(text: str | None) -> float:
    try:
        number = float(text or "nan")
    except ValueError:
        return float("nan")
    return number if 0 < number < float("inf") else float("nan")


def open_records(
    leads: Leads,
    by: tuple[str, ...],
    *,
    most: int,
    exchange: Mapping[str, float] | None,
    currency: str | None,
    book: OpenBook | None = None,
) -> OpenRecords:
    """Return the open records of leads.

    Parameters
    ----------
    leads
        The data.
    by
        Segment columns.
    most
        How many are listed one by one, the largest amounts first.
    exchange, currency
        What one unit of each currency is worth in the one.
    book
        All of them, counted, where that was done already.

    Raises
    ------
    DataError
        If amounts stand in several currencies and there is no rate for one of them.
    ArgumentError
        If a rate cannot be used.
    """
    rates = checked_rates(exchange, currency)
    if book is None:
        book = open_book(leads, by=by, exchange=exchange, currency=currency)
    listed = open_deals(leads, by=by, most=most)
    place = {segment: i for i, segment in enumerate(book.segments)}
    keys = [[one or None for one in listed[f"by_{i}"]] for i in range(len(by))]
    own: list[Any] = list(zip(*keys, strict=True)) if by else [()] * len(listed)
    age = listed["stage_age_days"].astype(float).to_numpy()
    known = np.isfinite(age) & (age >= 0)
    listed = listed.assign(
        segment=np.array([place[one] for one in own], np.int64),
        age=np.where(known, np.nan_to_num(age), book.n_ages).astype(np.int64),
    )
    worth = np.ones(len(listed))
    if rates is not None:
        told = {code: float(rate) for code, rate in rates.items()}
        worth = np.array([told.get(str(code).upper(), 1.0) for code in listed["currency"]])
    listed["exported"] = listed["amount"] * worth
    listed["amount"] = amounts_then(leads, listed) * worth
    return OpenRecords(book=book, listed=listed)
