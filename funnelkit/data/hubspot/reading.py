"""`read_hubspot`: HubSpot's exports as they are, without renaming a column first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError, DataError
from funnelkit.data import sources
from funnelkit.data.columns import Filter, ReadingRules
from funnelkit.data.definition import Funnel
from funnelkit.data.exports import Export, find_exports
from funnelkit.data.hubspot import gathering, headers
from funnelkit.data.hubspot.assembling import ClosedOn, assemble
from funnelkit.data.hubspot.defining import CREATED, define
from funnelkit.data.hubspot.findings import findings_of
from funnelkit.data.hubspot.gathering import Wanted
from funnelkit.data.hubspot.grains import GRAINS, Grain
from funnelkit.data.hubspot.histories import left_aside, read_histories
from funnelkit.data.hubspot.stages import Material, catalogue
from funnelkit.data.preparing import Day, leads_of, rules_of
from funnelkit.data.records import BeforeRecording, Leads

_DEFAULT = Funnel(["Created", "Closed Won"])


def read_hubspot(
    source: object,
    funnel: Funnel | None = None,
    *,
    grain: Literal["deal", "contact"] | None = None,
    pipelines: str | Sequence[str] | None = None,
    labels: Mapping[str, str] | None = None,
    closed_on: ClosedOn = "entered",
    as_of: Day | None = None,
    recorded_from: Day | None = None,
    before_recording: BeforeRecording = "left_out",
    timezone: str | None = None,
    where: Filter | None = None,
    exclude: Filter | None = None,
    date_format: str | Mapping[str, str] | None = None,
    dayfirst: bool | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
) -> Leads:
    r"""Return leads from HubSpot's exports as they are.

    Deals and contacts are recognised by their headers, whether these are labels (``Deal Stage``,
    ``Date entered "Contract Sent (Sales Pipeline)"``, ``Became a Customer Date``) or internal
    names (``dealstage``, ``hs_v2_date_entered_contractsent``, ``hs_lifecyclestage_lead_date``).
    Histories of properties (record, property, value, time) are read beside them: they tell every
    entry to a stage, where ``Date entered`` tells the last one only, and every change of amount,
    close date, owner, probability and forecast category (``leads.changes``). Columns with names,
    mail addresses, phones and notes are not read; the mail address of a deal's contact is only
    hashed, to count contacts with several deals.

    Parameters
    ----------
    source
        A folder, a file, a pattern, a list of them, a frame, or a mapping from a name to a frame.
    funnel
        The definition; its stages are named as in HubSpot, or map to such names by ``columns``.
        By default it is derived and stands in ``leads.funnel``: the day of creation, the stages
        that have days, in HubSpot's order or that of the days of entry, the won stage, and the
        lost ones as exits. The notes say how the order was found.
    grain
        ``"deal"`` or ``"contact"``: contacts' lifecycle and deals' stages are two clocks. By
        default deals, where there are any.
    pipelines
        One pipeline or several; by default all, each kept ``apart``.
    labels
        Id or localised name -> the name to use, of stages, pipelines and columns, such as
        ``{"1034": "Proposal", "Fecha de creación": "Create Date"}``.
    closed_on
        When a closed deal closed: ``"entered"``, the day on which it entered its closed stage,
        where it is known; ``"close_date"``, its close date. The close date of an open deal is a
        plan and never counts.
    as_of, recorded_from, before_recording
        As in :func:`funnelkit.read_csv`.
    timezone
        IANA name of the zone in which a day begins and ends; by default that of ``funnel``.
    where, exclude
        Column -> value or values: rows to keep, rows to leave out.
    date_format, dayfirst, decimal, thousands, delimiter, encoding
        As in :func:`funnelkit.read_csv`.

    Returns
    -------
    Leads
        One record per deal or contact. Merged records count once, under the id in which they live
        on; a deal counts once however many contacts it has.

    Raises
    ------
    ArgumentError
        For an option that cannot be used.
    DataError
        With every problem at once: no deals or contacts, stages that are not in the export, a win
        that is not known, amounts in several currencies, dates that cannot be read.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> deals = pd.DataFrame(
    ...     {
    ...         "Record ID": ["1", "2", "3"],
    ...         "Deal Stage": ["Closed Won", "Contract Sent", "Closed Lost"],
    ...         "Create Date": ["2026-01-05", "2026-01-09", "2026-01-12"],
    ...         "Close Date": ["2026-02-03", "2026-06-30", "2026-01-20"],
    ...     }
    ... )
    >>> leads = fk.read_hubspot(deals, as_of="2026-02-28")
    >>> leads.funnel.steps, len(leads.list("Closed Won"))
    (('Created', 'Closed Won', 'Closed Lost'), 1)
    """
    names = _names(labels)
    checks.one_of("closed_on", closed_on, ("entered", "close_date"))
    if funnel is not None and not isinstance(funnel, Funnel):
        raise ArgumentError(f"`funnel` must be a Funnel; got {type(funnel).__name__}.")
    zoned = _DEFAULT if funnel is None else funnel
    zoned = zoned if timezone is None else zoned.replace(timezone=timezone)
    rules = rules_of(
        zoned,
        dates=(date_format, dayfirst),
        amounts=(decimal, thousands),
        where=where,
        exclude=exclude,
    )
    found, strange = find_exports(
        source,
        lambda columns: headers.recognise_as(columns, names),
        encoding=encoding,
        delimiter=delimiter,
    )
    chosen = _grain(grain, found, strange)
    exports = [one for one in found if one.kind == chosen.kind]
    given = None if funnel is None else zoned
    wanted = Wanted(
        grain=chosen,
        names=names,
        rules=_with_pipelines(rules, exports, chosen, names, pipelines),
        columns=_named(given, exports, chosen, names),
        encoding=encoding,
        delimiter=delimiter,
    )
    engine = sources.connect()
    gathered = gathering.gather(engine, exports, wanted)
    told = [one for one in found if one.kind == headers.HISTORY]
    histories = read_histories(engine, told, gathered, wanted)
    known = catalogue(chosen, gathered, histories, names)
    material = Material(grain=chosen, gathered=gathered, histories=histories, known=known)
    defined = define(material, given)
    if timezone is not None and funnel is None:
        defined = replace(defined, funnel=defined.funnel.replace(timezone=timezone))
    rows = assemble(engine, material, defined, closed_on=closed_on)
    said = _said(chosen, grain, found, strange)
    said += [
        f"`{name}` is the history of other records than {chosen.kind}, and was left aside."
        for name in left_aside(told, wanted)
    ]
    if extra := gathered.repeats:
        said.append(
            f"{display.plural(extra, 'row')} of `{gathered.source.name}` repeat a {chosen.name}, "
            "as exports do with one row for each association; each counts once."
        )
    if gathered.into:
        said.append(
            f"{display.plural(len(gathered.into), 'id')} of merged {chosen.name}s were followed to "
            f"the {chosen.name} in which they live on."
        )
    rows = replace(
        rows,
        notes=(*said, *rows.notes),
        findings=(*rows.findings, *findings_of(material, defined)),
    )
    return leads_of(
        engine,
        rows,
        defined.funnel,
        as_of=as_of,
        recorded_from=recorded_from,
        before_recording=before_recording,
    )


def _names(labels: Mapping[str, str] | None) -> dict[str, str]:
    fits = labels is None or (
        isinstance(labels, Mapping)
        and all(isinstance(old, str) and isinstance(new, str) for old, new in labels.items())
    )
    if not fits:
        raise ArgumentError(
            '`labels` must map an id or name to the name to use, such as {"1034": "Proposal"}; got '
            f"{labels!r}."
        )
    return dict(labels or {})


def _grain(grain: str | None, found: Sequence[Export], strange: Sequence[str]) -> Grain:
    if grain is not None:
        checks.one_of("grain", grain, tuple(GRAINS))
    kinds = {one.kind for one in found}
    wanted = [grain] if grain else list(GRAINS)
    for name in wanted:
        if GRAINS[name].kind in kinds:
            return GRAINS[name]
    there = [f"`{one.name}` ({one.kind})" for one in found]
    there += [f"`{name}` (not recognised)" for name in strange]
    what = f"no {GRAINS[grain].kind}" if grain else "neither deals nor contacts"
    raise DataError(
        f"there are {what} among {display.listed(there[:8]) or 'the files'}. Deals have a "
        "`Deal Stage` and a `Record ID`, contacts a `Lifecycle Stage`; columns of other names can "
        'be given with labels={"its name": "Deal Stage"}.'
    )


def _said(
    chosen: Grain, asked: str | None, found: Sequence[Export], strange: Sequence[str]
) -> list[str]:
    """Return what was read and what was left aside."""
    said = []
    other = {"deal": "contact", "contact": "deal"}[chosen.name]
    if asked is None and any(one.kind == GRAINS[other].kind for one in found):
        said.append(
            f"{chosen.kind.capitalize()} were read; {GRAINS[other].kind} are another clock: read "
            f'them with grain="{other}".'
        )
    used = (chosen.kind, headers.HISTORY, GRAINS[other].kind)
    said += [
        f"`{one.name}` holds {one.kind}, and was left aside."
        for one in found
        if one.kind not in used
    ]
    said += [f"`{name}` was not recognised, and was left aside." for name in strange]
    return said


def _with_pipelines(
    rules: ReadingRules,
    exports: Sequence[Export],
    grain: Grain,
    names: Mapping[str, str],
    pipelines: str | Sequence[str] | None,
) -> ReadingRules:
    if pipelines is None:
        return rules
    wanted = [pipelines] if isinstance(pipelines, str) else list(pipelines)
    if not wanted or not all(isinstance(name, str) for name in wanted):
        raise ArgumentError(f"`pipelines` must name one or several; got {pipelines!r}.")
    columns = [column for export in exports for column in export.columns]
    column = headers.parts_of(columns, grain.parts, names).get("pipeline")
    if column is None:
        raise ArgumentError(
            f"`pipelines`: {grain.kind} in `{exports[0].name}` have no column `Pipeline`."
        )
    values = [old for name in wanted for old in (name, *_old(name, names))]
    return replace(rules, where={**rules.where, column: values})


def _old(name: str, names: Mapping[str, str]) -> list[str]:
    return [old for old, new in names.items() if new == name]


def _named(
    funnel: Funnel | None, exports: Sequence[Export], grain: Grain, names: Mapping[str, str]
) -> dict[str, tuple[str, ...]]:
    """Return role -> headers that the user's funnel names."""
    if funnel is None:
        return {}
    columns = {column for export in exports for column in export.columns}
    parts = set(headers.parts_of(list(columns), grain.parts, names).values())
    dates = [
        text
        for step in funnel.steps
        for text in funnel.log_names_of(step)
        if text in columns and text not in parts and text != CREATED
    ]
    dates = [text for text in dates if headers.stage_header(text, names.get(text)) is None]
    texts = [*funnel.segments, *funnel.keep, funnel.owner, funnel.account]
    found = {
        "dates": tuple(dates),
        "texts": tuple(dict.fromkeys(text for text in texts if text)),
        "value": (funnel.value,) if funnel.value else (),
    }
    return {role: given for role, given in found.items() if given}


__all__ = ["read_hubspot"]
