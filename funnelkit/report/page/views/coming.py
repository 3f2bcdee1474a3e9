"""The wins to come: the model of the funnel as known at the month's end, and on earlier eves."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core.errors import EvidenceError
from funnelkit.report.page.changes import Estimate
from funnelkit.report.page.facts import Missing, Setting
from funnelkit.report.page.facts.coming import Coming, Said

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.forecast import BookingsForecast
    from funnelkit.model import FunnelModel

_MONTHS = 6
_PAST = 3
_FEWEST_WINS = 20


def coming_view(leads: Leads, setting: Setting, *, by: str | None = None) -> Coming | Missing:
    """Return the wins to come in six months, and how the last three were foretold.

    Nothing is said with fewer than 20 wins: of so few, half come by chance. ``by`` splits the
    model, for a plan by channel.
    """
    wins = int(np.asarray(leads.count(leads.funnel.won)).sum())
    if wins < _FEWEST_WINS:
        return Missing(f"It needs at least {_FEWEST_WINS} {setting.terms.wins}; there are {wins}.")
    try:
        model, forecast = _forecast(leads, _MONTHS, n_draws=2000, by=by)
    except EvidenceError as error:
        return Missing(f"It needs more: {error}")
    return Coming(
        forecast=forecast,
        open=int(model.open.sum()),
        past=tuple(_past(leads, setting, forecast)),
        model=model,
    )


def _forecast(
    leads: Leads, months: int, *, n_draws: int, by: str | None = None
) -> tuple[FunnelModel, BookingsForecast]:
    from funnelkit.forecast import bookings
    from funnelkit.model import fit_funnel

    model = fit_funnel(leads, by=by)
    return model, bookings(leads, model, horizon=months, n_draws=n_draws)


def _past(leads: Leads, setting: Setting, now: BookingsForecast) -> Iterator[Said]:
    """Yield the last months, each as it was foretold on its eve, where that could be done."""
    deals = now if now.deals is None else now.deals
    came = dict(zip(deals.gone, deals.observed.sum(axis=0).astype(int), strict=True))
    for month in list(deals.gone)[-_PAST:]:
        eve = month.start_time.date() - dt.timedelta(days=1)
        try:
            _, then = _forecast(leads.at(eve), 1, n_draws=500)
        except EvidenceError:
            continue
        told = then if then.deals is None else then.deals
        low, high = told.confidence_interval(setting.confidence_level, per="all")
        ends = float(np.asarray(low)[0]), float(np.asarray(high)[0])
        yield Said(
            month=month,
            expected=Estimate(float(told.total[0]), *ends),
            came=int(came[month]),
        )
