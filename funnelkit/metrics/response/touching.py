"""How often leads are touched, and whether somebody followed up in time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

from funnelkit._core import checks, display
from funnelkit._core.dates import Unit
from funnelkit._core.errors import ArgumentError, EvidenceError
from funnelkit._core.measure import FloatArray, Measure, Measures
from funnelkit.metrics.cells import Cells
from funnelkit.metrics.plain import local_day
from funnelkit.metrics.response.arrivals import clock_of, contacts
from funnelkit.metrics.response.contacts import OUTBOUND, Bools, touches_of
from funnelkit.metrics.response.first import LONGEST
from funnelkit.metrics.response.working_hours import Moments, WorkingHours

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.ledgers import Ledger
    from funnelkit.data.records import Leads

TOUCHES = (*OUTBOUND, "incoming email", "note", "proposal", "demo")
SURVIVORSHIP = (
    "Touches go on only while a lead is open, so leads that took long to win had more of them: "
    "this counts what happened, and does not say that another touch would win."
)


def touches(
    records: Leads | pd.DataFrame,
    activities: Ledger | pd.DataFrame,
    *,
    columns: Mapping[str, str] | None = None,
    by: str | Sequence[str] | None = None,
    every: Unit | None = None,
    kinds: Sequence[str] | None = None,
    timezone: str | None = None,
    as_of: dt.date | str | None = None,
    confidence_level: float = 0.95,
) -> Measures:
    """Return touches per lead, touches until conversion, and the share of leads without a touch.

    Parameters
    ----------
    records, activities, columns, by, every, timezone, as_of
        As in :func:`funnelkit.metrics.first_response`; days will do, times are better.
    kinds
        Kinds of activities that are a touch; default: calls, emails, meetings, messages, chats,
        proposals and demos. Tasks and notes to oneself are none.
    confidence_level
        Of the intervals.

    Returns
    -------
    Measures
        ``"touches per lead"`` (touches since creation / all leads, those with none included),
        ``"touches until conversion"`` (touches up to the win / leads won) and ``"leads without a
        touch"``, a share of all leads.

    Raises
    ------
    ArgumentError
        If columns are missing, or no activity is of a kind that is named.
    DataError
        If times cannot be read.

    Notes
    -----
    Touches from before a lead came are not its own and are counted in a note. The intervals of the
    means are Student's over leads.

    Examples
    --------
    >>> import pandas as pd
    >>> leads = pd.DataFrame(
    ...     {"record": ["a", "b"], "created": "2026-01-05", "won": ["2026-01-09", None]}
    ... )
    >>> days = ["2026-01-06", "2026-01-09", "2026-01-12"]
    >>> calls = pd.DataFrame({"record": "a", "kind": "call", "at": days})
    >>> found = touches(leads, calls, as_of="2026-02-28")
    >>> found["touches per lead"].value, found["touches until conversion"].value
    (1.5, 2.0)
    """
    checks.confidence(confidence_level)
    found = contacts(
        records,
        None,
        columns=columns,
        by=by,
        kinds=None,
        timezone=timezone,
        as_of=as_of,
        answers=False,
    )
    default = tuple(kind for kind in TOUCHES if kind not in ("note", "incoming email"))
    found, lead, at, by_day = touches_of(found, activities, kinds, default=default)
    since = found.created
    if by_day := by_day or "created" in found.by_day:
        since, at = _days(since, found.timezone), _days(at, found.timezone)
    own = at >= since[lead]
    early = int((~own).sum())
    lead, at = lead[own], at[own]
    n = len(found.created)
    each = np.bincount(lead, minlength=n).astype(float)
    won = ~np.isnat(found.won)
    whole_days = by_day or "won" in found.by_day
    until = _days(found.won, found.timezone) if whole_days else found.won
    before = (_days(at, found.timezone) if whole_days else at) <= until[lead]
    upto = np.bincount(lead[before], minlength=n).astype(float)
    cells = found.cells(every)
    said = [*found.told_aside(), *found.notes]
    if early:
        said.append(
            f"{display.plural(early, 'touch', 'touches')} from before their lead came are not "
            "counted."
        )
    means = [
        _mean(cells, each, np.ones(n, dtype=bool), confidence_level),
        _mean(cells, upto, won, confidence_level),
    ]
    where: dict[str, Any] = {
        "by": cells.by,
        "segments": cells.segments,
        "periods": cells.periods,
        "as_of": found.as_of,
        "confidence_level": confidence_level,
    }
    return Measures(
        measures=(
            Measure(
                name="touches per lead",
                definition="touches since a lead came / all leads, those without a touch included",
                unit="ratio",
                numerator=means[0][0],
                denominator=means[0][1],
                low=means[0][2],
                high=means[0][3],
                numerator_name="touches",
                denominator_name="leads",
                notes=(*said, "Open leads may yet be touched."),
                **where,
            ),
            Measure(
                name="touches until conversion",
                definition="touches from creation up to the win / leads won",
                unit="ratio",
                numerator=means[1][0],
                denominator=means[1][1],
                low=means[1][2],
                high=means[1][3],
                numerator_name="touches",
                denominator_name="leads won",
                notes=(SURVIVORSHIP,),
                **where,
            ),
            Measure(
                name="leads without a touch",
                definition="leads without a single touch since they came / all leads",
                unit="share",
                numerator=cells.count(each == 0),
                denominator=cells.count(),
                numerator_name="leads without a touch",
                denominator_name="leads",
                **where,
            ),
        )
    )


def follow_up(
    records: Leads | pd.DataFrame,
    activities: Ledger | pd.DataFrame | None = None,
    *,
    within: float = 48,
    columns: Mapping[str, str] | None = None,
    by: str | Sequence[str] | None = None,
    every: Unit | None = None,
    hours: WorkingHours | None = None,
    kinds: Sequence[str] | None = None,
    timezone: str | None = None,
    as_of: dt.date | str | None = None,
    confidence_level: float = 0.95,
) -> Measure:
    """Return the share of leads that somebody followed up within 48 hours.

    Parameters
    ----------
    records, activities, columns, by, every, hours, kinds, timezone, as_of
        As in :func:`funnelkit.metrics.first_response`.
    within
        Hours, of the clock or of business.
    confidence_level
        Of the interval.

    Returns
    -------
    Measure
        Leads answered within the hours / leads that came at least so many hours before the last
        moment known, with Wilson's interval.

    Raises
    ------
    ArgumentError, DataError, EvidenceError
        As :func:`funnelkit.metrics.first_response`; and if every lead is younger.

    Examples
    --------
    >>> import pandas as pd
    >>> leads = pd.DataFrame(
    ...     {
    ...         "created": ["2026-03-02T09:00", "2026-03-02T10:00", "2026-03-31T11:00"],
    ...         "responded": ["2026-03-03T09:20", None, "2026-03-31T11:30"],
    ...     }
    ... )
    >>> found = follow_up(leads, as_of="2026-03-31")
    >>> found.value, found.denominator.tolist()  # the one of 31 March is not 48 hours old
    (0.5, [[2.0]])
    """
    checks.confidence(confidence_level)
    number = isinstance(within, (int, float)) and not isinstance(within, bool)
    if not number or not 0 < within <= LONGEST / 60:
        raise ArgumentError(f"`within` must be hours above 0, up to ten years; got {within!r}.")
    found = contacts(
        records,
        activities,
        columns=columns,
        by=by,
        kinds=kinds,
        timezone=clock_of(records, timezone, hours),
        as_of=as_of,
    )
    due = found.later(within * 60, hours)
    old = np.asarray(due <= found.end)
    if len(old) and not old.any():
        raise EvidenceError(
            f"every one of {display.plural(len(old), 'lead')} is younger than {within:g} hours; "
            "none can be judged yet."
        )
    cells = found.cells(every)
    young = int((~old).sum())
    left = (
        f"{display.plural(young, 'lead')} younger than {within:g} hours "
        f"{'is' if young == 1 else 'are'} not in the denominator."
    )
    clock = "" if hours is None else f" of {hours.told()}"
    return Measure(
        name=f"follow-up within {within:g} hours",
        definition=f"leads answered within {within:g} hours{clock} / leads at least so old",
        unit="share",
        numerator=cells.count(old & (found.responded <= due)),
        denominator=cells.count(old),
        numerator_name="leads followed up in time",
        denominator_name="leads",
        by=cells.by,
        segments=cells.segments,
        periods=cells.periods,
        notes=(*([left] if young else []), *found.told_aside(), *found.notes),
        as_of=found.as_of,
        confidence_level=confidence_level,
    )


def _mean(
    cells: Cells, values: FloatArray, where: Bools, confidence_level: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return sums, numbers and Student's interval of the mean in each cell, at least 0."""
    n, total = cells.count(where), cells.count(where, values)
    squares = cells.count(where, values**2)
    few = n < 2
    freedom = np.maximum(n - 1, 1)
    mean = total / np.maximum(n, 1)
    spread = np.sqrt(np.maximum(squares - n * mean**2, 0) / freedom / np.maximum(n, 1))
    reach = stats.t.isf((1 - confidence_level) / 2, freedom) * spread
    low, high = np.maximum(mean - reach, 0), mean + reach
    return total, n, np.where(few, np.nan, low), np.where(few, np.nan, high)


def _days(moments: Moments, timezone: str) -> Moments:
    """Return the days of moments in a zone."""
    return local_day(moments, timezone).to_numpy().astype("datetime64[us]")
