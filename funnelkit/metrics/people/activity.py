"""What representatives do: calls, emails, meetings and tasks per day, and per deal won."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import Calendar, Unit, period_label
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.measure import FloatArray, Measure, Measures
from funnelkit.data.ledgers import Ledger
from funnelkit.data.records import Leads
from funnelkit.metrics.cells import Cells, cells
from funnelkit.metrics.people.activity_kinds import KINDS, Bools, Done, done_until, flag, texts
from funnelkit.metrics.people.deals import deals, owner_of, refuse_businesses
from funnelkit.metrics.people.pseudonyms import REPLACED, roster, shown_names
from funnelkit.metrics.people.results import Among
from funnelkit.metrics.response.working_hours import WorkingHours

if TYPE_CHECKING:
    import pandas as pd

_PER_DAY = ("calls", "emails", "meetings", "proposals")
_RATIOS = (
    ("calls", "meetings"),
    ("emails", "meetings"),
    ("calls", "won deal"),
    ("emails", "won deal"),
    ("meetings", "won deal"),
    ("proposals", "won deal"),
)
ASSOCIATION = "An association, not an effect."
WHY = (
    "Busy weeks and easy deals come together for other reasons too, and activities of this period "
    "may win deals of the next."
)


def rep_activity(
    activities: Ledger | pd.DataFrame,
    *,
    every: Unit | None = None,
    among: Among = None,
    kinds: Mapping[str, Sequence[str]] | None = None,
    hours: WorkingHours | None = None,
    calendar: Calendar | None = None,
    as_of: dt.date | str | None = None,
    pseudonyms: bool | str | None = None,
    confidence_level: float = 0.95,
) -> Measures:
    """Return what each representative does per working day, and how it is taken.

    Parameters
    ----------
    activities
        Ledger of :func:`funnelkit.read_activities` or a frame with ``at``, ``kind``, ``rep`` and,
        where there are, ``opened``, ``answered``, ``minutes``, ``due`` and ``done``.
    every
        Split by period.
    among
        Names that get a line though they did nothing.
    kinds
        Figure -> names of the kinds that count as it, such as ``{"calls": ["Dial"]}``, in place of
        the usual names; figures are calls, emails, meetings, proposals and tasks.
    hours
        Working days; default: Monday to Friday without holidays.
    calendar
        Of the periods.
    as_of
        Last complete day; default: that of the last activity.
    pseudonyms
        As in :func:`funnelkit.metrics.rep_results`.
    confidence_level
        Of the intervals of shares.

    Returns
    -------
    Measures
        Those of which the table knows: ``"calls per day"``, ``"emails per day"``, ``"meetings per
        day"``, ``"proposals per day"`` (per working day from the first activity of anybody to the
        last complete day, the same for all); ``"emails opened"`` and ``"emails answered"`` (of
        emails sent), ``"opened emails answered"``, ``"calls answered"``; ``"minutes per call"``;
        ``"overdue tasks"`` (of the tasks due before the end of the last day).

    Raises
    ------
    ArgumentError
        If nothing says who did what, or an argument cannot be used.
    DataError
        If the table cannot be read.
    EvidenceError
        If there is no activity up to the last day.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame(
    ...     {
    ...         "at": ["2026-03-02", "2026-03-02", "2026-03-04", "2026-03-06"],
    ...         "kind": ["Call", "Call", "Meeting", "Call"],
    ...         "rep": ["Ann", "Ann", "Ann", "Bo"],
    ...     }
    ... )
    >>> found = rep_activity(rows)  # Monday to Friday: five working days
    >>> found["calls per day"].values.ravel().tolist()
    [0.4, 0.2]
    """
    import pandas as pd

    checks.confidence(confidence_level)
    done = done_until(activities, kinds, as_of)
    if "rep" not in done.rows.columns:
        raise ArgumentError(
            "`activities` needs a column `rep`, who did it, such as "
            'fk.read_activities(…, columns={"rep": "Activity Owner"}).'
        )
    clock = hours or WorkingHours()
    listed = roster(among, "rep")
    rows = pd.DataFrame({"rep": texts(done.rows["rep"])}, dtype=object)
    place = cells(
        rows,
        ["rep"],
        days=done.days if every else None,
        every=every,
        calendar=calendar,
        among=[(name,) for name in listed],
    )
    worked = _working_days(place, done, clock, calendar or Calendar(), every)
    shown, replaced = shown_names([one[0] for one in place.segments], pseudonyms=pseudonyms)
    days = f"weekdays of {clock.told()}" if hours else "days from Monday to Friday, no holidays"
    counts = place.count().sum(axis=1)
    idle = [shown[s[0]] for s, n in zip(place.segments, counts, strict=True) if not n]
    span = f"from {done.first.isoformat()} to {done.last.isoformat()}"
    notes = [f"Working days ({days}) {span}, the same for all, absences included.", *done.notes]
    if idle:
        names = display.listed(sorted(display.one_line(str(name)) for name in idle)[:6])
        notes.append(f"{display.count(len(idle))} on the list did nothing: {names}.")
    if replaced:
        notes.append(REPLACED)
    build = _Build(
        place=place,
        order=sorted(
            range(len(place.segments)),
            key=lambda i: (place.segments[i][0] is None, str(shown[place.segments[i][0]])),
        ),
        names=tuple(shown[one[0]] for one in place.segments),
        last=done.last,
        confidence_level=confidence_level,
    )
    found = [
        build.measure(
            f"{name} per day",
            f"{name} / working days",
            "ratio",
            of=(place.count(done.of[name]), worked),
            words=(name, "working days"),
        )
        for name in _PER_DAY
        if done.of[name].any()
    ]
    found += _taken(build, done)
    if not found:
        raise EvidenceError(
            "`activities`: no kind is known as a call, email, meeting, proposal or task; say which "
            f'are, such as kinds={{"calls": [{done.kinds[0]!r}]}}.'
        )
    return _noted(found, notes)


def activity_outcomes(
    activities: Ledger | pd.DataFrame,
    leads: Leads,
    *,
    by_rep: bool = False,
    every: Unit | None = None,
    kinds: Mapping[str, Sequence[str]] | None = None,
    pseudonyms: bool | str | None = None,
) -> Measures:
    """Return how many calls, emails, meetings and proposals go with a meeting or a deal won.

    Parameters
    ----------
    activities, every, kinds, pseudonyms
        As in :func:`rep_activity`.
    leads
        The data, for the deals won from the first activity to the last complete day.
    by_rep
        Split by representative: ``rep`` of the activities, the owner of the deals.

    Returns
    -------
    Measures
        Those of which the table knows: ``"calls per meeting"``, ``"emails per meeting"``, and
        ``"calls per won deal"``, emails, meetings and proposals likewise. None has an interval:
        both counts come from the same people and weeks.

    Raises
    ------
    ArgumentError
        If leads keep businesses apart that activities do not, or nothing says who did what.
    EvidenceError
        If there is no activity up to the last day.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame({"id": ["a"], "deal": ["2026-01-05"], "won": ["2026-02-01"]})
    >>> leads = fk.from_frame(export, fk.Funnel(["deal", "won"]), as_of="2026-02-28")
    >>> rows = pd.DataFrame({"at": "2026-01-20", "kind": ["call", "call", "call", "meeting"]})
    >>> found = activity_outcomes(rows, leads)
    >>> found["calls per meeting"].value, found["meetings per won deal"].value
    (3.0, 1.0)
    """
    import pandas as pd

    if not isinstance(leads, Leads):
        raise ArgumentError(f"`leads` must be Leads; got {type(leads).__name__}.")
    refuse_businesses(leads, "activities")
    done = done_until(activities, kinds, leads.as_of)
    names: list[str] = []
    if by_rep:
        names = [owner_of(leads)]
        if "rep" not in done.rows.columns:
            raise ArgumentError("`activities` needs a column `rep` to be split by it.")
    sold = deals(leads, leads.funnel.won, names, money=False)
    inside = (sold.days >= pd.Timestamp(done.first)) & (sold.days <= pd.Timestamp(done.last))
    people = [*texts(done.rows["rep"])] if by_rep else []
    people += [*texts(sold.rows[names[0]][inside])] if by_rep else []
    frame = pd.DataFrame({"rep": people}, index=range(len(people))) if by_rep else None
    if frame is None:
        frame = pd.DataFrame(index=range(len(done.rows) + int(inside.sum())))
    days = pd.DatetimeIndex(np.append(done.days.to_numpy(), sold.days[inside].to_numpy()))
    place = cells(
        frame,
        ["rep"] if by_rep else [],
        days=days if every else None,
        every=every,
        calendar=leads.funnel.calendar,
    )
    shown, replaced = shown_names(
        [one[0] for one in place.segments] if by_rep else [], pseudonyms=pseudonyms
    )
    is_won = np.arange(len(frame)) >= len(done.rows)
    none = np.zeros(int(inside.sum()), dtype=bool)
    counts = {name: place.count(np.append(done.of[name], none)) for name in KINDS}
    counts["won deal"] = place.count(is_won)
    undated = int(np.count_nonzero(sold.days.isna()))
    notes = [
        WHY,
        f"Activities and wins from {done.first.isoformat()} to {done.last.isoformat()}.",
        *done.notes,
    ]
    if undated:
        notes.append(f"{display.plural(undated, 'win')} without a known day not counted.")
    if replaced:
        notes.append(REPLACED)
    build = _Build(
        place=place,
        order=sorted(
            range(len(place.segments)),
            key=lambda i: [(v is None, str(shown.get(v, v))) for v in place.segments[i]],
        ),
        names=tuple(shown[one[0]] for one in place.segments) if by_rep else (),
        last=done.last,
        confidence_level=0.95,
    )
    found = [
        build.measure(
            f"{what} per {per.removesuffix('s')}",
            f"{what} / {per.removesuffix('s')}s in the same time",
            "ratio",
            of=(counts[what], counts[per]),
            words=(what, f"{per.removesuffix('s')}s"),
            notes=[ASSOCIATION],
        )
        for what, per in _RATIOS
        if done.of[what].any() and (per == "won deal" or done.of[per].any())
    ]
    if not found:
        raise EvidenceError(
            "`activities`: no kind is known as a call, email, meeting or proposal; say which are, "
            f'such as kinds={{"calls": [{done.kinds[0]!r}]}}.'
        )
    return _noted(found, notes)


def _noted(found: Sequence[Measure], notes: Sequence[str]) -> Measures:
    """Return figures with what is said of all of them beside the first."""
    first = replace(found[0], notes=(*found[0].notes, *notes))
    return Measures(measures=(first, *found[1:]))


@dataclass(frozen=True, kw_only=True)
class _Build:
    """What every measure of one table shares."""

    place: Cells
    order: list[int]
    names: tuple[str | None, ...]
    last: dt.date
    confidence_level: float

    def measure(
        self,
        name: str,
        definition: str,
        unit: Any,
        *,
        of: tuple[FloatArray, FloatArray],
        words: tuple[str, str],
        notes: Sequence[str] = (),
    ) -> Measure:
        return Measure(
            name=name,
            definition=definition,
            unit=unit,
            numerator=of[0][self.order],
            denominator=of[1][self.order],
            numerator_name=words[0],
            denominator_name=words[1],
            by=self.place.by,
            segments=tuple((self.names[i],) if self.names else () for i in self.order),
            periods=self.place.periods,
            notes=tuple(notes),
            as_of=self.last,
            confidence_level=self.confidence_level,
        )


def _taken(build: _Build, done: Done) -> list[Measure]:
    """Return what came of emails, calls and tasks, as far as the table tells it."""
    place, found = build.place, []

    def share(name: str, words: tuple[str, str], part: Bools, of: Bools, note: str = "") -> None:
        if of.any():
            found.append(
                build.measure(
                    name,
                    f"{words[0]} / {words[1]}",
                    "share",
                    of=(place.count(part & of), place.count(of)),
                    words=words,
                    notes=[note] if note else [],
                )
            )

    opened, told_open, note = flag(done.rows, "opened", done.of["emails"])
    share("emails opened", ("opened", "emails"), opened, told_open, note)
    answered, told, note = flag(done.rows, "answered", done.of["emails"])
    share("emails answered", ("answered", "emails"), answered, told, note)
    both = told & told_open & opened
    share("opened emails answered", ("answered", "opened emails"), answered, both)
    answered, told, note = flag(done.rows, "answered", done.of["calls"])
    share("calls answered", ("answered", "calls"), answered, told, note)
    if "minutes" in done.rows.columns:
        long = done.rows["minutes"].astype(float).to_numpy()
        of = done.of["calls"] & np.isfinite(long)
        if of.any():
            found.append(
                build.measure(
                    "minutes per call",
                    "minutes of calls / calls whose length is known",
                    "minutes",
                    of=(place.count(of, np.where(of, long, 0.0)), place.count(of)),
                    words=("minutes", "calls"),
                )
            )
    if {"due", "done"} <= set(done.rows.columns):
        end = np.datetime64(done.last)
        due = done.rows["due"].to_numpy().astype("datetime64[D]")
        ended = done.rows["done"].to_numpy().astype("datetime64[D]")
        of = done.of["tasks"] & (due <= end)
        late = of & (due < end) & ~(ended <= end)
        share("overdue tasks", ("open after their day", "tasks due by the last day"), late, of)
    return found


def _working_days(
    place: Cells, done: Done, hours: WorkingHours, calendar: Calendar, every: Unit | None
) -> FloatArray:
    """Return the working days of each cell, the same for every representative."""
    import pandas as pd

    days = pd.date_range(done.first, done.last, freq="D")
    days = days[hours.is_open(days)]
    if every is None:
        return np.full(place.shape, float(len(days)))
    labels = [period_label(period) for period in calendar.periods(days, every)]
    counts = [float(labels.count(label)) for label in place.periods or ()]
    return np.broadcast_to(np.array(counts), place.shape).copy()
