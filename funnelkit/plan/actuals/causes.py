"""What new leads brought less what they were to bring, by volume, rate, lag and deal size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.rolling.misses import ExplainedMiss, explain_miss

if TYPE_CHECKING:
    from funnelkit.plan.actuals.record import PlanRecord
    from funnelkit.plan.actuals.sides import Side

FloatArray = NDArray[np.float64]


def explained_gap(
    record: PlanRecord, channels: Sequence[str], planned: Side, came: Side
) -> ExplainedMiss:
    """Return the gap of new leads by cause, by channel and month of entry.

    Notes
    -----
    Wins are split by Shapley values into volume, rate and lag, and are worth the planned deal
    size (the realised one in channels that are not in the plan). Deal size is what came less the
    wins that came at that size. With a handful of wins to a month, a Shapley value of all four
    would set one large deal against leads that never came.
    """
    labels = record.labels[: planned.leads.shape[1]]
    cells = tuple(f"{name}, {label}" for name in channels for label in labels)
    wins = explain_miss(planned.drivers(cells), came.drivers(cells))
    money = record.unit == "value"
    span = labels[0] if len(labels) == 1 else f"{labels[0]} to {labels[-1]}"
    sizes = _sizes(record, channels, came) if money else np.ones(came.won.shape)
    by_cell = {name: one * sizes.ravel() for name, one in wins.by_cell.items()}
    if money:
        by_cell["deal_size"] = (came.value - came.won * sizes).ravel()
    return ExplainedMiss(
        what="bookings" if money else "won deals",
        currency=record.currency if money else None,
        period=span,
        cells=cells,
        forecast=(planned.value if money else planned.won).ravel(),
        actual=(came.value if money else came.won).ravel(),
        by_cell=by_cell,
    )


def _sizes(record: PlanRecord, channels: Sequence[str], came: Side) -> FloatArray:
    """Return the size at which wins count, by channel and month of entry."""
    found = np.zeros(came.won.shape)
    for c, name in enumerate(channels):
        if name in record.channels:
            found[c] = record.sizes[record.channels.index(name)]
        else:
            found[c] = came.value[c] / np.maximum(came.won[c], 1.0)
    return found
