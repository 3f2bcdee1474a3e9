"""What is looked for in a table once it is read: odd names, gaps, credits, rows that repeat."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from funnelkit._core import display
from funnelkit.data.finding import Finding, have, share_of
from funnelkit.data.ledgers.schemas import Schema
from funnelkit.data.rules.names import name_key
from funnelkit.data.rules.reading import is_mail

if TYPE_CHECKING:
    import pandas as pd

_RANK = ("error", "warning", "note")


def findings(frame: pd.DataFrame, schema: Schema, hidden: frozenset[str]) -> tuple[Finding, ...]:
    """Return what is found in the kept rows, the worst first.

    Parameters
    ----------
    frame
        The kept rows.
    schema
        Its columns.
    hidden
        Columns whose values are in no example.
    """
    found = [
        *_gaps(frame, schema, hidden),
        *_alike(frame, schema, hidden),
        *_blank(frame, schema),
        *_mails(frame, schema),
        *_again(frame, schema),
        *_credits(frame, schema),
        *_years(frame, schema, hidden),
    ]
    return tuple(sorted(found, key=lambda one: _RANK.index(one.severity)))


def _alike(frame: pd.DataFrame, schema: Schema, hidden: frozenset[str]) -> Iterator[Finding]:
    """Names of groups that differ by case, space, accents or punctuation only."""
    for field in schema.fields:
        if not field.category:
            continue
        values = frame[field.name].value_counts()
        alike: dict[str, list[str]] = defaultdict(list)
        for value in values.index:
            if key := name_key(value):
                alike[key].append(value)
        groups = [sorted(group) for group in alike.values() if len(group) > 1]
        if groups:
            number = int(sum(sum(sorted(values[one] for one in group)[:-1]) for group in groups))
            examples = (" / ".join(group) for group in sorted(groups))
            yield Finding(
                rule="near_equal_names",
                severity="warning",
                count=number,
                share=share_of(number, len(frame)),
                examples=() if field.name in hidden else tuple(_no_mails(examples))[:5],
                what=f"`{field.name}` has {display.plural(len(groups), 'name')} written in several "
                f"ways; {have(number, 'row')} a rarer one.",
                remedy="They are groups of their own. Write each name in one way.",
            )


def _blank(frame: pd.DataFrame, schema: Schema) -> Iterator[Finding]:
    """Groups without a name."""
    for field in schema.fields:
        number = int(frame[field.name].isna().sum()) if field.category and not field.filled else 0
        if number:
            money = _money(frame[frame[field.name].isna()])
            yield Finding(
                rule="names_blank",
                severity="note" if number == len(frame) or not field.needed else "warning",
                count=number,
                share=share_of(number, len(frame)),
                what=f"{have(number, 'row')} no `{field.name}`{money}.",
                remedy=f"They are shown as {display.BLANK}.",
            )


def _mails(frame: pd.DataFrame, schema: Schema) -> Iterator[Finding]:
    """Mail addresses where names of groups are shown."""
    for field in schema.fields:
        if field.category:
            counts = frame[field.name].value_counts()
            number = int(sum(n for value, n in counts.items() if is_mail(str(value))))
            if number:
                yield Finding(
                    rule="mail_addresses",
                    severity="warning",
                    count=number,
                    share=share_of(number, len(frame)),
                    what=f"{have(number, 'row')} a mail address as `{field.name}`: personal data "
                    "that tables and reports would show.",
                    remedy="Export a name or a number in its place.",
                )


def _again(frame: pd.DataFrame, schema: Schema) -> Iterator[Finding]:
    """Rows that repeat another one wholly, or its key."""
    wholly = int(frame.duplicated().sum())
    if wholly:
        counted = "They count as they stand, each."
        yield Finding(
            rule="rows_repeated",
            severity="warning",
            count=wholly,
            share=share_of(wholly, len(frame)),
            what=f"{display.plural(wholly, 'row')} "
            f"{'repeats' if wholly == 1 else 'repeat'} another one in every column.",
            remedy=f"{counted} Was an export pasted twice?",
        )
    key = [name for name in schema.key if name in frame.columns]
    shared = int(frame.duplicated(key, keep=False).sum()) if schema.again == "added" else 0
    if shared > 2 * wholly:
        names = display.listed([f"`{name}`" for name in key])
        yield Finding(
            rule="keys_repeated",
            severity="note",
            count=shared,
            share=share_of(shared, len(frame)),
            what=f"{display.plural(shared, 'row')} share {names} with another one.",
            remedy="Their figures are added up.",
        )


def _gaps(frame: pd.DataFrame, schema: Schema, hidden: frozenset[str]) -> Iterator[Finding]:
    """Months without a row between the first and the last, of all and of each group."""
    import pandas as pd

    if "month" not in frame.columns or frame.empty:
        return
    months = pd.period_range(frame["month"].min(), frame["month"].max(), freq="M")
    present = set(frame["month"].unique())
    missing = [month for month in months if month not in present]
    if missing:
        yield Finding(
            rule="months_missing",
            severity="error" if schema.name == "subscriptions" else "warning",
            count=len(missing),
            share=share_of(len(missing), len(months)),
            examples=tuple(str(month) for month in missing[:5]),
            what=f"{have(len(missing), 'month')} no row between {months[0]} and {months[-1]}.",
            remedy="They are taken as not known, never as 0. Write a row of 0 where it was none.",
        )
    if "channel" not in frame.columns:
        return
    pairs = frame[["channel", "month"]].drop_duplicates()
    held: dict[str | None, set[pd.Period]] = defaultdict(set)
    for channel, month in pairs.itertuples(index=False):
        held[channel].add(month)
    gaps = {
        channel: sorted(one for one in present - own if min(own) < one < max(own))
        for channel, own in held.items()
    }
    number = sum(len(own) for own in gaps.values())
    if number:
        named = [
            f"{channel if isinstance(channel, str) else display.BLANK} {own[0]}"
            for channel, own in gaps.items()
            if own
        ]
        yield Finding(
            rule="months_missing_in_groups",
            severity="warning",
            count=number,
            share=share_of(number, len(months) * len(held)),
            examples=() if "channel" in hidden else tuple(_no_mails(named))[:5],
            what=f"{display.plural(number, 'month')} of a `channel` "
            f"{'has' if number == 1 else 'have'} no row, between months that do.",
            remedy="They are taken as not known, never as 0. Write a row of 0 where it was none.",
        )


def _credits(frame: pd.DataFrame, schema: Schema) -> Iterator[Finding]:
    """Amounts below 0 where they are credits."""
    for field in schema.fields:
        if field.below != "credit":
            continue
        below = frame[field.name].map(lambda amount: amount is not None and amount < 0)
        number = int(below.sum())
        if number:
            total = sum(frame.loc[below, field.name])
            yield Finding(
                rule="amounts_negative",
                severity="note",
                count=number,
                share=share_of(number, len(frame)),
                what=f"{have(number, 'row')} an `{field.name}` below 0, "
                f"{display.count(float(total))} in all.",
                remedy="They are read as credits, and lower the total.",
            )


def _years(frame: pd.DataFrame, schema: Schema, hidden: frozenset[str]) -> Iterator[Finding]:
    """Parts of a contract that do not add up to its amount."""
    parts = [name for name in frame.columns if name.startswith("year_")]
    if schema.name != "contracts" or not parts or "amount" not in schema.names:
        return
    sums = [_added(row) for row in frame[parts].itertuples(index=False)]
    odd = [
        contract
        for contract, amount, total in zip(frame["contract"], frame["amount"], sums, strict=True)
        if total is not None and amount != total
    ]
    if odd:
        examples = () if "contract" in hidden else tuple(_no_mails(dict.fromkeys(odd)))[:5]
        yield Finding(
            rule="years_do_not_add_up",
            severity="warning",
            count=len(odd),
            share=share_of(len(odd), len(frame)),
            examples=examples,
            what=f"{have(len(odd), 'contract')} years that do not add up to the `amount`.",
            remedy="The years count where figures are by year, the amount elsewhere. Correct one.",
        )


def _added(amounts: tuple[Any, ...]) -> Any:
    known = [amount for amount in amounts if amount is not None]
    return sum(known) if known else None


def _money(frame: pd.DataFrame) -> str:
    if "amount" not in frame.columns:
        return ""
    return f", {display.count(float(sum(frame['amount'])))} in all"


def _no_mails(names: Any) -> Iterator[str]:
    return (display.one_line(name) for name in names if not is_mail(name))
