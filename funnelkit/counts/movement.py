"""`movement`: from the open pipeline of one day to that of another, deal by deal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from funnelkit._core import checks, display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.result import Result
from funnelkit.counts.bridging import CAUSES, END, START, Group, Line, Window, lines_of, total
from funnelkit.data.journeys import group_names
from funnelkit.data.periods import span_of
from funnelkit.data.records import Leads
from funnelkit.data.standing import Standing, close_column, standings

if TYPE_CHECKING:
    import pandas as pd

_MOST_GROUPS = 4


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Movement(Result):
    """How the open pipeline came from one day to another.

    Parameters
    ----------
    window
        First and last day, and the period in which deals are planned to close, if one was named.
    by, groups
        Columns by which it is split, and one tuple of values for each group.
    lines
        One for each deal and cause.
    start, end
        For each group, amounts of the deals that were open on the two days, blank ones as 0.
    without_amount
        Deals open on either day, or in a line, whose amount is blank or 0.
    without_close
        Open deals without a planned close date, which are in no period.
    notes
        What cannot be told from these data.
    """

    window: Window
    by: tuple[str, ...]
    groups: tuple[Group, ...]
    lines: tuple[Line, ...]
    start: tuple[tuple[Decimal, ...], ...]
    end: tuple[tuple[Decimal, ...], ...]
    without_amount: int
    without_close: int
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Return one row per deal and cause.

        Returns
        -------
        DataFrame
            ``id``, the columns of ``by``, ``cause``, ``value`` (what it adds to the pipeline, an
            exact ``Decimal``), ``value_before``, ``value_after``, ``close_before``,
            ``close_after`` (planned close dates), ``exit`` (which way a lost deal left).
        """
        import pandas as pd

        rows = [
            {
                "id": line.id,
                **dict(zip(self.by, line.group, strict=True)),
                "cause": line.cause,
                "value": line.value,
                "value_before": line.before and line.before.amount,
                "value_after": line.after and line.after.amount,
                "close_before": line.before and line.before.close,
                "close_after": line.after and line.after.close,
                "exit": line.after and line.after.exit,
            }
            for line in self.lines
        ]
        columns = ["id", *self.by, "cause", "value", "value_before", "value_after"]
        return pd.DataFrame(rows, columns=[*columns, "close_before", "close_after", "exit"])

    def bridge(self) -> pd.DataFrame:
        """Return the rows of the waterfall.

        Returns
        -------
        DataFrame
            The columns of ``by``, ``line`` (``"start"``, each cause that occurs, ``"end"``),
            ``deals`` in the line, and ``value``, an exact ``Decimal``: for each group, start and
            causes sum to the end.
        """
        import pandas as pd

        rows = [
            {**dict(zip(self.by, group, strict=True)), "line": name, "deals": deals, "value": value}
            for i, group in enumerate(self.groups)
            for name, deals, value in self._rows(i)
        ]
        return pd.DataFrame(rows, columns=[*self.by, "line", "deals", "value"])

    def _rows(self, number: int) -> list[tuple[str, int, Decimal]]:
        own = [line for line in self.lines if line.group == self.groups[number]]
        rows = [(START, len(self.start[number]), total(self.start[number]))]
        for cause in CAUSES:
            values = [line.value for line in own if line.cause == cause]
            if values:
                rows.append((cause, len(values), total(values)))
        return [*rows, (END, len(self.end[number]), total(self.end[number]))]

    def summary(self) -> str:
        """Return start, causes and end of each group, and what the data cannot tell."""
        told = [self._sentence(i) for i in range(min(len(self.groups), _MOST_GROUPS))]
        more = len(self.groups) - len(told)
        told += [f"{display.plural(more, 'more group')} in the bridge."] if more else []
        if not self.groups:
            told = ["No deal was open on either day, and none came or went between them."]
        return " ".join([*told, *self.notes])

    def _sentence(self, number: int) -> str:
        first, *causes, last = self._rows(number)
        group, window = self.groups[number], self.window
        whose = f"{display.segment_name(group)}: " if group else "The "
        closing = f" closing in {window.period.label}" if window.period else ""
        moved = [
            f"{_signed(value)} {cause.replace('_', ' ')} ({display.count(deals)})"
            for cause, deals, value in causes
        ]
        words = f": {', '.join(moved)}" if moved else "; nothing moved"
        return (
            f"{whose}open pipeline{closing} went from {_money(first[2])} "
            f"({display.plural(first[1], 'deal')}) on {day_name(window.start)} to "
            f"{_money(last[2])} ({display.count(last[1])}) on {day_name(window.end)}{words}."
        )


def movement(
    before: Leads,
    after: Leads | None = None,
    *,
    between: tuple[dt.date | str, dt.date | str] | None = None,
    closing: str | pd.Period | None = None,
    stage: str | None = None,
    by: str | Sequence[str] | None = None,
    close_date: str | None = None,
) -> Movement:
    """Return how the open pipeline came from one day to another, deal by deal.

    Parameters
    ----------
    before, after
        Two snapshots of one funnel, such as two days of :func:`funnelkit.open_archive`. With
        ``before`` alone, its table of changes (:attr:`Leads.changes`) tells the earlier values.
    between
        The two days, where ``after`` is not given.
    closing
        Only deals that are planned to close in a period such as ``"2026-Q3"``; by default all
        that are open.
    stage
        Stage from which on a record is in the pipeline; by default the first.
    by
        Segment or segments, or the funnel's owner column. Segments kept ``apart`` are always
        among them.
    close_date
        The column of ``keep`` with the planned close date; by default the one of that name.

    Returns
    -------
    Movement
        ``bridge()`` holds for each group start + causes = end, exactly.

    Raises
    ------
    ArgumentError
        For two funnels that differ, days in the wrong order, or an unknown name.
    EvidenceError
        If amounts are not known, or planned close dates are asked for and not kept, or a single
        set of leads has no table of changes.

    Notes
    -----
    What comes in (``created``, ``appeared``: older than the first day, but not in its export;
    ``reopened``; ``pulled_in`` from a later close date or none; ``rolled_in`` from an earlier one)
    has its amount of the last day. What leaves (``pushed``, ``pulled_out`` to an earlier period,
    ``stepped_back`` before the stage, ``gone`` from the CRM, ``lost``) has its amount of the first
    day. A deal that was open is won with the amount that it was won for; what differs from the
    first day stands under ``raised`` or ``lowered``. A deal that came and was closed in between is
    in two lines. Between groups a deal moves (``moved_out``, ``moved_in``) with its amount of the
    first day. A win counts for a period if the deal closed in it, whatever had been planned.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> funnel = fk.Funnel(["deal", "won"], exits=["lost"], value="amount")
    >>> def on(day, *rows):
    ...     columns = ["id", "deal", "won", "lost", "amount"]
    ...     return fk.from_frame(pd.DataFrame(rows, columns=columns), funnel, as_of=day)
    >>> june = on(
    ...     "2026-06-30",
    ...     ("a", "2026-05-01", None, None, 100),
    ...     ("b", "2026-05-02", None, None, 40),
    ... )
    >>> july = on(
    ...     "2026-07-31",
    ...     ("a", "2026-05-01", "2026-07-09", None, 90),
    ...     ("b", "2026-05-02", None, None, 40),
    ...     ("c", "2026-07-03", None, None, 25),
    ... )
    >>> print(fk.movement(june, july).bridge().to_string(index=False))
       line  deals  value
      start      2 140.00
    created      1  25.00
    lowered      1 -10.00
        won      1 -90.00
        end      2  65.00
    """
    first, last, notes = _two(before, after, between)
    funnel = last.funnel
    if funnel.value is None:
        raise EvidenceError("pipeline movement needs amounts; the funnel has no `value`.")
    plan = close_column(funnel, close_date)
    period = None if closing is None else span_of("closing", closing, funnel.calendar)
    if plan is None:
        if period is not None:
            raise EvidenceError(
                "`closing` needs the planned close date of each deal. Name its column in the "
                "funnel's `keep`, and here as `close_date` if it is called otherwise."
            )
        notes.append(
            "No planned close date is kept, so pulled in and pushed cannot be told (name its "
            "column in `keep`)."
        )
    elif period is None:
        notes.append(
            "This is the whole open pipeline, in which nothing is pulled in or pushed: name a "
            "period as `closing` to see that."
        )
    names = group_names(funnel, by)
    start_stage = stage or funnel.stages[0]
    was = standings(first, stage=start_stage, by=names, close=plan)
    now = standings(last, stage=start_stage, by=names, close=plan)
    window = Window(start=first.as_of, end=last.as_of, period=period)
    return _bridge(was, now, window, by=names, notes=notes)


def _bridge(
    was: dict[str, Standing],
    now: dict[str, Standing],
    window: Window,
    *,
    by: tuple[str, ...],
    notes: list[str],
) -> Movement:
    lines = [
        line
        for name in sorted(was.keys() | now.keys())
        for line in lines_of(name, was.get(name), now.get(name), window)
    ]
    open_then = [one for one in was.values() if window.holds(one)]
    open_now = [one for one in now.values() if window.holds(one)]
    seen = {one.group for one in (*open_then, *open_now)} | {line.group for line in lines}
    groups = tuple(sorted(seen, key=lambda group: tuple((v is None, v or "") for v in group)))
    blank = {name for name, one in was.items() if window.holds(one) and not one.amount}
    blank |= {name for name, one in now.items() if window.holds(one) and not one.amount}
    blank |= {line.id for line in lines if line.came_or_went and not line.value}
    undated = {
        name
        for stood in (was, now)
        for name, one in stood.items()
        if window.period and one.state == "open" and one.close is None
    }
    if blank:
        notes.append(
            f"{display.plural(len(blank), 'deal')} without an amount "
            f"{'counts' if len(blank) == 1 else 'count'} as 0."
        )
    if undated:
        notes.append(
            f"{display.plural(len(undated), 'open deal')} without a planned close date "
            f"{'is' if len(undated) == 1 else 'are'} in no period."
        )
    return Movement(
        window=window,
        by=by,
        groups=groups,
        lines=tuple(lines),
        start=tuple(_amounts(open_then, group) for group in groups),
        end=tuple(_amounts(open_now, group) for group in groups),
        without_amount=len(blank),
        without_close=len(undated),
        notes=tuple(notes),
    )


def _amounts(stood: Sequence[Standing], group: Group) -> tuple[Decimal, ...]:
    return tuple(one.amount or Decimal(0) for one in stood if one.group == group)


def _two(
    before: Leads, after: Leads | None, between: tuple[dt.date | str, dt.date | str] | None
) -> tuple[Leads, Leads, list[str]]:
    """Return the data of the two days, and what cannot be told from them."""
    for argument, given in (("before", before), ("after", after)):
        if not isinstance(given, Leads) and not (argument == "after" and given is None):
            raise ArgumentError(f"`{argument}` must be Leads; got {type(given).__name__}.")
    if after is not None:
        return (*_snapshots(before, after, between), [])
    if between is None or len(between) != 2:
        raise ArgumentError(
            '`between` must be two days such as ("2026-06-30", "2026-09-30") where only one set '
            f"of leads is given; got {between!r}."
        )
    start, end = (checks.day("between", day) for day in between)
    if start >= end:
        raise ArgumentError(f"`between` must be two days in order; got {start} and {end}.")
    if before.rows.changes is None:
        raise EvidenceError(
            "these leads have no table of changes, so amounts and close dates of an earlier day "
            "are not known. Give two snapshots (see funnelkit.archive), or read the history."
        )
    gone = "Deals that were deleted from the CRM are not in its history."
    return before.at(start), before.at(end), [gone]


def _snapshots(before: Leads, after: Leads, between: object) -> tuple[Leads, Leads]:
    if between is not None:
        raise ArgumentError("`between` is for one set of leads; two snapshots have their own days.")
    if before.as_of >= after.as_of:
        raise ArgumentError(
            f"`before` must be the earlier snapshot; it is of {before.as_of} and `after` of "
            f"{after.as_of}."
        )
    parts = ("stages", "exits", "id", "value", "owner", "segments", "apart", "keep")
    differing = [
        f"`{part}`" for part in parts if getattr(before.funnel, part) != getattr(after.funnel, part)
    ]
    if differing:
        raise ArgumentError(
            f"`before` and `after` must be of one funnel; they differ in "
            f"{display.listed(differing)}."
        )
    return before, after


def _money(value: Decimal) -> str:
    return f"{value:,.0f}".replace("-", display.MINUS)


def _signed(value: Decimal) -> str:
    return f"{value:+,.0f}".replace("-", display.MINUS)
