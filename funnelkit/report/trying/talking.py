"""The deals to talk about: gone quiet, past their planned close, or rated far above their age."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit._core.dates import day_name
from funnelkit._core.errors import ArgumentError, DataError, EvidenceError
from funnelkit.report.trying.facts import Deal

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads
    from funnelkit.metrics import PipelineAgeing

_MOST, _FEWEST = 8, 5
_LISTED = 2000
_PUSHED = 2
_OVERRATED = 3.0


def deals_to_talk_about(leads: Leads, ageing: PipelineAgeing | None) -> tuple[Deal, ...]:
    """Return the open deals that give a reason to talk, the largest amounts first.

    Where too few do, those expected to bring most stand at the end.

    Parameters
    ----------
    leads
        The data.
    ageing
        Open deals by age, for the limit beyond which they are stale.
    """
    table, chances = _listed(leads)
    limits = {} if ageing is None else {one.stage: one.days for one in ageing.limits}
    now = _current(leads)
    deals: list[Deal] = []
    others: list[Deal] = []
    rows: list[dict[str, Any]] = table.to_dict("records")  # type: ignore[assignment]
    for row in rows or _quiet(leads, ageing):
        why = _reasons(row, leads.as_of, limits, chances=chances)
        (deals if why else others).append(_deal(row, leads, now, why))
    deals.sort(key=lambda deal: (-_known(deal.amount), -(deal.days or 0), deal.id))
    found = deals[:_MOST]
    for deal in others[: max(_FEWEST - len(found), 0)]:
        reason = "among those expected to bring most" if chances else "among the largest amounts"
        found.append(replace(deal, why=(reason,)))
    return tuple(found)


def _listed(leads: Leads) -> tuple[pd.DataFrame, bool]:
    """Return the open deals, and whether the model of the funnel gave each a chance."""
    from funnelkit.forecast import pipeline
    from funnelkit.model import fit_funnel

    try:
        forecast = pipeline(leads, fit_funnel(leads), 6, n_draws=400, listed=_LISTED)
    except (ArgumentError, DataError, EvidenceError):
        return _without_model(leads), False
    return forecast.deals(), True


def _without_model(leads: Leads) -> pd.DataFrame:
    """Return the open deals as the export has them, for a funnel that has no model yet."""
    from funnelkit.counts.opened import open_deals
    from funnelkit.forecast.open_pipeline.listing_deals import plans_told
    from funnelkit.forecast.open_pipeline.plans import plans_of

    frame = open_deals(leads, most=_LISTED)
    told, _ = plans_told(leads, frame, plans_of(leads.funnel))
    known = {leads.funnel.id: frame["id"], **told}
    return frame.assign(stage="open", p_win=math.nan, stale=False, **known)


def _quiet(leads: Leads, ageing: PipelineAgeing | None) -> list[dict[str, Any]]:
    """Return the deals that have gone quiet last, where none has an amount to go by."""
    if ageing is None:
        return []
    frame = ageing.stale.sort_values(["stage_age_days", leads.funnel.id]).head(_MOST)
    blank = {"amount": math.nan, "p_win": math.nan, "stale": True}
    none = dict.fromkeys(("planned_close", "pushes", "crm_probability"))
    rows: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
    return [{**row, **blank, **none} for row in rows]


def _current(leads: Leads) -> Mapping[str, str]:
    """Return the current status of open deals by id, where the export carries it along."""
    from funnelkit.counts.opened import open_deals

    funnel = leads.funnel
    if funnel.status not in funnel.keep:
        return {}
    frame = open_deals(leads, most=_LISTED)
    status = frame[f"keep_{funnel.keep.index(funnel.status)}"]
    return {
        str(key): value
        for key, value in zip(frame["id"], status, strict=True)
        if isinstance(value, str) and value.strip()
    }


def _reasons(
    row: Mapping[str, Any], as_of: dt.date, limits: Mapping[str, float], *, chances: bool
) -> tuple[str, ...]:
    reasons = []
    limit = limits.get(str(row["stage"]), math.nan)
    if row["stale"] and math.isfinite(limit):
        reasons.append(f"wins took at most {limit:,.0f} days from here")
    planned = _day(row["planned_close"])
    if planned is not None and planned <= as_of:
        reasons.append(f"was to close by {day_name(planned)}")
    pushes = row["pushes"]
    if _is_number(pushes) and pushes >= _PUSHED:
        reasons.append(f"its close was put off {int(pushes)} times")
    said, chance = row["crm_probability"], row["p_win"]
    if chances and _is_number(said) and _is_number(chance) and said >= _OVERRATED * chance:
        reasons.append(f"the CRM says {display.percent(float(said), decimals=0)}")
    return tuple(reasons)


def _deal(
    row: Mapping[str, Any], leads: Leads, now: Mapping[str, str], why: tuple[str, ...]
) -> Deal:
    funnel = leads.funnel
    key, days = str(row[funnel.id]), row["stage_age_days"]
    return Deal(
        id=display.one_line(key),
        stage=display.one_line(now.get(key, str(row["stage"]))),
        days=int(days) if _is_number(days) else None,
        amount=float(row["amount"]) if _is_number(row["amount"]) else math.nan,
        chance=float(row["p_win"]) if _is_number(row["p_win"]) else math.nan,
        why=why,
    )


def _day(value: Any) -> dt.date | None:
    """Return a day of a frame; ``None`` where it is blank."""
    if not isinstance(value, dt.date) or str(value) == "NaT":
        return None
    return value.date() if isinstance(value, dt.datetime) else value


def _is_number(value: Any) -> bool:
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


def _known(amount: float) -> float:
    return amount if math.isfinite(amount) else 0.0
