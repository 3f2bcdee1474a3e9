"""A report as slides: one finding, one picture and one native table a slide.

Titles, texts and tables are PowerPoint's own, in the fonts and colours of the template, to be
edited there; the pictures are those of the page.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from funnelkit.report.delivery import grids
from funnelkit.report.delivery.digest import Card, Chart, Digest, Finding, Table
from funnelkit.report.delivery.pictures import Picture, picture_of, picture_of_cards
from funnelkit.report.delivery.presentation import INCH, clean, emu, layout_of, opened, saved

_EDGE, _GAP, _FOOT = 0.5, 0.35, 0.45
_LINE, _LETTERS = 0.29, 125  # of a lead: height of a line, and how many letters it takes
_SMALLEST, _LARGEST = 8.0, 14.0  # points at which a chart's text reads, and is large enough
_MOST_TABLE = 0.46  # of the room, beside a picture
_PIXELS = 13.5  # size of a chart's text on the page
_MOST_ABOUT, _MOST_LEAD, _MOST_WORDS, _MOST_TITLE = 100, 230, 600, 130
_LEFT_OUT = frozenset({"definitions"})
_MENTIONED = frozenset({"quality"})
_MADE = dt.datetime(2000, 1, 1)


@dataclass(frozen=True)
class Box:
    """A place on a slide, in inches."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Slide:
    """What stands on a slide: a finding, and at most one picture and one table."""

    title: str
    about: str = ""
    lead: str = ""
    chart: Chart | None = None
    cards: tuple[Card, ...] = ()
    table: Table | None = None
    words: tuple[str, ...] = ()
    notes: str = ""


def slides_of(digest: Digest, *, template: str | os.PathLike[str] | None = None) -> bytes:
    """Return a report as a presentation.

    Parameters
    ----------
    digest
        What the report says.
    template
        A .pptx or .potx whose layouts and theme are taken; its own slides are left out.

    Returns
    -------
    bytes
        As in a file ``.pptx``; the same for the same report.

    Raises
    ------
    ArgumentError
        If the template cannot be used.
    ReportError
        If python-pptx is not installed.
    """
    made = opened(template)
    properties = made.core_properties
    properties.title, properties.author = clean(digest.title), "funnelkit"
    properties.created = properties.modified = _MADE
    properties.last_modified_by, properties.comments = "funnelkit", ""
    _cover(made, digest)
    for slide in planned(digest):
        _Drawn(made, slide)
    return saved(made)


def planned(digest: Digest) -> Iterator[Slide]:
    """Return the slides after the first: the story, then each finding that shows something.

    A finding with several pictures has a slide for each; the k-th table goes with the k-th
    picture. Findings that are words alone share the last slide.
    """
    told = [f"{heading}: {' '.join(words)}" for heading, words in digest.story]
    if told:
        words = (*told, *filter(None, (digest.tied,)))
        yield Slide(title=digest.title, about=digest.report, words=words, notes=digest.reading)
    shown = [one for one in digest.findings if one.title and one.key not in _LEFT_OUT]
    words_alone = [one for one in shown if not _shows(one)]
    for finding in (one for one in shown if _shows(one)):
        yield from _of(finding)
    if words_alone:
        rows = tuple((one.eyebrow, one.title) for one in words_alone)
        notes = "\n".join(
            " ".join(filter(None, (f"{one.title}.", one.lead, *one.words))) for one in words_alone
        )
        table = Table(name="further findings", columns=("About", "Found"), rows=rows)
        yield Slide(title="Also in the report", table=table, notes=notes)


def _shows(finding: Finding) -> bool:
    some = finding.charts or finding.cards or any(one.rows for one in finding.tables)
    return bool(some) and finding.key not in _MENTIONED


def _of(finding: Finding) -> Iterator[Slide]:
    table = finding.tables[0] if finding.tables else None
    small = [
        ": ".join(one.split("\n"))
        for each in finding.tables
        for row in each.rows
        for one in row
        if "\n" in one
    ]
    more = "\n".join(filter(None, (finding.lead, *finding.words, *small)))
    told: dict[str, Any] = {"title": finding.title, "lead": finding.lead}
    if finding.cards:
        about, table = finding.eyebrow, _of_cards(finding.cards)
        yield Slide(**told, about=about, cards=finding.cards, table=table, notes=more)
    elif not finding.charts:
        yield Slide(**told, about=finding.eyebrow, table=table, notes=more)
    for place, chart in enumerate(finding.charts):
        table = finding.tables[place] if place < len(finding.tables) else None
        further = _sentences(chart.caption, _MOST_ABOUT) if place else ""
        about = ": ".join(filter(None, (finding.eyebrow, chart.heading or further)))
        notes = "\n".join(filter(None, (more, chart.caption)))
        yield Slide(**told, about=about, chart=chart, table=table, notes=notes)


def _of_cards(cards: Sequence[Card]) -> Table:
    """Return headline figures as a table: each with its interval and number."""
    levels = {one.interval.partition(" interval ")[0] for one in cards if one.interval}
    level = f"{levels.pop()} " if len(levels) == 1 else ""
    rows = tuple(
        (one.name, one.value, one.interval.removeprefix(f"{level}interval "), one.size)
        for one in cards
    )
    columns = ("Figure", "Value", f"{level}interval" if level else "Detail", "Number")
    return Table(name="headline figures", columns=columns, rows=rows)


def _cover(made: Any, digest: Digest) -> None:
    slide = made.slides.add_slide(layout_of(made, cover=True))
    slide.shapes.title.text = clean(_brief(digest.report or digest.title, _MOST_TITLE))
    covers = "; ".join(f"{label}: {value}" for label, value in digest.meta)
    for place in list(slide.placeholders):
        if place.placeholder_format.idx == 1:
            place.text = clean("\n".join(filter(None, (digest.about, covers))), lines=True)
            for paragraph in place.text_frame.paragraphs:
                paragraph.font.size = emu(16 / 72)
        elif place.placeholder_format.idx != 0:
            place._element.getparent().remove(place._element)


class _Drawn:
    """One slide, drawn: title, line above it, lead, and below them picture and table."""

    def __init__(self, made: Any, told: Slide) -> None:
        self.told = told
        self.wide, self.high = made.slide_width / INCH, made.slide_height / INCH
        self.slide = made.slides.add_slide(layout_of(made, cover=False))
        top = self._title()
        room = Box(self.left, top + 0.1, self._across, self.high - top - 0.1 - _FOOT)
        self._fill(self._led(room))
        self.slide.notes_slide.notes_text_frame.text = clean(told.notes, lines=True)

    def _led(self, room: Box) -> Box:
        """Write the lead where a picture stays large enough to read, and return what is left."""
        lead = _sentences(self.told.lead, _MOST_LEAD)
        height = _LINE * (1 + len(lead) * 12.3 // (_LETTERS * self._across)) + 0.2
        below = Box(room.left, room.top + height, room.width, room.height - height)
        if not lead or min(self._reads(below), _SMALLEST) < min(self._reads(room), _SMALLEST):
            return room
        self._write(Box(room.left, room.top - 0.1, room.width, height), [lead], 14)
        return below

    def _reads(self, room: Box) -> float:
        """Return how large the text of the chart comes out in a room."""
        picture = self._picture(room)
        return _points(picture, self._shared(room, picture)[0]) if picture else _LARGEST

    def _shared(self, room: Box, picture: Picture) -> tuple[Box, Box]:
        table = self.told.table
        return _split(room, picture, grids.width_of(table) if table is not None else 0.0)

    @property
    def _across(self) -> float:
        return float(self.wide - 2 * self.left)

    def _title(self) -> float:
        """Write the title where the template has it, and return where it ends."""
        shape = self.slide.shapes.title
        shape.text = clean(_brief(self.told.title, _MOST_TITLE))
        for place in list(self.slide.placeholders):
            if place.placeholder_format.idx != 0:
                place._element.getparent().remove(place._element)
        place = [(getattr(shape, one) or 0) / INCH for one in ("left", "top", "width", "height")]
        if place[1] + place[3] > 0.3 * self.high:  # one that takes half of the slide
            place = [_EDGE, 0.4, self.wide - 2 * _EDGE, 0.95]
            shape.left, shape.top, shape.width, shape.height = (emu(one) for one in place)
        self.left = min(max(place[0], 0.2), 0.1 * self.wide)
        frame = shape.text_frame
        frame.word_wrap = True
        most = 2 * max(place[2], 1.0) / (0.6 / 72 * max(len(shape.text), 1))  # in two lines
        for paragraph in frame.paragraphs:
            paragraph.font.size = emu(int(min(28, max(18, most))) / 72)
        end = place[1] + place[3]
        if self.told.about:
            self._write(Box(self.left, end, self._across, 0.3), [self.told.about], 12)
            end += 0.32
        return float(end)

    def _fill(self, room: Box) -> None:
        """Put picture and table into the room, or the one that there is, or words."""
        table, picture = self.told.table, self._picture(room)
        if picture is not None and table is not None and table.rows:
            first, second = self._shared(room, picture)
            self._place(picture, first)
            self._grid(table, second)
        elif picture is not None:
            self._place(picture, room)
        elif table is not None:
            self._grid(table, room)
        else:
            self._write(room, self.told.words, 16)

    def _picture(self, room: Box) -> Picture | None:
        if self.told.cards:
            return picture_of_cards(self.told.cards)
        if self.told.chart is None:
            return None
        drawings = [picture_of(self.told.chart, wide=wide) for wide in (True, False)]
        return max(drawings, key=lambda one: _points(one, self._shared(room, one)[0]))

    def _place(self, picture: Picture, box: Box) -> None:
        scale = min(box.width / picture.width, box.height / picture.height)
        size = (picture.width * scale, picture.height * scale)
        place = (emu(one) for one in (box.left, box.top, *size))
        shape = self.slide.shapes.add_picture(io.BytesIO(picture.content), *place)
        shape.name = "Picture"
        shape._element.nvPicPr.cNvPr.set("descr", clean(picture.label))

    def _grid(self, table: Table, box: Box) -> None:
        grid = grids.fitted(table, box.width, box.height)
        if grid is None:
            return
        grids.drawn(self.slide, grid, box.left, box.top, name=table.name)
        if grid.left_out:
            under = box.top + sum(grid.heights) + 0.03
            self._write(Box(box.left, under, box.width, 0.28), [grid.left_out], 10)

    def _write(self, box: Box, lines: Sequence[str], points: float) -> None:
        place = (emu(one) for one in (box.left, box.top, box.width, box.height))
        frame = self.slide.shapes.add_textbox(*place).text_frame
        frame.word_wrap = True
        frame.margin_left = frame.margin_right = 0
        for number, words in enumerate(lines):
            paragraph = frame.add_paragraph() if number else frame.paragraphs[0]
            paragraph.text = clean(_brief(words, _MOST_WORDS))
            paragraph.font.size = emu(points / 72)
            if len(lines) > 1:
                paragraph.space_after = emu(8 / 72)


def _points(picture: Picture, box: Box) -> float:
    """Return how large a chart's text comes out in a box; more than large enough wins nothing."""
    scale = min(box.width / picture.width, box.height / picture.height)
    return min(scale * _PIXELS * 72, _LARGEST)


def _split(room: Box, picture: Picture, needed: float) -> tuple[Box, Box]:
    """Return where picture and table go: side by side, or a broad picture above its table.

    Parameters
    ----------
    room
        What they share.
    picture
        The picture.
    needed
        How broad the table would like to be.
    """
    most = room.width - _GAP - min(needed + 0.05, _MOST_TABLE * room.width)
    largest = picture.width * _LARGEST / (_PIXELS * 72)
    share = min(most, room.height / picture.aspect, largest)
    beside = Box(room.left, room.top, share, room.height)
    height = min(room.height * 0.55, room.width * picture.aspect)
    broad = Box(room.left, room.top, room.width, height)
    if _points(picture, beside) >= min(_SMALLEST, _points(picture, broad)):
        left = room.left + share + _GAP
        return beside, Box(left, room.top, room.left + room.width - left, room.height)
    top = room.top + height + 0.15
    return broad, Box(room.left, top, room.width, room.top + room.height - top)


def _sentences(words: str, most: int) -> str:
    """Return as many whole sentences as are not too long together; the others are in the notes."""
    kept = ""
    for one in re.split(r"(?<=[.!?]) ", words):
        if len(kept) + len(one) + 1 > most:
            break
        kept = f"{kept} {one}".strip()
    return kept


def _brief(words: str, most: int) -> str:
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}\u2026"
