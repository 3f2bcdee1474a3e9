"""What representatives sold: revenue, closed deals and win rates, and what can be told apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import checks, display
from funnelkit._core.dates import Unit
from funnelkit._core.measure import FloatArray
from funnelkit.counts.passages import Passages
from funnelkit.counts.pipeline import passages
from funnelkit.metrics.cells import Cells, cells, labels
from funnelkit.metrics.people.deals import Deals, deals, owner_of
from funnelkit.metrics.people.pseudonyms import REPLACED, roster, shown_names
from funnelkit.metrics.people.representatives import RepResults
from funnelkit.metrics.stage_roles import opportunity_of, roles

if TYPE_CHECKING:
    from funnelkit.data.records import Leads

Among = Sequence[str] | Mapping[str, Sequence[str]] | None
_SHOWN = 6


def rep_results(
    leads: Leads,
    *,
    every: Unit | None = None,
    among: Among = None,
    opportunity: str | None = None,
    currency: str | None = None,
    exchange: Mapping[str, float] | None = None,
    currency_column: str | None = None,
    pseudonyms: bool | str | None = None,
    confidence_level: float = 0.95,
) -> RepResults:
    """Return revenue, closed deals and win rate of each representative.

    Parameters
    ----------
    leads
        The data; the funnel names an ``owner``. The owner counted is the one in the data: for the
        one at entry give ``leads.owned_at(stage)``.
    every
        Split by period: deals by the day they closed, win rates by the day they entered.
    among
        Names that get a line though they have no deal: a list, or ``{"rep": [names]}``.
    opportunity
        Stage whose entries are the denominator of win rates; default: the first whose name says
        opportunity or deal, else the first.
    currency, exchange
        Code of the amounts, and what one unit of each other currency is worth in it.
    currency_column
        Kept column or segment with the code of each amount; default: one that is named so.
    pseudonyms
        ``True``, or a secret text of your own: names are replaced by codes, the same in every
        table. Default: only where they are mail addresses.
    confidence_level
        Of the intervals.

    Returns
    -------
    RepResults
        By representative, and by business where these are kept apart.

    Raises
    ------
    ArgumentError
        If the funnel names no owner, or an argument cannot be used.
    DataError
        If amounts stand in several currencies and nothing says what each is worth.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {
    ...         "id": ["a", "b", "c"],
    ...         "deal": "2026-01-05",
    ...         "won": ["2026-02-01", None, None],
    ...         "lost": [None, "2026-02-01", None],
    ...         "amount": [1200, 900, 500],
    ...         "rep": ["Ann", "Ann", "Bo"],
    ...     }
    ... )
    >>> funnel = fk.Funnel(["deal", "won"], exits=["lost"], owner="rep", value="amount")
    >>> leads = fk.from_frame(export, funnel, as_of="2026-02-28")
    >>> found = rep_results(leads, among=["Ann", "Bo", "Cy"])
    >>> found.to_frame()[["rep", "entered", "won", "lost", "revenue_value"]]
       rep  entered  won  lost  revenue_value
    0  Ann        2    1     1         1200.0
    1   Bo        1    0     0            0.0
    2   Cy        0    0     0            0.0
    """
    checks.confidence(confidence_level)
    owner, funnel = owner_of(leads), leads.funnel
    names = (*(name for name in funnel.apart if name != owner), owner)
    start = opportunity_of(funnel, roles(funnel, opportunity=opportunity))
    money: dict[str, Any] = {
        "currency": currency,
        "exchange": exchange,
        "currency_column": currency_column,
    }
    won = deals(leads, funnel.won, names, **money)
    closed = [won, *(deals(leads, step, names, money=False) for step in funnel.exits)]
    taken = passages(leads, start, funnel.won, by=names, every=every)
    listed = roster(among, owner)
    place = _cells(leads, taken, closed, names, every=every, listed=listed)
    people = {one[-1] for one in place.segments}
    shown, replaced = shown_names(people, pseudonyms=pseudonyms)
    kind = np.concatenate([np.full(len(one.rows), k) for k, one in enumerate(closed)])
    amounts = np.concatenate([one.amounts for one in closed])
    is_won, has = kind == 0, np.isfinite(amounts) & (amounts != 0)
    entered, converted, still_open, effective = _entries(taken, place, confidence_level)
    segments = [(*one[:-1], shown[one[-1]]) for one in place.segments]
    order = sorted(
        range(len(segments)), key=lambda i: [(value is None, value or "") for value in segments[i]]
    )
    revenue = place.count(is_won & has, np.where(has, amounts, 0.0))
    notes = _notes(leads, won, place, listed, shown)
    undated = int(taken.undated.sum()) + int((place.column < 0).sum())
    if every is not None and undated:
        many = display.plural(undated, "entry or close", "entries or closes")
        notes = (*notes, f"{many} without a known day are in no period.")
    return RepResults(
        by=names,
        segments=tuple(segments[i] for i in order),
        periods=place.periods,
        won=place.count(is_won)[order],
        lost=place.count(~is_won)[order],
        revenue=revenue[order],
        without_amount=place.count(is_won & ~has)[order],
        entered=entered[order],
        converted=converted[order],
        still_open=still_open[order],
        effective=effective[order],
        start=start,
        has_value=funnel.value is not None,
        has_exits=bool(funnel.exits),
        as_of=leads.as_of,
        currency=won.currency,
        notes=(*notes, REPLACED) if replaced else notes,
        confidence_level=confidence_level,
    )


def _cells(
    leads: Leads,
    taken: Passages,
    closed: Sequence[Deals],
    names: Sequence[str],
    *,
    every: Unit | None,
    listed: Sequence[str],
) -> Cells:
    """Return the cells of closed deals, with a line for everybody who is on the list or has any."""
    import pandas as pd

    rows = pd.concat([one.rows for one in closed], ignore_index=True)
    days = pd.DatetimeIndex(np.concatenate([one.days.to_numpy() for one in closed]))
    known = {*taken.segments, *labels(rows, names)}
    businesses = {one[:-1] for one in known} or {(None,) * (len(names) - 1)}
    among = {*taken.segments, *((*one, name) for one in businesses for name in listed)}
    index = taken.periods
    if index is not None and len(first := days[days.notna()]):
        start = min(index[0], leads.funnel.calendar.period(first.min().date(), every or "month"))
        index = pd.period_range(start, index[-1], freq=index.freq)
    return cells(rows, names, days=days, index=index, among=tuple(among))


def _entries(
    taken: Passages, place: Cells, confidence_level: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return entered, won, open and the effective number on the cells."""
    found = [np.zeros(place.shape) for _ in range(4)]
    n = taken.entered.astype(float)
    effective = n
    if taken.accounts is not None:
        sums = taken.accounts
        effective = sums.effective(taken.converted, n, confidence_level=confidence_level)
    rows = [place.segments.index(segment) for segment in taken.segments]
    width = taken.entered.shape[1]
    for out, values in zip(found, (n, taken.converted, taken.still_open, effective), strict=True):
        out[rows, place.shape[1] - width :] = values
    return found[0], found[1], found[2], found[3]


def _notes(
    leads: Leads,
    won: Deals,
    place: Cells,
    listed: Sequence[str],
    shown: Mapping[str | None, str | None],
) -> tuple[str, ...]:
    notes = [*won.notes]
    counted = place.count().sum(axis=1)
    busy = {one[-1] for one, n in zip(place.segments, counted, strict=True) if n}
    if idle := sorted(str(shown[name]) for name in listed if name not in busy):
        names = display.listed([display.one_line(name) for name in idle[:_SHOWN]])
        more = f" and {len(idle) - _SHOWN} more" if len(idle) > _SHOWN else ""
        notes.append(
            f"{len(idle)} of {len(listed)} on the list {'has' if len(idle) == 1 else 'have'} no "
            f"closed deal: {names}{more}."
        )
    if None in busy:
        notes.append("Deals without an owner have a line of their own.")
    if leads.changes is None:
        notes.append("Owners are as exported; a deal that changed hands counts for its last one.")
    return tuple(notes)
