"""The words by which columns and statuses of exports are known, in lower case."""

from __future__ import annotations

import re

ENTRY = (
    r"^(create|created|creation|first contact|engage|start|open|opened|entered|inquiry|signup|date)"
)
CLOSE = r"(close|closed|closing|end|ended|status date|status change|outcome|decision)"
ANY_CLOSE = r"^(close|closed|closing)( (date|day|datetime|time|timestamp|at|on))?$"
NO_STAGE = (
    r"(modif|updat|modstamp|last|birth|due|viewed|referenced|deadline|expect|plan|estimat"
    r"|renewal|contract end|next|bounced|synced|export)"
)
WON = r"^(closed[ -]?)?(won|win|customer|signed|sold|gewonnen|gagn|ganad)"
LOST = (
    r"\b(lost|lose|disqualif|unqualif|reject|churn|dead|abandon|cancel|junk|spam|declin|recycl"
    r"|verloren|perdu|perdid)"
)
STATUS = r"(status|stage|phase|state$|lifecycle)"
ID = r"(^|[ _-])(id|key|number|no|nr|uuid|guid)$|Id$|ID$"
VALUE = r"(amount|value|revenue|price|acv|arr|mrr|tcv|budget|umsatz|betrag|deal size)"
NO_VALUE = (
    r"(employee|annual revenue|count|score|probab|latitude|longitude|declared|size of|accuracy)"
)
OWNER = (
    r"(owner|agent|representative|\brep\b|assigned|seller$|salesperson|account executive|\bsdr\b)"
)
ACCOUNT = r"(account|company|organi[sz]ation|customer|firm|client|domain)"
APART = r"(pipeline|deal type|opportunity type|^type$|business type|record type|new or existing)"
TELLS_END = r"(lost|won|reason|closed|converted|outcome|next step)"
"""What is filled once the end is known: as a segment it would tell the outcome."""
KEEP = r"(probab|forecast|push)"
PERSONAL = (
    r"(first ?name|last ?name|full ?name|^name$|contact ?name|surname|e-?mail|phone|mobile|\bfax\b"
    r"|street|address|postal|zip|birth|gender|salutation|notes?\b|descri|comment|photo|linkedin"
    r"|password|\biban\b|passport|\bip\b)"
)
ENTITIES = ("lead", "mql", "sql", "contact", "deal", "opportunity", "opp", "visitor", "enquiry")


def plain(name: str) -> str:
    """Return a header as plain words: camel case and underscores taken apart, lower case.

    Examples
    --------
    >>> plain("CloseDate"), plain("first_contact_date"), plain("Deal ID")
    ('close date', 'first contact date', 'deal id')
    """
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.sub(r"[\s_\-./]+", " ", spaced).strip().lower()


def says(name: str, pattern: str) -> bool:
    """Return whether a header says one of the words."""
    return re.search(pattern, plain(name)) is not None


def stem(name: str) -> str:
    """Return a stage's name from the header of its date.

    Examples
    --------
    >>> stem("mql_at"), stem("Won Date"), stem('Date entered "Contract Sent"'), stem("created_at")
    ('mql', 'won', 'contract_sent', 'created')
    """
    text = re.sub(r'["()]', " ", plain(name))
    text = re.sub(r"^(date entered|entered|became an?|date of|date) ", "", text.strip())
    text = re.sub(r" (at|on|date|datetime|time|timestamp|day|ts|dt)$", "", f" {text}").strip()
    return re.sub(r"[^\w]+", "_", text).strip("_") or "stage"
