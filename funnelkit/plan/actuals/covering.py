"""`coverage`: the open pipeline that a target needs, by how much of it is won and how soon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.forecast.result import Unit
from funnelkit.plan.actuals.covered import Coverage
from funnelkit.plan.goals.spans import SpanRules, index_of, run_of
from funnelkit.plan.goals.taking import targets_of
from funnelkit.plan.goals.targets import Targets, months_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads
    from funnelkit.model import FunnelModel
    from funnelkit.plan.basis.lag import MonthLag

FloatArray = NDArray[np.float64]
_QUARTER = 3
_NO_DATE = "2001-01"


def coverage(
    targets: Targets | float | Mapping[Any, float] | Any,
    model: FunnelModel | None = None,
    *,
    leads: Leads | None = None,
    period: str | None = None,
    periods: pd.PeriodIndex | Sequence[str] | None = None,
    stage: str | None = None,
    win_rate: float | None = None,
    create_and_close: float | None = None,
    lag: MonthLag | Sequence[float] | None = None,
    in_time: float = 1.0,
    open_pipeline: float | None = None,
    shape: Sequence[float] | None = None,
    rule: float = 3.0,
    unit: Unit | None = None,
    fiscal_year_start: int = 1,
    exchange: Mapping[str, float] | None = None,
) -> Coverage:
    """Return the open pipeline that the target of a period needs, and what is still to create.

    Parameters
    ----------
    targets
        As in :func:`targets_of`; one number is the target of the period.
    model, leads
        A fitted model and the leads it was fitted to; all else is then counted. Default: numbers
        are stated.
    period
        Which of the targets, such as ``"2027-Q1"``. Default: all of them.
    periods
        Months of a target that is one number. Default: a quarter, without dates; with a model,
        the next three months.
    stage
        Where the pipeline begins. Default: the last stage before the win.
    win_rate
        Stated: share of the pipeline that is ever won, by money.
    create_and_close
        Stated: share of the period's wins whose pipeline is created within it. Default: by
        ``lag``; else 0.
    lag
        Stated: shares of the won that are won 0, 1, 2 … months after the month of creation.
    in_time
        Stated: share of what is ever won of the open pipeline that is won within the period.
    open_pipeline
        Stated: what is open at the beginning.
    shape
        Weight of each month in what is still to be created. Default: evenly.
    rule
        The rule of thumb: pipeline over target.
    unit
        Of plain numbers: ``"value"`` (money) or ``"count"`` (deals).
    fiscal_year_start
        Month in which the fiscal year starts.
    exchange
        What one unit of each other currency is worth in the targets'.

    Returns
    -------
    Coverage
        Pipeline needed and there, over what is still to be won, and what to create by month.

    Raises
    ------
    ArgumentError
        With every problem of what is stated; or if the period is over, or not in the targets.

    Notes
    -----
    Needed is T (1 - s) / y: of the target T, the share s comes of pipeline created within the
    period, and of what is open the share y is won in it. Stated, y is ``win_rate`` x
    ``in_time``, and s is the mean over the months of the share F of a lag that is won by the end of
    the period, which it is where as much is created every month. With a model, y is what its
    chances make of each open record by stage and age, over what is open; and s is what comes, at
    the pace of the last six full months, of what is created until the end of the period, over T
    less what is won already.

    What is lacking, T less y times what is open, must come of pipeline C created in the shares g
    of the months, of which u is won in the period: C = lacking / Σ g u. These are expectations:
    met in about half of all cases; :func:`reverse` plans for a chance.

    Examples
    --------
    30 % of a quarter's wins are created in it, and 20 % of the pipeline is won: 3.5 times.

    >>> found = coverage(1_000_000, win_rate=0.2, create_and_close=0.3)
    >>> round(found.ratio, 6), round(found.needed)
    (3.5, 3500000)

    With 3 million open, 600,000 of it comes; the rest by a lag of a month or two:

    >>> found = coverage(1_000_000, win_rate=0.2, lag=[0.3, 0.5, 0.2], open_pipeline=3_000_000)
    >>> found.to_create.round().tolist()
    [952381.0, 952381.0, 952381.0]
    """
    if not isinstance(rule, (int, float)) or isinstance(rule, bool) or not rule > 0:
        raise ArgumentError(f"`rule` must be a number above 0; got {rule!r}.")
    if model is not None or leads is not None:
        given = {
            "win_rate": win_rate,
            "create_and_close": create_and_close,
            "lag": lag,
            "open_pipeline": open_pipeline,
        }
        return _counted(
            targets,
            *_both(model, leads, given),
            period=period,
            periods=periods,
            stage=stage,
            shape=shape,
            rule=rule,
            unit=unit,
            fiscal_year_start=fiscal_year_start,
            exchange=exchange,
        )
    known = periods is not None or not isinstance(targets, (int, float))
    if not known:
        import pandas as pd

        periods = pd.period_range(_NO_DATE, periods=_QUARTER, freq="M")
    goals = _goals(targets, periods, period, unit, fiscal_year_start)
    shares = _lag_shares(lag)
    rate = _stated(win_rate, create_and_close, in_time, open_pipeline)
    ahead = len(goals.periods)
    weights = _shape(shape, ahead)
    notes = []
    if shares is None:
        within = np.full(ahead, create_and_close or np.nan)
        share = create_and_close or 0.0
        if create_and_close:
            notes.append(
                "Without a lag, pipeline of each month is taken to bring the create-and-close "
                "share of its wins in the period."
            )
    else:
        sums = np.cumsum(shares)
        within = sums[np.minimum(np.arange(ahead)[::-1], len(sums) - 1)]
        share = float(within.mean()) if create_and_close is None else create_and_close
    return Coverage(
        targets=goals,
        months=goals.periods,
        stage=stage or "pipeline",
        open_yield=rate * in_time,
        create_and_close=share,
        yields=rate * within,
        shape=weights,
        open_pipeline=np.nan if open_pipeline is None else float(open_pipeline),
        rule=float(rule),
        known=known,
        notes=tuple(notes),
    )


def _both(
    model: FunnelModel | None, leads: Leads | None, given: Mapping[str, Any]
) -> tuple[FunnelModel, Leads]:
    """Return the model and its leads; refuse one without the other, and numbers stated beside."""
    if model is None or leads is None:
        raise ArgumentError(
            "`model` and `leads` go together: the model, and the leads that it was fitted to."
        )
    beside = [name for name, one in given.items() if one is not None]
    if beside:
        raise ArgumentError(
            f"{', '.join(f'`{name}`' for name in beside)} cannot be stated beside a model, which "
            "says it by itself."
        )
    if model.as_of != leads.as_of or tuple(model.stages) != tuple(leads.funnel.stages):
        raise ArgumentError(
            f"`model` must be fitted to these leads, as of {leads.as_of.isoformat()}; it is as of "
            f"{model.as_of.isoformat()}."
        )
    return model, leads


def _counted(
    targets: Any,
    model: FunnelModel,
    leads: Leads,
    *,
    period: str | None,
    periods: Any,
    stage: str | None,
    shape: Sequence[float] | None,
    rule: float,
    unit: Unit | None,
    fiscal_year_start: int,
    exchange: Mapping[str, float] | None,
) -> Coverage:
    """Return the coverage by a model and its leads."""
    import pandas as pd

    from funnelkit.plan.actuals.pipeline_now import pipeline_now

    start = stage or model.stages[-2]
    checks.member("stage", "stage before the win", start, model.stages[:-1])
    counted: Unit = "count" if leads.funnel.value is None else "value"
    if periods is None and isinstance(targets, (int, float)):
        periods = pd.period_range(model.first_month, periods=_QUARTER, freq="M")
    goals = _goals(targets, periods, period, unit or counted, fiscal_year_start)
    if goals.unit == "value" and leads.funnel.value is None:
        raise ArgumentError(
            "The targets are in money, and the funnel of `leads` has no `value`; name its column."
        )
    if goals.periods[-1] < model.first_month:
        raise ArgumentError(
            f"The period ends with {goals.labels[-1]}, which is over on {model.as_of.isoformat()}: "
            "nothing can be created for it any more."
        )
    months = pd.period_range(model.first_month, goals.periods[-1], freq="M")
    now = pipeline_now(
        leads,
        model,
        stage=start,
        period=goals.periods,
        months=months,
        unit=goals.unit,
        exchange=exchange,
        currency=goals.currency if exchange is not None else None,
    )
    _refuse_currency(goals, now.currency)
    left = max(goals.total - now.won, 0.0)
    notes = list(now.notes)
    if not now.worth > 0 or not now.wins > 0:
        raise ArgumentError(
            f"`leads`: nothing that is open at {start} or after it is expected to be won in the "
            "period, so that no coverage can be told; say an earlier `stage`, or a later period."
        )
    brings = float(np.nansum(now.usual * now.yields))
    share = brings / left if left > 0 else 0.0
    if now.won:
        notes.append("What is won in the period already is taken off its target.")
    return Coverage(
        targets=goals,
        months=months,
        stage=start,
        open_yield=now.wins / now.worth,
        create_and_close=share,
        yields=now.yields,
        shape=_shape(shape, len(months)),
        open_pipeline=now.worth,
        won=now.won,
        usual=now.usual,
        rule=float(rule),
        notes=tuple(notes),
    )


def _refuse_currency(goals: Targets, currency: str | None) -> None:
    both = goals.currency, currency
    if goals.unit == "value" and None not in both and both[0] != both[1]:
        raise ArgumentError(
            f"The targets are in {both[0]}, and the amounts of `leads` in {both[1]}; give their "
            f"rate: exchange={{{both[1]!r}: …}}."
        )


def _goals(
    targets: Any, periods: Any, period: str | None, unit: Unit | None, fiscal_year_start: int
) -> Targets:
    """Return the targets of the period."""
    months = None if periods is None else months_of("periods", periods)
    goals = targets_of(targets, periods=months, unit=unit, fiscal_year_start=fiscal_year_start)
    if period is None:
        return goals
    run = run_of(str(period).strip(), SpanRules(calendar=goals.calendar))
    if run is None:
        raise ArgumentError(
            f"`period` must be a month, quarter or year such as 2027-Q1; got {period!r:.40}."
        )
    own = goals.periods
    if not (own[0].ordinal <= run.first and run.last <= own[-1].ordinal):
        raise ArgumentError(
            f"`period` {period!r:.40} is not within the targets, {goals.labels[0]} to "
            f"{goals.labels[-1]}."
        )
    return goals.over(index_of(run), outside="leave_out").without_notes()


def _lag_shares(lag: Any) -> FloatArray | None:
    from funnelkit.plan.basis.lag import MonthLag

    if lag is None:
        return None
    return np.asarray((lag if isinstance(lag, MonthLag) else MonthLag(lag)).shares)


def _stated(
    win_rate: float | None,
    create_and_close: float | None,
    in_time: float,
    open_pipeline: float | None,
) -> float:
    """Return the win rate, once nothing that is stated is wrong."""
    wrong = []
    if win_rate is None:
        wrong.append("`win_rate` is needed: the share of pipeline that is won; or give a model.")
    for name, one, low in (
        ("win_rate", win_rate, True),
        ("create_and_close", create_and_close, False),
        ("in_time", in_time, True),
    ):
        if one is None:
            continue
        number = isinstance(one, (int, float)) and not isinstance(one, bool)
        if not number or not 0 <= one <= 1 or (low and one == 0):
            hint = f" Did you mean {one / 100:g}?" if number and 1 < one <= 100 else ""
            span = "above 0 and at most 1" if low else "from 0 to 1"
            wrong.append(f"`{name}` must be {span}; got {one!r:.30}.{hint}")
    if open_pipeline is not None:
        number = isinstance(open_pipeline, (int, float)) and not isinstance(open_pipeline, bool)
        if not number or not np.isfinite(open_pipeline) or open_pipeline < 0:
            wrong.append(f"`open_pipeline` must be at least 0; got {open_pipeline!r:.30}.")
    if wrong or win_rate is None:
        raise ArgumentError(numbered(wrong))
    return float(win_rate)


def _shape(shape: Sequence[float] | None, ahead: int) -> FloatArray:
    if shape is None:
        return np.full(ahead, 1 / ahead)
    found = np.asarray(shape, float)
    if found.shape != (ahead,) or not np.isfinite(found).all() or (found < 0).any():
        raise ArgumentError(f"`shape` must be {ahead} weights of at least 0; got {shape!r:.60}.")
    if not found.sum() > 0:
        raise ArgumentError("`shape` must give at least one month a weight above 0.")
    return np.asarray(found / found.sum())
