"""Where won deals are lost: clear gaps, deals let go, and open deals that have gone quiet."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core import display
from funnelkit._core.errors import DataError, EvidenceError
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.terms import readable
from funnelkit.report.trying.facts import Leak

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.metrics import PipelineAgeing
    from funnelkit.rates import Diagnosis


def leaks_of(leads: Leads, ageing: PipelineAgeing | None) -> tuple[Leak, ...] | Missing:
    """Return where most is lost, the one to speak of first at the head; or what it would need.

    A step that lies clearly below what it is held against comes first, since it is a gap that can
    be closed; then come the places where most won deals are lost. They overlap, so that they are
    not to be added up.
    """
    from funnelkit.rates import diagnose

    try:
        found = diagnose(leads)
        if found.bottleneck is None and leads.funnel.segments:
            found = _beside_segments(leads, found)
    except (EvidenceError, DataError) as error:
        return Missing(f"It needs more: {error}")
    lost = [*_let_go(found), *_stale(found, ageing)]
    ordered = sorted(lost, key=lambda leak: (-leak.won, leak.where))
    leaks = (*_below(found), *ordered)
    if not leaks:
        return Missing(
            "No step lies clearly below what it is held against, and fewer than "
            f"{display.FEWEST} records were lost, or have gone quiet, at any one stage. A column "
            "with the day on which a deal was lost would tell more."
        )
    return leaks


def _beside_segments(leads: Leads, found: Diagnosis) -> Diagnosis:
    """Return the steps beside their best segment, where one of them lies clearly below it."""
    from funnelkit.rates import diagnose

    by = leads.funnel.segments[0]
    try:
        beside = diagnose(leads, by=by, reference="segments")
    except (EvidenceError, DataError):
        return found
    return beside if beside.bottleneck is not None else found


def _below(found: Diagnosis) -> Iterator[Leak]:
    gap = found.bottleneck
    if gap is None:
        return
    step = found.step(gap.start)
    yield Leak(
        kind="below",
        where=display.one_line(f"{readable(step.start)} to {readable(step.target)}"),
        records=step.entered,
        won=gap.won,
        low=max(gap.low, 0.0),
        high=gap.high,
        money=gap.won * step.mean_value,
        against=f"{display.percent(gap.reference)}, {gap.against}",
    )


def _let_go(found: Diagnosis) -> Iterator[Leak]:
    for step in found.steps:
        if step.enough and step.left >= display.FEWEST and step.leaked > 0:
            yield Leak(
                kind="let go",
                where=display.one_line(readable(step.start)),
                records=step.left,
                won=step.leaked,
                low=step.left * step.low * step.onward,
                high=step.left * step.high * step.onward,
                money=step.leaked * step.mean_value,
            )


def _stale(found: Diagnosis, ageing: PipelineAgeing | None) -> Iterator[Leak]:
    if ageing is None:
        return
    counts = np.where(ageing.is_stale, ageing.book.n, 0).sum(axis=(0, 2))
    stale = dict(zip(ageing.book.stages, counts.tolist(), strict=True))
    for step in found.steps:
        n = int(stale.get(step.start, 0))
        if n >= display.FEWEST and step.enough and math.isfinite(step.worth):
            yield Leak(
                kind="stale",
                where=display.one_line(readable(step.start)),
                records=n,
                won=n * step.worth,
                low=n * step.low * step.onward,
                high=n * step.high * step.onward,
                money=n * step.worth * step.mean_value,
            )
