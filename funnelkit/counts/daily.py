"""`Daily`: entries to each stage and exit by day, and how well their fields were filled in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.result import Result, frozen
from funnelkit.counts.arrange import run, segments_of, union
from funnelkit.counts.reshape import sort_segments
from funnelkit.counts.triangle import IntArray, Segment
from funnelkit.data import journeys as journey
from funnelkit.data.definition import ENTERED_AT

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

    from funnelkit.data.records import Leads

Split = tuple[str, ...]
DECIDED = "decided"
"""Step under which exits are counted of records that had come as far as the last stage but one."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Daily(Result):
    """First entries to each stage and exit by day.

    Parameters
    ----------
    steps
        Stages in order, then exits, then ``"decided"``: exits of records that had come as far as
        the last stage but one.
    by, segments
        Segment columns, and one tuple of values for each segment.
    days
        Days without gaps up to ``as_of``, shape ``(n_days,)``.
    as_of
        Last complete day.
    entries
        Entries on a day of their own, shape ``(n_segments, n_steps, n_days)``.
    """

    steps: tuple[str, ...]
    by: Split
    segments: tuple[Segment, ...]
    days: pd.DatetimeIndex
    as_of: dt.date
    entries: IntArray

    def __post_init__(self) -> None:
        """Copy and freeze the counts."""
        object.__setattr__(self, "entries", frozen(self.entries, np.int64))

    def of(self, step: str) -> IntArray:
        """Return the entries to one step, shape ``(n_segments, n_days)``.

        Raises
        ------
        ArgumentError
            If there is no such step.
        """
        checks.member("step", "stage or exit", step, self.steps)
        return np.asarray(self.entries[:, self.steps.index(step)])

    def total(self) -> Daily:
        """Return the counts over all segments."""
        entries = self.entries.sum(axis=0, keepdims=True)
        return replace(self, by=(), segments=((),), entries=entries)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment, step and day with entries: ``day``, ``stage``, ``entries``.

        The segment columns stand between.
        """
        import pandas as pd

        i, k, d = np.nonzero(self.entries)
        columns: dict[str, Any] = {"day": self.days[d]}
        for place, name in enumerate(self.by):
            columns[name] = [self.segments[row][place] for row in i]
        columns["stage"] = [self.steps[step] for step in k]
        return pd.DataFrame(columns | {"entries": self.entries[i, k, d]})

    def summary(self) -> str:
        """Return the size in one sentence."""
        own = self.entries[:, [name != DECIDED for name in self.steps]]
        return (
            f"{display.plural(own.sum(), 'dated entry', 'dated entries')} to "
            f"{display.plural(own.shape[1], 'stage')} on {display.plural(len(self.days), 'day')} "
            f"up to {self.as_of.isoformat()}."
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Filling:
    """How well fields were filled in, by month.

    Parameters
    ----------
    months
        Civil months without gaps up to that of ``as_of``, shape ``(n_months,)``.
    entered
        Records that entered the funnel, by month, shape ``(n_months,)``.
    blank
        Segment -> those of which it is blank; same shape.
    passed
        Stage between the first and the last -> records that came past it, by the month in which
        they reached the next one that is known; same shape.
    skipped
        Stage -> those of which its own entry is not recorded; same shape.
    undated
        Stage -> records that reached it on a day that nobody knows.
    owners
        Owner -> entries to any stage of the records of that owner, by month; same shape.
    last
        Owner -> last day with such an entry.
    """

    months: pd.PeriodIndex
    entered: IntArray
    blank: Mapping[str, IntArray]
    passed: Mapping[str, IntArray]
    skipped: Mapping[str, IntArray]
    undated: Mapping[str, int]
    owners: Mapping[str, IntArray]
    last: Mapping[str, dt.date]


def daily(leads: Leads, splits: Sequence[Split] = ((),)) -> dict[Split, Daily]:
    """Return entries by day for several segmentations, from one statement.

    Parameters
    ----------
    leads
        The data.
    splits
        Names of the segment columns of each segmentation; what is kept apart is always among
        them.

    Returns
    -------
    dict
        Segmentation as asked for -> its counts.

    Raises
    ------
    ArgumentError
        If there is no such segment; with the closest match.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {"id": ["a", "b"], "lead": ["2026-01-05", "2026-01-09"], "won": ["2026-02-01", None]}
    ... )
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2026-02-28")
    >>> daily(leads)[()].summary()
    '3 dated entries to 2 stages on 55 days up to 2026-02-28.'
    """
    import pandas as pd

    funnel, table = leads.funnel, leads.journeys
    names = {split: _names(leads, split) for split in splits}
    steps = (*funnel.steps, *([DECIDED] if funnel.exits else []))
    parts = []
    width = max((len(by) for by in names.values()), default=0)
    for number, by in enumerate(names.values()):
        blank: dict[str, Any] = {f"by_{i}": ibis.literal("") for i in range(width)}
        keys = blank | journey.group_columns(table, funnel, by)
        for place in range(len(steps)):
            day, inside = _entry(leads, table, place)
            picked = table.filter(inside).select(
                **keys, split=ibis.literal(number), step=ibis.literal(place), day=day
            )
            parts.append(
                picked.group_by(*keys, "split", "step", "day").aggregate(n=lambda t: t.count())
            )
    counted = run(union(parts))
    came = pd.to_datetime(counted["day"])
    end = pd.Timestamp(leads.as_of)
    days = pd.date_range(came.min() if len(came) else end, end, freq="D")
    place_of = days.get_indexer(pd.DatetimeIndex(came))
    found = {}
    for number, (split, by) in enumerate(names.items()):
        mine = (counted["split"] == number).to_numpy()
        rows = counted[mine]
        of = segments_of(rows, by)
        segments = sort_segments(set(of) or {()}) if by or of else ((),)
        where = {segment: i for i, segment in enumerate(segments)}
        entries = np.zeros((len(segments), len(steps), len(days)), np.int64)
        lines = np.array([where[one] for one in of], int)
        cells = (lines, rows["step"].to_numpy(int), place_of[mine])
        np.add.at(entries, cells, rows["n"].to_numpy(np.int64))
        found[split] = Daily(
            steps=steps, by=by, segments=segments, days=days, as_of=leads.as_of, entries=entries
        )
    return found


def filling(leads: Leads) -> Filling:
    """Return how many records had blank segments and unrecorded stages, and who owned them.

    Parameters
    ----------
    leads
        The data.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {"id": ["a", "b"], "lead": "2026-01-05", "won": None, "source": ["web", None]}
    ... )
    >>> funnel = fk.Funnel(["lead", "won"], segments=["source"])
    >>> filling(fk.from_frame(export, funnel, as_of="2026-02-28")).blank["source"].tolist()
    [1, 0]
    """
    import pandas as pd

    funnel, table = leads.funnel, leads.journeys
    between = range(1, len(funnel.stages) - 1)
    entry = ibis.coalesce(*[table[f"date_{k}"] for k in range(len(funnel.stages))])
    blanks = {f"b_{i}": table[f"segment_{i}"].isnull() for i in range(len(funnel.segments))}
    entered = _monthly(table.mutate(day=entry, **blanks), "e", list(blanks))
    parts = [entered]
    for k in between:
        later = ibis.coalesce(*[table[f"date_{j}"] for j in range(k + 1, len(funnel.stages))])
        past = table.filter((table.furthest > k) & (table.entered_at <= k))
        past = past.mutate(day=later, b_0=~past[f"dated_{k}"])
        parts.append(_monthly(past, f"s{k}", ["b_0"], width=len(blanks)))
    counted = run(union(parts)) if blanks or parts[1:] else run(entered)
    nowhere = {
        f"u_{k}": (table[f"reached_{k}"] & table[f"date_{k}"].isnull()).sum()
        for k in range(len(funnel.stages))
    }
    undated = run(table.aggregate(**nowhere)).fillna(0).iloc[0]
    owned = None
    if funnel.owner is not None:
        each = [
            table.filter(journey.entry(table, funnel, k)[2] & table.owner.notnull()).select(
                owner=table.owner, day=journey.entry(table, funnel, k)[0]
            )
            for k in range(len(funnel.steps))
        ]
        known = union(each).filter(lambda t: t.day.notnull())
        known = known.mutate(month=known.day.truncate("M"))
        owned = run(
            known.group_by("owner", "month").aggregate(n=known.count(), last=known.day.max())
        )
    first = counted["month"].min() if len(counted) else leads.as_of
    months = pd.period_range(pd.Timestamp(first), pd.Timestamp(leads.as_of), freq="M")

    def by_month(rows: pd.DataFrame, column: str) -> IntArray:
        out = np.zeros(len(months), np.int64)
        place = months.get_indexer(pd.PeriodIndex(pd.to_datetime(rows["month"]), freq="M"))
        inside = place >= 0
        np.add.at(out, place[inside], rows[column].to_numpy(np.int64)[inside])
        return out

    own = counted[counted["kind"] == "e"]
    passed = {k: counted[counted["kind"] == f"s{k}"] for k in between}
    names = [] if owned is None else sorted(owned["owner"].unique())
    groups = {} if owned is None else {name: owned[owned["owner"] == name] for name in names}
    return Filling(
        months=months,
        entered=by_month(own, "n"),
        blank={name: by_month(own, f"b_{i}") for i, name in enumerate(funnel.segments)},
        passed={funnel.stages[k]: by_month(rows, "n") for k, rows in passed.items()},
        skipped={
            funnel.stages[k]: by_month(rows, "b_0") if len(rows) else 0 * by_month(own, "n")
            for k, rows in passed.items()
        },
        undated={name: int(undated[f"u_{k}"]) for k, name in enumerate(funnel.stages)},
        owners={name: by_month(rows, "n") for name, rows in groups.items()},
        last={name: pd.Timestamp(rows["last"].max()).date() for name, rows in groups.items()},
    )


def _monthly(table: ir.Table, kind: str, tests: Sequence[str], *, width: int = 0) -> ir.Table:
    """Return records, and those that pass each test, by the month of their day."""
    table = table.filter(table.day.notnull())
    table = table.select(month=table.day.truncate("M"), **{name: table[name] for name in tests})
    sums: dict[str, Any] = {"n": table.count()}
    sums |= {name: table[name].sum().cast("int64") for name in tests}
    sums |= {f"b_{i}": ibis.literal(0, "int64") for i in range(len(tests), width)}
    if not tests and not width:
        sums["b_0"] = ibis.literal(0, "int64")
    found = table.group_by("month").aggregate(**sums)
    names = [f"b_{i}" for i in range(max(len(tests), width, 1))]
    return found.mutate(kind=ibis.literal(kind)).select("kind", "month", "n", *names)


def _entry(leads: Leads, table: ir.Table, place: int) -> tuple[Any, Any]:
    """Return the day of a step and whether it counts."""
    funnel = leads.funnel
    if place < len(funnel.steps):
        day, dated, reached = journey.entry(table, funnel, place)
        return day, dated & reached
    near = table[f"reached_{len(funnel.stages) - 2}"]
    return table.exit_date, table.exit_date.notnull() & table.exit.notnull() & near


def _names(leads: Leads, split: Split) -> Split:
    """Return the segments of a split; those that are kept apart come first."""
    funnel = leads.funnel
    for name in split:
        checks.member("by", "segment", name, (*funnel.segments, ENTERED_AT))
    return journey.group_names(funnel, split)
