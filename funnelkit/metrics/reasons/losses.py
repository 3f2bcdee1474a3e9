"""Why leads were lost or rejected: reasons by stage and age, blanks and empty words told."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import Unit
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.frames import long_frame
from funnelkit._core.interval import share_interval
from funnelkit._core.measure import FloatArray, Segment
from funnelkit._core.result import Result, frozen
from funnelkit.data.records import Leads
from funnelkit.data.rules.names import CATCH_ALLS, name_key, says_nothing
from funnelkit.metrics.cells import cells
from funnelkit.metrics.reasons.leaving import UNKNOWN, of_frame, of_leads

if TYPE_CHECKING:
    import pandas as pd

AGES = (7, 30, 90, 180)
"""Days since entry at which bands of age end."""
_SHOWN, _ALIKE, _MOST = 3, 0.85, 300


def loss_reasons(
    records: Leads | pd.DataFrame,
    reason: str = "reason",
    *,
    exits: str | Sequence[str] | None = None,
    by: str | Sequence[str] | None = None,
    every: Unit | None = None,
    ages: Sequence[int] = AGES,
    columns: Mapping[str, str] | None = None,
    confidence_level: float = 0.95,
) -> LossReasons:
    """Return why leads left: how often each reason was given, in which stage and at what age.

    Parameters
    ----------
    records
        Leads, or a frame of one row per lead that left, with the reason and, where they are known,
        ``stage`` (in which it was lost), ``entered`` and ``lost`` (days, ISO).
    reason
        Kept column or segment with the reason; column of a frame.
    exits
        Exits to look at; default: all of the funnel's. With several, ``exit`` is a column of the
        result, so that losses and rejections stay apart.
    by
        Segments, or columns of the frame.
    every
        Split by the period in which leads left.
    ages
        Days since entry to the funnel at which bands of age end.
    columns
        Our name -> theirs, for frames: ``stage``, ``entered``, ``lost``.
    confidence_level
        Of the intervals.

    Returns
    -------
    LossReasons
        Shares are of all leads that left in the same segment and period, those without a reason
        included.

    Raises
    ------
    ArgumentError
        For a column, exit or segment that is not there.
    EvidenceError
        If nobody left.

    Notes
    -----
    The stage is the last one that a lead had a day of, the age that of the day it left. Reasons are
    what somebody chose to write: they are counted as written, and names that look alike are listed,
    not joined.

    Examples
    --------
    >>> import pandas as pd
    >>> lost = pd.DataFrame(
    ...     {"reason": ["Price", "Price", "price ", None], "stage": ["sql", "deal", "deal", "mql"]}
    ... )
    >>> found = loss_reasons(lost)
    >>> found.to_frame()[["reason", "lost", "rate"]].head(2).to_dict("list")
    {'reason': ['Price', 'price'], 'lost': [2, 1], 'rate': [0.5, 0.25]}
    >>> found.alike
    (('Price', 'price'),)
    """
    checks.confidence(confidence_level)
    ends = _checked_ages(ages)
    given = (
        of_leads(records, reason, exits, by)
        if isinstance(records, Leads)
        else of_frame(records, reason, exits, by, columns)
    )
    if not len(given.rows):
        raise EvidenceError("nobody left, so there is no reason to count.")
    place = cells(
        given.rows,
        given.by,
        days=given.left if every else None,
        every=every,
        calendar=given.calendar,
    )
    names = _ordered(given.rows["reason"].tolist())
    stages = [*given.stages, *([UNKNOWN] if UNKNOWN in set(given.rows["stage"]) else [])]
    aged = np.where(np.isnan(given.age), len(ends) + 1, np.searchsorted(ends, given.age, "left"))
    shape = (*place.shape, len(names), len(stages), len(ends) + 2)
    counts = np.zeros(shape, dtype=np.int64)
    which = [{name: k for k, name in enumerate(axis)} for axis in (names, stages)]
    at = [
        np.array([which[k][value] for value in given.rows[column].tolist()], dtype=np.int64)
        for k, column in enumerate(("reason", "stage"))
    ]
    dated = place.column >= 0
    np.add.at(
        counts,
        (place.row[dated], place.column[dated], at[0][dated], at[1][dated], aged[dated]),
        1,
    )
    notes = list(given.notes)
    if undated := int((~dated).sum()):
        notes.append(f"{display.plural(undated, 'lead')} left on an unknown day, in no period.")
    return LossReasons(
        by=given.by,
        segments=place.segments,
        periods=place.periods,
        reasons=tuple(names),
        stages=tuple(stages),
        ages=_age_names(ends),
        counts=counts,
        alike=_alike(names),
        apart=given.apart,
        as_of=given.as_of,
        notes=tuple(notes),
        confidence_level=confidence_level,
    )


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LossReasons(Result):
    """Reasons by segment, period, stage and age; see :func:`loss_reasons`.

    Parameters
    ----------
    by, segments, periods
        Segment columns, the values of each segment, and labels of the periods of leaving or
        ``None``.
    reasons
        As written, the most frequent first; ``(blank)`` where there is none.
    stages, ages
        Stages in which leads were lost, and names of the bands of age, the last one unknown.
    counts
        Leads that left, shape ``(n_segments, n_periods, n_reasons, n_stages, n_ages)``.
    alike
        Groups of reasons whose names look alike.
    apart
        Columns whose values are businesses of their own.
    as_of
        Last complete day, where it is known.
    notes
        What belongs with the figures.
    confidence_level
        Of the intervals.
    """

    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    periods: tuple[str, ...] | None
    reasons: tuple[str, ...]
    stages: tuple[str, ...]
    ages: tuple[str, ...]
    counts: NDArray[np.int64]
    alike: tuple[tuple[str, ...], ...]
    apart: tuple[str, ...] = ()
    as_of: dt.date | None = None
    notes: tuple[str, ...] = ()
    confidence_level: float = 0.95

    def __post_init__(self) -> None:
        """Copy and freeze the counts."""
        object.__setattr__(self, "counts", frozen(self.counts, np.int64))

    @property
    def lost(self) -> NDArray[np.int64]:
        """Leads that left for each reason, shape ``(n_segments, n_periods, n_reasons)``."""
        return np.asarray(self.counts.sum(axis=(3, 4)))

    @property
    def empty(self) -> tuple[bool, ...]:
        """Whether each reason says nothing: blank, or a word for unknown or other."""
        return tuple(_is_empty(name) for name in self.reasons)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment, period and reason.

        Returns
        -------
        DataFrame
            ``period`` (where there are any), the segment columns, ``reason``, ``lost``, ``rate``
            (of all that left in that segment and period) with its interval, and ``says_nothing``.
        """
        return self._frame(self.lost[..., None], None, ())

    def by_stage(self) -> pd.DataFrame:
        """Return the same for each stage in which leads were lost: with ``stage``.

        ``rate`` is of all that left from that stage.
        """
        return self._frame(self.counts.sum(axis=4), "stage", self.stages)

    def by_age(self) -> pd.DataFrame:
        """Return the same for each band of age: with ``age``, the days since entry.

        ``rate`` is of all that left at that age.
        """
        return self._frame(self.counts.sum(axis=3), "age", self.ages)

    def _frame(self, counts: Any, extra: str | None, values: Sequence[str]) -> pd.DataFrame:
        """Return counts of shape ``(n_segments, n_periods, n_reasons, n_values)`` as rows."""
        total = counts.sum(axis=2, keepdims=True)
        low, high = share_interval(
            counts,
            np.broadcast_to(total, counts.shape),
            confidence_level=self.confidence_level,
        )
        some = np.broadcast_to(total > 0, counts.shape)
        frame = long_frame(
            {
                "lost": counts,
                "rate": np.where(some, counts / np.maximum(total, 1), np.nan),
                "rate_low": np.where(some, low, np.nan),
                "rate_high": np.where(some, high, np.nan),
            },
            shape=counts.shape,
            by=self.by,
            segments=self.segments,
            periods=self.periods,
            period="period",
        )
        where = np.indices(counts.shape).reshape(4, -1)
        place = len(frame.columns) - 4
        frame.insert(place, "reason", [self.reasons[k] for k in where[2]])
        if extra is not None:
            frame.insert(place, extra, [values[k] for k in where[3]])
        frame["says_nothing"] = [self.empty[k] for k in where[2]]
        return frame[frame["lost"] > 0].reset_index(drop=True) if extra else frame

    def summary(self) -> str:
        """Return the most frequent reasons of each business, and how many say nothing."""
        columns = [self.by.index(name) for name in (*self.apart, "exit") if name in self.by]
        parts: dict[Segment, list[int]] = {}
        for i, segment in enumerate(self.segments):
            parts.setdefault(tuple(segment[k] for k in columns), []).append(i)
        told = []
        for values, rows in list(parts.items())[:6]:
            lead = f"{display.segment_name(values)}: " if values else ""
            told.append(lead + self._told(rows))
        if self.alike:
            groups = ["/".join(display.one_line(n) for n in group) for group in self.alike[:_SHOWN]]
            told.append(f"Names that look alike are counted apart: {display.listed(groups)}.")
        return " ".join([*told, *self.notes])

    def _told(self, rows: list[int]) -> str:
        counts = self.counts[rows].sum(axis=(0, 1))
        each = counts.sum(axis=(1, 2))
        total = int(each.sum())
        if not total:
            return "nobody left."
        said = [k for k in np.argsort(-each, kind="stable") if not self.empty[k] and each[k]]
        parts = []
        for k in said[:_SHOWN]:
            low, high = share_interval(each[k], total, confidence_level=self.confidence_level)
            ends = display.percent_range(float(low), float(high), words=True)
            stage = self.stages[int(counts[k].sum(axis=1).argmax())]
            most = f", most in {stage}" if len(self.stages) > 1 else ""
            name = display.one_line(self.reasons[k])
            parts.append(f"{name} {display.percent(each[k] / total)} ({ends}{most})")
        text = f"{display.plural(total, 'lead')} left; "
        text += display.listed(parts) + "." if parts else "no reason says anything."
        blank = sum(
            int(n) for name, n in zip(self.reasons, each, strict=True) if name == display.BLANK
        )
        empty = sum(int(each[k]) for k in range(len(each)) if self.empty[k]) - blank
        if blank or empty:
            text += (
                f" {display.percent(blank / total)} have no reason, and "
                f"{display.percent(empty / total)} one that says nothing, such as other or unknown."
            )
        return text


def _ordered(values: list[str]) -> list[str]:
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return sorted(counts, key=lambda name: (name == display.BLANK, -counts[name], name))


def _is_empty(name: str) -> bool:
    return name == display.BLANK or says_nothing(name) or name_key(name) in CATCH_ALLS


def _alike(names: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return groups of names that differ by case, space and signs only, or by a letter or two."""
    keys = {name: name_key(name) for name in names if not name.startswith("(")}
    groups: list[list[str]] = []
    for name, key in list(keys.items())[:_MOST]:
        for group in groups:
            other = keys[group[0]]
            near = difflib.SequenceMatcher(None, key, other)
            long = min(len(key), len(other)) >= 5
            if key == other or (long and near.quick_ratio() > _ALIKE and near.ratio() > _ALIKE):
                group.append(name)
                break
        else:
            groups.append([name])
    return tuple(tuple(group) for group in groups if len(group) > 1)


def _checked_ages(ages: Sequence[int]) -> FloatArray:
    try:
        ends = np.array(list(ages), dtype=float)
    except (TypeError, ValueError):
        ends = np.array([])
    if not len(ends) or (ends < 0).any() or (np.diff(ends) <= 0).any() or (ends % 1).any():
        raise ArgumentError(
            f"`ages` must be whole days in rising order, such as (7, 30, 90); got {ages!r}."
        )
    return ends


def _age_names(ends: FloatArray) -> tuple[str, ...]:
    starts = [0, *(int(end) + 1 for end in ends[:-1])]
    pairs = zip(starts, ends, strict=True)
    bands = [f"{start} to {int(end)} days" for start, end in pairs]
    return (*bands, f"over {int(ends[-1])} days", UNKNOWN)
