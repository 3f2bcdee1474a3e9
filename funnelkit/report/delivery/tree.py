"""A page as a tree of elements, to be read for what it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = frozenset({"br", "hr", "img", "link", "meta", "input", "col", "source", "wbr"})
_SILENT = frozenset({"script", "style", "template"})
_ROWS = frozenset({"p", "li", "tr", "div", "h1", "h2", "h3", "dt", "dd", "caption", "br"})


@dataclass(eq=False)
class Element:
    """An element of a page.

    Parameters
    ----------
    tag
        Its name, in small letters.
    attributes
        Its attributes by name; one without a value is blank.
    children
        Elements and texts in order.
    """

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    @property
    def kinds(self) -> frozenset[str]:
        """The classes it is of."""
        return frozenset(self.attributes.get("class", "").split())

    def get(self, name: str, default: str = "") -> str:
        """Return an attribute."""
        return self.attributes.get(name, default)

    def elements(self) -> Iterator[Element]:
        """Return the elements right inside it."""
        return (one for one in self.children if isinstance(one, Element))

    def within(self) -> Iterator[Element]:
        """Return all elements inside it, in the order of the page."""
        for one in self.elements():
            yield one
            yield from one.within()

    def all(self, tag: str | None = None, kind: str | None = None) -> list[Element]:
        """Return the elements inside it of a name, of a class, or of both."""
        return [one for one in self.within() if one.matches(tag, kind)]

    def first(self, tag: str | None = None, kind: str | None = None) -> Element | None:
        """Return the first element inside it of a name, of a class, or of both."""
        return next((one for one in self.within() if one.matches(tag, kind)), None)

    def matches(self, tag: str | None = None, kind: str | None = None) -> bool:
        """Whether it is of a name, of a class, or of both."""
        return (tag is None or self.tag == tag) and (kind is None or kind in self.kinds)

    def text(self, *, leave: Callable[[Element], bool] | None = None) -> str:
        r"""Return what is written in it, on one line.

        Parameters
        ----------
        leave
            Which elements inside it to leave out.

        Examples
        --------
        >>> read("<p>10.0 % <b>(8 to&nbsp;12)</b></p>").text()
        '10.0 % (8 to\xa012)'
        """
        return _SPACES.sub(" ", "".join(self._words(leave))).strip(" ")

    def _words(self, leave: Callable[[Element], bool] | None) -> Iterator[str]:
        for one in self.children:
            if isinstance(one, str):
                yield one.translate(_ONE_LINE)
            elif one.tag not in _SILENT and not (leave and leave(one)):
                apart = one.tag in _ROWS or bool(one.kinds & _APART)
                yield " " if apart else ""
                yield from one._words(leave)
                yield " " if apart else ""


_SPACES = re.compile(" {2,}")
_APART = frozenset({"kind", "line", "tag"})  # runs of text that the page sets apart
_ONE_LINE = dict.fromkeys(map(ord, "\t\n\r\v\f"), " ")


def read(page: str) -> Element:
    """Return a page, or a piece of one, as the element that holds all of it.

    Examples
    --------
    >>> page = read('<section id="a"><h2>Wins &amp; losses</h2><br></section>')
    >>> [one.tag for one in page.within()], page.first("h2").text()
    (['section', 'h2', 'br'], 'Wins & losses')
    """
    reader = _Reader()
    reader.feed(page)
    reader.close()
    return reader.root


class _Reader(HTMLParser):
    """Builds the tree; what is closed without having been opened is passed over."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)

    def handle_endtag(self, tag: str) -> None:
        places = [place for place, one in enumerate(self._open) if one.tag == tag]
        if places and places[-1] > 0:
            del self._open[places[-1] :]

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)
