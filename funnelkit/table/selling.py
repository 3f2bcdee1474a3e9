"""The pipeline's age, reasons, representatives, quotas and deal sizes as tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.measure import Measures
from funnelkit.table import cells
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    from funnelkit.metrics import DealSizes, LossReasons, PipelineAgeing, RepResults

_QUOTA = ("quota attainment", "quota attainment of all", "reps at quota")


def ageing(ageing: PipelineAgeing) -> Table:
    """Return the open deals by stage and age, with how many of them are stale.

    Parameters
    ----------
    ageing
        From :func:`funnelkit.metrics.pipeline_ageing`.

    Returns
    -------
    Table
        One row per segment, stage and band of age that holds a deal.

    Raises
    ------
    ArgumentError
        If ``ageing`` is something else.

    Examples
    --------
    >>> import funnelkit as fk
    >>> found = fk.metrics.pipeline_ageing(fk.make_leads(500, rng=1))
    >>> ageing(found).rows[0][:2]
    ('lead', '0 to 30 days')
    """
    from funnelkit.metrics import PipelineAgeing

    _check("ageing", ageing, PipelineAgeing, "pipeline_ageing")
    by = ageing.book.by
    rows = [
        (
            *cells.segment_cells(row, by),
            display.one_line(row["stage"]),
            f"{row['age_days']} days" if row["age_days"] != "not known" else row["age_days"],
            display.count(row["open"]),
            display.count(row["stale"]) if row["stale"] else "",
            _money(row["total_value"]),
        )
        for row in ageing.to_frame().to_dict("records")
        if row["open"]
    ]
    head = (*cells.segment_columns(by), Column("stage", "left"), Column("at it since", "left"))
    return Table(
        summary=ageing.summary(),
        columns=(*head, Column("open deals"), Column("stale"), Column("amount")),
        rows=tuple(rows),
        notes=ageing.book.notes,
    )


def reasons(reasons: LossReasons) -> Table:
    """Return how often each reason was given, in which stage most often, and its share.

    Parameters
    ----------
    reasons
        From :func:`funnelkit.metrics.loss_reasons`.

    Returns
    -------
    Table
        One row per segment, period and reason that was given; no percentage of fewer than 20.

    Raises
    ------
    ArgumentError
        If ``reasons`` is something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> lost = pd.DataFrame({"reason": ["Price"] * 30 + ["Timing"] * 10, "stage": "sql"})
    >>> reasons(fk.metrics.loss_reasons(lost)).rows[0][:2]
    ('Price', '30')
    """
    from funnelkit.metrics import LossReasons

    _check("reasons", reasons, LossReasons, "loss_reasons")
    dated = reasons.periods is not None
    rows = []
    for row in reasons.to_frame().to_dict("records"):
        if not row["lost"]:
            continue
        whole = row["lost"] / row["rate"]
        few = whole < display.FEWEST
        rows.append(
            (
                *cells.segment_cells(row, reasons.by),
                *([str(row["period"])] if dated else []),
                display.one_line(row["reason"]),
                display.count(row["lost"]),
                display.EN_DASH
                if few
                else display.estimate(row["rate"], row["rate_low"], row["rate_high"]),
                "says nothing" if row["says_nothing"] else "",
            )
        )
    return Table(
        summary=reasons.summary(),
        columns=(
            *cells.segment_columns(reasons.by),
            *([Column("left in", "left")] if dated else []),
            Column("reason", "left"),
            Column("left"),
            Column("of all who left"),
            Column("", "left"),
        ),
        rows=tuple(rows),
        notes=(),
    )


def people(results: RepResults) -> Table:
    """Return representatives side by side: deals, money, win rate and the places it may have.

    Parameters
    ----------
    results
        From :func:`funnelkit.metrics.rep_results`.

    Returns
    -------
    Table
        One row per representative and period, by name; no percentage of fewer than 20.

    Raises
    ------
    ArgumentError
        If ``results`` is something else.

    Examples
    --------
    >>> import funnelkit as fk
    >>> people(fk.metrics.rep_results(fk.make_leads(500, rng=1))).rows[0][0]
    'rep-01'
    """
    from funnelkit.metrics import RepResults

    _check("results", results, RepResults, "rep_results")
    dated = results.periods is not None
    rows = []
    for row in results.to_frame().to_dict("records"):
        few = row["entered"] < display.FEWEST
        ends = (row["win_rate"], row["win_rate_low"], row["win_rate_high"])
        ranked = not few and math.isfinite(row["rank_low"])
        places = f"{row['rank_low']:.0f} to {row['rank_high']:.0f}" if ranked else display.EN_DASH
        rows.append(
            (
                *cells.segment_cells(row, results.by),
                *([str(row["period"])] if dated else []),
                display.count(row["won"]),
                *([_money(row["revenue_value"])] if results.has_value else []),
                display.count(row["entered"]),
                display.EN_DASH if few else display.estimate(*ends),
                places,
            )
        )
    return Table(
        summary=results.summary(),
        columns=(
            *cells.segment_columns(results.by),
            *([Column("period", "left")] if dated else []),
            Column("deals won"),
            *([Column("money won")] if results.has_value else []),
            Column("entered"),
            Column("win rate"),
            Column("places it may have"),
        ),
        rows=tuple(rows),
        notes=("Deals and money by the day of the close, the win rate by the day of entry.",),
    )


def quota(attainment: Measures) -> Table:
    """Return what each representative has won of the quota, by period.

    Parameters
    ----------
    attainment
        From :func:`funnelkit.metrics.quota_attainment`.

    Returns
    -------
    Table
        One row per representative and period with a quota or a win.

    Raises
    ------
    ArgumentError
        If ``attainment`` is something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> won = pd.DataFrame({"rep": ["Ann"], "won": "2026-02-01", "amount": [120]})
    >>> quotas = pd.DataFrame({"rep": ["Ann"], "period": "2026 Q1", "amount": 100})
    >>> quota(fk.metrics.quota_attainment(won, quotas)).rows[0][:4]
    ('Ann', '2026 Q1', '100', '120')
    """
    if not isinstance(attainment, Measures) or not set(_QUOTA) <= set(attainment.names):
        raise ArgumentError(
            "`attainment` must be what fk.metrics.quota_attainment returns; got "
            f"{type(attainment).__name__}."
        )
    each = attainment[_QUOTA[0]]
    rows = []
    for i, segment in enumerate(each.segments):
        for j, period in enumerate(each.periods or ()):
            won, goal = float(each.numerator[i, j]), float(each.denominator[i, j])
            if won or goal:
                share = display.percent(won / goal) if goal else "no quota"
                quota_told = _money(goal) if goal else display.EN_DASH
                rows.append(
                    (
                        cells.segment_cells({each.by[0]: segment[0]}, each.by)[0],
                        period,
                        quota_told,
                        _money(won),
                        share,
                    )
                )
    return Table(
        summary=f"{attainment[_QUOTA[1]].summary()} {attainment[_QUOTA[2]].summary()}",
        columns=(
            *cells.segment_columns(each.by),
            Column("period", "left"),
            Column("quota"),
            Column("won"),
            Column("attained"),
        ),
        rows=tuple(rows),
        notes=each.notes,
    )


def deal_sizes(sizes: DealSizes) -> Table:
    """Return the sizes of won deals by segment: median, mean, quantiles, and the largest tenth.

    Parameters
    ----------
    sizes
        From :func:`funnelkit.metrics.deal_sizes`.

    Returns
    -------
    Table
        One row per segment; only the number of deals where there are fewer than 20.

    Raises
    ------
    ArgumentError
        If ``sizes`` is something else.

    Examples
    --------
    >>> import funnelkit as fk
    >>> deal_sizes(fk.metrics.deal_sizes([1_000] * 20 + [50_000] * 2, rng=1)).rows[0][:2]
    ('all', '22')
    """
    from funnelkit.metrics import DealSizes

    _check("sizes", sizes, DealSizes, "deal_sizes")
    rows = []
    for row in sizes.to_frame().to_dict("records"):
        few = row["n"] < display.FEWEST
        told = [_with_ends(row, "median_value"), _with_ends(row, "mean_value")]
        told.append(f"{_money(row['p10_value'])} to {_money(row['p90_value'])}")
        told.append(display.percent(row["top_share"]))
        names = cells.segment_cells(row, sizes.by) or ("all",)
        told = [display.EN_DASH] * 4 if few else told
        rows.append((*names, display.count(row["n"]), *told))
    level = display.percent(sizes.confidence_level, decimals=0)
    unit = f" Amounts in {sizes.currency}." if sizes.currency else ""
    return Table(
        summary=sizes.summary(),
        columns=(
            *(cells.segment_columns(sizes.by) or (Column("deals of", "left"),)),
            Column("won deals"),
            Column("median"),
            Column("mean"),
            Column("8 of 10 lie within"),
            Column("largest tenth brings"),
        ),
        rows=tuple(rows),
        notes=(f"In brackets the {level} interval.{unit}",),
    )


def _with_ends(row: dict[Any, float], name: str) -> str:
    low, high = _money(row[f"{name}_low"]), _money(row[f"{name}_high"])
    return f"{_money(row[name])} ({low} to {high})"


def _check(name: str, given: Any, kind: type[Any], maker: str) -> None:
    if not isinstance(given, kind):
        raise ArgumentError(
            f"`{name}` must be what fk.metrics.{maker} returns; got {type(given).__name__}."
        )


def _money(amount: float) -> str:
    if not math.isfinite(amount):
        return ""
    whole = abs(amount) >= 10 or float(amount).is_integer()
    return display.count(amount) if whole else f"{amount:,.2f}".replace("-", display.MINUS)
