"""Shares by period of entry or of the close as measures, with what belongs in their notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import display
from funnelkit._core.clusters import ClusterSums
from funnelkit._core.dates import Unit, day_name, period_label
from funnelkit._core.errors import ArgumentError
from funnelkit._core.measure import Measure
from funnelkit.counts.closings import Closings
from funnelkit.counts.passages import Level, Passages
from funnelkit.counts.pipeline import By, closings, passages
from funnelkit.data.records import Leads
from funnelkit.metrics import given
from funnelkit.metrics.roster import Among, Roster, split, told_by_business
from funnelkit.metrics.winning.maturing import Maturing, matured

FloatArray = NDArray[np.float64]
Source = Leads | ArrayLike


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How a rate is asked for, beside what it is.

    Parameters
    ----------
    by, every, level, among, confidence_level
        As in :func:`~funnelkit.metrics.conversion`.
    """

    by: By = None
    every: Unit | None = None
    level: Level = "record"
    among: Among = None
    confidence_level: float = 0.95


def plain(
    words: tuple[str, str, str],
    part: ArrayLike,
    whole: ArrayLike | None,
    *,
    periods: Sequence[str] | None,
    confidence_level: float,
) -> Measure:
    """Return a share of plain counts.

    Parameters
    ----------
    words
        What the figure is called, and what numerator and denominator count.
    part, whole
        Counts, or rows of counts.
    periods
        Names of a row.
    confidence_level
        Of the interval.

    Raises
    ------
    ArgumentError
        If counts are missing, no counts, of several lengths, or more than they are a part of.
    """
    name, top, below = words
    if whole is None:
        raise ArgumentError(f"`of` must say of how many ({below}); or give leads in first place.")
    counts = given.counts(top, part), given.counts("of", whole)
    shape = given.alike(leads=counts[0], of=counts[1])
    if (counts[0] > counts[1]).any():
        raise ArgumentError(
            f"`of` ({below}) must be at least what is counted of them ({top}); "
            f"got {part!r} of {whole!r}."
        )
    return Measure(
        name=name,
        definition=f"{top} / {below}",
        unit="share",
        numerator=counts[0],
        denominator=counts[1],
        numerator_name=top,
        denominator_name=below,
        periods=given.labels(periods, shape[1]),
        confidence_level=confidence_level,
    )


def by_entry(
    leads: Leads, start: str, target: str, *, asked: Asked, name: str, closed: bool = False
) -> tuple[Measure, Maturing]:
    """Return a share of those that entered a stage, and how mature it is.

    Parameters
    ----------
    leads
        The data.
    start, target
        Stages.
    asked
        Split, periods, level, roster.
    name
        What the figure is called.
    closed
        Whether only those that have converted or left are in the denominator.
    """
    by = split(asked.by, asked.among)
    counted = passages(leads, start, target, by=by, every=asked.every, level=asked.level)
    maturing = matured(leads, counted, every=asked.every)
    roster = Roster(counted.by, counted.segments, asked.among)
    what = "accounts" if asked.level == "account" else "records"
    whole, below = counted.entered, f"{what} that entered {start}"
    ways = " + ".join((target, *leads.funnel.exits))
    definition = f"{target} / entered {start}"
    if closed:
        whole, below = counted.converted + counted.left, f"{what} of {start} that closed"
        definition = f"{target} / ({ways}), of those that entered {start}"
    sums = roster.clusters(None if closed else counted.accounts)
    part, base = roster.over(counted.converted), roster.over(whole)
    measure = Measure(
        name=name or f"{start} to {target} conversion",
        definition=f"{definition}{', accounts' if asked.level == 'account' else ''}"
        f"{f', by {asked.every} of entry' if asked.every else ''}",
        unit="share",
        numerator=part,
        denominator=base,
        numerator_name=target if target == leads.funnel.won else f"that reached {target}",
        denominator_name=below,
        by=counted.by,
        segments=roster.segments,
        periods=_labels(counted),
        effective=_effective(sums, part, base, asked.confidence_level),
        notes=_notes(leads, counted, maturing, closed=closed, roster=roster),
        as_of=leads.as_of,
        confidence_level=asked.confidence_level,
    )
    return measure, maturing


def by_close(leads: Leads, start: str, asked: Asked) -> Measure:
    """Return won over closed by the period of the close."""
    counted = closings(leads, start, by=split(asked.by, asked.among), every=asked.every)
    roster = Roster(counted.by, counted.segments, asked.among)
    part, base = roster.over(counted.won), roster.over(counted.closed)
    sums = roster.clusters(counted.accounts)
    notes = [roster.note, _undated(leads, counted)]
    if len(counted.outcomes) == 1:
        notes.append("No exit is recorded, so every closed record is won.")
    if asked.every is not None:
        notes.append("By the period of the close: the deals of a period entered in several.")
    when = f", by {asked.every} of the close" if asked.every else ""
    return Measure(
        name="opportunity-to-win",
        definition=f"{leads.funnel.won} / ({' + '.join(counted.outcomes)}), closed{when}",
        unit="share",
        numerator=part,
        denominator=base,
        numerator_name=leads.funnel.won,
        denominator_name=f"closed records of {start}",
        by=counted.by,
        segments=roster.segments,
        periods=_labels(counted),
        effective=_effective(sums, part, base, asked.confidence_level),
        notes=tuple(note for note in (*notes, _unfinished(counted)) if note),
        as_of=leads.as_of,
        confidence_level=asked.confidence_level,
    )


def adjusted(measure: Measure, maturing: Maturing, *, name: str) -> Measure:
    """Return the lag-adjusted figures of a share by entry.

    Parameters
    ----------
    measure
        The share so far; of its segments those without records have no figure.
    maturing
        How mature it is.
    name
        What the figure is called.
    """
    rates = maturing.adjusted(measure.confidence_level)
    place = {segment: i for i, segment in enumerate(maturing.counted.segments)}
    rows = [place.get(segment, -1) for segment in measure.segments]

    def over(values: FloatArray, blank: float) -> FloatArray:
        edge = np.full((1, measure.values.shape[1]), blank)
        return np.concatenate([values, edge])[rows]

    within = "" if maturing.horizon is None else f" within {maturing.horizon} days"
    note = "Its own conversions over the sum of maturities; see fk.lag.adjust."
    return replace(
        measure,
        name=name,
        definition=f"{measure.definition}, once all are old enough{within}",
        numerator=np.full(measure.values.shape, np.nan),
        denominator=over(rates.entered, 0.0),
        given=over(rates.rate, np.nan),
        low=over(rates.low, np.nan),
        high=over(rates.high, np.nan),
        effective=None,
        notes=(f"No figure: {maturing.why_not}" if maturing.why_not else note,),
    )


def noted(measure: Measure, *notes: str) -> Measure:
    """Return a measure with further notes."""
    return replace(measure, notes=(*measure.notes, *(note for note in notes if note)))


def one_in(measure: Measure) -> Measure:
    """Return a share with how many it takes for one, where there is one figure."""
    if measure.values.size != 1 or not measure.numerator.item():
        return measure
    return noted(measure, f"That is one won for every {1 / measure.value:,.4g}.")


def _effective(
    sums: ClusterSums | None, part: FloatArray, base: FloatArray, level: float
) -> FloatArray | None:
    return None if sums is None else sums.effective(part, base, confidence_level=level)


def _labels(counted: Passages | Closings) -> tuple[str, ...] | None:
    if counted.periods is None:
        return None
    return tuple(period_label(period) for period in counted.periods)


def _notes(
    leads: Leads, counted: Passages, maturing: Maturing, *, closed: bool, roster: Roster
) -> tuple[str, ...]:
    """Return what may yet change, and what is left out."""
    by, segments, apart = counted.by, counted.segments, leads.funnel.apart
    notes = [roster.note]
    if counted.still_open.any():
        still = told_by_business(by, segments, apart, counted.still_open)
        one = counted.still_open.sum() == 1
        notes.append(
            f"{still} {'is' if one else 'are'} still open and {'is' if one else 'are'} left out; "
            "of young cohorts only the quick have closed."
            if closed
            else f"{still} of these {'is' if one else 'are'} still open, so it may rise."
        )
        notes.append(maturing.immature())
    if leads.recorded_from is not None and leads.before_recording == "delayed_entry":
        notes.append(
            f"Records finished before {day_name(leads.recorded_from)} are missing: of those that "
            "entered earlier only the ones open then are counted."
        )
    if counted.periods is not None and counted.undated.any():
        lost = told_by_business(by, segments, apart, counted.undated[:, None])
        notes.append(f"In no period, without a known day of entry: {lost}.")
    if counted.filled:
        notes.append(
            f"Left out: {display.plural(counted.filled, 'entry', 'entries')} to {counted.start} "
            "filled in from a later stage, which converted by construction."
        )
    if counted.blank_accounts:
        notes.append(
            f"{display.plural(counted.blank_accounts, 'record')} without an account "
            f"{'counts' if counted.blank_accounts == 1 else 'count'} as one each."
        )
    return tuple(note for note in (*notes, _unfinished(counted)) if note)


def _undated(leads: Leads, counted: Closings) -> str:
    if counted.periods is None or not counted.undated.any():
        return ""
    lost = told_by_business(counted.by, counted.segments, leads.funnel.apart, counted.undated)
    return f"In no period, without a known day of closing: {lost}."


def _unfinished(counted: Passages | Closings) -> str:
    """Return a sentence on periods that are not wholly observed."""
    names = sorted(period_label(period) for period in counted.partial)
    if not names:
        return ""
    shown = names if len(names) < 4 else [names[0], "…", names[-1]]
    return f"Not wholly observed: {', '.join(shown)}."
