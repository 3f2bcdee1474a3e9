"""`compare_to_actual`: a plan that was made, against what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError, FunnelError
from funnelkit.counts.came_since import NEW, came_since
from funnelkit.plan.actuals.causes import explained_gap
from funnelkit.plan.actuals.record import PlanRecord
from funnelkit.plan.actuals.review import PlanReview
from funnelkit.plan.actuals.sides import (
    REOPENED,
    Placed,
    Side,
    came_side,
    chances_of_rows,
    channel_name,
    expected_side,
    maturities,
)

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.model import FunnelModel
    from funnelkit.plan.basis.assumptions import Assumptions
    from funnelkit.plan.goals.targets import Targets


def compare_to_actual(
    plan: Any,
    leads: Leads,
    *,
    model: FunnelModel | None = None,
    by: str | Sequence[str] | None = None,
    exchange: Mapping[str, float] | None = None,
    assumptions: Assumptions | None = None,
    rng: int | np.random.Generator = 0,
    **planning: Any,
) -> PlanReview:
    """Return a plan against what came by the last day of the leads.

    Parameters
    ----------
    plan
        Of :func:`reverse`, or a record that was kept: :func:`read_plan`.
    leads
        As they are now.
    model
        Fitted to them. It says how many of the young leads will still be won, and plans the
        months to come anew. Default: the plan's own rates and lags say the former, and no new
        plan is made.
    by
        Segment columns whose values are the channels. Default: as the plan says, else those of
        the model, else the column whose values are the names of channels.
    exchange
        What one unit of each other currency is worth in the plan's.
    assumptions
        What :func:`assume` made of the model, where it was made already: the new plan stands on it
        where it is for the months to come, and otherwise on the model anew.
    rng
        Seed or generator of the new plan.
    **planning
        Further arguments of :func:`reverse` for the new plan, such as ``costs`` or ``mix``.

    Returns
    -------
    PlanReview
        By month and channel leads planned and come, deals, money and target; the gap by causes
        that add up to it; and the leads that the months to come need now. Only months that are
        over are compared.

    Raises
    ------
    ArgumentError
        If no month of the plan is over, the plan is of other stages, its channels are in no
        column, or an argument cannot be used.
    DataError
        If amounts stand in several currencies without rates.

    Notes
    -----
    What the new leads of a channel and month bring is a product: leads x (ever won / leads) x
    (won in the months / ever won) x (money / won in the months). Deal size is taken last: what
    the deals that were won brought, less as many at the planned size. The wins that were more or
    fewer, at the planned size, are split into volume, rate and lag by Shapley values
    (:func:`funnelkit.forecast.explain_miss`). Together they are the gap exactly. What was in
    flight and what never is a lead are parts of their own.

    How many of young leads are ever won is not known yet. With a model it is its chance of each
    open record; without one, each lead not won has the plan's own residual chance
    p (1 - F) / (1 - p F) (:func:`residual_rate`), so that a month as planned has no effect.

    The months to come must bring their targets and what was missed (less what was gained), spread
    in proportion to their targets.

    References
    ----------
    Shorrocks (2013), Journal of Economic Inequality 11, 99-126, section 3; Horngren, Datar and
    Rajan (2015), *Cost Accounting*, chapter 7 (a price variance is taken at the actual quantity).

    Examples
    --------
    Four leads at 50 %, won in the month they come, were planned; two came, and one was won:

    >>> import funnelkit as fk, pandas as pd
    >>> plan_on = fk.plan.stated([0.5], periods=["2027-01", "2027-02"], stages=["lead", "won"])
    >>> plan = fk.plan.reverse([2, 2], plan_on, probability=0.5)
    >>> export = pd.DataFrame(
    ...     {"id": ["a", "b"], "lead": ["2027-01-05", "2027-01-09"], "won": ["2027-01-20", None]}
    ... )
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2027-01-31")
    >>> review = compare_to_actual(plan, leads)
    >>> {name: round(effect, 2) for name, effect in review.effects.items()}
    {'volume': -1.0, 'rate': 0.0, 'lag': 0.0, 'in flight': 0.0, 'without a lead': 0.0}
    """
    record = plan if isinstance(plan, PlanRecord) else PlanRecord.of(plan)
    over = _months_over(record, leads)
    _refuse_others(record, leads, model)
    own = _columns(record, leads, model, by)
    columns = tuple(dict.fromkeys((*own, *(model.by if model is not None else ()))))
    came = came_since(
        leads,
        record.as_of,
        begin=record.periods[0].start_time.date(),
        until=record.periods[over - 1].end_time.date(),
        by=columns,
        exchange=exchange,
        currency=record.currency if exchange is not None else None,
    )
    _refuse_currency(record, came.told.currency)
    placed = Placed.of(came.counts, columns, [columns.index(name) for name in own], record)
    chances = None if model is None else chances_of_rows(placed, model, columns)
    review = reviewed(record, placed, leads.as_of, over, chances)
    basis = None if model is None or own != tuple(model.by) or planning else assumptions
    rest, ahead, notes = _rest(review, leads, model, own, {"rng": rng, **planning}, basis=basis)
    return replace(review, remaining=rest, ahead=ahead, notes=(*review.notes, *notes))


def reviewed(
    record: PlanRecord,
    placed: Placed,
    as_of: dt.date,
    over: int,
    chances: NDArray[np.float64] | None,
) -> PlanReview:
    """Return the comparison of the months that are over, without those to come.

    Parameters
    ----------
    record
        The plan.
    placed
        What came.
    as_of
        Last day that is known.
    over
        Months that are over.
    chances
        Share of each row's records that a model still expects to be won; ``None``: by the plan.
    """
    planned = expected_side(record, placed.channels, over)
    actual = came_side(placed, record, over, chances)
    return PlanReview(
        record=record,
        as_of=as_of,
        periods=record.periods[:over],
        channels=placed.channels,
        planned=planned,
        came=actual,
        explained=explained_gap(record, placed.channels, planned, actual),
        maturity=maturities(record, placed.channels, over),
        by_model=chances is not None,
        notes=tuple(_notes(record, as_of, placed, actual, over)),
    )


def _months_over(record: PlanRecord, leads: Leads) -> int:
    """Return how many months of the plan are over."""
    over = sum(period.end_time.date() <= leads.as_of for period in record.periods)
    if not over:
        raise ArgumentError(
            f"`leads` are known up to {leads.as_of.isoformat()}, and {record.labels[0]}, the first "
            "month of the plan, is not over by then: there is nothing to compare yet."
        )
    return over


def _refuse_others(record: PlanRecord, leads: Leads, model: FunnelModel | None) -> None:
    """Refuse leads and models that are not those of the plan."""
    if tuple(leads.funnel.stages) != record.stages:
        raise ArgumentError(
            f"`leads` pass {display.listed(list(leads.funnel.stages))}; the plan is of "
            f"{display.listed(list(record.stages))}."
        )
    if record.unit == "value" and leads.funnel.value is None:
        raise ArgumentError(
            "The plan is in money, and the funnel of `leads` has no `value`; name its column."
        )
    if model is not None and (model.as_of != leads.as_of or model.stages != leads.funnel.stages):
        raise ArgumentError(
            f"`model` must be fitted to these leads, as of {leads.as_of.isoformat()}; it is as of "
            f"{model.as_of.isoformat()}."
        )


def _refuse_currency(record: PlanRecord, currency: str | None) -> None:
    both = record.currency, currency
    if record.unit == "value" and None not in both and both[0] != both[1]:
        raise ArgumentError(
            f"The plan is in {both[0]}, and the amounts of `leads` are in {both[1]}; give their "
            f"rate: exchange={{{both[1]!r}: …}}."
        )


def _columns(
    record: PlanRecord,
    leads: Leads,
    model: FunnelModel | None,
    by: str | Sequence[str] | None,
) -> tuple[str, ...]:
    """Return the segment columns whose values are the channels."""
    known = tuple(leads.funnel.segments)
    if by is not None:
        found = (by,) if isinstance(by, str) else tuple(by)
        for name in found:
            checks.member("by", "segment column", name, known)
        return found
    if record.by:
        return tuple(checks.member("by", "segment column", name, known) for name in record.by)
    if model is not None and _fits(record, model.by, model.segments):
        return model.by
    for column in known:
        if _fits(record, (column,), _values(leads, column)):
            return (column,)
    if len(record.channels) == 1:
        return ()
    shown = display.listed([f"`{display.one_line(name)}`" for name in record.channels[:5]])
    raise ArgumentError(
        f"The channels of the plan ({shown}) are in no segment column of `leads` "
        f"({', '.join(f'`{name}`' for name in known) or 'there is none'}); say which hold them: "
        "by=…"
    )


def _fits(record: PlanRecord, by: Sequence[str], segments: Sequence[Sequence[str | None]]) -> bool:
    """Return whether segments of some columns bear the names of the plan's channels."""
    names = {channel_name(one) for one in segments}
    return bool(by) and bool(names & set(record.channels))


def _values(leads: Leads, column: str) -> list[tuple[str | None, ...]]:
    from funnelkit.counts.arrange import run, segments_of
    from funnelkit.data import journeys

    table = leads.journeys
    columns = journeys.group_columns(table, leads.funnel, (column,))
    return segments_of(run(table.select(**columns).distinct()), (column,))


def _notes(
    record: PlanRecord, as_of: dt.date, placed: Placed, actual: Side, over: int
) -> list[str]:
    """Return what a reader must know of the comparison."""
    found = []
    if over < len(record.periods) and record.periods[over].start_time.date() <= as_of:
        found.append(
            f"{record.labels[over]} has begun and is not over; it counts among the months to come."
        )
    counts = placed.counts
    strange = (counts["origin"] == NEW).to_numpy() & (placed.channel >= len(record.channels))
    if strange.any():
        n = display.plural(float(counts["n"].to_numpy()[strange].sum()), "lead")
        found.append(f"{n} of channels that are not in the plan are all volume.")
    won = counts["won"].to_numpy(bool) & (placed.won_in >= 0)
    blank = float((counts["n"] - counts["known"]).to_numpy(float)[won].sum())
    if record.unit == "value" and blank:
        found.append(
            f"{display.plural(blank, 'won deal')} without an amount "
            f"{'counts' if blank == 1 else 'count'} as 0 in money."
        )
    reopened = float(actual.streams[REOPENED][0].sum())
    if reopened:
        found.append(
            f"{display.plural(reopened, 'deal')} won of records that were lost when the plan was "
            "made, or have no day of entry."
        )
    return found


def _rest(
    review: PlanReview,
    leads: Leads,
    model: FunnelModel | None,
    by: tuple[str, ...],
    planning: Mapping[str, Any],
    *,
    basis: Assumptions | None,
) -> tuple[Targets | None, Any, list[str]]:
    """Return the targets of the months to come, the new plan for them, and what to say of it."""
    rest = remaining_targets(review.record, float(review.actual.sum()), len(review.periods))
    if rest is None:
        done = len(review.periods) == len(review.record.periods)
        said = "The plan is over." if done else "The target of all months is reached already."
        return None, None, [said]
    if model is None:
        return rest, None, ["Give `model=` for the leads that the months to come need now."]
    from funnelkit.plan.backward.reversing import reverse

    options = dict(planning)
    if by != tuple(model.by):
        options.setdefault("by", by)
    options.setdefault("probability", review.record.probability)
    try:
        if basis is not None and basis.periods.equals(rest.periods):
            return rest, reverse(rest, basis, **options), []
        return rest, reverse(rest, model, in_flight=leads, **options), []
    except FunnelError as reason:
        return rest, None, [f"The months to come could not be planned anew: {reason}"]


def remaining_targets(record: PlanRecord, came: float, over: int) -> Targets | None:
    """Return what the months to come must bring, with what was missed in proportion to theirs.

    ``None`` where no month is left, or nothing is left to bring.
    """
    if over == len(record.periods):
        return None
    targets = record.targets
    missed = float(targets.amount[:over].sum()) - came
    ahead = targets.amount[over:]
    needed = float(ahead.sum()) + missed
    if needed <= 0:
        return None
    even = np.zeros(len(ahead))
    even[-1] = needed
    factor = needed / float(ahead.sum()) if ahead.sum() > 0 else 0.0
    segments = {name: one[over:] * factor for name, one in targets.segments.items()}
    words = "missed" if missed > 0 else "gained"
    note = (
        f"With {display.expected(abs(missed))} {words} up to {record.labels[over - 1]}, spread "
        f"over the months from {period_label(record.periods[over])} on in proportion to their "
        "targets."
    )
    return replace(
        targets,
        periods=record.periods[over:],
        amount=ahead * factor if factor else even,
        segments=segments if factor else {},
        other={kind: one[over:] for kind, one in targets.other.items()},
        notes=(*targets.notes, note),
    )
