"""`make_leads`: simulated leads with the truth attached, as a CRM would export them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Unpack

import numpy as np

from funnelkit._core import checks
from funnelkit.data.definition import Funnel
from funnelkit.data.simulation import dirt as soiling
from funnelkit.data.simulation import export, histories, scenario
from funnelkit.data.simulation.export import SimulatedExport
from funnelkit.data.simulation.lags import Lag
from funnelkit.data.simulation.truth import Level, Levels, Truth

if TYPE_CHECKING:
    from funnelkit.data.records import Leads

__all__ = ["Lag", "Level", "SimulatedExport", "Truth", "make_leads", "simulate_frame"]


def simulated_funnel() -> Funnel:
    """Return the funnel of :func:`make_leads` where none is given.

    Examples
    --------
    >>> simulated_funnel().stages
    ('lead', 'mql', 'sql', 'opportunity', 'won')
    """
    stages, exits = ("lead", "mql", "sql", "opportunity", "won"), ("lost", "disqualified")
    return Funnel(
        stages,
        exits=exits,
        id="lead_id",
        columns={name: f"{name}_at" for name in (*stages, *exits)} | {"lead": "created_at"},
        value="amount",
        owner="owner",
        account="account_id",
        segments=("source", "region", "size"),
    )


def make_leads(
    n: int = 20_000,
    *,
    rng: int | np.random.Generator = 1,
    funnel: Funnel | None = None,
    start: str | dt.date = "2025-01-01",
    months: int = 18,
    dirt: float | Mapping[str, float] = 0.0,
    **settings: Unpack[scenario.Settings],
) -> Leads:
    """Return simulated leads, with the truth they were drawn from as ``leads.truth``.

    Parameters
    ----------
    n, rng, funnel, start, months, dirt
        As in :func:`simulate_frame`.
    **settings
        Rates, lags, exits, levels and everything else that :func:`simulate_frame` takes.

    Returns
    -------
    Leads
        As of the last day of the window; ``leads.truth`` is a
        :class:`~funnelkit.data.simulation.truth.Truth`.

    Raises
    ------
    ArgumentError
        As :func:`simulate_frame`.

    Examples
    --------
    >>> leads = make_leads(500, rng=1)
    >>> leads.truth.as_of
    datetime.date(2026, 6, 30)
    """
    from funnelkit.data.reading import from_frame

    made = simulate_frame(
        n, rng=rng, funnel=funnel, start=start, months=months, dirt=dirt, **settings
    )
    return from_frame(made.frame, made.funnel, as_of=made.as_of, _truth=made.truth)


def simulate_frame(
    n: int = 20_000,
    *,
    rng: int | np.random.Generator = 1,
    funnel: Funnel | None = None,
    start: str | dt.date = "2025-01-01",
    months: int = 18,
    levels: Levels | None = None,
    rates: Sequence[float] | None = None,
    exits: Mapping[str, Sequence[float]] | None = None,
    lags: Sequence[Lag] | None = None,
    exit_lags: Mapping[str, Sequence[Lag]] | None = None,
    drift: float | Mapping[str, float] = 0.0,
    growth: float = 0.01,
    seasonality: float = 0.15,
    weekend: float = 0.15,
    pace_sd: float = 0.0,
    leads_per_account: float = 1.6,
    account_correlation: float = 0.2,
    owners: int = 12,
    direct: float = 0.05,
    direct_stage: str | None = None,
    skipped: float = 0.02,
    reopened: float = 0.01,
    reversed_wins: float = 0.0,
    value_median: float = 12_000.0,
    value_sd: float = 0.8,
    times: Literal["date", "clock"] = "date",
    dirt: float | Mapping[str, float] = 0.0,
) -> SimulatedExport:
    """Return simulated leads as a CRM would export them, with the truth and the costs.

    Parameters
    ----------
    n
        Records that enter during the window, before any dirt.
    rng
        Seed or generator; the same seed gives the same export. No clock is read.
    funnel
        Definition whose columns are written; by default :func:`simulated_funnel`, with lead,
        mql, sql, opportunity, won and the exits lost and disqualified. Personal columns are
        filled with ``private-000001`` and so on.
    start, months
        First day of the window and its length; the export is as of the window's last day.
    levels
        Segment -> value -> :class:`~funnelkit.data.simulation.truth.Level`, in place of the usual
        ones. All segments but the first belong to the account.
    rates
        For each stage but the last, the share that ever moves on, where all odds are 1.
    exits
        Exit -> for each stage but the last, its share of those who do not move on. What is left
        stays there for good.
    lags, exit_lags
        For each stage but the last, the lag to the next stage, and (by exit) that to the exit.
    drift
        Change of the log odds of the first transition for each later month of entry, or stage ->
        change of the log odds of moving on from it.
    growth
        Relative growth of entries in a month.
    seasonality
        Swing of the entries with the month of the year, 0 (none) to 0.7.
    weekend
        Entries on a Saturday or Sunday, relative to those on a working day.
    pace_sd
        Standard deviation of the log of a factor on all hazards that is drawn for each calendar
        month.
    leads_per_account, account_correlation
        Mean leads of an account, and how far they go together (0 to 0.99); rates stay as they
        are.
    owners
        Number of representatives.
    direct, direct_stage
        Share of the records that never were at the first stage, and the stage they enter at, by
        default the last but one.
    skipped
        Share of passed stages (neither the first nor the last) that were never recorded.
    reopened
        Share of the transitions before which the record was lost for a time.
    reversed_wins
        Share of the wins that are lost later.
    value_median, value_sd
        Log-normal amounts, known from the last stage but one on, for open deals as well.
    times
        ``"date"`` for dates, ``"clock"`` for local times to the second.
    dirt
        Share of the rows to soil, evenly over all kinds, or kind -> share; the kinds are the
        keys of :data:`funnelkit.data.simulation.dirt.KINDS`.

    Returns
    -------
    SimulatedExport
        ``frame``, ``truth``, ``costs``, and ways to write them out.

    Raises
    ------
    ArgumentError
        If a number is out of its range, a sequence does not have one entry for each stage but
        the last, or a name is unknown.

    Examples
    --------
    >>> made = simulate_frame(1000, rng=1)
    >>> len(made.frame), made.as_of
    (1000, datetime.date(2026, 6, 30))
    """
    scenario.check_ranges(locals())
    for name, whole in (("n", n), ("months", months), ("owners", owners)):
        checks.positive_whole(name, whole)
    checks.one_of("times", times, ("date", "clock"))
    drawing = np.random.default_rng(rng).spawn(5)
    funnel = funnel or simulated_funnel()
    span = scenario.window(
        checks.day("start", start), months, growth=growth, seasonality=seasonality, weekend=weekend
    )
    transitions = len(funnel.stages) - 1
    chosen, expected = scenario.levels_of(funnel, levels), span.expected(n)
    truth = Truth(
        funnel=funnel,
        as_of=span.as_of,
        levels=chosen,
        rates=scenario.rates_of(rates, transitions),
        exits=scenario.exits_of(funnel, exits, transitions),
        lags=scenario.lags_of("lags", lags, transitions),
        exit_lags=scenario.exit_lags_of(funnel, exit_lags, transitions),
        drift=scenario.drift_of(funnel, drift, transitions),
        expected=expected,
        pace=scenario.pace_of(expected, pace_sd, drawing[0]),
        direct=direct,
        direct_stage=scenario.direct_stage_of(funnel, direct_stage),
        leads_per_account=leads_per_account,
        account_correlation=account_correlation,
        owners=owners,
        skipped=skipped,
        reopened=reopened,
        reversed_wins=reversed_wins,
        value_median=value_median,
        value_sd=value_sd,
        costs=scenario.costs_of(chosen, expected, drawing[1]),
        dirt=soiling.none(),
    )
    lives = histories.draw_histories(truth, n, span, drawing[2])
    clean = export.frame_of(lives, truth, span, times, drawing[3])
    frame, dirty = soiling.soil(clean, funnel, span.as_of, shares=dirt, rng=drawing[4])
    return SimulatedExport(
        frame=frame,
        returns=export.returns_of(lives, truth, span, times),
        truth=replace(truth, dirt=dirty),
    )
