"""Rules about reading: what was found and decided while the files were opened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from funnelkit._core import display
from funnelkit.data.finding import Finding, have, share_of
from funnelkit.data.survey import Survey

_KINDS = (
    ("byte-order mark", "byte_order_mark", "Nothing to do: it is no part of the first name."),
    ("is delimited by", "delimiter", "Nothing to do, if the columns are right."),
    (
        "is not UTF-8",
        "encoding",
        "Look at a name with an accent: if it reads wrong, give `encoding`.",
    ),
    ("stands in", "column_in_several_files", "Check that it means the same in each file."),
    ("was taken as", "as_of_assumed", "Give `as_of` to say it yourself."),
)


def zone(survey: Survey) -> Iterator[Finding]:
    """Times with an offset, and no zone in which a day begins."""
    if survey.rows.zoned and survey.funnel.timezone is None:
        yield Finding(
            rule="zone_unsaid",
            severity="warning",
            count=1,
            what="Times carry an offset and the funnel has no `timezone`: days begin and end in "
            "UTC.",
            remedy='Name the zone in which the team works, such as timezone="Europe/Berlin".',
        )


def zone_on_some(survey: Survey) -> Iterator[Finding]:
    """Times with an offset in one column, and mere dates in another."""
    steps = survey.funnel.steps
    clocked = survey.rows.clocked
    seen = {step for _, step, _ in survey.days}
    plain = sorted(seen - clocked)
    if not survey.rows.zoned or not plain or not clocked:
        return
    number = sum(n for _, step, n in survey.days if step not in clocked)
    timed = [f"`{steps[k]}`" for k in sorted(clocked & seen)]
    dated = [f"`{steps[k]}`" for k in plain]
    where = survey.funnel.timezone or "UTC"
    yield Finding(
        rule="zone_on_some",
        severity="note",
        count=number,
        share=share_of(number, sum(n for _, _, n in survey.days)),
        what=f"{display.listed(timed)} {_is(timed)} told to the second with an offset, "
        f"{display.listed(dated)} as a mere date, in a zone that the export does not name.",
        remedy=f"Times were taken to their day in {where}; dates stand as they are. Where the two "
        "zones differ, a step can seem to come a day before the one it follows.",
    )


def dates_as_told(survey: Survey) -> Iterator[Finding]:
    """Dates that another order would have read as other days."""
    told = survey.rows.patterns
    if not told:
        return
    steps = survey.funnel.steps
    either = {
        step: sum(n for day, k, n in survey.days if k == step and _either_way(day)) for step in told
    }
    number, every = sum(either.values()), sum(n for _, step, n in survey.days if step in told)
    patterns = display.listed(sorted({f"`{pattern}`" for pattern in told.values()}))
    parts = [f"`{steps[k]}` {display.count(n)}" for k, n in sorted(either.items()) if n]
    yield Finding(
        rule="dates_as_told",
        severity="note",
        count=number,
        share=share_of(number, every),
        what=f"{display.plural(every, 'date')} {'was' if every == 1 else 'were'} read as "
        f"{patterns}, as told; {display.count(number)} of them would be other days with day and "
        f"month exchanged{f' ({display.listed(parts)})' if parts else ''}.",
        remedy="No value contradicts that order. Check one date that you know.",
    )


def reading(survey: Survey) -> Iterator[Finding]:
    """What was found and decided while reading."""
    said = {finding.what for finding in survey.rows.findings}
    for note in survey.leads.notes:
        elsewhere = "carry an offset" in note or "not believed" in note or note in said
        assumed = note.startswith("`as_of` was taken")
        if elsewhere or (assumed and survey.as_of.isoformat() not in note):
            continue
        rule, remedy = next(
            ((rule, remedy) for words, rule, remedy in _KINDS if words in note),
            ("reading", "Good to know."),
        )
        yield Finding(rule=rule, severity="note", count=1, what=note, remedy=remedy)


def mail_addresses(survey: Survey) -> Iterator[Finding]:
    """Mail addresses where they would be shown: as names of segments or owners."""
    funnel = survey.funnel
    columns = {name: survey.segments[name] for name in funnel.segments}
    if funnel.owner is not None:
        columns[funnel.owner] = survey.tallies.owners
    for name, values in columns.items():
        number = sum(n for value, n in values.items() if value and is_mail(value))
        if number:
            yield Finding(
                rule="mail_addresses",
                severity="warning",
                count=number,
                share=share_of(number, sum(values.values())),
                what=f"{have(number, 'record')} a mail address as `{name}`: personal data that "
                "tables and reports would show.",
                remedy="Export a name or a number in its place, or drop the column from the "
                "funnel and list it as `personal`.",
            )


def is_mail(text: str) -> bool:
    """Return whether a text holds what looks like a mail address.

    Examples
    --------
    >>> is_mail("Ann <ann@example.org>"), is_mail("@ home"), is_mail("web")
    (True, False, False)
    """
    name, at, host = text.partition("@")
    return bool(at and name.strip() == name and name and "." in host)


def _either_way(day: dt.date) -> bool:
    return day.day <= 12 and day.day != day.month


def _is(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


RULES = (mail_addresses, zone, zone_on_some, dates_as_told, reading)
