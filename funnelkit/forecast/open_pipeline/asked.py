"""What may be asked of the open pipeline: checks of arguments, and the months to come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError
from funnelkit.data.records import Leads
from funnelkit.forecast.result import Unit
from funnelkit.model import FunnelModel

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_MOST_MONTHS = 36


def refuse_unusable(
    leads: Leads, model: FunnelModel, horizon: int, *, listed: int, unit: Unit | None
) -> None:
    """Refuse arguments that cannot be used."""
    if not isinstance(leads, Leads):
        raise ArgumentError(f"`leads` must be Leads; got {type(leads).__name__}.")
    if not callable(getattr(model, "sample", None)):
        raise ArgumentError(
            "`model` must be a model of the funnel, such as fit_funnel(leads); got "
            f"{type(model).__name__}."
        )
    if not model.of_funnel(leads.funnel.stages):
        raise ArgumentError(
            f"`model` must be of the same funnel; its stages are {' -> '.join(model.stages)}, "
            f"and those of `leads` {' -> '.join(leads.funnel.stages)}."
        )
    if model.as_of > leads.as_of:
        raise ArgumentError(
            f"`model` knows the days up to {model.as_of.isoformat()}, and `leads` end on "
            f"{leads.as_of.isoformat()}; fit it on what was known by then."
        )
    if checks.positive_whole("horizon", horizon) > _MOST_MONTHS:
        raise ArgumentError(f"`horizon` must be at most {_MOST_MONTHS} months; got {horizon}.")
    checks.positive_whole("listed", listed)
    if unit is not None:
        checks.one_of("unit", unit, ("value", "count"))
    if unit == "value" and leads.funnel.value is None:
        raise ArgumentError('`unit`: the funnel has no `value` column, so there is no "value".')


def months_ahead(leads: Leads, horizon: int) -> tuple[pd.PeriodIndex, FloatArray]:
    """Return the months to come, the running one first, and the days after ``as_of`` at their end.

    Examples
    --------
    >>> import funnelkit as fk
    >>> months_ahead(fk.make_leads(50, rng=1), 2)[1].tolist()  # as of 30 June
    [31.0, 62.0]
    """
    import pandas as pd

    zero = pd.Timestamp(leads.as_of)
    first = (zero + pd.Timedelta(days=1)).to_period("M")
    periods = pd.period_range(first, periods=horizon, freq="M")
    ends = [(one.end_time.normalize() - zero).days for one in periods]
    return periods, np.array(ends, float)


def months_ahead_of(model: FunnelModel, periods: pd.PeriodIndex) -> int:
    """Return how many months of a model's draws reach to the end of some periods."""
    return int(periods[-1].ordinal - model.first_month.ordinal) + 1
