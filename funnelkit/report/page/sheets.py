"""The tables of a page for a workbook: every figure it shows, unrounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from funnelkit._core.dates import period_label
from funnelkit._core.display import segment_name
from funnelkit.monitor import Alerts
from funnelkit.rates import Diagnosis
from funnelkit.report.page.facts import (
    Channels,
    Cohorts,
    Coming,
    Curve,
    Facts,
    Flow,
    Heat,
    Missing,
    Moved,
    Planned,
    Restated,
    Segments,
    Tested,
)
from funnelkit.report.workbook import Sheet

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.control.tying import TieOut


def sheets_of(facts: Facts) -> dict[str, Sheet]:
    """Return the tables of a page by name; views that the data cannot fill have none."""
    found = {"Months": _months(facts)}
    if facts.card is not None and facts.card.lines:
        title = f"Headline metrics of {facts.card.month}"
        found["Headlines"] = Sheet(title, facts.card.to_frame(), facts.card.missing)
    if facts.channels is not None:
        found["Channels"] = _channels(facts.channels)
    made: tuple[tuple[str, Any, Callable[[Any], Sheet]], ...] = (
        ("Alerts", facts.alerts, _alerts),
        ("Cohorts", facts.cohorts, _cohorts),
        ("Ages", facts.heat, _ages),
        ("Lag curve", facts.curve, _curve),
        ("Back-test", facts.tested, _tested),
        ("Stages", facts.flow, _stages),
        ("Bottlenecks", facts.diagnosis, _bottlenecks),
        ("Segments", facts.segments, _segments),
        ("What moved", facts.moved, _moved),
        ("To come", facts.coming(), _coming),
    )
    if facts.goals is not None:
        made += (("Plan", facts.planned(), _planned),)
    if facts.restated is not None:
        made += (("Restated", facts.restated, _restated),)
    found |= {name: make(view) for name, view, make in made if not isinstance(view, Missing)}
    if facts.tied:
        found["Control totals"] = _control_totals(facts.tied)
    found["Audit"] = _audit(facts)
    found["Rows"] = _rows(facts)
    return found


def _coming(view: Coming) -> Sheet:
    """Return each month to come, and below it the earlier ones as they were foretold."""
    import pandas as pd

    forecast = view.forecast
    deals = forecast if forecast.deals is None else forecast.deals
    frame = deals.to_frame().drop(columns=list(deals.by))
    if forecast.unit == "value":
        frame = pd.concat([frame, forecast.to_frame().drop(columns=["period", *deals.by])], axis=1)
    said = [
        {
            "period": period_label(one.month),
            "expected": one.expected.value,
            "low": one.expected.low,
            "high": one.expected.high,
            "came": one.came,
        }
        for one in view.past
    ]
    whole = frame[: len(deals.periods)]
    table = pd.concat([pd.DataFrame(said), whole], ignore_index=True) if said else whole
    return Sheet("Wins to come, after earlier months as they were foretold", table, "")


def _planned(view: Planned) -> Sheet:
    """Return the plan by month."""
    return Sheet("The plan by month", view.outlook.plan.to_frame(), view.outlook.plan.summary())


def _frame(rows: list[dict[str, object]], columns: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(rows, columns=list(columns))


def _control_totals(tied: TieOut) -> Sheet:
    frame = tied.to_frame()
    for name in ("expected", "ours", "difference"):
        frame[name] = [None if one is None else float(one) for one in frame[name]]
    return Sheet("Control totals of the CRM beside ours", frame, tied.unmeasured)


def _months(facts: Facts) -> Sheet:
    months = [(period_label(month), tally) for month, tally in facts.months.tallies.items()]
    rows: list[dict[str, object]] = [
        {
            "period": name,
            "entered": tally.entered,
            "converted": tally.won,
            "known_amounts": tally.amounts,
            "total_value": None if tally.value is None else float(tally.value),
        }
        for name, tally in (*months, *facts.months.to_date.items())
    ]
    columns: tuple[str, ...] = ("period", "entered", "converted")
    if facts.months.no_money is None:
        columns += ("known_amounts", "total_value")
    notes = () if facts.months.no_money is None else (facts.months.no_money,)
    return Sheet("Entries and conversions by calendar month", _frame(rows, columns), notes)


def _channels(view: Channels) -> Sheet:
    rows: list[dict[str, object]] = [
        {
            view.column: segment_name([row.name]),
            "months": row.months,
            "cost_value": row.cost,
            "entered": row.leads,
            "customers": row.customers,
            "cost_per_lead_value": row.cost / row.leads if row.leads else None,
            "cac_value": row.cost / row.customers if row.customers else None,
            "return_ratio": row.returned,
        }
        for row in view.rows
    ]
    title = f"What each {view.column} cost and brought, {view.first} to {view.last}"
    note = "Over the months with a known cost; a cost that is missing is not 0."
    return Sheet(title, _frame(rows, tuple(rows[0])), (note, *view.notes))


def _cohorts(view: Cohorts) -> Sheet:
    rows: list[dict[str, object]] = [
        {
            "cohort": period_label(row.cohort),
            "entered": row.entered,
            "converted": row.converted,
            "rate": row.rate.value,
            "rate_low": row.rate.low,
            "rate_high": row.rate.high,
            "maturity": row.maturity,
            "adjusted": row.expected.value if row.told else None,
            "adjusted_low": row.expected.low if row.told else None,
            "adjusted_high": row.expected.high if row.told else None,
            "immature": row.immature,
            "partial": row.partial,
        }
        for row in view.rows
    ]
    note = (
        f"converted, rate: by day {view.horizon}, so far. adjusted: expected by day "
        f"{view.horizon}; blank where too young or too few."
    )
    return Sheet("Rates by month of entry", _frame(rows, tuple(rows[0])), note)


def _ages(view: Heat) -> Sheet:
    rows: list[dict[str, object]] = [
        {
            "cohort": period_label(row.cohort),
            "entered": row.entered,
            "age_days": age,
            "reached": cell.reached,
            "rate": cell.estimate.value,
            "rate_low": cell.estimate.low,
            "rate_high": cell.estimate.high,
            "status": cell.state,
        }
        for row in view.rows
        for age, cell in zip(view.ages, row.cells, strict=True)
        if cell.state != "blank"
    ]
    columns = (
        "cohort", "entered", "age_days", "reached", "rate", "rate_low", "rate_high", "status",
    )  # fmt: skip
    return Sheet("Share converted by cohort and age", _frame(rows, columns))


def _curve(view: Curve) -> Sheet:
    rows: list[dict[str, object]] = [
        {"age_days": age, "rate": rate, "rate_low": low, "rate_high": high, "followed": followed}
        for age, rate, low, high, followed in zip(
            view.ages, view.rate, view.low, view.high, view.followed, strict=True
        )
    ]
    return Sheet("Share converted by age, all months together", _frame(rows, tuple(rows[0])))


def _tested(view: Tested) -> Sheet:
    rows: list[dict[str, object]] = [
        {
            "date": row.day,
            "cohort": period_label(row.cohort),
            "entered": row.entered,
            "rate": row.so_far,
            "expected": row.expected.value,
            "expected_low": row.expected.low,
            "expected_high": row.expected.high,
            "came": row.came,
            "held": row.held,
        }
        for row in view.rows
    ]
    columns = ("date", "cohort", "entered", "rate", "expected", "expected_low", "expected_high")
    error = f"Mean error over {view.forecasts} forecasts, in points"
    mature = (
        "" if view.mature_off is None else f", average of complete months {view.mature_off:.2f}"
    )
    notes = (
        f"rate: so far on the date; expected, came: by day {view.horizon}; youngest cohort told.",
        f"{error}: expected {view.off:.2f}, rate so far {view.raw_off:.2f}{mature}.",
        f"{view.held} of {view.forecasts} intervals held what came.",
    )
    title = "What was expected on earlier dates, and what came"
    return Sheet(title, _frame(rows, (*columns, "came", "held")), notes)


def _stages(view: Flow) -> Sheet:
    rows: list[dict[str, object]] = [
        {
            "stage": stage.name,
            "entered": stage.entered,
            "filled": stage.filled,
            "moved_on": None if stage is view.stages[-1] else stage.moved_on,
            **stage.left,
            "still_there": None if stage is view.stages[-1] else stage.still_there,
            "rate": stage.rate.value,
            "rate_low": stage.rate.low,
            "rate_high": stage.rate.high,
            "median_days": stage.median_days,
        }
        for stage in view.stages
    ]
    return Sheet("What became of those who entered each stage", _frame(rows, tuple(rows[0])))


def _segments(view: Segments) -> Sheet:
    rows: list[dict[str, object]] = [
        {
            view.column: segment_name([row.value]),
            "entered": row.entered,
            "converted": row.converted,
            "adjusted": row.expected.value,
            "adjusted_low": row.expected.low,
            "adjusted_high": row.expected.high,
        }
        for row in view.rows
    ]
    title = f"Rates by {view.column}, expected by day {view.horizon}"
    return Sheet(title, _frame(rows, tuple(rows[0])))


def _alerts(view: Alerts) -> Sheet:
    return Sheet("What left its usual level", view.to_frame(), view.summary())


def _bottlenecks(view: Diagnosis) -> Sheet:
    return Sheet("Each step beside its published range", view.to_frame(), view.summary())


def _moved(view: Moved) -> Sheet:
    before, now = period_label(view.before), period_label(view.now)
    parts = ", ".join(f"{name} {number:+.1f}" for name, number in view.change.conversions.items())
    note = f"Conversions so far, {now} less {before}: {parts}."
    title = f"Effects on the rate of all, {before} to {now}, by {view.column}"
    return Sheet(title, view.change.to_frame(), (note,))


def _restated(view: Restated) -> Sheet:
    rows: list[dict[str, object]] = [
        {
            "month": period_label(one.issued.month),
            "data_through": one.issued.as_of,
            "figure": one.figure,
            "said": one.said,
            "counted_again": one.again,
            "now": one.now,
            "by_records": one.by_records,
            "by_time": one.by_time,
        }
        for one in view.counts
    ]
    note = "counted_again: of today's data, up to the last day of that report's data."
    title = "Figures of earlier reports beside today's"
    columns = ("month", "data_through", "figure", "said", "counted_again", "now")
    return Sheet(title, _frame(rows, (*columns, "by_records", "by_time")), note)


def _audit(facts: Facts) -> Sheet:
    rows: list[dict[str, object]] = [
        {
            "rule": one.rule,
            "severity": one.severity,
            "rows": one.count,
            "share": one.share,
            "examples": ", ".join(one.examples),
            "what": one.what,
            "remedy": one.remedy,
        }
        for one in facts.quality.findings
    ]
    columns = ("rule", "severity", "rows", "share", "examples", "what", "remedy")
    return Sheet("What the audit found", _frame(rows, columns))


def _rows(facts: Facts) -> Sheet:
    rows: list[dict[str, object]] = [
        {"file": file, "reason": reason, "rows": number}
        for file, reason, number in (*facts.quality.accounting, *facts.quality.beside)
    ]
    return Sheet("Every row that was read", _frame(rows, ("file", "reason", "rows")))
