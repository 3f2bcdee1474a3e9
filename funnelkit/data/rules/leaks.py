"""Rules about what must not be compared: names written after the outcome, businesses pooled."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterator

from funnelkit._core import display
from funnelkit.data.finding import Finding, share_of
from funnelkit.data.rules.reading import is_mail
from funnelkit.data.survey import Survey
from funnelkit.data.tallies import Group, together
from funnelkit.data.unread import BUSINESS, plain

_CHANCE = math.log(1e-6)
_UNLIKELY = math.log(1e-3)
_ENOUGH = 10
_RECENT = 0.75
_PURE = 0.99
_FEW = 3
_KIND = re.compile(r"(?i)\b(new|existing|renewals?|expansion|up-?sell|upgrade|cross-?sell)\b")


def outcome_leaks(survey: Survey) -> Iterator[Finding]:
    """Names that only records with one outcome have: they were written after it."""
    whole = given_away(survey)
    for segment, groups in survey.groups.items():
        if segment in whole:
            filled = [name for name in groups if name is not None]
            which = f"has any `{segment}`"
            yield _leak(survey, segment, filled, outcome=whole[segment], which=which)
            continue
        every = together(groups, list(groups))
        recent = _recent_day(survey)
        found = {name: _gives_away(group, every, recent) for name, group in groups.items() if name}
        for outcome in ("won", "left"):
            names = [name for name, one in found.items() if one == outcome]
            shown = tuple(f'"{display.one_line(name)}"' for name in names if not is_mail(name))
            words = display.listed(list(shown), last="or")
            if len(names) > _FEW or len(shown) < len(names):
                words = f"one of {display.plural(len(names), 'name')}"
            if names:
                which = f"has {words} as `{segment}`"
                yield _leak(survey, segment, names, outcome=outcome, which=which, shown=shown)


def given_away(survey: Survey) -> dict[str, str]:
    """Return segments that are filled only where one outcome has come, and that outcome."""
    found = {}
    for segment, groups in survey.groups.items():
        if None in groups and len(groups) > 1:
            filled = together(groups, [name for name in groups if name is not None])
            every = together(groups, list(groups))
            if outcome := _gives_away(filled, every, _recent_day(survey)):
                found[segment] = outcome
    return found


def _leak(
    survey: Survey,
    segment: str,
    names: list[str],
    *,
    outcome: str,
    which: str,
    shown: tuple[str, ...] = (),
) -> Finding:
    groups = survey.groups[segment]
    group, every = together(groups, list(names)), together(groups, list(groups))
    part, usual = (group.won, every.won) if outcome == "won" else (group.left, every.left)
    end = f"is `{survey.funnel.won}`" if outcome == "won" else "has left"
    return Finding(
        rule="outcome_leak",
        severity="warning",
        count=group.records,
        share=share_of(group.records, every.records),
        examples=shown[:5],
        what=f"{'Every' if part == group.records else 'Nearly every'} record that {which} {end} "
        f"({display.count(part)} of {display.count(group.records)}; of all records it is "
        f"{display.percent(share_of(usual, every.records))}): it seems to be written once the "
        "outcome is known.",
        remedy=f"Rates by `{segment}` say nothing of causes, and no forecast may use it.",
    )


def _gives_away(group: Group, every: Group, recent: dt.date | None) -> str | None:
    """Return the outcome that a name gives away: ``"won"``, ``"left"`` or ``None``.

    Practically all of its records have it, which chance alone would bring about less than once in
    a million times; and none of them is open although records of late are among them, as with
    names that are given at the end. An old campaign, all of whose leads were lost, is none.
    """
    others = Group(
        every.records - group.records, every.won - group.won, every.left - group.left, None
    )
    if group.records < _ENOUGH or others.records < _ENOUGH:
        return None
    if recent is not None and (group.last is None or group.last < recent):
        return None
    if _all_alike(group.won, group.records, others.won / others.records):
        return "won"
    decided = others.won + others.left
    lost = others.left / decided if decided else 1.0
    if _all_alike(group.left, group.records, others.left / others.records) and (
        lost < 1 and group.records * math.log(max(lost, 1e-9)) < _UNLIKELY
    ):
        return "left"
    return None


def _all_alike(part: int, whole: int, usual: float) -> bool:
    """Return whether practically all have an outcome that is rarer elsewhere."""
    return part >= _PURE * whole and whole * math.log(min(max(usual, 1e-9), 1.0)) < _CHANCE


def _recent_day(survey: Survey) -> dt.date | None:
    """Return the day by which three in four records had entered, or None where days are few."""
    if len(survey.entries) < _ENOUGH:
        return None
    enough, seen = _RECENT * sum(survey.entries.values()), 0
    for day, number in survey.entries.items():
        seen += number
        if seen >= enough:
            return day
    return None


def pooled_businesses(survey: Survey) -> Iterator[Finding]:
    """Pipelines, or new and renewal business, that figures do not keep apart."""
    for name, values in survey.segments.items():
        names = [value for value in values if value is not None]
        if name in survey.funnel.apart or len(names) < 2:
            continue
        if not (is_business(name) or all(_KIND.search(value) for value in names)):
            continue
        number = sum(values.values()) - max(values.values())
        words = [
            f'"{display.one_line(value)}" ({display.count(values[value])})' for value in names[:4]
        ]
        if len(names) > 4:
            words = [*words[:3], f"{len(names) - 3} more"]
        yield Finding(
            rule="businesses_pooled",
            severity="warning",
            count=number,
            share=share_of(number, sum(values.values())),
            examples=tuple(names[:5]),
            what=f"`{name}` holds {display.listed(words)}, and figures put them together.",
            remedy=f'If they are businesses of their own, keep them apart with apart=["{name}"], '
            "or read one of them with `where`.",
        )


def is_business(column: str) -> bool:
    """Return whether a column's name says that it tells businesses apart.

    Examples
    --------
    >>> is_business("Deal Pipeline"), is_business("RecordType"), is_business("business_segment")
    (True, True, False)
    """
    return bool(BUSINESS.fullmatch(plain(column)))


def shared_accounts(survey: Survey) -> Iterator[Finding]:
    """Accounts with several records: these are not independent."""
    if survey.funnel.account is None:
        return
    accounts, several, records = survey.tallies.accounts
    if several:
        known = survey.totals["kept"] - survey.totals["no_account"]
        yield Finding(
            rule="accounts_shared",
            severity="note",
            count=records,
            share=share_of(records, known),
            what=f"{display.count(several)} of {display.plural(accounts, 'account')} "
            f"{'holds' if several == 1 else 'hold'} {display.count(records)} of "
            f"{display.plural(known, 'record')}.",
            remedy="What becomes of records of one account goes together: they are not so many "
            "independent cases, and intervals of rates allow for it.",
        )


RULES = (outcome_leaks, pooled_businesses, shared_accounts)
