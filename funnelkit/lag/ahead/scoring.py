"""`score_open`: the open records one by one, with their chance to convert."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core.dates import period_label
from funnelkit._core.errors import ArgumentError
from funnelkit.lag.ahead.chances import Cells
from funnelkit.lag.ahead.result import chances_of, names_of
from funnelkit.lag.ahead.windows import horizons_of
from funnelkit.lag.base import LagFit

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.records import Leads


def score_open(
    leads: Leads, fit: LagFit, *, horizon: int | Sequence[int] | None = None
) -> pd.DataFrame:
    """Return the open records, each with its chance to convert at the usual pace.

    A view of what :func:`in_flight` counts, for those who work through a list: the sum of the
    chances is its expected number with ``pace=False``.

    Parameters
    ----------
    leads
        The data.
    fit
        Timing of a transition of these leads.
    horizon
        Days after ``as_of``, one number or several; ``None``: ever alone.

    Returns
    -------
    DataFrame
        One row per record that entered the fit's start and has come to no outcome by ``as_of``,
        sorted by id: the id under the funnel's name, ``cohort``, the fit's segment columns,
        ``age`` (days), ``p_within_<h>_days`` for each horizon and ``p_ever`` (for a fit without
        a tail ``p_by_day_<horizon>``). Chances are blank where the fit knows nothing: of another
        cohort or segment, or beyond its horizon. No personal column is among them.

    Raises
    ------
    ArgumentError
        If the leads have no such stages or segments, or the horizon cannot be used.

    Examples
    --------
    >>> import funnelkit as fk, pandas as pd
    >>> export = pd.DataFrame(
    ...     {
    ...         "id": ["a", "b", "c", "d"],
    ...         "lead": ["2026-01-01", "2026-01-01", "2026-01-01", "2026-01-02"],
    ...         "won": ["2026-01-03", None, None, None],
    ...     }
    ... )
    >>> leads = fk.from_frame(export, fk.Funnel(["lead", "won"], id="id"), as_of="2026-01-03")
    >>> fit = fk.lag.fit_kaplan_meier(fk.triangle(leads, "lead", "won"))
    >>> score_open(leads, fit).round(3)
      id   cohort  age  p_by_day_2
    0  b  2026-01    2         NaN
    1  c  2026-01    2         NaN
    2  d  2026-01    1       0.333
    """
    import pandas as pd

    horizons = horizons_of(horizon)
    start, by = getattr(fit, "start", None), tuple(getattr(fit, "by", ()))
    if start is None:
        raise ArgumentError("`fit` must say which transition it is of, by its `start`.")
    found = _open(leads, str(start), fit.outcomes[0], by)
    days = pd.DatetimeIndex(found["day"])
    periods = days.to_period(fit.cohorts.freqstr)
    rows = {segment: i for i, segment in enumerate(fit.segments)}
    parts = [
        found[f"by_{i}"].astype(object).where(found[f"by_{i}"] != "", None) for i in range(len(by))
    ]
    named = list(zip(*parts, strict=True)) if parts else [()] * len(found)
    segment = np.array([rows.get(one, -1) for one in named], dtype=np.int64)
    cohort = np.asarray(fit.cohorts.get_indexer(periods), dtype=np.int64)
    age = np.asarray((pd.Timestamp(leads.as_of) - days).days, dtype=np.int64)
    known = (segment >= 0) & (cohort >= 0)
    chances = np.full((len(found), len(horizons) + 1), np.nan)
    chances[known] = chances_of(
        fit,
        Cells(segment[known], cohort[known], age[known]),
        as_of=leads.as_of,
        horizons=horizons,
        typical=None,
    )
    columns: dict[str, Any] = {
        leads.funnel.id: found["id"],
        "cohort": [period_label(period) for period in periods],
    }
    columns |= dict(zip(by, parts, strict=True)) | {"age": age}
    return pd.DataFrame(columns | dict(zip(names_of(fit, horizons), chances.T, strict=True)))


def _open(leads: Leads, start: str, target: str, by: tuple[str, ...]) -> pd.DataFrame:
    """Return id, day of entry and segments of the open records, sorted by id."""
    from funnelkit.data import journeys as journey

    funnel, table = leads.funnel, leads.journeys
    s, t = funnel.stage("start", start), funnel.stage("target", target)
    waits = journey.in_rates(table, s, leads.left_out_before)
    waits = waits & ~table[f"reached_{t}"] & table.exit.isnull()
    began = table[f"date_{s}"]
    segments = journey.group_columns(table, funnel, by)
    picked = table.filter(waits.fill_null(False)).order_by("id")
    frame: pd.DataFrame = picked.select(id=table.id, day=began, **segments).execute()
    return frame
