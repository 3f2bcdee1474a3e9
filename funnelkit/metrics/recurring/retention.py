"""How much of the recurring revenue is still there, and what an account brings."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from funnelkit._core import checks, display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.measure import Measure, Measures
from funnelkit.metrics.recurring.subscribed import Book, book_of, money

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.ledgers import Ledger

FloatArray = NDArray[np.float64]


def revenue_retention(
    subscriptions: Ledger | pd.DataFrame,
    *,
    months: int = 12,
    by: str | None = None,
    as_of: dt.date | str | None = None,
    confidence_level: float = 0.95,
) -> Measures:
    """Return net and gross revenue retention over so many months, for each month.

    Parameters
    ----------
    subscriptions
        As :func:`funnelkit.read_subscriptions` returns them, or a frame with its columns.
    months
        How far back to look: 12 for the trailing year, 1 for the month before.
    by
        Column to split by; each account counts under its value in its first row.
    as_of
        Last day on which the table is complete. Where rows have a start and an end it must be
        given.
    confidence_level
        Level of the intervals.

    Returns
    -------
    Measures
        ``"net revenue retention"``, a ratio, and ``"gross revenue retention"``, a share; the
        denominator of both is the revenue of that many months before. No figure where nobody paid
        then.

    Raises
    ------
    ArgumentError
        If ``months`` is no whole number of at least 1, or the table is shorter.
    EvidenceError
        If no month is complete, or months lack between others.

    Notes
    -----
    Of the accounts that paid x so many months before, and pay y now (0 where they left; new ones
    do not count): net is Σ y / Σ x, gross is Σ min(x, y) / Σ x. Both compare two points in time:
    who left and came back in between is still there.

    The interval of the net ratio is that of a ratio of two sums over accounts, with Student's
    quantile; there is none where all accounts moved alike, or only one paid. That of the gross
    share is Wilson's at (Σ x)² / Σ x² accounts, which is the number of accounts of one size that
    tell as much; as accounts may keep a part, it is wider than it need be.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., section 6.3 (ratio estimates). Kish (1965),
    Survey Sampling, section 11.7, for the effective number.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame(
    ...     {
    ...         "account": ["a", "b", "a", "c"],
    ...         "month": ["2026-01", "2026-01", "2026-02", "2026-02"],
    ...         "mrr": [100, 50, 130, 20],
    ...     }
    ... )
    >>> found = revenue_retention(rows, months=1)
    >>> round(found["net revenue retention"].value, 4)  # 130 / 150
    0.8667
    >>> round(found["gross revenue retention"].value, 4)  # 100 / 150
    0.6667
    """
    checks.confidence(confidence_level)
    back = checks.positive_whole("months", months)
    book = book_of(subscriptions, by=by, as_of=as_of)
    if back >= len(book.months):
        raise ArgumentError(
            f"`months` must be less than the {display.plural(len(book.months), 'month')} of the "
            f"table; got {back}."
        )
    then, now = book.amounts[:, :-back], book.amounts[:, back:]
    now = np.where(then > 0, now, 0)
    base = money(book.summed(then)).astype(float)
    kept = money(book.summed(np.minimum(now, then))).astype(float)
    left = money(book.summed(now)).astype(float)
    low, high = _ratio_interval(book, then, now, confidence_level)
    span = "a month" if back == 1 else "12 months" if back == 12 else f"{back} months"
    shared: dict[str, Any] = {
        "denominator": base,
        "denominator_name": f"revenue {span} before",
        "by": book.by,
        "segments": book.segments,
        "periods": book.labels[back:],
        "currency": book.currency,
        "notes": book.notes,
        "as_of": book.as_of,
        "confidence_level": confidence_level,
    }
    accounts = f"accounts that paid {span} before"
    return Measures(
        measures=(
            Measure(
                name="net revenue retention",
                definition=f"what the {accounts} pay now / what they paid then",
                unit="ratio",
                numerator=left,
                numerator_name="revenue of the same accounts",
                low=low,
                high=high,
                **shared,
            ),
            Measure(
                name="gross revenue retention",
                definition=f"what the {accounts} pay now, each at most what it paid then / what "
                "they paid then",
                unit="share",
                numerator=kept,
                numerator_name="revenue kept",
                effective=_worth(book, then),
                **shared,
            ),
        )
    )


def account_revenue(
    subscriptions: Ledger | pd.DataFrame,
    *,
    by: str | None = None,
    as_of: dt.date | str | None = None,
) -> Measure:
    """Return the average recurring revenue of an account, for each month.

    Parameters
    ----------
    subscriptions, by, as_of
        As in :func:`revenue_retention`.

    Returns
    -------
    Measure
        Money a month and account; the denominator is the accounts that pay something.

    Raises
    ------
    ArgumentError
        If there is no such column, or `as_of` is needed.
    EvidenceError
        If no month is complete, or months lack between others.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"account": ["a", "b"], "month": "2026-01", "mrr": [100, 50]})
    >>> account_revenue(rows).value
    75.0
    """
    book = book_of(subscriptions, by=by, as_of=as_of)
    return Measure(
        name="average revenue per account",
        definition="recurring revenue of the month / accounts that pay in it",
        unit="money",
        numerator=money(book.summed(book.amounts)).astype(float),
        denominator=book.summed((book.amounts > 0).astype(np.int64)),
        numerator_name="recurring revenue",
        denominator_name="paying accounts",
        by=book.by,
        segments=book.segments,
        periods=book.labels,
        currency=book.currency,
        notes=book.notes,
        as_of=book.as_of,
    )


def _worth(book: Book, then: NDArray[Any]) -> FloatArray:
    """Return the number of accounts of one size that tell as much: (Σ x)² / Σ x²."""
    amounts = then.astype(float)
    total, squares = book.summed(amounts), book.summed(amounts**2)
    worth: FloatArray = total**2 / np.where(squares > 0, squares, 1.0)
    return worth


def _ratio_interval(
    book: Book, then: NDArray[Any], now: NDArray[Any], confidence_level: float
) -> tuple[FloatArray, FloatArray]:
    """Return the interval of Σ now / Σ then over accounts; NaN where there is none."""
    x, y = then.astype(float), now.astype(float)
    base = book.summed(x)
    safe = np.where(base > 0, base, 1.0)
    ratio = book.summed(y) / safe
    left = np.where(x > 0, y - ratio[book.rows] * x, 0.0)
    number = book.summed((x > 0).astype(float))
    several = np.maximum(number, 2.0)
    spread = np.sqrt(book.summed(left**2) * several / (several - 1)) / safe
    half = stats.t.isf((1 - confidence_level) / 2, several - 1) * spread
    known = (number > 1) & (spread > 1e-12)
    low = np.where(known, np.maximum(ratio - half, 0.0), np.nan)
    return low, np.where(known, ratio + half, np.nan)
