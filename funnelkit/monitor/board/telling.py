"""Alarms as alerts: in figures, with what in the data or which dated change may explain them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.data.definition import Funnel
from funnelkit.monitor.board.alerting import Alert, Path
from funnelkit.monitor.board.building import Board
from funnelkit.monitor.board.data_or_world import Sign
from funnelkit.monitor.board.folding import Alarm
from funnelkit.monitor.board.panels import Panel
from funnelkit.monitor.board.watching import Low, first_day

_NONE_YET = 3.7  # the exact upper end of a count of 0, at 95 %
_AROUND = 45
_SHORT = 3
_FASTEST = float(np.log(10))  # a ratio of lags is told up to here


class Background(NamedTuple):
    """What alarms are told against: the board, signs in the data, dated changes, the funnel."""

    board: Board
    signs: tuple[Sign, ...]
    dated: Sequence[tuple[dt.date, str]]
    funnel: Funnel


def told(one: Alarm, about: Background) -> Alert:
    """Return an alarm in figures."""
    panel, row, k = one.panel, one.row, one.window
    series, months = panel.series, about.board.months
    effect, sd = one.effect(k)
    usual = level = np.nan
    if series.kind == "number":
        ends = (float(np.clip(effect + z * sd, -_FASTEST, _FASTEST)) for z in (0.0, -1.96, 1.96))
        change, low, high = (float(np.expm1(end)) for end in ends)
        n = panel.denominators[row, -k:].sum()
    else:
        observed, expected = one.observed[k - 1], max(one.expected[k - 1], 1e-9)
        spread = one.spread[k - 1] / np.sqrt(expected * max(observed, 1.0))
        change = effect
        low, high = ((1 + effect) * float(np.exp(z * spread)) - 1 for z in (-1.96, 1.96))
        if not observed:
            high = min(_NONE_YET / expected, 1.0) - 1
        due = max(float(series.base[row, -k:].sum()), 1e-9)
        usual = float(panel.reference[row] * expected / due)
        if panel.metric.kind == "volume":
            usual = float(expected / k)
        level = usual * (1 + effect)
        n = observed if panel.metric.kind == "volume" else panel.denominators[row, -k:].sum()
    return Alert(
        metric=panel.metric,
        by=panel.by,
        segment=panel.segments[row],
        direction="fell" if one.fell else "rose",
        change=change,
        low=low,
        high=high,
        usual=usual,
        level=float(level),
        since=months[-k],
        since_low=months[-one.first],
        since_high=months[-one.last],
        n=int(n),
        chance=one.chance,
        worth=_worth(one, about),
        also=tuple(dict.fromkeys(_label(other) for other in one.explains)),
        check=_check(one, about),
        cause=_cause(one, about),
        path=_path(panel, row, k, usual, about.board),
    )


def told_low(low: Low, about: Background) -> Alert:
    """Return a rate below its threshold as an alert."""
    months = about.board.months
    change = low.level / low.limit - 1
    onward = about.board.onward.get(low.panel.metric.target, 0.0)
    since = months[-low.months]
    return Alert(
        metric=low.panel.metric,
        by=low.panel.by,
        segment=low.panel.segments[low.row],
        direction="below",
        change=change,
        low=change,
        high=change,
        usual=low.limit,
        level=low.level,
        since=since,
        since_low=since,
        since_high=since,
        n=low.n,
        chance=low.chance,
        worth=(low.limit - low.level) * low.n * onward,
        threshold=display.one_line(low.words),
        path=_path(low.panel, low.row, low.months, low.limit, about.board),
    )


def _worth(one: Alarm, about: Background) -> float:
    """Return the wins that are lost in the end by what came since: those still due included."""
    panel, row, k = one.panel, one.row, one.window
    if panel.series.kind == "number":
        return 0.0
    lost = float(one.expected[k - 1] - one.observed[k - 1])
    lost *= about.board.onward.get(panel.metric.target, 0.0)
    if panel.metric.kind != "rate":
        return lost
    entered = panel.denominators[row, -k:]
    mature = float((panel.maturity[row, -k:] * entered).sum()) / max(float(entered.sum()), 1.0)
    return lost / max(mature, 0.02)


def _path(panel: Panel, row: int, k: int, usual: float, board: Board) -> Path:
    series = panel.series
    base = series.base[row]
    known = base > 0
    values = np.where(known, series.observed[row] / np.where(known, base, 1.0), np.nan)
    chance = series.chance[row]
    if series.shared is not None:
        chance = chance + np.diagonal(series.shared[row])
    errors = np.where(known, np.sqrt(chance), np.nan)
    if panel.metric.kind in ("rate", "closed"):
        values, errors = values * panel.reference[row], errors * panel.reference[row]
    if panel.metric.kind == "volume":
        values, errors = np.where(known, series.observed[row], np.nan), errors * base
    return Path(
        months=board.months,
        values=values,
        errors=errors,
        usual=0.0 if np.isnan(usual) else usual,
        since=len(board.months) - k,
    )


def _cause(one: Alarm, about: Background) -> str:
    """Return the dated change that a change goes with."""
    months = about.board.months
    begin = first_day(months[-one.first])
    since = first_day(months[-one.window])
    end = months[-one.last].end_time.date()
    for day, words in about.dated:
        if min(begin, since - dt.timedelta(days=_AROUND)) <= day <= end:
            return f"{display.one_line(words)} ({day_name(day)})"
    return ""


def _check(one: Alarm, about: Background) -> str:
    """Return what in the data may explain an alarm."""
    return next((sign.sentence for sign in about.signs if _explains(sign, one, about)), "")


def _explains(sign: Sign, one: Alarm, about: Background) -> bool:
    if not sign.harm or sign.since is None:
        return False
    months, metric, stages = about.board.months, one.metric, about.funnel.stages
    begin = first_day(months[-one.first]) - dt.timedelta(days=_AROUND)
    timely = begin <= sign.since <= months[-one.last].end_time.date()
    touched = {metric.target, metric.start}
    if metric.kind == "rate" and (metric.start, metric.target) == (stages[0], stages[-1]):
        touched = set(stages)
    if metric.kind == "closed":
        touched |= set(about.funnel.exits)
    same = not sign.steps or bool(touched & set(sign.steps))
    if sign.column is not None:
        same = one.panel.split == sign.column
    if sign.kind == "recording began":  # what rises then may be recorded now, not grown
        return timely and not one.fell
    if sign.kind == "late entry":  # it takes from the last months
        return same and one.fell and one.window <= _SHORT
    if sign.kind == "undated":
        return same and one.fell and one.window <= _SHORT and metric.kind == "volume"
    return timely and same


def _label(one: Alarm) -> str:
    segment = one.panel.segments[one.row]
    pairs = zip(one.panel.by, segment, strict=True)
    where = ", ".join(f"{display.one_line(k)} {display.segment_name([v])}" for k, v in pairs)
    return f"{display.one_line(one.metric.name)} ({where or 'all leads'})"
