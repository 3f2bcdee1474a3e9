"""From visitors to leads, by channel and period."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from funnelkit._core import checks, display
from funnelkit._core.dates import Unit, period_label
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.measure import Measure, single
from funnelkit.data.ledgers import Ledger, as_ledger
from funnelkit.data.records import Leads
from funnelkit.metrics.economics.matching import Key, aligned, costs_of, in_order

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_DEFINITION = "leads that entered in the period / visitors in it"


def visitor_to_lead(
    visitors: Ledger | pd.DataFrame | ArrayLike,
    leads: Leads | ArrayLike,
    *,
    channel: str | None = None,
    every: Unit = "month",
    confidence_level: float = 0.95,
) -> Measure:
    """Return how many visitors became leads.

    Parameters
    ----------
    visitors
        What :func:`funnelkit.read_visitors` returns, a frame with its columns, or plain counts.
    leads
        The leads, by the day of their first stage; or plain counts.
    channel
        Segment of the leads whose values are the channels of the visitors; ``None`` for one
        figure over all of them.
    every
        ``"month"``, ``"quarter"`` or ``"year"``.
    confidence_level
        Level of the intervals in the frame and the summary.

    Returns
    -------
    Measure
        A share for each segment and period; the denominator is visitors. A ratio without an
        interval where leads are more than visitors, who then are not all counted. No figure where
        the visitors of a month are not known.

    Raises
    ------
    ArgumentError
        If the arguments do not fit each other, or a count is below 0.
    EvidenceError
        If visitors and leads have no period in common.

    Notes
    -----
    Who comes by two channels, or again the month after, is counted each time, and a lead may have
    visited in an earlier month: it is a ratio of two counts of one period, whose interval takes
    each visitor for one chance.

    Examples
    --------
    >>> visitor_to_lead(5_000, 100).value
    0.02
    """
    checks.confidence(confidence_level)
    if isinstance(leads, Leads):
        ledger = as_ledger("visitors", visitors, argument="visitors")  # type: ignore[arg-type]
        return _of_leads(ledger, leads, channel, every, confidence_level)
    if isinstance(visitors, Ledger) or hasattr(visitors, "columns"):
        raise ArgumentError(
            f"`leads` beside a table of visitors must be Leads; got {type(leads).__name__}."
        )
    came, entered = _counts("visitors", visitors), _counts("leads", leads)
    if came.shape != entered.shape:
        raise ArgumentError(
            f"`visitors` and `leads` must be equally many; got {came.size} and {entered.size}."
        )
    several = tuple(str(number) for number in range(1, came.size + 1))
    return _measure(
        entered,
        came,
        periods=several if came.size > 1 else None,
        confidence_level=confidence_level,
        notes=(),
    )


def _of_leads(
    ledger: Ledger, leads: Leads, channel: str | None, every: Unit, confidence_level: float
) -> Measure:
    from funnelkit.counts.build import flows

    funnel = leads.funnel
    if channel is not None:
        checks.member("channel", "segment", channel, funnel.groups)
    apart = tuple(name for name in funnel.apart if name != channel)
    by = apart if channel is None else (*apart, channel)
    columns = tuple("channel" if name == channel else name for name in by)
    held = costs_of(ledger, columns, freq=funnel.calendar.freq(every), figure="visitors")
    counted = flows(leads, every=every, by=by)
    shared = held.periods.intersection(counted.periods)
    if not len(shared):
        raise EvidenceError("visitors and leads have no period in common.")
    entries = counted.entries[:, 0].astype(float)
    entered: dict[Key, FloatArray] = {
        tuple(segment[counted.by.index(name)] for name in by): entries[row]
        for row, segment in enumerate(counted.segments)
    }
    segments = in_order([*held.amounts, *entered]) if by else ((),)
    place, missing = held.periods.get_indexer(shared), np.full(len(shared), np.nan)
    came = np.stack(
        [held.amounts[key][place] if key in held.amounts else missing for key in segments]
    )
    nobody = np.zeros(len(counted.periods))
    found = aligned(
        shared, counted.periods, np.stack([entered.get(key, nobody) for key in segments])
    )
    notes = []
    without = [key for key in entered if key not in held.amounts]
    if by and without:
        named = [display.segment_name(key) for key in without[:6]]
        notes.append(f"Visitors not known of {display.listed(named)}.")
    partial = [period_label(period) for period in shared if period in counted.partial]
    if partial:
        notes.append(f"Not wholly observed: {display.listed(partial[:6])}.")
    return _measure(
        found,
        came,
        by=by,
        segments=segments,
        periods=tuple(period_label(period) for period in shared),
        as_of=leads.as_of,
        confidence_level=confidence_level,
        notes=tuple(notes),
    )


def _measure(
    entered: FloatArray, came: FloatArray, *, notes: tuple[str, ...], **more: Any
) -> Measure:
    """Return the share, or the ratio where leads are more than visitors."""
    known = np.isfinite(came)
    over = int((known & (entered > came)).sum())
    if over:
        told = (
            f"{display.plural(over, 'figure')} with more leads than visitors: not all who came "
            "were counted, or leads came without a visit."
        )
        notes = (*notes, told)
    return Measure(
        name="visitor to lead",
        definition=_DEFINITION,
        unit="ratio" if over else "share",
        numerator=np.where(known, entered, np.nan),
        denominator=np.where(known, came, 0.0),
        numerator_name="leads",
        denominator_name="known visitors",
        notes=notes,
        **more,
    )


def _counts(argument: str, values: Any) -> FloatArray:
    try:
        counts = single(values)
    except (TypeError, ValueError):
        counts = np.full((1, 1), np.nan)
    if counts.ndim != 2 or not (np.isfinite(counts) & (counts >= 0)).all():
        raise ArgumentError(f"`{argument}` must be counts from 0 upwards; got {values!r}.")
    return counts
