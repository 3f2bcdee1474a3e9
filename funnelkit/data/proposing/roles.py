"""Which column does what: id, stages, status, money, people and segments, each with its reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from funnelkit._core import display
from funnelkit.data.proposing import words
from funnelkit.data.proposing.profiles import Column
from funnelkit.data.standing import is_close_name

_MOST_SEGMENTS = 6
_FEW = 30
_RARE = 0.02
"""Share of the rows below which a date is hardly a stage."""


@dataclass(frozen=True, kw_only=True)
class Guess:
    """A column, or several, and why they are taken for something."""

    columns: tuple[str, ...]
    why: str


@dataclass(frozen=True, kw_only=True)
class Status:
    """A column that holds the current stage.

    Parameters
    ----------
    column, date
        It, and the column of its date, if there is one.
    won, lost, open
        Its values, by what they seem to mean.
    why
        Why it is taken for one.
    """

    column: str
    date: str | None
    won: tuple[str, ...]
    lost: tuple[str, ...]
    open: tuple[str, ...]
    why: str


@dataclass(frozen=True, kw_only=True)
class Roles:
    """What each column seems to be for.

    Parameters
    ----------
    id
        Column of the record.
    stages, exits
        Name -> column of its date, stages in order.
    status
        The current stage, for exports without a date for each.
    guesses
        Key of funnel.yml -> its columns and the reason.
    left
        Columns of dates that were taken for no stage, and why.
    """

    id: str
    stages: Mapping[str, str]
    exits: Mapping[str, str]
    status: Status | None = None
    guesses: Mapping[str, Guess] = field(default_factory=dict)
    left: Mapping[str, str] = field(default_factory=dict)


def personal(columns: Sequence[Column], rows: Sequence[int]) -> dict[str, str]:
    """Return the columns that seem to hold personal data or free text, and why."""
    found: dict[str, str] = {}
    for column in columns:
        if column.is_date or not column.filled:
            continue
        long = column.longest > 120 and column.distinct > 0.5 * column.filled
        if column.mails > 0.2 * column.filled:
            found[column.name] = "mail addresses"
        elif words.says(column.name, words.PERSONAL):
            found[column.name] = "by its name"
        elif long and rows[column.table] > _FEW:
            found[column.name] = "free text"
    return found


def order(columns: Sequence[Column], before: Mapping[tuple[str, str], int]) -> list[Column]:
    """Return dates in the order in which they happen: who comes before whom in more rows.

    Where the rows do not say, the fuller column comes first, then that which stands first.
    """
    wins = {
        column.name: sum(
            before.get((column.name, other.name), 0) > before.get((other.name, column.name), 0)
            for other in columns
            if other is not column
        )
        for column in columns
    }
    place = {column.name: number for number, column in enumerate(columns)}
    return sorted(columns, key=lambda c: (-wins[c.name], -c.filled, place[c.name]))


def is_stage(column: Column, rows: int) -> str | None:
    """Return why a column of dates is taken for no stage, or ``None`` where it may be one."""
    if words.says(column.name, words.NO_STAGE):
        return "by its name it says when a record was changed, or is planned"
    if column.filled < _RARE * rows and column.filled < _FEW:
        return f"it is filled in {display.plural(column.filled, 'row')} only"
    return None


def any_close(dates: Sequence[Column]) -> dict[str, str]:
    """Return the dates of any close, where the win has a date of its own, and what they are.

    They are those of won and lost records, or plans of open ones: no step after the win.
    """
    if not any(words.says(one.name, words.WON) for one in dates):
        return {}
    why = "by its name the day of any close, or a planned one; the win has a date of its own"
    return {one.name: why for one in dates if words.says(one.name, words.ANY_CLOSE)}


def planned_close(dates: Sequence[Column], steps: Collection[str]) -> list[Column]:
    """Return the dates that say when a record is to close: ISO days that are no step themselves."""
    iso = [one for one in dates if one.pattern is None and one.unread is None]
    return [one for one in iso if one.name not in steps and is_close_name(one.name)]


def status_of(columns: Sequence[Column], dates: Sequence[Column]) -> Status | None:
    """Return the column that holds the current stage, if one seems to."""
    best: tuple[int, Status] | None = None
    for column in columns:
        texts = [text for text, _ in column.values]
        if column.is_date or len(texts) < 2:
            continue
        won = tuple(text for text in texts if words.says(text, words.WON))
        lost = tuple(text for text in texts if words.says(text, words.LOST) and text not in won)
        named = words.says(column.name, words.STATUS)
        score = 2 * bool(won) + bool(lost) + named
        if not won or score < 3 or (best is not None and best[0] >= score):
            continue
        closing = [one.name for one in dates if words.says(one.name, words.CLOSE)]
        shown = display.listed([f"{text} ({n:,})" for text, n in column.values[:8]])
        best = (
            score,
            Status(
                column=column.name,
                date=closing[0] if closing else None,
                won=won,
                lost=lost,
                open=tuple(text for text in texts if text not in (*won, *lost)),
                why=f"its values are stages: {shown}",
            ),
        )
    return None if best is None else best[1]


def id_of(columns: Sequence[Column], rows: Sequence[int]) -> Guess | None:
    """Return the column that tells records apart: in every table, the most different texts."""
    tables = range(len(rows))
    by_name = {
        name: [one for one in columns if one.name == name]
        for name in dict.fromkeys(column.name for column in columns)
    }
    fitting: list[tuple[tuple[bool, bool, float, int], str, int]] = []
    for place, (name, found) in enumerate(by_name.items()):
        if any(one.is_date for one in found) or len(found) < len(tables):
            continue
        share = min(one.distinct / max(rows[one.table], 1) for one in found)
        named = words.says(name, words.ID)
        if share > (0.5 if named else 0.999):
            key = (share > 0.999, named, round(share, 3), -place)
            fitting.append((key, name, max(one.distinct for one in found)))
    if not fitting:
        return None
    _, name, distinct = max(fitting)
    where = " in every file" if len(rows) > 1 else ""
    return Guess(columns=(name,), why=f"{display.plural(distinct, 'different text')}{where}")


def attributes(
    columns: Sequence[Column],
    rows: Sequence[int],
    taken: set[str],
    main: int = 0,
    plans: Sequence[Column] = (),
) -> dict[str, Guess]:
    """Return money, people, accounts, segments and columns to keep, planned close dates among them.

    Segments come from the main table only: what is known of records of a joined file alone tells
    that they came so far.
    """
    found: dict[str, Guess] = {}
    free = [one for one in columns if one.name not in taken and one.filled and not one.is_date]

    def take(key: str, chosen: list[Column], why: str) -> None:
        if chosen:
            found[key] = Guess(columns=tuple(dict.fromkeys(one.name for one in chosen)), why=why)
            taken.update(one.name for one in chosen)

    money = [
        one
        for one in free
        if one.is_number
        and words.says(one.name, words.VALUE)
        and not words.says(one.name, words.NO_VALUE)
    ]
    take("value", money[:1], "numbers, and its name")
    rest = [one for one in free if one.name not in taken]
    kept = [one for one in rest if words.says(one.name, words.KEEP)]
    take("keep", [*kept, *plans], "carried along with each record, never a figure")
    for key, pattern, why in (
        ("owner", words.OWNER, "its name"),
        ("account", words.ACCOUNT, "its name; leads of one account go together"),
    ):
        named = [
            one
            for one in free
            if one.name not in taken
            and words.says(one.name, pattern)
            and not one.is_number
            and (_FEW if key == "account" else 1) < one.distinct < rows[one.table]
        ]
        named.sort(key=lambda one: not words.says(one.name, words.ID))
        take(key, named[:1], why)
    few = [
        one
        for one in free
        if one.name not in taken and one.table == main and _splits(one, rows[one.table])
    ]
    apart = [one for one in few if words.says(one.name, words.APART)]
    shown = [*apart, *(one for one in few if one not in apart)][:_MOST_SEGMENTS]
    take("segments", shown, f"2 to {_FEW} different texts each")
    if apart:
        found["apart"] = Guess(
            columns=tuple(one.name for one in apart),
            why="businesses of their own, never pooled unasked: "
            + "; ".join(display.listed([f"{v} ({n:,})" for v, n in a.values[:6]]) for a in apart),
        )
    return found


def _splits(column: Column, rows: int) -> bool:
    if words.says(column.name, words.ID) and not words.says(column.name, words.APART):
        return False
    if words.says(column.name, words.TELLS_END):
        return False
    few = 2 <= column.distinct <= _FEW and column.distinct <= max(0.2 * rows, 2)
    return few and not column.is_number and column.longest <= 60
