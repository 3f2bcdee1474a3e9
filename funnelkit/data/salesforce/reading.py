"""`read_salesforce`: a folder of Salesforce exports as one funnel from lead to win."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.data import sources
from funnelkit.data.columns import Filter, shown
from funnelkit.data.definition import ENTERED_AT, Funnel
from funnelkit.data.exports import Export, find_exports
from funnelkit.data.preparing import Day, leads_of, rules_of
from funnelkit.data.records import BeforeRecording, Leads
from funnelkit.data.salesforce import defining, dialect
from funnelkit.data.salesforce.assembling import rows_of
from funnelkit.data.salesforce.dialect import recognise
from funnelkit.data.salesforce.facts import facts_of
from funnelkit.data.salesforce.findings import findings_of, notes_of
from funnelkit.data.salesforce.gathering import gather
from funnelkit.data.salesforce.money import checked
from funnelkit.data.salesforce.sheets import Desk


def read_salesforce(
    source: Any,
    funnel: Funnel | None = None,
    *,
    as_of: Day | None = None,
    recorded_from: Day | None = None,
    before_recording: BeforeRecording = "left_out",
    timezone: str | None = None,
    where: Filter | None = None,
    exclude: Filter | None = None,
    rates: Mapping[str, float] | None = None,
    currency: str | None = None,
    date_format: str | Mapping[str, str] | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Leads:
    r"""Return leads from Salesforce exports, without a column renamed first.

    Tables are told by their headers, API names (``CreatedDate``) and report labels
    (``Created Date``) alike: Lead, Opportunity, LeadHistory, OpportunityHistory and
    OpportunityFieldHistory are read, OpportunityStage and LeadStatus for the order of stages;
    others are left aside with a note.

    Parameters
    ----------
    source
        A folder, a file, a glob, a list of them, or a mapping from a name to a frame.
    funnel
        By default derived from the data, see Notes. A given one names its steps as the CRM does,
        or maps them by ``columns={"stage": ("CRM name", …)}``; ``lead``, ``converted``,
        ``opportunity``, ``won``, ``lost`` and ``disqualified`` mean what they say. Its segments,
        value, owner, account and keep name columns; those that it leaves out are derived.
    as_of, recorded_from, before_recording
        As in :func:`read_csv`.
    timezone
        IANA name of the zone in which a day begins; by default that of ``funnel``, else UTC.
    where, exclude
        Column -> value or values: records to keep, to leave out. A lead and its opportunity go
        together.
    rates, currency
        For amounts in several currencies: what one unit of each is worth in ``currency``.
    date_format, dayfirst, decimal, thousands
        As in :func:`read_csv`, for reports that show dates and numbers in a person's own way.
    delimiter, encoding
        As in :func:`read_csv`; a file that is not UTF-8 is read as ISO-8859-1, which a note says.

    Returns
    -------
    Leads
        One record per lead, with the opportunity that it was converted into, and one per
        opportunity that never was a lead (``entered_at`` tells them apart). ``leads.changes``
        holds earlier amounts, close dates, owners and stages, where a history was exported.

    Raises
    ------
    ArgumentError
        For arguments that cannot be used.
    DataError
        With every problem at once: no export of leads or opportunities, several currencies
        without ``rates``, dates or amounts that cannot be read.

    Notes
    -----
    The derived funnel is lead, the statuses in between, opportunity, its open stages, won; with
    the exits lost and disqualified. Stages stand in the order of the CRM's own list, else in
    Salesforce's own where all names are Salesforce's, else as the history shows who precedes
    whom, else by probability; where none tells, they are a segment and no stages.

    A lead is entered on its ``CreatedDate``; an opportunity that several leads were converted
    into belongs to the first of them, and the others are set aside. An opportunity is won or lost
    on its ``CloseDate``, unless the history saw it open after that day; the close date of an open
    one is a plan, and is kept as such.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> leads = pd.DataFrame(
    ...     {
    ...         "Id": ["00Q5e00000AAAAA", "00Q5e00000BBBBB"],
    ...         "CreatedDate": ["2026-01-05T09:00:00.000+0000", "2026-01-09T09:00:00.000+0000"],
    ...         "Status": ["Closed - Converted", "Open - Not Contacted"],
    ...         "IsConverted": ["true", "false"],
    ...         "ConvertedDate": ["2026-01-20", None],
    ...         "ConvertedOpportunityId": ["0065e00000CCCCC", None],
    ...     }
    ... )
    >>> deals = pd.DataFrame(
    ...     {
    ...         "Id": ["0065e00000CCCCC"],
    ...         "CreatedDate": ["2026-01-20T10:00:00.000+0000"],
    ...         "StageName": ["Closed Won"],
    ...         "IsWon": ["true"],
    ...         "IsClosed": ["true"],
    ...         "Amount": ["1200"],
    ...         "CloseDate": ["2026-02-01"],
    ...     }
    ... )
    >>> both = fk.read_salesforce({"leads": leads, "deals": deals}, as_of="2026-02-28")
    >>> both.funnel.steps
    ('lead', 'opportunity', 'won', 'lost')
    >>> len(both), len(both.list("won", start="lead"))
    (2, 1)
    """
    given = _settings(funnel, timezone)
    rules = rules_of(
        given,
        dates=(date_format, dayfirst),
        amounts=(decimal, thousands),
        where=where,
        exclude=exclude,
    )
    exact = checked(rates, currency)
    exports, unknown = find_exports(source, recognise, encoding=encoding, delimiter=delimiter)
    _refuse_nothing(exports, unknown)
    desk = Desk(
        engine=sources.connect(),
        rules=rules,
        encoding=encoding,
        delimiter=delimiter,
        amount=None if funnel is None else funnel.value,
    )
    asked = {*rules.where, *rules.exclude}
    if funnel is not None:
        asked |= {*funnel.segments, *funnel.keep, funnel.owner or "", funnel.account or ""}
        asked |= {funnel.value or ""}
    found = gather(desk, exports, asked - {"", ENTERED_AT}, (exact, currency))
    facts = facts_of(found)
    if funnel is None:
        whole, places, notes = defining.derived(facts, timezone)
    else:
        whole, places, notes = defining.given(funnel, facts, timezone)
    notes = [*_left_aside(exports, unknown), *notes, *notes_of(found, facts, whole)]
    rows = rows_of(
        found,
        whole,
        places,
        asked=frozenset(() if funnel is None else funnel.segments),
        notes=notes,
        findings=findings_of(found, facts),
    )
    return leads_of(
        desk.engine,
        rows,
        whole,
        as_of=as_of,
        recorded_from=recorded_from,
        before_recording=before_recording,
    )


def _settings(funnel: Funnel | None, timezone: str | None) -> Funnel:
    """Return a funnel that bears the zone, for whoever reads dates."""
    if funnel is None:
        return Funnel([defining.LEAD, defining.WON], timezone=timezone)
    if not isinstance(funnel, Funnel):
        raise ArgumentError(f"`funnel` must be a Funnel or None; got {type(funnel).__name__}.")
    return funnel if timezone is None else funnel.replace(timezone=timezone)


def _refuse_nothing(exports: tuple[Export, ...], unknown: tuple[str, ...]) -> None:
    kinds = {export.kind for export in exports}
    if kinds & {dialect.LEAD, dialect.OPPORTUNITY}:
        return
    seen = [f"recognised {shown(sorted(kinds))}"] if kinds else []
    seen += [f"no Salesforce table in {shown(list(unknown))}"] if unknown else []
    raise DataError(
        f"`source` holds no export of leads or opportunities ({'; '.join(seen) or 'nothing'}). A "
        "table of leads has an id with `Status` or `IsConverted`, one of opportunities an id with "
        "`StageName`, or a report's labels for these."
    )


def _left_aside(exports: tuple[Export, ...], unknown: tuple[str, ...]) -> list[str]:
    notes = []
    if others := [one for one in exports if one.kind not in dialect.READ]:
        told = display.listed([f"`{one.name}` ({one.kind})" for one in others])
        notes.append(f"Left aside, since they hold no leads or opportunities: {told}.")
    if unknown:
        notes.append(f"Not recognised, and not read: {shown(list(unknown))}.")
    return notes
