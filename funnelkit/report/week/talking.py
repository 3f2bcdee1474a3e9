"""The deals to talk about: open ones of which the data give a reason, the largest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit.report.page import wording
from funnelkit.report.week.facts import Activities, Deal, Movement, Reason, Span, Talk

SILENT = 30
"""Days without an activity after which an open deal is silent."""
SOON = 7
"""Days within which a planned close date is near."""
LARGEST = 3
"""How many of the largest open deals are talked about whatever became of them."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Ground:
    """What reasons are read from, besides the deals themselves.

    Parameters
    ----------
    span
        The week.
    limits
        Stage -> days at it that almost no deal ever won exceeded.
    chances
        Deal -> chance that it is ever won.
    activities
        What was done; ``None`` where not known.
    """

    span: Span
    limits: Mapping[str, float]
    chances: Mapping[str, float]
    activities: Activities | None


def deals_to_talk_about(movement: Movement, ground: Ground) -> list[Talk]:
    """Return every open deal with a reason to talk about it, the largest amounts first.

    Notes
    -----
    A deal is on the list where its planned close date is over, slipped in the week or is near;
    where its amount was lowered; where it is older at its stage than almost any deal ever won; or
    where nobody has done anything for it in 30 days. The three largest are on it in any case. The
    order is by amount alone, and deals without one come last, those that are at their stage for
    the shortest time first; so do all where amounts do not tell the value of the pipeline: with few
    of them known, a deal would be told by having one.
    """
    events = {deal.id: deal for deal in movement.moved}

    def place_of(deal: Deal) -> tuple[Decimal, int, str]:
        worth = deal.worth if movement.money else Decimal(0)
        return -worth, deal.stage_age or 0, deal.id

    ordered = sorted(movement.standing, key=place_of)
    whole = sum((deal.worth for deal in ordered), Decimal(0))
    found = []
    for place, deal in enumerate(ordered):
        event = events.get(deal.id, deal)
        reasons = [*_planned(event, ground.span), *_changed(event), *_aged(deal, ground)]
        reasons += _silent(deal, ground)
        if place < LARGEST and movement.money and deal.worth and not reasons:
            reasons += _large(deal, whole)
        if reasons:
            chance = ground.chances.get(deal.id)
            found.append(Talk(deal=deal, reasons=tuple(reasons), chance=chance))
    return found


def _planned(deal: Deal, span: Span) -> Iterator[Reason]:
    """Yield what the planned close date says."""
    if deal.close is None:
        return
    if "slipped" in deal.moves and deal.close_before is not None:
        later = wording.days((deal.close - deal.close_before).days)
        words = f"slipped by {later}, from {_short(deal.close_before)} to {_short(deal.close)}"
        yield Reason("slipped", words)
    if deal.close <= span.until:
        ago = (span.until - deal.close).days
        since = f", {wording.days(ago)} ago" if ago else ", the last day of this page"
        yield Reason("overdue", f"was to close by {_short(deal.close)}{since}")
    elif (deal.close - span.until).days <= SOON:
        yield Reason("near", f"is to close by {_short(deal.close)}")


def _changed(deal: Deal) -> Iterator[Reason]:
    if "lowered" in deal.moves and deal.amount_before is not None:
        less = deal.amount_before - (deal.amount or Decimal(0))
        yield Reason("lowered", f"lowered by {display.count(float(less))}")


def _aged(deal: Deal, ground: Ground) -> Iterator[Reason]:
    limit = ground.limits.get(deal.stage or "")
    if limit is None or deal.stage_age is None or deal.stage_age <= limit:
        return
    terms = ground.span.terms
    place = f" at {terms.label(deal.stage)}" if deal.stage else ""
    words = f"{wording.days(deal.stage_age)}{place}: of those won, 99{display.NARROW_SPACE}% took"
    yield Reason("old", f"{words} at most {wording.days(limit)} from there")


def _silent(deal: Deal, ground: Ground) -> Iterator[Reason]:
    """Yield how long nobody did anything, as far as activities reach back."""
    told = ground.activities
    if told is None or told.last is None:
        return
    last = told.last.get(deal.id)
    if last is not None:
        days = (ground.span.until - last).days
        if days >= SILENT:
            yield Reason("silent", f"no activity for {wording.days(days)}")
        return
    reach = (ground.span.until - told.known_from).days
    if min(deal.age if deal.age is not None else reach, reach) >= SILENT:
        yield Reason("silent", "no activity on record")


def _large(deal: Deal, whole: Decimal) -> Iterator[Reason]:
    share = display.percent(float(deal.worth / whole), decimals=0)
    yield Reason("large", f"one of the largest, with {share} of the open value")


def _short(day: dt.date) -> str:
    """Return a day as a row of a table has it: ``12 May 2026``."""
    words = day_name(day).split(" ")
    return f"{words[0]} {words[1][:3]} {words[2]}"
