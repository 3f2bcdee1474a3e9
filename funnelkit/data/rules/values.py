"""Rules about categories and money: blanks, doubles, unknown and odd amounts."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator

from funnelkit._core import display
from funnelkit.data.finding import Finding, have, share_of
from funnelkit.data.survey import Survey

_PLACEHOLDERS = frozenset(
    {"unknown", "none", "na", "nil", "null", "nan", "undefined", "notset", "unspecified"}
    | {"notspecified", "notavailable", "select", "pleaseselect", "tbd", "blank", "empty"}
    | {"missing", "unbekannt", "keine", "keineangabe"}
)
_CATCH_ALLS = frozenset({"other", "others", "misc", "miscellaneous", "sonstige", "sonstiges"})
_MANY_BLANK = 0.2
_EXTREME = 100
_ENOUGH = 5


def blank_segments(survey: Survey) -> Iterator[Finding]:
    """Blank values, alone or beside a word that says the same."""
    for name, values in survey.segments.items():
        total, blank = sum(values.values()), values.get(None, 0)
        spoken = {
            value: n for value, n in values.items() if value and _plain(value) in _PLACEHOLDERS
        }
        if blank and (spoken or any(value and _plain(value) in _CATCH_ALLS for value in values)):
            beside = spoken | {v: n for v, n in values.items() if v and _plain(v) in _CATCH_ALLS}
            words = [f'"{value}" ({display.count(n)})' for value, n in beside.items()]
            yield Finding(
                rule="blank_beside_placeholder",
                severity="warning",
                count=blank,
                share=share_of(blank, total),
                examples=(display.BLANK, *beside)[:5],
                what=f"{have(blank, 'record')} no `{name}`, beside the literal "
                f"{display.listed(words)}.",
                remedy="They are shown as groups of their own. If they mean the same, write one "
                "word for both in the source.",
            )
        elif blank:
            yield Finding(
                rule="blank_segment",
                severity="warning" if blank > _MANY_BLANK * total else "note",
                count=blank,
                share=share_of(blank, total),
                what=f"{have(blank, 'record')} no `{name}`"
                f"{': it is blank throughout' if blank == total else ''}.",
                remedy=f"They are shown as {display.BLANK}.",
            )
        elif len(spoken) > 1:
            yield Finding(
                rule="several_placeholders",
                severity="note",
                count=sum(spoken.values()),
                share=share_of(sum(spoken.values()), total),
                examples=tuple(spoken)[:5],
                what=f"`{name}` says in {len(spoken)} ways that nothing is known.",
                remedy="They are shown as groups of their own. Write one word for all.",
            )


def near_equal_names(survey: Survey) -> Iterator[Finding]:
    """Names that differ by case, space, accents or punctuation only."""
    for name, values in survey.segments.items():
        alike: dict[str, list[str]] = defaultdict(list)
        for value in values:
            if value is not None and (key := _plain(value)):
                alike[key].append(value)
        groups = [sorted(group) for group in alike.values() if len(group) > 1]
        if groups:
            number = sum(sum(sorted(values[value] for value in group)[:-1]) for group in groups)
            yield Finding(
                rule="near_equal_names",
                severity="warning",
                count=number,
                share=share_of(number, sum(values.values())),
                examples=tuple(" / ".join(group) for group in sorted(groups)[:5]),
                what=f"`{name}` has {display.plural(len(groups), 'name')} written in several ways; "
                f"{have(number, 'record')} a rarer one.",
                remedy="They are shown as groups of their own. Write each name in one way.",
            )


def unknown_amounts(survey: Survey) -> Iterator[Finding]:
    """Money that is not known, or 0 and read as unknown."""
    if survey.funnel.value is None or True not in survey.amounts:
        return
    name, won = f"`{survey.funnel.value}`", survey.amounts[True]
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
    number = sum(amounts.negative for amounts in survey.amounts.values())
    if number:
        table = survey.leads.journeys
        yield Finding(
            rule="amounts_negative",
            severity="warning",
            count=number,
            share=share_of(number, sum(amounts.known for amounts in survey.amounts.values())),
            examples=survey.ids(table["value"] < 0, table=table),
            what=f"{have(number, 'record')} a `{survey.funnel.value}` below 0.",
            remedy="They count as they stand. Are they credits, which belong elsewhere?",
        )


def extreme_amounts(survey: Survey) -> Iterator[Finding]:
    """Amounts more than a hundred times the median."""
    won = survey.amounts.get(True) if survey.funnel.value else None
    if won is None or won.median is None or won.known - won.zero < _ENOUGH:
        return
    large = survey.large_amounts(won.median * _EXTREME)
    if large:
        most = large[0][1]
        share = float(sum(amount for _, amount in large) / won.total) if won.total > 0 else 0.0
        yield Finding(
            rule="amounts_extreme",
            severity="warning",
            count=len(large),
            share=share_of(len(large), won.known - won.zero),
            examples=tuple(name for name, _ in large[:5]) if survey.may_show_ids else (),
            what=f"{display.plural(len(large), 'amount')} in `{survey.funnel.value}` "
            f"{'is' if len(large) == 1 else 'are'} more than {_EXTREME} times the median of "
            f"{display.count(float(won.median))}, up to {display.count(float(most))}: "
            f"{display.percent(share)} of all money won.",
            remedy="They count as they stand, and rule every mean. Check them.",
        )


def _plain(name: str) -> str:
    """Return a name without case, accents, space and punctuation."""
    apart = unicodedata.normalize("NFKD", name.casefold())
    return "".join(
        letter for letter in apart if unicodedata.category(letter)[0] not in ("P", "Z", "M", "C")
    )


RULES = (
    unknown_amounts,
    extreme_amounts,
    negative_amounts,
    blank_segments,
    near_equal_names,
)
