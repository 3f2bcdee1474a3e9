"""`monthly`: the page of the monthly report, each section ready to be shown."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit._core.dates import period_label
from funnelkit.report.page import story
from funnelkit.report.page.beside.asking import asked_elsewhere
from funnelkit.report.page.facts import Facts
from funnelkit.report.page.gather import gather
from funnelkit.report.page.kept import cards_kept, figures_of, past_of
from funnelkit.report.page.page import Page, part
from funnelkit.report.page.sections import (
    adjusted,
    alerts,
    bottlenecks,
    cohorts,
    coming,
    definitions,
    experiments,
    funnel,
    headline,
    moved,
    planned,
    quality,
    restated,
    scorecard,
    segments,
    tested,
    timing,
)
from funnelkit.report.page.source import opened

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.report.workbook import Drawn, Sheet


class MonthlyPage(Page[Facts]):
    """The monthly report: one attribute for each section, in the order of the page.

    Parameters
    ----------
    facts
        Everything that the page says.

    Examples
    --------
    >>> MonthlyPage.names()[:3]
    ('opening', 'headline', 'scorecard')
    """

    opening = part(story.opening)
    headline = part(headline.section)
    scorecard = part(scorecard.section)
    alerts = part(alerts.section)
    funnel = part(funnel.section)
    bottlenecks = part(bottlenecks.section)
    cohorts = part(cohorts.section)
    adjusted = part(adjusted.section)
    moved = part(moved.section)
    restated = part(restated.section)
    coming = part(coming.section)
    plan = part(planned.section)
    experiments = part(experiments.section)
    timing = part(timing.section)
    tested = part(tested.section)
    segments = part(segments.section)
    quality = part(quality.section)
    definitions = part(definitions.section)

    def sheets(self) -> dict[str, Sheet | Drawn]:
        """Return the tables behind the page by name."""
        from funnelkit.report.page.sheets import sheets_of

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
        setting = self.facts.setting
        return {
            "month": period_label(setting.month),
            "in_rates": self.facts.quality.in_rates,
            "figures": figures_of(self.facts),
            "cards": cards_kept(self.facts),
            "past": past_of(self.facts),
        }


def monthly(
    *,
    month: str | None = None,
    config: str | os.PathLike[str] | None = None,
    data: str | Sequence[str] | None = None,
    join: str | Sequence[str] | None = None,
    demo: bool = False,
    only: str | Sequence[str] | Mapping[str, str] | None = None,
    start: str | None = None,
    target: str | None = None,
    segment: str | None = None,
    confidence_level: float = 0.95,
    horizon: int | None = None,
    leads: Leads | None = None,
    expected: Sequence[dict[str, object]] | None = None,
) -> MonthlyPage:
    """Return the page of the monthly report, everything as known at the end of the month.

    Parameters
    ----------
    month
        Month such as ``"2026-10"``; default: the last one that the data hold in full.
    config
        The funnel.yml; without one, and without `leads`, the data are simulated.
    data, join
        Exports to read in place of those that funnel.yml names.
    demo
        Whether to report on simulated data.
    only
        Leads to keep, such as ``"region=EMEA"``.
    start, target
        Stages between which rates are taken; default: the first and the last.
    segment
        Column to split by; default: the first of the funnel.
    confidence_level
        Level of every interval.
    horizon
        Age in days up to which rates are told; default: the last full 30 days to which at least
        20 leads, and one in a hundred, have been followed, or the first by which 98 % of what is
        known has come.
    leads
        Leads already read, in place of `config`.
    expected
        Control totals from the CRM's own report, beside `leads`; see :func:`funnelkit.tie_out`.

    Returns
    -------
    MonthlyPage
        One attribute for each section.

    Raises
    ------
    FunnelError
        If the configuration, the data or an argument cannot be used.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {"id": ["a", "b"], "lead": ["2026-01-05", "2026-01-09"], "won": ["2026-02-01", None]}
    ... )
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2026-01-31")
    >>> monthly(leads=leads).opening.title
    '2 new leads and no wins in January'
    """
    elsewhere = None
    if leads is None and not demo and target is None:  # only one of wins looks ahead
        elsewhere = asked_elsewhere(
            month=month,
            start=start,
            segment=segment,
            confidence_level=confidence_level,
            config=config,
            data=data,
            join=join,
            only=only,
        )
    source = opened(
        config=config, data=data, join=join, demo=demo, only=only, leads=leads, expected=expected
    )
    facts = gather(
        source,
        month=month,
        start=start,
        target=target,
        segment=segment,
        confidence_level=confidence_level,
        horizon=horizon,
        elsewhere=elsewhere,
    )
    return MonthlyPage(facts)
