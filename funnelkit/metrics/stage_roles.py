"""Which stages of a funnel are the lead, the qualified lead and the opportunity, by their names."""

from __future__ import annotations

import re
from dataclasses import dataclass

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.data.definition import Funnel

_OPPORTUNITY = re.compile(r"opportunit|\bdeals?\b|\bopps?\b", re.IGNORECASE)
_CREATED = re.compile(r"^(deal )?created?$", re.IGNORECASE)
_QUALIFIED = re.compile(r"qualif|\b[ms]ql\b|\bs[aq]l\b", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Roles:
    """Stages by their role; ``None`` where a funnel has none.

    Parameters
    ----------
    lead, qualified, opportunity
        Stages, each before the next.
    won
        The last stage.
    """

    lead: str | None
    qualified: str | None
    opportunity: str | None
    won: str


def roles(funnel: Funnel, *, qualified: str | None = None, opportunity: str | None = None) -> Roles:
    """Return the roles of the stages of a funnel.

    Parameters
    ----------
    funnel
        The funnel. Its first stage is the lead, unless it is the opportunity.
    qualified, opportunity
        Stages that play these parts. Default: the first stage between whose name says qualified
        (or MQL, SQL, SAL), or else the one after the lead; and the first stage whose name says
        opportunity or deal. A funnel whose records bear the id of a deal and begin by being
        created, as HubSpot's deals do, begins with the opportunity.

    Raises
    ------
    ArgumentError
        If a stage is unknown, or stands where it cannot.

    Examples
    --------
    >>> roles(Funnel(["lead", "mql", "sql", "opportunity", "won"]))
    Roles(lead='lead', qualified='mql', opportunity='opportunity', won='won')
    >>> roles(Funnel(["Created", "Contract Sent", "Closed Won"], id="Deal ID")).opportunity
    'Created'
    """
    stages = funnel.stages[:-1]
    if opportunity is None:
        opportunity = next((name for name in stages if _names(_OPPORTUNITY, name)), None)
        if opportunity is None and _begins_with_deals(funnel):
            opportunity = stages[0]
    elif funnel.stage("opportunity", opportunity) == len(stages):
        raise ArgumentError(
            f"`opportunity` must come before `{funnel.won}`, which ends the funnel."
        )
    lead = None if stages[0] == opportunity else stages[0]
    end = len(stages) if opportunity is None else stages.index(opportunity)
    between = stages[1:end] if lead else ()
    if qualified is None:
        named = [name for name in between if _names(_QUALIFIED, name)]
        qualified = next(iter((*named, *between)), None)
    elif qualified not in between:
        funnel.stage("qualified", qualified)
        where = f"{lead or stages[0]} and {opportunity or funnel.won}"
        raise ArgumentError(f"`qualified` must stand between {where}; got `{qualified}`.")
    return Roles(lead=lead, qualified=qualified, opportunity=opportunity, won=funnel.won)


def lead_of(part: Roles) -> str:
    """Return the stage of leads.

    Raises
    ------
    ArgumentError
        If the funnel begins with opportunities.
    """
    if part.lead is None:
        raise ArgumentError(
            f"`leads`: the funnel begins with `{part.opportunity}`, so there is no rate of leads."
        )
    return part.lead


def qualified_of(part: Roles) -> str:
    """Return the stage of qualified leads.

    Raises
    ------
    ArgumentError
        If the funnel has none.
    """
    if part.qualified is None:
        raise ArgumentError(
            "`qualified`: the funnel has no stage between the lead and "
            f"`{part.opportunity or part.won}` that could be the qualified lead."
        )
    return part.qualified


def opportunity_of(funnel: Funnel, part: Roles) -> str:
    """Return the stage of opportunities: the first stage where none is named so."""
    return part.opportunity or funnel.stages[0]


def untold(funnel: Funnel, part: Roles, name: str) -> str:
    """Return why no stage plays a part, and what to do about it, in one line.

    Examples
    --------
    >>> funnel = Funnel(["signup", "trial", "paid"])
    >>> print(untold(funnel, roles(funnel), "opportunity"))
    no stage is named after opportunities or deals; say which one it is, such as \
opportunity="signup", or name it so under `stages`.
    """
    if name != "opportunity" and part.lead is None:
        return f"the funnel begins with `{part.opportunity}`, the opportunity; it holds no leads."
    if name == "lead":
        return "no stage comes before the opportunity."
    first = funnel.stages[0] if name == "opportunity" else (funnel.stages[1:-1] or ("…",))[0]
    words = "opportunities or deals" if name == "opportunity" else "qualified leads"
    return (
        f"no stage is named after {words}; say which one it is, such as {name}="
        f'"{display.one_line(first)}", or name it so under `stages`.'
    )


def _begins_with_deals(funnel: Funnel) -> bool:
    """Whether the records are deals by their id, and the first stage is that they were created."""
    return _names(_OPPORTUNITY, funnel.id) and _names(_CREATED, funnel.stages[0])


def _names(pattern: re.Pattern[str], stage: str) -> bool:
    return bool(pattern.search(re.sub(r"[\W_]+", " ", stage)))
