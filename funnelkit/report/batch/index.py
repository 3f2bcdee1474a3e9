"""`index.html`: all reports of a folder with their headline figures, from their manifests."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from funnelkit._core import display
from funnelkit.report import kernel
from funnelkit.report.page.markup import Html, el, escaped
from funnelkit.report.page.section import Opening, Section
from funnelkit.report.replacing import replace_file
from funnelkit.report.runner import MANIFEST

INDEX = "index.html"
_MOST_FIGURES = 5
_TRIES = 20
_LEVEL = re.compile(r"^(.*) interval (?=\S)")


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One headline figure: what it measures, its name, value and interval as written."""

    measure: str
    name: str
    value: str
    interval: str
    immature: bool


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One report of the folder.

    Parameters
    ----------
    report
        Its name, such as ``"monthly"``.
    period
        What its folder is called.
    part
        Of which leads it is, such as ``"region=EMEA"``; blank: of all.
    link
        Its page, relative to the index.
    headline, as_of
        What it found, and up to which day it knows the world.
    figures
        Its headline figures.
    simulated
        Whether its data are.
    failed
        Whether a later attempt to write it failed.
    """

    report: str
    period: str
    part: str
    link: str
    headline: str
    as_of: str
    figures: tuple[Figure, ...]
    simulated: bool
    failed: bool


def write_index(folder: Path) -> Path:
    """Return the path of the index that was written.

    It is written again until it says what is there, so that of several runs at once the last one
    leaves it right.
    """
    path = folder / INDEX
    folder.mkdir(parents=True, exist_ok=True)
    entries = entries_in(folder)
    for _ in range(_TRIES):
        written = replace_file(path, index_html(entries).encode("utf-8"))
        now = entries_in(folder)
        if now == entries:
            break
        entries = now
    return written


def entries_in(folder: Path) -> list[Entry]:
    """Return the reports in a folder and in the folders of parts in it; half-made ones are none."""
    found = []
    for pattern in (f"*/{MANIFEST}", f"*=*/*/{MANIFEST}"):
        for path in sorted(folder.glob(pattern)):
            if not any(part.startswith(".") for part in path.relative_to(folder).parts):
                found += _entry(path, folder)
    return found


def index_html(entries: Sequence[Entry]) -> str:
    """Return the page: one table for each report and part, the newest period first."""
    with kernel.without_grammar():
        from funnelkit.report.render import page_html
    groups: dict[tuple[str, str], list[Entry]] = {}
    for one in sorted(entries, key=lambda one: (one.part != "", one.part, one.report)):
        groups.setdefault((one.part, one.report), []).append(one)
    sections = [_section(number, members) for number, members in enumerate(groups.values(), 1)]
    shown: list[Opening | Section] = [_opening(entries), *sections]
    return page_html([one._repr_html_() for one in shown])


def _shown(only: str) -> str:
    """Return a part, ``region=EMEA`` in a manifest, as a heading has it."""
    column, _, value = only.partition("=")
    return f"{column} {value or display.BLANK}"


def _entry(path: Path, folder: Path) -> list[Entry]:
    """Return the report of a manifest; none where it is no manifest, or its page is gone."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        names = [str(one["name"]) for one in content["outputs"]]
        given, facts = dict(content["parameters"]), dict(content["facts"])
        figures = tuple(_figures(facts.get("cards", ())))
        only = [str(one) for one in given.get("only") or ()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    pages = [name for name in names if name.endswith(".html")]
    home = path.parent
    if not pages or not (home / pages[0]).is_file():
        return []
    return [
        Entry(
            report=str(content.get("report", "")),
            period=home.name,
            part=", ".join(_shown(one) for one in only),
            link=quote((home / pages[0]).relative_to(folder).as_posix()),
            headline=str(facts.get("headline", "")),
            as_of=str(content.get("as_of") or ""),
            figures=figures,
            simulated=bool(given.get("demo")),
            failed=any(home.glob("*.failed.ipynb")),
        )
    ]


def _figures(cards: Iterable[Mapping[str, Any]]) -> Iterable[Figure]:
    for card in cards:
        words = {key: str(card[key]) for key in ("measure", "name", "value", "interval")}
        yield Figure(**words, immature=bool(card.get("immature")))


def _opening(entries: Sequence[Entry]) -> Opening:
    parts = {one.part for one in entries if one.part}
    days = sorted(one.as_of for one in entries if one.as_of)
    figures = [figure for one in entries for figure in one.figures]
    levels = sorted({found[1] for one in figures if (found := _LEVEL.match(one.interval))})
    ranges = f"Ranges are intervals of {display.listed(levels)}. " if levels else ""
    meta = [("Reports", display.count(len(entries)))]
    meta += [("Parts", display.count(len(parts)))] if parts else []
    meta += [("As known at the end of", days[-1])] if days else []
    return Opening(
        report="Reports",
        title=f"{display.plural(len(entries), 'report')} in this folder",
        about="Simulated data" if entries and all(one.simulated for one in entries) else "",
        meta=meta,
        story=(),
        reading=escaped(
            "Each line is one report, of the world as it was known on the day beside it; its name "
            f"leads to the page. {ranges}Figures are as the page has them; immature ones may still "
            "change."
        ),
    )


def _section(number: int, entries: Sequence[Entry]) -> Section:
    ordered = sorted(entries, key=lambda one: one.period, reverse=True)
    first = ordered[0]
    name = f"{first.report.capitalize()} reports" if first.report else "Reports"
    heads: dict[str, str] = {}
    for one in ordered:
        for figure in one.figures:
            heads.setdefault(figure.measure, figure.name)
    measures = list(heads)[:_MOST_FIGURES]
    table = el(
        "table",
        el(
            "thead",
            el(
                "tr",
                el("th", "Report", scope="col"),
                [el("th", heads[one], scope="col") for one in measures],
                el("th", "What it found", scope="col", class_="words"),
            ),
        ),
        el("tbody", [_row(one, measures, heads) for one in ordered]),
        class_="data card-table reports",
    )
    part = first.part or "All leads"
    return Section(
        key=f"reports-{number}",
        eyebrow=name,
        title=part,
        body=(
            el(
                "div",
                table,
                class_="scroll",
                tabindex="0",
                role="region",
                aria_label=f"{name}, {part}",
            ),
        ),
    )


def _row(entry: Entry, measures: Sequence[str], heads: Mapping[str, str]) -> Html:
    figures = {one.measure: one for one in entry.figures}
    notes = ["the last attempt to write it again failed"] if entry.failed else []
    return el(
        "tr",
        el(
            "th",
            el("a", entry.period, href=entry.link),
            el("span", f"as known on {entry.as_of}", class_="kind") if entry.as_of else None,
            scope="row",
        ),
        [_cell(figures.get(one), heads[one]) for one in measures],
        el(
            "td",
            entry.headline,
            [el("span", note, class_="kind") for note in notes],
            class_="words",
        ),
    )


def _cell(figure: Figure | None, head: str) -> Html:
    if figure is None:
        return el("td", display.EN_DASH, class_="figure none")
    ends = _LEVEL.sub("", figure.interval)
    small = [ends, *([figure.name] if figure.name != head else [])]
    return el(
        "td",
        el("span", head, class_="label", aria_hidden="true"),
        figure.value,
        el("span", "immature", class_="tag") if figure.immature else None,
        [el("span", words, class_="kind") for words in small if words],
        class_="figure",
    )
