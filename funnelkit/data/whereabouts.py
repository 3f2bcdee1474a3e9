"""Where each record stands: its stage and the day it came there; and who entered of late."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis

if TYPE_CHECKING:
    from funnelkit.data.records import Leads


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a record stands.

    Parameters
    ----------
    stage
        Position of the furthest stage that it has reached.
    since
        The day on which it came there, ``None`` where not known.
    account, status
        Its account, and its status where the funnel keeps that beside the stages; ``None`` where
        blank.
    """

    stage: int
    since: dt.date | None
    account: str | None
    status: str | None


def places(leads: Leads, stage: str) -> dict[str, Place]:
    """Return where each record stands that has reached a stage, by its id.

    Parameters
    ----------
    leads
        The data; their ``as_of`` is the day.
    stage
        The stage.

    Raises
    ------
    ArgumentError
        For an unknown stage; with the closest match.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> rows = pd.DataFrame({"id": ["a"], "deal": ["2026-01-05"], "won": ["2026-02-01"]})
    >>> leads = fk.from_frame(rows, fk.Funnel(["deal", "won"]), as_of="2026-01-31")
    >>> places(leads, "deal")["a"].since
    datetime.date(2026, 1, 5)
    """
    funnel, table = leads.funnel, leads.journeys
    k = funnel.stage("stage", stage)
    none = ibis.null("date")
    own = [
        (table.furthest == i, ibis.ifelse(table[f"dated_{i}"], table[f"date_{i}"], none))
        for i in range(len(funnel.stages))
    ]
    columns: dict[str, Any] = {
        "id": table.id,
        "stage": table.furthest.cast("int64"),
        "since": ibis.cases(*own, else_=none).cast("string"),
    }
    if funnel.account is not None and funnel.account not in funnel.personal:
        columns["account"] = table.account
    if funnel.status in funnel.keep:
        columns["status"] = table[f"keep_{funnel.keep.index(funnel.status)}"]
    picked = table.filter(table[f"reached_{k}"]).select(**columns)
    return {
        str(row["id"]): Place(
            stage=int(row["stage"]),
            since=None if row["since"] is None else dt.date.fromisoformat(row["since"][:10]),
            account=row.get("account") or None,
            status=row.get("status") or None,
        )
        for row in picked.to_pyarrow().to_pylist()
    }


def several_of(leads: Leads, column: Any) -> bool:
    """Whether a column of the journeys, such as one of currencies, holds several values."""
    return int(leads.journeys.select(value=column).distinct().count().execute()) > 1


def still_open_since(leads: Leads, since: dt.date) -> dict[str, dt.date]:
    """Return the day of entry of each record that entered from a day on and is still open.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> rows = pd.DataFrame({"id": ["a", "b"], "lead": ["2026-01-05", "2026-01-20"], "won": None})
    >>> leads = fk.from_frame(rows, fk.Funnel(["lead", "won"]), as_of="2026-01-31")
    >>> still_open_since(leads, dt.date(2026, 1, 10))
    {'b': datetime.date(2026, 1, 20)}
    """
    table, last = leads.journeys, len(leads.funnel.stages) - 1
    entered = table.date_0
    still = ~table[f"reached_{last}"] & table.exit.isnull() & (entered >= ibis.literal(since))
    rows = table.filter(still).select(id=table.id, day=entered.cast("string")).to_pyarrow()
    return {str(row["id"]): dt.date.fromisoformat(row["day"][:10]) for row in rows.to_pylist()}
