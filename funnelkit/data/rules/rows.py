"""Rules about rows and ids: what was set aside, what repeats, what has no partner."""

from __future__ import annotations

from collections.abc import Iterator

from funnelkit._core import display
from funnelkit.data import journeys, setting_aside
from funnelkit.data.finding import Finding, have, share_of, were
from funnelkit.data.survey import Survey

_MANY = 0.05
_ONE_RECORD = (
    "Each is one record, with the first day of each stage and the amount, owner and segments of "
    "its earliest row that has them."
)


def misfit_rows(survey: Survey) -> Iterator[Finding]:
    """Rows with more or fewer cells than the header."""
    number = _set_aside(survey, setting_aside.UNREADABLE_ROW)
    if number:
        share = share_of(number, sum(survey.rows.read))
        yield Finding(
            rule="misfit_rows",
            severity="error" if share > _MANY else "warning",
            count=number,
            share=share,
            examples=survey.rows.misfit_examples[:5],
            what=f"{display.plural(number, 'row')} cannot be split into the columns of the header.",
            remedy="They were set aside. Put cells that hold the delimiter in quotation marks.",
        )


def header_again(survey: Survey) -> Iterator[Finding]:
    """Headers between the rows, as in exports pasted one below the other."""
    number = _set_aside(survey, setting_aside.HEADER_AGAIN)
    if number:
        yield Finding(
            rule="header_again",
            severity="note",
            count=number,
            share=share_of(number, sum(survey.rows.read)),
            what=f"{display.plural(number, 'row')} {'repeats' if number == 1 else 'repeat'} the "
            "header.",
            remedy="They were left out.",
        )


def ids_missing(survey: Survey) -> Iterator[Finding]:
    """Rows without an id."""
    number = _set_aside(survey, setting_aside.NO_ID)
    if number:
        yield Finding(
            rule="ids_missing",
            severity="warning",
            count=number,
            share=share_of(number, sum(survey.rows.read)),
            what=f"{have(number, 'row')} no id.",
            remedy="They were set aside, since they belong to no record. Fill the id and export "
            "again.",
        )


def filtered_rows(survey: Survey) -> Iterator[Finding]:
    """Rows that `where` or `exclude` leave out."""
    number = _set_aside(survey, setting_aside.FILTERED)
    if number:
        yield Finding(
            rule="filtered_rows",
            severity="note",
            count=number,
            share=share_of(number, sum(survey.rows.read)),
            what=f"{were(number, 'row')} left out by `where` or `exclude`.",
            remedy="As asked.",
        )


def log_rows(survey: Survey) -> Iterator[Finding]:
    """Events that name no stage of the funnel, or have no time."""
    for reason, rule, what, remedy in (
        (
            setting_aside.OTHER_STAGE,
            "stages_unknown",
            "a stage that is not in the funnel",
            "They were set aside. Map their names with `columns`, if they belong to a stage.",
        ),
        (
            setting_aside.NO_TIME,
            "times_missing",
            "no time",
            "They were set aside. Fill the time and export again.",
        ),
    ):
        number = _set_aside(survey, reason)
        if number:
            yield Finding(
                rule=rule,
                severity="warning",
                count=number,
                share=share_of(number, sum(survey.rows.read)),
                what=f"{have(number, 'event')} {what}.",
                remedy=remedy,
            )


def ids_repeated(survey: Survey) -> Iterator[Finding]:
    """Ids in several rows of one kind: the same row again, one that differs, or another file."""
    for file, found in sorted(survey.repeats.items()):
        name, read = survey.rows.names[file], survey.rows.read[file]
        if found.same:
            yield Finding(
                rule="rows_repeated",
                severity="note",
                count=found.same,
                share=share_of(found.same, read),
                examples=survey.examples(f"same_{file}"),
                what=f"{have(found.same, 'id')} several identical rows in `{name}`.",
                remedy="Each is one record.",
            )
        if found.differing:
            yield Finding(
                rule="ids_repeated",
                severity="warning",
                count=found.differing,
                share=share_of(found.differing, read),
                examples=survey.examples(f"differing_{file}"),
                what=f"{have(found.differing, 'id')} several rows in `{name}` that differ.",
                remedy=f"{_ONE_RECORD} Is the id the right column?",
            )
        across = found.across + found.across_differing
        if across:
            differ = (
                "all with the same content"
                if not found.across_differing
                else f"{display.count(found.across_differing)} of them with rows that differ"
            )
            yield Finding(
                rule="ids_across_files",
                severity="warning" if found.across_differing else "note",
                count=across,
                share=share_of(across, read),
                examples=survey.examples(f"across_{file}"),
                what=f"{display.plural(across, 'id')} {'stands' if across == 1 else 'stand'} in "
                f"more than one of the files of `{name}`, {differ}: the exports overlap.",
                remedy=_ONE_RECORD if found.across_differing else "Each is one record.",
            )


def partners(survey: Survey) -> Iterator[Finding]:
    """Ids that stand in one of several files only."""
    names = {
        file: name for file, name in enumerate(survey.rows.names) if file not in survey.rows.history
    }
    if len(names) < 2 or 0 not in names:
        return
    first = names.pop(0)
    for file, name in names.items():
        lone = sum(n for inside, n in survey.partners.items() if inside[file] and not inside[0])
        ids = sum(n for inside, n in survey.partners.items() if inside[file])
        if lone:
            yield Finding(
                rule="ids_without_lead",
                severity="warning",
                count=lone,
                share=share_of(lone, ids),
                examples=survey.examples(f"lone_{file}"),
                what=f"{display.plural(lone, 'id')} of `{name}` {_stand(lone)} in `{first}`: "
                "deals that never were leads.",
                remedy="They are records of their own, and in no denominator of a stage that they "
                "never entered.",
            )
    ids = sum(n for inside, n in survey.partners.items() if inside[0])
    alone = sum(
        n
        for inside, n in survey.partners.items()
        if inside[0] and not any(inside[i] for i in names)
    )
    if alone == ids and any(one.rule == "no_lead_converted" for one in survey.rows.findings):
        return  # said by the reader, which knows that leads and deals have ids of their own
    if alone:
        others = display.listed([f"`{name}`" for name in names.values()], last="or")
        yield Finding(
            rule="ids_without_deal",
            severity="warning" if alone == ids else "note",
            count=alone,
            share=share_of(alone, ids),
            what=f"{display.plural(alone, 'id')} of `{first}` {_stand(alone)} in {others}.",
            remedy="None of them does: compare how the ids are written in both files."
            if alone == ids
            else "Nothing to do: they are leads that became no deal.",
        )


def records_set_aside(survey: Survey) -> Iterator[Finding]:
    """Records without a stage, and an audit with no record left."""
    number = survey.totals.get(f"aside: {journeys.NO_STAGE}", 0)
    if number:
        yield Finding(
            rule="no_stage",
            severity="warning",
            count=number,
            share=share_of(number, survey.totals["records"]),
            examples=survey.examples(f"aside: {journeys.NO_STAGE}"),
            what=f"{have(number, 'record')} no date in any stage"
            f"{' and no status' if survey.funnel.status else ''} up to "
            f"{survey.as_of.isoformat()}.",
            remedy="They were set aside. Fill the date of the first stage that they entered.",
        )
    if not survey.totals["kept"]:
        aside = [f"{display.count(n)}: {why}" for why, n in survey.reasons.items()]
        yield Finding(
            rule="no_records",
            severity="error",
            count=sum(survey.rows.read),
            share=1.0,
            what=f"No record is left of {display.plural(sum(survey.rows.read), 'row')} read"
            f"{' (' + '; '.join(aside) + ')' if aside else ''}.",
            remedy="Check `as_of`, `where` and the columns of the stages.",
        )


def _stand(number: int) -> str:
    return "does not stand" if number == 1 else "do not stand"


def _set_aside(survey: Survey, reason: str) -> int:
    return sum(reasons.get(reason, 0) for reasons in survey.rows.set_aside)


RULES = (
    records_set_aside,
    misfit_rows,
    header_again,
    ids_missing,
    ids_repeated,
    partners,
    log_rows,
    filtered_rows,
)
