"""What a reader must know of the table behind a forecast of recurring revenue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from funnelkit._core import display
from funnelkit.forecast.recurring_revenue.effects import YEAR
from funnelkit.forecast.recurring_revenue.exposure import BEFORE, Exposure

if TYPE_CHECKING:
    from funnelkit.data.ledgers import Ledger
    from funnelkit.metrics.recurring.subscribed import Book

_OFTEN = 0.25
"""Share of months in which amounts change from which they swing."""


def of_terms(ledger: Ledger, book: Book) -> list[str]:
    """Return what is not taken from rows that reach beyond the last month."""
    import pandas as pd

    frame = ledger.frame
    notes: list[str] = []
    if not book.whole:
        return notes
    day = pd.Timestamp(book.as_of)
    if ends := int((frame["end"] > day).sum()):
        notes.append(
            f"{display.plural(ends, 'row')} {'has an end' if ends == 1 else 'have ends'} to come: "
            "read as the term of a contract that may be renewed, not as churn that is certain."
        )
    if starts := int((frame["start"] > day).sum()):
        notes.append(
            f"{display.plural(starts, 'row')} {'begins' if starts == 1 else 'begin'} later, and "
            f"{'is' if starts == 1 else 'are'} left out: what is signed already belongs into `new`."
        )
    return notes


def of_accounts(seen: Exposure) -> list[str]:
    """Return what a reader must know of the accounts behind the hazards."""
    notes = []
    if unknown := int((seen.paying & (seen.began == BEFORE)).sum()):
        notes.append(
            f"{display.plural(unknown, 'account')} paid before the table begins: "
            f"{'its age and renewal are' if unknown == 1 else 'their ages and renewals are'} "
            "not known."
        )
    stayed = seen.counts["expansion"].exposed.sum()
    moved = sum(seen.counts[name].events.sum() for name in ("expansion", "contraction"))
    if moved > _OFTEN * stayed:
        notes.append(
            f"Amounts changed in {display.percent(moved / stayed, decimals=0)} of months of "
            "accounts. Each change is taken to last; where they swing with usage, the interval "
            "is wider than need be."
        )
    if not seen.counts["churn"].events.any():
        months = seen.counts["churn"].exposed.sum()
        notes.append(
            f"No account has left in {display.count(months)} months of accounts: churn to come is "
            "bounded by that, and not 0."
        )
    if seen.paying.any() and seen.oldest < YEAR:
        notes.append(
            "No account of known age has reached a year yet: what happens at the first renewal "
            "is not known."
        )
    return notes
