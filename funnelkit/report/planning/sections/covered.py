"""The open pipeline against what the first quarter of the plan needs."""

from __future__ import annotations

import math

from funnelkit._core import display
from funnelkit._core.dates import period_name
from funnelkit.report.page.section import Section
from funnelkit.report.planning.facts import PlanFacts


def section(facts: PlanFacts) -> Section:
    """Return coverage and the pipeline still to create; blank where it cannot be told."""
    found = facts.coverage
    if found is None:
        return Section(key="coverage", eyebrow="Pipeline", title="")
    first, last = (period_name(found.targets.periods[k]) for k in (0, -1))
    span = first if first == last else f"{first} to {last}"
    there = f"; there is {_times(found.there)}" if math.isfinite(found.there) else ""
    return Section(
        key="coverage",
        eyebrow=f"Pipeline for {span}",
        title=f"The open pipeline should be {_times(found.ratio)} what is still to be won{there}",
        lead=display.one_line(found.summary()),
    )


def _times(ratio: float) -> str:
    return f"{ratio:.1f} times"
