"""`daily`: the page of the daily report, one screen of new leads and activities."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from funnelkit._core.dates import day_name
from funnelkit.report.day import sections
from funnelkit.report.day.facts import DayFacts, gather
from funnelkit.report.page.facts import Missing
from funnelkit.report.page.kept import cards_shown
from funnelkit.report.page.page import Page, part
from funnelkit.report.week.weekly_page import Only, opened_with_past

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.report.workbook import Drawn, Sheet


class DailyPage(Page[DayFacts]):
    """The daily report: one attribute for each section, in the order of the page.

    Parameters
    ----------
    facts
        Everything that the page says.

    Examples
    --------
    >>> DailyPage.names()
    ('opening', 'figures', 'details')
    """

    opening = part(sections.opening)
    figures = part(sections.figures)
    details = part(sections.details)

    def sheets(self) -> dict[str, Sheet | Drawn]:
        """Return the tables behind the page by name."""
        from funnelkit.report.week.sheets import activities_frame, deals_frame, entries_frame
        from funnelkit.report.workbook import Sheet

        facts, day = self.facts, day_name(self.facts.span.until)
        moved = deals_frame(facts.movement.moved)
        found: dict[str, Sheet | Drawn] = {
            "Entries": Sheet("First entries on that day of the week", entries_frame(facts.entries)),
            "Deals that moved": Sheet(f"Deals that moved, {day}", moved),
        }
        if not isinstance(facts.activities, Missing):
            found["Activities"] = Sheet(f"Activities, {day}", activities_frame(facts.activities))
        return found

    def terms(self) -> Any:
        """Return the terms of the page with their meaning."""
        return sections.terms(self.facts.span)

    @property
    def as_of(self) -> dt.date:
        """Last day that the page knows."""
        return self.facts.span.until

    def handed(self) -> dict[str, object]:
        """Return facts for the manifest beside the headline and ``as_of``."""
        return {"cards": cards_shown(self.figures), "past": self.facts.movement.past}


def daily(
    *,
    day: str | None = None,
    month: str | None = None,
    config: str | os.PathLike[str] | None = None,
    data: str | Sequence[str] | None = None,
    join: str | Sequence[str] | None = None,
    demo: bool = False,
    only: Only = None,
    segment: str | None = None,
    confidence_level: float = 0.95,
    leads: Leads | None = None,
    before: Leads | None = None,
) -> DailyPage:
    """Return the page of the daily report, everything as known at the day's end.

    Parameters
    ----------
    day
        Day such as ``"2026-11-20"``; default: the last one of the data.
    month
        Month at whose last day the world is looked at; default: the end of the data.
    config
        The funnel.yml; without one, and without `leads`, the data are simulated.
    data, join
        Exports to read in place of those that funnel.yml names.
    demo
        Whether to report on simulated data.
    only
        Leads to keep, such as ``"region=EMEA"``; activities, which are of all leads, are then left
        out.
    segment
        Column to split new leads by; default: the first of the funnel.
    confidence_level
        Level of every interval.
    leads
        Leads already read, in place of `config`.
    before
        The export of the day before, beside `leads`; see :func:`funnelkit.movement`.

    Returns
    -------
    DailyPage
        One attribute for each section.

    Raises
    ------
    FunnelError
        If the configuration, the data or an argument cannot be used.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {"id": ["a", "b"], "lead": ["2026-01-05", "2026-01-30"], "won": ["2026-01-30", None]}
    ... )
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"]), as_of="2026-01-30")
    >>> daily(leads=leads).opening.title
    '1 new lead and 1 win'
    """
    from funnelkit.report.kinds import day as checked_day

    source, beside = opened_with_past(
        config=config, data=data, join=join, demo=demo, only=only, leads=leads, before=before
    )
    facts = gather(
        source,
        beside,
        day=None if day is None else checked_day("day", day),
        month=month,
        segment=segment,
        confidence_level=confidence_level,
    )
    return DailyPage(facts)
