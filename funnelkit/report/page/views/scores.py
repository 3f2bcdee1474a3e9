"""The headline metrics of the month; a rate that the page tells elsewhere is the same here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core.dates import period_label
from funnelkit._core.measure import Measure
from funnelkit.metrics import Headline, Scorecard, scorecard
from funnelkit.metrics.headlines import spoken
from funnelkit.metrics.stage_roles import roles
from funnelkit.report.page.facts import CohortRow, Cohorts, Missing, Setting

if TYPE_CHECKING:
    from funnelkit.data.ledgers import Ledger
    from funnelkit.data.records import Leads


def card_of(
    leads: Leads,
    setting: Setting,
    cohorts: Cohorts | Missing,
    headlines: Sequence[Headline],
    *,
    tables: Mapping[str, Ledger] | None = None,
    channel: str | None = None,
) -> Scorecard:
    """Return the headline metrics: those of funnel.yml, or all that funnel and tables have."""
    card = scorecard(
        leads,
        headlines or None,
        month=period_label(setting.month),
        tables=tables,
        channel=channel,
        confidence_level=setting.confidence_level,
    )
    if isinstance(cohorts, Missing) or setting.terms.target != leads.funnel.won:
        return card
    part = roles(leads.funnel)
    starts = {"close_rate": part.lead, "win_rate": part.opportunity}
    rows = {row.cohort: row for row in cohorts.rows}
    now, before = rows.get(setting.month), rows.get(setting.month - 1)
    for metric, start in starts.items():
        if start == setting.terms.start and now is not None:
            then = before.expected.value if before is not None and before.told else float("nan")
            card = card.with_figure(metric, _measure(metric, now, cohorts, setting), then)
    return card


def _measure(metric: str, row: CohortRow, cohorts: Cohorts, setting: Setting) -> Measure:
    terms = setting.terms
    start = terms.label(terms.start)
    return Measure(
        name=spoken(metric),
        definition=f"{terms.done} / entered {start}, expected by day {cohorts.horizon}",
        unit="share",
        numerator=_one(float("nan")),
        denominator=_one(row.entered),
        numerator_name=terms.wins,
        denominator_name=terms.leads,
        periods=(period_label(setting.month),),
        given=_one(row.expected.value if row.told else float("nan")),
        low=_one(row.expected.low if row.told else float("nan")),
        high=_one(row.expected.high if row.told else float("nan")),
        as_of=setting.as_of,
        confidence_level=setting.confidence_level,
    )


def _one(value: float) -> NDArray[np.float64]:
    return np.array([[value]], dtype=np.float64)
