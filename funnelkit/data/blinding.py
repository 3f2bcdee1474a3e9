"""Leads of an earlier day without the amounts that were settled only later."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import ibis

from funnelkit._core import checks
from funnelkit.data import engines
from funnelkit.data.subsets import over

if TYPE_CHECKING:
    from funnelkit.data.records import Leads

OpenAmounts = Literal["blank", "mean", "exported"]
OPEN_AMOUNTS: tuple[OpenAmounts, ...] = ("blank", "mean", "exported")
_CENT = Decimal("0.01")


def blinded(leads: Leads, open_amounts: OpenAmounts = "blank") -> Leads:
    """Return the leads without the final amounts of the records that were still open.

    Parameters
    ----------
    leads
        Of an earlier day, as ``leads.at`` gives them: its amounts are those of the export, and the
        amount of a record that was open then may have been settled, or first filled in, later.
    open_amounts
        What stands in the place of the amount of a record that was neither won nor lost:
        ``"blank"``, nothing; ``"mean"``, the mean of the known amounts of the records that were won
        by then (nothing where there is none); ``"exported"``, the amount of the export.

    Returns
    -------
    Leads
        The same records; of a funnel without ``value`` the leads as they are. Whether a record had
        an amount at all is hidden as well, since many are filled in at the win.

    Raises
    ------
    ArgumentError
        If ``open_amounts`` is none of these.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {
    ...         "id": ["a", "b"],
    ...         "deal": "2026-01-05",
    ...         "won": ["2026-01-20", "2026-03-09"],
    ...         "amount": [100, 900],
    ...     }
    ... )
    >>> funnel = fk.Funnel(["deal", "won"], value="amount")
    >>> then = fk.from_frame(export, funnel, as_of="2026-03-31").at("2026-01-31")
    >>> [None if pd.isna(one) else float(one) for one in blinded(then).list("deal")["amount"]]
    [100.0, None]
    >>> blinded(then, "mean").list("deal")["amount"].astype(float).tolist()
    [100.0, 100.0]
    """
    checks.one_of("open_amounts", open_amounts, OPEN_AMOUNTS)
    funnel = leads.funnel
    if funnel.value is None or open_amounts == "exported":
        return leads
    journeys = leads.journeys
    won = journeys[f"reached_{len(funnel.stages) - 1}"]
    rows = leads.rows.table
    nothing = ibis.null(rows.value.type())
    put = nothing
    if open_amounts == "mean":
        known = won & (journeys.value != 0).fill_null(False)
        sums = journeys.aggregate(
            n=known.cast("int64").sum(), total=journeys.value.sum(where=known)
        ).execute()
        if n := engines.whole(sums["n"].iloc[0]):
            mean = (Decimal(sums["total"].iloc[0]) / n).quantize(_CENT)
            put = ibis.literal(mean, type="decimal(38, 4)").cast(rows.value.type())
    closed = journeys.filter(won | journeys.exit.notnull()).select(closed_id=journeys.id)
    joined = rows.left_join(closed, rows.id == closed.closed_id)
    amount = ibis.ifelse(joined.closed_id.notnull(), joined.value, put)
    kept = joined.mutate(value=amount).select(*rows.columns)
    instead = "left blank" if open_amounts == "blank" else "the mean of those won by then"
    note = f"Amounts of records that were open on {leads.as_of.isoformat()} are {instead}."
    return over(leads, funnel, notes=[note], table=engines.once(leads.engine, kept))
