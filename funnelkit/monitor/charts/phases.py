"""Which periods set the centre and which are judged: baseline, dated changes and seasons."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import Calendar
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.result import frozen
from funnelkit.monitor.charts.periods_seen import Observed

FloatArray = NDArray[np.float64]
Season = Literal["month", "quarter_end"]
SEASONS: tuple[Season, ...] = ("month", "quarter_end")
_MOST_JUDGED = 12
_FEWEST_IN_PHASE = 2
_CYCLES = 2
_MONTHS = 12


@dataclass(frozen=True, kw_only=True)
class Phases:
    """What each period is for; arrays of shape ``(n_periods,)``.

    Parameters
    ----------
    phase
        Number of the phase, from 0; a phase ends at a dated change.
    baseline, judged
        Periods that set the centre, and those held against it.
    set_aside
        Why a period is neither, by position.
    changes
        Day and words of each change within the periods.
    notes
        Sentences to say.
    """

    phase: NDArray[np.int64]
    baseline: NDArray[np.bool_]
    judged: NDArray[np.bool_]
    set_aside: Mapping[int, str]
    changes: tuple[tuple[dt.date, str], ...] = ()
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        object.__setattr__(self, "phase", frozen(self.phase, np.int64))
        for name in ("baseline", "judged"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.bool_))


def phases(
    seen: Observed, *, baseline: Any, judged: int | None, changes: Any, known: bool
) -> Phases:
    """Return what each period is for.

    Parameters
    ----------
    seen
        Counts by period.
    baseline, judged, changes
        As in :func:`funnelkit.monitor.charts.charting.control_chart`.
    known
        Whether the centre is given, so that a phase needs no periods of its own to be judged.
    """
    aside = dict(seen.set_aside)
    dated = changes_of(changes)
    phase, within = _phase_of(seen, dated)
    for j, what in within.items():
        aside.setdefault(j, f"holds the change “{what}”")
    usable = np.array([j not in aside for j in range(len(seen.labels))], bool)
    if not usable.any():
        why = display.listed(sorted(set(aside.values()))[:5])
        raise EvidenceError(f"no period can be used{f': {why}' if why else ''}.")
    if baseline is None:
        based, later = _split(phase, usable, judged)
    else:
        based = _chosen(seen, usable, baseline)
        at = np.flatnonzero(based)
        later = usable & ~based
        if judged is not None:
            later = _last(later, checks.positive_whole("judged", judged))
        elif not _everything(baseline) and len(at):
            later &= np.arange(len(usable)) > at.min()
    notes = []
    if not known:
        for number in np.unique(phase[later]):
            mine = phase == number
            if (based & mine).sum() < min(_FEWEST_IN_PHASE, max(int(based.sum()), 1)):
                later = later & ~mine
                notes.append(_too_few(dated, int(number), mine & usable))
    within_span = [(day, what) for day, what in dated if _inside(seen, day)]
    return Phases(
        phase=phase,
        baseline=based,
        judged=later,
        set_aside=aside,
        changes=tuple(within_span),
        notes=tuple(notes),
    )


def season_columns(
    seen: Observed, plan: Phases, season: Season | None, calendar: Calendar | None
) -> FloatArray:
    """Return the columns of a season, of mean 0 over a year; shape ``(n_periods, n_columns)``.

    Raises
    ------
    ArgumentError
        If the periods are no months.
    EvidenceError
        If the baseline does not hold each part of the season twice.
    """
    if season is None:
        return np.zeros((len(seen.labels), 0))
    checks.one_of("season", season, SEASONS)
    if seen.periods is None or seen.periods.freqstr[0] != "M":
        raise ArgumentError(f'`season` "{season}" needs periods that are months, such as 2026-03.')
    months = seen.periods.month.to_numpy()
    if season == "month":
        part, size = months - 1, _MONTHS
        names = [f"month {k + 1}" for k in range(size)]
    else:
        start = (calendar or Calendar()).fiscal_year_start
        part = ((months - start) % 3 == 2).astype(int)
        size, names = 2, ["other months", "months that end a quarter"]
    times = np.bincount(part[plan.baseline], minlength=size)
    lacking = [names[k] for k in range(size) if times[k] < _CYCLES]
    if lacking:
        raise EvidenceError(
            f'`season` "{season}" needs each part of it {_CYCLES} times in the baseline, which '
            f"holds {display.plural(int(plan.baseline.sum()), 'month')}; fewer of "
            f"{display.listed(lacking[:5])}{' and others' if len(lacking) > 5 else ''}. Take a "
            "longer history, or season=None."
        )
    if season == "quarter_end":
        return np.asarray(np.where(part == 1, 2 / 3, -1 / 3)[:, None])
    columns = np.eye(_MONTHS)[part]
    return np.asarray(columns[:, :-1] - columns[:, -1:])


def changes_of(changes: Any) -> tuple[tuple[dt.date, str], ...]:
    """Return dated changes in order: of days, pairs, a mapping, or what funnel.yml lists."""
    if changes is None:
        return ()
    if isinstance(changes, (str, dt.date)):
        changes = [changes]
    if isinstance(changes, Mapping):
        changes = list(changes.items())
    if not isinstance(changes, Sequence):
        raise ArgumentError(
            "`changes` must be days such as 2026-03-01, or pairs of day and words; got "
            f"{type(changes).__name__}."
        )
    found = []
    for one in changes:
        if hasattr(one, "date") and hasattr(one, "what"):
            day, what = one.date, one.what
        elif isinstance(one, tuple) and len(one) == 2:
            day, what = one
        else:
            day, what = one, ""
        on = checks.day("changes", day)
        found.append((on, display.one_line(str(what)) if what else f"change of {on.isoformat()}"))
    return tuple(sorted(found))


def _phase_of(
    seen: Observed, dated: Sequence[tuple[dt.date, str]]
) -> tuple[NDArray[np.int64], dict[int, str]]:
    """Return the phase of each period, and the changes that fall inside one."""
    phase = np.zeros(len(seen.labels), np.int64)
    if not dated:
        return phase, {}
    if seen.periods is None:
        raise ArgumentError("`changes` needs periods with a date, such as 2026-03.")
    within: dict[int, str] = {}
    for day, what in dated:
        for j, one in enumerate(seen.periods):
            first, last = one.start_time.date(), one.end_time.date()
            phase[j] += first >= day
            if first < day <= last:
                within[j] = what
    return np.unique(phase, return_inverse=True)[1].astype(np.int64), within


def _inside(seen: Observed, day: dt.date) -> bool:
    if seen.periods is None or not len(seen.periods):
        return False
    return bool(seen.periods[0].start_time.date() < day <= seen.periods[-1].end_time.date())


def _split(
    phase: NDArray[np.int64], usable: NDArray[np.bool_], judged: int | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return baseline and judged periods: of the last phase, its last third is judged."""
    last = usable & (phase == phase[usable].max())
    number = min(int(last.sum()) // 3, _MOST_JUDGED) if judged is None else judged
    if judged is not None:
        checks.positive_whole("judged", judged)
    later = _last(last, number)
    return usable & ~later, later


def _last(which: NDArray[np.bool_], number: int) -> NDArray[np.bool_]:
    kept = np.zeros(len(which), bool)
    kept[np.flatnonzero(which)[max(int(which.sum()) - number, 0) :]] = True
    return kept


def _everything(baseline: Any) -> bool:
    return isinstance(baseline, str) and baseline == "all"


def _chosen(seen: Observed, usable: NDArray[np.bool_], baseline: Any) -> NDArray[np.bool_]:
    """Return the periods of a baseline: the first so many, all, from one to another, or named."""
    if _everything(baseline):
        return usable
    if isinstance(baseline, (int, np.integer)):
        number = checks.positive_whole("baseline", int(baseline))
        kept = np.zeros(len(usable), bool)
        kept[np.flatnonzero(usable)[:number]] = True
        return kept
    if isinstance(baseline, slice):
        ends = (baseline.start or seen.labels[0], baseline.stop or seen.labels[-1])
        first, last = (_place(seen, str(end)) for end in ends)
        at = np.arange(len(usable))
        return np.asarray(usable & (at >= first) & (at <= last))
    if isinstance(baseline, str) or not isinstance(baseline, Sequence):
        raise ArgumentError(
            '`baseline` must be how many of the first periods, "all", slice(first, last), or a '
            f"list of periods; got {baseline!r}."
        )
    kept = np.zeros(len(usable), bool)
    kept[[_place(seen, str(label)) for label in baseline]] = True
    return np.asarray(kept & usable)


def _place(seen: Observed, label: str) -> int:
    return seen.labels.index(checks.member("baseline", "period", label, seen.labels))


def _too_few(dated: Sequence[tuple[dt.date, str]], number: int, mine: NDArray[np.bool_]) -> str:
    since = f"Since {dated[-1][1]}" if dated and number else "In the last phase"
    return (
        f"{since} there are {display.plural(int(mine.sum()), 'period')} of which too few set a "
        "centre; they are not judged."
    )
