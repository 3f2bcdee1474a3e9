"""The open pipeline stage by stage: records, amounts, and what they are expected to bring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit.forecast.open_pipeline.outlook import Outlook
from funnelkit.forecast.open_pipeline.simulation import OpenSimulation
from funnelkit.forecast.open_pipeline.weighting import StageWeights

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_TAIL = 0.1


def stages_told(
    run: OpenSimulation,
    parts: tuple[Outlook, Outlook],
    weights: StageWeights,
    *,
    has_money: bool,
) -> pd.DataFrame:
    """Return one row per stage, in order; see :meth:`PipelineForecast.by_stage`.

    Parameters
    ----------
    run
        The simulation.
    parts
        What is expected of its records.
    weights
        Past share won by stage.
    has_money
        Whether the funnel has amounts.
    """
    import pandas as pd

    book = run.book
    size = len(book.stages)
    won, value = (sum(one.by_stage(size, money=flag) for one in parts) for flag in (False, True))
    columns: dict[str, Any] = {
        "stage": list(book.stages),
        "open": book.n.sum(axis=(0, 2)),
        "stale": _by_stage(parts, [part.records.n * part.records.stale for part in parts], size),
        "expected_won": np.asarray(won)[:, 1],
        **_within("won", np.asarray(won)[:, 0], run.single.stage_deals + run.grouped.stage_deals),
    }
    if has_money:
        known = np.asarray(book.total - book.credit, dtype=float)
        columns |= {
            "amount": known.sum(axis=(0, 2)),
            "expected_value": np.asarray(value)[:, 1],
            **_within(
                "value", np.asarray(value)[:, 0], run.single.stage_money + run.grouped.stage_money
            ),
            "weighted_value": _weighted(run, parts, weights),
        }
    return pd.DataFrame(columns)


def _within(name: str, expected: FloatArray, drawn: FloatArray) -> dict[str, FloatArray]:
    """Return what is expected within the horizon, and where 80 % of the draws lie."""
    low, high = np.quantile(drawn, [_TAIL, 1 - _TAIL], axis=0)
    inside = f"expected_{name}_in_horizon"
    return {inside: expected, f"{name}_low": low, f"{name}_high": high}


def _by_stage(
    parts: tuple[Outlook, Outlook], numbers: list[NDArray[np.int64]], size: int
) -> NDArray[np.int64]:
    found = np.zeros(size, np.int64)
    for part, own in zip(parts, numbers, strict=True):
        np.add.at(found, part.records.stage, own)
    return found


def _weighted(
    run: OpenSimulation, parts: tuple[Outlook, Outlook], weights: StageWeights
) -> FloatArray:
    """Return Σ of the past share won from a stage, times the amount."""
    book = run.book
    rows = weights.rows(book.by, book.segments)
    named = {name: k for k, name in enumerate(weights.stages)}
    place = np.array([named[name] for name in book.stages], np.int64)
    found = np.zeros(len(book.stages))
    for part in parts:
        own = part.records
        at = rows[own.segment]
        share = np.where(at >= 0, weights.share[np.maximum(at, 0), place[own.stage]], 0.0)
        np.add.at(found, own.stage, np.nan_to_num(share * own.amount) * own.n)
    return found
