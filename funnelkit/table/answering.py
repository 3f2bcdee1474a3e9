"""Response bands as a table: both rates at each landmark, and their difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit.table import cells
from funnelkit.table.grid import Column, Table

if TYPE_CHECKING:
    from funnelkit.metrics import ResponseBands


def response(bands: ResponseBands) -> Table:
    """Return the landmarks as rows: won of those answered by then, and of the others.

    Parameters
    ----------
    bands
        From :func:`funnelkit.metrics.response_bands`.

    Returns
    -------
    Table
        One row per segment and landmark; no percentage of fewer than 20.

    Raises
    ------
    ArgumentError
        If ``bands`` is something else.

    Examples
    --------
    >>> import pandas as pd
    >>> import funnelkit as fk
    >>> leads = pd.DataFrame(
    ...     {
    ...         "created": ["2026-01-05T09:00"] * 60,
    ...         "responded": ["2026-01-05T09:03"] * 30 + ["2026-01-06T12:00"] * 30,
    ...         "won": (["2026-01-20T12:00"] * 6 + [None] * 24) * 2,
    ...     }
    ... )
    >>> found = fk.metrics.response_bands(leads, bands=[5], within=30, as_of="2026-03-31")
    >>> fk.table.response(found).rows[0][:2]
    ('within 5 min', '30')
    """
    from funnelkit.metrics import ResponseBands

    if not isinstance(bands, ResponseBands):
        raise ArgumentError(
            f"`bands` must be what fk.metrics.response_bands returns; got {type(bands).__name__}."
        )
    rows = []
    for row in bands.to_frame().to_dict("records"):
        enough = min(row["open_answered"], row["open_unanswered"]) >= display.FEWEST
        ends = (100 * row[f"difference{end}"] for end in ("", "_low", "_high"))
        told = [display.signed(end) for end in ends] if enough else []
        rows.append(
            (
                *cells.segment_cells(row, bands.by),
                f"within {row['band']}",
                display.count(row["open_answered"]),
                _rate(row, "answered"),
                display.count(row["open_unanswered"]),
                _rate(row, "unanswered"),
                f"{told[0]} ({told[1]} to {told[2]})" if told else display.EN_DASH,
            )
        )
    return Table(
        summary=bands.summary(),
        columns=(
            *cells.segment_columns(bands.by),
            Column("moment", "left"),
            Column("answered by then"),
            Column("won"),
            Column("not by then"),
            Column("won"),
            Column("difference, points"),
        ),
        rows=tuple(rows),
        notes=("Leads still open at that moment, each followed equally long.",),
    )


def _rate(row: dict[object, float], name: str) -> str:
    if row[f"open_{name}"] < display.FEWEST:
        return display.EN_DASH
    return display.estimate(*(row[f"{name}_rate{end}"] for end in ("", "_low", "_high")))
