"""Reports made for people to read: which rows are title, subtotal or footer, and no records."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from funnelkit._core import display

TITLE = "title above the header"
SUBTOTAL = "subtotal"
HEADING = "heading of a group"
FOOTER = "footer"
LINES_SEARCHED = 100
"""So many rows that are not blank are searched for the header."""

_ARROWS = " \u2191\u2193\u25b2\u25bc"
_SUMS = (
    "subtotal|sub-total|sub total|total|totals|grand total|sum|count|record count|average|avg"
    "|summe|gesamt|gesamtsumme|gesamtergebnis|zwischensumme|teilergebnis|ergebnis|anzahl"
    "|mittelwert|durchschnitt|sous-total|total général|somme|nombre|moyenne|total general|suma"
    "|recuento|promedio|subtotales|totales|total geral|soma|contagem|média|subtotale|totale"
    "|totale complessivo|totale generale|somma|conteggio|media|subtotaal|totaal|eindtotaal"
    "|som|aantal|gemiddelde|小計|合計|総計|件数"
)
_SUM = re.compile(rf"(?:{_SUMS})")
_BESIDE = re.compile(
    r"(?:grand total|subtotal)\b.*"
    r"|(?:total|sum|count|average|avg|min|max|largest|smallest|median) (?:of |value).*"
    r"|.*\s(?:total|subtotal|sum|count|average|ergebnis|summe|anzahl|mittelwert)"
)
_AMOUNT = re.compile(
    r"[A-Z]{0,3}[ \u00a0]?[-+\u2212(]?[ \u00a0]?[€$£¥]?[ \u00a0]?\d[\d.,'\u2019 \u00a0\u202f]*"
    r"[)%]?[ \u00a0]?(?:[€$£¥%]|[A-Z]{3})?"
)
_DAY = re.compile(
    r"\d{1,2}\.\d{1,2}\.\d{2,4}|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
)
_GROUP = re.compile(r".*\(\d[\d.,]*(?: [^\W\d]+)?\)")
_END = re.compile(
    r"©|\(c\) ?\d{4}|copyright\b|confidential\b|.*\bdo not distribute\b|.*\ball rights reserved\b"
    r"|vertraulich\b|confidentiel\b|confidencial\b|.*\balle rechte vorbehalten\b"
    r"|(?:report |data |list )?(?:generated|exported|printed|downloaded)\b ?(?:by|on|at|from|:)"
    r"|(?:erstellt|generiert|exportiert) (?:von|am|mit)\b|généré (?:par|le)\b"
    r"|generado (?:por|el)\b|gerado (?:por|em)\b|generato (?:da|il)\b|gegenereerd (?:door|op)\b"
    r"|as of \d|stand: ?\d|(?:applied )?filters?:|filtered by\b|filters applied\b|gefiltert nach\b"
    r"|total (?:number of )?(?:records|rows|deals|contacts|leads|opportunities)\b"
    r"|page \d+( of \d+)?$|-+ ?end of report"
)


def cleaned_name(text: str, needed: Collection[str] = ()) -> str:
    r"""Return the name of a column without what a report adds to it: breaks and sort arrows.

    Examples
    --------
    >>> cleaned_name(" Lead\nSource  ↑ ")
    'Lead Source'
    """
    name = text.strip()
    return name if name in needed else " ".join(name.split()).rstrip(_ARROWS).rstrip()


@dataclass(frozen=True, kw_only=True)
class Header:
    """Where the header of a table stands.

    Parameters
    ----------
    row
        Its position among the rows that were searched.
    found
        The needed columns that it names.
    rivals
        Positions of other rows that name as many.
    """

    row: int
    found: frozenset[str]
    rivals: tuple[int, ...] = ()


def find_header(rows: Iterable[Sequence[str]], needed: Collection[str]) -> Header | None:
    """Return the row that names most of the needed columns, the first of them; None without any.

    Examples
    --------
    >>> find_header([["Leads of May"], ["id", "won"], ["7", "2026-05-01"]], {"id", "won"}).row
    1
    """
    names = [tuple(cleaned_name(cell, needed) for cell in row) for row in rows]
    hits = [frozenset(needed) & set(row) for row in names]
    most = max((len(found) for found in hits), default=0)
    if not most:
        return None
    first = next(position for position, found in enumerate(hits) if len(found) == most)
    rivals = tuple(
        position
        for position, found in enumerate(hits)
        if len(found) == most and names[position] != names[first]
    )
    return Header(row=first, found=hits[first], rivals=rivals)


@dataclass(kw_only=True)
class Sifter:
    """Tells rows that are no records, one row after the other.

    A subtotal begins with a word for it and holds nothing but numbers beside it: no day, and so
    never a record that could enter a stage. A footer is a lone text of a known kind, and with it
    the lone texts at the end of the table.

    Parameters
    ----------
    aside
        Row -> why it is no record; complete after :meth:`finish`.
    last
        Number of the row that was taken last; before the first one, that of the header.
    """

    aside: dict[int, str] = field(default_factory=dict)
    last: int = 0
    _tail: list[tuple[int, bool]] = field(default_factory=list)

    def add(self, row: int, cells: Sequence[tuple[str, bool]], *, wide: bool) -> None:
        """Take a row.

        Parameters
        ----------
        row
            Its number; a gap between two numbers is a blank row.
        cells
            Its cells that are not blank: text, and whether it is a number.
        wide
            Whether the table has more than one column.
        """
        gap, self.last = row > self.last + 1, row
        reason = reason_of(cells, wide=wide)
        if reason is not None:
            self.aside[row] = reason
        if reason == FOOTER or (wide and len(cells) == 1 and reason is None):
            self._tail.append((row, gap))
        elif reason is None:
            self._tail.clear()

    def finish(self) -> Mapping[int, str]:
        """Return why rows are no records, the lone texts beside a footer at the end included."""
        ends = [row for row, _ in self._tail if self.aside.get(row) == FOOTER]
        if ends:
            gaps = [row for row, gap in self._tail if gap and row <= ends[0]]
            begin = gaps[0] if gaps else self._tail[0][0]
            self.aside |= {row: FOOTER for row, _ in self._tail if row >= begin}
        return self.aside


def reason_of(cells: Sequence[tuple[str, bool]], *, wide: bool) -> str | None:
    """Return why a row is no record, None where it may be one.

    Examples
    --------
    >>> reason_of([("Subtotal", False), ("300", True)], wide=True)
    'subtotal'
    >>> reason_of([("Total", False), ("web", False), ("300", True)], wide=True)
    >>> reason_of([("Confidential Information - Do Not Distribute", False)], wide=True)
    'footer'
    """
    first, is_number = cells[0]
    if is_number:
        return None
    alone = len(cells) == 1
    text = " ".join(first.split()).casefold()
    if wide and len(cells) <= 2 and _END.match(text):
        return FOOTER
    word = re.sub(r" ?\([^()]*\)$", "", text).rstrip(" :")
    rest = cells[1:]
    sums = _SUM.fullmatch(word) or (rest and _BESIDE.fullmatch(word))
    if sums and all(is_figure(*cell) for cell in rest):
        return SUBTOTAL
    return HEADING if wide and alone and _GROUP.fullmatch(text) else None


def is_figure(text: str, number: bool) -> bool:  # noqa: FBT001  a cell's two parts
    """Return whether a cell is a number, an amount, or says which figure stands beside it."""
    if number or _AMOUNT.fullmatch(text.strip()):
        return not _DAY.fullmatch(text.strip())
    word = " ".join(text.split()).casefold().rstrip(" :")
    return bool(_SUM.fullmatch(word) or _BESIDE.fullmatch(word))


def told(name: str, aside: Mapping[str, int]) -> list[str]:
    """Return a note on the rows of a file that are no records, none where there are none."""
    if not any(aside.values()):
        return []
    parts = [f"{display.count(n)} {reason}" for reason, n in sorted(aside.items()) if n]
    rows = display.plural(sum(aside.values()), "row")
    return [f"{rows} of `{name}` that hold no record were set aside ({', '.join(parts)})."]


def counted(reasons: Iterable[str]) -> dict[str, int]:
    """Return how often each reason occurs.

    Examples
    --------
    >>> counted(["footer", "subtotal", "footer"])
    {'footer': 2, 'subtotal': 1}
    """
    found: dict[str, int] = {}
    for reason in reasons:
        found[reason] = found.get(reason, 0) + 1
    return found
