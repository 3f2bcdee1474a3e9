"""Entries to each stage, meetings and calls that the leads of a plan mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import checks
from funnelkit._core.errors import ArgumentError

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.basis.assumptions import Assumptions
    from funnelkit.plan.basis.channel import Channel

FloatArray = NDArray[np.float64]


def stage_entries(assumptions: Assumptions, leads: FloatArray) -> dict[str, FloatArray]:
    """Return the expected entries to each stage by channel and month.

    Parameters
    ----------
    assumptions
        Rates, and when leads come to each stage.
    leads
        By channel and month of entry, shape ``(C, H)``.

    Returns
    -------
    dict
        Stage -> shape ``(C, H)``; the first holds the leads themselves, the last the wins.

    Notes
    -----
    Leads times the product of the rates up to the stage, spread by the time to it. Where a channel
    does not tell the time to a stage, the k-th of n steps is taken to come after k / n of the time
    to the win.
    """
    first, last = assumptions.stages[0], assumptions.stages[-1]
    found = {first: np.array(leads, float)}
    for step, stage in enumerate(assumptions.stages[1:-1], 1):
        found[stage] = np.stack(
            [
                row @ _within(channel, stage, step, assumptions) * _product(channel, step)
                for row, channel in zip(leads, assumptions.channels, strict=True)
            ]
        )
    found[last] = np.einsum("cm,cmh->ch", leads, assumptions.yields)
    return found


def _product(channel: Channel, step: int) -> float:
    return float(np.prod([rate.value for rate in channel.rates[:step]]))


def _within(channel: Channel, stage: str, step: int, assumptions: Assumptions) -> FloatArray:
    """Return when those who come to a stage come there, shape ``(H, H)``."""
    if stage in channel.reach:
        return channel.reach[stage].within(assumptions.periods, assumptions.as_of)
    part = step / len(channel.rates)
    return channel.lag.within(assumptions.periods, assumptions.as_of, stretch=part)


def activity_frame(
    assumptions: Assumptions,
    entries: Mapping[str, FloatArray],
    in_flight: Mapping[str, FloatArray],
    per: Mapping[str, Mapping[str, float]],
) -> pd.DataFrame:
    """Return what entries to stages ask for, one row per month.

    Parameters
    ----------
    assumptions
        Of the plan.
    entries
        Stage -> entries of planned leads, shape ``(C, H)``.
    in_flight
        Stage -> entries of open records, shape ``(H,)``.
    per
        Activity -> stage -> how many for each entry to it.

    Returns
    -------
    DataFrame
        ``period`` and a column for each activity.

    Raises
    ------
    ArgumentError
        If a stage is unknown, or a number below 0.
    """
    import pandas as pd

    if not isinstance(per, Mapping) or not all(isinstance(one, Mapping) for one in per.values()):
        raise ArgumentError(
            "`per` must map each activity to stages and how many for each entry, such as "
            f"{{'meetings': {{'mql': 1, 'opportunity': 3}}}}; got {per!r:.80}."
        )
    columns: dict[str, FloatArray] = {}
    for activity, stages in per.items():
        total = np.zeros(len(assumptions.periods))
        for stage, number in stages.items():
            checks.member("per", "stage", stage, assumptions.stages)
            if not number >= 0:
                raise ArgumentError(
                    f"`per` must hold numbers of at least 0; got {number!r} {activity!r} for "
                    f"`{stage}`."
                )
            open_ones = in_flight.get(stage, np.zeros(len(total)))
            total = total + number * (entries[stage].sum(axis=0) + open_ones)
        columns[str(activity)] = total
    return pd.DataFrame({"period": assumptions.periods} | columns)
