"""Mutated copies of the real exports in ../shared/data."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from random import Random

import funnelkit as fk
from tests.fuzz.plain import Shape

HUBSPOT_OPEN = [
    "Qualified to Buy",
    "Presentation Scheduled",
    "Contract Sent",
    "Appointment Scheduled",
    "Decision Maker Bought-In",
]
# File -> the funnel that reads it, and its plain shape where that suffices.
OLIST = Shape(id="mql_id", steps={"mql": "first_contact_date", "won": "seen"}, segments=("origin",))


def funnels() -> dict[str, fk.Funnel]:
    """Return the funnel of each real export."""
    closed = {"won": "Closed Won", "lost": "Closed Lost"}
    return {
        "olist/olist_closed_deals_dataset.csv": fk.Funnel(
            ["deal", "won"],
            id="mql_id",
            columns={"deal": "won_date", "won": "won_date"},
            value="declared_monthly_revenue",
            segments=["business_segment"],
        ),
        "maven_crm/sales_pipeline.csv": fk.Funnel(
            ["opportunity", "won"],
            exits=["lost"],
            id="opportunity_id",
            columns={"opportunity": "engage_date"},
            status="deal_stage",
            status_date="close_date",
            status_values={"opportunity": ["Engaging", "Prospecting"]},
            value="close_value",
            owner="sales_agent",
            segments=["account"],
        ),
        "hubspot/hubspot_deals.csv": fk.Funnel(
            ["created", "won"],
            exits=["lost"],
            id="Deal ID",
            columns={"created": "Create Date"},
            status="Deal Stage",
            status_date="Close Date",
            status_values={"created": HUBSPOT_OPEN, **closed},
            value="Amount",
            segments=["Pipeline"],
            apart=["Pipeline"],
            personal=["Deal Name"],
        ),
        "salesforce/Opportunity.csv": fk.Funnel(
            ["created", "won"],
            exits=["lost"],
            id="Id",
            columns={"created": "CreatedDate"},
            status="StageName",
            status_date="CloseDate",
            status_values={
                "created": ["Qualification", "Negotiation", "Discovery", "Proposal/Quote"],
                **closed,
            },
            value="Amount",
            account="AccountId",
            segments=["Type"],
            timezone="America/Sao_Paulo",
        ),
        "olist/olist_marketing_qualified_leads_dataset.csv": fk.Funnel(
            ["mql", "won"],
            id="mql_id",
            columns={"mql": "first_contact_date", "won": "first_contact_date"},
            segments=["origin"],
        ),
    }


@cache
def sample(file: Path, window: int, most: int = 60) -> bytes:
    """Return the header of a file and some of its rows in a row."""
    content = file.read_bytes()
    text = content.decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text, newline="")))
    first = 1 + (window * most) % max(1, len(lines) - most)
    stream = io.StringIO(newline="")
    ends = "\r\n" if "\r\n" in text[:5000] else "\n"
    csv.writer(stream, lineterminator=ends).writerows([lines[0], *lines[first : first + most]])
    mark = b"\xef\xbb\xbf" if content.startswith(b"\xef\xbb\xbf") else b""
    return mark + stream.getvalue().encode()


def by_rows(random: Random, content: bytes) -> tuple[bytes, list[list[str]]]:
    """Return a copy with rows deleted, repeated, cut or shuffled, and the rows that are whole."""
    text = content.decode("utf-8-sig")
    header, *rows = csv.reader(io.StringIO(text, newline=""))
    marked = [(row, True) for row in rows]
    for _ in range(random.randrange(1, 8)):
        place = random.randrange(len(marked))
        row, whole = marked[place]
        what = random.randrange(5)
        if what == 0 and len(marked) > 5:
            del marked[place]
        elif what == 1:
            marked.insert(place, (list(row), whole))
        elif what == 2:
            marked[place] = ([*row, "x"] if whole else row, False)
        elif what == 3:
            marked[place] = (row[:-1] if whole else row, False)
        else:
            random.shuffle(marked)
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([header, *(row for row, _ in marked)])
    return stream.getvalue().encode(), [row for row, whole in marked if whole]


def by_cells(random: Random, content: bytes, odd: Callable[[Random, str], str]) -> bytes:
    """Return a copy with cells replaced, or columns swapped, renamed, emptied or left out."""
    text = content.decode("utf-8-sig", "replace")
    try:
        table = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error:
        return content
    if len(table) < 2 or len({len(row) for row in table}) > 1 or not table[0]:
        return content
    width = len(table[0])
    one, other = random.randrange(width), random.randrange(width)
    what = random.randrange(7)
    if what == 0:  # swapped in the header alone
        table[0][one], table[0][other] = table[0][other], table[0][one]
    elif what == 1:  # swapped whole
        for row in table:
            row[one], row[other] = row[other], row[one]
    elif what == 2:
        table[0][one] = random.choice((table[0][other], "", table[0][one].lower(), "x" * 500))
    elif what == 3:
        for row in table[1:]:
            row[one] = ""
    elif what == 4:
        for row in table:
            del row[one]
    else:
        for _ in range(random.choice((1, 3, 10))):
            row = random.choice(table[1:])
            column = random.randrange(width)
            row[column] = odd(random, row[column])
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(table)
    return stream.getvalue().encode()
