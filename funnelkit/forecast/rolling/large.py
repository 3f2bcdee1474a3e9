"""`large_deals`: single deals that make more than a tenth of a forecast, and it without them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.result import Result, frozen
from funnelkit.forecast.result import Forecast
from funnelkit.forecast.rolling.single_deals import (
    rebuilt,
    refuse_counts,
    rows_of,
    single_deals,
    without,
)

if TYPE_CHECKING:
    import pandas as pd

FloatArray = NDArray[np.float64]
_NAMED = 5


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class LargeDeals(Result):
    """Deals that make more than a share of what is expected, the largest first.

    Parameters
    ----------
    share
        Share of the total above which a deal is large.
    total
        What is expected in all.
    deals
        Ids of the large ones; nothing else of them.
    expected
        What each is expected to bring, shape ``(n,)``.
    value, p_win
        What it brings if won, and the chance of that; NaN where it is not known.
    of
        Number of deals that were looked at.
    forecast
        The forecast without the large ones, where one was given.
    currency
        Of the money.
    """

    share: float
    total: float
    deals: tuple[str, ...]
    expected: FloatArray
    value: FloatArray
    p_win: FloatArray
    of: int
    forecast: Forecast | None = None
    currency: str | None = None

    def __post_init__(self) -> None:
        """Copy and freeze the arrays."""
        for name in ("expected", "value", "p_win"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.float64))

    @property
    def without(self) -> float:
        """What is expected without them."""
        return max(float(self.total - self.expected.sum()), 0.0)

    def to_frame(self) -> pd.DataFrame:
        """Return one row per large deal.

        Returns
        -------
        DataFrame
            ``deal``, ``expected_value``, ``share`` of the total, ``value`` if it is won and
            ``p_win``.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "deal": list(self.deals),
                "expected_value": self.expected,
                "share": self.expected / self.total if self.total else self.expected,
                "value": self.value,
                "p_win": self.p_win,
            }
        )

    def summary(self) -> str:
        """Return which deals are large, and what is expected without them."""
        of = "" if self.currency is None else f"{self.currency} "
        tenth = display.percent(self.share, decimals=0)
        total = f"{of}{display.count(self.total)}"
        if not self.deals:
            return (
                f"None of {display.plural(self.of, 'deal')} makes more than {tenth} of the {total} "
                "expected."
            )
        told = [
            f"{display.one_line(name)} ({display.percent(one / self.total, decimals=0)})"
            for name, one in zip(self.deals[:_NAMED], self.expected, strict=False)
        ]
        more = len(self.deals) - len(told)
        told += [f"{more} more"] if more > 0 else []
        make = "deal makes" if len(self.deals) == 1 else "deals make"
        them = "it" if len(self.deals) == 1 else "them"
        text = (
            f"{len(self.deals)} {make} more than {tenth} of the {total} expected: "
            f"{display.listed(told)}. Without {them} {of}{display.count(self.without)} "
            f"{'is' if self.without == 1 else 'are'} expected"
        )
        if self.forecast is not None:
            low, high = self.forecast.confidence_interval(per="all", cumulative=True)
            ends = float(np.asarray(low)[-1]), float(np.asarray(high)[-1])
            text += f" ({display.count(ends[0])} to {display.count(ends[1])})"
        return f"{text}."


def large_deals(
    deals: pd.DataFrame,
    *,
    share: float = 0.1,
    forecast: Forecast | None = None,
    id: str | None = None,  # noqa: A002
    currency: str | None = None,
) -> LargeDeals:
    """Return the single deals that make more than a share of what is expected.

    Parameters
    ----------
    deals
        Open deals, such as ``pipeline(…).deals()``: an id, and ``expected_value``, or ``value``
        and ``p_win``.
    share
        Share of the total above which a deal is large.
    forecast
        The forecast that they are in, of money. Its sum over all periods is then the total, what
        the deals are expected to bring within its horizon is compared with it (where the table
        tells that), and it is shown without the large ones. Default: the total is the sum over
        the deals.
    id
        Column of the id; default: ``id``, ``deal`` or the like, else the first one.
    currency
        Of the money; that of the forecast, where one is given.

    Returns
    -------
    LargeDeals
        Their ids, and what is expected without them.

    Raises
    ------
    ArgumentError
        If the share is not between 0 and 1, the table lacks a column, or the forecast is not of
        money.
    DataError
        If a deal stands there twice, or a number cannot be.

    Notes
    -----
    The forecast without them has exactly what they are expected to bring taken out, from all
    periods and draws of their series alike.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"id": ["a", "b", "c"], "value": [900, 50, 50], "p_win": [0.5, 0.5, 0.5]}
    ... )
    >>> found = large_deals(table, share=0.2)
    >>> found.deals, found.total, found.without
    (('a',), 500.0, 50.0)
    """
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 < share < 1:
        raise ArgumentError(f"`share` must be between 0 and 1; got {share!r}.")
    if forecast is not None:
        refuse_counts(forecast)
    own = single_deals(
        deals, id=id, by=() if forecast is None else forecast.by, in_horizon=forecast is not None
    )
    total = float(own.expected.sum() if forecast is None else forecast.total.sum())
    large = [k for k in np.argsort(-own.expected, kind="stable") if own.expected[k] > share * total]
    picked = np.array(large, np.int64)
    left = None
    if forecast is not None:
        rows = rows_of(forecast, own)[picked]
        shrunk = without(forecast, rows, own.expected[picked])[:, None]
        left = rebuilt(
            forecast,
            forecast.draws * shrunk,
            forecast.expected * shrunk,
            method=f"{forecast.method}, without {display.plural(len(large), 'large deal')}",
            reason=forecast.reason,
        )
    return LargeDeals(
        share=float(share),
        total=total,
        deals=tuple(own.ids[k] for k in large),
        expected=own.expected[picked],
        value=own.value[picked],
        p_win=own.p_win[picked],
        of=len(own.ids),
        forecast=left,
        currency=currency if forecast is None else forecast.currency,
    )
