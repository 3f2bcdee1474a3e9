"""A workbook's sheets, date system, number formats and texts."""

from __future__ import annotations

import contextlib
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from funnelkit.data.spreadsheets.container import Container, damaged, local, parse, parser
from funnelkit.data.spreadsheets.formats import Style, style_of

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


@dataclass(frozen=True, kw_only=True)
class Tab:
    """A sheet of cells.

    Parameters
    ----------
    name
        As it stands on the tab.
    hidden
        Whether the tab is hidden.
    part
        Where it is in the container.
    """

    name: str
    hidden: bool
    part: str


class Workbook:
    """A workbook that is open for reading.

    Parameters
    ----------
    container
        Its parts.
    """

    def __init__(self, container: Container) -> None:
        self.file = container.file
        self.container = container
        self.system = 1900
        """The year from which days are counted: 1900 or 1904."""
        self.tabs: list[Tab] = []
        """The sheets of cells, in order; charts and macros are none."""
        part = next(
            (part for _, kind, part in container.related("") if kind == "officeDocument"),
            "xl/workbook.xml",
        )
        if part not in container:
            raise damaged(self.file, "it is a zip archive that holds no workbook")
        self._related = container.related(part)
        self._read_tabs(part)

    @classmethod
    @contextlib.contextmanager
    def opened(cls, file: Path) -> Iterator[Workbook]:
        """Yield a workbook.

        Raises
        ------
        NoWorkbookError
            If it is damaged or none.
        """
        with Container.opened(file) as container:
            yield cls(container)

    @functools.cached_property
    def styles(self) -> list[Style]:
        """What each cell format does to a number, in the order by which cells name them."""
        codes: dict[int, str] = {}
        styles: list[Style] = []
        within = False

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal within
            name = local(tag)
            if name == "cellXfs":
                within = True
            elif name == "numFmt":
                codes[self._whole(attributes.get("numFmtId", "0"))] = attributes.get(
                    "formatCode", ""
                )
            elif name == "xf" and within:
                number = self._whole(attributes.get("numFmtId", "0"))
                styles.append(style_of(number, codes.get(number)))

        def end(tag: str) -> None:
            nonlocal within
            if local(tag) == "cellXfs":
                within = False

        part = self._part("styles")
        if part is not None:
            with self.container.stream(part) as stream:
                parse(self.file, stream, parser(start=start, end=end))
        return styles

    @functools.cached_property
    def texts(self) -> list[str]:
        """The texts that cells share, in the order by which cells name them."""
        texts: list[str] = []
        pieces: list[str] = []
        within = {"rPh": 0, "t": 0}  # rPh: how a text is pronounced

        def start(tag: str, _: dict[str, str]) -> None:
            name = local(tag)
            if name in within:
                within[name] += 1
            elif name == "si":
                pieces.clear()

        def end(tag: str) -> None:
            name = local(tag)
            if name in within:
                within[name] -= 1
            elif name == "si":
                texts.append(unescaped("".join(pieces)))

        def text(data: str) -> None:
            if within["t"] and not within["rPh"]:
                pieces.append(data)

        part = self._part("sharedStrings")
        if part is not None:
            with self.container.stream(part) as stream:
                parse(self.file, stream, parser(start=start, end=end, text=text))
        return texts

    def _part(self, kind: str) -> str | None:
        found = (part for _, of, part in self._related if of == kind)
        return next((part for part in found if part in self.container), None)

    def _read_tabs(self, part: str) -> None:
        places = {key: place for key, kind, place in self._related if kind == "worksheet"}

        def start(tag: str, attributes: dict[str, str]) -> None:
            name = local(tag)
            if name == "workbookPr" and attributes.get("date1904") in ("1", "true", "on"):
                self.system = 1904
            elif name == "sheet":
                key = next((v for k, v in attributes.items() if local(k) == "id"), "")
                if key in places:
                    hidden = attributes.get("state", "visible") != "visible"
                    tab = Tab(name=attributes.get("name", ""), hidden=hidden, part=places[key])
                    self.tabs.append(tab)

        with self.container.stream(part) as stream:
            parse(self.file, stream, parser(start=start))

    def _whole(self, text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 10):
            raise damaged(self.file, f"{text[:20]!r} stands where a number should")
        return int(text)


def unescaped(text: str) -> str:
    r"""Return a text with the characters that XML cannot hold.

    Examples
    --------
    >>> unescaped("a_x0009_b"), unescaped("_x005F_x0009_")
    ('a\tb', '_x0009_')
    """
    if "_x" not in text:
        return text
    return _ESCAPED.sub(lambda found: _character(int(found[1], 16)), text)


def _character(code: int) -> str:
    return "\ufffd" if code == 0 or 0xD800 <= code < 0xE000 else chr(code)
