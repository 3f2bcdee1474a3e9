"""What entered, closed and is open: on every engine the same as from a pandas frame."""

from __future__ import annotations

import functools
from typing import Any

import pandas as pd
import pytest

import funnelkit as fk
from funnelkit.counts.opened import accounts_by_stage, open_beyond, open_book
from funnelkit.counts.pipeline import closings, passages
from funnelkit.counts.within import Window, within_windows
from funnelkit.data.assigning import assign
from funnelkit.data.lookups import look_up
from tests.engines import golden

ZONE = next(iter(golden.EXPECTED))
ACCOUNTS = pd.DataFrame(
    {"unit": ["A", "C", "Z"], "variant": ["x", "y", "y"], "assigned_at": [None, "2024-01-01", ""]}
)
SOURCES = pd.DataFrame({"source": ["web", "nowhere"], "kind": ["inbound", "none"]})


def told(leads: fk.Leads) -> dict[str, str]:
    """Return every count as text."""
    every: dict[str, Any] = {
        "entered": passages(leads, "lead", "won", by="source", every="quarter"),
        "accounts": passages(leads, "lead", "won", by="source", every="month", level="account"),
        "closed": closings(leads, "lead", by="source", every="month", money=True),
        "open": open_book(leads, by="source"),
    }
    found = {name: one.to_frame().to_csv() for name, one in every.items()}
    for name in ("entered", "closed"):
        sums = every[name].accounts
        parts = (sums.accounts, sums.nn, sums.xn, sums.xx)
        found[f"{name}, sums over accounts"] = str([part.tolist() for part in parts])
    limits = pd.DataFrame({"stage": [0, 1, 2], "limit": [10.0, 10.0, 10.0]})
    found["old"] = open_beyond(leads, limits).to_csv()
    frame, _, _ = accounts_by_stage(leads, ["A", "C", "Z"], segment=None, stages=("opp", "won"))
    found["targets"] = frame.sort_values("account").to_csv(index=False)
    listed = look_up(leads, SOURCES, "source")
    found["list"] = listed.summary()
    assigned = assign(leads, ACCOUNTS, start="lead", unit="account")
    found["assigned"] = assigned.records.to_csv(index=False)
    for name, arms in (("source", assign(leads, "source", start="lead")), ("table", assigned)):
        came = within_windows(
            arms.leads, [Window("lead", "won", 60)], arm=arms.column, cluster="account", by_day=True
        )
        frame = came.to_frame().astype({"day": str})
        found[f"arms by {name}"] = frame.to_csv(index=False)
    found["listed"] = passages(listed.leads, "lead", "won", by="kind").to_frame().to_csv()
    return found


@functools.cache
def of_frame() -> dict[str, str]:
    frame = golden.wide().to_pandas()
    return told(fk.from_frame(frame, golden.funnel(ZONE), as_of=golden.AS_OF))


def test_on_every_engine(connection: Any, put: Any) -> None:
    table = put(connection, golden.wide())
    leads = fk.from_table(table, golden.funnel(ZONE), as_of=golden.AS_OF)
    for name, got in told(leads).items():
        assert got == of_frame()[name], name


def test_the_counts_are_not_empty() -> None:
    for name, text in of_frame().items():
        assert text.count("\n") > 1 or name in ("list",) or "[[" in text, name


@pytest.mark.parametrize("name", ["entered", "closed"])
def test_sums_over_accounts_are_there(name: str) -> None:
    assert of_frame()[f"{name}, sums over accounts"] != "[]"
