"""Exports built cell by cell, and the ways in which text files go wrong."""

from __future__ import annotations

import csv
import datetime as dt
import io
from random import Random

from tests.fuzz.plain import Row, Shape

WIDE = Shape(
    id="id",
    steps={"lead": "lead", "mql": "mql at", "won": "won", "lost": "lost"},
    value="amount",
    segments=("source",),
    timezone="America/New_York",
)
LOG = Shape(
    id="case",
    steps={"lead": "Lead", "mql": "Qualified", "won": "Won", "lost": "Lost"},
    segments=("source",),
    log=("activity", "at"),
)
FIRST = dt.date(2025, 10, 1)
SOURCES = ("web", "Web", "événement", "a, b", 'say "hi"', "x;y", "", "  ", "None", "多", "=1+1")
IDS = ("007", "7", "a-1", "00QEc00000BBaeXMAT", "00QEc00000BBaexMAT", "é", "x y", "1e5", "null")
DATES = (
    "2026-02-30", "2026-13-01", "31.12.2025", "12/31/2025", "03/04/2026", "0000-00-00",
    "9999-12-31", "0001-01-01", "2026-1-5", "20260105", "46023", "1767225600", "now()", "today",
    "2026-W01-1", "2026-01-05T25:00", "2026-01-05T10:00:00+99:00", "January 5, 2026", "NaT", "nan",
    "NULL", "2026-01-05T10:00:61", "\u0662\u0660\u0662\u0666-01-05",
    "2026-01-05 ", "\u200f2026-01-05", "infinity",
    "-infinity", "epoch", "2026-01-05 (BC)", "290000-01-01", "5874898-01-01", "2026-01-05T10:00Z",
    "2026-01-05 10:00:00.123456 UTC", "2026-01-05T10:00:00,5", "2026-01-05T10:00:00.000+0000",
    "1969-12-31", "2026-01-05T23:59:59-05:00", "2026-02-29", "'2026-01-05'",
)  # fmt: skip
AMOUNTS = (
    "1,234.50", "1.234,50", "$5", "5 €", "NaN", "inf", "-Infinity", "1e400", "1e5", "9" * 34,
    "9" * 40, "0." + "1" * 50, "-0", "", "1 000", "1\u00a0000", "\u0663", "0x10",
    "+5", "5.", ".5", "1_000", "TRUE", "--5", "5-", "(5)", "1e-400", "00012",
)  # fmt: skip
INSERTS = (
    b'"', b'""', b"'", b"\x00", b"\x00" * 9, b"\r", b"\n", b"\r\n", b"\n\n\n", b",", b";", b"\t",
    b"\xff", b"\xef\xbb\xbf", b"\xe2\x80\x8f", b"\x1a", b"\\", b"x" * 100_000, b'"\n"', b"|",
    b"# note\n", b"Total,,,,\n", b"\xc3", b"\x0c",
)  # fmt: skip
OTHERS = (
    b"", b"\n", b"\x00", b"PK\x03\x04", b"<html>", b"{}", b"id", b'"', b",", b",\n,\n",
    bytes(range(256)) * 20, b"id,lead\n", b"\xef\xbb\xbf", b"\xff" * 50, b"a" * 3_000_000,
)  # fmt: skip
ODD = ("\u202e", "\u200f", "\ufeff", "\x07", "\x1b[31m", "\x85", "\u2028", "\x7f", "\xa0", "\x0b")


def day(random: Random, most: int = 200) -> dt.date:
    return FIRST + dt.timedelta(random.randrange(most))


def rows(random: Random, shape: Shape, n: int | None = None) -> list[Row]:
    """Return rows that can be read."""
    count = random.choice((1, 2, 5, 12)) if n is None else n
    form = random.choice(("{}", "{}", "{} 23:30", "{}T23:30:00Z", "{}T03:00:00.000+0000"))
    made = []
    for number in range(count):
        key = random.choice((f"r{number}", f"r{number}", f"r{number // 2}", random.choice(IDS[:7])))
        if shape.log is None:
            row = {"id": key, "source": random.choice(SOURCES), "amount": f"{number * 99.5}"}
            start = day(random)
            for step, column in shape.steps.items():
                there = random.random() < (0.95 if step == "lead" else 0.4)
                after = start + dt.timedelta(random.randrange(-3, 60))
                row[column] = form.format(after if step != "lead" else start) if there else ""
            row["note"] = random.choice(("", "x", "Canary, Ltd", "two\nlines", "日本"))
        else:
            names = (*shape.steps.values(), "Called") if random.random() < 0.2 else (
                *shape.steps.values(),
            )  # fmt: skip
            row = {"case": key, "activity": random.choice(names), "at": form.format(day(random))}
            row |= {"source": random.choice(SOURCES), "note": "x"}
        made.append(row)
    return made


def spoil_cells(random: Random, table: list[Row], shape: Shape) -> None:
    """Put odd values into a few cells."""
    dates = [*shape.steps.values()] if shape.log is None else [shape.log[1]]
    for _ in range(random.choice((1, 1, 2, 4))):
        row = random.choice(table)
        column = random.choice(list(row))
        if column in dates:
            row[column] = random.choice(DATES)
        elif column == shape.value:
            row[column] = random.choice(AMOUNTS)
        elif column == shape.id:
            row[column] = random.choice((*IDS, "", "  ", "1.23E+15", "nan", "x" * 3000))
        else:
            row[column] = random.choice((*SOURCES, "x" * 70_000, *ODD, '"', "'", "\\", "\\N"))
        if random.random() < 0.2:
            row[column] += random.choice(ODD)


def written(random: Random, table: list[Row]) -> bytes:
    """Return rows as a text file, in one of the ways in which programs write them."""
    stream = io.StringIO(newline="")
    quoting = random.choice((csv.QUOTE_MINIMAL, csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    mark = random.choice(",,,;\t|")
    ends = random.choice(("\n", "\n", "\r\n", "\r"))
    columns = list(table[0]) if table else ["id", "lead"]
    if random.random() < 0.3:
        random.shuffle(columns)
    writer = csv.DictWriter(
        stream, columns, delimiter=mark, quoting=quoting, lineterminator=ends, restval=""
    )
    writer.writeheader()
    writer.writerows(table)
    encoding = random.choice(("utf-8",) * 6 + ("utf-8-sig", "utf-16", "cp1252", "utf-16-le"))
    return stream.getvalue().encode(encoding, errors="replace")


def damaged(random: Random, content: bytes) -> bytes:
    """Return a file with one thing gone wrong."""
    return random.choice(DAMAGES)(random, content)


def _cut(random: Random, content: bytes) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _flipped(random: Random, content: bytes) -> bytes:
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 3, 20)) if changed else 0):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def _inserted(random: Random, content: bytes) -> bytes:
    place = random.randrange(len(content) + 1)
    what = random.choice(INSERTS)
    return content[:place] + what + content[place:]


def _lines(random: Random, content: bytes) -> bytes:
    """Delete, repeat, shuffle, cut or lengthen whole lines."""
    lines = content.splitlines(keepends=True)
    if len(lines) < 3:
        return content
    place = random.randrange(len(lines))
    what = random.randrange(8)
    if what == 0:
        del lines[place]
    elif what == 1:
        lines.insert(place, lines[random.randrange(len(lines))])
    elif what == 2:
        body = lines[1:]
        random.shuffle(body)
        lines[1:] = body
    elif what == 3:
        lines[place] = lines[place].rstrip(b"\r\n") + b",x,y\n"
    elif what == 4:
        lines[place] = lines[place][: len(lines[place]) // 2] + b"\n"
    elif what == 5:
        lines[place:place] = [lines[0]]
    elif what == 6:
        lines[0:0] = [random.choice((b"Report of May\n", b"sep=;\n", b"\n", b'"All leads"\n\n'))]
    else:
        lines.append(
            random.choice((b"Total,12\n", b'"Confidential"\n', b"\n\n", b"\x1a", b",,,,,,\n"))
        )
    return b"".join(lines)


def _ends(random: Random, content: bytes) -> bytes:
    """Mix line ends."""
    lines = content.splitlines()
    ends = (b"\n", b"\r\n", b"\r") if random.random() < 0.5 else (b"\n", b"\r\n")
    return b"".join(line + random.choice(ends) for line in lines)


def _header(random: Random, content: bytes) -> bytes:
    """Spoil a name in the header."""
    head, mark, rest = content.partition(b"\n")
    if random.random() < 0.3:
        return rest
    names = head.rstrip(b"\r").split(b",")
    place = random.randrange(len(names))
    other = random.choice(names)
    names[place] = random.choice(
        (
            other,
            names[place].upper(),
            b"",
            names[place] + b"__2",
            b" " + names[place],
            b'"',
            b"column",
        )
    )
    return b",".join(names) + mark + rest


def _around(random: Random, content: bytes) -> bytes:
    """Put something before or after everything."""
    before = (
        b"\xef\xbb\xbf",
        b"\xff\xfe",
        b"\xfe\xff",
        b"\n\n",
        b"  ",
        b"\x00",
        b"\xef\xbb\xbf" * 2,
    )
    return random.choice((random.choice(before) + content, content + content, content * 3))


def _other(random: Random, content: bytes) -> bytes:
    """Return something that is no table at all."""
    return random.choice((*OTHERS[:3], OTHERS[3] + content, *OTHERS[4:]))


DAMAGES = (
    *(_cut, _flipped, _flipped, _inserted, _inserted, _lines, _lines, _lines, _ends),
    *(_header, _around, _other),
)
