"""An export read the slow and obvious way: plain Python, one cell after the other.

Nothing of funnelkit is imported here. Where a file leaves any doubt about its lines or cells, the
reading says that it cannot tell, and only the laws are tested on it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from zoneinfo import ZoneInfo

from tests.reference.journeys import Record

MISFIT, AGAIN, NO_ID = "does not fit the header", "repeats the header", "no id"
OTHER_STAGE, NO_TIME = "stage not in the funnel", "event without a time"
BLANK = " \t\n\r\v\f"
_DAY = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d{1,9})?)?"
_ZONE = r" ?(Z|UTC|[+-]\d{2}(:?\d{2})?)"
_TIME = re.compile(rf"({_DAY})(?:({_CLOCK})({_ZONE})?)?", re.ASCII)
_AMOUNT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_POWER = re.compile(r"\d([.,]\d+)?[eE]\+\d+", re.ASCII)
_LARGEST = Decimal(10) ** 34

Row = dict[str, str]


class DoubtError(Exception):
    """The plain reading cannot tell."""


class RefusalError(Exception):
    """The file must be refused."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What is to be read: step -> column (wide), or the columns of a log."""

    id: str
    steps: dict[str, str]
    value: str | None = None
    segments: tuple[str, ...] = ()
    timezone: str | None = None
    log: tuple[str, str] | None = None  # stage, time

    @property
    def needed(self) -> tuple[str, ...]:
        own = self.log or tuple(self.steps.values())
        return (self.id, *own, *self.segments, *([self.value] if self.value else []))


@dataclass
class Plain:
    """What stands in an export."""

    read: int
    aside: Counter[str]
    records: list[Record] = field(default_factory=list)
    repeated: bool = False


def of_bytes(content: bytes, shape: Shape) -> Plain:
    """Return what stands in a file.

    Raises
    ------
    DoubtError
        If its lines or cells can be told apart in several ways.
    RefusalError
        If a value cannot be read, or a column is missing.
    """
    lines = _cells(_text(content), shape)
    header = [name.strip() for name in lines[0]]
    _check_header(header, shape)
    aside: Counter[str] = Counter()
    rows = []
    read_columns = [name for name in header if name in shape.needed]
    for line in lines[1:]:
        beyond = line[len(header) :]
        cells = line if any(beyond) else line[: len(header)]  # empty cells beyond hold nothing
        if len(cells) != len(header):
            aside[MISFIT] += 1
            continue
        row = dict(zip(header, cells, strict=True))
        if all(row[name].strip(BLANK) == name for name in read_columns[:3]):
            aside[AGAIN] += 1
            continue
        rows.append({name: row[name] for name in read_columns})
    if not rows:
        raise RefusalError("no rows")
    found = of_rows(rows, shape)
    return Plain(found.read + aside.total(), found.aside + aside, found.records, found.repeated)


def of_rows(rows: Sequence[Row], shape: Shape) -> Plain:
    """Return what stands in rows of texts."""
    aside: Counter[str] = Counter()
    days: dict[str, dict[str, list[dt.date]]] = defaultdict(lambda: defaultdict(list))
    attributes: dict[str, dict[str, str | None]] = {}
    clocks: Counter[str] = Counter()
    seen = 0
    if shape.log is not None:
        named = {row[shape.log[0]].strip(BLANK) for row in rows}
        if not named & {*shape.steps.values()}:
            raise RefusalError("no stage")
    for row in rows:
        cells = {name: cell.strip(BLANK) for name, cell in row.items()}
        key = cells[shape.id]
        if _POWER.fullmatch(key):
            raise RefusalError("an id in powers of ten")
        if shape.value is not None:
            _check_amount(cells[shape.value])
        steps = _steps(cells, shape)
        times = {step: _day(text, shape, clocks) for step, text in steps}
        if not key:
            aside[NO_ID] += 1
            continue
        if shape.log is not None:
            [(step, _)] = steps
            if step not in shape.steps:
                aside[OTHER_STAGE] += 1
                continue
            if times[step] is None:
                aside[NO_TIME] += 1
                continue
        seen += 1
        attributes.setdefault(key, {name: cells[name] or None for name in shape.segments})
        for step, day in times.items():
            days[key] |= {}
            if day is not None:
                days[key][step].append(day)
    if clocks["zoned"] and clocks["unzoned"]:
        raise RefusalError("times with and without an offset")
    records = [Record(key, dict(of), attributes=attributes[key]) for key, of in days.items()]
    return Plain(len(rows), aside, records, repeated=seen > len(records))


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DoubtError("not UTF-8") from None
    if not text.strip():
        raise RefusalError("empty")
    if "\x00" in text or "\ufeff" in text:
        raise DoubtError("odd characters")
    outside = re.sub(r'"[^"]*"', "", text)
    unix = outside.replace("\r\n", "").count("\n")
    windows = outside.count("\r\n")
    if "\r" in text.replace("\r\n", "") or (unix and windows):
        raise DoubtError("several line ends")
    if text[0] in "\r\n<%" or text.startswith("PK") or text.lower().startswith("sep="):
        raise DoubtError("perhaps no table")
    return text


def _cells(text: str, shape: Shape) -> list[list[str]]:
    """Return the cells of each line that is not blank."""
    found = {}
    for mark in ",;\t|":
        first = text.split("\n", 1)[0].strip("\r")
        names = {name.strip().strip('"') for name in first.split(mark)}
        found[mark] = len(names & set(shape.needed))
    best = max(found.values())
    marks = [mark for mark, n in found.items() if n == best]
    if len(marks) > 1 or best < 2:
        raise DoubtError("no clear delimiter")
    cell = rf'(?:"((?:[^"]|"")*)"|([^"\r\n{re.escape(marks[0])}]*))'
    pattern = re.compile(rf"{cell}({re.escape(marks[0])}|\r?\n|\Z)")
    lines: list[list[str]] = [[]]
    place = 0
    while place < len(text):
        match = pattern.match(text, place)
        if match is None:
            raise DoubtError("odd quotes")
        quoted, bare, end = match.groups()
        lines[-1].append(bare if quoted is None else quoted.replace('""', '"'))
        place = match.end()
        if end != marks[0]:
            lines.append([])
        elif place == len(text):
            lines[-1].append("")
    return [cells for cells in lines if cells not in ([], [""])]


def _check_header(header: list[str], shape: Shape) -> None:
    missing = [name for name in shape.needed if name not in header]
    if missing:
        raise (DoubtError if len(missing) == len(shape.needed) else RefusalError)("columns")
    if len(header) < 2:
        raise DoubtError("one column")
    folded = Counter(name.lower() for name in header if name in shape.needed)
    if any(n > 1 for n in folded.values()):
        raise RefusalError("repeated columns")


def _steps(cells: Row, shape: Shape) -> list[tuple[str, str]]:
    if shape.log is None:
        return [(step, cells[column]) for step, column in shape.steps.items()]
    stage, time = shape.log
    names = {name: step for step, name in shape.steps.items()}
    return [(names.get(cells[stage], ""), cells[time])]


def _day(text: str, shape: Shape, clocks: Counter[str]) -> dt.date | None:
    if not text:
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        raise RefusalError(text)
    clock, zone = match[2], match[6]
    try:
        day = dt.date.fromisoformat(match[1])
    except ValueError:
        raise RefusalError(text) from None
    if zone is None:
        clocks["unzoned"] += bool(clock and re.search("[1-9]", clock))
        return day
    clocks["zoned"] += 1
    hours, minutes = int(clock[1:3]), int(clock[4:6])
    moment = dt.datetime.combine(day, dt.time(hours, minutes), dt.UTC)
    zone = zone.strip()
    if zone not in ("Z", "UTC"):
        ahead = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[3:].strip(":") or 0))
        moment += ahead if zone[0] == "-" else -ahead
    return moment.astimezone(ZoneInfo(shape.timezone or "UTC")).date()


def _check_amount(text: str) -> None:
    if text and (not _AMOUNT.fullmatch(text) or abs(Decimal(text)) >= _LARGEST):
        raise RefusalError(text)
