"""Columns that the funnel does not name although they change what its figures mean."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from funnelkit._core import display
from funnelkit.data.assembly import Rows
from funnelkit.data.columns import ReadingRules, needed_columns
from funnelkit.data.definition import Funnel
from funnelkit.data.finding import Finding
from funnelkit.data.sources import Source

BUSINESS = re.compile(
    r"(deal|sales|opportunity)?(pipeline)(name|id)?|recordtype(name|id)?"
    r"|(deal|opportunity)type"
)
_CURRENCY = re.compile(r"(deal|amount|opportunity)?currency(isocode|code)?")
_GONE = re.compile(r"isdeleted|deleted|isarchived")
_MERGED = re.compile(r"masterrecordid|merged(object|record|contact|deal)?ids?")
_KINDS = (
    (
        BUSINESS,
        "businesses_unread",
        "if it tells several businesses apart, their figures are put together",
        "Name it in `segments` and `apart`, or read one business with `where`.",
    ),
    (
        _GONE,
        "deleted_unread",
        "if it marks deleted records, they are counted",
        "Leave them out with `exclude`.",
    ),
    (
        _MERGED,
        "merged_unread",
        "records that were merged into another would count twice",
        "The readers for that CRM follow it: `read_salesforce`, `read_hubspot`.",
    ),
)


def noted(rows: Rows, sources: Sequence[Source], funnel: Funnel, rules: ReadingRules) -> Rows:
    """Return rows whose findings name the columns that are better read."""
    return replace(rows, findings=(*rows.findings, *_findings(sources, funnel, rules)))


def plain(column: str) -> str:
    """Return a column's name without case and signs.

    Examples
    --------
    >>> plain("Record Type ID")
    'recordtypeid'
    """
    return re.sub(r"[\W_]", "", column).casefold()


def _findings(sources: Sequence[Source], funnel: Funnel, rules: ReadingRules) -> Iterator[Finding]:
    used = needed_columns(funnel, rules, None)
    kinds = list(_KINDS)
    if funnel.value is not None:
        kinds.append(
            (
                _CURRENCY,
                "currency_unread",
                f"amounts of several currencies would be added up in `{funnel.value}`",
                "Export amounts in one currency, or read one of them with `where`.",
            )
        )
    unread = [
        (source.name, column)
        for source in sources
        for column in source.columns
        if column not in used and column not in funnel.personal
    ]
    for pattern, rule, why, remedy in kinds:
        if rule == "businesses_unread" and (
            funnel.apart or any(BUSINESS.fullmatch(plain(name)) for name in used)
        ):
            continue
        found = [(file, column) for file, column in unread if pattern.fullmatch(plain(column))]
        if found:
            names = display.listed(list(dict.fromkeys(f"`{column}`" for _, column in found)))
            files = display.listed(list(dict.fromkeys(f"`{file}`" for file, _ in found)))
            yield Finding(
                rule=rule,
                severity="note",
                count=len(found),
                what=f"{files} {'has' if len({file for file, _ in found}) == 1 else 'have'} "
                f"{names}, which the funnel does not read: {why}.",
                remedy=remedy,
            )
