"""The two clocks of HubSpot: deals and their stages, contacts and their lifecycle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from funnelkit.data.hubspot import headers


@dataclass(frozen=True, kw_only=True)
class Grain:
    """What is particular to deals, or to contacts.

    Parameters
    ----------
    name, kind
        The option of :func:`funnelkit.read_hubspot`, and the kind of its table.
    parts
        Part -> squashed headers that may play it.
    order
        The stages that HubSpot comes with, squashed, in their order; without outcomes.
    won, lost
        Squashed names of outcomes.
    beside
        Stages that are no step of the way.
    wins
        Name of the win, where the data have none.
    changing
        Squashed property of a history -> what :attr:`Leads.changes` calls it.
    kept_changes
        How many values of a property HubSpot keeps.
    """

    name: str
    kind: str
    parts: Mapping[str, tuple[str, ...]]
    order: tuple[str, ...]
    won: frozenset[str]
    lost: frozenset[str]
    beside: frozenset[str]
    wins: str
    changing: Mapping[str, str]
    kept_changes: int


DEAL = Grain(
    name="deal",
    kind=headers.DEALS,
    parts=headers.DEAL_PARTS,
    order=(
        "appointmentscheduled",
        "qualifiedtobuy",
        "presentationscheduled",
        "decisionmakerboughtin",
        "contractsent",
    ),
    won=frozenset({"closedwon", "won", "dealwon", "abgeschlossenundgewonnen"}),
    lost=frozenset({"closedlost", "lost", "deallost", "abgeschlossenundverloren"}),
    beside=frozenset(),
    wins="Closed Won",
    changing={
        "dealstage": "stage",
        "dealpipelinestageid": "stage",
        "amount": "amount",
        "closedate": "close_date",
        "hubspotownerid": "owner",
        "dealowner": "owner",
        "hsdealstageprobability": "probability",
        "dealprobability": "probability",
        "hsmanualforecastcategory": "forecast_category",
        "hsforecastcategory": "forecast_category",
        "forecastcategory": "forecast_category",
        "pipeline": "pipeline",
    },
    kept_changes=20,
)
CONTACT = Grain(
    name="contact",
    kind=headers.CONTACTS,
    parts=headers.CONTACT_PARTS,
    order=("subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity"),
    won=frozenset({"customer"}),
    lost=frozenset(),
    beside=frozenset({"other", "evangelist"}),
    wins="Customer",
    changing={
        "lifecyclestage": "stage",
        "hubspotownerid": "owner",
        "contactowner": "owner",
    },
    kept_changes=45,
)
GRAINS = {grain.name: grain for grain in (DEAL, CONTACT)}
LIFECYCLE_NAMES = {
    "subscriber": "Subscriber",
    "lead": "Lead",
    "marketingqualifiedlead": "Marketing Qualified Lead",
    "salesqualifiedlead": "Sales Qualified Lead",
    "opportunity": "Opportunity",
    "customer": "Customer",
}
