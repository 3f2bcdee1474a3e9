"""Exports that hold the current stage only: what can be said from them, and what cannot."""

from __future__ import annotations

from collections.abc import Iterator

from funnelkit._core import display
from funnelkit.data.finding import Finding, share_of
from funnelkit.data.survey import Survey

_SHOWN = 6


def current_stage_only(survey: Survey) -> Iterator[Finding]:
    """Stages of which nothing but the current one is known."""
    funnel, totals = survey.funnel, survey.totals
    if funnel.status is None or funnel.status_date_means == "change" or not totals["kept"]:
        return
    last = len(funnel.stages) - 1
    steps = [s for k, s in enumerate(funnel.stages) if k < last and not totals[f"dated_{k}"]]
    told = steps or [one for s in funnel.stages[:last] for one in _several(survey, s)]
    if not told:
        return
    names = [f"`{display.one_line(one)}`" for one in told[:_SHOWN]]
    if len(told) > _SHOWN:
        names.append(f"{len(told) - _SHOWN} more")
    left_out = " (the stage table leaves them out)" if {*steps} - {funnel.stages[0]} else ""
    yield Finding(
        rule="current_stage_only",
        severity="warning" if steps else "note",
        count=totals["kept"] if steps else totals["open"],
        share=share_of(totals["kept"] if steps else totals["open"], totals["kept"]),
        what=f"`{funnel.status}` is the current stage only: {display.listed(names)} "
        f"{'has' if len(told) == 1 else 'have'} no day of entry.",
        remedy=f"Known: {_known(survey)}. Not known: how many ever came to a stage between, since "
        "a record that left does not say how far it had come; so no rate or lag from one of these "
        f"stages to another{left_out}, and no stage on an earlier day. Export the history of "
        "stages, or the days on which they were entered.",
    )


def _several(survey: Survey, stage: str) -> list[str]:
    """Return the statuses that mean a stage, where they are several."""
    statuses = survey.funnel.statuses_of(stage)
    return list(statuses) if len(statuses) > 1 else []


def _known(survey: Survey) -> str:
    """Return what can be said from such an export."""
    funnel, totals = survey.funnel, survey.totals
    won, start = f"`{funnel.won}`", f"`{funnel.stages[survey.start]}`"
    dated = bool(totals[f"dated_{survey.start}"])
    exits = display.listed([f"`{name}`" for name in funnel.exits], last="or")
    said = ["how many records are at each stage now"]
    if dated:
        said.append(f"how many of those that entered {start} are {won} by now, month by month")
    if funnel.exits:
        said.append(f"{won} as a share of {won} and {exits}")
    ends = [won] if totals["won"] > totals["won_undated"] else []
    ends += [exits] if totals["left"] > totals["left_undated"] else []
    if dated and ends:
        said.append(f"the days from {start} to {display.listed(ends)}")
    return "; ".join(said)


RULES = (current_stage_only,)
