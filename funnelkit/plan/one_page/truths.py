"""What would have to be true for a plan to come out: one line each, with what speaks for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_name

if TYPE_CHECKING:
    from funnelkit.plan.basis.channel import Channel, Stream
    from funnelkit.plan.basis.estimate import Estimate
    from funnelkit.plan.one_page.outlook import Outlook
    from funnelkit.plan.one_page.staffing import Staff

FloatArray = NDArray[np.float64]
_MOST_CHANNELS = 5


@dataclass(frozen=True, kw_only=True)
class Truth:
    """One thing that would have to be true.

    Parameters
    ----------
    says
        As a sentence without its stop.
    known
        What is known of it: an interval, or what came of late; blank where nothing is.
    basis
        Where that comes from.
    limit
        How far it may go before the odds of the goal are even; blank where that is not known.
    channel, topic
        Channel and what of it (``"leads"``, ``"rate"``, ``"size"``, ``"months"``) it is about;
        blank where it is of the whole.
    figure
        The figure alone, for tables.
    """

    says: str
    known: str = ""
    basis: str = ""
    limit: str = ""
    channel: str = ""
    topic: str = ""
    figure: str = ""


def truths_of(
    shown: Outlook, staff: Staff | None, *, recent: Mapping[str, float], limits: Sequence[Any]
) -> tuple[Truth, ...]:
    """Return what would have to be true: volume, rates, size, pace, what is there, people.

    Parameters
    ----------
    shown
        The plan.
    staff
        People by month, where they were planned.
    recent
        Channel -> leads a month of late.
    limits
        Break-even of single numbers.
    """
    ends = {one.key: one.words for one in limits}
    found = [*_whole(shown, recent, ends)]
    for c in _used(shown)[:_MOST_CHANNELS]:
        found += _of_channel(shown, c, recent, ends)
    found += _rest(shown)
    found += _streams(shown, ends)
    if staff is not None:
        found.append(
            Truth(
                says=f"The people are there in time: {staff.hires_words}",
                basis="the team as it was stated",
            )
        )
    return tuple(found)


def _used(shown: Outlook) -> list[int]:
    """Return the channels that the plan uses, the largest first."""
    sums = shown.leads.sum(axis=1)
    return [int(c) for c in np.argsort(-sums, kind="stable") if sums[c] > 0]


def _whole(shown: Outlook, recent: Mapping[str, float], ends: Mapping[str, str]) -> Iterator[Truth]:
    """Yield the leads of all channels together."""
    by_month = shown.leads.sum(axis=0)
    if not by_month.any():
        return
    months = max(int((by_month > 0).sum()), 1)
    a_month = float(by_month.sum()) / months
    before = sum(recent.values())
    says = f"{display.count(float(by_month.sum()))} leads come, {display.count(a_month)} a month"
    yield Truth(
        says=says,
        known=_of_late(before) if recent else "",
        basis="the last months" if recent else "the plan",
        limit=ends.get("leads", ""),
        topic="leads",
        figure=display.count(a_month),
    )


def _of_late(before: float) -> str:
    return f"{display.expected(before).removesuffix('.0')} of late"


def _of_channel(
    shown: Outlook, c: int, recent: Mapping[str, float], ends: Mapping[str, str]
) -> Iterator[Truth]:
    """Yield leads, rate, deal size and months to the win of one channel."""
    given, name = shown.plan.assumptions, shown.names[c]
    channel, row = given.channels[c], shown.leads[c]
    busy = np.flatnonzero(row)
    a_month = float(row[busy].mean())
    before = recent.get(channel.name)
    yield Truth(
        says=f"{name} brings {display.count(a_month)} leads a month{_when(shown, busy)}",
        known="" if before is None else _of_late(before),
        basis="the plan" if before is None else "the last months",
        channel=name,
        topic="leads",
        figure=display.count(a_month),
    )
    stages = given.stages
    low, high = _ends(given.rate_draws[:, c].mean(axis=1), shown.level)
    yield Truth(
        says=f"{_rate(channel.win_rate)} of the leads of {name} are won",
        known=display.percent_range(low, high, words=True) if high > low else "",
        basis=_basis(*channel.rates),
        limit=ends.get(f"{channel.name}: {stages[0]} to {stages[-1]}", ""),
        channel=name,
        topic="rate",
        figure=_rate(channel.win_rate),
    )
    if channel.size is not None:
        low, high = _ends(given.size_draws[:, c], shown.level)
        yield Truth(
            says=f"A deal of {name} is worth {shown.paid(channel.size.value)}",
            known=f"{display.count(low)} to {display.count(high)}" if high > low else "",
            basis=_basis(channel.size),
            limit=ends.get(f"{channel.name}: deal size", ""),
            channel=name,
            topic="size",
            figure=shown.paid(channel.size.value),
        )
    if channel.lag.mean_months > 0:
        yield Truth(
            says=f"Leads of {name} that are won are so after {_months(channel)} on average",
            known=f"give or take {display.percent(channel.lag_sd, decimals=0)}"
            if channel.lag_sd
            else "",
            basis=_basis(*channel.rates),
            limit=ends.get(f"{channel.name}: lag in months", ""),
            channel=name,
            topic="months",
            figure=f"{channel.lag.mean_months:.1f}",
        )


def _when(shown: Outlook, busy: NDArray[np.int64]) -> str:
    """Return in which months leads come, where these are not all of them."""
    if len(busy) == len(shown.target):
        return ""
    first, last = (period_name(shown.plan.periods[k]) for k in (busy[0], busy[-1]))
    return f" in {first}" if first == last else f" from {first} to {last}"


def _rest(shown: Outlook) -> Iterator[Truth]:
    rest = _used(shown)[_MOST_CHANNELS:]
    if rest:
        leads = display.count(shown.leads[rest].sum())
        channels = display.plural(len(rest), "further channel")
        verb = "brings" if len(rest) == 1 else "bring"
        yield Truth(says=f"{channels} {verb} {leads} leads in all", basis="the plan")


def _streams(shown: Outlook, ends: Mapping[str, str]) -> Iterator[Truth]:
    for words, stream in (
        ("What is open today brings", shown.plan.assumptions.in_flight),
        ("Deals that never were a lead bring", shown.plan.assumptions.direct),
    ):
        sums = _sums(stream, money=shown.money)
        if not sums.any():
            continue
        low, high = _ends(sums, shown.level)
        yield Truth(
            says=f"{words} {shown.number(float(sums.mean()))}",
            known=f"{shown.bare(low)} to {shown.bare(high)}" if high > low else "",
            basis=display.one_line(stream.source),
            limit=ends.get(stream.name, ""),
        )


def _sums(stream: Stream, *, money: bool) -> FloatArray:
    drawn = stream.value if money else stream.deals
    return np.asarray(drawn.sum(axis=1))


def _ends(draws: FloatArray, level: float) -> tuple[float, float]:
    tail = (1 - level) / 2
    low, high = np.quantile(draws, [tail, 1 - tail])
    return float(low), float(high)


def _rate(rate: float) -> str:
    return display.percent(rate, decimals=1 if rate >= 0.01 else 2)


def _months(channel: Channel) -> str:
    months = channel.lag.mean_months
    return f"{months:.1f} {'month' if round(months, 1) == 1 else 'months'}"


def _basis(*estimates: Estimate) -> str:
    """Return where numbers come from, how many records they are counted on, and up to when."""
    sources = list(dict.fromkeys(display.one_line(one.source) for one in estimates))
    text = "; ".join(sources)
    counted = [one.n for one in estimates if one.n]
    if counted:
        text += f", n {display.count(max(counted))}"
    days = [one.date for one in estimates if one.date]
    return f"{text}, up to {day_name(max(days))}" if days else text
