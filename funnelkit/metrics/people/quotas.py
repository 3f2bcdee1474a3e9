"""Quota attainment: what each representative won of what was to be won, and who got there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit._core.measure import FloatArray, Measure, Measures, Segment
from funnelkit.data.ledgers import Ledger, as_ledger
from funnelkit.data.ledgers.exchange import checked_rates, into_one
from funnelkit.data.records import Leads
from funnelkit.metrics.cells import Cells, cells
from funnelkit.metrics.people.activity_kinds import texts
from funnelkit.metrics.people.deals import Deals, deals, owner_of, refuse_businesses
from funnelkit.metrics.people.pseudonyms import REPLACED, roster, shown_names
from funnelkit.metrics.people.results import Among
from funnelkit.metrics.plain import chosen, frame_of

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 6
_CENT = 1e-6


def quota_attainment(
    leads: Leads | pd.DataFrame,
    quotas: Ledger | pd.DataFrame,
    *,
    among: Among = None,
    currency: str | None = None,
    exchange: Mapping[str, float] | None = None,
    currency_column: str | None = None,
    pseudonyms: bool | str | None = None,
    confidence_level: float = 0.95,
) -> Measures:
    """Return won over quota of each representative and period, and the share of them at quota.

    Parameters
    ----------
    leads
        The data; the funnel names ``owner`` and ``value``. Or a frame of deals won with ``rep``,
        ``won`` (the day, ISO) and ``amount``, and ``currency`` where there are several.
    quotas
        Ledger of :func:`funnelkit.read_quotas`, or a frame with ``period``, ``rep``, ``amount``.
    among
        Names that get a line though they have neither deal nor quota.
    currency, exchange, currency_column, pseudonyms
        As in :func:`funnelkit.metrics.rep_results`.
    confidence_level
        Of the interval of the share.

    Returns
    -------
    Measures
        ``"quota attainment"`` (money won / quota, by representative and period), ``"quota
        attainment of all"`` (money won by those with a quota / their quotas, by period) and
        ``"reps at quota"`` (a share of those with a quota above 0, by period, with Wilson's
        interval). A period that is not over has no share yet.

    Raises
    ------
    ArgumentError
        If something is missing, or leads keep businesses apart that a quota does not.
    DataError
        If amounts stand in several currencies, or quotas in another one than deals.
    EvidenceError
        If there is no quota.

    Examples
    --------
    >>> import pandas as pd
    >>> won = pd.DataFrame(
    ...     {"rep": ["Ann", "Bo"], "won": ["2026-02-01", "2026-03-01"], "amount": [120, 40]}
    ... )
    >>> quotas = pd.DataFrame({"rep": ["Ann", "Bo", "Cy"], "period": "2026 Q1", "amount": 100})
    >>> found = quota_attainment(won, quotas)
    >>> found["quota attainment"].values.ravel().tolist()
    [1.2, 0.4, 0.0]
    >>> found["reps at quota"].numerator.tolist(), found["reps at quota"].denominator.tolist()
    ([[1.0]], [[3.0]])
    """
    import pandas as pd

    checks.confidence(confidence_level)
    money = {"currency": currency, "exchange": exchange}
    sold, column, as_of = _sold(leads, money, currency_column)
    ledger = as_ledger("quotas", quotas, argument="quotas")
    table = ledger.frame
    if not len(table):
        raise EvidenceError("`quotas` holds no quota; there is nothing to attain.")
    told = _one_currency(sold.currency, ledger.currency)
    goals = table["amount"].astype(float).to_numpy()
    index = pd.PeriodIndex(table["period"])
    index = pd.period_range(index.min(), index.max(), freq=index.freqstr)
    people = texts(table["rep"])
    listed = roster(among, column)
    sellers = texts(sold.rows[column])
    quota = pd.DataFrame({column: people})
    segments: tuple[Segment, ...] = tuple((name,) for name in {*people, *sellers, *listed} if name)
    days = pd.PeriodIndex(table["period"]).start_time
    to_win = cells(quota, [column], days=pd.DatetimeIndex(days), index=index, among=segments)
    has = np.isfinite(sold.amounts)
    closed = cells(sold.rows, [column], days=sold.days, index=index, among=to_win.segments)
    won = _on(closed, to_win, closed.count(has, np.where(has, sold.amounts, 0.0)))
    goal, some = to_win.count(weights=goals), to_win.count() > 0
    over = np.array([as_of is None or period.end_time.date() <= as_of for period in index])
    shown, replaced = shown_names([one[0] for one in to_win.segments], pseudonyms=pseudonyms)
    order = sorted(range(len(to_win.segments)), key=lambda i: str(shown[to_win.segments[i][0]]))
    names = [str(shown[segment[0]]) for segment in to_win.segments]
    notes = _notes(won, goal, some, sold=sold, closed=closed, names=names)
    late = [period_label(period) for period, done in zip(index, over, strict=True) if not done]
    if late:
        is_ = "is" if len(late) == 1 else "are"
        notes.append(f"{display.listed(late[:_SHOWN])} {is_} not over; what is won so far counts.")
    if replaced:
        notes.append(REPLACED)
    positive = goal > 0
    counted = positive & over
    base: dict[str, Any] = {
        "periods": tuple(period_label(period) for period in index),
        "as_of": as_of,
        "confidence_level": confidence_level,
    }
    with_quota = np.where(positive, won, 0.0).sum(axis=0)[None, :]
    return Measures(
        measures=(
            Measure(
                name="quota attainment",
                definition="money of deals won in a period / quota of the period",
                unit="ratio",
                numerator=won[order],
                denominator=goal[order],
                numerator_name="won",
                denominator_name="quota",
                by=(column,),
                segments=tuple((shown[to_win.segments[i][0]],) for i in order),
                currency=told,
                notes=tuple(notes),
                **base,
            ),
            Measure(
                name="quota attainment of all",
                definition="money won by those with a quota / their quotas",
                unit="ratio",
                numerator=with_quota,
                denominator=goal.sum(axis=0)[None, :],
                numerator_name="won",
                denominator_name="quota",
                currency=told,
                **base,
            ),
            Measure(
                name="reps at quota",
                definition="representatives who won their quota / representatives with a quota",
                unit="share",
                numerator=(counted & (won >= goal - _CENT)).sum(axis=0)[None, :],
                denominator=counted.sum(axis=0)[None, :],
                numerator_name="representatives at quota",
                denominator_name="representatives with a quota in a period that is over",
                **base,
            ),
        )
    )


def _sold(
    leads: Any, money: Mapping[str, Any], currency_column: str | None
) -> tuple[Deals, str, Any]:
    """Return the deals won, the column of the representative, and the last complete day."""
    if isinstance(leads, Leads):
        owner = owner_of(leads)
        if leads.funnel.value is None:
            raise ArgumentError(
                'the funnel names no `value`, the amount; define it with value="…".'
            )
        refuse_businesses(leads, "quotas")
        own = deals(leads, leads.funnel.won, [owner], **money, currency_column=currency_column)
        return own, owner, leads.as_of
    return _of_frame(leads, money, currency_column), "rep", None


def _of_frame(given: Any, money: Mapping[str, Any], currency_column: str | None) -> Deals:
    import pandas as pd

    columns = {"currency": currency_column} if currency_column else None
    frame = chosen(
        "leads",
        frame_of("leads", given),
        columns,
        needed=("rep", "won", "amount"),
        known=("currency",),
    )
    days = pd.to_datetime(frame["won"], errors="coerce", format="ISO8601")
    amounts = pd.to_numeric(frame["amount"].astype(object), errors="coerce").astype(float)
    odd = (frame["won"].notna() & days.isna()) | (frame["amount"].notna() & amounts.isna())
    if odd.any():
        raise DataError(
            f"`leads`: {display.plural(int(odd.sum()), 'row')} with a day in `won` that is not ISO "
            "(2026-10-31) or an `amount` that is no number. Correct them, or leave them blank."
        )
    rates = checked_rates(money["exchange"], money["currency"])
    table = pd.DataFrame({"amount": _exact(amounts)})
    if "currency" in frame.columns:
        table["currency"] = frame["currency"].astype(object).where(frame["currency"].notna(), None)
    told, notes, problems = into_one(
        table, ["amount"], rates=rates, currency=money["currency"], name="leads"
    )
    if problems:
        raise DataError(problems)
    return Deals(
        rows=pd.DataFrame({"rep": texts(frame["rep"])}, dtype=object),
        days=pd.DatetimeIndex(days),
        amounts=np.array([np.nan if v is None else float(v) for v in table["amount"]]),
        currency=told,
        notes=tuple(notes),
    )


def _exact(amounts: Any) -> Any:
    from decimal import Decimal

    import pandas as pd

    found = [None if value != value else Decimal(str(value)) for value in amounts.tolist()]  # noqa: PLR0124
    return pd.Series(found, dtype=object)


def _one_currency(deals_in: str | None, quotas_in: str | None) -> str | None:
    if deals_in and quotas_in and deals_in != quotas_in:
        raise DataError(
            f"deals stand in {deals_in} and quotas in {quotas_in}, and cannot be compared. Bring "
            f'both into one, such as currency="{quotas_in}", exchange={{"{deals_in}": …}}.'
        )
    return deals_in or quotas_in


def _on(own: Cells, wanted: Cells, values: FloatArray) -> FloatArray:
    """Return figures of some cells on the segments of others."""
    place = {segment: i for i, segment in enumerate(own.segments)}
    return np.array([values[place[segment]] for segment in wanted.segments])


def _notes(
    won: FloatArray,
    goal: FloatArray,
    some: Any,
    *,
    sold: Deals,
    closed: Cells,
    names: Sequence[str],
) -> list[str]:
    """Return who has no quota, one of 0, or won nothing, and which deals count nowhere."""
    notes = list(sold.notes)

    def told(rows: Any, text: str) -> None:
        found = sorted(display.one_line(names[int(i)]) for i in np.flatnonzero(rows))
        if found:
            more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            notes.append(f"{text}: {display.listed(found[:_SHOWN])}{more}.")

    told(~some.any(axis=1), "Without a quota")
    told((some & (goal == 0)).any(axis=1), "With a quota of 0, which cannot be attained")
    told(some.any(axis=1) & (won == 0).all(axis=1), "With a quota and nothing won")
    nobody = texts(sold.rows.iloc[:, 0]).count(None)
    if nobody:
        notes.append(f"{display.plural(nobody, 'deal')} without a representative in no line.")
    outside = int((closed.column < 0).sum())
    if outside:
        notes.append(f"{display.plural(outside, 'deal')} won outside the periods of the quotas.")
    if blank := int(np.isnan(sold.amounts).sum()):
        notes.append(f"{display.plural(blank, 'deal')} without an amount count as 0.")
    return notes
