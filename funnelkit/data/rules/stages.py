"""Rules about stages: their order, those skipped or hardly ever filled, and where records enter."""

from __future__ import annotations

from collections.abc import Iterator

from funnelkit._core import display
from funnelkit.data.finding import Finding, have, share_of, were
from funnelkit.data.survey import Survey

_ENOUGH = 10
_MANY = 20
_HARDLY = 0.05
_NEARLY_ALL = 0.95
_POLICY = {
    "clip": "Such a time was taken to the day of the stage before it, and counts as not observed "
    '(`out_of_order="clip"`).',
    "drop": 'These records were set aside (`out_of_order="drop"`).',
}


def stage_order(survey: Survey) -> Iterator[Finding]:
    """Two stages that most records pass in the other order than the funnel says."""
    names = survey.funnel.stages
    for j, k in survey.swaps:
        both, swapped = survey.totals[f"both_{j}_{k}"], survey.totals[f"swapped_{j}_{k}"]
        if both >= _ENOUGH and swapped > both / 2:
            yield Finding(
                rule="stage_order",
                severity="error",
                count=swapped,
                share=share_of(swapped, both),
                examples=survey.examples(f"swapped_{j}_{k}"),
                what=f"`{names[k]}` comes before `{names[j]}` in {display.count(swapped)} of "
                f"{display.plural(both, 'record')} that have both, and the funnel says the "
                "opposite.",
                remedy=_other_order(survey, j),
            )


def _other_order(survey: Survey, earlier: int) -> str:
    days = {day: n for day, step, n in survey.days if step == earlier and day <= survey.as_of}
    day, number = max(days.items(), key=lambda pair: pair[1])
    if number > sum(days.values()) / 2:
        return (
            f"Most records bear {day.isoformat()} as the day of `{survey.funnel.stages[earlier]}`, "
            "which looks like the day of an import: read that stage from the column that holds "
            "when it really came. No rate over time or lag can be told from these days."
        )
    return "Change the order of `stages`, or the columns they are read from."


def out_of_order(survey: Survey) -> Iterator[Finding]:
    """Stages dated before their predecessor: negative lags."""
    number = survey.totals["out_of_order"]
    if not number:
        return
    names = survey.funnel.stages
    pairs = []
    for (j, k), days in survey.swaps.items():
        many = f" ({display.count(survey.totals[f'swapped_{j}_{k}'])})"
        several = len(survey.swaps) > 1
        pairs.append(f"`{names[k]}` {_days(*days)} before `{names[j]}`{many if several else ''}")
    yield Finding(
        rule="stages_out_of_order",
        severity="warning",
        count=number,
        share=share_of(number, survey.totals["records"]),
        examples=survey.examples("out_of_order"),
        what=f"{have(number, 'record')} a stage dated before the one it follows: "
        f"{display.listed(pairs)}.",
        remedy=_POLICY[survey.funnel.out_of_order],
    )


def stages_reentered(survey: Survey) -> Iterator[Finding]:
    """Stages that a history shows more than once for one record."""
    number = survey.totals.get("again", 0)
    if not number:
        return
    yield Finding(
        rule="stages_reentered",
        severity="note",
        count=number,
        share=share_of(number, survey.totals["kept"]),
        what=f"{display.plural(number, 'record')} entered a stage more than once: "
        f"{_by_stage(survey, 'again')}.",
        remedy="The first entry counts.",
    )


def stages_skipped(survey: Survey) -> Iterator[Finding]:
    """Stages without a date that were passed through."""
    number = survey.totals["filled"]
    if not number:
        return
    yield Finding(
        rule="stages_skipped",
        severity="note",
        count=number,
        share=share_of(number, survey.totals["kept"]),
        what=f"{have(number, 'record')} no date in a stage before one that they reached: "
        f"{_by_stage(survey, 'filled')}.",
        remedy="They count as having passed it, and are left out of rates and lags that start "
        'there (`skipped="fill"`).',
    )


def stages_hardly_filled(survey: Survey) -> Iterator[Finding]:
    """Stages with a column of their own that has a date for almost nobody who passed it."""
    funnel, totals = survey.funnel, survey.totals
    for k in survey.stages[1:-1]:
        name, dated = funnel.stages[k], totals[f"dated_{k}"]
        beyond = totals[f"reached_{k + 1}"] - sum(
            totals[f"entered_{j}"] for j in survey.stages[k + 1 :]
        )
        passed = max(totals[f"reached_{k}"], beyond)
        if funnel.column_of(name) is None or passed < _MANY or dated >= _HARDLY * passed:
            continue
        yield Finding(
            rule="stage_hardly_filled",
            severity="warning",
            count=passed - dated,
            share=share_of(passed - dated, passed),
            examples=(name,),
            what=f"`{name}` has "
            f"{f'a date in {display.count(dated)}' if dated else 'no date in any'} of"
            f" {display.plural(passed, 'record')} that went on beyond it.",
            remedy="Rates to and from it tell of those few only. Check the column it is read "
            "from, or leave it out of `stages`.",
        )


def stages_same_day(survey: Survey) -> Iterator[Finding]:
    """Two stages that nearly always bear one date: nothing can be said of the time between."""
    names = survey.funnel.stages
    for k in survey.stages[1:]:
        both, same = survey.totals[f"both_{k - 1}_{k}"], survey.totals[f"same_{k - 1}_{k}"]
        if both >= _MANY and same >= _NEARLY_ALL * both:
            yield Finding(
                rule="stages_same_day",
                severity="note",
                count=same,
                share=share_of(same, both),
                what=f"`{names[k]}` bears the day of `{names[k - 1]}` in {display.count(same)} of "
                f"{display.plural(both, 'record')} that have both.",
                remedy="Were both dates written at once? Then the time between them was never "
                "recorded, and a lag of 0 days means nothing.",
            )


def late_entries(survey: Survey) -> Iterator[Finding]:
    """Records that never were at the first stage."""
    number = survey.totals["late_entry"]
    if not number or _partners_say_it(survey, number):
        return
    by_stage = [
        f"`{name}` {display.count(survey.totals[f'entered_{k}'])}"
        for k, name in enumerate(survey.funnel.stages)
        if k and survey.totals[f"entered_{k}"]
    ]
    yield Finding(
        rule="first_stage_missing",
        severity="warning",
        count=number,
        share=share_of(number, survey.totals["kept"]),
        examples=survey.examples("late_entry"),
        what=f"{were(number, 'record')} never at `{survey.funnel.stages[0]}`; they first appear "
        f"at {display.listed(by_stage)}.",
        remedy="They are in no denominator of a stage before that; the segment `entered_at` tells "
        "them apart.",
    )


def entries_undated(survey: Survey) -> Iterator[Finding]:
    """Records known from their status only."""
    number = survey.totals["no_day"]
    if number:
        yield Finding(
            rule="entries_undated",
            severity="warning",
            count=number,
            share=share_of(number, survey.totals["kept"]),
            examples=survey.examples("no_day"),
            what=f"{have(number, 'record')} a status and no date of any stage.",
            remedy="They count in totals by stage, and in no cohort, rate over time or lag.",
        )


def _by_stage(survey: Survey, name: str) -> str:
    return display.listed(
        [
            f"`{stage}` {display.count(survey.totals[f'{name}_{k}'])}"
            for k, stage in enumerate(survey.funnel.stages)
            if survey.totals[f"{name}_{k}"]
        ]
    )


def _partners_say_it(survey: Survey, number: int) -> bool:
    """Return whether these are just the ids that joined files miss in the first one."""
    if len(survey.rows.names) < 2:
        return False
    return number == sum(n for inside, n in survey.partners.items() if not inside[0])


def _days(low: int, high: int) -> str:
    return display.plural(low, "day") if low == high else f"{low} to {display.plural(high, 'day')}"


RULES = (
    stage_order,
    out_of_order,
    stages_hardly_filled,
    late_entries,
    entries_undated,
    stages_skipped,
    stages_reentered,
    stages_same_day,
)
