"""Figures of earlier reports, counted again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from funnelkit.report.page.facts import Cohorts, Missing, Setting
from funnelkit.report.page.facts.restated import (
    COUNTED,
    Counted,
    Issued,
    Recount,
    Reread,
    Restated,
)
from funnelkit.report.page.views.months import tally_of

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads

_MOST = 6


def restated_view(
    leads: Leads, setting: Setting, cohorts: Cohorts | Missing, issued: Sequence[Issued]
) -> Restated | Missing:
    """Return the figures of the last earlier reports beside those of today.

    Parameters
    ----------
    leads
        The data as known on the day of this report.
    setting
        What the page is about.
    cohorts
        Today's rates by cohort.
    issued
        The earlier reports, in order of their months.
    """
    route = setting.terms.start, setting.terms.target
    reports = tuple(one for one in issued if one.month < setting.month and one.route == route)
    reports = reports[-_MOST:]
    if not reports:
        return Missing(
            "It needs an earlier report on an earlier export, in the folder that `earlier_reports` "
            "names in funnel.yml."
        )
    return Restated(
        reports=reports,
        counts=tuple(one for report in reports for one in _recounted(leads, setting, report)),
        rates=tuple(_reread(reports, cohorts)),
    )


def _recounted(leads: Leads, setting: Setting, report: Issued) -> Iterator[Recount]:
    """Yield each figure of a report; taken back to its day only where one has moved."""
    now = _counts(leads, setting, report.month)
    named = [name for name in COUNTED if name in report.counted and name in now]
    said = {name: report.counted[name] for name in named}
    again = now
    if report.as_of < leads.as_of and any(
        Recount(issued=report, figure=name, said=said[name], again=now[name], now=now[name]).moved
        for name in named
    ):
        again = _counts(leads.at(report.as_of), setting, report.month)
    for name in named:
        before = again.get(name, 0.0)
        yield Recount(issued=report, figure=name, said=said[name], again=before, now=now[name])


def _counts(leads: Leads, setting: Setting, month: pd.Period) -> dict[Counted, float]:
    """Return the counts and the money of a month, as far as some leads know it."""
    tally = tally_of(leads, setting, month)
    found: dict[Counted, float] = {"won": float(tally.won), "entered": float(tally.entered)}
    if tally.value is not None:
        found["value"] = float(tally.value)
    return found


def _reread(reports: Sequence[Issued], cohorts: Cohorts | Missing) -> Iterator[Reread]:
    """Yield the expected rates of cohorts that are told today by the same age."""
    if isinstance(cohorts, Missing):
        return
    told = {row.cohort: row.expected for row in cohorts.told}
    for report in reports:
        same = report.horizon == cohorts.horizon and report.month in told
        if same and report.expected.known:
            yield Reread(issued=report, now=told[report.month])
