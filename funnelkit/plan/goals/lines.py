"""The lines of a file of targets: whose, of which kind, of which months and how much."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from funnelkit._core import display
from funnelkit._core.errors import did_you_mean
from funnelkit.forecast.series import dating
from funnelkit.forecast.series.numbers_read import BLANKS, Marks, Numbers, read_numbers
from funnelkit.plan.goals import spans
from funnelkit.plan.goals.spans import Run, SpanRules
from funnelkit.plan.goals.targets import KINDS

if TYPE_CHECKING:
    import pandas as pd

    from funnelkit.plan.goals.headers import Headers

EVERY_KIND = "all kinds"
_KIND_WORDS = {
    **dict.fromkeys(("new", "new business", "new logo", "new logos", "new customer"), "new"),
    **dict.fromkeys(("new customers", "acquisition", "net new", "newbusiness"), "new"),
    **dict.fromkeys(("expansion", "expansions", "upsell", "cross sell", "upgrade"), "expansion"),
    **dict.fromkeys(("existing business", "existing customer", "add on"), "expansion"),
    **dict.fromkeys(("renewal", "renewals", "renew", "retention"), "renewal"),
    **dict.fromkeys(("all", "total", "all kinds", "sum"), EVERY_KIND),
}
_EVERYONE = frozenset({"", "all", "total", "(all)", "*", "overall", "sum", "all segments"})
_MAYBE_THOUSANDS = re.compile(r"[^\d]*\d{1,3}\.\d{3}[^\d]*")


@dataclass(frozen=True)
class Line:
    """One line: months in a row, and what is to be reached in them together.

    Parameters
    ----------
    row
        Which it is among the rows, from 1.
    segment
        ``None``: all of them.
    kind
        One of the kinds, or ``EVERY_KIND``.
    run
        Its months.
    amount
        What is to be reached.
    """

    row: int
    segment: str | None
    kind: str
    run: Run
    amount: float

    @property
    def place(self) -> str:
        """Where it stands, for a message."""
        words = [spans.label(self.run)]
        if self.segment is not None:
            words.append(display.one_line(self.segment)[:60])
        if self.kind != "new":
            words.append(self.kind)
        return f"{', '.join(words)} (row {self.row})"


@dataclass
class Lines:
    """All lines, with what is wrong and what was done.

    Parameters
    ----------
    lines
        Those that can be read.
    currency
        Of the amounts, where it is told.
    problems, notes
        Sentences.
    """

    lines: list[Line] = field(default_factory=list)
    currency: str | None = None
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def gathered(
    frame: pd.DataFrame,
    headers: Headers,
    *,
    rules: SpanRules,
    marks: Marks | None,
    currency: str | None,
) -> Lines:
    """Return the lines of a frame, with every problem of its periods, numbers, kinds and signs."""
    found = Lines()
    numbers = read_numbers(frame[headers.amount], marks or Marks())
    known = _amounts(found, numbers, headers.amount, is_told=marks is not None)
    runs = _runs(found, headers.periods_of(frame), known, rules)
    kinds = _kinds(found, frame, headers, known)
    segments = _segments(frame, headers)
    signs = numbers.signs
    if headers.currency is not None:
        signs = np.array([spans.text_of(cell) for cell in frame[headers.currency]], object)
    _currency(found, signs[known], currency)
    for k in np.flatnonzero(known).tolist():
        run, kind = runs[k], kinds[k]
        if run is not None and kind is not None:
            found.lines.append(Line(k + 1, segments[k], kind, run, float(numbers.values[k])))
    _wholes(found, runs_of_all=[k for k in np.flatnonzero(known).tolist() if runs[k] is _WHOLE])
    return found


_WHOLE = Run(0, -1)
"""Stands for all months of the file, until these are known."""


def _amounts(found: Lines, numbers: Numbers, column: str, *, is_told: bool) -> Any:
    """Return which rows have a number that can be a target; the others are problems or notes."""
    values = numbers.values
    known = np.isfinite(values)
    name = f"`{display.one_line(column)}`"
    if len(numbers.bad):
        texts = [str(numbers.texts[k]) for k in numbers.bad[:5]]
        hint = ""
        if any(re.search(r"\d ?[kKmM]", text) for text in texts):
            hint = " Write numbers out: 1200000, not 1.2M."
        elif any("," in text or "." in text for text in texts):
            hint = ' Where marks stand within numbers, say thousands="," or decimal=",".'
        found.problems.append(
            f"{name}: {display.count(len(numbers.bad))} of "
            f"{display.plural(int(known.sum()) + len(numbers.bad), 'amount')} no numbers: "
            f"{dating.examples(texts)}. Correct them.{hint}"
        )
    marked = [str(t) for t in numbers.texts if "." in str(t)]
    if marked and not is_told and all(_MAYBE_THOUSANDS.fullmatch(text) for text in marked):
        found.problems.append(
            f"{name}: {display.plural(len(marked), 'amount')} with a point before three digits "
            f"({dating.examples(marked)}), which may be thousands or decimals. Say which: "
            'thousands="." or decimal=".".'
        )
    below = np.flatnonzero(known & (values < 0))
    if len(below):
        shown = "; ".join(f"row {k + 1} ({values[k]:,.10g})" for k in below[:5])
        found.problems.append(
            f"{name}: {display.plural(len(below), 'amount')} below 0: {shown}"
            f"{'; …' if len(below) > 5 else ''}. Set what is taken back off against the months "
            "that it belongs to."
        )
        known = known & (values >= 0)
    blank = np.setdiff1d(np.flatnonzero(~np.isfinite(values)), numbers.bad)
    if len(blank):
        shown = ", ".join(str(k + 1) for k in blank[:5])
        found.notes.append(
            f"Left out: {display.plural(len(blank), 'row')} without an amount (row {shown}"
            f"{', …' if len(blank) > 5 else ''})."
        )
    return known


def _runs(found: Lines, texts: Sequence[str], known: Any, rules: SpanRules) -> list[Run | None]:
    """Return the months of each row; of rows that name none there is a problem."""
    blank = [k for k in np.flatnonzero(known).tolist() if texts[k].lower() in BLANKS]
    if blank:
        shown = ", ".join(str(k + 1) for k in blank[:5])
        found.problems.append(
            f"{display.plural(len(blank), 'amount')} without a period, such as in row {shown}. "
            "Fill the period in, or leave the rows out."
        )
    different = list(dict.fromkeys(texts[k] for k in np.flatnonzero(known).tolist()))
    said = [one for one in different if one.lower() not in BLANKS and not spans.is_whole(one)]
    read, problem = spans.read_runs(said, rules)
    if problem:
        found.problems.append(problem)
    shifted = rules.calendar.fiscal_year_start != 1
    plain = [
        one for one in said if one in read and len(read[one].months) > 1 and "FY" not in one.upper()
    ]
    plain = [one for one in plain if re.search(r"[QH]|^\d{4}$", one, re.IGNORECASE)]
    if shifted and plain:
        one = plain[0]
        other = "civil" if rules.years == "fiscal" else "fiscal"
        found.notes.append(
            f"Quarters and years without FY are {rules.years} ones ({display.one_line(one)}: "
            f'{spans.label(read[one])}); say years="{other}" where they are not.'
        )
    return [_WHOLE if spans.is_whole(text) else read.get(text) for text in texts]


def _kinds(found: Lines, frame: pd.DataFrame, headers: Headers, known: Any) -> list[str | None]:
    """Return the kind of each row; unknown words are a problem."""
    if headers.kind is None:
        return ["new"] * len(frame)
    texts = [spans.text_of(cell) for cell in frame[headers.kind]]
    kinds = [_KIND_WORDS.get(re.sub(r"[\s_/-]+", " ", text.lower()).strip()) for text in texts]
    odd = Counter(texts[k] for k in np.flatnonzero(known).tolist() if kinds[k] is None and texts[k])
    if odd:
        shown = "; ".join(
            f"`{display.one_line(text)[:40]}` ({display.plural(n, 'row')})"
            f"{did_you_mean(text, KINDS).rstrip()}"
            for text, n in list(odd.items())[:5]
        )
        found.problems.append(
            f"`{display.one_line(headers.kind)}`: {display.plural(len(odd), 'unknown kind')} of "
            f"business: {shown}. Known: {', '.join(f'`{kind}`' for kind in KINDS)}."
        )
    bare = [k for k in np.flatnonzero(known).tolist() if texts[k].lower() in BLANKS]
    if bare:
        shown = ", ".join(str(k + 1) for k in bare[:5])
        found.problems.append(
            f"`{display.one_line(headers.kind)}`: {display.plural(len(bare), 'row')} without a "
            f"kind, such as row {shown}. Say new, expansion, renewal, or all for their total."
        )
    return kinds


def _segments(frame: pd.DataFrame, headers: Headers) -> list[str | None]:
    if headers.segment is None:
        return [None] * len(frame)
    texts = [spans.text_of(cell) for cell in frame[headers.segment]]
    return [None if _is_everyone(text) else text for text in texts]


def _is_everyone(text: str) -> bool:
    return text.lower() in _EVERYONE or text.lower() in BLANKS


def _currency(found: Lines, signs: Any, currency: str | None) -> None:
    """Write the one currency of the amounts, or the problem of several."""
    counts = Counter(display.one_line(cell)[:20] for cell in signs if cell)
    if len(counts) > 1:
        shown = "; ".join(f"{display.plural(n, 'amount')} in {code}" for code, n in counts.items())
        found.problems.append(
            f"{len(counts)} currencies: {shown}. Targets of several cannot be added up: write them "
            "in one, or read them apart."
        )
        return
    told = next(iter(counts), None)
    if told is not None and currency is not None and told != currency:
        found.problems.append(
            f"`currency` is {currency}, but the amounts say {told}. Leave it out, or correct them."
        )
    found.currency = currency or told


def _wholes(found: Lines, *, runs_of_all: Sequence[int]) -> None:
    """Give lines of all periods together the months of the others."""
    if not runs_of_all:
        return
    others = [line for line in found.lines if line.run is not _WHOLE]
    if not others:
        if not found.problems:
            found.problems.append(
                "There is a total, and no line that says of which months. Name the period."
            )
        found.lines = []
        return
    whole = Run(min(one.run.first for one in others), max(one.run.last for one in others))
    found.lines = [
        one if one.run is not _WHOLE else Line(one.row, one.segment, one.kind, whole, one.amount)
        for one in found.lines
    ]


def by_kind(lines: Sequence[Line]) -> Mapping[str, Mapping[str | None, list[Line]]]:
    """Return the lines by kind, and within it by segment, in order of appearance."""
    found: dict[str, dict[str | None, list[Line]]] = {}
    for line in lines:
        found.setdefault(line.kind, {}).setdefault(line.segment, []).append(line)
    return found
