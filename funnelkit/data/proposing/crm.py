"""Exports of a CRM that is known: what its own reader makes of them, as a commented funnel.yml."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit._core.errors import FunnelWarning
from funnelkit.data import exports
from funnelkit.data.proposing.writing import (
    HEAD,
    comment,
    paths_listed,
    scalar,
    sequence,
)

if TYPE_CHECKING:
    from funnelkit.data.definition import Funnel
    from funnelkit.data.records import Leads

_MAIN = {
    "salesforce": ("Lead", "Opportunity"),
    "hubspot": ("deals", "contacts"),
}
_TEXT = ("id", "status", "status_date", "value", "owner", "account", "timezone")
_TEXTS = ("segments", "apart", "keep", "personal")
_WHY = {
    "status": "the current stage; used where a stage has no date",
    "status_date": "of records won or lost; of open ones it is a plan, and never counts",
    "account": "leads of one account go together",
    "apart": "businesses of their own, never pooled unasked",
    "keep": "carried along with each record",
    "personal": "never read",
}


def dialect_of(files: Sequence[Path]) -> str | None:
    """Return the CRM whose exports these are by their headers, or ``None``."""
    from funnelkit.data.hubspot.headers import recognise as hubspot
    from funnelkit.data.salesforce.dialect import recognise as salesforce

    for name, recognise in (("salesforce", salesforce), ("hubspot", hubspot)):
        found, _ = exports.find_exports(list(files), recognise)
        if any(export.kind in _MAIN[name] for export in found):
            return name
    return None


def read(files: Sequence[Path], dialect: str) -> Leads:
    """Return what the CRM's own reader makes of the files.

    Raises
    ------
    DataError
        If it cannot read them.
    """
    from funnelkit.data.hubspot.reading import read_hubspot
    from funnelkit.data.salesforce.reading import read_salesforce

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FunnelWarning)
        return (
            read_salesforce(list(files)) if dialect == "salesforce" else read_hubspot(list(files))
        )


def written(
    leads: Leads, files: Sequence[Path], dialect: str, *, folder: Path, tried: Sequence[str]
) -> str:
    """Return the text of a funnel.yml for exports of a CRM.

    Parameters
    ----------
    leads
        As its reader read them unasked.
    files, dialect
        The exports, and the CRM.
    folder
        Where it will stand: paths are relative to it.
    tried
        What came of reading the exports by it, as sentences.
    """
    funnel = leads.funnel
    lines = [HEAD]
    for sentence in (f"By their headers these are exports of {_called(dialect)}.", *tried):
        lines += comment(sentence)
    lines += ["#", *(line for note in leads.notes for line in comment(f"- {note}")), ""]
    counts = {step: len(leads.list(step)) for step in funnel.steps}
    lines.append("stages:")
    lines += [f"  - {scalar(stage)}  # {counts[stage]:,} records" for stage in funnel.stages]
    if funnel.exits:
        lines.append("exits:")
        lines += [f"  - {scalar(one)}  # {counts[one]:,} records" for one in funnel.exits]
    lines += comment(f"The last stage, {funnel.won}, counts as the win.")
    if dialect == "hubspot":  # the Salesforce reader finds the days of its stages by their names
        lines += _mapping("columns", funnel.columns)
    lines += _keys(funnel)
    lines += _businesses(leads)
    lines += ["", "data:", f"  dialect: {dialect}", f"  files: {paths_listed(files, folder)}"]
    return "\n".join(lines) + "\n"


def _called(dialect: str) -> str:
    return {"salesforce": "Salesforce", "hubspot": "HubSpot"}[dialect]


def _keys(funnel: Funnel) -> list[str]:
    lines: list[str] = []
    for key in _TEXT:
        value = getattr(funnel, key)
        if value is not None:
            lines.append(f"{key}: {scalar(value)}{_because(key)}")
        if key == "status_date" and funnel.status is not None:
            lines += _mapping("status_values", funnel.status_values)
            if funnel.status_date_means != "close":
                lines.append(f"status_date_means: {funnel.status_date_means}")
    for key in _TEXTS:
        values = getattr(funnel, key)
        if values:
            lines.append(f"{key}: {sequence(values)}{_because(key)}")
    return lines


def _because(key: str) -> str:
    return f"  # {_WHY[key]}" if key in _WHY else ""


def _mapping(key: str, values: Mapping[str, Any]) -> list[str]:
    if not values:
        return []
    lines = [f"  {scalar(name)}: {_value(given)}".rstrip() for name, given in values.items()]
    return [f"{key}:", *lines]


def _value(given: str | Sequence[str] | None) -> str:
    if given is None:
        return ""
    return scalar(given) if isinstance(given, str) else sequence(given)


def _businesses(leads: Leads) -> list[str]:
    """Return the values of what is kept apart, and how to read one of them alone."""
    lines: list[str] = []
    largest: list[str] = []
    for name in leads.funnel.apart:
        entries: Any = leads.count(leads.funnel.stages[0], by=name)
        counted = entries.groupby("series")["value"].sum()
        told = ", ".join(f"{value} {int(n):,}" for value, n in counted.items())
        lines += comment(f"{name}: {told}.")
        if len(counted) > 1:
            largest.append(f"{scalar(name)}: {scalar(str(counted.idxmax()))}")
    if largest:
        lines += comment("A report is of one business. Say which, for example:")
        lines.append(f"# where: {{{', '.join(largest)}}}")
    return lines
