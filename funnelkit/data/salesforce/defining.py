"""The funnel: derived from what the exports hold, or given and found in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from funnelkit._core import display
from funnelkit._core.errors import DataError, did_you_mean
from funnelkit.data.columns import shown
from funnelkit.data.definition import Funnel
from funnelkit.data.salesforce.ordering import Order
from funnelkit.data.salesforce.stages import StageNames, StatusNames

LEAD, CONVERTED, DEAL = "lead", "converted", "opportunity"
WON, LOST, DISQUALIFIED = "won", "lost", "disqualified"
_EVENTS = {
    "lead": LEAD,
    "converted": CONVERTED,
    "opportunity": DEAL,
    "won": WON,
    "lost": LOST,
    "disqualified": DISQUALIFIED,
    "unqualified": DISQUALIFIED,
}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What the exports hold, as far as the funnel depends on it.

    Parameters
    ----------
    leads, deals
        Whether there are leads, and opportunities.
    undated
        Those of the two tables that have no `CreatedDate`.
    statuses, stages
        What their names mean.
    status_order, stage_order
        In which order the open ones stand.
    status_dated, stage_dated
        Whether a history tells when.
    bare
        Leads that were converted without an opportunity.
    value, owner, account
        Fields for these parts, where present.
    segments, apart, keep
        Fields for these parts.
    """

    leads: bool
    deals: bool
    undated: tuple[str, ...]
    statuses: StatusNames
    stages: StageNames
    status_order: Order
    stage_order: Order
    status_dated: bool
    stage_dated: bool
    bare: int
    value: str | None
    owner: str | None
    account: str | None
    segments: tuple[str, ...]
    apart: tuple[str, ...]
    keep: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where in the funnel each thing that a record can reach stands.

    Parameters
    ----------
    events
        One of ``lead``, ``converted``, ``opportunity``, ``won``, ``lost``, ``disqualified`` ->
        position of a step.
    statuses, stages
        Value of `Status`, of `StageName` -> position of a step.
    """

    events: dict[str, int]
    statuses: dict[str, int]
    stages: dict[str, int]


def derived(facts: Facts, timezone: str | None) -> tuple[Funnel, Places, list[str]]:
    """Return the funnel that the exports show, where each thing stands in it, and notes.

    Raises
    ------
    DataError
        If they show less than two stages.
    """
    steps: list[tuple[str, str, str | None]] = []  # what, its name, the column of its day
    notes: list[str] = []
    segments, keep = list(facts.segments), list(facts.keep)
    if facts.leads:
        steps.append((LEAD, LEAD, None if "leads" in facts.undated else "CreatedDate"))
        if facts.status_order.names is None:
            segments.append("Status")
            notes.append(f"{facts.status_order.why} They are the segment `Status`.")
        else:
            dated = "LeadHistory.CreatedDate" if facts.status_dated else None
            steps += [("status", name, dated) for name in facts.status_order.names]
            notes += [facts.status_order.why] if facts.status_order.why else []
        if facts.bare or not facts.deals:
            steps.append((CONVERTED, CONVERTED, "ConvertedDate"))
    if facts.deals:
        created = "Opportunity.CreatedDate" if facts.leads else "CreatedDate"
        steps.append((DEAL, DEAL, None if "opportunities" in facts.undated else created))
        if facts.stage_order.names is None:
            segments.append("StageName")
            notes.append(f"{facts.stage_order.why} They are the segment `StageName`.")
        else:
            dated = "OpportunityHistory.CreatedDate" if facts.stage_dated else None
            steps += [("stage", name, dated) for name in facts.stage_order.names]
            notes += [facts.stage_order.why] if facts.stage_order.why else []
        steps.append((WON, WON, None))
    names = _unique(steps)
    exits = [LOST] if facts.deals else []
    exits += [DISQUALIFIED] if facts.statuses.disqualified else []
    columns = {name: column for name, (_, _, column) in zip(names, steps, strict=True) if column}
    if facts.statuses.disqualified and facts.status_dated:
        columns[DISQUALIFIED] = "LeadHistory.CreatedDate"
    if facts.bare and facts.deals:
        notes.append(
            f"{display.plural(facts.bare, 'lead')} "
            f"{'was' if facts.bare == 1 else 'were'} converted without an opportunity, so that "
            f"`{CONVERTED}` is a stage of its own."
        )
    funnel = Funnel(
        names,
        exits=exits,
        id="Id",
        columns=columns,
        status="StageName" if facts.deals else "Status",
        status_date="CloseDate" if facts.deals else None,
        value=facts.value,
        owner=facts.owner,
        account=facts.account,
        segments=segments,
        apart=facts.apart,
        keep=[name for name in keep if name not in segments],
        timezone=timezone,
    )
    return funnel, _places(funnel, steps, facts), notes


def given(funnel: Funnel, facts: Facts, timezone: str | None) -> tuple[Funnel, Places, list[str]]:
    """Return the funnel that was given with what the exports add, where things stand, and notes.

    Raises
    ------
    DataError
        For steps that name nothing in the exports but nearly do.
    """
    places, notes = _found(funnel, facts)
    if LEAD in places.events:
        for name in facts.statuses.entry:
            places.statuses.setdefault(name, places.events[LEAD])
    for name in facts.stages.won:
        places.stages.setdefault(name, places.events.get(WON, funnel.steps.index(funnel.won)))
        places.events.setdefault(WON, places.stages[name])
    for name in facts.stages.lost:
        if LOST in places.events:
            places.stages.setdefault(name, places.events[LOST])
    unused = [name for name in facts.statuses.every if name not in places.statuses]
    unused += [name for name in facts.stages.every if name not in places.stages]
    unused = [name for name in unused if name not in facts.statuses.entry]
    if unused:
        notes.append(f"Not in the funnel, and left out of it: {shown(unused, 20)}.")
    segments = funnel.segments or facts.segments
    apart = funnel.apart or tuple(name for name in facts.apart if name in segments)
    others = {*segments, funnel.value or facts.value, funnel.owner or facts.owner}
    others |= {funnel.account or facts.account}
    changed = funnel.replace(
        columns=dict(funnel.columns) | {s: s for s in funnel.steps if s not in funnel.columns},
        status="StageName" if facts.deals else "Status",
        status_date="CloseDate" if facts.deals else None,
        value=funnel.value or facts.value,
        owner=funnel.owner or facts.owner,
        account=funnel.account or facts.account,
        segments=segments,
        apart=apart,
        keep=funnel.keep or [name for name in facts.keep if name not in others],
        timezone=timezone or funnel.timezone,
    )
    return changed, places, notes


def _found(funnel: Funnel, facts: Facts) -> tuple[Places, list[str]]:
    """Return what the steps of a given funnel name in the exports."""
    places = Places(events={}, statuses={}, stages={})
    kinds = (
        (places.statuses, {name.lower(): name for name in facts.statuses.every}),
        (places.stages, {name.lower(): name for name in facts.stages.every}),
        (places.events, _EVENTS),
    )
    known = [name for _, names in kinds for name in names.values()]
    problems, notes = [], []
    for position, step in enumerate(funnel.steps):
        for name in funnel.log_names_of(step):
            low = name.strip().lower()
            hits = [(place, names[low]) for place, names in kinds if low in names]
            for place, own in hits:
                place.setdefault(own, position)
            if hits:
                continue
            said = f"`{name}` is no value of `Status` or `StageName` in these files"
            if hint := did_you_mean(name, known):
                problems.append(f"{said}; they hold {shown(known, 20)}.{hint}")
            else:
                notes.append(f"{said}; no record has reached it.")
    if problems:
        raise DataError(problems)
    return places, notes


def _places(funnel: Funnel, steps: Sequence[tuple[str, str, str | None]], facts: Facts) -> Places:
    events = {what: i for i, (what, _, _) in enumerate(steps) if what in _EVENTS.values()}
    for name in (LOST, DISQUALIFIED):
        if name in funnel.exits:
            events[name] = funnel.steps.index(name)
    statuses = {name: i for i, (what, name, _) in enumerate(steps) if what == "status"}
    statuses |= dict.fromkeys(facts.statuses.entry, 0)
    if DISQUALIFIED in events:
        statuses |= dict.fromkeys(facts.statuses.disqualified, events[DISQUALIFIED])
    stages = {name: i for i, (what, name, _) in enumerate(steps) if what == "stage"}
    if facts.deals:
        stages |= dict.fromkeys(facts.stages.won, events[WON])
        stages |= dict.fromkeys(facts.stages.lost, events[LOST])
    return Places(events=events, statuses=statuses, stages=stages)


def _unique(steps: Sequence[tuple[str, str, str | None]]) -> list[str]:
    """Return the names of the steps; where a status and a stage share one, the status says so."""
    reserved = [*_EVENTS.values()]
    stages = {name for what, name, _ in steps if what == "stage"}
    names = []
    for what, name, _ in steps:
        clash = what in ("status", "stage") and name in reserved
        clash |= what == "status" and name in stages
        names.append(f"{name} ({'lead' if what == 'status' else 'stage'})" if clash else name)
    return names
