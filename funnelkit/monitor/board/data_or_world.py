"""Data or world? What in the records themselves could look like a change of the business."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_name
from funnelkit.counts.daily import DECIDED, Daily, Filling
from funnelkit.counts.triangle import IntArray
from funnelkit.monitor.board.building import Board
from funnelkit.monitor.board.chances import held
from funnelkit.monitor.board.panels import HISTORY
from funnelkit.monitor.board.scores import Counted, Season, windows

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

FloatArray = NDArray[np.float64]
SignKind = Literal[
    "blank", "unrecorded stage", "silent days", "owner stopped", "one date", "late entry",
    "undated", "recording began", "partial month", "dated change",
]  # fmt: skip
BUDGET = 0.01
_LATELY = 186
_JUMP = 0.05
_LATE = 0.03
_BATCH, _BATCH_SHARE, _BATCH_TIMES = 20, 0.3, 8.0


@dataclass(frozen=True, kw_only=True)
class Sign:
    """Something in the records that could look like a change of the business.

    Parameters
    ----------
    kind
        What it is.
    sentence
        What was found, with counts.
    since
        Day from which it holds.
    steps
        Stages and exits whose figures it touches; empty: all.
    column
        Segment whose figures it touches; ``None``: all figures.
    harm
        Whether figures may be wrong by it. A partial month that is allowed for is none.
    """

    kind: SignKind
    sentence: str
    since: dt.date | None = None
    steps: tuple[str, ...] = ()
    column: str | None = None
    harm: bool = True


def signs(
    leads: Leads,
    board: Board,
    filled: Filling,
    *,
    archived: Leads | None = None,
    changes: Sequence[tuple[dt.date, str]] = (),
) -> tuple[Sign, ...]:
    """Return what was found in the records, worst first.

    Parameters
    ----------
    leads
        The data.
    board
        What is watched.
    filled
        How well fields were filled in.
    archived
        The same leads as exported on an earlier day.
    changes
        Dated changes of the world, with their words.

    Notes
    -----
    Tests by chance (blank shares, unrecorded stages, silent days, owners) share a budget of their
    own: one false sign in a hundred reports, by Holm's test.
    """
    tested = [
        *_filled(filled),
        *_silent(board.whole),
        *_owners(leads, filled),
    ]
    chances = np.array([chance for chance, _ in tested])
    sure = held(np.minimum(chances, 1.0), BUDGET)
    found = [sign for (_, sign), stands in zip(tested, sure, strict=True) if stands]
    found += [*_batches(board.whole), *_late(leads, archived)]
    found += [*_undated(leads, board, filled)]
    found += [*_recorded(board), *_partial(leads), *_changed(leads, changes)]
    return tuple(sorted(found, key=lambda sign: not sign.harm))


def _filled(filled: Filling) -> Iterator[tuple[float, Sign]]:
    """Yield shares of blank segments and unrecorded stages that rose."""
    rows: list[tuple[str, str | None, tuple[str, ...], IntArray, IntArray]] = [
        (f"`{name}`", name, (), part, filled.entered) for name, part in filled.blank.items()
    ]
    rows += [
        (f"`{name}`", None, (name,), part, filled.passed[name])
        for name, part in filled.skipped.items()
    ]
    for words, column, steps, part, whole in rows:
        n = whole.astype(float)
        seen = int((n > 0).sum())
        longest = min(HISTORY, seen - HISTORY)
        if longest < 1 or not part.any():
            continue
        usual = np.full_like(n, (part.sum() + 0.5) / (n.sum() + 1))
        series = Counted(
            observed=part[None].astype(float),
            base=(usual * n)[None],
            chance=np.where(n > 0, (1 - usual) / np.maximum(usual * n, 1e-9), 1.0)[None],
            share=usual[None],
        )
        places = (np.zeros(len(n)), np.zeros(len(n)))
        found = windows(series, Season(), places, longest=longest)
        k = int(np.argmax((found.observed - found.expected)[0] / np.maximum(found.spread[0], 1e-9)))
        before = float(part[: -(k + 1)].sum() / max(n[: -(k + 1)].sum(), 1))
        now = float(part[-(k + 1) :].sum() / max(n[-(k + 1) :].sum(), 1))
        if now - before < _JUMP:
            continue
        since = filled.months[-(k + 1)]
        what = "is blank" if column else "was passed without being recorded"
        yield (
            float(found.high[0].min()) * longest,
            Sign(
                kind="blank" if column else "unrecorded stage",
                sentence=f"{words} {what} for {display.percent(now)} of "
                f"{display.plural(n[-(k + 1) :].sum(), 'record')} since {period_name(since)}, "
                f"against {display.percent(before)} before.",
                since=since.start_time.date(),
                steps=steps,
                column=column,
            ),
        )


def _silent(whole: Daily) -> Iterator[tuple[float, Sign]]:
    """Yield runs of days without entries that are longer than chance allows."""
    weekday = whole.days.day_of_week.to_numpy()
    for step in whole.steps:
        if step == DECIDED:
            continue
        counts = whole.of(step)[0].astype(float)
        some = np.flatnonzero(counts)
        if len(some) < 20:
            continue
        start = int(some[0])
        usual = _usual(counts, weekday, start)
        spread = (counts[start:] - usual[start:]) ** 2
        wide = max(float(spread.sum() / max(usual[start:].sum(), 1e-9)), 1.0)
        edges = [*some.tolist(), len(counts)]
        runs = [(a + 1, b) for a, b in pairwise(edges) if b > a + 1]
        recent = [run for run in runs if run[1] > len(counts) - _LATELY]
        if not recent:
            continue
        dues = [float(usual[a:b].sum()) for a, b in recent]
        place = int(np.argmax(dues))
        (a, b), due = recent[place], dues[place]
        first, last = whole.days[a].date(), whole.days[b - 1].date()
        trailing = b == len(counts)
        told = (
            f"since {day_name(first)}"
            if trailing
            else f"from {day_name(first)} to {day_name(last)}"
        )
        yield (
            float(np.exp(-due / wide) * len(some)),
            Sign(
                kind="silent days",
                sentence=f"No entry to `{step}` is recorded {told} ({b - a} days), where about "
                f"{display.count(due)} were to be expected.",
                since=first,
                steps=(step,),
            ),
        )


def _usual(counts: FloatArray, weekday: NDArray[np.int64], start: int) -> FloatArray:
    """Return the usual entries of each day: the weekday's share of the weeks around it."""
    number = np.maximum(np.bincount(weekday[start:], minlength=7), 1)
    mean = np.bincount(weekday[start:], counts[start:], 7) / number
    share = mean / max(float(mean.mean()), 1e-12)
    padded = np.concatenate([np.zeros(start), counts[start:]])
    summed = np.concatenate([[0.0], np.cumsum(padded)])
    days = np.arange(len(counts))
    low = np.maximum(days - 91, start)
    high = np.maximum(np.minimum(days, len(counts)), low + 1)
    level = (summed[high] - summed[low]) / (high - low)
    return np.asarray(level * share[weekday])


def _owners(leads: Leads, filled: Filling) -> Iterator[tuple[float, Sign]]:
    """Yield owners whose records stop."""
    for name, counts in filled.owners.items():
        last = filled.last[name]
        days = (leads.as_of - last).days
        place = int(np.clip((_month(last) - filled.months[0]).n, 0, len(counts) - 1))
        before = counts[max(place - HISTORY, 0) : place].astype(float)
        if days < 14 or len(before) < 3 or before.sum() < 12:
            continue
        due = float(before.mean()) * days / 30.4
        wide = max(float(before.var(ddof=1) / max(before.mean(), 1e-9)), 1.0)
        yield (
            float(np.exp(-due / wide)),
            Sign(
                kind="owner stopped",
                sentence=f"The records of {display.one_line(name)} stop on {day_name(last)}, after "
                f"about {display.count(before.mean())} entries a month: was the user deactivated, "
                "or were the records handed over?",
                since=last,
                column=leads.funnel.owner,
            ),
        )


def _batches(whole: Daily) -> Iterator[Sign]:
    """Yield days that carry much of a month's entries: entered in bulk."""
    months = whole.days.to_period("M")
    for step in whole.steps:
        counts = whole.of(step)[0].astype(float)
        if step == DECIDED or not counts.any():
            continue
        typical = float(np.median(counts[counts > 0]))
        lately = np.arange(len(counts)) >= len(counts) - _LATELY
        for place in np.flatnonzero(lately & (counts >= _BATCH)).tolist():
            month = float(counts[months == months[place]].sum())
            bulk = counts[place] >= max(_BATCH_SHARE * month, _BATCH_TIMES * typical)
            if bulk:
                yield Sign(
                    kind="one date",
                    sentence=f"{display.count(counts[place])} of "
                    f"{display.plural(month, 'entry', 'entries')} to `{step}` in "
                    f"{period_name(months[place])} bear one date, "
                    f"{day_name(whole.days[place].date())}: entered in bulk?",
                    since=whole.days[place].date(),
                    steps=(step,),
                )


def _late(leads: Leads, archived: Leads | None) -> Iterator[Sign]:
    """Yield stages whose entries are recorded late, by what an earlier export did not hold."""
    if archived is None:
        return
    from funnelkit.counts.daily import daily

    then, now = daily(archived)[()], daily(leads.at(archived.as_of))[()]
    for step in now.steps:
        if step == DECIDED:
            continue
        since = max(0, len(now.days) - 92)
        today = int(now.of(step)[:, since:].sum())
        first = now.days[since]
        known = int(then.of(step)[:, then.days >= first].sum())
        if today - known >= max(10, _LATE * today):
            yield Sign(
                kind="late entry",
                sentence=f"{display.count(today - known)} of "
                f"{display.plural(today, 'entry', 'entries')} to `{step}` from "
                f"{day_name(first.date())} to {day_name(archived.as_of)} were not yet in the "
                f"export of {day_name(archived.as_of)}: the last weeks are filled in late, and "
                "look lower than they are.",
                since=first.date(),
                steps=(step,),
            )


def _undated(leads: Leads, board: Board, filled: Filling) -> Iterator[Sign]:
    """Yield stages whose day of entry nobody knows of many records, which may be recent ones."""
    for stage, number in filled.undated.items():
        dated = int(board.whole.of(stage).sum())
        if number >= max(20, _LATE * dated):
            yield Sign(
                kind="undated",
                sentence=f"{display.plural(number, 'record')} reached `{stage}` on a day that is "
                f"not recorded ({display.plural(dated, 'other')} have one): if they are recent, "
                "the last months look lower than they are.",
                since=leads.as_of,
                steps=(stage,),
            )


def _recorded(board: Board) -> Iterator[Sign]:
    """Yield steps whose recording began long after the first entries."""
    for step, day in board.recorded.items():
        yield Sign(
            kind="recording began",
            sentence=f"`{step}` is recorded only from {day_name(day)} on, although records entered "
            "long before: what rises there is the recording, not the business. Cohorts from "
            "before are left out.",
            since=day,
            steps=(step,),
        )


def _partial(leads: Leads) -> Iterator[Sign]:
    """Yield that the last month is not complete."""
    month = _month(leads.as_of)
    if month.end_time.date() > leads.as_of:
        yield Sign(
            kind="partial month",
            sentence=f"{period_name(month)} is complete only up to {day_name(leads.as_of)}: its "
            "entries are compared with what so many days usually bring.",
            since=month.start_time.date(),
            harm=False,
        )


def _changed(leads: Leads, changes: Sequence[tuple[dt.date, str]]) -> Iterator[Sign]:
    for day, words in changes:
        if day <= leads.as_of and (leads.as_of - day).days <= 2 * _LATELY:
            yield Sign(
                kind="dated change",
                sentence=f"{display.one_line(words)} ({day_name(day)}): levels may have a step "
                "there, and are learned anew from that month on.",
                since=day,
                harm=False,
            )


def _month(day: dt.date) -> pd.Period:
    import pandas as pd

    return pd.Period(day, freq="M")
