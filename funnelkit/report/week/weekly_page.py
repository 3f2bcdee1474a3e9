"""`weekly`: the page of the weekly pipeline report, each section ready to be shown."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit._core.dates import period_label
from funnelkit.report.kinds import choices
from funnelkit.report.page.kept import cards_shown
from funnelkit.report.page.page import Page, part
from funnelkit.report.page.source import Source, opened, part_of
from funnelkit.report.week.facts import WeekFacts
from funnelkit.report.week.gather import Beside, gather
from funnelkit.report.week.moving import Archived, Part, only_of
from funnelkit.report.week.sections import (
    acted,
    aged,
    aimed,
    checked,
    entered,
    headline,
    moved,
    opening,
    talked,
)

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.report.workbook import Drawn, Sheet

Only = str | Sequence[str] | Mapping[str, str] | None
"""Leads to keep, as every report is told them."""


class WeeklyPage(Page[WeekFacts]):
    """The weekly pipeline report: one attribute for each section, in the order of the page.

    Parameters
    ----------
    facts
        Everything that the page says.

    Examples
    --------
    >>> WeeklyPage.names()[:3]
    ('opening', 'headline', 'talk')
    """

    opening = part(opening.section)
    headline = part(headline.section)
    talk = part(talked.section)
    movement = part(moved.section)
    target = part(aimed.section)
    ageing = part(aged.section)
    leads = part(entered.section)
    activities = part(acted.section)
    quality = part(checked.quality)
    definitions = part(checked.definitions)

    def sheets(self) -> dict[str, Sheet | Drawn]:
        """Return the tables behind the page by name."""
        from funnelkit.report.week.sheets import sheets_of

        return {**sheets_of(self.facts)}

    def terms(self) -> Any:
        """Return the terms of the page with their meaning."""
        return checked.defined(self.facts.span)

    @property
    def as_of(self) -> dt.date:
        """Last day that the page knows."""
        return self.facts.span.until

    def handed(self) -> dict[str, object]:
        """Return facts for the manifest beside the headline and ``as_of``."""
        return {
            "week": period_label(self.facts.span.period),
            "cards": cards_shown(self.headline),
            "past": self.facts.movement.past,
        }


def weekly(
    *,
    week: str | None = None,
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
) -> WeeklyPage:
    r"""Return the page of the weekly pipeline report, everything as known at the week's end.

    Parameters
    ----------
    week
        Week such as ``"2026-W47"``, or a day in it; default: the last one that the data hold in
        full.
    month
        Month at whose end the world is looked at; default: the end of the data.
    config
        The funnel.yml; without one, and without `leads`, the data are simulated. The folder
        ``archive`` beside it, where there is one, tells amounts and plans as they were.
    data, join
        Exports to read in place of those that funnel.yml names.
    demo
        Whether to report on simulated data.
    only
        Leads to keep, such as ``"region=EMEA"``; activities and targets, which are of all leads,
        are then left out.
    segment
        Column to split new leads by; default: the first of the funnel.
    confidence_level
        Level of every interval.
    leads
        Leads already read, in place of `config`.
    before
        The export of the week's eve, beside `leads`; see :func:`funnelkit.movement`.

    Returns
    -------
    WeeklyPage
        One attribute for each section.

    Raises
    ------
    FunnelError
        If the configuration, the data or an argument cannot be used.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {
    ...         "id": ["a", "b"],
    ...         "deal": ["2026-01-05", "2026-01-14"],
    ...         "won": ["2026-01-20", None],
    ...         "lost": None,
    ...         "amount": [100, 40],
    ...     }
    ... )
    >>> funnel = fk.Funnel(["deal", "won"], exits=["lost"], value="amount")
    >>> page = weekly(leads=fk.from_frame(export, funnel, as_of="2026-01-25"))
    >>> page.opening.title.replace("\u202f", " ")
    'Open pipeline down 71 % to 40; more was won than lost'
    """
    from funnelkit.report.kinds import week as checked_week

    source, beside = opened_with_past(
        config=config, data=data, join=join, demo=demo, only=only, leads=leads, before=before
    )
    facts = gather(
        source,
        beside,
        week=None if week is None else checked_week("week", week),
        month=month,
        segment=segment,
        confidence_level=confidence_level,
    )
    return WeeklyPage(facts)


def opened_with_past(
    *,
    config: str | os.PathLike[str] | None,
    data: str | Sequence[str] | None,
    join: str | Sequence[str] | None,
    demo: bool,
    only: Only,
    leads: Leads | None,
    before: Leads | None,
) -> tuple[Source, Beside]:
    """Return what a page of days is made from, and the earlier exports that stand beside it.

    Raises
    ------
    FunnelError
        If the configuration, the data or an argument cannot be used.
    """
    kept = () if only is None else tuple(choices("only", only))
    if leads is None and (config is None or demo):
        from funnelkit.report.week.example import example_source

        source, exports, targets = example_source()
        if kept:
            source = part_of(source, kept)
            return source, Beside(archive=Part(exports, kept), whole=False)
        return source, Beside(archive=exports, targets=targets)
    source = opened(config=config, data=data, join=join, only=only, leads=leads)
    archive = _archive(config) if leads is None and config is not None else None
    if kept and archive is not None:
        archive = Part(archive, kept)
    if kept and before is not None:
        before = only_of(before, kept)
    return source, Beside(archive=archive, before=before, targets=source.targets, whole=not kept)


def _archive(config: str | os.PathLike[str]) -> Archived | None:
    """Return the archive beside a funnel.yml, where there is one."""
    from funnelkit.data.archive import open_archive
    from funnelkit.report.config import load_config

    setup = load_config(config, check_files=False)
    if not setup.archive_folder.is_dir():
        return None
    return open_archive(setup.archive_folder, setup.funnel)
