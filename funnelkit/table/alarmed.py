"""The board as a table: what to check in the data, then what slipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_name
from funnelkit._core.errors import ArgumentError
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    from funnelkit.monitor.board.alerting import Alert, Alerts


def alerts(alerts: Alerts) -> Table:
    """Return the alerts as a table, in their order.

    Parameters
    ----------
    alerts
        From :func:`funnelkit.monitor.alerts`.

    Returns
    -------
    Table
        One row per alert; the signs in the data are notes beneath, before anything else.

    Raises
    ------
    ArgumentError
        If ``alerts`` is something else.

    Examples
    --------
    >>> import funnelkit as fk
    >>> table = fk.table.alerts(fk.monitor.alerts(fk.make_leads(3000, rng=1), by="source"))
    >>> len(table.rows), [column.head for column in table.columns][:3]
    (0, ['what', 'where', 'change'])
    """
    from funnelkit.monitor.board.alerting import Alerts

    if not isinstance(alerts, Alerts):
        raise ArgumentError(
            f"`alerts` must be what fk.monitor.alerts returns; got {type(alerts).__name__}."
        )
    columns = (
        Column("what", "left"),
        Column("where", "left"),
        Column("change"),
        Column("usual"),
        Column("since then"),
        Column("since", "left"),
        Column("wins lost"),
        Column("chance"),
        Column("note", "left"),
    )
    notes = [f"Data: {sign.sentence}" for sign in alerts.data]
    notes.append(
        "Change: against what the history of each figure makes expect, lags allowed for, in "
        "brackets the 95 % interval. Chance: of anything so clear on a board without change, of "
        f"{display.plural(alerts.watched, 'series', 'series')}; the budget is "
        f"{display.percent(alerts.budget)} a report. Data through {day_name(alerts.as_of)}."
    )
    return Table(
        summary=alerts.summary(),
        columns=columns,
        rows=tuple(_row(one) for one in alerts.alerts),
        notes=tuple(notes),
    )


def _row(one: Alert) -> tuple[str, ...]:
    share = one.metric.kind in ("rate", "closed")
    usual = level = display.EN_DASH
    if share:
        usual, level = display.percent(one.usual), display.percent(one.level)
    elif one.metric.kind == "volume":
        usual, level = display.count(one.usual), display.count(one.level)
    note = "check the data first" if one.check else ""
    if one.cause:
        note = f"{note}; {one.cause}" if note else one.cause
    if one.threshold:
        note = f"{note}; {one.threshold}" if note else one.threshold
    words = display.percent(one.change, decimals=0)
    if one.direction != "below":
        words = f"{words} ({display.percent_range(one.low, one.high, words=True)})"
    return (
        display.one_line(one.metric.name),
        one.where,
        words,
        usual,
        level,
        period_name(one.since),
        display.count(one.worth) if one.worth else display.EN_DASH,
        "< 0.001" if one.chance < 0.001 else f"{one.chance:.3f}",
        note,
    )
