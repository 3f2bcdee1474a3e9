"""Targets beside a forecast: where they stand, and what they are compared to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from funnelkit._core.errors import ArgumentError
from funnelkit.forecast.prospect import Prospect, prospect_of

if TYPE_CHECKING:
    from funnelkit.forecast.prospect import Labels
    from funnelkit.forecast.result import Forecast


def prospect_of_targets(
    forecast: Forecast,
    *,
    segment: Labels | None = None,
    levels: float | Sequence[float] = (0.8, 0.95),
    since: str | None = None,
) -> Prospect:
    """Return what is compared to targets: sums up to each period, or a level as it stands in each.

    Parameters
    ----------
    forecast, segment, levels, since
        As in :func:`prospect_of`. Recurring revenue is a level, and is not summed up.

    Raises
    ------
    ArgumentError
        If an argument cannot be used; for ``since`` with a level.
    """
    from funnelkit.forecast.recurring_revenue.recurring_forecast import RecurringForecast

    if not isinstance(forecast, RecurringForecast):
        return prospect_of(forecast, segment=segment, levels=levels, cumulative=True, since=since)
    if since is not None:
        raise ArgumentError("`since` is for sums; recurring revenue stands at a level each month.")
    return prospect_of(forecast, segment=segment, levels=levels)


def goals_of(shown: Prospect, targets: float | Mapping[str, float]) -> dict[int, float]:
    """Return the target at each place of a period to come; one number stands at all of them.

    Raises
    ------
    ArgumentError
        If a target is no number of at least 0, or its period is not forecast.
    """
    import pandas as pd

    if not isinstance(targets, Mapping):
        goal = target_of(targets, "targets")
        return dict.fromkeys(range(len(shown.expected)), goal)
    if not targets:
        raise ArgumentError("`targets` must hold a target; got none.")
    found, periods = {}, list(shown.forecast.periods)
    for name, target in targets.items():
        try:
            period = pd.Period(name, freq=shown.forecast.periods.freqstr)
        except (ValueError, TypeError) as reason:
            raise ArgumentError(f"`targets` must be by period; got {name!r}.") from reason
        if period not in periods:
            raise ArgumentError(
                f"`targets` must be by periods that are forecast ({shown.labels[0]} to "
                f"{shown.labels[-1]}); got {name!r}."
            )
        found[periods.index(period)] = target_of(target, "targets")
    return dict(sorted(found.items()))


def target_of(target: float, name: str = "target") -> float:
    """Return a target that is a number.

    Raises
    ------
    ArgumentError
        For anything else, and for less than 0.
    """
    known = isinstance(target, (int, float, np.integer, np.floating))
    if not known or isinstance(target, bool) or not np.isfinite(target) or target < 0:
        raise ArgumentError(f"`{name}` must be a number of at least 0; got {target!r}.")
    return float(target)
