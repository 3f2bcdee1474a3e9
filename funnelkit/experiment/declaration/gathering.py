"""What an experiment is asked of its leads: who is in which variant, and what came of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, numbered
from funnelkit.experiment.declaration.declared import Design
from funnelkit.experiment.declaration.measuring import Counted, window_of

if TYPE_CHECKING:
    from funnelkit.counts.within import Cluster, Window
    from funnelkit.data.assigning import Assignment
    from funnelkit.data.records import Leads

_CLUSTERS: dict[str, Cluster] = {"account": "account", "rep": "rep", "rep-week": "rep"}


def check_fits(design: Design, leads: Leads) -> None:
    """Refuse what does not fit the funnel, all at once."""
    funnel = leads.funnel
    problems = []
    if design.unit == "visitor":
        problems.append('`unit` "visitor" is known as counts only: give `analyse` counts')
    if funnel.apart:
        names = display.listed([f"`{name}`" for name in funnel.apart])
        problems.append(
            f"the leads keep businesses apart by {names}: take one with `leads.only(…)`, or all "
            "with `leads.pooled()`"
        )
    start = design.start or funnel.stages[0]
    for metric in design.metrics:
        begin, target = metric.start or start, metric.stage or funnel.won
        try:
            funnel.way(begin, target)
        except ArgumentError as error:
            problems.append(str(error).rstrip("."))
        if metric.kind != "rate" and funnel.value is None:
            problems.append(f"the funnel names no `value`, so there is no {metric.kind}")
    if problems:
        raise ArgumentError(f"{display.one_line(design.name)}: {numbered(problems)}")


def assigned(
    design: Design,
    leads: Leads,
    start: str,
    *,
    column: str | None = None,
    last: dt.date | None = None,
) -> Assignment:
    """Return leads with their variant, and refuse variants that are not as declared."""
    from funnelkit.data.assigning import assign

    if column is not None:  # as it was found before, up to another day
        return assign(leads, column, start=start, unit="lead", last=last)
    found = assign(
        leads,
        design.assignment,
        start=start,
        unit="lead" if design.unit == "visitor" else design.unit,
        first=design.starts,
        last=design.ends,
    )
    records = dict(zip(found.records["variant"], found.records["records"], strict=True))
    problems = []
    if lacking := [name for name in design.variants if name not in records]:
        problems.append(f"nobody is in {display.listed([repr(name) for name in lacking])}")
    if more := [name for name in records if name not in design.variants]:
        told = [f"{display.one_line(name)[:40]!r} ({records[name]:,})" for name in more[:5]]
        also = f" and {len(more) - 5} more" if len(more) > 5 else ""
        problems.append(
            f"{display.plural(len(more), 'variant')} not declared: {', '.join(told)}{also}; "
            "declare them in `variants`, or leave their records out with `leads.only(…)`"
        )
    if problems:
        raise ArgumentError(f"{display.one_line(design.name)}: {numbered(problems)}")
    return found


def counted_within(
    design: Design,
    assignment: Assignment,
    start: str,
    *,
    only: Sequence[Window] | None = None,
    **money: Any,
) -> Counted:
    """Return what came of each variant within all windows that are asked, in one scan."""
    from funnelkit.counts.within import within_windows

    leads = assignment.leads
    cluster = _CLUSTERS.get(design.unit)
    if design.unit == "lead" and leads.funnel.account is not None:
        cluster = "account"
    asked = only or [
        *(window_of(metric, design, start, leads.funnel.won) for metric in design.metrics),
        *stage_windows(design, leads, start),
    ]
    windows = list(dict.fromkeys(asked))
    found = within_windows(leads, windows, arm=assignment.column, cluster=cluster, **money)
    return Counted(
        found=found, cluster=cluster, start=start, last=leads.funnel.won, currency=found.currency
    )


def stage_windows(design: Design, leads: Leads, start: str) -> list[Window]:
    """Return the way from the start to each later stage, within the horizon."""
    from funnelkit.counts.within import Window

    stages = leads.funnel.stages
    return [Window(start, stage, design.within) for stage in stages[stages.index(start) + 1 :]]
