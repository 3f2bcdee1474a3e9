"""`Section`: one part of the page, which shows itself in a notebook and in the report alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from funnelkit._core import display
from funnelkit._core.display import cell
from funnelkit.report.page.markup import Html, Part, el, join, plain, prose


@dataclass(frozen=True, eq=False)
class DataTable:
    """The numbers behind a figure, folded under it.

    Parameters
    ----------
    name
        What the fold and the table are called, after "Data: ".
    caption
        One line over the table.
    columns
        Headings; the first column names the row.
    rows
        One text for each column.
    """

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[str]]

    def html(self) -> Html:
        """Return the table behind a fold."""
        table = el(
            "table",
            el("caption", self.caption),
            el("thead", el("tr", [el("th", name, scope="col") for name in self.columns])),
            el(
                "tbody",
                [
                    el(
                        "tr",
                        el("th", row[0], scope="row"),
                        [el("td", cell(one)) for one in row[1:]],
                    )
                    for row in self.rows
                ],
            ),
            class_="data",
        )
        scroll = el(
            "div",
            table,
            class_="scroll",
            tabindex="0",
            role="region",
            aria_label=f"Data table: {self.name}",
        )
        return el("details", el("summary", f"Data: {self.name}"), scroll)


@dataclass(frozen=True, eq=False, kw_only=True)
class Section:
    """One part of the page: what it is, what was found, the figure, the numbers behind it.

    Parameters
    ----------
    key
        Its anchor on the page.
    eyebrow
        What the section is about.
    title
        What was found; a section without one is not shown.
    lead
        One to three sentences with numbers.
    body
        Figure and notes, in order.
    tables
        The numbers behind the figure.
    after
        What stands below them.
    """

    key: str
    eyebrow: str
    title: str
    lead: str = ""
    body: Sequence[Part] = ()
    tables: tuple[DataTable, ...] = ()
    after: Part = None

    def html(self) -> Html:
        """Return the section as markup; nothing where it has nothing to say."""
        if not self.title:
            return Html("")
        return el(
            "section",
            el("p", self.eyebrow, class_="eyebrow"),
            el("h2", self.title),
            el("p", prose(self.lead), class_="lead") if self.lead else None,
            self.body,
            [table.html() for table in self.tables],
            self.after,
            id=self.key,
        )

    def _repr_html_(self) -> str:
        return str(el("div", self.html(), class_="fk")) if self.title else ""

    def __repr__(self) -> str:
        """Return eyebrow, title and lead as plain text."""
        if not self.title:
            return f"{self.eyebrow}: none"
        lines = [f"{self.eyebrow}: {plain(self.title)}", plain(self.lead)]
        return "\n".join(line for line in lines if line)


@dataclass(frozen=True, eq=False, kw_only=True)
class Opening:
    """The top of the page: masthead, headline, what it covers, what to take away.

    Parameters
    ----------
    report
        Name and month of the report.
    title
        The headline.
    about
        Name of the funnel.
    meta
        (label, value) pairs of the row under the headline.
    story
        (heading, sentences) of the columns.
    further
        Sentences beyond those of the last column, behind a fold.
    reading
        How to read the page; blank where the page says so elsewhere.
    tied
        Whether the figures tie with the CRM's own totals; blank where none were given.
    """

    report: str
    title: str
    about: str
    meta: Sequence[tuple[str, str]]
    story: Sequence[tuple[str, Sequence[str]]]
    reading: Html
    tied: str = ""
    further: Sequence[str] = ()

    def html(self) -> Html:
        """Return the top of the page as markup."""
        columns = [
            el("div", el("h2", heading), _paragraphs(sentences), more)
            for (heading, sentences), more in zip(
                self.story, [None] * (len(self.story) - 1) + [self._fold()], strict=False
            )
        ]
        return el(
            "header",
            el("p", el("b", self.report), el("span", self.about), class_="masthead"),
            el("h1", self.title),
            el(
                "dl",
                [el("div", el("dt", label), el("dd", value)) for label, value in self.meta],
                class_="meta",
            ),
            el("p", el("b", "Checked against the CRM."), " ", prose(self.tied), class_="tied")
            if self.tied
            else None,
            el("div", columns, class_="story") if columns else None,
            el("p", el("b", "How to read it."), " ", self.reading, class_="reading")
            if self.reading
            else None,
            data_title=join(self.report, ": ", self.title),
        )

    def _fold(self) -> Html | None:
        """Return what goes beyond the story."""
        if not self.further:
            return None
        label = display.plural(len(self.further), "further check")
        folded = _paragraphs(self.further)
        return el("details", el("summary", label), folded, class_="further")

    def _repr_html_(self) -> str:
        return str(el("div", self.html(), class_="fk"))

    def __repr__(self) -> str:
        """Return the headline and the story as plain text."""
        lines = [f"{self.report}: {plain(self.title)}"]
        lines += [plain(self.tied)] if self.tied else []
        lines += [
            f"{heading}: {' '.join(plain(words) for words in sentences)}"
            for heading, sentences in self.story
        ]
        return "\n".join(lines)


def _paragraphs(sentences: Sequence[str]) -> list[Html]:
    return [el("p", prose(words)) for words in sentences]


def needs(words: str) -> Html:
    """Return the panel that stands where the data cannot fill a figure."""
    return el("div", el("p", el("b", "This panel needs more."), " ", prose(words)), class_="needs")
