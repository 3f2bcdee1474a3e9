"""Monthly recurring revenue (MRR), and what moved it: new, expansion, contraction, churn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError
from funnelkit._core.frames import long_frame
from funnelkit._core.measure import Measure, Segment
from funnelkit._core.result import Result, frozen
from funnelkit.metrics.recurring.subscribed import Book, book_of, money

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.data.ledgers import Ledger

MOVES = ("new", "reactivation", "expansion", "contraction", "churn")
"""What moves MRR, in the order in which it is told; the last two lower it."""
LOWERING = ("contraction", "churn")
_OF_PLANS = "customers x price a month, added up over plans"
_OF_TABLE = "what accounts pay in the month, added up"


def mrr(
    subscriptions: Ledger | pd.DataFrame | Mapping[str, tuple[float, float]],
    *,
    by: str | None = None,
    as_of: dt.date | str | None = None,
    currency: str | None = None,
) -> Measure:
    """Return the monthly recurring revenue, of plans or of each month of a table.

    Parameters
    ----------
    subscriptions
        Plan -> (customers, price a month); or what :func:`funnelkit.read_subscriptions` returns,
        or a frame with its columns.
    by
        Of plans: ``"plan"`` for one figure each. Of a table: a column; each account counts under
        its value in its first row.
    as_of
        Of a table: last day on which it is complete. Where rows have a start and an end it must
        be given, and a month's revenue is what is active on its last day.
    currency
        Of plans.

    Returns
    -------
    Measure
        Money a month; the denominator is 1 month.

    Raises
    ------
    ArgumentError
        If a plan is no pair of numbers from 0 upwards, or there is no such column.
    EvidenceError
        If no month is complete, or months lack between others.

    Examples
    --------
    >>> mrr({"basic": (100, 50), "team": (50, 100), "firm": (10, 500)}).value
    15000.0
    >>> mrr({"one": (200, 35)}).value
    7000.0
    """
    if isinstance(subscriptions, Mapping):
        return _of_plans(subscriptions, by, currency)
    book = book_of(subscriptions, by=by, as_of=as_of)
    totals = money(book.summed(book.amounts)).astype(float)
    return Measure(
        name="MRR",
        definition=_OF_TABLE,
        unit="money",
        numerator=totals,
        denominator=np.ones_like(totals),
        numerator_name="recurring revenue",
        denominator_name="month",
        by=book.by,
        segments=book.segments,
        periods=book.labels,
        currency=book.currency,
        notes=book.notes,
        as_of=book.as_of,
    )


def net_new_mrr(
    *,
    new: float = 0,
    expansion: float = 0,
    reactivation: float = 0,
    contraction: float = 0,
    churn: float = 0,
    currency: str | None = None,
) -> Measure:
    """Return by how much the recurring revenue of a month grew.

    Parameters
    ----------
    new, expansion, reactivation
        What was gained: from first-time accounts, from those that pay more, from those that came
        back.
    contraction, churn
        What was lost, as numbers from 0 upwards: to accounts that pay less, and to those that left.
    currency
        Of the amounts.

    Returns
    -------
    Measure
        Money a month, below 0 where more was lost than gained; the denominator is 1 month.

    Raises
    ------
    ArgumentError
        If one of them is below 0, or no number.

    Examples
    --------
    >>> net_new_mrr(new=2_250, expansion=140, churn=230).value
    2160.0
    """
    given = {
        "new": new,
        "expansion": expansion,
        "reactivation": reactivation,
        "contraction": contraction,
        "churn": churn,
    }
    exact = {name: _amount(name, value) for name, value in given.items()}
    gained = exact["new"] + exact["expansion"] + exact["reactivation"]
    net = float(gained - exact["contraction"] - exact["churn"])
    return Measure(
        name="net new MRR",
        definition="new + expansion + reactivation - contraction - churn",
        unit="money",
        numerator=np.array([[net]]),
        denominator=np.ones((1, 1)),
        numerator_name="net new recurring revenue",
        denominator_name="month",
        currency=currency,
    )


def mrr_movements(
    subscriptions: Ledger | pd.DataFrame,
    *,
    by: str | None = None,
    as_of: dt.date | str | None = None,
) -> Movements:
    """Return what moved the recurring revenue in each month, exact to the last cent.

    Parameters
    ----------
    subscriptions
        As :func:`funnelkit.read_subscriptions` returns them, or a frame with its columns. All
        rows of one account in a month are added up: a move between two of its plans is none.
    by
        Column to split by; each account counts under its value in its first row.
    as_of
        Last day on which the table is complete. Where rows have a start and an end it must be
        given.

    Returns
    -------
    Movements
        For each month the revenue at its beginning and end, and what was new, came back, expanded,
        contracted and churned.

    Raises
    ------
    ArgumentError
        If there is no such column, or `as_of` is needed.
    EvidenceError
        If no month is complete, or months lack between others.

    Notes
    -----
    Of an account that pays a before and b now: new where a = 0 and it never paid before,
    reactivation where a = 0 and it did, expansion b - a, contraction a - b, churn a where b = 0.
    In a table of months the accounts of the first month are its opening, and neither new nor
    back; an account that paid before the table begins counts as new when it returns. In a table
    of starts and ends the first month is the beginning of the history.

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
    >>> moved = mrr_movements(rows)
    >>> [str(moved.amounts[name][0, 0]) for name in MOVES]
    ['20', '0', '30', '0', '50']
    >>> str(moved.opening[0, 0]), str(moved.closing[0, 0])
    ('150', '150')
    """
    book = book_of(subscriptions, by=by, as_of=as_of)
    return _moved(book)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Movements(Result):
    """What moved the recurring revenue of each month; see :func:`mrr_movements`.

    Parameters
    ----------
    by, segments
        Segment columns, and the values of each segment.
    periods
        Labels of the months.
    opening, closing
        Revenue at the end of the month before, and of the month; exact amounts
        (:class:`decimal.Decimal`), shape ``(n_segments, n_periods)``.
    amounts
        Name of :data:`MOVES` -> exact amounts from 0 upwards, same shape.
    accounts
        The same names -> how many accounts moved so.
    active
        Accounts that pay at the end of the month.
    currency
        Of the amounts.
    notes
        Sentences that belong with them.

    Raises
    ------
    ArgumentError
        If the movements do not add up to the change.
    """

    by: tuple[str, ...]
    segments: tuple[Segment, ...]
    periods: tuple[str, ...]
    opening: NDArray[Any]
    closing: NDArray[Any]
    amounts: Mapping[str, NDArray[Any]]
    accounts: Mapping[str, NDArray[np.int64]]
    active: NDArray[np.int64]
    currency: str | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Copy and freeze the arrays, and hold that they add up."""
        for name in ("opening", "closing"):
            object.__setattr__(self, name, frozen(getattr(self, name), object))
        object.__setattr__(self, "active", frozen(self.active, np.int64))
        for name, kind in (("amounts", object), ("accounts", np.int64)):
            copies = {move: frozen(getattr(self, name)[move], kind) for move in MOVES}
            object.__setattr__(self, name, copies)
        if (self.opening + self.net_new != self.closing).any():
            raise ArgumentError("`amounts` do not add up from `opening` to `closing`.")

    @property
    def net_new(self) -> NDArray[Any]:
        """Closing less opening, as the sum of the movements; exact, same shape."""
        total = np.full(self.opening.shape, Decimal(0), dtype=object)
        for name in MOVES:
            total = total - self.amounts[name] if name in LOWERING else total + self.amounts[name]
        return total

    def to_frame(self) -> pd.DataFrame:
        """Return one row per segment and month.

        Returns
        -------
        DataFrame
            ``period``, the segment columns, ``opening_value``, one ``<move>_value`` for each of
            :data:`MOVES` (from 0 upwards), ``net_new_value``, ``closing_value``, one
            ``<move>_accounts`` each, and ``accounts`` at the end of the month.
        """
        columns: dict[str, object] = {"opening_value": self.opening}
        columns |= {f"{name}_value": self.amounts[name] for name in MOVES}
        columns |= {"net_new_value": self.net_new, "closing_value": self.closing}
        columns |= {f"{name}_accounts": self.accounts[name] for name in MOVES}
        return long_frame(
            columns | {"accounts": self.active},
            shape=self.opening.shape,
            by=self.by,
            segments=self.segments,
            periods=self.periods,
            period="period",
        )

    def summary(self) -> str:
        """Return how the last month came from the one before, over all segments."""
        if not self.periods:
            return "There is one month only, so nothing has moved yet."
        last = {name: self.amounts[name][:, -1].sum() for name in MOVES}
        opening, closing = self.opening[:, -1].sum(), self.closing[:, -1].sum()
        signs = {name: display.MINUS if name in LOWERING else "+" for name in MOVES}
        parts = [
            f"{signs[name]}{_shown(last[name])} {name} "
            f"({display.plural(self.accounts[name][:, -1].sum(), 'account')})"
            for name in MOVES
            if last[name]
        ]
        unit = f"{self.currency} " if self.currency else ""
        moved = f": {', '.join(parts)}" if parts else "; nothing moved"
        text = (
            f"{self.periods[-1]}: MRR went from {unit}{_shown(opening)} to {unit}"
            f"{_shown(closing)} with {display.plural(self.active[:, -1].sum(), 'account')}{moved}."
        )
        return " ".join([text, *self.notes])


def _of_plans(
    plans: Mapping[str, tuple[float, float]], by: str | None, currency: str | None
) -> Measure:
    if by not in (None, "plan"):
        raise ArgumentError(f'`by` of plans must be "plan" or None; got {by!r}.')
    if not plans:
        raise ArgumentError("`subscriptions` names no plan.")
    amounts = []
    for name, pair in plans.items():
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ArgumentError(
                f"`subscriptions`: plan {name!r} must be (customers, price a month); got {pair!r}."
            )
        customers, price = (_amount(f"plan {name!r}", one) for one in pair)
        amounts.append(customers * price)
    values = [[float(one)] for one in amounts] if by else [[float(sum(amounts))]]
    return Measure(
        name="MRR",
        definition=_OF_PLANS,
        unit="money",
        numerator=np.array(values),
        denominator=np.ones((len(values), 1)),
        numerator_name="recurring revenue",
        denominator_name="month",
        by=("plan",) if by else (),
        segments=tuple((str(name),) for name in plans) if by else ((),),
        currency=currency,
    )


def _amount(name: str, value: Any) -> Decimal:
    """Return a number from 0 upwards, exact as it is written."""
    number = isinstance(value, (int, float, Decimal, np.number)) and not isinstance(value, bool)
    exact = Decimal(str(value)) if number else Decimal("NaN")
    if not exact.is_finite() or exact < 0:
        raise ArgumentError(f"`{name}` must be a number from 0 upwards; got {value!r}.")
    return exact


def _moved(book: Book) -> Movements:
    """Return the movements of a book, in whole numbers until the end."""
    amounts = book.amounts
    start = np.zeros_like(amounts[:, :1])
    before = np.concatenate([start, amounts[:, :-1]], axis=1)
    ever = np.cumsum(before > 0, axis=1) > 0
    gained, lost = np.maximum(amounts - before, 0), np.maximum(before - amounts, 0)
    came, left = (before == 0) & (amounts > 0), (before > 0) & (amounts == 0)
    where = {
        "new": came & ~ever,
        "reactivation": came & ever,
        "expansion": (before > 0) & (amounts > before),
        "contraction": (amounts > 0) & (amounts < before),
        "churn": left,
    }
    first = 0 if book.whole else 1
    notes = list(book.notes)
    if first and (amounts[:, 0] > 0).any():
        notes.append(
            f"Who paid in {book.labels[0]}, where the table begins, is its opening and not new."
        )

    def told(values: NDArray[Any]) -> NDArray[Any]:
        return money(book.summed(values)[:, first:])

    return Movements(
        by=book.by,
        segments=book.segments,
        periods=book.labels[first:],
        opening=told(before),
        closing=told(amounts),
        amounts={
            name: told(np.where(cells, lost if name in LOWERING else gained, 0))
            for name, cells in where.items()
        },
        accounts={
            name: book.summed(cells.astype(np.int64))[:, first:] for name, cells in where.items()
        },
        active=book.summed((amounts > 0).astype(np.int64))[:, first:],
        currency=book.currency,
        notes=tuple(notes),
    )


def _shown(amount: Any) -> str:
    """Return an amount, with decimals where it is below 100 and has some."""
    exact = Decimal(str(amount))
    few = exact == exact.to_integral_value() or abs(exact) >= 100
    return f"{exact:,.0f}" if few else f"{exact:,.2f}"
