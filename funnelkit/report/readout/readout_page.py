"""`experiment`: the readout of an experiment, each section ready to be shown."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.report.kinds import choices
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.page import Page, part
from funnelkit.report.page.source import opened, part_of
from funnelkit.report.readout.facts import ReadoutFacts
from funnelkit.report.readout.gathering import gathered
from funnelkit.report.readout.sections import arms, course, effects, opening, trust
from funnelkit.report.workbook import Drawn, Sheet

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.experiment import Design


class ReadoutPage(Page[ReadoutFacts]):
    """The readout of an experiment: one attribute for each section, in the order of the page.

    Parameters
    ----------
    facts
        Everything that the page says.

    Examples
    --------
    >>> ReadoutPage.names()[:3]
    ('opening', 'effects', 'followed')
    """

    opening = part(opening.opening)
    effects = part(effects.section)
    followed = part(arms.followed)
    looks = part(course.looks)
    stages = part(course.stages)
    timing = part(course.timing)
    groups = part(arms.groups)
    guards = part(trust.guards)
    declared = part(trust.declared)
    definitions = part(trust.definitions)

    def sheets(self) -> dict[str, Sheet | Drawn]:
        """Return the tables behind the page by name."""
        view = self.facts.view
        if isinstance(view, Missing):
            return {"Declared": self._declared()}
        found: dict[str, Sheet | Drawn] = {
            "Metrics": Sheet("Every metric with its effect", view.to_frame(), view.summary()),
            "Variants": Sheet("Who was followed", view.arms),
        }
        for name, test in view.looks.items():
            found[f"Looks {name}"[:31]] = Sheet(f"Planned looks of {name}", test.to_frame())
        for name, family in view.stages.items():
            found[f"Stages {name}"[:31]] = Sheet(f"Every stage of {name}", family.to_frame())
        for name, one in view.lagged.items():
            found[f"Timing {name}"[:31]] = Sheet(f"More or sooner, {name}", one.to_frame())
        found["Guards"] = Sheet("What was checked", view.guards.to_frame())
        return {**found, "Declared": self._declared()}

    def _declared(self) -> Sheet:
        import pandas as pd

        told = trust.declaration(self.facts)
        frame = pd.DataFrame(told, columns=["what", "declared"])
        return Sheet("What was declared beforehand", frame, self.facts.design.summary())

    def terms(self) -> Any:
        """Return the terms of the page with their meaning."""
        return trust.defined(self.facts)

    @property
    def as_of(self) -> dt.date:
        """Last day that the page knows."""
        return self.facts.as_of

    def handed(self) -> dict[str, object]:
        """Return facts for the manifest beside the headline and ``as_of``."""
        view = self.facts.view
        told = {} if isinstance(view, Missing) else {"decision": view.decision.kind}
        return {
            "experiment": display.one_line(self.facts.design.name),
            **told,
        }


def experiment(
    *,
    experiment: str | None = None,
    month: str | None = None,
    config: str | os.PathLike[str] | None = None,
    data: str | Sequence[str] | None = None,
    join: str | Sequence[str] | None = None,
    demo: bool = False,
    only: str | Sequence[str] | Mapping[str, str] | None = None,
    segment: str | None = None,
    confidence_level: float = 0.95,
    leads: Leads | None = None,
    design: Design | None = None,
) -> ReadoutPage:
    """Return the readout of an experiment: what to do, how sure that is, what to beware of.

    Parameters
    ----------
    experiment
        Its name in funnel.yml; default: the only one.
    month
        Month such as ``"2026-10"`` at whose end the world is looked at; default: all data.
    config
        The funnel.yml that declares it under ``experiments``; without one, and without `leads`,
        leads and experiment are simulated.
    data, join
        Exports to read in place of those that funnel.yml names.
    demo
        Whether to report on simulated data.
    only
        Leads to keep, such as ``"region=EMEA"``.
    segment
        Column by whose groups the primary metric is told; default: every one of the funnel.
    confidence_level
        Level of every interval; what decides is the alpha that was declared.
    leads
        Leads already read, in place of `config`.
    design
        The declaration beside `leads`; see :func:`funnelkit.experiment.design`.

    Returns
    -------
    ReadoutPage
        One attribute for each section.

    Raises
    ------
    FunnelError
        If the configuration, the data or an argument cannot be used.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame({"id": [1, 2], "v": ["A", "B"], "won": [None, None]})
    >>> export["lead"] = "2026-01-05"
    >>> funnel = fk.Funnel(["lead", "won"], id="id", segments=["v"])
    >>> leads = fk.from_frame(export, funnel, as_of="2026-01-31")
    >>> test = fk.experiment.design("New page", ["A", "B"], assignment="v")
    >>> experiment(leads=leads, design=test).opening.title
    'New page: too early to read'
    """
    if (leads is None) != (design is None):
        raise ArgumentError("`leads` and `design` belong together: name both or neither.")
    if leads is None and (config is None or demo):
        from funnelkit.report.readout.example import simulated_source

        source = simulated_source()
        source = source if only is None else part_of(source, choices("only", only))
    else:
        source = opened(config=config, data=data, join=join, only=only, leads=leads)
    facts = gathered(
        source,
        source.experiments if design is None else (design,),
        experiment=experiment,
        month=month,
        segment=segment,
        confidence_level=confidence_level,
    )
    return ReadoutPage(facts)
