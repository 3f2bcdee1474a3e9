"""Leads that left: the reason, the stage and the age of each, from leads or plain columns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import Calendar
from funnelkit._core.errors import ArgumentError, EvidenceError, unknown
from funnelkit._core.measure import FloatArray
from funnelkit.data.journeys import group_names
from funnelkit.data.records import Leads
from funnelkit.data.rules.reading import is_mail
from funnelkit.metrics.people.activity_kinds import texts
from funnelkit.metrics.plain import chosen, frame_of, local_day, mapping_of, names_of, times

if TYPE_CHECKING:
    import pandas as pd

UNKNOWN = "(unknown)"
ADDRESS = "(mail address)"


@dataclass(frozen=True, kw_only=True)
class Losses:
    """Leads that left: ``reason`` and ``stage`` beside the segment columns; days and ages."""

    rows: pd.DataFrame
    left: pd.DatetimeIndex
    age: FloatArray
    stages: tuple[str, ...]
    by: tuple[str, ...]
    apart: tuple[str, ...]
    calendar: Calendar
    as_of: dt.date | None
    notes: tuple[str, ...]


def of_leads(leads: Leads, reason: str, exits: Any, by: Any) -> Losses:
    """Return the leads that left, with the reason, the stage and the age of each."""
    import pandas as pd

    funnel = leads.funnel
    if not funnel.exits:
        raise EvidenceError("the funnel has no `exits`, so nothing says who left.")
    known = (*funnel.keep, *funnel.segments)
    if reason not in known:
        raise ArgumentError(
            f"`reason`: {unknown('kept column or segment', str(reason), known)} Keep it, such as "
            'fk.Funnel([…], keep=["lost_reason"]).'
        )
    _refuse_own_names(group_names(funnel, names_of("by", by)))
    wanted = funnel.exits if exits is None else (exits,) if isinstance(exits, str) else tuple(exits)
    for name in wanted:
        checks.member("exits", "exit", name, funnel.exits)
    groups = group_names(funnel, names_of("by", by))
    parts = []
    for name in wanted:
        listed = leads.list(name)
        days = listed[list(funnel.stages)]
        last = days.notna().to_numpy(dtype=bool)
        furthest = last.shape[1] - 1 - np.argmax(last[:, ::-1], axis=1)
        dated = np.atleast_1d(last.any(axis=1)).tolist()
        at = listed["entered_at"].astype(object)
        part = listed[list(groups)].copy()
        part["exit"] = name
        part["reason"] = _cleaned(listed[reason])
        part["stage"] = [
            funnel.stages[k] if has else (entry if isinstance(entry, str) else UNKNOWN)
            for k, has, entry in zip(furthest.tolist(), dated, at.tolist(), strict=True)
        ]
        part["_left"] = listed[name]
        part["_age"] = (listed[name] - days.min(axis=1)).dt.days
        parts.append(part)
    rows = pd.concat(parts, ignore_index=True)
    names = (*groups, "exit") if len(wanted) > 1 else groups
    return Losses(
        rows=rows,
        left=pd.DatetimeIndex(rows["_left"]),
        age=rows["_age"].to_numpy(dtype=float),
        stages=funnel.stages,
        by=names,
        apart=funnel.apart,
        calendar=funnel.calendar,
        as_of=leads.as_of,
        notes=(),
    )


def of_frame(records: Any, reason: str, exits: Any, by: Any, columns: Any) -> Losses:
    """Return the rows of a frame, with the reason, the stage and the age of each."""
    import pandas as pd

    if exits is not None:
        raise ArgumentError("`exits` is for leads; filter the rows of a frame.")
    frame = frame_of("records", records)
    names = names_of("by", by)
    _refuse_own_names(names)
    given = {**mapping_of(columns), "reason": reason}
    rows = chosen("records", frame, given, needed=("reason",), known=("stage", "entered", "lost"))
    labelled = frame.set_axis([str(name) for name in frame.columns], axis="columns")
    for name in names:
        checks.member("by", "column", name, list(labelled.columns))
    out = labelled[list(names)].reset_index(drop=True)
    out["reason"] = _cleaned(rows["reason"])
    stage = texts(rows["stage"]) if "stage" in rows else [None] * len(rows)
    out["stage"] = [UNKNOWN if value is None else value for value in stage]
    blank = pd.Series(pd.NaT, index=rows.index)
    days = {
        name: local_day(times("records", name, rows.get(name, blank), "UTC").moments, "UTC")
        for name in ("entered", "lost")
    }
    age = np.asarray((days["lost"] - days["entered"]).days, dtype=float)
    early = age < 0
    notes = []
    if early.any():
        notes.append(
            f"{display.plural(int(early.sum()), 'lead')} left before they entered; their "
            "age is unknown."
        )
    stages = tuple(dict.fromkeys(value for value in stage if value is not None))
    return Losses(
        rows=out,
        left=days["lost"],
        age=np.where(early, np.nan, age),
        stages=stages,
        by=names,
        apart=(),
        calendar=Calendar(),
        as_of=None,
        notes=tuple(notes),
    )


def _cleaned(values: pd.Series[Any]) -> list[str]:
    found = texts(values)
    return [display.BLANK if not text else ADDRESS if is_mail(text) else text for text in found]


def _refuse_own_names(names: Sequence[str]) -> None:
    if clash := sorted(set(names) & {"reason", "stage", "age", "exit", "lost", "_left", "_age"}):
        raise ArgumentError(
            f"`by`: the table has a column `{clash[0]}` of its own; rename that segment."
        )
