"""Two exports of nine deals, one week apart, of which every move is known by hand.

The week is 22 to 28 June 2026, and the exports are of 21 and 28 June.
"""

import pandas as pd

import funnelkit as fk

EVE, END = "2026-06-21", "2026-06-28"
COLUMNS = ["id", "deal", "proposal", "won", "lost", "amount", "close_date", "rep", "account"]
FUNNEL = fk.Funnel(
    ["deal", "proposal", "won"],
    exits=["lost"],
    value="amount",
    owner="rep",
    account="account",
    keep=["close_date"],
)
BEFORE = [
    # id, deal, proposal, won, lost, amount, planned close, rep, account
    ("won", "2026-05-01", "2026-05-20", None, None, 100, "2026-06-26", "Ann", "Acme"),
    ("lost", "2026-05-02", None, None, None, 80, "2026-07-10", "Ann", "Brill"),
    ("slipped", "2026-05-03", "2026-06-01", None, None, 70, "2026-06-25", "Bo", "Core"),
    ("earlier", "2026-05-04", None, None, None, 60, "2026-08-30", "Bo", "Dux"),
    ("raised", "2026-05-05", None, None, None, 50, "2026-08-30", "Bo", "Echo"),
    ("lowered", "2026-05-06", None, None, None, 40, "2026-08-30", "Bo", "Fox"),
    ("moved", "2026-05-07", None, None, None, 30, "2026-08-30", "Bo", "Golf"),
    ("still", "2026-05-08", None, None, None, 20, "2026-08-30", "Bo", "Hay"),
    ("gone", "2026-05-09", None, None, None, 10, "2026-08-30", "Bo", "Ink"),
]
AFTER = [
    ("won", "2026-05-01", "2026-05-20", "2026-06-24", None, 90, "2026-06-24", "Ann", "Acme"),
    ("lost", "2026-05-02", None, None, "2026-06-23", 80, "2026-06-23", "Ann", "Brill"),
    ("slipped", "2026-05-03", "2026-06-01", None, None, 70, "2026-07-25", "Bo", "Core"),
    ("earlier", "2026-05-04", None, None, None, 60, "2026-07-01", "Bo", "Dux"),
    ("raised", "2026-05-05", None, None, None, 55, "2026-08-30", "Bo", "Echo"),
    ("lowered", "2026-05-06", None, None, None, 25, "2026-08-30", "Bo", "Fox"),
    ("moved", "2026-05-07", "2026-06-25", None, None, 30, "2026-08-30", "Bo", "Golf"),
    ("still", "2026-05-08", None, None, None, 20, "2026-06-20", "Bo", "Hay"),
    ("new", "2026-06-24", None, None, None, 35, "2026-09-30", "Ann", "Jam"),
]
MOVES = {
    "won": {"won", "lowered"},  # won for 90, had been 100
    "lost": {"lost"},
    "slipped": {"slipped"},
    "earlier": {"brought_forward"},
    "raised": {"raised"},
    "lowered": {"lowered"},
    "moved": {"moved_on"},
    "still": {"brought_forward"},
    "gone": {"gone"},
    "new": {"created"},
}
BRIDGE = {
    "start": (9, 460),
    "created": (1, 35),
    "raised": (1, 5),
    "lowered": (2, -25),
    "gone": (1, -10),
    "lost": (1, -80),
    "won": (1, -90),
    "end": (7, 295),
}


def leads_of(rows: list[tuple], day: str, **changed: object) -> fk.Leads:
    """Return an export of some rows."""
    return fk.from_frame(pd.DataFrame(rows, columns=COLUMNS), FUNNEL, as_of=day, **changed)


def before() -> fk.Leads:
    return leads_of(BEFORE, EVE)


def after() -> fk.Leads:
    return leads_of(AFTER, END)
