"""The order of stages: as the CRM lists them, by name, by who precedes whom, or by probability."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from funnelkit._core import display
from funnelkit.data.columns import shown
from funnelkit.data.salesforce.dialect import reduced

# The order in which Salesforce delivers them, under the names of its editions.
_STAGES = (
    ("prospecting", "prospect", "prospects"),
    ("qualification", "qualify", "qualified", "qualifying"),
    ("discovery", "meetpresent"),
    ("needsanalysis",),
    ("valueproposition",),
    ("iddecisionmakers", "identifydecisionmakers"),
    ("perceptionanalysis",),
    ("proposalpricequote", "proposalquote", "proposal", "propose", "quote"),
    ("negotiationreview", "negotiation", "negotiate"),
)
_STATUSES = (
    ("new", "open", "opennotcontacted", "notcontacted"),
    ("attempted", "attemptingcontact", "attemptedcontact"),
    ("working", "workingcontacted", "contacted"),
    ("nurturing", "nurture"),
    ("marketingqualified", "mql"),
    ("salesaccepted", "sal"),
    ("qualified", "salesqualified", "sql"),
)
STAGES = {name: rank for rank, names in enumerate(_STAGES) for name in names}
"""Reduced name of an opportunity's stage -> its place in Salesforce's own order."""

STATUSES = {name: rank for rank, names in enumerate(_STATUSES) for name in names}
"""Reduced name of a lead's status -> its place in Salesforce's own order."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of the order of some stages.

    Parameters
    ----------
    usual
        Reduced name -> place in Salesforce's own order.
    listed
        Names in the order of the CRM's own list, where it was exported.
    before
        Pair of names -> records that entered the first one before the second one.
    probability
        Name -> its probability, where it has one of its own.
    """

    usual: Mapping[str, int]
    listed: Sequence[str] = ()
    before: Mapping[tuple[str, str], int] = field(default_factory=dict)
    probability: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Order:
    """Stages in order, or ``None`` where it cannot be known, and why, as a sentence."""

    names: tuple[str, ...] | None
    why: str


def order_of(what: str, names: Sequence[str], evidence: Evidence) -> Order:
    """Return the order of stages by the best evidence there is; nothing is invented.

    Parameters
    ----------
    what
        What a sentence calls them, such as ``"Opportunity stages"``.
    names
        Their names, each once.
    evidence
        What is known.
    """
    told = shown([*names], 20)
    if len(names) < 2:
        return Order(names=tuple(names), why="")
    if set(names) <= set(evidence.listed):
        order = sorted(names, key=list(evidence.listed).index)
        return Order(
            names=tuple(order),
            why=f"{what} stand in the order of the CRM's list: {shown(order, 20)}.",
        )
    ranks = {name: evidence.usual.get(reduced(name)) for name in names}
    if None not in ranks.values() and len(set(ranks.values())) == len(names):
        order = sorted(names, key=lambda name: ranks[name] or 0)
        return Order(
            names=tuple(order), why=f"{what} stand in Salesforce's own order: {shown(order, 20)}."
        )
    if (by_history := _by_history(names, evidence.before)) is not None:
        order, weakest = by_history
        return Order(
            names=tuple(order),
            why=f"{what} stand in the order in which records passed them, by the history: "
            f"{shown(order, 20)} (each before the next in at least "
            f"{display.plural(weakest, 'record')}, and in more than twice as many as the other "
            "way round).",
        )
    chances = [evidence.probability.get(name) for name in names]
    if None not in chances and len(set(chances)) == len(names):
        order = sorted(names, key=lambda name: evidence.probability[name])
        return Order(
            names=tuple(order),
            why=f"{what} stand in the order of `Probability`: {shown(order, 20)}.",
        )
    return Order(
        names=None,
        why=f"The order of {what[0].lower()}{what[1:]} ({told}) cannot be known from these files: "
        "the names are not all Salesforce's own, and neither a history nor probabilities tell it.",
    )


def _by_history(
    names: Sequence[str], before: Mapping[tuple[str, str], int]
) -> tuple[list[str], int] | None:
    """Return the one order that the history tells, and the records behind its weakest step."""

    def ahead(one: str, other: str) -> bool:
        return before.get((one, other), 0) > 2 * before.get((other, one), 0)

    order = sorted(names, key=lambda name: (-sum(ahead(name, other) for other in names), name))
    steps = list(itertools.pairwise(order))
    if not all(ahead(one, other) for one, other in steps):
        return None
    against = any(
        ahead(later, earlier) for i, earlier in enumerate(order) for later in order[i + 1 :]
    )
    return None if against else (order, min(before[step] for step in steps))
