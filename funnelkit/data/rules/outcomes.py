"""Rules about wins and exits: what is closed, reopened, reversed, undated or missing."""

from __future__ import annotations

from collections.abc import Iterator

from funnelkit._core import display
from funnelkit.data.finding import Finding, have, share_of, were
from funnelkit.data.survey import Survey

_ENOUGH = 20
_DAYS = 10
_TENTH = 0.1
_FAR_MORE = 5


def closed_only(survey: Survey) -> Iterator[Finding]:
    """An export without a single open record."""
    totals, funnel = survey.totals, survey.funnel
    if not totals["kept"] or totals["open"]:
        return
    number = totals["kept"]
    if not totals["won"]:
        yield Finding(
            rule="all_lost",
            severity="error",
            count=number,
            share=1.0,
            what=f"All {display.plural(number, 'record')} {'has' if number == 1 else 'have'} left "
            f"through {_exits(survey)}; none was won.",
            remedy="Such an export supports no conversion rate. Export the open and the won "
            "records as well.",
        )
        return
    left = f" or has left through {_exits(survey)}" if totals["left"] else ""
    yield Finding(
        rule="closed_only",
        severity="error",
        count=number,
        share=1.0,
        what=f"Every one of {display.plural(number, 'record')} is `{funnel.won}`{left}; none is "
        "open.",
        remedy="An export of closed records supports no conversion rate and no lag: recent records "
        "are in it only if they closed quickly. Export the open ones as well.",
    )


def no_conversion(survey: Survey) -> Iterator[Finding]:
    """Not one win."""
    totals = survey.totals
    if totals["kept"] and not totals["won"] and totals["open"]:
        yield Finding(
            rule="no_conversion",
            severity="warning",
            count=totals["kept"],
            share=1.0,
            what=f"None of {display.plural(totals['kept'], 'record')} has reached "
            f"`{survey.funnel.won}` up to {survey.as_of.isoformat()}.",
            remedy="Check the column it is read from, and `as_of`.",
        )


def no_exits(survey: Survey) -> Iterator[Finding]:
    """No way to tell "never" from "not yet"."""
    totals, funnel = survey.totals, survey.funnel
    if not totals["kept"]:
        return
    if not funnel.exits:
        yield Finding(
            rule="no_exits",
            severity="note",
            count=totals["open"],
            share=share_of(totals["open"], totals["kept"]),
            what="The funnel has no exits: of "
            f"{display.plural(totals['open'], 'open record')} those that will never convert cannot "
            "be told from those that have not yet.",
            remedy="If lost records are marked, name their column with `exits`.",
        )
    elif not totals["left"]:
        yield Finding(
            rule="no_exits",
            severity="warning",
            count=totals["open"],
            share=share_of(totals["open"], totals["kept"]),
            what=f"No record has left through {_exits(survey)}: never cannot be told from not yet.",
            remedy="Check the column, or whether lost records are in the export at all.",
        )


def undated_outcomes(survey: Survey) -> Iterator[Finding]:
    """Won or lost by status, without a day."""
    won, left = survey.totals["won_undated"], survey.totals["left_undated"]
    number = won + left
    if not number:
        return
    parts = [
        f"{display.count(n)} {word}"
        for n, word in ((won, f"`{survey.funnel.won}`"), (left, "left"))
        if n
    ]
    yield Finding(
        rule="outcomes_undated",
        severity="warning",
        count=number,
        share=share_of(number, survey.totals["won"] + survey.totals["left"]),
        examples=survey.examples("closed_undated"),
        what=f"{were(number, 'record')} closed on a day that is not known "
        f"({display.listed(parts)}).",
        remedy="They count as closed by the end of the data, at an age that was not observed. Fill "
        "the closing date.",
    )


def reopened(survey: Survey) -> Iterator[Finding]:
    """Exits that were followed by a stage."""
    number = survey.totals["reopened"]
    last = survey.funnel.reopened == "last"
    if number:
        yield Finding(
            rule="exits_reopened",
            severity="note",
            count=number,
            share=share_of(number, survey.totals["records"]),
            examples=survey.examples("reopened"),
            what=f"{were(number, 'record')} at a later stage again after an exit.",
            remedy='Such an exit counts as none (`reopened="last"`).'
            if last
            else 'The exit ended the record, and later stages are ignored (`reopened="first"`).',
        )
    number = survey.totals["early_exit"]
    if number:
        yield Finding(
            rule="exit_before_entry",
            severity="warning",
            count=number,
            share=share_of(number, survey.totals["records"]),
            examples=survey.examples("early_exit"),
            what=f"{have(number, 'record')} an exit dated before the first stage.",
            remedy=_early_exit_means(survey),
        )


def reversed_wins(survey: Survey) -> Iterator[Finding]:
    """Wins that were lost later."""
    number = survey.totals["reversed"]
    if number:
        yield Finding(
            rule="wins_reversed",
            severity="warning",
            count=number,
            share=share_of(number, survey.totals["won"] + number),
            examples=survey.examples("reversed"),
            what=f"{were(number, 'record')} won, and later left.",
            remedy="They count as left and not as won; their money is not in the money won.",
        )


def exits_unused(survey: Survey) -> Iterator[Finding]:
    """Some exits that nobody took, beside others that are used."""
    unused = [survey.funnel.steps[e] for e in survey.exits if not survey.totals[f"exit_{e}"]]
    if unused and survey.totals["left"]:
        yield Finding(
            rule="exit_unused",
            severity="note",
            count=len(unused),
            share=share_of(len(unused), len(survey.exits)),
            examples=tuple(unused[:5]),
            what=f"No record has left through "
            f"{display.listed([f'`{name}`' for name in unused], last='or')}.",
            remedy="Check the column it is read from, or drop it from `exits`.",
        )


def older_than_any_closed(survey: Survey) -> Iterator[Finding]:
    """Open records that are older than any record was when it closed."""
    if not survey.totals["left"]:
        return
    closed, most, older, age = survey.longest
    if closed >= _ENOUGH and older:
        yield Finding(
            rule="open_beyond_closed",
            severity="note",
            count=older,
            share=share_of(older, survey.totals["open"]),
            examples=survey.examples("older"),
            what=f"{display.plural(older, 'open record')} {'is' if older == 1 else 'are'} older "
            f"than any was when it closed ({display.plural(most, 'day')}); the middle one of all "
            f"open records is {display.plural(age, 'day')} old.",
            remedy="Nothing is known of what becomes of such records; they may have been "
            "forgotten. Ask for them to be closed.",
        )


def mass_closing(survey: Survey) -> Iterator[Finding]:
    """An outcome that a day of its own holds much of: records closed at one stroke."""
    for step in (survey.stages[-1], *survey.exits):
        counted = {day: n for day, k, n in survey.days if k == step and day <= survey.as_of}
        total = sum(counted.values())
        if total < _ENOUGH or len(counted) < _DAYS:
            continue
        (day, number), (_, next_most) = sorted(
            counted.items(), key=lambda pair: (-pair[1], pair[0])
        )[:2]
        if number >= max(_ENOUGH, _TENTH * total) and number >= _FAR_MORE * next_most:
            yield Finding(
                rule="mass_closing",
                severity="warning",
                count=number,
                share=share_of(number, total),
                examples=(day.isoformat(),),
                what=f"{display.count(number)} of {display.plural(total, 'record')} with a date of "
                f"`{survey.funnel.steps[step]}` bear {day.isoformat()}; no other day has more than "
                f"{display.count(next_most)}. They seem to have been closed at one stroke.",
                remedy="How long they took says when somebody cleaned up, not when they were "
                "decided.",
            )


def _early_exit_means(survey: Survey) -> str:
    if survey.funnel.reopened == "first":
        return "It was taken to the day of entry."
    if survey.funnel.status is not None:
        return "Those whose status says so count as left, on a day that is not known."
    return (
        "It is read as an exit that was reopened, so that the record is open again. Correct the "
        "date if it is not so."
    )


def _exits(survey: Survey) -> str:
    return display.listed([f"`{name}`" for name in survey.funnel.exits], last="or")


RULES = (
    closed_only,
    no_conversion,
    reversed_wins,
    undated_outcomes,
    reopened,
    no_exits,
    mass_closing,
    exits_unused,
    older_than_any_closed,
)
