"""The wins to come: the model of the funnel as known at the month's end, and on earlier eves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core.errors import EvidenceError
from funnelkit.report.page.beside.asking import EVES, part_of
from funnelkit.report.page.beside.foretelling import forecast_of, foretold
from funnelkit.report.page.facts import Missing, Setting
from funnelkit.report.page.facts.coming import Coming, Said

if TYPE_CHECKING:
    from funnelkit.data.records import Leads
    from funnelkit.forecast import BookingsForecast
    from funnelkit.report.page.beside.asking import Elsewhere
    from funnelkit.report.page.changes import Estimate

_MONTHS = 6
_FEWEST_WINS = 20


def coming_view(
    leads: Leads, setting: Setting, *, by: str | None = None, elsewhere: Elsewhere | None = None
) -> Coming | Missing:
    """Return the wins to come in six months, and how the last three were foretold.

    Nothing is said with fewer than 20 wins: of so few, half come by chance.

    Parameters
    ----------
    leads, setting
        As known at the page's month.
    by
        Column that splits the model, for a plan by channel.
    elsewhere
        The process that was asked for it, if one was.
    """
    wins = int(np.asarray(leads.count(leads.funnel.won)).sum())
    if wins < _FEWEST_WINS:
        return Missing(f"It needs at least {_FEWEST_WINS} {setting.terms.wins}; there are {wins}.")
    try:
        model, forecast = forecast_of(leads, _MONTHS, n_draws=2000, by=by)
    except EvidenceError as error:
        return Missing(f"It needs more: {error}")
    return Coming(
        forecast=forecast,
        open=int(model.open.sum()),
        past=tuple(_past(leads, setting, forecast, elsewhere)),
        model=model,
    )


def _past(
    leads: Leads, setting: Setting, now: BookingsForecast, elsewhere: Elsewhere | None
) -> Iterator[Said]:
    """Yield the last months, each as it was foretold on its eve, where that could be done."""
    deals = now if now.deals is None else now.deals
    came = dict(zip(deals.gone, deals.observed.sum(axis=0).astype(int), strict=True))
    known: dict[str, Estimate | None] = part_of(elsewhere, "eves", dict)
    for month in list(deals.gone)[-EVES:]:
        label = str(month)
        if label not in known:
            known[label] = foretold(leads, month, confidence_level=setting.confidence_level)
        expected = known[label]
        if expected is not None:
            yield Said(month=month, expected=expected, came=int(came[month]))
