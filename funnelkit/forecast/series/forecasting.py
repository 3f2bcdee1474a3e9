"""`volume`: any count or money series ahead, segments that add up, intervals that hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.dates import Calendar
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.forecast.ensemble.forecasting import Ahead, ahead
from funnelkit.forecast.series import cutting, dependence, levels
from funnelkit.forecast.series.completing import Partial, with_so_far
from funnelkit.forecast.series.effects import Effects, estimate
from funnelkit.forecast.series.layout import calendar_of
from funnelkit.forecast.series.reading import read_series
from funnelkit.forecast.series.regressors import listed, regressors_of
from funnelkit.forecast.series.series_table import SeriesTable
from funnelkit.forecast.series.volume_forecast import VolumeForecast
from funnelkit.forecast.series.wording import method_of, notes_of, untold

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
Hierarchy = Literal["labels", "total", "none"]
PARTIALS: tuple[Partial, ...] = ("drop", "complete")
HIERARCHIES: tuple[Hierarchy, ...] = ("labels", "total", "none")


def volume(
    series: SeriesTable
    | str
    | Path
    | pd.DataFrame
    | pd.Series[Any]
    | Sequence[float]
    | Mapping[str, Any],
    horizon: int = 12,
    *,
    season: int | None = None,
    every: str | None = None,
    by: str | Sequence[str] | None = None,
    as_of: dt.date | str | None = None,
    partial: Partial = "drop",
    missing: Literal["refuse", "zero", "interpolate"] = "refuse",
    hierarchy: Hierarchy = "labels",
    calendar: Calendar | None = None,
    holidays: Iterable[dt.date | str] | None = None,
    regressors: Any = None,
    events: Mapping[str, Any] | pd.DataFrame | None = None,
    n_draws: int = 1000,
    rng: int | np.random.Generator = 0,
) -> VolumeForecast:
    """Return the counts or the money of periods to come, by series, with joint draws.

    Parameters
    ----------
    series
        What :func:`read_series` returns, or anything that it takes as it stands: what
        ``leads.count("lead", every="month", by="source")`` returns, a Series by period, a frame, a
        path, a row of numbers.
    horizon
        Periods to come.
    season
        Periods to a cycle. Default: that of the series (12 of months); 1 for none.
    every, by, missing
        As ``every``, ``series`` and ``missing`` of :func:`read_series`. With ``missing="zero"``
        series that end early are 0 from there on, as segments are that no longer get a lead.
    as_of
        Last day that is known; periods after it are left out. Default: that of the series, else
        the end of its last period.
    partial
        What is done with a period that ``as_of`` cuts short. It always is the first one to come.
        ``"drop"``: what it holds so far does not enter the history, and no draw is below it.
        ``"complete"``: it is what it holds, and the forecast for the working days that are left;
        periods after it move with what it told.
    hierarchy
        Which sums of segments are forecast beside them, and reconciled with them: ``"labels"`` (of
        all, and of those that share labels), ``"total"`` or ``"none"`` (for series that have no
        meaning as a sum).
    calendar
        Whose quarters, weeks and holidays count.
    holidays
        Further days on which nobody works. They ask for ``"working_days"``.
    regressors
        ``"working_days"``, ``"quarter_end"``, a Series of numbers by period up to the last one to
        come, a frame with ``period`` and a column for each, or a list of these.
    events
        Dated events: a mapping of names to days, periods or pairs of first and last day, or a frame
        with ``event``, ``day`` (or ``start`` and ``end``). An event has the effect that events of
        its name had before.
    n_draws, rng
        Number of joint draws; a seed, or a NumPy generator.

    Returns
    -------
    VolumeForecast
        In the unit of the series. Draws of counts are whole numbers; none is below 0, and segments
        add up to their total in each draw. ``methods`` has what was done for each series, with the
        name of the fallback where it was short or all zeros.

    Raises
    ------
    ArgumentError
        If an argument cannot be used.
    DataError
        With every problem of the series, as :func:`read_series`; if series end before the last
        period; or if one of them is the sum of the others.
    EvidenceError
        If there is no whole period.

    Notes
    -----
    Effects of regressors are taken out of the history before, and put into the periods to come
    after; their doubt is shared by all periods of a draw. Each series and each sum of segments is
    forecast for itself (:func:`funnelkit.forecast.ensemble.forecasting.ahead`). Means are then
    reconciled by least squares; draws of segments keep their paths, are put in an order in which
    they depend on each other as errors did in the past, and are scaled until their sums, of each
    period and of all periods together, are spread as the total's own draws. The interval of the
    total is thus that of the total's own history, and not of segments taken as independent.

    For a running period of which a share g of working days is gone, with s so far and m expected,
    ``"complete"`` is s + (1 - g) m, and what is left has the variance (1 - g) of the whole. What
    comes later moves by the slope of its draws on those of the running period.

    References
    ----------
    Wickramasuriya, Athanasopoulos and Hyndman (2019), Journal of the American Statistical
    Association 114, 804-819. Ben Taieb, Taylor and Hyndman (2021), same journal 116, 27-43.

    Examples
    --------
    >>> months = [f"2025-{k:02d}" for k in range(1, 11)]
    >>> web, fair = [30, 34, 31, 36, 33, 37, 35, 38, 36, 39], [12, 9, 11, 10, 12, 11, 9, 12, 10, 11]
    >>> import pandas as pd
    >>> leads = pd.DataFrame({"month": months, "web": web, "fair": fair})
    >>> ahead = volume(leads, 3)
    >>> ahead.segments, ahead.periods[0]
    ((('web',), ('fair',)), Period('2025-11', 'M'))
    >>> bool((ahead.draws.sum(axis=1) == ahead.drawn(per="all")).all())
    True
    >>> volume([0, 0, 0], 2).total.tolist()
    [0.0, 0.0]
    """
    checks.positive_whole("horizon", horizon)
    checks.positive_whole("n_draws", n_draws)
    checks.one_of("partial", partial, PARTIALS)
    checks.one_of("hierarchy", hierarchy, HIERARCHIES)
    if season is not None:
        checks.positive_whole("season", season)
    days = _with_holidays(calendar_of(calendar), holidays)
    table = series
    if isinstance(table, SeriesTable):
        if by is not None or every is not None:
            raise ArgumentError(
                "`by` and `every` are for what is not read yet; give them to `read_series`."
            )
    else:
        table = read_series(table, series=by, every=every, missing=missing, calendar=calendar)
    day = None if as_of is None else checks.day("as_of", as_of)
    known = cutting.history(
        table, horizon=horizon, as_of=day, calendar=days, fill=missing == "zero"
    )
    _refuse_total(table, known, hierarchy)
    generator = np.random.default_rng(rng)
    cycle = season or table.season
    effects = _effects(
        known,
        table,
        cycle,
        regressors=regressors,
        events=events,
        calendar=days,
        has_holidays=holidays is not None,
    )
    values = known.values
    if effects is not None:
        values = values / effects.factors()[:, : values.shape[1]]
    found = _joint(
        values,
        table,
        cycle,
        horizon=horizon,
        how=hierarchy,
        n_draws=n_draws,
        generator=generator,
    )
    draws, expected = found.draws, found.expected
    if effects is not None:
        draws = draws * effects.drawn(n_draws, horizon, generator)
        expected = expected * effects.factors()[:, -horizon:]
    draws, expected = with_so_far(draws, expected, known, partial)
    if table.unit == "count":
        draws = dependence.whole_numbers(draws, generator)
        draws = np.maximum(draws, np.where(np.arange(horizon) == 0, known.so_far[:, None], 0.0))
    notes = [*table.notes, *known.notes, *notes_of(table, known, cycle, partial, found.methods)]
    notes += untold(effects)
    return VolumeForecast(
        what=table.what,
        unit=table.unit,
        by=table.by,
        segments=table.segments,
        periods=known.periods,
        draws=draws,
        expected=expected,
        gone=known.gone,
        observed=known.values,
        so_far=known.so_far,
        as_of=known.as_of,
        method=method_of(found.methods, len(table.segments), hierarchy),
        reason=found.reason,
        n=int(np.isfinite(known.values).sum()),
        currency=table.currency,
        notes=tuple(notes),
        season=cycle,
        methods=found.methods,
        dated=table.periods is not None,
        effects=effects,
    )


def _refuse_total(table: SeriesTable, known: cutting.History, how: Hierarchy) -> None:
    """Refuse a series that is the sum of the others, which would count everything twice."""
    place = None if how == "none" else levels.total_among(known.values)
    if place is not None:
        name = table.names[place]
        raise DataError(
            f"The series {name} is the sum of all the others, and everything would count twice. "
            'Leave it out (totals are forecast beside their segments), or say hierarchy="none".'
        )


def _with_holidays(calendar: Calendar, holidays: Iterable[dt.date | str] | None) -> Calendar:
    """Return the calendar with further days on which nobody works."""
    if holidays is None:
        return calendar
    if isinstance(holidays, (str, bytes)) or not isinstance(holidays, Iterable):
        raise ArgumentError(f"`holidays` must be a list of days; got {holidays!r}.")
    days = {checks.day("holidays", one) for one in holidays}
    return replace(calendar, holidays=tuple(sorted({*calendar.holidays, *days})))


def _effects(
    known: cutting.History,
    table: SeriesTable,
    season: int,
    *,
    regressors: Any,
    events: Any,
    calendar: Calendar,
    has_holidays: bool,
) -> Effects | None:
    """Return the effects that were asked for; holidays ask for working days."""
    wanted = listed(regressors)
    named = [one for one in wanted if isinstance(one, str)]
    if has_holidays and "working_days" not in named:
        wanted = [*wanted, "working_days"]
    if events is None and not wanted:
        return None
    if table.periods is None:
        raise ArgumentError(
            "`regressors`, `events` and `holidays` need series with dates; these have none."
        )
    import pandas as pd

    periods = pd.period_range(known.gone[0], known.periods[-1])
    gone = len(known.gone)
    found = regressors_of(wanted, events, periods, gone, calendar)
    return estimate(known.values, season, found) if found else None


def _joint(
    values: FloatArray,
    table: SeriesTable,
    season: int,
    *,
    horizon: int,
    how: Hierarchy,
    n_draws: int,
    generator: np.random.Generator,
) -> Ahead:
    """Return means and joint draws of segments that agree with forecasts of their sums."""
    size = len(table.segments)
    sums = levels.summing(table.segments, labels=how == "labels")
    if how == "none":
        sums = sums[:0]
    nodes = np.vstack([values, levels.sums_of(values, sums)])
    found = ahead(nodes, horizon=horizon, season=season, n_draws=n_draws, rng=generator)
    if size < 2:
        return found
    loadings = dependence.shared_errors(values, season)
    draws = dependence.in_order(found.draws[:, :size], loadings, generator)
    expected = found.expected[:size]
    if len(sums):
        spread = found.draws.std(axis=0)
        agreed = levels.reconciled(found.expected, spread, sums, loadings)
        draws = _moved(draws, expected, agreed)
        whole = _moved(found.draws[:, size], found.expected[size], agreed.sum(axis=0))
        draws, expected = dependence.calibrated(draws, whole), agreed
    return Ahead(expected=expected, draws=draws, methods=found.methods[:size], reason=found.reason)


def _moved(draws: FloatArray, before: FloatArray, after: FloatArray) -> FloatArray:
    """Return draws scaled from one mean to another; where the first is 0, the second itself."""
    ratio = after / np.where(before > 0, before, 1.0)
    return np.where(before > 0, draws * ratio, after)
