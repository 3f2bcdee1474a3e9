"""Rules about money: unknown, negative and extreme amounts, and what is not counted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal

from funnelkit._core import display
from funnelkit.data.finding import Finding, have, share_of
from funnelkit.data.survey import EXTREME, Survey

_ENOUGH = 5


def unknown_amounts(survey: Survey) -> Iterator[Finding]:
    """Money that is not known, or 0 and read as unknown."""
    if survey.funnel.value is None or not survey.amounts.records:
        return
    name, won = f"`{survey.funnel.value}`", survey.amounts
    known = f"as known on {survey.as_of.isoformat()}"
    blank, some = won.records - won.known, won.known - won.zero
    if not some:
        what = (
            f"`{survey.funnel.value}` is 0 in all {display.plural(won.zero, 'won record')} that "
            f"have it, {known}."
            if won.zero
            else f"No won record has {name}, {known}."
        )
        yield Finding(
            rule="amounts_unknown",
            severity="warning",
            count=won.records,
            share=1.0,
            what=what,
            remedy="0 is read as unknown. No figure of money can be shown.",
        )
        return
    for number, word in ((won.zero, "is 0"), (blank, "is blank")):
        if number:
            yield Finding(
                rule="amounts_unknown",
                severity="note",
                count=number,
                share=share_of(number, won.records),
                what=f"{name} {word} in {display.count(number)} of "
                f"{display.plural(won.records, 'won record')}, {known}.",
                remedy="It is read as unknown, and in no total or mean.",
            )


def negative_amounts(survey: Survey) -> Iterator[Finding]:
    """Amounts below 0."""
    if survey.funnel.value is None:
        return
    number = survey.totals["negative"]
    if number:
        yield Finding(
            rule="amounts_negative",
            severity="warning",
            count=number,
            share=share_of(number, survey.known_amounts),
            examples=survey.examples("negative"),
            what=f"{have(number, 'record')} a `{survey.funnel.value}` below 0.",
            remedy="They count as they stand. Are they credits, which belong elsewhere?",
        )


def extreme_amounts(survey: Survey) -> Iterator[Finding]:
    """Amounts more than a hundred times the median."""
    won = survey.amounts if survey.funnel.value else None
    if won is None or won.median is None or won.known - won.zero < _ENOUGH:
        return
    number, most, total = survey.large_amounts
    if number:
        share = float(total / won.total) if won.total > 0 else 0.0
        yield Finding(
            rule="amounts_extreme",
            severity="warning",
            count=number,
            share=share_of(number, won.known - won.zero),
            examples=survey.examples("large"),
            what=f"{display.plural(number, 'amount')} in `{survey.funnel.value}` "
            f"{'is' if number == 1 else 'are'} more than {EXTREME} times the median of "
            f"{display.count(float(won.median))}, up to {display.count(float(most))}: "
            f"{display.percent(share)} of all money won.",
            remedy="They count as they stand, and rule every mean. Check them.",
        )


def money_not_counted(survey: Survey) -> Iterator[Finding]:
    """Money of won rows that is not in the money won, by cause."""
    money = survey.money
    if money is None or money.source == money.counted:
        return
    causes = {
        f"won after {survey.as_of.isoformat()}": money.later,
        "won and later left": money.reversed,
        "set aside": money.aside,
        "in further rows of one id, or won on a day that does not count": money.rest,
    }
    parts = [f"{_sum(amount)} {why}" for why, amount in causes.items() if amount]
    left_out = money.source - money.counted
    yield Finding(
        rule="money_not_counted",
        severity="note",
        count=money.rows,
        share=float(left_out / money.source) if money.source else math.nan,
        what=f"The won rows of the source hold {_sum(money.source)} in `{survey.funnel.value}`; "
        f"the money won counts {_sum(money.counted)}. The difference is {display.listed(parts)}.",
        remedy="Compare it with the total of your own system.",
    )


def _sum(amount: Decimal) -> str:
    return display.count(float(amount))


RULES = (unknown_amounts, extreme_amounts, negative_amounts, money_not_counted)
