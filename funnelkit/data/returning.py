"""Who left and came back, and what changed after entry: as far as the source tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from funnelkit._core.errors import EvidenceError
from funnelkit.data import engines, journeys
from funnelkit.data.records import Leads
from funnelkit.data.rules.names import name_key

if TYPE_CHECKING:
    import pandas as pd


def returned(leads: Leads) -> pd.DataFrame:
    """Return the records that ever left, and whether a later day of a stage says they came back.

    Parameters
    ----------
    leads
        The data.

    Returns
    -------
    DataFrame
        ``id``, ``left`` (the first day of any exit) and ``back``, sorted by id.

    Raises
    ------
    EvidenceError
        If the funnel has no exits, so that nothing says who left.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {
    ...         "id": ["a", "b"],
    ...         "lead": "2026-01-05",
    ...         "lost": "2026-01-20",
    ...         "won": ["2026-02-20", None],
    ...     }
    ... )
    >>> leads = fk.from_frame(
    ...     export, fk.Funnel(["lead", "won"], exits=["lost"]), as_of="2026-03-31"
    ... )
    >>> returned(leads)["back"].tolist()
    [True, False]
    """
    funnel = leads.funnel
    if not funnel.exits:
        raise EvidenceError("the funnel has no `exits`, so nothing says who left.")
    table, n = leads.derived, len(funnel.stages)
    exits = [f"first_{e}" for e in range(n, len(funnel.steps))]
    days = table.select("id", "reopened", "kept", **{name: table[name] for name in exits})
    far = ibis.literal("9999-12-31").cast("date")
    days = days.mutate(**{name: days[name].fill_null(far) for name in exits})
    left = days[exits[0]]
    for name in exits[1:]:
        left = ibis.ifelse(days[name] < left, days[name], left)
    days = days.select("id", "kept", left=left, back=days.reopened.fill_null(False).cast("int8"))
    found: pd.DataFrame = (
        days.filter(days.kept & (days.left < far)).order_by("id").drop("kept").execute()
    )
    return found.assign(back=found["back"].astype(bool))


def changed_after(leads: Leads, column: str, stage: str) -> int | None:
    """Return how many records changed a column after the day they entered a stage.

    ``None`` where the source has no history of that column.
    """
    changes = leads.changes
    if changes is None:
        return None
    fields = [str(name) for name in changes.select("field").distinct().execute()["field"]]
    own = [name for name in fields if name_key(name) == name_key(column)]
    if not own:
        return None
    table = leads.journeys
    k = leads.funnel.stage("stage", stage)
    when, _, _ = journeys.entry(table, leads.funnel, k)
    mine = changes.filter(engines.is_one_of(changes.field, own))
    later = journeys.after(mine, table, when)
    return int(later.id.nunique().execute())
