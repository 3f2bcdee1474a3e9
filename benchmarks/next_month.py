"""Olist: the next month's wins from leads that are open on the last day of a month.

    python benchmarks/next_month.py

Leads from January 2018 on, as exported on 2018-11-14 and rewound. Printed are the wins that came,
and those expected with their 95 % interval, with and without the pace of months.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

import funnelkit as fk

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "olist"
CAME = {"2018-01": 43, "2018-02": 64, "2018-03": 68, "2018-04": 47, "2018-05": 53}


def table() -> pd.DataFrame:
    """Return one row per month and fit."""
    funnel = fk.Funnel(
        ["mql", "won"],
        id="mql_id",
        columns={"mql": "first_contact_date", "won": "won_date"},
        out_of_order="drop",
    )
    leads = fk.read_csv(
        FOLDER / "olist_marketing_qualified_leads_dataset.csv",
        funnel,
        join=[FOLDER / "olist_closed_deals_dataset.csv"],
        as_of="2018-11-14",
    )
    rows = []
    for month, came in CAME.items():
        period = pd.Period(month)
        counts = fk.triangle(leads.at(period.end_time.date()), "mql", "won")
        counts = counts.select(first="2018-01")
        for name, fit in (
            ("Kaplan-Meier", fk.lag.fit_kaplan_meier(counts)),
            ("Weibull cure", fk.lag.fit_cure(counts)),
        ):
            row = {"month": str(period + 1), "fit": name, "open": counts.open.sum(), "came": came}
            for words, pace in (("alike", False), ("pace", None)):
                days = (period + 1).days_in_month
                flight = fk.lag.in_flight(counts, fit, horizon=days, pace=pace)
                low, high = (float(end) for end in flight.confidence_interval(per="all"))
                row[words] = f"{flight.expected[0]:.0f} ({low:.0f} to {high:.0f})"
                row[f"{words} holds"] = low <= came <= high
            rows.append(row)
    return pd.DataFrame(rows).sort_values(["fit", "month"])


if __name__ == "__main__":
    print(table().to_string(index=False))
