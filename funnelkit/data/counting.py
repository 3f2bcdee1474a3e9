"""First entries to a stage or exit, by calendar period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from funnelkit._core import display
from funnelkit._core.dates import Unit
from funnelkit.data import journeys

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads


def entered(leads: Leads, stage: str, every: Unit, by: str | None) -> pd.Series[int] | pd.DataFrame:
    """Return the counts; see :meth:`funnelkit.data.records.Leads.count`."""
    import pandas as pd

    step = leads.funnel.step("stage", stage)
    table = leads.journeys
    when, has_day, reached = journeys.entry(table, leads.funnel, leads.funnel.steps.index(step))
    group = journeys.segment(table, leads.funnel, by) if by else ibis.null("string")
    day = ibis.ifelse(has_day, when, ibis.null("date"))
    picked = table.filter(reached).select(day=day, group=group)
    counted = picked.aggregate(by=["day", "group"], n=picked.count()).execute()
    undated = int(counted.loc[counted["day"].isna(), "n"].sum())
    counted = counted[counted["day"].notna()]
    periods = leads.funnel.calendar.periods(counted["day"], every)
    index = _all_periods(leads, periods, every)
    about = {"undated": undated, "as_of": leads.as_of.isoformat(), "stage": stage}
    if by is None:
        series: pd.Series[int] = counted["n"].groupby(periods).sum()
        series = series.reindex(index, fill_value=0).astype("int64").rename(stage)
        series.attrs |= about
        return series
    names = counted["group"].fillna(display.BLANK)
    sums = counted["n"].groupby([names.to_numpy(), periods]).sum()
    cells = pd.MultiIndex.from_product([sorted(names.unique()), index], names=["series", "period"])
    frame: pd.DataFrame = (
        sums.reindex(cells, fill_value=0).astype("int64").rename("value").reset_index()
    )
    frame.attrs |= about | {"by": by}
    return frame


def _all_periods(leads: Leads, seen: pd.PeriodIndex, every: Unit) -> pd.PeriodIndex:
    import pandas as pd

    calendar = leads.funnel.calendar
    last = calendar.period(leads.as_of, every)
    first = seen.min() if len(seen) else last
    return pd.period_range(first, last, freq=calendar.freq(every))
