"""Which Salesforce table a header is, by API names and report labels; where its fields are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LEAD, OPPORTUNITY = "Lead", "Opportunity"
LEAD_HISTORY, FIELD_HISTORY = "LeadHistory", "OpportunityFieldHistory"
OPPORTUNITY_HISTORY = "OpportunityHistory"
STAGE_LIST, STATUS_LIST = "OpportunityStage", "LeadStatus"
READ = (
    LEAD,
    OPPORTUNITY,
    LEAD_HISTORY,
    OPPORTUNITY_HISTORY,
    FIELD_HISTORY,
    STAGE_LIST,
    STATUS_LIST,
)

TIMES = ("CreatedDate",)
"""Fields that tell a time."""

DATES = ("ConvertedDate", "CloseDate", "PrevCloseDate")
"""Fields that are dates without a time."""

_OWN_ID = r"(?:{0})?(?:id)?(?:18(?:digits?|chars?|characters?)?|casesafe)?(?:{0})?id(?:18\w*)?"

# Field -> the names that it bears, reduced to letters and digits, best first.
_FIELDS: Mapping[str, Mapping[str, Sequence[str]]] = {
    LEAD: {
        "CreatedDate": ("createddate", "createdate", "leadcreateddate"),
        "Status": ("status", "leadstatus"),
        "LeadSource": ("leadsource", "source"),
        "OwnerId": ("ownerid", "leadownerid", "leadowner", "ownername", "owner"),
        "IsConverted": ("isconverted", "converted"),
        "ConvertedDate": ("converteddate", "conversiondate"),
        "ConvertedOpportunityId": (
            "convertedopportunityid",
            "convertedopportunityid18",
            "opportunityid18",
            "opportunityid",
        ),
        "ConvertedAccountId": ("convertedaccountid", "accountid18", "accountid"),
        "IsDeleted": ("isdeleted", "deleted"),
        "MasterRecordId": ("masterrecordid",),
        "RecordType": ("recordtypename", "leadrecordtype", "recordtype", "recordtypeid"),
        "SystemModstamp": ("systemmodstamp", "lastmodifieddate", "lastmodified"),
    },
    OPPORTUNITY: {
        "CreatedDate": ("createddate", "createdate", "opportunitycreateddate"),
        "StageName": ("stagename", "stage", "opportunitystage"),
        "IsWon": ("iswon", "won"),
        "IsClosed": ("isclosed", "closed"),
        "Amount": ("amount", "opportunityamount"),
        "CloseDate": ("closedate", "opportunityclosedate"),
        "Probability": ("probability",),
        "ForecastCategory": ("forecastcategoryname", "forecastcategory"),
        "LeadSource": ("leadsource", "source"),
        "OwnerId": ("ownerid", "opportunityownerid", "opportunityowner", "ownername", "owner"),
        "AccountId": ("accountid", "accountid18", "casesafeaccountid", "accountname", "account"),
        "CampaignId": ("campaignid", "primarycampaignsource", "campaignname"),
        "Type": ("type", "opportunitytype"),
        "CurrencyIsoCode": (
            "currencyisocode",
            "amountcurrency",
            "opportunitycurrency",
            "currency",
        ),
        "RecordType": (
            "recordtypename",
            "opportunityrecordtype",
            "recordtype",
            "recordtypeid",
        ),
        "IsDeleted": ("isdeleted", "deleted"),
        "SystemModstamp": ("systemmodstamp", "lastmodifieddate", "lastmodified"),
    },
    OPPORTUNITY_HISTORY: {
        "RowId": ("id",),
        "RecordId": ("opportunityid", "opportunityid18", "casesafeopportunityid"),
        "CreatedDate": ("createddate", "lastmodified", "lastmodifieddate", "editdate"),
        "StageName": ("tostage", "stagename", "stage"),
        "PrevStageName": ("fromstage",),
        "Amount": ("amount", "toamount"),
        "PrevAmount": ("prevamount", "fromamount"),
        "CloseDate": ("closedate", "toclosedate"),
        "PrevCloseDate": ("prevclosedate", "fromclosedate"),
        "Probability": ("probability", "toprobability"),
        "ForecastCategory": ("forecastcategory", "toforecastcategory", "forecastcategoryname"),
        "CurrencyIsoCode": ("currencyisocode", "amountcurrency"),
        "IsDeleted": ("isdeleted", "deleted"),
    },
    FIELD_HISTORY: {
        "RowId": ("id",),
        "RecordId": ("opportunityid", "opportunityid18", "casesafeopportunityid"),
        "CreatedDate": ("createddate", "editdate"),
        "Field": ("field", "fieldevent"),
        "OldValue": ("oldvalue",),
        "NewValue": ("newvalue",),
        "IsDeleted": ("isdeleted", "deleted"),
    },
    LEAD_HISTORY: {
        "RowId": ("id",),
        "RecordId": ("leadid", "leadid18", "casesafeleadid"),
        "CreatedDate": ("createddate", "editdate"),
        "Field": ("field", "fieldevent"),
        "OldValue": ("oldvalue",),
        "NewValue": ("newvalue",),
        "IsDeleted": ("isdeleted", "deleted"),
    },
    STAGE_LIST: {"Name": ("masterlabel", "apiname"), "SortOrder": ("sortorder",)},
    STATUS_LIST: {"Name": ("masterlabel", "apiname"), "SortOrder": ("sortorder",)},
}

# Tables that are known and left aside: any of these sets of columns tells them.
_OTHERS: Mapping[str, Sequence[frozenset[str]]] = {
    "CampaignMember": (
        frozenset({"campaignid", "leadid", "contactid"}),
        frozenset({"campaignid", "hasresponded"}),
        frozenset({"campaignid", "leadorcontactid"}),
    ),
    "Task": (
        frozenset({"whoid", "whatid", "activitydate"}),
        frozenset({"whoid", "whatid", "tasksubtype"}),
    ),
    "Event": (frozenset({"whoid", "whatid", "startdatetime"}),),
    "Campaign": (
        frozenset({"numberofleads", "budgetedcost"}),
        frozenset({"numberofresponses", "numberofopportunities"}),
    ),
    "OpportunityLineItem": (
        frozenset({"opportunityid", "pricebookentryid"}),
        frozenset({"opportunityid", "quantity", "unitprice"}),
    ),
    "OpportunityContactRole": (frozenset({"opportunityid", "contactid", "role"}),),
    "Contact": (
        frozenset({"mailingcity", "accountid"}),
        frozenset({"mailingstreet", "reportstoid"}),
    ),
    "Account": (
        frozenset({"billingcity", "accountsource"}),
        frozenset({"billingcity", "shippingcity"}),
        frozenset({"accountid", "accountname", "billingcity"}),
    ),
    "User": (frozenset({"username", "profileid"}),),
    "RecordType": (frozenset({"sobjecttype", "developername"}),),
}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where the fields of a table stand in one header.

    Parameters
    ----------
    kind
        The table.
    columns
        Field -> its column in the header.
    labels
        Whether the header shows a report's labels and not API names.
    """

    kind: str
    columns: Mapping[str, str]
    labels: bool


def reduced(name: str) -> str:
    """Return a name as letters and digits only, in lower case.

    Examples
    --------
    >>> reduced("Created Date"), reduced("Opportunity.StageName")
    ('createddate', 'opportunitystagename')
    """
    return re.sub(r"[\W_]+", "", name.lower())


def recognise(columns: Sequence[str]) -> str | None:
    """Return the Salesforce table that a header belongs to, or ``None``.

    Examples
    --------
    >>> recognise(["Opportunity ID", "Stage", "Close Date", "Amount"])
    'Opportunity'
    >>> recognise(["Id", "OpportunityId", "StageName", "CreatedDate"])
    'OpportunityHistory'
    """
    names = {reduced(column) for column in columns}
    tests = (_history_kind, _list_kind, _other_kind, _record_kind)
    return next((kind for test in tests if (kind := test(columns, names)) is not None), None)


def layout_of(kind: str, columns: Sequence[str]) -> Layout:
    """Return where the fields of a recognised table stand."""
    places = {}
    own = _id_column(kind, columns)
    if own is not None:
        places["Id"] = own
    by_name: dict[str, str] = {}
    for column in columns:
        by_name.setdefault(reduced(column), column)
    for field, names in _FIELDS[kind].items():
        found = next((by_name[name] for name in names if name in by_name), None)
        if found is not None:
            places[field] = found
    labels = any(" " in column.strip() for column in places.values())
    return Layout(kind=kind, columns=places, labels=labels)


def column_named(name: str, layout: Layout, columns: Sequence[str]) -> str | None:
    """Return the column that a person means: by field, by header, or by letters and digits."""
    if name in columns:
        return name
    if name in layout.columns:
        return layout.columns[name]
    return next((column for column in columns if reduced(column) == reduced(name)), None)


def fields_of(kind: str) -> tuple[str, ...]:
    """Return the fields of a table that are read."""
    return tuple(_FIELDS[kind])


def _id_column(kind: str, columns: Sequence[str]) -> str | None:
    """Return the column of the record's own id, one of 18 characters before one of 15."""
    if kind not in (LEAD, OPPORTUNITY):
        return None
    pattern = _OWN_ID.format(kind.lower())
    fitting = [column for column in columns if re.fullmatch(pattern, reduced(column))]
    safe = [column for column in fitting if re.search("18|casesafe", reduced(column))]
    named = [column for column in fitting if kind.lower() in reduced(column)]
    return next(iter(safe or named or fitting), None)


def _history_kind(columns: Sequence[str], names: set[str]) -> str | None:
    """Return the kind of a table of changes."""
    if {"field", "fieldevent"} & names and "newvalue" in names:
        if {"opportunityid", "opportunityid18"} & names:
            return FIELD_HISTORY
        if {"leadid", "leadid18"} & names:
            return LEAD_HISTORY
        return "other history" if {"oldvalue", "createddate"} <= names else None
    written = {column.strip().lower() for column in columns}
    moved = bool({"fromstage", "tostage"} & names)
    saved = {"stagename", "opportunityid"} <= written
    saved &= bool({"createddate", "prevamount", "prevclosedate"} & names)
    own = bool({"opportunityid", "opportunityid18"} & names)
    return OPPORTUNITY_HISTORY if own and (moved or saved) else None


def _list_kind(columns: Sequence[str], names: set[str]) -> str | None:
    """Return the kind of a table that lists stages or statuses in order."""
    del columns
    if not {"masterlabel", "sortorder"} <= names:
        return None
    if {"iswon", "defaultprobability"} & names:
        return STAGE_LIST
    return STATUS_LIST if "isconverted" in names else None


def _other_kind(columns: Sequence[str], names: set[str]) -> str | None:
    """Return the kind of a table that is known and left aside."""
    del columns
    fitting = (
        kind
        for kind, signatures in _OTHERS.items()
        if any(signature <= names for signature in signatures)
    )
    return next(fitting, None)


def _record_kind(columns: Sequence[str], names: set[str]) -> str | None:
    """Return whether it is a table of leads or of opportunities."""
    if _is_lead(columns, names):
        return LEAD
    staged = {"stagename", "opportunitystage"} & names
    staged |= {"stage"} & names if names & {"opportunityid", "opportunityname"} else set()
    return OPPORTUNITY if staged and _id_column(OPPORTUNITY, columns) is not None else None


def _is_lead(columns: Sequence[str], names: set[str]) -> bool:
    if _id_column(LEAD, columns) is None or {"stagename", "whoid"} & names:
        return False
    if {"isconverted", "convertedopportunityid", "leadstatus", "converteddate"} & names:
        return True
    by_name = any("lead" in name and name.endswith(("id", "18")) for name in names)
    known = {"status", "leadsource", "createddate", "company", "masterrecordid"} & names
    return len(known) >= (1 if by_name else 3) and bool(by_name or "leadsource" in names)
