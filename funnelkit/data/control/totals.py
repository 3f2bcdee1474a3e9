"""Control totals as a person writes them: checked whole, each mistake with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from funnelkit._core import display
from funnelkit._core.errors import ArgumentError, did_you_mean, numbered, unknown
from funnelkit.data.definition import ENTERED_AT, Funnel
from funnelkit.data.periods import Span, span_of

Measure = Literal["count", "value"]
MEASURES: tuple[Measure, ...] = ("count", "value")
KEYS = (*MEASURES, "in", "total", "where")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class ControlTotal:
    """One figure of the CRM's own report.

    Parameters
    ----------
    step
        Stage or exit.
    measure
        ``"count"``: records that entered it; ``"value"``: their money.
    span
        The period in which they entered it; ``None``: ever.
    number
        What the CRM says.
    where
        Segment -> values; ``""`` is blank.
    """

    step: str
    measure: Measure
    span: Span | None
    number: Decimal
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def what(self) -> str:
        """What is counted, with the segments it is limited to."""
        name = self.step if self.measure == "count" else f"value of {self.step}"
        limits = [
            f"{segment} {display.listed([v or display.BLANK for v in values], last='or')}"
            for segment, values in self.where
        ]
        return f"{name} ({', '.join(limits)})" if limits else name

    @property
    def period(self) -> str:
        """The period, or ``"whole"``."""
        return self.span.label if self.span else "whole"

    @property
    def slack(self) -> Decimal:
        """How far ours may be off: nothing for counts, half of the last digit told for money."""
        exponent = self.number.as_tuple().exponent
        if self.measure == "count" or not isinstance(exponent, int):
            return Decimal(0)
        return Decimal(5).scaleb(min(exponent, 0) - 1)

    def ties(self, ours: Decimal) -> bool:
        """Whether our figure is the CRM's."""
        return abs(ours - self.number) <= self.slack


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """What is wrong with an entry: its number from 0, the keys that lead to it, and the words."""

    entry: int
    keys: tuple[str, ...]
    words: str

    def __str__(self) -> str:
        """Return the mistake with its place."""
        place = "".join(f".{key}" for key in self.keys)
        return f"`expected[{self.entry + 1}]{place}` {self.words}"


def control_totals(
    entries: Sequence[Mapping[str, Any]], funnel: Funnel
) -> tuple[tuple[ControlTotal, ...], list[Mistake]]:
    """Return the control totals of entries such as ``{"count": "won", "in": {"2026-08": 12}}``.

    An entry has ``count`` or ``value``, a stage or exit; ``in``, period -> number, or ``total``,
    or both; and perhaps ``where``, segment -> value or values.
    """
    totals: list[ControlTotal] = []
    mistakes: list[Mistake] = []
    for number, entry in enumerate(entries):
        reading = _Entry(number, entry, funnel)
        totals += reading.totals()
        mistakes += reading.mistakes
    return tuple(totals), mistakes


def expected_totals(given: object, funnel: Funnel) -> tuple[ControlTotal, ...]:
    """Return the control totals that were given as such, or as a list of mappings.

    Raises
    ------
    ArgumentError
        With every mistake at once.
    """
    several = list(given) if isinstance(given, (list, tuple)) else None
    if not several:
        raise ArgumentError(
            '`expected` must be a list such as [{"count": "won", "in": {"2026-08": 12}}]; '
            f"got {given!r}."
        )
    if all(isinstance(one, ControlTotal) for one in several):
        return tuple(several)
    odd = [one for one in several if not isinstance(one, Mapping)]
    if odd:
        raise ArgumentError(f"`expected` must hold mappings; got {odd[0]!r}.")
    totals, mistakes = control_totals(several, funnel)
    if mistakes:
        raise ArgumentError(numbered([str(one) for one in mistakes]))
    return totals


class _Entry:
    """One entry being read; mistakes are noted, and what is sound is kept."""

    def __init__(self, number: int, entry: Mapping[str, Any], funnel: Funnel) -> None:
        self.number, self.entry, self.funnel = number, entry, funnel
        self.mistakes: list[Mistake] = []

    def note(self, words: str, *keys: str) -> None:
        self.mistakes.append(Mistake(entry=self.number, keys=keys, words=words))

    def totals(self) -> list[ControlTotal]:
        for key in self.entry:
            if key not in KEYS:
                known = ", ".join(f"`{one}`" for one in KEYS)
                hint = did_you_mean(str(key), KEYS)
                self.note(f"is not known.{hint or f' Known here: {known}.'}", str(key))
        measured = self._measured()
        where = self._where()
        figures = self._figures()
        if measured is None:
            return []
        return [
            ControlTotal(step=measured[0], measure=measured[1], span=span, number=n, where=where)
            for span, n in figures
        ]

    def _measured(self) -> tuple[str, Measure] | None:
        named = [key for key in MEASURES if self.entry.get(key) is not None]
        if len(named) != 1:
            self.note("needs `count` or `value`, one of the two: a stage or exit.")
            return None
        measure, step = named[0], self.entry[named[0]]
        if not isinstance(step, str) or step not in self.funnel.steps:
            words = unknown("stage or exit", str(step), self.funnel.steps)
            self.note(f"names an {words}", measure)
            return None
        if measure == "value" and self.funnel.value is None:
            self.note("needs amounts; the funnel has no `value`.", measure)
            return None
        return step, measure

    def _figures(self) -> list[tuple[Span | None, Decimal]]:
        found: list[tuple[Span | None, Decimal]] = []
        periods = self.entry.get("in")
        if periods is not None and not (isinstance(periods, Mapping) and periods):
            self.note("must map periods to numbers, such as {2026-08: 812}.", "in")
            periods = None
        elif periods is None and self.entry.get("total") is None:
            self.note("needs figures: `in`, such as {2026-08: 812}, or `total`.")
        for label, given in (periods or {}).items():
            number = self._number(given, "in", str(label))
            span = self._span(str(label))
            if span is not None and number is not None:
                found.append((span, number))
        if self.entry.get("total") is not None:
            number = self._number(self.entry["total"], "total")
            found += [] if number is None else [(None, number)]
        return found

    def _span(self, label: str) -> Span | None:
        try:
            return span_of("in", label, self.funnel.calendar)
        except ArgumentError:
            self.note("is no period such as 2026-08, 2026-Q3, 2026 or 2026-08-31.", "in", label)
            return None

    def _number(self, given: object, *keys: str) -> Decimal | None:
        text = str(given).strip()
        if isinstance(given, bool) or not _NUMBER.fullmatch(text):
            plain = re.sub(r"[\s,_'\u00a0\u202f]", "", text)
            hint = f" Did you mean {plain}?" if _NUMBER.fullmatch(plain) else ""
            self.note(f"must be a number in plain digits; got {given!r}.{hint}", *keys)
            return None
        number = Decimal(text)
        if self.entry.get("count") is not None and (number != int(number) or number < 0):
            self.note(f"must be a whole number of at least 0; got {given!r}.", *keys)
            return None
        return number

    def _where(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        given = self.entry.get("where")
        if given is None:
            return ()
        if not isinstance(given, Mapping):
            self.note("must map a segment to a value or values.", "where")
            return ()
        found = []
        for name, values in given.items():
            if name not in (*self.funnel.segments, ENTERED_AT):
                known = (*self.funnel.segments, ENTERED_AT)
                self.note(f"is an {unknown('segment', str(name), known)}", "where", str(name))
                continue
            several = [values] if isinstance(values, str) or values is None else list(values)
            if not several:
                self.note('needs a value ("" for blank).', "where", str(name))
                continue
            found.append((str(name), tuple("" if one is None else str(one) for one in several)))
        return tuple(found)
