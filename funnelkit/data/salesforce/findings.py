"""What only the reader of Salesforce exports can say of them: findings for the audit, and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit.data.definition import Funnel
from funnelkit.data.finding import Finding, Severity, have, share_of, were
from funnelkit.data.salesforce import histories, merges, stitching
from funnelkit.data.salesforce.assembling import FROM_LEAD
from funnelkit.data.salesforce.defining import Facts
from funnelkit.data.salesforce.gathering import Gathered

if TYPE_CHECKING:
    import ibis.expr.types as ir

_EXAMPLES = 5


def findings_of(found: Gathered, facts: Facts) -> list[Finding]:
    """Return what the audit has to say of the exports."""
    made: list[Finding | None] = []
    if found.people is not None:
        made += _of_leads(found.people, facts)
    if found.deals is not None:
        made += _of_deals(found.deals)
    for kind, events in found.events.items():
        made.append(
            _finding(
                events,
                events["_reason"] == histories.UNKNOWN,
                rule="history_of_unknown",
                ids="RecordId",
                what=f"{{n}} of {kind} {{belong}} to records that are not in the export.",
                remedy="They were set aside. Export the records and their history for the same "
                "days.",
            )
        )
    return [one for one in made if one is not None]


def notes_of(found: Gathered, facts: Facts, funnel: Funnel) -> list[str]:
    """Return what was decided on the reader's behalf."""
    notes = []
    zone = funnel.timezone or "UTC"
    if any(day.zoned for day in found.desk.days) and (facts.deals or facts.leads):
        notes.append(
            f"`CreatedDate` is a time and was taken to its day in {zone}; `ConvertedDate` and "
            "`CloseDate` are dates in the zone of the user who set them."
        )
    notes += [
        f"The export of {name} has no `CreatedDate`: it is not known when they came."
        for name in facts.undated
    ]
    if facts.leads and facts.statuses.every and not facts.status_dated:
        notes.append(
            "Of each lead only the current `Status` is known, not when it got there; LeadHistory "
            "tells the times."
        )
    if facts.deals and not facts.stage_dated:
        notes.append(
            "Of each opportunity only the current `StageName` is known, not when it got there; "
            "OpportunityHistory tells the times."
        )
    if facts.deals and "CloseDate" in funnel.keep:
        notes.append("`CloseDate` of an open opportunity is a plan: kept as such, never counted.")
    if facts.apart:
        names = display.listed([f"`{name}`" for name in facts.apart])
        several = "holds" if len(facts.apart) == 1 else "hold"
        notes.append(f"{names} {several} several businesses, which are kept apart.")
        if facts.leads:
            notes.append(
                f"A lead has none of them before it is an opportunity: all that began as leads are "
                f"{FROM_LEAD!r}."
            )
    if facts.leads and facts.statuses.disqualified and funnel.status == "StageName":
        told = display.listed([f"`{name}`" for name in facts.statuses.disqualified])
        notes.append(f"The exit `disqualified` is the status {told}.")
    return notes


def _of_leads(people: ir.Table, facts: Facts) -> list[Finding | None]:
    kept = people["_reason"].isnull()
    made = [
        _finding(
            people,
            people["_reason"] == stitching.SHARED,
            rule="deals_of_several_leads",
            severity="note",
            what="{n} {were} converted into an opportunity that an earlier lead had brought.",
            remedy="The opportunity counts once, with its first lead; the later leads were set "
            "aside.",
        ),
        _finding(
            people,
            people["_reason"] == merges.NO_MASTER,
            rule="merged_into_unknown",
            what="{n} {were} merged into a lead that is not in the export.",
            remedy="They were set aside. Export leads without a filter on their dates.",
        ),
        _finding(
            people,
            people["_reason"] == merges.CIRCLE,
            rule="merged_in_a_circle",
            what="{n} {were} merged in a circle, so that none of them stayed.",
            remedy="They were set aside. Look at `MasterRecordId` in the CRM.",
        ),
        _finding(
            people,
            kept & people.mended,
            rule="converted_the_day_before",
            severity="note",
            what="{n} {have} a `ConvertedDate` on the day before `CreatedDate`: the one is a date "
            "in the zone of the user, the other a time.",
            remedy="They count as converted on the day of creation. With the `timezone` of the "
            "users the two agree.",
        ),
    ]
    if facts.deals:
        made.append(_none_converted(people))
        made.append(
            _finding(
                people,
                kept & people.outside,
                rule="opportunity_missing",
                what="{n} {were} converted into an opportunity that is not in the export.",
                remedy="They count as opportunities of which nothing more is known. Export "
                "opportunities without a filter on their dates or owners.",
            )
        )
    return made


def _none_converted(people: ir.Table) -> Finding | None:
    """Return the finding that no lead at all names an opportunity."""
    some = people.filter(people["_reason"].isnull())
    row = some.aggregate(n=some.count(), named=some.named.sum()).execute().iloc[0]
    number, named = int(row["n"] or 0), int(row["named"] or 0)
    if not number or named:
        return None
    return Finding(
        rule="no_lead_converted",
        severity="warning",
        count=number,
        share=1.0,
        what=f"`ConvertedOpportunityId` is blank in {'the only lead' if number == 1 else 'all '}"
        f"{'' if number == 1 else display.plural(number, 'lead')}: no opportunity is known to have "
        "been a lead.",
        remedy="Export leads with their converted ones, or read the opportunities alone; no rate "
        "from lead to opportunity can be told.",
    )


def _of_deals(deals: ir.Table) -> list[Finding | None]:
    kept = deals["_reason"].isnull()
    made = []
    if {"CloseDate_day", "CreatedDate_day"} <= set(deals.columns):
        early = kept & (deals.CloseDate_day < deals.CreatedDate_day).fill_null(False)
        some = deals.filter(early & deals.outcome.isnull())
        open_ = int(some.count().execute())
        made.append(
            _finding(
                deals,
                early,
                rule="close_before_creation",
                what="{n} {have} a `CloseDate` before `CreatedDate`"
                + (
                    f"; {display.count(open_)} of them {'is' if open_ == 1 else 'are'} open, where "
                    "it is a plan."
                    if open_
                    else "."
                ),
                remedy="Were they entered or loaded after the fact? Then the time to close is "
                "not known.",
            )
        )
    made.append(
        _finding(
            deals,
            kept & deals.recorded,
            rule="close_date_against_history",
            severity="note",
            what="{n} {were} still open after `CloseDate` by the history, or closed before it.",
            remedy="The day on which the history saw them closed was taken.",
        )
    )
    return made


def _finding(
    table: ir.Table,
    chosen: Any,
    *,
    rule: str,
    what: str,
    remedy: str,
    severity: Severity = "warning",
    ids: str = "Id",
) -> Finding | None:
    """Return a finding of the rows chosen, if there are any."""
    some = table.filter(chosen.fill_null(False))
    number = int(some.count().execute())
    if not number:
        return None
    noun = {"Id": "lead" if "root" in table.columns and "deal" in table.columns else "opportunity"}
    many = {"opportunity": "opportunities"}.get(noun.get(ids, "row"))
    one = noun.get(ids, "row")
    said = what.replace("{n} {were}", were(number, one, many))
    said = said.replace("{n} {have}", have(number, one, many))
    said = said.replace("{n}", display.plural(number, one, many))
    said = said.replace("{belong}", "belongs" if number == 1 else "belong")
    shown = some.select(id=some[ids]).distinct().order_by("id").limit(_EXAMPLES).execute()["id"]
    return Finding(
        rule=rule,
        severity=severity,
        count=number,
        share=share_of(number, int(table.count().execute())),
        examples=tuple(str(value) for value in shown.dropna()),
        what=said,
        remedy=remedy,
    )
