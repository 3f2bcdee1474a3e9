"""HubSpot's headers: what a table is, which column plays which part, which stage a date is of."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

DEALS, CONTACTS, COMPANIES, ACTIVITIES = "deals", "contacts", "companies", "activities"
TICKETS, HISTORY = "tickets", "history"
LIFECYCLE_PIPELINE = "lifecyclestagepipeline"

_ENTERED_LABEL = re.compile(r"^\s*date\s+entered\s+(?P<stage>.+?)\s*$", re.IGNORECASE | re.DOTALL)
_ENTERED_NAME = re.compile(
    r"^(?:propert(?:y|ies)[_.])?hs_(?P<version>v2_)?date_entered_(?P<stage>.+)$", re.IGNORECASE
)
_BECAME_LABEL = re.compile(
    r"^\s*became\s+an?\s+(?P<stage>.+?)\s+date\s*$", re.IGNORECASE | re.DOTALL
)
_BECAME_NAME = re.compile(
    r"^(?:propert(?:y|ies)[_.])?hs_lifecyclestage_(?P<stage>.+)_date$", re.IGNORECASE
)
_QUOTES = "\"'\u201c\u201d\u201e\u201f\u2018\u2019\u00ab\u00bb"
_CURRENT = ("currentstage", "stage")
_UUID = re.compile(r"^[0-9a-f]{32}$")

_ID = ("hsobjectid", "recordid", "id", "iddefichedinformations", "idderegistro")
_CREATED = ("createdate", "hscreatedate", "createdat", "datedecreation", "fechadecreacion")
_COMPANY = (
    "primaryassociatedcompanyid",
    "hsprimaryassociatedcompany",
    "associatedcompanyidsprimary",
    "associatedcompanyids",
    "associatedcompanyid",
    "dealcompanyid",
    "associatedcompanydomain",
    "associatedcompanyprimary",
    "associatedcompany",
)
_SOURCE = ("hsanalyticssource", "originalsource", "originaltrafficsource", "leadsource")
_DELETED = ("archived", "isdeleted", "isdealdeleted", "fivetrandeleted")

DEAL_PARTS: Mapping[str, tuple[str, ...]] = {
    "id": ("dealid", *_ID),
    "stage": ("dealstage", "dealpipelinestageid", "phasedelatransaction"),
    "pipeline": ("pipeline", "dealpipelineid", "dealpipeline"),
    "created": _CREATED,
    "closed": ("closedate", "datedefermeture"),
    "home_amount": ("amountincompanycurrency", "amountinhomecurrency"),
    "amount": ("amount", "montant"),
    "currency": ("currency", "dealcurrencycode"),
    "owner": ("hubspotownerid", "dealowner", "ownerid", "collaborateurdetransaction"),
    "type": ("dealtype",),
    "is_won": ("hsisclosedwon", "isclosedwon"),
    "is_closed": ("hsisclosed", "isdealclosed"),
    "probability": ("hsdealstageprobability", "dealprobability", "dealstageprobability"),
    "forecast": ("hsmanualforecastcategory", "hsforecastcategory", "forecastcategory"),
    "merged": ("hsmergedobjectids", "mergeddealids", "mergedrecordids"),
    "company": _COMPANY,
    "contact": (
        "associatedcontactids",
        "associatedcontactid",
        "associatedcontactemail",
        "associatedcontactemails",
    ),
    "source": _SOURCE,
    "deleted": _DELETED,
}
CONTACT_PARTS: Mapping[str, tuple[str, ...]] = {
    "id": ("contactid", "canonicalvid", "vid", *_ID),
    "stage": ("lifecyclestage",),
    "created": _CREATED,
    "owner": ("hubspotownerid", "contactowner", "ownerid", "propietariodelcontacto"),
    "merged": ("hsmergedobjectids", "mergedcontactids", "mergedrecordids"),
    "merged_vids": ("hscalculatedmergedvids", "mergedvidswithtimestampsofacontact", "mergedvids"),
    "status": ("hsleadstatus", "leadstatus", "estadodellead"),
    "company": _COMPANY,
    "source": _SOURCE,
    "deleted": _DELETED,
}
_HISTORY_ID = ("dealid", "contactid", "objectid", "vid", *_ID)
_HISTORY_PROPERTY = ("property", "propertyname", "name", "field", "fieldname")
_HISTORY_VALUE = ("value", "propertyvalue", "newvalue")
_HISTORY_TIME = (
    "timestamp",
    "changetimestamp",
    "changedat",
    "changedate",
    "datechanged",
    "dateofchange",
    "updatedat",
    "dateentered",
    "enteredat",
    "date",
    "time",
)
_HISTORY_STAGE = ("dealstage", "stage", "lifecyclestage")
_OF_ACTIVITIES = {"activityid", "activitytype", "hsactivitytype", "engagementid", "hscalltitle"}
_OF_TICKETS = {"ticketid", "ticketname", "hsticketid", "hspipelinestage"}
_OF_COMPANIES = {"companyid", "companyname", "companydomainname", "hsnumopendeals"}
_OF_PEOPLE = {"contactid", "firstname", "lastname", "email", "vid"}
_PERSONAL = re.compile(
    r"^(dealname|nomdelatransaction|firstname|lastname|fullname|name|.*emails?|.*phonenumber|phone"
    r"|mobile.*|.*notes?|.*description|closedlostreason|closedwonreason|streetaddress|address"
    r"|associatedcontact(s|name|names)?|jobtitle|websiteurl|.*message|nextstep)$"
)


def squashed(name: str) -> str:
    """Return a header or stage in small letters and digits only, without accents.

    Examples
    --------
    >>> squashed("Decision Maker Bought-In"), squashed("property_hs_object_id")
    ('decisionmakerboughtin', 'hsobjectid')
    """
    bare = re.sub(r"^(property|properties)[_.]", "", name.strip(), flags=re.IGNORECASE)
    apart = unicodedata.normalize("NFKD", bare.casefold())
    return "".join(letter for letter in apart if letter.isalnum())


@dataclass(frozen=True, kw_only=True)
class StageHeader:
    """A column that says when a stage was entered.

    Parameters
    ----------
    column
        The header as it stands.
    stage
        Name or id of the stage, its pipeline perhaps in brackets behind it.
    rank
        Among several columns of one stage, the smaller is read first.
    """

    column: str
    stage: str
    rank: int


def stage_header(column: str, name: str | None = None) -> StageHeader | None:
    """Return which stage a column dates, or ``None``.

    Parameters
    ----------
    column
        The header as it stands.
    name
        What HubSpot calls it in English, where that is another name.

    Examples
    --------
    >>> stage_header('Date entered "Contract Sent (Sales Pipeline)"').stage
    'Contract Sent (Sales Pipeline)'
    >>> stage_header("hs_v2_date_entered_closedwon").stage
    'closedwon'
    >>> stage_header("Became an Opportunity Date").stage
    'Opportunity'
    """
    known = column if name is None else name
    found: re.Match[str] | None
    for pattern, rank in (
        (_ENTERED_NAME, 0),
        (_ENTERED_LABEL, 0),
        (_BECAME_NAME, 1),
        (_BECAME_LABEL, 1),
    ):
        if found := pattern.match(known):
            stage = found["stage"].strip(_QUOTES + " \t")
            if not stage or squashed(stage) in _CURRENT:
                return None
            older = 1 if pattern is _ENTERED_NAME and not found["version"] else 0
            return StageHeader(column=column, stage=stage, rank=2 * rank + older)
    return None


def split_pipeline(
    text: str, stages: Iterable[str], pipelines: Iterable[str]
) -> tuple[str, str | None]:
    """Return stage and pipeline of a text such as ``Proposal (v2) (Sales)``.

    Parameters
    ----------
    text
        As the header has it.
    stages, pipelines
        Squashed names of those that are known from the data.

    Examples
    --------
    >>> split_pipeline("Proposal (v2)", ["proposalv2"], ["sales"])
    ('Proposal (v2)', None)
    >>> split_pipeline("Proposal (v2) (Sales)", ["proposalv2"], ["sales"])
    ('Proposal (v2)', 'Sales')
    """
    known, places = set(stages), {*pipelines, LIFECYCLE_PIPELINE}
    if squashed(text) in known or not text.endswith(")"):
        return text, None
    opening = [k for k, letter in enumerate(text) if letter == "(" and text[:k].strip()]
    split = [(text[:k].strip(_QUOTES + " \t"), text[k + 1 : -1].strip()) for k in opening]
    split = [(stage, pipeline) for stage, pipeline in split if stage and pipeline]
    for stage, pipeline in split:
        if squashed(stage) in known and squashed(pipeline) in places:
            return stage, pipeline
    balanced = [one for one in split if one[1].count("(") == one[1].count(")")]
    for stage, pipeline in reversed(balanced):
        if squashed(pipeline) in places or squashed(stage) in known or not known:
            return stage, pipeline
    return text, None


def same_stage(key: str, known: Iterable[str]) -> str:
    """Return the known stage that a squashed name stands for; itself where there is none.

    Internal names of stages whose id is a UUID end in a number of their own.
    """
    for stage in known:
        if _UUID.match(stage) and key.startswith(stage) and key[len(stage) :].isdigit():
            return stage
    return key


def parts_of(
    columns: Sequence[str], parts: Mapping[str, tuple[str, ...]], names: Mapping[str, str]
) -> dict[str, str]:
    """Return part -> the header that plays it, for the parts that are there."""
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(squashed(names.get(column, column)), column)
    found: dict[str, str] = {}
    for part, wanted in parts.items():
        here = [by_name[name] for name in wanted if name in by_name]
        if here:
            found[part] = here[0]
    return found


def history_parts(columns: Sequence[str], names: Mapping[str, str]) -> dict[str, str] | None:
    """Return the parts of a table of changes (``id``, ``time``, ``value``, and ``property``).

    Where it has no ``property``, ``value`` is the column of the stage. ``None`` if it is no such
    table.
    """
    parts: dict[str, str] = parts_of(
        columns,
        {
            "id": _HISTORY_ID,
            "time": _HISTORY_TIME,
            "property": _HISTORY_PROPERTY,
            "value": _HISTORY_VALUE,
            "stage": _HISTORY_STAGE,
            "created": ("createdate", "closedate", "dealname", "email"),
        },
        names,
    )
    if not {"id", "time"} <= set(parts) or "created" in parts:
        return None
    if {"property", "value"} <= set(parts):
        return {part: parts[part] for part in ("id", "time", "property", "value")}
    stage = parts.get("stage") or parts.get("value")
    if stage is None or parts["time"] == stage:
        return None
    return {"id": parts["id"], "time": parts["time"], "value": stage}


def recognise(columns: Sequence[str]) -> str | None:
    """Return what a table of HubSpot's is, by its header, such as ``"deals"``; ``None`` if none.

    Examples
    --------
    >>> recognise(["Record ID", "Deal Name", "Deal Stage", "Create Date"])
    'deals'
    >>> recognise(["dealId", "property", "value", "timestamp"])
    'history'
    """
    return recognise_as(columns, {})


def recognise_as(columns: Sequence[str], names: Mapping[str, str]) -> str | None:
    """Return what a table is, with some headers known by another name."""
    known = {squashed(names.get(column, column)) for column in columns}
    ids = bool(known & {*_HISTORY_ID})
    tests = {
        ACTIVITIES: bool(known & _OF_ACTIVITIES),
        TICKETS: bool(known & _OF_TICKETS),
        HISTORY: ids and history_parts(columns, names) is not None,
        DEALS: (ids and bool(known & {*DEAL_PARTS["stage"]}))
        or ("dealid" in known and bool(known & {"dealname", "closedate", "amount"})),
        COMPANIES: bool(known & _OF_COMPANIES) and not known & _OF_PEOPLE,
        CONTACTS: ids and bool(known & {"lifecyclestage", "contactowner", *_OF_PEOPLE}),
    }
    return next((kind for kind, fits in tests.items() if fits), None)


def personal_columns(columns: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    """Return the headers of names, mail addresses, phones and free text."""
    return tuple(
        dict.fromkeys(
            column for column in columns if _PERSONAL.match(squashed(names.get(column, column)))
        )
    )
