"""What share is won, and of what: close rate, win rate, opportunity-to-win, leads-to-close."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from funnelkit._core import checks, display
from funnelkit._core.dates import Unit
from funnelkit._core.errors import ArgumentError
from funnelkit._core.measure import Measure
from funnelkit.counts.passages import Level
from funnelkit.counts.pipeline import By
from funnelkit.data.records import Leads
from funnelkit.metrics.roster import Among
from funnelkit.metrics.stage_roles import lead_of, opportunity_of, qualified_of, roles
from funnelkit.metrics.winning.entering import (
    Asked,
    Source,
    adjusted,
    by_close,
    by_entry,
    noted,
    one_in,
    plain,
)

View = Literal["close", "entry"]


def close_rate(
    leads: Source,
    of: ArrayLike | None = None,
    *,
    base: Literal["leads", "opportunities"] = "leads",
    by: By = None,
    every: Unit | None = None,
    level: Level = "record",
    among: Among = None,
    periods: Sequence[str] | None = None,
    confidence_level: float = 0.95,
) -> Measure:
    """Return won over leads, or over opportunities: the name says which.

    Parameters
    ----------
    leads
        The data, or the number won.
    of
        With a number, the number that ``base`` names.
    base
        ``"leads"``: the records that entered the first stage; ``"opportunities"``: the same figure
        as :func:`win_rate`.
    by, every, level, among, periods, confidence_level
        As in :func:`conversion`.

    Raises
    ------
    ArgumentError
        As :func:`conversion`, or if the funnel has no stage of leads.

    Examples
    --------
    >>> close_rate(4, 500).value, close_rate(4, 40, base="opportunities").name
    (0.008, 'close rate of opportunities')
    """
    checks.one_of("base", base, ("leads", "opportunities"))
    name = f"close rate of {base}"
    if not isinstance(leads, Leads):
        words = (name, "won", base)
        return plain(words, leads, of, periods=periods, confidence_level=confidence_level)
    part = roles(leads.funnel)
    asked = Asked(by=by, every=every, level=level, among=among, confidence_level=confidence_level)
    start = lead_of(part) if base == "leads" else opportunity_of(leads.funnel, part)
    return by_entry(leads, start, part.won, asked=asked, name=name)[0]


def win_rate(
    leads: Source,
    of: ArrayLike | None = None,
    *,
    opportunity: str | None = None,
    by: By = None,
    every: Unit | None = None,
    level: Level = "record",
    among: Among = None,
    periods: Sequence[str] | None = None,
    confidence_level: float = 0.95,
) -> Measure:
    """Return won over the opportunities that entered, open ones among them.

    It matures with the deals: the notes say how many are still open, how mature the cohorts are,
    and what the rate comes to.

    Parameters
    ----------
    leads
        The data, or the number won.
    of
        With a number, the number of opportunities that entered.
    opportunity
        The stage; default: the first whose name says opportunity or deal, or else the first.
    by, every, level, among, periods, confidence_level
        As in :func:`conversion`.

    Raises
    ------
    ArgumentError
        As :func:`conversion`.

    Examples
    --------
    >>> round(win_rate(4238, 8800).value, 6)
    0.481591
    """
    words = ("win rate", "won", "opportunities that entered")
    if not isinstance(leads, Leads):
        return plain(words, leads, of, periods=periods, confidence_level=confidence_level)
    part = roles(leads.funnel, opportunity=opportunity)
    asked = Asked(by=by, every=every, level=level, among=among, confidence_level=confidence_level)
    start = opportunity_of(leads.funnel, part)
    measure, maturing = by_entry(leads, start, part.won, asked=asked, name=words[0])
    if measure.values.size != 1 or maturing.why_not:
        return measure
    comes = adjusted(measure, maturing, name="win rate, lag-adjusted")
    if not np.isfinite(comes.value):
        return measure
    low, high = (float(np.asarray(end).item()) for end in (comes.low, comes.high))
    between = display.percent_range(low, high, words=True)
    told = f"{display.percent(comes.value)} ({between}) within {maturing.horizon} days"
    return noted(measure, f"Lag-adjusted, on those with a known day of entry: {told}.")


def opportunity_to_win(
    leads: Source,
    of: ArrayLike | None = None,
    *,
    opportunity: str | None = None,
    view: View | None = None,
    by: By = None,
    every: Unit | None = None,
    level: Level = "record",
    among: Among = None,
    periods: Sequence[str] | None = None,
    confidence_level: float = 0.95,
) -> Measure:
    """Return won over the opportunities that closed, which many systems call win rate.

    Parameters
    ----------
    leads
        The data, or the number won.
    of
        With a number, the number closed: won and lost.
    opportunity
        The stage; default: the first whose name says opportunity or deal, or else the first.
    view
        ``"close"`` (default): by the period in which deals closed. ``"entry"``: by the period in
        which they entered; of young cohorts only the quick have closed. Accounts: by entry.
    by, every, level, among, periods, confidence_level
        As in :func:`conversion`.

    Raises
    ------
    ArgumentError
        As :func:`conversion`; or for accounts by the period of the close.

    Notes
    -----
    The wins and losses of one period come from several cohorts, and open deals are left out: where
    losses are entered late, or never, the rate flatters.

    Examples
    --------
    >>> print(opportunity_to_win(191, 587).summary())  # doctest: +ELLIPSIS
    Opportunity-to-win (won / closed opportunities): 32.5... 191 won of 587 closed opportunities.
    """
    words = ("opportunity-to-win", "won", "closed opportunities")
    if not isinstance(leads, Leads):
        return plain(words, leads, of, periods=periods, confidence_level=confidence_level)
    seen: View = view or ("entry" if level == "account" else "close")
    checks.one_of("view", seen, ("close", "entry"))
    start = opportunity_of(leads.funnel, roles(leads.funnel, opportunity=opportunity))
    asked = Asked(by=by, every=every, level=level, among=among, confidence_level=confidence_level)
    if seen == "entry":
        return by_entry(leads, start, leads.funnel.won, asked=asked, name=words[0], closed=True)[0]
    if level == "account":
        raise ArgumentError('`view`: an account has no day of closing; use view="entry".')
    return by_close(leads, start, asked)


def leads_to_close(
    leads: Source,
    of: ArrayLike | None = None,
    *,
    by: By = None,
    every: Unit | None = None,
    level: Level = "record",
    among: Among = None,
    periods: Sequence[str] | None = None,
    confidence_level: float = 0.95,
) -> Measure:
    """Return the leads-to-close ratio: won over leads; a note says how many leads one deal takes.

    The same figure as the close rate of leads, by the other name that it bears.

    Parameters
    ----------
    leads
        The data, or the number won.
    of
        With a number, the number of leads.
    by, every, level, among, periods, confidence_level
        As in :func:`conversion`.

    Raises
    ------
    ArgumentError
        As :func:`conversion`, or if the funnel has no stage of leads.

    Examples
    --------
    >>> leads_to_close(40, 500).notes
    ('That is one won for every 12.5.',)
    """
    words = ("leads-to-close ratio", "won", "leads")
    if not isinstance(leads, Leads):
        measure = plain(words, leads, of, periods=periods, confidence_level=confidence_level)
        return one_in(measure)
    part = roles(leads.funnel)
    asked = Asked(by=by, every=every, level=level, among=among, confidence_level=confidence_level)
    return one_in(by_entry(leads, lead_of(part), part.won, asked=asked, name=words[0])[0])


def qualified_leads_to_close(
    leads: Source,
    of: ArrayLike | None = None,
    *,
    qualified: str | None = None,
    by: By = None,
    every: Unit | None = None,
    level: Level = "record",
    among: Among = None,
    periods: Sequence[str] | None = None,
    confidence_level: float = 0.95,
) -> Measure:
    """Return won over qualified leads; a note says how many of them one deal takes.

    Parameters
    ----------
    leads
        The data, or the number won.
    of
        With a number, the number of qualified leads.
    qualified
        The stage; default: see :func:`~funnelkit.metrics.stage_roles.roles`.
    by, every, level, among, periods, confidence_level
        As in :func:`conversion`.

    Raises
    ------
    ArgumentError
        As :func:`conversion`, or if the funnel has no qualified leads.

    Examples
    --------
    >>> qualified_leads_to_close(4, 40).value
    0.1
    """
    words = ("qualified-leads-to-close ratio", "won", "qualified leads")
    if not isinstance(leads, Leads):
        measure = plain(words, leads, of, periods=periods, confidence_level=confidence_level)
        return one_in(measure)
    part = roles(leads.funnel, qualified=qualified)
    asked = Asked(by=by, every=every, level=level, among=among, confidence_level=confidence_level)
    return one_in(by_entry(leads, qualified_of(part), part.won, asked=asked, name=words[0])[0])
