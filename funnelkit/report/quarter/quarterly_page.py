"""`quarterly`: the page of the quarterly review, each section ready to be shown."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit.report.page.facts import Missing
from funnelkit.report.page.page import Page, part
from funnelkit.report.page.source import opened
from funnelkit.report.periods import written
from funnelkit.report.planning.sections import covered, months, on_one_page
from funnelkit.report.planning.sections import leads as leads_section
from funnelkit.report.quarter.facts import QuarterlyFacts
from funnelkit.report.quarter.gathering import gathered
from funnelkit.report.quarter.sections import against, ahead, definitions, opening, trends

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.report.workbook import Drawn, Sheet


class QuarterlyPage(Page[QuarterlyFacts]):
    """The quarterly review: one attribute for each section, in the order of the page.

    Parameters
    ----------
    facts
        Everything that the page says.

    Examples
    --------
    >>> QuarterlyPage.names()[:4]
    ('opening', 'trends', 'against', 'pace')
    """

    opening = part(opening.opening)
    trends = part(trends.section)
    against = part(against.section)
    pace = part(ahead.pace)
    board = part(ahead.of_plan(on_one_page.section))
    months = part(ahead.of_plan(months.section))
    leads = part(ahead.of_plan(leads_section.section))
    people = part(ahead.people)
    coverage = part(ahead.of_plan(covered.section))
    options = part(ahead.options)
    coming = part(ahead.coming)
    assumptions = part(ahead.assumptions)
    definitions = part(definitions.section)

    def sheets(self) -> dict[str, Sheet | Drawn]:
        """Return the tables behind the page by name."""
        from funnelkit.report.quarter.sheets import sheets_of

        return {**sheets_of(self.facts)}

    def terms(self) -> Any:
        """Return the terms of the page with their meaning."""
        return definitions.defined(self.facts)

    @property
    def as_of(self) -> dt.date:
        """Last day that the page knows."""
        return self.facts.setting.as_of

    def handed(self) -> dict[str, object]:
        """Return facts for the manifest beside the headline and ``as_of``."""
        return {
            "quarter": written(self.facts.quarter),
            "figures": self.figures(),
        }

    def figures(self) -> dict[str, float | None]:
        """Return the headline figures by name; ``None`` where one is not known."""
        found: dict[str, float | None] = {
            one.key.replace(" ", "_"): one.now.estimate.value if one.now.estimate.known else None
            for one in self.facts.trends
        }
        if isinstance(self.facts.ahead, Missing):
            return found
        return found | {f"plan_{k}": v for k, v in self.facts.ahead.plan.figures().items()}


def quarterly(
    *,
    quarter: str | None = None,
    month: str | None = None,
    config: str | os.PathLike[str] | None = None,
    data: str | Sequence[str] | None = None,
    join: str | Sequence[str] | None = None,
    demo: bool = False,
    only: str | Sequence[str] | Mapping[str, str] | None = None,
    segment: str | None = None,
    confidence_level: float = 0.95,
    leads: Leads | None = None,
) -> QuarterlyPage:
    """Return the quarterly review: trends, plan against actual, the plan of the quarters to come.

    Parameters
    ----------
    quarter
        Fiscal quarter such as ``"2026-Q3"``; default: the last one that the data hold in full.
    month
        Month at whose end the world is looked at; default: all data.
    config
        The funnel.yml; without one, and without `leads`, the data are simulated, and so are
        targets and people. It names ``targets`` and ``team`` for the plan of the quarters to come,
        and ``plans``, the folder of earlier plans, to be held against what came.
    data, join
        Exports to read in place of those that funnel.yml names.
    demo
        Whether to report on simulated data.
    only
        Leads to keep, such as ``"region=EMEA"``.
    segment
        Column whose values are the channels; default: that of the table of spend, or the funnel's
        first.
    confidence_level
        Level of the intervals of the trends; those of the plan are 80 %.
    leads
        Leads already read, in place of `config`.

    Returns
    -------
    QuarterlyPage
        One attribute for each section.

    Raises
    ------
    FunnelError
        If the configuration, the data or an argument cannot be used.

    Notes
    -----
    One model of the funnel is fitted, and read by the plan and by the comparison with the last
    one. Without a kept plan, the comparison is with the plan that would have been made on the eve
    of the quarter, for which a model is fitted to what was known then.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {"id": ["a", "b"], "lead": ["2026-01-05", "2026-01-09"], "won": ["2026-02-01", None]}
    ... )
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2026-03-31")
    >>> quarterly(leads=leads).opening.title
    '1 win in 2026 Q1'
    """
    source = opened(config=config, data=data, join=join, demo=demo, only=only, leads=leads)
    facts = gathered(
        source, quarter=quarter, month=month, segment=segment, confidence_level=confidence_level
    )
    return QuarterlyPage(facts)
