"""`monthly`: the page of the monthly report, each section ready to be shown."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from funnelkit._core.dates import day_name, period_label
from funnelkit.data.control.totals import expected_totals
from funnelkit.report.page import story
from funnelkit.report.page.facts import Facts
from funnelkit.report.page.gather import gather
from funnelkit.report.page.markup import el, plain
from funnelkit.report.page.section import Opening, Section
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
    scorecard,
    segments,
    tested,
    timing,
)

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.metrics import Headline

T = TypeVar("T", Opening, Section)


class part(Generic[T]):  # noqa: N801  reads as a decorator
    """One section of a page: made when it is first asked for, in the order of the class body."""

    def __init__(self, make: Callable[[Facts], T]) -> None:
        self.make: Callable[[Facts], T] = make
        self.name = ""

    def __set_name__(self, owner: type[object], name: str) -> None:
        """Remember under which name the page shows it."""
        self.name = name

    @overload
    def __get__(self, page: None, owner: type[object]) -> part[T]: ...
    @overload
    def __get__(self, page: Page, owner: type[object]) -> T: ...
    def __get__(self, page: Page | None, owner: type[object]) -> part[T] | T:
        """Return the section of a page."""
        if page is None:
            return self
        if self.name not in page.__dict__:
            page.__dict__[self.name] = self.make(page.facts)
        made: T = page.__dict__[self.name]
        return made


class Page:
    """The monthly report: one attribute for each section, in the order of the page.

    Parameters
    ----------
    facts
        Everything that the page says.

    Examples
    --------
    >>> Page.names()[:3]
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
    coming = part(coming.section)
    plan = part(planned.section)
    experiments = part(experiments.section)
    timing = part(timing.section)
    tested = part(tested.section)
    segments = part(segments.section)
    quality = part(quality.section)
    definitions = part(definitions.section)

    def __init__(self, facts: Facts) -> None:
        self.facts = facts

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of the sections in the order of the page."""
        return tuple(name for name, value in vars(cls).items() if isinstance(value, part))

    def __iter__(self) -> Iterator[Opening | Section]:
        """Return the sections in the order of the page."""
        return (getattr(self, name) for name in self.names())

    def to_html(self) -> str:
        """Return the whole page as one HTML file, as the report makes it."""
        from funnelkit.report.render import page_html

        return page_html([section._repr_html_() for section in self])

    def write_tables(self, path: str | os.PathLike[str] | None) -> None:
        """Write the tables behind the page to a workbook; nothing where no path is given."""
        if path is None:
            return
        from funnelkit.report.page.sheets import sheets_of
        from funnelkit.report.workbook import write_tables

        write_tables(
            os.fspath(path),
            sheets_of(self.facts),
            definitions=definitions.defined(self.facts),
            title=self.opening.report,
        )

    def __repr__(self) -> str:
        """Return the headline and the story as plain text."""
        return repr(self.opening)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """Return one line, the look of the sections in a notebook, and facts for the manifest."""
        from funnelkit.report.manifest import Facts as Handed
        from funnelkit.report.page.style import lab_style

        setting = self.facts.setting
        words = f"{self.opening.report}, as known at the end of {day_name(setting.as_of)}."
        handed = Handed(
            words,
            as_of=setting.as_of,
            month=period_label(setting.month),
            in_rates=self.facts.quality.in_rates,
            headline=plain(self.opening.title),
        )
        look = f"{lab_style()}{el('p', words)}"
        return {"text/html": look, **handed._repr_mimebundle_()}


def monthly(
    *,
    month: str | None = None,
    config: str | os.PathLike[str] | None = None,
    data: str | Sequence[str] | None = None,
    join: str | Sequence[str] | None = None,
    demo: bool = False,
    start: str | None = None,
    target: str | None = None,
    segment: str | None = None,
    confidence_level: float = 0.95,
    horizon: int | None = None,
    leads: Leads | None = None,
    expected: Sequence[dict[str, object]] | None = None,
) -> Page:
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
    Page
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
    title: str | None = None
    changes: tuple[tuple[dt.date, str], ...] = ()
    headlines: tuple[Headline, ...] = ()
    ranges: Mapping[str, tuple[float, float]] = {}
    beside: dict[str, Any] = {}
    totals = expected_totals(expected, leads.funnel) if leads is not None and expected else ()
    if leads is not None:
        simulated = leads.truth is not None
    elif config is None or demo:
        from funnelkit.report.example import make_example

        leads, simulated = make_example(), True
    else:
        from funnelkit.report.config import load_config

        setup = load_config(config, check_files=data is None)
        leads, simulated = setup.read(data=data, join=join), False
        title, changes = setup.title, tuple((one.date, one.what) for one in setup.changes)
        totals, headlines, ranges = setup.expected, setup.headlines, setup.ranges
        beside = {"tables": setup.tables.read(), "channel": setup.tables.channel}
        beside |= {"experiments": setup.experiments}
        beside |= {"targets": setup.targets, "team": setup.team}
        beside |= {"restricted": bool(setup.where or setup.exclude)}
    facts = gather(
        leads,
        month=month,
        start=start,
        target=target,
        segment=segment,
        confidence_level=confidence_level,
        horizon=horizon,
        title=title,
        simulated=simulated,
        changes=changes,
        expected=totals,
        headlines=headlines,
        ranges=ranges,
        **beside,
    )
    return Page(facts)
