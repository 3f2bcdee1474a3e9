"""Olist: what adjusted and raw rates said on 2018-05-31, beside what then came.

    python benchmarks/olist_backtest.py [folder of the exports]

The folder is the one with `olist/` in it, by default ../shared/data beside the checkout. The first
table has the five cohorts of 2018 as they stood on 2018-05-31, once with all leads and once with
those from 2017-12-05 on, when wins began to be recorded; `came` is within the horizon. The second
compares methods, on that day and on the ends of months before it.
"""

from __future__ import annotations

import sys
from pathlib import Path

import funnelkit as fk

FOLDER = Path(__file__).resolve().parents[1].parent / "shared" / "data"
HORIZON = 150
DAY = "2018-05-31"
METHODS = ("adjusted", "weibull", "raw", "mature", "chain ladder")


def read(folder: Path, recorded_from: str | None) -> fk.Leads:
    funnel = fk.Funnel(
        ["mql", "won"],
        id="mql_id",
        columns={"mql": "first_contact_date", "won": "won_date"},
        segments=["origin"],
        out_of_order="drop",
    )
    return fk.read_csv(
        folder / "olist" / "olist_marketing_qualified_leads_dataset.csv",
        funnel,
        join=[folder / "olist" / "olist_closed_deals_dataset.csv"],
        as_of="2018-11-14",
        recorded_from=recorded_from,
    )


def cohorts(found: fk.lag.Backtest) -> None:
    """Print each cohort: the rate so far, what was expected, and what came."""
    frame = found.to_frame().set_index(["method", "cohort"])
    mine, raw = frame.loc["adjusted"], frame.loc["raw"]
    print("  cohort  entered  so far  maturity  raw %  adjusted %           came %   raw  adjusted")
    for cohort, row in mine.iterrows():
        low, high = 100 * row["low"], 100 * row["high"]
        held = "" if row["covered"] else "  outside"
        print(
            f"  {cohort} {row['entered']:8,} {row['converted']:7} {row['maturity']:9.2f} "
            f"{100 * raw.loc[cohort, 'predicted']:6.1f} {100 * row['predicted']:6.1f} "
            f"({low:4.1f} to {high:4.1f}) {100 * row['actual']:7.1f} "
            f"{raw.loc[cohort, 'error_points']:+7.2f} {row['error_points']:+8.2f}{held}"
        )


def scores(found: fk.lag.Backtest) -> None:
    """Print how each method did, and the sentence to quote."""
    print(f"  {found.summary()}")
    print("  method         error  RMSE   bias  coverage  log score  CRPS  skill")
    for row in found.scores().itertuples():
        print(
            f"  {row.method:13} {row.mae_points:6.2f} {row.rmse_points:5.2f} "
            f"{row.bias_points:+6.2f} {row.coverage:9.2f} {row.log_score:10.2f} {row.crps:5.2f} "
            f"{row.skill:6.2f}"
        )


def main(folder: Path) -> None:
    if not (folder / "olist").is_dir():
        sys.exit(f"{folder} has no folder `olist`; give the folder of the exports.")
    for recorded_from in (None, "2017-12-05"):
        leads = read(folder, recorded_from)
        print(f"\nrecorded_from={recorded_from}, standing on {DAY}, within {HORIZON} days")
        found = fk.lag.backtest(leads, "mql", "won", dates=[DAY], horizon=HORIZON, methods=METHODS)
        cohorts(found)
        scores(found)
        print("\nThe same on the last days of months, within 90 days")
        scores(fk.lag.backtest(leads, "mql", "won", horizon=90, methods=METHODS))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
