"""Tables of deals: one row each, which becomes a block of its own on a phone."""

from __future__ import annotations

from collections.abc import Sequence

from funnelkit._core import display
from funnelkit.report.page import money, wording
from funnelkit.report.page.markup import Html, Part, el
from funnelkit.report.week.facts import Deal

Row = tuple[Deal, str, str, Part]
"""A deal, its figure, its age, and what is said of it."""


def deal_table(rows: Sequence[Row], *, heads: tuple[str, str, str, str], label: str) -> Html:
    """Return a table of deals.

    Parameters
    ----------
    rows
        The deals in order.
    heads
        Headings of its four columns.
    label
        What it lists, for those who do not see it.
    """
    body = [
        el(
            "tr",
            el("th", display.one_line(deal.id), _beneath(deal), scope="row"),
            el("td", figure, class_="number"),
            el("td", age, class_="number share"),
            el("td", said),
        )
        for deal, figure, age, said in rows
    ]
    return el(
        "table",
        el("caption", label, class_="unseen"),
        el("thead", el("tr", [el("th", head, scope="col") for head in heads])),
        el("tbody", body),
        class_="audit deals",
    )


def _beneath(deal: Deal) -> Html | None:
    """Return account, owner and status on a line of their own."""
    shown = (deal.account, deal.owner, deal.status if deal.state == "open" else None)
    names = [display.one_line(one) for one in shown if one]
    return el("span", " \u00b7 ".join(names), class_="kind") if names else None


def amount_of(deal: Deal) -> str:
    """Return the amount of a deal, or a dash where none is known."""
    if deal.amount is None and deal.amount_before is None:
        return display.EN_DASH
    return money.amount(deal.worth)


def age_of(days: int | None) -> str:
    """Return an age, or a dash where it is not known."""
    return display.EN_DASH if days is None else wording.days(days)


def lines(words: Sequence[str]) -> Part:
    """Return reasons, one on each line."""
    return [el("span", one, class_="line") for one in words]


def counted(number: int, value: float | None, noun: tuple[str, str], done: str = "") -> str:
    """Return a number of deals, what became of them, and what they are worth.

    Examples
    --------
    >>> counted(10, 359564.2, ("deal", "deals"), "won"), counted(0, None, ("deal", "deals"))
    ('10 deals won, worth 359,564', 'no deals')
    """
    words = f"{wording.some(number, *noun)} {done}".rstrip()
    return words if not number or value is None else f"{words}, worth {money.brief(value)}"
