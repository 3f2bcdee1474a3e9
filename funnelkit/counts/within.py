"""`within_windows`: what each variant brought within windows of days, by account or rep."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import ibis
import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result
from funnelkit.counts.accounts import ALONE, account
from funnelkit.counts.arrange import run
from funnelkit.counts.cells import exact_sum
from funnelkit.counts.currencies import Told, code_column, in_one
from funnelkit.data import journeys as journey

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

Cluster = Literal["account", "rep"]
_COUNTS = ("entered", "young", "converted", "known", "value", "squares")
_RESERVED = frozenset({"arm", "cluster", "day", "n", *_COUNTS})


class Window(NamedTuple):
    """A transition and the days after entry within which it counts."""

    start: str
    target: str
    within: int


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class WithinWindows(Result):
    """What came of records within windows, for each variant and account (or rep).

    Parameters
    ----------
    windows
        The transitions that were asked.
    arm
        Segment whose values are the variants.
    cluster
        What records are grouped by within a variant; ``None``: nothing.
    as_of
        Last complete day.
    by
        Segments by which the counts are split further, in columns of their names.
    by_day
        Whether they are split by the day of entry to the first window too, in a column ``day``.
    currency, notes
        Of the money, where it is known, and what was done about several.
    cells
        Counts ``n`` of records alike in all of these, in ``value`` (money of a won record,
        NaN where it is not won or the amount is unknown), and for the i-th window ``entered_i``
        (1 where followed for all of it), ``young_i`` (1 where entered later) and ``converted_i``.
    """

    windows: tuple[Window, ...]
    arm: str
    cluster: Cluster | None
    as_of: dt.date
    cells: pd.DataFrame
    by: tuple[str, ...] = ()
    by_day: bool = False
    currency: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """What the columns of the segments are called in :meth:`of`."""
        return tuple(f"{name}_segment" if name in _RESERVED else name for name in self.by)

    def of(self, window: Window) -> pd.DataFrame:
        """Return one row per variant, cluster, segment and day of entry.

        Returns
        -------
        DataFrame
            ``arm``, ``cluster``, the segments (``_segment`` after a name that is one of these) and
            ``day``, where asked; ``entered``, ``young``, ``converted``, and of those that converted
            ``known`` (with an amount), ``value`` and ``squares``, the sums of amounts and of their
            squares. Those without anybody entered are left out.
        """
        cells, i = self.cells, self._place(window)
        amount = cells["value"].to_numpy(float)
        n = cells["n"].to_numpy(np.int64)
        won = (n * cells[f"converted_{i}"]).to_numpy(np.int64)
        has = np.isfinite(amount)
        columns = {
            "entered": n * cells[f"entered_{i}"].to_numpy(np.int64),
            "young": n * cells[f"young_{i}"].to_numpy(np.int64),
            "converted": won,
            "known": won * has,
            "value": won * np.where(has, amount, 0.0),
            "squares": won * np.where(has, amount, 0.0) ** 2,
        }
        places = [f"by_{k}" for k in range(len(self.by))]
        keys = ["arm", *(["cluster"] if self.cluster else []), *places]
        keys += ["day"] if self.by_day else []
        found = cells[keys].assign(**columns).groupby(keys, sort=True, dropna=False).sum()
        found = found.reset_index().rename(columns=dict(zip(places, self.columns, strict=True)))
        kept: pd.DataFrame = found[(found["entered"] > 0) | (found["young"] > 0)]
        return kept.reset_index(drop=True)

    def named(self, window: Window) -> pd.DataFrame:
        """Return the rows of :meth:`of` whose cluster has a name: no records of their own."""
        rows = self.of(window)
        found: pd.DataFrame = rows[~rows["cluster"].str.startswith(ALONE)]
        return found

    def values(self, window: Window, arm: str) -> np.ndarray:
        """Return the money of each record of a variant, 0 for those that did not convert.

        Returns
        -------
        ndarray
            One number for each record that was followed for the whole window; a win whose amount
            is not known counts 0, and is counted in ``known`` of :meth:`of`.
        """
        i = self._place(window)
        cells = self.cells[(self.cells["arm"] == arm) & (self.cells[f"entered_{i}"] == 1)]
        worth = np.where(cells[f"converted_{i}"] == 1, cells["value"].to_numpy(float), 0.0)
        return np.repeat(np.nan_to_num(worth, nan=0.0), cells["n"].to_numpy(np.int64))

    def to_frame(self) -> pd.DataFrame:
        """Return one row per window, variant and cluster; see :meth:`of`."""
        import pandas as pd

        parts = []
        for one in self.windows:
            part = self.of(one)
            part.insert(0, "start", one.start)
            part.insert(1, "target", one.target)
            part.insert(2, "within", one.within)
            parts.append(part)
        return pd.concat(parts, ignore_index=True)

    def summary(self) -> str:
        """Return how many records of each variant were followed for the first window."""
        one = self.windows[0]
        found = self.of(one).groupby("arm")[["entered", "converted"]].sum()
        parts = [
            f"{display.one_line(str(arm))} {display.count(converted)} of {display.count(entered)}"
            for arm, entered, converted in zip(
                found.index, found["entered"].tolist(), found["converted"].tolist(), strict=True
            )
        ]
        return (
            f"{one.start} to {one.target} within {one.within} days, of those followed for all of "
            f"them: {display.listed(parts) or 'nobody'}."
        )

    def _place(self, window: Window) -> int:
        if window not in self.windows:
            raise ArgumentError(f"`window` {tuple(window)} was not asked.")
        return self.windows.index(window)


def within_windows(
    leads: Leads,
    windows: Sequence[Window],
    *,
    arm: str,
    cluster: Cluster | None = None,
    by: Sequence[str] = (),
    by_day: bool = False,
    exchange: Mapping[str, float] | None = None,
    currency: str | None = None,
) -> WithinWindows:
    """Return what came of the records of each variant within windows, in one scan.

    Parameters
    ----------
    leads
        The data.
    windows
        Transitions, each with its days.
    arm
        Segment whose values are the variants; records without one are left out.
    cluster
        ``"account"`` or ``"rep"``: a row for each; a record without one is a cluster of its own.
    by
        Segments to split by.
    by_day
        Whether to split by the day of entry to the first window.
    exchange, currency
        What one unit of each currency is worth in the one; needed where amounts have several.

    Returns
    -------
    WithinWindows
        Records whose entry to the start is known and lies in the recorded time; a conversion on
        the last day of the window still counts.

    Raises
    ------
    ArgumentError
        For unknown stages or segments, no whole window, or a funnel without that cluster.
    DataError
        If amounts stand in several currencies and there is no rate for one of them.
    """
    funnel, table = leads.funnel, leads.journeys
    ways = [funnel.way(one.start, one.target) for one in windows]
    for one in windows:
        checks.positive_whole("within", one.within)
    column = {"account": funnel.account, "rep": funnel.owner}.get(cluster or "")
    if cluster is not None and column is None:
        name = "account" if cluster == "account" else "owner"
        raise ArgumentError(f"`cluster`: the funnel names no `{name}` column.")
    columns = {"arm": journey.segment(table, funnel, arm)}
    if cluster is not None:
        columns["cluster"] = account(table, "account" if cluster == "account" else "owner")
    columns |= {f"by_{k}": journey.segment(table, funnel, name) for k, name in enumerate(by)}
    if by_day:
        columns["day"] = table[f"date_{ways[0][0]}"]
    for i, (one, (first, last)) in enumerate(zip(windows, ways, strict=True)):
        began, came = table[f"date_{first}"], table[f"date_{last}"]
        inside = journey.in_rates(table, first, leads.recorded_from).fill_null(False)
        old = (began <= ibis.literal(leads.as_of - dt.timedelta(days=one.within))).fill_null(False)
        soon = (came.delta(began, unit="day") <= one.within).fill_null(False)
        reached = table[f"reached_{last}"] & soon
        columns[f"entered_{i}"] = ibis.ifelse(inside & old, 1, 0)
        columns[f"young_{i}"] = ibis.ifelse(inside & ~old, 1, 0)
        columns[f"converted_{i}"] = ibis.ifelse(inside & old & reached, 1, 0)
    won = table[f"reached_{len(funnel.stages) - 1}"]
    unknown = ibis.null("decimal(38, 4)")
    columns["value"] = unknown
    if funnel.value is not None:
        known = (won & (table["value"] != 0)).fill_null(False)
        columns["value"] = ibis.ifelse(known, table["value"], unknown)
        code = code_column(table, funnel)
        if code is not None:
            columns["currency"] = ibis.ifelse(known, code, ibis.null("string"))
    picked = table.select(**columns)
    picked = picked.filter(picked.arm.notnull())
    keys = list(columns)
    cells = run(picked.group_by(keys).aggregate(n=picked.count()))
    told = Told(None, ())
    if "currency" in cells.columns:
        rows = cells.loc[cells["value"].notna(), ["currency", "value", "n"]].copy()
        told = in_one(rows, ["value"], funnel=funnel, n="n", exchange=exchange, currency=currency)
        cells["value"] = cells["value"].astype(object)
        cells.loc[rows.index, "value"] = rows["value"]
    cells["value"] = [float("nan") if not (x := exact_sum(v)) else float(x) for v in cells["value"]]
    cells = cells.sort_values(keys, kind="stable", ignore_index=True)
    return WithinWindows(
        windows=tuple(windows),
        arm=arm,
        cluster=cluster,
        as_of=leads.as_of,
        cells=cells,
        by=tuple(by),
        by_day=by_day,
        currency=told.currency or currency,
        notes=told.notes,
    )
