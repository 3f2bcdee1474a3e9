"""Rules about recording: steps recorded only from a day on or up to a day, and `recorded_from`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from funnelkit._core import display
from funnelkit._core.dates import period_name
from funnelkit.data.finding import Finding, have, share_of, were
from funnelkit.data.silences import WINDOWS, Start
from funnelkit.data.survey import Survey

SURE = 5.0
"""Expected conversions of which not one came: chance gives that to fewer than 1 in 100."""

_SURE_LATER = 7.0


def recording(survey: Survey) -> Iterator[Finding]:
    """Steps that are recorded only from a day on, long after the first entries."""
    funnel = survey.funnel
    late = [
        one for step in survey.begun if (one := _sure(survey.recorded("begin"), step)) is not None
    ]
    closing = {survey.stages[-1], *survey.exits}
    proposal = max((start.day for start in late if start.step in closing), default=None)
    cured = [start for start in late if proposal is not None and start.day <= proposal]
    if proposal is not None:
        before = sum(n for day, n in survey.entries.items() if day < proposal)
        yield Finding(
            rule="recorded_only_from",
            severity="warning",
            count=before,
            share=share_of(before, sum(survey.entries.values())),
            examples=(proposal.isoformat(),),
            what=" ".join(_silence(survey, start) for start in cured),
            remedy=f'Read with recorded_from="{proposal.isoformat()}": rates then leave out the '
            f"{display.plural(before, 'record')} that entered before"
            f"{_marked(survey, proposal)}. Without it, the early cohorts look falsely low. (If "
            "finished records from before that day are missing from the export, add "
            'before_recording="delayed_entry".)',
        )
    for start in late:
        if start not in cured:
            yield Finding(
                rule="recorded_only_from",
                severity="warning",
                count=start.silent,
                share=share_of(start.silent, sum(survey.entries.values())),
                examples=(start.day.isoformat(),),
                what=_silence(survey, start),
                remedy=f"Was `{funnel.steps[start.step]}` introduced then? Rates to it hold for "
                f'cohorts from {start.day.isoformat()} on; recorded_from="'
                f'{start.day.isoformat()}" keeps to them.',
            )


def recording_ended(survey: Survey) -> Iterator[Finding]:
    """Steps that are no longer recorded, long before the data end."""
    for step in survey.begun:
        stop = _sure(survey.recorded("end"), step)
        if stop is None:
            continue
        name = survey.funnel.steps[step]
        yield Finding(
            rule="recorded_only_until",
            severity="warning",
            count=stop.silent,
            share=share_of(stop.silent, sum(survey.entries.values())),
            examples=(stop.day.isoformat(),),
            what=f"`{name}` is not recorded after {stop.day.isoformat()}, although "
            f"{have(stop.silent, 'record')} entered since then and at least {stop.window} days "
            f"before {survey.as_of.isoformat()}, of which about {display.count(stop.expected)} "
            "should have reached it.",
            remedy=f"Was `{name}` given up, or is a part of the export older? Later cohorts look "
            "falsely low: take an earlier `as_of`, or export again.",
        )


def recorded_from(survey: Survey) -> Iterator[Finding]:
    """What `recorded_from` leaves out."""
    since = survey.leads.recorded_from
    if since is None:
        return
    number = survey.totals["before_recording"]
    if survey.leads.before_recording == "left_out":
        what = (
            f"{were(number, 'record')} left out of rates, having entered before "
            f"{since.isoformat()} (`recorded_from`)."
        )
        remedy = f"As asked{_marked(survey, since)}."
    else:
        what = (
            f"{display.plural(number, 'record')} that entered before {since.isoformat()} "
            f"(`recorded_from`) {'counts' if number == 1 else 'count'} as observed from that day."
        )
        remedy = 'As asked (`before_recording="delayed_entry"`).'
    yield Finding(
        rule="recorded_from",
        severity="note",
        count=number,
        share=share_of(number, number + sum(survey.entries.values())),
        examples=(since.isoformat(),),
        what=what,
        remedy=remedy,
    )


def _sure(found: list[Start], step: int) -> Start | None:
    """Return the shortest window in which silence is no chance."""
    for one in found:
        needed = SURE if one.window == WINDOWS[0] else _SURE_LATER
        if one.step == step and one.expected >= needed:
            return one
    return None


def _silence(survey: Survey, start: Start) -> str:
    return (
        f"`{survey.funnel.steps[start.step]}` is recorded only from {start.day.isoformat()} on, "
        f"although {have(start.silent, 'record')} entered at least {start.window} days before, of "
        f"which about {display.count(start.expected)} should have reached it by then."
    )


def _marked(survey: Survey, day: dt.date) -> str:
    """Return what becomes of the month that a day cuts in two."""
    if day.day == 1:
        return ""
    month = survey.funnel.calendar.period(day, "month")
    return f", and mark {period_name(month)} as partial"


RULES = (recording, recording_ended, recorded_from)
