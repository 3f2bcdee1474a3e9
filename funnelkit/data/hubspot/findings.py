"""What the audit has to say of a HubSpot export."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import ibis

from funnelkit._core import display
from funnelkit.data.finding import Finding, share_of
from funnelkit.data.hubspot import gathering, histories
from funnelkit.data.hubspot.defining import Defined
from funnelkit.data.hubspot.gathering import Gathered
from funnelkit.data.hubspot.grains import Grain
from funnelkit.data.hubspot.histories import History
from funnelkit.data.hubspot.stages import Catalogue, Material, Stage, day_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

_EXAMPLES = 5
_MOST_GROUPS = 6


def findings_of(material: Material, defined: Defined) -> tuple[Finding, ...]:
    """Return everything that the audit should name."""
    found: list[Finding] = []
    gathered, known = material.gathered, material.known
    found += _businesses_apart(gathered, known, defined)
    found += _planned(gathered, known)
    found += _last_entries(gathered, material.histories, defined)
    found += _close_dates_differ(gathered, known, defined)
    found += _history_full(material)
    found += _several_deals(material.grain, gathered)
    return tuple(found)


def _businesses_apart(gathered: Gathered, known: Catalogue, defined: Defined) -> Iterator[Finding]:
    """Pipelines and types of deals, each with its own share of won."""
    table = gathered.usable
    for name in defined.funnel.apart:
        column = (
            table.pipeline
            if name == gathered.parts.get("pipeline")
            else table[gathered.texts[name]]
        )
        rows = table.select(id=table.id, group=column, **_outcomes(table, known)).distinct()
        counted = (
            rows.group_by("group")
            .aggregate(n=rows.id.nunique(), won=rows.won.sum(), lost=rows.lost.sum())
            .order_by(ibis.desc("n"), "group")
            .execute()
        )
        told = [
            f"{value if isinstance(value, str) else display.BLANK} {display.count(won)} won of "
            f"{display.count(won + lost)} closed"
            for value, _, won, lost in counted.itertuples(index=False)
        ]
        more = f" and {len(told) - _MOST_GROUPS} more" if len(told) > _MOST_GROUPS else ""
        n = int(counted["n"].sum())
        yield Finding(
            rule="businesses_apart",
            severity="note",
            count=n,
            share=share_of(n, gathered.records),
            examples=tuple(str(value) for value in counted["group"].dropna().head(_EXAMPLES)),
            what=f"`{name}` holds {display.plural(len(counted), 'business', 'businesses')}, which "
            f"one rate would mix: {'; '.join(told[:_MOST_GROUPS])}{more}.",
            remedy="Every figure is split by it. leads.only(…) takes one of them, leads.pooled(…) "
            "puts them together.",
        )


def _planned(gathered: Gathered, known: Catalogue) -> Iterator[Finding]:
    """Close dates of open deals."""
    if "closed" not in gathered.parts or not known.open_now:
        return
    table = gathered.usable
    plans = table.filter(table.stage.isin(sorted(known.open_now)) & table.closed.notnull())
    row = plans.aggregate(n=plans.id.nunique(), last=plans.closed.max()).execute().iloc[0]
    number = int(row["n"])
    if not number:
        return
    yield Finding(
        rule="close_date_planned",
        severity="note",
        count=number,
        share=share_of(number, gathered.records),
        examples=_ids(plans),
        what=f"`{gathered.parts['closed']}` of {display.plural(number, 'open deal')} is a plan, "
        f"the last one {str(row['last'])[:10]}.",
        remedy="It is kept as it stands and never counted as an event.",
    )


def _last_entries(
    gathered: Gathered, changes: Sequence[History], defined: Defined
) -> Iterator[Finding]:
    """Dates of stages that are those of the last entry."""
    steps = [step for step in defined.steps for stage in step.stages if stage.columns]
    if not steps:
        return
    table = gathered.usable
    told = [
        history.usable.filter(history.usable.field == "stage").select("id") for history in changes
    ]
    without = table
    for ids in told:
        without = without.anti_join(ids, "id")
    ordered = [stage for step in defined.steps for stage in step.stages if stage.columns]
    swapped = ibis.literal(False)
    for k, earlier in enumerate(ordered):
        for later in ordered[k + 1 :]:
            if not _both_closed(earlier, later):
                before = day_of(later, without) < day_of(earlier, without)
                swapped = swapped | before.fill_null(False)
    row = without.aggregate(n=without.id.nunique(), back=without.id.nunique(where=swapped))
    number, back = (int(found) for found in row.execute().iloc[0])
    if not number:
        return
    seen = without.filter(swapped)
    evidence = (
        f" {display.plural(back, 'record')} {'has' if back == 1 else 'have'} a stage dated after "
        "one that comes later, as after going back."
        if back
        else ""
    )
    who = "All" if not told else f"{display.count(number)}"
    yield Finding(
        rule="last_entries",
        severity="warning" if back else "note",
        count=back or number,
        share=share_of(back or number, gathered.records),
        examples=_ids(seen) if back else (),
        what=f"{who} records have the days of stages from `Date entered` columns only, which hold "
        f"the last entry to a stage that was entered again.{evidence}",
        remedy="First entries are not known for them, and lags are too long after re-entries. "
        "Export the history of the stage's property, and read it beside.",
    )


def _close_dates_differ(
    gathered: Gathered, known: Catalogue, defined: Defined
) -> Iterator[Finding]:
    """Close dates on another day than the entry to the closed stage."""
    if "closed" not in gathered.parts:
        return
    table = gathered.usable
    last = len(defined.funnel.stages) - 1
    closed = [s for step in defined.steps[last:] for s in step.stages if s.columns]
    if not closed:
        return
    both = ibis.literal(False)
    differs = ibis.literal(False)
    for stage in closed:
        texts = [text for text, key in known.texts.items() if key == stage.key]
        here = table.stage.isin(texts) & table.closed.notnull() & day_of(stage, table).notnull()
        both = both | here.fill_null(False)
        differs = differs | (here & (day_of(stage, table) != table.closed)).fill_null(False)
    row = table.aggregate(both=table.id.nunique(where=both), odd=table.id.nunique(where=differs))
    known_both, number = (int(found) for found in row.execute().iloc[0])
    odd = table.filter(differs)
    if number:
        yield Finding(
            rule="close_date_differs",
            severity="note",
            count=number,
            share=share_of(number, known_both),
            examples=_ids(odd),
            what=f"`{gathered.parts['closed']}` of {display.count(number)} of "
            f"{display.plural(known_both, 'closed deal')} is another day than the entry to the "
            "closed stage.",
            remedy='The entry counts; closed_on="close_date" takes the close date, as HubSpot\'s '
            "own reports do.",
        )


def _history_full(material: Material) -> Iterator[Finding]:
    """Histories as long as HubSpot keeps them."""
    grain, gathered = material.grain, material.gathered
    most, number = histories.fullest(material.histories)
    if most >= grain.kept_changes:
        yield Finding(
            rule="history_full",
            severity="warning",
            count=number,
            share=share_of(number, gathered.records),
            what=f"{display.plural(number, 'record')} {'has' if number == 1 else 'have'} {most} "
            "values of one property in the history; HubSpot exports no more than "
            f"{grain.kept_changes} for {grain.name}s.",
            remedy="Their first entries may be missing, and read as later than they were.",
        )


def _several_deals(grain: Grain, gathered: Gathered) -> Iterator[Finding]:
    """Contacts with several deals."""
    if grain.name != "deal" or "contact" not in gathered.parts:
        return
    contacts, held, total = gathering.contacts_of_several(gathered)
    if contacts:
        yield Finding(
            rule="contacts_with_several_deals",
            severity="note",
            count=held,
            share=share_of(held, total),
            what=f"{display.plural(contacts, 'contact')} {'holds' if contacts == 1 else 'hold'} "
            f"{display.plural(held, 'deal')}.",
            remedy="Each deal counts once, whatever contacts it has; deals of one contact are not "
            "independent of each other.",
        )


def _outcomes(table: ir.Table, known: Catalogue) -> dict[str, ibis.Expr]:
    texts = {
        word: [text for text, key in known.texts.items() if known.stages[key].outcome == word]
        for word in ("won", "lost")
    }
    return {
        word: table.stage.isin(names).fill_null(False).cast("int64")
        if names
        else ibis.literal(0, "int64")
        for word, names in texts.items()
    }


def _both_closed(one: Stage, other: Stage) -> bool:
    return one.outcome != "open" and other.outcome != "open"


def _ids(table: ir.Table) -> tuple[str, ...]:
    found = table.select("id").distinct().order_by("id").limit(_EXAMPLES).execute()["id"]
    return tuple(str(value) for value in found)
