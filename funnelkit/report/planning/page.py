"""`PlanPage`: the page of a plan, each section ready to be shown."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from funnelkit.report import kernel
from funnelkit.report.page.section import Opening, Section
from funnelkit.report.planning.facts import PlanFacts
from funnelkit.report.planning.sections import (
    allocated,
    assumed,
    covered,
    leads,
    months,
    on_one_page,
    opening,
    options,
    people,
    reviewed,
    sensitivity,
)


class PlanPage:
    """The page of a plan: one attribute for each section, in the order of the page.

    Parameters
    ----------
    facts
        Everything that the page says.
    """

    def __init__(self, facts: PlanFacts) -> None:
        self.facts = facts

    @cached_property
    def parts(self) -> tuple[Opening | Section, ...]:
        """The sections in the order of the page; those with nothing to say are blank."""
        facts = self.facts
        return (
            opening.opening(facts),
            on_one_page.section(facts),
            options.section(facts),
            months.section(facts),
            leads.section(facts),
            covered.section(facts),
            allocated.section(facts),
            people.section(facts),
            sensitivity.section(facts),
            reviewed.section(facts),
            assumed.section(facts),
            assumed.method(facts),
        )

    def __iter__(self) -> Iterator[Opening | Section]:
        """Return the sections in the order of the page."""
        return iter(self.parts)

    def to_html(self) -> str:
        """Return the whole page as one HTML file: no script, no request."""
        with kernel.without_grammar():
            from funnelkit.report.render import page_html

        return page_html([part._repr_html_() for part in self])
