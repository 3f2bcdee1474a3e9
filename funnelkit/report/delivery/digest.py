"""What a page says, section by section: its findings, pictures and tables, as plain values."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from funnelkit._core.errors import ArgumentError
from funnelkit.report.delivery.tree import Element, read

_UNSEEN = frozenset({"unseen", "narrow-only"})
_WORDS = frozenset({"note", "needs", "check", "rows"})


@dataclass(frozen=True, eq=False, kw_only=True)
class Chart:
    """A chart of a page.

    Parameters
    ----------
    label
        What it shows, with its values, for those who do not see it.
    wide, narrow
        Its two drawings, for a wide and for a narrow page: an ``svg``, or a ``table`` of heat.
    legend
        Marks and what they mean: elements of ``i``, and words.
    caption
        What stands under it; blank where nothing does.
    heading
        The heading between its section's title and it; blank where there is none.
    """

    label: str
    wide: Element
    narrow: Element
    legend: Sequence[tuple[Sequence[Element], str]] = ()
    caption: str = ""
    heading: str = ""


@dataclass(frozen=True, eq=False, kw_only=True)
class Table:
    """A table of a page: texts of one line each, but for the row's second line.

    Parameters
    ----------
    name
        What it is of.
    columns
        Headings; may be fewer than the cells of a row.
    rows
        A text for each cell; what a cell has in small print follows after a line break.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Card:
    """A headline figure of a page: its value, interval, number and change, each as words."""

    name: str
    about: str
    value: str
    interval: str
    size: str
    change: str
    spark: Element | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Finding:
    """A section of a page: what was found, and what shows it.

    Parameters
    ----------
    key
        Its anchor on the page.
    eyebrow, title, lead
        What it is about, what was found, one to three sentences.
    charts, tables, cards
        What it shows, each in the order of the page.
    words
        Its lists, notes and panels, each one text.
    """

    key: str
    eyebrow: str
    title: str
    lead: str = ""
    charts: tuple[Chart, ...] = ()
    tables: tuple[Table, ...] = ()
    cards: tuple[Card, ...] = ()
    words: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Digest:
    """A page: its headline, what it covers, its story, its findings.

    Parameters
    ----------
    report, about, title
        Name and period of the report, the funnel, the headline.
    meta
        (label, value) pairs of what it covers.
    story
        (heading, sentences) of what to take away.
    tied
        Whether the figures tie with the CRM's own totals; blank where none were given.
    reading
        How to read it.
    findings
        Its sections.
    """

    report: str
    about: str
    title: str
    meta: tuple[tuple[str, str], ...]
    story: tuple[tuple[str, tuple[str, ...]], ...]
    tied: str
    reading: str
    findings: tuple[Finding, ...]

    @property
    def cards(self) -> tuple[Card, ...]:
        """The headline figures of the page."""
        return next((one.cards for one in self.findings if one.cards), ())


def digest_of(page: str) -> Digest:
    """Return what a page says.

    Parameters
    ----------
    page
        The HTML of a report, or of a plan.

    Raises
    ------
    ArgumentError
        If it is not a page of funnelkit.

    Examples
    --------
    >>> page = '<header><p class="masthead"><b>Weekly pipeline</b></p><h1>All quiet</h1></header>'
    >>> digest_of(page).title
    'All quiet'
    """
    root = read(page)
    top = root.first("header")
    title = top.first("h1") if top else None
    if top is None or title is None:
        raise ArgumentError("this is not a page of funnelkit: it has no headline.")
    return Digest(
        report=_of(top, "masthead", "b"),
        about=_of(top, "masthead", "span"),
        title=_said(title),
        meta=tuple(_pairs(top)),
        story=tuple(_story(top)),
        tied=_of(top, "tied"),
        reading=_of(top, "reading"),
        findings=tuple(_finding(one) for one in root.all("section")),
    )


def _of(element: Element, kind: str, tag: str | None = None) -> str:
    """Return the text of what is of a class, or of the first such element in it."""
    found = element.first(kind=kind)
    inner = found.first(tag) if found and tag else found
    return _said(inner) if inner else ""


def _said(element: Element) -> str:
    return element.text(leave=lambda one: bool(one.kinds & _UNSEEN))


def _pairs(top: Element) -> Iterator[tuple[str, str]]:
    for row in (one for found in top.all("dl", "meta") for one in found.elements()):
        label, value = row.first("dt"), row.first("dd")
        if label and value:
            yield _said(label), _said(value)


def _story(top: Element) -> Iterator[tuple[str, tuple[str, ...]]]:
    for column in (one for found in top.all(kind="story") for one in found.elements()):
        heading = column.first("h2")
        said = tuple(_said(one) for one in column.elements() if one.matches("p"))
        yield _said(heading) if heading else "", said


def _finding(section: Element) -> Finding:
    heading, eyebrow = section.first("h2"), section.first(kind="eyebrow")
    lead = next((one for one in section.elements() if one.matches("p", "lead")), None)
    return Finding(
        key=section.get("id"),
        eyebrow=_said(eyebrow) if eyebrow else "",
        title=_said(heading) if heading else "",
        lead=_said(lead) if lead else "",
        charts=tuple(_charts(section)),
        tables=tuple(_tables(section)),
        cards=tuple(_card(one) for one in section.all("article", "card")),
        words=tuple(_words(section)),
    )


def _charts(section: Element) -> Iterator[Chart]:
    heading, around = "", None
    for one in section.within():
        if one.tag == "h3" and not _in_card(section, one):
            heading = _said(one)
        elif one.tag == "figure":
            around = one
        elif one.matches("div", "chart") or one.matches("table", "heat"):
            inside = around is not None and one in around.within()
            yield _chart(one, around if inside and around is not None else one, heading)


def _in_card(section: Element, heading: Element) -> bool:
    return any(heading in card.within() for card in section.all("article"))


def _chart(drawn: Element, around: Element, heading: str) -> Chart:
    caption, legend = around.first("figcaption"), around.first("p", "legend")
    drawings = drawn.all("svg")
    unseen = drawn.first("caption")
    return Chart(
        label=drawn.get("aria-label") or (unseen.text() if unseen else ""),
        wide=next((one for one in drawings if "wide" in one.kinds), drawn),
        narrow=next((one for one in drawings if "narrow" in one.kinds), drawn),
        legend=tuple(
            (item.all("i"), _said(item)) for item in (legend.elements() if legend else ())
        ),
        caption=_said(caption) if caption else "",
        heading=heading,
    )


def _tables(section: Element) -> Iterator[Table]:
    for region in section.within():
        if region.tag == "table" and "heat" not in region.kinds:
            yield _table(region, _name_of(section, region))


def _name_of(section: Element, table: Element) -> str:
    """Return what a table is called: by its fold, its region, or its caption."""
    for around in section.within():
        label = around.get("aria-label")
        if label and table in around.elements():
            return label.removeprefix("Data table: ")
    caption = table.first("caption")
    return caption.text() if caption else ""


def _table(table: Element, name: str) -> Table:
    rows = [(one, [c for c in one.elements() if c.tag in {"th", "td"}]) for one in table.all("tr")]
    head = table.first("thead")
    heads = set(map(id, head.all("tr"))) if head else set()
    columns = next((cells for row, cells in reversed(rows) if id(row) in heads), [])
    body = [cells for row, cells in rows if id(row) not in heads]
    return Table(
        name=name,
        columns=tuple(_said(one) for one in columns),
        rows=tuple(tuple(_cell(one) for one in cells) for cells in body),
    )


def _cell(cell: Element) -> str:
    """Return a cell's text, and its small print on a line of its own."""
    lines = [_said(one) for one in cell.all(kind="line")]
    main = cell.text(leave=lambda one: bool(one.kinds & (_UNSEEN | {"kind", "line"})))
    small = [_said(one) for one in cell.all(kind="kind")]
    first = "; ".join(one for one in (main, *lines) if one)
    return "\n".join(one for one in (first, *small) if one)


def cards_in(markup: str) -> tuple[Card, ...]:
    """Return the cards of a section, or of a whole page."""
    return tuple(_card(one) for one in read(markup).all("article", "card"))


def _card(card: Element) -> Card:
    name, value = card.first("h3"), card.first("p", "value")
    return Card(
        name=_said(name) if name else "",
        about=_of(card, "about"),
        value=value.text(leave=lambda one: "tag" in one.kinds) if value else "",
        interval=", ".join(filter(None, (_of(card, "ends"), _of(card, "tag")))),
        size=_of(card, "size"),
        change=_of(card, "change"),
        spark=next((one for one in card.all("svg")), None),
    )


def _words(section: Element) -> Iterator[str]:
    """Return the words of a section outside its figures, cards and tables."""
    leads = itertools.count()
    for one in _outside(section):
        further = one.matches("p", "lead") and next(leads) > 0
        if one.tag == "li" or one.kinds & _WORDS or further:
            yield _said(one)


def _outside(element: Element) -> Iterator[Element]:
    """Return the elements in which words stand, none of them inside another."""
    for one in element.elements():
        if one.tag in {"figure", "article", "table", "details", "dl"} or "chart" in one.kinds:
            continue
        yield one
        if one.tag != "li" and not one.kinds & _WORDS:
            yield from _outside(one)
