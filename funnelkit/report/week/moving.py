"""The movement of the week: how each deal stood before and after, and what came between."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Protocol

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.counts.bridging import CAUSES, END, START, Line, Window, lines_of, total
from funnelkit.counts.currencies import code_column
from funnelkit.data.standing import Standing, close_column, standings
from funnelkit.data.whereabouts import Place, places, several_of
from funnelkit.metrics.people.pseudonyms import shown_names
from funnelkit.report.manifest import ARCHIVED
from funnelkit.report.week.facts import Deal, Known, Movement, Span

if TYPE_CHECKING:
    from funnelkit.data.records import Leads

_OLDEST = 14
_REGROUPED = ("moved_out", "moved_in")  # another owner, and the same pipeline


class Archived(Protocol):
    """Exports kept on earlier days, as :class:`funnelkit.Archive` has them."""

    @property
    def days(self) -> tuple[dt.date, ...]:
        """The day of each, in order."""

    def at(self, day: dt.date) -> Leads:
        """Return the leads as they were exported on a day."""

    def fingerprint(self, day: dt.date) -> str:
        """Return a hash of the files of a day's export; blank where there are none."""


@dataclass(frozen=True, eq=False)
class Part:
    """Some of the leads of an archive: those of values such as ``"region=EMEA"``."""

    archive: Archived
    only: tuple[str, ...]

    @property
    def days(self) -> tuple[dt.date, ...]:
        """The day of each export, in order."""
        return self.archive.days

    def at(self, day: dt.date) -> Leads:
        """Return those leads as they were exported on a day."""
        return only_of(self.archive.at(day), self.only)

    def fingerprint(self, day: dt.date) -> str:
        """Return a hash of the files of a day's export, of all its leads."""
        return self.archive.fingerprint(day)


def only_of(leads: Leads, only: Sequence[str]) -> Leads:
    """Return the leads of some values of segments, each such as ``"region=EMEA"``."""
    chosen: dict[str, list[str | None]] = {}
    for one in only:
        column, value = one.split("=", 1)
        chosen.setdefault(column.strip(), []).append(value or None)
    return leads.only(**chosen)


@dataclass(frozen=True, eq=False, kw_only=True)
class Ends:
    """The data of the two days between which deals moved, and how the earlier one is known.

    ``rewound`` says that the leads were exported after the last day. ``past`` names each export of
    the archive that was read, with its hash.
    """

    first: Leads
    last: Leads
    known: Known
    rewound: bool = False
    past: Mapping[str, str] = field(default_factory=dict)

    @property
    def late(self) -> bool:
        """Whether plans and status are known only as they stood after the last day."""
        return self.rewound and self.known == "dates"


def ends_of(
    leads: Leads,
    span: Span,
    archive: Archived | None,
    *,
    before: Leads | None = None,
    rewound: bool = False,
) -> Ends:
    """Return the data of the eve of the week and of its last known day.

    Parameters
    ----------
    leads
        As known on the last day.
    span
        The week.
    archive
        Exports kept on earlier days, if there are any.
    before
        An earlier export, where one was handed over.
    rewound
        Whether the leads were exported on a later day.

    Notes
    -----
    An archived export knows amounts, plans and owners as they were; a history of changes knows
    most of them; dates alone know who came, was won or was lost. An export of up to two weeks
    before the eve will do, and its day is told.
    """
    if before is not None:
        return Ends(first=before, last=leads, known="archive")
    kept = [day for day in archive.days if day <= span.eve] if archive is not None else []
    if archive is not None and kept and (span.eve - kept[-1]).days <= _OLDEST:
        later = [day for day in archive.days if span.eve < day <= span.until]
        if not rewound:
            past = _past(archive, kept[-1])
            return Ends(first=archive.at(kept[-1]), last=leads, known="archive", past=past)
        if later:
            return Ends(
                first=archive.at(kept[-1]),
                last=archive.at(later[-1]),
                known="archive",
                past=_past(archive, kept[-1], later[-1]),
            )
    known: Known = "dates" if leads.rows.changes is None else "history"
    return Ends(first=leads.at(span.eve), last=leads, known=known, rewound=rewound)


def _past(archive: Archived, *days: dt.date) -> dict[str, str]:
    """Return the hash of each day's export, by its name; none where exports are no files."""
    found = {f"{ARCHIVED}{day.isoformat()}": archive.fingerprint(day) for day in days}
    return {name: digest for name, digest in found.items() if digest}


def movement_view(ends: Ends, span: Span) -> Movement:
    """Return what happened to each deal between the two days."""
    funnel = ends.last.funnel
    plan = None if ends.late else close_column(funnel, None)
    by = (funnel.owner,) if funnel.owner and funnel.owner not in funnel.personal else ()
    was = standings(ends.first, stage=span.stage, by=by, close=plan)
    now = standings(ends.last, stage=span.stage, by=by, close=plan)
    window = Window(start=ends.first.as_of, end=ends.last.as_of, period=None)
    unseen = _undated(was, now, window) if ends.known != "archive" else frozenset()
    hidden = {name: now.pop(name) for name in unseen}
    lines: dict[str, list[Line]] = {}
    for name in sorted(was.keys() | now.keys()):
        found = lines_of(name, was.get(name), now.get(name), window)
        kept = [line for line in found if line.cause not in _REGROUPED]
        lines |= {name: kept} if kept else {}
    then, here = places(ends.first, span.stage), places(ends.last, span.stage)
    if ends.rewound:
        here = {name: replace(one, status=None) for name, one in here.items()}
    told = _Told(ends=ends, span=span, was=was, now=now, then=then, here=here, unseen=hidden)
    moved = [told.deal(name, lines.get(name, [])) for name in sorted({*lines, *told.both_open})]
    open_now = sorted({name for name, one in now.items() if window.holds(one)} | unseen)
    standing = [told.deal(name, []) for name in open_now]
    every = [line for own in lines.values() for line in own]
    return Movement(
        known=ends.known,
        past=ends.past,
        start=window.start,
        end=window.end,
        rows=_rows(every, was, now, window),
        moved=tuple(deal for deal in moved if deal.moves),
        standing=tuple(standing),
        money=_has_money(ends, standing),
        planned=plan is not None,
        lacking=_lacking(ends, len(unseen), planned=plan is not None),
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class _Told:
    """Everything that is known of single deals on the two days."""

    ends: Ends
    span: Span
    was: Mapping[str, Standing]
    now: Mapping[str, Standing]
    then: Mapping[str, Place]
    here: Mapping[str, Place]
    unseen: Mapping[str, Standing]

    @property
    def both_open(self) -> list[str]:
        """Deals that were open on both days."""
        return [
            name
            for name, one in self.now.items()
            if one.state == "open" and name in self.was and self.was[name].state == "open"
        ]

    def deal(self, name: str, lines: list[Line]) -> Deal:
        """Return one deal with what happened to it."""
        before, after = self.was.get(name), self.now.get(name, self.unseen.get(name))
        there, here = self.then.get(name), self.here.get(name)
        stood = after or before
        place = here or there
        last = self.ends.last.as_of
        over = stood.closed if stood is not None and stood.closed is not None else last
        was_open = before is not None and before.state == "open"
        return Deal(
            id=name,
            owner=stood.group[0] or None if stood is not None and stood.group else None,
            account=None if place is None else place.account,
            state="gone" if after is None else after.state,
            stage=self._stage(here),
            stage_before=self._stage(there) if was_open else None,
            amount=None if after is None else after.amount,
            amount_before=before.amount if was_open and before is not None else None,
            close=None if after is None else after.close,
            close_before=before.close if was_open and before is not None else None,
            age=_days(None if stood is None else stood.entered, over),
            stage_age=_days(None if here is None else here.since, last),
            moves=self._moves(name, lines),
            exit=None if after is None else after.exit,
            status=None if here is None else here.status,
        )

    def _stage(self, place: Place | None) -> str | None:
        return None if place is None else self.ends.last.funnel.stages[place.stage]

    def _moves(self, name: str, lines: list[Line]) -> tuple[str, ...]:
        found = [line.cause for line in lines]
        before, after = self.was.get(name), self.now.get(name)
        if before is None or after is None or {before.state, after.state} != {"open"}:
            return tuple(found)
        if before.close and after.close and self.ends.known != "dates":
            if after.close > before.close:
                found.append("slipped")
            elif after.close < before.close:
                found.append("brought_forward")
        there, here = self.then.get(name), self.here.get(name)
        if there is not None and here is not None and here.stage > there.stage:
            fresh = here.since is not None and here.since > self.ends.first.as_of
            found += ["moved_on"] if fresh or self.ends.known == "archive" else []
        return tuple(found)


def _rows(
    lines: list[Line], was: Mapping[str, Standing], now: Mapping[str, Standing], window: Window
) -> tuple[tuple[str, int, Decimal], ...]:
    """Return start, causes and end with deals and value, as :meth:`Movement.bridge` has them."""
    rows = [_sum(START, was, window)]
    for cause in CAUSES:
        values = [line.value for line in lines if line.cause == cause]
        rows += [(cause, len(values), total(values))] if values else []
    return (*rows, _sum(END, now, window))


def _sum(name: str, stood: Mapping[str, Standing], window: Window) -> tuple[str, int, Decimal]:
    values = [one.amount or Decimal(0) for one in stood.values() if window.holds(one)]
    return name, len(values), total(values)


def _undated(
    was: Mapping[str, Standing], now: Mapping[str, Standing], window: Window
) -> frozenset[str]:
    """Return open deals of which no date tells whether they were there on the first day."""
    return frozenset(
        name
        for name, one in now.items()
        if window.holds(one) and name not in was and one.entered is None
    )


def _has_money(ends: Ends, standing: Sequence[Deal]) -> bool:
    """Whether amounts tell the value of the pipeline: most open deals must have one."""
    if ends.last.funnel.value is None or _several(ends.last):
        return False
    known = sum(deal.amount is not None for deal in standing)
    return 2 * known >= len(standing)


def _several(leads: Leads) -> bool:
    """Whether amounts stand in several currencies, and have no sum."""
    code = code_column(leads.journeys, leads.funnel)
    if code is None:
        return False
    return several_of(leads, code)


def _lacking(ends: Ends, unseen: int, *, planned: bool) -> tuple[str, ...]:
    """Return what cannot be told and what would tell it."""
    found = []
    if unseen:
        are = "is" if unseen == 1 else "are"
        found.append(
            f"{display.plural(unseen, 'open record')} without a day of entry {are} left out of "
            "the movement, as no date tells when they came."
        )
    if ends.known == "dates":
        found.append(
            "Only dates are known of the past, so amounts raised or lowered and close dates that "
            "slipped are not told: run `funnelkit archive` before each export is replaced (a "
            "folder `archive` beside funnel.yml), or export the history of the CRM."
        )
    elif ends.known == "history":
        found.append("Deals that were deleted from the CRM are not in its history.")
    if ends.late and close_column(ends.last.funnel, None) is not None:
        found.append(
            "Planned close dates are those of a later export, which knows what came of them: they "
            "are left out. Report the last day of the data, or keep an archive."
        )
    elif not planned:
        found.append(
            "No planned close date is kept, so a slip cannot be told: name its column under "
            "`keep` in funnel.yml."
        )
    return tuple(found)


def day_told(movement: Movement, span: Span) -> str:
    """Return between which days deals moved, where it is not the week itself."""
    if (movement.start, movement.end) == (span.eve, span.until):
        return ""
    return (
        f"The export kept nearest to the week's eve is of {day_name(movement.start)}; the movement "
        f"is from then to {day_name(movement.end)}."
    )


def with_names(movement: Movement) -> Movement:
    """Return a movement whose owners bear pseudonyms where a name is a mail address."""
    deals = (*movement.moved, *movement.standing)
    shown, _ = shown_names([deal.owner for deal in deals], pseudonyms=None)
    moved, standing = (
        tuple(replace(deal, owner=shown[deal.owner]) for deal in some)
        for some in (movement.moved, movement.standing)
    )
    return replace(movement, moved=moved, standing=standing)


def _days(since: dt.date | None, until: dt.date) -> int | None:
    return None if since is None or since > until else (until - since).days
