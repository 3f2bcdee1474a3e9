"""What each channel cost and brought."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Channel:
    """One channel over the last months.

    Parameters
    ----------
    name
        The channel; ``None`` where leads have none.
    months
        Months with a known cost, over which all of it is taken.
    cost
        What was spent; NaN where no cost is known.
    leads, customers
        Leads that entered, and customers won, in these months; of a channel without any known
        cost, in all.
    returned
        Return on the spend; NaN where it cannot be told.
    """

    name: str | None
    months: int
    cost: float
    leads: float
    customers: float
    returned: float


@dataclass(frozen=True, kw_only=True)
class Channels:
    """The channels, those with most leads first.

    Parameters
    ----------
    column
        Segment of the leads that names them.
    first, last
        Labels of the first and the last month.
    rows
        The channels.
    currency
        Of the costs.
    valued
        Whether the funnel has amounts, so that a return can be told.
    notes
        What belongs with them.
    """

    column: str
    first: str
    last: str
    rows: tuple[Channel, ...]
    currency: str | None = None
    valued: bool = True
    notes: tuple[str, ...] = ()
