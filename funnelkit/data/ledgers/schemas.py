"""The declared schema of each data table that holds no leads: its columns and what they may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from funnelkit._core.errors import ArgumentError, unknown

Kind = Literal["text", "month", "period", "day", "moment", "amount", "number", "whole", "flag"]
Below = Literal["credit", "refused"]
Again = Literal["added", "refused", "events"]


@dataclass(frozen=True, kw_only=True)
class Field:
    """One column of a table.

    Parameters
    ----------
    name
        What it is called here.
    kind
        What it holds: ``"text"``; ``"month"``, ``"period"`` (a month, quarter or year), ``"day"``,
        ``"moment"`` (a day with a time of day where there is one); ``"amount"`` (money, exact),
        ``"number"``, ``"whole"`` (a count) or ``"flag"`` (yes or no).
    what
        What it means, in words.
    needed
        Whether every table of this kind has it.
    filled
        Whether a row without it is set aside.
    below
        What an amount or number below 0 is: a credit, or refused.
    category
        Whether its values name groups, so that two ways of writing one name are told.
    person
        Whether it names people, who are in no example.
    """

    name: str
    kind: Kind
    what: str
    needed: bool = False
    filled: bool = False
    below: Below = "refused"
    category: bool = False
    person: bool = False


@dataclass(frozen=True, kw_only=True)
class Schema:
    """The columns of one kind of table.

    Parameters
    ----------
    name
        Of the kind, such as ``"spend"``.
    fields
        Its columns.
    key
        Columns that tell rows apart.
    again
        What rows of one key mean: their figures are added, they are refused, or they are events
        that may well repeat.
    forms
        Where a table may come in several forms: the columns that each needs beside the others.
    """

    name: str
    fields: tuple[Field, ...]
    key: tuple[str, ...]
    again: Again
    forms: tuple[tuple[str, ...], ...] = ()

    def __getitem__(self, name: str) -> Field:
        """Return the column of a name.

        Raises
        ------
        ArgumentError
            If there is none.
        """
        for field in self.fields:
            if field.name == name:
                return field
        raise ArgumentError(unknown("column", name, self.names))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(field.name for field in self.fields)

    def of_kind(self, *kinds: Kind) -> tuple[str, ...]:
        """Return the names of the columns of some kinds."""
        return tuple(field.name for field in self.fields if field.kind in kinds)

    def kept(self, names: Sequence[str]) -> Schema:
        """Return the schema of a table that has only some of the columns."""
        return replace(self, fields=tuple(field for field in self.fields if field.name in names))

    def more(self, fields: Sequence[Field]) -> Schema:
        """Return the schema with further columns at the end."""
        return replace(self, fields=(*self.fields, *fields))


_CURRENCY = Field(name="currency", kind="text", what="code of the currency of the row's amounts")

SPEND = Schema(
    name="spend",
    fields=(
        Field(name="month", kind="month", what="month of the cost", needed=True, filled=True),
        Field(name="channel", kind="text", what="what it was spent on", needed=True, category=True),
        Field(
            name="amount",
            kind="amount",
            what="the cost; below 0 a credit",
            needed=True,
            filled=True,
            below="credit",
        ),
        Field(name="campaign", kind="text", what="campaign of the channel", category=True),
        _CURRENCY,
    ),
    key=("month", "channel", "campaign"),
    again="added",
)
VISITORS = Schema(
    name="visitors",
    fields=(
        Field(name="month", kind="month", what="month of the visits", needed=True, filled=True),
        Field(name="visitors", kind="whole", what="how many came", needed=True, filled=True),
        Field(name="channel", kind="text", what="where they came from", category=True),
    ),
    key=("month", "channel"),
    again="added",
)
ACTIVITIES = Schema(
    name="activities",
    fields=(
        Field(name="at", kind="moment", what="when it was done", needed=True, filled=True),
        Field(
            name="kind",
            kind="text",
            what="what was done: call, email, meeting …",
            needed=True,
            filled=True,
            category=True,
        ),
        Field(name="rep", kind="text", what="who did it", category=True, person=True),
        Field(name="record", kind="text", what="id of the lead or deal it was done for"),
        Field(name="opened", kind="flag", what="whether an email was opened"),
        Field(name="answered", kind="flag", what="whether an email or call was answered"),
        Field(name="minutes", kind="number", what="how long it took"),
        Field(name="due", kind="day", what="when a task was due"),
        Field(name="done", kind="day", what="when a task was done; blank where it is open"),
    ),
    key=("at", "kind", "rep", "record"),
    again="events",
)
SUBSCRIPTIONS = Schema(
    name="subscriptions",
    fields=(
        Field(name="account", kind="text", what="who pays", needed=True, filled=True),
        Field(name="month", kind="month", what="month that is paid for", filled=True),
        Field(name="start", kind="day", what="first day", filled=True),
        Field(name="end", kind="day", what="last day; blank where it goes on"),
        Field(
            name="mrr",
            kind="amount",
            what="recurring revenue of one month",
            needed=True,
            filled=True,
        ),
        Field(name="plan", kind="text", what="what is paid for", category=True),
        _CURRENCY,
    ),
    key=("account", "month", "start", "plan"),
    again="added",
    forms=(("month",), ("start", "end")),
)
QUOTAS = Schema(
    name="quotas",
    fields=(
        Field(
            name="period", kind="period", what="month, quarter or year", needed=True, filled=True
        ),
        Field(
            name="rep",
            kind="text",
            what="whose quota it is",
            needed=True,
            filled=True,
            category=True,
            person=True,
        ),
        Field(name="amount", kind="amount", what="what is to be won", needed=True, filled=True),
        _CURRENCY,
    ),
    key=("period", "rep"),
    again="refused",
)
CONTRACTS = Schema(
    name="contracts",
    fields=(
        Field(name="contract", kind="text", what="its id", needed=True, filled=True),
        Field(name="start", kind="day", what="first day", needed=True, filled=True),
        Field(name="end", kind="day", what="last day", needed=True, filled=True),
        Field(
            name="amount",
            kind="amount",
            what="value over the whole term; below 0 a credit",
            needed=True,
            filled=True,
            below="credit",
        ),
        Field(name="account", kind="text", what="with whom"),
        _CURRENCY,
    ),
    key=("contract",),
    again="added",
)
SCHEMAS = {
    schema.name: schema
    for schema in (SPEND, VISITORS, ACTIVITIES, SUBSCRIPTIONS, QUOTAS, CONTRACTS)
}
