"""The tables of the quarterly review for a workbook: every figure it shows, unrounded."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from funnelkit.report.page.facts import Missing
from funnelkit.report.planning.tables import tables_of
from funnelkit.report.quarter.facts import QuarterlyFacts
from funnelkit.report.workbook import Sheet

if TYPE_CHECKING:
    import pandas as pd


def sheets_of(facts: QuarterlyFacts) -> dict[str, Sheet]:
    """Return the tables by name; views that the data cannot fill have none."""
    found = {"Quarters": Sheet("Metrics by quarter", quarters(facts), facts.missing)}
    if not isinstance(facts.against, Missing):
        review = facts.against.review
        said = review.summary()
        found["Plan and actual"] = Sheet("The last plan against what came", review.to_frame(), said)
        found["What made the gap"] = Sheet("From the target to what came", review.bridge())
        found["Plan by cohort"] = Sheet("Leads of the last plan, as they came", review.cohorts())
        if review.ahead is not None:
            found["Rest of the plan"] = Sheet("What the rest now needs", review.months_ahead())
    if not isinstance(facts.ahead, Missing):
        found |= tables_of(facts.ahead.plan)
    return found


def quarters(facts: QuarterlyFacts) -> pd.DataFrame:
    """Return one row per metric and quarter.

    Returns
    -------
    DataFrame
        ``metric``, ``quarter``, ``value`` (a share, a count, money or days; empty where nothing can
        be told), ``low``, ``high``, ``n``, what ``n`` counts as ``of``, ``unit``, ``immature``, and
        ``lacks_older_leads``.
    """
    import pandas as pd

    rows = [
        (
            trend.key,
            one.label,
            *(each if math.isfinite(each) else None for each in one.estimate),
            one.n,
            trend.of,
            trend.kind,
            one.immature,
            one.short,
        )
        for trend in facts.trends
        for one in trend.figures
    ]
    names = ["metric", "quarter", "value", "low", "high", "n", "of", "unit", "immature"]
    return pd.DataFrame(rows, columns=[*names, "lacks_older_leads"])
