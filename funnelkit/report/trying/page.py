"""`TrialPage`: the page of a first look, each section ready to be shown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, cast

from funnelkit._core import display
from funnelkit._core.dates import day_name, period_label
from funnelkit.report.page.facts import Facts, Missing
from funnelkit.report.page.markup import join
from funnelkit.report.page.page import Page, part
from funnelkit.report.page.section import Opening, Section
from funnelkit.report.page.sections import adjusted, tested
from funnelkit.report.page.terms import capital
from funnelkit.report.trying import sections
from funnelkit.report.trying.facts import TrialFacts

DRAFT = "DRAFT"


def opening(facts: TrialFacts) -> Opening:
    """Return the top of the page: what was found first of all, and that it is a draft."""
    setting, terms = facts.setting, facts.setting.terms
    route = f"{capital(terms.label(terms.start))} to {terms.label(terms.target)}"
    won = facts.reached.get(terms.target, 0)
    entered = facts.reached.get(terms.start, 0)
    return Opening(
        report=f"{DRAFT}: a first look",
        title=f"Draft: {headline(facts)}",
        about=route,
        meta=(
            ("Funnel", route),
            ("Data through", day_name(setting.as_of)),
            (capital(terms.leads), display.count(entered)),
            (capital(terms.wins), display.count(won)),
            ("Open", display.count(facts.open)),
        ),
        story=(),
        reading=join(f"As a draft: {draft_said(facts)}"),
    )


def headline(facts: TrialFacts) -> str:
    """Return the biggest leak, else how the newest cohort stands."""
    if facts.leak is not None:
        return sections.leak_title(facts.leak, facts.setting)
    if isinstance(facts.cohorts, Missing):
        return sections.rows_title(facts)
    return adjusted.title_of(facts.cohorts, facts.setting)


def draft_said(facts: TrialFacts) -> str:
    """Return why it is a draft, with the stages that were guessed."""
    steps = [f"{display.one_line(name)} ({display.count(n)})" for name, n in facts.reached.items()]
    return (
        f"the stages were guessed from {facts.guessed}. Records reached "
        f"{display.listed(steps)}. Check that before you act on a figure."
    )


def months(facts: TrialFacts) -> Section:
    """Return the last months, how much of each is in, and where they will end."""
    return adjusted.section(_as_report(facts))


def back_test(facts: TrialFacts) -> Section:
    """Return how far off the same method would have been in earlier months."""
    return tested.section(_as_report(facts))


def _as_report(facts: TrialFacts) -> Facts:
    """Return the facts for sections of reports that look at setting, cohorts and tested alone."""
    return cast("Facts", facts)


class TrialPage(Page[TrialFacts]):
    """The page of a first look: one attribute for each section, in the order of the page.

    Parameters
    ----------
    facts
        Everything that the page says.

    Examples
    --------
    >>> TrialPage.names()
    ('opening', 'rows', 'months', 'back_test', 'leak', 'deals', 'config')
    """

    opening = part(opening)
    rows = part(sections.rows)
    months = part(months)
    back_test = part(back_test)
    leak = part(sections.leak)
    deals = part(sections.deals)
    config = part(sections.config)

    def sheets(self) -> Mapping[str, Any]:
        """Return no sheets: a first look has no workbook."""
        return {}

    def terms(self) -> tuple[()]:
        """Return no terms: a first look has no workbook."""
        return ()

    @property
    def as_of(self) -> dt.date:
        """Last day that the page knows."""
        return self.facts.setting.as_of

    def handed(self) -> dict[str, object]:
        """Return facts for a manifest beside the headline and ``as_of``."""
        return {"month": period_label(self.facts.setting.month), "draft": True}
