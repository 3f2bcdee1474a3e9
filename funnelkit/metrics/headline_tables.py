"""The headline metrics that need a table beside the leads, such as spend or subscriptions."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core.dates import period_label
from funnelkit._core.errors import EvidenceError
from funnelkit._core.interval import count_interval
from funnelkit._core.measure import FloatArray, Measure
from funnelkit.metrics.economics.acquisition import cac
from funnelkit.metrics.economics.contracts import acv
from funnelkit.metrics.economics.lead_costs import cost_per_lead
from funnelkit.metrics.economics.returns import roi
from funnelkit.metrics.economics.visiting import visitor_to_lead
from funnelkit.metrics.headline_asked import Asked, Known
from funnelkit.metrics.people.quotas import quota_attainment
from funnelkit.metrics.recurring.retention import revenue_retention
from funnelkit.metrics.recurring.revenue import mrr
from funnelkit.metrics.recurring.subscribed import book_of

if TYPE_CHECKING:
    import pandas as pd

_TRAILING = 12


def _one_channel(asked: Asked, found: Measure) -> Measure:
    """Return the figures of the one channel that was asked for, or of all."""
    if asked.channel is None:
        return found
    return found.only(**{asked.segment(): asked.channel})


def _split(asked: Asked) -> str | None:
    return None if asked.channel is None else asked.segment()


def _cac(asked: Asked) -> Measure:
    return _one_channel(asked, cac(asked.table("spend"), asked.leads, channel=_split(asked)))


def _cost_per_lead(asked: Asked) -> Measure:
    found = cost_per_lead(asked.table("spend"), asked.leads, channel=_split(asked))
    return _one_channel(asked, found)


def _visiting(asked: Asked) -> Measure:
    found = visitor_to_lead(
        asked.table("visitors"),
        asked.leads,
        channel=_split(asked),
        confidence_level=asked.level,
    )
    return _one_channel(asked, found)


def _roi(asked: Asked) -> Measure:
    """Return the return on the spend of the twelve months up to each month."""
    split = _split(asked)
    by = None if split is None else "channel"
    found = _one_channel(
        asked, roi(asked.table("spend"), asked.leads, by=by, segment=split, every="month")
    )
    if found.numerator.shape[0] != 1:
        return found  # of several businesses, which the scorecard refuses
    known = np.isfinite(found.numerator) & (found.denominator >= 0)
    beyond, cost = (
        trailing(np.where(known, part, 0.0)) for part in (found.numerator, found.denominator)
    )
    now = np.isfinite(found.numerator)
    return replace(
        found,
        numerator=np.where(now, beyond, np.nan),
        denominator=np.where(now, cost, 1.0),
        definition="(money won - cost) / cost, over the months with a known cost of the last "
        f"{_TRAILING}",
    )


def trailing(values: FloatArray, months: int = _TRAILING) -> FloatArray:
    """Return sums over so many columns up to each; over fewer at the start.

    Examples
    --------
    >>> trailing(np.array([[1.0, 2.0, 0.0, 4.0]]), months=2)
    array([[1., 3., 2., 4.]])
    """
    sums = np.cumsum(values, axis=1)
    sums[:, months:] -= sums[:, :-months].copy()
    return sums


def _mrr(asked: Asked) -> Measure:
    return mrr(asked.table("subscriptions"), as_of=asked.leads.as_of)


def _retention(asked: Asked, name: str) -> Measure:
    table, as_of = asked.table("subscriptions"), asked.leads.as_of
    months = len(book_of(table, as_of=as_of).months)
    if months <= _TRAILING:
        raise EvidenceError(
            f"it compares with {_TRAILING} months before, and the table of subscriptions has "
            f"{months} {'month' if months == 1 else 'months'} up to {as_of.isoformat()}."
        )
    found = revenue_retention(table, as_of=as_of, confidence_level=asked.level)
    return found[name]


def _quota_period(asked: Asked) -> pd.Period:
    """Return the period of the quotas that holds the month."""
    import pandas as pd

    table = asked.table("quotas").frame
    if not len(table):
        raise EvidenceError("the table of quotas has no row that can be used.")
    return asked.month.asfreq(pd.PeriodIndex(table["period"]).freqstr)


def quota_period_over(asked: Asked) -> bool:
    """Whether the period of the quotas that holds the month is over."""
    end: dt.date = _quota_period(asked).end_time.date()
    return end <= asked.leads.as_of


def _quotas(asked: Asked, name: str) -> Measure:
    """Return the figures of the period that holds the month and of the one before."""
    period = _quota_period(asked)
    found = quota_attainment(asked.leads, asked.table("quotas"), confidence_level=asked.level)
    known, labels = found[name], found[name].periods or ()
    now, before = period_label(period), period_label(period - 1)
    if now not in labels:
        raise EvidenceError(f"the table of quotas goes from {labels[0]} to {labels[-1]}.")
    parts = [known.only(period=label) for label in (before, now) if label in labels]
    own = (asked.month - 1, asked.month)[-len(parts) :]
    so_far = "" if quota_period_over(asked) else " so far"
    return replace(
        known,
        definition=f"{known.definition}, {now}{so_far}",
        periods=tuple(period_label(one) for one in own),
        numerator=np.hstack([part.numerator for part in parts]),
        denominator=np.hstack([part.denominator for part in parts]),
    )


def _acv(asked: Asked) -> Measure:
    """Return the mean annual value of the contracts that begin in each month."""
    ledger = asked.table("contracts")
    frame = ledger.frame
    months = frame["start"].dt.to_period("M").map(period_label)
    found = acv(replace(ledger, table=frame.assign(begun=months)), by="begun")
    return replace(
        found,
        definition="amount / years of the term, added up / contracts that begin in the month",
        by=(),
        segments=((),),
        periods=tuple(str(one[0]) for one in found.segments),
        numerator=found.numerator.T,
        denominator=found.denominator.T,
    )


def _activities(asked: Asked) -> Measure:
    import pandas as pd

    at = asked.table("activities").frame["at"]
    days = at.dt.tz_localize(None) if at.dt.tz is not None else at
    days = days[days.dt.date <= asked.leads.as_of]
    if not len(days):
        raise EvidenceError("no activity is known up to the end of the data.")
    counts = days.dt.to_period("M").value_counts()
    months = pd.period_range(counts.index.min(), counts.index.max(), freq="M")
    values = counts.reindex(months, fill_value=0).to_numpy(float)[None, :]
    low, high = count_interval(values, confidence_level=asked.level)
    return Measure(
        name="activities",
        definition="calls, emails, meetings and other activities in the month",
        unit="count",
        numerator=values,
        denominator=np.ones_like(values),
        numerator_name="activities",
        denominator_name="month",
        periods=tuple(period_label(one) for one in months),
        low=np.asarray(low),
        high=np.asarray(high),
        as_of=asked.leads.as_of,
        confidence_level=asked.level,
    )


FROM_TABLES: dict[str, Known] = {
    "visitor_to_lead": Known(
        "leading", _visiting, share=True, estimate=True, table="visitors", by_channel=True
    ),
    "cost_per_lead": Known(
        "leading", _cost_per_lead, table="spend", by_channel=True, lower=True, moves=True
    ),
    "activities": Known("leading", _activities, table="activities"),
    "cac": Known(
        "lagging", _cac, table="spend", by_channel=True, lower=True, moves=True, words="CAC"
    ),
    "roi": Known(
        "lagging",
        _roi,
        table="spend",
        by_channel=True,
        moves=True,
        words="return on spend",
    ),
    "mrr": Known("lagging", _mrr, table="subscriptions", words="MRR"),
    "net_revenue_retention": Known(
        "lagging",
        lambda asked: _retention(asked, "net revenue retention"),
        estimate=True,
        percent=True,
        table="subscriptions",
    ),
    "gross_revenue_retention": Known(
        "lagging",
        lambda asked: _retention(asked, "gross revenue retention"),
        share=True,
        estimate=True,
        table="subscriptions",
    ),
    "acv": Known("lagging", _acv, table="contracts", words="ACV of new contracts"),
    "quota_attainment": Known(
        "lagging",
        lambda asked: _quotas(asked, "quota attainment of all"),
        percent=True,
        table="quotas",
        over=quota_period_over,
    ),
    "reps_at_quota": Known(
        "lagging",
        lambda asked: _quotas(asked, "reps at quota"),
        share=True,
        table="quotas",
        over=quota_period_over,
    ),
}
"""Name -> how it is worked out, of the metrics that need a table."""
