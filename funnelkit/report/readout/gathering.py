"""From leads and a declaration to the facts of a readout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError, EvidenceError, unknown
from funnelkit.report.experiments import named
from funnelkit.report.page.gather import of_one_business
from funnelkit.report.page.views.trials import read_out
from funnelkit.report.readout.facts import ReadoutFacts

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.experiment import Design
    from funnelkit.report.page.source import Source


def gathered(
    source: Source,
    designs: Sequence[Design],
    *,
    experiment: str | None = None,
    month: str | None = None,
    segment: str | None = None,
    confidence_level: float = 0.95,
) -> ReadoutFacts:
    """Return everything that the readout of one experiment says.

    Parameters
    ----------
    source
        What the page is made from.
    designs
        The experiments that are declared.
    experiment
        Name of the one to read; ``None``: the only one.
    month
        Month at whose end the world is looked at; ``None``: all data.
    segment
        Column by whose groups the primary metric is told; ``None``: every one of the funnel.
    confidence_level
        Level of every interval.

    Raises
    ------
    DefinitionError
        If no experiment is declared.
    ArgumentError
        If the experiment or the segment is unknown, or several are declared and none is named.
    EvidenceError
        If the data end before the month begins.
    """
    design = chosen(designs, experiment)
    leads = _known(of_one_business(source.leads), month)
    if segment is not None and segment not in leads.funnel.segments:
        raise ArgumentError(f"`segment`: {unknown('column', segment, leads.funnel.segments)}")
    return ReadoutFacts(
        design=design,
        view=read_out(leads, design),
        as_of=leads.as_of,
        start=design.start or leads.funnel.stages[0],
        confidence_level=confidence_level,
        segment=segment,
        title=source.title,
        simulated=source.simulated,
    )


def chosen(designs: Sequence[Design], name: str | None) -> Design:
    """Return the experiment of a name, or the only one.

    Raises
    ------
    DefinitionError
        If none is declared.
    ArgumentError
        If the name is unknown, or several are declared and none is named.
    """
    found = named(designs, [] if name is None else [name])
    if len(found) > 1:
        known = ", ".join(one.name for one in found)
        raise ArgumentError(f"`experiment` is missing: which of {known}?")
    return found[0]


def _known(leads: Leads, month: str | None) -> Leads:
    """Return the leads as known at the end of a month, or of the data if that is earlier."""
    import pandas as pd

    if month is None:
        return leads
    period = pd.Period(month, freq="M")
    if leads.as_of < period.start_time.date():
        raise EvidenceError(
            f"`month` must lie in the data, which end on {leads.as_of.isoformat()}; "
            f"got {period_label(period)}."
        )
    last = min(leads.as_of, period.end_time.date())
    return leads if last == leads.as_of else leads.at(last)
