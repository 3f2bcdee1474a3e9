"""Olist: its figures from ../shared/data/README.md, section "olist", and its two files read."""

import funnelkit as fk

# Month: entered, won ever, within 30, 60 and 90 days.
MONTHS = {
    "2017-06": (4, 0, 0, 0, 0),
    "2017-07": (239, 2, 0, 0, 0),
    "2017-08": (386, 9, 0, 0, 0),
    "2017-09": (312, 7, 0, 0, 0),
    "2017-10": (416, 14, 0, 0, 0),
    "2017-11": (445, 18, 2, 4, 8),
    "2017-12": (200, 11, 1, 6, 6),
    "2018-01": (1141, 152, 96, 118, 129),
    "2018-02": (1028, 149, 101, 119, 128),
    "2018-03": (1174, 167, 115, 137, 141),
    "2018-04": (1352, 183, 148, 162, 171),
    "2018-05": (1303, 130, 92, 101, 109),
}
# Origin: entered, won.
ORIGINS = {
    None: (60, 14),
    "unknown": (1099, 179),
    "paid search": (1586, 195),
    "organic search": (2296, 271),
    "direct traffic": (499, 56),
    "referral": (284, 24),
    "social": (1350, 75),
    "display": (118, 6),
    "other publicities": (65, 3),
    "email": (493, 15),
    "other": (150, 4),
}


def read_olist(shared_data):
    """Return the leads of both files, as of the last day."""
    funnel = fk.Funnel(
        ["mql", "won"],
        id="mql_id",
        columns={"mql": "first_contact_date", "won": "won_date"},
        segments=["origin"],
    )
    folder = shared_data / "olist"
    return fk.read_csv(
        folder / "olist_marketing_qualified_leads_dataset.csv",
        funnel,
        join=[folder / "olist_closed_deals_dataset.csv"],
        as_of="2018-11-14",
    )
