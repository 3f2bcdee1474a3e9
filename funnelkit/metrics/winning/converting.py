"""Conversion from one stage to another: any pair, leads to opportunities, leads to qualified."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from funnelkit._core.dates import Unit
from funnelkit._core.errors import ArgumentError
from funnelkit._core.measure import Measure
from funnelkit.counts.passages import Level
from funnelkit.counts.pipeline import By
from funnelkit.data.records import Leads
from funnelkit.metrics.roster import Among
from funnelkit.metrics.stage_roles import lead_of, qualified_of, roles
from funnelkit.metrics.winning.entering import Asked, Source, adjusted, by_entry, plain


def conversion(
    leads: Source,
    of: tuple[str, str] | ArrayLike,
    *,
    by: By = None,
    every: Unit | None = None,
    level: Level = "record",
    among: Among = None,
    periods: Sequence[str] | None = None,
    confidence_level: float = 0.95,
) -> Measure:
    """Return the share of those that entered one stage and have reached another by ``as_of``.

    Parameters
    ----------
    leads
        The data, or the number converted (or a row of numbers).
    of
        The two stages, such as ``("lead", "mql")``; with a number, the number that entered.
    by
        Segment column or columns; segments kept apart are always among them.
    every
        Unit of the period of entry (a cohort view); ``None``: of all time.
    level
        ``"record"``, or ``"account"``: an account enters with its first record, and has converted
        when any of its records has.
    among
        One segment -> names that must be there though no record has them, such as a roster of
        reps; the figure of those is NaN.
    periods
        Names of a row of numbers.
    confidence_level
        Of the interval: Wilson's, with accounts on an effective number of records.

    Returns
    -------
    Measure
        A share; the denominator is the records with an entry of their own to the first stage.

    Raises
    ------
    ArgumentError
        If stages, segments or numbers cannot be used, or more converted than entered.
    EvidenceError
        If who has passed a stage is not known.

    Notes
    -----
    Open records are in the denominator, so that young cohorts are low: the note says how many are
    open, and how mature the cohorts are. See :func:`adjusted_conversion`.

    References
    ----------
    Wilson (1927), JASA 22, 209-212.

    Examples
    --------
    >>> print(conversion(15, 150).summary())  # doctest: +ELLIPSIS
    Conversion rate (converted / entered): 10.0... of 150 entered.
    """
    if not isinstance(leads, Leads):
        words = ("conversion rate", "converted", "entered")
        return plain(words, leads, of, periods=periods, confidence_level=confidence_level)
    if isinstance(of, str) or not isinstance(of, Sequence) or len(of) != 2:
        raise ArgumentError(f'`of` must be two stages such as ("lead", "won"); got {of!r}.')
    start, target = str(of[0]), str(of[1])
    asked = Asked(by=by, every=every, level=level, among=among, confidence_level=confidence_level)
    name = f"{start} to {target} conversion"
    return by_entry(leads, start, target, asked=asked, name=name)[0]


def adjusted_conversion(
    leads: Leads,
    of: tuple[str, str],
    *,
    by: By = None,
    every: Unit | None = None,
    confidence_level: float = 0.95,
) -> Measure:
    """Return what the share that reaches a stage comes to, once all are as old as the horizon.

    Parameters
    ----------
    leads, of, by, every
        As in :func:`conversion`.
    confidence_level
        Of the interval.

    Returns
    -------
    Measure
        A share within the days that the definition names; the denominator is the records that
        entered on a known day. NaN, with the reason, where no fit can tell.

    Raises
    ------
    ArgumentError
        If stages or segments cannot be used.

    Notes
    -----
    The conversions of each cohort over the sum of the maturities of its records, with timing from
    Aalen-Johansen curves: see :func:`funnelkit.lag.adjust`, which takes any other fit.

    Examples
    --------
    >>> import funnelkit as fk
    >>> leads = fk.make_leads(2000, rng=1)
    >>> rate = adjusted_conversion(leads, ("lead", "won"))
    >>> 0.02 < rate.value < 0.05
    True
    """
    start, target = of
    asked = Asked(by=by, every=every, confidence_level=confidence_level)
    measure, maturing = by_entry(leads, start, target, asked=asked, name="")
    return adjusted(measure, maturing, name=f"{start} to {target} conversion, lag-adjusted")


def lead_conversion_rate(
    leads: Source,
    of: ArrayLike | None = None,
    *,
    target: str | None = None,
    by: By = None,
    every: Unit | None = None,
    level: Level = "record",
    among: Among = None,
    periods: Sequence[str] | None = None,
    confidence_level: float = 0.95,
) -> Measure:
    """Return the share of leads that became an opportunity, which systems call converted.

    Parameters
    ----------
    leads
        The data, or the number converted.
    of
        With a number, the number of leads.
    target
        The stage at which a lead counts as converted; default: the opportunity, or the last stage
        where none is named so.
    by, every, level, among, periods, confidence_level
        As in :func:`conversion`.

    Returns
    -------
    Measure
        A share of the leads that entered the first stage.

    Raises
    ------
    ArgumentError
        As :func:`conversion`, or if the funnel has no stage of leads.

    Examples
    --------
    >>> lead_conversion_rate(15, 150).value
    0.1
    """
    words = ("lead conversion rate", "converted leads", "leads")
    if not isinstance(leads, Leads):
        return plain(words, leads, of, periods=periods, confidence_level=confidence_level)
    part = roles(leads.funnel)
    asked = Asked(by=by, every=every, level=level, among=among, confidence_level=confidence_level)
    end = target or part.opportunity or part.won
    return by_entry(leads, lead_of(part), end, asked=asked, name=words[0])[0]


def qualification_rate(
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
    """Return the lead success rate: the share of leads that became qualified.

    Parameters
    ----------
    leads
        The data, or the number qualified.
    of
        With a number, the number of leads.
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
    >>> qualification_rate(40, 500).value
    0.08
    """
    words = ("qualification rate", "qualified leads", "leads")
    if not isinstance(leads, Leads):
        return plain(words, leads, of, periods=periods, confidence_level=confidence_level)
    part = roles(leads.funnel, qualified=qualified)
    asked = Asked(by=by, every=every, level=level, among=among, confidence_level=confidence_level)
    return by_entry(leads, lead_of(part), qualified_of(part), asked=asked, name=words[0])[0]
