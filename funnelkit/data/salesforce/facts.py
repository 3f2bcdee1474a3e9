"""What the funnel depends on: names in order, what is dated, and the columns that are filled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from funnelkit.data.salesforce import dialect, ordering
from funnelkit.data.salesforce.defining import Facts
from funnelkit.data.salesforce.gathering import Gathered
from funnelkit.data.salesforce.ordering import Evidence, Order, order_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

_SEGMENTS = ("LeadSource", "Type", "RecordType", "CampaignId")
_APART = ("Type", "RecordType")
_KEEP = (
    "Status",
    "StageName",
    "CloseDate",
    "Probability",
    "ForecastCategory",
    "pushes",
    "OpportunityId",
    "OpportunityOwnerId",
    "CurrencyIsoCode",
    "DealType",
)


def facts_of(found: Gathered) -> Facts:
    """Return what the funnel depends on."""
    people, deals, sheets = found.people, found.deals, found.sheets
    lead, deal = sheets.get(dialect.LEAD), sheets.get(dialect.OPPORTUNITY)
    segments, apart, keep = _parts(found)
    bare = 0
    if people is not None:
        some = people.filter(people["_reason"].isnull() & people.converted & people.deal.isnull())
        bare = int(some.count().execute())
    has_owner = any(sheet is not None and sheet.has("OwnerId") for sheet in (lead, deal))
    has_account = (deal is not None and deal.has("AccountId")) or (
        lead is not None and lead.has("ConvertedAccountId")
    )
    return Facts(
        leads=people is not None,
        deals=deals is not None,
        undated=tuple(
            name
            for name, sheet in (("leads", lead), ("opportunities", deal))
            if sheet is not None and not sheet.has("CreatedDate")
        ),
        statuses=found.statuses,
        stages=found.stages,
        status_order=_order(found, dialect.STATUS_LIST),
        stage_order=_order(found, dialect.STAGE_LIST),
        status_dated="status" in found.before,
        stage_dated="stage" in found.before,
        bare=bare,
        value="Amount" if deal is not None and deal.has("Amount") else None,
        owner="OwnerId" if has_owner else None,
        account="AccountId" if has_account else None,
        segments=segments,
        apart=apart,
        keep=keep,
    )


def _order(found: Gathered, kind: str) -> Order:
    """Return the order of the opportunity's stages, or of the lead's statuses."""
    of_stages = kind == dialect.STAGE_LIST
    names = found.stages.open if of_stages else found.statuses.open
    listed = found.sheets.get(kind)
    in_order: list[str] = []
    if listed is not None and listed.has("Name", "SortOrder"):
        rows = listed.table.select("Name", n=listed.table.SortOrder.try_cast("float64"))
        in_order = [str(name) for name in rows.order_by("n", "Name").execute()["Name"].dropna()]
    evidence = Evidence(
        usual=ordering.STAGES if of_stages else ordering.STATUSES,
        listed=in_order,
        before=found.before.get("stage" if of_stages else "status", {}),
        probability=_probabilities(found) if of_stages else {},
    )
    what = "Opportunity stages" if of_stages else "Lead statuses"
    return order_of(what, names, evidence)


def _probabilities(found: Gathered) -> dict[str, float]:
    """Return the usual probability of each stage, where most of its records share one."""
    deals = found.deals
    if deals is None or "Probability" not in deals.columns:
        return {}
    number = deals.Probability.re_replace("%$", "").try_cast("float64")
    some = deals.mutate(_p=number).filter(deals["_reason"].isnull() & deals.StageName.notnull())
    counted = some.group_by(["StageName", "_p"]).aggregate(n=some.count()).execute()
    usual = {}
    for name, own in counted.groupby("StageName"):
        best = own.sort_values("n").iloc[-1]
        if best["_p"] == best["_p"] and 2 * best["n"] > own["n"].sum():
            usual[str(name)] = float(best["_p"])
    return usual


def _parts(found: Gathered) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the fields that become segments, those kept apart, and those carried along."""
    people, deals = found.people, found.deals
    tables = [table for table in (people, deals) if table is not None]

    def values(name: str, only: Sequence[ir.Table]) -> int:
        return max((_distinct(table, name) for table in only), default=0)

    own = [] if deals is None else [deals]
    numbers = {
        name: values(name, tables if name == "LeadSource" or deals is None else own)
        for name in _SEGMENTS
    }
    if people is not None:  # known only once there is an opportunity, so no split of leads
        numbers["CampaignId"] = 0
        numbers |= {name: 0 for name in _APART if numbers[name] < 2}
    segments = tuple(name for name in _SEGMENTS if numbers[name])
    apart = tuple(name for name in segments if name in _APART and numbers[name] > 1)
    present = {name for table in tables for name in table.columns}
    lead_has_status = people is not None and "Status" in present
    keep = [name for name in _KEEP if name in present and name != "Status"]
    keep = (["Status"] if lead_has_status else []) + keep
    if people is not None and deals is not None:
        keep += ["OpportunityId"]
        keep += ["OpportunityOwnerId"] if "OwnerId" in deals.columns else []
        keep += ["DealType"] if people is not None and "Type" in apart else []
    keep += ["pushes"] if found.pushes is not None else []
    if "CurrencyIsoCode" in keep and not found.exchange.rates:
        keep.remove("CurrencyIsoCode")
    return segments, apart, tuple(sorted(set(keep), key=_KEEP.index))


def _distinct(table: ir.Table, name: str) -> int:
    if name not in table.columns:
        return 0
    good = table.filter(table["_reason"].isnull())
    return int(good.aggregate(n=good[name].nunique()).execute()["n"].iloc[0])
