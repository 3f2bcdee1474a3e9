"""Guards of experiments: how often each speaks where nothing is wrong, and where something is.

    python benchmarks/guard_false_alarms.py --runs 1000

Simulated experiments of 1,200 leads in two arms split by chance, over 8 weeks, 3 regions and 300
accounts; then the same with one thing wrong. Prints the share of experiments in which a guard notes
or warns, beside what is stated (0.01 for a note, 0.001 for a warning; the split 0.02 and 0.002, as
it looks at the whole and at all slices together).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from funnelkit.experiment.guards.balances import check_balance
from funnelkit.experiment.guards.confounding import check_confounding
from funnelkit.experiment.guards.maturities import check_maturity
from funnelkit.experiment.guards.outliers import check_outliers
from funnelkit.experiment.guards.result import Guard
from funnelkit.experiment.guards.reversals import check_reversal
from funnelkit.experiment.guards.splits import check_split

N, WEEKS, ACCOUNTS = 1200, 8, 300
REGIONS = ["north", "south", "west"]
RATES = {"north": 0.35, "south": 0.2, "west": 0.08}
Rng = np.random.Generator


def leads(rng: Rng) -> pd.DataFrame:
    """Return leads in two arms split by chance, with no effect."""
    table = pd.DataFrame(
        {
            "arm": rng.choice(["control", "B"], N),
            "week": rng.integers(0, WEEKS, N),
            "region": rng.choice(REGIONS, N),
            "account": rng.integers(0, ACCOUNTS, N),
            "owner": rng.choice([f"rep {k}" for k in range(20)], N),
        }
    )
    table["converted"] = rng.random(N) < table["region"].map(RATES).to_numpy(float)
    table["age"] = rng.integers(0, 90, N)
    table["value"] = np.where(table["converted"], rng.lognormal(8, 1, N), 0.0)
    return table


def lost_in_a_week(rng: Rng) -> pd.DataFrame:
    """Return leads of which one arm lost half of a week."""
    table = leads(rng)
    lost = (table["week"] == 3) & (table["arm"] == "B") & (rng.random(N) < 0.5)
    return table[~lost]


def by_account(rng: Rng) -> pd.DataFrame:
    """Return leads whose accounts were assigned as wholes."""
    table = leads(rng)
    table["arm"] = rng.choice(["control", "B"], ACCOUNTS)[table["account"]]
    return table


def self_chosen(rng: Rng) -> pd.DataFrame:
    """Return leads of which the hard ones were more often given to B, which is better in each."""
    table = leads(rng)
    hard = table["region"].map({"north": 0.2, "south": 0.5, "west": 0.8}).to_numpy(float)
    table["arm"] = np.where(rng.random(N) < hard, "B", "control")
    better = np.where(table["arm"] == "B", 0.05, 0.0)
    table["converted"] = rng.random(N) < table["region"].map(RATES).to_numpy(float) + better
    return table


def own_rep(rng: Rng) -> pd.DataFrame:
    """Return leads of which most of an arm went to its own half of the representatives."""
    table = leads(rng)
    half = rng.integers(0, 10, N) + np.where(table["arm"] == "B", 10, 0)
    table["owner"] = np.where(rng.random(N) < 0.9, [f"rep {k}" for k in half], table["owner"])
    return table


def started_later(rng: Rng) -> pd.DataFrame:
    """Return leads of which one arm came in over the last 60 of 90 days only."""
    table = leads(rng)
    table["age"] = np.where(table["arm"] == "B", rng.integers(0, 60, N), table["age"])
    return table


def one_whale(rng: Rng) -> pd.DataFrame:
    """Return leads of which one deal is a hundred times the median one."""
    table = leads(rng)
    table.loc[int(rng.integers(N)), "value"] = 300_000.0
    return table


def split(table: pd.DataFrame) -> Guard:
    """Return the guard of the split, over weeks, regions and accounts."""
    return check_split(table[["arm", "week", "region", "account"]])


def reversal(table: pd.DataFrame) -> Guard:
    """Return the guard of reversals, over two columns."""
    table = table.assign(entered=1)
    sums = table.groupby(["arm", "region", "week"])[["converted", "entered"]].sum()
    return check_reversal(sums.reset_index(), control="control")


def confounding(table: pd.DataFrame) -> Guard:
    """Return the guard of factors that change with the arm."""
    return check_confounding(table[["arm", "owner", "region", "age"]])


def balance(table: pd.DataFrame) -> Guard:
    """Return the guard of what was before: here three moments and a rate that is noise."""
    arms = [table[table["arm"] == name] for name in ("control", "B")]
    given = [
        {
            "north": (int((arm["region"] == "north").sum()), len(arm)),
            "week": (len(arm), float(arm["week"].mean()), float(arm["week"].std())),
            "account": (len(arm), float(arm["account"].mean()), float(arm["account"].std())),
        }
        for arm in arms
    ]
    return check_balance(*given)


def maturity(table: pd.DataFrame) -> Guard:
    """Return the guard of follow-up, from mean ages."""
    groups = table.groupby("arm")["age"]
    moments = {
        str(name): (float(len(ages)), float(ages.mean()), float(ages.std()))
        for name, ages in groups
    }
    return check_maturity(moments, control="control")


def outliers(table: pd.DataFrame) -> Guard:
    """Return the guard of outliers in revenue per lead."""
    control, treatment = (table["value"][table["arm"] == name] for name in ("control", "B"))
    return check_outliers(control, treatment)


def calm_outliers(table: pd.DataFrame) -> Guard:
    """Return the guard of outliers in days, which have none."""
    control, treatment = (table["age"][table["arm"] == name] for name in ("control", "B"))
    return check_outliers(control, treatment)


Case = tuple[str, Callable[[Rng], pd.DataFrame], Callable[[pd.DataFrame], Guard], str]
CASES: tuple[Case, ...] = (
    ("split, sound", leads, split, "0.02 / 0.002"),
    ("split, half of a week lost", lost_in_a_week, split, "speaks"),
    ("split, accounts as wholes", by_account, split, "speaks"),
    ("reversal, sound", leads, reversal, "0.02 / 0.001"),
    ("reversal, hard leads given to B", self_chosen, reversal, "speaks"),
    ("changed at once, sound", leads, confounding, "0.01 / 0.001"),
    ("changed at once, own reps", own_rep, confounding, "speaks"),
    ("balance before, sound", leads, balance, "0.01 / 0.001"),
    ("balance before, hard leads given to B", self_chosen, balance, "speaks"),
    ("maturity, sound", leads, maturity, "0.01 / 0.001"),
    ("maturity, B came later", started_later, maturity, "speaks"),
    ("outliers, ages", leads, calm_outliers, "0.01"),
    ("outliers, revenue (log sd 1)", leads, outliers, "no rate: heavy tail"),
    ("outliers, one whale", one_whale, outliers, "speaks"),
)


def main() -> None:
    """Print the share of notes and warnings of each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(f"{asked.runs} runs each\n{'case':40} {'notes':>8} {'warnings':>9}   stated")
    for name, make, guard, stated in CASES:
        rng = np.random.default_rng(asked.seed)
        levels = [guard(make(rng)).level for _ in range(asked.runs)]
        spoken, warned = (
            sum(level in which for level in levels) / asked.runs
            for which in (("note", "warning"), ("warning",))
        )
        print(f"{name:40} {spoken:8.4f} {warned:9.4f}   {stated}")


if __name__ == "__main__":
    main()
